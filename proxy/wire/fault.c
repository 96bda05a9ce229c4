/* Faulty messages; see fault.h. */
#include "proxy/wire/fault.h"

#include <stdlib.h>

static enum wire_fault end_of(const struct reader *reader)
{
	if (reader->bad)
		return WIRE_FAULT_SHORT;
	return reader_done(reader) ? WIRE_FAULT_NONE : WIRE_FAULT_LONG;
}

static enum wire_fault bind_fault(struct reader *reader)
{
	unsigned n_formats = reader_u16(reader);
	reader_bytes(reader, (size_t)n_formats * 2);
	unsigned n_values = reader_u16(reader);
	if (!reader->bad && n_formats > 1 && n_formats != n_values)
		return WIRE_FAULT_FORMATS;
	for (unsigned i = 0; i < n_values && !reader->bad; i++) {
		uint32_t size = reader_u32(reader);
		if (size != UINT32_MAX)
			reader_bytes(reader, size);
	}
	reader_bytes(reader, (size_t)reader_u16(reader) * 2);
	return end_of(reader);
}

enum wire_fault wire_fault(const struct wire_message *message)
{
	struct reader reader = reader_of(message->body, message->length);
	char type = message->type, target = 'S';
	if (type == 'D' || type == 'C') {
		if (message->length == 0)
			return WIRE_FAULT_EMPTY;
		target = (char)reader_u8(&reader);
	}
	reader_string(&reader, NULL);
	if (type == 'P' || type == 'B')
		reader_string(&reader, NULL);
	if (reader.bad)
		return WIRE_FAULT_STRING;
	if (type == 'B')
		return bind_fault(&reader);
	if (type == 'P')
		reader_bytes(&reader, (size_t)reader_u16(&reader) * 4);
	else if (type == 'E')
		reader_u32(&reader);
	enum wire_fault fault = end_of(&reader);
	return fault == WIRE_FAULT_NONE && target != 'S' && target != 'P' ? WIRE_FAULT_TARGET : fault;
}

void wire_add_fault(struct buffer *to, enum wire_fault fault, const struct wire_message *message)
{
	switch (fault) {
	case WIRE_FAULT_EMPTY:
		wire_add_empty(to, 'D');
		return;
	case WIRE_FAULT_STRING: /* an Execute whose portal has no zero */
		wire_add_header(to, 'E', 1);
		buffer_add_u8(to, 'x');
		return;
	case WIRE_FAULT_SHORT: /* one without the number of rows */
		wire_add_header(to, 'E', 1);
		buffer_add_u8(to, 0);
		return;
	case WIRE_FAULT_LONG:
		wire_add_header(to, 'E', 6);
		buffer_add_u8(to, 0);
		buffer_add_u32(to, 0);
		buffer_add_u8(to, 0);
		return;
	case WIRE_FAULT_TARGET:
		wire_add_target(to, message->type, message->body[0], "");
		return;
	case WIRE_FAULT_NONE:
	case WIRE_FAULT_FORMATS:
		break;
	}
	abort();
}

void wire_add_query_fault(struct buffer *to, enum wire_fault fault)
{
	bool ends = fault == WIRE_FAULT_LONG;
	wire_add_header(to, 'Q', ends ? 2 : 1);
	buffer_add_u8(to, ends ? 0 : 'x');
	if (ends)
		buffer_add_u8(to, 0);
}

void wire_add_bind_fault(struct buffer *to, enum wire_fault fault, const char *portal, const char *statement,
						 unsigned n_formats, unsigned n_values)
{
	size_t begun = buffer_message_begin(to, 'B');
	buffer_add_string(to, portal);
	buffer_add_string(to, statement);
	buffer_add_u16(to, (uint16_t)n_formats);
	for (unsigned i = 0; i < n_formats; i++)
		buffer_add_u16(to, 0);
	buffer_add_u16(to, (uint16_t)n_values);
	if (fault == WIRE_FAULT_LONG) {
		for (unsigned i = 0; i < n_values; i++)
			buffer_add_u32(to, UINT32_MAX);
		buffer_add_u16(to, 0);
		buffer_add_u8(to, 0);
	}
	buffer_message_end(to, begun);
}
