/* The client's messages: framing, dispatch, waiting.
 *
 * A message is handled whole, or held at the head of the input (HOLD_REPLIES: until replies have come that
 * decide how it is to be read; HOLD_CATALOG: until a newer snapshot is there; HOLD_VERDICT: until it has been
 * judged), or its body streams past (CopyData; Bind of a statement that needs nothing). */
#include "proxy/session/internal.h"

#include <stdlib.h>
#include <string.h>

bool client_must_wait(const struct session *session)
{
	const struct replies *replies = &session->replies;
	if (replies->n == 0)
		return false;
	/* Behind a boundary, an error that has not come yet may have undone what the transaction changed, or kept
	 * a name (that SQL's EXECUTE may use) from being changed. */
	return replies->matters > 0 || replies->parted || (replies->boundaries > 0 && session->state.dirty);
}

enum handled client_hold(struct session *session, enum hold why)
{
	session->hold = why;
	if (why == HOLD_CATALOG)
		session->wants |= SESSION_WANT_CATALOG;
	if (why == HOLD_REPLIES && session->replies.open && !session->flushed) {
		/* Without Sync or Flush the server may sit on what we wait for. */
		wire_add_empty(&session->out[SIDE_SERVER], 'H');
		session->flushed = true;
	}
	return HELD;
}

void client_forward(struct session *session, const struct wire_message *message)
{
	buffer_add(&session->out[SIDE_SERVER], message->body - WIRE_HEADER, WIRE_HEADER + message->length);
}

/* A statement prepared with SQL's PREPARE was written for the names of its time. Where they have changed so
 * that it would be written otherwise now, it is closed: EXECUTE then finds nothing. */
static void check_sql_prepared(struct session *session)
{
	struct statements *statements = &session->statements;
	session->checked_names = session->state.names_version;
	session->checked_generation = catalog_generation(session->catalog);
	for (size_t i = 0; i < statements->named.room; i++) {
		struct prepared *prepared =
			statements->named.slots[i].name ? statements->named.slots[i].object : NULL;
		if (!prepared || !prepared->sql || prepared->stale)
			continue;
		struct verdict *now = judge_now(session, prepared->protocol, prepared->text, prepared->text_length,
										prepared->types, prepared->n_types);
		prepared->stale = !now || !verdict_same_rewriting(prepared->verdict, now);
		if (now)
			verdict_unref(now);
		if (prepared->stale) {
			wire_add_target(&session->out[SIDE_SERVER], 'C', 'S', prepared->name);
			replies_add(&session->replies, REPLY_CLOSE)->swallow = true;
			session->flushed = false;
		}
	}
}

/* --- dispatch --- */
static bool reads_statements(char type)
{
	return type == 'Q' || type == 'P' || type == 'B' || type == 'F';
}

/* COPY FROM STDIN is under way: everything but its own messages, Flush and Sync makes it fail, as in the
 * server. The message is held until the server tells whether the COPY had failed before: then it is one like others. */
static enum handled interrupt_copy(struct session *session, char type)
{
	struct error error;
	error_set(&error, "08P01", "unexpected message type 0x%02X during COPY from stdin", (unsigned char)type);
	copyin_fail(session, &error);
	session->interrupter = INTERRUPTER_WAITS;
	return client_hold(session, HOLD_REPLIES);
}

/* Do its names mean here what they mean to the server? Says nothing of a body that is malformed. */
static bool names_are_certain(const struct session *session, const struct wire_message *message)
{
	struct reader reader = reader_of(message->body, message->length);
	bool certain = true;
	if (!strchr("PBDEC", message->type))
		return true;
	if (message->type == 'D' || message->type == 'C')
		reader_u8(&reader);
	for (int n = message->type == 'B' ? 2 : 1; n > 0 && certain; n--) {
		const char *name = reader_string(&reader, NULL);
		certain = reader.bad || judge_keeps_bytes(session, name);
	}
	return certain;
}

static enum handled refuse_name(struct session *session)
{
	struct own_refusal own;
	error_set(&own.text, "0A000", "a name that is not ASCII needs the encoding UTF8");
	error_hint(&own.text, "SET client_encoding = 'UTF8', or give statements and portals other names.");
	own_refusal_finish(&own, 0);
	refuse_extended(session, &own.refusal);
	return HANDLED;
}

static enum handled running_message(struct session *session, const struct wire_message *message)
{
	char type = message->type;
	/* A cancel of our own is under way: it must not hit a statement that comes after the one it is for. */
	if (session->interrupting && type != 'X')
		return client_hold(session, HOLD_INTERRUPT);
	/* However much a client sends without waiting, what is remembered of it is bounded. */
	if (session->replies.n >= SESSION_REPLIES_MAX && type != 'X')
		return client_hold(session, HOLD_REPLIES);
	if (session->interrupter == INTERRUPTER_WAITS)
		return client_hold(session, HOLD_REPLIES);
	if (session->interrupter == INTERRUPTER_DROPPED) {
		session->interrupter = INTERRUPTER_NONE;
		return HANDLED;
	}
	if (session->skipping && type != 'S' && type != 'X')
		return HANDLED; /* the server would skip it as well */
	if (session->copy_in == COPY_IN_ACTIVE && type != 'S' && type != 'H' && type != 'X')
		return interrupt_copy(session, type);
	/* An Execute may be one of SQL's EXECUTE, whose statement is looked at here. */
	if (reads_statements(type) || (type == 'E' && session->statements.n_sql > 0)) {
		if (client_must_wait(session))
			return client_hold(session, HOLD_REPLIES);
		if (session->stale_catalog)
			return client_hold(session, HOLD_CATALOG);
		if (session->statements.n_sql > 0 &&
			(session->checked_names != session->state.names_version ||
			 session->checked_generation != catalog_generation(session->catalog)))
			check_sql_prepared(session);
	}
	if (!names_are_certain(session, message))
		return refuse_name(session);
	switch (type) {
	case 'Q':
		return query_message(session, message);
	case 'P':
		return extended_parse(session, message);
	case 'B':
		return extended_bind(session, message);
	case 'D':
		return extended_describe(session, message);
	case 'E':
		return extended_execute(session, message);
	case 'C':
		return extended_close(session, message);
	case 'F':
		return function_message(session, message);
	case 'S':
		extended_sync(session);
		return HANDLED;
	case 'H':
		extended_flush(session);
		return HANDLED;
	case 'X':
		session_terminate(session);
		return HANDLED;
	default:
		session_violation(session, "invalid frontend message type %d", (unsigned char)type);
		return HANDLED;
	}
}

/* A statement that is too long to be read, and whose body has been dropped: the server raises the error. Not before, because
 * no server answers what it has not got: libpq would find the answer before somebody asks for it. */
static void refuse_long(struct session *session)
{
	struct own_refusal own;
	if (session->skipping)
		return;
	error_set(&own.text, "54000", "statement is too long");
	error_detail(&own.text, "The message has %zu bytes; at most %zu are read.", session->long_length,
				 session->settings->message_limit);
	own_refusal_finish(&own, 0);
	if (session->long_type == 'Q' || session->long_type == 'F')
		refuse_query(session, &own.refusal);
	else
		refuse_extended(session, &own.refusal);
}

static size_t long_message(struct session *session, const struct wire_message *message, size_t there)
{
	if (session->copy_in == COPY_IN_ACTIVE) {
		interrupt_copy(session, message->type);
		return 0;
	}
	if (session->interrupter == INTERRUPTER_WAITS || client_must_wait(session)) {
		client_hold(session, HOLD_REPLIES);
		return 0;
	}
	session->long_type = message->type;
	session->long_length = message->length;
	session->stream[SIDE_CLIENT] = STREAM_REFUSE;
	session->stream_left[SIDE_CLIENT] = message->length - there;
	if (session->stream_left[SIDE_CLIENT] == 0)
		refuse_long(session);
	return WIRE_HEADER + there;
}

/* The head of a message whose body is not all there, or too long to be assembled. Returns what was used, 0:
 * wait for more. */
static size_t partial_message(struct session *session, const struct wire_message *message, size_t there)
{
	char type = message->type;
	if (type == 'd') {
		size_t used = 0;
		if (copyin_message(session, message, there, &used) == HELD)
			return 0;
		session->stream_left[SIDE_CLIENT] = message->length - used;
		return WIRE_HEADER + used;
	}
	if (session->skipping || session->interrupter == INTERRUPTER_DROPPED) {
		session->interrupter = INTERRUPTER_NONE;
		session->stream[SIDE_CLIENT] = STREAM_DROP;
		session->stream_left[SIDE_CLIENT] = message->length - there;
		return WIRE_HEADER + there;
	}
	if (type == 'B' && session->copy_in != COPY_IN_ACTIVE && message->length > WIRE_SMALL &&
		extended_bind_streams(session, message->body, there)) {
		wire_add_header(&session->out[SIDE_SERVER], 'B', message->length);
		buffer_add(&session->out[SIDE_SERVER], message->body, there);
		session->stream[SIDE_CLIENT] = STREAM_PASS;
		session->stream_left[SIDE_CLIENT] = message->length - there;
		return WIRE_HEADER + there;
	}
	return message->length > session->settings->message_limit ? long_message(session, message, there) : 0;
}

static size_t running_step(struct session *session, const char *bytes, size_t n)
{
	struct wire_message message;
	/* A type that does not exist is known by its first byte. */
	size_t limit = wire_client_limit(bytes[0]);
	if (limit == 0 || bytes[0] == 'p') {
		session_violation(session, "invalid frontend message type %d", (unsigned char)bytes[0]);
		return n;
	}
	switch (wire_header(bytes, n, limit, &message)) {
	case WIRE_PARTIAL:
		return 0;
	case WIRE_BAD:
		session_violation(session, "invalid message length");
		return n;
	case WIRE_OK:
		break;
	}
	size_t there = n - WIRE_HEADER;
	bool copy_data = message.type == 'd' || message.type == 'c' || message.type == 'f';
	if (there < message.length || (!copy_data && message.length > session->settings->message_limit))
		return partial_message(session, &message, there < message.length ? there : message.length);
	size_t used = 0;
	enum handled handled = copy_data ? copyin_message(session, &message, message.length, &used)
									 : running_message(session, &message);
	if (handled == HELD)
		return 0;
	session->asked_catalog = false;
	return WIRE_HEADER + message.length;
}

static size_t stream_step(struct session *session, const char *bytes, size_t n)
{
	size_t piece = session->stream_left[SIDE_CLIENT] < n ? (size_t)session->stream_left[SIDE_CLIENT] : n;
	session->stream_left[SIDE_CLIENT] -= piece;
	switch (session->stream[SIDE_CLIENT]) {
	case STREAM_PASS:
		buffer_add(&session->out[SIDE_SERVER], bytes, piece);
		break;
	case STREAM_DROP:
		break;
	case STREAM_REFUSE:
		if (session->stream_left[SIDE_CLIENT] == 0)
			refuse_long(session);
		break;
	case STREAM_COPY:
		copyin_piece(session, bytes, piece);
		break;
	}
	return piece;
}

static size_t step(struct session *session, const char *bytes, size_t n)
{
	switch (session->phase) {
	case PHASE_STARTUP:
		return startup_packet(session, bytes, n);
	case PHASE_MD5:
	case PHASE_SASL_FIRST:
	case PHASE_SASL_FINAL:
		return auth_message(session, bytes, n);
	case PHASE_TLS:
		session_violation(session, "received unencrypted data after SSL request");
		return n;
	case PHASE_TENANT:
	case PHASE_SERVER:
		return 0;
	case PHASE_RUNNING:
		return session->stream_left[SIDE_CLIENT] ? stream_step(session, bytes, n)
												 : running_step(session, bytes, n);
	case PHASE_CANCEL:
	case PHASE_CLOSING:
		return n;
	}
	return n;
}

size_t client_walk(struct session *session, const char *bytes, size_t n)
{
	size_t at = 0;
	while (at < n && session->hold == HOLD_NONE) {
		size_t used = step(session, bytes + at, n - at);
		if (used == 0)
			break;
		at += used;
	}
	return at;
}

void client_resume(struct session *session)
{
	struct buffer *in = &session->in[SIDE_CLIENT];
	if (session->hold == HOLD_CATALOG || session->hold == HOLD_VERDICT)
		return;
	session->hold = HOLD_NONE;
	if (session->phase != PHASE_RUNNING || buffer_pending(in) == 0)
		return;
	size_t used = client_walk(session, buffer_head(in), buffer_pending(in));
	if (session->phase == PHASE_CLOSING)
		return;
	buffer_consume(in, used);
	buffer_release(in);
}
