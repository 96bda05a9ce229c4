/* The transition report: texts without constants, what is noted of a statement, the book of a worker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/session/report.h"
#include "tests/lib/ask.h"

/* What is noted of the i-th statement under this mode; the verdict is the caller's. */
static const struct statement_note *note_of(enum mode mode, const char *sql, size_t i,
											struct verdict **verdict)
{
	struct ask ask;
	ask_init(&ask);
	ask.policy.mode = mode;
	*verdict = ask_verdict(&ask, sql);
	assert_true(i < (*verdict)->n_statements);
	ask_free(&ask);
	return (*verdict)->statements[i].note;
}

static void assert_noted(const char *sql, const char *text)
{
	struct verdict *verdict;
	const struct statement_note *note = note_of(MODE_ENFORCE, sql, 0, &verdict);
	assert_non_null(note);
	assert_non_null(note->text);
	assert_string_equal(note->text, text);
	verdict_unref(verdict);
}

static uint64_t id_of(const char *sql)
{
	struct verdict *verdict;
	const struct statement_note *note = note_of(MODE_ENFORCE, sql, 0, &verdict);
	assert_non_null(note);
	uint64_t id = note->id;
	verdict_unref(verdict);
	return id;
}

static void test_constants_go(void **state)
{
	assert_noted("SELECT id FROM orders WHERE id = 7", "SELECT id FROM orders WHERE id = ?");
	assert_noted("SELECT id FROM orders WHERE note = 'it''s' AND total > 1.5e3",
				 "SELECT id FROM orders WHERE note = ? AND total > ?");
	assert_noted("SELECT id FROM orders WHERE note = E'a\\'b' OR note = $x$secret$x$ OR note = U&'s' "
				 "OR note = N'secret' OR note = 'a'\n'secret'",
				 "SELECT id FROM orders WHERE note = ? OR note = ? OR note = ? OR note = ? OR note = ?");
	assert_noted("SELECT id FROM orders WHERE created > DATE '2020-01-01' AND id = $1",
				 "SELECT id FROM orders WHERE created > DATE ? AND id = ?");
	assert_noted("SELECT B'1010', X'1f', 12 FROM orders", "SELECT ?, ?, ? FROM orders");
}

static void test_comments_and_space_go(void **state)
{
	assert_noted("/* user=secret */ SELECT  id\n\tFROM orders -- secret\n WHERE id=7",
				 "SELECT id FROM orders WHERE id=?");
	assert_int_equal(id_of("SELECT id FROM orders WHERE id = 7"),
					 id_of("SELECT  id /* 8 */ FROM orders\nWHERE id = 12345678901234567890"));
	assert_int_equal(id_of("SELECT id FROM orders WHERE id = $1"),
					 id_of("SELECT id FROM orders WHERE id = 5"));
	assert_true(id_of("SELECT id FROM orders WHERE id = 7") != id_of("SELECT id FROM users WHERE id = 7"));
}

static void test_lists_shrink(void **state)
{
	assert_noted("SELECT id FROM orders WHERE id IN (1, 2, 3)", "SELECT id FROM orders WHERE id IN (?, ...)");
	assert_int_equal(id_of("SELECT id FROM orders WHERE id IN (1, 2)"),
					 id_of("SELECT id FROM orders WHERE id IN (1, 2, 3, 4, 5, 6)"));
	assert_noted("SELECT id FROM orders WHERE id = ANY(ARRAY[1,2,3])",
				 "SELECT id FROM orders WHERE id = ANY(ARRAY[?, ...])");
	assert_noted("INSERT INTO orders (id, note) VALUES (1, 'a')",
				 "INSERT INTO orders (id, note) VALUES (?, ...)");
	assert_noted("INSERT INTO orders (id, note) VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd')",
				 "INSERT INTO orders (id, note) VALUES (?, ...), ...");
	assert_noted("INSERT INTO orders (id, note) VALUES (1, lower('a')), (DEFAULT, 'b'), (DEFAULT, 'c')",
				 "INSERT INTO orders (id, note) VALUES (?, lower(?)), (DEFAULT, ?), ...");
	/* Neighbours that are no rows stay. */
	assert_noted("SELECT lower('a'), lower('b') FROM orders WHERE (id = 1) OR (id = 1)",
				 "SELECT lower(?), lower(?) FROM orders WHERE (id = ?) OR (id = ?)");
}

static void test_long_text_is_cut(void **state)
{
	char *sql = malloc(200000), *at = sql;
	at += sprintf(at, "SELECT id FROM orders WHERE note <> 'x'");
	for (int i = 0; i < 3000; i++)
		at += sprintf(at, " AND \"column of a name\" <> 'secret'");
	struct verdict *verdict;
	const struct statement_note *note = note_of(MODE_OBSERVE, sql, 0, &verdict);
	assert_non_null(note);
	assert_true(strlen(note->text) <= 1000);
	assert_string_equal(note->text + strlen(note->text) - 4, " ...");
	assert_null(strstr(note->text, "secret"));
	verdict_unref(verdict);
	free(sql);
}

static void test_what_is_noted(void **state)
{
	struct verdict *verdict;
	const struct statement_note *note;
	/* nothing of a tenant */
	assert_null(note_of(MODE_ENFORCE, "SELECT 1", 0, &verdict));
	verdict_unref(verdict);
	/* safe by itself: no text is kept */
	note = note_of(MODE_ENFORCE, "SELECT id FROM orders WHERE tenant_id = 42", 0, &verdict);
	assert_true(note && note->safe && !note->refused && !note->text && !note->reason);
	verdict_unref(verdict);
	/* the second statement of a message */
	note = note_of(MODE_ENFORCE, "SELECT 1; SELECT note FROM orders", 1, &verdict);
	assert_true(note && !note->safe && !note->refused);
	assert_string_equal(note->text, "SELECT note FROM orders");
	assert_non_null(strstr(note->reason, "confined"));
	verdict_unref(verdict);
	/* refused, and under observe: would be */
	note = note_of(MODE_ENFORCE, "SELECT pg_read_file('/secret') FROM orders", 0, &verdict);
	assert_true(note && note->refused);
	assert_string_equal(note->text, "SELECT pg_read_file(?) FROM orders");
	assert_null(strstr(note->reason, "secret"));
	verdict_unref(verdict);
	note = note_of(MODE_OBSERVE, "SELECT pg_read_file('/secret') FROM orders", 0, &verdict);
	assert_int_equal(verdict->kind, VERDICT_PASS);
	assert_true(note && note->refused);
	verdict_unref(verdict);
	/* audit: the reason is what is open */
	note = note_of(MODE_AUDIT, "SELECT note FROM orders", 0, &verdict);
	assert_true(note && note->refused && !note->safe);
	assert_non_null(strstr(note->reason, "confined"));
	verdict_unref(verdict);
}

static void test_who_bypasses_is_not_noted(void **state)
{
	struct ask ask;
	ask_init(&ask);
	ask.right = RIGHT_BYPASS;
	struct verdict *verdict = ask_verdict(&ask, "SELECT id FROM orders");
	assert_null(verdict->statements[0].note);
	verdict_unref(verdict);
	ask_free(&ask);
}

/* A verdict that follows from a shape has a note of its own. */
static void test_shapes(void **state)
{
	struct ask ask;
	ask_init(&ask);
	struct verdict_cache *cache = verdict_cache_new(1 << 20, 1);
	struct report *report = report_new(7);
	for (int i = 0; i < 20; i++) {
		char sql[100];
		snprintf(sql, sizeof sql, "SELECT id FROM orders WHERE id = %d", i);
		struct guard_request request = ask_request(&ask, sql);
		struct verdict *verdict = verdict_cache_guard(cache, &request);
		report_count(report, &verdict->statements[0]);
		verdict_unref(verdict);
	}
	assert_true(verdict_cache_counts(cache).hits > 10);
	verdict_cache_free(cache);
	const struct report_line **lines;
	assert_int_equal(report_open_lines(report, &lines), 1);
	assert_string_equal(lines[0]->text, "SELECT id FROM orders WHERE id = ?");
	assert_int_equal(lines[0]->executions, 20);
	free(lines);
	report_free(report);
	ask_free(&ask);
}

static struct statement statement_of(struct statement_note *note)
{
	return (struct statement){.note = note};
}

static void test_book(void **state)
{
	struct report *report = report_new(1), *all = report_new(2);
	struct statement_note safe = {.id = 1, .safe = true};
	struct statement_note open = {.id = 2, .text = "SELECT ?", .reason = "because"};
	struct statement_note refused = {.id = 3, .refused = true, .safe = true, .text = "DO ?", .reason = "no"};
	struct statement plain = {0}, one = statement_of(&safe), two = statement_of(&open),
					 three = statement_of(&refused);
	for (int round = 0; round < 3; round++) {
		report_count(report, &plain);
		report_count(report, &one);
		report_count(report, &two);
		report_count(report, &two);
		report_count(report, &three);
		struct report *taken = report_take(report);
		assert_int_equal(report_sums(report).executions, 0);
		report_add(all, taken);
		report_free(taken);
	}
	struct report_sums sums = report_sums(all);
	assert_int_equal(sums.statements, 3);
	assert_int_equal(sums.executions, 12);
	assert_int_equal(sums.safe_statements, 1);
	assert_int_equal(sums.safe_executions, 3);
	assert_int_equal(sums.refused_statements, 1);
	assert_int_equal(sums.refused_executions, 3);
	const struct report_line **lines;
	assert_int_equal(report_open_lines(all, &lines), 2);
	assert_string_equal(lines[0]->text, "SELECT ?");
	assert_int_equal(lines[0]->executions, 6);
	assert_string_equal(lines[1]->reason, "no");
	free(lines);
	report_free(report);
	report_free(all);
}

static void test_book_is_bounded(void **state)
{
	struct report *report = report_new(1);
	for (uint64_t i = 0; i < REPORT_LINES_MOST + 500; i++) {
		struct statement_note note = {.id = i * 0x9e3779b97f4a7c15u, .text = "t", .reason = "r"};
		struct statement statement = statement_of(&note);
		report_count(report, &statement);
		report_count(report, &statement);
	}
	struct report_sums sums = report_sums(report);
	assert_int_equal(sums.statements, REPORT_LINES_MOST);
	assert_int_equal(sums.unlisted_executions, 1000);
	report_free(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_constants_go),    cmocka_unit_test(test_comments_and_space_go),
		cmocka_unit_test(test_lists_shrink),    cmocka_unit_test(test_long_text_is_cut),
		cmocka_unit_test(test_what_is_noted),   cmocka_unit_test(test_who_bypasses_is_not_noted),
		cmocka_unit_test(test_shapes),          cmocka_unit_test(test_book),
		cmocka_unit_test(test_book_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
