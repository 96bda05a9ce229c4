/* What comes before ReadyForQuery: nobody is let in without a password where one is needed, what the server is opened
 * with has passed the policy for settings, and bytes one by one lead to where the whole leads.
 *
 * Byte 0: bit 0 a Unix-domain socket, bit 1 TLS has begun before the first byte. The rest is what the client sends. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "parser/settings_policy.h"
#include "proxy/wire/message.h"
#include "tests/lib/session_bench.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static _Noreturn void broken(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

struct end {
	unsigned wants;
	bool authenticated;
	size_t to_client, to_server;
	char tenant[64];
};

static void check_parameters(const struct session_bench *bench)
{
	const struct session_parameter *list;
	size_t n = session_server_parameters(bench->session, &list);
	enum right right = session_user(bench->session)->right;
	for (size_t i = 0; i < n; i++) {
		struct refusal refusal;
		bool tenant = strcasecmp(list[i].name, bench->policy.tenant_setting) == 0;
		if (strcasecmp(list[i].name, "replication") == 0 && strcmp(list[i].name, "replication") == 0)
			broken("a replication connection");
		if (!tenant && !setting_policy(&bench->policy, right, list[i].name, list[i].value, &refusal))
			broken("a setting that the policy refuses");
		if (tenant && right == RIGHT_BOUND &&
			strcmp(list[i].value, session_user(bench->session)->tenant) != 0)
			broken("another tenant for a bound user");
	}
}

static struct end run(const uint8_t *data, size_t size, size_t piece)
{
	struct session_bench bench;
	session_bench_begin(&bench, data[0] & 1);
	struct session *session = bench.session;
	if (data[0] & 2)
		session_tls_started(session);
	for (size_t at = 1; at < size;) {
		size_t n = piece && piece < size - at ? piece : size - at;
		/* As the host does: what is not read waits. */
		if (session_wants(session) & SESSION_WANT_SERVER)
			check_parameters(&bench);
		session_bench_answer(&bench);
		session_bench_receive(&bench, SIDE_CLIENT, (const char *)data + at, n);
		at += n;
	}
	if (session_wants(session) & SESSION_WANT_SERVER)
		check_parameters(&bench);
	struct end end = {.wants = session_wants(session),
					  .authenticated = session_authenticated(session),
					  .to_client = buffer_pending(session_output(session, SIDE_CLIENT)),
					  .to_server = buffer_pending(session_output(session, SIDE_SERVER))};
	if (end.authenticated && !(data[0] & 1))
		broken("somebody came in without a password");
	if (end.to_client > 1 << 16 || end.to_server > 1 << 17)
		broken("too much is kept for a client that has not logged in");
	session_bench_end(&bench);
	return end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > 30000)
		return 0;
	struct end whole = run(data, size, 0), bytes = run(data, size, 1);
	/* Plain text behind SSLRequest is an error only if it is there before the handshake. */
	bool ssl = memmem(data, size, "\x04\xd2\x16\x2f", 4) != NULL;
	if (!ssl && whole.authenticated != bytes.authenticated)
		broken("bytes one by one lead elsewhere");
	return 0;
}
