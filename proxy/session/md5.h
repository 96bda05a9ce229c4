/* The old md5 exchange, for users who have `md5` in their line and for nobody else: old drivers know nothing better.
 *
 * A secret is "md5" and md5(password + user name) in hex; the answer is "md5" and md5(hex of the secret + salt). Whoever
 * knows the secret can log in with it, and what is sent can be guessed at: not over the open net. Source: PostgreSQL
 * documentation, "Password Authentication"; src/common/md5_common.c. */
#ifndef TENANTRY_SESSION_MD5_H
#define TENANTRY_SESSION_MD5_H

#include <stdbool.h>
#include <stdint.h>

enum { MD5_SECRET_SIZE = 3 + 32 + 1, MD5_SALT = 4 };

bool md5_is_secret(const char *text);
/* `out` holds MD5_SECRET_SIZE bytes. False: this machine's OpenSSL has no MD5. */
bool md5_secret_make(const char *password, const char *user, char *out) __attribute__((warn_unused_result));
/* Constant time. */
bool md5_answer_matches(const char *secret, const uint8_t salt[MD5_SALT], const char *answer)
	__attribute__((warn_unused_result));

#endif
