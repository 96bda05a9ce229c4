/* Authentication: SCRAM-SHA-256 with every client, whoever it says it is, but for users whose line asks for md5. An
 * unknown user, a user without a password and a wrong password look the same from outside. A password in clear
 * is never asked for. Source: PostgreSQL documentation, "SASL
 * Authentication". */
#include "proxy/session/internal.h"
#include "proxy/session/md5.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

enum { AUTH_OK = 0, AUTH_MD5 = 5, AUTH_SASL = 10, AUTH_SASL_CONTINUE = 11, AUTH_SASL_FINAL = 12 };

static void denied(struct session *session)
{
	session_fatal_text(session, "28P01", "password authentication failed for user \"%s\"",
					   session->user_name);
}

static void add_request(struct session *session, uint32_t kind, const char *data, size_t length)
{
	struct buffer *out = &session->out[SIDE_CLIENT];
	wire_add_header(out, 'R', 4 + length);
	buffer_add_u32(out, kind);
	buffer_add(out, data, length);
}

static void add_ok(struct session *session)
{
	add_request(session, AUTH_OK, NULL, 0);
	session->authenticated = true;
	if (session->scram) {
		OPENSSL_cleanse(session->scram, sizeof *session->scram);
		free(session->scram);
		session->scram = NULL;
	}
	startup_authenticated(session);
}

/* The secret to compare with; a mock one when there is none. */
static bool find_secret(struct session *session, struct scram_secret *secret)
{
	const uint8_t *process_secret = session->settings->mock_secret;
	const struct user *user = session->user;
	uint8_t salt[SCRAM_SALT];
	if (!user || !user->secret)
		return scram_secret_mock(process_secret, session->user_name, secret);
	if (scram_secret_parse(user->secret, secret))
		return true;
	return scram_salt(process_secret, session->user_name, salt) &&
		   scram_secret_derive(user->secret, salt, sizeof salt, SCRAM_ITERATIONS, secret);
}

void auth_begin(struct session *session)
{
	static const char plain[] = "SCRAM-SHA-256\0";
	static const char plus[] = "SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0";
	if (session->trusted && session->user) {
		add_ok(session);
		return;
	}
	if (session->user && session->user->md5 && session->user->secret) {
		if (RAND_bytes(session->md5_salt, sizeof session->md5_salt) != 1) {
			session_fatal_text(session, "XX000", "could not prepare the password exchange");
			return;
		}
		session->phase = PHASE_MD5;
		add_request(session, AUTH_MD5, (const char *)session->md5_salt, sizeof session->md5_salt);
		return;
	}
	struct scram_secret secret;
	if (!find_secret(session, &secret)) {
		session_fatal_text(session, "XX000", "could not prepare the password exchange");
		return;
	}
	session->scram = calloc(1, sizeof *session->scram);
	if (!session->scram)
		abort();
	scram_init(session->scram, &secret, session->binding, session->tls ? session->binding_length : 0);
	OPENSSL_cleanse(&secret, sizeof secret);
	session->phase = PHASE_SASL_FIRST;
	if (session->scram->binding_length > 0)
		add_request(session, AUTH_SASL, plus, sizeof plus);
	else
		add_request(session, AUTH_SASL, plain, sizeof plain);
}

static void md5_password(struct session *session, const struct wire_message *message)
{
	const char *answer;
	if (!wire_string_decode(message->body, message->length, &answer, NULL))
		session_violation(session, "invalid password packet size");
	else if (md5_answer_matches(session->user->secret, session->md5_salt, answer))
		add_ok(session);
	else
		denied(session);
}

static void sasl_first(struct session *session, const struct wire_message *message)
{
	struct reader reader = reader_of(message->body, message->length);
	const char *mechanism = reader_string(&reader, NULL);
	uint32_t length = reader_u32(&reader);
	if (reader.bad || length != reader_left(&reader)) {
		session_violation(session, "malformed SASLInitialResponse message");
		return;
	}
	struct scram *scram = session->scram;
	if (scram_first(scram, mechanism, reader.at, length) != SCRAM_OK) {
		struct error error;
		error_set(&error, "08P01", "malformed SCRAM message");
		error_detail(&error, "%s", scram->error);
		session_fatal(session, &error);
		return;
	}
	session->phase = PHASE_SASL_FINAL;
	add_request(session, AUTH_SASL_CONTINUE, scram->server_first, strlen(scram->server_first));
}

static void sasl_final(struct session *session, const struct wire_message *message)
{
	char answer[SCRAM_MESSAGE_MAX];
	struct error error;
	switch (scram_final(session->scram, message->body, message->length, answer)) {
	case SCRAM_OK:
		add_request(session, AUTH_SASL_FINAL, answer, strlen(answer));
		add_ok(session);
		return;
	case SCRAM_DENIED:
		denied(session);
		return;
	case SCRAM_MALFORMED:
		error_set(&error, "08P01", "malformed SCRAM message");
		error_detail(&error, "%s", session->scram->error);
		session_fatal(session, &error);
		return;
	}
}

size_t auth_message(struct session *session, const char *bytes, size_t n)
{
	struct wire_message message;
	switch (wire_header(bytes, n, WIRE_SMALL, &message)) {
	case WIRE_PARTIAL:
		/* Anything but a password message is an error before its body is there. */
		return 0;
	case WIRE_BAD:
		session_violation(session, "invalid length of message during authentication");
		return n;
	case WIRE_OK:
		break;
	}
	if (message.type == 'X') {
		session_close(session);
		return n;
	}
	if (message.type != 'p') {
		session_violation(session, "expected password response, got message type %d",
						  (unsigned char)message.type);
		return n;
	}
	if (n - WIRE_HEADER < message.length)
		return 0;
	if (session->phase == PHASE_MD5)
		md5_password(session, &message);
	else if (session->phase == PHASE_SASL_FIRST)
		sasl_first(session, &message);
	else
		sasl_final(session, &message);
	return WIRE_HEADER + message.length;
}
