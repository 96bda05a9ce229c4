/* Internal to opener*.c: an opener in the making. */
#ifndef TENANTRY_HOST_OPENER_INTERNAL_H
#define TENANTRY_HOST_OPENER_INTERNAL_H

#include <libpq-fe.h>

#include "proxy/host/opener.h"

struct opener_parameter {
	char *name, *value;
};

struct opener {
	uv_loop_t *loop;
	struct opener_request request;
	size_t n_parameters;
	struct opener_parameter *parameters;
	uint64_t give_up;
	bool waiting, finished;
	bool inside;           /* the gate */
	bool queued;           /* before it */
	struct opener *behind; /* in the queue */
	unsigned handles;      /* libuv's hold on this memory: timer, poll handles, a running name lookup */
	uv_timer_t timer;      /* time limit of the attempt, or the pause before the next one */
	uv_poll_t *poll;
	struct opener_step *step; /* runs in a thread; the connection is not to be touched */
	PGconn *connection;
	struct opener_notices *notices; /* of the connection: lives and dies with it */
	/* opener_names.c */
	struct opener_lookup *lookup;    /* running */
	char *hosts, *addresses, *ports; /* comma-separated, one address each; NULL: nothing to resolve */
	size_t next_host;
	char why[512];
};

/* The attempt is over; `away`: another one later may succeed. */
void opener_attempt_failed(struct opener *opener, const struct error *error, bool away, const char *log_text);
void opener_connect(struct opener *opener);

/* --- opener_names.c --- */
/* Looks up what must be, then calls opener_connect() or opener_attempt_failed(); possibly at once. */
void opener_names_resolve(struct opener *opener);
/* Puts host, hostaddr and port as found into the options. */
void opener_names_apply(const struct opener *opener, const char **keywords, const char **values, size_t *n);
void opener_names_abandon(struct opener *opener);
void opener_names_free(struct opener *opener);

/* --- opener_notices.c --- */
struct opener_notices *opener_notices_new(void);
void opener_notices_free(struct opener_notices *notices);        /* NULL is allowed */
void opener_notices_take(void *notices, const PGresult *notice); /* libpq's notice receiver */
/* NoticeResponses; NULL: none. *dropped: so many were too many. */
const char *opener_notices_bytes(const struct opener_notices *notices, size_t *length, unsigned *dropped);

/* --- opener_errors.c --- */
/* libpq's text to an error for the client. True: the server is away, and may come back. */
bool opener_translate_error(const char *text, struct error *error);
/* One line for the log; to be freed. */
char *opener_log_text(const char *text);

#endif
