/* The log: one line per event on standard error, "2026-11-23 22:18:13.123 UTC [pid] LEVEL: session=..
 * user=.. tenant=.. text". Never values of statements at the default level. Thread-safe; a line is one
 * write(2). The level is the only global mutable state of the program. */
#ifndef TENANTRY_BASE_LOG_H
#define TENANTRY_BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Who a line is about; borrowed. NULL fields are left out. */
struct log_subject {
	unsigned long long session;
	const char *user, *tenant;
};

void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);
/* `subject` may be NULL. Control characters in the text are written as spaces. */
void log_write(enum log_level level, const struct log_subject *subject, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
