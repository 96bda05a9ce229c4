/* The queue of replies that the server owes. One entry is added when a message is sent, taken when its reply
 * has ended.
 *
 *      head                                                tail
 *   | PARSE | BIND | EXECUTE | SYNC | QUERY |      <- newly sent
 *      ^ the server's next message belongs to this one
 *
 * An ErrorResponse drops everything up to the next SYNC (which stays), undoing in reverse order what the
 * dropped entries had changed in the names of statements and portals. Boundaries are the entries that
 * ReadyForQuery ends: SYNC, QUERY, FUNCTION. */
#ifndef TENANTRY_SESSION_REPLIES_H
#define TENANTRY_SESSION_REPLIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parser/verdict.h"
#include "proxy/session/statements.h"

enum reply_kind {
	REPLY_PARSE,
	REPLY_BIND,
	REPLY_DESCRIBE_STATEMENT,
	REPLY_DESCRIBE_PORTAL,
	REPLY_EXECUTE,
	REPLY_CLOSE,
	REPLY_SYNC,
	REPLY_QUERY,
	REPLY_FUNCTION,
	REPLY_ERROR, /* an error and nothing else */
};

/* What is known of a simple Query, or of an error that the server is to raise for us. */
struct query {
	struct verdict *verdict; /* NULL: everything passes and nothing is to be followed */
	size_t n_sent;           /* statements of the verdict that were sent */
	size_t current;          /* statement that the server is at */
	bool raises;             /* the last thing sent raises `sqlstate` for us */
	char sqlstate[6];
	const char *routine; /* field R of the raised error; NULL: none. Static */
	int position;        /* of the raised error, in the original text */
	const char **slots;  /* rendering of each statement's slots (n_sent), or NULL; one block */
	const char *slot;    /* `slots` when there is one statement, kept behind the text */
	size_t room;         /* for the text that follows, and the slot */
	char text[];         /* the original, when positions must be mapped */
};

struct reply {
	uint8_t kind;
	bool swallow;              /* ours: the client does not see the reply */
	bool matters;              /* may change how later statements are read (counted in replies.matters) */
	bool failed;               /* QUERY, FUNCTION: an error has come, ReadyForQuery is still owed */
	bool started;              /* QUERY: some message has come */
	bool described;            /* DESCRIBE_STATEMENT: ParameterDescription has come */
	bool names_statement;      /* a statement's name has changed hands: put back `previous` if this fails */
	bool names_portal;         /* the same with a portal's and `previous_portal` */
	struct prepared *prepared; /* the statement that this is about, or NULL */
	struct prepared *previous; /* what its name stood for before */
	struct portal *portal;     /* the new portal of names_portal; NULL: the name stands for nothing */
	struct portal *previous_portal;
	char *closed_name; /* of the statement or portal that has been closed; NULL: the unnamed one */
	struct query *query;
};

struct replies {
	struct reply *ring;
	unsigned head, n, room; /* room is 0 or a power of two */
	unsigned matters;       /* entries with that flag */
	unsigned boundaries;    /* entries that end with ReadyForQuery */
	unsigned renamed;       /* entries that gave a named statement's name to another, or to none */
	bool parted;            /* a boundary lies behind one of them */
	bool open; /* the last entry is not a boundary: the server may sit on replies until Flush or Sync */
};

/* The new entry at the tail, zeroed but for its kind. */
struct reply *replies_add(struct replies *replies, enum reply_kind kind);
void replies_set_matters(struct replies *replies, struct reply *reply);
static inline struct reply *replies_head(struct replies *replies)
{
	return replies->n ? &replies->ring[replies->head] : NULL;
}
static inline struct reply *replies_at(struct replies *replies, unsigned i)
{
	return &replies->ring[(replies->head + i) & (replies->room - 1)];
}
/* Ends the head's entry; its references go. Its query is handed to `spare` for reuse if that is empty. */
void replies_take(struct replies *replies, struct query **spare);
/* After an error: drops entries up to the next SYNC, undoing names: what they stood for before comes back, or
 * is what the next entry that changes the same name has to put back should it fail as well. True: a SYNC is
 * at the head now. False: the queue is empty, and the server skips messages until a Sync comes. */
bool replies_fail(struct replies *replies, struct statements *statements, struct query **spare);
/* The entry gives a statement's name to `prepared` (NULL: to nothing), from now on. */
void replies_change_statement(struct replies *replies, struct reply *reply, struct statements *statements,
							  const char *name, struct prepared *prepared);
/* The entry changes what a portal's name stands for; `portal` NULL: nothing from now on. */
void replies_change_portal(struct reply *reply, struct statements *statements, const char *name,
						   struct portal *portal);
/* The serial up to which portals are not of messages that are still under way. */
uint64_t replies_settled_portals(struct replies *replies, const struct statements *statements);
/* Can it be told what the name stands for on the server? Not while a change of it is under way that may fail,
 * or be skipped, in a part of the pipeline that has its own Sync: an error there leaves the name to what it
 * was, and does not keep us from being carried out. */
bool replies_name_is_certain(const struct replies *replies, const char *name);
/* COPY FROM STDIN has begun: the server ignores the Syncs that directly follow the head.
 * Returns how many. */
unsigned replies_drop_syncs(struct replies *replies);
void replies_free(struct replies *replies);

/* A query with a copy of the text and, unless NULL, of the rendering of its only statement's slots; from *spare
 * if that is large enough. */
struct query *query_new(struct query **spare, const char *text, size_t text_length, const char *slot);
void query_free(struct query *query);

/* The statement that the server is at for this entry; NULL: one of which nothing has to be followed. *known
 * false: it could be anything. */
const struct statement *reply_statement(const struct reply *reply, bool *known);

static inline bool reply_is_boundary(const struct reply *reply)
{
	return reply->kind >= REPLY_SYNC;
}

#endif
