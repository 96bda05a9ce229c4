/* Constants in raw trees, as text; and settings' values as the server would store them. */
#ifndef TENANTRY_PARSER_CONSTANT_H
#define TENANTRY_PARSER_CONSTANT_H

#include <stdbool.h>

#include "parser/analysis.h"

struct constant {
	bool known;       /* it is a constant, perhaps with casts around */
	bool is_string;   /* written as a string */
	const char *text; /* NULL: the constant NULL */
};

struct constant constant_of(Node *node);

/* As bool; false: it is none that is certain. */
bool constant_bool(const struct constant *constant, bool *value);

/* The value that the server stores for set_config(name, value): canonical for the tenant setting, else as it
 * is. */
const char *setting_value(const struct analysis *analysis, const char *name, const char *value);

/* The value of SET name TO a, b: quoted as names where the setting is a list of names. NULL: no plain
 * constants (an INTERVAL for TIME ZONE). */
const char *setting_arguments(const char *name, List *arguments);

#endif
