/* COPY FROM STDIN streams in text and CSV; see copy.h. The binary format is in copy_binary.c. */
#include "proxy/session/copy_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- rendering of what is appended --- */
static void put(char *out, size_t *n, char c)
{
	out[(*n)++] = c;
}

static size_t escape_text(const struct copy_plan *plan, const char *value, char *out, size_t n)
{
	for (; *value; value++) {
		char c = *value;
		if (c == '\n' || c == '\r') {
			put(out, &n, '\\');
			put(out, &n, c == '\n' ? 'n' : 'r');
			continue;
		}
		if (c == '\\' || c == plan->delimiter)
			put(out, &n, '\\');
		put(out, &n, c);
	}
	return n;
}

static bool is_marker(const struct copy_plan *plan, const char *text, size_t n)
{
	return (strlen(plan->null_string) == n && memcmp(text, plan->null_string, n) == 0) ||
		   (plan->default_string && strlen(plan->default_string) == n &&
			memcmp(text, plan->default_string, n) == 0);
}

/* A value that reads as the null string, or as what stands for the default, is told apart by an escape: there are two of
 * them and three ways to write it. */
static size_t render_text(const struct copy_plan *plan, const char *value, char *out)
{
	static const char *const escapes[] = {"\\%03o", "\\x%02x"};
	size_t n = escape_text(plan, value, out, 0);
	for (size_t i = 0; *value && is_marker(plan, out, n) && i < sizeof escapes / sizeof *escapes; i++)
		n = escape_text(plan, value + 1, out, (size_t)sprintf(out, escapes[i], (unsigned char)*value));
	return n;
}

static size_t render_csv(const struct copy_plan *plan, const char *value, char *out)
{
	size_t n = 0;
	put(out, &n, plan->quote);
	for (; *value; value++) {
		if (*value == plan->quote || *value == plan->escape)
			put(out, &n, plan->escape);
		put(out, &n, *value);
	}
	put(out, &n, plan->quote);
	return n;
}

static size_t render(const struct copy_plan *plan, const char *value, char *out)
{
	return plan->format == COPY_CSV ? render_csv(plan, value, out) : render_text(plan, value, out);
}

struct copy_stream *copy_stream_new(const struct copy_plan *plan, const char *tenant, int server_version)
{
	struct copy_stream *stream = calloc(1, sizeof *stream);
	if (!stream)
		abort();
	stream->plan = *plan;
	snprintf(stream->null_string, sizeof stream->null_string, "%s",
			 plan->null_string ? plan->null_string : "");
	stream->plan.null_string = stream->null_string;
	if (plan->default_string) {
		snprintf(stream->default_string, sizeof stream->default_string, "%s", plan->default_string);
		stream->plan.default_string = stream->default_string;
	}
	snprintf(stream->tenant, sizeof stream->tenant, "%s", tenant);
	snprintf(stream->column, sizeof stream->column, "%s", plan->tenant_column ? plan->tenant_column : "");
	stream->plan.tenant_column = stream->column;
	stream->line_empty = true;
	stream->header_left = plan->header;
	stream->check_column = plan->check_column;
	if (plan->format == COPY_BINARY) {
		stream->value_length = tenant_value_binary(plan->tenant_type, tenant, stream->value);
		return stream;
	}
	stream->value_length = render(&stream->plan, tenant, stream->value);
	stream->name_length = render(&stream->plan, stream->column, stream->name);
	stream->csv = plan->format == COPY_CSV;
	stream->end_marker = !stream->csv || server_version < 180000;
	stream->escape = stream->csv && plan->escape != plan->quote ? plan->escape : 0;
	const char special[] = {plan->delimiter, '\n', '\r', '\\'};
	for (size_t i = 0; i < sizeof special; i++)
		stream->special[(unsigned char)special[i]] = true;
	if (stream->csv) {
		stream->special[(unsigned char)plan->quote] = true;
		stream->special[(unsigned char)plan->escape] = true;
	}
	return stream;
}

static bool line_ends(const struct copy_stream *stream, const char *line, size_t length, const char *value,
					  size_t n)
{
	return length > n && memcmp(line + length - n, value, n) == 0 &&
		   line[length - n - 1] == stream->plan.delimiter;
}

size_t copy_stream_appended(const struct copy_stream *stream, const char *line, size_t length)
{
	if (!stream->plan.append || stream->plan.format == COPY_BINARY)
		return 0;
	if (line_ends(stream, line, length, stream->value, stream->value_length))
		return stream->value_length + 1;
	if (stream->plan.header && line_ends(stream, line, length, stream->name, stream->name_length))
		return stream->name_length + 1;
	return 0;
}

void copy_stream_free(struct copy_stream *stream)
{
	free(stream);
}

/* --- the field that is compared with the tenant --- */
static bool captures(const struct copy_stream *stream)
{
	return stream->check_column >= 0 && stream->fields == (unsigned)stream->check_column &&
		   !stream->header_left;
}

static void capture(struct copy_stream *stream, const char *bytes, size_t length)
{
	if (!captures(stream) || length == 0)
		return;
	if (length > COPY_FIELD_MAX - stream->field_length) {
		stream->field_long = true;
		return;
	}
	memcpy(stream->field + stream->field_length, bytes, length);
	stream->field_length += length;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

/* As CopyReadAttributesText() reads escapes. In place; returns the new length, for \0 is a character too. */
static size_t unescape(char *text)
{
	static const char letters[] = "bfnrtv", meanings[] = "\b\f\n\r\t\v";
	char *out = text, *from = text;
	while (*text) {
		if (*text != '\\' || !text[1]) {
			*out++ = *text++;
			continue;
		}
		char c = text[1];
		const char *letter = strchr(letters, c);
		text += 2;
		if (digit(c) < 8) {
			int value = digit(c);
			for (int i = 0; i < 2 && digit(*text) < 8; i++)
				value = value * 8 + digit(*text++);
			*out++ = (char)value;
		} else if (c == 'x' && digit(*text) < 16) {
			int value = digit(*text++);
			if (digit(*text) < 16)
				value = value * 16 + digit(*text++);
			*out++ = (char)value;
		} else {
			*out++ = letter ? meanings[letter - letters] : c;
		}
	}
	*out = 0;
	return (size_t)(out - from);
}

static bool field_is_tenant(struct copy_stream *stream)
{
	char canonical[TENANT_VALUE_MAX + 1];
	stream->field[stream->field_length] = 0;
	if (stream->field_long || memchr(stream->field, 0, stream->field_length))
		return false;
	/* NULL, or the column's default: nobody's value. */
	if (!stream->field_quoted && is_marker(&stream->plan, stream->field, stream->field_length))
		return false;
	if (!stream->csv && unescape(stream->field) != strlen(stream->field))
		return false;
	return tenant_value_canonical(stream->plan.tenant_type, stream->field, canonical) &&
		   strcmp(canonical, stream->tenant) == 0;
}

bool copy_not_tenant(const struct copy_stream *stream, struct error *error)
{
	error_set(error, "42501", "a value for \"%s\" in the data is not the session's tenant", stream->column);
	error_detail(error, "The session acts for tenant \"%s\"; row %llu has another value.", stream->tenant,
				 (unsigned long long)stream->rows + 1);
	error_hint(error, "Leave the column out: tenantry fills it in.");
	return false;
}

/* A delimiter or the end of the row. */
static bool field_ends(struct copy_stream *stream, struct error *error)
{
	bool ok = !captures(stream) || field_is_tenant(stream);
	stream->field_length = 0;
	stream->field_long = stream->field_quoted = false;
	stream->fields++;
	return ok || copy_not_tenant(stream, error);
}

static bool row_ends(struct copy_stream *stream, const char *terminator, struct buffer *out,
					 struct error *error)
{
	unsigned columns = stream->plan.client_columns;
	bool empty = stream->line_empty;
	if (!field_ends(stream, error))
		return false;
	/* A table without visible columns has rows without fields. */
	unsigned fields = columns == 0 && empty ? 0 : stream->fields;
	if (stream->plan.append && fields >= columns) {
		if (fields > 0)
			buffer_add(out, &stream->plan.delimiter, 1);
		if (stream->header_left)
			buffer_add(out, stream->name, stream->name_length);
		else
			buffer_add(out, stream->value, stream->value_length);
	}
	buffer_add(out, terminator, strlen(terminator));
	stream->fields = 0;
	stream->line_empty = true;
	stream->in_quote = stream->last_was_escape = false;
	stream->rows += !stream->header_left;
	stream->header_left = false;
	return true;
}

/* --- one byte at a time where it matters --- */
static bool stray(const struct copy_stream *stream, char c, struct error *error)
{
	const char *what = c == '\n' ? "newline" : "carriage return";
	error_set(error, "22P04", "%s %s found in data", stream->csv ? "unquoted" : "literal", what);
	if (stream->csv)
		error_hint(error, "Use quoted CSV field to represent %s.", what);
	else
		error_hint(error, "Use \"\\%c\" to represent %s.", c == '\n' ? 'n' : 'r', what);
	return false;
}

static bool end_marker(struct copy_stream *stream, struct buffer *out)
{
	static const char *const terminators[] = {"\n", "\n", "\r", "\r\n"};
	buffer_add(out, "\\.", 2);
	buffer_add(out, terminators[stream->eol], strlen(terminators[stream->eol]));
	stream->ended = true;
	return true;
}

/* After `\.` at the start of a line. *used: the byte has been dealt with. */
static bool after_dot(struct copy_stream *stream, char c, struct buffer *out, bool *used, struct error *error)
{
	stream->pending = PENDING_NONE;
	bool newline = c == '\n' && (stream->eol == EOL_UNKNOWN || stream->eol == EOL_NL);
	bool carriage = c == '\r' && stream->eol != EOL_NL;
	if (newline || carriage) {
		*used = true;
		return end_marker(stream, out);
	}
	if (c == '\n' || c == '\r')
		return error_set(error, "22P04", "end-of-copy marker does not match previous newline style");
	if (!stream->csv)
		return error_set(error, "22P04", "end-of-copy marker corrupt");
	*used = false;
	stream->line_empty = false;
	capture(stream, "\\.", 2);
	buffer_add(out, "\\.", 2);
	return true;
}

static bool after_backslash(struct copy_stream *stream, char c, struct buffer *out, bool *used,
							struct error *error)
{
	stream->pending = PENDING_NONE;
	if (c == '.' && stream->end_marker) {
		if (!stream->line_empty)
			return error_set(error, "22P04", "end-of-copy marker is not alone on its line");
		stream->pending = PENDING_DOT;
		*used = true;
		return true;
	}
	char both[2] = {'\\', c};
	stream->line_empty = false;
	*used = !stream->csv; /* in CSV it is a character like any other, and what follows stands for itself */
	capture(stream, both, *used ? 2 : 1);
	buffer_add(out, both, *used ? 2 : 1);
	return true;
}

static bool after_return(struct copy_stream *stream, char c, struct buffer *out, bool *used,
						 struct error *error)
{
	stream->pending = PENDING_NONE;
	*used = c == '\n';
	if (stream->eol == EOL_UNKNOWN)
		stream->eol = *used ? EOL_CRNL : EOL_CR;
	else if (stream->eol == EOL_CRNL && !*used)
		return stray(stream, '\r', error);
	else if (stream->eol == EOL_CR)
		*used = false;
	return row_ends(stream, *used ? "\r\n" : "\r", out, error);
}

/* A byte of the table, outside anything pending. The run up to it is in the output. *literal: it goes there
 * as it is. */
static bool special_byte(struct copy_stream *stream, char c, bool *literal, struct buffer *out,
						 struct error *error)
{
	*literal = false;
	if (stream->csv) {
		if (stream->in_quote && stream->escape && c == stream->escape)
			stream->last_was_escape = !stream->last_was_escape;
		bool quote = c == stream->plan.quote && !stream->last_was_escape;
		if (quote)
			stream->in_quote = !stream->in_quote;
		if (c != stream->escape)
			stream->last_was_escape = false;
		if (quote) {
			/* "" inside quotes: the second one opens again, and stands for one in the field. */
			if (stream->in_quote && stream->quote_just_closed)
				capture(stream, &c, 1);
			stream->quote_just_closed = !stream->in_quote;
			if (captures(stream))
				stream->field_quoted = true;
			stream->line_empty = false;
			*literal = true;
			return true;
		}
		stream->quote_just_closed = false;
	}
	bool quoted = stream->in_quote;
	if (c == '\r' && !quoted) {
		if (stream->eol == EOL_NL)
			return stray(stream, c, error);
		stream->pending = PENDING_RETURN;
		return true;
	}
	if (c == '\n' && !quoted) {
		if (stream->eol == EOL_CR || stream->eol == EOL_CRNL)
			return stray(stream, c, error);
		stream->eol = EOL_NL;
		return row_ends(stream, "\n", out, error);
	}
	if (c == '\\' && (!stream->csv || (stream->line_empty && stream->end_marker))) {
		stream->pending = PENDING_BACKSLASH;
		return true;
	}
	*literal = true;
	stream->line_empty = false;
	if (c == stream->plan.delimiter && !quoted)
		return field_ends(stream, error);
	/* An escape inside quotes is not part of the field; what it escapes comes next and is. */
	if (!(stream->csv && stream->last_was_escape))
		capture(stream, &c, 1);
	return true;
}

static bool pending_byte(struct copy_stream *stream, char c, struct buffer *out, bool *used,
						 struct error *error)
{
	switch (stream->pending) {
	case PENDING_DOT:
		return after_dot(stream, c, out, used, error);
	case PENDING_BACKSLASH:
		return after_backslash(stream, c, out, used, error);
	case PENDING_RETURN:
		return after_return(stream, c, out, used, error);
	case PENDING_NONE:
		break;
	}
	*used = false;
	return true;
}

static bool lines(struct copy_stream *stream, const char *bytes, size_t length, struct buffer *out,
				  struct error *error)
{
	size_t from = 0, i = 0;
	while (i < length && !stream->ended) {
		if (stream->pending != PENDING_NONE) {
			bool used = false;
			if (!pending_byte(stream, bytes[i], out, &used, error))
				return false;
			i += used;
			from = i;
			continue;
		}
		size_t run = i;
		while (i < length && !stream->special[(unsigned char)bytes[i]])
			i++;
		if (i > run) {
			stream->line_empty = stream->last_was_escape = stream->quote_just_closed = false;
			capture(stream, bytes + run, i - run);
			continue;
		}
		bool literal;
		buffer_add(out, bytes + from, i - from);
		from = i;
		if (!special_byte(stream, bytes[i], &literal, out, error))
			return false;
		i++;
		if (!literal)
			from = i;
	}
	if (!stream->ended)
		buffer_add(out, bytes + from, i - from);
	return true;
}

bool copy_stream_data(struct copy_stream *stream, const char *bytes, size_t length, struct buffer *out,
					  struct error *error)
{
	memset(error, 0, sizeof *error);
	if (stream->plan.format == COPY_BINARY)
		return copy_binary_data(stream, bytes, length, out, error);
	if (stream->csv && (stream->plan.quote == '\\' || stream->plan.delimiter == '\\')) {
		/* A quote that is also the end marker's first byte can be read in two ways. */
		error_set(error, "0A000", "a backslash as quote or delimiter is not possible through tenantry");
		return false;
	}
	return lines(stream, bytes, length, out, error);
}

bool copy_stream_end(struct copy_stream *stream, struct buffer *out, struct error *error)
{
	memset(error, 0, sizeof *error);
	if (stream->ended)
		return true;
	if (stream->plan.format == COPY_BINARY)
		return true; /* a stream that stops within a row fails in the server */
	enum pending pending = stream->pending;
	stream->pending = PENDING_NONE;
	switch (pending) {
	case PENDING_DOT:
		return end_marker(stream, out);
	case PENDING_RETURN:
		return row_ends(stream, "\r", out, error);
	case PENDING_BACKSLASH:
		/* In text the server drops one at the very end, but for telling NULL. Before what is appended it would
		 * make the delimiter a part of the field, and nothing that can be written there stands for the same. */
		if (!stream->csv && stream->plan.append) {
			error_set(error, "22P04", "literal backslash found at the end of the data");
			error_hint(error, "Use \"\\\\\" to represent a backslash.");
			return false;
		}
		stream->line_empty = false;
		capture(stream, "\\", 1);
		buffer_add(out, "\\", 1);
		break;
	case PENDING_NONE:
		break;
	}
	if (stream->line_empty)
		return true;
	return row_ends(stream, "", out, error);
}
