"""psycopg 3, async: concurrent connections and tasks, pipelines, COPY, notifications, cancelled tasks."""
import asyncio
import os

import psycopg

URL = os.environ["DATABASE_URL"]


async def worker(number):
    async with await psycopg.AsyncConnection.connect(URL) as connection:
        total = 0
        for i in range(20):
            cursor = await connection.execute("SELECT sum(quantity) FROM orders WHERE item_id = %s", (1 + (number * 20 + i) % 50,))
            total += (await cursor.fetchone())[0] or 0
        await connection.execute("INSERT INTO orders (item_id, quantity, note) VALUES (%s, %s, 'async')", (1 + number, 0))
        return total


async def piped():
    async with await psycopg.AsyncConnection.connect(URL) as connection:
        async with connection.pipeline() as pipeline:
            cursors = [await connection.execute("SELECT name, price FROM items WHERE id = %s", (i,)) for i in range(1, 101)]
            await pipeline.sync()
            print([await c.fetchone() for c in cursors][45:55])


async def copied():
    async with await psycopg.AsyncConnection.connect(URL) as connection:
        async with connection.cursor() as cursor:
            header = "MATCH" if connection.info.server_version >= 150000 else "true"
            async with cursor.copy(f"COPY orders (item_id, quantity, note) FROM STDIN WITH (FORMAT csv, HEADER {header})") as copy:
                await copy.write("item_id,quantity,note\n")
                for i in range(1000):
                    await copy.write(f'{1 + i % 50},{i},"line, ""{i}"""\n')
            print(cursor.rowcount)
            got = b""
            async with cursor.copy("COPY orders TO STDOUT WITH (FORMAT csv, HEADER)") as copy:
                async for data in copy:
                    got += bytes(data)
            lines = sorted(got.decode().splitlines())
            print(len(lines), lines[-1], lines[0], lines[500])


async def listening():
    async with await psycopg.AsyncConnection.connect(URL, autocommit=True) as connection:
        await connection.execute("LISTEN async_news")
        async with await psycopg.AsyncConnection.connect(URL, autocommit=True) as sender:
            for i in range(3):
                await sender.execute("SELECT pg_notify('async_news', %s)", (str(i),))
        got = []
        async for notify in connection.notifies():
            got.append(notify.payload)
            if len(got) == 3:
                break
        print(got)


async def cancelled():
    async with await psycopg.AsyncConnection.connect(URL, autocommit=True) as connection:
        task = asyncio.create_task(connection.execute("SELECT pg_sleep(20) FROM items LIMIT 1"))
        await asyncio.sleep(0.3)
        connection.cancel()
        try:
            await asyncio.wait_for(task, 10)
        except psycopg.errors.QueryCanceled as e:
            print(e.diag.sqlstate, e.diag.message_primary)
        print(await (await connection.execute("SELECT count(*) FROM items")).fetchone())


async def large():
    async with await psycopg.AsyncConnection.connect(URL) as connection:
        body, raw = "a" * 2500000, b"\0\1" * 900000
        await connection.execute("INSERT INTO big (id, body, raw) VALUES (%s, %s, %s)", (33, body, raw))
        row = await (await connection.execute("SELECT body, raw FROM big WHERE id = %b", (33,))).fetchone()
        print(row[0] == body, row[1] == raw)
    connection = await psycopg.AsyncConnection.connect(URL, autocommit=True)
    async with await psycopg.AsyncConnection.connect(URL, autocommit=True) as other:
        await other.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
    try:
        await connection.execute("SELECT 1")
    except psycopg.OperationalError as e:
        print(e.diag.sqlstate, e.diag.message_primary, connection.closed)
    async with await psycopg.AsyncConnection.connect(URL) as connection:
        print(await (await connection.execute("SELECT count(*) FROM kinds")).fetchone())


async def main():
    print(await asyncio.gather(*(worker(i) for i in range(12))))
    async with await psycopg.AsyncConnection.connect(URL) as connection:
        print(await (await connection.execute("SELECT count(*), sum(quantity) FROM orders")).fetchone())
        async with connection.transaction():
            await connection.execute("UPDATE items SET price = price + 1 WHERE id <= %s", (5,))
        try:
            async with connection.transaction():
                await connection.execute("UPDATE items SET price = 0")
                await connection.execute("INSERT INTO items (name) VALUES ('item 1')")
        except psycopg.errors.UniqueViolation as e:
            print(e.diag.sqlstate, e.diag.message_primary, e.diag.message_detail, e.diag.constraint_name)
        print(await (await connection.execute("SELECT sum(price) FROM items")).fetchone())
    await piped()
    await copied()
    await listening()
    await cancelled()
    await large()


asyncio.run(main())
