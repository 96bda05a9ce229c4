/* proxy/session/copy.c: random rows, split at every byte, give the same; read back by a reader that was
 * written separately, every row holds the client's fields and the tenant. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/session/copy.h"
#include "proxy/wire/reader.h"

static struct copy_plan plan_of(enum copy_format format, unsigned columns)
{
	return (struct copy_plan){.format = format,
							  .client_columns = columns,
							  .append = true,
							  .check_column = -1,
							  .delimiter = format == COPY_CSV ? ',' : '\t',
							  .quote = '"',
							  .escape = '"',
							  .null_string = format == COPY_CSV ? "" : "\\N",
							  .tenant_column = "tenant_id",
							  .tenant_type = TENANT_INTEGER};
}

/* Runs `in` in pieces of the given size (0: whole); false: refused. */
static bool run(const struct copy_plan *plan, const char *tenant, int version, const char *in, size_t length,
				size_t piece, struct buffer *out, struct error *error)
{
	struct copy_stream *stream = copy_stream_new(plan, tenant, version);
	bool ok = true;
	buffer_init(out, SIZE_MAX / 4);
	for (size_t at = 0; ok && at < length;) {
		size_t n = piece && piece < length - at ? piece : length - at;
		char *copy = malloc(n); /* flush with its end, for AddressSanitizer */
		memcpy(copy, in + at, n);
		ok = copy_stream_data(stream, copy, n, out, error);
		free(copy);
		at += n;
	}
	ok = ok && copy_stream_end(stream, out, error);
	copy_stream_free(stream);
	return ok;
}

static void becomes(const struct copy_plan *plan, const char *in, const char *wanted)
{
	struct buffer out;
	struct error error;
	for (size_t piece = 0; piece <= strlen(in); piece++) {
		assert_true(run(plan, "42", 150000, in, strlen(in), piece, &out, &error));
		assert_int_equal(buffer_pending(&out), strlen(wanted));
		assert_memory_equal(buffer_head(&out), wanted, strlen(wanted));
		buffer_free(&out);
		if (*in == 0)
			return;
	}
}

static void fails(const struct copy_plan *plan, const char *in, const char *sqlstate)
{
	struct buffer out;
	struct error error;
	for (size_t piece = 0; piece <= strlen(in); piece++) {
		assert_false(run(plan, "42", 150000, in, strlen(in), piece, &out, &error));
		assert_string_equal(error.sqlstate, sqlstate);
		buffer_free(&out);
	}
}

static void test_text(void **state)
{
	struct copy_plan plan = plan_of(COPY_TEXT, 2);
	becomes(&plan, "", "");
	becomes(&plan, "a\tb\n", "a\tb\t42\n");
	becomes(&plan, "a\tb", "a\tb\t42");
	becomes(&plan, "a\tb\nc\td\n", "a\tb\t42\nc\td\t42\n");
	becomes(&plan, "a\tb\r\nc\td\r\n", "a\tb\t42\r\nc\td\t42\r\n");
	becomes(&plan, "a\tb\rc\td\r", "a\tb\t42\rc\td\t42\r");
	becomes(&plan, "a\\\tb\tc\n", "a\\\tb\tc\t42\n");
	becomes(&plan, "a\\\nb\tc\n", "a\\\nb\tc\t42\n");
	becomes(&plan, "a\\\\\tc\n", "a\\\\\tc\t42\n");
	becomes(&plan, "\\N\t\\N\n", "\\N\t\\N\t42\n");
	becomes(&plan, "a\tb\n\\.\n", "a\tb\t42\n\\.\n");
	becomes(&plan, "a\tb\n\\.\nc\td\t7\n", "a\tb\t42\n\\.\n");
	becomes(&plan, "a\tb\n\\.", "a\tb\t42\n\\.\n");
	becomes(&plan, "a\n", "a\n");
	becomes(&plan, "a\tb\tc\n", "a\tb\tc\t42\n");
}

static void test_text_refused(void **state)
{
	struct copy_plan plan = plan_of(COPY_TEXT, 2);
	fails(&plan, "1\t2\t7\\.\n", "22P04"); /* would be a row with a tenant of its own */
	fails(&plan, "\\.x\n", "22P04");
	fails(&plan, "a\tb\na\rb\n", "22P04");
	fails(&plan, "a\tb\r\na\n", "22P04");
	fails(&plan, "a\tb\r\na\tb\rc", "22P04");
	fails(&plan, "a\tb\ra\n", "22P04");
	fails(&plan, "a\tb\n\\.\r", "22P04");
	/* It would make the delimiter before the tenant a part of the field: "a-", "2" would be tenant "a-2". */
	fails(&plan, "a\tb\tx\\", "22P04");
	fails(&plan, "a\t\\", "22P04");
}

static void test_text_values(void **state)
{
	struct copy_plan plan = plan_of(COPY_TEXT, 1);
	struct buffer out;
	struct error error;
	plan.tenant_type = TENANT_TEXT;
	plan.delimiter = '|';
	assert_true(run(&plan, "a|b\\c", 150000, "x\n", 2, 0, &out, &error));
	assert_memory_equal(buffer_head(&out), "x|a\\|b\\\\c\n", 10);
	buffer_free(&out);
	plan.null_string = "acme"; /* a tenant whose name reads as NULL */
	assert_true(run(&plan, "acme", 150000, "x\n", 2, 0, &out, &error));
	assert_memory_equal(buffer_head(&out), "x|\\141cme\n", 10);
	buffer_free(&out);
	plan.default_string = "\\141cme"; /* and, so written, as the default */
	assert_true(run(&plan, "acme", 150000, "x\n", 2, 0, &out, &error));
	assert_memory_equal(buffer_head(&out), "x|\\x61cme\n", 10);
	buffer_free(&out);
}

static void test_no_columns(void **state)
{
	struct copy_plan plan = plan_of(COPY_TEXT, 0);
	becomes(&plan, "\n\n", "42\n42\n");
	becomes(&plan, "7\n", "7\t42\n"); /* surplus: the server refuses it */
}

static void test_csv(void **state)
{
	struct copy_plan plan = plan_of(COPY_CSV, 2);
	becomes(&plan, "a,b\n", "a,b,\"42\"\n");
	becomes(&plan, "\"a,\n\r\"\"b\",c\nd,e", "\"a,\n\r\"\"b\",c,\"42\"\nd,e,\"42\"");
	becomes(&plan, "a\"b,\"c,d\n",
			"a\"b,\"c,d,\"42\"\n");             /* quotes in the middle quote as well: two fields */
	becomes(&plan, "a\"b,\"c\n", "a\"b,\"c\n"); /* one: the server misses the second */
	becomes(&plan, "a,b\n\\.\nc,d,7\n", "a,b,\"42\"\n\\.\n");
	becomes(&plan, "\\.x,b\n", "\\.x,b,\"42\"\n");
	becomes(&plan, "\\N,\\n\n", "\\N,\\n,\"42\"\n");
	becomes(&plan, "\"\\.\",b\n", "\"\\.\",b,\"42\"\n");
	becomes(&plan, ",\n", ",,\"42\"\n");
	fails(&plan, "a,b\nc\rd\n", "22P04");
	plan.header = true;
	becomes(&plan, "x,y\na,b\n", "x,y,\"tenant_id\"\na,b,\"42\"\n");
	plan.header = false;
	plan.escape = '\\';
	becomes(&plan, "\"a\\\"\",b\n", "\"a\\\"\",b,\"42\"\n");
	becomes(&plan, "\"a\\\\\",b\n", "\"a\\\\\",b,\"42\"\n");
	becomes(&plan, "\"a\\\\\"\",\",b\n", "\"a\\\\\"\",\",b,\"42\"\n"); /* closed, and opened again */
	plan.quote = '4'; /* the value itself has to be quoted and escaped */
	becomes(&plan, "a,b\n", "a,b,4\\424\n");
	plan.quote = '\\';
	fails(&plan, "a,b\n", "0A000");
}

static void test_csv_18(void **state)
{
	struct copy_plan plan = plan_of(COPY_CSV, 1);
	struct buffer out;
	struct error error;
	assert_true(run(&plan, "42", 180000, "\\.\nx\n", 5, 1, &out, &error));
	assert_int_equal(buffer_pending(&out), 15);
	assert_memory_equal(buffer_head(&out), "\\.,\"42\"\nx,\"42\"\n", 15);
	buffer_free(&out);
}

static void test_check(void **state)
{
	struct copy_plan plan = plan_of(COPY_TEXT, 2);
	plan.append = false;
	plan.check_column = 1;
	becomes(&plan, "a\t42\nb\t042\n", "a\t42\nb\t042\n");
	becomes(&plan, "a\t\\x342\n", "a\t\\x342\n");
	fails(&plan, "a\t42\nb\t43\n", "42501");
	fails(&plan, "a\t\\N\n", "42501");
	fails(&plan, "a\t42\\0\n", "42501");
	fails(&plan, "a\t\n", "42501");
	plan.null_string = "42";
	fails(&plan, "a\t42\n", "42501");
	/* A field that stands for the column's default is nobody's value, however the marker reads. */
	plan.null_string = "\\N";
	plan.default_string = "42";
	becomes(&plan, "42\t042\n", "42\t042\n");
	fails(&plan, "a\t42\n", "42501");
	plan.default_string = "\\x342";
	fails(&plan, "a\t\\x342\n", "42501");
	plan = plan_of(COPY_CSV, 2);
	plan.append = false;
	plan.check_column = 0;
	becomes(&plan, "42,a\n\"42\",b\n\"4\"2,c\n", "42,a\n\"42\",b\n\"4\"2,c\n");
	fails(&plan, "\"43\",a\n", "42501");
	fails(&plan, "4\"\"\"2\",a\n", "42501");
	plan.header = true;
	becomes(&plan, "tenant_id,b\n42,a\n", "tenant_id,b\n42,a\n");
}

/* --- random rows --- */
static uint32_t random_state = 1;
static unsigned random_below(unsigned n)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (random_state >> 8) % n;
}

/* One random field in the format's notation; the plain value goes to `plain`. */
static void add_field(struct buffer *in, bool csv, char *plain)
{
	static const char alphabet[] = "ab,\t\n\r\"\\.4N";
	unsigned n = random_below(6);
	bool quoted = csv;
	if (quoted)
		buffer_add(in, "\"", 1);
	for (unsigned i = 0; i < n; i++) {
		char c = alphabet[random_below(sizeof alphabet - 1)];
		plain[i] = c;
		if (csv) {
			if (c == '"')
				buffer_add(in, "\"", 1);
			buffer_add(in, &c, 1);
		} else if (c == '\t' || c == '\n' || c == '\r' || c == '\\') {
			buffer_add(in, "\\", 1);
			c = c == '\t' ? 't' : c == '\n' ? 'n' : c == '\r' ? 'r' : c;
			buffer_add(in, &c, 1);
		} else {
			buffer_add(in, &c, 1);
		}
	}
	plain[n] = 0;
	if (quoted)
		buffer_add(in, "\"", 1);
}

/* Reads one field back and moves behind its delimiter. */
static const char *read_field(const char *at, bool csv, char *plain, char *end)
{
	if (csv) {
		assert_int_equal(*at++, '"');
		while (*at != '"' || at[1] == '"') {
			at += *at == '"';
			*plain++ = *at++;
		}
		at++;
	} else {
		while (*at != '\t' && *at != '\n') {
			char c = *at++;
			if (c == '\\') {
				c = *at++;
				c = c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c;
			}
			*plain++ = c;
		}
	}
	*plain = 0;
	*end = *at;
	return at + 1;
}

static void random_rows(enum copy_format format)
{
	enum { ROWS = 4, COLUMNS = 3 };
	bool csv = format == COPY_CSV;
	for (unsigned round = 0; round < 200; round++) {
		char plain[ROWS][COLUMNS][8], got[300], end;
		struct copy_plan plan = plan_of(format, COLUMNS);
		struct buffer in, out;
		struct error error;
		buffer_init(&in, SIZE_MAX / 4);
		for (int r = 0; r < ROWS; r++)
			for (int c = 0; c < COLUMNS; c++) {
				add_field(&in, csv, plain[r][c]);
				buffer_add(&in, c < COLUMNS - 1 ? (csv ? "," : "\t") : "\n", 1);
			}
		size_t length = buffer_pending(&in);
		for (size_t piece = 1; piece <= length; piece += 1 + piece / 8) {
			assert_true(run(&plan, "42", 150000, buffer_head(&in), length, piece, &out, &error));
			buffer_add(&out, "", 1);
			const char *at = buffer_head(&out);
			for (int r = 0; r < ROWS; r++) {
				for (int c = 0; c < COLUMNS; c++) {
					at = read_field(at, csv, got, &end);
					assert_string_equal(got, plain[r][c]);
					assert_int_equal(end, csv ? ',' : '\t');
				}
				at = read_field(at, csv, got, &end);
				assert_string_equal(got, "42");
				assert_int_equal(end, '\n');
			}
			assert_int_equal(*at, 0);
			buffer_free(&out);
		}
		buffer_free(&in);
	}
}

static void test_random_text(void **state)
{
	random_rows(COPY_TEXT);
}

static void test_random_csv(void **state)
{
	random_rows(COPY_CSV);
}

/* --- binary --- */
static const char signature[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0";

static void random_binary(struct buffer *in, struct buffer *wanted, unsigned columns)
{
	buffer_add(in, signature, 19);
	buffer_add(wanted, signature, 19);
	for (unsigned r = random_below(5); r > 0; r--) {
		buffer_add_u16(in, (uint16_t)columns);
		buffer_add_u16(wanted, (uint16_t)(columns + 1));
		for (unsigned c = 0; c < columns; c++) {
			char bytes[16];
			unsigned n = random_below(sizeof bytes + 1);
			for (unsigned i = 0; i < n; i++)
				bytes[i] = (char)random_below(256);
			bool null = random_below(4) == 0;
			buffer_add_u32(in, null ? UINT32_MAX : n);
			buffer_add_u32(wanted, null ? UINT32_MAX : n);
			if (!null) {
				buffer_add(in, bytes, n);
				buffer_add(wanted, bytes, n);
			}
		}
		buffer_add_u32(wanted, 4);
		buffer_add_u32(wanted, 42);
	}
	buffer_add_u16(in, 0xffff);
	buffer_add_u16(wanted, 0xffff);
}

static void test_binary(void **state)
{
	for (unsigned round = 0; round < 200; round++) {
		unsigned columns = random_below(4);
		struct copy_plan plan = plan_of(COPY_BINARY, columns);
		struct buffer in, wanted, out;
		struct error error;
		buffer_init(&in, SIZE_MAX / 4);
		buffer_init(&wanted, SIZE_MAX / 4);
		random_binary(&in, &wanted, columns);
		for (size_t piece = 1; piece <= buffer_pending(&in); piece++) {
			assert_true(run(&plan, "42", 150000, buffer_head(&in), buffer_pending(&in), piece, &out, &error));
			assert_int_equal(buffer_pending(&out), buffer_pending(&wanted));
			assert_memory_equal(buffer_head(&out), buffer_head(&wanted), buffer_pending(&wanted));
			buffer_free(&out);
		}
		buffer_free(&in);
		buffer_free(&wanted);
	}
}

static void binary_case(const struct copy_plan *plan, const char *rows, size_t length, const char *sqlstate)
{
	struct buffer in, out;
	struct error error = {0};
	buffer_init(&in, SIZE_MAX / 4);
	buffer_add(&in, signature, 19);
	buffer_add(&in, rows, length);
	for (size_t piece = 1; piece <= buffer_pending(&in); piece++) {
		bool ok = run(plan, "42", 150000, buffer_head(&in), buffer_pending(&in), piece, &out, &error);
		assert_int_equal(ok, sqlstate == NULL);
		if (sqlstate)
			assert_string_equal(error.sqlstate, sqlstate);
		buffer_free(&out);
	}
	buffer_free(&in);
}

static void test_binary_refused(void **state)
{
	struct copy_plan plan = plan_of(COPY_BINARY, 1);
	binary_case(&plan, "\0\2\0\0\0\0\0\0\0\0", 10, "22P04"); /* one field too many */
	binary_case(&plan, "\0\1\200\0\0\0", 6, "22P04");        /* a negative length */
	binary_case(&plan, "\377\377\0\1", 4, "22P04");          /* rows behind the end */
	plan.append = false;
	plan.check_column = 0;
	binary_case(&plan, "\0\1\0\0\0\4\0\0\0\52", 10, NULL);
	binary_case(&plan, "\0\1\0\0\0\4\0\0\0\53", 10, "42501");
	binary_case(&plan, "\0\1\0\0\0\5\0\0\0\52\0", 11, "42501");
	binary_case(&plan, "\0\1\377\377\377\377", 6, "42501");
	binary_case(&plan, "\0\1\0\0\0\0", 6, "42501");
	struct buffer out;
	struct error error;
	assert_false(run(&plan, "42", 150000, "COPY data that is text", 22, 0, &out, &error));
	buffer_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_text_refused),
		cmocka_unit_test(test_text_values),
		cmocka_unit_test(test_no_columns),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_csv_18),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_random_text),
		cmocka_unit_test(test_random_csv),
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_binary_refused),
	};
	return cmocka_run_group_tests_name("copy", tests, NULL, NULL);
}
