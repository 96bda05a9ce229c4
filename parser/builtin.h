/* What is known of functions by their name alone: those that PostgreSQL and its usual extensions bring along
 * and that can do more than compute. Everything that is not listed is harmless as far as its name goes. */
#ifndef TENANTRY_PARSER_BUILTIN_H
#define TENANTRY_PARSER_BUILTIN_H

#include <stddef.h>

enum builtin {
	BUILTIN_HARMLESS,
	BUILTIN_SQL_TEXT,   /* runs SQL that it gets as text */
	BUILTIN_SQL_ALWAYS, /* reads relations that its arguments do not name, or runs SQL elsewhere or later */
	BUILTIN_TS_REWRITE, /* runs SQL when called with two arguments */
	BUILTIN_DATA,       /* shows rows' values or other sessions' text, as the data catalogs do */
	BUILTIN_REACH,      /* files, large objects, other sessions, replication: beyond any tenant */
	BUILTIN_SETVAL,     /* moves a sequence that all tenants share */
	BUILTIN_SET_CONFIG, /* SET as a function */
};

/* `name` is folded, not terminated. */
enum builtin builtin_kind(const char *name, size_t length);

#endif
