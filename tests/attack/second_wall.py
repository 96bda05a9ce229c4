"""The second wall: what is left of the attacks when row-level security is on and tenantry is not in the way.

The shop is migrated with row_security = yes and belongs to an ordinary role, through which tenantry connects. CHECKS are what
tenantry cannot see and lets through because somebody trusts it (functions, triggers), the setting that it keeps on the server
session, and direct connections of the application's roles. Each returns the bytes received and a note (None: as it must be)."""
import re

import wire
from proxy import command

OWNER, CLERK = "shop_owner", "shop_clerk"
TRUSTED = ["count_orders", "count_twice", "all_emails", "emails_as_owner", "emails_as_table", "run_it", "touch_users"]
# What the proxy refuses, or what runs behind its back: none of them knows of tenants.
CODE = """
CREATE FUNCTION all_emails() RETURNS SETOF text LANGUAGE sql AS 'SELECT email FROM users ORDER BY 1';
CREATE FUNCTION emails_as_owner() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER AS 'SELECT email FROM users UNION ALL SELECT name FROM paintings';
CREATE FUNCTION emails_as_table() RETURNS TABLE (who text, what jsonb) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE 'SELECT u.email, to_jsonb(o) FROM users u, orders o, shop.invoices, "Odd Name", events';
END $$;
CREATE FUNCTION touch_users() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	UPDATE users SET name = name || '!';
	GET DIAGNOSTICS n = ROW_COUNT;
	DELETE FROM notifications;
	RETURN n;
END $$;
CREATE FUNCTION gossip() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO notifications (user_id, message) SELECT NEW.user_id, string_agg(email, ' ') FROM users;
	RETURN NEW;
END $$;
CREATE TRIGGER gossip AFTER INSERT ON carts FOR EACH ROW EXECUTE FUNCTION gossip();
CREATE VIEW everybody AS SELECT id, email FROM users;
"""
# These choose the tenant, as a direct connection may: it is trusted, not confined.
CHOOSES = re.compile(r"app\.tenant_id|set_config|\bRESET\b|\bDISCARD\b|\bROLE\b|AUTHORIZATION", re.I)

CHECKS = []


def check(title):
    def add(function):
        CHECKS.append((title, function))
        return function
    return add


def make_template(cluster, tables):
    """template_secured: the attacked shop, owned by an ordinary role, behind policies."""
    cluster.create_user(OWNER, "owner")
    cluster.create_user(CLERK, "clerk")
    cluster.create_database("template_secured", template="template_shop")
    cluster.sql("template_secured", f"""
        DO $$ DECLARE c record; BEGIN
            FOR c IN SELECT oid::regclass AS name FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm') AND oid >= 16384
                AND relnamespace IN ('public'::regnamespace, 'shop'::regnamespace) LOOP
                EXECUTE format('ALTER TABLE %s OWNER TO {OWNER}', c.name);
            END LOOP;
            FOR c IN SELECT oid::regprocedure AS name FROM pg_proc WHERE oid >= 16384 AND pronamespace = 'public'::regnamespace AND prokind = 'f' LOOP
                EXECUTE format('ALTER FUNCTION %s OWNER TO {OWNER}', c.name);
            END LOOP;
        END $$;
        ALTER SCHEMA public OWNER TO {OWNER}; ALTER SCHEMA shop OWNER TO {OWNER}; ALTER SEQUENCE invoice_numbers OWNER TO {OWNER};
        GRANT USAGE ON SCHEMA public, shop TO {CLERK};
        SET ROLE {OWNER};
        {CODE}
        GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(tables)}, countries, currencies, order_totals, my_users, everybody TO {CLERK};
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {CLERK}""")
    # The schema is the migrated one already: row security and the default are what is added.
    done = command("migrate", "--upstream", cluster.url("template_secured", OWNER, "owner"), "--tables", ",".join(tables),
                   "--row-security", "yes", "--server-default", "setting", "--foreign-keys", "no")
    if done.returncode:
        raise RuntimeError(f"tenantry migrate failed:\n{done.stdout[-3000:]}{done.stderr[-2000:]}")
    unprotected = cluster.sql("template_secured", """
        SELECT oid::regclass FROM pg_class c WHERE relkind IN ('r', 'p') AND relnamespace IN ('public'::regnamespace, 'shop'::regnamespace)
        AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'tenant_id') AND NOT (relrowsecurity AND relforcerowsecurity)""")
    if unprotected.strip():
        raise RuntimeError(f"row security is missing on {unprotected}")


def direct(world, role=CLERK, tenant="1"):
    options = f"-c app.tenant_id={tenant}" if tenant else None
    return wire.Connection("127.0.0.1", world.cluster.port).start(role, role.split("_")[1], "shop", options=options)


def direct_attempt(world, settings, sql):
    """The attacker's text as it is, past tenantry, by a role that policies hold for."""
    connection = direct(world)
    connection.take_received()
    connection.query("SET statement_timeout = '10s'")
    try:
        for key, value in settings:
            if key == "setup":
                connection.query(value)
        copy = [value for key, value in settings if key == "copy"]
        connection.send(wire.query(sql))
        connection.until_ready(copy_in=[copy[0].encode().decode("unicode_escape").encode()] * 3 if copy else None)
        if connection.status != "I":
            connection.query("COMMIT")
        connection.query("SELECT * FROM users, notifications")
    except wire.ConnectionLost:
        pass
    data = connection.take_received()
    connection.close()
    return data, None


def attempts_for_direct(attempts):
    for title, settings, sql in attempts:
        if not CHOOSES.search(sql) and not any(CHOOSES.search(value) for _, value in settings):
            yield title, settings, sql


def texts(connection, sql):
    reply = connection.query(sql)
    return f"{reply.error['C']}" if reply.error else sorted(row[0] for row in reply.results[-1].texts())


def expect(problems, what, found, wanted):
    if found != wanted:
        problems.append(f"{what}: {found!r}, not {wanted!r}")


def finish(connection, problems):
    data = connection.take_received()
    connection.close()
    return data, "; ".join(problems) or None


@check("trusted functions see the session's tenant only")
def _(world):
    connection, problems = world.connect(), []
    connection.take_received()
    expect(problems, "count_orders", texts(connection, "SELECT count_orders()"), ["3"])
    expect(problems, "count_twice", texts(connection, "SELECT count_twice()"), ["6"])
    expect(problems, "all_emails", len(texts(connection, "SELECT * FROM all_emails()")), 6)
    expect(problems, "emails_as_owner", len(texts(connection, "SELECT emails_as_owner()")), 9)
    expect(problems, "emails_as_table", len(texts(connection, "SELECT who FROM emails_as_table()")), 6 * 3 * 3 * 3 * 3)
    expect(problems, "the superuser, for whom no policy holds", world.watch.query("SELECT count_orders()").results[-1].texts(), [["9"]])
    return finish(connection, problems)


@check("a trusted function changes the session's tenant only")
def _(world):
    connection, problems = world.connect(), []
    connection.take_received()
    expect(problems, "touched", texts(connection, "SELECT touch_users()"), ["6"])  # with the three of vip_users
    expect(problems, "run_it", texts(connection, "SELECT run_it('DELETE FROM users')"), [""])
    expect(problems, "left", texts(connection, "SELECT email FROM users"), [])
    expect(problems, "another tenant's row", texts(connection, "SELECT run_it('INSERT INTO users (email, tenant_id) VALUES (''x'', 2)')"), "42501")
    expect(problems, "moved", texts(connection, "SELECT run_it('UPDATE orders SET tenant_id = 2')"), "42501")
    return finish(connection, problems)


@check("triggers read and write the session's tenant only")
def _(world):
    connection, problems = world.connect("chooser", options="-c app.tenant_id=1"), []
    connection.take_received()
    connection.query("INSERT INTO users (email) VALUES ('mine alone')").check()
    connection.query("INSERT INTO carts (session_id, user_id) VALUES ('s', 1)").check()
    heard = texts(connection, "SELECT message FROM notifications WHERE user_id = 1")
    expect(problems, "heard", len(heard) == 1 and "mine alone" in heard[0], True)
    return finish(connection, problems)


@check("the server's setting follows the session's tenant")
def _(world):
    """all_emails() is confined by the setting on the server alone, the other query by what tenantry writes."""
    connection, problems = world.connect("chooser", options="-c app.tenant_id=1"), []
    for text in ("SELECT 1", "BEGIN", "SET LOCAL app.tenant_id = 2", "SELECT 1", "ROLLBACK", "SET app.tenant_id = 3", "BEGIN",
                 "SET app.tenant_id = 2", "SAVEPOINT s", "SET app.tenant_id = 1", "ROLLBACK TO s", "RELEASE s", "ROLLBACK", "SELECT 1",
                 "BEGIN; SET LOCAL app.tenant_id = 1; COMMIT", "SELECT set_config('app.tenant_id', '2', false)", "RESET app.tenant_id",
                 "SET SESSION app.tenant_id TO '3'", "BEGIN", "SET app.tenant_id = 2", "SELECT 1/0", "COMMIT", "DISCARD ALL",
                 "SET app.tenant_id = 2; SELECT 1/0", "BEGIN; SET app.tenant_id = 3; SELECT 1/0; COMMIT", "ROLLBACK",
                 "SET app.tenant_id TO DEFAULT", "SELECT set_config('app.tenant_id', '3', true)", "BEGIN",
                 "SELECT set_config('app.tenant_id', '3', true)", "COMMIT", "SET app.tenant_id = '02'", "RESET ALL"):
        connection.query(text)
        guarded = texts(connection, "SELECT email FROM users ORDER BY 1")
        behind = texts(connection, "SELECT * FROM all_emails()")
        expect(problems, f"after {text}", behind, guarded)
        if connection.status != "E" and len(guarded) != 6:
            problems.append(f"after {text}: {guarded}")
    connection.take_received()
    return finish(connection, problems)


@check("COPY into a table with policies is PostgreSQL's to refuse, and the session goes on")
def _(world):
    connection, problems = world.connect(), []
    connection.take_received()
    reply = connection.query("COPY settings (key, value) FROM STDIN", [b"a\\tb\\n"])
    expect(problems, "COPY FROM", reply.error and reply.error["C"], "0A000")
    expect(problems, "COPY TO", len(connection.query("COPY settings TO STDOUT").results[0].copy_out.splitlines()), 3)
    expect(problems, "afterwards", len(texts(connection, "SELECT key FROM settings")), 3)
    return finish(connection, problems)


@check("direct connections without a tenant see nothing")
def _(world):
    problems, data = [], b""
    for role in (OWNER, CLERK):
        connection = direct(world, role, None)
        connection.take_received()
        for table in world.tables + ["order_totals", "my_users", "everybody", "events_2026" if role == OWNER else "events"]:
            expect(problems, f"{role} {table}", texts(connection, f"SELECT t::text FROM {table} t"), [])
            expect(problems, f"{role} {table}", texts(connection, f"WITH x AS (DELETE FROM {table} RETURNING 1) SELECT * FROM x")
                   if table in world.tables else [], [])
        expect(problems, f"{role} writes", texts(connection, "INSERT INTO users (email) VALUES ('x') RETURNING 1"), "42501")
        data += connection.take_received()
        connection.close()
    return data, "; ".join(problems) or None


@check("direct connections with a tenant see its rows only")
def _(world):
    problems, data = [], b""
    for role in (OWNER, CLERK):
        connection = direct(world, role)
        connection.take_received()
        for table in world.tables + ["my_users", "everybody"]:
            if not texts(connection, f"SELECT t::text FROM {table} t"):
                problems.append(f"{role} sees nothing in {table}")
            connection.query(f"COPY (SELECT * FROM {table}) TO STDOUT")
            connection.query(f"COPY {table} TO STDOUT")
        expect(problems, f"{role} moves a row", texts(connection, "UPDATE orders SET tenant_id = 3 RETURNING 1"), "42501")
        expect(problems, f"{role} writes", texts(connection, "INSERT INTO settings (key, tenant_id) VALUES ('x', 2) RETURNING 1"), "42501")
        connection.query("ANALYZE users")
        connection.query("SELECT * FROM pg_stats WHERE tablename IN ('users', 'orders', 'paintings')")
        expect(problems, f"{role} calls", len(texts(connection, "SELECT * FROM emails_as_owner()")), 9)
        expect(problems, f"{role} turns it off", texts(connection, "SET row_security = off; SELECT email FROM users"), "42501")
        data += connection.take_received()
        connection.close()
    return data, "; ".join(problems) or None
