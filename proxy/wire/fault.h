/* What is wrong with the body of a message whose frame is sound, in the order in which the server would find
 * it (pqformat.c and the readers of tcop/postgres.c), and messages of our own that the server answers with
 * the same error. Nothing of the client's bytes is in them but numbers and the kind of a target. */
#ifndef TENANTRY_WIRE_FAULT_H
#define TENANTRY_WIRE_FAULT_H

#include "proxy/wire/message.h"

enum wire_fault {
	WIRE_FAULT_NONE,
	WIRE_FAULT_EMPTY,   /* no data left in message */
	WIRE_FAULT_STRING,  /* invalid string in message */
	WIRE_FAULT_SHORT,   /* insufficient data left in message */
	WIRE_FAULT_LONG,    /* invalid message format */
	WIRE_FAULT_TARGET,  /* invalid DESCRIBE or CLOSE message subtype */
	WIRE_FAULT_FORMATS, /* bind message has .. parameter formats but .. parameters */
};

/* Of a Query, Parse, Bind, Describe, Execute or Close. */
enum wire_fault wire_fault(const struct wire_message *message);

/* Adds a message that every server refuses because of such a fault; for WIRE_FAULT_TARGET that of `message`.
 * Not for WIRE_FAULT_FORMATS. */
void wire_add_fault(struct buffer *to, enum wire_fault fault, const struct wire_message *message);
/* Adds a Query of no text with the fault, WIRE_FAULT_STRING or WIRE_FAULT_LONG. */
void wire_add_query_fault(struct buffer *to, enum wire_fault fault);
/* Adds a Bind with so many format codes (0) and values (NULL), of which the last is missing with
 * WIRE_FAULT_SHORT; with WIRE_FAULT_LONG there is a byte too many. The server also compares the number of
 * values with what the statement requires, first. */
void wire_add_bind_fault(struct buffer *to, enum wire_fault fault, const char *portal, const char *statement,
						 unsigned n_formats, unsigned n_values);

#endif
