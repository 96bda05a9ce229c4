"""asyncpg: the extended protocol in binary throughout; prepared statements, pools, cursors, COPY, executemany, notifications, cancel."""
import asyncio
import datetime
import decimal
import os
import uuid

import asyncpg

URL = os.environ["DATABASE_URL"]


def show(e):
    print(type(e).__name__, e.sqlstate, e.message, "|", e.detail, "|", e.hint, "|", getattr(e, "position", None), getattr(e, "constraint_name", None))


async def fails(connection, statement, *parameters):
    try:
        await connection.fetch(statement, *parameters)
        print("no error:", statement)
    except asyncpg.PostgresError as e:
        show(e)


async def statements(connection):
    for row in await connection.fetch("SELECT id, b, i2, i4, i8, f4, f8, n, t, v, c, by, d, tm, ts, tz, iv, u, j, jb, ip, ia, ta, r, m, p FROM kinds ORDER BY id"):
        print(tuple(row))
    print(await connection.fetchrow("SELECT * FROM items WHERE id = $1", 7))
    print(await connection.fetchval("SELECT count(*) FROM items WHERE price > $1 AND created < $2", decimal.Decimal("10"),
                                    datetime.datetime(2030, 1, 1, tzinfo=datetime.timezone.utc)))
    print(await connection.fetch("SELECT id FROM items WHERE id = ANY($1::int[]) ORDER BY id", [1, 5, 1000001]))
    print(await connection.fetchrow("SELECT $1::uuid AS u, $2::date AS d, $3::bytea AS b, $4::interval AS i, $5::text[] AS t, count(*) AS n FROM orders",
                                    uuid.UUID(int=9), datetime.date(2025, 1, 1), b"\0\1", datetime.timedelta(1, 2), ["a", None]))
    statement = await connection.prepare("SELECT name, price FROM items WHERE id = $1 AND stock >= $2")
    print([str(p.name) for p in statement.get_parameters()], [(a.name, a.type.name) for a in statement.get_attributes()])
    print([await statement.fetchrow(i, 0) for i in range(1, 6)], statement.get_statusmsg())
    print(await connection.execute("INSERT INTO items (name, price, tags) VALUES ($1, $2, $3)", "async", decimal.Decimal("3.50"), ["q"]))
    print(await connection.execute("UPDATE items SET stock = stock + 1"), await connection.execute("DELETE FROM orders WHERE id = $1", 3))
    await connection.executemany("INSERT INTO orders (item_id, quantity, note) VALUES ($1, $2, $3)", [(1 + i % 50, i, str(i)) for i in range(400)])
    print(await connection.fetchrow("SELECT count(*), sum(quantity) FROM orders"))
    print(await connection.execute("UPDATE items SET price = 1 WHERE id = 1; UPDATE items SET price = 2 WHERE id = 2"))
    async with connection.transaction():
        print([row["id"] async for row in connection.cursor("SELECT id FROM orders WHERE id < $1 ORDER BY id", 30, prefetch=7)])
        cursor = await connection.cursor("SELECT name FROM items ORDER BY id")
        await cursor.forward(10)
        print(await cursor.fetch(2))


async def copies(connection, folder):
    path = os.path.join(folder, "out")
    print(await connection.copy_from_table("items", columns=["id", "name"], output=path))
    print(sorted(open(path).read().splitlines())[:2])
    print(await connection.copy_from_query("SELECT id, price FROM items WHERE id < $1 ORDER BY id", 4, output=path, format="csv"), open(path).read())
    print(await connection.copy_records_to_table("orders", records=[(1 + i % 50, i, None if i % 3 else "r") for i in range(600)],
                                                 columns=["item_id", "quantity", "note"]))
    with open(path, "w") as f:
        f.write("1,2,x\n3,4,\n")
    print(await connection.copy_to_table("orders", source=path, columns=["item_id", "quantity", "note"], format="csv"))
    print(await connection.fetchrow("SELECT count(*), sum(quantity), count(note) FROM orders"))
    try:
        await connection.copy_records_to_table("orders", records=[(99999, 1)], columns=["item_id", "quantity"])
    except asyncpg.PostgresError as e:
        show(e)


async def transactions(connection):
    try:
        async with connection.transaction():
            await connection.execute("DELETE FROM orders")
            async with connection.transaction():
                await connection.execute("INSERT INTO orders (item_id, quantity) VALUES (1, 1)")
            await connection.execute("SELECT 1/0")
    except asyncpg.PostgresError as e:
        show(e)
    print(await connection.fetchval("SELECT count(*) FROM orders"))
    async with connection.transaction(isolation="serializable", readonly=True, deferrable=True):
        print(await connection.fetchval("SHOW transaction_isolation"))
    await fails(connection, "SELECT nosuch FROM items")
    await fails(connection, "SELECT id FROM items WHERE id = $1 AND nosuch = 3", 1)
    await fails(connection, "SELECT * FORM items")
    await fails(connection, "INSERT INTO items (name) VALUES ($1)", "item 1")
    await fails(connection, "UPDATE items SET stock = -1 WHERE id = $1", 1)
    await fails(connection, "SELECT $1::integer / 0 FROM items", 1)


async def main():
    connection = await asyncpg.connect(URL)
    print(connection.get_server_version().major, connection.get_settings().application_name == "")
    await statements(connection)
    await copies(connection, os.environ["CLIENT_FOLDER"])
    await transactions(connection)
    got = asyncio.Queue()
    await connection.add_listener("pg_news", lambda c, pid, channel, payload: got.put_nowait((channel, payload)))
    await connection.execute("SELECT pg_notify('pg_news', 'for you')")
    print(await asyncio.wait_for(got.get(), 5))
    try:
        await connection.fetch("SELECT pg_sleep(20) FROM items", timeout=0.5)
    except asyncio.TimeoutError:
        print("timeout")
    print(await connection.fetchval("SELECT count(*) FROM items"))
    body = "z" * 3000000
    await connection.execute("INSERT INTO big (id, body) VALUES (5, $1)", body)
    print(await connection.fetchval("SELECT body FROM big WHERE id = 5") == body)
    # A schema change under a prepared statement: asyncpg's cache must recover.
    await connection.execute("CREATE TABLE changing (id serial PRIMARY KEY, a integer DEFAULT 1)")
    await connection.execute("INSERT INTO changing DEFAULT VALUES")
    print(await connection.fetch("SELECT * FROM changing"))
    await connection.execute("ALTER TABLE changing ADD COLUMN b text DEFAULT 'x'")
    try:
        print(await connection.fetch("SELECT * FROM changing"))
    except asyncpg.PostgresError as e:
        show(e)
        print(await connection.fetch("SELECT * FROM changing"))
    await connection.close()
    async with asyncpg.create_pool(URL, min_size=3, max_size=6) as pool:
        async def one(i):
            async with pool.acquire() as c:
                return await c.fetchval("SELECT name FROM items WHERE id = $1", 1 + i % 50)
        print((await asyncio.gather(*(one(i) for i in range(200))))[-3:])
        print(await pool.fetchval("SELECT current_setting('search_path')"))


asyncio.run(main())
