"""The hazards report: each kind is found, and nothing that is none."""
from bench import GALLERY


def hazards(bench, db, **more):
    return [(h["kind"], h["object"]) for h in bench.check(db, **more)["hazards"]]


def case_hazards_of_the_gallery(bench):
    db = bench.gallery()
    expected = {
        ("unique", "users_email_key on users(email)"), ("unique", "orders_order_number_key on orders(order_number)"),
        ("unique", "settings_pkey on settings(key)"), ("unique", "stripe_events_pkey on stripe_events(id)"),
        ("unique", "saas_sites_final_domain_key on saas_sites(final_domain)"),
        ("function", "cart_total() in sql"), ("function", "row_count() in plpgsql"),
        ("trigger", "orders_status on orders, function notify_order_status()"),
        ("view", "catalogue"), ("view", "order_summaries"), ("materialized view", "monthly_sales")}
    for moment in ("before", "after"):
        found = hazards(bench, db)
        keys = {h for h in found if h[0] == "foreign key"}
        assert len(keys) == 11 and len(set(found)) == len(found), (moment, keys)
        assert set(found) - keys == expected, (moment, set(found) ^ keys ^ expected)
        bench.migrate(db)
    for hazard in bench.check(db)["hazards"]:
        assert len(hazard["what"]) > 20 and len(hazard["todo"]) > 10, hazard
    assert ("unique", "settings_pkey on settings(key)") not in hazards(bench, db, keep_unique="settings_pkey")


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
        CREATE RULE no_delete AS ON DELETE TO u DO INSTEAD NOTHING;
        CREATE VIEW plain_view AS SELECT 1 AS one;
        CREATE VIEW shared_view AS SELECT * FROM shared_log;
        CREATE PUBLICATION pub FOR TABLE t;
        SELECT pg_create_logical_replication_slot('reader', 'pgoutput');
        GRANT SELECT ON t TO dashboard;""")
    found = set(hazards(bench, db, tables="t,u"))
    expected = {
        ("unique", "t_room_during_excl on t(room, during)"), ("unique", "lower_code on t(lower(code)) (partial)"),
        ("foreign key", "u_t_id_fkey on u(t_id) -> t"), ("foreign key", "shared_log_t_id_fkey on public.shared_log(t_id) -> t"),
        ("trigger", "keep on t, function keep()"), ("rule", "no_delete on u"), ("publication", "pub of t"),
        ("replica", "logical slot reader"), ("role", "role dashboard")}
    assert found == expected, found ^ expected
    bench.migrate(db, tables="t,u")
    found = set(hazards(bench, db, tables="t,u"))
    assert expected - found == {("publication", "pub of t"), ("replica", "logical slot reader")}, expected ^ found
    if bench.version >= 150000:
        bench.sql(db, "ALTER PUBLICATION pub SET TABLE t (id, code)")
        assert ("publication", "pub of t") in hazards(bench, db, tables="t,u")
        bench.sql(db, "ALTER PUBLICATION pub SET TABLE t (id, tenant_id)")
        assert ("publication", "pub of t") not in hazards(bench, db, tables="t,u")
    bench.sql(db, "SELECT pg_drop_replication_slot('reader')")


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
