/* Growable bytes; see buffer.h. */
#include "proxy/base/buffer.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 1024 };

void buffer_init(struct buffer *buffer, size_t limit)
{
	memset(buffer, 0, sizeof *buffer);
	buffer->limit = limit;
}

void buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	buffer_init(buffer, buffer->limit);
}

void buffer_release(struct buffer *buffer)
{
	if (buffer_pending(buffer) == 0 && !buffer->failed)
		buffer_free(buffer);
}

static void slide(struct buffer *buffer)
{
	if (buffer->start == 0)
		return;
	memmove(buffer->data, buffer->data + buffer->start, buffer_pending(buffer));
	buffer->end -= buffer->start;
	buffer->start = 0;
}

static void grow(struct buffer *buffer, size_t wanted)
{
	size_t room = buffer->room ? buffer->room : FIRST_ROOM;
	while (room < wanted)
		room *= 2;
	char *data = realloc(buffer->data, room);
	if (!data)
		abort();
	buffer->data = data;
	buffer->room = room;
}

char *buffer_make_room(struct buffer *buffer, size_t length)
{
	size_t pending = buffer_pending(buffer);
	if (buffer->failed || length > buffer->limit || pending > buffer->limit - length) {
		buffer->failed = true;
		return NULL;
	}
	if (buffer->room - buffer->end < length) {
		/* Sliding is worth it only when it frees at least as much as it moves; otherwise growth is
		 * amortised. */
		if (buffer->start >= pending && buffer->room - pending >= length)
			slide(buffer);
		else
			grow(buffer, buffer->end + length);
	}
	return buffer->data + buffer->end;
}

size_t buffer_message_begin(struct buffer *buffer, char type)
{
	if (type)
		buffer_add(buffer, &type, 1);
	size_t begun = buffer_pending(buffer);
	buffer_add_u32(buffer, 0);
	return begun;
}

void buffer_message_end(struct buffer *buffer, size_t begun)
{
	if (buffer->failed)
		return;
	uint32_t wire = htonl((uint32_t)(buffer_pending(buffer) - begun));
	memcpy(buffer->data + buffer->start + begun, &wire, 4);
}
