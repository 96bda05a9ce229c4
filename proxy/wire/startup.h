/* What a client may send before it is known: StartupMessage, SSLRequest, GSSENCRequest, CancelRequest. No
 * type byte: length, code, content. Everything is capped at WIRE_SMALL bytes, as in PostgreSQL
 * (MAX_STARTUP_PACKET_LENGTH). */
#ifndef TENANTRY_WIRE_STARTUP_H
#define TENANTRY_WIRE_STARTUP_H

#include "proxy/wire/message.h"

enum wire_startup_kind { WIRE_STARTUP, WIRE_SSL_REQUEST, WIRE_GSSENC_REQUEST, WIRE_CANCEL_REQUEST };

enum { WIRE_PROTOCOL_MAJOR = 3, WIRE_PROTOCOL_MINOR_MAX = 2 };

struct wire_startup {
	enum wire_startup_kind kind;
	size_t length;          /* of the whole packet */
	bool layout;            /* WIRE_BAD: its length is possible, its parameters are not */
	unsigned major, minor;  /* StartupMessage */
	const char *parameters; /* pairs of strings; walk with wire_startup_next() */
	size_t parameters_length;
	uint32_t process_id; /* CancelRequest */
	const uint8_t *key;
	size_t key_length;
};

/* Borrowed views into `bytes`. WIRE_BAD: a length out of bounds, a body that does not fit its kind. */
enum wire_status wire_startup_decode(const char *bytes, size_t n, struct wire_startup *startup);

/* The next pair; false at the end. Call with *at NULL first. The decoder has checked that all pairs are
 * whole. */
bool wire_startup_next(const struct wire_startup *startup, const char **at, const char **name,
					   const char **value);

/* `minor` is what we can do, `options` the n _pq_. options that we do not know. */
void wire_add_negotiate(struct buffer *to, unsigned minor, const char *const *options, size_t n);

#endif
