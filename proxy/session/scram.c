/* SCRAM-SHA-256; see scram.h. */
#include "proxy/session/scram.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stringprep.h>

enum { NONCE_BYTES = 18 };

static const char binding_type[] = "tls-server-end-point";

static bool hmac(const uint8_t *key, size_t key_length, const void *data, size_t length,
				 uint8_t out[SCRAM_KEY])
{
	unsigned n = 0;
	return HMAC(EVP_sha256(), key, (int)key_length, data, length, out, &n) && n == SCRAM_KEY;
}

static bool sha256(const uint8_t *data, size_t length, uint8_t out[SCRAM_KEY])
{
	unsigned n = 0;
	return EVP_Digest(data, length, out, &n, EVP_sha256(), NULL) == 1 && n == SCRAM_KEY;
}

/* `out` must hold 4 * ceil(length / 3) + 1. */
static void encode64(const uint8_t *data, size_t length, char *out)
{
	EVP_EncodeBlock((unsigned char *)out, data, (int)length);
}

/* Strict: no white space, whole groups of four, no bits that stand for nothing. Returns the length or -1; `out` must hold 3 * length / 4. */
static int decode64(const char *text, size_t length, uint8_t *out)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	if (length == 0 || length % 4 != 0)
		return -1;
	size_t padding = text[length - 1] == '=' ? (text[length - 2] == '=' ? 2 : 1) : 0;
	if (memchr(text, 0, length) || strspn(text, alphabet) < length - padding)
		return -1;
	char again[128];
	if (length >= sizeof again)
		return -1;
	int n = EVP_DecodeBlock(out, (const unsigned char *)text, (int)length);
	if (n < 0)
		return -1;
	encode64(out, (size_t)n - padding, again);
	return memcmp(again, text, length) == 0 ? n - (int)padding : -1;
}

/* Allocated. NULL only without memory. */
static char *prepare(const char *password)
{
	char *prepared = NULL;
	bool ascii = true;
	for (const char *p = password; *p; p++)
		ascii = ascii && (unsigned char)*p < 0x80;
	if (!ascii &&
		stringprep_profile(password, &prepared, "SASLprep", STRINGPREP_NO_UNASSIGNED) == STRINGPREP_OK) {
		if (prepared[0])
			return prepared;
		free(prepared);
	}
	return strdup(password);
}

bool scram_secret_derive(const char *password, const uint8_t *salt, size_t salt_length, uint32_t iterations,
						 struct scram_secret *secret)
{
	uint8_t salted[SCRAM_KEY], client_key[SCRAM_KEY];
	if (salt_length > SCRAM_SALT_MAX || iterations == 0)
		return false;
	char *prepared = prepare(password);
	if (!prepared)
		return false;
	memset(secret, 0, sizeof *secret);
	memcpy(secret->salt, salt, salt_length);
	secret->salt_length = salt_length;
	secret->iterations = iterations;
	bool ok = PKCS5_PBKDF2_HMAC(prepared, (int)strlen(prepared), salt, (int)salt_length, (int)iterations,
								EVP_sha256(), SCRAM_KEY, salted) == 1 &&
			  hmac(salted, SCRAM_KEY, "Client Key", 10, client_key) &&
			  sha256(client_key, SCRAM_KEY, secret->stored_key) &&
			  hmac(salted, SCRAM_KEY, "Server Key", 10, secret->server_key);
	OPENSSL_cleanse(salted, sizeof salted);
	OPENSSL_cleanse(client_key, sizeof client_key);
	OPENSSL_cleanse(prepared, strlen(prepared));
	free(prepared);
	return ok;
}

bool scram_secret_parse(const char *verifier, struct scram_secret *secret)
{
	static const char scheme[] = "SCRAM-SHA-256$";
	uint8_t bytes[SCRAM_SALT_MAX * 2];
	if (strncmp(verifier, scheme, sizeof scheme - 1) != 0)
		return false;
	const char *at = verifier + sizeof scheme - 1;
	char *end;
	unsigned long iterations = strtoul(at, &end, 10);
	if (end == at || *at == '-' || *at == '+' || *at == ' ' || *end != ':' || iterations == 0 ||
		iterations > INT32_MAX)
		return false;
	memset(secret, 0, sizeof *secret);
	secret->iterations = (uint32_t)iterations;
	const char *salt = end + 1, *salt_end = strchr(salt, '$');
	if (!salt_end || salt_end - salt > 84)
		return false;
	int n = decode64(salt, (size_t)(salt_end - salt), bytes);
	if (n <= 0 || n > SCRAM_SALT_MAX)
		return false;
	memcpy(secret->salt, bytes, (size_t)n);
	secret->salt_length = (size_t)n;
	const char *stored = salt_end + 1;
	if (strlen(stored) != 44 + 1 + 44 || stored[44] != ':')
		return false;
	if (decode64(stored, 44, bytes) != SCRAM_KEY)
		return false;
	memcpy(secret->stored_key, bytes, SCRAM_KEY);
	if (decode64(stored + 45, 44, bytes) != SCRAM_KEY)
		return false;
	memcpy(secret->server_key, bytes, SCRAM_KEY);
	return true;
}

bool scram_salt(const uint8_t process_secret[32], const char *user, uint8_t salt[SCRAM_SALT])
{
	uint8_t digest[SCRAM_KEY];
	if (!hmac(process_secret, 32, user, strlen(user), digest))
		return false;
	memcpy(salt, digest, SCRAM_SALT);
	return true;
}

bool scram_secret_mock(const uint8_t process_secret[32], const char *user, struct scram_secret *secret)
{
	memset(secret, 0, sizeof *secret);
	secret->iterations = SCRAM_ITERATIONS;
	secret->salt_length = SCRAM_SALT;
	secret->mock = true;
	return scram_salt(process_secret, user, secret->salt);
}

bool scram_verifier_make(const char *password, char *out)
{
	uint8_t salt[SCRAM_SALT];
	struct scram_secret secret;
	char salt64[32], stored64[64], server64[64];
	if (RAND_bytes(salt, sizeof salt) != 1 ||
		!scram_secret_derive(password, salt, sizeof salt, SCRAM_ITERATIONS, &secret))
		return false;
	encode64(salt, sizeof salt, salt64);
	encode64(secret.stored_key, SCRAM_KEY, stored64);
	encode64(secret.server_key, SCRAM_KEY, server64);
	snprintf(out, SCRAM_VERIFIER_MAX, "SCRAM-SHA-256$%d:%s$%s:%s", SCRAM_ITERATIONS, salt64, stored64,
			 server64);
	return true;
}

void scram_init(struct scram *scram, const struct scram_secret *secret, const uint8_t *binding,
				size_t binding_length)
{
	memset(scram, 0, sizeof *scram);
	scram->secret = *secret;
	if (binding_length > 0 && binding_length <= SCRAM_BINDING_MAX) {
		memcpy(scram->binding, binding, binding_length);
		scram->binding_length = binding_length;
	}
}

static enum scram_status malformed(struct scram *scram, const char *what)
{
	scram->error = what;
	return SCRAM_MALFORMED;
}

/* "x=value" at *at up to a comma or the end; moves behind the comma. NULL: another attribute, or none. */
static const char *attribute(const char **at, char name, size_t *length)
{
	const char *text = *at;
	if (text[0] != name || text[1] != '=')
		return NULL;
	*length = strcspn(text + 2, ",");
	*at = text + 2 + *length;
	if (**at == ',')
		(*at)++;
	return text + 2;
}

/* The gs2 header decides about channel binding. Moves *at behind it. */
static enum scram_status read_gs2(struct scram *scram, const char **at)
{
	const char *text = *at;
	size_t length;
	switch (*text) {
	case 'n':
		if (scram->plus)
			return malformed(scram, "The client selected SCRAM-SHA-256-PLUS without channel binding.");
		length = 1;
		break;
	case 'y':
		if (scram->plus)
			return malformed(scram, "The client selected SCRAM-SHA-256-PLUS without channel binding.");
		if (scram->binding_length > 0)
			return malformed(scram,
							 "The client supports channel binding but thinks the server does not. However, "
							 "this server does support channel binding.");
		length = 1;
		break;
	case 'p':
		if (!scram->plus)
			return malformed(scram, "The client selected SCRAM-SHA-256 with channel binding.");
		length = 2 + sizeof binding_type - 1;
		if (strncmp(text, "p=", 2) != 0 || strncmp(text + 2, binding_type, sizeof binding_type - 1) != 0)
			return malformed(scram, "Unsupported channel binding type.");
		break;
	default:
		return malformed(scram, "Unexpected channel-binding flag.");
	}
	if (text[length] != ',')
		return malformed(scram, "Comma expected after the channel-binding flag.");
	if (text[length + 1] == 'a')
		return malformed(scram, "The client uses an authorization identity, which is not supported.");
	if (text[length + 1] != ',')
		return malformed(scram, "Comma expected after the authorization identity.");
	memcpy(scram->gs2, text, length + 2);
	*at = text + length + 2;
	return SCRAM_OK;
}

static bool printable(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] < 0x21 || text[i] > 0x7e || text[i] == ',')
			return false;
	return true;
}

enum scram_status scram_first_with(struct scram *scram, const char *mechanism, const char *data,
								   size_t length, const char *server_nonce)
{
	char text[768], salt64[96];
	if (strcmp(mechanism, "SCRAM-SHA-256-PLUS") == 0 && scram->binding_length > 0)
		scram->plus = true;
	else if (strcmp(mechanism, "SCRAM-SHA-256") != 0)
		return malformed(scram, "The client selected a SASL mechanism that was not offered.");
	if (length >= sizeof text || memchr(data, 0, length))
		return malformed(scram, "The message is too long or contains a zero byte.");
	memcpy(text, data, length);
	text[length] = 0;

	const char *at = text;
	enum scram_status status = read_gs2(scram, &at);
	if (status != SCRAM_OK)
		return status;
	if (strlen(at) >= sizeof scram->client_first_bare)
		return malformed(scram, "The message is too long.");
	strcpy(scram->client_first_bare, at);
	if (at[0] == 'm')
		return malformed(scram, "The client requires an unsupported SCRAM extension.");
	size_t n;
	/* The user of the startup message is the one who logs in; the name here is ignored, as in PostgreSQL. */
	if (!attribute(&at, 'n', &n))
		return malformed(scram, "Attribute n= expected.");
	const char *nonce = attribute(&at, 'r', &n);
	if (!nonce || n == 0 || n > 256 || !printable(nonce, n))
		return malformed(scram, "A printable nonce was expected.");
	snprintf(scram->nonce, sizeof scram->nonce, "%.*s%s", (int)n, nonce, server_nonce);
	encode64(scram->secret.salt, scram->secret.salt_length, salt64);
	snprintf(scram->server_first, sizeof scram->server_first, "r=%s,s=%s,i=%u", scram->nonce, salt64,
			 scram->secret.iterations);
	return SCRAM_OK;
}

enum scram_status scram_first(struct scram *scram, const char *mechanism, const char *data, size_t length)
{
	uint8_t random[NONCE_BYTES];
	char nonce[NONCE_BYTES * 4 / 3 + 4];
	if (RAND_bytes(random, sizeof random) != 1)
		return malformed(scram, "No random number could be had.");
	encode64(random, sizeof random, nonce);
	return scram_first_with(scram, mechanism, data, length, nonce);
}

/* c= must be the gs2 header again and, with -PLUS, the hash of our certificate. */
static bool binding_matches(const struct scram *scram, const char *value, size_t length)
{
	uint8_t expected[sizeof scram->gs2 + SCRAM_BINDING_MAX];
	char expected64[(sizeof expected + 2) / 3 * 4 + 1];
	size_t n = strlen(scram->gs2);
	memcpy(expected, scram->gs2, n);
	if (scram->plus) {
		memcpy(expected + n, scram->binding, scram->binding_length);
		n += scram->binding_length;
	}
	encode64(expected, n, expected64);
	return strlen(expected64) == length && memcmp(expected64, value, length) == 0;
}

/* RFC 5802: ClientProof XOR HMAC(StoredKey, AuthMessage) is the ClientKey, whose hash is the StoredKey. */
static bool proof_matches(const struct scram *scram, const char *auth, const uint8_t proof[SCRAM_KEY])
{
	uint8_t signature[SCRAM_KEY], client_key[SCRAM_KEY], stored[SCRAM_KEY];
	if (!hmac(scram->secret.stored_key, SCRAM_KEY, auth, strlen(auth), signature))
		return false;
	for (int i = 0; i < SCRAM_KEY; i++)
		client_key[i] = proof[i] ^ signature[i];
	if (!sha256(client_key, SCRAM_KEY, stored))
		return false;
	bool same = CRYPTO_memcmp(stored, scram->secret.stored_key, SCRAM_KEY) == 0;
	OPENSSL_cleanse(client_key, sizeof client_key);
	return same && !scram->secret.mock;
}

enum scram_status scram_final(struct scram *scram, const char *data, size_t length, char *out)
{
	char text[1024], auth[sizeof scram->client_first_bare + SCRAM_MESSAGE_MAX + sizeof text];
	if (length >= sizeof text || memchr(data, 0, length))
		return malformed(scram, "The message is too long or contains a zero byte.");
	memcpy(text, data, length);
	text[length] = 0;

	const char *at = text;
	size_t n;
	const char *binding = attribute(&at, 'c', &n);
	if (!binding)
		return malformed(scram, "Attribute c= expected.");
	if (!binding_matches(scram, binding, n))
		return malformed(scram, "The channel binding of the final message does not fit the first.");
	const char *nonce = attribute(&at, 'r', &n);
	if (!nonce || n != strlen(scram->nonce) || memcmp(nonce, scram->nonce, n) != 0)
		return malformed(scram, "The nonce does not match.");
	/* Extensions may follow; the proof is last. */
	const char *proof = strstr(at - 1, ",p=");
	uint8_t bytes[64];
	if (!proof || strlen(proof + 3) != 44 || decode64(proof + 3, 44, bytes) != SCRAM_KEY)
		return malformed(scram, "A proof of 32 bytes was expected.");
	snprintf(auth, sizeof auth, "%s,%s,%.*s", scram->client_first_bare, scram->server_first,
			 (int)(proof - text), text);
	if (!proof_matches(scram, auth, bytes))
		return SCRAM_DENIED;
	uint8_t signature[SCRAM_KEY];
	char signature64[64];
	if (!hmac(scram->secret.server_key, SCRAM_KEY, auth, strlen(auth), signature))
		return SCRAM_DENIED;
	encode64(signature, SCRAM_KEY, signature64);
	snprintf(out, SCRAM_MESSAGE_MAX, "v=%s", signature64);
	return SCRAM_OK;
}
