/* Listening sockets; see listener.h. */
#include "proxy/host/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proxy/host/connection.h"
#include "proxy/host/worker.h"

enum { BACKLOG = 4096, ACCEPTS_PER_ROUND = 32 };

/* --- addresses --- */

static bool not_an_address(const char *text, struct error *error)
{
	error_set(error, "22023", "listen: \"%s\" is not an address", text);
	error_hint(error,
			   "Accepted: ADDRESS:PORT, [IPv6]:PORT, *:PORT, or /directory:PORT for a Unix-domain socket.");
	return false;
}

static bool unix_address(const char *directory, int port, struct listen_address *address, struct error *error)
{
	struct sockaddr_un *local = (struct sockaddr_un *)&address->address;
	int length = snprintf(address->path, sizeof address->path, "%s/.s.PGSQL.%d", directory, port);
	if (length < 0 || (size_t)length >= sizeof address->path)
		return error_set(error, "22023", "listen: \"%s\" is too long for a Unix-domain socket", directory);
	local->sun_family = AF_UNIX;
	memcpy(local->sun_path, address->path, (size_t)length + 1);
	address->length = sizeof *local;
	return true;
}

static bool tcp_address(char *host, const char *port, struct listen_address *address, struct error *error)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE},
					*found;
	size_t length = strlen(host);
	if (host[0] == '[' && host[length - 1] == ']') {
		host[length - 1] = 0;
		host++;
	}
	/* * is the IPv6 wildcard, which takes IPv4 as well, where the machine has IPv6. */
	bool any = strcmp(host, "*") == 0;
	int status = getaddrinfo(any ? "::" : host, port, &hints, &found);
	if (status != 0 && any)
		status = getaddrinfo("0.0.0.0", port, &hints, &found);
	if (status != 0)
		return error_set(error, "22023", "listen: \"%s\": %s", address->text, gai_strerror(status));
	memcpy(&address->address, found->ai_addr, found->ai_addrlen);
	address->length = found->ai_addrlen;
	freeaddrinfo(found);
	return true;
}

static bool parse_one(const char *text, size_t length, struct listen_address *address, struct error *error)
{
	char host[sizeof address->text], *colon, *end;
	address->shared_fd = -1;
	snprintf(address->text, sizeof address->text, "%.*s", (int)length, text);
	if (length >= sizeof address->text)
		return not_an_address(address->text, error);
	snprintf(host, sizeof host, "%s", address->text);
	colon = strrchr(host, ':');
	if (!colon || colon == host)
		return not_an_address(address->text, error);
	*colon = 0;
	long port = strtol(colon + 1, &end, 10);
	if (end == colon + 1 || *end || port < 1 || port > 65535)
		return not_an_address(address->text, error);
	/* Without brackets, the colons of an IPv6 address cannot be told from the port's. */
	if (*host != '/' && *host != '[' && strchr(host, ':'))
		return not_an_address(address->text, error);
	address->port = (int)port;
	return *host == '/' ? unix_address(host, address->port, address, error)
						: tcp_address(host, colon + 1, address, error);
}

bool listen_addresses_parse(const char *list, struct listen_address **addresses, size_t *n,
							struct error *error)
{
	*addresses = NULL;
	*n = 0;
	for (const char *p = list + strspn(list, ", \t"); *p; p += strspn(p, ", \t")) {
		size_t length = strcspn(p, ", \t");
		*addresses = realloc(*addresses, (*n + 1) * sizeof **addresses);
		if (!*addresses)
			abort();
		memset(&(*addresses)[*n], 0, sizeof **addresses);
		if (!parse_one(p, length, &(*addresses)[(*n)++], error)) {
			free(*addresses);
			*addresses = NULL;
			*n = 0;
			return false;
		}
		p += length;
	}
	return *n > 0 ? true : not_an_address(list, error);
}

static bool cannot_listen(const struct listen_address *address, struct error *error)
{
	error_set(error, "08001", "cannot listen on %s: %s", address->text, strerror(errno));
	if (errno == EADDRINUSE)
		error_hint(error, "Is another tenantry running? Another port: --listen 127.0.0.1:7000");
	return false;
}

static int tcp_socket(const struct listen_address *address, bool shared_port)
{
	int on = 1, off = 0,
		fd = socket(address->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (shared_port)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
	if (address->address.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	if (bind(fd, (const struct sockaddr *)&address->address, address->length) == 0 &&
		listen(fd, BACKLOG) == 0)
		return fd;
	int saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* A file that is left from a process that died is removed; one that somebody answers on is not. */
static bool remove_stale(const struct listen_address *address)
{
	struct stat status;
	/* connect() says the same of a file that is no socket: that is somebody's, and bind() will complain. */
	if (lstat(address->path, &status) != 0 || !S_ISSOCK(status.st_mode))
		return true;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool answered = fd >= 0 && connect(fd, (const struct sockaddr *)&address->address, address->length) == 0;
	bool refused = !answered && errno == ECONNREFUSED;
	if (fd >= 0)
		close(fd);
	if (refused)
		unlink(address->path);
	if (answered)
		errno = EADDRINUSE;
	return !answered;
}

static bool open_unix(struct listen_address *address, unsigned mode, struct error *error)
{
	if (!remove_stale(address))
		return cannot_listen(address, error);
	address->shared_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (address->shared_fd < 0 ||
		bind(address->shared_fd, (struct sockaddr *)&address->address, address->length) != 0)
		return cannot_listen(address, error);
	address->bound = true;
	if (chmod(address->path, mode) != 0 || listen(address->shared_fd, BACKLOG) != 0)
		return cannot_listen(address, error);
	return true;
}

bool listen_addresses_open(struct listen_address *addresses, size_t n, unsigned mode, struct error *error)
{
	for (size_t i = 0; i < n; i++) {
		if (addresses[i].address.ss_family == AF_UNIX) {
			if (!open_unix(&addresses[i], mode, error))
				return false;
			continue;
		}
		/* SO_REUSEPORT would let a second process in without a word: without it, the kernel tells. */
		int fd = tcp_socket(&addresses[i], false);
		if (fd < 0)
			return cannot_listen(&addresses[i], error);
		close(fd);
	}
	return true;
}

void listen_addresses_close(struct listen_address *addresses, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (addresses[i].shared_fd >= 0)
			close(addresses[i].shared_fd);
		if (addresses[i].bound)
			unlink(addresses[i].path);
	}
	free(addresses);
}

/* --- listeners --- */

static void ready(uv_poll_t *handle, int status, int events)
{
	struct worker *worker = handle->loop->data;
	struct listener *listener = (struct listener *)handle;
	for (int i = 0; i < ACCEPTS_PER_ROUND; i++) {
		struct sockaddr_storage peer;
		socklen_t length = sizeof peer;
		int fd = accept4(listener->fd, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			connection_accept(worker, fd, &peer);
		} else if (errno == EMFILE || errno == ENFILE) {
			log_write(LOG_LEVEL_ERROR, NULL, "cannot accept clients: %s; trying again in a second",
					  strerror(errno));
			worker_pause_accepting(worker);
			return;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return;
		}
	}
}

bool listener_open(struct listener *listener, struct worker *worker, const struct listen_address *address,
				   struct error *error)
{
	listener->shared = address->shared_fd >= 0;
	listener->fd =
		listener->shared ? fcntl(address->shared_fd, F_DUPFD_CLOEXEC, 0) : tcp_socket(address, true);
	if (listener->fd < 0)
		return cannot_listen(address, error);
	if (uv_poll_init(&worker->loop, &listener->poll, listener->fd) != 0) {
		close(listener->fd);
		return error_set(error, "08001", "cannot listen on %s: the socket cannot be polled", address->text);
	}
	listener->open = true;
	uv_poll_start(&listener->poll, UV_READABLE, ready);
	return true;
}

void listener_pause(struct listener *listener, bool pause)
{
	if (listener->open && pause)
		uv_poll_stop(&listener->poll);
	else if (listener->open)
		uv_poll_start(&listener->poll, UV_READABLE, ready);
}

void listener_close(struct listener *listener)
{
	if (!listener->open)
		return;
	listener->open = false;
	uv_close((uv_handle_t *)&listener->poll, NULL);
	close(listener->fd);
}
