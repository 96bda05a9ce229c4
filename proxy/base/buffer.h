/* A growable run of bytes with a read end and a write end. For output queues and for messages that arrive
 * in pieces.
 *
 *      data                                    data + room
 *       |  gone  |   pending bytes   |   free   |
 *                ^start              ^end
 *
 * Invariant: start <= end <= room. An empty buffer gives its memory back with buffer_release(). Growth is
 * doubled; the `limit` given at buffer_init() is a hard cap: past it reserve fails and the buffer becomes
 * `failed` (sticky: write freely, check once). Memory that cannot be had aborts. */
#ifndef TENANTRY_BASE_BUFFER_H
#define TENANTRY_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buffer {
	char *data;
	size_t start, end, room, limit;
	bool failed;
};

void buffer_init(struct buffer *buffer, size_t limit);
void buffer_free(struct buffer *buffer);    /* memory goes, buffer is empty and usable */
void buffer_release(struct buffer *buffer); /* gives memory back when nothing is pending */

static inline size_t buffer_pending(const struct buffer *buffer)
{
	return buffer->end - buffer->start;
}
static inline const char *buffer_head(const struct buffer *buffer)
{
	return buffer->data + buffer->start;
}

/* Where there is no room at the end, or too little. */
char *buffer_make_room(struct buffer *buffer, size_t length);

/* Room for `length` more bytes at the end; NULL and failed when over the limit. Commit with buffer_commit(). */
static inline char *buffer_reserve(struct buffer *buffer, size_t length)
{
	if (!buffer->failed && length <= buffer->room - buffer->end &&
		length <= buffer->limit - buffer_pending(buffer))
		return buffer->data + buffer->end;
	return buffer_make_room(buffer, length);
}
static inline void buffer_commit(struct buffer *buffer, size_t length)
{
	buffer->end += length;
}
/* From the head. */
static inline void buffer_consume(struct buffer *buffer, size_t length)
{
	buffer->start += length;
	if (buffer->start == buffer->end)
		buffer->start = buffer->end = 0;
}
static inline void buffer_add(struct buffer *buffer, const void *bytes, size_t length)
{
	if (length == 0)
		return;
	char *to = buffer_reserve(buffer, length);
	if (!to)
		return;
	memcpy(to, bytes, length);
	buffer->end += length;
}
static inline void buffer_add_u8(struct buffer *buffer, uint8_t value)
{
	buffer_add(buffer, &value, 1);
}
/* In network order. */
static inline void buffer_add_u16(struct buffer *buffer, uint16_t value)
{
	const uint8_t wire[] = {(uint8_t)(value >> 8), (uint8_t)value};
	buffer_add(buffer, wire, sizeof wire);
}
static inline void buffer_add_u32(struct buffer *buffer, uint32_t value)
{
	const uint8_t wire[] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
							(uint8_t)value};
	buffer_add(buffer, wire, sizeof wire);
}
/* With its zero. */
static inline void buffer_add_string(struct buffer *buffer, const char *text)
{
	buffer_add(buffer, text, strlen(text) + 1);
}
/* Protocol messages: begin writes the type (0: none, as in StartupMessage) and leaves room for the
 * length; end fills it in. */
size_t buffer_message_begin(struct buffer *buffer, char type);
void buffer_message_end(struct buffer *buffer, size_t begun);

#endif
