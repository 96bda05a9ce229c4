/* What the body of a function or DO block names, by its tokens alone: no grammar, so that SQL and PL/pgSQL
 * are read alike and nothing hides in a clause that was forgotten. Reads as PostgreSQL's scanner does with
 * standard_conforming_strings on. Text that ends inside a quote or comment, and Unicode-escaped identifiers,
 * count as unreadable. */
#ifndef TENANTRY_PARSER_BODY_H
#define TENANTRY_PARSER_BODY_H

#include <stdbool.h>

#include "parser/catalog.h"

struct catalog_name;

/* Called for every name that may stand for a relation or a function of the catalog, and with name NULL and a
 * reason for what is suspicious whatever the catalog says. False: stop. */
typedef bool (*body_visitor)(void *to, struct catalog_name *name, bool as_relation, bool as_function,
							 const char *reason);

/* Visits a text in SQL or PL/pgSQL. False: the visitor stopped. */
bool body_walk(const struct catalog *catalog, const char *body, body_visitor visit, void *to);

/* Does the text create, alter or drop something, so that the snapshot must be loaded anew after it ran? */
bool body_changes_schema(const char *body);

#endif
