/* What tenantry cannot see or make safe by rewriting, and what adding a column breaks: each with what happens
 * and what to do.
 *
 * A hazard is something that somebody has to decide about. What is certainly harmless is not listed: keys
 * whose values cannot meet (generated numbers, uuids, keys that lead through another tenant table), functions
 * that touch no tenant table. */
#ifndef TENANTRY_SCHEMA_HAZARDS_H
#define TENANTRY_SCHEMA_HAZARDS_H

#include "parser/catalog.h"
#include "proxy/schema/plan.h"

struct hazard {
	/* unique, foreign key, function, trigger, call, rule, view, materialized view, publication, replica, role */
	const char *kind;
	const char *object; /* for people: users_email_key on users(email) */
	const char *what;   /* what happens */
	const char *todo;   /* what to do */
};

struct hazards {
	struct arena *arena; /* of the facts */
	PGconn *connection;
	const struct plan *plan;
	const struct catalog *catalog;
	const char *tenant_oids;    /* oids of all tenant relations that are tables, as an array */
	const char *tenant_columns; /* their tenant columns, there or to come, as an array */
	struct hazard *list;
	size_t n, room;
};

/* All of them, in a fixed order. */
bool hazards_find(struct hazards *hazards, PGconn *connection, const struct plan *plan,
				  const struct catalog *catalog, struct error *error) __attribute__((warn_unused_result));

void hazards_add(struct hazards *hazards, const char *kind, const char *object, const char *what,
				 const char *todo);
/* Flagged functions that are not the server's own, as an array of oids. */
const char *hazards_flagged_functions(struct hazards *hazards);
bool hazards_of_keys(struct hazards *hazards, struct error *error)
	__attribute__((warn_unused_result)); /* hazards_keys.c */
bool hazards_of_code(struct hazards *hazards, struct error *error)
	__attribute__((warn_unused_result)); /* hazards_code.c */

#endif
