"""psycopg2: the simple protocol, client-side parameters, execute_values, COPY, server-side cursors, notifications, cancel, two-phase."""
import datetime
import decimal
import io
import os
import select
import threading
import uuid

import psycopg2
import psycopg2.extensions
import psycopg2.extras

URL = os.environ["DATABASE_URL"]
psycopg2.extras.register_uuid()


def fails(connection, statement, parameters=None):
    with connection.cursor() as cursor:
        try:
            cursor.execute(statement, parameters)
            print("no error:", statement)
        except psycopg2.Error as e:
            d = e.diag
            print(type(e).__name__, e.pgcode, d.message_primary, "|", d.message_detail, "|", d.message_hint, "|", d.statement_position, d.constraint_name)
            print(e.pgerror)
    connection.rollback()


def statements(connection):
    with connection.cursor() as cursor:
        values = [True, -5, 2 ** 40, 1.25, decimal.Decimal("1.50"), "it's ☃ \\ '", b"\x00\xff'", datetime.date(2024, 2, 29), datetime.timedelta(3, 7),
                  datetime.datetime(2025, 1, 2, 3, 4, 5), uuid.UUID(int=7), [1, 2], ["a'b", None], psycopg2.extras.Json({"a": "x'y"}), None]
        for value in values:
            cursor.execute("SELECT %s, count(*) FROM items WHERE id < %s", (value, 20))
            print(type(value).__name__, [bytes(v) if isinstance(v, memoryview) else v for v in cursor.fetchone()])
        cursor.execute("SELECT * FROM kinds ORDER BY id")
        for row in cursor:
            print([bytes(v) if isinstance(v, memoryview) else v for v in row])
        print([c.name for c in cursor.description])
        cursor.execute("SELECT id, name FROM items WHERE name LIKE %s ORDER BY id", ("item 1%",))
        print(cursor.fetchall(), cursor.rowcount, cursor.statusmessage)
        cursor.execute("INSERT INTO items (name, tags) VALUES (%s, %s) RETURNING id", ("two's", ["x", "y z"]))
        print(cursor.fetchone())
        print(psycopg2.extras.execute_values(cursor, "INSERT INTO orders (item_id, quantity, note) VALUES %s RETURNING id",
                                             [(1 + i % 50, i, f"v {i}") for i in range(250)], fetch=True)[-1])
        psycopg2.extras.execute_batch(cursor, "UPDATE items SET stock = %s WHERE id = %s", [(i, i) for i in range(1, 40)], page_size=13)
        cursor.execute("SELECT sum(stock), count(*) FROM items")
        print(cursor.fetchone())
        cursor.execute("SELECT 1 AS a; SELECT count(*) FROM items; SELECT name FROM items WHERE id = 3")
        print(cursor.fetchall())
        cursor.mogrify("SELECT %s", (1,))
    connection.commit()
    with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
        cursor.execute("SELECT * FROM items WHERE id IN %s ORDER BY id", ((1, 2, 1000001),))
        print([dict(row) for row in cursor.fetchall()])
    with connection.cursor("named", withhold=True, scrollable=True) as cursor:
        cursor.execute("SELECT id, note FROM orders WHERE id <= 50 ORDER BY id")
        print(cursor.fetchmany(3))
        cursor.scroll(10)
        print(cursor.fetchone())
        connection.commit()
        cursor.scroll(-5)
        print(cursor.fetchone())
    connection.commit()


def copies(connection):
    with connection.cursor() as cursor:
        out = io.StringIO()
        cursor.copy_to(out, "items", columns=("id", "name", "price"))
        print(sorted(out.getvalue().splitlines())[:3], len(out.getvalue().splitlines()))
        cursor.copy_from(io.StringIO("".join(f"{1 + i % 50}\t{i}\tc{i}\n" for i in range(300))), "orders", columns=("item_id", "quantity", "note"))
        cursor.copy_expert("COPY orders (item_id, quantity, note) FROM STDIN WITH (FORMAT csv, DELIMITER ';', QUOTE '''', NULL 'nil')",
                           io.StringIO("1;2;'a;''b'\n3;4;nil\n5;6;nil"))
        cursor.execute("SELECT count(*), sum(quantity), count(note) FROM orders")
        print(cursor.fetchone())
        out = io.BytesIO()
        cursor.copy_expert("COPY (SELECT id, name FROM items ORDER BY id LIMIT 2) TO STDOUT (FORMAT binary)", out)
        print(out.getvalue())
        try:
            cursor.copy_expert("COPY orders (item_id, quantity, note) FROM STDIN", io.StringIO("1\n"))
        except psycopg2.Error as e:
            print(e.pgcode, e.pgerror)
    connection.commit() if connection.get_transaction_status() != psycopg2.extensions.TRANSACTION_STATUS_INERROR else connection.rollback()


def transactions(connection):
    with connection, connection.cursor() as cursor:
        cursor.execute("SAVEPOINT s")
        cursor.execute("DELETE FROM orders")
        print(cursor.statusmessage)
        cursor.execute("ROLLBACK TO SAVEPOINT s")
        cursor.execute("SELECT count(*) FROM orders")
        print(cursor.fetchone())
    xid = connection.xid(7, "global", "branch")
    connection.tpc_begin(xid)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE items SET price = 77 WHERE id = 7")
    connection.tpc_prepare()
    connection.tpc_rollback()
    with connection.cursor() as cursor:
        cursor.execute("SELECT price FROM items WHERE id = 7")
        print(cursor.fetchone())
    connection.commit()
    connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
    fails(connection, "DELETE FROM items")
    connection.set_session(isolation_level="DEFAULT", readonly=False)


def main():
    connection = psycopg2.connect(URL)
    print(connection.server_version, connection.encoding, connection.get_parameter_status("standard_conforming_strings"))
    statements(connection)
    copies(connection)
    transactions(connection)
    for statement in ("SELECT nosuch FROM items", "SELECT * FROM items WHERE\n  id = 1 AND\n  nosuch = 2", "SELECT * FORM items",
                      "INSERT INTO items (name) VALUES ('item 1')", "SELECT 'é', nosuch FROM orders", "UPDATE items SET stock = -1", "SELECT 1/0",
                      "INSERT INTO orders (item_id, quantity, nosuch) VALUES (1, 2, 3)", "SELECT count(*) FROM items GROUP BY nosuch",
                      "SELECT id FROM items UNION SELECT name FROM items"):
        fails(connection, statement)
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("LISTEN two")
    cursor.execute("NOTIFY two, 'hello'")
    if not connection.notifies:
        select.select([connection], [], [], 5)
        connection.poll()
    print([(n.channel, n.payload, n.pid == connection.info.backend_pid) for n in connection.notifies])
    threading.Timer(0.3, connection.cancel).start()
    try:
        cursor.execute("SELECT pg_sleep(20)")
    except psycopg2.Error as e:
        print(e.pgcode, e.pgerror)
    cursor.execute("SELECT count(*) FROM items")
    print(cursor.fetchone())
    cursor.execute("DO $$ BEGIN RAISE NOTICE 'a notice'; END $$")
    print(connection.notices[-1])
    cursor.execute("SELECT body FROM big WHERE id = 1")
    print(len(cursor.fetchone()[0]))
    connection.set_client_encoding("LATIN1")
    cursor.execute("SELECT 'é' || %s, count(*) FROM items WHERE name <> 'é'", ("ü",))
    print(cursor.fetchone())
    connection.reset()
    connection.set_client_encoding("UTF8")
    body = "w" * 2500000
    cursor.execute("INSERT INTO big (id, body, raw) VALUES (%s, %s, %s)", (35, body, psycopg2.Binary(b"\0'\\" * 500000)))
    cursor.execute("SELECT body, raw FROM big WHERE id = 35")
    row = cursor.fetchone()
    print(row[0] == body, bytes(row[1]) == b"\0'\\" * 500000)
    other = psycopg2.connect(URL)
    with other, other.cursor() as c:
        c.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
    try:
        cursor.execute("SELECT 1")
    except psycopg2.Error as e:
        print(type(e).__name__, e.pgcode, connection.closed)
    with psycopg2.connect(URL) as again, again.cursor() as c:
        c.execute("SELECT count(*) FROM kinds")
        print(c.fetchone())
    connection.close()


main()
