/* The server of a connection: a seat for the client, then libpq's socket; see connection.h. */
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/host/connection.h"

static void opened(struct connection *connection, const struct opened *opened)
{
	struct session_server server = {.process_id = opened->process_id,
									.notices = opened->notices,
									.notices_length = opened->notices_length,
									.n_parameters = opened->n_parameters,
									.parameters = opened->parameters,
									.cancel_key_length = sizeof server.cancel_key};
	struct endpoint *end = &connection->ends[SIDE_SERVER];
	struct error error;
	connection->link = opened->link;
	if (RAND_bytes(server.cancel_key, sizeof server.cancel_key) != 1)
		abort();
	if (!connection_poll(connection, SIDE_SERVER, opened->fd)) {
		error_set(&error, "08006", "the server's socket cannot be polled");
		session_server_failed(connection->session, &error);
		return;
	}
	if (opened->ssl)
		stream_borrow_tls(&end->stream, opened->ssl);
	/* Without TLS, Unix-domain or not: small messages must not wait for each other. */
	socket_prepare(opened->fd, connection->configuration->settings);
	connection->process_id = opened->process_id;
	cancel_table_add(connection->worker->host->cancels, connection->process_id, connection->worker,
					 connection->id);
	session_server_opened(connection->session, &server);
}

static void done(void *context, const struct opened *server, const struct error *error)
{
	struct connection *connection = context;
	connection->opener = NULL;
	session_clock(connection->session, uv_now(&connection->worker->loop));
	if (server)
		opened(connection, server);
	else
		session_server_failed(connection->session, error);
	connection_settle(connection);
}

void connection_open_server(struct connection *connection)
{
	struct host *host = connection->worker->host;
	const struct settings_tenantry *t = &connection->configuration->settings->tenantry;
	const struct user *user = session_user(connection->session);
	struct log_subject subject = session_subject(connection->session);
	struct error error;
	if (!connection->seat.taken && user &&
		!limits_enter(host->limits, connection->configuration, user, subject.tenant, &connection->seat,
					  &error)) {
		atomic_fetch_add(&host->counts.refused_sessions, 1);
		log_write(LOG_LEVEL_WARNING, &subject, "refused: %s", error.message);
		session_server_failed(connection->session, &error);
		return;
	}
	struct opener_request request = {
		.gate = &connection->worker->openings,
		.upstream = connection->configuration->upstream,
		.timeout = t->server_connect_timeout,
		.wait = t->server_wait,
		.subject = subject,
		.done = done,
		.context = connection,
	};
	request.n_parameters = session_server_parameters(connection->session, &request.parameters);
	connection->opener = opener_start(&connection->worker->loop, &request);
}
