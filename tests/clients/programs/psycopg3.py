"""psycopg 3, sync: parameters of many types, binary and text, prepared statements, pipelines, COPY, errors, notifications, cancel."""
import datetime
import decimal
import ipaddress
import logging
import os
import threading
import time
import uuid

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

URL = os.environ["DATABASE_URL"]
logging.disable()


def show_error(what, e):
    d = e.diag
    print(what, type(e).__name__, d.sqlstate, d.severity, d.message_primary, "| detail:", d.message_detail, "| hint:", d.message_hint,
          "| position:", d.statement_position, "| constraint:", d.constraint_name, d.table_name, d.column_name)


def fails(connection, statement, *parameters):
    try:
        connection.execute(statement, *parameters)
        print("no error:", statement)
    except psycopg.Error as e:
        show_error(statement[:40], e)
        connection.rollback()


def types(connection):
    values = [True, -5, 2 ** 40, 1.25, decimal.Decimal("123.4500"), "tëxt ☃", b"\x00\xff", datetime.date(2024, 2, 29),
              datetime.time(1, 2, 3, 4), datetime.datetime(2025, 1, 2, 3, 4, 5), datetime.timedelta(days=3, seconds=7),
              datetime.datetime(2025, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc), uuid.UUID(int=7), ipaddress.ip_address("10.0.0.1"),
              [1, 2, 3], ["a", "b,c"], Jsonb({"x": [1, None]}), None]
    for binary in (False, True):
        with connection.cursor(binary=binary) as cursor:
            for value in values:
                row = cursor.execute("SELECT %s, count(*) FROM items WHERE id <= %s", (value, 10)).fetchone() \
                    if value is not None else cursor.execute("SELECT %s::text, count(*) FROM items WHERE id <= %s", (value, 10)).fetchone()
                print(binary, type(value).__name__, row)
            for row in cursor.execute("SELECT * FROM kinds ORDER BY id"):
                print(row)
            print([(c.name, c.type_code, c.internal_size) for c in cursor.description])


def statements(connection):
    with connection.cursor(row_factory=dict_row) as cursor:
        for n in range(12):
            # The sixth time psycopg prepares it.
            cursor.execute("SELECT id, name, price FROM items WHERE id = %s", (n,))
            print(cursor.fetchall())
        cursor.execute("SELECT * FROM items WHERE name = ANY(%s) ORDER BY id", (["item 3", "item 9", "CANARY 1"],), prepare=True)
        print(cursor.fetchall(), cursor.rowcount, cursor.statusmessage)
        cursor.execute("INSERT INTO items (name, price, data) VALUES (%s, %s, %s) RETURNING id, name", ("psy", decimal.Decimal("9.99"), Jsonb([1])))
        print(cursor.fetchone())
        cursor.executemany("INSERT INTO orders (item_id, quantity, note) VALUES (%s, %s, %s) RETURNING id",
                           [(i, i * 2, f"many {i}") for i in range(1, 6)], returning=True)
        while True:
            print(cursor.fetchall())
            if not cursor.nextset():
                break
        cursor.execute("UPDATE items SET stock = stock + %s WHERE id < %s", (1, 10))
        print(cursor.statusmessage, cursor.rowcount)
        cursor.execute("DELETE FROM orders WHERE note LIKE 'many%%'")
        print(cursor.statusmessage)
    connection.commit()
    table = sql.SQL("SELECT count(*) FROM {} WHERE {} = %s").format(sql.Identifier("items"), sql.Identifier("stock"))
    print(connection.execute(table, (3,)).fetchone())
    with connection.cursor(name="on_the_server") as cursor:
        cursor.itersize = 10
        cursor.execute("SELECT id FROM orders WHERE id <= 35 ORDER BY id")
        print([row[0] for row in cursor])
    connection.commit()


def transactions(connection):
    with connection.transaction():
        connection.execute("UPDATE items SET stock = 6 WHERE id = 1")
        try:
            with connection.transaction():
                connection.execute("UPDATE items SET stock = 7 WHERE id = 1")
                raise ValueError
        except ValueError:
            pass
    print(connection.execute("SELECT stock FROM items WHERE id = 1").fetchone())
    connection.commit()
    connection.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
    print(connection.execute("SHOW transaction_isolation").fetchone())
    connection.commit()
    connection.isolation_level = None
    fails(connection, "SELECT nosuch FROM items")
    fails(connection, "SELECT id, name, price FROM items WHERE id = %s AND nosuch = 1", (1,))
    fails(connection, "INSERT INTO items (name) VALUES (%s)", ("item 1",))
    fails(connection, "INSERT INTO orders (item_id, quantity) VALUES (%s, 1)", (123456,))
    fails(connection, "UPDATE items SET stock = %s WHERE id = 1", (-3,))
    fails(connection, "SELECT * FORM items")
    fails(connection, "SELECT %s::integer FROM items", ("x",))
    connection.execute("INSERT INTO items (name) VALUES ('lost')")
    try:
        connection.execute("SELECT 1/0")
    except psycopg.Error as e:
        show_error("division", e)
    try:
        connection.execute("SELECT 1")
    except psycopg.Error as e:
        show_error("aborted", e)
    connection.commit()
    print(connection.execute("SELECT count(*) FROM items WHERE name = 'lost'").fetchone(), connection.info.transaction_status.name)
    connection.commit()


def copies(connection):
    with connection.cursor() as cursor:
        with cursor.copy("COPY (SELECT id, name, price FROM items WHERE id < 4 ORDER BY id) TO STDOUT") as copy:
            print(b"".join(bytes(b) for b in copy))
        with cursor.copy("COPY orders (item_id, quantity, note) FROM STDIN") as copy:
            for i in range(500):
                copy.write_row((1 + i % 50, i, None if i % 7 == 0 else f"copied\t{i}\n"))
        print(cursor.rowcount)
        with cursor.copy("COPY items (name, price, stock) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["text", "numeric", "int4"])
            for i in range(20):
                copy.write_row((f"binary {i}", decimal.Decimal(i) / 4, i))
        print(cursor.rowcount)
        with cursor.copy("COPY (SELECT id, name FROM items WHERE id < 3 ORDER BY id) TO STDOUT (FORMAT BINARY)") as copy:
            copy.set_types(["int4", "text"])
            print(list(copy.rows()))
        with cursor.copy("COPY big (id, body) FROM STDIN") as copy:
            copy.write("2\t" + "x" * 3000000 + "\n")
        print(cursor.execute("SELECT count(*), sum(quantity), count(note) FROM orders").fetchone(),
              cursor.execute("SELECT count(*), sum(price) FROM items").fetchone(), cursor.execute("SELECT id, length(body) FROM big ORDER BY id").fetchall())
        try:
            with cursor.copy("COPY orders (item_id, quantity) FROM STDIN") as copy:
                copy.write("1\tnot a number\n")
        except psycopg.Error as e:
            show_error("copy", e)
    connection.commit() if connection.info.transaction_status.name != "INERROR" else connection.rollback()
    print(connection.execute("SELECT count(*) FROM orders").fetchone())
    connection.commit()


def pipelines(connection):
    with connection.pipeline() as pipeline:
        cursors = [connection.execute("SELECT id, name FROM items WHERE id = %s", (i,)) for i in range(1, 30)]
        connection.execute("INSERT INTO orders (item_id, quantity, note) VALUES (%s, %s, 'pipelined')", (1, 1))
        last = connection.execute("SELECT count(*) FROM orders WHERE note = 'pipelined'")
        pipeline.sync()
        print([c.fetchone() for c in cursors][-2:], last.fetchone())
    connection.commit()
    try:
        with connection.pipeline() as pipeline:
            connection.execute("INSERT INTO items (name) VALUES ('piped away')")
            bad = connection.execute("SELECT nosuch FROM items WHERE id = %s", (1,))
            connection.execute("INSERT INTO items (name) VALUES ('skipped')")
            pipeline.sync()
    except psycopg.Error as e:
        show_error("pipeline", e)
    connection.rollback()
    print(connection.execute("SELECT count(*) FROM items WHERE name IN ('piped away', 'skipped')").fetchone())
    connection.commit()


def notifications():
    with psycopg.connect(URL, autocommit=True) as listener, psycopg.connect(URL, autocommit=True) as sender:
        listener.execute("LISTEN shop_news")
        for i in range(3):
            sender.execute("SELECT pg_notify('shop_news', %s)", (f"number {i}",))
        got = []
        for notify in listener.notifies():
            got.append((notify.channel, notify.payload, notify.pid == sender.info.backend_pid))
            if len(got) == 3:
                break
        print(got)


def cancelling():
    with psycopg.connect(URL, autocommit=True) as connection:
        threading.Timer(0.3, connection.cancel).start()
        start = time.monotonic()
        try:
            connection.execute("SELECT pg_sleep(20), count(*) FROM items")
        except psycopg.errors.QueryCanceled as e:
            show_error("cancelled", e)
        print(time.monotonic() - start < 10, connection.execute("SELECT count(*) FROM items").fetchone())


def notices(connection):
    connection.add_notice_handler(lambda d: print("notice:", d.severity, d.sqlstate, d.message_primary, d.message_detail, d.message_hint))
    connection.execute("DO $$ BEGIN RAISE WARNING 'careful' USING DETAIL = 'd', HINT = 'h'; END $$")
    connection.execute("SET LOCAL app.colour = 'blue'")
    print(connection.execute("SELECT current_setting('app.colour')").fetchone())
    connection.commit()


def sizes(connection):
    body = "y" * 2000000
    connection.execute("INSERT INTO big (id, body, raw) VALUES (%s, %s, %s)", (3, body, b"\x01" * 1500000))
    row = connection.execute("SELECT body, raw FROM big WHERE id = 3").fetchone()
    print(row[0] == body, row[1] == b"\x01" * 1500000)
    many = list(range(30000))
    print(connection.execute(f"SELECT count(*) FROM items WHERE id IN ({','.join(['%s'] * len(many))})", many).fetchone())
    print(connection.execute("SELECT count(*), sum(length(note)) FROM orders, generate_series(1, 200)").fetchone())
    print(len(connection.execute("SELECT o.*, i.* FROM orders o JOIN items i ON i.id = o.item_id, generate_series(1, 100)").fetchall()))
    connection.commit()


def main():
    with psycopg.connect(URL, application_name="client test") as connection:
        print(connection.info.parameter_status("server_version"), connection.info.parameter_status("application_name"), connection.info.encoding)
        types(connection)
        statements(connection)
        transactions(connection)
        copies(connection)
        pipelines(connection)
        notices(connection)
        sizes(connection)
    notifications()
    cancelling()
    try:
        psycopg.connect(URL.replace("p%40ss", "wrong"))
    except psycopg.OperationalError as e:
        print("wrong password:", "password authentication failed" in str(e))
    for _ in range(5):
        with psycopg.connect(URL) as connection:
            print(connection.execute("SELECT count(*) FROM kinds").fetchone())


main()
