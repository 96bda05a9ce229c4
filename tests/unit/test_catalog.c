/* The snapshot: look-up, isolation of relations, flags of functions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "parser/catalog.h"
#include "parser/pg_nodes.h"

#include "parser/analysis.h"
#include "tests/lib/catalog_text.h"

static enum isolation isolation_of(struct catalog *catalog, const char *schema, const char *name)
{
	const struct catalog_relation *relation = catalog_relation(catalog, schema, name);
	assert_non_null(relation);
	return relation->isolation;
}

static bool is_flagged(struct catalog *catalog, const char *name)
{
	const struct catalog_function *const *list;
	assert_int_equal(catalog_functions(catalog, "public", name, &list), 1);
	assert_true(list[0]->flagged == (list[0]->flag_reason != NULL));
	return list[0]->flagged;
}

/* Over items (id, t, name) and others (id, t): is a view with the column t confined by it? */
static void test_views_with_the_tenant_column(void **state)
{
	static const struct {
		const char *query;
		bool plain;
	} VIEWS[] = {
		{"SELECT id, t FROM items", true},
		{"SELECT i.id, i.t, upper(i.name) AS n FROM public.items i WHERE i.name <> '' ORDER BY i.id", true},
		{"SELECT name AS x, t FROM items WHERE CASE WHEN id > 1 THEN name IN ('a', 'b') END", true},
		{"SELECT t FROM plain_one", true},
		{"SELECT t FROM composed_one", false},
		{"SELECT id AS t FROM items", false},
		{"SELECT 1::integer AS t, name FROM items", false},
		{"SELECT (t + 0)::integer AS t FROM items", false},
		{"SELECT i.t, o.id FROM items i, others o", false},
		{"SELECT i.t, o.id FROM items i JOIN others o ON o.t = i.t", false},
		{"SELECT i.t, j.id FROM items i JOIN items j ON j.id = i.id", false},
		{"SELECT t, (SELECT count(*) FROM others) AS n FROM items", false},
		{"SELECT t FROM items WHERE id IN (SELECT id FROM others)", false},
		{"SELECT t FROM items ORDER BY (SELECT max(id) FROM others)", false},
		{"SELECT t, rank() OVER (ORDER BY id) AS r FROM items", false},
		{"SELECT t, count(*) AS n FROM items GROUP BY t", false},
		{"SELECT DISTINCT t FROM items", false},
		{"SELECT t FROM items ORDER BY id LIMIT 3", false},
		{"SELECT t FROM items UNION ALL SELECT t FROM others", false},
		{"WITH x AS (SELECT * FROM others) SELECT t FROM items", false},
		{"SELECT c AS name, b::integer AS t FROM items AS i (a, b, c)", false},
		{"SELECT x.t FROM (SELECT t FROM items) x", false},
	};
	for (size_t i = 0; i < sizeof VIEWS / sizeof *VIEWS; i++) {
		char text[1024];
		snprintf(text, sizeof text,
				 "@tenant_column t integer\nCREATE TABLE items (id int, t int, name text);"
				 "CREATE TABLE others (id int, t int); CREATE VIEW plain_one AS SELECT t FROM items;"
				 "CREATE VIEW composed_one AS SELECT max(t)::integer AS t FROM items; CREATE VIEW v AS %s",
				 VIEWS[i].query);
		struct catalog *catalog = catalog_text_parse(text, 1);
		const struct catalog_relation *view = catalog_relation(catalog, "public", "v");
		if (view->isolation != ISOLATION_TENANT || view->composed == VIEWS[i].plain)
			fail_msg("%s: isolation %d, composed %d", VIEWS[i].query, view->isolation, view->composed);
		catalog_unref(catalog);
	}
}

static void test_shop(void **state)
{
	struct catalog *catalog = catalog_text_shop(9);
	assert_int_equal(catalog_generation(catalog), 9);
	assert_int_equal(isolation_of(catalog, "public", "orders"), ISOLATION_TENANT);
	assert_int_equal(isolation_of(catalog, "shop", "invoices"), ISOLATION_TENANT);
	assert_int_equal(isolation_of(catalog, "public", "Odd Name"), ISOLATION_TENANT);
	assert_int_equal(isolation_of(catalog, "public", "tenants"), ISOLATION_TENANTS);
	assert_int_equal(isolation_of(catalog, "public", "countries"), ISOLATION_SHARED);
	assert_int_equal(isolation_of(catalog, "public", "events_2026"), ISOLATION_TENANT);
	assert_int_equal(isolation_of(catalog, "public", "vip_users"), ISOLATION_TENANT);
	assert_int_equal(isolation_of(catalog, "public", "my_users"), ISOLATION_TENANT);
	assert_int_equal(isolation_of(catalog, "public", "order_totals"), ISOLATION_VIEW);
	assert_int_equal(isolation_of(catalog, "public", "country_names"), ISOLATION_SHARED);
	assert_int_equal(isolation_of(catalog, "public", "sales_by_status"), ISOLATION_REFUSED);
	assert_int_equal(isolation_of(catalog, "pg_catalog", "pg_stats"), ISOLATION_DATA);
	assert_int_equal(isolation_of(catalog, "pg_catalog", "pg_class"), ISOLATION_SHARED);
	assert_null(catalog_relation(catalog, "public", "invoices"));
	assert_null(catalog_relation(catalog, "public", "odd name"));
	const struct catalog_relation *users = catalog_relation(catalog, "public", "users");
	assert_string_equal(users->columns[users->tenant_column].name, "tenant_id");
	assert_ptr_equal(catalog_relation_by_oid(catalog, users->oid), users);
	assert_null(catalog_relation_by_oid(catalog, 1));
	assert_true(catalog_has_tenant(catalog, "2"));
	assert_false(catalog_has_tenant(catalog, "4"));
	assert_true(catalog_has_schema(catalog, "shop"));
	assert_false(catalog_has_schema(catalog, "sho"));
	assert_false(is_flagged(catalog, "add_vat"));
	assert_true(is_flagged(catalog, "count_orders"));
	assert_true(is_flagged(catalog, "count_twice"));
	assert_true(is_flagged(catalog, "run_it"));
	catalog_unref(catalog_ref(catalog));
	assert_int_equal(catalog_generation(catalog), 9);
	catalog_unref(catalog);
}

static void test_types_and_settings(void **state)
{
	struct catalog *catalog =
		catalog_text_parse("@tenant_column org uuid\n@tables legacy:owner missing\n@shared odd\n"
						   "CREATE TABLE a (id int, org uuid);\n"
						   "CREATE TABLE b (id int, org integer);\n"
						   "CREATE TABLE c (id int, org varchar);\n"
						   "CREATE TABLE d (id int, org date);\n"
						   "CREATE TABLE legacy (id int, owner bigint);\n"
						   "CREATE TABLE missing (id int);\n"
						   "CREATE TABLE odd (id int, org uuid);\n"
						   "CREATE TABLE tenants (name text);\n",
						   1);
	assert_int_equal(isolation_of(catalog, "public", "a"), ISOLATION_TENANT);
	assert_int_equal(catalog_relation(catalog, "public", "a")->tenant_type, TENANT_UUID);
	assert_int_equal(isolation_of(catalog, "public", "b"), ISOLATION_TENANT);
	assert_int_equal(catalog_relation(catalog, "public", "b")->tenant_type, TENANT_INTEGER);
	assert_int_equal(catalog_relation(catalog, "public", "c")->tenant_type, TENANT_TEXT);
	assert_int_equal(isolation_of(catalog, "public", "d"), ISOLATION_REFUSED);
	assert_int_equal(isolation_of(catalog, "public", "legacy"), ISOLATION_TENANT);
	assert_int_equal(catalog_relation(catalog, "public", "legacy")->tenant_column, 1);
	/* Configured, but without its column: not to be served unguarded. */
	assert_int_equal(isolation_of(catalog, "public", "missing"), ISOLATION_REFUSED);
	assert_int_equal(isolation_of(catalog, "public", "odd"), ISOLATION_SHARED);
	assert_int_equal(isolation_of(catalog, "public", "tenants"), ISOLATION_REFUSED);
	catalog_unref(catalog);
}

static void test_what_follows_from_others(void **state)
{
	struct catalog *catalog = catalog_text_parse(
		"CREATE TABLE t (id int, tenant_id int);\n"
		"CREATE TABLE plain (id int);\n"
		"CREATE TABLE child (tenant_id int) INHERITS (plain);\n"
		"CREATE TABLE quiet (id int);\n"
		"CREATE VIEW v1 AS SELECT id FROM t;\n"
		"CREATE VIEW v2 AS SELECT id FROM v1;\n"
		"CREATE MATERIALIZED VIEW m AS SELECT id FROM v2;\n"
		"CREATE VIEW over_m AS SELECT id FROM m;\n"
		"CREATE VIEW stats AS SELECT oid FROM pg_stats;\n"
		"CREATE FUNCTION leak() RETURNS bigint LANGUAGE sql AS 'select count(*) from v2';\n"
		"CREATE VIEW by_function (n) AS SELECT leak() FROM quiet;\n"
		"CREATE FUNCTION reads_view() RETURNS bigint LANGUAGE sql AS 'select n from by_function';\n"
		"CREATE TABLE ruled (id int);\n"
		"CREATE RULE r AS ON INSERT TO ruled DO ALSO SELECT id FROM t;\n"
		"CREATE AGGREGATE total(int) (sfunc = leak, stype = int);\n"
		"CREATE FUNCTION pg_catalog.hidden() RETURNS bigint LANGUAGE sql AS 'select count(*) from t';\n",
		1);
	assert_int_equal(isolation_of(catalog, "public", "plain"), ISOLATION_REFUSED);
	assert_int_equal(isolation_of(catalog, "public", "child"), ISOLATION_TENANT);
	assert_int_equal(isolation_of(catalog, "public", "quiet"), ISOLATION_SHARED);
	assert_int_equal(isolation_of(catalog, "public", "v2"), ISOLATION_VIEW);
	assert_int_equal(isolation_of(catalog, "public", "m"), ISOLATION_REFUSED);
	assert_int_equal(isolation_of(catalog, "public", "over_m"), ISOLATION_REFUSED);
	assert_int_equal(isolation_of(catalog, "public", "stats"), ISOLATION_DATA);
	assert_int_equal(isolation_of(catalog, "public", "by_function"), ISOLATION_REFUSED);
	assert_int_equal(isolation_of(catalog, "public", "ruled"), ISOLATION_REFUSED);
	assert_true(is_flagged(catalog, "leak"));
	assert_true(is_flagged(catalog, "reads_view"));
	assert_true(is_flagged(catalog, "total"));
	const struct catalog_function *const *list;
	assert_int_equal(catalog_functions(catalog, "pg_catalog", "hidden", &list), 1);
	assert_true(list[0]->flagged);
	catalog_unref(catalog);
}

/* What the scan of a body says; NULL as "". */
static const char *scan(struct catalog *catalog, const char *body)
{
	static char reason[512];
	MemoryContext memory = pg_query_enter_memory_context();
	const char *said = body_scan(catalog, "plpgsql", body);
	snprintf(reason, sizeof reason, "%s", said ? said : "");
	pg_query_exit_memory_context(memory);
	return reason;
}

static void test_bodies(void **state)
{
	struct catalog *catalog = catalog_text_shop(1);
	static const char *const HARMLESS[] = {
		"",
		"BEGIN NEW.updated_at := now(); RETURN NEW; END",
		"BEGIN -- orders\n /* orders /* orders */ orders */ RETURN 'orders'; END",
		"BEGIN RETURN E'\\' orders'; END",
		"BEGIN RETURN $x$ orders $ $y$ $x$; END",
		"BEGIN NEW.orders := 1; r.users = 2; END",
		"BEGIN UPDATE countries SET name = 'x' WHERE code = 'y'; END",
		"BEGIN PERFORM set_config('statement_timeout', '0', true); SET LOCAL statement_timeout = 0; END",
		"BEGIN CREATE TEMP TABLE x AS SELECT 1; CREATE TYPE mood AS ENUM ('a'); END",
		"SELECT setting FROM pg_settings WHERE name = 'x'",
		"BEGIN UPDATE countries SET name = (SELECT setting FROM pg_settings); RETURN commit; END",
		"SELECT add_vat(1), \"Orders\", ordersx, count_orders FROM countries",
		"SELECT E'a'\n'orders \\' orders', 'a' -- orders\n'orders', 'b' 'c'",
		"BEGIN PERFORM set_config('statement_timeout', '0'\n'1', true); END",
		"BEGIN ALTER TYPE mood ADD VALUE 'b'; DROP TABLE IF EXISTS x, y; ALTER TABLE x DROP COLUMN y "
		"CASCADE; END",
	};
	for (size_t i = 0; i < sizeof HARMLESS / sizeof *HARMLESS; i++)
		assert_string_equal(scan(catalog, HARMLESS[i]), "");
	static const char *const FLAGGED[] = {
		"SELECT * FROM ORDERS",
		"SELECT * FROM \"orders\"",
		"SELECT * FROM public.orders",
		"SELECT * FROM public . orders",
		"SELECT 1 FROM/**/orders",
		"SELECT 1 FROM x,orders",
		"INSERT INTO shop.invoices(id) VALUES (1)",
		"SELECT * FROM \"Odd Name\"",
		"SELECT * FROM order_totals",
		"SELECT * FROM sales_by_status",
		"SELECT * FROM pg_stats",
		"SELECT count_orders()",
		"SELECT public.count_orders ()",
		"SELECT c.count_orders FROM countries c",
		"BEGIN EXECUTE 'select 1'; END",
		"BEGIN FOR r IN EXECUTE q LOOP END LOOP; END",
		"SELECT query_to_xml('select 1', true, true, '')",
		"SELECT pg_catalog.query_to_xml(x, true, true, '')",
		"SELECT pg_read_file('x')",
		"SELECT lo_get(1)",
		"SELECT setval('s', 1)",
		"BEGIN PERFORM set_config('app.tenant_id', '2', false); END",
		"BEGIN PERFORM set_config(x, '2', false); END",
		"BEGIN PERFORM set_config('search' || '_path', '2', false); END",
		"BEGIN PERFORM set_config($1, '2', false); END",
		"BEGIN SET search_path = x; END",
		"BEGIN SET LOCAL app.tenant_id = 2; END",
		"BEGIN SET \"app\".tenant_id = 2; END",
		"BEGIN RESET ALL; END",
		"BEGIN SET ROLE x; END",
		"BEGIN SET SESSION AUTHORIZATION x; END",
		"BEGIN CREATE TABLE x (id int); END",
		"BEGIN CREATE OR REPLACE FUNCTION f() ; END",
		"BEGIN COPY x FROM PROGRAM 'y'; END",
		"SELECT 'unfinished",
		"SELECT /* unfinished",
		"SELECT $a$ unfinished $b$",
		"SELECT \"unfinished",
		"SELECT * FROM U&\"\\006frders\"",
		"SELECT * FROM u&\"orders\"",
		/* a string that goes on on the next line goes on as E'..' */
		"SELECT E'a'\n'b\\'' || email FROM orders --'",
		"SELECT E'a' -- x\n -- y\n 'b\\'' || email FROM orders --'",
		"SELECT e'a'\r'b' \n\t 'c\\'' || email FROM orders --'",
		"BEGIN PERFORM set_config(E'search\\137path', 'x', false); END",
		"BEGIN PERFORM set_config(U&'search\\005fpath', 'x', false); END",
		"BEGIN PERFORM set_config(U&'search!005fpath' UESCAPE '!', 'x', false); END",
		"BEGIN PERFORM set_config('search_'\n'path', 'x', false); END",
		"BEGIN SET cpu_operator_cost = 0; END",
		"BEGIN PERFORM set_config('cpu_tuple_cost', '0', false); END",
		"BEGIN ALTER SCHEMA public RENAME TO x; END",
		"BEGIN ALTER FUNCTION count_orders RENAME TO x; END",
		"BEGIN ALTER FUNCTION f(text) COST 0.001; END",
		"BEGIN ALTER ROLE x SET search_path = y; END",
		"BEGIN ALTER DATABASE x SET row_security = off; END",
		"BEGIN DROP SCHEMA x; END",
		"BEGIN DROP OWNED BY x; END",
		"BEGIN DROP EXTENSION x; END",
		"BEGIN NULL; DROP TYPE x CASCADE; END",
		"BEGIN IF true THEN DROP TABLE x CASCADE; END IF; END",
		"BEGIN GRANT ALL ON SCHEMA public TO x; END",
		"BEGIN REASSIGN OWNED BY x TO y; END",
		"BEGIN CREATE ROLE x; END",
		"BEGIN CREATE EXTENSION dblink; END",
		"BEGIN CREATE SCHEMA app; END",
		"BEGIN DEALLOCATE p; END",
		"BEGIN PREPARE p AS SELECT 1; END",
		"BEGIN DISCARD TEMP; END",
	};
	for (size_t i = 0; i < sizeof FLAGGED / sizeof *FLAGGED; i++)
		if (!*scan(catalog, FLAGGED[i]))
			fail_msg("nothing found in: %s", FLAGGED[i]);
	MemoryContext memory = pg_query_enter_memory_context();
	assert_non_null(body_scan(catalog, "plperl", ""));
	assert_non_null(body_scan(catalog, "c", ""));
	pg_query_exit_memory_context(memory);
	catalog_unref(catalog);
}

/* Names longer than 63 bytes are cut by the server before it looks them up. */
static void test_long_names(void **state)
{
	char text[512], name[64];
	memset(name, 'n', 63);
	name[63] = 0;
	snprintf(text, sizeof text, "CREATE TABLE %s (tenant_id int);", name);
	struct catalog *catalog = catalog_text_parse(text, 1);
	snprintf(text, sizeof text, "SELECT * FROM %sIsCut", name);
	assert_true(*scan(catalog, text));
	snprintf(text, sizeof text, "SELECT * FROM \"%s is cut\"", name);
	assert_true(*scan(catalog, text));
	catalog_unref(catalog);
}

static void test_many(void **state)
{
	struct catalog *catalog = catalog_new();
	char name[32];
	struct catalog_column column = {.name = "tenant_id", .type_oid = 23};
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(name, sizeof name, "t%u", i);
		struct catalog_relation relation = {.oid = 100000 + i,
											.schema = "public",
											.name = name,
											.kind = 'r',
											.n_columns = i % 2,
											.columns = &column};
		catalog_add_relation(catalog, &relation);
		snprintf(name, sizeof name, "f%u", i / 3);
		struct catalog_function function = {.oid = i + 1,
											.schema = "public",
											.name = name,
											.kind = 'f',
											.language = "sql",
											.body = i % 3 ? "select 1" : "select * from t1"};
		catalog_add_function(catalog, &function);
		catalog_add_tenant(catalog, name);
	}
	struct catalog_rules rules = {.tenant_column = "tenant_id", .tenants_table = "tenants"};
	catalog_finish(catalog, &rules, 3);
	assert_int_equal(isolation_of(catalog, "public", "t19999"), ISOLATION_TENANT);
	assert_int_equal(isolation_of(catalog, "public", "t19998"), ISOLATION_SHARED);
	assert_null(catalog_relation(catalog, "public", "t20000"));
	const struct catalog_function *const *list;
	assert_int_equal(catalog_functions(catalog, "public", "f5", &list), 3);
	assert_true(list[0]->flagged && !list[1]->flagged && !list[2]->flagged);
	assert_string_equal(catalog_function_by_oid(catalog, 16)->name, "f5");
	assert_int_equal(catalog_functions(catalog, "private", "f5", &list), 0);
	catalog_unref(catalog);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shop),
		cmocka_unit_test(test_views_with_the_tenant_column),
		cmocka_unit_test(test_types_and_settings),
		cmocka_unit_test(test_what_follows_from_others),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
