/* Patterns of LIKE that may end in a backslash, where an index or the planner tests them: parser/quals_pattern.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser/shape.h"
#include "proxy/session/statements.h"
#include "tests/lib/ask.h"
#include "tests/lib/catalog_text.h"

static const char CATALOG[] = "CREATE TABLE tenants (id int PRIMARY KEY);"
							  "CREATE TABLE posts (id int PRIMARY KEY, title text, name text, tenant_id int);"
							  "CREATE TABLE plain (id int PRIMARY KEY, title text, tenant_id int);"
							  "CREATE TABLE files (id int, body bytea, tenant_id int);"
							  "CREATE TABLE common (id int, title text);"
							  "CREATE INDEX titles ON posts USING gin (title gin_trgm_ops);"
							  "CREATE INDEX commons ON common USING gin (title gin_trgm_ops);"
							  "CREATE FUNCTION own.lower(text) RETURNS text LANGUAGE sql AS 'SELECT $1';";

static void begin(struct ask *ask)
{
	ask_init(ask);
	catalog_unref(ask->catalog);
	ask->catalog = catalog_text_parse(CATALOG, 7);
	ask->protocol = PROTOCOL_EXTENDED;
}

/* "1 3"; "-": refused. */
static const char *patterns_of(const struct verdict *verdict)
{
	static char text[100];
	char *end = text;
	*end = 0;
	if (verdict->kind == VERDICT_REFUSE)
		return "-";
	for (size_t i = 0; i < verdict->statements[0].n_patterns; i++)
		end += sprintf(end, "%s%d", i ? " " : "", verdict->statements[0].patterns[i]);
	return text;
}

/* Is the column given a price, so that it is none of the index? */
static bool is_priced(const struct verdict *verdict, const char *sql)
{
	char *text = ask_text(verdict, sql, "$9");
	bool priced = strstr(text, "now() IS NULL") != NULL;
	free(text);
	return priced;
}

static void expect(const struct ask *ask, const char *sql, const char *patterns, bool priced)
{
	struct verdict *verdict = ask_verdict(ask, sql);
	if (strcmp(patterns_of(verdict), patterns) != 0 || is_priced(verdict, sql) != priced)
		fail_msg("%s: [%s], %s", sql, patterns_of(verdict), is_priced(verdict, sql) ? "priced" : "no price");
	verdict_unref(verdict);
}

static void expect_condition(const struct ask *ask, const char *condition, const char *patterns, bool priced)
{
	char sql[300];
	snprintf(sql, sizeof sql, "SELECT id FROM posts WHERE %s", condition);
	expect(ask, sql, patterns, priced);
}

static void test_sound(void **state)
{
	static const char *const SOUND[] = {
		"title LIKE '%a%'",
		"title LIKE '%a%'::text",
		"title ILIKE upper('%a')",
		"title LIKE pg_catalog.upper('a'::varchar)",
		"title ILIKE '%' || $1 || '%'",
		"title NOT LIKE $1 || '%'",
		"title ~~ ('x' || ($1::text || '_'))",
		"title LIKE upper($1) || $2 || '%'",
		"title LIKE '\\' || $1 || '%'",
		"title LIKE 'a' || 'b'",
		"title LIKE $1 ESCAPE ''",
		"title LIKE '%\\' ESCAPE ''",
		"title LIKE '%' || $1 OPERATOR(pg_catalog.||) '%'",
		"title LIKE ANY ('{a,b}')",
	};
	static const char *const UNSOUND[] = {
		"title LIKE '%a\\'",
		"title LIKE name",
		"title LIKE name || '%'",
		"title LIKE '%a' ESCAPE '!'",
		"title LIKE lower('%a')", /* there is an own.lower() */
		"title LIKE own.upper('%a')",
		"title LIKE 'a'::varchar(3)",
		"title LIKE 'a'::own.text",
		"title LIKE '\\' || ''",
		"title LIKE 'a' OPERATOR(own.||) '%'",
		"title LIKE ANY (ARRAY['%', name])",
		"title LIKE ANY ('{a}' || '{b}')",
		"title LIKE (SELECT 'a')",
		"title LIKE NULL || '%'",
		"title LIKE ($1 || 'a')::text", /* of two jsonb, for all that is known */
	};
	struct ask ask;
	begin(&ask);
	for (size_t i = 0; i < sizeof SOUND / sizeof *SOUND; i++)
		expect_condition(&ask, SOUND[i], "", false);
	for (size_t i = 0; i < sizeof UNSOUND / sizeof *UNSOUND; i++)
		expect_condition(&ask, UNSOUND[i], "", true);
	ask_free(&ask);
}

static void test_looked_at(void **state)
{
	static const uint32_t TEXTS[] = {25, 1043}, OTHERS[] = {1009, 17}, UNKNOWN[] = {705, 705};
	struct ask ask;
	begin(&ask);
	expect_condition(&ask, "title LIKE $1", "1", false);
	expect_condition(&ask, "title ILIKE '%' || upper($2::text) AND title !~~ $1", "1 2", false);
	expect_condition(&ask, "title LIKE $1 || $2", "1 2", false);
	expect_condition(&ask, "title LIKE $1 || ($2 || '%')", "", false);
	expect_condition(&ask, "title LIKE $1 || ''", "1", false);
	expect_condition(&ask, "title LIKE $1 OR title LIKE $1 || '%'", "1", false);
	expect_condition(&ask, "title LIKE $1 OR id = $2", "1", false);
	/* of a type that is not known, or no pattern */
	expect_condition(&ask, "title LIKE $1 OR name = $1", "", true);
	expect_condition(&ask, "title LIKE $1 OR $1 LIKE 'a'", "", true);
	expect_condition(&ask, "title LIKE $1 OR title LIKE lower($1)", "", true);
	expect_condition(&ask, "title LIKE ANY ($1)", "", true);
	expect_condition(&ask, "title LIKE ALL (ARRAY[$1, $2])", "", true);
	expect_condition(&ask, "title LIKE $1::varchar(3)", "", true);
	expect_condition(&ask, "title LIKE $1::bpchar", "", true);
	expect_condition(&ask, "title LIKE name || $1", "", true);
	expect_condition(&ask, "title LIKE $1 ESCAPE '!'", "", true);
	expect_condition(&ask, "title LIKE (SELECT $1)", "", true);
	ask.n_types = 2;
	ask.types = TEXTS;
	expect_condition(&ask, "title LIKE $1 OR name = $1", "1", false);
	expect_condition(&ask, "title LIKE $2 OR id > 3 AND name > $2", "2", false);
	ask.types = OTHERS;
	expect_condition(&ask, "title LIKE $1::text", "", true);
	expect_condition(&ask, "title LIKE $1 || '%'", "", true);
	expect_condition(&ask, "title LIKE '%' || $2", "", true);
	ask.types = UNKNOWN;
	expect_condition(&ask, "title LIKE $1", "1", false);
	expect_condition(&ask, "title LIKE $1 OR name = $1", "", true);
	ask_free(&ask);
}

static void test_where(void **state)
{
	struct ask ask;
	begin(&ask);
	expect(&ask, "UPDATE posts SET title = $2 WHERE title LIKE $1", "1", false);
	expect(&ask, "DELETE FROM posts WHERE title LIKE $1 RETURNING id", "1", false);
	expect(&ask, "INSERT INTO plain (id) SELECT id FROM posts WHERE title LIKE $1", "1", false);
	expect(&ask, "EXPLAIN (COSTS off) SELECT id FROM posts WHERE title LIKE $1", "1", false);
	expect(&ask, "SELECT id FROM plain p LEFT JOIN (SELECT title LIKE $1 AS b FROM posts) x ON x.b", "1",
		   false);
	expect(&ask, "WITH c AS (SELECT title FROM posts) SELECT 1 FROM c WHERE title LIKE $1", "1", false);
	/* without an index: the planner knows values */
	expect(&ask, "SELECT id FROM plain WHERE title LIKE $1", "1", false);
	expect(&ask, "SELECT id FROM plain WHERE title LIKE 'a\\'", "", true);
	expect(&ask, "SELECT id FROM plain WHERE title LIKE ANY (ARRAY['a%', 'b\\%'])", "", true);
	expect(&ask, "SELECT id FROM plain WHERE title LIKE ANY (ARRAY['a%', '%b'])", "", false);
	/* a pattern of bytes */
	expect(&ask, "SELECT id FROM files WHERE body LIKE $1", "", true);
	expect(&ask, "SELECT b FROM (SELECT body AS b FROM files) x WHERE b LIKE $1", "", true);
	/* no rows of tenants */
	expect(&ask, "SELECT id FROM common WHERE title LIKE $1", "", false);
	/* the parameters are others, or are not bound */
	expect(&ask, "PREPARE p (text) AS SELECT id FROM posts WHERE title LIKE $1", "", true);
	expect(&ask, "PREPARE p (text) AS SELECT id FROM posts WHERE title LIKE $1 || '%'", "", false);
	ask.protocol = PROTOCOL_SIMPLE;
	expect(&ask, "SELECT id FROM posts WHERE title LIKE $1", "", true);
	ask.protocol = PROTOCOL_EXTENDED;
	ask.policy.mode = MODE_AUDIT;
	expect(&ask, "SELECT id FROM posts WHERE tenant_id = 42 AND title LIKE $1", "", false);
	ask.policy.mode = MODE_OBSERVE;
	expect(&ask, "SELECT id FROM posts WHERE title LIKE $1", "", false);
	ask.policy.mode = MODE_ENFORCE;
	ask.right = RIGHT_BYPASS;
	expect(&ask, "SELECT id FROM posts WHERE title LIKE $1", "", false);
	ask_free(&ask);
}

/* What is still compared a second time: a bytea fails elsewhere. */
static void test_screen(void **state)
{
	static const char SQL[] = "SELECT id FROM posts WHERE title LIKE $1";
	struct ask ask;
	begin(&ask);
	struct verdict *verdict = ask_verdict(&ask, SQL);
	char *text = ask_text(verdict, SQL, "$2");
	assert_string_equal(text, "SELECT id FROM posts WHERE posts.tenant_id = $2 AND CASE WHEN posts.tenant_id "
							  "= ANY (ARRAY[$2]) THEN 1 END IS NOT NULL AND (title LIKE $1)");
	free(text);
	verdict_unref(verdict);
	ask_free(&ask);
}

/* Another list is another verdict, and no shape speaks for it. */
static void test_same(void **state)
{
	static const char SQL[] = "SELECT id FROM posts WHERE title LIKE $1 AND id > 5";
	struct ask ask;
	begin(&ask);
	struct verdict *verdict = ask_verdict(&ask, SQL), *again = ask_verdict(&ask, SQL);
	assert_true(verdict_same_rewriting(verdict, again));
	((struct statement *)again->statements)->n_patterns = 0;
	assert_false(verdict_same_rewriting(verdict, again));
	assert_false(shape_same(verdict, again));
	struct shape_cut cut = {strlen(SQL) - 1, strlen(SQL)};
	assert_false(shape_is_shared(verdict, &cut, 1));
	verdict_unref(verdict);
	verdict_unref(again);
	ask_free(&ask);
}

/* Long patterns take no more than their length. */
static void test_long(void **state)
{
	enum { PARTS = 300, PATTERNS = 60 };
	struct ask ask;
	begin(&ask);
	for (int right = 0; right < 2; right++) {
		char *text = malloc(PARTS * PATTERNS * 12 + 200),
			 *end = stpcpy(text, "SELECT id FROM posts WHERE id > 0");
		for (int pattern = 0; pattern < PATTERNS; pattern++) {
			end = stpcpy(end, " AND title LIKE name");
			for (int i = 0; i < PARTS; i++)
				end = stpcpy(end, right ? " || ($1" : " || $1");
			for (int i = 0; right && i < PARTS; i++)
				*end++ = ')';
		}
		*end = 0;
		expect(&ask, text, "", true);
		free(text);
	}
	expect_condition(&ask, "title LIKE $70000", "", true);
	ask_free(&ask);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sound),  cmocka_unit_test(test_looked_at), cmocka_unit_test(test_where),
		cmocka_unit_test(test_screen), cmocka_unit_test(test_same),      cmocka_unit_test(test_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
