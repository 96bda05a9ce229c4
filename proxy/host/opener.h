/* Opens a server for a session, without blocking the loop: names are resolved in libuv's thread pool, libpq
 * connects and authenticates under uv_poll, then the socket (and TLS) is handed over. libpq keeps the PGconn,
 * but is never again asked to read: all bytes after the first ReadyForQuery belong to the session.
 *
 * A server that cannot be reached, or that is starting up (57P03), is tried again until `wait` is over. Never
 * puts the upstream's host, user or password into an error for the client; what libpq said goes to the log.
 */
#ifndef TENANTRY_HOST_OPENER_H
#define TENANTRY_HOST_OPENER_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <uv.h>

#include "proxy/base/error.h"
#include "proxy/base/log.h"
#include "proxy/host/upstream.h"
#include "proxy/session/session.h"

struct server_link; /* libpq's PGconn under a name of ours */

struct opened {
	struct server_link *link; /* owned by the receiver: server_link_close() */
	int fd;                   /* the link's */
	SSL *ssl;                 /* the link's; NULL: plain */
	int process_id;
	const char *notices; /* NoticeResponses of the start, whole messages; borrowed. NULL: none */
	size_t notices_length;
	size_t n_parameters; /* ParameterStatus; borrowed from the link until it reads again, so: copy */
	struct session_parameter parameters[24];
};

/* Exactly one of the two is given. */
typedef void (*opener_done)(void *context, const struct opened *opened, const struct error *error);

/* A crowd that comes at once: so many are opened at a time, the others wait for their turn; the time of an
 * attempt begins with its turn. Else all would be slow together, until all were out of time. One for each
 * loop; zeroed: empty. */
enum { OPENINGS_AT_ONCE = 32 };
struct opener_gate {
	unsigned inside;
	struct opener *first, *last;
};

struct opener_request {
	struct opener_gate *gate;        /* lives longer than the opener */
	const struct upstream *upstream; /* lives longer than the opener */
	size_t n_parameters;
	const struct session_parameter *parameters; /* copied */
	uint32_t timeout, wait;     /* milliseconds: of one attempt; of all attempts while the server is away */
	struct log_subject subject; /* copied shallowly: lives until done */
	opener_done done;           /* called later, from the loop, once */
	void *context;
};

struct opener;
struct opener *opener_start(uv_loop_t *loop, const struct opener_request *request);
/* Before done: gives up; done is not called. */
void opener_abandon(struct opener *opener);

/* Closes the socket. Sends Terminate if the socket takes it at once. */
void server_link_close(struct server_link *link);

/* What a cancel request needs, independent of the link's life. Free with server_cancel_free(). */
struct server_cancel;
struct server_cancel *server_link_cancel(struct server_link *link);
/* Blocks: for the thread pool. */
bool server_cancel_send(struct server_cancel *cancel, char *why, int size);
void server_cancel_free(struct server_cancel *cancel);

#endif
