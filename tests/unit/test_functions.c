/* Function calls: flagged functions, functions that run SQL text, far-reaching ones, the function-call
 * message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser/builtin.h"
#include "parser/function_call.h"
#include "tests/lib/ask.h"
#include "tests/lib/catalog_text.h"

static void all(const struct ask *ask, const char *const *list, enum verdict_kind kind)
{
	bool fine = true;
	for (; *list; list++)
		fine &= ask_is(ask, *list, kind);
	assert_true(fine);
}

static void test_flagged(void **state)
{
	static const char *const HARMLESS[] = {"SELECT add_vat(1)", "SELECT public.add_vat(1), now()",
										   "SELECT lower(name) FROM countries WHERE add_vat(1) > 0",
										   "SELECT pg_catalog.extract('x', now())", NULL};
	static const char *const FLAGGED[] = {
		"SELECT count_orders()",
		"SELECT public.count_orders()",
		"SELECT shop.public.count_orders()",
		"SELECT * FROM count_orders()",
		"SELECT * FROM ROWS FROM (count_orders())",
		"SELECT 1 FROM countries WHERE count_twice() > 0",
		"SELECT 1 ORDER BY count_orders()",
		"SELECT 1 FROM countries GROUP BY count_orders()",
		"SELECT 1 LIMIT count_orders()",
		"SELECT 1 FROM countries HAVING count_orders() > 0",
		"SELECT sum(count_orders()) OVER (ORDER BY count_orders()) FROM countries",
		"VALUES (count_orders())",
		"INSERT INTO currencies VALUES ('a', count_orders())",
		"INSERT INTO currencies VALUES ('a', 1) ON CONFLICT (code) DO UPDATE SET rate = count_orders()",
		"UPDATE currencies SET rate = count_orders()",
		"UPDATE currencies SET (rate, code) = (count_orders(), 'x')",
		"DELETE FROM currencies WHERE rate = count_orders()",
		"DELETE FROM currencies RETURNING count_orders()",
		"MERGE INTO currencies c USING countries d ON c.code = d.code WHEN MATCHED AND count_orders() > 1 "
		"THEN DELETE",
		"MERGE INTO currencies c USING countries d ON count_orders() > 1 WHEN NOT MATCHED THEN INSERT VALUES "
		"('x', count_orders())",
		"SELECT CASE WHEN true THEN count_orders() END",
		"SELECT ARRAY[count_orders()]",
		"SELECT (ARRAY[1])[count_orders()]",
		"SELECT coalesce(1, count_orders())",
		"SELECT ROW(count_orders())",
		"SELECT greatest(count_orders(), 1)",
		"SELECT count_orders()::text",
		"SELECT count(*) FILTER (WHERE count_orders() > 1) FROM countries",
		"SELECT string_agg(name, ',' ORDER BY count_orders()) FROM countries",
		"SELECT * FROM countries TABLESAMPLE bernoulli (count_orders())",
		"SELECT * FROM countries c JOIN currencies d ON count_orders() > 1",
		"WITH x AS (SELECT count_orders()) SELECT * FROM x",
		"SELECT (SELECT count_orders())",
		"SELECT 1 WHERE EXISTS (SELECT count_orders())",
		"SELECT 1 IN (count_orders())",
		"SELECT 1 BETWEEN 0 AND count_orders()",
		"SELECT count_orders() IS NULL",
		"SELECT xmlelement(name a, count_orders())",
		"SELECT 1 UNION SELECT count_orders()",
		"EXPLAIN SELECT count_orders()",
		"PREPARE p AS SELECT count_orders()",
		"DECLARE c CURSOR FOR SELECT count_orders()",
		"CREATE TEMP TABLE a AS SELECT count_orders()",
		"COPY (SELECT count_orders()) TO STDOUT",
		"EXECUTE p (count_orders())",
		"CALL add_vat(count_orders())",
		"COPY currencies FROM STDIN WHERE count_orders() > 1",
		"SELECT c.count_orders FROM countries c",
		"SELECT (c).count_orders FROM countries c",
		"SELECT public.countries.count_orders FROM public.countries",
		"SELECT DISTINCT ON (count_orders()) 1",
		"SELECT 1 FROM countries WINDOW w AS (PARTITION BY count_orders())",
		"SELECT * FROM LATERAL (SELECT count_orders()) x",
		"SELECT * FROM xmltable('/a' PASSING (SELECT count_orders())::text::xml COLUMNS a int)",
		NULL};
	struct ask ask;
	ask_init(&ask);
	all(&ask, HARMLESS, VERDICT_PASS);
	all(&ask, FLAGGED, VERDICT_REFUSE);
	assert_true(ask_refused(&ask, "SELECT count_orders()", "42501", "orders"));
	static const char *const trusted[] = {"count_orders", "public.count_twice"};
	ask.policy.trusted_functions = trusted;
	ask.policy.n_trusted_functions = 2;
	assert_true(ask_is(&ask, "SELECT count_orders()", VERDICT_PASS));
	assert_true(ask_is(&ask, "SELECT count_twice()", VERDICT_PASS));
	assert_true(ask_is(&ask, "SELECT public.count_twice()", VERDICT_PASS));
	assert_true(ask_is(&ask, "SELECT run_it('x')", VERDICT_REFUSE));
	ask_free(&ask);
}

static void test_unknown(void **state)
{
	struct ask ask;
	ask_init(&ask);
	struct verdict *verdict = ask_verdict(&ask, "SELECT brand_new(1)");
	assert_true(verdict->unknown_name);
	verdict_unref(verdict);
	verdict = ask_verdict(&ask, "SELECT now(), pg_catalog.not_in_this_version(1)");
	assert_false(verdict->unknown_name);
	verdict_unref(verdict);
	ask_free(&ask);
}

/* A name in several schemas: what search_path cannot reach does not count, everything that it can reach does.
 */
static void test_search_path(void **state)
{
	struct ask ask;
	ask_init(&ask);
	catalog_unref(ask.catalog);
	ask.catalog = catalog_text_parse(
		"CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE t (tenant_id int);"
		"CREATE FUNCTION a.f() RETURNS bigint LANGUAGE sql AS 'SELECT 1';"
		"CREATE FUNCTION b.f() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM t';"
		"CREATE FUNCTION public.lower(x int) RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM t';",
		1);
	ask.names.search_path = "a";
	assert_true(ask_is(&ask, "SELECT f()", VERDICT_PASS));
	assert_true(ask_is(&ask, "SELECT b.f()", VERDICT_REFUSE));
	assert_true(ask_is(&ask, "SELECT lower('x')", VERDICT_PASS));
	ask.names.search_path = "a, b";
	assert_true(ask_is(&ask, "SELECT f()", VERDICT_REFUSE));
	assert_true(ask_is(&ask, "SELECT a.f()", VERDICT_PASS));
	ask.names.search_path = "public";
	assert_true(ask_is(&ask, "SELECT lower(1)", VERDICT_REFUSE));
	ask_free(&ask);
}

static void test_operators(void **state)
{
	static const char *const REFUSED[] = {
		"SELECT 1 === 2",
		"SELECT 1 OPERATOR(public.===) 2",
		"SELECT code FROM countries WHERE name === ANY (ARRAY['a', 'b'])",
		"SELECT code FROM countries WHERE name === ANY (SELECT name FROM countries)",
		"SELECT code FROM countries ORDER BY code USING ===",
		"EXECUTE p (1 === 2)",
		"SELECT uses_it(1)",
		"SELECT * FROM shows_it",
	};
	struct ask ask;
	ask_init(&ask);
	catalog_unref(ask.catalog);
	ask.catalog = catalog_text_parse(
		"CREATE TABLE t (tenant_id int); CREATE TABLE countries (code text, name text);"
		"CREATE FUNCTION count_t(a int, b int) RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM t';"
		"CREATE FUNCTION add_up(a int, b int) RETURNS int LANGUAGE sql AS 'SELECT a + b';"
		"CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = count_t);"
		"CREATE OPERATOR @@@ (LEFTARG = int, RIGHTARG = int, FUNCTION = add_up);"
		"CREATE FUNCTION uses_it(a int) RETURNS bigint LANGUAGE sql AS 'SELECT a === a';"
		"CREATE VIEW shows_it (n) AS SELECT 1 === 2;",
		1);
	for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++)
		assert_true(ask_is(&ask, REFUSED[i], VERDICT_REFUSE));
	assert_true(ask_refused(&ask, "SELECT 1 === 2", "42501", "operator === cannot be used by a tenant"));
	assert_true(ask_is(&ask, "SELECT 1 @@@ 2, 1 BETWEEN 0 AND 2", VERDICT_PASS));
	struct verdict *verdict = ask_verdict(&ask, "SELECT 1 @@@ 2");
	assert_false(verdict->unknown_name);
	verdict_unref(verdict);
	verdict = ask_verdict(&ask, "SELECT 1 @@@@ 2");
	assert_true(verdict->unknown_name);
	verdict_unref(verdict);
	static const char *const TRUSTED[] = {"public.count_t"};
	ask.policy.trusted_functions = TRUSTED;
	ask.policy.n_trusted_functions = 1;
	assert_true(ask_is(&ask, "SELECT 1 === 2", VERDICT_PASS));
	ask_free(&ask);
}

static void test_sql_text(void **state)
{
	static const char *const HARMLESS[] = {
		"SELECT query_to_xml('select * from countries', true, true, '')",
		"SELECT table_to_xml('countries', true, true, '')",
		"SELECT table_to_xml('public.countries'::regclass, true, true, '')",
		"SELECT ts_stat('select name from countries')",
		"SELECT ts_rewrite(a, b, c)",
		"SELECT query_to_xml(NULL, true, true, '')",
		NULL};
	static const char *const REFUSED[] = {
		"SELECT query_to_xml('select * from orders', true, true, '')",
		"SELECT query_to_xml('select * from ' || 'orders', true, true, '')",
		"SELECT query_to_xml($1, true, true, '')",
		"SELECT query_to_xml(name, true, true, '') FROM countries",
		"SELECT pg_catalog.query_to_xml('table \"orders\"', true, true, '')",
		"SELECT query_to_xml('select count_orders()', true, true, '')",
		"SELECT query_to_xml('select * from pg_stats', true, true, '')",
		"SELECT query_to_xml(query => 'select * from orders', nulls => true, tableforest => true, targetns "
		"=> '')",
		"SELECT query_to_xml('\"select * from \\u006frders\"'::jsonb::text, true, true, '')",
		"SELECT query_to_xml('select * from orders_'::varchar(20), true, true, '')",
		"SELECT query_to_xml('select query_to_xml(''select 1'', true, true, '''')', true, true, '')",
		"SELECT query_to_xml(U&'select * from \\006frders', true, true, '')",
		"SELECT query_to_xml(E'select * from \\x6frders', true, true, '')",
		"SELECT query_to_xml('select * from U&\"\\006frders\"', true, true, '')",
		"SELECT table_to_xml('orders', true, true, '')",
		"SELECT table_to_xml(16400, true, true, '')",
		"SELECT table_to_xml('16400', true, true, '')",
		"SELECT table_to_xml(oid, true, true, '') FROM pg_class",
		"SELECT table_to_xmlschema('orders'::regclass, true, true, '')",
		"SELECT schema_to_xml('public', true, true, '')",
		"SELECT database_to_xml(true, true, '')",
		"SELECT * FROM ts_stat('select to_tsvector(email) from users')",
		"SELECT ts_rewrite('a', 'select t, s from orders')",
		"SELECT ts_rewrite('a'::tsquery, q) FROM countries",
		"SELECT * FROM dblink('dbname=x', 'select * from orders') AS t (a int)",
		"SELECT * FROM dblink(c, 'select 1') AS t (a int)",
		"SELECT dblink_exec('dbname=x', 'delete from orders')",
		"SELECT * FROM crosstab('select * from orders') AS t (a int)",
		"SELECT cron.schedule('* * * * *', 'delete from orders')",
		NULL};
	struct ask ask;
	ask_init(&ask);
	all(&ask, HARMLESS, VERDICT_PASS);
	all(&ask, REFUSED, VERDICT_REFUSE);
	/* A function of the database's own that only has such a name, and whose body was read. */
	catalog_unref(ask.catalog);
	ask.catalog =
		catalog_text_parse("CREATE FUNCTION schedule(x int) RETURNS int LANGUAGE sql AS 'SELECT x';", 1);
	assert_true(ask_is(&ask, "SELECT schedule(1)", VERDICT_PASS));
	ask_free(&ask);
}

static void test_reach(void **state)
{
	static const char *const REACHING[] = {"SELECT pg_read_file('x')",
										   "SELECT pg_catalog.pg_read_binary_file('x')",
										   "SELECT * FROM pg_ls_dir('.')",
										   "SELECT lo_get(1)",
										   "SELECT lo_import('x')",
										   "SELECT pg_terminate_backend(1)",
										   "SELECT pg_cancel_backend(1)",
										   "SELECT pg_logical_emit_message(true, 'a', 'b')",
										   "SELECT setval('invoice_numbers', 1)",
										   "SELECT get_raw_page('orders', 0)",
										   NULL};
	static const char *const DATA[] = {
		"SELECT * FROM pg_stat_get_activity(NULL)", "SELECT pg_stat_get_xact_tuples_fetched(1)",
		"SELECT pg_stat_get_backend_activity(1)", "SELECT * FROM pg_stats", NULL};
	struct ask ask;
	ask_init(&ask);
	all(&ask, REACHING, VERDICT_REFUSE);
	all(&ask, DATA, VERDICT_REFUSE);
	assert_true(ask_is(&ask, "SELECT nextval('invoice_numbers'), currval('invoice_numbers')", VERDICT_PASS));
	ask.policy.allow_data_catalogs = true;
	all(&ask, DATA, VERDICT_PASS);
	ask.policy.allow_reach = true;
	all(&ask, REACHING, VERDICT_PASS);
	ask.policy.allow_reach = false;
	ask.right = RIGHT_CHOOSE;
	all(&ask, REACHING, VERDICT_PASS);
	ask_free(&ask);
}

static bool may_call(const struct ask *ask, const char *schema, const char *name)
{
	const struct catalog_function *const *list;
	struct refusal refusal = {0};
	assert_true(catalog_functions(ask->catalog, schema, name, &list) > 0);
	bool fine = function_call_policy(ask->catalog, &ask->policy, ask->right, list[0]->oid, false, &refusal);
	assert_true(fine == (refusal.message == NULL));
	return fine;
}

static void test_call_message(void **state)
{
	struct ask ask;
	struct refusal refusal;
	ask_init(&ask);
	assert_true(may_call(&ask, "public", "add_vat"));
	assert_true(may_call(&ask, "pg_catalog", "now"));
	assert_false(may_call(&ask, "public", "count_orders"));
	assert_false(may_call(&ask, "pg_catalog", "query_to_xml"));
	assert_false(may_call(&ask, "pg_catalog", "set_config"));
	assert_false(may_call(&ask, "pg_catalog", "lo_get"));
	assert_false(function_call_policy(ask.catalog, &ask.policy, ask.right, 1, false, &refusal));
	assert_string_equal(refusal.sqlstate, "42501");
	ask.right = RIGHT_CHOOSE;
	assert_true(may_call(&ask, "pg_catalog", "lo_get"));
	assert_false(may_call(&ask, "public", "count_orders"));
	ask.right = RIGHT_BYPASS;
	assert_true(may_call(&ask, "public", "count_orders"));
	assert_true(function_call_policy(ask.catalog, &ask.policy, ask.right, 1, false, &refusal));
	ask_free(&ask);
}

static void test_builtin_names(void **state)
{
	assert_int_equal(builtin_kind("pg_read_file", 12), BUILTIN_REACH);
	assert_int_equal(builtin_kind("pg_read_filexyz", 12), BUILTIN_REACH);
	assert_int_equal(builtin_kind("setval", 6), BUILTIN_SETVAL);
	assert_int_equal(builtin_kind("setvalue", 8), BUILTIN_HARMLESS);
	assert_int_equal(builtin_kind("log", 3), BUILTIN_HARMLESS);
	assert_int_equal(builtin_kind("lower", 5), BUILTIN_HARMLESS);
	assert_int_equal(builtin_kind("set_config", 10), BUILTIN_SET_CONFIG);
	assert_int_equal(builtin_kind("dblink", 6), BUILTIN_SQL_TEXT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flagged),      cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_search_path),  cmocka_unit_test(test_operators),
		cmocka_unit_test(test_sql_text),     cmocka_unit_test(test_reach),
		cmocka_unit_test(test_call_message), cmocka_unit_test(test_builtin_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
