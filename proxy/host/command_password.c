/* tenantry password: a SCRAM-SHA-256 verifier as PostgreSQL stores it (RFC 5802, RFC 7677;
 * src/common/scram-common.c). */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "proxy/host/commands.h"

enum { ITERATIONS = 4096, SALT = 16, DIGEST = 32, PASSWORD_MAX = 1024 };

/* One line without echo. False: end of input, or too long. */
static bool read_password(const char *prompt, char *password, size_t size)
{
	struct termios before, silent;
	bool terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0;
	if (terminal) {
		silent = before;
		silent.c_lflag &= ~(tcflag_t)ECHO;
		fputs(prompt, stderr);
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	}
	char *line = fgets(password, (int)size, stdin);
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
		fputc('\n', stderr);
	}
	if (!line || (!strchr(password, '\n') && strlen(password) + 1 == size))
		return false;
	password[strcspn(password, "\r\n")] = 0;
	return true;
}

static bool is_plain(const char *password)
{
	for (const char *p = password; *p; p++)
		if ((unsigned char)*p < ' ' || (unsigned char)*p >= 0x7f)
			return false;
	return *password != 0;
}

static bool hmac(const unsigned char *key, const char *text, unsigned char *digest)
{
	unsigned length = DIGEST;
	return HMAC(EVP_sha256(), key, DIGEST, (const unsigned char *)text, strlen(text), digest, &length) !=
		   NULL;
}

static bool print_verifier(const char *password)
{
	unsigned char salt[SALT], salted[DIGEST], client[DIGEST], stored[DIGEST], server[DIGEST];
	unsigned char salt_text[32], stored_text[64], server_text[64];
	unsigned length = DIGEST;
	if (RAND_bytes(salt, SALT) != 1 ||
		PKCS5_PBKDF2_HMAC(password, (int)strlen(password), salt, SALT, ITERATIONS, EVP_sha256(), DIGEST,
						  salted) != 1 ||
		!hmac(salted, "Client Key", client) || !hmac(salted, "Server Key", server) ||
		EVP_Digest(client, DIGEST, stored, &length, EVP_sha256(), NULL) != 1)
		return false;
	EVP_EncodeBlock(salt_text, salt, SALT);
	EVP_EncodeBlock(stored_text, stored, DIGEST);
	EVP_EncodeBlock(server_text, server, DIGEST);
	printf("SCRAM-SHA-256$%d:%s$%s:%s\n", ITERATIONS, salt_text, stored_text, server_text);
	return true;
}

int command_password(void)
{
	char password[PASSWORD_MAX], again[PASSWORD_MAX];
	bool terminal = isatty(STDIN_FILENO);
	if (!read_password("Password: ", password, sizeof password)) {
		fputs("tenantry: no password was given\n", stderr);
		return 1;
	}
	/* Clients normalise other characters with SASLprep, which OpenSSL does not have. */
	if (!is_plain(password)) {
		fputs("tenantry: only passwords of printable ASCII characters can be made into a verifier here\n"
			  "HINT: For others, set the password in PostgreSQL (psql: \\password) and copy rolpassword from "
			  "pg_authid.\n",
			  stderr);
		return 1;
	}
	if (terminal && (!read_password("Again: ", again, sizeof again) || strcmp(password, again) != 0)) {
		fputs("tenantry: the two are not the same\n", stderr);
		return 1;
	}
	return print_verifier(password) ? 0 : 1;
}
