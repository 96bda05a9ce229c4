"""The optional phases: widen_unique, tenant_foreign_keys, row_security, down, Citus; each with plan, run, check, again."""
import psycopg

from bench import kill

TABLES_OF_ALL = {"widen_unique": "yes", "tenant_foreign_keys": "yes", "row_security": "yes"}


def definition(bench, db):
    """Everything that makes the schema, but statistics."""
    return bench.rows(db, """
        SELECT 'column', attrelid::regclass::text, attname::text, format_type(atttypid, atttypmod), attnotnull::text,
               coalesce(pg_get_expr(adbin, adrelid), '') || coalesce(col_description(attrelid, attnum), '')
        FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid AND relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
        LEFT JOIN pg_attrdef d ON adrelid = attrelid AND adnum = attnum WHERE attnum > 0 AND NOT attisdropped
        UNION ALL SELECT 'constraint', conrelid::regclass::text, conname::text, pg_get_constraintdef(o.oid), convalidated::text,
               coalesce(obj_description(o.oid, 'pg_constraint'), '')
        FROM pg_constraint o WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
        UNION ALL SELECT 'index', indrelid::regclass::text, indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisvalid::text,
               coalesce(obj_description(indexrelid, 'pg_class'), '') || indisreplident
        FROM pg_index JOIN pg_class c ON c.oid = indexrelid AND relnamespace = 'public'::regnamespace
        UNION ALL SELECT 'table', c.oid::regclass::text, relrowsecurity::text, relforcerowsecurity::text, relreplident::text,
               coalesce(obj_description(c.oid, 'pg_class'), '')
        FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
        UNION ALL SELECT 'policy', polrelid::regclass::text, polname::text, '', '', '' FROM pg_policy
        ORDER BY 1, 2, 3""")


def fails(bench, db, text, state):
    with bench.connect(db, autocommit=True) as connection:
        try:
            connection.execute(text)
        except psycopg.Error as error:
            assert error.sqlstate == state, error
            return
    raise AssertionError(f"{text} did not fail")


def case_widen_unique(bench):
    db = bench.gallery()
    bench.sql(db, """
        ALTER TABLE settings REPLICA IDENTITY USING INDEX settings_pkey;
        CREATE TABLE codes (code text CONSTRAINT codes_code UNIQUE DEFERRABLE INITIALLY DEFERRED, note text);
        CREATE UNIQUE INDEX codes_note ON codes (lower(note) DESC) INCLUDE (code) WHERE note <> '';
        COMMENT ON INDEX codes_note IS 'said before';
        CREATE TABLE uses (id serial PRIMARY KEY, event text CONSTRAINT uses_event REFERENCES stripe_events ON UPDATE CASCADE
                           DEFERRABLE, key varchar(100) REFERENCES settings ON DELETE CASCADE);
        INSERT INTO uses (event, key) SELECT id, 'shop_name' FROM stripe_events LIMIT 50;""")
    tables = ",".join(["users", "orders", "settings", "stripe_events", "saas_sites", "codes", "uses"])
    flags = {"tables": tables, "widen_unique": "yes", "keep_unique": "saas_sites_final_domain_key"}
    before = bench.checksums(db)
    assert not bench.check(db, **flags)["complete"]
    plan = bench.run(db, "migrate --plan", code=0, **flags).out
    assert "CREATE UNIQUE INDEX CONCURRENTLY tenantry_wide_users_users_email_key ON public.users USING btree (tenant_id, email);" in plan
    assert "DROP CONSTRAINT users_email_key, ADD CONSTRAINT users_email_key UNIQUE USING INDEX tenantry_wide_users_users_email_key;" in plan
    bench.migrate(db, **flags)
    bench.assert_complete(db, **flags)
    assert bench.checksums(db) == before
    mark = bench.log_mark()
    assert bench.migrate(db, **flags).done == 0 and bench.ddl_since(mark, db) == []
    found = dict(bench.rows(db, "SELECT c.relname, regexp_replace(pg_get_indexdef(c.oid), '^.* USING ', '') FROM pg_index x"
                                " JOIN pg_class c ON c.oid = x.indexrelid WHERE indisunique AND relnamespace = 'public'::regnamespace"))
    assert found["users_email_key"] == "btree (tenant_id, email)" and found["users_pkey"] == "btree (id)"
    assert found["settings_pkey"] == "btree (tenant_id, key)" and found["stripe_events_pkey"] == "btree (tenant_id, id)"
    assert found["saas_sites_final_domain_key"] == "btree (final_domain)" and found["codes_code"] == "btree (tenant_id, code)"
    assert found["codes_note"] == "btree (tenant_id, lower(note) DESC) INCLUDE (code) WHERE (note <> ''::text)", found["codes_note"]
    keys = dict(bench.rows(db, "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'uses'::regclass"))
    assert keys["uses_event"] == ("FOREIGN KEY (tenant_id, event) REFERENCES stripe_events(tenant_id, id) ON UPDATE CASCADE"
                                  " DEFERRABLE"), keys
    assert keys["uses_key_fkey"] == "FOREIGN KEY (tenant_id, key) REFERENCES settings(tenant_id, key) ON DELETE CASCADE"
    assert bench.value(db, "SELECT indisreplident FROM pg_index WHERE indexrelid = 'settings_pkey'::regclass")
    assert bench.value(db, "SELECT condeferrable AND condeferred FROM pg_constraint WHERE conname = 'codes_code'")
    assert "said before" in bench.value(db, "SELECT obj_description('codes_note'::regclass)")
    bench.sql(db, "INSERT INTO tenants (id) VALUES (2); INSERT INTO settings (tenant_id, key) VALUES (2, 'shop_name')")
    fails(bench, db, "INSERT INTO settings (tenant_id, key) VALUES (2, 'shop_name')", "23505")
    fails(bench, db, "INSERT INTO uses (tenant_id, event) SELECT 2, id FROM stripe_events LIMIT 1", "23503")


def case_widen_unique_of_every_form(bench):
    """Expressions, predicates, opclasses, collations, options, NULLS NOT DISTINCT; exclusion constraints are not ours to change."""
    distinct = " NULLS NOT DISTINCT" if bench.version >= 150000 else ""
    db = bench.database(sql=f"""
        CREATE EXTENSION btree_gist;
        CREATE TABLE t (code text, n int NOT NULL, "Mixed Case" text, CONSTRAINT u UNIQUE{distinct} (code));
        CREATE UNIQUE INDEX i ON t ((n % 7)) INCLUDE (code) WHERE n > 3;
        CREATE UNIQUE INDEX c ON t (code COLLATE "C" text_pattern_ops DESC NULLS LAST) WITH (fillfactor = 70);
        CREATE UNIQUE INDEX "Mixed ""q"" x" ON t ("Mixed Case", n);
        ALTER TABLE t REPLICA IDENTITY FULL;
        CREATE TABLE tree (code text CONSTRAINT tree_pkey PRIMARY KEY, above text CONSTRAINT tree_above REFERENCES tree ON DELETE CASCADE
                           DEFERRABLE INITIALLY DEFERRED);
        INSERT INTO tree VALUES ('a', NULL), ('b', 'a'), ('c', 'b');
        CREATE TABLE x (during int4range, room int, CONSTRAINT no_clash EXCLUDE USING gist (during WITH &&, room WITH =));
        INSERT INTO t SELECT i::text, i, i::text FROM generate_series(1, 3) i; INSERT INTO t VALUES (NULL, 4, NULL);""")
    before = definition(bench, db)
    flags = {"tables": "t,tree,x", "widen_unique": "yes"}
    bench.migrate(db, **flags)
    bench.assert_complete(db, **flags)
    found = dict(bench.rows(db, "SELECT c.relname, regexp_replace(pg_get_indexdef(c.oid), '^.* USING ', '') FROM pg_index x JOIN pg_class c"
                                " ON c.oid = x.indexrelid WHERE indrelid IN ('t'::regclass, 'tree'::regclass, 'x'::regclass)"))
    assert found["u"] == "btree (tenant_id, code)" + distinct, found
    assert found["i"] == "btree (tenant_id, ((n % 7))) INCLUDE (code) WHERE (n > 3)", found
    assert found["c"] == """btree (tenant_id, code COLLATE "C" text_pattern_ops DESC NULLS LAST) WITH (fillfactor='70')""", found
    assert found['Mixed "q" x'] == 'btree (tenant_id, "Mixed Case", n)' and found["no_clash"] == "gist (during, room)", found
    assert found["tree_pkey"] == "btree (tenant_id, code)"
    assert bench.value(db, "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'tree_above'") == (
        "FOREIGN KEY (tenant_id, above) REFERENCES tree(tenant_id, code) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED")
    bench.sql(db, "INSERT INTO tenants (name) VALUES ('second'); INSERT INTO t (tenant_id, code, n) SELECT 2, code, n FROM t WHERE n <> 4")
    if distinct:
        fails(bench, db, "INSERT INTO t (code, n) VALUES (NULL, 100)", "23505")
    fails(bench, db, "INSERT INTO tree VALUES ('x', 'a', 2)", "23503")
    assert [h for h in bench.check(db, **flags)["hazards"] if h["object"].startswith("no_clash")], "it is still global, and told"
    mark = bench.log_mark()
    again = bench.migrate(db, **flags)
    assert again.done == 0, again.text
    assert bench.ddl_since(mark, db) == [], bench.ddl_since(mark, db)
    bench.sql(db, "DELETE FROM t WHERE tenant_id = 2; DELETE FROM tenants WHERE id = 2")
    bench.run(db, "migrate --down", tables="t,tree,x", code=0)
    assert definition(bench, db) == before, set(definition(bench, db)) ^ set(before)


def case_widen_unique_what_stays(bench):
    db = bench.database(sql="""
        CREATE TABLE a (code text PRIMARY KEY, x text); CREATE TABLE outside (a text REFERENCES a);
        CREATE TABLE b (code text PRIMARY KEY, x text); CREATE VIEW by_b AS SELECT b.* FROM b GROUP BY code;
        CREATE TABLE c (code text PRIMARY KEY); CREATE TABLE c2 (code text DEFAULT 'x' REFERENCES c ON DELETE SET DEFAULT);
        CREATE TABLE p (code text, PRIMARY KEY (code)) PARTITION BY HASH (code);
        CREATE TABLE p1 PARTITION OF p FOR VALUES WITH (MODULUS 1, REMAINDER 0);""")
    result = bench.migrate(db, tables="a,b,c,c2,p", widen_unique="yes")
    for words in ("'a_pkey' of 'a' stays global: foreign key outside_a_fkey of public.outside: its table is not a configured",
                  "'b_pkey' of 'b' stays global: by_b groups by it",
                  "'c_pkey' of 'c' stays global: foreign key c2_code_fkey of public.c2: SET NULL on update and SET DEFAULT",
                  "'p_pkey' of 'p' stays global: unique keys of partitioned tables"):
        assert words in result.out, (words, result.out)
    assert bench.migrate(db, tables="a,b,c,c2,p", widen_unique="yes").done == 0


def case_tenant_foreign_keys(bench):
    db = bench.gallery()
    flags = {"tenant_foreign_keys": "yes"}
    assert not bench.check(db, **flags)["complete"]
    result = bench.migrate(db, **flags)
    if bench.version >= 150000:
        bench.assert_complete(db, **flags)
        assert [h for h in bench.check(db, **flags)["hazards"] if h["kind"] == "foreign key"] == []
    else:
        assert "needs PostgreSQL 15" in result.out
    assert bench.migrate(db, **flags).done == 0
    bench.sql(db, "INSERT INTO tenants (id) VALUES (2)")
    fails(bench, db, "INSERT INTO favorites (tenant_id, user_id, painting_id) VALUES (2, 1, 300)", "23503")
    bench.sql(db, "DELETE FROM users WHERE id = 399 AND NOT EXISTS (SELECT FROM orders WHERE user_id = 399)"
                  " AND NOT EXISTS (SELECT FROM saas_sites WHERE user_id = 399)")
    # A row that crosses tenants is not changed: the key stays NOT VALID, and the next run tries again.
    db = bench.gallery()
    bench.migrate(db)
    bench.sql(db, "INSERT INTO tenants (id) VALUES (2); UPDATE carts SET tenant_id = 2 WHERE id = 3")
    failed = bench.run(db, code=1, **flags)
    assert "violates foreign key constraint" in failed.text and "refers to another tenant's row" in failed.text
    assert not bench.check(db, **flags)["complete"]
    bench.sql(db, "UPDATE carts SET tenant_id = 1 WHERE id = 3")
    bench.migrate(db, **flags)


def case_row_security(bench):
    db = bench.gallery()
    bench.cluster.create_user("shop1", "secret")
    bench.sql(db, "ALTER TABLE carts ENABLE ROW LEVEL SECURITY; CREATE POLICY mine ON carts USING (id % 2 = 0)")
    flags = {"row_security": "yes"}
    plan = bench.run(db, "migrate --plan", code=0, **flags).out
    assert "CREATE POLICY tenantry_tenant ON public.users AS RESTRICTIVE" in plan and "FORCE ROW LEVEL SECURITY" in plan
    bench.migrate(db, **flags)
    report = bench.assert_complete(db, **flags)
    assert all(t["row_security"] for t in report["tables"])
    assert any(h["kind"] == "role" and "policies do not hold" in h["what"] for h in report["hazards"])
    mark = bench.log_mark()
    assert bench.migrate(db, **flags).done == 0 and bench.ddl_since(mark, db) == []
    bench.sql(db, "INSERT INTO tenants (id) VALUES (2); GRANT ALL ON ALL TABLES IN SCHEMA public TO shop1;"
                  "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO shop1")
    with bench.connect(db, user="shop1", password="secret", autocommit=True) as connection:
        def count(table):
            return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        assert count("users") == 0, "no tenant, no rows"
        connection.execute("SET app.tenant_id = 1")
        assert count("users") == 400 and count("carts") == 110, "the application's own policy still holds"
        connection.execute("SET app.tenant_id = 2")
        assert count("users") == 0
        connection.execute("INSERT INTO settings (tenant_id, key) VALUES (2, 'mine')")
        assert count("settings") == 1
        try:
            connection.execute("INSERT INTO settings (tenant_id, key) VALUES (1, 'theirs')")
            raise AssertionError("a row for another tenant was written")
        except psycopg.Error as error:
            assert error.sqlstate == "42501"
    # Another name of the setting makes the policies anew.
    assert not bench.check(db, tenant_setting="shop.tenant", **flags)["complete"]
    bench.migrate(db, tenant_setting="shop.tenant", **flags)
    with bench.connect(db, user="shop1", password="secret", autocommit=True) as connection:
        connection.execute("SET shop.tenant = 2")
        assert connection.execute("SELECT count(*) FROM settings").fetchone()[0] == 1


def case_row_security_for_an_ordinary_owner(bench):
    """Forced policies hold for the migrating role too: it cannot see rows or statistics, and needs neither."""
    from cases_rights import owned_gallery
    db, url = owned_gallery(bench, "owner6")
    flags = {"url": url, "widen_unique": "yes", "row_security": "yes", "server_default": "setting"}
    bench.migrate(db, **flags)
    again = bench.migrate(db, log_level="debug", **flags)
    assert again.done == 0, again.text
    bench.assert_complete(db, **flags)
    bench.sql(db, "INSERT INTO tenants (id) VALUES (2); INSERT INTO settings (tenant_id, key) VALUES (2, 'x')")
    # Rows that it cannot see it cannot validate; it says so, and does not believe that there are none.
    refused = bench.run(db, code=1, **{**flags, "tenant_foreign_keys": "yes"})
    assert "row-level security" in refused.text and "BYPASSRLS" in refused.text
    bench.sql(db, "ALTER ROLE owner6 BYPASSRLS")
    bench.migrate(db, **{**flags, "tenant_foreign_keys": "yes"})
    bench.sql(db, "ALTER ROLE owner6 NOBYPASSRLS")
    assert "other tenants" in bench.run(db, "migrate --down", url=url, code=1).text
    bench.sql(db, "DELETE FROM settings WHERE tenant_id = 2; DELETE FROM tenants WHERE id = 2")
    bench.run(db, "migrate --down", url=url, code=0)
    assert bench.value(db, "SELECT count(*) FROM pg_policy") == 0


def case_down(bench):
    db = bench.gallery()
    bench.sql(db, "COMMENT ON CONSTRAINT carts_user_id_fkey ON carts IS 'ours; really'; COMMENT ON INDEX settings_pkey IS 'the key';"
                  "ALTER TABLE settings REPLICA IDENTITY USING INDEX settings_pkey;"
                  "ALTER TABLE saas_sites ALTER tenant_id SET DEFAULT 1; UPDATE saas_sites SET tenant_id = 1;"
                  "ALTER TABLE saas_sites ALTER tenant_id SET NOT NULL")
    before, sums = definition(bench, db), bench.checksums(db)
    for flags in ({}, TABLES_OF_ALL, {"server_default": "setting", "widen_unique": "yes"}):
        bench.migrate(db, **flags)
        plan = bench.run(db, "migrate --down --plan", code=0).out
        assert "DROP COLUMN tenant_id" in plan and "Nothing is changed" in plan
        bench.run(db, "migrate --down", code=0)
        after = definition(bench, db)
        # A default of ours on a column that was there before stays: nobody knows whose it is.
        if flags.get("server_default"):
            bench.sql(db, "ALTER TABLE users ALTER tenant_id SET DEFAULT 1; ALTER TABLE saas_sites ALTER tenant_id SET DEFAULT 1")
            after = definition(bench, db)
        assert after == before, (flags, set(after) ^ set(before))
        assert bench.checksums(db) == sums
        again = bench.run(db, "migrate --down", code=0)
        assert again.done == 0


def case_down_of_partitions(bench):
    """Where the column was there before, the indexes and keys of the whole tree go, but for what others have attached."""
    from cases_shapes import PARTITIONED
    adopted = "ALTER TABLE events ADD COLUMN tenant_id integer NOT NULL DEFAULT 1;"
    for sql in (PARTITIONED, PARTITIONED + adopted):
        db = bench.database(sql=sql)
        before = definition(bench, db)
        bench.migrate(db, tables="events", row_security="yes")
        bench.run(db, "migrate --down", tables="events", code=0)
        after = definition(bench, db)
        assert after == before, set(after) ^ set(before)
        assert bench.value(db, "SELECT count(*) FROM events") == 500
    db = bench.database(sql=PARTITIONED + adopted + "CREATE INDEX theirs ON events_2024 (tenant_id)")
    bench.migrate(db, tables="events")
    result = bench.run(db, "migrate --down", tables="events", code=0)
    assert "index 'idx_events_tenant_id' of 'events' stays: indexes of others are attached to it" in result.out
    assert bench.value(db, "SELECT to_regclass('theirs') IS NOT NULL")


def case_down_refuses_other_tenants(bench):
    db = bench.gallery()
    bench.migrate(db)
    bench.sql(db, "INSERT INTO tenants (id) VALUES (2); INSERT INTO settings (tenant_id, key) VALUES (2, 'x')")
    before = definition(bench, db)
    refused = bench.run(db, "migrate --down", code=1)
    assert "cannot be taken back" in refused.text and "public.settings, public.tenants" in refused.text
    assert definition(bench, db) == before
    assert "would stop at once" in bench.run(db, "migrate --down --plan", code=0).out


def killed_after(bench, db, what, step, **flags):
    """Starts it and kills it when so many steps were printed. False: it ended before."""
    process = bench.start(db, what, **flags)
    for line in process.stdout:
        step -= "✅" in line
        if step <= 0:
            break
    kill(process)
    return step <= 0


# Small enough that every step can be the last one: a global key that others refer to, and a foreign key of its own.
KILLED = ["settings", "users", "carts"]


def case_down_killed(bench):
    before = [row for row in definition(bench, bench.gallery())]
    source = bench.gallery()
    bench.migrate(source, tables=KILLED, **TABLES_OF_ALL)
    killed = 0
    for step in range(1, 100, 2):
        db = bench.database(template=source)
        if not killed_after(bench, db, "migrate --down", step, tables=KILLED):
            break
        killed += 1
        bench.run(db, "migrate --down", tables=KILLED, code=0)
        after = definition(bench, db)
        assert after == before, (step, set(after) ^ set(before))
        bench.drop(db)
    assert killed >= 6, killed


def case_down_of_a_run_that_was_killed(bench):
    """The way back from the middle of the way forth."""
    tables = ["settings", "carts"]
    before = definition(bench, bench.gallery())
    for step in range(1, 14, 2):
        db = bench.gallery()
        assert killed_after(bench, db, "migrate", step, tables=tables, widen_unique="yes"), step
        bench.run(db, "migrate --down", tables=tables, code=0)
        after = definition(bench, db)
        assert after == before, (step, set(after) ^ set(before))
        bench.drop(db)


def case_phases_killed(bench):
    """After each step of the optional phases; the ones before are case_killed_after_each_step's."""
    source = bench.gallery()
    bench.migrate(source, tables=KILLED)
    reference = bench.database(template=source)
    bench.migrate(reference, tables=KILLED, **TABLES_OF_ALL)
    wanted = definition(bench, reference)
    again = bench.migrate(source, tables=KILLED).out.count("✅")
    killed = 0
    for step in range(again + 1, 200):
        db = bench.database(template=source)
        if not killed_after(bench, db, "migrate", step, tables=KILLED, **TABLES_OF_ALL):
            break
        killed += 1
        bench.migrate(db, tables=KILLED, **TABLES_OF_ALL)
        found = definition(bench, db)
        assert found == wanted, (step, set(found) ^ set(wanted))
        bench.drop(db)
    assert killed >= 8, killed


def case_key_without_its_comment(bench):
    """A run that was killed between the index and its comment: the next one marks it, so that the way back knows it."""
    db = bench.gallery()
    before = definition(bench, db)
    bench.migrate(db, tables=KILLED, **TABLES_OF_ALL)
    wanted = definition(bench, db)
    bench.sql(db, "COMMENT ON INDEX tenantry_key_users_id IS NULL")
    assert definition(bench, db) != wanted
    assert "marked as made by the migration" in bench.migrate(db, tables=KILLED, **TABLES_OF_ALL).out
    assert definition(bench, db) == wanted
    assert "marked" not in bench.migrate(db, tables=KILLED, **TABLES_OF_ALL).out
    bench.run(db, "migrate --down", tables=KILLED, code=0)
    assert definition(bench, db) == before


def case_index_without_its_name(bench):
    """A run that was killed in the build or right behind it: the next one gives the name and the comment, the way back knows it."""
    from cases_shapes import PARTITIONED
    adopted = "CREATE TABLE t (id int, tenant_id int NOT NULL DEFAULT 1);"
    for sql, tables, name in ((adopted, "t", "t"), (PARTITIONED + "ALTER TABLE events ADD COLUMN tenant_id int NOT NULL DEFAULT 1",
                                                    "events", "events_2024")):
        db = bench.database(sql=sql)
        before = definition(bench, db)
        bench.migrate(db, tables=tables)
        wanted = definition(bench, db)
        for way_back in (False, True):
            bench.run(db, "migrate --down", tables=tables, code=0)
            assert definition(bench, db) == before
            bench.sql(db, f"CREATE INDEX tenantry_idx_{name}_tenant_id ON {name} (tenant_id)")
            if not way_back:
                assert not bench.check(db, tables=tables)["complete"]
                assert f"Index 'idx_{name}_tenant_id' of '{name}' named" in bench.migrate(db, tables=tables).out
                assert definition(bench, db) == wanted, set(definition(bench, db)) ^ set(wanted)
                assert bench.migrate(db, tables=tables).done == 0
        bench.run(db, "migrate --down", tables=tables, code=0)
        assert definition(bench, db) == before
    # Somebody has built one of the same name meanwhile, and somebody else's relation has the name of the build.
    db = bench.database(sql=adopted + "CREATE INDEX tenantry_idx_t_tenant_id ON t (tenant_id); CREATE INDEX idx_t_tenant_id ON t (tenant_id)")
    bench.migrate(db, tables="t")
    assert bench.migrate(db, tables="t").done == 0
    bench.run(db, "migrate --down", tables="t", code=0)
    assert bench.value(db, "SELECT string_agg(relname, ' ') FROM pg_class WHERE relname LIKE '%idx%t_tenant_id%'") == "idx_t_tenant_id"
    db = bench.database(sql=adopted + "CREATE TABLE tenantry_idx_t_tenant_id (id int)")
    bench.migrate(db, tables="t")
    assert bench.migrate(db, tables="t").done == 0


def case_citus(bench):
    db = bench.gallery()
    bench.sql(db, "CREATE TABLE countries (code text PRIMARY KEY); ALTER TABLE users ADD country text REFERENCES countries")
    result = bench.run(db, "check --citus", code=1)
    assert "it is not complete" in result.out
    bench.migrate(db, widen_unique="yes", tenant_foreign_keys="yes")
    result = bench.run(db, "check --citus", code=1)
    assert "key users_pkey of users: it does not contain tenant_id" in result.out
    assert "trigger orders_status on orders" in result.out
    script = [line for line in result.out.splitlines() if line.startswith("SELECT create_")]
    assert script[0] == "SELECT create_reference_table('public.countries');", script
    assert script[1] == "SELECT create_distributed_table('public.tenants', 'id');"
    assert "SELECT create_distributed_table('public.users', 'tenant_id', colocate_with => 'public.tenants');" in script
    order = [line.split("'")[1].split(".")[1] for line in script]
    for child, parent in (("carts", "users"), ("cart_items", "carts"), ("order_items", "orders"), ("stripe_events", "orders")):
        assert order.index(child) > order.index(parent), order
    assert len(order) == 15
    db = bench.database(sql="CREATE TABLE t (id int)")
    bench.migrate(db, tables="t")
    assert "READY" in bench.run(db, "check --citus", tables="t", code=0).out
