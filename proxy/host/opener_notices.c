/* What a server says while it is being opened (WARNING for a setting of the role that is not valid any more, a
 * changed collation, a login trigger), kept for the client as messages of the protocol. libpq takes them in a
 * thread of the pool or, at the end, on the loop, never in both at once. Bounded. */
#include <stdlib.h>
#include <string.h>

#include "proxy/base/buffer.h"
#include "proxy/host/opener_internal.h"

enum { NOTICES_MAX = 100, NOTICES_BYTES = 65536 };

struct opener_notices {
	unsigned n, dropped;
	struct buffer bytes;
};

struct opener_notices *opener_notices_new(void)
{
	struct opener_notices *notices = calloc(1, sizeof *notices);
	if (!notices)
		abort();
	buffer_init(&notices->bytes, NOTICES_BYTES);
	return notices;
}

void opener_notices_free(struct opener_notices *notices)
{
	if (!notices)
		return;
	buffer_free(&notices->bytes);
	free(notices);
}

const char *opener_notices_bytes(const struct opener_notices *notices, size_t *length, unsigned *dropped)
{
	*length = buffer_pending(&notices->bytes);
	*dropped = notices->dropped;
	return *length ? buffer_head(&notices->bytes) : NULL;
}

/* The fields of an error, in the order in which the server sends them; PQresultErrorField() knows them by the
 * same letters. */
static const char fields[] = "SVCMDHPpqWstcdnFLR";

static size_t size_of(const PGresult *notice)
{
	size_t size = 6; /* type, length, the end */
	for (const char *field = fields; *field; field++) {
		const char *value = PQresultErrorField(notice, *field);
		if (value)
			size += strlen(value) + 2;
	}
	return size;
}

void opener_notices_take(void *to, const PGresult *notice)
{
	struct opener_notices *notices = to;
	/* libpq has words of its own, without a code: they are not the server's. */
	if (!PQresultErrorField(notice, PG_DIAG_SQLSTATE))
		return;
	if (notices->n >= NOTICES_MAX || size_of(notice) > NOTICES_BYTES - buffer_pending(&notices->bytes)) {
		notices->dropped++;
		return;
	}
	notices->n++;
	size_t begun = buffer_message_begin(&notices->bytes, 'N');
	for (const char *field = fields; *field; field++) {
		const char *value = PQresultErrorField(notice, *field);
		if (!value)
			continue;
		buffer_add_u8(&notices->bytes, (uint8_t)*field);
		buffer_add_string(&notices->bytes, value);
	}
	buffer_add_u8(&notices->bytes, 0);
	buffer_message_end(&notices->bytes, begun);
}
