"""The hazards report: each kind is found, and nothing that is none."""
import os
import re
import signal
import subprocess
import time

from bench import BINARY, GALLERY, ROOT
from cases_basic import quick
from cluster import free_port

# What endangers isolation in the gallery: every kind but calls of the server itself, in the order of the report.
OF_THE_GALLERY = [
    ("unique", "users_email_key on users(email)"), ("unique", "orders_order_number_key on orders(order_number)"),
    ("unique", "settings_pkey on settings(key)"), ("unique", "stripe_events_pkey on stripe_events(id)"),
    ("unique", "saas_sites_final_domain_key on saas_sites(final_domain)"),
    ("foreign key", "carts_user_id_fkey on carts(user_id) -> users"),
    ("foreign key", "cart_items_cart_id_fkey on cart_items(cart_id) -> carts"),
    ("foreign key", "cart_items_painting_id_fkey on cart_items(painting_id) -> paintings"),
    ("foreign key", "orders_user_id_fkey on orders(user_id) -> users"),
    ("foreign key", "order_items_order_id_fkey on order_items(order_id) -> orders"),
    ("foreign key", "order_items_painting_id_fkey on order_items(painting_id) -> paintings"),
    ("foreign key", "favorites_painting_id_fkey on favorites(painting_id) -> paintings"),
    ("foreign key", "favorites_user_id_fkey on favorites(user_id) -> users"),
    ("foreign key", "notifications_user_id_fkey on notifications(user_id) -> users"),
    ("foreign key", "stripe_events_order_id_fkey on stripe_events(order_id) -> orders"),
    ("foreign key", "saas_sites_user_id_fkey on saas_sites(user_id) -> users"),
    ("function", "cart_total() in sql"), ("function", "row_count() in plpgsql"),
    ("trigger", "orders_status on orders, function notify_order_status()"),
    ("rule", "newsletter_unsubscribe on newsletter"),
    ("view", "catalogue"), ("view", "order_summaries"), ("view", "newsletter"), ("materialized view", "monthly_sales"),
    ("publication", "mailing of users"), ("replica", "logical slot search_feed"), ("role", "role accounting")]


def hazards(bench, db, **more):
    return [(h["kind"], h["object"]) for h in bench.check(db, **more)["hazards"]]


@quick
def case_hazards_of_the_gallery(bench):
    db = bench.gallery()
    bench.cluster.load(db, os.path.join(ROOT, "conf", "gallery", "surroundings.sql"))
    # Before PostgreSQL 15 a publication has no list of columns, and users has the tenant column already.
    expected = [h for h in OF_THE_GALLERY if h[0] != "publication" or bench.version >= 150000]
    try:
        assert hazards(bench, db) == expected
        text = bench.run(db, "check", code=1).out
        assert all(h[1] in text for h in expected) and f"Hazards: {len(expected)}" in text
        plan = bench.run(db, "migrate --plan", code=0).out
        assert all(h[1] in plan for h in expected)
        bench.migrate(db)
        report = bench.check(db)["hazards"]
        assert [(h["kind"], h["object"]) for h in report] == expected
        for hazard in report:
            assert len(hazard["what"]) > 20 and len(hazard["todo"]) > 10, hazard
        assert len({h["what"] + h["todo"] for h in report}) > 15, "each has its own advice"
        assert ("unique", "settings_pkey on settings(key)") not in hazards(bench, db, keep_unique="settings_pkey")
        # What was done about is not told again.
        after = bench.check(db, row_security="yes")["hazards"]
        assert [h["object"] for h in after if h["kind"] == "role"] == ["role accounting", "role postgres"] + [
            f"view {v}, owner postgres" for v in ("catalogue", "newsletter", "order_summaries")], after
        assert "NOBYPASSRLS" in [h["todo"] for h in after if h["object"] == "role accounting"][0]
    finally:
        bench.sql(db, "SELECT pg_drop_replication_slot('search_feed')")


def case_hazards_of_make_run(bench):
    """The sample that `make run` shows, by the command that it prints."""
    if bench.version // 10000 != 15 or os.path.basename(BINARY) != "tenantry":
        return
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "SUPABASE_DB_URL")}
    process = subprocess.Popen([os.path.join(ROOT, "conf", "run")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               stdin=subprocess.DEVNULL, start_new_session=True,
                               env={**environment, "LISTEN": f"127.0.0.1:{free_port()}", "BUILD": os.path.dirname(BINARY)})
    try:
        printed = ""
        for line in process.stdout:
            printed += line
            if "ctrl-C stops tenantry" in line:
                break
        upstream = re.search(r"check -c conf/tenantry.conf --upstream '(.*)'", printed)
        assert upstream, printed
        assert "✅ MIGRATION COMPLETE" in printed and "Column tenant_id added to 'carts'" in printed, printed
        end = time.monotonic() + 30
        while not bench.check("gallery", url=upstream[1])["complete"]:
            assert time.monotonic() < end, "the background did not finish"
            time.sleep(0.2)
        found = hazards(bench, "gallery", url=upstream[1])
        assert sorted(found) == sorted(OF_THE_GALLERY), set(found) ^ set(OF_THE_GALLERY)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def case_hazards_of_every_kind(bench):
    bench.cluster.create_user("dashboard", "secret")
    db = bench.database(sql="""
        CREATE EXTENSION btree_gist;
        CREATE TABLE t (id serial PRIMARY KEY, code text, room int, during int4range, other uuid UNIQUE, tag text,
                        EXCLUDE USING gist (room WITH =, during WITH &&));
        CREATE UNIQUE INDEX lower_code ON t (lower(code)) WHERE tag IS NULL;
        CREATE INDEX plain ON t (code);
        CREATE TABLE shared_log (t_id int REFERENCES t ON DELETE CASCADE, id serial PRIMARY KEY);
        CREATE TABLE u (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, t_id int UNIQUE REFERENCES t, plain int);
        CREATE TABLE history (LIKE t);
        CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO history SELECT NEW . *; RETURN NEW; END$$;
        CREATE TRIGGER keep AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION keep();
        CREATE FUNCTION harmless() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.tag := 'x'; RETURN NEW; END$$;
        CREATE TRIGGER harmless BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION harmless();
        CREATE FUNCTION taken(int) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RETURN EXISTS (SELECT FROM t WHERE room = $1); END$$;
        CREATE FUNCTION as_room(text) RETURNS int LANGUAGE plpgsql AS $$BEGIN RETURN (SELECT room FROM t WHERE code = $1); END$$;
        CREATE FUNCTION fine(int) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RETURN $1 > 0; END$$;
        CREATE DOMAIN room AS int CHECK (NOT taken(VALUE) AND fine(VALUE));
        CREATE TABLE shared_rooms (r int DEFAULT as_room('a') CHECK (taken(r)), f boolean DEFAULT fine(1) CHECK (fine(r)));
        CREATE TYPE code AS (c text);
        CREATE FUNCTION of_code(code) RETURNS int LANGUAGE plpgsql AS $$BEGIN RETURN as_room(($1).c); END$$;
        CREATE CAST (code AS int) WITH FUNCTION of_code(code);
        CREATE RULE no_delete AS ON DELETE TO u DO INSTEAD NOTHING;
        CREATE VIEW plain_view AS SELECT 1 AS one;
        CREATE VIEW shared_view AS SELECT * FROM shared_log;
        CREATE PUBLICATION pub FOR TABLE t;
        SELECT pg_create_logical_replication_slot('reader', 'pgoutput');
        GRANT SELECT (code) ON t TO dashboard;""")
    found = set(hazards(bench, db, tables="t,u"))
    expected = {
        ("unique", "t_room_during_excl on t(room, during)"), ("unique", "lower_code on t(lower(code)) (partial)"),
        ("foreign key", "u_t_id_fkey on u(t_id) -> t"), ("foreign key", "shared_log_t_id_fkey on public.shared_log(t_id) -> t"),
        ("trigger", "keep on t, function keep()"),
        ("function", "taken() in plpgsql"), ("function", "as_room() in plpgsql"), ("function", "of_code() in plpgsql"),
        ("call", "constraint room_check on type room"), ("call", "default value for column r of table shared_rooms"),
        ("call", "constraint shared_rooms_r_check on table shared_rooms"), ("call", "cast from code to integer"),
        ("rule", "no_delete on u"), ("publication", "pub of t"),
        ("replica", "logical slot reader"), ("role", "role dashboard")}
    assert found == expected, found ^ expected
    bench.migrate(db, tables="t,u")
    found = set(hazards(bench, db, tables="t,u"))
    assert expected ^ found == {("publication", "pub of t")}, expected ^ found
    # A right to which no connection leads is none.
    bench.sql(db, f"REVOKE CONNECT ON DATABASE {db} FROM PUBLIC")
    assert ("role", "role dashboard") not in hazards(bench, db, tables="t,u")
    bench.sql(db, f"GRANT CONNECT ON DATABASE {db} TO dashboard; REVOKE USAGE ON SCHEMA public FROM PUBLIC")
    assert ("role", "role dashboard") not in hazards(bench, db, tables="t,u")
    if bench.version >= 150000:
        bench.sql(db, "ALTER PUBLICATION pub SET TABLE t (id, code)")
        assert ("publication", "pub of t") in hazards(bench, db, tables="t,u")
        bench.sql(db, "ALTER PUBLICATION pub SET TABLE t (id, tenant_id)")
        assert ("publication", "pub of t") not in hazards(bench, db, tables="t,u")
    bench.sql(db, "SELECT pg_drop_replication_slot('reader')")


@quick
def case_hazards_know_each_tables_own_column(bench):
    """Keys with the tenant column are none, whatever the column is called."""
    db = bench.database(sql="""
        CREATE TABLE shops (id serial PRIMARY KEY, name text);
        CREATE TABLE a (shop_id int NOT NULL DEFAULT 1, code text, PRIMARY KEY (shop_id, code));
        CREATE TABLE b (id serial PRIMARY KEY, tenant_id int NOT NULL DEFAULT 1, code text, UNIQUE (tenant_id, code),
                        FOREIGN KEY (tenant_id, code) REFERENCES a);
        INSERT INTO shops VALUES (1, 'first');""")
    flags = {"tables": "a(shop_id),b", "tenants_table": "shops"}
    assert hazards(bench, db, **flags) == []
    bench.migrate(db, **flags)
    assert hazards(bench, db, **flags) == []
    bench.sql(db, "ALTER TABLE a ADD UNIQUE (code)")
    assert hazards(bench, db, **flags) == [("unique", "a_code_key on a(code)")]
    assert "(shop_id, code)" in bench.check(db, **flags)["hazards"][0]["todo"]


def case_hazards_of_another_migrating_role(bench):
    """What matters is as whom tenantry serves."""
    from cases_rights import owned_gallery
    db, url = owned_gallery(bench, "owner7")
    flags = {"url": url, "migration_url": bench.cluster.url(db)}
    bench.migrate(db, **flags)
    bench.sql(db, "GRANT SELECT ON tenants TO owner7")
    assert [h for h in hazards(bench, db, **flags) if h[0] == "role"] == []
    assert ("role", "role owner7") in hazards(bench, db), "for somebody else it is a role that comes past"
    secured = [h[1] for h in hazards(bench, db, row_security="yes", **flags) if h[0] == "role"]
    assert "role postgres" not in secured and "role owner7" not in secured, secured
    bench.sql(db, "ALTER ROLE owner7 BYPASSRLS")
    assert ("role", "role owner7") in hazards(bench, db, row_security="yes", **flags)


def case_hazards_behind_the_second_wall(bench):
    """Rights that are borrowed from an owner for whom no policy holds."""
    bench.cluster.create_user("ordinary", "secret")
    bench.cluster.create_user("above", "secret", "BYPASSRLS")
    invoker = "CREATE VIEW asks WITH (security_invoker = on) AS SELECT id FROM t;" if bench.version >= 150000 else ""
    db = bench.database(sql=f"""
        CREATE TABLE t (id serial PRIMARY KEY); GRANT SELECT ON t TO ordinary, above; GRANT CREATE ON SCHEMA public TO ordinary, above;
        {invoker}
        SET ROLE ordinary; CREATE VIEW fine AS SELECT id FROM t;
        CREATE FUNCTION fine() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM t'; RESET ROLE;
        SET ROLE above; CREATE VIEW leaks AS SELECT * FROM t; CREATE FUNCTION invoked() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM t';
        CREATE FUNCTION leaks(n int) RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM t'; RESET ROLE;""")
    flags = {"tables": "t", "row_security": "yes"}
    roles = [h[1] for h in hazards(bench, db, **flags) if h[0] == "role"]
    mine = [r for r in roles if "leaks" in r or "fine" in r or "invoked" in r or "asks" in r]
    assert mine == ["function leaks(integer), owner above", "view leaks, owner above"], roles
    # It is so: who asks the view gets everything.
    bench.migrate(db, **flags)
    bench.sql(db, "INSERT INTO tenants (name) VALUES ('second'); INSERT INTO t (tenant_id) VALUES (1), (2); GRANT SELECT ON leaks, fine TO ordinary")
    with bench.connect(db, user="ordinary", password="secret", autocommit=True) as connection:
        connection.execute("SET app.tenant_id = 1")
        seen = [connection.execute(f"SELECT count(*) FROM {v}").fetchone()[0] for v in ("t", "fine", "leaks", "fine() x", "leaks(1) x")]
        assert seen[:3] == [1, 1, 2] and connection.execute("SELECT fine(), leaks(1), invoked()").fetchone() == (1, 2, 1), seen


def case_a_clean_schema_has_no_hazards(bench):
    db = bench.database(sql="""
        CREATE TABLE a (id serial PRIMARY KEY, name text);
        CREATE FUNCTION double(i int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2 * i';
        CREATE TABLE country (code text PRIMARY KEY); CREATE TABLE b (id uuid PRIMARY KEY, country text REFERENCES country)""")
    assert hazards(bench, db, tables="a,b") == []
    bench.migrate(db, tables="a,b")
    assert hazards(bench, db, tables="a,b") == []
    assert "Hazards: 0" in bench.run(db, "check", tables="a,b", code=0).out
    assert GALLERY
