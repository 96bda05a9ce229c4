/* Opening servers with libpq; see opener.h. Names are resolved in opener_names.c, errors translated in
 * opener_errors.c, notices kept in opener_notices.c.
 *
 *   (the gate) --its turn--> RESOLVING --names known--> CONNECTING --CONNECTION_OK--> done
 *       ^                          |
 *       +---- WAITING <--away------+--else--> done with an error
 *
 * Each PQconnectPoll() runs in libuv's thread pool: it may read files (certificate authorities, password
 * file), compute (SCRAM: some milliseconds) or ask other servers (Kerberos), and a loop must not wait for any
 * of that.
 *
 * uv_poll and libpq: PQconnectPoll() may close its socket and open another, even under the same number, and
 * meanwhile the number may be another connection's: so the poll handle is closed, which takes the socket out
 * of epoll, before each call. */
#include "proxy/host/opener.h"

#include <ctype.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/host/opener_internal.h"

enum { RETRY_MILLISECONDS = 250 };

static void step(struct opener *opener);
static void opener_step_abandon(struct opener_step *step);

static void *must(void *allocated)
{
	if (!allocated)
		abort();
	return allocated;
}

/* --- life --- */

static void release(struct opener *opener)
{
	if (--opener->handles > 0)
		return;
	for (size_t i = 0; i < opener->n_parameters; i++) {
		free(opener->parameters[i].name);
		free(opener->parameters[i].value);
	}
	free(opener->parameters);
	opener_names_free(opener);
	free(opener);
}

static void timer_closed(uv_handle_t *handle)
{
	release(handle->data);
}

static void poll_closed(uv_handle_t *handle)
{
	release(handle->data);
	free(handle);
}

static void stop_polling(struct opener *opener)
{
	if (!opener->poll)
		return;
	uv_close((uv_handle_t *)opener->poll, poll_closed);
	opener->poll = NULL;
}

/* --- the gate --- */

static void attempt(struct opener *opener);

static void enter(struct opener *opener)
{
	struct opener_gate *gate = opener->request.gate;
	if (gate->inside < OPENINGS_AT_ONCE) {
		gate->inside++;
		opener->inside = true;
		attempt(opener);
		return;
	}
	opener->queued = true;
	opener->behind = NULL;
	if (gate->last)
		gate->last->behind = opener;
	else
		gate->first = opener;
	gate->last = opener;
}

static void leave_queue(struct opener *opener)
{
	struct opener_gate *gate = opener->request.gate;
	struct opener **link = &gate->first, *before = NULL;
	while (*link != opener) {
		before = *link;
		link = &before->behind;
	}
	*link = opener->behind;
	if (gate->last == opener)
		gate->last = before;
	opener->queued = false;
}

static void start_queued(uv_timer_t *timer)
{
	attempt(timer->data);
}

/* The attempt is over: the next one's turn. It begins from the loop, not from here. */
static void leave(struct opener *opener)
{
	struct opener_gate *gate = opener->request.gate;
	if (opener->queued)
		leave_queue(opener);
	if (!opener->inside)
		return;
	opener->inside = false;
	struct opener *next = gate->first;
	if (!next) {
		gate->inside--;
		return;
	}
	leave_queue(next);
	next->inside = true;
	uv_timer_start(&next->timer, start_queued, 0, 0);
}

/* A connection that a thread works on is left to its step. */
static void drop_connection(struct opener *opener)
{
	stop_polling(opener);
	if (opener->step) {
		opener_step_abandon(opener->step);
	} else {
		if (opener->connection)
			PQfinish(opener->connection);
		opener_notices_free(opener->notices);
	}
	opener->step = NULL;
	opener->connection = NULL;
	opener->notices = NULL;
}

/* Everything ends; the memory goes when libuv has let go of the handles. */
static void finish(struct opener *opener)
{
	opener->finished = true;
	leave(opener);
	drop_connection(opener);
	opener_names_abandon(opener);
	uv_close((uv_handle_t *)&opener->timer, timer_closed);
}

void opener_abandon(struct opener *opener)
{
	if (!opener->finished)
		finish(opener);
}

static void fail(struct opener *opener, const struct error *error)
{
	opener_done done = opener->request.done;
	void *context = opener->request.context;
	finish(opener);
	done(context, NULL, error);
}

/* --- waiting for a server that is away --- */

static void retry(uv_timer_t *timer)
{
	enter(timer->data);
}

void opener_attempt_failed(struct opener *opener, const struct error *error, bool away, const char *log_text)
{
	uint64_t now = uv_now(opener->loop);
	leave(opener);
	drop_connection(opener);
	opener_names_abandon(opener);
	if (away && now + RETRY_MILLISECONDS < opener->give_up) {
		if (!opener->waiting)
			log_write(LOG_LEVEL_WARNING, &opener->request.subject, "server %s is away, waiting: %s",
					  opener->request.upstream->label, log_text);
		opener->waiting = true;
		uv_timer_start(&opener->timer, retry, RETRY_MILLISECONDS, 0);
		return;
	}
	log_write(LOG_LEVEL_ERROR, &opener->request.subject, "server %s cannot be opened: %s",
			  opener->request.upstream->label, log_text);
	fail(opener, error);
}

static void timed_out(uv_timer_t *timer)
{
	struct error error;
	error_set(&error, "08001", "the PostgreSQL server did not answer in time");
	opener_attempt_failed(timer->data, &error, false, "no answer within server_connect_timeout");
}

/* --- the options of the connection --- */

/* Appends "-c name=value" as the server's pg_split_opts() takes it apart: white space and backslashes are
 * escaped. */
static void add_option(FILE *options, const char *name, const char *value)
{
	fputs(" -c ", options);
	for (const char *p = name; *p; p++)
		fputc(*p, options);
	fputc('=', options);
	for (const char *p = value; *p; p++) {
		if (isspace((unsigned char)*p) || *p == '\\')
			fputc('\\', options);
		fputc(*p, options);
	}
}

/* Names that pg_split_opts() would not take as one: nothing that an identifier of a setting can contain. */
static bool name_is_plain(const char *name)
{
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '_' && *p != '.' && *p != '$' && (unsigned char)*p < 0x80)
			return false;
	return *name != 0;
}

struct arguments {
	const char *keywords[64], *values[64];
	size_t n;
};

static void set(struct arguments *arguments, const char *keyword, const char *value)
{
	for (size_t i = 0; i < arguments->n; i++)
		if (strcmp(arguments->keywords[i], keyword) == 0) {
			arguments->values[i] = value;
			return;
		}
	if (arguments->n + 1 >= sizeof arguments->keywords / sizeof *arguments->keywords)
		abort();
	arguments->keywords[arguments->n] = keyword;
	arguments->values[arguments->n++] = value;
}

/* The upstream's options with the client's over them. *options is to be freed. False: a name that cannot be a
 * setting's. */
static bool make_arguments(struct opener *opener, struct arguments *arguments, char **options,
						   struct error *error)
{
	const struct upstream *upstream = opener->request.upstream;
	size_t size;
	FILE *out = must(open_memstream(options, &size));
	bool fine = true;
	for (size_t i = 0; i < upstream->n; i++)
		set(arguments, upstream->keywords[i], upstream->values[i]);
	fputs(upstream_value(upstream, "options") ? upstream_value(upstream, "options") : "", out);
	for (size_t i = 0; i < opener->n_parameters; i++) {
		const char *name = opener->parameters[i].name, *value = opener->parameters[i].value;
		if (strcmp(name, "application_name") == 0 ||
			(strcmp(name, "client_encoding") == 0 && strcasecmp(value, "auto") != 0))
			set(arguments, name, value);
		else if (name_is_plain(name))
			add_option(out, name, value);
		else
			fine = error_set(error, "42704", "unrecognized configuration parameter \"%s\"", name);
	}
	fclose(out);
	if (**options)
		set(arguments, "options", *options);
	set(arguments, "gssencmode", "disable");
	opener_names_apply(opener, arguments->keywords, arguments->values, &arguments->n);
	arguments->keywords[arguments->n] = NULL;
	return fine;
}

/* --- connecting --- */

static void ready(uv_poll_t *handle, int status, int events)
{
	step(handle->data);
}

static void poll_for(struct opener *opener, int events)
{
	int fd = PQsocket(opener->connection);
	struct error error;
	uv_poll_t *poll = must(malloc(sizeof *poll));
	if (uv_poll_init(opener->loop, poll, fd) != 0) {
		free(poll);
		error_set(&error, "08001", "the PostgreSQL server cannot be reached");
		opener_attempt_failed(opener, &error, false, "libpq's socket cannot be polled");
		return;
	}
	poll->data = opener;
	opener->handles++;
	opener->poll = poll;
	uv_poll_start(poll, events, ready);
}

static void collect_parameters(PGconn *connection, struct opened *opened)
{
	/* Every GUC_REPORT setting of PostgreSQL 13 to 18; libpq cannot list what it was told. */
	static const char *const names[] = {
		"application_name",
		"client_encoding",
		"DateStyle",
		"default_transaction_read_only",
		"in_hot_standby",
		"integer_datetimes",
		"IntervalStyle",
		"is_superuser",
		"scram_iterations",
		"search_path",
		"server_encoding",
		"server_version",
		"session_authorization",
		"standard_conforming_strings",
		"TimeZone",
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *value = PQparameterStatus(connection, names[i]);
		if (value)
			opened->parameters[opened->n_parameters++] = (struct session_parameter){names[i], value};
	}
}

/* The session has the socket, and libpq hears nothing more. */
static void ignore_notice(void *unused, const PGresult *notice)
{
}

/* The server is idle and everything that it has said is read: a backend sends its greeting, up to
 * ReadyForQuery, in one go. A notice or parameter change that came right behind sits in libpq's buffer;
 * PQisBusy() works it off, before the values are read. Half of such a message, cut by the network, would be
 * lost with libpq and the session would refuse the other half as malformed: it ends, it does not go wrong. */
static void hand_over(struct opener *opener)
{
	struct opened opened = {0};
	PGconn *connection = opener->connection;
	struct opener_notices *notices = opener->notices;
	unsigned dropped;
	opener_done done = opener->request.done;
	void *context = opener->request.context;
	PQisBusy(connection);
	PQsetNoticeReceiver(connection, ignore_notice, NULL);
	opened.notices = opener_notices_bytes(notices, &opened.notices_length, &dropped);
	if (dropped)
		log_write(LOG_LEVEL_WARNING, &opener->request.subject,
				  "%u notices of the server's start are too many: dropped", dropped);
	/* From here on libpq only writes (its Terminate at the end) and must not wait for that. */
	PQsetnonblocking(connection, 1);
	opened.link = (struct server_link *)connection;
	opened.fd = PQsocket(connection);
	opened.ssl = PQsslStruct(connection, "OpenSSL");
	opened.process_id = PQbackendPID(connection);
	collect_parameters(connection, &opened);
	opener->connection = NULL;
	opener->notices = NULL;
	finish(opener);
	done(context, &opened, NULL);
	opener_notices_free(notices);
}

static void go_on(struct opener *opener, PostgresPollingStatusType status)
{
	struct error error;
	bool away;
	switch (status) {
	case PGRES_POLLING_READING:
		poll_for(opener, UV_READABLE);
		break;
	case PGRES_POLLING_WRITING:
		poll_for(opener, UV_WRITABLE);
		break;
	case PGRES_POLLING_OK:
		hand_over(opener);
		break;
	default:
		away = opener_translate_error(PQerrorMessage(opener->connection), &error);
		char *text = opener_log_text(PQerrorMessage(opener->connection));
		opener_attempt_failed(opener, &error, away, text);
		free(text);
	}
}

/* One PQconnectPoll() in the thread pool. */
struct opener_step {
	uv_work_t work;
	struct opener *opener; /* NULL: abandoned, and the connection is the step's */
	PGconn *connection;
	struct opener_notices *notices;
	PostgresPollingStatusType status;
};

static void run_step(uv_work_t *work)
{
	struct opener_step *step = work->data;
	step->status = PQconnectPoll(step->connection);
}

static void step_done(uv_work_t *work, int status)
{
	struct opener_step *step = work->data;
	struct opener *opener = step->opener;
	if (opener) {
		opener->step = NULL;
		go_on(opener, step->status);
	} else {
		PQfinish(step->connection);
		opener_notices_free(step->notices);
	}
	free(step);
}

static void opener_step_abandon(struct opener_step *step)
{
	step->opener = NULL;
}

static void step(struct opener *opener)
{
	struct opener_step *step = must(calloc(1, sizeof *step));
	stop_polling(opener);
	step->opener = opener;
	step->connection = opener->connection;
	step->notices = opener->notices;
	step->work.data = step;
	opener->step = step;
	if (uv_queue_work(opener->loop, &step->work, run_step, step_done) != 0)
		abort();
}

void opener_connect(struct opener *opener)
{
	struct arguments arguments = {.n = 0};
	struct error error;
	char *options = NULL;
	if (make_arguments(opener, &arguments, &options, &error)) {
		opener->connection = must(PQconnectStartParams(arguments.keywords, arguments.values, 0));
		PQsetErrorVerbosity(opener->connection, PQERRORS_VERBOSE);
		opener->notices = opener_notices_new();
		PQsetNoticeReceiver(opener->connection, opener_notices_take, opener->notices);
		if (PQstatus(opener->connection) == CONNECTION_BAD)
			step(opener);
		else
			/* As libpq's documentation has it: before the first PQconnectPoll(), wait for writing. */
			poll_for(opener, UV_WRITABLE);
	} else {
		opener_attempt_failed(opener, &error, false, error.message);
	}
	free(options);
}

static void attempt(struct opener *opener)
{
	uv_timer_start(&opener->timer, timed_out, opener->request.timeout, 0);
	opener_names_resolve(opener);
}

static void begin_later(uv_timer_t *timer)
{
	enter(timer->data);
}

struct opener *opener_start(uv_loop_t *loop, const struct opener_request *request)
{
	struct opener *opener = must(calloc(1, sizeof *opener));
	opener->loop = loop;
	opener->request = *request;
	opener->give_up = uv_now(loop) + request->wait;
	opener->parameters = must(calloc(request->n_parameters + 1, sizeof *opener->parameters));
	for (size_t i = 0; i < request->n_parameters; i++) {
		opener->parameters[i].name = must(strdup(request->parameters[i].name));
		opener->parameters[i].value = must(strdup(request->parameters[i].value));
		opener->n_parameters++;
	}
	uv_timer_init(loop, &opener->timer);
	opener->timer.data = opener;
	opener->handles = 1;
	/* Not from here: the caller has not got the opener yet. */
	uv_timer_start(&opener->timer, begin_later, 0, 0);
	return opener;
}

/* --- links --- */

void server_link_close(struct server_link *link)
{
	PQfinish((PGconn *)link);
}

struct server_cancel *server_link_cancel(struct server_link *link)
{
	return (struct server_cancel *)PQgetCancel((PGconn *)link);
}

bool server_cancel_send(struct server_cancel *cancel, char *why, int size)
{
	return PQcancel((PGcancel *)cancel, why, size) == 1;
}

void server_cancel_free(struct server_cancel *cancel)
{
	PQfreeCancel((PGcancel *)cancel);
}
