/* The policy: what the configuration says about statements. Immutable; filled by proxy/host from the
 * settings table (and by tests), borrowed by the parser. A policy's `id` is part of every cache key: a
 * changed policy has a new id. */
#ifndef TENANTRY_PARSER_POLICY_H
#define TENANTRY_PARSER_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parser/tenant_type.h"

enum mode { MODE_ENFORCE, MODE_OBSERVE, MODE_AUDIT };
enum ddl_policy { DDL_SAFE, DDL_ALLOW, DDL_REFUSE };
enum new_tables { NEW_TABLES_TENANT, NEW_TABLES_SHARED, NEW_TABLES_REFUSE };

/* What a user may do about tenants. */
enum right {
	RIGHT_BOUND,  /* one tenant for life */
	RIGHT_CHOOSE, /* may choose its tenant */
	RIGHT_BYPASS, /* works across tenants: nothing is rewritten */
};

struct policy {
	uint64_t id;
	enum mode mode;
	const char *tenant_setting; /* "app.tenant_id" */
	const char *tenant_column;  /* of new tables */
	enum tenant_type tenant_type;
	const char *default_tenant; /* canonical; the DEFAULT of new tables' column; NULL: none */
	bool default_setting;       /* the DEFAULT is tenant_setting, and default_tenant where that is not set */
	const char *tenants_schema, *tenants_table;
	bool hide_tenant_column;
	enum ddl_policy ddl;
	enum new_tables new_tables;
	bool truncate_as_delete;  /* else TRUNCATE of a tenant relation is refused */
	bool allow_data_catalogs; /* pg_stats and friends */
	bool allow_reach;         /* pg_read_file, lo_*, pg_terminate_backend, setval .. for bound users */
	size_t n_trusted_functions;
	const char *const *trusted_functions; /* "name" or "schema.name", folded */
	size_t max_statement_bytes;           /* 54000 */
	unsigned max_depth;                   /* 54001 */
	unsigned max_edits, max_rows;         /* 54000; splices, VALUES rows */
};

/* The built-in defaults; every string is static. */
void policy_defaults(struct policy *policy);

#endif
