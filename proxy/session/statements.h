/* Prepared statements and portals of one client.
 *
 * A `prepared` is what a name stands for: made by Parse or by SQL's PREPARE (one namespace),
 * reference-counted because the queue of expected replies and portals point to it after its name has been
 * given to another. Names are changed when the message is *sent*; if the server then refuses, the queue puts
 * back what was there before (statements_put).
 *
 * `takes` is the sorted list of names whose statement takes the tenant as its last argument: what
 * session_names.prepared shows to the parser. */
#ifndef TENANTRY_SESSION_STATEMENTS_H
#define TENANTRY_SESSION_STATEMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parser/verdict.h"
#include "proxy/session/name_map.h"

struct prepared {
	unsigned refs;
	bool sql; /* made by PREPARE; text, protocol and verdict are those of that statement */
	enum sub_protocol protocol;
	bool takes_tenant;       /* the server expects one parameter more than the client knows of */
	bool stale;              /* made by PREPARE and not to be used any more */
	struct verdict *verdict; /* of the text below; NULL for what nothing is known of (never sent on) */
	uint64_t generation;     /* of the catalog, when it was judged */
	uint64_t names_version, prepared_version;
	uint32_t rows;        /* hash of the RowDescription that the client has seen; 0: none */
	uint32_t wanted_rows; /* prepared anew: what `rows` was before; 0: does not matter */
	bool rows_changed;    /* what it returns now is not what the client has been told */
	char *literal_tenant; /* the tenant that is written into the text on the server; NULL: none */
	const char *name;
	const char *text; /* as the client wrote it, zero-terminated */
	size_t text_length;
	size_t n_types;
	const uint32_t *types; /* as the client declared them */
};

/* Copies; one allocation. Takes over the caller's reference on `verdict`. */
struct prepared *prepared_new(const char *name, const char *text, size_t text_length, const uint32_t *types,
							  size_t n_types, struct verdict *verdict);
struct prepared *prepared_ref(struct prepared *prepared); /* NULL allowed */
void prepared_unref(struct prepared *prepared);           /* NULL allowed */

/* Would both send the same text with the same parameters? */
bool verdict_same_rewriting(const struct verdict *a, const struct verdict *b);

struct statements {
	struct name_map named;
	struct prepared *unnamed;
	struct name_map portals; /* name -> struct portal */
	struct prepared *unnamed_portal;
	const char **takes;
	size_t n_takes, takes_room;
	size_t n_sql;     /* how many were made by PREPARE */
	uint64_t version; /* changes with `takes` */
};

struct portal {
	struct prepared *prepared;
	char name[];
};

void statements_free(struct statements *statements);

struct prepared *statements_get(const struct statements *statements, const char *name); /* borrowed */
/* The name now stands for `prepared` (NULL: for nothing); a reference is taken. Returns what it stood for
 * before, with its reference given to the caller. */
struct prepared *statements_put(struct statements *statements, const char *name, struct prepared *prepared)
	__attribute__((warn_unused_result));
void statements_forget(struct statements *statements, const char *name);
/* All named ones: DEALLOCATE ALL. The unnamed one stays, as in PostgreSQL. */
void statements_forget_all(struct statements *statements);

struct prepared *statements_portal(const struct statements *statements, const char *portal); /* borrowed */
struct prepared *statements_put_portal(struct statements *statements, const char *portal,
									   struct prepared *prepared) __attribute__((warn_unused_result));
/* The transaction is over: no portal lives longer. */
void statements_forget_portals(struct statements *statements);

#endif
