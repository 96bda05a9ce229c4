/* proxy/session/scram.c: the vectors of RFC 7677, a client of our own, verifiers, and what is refused. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "proxy/session/scram.h"

/* RFC 7677, section 3. */
static const char rfc_first[] = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
static const char rfc_nonce[] = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
static const char rfc_server_first[] =
	"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
static const char rfc_final[] = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
								"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
static const char rfc_server_final[] = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

static void rfc_secret(struct scram_secret *secret)
{
	uint8_t salt[32];
	int n = EVP_DecodeBlock(salt, (const unsigned char *)"W22ZaJ0SNY7soEsUEjb6gQ==", 24) - 2;
	assert_true(scram_secret_derive("pencil", salt, (size_t)n, 4096, secret));
}

static void test_rfc(void **state)
{
	struct scram_secret secret;
	struct scram scram;
	char out[SCRAM_MESSAGE_MAX];
	rfc_secret(&secret);
	scram_init(&scram, &secret, NULL, 0);
	assert_int_equal(scram_first_with(&scram, "SCRAM-SHA-256", rfc_first, strlen(rfc_first), rfc_nonce),
					 SCRAM_OK);
	assert_string_equal(scram.server_first, rfc_server_first);
	assert_int_equal(scram_final(&scram, rfc_final, strlen(rfc_final), out), SCRAM_OK);
	assert_string_equal(out, rfc_server_final);
}

/* --- a client --- */
static void mac(const uint8_t *key, size_t length, const char *text, uint8_t out[32])
{
	unsigned n = 32;
	HMAC(EVP_sha256(), key, (int)length, (const uint8_t *)text, strlen(text), out, &n);
}

/* The client's final message for what the server said. `header` is the gs2 header, `binding` what follows it
 * in c=. */
static void client_final(const char *password, const char *first_bare, const char *server_first,
						 const char *header, const uint8_t *binding, size_t binding_length, char *out)
{
	char nonce[400], salt64[200], without[800], auth[2000], proof64[64], c64[300];
	uint8_t salt[128], salted[32], client_key[32], stored[32], signature[32], c[200];
	unsigned iterations, n = 32;
	assert_int_equal(sscanf(server_first, "r=%399[^,],s=%199[^,],i=%u", nonce, salt64, &iterations), 3);
	size_t length = strlen(salt64);
	int salt_length = EVP_DecodeBlock(salt, (unsigned char *)salt64, (int)length);
	salt_length -= (salt64[length - 1] == '=') + (salt64[length - 2] == '=');
	PKCS5_PBKDF2_HMAC(password, -1, salt, salt_length, (int)iterations, EVP_sha256(), 32, salted);
	mac(salted, 32, "Client Key", client_key);
	EVP_Digest(client_key, 32, stored, &n, EVP_sha256(), NULL);
	size_t c_length = strlen(header);
	memcpy(c, header, c_length);
	if (binding_length > 0)
		memcpy(c + c_length, binding, binding_length);
	EVP_EncodeBlock((unsigned char *)c64, c, (int)(c_length + binding_length));
	snprintf(without, sizeof without, "c=%s,r=%s", c64, nonce);
	snprintf(auth, sizeof auth, "%s,%s,%s", first_bare, server_first, without);
	mac(stored, 32, auth, signature);
	for (int i = 0; i < 32; i++)
		client_key[i] ^= signature[i];
	EVP_EncodeBlock((unsigned char *)proof64, client_key, 32);
	sprintf(out, "%s,p=%s", without, proof64);
}

static enum scram_status exchange(struct scram *scram, const char *mechanism, const char *header,
								  const char *password, const uint8_t *binding, size_t binding_length)
{
	char first[600], final[1000], out[SCRAM_MESSAGE_MAX];
	static const char bare[] = "n=,r=abcdefgh";
	snprintf(first, sizeof first, "%s%s", header, bare);
	enum scram_status status = scram_first(scram, mechanism, first, strlen(first));
	if (status != SCRAM_OK)
		return status;
	client_final(password, bare, scram->server_first, header, binding, binding_length, final);
	return scram_final(scram, final, strlen(final), out);
}

static void test_passwords(void **state)
{
	char verifier[SCRAM_VERIFIER_MAX];
	struct scram_secret secret;
	struct scram scram;
	assert_true(scram_verifier_make("se cr,et", verifier));
	assert_true(scram_secret_parse(verifier, &secret));
	assert_int_equal(secret.iterations, 4096);
	scram_init(&scram, &secret, NULL, 0);
	assert_int_equal(exchange(&scram, "SCRAM-SHA-256", "n,,", "se cr,et", NULL, 0), SCRAM_OK);
	scram_init(&scram, &secret, NULL, 0);
	assert_int_equal(exchange(&scram, "SCRAM-SHA-256", "y,,", "se cr,et", NULL, 0), SCRAM_OK);
	scram_init(&scram, &secret, NULL, 0);
	assert_int_equal(exchange(&scram, "SCRAM-SHA-256", "n,,", "se cr,et ", NULL, 0), SCRAM_DENIED);
}

/* SASLprep: a no-break space is a space, a soft hyphen is nothing, a ligature is its letters; what cannot be
 * prepared stays. */
static void test_saslprep(void **state)
{
	static const struct {
		const char *stored, *sent;
	} pairs[] = {
		{"I\xc2\xadX", "IX"},
		{"a\xc2\xa0"
		 "b",
		 "a b"},
		{"\xef\xac\x81n", "fin"},
		{"\xff\xfe", "\xff\xfe"},
		{"a\x07"
		 "b",
		 "a\x07"
		 "b"},
	};
	uint8_t salt[SCRAM_SALT] = {1, 2, 3};
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		struct scram_secret secret;
		struct scram scram;
		assert_true(scram_secret_derive(pairs[i].stored, salt, sizeof salt, 4096, &secret));
		scram_init(&scram, &secret, NULL, 0);
		assert_int_equal(exchange(&scram, "SCRAM-SHA-256", "n,,", pairs[i].sent, NULL, 0), SCRAM_OK);
	}
}

static void test_mock(void **state)
{
	const uint8_t process_secret[32] = {7};
	struct scram_secret a, b, other;
	struct scram scram;
	assert_true(scram_secret_mock(process_secret, "nobody", &a));
	assert_true(scram_secret_mock(process_secret, "nobody", &b));
	assert_true(scram_secret_mock(process_secret, "someone", &other));
	assert_memory_equal(a.salt, b.salt, a.salt_length);
	assert_memory_not_equal(a.salt, other.salt, a.salt_length);
	scram_init(&scram, &a, NULL, 0);
	assert_int_equal(exchange(&scram, "SCRAM-SHA-256", "n,,", "", NULL, 0), SCRAM_DENIED);
}

static void test_channel_binding(void **state)
{
	uint8_t hash[32], wrong[32] = {0};
	struct scram_secret secret;
	struct scram scram;
	static const char header[] = "p=tls-server-end-point,,";
	memset(hash, 5, sizeof hash);
	rfc_secret(&secret);
	scram_init(&scram, &secret, hash, sizeof hash);
	assert_int_equal(exchange(&scram, "SCRAM-SHA-256-PLUS", header, "pencil", hash, 32), SCRAM_OK);
	scram_init(&scram, &secret, hash, sizeof hash);
	assert_int_equal(exchange(&scram, "SCRAM-SHA-256-PLUS", header, "pencil", wrong, 32), SCRAM_MALFORMED);
	scram_init(&scram, &secret, hash, sizeof hash);
	assert_int_equal(exchange(&scram, "SCRAM-SHA-256", "n,,", "pencil", NULL, 0), SCRAM_OK);
	/* A downgrade: -PLUS was offered, the client says that it was not. */
	scram_init(&scram, &secret, hash, sizeof hash);
	assert_int_equal(exchange(&scram, "SCRAM-SHA-256", "y,,", "pencil", NULL, 0), SCRAM_MALFORMED);
	scram_init(&scram, &secret, hash, sizeof hash);
	assert_int_equal(exchange(&scram, "SCRAM-SHA-256-PLUS", "n,,", "pencil", NULL, 0), SCRAM_MALFORMED);
	scram_init(&scram, &secret, NULL, 0);
	assert_int_equal(exchange(&scram, "SCRAM-SHA-256-PLUS", header, "pencil", hash, 32), SCRAM_MALFORMED);
}

static void test_refused_first(void **state)
{
	static const char *const messages[] = {
		"",
		"n",
		"n,",
		"n,,",
		"x,,n=,r=a",
		"n,a=admin,n=,r=a",
		"n,,m=ext,n=,r=a",
		"n,,r=a",
		"n,,n=",
		"n,,n=,r=",
		"n,,n=,r=a b",
		"n,,n=,r=\x01",
		"p=tls-unique,,n=,r=a",
		"n,n=,r=a",
	};
	struct scram_secret secret;
	struct scram scram;
	rfc_secret(&secret);
	for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
		scram_init(&scram, &secret, NULL, 0);
		assert_int_equal(scram_first(&scram, "SCRAM-SHA-256", messages[i], strlen(messages[i])),
						 SCRAM_MALFORMED);
		assert_non_null(scram.error);
	}
	scram_init(&scram, &secret, NULL, 0);
	assert_int_equal(scram_first(&scram, "SCRAM-SHA-256", "n,,n=,r=a\0b", 11), SCRAM_MALFORMED);
}

/* Every prefix of a good final message, and every byte of it changed, is no success. */
static void test_refused_final(void **state)
{
	struct scram_secret secret;
	struct scram scram;
	char out[SCRAM_MESSAGE_MAX], text[sizeof rfc_final];
	rfc_secret(&secret);
	for (size_t i = 0; i < strlen(rfc_final); i++) {
		scram_init(&scram, &secret, NULL, 0);
		assert_int_equal(scram_first_with(&scram, "SCRAM-SHA-256", rfc_first, strlen(rfc_first), rfc_nonce),
						 SCRAM_OK);
		assert_int_not_equal(scram_final(&scram, rfc_final, i, out), SCRAM_OK);
		strcpy(text, rfc_final);
		text[i] = text[i] == 'A' ? 'B' : 'A';
		scram_init(&scram, &secret, NULL, 0);
		assert_int_equal(scram_first_with(&scram, "SCRAM-SHA-256", rfc_first, strlen(rfc_first), rfc_nonce),
						 SCRAM_OK);
		assert_int_not_equal(scram_final(&scram, text, strlen(text), out), SCRAM_OK);
	}
}

static void test_verifiers(void **state)
{
	static const char *const bad[] = {
		"",
		"secret",
		"md5abc",
		"SCRAM-SHA-256$",
		"SCRAM-SHA-256$4096",
		"SCRAM-SHA-256$4096:YQ==$a:b",
		"SCRAM-SHA-256$0:YQ==$",
		"SCRAM-SHA-256$-1:YQ==$",
		"SCRAM-SHA-256$4096:$:",
		"SCRAM-SHA-256$4096:YQ==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:"
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	};
	struct scram_secret secret;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(scram_secret_parse(bad[i], &secret));
	assert_true(scram_secret_parse("SCRAM-SHA-256$4096:YQ==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:"
								   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
								   &secret));
	assert_int_equal(secret.salt_length, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc),
		cmocka_unit_test(test_passwords),
		cmocka_unit_test(test_saslprep),
		cmocka_unit_test(test_mock),
		cmocka_unit_test(test_channel_binding),
		cmocka_unit_test(test_refused_first),
		cmocka_unit_test(test_refused_final),
		cmocka_unit_test(test_verifiers),
	};
	return cmocka_run_group_tests_name("scram", tests, NULL, NULL);
}
