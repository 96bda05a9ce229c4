/* The columns of functions in FROM: what RETURNING * over a NATURAL join with one becomes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser/created.h"
#include "tests/lib/ask.h"
#include "tests/lib/catalog_text.h"

static const char CATALOG[] =
	"CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE t (k int, tenant_id int); CREATE TABLE u (last int);"
	"CREATE TABLE pair (x int, y text); CREATE TABLE tenants (id int); CREATE VIEW v AS SELECT k FROM t;"
	"CREATE FUNCTION one(int) RETURNS int LANGUAGE sql AS 'SELECT 1';"
	"CREATE FUNCTION named(OUT n int) LANGUAGE sql AS 'SELECT 1';"
	"CREATE FUNCTION two(int, INOUT m int, OUT n int) LANGUAGE sql AS 'SELECT 1, 2';"
	"CREATE FUNCTION rows(int DEFAULT 1) RETURNS TABLE (c int, \"D e\" text) LANGUAGE sql AS 'SELECT 1, 2';"
	"CREATE FUNCTION pairs() RETURNS SETOF pair LANGUAGE sql AS 'SELECT 1, 2';"
	"CREATE FUNCTION views() RETURNS SETOF v LANGUAGE sql AS 'SELECT 1';"
	"CREATE FUNCTION ts() RETURNS SETOF t LANGUAGE sql AS 'SELECT 1, 2';"
	"CREATE FUNCTION tenant_rows() RETURNS SETOF tenants LANGUAGE sql AS 'SELECT 1';"
	"CREATE FUNCTION any_row() RETURNS SETOF record LANGUAGE sql AS 'SELECT 1';"
	"CREATE FUNCTION same(anyelement) RETURNS anyelement LANGUAGE sql AS 'SELECT $1';"
	"CREATE FUNCTION x(int) RETURNS int LANGUAGE sql AS 'SELECT 1';"
	"CREATE FUNCTION every(VARIADIC int[]) RETURNS SETOF int LANGUAGE sql AS 'SELECT 1';"
	"CREATE FUNCTION over(int, OUT p int, OUT q int) LANGUAGE sql AS 'SELECT 1, 2';"
	"CREATE FUNCTION over(text, OUT p int, OUT q int) LANGUAGE sql AS 'SELECT 1, 2';"
	"CREATE FUNCTION over(int, int) RETURNS int LANGUAGE sql AS 'SELECT 1';"
	"CREATE FUNCTION differs(int, OUT p int, OUT q int) LANGUAGE sql AS 'SELECT 1, 2';"
	"CREATE FUNCTION differs(text, OUT p int, OUT r int) LANGUAGE sql AS 'SELECT 1, 2';"
	"CREATE FUNCTION a.couple(OUT x int, OUT y int) LANGUAGE sql AS 'SELECT 1, 2';"
	"CREATE FUNCTION b.couple(OUT z int, OUT y int) LANGUAGE sql AS 'SELECT 1, 2';"
	"CREATE FUNCTION b.jsonb_each(int, OUT z int, OUT y int) LANGUAGE sql AS 'SELECT 1, 2';";

/* The columns of one item, NULL: not known. */
struct item {
	const char *from, *columns;
};

static void check(const struct ask *ask, const struct item *item)
{
	char text[512], wanted[512];
	snprintf(text, sizeof text, "DELETE FROM t USING %s NATURAL JOIN u RETURNING *", item->from);
	if (!item->columns) {
		if (!ask_refused(ask, text, "0A000", "cannot be told"))
			fail_msg("%s is known", item->from);
		return;
	}
	snprintf(wanted, sizeof wanted, " RETURNING t.k, %s, u.last", item->columns);
	struct verdict *verdict = ask_verdict(ask, text);
	char *becomes = ask_text(verdict, text, "$T");
	const char *returning = strstr(becomes, " RETURNING ");
	assert_non_null(returning);
	assert_string_equal(returning, wanted);
	free(becomes);
	verdict_unref(verdict);
}

static void check_all(const struct ask *ask, const struct item *items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check(ask, &items[i]);
}
#define CHECK(ask, items) check_all(ask, items, sizeof(items) / sizeof *(items))

static struct ask asking(void)
{
	struct ask ask;
	ask_init(&ask);
	catalog_unref(ask.catalog);
	ask.catalog = catalog_text_parse(CATALOG, 5);
	return ask;
}

static void test_results(void **state)
{
	static const struct item ITEMS[] = {
		{"one(1)", "one.one"},
		{"one(1) AS x", "x.x"},
		{"one(1) AS x (y)", "x.y"},
		{"one(1) WITH ORDINALITY AS x", "x.x, x.ordinality"},
		{"named() AS x", "x.n"},
		{"two(1, 2)", "two.m, two.n"},
		{"two(1, m => 2) AS x (y)", "x.y, x.n"},
		{"rows() AS r", "r.c, r.\"D e\""},
		{"public.rows(2) WITH ORDINALITY", "rows.c, rows.\"D e\", rows.ordinality"},
		{"pairs() p", "p.x, p.y"},
		{"views() AS w", "w.k"},
		{"ROWS FROM (one(1), named(), pairs(), any_row() AS (b int)) AS x", "x.one, x.n, x.x, x.y, x.b"},
		{"any_row() AS x (d int, e text)", "x.d, x.e"},
		{"current_date", "\"current_date\".\"current_date\""},
		{"generate_series(1, 2) AS i", "i.i"},
		{"pg_catalog.jsonb_each('{}') AS e", "e.key, e.value"},
		{"unnest(ARRAY[1]) AS e", "e.e"},
	};
	static const struct item UNKNOWN[] = {
		{"any_row() AS x", NULL},
		{"same(1)", NULL},
		{"ts()", NULL},
		{"tenant_rows()", NULL},
		{"nothing()", NULL},
		{"pg_temp.one(1)", NULL},
		{"unnest(NULL)", NULL},
		{"one()", NULL},
		{"one(1, 2)", NULL},
		{"rows(1, 2)", NULL},
		{"coalesce(1, 2) AS x", NULL},
		{"x.public.one(1)", NULL},
		{"rows() AS r (a, b, c)", NULL},
	};
	struct ask ask = asking();
	CHECK(&ask, ITEMS);
	CHECK(&ask, UNKNOWN);
	ask_free(&ask);
}

static void test_overloads(void **state)
{
	static const struct item ITEMS[] = {
		{"over(1)", "over.p, over.q"},
		{"over(1, 2)", "over.over"},
		{"differs(1)", NULL},
		{"every(1)", "every.every"},
		{"every(1, 2, 3)", "every.every"},
		{"every(VARIADIC '{}')", "every.every"},
		{"every()", NULL},
		{"a.couple() AS f", "f.x, f.y"},
		{"b.couple() AS f", "f.z, f.y"},
		{"couple()", NULL},
		{"jsonb_each('{}') AS f", "f.key, f.value"},
	};
	static const struct item BOTH[] = {{"couple() AS f", NULL}, {"jsonb_each('{}')", NULL}};
	static const struct item FIRST[] = {{"couple() AS f", "f.x, f.y"}};
	struct ask ask = asking();
	CHECK(&ask, ITEMS);
	ask.names.search_path = "a, public";
	CHECK(&ask, FIRST);
	ask.names.search_path = "a, b, public";
	CHECK(&ask, BOTH);
	ask_free(&ask);
}

/* f(row) is the column f of it where no function f takes that. */
static void test_rows_as_arguments(void **state)
{
	static const struct item ITEMS[] = {
		{"pair AS o, x(o) AS f", NULL},
		{"pair AS o, one(o) AS f", "o.*, f.f"},
		{"pair AS o, public.x(o) AS f", "o.*, f.f"},
	};
	struct ask ask = asking();
	CHECK(&ask, ITEMS);
	ask_free(&ask);
}

/* What the transaction has made or altered. */
static void test_transaction(void **state)
{
	static const struct item ONE[] = {
		{"one(1)", NULL}, {"public.one(1)", NULL}, {"pairs() AS p", "p.x, p.y"}};
	static const struct item UNNEST[] = {{"unnest('{}'::int[])", NULL}};
	static const struct item PAIRS[] = {{"pairs() AS p", "p.x, p.y, p.z"}, {"one(1)", "one.one"}};
	static const struct item MAYBE[] = {{"pairs() AS p", NULL}, {"one(1)", "one.one"}};
	static const struct catalog_column COLUMNS[] = {{.name = "x"}, {.name = "y"}, {.name = "z"}};
	struct catalog_relation pair = {.schema = "public",
									.name = "pair",
									.kind = 'r',
									.tenant_column = -1,
									.n_columns = 3,
									.columns = COLUMNS};
	struct catalog_relation other = {.schema = "public", .name = "other", .kind = 'r', .tenant_column = -1};
	struct ask ask = asking();
	const char *entry;
	ask.names.n_temporaries = 1;
	ask.names.temporaries = &entry;
	MemoryContext memory = pg_query_enter_memory_context();
	const char *const entries[] = {created_function("one", false), created_function("unnest", false),
								   created_name(&pair, CREATED_CHANGED, NULL),
								   created_name(&other, CREATED_MAYBE, NULL)};
	entry = entries[0];
	CHECK(&ask, ONE);
	entry = entries[1];
	CHECK(&ask, UNNEST);
	entry = entries[2];
	CHECK(&ask, PAIRS);
	entry = entries[3];
	CHECK(&ask, MAYBE);
	pg_query_exit_memory_context(memory);
	ask_free(&ask);
}

/* A merged column of a function is of a type that is not known: an alias of USING names it, from PostgreSQL 14 on. */
static void test_merged(void **state)
{
	static const char TEXT[] =
		"DELETE FROM t USING pairs() p LEFT JOIN u AS merged_1 (x) USING (x) RETURNING *";
	/* What a function of the database's own delivers may be what cannot be compared. */
#define SCREENED "WHERE t.tenant_id = $T AND CASE WHEN t.tenant_id = ANY (ARRAY[$T]) THEN 1 END IS NOT NULL"
	static const char *const BECOMES[] = {
		"@server 140000\n",
		"DELETE FROM t USING pairs() p LEFT JOIN u AS merged_1 (x) USING (x) AS merged_2 " SCREENED
		" RETURNING t.k, merged_2.x, p.y",
		"@server 130000\n",
		"DELETE FROM t USING pairs() p LEFT JOIN u AS merged_1 (x) USING (x), LATERAL (SELECT x FROM "
		"(SELECT) AS one "
		"LEFT JOIN ((SELECT p.x AS x) AS l LEFT JOIN (SELECT merged_1.x AS x) AS r USING (x)) ON true OFFSET "
		"0) "
		"AS merged_2 (merged_2_1) " SCREENED " RETURNING t.k, merged_2.merged_2_1 AS x, p.y",
	};
	for (size_t i = 0; i < sizeof BECOMES / sizeof *BECOMES; i += 2) {
		struct ask ask;
		ask_init(&ask);
		catalog_unref(ask.catalog);
		char text[1024];
		snprintf(text, sizeof text,
				 "%sCREATE TABLE t (k int, tenant_id int); CREATE TABLE u (last int); CREATE TABLE pair (x "
				 "int, y text);"
				 "CREATE FUNCTION pairs() RETURNS SETOF pair LANGUAGE internal AS 'x';",
				 BECOMES[i]);
		ask.catalog = catalog_text_parse(text, 6);
		struct verdict *verdict = ask_verdict(&ask, TEXT);
		char *becomes = ask_text(verdict, TEXT, "$T");
		assert_string_equal(becomes, BECOMES[i + 1]);
		free(becomes);
		verdict_unref(verdict);
		/* called like a function: its conditions would not be known */
		catalog_unref(ask.catalog);
		strcat(text, "CREATE FUNCTION x() RETURNS int LANGUAGE sql AS 'SELECT 1';");
		ask.catalog = catalog_text_parse(text, 7);
		assert_true(ask_is(&ask, TEXT, i == 0 ? VERDICT_GUARD : VERDICT_REFUSE));
		ask_free(&ask);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_overloads),
		cmocka_unit_test(test_rows_as_arguments),
		cmocka_unit_test(test_transaction),
		cmocka_unit_test(test_merged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
