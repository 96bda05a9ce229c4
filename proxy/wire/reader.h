/* A cursor over bytes that came from the other side. Sticky failure: read freely, check `bad` (or
 * reader_done()) once. Nothing is copied; what is returned points into the bytes. After a failure every read
 * gives zero or an empty string. */
#ifndef TENANTRY_WIRE_READER_H
#define TENANTRY_WIRE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct reader {
	const char *at, *end;
	bool bad;
};

static inline struct reader reader_of(const char *bytes, size_t length)
{
	return (struct reader){.at = bytes, .end = bytes + length};
}
static inline size_t reader_left(const struct reader *reader)
{
	return (size_t)(reader->end - reader->at);
}
/* All read, and nothing was missing. */
static inline bool reader_done(const struct reader *reader)
{
	return !reader->bad && reader->at == reader->end;
}

static inline uint16_t wire_get_u16(const char *bytes)
{
	const uint8_t *b = (const uint8_t *)bytes;
	return (uint16_t)(b[0] << 8 | b[1]);
}
static inline uint32_t wire_get_u32(const char *bytes)
{
	const uint8_t *b = (const uint8_t *)bytes;
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}
static inline void wire_put_u32(char *bytes, uint32_t value)
{
	uint8_t *b = (uint8_t *)bytes;
	b[0] = (uint8_t)(value >> 24);
	b[1] = (uint8_t)(value >> 16);
	b[2] = (uint8_t)(value >> 8);
	b[3] = (uint8_t)value;
}

/* `length` bytes, or NULL and bad. */
static inline const char *reader_bytes(struct reader *reader, size_t length)
{
	if (reader->bad || reader_left(reader) < length) {
		reader->bad = true;
		return NULL;
	}
	const char *bytes = reader->at;
	reader->at += length;
	return bytes;
}
static inline uint8_t reader_u8(struct reader *reader)
{
	const char *bytes = reader_bytes(reader, 1);
	return bytes ? (uint8_t)bytes[0] : 0;
}
static inline uint16_t reader_u16(struct reader *reader)
{
	const char *bytes = reader_bytes(reader, 2);
	return bytes ? wire_get_u16(bytes) : 0;
}
static inline uint32_t reader_u32(struct reader *reader)
{
	const char *bytes = reader_bytes(reader, 4);
	return bytes ? wire_get_u32(bytes) : 0;
}
/* A zero-terminated string; its length without the zero in *length (may be NULL). "" and bad when there is no
 * zero. */
static inline const char *reader_string(struct reader *reader, size_t *length)
{
	const char *zero = reader->bad ? NULL : memchr(reader->at, 0, reader_left(reader));
	if (length)
		*length = zero ? (size_t)(zero - reader->at) : 0;
	if (!zero) {
		reader->bad = true;
		return "";
	}
	const char *text = reader->at;
	reader->at = zero + 1;
	return text;
}

#endif
