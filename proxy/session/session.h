/* One session: a client, its server, and everything that is known about both. Sans-I/O: bytes go in, bytes
 * come out, the host owns sockets, TLS, timers and threads. One thread at a time.
 *
 *   host reads a socket       -> session_receive(side, bytes)    takes everything it is given
 *   host looks                -> session_wants()                 what the host must do next
 *   host writes               <- session_output(side)            consume what was written, then session_written()
 *   host asks before reading  <- session_reading(side)           false: leave the bytes in the socket (back-pressure)
 *
 * Life of a client:
 *
 *   STARTUP --SSLRequest--> (WANT_TLS) --> STARTUP --StartupMessage--> AUTHENTICATION --SCRAM ok--> (WANT_SERVER)
 *      \--CancelRequest--> (WANT_CANCEL)                                                                  |
 *                          CLOSING (WANT_CLOSE) <--Terminate, EOF, FATAL, drain, time-out-- RUNNING <-----+
 *
 * Source: PostgreSQL documentation, "Frontend/Backend Protocol". */
#ifndef TENANTRY_SESSION_SESSION_H
#define TENANTRY_SESSION_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parser/verdict.h"
#include "proxy/base/buffer.h"
#include "proxy/base/error.h"
#include "proxy/base/log.h"
#include "proxy/session/report.h"
#include "proxy/session/users.h"

enum side { SIDE_CLIENT, SIDE_SERVER };

/* Settings that sessions live by; immutable, owned by the host, which keeps it alive as long as a session
 * uses it. Times in milliseconds, 0: no limit. */
struct session_settings {
	const struct policy *policy;
	const struct users *users;
	const char *database;       /* the one that is served; another name: 3D000 */
	const char *default_tenant; /* `tenant` of the file; NULL: none until the client names one */
	bool tls_available;         /* answer S to SSLRequest */
	bool tls_required;          /* refuse authentication without it */
	uint32_t login_timeout, idle_timeout, idle_in_transaction_timeout, statement_timeout;
	size_t output_high_water,
		output_low_water;  /* bytes queued for a side: stop / resume reading the other one */
	size_t message_limit;  /* of messages that must be assembled (Query, Parse, Bind of guarded statements) */
	bool judges_elsewhere; /* the host answers SESSION_WANT_VERDICT; else long statements too are judged at
							  once */
	uint8_t mock_secret[32]; /* process-wide random: mock SCRAM exchanges of unknown users */
};

struct session; /* opaque */

/* `id` is unique in the process, for logs. `cancel_secret` (up to 32 bytes of randomness) and `process_id` of
 * our own BackendKeyData are given when the server is there. `cache` is the worker's. `catalog`: a reference
 * is taken. */
struct session_new_arguments {
	unsigned long long id;
	const struct session_settings *settings;
	struct catalog *catalog;
	struct verdict_cache *cache;
	struct report *report; /* the worker's; NULL: nobody wants one */
	bool local;            /* came over a unix-domain socket: TLS is neither offered nor asked for */
	bool trusted;          /* needs no password */
	const char *peer;      /* "127.0.0.1:5000", for logs; copied */
	uint64_t now;          /* monotonic milliseconds */
};
struct session *session_new(const struct session_new_arguments *arguments);
void session_free(struct session *session);

/* Monotonic milliseconds; call before anything else in a round. */
void session_clock(struct session *session, uint64_t now);

void session_receive(struct session *session, enum side side, const char *bytes, size_t length);
struct buffer *session_output(struct session *session, enum side side);
void session_written(struct session *session, enum side side);
bool session_reading(const struct session *session, enum side side);
/* End of stream or an error of the socket (`why` for the log). */
void session_lost(struct session *session, enum side side, const char *why);

/* What the host must do. Several bits may be set; each stays set until it is answered. */
enum session_want {
	SESSION_WANT_TLS =
		1, /* flush the client's output ("S"), do the handshake, then session_tls_started(). Bytes that are
			* already there in plain text after SSLRequest: the session has refused them itself. */
	SESSION_WANT_SERVER =
		2, /* open one with session_server_parameters(); answer session_server_opened() or _failed() */
	SESSION_WANT_CATALOG = 4, /* load a newer snapshot; answer session_catalog() */
	SESSION_WANT_CANCEL = 8,  /* this client is a CancelRequest: session_cancel_request(); act and close */
	SESSION_WANT_CLOSE =
		16, /* flush both outputs (bounded time), then close both sockets and session_free() */
	SESSION_WANT_VERDICT = 64,   /* judge a long statement off the loop: guard(session_verdict_request()),
									answer session_verdict() */
	SESSION_WANT_INTERRUPT = 32, /* cancel what runs on the server (client gone, statement time-out); answer
									session_interrupted() */
};
unsigned session_wants(const struct session *session);

/* Also called first thing for direct TLS, where the handshake comes before any packet. */
void session_tls_started(struct session *session);
/* Before session_tls_started(), if channel binding is to be offered: the tls-server-end-point hash of our
 * certificate (RFC 5929), up to 64 bytes. */
void session_tls_binding(struct session *session, const uint8_t *hash, size_t length);

/* What the new server must be opened with: GUCs for the startup packet ("name", "value" pairs;
 * client_encoding and application_name included; the tenant setting included when a tenant is known). Owned
 * by the session. */
struct session_parameter {
	const char *name, *value;
};
size_t session_server_parameters(const struct session *session, const struct session_parameter **list);

/* What the host has learnt of a server that is open and idle. Copied. */
struct session_server {
	int process_id;      /* of the real server */
	const char *notices; /* NoticeResponses that it has sent so far, whole messages; NULL: none */
	size_t notices_length;
	size_t n_parameters; /* ParameterStatus as the server reported them */
	const struct session_parameter *parameters;
	uint8_t cancel_key[32];   /* of our own BackendKeyData: 4 bytes for protocol 3.0, up to 32 for 3.2 */
	size_t cancel_key_length; /* give up to 32: a client of protocol 3.0 is shown the first 4 */
};
void session_server_opened(struct session *session, const struct session_server *server);
/* The error goes to the client as FATAL and the session ends. */
void session_server_failed(struct session *session, const struct error *error);

/* A newer snapshot (or the same one, when a look at the database brought nothing); a reference is taken. Also
 * called by the host of its own accord after a schema change; then the session only swaps it. */
void session_catalog(struct session *session, struct catalog *catalog);
/* The answer when the database cannot be asked: the session goes on with what it has, where that is closed
 * (an unknown relation is refused, an unknown function is not called), and asks again where it is not. */
void session_catalog_unread(struct session *session);

/* Statements longer than this are not judged on the loop, if the host can do it elsewhere. */
enum { SESSION_JUDGE_INLINE_MAX = 65536 };
/* What is to be judged. The session owns all of it, the reference on the catalog included, and leaves it
 * unchanged until session_verdict(); the host keeps the session alive until then. Never NULL while
 * SESSION_WANT_VERDICT is set. */
const struct guard_request *session_verdict_request(const struct session *session);
/* Takes over the reference. */
void session_verdict(struct session *session, struct verdict *verdict);

/* Set when a schema change of this session has been committed: the host reloads for all workers. Reading
 * clears it. */
bool session_changed_schema(struct session *session);

struct session_cancel {
	int process_id;
	const uint8_t *key;
	size_t key_length;
};
struct session_cancel session_cancel_request(const struct session *session);
/* The server's key as given to the client: the host compares in constant time. */
bool session_cancel_matches(const struct session *session, const struct session_cancel *request);
void session_interrupted(struct session *session);

/* Drain: end with 57P01 as soon as no transaction is open; `now`: at once. */
void session_drain(struct session *session, bool now);

/* Next moment at which session_timeout() must be called; UINT64_MAX: none. */
uint64_t session_deadline(const struct session *session);
void session_timeout(struct session *session);

/* For logs and limits. */
struct log_subject session_subject(const struct session *session);
bool session_authenticated(const struct session *session);
const struct user *session_user(const struct session *session);

/* Counters of this session since the last call, for metrics and the transition report; reading resets. */
struct session_counts {
	uint64_t statements, guarded, refused, self_safe, touching; /* touching: named tenant relations */
	uint64_t bytes_client, bytes_server;
};
struct session_counts session_counts(struct session *session);

#endif
