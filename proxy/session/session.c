/* One session: life, bytes in and out, closing; see session.h and internal.h. */
#include "proxy/session/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

/* What an idle session may keep for each output. */
enum { IDLE_ROOM = 8192 };

/* Output is bounded by back-pressure; this is the last line: one message of the largest kind beside what is
 * queued. */
static const size_t output_limit = (size_t)WIRE_LARGE * 2;

struct session *session_new(const struct session_new_arguments *arguments)
{
	struct session *session = calloc(1, sizeof *session);
	if (!session)
		abort();
	session->settings = arguments->settings;
	session->catalog = catalog_ref(arguments->catalog);
	session->cache = arguments->cache;
	session->report = arguments->report;
	session->id = arguments->id;
	session->local = arguments->local;
	session->trusted = arguments->trusted;
	session->now = session->started = session->idle_since = arguments->now;
	session->peer = strdup(arguments->peer ? arguments->peer : "");
	session->status = 'I';
	size_t input_limit = arguments->settings->message_limit + WIRE_HEADER + (1 << 20);
	buffer_init(&session->in[SIDE_CLIENT], input_limit);
	buffer_init(&session->in[SIDE_SERVER], output_limit);
	buffer_init(&session->out[SIDE_CLIENT], output_limit);
	buffer_init(&session->out[SIDE_SERVER], output_limit);
	return session;
}

void session_free(struct session *session)
{
	for (int side = 0; side < 2; side++) {
		buffer_free(&session->in[side]);
		buffer_free(&session->out[side]);
	}
	for (size_t i = 0; i < session->n_parameters; i++) {
		free((char *)session->parameters[i].name);
		free((char *)session->parameters[i].value);
	}
	free(session->parameters);
	free(session->user_name);
	free(session->wished_tenant);
	if (session->scram)
		OPENSSL_cleanse(session->scram, sizeof *session->scram);
	free(session->scram);
	free(session->cancel_key);
	replies_free(&session->replies);
	statements_free(&session->statements);
	if (session->spare_query)
		query_free(session->spare_query);
	if (session->state.start.search_path)
		state_free(&session->state);
	copy_stream_free(session->copy);
	free(session->copy_error);
	judge_forget(session);
	catalog_unref(session->catalog);
	free(session->peer);
	free(session);
}

void session_clock(struct session *session, uint64_t now)
{
	session->now = now;
}

const char *session_tenant(const struct session *session)
{
	const struct text *tenant = session->state.now.current.tenant;
	return tenant ? tenant->s : NULL;
}

struct log_subject session_subject(const struct session *session)
{
	return (struct log_subject){
		.session = session->id, .user = session->user_name, .tenant = session_tenant(session)};
}

static void end(struct session *session, bool interrupt)
{
	if (session->phase == PHASE_CLOSING)
		return;
	/* What the server is still to say is for nobody: it is told to stop, and that the connection ends. */
	if (session->phase == PHASE_RUNNING && !session->server_gone) {
		bool inside = session->stream_left[SIDE_CLIENT] > 0 && session->stream[SIDE_CLIENT] == STREAM_PASS;
		if (!inside && !session->server_fatal)
			wire_add_empty(&session->out[SIDE_SERVER], 'X');
		if (interrupt && session->replies.n > 0 && !session->interrupting) {
			session->interrupting = true;
			session->wants |= SESSION_WANT_INTERRUPT;
		}
	}
	session->phase = PHASE_CLOSING;
	session->wants &=
		SESSION_WANT_INTERRUPT | SESSION_WANT_VERDICT; /* what is judged elsewhere is still in use there */
	session->wants |= SESSION_WANT_CLOSE;
	session->hold = HOLD_NONE;
	for (int side = 0; side < 2; side++) {
		buffer_free(&session->in[side]);
		session->stream_left[side] = 0;
	}
}

void session_close(struct session *session)
{
	end(session, true);
}

/* The client has said Terminate: what it has sent before is still carried out, as with PostgreSQL. */
void session_terminate(struct session *session)
{
	struct log_subject subject = session_subject(session);
	if (session->phase == PHASE_RUNNING)
		log_write(LOG_LEVEL_INFO, &subject, "session ends: closed by the client after %.1f s",
				  (double)(session->now - session->started) / 1000);
	end(session, false);
}

void session_fatal(struct session *session, const struct error *error)
{
	struct log_subject subject = session_subject(session);
	if (session->phase == PHASE_CLOSING)
		return;
	log_write(LOG_LEVEL_INFO, &subject, "session ends: %s %s", error->sqlstate, error->message);
	if (session->run)
		server_flush_run(session, session->run);
	/* In the middle of a streamed message an error would be read as part of it: the end of the stream must
	 * tell. */
	if (!session->client_gone && session->stream_left[SIDE_SERVER] == 0)
		wire_add_error(&session->out[SIDE_CLIENT], "FATAL", error, 0);
	session_close(session);
}

static void fatal_list(struct session *session, const char *sqlstate, const char *format, va_list list)
{
	struct error error;
	char text[sizeof error.message];
	vsnprintf(text, sizeof text, format, list);
	error_set(&error, sqlstate, "%s", text);
	session_fatal(session, &error);
}

void session_fatal_text(struct session *session, const char *sqlstate, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	fatal_list(session, sqlstate, format, list);
	va_end(list);
}

void session_violation(struct session *session, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	fatal_list(session, "08P01", format, list);
	va_end(list);
}

/* --- back-pressure --- */
static enum side other(enum side side)
{
	return side == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;
}

static void update_pauses(struct session *session)
{
	for (int side = 0; side < 2; side++) {
		size_t queued = buffer_pending(&session->out[other((enum side)side)]);
		if (queued > session->settings->output_high_water)
			session->paused[side] = true;
		else if (queued <= session->settings->output_low_water)
			session->paused[side] = false;
	}
	if (session->phase != PHASE_CLOSING &&
		(session->out[SIDE_CLIENT].failed || session->out[SIDE_SERVER].failed ||
		 session->in[SIDE_CLIENT].failed || session->in[SIDE_SERVER].failed)) {
		struct error error;
		error_set(&error, "53200", "out of memory");
		error_detail(&error, "A message is larger than what may be held for this session.");
		session->out[SIDE_CLIENT].failed = false;
		session->out[SIDE_SERVER].failed = false;
		session_fatal(session, &error);
	}
}

bool session_reading(const struct session *session, enum side side)
{
	if (session->phase == PHASE_CLOSING)
		return false;
	if (side == SIDE_SERVER)
		return !session->paused[side] && !session->ready_held;
	if (session->phase == PHASE_SERVER)
		return buffer_pending(&session->in[SIDE_CLIENT]) <= session->settings->output_high_water;
	/* Held: what has come waits in the input, what has not waits in the socket. */
	return !session->paused[side] && session->hold == HOLD_NONE && session->phase != PHASE_TLS &&
		   session->phase != PHASE_TENANT && session->phase != PHASE_CANCEL;
}

void session_written(struct session *session, enum side side)
{
	/* While something is under way the memory is needed again in a moment. */
	if (session->replies.n == 0 && session->out[side].room > IDLE_ROOM)
		buffer_release(&session->out[side]);
	update_pauses(session);
}

struct buffer *session_output(struct session *session, enum side side)
{
	return &session->out[side];
}

/* --- bytes in --- */
static size_t walk(struct session *session, enum side side, const char *bytes, size_t n)
{
	return side == SIDE_CLIENT ? client_walk(session, bytes, n) : server_walk(session, bytes, n);
}

/* Whole messages are dealt with where they lie; only what is left over is kept. */
void session_receive(struct session *session, enum side side, const char *bytes, size_t length)
{
	struct buffer *in = &session->in[side];
	if (session->phase == PHASE_CLOSING)
		return;
	if (side == SIDE_CLIENT)
		session->counts.bytes_client += length;
	else
		session->counts.bytes_server += length;
	session->idle_since = session->now;
	if (buffer_pending(in) == 0) {
		size_t used = walk(session, side, bytes, length);
		if (session->phase != PHASE_CLOSING)
			buffer_add(in, bytes + used, length - used);
	} else {
		buffer_add(in, bytes, length);
		if (!in->failed) {
			size_t used = walk(session, side, buffer_head(in), buffer_pending(in));
			if (session->phase != PHASE_CLOSING)
				buffer_consume(in, used);
		}
	}
	buffer_release(in);
	if (side == SIDE_SERVER)
		client_resume(session);
	update_pauses(session);
}

void session_lost(struct session *session, enum side side, const char *why)
{
	struct log_subject subject = session_subject(session);
	if (side == SIDE_CLIENT) {
		session->client_gone = true;
		if (session->phase != PHASE_CLOSING)
			log_write(session->phase == PHASE_RUNNING ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, &subject,
					  "client is gone: %s", why);
		session_close(session);
		return;
	}
	if (session->server_gone)
		return;
	session->server_gone = true;
	if (session->phase == PHASE_CLOSING)
		return;
	log_write(LOG_LEVEL_WARNING, &subject, "server is gone: %s", why);
	if (session->server_fatal) {
		session_close(session); /* its own last words are on their way to the client */
		return;
	}
	struct error error;
	error_set(&error, "08006", "server closed the connection unexpectedly");
	error_detail(&error, "%s", why);
	session_fatal(session, &error);
}

unsigned session_wants(const struct session *session)
{
	return session->wants;
}

/* --- answers of the host --- */
static void catalog_answered(struct session *session, bool read)
{
	if (!(session->wants & SESSION_WANT_CATALOG))
		return;
	session->unread_catalog = !read;
	session->wants &= ~(unsigned)SESSION_WANT_CATALOG;
	session->asked_catalog = true;
	if (session->ready_held)
		server_resume(session);
	if (session->phase == PHASE_TENANT) {
		startup_find_tenant(session);
	} else if (session->hold == HOLD_CATALOG) {
		session->hold = HOLD_NONE;
	}
	client_resume(session);
	update_pauses(session);
}

void session_catalog(struct session *session, struct catalog *catalog)
{
	struct catalog *old = session->catalog;
	session->catalog = catalog_ref(catalog);
	catalog_unref(old);
	session->stale_catalog = false;
	catalog_answered(session, true);
}

void session_catalog_unread(struct session *session)
{
	catalog_answered(session, false);
}

bool session_changed_schema(struct session *session)
{
	bool changed = session->schema_changed;
	session->schema_changed = false;
	return changed;
}

struct session_cancel session_cancel_request(const struct session *session)
{
	return (struct session_cancel){.process_id = session->cancel_process_id,
								   .key = session->cancel_key,
								   .key_length = session->cancel_key_length};
}

bool session_cancel_matches(const struct session *session, const struct session_cancel *request)
{
	return session->phase == PHASE_RUNNING && session->cancel_process_id == request->process_id &&
		   session->cancel_key_length == request->key_length && request->key_length > 0 &&
		   CRYPTO_memcmp(session->cancel_key, request->key, request->key_length) == 0;
}

void session_interrupted(struct session *session)
{
	session->wants &= ~(unsigned)SESSION_WANT_INTERRUPT;
	session->interrupting = false;
	client_resume(session);
}

/* --- what the host may know --- */
bool session_authenticated(const struct session *session)
{
	return session->authenticated;
}

const struct user *session_user(const struct session *session)
{
	return session->user;
}

void session_count(struct session *session, const struct verdict *verdict)
{
	struct session_counts *counts = &session->counts;
	for (size_t i = 0; i < verdict->n_statements; i++) {
		const struct statement *statement = &verdict->statements[i];
		counts->guarded += statement->kind == VERDICT_GUARD;
		counts->touching += statement->touches_tenant;
		counts->self_safe += statement->touches_tenant && statement->self_safe;
		report_count(session->report, statement);
	}
}

struct session_counts session_counts(struct session *session)
{
	struct session_counts counts = session->counts;
	memset(&session->counts, 0, sizeof session->counts);
	return counts;
}
