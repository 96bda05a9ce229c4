"""Attacks that need more than a statement: each is a function that takes the world of tests/attack/run and returns the bytes
that the attacker received and a note (None: nothing to add). ALL lists them with their titles."""
import socket
import struct

import wire

ALL = []


def exchange(title):
    def add(function):
        ALL.append((title, function))
        return function
    return add


def read(connection, rounds, copy_in):
    """Up to the n-th ReadyForQuery; the content is looked at as bytes only."""
    while rounds:
        kind, _ = connection.read_message()
        if kind == "Z":
            rounds -= 1
        elif kind == "G" and copy_in:
            chunks = copy_in[0] if isinstance(copy_in[0], list) else copy_in
            connection.send(*[wire.copy_data(chunk) for chunk in chunks], wire.copy_done())
            copy_in = None
        elif kind == "G" and copy_in is None:
            pass  # the data was sent with the rest


def run(world, *messages, user="attacker", copy_in=None, options=None, rounds=1):
    """Sends all messages in one go, reads up to ReadyForQuery, then looks at the tables once more."""
    connection = world.connect(user, options=options)
    connection.take_received()
    note = None
    try:
        connection.send(*messages)
        read(connection, rounds, copy_in)
        connection.query("ROLLBACK")
        connection.query("SELECT * FROM users, orders")
    except wire.ConnectionLost as lost:
        note = "no answer" if "no answer" in str(lost) else None
    data = connection.take_received()
    connection.close()
    return data, note


SELECT = "SELECT * FROM users"


@exchange("bind: a parameter more than the statement has, in the tenant's place")
def _(world):
    return run(world, wire.parse("", "SELECT * FROM users WHERE id > $1"), wire.bind("", "", ["0", "2"]), wire.execute(), wire.sync())


@exchange("bind: the hidden parameter alone")
def _(world):
    return run(world, wire.parse("", SELECT), wire.bind("", "", ["2"]), wire.execute(), wire.sync())


@exchange("bind: binary format for the hidden parameter")
def _(world):
    return run(world, wire.parse("", SELECT), wire.bind("", "", [struct.pack("!i", 2)], [1]), wire.execute(), wire.sync())


@exchange("bind: a parameter too few")
def _(world):
    return run(world, wire.parse("", "SELECT * FROM users WHERE id > $1"), wire.bind("", "", []), wire.execute(), wire.sync())


@exchange("bind: more declared types than parameters, the tenant's number among them")
def _(world):
    return run(world, wire.parse("", "SELECT * FROM users WHERE id > $1", [23, 23, 23]), wire.bind("", "", ["0", "2", "2"]), wire.execute(), wire.sync())


@exchange("bind: a parameter number that is the tenant's")
def _(world):
    return run(world, wire.parse("", "SELECT * FROM users WHERE tenant_id = $1 OR id > $2"), wire.bind("", "", ["2", "0"]), wire.execute(), wire.sync())


@exchange("bind: format codes that do not fit")
def _(world):
    return run(world, wire.parse("", "SELECT * FROM users WHERE id > $1"), wire.bind("", "", ["0"], [0, 0, 1]), wire.execute(), wire.sync())


@exchange("bind: tenant column of an INSERT bound to another tenant")
def _(world):
    return run(world, wire.parse("", "INSERT INTO users (email, tenant_id) VALUES ($1, $2)", [25, 23]), wire.bind("", "", ["evil", "2"]), wire.execute(), wire.sync())


@exchange("bind: the same in binary")
def _(world):
    return run(world, wire.parse("", "INSERT INTO users (email, tenant_id) VALUES ($1, $2)", [25, 23]),
               wire.bind("", "", ["evil", struct.pack("!i", 2)], [0, 1]), wire.execute(), wire.sync())


@exchange("bind: the same as int8, int2, text and unknown")
def _(world):
    data = b""
    for oid in (20, 21, 25, 705, 0, 1700):
        data += run(world, wire.parse("", "INSERT INTO users (email, tenant_id) VALUES ($1, $2)", [25, oid]), wire.bind("", "", ["evil", " 2 "]), wire.execute(), wire.sync())[0]
    return data, None


@exchange("bind: NULL for the tenant column")
def _(world):
    return run(world, wire.parse("", "INSERT INTO users (email, tenant_id) VALUES ($1, $2)"), wire.bind("", "", ["evil", None]), wire.execute(), wire.sync())


@exchange("prepared: SQL PREPARE, protocol Bind with a parameter of one's own")
def _(world):
    return run(world, wire.query(f"PREPARE p AS {SELECT}"), wire.bind("", "p", ["2"]), wire.execute(), wire.sync(), rounds=2)


@exchange("prepared: protocol Parse, SQL EXECUTE with a parameter of one's own")
def _(world):
    return run(world, wire.parse("p", SELECT), wire.sync(), wire.query("EXECUTE p(2)"), rounds=2)


@exchange("prepared: protocol Parse, EXPLAIN ANALYZE EXECUTE with a parameter of one's own")
def _(world):
    return run(world, wire.parse("p", "DELETE FROM users"), wire.sync(), wire.query("EXPLAIN ANALYZE EXECUTE p(2)"), rounds=2)


@exchange("prepared: one name, SQL and protocol, in turns")
def _(world):
    return run(world, wire.query("PREPARE p AS SELECT 1"), wire.query("DEALLOCATE p"), wire.parse("p", SELECT), wire.sync(), wire.query("EXECUTE p(2)"),
               wire.close("S", "p"), wire.sync(), wire.query(f"PREPARE p(int) AS {SELECT} WHERE id > $1"), wire.query("EXECUTE p(2, 2)"),
               wire.bind("", "p", ["0", "2"]), wire.execute(), wire.sync(), rounds=8)


@exchange("prepared: a Parse that fails does not replace what the name meant")
def _(world):
    return run(world, wire.parse("p", SELECT), wire.sync(), wire.parse("p", "SELECT 1"), wire.sync(), wire.bind("", "p", ["2"]), wire.execute(), wire.sync(), rounds=3)


@exchange("prepared: PREPARE in a failed transaction stays")
def _(world):
    return run(world, wire.query(f"BEGIN; PREPARE p AS {SELECT}; SELECT 1/0"), wire.query("ROLLBACK"), wire.query("EXECUTE p(2)"), wire.bind("", "p", ["2"]), wire.execute(), wire.sync(), rounds=4)


@exchange("prepared: PREPARE, then an error in the same message")
def _(world):
    return run(world, wire.query(f"PREPARE p AS {SELECT}; SELECT 1/0"), wire.query("EXECUTE p(2)"), wire.bind("", "p", ["2"]), wire.execute(), wire.sync(), rounds=3)


@exchange("prepared: DEALLOCATE ALL, DISCARD ALL")
def _(world):
    return run(world, wire.query(f"PREPARE p AS {SELECT}"), wire.query("DISCARD ALL"), wire.parse("p", "SELECT $1::int"), wire.bind("", "p", ["2"]), wire.execute(), wire.sync(),
               wire.query("EXECUTE p(2)"), rounds=4)


@exchange("prepared: under one search_path, executed under another")
def _(world):
    return run(world, wire.query("SET search_path = public"), wire.parse("p", "SELECT * FROM users"), wire.sync(), wire.query("SET search_path = shop"),
               wire.bind("", "p", []), wire.execute(), wire.sync(), rounds=4)


@exchange("portal: suspended, then another statement in between")
def _(world):
    return run(world, wire.query("BEGIN"), wire.parse("", SELECT), wire.bind("c", "", []), wire.execute("c", 1), wire.flush(), wire.parse("", "SELECT * FROM orders"), wire.bind("", "", []), wire.execute(),
               wire.execute("c", 0), wire.sync(), rounds=2)


@exchange("portal: FETCH from a protocol portal by its name")
def _(world):
    return run(world, wire.query("BEGIN"), wire.parse("", SELECT), wire.bind("c", "", []), wire.sync(), wire.query("FETCH ALL FROM c"), rounds=3)


@exchange("portal: UPDATE WHERE CURRENT OF a protocol portal")
def _(world):
    return run(world, wire.query("BEGIN"), wire.parse("", "SELECT * FROM users FOR UPDATE"), wire.bind("c", "", []), wire.execute("c", 1), wire.sync(), wire.query("UPDATE users SET name = 'hacked' WHERE CURRENT OF c"), wire.query("COMMIT"), rounds=4)


def function_call(oid, *arguments):
    body = struct.pack("!IHH", oid, 0, len(arguments))
    for argument in arguments:
        body += struct.pack("!I", len(argument)) + argument
    return wire.message("F", body + struct.pack("!H", 0))


@exchange("function call message: a function that counts everybody's orders")
def _(world):
    oid = int(world.watch.query("SELECT 'public.count_orders'::regproc::oid").rows()[0][0])
    world.watch.query("CREATE OR REPLACE FUNCTION public.peek() RETURNS text LANGUAGE sql AS 'SELECT string_agg(email, '','') FROM users'")
    peek = int(world.watch.query("SELECT 'public.peek'::regproc::oid").rows()[0][0])
    data = run(world, function_call(oid))[0] + run(world, function_call(peek))[0]
    world.watch.query("DROP FUNCTION public.peek()")
    return data, None


@exchange("function call message: pg_read_file, lo_get, query_to_xml, set_config")
def _(world):
    data = b""
    for oid, arguments in ((2624, (b"PG_VERSION",)), (3293, (b"pg_hba.conf",)), (3458, (b"1",)), (2923, (b"SELECT * FROM users", b"t", b"f", b"")), (2078, (b"search_path", b"shop", b"f"))):
        data += run(world, function_call(oid, *arguments))[0]
    return data, None


@exchange("function: cheaper than the comparison with the tenant, so that it sees the rows first")
def _(world):
    return run(world, wire.query("CREATE FUNCTION leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$"), wire.query("SELECT id FROM users WHERE leak(email)"),
               wire.query("SELECT o.id FROM countries c LEFT JOIN users o ON leak(o.email)"), wire.query("DROP FUNCTION leak(text)"), rounds=4)


@exchange("function: made cheap afterwards")
def _(world):
    return run(world, wire.query("CREATE FUNCTION leak(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$"), wire.query("SELECT id FROM users WHERE leak(email)"),
               wire.query("ALTER FUNCTION leak(text) COST 0.0000001"), wire.query("SELECT id FROM users WHERE leak(email)"), wire.query("DROP FUNCTION leak(text)"), rounds=5)


@exchange("function: in a constraint, run by the other tenants' sessions")
def _(world):
    data, note = run(world, wire.query("CREATE FUNCTION spy(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO countries VALUES ($1, $1); RETURN true; END $$"),
                     wire.query("ALTER TABLE users ADD CONSTRAINT spy CHECK (spy(email)) NOT VALID"), rounds=2)
    victim = world.connect("chooser", options="-c app.tenant_id=3")
    victim.query("INSERT INTO users (id, email) VALUES (3900, 'CANARY-3-new')")
    victim.query("DELETE FROM users WHERE id = 3900")
    victim.close()
    data += run(world, wire.query("SELECT * FROM countries"))[0]
    world.watch.query("ALTER TABLE users DROP CONSTRAINT IF EXISTS spy; DROP FUNCTION IF EXISTS spy(text); DELETE FROM countries WHERE code LIKE 'CAN%'")
    return data, note


@exchange("errors: an exclusion constraint shows the key it conflicts with")
def _(world):
    return run(world, wire.query("INSERT INTO bookings VALUES (1, int4range(0, 99999999), 'mine')"), wire.query("UPDATE bookings SET during = int4range(0, 99999999)"),
               wire.query("INSERT INTO bookings VALUES (1, int4range(0, 99999999), 'mine') ON CONFLICT (id) DO UPDATE SET name = 'x'"), rounds=3)


# Each costs as little as the comparison with the tenant, and fails or leaves a trace where a row comes so far.
ASKS = ["email LIKE '{}\\'", "email ILIKE '{}\\'", "email NOT LIKE '{}\\'", "email LIKE '{}x' ESCAPE 'x'", "email LIKE ANY (ARRAY['{}\\'])", "NOT email ~~ '{}\\'",
        "email >= '{0}' AND email < '{0}~' AND email ~ ANY (ARRAY['['])", "email >= '{0}' AND email < '{0}~' AND email !~ ALL (ARRAY['['])",
        "email >= '{0}' AND email < '{0}~' AND email ~ ANY (ARRAY[email || '['])",
        "email >= '{0}' AND email < '{0}~' AND email ~ ANY (ARRAY(SELECT '['))", "email >= '{0}' AND email < '{0}~' AND email ~ ANY ('{{[}}')",
        "email >= '{0}' AND email < '{0}~' AND email @@ ANY (ARRAY['a &'::text::tsquery])"] + [
    "email >= '{0}' AND email < '{0}~' AND " + ask for ask in (
        "CASE WHEN is_admin IS NOT NULL THEN email ~ '[' END", "CASE WHEN is_admin IS NOT NULL THEN 'nope'::text::regclass IS NULL END",
        "ARRAY[CASE WHEN is_admin THEN '1'::json ELSE '2'::json END] = ARRAY['1'::json]", "pg_try_advisory_lock(770)",
        "CASE WHEN is_admin IS NOT NULL THEN (SELECT x FROM (SELECT '1'::json) x) = (SELECT y FROM (SELECT '1'::json) y) END", "id = (SELECT id FROM users)",
        "(is_admin OR email = (SELECT email FROM users LIMIT 1 OFFSET -1))", "id NOT IN (SELECT 1 / (length(code) - length(code)) FROM countries)")]


def asked(connection, ask, start):
    """What tells whether the condition was tested on a row."""
    reply = connection.query(f"SELECT 1 FROM users WHERE {ask.format(start)}")
    lock = connection.query("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 770; SELECT pg_advisory_unlock_all()")
    return reply.error and reply.error["C"], lock.results[0].texts()


@exchange("errors: a condition as cheap as the comparison tells whether another tenant has a row")
def _(world):
    connection = world.connect()
    told = []
    for end in ("", " AND id > 0"):
        for ask in ASKS:
            if asked(connection, ask + end, "CANARY-2-200") != asked(connection, ask + end, "CANARY-2-299"):
                told.append(ask + end)
    connection.close()
    return b"", f"told by {told}" if told else None


# These cost nothing in the planner's estimate, and come before what costs half an operator. {} is an id that another tenant has or no one.
MANY = "(SELECT id > 0 FROM users)"
FREE = ["orders WHERE id = {} AND " + ask for ask in (
    f"CASE WHEN status IS NOT NULL THEN {MANY} END", f"(status IS NULL OR {MANY})", f"COALESCE(status IS NULL AND NULL, {MANY})",
    f"(status IS NULL OR NOT EXISTS (SELECT FROM users WHERE 1 / (id - id) > 0))", "(status IS NULL OR ARRAY(SELECT 1 / (id - id) FROM users) IS NULL)",
    f"CASE WHEN status IS NOT NULL THEN {MANY} = true END", f"(status IS NULL OR (true, true) = (SELECT id > 0, true FROM users))",
    "ARRAY[ARRAY[status], CASE WHEN status IS NULL THEN ARRAY[status] ELSE ARRAY[status, status] END] IS NULL",
    f"ARRAY[status IS NULL, {MANY}] IS NULL", f"(status IS NULL OR ({MANY} IS TRUE))", f"CASE WHEN ROW(status, {MANY}) IS NULL THEN true ELSE status IS NULL END",
    f"CASE WHEN status IS NOT NULL THEN (SELECT x.b FROM (SELECT {MANY} AS b) x) END")] + [
    f"users u JOIN orders o ON o.id = {{}} AND (o.status IS NULL OR {MANY}) WHERE u.id > 0",
    f"orders o, LATERAL (SELECT 1 WHERE o.status IS NULL OR {MANY}) x WHERE o.id = {{}}",
    f"users u LEFT JOIN orders o ON o.id = {{}} AND (o.status IS NULL OR {MANY})",
    f"orders WHERE id = {{}} GROUP BY id, status HAVING status IS NULL OR {MANY}",
    f"orders o WHERE id = {{}} AND EXISTS (SELECT FROM users u WHERE u.id = o.user_id AND (o.status IS NULL OR {MANY}))",
    f"(SELECT id, status IS NULL OR {MANY} AS b FROM orders) x WHERE id = {{}} AND b", f"(SELECT id, {MANY} AS b, status FROM orders) x WHERE id = {{}} AND (status IS NULL OR b)",
    f"(SELECT id, {MANY} AS b, status FROM orders UNION ALL SELECT 1, true, NULL) x WHERE id = {{}} AND (status IS NULL OR b)",
    f"(WITH c AS (SELECT id, {MANY} AS b, status FROM orders) SELECT * FROM c) x WHERE id = {{}} AND (status IS NULL OR b)",
    "(SELECT 1) u (id) LEFT JOIN (SELECT id, CASE WHEN status IS NOT NULL THEN 1 / (id - id) > 0 END AS b FROM orders) o ON true WHERE o.b AND o.id = {}",
    "(SELECT 1) u (id) LEFT JOIN (SELECT id, COALESCE(1 / (id - id) > 0, false) AS b FROM orders) o ON o.id > u.id WHERE o.b AND o.id = {}",
    "(SELECT 1) u (id) LEFT JOIN (WITH c AS (SELECT id, COALESCE(1 / (id - id) > 0, false) AS b FROM orders) SELECT * FROM c) o ON o.id > u.id WHERE o.b AND o.id = {}",
    "(SELECT 1) u (id) LEFT JOIN (SELECT id, COALESCE(1 / (id - id) > 0, false) AS b FROM orders) o ON o.b AND o.id = {}",
    "(SELECT 1) u (id) LEFT JOIN hidden o ON o.id > u.id WHERE o.b AND o.id = {}", "(SELECT 1) u (id) LEFT JOIN shown o ON o.id > u.id WHERE o.b AND o.id = {}",
    "(SELECT 1) u (id) LEFT JOIN made o ON o.id > u.id WHERE o.b AND o.id = {}", "shown o WHERE o.b AND o.id = {}", "made o WHERE o.b AND o.id = {}",
    "(SELECT 1) u (id) WHERE NOT EXISTS (SELECT FROM (SELECT id, COALESCE(1 / (id - id) > 0, false) AS b FROM orders) o WHERE o.b AND o.id = {} AND o.id > u.id)",
    "orders o LEFT JOIN LATERAL (SELECT COALESCE(1 / (o.id - o.id) > 0, false) AS b) x ON true WHERE x.b AND o.id = {}",
    "(SELECT id, COALESCE(1 / (id - id) > 0, false) AS b FROM orders UNION ALL SELECT 1, true) o WHERE o.b AND o.id = {}",
    "(SELECT id, 1 / (id - id) > 0 AS b, status FROM orders) o WHERE o.id = {} AND o.b GROUP BY GROUPING SETS ((o.id), (o.b))",
]


@exchange("errors: a condition that costs nothing tells whether another tenant has a row")
def _(world):
    connection = world.connect()
    connection.query("SET enable_seqscan = off")
    failing = "COALESCE(1 / (id - id) > 0, false) AS b FROM orders"
    world.watch.query(f"CREATE VIEW hidden AS SELECT id, {failing}; CREATE VIEW shown AS SELECT id, tenant_id, {failing}; GRANT SELECT ON hidden, shown TO PUBLIC")
    connection.query(f"CREATE TEMP VIEW made AS SELECT id, {failing}")
    told = []
    for ask in FREE:
        codes = []
        for number in (2001, 2999):
            reply = connection.query(f"SELECT 1 FROM {ask.format(number)}")
            codes.append(reply.error and reply.error["C"])
        if codes[0] != codes[1]:
            told.append((ask, codes))
        elif codes[0] in ("0A000", "42501", "42601", "42846", "42P01", "42703"):
            told.append((ask, reply.error["M"]))
    changes = [change.format("{}", many=MANY) for change in ("UPDATE orders SET status = status WHERE id = {} AND (status IS NULL OR {many})", "DELETE FROM orders WHERE id = {} AND (status IS NULL OR {many})",
               "UPDATE users u SET name = name FROM orders o WHERE o.id = {} AND (o.status IS NULL OR {many})",
               "MERGE INTO orders o USING users u ON o.id = {} AND (o.status IS NULL OR {many}) WHEN MATCHED THEN DO NOTHING")]
    if int(connection.query("SHOW server_version_num").rows()[0][0]) < 150000:
        changes = [change for change in changes if not change.startswith("MERGE")]
    for change in changes:
        codes = []
        for number in (2001, 2999):
            reply = connection.query(change.format(number))
            codes.append(reply.error and reply.error["C"])
        if codes[0] != codes[1]:
            told.append((change, codes))
        elif codes[0] in ("0A000", "42501", "42601", "42846", "42P01", "42703"):
            told.append((change, reply.error["M"]))
    world.watch.query("DROP VIEW hidden, shown")
    connection.close()
    return b"", f"told by {told}" if told else None


# {} is an id that another tenant has, or no one. What fails is in one of the other places that come to a row.
ELSEWHERE = [
    "SELECT 1 FROM orders WHERE id = {} AND (status IS NULL OR id::less IS NULL)", "SELECT 1 FROM orders WHERE id = {} AND COALESCE(id::less IS NULL, true)", "SELECT 1 FROM orders WHERE id = {} AND CASE WHEN status IS NOT NULL THEN id::less IS NOT NULL END",
    "SELECT id::less FROM orders WHERE id = {}", "SELECT 1 FROM orders WHERE id = {} AND int4range(id, 2000) IS NULL", "SELECT 1 FROM orders WHERE id = {} AND (int4range(id, 2000) @> 1 OR status IS NULL)",
    "SELECT 1 FROM orders WHERE id = {} AND int4multirange(int4range(id, 2000)) IS NULL", "SELECT 1 FROM orders WHERE id = {} AND int4range(id, 2000) && int4range(1, 2)", "SELECT int4range(id, 2000) FROM orders WHERE id = {} ORDER BY int4range(id, 2000)",
    "SELECT o.id FROM countries c LEFT JOIN orders o ON o.id = {} GROUP BY GROUPING SETS ((o.id), (1 / (o.id / 2000 - 1)))", "SELECT x.b FROM countries c LEFT JOIN (SELECT id, 1 / (id / 2000 - 1) AS b FROM orders) x ON true WHERE x.id = {} GROUP BY ROLLUP (x.b) HAVING x.b > 0",
    "SELECT b FROM (SELECT id, 1 / (id / 2000 - 1) AS b FROM orders GROUP BY CUBE (id)) x WHERE id = {} AND b > 0", "SELECT sum(id) OVER (ORDER BY id RANGE BETWEEN (SELECT 1 / (min(id) / 2000 - 1) FROM orders) PRECEDING AND CURRENT ROW) FROM orders WHERE id = {}",
    "SELECT count(*) OVER (ORDER BY id ROWS BETWEEN (SELECT -id FROM orders WHERE id = {}) PRECEDING AND CURRENT ROW) FROM orders", "SELECT count(*) OVER (ORDER BY id RANGE BETWEEN (SELECT -1 FROM orders WHERE id = {}) PRECEDING AND CURRENT ROW) FROM orders",
    "SELECT * FROM (SELECT id, first_value(1 / (id / 2000 - 1)) OVER (PARTITION BY id) AS f FROM orders) x WHERE id = {}", "SELECT * FROM (SELECT id, row_number() OVER (PARTITION BY id) AS f FROM orders) x WHERE id = {} AND COALESCE(1 / (id / 2000 - 1) > 0, f > 0)",
    "SELECT sum(1 / (id / 2000 - 1)) FILTER (WHERE id = {}) FROM orders", "SELECT string_agg(status, ',' ORDER BY 1 / (id - {})) FROM orders", "SELECT count(*) FILTER (WHERE COALESCE(1 / (id - {}) > 0, true)) FROM orders", "SELECT mode() WITHIN GROUP (ORDER BY 1 / (id - {})) FROM orders",
    "SELECT DISTINCT ON (1 / (id - {})) id FROM orders", "SELECT * FROM (SELECT DISTINCT ON (id) id, 1 / (id / 2000 - 1) AS b FROM orders) x WHERE id = {} AND b > 0", "SELECT 1 FROM users LIMIT (SELECT 1 / (id / 2000 - 1) FROM orders WHERE id = {})", "SELECT 1 FROM users OFFSET (SELECT -1 FROM orders WHERE id = {})",
    "SELECT 1 FROM orders WHERE id = {} FETCH FIRST (SELECT -max(id) FROM orders WHERE id = {}) ROWS ONLY", "SELECT 1 FROM orders WHERE id = {} AND (ARRAY[1, 2])[1 / (id / 2000 - 1)] IS NULL", "SELECT 1 FROM orders WHERE id = {} AND (ARRAY[1, 2])[1:1 / (id / 2000 - 1)] IS NULL",
    "SELECT 1 FROM paintings WHERE id = {} AND (tags[id:1 / (id / 2000 - 1)] IS NULL OR name IS NULL)", "SELECT 1 FROM paintings WHERE id = {} AND (name IS NULL OR tags[1 / (id / 2000 - 1)] IS NULL)", "SELECT 1 FROM orders o, LATERAL generate_series(1, 2, o.id - o.id) g WHERE o.id = {}",
    "SELECT 1 FROM orders o LEFT JOIN LATERAL unnest(ARRAY[1 / (o.id / 2000 - 1)]) u ON true WHERE o.id = {}", "SELECT generate_series(1, 2, id - id) FROM orders WHERE id = {}", "SELECT 1 FROM (SELECT id, generate_series(1, 2, id - id) AS g FROM orders) x WHERE id = {}",
    "SELECT 1 FROM orders o, jsonb_to_recordset((o.status || '[')::jsonb) AS r (a int) WHERE o.id = {}", "SELECT 1 FROM orders o, XMLTABLE('/a' PASSING (('<' || o.status)::xml) COLUMNS a int PATH 'b') x WHERE o.id = {}",
    "SELECT 1 FROM orders o, LATERAL ROWS FROM (generate_series(1, 1 / (o.id / 2000 - 1)), unnest(ARRAY[1])) r WHERE o.id = {}", "SELECT 1 FROM orders WHERE id = {} AND jsonb_path_exists('1', '$ / $x', jsonb_build_object('x', id - id))", "SELECT 1 FROM orders WHERE id = {} AND (status IS NULL OR jsonb_path_match('1', '$', '{{}}'))",
    "SELECT 1 FROM (SELECT id, 1 / (id / 2000 - 1) AS k FROM orders) a JOIN (SELECT 1 AS k) b USING (k) WHERE a.id = {}", "SELECT 1 FROM (SELECT id, COALESCE(1 / (id / 2000 - 1) > 0, true) AS k FROM orders) a NATURAL JOIN (SELECT true AS k) b WHERE a.id = {}",
    "SELECT 1 FROM (SELECT id, COALESCE(1 / (id / 2000 - 1) > 0, true) AS k FROM orders) a FULL JOIN (SELECT true AS k) b USING (k) WHERE a.id = {}", "SELECT 1 FROM (SELECT id, COALESCE(1 / (id / 2000 - 1) > 0, true) AS k FROM orders) a LEFT JOIN (SELECT true AS k) b USING (k) WHERE a.id = {} AND k",
    "SELECT 1 FROM orders a FULL JOIN users b USING (id) WHERE id = {} AND a.ctid IS NOT NULL AND COALESCE(1 / (id / 2000 - 1) > 0, true)", "SELECT a.ctid FROM orders a FULL JOIN users b ON a.id = b.id WHERE a.id = {} AND (a.status IS NULL OR a.ctid = ANY (ARRAY(SELECT (id || 'x')::tid FROM users)))",
    "SELECT 1 FROM orders a FULL JOIN users b ON a.id = b.id AND a.tableoid = 0 WHERE a.id = {} AND (a.ctid IS NULL OR a.tableoid::regclass::text::int > 0)", "SELECT 1 FROM orders WHERE id = {} AND orders.spoken IS NULL", "SELECT orders.spoken FROM orders WHERE id = {}", "SELECT 1 FROM orders WHERE id = {} AND (status IS NULL OR spoken(orders) > 0)",
    "SELECT 1 FROM (SELECT * FROM orders) o WHERE id = {} AND o.spoken IS NULL", "SELECT 1 FROM orders o LEFT JOIN users u ON u.id = o.id WHERE o.id = {} AND COALESCE(u.is_admin, o.spoken > 0)", "SELECT (ROW(id, id, id, status, '2026-01-01')::orders).id FROM orders WHERE id = {} AND (ROW(id, id, id, status, '2026-01-01')::orders).id > 0",
    "SELECT 1 FROM orders WHERE id = {} AND (status IS NULL OR ROW(1 / (id / 2000 - 1))::few IS NULL)", "SELECT 1 FROM orders WHERE id = {} AND (status IS NULL OR (ROW(1 / (id / 2000 - 1))::few).a > 0)", "SELECT 1 FROM orders WHERE id = {} AND (status IS NULL OR ('(' || status || ')')::few IS NULL)",
    "SELECT 1 FROM orders WHERE id = {} AND (ROW(id, id, status::numeric, status, placed_at)::orders IS NULL OR status IS NULL)", "SELECT 1 FROM orders o, pair(1 / (o.id / 2000 - 1)) p WHERE o.id = {}", "SELECT (pair(1 / (id / 2000 - 1))).* FROM orders WHERE id = {}", "SELECT 1 FROM orders o LEFT JOIN pair(1) p ON COALESCE(1 / (o.id / 2000 - 1) > p.a, true) WHERE o.id = {}",
    "SELECT 1 FROM orders WHERE id = {} AND (status IS NULL OR GREATEST(id, 1 / (id / 2000 - 1)) > 0)", "SELECT 1 FROM orders WHERE id = {} AND NULLIF(1 / (id / 2000 - 1) > 0, true)", "SELECT 1 FROM orders WHERE id = {} AND status SIMILAR TO 'x\\'", "SELECT 1 FROM orders WHERE id = {} AND (status, id) < ('a', 1 / (id / 2000 - 1))",
    "SELECT 1 FROM orders TABLESAMPLE BERNOULLI (100) WHERE id = {} AND (status IS NULL OR 1 / (id / 2000 - 1) > 0)", "SELECT 1 FROM orders WHERE id = {} AND current_setting('no.' || status) IS NULL", "SELECT 1 FROM orders WHERE id = {} AND (status IS NULL OR nextval('told') > 0)", "SELECT nextval('told') FROM orders WHERE id = {}",
    "SELECT 1 FROM orders WHERE id = {} AND COALESCE(status IS NULL, nextval('told') > 0)", "SELECT max(nextval('told')) FILTER (WHERE id = {}) FROM orders", "SELECT 1 FROM orders WHERE id = {} FOR UPDATE", "UPDATE orders SET id = id WHERE id = {} AND (status IS NULL OR nextval('told') > 0)", "DELETE FROM orders WHERE id = {} AND nextval('told') > 0",
    "INSERT INTO countries SELECT 'zz', 1 / (id / 2000 - 1) FROM orders WHERE id = {}", "UPDATE users SET name = (SELECT 1 / (id / 2000 - 1) FROM orders o WHERE o.id = {})::text", "SELECT 1 FROM orders WHERE id = {} AND (SELECT nextval('told')) > 0",
]
ELSEWHERE_15 = [
    "MERGE INTO orders o USING users u ON o.id = {} AND 1 / (o.id / 2000 - 1) > 0 WHEN MATCHED THEN DO NOTHING", "MERGE INTO orders o USING users u ON o.id = {} WHEN MATCHED AND 1 / (o.id / 2000 - 1) > 0 THEN DO NOTHING", "MERGE INTO orders o USING (SELECT {} AS i) s ON o.id = s.i WHEN MATCHED THEN UPDATE SET status = 1 / (o.id / 2000 - 1)",
    "MERGE INTO countries c USING orders o ON o.id = {} AND COALESCE(1 / (o.id / 2000 - 1) > 0, c.code IS NULL) WHEN MATCHED THEN DO NOTHING", "MERGE INTO countries c USING (SELECT id, 1 / (id / 2000 - 1) AS b FROM orders) o ON o.id = {} WHEN NOT MATCHED AND COALESCE(o.b > 0, true) AND o.id = {} THEN INSERT VALUES ('zz', 'z')",
    "MERGE INTO orders o USING (SELECT {} AS i) s ON o.id = s.i WHEN MATCHED AND nextval('told') > 0 THEN DELETE", "MERGE INTO orders o USING (SELECT {} AS i) s ON o.id = s.i AND (o.status IS NULL OR nextval('told') > 0) WHEN MATCHED THEN DO NOTHING",
]


@exchange("errors: what fails or counts in other places tells whether another tenant has a row")
def _(world):
    world.watch.query("CREATE DOMAIN less AS int CHECK (VALUE NOT BETWEEN 2000 AND 2998); CREATE TYPE few AS (a int); CREATE SEQUENCE told; GRANT ALL ON told TO PUBLIC; CREATE FUNCTION spoken(o orders) RETURNS int LANGUAGE plpgsql COST 1 AS 'BEGIN RETURN 1 / (o.id / 2000 - 1); END';"
                      "CREATE FUNCTION pair(n int, OUT a int, OUT b int) LANGUAGE sql IMMUTABLE AS 'SELECT n, n'")
    connection = world.connect()
    connection.query("SELECT FROM something_new")
    texts = ELSEWHERE + (ELSEWHERE_15 if int(connection.query("SHOW server_version_num").rows()[0][0]) >= 150000 else [])
    told = []
    for setting in ("enable_seqscan", "enable_indexscan"):
        connection.query(f"RESET ALL; SET {setting} = off")
        for text in texts:
            replies = []
            for number in (2001, 2999):
                world.watch.query("SELECT setval('told', 1)")
                connection.query("BEGIN")
                reply = connection.query(text.format(*[number] * 2))
                connection.query("ROLLBACK")
                replies.append((reply.error and reply.error["C"], reply.error is None and reply.results[0].texts(), world.watch.query("SELECT last_value FROM told").results[0].texts()))
            if replies[0] != replies[1]:
                told.append((text, replies))
    connection.close()
    world.watch.query("DROP FUNCTION spoken, pair; DROP DOMAIN less; DROP TYPE few; DROP SEQUENCE told")
    return b"", f"told by {told}" if told else None


# Comparisons that cost one operator and fail on any row, or on one with such a value.
FAILING = [
    "orders WHERE id = {} AND jj < jj", "orders o (a) WHERE a = {} AND o.jj <> o.jj", "orders WHERE id = {} AND posix < \"C\"", "orders WHERE id = {} AND jj IS DISTINCT FROM jj",
    "orders WHERE id = {} AND CASE jj WHEN jj THEN flag END", "orders WHERE id = {} AND COALESCE(flag, jj IN (jj, jj))", "orders WHERE id = {} AND jj BETWEEN jj AND jj",
    "orders WHERE id = {} AND (flag OR jj > '{{1}}')", "(SELECT id, jj AS k FROM orders) x WHERE id = {} AND k < k", "orders WHERE id = {} AND place < place",
    "(SELECT 1) u (id) LEFT JOIN (SELECT id, COALESCE(jj < jj, false) AS b FROM orders) o ON o.id > u.id WHERE o.b AND o.id = {}",
    "(SELECT 1) u (id) LEFT JOIN odd_orders o ON o.id > u.id WHERE o.b AND o.id = {}", "odd_orders WHERE id = {} AND b",
    "(SELECT id, jj FROM orders) o WHERE id = {} AND o <> o", "(SELECT id, flag, j FROM orders) o WHERE id = {} AND o < o", "(SELECT id, flag, j FROM orders) o WHERE id = {} AND CASE o WHEN o THEN flag END",
    "orders o WHERE id = {} AND o IS DISTINCT FROM o", "(SELECT id, flag, j FROM orders) o WHERE id = {} AND EXISTS (SELECT FROM users u WHERE COALESCE(flag, o < o))",
    "json_each('{{\"a\": 1}}') e JOIN orders o ON o.id = {} + length(e.key) - 1 AND COALESCE(o.flag, e <> e)",
    "(SELECT id, array_agg(j) AS a FROM orders GROUP BY id) s JOIN orders o ON o.id = {} + s.id - s.id AND COALESCE(o.flag, s.a <> s.a)",
    "(SELECT array_agg('1'::json) AS a) s JOIN orders o ON o.id = {} AND COALESCE(o.flag, s.a <> s.a)",
    "(SELECT id, status COLLATE \"POSIX\" AS a, \"C\" AS b FROM orders) s WHERE id = {} AND a < b", "lower('x' COLLATE \"POSIX\") f, orders o WHERE o.id = {} AND f <> \"C\"",
    "(VALUES ('x' COLLATE \"POSIX\")) f (f) JOIN orders o ON o.id = {} AND f < \"C\"", "json_to_record('{{}}') AS f (f text COLLATE \"POSIX\") JOIN orders o ON o.id = {} AND f < \"C\"",
    "(SELECT id, max(status COLLATE \"POSIX\") AS m FROM orders GROUP BY id) s JOIN orders o ON o.id = {} AND s.m < o.\"C\"", "orders WHERE id = {} AND status COLLATE loose LIKE 'a%'",
    "orders WHERE id = {} AND lax LIKE 'a%'", "mine m JOIN orders o ON o.id = {} AND m.t < o.\"C\"", "mine m JOIN orders o ON o.id = {} AND COALESCE(o.flag, m.jj < m.jj)",
    "orders WHERE id = {} AND doc @? '$ ? (@.datetime() < \"2017-03-10T12:34:56+03:00\".datetime())'", "orders WHERE id = {} AND doc @@ '$.DateTime() < \"2017-03-10T12:34:56+03:00\".datetime()'",
    "(SELECT 1) u (id) LEFT JOIN (SELECT id, doc @? '$ ? (@.datetime() < \"2017-03-10T12:34:56+03:00\".datetime())' AS b FROM orders) o ON o.id > u.id WHERE o.b AND o.id = {}",
    "orders WHERE id = {} AND numbers @> '{{1}}'", "orders WHERE id = {} AND (flag OR numbers @> numbers)", "(SELECT jj FROM orders) a JOIN orders b USING (jj) WHERE b.id = {}",
]
UNEVEN = """ALTER TABLE orders ADD COLUMN jj json[] DEFAULT '{1}', ADD COLUMN j json DEFAULT '{}', ADD COLUMN "C" text COLLATE "C" DEFAULT 'x', ADD COLUMN posix text COLLATE "POSIX" DEFAULT 'x',
    ADD COLUMN flag boolean, ADD COLUMN doc jsonb DEFAULT '"2020-01-01"', ADD COLUMN numbers int[] DEFAULT '{1}'; UPDATE orders SET doc = '1' WHERE tenant_id = 1; CREATE TYPE place AS (a json); ALTER TABLE orders ADD COLUMN place place DEFAULT ROW('1');
    CREATE COLLATION loose (provider = icu, locale = 'und', deterministic = false); ALTER TABLE orders ADD COLUMN lax text COLLATE loose DEFAULT 'x';
    CREATE FUNCTION fails(int[], int[]) RETURNS boolean LANGUAGE plpgsql COST 1 AS 'BEGIN RAISE ''no''; END'; CREATE OPERATOR @> (LEFTARG = int[], RIGHTARG = int[], FUNCTION = fails);
    CREATE VIEW odd_orders AS SELECT id, COALESCE(jj < jj, false) AS b FROM orders; GRANT SELECT ON odd_orders TO PUBLIC"""
EVEN = """DROP VIEW odd_orders; DROP OPERATOR @> (int[], int[]); DROP FUNCTION fails; ALTER TABLE orders DROP COLUMN jj, DROP COLUMN j, DROP COLUMN "C", DROP COLUMN posix, DROP COLUMN flag, DROP COLUMN doc,
    DROP COLUMN numbers, DROP COLUMN place, DROP COLUMN lax; DROP TYPE place; DROP COLLATION loose"""


def uneven(world):
    """A session whose proxy knows the columns."""
    world.watch.query(UNEVEN)
    connection = world.connect()
    connection.query("SELECT FROM something_new; SET enable_seqscan = off")
    connection.query("SET enable_seqscan = off")
    return connection


def answers(connection, text, told):
    """Is it the same where another tenant has the row, and where nobody has?"""
    codes = []
    for number in (2001, 2999):
        reply = connection.query(text.format(number))
        codes.append(reply.error and reply.error["C"])
        if connection.status != "I":
            connection.query("ROLLBACK")
    if codes[0] != codes[1] or codes[0] in ("0A000", "42501", "42601", "42846", "42P01", "42703", "42704"):
        told.append((text, codes, reply.error and reply.error["M"]))


@exchange("errors: a comparison that fails tells whether another tenant has a row")
def _(world):
    connection = uneven(world)
    connection.query("CREATE TEMP TABLE mine (t text COLLATE \"POSIX\", jj json[]); INSERT INTO mine VALUES ('x', '{1}')")
    told = []
    for ask in FAILING:
        answers(connection, f"SELECT 1 FROM {ask}", told)
    answers(connection, "UPDATE orders SET status = status WHERE id = {} AND jj < jj", told)
    answers(connection, "DELETE FROM orders USING users u WHERE orders.id = {} AND (flag OR jj < jj)", told)
    answers(connection, "COPY (SELECT 1 FROM orders WHERE id = {} AND jj < jj) TO STDOUT", told)
    connection.close()
    world.watch.query(EVEN)
    return b"", f"told by {told}" if told else None


@exchange("errors: a comparison of a column that the transaction has added tells whether another tenant has a row")
def _(world):
    connection = world.connect()
    connection.query("SET enable_seqscan = off")
    told = []
    for definition, ask in (("json[] DEFAULT '{1}'", "added < added"), ("jsonb DEFAULT '\"2020-01-01\"'", "added @? '$ ? (@.datetime() < \"2017-03-10T12:34:56+03:00\".datetime())'"),
                            ("text COLLATE \"POSIX\" DEFAULT 'x'", "added < (SELECT 1) || ''")):
        codes = []
        for number in (2001, 2999):
            connection.query("BEGIN")
            connection.query(f"ALTER TABLE orders ADD COLUMN added {definition}")
            reply = connection.query(f"SELECT 1 FROM orders WHERE id = {number} AND {ask}")
            codes.append(reply.error and reply.error["C"])
            connection.query("ROLLBACK")
        if codes[0] != codes[1]:
            told.append((ask, codes))
    connection.close()
    return b"", f"told by {told}" if told else None


@exchange("errors: a comparison of parameters tells whether another tenant has a row")
def _(world):
    connection = uneven(world)
    connection.query("SET plan_cache_mode = force_generic_plan")
    told = []
    array, document, path = 199, 3802, 4072
    date, moment = '"2020-01-01"', '$ ? (@.datetime() < "2017-03-10T12:34:56+03:00".datetime())'
    for ask, types, values in (("orders WHERE id = {} AND COALESCE(flag, $1 = $1)", [array], ["{1}"]), ("orders WHERE id = {} AND COALESCE(flag, $1 < '{2}')", [array], ["{1}"]),
                               ("(SELECT id, flag, $1 AS p FROM orders) s WHERE id = {} AND COALESCE(flag, p <> p)", [array], ["{1}"]),
                               ("(VALUES ($1, $2)) v (a, b) JOIN orders o ON o.id = {} AND COALESCE(o.flag, v.a < v.b)", [array, array], ["{1}", "{2}"]),
                               ("orders WHERE id = {} AND (flag OR $1::json[] < $1)", [], ["{1}"]), ("orders WHERE id = {} AND CASE $1 WHEN $1 THEN flag END", [array], ["{1}"]),
                               ("orders WHERE id = {} AND COALESCE(flag, (SELECT $1) < (SELECT $1))", [array], ["{1}"]), ("orders WHERE id = {} AND COALESCE(flag, $1 IN ($1, $2))", [array, array], ["{1}", "{2}"]),
                               ("orders WHERE id = {} AND COALESCE(flag, $1 @? $2)", [document, path], [date, moment]), ("orders WHERE id = {} AND doc @? $1", [path], [moment]),
                               ("(SELECT 1) u (id) LEFT JOIN (SELECT id, COALESCE(flag, $1 < $1) AS b FROM orders) o ON o.id > u.id WHERE o.b AND o.id = {}", [array], ["{1}"])):
        codes = []
        for number in (2001, 2999):
            connection.send(wire.parse("", "SELECT 1 FROM " + ask.replace("{}", str(number), 1), types), wire.bind("", "", values), wire.execute(), wire.sync())
            reply = connection.until_ready()
            codes.append(reply.error and reply.error["C"])
        if codes[0] != codes[1] or codes[0] in ("0A000", "42501", "42601", "42P01", "42703"):
            told.append((ask, codes, reply.error and reply.error["M"]))
    connection.close()
    world.watch.query(EVEN)
    return b"", f"told by {told}" if told else None


# {} is the beginning of what another tenant has, or of what nobody has. With these indexes the condition is tested again on what they
# found, before all others.
PATH = '$.m == \\"{}\\" && $.d.datetime() < \\"2017-03-10T12:34:56+03:00\\".datetime()'.replace('\\"', '"')
AGAIN = ["users WHERE email LIKE '%{}\\'", "users WHERE users.email ILIKE '%{}\\'", "users u WHERE u.email LIKE '%{}!' ESCAPE '!' OR u.email LIKE 'nonsense%'",
         "(SELECT email LIKE '%{}\\' AS b FROM users) u WHERE b", "orders o LEFT JOIN users u ON email LIKE '%{}\\'", "users WHERE email LIKE name || '%{}\\'", "users u, (SELECT '%{}\\' AS p) x WHERE email LIKE p",
         f"orders WHERE doc @@ '{PATH}'", f"orders o WHERE o.doc @? '$ ? ({PATH.replace('$', '@')})'", f"(SELECT doc AS d FROM orders) x WHERE d @@ '{PATH}'",
         f"orders WHERE id > 0 AND (doc @@ '{PATH}' OR doc @> '{{{{\"m\": \"none\"}}}}')", f"users u JOIN orders o ON u.id = o.id OR o.doc @@ '{PATH}'",
         "users WHERE email LIKE ANY (SELECT '%{}\\' FROM countries)", "users WHERE email LIKE ANY (SELECT '%{}\\' FROM countries OFFSET 0)",
         "orders WHERE numbers @> '{{770077}}' AND status LIKE '{}%'", "orders WHERE numbers OPERATOR(public.@>) '{{770077}}' AND status LIKE '{}%'"]
TESTED = """CREATE EXTENSION pg_trgm; CREATE EXTENSION intarray; CREATE INDEX users_trigrams ON users USING gin (email gin_trgm_ops); ALTER TABLE orders ADD COLUMN doc jsonb, ADD COLUMN numbers int[];
    UPDATE orders SET doc = jsonb_build_object('m', left(status, 6), 'd', '2020-01-01'), numbers = ARRAY[770077, NULL] WHERE tenant_id <> 1; CREATE INDEX orders_doc ON orders USING gin (doc)"""
UNTESTED = "DROP INDEX users_trigrams, orders_doc; ALTER TABLE orders DROP COLUMN doc, DROP COLUMN numbers; DROP EXTENSION intarray; DROP EXTENSION pg_trgm"


@exchange("errors: a condition that an index tests again tells what another tenant has")
def _(world):
    world.watch.query(TESTED)
    connection = world.connect()
    connection.query("SELECT FROM something_new")
    for setting in ("enable_seqscan", "enable_indexscan"):
        connection.query(f"SET {setting} = off")
    told = []
    texts = [f"SELECT 1 FROM {ask}" for ask in AGAIN] + ["UPDATE users SET name = name WHERE email LIKE '%{}\\'", f"DELETE FROM orders WHERE doc @@ '{PATH}'"]
    for text in texts:
        codes = []
        for start in ("CANARY", "CANARX"):
            reply = connection.query(text.format(start))
            codes.append(reply.error and reply.error["C"])
        if codes[0] != codes[1] or codes[0] in ("42501", "42601", "42P01", "42703"):
            told.append((text, codes, reply.error and reply.error["M"]))
    connection.query("SET plan_cache_mode = force_generic_plan")
    connection.query("PREPARE a (text) AS SELECT 1 FROM users WHERE email LIKE $1")
    for form in ("text", "prepared"):
        codes = []
        for start in ("CANARY", "CANARX"):
            if form == "text":
                connection.send(wire.parse("", "SELECT 1 FROM users WHERE email LIKE $1"), wire.bind("", "", [f"%{start}\\"]), wire.execute(), wire.sync())
                reply = connection.until_ready()
            else:
                reply = connection.query(f"EXECUTE a ('%{start}\\')")
            codes.append(reply.error and reply.error["C"])
        if codes != (["22025"] * 2 if form == "text" else [None] * 2):
            told.append((form, codes))
    connection.query("DEALLOCATE a")
    for index, text in (("notifications USING gin (message gin_trgm_ops)", "SELECT 1 FROM notifications WHERE message LIKE '%{}\\'"), ("stripe_events USING gin (payload)", "SELECT 1 FROM stripe_events WHERE payload @@ '$ == \"{}-2-2001\" && \"2020-01-01\".datetime() < \"2017-03-10T12:34:56+03:00\".datetime()'")):
        codes = []
        for start in ("CANARY", "CANARX"):
            connection.query("BEGIN")
            connection.query(f"CREATE INDEX ON {index}")
            reply = connection.query(text.format(start))
            codes.append(reply.error and reply.error["C"])
            connection.query("ROLLBACK")
        if codes[0] != codes[1]:
            told.append((text, codes))
    connection.close()
    world.watch.query(UNTESTED)
    return b"", f"told by {told}" if told else None


# {} is the beginning of what other tenants have most often in a column, or of what nobody has. To estimate how many rows there will be, the
# planner tests such conditions on that value itself.
ESTIMATED = ["kind LIKE '{}%2\\'", "kind ILIKE '{}%2\\'", "kind NOT LIKE '{}%2\\'", "kind LIKE '{}%!' ESCAPE '!'", "kind ~~ '{}%2\\'", "(kind LIKE '{}%2\\') IS TRUE", "(id = 5 OR kind LIKE '{}%2\\')",
             "kind LIKE ANY (ARRAY['x', '{}%2\\'])", "kind LIKE ALL ('{{\"%\", \"{}%2\\\\\"}}')", "kind NOT ILIKE ANY (ARRAY['{}%2\\'])", "kind LIKE concat('{}%2', chr(92))",
             "(CASE WHEN pg_catalog.now() IS NULL THEN NULL ELSE kind END) LIKE ANY (ARRAY['{}%2\\'])", "(SELECT kind) LIKE ANY (ARRAY['{}%2\\'])", "bytes LIKE '{}%2\\\\'",
             f"doc @@ '{PATH}'", f"doc @? '$ ? ({PATH.replace('$', '@')})'", "kind === '{}'", "kind OPERATOR(public.===) '{}'", "kind === ANY (ARRAY['{}'])", "'{}' === kind",
             "kind LIKE ANY (SELECT '{}%2\\')", "kind LIKE ANY (SELECT '{}%2\\' FROM countries)", "kind LIKE SOME (VALUES ('{}%2\\'))", "(id, kind) = ANY (SELECT id, kind FROM orders WHERE kind LIKE '{}%2\\')", "kind === ANY (SELECT '{}')",
             "kind === ANY (SELECT '{}' FROM countries)", "textlike(kind, '{}%2\\')", "\"like\"(kind, '{}%2\\')", "pg_catalog.texticlike(kind, '{}%2\\')", "kind ILIKE ALL (SELECT '{}%2\\' FROM countries)", "doc @@ ANY (SELECT '%s'::jsonpath FROM countries)" % PATH]
COMMON = """ALTER TABLE orders ADD COLUMN kind text, ADD COLUMN doc jsonb, ADD COLUMN bytes bytea;
    UPDATE orders SET kind = 'CANARY-2z', doc = '{"m": "CANARY", "d": "2020-01-01"}', bytes = 'CANARY-2z' WHERE tenant_id <> 1; ANALYZE orders;
    CREATE FUNCTION same(text, text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'compared % %', $1, $2; RETURN $1 = $2; END $$;
    CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = same, RESTRICT = eqsel)"""
UNCOMMON = "ALTER TABLE orders DROP COLUMN kind, DROP COLUMN doc, DROP COLUMN bytes; DROP OPERATOR === (text, text); DROP FUNCTION same; ANALYZE orders"


@exchange("errors: an estimate tells what other tenants have most often")
def _(world):
    world.watch.query(COMMON)
    connection = world.connect()
    connection.query("SELECT FROM something_new")
    texts = [form.format(ask) for ask in ESTIMATED for form in (
        "SELECT 1 FROM orders WHERE {}", "SELECT 1 FROM (SELECT 1) u (one) LEFT JOIN orders ON {}",
        "SELECT 1 FROM (SELECT id, kind, doc, bytes FROM orders UNION ALL SELECT 1, 'x', '1', 'x') x WHERE {}", "WITH x AS (SELECT * FROM orders) SELECT 1 FROM x WHERE {}",
        "UPDATE orders SET status = status WHERE {}", "DELETE FROM orders WHERE {}", "SELECT 1 FROM users WHERE EXISTS (SELECT FROM orders WHERE {})")]
    told = []
    for text in texts:
        codes = []
        for start in ("CANARY", "CANARX"):
            connection.take_received()
            reply = connection.query(text.format(start))
            codes.append(reply.error and reply.error["C"])
            if b"CANARY-2" in connection.take_received():
                told.append((text, "notice"))
        if codes[0] != codes[1] or codes[0] in ("0A000", "42501", "42601", "42P01", "42703", "42883"):
            told.append((text, codes, reply.error and reply.error["M"]))
    for ask, types in (("kind LIKE $1", []), ("kind ILIKE $1", [25]), ("bytes LIKE $1", []), ("(status = $1 OR kind LIKE $1)", []), ("kind LIKE ANY ($1)", [1009])):
        codes = []
        for start in ("CANARY", "CANARX"):
            value = f"{start}%2\\"
            value = '{"' + value + '\\"}' if "ANY" in ask else value + "\\" if "bytes" in ask else value
            connection.send(wire.parse("", f"SELECT 1 FROM orders WHERE {ask}", types), wire.bind("", "", [value]), wire.execute(), wire.sync())
            reply = connection.until_ready()
            codes.append(reply.error and reply.error["C"])
        if codes[0] != codes[1] or codes[0] in ("0A000", "42501", "42601", "42P01", "42703", "42883"):
            told.append((ask, codes, reply.error and reply.error["M"]))
    connection.query("SET plan_cache_mode = force_custom_plan")
    codes = []
    for start in ("CANARY", "CANARX"):
        connection.query("PREPARE a (text) AS SELECT 1 FROM orders WHERE kind LIKE $1")
        reply = connection.query(f"EXECUTE a ('{start}%2\\')")
        codes.append(reply.error and reply.error["C"])
        connection.query("DEALLOCATE a")
    if codes != [None, None]:
        told.append(("prepared", codes))
    connection.close()
    world.watch.query(UNCOMMON)
    return b"", f"told by {told}" if told else None


# {} is where another tenant has something, or no one. What is computed from a shape that the attacker chose overflows.
STRIP, FAR = "'(({0},-1e308),({0},1e308),(770079,1e308),(770079,-1e308))'::polygon", "'(1.7e308,1.7e308)'::point"
SHAPES = [f"WHERE at <@ {STRIP}", f"WHERE {STRIP} @> at", f"WHERE id > 0 AND at <@ ({STRIP})", "WHERE at <@ '(({0},0),(770079,9000))'::box ORDER BY at <-> " + FAR,
          "WHERE at <@ '(({0},0),(770079,9000))'::box ORDER BY " + FAR + " <-> at LIMIT 1", "WHERE at <@ box(point({0}, 0), point(770079, 9000)) ORDER BY 1 LIMIT 1",
          "WHERE id = {0} - 768076 AND at <@ '<(1e308,0),1.7e308>'::circle", "WHERE id = {0} - 768076 AND area = area", "WHERE id = {0} - 768076 AND area = '<(0,0),1e200>'", "WHERE id = {0} - 768076 AND area << '<(1.7e308,0),1.7e308>'",
          "WHERE id = {0} - 768076 AND COALESCE(area < '<(0,0),1e200>', true)", "WHERE area && '<({0},1000),3>'::circle ORDER BY area <-> " + FAR, "WHERE at << '({0},1)' AND at >> '(770070,1)' ORDER BY at <-> " + FAR]
SHAPED = """ALTER TABLE orders ADD COLUMN at point, ADD COLUMN area circle; UPDATE orders SET at = point(CASE WHEN tenant_id = 1 THEN 1 ELSE 770077 END, id), area = circle(point(CASE WHEN tenant_id = 1 THEN 1 ELSE 770077 END, id), 1);
    CREATE INDEX orders_at ON orders USING gist (at); CREATE INDEX orders_area ON orders USING gist (area)"""


@exchange("errors: a shape that overflows tells where other tenants have something")
def _(world):
    world.watch.query(SHAPED)
    connection = world.connect()
    connection.query("SELECT FROM something_new")
    told = []
    for settings in (["enable_seqscan"], ["enable_seqscan", "enable_bitmapscan"], ["enable_indexscan", "enable_bitmapscan"]):
        connection.query("RESET ALL")
        for setting in settings:
            connection.query(f"SET {setting} = off")
        for rest in SHAPES:
            for text in (f"SELECT at <-> {FAR} FROM orders {rest}", f"SELECT 1 FROM (SELECT id, at, area, at <-> {FAR} AS d FROM orders) o {rest}", f"SELECT 1 FROM orders {rest}",
                         f"SELECT 1 FROM (SELECT id, at AS at, area AS area FROM orders) o {rest}", f"WITH o AS (SELECT * FROM orders) SELECT row_number() OVER (ORDER BY at <-> {FAR}) FROM o {rest}"):
                codes = []
                for number in (770077, 770078):
                    reply = connection.query(text.format(number))
                    codes.append(reply.error and reply.error["C"])
                if codes[0] != codes[1] or codes[0] in ("0A000", "42501", "42601", "42P01", "42703", "42883"):
                    told.append((text, settings, codes, reply.error and reply.error["M"]))
    connection.query("RESET ALL")
    connection.query("SET enable_seqscan = off")
    plans = [connection.query(f"EXPLAIN (COSTS off) SELECT 1 FROM orders {rest}").rows() for rest in ("WHERE at <@ '((0,0),(9,9.5))'::polygon", "ORDER BY at <-> point(1, -2.5) LIMIT 1", "WHERE area && circle '<(1,2),3>'")]
    if not world.secured and not all("orders_a" in str(plan) for plan in plans):  # these are not leakproof
        told.append(("without an index", plans))
    connection.close()
    world.watch.query("ALTER TABLE orders DROP COLUMN at, DROP COLUMN area")
    return b"", f"told by {told}" if told else None


# {} is what another tenant has, or no one.
COUNTED = ["EXPLAIN (ANALYZE, TIMING off, SUMMARY off) SELECT 1 FROM users WHERE email = '{}'", "EXPLAIN (COSTS off, ANALYZE 1, TIMING off, SUMMARY off) DELETE FROM users WHERE email = '{}'",
           "EXPLAIN SELECT 1 FROM orders WHERE kind = '{}'", "EXPLAIN (FORMAT json) SELECT 1 FROM orders WHERE kind >= '{}'", "EXPLAIN (COSTS off) SELECT 1 FROM orders WHERE kind >= '{}'",
           "EXPLAIN (ANALYZE, TIMING off, SUMMARY off) EXECUTE counted ('{}')", "EXPLAIN (COSTS on) CREATE TEMP TABLE x AS EXECUTE counted ('{}')", "SELECT 1 FROM orders WHERE kind = '{}'"]


@exchange("EXPLAIN and printed plans count what other tenants have")
def _(world):
    world.watch.query(COMMON)
    connection = world.connect()
    connection.query("SELECT FROM something_new")
    for text in ("SET enable_seqscan = off", "SET enable_bitmapscan = off", "SET client_min_messages = log", "SET debug_print_plan = on", "SET LOCAL debug_print_plan = 'true'", "SELECT set_config('debug_print_plan', '1', false)",
                 "SET plan_cache_mode = force_custom_plan", "PREPARE counted (text) AS SELECT 1 FROM orders WHERE kind = $1"):
        connection.query(text)
    told = []
    for text in COUNTED:
        answers = []
        for value in ("CANARY-2-2001" if "email" in text else "CANARY-2z", "CANARX-2-2001" if "email" in text else "CANARX-2z"):
            connection.take_received()
            connection.query(text.format(value))
            answers.append(connection.take_received().replace(value.encode(), b"?"))
        if answers[0] != answers[1]:
            told.append((text, answers))
    connection.close()
    world.watch.query(UNCOMMON)
    return b"", f"told by {told}" if told else None


# Parameters that a pattern ends with: Bind looks at them, and the index is used. Each with the types that are declared.
LAST = [("email LIKE $1", ["%{}\\"]), ("email ILIKE $1::text", ["%{}\\"]), ("email LIKE upper($1)", ["%{}\\"]), ("email LIKE '%' || $1", ["{}\\"]), ("email ~~ $1", ["%{}\\\\\\"]),
        ("email LIKE $1 || $2", ["%{}", "\\"]), ("email LIKE $1 || $2", ["%{}\\", ""]), ("email LIKE ('%' || lower($1)) || upper($2::varchar)", ["{}", "\\"]),
        ("email NOT LIKE $1 AND email LIKE '%{}%'", ["%{}\\"]), ("(email LIKE $1 OR email LIKE $2)", ["nonsense%", "%{}\\"]), ("email LIKE $1 AND name = $2", ["%{}\\", "x"])]
# .. and such as are not what Bind sees: elements of arrays, other types.
UNSEEN = [("email LIKE $1 || ''", [0], ["%{}\\"]), ("email LIKE name || $1", [0], ["%{}\\"]), ("email LIKE ANY ($1)", [0], ['{{"%{}\\\\"}}']), ("email LIKE ANY ($1)", [1009], ['{{"%{}\\\\"}}']),
          ("email LIKE ANY ($1 || '{{a}}')", [1009], ['{{"%{}\\\\"}}']), ("email LIKE ANY (ARRAY[$1, $2])", [0, 0], ["%{}\\", "a"]), ("email LIKE $1 ESCAPE '!'", [0], ["%{}!"]), ("email LIKE $1 ESCAPE $2", [0, 0], ["%{}!", "!"]),
          ("email LIKE '%{}%' AND email LIKE $1::text AND ($1 = 'x'::\"char\" OR id > 0)", [0], ["\\134"]), ("email LIKE '%{}%' AND email LIKE $1::text", [18], ["\\134"]), ("email LIKE '%{}%' AND email LIKE '%' || $1::\"char\"", [0], ["\\134"]),
          ("email LIKE $1::text AND ($1 = 'x'::name OR id > 0)", [0], ["%" * 50 + "{}" + "\\" * 8]), ("email LIKE $1::text", [19], ["%" * 50 + "{}" + "\\" * 8]), ("email LIKE $1 AND ($1 = 'x'::name OR id > 0)", [705], ["%" * 50 + "{}" + "\\" * 8]),
          ("email LIKE $1::text AND ($1 = 'x'::bpchar OR id > 0)", [0], ["%{}\\ "]), ("email LIKE $1::text", [1042], ["%{}\\ "]), ("email LIKE $1::varchar(8)", [0], ["%{}\\\\"])]


@exchange("errors: a pattern whose last parameter Bind looks at tells what another tenant has")
def _(world):
    world.watch.query(TESTED)
    connection = world.connect()
    connection.query("SELECT FROM something_new")
    for setting in ("enable_seqscan", "enable_indexscan"):
        connection.query(f"SET {setting} = off")
    told = []

    def codes_of(text, types, values, formats=()):
        codes = []
        for start in ("CANARY", "CANARX"):
            filled = [value.format(start) for value in values]
            connection.send(wire.parse("", text.format(start), types), wire.bind("", "", filled, formats), wire.describe("P"), wire.execute(), wire.sync())
            reply = connection.until_ready()
            codes.append(reply.error and reply.error["C"])
        return codes

    for mode in ("auto", "force_generic_plan"):
        connection.query(f"SET plan_cache_mode = {mode}")
        for condition, values in LAST:
            for types in ([], [25] * len(values), [1043] * len(values), [705] * len(values)):
                for formats in ((), [1]):
                    for text in (f"SELECT 1 FROM users WHERE {condition}", f"UPDATE users SET name = name WHERE {condition}", f"SELECT 1 FROM orders LEFT JOIN users ON {condition.replace('id > 0', 'true').replace('name', 'users.name')}"):
                        codes = codes_of(text, types, values, formats)
                        if codes != ["22025"] * 2:
                            told.append((text, mode, types, formats, codes))
            sound = ["%others%"] * len(values)
            connection.send(wire.parse("", f"EXPLAIN (COSTS off) SELECT 1 FROM users WHERE {condition.format('own')}"), wire.bind("", "", sound), wire.describe("P"), wire.execute(), wire.sync())
            plan = str(connection.until_ready().rows())
            if not world.secured and "users_trigrams" not in plan:  # LIKE is not leakproof
                told.append((condition, mode, "without the index"))
        for condition, types, values in UNSEEN:
            codes = codes_of(f"SELECT 1 FROM users WHERE {condition}", types, values)
            if codes[0] != codes[1] or codes[0] in ("42501", "0A000", "08P01"):
                told.append((condition, mode, types, codes))
        # sound, unsound, and sound again, bound to one statement and in one pipeline
        connection.send(wire.parse("p", "SELECT 1 FROM users WHERE email LIKE $1"), wire.sync())
        connection.until_ready()
        for start in ("CANARY", "CANARX"):
            codes = []
            for _ in range(7):
                for value in (f"%{start}%", f"%{start}\\", f"%{start}\\\\"):
                    connection.send(wire.bind("", "p", [value]), wire.execute(), wire.sync())
                    reply = connection.until_ready()
                    codes.append(reply.error and reply.error["C"])
            connection.send(wire.bind("", "p", [f"%{start}%"]), wire.execute(), wire.bind("", "p", [f"%{start}\\"]), wire.execute(), wire.bind("", "p", [None]), wire.execute(), wire.sync())
            reply = connection.until_ready()
            codes.append(reply.error and reply.error["C"])
            if codes != [None, "22025", None] * 7 + ["22025"]:
                told.append(("one statement", mode, start, codes))
            reply = connection.query(f"EXECUTE p ('%{start}\\')")
            if not reply.error or reply.error["C"] != "0A000":
                told.append(("EXECUTE", mode, start))
        connection.query("DEALLOCATE p")
    # prepared before the index was made
    world.watch.query("DROP INDEX users_trigrams")
    connection.query("SELECT FROM something_newer")
    connection.send(wire.parse("q", "SELECT 1 FROM users WHERE email LIKE $1"), wire.bind("", "q", ["%CANARY\\"]), wire.execute(), wire.sync())
    before = connection.until_ready().error
    world.watch.query("CREATE INDEX users_trigrams ON users USING gin (email gin_trgm_ops)")
    connection.query("SELECT FROM something_newest")
    codes = []
    for start in ("CANARY", "CANARX"):
        connection.send(wire.bind("", "q", [f"%{start}\\"]), wire.execute(), wire.sync())
        reply = connection.until_ready()
        codes.append(reply.error and reply.error["C"])
    if not before or before["C"] != "22025" or codes[0] != codes[1]:
        told.append(("before the index", before, codes))
    connection.close()
    world.watch.query(UNTESTED)
    return b"", f"told by {told}" if told else None


@exchange("errors: the same, of a pattern that is a parameter, in one plan for all")
def _(world):
    connection = world.connect()
    connection.query("SET plan_cache_mode = force_generic_plan")
    told = []
    for name, condition, value in (("a", "email LIKE $1", "{}\\"), ("b", "email > '{0}' AND email < '{0}~' AND email ~ $1", "["),
                                   ("c", "email > '{0}' AND email < '{0}~' AND CASE WHEN is_admin IS NOT NULL THEN $1::text::regclass IS NULL END", "nope")):
        codes = []
        for start in ("CANARY-2-200", "CANARY-2-299"):
            connection.query(f"PREPARE {name} (text) AS SELECT 1 FROM users WHERE {condition.format(start)}")
            reply = connection.query(f"EXECUTE {name} ('{value.format(start)}'); DEALLOCATE {name}")
            connection.query(f"DEALLOCATE {name}")
            codes.append(reply.error and reply.error["C"])
        told += [condition] if codes[0] != codes[1] else []
    connection.close()
    return b"", f"told by {told}" if told else None


@exchange("cache: a pattern that fails, of a shape that is known")
def _(world):
    connection = world.connect()
    for n in range(5):
        connection.query(f"SELECT 1 FROM users WHERE email LIKE 'own-{n}%'")
    codes = [asked(connection, "email LIKE '{}\\'", start) for start in ("CANARY-2-200", "CANARY-2-299")]
    connection.close()
    return b"", "told" if codes[0] != codes[1] else None


def upkeep(world, raised, *statements):
    """The database's own code, in statistics, speaks of each row that it sees."""
    world.watch.query(f"CREATE FUNCTION peek(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN {raised}; RETURN $1; END $$")
    world.watch.query("CREATE STATISTICS peeked ON (peek(email)), id FROM users")
    data = run(world, *statements, rounds=sum(message[:1] in b"QS" for message in statements))[0]
    world.watch.query("DROP STATISTICS peeked; DROP FUNCTION peek")
    return data, None


UPKEEP = [wire.query("ANALYZE users"), wire.query("VACUUM ANALYZE users"), wire.query("SELECT 1; ANALYZE users"), wire.parse("", "ANALYZE users"), wire.bind("", ""),
          wire.execute(), wire.sync()]


@exchange("errors: upkeep fails in code that is given the rows of all tenants")
def _(world):
    return upkeep(world, "IF $1 LIKE 'CAN%' THEN RAISE EXCEPTION 'bad %', $1; END IF", *UPKEEP)


@exchange("errors: the same, with an SQLSTATE of errors that speak of names")
def _(world):
    return upkeep(world, "IF $1 LIKE 'CAN%' THEN RAISE EXCEPTION 'bad %', $1 USING ERRCODE = '42501'; END IF", *UPKEEP)


@exchange("errors: upkeep shows what code that is given the rows of all tenants says of them")
def _(world):
    return upkeep(world, "RAISE WARNING 'odd %', $1", *UPKEEP)


@exchange("names: a temporary table that is called like the proxy's own notes")
def _(world):
    data = b""
    for note in ("\1public\1users\1Nraa-1", "\1public\1users\1Mrba0\1id\1" + "23", "\1public\1users\1Crba0\1id\1" + "23", "\1nowhere\1users\1Nraa-1"):
        data += run(world, wire.query(f'CREATE TEMP TABLE "{note}" (a int)'), wire.query("SELECT * FROM users"), wire.query("SELECT * FROM public.users"), wire.query("SET search_path = nowhere, public"),
                    wire.query("SELECT * FROM users"), rounds=5)[0]
    return data, None


@exchange("names: a shared table in front of the tenant relation, made and taken back")
def _(world):
    data, note = run(world, wire.query("CREATE SCHEMA mine"), wire.query("SET search_path = mine, public"), wire.query("BEGIN"), wire.query("CREATE TABLE mine.users AS SELECT * FROM countries"), wire.query("SELECT * FROM users"),
                     wire.query("ROLLBACK"), wire.query("SELECT * FROM users"), wire.query("BEGIN"), wire.query("SAVEPOINT s"), wire.query("CREATE TABLE mine.users AS SELECT 1 AS a"), wire.query("ROLLBACK TO s"), wire.query("SELECT * FROM users"),
                     wire.query("COMMIT"), wire.query("CREATE TABLE mine.users AS SELECT 1 AS a; SELECT 1/0"), wire.query("SELECT * FROM users"), rounds=15)
    more = run(world, wire.query("SET search_path = mine, public"), wire.query("CREATE TABLE mine.users AS SELECT 1 AS a"), wire.query("SELECT * FROM users"), wire.query("DROP TABLE mine.users"), wire.query("SELECT * FROM users"),
               wire.query("CREATE TABLE mine.users AS SELECT 1 AS a"), wire.query("ALTER TABLE mine.users RENAME TO others"), wire.query("SELECT * FROM users"), wire.query("ALTER TABLE mine.others SET SCHEMA public"), wire.query("SELECT * FROM users"),
               wire.query("DROP SCHEMA mine CASCADE"), wire.query("SELECT * FROM users"), rounds=12)
    world.watch.query("DROP SCHEMA IF EXISTS mine CASCADE; DROP TABLE IF EXISTS public.others")
    return data + more[0], note or more[1]


@exchange("names: a shared table in front, made by one session, removed by another")
def _(world):
    world.watch.query("CREATE SCHEMA front; CREATE TABLE front.users (a int)")
    connection = world.connect()
    connection.query("SET search_path = front, public")
    connection.query("SELECT * FROM front.users")  # makes the proxy look again
    connection.query("SELECT * FROM users")
    world.watch.query("DROP TABLE front.users")
    connection.take_received()
    for _ in range(3):
        connection.query("SELECT * FROM users")
    connection.query("SELECT email FROM users WHERE id = 2001")
    data = connection.take_received()
    connection.close()
    world.watch.query("DROP SCHEMA front CASCADE")
    return data, None


@exchange("names: a prepared statement over a shared table whose name becomes the tenant relation's")
def _(world):
    world.watch.query("CREATE SCHEMA front; CREATE TABLE front.users (id int, email text)")
    connection = world.connect()
    connection.query("SET search_path = front, public")
    connection.query("SELECT * FROM front.users")  # makes the proxy look again
    connection.send(wire.parse("p", "SELECT * FROM users"), wire.sync())
    connection.until_ready()
    world.watch.query("DROP TABLE front.users")
    connection.take_received()
    for _ in range(3):
        connection.send(wire.bind("", "p"), wire.describe("P"), wire.execute(), wire.sync())
        connection.until_ready()
    data = connection.take_received()
    connection.close()
    world.watch.query("DROP SCHEMA front CASCADE")
    return data, None


@exchange("cache: one shape, other constants")
def _(world):
    texts = [f"SELECT email FROM users WHERE id IN ({n}, 2001) OR email = '{'x' * n}' LIMIT {n}" for n in range(1, 9)]
    texts += [f"SELECT email FROM users WHERE id = {n} UNION SELECT name FROM users WHERE name LIKE '{'%' * n}'" for n in range(1, 9)]
    texts += [f"INSERT INTO users (id, email) VALUES ({7000 + n}, '{'y' * n}'' || ') ON CONFLICT (id) DO UPDATE SET email = 'z' WHERE users.id = {n}" for n in range(1, 9)]
    texts += ["UPDATE users SET name = '" + "''" * n + f"' WHERE id >= {n}" for n in range(1, 9)]
    return run(world, *[wire.query(text) for text in texts], rounds=len(texts))


def front_orders(world):
    world.watch.query("CREATE SCHEMA front; CREATE TABLE front.orders (id int, status text)")
    connection = world.connect()
    connection.query("SELECT * FROM front.orders")  # makes the proxy look again
    connection.query("SET search_path = front")
    return connection


def end_front(world, connection):
    data = connection.take_received()
    connection.close()
    world.watch.query("DROP SCHEMA front CASCADE")
    return data, None


@exchange("prepared: over a shared table, run where the name is the tenant relation's (protocol)")
def _(world):
    connection = front_orders(world)
    connection.send(wire.parse("p", "SELECT id, status FROM orders"), wire.sync())
    connection.until_ready()
    connection.query("SET search_path = public")
    for _ in range(3):
        connection.send(wire.bind("", "p"), wire.describe("P"), wire.execute(), wire.sync())
        connection.until_ready()
    return end_front(world, connection)


@exchange("prepared: over a shared table, run where the name is the tenant relation's (SQL)")
def _(world):
    connection = front_orders(world)
    connection.query("PREPARE p AS SELECT id, status FROM orders")
    connection.query("SET search_path = public")
    for text in ("EXECUTE p", "EXPLAIN ANALYZE EXECUTE p", "CREATE TEMP TABLE t AS EXECUTE p", "SELECT * FROM t"):
        connection.query(text)
    return end_front(world, connection)


@exchange("prepared: over a shared table, run after ROLLBACK of the search_path")
def _(world):
    connection = front_orders(world)
    connection.query("SET search_path = public")
    connection.query("BEGIN")
    connection.query("SET LOCAL search_path = front")
    connection.query("PREPARE p AS SELECT id, status FROM orders")
    connection.send(wire.parse("q", "SELECT id, status FROM orders"), wire.sync())
    connection.until_ready()
    connection.query("COMMIT")
    connection.query("EXECUTE p")
    connection.send(wire.bind("", "q"), wire.describe("P"), wire.execute(), wire.sync())
    connection.until_ready()
    return end_front(world, connection)


@exchange("prepared: over a shared table, in one pipeline with SET search_path")
def _(world):
    connection = front_orders(world)
    connection.send(wire.parse("p", "SELECT id, status FROM orders"), wire.parse("", "SET search_path = public"), wire.bind("", ""), wire.execute(), wire.bind("", "p"), wire.describe("P"), wire.execute(), wire.sync())
    connection.until_ready()
    connection.send(wire.bind("", "p"), wire.describe("P"), wire.execute(), wire.sync())
    connection.until_ready()
    return end_front(world, connection)


@exchange("prepared: over a temporary table that is gone when it runs")
def _(world):
    connection = world.connect()
    connection.query("CREATE TEMP TABLE orders (id int, status text)")
    connection.query("PREPARE p AS SELECT id, status FROM orders")
    connection.send(wire.parse("q", "SELECT id, status FROM orders"), wire.sync())
    connection.until_ready()
    connection.query("DROP TABLE pg_temp.orders")
    connection.query("EXECUTE p")
    connection.send(wire.bind("", "q"), wire.describe("P"), wire.execute(), wire.sync())
    connection.until_ready()
    connection.query("DISCARD TEMP")
    connection.query("EXECUTE p")
    data = connection.take_received()
    connection.close()
    return data, None


@exchange("prepared: over a view that another session replaces")
def _(world):
    world.watch.query("CREATE VIEW public.v AS SELECT code AS email FROM countries")
    connection = world.connect()
    connection.query("SELECT * FROM public.nothing")
    connection.send(wire.parse("q", "SELECT email FROM v"), wire.sync())
    connection.until_ready()
    connection.query("SELECT email FROM v")
    connection.close()
    world.watch.query("DROP VIEW public.v")
    return connection.take_received(), None


@exchange("prepared: over a shared table, run in one message with SET search_path")
def _(world):
    connection = front_orders(world)
    for text in ("PREPARE p AS SELECT id, status FROM orders", "SET search_path = public; EXECUTE p", "SET search_path = front", "BEGIN", "SET LOCAL search_path = public; EXPLAIN ANALYZE EXECUTE p",
                 "ROLLBACK", "BEGIN; SET LOCAL search_path = public; CREATE TEMP TABLE t AS EXECUTE p; COMMIT", "SELECT * FROM t", "SET search_path = public", "BEGIN", "SET LOCAL search_path = front",
                 "PREPARE q AS SELECT id, status FROM orders", "COMMIT; EXECUTE q"):
        connection.query(text)
    return end_front(world, connection)


@exchange("portal: bound under one search_path, executed under another")
def _(world):
    connection = front_orders(world)
    connection.query("PREPARE p AS SELECT id, status FROM orders")
    for text in ("EXECUTE p", "EXPLAIN ANALYZE EXECUTE p", "COPY (SELECT id, status FROM orders) TO STDOUT", "COPY orders TO STDOUT", "CREATE TEMP TABLE t AS SELECT id, status FROM orders", "SELECT id, status INTO TEMP t FROM orders",
                 "DECLARE c CURSOR WITH HOLD FOR SELECT id, status FROM orders", "PREPARE q AS SELECT id, status FROM orders", "EXPLAIN (ANALYZE, VERBOSE) SELECT id, status FROM orders", "SELECT id, status FROM orders", "TRUNCATE orders"):
        connection.send(wire.parse("s", text), wire.bind("a", "s"), wire.parse("", "SET search_path = public"), wire.bind("", ""), wire.execute(), wire.execute("a"), wire.close("S", "s"), wire.sync())
        connection.until_ready()
        for after in ("SELECT * FROM t", "FETCH ALL FROM c", "EXECUTE q", "DROP TABLE t", "CLOSE c", "SET search_path = front"):
            connection.query(after)
    return end_front(world, connection)


@exchange("cursor: declared under one search_path, fetched under another")
def _(world):
    connection = front_orders(world)
    connection.query("BEGIN")
    connection.query("DECLARE c CURSOR FOR SELECT id, status FROM orders")
    connection.query("SET search_path = public")
    connection.query("FETCH ALL FROM c")
    connection.query("COMMIT")
    return end_front(world, connection)


@exchange("unknown function: made behind the proxy's back")
def _(world):
    world.watch.query("CREATE FUNCTION public.new_peek() RETURNS text LANGUAGE sql AS 'SELECT string_agg(email, '','') FROM users'")
    data = run(world, wire.query("SELECT new_peek()"))[0] + run(world, wire.query("SELECT public.new_peek()"))[0]
    world.watch.query("DROP FUNCTION public.new_peek()")
    return data, None


@exchange("unknown view: made behind the proxy's back")
def _(world):
    world.watch.query("CREATE VIEW public.new_view AS SELECT email FROM users")
    data = run(world, wire.query("SELECT * FROM new_view"))[0]
    world.watch.query("DROP VIEW public.new_view")
    return data, None


@exchange("unknown schema: a shared name in front of a tenant relation")
def _(world):
    world.watch.query("CREATE SCHEMA hidden; CREATE TABLE hidden.users (a int); REVOKE ALL ON SCHEMA hidden FROM PUBLIC")
    data = run(world, wire.query("SET search_path = hidden, public"), wire.query(SELECT), rounds=2)[0]
    world.watch.query("DROP SCHEMA hidden CASCADE")
    return data, None


@exchange("COPY: the others' tenant in every spelling")
def _(world):
    data = b""
    for value in (b"2", b" 2", b"02", b"+2", b"2 ", b"\\x32", b"\\062", b"2\\\n"):
        data += run(world, wire.query("COPY users (email, tenant_id) FROM STDIN"), copy_in=[b"evil-" + value.hex().encode() + b"\t" + value + b"\n"])[0]
    return data, None


@exchange("COPY: more fields than columns")
def _(world):
    return run(world, wire.query("COPY users (email) FROM STDIN"), copy_in=[b"evil\t2\n"])


@exchange("COPY: rows cut at every byte")
def _(world):
    data = b"evil-a\t2\nevil-b\\\tx\n\\.\nevil-c\t2\n"
    return run(world, wire.query("COPY users (email) FROM STDIN"), copy_in=[[data[i:i + 1] for i in range(len(data))]])


@exchange("COPY: in the extended protocol")
def _(world):
    return run(world, wire.parse("", "COPY users (email) FROM STDIN"), wire.bind("", ""), wire.execute(), wire.copy_data(b"evil\\\nx\t2\n"), wire.copy_done(), wire.sync())


@exchange("COPY: carriage returns and mixed line ends")
def _(world):
    out = b""
    for data in (b"evil\t2\r\nx\r\n", b"evil\t2\rx\r", b"evil\n2\r\n", b"a\r\nb\t2\n", b"a\rb\t2\n"):
        out += run(world, wire.query("COPY users (email) FROM STDIN"), copy_in=[data])[0]
    return out, None


@exchange("COPY: CSV quotes that never end, doubled, and an escape of one's own")
def _(world):
    out = b""
    for options, data in (("FORMAT csv", b'"a,2\n'), ("FORMAT csv", b'a"",2\n"b""c",2\n'), ("FORMAT csv, QUOTE '''', ESCAPE '\\'", b"'a\\',2\nb\n"), ("FORMAT csv, QUOTE '2'", b"x\n"), ("FORMAT csv, ESCAPE '1'", b'"1""\n'),
                          ("FORMAT csv, DELIMITER '1'", b"x\n"), ("FORMAT csv, NULL '1'", b"x\n"), ("NULL '1'", b"x\n"), ("FORMAT csv, HEADER", b'"email\n"\nx,2\n'), ("FORMAT csv, FORCE_NULL (tenant_id), NULL '1'", b"x\n")):
        out += run(world, wire.query(f"COPY users (email) FROM STDIN WITH ({options})"), copy_in=[data])[0]
    return out, None


@exchange("COPY: an encoding in whose characters a quote hides, oddly written")
def _(world):
    out = b""
    for encoding in ("SJIS", "s.jis", "S J I S", "shift_jis_2004", "g.b.k", "big-5"):
        out += run(world, wire.query(f"COPY users (id, email) FROM STDIN WITH (FORMAT csv, QUOTE 'a', ENCODING '{encoding}')"), copy_in=[b"9100,\x81a,2\n9101,xa\n"])[0]
    return out, None


@exchange("COPY: binary rows with one field more")
def _(world):
    head = b"PGCOPY\n\xff\r\n\0" + struct.pack("!II", 0, 0)
    row = struct.pack("!h", 2) + struct.pack("!I", 4) + b"evil" + struct.pack("!I", 4) + struct.pack("!i", 2)
    return run(world, wire.query("COPY users (email) FROM STDIN (FORMAT binary)"), copy_in=[head + row + struct.pack("!h", -1)])


@exchange("COPY: binary tenant column")
def _(world):
    head = b"PGCOPY\n\xff\r\n\0" + struct.pack("!II", 0, 0)
    row = struct.pack("!h", 2) + struct.pack("!I", 4) + b"evil" + struct.pack("!I", 4) + struct.pack("!i", 2)
    return run(world, wire.query("COPY users (email, tenant_id) FROM STDIN (FORMAT binary)"), copy_in=[head + row + struct.pack("!h", -1)])


@exchange("COPY: data after CopyDone")
def _(world):
    return run(world, wire.query("COPY users (email) FROM STDIN"), wire.copy_data(b"x\n"), wire.copy_done(), wire.copy_data(b"evil\t2\n"), wire.copy_done(), wire.query("SELECT 1"), rounds=2)


@exchange("COPY: a Query in the middle of the data")
def _(world):
    return run(world, wire.query("COPY users (email) FROM STDIN"), wire.copy_data(b"x\n"), wire.query(SELECT), wire.sync(), rounds=2)


@exchange("pipeline: SET search_path that is undone by an error")
def _(world):
    return run(world, wire.parse("", "SET search_path = shop"), wire.bind("", ""), wire.execute(), wire.parse("", "SELECT 1/0"), wire.bind("", ""), wire.execute(), wire.sync(), wire.query(SELECT), rounds=2)


def failing_pipeline(*statements):
    """Each by itself, then an error, before one Sync."""
    messages = [m for s in (*statements, "SELECT 1/0") for m in (wire.parse("", s), wire.bind("", ""), wire.execute())]
    return *messages, wire.sync()


@exchange("pipeline: DISCARD ALL commits at once, and no error undoes it (search_path)")
def _(world):
    return run(world, wire.query("SET search_path = alt"), *failing_pipeline("DISCARD ALL"), wire.query(SELECT), rounds=3)


@exchange("pipeline: DISCARD ALL commits at once, and no error undoes it (temporary table)")
def _(world):
    return run(world, wire.query("CREATE TEMP TABLE users (email text)"), *failing_pipeline("DISCARD ALL"), wire.query(SELECT), rounds=3)


@exchange("pipeline: PREPARE TRANSACTION without BEGIN commits, and says ROLLBACK")
def _(world):
    statements = ("SET search_path = public", "PREPARE TRANSACTION 'x'")
    messages = [m for s in statements for m in (wire.parse("", s), wire.bind("", ""), wire.execute())]
    return run(world, wire.query("SET search_path = alt"), *messages, wire.sync(), wire.query(SELECT), rounds=3)


@exchange("pipeline: what comes before VACUUM, CALL and the other statements that commit at once")
def _(world):
    data = b""
    for statement in ("VACUUM alt.users", "REINDEX TABLE CONCURRENTLY alt.users", "CREATE INDEX CONCURRENTLY ON alt.users (email)",
                      "ROLLBACK PREPARED 'x'", "DISCARD ALL", "CALL settle()"):
        data += run(world, wire.query("SET search_path = alt"), *failing_pipeline("SET search_path = public", statement), wire.query(SELECT), rounds=3)[0]
        data += run(world, wire.query("CREATE TEMP TABLE users (email text)"), *failing_pipeline("DROP TABLE pg_temp.users", statement), wire.query(SELECT), rounds=3)[0]
    return data, None


@exchange("message: SET search_path that is undone by an error in the same message")
def _(world):
    return run(world, wire.query("SET search_path = shop; SELECT 1/0"), wire.query(SELECT), rounds=2)


@exchange("message: temporary table that is undone by an error in the same message")
def _(world):
    return run(world, wire.query("CREATE TEMP TABLE users (a int); SELECT 1/0"), wire.query(SELECT), rounds=2)


@exchange("text: a zero byte inside")
def _(world):
    return run(world, wire.message("Q", b"SELECT 1\0; SELECT * FROM users\0"))


@exchange("text: no zero byte at the end")
def _(world):
    return run(world, wire.message("Q", b"SELECT * FROM users"))


@exchange("text: Parse with bytes after its end")
def _(world):
    return run(world, wire.message("P", b"\0SELECT 1\0\0\0SELECT * FROM users\0"), wire.bind("", ""), wire.execute(), wire.sync())


@exchange("text: invalid UTF-8 before a quote")
def _(world):
    return run(world, wire.message("Q", b"SELECT '\xbf' OR true --', * FROM users\0"))


@exchange("text: a lone lead byte at the end of a literal")
def _(world):
    return run(world, wire.message("Q", b"SELECT * FROM users WHERE name = '\xe2' OR 1=1 --'\0"))


def startup(world, **parameters):
    connection = wire.Connection("127.0.0.1", world.proxy.port)
    note = None
    try:
        connection.start(parameters.pop("user", "attacker"), "attack", "shop", options=parameters.pop("options", None), parameters=parameters)
        connection.query(SELECT)
        connection.query("SELECT * FROM orders")
    except (wire.ServerError, wire.ConnectionLost) as e:
        note = "no answer" if "no answer" in str(e) else None
    data = connection.take_received()
    connection.close()
    return data, note


@exchange("startup: another tenant as a parameter")
def _(world):
    return startup(world, **{"app.tenant_id": "2"})


@exchange("startup: another tenant in options")
def _(world):
    return startup(world, options="-c app.tenant_id=2")


@exchange("startup: another tenant in options, other spellings")
def _(world):
    data = b""
    for options in ("--app.tenant_id=2", "-capp.tenant_id=2", "-c app.tenant\\_id=2", "-c APP.TENANT_ID=2", "-c app.tenant_id=1 -c app.tenant_id=2"):
        data += startup(world, options=options)[0]
    return data, None


@exchange("startup: another tenant as the user's suffix")
def _(world):
    return startup(world, user="attacker.2")


@exchange("startup: search_path")
def _(world):
    return startup(world, search_path="shop, public")


@exchange("startup: role and session_authorization")
def _(world):
    return startup(world, role="postgres")[0] + startup(world, options="-c role=postgres")[0] + startup(world, session_authorization="postgres")[0], None


@exchange("startup: backslashes become escapes")
def _(world):
    data = startup(world, standard_conforming_strings="off")[0] + startup(world, options="-c standard_conforming_strings=off")[0]
    return data + startup(world, client_encoding="SJIS")[0] + startup(world, options="-c client_encoding=GBK")[0], None


@exchange("startup: replication")
def _(world):
    return startup(world, replication="database")[0] + startup(world, replication="true")[0], None


@exchange("startup: a wrong password tells nothing of tenants")
def _(world):
    data = b""
    for user in ("attacker", "nobody", "chooser", "postgres"):
        connection = wire.Connection("127.0.0.1", world.proxy.port)
        try:
            connection.start(user, "wrong", "shop")
        except (wire.ServerError, wire.ConnectionLost):
            pass
        data += connection.take_received()
        connection.close(polite=False)
    return data, None


@exchange("cancel: keys of others, and garbage")
def _(world):
    for key in (struct.pack("!II", 1, 1), b"\0" * 8, b"\xff" * 8):
        with socket.create_connection(("127.0.0.1", world.proxy.port), 5) as s:
            s.sendall(struct.pack("!II", 16, 80877102) + key)
    return run(world, wire.query("SELECT 1"))


def chosen(world, *messages, rounds):
    """A choosing user of tenant 1: what it sees as tenant 1 must be tenant 1's, whatever it has tried in between."""
    return run(world, *messages, user="chooser", options="-c app.tenant_id=1", rounds=rounds)


@exchange("choose: SET undone by an error in the same message")
def _(world):
    return chosen(world, wire.query("SET app.tenant_id = 3; SELECT 1/0"), wire.query(SELECT), rounds=2)


@exchange("choose: SET undone by ROLLBACK")
def _(world):
    return chosen(world, wire.query("BEGIN"), wire.query("SET app.tenant_id = 3"), wire.query("ROLLBACK"), wire.query(SELECT), rounds=4)


@exchange("choose: SET undone by ROLLBACK TO")
def _(world):
    return chosen(world, wire.query("BEGIN"), wire.query("SAVEPOINT s"), wire.query("SET app.tenant_id = 3"), wire.query("ROLLBACK TO s"), wire.query(SELECT), rounds=5)


@exchange("choose: SET LOCAL ends with its transaction")
def _(world):
    return chosen(world, wire.query("BEGIN"), wire.query("SET LOCAL app.tenant_id = 3"), wire.query("COMMIT"), wire.query(SELECT), rounds=4)


@exchange("choose: SET LOCAL outside a transaction")
def _(world):
    return chosen(world, wire.query("SET LOCAL app.tenant_id = 3"), wire.query(SELECT), rounds=2)


@exchange("choose: SET in a pipeline that fails")
def _(world):
    return chosen(world, wire.parse("", "SET app.tenant_id = 3"), wire.bind("", ""), wire.execute(), wire.parse("", "SELECT 1/0"), wire.bind("", ""), wire.execute(), wire.sync(), wire.query(SELECT), rounds=2)


@exchange("choose: COMMIT of a failed transaction")
def _(world):
    return chosen(world, wire.query("BEGIN"), wire.query("SET app.tenant_id = 3"), wire.query("SELECT 1/0"), wire.query("COMMIT"), wire.query(SELECT), rounds=5)


@exchange("choose: PREPARE TRANSACTION, then ROLLBACK PREPARED")
def _(world):
    data = chosen(world, wire.query("BEGIN"), wire.query("SET LOCAL app.tenant_id = 3"), wire.query("PREPARE TRANSACTION 'x'"), wire.query(SELECT), wire.query("ROLLBACK PREPARED 'x'"), rounds=5)
    world.watch.query("ROLLBACK PREPARED 'x'")
    return data


@exchange("choose: a tenant that does not exist")
def _(world):
    return chosen(world, wire.query("SET app.tenant_id = 'x'"), wire.query("SET app.tenant_id = 99"), wire.query("INSERT INTO users (id, email) VALUES (99001, 'x')"), wire.query("SET app.tenant_id = 1"), wire.query(SELECT), rounds=5)


def in_front(world):
    """A session whose search_path is tracked while a portal is used against it: front.orders is shared, public.orders is not."""
    connection = front_orders(world)
    connection.query("BEGIN")
    return connection


def until(connection, *messages, rounds=1):
    connection.send(*messages)
    read(connection, rounds, None)


ORDERS = "SELECT id, status FROM orders"
TO_FRONT = "SELECT pg_catalog.set_config('search_path', 'front', false)"
TO_PUBLIC = "SELECT pg_catalog.set_config('search_path', 'public', false)"


@exchange("prepared: over a shared table by SQL, bound with a message that is streamed")
def _(world):
    connection = front_orders(world)
    connection.query("PREPARE p(text) AS SELECT id, status FROM orders WHERE status <> $1")
    connection.query("SET search_path = public")
    until(connection, wire.bind("", "p", ["x" * 3000000]), wire.execute(), wire.sync())
    return end_front(world, connection)


@exchange("portal: set_config that has given its row already is executed once more")
def _(world):
    connection = in_front(world)
    until(connection, wire.parse("s", TO_FRONT), wire.bind("c", "s"), wire.execute("c", 1), wire.sync())
    connection.query("SET search_path = public")
    until(connection, wire.execute("c", 1), wire.sync())
    connection.query(ORDERS)
    return end_front(world, connection)


@exchange("portal: a cursor of SQL takes the place of a portal that sets the search_path")
def _(world):
    connection = in_front(world)
    for text in (TO_FRONT, "SET search_path = front"):
        connection.query("SET search_path = public")
        until(connection, wire.parse("s", text), wire.bind("c", "s"), wire.sync())
        connection.query("CLOSE c")
        connection.query("DECLARE c CURSOR FOR SELECT 1")
        until(connection, wire.execute("c"), wire.sync())
        connection.query(ORDERS)
        connection.query("ROLLBACK")
        connection.query("BEGIN")
        until(connection, wire.close("S", "s"), wire.sync())
    return end_front(world, connection)


@exchange("portal: SQL's FETCH and MOVE run a portal that sets the search_path")
def _(world):
    connection = in_front(world)
    until(connection, wire.parse("s", TO_PUBLIC), wire.sync())
    for text in ("FETCH ALL FROM c", "MOVE FORWARD ALL IN c", "SELECT cursor_to_xml('c', 10, false, false, '')", "FETCH NEXT FROM \"C\""):
        portal = "C" if '"C"' in text else "c"
        connection.query("SET search_path = front")
        until(connection, wire.bind(portal, "s"), wire.sync())
        connection.query(text)
        connection.query(ORDERS)
        connection.query("ROLLBACK")
        connection.query("BEGIN")
    return end_front(world, connection)


@exchange("portal: in one pipeline, FETCH prepared and bound before the portal that it runs")
def _(world):
    connection = in_front(world)
    connection.query("SET search_path = front")
    until(connection, wire.parse("s", TO_PUBLIC), wire.parse("f", "FETCH ALL FROM c"), wire.bind("", "f"), wire.bind("c", "s"), wire.execute(), wire.sync())
    connection.query(ORDERS)
    connection.query("ROLLBACK")
    connection.query("BEGIN")
    connection.query("SET search_path = front")
    connection.query("PREPARE g AS SELECT 1")
    until(connection, wire.bind("c", "s"), wire.parse("x", "SELECT cursor_to_xml('', 10, false, false, '')"), wire.bind("", "s"), wire.bind("px", "x"), wire.execute("px"), wire.sync())
    connection.query(ORDERS)
    return end_front(world, connection)


@exchange("portal: a function moves a portal that sets the search_path")
def _(world):
    connection = front_orders(world)
    connection.query("CREATE FUNCTION public.move_it(c refcursor) RETURNS int LANGUAGE plpgsql AS $$ BEGIN MOVE FORWARD ALL IN c; RETURN 1; END $$")
    world.watch.query("CREATE FUNCTION public.move_that(c refcursor) RETURNS int LANGUAGE plpgsql AS $$ BEGIN MOVE FORWARD ALL IN c; RETURN 1; END $$")
    connection.query("BEGIN")
    until(connection, wire.parse("s", TO_PUBLIC), wire.sync())
    for text in ("SELECT public.move_it('c')", "SELECT public.move_that('c')"):
        connection.query("SET search_path = front")
        until(connection, wire.bind("c", "s"), wire.sync())
        connection.query(text)
        connection.query(ORDERS)
        connection.query("ROLLBACK")
        connection.query("BEGIN")
    connection.query("ROLLBACK")
    connection.query("DROP FUNCTION IF EXISTS public.move_it")
    world.watch.query("DROP FUNCTION IF EXISTS public.move_it; DROP FUNCTION public.move_that")
    return end_front(world, connection)


@exchange("portal: a name left over from an earlier transaction, then a cursor of SQL")
def _(world):
    connection = front_orders(world)
    connection.query("SET search_path = public")
    until(connection, wire.parse("s", "SET search_path = front"), wire.bind("c", "s"), wire.sync(),
          wire.query("BEGIN; DECLARE c CURSOR FOR SELECT 1"), wire.execute("c"), wire.sync(), wire.query(ORDERS), rounds=4)
    connection.query(ORDERS)
    connection.query("ROLLBACK")
    until(connection, wire.bind("c", "s"), wire.sync(), wire.query("BEGIN; DECLARE c CURSOR FOR SELECT 1"), rounds=2)
    until(connection, wire.execute("c"), wire.sync(), wire.query(ORDERS), rounds=2)
    return end_front(world, connection)


@exchange("portal: dropped with ROLLBACK TO, its name taken by a cursor of SQL")
def _(world):
    connection = in_front(world)
    connection.query("SET search_path = public")
    connection.query("SAVEPOINT a")
    until(connection, wire.parse("s", "SET search_path = front"), wire.bind("c", "s"), wire.sync())
    connection.query("ROLLBACK TO a")
    connection.query("DECLARE c CURSOR FOR SELECT 1")
    until(connection, wire.execute("c"), wire.sync())
    connection.query(ORDERS)
    return end_front(world, connection)


@exchange("portal: a cursor of SQL under the name, a Bind that fails for it")
def _(world):
    connection = in_front(world)
    connection.query("SET search_path = public")
    connection.query("DECLARE c CURSOR FOR SELECT 1")
    connection.query("SAVEPOINT a")
    until(connection, wire.parse("s", "SET search_path = front"), wire.sync())
    until(connection, wire.bind("c", "s"), wire.sync(), wire.query("ROLLBACK TO a"), wire.execute("c"), wire.sync(), wire.query(ORDERS), rounds=4)
    connection.query(ORDERS)
    return end_front(world, connection)


@exchange("COPY: the tenant's own value named as what stands for the default")
def _(world):
    data = b""
    for user, options in (("attacker", None), ("chooser", "-c app.tenant_id=3")):
        tenant = b"1" if options is None else b"3"
        for text in (f"COPY users (email) FROM STDIN (DEFAULT '{tenant.decode()}')", f"COPY users (email) FROM STDIN (FORMAT csv, DEFAULT '{tenant.decode()}')",
                     f"COPY users (email, tenant_id) FROM STDIN (DEFAULT '{tenant.decode()}')", f"COPY users (email) FROM STDIN (NULL '{tenant.decode()}', DEFAULT '\\06{tenant.decode()}')"):
            connection = world.connect(user, options=options)
            connection.send(wire.query(text))
            connection.until_ready(copy_in=[[b"evil\t" + tenant + b"\n" if "tenant_id" in text else b"evil\n"]])
            connection.query("ROLLBACK")
            connection.query("DELETE FROM users WHERE email = 'evil'")
            if user == "attacker":
                data += connection.take_received()
            connection.close()
    wrong = world.watch.query("SELECT count(*) FROM users WHERE email = 'evil'").rows()[0][0]
    return data, None if wrong == "0" else f"{wrong} rows of another tenant"


@exchange("portal: of COPY into a shared table, where the server still has one into a tenant relation")
def _(world):
    connection = world.connect()
    connection.query("BEGIN")
    until(connection, wire.parse("a", "COPY users (id, email) FROM STDIN"), wire.parse("b", "COPY countries FROM STDIN"), wire.bind("c", "a"), wire.sync())
    until(connection, wire.bind("c", "b"), wire.sync(), wire.execute("c"), wire.copy_data(b"2999\tevil\t2\n"), wire.copy_done(), wire.sync(), wire.query("COMMIT"), rounds=3)
    connection.query("BEGIN")
    connection.query("SAVEPOINT s")
    until(connection, wire.bind("c", "a"), wire.sync(), wire.bind("c", "b"), wire.sync(), wire.query("ROLLBACK TO s"), wire.execute("c"), wire.sync(), rounds=4)
    connection.close(polite=False)
    return connection.take_received(), None


@exchange("execute: SQL's EXECUTE of what was prepared by the protocol and sets the search_path")
def _(world):
    connection = front_orders(world)
    for text in (TO_PUBLIC, "SET search_path = public", "RESET search_path"):
        connection.query("SET search_path = front")
        until(connection, wire.parse("p", text), wire.sync())
        connection.query("EXECUTE p")
        connection.query(ORDERS)
        connection.query("SET search_path = front")
        until(connection, wire.parse("", "EXECUTE p"), wire.bind("", ""), wire.execute(), wire.sync())
        connection.query(ORDERS)
        connection.query("SET search_path = front")
        connection.query("EXPLAIN ANALYZE EXECUTE p")
        connection.query(ORDERS)
        until(connection, wire.close("S", "p"), wire.sync())
    return end_front(world, connection)


@exchange("execute: SQL's EXECUTE of a COPY that was prepared by the protocol")
def _(world):
    connection = world.connect()
    until(connection, wire.parse("p", "COPY users (id, email) FROM STDIN"), wire.sync())
    connection.send(wire.query("EXECUTE p"))
    connection.until_ready(copy_in=[[b"2998\tevil\t2\n"]])
    connection.close()
    return connection.take_received(), None


@exchange("execute: SQL's EXECUTE of an INSERT whose tenant is a parameter")
def _(world):
    connection = world.connect()
    until(connection, wire.parse("p", "INSERT INTO users (id, email, tenant_id) VALUES ($1, $2, $3)", [23, 25, 23]), wire.sync())
    connection.query("EXECUTE p(2997, 'evil', 2)")
    connection.query("EXPLAIN ANALYZE EXECUTE p(2996, 'evil', 2)")
    until(connection, wire.parse("r", "INSERT INTO users (id, email, tenant_id) VALUES (2993, 'evil', 2)"), wire.sync())
    connection.query("EXECUTE r")
    connection.query("PREPARE q AS INSERT INTO users (id, email, tenant_id) VALUES ($1, $2, $3)")
    connection.query("EXECUTE q(2995, 'evil', 2)")
    until(connection, wire.bind("", "q", ["2994", "evil", "2"]), wire.execute(), wire.sync())
    connection.close()
    return connection.take_received(), None


@exchange("execute: EXECUTE bound before the name is given to a statement that takes the tenant")
def _(world):
    connection = world.connect()
    own, others = "SELECT $1::text", "SELECT email::text FROM users"
    connection.query("BEGIN")
    until(connection, wire.parse("p", own), wire.parse("x", "EXECUTE p('2')"), wire.bind("c", "x"), wire.close("S", "p"), wire.parse("p", others), wire.execute("c"), wire.sync())
    connection.query("ROLLBACK")
    connection.query("BEGIN")
    until(connection, wire.close("S", "p"), wire.parse("p", own), wire.bind("c", "x"), wire.sync())
    connection.query("DEALLOCATE p")
    connection.query(f"PREPARE p AS {others}")
    until(connection, wire.execute("c"), wire.sync())
    connection.query("ROLLBACK")
    connection.close()
    return connection.take_received(), None


@exchange("portal: COPY TO, TRUNCATE, PREPARE and others look their names up when they run")
def _(world):
    data = b""
    for text in ("COPY orders TO STDOUT", "COPY (SELECT status FROM orders) TO STDOUT", "TRUNCATE orders", "PREPARE q AS SELECT status FROM orders", "CREATE TEMP VIEW v AS SELECT status FROM orders",
                 "CREATE TEMP TABLE t AS SELECT status FROM orders", "EXPLAIN ANALYZE DELETE FROM orders", "DECLARE d CURSOR FOR SELECT status FROM orders", "DROP TABLE orders CASCADE"):
        connection = in_front(world)
        until(connection, wire.parse("s", text), wire.bind("c", "s"), wire.sync())
        connection.query("SET search_path = public")
        until(connection, wire.execute("c"), wire.sync())
        for after in ("EXECUTE q", "SELECT * FROM v", "SELECT * FROM t", "FETCH ALL FROM d"):
            connection.query("SAVEPOINT a")
            connection.query(after)
            connection.query("ROLLBACK TO a")
        connection.query("COMMIT")
        data += end_front(world, connection)[0]
    return data, None


@exchange("execute: INSERT with another tenant's value, prepared where the table is shared")
def _(world):
    world.watch.query("CREATE SCHEMA front; CREATE TABLE front.users (id int, email text, tenant_id int)")
    connection = world.connect()
    connection.query("SELECT * FROM front.users")
    connection.query("SET search_path = front")
    insert = "INSERT INTO users (id, email, tenant_id) VALUES (2992, 'evil', 2)"
    connection.query(f"PREPARE p AS {insert}")
    until(connection, wire.parse("q", insert), wire.sync())
    connection.query("SET search_path = public")
    for name in "pq":
        connection.query(f"EXECUTE {name}")
        until(connection, wire.bind("", name), wire.execute(), wire.sync())
    return end_front(world, connection)


@exchange("execute: SQL's EXECUTE of what was prepared by the protocol over a shared table")
def _(world):
    connection = front_orders(world)
    until(connection, wire.parse("p", ORDERS), wire.sync())
    connection.query("SET search_path = public")
    connection.query("EXECUTE p")
    connection.query("EXPLAIN ANALYZE EXECUTE p")
    until(connection, wire.parse("", "EXECUTE p"), wire.bind("", ""), wire.execute(), wire.sync())
    return end_front(world, connection)


@exchange("execute: the search_path changes in the message that executes")
def _(world):
    data = b""
    for text in ("SET search_path = public; EXECUTE p", "SET LOCAL search_path = public; EXECUTE p", "SELECT pg_catalog.set_config('search_path', 'public', false); EXECUTE p",
                 "BEGIN; SET search_path = public; SAVEPOINT s; EXECUTE p", "DROP TABLE front.orders; SET search_path = front, public; EXECUTE p"):
        for prepare in (wire.query(f"PREPARE p AS {ORDERS}"), wire.parse("p", ORDERS)):
            connection = front_orders(world)
            until(connection, prepare, wire.sync(), rounds=2 if prepare[:1] == b"Q" else 1)
            connection.query(text)
            data += end_front(world, connection)[0]
    return data, None


@exchange("execute: a temporary table that shadows goes in the message that executes")
def _(world):
    data = b""
    for text in ("DROP TABLE pg_temp.orders; EXECUTE p", "ALTER TABLE pg_temp.orders RENAME TO others; EXECUTE p", "ROLLBACK; EXECUTE p"):
        connection = world.connect()
        connection.query("BEGIN; CREATE TEMP TABLE orders (id int, status text)")
        connection.query(f"PREPARE p AS {ORDERS}")
        connection.query(text)
        data += connection.take_received()
        connection.close()
    return data, None


# --- names in another encoding than the snapshot's: "relevé" reads all users ---
ACCENTS = {"LATIN1": b'"relev\xe9"()', "WIN1252": b"relev\xe9()", "LATIN9": b"public.relev\xe9()"}


def _accented(encoding, text):
    call = ACCENTS[encoding]
    texts = {"call": b"SELECT " + call, "FROM": b"SELECT * FROM " + call, "DO": b"DO $$ BEGIN RAISE NOTICE '%', " + call + b"; END $$",
             "SQL text": b"SELECT query_to_xml('SELECT " + call.replace(b"'", b"''") + b"', true, true, '')",
             "function": b"CREATE FUNCTION pg_temp.f() RETURNS text LANGUAGE sql AS $$ SELECT " + call + b" $$; SELECT pg_temp.f()"}
    return texts[text]


def _add_accents(encoding, text):
    title = f"encoding: {text} of a function whose name is not ASCII, {encoding}"

    @exchange(f"{title}, set before")
    def _(world):
        return run(world, wire.query(f"SET client_encoding = {encoding}"), wire.query(_accented(encoding, text)), rounds=2)

    @exchange(f"{title}, at the start")
    def _(world):
        return run(world, wire.query(_accented(encoding, text)), options=f"-c client_encoding={encoding}")

    @exchange(f"{title}, set in the same pipeline")
    def _(world):
        messages = [wire.parse("", f"SET client_encoding = {encoding}"), wire.bind("", ""), wire.execute(), wire.parse("", _accented(encoding, text)),
                    wire.bind("", ""), wire.execute(), wire.sync()]
        return run(world, *messages)

    @exchange(f"{title}, back to it by ROLLBACK in the same pipeline")
    def _(world):
        messages = [wire.query(f"SET client_encoding = {encoding}"), wire.query("BEGIN"), wire.query("SET client_encoding = UTF8"),
                    wire.parse("", "ROLLBACK"), wire.bind("", ""), wire.execute(), wire.parse("", _accented(encoding, text)), wire.bind("", ""), wire.execute(),
                    wire.sync()]
        return run(world, *messages, rounds=4)


for _encoding in ACCENTS:
    for _text in ("call", "FROM", "DO", "SQL text", "function"):
        _add_accents(_encoding, _text)


FILL = "INSERT INTO notifications (id, message, tenant_id) VALUES (7, 'x', $1)"


@exchange("EXECUTE parsed before its name meant a statement whose argument is checked")
def _(world):
    return run(world, wire.query("PREPARE p (int) AS SELECT $1"), wire.parse("x", "EXECUTE p (2)"), wire.sync(), wire.query("DEALLOCATE p"),
               wire.query(f"PREPARE p AS {FILL}"), wire.bind("", "x", []), wire.execute(), wire.sync(), rounds=5)


@exchange("EXECUTE bound before its name meant a statement whose argument is checked")
def _(world):
    return run(world, wire.query("BEGIN"), wire.query("PREPARE p (int) AS SELECT $1"), wire.parse("x", "EXECUTE p (2)"), wire.bind("y", "x", []),
               wire.sync(), wire.query("DEALLOCATE p"), wire.query(f"PREPARE p AS {FILL}"), wire.execute("y"), wire.sync(), wire.query("COMMIT"),
               rounds=7)


@exchange("EXECUTE in a pipeline that prepares its name anew")
def _(world):
    return run(world, wire.query("PREPARE p (int) AS SELECT $1"), wire.parse("x", "EXECUTE p (2)"),
               wire.parse("", "DEALLOCATE p"), wire.bind("", "", []), wire.execute(), wire.parse("", f"PREPARE p AS {FILL}"), wire.bind("", "", []),
               wire.execute(), wire.bind("", "x", []), wire.execute(), wire.sync(), rounds=2)


@exchange("EXECUTE of a statement that the driver prepared, whose parameter is checked")
def _(world):
    return run(world, wire.parse("p", FILL), wire.sync(), wire.query("EXECUTE p (2)"), rounds=2)


@exchange("EXECUTE while PREPARE with a check is not confirmed")
def _(world):
    return run(world, wire.query(f"PREPARE p AS {FILL}"), wire.query("EXECUTE p (2)"), wire.query("EXECUTE p (1 + 1)"), rounds=3)


@exchange("a parameter for the tenant column of a declared type that rounds")
def _(world):
    return run(world, wire.parse("", FILL, [700]), wire.bind("", "", [struct.pack("!f", 1.6)], [1]), wire.execute(), wire.sync(),
               wire.parse("", FILL, [1700]), wire.bind("", "", ["1.6"]), wire.execute(), wire.sync(), rounds=2)


LONG = "n" * 63


@exchange("a statement's name that the server cuts: closed under another one")
def _(world):
    return run(world, wire.parse(LONG, "SELECT name FROM countries WHERE code = $1 OR name = $2"), wire.sync(), wire.close("S", LONG + "x"), wire.sync(),
               wire.parse(LONG + "x", "SELECT email FROM users WHERE id > $1"), wire.sync(), wire.bind("", LONG, ["0", "2"]), wire.execute(),
               wire.sync(), rounds=4)


@exchange("a statement's name that the server cuts: made by PREPARE")
def _(world):
    return run(world, wire.parse(LONG + "x", "SELECT name FROM countries WHERE code = $1 OR name = $2"), wire.sync(), wire.query(f"DEALLOCATE {LONG}"),
               wire.query(f"PREPARE {LONG} AS SELECT email FROM users WHERE id > $1"), wire.bind("", LONG + "x", ["0", "2"]), wire.execute(),
               wire.sync(), rounds=4)


@exchange("a statement's name that the server cuts: executed")
def _(world):
    return run(world, wire.parse(LONG + "x", "SELECT email FROM users WHERE id > $1"), wire.sync(), wire.query(f"EXECUTE {LONG} (0, 2)"),
               wire.query(f"EXECUTE {LONG}y (0, 2)"), rounds=3)


@exchange("a portal's name that the server cuts")
def _(world):
    return run(world, wire.query("BEGIN"), wire.parse("a", "SELECT name FROM countries"), wire.parse("b", "SET app.tenant_id = 2"), wire.bind(LONG, "a"),
               wire.close("P", LONG + "x"), wire.bind(LONG + "x", "b"), wire.execute(LONG), wire.sync(), wire.query("SELECT * FROM users"), rounds=3)


def beside_a_temporary_view(world, text, user="attacker", **more):
    """Another session, of tenant 2, has a temporary view: <view> in the text is its name."""
    other = world.connect("chooser", options="-c app.tenant_id=2")
    assert other.query("CREATE TEMP VIEW peeked AS SELECT email FROM users").error is None
    look = world.connect(user, **more)
    schema = look.query("SELECT relnamespace::regnamespace::text FROM pg_class WHERE relname = 'peeked'").results[0].texts()[0][0]
    look.close()
    answer = run(world, wire.query(text.replace("<view>", f"{schema}.peeked")), user=user, **more)
    other.close()
    return answer


@exchange("another session's temporary view")
def _(world):
    return beside_a_temporary_view(world, "SELECT * FROM <view>")


@exchange("another session's temporary view, in code")
def _(world):
    return beside_a_temporary_view(world, "DO $$ BEGIN RAISE NOTICE '%', (SELECT string_agg(email, ',') FROM <view>); END $$")


@exchange("another session's temporary view, in a view and in XML")
def _(world):
    return beside_a_temporary_view(world, "CREATE TEMP VIEW mine AS SELECT * FROM <view> UNION ALL TABLE <view>; SELECT * FROM mine; "
                                          "SELECT query_to_xml('SELECT * FROM <view>', true, false, '')")


@exchange("another session's temporary view, in XML alone")
def _(world):
    return beside_a_temporary_view(world, "SELECT query_to_xml('SELECT * FROM <view>', true, false, ''), table_to_xml('<view>', true, false, '')")


@exchange("another session's temporary view, copied")
def _(world):
    return beside_a_temporary_view(world, "COPY (TABLE <view>) TO STDOUT")


@exchange("another session's temporary view, in a sub-select of a change")
def _(world):
    return beside_a_temporary_view(world, "UPDATE users SET name = (SELECT string_agg(email, ',') FROM <view>) RETURNING name")
