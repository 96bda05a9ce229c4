"""The ordinary course: fresh, again, half-done, adopted, what is printed, what the check says."""
import os
import pty
import re
import subprocess

from bench import GALLERY


def quick(function):
    function.quick = True
    return function


@quick
def case_fresh(bench):
    db = bench.gallery()
    before = bench.checksums(db)
    report = bench.check(db)
    assert not report["complete"]
    assert {t["name"]: t["missing"] for t in report["tables"]}["carts"][0] == "column"
    result = bench.migrate(db)
    for line in ("MIGRATION: Adding tenant_id columns for multi-tenant isolation", "1. Creating table 'tenants'...",
                 "   ✅ Table 'tenants' created", "2. Creating the default tenant (id=1)...", "   ✅ Default tenant created",
                 "3. Adding column tenant_id to existing tables...", "   ✅ Column tenant_id added to 'carts'",
                 "4. Creating performance indexes for tenant_id...",
                 "   ✅ Index 'idx_carts_tenant_id' created on carts(tenant_id)", "✅ MIGRATION COMPLETE"):
        assert line in result.out.splitlines(), (line, result.out)
    bench.assert_gallery(db)
    bench.assert_complete(db)
    assert bench.checksums(db) == before
    for table in GALLERY:
        assert bench.value(db, f"SELECT count(*) FROM {table} WHERE tenant_id <> 1") == 0
        assert bench.value(db, "SELECT count(*) FROM pg_stats WHERE tablename = %s AND attname = 'tenant_id'", table) == 1
    # One log line a step for machines, and one for the end.
    lines = re.findall(r"^[\d-]+ [\d:.]+ UTC \[\d+\] INFO: migration: (.*)$", result.err, re.M)
    assert len(lines) == result.done + 1 and "Column tenant_id added to 'carts' (" in "\n".join(lines), result.err
    assert lines[-1] == f"ended: {result.done} done, 1 already there, 0 warnings", lines[-1]
    assert len(set(lines)) == len(lines)


@quick
def case_again_sends_no_ddl(bench):
    db = bench.gallery()
    bench.migrate(db)
    mark = bench.log_mark()
    again = bench.migrate(db)
    assert again.done == 0, again.out
    assert bench.ddl_since(mark, db) == [], bench.ddl_since(mark, db)
    assert "   ✅ Column tenant_id already on 'carts'" in again.out.splitlines()
    bench.assert_gallery(db)
    # Nothing waits for anybody who holds every table.
    with bench.holding(db, "LOCK TABLE " + ", ".join(GALLERY) + " IN ACCESS EXCLUSIVE MODE"):
        assert bench.migrate(db).done == 0


@quick
def case_half_done(bench):
    db = bench.gallery()
    bench.sql(db, """
        CREATE TABLE tenants (id integer PRIMARY KEY, name text NOT NULL, plan text NOT NULL DEFAULT 'free');
        INSERT INTO tenants VALUES (1, 'first'), (7, 'seventh');
        ALTER TABLE carts ADD COLUMN tenant_id integer NOT NULL DEFAULT 1;
        ALTER TABLE orders ADD COLUMN tenant_id integer;
        ALTER TABLE settings ADD COLUMN tenant_id integer DEFAULT 1;
        UPDATE orders SET tenant_id = 7 WHERE id % 3 = 0;
        CREATE INDEX elsewhere ON carts (tenant_id, id);
        CREATE INDEX idx_orders_tenant_id ON paintings (id);""")
    # Triggers that would touch the application's columns.
    before = bench.checksums(db)
    result = bench.migrate(db)
    bench.assert_complete(db)
    assert bench.checksums(db) == before
    assert "Index 'elsewhere' already on carts(tenant_id)" in result.out
    assert bench.value(db, "SELECT count(*) FROM pg_index x JOIN pg_attribute a ON a.attrelid = x.indrelid"
                           " AND a.attnum = x.indkey[0] WHERE x.indrelid = 'orders'::regclass AND a.attname = 'tenant_id'"
                           " AND x.indexrelid <> 'idx_orders_tenant_id'::regclass") == 1
    assert bench.rows(db, "SELECT tenant_id, count(*) FROM orders GROUP BY 1 ORDER BY 1") == [(1, 467), (7, 233)]
    assert bench.rows(db, "SELECT id, name FROM tenants ORDER BY 1") == [(1, "first"), (7, "seventh")]
    assert bench.migrate(db).done == 0


def case_log_at_a_terminal(bench):
    """Where a person reads the printed steps, the log does not say them again; warnings it does."""
    db = bench.gallery()
    inside, outside = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "SUPABASE_DB_URL")}
    done = subprocess.run(bench.command(db, "migrate", tables=GALLERY + ["nowhere"]), stdout=subprocess.PIPE, stderr=outside, text=True,
                          stdin=subprocess.DEVNULL, env=environment, check=True)
    os.close(outside)
    said = os.read(inside, 65536).decode()
    os.close(inside)
    assert "✅ Column tenant_id added to 'carts'" in done.stdout
    assert "INFO" not in said and "WARNING: migration: table public.nowhere is configured but does not exist" in said, said


def case_tenants_of_every_kind(bench):
    """Tables of tenants that are there already, made by others for others."""
    def adopt(sql, code=0, **flags):
        db = bench.database(sql=f"CREATE TABLE t (id int); INSERT INTO t VALUES (1); {sql}")
        return db, bench.run(db, tables="t", code=code, **flags)

    # Numbers that the table insists on giving itself.
    db, _ = adopt("CREATE TABLE tenants (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, plan text NOT NULL DEFAULT 'free')")
    assert bench.value(db, "INSERT INTO tenants (name) VALUES ('x') RETURNING id") == 2 and bench.migrate(db, tables="t").done == 0
    # A sequence that belongs to nobody.
    db, _ = adopt("CREATE SEQUENCE s; CREATE TABLE tenants (id int PRIMARY KEY DEFAULT nextval('s'), name varchar(40) NOT NULL)")
    assert bench.value(db, "INSERT INTO tenants (name) VALUES ('x') RETURNING id") == 2 and bench.migrate(db, tables="t").done == 0
    # No key, or one that no foreign key can refer to.
    for key in ("", " UNIQUE DEFERRABLE"):
        db, result = adopt(f"CREATE TABLE tenants (id int{key}, name text)")
        assert "'tenants' has no unique key on id" in result.out and bench.rows(db, "SELECT id FROM tenants") == [(1,)]
        again = bench.migrate(db, tables="t")
        assert again.done == 0 and not bench.check(db, tables="t")["complete"]
        bench.sql(db, "ALTER TABLE tenants ADD PRIMARY KEY (id)")
        bench.migrate(db, tables="t")
        bench.assert_complete(db, tables="t")
    # A column that wants a value which we do not know.
    db, result = adopt("CREATE TABLE tenants (id int PRIMARY KEY, slug text NOT NULL)", code=1)
    assert "violates not-null constraint" in result.text and "Insert a row with id 1 into public.tenants yourself" in result.text
    bench.sql(db, "INSERT INTO tenants VALUES (1, 'first')")
    bench.migrate(db, tables="t")
    # A name that is taken.
    db, result = adopt("CREATE TABLE tenants (id int PRIMARY KEY, name text UNIQUE); INSERT INTO tenants VALUES (5, 'default')", code=1)
    assert "duplicate key value" in result.text and "Insert a row with id 1" in result.text
    bench.migrate(db, tables="t", default_tenant_name="the first")
    # Not a table, no id.
    assert "is there, but is not a table" in adopt("CREATE VIEW tenants AS SELECT 1 AS id", code=1)[1].text
    assert "has no column id" in adopt("CREATE TABLE tenants (number int)", code=1)[1].text


def everything(bench, db):
    """What the catalogs hold, with the transactions that wrote it, and the rows."""
    catalogs = ("pg_class pg_attribute pg_attrdef pg_index pg_constraint pg_description pg_policy pg_trigger pg_proc pg_namespace"
                " pg_inherits pg_depend pg_sequence pg_statistic").split()
    sums = {c: bench.rows(db, f"SELECT count(*), sum(hashtextextended(t::text || xmin::text, 0)) FROM {c} t") for c in catalogs}
    return sums, bench.checksums(db)


@quick
def case_plan_and_check_change_nothing(bench):
    db = bench.gallery()
    bench.sql(db, "ALTER TABLE orders ADD COLUMN tenant_id integer; CREATE INDEX by_tenant ON users (tenant_id)")
    all_phases = {"widen_unique": "yes", "tenant_foreign_keys": "yes", "row_security": "yes", "server_default": "setting"}
    for flags in ({}, all_phases):
        before = everything(bench, db)
        for what in ("migrate --plan", "migrate --down --plan", "check --json", "check --citus"):
            bench.run(db, what, **flags)
        assert everything(bench, db) == before
        bench.migrate(db)


@quick
def case_check_json(bench):
    """Programs rely on the names."""
    db = bench.gallery()
    for migrated in (False, True):
        report = bench.check(db)
        assert list(report) == ["complete", "database", "user", "server_version", "standby", "tenants", "tables", "missing_tables",
                                "findings", "hazards"]
        assert report["database"] == db and report["user"] == "postgres" and report["server_version"] == bench.version
        assert report["tenants"] == {"schema": "public", "table": "tenants", "exists": migrated, "default_tenant": "1",
                                     "default_tenant_exists": migrated, "missing": [] if migrated else ["table", "default"]}, report["tenants"]
        assert [t["name"] for t in report["tables"]] == GALLERY
        carts = next(t for t in report["tables"] if t["name"] == "carts")
        assert carts == {
            "schema": "public", "name": "carts", "kind": "r", "partition": False, "column": "tenant_id" if migrated else None,
            "type": "integer" if migrated else None, "default": "1" if migrated else None, "not_null": migrated, "statistics": migrated,
            "index": {"name": "idx_carts_tenant_id", "valid": True} if migrated else None,
            "foreign_key": {"name": "fk_carts_tenant_id", "valid": True} if migrated else None, "row_security": False,
            "missing": [] if migrated else ["column", "statistics", "index", "foreign key"]}, carts
        assert all(list(h) == ["kind", "object", "what", "todo"] for h in report["hazards"])
        bench.migrate(db)
    bench.sql(db, "ALTER TABLE carts ALTER tenant_id SET DEFAULT 5; ALTER TABLE settings RENAME TO \"Odd \\\"\"\t\nname é\"")
    report = bench.check(db, tables=["carts", '"Odd \\""\t\nname é"'])
    assert report["tables"][1]["name"] == 'Odd \\"\t\nname é', report["tables"][1]
    assert list(report["findings"][0]) == ["stops", "sqlstate", "text", "todo"] and "is 5" in report["findings"][0]["text"]


def case_sequence_past_the_greatest_id(bench):
    db = bench.gallery()
    bench.migrate(db)
    bench.sql(db, "INSERT INTO tenants (id, name) VALUES (40, 'by hand')")
    result = bench.migrate(db)
    assert result.done == 1, result.out
    assert bench.value(db, "INSERT INTO tenants (name) VALUES ('x') RETURNING id") == 41
    assert bench.migrate(db).done == 0


@quick
def case_check_text_and_exit_code(bench):
    db = bench.gallery()
    before = bench.run(db, "check", code=1)
    assert "no column tenant_id" in before.out and "NOT COMPLETE" in before.out
    bench.migrate(db)
    after = bench.run(db, "check", code=0)
    assert "COMPLETE" in after.out.splitlines()[-1] and "idx_carts_tenant_id" in after.out
    bench.sql(db, "ALTER TABLE carts ALTER tenant_id DROP NOT NULL; DROP INDEX idx_users_tenant_id;"
                  "ALTER TABLE orders ALTER tenant_id DROP DEFAULT")
    report = bench.check(db)
    missing = {t["name"]: t["missing"] for t in report["tables"] if t["missing"]}
    assert missing["users"] == ["index"] and missing["orders"] == ["default"] and missing["carts"] == ["not null"], missing
    bench.migrate(db)
    bench.assert_gallery(db)


@quick
def case_plan_changes_nothing(bench):
    db = bench.gallery()
    mark = bench.log_mark()
    plan = bench.run(db, "migrate --plan", code=0)
    assert bench.ddl_since(mark, db) == []
    assert "ALTER TABLE public.carts ADD COLUMN tenant_id integer NOT NULL DEFAULT 1;" in plan.out
    assert "CREATE INDEX CONCURRENTLY tenantry_idx_carts_tenant_id ON public.carts (tenant_id);" in plan.out
    assert "ALTER INDEX public.tenantry_idx_carts_tenant_id RENAME TO idx_carts_tenant_id;" in plan.out
    assert "lock: ACCESS EXCLUSIVE" in plan.out and "size: " in plan.out and "estimate: " in plan.out and "Hazards: " in plan.out
    # The plan's statements, sent by hand, make a schema in which nothing is left to do.
    statements = [line.strip() for line in plan.out.splitlines() if re.match(r"^ {7}[A-Z]", line)]
    with bench.connect(db, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.split("  --")[0])
    assert bench.migrate(db).done == 0
    bench.assert_gallery(db)
    assert "Nothing to do" in bench.run(db, "migrate --plan", code=0).out


def case_missing_table(bench):
    db = bench.gallery()
    tables = GALLERY + ["nowhere", 'shop."Odd, ""Name"""']
    stopped = bench.run(db, tables=tables, missing_table="stop", code=1)
    assert "table public.nowhere is configured but does not exist" in stopped.text
    assert bench.value(db, "SELECT to_regclass('tenants') IS NULL"), "something was done"
    warned = bench.migrate(db, tables=tables, missing_table="warn")
    assert "2 warnings" in warned.out and 'shop."Odd, ""Name"""' in warned.out
    bench.assert_gallery(db)
    report = bench.check(db, tables=tables, missing_table="warn")
    assert report["complete"] and [m["name"] for m in report["missing_tables"]] == ["nowhere", 'Odd, "Name"']
    assert not bench.check(db, tables=tables, missing_table="stop")["complete"]


def case_server_default_and_contract(bench):
    db = bench.gallery()
    before = bench.checksums(db)
    bench.migrate(db, server_default="setting")
    assert bench.checksums(db) == before
    bench.assert_complete(db, server_default="setting")
    assert bench.migrate(db, server_default="setting").done == 0
    bench.sql(db, "INSERT INTO tenants (id) VALUES (2)")
    bench.sql(db, "INSERT INTO settings (key) VALUES ('a'); SET app.tenant_id = 2; INSERT INTO settings (key) VALUES ('b');"
                  "SET app.tenant_id = ''; INSERT INTO settings (key) VALUES ('c')")
    assert bench.rows(db, "SELECT key, tenant_id FROM settings WHERE length(key) = 1 ORDER BY 1") == [
        ("a", 1), ("b", 2), ("c", 1)]
    # Back, forth, and the end of the transition, each with a plan that says so.
    assert "constant" not in bench.run(db, "check", code=1).out.splitlines()[-1]
    bench.migrate(db)
    bench.assert_complete(db)
    plan = bench.run(db, "migrate --plan", contract="yes", code=0).out
    assert "ALTER TABLE public.carts ALTER COLUMN tenant_id DROP DEFAULT;" in plan
    bench.migrate(db, contract="yes")
    bench.assert_complete(db, contract="yes")
    assert not bench.check(db)["complete"]
    failed = bench.cluster.psql(db, "-c", "INSERT INTO settings (key) VALUES ('d')", check=False)
    assert failed == "" and bench.value(db, "SELECT count(*) FROM settings WHERE key = 'd'") == 0
    bench.migrate(db, contract="yes", server_default="setting")
    bench.sql(db, "SET app.tenant_id = 2; INSERT INTO settings (key) VALUES ('e')")
    assert bench.value(db, "SELECT tenant_id FROM settings WHERE key = 'e'") == 2
    bench.cluster.psql(db, "-c", "INSERT INTO settings (key) VALUES ('f')", check=False)
    assert bench.value(db, "SELECT count(*) FROM settings WHERE key = 'f'") == 0
    assert bench.migrate(db, contract="yes", server_default="setting").done == 0
    bench.migrate(db)
    assert bench.value(db, "SELECT count(*) FROM pg_attrdef WHERE pg_get_expr(adbin, adrelid) = '1'"
                           " AND adrelid = 'settings'::regclass") == 1


def case_foreign_default_is_left(bench):
    db = bench.gallery()
    bench.sql(db, "ALTER TABLE carts ADD COLUMN tenant_id integer NOT NULL DEFAULT 5;"
                  "CREATE TABLE tenants (id integer PRIMARY KEY); INSERT INTO tenants VALUES (1), (5)")
    result = bench.migrate(db)
    assert "the default of tenant_id in 'carts' is 5, and is left so" in result.out
    assert bench.value(db, "SELECT count(*) FROM carts WHERE tenant_id = 5") == 220
    assert bench.migrate(db).done == 0


def case_names_that_are_taken(bench):
    """By constraints and indexes of the application's."""
    db = bench.database(sql="""
        CREATE TABLE accounts (id int PRIMARY KEY); CREATE TABLE t (id int CONSTRAINT fk_t_tenant_id REFERENCES accounts);
        CREATE INDEX idx_t_tenant_id ON t (id); CREATE TABLE u (id int, CONSTRAINT fk_u_tenant_id CHECK (id > 0));""")
    bench.migrate(db, tables="t,u")
    bench.assert_complete(db, tables="t,u")
    assert bench.migrate(db, tables="t,u").done == 0
    bench.run(db, "migrate --down", tables="t,u", code=0)
    assert bench.rows(db, "SELECT conname FROM pg_constraint WHERE conrelid IN ('t'::regclass, 'u'::regclass) ORDER BY 1") == [
        ("fk_t_tenant_id",), ("fk_u_tenant_id",)]


def case_index_progress(bench):
    db = bench.database(sql="CREATE TABLE big (id int); INSERT INTO big SELECT generate_series(1, 1500000)")
    bench.sql(db, f"ALTER DATABASE {db} SET maintenance_work_mem = '1MB'; ALTER DATABASE {db} SET max_parallel_maintenance_workers = 0")
    result = bench.migrate(db, tables="big")
    assert re.search(r"… Index 'idx_big_tenant_id' created on big\(tenant_id\): building index[^,]*, \d+ %", result.out), result.out
    assert re.search(r"INFO: migration: Index 'idx_big_tenant_id' created on big\(tenant_id\): building index", result.err)


def case_unreachable_server(bench):
    result = bench.run("postgres", url="postgresql://postgres:x@127.0.0.1:1/postgres", code=1)
    assert "onnection" in result.text, result.text
    wrong = bench.run("postgres", url=bench.cluster.url("postgres", password="wrong"), code=1)
    assert "password authentication failed" in wrong.text


def case_default_tenant_of_another_number(bench):
    db = bench.gallery()
    bench.sql(db, "ALTER TABLE users DROP COLUMN tenant_id; ALTER TABLE saas_sites DROP COLUMN tenant_id")
    bench.migrate(db, default_tenant="12", default_tenant_name="O'Brien \\ \"x\"")
    assert bench.rows(db, "SELECT id, name FROM tenants") == [(12, "O'Brien \\ \"x\"")]
    assert bench.value(db, "SELECT count(*) FROM users WHERE tenant_id <> 12") == 0
    assert bench.value(db, "INSERT INTO tenants (name) VALUES ('x') RETURNING id") == 13
    assert bench.migrate(db, default_tenant="12").done == 0


def case_tenants_among_the_tables(bench):
    db = bench.gallery()
    flags = {"tables": GALLERY + ["tenants"], "missing_table": "stop"}
    bench.migrate(db, **flags)
    bench.assert_gallery(db)
    bench.assert_complete(db, **flags)
    assert bench.migrate(db, **flags).done == 0
    assert bench.value(db, "SELECT count(*) FROM pg_attribute WHERE attrelid = 'tenants'::regclass AND attname = 'tenant_id'") == 0
