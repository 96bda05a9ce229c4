/* A byte stream: a non-blocking socket, plain or with TLS on top. Does not own the socket; owns its SSL
 * unless borrowed (libpq's).
 *
 * TLS and level-triggered polling: bytes that OpenSSL has taken from the socket are not seen by epoll any
 * more, so whoever stops reading before STREAM_AGAIN must ask stream_buffered() when it goes on. With TLS 1.2
 * and 1.3 (no renegotiation) a read can want to write only for alerts and key updates, which OpenSSL sends
 * with the next write. */
#ifndef TENANTRY_HOST_STREAM_H
#define TENANTRY_HOST_STREAM_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <sys/types.h>

struct stream {
	int fd; /* -1: none */
	SSL *ssl;
	bool borrowed_ssl;
	const char *why; /* of the last STREAM_ERROR; static text or strerror() */
};

enum { STREAM_END = 0, STREAM_AGAIN = -1, STREAM_ERROR = -2 };

void stream_open(struct stream *stream, int fd);
/* Starts TLS as the server's end; false: no memory. */
bool stream_accept_tls(struct stream *stream, SSL_CTX *context);
/* TLS that somebody else has set up on this socket. */
void stream_borrow_tls(struct stream *stream, SSL *ssl);
/* 1: done, STREAM_AGAIN: *want_write tells which way, STREAM_ERROR. */
int stream_handshake(struct stream *stream, bool *want_write);
/* Number of bytes, or one of the above. */
ssize_t stream_read(struct stream *stream, void *to, size_t room);
ssize_t stream_write(struct stream *stream, const void *from, size_t length);
bool stream_buffered(const struct stream *stream);
/* close_notify, if there is TLS, and frees it; the socket stays open. */
void stream_close_tls(struct stream *stream);

#endif
