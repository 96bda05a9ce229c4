/* Framing and decoding of protocol messages, version 3. Sans-I/O: bytes in, views of them out; nothing is
 * copied or kept.
 *
 *      type   length (4, counts itself)   body (length - 4)
 *     |----|---------------------------|--------------------|
 *
 * Lengths below 4 and lengths above the cap of the message's type are bad and end the session: a length that
 * wraps or that two parties read differently is how messages are smuggled. All arithmetic is on 64-bit sizes.
 * Source: PostgreSQL documentation, "Message Formats"; caps as in backend/tcop/postgres.c, SocketBackend().
 */
#ifndef TENANTRY_WIRE_MESSAGE_H
#define TENANTRY_WIRE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proxy/base/buffer.h"
#include "proxy/wire/reader.h"

enum {
	WIRE_HEADER = 5,
	WIRE_SMALL = 10000,      /* messages of fixed or short content, and everything before authentication */
	WIRE_LARGE = 0x3fffffff, /* the rest: MaxAllocSize of PostgreSQL */
	WIRE_PARAMETERS_MAX = 65535,
};

enum wire_status {
	WIRE_OK,
	WIRE_PARTIAL, /* more bytes are needed */
	WIRE_BAD,     /* not the protocol */
};

struct wire_message {
	char type;
	const char *body;
	size_t length; /* of the body */
};

/* Reads the header at the start of `bytes`; body is not looked at and need not be there. */
static inline enum wire_status wire_header(const char *bytes, size_t n, size_t body_limit,
										   struct wire_message *message)
{
	if (n < WIRE_HEADER)
		return WIRE_PARTIAL;
	uint32_t length = wire_get_u32(bytes + 1);
	if (length < 4 || (size_t)length - 4 > body_limit)
		return WIRE_BAD;
	message->type = bytes[0];
	message->body = bytes + WIRE_HEADER;
	message->length = (size_t)length - 4;
	return WIRE_OK;
}

/* The cap of a client's message body by its type; 0: no such message. */
extern const uint32_t wire_client_limits[256];
static inline size_t wire_client_limit(char type)
{
	return wire_client_limits[(unsigned char)type];
}
/* The same for the server's messages. */
extern const uint32_t wire_server_limits[256];
static inline size_t wire_server_limit(char type)
{
	return wire_server_limits[(unsigned char)type];
}

struct wire_parse {
	const char *name, *text;
	size_t name_length, text_length;
	unsigned n_types;
	const char *types; /* n_types OIDs in network order */
};
bool wire_parse_decode(const char *body, size_t length, struct wire_parse *parse)
	__attribute__((warn_unused_result));

struct wire_bind {
	const char *portal, *statement;
	unsigned n_formats;
	const char *formats; /* n_formats codes in network order */
	unsigned n_values;
	const char *values, *values_end;
	bool counted;        /* so far the message is sound: the numbers of formats and values are there */
	const char *results; /* count and codes of the results' formats, up to the end */
	size_t results_length;
};
bool wire_bind_decode(const char *body, size_t length, struct wire_bind *bind)
	__attribute__((warn_unused_result));
/* Format code of parameter `i` (0-based): 0 text, 1 binary. */
unsigned wire_bind_format(const struct wire_bind *bind, unsigned i);
/* Value of parameter `i`; *length -1 for NULL. */
const char *wire_bind_value(const struct wire_bind *bind, unsigned i, int32_t *length);

/* Describe and Close: 'S' or 'P' and a name. */
bool wire_target_decode(const char *body, size_t length, char *target, const char **name)
	__attribute__((warn_unused_result));
bool wire_execute_decode(const char *body, size_t length, const char **portal)
	__attribute__((warn_unused_result));
/* A body that is exactly one zero-terminated string (Query, CopyFail, CommandComplete). */
bool wire_string_decode(const char *body, size_t length, const char **text, size_t *text_length)
	__attribute__((warn_unused_result));
bool wire_status_decode(const char *body, size_t length, const char **name, const char **value)
	__attribute__((warn_unused_result));

/* Encoders. */
void wire_add_header(struct buffer *to, char type, size_t body_length);
void wire_add_empty(struct buffer *to, char type);                  /* Sync, Flush, CopyDone, Terminate .. */
void wire_add_text(struct buffer *to, char type, const char *text); /* Query, CopyFail, CommandComplete */
void wire_add_target(struct buffer *to, char type, char target, const char *name);
void wire_add_parse(struct buffer *to, const char *name, const char *text);
void wire_add_bind(struct buffer *to, const char *portal, const char *statement);
void wire_add_execute(struct buffer *to, const char *portal);
void wire_add_status(struct buffer *to, const char *name, const char *value);
void wire_add_ready(struct buffer *to, char status);

#endif
