/* The parts of a session, shared by the files of proxy/session and seen by nobody else.
 *
 *   session.c         life, bytes in and out, closing
 *   startup.c         startup packets, parameters, opening the server
 *   auth.c            SASL exchange
 *   client.c          the client's messages: walk, dispatch, waiting
 *   query.c           simple Query
 *   extended_parse.c  Parse, preparing again
 *   extended.c        Bind, Describe, Execute, Close, Sync, Flush
 *   function.c        FunctionCall
 *   copyin.c          COPY FROM STDIN
 *   judge.c           verdicts: asking for them, waiting for long ones
 *   admit.c           may this statement run with this tenant
 *   refuse.c          errors that the server raises for us
 *   server.c          the server's messages: walk, dispatch
 *   answers.c         those that are edited on their way; effects
 *   conceal.c         what errors must not tell
 *   timing.c          time-outs and draining
 *
 * A client's message is either handled whole or *held*: left at the head of the input until a reply or a
 * newer catalog is there. A handler returns HELD before it has changed anything. */
#ifndef TENANTRY_SESSION_INTERNAL_H
#define TENANTRY_SESSION_INTERNAL_H

#include "proxy/session/copy.h"
#include "proxy/session/replies.h"
#include "proxy/session/scram.h"
#include "proxy/session/session.h"
#include "proxy/session/state.h"
#include "proxy/session/statements.h"
#include "proxy/wire/error_response.h"
#include "proxy/wire/message.h"
#include "proxy/wire/startup.h"

enum phase {
	PHASE_STARTUP,    /* StartupMessage or one of the requests before it */
	PHASE_TLS,        /* the handshake is the host's; no byte may come here */
	PHASE_MD5,        /* the answer to AuthenticationMD5Password */
	PHASE_SASL_FIRST, /* SASLInitialResponse */
	PHASE_SASL_FINAL, /* SASLResponse */
	PHASE_TENANT,     /* a newer catalog, to look up the tenant once more */
	PHASE_SERVER,     /* the server to be opened */
	PHASE_RUNNING,
	PHASE_CANCEL, /* was a CancelRequest */
	PHASE_CLOSING,
};

/* So many replies may be owed before no more is read from the client. */
enum { SESSION_REPLIES_MAX = 8192 };

enum hold { HOLD_NONE, HOLD_REPLIES, HOLD_CATALOG, HOLD_VERDICT, HOLD_INTERRUPT };
enum handled { HANDLED, HELD };

/* The rest of a message whose head has been dealt with. */
enum stream { STREAM_PASS, STREAM_DROP, STREAM_COPY, STREAM_REFUSE /* dropped, and refused at its end */ };

enum copy_in {
	COPY_IN_NONE,
	COPY_IN_ACTIVE,
	COPY_IN_FAILED /* we have sent CopyFail; the server's error is awaited */
};

/* A message in the middle of COPY FROM STDIN, which is at the head of the input. */
enum interrupter {
	INTERRUPTER_NONE,
	INTERRUPTER_WAITS,   /* for the server's error */
	INTERRUPTER_DROPPED, /* the COPY has failed because of it */
};

/* What is told apart: parser/encoding.h. */
enum encoding { ENCODING_OTHER, ENCODING_UTF8, ENCODING_SQL_ASCII };

struct run;

struct session {
	const struct session_settings *settings;
	struct catalog *catalog;
	struct verdict_cache *cache;
	struct report *report;
	unsigned long long id;
	char *peer;
	uint64_t now;
	enum phase phase;
	unsigned wants;
	bool local, trusted, tls;

	struct buffer in[2], out[2]; /* by enum side: what came from it, what goes to it */
	uint64_t stream_left[2];     /* bytes of the message under way from that side */
	enum stream stream[2];
	char long_type; /* of the message that STREAM_REFUSE is about */
	size_t long_length;
	bool paused[2]; /* that side is not read: the other one's output is over the high-water mark */

	/* startup */
	bool asked_tls, asked_gss, direct_tls;
	unsigned minor;
	struct session_parameter *parameters; /* owned strings */
	size_t n_parameters;
	char *user_name;     /* as given */
	char *wished_tenant; /* text from startup parameter or name suffix */
	const struct user *user;
	bool authenticated;
	struct scram *scram;
	uint8_t md5_salt[4];
	uint8_t binding[SCRAM_BINDING_MAX];
	size_t binding_length;
	uint8_t *cancel_key; /* CancelRequest: as received. Else: as given to the client */
	size_t cancel_key_length;
	int cancel_process_id;

	/* running */
	struct state state;
	enum encoding client_encoding, server_encoding; /* as the server reported them last */
	struct statements statements;
	struct replies replies;
	struct run *run; /* of the batch from the server that is being walked; NULL otherwise */
	struct query *spare_query;
	enum hold hold;
	struct judging *judging; /* the long statement that is judged elsewhere; NULL: none */
	bool asked_catalog;  /* for the message at the head of the input, a newer snapshot has been waited for */
	bool unread_catalog; /* and could not be had */
	bool stale_catalog;  /* our own schema change is committed, the snapshot that shows it is not here yet */
	bool ready_held;   /* ReadyForQuery waits for that snapshot: others may rely on the change from then on */
	bool ready_waited; /* it has waited */
	uint64_t ready_since;
	bool flushed;     /* a Flush of ours is behind the last message of the pipeline */
	bool failing;     /* the current part of the pipeline contains a refusal of ours: what follows in it is
						 skipped */
	bool skipping;    /* the server ignores everything up to the next Sync */
	char status;      /* of the last ReadyForQuery: I T E */
	bool in_block;    /* BEGIN has been carried out, and not the end of its transaction */
	bool error_since; /* an error since the last ReadyForQuery or end of a transaction */
	enum copy_in copy_in;
	struct copy_stream *copy;
	struct error *copy_error; /* what the client is told in place of the CopyFail's error */
	enum interrupter interrupter;
	unsigned spare_syncs; /* Syncs that the server may or may not have ignored during COPY FROM STDIN */
	bool schema_pending, schema_changed;
	uint64_t checked_names,
		checked_generation; /* state at which SQL-level prepared statements were last looked at */

	/* timing */
	uint64_t started, idle_since, busy_since;
	bool draining, timed_out, interrupting, client_gone, server_gone, server_fatal;

	struct session_counts counts;
};

static inline bool text_is_ascii(const char *text)
{
	while (*text && !(*text & 0x80))
		text++;
	return !*text;
}

/* --- session.c --- */
/* Ends the session with a FATAL error to the client. */
void session_fatal(struct session *session, const struct error *error);
void session_fatal_text(struct session *session, const char *sqlstate, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Bytes that are not the protocol: 08P01. */
void session_violation(struct session *session, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void session_close(struct session *session);
void session_terminate(struct session *session);
/* A verdict is acted on: the statement is sent, or refused. */
void session_count(struct session *session, const struct verdict *verdict);
const char *session_tenant(const struct session *session); /* NULL: none */

/* --- startup.c --- each takes what is there and returns how many bytes it has used; 0: more is needed, or
 * nothing to do now */
size_t startup_packet(struct session *session, const char *bytes, size_t n);
/* The client has shown who it is. */
void startup_authenticated(struct session *session);
void startup_find_tenant(struct session *session);

/* --- auth.c --- */
void auth_begin(struct session *session);
size_t auth_message(struct session *session, const char *bytes, size_t n);

/* --- client.c --- */
size_t client_walk(struct session *session, const char *bytes, size_t n);
/* Goes on with what is in the input, if nothing holds it any more. */
void client_resume(struct session *session);
enum handled client_hold(struct session *session, enum hold why);
/* A statement that comes now cannot be read yet: something is under way that decides how. */
bool client_must_wait(const struct session *session);
/* The message as it came. */
void client_forward(struct session *session, const struct wire_message *message);

/* --- judge.c --- */
/* The verdict, or NULL: held. */
struct verdict *judge(struct session *session, enum sub_protocol protocol, const char *text, size_t length,
					  const uint32_t *types, size_t n_types);
/* The verdict at once, as things are. NULL: too long for that. */
struct verdict *judge_now(struct session *session, enum sub_protocol protocol, const char *text,
						  size_t length, const uint32_t *types, size_t n_types);
void judge_forget(struct session *session);
/* Does the text mean to the server what its bytes mean here? Else it is converted, or the client does not use UTF8: a
 * tenant's value becomes another one; names of statements and portals, which are cut after that, may become one. */
bool judge_keeps_bytes(const struct session *session, const char *text);
/* session_names_hash() of the names in this state. */
uint64_t judge_names(const struct state *state);

/* --- query.c --- */
enum handled query_message(struct session *session, const struct wire_message *message);
/* The server drops the unnamed statement and portal at any simple Query, which is this entry. */
void query_forget_unnamed(struct session *session, struct reply *reply);

/* --- extended_parse.c --- */
enum handled extended_parse(struct session *session, const struct wire_message *message);
/* Would the statement be judged now as it was? Looks at stamps only. */
bool extended_is_as_judged(const struct session *session, const struct prepared *prepared);
/* Is the tenant that was written into its text, if one was, the session's? */
bool extended_literal_is_current(const struct session *session, const struct prepared *prepared);
/* Is what is known of this statement still so? If not, and if it can be done at once, its stamps are brought
 * up to date. */
bool extended_is_current(struct session *session, struct prepared *prepared);
/* The statement as it has to be now, or *refused. HELD: wait. */
enum handled extended_revalidate(struct session *session, struct prepared **prepared, bool *refused);
/* The first slot's rendering for a statement of the extended protocol; `out` holds TENANT_LITERAL_MAX bytes. */
const char *extended_slot(const struct prepared *prepared, char *out);

/* --- extended.c --- */
enum handled extended_bind(struct session *session, const struct wire_message *message);
enum handled extended_describe(struct session *session, const struct wire_message *message);
enum handled extended_execute(struct session *session, const struct wire_message *message);
enum handled extended_close(struct session *session, const struct wire_message *message);
void extended_sync(struct session *session);
void extended_flush(struct session *session);
/* Closes the portals of statements that would change, unseen, how others are read: SQL can run or replace a
 * portal that it knows the name of. Before anything but the portal `but` runs. */
void extended_close_followed(struct session *session, const struct portal *but);
/* May the Bind with this head be streamed? True when its statement is known and nothing has to be changed. */
bool extended_bind_streams(struct session *session, const char *bytes, size_t n);

/* --- admit.c --- */
enum admission { ADMITTED, ADMISSION_HELD, ADMISSION_REFUSED };
/* Room for the text of a refusal of our own. */
struct own_refusal {
	struct refusal refusal;
	struct error text;
};
void own_refusal_finish(struct own_refusal *own, int position);
/* Does the statement need to know the tenant? */
bool admit_needs_tenant(const struct statement *statement);
/* May it run with this tenant (NULL: none)? `bind` NULL: checks of parameters are left out; types as
 * declared. */
enum admission admit_statement(struct session *session, const struct verdict *verdict, size_t i,
							   const char *tenant, const struct wire_bind *bind, const uint32_t *types,
							   size_t n_types, struct own_refusal *own);
/* May what EXECUTE names be run by it, as things are? False: *own is the refusal. */
bool admit_executed(struct session *session, const struct statement *statement, const char *tenant,
					struct own_refusal *own);
/* Refused when the session has none. */
enum admission admit_tenant_known(struct session *session, struct own_refusal *own);
/* May the user take on this tenant? canonical holds TENANT_VALUE_MAX + 1 bytes. */
enum admission admit_tenant(struct session *session, const char *text, char *canonical,
							struct own_refusal *own);

/* --- refuse.c --- */
void refuse_add_text(struct buffer *to, const struct refusal *refusal);
void refuse_query(struct session *session, const struct refusal *refusal);
void refuse_extended(struct session *session, const struct refusal *refusal);
/* malformed.c: in the place of a message whose body is malformed; of a Bind whose names can be read. */
enum handled malformed(struct session *session, const struct wire_message *message);
enum handled malformed_query(struct session *session, const struct wire_message *message);
enum handled malformed_bind(struct session *session, const struct wire_message *message,
							const struct wire_bind *bind, const struct prepared *prepared);
void refuse_note(struct session *session, struct query *query, const struct refusal *refusal);

/* --- server.c --- */
/* Goes on with what has been held. */
void server_resume(struct session *session);
/* Takes note of a setting as the server reports it. Does the server read text as the parser does with it? If not,
 * the session has ended. */
bool server_status_learn(struct session *session, const char *name, const char *value)
	__attribute__((warn_unused_result));
size_t server_walk(struct session *session, const char *bytes, size_t n);

/* --- answers.c --- what becomes of a message from the server */
enum answer {
	ANSWER_PASS,
	ANSWER_DROP,
	ANSWER_REPLACED, /* something else has been added to the output */
	ANSWER_HELD,     /* it stays in the input, and so does what follows */
	ANSWER_BAD,
};
/* The bytes of the batch that pass and are not in the output yet:  from .. at, the message that is looked at
 * now. */
struct run {
	const char *from, *at;
};
void server_flush_run(struct session *session, struct run *run);
enum answer answer_complete(struct session *session, struct run *run, const struct wire_message *message);
/* A row limit has stopped it: what the statement has set is set, though it has not ended. */
void answer_suspended(struct session *session, const struct reply *head);
enum answer answer_error(struct session *session, struct run *run, const struct wire_message *message);
enum answer answer_ready(struct session *session, struct run *run, const struct wire_message *message);
enum answer answer_parameters(struct session *session, struct run *run, const struct wire_message *message);
enum answer answer_notice(struct session *session, struct run *run, const struct wire_message *message);

/* --- conceal.c --- */
struct concealed {
	char *detail, *context, *message; /* what the edit points to */
};
/* Adds to the edit what must not be seen as it is; true: something. */
bool conceal_edit(struct session *session, const struct reply *head, const struct wire_message *message,
				  struct concealed *concealed, struct wire_error_edit *edit);
void concealed_free(struct concealed *concealed);
/* Does the notice tell nothing but that a new child's tenant column is merged with its parents'? */
bool conceal_notice(const struct session *session, const struct wire_message *message);

/* --- copyin.c --- */
enum answer copyin_response(struct session *session, struct run *run, const struct wire_message *message);
/* CopyData, CopyDone or CopyFail. For CopyData `message->length` may be more than `n`, what is there; *used
 * says how much of the body was taken. */
enum handled copyin_message(struct session *session, const struct wire_message *message, size_t n,
							size_t *used);
/* More of a CopyData whose head has been taken. */
void copyin_piece(struct session *session, const char *bytes, size_t n);
void copyin_fail(struct session *session, const struct error *error);
void copyin_over(struct session *session);

/* --- function.c --- */
enum handled function_message(struct session *session, const struct wire_message *message);

/* --- timing.c --- */
void timing_ready(struct session *session); /* ReadyForQuery has come */
void timing_busy(struct session *session);  /* something was sent that will be answered */

#endif
