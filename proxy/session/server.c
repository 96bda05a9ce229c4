/* The server's messages. What passes is not touched: headers are walked, and the run of bytes between two
 * messages that change is appended to the client's output at once.
 *
 *      | DataRow | DataRow | CommandComplete | ReadyForQuery |
 *      ^run.from                             ^run.at
 *
 * Every message must be the one that the queue of expected replies allows; anything else ends the session. */
#include "proxy/session/internal.h"

#include <string.h>
#include <strings.h>

void server_flush_run(struct session *session, struct run *run)
{
	buffer_add(&session->out[SIDE_CLIENT], run->from, (size_t)(run->at - run->from));
	run->from = run->at;
}

static enum encoding encoding_named(const char *name)
{
	return encoding_is_utf8(name)               ? ENCODING_UTF8
		   : strcasecmp(name, "SQL_ASCII") == 0 ? ENCODING_SQL_ASCII
												: ENCODING_OTHER;
}

bool server_status_learn(struct session *session, const char *name, const char *value)
{
	if (strcmp(name, "client_encoding") == 0) {
		session->client_encoding = encoding_named(value);
		/* Before PostgreSQL 14 this comes at once, from the middle of a transaction that may undo it: settle(). */
		if (session->replies.n == 0)
			session->state.client_utf8 = session->client_encoding == ENCODING_UTF8;
	}
	if (strcmp(name, "server_encoding") == 0)
		session->server_encoding = encoding_named(value);
	static const char *const embedding[] = {"SJIS", "SHIFT_JIS_2004", "BIG5", "GBK",
											"UHC",  "GB18030",        "JOHAB"};
	if (strcmp(name, "standard_conforming_strings") == 0 && strcmp(value, "on") != 0) {
		struct error error;
		error_set(&error, "0A000", "the server has standard_conforming_strings switched off");
		error_detail(
			&error,
			"Backslashes in string constants then mean something else to the server than to tenantry, "
			"which could not tell any more what a statement does.");
		error_hint(&error, "Switch it on for the database and the user.");
		session_fatal(session, &error);
		return false;
	}
	if (strcmp(name, "client_encoding") == 0) {
		for (size_t i = 0; i < sizeof embedding / sizeof *embedding; i++) {
			if (strcasecmp(value, embedding[i]) != 0)
				continue;
			struct error error;
			error_set(&error, "0A000", "client_encoding %s is not possible through tenantry", value);
			error_detail(&error, "Its characters contain bytes that also stand for ASCII characters.");
			error_hint(&error, "Use UTF8.");
			session_fatal(session, &error);
			return false;
		}
	}
	return true;
}

static enum answer pass(const struct reply *head)
{
	return head->swallow ? ANSWER_DROP : ANSWER_PASS;
}

/* The head's reply ends with this message. */
static enum answer take(struct session *session)
{
	enum answer answer = pass(replies_head(&session->replies));
	replies_take(&session->replies, &session->spare_query);
	return answer;
}

static enum answer take_if(struct session *session, const struct reply *head, enum reply_kind kind)
{
	return head && head->kind == kind ? take(session) : ANSWER_BAD;
}

static bool runs(struct reply *head)
{
	if (!head || (head->kind != REPLY_EXECUTE && head->kind != REPLY_QUERY) || head->failed)
		return false;
	head->started = true;
	return true;
}

/* Names and types of the columns; not where they come from, and not in which format. */
static uint32_t rows_hash(const struct wire_message *message)
{
	uint32_t hash = 2166136261u;
	struct reader reader = reader_of(message->body, message->length);
	for (unsigned n = message->type == 'T' ? reader_u16(&reader) : 0; n > 0 && !reader.bad; n--) {
		size_t length;
		const char *name = reader_string(&reader, &length);
		reader_bytes(&reader, 6);
		const char *type = reader_bytes(&reader, 10);
		reader_bytes(&reader, 2);
		for (size_t i = 0; i <= length; i++)
			hash = (hash ^ (uint8_t)name[i]) * 16777619u;
		for (size_t i = 0; type && i < 10; i++)
			hash = (hash ^ (uint8_t)type[i]) * 16777619u;
	}
	return hash ? hash : 1;
}

/* What the client is told of a statement's columns is remembered, to notice when it changes. */
static void note_rows(const struct reply *head, const struct wire_message *message)
{
	struct prepared *prepared = head->prepared;
	if (!prepared)
		return;
	uint32_t rows = rows_hash(message);
	if (head->swallow)
		prepared->rows_changed = rows != prepared->wanted_rows;
	prepared->rows = rows;
}

static enum answer row_description(struct session *session, struct reply *head,
								   const struct wire_message *message)
{
	if (head && (head->kind == REPLY_DESCRIBE_PORTAL ||
				 (head->kind == REPLY_DESCRIBE_STATEMENT && head->described))) {
		note_rows(head, message);
		return take(session);
	}
	if (!head || head->kind != REPLY_QUERY || head->failed)
		return ANSWER_BAD;
	head->started = true;
	return ANSWER_PASS;
}

static enum answer status(struct session *session, const struct wire_message *message)
{
	const char *name, *value;
	if (!wire_status_decode(message->body, message->length, &name, &value))
		return ANSWER_BAD;
	if (!server_status_learn(session, name, value))
		return ANSWER_DROP;
	return ANSWER_PASS;
}

static enum answer dispatch(struct session *session, struct run *run, const struct wire_message *message)
{
	struct reply *head = replies_head(&session->replies);
	switch (message->type) {
	case 'D':
	case 'd':
	case 'c':
		return runs(head) ? pass(head) : ANSWER_BAD;
	case 'H':
		return runs(head) ? pass(head) : ANSWER_BAD;
	case '1':
		return take_if(session, head, REPLY_PARSE);
	case '2':
		return take_if(session, head, REPLY_BIND);
	case '3':
		return take_if(session, head, REPLY_CLOSE);
	case 's':
		if (head && head->kind == REPLY_EXECUTE)
			answer_suspended(session, head);
		return take_if(session, head, REPLY_EXECUTE);
	case 'T':
	case 'n':
		return row_description(session, head, message);
	case 't':
		return answer_parameters(session, run, message);
	case 'C':
		return runs(head) ? answer_complete(session, run, message) : ANSWER_BAD;
	case 'I':
		if (head && head->kind == REPLY_EXECUTE)
			return take(session);
		return runs(head) ? ANSWER_PASS : ANSWER_BAD;
	case 'V':
		if (!head || head->kind != REPLY_FUNCTION)
			return ANSWER_BAD;
		head->started = true;
		return ANSWER_PASS;
	case 'G':
		return runs(head) ? copyin_response(session, run, message) : ANSWER_BAD;
	case 'E':
		return answer_error(session, run, message);
	case 'Z':
		return answer_ready(session, run, message);
	case 'S':
		return status(session, message);
	case 'N':
		return answer_notice(session, run, message);
	case 'A':
		return ANSWER_PASS;
	default:
		return ANSWER_BAD;
	}
}

/* Rows and COPY data need not be there in whole. */
static bool streams(struct session *session, char type)
{
	struct reply *head = replies_head(&session->replies);
	return (type == 'D' || type == 'd') && head && !head->swallow && runs(head);
}

static void unexpected(struct session *session, char type)
{
	struct log_subject subject = session_subject(session);
	log_write(LOG_LEVEL_ERROR, &subject, "unexpected message '%c' (%d) from the server", type,
			  (unsigned char)type);
	session_violation(session, "unexpected message of type %d from the server", (unsigned char)type);
}

/* One message, or as much of a streamed one as is there. Returns what was used; 0: more is needed. */
static size_t step(struct session *session, struct run *run, const char *bytes, size_t n)
{
	struct wire_message message;
	size_t limit = wire_server_limit(bytes[0]);
	enum wire_status status = limit ? wire_header(bytes, n, limit, &message) : WIRE_BAD;
	if (status == WIRE_PARTIAL)
		return 0;
	if (status == WIRE_BAD) {
		unexpected(session, bytes[0]);
		return n;
	}
	size_t size = WIRE_HEADER + message.length;
	if (n < size) {
		if (!streams(session, message.type))
			return 0;
		session->stream_left[SIDE_SERVER] = size - n;
		run->at = bytes + n;
		return n;
	}
	switch (dispatch(session, run, &message)) {
	case ANSWER_PASS:
		run->at = bytes + size;
		break;
	case ANSWER_DROP:
	case ANSWER_REPLACED:
		if (session->phase == PHASE_CLOSING)
			break;
		server_flush_run(session, run);
		run->from = run->at = bytes + size;
		break;
	case ANSWER_HELD:
		return 0;
	case ANSWER_BAD:
		unexpected(session, message.type);
		break;
	}
	return size;
}

/* Whole rows and COPY data that pass, of which there can be a great many: nothing but their lengths is looked
 * at. Returns how many bytes; what is not as it should be is left to step(). */
static size_t pass_rows(struct session *session, struct run *run, const char *bytes, size_t n)
{
	size_t at = 0;
	while (n - at >= WIRE_HEADER && (bytes[at] == 'D' || bytes[at] == 'd')) {
		size_t length = wire_get_u32(bytes + at + 1);
		if (length < 4 || length - 4 > WIRE_LARGE || length >= n - at)
			break;
		at += 1 + length;
	}
	if (at == 0 || !streams(session, 'D'))
		return 0;
	run->at = bytes + at;
	return at;
}

size_t server_walk(struct session *session, const char *bytes, size_t n)
{
	size_t at = 0;
	struct run run = {.from = bytes, .at = bytes};
	if (session->phase != PHASE_RUNNING)
		return n;
	if (session->ready_held)
		return 0;
	session->run = &run;
	if (session->stream_left[SIDE_SERVER] > 0) {
		at = session->stream_left[SIDE_SERVER] < n ? (size_t)session->stream_left[SIDE_SERVER] : n;
		session->stream_left[SIDE_SERVER] -= at;
		run.at = bytes + at;
	}
	while (at < n && session->phase == PHASE_RUNNING) {
		size_t used = pass_rows(session, &run, bytes + at, n - at);
		if (used == 0)
			used = step(session, &run, bytes + at, n - at);
		if (used == 0)
			break;
		at += used;
	}
	session->run = NULL;
	if (session->phase == PHASE_RUNNING)
		server_flush_run(session, &run);
	return at;
}

void server_resume(struct session *session)
{
	struct buffer *in = &session->in[SIDE_SERVER];
	session->ready_held = false;
	session->ready_waited = true;
	if (session->phase != PHASE_RUNNING || buffer_pending(in) == 0)
		return;
	size_t used = server_walk(session, buffer_head(in), buffer_pending(in));
	if (session->phase == PHASE_CLOSING)
		return;
	buffer_consume(in, used);
	buffer_release(in);
}
