/* Tenant types: spellings, canonical values, literals and binary values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "parser/tenant_type.h"

static const char *canonical(enum tenant_type type, const char *text)
{
	static char out[TENANT_VALUE_MAX + 1];
	return tenant_value_canonical(type, text, out) ? out : "(refused)";
}

static const char *literal(enum tenant_type type, const char *value)
{
	static char out[TENANT_LITERAL_MAX];
	size_t length = tenant_value_literal(type, value, out);
	assert_int_equal(length, strlen(out));
	return out;
}

static void test_names(void **state)
{
	enum tenant_type type;
	assert_true(tenant_type_parse("INT4", &type) && type == TENANT_INTEGER);
	assert_true(tenant_type_parse("bigint", &type) && type == TENANT_BIGINT);
	assert_true(tenant_type_parse("Uuid", &type) && type == TENANT_UUID);
	assert_true(tenant_type_parse("text", &type) && type == TENANT_TEXT);
	assert_false(tenant_type_parse("smallint", &type));
	assert_false(tenant_type_parse("", &type));
	assert_false(tenant_type_parse("integer ", &type));
	for (int i = TENANT_INTEGER; i <= TENANT_TEXT; i++) {
		assert_true(tenant_type_from_oid(tenant_type_oid((enum tenant_type)i), &type) && (int)type == i);
		assert_true(tenant_type_parse(tenant_type_name((enum tenant_type)i), &type) && (int)type == i);
	}
	assert_false(tenant_type_from_oid(1043, &type));
	assert_false(tenant_type_from_oid(0, &type));
}

static void test_integers(void **state)
{
	assert_string_equal(canonical(TENANT_INTEGER, "42"), "42");
	assert_string_equal(canonical(TENANT_INTEGER, " \t+0042\n"), "42");
	assert_string_equal(canonical(TENANT_INTEGER, "-0"), "0");
	assert_string_equal(canonical(TENANT_INTEGER, "-7"), "-7");
	assert_string_equal(canonical(TENANT_INTEGER, "2147483647"), "2147483647");
	assert_string_equal(canonical(TENANT_INTEGER, "-2147483648"), "-2147483648");
	static const char *const BAD[] = {
		"",    " ",    "+",   "-",   "- 1", "2147483648", "-2147483649", "1.0",
		"1e3", "0x10", "1_0", "1 2", "42;", "42' OR 1=1", "\xd9\xa1",    "99999999999999999999"};
	for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
		assert_string_equal(canonical(TENANT_INTEGER, BAD[i]), "(refused)");
	assert_string_equal(canonical(TENANT_BIGINT, "9223372036854775807"), "9223372036854775807");
	assert_string_equal(canonical(TENANT_BIGINT, "-9223372036854775808"), "-9223372036854775808");
	assert_string_equal(canonical(TENANT_BIGINT, "9223372036854775808"), "(refused)");
	assert_string_equal(canonical(TENANT_BIGINT, "18446744073709551617"), "(refused)");
}

static void test_uuids(void **state)
{
	const char *wanted = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
	assert_string_equal(canonical(TENANT_UUID, wanted), wanted);
	assert_string_equal(canonical(TENANT_UUID, "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"), wanted);
	assert_string_equal(canonical(TENANT_UUID, "{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}"), wanted);
	assert_string_equal(canonical(TENANT_UUID, "a0eebc999c0b4ef8bb6d6bb9bd380a11"), wanted);
	assert_string_equal(canonical(TENANT_UUID, "{a0eebc999c0b4ef8bb6d6bb9bd380a11"), "(refused)");
	assert_string_equal(canonical(TENANT_UUID, "a0eebc999c0b4ef8bb6d6bb9bd380a11-"), "(refused)");
	assert_string_equal(canonical(TENANT_UUID, "a0eebc999c0b4ef8bb6d6bb9bd380a1"), "(refused)");
	assert_string_equal(canonical(TENANT_UUID, " a0eebc999c0b4ef8bb6d6bb9bd380a11"), "(refused)");
	assert_string_equal(canonical(TENANT_UUID, "a0e-ebc999c0b4ef8bb6d6bb9bd380a11"), "(refused)");
	assert_string_equal(canonical(TENANT_UUID, "g0eebc999c0b4ef8bb6d6bb9bd380a11"), "(refused)");
}

static void test_texts(void **state)
{
	char longest[TENANT_VALUE_MAX + 2];
	memset(longest, 'x', sizeof longest);
	longest[TENANT_VALUE_MAX + 1] = 0;
	assert_string_equal(canonical(TENANT_TEXT, "acme"), "acme");
	assert_string_equal(canonical(TENANT_TEXT, " o'brien \\ \xc3\xa9"), " o'brien \\ \xc3\xa9");
	assert_string_equal(canonical(TENANT_TEXT, ""), "(refused)");
	assert_string_equal(canonical(TENANT_TEXT, longest), "(refused)");
	longest[TENANT_VALUE_MAX] = 0;
	assert_string_equal(canonical(TENANT_TEXT, longest), longest);
	static const char *const BROKEN[] = {
		"\xff", "a\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe0\x80\x80", "\x80"};
	for (size_t i = 0; i < sizeof BROKEN / sizeof *BROKEN; i++)
		assert_string_equal(canonical(TENANT_TEXT, BROKEN[i]), "(refused)");
}

static void test_literals(void **state)
{
	assert_string_equal(literal(TENANT_INTEGER, "42"), "42");
	assert_string_equal(literal(TENANT_INTEGER, "-42"), "pg_catalog.int4 '-42'");
	assert_string_equal(literal(TENANT_BIGINT, "42"), "pg_catalog.int8 '42'");
	assert_string_equal(literal(TENANT_TEXT, "o'brien'"), "pg_catalog.text 'o''brien'''");
	assert_string_equal(literal(TENANT_TEXT, "\\"), "pg_catalog.text '\\'");
	char quotes[TENANT_VALUE_MAX + 1];
	memset(quotes, '\'', TENANT_VALUE_MAX);
	quotes[TENANT_VALUE_MAX] = 0;
	assert_true(strlen(literal(TENANT_TEXT, quotes)) < TENANT_LITERAL_MAX);
}

static void test_binary(void **state)
{
	char out[TENANT_VALUE_MAX];
	assert_int_equal(tenant_value_binary(TENANT_INTEGER, "258", out), 4);
	assert_memory_equal(out, "\0\0\1\2", 4);
	assert_int_equal(tenant_value_binary(TENANT_INTEGER, "-2147483648", out), 4);
	assert_memory_equal(out, "\x80\0\0\0", 4);
	assert_int_equal(tenant_value_binary(TENANT_BIGINT, "-1", out), 8);
	assert_memory_equal(out, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
	assert_int_equal(tenant_value_binary(TENANT_UUID, "00010203-0405-0607-0809-0a0b0c0d0eff", out), 16);
	assert_memory_equal(out, "\0\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xff", 16);
	assert_int_equal(tenant_value_binary(TENANT_TEXT, "acme", out), 4);
	assert_memory_equal(out, "acme", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names), cmocka_unit_test(test_integers), cmocka_unit_test(test_uuids),
		cmocka_unit_test(test_texts), cmocka_unit_test(test_literals), cmocka_unit_test(test_binary),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
