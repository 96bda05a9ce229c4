/* The server's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS, and the verifiers that it works from.
 *
 * Obligations: a user that is not known goes through the same exchange with a secret made from the process's
 * random key (scram_secret_mock), and the same user gets the same salt each time; proofs are compared in
 * constant time; the nonce is random. Refuses: authorization identities, mandatory extensions, channel
 * binding types other than tls-server-end-point, and 'y' (client thinks that the server has no channel
 * binding) where channel binding was offered.
 *
 * Sources: RFC 5802, RFC 7677, RFC 5929, PostgreSQL documentation "SASL Authentication"; SASLprep as
 * PostgreSQL does it (RFC 4013; a password that cannot be prepared is used as it is). */
#ifndef TENANTRY_SESSION_SCRAM_H
#define TENANTRY_SESSION_SCRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SCRAM_KEY = 32,
	SCRAM_SALT = 16,
	SCRAM_SALT_MAX = 64,
	SCRAM_ITERATIONS = 4096,
	SCRAM_VERIFIER_MAX = 256,
	SCRAM_BINDING_MAX = 64,
	SCRAM_MESSAGE_MAX = 1024, /* of what we send */
};

struct scram_secret {
	uint32_t iterations;
	uint8_t salt[SCRAM_SALT_MAX];
	size_t salt_length;
	uint8_t stored_key[SCRAM_KEY], server_key[SCRAM_KEY];
	bool mock; /* never matches */
};

/* "SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>". False: not such a text. */
bool scram_secret_parse(const char *verifier, struct scram_secret *secret)
	__attribute__((warn_unused_result));
bool scram_secret_derive(const char *password, const uint8_t *salt, size_t salt_length, uint32_t iterations,
						 struct scram_secret *secret) __attribute__((warn_unused_result));
/* A salt for `user` that only the process can compute, for plain passwords and for users who do not exist. */
bool scram_salt(const uint8_t process_secret[32], const char *user, uint8_t salt[SCRAM_SALT])
	__attribute__((warn_unused_result));
bool scram_secret_mock(const uint8_t process_secret[32], const char *user, struct scram_secret *secret)
	__attribute__((warn_unused_result));
/* A new verifier with a random salt; `out` holds SCRAM_VERIFIER_MAX bytes. */
bool scram_verifier_make(const char *password, char *out) __attribute__((warn_unused_result));

enum scram_status {
	SCRAM_OK,        /* go on; after scram_final(): the client has shown that it knows the password */
	SCRAM_DENIED,    /* it has not */
	SCRAM_MALFORMED, /* not SCRAM; `error` says what */
};

struct scram {
	struct scram_secret secret;
	uint8_t binding[SCRAM_BINDING_MAX]; /* tls-server-end-point hash of our certificate */
	size_t binding_length;              /* 0: none, -PLUS is not offered */
	bool plus;                          /* the client chose -PLUS */
	char gs2[64];                       /* "n,,", "y,," or "p=..,,": the header that c= must repeat */
	char client_first_bare[512];
	char server_first[SCRAM_MESSAGE_MAX];
	char nonce[320]; /* the client's and ours */
	const char *error;
};

void scram_init(struct scram *scram, const struct scram_secret *secret, const uint8_t *binding,
				size_t binding_length);
/* `data` is the client-first-message (not zero-terminated); the answer is in scram->server_first. */
enum scram_status scram_first(struct scram *scram, const char *mechanism, const char *data, size_t length)
	__attribute__((warn_unused_result));
/* With a nonce part that is given, for tests against the vectors of the RFC. */
enum scram_status scram_first_with(struct scram *scram, const char *mechanism, const char *data,
								   size_t length, const char *server_nonce)
	__attribute__((warn_unused_result));
/* `data` is the client-final-message; the answer is written to `out`, SCRAM_MESSAGE_MAX bytes. */
enum scram_status scram_final(struct scram *scram, const char *data, size_t length, char *out)
	__attribute__((warn_unused_result));

#endif
