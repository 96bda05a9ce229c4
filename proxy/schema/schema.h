/* The backing schema: what is configured, how it is loaded, migrated and checked. All calls block on libpq
 * and are made from the main thread before serving, from the thread pool, or from the one-shot commands;
 * never from a loop. */
#ifndef TENANTRY_SCHEMA_SCHEMA_H
#define TENANTRY_SCHEMA_SCHEMA_H

#include <libpq-fe.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "parser/catalog.h"
#include "proxy/base/error.h"

struct schema_table {
	const char *schema; /* NULL: found by the search_path of the connection */
	const char *name;   /* folded or as quoted */
	const char *column; /* tenant column of its own, or NULL: written carts(shop_id) */
};

enum server_default { SERVER_DEFAULT_CONSTANT, SERVER_DEFAULT_SETTING };

/* [migration] of the configuration; borrowed, immutable. Times in milliseconds. */
struct schema_settings {
	const char *tenant_column; /* tenant_id */
	enum tenant_type tenant_type;
	const char *default_tenant;      /* canonical: "1" */
	const char *default_tenant_name; /* "default" */
	const char *tenants_schema;      /* NULL: first schema of the search_path */
	const char *tenants_table;       /* tenants */
	const char *tenant_setting;      /* app.tenant_id */
	const char *serving_user;        /* as whom tenantry connects for clients; NULL: the one who asks */
	size_t n_tables;
	const struct schema_table *tables;
	size_t n_shared;
	const struct schema_table *shared;
	bool missing_table_stops;    /* a configured table that is not there: stop (true) or name it and go on */
	uint32_t lock_timeout;       /* the longest that anybody waits because of us */
	uint32_t lock_timeout_first; /* of a step's first try; doubled with each */
	uint32_t lock_retry_total, index_timeout; /* 0: no limit */
	bool foreign_keys;                        /* tenant_id references tenants */
	enum server_default server_default;
	bool widen_unique, tenant_foreign_keys, row_security, contract; /* optional phases */
	size_t n_keep_unique; /* constraint names that stay global with widen_unique */
	const char *const *keep_unique;
};

/* Splits "users,shop.orders,\"Odd Name\"" as SQL would read it. The array and its strings are one malloc()ed
 * block: free(*tables). */
bool schema_tables_parse(const char *list, struct schema_table **tables, size_t *n, struct error *error)
	__attribute__((warn_unused_result));

/* --- memory.c --- What one load leaves to the next. */
struct schema_memory;
struct schema_memory *schema_memory_new(void);
void schema_memory_free(struct schema_memory *memory); /* NULL is allowed */

/* --- snapshot.c --- Loads the catalogs in one repeatable-read, read-only transaction. Without a memory, or
 * with an empty one, it waits for locks for some seconds. With what an earlier load has left it does not: what
 * is held by somebody is as it was before, or, if that is not certain, refused; then *complete is false, and
 * the load is to be repeated later. */
bool schema_load(PGconn *connection, const struct schema_settings *settings, uint64_t generation,
				 struct schema_memory *memory, struct catalog **catalog, bool *complete, struct error *error)
	__attribute__((warn_unused_result));
/* A cheap number that changes when the schema or the tenants did; for the periodic check. Tenants that cannot
 * be read without waiting count as unchanged. */
bool schema_fingerprint(PGconn *connection, const struct schema_settings *settings,
						struct schema_memory *memory, uint64_t *fingerprint, struct error *error)
	__attribute__((warn_unused_result));

/* --- migrate.c --- */
struct migration_report {
	int done, already, warnings;
	bool background_left; /* indexes and keys remain: call schema_migrate() again with `everything`, from a
							 thread */
};
/* Runs what must be done before the first client is served (columns, defaults, ANALYZE, tenants); with
 * `everything` also indexes and keys. Prints the progress for people to `out` (NULL: only the log). `stop` is
 * polled between steps and waits (set by a signal). */
bool schema_migrate(const char *conninfo, const struct schema_settings *settings, bool everything, FILE *out,
					const atomic_int *stop, struct migration_report *report, struct error *error)
	__attribute__((warn_unused_result));
/* Prints steps with SQL, lock, size and estimate, and the hazards; changes nothing. */
bool schema_plan(const char *conninfo, const struct schema_settings *settings, FILE *out, struct error *error)
	__attribute__((warn_unused_result));

/* Takes back what the migration created, and only that, while no row has another tenant than the default one
 * (else 55000, and nothing is done). With `plan_only` the steps are printed. */
bool schema_down(const char *conninfo, const struct schema_settings *settings, bool plan_only, FILE *out,
				 const atomic_int *stop, struct migration_report *report, struct error *error)
	__attribute__((warn_unused_result));

/* --- citus.c --- */
/* Prints what stands in the way of distributing by tenant with Citus, and the ordered script. *ready: nothing
 * does. */
bool schema_citus(const char *conninfo, const struct schema_settings *settings, FILE *out, bool *ready,
				  struct error *error) __attribute__((warn_unused_result));

/* --- check.c --- */
/* Prints what is there and what is missing, as text or JSON. *complete: no required item is missing. */
bool schema_check(const char *conninfo, const struct schema_settings *settings, bool json, FILE *out,
				  bool *complete, struct error *error) __attribute__((warn_unused_result));

#endif
