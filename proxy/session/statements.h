/* Prepared statements and portals of one client.
 *
 * A `prepared` is what a name stands for: made by Parse or by SQL's PREPARE (one namespace),
 * reference-counted because the queue of expected replies and portals point to it after its name has been
 * given to another. Names are changed when the message is *sent*; if the server then refuses, the queue puts
 * back what was there before (statements_put).
 *
 * The server keeps statements and portals under the first 63 bytes of their names (hash tables with keys of NAMEDATALEN:
 * InitQueryHashTable() in prepare.c, EnablePortalManager() in portalmem.c): whatever is called the same there is the
 * same here. All functions take names of any length.
 *
 * `takes` is the sorted list of names whose statement takes the tenant as its last argument: what
 * session_names.prepared shows to the parser. */
#ifndef TENANTRY_SESSION_STATEMENTS_H
#define TENANTRY_SESSION_STATEMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "parser/verdict.h"
#include "proxy/session/name_map.h"

struct prepared {
	unsigned refs;
	bool sql; /* made by PREPARE; text, protocol and verdict are those of that statement */
	enum sub_protocol protocol;
	bool takes_tenant;       /* the server expects one parameter more than the client knows of */
	bool stale;              /* made by PREPARE and not to be used any more */
	bool followed;           /* what it does to the session has to be followed each time it runs */
	bool utility;            /* looks its names up when it runs */
	bool executes;           /* SQL's EXECUTE of a prepared statement */
	struct verdict *verdict; /* of the text below; NULL for what nothing is known of (never sent on) */
	uint64_t generation;     /* of the catalog, when it was judged */
	uint64_t names_version, prepared_version;
	uint32_t rows;        /* hash of the RowDescription that the client has seen; 0: none */
	uint32_t wanted_rows; /* prepared anew: what `rows` was before; 0: does not matter */
	bool rows_changed;    /* what it returns now is not what the client has been told */
	char *literal_tenant; /* the tenant that is written into the text on the server; NULL: none */
	char *checked;        /* an entry of session_names.checked; NULL: none */
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

/* Would both send the same text with the same parameters, after the same checks? */
bool verdict_same_rewriting(const struct verdict *a, const struct verdict *b);

enum { STATEMENT_NAME_MAX = 63 };
/* Do the names mean the same statement, or portal? */
static inline bool statement_name_is(const char *a, const char *b)
{
	return strncmp(a, b, STATEMENT_NAME_MAX) == 0;
}

struct statements {
	struct name_map named;
	struct prepared *unnamed;
	struct name_map portals; /* name -> struct portal */
	struct portal *unnamed_portal;
	uint64_t serial;   /* of the last change of a portal's name */
	uint64_t dead;     /* portals up to this serial have ended with their transaction */
	uint64_t part;     /* the serial at the last boundary that was sent */
	size_t n_followed; /* how many portals there may be that have to be followed */
	const char **takes;
	size_t n_takes, takes_room;
	const char **checked; /* as in session_names */
	size_t n_checked, checked_room;
	size_t n_sql;     /* how many were made by PREPARE */
	uint64_t version; /* changes with `takes` */
	uint64_t names;   /* changes whenever a name is given to another statement, or to none */
};

/* What a portal's name stands for. Immutable but for its stamps, reference-counted as `prepared` is and for
 * the same reason. */
struct portal {
	unsigned refs;
	uint64_t serial;
	struct prepared *prepared;
	/* When it was bound: a utility statement would look its names up anew when it runs. */
	uint64_t generation, names_version, statement_names;
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

struct portal *portal_new(const char *name, struct prepared *prepared); /* takes a reference of its own */
struct portal *portal_ref(struct portal *portal);                       /* NULL allowed */
void portal_unref(struct portal *portal);                               /* NULL allowed */

struct portal *statements_portal(const struct statements *statements, const char *name); /* borrowed */
/* As statements_put(). A new portal (serial 0) gets its serial here; one that is put back keeps it, and is
 * not put back if it has ended meanwhile. */
struct portal *statements_put_portal(struct statements *statements, const char *name, struct portal *portal)
	__attribute__((warn_unused_result));
/* A portal other than `but` that has to be followed; NULL: none. Borrowed. */
struct portal *statements_followed(const struct statements *statements, const struct portal *but);
/* A boundary has been sent: what is bound from now on belongs to the next part of the pipeline. */
static inline void statements_part(struct statements *statements)
{
	statements->part = statements->serial;
}
/* A transaction is over: of the portals bound up to `serial` none lives longer. */
void statements_end_portals(struct statements *statements, uint64_t serial);
/* None lives longer, and none is under way. */
void statements_forget_portals(struct statements *statements);

#endif
