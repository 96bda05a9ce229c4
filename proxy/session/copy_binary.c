/* COPY FROM STDIN in binary format: signature, flags, extension, then rows of a field count and fields, then
 * -1. Source: PostgreSQL documentation, "COPY", "Binary Format". */
#include "proxy/session/copy_internal.h"

#include <string.h>

#include "proxy/wire/reader.h"

/* Collects `size` bytes of a number that may come in pieces. True: it is complete. */
static bool collect(struct copy_stream *stream, size_t size, const char **at, const char *end)
{
	size_t n = size - stream->number_length;
	if (n > (size_t)(end - *at))
		n = (size_t)(end - *at);
	memcpy(stream->number + stream->number_length, *at, n);
	stream->number_length += n;
	*at += n;
	if (stream->number_length < size)
		return false;
	stream->number_length = 0;
	return true;
}

static bool row_begins(struct copy_stream *stream, struct buffer *out, struct error *error)
{
	int count = (int16_t)wire_get_u16(stream->number);
	if (count == -1) {
		buffer_add(out, stream->number, 2);
		stream->state = BINARY_END;
		return true;
	}
	if (count < 0 || (unsigned)count != stream->plan.client_columns)
		return error_set(error, "22P04", "row field count is %d, expected %u", count,
						 stream->plan.client_columns);
	buffer_add_u16(out, (uint16_t)(count + stream->plan.append));
	stream->columns_left = (unsigned)count;
	stream->fields = 0;
	stream->state = BINARY_LENGTH;
	return true;
}

static void row_ends(struct copy_stream *stream, struct buffer *out)
{
	if (stream->plan.append) {
		buffer_add_u32(out, (uint32_t)stream->value_length);
		buffer_add(out, stream->value, stream->value_length);
	}
	stream->rows++;
	stream->state = BINARY_COUNT;
}

static bool field_ends(struct copy_stream *stream, struct buffer *out, struct error *error)
{
	if (stream->check_column >= 0 && stream->fields == (unsigned)stream->check_column &&
		(stream->field_length != stream->value_length ||
		 memcmp(stream->field, stream->value, stream->value_length) != 0))
		return copy_not_tenant(stream, error);
	stream->fields++;
	if (--stream->columns_left == 0)
		row_ends(stream, out);
	else
		stream->state = BINARY_LENGTH;
	return true;
}

static bool field_begins(struct copy_stream *stream, struct buffer *out, struct error *error)
{
	uint32_t length = wire_get_u32(stream->number);
	buffer_add(out, stream->number, 4);
	stream->field_length = 0;
	if (length == UINT32_MAX) {
		stream->field_length = SIZE_MAX; /* NULL is nobody's value */
		return field_ends(stream, out, error);
	}
	if (length > INT32_MAX)
		return error_set(error, "22P04", "invalid field size");
	stream->left = length;
	if (length == 0)
		return field_ends(stream, out, error);
	stream->state = BINARY_FIELD;
	return true;
}

/* Passes bytes of a field or of the header's extension. */
static void pass(struct copy_stream *stream, const char **at, const char *end, struct buffer *out)
{
	size_t n = stream->left < (size_t)(end - *at) ? stream->left : (size_t)(end - *at);
	if (stream->state == BINARY_FIELD && stream->check_column >= 0) {
		size_t room = COPY_FIELD_MAX - stream->field_length;
		size_t kept = n < room ? n : room; /* one that fills the room is longer than any tenant */
		memcpy(stream->field + stream->field_length, *at, kept);
		stream->field_length += kept;
	}
	buffer_add(out, *at, n);
	*at += n;
	stream->left -= (uint32_t)n;
}

static bool step(struct copy_stream *stream, const char **at, const char *end, struct buffer *out,
				 struct error *error)
{
	switch (stream->state) {
	case BINARY_SIGNATURE:
		if (!collect(stream, 15, at, end))
			return true;
		if (memcmp(stream->number, "PGCOPY\n\377\r\n\0", 11) != 0)
			return error_set(error, "22P04", "COPY file signature not recognized");
		if (wire_get_u32(stream->number + 11) >> 16)
			return error_set(error, "22P04", "unrecognized critical flags in COPY file header");
		buffer_add(out, stream->number, 15);
		stream->state = BINARY_EXTENSION_LENGTH;
		return true;
	case BINARY_EXTENSION_LENGTH:
		if (!collect(stream, 4, at, end))
			return true;
		buffer_add(out, stream->number, 4);
		stream->left = wire_get_u32(stream->number);
		if (stream->left > INT32_MAX)
			return error_set(error, "22P04", "invalid COPY file header (wrong length)");
		stream->state = stream->left ? BINARY_EXTENSION : BINARY_COUNT;
		return true;
	case BINARY_EXTENSION:
		pass(stream, at, end, out);
		if (stream->left == 0)
			stream->state = BINARY_COUNT;
		return true;
	case BINARY_COUNT:
		if (!collect(stream, 2, at, end))
			return true;
		if (!row_begins(stream, out, error))
			return false;
		if (stream->state == BINARY_LENGTH && stream->columns_left == 0)
			row_ends(stream, out);
		return true;
	case BINARY_LENGTH:
		return !collect(stream, 4, at, end) || field_begins(stream, out, error);
	case BINARY_FIELD:
		pass(stream, at, end, out);
		return stream->left > 0 || field_ends(stream, out, error);
	case BINARY_END:
		return error_set(error, "22P04", "received copy data after EOF marker");
	}
	return false;
}

bool copy_binary_data(struct copy_stream *stream, const char *bytes, size_t length, struct buffer *out,
					  struct error *error)
{
	const char *at = bytes, *end = bytes + length;
	while (at < end)
		if (!step(stream, &at, end, out, error))
			return false;
	return true;
}
