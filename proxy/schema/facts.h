/* What the catalogs say about the configured tables, their partitions and children, and the table of tenants:
 * all that the planner, the check and the optional phases decide from.
 *
 * Read with SELECTs over the catalogs only (and `id` of the tenants): nothing here takes a lock that could
 * wait for, or hold up, the application. Everything lives in the arena of the facts. */
#ifndef TENANTRY_SCHEMA_FACTS_H
#define TENANTRY_SCHEMA_FACTS_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "proxy/schema/arena.h"
#include "proxy/schema/names.h"
#include "proxy/schema/schema.h"

/* An index whose first key is the tenant column. */
struct fact_index {
	uint32_t oid, parent; /* parent: the partitioned index that it is attached to, 0 if none */
	const char *name, *qualified;
	bool unique, valid, alive; /* alive: not valid, and somebody's build may be running */
	bool whole;                /* no predicate, no expressions */
	bool simple;  /* btree over the tenant column alone, default order: what a partitioned index attaches */
	bool ours;    /* has our comment, or is unnamed */
	bool unnamed; /* of a build of ours, and not called what it shall be yet */
	int n_keys;
};

struct fact_table {
	uint32_t oid, parent; /* parent: the first one among these tables, 0 if none */
	char kind;            /* pg_class.relkind */
	const char *schema, *name;
	const char *qualified;         /* for SQL */
	const char *shown;             /* for people: users, or shop.orders outside the schema of new tables */
	const char *owner, *extension; /* extension: the one that owns it, or NULL */
	bool owned;                    /* the current user has the rights of the owner */
	bool is_partition, typed, has_children;
	int depth;           /* below a configured table; 0: configured itself */
	int64_t pages, rows; /* estimates; rows -1: never counted */
	int64_t bytes;       /* by facts_sizes(), else from `pages` */

	const char *column; /* the tenant column's name, there or not */
	const char *column_quoted;
	bool has_column, not_null, generated, identity, inherited, ours;
	uint32_t type_oid;
	const char *type, *default_text; /* default_text: as pg_get_expr() prints it, or NULL */
	const char *policy_comment;      /* of our policy */
	bool has_statistics, wants_statistics;
	char check; /* our CHECK (column IS NOT NULL): 0 none, 'n' not valid, 'v' valid */
	bool row_security, force_row_security, has_policies, has_our_policy;
	int update_triggers; /* enabled user triggers for UPDATE that session_replication_role = replica silences
						  */
	int always_triggers; /* those that it does not silence */

	size_t n_indexes;
	struct fact_index *indexes;
	const char *index_name; /* what our index is called, free or already ours */
	const char *index_name_quoted, *index_qualified;
	const char *index_build_name; /* .. until it is built: only we call an index so */
	const char *foreign_key;      /* name of the key (column) -> tenants(id), or NULL */
	bool foreign_key_valid, foreign_key_inherited, foreign_key_ours;
	const char *foreign_key_name; /* what ours would be called: free */
};

struct fact_tenants {
	bool exists, owned, ours;
	char kind;
	const char *qualified, *shown;
	bool has_id, id_unique; /* id_unique: a valid unique index on (id) alone */
	uint32_t id_type_oid;
	const char *id_type;
	bool has_name;
	bool readable, default_there;
	const char *sequence; /* qualified, or NULL */
	bool sequence_behind; /* its next value may be an id that is there */
};

struct facts {
	struct arena arena;
	int version;
	const char *user, *database;
	bool superuser, in_recovery, read_only, may_silence_triggers;
	struct names names;
	struct fact_tenants tenants;
	size_t n_tables;
	struct fact_table
		*tables; /* in the configured order, each followed by its partitions and children, parents first */
	size_t n_missing; /* configured, not there */
	const struct catalog_configured **missing;
	const struct fact_keys *keys; /* facts_keys.h; NULL: not asked for */
};

/* One consistent-enough reading: a few queries, each a snapshot of its own; what changes in between is found
 * by the next reading. facts_free() also after a failure. */
bool facts_load(struct facts *facts, PGconn *connection, const struct schema_settings *settings,
				struct error *error) __attribute__((warn_unused_result));
void facts_free(struct facts *facts);

/* The real sizes. Takes ACCESS SHARE on each table for a moment, and gives up after 100 ms behind somebody's
 * stronger lock: then the estimates stay. */
void facts_sizes(struct facts *facts, PGconn *connection);

/* The tables' oids and tenant columns as texts of arrays, for queries. */
const char *facts_table_oids(struct facts *facts);
const char *facts_table_columns(struct facts *facts);

/* The table of an oid among the facts, or NULL. */
struct fact_table *facts_table(const struct facts *facts, uint32_t oid);

/* prefix_table_column, at most 63 bytes, cut at a character and made unique by a hash where it is cut or
 * `salt` is not 0. */
const char *facts_name(struct arena *arena, const char *prefix, const char *table, const char *column,
					   unsigned salt);

/* The check constraint that proves a column NOT NULL for a while. */
const char *facts_check_name(struct arena *arena, const struct fact_table *table);

/* Comments by which the objects that we made are recognised later. */
#define FACTS_COMMENT "tenantry: "
/* What the name of an index on the tenant column begins with while we build it. A concurrent build and the comment
 * cannot be one transaction: the name says whose it is until both name and comment are given in one. */
#define FACTS_BUILD "tenantry_idx"
/* The index that is built and left without its name; NULL: there is none. */
const struct fact_index *facts_index_without_name(const struct fact_table *table);
/* Does a comment (NULL: none) begin with what we write? */
static inline bool facts_has_comment(const char *comment, const char *ours)
{
	return comment && strncmp(comment, ours, strlen(ours)) == 0;
}

#endif
