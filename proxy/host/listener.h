/* Where clients come in: listening sockets. TCP: each worker has one of its own with SO_REUSEPORT, and the
 * kernel spreads the clients. A Unix-domain socket has one queue: all workers poll it, and the first to come
 * takes the client. */
#ifndef TENANTRY_HOST_LISTENER_H
#define TENANTRY_HOST_LISTENER_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <uv.h>

#include "proxy/base/error.h"

struct worker;

/* An entry of `listen`, looked up. */
struct listen_address {
	struct sockaddr_storage address;
	socklen_t length;
	char text[160];                                         /* as written */
	int shared_fd;                                          /* the Unix-domain socket; -1 for TCP */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* of the Unix-domain socket */
	bool bound;                                             /* path is ours, to be removed at the end */
	int port;
};

struct listener {
	uv_poll_t poll;
	int fd;
	bool shared, open;
};

/* "127.0.0.1:6543, [::1]:6543, *:6543, /run/tenantry:6543". *addresses is malloc()ed. */
bool listen_addresses_parse(const char *list, struct listen_address **addresses, size_t *n,
							struct error *error) __attribute__((warn_unused_result));
/* Once in the process, before the workers: makes sure that nobody else listens, binds Unix-domain sockets. */
bool listen_addresses_open(struct listen_address *addresses, size_t n, unsigned mode, struct error *error)
	__attribute__((warn_unused_result));
/* Removes the sockets' files. */
void listen_addresses_close(struct listen_address *addresses, size_t n);

bool listener_open(struct listener *listener, struct worker *worker, const struct listen_address *address,
				   struct error *error) __attribute__((warn_unused_result));
void listener_pause(struct listener *listener, bool pause);
void listener_close(struct listener *listener);

#endif
