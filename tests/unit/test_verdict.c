/* Verdicts as memory: building, order of splices, rendering, mapping of positions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser/verdict_build.h"
#include "tests/lib/ask.h"

static const char TEXT[] = "SELECT * FROM orders; SELECT 1";

static struct splice insertion(size_t at, size_t remove, const char *text)
{
	return (struct splice){.at = at, .remove = remove, .insert = text, .insert_length = strlen(text)};
}

/* Two statements: a guarded one whose splices come out of order, and a plain one. */
static struct verdict *two_statements(void)
{
	struct splice splices[] = {
		insertion(20, 0, " WHERE tenant_id = "),
		{.at = 20, .tenant = true},
		insertion(7, 1, "id"),
	};
	struct effect effects[] = {{.kind = EFFECT_SET, .name = "a", .value = "b", .flag = true},
							   {.kind = EFFECT_BEGIN}};
	struct tenant_check checks[] = {{.parameter = 3}, {.constant = "7", .relation = "orders", .position = 5}};
	int patterns[] = {1, 4};
	struct copy_plan copy = {.null_string = "\\N", .tenant_column = "tenant_id", .check_column = -1};
	struct analysis first = {.statement_length = 20,
							 .splices = {splices, 3, 3},
							 .effects = {effects, 2, 2},
							 .checks = {checks, 2, 2},
							 .patterns = {patterns, 2},
							 .copy = &copy,
							 .raised_tag = "TAG",
							 .touches_tenant = true,
							 .cacheable = true};
	struct analysis second = {
		.statement_start = 21, .statement_length = 9, .cacheable = true, .splices = {splices, 3, 3}};
	struct verdict_part parts[] = {
		{.analysis = &first, .kind = VERDICT_GUARD, .utility = true},
		{.analysis = &second, .kind = VERDICT_PASS, .self_safe = true, .names = 7}};
	struct verdict_facts facts = {.parameters = 2, .tenant_parameter = 3, .tenant_type = TENANT_UUID};
	struct verdict *verdict = verdict_build(parts, 2, &facts);
	/* What it was made from may go. */
	memset(splices, 'x', sizeof splices);
	memset(effects, 'x', sizeof effects);
	memset(checks, 'x', sizeof checks);
	memset(patterns, 'x', sizeof patterns);
	memset(&copy, 'x', sizeof copy);
	return verdict;
}

static void test_building(void **state)
{
	struct verdict *verdict = two_statements();
	assert_int_equal(verdict->n_statements, 2);
	assert_int_equal(verdict->kind, VERDICT_GUARD);
	assert_true(verdict->uses_tenant && verdict->cacheable && !verdict->unknown_name);
	assert_int_equal(verdict->parameters, 2);
	assert_int_equal(verdict->tenant_parameter, 3);
	assert_int_equal(verdict->tenant_type, TENANT_UUID);
	const struct statement *first = &verdict->statements[0], *second = &verdict->statements[1];
	assert_true(first->names == 0 && second->names == 7);
	assert_int_equal(first->n_splices, 3);
	assert_int_equal(first->splices[0].at, 7);
	assert_true(!first->splices[1].tenant && first->splices[2].tenant && !first->splices[2].insert);
	assert_string_equal(first->effects[0].name, "a");
	assert_true(first->effects[0].flag && !first->effects[1].name);
	assert_string_equal(first->checks[1].constant, "7");
	assert_int_equal(first->n_patterns, 2);
	assert_int_equal(first->patterns[1], 4);
	assert_string_equal(first->copy->tenant_column, "tenant_id");
	assert_string_equal(first->raised_tag, "TAG");
	assert_true(first->touches_tenant && !first->self_safe && !first->refusal);
	assert_true(second->self_safe && !second->n_splices && !second->copy && !second->raised_tag);
	assert_true(verdict_bytes(verdict) > sizeof *verdict);
	verdict_unref(verdict_ref(verdict));
	assert_int_equal(verdict->n_statements, 2);
	verdict_unref(verdict);
	verdict_unref(NULL);
}

static void test_refusal(void **state)
{
	char message[] = "no";
	struct refusal refusal = {.sqlstate = "42501", .message = message, .hint = "try", .position = 4};
	struct verdict *verdict = verdict_refuse(10, &refusal);
	message[0] = 'x';
	assert_int_equal(verdict->kind, VERDICT_REFUSE);
	assert_int_equal(verdict->statements[0].length, 10);
	assert_string_equal(verdict->statements[0].refusal->message, "no");
	assert_null(verdict->statements[0].refusal->detail);
	assert_string_equal(verdict->statements[0].refusal->sqlstate, "42501");
	assert_false(verdict->cacheable);
	verdict_unref(verdict);
}

static void test_rendering(void **state)
{
	struct verdict *verdict = two_statements();
	char *text = ask_text(verdict, TEXT, "$3");
	assert_string_equal(text, "SELECT id FROM orders WHERE tenant_id = $3; SELECT 1");
	free(text);
	verdict_unref(verdict);
}

/* Many splices in one place and in falling order stay in their places, in the order of recording. */
static void test_order(void **state)
{
	enum { PLACES = 300, EACH = 3 };
	static struct splice splices[PLACES * EACH];
	static char names[PLACES * EACH][8];
	char text[PLACES + 1];
	memset(text, '.', PLACES);
	text[PLACES] = 0;
	for (int i = 0; i < PLACES * EACH; i++) {
		snprintf(names[i], sizeof names[i], "%d", i % EACH);
		splices[i] = insertion((size_t)(PLACES - 1 - i / EACH), 0, names[i]);
	}
	struct analysis analysis = {.statement_length = PLACES,
								.splices = {splices, PLACES * EACH, PLACES * EACH}};
	struct verdict_part part = {.analysis = &analysis, .kind = VERDICT_GUARD};
	struct verdict *verdict = verdict_build(&part, 1, &(struct verdict_facts){0});
	char *rendered = ask_text(verdict, text, "");
	assert_int_equal(strlen(rendered), PLACES * (EACH + 1));
	for (int i = 0; i < PLACES; i++)
		assert_memory_equal(rendered + i * (EACH + 1), "012.", EACH + 1);
	free(rendered);
	verdict_unref(verdict);
}

static void test_positions(void **state)
{
	struct verdict *verdict = two_statements();
	const char *const slots[] = {"$3", "$3"};
	/*          1         2         3         4         5
	 * 123456789012345678901234567890123456789012345678901234
	 * SELECT id FROM orders WHERE tenant_id = $3; SELECT 1      */
	assert_int_equal(verdict_map_position(verdict, TEXT, slots, 1), 1);
	assert_int_equal(verdict_map_position(verdict, TEXT, slots, 7), 7);
	assert_int_equal(verdict_map_position(verdict, TEXT, slots, 8), 8); /* id stands for * */
	assert_int_equal(verdict_map_position(verdict, TEXT, slots, 9), 8);
	assert_int_equal(verdict_map_position(verdict, TEXT, slots, 10), 9);
	assert_int_equal(verdict_map_position(verdict, TEXT, slots, 16), 15); /* orders */
	assert_int_equal(verdict_map_position(verdict, TEXT, slots, 23), 0);  /* WHERE is ours */
	assert_int_equal(verdict_map_position(verdict, TEXT, slots, 42), 0);  /* so is the value */
	assert_int_equal(verdict_map_position(verdict, TEXT, slots, 43), 21); /* ; */
	assert_int_equal(verdict_map_position(verdict, TEXT, slots, 45), 23);
	assert_int_equal(verdict_map_position(verdict, TEXT, slots, 53), 31); /* end of input */
	assert_int_equal(verdict_map_position(verdict, TEXT, slots, 54), 0);
	assert_int_equal(verdict_map_position(verdict, TEXT, slots, 0), 0);
	assert_int_equal(verdict_map_position(verdict, TEXT, slots, -3), 0);
	verdict_unref(verdict);
}

/* Positions count characters. */
static void test_positions_of_characters(void **state)
{
	static const char text[] = "S '\xc3\xa9\xe2\x82\xac' F o W x";
	struct splice splices[] = {insertion(13, 0, "\xc3\xa9!")};
	struct analysis analysis = {.statement_length = strlen(text), .splices = {splices, 1, 1}};
	struct verdict_part part = {.analysis = &analysis, .kind = VERDICT_GUARD};
	struct verdict *verdict = verdict_build(&part, 1, &(struct verdict_facts){0});
	const char *const slots[] = {""};
	/* S 'xy' F o W x: with "e!" after "o" ("o" is character 10) */
	assert_int_equal(verdict_map_position(verdict, text, slots, 4), 4);
	assert_int_equal(verdict_map_position(verdict, text, slots, 5), 5);
	assert_int_equal(verdict_map_position(verdict, text, slots, 6), 6);
	assert_int_equal(verdict_map_position(verdict, text, slots, 10), 10);
	assert_int_equal(verdict_map_position(verdict, text, slots, 11), 0);
	assert_int_equal(verdict_map_position(verdict, text, slots, 12), 0);
	assert_int_equal(verdict_map_position(verdict, text, slots, 13), 11);
	verdict_unref(verdict);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_building),  cmocka_unit_test(test_refusal),
		cmocka_unit_test(test_rendering), cmocka_unit_test(test_order),
		cmocka_unit_test(test_positions), cmocka_unit_test(test_positions_of_characters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
