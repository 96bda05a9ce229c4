/* The table of statement kinds, effects on the session, SET, schema changes. Statements go through the
 * facade. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser/settings_policy.h"
#include "tests/lib/ask.h"
#include "tests/lib/catalog_text.h"

static void all(const struct ask *ask, const char *const *list, enum verdict_kind kind)
{
	bool fine = true;
	for (; *list; list++)
		fine &= ask_is(ask, *list, kind);
	assert_true(fine);
}

/* One statement of every kind that the grammar knows, as a bound user with the default policy sees it. */
static const char *const PASSING[] = {
	"",
	";",
	"-- nothing",
	"SELECT 1",
	"VALUES (1)",
	"SELECT * FROM countries",
	"TABLE countries",
	"INSERT INTO countries VALUES ('a', 'b')",
	"UPDATE countries SET name = 'x'",
	"DELETE FROM countries",
	"MERGE INTO countries c USING currencies d ON c.code = d.code WHEN MATCHED THEN DELETE",
	"TRUNCATE countries",
	"COPY countries TO STDOUT",
	"COPY countries FROM STDIN",
	"EXPLAIN SELECT 1",
	"DECLARE c CURSOR FOR SELECT 1",
	"PREPARE p AS SELECT 1",
	"EXECUTE p",
	"CREATE TEMP TABLE a AS SELECT 1",
	"CREATE TABLE a AS SELECT 1 AS x",
	"SELECT 1 AS x INTO TEMP a",
	"BEGIN",
	"START TRANSACTION ISOLATION LEVEL SERIALIZABLE",
	"COMMIT",
	"END",
	"ROLLBACK",
	"ABORT",
	"SAVEPOINT a",
	"RELEASE a",
	"ROLLBACK TO a",
	"PREPARE TRANSACTION 'x'",

	"SET statement_timeout = 0",
	"SET TRANSACTION READ ONLY",
	"SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
	"SET CONSTRAINTS ALL DEFERRED",
	"SET TIME ZONE 'UTC'",
	"SET TIME ZONE LOCAL",
	"SET TIME ZONE INTERVAL '1' HOUR TO MINUTE",
	"SET NAMES 'utf8'",
	"SET client_encoding = 'LATIN1'",
	"SET SCHEMA 'shop'",
	"SET search_path = shop, public",
	"SET XML OPTION DOCUMENT",
	"SET standard_conforming_strings = on",
	"SET app.tenant_id = 7",
	"SET LOCAL app.other = 'x'",
	"SET ROLE TO DEFAULT",
	"SET SESSION AUTHORIZATION DEFAULT",
	"RESET ROLE",
	"SET DateStyle TO ISO, DMY",
	"RESET search_path",
	"RESET ALL",
	"SHOW search_path",
	"SHOW ALL",
	"DISCARD ALL",
	"DISCARD TEMP",
	"DISCARD PLANS",
	"DISCARD SEQUENCES",
	"DEALLOCATE p",
	"DEALLOCATE ALL",
	"FETCH 1 FROM c",
	"MOVE ALL FROM c",
	"CLOSE c",
	"CLOSE ALL",
	"LISTEN a",
	"UNLISTEN *",
	"NOTIFY a, 'b'",
	"LOCK TABLE orders",
	"CREATE UNIQUE INDEX ON orders (tenant_id, status)",
	"ALTER TABLE orders ADD UNIQUE (status, tenant_id)",
	"ALTER TABLE orders ADD PRIMARY KEY (tenant_id, id)",
	"VACUUM",
	"VACUUM (FULL, ANALYZE) orders",
	"ANALYZE orders",
	"REINDEX TABLE orders",
	"CLUSTER orders",
	"CHECKPOINT",
	"COMMENT ON TABLE orders IS 'x'",
	"REFRESH MATERIALIZED VIEW sales_by_status",
	"CALL add_vat(1)",
	"DO $$ BEGIN PERFORM 1; END $$",
	"DO $$ BEGIN CREATE TYPE mood AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN NULL; END $$",
	"CREATE TEMP TABLE a (id int)",
	"CREATE TEMP VIEW a AS SELECT 1",
	"CREATE VIEW a AS SELECT * FROM countries",
	"CREATE INDEX ON orders (status)",

	"CREATE SEQUENCE s",
	"ALTER SEQUENCE invoice_numbers INCREMENT 2",
	"CREATE TEMP SEQUENCE s",
	"CREATE SCHEMA s",
	"CREATE SCHEMA IF NOT EXISTS shop",
	"CREATE DOMAIN d AS int CHECK (VALUE > 0)",
	"ALTER DOMAIN d ADD CHECK (VALUE < 9) NOT VALID",
	"ALTER DOMAIN d DROP NOT NULL",
	"CREATE TYPE t AS (a int)",
	"CREATE TYPE t AS ENUM ('a')",
	"ALTER TYPE t ADD VALUE 'b'",
	"ALTER TYPE t ADD ATTRIBUTE b int",
	"CREATE TYPE t AS RANGE (SUBTYPE = int)",
	"CREATE STATISTICS s ON status, total FROM orders",
	"CREATE STATISTICS s ON code, (lower(name)) FROM countries",
	"ALTER STATISTICS s SET STATISTICS 10",
	"CREATE EXTENSION IF NOT EXISTS pgcrypto",
	"ALTER EXTENSION pgcrypto UPDATE",
	"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
	"CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.x := now(); RETURN "
	"NEW; END $$",
	"CREATE FUNCTION f() RETURNS int RETURN 1",
	"ALTER FUNCTION f() IMMUTABLE",
	"CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1'",
	"CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path = shop AS 'SELECT 1'",

	"CREATE AGGREGATE a (int) (SFUNC = int4pl, STYPE = int)",
	"CREATE COLLATION c (LOCALE = 'C')",
	"ALTER COLLATION c REFRESH VERSION",
	"CREATE TEXT SEARCH CONFIGURATION x (COPY = simple)",
	"ALTER TEXT SEARCH CONFIGURATION x DROP MAPPING FOR word",
	"ALTER TEXT SEARCH DICTIONARY x (a = b)",
	"ALTER TABLE orders ADD COLUMN note text DEFAULT upper('x')",

	"ALTER TABLE orders ALTER COLUMN status SET DEFAULT 'x'",
	"ALTER TABLE orders DROP CONSTRAINT some_check",
	"ALTER TABLE countries RENAME TO nations",
	"ALTER TABLE orders RENAME COLUMN status TO state",
	"ALTER INDEX carts_pkey RENAME TO x",
	"ALTER TABLE orders RENAME CONSTRAINT a TO b",
	"ALTER TABLE nowhere ADD COLUMN x int",
	"ALTER TABLE countries SET SCHEMA shop",
	"DROP TABLE countries",

	"DROP TABLE IF EXISTS nowhere, shop.nowhere CASCADE",
	"DROP VIEW country_names",
	"DROP INDEX IF EXISTS nothing",
	"DROP SEQUENCE invoice_numbers",
	"DROP FUNCTION add_vat(numeric)",
	"DROP TYPE IF EXISTS mood",

	"DROP EXTENSION IF EXISTS pgcrypto",
	"DROP SCHEMA IF EXISTS empty",
	NULL};

static const char *const GUARDED[] = {
	"CREATE TEMP VIEW a AS SELECT * FROM orders",
	"CREATE RECURSIVE VIEW pg_temp.a (b) AS SELECT id FROM orders",
	"SELECT * FROM orders",
	"TABLE orders",
	"INSERT INTO orders (total) VALUES (1)",
	"UPDATE orders SET total = 0",
	"DELETE FROM orders",
	"MERGE INTO orders o USING currencies c ON o.status = c.code WHEN MATCHED THEN DELETE",
	"TRUNCATE orders",
	"COPY orders TO STDOUT",
	"COPY orders FROM STDIN",
	"EXPLAIN (COSTS off) SELECT * FROM orders",
	"DECLARE c CURSOR FOR SELECT * FROM orders",
	"PREPARE p AS SELECT * FROM orders",
	"CREATE TEMP TABLE a AS SELECT * FROM orders",
	"SELECT * INTO TEMP a FROM orders",
	"CREATE TABLE a (id int)",
	"CREATE UNLOGGED TABLE IF NOT EXISTS shop.a (id int)",
	NULL};

static const char *const REFUSED[] = {
	"ALTER SYSTEM SET work_mem = 1",
	"LOAD 'x'",
	"EXPLAIN SELECT * FROM orders",
	"EXPLAIN (COSTS off, ANALYZE) SELECT * FROM orders",
	"SET debug_print_plan = on",
	"ALTER DOMAIN d ADD CHECK (VALUE < 9)",
	"ALTER DOMAIN d SET NOT NULL",
	"ALTER DOMAIN d VALIDATE CONSTRAINT c",
	"CREATE STATISTICS s ON status, (lower(status)) FROM orders",
	"CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p",
	"ALTER SUBSCRIPTION s ENABLE",
	"DROP SUBSCRIPTION s",
	"GRANT SELECT ON orders TO PUBLIC",
	"REVOKE ALL ON orders FROM PUBLIC",
	"GRANT a TO b",
	"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO a",
	"ALTER TABLE orders OWNER TO a",
	"REASSIGN OWNED BY a TO b",
	"DROP OWNED BY a",
	"CREATE ROLE a",
	"CREATE USER a",
	"ALTER ROLE a LOGIN",
	"ALTER ROLE a SET search_path = x",
	"ALTER DATABASE d SET search_path = x",
	"DROP ROLE a",
	"CREATE POLICY p ON orders USING (true)",
	"ALTER POLICY p ON orders USING (true)",
	"DROP POLICY p ON orders",
	"SECURITY LABEL ON TABLE orders IS 'x'",
	"CREATE CAST (int AS text) WITHOUT FUNCTION",
	"CREATE OPERATOR = (LEFTARG = int, RIGHTARG = text, FUNCTION = f)",
	"CREATE OPERATOR CLASS c FOR TYPE int USING btree AS OPERATOR 1 <",
	"CREATE OPERATOR FAMILY f USING btree",
	"ALTER OPERATOR FAMILY f USING btree ADD OPERATOR 1 < (int, int)",
	"ALTER OPERATOR = (int, int) SET (RESTRICT = NONE)",
	"CREATE TYPE t (INPUT = a, OUTPUT = b)",
	"ALTER TYPE t SET (RECEIVE = x)",
	"CREATE CONVERSION c FOR 'UTF8' TO 'LATIN1' FROM f",
	"CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION f(internal))",
	"CREATE ACCESS METHOD a TYPE TABLE HANDLER h",
	"CREATE LANGUAGE x HANDLER h",
	"CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()",
	"ALTER EVENT TRIGGER e DISABLE",
	"ALTER EXTENSION e ADD TABLE orders",
	"ALTER FUNCTION f() DEPENDS ON EXTENSION e",
	"CREATE FOREIGN DATA WRAPPER f",
	"ALTER FOREIGN DATA WRAPPER f HANDLER h",
	"CREATE SERVER s FOREIGN DATA WRAPPER f",
	"ALTER SERVER s OPTIONS (a 'b')",
	"CREATE FOREIGN TABLE t (a int) SERVER s",
	"IMPORT FOREIGN SCHEMA a FROM SERVER s INTO b",
	"CREATE USER MAPPING FOR a SERVER s",
	"ALTER USER MAPPING FOR a SERVER s OPTIONS (a 'b')",
	"DROP USER MAPPING FOR a SERVER s",
	"CREATE PUBLICATION p FOR ALL TABLES",
	"ALTER PUBLICATION p ADD TABLE orders",
	"DROP PUBLICATION p",
	"ALTER TABLE ALL IN TABLESPACE a SET TABLESPACE b",
	"CREATE TABLESPACE t LOCATION 'x'",
	"ALTER TABLESPACE t SET (seq_page_cost = 1)",
	"DROP TABLESPACE t",
	"CREATE DATABASE d",
	"ALTER DATABASE d CONNECTION LIMIT 1",
	"ALTER DATABASE d REFRESH COLLATION VERSION",
	"DROP DATABASE d",
	"SET ROLE admin",
	"SET ROLE NONE",
	"UPDATE pg_settings SET setting = 'shop' WHERE name = 'search_path'",
	"WITH x AS (UPDATE pg_catalog.pg_settings SET setting = 'shop' RETURNING 1) SELECT * FROM x",
	"PREPARE p AS UPDATE pg_settings SET setting = 'x'",
	"EXPLAIN ANALYZE UPDATE pg_settings SET setting = 'x'",
	"DELETE FROM pg_class",
	"INSERT INTO pg_proc VALUES (1)",
	"CREATE VIEW a AS SELECT * FROM pg_settings",
	"CREATE TEMP VIEW a AS SELECT * FROM \"pg_settings\"",
	"DO $$ BEGIN UPDATE pg_settings SET setting = 'x'; END $$",
	"DO $$ BEGIN UPDATE ONLY pg_catalog . pg_settings SET setting = 'x'; END $$",
	"SET cpu_operator_cost = 0",
	"SET LOCAL cpu_tuple_cost = 1e-300",
	"SELECT set_config('CPU_OPERATOR_COST', '0', false)",
	"ALTER FUNCTION add_vat SET cpu_operator_cost = 0",
	"DO $$ BEGIN COMMIT; END $$",
	"DO $$ BEGIN NULL; ROLLBACK AND CHAIN; END $$",
	"SET SESSION AUTHORIZATION admin",
	"SET standard_conforming_strings = off",
	"SET client_encoding = 'SJIS'",
	"SET NAMES 'GBK'",
	"SET row_security = off",
	"SET session_replication_role = replica",
	"SET search_path = public, pg_catalog",
	"SET search_path = pg_temp, public",
	"SET search_path = public, \"pg_temp\"",
	"SET search_path = \"pg_temp_3\"",
	"SET app.tenant_id = 'x'",
	"SET app.tenant_id = ''",
	"SET search_path FROM CURRENT",
	"DO $$ BEGIN DELETE FROM orders; END $$",
	"DO LANGUAGE plpython3u 'x'",
	"CALL run_it('x')",

	"CREATE VIEW a AS SELECT * FROM orders",
	"CREATE OR REPLACE VIEW country_names AS SELECT email FROM users",
	"CREATE MATERIALIZED VIEW a AS SELECT * FROM orders",
	"CREATE TABLE a AS SELECT * FROM orders",
	"SELECT * INTO a FROM orders",
	"CREATE TABLE a AS EXECUTE p",
	"CREATE FUNCTION f() RETURNS SETOF orders LANGUAGE sql AS 'SELECT * FROM orders'",
	"CREATE FUNCTION f() RETURNS bigint RETURN count_orders()",
	"CREATE FUNCTION f() RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM orders; END",
	"CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'x', 'y'",
	"CREATE FUNCTION f() RETURNS text LANGUAGE internal AS 'pg_read_file'",
	"CREATE FUNCTION f(a bigint DEFAULT count_orders()) RETURNS int LANGUAGE sql AS 'SELECT 1'",
	"CREATE FUNCTION f() RETURNS int LANGUAGE sql SET app.tenant_id = '2' AS 'SELECT 1'",
	"CREATE FUNCTION f() RETURNS int LANGUAGE sql SET row_security = off AS 'SELECT 1'",
	"ALTER FUNCTION f() SET row_security = off",
	"CREATE TRIGGER t AFTER INSERT ON orders EXECUTE FUNCTION run_it()",
	"CREATE RULE r AS ON INSERT TO countries DO ALSO SELECT * FROM orders",
	"CREATE RULE r AS ON SELECT TO orders DO INSTEAD SELECT 1",
	"CREATE AGGREGATE a (int) (SFUNC = run_it, STYPE = int)",
	"CREATE TABLE a (id int DEFAULT count_orders())",
	"CREATE TABLE a (id int CHECK (count_orders() > id))",
	"CREATE TABLE a OF t",
	"CREATE INDEX ON countries (count_orders())",
	"CREATE DOMAIN d AS int CHECK (count_orders() > VALUE)",
	"CREATE SCHEMA s CREATE VIEW t AS SELECT 1",
	"CREATE SCHEMA s AUTHORIZATION a",
	"ALTER SEQUENCE invoice_numbers RESTART",
	"ALTER TABLE orders DROP COLUMN tenant_id",
	"ALTER TABLE orders ALTER tenant_id TYPE text",
	"ALTER TABLE orders ALTER tenant_id DROP NOT NULL",
	"ALTER TABLE orders ALTER tenant_id SET DEFAULT 2",
	"ALTER TABLE orders DROP CONSTRAINT orders_pkey",
	"ALTER TABLE orders DISABLE ROW LEVEL SECURITY",
	"ALTER TABLE orders DISABLE TRIGGER ALL",
	"ALTER TABLE orders INHERIT countries",
	"ALTER TABLE countries ATTACH PARTITION orders DEFAULT",
	"ALTER TABLE events DETACH PARTITION countries",
	"ALTER TABLE orders RENAME TO x",
	"ALTER TABLE orders RENAME tenant_id TO x",
	"ALTER TABLE nowhere DROP COLUMN tenant_id",
	"ALTER TABLE orders RENAME status TO tenant_id",
	"ALTER TABLE orders SET SCHEMA shop",
	"ALTER FUNCTION count_orders() RENAME TO x",
	"ALTER FUNCTION run_it(text) SET SCHEMA shop",
	"ALTER SCHEMA shop RENAME TO x",
	"ALTER ROLE a RENAME TO b",
	"ALTER VIEW order_totals RENAME TO x",
	"DROP TABLE orders",
	"DROP TABLE countries, orders",
	"DROP TABLE IF EXISTS shop.invoices",

	"DROP VIEW order_totals",
	"DROP MATERIALIZED VIEW sales_by_status",
	"DROP SCHEMA shop",
	"DROP SCHEMA public CASCADE",
	"DROP SCHEMA pg_temp",
	"DROP INDEX carts_tenant_session_key",

	"DROP RULE r ON orders",
	"DROP OPERATOR = (int, text)",
	"DROP CAST (int AS text)",
	"DROP LANGUAGE plpgsql",
	"DROP SERVER s",
	"CREATE FUNCTION f(text) RETURNS bool LANGUAGE plpgsql COST 0.5 AS 'BEGIN RETURN true; END'",
	"ALTER FUNCTION add_vat(numeric) COST 0.0001",
	"CREATE FUNCTION f() RETURNS int LANGUAGE sql LEAKPROOF AS 'SELECT 1'",
	"ALTER FUNCTION add_vat(numeric) SUPPORT f",
	"CREATE AGGREGATE a (text, bool) (SFUNC = set_config, STYPE = text, INITCOND = 'search_path')",
	"CREATE TYPE t AS RANGE (SUBTYPE = int, SUBTYPE_DIFF = run_it)",
	NULL};

/* Migrations of the application: they look at, or change, the rows of all tenants. Not for a user that is
 * bound to one. */
static const char *const MIGRATIONS[] = {
	"ALTER TABLE orders ADD PRIMARY KEY (id)",
	"ALTER TABLE orders ADD CONSTRAINT k UNIQUE (status)",
	"ALTER TABLE orders ADD UNIQUE USING INDEX k",
	"ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id)",
	"ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE NOT VALID",
	"ALTER TABLE orders ADD COLUMN x int DEFAULT 1 REFERENCES countries (code) ON DELETE CASCADE",
	"ALTER TABLE orders ADD COLUMN x int UNIQUE",
	"ALTER TABLE orders ALTER status SET NOT NULL",
	"ALTER TABLE orders SET UNLOGGED",
	"CREATE UNIQUE INDEX ON orders (status)",
	"CREATE UNIQUE INDEX ON orders (tenant_id, status) WHERE status = 'x'",
	"CREATE SCHEMA app",
	"CREATE UNIQUE INDEX CONCURRENTLY i ON orders (lower(status)) WHERE total > 0",
	"CREATE INDEX ON orders ((total / 2))",
	"CREATE TRIGGER t BEFORE UPDATE ON orders FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE "
	"FUNCTION add_vat()",
	"CREATE OR REPLACE FUNCTION add_vat(amount numeric) RETURNS numeric LANGUAGE sql AS 'SELECT amount * "
	"1.21'",
	"ALTER TABLE orders DROP COLUMN status",
	"ALTER TABLE orders DROP COLUMN status CASCADE",
	"ALTER TABLE orders ALTER COLUMN status TYPE varchar",
	"ALTER TABLE orders ALTER COLUMN status TYPE varchar USING lower(status)",
	"ALTER TABLE orders ADD CHECK (total > 0)",
	"ALTER TABLE orders VALIDATE CONSTRAINT x",
	"ALTER TABLE orders ADD COLUMN x numeric GENERATED ALWAYS AS (total / 2) STORED",
	"ALTER TABLE orders ADD COLUMN x numeric CHECK (x > 0)",
	"ALTER TABLE orders ADD EXCLUDE USING gist (status WITH =)",
	"ALTER TABLE countries ADD COLUMN tenant_id integer",
	"CREATE RULE r AS ON DELETE TO countries DO INSTEAD NOTHING",
	"CREATE TRIGGER t BEFORE UPDATE ON countries EXECUTE FUNCTION add_vat()",
	"CREATE FUNCTION lower(varchar) RETURNS text LANGUAGE sql AS 'SELECT $1'",
	"ALTER TABLE orders ADD CHECK (add_vat(total) > 0) NOT VALID",
	"ALTER TABLE orders ALTER total SET DEFAULT add_vat(1)",
	"ALTER TABLE orders ADD COLUMN x numeric DEFAULT public.add_vat(1)",
	"ALTER TABLE countries ALTER name SET DEFAULT current_query()",
	"CREATE DOMAIN d AS numeric CHECK (add_vat(VALUE) > 0)",
	"CREATE TABLE a (x numeric DEFAULT add_vat(1))",
	"CREATE OR REPLACE VIEW country_names AS SELECT code AS name FROM countries",
	"COMMIT PREPARED 'x'",
	"ANALYZE VERBOSE orders",
	"VACUUM (VERBOSE) orders",
	"REINDEX (VERBOSE) TABLE orders",
	"CLUSTER VERBOSE",
	"ROLLBACK PREPARED 'x'",
	"DROP TRIGGER t ON orders",
	"DROP TABLE countries CASCADE",
	"DROP TYPE x CASCADE",
	"ALTER TABLE events DETACH PARTITION events_2026",
	"CREATE EXTENSION dblink",
	"ALTER TABLE orders DROP CONSTRAINT x CASCADE",
	NULL};

static void test_kinds(void **state)
{
	struct ask ask;
	ask_init(&ask);
	all(&ask, PASSING, VERDICT_PASS);
	all(&ask, GUARDED, VERDICT_GUARD);
	all(&ask, REFUSED, VERDICT_REFUSE);
	all(&ask, MIGRATIONS, VERDICT_REFUSE);
	ask.right = RIGHT_CHOOSE;
	for (const char *const *sql = MIGRATIONS; *sql; sql++)
		assert_true(ask_is(&ask, *sql, strstr(*sql, "CREATE TABLE") ? VERDICT_GUARD : VERDICT_PASS));
	ask.right = RIGHT_BYPASS;
	all(&ask, GUARDED, VERDICT_PASS);
	assert_true(ask_is(&ask, "DROP TABLE orders", VERDICT_PASS));
	assert_true(ask_is(&ask, "ALTER SYSTEM SET work_mem = 1", VERDICT_PASS));
	ask_free(&ask);
}

static void test_ddl_settings(void **state)
{
	static const char *const ALLOWED[] = {
		"DROP TABLE orders",
		"CREATE VIEW a AS SELECT * FROM orders",
		"GRANT SELECT ON orders TO a",
		"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1 FROM orders'",
		"CREATE ROLE a",
		"ALTER TABLE orders DROP COLUMN tenant_id",
		"DROP SCHEMA public CASCADE",
		NULL};
	static const char *const TEMPORARY[] = {
		"CREATE TEMP TABLE a (id int)",     "CREATE TEMP SEQUENCE a", "CREATE INDEX ON tmp (id)",
		"ALTER TABLE tmp ADD COLUMN x int", "DROP TABLE tmp",         NULL};
	static const char *const CHANGES[] = {"CREATE TABLE a (id int)",
										  "CREATE INDEX ON orders (id)",
										  "DROP TABLE IF EXISTS nowhere",
										  "CREATE TYPE t AS ENUM ('a')",
										  "COMMIT; CREATE SEQUENCE s",
										  "DO $$ BEGIN CREATE TYPE a AS (b int); END $$",
										  "CREATE ROLE a",
										  "CREATE TABLE a AS SELECT 1 AS x",
										  NULL};
	static const char *const temporaries[] = {"tmp"};
	struct ask ask;
	ask_init(&ask);
	ask.names.temporaries = temporaries;
	ask.names.n_temporaries = 1;
	ask.policy.ddl = DDL_ALLOW;
	all(&ask, ALLOWED, VERDICT_PASS);
	assert_true(ask_is(&ask, "ALTER SYSTEM SET work_mem = 1", VERDICT_REFUSE));
	ask.policy.ddl = DDL_REFUSE;
	all(&ask, TEMPORARY, VERDICT_PASS);
	all(&ask, CHANGES, VERDICT_REFUSE);
	ask.policy.ddl = DDL_SAFE;
	ask.policy.new_tables = NEW_TABLES_REFUSE;
	assert_true(ask_refused(&ask, "CREATE TABLE a (id int)", "42501", "new tables"));
	assert_true(ask_is(&ask, "CREATE TABLE a PARTITION OF events DEFAULT", VERDICT_PASS));
	ask.policy.new_tables = NEW_TABLES_SHARED;
	assert_true(ask_is(&ask, "CREATE TABLE a (id int)", VERDICT_PASS));
	ask_free(&ask);
}

static void test_new_tables(void **state)
{
	struct ask ask;
	ask_init(&ask);
	assert_true(ask_becomes(&ask, "CREATE TABLE a (id int PRIMARY KEY)",
							"CREATE TABLE a (id int PRIMARY KEY, tenant_id integer NOT NULL DEFAULT 1)"));
	assert_true(ask_becomes(
		&ask,
		"create /* ( */ table if not exists \"shop\" . \"A (\" -- (\n ( id int -- )\n ) with (fillfactor=90)",
		"create /* ( */ table if not exists \"shop\" . \"A (\" -- (\n ( id int -- )\n , tenant_id integer "
		"NOT NULL DEFAULT 1) with (fillfactor=90)"));
	assert_true(
		ask_becomes(&ask, "CREATE TABLE a ()", "CREATE TABLE a (tenant_id integer NOT NULL DEFAULT 1)"));
	assert_true(ask_becomes(&ask, "CREATE TABLE a (id int, CHECK ((id) > 0)) PARTITION BY LIST ((id + 1))",
							"CREATE TABLE a (id int, CHECK ((id) > 0), tenant_id integer NOT NULL DEFAULT 1) "
							"PARTITION BY LIST ((id + 1))"));
	assert_true(
		ask_becomes(&ask, "CREATE TABLE a (LIKE countries INCLUDING ALL)",
					"CREATE TABLE a (LIKE countries INCLUDING ALL, tenant_id integer NOT NULL DEFAULT 1)"));
	assert_true(
		ask_becomes(&ask, "SELECT 1; CREATE TABLE a (id int); SELECT 2",
					"SELECT 1; CREATE TABLE a (id int, tenant_id integer NOT NULL DEFAULT 1); SELECT 2"));
	/* An existing table: the server says that it is there, nothing happens. */
	assert_true(
		ask_becomes(&ask, "CREATE TABLE IF NOT EXISTS orders (id int)",
					"CREATE TABLE IF NOT EXISTS orders (id int, tenant_id integer NOT NULL DEFAULT 1)"));
	static const char *const LEFT_ALONE[] = {"CREATE TABLE a (id int, tenant_id int)",
											 "CREATE TABLE a (LIKE orders INCLUDING ALL)",
											 "CREATE TABLE a (x int) INHERITS (orders)",
											 "CREATE TABLE a PARTITION OF events DEFAULT",
											 "CREATE TEMP TABLE a (id int)",
											 "CREATE TABLE pg_temp.a (id int)",
											 "CREATE TABLE IF NOT EXISTS django_migrations (id int)",
											 "CREATE TABLE IF NOT EXISTS tenants (id int)",
											 "CREATE TABLE IF NOT EXISTS countries (code text)",
											 NULL};
	for (const char *const *sql = LEFT_ALONE; *sql; sql++)
		assert_true(ask_becomes(&ask, *sql, *sql));
	ask.policy.tenant_type = TENANT_TEXT;
	ask.policy.tenant_column = "Mandant";
	ask.policy.default_tenant = "o'x";
	assert_true(
		ask_becomes(&ask, "CREATE TABLE a (id int)",
					"CREATE TABLE a (id int, \"Mandant\" text NOT NULL DEFAULT pg_catalog.text 'o''x')"));
	ask.policy.default_tenant = NULL;
	assert_true(
		ask_becomes(&ask, "CREATE TABLE a (id int)", "CREATE TABLE a (id int, \"Mandant\" text NOT NULL)"));
	ask_free(&ask);
}

/* The message has this effect in its last statement. */
static bool has(const struct ask *ask, const char *sql, enum effect_kind kind, const char *name,
				const char *value, bool flag)
{
	struct verdict *verdict = ask_verdict(ask, sql);
	bool found = verdict->kind != VERDICT_REFUSE &&
				 ask_effect(verdict, verdict->n_statements - 1, kind, name, value, flag);
	if (!found)
		fprintf(stderr, "%s: no effect %d (%s)\n", sql, (int)kind,
				verdict->kind == VERDICT_REFUSE ? "refused" : "");
	verdict_unref(verdict);
	return found;
}

static size_t effects_of(const struct ask *ask, const char *sql)
{
	struct verdict *verdict = ask_verdict(ask, sql);
	assert_int_not_equal(verdict->kind, VERDICT_REFUSE);
	size_t n = verdict->statements[0].n_effects;
	verdict_unref(verdict);
	return n;
}

static void test_effects(void **state)
{
	struct ask ask;
	ask_init(&ask);
	for (int right = RIGHT_BOUND; right <= RIGHT_BYPASS; right++) {
		ask.right = (enum right)right;
		assert_true(has(&ask, "BEGIN", EFFECT_BEGIN, NULL, NULL, false));
		assert_true(has(&ask, "COMMIT AND CHAIN", EFFECT_COMMIT, NULL, NULL, true));
		assert_true(has(&ask, "ROLLBACK", EFFECT_ROLLBACK, NULL, NULL, false));
		assert_true(has(&ask, "SAVEPOINT \"A\"", EFFECT_SAVEPOINT, "A", NULL, false));
		assert_true(has(&ask, "RELEASE a", EFFECT_RELEASE, "a", NULL, false));
		assert_true(has(&ask, "ROLLBACK TO a", EFFECT_ROLLBACK_TO, "a", NULL, false));
		assert_true(has(&ask, "PREPARE TRANSACTION 'x'", EFFECT_PREPARE_TRANSACTION, NULL, NULL, false));
		assert_true(has(&ask, "SET Search_Path TO \"Odd\", public, 'a b'", EFFECT_SET, "search_path",
						"\"Odd\", public, \"a b\"", false));
		assert_true(has(&ask, "SET LOCAL search_path = ''", EFFECT_SET, "search_path", "\"\"", true));
		assert_true(has(&ask, "SET DateStyle TO ISO, DMY", EFFECT_SET, "datestyle", "iso, dmy", false));
		assert_true(has(&ask, "SET statement_timeout = -1", EFFECT_SET, "statement_timeout", "-1", false));
		assert_true(has(&ask, "SET app.tenant_id = '07'", EFFECT_SET, "app.tenant_id", "7", false));
		assert_true(has(&ask, "SET NAMES 'utf8'", EFFECT_SET, "client_encoding", "utf8", false));
		assert_true(has(&ask, "SET SCHEMA 'shop'", EFFECT_SET, "search_path", "shop", false));
		assert_true(has(&ask, "SET TIME ZONE 'UTC'", EFFECT_SET, "timezone", "UTC", false));
		assert_true(has(&ask, "SET LOCAL x.y TO DEFAULT", EFFECT_SET_DEFAULT, "x.y", NULL, true));
		assert_true(has(&ask, "RESET search_path", EFFECT_SET_DEFAULT, "search_path", NULL, false));
		assert_true(has(&ask, "RESET ALL", EFFECT_RESET_ALL, NULL, NULL, false));
		assert_true(has(&ask, "SELECT set_config('search_path', 'a,b', true)", EFFECT_SET, "search_path",
						"a,b", true));
		assert_true(has(&ask, "SELECT pg_catalog.set_config('Search_Path'::text, '', false) AS x", EFFECT_SET,
						"search_path", "", false));
		assert_true(has(&ask, "DISCARD ALL", EFFECT_DISCARD_ALL, NULL, NULL, false));
		assert_true(has(&ask, "DISCARD TEMP", EFFECT_DISCARD_TEMP, NULL, NULL, false));
		assert_true(has(&ask, "DISCARD PLANS", EFFECT_DISCARD_PLANS, NULL, NULL, false));
		assert_int_equal(effects_of(&ask, "DISCARD SEQUENCES"), 0);
		assert_true(has(&ask, "DEALLOCATE \"P\"", EFFECT_DEALLOCATE, "P", NULL, false));
		assert_true(has(&ask, "DEALLOCATE ALL", EFFECT_DEALLOCATE, NULL, NULL, false));
		assert_true(has(&ask, "CREATE TEMP TABLE a (id int)", EFFECT_CREATE_TEMPORARY, "a", NULL, false));
		assert_true(has(&ask, "CREATE TABLE pg_temp.a (id int)", EFFECT_CREATE_TEMPORARY, "a", NULL, false));
		assert_true(has(&ask, "CREATE TEMP TABLE a ON COMMIT DROP AS SELECT 1", EFFECT_CREATE_TEMPORARY, "a",
						NULL, true));
		assert_true(has(&ask, "CREATE TEMP VIEW a AS SELECT 1", EFFECT_CREATE_TEMPORARY, "a", NULL, false));
		assert_true(has(&ask, "DROP TABLE IF EXISTS a, b", EFFECT_DROP, "b", NULL, false));
		assert_true(has(&ask, "CREATE TABLE a (id int)", EFFECT_SCHEMA_CHANGE, NULL, NULL, false));
		assert_true(has(&ask, "CREATE TABLE a AS SELECT 1 AS x", EFFECT_SCHEMA_CHANGE, NULL, NULL, false));
		assert_true(has(&ask, "DROP VIEW country_names", EFFECT_SCHEMA_CHANGE, NULL, NULL, false));
		assert_int_equal(effects_of(&ask, "SELECT 1"), 0);
		assert_int_equal(effects_of(&ask, "SET TRANSACTION READ ONLY"), 0);
		if (right == RIGHT_BOUND)
			continue;
		assert_true(
			has(&ask, "INSERT INTO tenants (name) VALUES ('x')", EFFECT_TENANTS_CHANGE, NULL, NULL, false));
		assert_true(has(&ask, "WITH x AS (UPDATE tenants SET name = 'x' RETURNING 1) SELECT 1",
						EFFECT_TENANTS_CHANGE, NULL, NULL, false));
		assert_int_equal(effects_of(&ask, "SELECT * FROM tenants"), 0);
	}
	ask.right = RIGHT_BOUND;
	/* Not executed, or not now. */
	assert_int_equal(effects_of(&ask, "EXPLAIN CREATE TEMP TABLE a AS SELECT 1"), 0);
	assert_int_equal(effects_of(&ask, "EXPLAIN (ANALYZE off) CREATE TEMP TABLE a AS SELECT 1"), 0);
	assert_true(has(&ask, "EXPLAIN (ANALYZE) CREATE TEMP TABLE a AS SELECT 1", EFFECT_CREATE_TEMPORARY, "a",
					NULL, false));
	ask_free(&ask);
}

static void test_set_config(void **state)
{
	struct ask ask;
	ask_init(&ask);
	static const char *const FINE[] = {
		"SELECT set_config('statement_timeout', '0', false) FROM countries",
		"SELECT set_config('work_mem', name, true) FROM countries",
		"SELECT set_config('search_path', 'a', false), set_config('search_path', 'b', false)", NULL};
	all(&ask, FINE, VERDICT_PASS);
	static const char *const REFUSALS[] = {
		"SELECT set_config('search_path', 'a', false) FROM countries",
		"SELECT CASE WHEN false THEN set_config('search_path', 'a', false) END",
		"SELECT set_config('search_path', 'a', false) WHERE false",
		"SELECT set_config('search_path', 'a', false) LIMIT 0",
		"SELECT set_config('search_path', 'a', false), generate_series(1, 0)",
		"SELECT set_config('search_' || 'path', 'a', false)",
		"SELECT set_config('search_path', $1, false)",
		"SELECT set_config('search_path', 'a', $1)",
		"SELECT set_config('app.tenant_id', 'x', false)",
		"SELECT set_config('search_path', 'public, pg_catalog', false)",
		"SELECT set_config('row_security', 'off', false)",
		"SELECT set_config('role', 'x', false)",
		"SELECT set_config('client_encoding', lower('SJIS'), false)",
		"SELECT set_config(setting_name => 'search_path', new_value => 'a', is_local => false)",
		"PREPARE p AS SELECT set_config('search_path', 'a', false)",
		"DECLARE c CURSOR FOR SELECT set_config('search_path', 'a', false)",
		"EXPLAIN ANALYZE SELECT set_config('search_path', 'a', false)",
		"INSERT INTO countries VALUES (set_config('search_path', 'a', false))",
		"CREATE TEMP TABLE t AS SELECT set_config('search_path', 'a', false)",
		"SELECT set_config('search_path', 'a', false) INTO TEMP t",
		"VALUES (set_config('search_path', 'a', false))",
		"SELECT DISTINCT set_config('search_path', 'a', false)",
		"SELECT set_config('search_path', 'a', false), CASE WHEN true THEN set_config('search_path', 'b', "
		"false) END",
		NULL};
	all(&ask, REFUSALS, VERDICT_REFUSE);
	ask_free(&ask);
}

/* A bound user may name its own tenant and no other: the session compares what the verdict asks it to. */
static void test_own_tenant(void **state)
{
	struct ask ask;
	ask_init(&ask);
	static const char *const NAMING[] = {"SET app.tenant_id = '+5'", "SET LOCAL \"App.Tenant_ID\" = 5",
										 "SELECT set_config('app.tenant_id', '5', true)"};
	for (size_t i = 0; i < 3; i++) {
		struct verdict *verdict = ask_verdict(&ask, NAMING[i]);
		assert_int_equal(verdict->kind, VERDICT_PASS);
		assert_int_equal(verdict->statements[0].n_checks, 1);
		assert_string_equal(verdict->statements[0].checks[0].constant, "5");
		assert_int_equal(verdict->statements[0].checks[0].parameter, 0);
		verdict_unref(verdict);
	}
	ask.right = RIGHT_CHOOSE;
	struct verdict *verdict = ask_verdict(&ask, "SET app.tenant_id = 5");
	assert_int_equal(verdict->statements[0].n_checks, 0);
	verdict_unref(verdict);
	assert_true(ask_is(&ask, "SET ROLE reader", VERDICT_PASS));
	assert_true(ask_refused(&ask, "SET ROLE shop", "42501", "$user"));
	ask_free(&ask);
}

static bool may_set(enum right right, const char *name, const char *value)
{
	struct policy policy;
	struct refusal refusal = {0};
	policy_defaults(&policy);
	bool fine = setting_policy(&policy, right, name, value, &refusal);
	assert_true(fine == (refusal.message == NULL));
	return fine;
}

static void test_setting_policy(void **state)
{
	static const struct {
		const char *name, *value;
		bool bound, bypass;
	} CASES[] = {
		{"standard_conforming_strings", "off", false, false},
		{"STANDARD_conforming_strings", "false", false, false},
		{"standard_conforming_strings", "o", false, false},
		{"standard_conforming_strings", "on", true, true},
		{"client_encoding", "UTF-8", true, true},
		{"client_encoding", "utf8", true, true},
		{"client_encoding", "Shift_JIS", false, false},
		{"client_encoding", "gb18030", false, false},
		{"client_encoding", "JOHAB", false, false},
		{"client_encoding", "BIG5", false, false},
		{"client_encoding", "UHC", false, false},
		{"client_encoding", "windows-949", false, false},
		{"client_encoding", "win1252", true, true},
		{"client_encoding", "euc_jp", true, true},
		{"client_encoding", "nonsense", false, false},
		{"row_security", "off", false, true},
		{"row_security", "on", true, true},
		{"role", "x", false, true},
		{"role", "none", false, true},
		{"search_path", "\"$user\", public", true, true},
		{"search_path", "pg_catalog", true, true},
		{"search_path", "pg_catalog,public", true, true},
		{"search_path", "public , PG_CATALOG", false, true},
		{"search_path", "a,\"pg_catalog\"", false, true},
		{"search_path", "a,\"PG_CATALOG\"", true, true},
		{"search_path", "a,pg_temp", false, true},
		{"search_path", "\"a,pg_temp\"", true, true},
		{"search_path", "\"a\"\",pg_temp\"", true, true},
		{"search_path", "", true, true},
		{"search_path", "\"\"", true, true},
		{"App.Tenant_Id", "x", false, true},
		{"app.tenant_id", "12", true, true},
		{"statement_timeout", "5s", true, true},
		{"session_replication_role", "local", false, true},
	};
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		if (may_set(RIGHT_BOUND, CASES[i].name, CASES[i].value) != CASES[i].bound)
			fail_msg("bound: %s = %s", CASES[i].name, CASES[i].value);
		if (may_set(RIGHT_BYPASS, CASES[i].name, CASES[i].value) != CASES[i].bypass)
			fail_msg("bypass: %s = %s", CASES[i].name, CASES[i].value);
		assert_true(may_set(RIGHT_BOUND, CASES[i].name, NULL));
	}
	assert_true(may_set(RIGHT_CHOOSE, "role", "x"));
}

/* Errors of statements that go through the rows of all tenants may quote them. */
static void test_concealing(void **state)
{
	static const struct {
		const char *sql;
		bool concealed;
	} CASES[] = {
		{"CREATE UNIQUE INDEX ON orders (status)", true},
		{"CREATE UNIQUE INDEX ON countries (name)", false},
		{"CREATE INDEX ON tmp (id)", false},
		{"ALTER TABLE orders ADD UNIQUE (status)", true},
		{"ALTER TABLE orders ALTER status TYPE int", true},
		{"ALTER TABLE nowhere ALTER status TYPE int", true},
		{"ALTER TABLE countries ALTER name TYPE int", false},
		{"ALTER TABLE orders ALTER status SET DEFAULT 'x'", false},
		{"CREATE TABLE a (id int)", false},
		{"REFRESH MATERIALIZED VIEW CONCURRENTLY sales_by_status", true},
		{"ANALYZE", true},
		{"SELECT * FROM orders", false},
		{"ALTER DOMAIN d ADD CHECK (VALUE > 0)", true},
	};
	static const char *const temporaries[] = {"tmp"};
	struct ask ask;
	ask_init(&ask);
	ask.names.temporaries = temporaries;
	ask.names.n_temporaries = 1;
	ask.right = RIGHT_CHOOSE;
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct verdict *verdict = ask_verdict(&ask, CASES[i].sql);
		if (verdict->statements[0].conceal_errors != CASES[i].concealed)
			fail_msg("%s", CASES[i].sql);
		verdict_unref(verdict);
	}
	ask_free(&ask);
}

/* Temporaries: what the session knows of them decides; where it could be wrong, the server is told what is
 * meant. */
static void test_temporaries(void **state)
{
	static const char *const temporaries[] = {"orders", "tmp"};
	struct ask ask;
	ask_init(&ask);
	ask.names.temporaries = temporaries;
	ask.names.n_temporaries = 2;
	assert_true(has(&ask, "ALTER TABLE tmp RENAME TO users", EFFECT_DROP, "tmp", NULL, false));
	assert_true(has(&ask, "ALTER TABLE tmp RENAME TO users", EFFECT_CREATE_TEMPORARY, "users", NULL, false));
	assert_true(
		has(&ask, "CREATE TEMP TABLE users AS SELECT 1", EFFECT_CREATE_TEMPORARY, "users", NULL, false));
	assert_int_equal(effects_of(&ask, "CREATE INDEX ON tmp (id)"), 0);
	assert_int_equal(effects_of(&ask, "ALTER TABLE tmp ADD COLUMN x int"), 0);
	assert_int_equal(effects_of(&ask, "DROP TABLE tmp"), 1);
	static const char *const UNCHANGED[] = {"DROP TABLE tmp", "ALTER TABLE tmp ADD x int",
											"SELECT * FROM tmp", "DROP TABLE pg_temp.orders", NULL};
	for (const char *const *sql = UNCHANGED; *sql; sql++)
		assert_true(ask_becomes(&ask, *sql, *sql));
	static const char *const PINNED[][2] = {
		{"SELECT * FROM orders", "SELECT * FROM pg_temp.orders"},
		{"DROP TABLE orders", "DROP TABLE pg_temp.orders"},
		{"DROP /* a, b */ TABLE IF EXISTS tmp, pg_temp.x , \"orders\" CASCADE",
		 "DROP /* a, b */ TABLE IF EXISTS tmp, pg_temp.x , pg_temp.\"orders\" CASCADE"},
		{"DROP VIEW orders", "DROP VIEW pg_temp.orders"},
		{"ALTER TABLE IF EXISTS ONLY orders ADD COLUMN x int",
		 "ALTER TABLE IF EXISTS ONLY pg_temp.orders ADD COLUMN x int"},
		{"ALTER TABLE orders DROP COLUMN tenant_id", "ALTER TABLE pg_temp.orders DROP COLUMN tenant_id"},
		{"ALTER TABLE orders RENAME TO x", "ALTER TABLE pg_temp.orders RENAME TO x"},
		{"ALTER TABLE orders RENAME a TO b", "ALTER TABLE pg_temp.orders RENAME a TO b"},
		{"CREATE INDEX i ON orders (id)", "CREATE INDEX i ON pg_temp.orders (id)"},
		{"TRUNCATE orders", "TRUNCATE pg_temp.orders"},
		{"DELETE FROM orders", "DELETE FROM pg_temp.orders"},
		{"INSERT INTO orders VALUES (1)", "INSERT INTO pg_temp.orders VALUES (1)"},
		{"COPY orders TO STDOUT", "COPY pg_temp.orders TO STDOUT"},
	};
	bool fine = true;
	for (size_t i = 0; i < sizeof PINNED / sizeof *PINNED; i++)
		fine &= ask_becomes(&ask, PINNED[i][0], PINNED[i][1]);
	assert_true(fine);
	assert_true(
		ask_becomes(&ask, "CREATE TEMP TABLE a (x int, LIKE /* , */ public.paintings EXCLUDING ALL , y int)",
					"CREATE TEMP TABLE a (x int, id integer NOT NULL, name text NOT NULL, price "
					"numeric(10,2) NOT NULL, description text, "
					"category text, quantity integer, tags text[], image jsonb , y int)"));
	assert_true(
		ask_becomes(&ask, "CREATE TEMP TABLE a (LIKE \"Odd Name\")",
					"CREATE TEMP TABLE a (\"Id\" integer NOT NULL, \"select\" text, \"a\"\"b\" text)"));
	assert_true(ask_becomes(&ask, "CREATE TEMP TABLE a (LIKE countries INCLUDING ALL)",
							"CREATE TEMP TABLE a (LIKE countries INCLUDING ALL)"));
	assert_true(
		ask_refused(&ask, "CREATE TEMP TABLE a (LIKE users INCLUDING DEFAULTS)", "0A000", "INCLUDING"));
	/* Nobody may write entries of created.h himself. */
	static const char *const FORGED[] = {"CREATE TEMP TABLE \"\001\" (id int)",
										 "ALTER TABLE tmp RENAME TO \"\001public\001orders\001Nraa-1\"",
										 "SELECT 1 INTO TEMP \"\001public\001orders\001Nraa-1\"",
										 "CREATE TEMP VIEW \"\001x\" AS SELECT 1", NULL};
	all(&ask, FORGED, VERDICT_REFUSE);
	/* Named with its schema the tenant relation is meant. */
	assert_true(ask_refused(&ask, "DROP TABLE public.orders", "42501", "several tenants"));
	ask_free(&ask);
}

/* Tables of the transaction under way: later statements find them as they are now, guarded. */
static void test_created(void **state)
{
	struct ask ask;
	ask_init(&ask);
	assert_true(ask_becomes(
		&ask, "CREATE TABLE t (id serial, name text); INSERT INTO t (name) VALUES ('x'); SELECT * FROM t",
		"CREATE TABLE t (id serial, name text, tenant_id integer NOT NULL DEFAULT 1); "
		"INSERT INTO t (name, tenant_id) VALUES ('x', 42); "
		"SELECT t.id, t.name FROM t WHERE t.tenant_id = 42"));
	assert_true(ask_becomes(
		&ask, "ALTER TABLE orders ADD COLUMN note text, ALTER status SET DEFAULT 'x'; SELECT * FROM orders",
		"ALTER TABLE orders ADD COLUMN note text, ALTER status SET DEFAULT 'x'; "
		"SELECT orders.id, orders.user_id, orders.total, orders.status, orders.placed_at, orders.note FROM "
		"orders WHERE orders.tenant_id = 42"));
	assert_true(ask_becomes(
		&ask,
		"CREATE TABLE t (LIKE orders); ALTER TABLE t RENAME status TO state; ALTER TABLE t RENAME TO u; "
		"SELECT * FROM public.u",
		"CREATE TABLE t (LIKE orders); ALTER TABLE t RENAME status TO state; ALTER TABLE t RENAME TO u; "
		"SELECT public.u.id, public.u.user_id, public.u.total, public.u.state, public.u.placed_at FROM "
		"public.u WHERE public.u.tenant_id = 42"));
	assert_true(ask_becomes(&ask, "CREATE TABLE c (x int) INHERITS (favorites); SELECT * FROM c",
							"CREATE TABLE c (x int) INHERITS (favorites); SELECT c.user_id, c.painting_id, "
							"c.x FROM c WHERE c.tenant_id = 42"));
	static const char *const UNCHANGED[] = {"CREATE TABLE alembic_version (v text); INSERT INTO "
											"alembic_version VALUES ('x'); SELECT * FROM alembic_version",
											"CREATE VIEW v AS SELECT * FROM countries; SELECT * FROM v",
											"CREATE SEQUENCE s; SELECT last_value FROM s",
											"CREATE TABLE t AS SELECT * FROM countries; SELECT * FROM t",
											NULL};
	for (const char *const *sql = UNCHANGED; *sql; sql++)
		assert_true(ask_becomes(&ask, *sql, *sql));
	/* Own and empty: nothing to protect yet. */
	assert_true(ask_is(&ask,
					   "CREATE TABLE t (id int); ALTER TABLE t ADD CHECK (id > 0); CREATE INDEX ON t ((id + "
					   "1)); DROP TABLE t",
					   VERDICT_GUARD));
	static const char *const GONE[] = {
		"CREATE TABLE t (id int); DROP TABLE t; SELECT * FROM t",
		"CREATE TABLE t (id int); ALTER TABLE t RENAME TO u; SELECT * FROM t",
		"BEGIN; CREATE TABLE t (id int); ROLLBACK; SELECT * FROM t",
		"SAVEPOINT a; CREATE TABLE t (id int); ROLLBACK TO a; SELECT * FROM t",
		"CREATE TABLE t (id int); ALTER TABLE t SET SCHEMA shop; SELECT * FROM shop.t",
		"CREATE TABLE shop.t (id int); SELECT * FROM t", "CREATE TABLE t (tenant_id date); SELECT * FROM t",
		"CREATE TABLE t PARTITION OF nowhere DEFAULT; SELECT * FROM t",
		/* It may have been there, with rows of other tenants. */
		"CREATE TABLE IF NOT EXISTS t (id int); ALTER TABLE t ADD CHECK (id > 0)",
		"CREATE TABLE IF NOT EXISTS t (id int); CREATE INDEX ON t ((id + 1))",
		"CREATE TABLE t (id int); ALTER TABLE t DROP COLUMN tenant_id",
		"CREATE TABLE \"a\001b\" (id int); SELECT * FROM \"a\001b\"", NULL};
	all(&ask, GONE, VERDICT_REFUSE);
	/* Whatever a transaction does under ddl = allow, a guarded relation does not become a shared one before
	 * it is committed. */
	ask.policy.ddl = DDL_ALLOW;
	static const char *const STILL_GUARDED[] = {
		"DROP TABLE orders; CREATE VIEW orders AS SELECT 1 AS id; SELECT id FROM orders",
		"ALTER TABLE orders DROP COLUMN tenant_id; SELECT id FROM orders", NULL};
	for (const char *const *sql = STILL_GUARDED; *sql; sql++) {
		struct verdict *verdict = ask_verdict(&ask, *sql);
		const struct statement *last = &verdict->statements[verdict->n_statements - 1];
		assert_true(last->kind != VERDICT_PASS);
		verdict_unref(verdict);
	}
	/* Nor is a function called that reads one. */
#define LEAK "CREATE FUNCTION leak() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM orders'; "
	static const char *const FLAGGED[] = {
		LEAK "SELECT leak()",
		LEAK "SELECT * FROM public.leak()",
		LEAK "DO $$ BEGIN PERFORM leak(); END $$",
		LEAK "ALTER FUNCTION leak() RENAME TO ok; SELECT ok()",
		LEAK "CREATE FUNCTION more() RETURNS bigint LANGUAGE sql AS 'SELECT leak()'; SELECT more()",
		LEAK "CREATE OR REPLACE FUNCTION leak() RETURNS bigint LANGUAGE sql AS 'SELECT 1'; SELECT leak()",
		NULL};
	all(&ask, FLAGGED, VERDICT_REFUSE);
	assert_true(ask_is(&ask, "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'; SELECT one()",
					   VERDICT_PASS));
	ask.policy.trusted_functions = (const char *const[]){"leak"};
	ask.policy.n_trusted_functions = 1;
	assert_true(ask_is(&ask, LEAK "SELECT leak()", VERDICT_PASS));
#undef LEAK
	ask_free(&ask);
}

/* Relations of one name in several schemas: dropping the one would make the name mean the other. */
static void test_hiding(void **state)
{
	struct ask ask;
	ask_init(&ask);
	ask.right = RIGHT_CHOOSE;
	catalog_unref(ask.catalog);
	ask.catalog = catalog_text_parse(
		"CREATE SCHEMA app; CREATE TABLE app.orders (id int); CREATE TABLE orders (id int, tenant_id int);"
		"CREATE TABLE app.plain (id int);",
		1);
	assert_true(ask_refused(&ask, "DROP TABLE app.orders", "42501", "same name"));
	assert_true(ask_refused(&ask, "ALTER TABLE app.orders RENAME TO x", "42501", "has this name"));
	assert_true(ask_refused(&ask, "ALTER TABLE orders SET SCHEMA x", "42501", "has this name"));
	assert_true(ask_refused(&ask, "DROP SCHEMA app", "42501", "several tenants"));
	assert_true(ask_refused(&ask, "ALTER SCHEMA app RENAME TO x", "42501", "several tenants"));
	assert_true(ask_is(&ask, "DROP TABLE app.plain", VERDICT_PASS));
	assert_true(ask_refused(&ask, "DROP TABLE app.plain CASCADE", "42501", "hides"));
	assert_true(ask_refused(&ask, "ALTER TABLE app.plain DROP COLUMN id CASCADE", "42501", "hides"));
	assert_true(ask_refused(&ask, "DROP TYPE x CASCADE", "42501", "hides"));
	ask_free(&ask);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),          cmocka_unit_test(test_ddl_settings),
		cmocka_unit_test(test_new_tables),     cmocka_unit_test(test_effects),
		cmocka_unit_test(test_set_config),     cmocka_unit_test(test_own_tenant),
		cmocka_unit_test(test_setting_policy), cmocka_unit_test(test_temporaries),
		cmocka_unit_test(test_concealing),     cmocka_unit_test(test_created),
		cmocka_unit_test(test_hiding),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
