/* Sockets of a connection: options, names, poll handles; see connection.h. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>

#include "proxy/host/connection.h"

enum { KEEPALIVE_PROBES = 4, KEEPALIVE_INTERVAL_SECONDS = 10 };

static void option(int fd, int level, int name, int value)
{
	/* Best effort: a Unix-domain socket knows none of these. */
	setsockopt(fd, level, name, &value, sizeof value);
}

void socket_prepare(int fd, const struct settings *settings)
{
	const struct settings_tenantry *t = &settings->tenantry;
	option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	if (t->tcp_keepalive) {
		option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
		option(fd, IPPROTO_TCP, TCP_KEEPIDLE, t->tcp_keepalive < 1000 ? 1 : (int)(t->tcp_keepalive / 1000));
		option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_SECONDS);
		option(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES);
	}
	if (t->tcp_user_timeout)
		option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)t->tcp_user_timeout);
}

void socket_peer(const struct sockaddr_storage *address, char *text, size_t size, bool *local, bool *loopback)
{
	char name[INET6_ADDRSTRLEN] = "";
	*local = address->ss_family == AF_UNIX;
	*loopback = false;
	if (address->ss_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
		*loopback = ntohl(v4->sin_addr.s_addr) >> 24 == 127;
		inet_ntop(AF_INET, &v4->sin_addr, name, sizeof name);
		snprintf(text, size, "%s:%d", name, ntohs(v4->sin_port));
	} else if (address->ss_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
		bool mapped = IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);
		*loopback = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) || (mapped && v6->sin6_addr.s6_addr[12] == 127);
		inet_ntop(AF_INET6, &v6->sin6_addr, name, sizeof name);
		snprintf(text, size, "[%s]:%d", name, ntohs(v6->sin6_port));
	} else {
		snprintf(text, size, "local");
	}
}

static void closed(uv_handle_t *handle)
{
	struct connection *connection = handle->data;
	connection->handles--;
	if (connection->state == CONNECTION_GONE && connection->handles == 0)
		free(connection);
}

bool connection_poll(struct connection *connection, enum side side, int fd)
{
	struct endpoint *end = &connection->ends[side];
	stream_open(&end->stream, fd);
	if (uv_poll_init(&connection->worker->loop, &end->poll, fd) != 0)
		return false;
	end->poll.data = connection;
	end->polled = true;
	connection->handles++;
	return true;
}

void connection_unpoll(struct connection *connection, enum side side)
{
	struct endpoint *end = &connection->ends[side];
	if (!end->polled)
		return;
	end->polled = false;
	end->events = 0;
	uv_close((uv_handle_t *)&end->poll, closed);
}
