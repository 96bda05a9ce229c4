/* A client connection at work; see connection.h. */
#include "proxy/host/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	READS_PER_ROUND = 8,  /* of one side, before others get their turn */
	KEEP_ROOM = 8 * 1024, /* an empty output buffer that is larger gives its memory back */
	SETTLE_ROUNDS = 16,
};

static void ready(uv_poll_t *handle, int status, int events);

static struct endpoint *end_of(struct connection *connection, enum side side)
{
	return &connection->ends[side];
}

/* --- beginning and end --- */

static bool too_many_strangers(struct host *host, struct configuration *configuration)
{
	unsigned limit = configuration->settings->tenantry.max_unauthenticated;
	if (atomic_fetch_add(&host->unauthenticated, 1) < limit)
		return false;
	atomic_fetch_sub(&host->unauthenticated, 1);
	atomic_fetch_add(&host->counts.refused_sessions, 1);
	return true;
}

/* At most once a second: a flood must not fill the log too. */
static void tell_of_strangers(struct worker *worker)
{
	uint64_t now = uv_now(&worker->loop);
	worker->turned_away++;
	if (worker->told_of_strangers && now < worker->told_of_strangers + 1000)
		return;
	log_write(LOG_LEVEL_WARNING, NULL, "max_unauthenticated is reached: %u clients were turned away",
			  worker->turned_away);
	worker->told_of_strangers = now;
	worker->turned_away = 0;
}

static void start_session(struct connection *connection, const struct sockaddr_storage *peer)
{
	struct worker *worker = connection->worker;
	char name[80];
	bool local, loopback;
	socket_peer(peer, name, sizeof name, &local, &loopback);
	int trust = connection->configuration->settings->tenantry.trust;
	struct session_new_arguments arguments = {
		.id = connection->id,
		.settings = &connection->configuration->session,
		.catalog = worker->catalog,
		.cache = worker->cache,
		.report = worker->report,
		.local = local,
		.trusted = (local && trust != TRUST_NONE) || (loopback && trust == TRUST_LOOPBACK),
		.peer = name,
		.now = uv_now(&worker->loop),
	};
	connection->session = session_new(&arguments);
	if (!connection->session)
		abort();
	struct log_subject subject = {.session = connection->id};
	log_write(LOG_LEVEL_DEBUG, &subject, "client %s connected", name);
}

void connection_accept(struct worker *worker, int fd, const struct sockaddr_storage *peer)
{
	struct host *host = worker->host;
	if (worker->draining || too_many_strangers(host, worker->configuration)) {
		if (!worker->draining)
			tell_of_strangers(worker);
		close(fd);
		return;
	}
	struct connection *connection = calloc(1, sizeof *connection);
	if (!connection)
		abort();
	connection->worker = worker;
	connection->unauthenticated = true;
	connection->id = atomic_fetch_add(&host->next_session, 1) + 1;
	connection->configuration = configuration_ref(worker->configuration);
	connection->closing_until = UINT64_MAX;
	connection->ends[SIDE_SERVER].stream.fd = -1;
	worker_add(worker, connection);
	atomic_fetch_add(&host->counts.sessions, 1);
	socket_prepare(fd, connection->configuration->settings);
	start_session(connection, peer);
	if (connection_poll(connection, SIDE_CLIENT, fd))
		connection_settle(connection);
	else
		connection_destroy(connection);
}

void connection_count(struct connection *connection)
{
	struct host_counts *to = &connection->worker->host->counts;
	struct session_counts counts = session_counts(connection->session);
	atomic_fetch_add(&to->statements, counts.statements);
	atomic_fetch_add(&to->touching, counts.touching);
	atomic_fetch_add(&to->guarded, counts.guarded);
	atomic_fetch_add(&to->refused, counts.refused);
	atomic_fetch_add(&to->self_safe, counts.self_safe);
	atomic_fetch_add(&to->bytes_client, counts.bytes_client);
	atomic_fetch_add(&to->bytes_server, counts.bytes_server);
}

static void known(struct connection *connection)
{
	if (connection->unauthenticated)
		atomic_fetch_sub(&connection->worker->host->unauthenticated, 1);
	connection->unauthenticated = false;
}

/* What a client has sent and nobody has read would make close() reset the connection, and the client could
 * lose the error that it was sent. */
static void close_client(struct connection *connection)
{
	struct endpoint *client = end_of(connection, SIDE_CLIENT);
	connection_unpoll(connection, SIDE_CLIENT);
	if (!client->lost) {
		stream_close_tls(&client->stream);
		shutdown(client->stream.fd, SHUT_WR);
		for (int i = 0; i < READS_PER_ROUND; i++)
			if (recv(client->stream.fd, connection->worker->scratch, WORKER_SCRATCH, MSG_DONTWAIT) <= 0)
				break;
	} else if (client->stream.ssl) {
		SSL_set_quiet_shutdown(client->stream.ssl, 1);
		stream_close_tls(&client->stream);
	}
	close(client->stream.fd);
}

void connection_destroy(struct connection *connection)
{
	struct worker *worker = connection->worker;
	connection->state = CONNECTION_GONE;
	connection_count(connection);
	if (connection->process_id)
		cancel_table_remove(worker->host->cancels, connection->process_id, connection->id);
	if (connection->opener)
		opener_abandon(connection->opener);
	known(connection);
	limits_leave(worker->host->limits, &connection->seat);
	connection_unpoll(connection, SIDE_SERVER);
	stream_close_tls(&connection->ends[SIDE_SERVER].stream);
	if (connection->link)
		server_link_close(connection->link);
	close_client(connection);
	if (connection->verdict_job) {
		connection_leave_verdict(connection);
	} else {
		session_free(connection->session);
		configuration_unref(connection->configuration);
	}
	worker_remove(worker, connection);
	if (connection->handles == 0)
		free(connection);
}

/* --- writing --- */

static void lose(struct connection *connection, enum side side, const char *why)
{
	struct endpoint *end = end_of(connection, side);
	if (end->lost)
		return;
	end->lost = true;
	end->blocked = false;
	session_lost(connection->session, side, why);
}

/* Writes what the session has for a side. */
static void flush(struct connection *connection, enum side side)
{
	struct endpoint *end = end_of(connection, side);
	struct buffer *output = session_output(connection->session, side);
	bool written = false;
	end->blocked = false;
	if (end->stream.fd < 0 || buffer_pending(output) == 0)
		return;
	while (!end->lost && buffer_pending(output) > 0) {
		ssize_t n = stream_write(&end->stream, buffer_head(output), buffer_pending(output));
		if (n > 0) {
			buffer_consume(output, (size_t)n);
			written = true;
		} else if (n == STREAM_AGAIN) {
			end->blocked = true;
			break;
		} else {
			lose(connection, side, end->stream.why);
		}
	}
	if (end->lost)
		buffer_consume(output, buffer_pending(output));
	if (output->room > KEEP_ROOM)
		buffer_release(output);
	if (written)
		session_written(connection->session, side);
}

/* The session has had more to say since its outputs were written: a side was lost meanwhile. */
static bool unwritten(struct connection *connection, enum side side)
{
	const struct endpoint *end = end_of(connection, side);
	return end->stream.fd >= 0 && !end->lost && !end->blocked &&
		   buffer_pending(session_output(connection->session, side)) > 0;
}

static bool flushed(struct connection *connection, enum side side)
{
	struct endpoint *end = end_of(connection, side);
	return end->lost || end->stream.fd < 0 || buffer_pending(session_output(connection->session, side)) == 0;
}

/* --- TLS with the client --- */

static void start_tls(struct connection *connection)
{
	struct endpoint *client = end_of(connection, SIDE_CLIENT);
	if (!connection->configuration->tls ||
		!stream_accept_tls(&client->stream, connection->configuration->tls)) {
		lose(connection, SIDE_CLIENT, "TLS cannot be started");
		return;
	}
	connection->state = CONNECTION_HANDSHAKE;
}

/* Direct TLS is for clients that say what they mean to speak: without ALPN, another protocol's client could
 * be led here. */
static bool has_protocol(const SSL *ssl)
{
	const unsigned char *name;
	unsigned length;
	SSL_get0_alpn_selected(ssl, &name, &length);
	return length == 10 && memcmp(name, "postgresql", 10) == 0;
}

static void tell_session(struct connection *connection)
{
	const struct configuration *configuration = connection->configuration;
	if (configuration->tls_binding_length)
		session_tls_binding(connection->session, configuration->tls_binding,
							configuration->tls_binding_length);
	session_tls_started(connection->session);
}

static void handshake(struct connection *connection)
{
	struct endpoint *client = end_of(connection, SIDE_CLIENT);
	int result = stream_handshake(&client->stream, &connection->handshake_wants_write);
	if (result == STREAM_AGAIN)
		return;
	if (result == STREAM_ERROR)
		lose(connection, SIDE_CLIENT, client->stream.why);
	else if (connection->direct_tls && !has_protocol(client->stream.ssl))
		lose(connection, SIDE_CLIENT, "direct TLS without ALPN \"postgresql\"");
	else
		tell_session(connection);
	connection->state = CONNECTION_OPEN;
	if (stream_buffered(&client->stream))
		worker_again(connection->worker, connection);
}

static void peek(struct connection *connection)
{
	struct endpoint *client = end_of(connection, SIDE_CLIENT);
	unsigned char first;
	ssize_t n = recv(client->stream.fd, &first, 1, MSG_PEEK | MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	connection->state = CONNECTION_OPEN;
	/* 0x16 is a TLS handshake record. No startup packet begins so: its length would be 369 MB. */
	if (n == 1 && first == 0x16 && connection->configuration->tls) {
		connection->direct_tls = true;
		start_tls(connection);
	}
}

/* --- reading --- */

static bool wants_reading(struct connection *connection, enum side side)
{
	struct endpoint *end = end_of(connection, side);
	return connection->state == CONNECTION_OPEN && end->stream.fd >= 0 && !end->lost &&
		   session_reading(connection->session, side);
}

static void receive(struct connection *connection, enum side side)
{
	struct endpoint *end = end_of(connection, side);
	char *scratch = connection->worker->scratch;
	for (int i = 0; i < READS_PER_ROUND && wants_reading(connection, side); i++) {
		ssize_t n = stream_read(&end->stream, scratch, WORKER_SCRATCH);
		if (n > 0)
			session_receive(connection->session, side, scratch, (size_t)n);
		else if (n == STREAM_END)
			lose(connection, side, "connection closed");
		else if (n == STREAM_ERROR)
			lose(connection, side, end->stream.why);
		else
			return;
		/* A socket that gave less than was asked for is empty; so is one whose bytes OpenSSL has all given.
		 */
		if (n > 0 && (end->stream.ssl ? !stream_buffered(&end->stream) : n < WORKER_SCRATCH))
			return;
		/* After SSLRequest not a byte more may be read before the answer is out. */
		if (session_wants(connection->session) & SESSION_WANT_TLS)
			return;
		flush(connection, side == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT);
	}
	if (end->stream.ssl && !end->lost && stream_buffered(&end->stream))
		worker_again(connection->worker, connection);
}

void connection_read_again(struct connection *connection)
{
	session_clock(connection->session, uv_now(&connection->worker->loop));
	for (int side = 0; side < 2; side++)
		if (stream_buffered(&connection->ends[side].stream) && wants_reading(connection, (enum side)side))
			receive(connection, (enum side)side);
	connection_settle(connection);
}

static void ready(uv_poll_t *handle, int status, int events)
{
	struct connection *connection = handle->data;
	enum side side = handle == &connection->ends[SIDE_CLIENT].poll ? SIDE_CLIENT : SIDE_SERVER;
	session_clock(connection->session, uv_now(&connection->worker->loop));
	/* libuv stops a handle whose socket has an error: what is there to read comes before the error, so it
	 * must be started again. */
	if (status < 0)
		connection->ends[side].events = 0;
	if (connection->state == CONNECTION_PEEK && side == SIDE_CLIENT)
		peek(connection);
	if (connection->state == CONNECTION_HANDSHAKE && side == SIDE_CLIENT)
		handshake(connection);
	else if ((events & UV_READABLE || status < 0) && wants_reading(connection, side))
		receive(connection, side);
	else if (status < 0)
		lose(connection, side, uv_strerror(status));
	connection_settle(connection);
}

/* --- what the session wants --- */

/* True: something was done that may make the session want, or say, more. */
static bool act(struct connection *connection, unsigned wants)
{
	struct worker *worker = connection->worker;
	if (wants & SESSION_WANT_TLS && flushed(connection, SIDE_CLIENT)) {
		start_tls(connection);
		return connection->state != CONNECTION_HANDSHAKE;
	}
	if (wants & SESSION_WANT_CANCEL) {
		/* It stays a stranger: max_unauthenticated bounds a flood of these, too. */
		connection->state = CONNECTION_CANCELLING;
		cancel_forward(connection);
		return false;
	}
	if (wants & SESSION_WANT_SERVER && !connection->opener && !connection->link) {
		known(connection);
		connection_open_server(connection);
		return !connection->opener;
	}
	if (wants & SESSION_WANT_VERDICT && !connection->verdict_job)
		connection_find_verdict(connection);
	if (wants & SESSION_WANT_CATALOG && !connection->catalog_ticket)
		connection->catalog_ticket = catalogs_request(worker->host->catalogs, false);
	return false;
}

/* Also while closing: a client that went away leaves a running statement. */
static void interrupt(struct connection *connection)
{
	connection->interrupting = true;
	cancel_interrupt(connection);
}

static void begin_closing(struct connection *connection)
{
	uint64_t now = uv_now(&connection->worker->loop);
	/* In the middle of a handshake nothing can be said, and to wait for the socket to be writable would not
	 * end. */
	if (connection->state == CONNECTION_HANDSHAKE)
		end_of(connection, SIDE_CLIENT)->lost = true;
	connection->state = CONNECTION_CLOSING;
	connection->closing_until = now + connection->configuration->settings->tenantry.close_timeout;
}

/* --- polling --- */

static void poll_for(struct endpoint *end, int events)
{
	if (!end->polled || end->events == events)
		return;
	end->events = events;
	if (events)
		uv_poll_start(&end->poll, events, ready);
	else
		uv_poll_stop(&end->poll);
}

static void set_polling(struct connection *connection)
{
	for (int side = 0; side < 2; side++) {
		struct endpoint *end = &connection->ends[side];
		int events = end->blocked && !end->lost ? UV_WRITABLE : 0;
		if (wants_reading(connection, (enum side)side))
			events |= UV_READABLE;
		if (side == SIDE_CLIENT && connection->state == CONNECTION_PEEK)
			events = UV_READABLE;
		if (side == SIDE_CLIENT && connection->state == CONNECTION_HANDSHAKE)
			events = connection->handshake_wants_write ? UV_WRITABLE : UV_READABLE;
		/* Reading resumes: what OpenSSL holds, no poll will tell of. */
		if ((events & UV_READABLE) && !(end->events & UV_READABLE) && connection->state == CONNECTION_OPEN &&
			stream_buffered(&end->stream))
			worker_again(connection->worker, connection);
		poll_for(end, events);
	}
}

static uint64_t next_deadline(const struct connection *connection)
{
	uint64_t when = session_deadline(connection->session);
	return when < connection->closing_until ? when : connection->closing_until;
}

void connection_settle(struct connection *connection)
{
	for (int i = 0; i < SETTLE_ROUNDS; i++) {
		flush(connection, SIDE_SERVER);
		flush(connection, SIDE_CLIENT);
		/* Before a ticket is taken: its round must load, whatever the fingerprint says. */
		if (session_changed_schema(connection->session))
			catalogs_request(connection->worker->host->catalogs, true);
		unsigned wants = session_wants(connection->session);
		if (wants & SESSION_WANT_INTERRUPT && !connection->interrupting)
			interrupt(connection);
		if (wants & SESSION_WANT_CLOSE && connection->state != CONNECTION_CLOSING)
			begin_closing(connection);
		bool acted = connection->state == CONNECTION_OPEN && act(connection, wants);
		if (!acted && !unwritten(connection, SIDE_SERVER) && !unwritten(connection, SIDE_CLIENT))
			break;
	}
	if (connection->state == CONNECTION_CLOSING && flushed(connection, SIDE_CLIENT) &&
		flushed(connection, SIDE_SERVER)) {
		connection_destroy(connection);
		return;
	}
	set_polling(connection);
	worker_deadline(connection->worker, connection, next_deadline(connection));
}

void connection_due(struct connection *connection)
{
	uint64_t now = uv_now(&connection->worker->loop);
	if (now >= connection->closing_until) {
		connection_destroy(connection);
		return;
	}
	session_clock(connection->session, now);
	if (now >= session_deadline(connection->session))
		session_timeout(connection->session);
	connection_settle(connection);
}

void connection_catalog(struct connection *connection, struct catalog *catalog, uint64_t served, bool read)
{
	bool waits = connection->catalog_ticket && connection->catalog_ticket <= served;
	if (connection->state == CONNECTION_CLOSING || connection->state == CONNECTION_CANCELLING)
		return;
	/* A session that waits for a later ticket is not answered with an earlier snapshot. */
	if (connection->catalog_ticket && !waits)
		return;
	connection->catalog_ticket = 0;
	session_clock(connection->session, uv_now(&connection->worker->loop));
	if (read)
		session_catalog(connection->session, catalog);
	else
		session_catalog_unread(connection->session);
	connection_settle(connection);
}

void connection_drain(struct connection *connection, bool now)
{
	if (connection->drain_now || (connection->draining && !now))
		return;
	connection->draining = true;
	connection->drain_now = now;
	session_clock(connection->session, uv_now(&connection->worker->loop));
	session_drain(connection->session, now);
	connection_settle(connection);
}

void connection_finish(struct connection *connection)
{
	connection_destroy(connection);
}

void connection_interrupted(struct connection *connection)
{
	connection->interrupting = false;
	session_clock(connection->session, uv_now(&connection->worker->loop));
	session_interrupted(connection->session);
	connection_settle(connection);
}
