/* Shapes: what is cut and what is not; and the verdict that follows from a shape is the one that guard()
 * gives, for all statements of tests/rewrite with other constants in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parser/shape.h"
#include "tests/lib/ask.h"

static bool cut(struct shape *shape, const char *text)
{
	return shape_of(shape, text, strlen(text), "tenant_id");
}

/* How many constants are cut; -1: no shape. */
static int cuts(const char *text)
{
	struct shape shape;
	return cut(&shape, text) ? (int)shape.n_cuts : -1;
}

static void test_what_is_cut(void **state)
{
	assert_int_equal(cuts("SELECT id FROM orders WHERE id = 7"), 1);
	assert_int_equal(cuts("SELECT id FROM orders WHERE id = 7;\n"), 1);
	assert_int_equal(cuts("select id from orders where a<>'x''y' and b >= 1.5 and c in (1, 'two', 3.0)"), 5);
	assert_int_equal(cuts("INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'y')"), 4);
	assert_int_equal(cuts("UPDATE t SET a = 'x', b = 5 WHERE c BETWEEN 1 AND 10"), 4);
	assert_int_equal(cuts("SELECT a FROM t WHERE b LIKE 'x%' ORDER BY 1 LIMIT 10 OFFSET 20"), 3);
	assert_int_equal(cuts("DELETE FROM t WHERE a = 'é' AND \"b c\" = 2"), 2);
	assert_int_equal(cuts("SELECT * FROM t WHERE a = '2025-01-01'::date"), 1);
}

static void test_what_is_not_cut(void **state)
{
	/* arguments of functions, casts and typed constants, ordinals, elements of anything but IN and VALUES */
	assert_int_equal(cuts("SELECT set_config('search_path', 'x', false)"), -1);
	assert_int_equal(cuts("SELECT query_to_xml('SELECT 1', true, false, '') WHERE a = 1"), 1);
	assert_int_equal(cuts("SELECT f(a => 'users', b := 'x')"), -1);
	assert_int_equal(cuts("SELECT f(VARIADIC ARRAY[1, 2])"), -1);
	assert_int_equal(cuts("INSERT INTO t VALUES (f(1, 'x'), 2)"), 1);
	assert_int_equal(cuts("SELECT 1, 'x', DATE '2025-01-01' ORDER BY 1"), -1);
	assert_int_equal(cuts("SELECT a FROM t WHERE b = interval '1 day'"), -1);
	assert_int_equal(cuts("SELECT a FROM t WHERE b = -5"), -1);
	assert_int_equal(cuts("SELECT a FROM t WHERE b =-5"), -1);
	/* the type depends on the value */
	assert_int_equal(cuts("SELECT a FROM t WHERE b = 12345678901"), -1);
}

static void test_what_has_no_shape(void **state)
{
	static const char *const none[] = {
		"",
		"BEGIN",
		"SET a = 5",
		"EXPLAIN SELECT 1 WHERE a = 5",
		"SELECT a FROM t WHERE a = 5 -- comment",
		"SELECT a /* b */ FROM t WHERE a = 5",
		"SELECT a FROM t WHERE a =/* b */5",
		"SELECT a FROM t WHERE a = 5--5",
		"SELECT a FROM t WHERE a = 5; SELECT 2",
		"SELECT a FROM t WHERE a = 5; DROP TABLE t",
		"SELECT a FROM t WHERE a = E'x\\'y'",
		"SELECT a FROM t WHERE a = e'x'",
		"SELECT a FROM t WHERE a = U&'\\0041'",
		"SELECT a FROM t WHERE a = B'101'",
		"SELECT a FROM t WHERE a = N'x' AND b = 5",
		"SELECT a FROM t WHERE a = $$x$$ AND b = 5",
		"SELECT a FROM t WHERE a = $q$x$q$ AND b = 5",
		"SELECT a FROM t WHERE a = 'x'\n'y'",
		"SELECT a FROM t WHERE a = 'x",
		"SELECT a FROM t WHERE a = 1e5",
		"SELECT a FROM t WHERE a = 0x10",
		"SELECT a FROM t WHERE a = 1_000",
		"SELECT a FROM t WHERE a = 5x",
		"SELECT a FROM t WHERE a = 5.",
		"SELECT a FROM t WHERE a = (5",
		"SELECT a FROM t WHERE tenant_id = 5",
		"SELECT a FROM t WHERE b = 5 AND t.TENANT_ID = 2",
		"SELECT a FROM t WHERE b = 5 AND \"tenant_id\" = 2",
		"SELECT a FROM t WHERE b = 5 AND \"a\"\"b\" = 2",
		"SELECT a FROM t WHERE b = 5 AND a = '\001i'",
	};
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		if (cuts(none[i]) != -1)
			fail_msg("it has a shape: %s", none[i]);
}

static void test_same_shape(void **state)
{
	struct shape a, b;
	assert_true(cut(&a, "SELECT a FROM t WHERE b = 5 AND c = 'x'"));
	assert_true(cut(&b, "SELECT a FROM t WHERE b = 123456 AND c = 'it''s; -- longer'"));
	assert_int_equal(a.length, b.length);
	assert_memory_equal(a.text, b.text, a.length);
	/* an integer is not a decimal, and no string */
	assert_true(cut(&b, "SELECT a FROM t WHERE b = 5.0 AND c = 'x'"));
	assert_false(a.length == b.length && memcmp(a.text, b.text, a.length) == 0);
	assert_true(cut(&b, "SELECT a FROM t WHERE b = '5' AND c = 'x'"));
	assert_false(a.length == b.length && memcmp(a.text, b.text, a.length) == 0);
}

/* --- the same verdicts --- */

/* The text with other constants in the place of those that were cut. malloc()ed. */
static char *other_text(const char *text, const struct shape *shape, unsigned round)
{
	static const char *const strings[] = {
		"''", "'a'", "'it''s'", "'much longer, with ; -- /* \" $$ in it'", "'2'", "'orders'", "'é'"};
	static const char *const integers[] = {"0", "1", "42", "999999999", "2", "7", "300"};
	static const char *const decimals[] = {"0.0", "1.5", "1234567.8901", "2.0", "0.00001", "3.3", "9.9"};
	char *result = malloc(strlen(text) + shape->n_cuts * 64 + 1);
	size_t at = 0, n = 0;
	if (!result)
		abort();
	for (size_t i = 0; i < shape->n_cuts; i++) {
		const char *from = text + shape->cuts[i].start;
		size_t choice = (round * 3 + i * 5) % 7;
		memcpy(result + n, text + at, shape->cuts[i].start - at);
		n += shape->cuts[i].start - at;
		const char *with = *from == '\''                                                  ? strings[choice]
						   : memchr(from, '.', shape->cuts[i].end - shape->cuts[i].start) ? decimals[choice]
																						  : integers[choice];
		memcpy(result + n, with, strlen(with));
		n += strlen(with);
		at = shape->cuts[i].end;
	}
	strcpy(result + n, text + at);
	return result;
}

static struct verdict *through(struct verdict_cache *cache, const struct ask *ask, const char *sql)
{
	struct guard_request request = {.text = sql,
									.length = strlen(sql),
									.protocol = ask->protocol,
									.catalog = ask->catalog,
									.policy = &ask->policy,
									.names = &ask->names,
									.right = ask->right};
	return verdict_cache_guard(cache, &request);
}

static void compare(const struct ask *ask, const char *sql, const struct verdict *cached)
{
	struct verdict *full = ask_verdict(ask, sql);
	char *a = ask_text(cached, sql, "42"), *b = ask_text(full, sql, "42");
	/* A refusal's text may name what the constant says; then no shape is used, and both have gone through
	 * guard(). */
	if (strcmp(a, b) != 0 ||
		(full->n_statements == 1 && cached->n_statements == 1 && !shape_same(cached, full)))
		fail_msg("another verdict from the cache\n%s\n  cache: %s\n  guard: %s", sql, a, b);
	free(a);
	free(b);
	verdict_unref(full);
}

/* What shape_like() says of a text, shape_of() says too. */
static bool is_like(const char *known, const struct shape *shape, const char *text)
{
	struct shape_cut cuts[SHAPE_CUTS_MOST];
	struct shape own;
	if (!shape_like(text, strlen(text), known, strlen(known), shape->cuts, shape->n_cuts, cuts))
		return false;
	if (!cut(&own, text) || own.length != shape->length || own.n_cuts != shape->n_cuts ||
		memcmp(own.text, shape->text, own.length) != 0 ||
		memcmp(own.cuts, cuts, own.n_cuts * sizeof *cuts) != 0)
		fail_msg("like, but of another shape\n  %s\n  %s", known, text);
	return true;
}

/* The text with a byte changed, put in or taken out, in and around each constant. Returns how many were like it. */
static size_t try_mutants(const char *known, const struct shape *shape)
{
	static const char bytes[] = "'.-9a_$ (,\\\1\"e/*&=\n\xc3";
	size_t length = strlen(known), n_like = 0;
	char *text = malloc(length + 2);
	if (!text)
		abort();
	for (size_t i = 0; i < shape->n_cuts; i++) {
		size_t from = shape->cuts[i].start > 2 ? shape->cuts[i].start - 2 : 0;
		for (size_t at = from; at <= shape->cuts[i].end + 2 && at < length; at++) {
			for (const char *byte = bytes; *byte; byte++) {
				memcpy(text, known, at);
				text[at] = *byte;
				strcpy(text + at + 1, known + at);
				n_like += is_like(known, shape, text);
				strcpy(text + at + 1, known + at + 1);
				n_like += is_like(known, shape, text);
			}
			strcpy(text + at, known + at + 1);
			n_like += is_like(known, shape, text);
		}
	}
	free(text);
	return n_like;
}

struct totals {
	size_t statements, shaped, followed, like;
};

static void try_statement(const struct ask *ask, const char *sql, struct totals *totals)
{
	struct shape shape;
	totals->statements++;
	if (!cut(&shape, sql))
		return;
	totals->shaped++;
	totals->like += try_mutants(sql, &shape);
	struct verdict_cache *cache = verdict_cache_new(1 << 20, 42);
	for (unsigned round = 0; round < 12; round++) {
		char *text = round ? other_text(sql, &shape, round) : strdup(sql);
		struct shape again;
		assert_true(cut(&again, text));
		assert_int_equal(again.length, shape.length);
		assert_memory_equal(again.text, shape.text, shape.length);
		assert_true(is_like(sql, &shape, text) && is_like(text, &again, sql));
		struct verdict *verdict = through(cache, ask, text);
		compare(ask, text, verdict);
		verdict_unref(verdict);
		free(text);
	}
	if (verdict_cache_counts(cache).hits >= 4)
		totals->followed++;
	verdict_cache_free(cache);
}

/* The statements of a file of tests/rewrite: what stands between the title and the verdict. */
static void try_file(const struct ask *ask, const char *path, struct totals *totals)
{
	FILE *file = fopen(path, "r");
	char line[8192], text[32768] = "";
	bool inside = false;
	assert_non_null(file);
	while (fgets(line, sizeof line, file)) {
		if (strncmp(line, "## ", 3) == 0) {
			inside = true;
			text[0] = 0;
		} else if (strncmp(line, "=> ", 3) == 0 && inside) {
			inside = false;
			size_t end = strlen(text);
			text[end ? end - 1 : 0] = 0;
			try_statement(ask, text, totals);
		} else if (inside && line[0] != '@' && strlen(text) + strlen(line) < sizeof text) {
			strcat(text, line);
		}
	}
	fclose(file);
}

static void test_statement_files(void **state)
{
	struct totals totals = {0};
	glob_t files;
	struct ask ask;
	ask_init(&ask);
	for (int up = 0; up < 6 && access("tests/rewrite", F_OK) != 0; up++)
		assert_int_equal(chdir(".."), 0);
	assert_int_equal(glob("tests/rewrite/*.txt", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++)
		for (int right = RIGHT_BOUND; right <= RIGHT_CHOOSE; right++) {
			ask.right = (enum right)right;
			try_file(&ask, files.gl_pathv[i], &totals);
		}
	globfree(&files);
	ask_free(&ask);
	print_message("%zu statements, %zu with a shape, %zu of these followed\n", totals.statements,
				  totals.shaped, totals.followed);
	assert_true(totals.shaped > 100 && totals.followed > totals.shaped / 3);
	assert_true(totals.like > totals.shaped);
}

static void test_shop_statements(void **state)
{
	static const char *const statements[] = {
		"SELECT name, price FROM paintings WHERE id = 42",
		"SELECT * FROM orders o JOIN users u ON u.id = o.user_id AND u.name = 'x' WHERE o.id IN (1, 2, 3) "
		"ORDER BY 1 LIMIT 5",
		"SELECT o.id FROM orders o LEFT JOIN order_items i ON i.order_id = o.id AND i.quantity > 2 WHERE "
		"o.status = 'new'",
		"INSERT INTO paintings (name, price) VALUES ('a', 1.5), ('b', 2.5)",
		"INSERT INTO settings (key, value) VALUES ('k', 'v') ON CONFLICT (key) DO UPDATE SET value = 'w'",
		"UPDATE orders SET status = 'paid' WHERE id = 5 AND total > 10.5",
		"DELETE FROM cart_items WHERE cart_id = 5 AND painting_id IN (SELECT id FROM paintings WHERE name = "
		"'x')",
		"WITH x AS (SELECT id FROM orders WHERE status = 'new') SELECT count(*) FROM x WHERE id > 5",
		"SELECT * FROM countries WHERE code = 'FR'",
		"SELECT p.* FROM paintings p WHERE 5 < p.id AND p.name LIKE 'a%' OR p.id = 1",
	};
	struct totals totals = {0};
	struct ask ask;
	ask_init(&ask);
	for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
		try_statement(&ask, statements[i], &totals);
	ask_free(&ask);
	assert_int_equal(totals.shaped, totals.statements);
	assert_int_equal(totals.followed, totals.statements);
}

/* Values of the tenant that the application writes itself are checked one by one: no shape speaks for them.
 */
static void test_tenant_values(void **state)
{
	struct ask ask;
	ask_init(&ask);
	struct verdict_cache *cache = verdict_cache_new(1 << 20, 42);
	for (int i = 1; i < 8; i++) {
		char text[200];
		snprintf(text, sizeof text, "INSERT INTO orders (total, tenant_id) VALUES (5, %d)", i);
		struct verdict *verdict = through(cache, &ask, text);
		assert_int_equal(verdict->statements[0].n_checks, 1);
		char wanted[12];
		snprintf(wanted, sizeof wanted, "%d", i);
		assert_string_equal(verdict->statements[0].checks[0].constant, wanted);
		verdict_unref(verdict);
	}
	verdict_cache_free(cache);
	ask_free(&ask);
}

/* A text that comes again and again gets an entry of its own; one that comes once does not. */
static void test_repeated(void **state)
{
	static const char again[] = "SELECT id FROM orders WHERE status = 'new' LIMIT 20";
	struct ask ask;
	ask_init(&ask);
	struct verdict_cache *cache = verdict_cache_new(1 << 20, 42);
	for (int i = 0; i < 8; i++)
		verdict_unref(through(cache, &ask, again));
	struct verdict *first = through(cache, &ask, again), *second = through(cache, &ask, again);
	assert_ptr_equal(first, second);
	uint64_t entries = verdict_cache_counts(cache).entries;
	assert_int_equal(entries, 2);
	for (int i = 0; i < 500; i++) {
		char text[200];
		snprintf(text, sizeof text, "SELECT id FROM orders WHERE status = 'new' LIMIT %d", i + 100);
		verdict_unref(through(cache, &ask, text));
	}
	assert_int_equal(verdict_cache_counts(cache).entries, entries);
	verdict_unref(first);
	verdict_unref(second);
	verdict_cache_free(cache);
	ask_free(&ask);
}

/* In the other modes the verdict asks what the application's own text is worth. */
static void test_other_modes(void **state)
{
	struct ask ask;
	ask_init(&ask);
	ask.policy.mode = MODE_AUDIT;
	struct verdict_cache *cache = verdict_cache_new(1 << 20, 42);
	for (int i = 0; i < 8; i++) {
		char text[200];
		snprintf(text, sizeof text, "SELECT code FROM countries WHERE code = '%d'", i);
		verdict_unref(through(cache, &ask, text));
	}
	assert_int_equal(verdict_cache_counts(cache).hits, 0);
	verdict_cache_free(cache);
	ask_free(&ask);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_cut),       cmocka_unit_test(test_what_is_not_cut),
		cmocka_unit_test(test_what_has_no_shape), cmocka_unit_test(test_same_shape),
		cmocka_unit_test(test_shop_statements),   cmocka_unit_test(test_statement_files),
		cmocka_unit_test(test_tenant_values),     cmocka_unit_test(test_other_modes),
		cmocka_unit_test(test_repeated),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
