/* See md5.h. */
#include "proxy/session/md5.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

static bool add_hex(const void *first, size_t n_first, const void *second, size_t n_second, char *out)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool ok = context && EVP_DigestInit_ex(context, EVP_md5(), NULL) == 1 &&
			  EVP_DigestUpdate(context, first, n_first) == 1 &&
			  EVP_DigestUpdate(context, second, n_second) == 1 &&
			  EVP_DigestFinal_ex(context, digest, &n) == 1 && n == 16;
	EVP_MD_CTX_free(context);
	memcpy(out, "md5", 3);
	for (unsigned i = 0; i < 16; i++)
		snprintf(out + 3 + 2 * i, 3, "%02x", ok ? digest[i] : 0);
	return ok;
}

bool md5_is_secret(const char *text)
{
	return strlen(text) == MD5_SECRET_SIZE - 1 && strncmp(text, "md5", 3) == 0 &&
		   strspn(text + 3, "0123456789abcdef") == 32;
}

bool md5_secret_make(const char *password, const char *user, char *out)
{
	return add_hex(password, strlen(password), user, strlen(user), out);
}

bool md5_answer_matches(const char *secret, const uint8_t salt[MD5_SALT], const char *answer)
{
	char expected[MD5_SECRET_SIZE];
	bool made = md5_is_secret(secret) && add_hex(secret + 3, 32, salt, MD5_SALT, expected);
	bool same = made && strlen(answer) == MD5_SECRET_SIZE - 1 &&
				CRYPTO_memcmp(expected, answer, MD5_SECRET_SIZE - 1) == 0;
	OPENSSL_cleanse(expected, sizeof expected);
	return same;
}
