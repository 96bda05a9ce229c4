/* An error on its way to a person or a client: SQLSTATE, message, detail, hint. A plain value, no
 * ownership. */
#ifndef TENANTRY_BASE_ERROR_H
#define TENANTRY_BASE_ERROR_H

#include <stdbool.h>

struct error {
	char sqlstate[6];
	char message[512];
	char detail[1024];
	char hint[512];
};

/* Fill `error`; text that does not fit is cut at a UTF-8 character. Always return false, for `return
 * error_set(..)`. */
bool error_set(struct error *error, const char *sqlstate, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void error_detail(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
void error_hint(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
