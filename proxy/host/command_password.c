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
#include "proxy/session/scram.h"

enum { PASSWORD_MAX = 1024 };

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

int command_password(void)
{
	char verifier[SCRAM_VERIFIER_MAX], password[PASSWORD_MAX], again[PASSWORD_MAX];
	bool terminal = isatty(STDIN_FILENO);
	if (!read_password("Password: ", password, sizeof password)) {
		fputs("tenantry: no password was given\n", stderr);
		return 1;
	}
	if (terminal && (!read_password("Again: ", again, sizeof again) || strcmp(password, again) != 0)) {
		fputs("tenantry: the two are not the same\n", stderr);
		return 1;
	}
	if (!*password || !scram_verifier_make(password, verifier)) {
		fputs("tenantry: no verifier can be made of that password\n", stderr);
		return 1;
	}
	puts(verifier);
	return 0;
}
