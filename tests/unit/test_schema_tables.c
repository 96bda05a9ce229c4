/* The list of tables in the configuration, quoting, and the arena. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/schema/arena.h"
#include "proxy/schema/schema.h"
#include "proxy/schema/sql.h"

static void expect(const char *list, const char *schema, const char *name, const char *column)
{
	struct schema_table *tables;
	size_t n;
	struct error error = {0};
	if (!schema_tables_parse(list, &tables, &n, &error))
		fail_msg("%s: %s", list, error.message);
	assert_int_equal(n, 1);
	assert_string_equal(tables[0].name, name);
	if (schema)
		assert_string_equal(tables[0].schema, schema);
	else
		assert_null(tables[0].schema);
	if (column)
		assert_string_equal(tables[0].column, column);
	else
		assert_null(tables[0].column);
	free(tables);
}

static void test_one_name(void **state)
{
	expect("users", NULL, "users", NULL);
	expect("  Users\t", NULL, "users", NULL);
	expect("\"Odd Name\"", NULL, "Odd Name", NULL);
	expect("\"a\"\"b\"", NULL, "a\"b", NULL);
	expect("\"a,b.c(d)\"", NULL, "a,b.c(d)", NULL);
	expect("shop.Orders", "shop", "orders", NULL);
	expect("\"My Shop\" . \"select\"", "My Shop", "select", NULL);
	expect("a.b(c)", "a", "b", "c");
	expect("carts ( \"Tenant Id\" ) ", NULL, "carts", "Tenant Id");
	expect("_x$1", NULL, "_x$1", NULL);
	/* Other letters than ASCII are letters, and do not fold. */
	expect("\xc3\x84rger", NULL, "\xc3\x84rger", NULL);
	expect("x", NULL, "x", NULL);
}

static void test_names_are_cut_like_the_server_does(void **state)
{
	char list[80], name[80];
	memset(list, 'a', 70);
	list[70] = 0;
	memset(name, 'a', 63);
	name[63] = 0;
	expect(list, NULL, name, NULL);
	/* 62 bytes and a character of two: it goes as a whole. */
	memset(list, 'b', 62);
	strcpy(list + 62, "\xc3\xa4z");
	memset(name, 'b', 62);
	name[62] = 0;
	expect(list, NULL, name, NULL);
}

static void test_lists(void **state)
{
	struct schema_table *tables;
	size_t n;
	struct error error = {0};
	assert_true(schema_tables_parse("", &tables, &n, &error));
	assert_int_equal(n, 0);
	free(tables);
	assert_true(schema_tables_parse(" \n ", &tables, &n, &error));
	assert_int_equal(n, 0);
	free(tables);
	assert_true(schema_tables_parse("a,b.c,\n\"D\"(e),f", &tables, &n, &error));
	assert_int_equal(n, 4);
	assert_string_equal(tables[1].schema, "b");
	assert_string_equal(tables[2].name, "D");
	assert_string_equal(tables[2].column, "e");
	assert_string_equal(tables[3].name, "f");
	assert_null(tables[3].schema);
	free(tables);
}

static void test_what_is_refused(void **state)
{
	static const char *const lists[] = {",",   "a,", "a,,b", "a b",    "a.b.c",  "\"a", "\"\"", "1a",
										"a.",  ".a", "a(",   "a(b",    "a()",    "a-b", "a;b",  "a(b)c",
										"'a'", "$a", "a.1b", "a(b.c)", "a\"b\"", "(a)", "*",    "a/*b*/"};
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		struct schema_table *tables = NULL;
		size_t n;
		struct error error = {0};
		if (schema_tables_parse(lists[i], &tables, &n, &error))
			fail_msg("accepted: %s", lists[i]);
		assert_string_equal(error.sqlstate, "42601");
		assert_non_null(strstr(error.message, "at character"));
		assert_true(error.hint[0] != 0);
	}
}

static void test_quoting(void **state)
{
	struct arena arena = {0};
	assert_string_equal(sql_identifier(&arena, "users"), "users");
	assert_string_equal(sql_identifier(&arena, "select"), "\"select\"");
	assert_string_equal(sql_identifier(&arena, "sel"), "sel");
	assert_string_equal(sql_identifier(&arena, "all"), "\"all\"");
	assert_string_equal(sql_identifier(&arena, "xmltable"), "\"xmltable\"");
	assert_string_equal(sql_identifier(&arena, "Users"), "\"Users\"");
	assert_string_equal(sql_identifier(&arena, "1a"), "\"1a\"");
	assert_string_equal(sql_identifier(&arena, "a$b"), "\"a$b\"");
	assert_string_equal(sql_identifier(&arena, "a\"b"), "\"a\"\"b\"");
	assert_string_equal(sql_qualified(&arena, "My", "b"), "\"My\".b");
	assert_string_equal(sql_qualified(&arena, NULL, "b"), "b");
	assert_string_equal(sql_literal(&arena, "o'b"), "'o''b'");
	assert_string_equal(sql_literal(&arena, "a\\'b"), "E'a\\\\''b'");
	static const char *const texts[] = {"a", NULL, "b\"\\,{}", ""};
	assert_string_equal(sql_array(&arena, 4, texts), "{\"a\",NULL,\"b\\\"\\\\,{}\",\"\"}");
	assert_string_equal(sql_array(&arena, 0, NULL), "{}");
	arena_free(&arena);
}

static void test_arena(void **state)
{
	struct arena arena = {0};
	char *small[100];
	for (int i = 0; i < 100; i++) {
		small[i] = arena_alloc(&arena, (size_t)i);
		assert_int_equal((uintptr_t)small[i] % _Alignof(max_align_t), 0);
		memset(small[i], i, (size_t)i);
	}
	char *big = arena_alloc(&arena, 1000000);
	for (int i = 0; i < 1000000; i += 1000)
		assert_int_equal(big[i], 0);
	for (int i = 1; i < 100; i++)
		assert_int_equal(small[i][i - 1], i);
	assert_string_equal(arena_format(&arena, "%s-%d", "x", 7), "x-7");
	assert_null(arena_copy(&arena, NULL));
	arena_free(&arena);
	assert_string_equal(arena_copy(&arena, "again"), "again");
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_name), cmocka_unit_test(test_names_are_cut_like_the_server_does),
		cmocka_unit_test(test_lists),    cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_quoting),  cmocka_unit_test(test_arena),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
