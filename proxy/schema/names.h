/* Which relation each configured name means on this connection: qualified names by their schema, others by
 * the search_path of the connection, as the application's own statements would find them. Asked before the
 * search_path is changed. */
#ifndef TENANTRY_SCHEMA_NAMES_H
#define TENANTRY_SCHEMA_NAMES_H

#include <libpq-fe.h>

#include "parser/catalog.h"
#include "proxy/schema/arena.h"
#include "proxy/schema/schema.h"

struct names {
	const char
		*current_schema; /* where new tables go; "public" if the search_path names no schema that is there */
	const char *tenants_schema; /* of the table of tenants, whether it is there or not */
	uint32_t tenants_oid;       /* 0: not there */
	size_t n_tables, n_shared;  /* as in the settings */
	struct catalog_configured *tables, *shared;
	uint32_t *table_oids; /* 0: not there; then `schema` is the one given, or current_schema */
};

/* Everything lives in `arena`. */
bool names_resolve(PGconn *connection, const struct schema_settings *settings, struct arena *arena,
				   struct names *names, struct error *error) __attribute__((warn_unused_result));

#endif
