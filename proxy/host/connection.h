/* One client connection and its server on a worker's loop: sockets, TLS, polling and time around a session,
 * which knows nothing of them.
 *
 *   PEEK --first byte--> OPEN <--> HANDSHAKE       OPEN --SESSION_WANT_CLOSE--> CLOSING --flushed, or too late--> gone
 *     +---0x16 (direct TLS)----------^             OPEN --SESSION_WANT_CANCEL--> CANCELLING --acted on--> gone
 *
 * A batch costs one receive and one send on each side: bytes go from the socket into the worker's scratch,
 * through the session, and what the session has for either side is written at once; polling for writability
 * begins only when a socket does not take all. */
#ifndef TENANTRY_HOST_CONNECTION_H
#define TENANTRY_HOST_CONNECTION_H

#include <sys/socket.h>
#include <uv.h>

#include "proxy/host/opener.h"
#include "proxy/host/stream.h"
#include "proxy/host/worker.h"
#include "proxy/session/session.h"

enum connection_state {
	CONNECTION_PEEK,
	CONNECTION_OPEN,
	CONNECTION_HANDSHAKE,
	CONNECTION_CANCELLING,
	CONNECTION_CLOSING,
	CONNECTION_GONE, /* memory is kept until libuv has let go of the handles */
};

/* One end of the connection. */
struct endpoint {
	struct stream stream;
	uv_poll_t poll;
	bool polled;  /* poll is initialised */
	int events;   /* that are polled for */
	bool blocked; /* a write did not take all */
	bool lost;
};

struct connection {
	struct worker *worker;
	struct connection *previous, *next; /* in the worker's list */
	struct connection *next_again;
	bool is_again;
	unsigned long long id;
	enum connection_state state;
	struct session *session;
	struct configuration *configuration; /* the one it began with; a reference */
	struct endpoint ends[2];             /* by enum side */
	bool handshake_wants_write, direct_tls;
	struct opener *opener; /* while a server is being opened */
	struct server_link *link;
	int process_id;                  /* of the server, in the cancel table; 0: none */
	uint64_t catalog_ticket;         /* waited for; 0: none */
	bool interrupting;               /* a cancel of our own is under way */
	struct verdict_job *verdict_job; /* a long statement that is judged off the loop; NULL: none */
	bool unauthenticated;            /* counted as such */
	bool draining, drain_now;
	struct seat seat;
	struct deadline deadline;
	uint64_t closing_until;
	unsigned handles; /* of libuv, not yet closed */
};

/* A client that was accepted. Takes the socket over. */
void connection_accept(struct worker *worker, int fd, const struct sockaddr_storage *peer);
/* Does what the session wants, writes what it has, polls for what it waits for. Call after every call of the
 * session. May end the connection: it must not be touched afterwards by the caller. */
void connection_settle(struct connection *connection);
/* Its time has come. */
void connection_due(struct connection *connection);
/* OpenSSL holds bytes that have not been read. */
void connection_read_again(struct connection *connection);
/* A snapshot has been announced. */
void connection_catalog(struct connection *connection, struct catalog *catalog, uint64_t served, bool read);
void connection_drain(struct connection *connection, bool now);
/* A CancelRequest has been acted on; a cancel of our own has been sent. */
void connection_finish(struct connection *connection);
void connection_interrupted(struct connection *connection);
/* At once, without a word. */
void connection_destroy(struct connection *connection);
/* Adds the session's counts to the host's. */
void connection_count(struct connection *connection);

/* --- connection_server.c --- */
/* SESSION_WANT_SERVER: takes a seat and opens a server. */
void connection_open_server(struct connection *connection);

/* --- connection_verdict.c --- */
/* SESSION_WANT_VERDICT: judges the statement in the thread pool. */
void connection_find_verdict(struct connection *connection);
/* The connection ends while verdict_job runs: session and configuration become the job's. */
void connection_leave_verdict(struct connection *connection);

/* --- connection_socket.c --- */
/* Prepares an accepted socket: no delay, keepalive, user time-out. */
void socket_prepare(int fd, const struct settings *settings);
/* "127.0.0.1:5000", "[::1]:5000" or "local"; *loopback tells where from. */
void socket_peer(const struct sockaddr_storage *address, char *text, size_t size, bool *local,
				 bool *loopback);
bool connection_poll(struct connection *connection, enum side side, int fd);
void connection_unpoll(struct connection *connection, enum side side);

#endif
