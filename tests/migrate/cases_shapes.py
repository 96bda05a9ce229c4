"""Tables of every shape: partitions, inheritance, names, types, what is not a table."""
from cases_basic import quick

PARTITIONED = """
    CREATE TABLE events (id bigint, day date NOT NULL, body text) PARTITION BY RANGE (day);
    CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST (id);
    CREATE TABLE events_2025_odd PARTITION OF events_2025 FOR VALUES IN (1, 3, 5);
    CREATE TABLE events_2025_rest PARTITION OF events_2025 DEFAULT;
    INSERT INTO events SELECT i, date '2024-06-01' + i, 'body ' || i FROM generate_series(1, 500) i;"""


def index_of(bench, db, table):
    return bench.rows(db, "SELECT x.indisvalid, i.inhparent IS NOT NULL FROM pg_index x LEFT JOIN pg_inherits i"
                          " ON i.inhrelid = x.indexrelid JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[0]"
                          " WHERE x.indrelid = %s::regclass AND a.attname = 'tenant_id'", table)


@quick
def case_partitions(bench):
    db = bench.database(sql=PARTITIONED)
    plan = bench.run(db, "migrate --plan", tables="events", code=0).out
    assert "CREATE INDEX idx_events_tenant_id ON ONLY public.events (tenant_id);" in plan, plan
    assert "CREATE INDEX CONCURRENTLY tenantry_idx_events_2025_odd_tenant_id ON public.events_2025_odd (tenant_id);" in plan
    assert "ALTER INDEX public.idx_events_tenant_id ATTACH PARTITION public.idx_events_2024_tenant_id;" in plan
    bench.migrate(db, tables="events")
    bench.assert_complete(db, tables="events")
    assert index_of(bench, db, "events") == [(True, False)]
    for child in ("events_2024", "events_2025", "events_2025_odd", "events_2025_rest"):
        assert index_of(bench, db, child) == [(True, True)], child
    assert bench.rows(db, "SELECT tenant_id, count(*) FROM events GROUP BY 1") == [(1, 500)]
    assert bench.value(db, "SELECT bool_and(convalidated) AND count(*) >= 4 FROM pg_constraint WHERE contype = 'f'")
    mark = bench.log_mark()
    assert bench.migrate(db, tables="events").done == 0 and bench.ddl_since(mark, db) == []
    # A partition made later has everything.
    bench.sql(db, "CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')")
    assert bench.migrate(db, tables="events").done == 0
    assert index_of(bench, db, "events_2026") == [(True, True)]
    # One attached with data and without the index.
    bench.sql(db, """CREATE TABLE events_2027 (id bigint, day date NOT NULL, body text, tenant_id integer NOT NULL);
                     INSERT INTO events_2027 VALUES (1, '2027-01-01', 'x', 1);
                     ALTER TABLE events ATTACH PARTITION events_2027 FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')""")
    bench.assert_complete(db, tables="events")


def case_partitions_half_done(bench):
    db = bench.database(sql=PARTITIONED + """
        ALTER TABLE events ADD COLUMN tenant_id integer;
        UPDATE events SET tenant_id = 3 WHERE id < 10;
        CREATE INDEX mine ON events_2024 (tenant_id);
        CREATE INDEX half ON ONLY events (tenant_id);
        CREATE TABLE tenants (id integer PRIMARY KEY); INSERT INTO tenants VALUES (1), (3);""")
    bench.migrate(db, tables="events")
    bench.assert_complete(db, tables="events")
    assert bench.rows(db, "SELECT tenant_id, count(*) FROM events GROUP BY 1 ORDER BY 1") == [(1, 491), (3, 9)]
    assert index_of(bench, db, "events") == [(True, False)] and index_of(bench, db, "events_2024") == [(True, True)]
    assert bench.migrate(db, tables="events").done == 0


def case_foreign_tables_in_a_tree(bench):
    """A column would be asked for on the other server, too: nothing is done, until the owner has added it there."""
    far = bench.database(sql="CREATE TABLE far (id int, body text); INSERT INTO far VALUES (2, 'far')")
    db = bench.database(sql=f"""
        CREATE EXTENSION postgres_fdw; CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '{bench.cluster.host}',
            port '{bench.cluster.port}', dbname '{far}');
        CREATE USER MAPPING FOR postgres SERVER s OPTIONS (user 'postgres', password 'postgres');
        CREATE TABLE p (id int, body text) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
        CREATE FOREIGN TABLE p2 PARTITION OF p FOR VALUES IN (2) SERVER s OPTIONS (table_name 'far');
        INSERT INTO p VALUES (1, 'near');
        CREATE FOREIGN TABLE alone (id int, body text) SERVER s OPTIONS (table_name 'far');""")
    refused = bench.run(db, tables="p", code=1)
    assert "public.p has a foreign table among its partitions" in refused.text
    assert "ALTER TABLE public.p ADD COLUMN tenant_id integer NOT NULL DEFAULT 1;" in refused.text
    assert bench.value(db, "SELECT to_regclass('tenants') IS NULL") and bench.value(db, "SELECT count(*) FROM p") == 2
    bench.sql(far, "ALTER TABLE far ADD COLUMN tenant_id integer NOT NULL DEFAULT 1")
    bench.sql(db, "ALTER TABLE public.p ADD COLUMN tenant_id integer NOT NULL DEFAULT 1")
    result = bench.migrate(db, tables="p,alone")
    assert "'alone' is a foreign table and is not touched" in result.out
    bench.assert_complete(db, tables="p,alone")
    assert bench.value(db, "SELECT count(*) FROM p WHERE tenant_id = 1") == 2 and index_of(bench, db, "p1") == [(True, True)]
    assert bench.value(db, "SELECT count(*) FROM pg_constraint WHERE conrelid = 'p1'::regclass AND contype = 'f' AND convalidated") == 1
    assert bench.migrate(db, tables="p,alone").done == 0


def case_inheritance_from_several(bench):
    """Two parents, of which one has the column; a grandchild that has it alone."""
    db = bench.database(sql="""
        CREATE TABLE a (id int, tenant_id int); CREATE TABLE b (x int); CREATE TABLE ab (y int) INHERITS (a, b);
        INSERT INTO a VALUES (1, NULL); INSERT INTO ab VALUES (1, NULL, 3), (2, 1, 4);
        CREATE TABLE c (id int); CREATE TABLE cc (x int) INHERITS (c); CREATE TABLE ccc (tenant_id int) INHERITS (cc);
        INSERT INTO ccc (id) VALUES (1); INSERT INTO cc (id) VALUES (1), (2);
        -- Somebody's check that only sounds like ours.
        ALTER TABLE ccc ADD CONSTRAINT tenantry_mine CHECK (tenant_id > 0);""")
    bench.migrate(db, tables="a,b,c")
    bench.assert_complete(db, tables="a,b,c")
    for table, rows in (("a", 1), ("ab", 2), ("cc", 2), ("ccc", 1)):
        assert bench.rows(db, f"SELECT tenant_id, count(*) FROM ONLY {table} GROUP BY 1") == [(1, rows)], table
        assert bench.value(db, "SELECT attnotnull FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'tenant_id'", table)
    assert bench.rows(db, "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0") == [("tenantry_mine",)]
    assert bench.migrate(db, tables="a,b,c").done == 0


def case_partition_without_its_root(bench):
    db = bench.database(sql=PARTITIONED)
    result = bench.run(db, tables="events_2024", code=1)
    assert "is a partition" in result.text and "Configure the partitioned table" in result.text


@quick
def case_inheritance(bench):
    db = bench.database(sql="""
        CREATE TABLE animals (id serial PRIMARY KEY, name text);
        CREATE TABLE cats (lives integer) INHERITS (animals);
        CREATE TABLE dogs (tenant_id integer, tricks text) INHERITS (animals);
        INSERT INTO animals (name) VALUES ('ant'); INSERT INTO cats (name) SELECT 'cat ' || i FROM generate_series(1, 50) i;
        INSERT INTO dogs (name) VALUES ('rex'), ('fido');""")
    bench.migrate(db, tables="animals")
    bench.assert_complete(db, tables="animals")
    for table, rows in (("animals", 1), ("cats", 50), ("dogs", 2)):
        assert index_of(bench, db, table) == [(True, False)], table
        assert bench.rows(db, f"SELECT tenant_id, count(*) FROM ONLY {table} GROUP BY 1") == [(1, rows)], table
        assert bench.value(db, "SELECT attnotnull FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'tenant_id'", table)
    assert bench.migrate(db, tables="animals").done == 0
    # A child before its parent in the list.
    db = bench.database(sql="CREATE TABLE p (id int); CREATE TABLE c () INHERITS (p)")
    bench.migrate(db, tables="c,p")
    if bench.version < 140000:       # whether an empty table was analyzed, only the statistics tell, and they arrive late
        bench.wait_for(db, "SELECT count(last_analyze) = 2 FROM pg_stat_user_tables WHERE relname IN ('c', 'p')")
    again = bench.migrate(db, tables="c,p")
    assert again.done == 0, again.text


def case_names(bench):
    long = "ä" * 31 + "x"                                # 63 bytes
    other = "ä" * 31 + "y"                               # the same first 62
    odd = 'Odd "Name"; --'
    db = bench.database(sql=f"""
        CREATE SCHEMA "My Shop"; CREATE SCHEMA other;
        CREATE TABLE "My Shop"."{long}" (id int); CREATE TABLE "My Shop"."{other}" (id int);
        CREATE TABLE "My Shop"."Odd ""Name""; --" (id int, "Tenant Id" integer);
        CREATE TABLE other.carts (id int); CREATE TABLE carts (id int); CREATE TABLE "select" (id int); CREATE TABLE "Carts" (id int);
        CREATE TABLE a_b (c integer); CREATE TABLE a (b_c integer);
        INSERT INTO "My Shop"."Odd ""Name""; --" VALUES (1, NULL), (2, 1);
        CREATE TABLE idx_carts_tenant_id (id int);""")
    tables = (f'"My Shop"."{long}","My Shop"."{other}","My Shop"."Odd ""Name""; --"("Tenant Id"), CARTS, "Carts", other.carts,'
              f' "select", a_b(c), a(b_c)')
    bench.sql(db, "UPDATE a SET b_c = 1; UPDATE a_b SET c = 1")
    bench.migrate(db, tables=tables)
    bench.assert_complete(db, tables=tables)
    assert bench.migrate(db, tables=tables).done == 0
    names = [r[0] for r in bench.rows(db, "SELECT c.relname FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid"
                                          " JOIN pg_class t ON t.oid = x.indrelid WHERE t.relname LIKE 'ää%'")]
    assert len(set(names)) == 2 and all(len(n.encode()) <= 63 and n.startswith("idx_ä") for n in names), names
    assert bench.value(db, 'SELECT count(*) FROM "My Shop"."Odd ""Name""; --" WHERE "Tenant Id" = 1') == 2
    assert bench.value(db, "SELECT count(*) FROM pg_class WHERE relname LIKE 'idx_carts_tenant_id_%'") == 1
    assert bench.value(db, "SELECT count(*) FROM pg_attribute WHERE attrelid = 'other.carts'::regclass AND attname = 'tenant_id'") == 1
    assert odd


def case_search_path(bench):
    db = bench.database(sql="CREATE SCHEMA shop; CREATE TABLE shop.users (id int); CREATE TABLE public.users (id int);"
                            "CREATE TABLE public.only_here (id int)")
    url = bench.cluster.url(db, options="-csearch_path=shop,public")
    bench.migrate(db, tables="users,only_here", url=url)
    assert bench.value(db, "SELECT to_regclass('shop.tenants') IS NOT NULL AND to_regclass('public.tenants') IS NULL")
    assert bench.rows(db, "SELECT attrelid::regclass::text FROM pg_attribute WHERE attname = 'tenant_id' AND attnum > 0 AND"
                          " attrelid IN ('shop.users'::regclass, 'public.users'::regclass, 'only_here'::regclass) ORDER BY 1") == [
        ("only_here",), ("shop.users",)]
    assert bench.migrate(db, tables="users,only_here", url=url).done == 0
    bench.migrate(db, tables="public.users", tenants_table="shop.tenants")
    assert bench.value(db, "SELECT to_regclass('public.tenants') IS NULL")


def case_types(bench):
    for name, default, other, identity in (
            ("bigint", "9000000000", "9000000001", True), ("uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", None, False),
            ("text", "O'Brien \\ é", None, False), ("integer", "7", "8", True)):
        db = bench.gallery()
        bench.sql(db, "ALTER TABLE users DROP COLUMN tenant_id; ALTER TABLE saas_sites DROP COLUMN tenant_id")
        flags = {"tenant_type": name, "default_tenant": default}
        bench.migrate(db, **flags)
        bench.assert_complete(db, **flags)
        assert str(bench.value(db, "SELECT id FROM tenants")) == default
        assert bench.value(db, "SELECT count(*) FROM carts WHERE tenant_id::text = %s", default) == 220
        assert bench.value(db, "SELECT format_type(atttypid, -1) FROM pg_attribute WHERE attrelid = 'carts'::regclass"
                               " AND attname = 'tenant_id'") == name
        kind = bench.value(db, "SELECT attidentity FROM pg_attribute WHERE attrelid = 'tenants'::regclass AND attname = 'id'")
        assert (kind == "d") == identity, (name, kind)
        if identity:
            assert str(bench.value(db, "INSERT INTO tenants (name) VALUES ('n') RETURNING id")) == other
        mark = bench.log_mark()
        assert bench.migrate(db, **flags).done == 0 and bench.ddl_since(mark, db) == []
        bench.migrate(db, server_default="setting", **flags)
        assert bench.migrate(db, server_default="setting", **flags).done == 0, name
        bench.sql(db, "INSERT INTO settings (key) VALUES ('fresh')")
        assert str(bench.value(db, "SELECT tenant_id FROM settings WHERE key = 'fresh'")) == default
        bench.drop(db)


def case_wrong_type_stops(bench):
    db = bench.gallery()
    bench.sql(db, "ALTER TABLE orders ADD COLUMN tenant_id bigint DEFAULT 1")
    result = bench.run(db, code=1)
    assert "the column tenant_id of table public.orders is of type bigint" in result.text
    assert "tenant_type = bigint" in result.text
    assert bench.value(db, "SELECT to_regclass('tenants') IS NULL"), "something was done"
    report = bench.check(db)
    assert any(f["stops"] and f["sqlstate"] == "42804" for f in report["findings"])
    db = bench.database(sql="CREATE DOMAIN tid AS int; CREATE TABLE t (id int, tenant_id tid)")
    refused = bench.run(db, tables="t", code=1).text
    assert "is of type tid" in refused and "tenant_type" not in refused and "ALTER COLUMN tenant_id TYPE integer" in refused, refused
    db = bench.gallery()
    bench.sql(db, "CREATE TABLE tenants (id bigint PRIMARY KEY)")
    assert "is of type bigint" in bench.run(db, code=1).text
    db = bench.database(sql="CREATE TABLE t (a int, tenant_id integer GENERATED ALWAYS AS (a) STORED)")
    assert "is a generated column" in bench.run(db, tables="t", code=1).text


def case_not_tables(bench):
    db = bench.database(sql="""
        CREATE TABLE t (id int); CREATE VIEW v AS SELECT * FROM t; CREATE MATERIALIZED VIEW m AS SELECT * FROM t;
        CREATE TYPE kind AS (id int); CREATE TABLE typed OF kind; CREATE SEQUENCE s;
        CREATE EXTENSION btree_gist; CREATE TABLE of_extension (id int); ALTER EXTENSION btree_gist ADD TABLE of_extension;""")
    result = bench.migrate(db, tables="t,v,m,typed,s,of_extension")
    for words in ("'of_extension' belongs to the extension btree_gist and is not touched","'v' is a view and is not touched", "'m' is a materialized view and is not touched",
                  "'typed' is a typed table and is not touched", "'s' is a sequence and is not touched"):
        assert words in result.out, (words, result.out)
    assert bench.value(db, "SELECT count(*) FROM pg_attribute WHERE attname = 'tenant_id' AND attrelid IN"
                           " ('v'::regclass, 'm'::regclass, 'typed'::regclass, 'of_extension'::regclass)") == 0


def case_backfill_of_many_rows(bench):
    db = bench.database(sql="""
        CREATE TABLE big (id bigserial PRIMARY KEY, filler text, tenant_id integer, updated_at timestamptz DEFAULT '2020-01-01');
        INSERT INTO big (filler, tenant_id) SELECT repeat('x', 50), CASE WHEN i % 10 = 0 THEN 2 END FROM generate_series(1, 150000) i;
        CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.updated_at := now(); RETURN NEW; END$$;
        CREATE TRIGGER touch BEFORE UPDATE ON big FOR EACH ROW EXECUTE FUNCTION touch();
        ALTER TABLE big ALTER tenant_id SET DEFAULT 1;
        CREATE TABLE tenants (id integer PRIMARY KEY); INSERT INTO tenants VALUES (1), (2);""")
    # Somebody holds rows of it, and moves others while they are filled.
    with bench.holding(db, "SELECT * FROM big WHERE id <= 20 FOR UPDATE") as holder:
        process = bench.start(db, tables="big")
        bench.wait_for(db, "SELECT count(*) FROM big WHERE tenant_id IS NULL HAVING count(*) < 60000")
        bench.sql(db, "UPDATE big SET filler = 'moved' WHERE id % 1000 = 7 AND id > 20")
        bench.wait_for(db, "SELECT count(*) <= 20 FROM big WHERE tenant_id IS NULL")
        assert process.poll() is None
        holder.rollback()
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, out + err
    assert "rows that others have locked remain" in out
    bench.assert_complete(db, tables="big")
    assert bench.rows(db, "SELECT tenant_id, count(*) FROM big GROUP BY 1 ORDER BY 1") == [(1, 135000), (2, 15000)]
    assert bench.value(db, "SELECT count(*) FROM big WHERE updated_at > '2021-01-01' AND filler <> 'moved'") == 0
