/* The small tools with which proxy/schema speaks SQL: quoting, blocking queries, results by column number,
 * errors.
 *
 * Blocking calls; statements that can wait for a lock go through run.h, which watches them. */
#ifndef TENANTRY_SCHEMA_SQL_H
#define TENANTRY_SCHEMA_SQL_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "proxy/base/error.h"
#include "proxy/schema/arena.h"

/* As quote_ident(): quoted unless it is a plain lower-case name that no version's grammar reserves. */
const char *sql_identifier(struct arena *arena, const char *name);
/* schema.name, each quoted where needed. `schema` may be NULL. */
const char *sql_qualified(struct arena *arena, const char *schema, const char *name);
/* 'text', whatever standard_conforming_strings says: a text with a backslash becomes E'..'. */
const char *sql_literal(struct arena *arena, const char *text);

/* {"a",NULL,"b"}: the text of an array, for parameters of type text[]. */
const char *sql_array(struct arena *arena, size_t n, const char *const *texts);

/* Fills `error` from a failed result (or, with NULL, from the connection). Returns false. */
bool sql_error(struct error *error, PGconn *connection, const PGresult *result);

/* Rows of a query with text parameters; NULL and `error` on failure. Free with PQclear(). */
PGresult *sql_query(PGconn *connection, const char *text, int n_values, const char *const *values,
					struct error *error) __attribute__((warn_unused_result));
/* Statements without rows, without parameters. */
bool sql_run(PGconn *connection, const char *text, struct error *error) __attribute__((warn_unused_result));

/* Fields by row and column; NULL for SQL null. */
const char *sql_text(const PGresult *result, int row, int column);
bool sql_bool(const PGresult *result, int row, int column);
uint32_t sql_oid(const PGresult *result, int row, int column);
int64_t sql_int(const PGresult *result, int row, int column);

#endif
