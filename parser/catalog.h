/* The catalog snapshot: what the parser knows of the database.
 *
 * Immutable once catalog_finish() has returned it, reference-counted with atomics, shared by all workers.
 * proxy/schema fills it from the server through the catalog_add_* functions; tests fill it from text
 * files. One arena owns all of it; every string inside is owned by the snapshot and lives as long as a
 * reference is held. Names are as stored in the catalogs (already folded, never quoted). */
#ifndef TENANTRY_PARSER_CATALOG_H
#define TENANTRY_PARSER_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parser/tenant_type.h"

/* What tenantry does with a relation; decided by catalog_finish() from the facts that were added. */
enum isolation {
	ISOLATION_SHARED, /* has no tenant column and none is meant: passes untouched */
	ISOLATION_TENANT, /* has the tenant column: guarded */
	/* the table of tenants itself: guarded on its id column, not writable by bound users */
	ISOLATION_TENANTS,
	ISOLATION_VIEW,    /* view over tenant relations without the tenant column: inlined for reading */
	ISOLATION_REFUSED, /* materialized view, foreign table or view of unknown content over tenant relations */
	ISOLATION_DATA,    /* system catalog that holds rows' values or other sessions' text: refused by policy */
};

/* What conditions may meet (quals_hazard.h). */
enum catalog_hazard {
	HAZARD_COMPARED =
		1, /* comparing it may fail: an array of what has no order, a row, a text with a collation of its own */
	HAZARD_ROW = 2,      /* comparing a row that has it may fail */
	HAZARD_PATH = 4,     /* jsonb or jsonpath: an expression of dates that needs a time zone fails */
	HAZARD_OPERATOR = 8, /* an operand of operators that are catalog_function.strange */
	HAZARD_INDEX =
		16, /* the relation has an index by which such operators are tested again on what it found */
	HAZARD_BYTES = 32, /* bytea: its patterns are no texts */
	/* point, circle, .. : what is computed from them overflows */
	HAZARD_GEOMETRY = 64,
	HAZARD_ANY = 127
};

struct catalog_column {
	const char *name;
	uint32_t type_oid;
	bool not_null;
	bool has_default; /* also identity */
	bool generated;   /* GENERATED ALWAYS AS (..) */
	bool is_virtual;  /* .. VIRTUAL */
	bool identity, identity_always;
	uint8_t hazards;       /* enum catalog_hazard; not loaded of system relations: 0 */
	const char *type_name; /* format_type(), qualified; NULL: not loaded (system relations) */
	/* pg_get_expr(); of identity columns the options of the sequence, in parentheses; "?": cannot be read
	 * now. NULL: none, or not loaded */
	const char *default_text;
};

struct catalog_index {
	uint32_t oid;
	const char *name; /* of the index; a constraint on it has the same name */
	bool is_unique, is_primary, is_constraint;
	size_t n_columns;
	const char *const *columns; /* key columns in order; NULL for an expression */
	const char *predicate;      /* pg_get_expr text or NULL */
	/* pg_get_indexdef() of key columns that are expressions, else NULL; "?": cannot be read now. NULL: not loaded */
	const char *const *expressions;
	bool nulls_not_distinct;
	const char *deferral; /* " DEFERRABLE INITIALLY DEFERRED" and the like, of its constraint; NULL: none */
};

struct catalog_relation {
	uint32_t oid;
	const char *schema, *name;
	char kind; /* pg_class.relkind: r p v m f S i I t c */
	enum isolation isolation;
	/* a view with the tenant column that is no measure of its rows (catalog_view.h): read through its
	 * definition, not written through */
	bool composed;
	int tenant_column; /* index into columns, -1 if none */
	enum tenant_type tenant_type;
	size_t n_columns;
	const struct catalog_column *columns; /* live columns in attnum order */
	size_t n_indexes;
	const struct catalog_index *indexes; /* unique ones only */
	const char *view_definition;         /* pg_get_viewdef() for v and m, else NULL */
	/* of a view of the transaction under way: the search_path that its definition was written under; else NULL */
	const char *view_path;
	size_t n_depends;
	const uint32_t *depends; /* relations a view's query or a rule reads */
	size_t n_referencing;
	const uint32_t *referencing; /* other relations with a foreign key to this one, by oid */
	uint32_t parent;             /* pg_inherits parent (first), 0 if none */
	bool is_partition;
	bool plain, tenant_plain; /* its name, its tenant column's, need no quotes: by catalog_finish() */
	/* Its CHECK constraints, each behind a comma, in the order in which they are tested; "?": cannot be read now;
	 * NULL: none */
	const char *checks;
	const char *exclusions; /* its EXCLUDE constraints, likewise, without names */
	uint8_t hazards;        /* of its columns and of what a view reads, by catalog_finish() */
	const struct catalog_relation *next_named; /* of the same name in another schema, by catalog_finish() */
};

enum { RECORD_TYPE = 2249 };

/* The columns of a call in FROM: get_expr_result_type() in funcapi.c. */
enum function_result {
	RESULT_UNKNOWN, /* depends on the arguments or a column definition list, or cannot stand there */
	RESULT_SCALAR,  /* one without a name of its own */
	RESULT_OUTPUTS, /* those that it declares: OUT, INOUT, TABLE */
	RESULT_ROW,     /* those of a relation or composite type */
};

struct catalog_result {
	enum function_result kind;
	size_t n_outputs;
	const char *const *outputs; /* names */
	uint32_t row;               /* the relation, by oid */
};

struct catalog_function {
	uint32_t oid;
	const char *schema, *name;
	/* pg_proc.prokind: f p a w; o: an operator, `name` is its symbol, oid 0 */
	char kind;
	const char *language; /* sql, plpgsql, c, internal, ... */
	/* prosrc or the text of prosqlbody; NULL for c and internal. Of aggregates and operators the
	 * functions behind them, each as "name(" */
	const char *body;
	const char *calls_schema,
		*calls; /* the function behind an operator that is not the server's own; else NULL */
	/* of each argument the oid of the relation whose rows it takes, RECORD_TYPE for any row, else 0: "0 16400". NULL: all 0 */
	const char *row_arguments;
	int n_arguments, n_defaults; /* so many it takes, of which so many may be left out at the end */
	bool variadic;               /* .. and any number in place of the last */
	struct catalog_result result;
	bool returns_trigger;
	bool cheap; /* procost < 1: the server may call it before it compares the tenant */
	/* an operator that is not the server's own, of operands that may be the server's own: nobody knows when it fails */
	bool strange;
	/* .. that no extension brought, and whose function the planner calls with what it knows of columns (pg_statistic) */
	bool estimated;
	/* by catalog_finish(): touches tenant relations, runs dynamic SQL or cannot be read */
	bool flagged;
	const char *flag_reason; /* for people; NULL when not flagged */
};

/* A type or collation in another schema than pg_catalog, or one of pg_catalog that has the name of such a one: what is
 * not here is the server's own. No arrays and no rows of relations. */
struct catalog_type {
	const char *schema, *name;
	bool collation;
	bool
		takes_names; /* a constant of it may be a name, which is looked up in the search_path: a composite type, .. */
};

struct catalog; /* opaque: hash tables inside */

/* --- filling (one thread, before finish). Strings are copied. --- */
struct catalog *catalog_new(void);
void catalog_set_session(struct catalog *catalog, const char *current_user, const char *default_search_path,
						 int server_version_num);
/* The database's encoding is not UTF8: see parser/encoding.h. For names in stored bodies. */
void catalog_set_folds_names(struct catalog *catalog, bool folds);
/* `relation` needs oid, schema, name, kind, columns, indexes, view_definition, depends, referencing,
 * parent, is_partition; isolation and tenant_column are decided later. */
void catalog_add_relation(struct catalog *catalog, const struct catalog_relation *relation);
void catalog_add_function(struct catalog *catalog, const struct catalog_function *function);
void catalog_add_type(struct catalog *catalog, const struct catalog_type *type);
void catalog_add_schema(struct catalog *catalog, const char *name);
void catalog_add_tenant(struct catalog *catalog, const char *canonical_value);

/* How relations are told apart; borrowed during catalog_finish(). */
struct catalog_rules {
	const char *tenant_column; /* default "tenant_id" */
	enum tenant_type tenant_type;
	const char *tenants_schema, *tenants_table;
	/* tables named in `tables`, schema-qualified, with a column of their own or NULL */
	size_t n_configured;
	const struct catalog_configured {
		const char *schema, *name, *column;
	} * configured;
	/* relations configured as shared although they look otherwise; `tables` as above */
	size_t n_shared;
	const struct catalog_configured *shared;
};

/* Decides isolation of every relation, scans function bodies, freezes the snapshot with one reference.
 * `generation` is unique in the process and part of every cache key. A configured table without its
 * tenant column becomes ISOLATION_REFUSED: it must not be served unguarded. */
void catalog_finish(struct catalog *catalog, const struct catalog_rules *rules, uint64_t generation);

/* --- reading (any thread) --- */
struct catalog *catalog_ref(struct catalog *catalog);
void catalog_unref(struct catalog *catalog); /* NULL is allowed */
uint64_t catalog_generation(const struct catalog *catalog);
const char *catalog_current_user(const struct catalog *catalog);
const char *catalog_default_search_path(const struct catalog *catalog);
int catalog_server_version(const struct catalog *catalog);
bool catalog_folds_names(const struct catalog *catalog); /* catalog_set_folds_names() */

/* All relations of that name, a list by next_named. NULL: none. */
const struct catalog_relation *catalog_relations(const struct catalog *catalog, const char *name);
/* The one of such a list in this schema; NULL: not there. */
const struct catalog_relation *catalog_relation_in(const struct catalog_relation *named, const char *schema);
/* NULL: not there. */
const struct catalog_relation *catalog_relation(const struct catalog *catalog, const char *schema,
												const char *name);
const struct catalog_relation *catalog_relation_by_oid(const struct catalog *catalog, uint32_t oid);
bool catalog_has_schema(const struct catalog *catalog, const char *name);
bool catalog_has_tenant(const struct catalog *catalog, const char *canonical_value);

/* All functions of a name in a schema (overloads); returns how many, *list borrowed. */
size_t catalog_functions(const struct catalog *catalog, const char *schema, const char *name,
						 const struct catalog_function *const **list);
const struct catalog_function *catalog_function_by_oid(const struct catalog *catalog, uint32_t oid);

/* NULL: not there. Compares with all of them. */
const struct catalog_type *catalog_type(const struct catalog *catalog, bool collation, const char *schema,
										const char *name);

/* Iteration in insertion order, for check and tests. */
size_t catalog_relation_count(const struct catalog *catalog);
const struct catalog_relation *catalog_relation_at(const struct catalog *catalog, size_t i);
size_t catalog_function_count(const struct catalog *catalog);
const struct catalog_function *catalog_function_at(const struct catalog *catalog, size_t i);

#endif
