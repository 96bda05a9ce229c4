/* COPY FROM STDIN streams: whatever the data, (1) pieces cut anywhere give what the whole gives, (2) the output, taken
 * apart by a reader of its own that follows copyfromparse.c on the whole text, has the tenant's value in
 * every row that the server would take, and the client's fields before it.
 *
 * Bytes 0 and 1 choose the format and the options, byte 2 the pieces; the rest is the data. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/session/copy.h"
#include "proxy/wire/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FIELDS_MAX = 64, COLUMNS = 2 };
static const char TENANT[] = "42";

static _Noreturn void broken(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

struct setting {
	struct copy_plan plan;
	int version;
};

static struct setting choose(uint8_t first, uint8_t second)
{
	static const char *const nulls[] = {"\\N", "", "42", "a"}, *const defaults[] = {NULL, "\\D", "42",
																					"\\064"};
	enum copy_format format = (enum copy_format)(first % 3);
	struct setting setting = {.version = first & 8 ? 180000 : 150000};
	setting.plan = (struct copy_plan){.format = format,
									  .client_columns = COLUMNS + !(first & 4),
									  .append = first & 4,
									  .check_column = first & 4 ? -1 : first >> 4 & 1,
									  .delimiter = format == COPY_CSV ? ',' : '\t',
									  .quote = second & 1 ? '\'' : '"',
									  .null_string = nulls[second >> 1 & 3],
									  .default_string = defaults[second >> 3 & 3],
									  .header = format != COPY_BINARY && first & 32,
									  .tenant_column = "tenant_id",
									  .tenant_type = second & 32 ? TENANT_TEXT : TENANT_INTEGER};
	setting.plan.escape = second & 64 ? '\\' : setting.plan.quote;
	if (second & 128)
		setting.plan.delimiter = '|';
	return setting;
}

/* `step` 0: whole. Pieces have memory of their own, so that AddressSanitizer sees the end of each. */
static bool transform(const struct setting *setting, const char *in, size_t n, unsigned step,
					  struct buffer *out)
{
	struct error error;
	struct copy_stream *stream = copy_stream_new(&setting->plan, TENANT, setting->version);
	bool ok = true;
	buffer_init(out, SIZE_MAX / 4);
	for (size_t at = 0, turn = 0; ok && at < n; turn++) {
		size_t piece = step ? 1 + (step * 7 + turn * turn * 13) % step : n;
		if (piece > n - at)
			piece = n - at;
		char *copy = malloc(piece);
		memcpy(copy, in + at, piece);
		ok = copy_stream_data(stream, copy, piece, out, &error);
		free(copy);
		at += piece;
	}
	ok = ok && copy_stream_end(stream, out, &error);
	copy_stream_free(stream);
	return ok;
}

/* --- the other reader --- */
struct input {
	const struct setting *setting;
	const char *at, *end;
	enum { NONE, NL, CR, CRNL } eol;
	bool ended;
};

struct row {
	unsigned n;
	struct field {
		char *text;
		size_t length;
		bool raw_default, null;
	} fields[FIELDS_MAX];
	char *memory;
};

enum line { LINE, END, WRONG };

/* CopyReadLineText() over text that is all there. */
static enum line read_line(struct input *in, const char **line, size_t *length)
{
	const struct copy_plan *plan = &in->setting->plan;
	bool csv = plan->format == COPY_CSV, in_quote = false, escaped = false, first = true;
	char escape = csv && plan->escape != plan->quote ? plan->escape : 0;
	const char *from = in->at;
	*line = from;
	while (in->at < in->end) {
		char c = *in->at++, next = in->at < in->end ? *in->at : 0;
		if (csv) {
			if (in_quote && escape && c == escape)
				escaped = !escaped;
			if (c == plan->quote && !escaped)
				in_quote = !in_quote;
			if (c != escape)
				escaped = false;
		}
		if (c == '\r' && !in_quote) {
			*length = (size_t)(in->at - 1 - from);
			if (in->eol == NL)
				return WRONG;
			if (in->eol != CR && next == '\n') {
				in->at++;
				in->eol = CRNL;
				return LINE;
			}
			if (in->eol == CRNL)
				return WRONG;
			in->eol = CR;
			return LINE;
		}
		if (c == '\n' && !in_quote) {
			*length = (size_t)(in->at - 1 - from);
			if (in->eol == CR || in->eol == CRNL)
				return WRONG;
			in->eol = NL;
			return LINE;
		}
		if (c == '\\' && (!csv || (first && in->setting->version < 180000))) {
			if (next == '.') {
				const char *p = in->at + 1;
				bool match = in->eol == CRNL ? in->end - p >= 2 && p[0] == '\r' && p[1] == '\n'
											 : p < in->end && (*p == '\n' || *p == '\r');
				if (match) {
					if ((in->eol == NL && *p != '\n') || (in->eol == CR && *p != '\r'))
						return WRONG;
					*length = (size_t)(in->at - 1 - from);
					in->ended = true;
					return *length ? LINE : END;
				}
				if (!csv)
					return WRONG;
			} else if (!csv && in->at < in->end) {
				in->at++;
			}
		}
		first = false;
	}
	*length = (size_t)(in->at - from);
	in->ended = true;
	return *length ? LINE : END;
}

static int digit(char c, int base)
{
	int value = c >= '0' && c <= '9'   ? c - '0'
				: c >= 'a' && c <= 'f' ? c - 'a' + 10
				: c >= 'A' && c <= 'F' ? c - 'A' + 10
									   : 99;
	return value < base ? value : -1;
}

static const char *decode_escape(const char *p, const char *end, char *out)
{
	char c = *p++;
	int value = digit(c, 8);
	if (value >= 0) {
		for (int i = 0; i < 2 && p < end && digit(*p, 8) >= 0; i++)
			value = value * 8 + digit(*p++, 8);
		*out = (char)value;
	} else if (c == 'x' && p < end && digit(*p, 16) >= 0) {
		value = digit(*p++, 16);
		if (p < end && digit(*p, 16) >= 0)
			value = value * 16 + digit(*p++, 16);
		*out = (char)value;
	} else {
		*out = c == 'b'   ? '\b'
			   : c == 'f' ? '\f'
			   : c == 'n' ? '\n'
			   : c == 'r' ? '\r'
			   : c == 't' ? '\t'
			   : c == 'v' ? '\v'
						  : c;
	}
	return p;
}

/* One field of the line in `at`; false: an unterminated quote. */
static bool read_field(const struct copy_plan *plan, const char **at, const char *end, struct field *field,
					   char *out, bool *more)
{
	const char *from = *at, *p = from, *raw_end;
	bool csv = plan->format == COPY_CSV, quoted = false, saw_quote = false;
	field->text = out;
	*more = false;
	for (;;) {
		raw_end = p;
		if (p == end) {
			if (quoted)
				return false;
			break;
		}
		char c = *p++;
		if (!quoted && c == plan->delimiter) {
			*more = true;
			break;
		}
		if (csv && quoted && c == plan->escape && p < end && (*p == plan->escape || *p == plan->quote)) {
			*out++ = *p++;
		} else if (csv && c == plan->quote) {
			quoted = !quoted;
			saw_quote = true;
		} else if (!csv && c == '\\') {
			if (p < end) /* one at the very end stands for nothing */
				p = decode_escape(p, end, out++);
		} else {
			*out++ = c;
		}
	}
	size_t raw = (size_t)(raw_end - from);
	field->length = (size_t)(out - field->text);
	field->null = !saw_quote && raw == strlen(plan->null_string) && memcmp(from, plan->null_string, raw) == 0;
	field->raw_default = plan->default_string && raw == strlen(plan->default_string) &&
						 memcmp(from, plan->default_string, raw) == 0;
	*at = p;
	return true;
}

static enum line read_row(struct input *in, struct row *row)
{
	const char *at;
	size_t length;
	row->n = 0;
	if (in->ended)
		return END;
	enum line what = read_line(in, &at, &length);
	if (what != LINE)
		return what;
	const char *end = at + length;
	char *out = row->memory = malloc(length + 1);
	for (bool more = true; more;) {
		struct field *field = &row->fields[row->n];
		if (row->n == FIELDS_MAX || !read_field(&in->setting->plan, &at, end, field, out, &more)) {
			free(row->memory);
			return WRONG;
		}
		out += field->length;
		row->n++;
	}
	return LINE;
}

/* --- what must hold --- */
static bool is_text(const struct field *field, const char *text)
{
	return !field->null && !field->raw_default && field->length == strlen(text) &&
		   memcmp(field->text, text, field->length) == 0;
}

/* The integer may be written in more than one way; a text may not. */
static bool is_tenant(const struct setting *setting, const struct field *field)
{
	char text[64];
	if (field->null || field->raw_default || field->length >= sizeof text ||
		memchr(field->text, 0, field->length))
		return false;
	if (setting->plan.tenant_type == TENANT_TEXT || setting->plan.append)
		return is_text(field, TENANT);
	memcpy(text, field->text, field->length);
	text[field->length] = 0;
	return atoi(text) == 42;
}

static void compare_rows(const struct row *before, const struct row *after)
{
	for (unsigned i = 0; i < before->n; i++) {
		const struct field *a = &before->fields[i], *b = &after->fields[i];
		if (a->length != b->length || memcmp(a->text, b->text, a->length) != 0 || a->null != b->null ||
			a->raw_default != b->raw_default)
			broken("a field of the client has changed");
	}
}

/* Row by row up to the first that the server refuses: then it keeps none. */
static void check_rows(const struct setting *setting, const char *in, size_t n, const struct buffer *out)
{
	const struct copy_plan *plan = &setting->plan;
	struct input client = {.setting = setting, .at = in, .end = in + n};
	struct input server = {
		.setting = setting, .at = buffer_head(out), .end = buffer_head(out) + buffer_pending(out)};
	struct row before, after;
	unsigned wanted = plan->client_columns + plan->append;
	for (bool header = plan->header;; header = false) {
		enum line got = read_row(&server, &after), gave = read_row(&client, &before);
		bool right = got == LINE && after.n == wanted;
		if (right && !header &&
			!is_tenant(setting, &after.fields[plan->append ? wanted - 1 : (unsigned)plan->check_column]))
			broken("a row with a value that is not the tenant's");
		if (right && header && plan->append && !is_text(&after.fields[wanted - 1], "tenant_id"))
			broken("a header without the tenant column");
		bool same = gave == LINE && before.n == plan->client_columns;
		if (right && same)
			compare_rows(&before, &after);
		else if (same)
			broken("a row of the right width did not arrive");
		if (got == LINE)
			free(after.memory);
		if (gave == LINE)
			free(before.memory);
		if (!right || !same)
			return;
	}
}

static uint32_t take(const char **at, const char *end, size_t size, bool *missing)
{
	if ((size_t)(end - *at) < size) {
		*missing = true;
		*at = end;
		return 0;
	}
	uint32_t value = size == 2 ? wire_get_u16(*at) : wire_get_u32(*at);
	*at += size;
	return value;
}

static void check_binary(const struct setting *setting, const struct buffer *out)
{
	const char *at = buffer_head(out), *end = at + buffer_pending(out);
	unsigned wanted = setting->plan.client_columns + setting->plan.append;
	bool missing = false;
	if (end - at < 19)
		return;
	at += 15;
	uint32_t extension = take(&at, end, 4, &missing);
	if (extension > (size_t)(end - at))
		return;
	at += extension;
	while (!missing) {
		uint32_t fields = take(&at, end, 2, &missing);
		if (missing || fields == 0xffff)
			return;
		if (fields != wanted)
			broken("a row of a wrong width was passed on");
		for (uint32_t i = 0; i < fields && !missing; i++) {
			uint32_t length = take(&at, end, 4, &missing);
			bool tenant = i == (setting->plan.append ? wanted - 1 : (uint32_t)setting->plan.check_column);
			bool null = length == UINT32_MAX;
			if (missing || (!null && length > (size_t)(end - at)))
				return; /* not all of the row is there: the server refuses it */
			bool right = setting->plan.tenant_type == TENANT_TEXT
							 ? !null && length == 2 && memcmp(at, TENANT, 2) == 0
							 : !null && length == 4 && wire_get_u32(at) == 42;
			if (tenant && !right && at + (null ? 0 : length) < end)
				broken("a binary row with a value that is not the tenant's");
			at += null ? 0 : length;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer whole, pieces;
	if (size < 3 || size > 1 << 16)
		return 0;
	struct setting setting = choose(data[0], data[1]);
	const char *in = (const char *)data + 3;
	size_t n = size - 3;
	bool ok = transform(&setting, in, n, 0, &whole);
	for (unsigned step = 1; step <= 3; step++) {
		bool also = transform(&setting, in, n, step == 1 ? 1 : 1 + data[2] * step, &pieces);
		if (ok != also || buffer_pending(&whole) != buffer_pending(&pieces) ||
			(buffer_pending(&whole) &&
			 memcmp(buffer_head(&whole), buffer_head(&pieces), buffer_pending(&whole)) != 0))
			broken("pieces make a difference");
		buffer_free(&pieces);
	}
	if (buffer_pending(&whole) == 0)
		ok = false;
	if (ok && setting.plan.format == COPY_BINARY)
		check_binary(&setting, &whole);
	else if (ok)
		check_rows(&setting, in, n, &whole);
	buffer_free(&whole);
	return 0;
}
