/* Unique keys of the configured tables and the foreign keys that refer to them: what widen_unique,
 * tenant_foreign_keys, down and the Citus report decide from. Read only when one of these is asked for. */
#ifndef TENANTRY_SCHEMA_FACTS_KEYS_H
#define TENANTRY_SCHEMA_FACTS_KEYS_H

#include "proxy/schema/facts.h"

/* Keys whose values cannot meet between tenants: a column with generated values (sequence, identity, uuid),
 * or one that is a foreign key to another tenant table, whose rows belong to one tenant. For a query over
 * pg_index x, its columns a and their defaults d; `tenant_oids` is an array of the tenant tables. */
#define FACTS_KEY_IS_HARMLESS(tenant_oids)                                                                 \
	"pg_catalog.bool_or(coalesce(a.attidentity <> '' OR (a.atttypid = 2950 AND NOT x.indisexclusion)"      \
	" OR pg_catalog.pg_get_expr(d.adbin, 0) LIKE 'nextval(%'"                                              \
	" OR EXISTS (SELECT FROM pg_catalog.pg_constraint f WHERE f.contype = 'f' AND f.conrelid = a.attrelid" \
	"  AND a.attnum = ANY (f.conkey) AND f.confrelid = ANY (" tenant_oids ")), false))"

struct fact_key {
	uint32_t oid; /* of the index */
	const struct fact_table *table;
	const char *name, *quoted, *qualified;
	char constraint; /* 'p', 'u', or 0: an index only */
	bool valid, alive, has_tenant, tenant_first, harmless, ours;
	bool deferrable, deferred, partial, is_partition, replica_identity;
	const char *method;
	const char *body;    /* what follows "USING btree (" in the definition; NULL: unknown form */
	const char *columns; /* for people */
	const char
		*numbers; /* sorted attribute numbers of a whole key as text, NULL with expressions or a predicate */
	const char *comment;   /* of the index, NULL: none */
	const char *dependent; /* a view that groups by the constraint, NULL: none */
};

struct fact_reference {
	uint32_t oid, key;                       /* key: oid of the index that is referred to */
	const struct fact_table *child, *parent; /* child NULL: not a configured table */
	const char *name, *quoted, *child_qualified;
	const char *child_columns, *parent_columns; /* quoted, without the tenant columns */
	const char *delete_columns;                 /* of ON DELETE SET NULL (..), NULL: none named */
	const char
		*parent_numbers; /* sorted, with the tenant column: the unique index that a widened key needs */
	int n_columns;       /* without the tenant columns */
	char on_update, on_delete, match;
	bool deferrable, deferred, valid, paired, ours, inherited;
	const char *comment;
};

struct fact_keys {
	size_t n_keys, n_references;
	struct fact_key *keys;
	struct fact_reference *references;
};

/* Lives in the arena of the facts. */
bool facts_load_keys(struct facts *facts, PGconn *connection, struct error *error)
	__attribute__((warn_unused_result));

#endif
