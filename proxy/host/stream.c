/* Sockets with and without TLS; see stream.h. */
#include "proxy/host/stream.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void stream_open(struct stream *stream, int fd)
{
	*stream = (struct stream){.fd = fd};
}

bool stream_accept_tls(struct stream *stream, SSL_CTX *context)
{
	SSL *ssl = SSL_new(context);
	if (!ssl || SSL_set_fd(ssl, stream->fd) != 1) {
		SSL_free(ssl);
		return false;
	}
	SSL_set_accept_state(ssl);
	SSL_set_read_ahead(ssl, 1);
	stream->ssl = ssl;
	stream->borrowed_ssl = false;
	return true;
}

void stream_borrow_tls(struct stream *stream, SSL *ssl)
{
	SSL_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
						  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* One receive for a record's head and body, and for what follows. */
	SSL_set_read_ahead(ssl, 1);
	stream->ssl = ssl;
	stream->borrowed_ssl = true;
}

/* What a failed call of OpenSSL means. */
static int tls_result(struct stream *stream, int result, bool *want_write)
{
	int saved = errno;
	switch (SSL_get_error(stream->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		*want_write = false;
		return STREAM_AGAIN;
	case SSL_ERROR_WANT_WRITE:
		*want_write = true;
		return STREAM_AGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return STREAM_END;
	case SSL_ERROR_SYSCALL:
		stream->why = saved ? strerror(saved) : "connection closed without a TLS alert";
		return saved ? STREAM_ERROR : STREAM_END;
	default:
		stream->why = ERR_reason_error_string(ERR_peek_error());
		if (!stream->why)
			stream->why = "TLS error";
		return STREAM_ERROR;
	}
}

int stream_handshake(struct stream *stream, bool *want_write)
{
	ERR_clear_error();
	errno = 0;
	int result = SSL_do_handshake(stream->ssl);
	if (result == 1)
		return 1;
	result = tls_result(stream, result, want_write);
	if (result == STREAM_END) {
		stream->why = "connection closed during the TLS handshake";
		return STREAM_ERROR;
	}
	return result;
}

ssize_t stream_read(struct stream *stream, void *to, size_t room)
{
	bool want_write;
	ssize_t n;
	if (stream->ssl) {
		ERR_clear_error();
		errno = 0;
		int result = SSL_read(stream->ssl, to, (int)room);
		return result > 0 ? result : tls_result(stream, result, &want_write);
	}
	do
		n = recv(stream->fd, to, room, 0);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return n;
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return STREAM_AGAIN;
	stream->why = strerror(errno);
	return STREAM_ERROR;
}

ssize_t stream_write(struct stream *stream, const void *from, size_t length)
{
	bool want_write;
	ssize_t n;
	if (stream->ssl) {
		ERR_clear_error();
		errno = 0;
		/* The retry of a write must not be shorter than the first try: the cap keeps it the same. */
		int result = SSL_write(stream->ssl, from, (int)(length < 1 << 24 ? length : 1 << 24));
		if (result > 0)
			return result;
		result = tls_result(stream, result, &want_write);
		if (result != STREAM_END)
			return result;
		stream->why = "connection closed";
		return STREAM_ERROR;
	}
	do
		n = send(stream->fd, from, length, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return n;
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return STREAM_AGAIN;
	stream->why = strerror(errno);
	return STREAM_ERROR;
}

bool stream_buffered(const struct stream *stream)
{
	return stream->ssl && SSL_has_pending(stream->ssl);
}

void stream_close_tls(struct stream *stream)
{
	if (!stream->ssl)
		return;
	if (!stream->borrowed_ssl) {
		ERR_clear_error();
		if (SSL_is_init_finished(stream->ssl))
			SSL_shutdown(stream->ssl);
		SSL_free(stream->ssl);
	}
	stream->ssl = NULL;
}
