/* The plan: facts in, an ordered list of items out. Pure data, no connection: what a run would do can be
 * printed, tested and compared without doing it.
 *
 * The catalogs are the truth: a plan holds only differences. When a step is done, or the run was killed in
 * the middle of one, the next plan made from new facts holds what remains. Items are ordered so that each
 * step finds what it needs: tenants, columns (parents before children), indexes, keys, then the optional
 * phases. */
#ifndef TENANTRY_SCHEMA_PLAN_H
#define TENANTRY_SCHEMA_PLAN_H

#include "proxy/schema/facts.h"

enum section {
	SECTION_TENANTS,
	SECTION_DEFAULT_TENANT,
	SECTION_COLUMNS,
	SECTION_INDEXES,
	SECTION_FOREIGN_KEYS,
	SECTION_UNIQUE,
	SECTION_TENANT_KEYS,
	SECTION_ROW_SECURITY,
	SECTION_DOWN,
	N_SECTIONS,
};

enum item_kind {
	ITEM_PRESENT,     /* there already: nothing to do */
	ITEM_TRANSACTION, /* statements of one short transaction under the lock timeout */
	ITEM_SCAN, /* statements of one transaction that reads the table, under a lock that lets the application
				  work */
	ITEM_CONCURRENTLY, /* one statement, alone in its message, under the index budget */
	ITEM_BACKFILL,     /* fill the NULLs of a column in batches */
	ITEM_WAIT,    /* somebody else builds an index of this table: wait for the end of it, then plan again */
	ITEM_WARNING, /* something that is not done, and why */
	ITEM_STOP,    /* nothing at all is done while this is so */
};

/* What of a table the item is about, for the check: a step, warning or stop with a need is something that is
 * missing. */
enum need {
	NEED_NOTHING,
	NEED_TABLE,
	NEED_COLUMN,
	NEED_DEFAULT,
	NEED_NOT_NULL,
	NEED_STATISTICS, /* not required, but estimates are bad without */
	NEED_INDEX,
	NEED_FOREIGN_KEY,
	NEED_UNIQUE,
	NEED_TENANT_KEY,
	NEED_ROW_SECURITY,
	N_NEEDS,
};

struct item {
	enum item_kind kind;
	enum section section;
	bool gate; /* must be done before the first client is served */
	enum need need;
	const struct fact_table *table; /* NULL: the table of tenants */
	const char *text;               /* for people: what was done, or is there, or is wrong */
	const char **statements;
	int n_statements;
	const char *lock_first; /* a relation locked in SHARE UPDATE EXCLUSIVE mode first, so that an autovacuum
							   gives way */
	const char *lock;       /* for people: the strongest lock */
	const char *index;      /* ITEM_CONCURRENTLY that builds: its qualified name, for progress and repair */
	const char *index_finish[2]; /* then, in one transaction: its name, its comment; or NULL */
	int64_t bytes, rows;
	double seconds;                       /* estimate */
	const char *right;                    /* what 42501 asks for: a GRANT or the like */
	const char *sqlstate, *detail, *hint; /* ITEM_STOP, ITEM_WARNING */
};

struct plan {
	struct arena *arena; /* of the facts: items borrow from them */
	const struct facts *facts;
	const struct schema_settings *settings;
	struct item *items;
	size_t n, room;
};

/* The items live as long as the facts. */
void plan_make(struct plan *plan, struct facts *facts, const struct schema_settings *settings);
/* Steps that remain: of the gate only, or all. Present items and warnings do not count. */
size_t plan_steps(const struct plan *plan, bool gate_only);
bool plan_is_step(const struct item *item);
/* The first ITEM_STOP as an error; true: there is none. */
bool plan_may_run(const struct plan *plan, struct error *error) __attribute__((warn_unused_result));

/* --- for the other files of the planner --- */
struct item *plan_add(struct plan *plan, enum item_kind kind, enum section section,
					  const struct fact_table *table);
/* ITEM_WARNING or ITEM_STOP: `hint` says what to do. */
void plan_complain(struct plan *plan, enum item_kind kind, enum section section, enum need need,
				   const struct fact_table *table, const char *sqlstate, const char *text, const char *hint);
void plan_statement(struct plan *plan, struct item *item, const char *text);
/* The default that the settings want for a tenant column, as SQL; NULL: none (contract). */
const char *plan_default(const struct plan *plan);
/* Whether two deparsed default expressions mean the same, whatever their casts and parentheses. */
bool plan_default_same(const char *one, const char *other);
/* A value of the tenant type as SQL: 1, '..'::uuid. */
const char *plan_constant(struct arena *arena, enum tenant_type type, const char *value);
/* nullif(current_setting(..)) as SQL, of the tenant type. */
const char *plan_session_tenant(struct arena *arena, const struct schema_settings *settings);
/* Whether the column of the table has the configured type and can be written. */
bool plan_column_fits(const struct plan *plan, const struct fact_table *table);
/* What somebody who is not the owner needs: "ALTER TABLE .. OWNER TO ..", or membership. */
const char *plan_ownership(struct plan *plan, const char *owner);
/* The topmost table among the facts, and whether a foreign table is below a table. */
const struct fact_table *plan_root_of(const struct plan *plan, const struct fact_table *table);
bool plan_has_foreign_child(const struct plan *plan, const struct fact_table *table);
/* Whether rows live in the table itself. */
bool plan_has_storage(const struct fact_table *table);

void plan_columns(struct plan *plan);      /* plan_columns.c */
void plan_indexes(struct plan *plan);      /* plan_indexes.c */
void plan_foreign_keys(struct plan *plan); /* plan_indexes.c */

#endif
