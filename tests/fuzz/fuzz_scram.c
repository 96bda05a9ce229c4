/* SCRAM: no pair of messages is accepted unless it holds the proof that a second, straightforward computation finds; the
 * proof itself is accepted exactly as long as nothing has been changed about it. Verifiers: what is parsed is what
 * would be printed.
 *
 * Byte 0: bit 0 channel binding is possible, bit 1 the harness answers in the client's place and then flips the bit that
 * bytes 1 and 2 name (0: none), bit 2 the rest is a verifier. Byte 3: length of the first message. */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/session/scram.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static _Noreturn void broken(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

static const uint8_t salt[16] = "0123456789abcdef", binding[32] = "certificate";
static const char nonce[] = "server-nonce";

static struct scram_secret secret_of(void)
{
	static struct scram_secret secret;
	if (secret.iterations == 0 && !scram_secret_derive("secret", salt, sizeof salt, 1, &secret))
		abort();
	return secret;
}

static void hmac(const uint8_t *key, const char *text, uint8_t out[32])
{
	unsigned n;
	HMAC(EVP_sha256(), key, 32, (const uint8_t *)text, strlen(text), out, &n);
}

/* The proof for these messages, as a client that knows the password makes it. */
static void prove(const char *client_first_bare, const char *server_first, const char *without_proof,
				  char *proof64)
{
	char auth[4096];
	uint8_t salted[32], key[32], stored[32], signature[32];
	unsigned n;
	snprintf(auth, sizeof auth, "%s,%s,%s", client_first_bare, server_first, without_proof);
	PKCS5_PBKDF2_HMAC("secret", 6, salt, sizeof salt, 1, EVP_sha256(), 32, salted);
	hmac(salted, "Client Key", key);
	EVP_Digest(key, 32, stored, &n, EVP_sha256(), NULL);
	hmac(stored, auth, signature);
	for (int i = 0; i < 32; i++)
		key[i] ^= signature[i];
	EVP_EncodeBlock((uint8_t *)proof64, key, 32);
}

/* Whatever the final message is: accepted only with the right proof in its right place. */
static void check_final(struct scram *scram, const char *first_bare, const char *text, size_t length)
{
	char out[SCRAM_MESSAGE_MAX], copy[2048], proof64[64];
	enum scram_status status = scram_final(scram, text, length, out);
	if (status == SCRAM_MALFORMED && !scram->error)
		broken("no reason for what is malformed");
	if (status != SCRAM_OK)
		return;
	if (length >= sizeof copy)
		broken("a message that is too long was accepted");
	memcpy(copy, text, length);
	copy[length] = 0;
	char *proof = strstr(copy, ",p=");
	if (!proof || strlen(copy) != length)
		broken("accepted without a proof");
	*proof = 0;
	prove(first_bare, scram->server_first, copy, proof64);
	if (strcmp(proof64, proof + 3) != 0)
		broken("accepted with a wrong proof");
	if (!strstr(copy, scram->nonce))
		broken("accepted without our nonce");
}

static void answer(struct scram *scram, const char *first_bare, unsigned flip)
{
	char text[2048], proof64[64], header64[512], out[SCRAM_MESSAGE_MAX];
	uint8_t header[256];
	size_t n = strlen(scram->gs2);
	memcpy(header, scram->gs2, n);
	if (scram->plus) {
		memcpy(header + n, scram->binding, scram->binding_length);
		n += scram->binding_length;
	}
	EVP_EncodeBlock((uint8_t *)header64, header, (int)n);
	snprintf(text, sizeof text, "c=%s,r=%s", header64, scram->nonce);
	prove(first_bare, scram->server_first, text, proof64);
	snprintf(text + strlen(text), sizeof text - strlen(text), ",p=%s", proof64);
	size_t length = strlen(text);
	if (flip)
		text[(flip / 8) % length] ^= (char)(1 << flip % 8);
	enum scram_status status = scram_final(scram, text, length, out);
	if (flip ? status == SCRAM_OK : status != SCRAM_OK)
		broken(flip ? "a changed message was accepted" : "the right proof was not accepted");
}

static void check_exchange(const uint8_t *data, size_t size, bool cheat)
{
	struct scram scram;
	struct scram_secret secret = secret_of();
	const char *first = (const char *)data + 4;
	size_t left = size - 4, length = data[3] < left ? data[3] : left;
	bool plus = data[0] & 1;
	scram_init(&scram, &secret, binding, plus ? sizeof binding : 0);
	const char *mechanism = plus && length > 0 && *first == 'p' ? "SCRAM-SHA-256-PLUS" : "SCRAM-SHA-256";
	char *exact = malloc(length + 1);
	memcpy(exact, first, length);
	enum scram_status status = scram_first_with(&scram, mechanism, exact, length, nonce);
	exact[length] = 0;
	if (status == SCRAM_OK) {
		const char *bare = exact + strlen(scram.gs2);
		if (strstr(scram.nonce, nonce) == NULL || strncmp(scram.server_first, "r=", 2) != 0)
			broken("an answer without our nonce");
		if (cheat)
			answer(&scram, bare, (unsigned)data[1] << 8 | data[2]);
		else
			check_final(&scram, bare, first + length, left - length);
	} else if (!scram.error) {
		broken("no reason for a refusal");
	}
	free(exact);
}

static void check_verifier(const uint8_t *data, size_t size)
{
	struct scram_secret secret, again;
	char *text = malloc(size + 1), salt64[128], stored64[64], server64[64], printed[512];
	memcpy(text, data, size);
	text[size] = 0;
	if (scram_secret_parse(text, &secret)) {
		EVP_EncodeBlock((uint8_t *)salt64, secret.salt, (int)secret.salt_length);
		EVP_EncodeBlock((uint8_t *)stored64, secret.stored_key, SCRAM_KEY);
		EVP_EncodeBlock((uint8_t *)server64, secret.server_key, SCRAM_KEY);
		snprintf(printed, sizeof printed, "SCRAM-SHA-256$%u:%s$%s:%s", secret.iterations, salt64, stored64,
				 server64);
		if (!scram_secret_parse(printed, &again) || memcmp(&secret, &again, sizeof secret) != 0)
			broken("a verifier that does not come back");
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 4 || size > 4096)
		return 0;
	if (data[0] & 4)
		check_verifier(data + 1, size - 1);
	else
		check_exchange(data, size, data[0] & 2);
	return 0;
}
