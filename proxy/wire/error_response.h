/* ErrorResponse and NoticeResponse: a list of fields, each a letter and a string, ended by a zero. */
#ifndef TENANTRY_WIRE_ERROR_RESPONSE_H
#define TENANTRY_WIRE_ERROR_RESPONSE_H

#include "proxy/base/error.h"
#include "proxy/wire/message.h"

bool wire_error_valid(const char *body, size_t length) __attribute__((warn_unused_result));
/* The field's text or NULL. The body is valid. */
const char *wire_error_field(const char *body, size_t length, char field);

/* Adds an ErrorResponse: severity "ERROR" or "FATAL", position 0 for none. */
void wire_add_error(struct buffer *to, const char *severity, const struct error *error, int position);

/* Adds the message again with some fields changed, the rest and their order as they were. */
struct wire_error_edit {
	const char *drop; /* letters of fields that go, or NULL */
	int position;     /* -1: leave P as it is; 0: drop it; else set it (added when there was none) */
	const char *sqlstate, *message, *detail, *hint, *context,
		*routine; /* NULL: as it was; set or added otherwise */
};
void wire_error_edit(struct buffer *to, char type, const char *body, size_t length,
					 const struct wire_error_edit *edit);

#endif
