/* Bind: whatever its body, either the server gets a message that it refuses, or an error to raise, or it gets the client's own
 * parameters, formats and names unchanged with the tenant's value, in text, as one parameter more.
 *
 * Byte 0 chooses the statement, the rest is the body. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/wire/fault.h"
#include "proxy/wire/message.h"
#include "tests/lib/session_bench.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static _Noreturn void broken(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

static const struct statement_under_test {
	const char *text;
	unsigned parameters;
	bool guarded, own_tenant; /* own_tenant: $2 is the tenant's column, written by the client .. */
	bool or_null;             /* .. where NULL is the session's */
} statements[] = {
	{"select id from orders", 0, true, false, false},
	{"select id from orders where total > $1", 1, true, false, false},
	{"insert into settings (key, value) values ($1, $2)", 2, true, false, false},
	{"insert into settings (key, tenant_id) values ($1, $2)", 2, true, true, true},
	{"select $1, $2, $3", 3, false, false, false},
	{"update settings set tenant_id = $2 where key = $1", 2, true, true, false},
};

static void prepare(struct session_bench *bench, const char *text)
{
	struct buffer message, *out = session_output(bench->session, SIDE_SERVER);
	buffer_init(&message, 4096);
	wire_add_parse(&message, "s", text);
	wire_add_parse(&message, "", text);
	session_bench_receive(bench, SIDE_CLIENT, buffer_head(&message), buffer_pending(&message));
	buffer_free(&message);
	buffer_consume(out, buffer_pending(out));
	session_bench_receive(bench, SIDE_SERVER,
						  "1\0\0\0\4"
						  "1\0\0\0\4",
						  10);
}

static const char faulty[] = "tenantry: malformed"; /* the portal of malformed.c */

static bool same(const char *a, size_t n, const char *b, size_t m)
{
	return n == m && (n == 0 || memcmp(a, b, n) == 0);
}

/* The tenant was compared with what the client sent itself. */
static void check_own(const struct wire_bind *bind, bool or_null)
{
	int32_t length;
	if (bind->n_values < 2)
		return;
	const char *value = wire_bind_value(bind, 1, &length);
	if (length < 0 && or_null)
		return;
	if (length < 0)
		broken("NULL was let through as the tenant");
	char text[64];
	if (wire_bind_format(bind, 1) == 0) {
		if (length >= (int)sizeof text)
			broken("a long text was let through as the tenant");
		memcpy(text, value, (size_t)length);
		text[length] = 0;
		if (atoi(text) != 1)
			broken("another tenant was let through, in text");
	} else if (length != 4 || wire_get_u32(value) != 1) {
		broken("another tenant was let through, in binary");
	}
}

static void check_guarded(const struct wire_bind *client, const struct wire_bind *server, unsigned parameters)
{
	int32_t length;
	if (client->n_values != parameters || server->n_values != parameters + 1)
		broken("a number of parameters that does not fit");
	const char *value = wire_bind_value(server, parameters, &length);
	if (length != 1 || *value != '1' || wire_bind_format(server, parameters) != 0)
		broken("the tenant's parameter is not the tenant");
	size_t n = (size_t)(client->values_end - client->values);
	if ((size_t)(server->values_end - server->values) != n + 5 ||
		(n && memcmp(client->values, server->values, n) != 0))
		broken("the client's values have changed");
	for (unsigned i = 0; i < parameters; i++)
		if (wire_bind_format(client, i) != wire_bind_format(server, i))
			broken("a format has changed");
	if (!same(client->results, client->results_length, server->results, server->results_length) ||
		strcmp(client->portal, server->portal) != 0 || strcmp(client->statement, server->statement) != 0)
		broken("names or formats of results have changed");
}

/* In the place of a malformed one: a message that every server refuses, and that binds nothing of the
 * client's. */
static void check_malformed(const struct wire_message *message, size_t n)
{
	if (n != WIRE_HEADER + message->length)
		broken("more than one message for a malformed one");
	if (wire_fault(message) == WIRE_FAULT_NONE)
		broken("a sound message for a malformed one");
	if (message->type == 'B' && strcmp(message->body, faulty) != 0)
		broken("a portal of the client's is bound by a malformed message");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct session_bench bench;
	struct wire_bind client, server;
	struct wire_message message;
	if (size < 1 || size > 1 << 15)
		return 0;
	const struct statement_under_test *statement =
		&statements[data[0] % (sizeof statements / sizeof *statements)];
	const char *body = (const char *)data + 1;
	size_t length = size - 1;
	session_bench_begin(&bench, true);
	session_bench_start(&bench, "app");
	prepare(&bench, statement->text);
	struct buffer sent, *out = session_output(bench.session, SIDE_SERVER);
	buffer_init(&sent, 1 << 20);
	wire_add_header(&sent, 'B', length);
	buffer_add(&sent, body, length);
	session_bench_receive(&bench, SIDE_CLIENT, buffer_head(&sent), buffer_pending(&sent));
	buffer_free(&sent);
	bool good = wire_bind_decode(body, length, &client);
	size_t n = buffer_pending(out);
	if (n < WIRE_HEADER || wire_header(buffer_head(out), n, WIRE_LARGE, &message) != WIRE_OK)
		broken("nothing was sent");
	/* A client may send the very message that malformed.c sends. */
	bool ours = message.length >= sizeof faulty && memcmp(message.body, faulty, sizeof faulty) == 0;
	if (!good && (message.type == 'E' || ours || !same(message.body, message.length, body, length)) &&
		message.type != 'C') {
		check_malformed(&message, n);
	} else if (message.type == 'B') {
		if (n != WIRE_HEADER + message.length || !wire_bind_decode(message.body, message.length, &server))
			broken("an invalid Bind was sent");
		/* Long ones stream past unread if they need nothing. */
		if (good && statement->guarded)
			check_guarded(&client, &server, statement->parameters);
		else if (statement->guarded || !same(message.body, message.length, body, length))
			broken("a Bind that was not the client's");
		if (statement->own_tenant && good)
			check_own(&client, statement->or_null);
	} else if (message.type != 'C') {
		broken("neither a Bind nor a refusal");
	}
	session_bench_end(&bench);
	return 0;
}
