/* proxy/wire: framing, startup packets, decoding of every prefix, editing of errors. Bytes lie at the end of
 * memory of their own, so that AddressSanitizer sees the first one read beyond. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "proxy/wire/error_response.h"
#include "proxy/wire/message.h"
#include "proxy/wire/startup.h"

static char *flush_with_end(const char *bytes, size_t n)
{
	char *copy = malloc(n ? n : 1);
	memcpy(copy, bytes, n);
	return copy;
}

static void test_header(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		enum wire_status status;
		size_t length;
	} cases[] = {
		{"", 0, WIRE_PARTIAL, 0},
		{"Q\0\0\0", 4, WIRE_PARTIAL, 0},
		{"Q\0\0\0\4", 5, WIRE_OK, 0},
		{"Q\0\0\0\5x", 6, WIRE_OK, 1},
		{"Q\0\0\0\3", 5, WIRE_BAD, 0},
		{"Q\0\0\0\0", 5, WIRE_BAD, 0},
		{"Q\377\377\377\377", 5, WIRE_BAD, 0},
		{"Q\200\0\0\0", 5, WIRE_BAD, 0},
		{"Q\0\0\47\24", 5, WIRE_OK, 10000},
		{"Q\0\0\47\25", 5, WIRE_BAD, 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct wire_message message;
		char *bytes = flush_with_end(cases[i].bytes, cases[i].n);
		assert_int_equal(wire_header(bytes, cases[i].n, WIRE_SMALL, &message), cases[i].status);
		if (cases[i].status == WIRE_OK) {
			assert_int_equal(message.type, 'Q');
			assert_int_equal(message.length, cases[i].length);
		}
		free(bytes);
	}
}

static void test_startup(void **state)
{
	static const char packet[] = "\0\0\0\40\0\3\0\0user\0app\0database\0shop\0";
	struct wire_startup startup;
	const char *at = NULL, *name, *value;
	for (size_t n = 0; n < 32; n++) {
		char *bytes = flush_with_end(packet, n);
		assert_int_equal(wire_startup_decode(bytes, n, &startup), WIRE_PARTIAL);
		free(bytes);
	}
	assert_int_equal(wire_startup_decode(packet, 32, &startup), WIRE_OK);
	assert_int_equal(startup.major, 3);
	assert_true(wire_startup_next(&startup, &at, &name, &value));
	assert_string_equal(name, "user");
	assert_string_equal(value, "app");
	assert_true(wire_startup_next(&startup, &at, &name, &value));
	assert_string_equal(value, "shop");
	assert_false(wire_startup_next(&startup, &at, &name, &value));
}

static void test_startup_bad(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
	} cases[] = {
		{"\0\0\0\7", 4},   /* shorter than its code */
		{"\0\0\47\21", 4}, /* one more than the cap */
		{"\377\377\377\377", 4},
		{"\0\0\0\14\4\322\26\57\0\0\0\0", 12}, /* SSLRequest with a body */
		{"\0\0\0\10\4\322\26\56", 8},          /* CancelRequest without a key */
		{"\0\0\0\11\0\3\0\0u", 9},             /* no zero */
		{"\0\0\0\16\0\3\0\0user\0\0", 14},     /* a name whose value is the end */
		{"\0\0\0\13\0\3\0\0\0a\0", 11},        /* bytes behind the end */
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct wire_startup startup;
		char *bytes = flush_with_end(cases[i].bytes, cases[i].n);
		assert_int_equal(wire_startup_decode(bytes, cases[i].n, &startup), WIRE_BAD);
		free(bytes);
	}
}

static void test_bind(void **state)
{
	static const char body[] = "p\0s\0\0\2\0\0\0\1\0\2\0\0\0\1a\377\377\377\377\0\1\0\1";
	size_t n = sizeof body - 1;
	struct wire_bind bind;
	int32_t length;
	char *bytes = flush_with_end(body, n);
	assert_true(wire_bind_decode(bytes, n, &bind));
	assert_string_equal(bind.portal, "p");
	assert_string_equal(bind.statement, "s");
	assert_int_equal(bind.n_values, 2);
	assert_int_equal(wire_bind_format(&bind, 0), 0);
	assert_int_equal(wire_bind_format(&bind, 1), 1);
	assert_memory_equal(wire_bind_value(&bind, 0, &length), "a", 1);
	assert_int_equal(length, 1);
	assert_null(wire_bind_value(&bind, 1, &length));
	assert_int_equal(length, -1);
	assert_int_equal(bind.results_length, 4);
	free(bytes);
	for (size_t cut = 0; cut < n; cut++) {
		bytes = flush_with_end(body, cut);
		assert_false(wire_bind_decode(bytes, cut, &bind));
		free(bytes);
	}
	assert_false(wire_bind_decode("\0\0\0\2\0\0\0\0\0\0\0\0", 12, &bind)); /* two formats for no value */
	assert_false(wire_bind_decode("\0\0\0\0\0\1\177\377\377\377\0\0", 12, &bind));
}

static void test_parse(void **state)
{
	static const char body[] = "n\0select\0\0\2\0\0\0\27\0\0\0\0";
	size_t n = sizeof body - 1;
	struct wire_parse parse;
	assert_true(wire_parse_decode(body, n, &parse));
	assert_string_equal(parse.text, "select");
	assert_int_equal(parse.n_types, 2);
	assert_int_equal(wire_get_u32(parse.types), 23);
	for (size_t cut = 0; cut < n; cut++) {
		char *bytes = flush_with_end(body, cut);
		assert_false(wire_parse_decode(bytes, cut, &parse));
		free(bytes);
	}
	assert_false(wire_parse_decode("\0\0\0\0x", 5, &parse));
}

static void test_error_edit(void **state)
{
	static const char body[] = "SERROR\0C42703\0Mbad\0P58\0Wwhere\0Ffile\0";
	struct buffer out;
	buffer_init(&out, 10000);
	assert_true(wire_error_valid(body, sizeof body));
	assert_string_equal(wire_error_field(body, sizeof body, 'P'), "58");
	assert_null(wire_error_field(body, sizeof body, 'D'));
	for (size_t cut = 0; cut < sizeof body; cut++) {
		char *bytes = flush_with_end(body, cut);
		assert_false(wire_error_valid(bytes, cut));
		free(bytes);
	}
	struct wire_error_edit edit = {.drop = "WF", .position = 29, .hint = "try", .message = "worse"};
	wire_error_edit(&out, 'E', body, sizeof body, &edit);
	static const char wanted[] = "E\0\0\0\47SERROR\0C42703\0Mworse\0P29\0Htry\0";
	assert_int_equal(buffer_pending(&out), sizeof wanted);
	assert_memory_equal(buffer_head(&out) + 5, wanted + 5, sizeof wanted - 5);
	assert_int_equal(wire_get_u32(buffer_head(&out) + 1), sizeof wanted - 1);
	buffer_free(&out);
	edit = (struct wire_error_edit){.position = 0};
	wire_error_edit(&out, 'E', body, sizeof body, &edit);
	assert_null(wire_error_field(buffer_head(&out) + 5, buffer_pending(&out) - 5, 'P'));
	assert_string_equal(wire_error_field(buffer_head(&out) + 5, buffer_pending(&out) - 5, 'W'), "where");
	buffer_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header), cmocka_unit_test(test_startup), cmocka_unit_test(test_startup_bad),
		cmocka_unit_test(test_bind),   cmocka_unit_test(test_parse),   cmocka_unit_test(test_error_edit),
	};
	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
