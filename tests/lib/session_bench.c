/* See session_bench.h. */
#include "tests/lib/session_bench.h"

#include <stdlib.h>
#include <string.h>

#include "proxy/wire/message.h"
#include "tests/lib/catalog_text.h"

static const struct user user_list[] = {
	{.name = "app", .secret = "secret", .right = RIGHT_CHOOSE},
	{.name = "bound", .secret = "secret", .right = RIGHT_BOUND, .tenant = "2"},
	{.name = "admin", .secret = "secret", .right = RIGHT_BYPASS},
};
static const struct users users = {.n = sizeof user_list / sizeof *user_list, .list = user_list};

void session_bench_begin(struct session_bench *bench, bool local)
{
	static struct catalog *shop;
	static struct verdict_cache *cache; /* as a worker's: sessions come and go */
	log_set_level((enum log_level) - 1);
	if (!shop)
		shop = catalog_text_shop(1);
	if (!cache)
		cache = verdict_cache_new(1 << 22, 42);
	policy_defaults(&bench->policy);
	bench->policy.id = 1;
	bench->settings = (struct session_settings){.policy = &bench->policy,
												.users = &users,
												.database = "shop",
												.default_tenant = "1",
												.tls_available = !local,
												.output_high_water = 4096,
												.output_low_water = 1024,
												.message_limit = 100000};
	bench->catalog = catalog_ref(shop);
	bench->cache = cache;
	struct session_new_arguments arguments = {.id = 1,
											  .settings = &bench->settings,
											  .catalog = bench->catalog,
											  .cache = bench->cache,
											  .local = local,
											  .trusted = local,
											  .peer = "fuzz",
											  .now = 1000};
	bench->session = session_new(&arguments);
}

void session_bench_end(struct session_bench *bench)
{
	session_free(bench->session);
	catalog_unref(bench->catalog);
}

static void open_server(struct session *session)
{
	static const struct session_parameter status[] = {{"server_version", "15.4"},
													  {"standard_conforming_strings", "on"}};
	struct session_server server = {.process_id = 4711, .n_parameters = 2, .parameters = status};
	memcpy(server.cancel_key, "0123456789abcdef0123456789abcdef", 32);
	server.cancel_key_length = 32;
	session_server_opened(session, &server);
}

void session_bench_answer(struct session_bench *bench)
{
	struct session *session = bench->session;
	unsigned wants = session_wants(session);
	if (wants & SESSION_WANT_TLS) {
		session_tls_binding(session, (const uint8_t *)"0123456789abcdef0123456789abcdef", 32);
		session_tls_started(session);
	}
	if (wants & SESSION_WANT_SERVER)
		open_server(session);
	if (wants & SESSION_WANT_CATALOG)
		session_catalog(session, bench->catalog);
	if (wants & SESSION_WANT_VERDICT)
		session_verdict(session, guard(session_verdict_request(session)));
	if (wants & SESSION_WANT_INTERRUPT)
		session_interrupted(session);
}

void session_bench_receive(struct session_bench *bench, enum side side, const char *bytes, size_t length)
{
	char *copy = malloc(length ? length : 1);
	memcpy(copy, bytes, length);
	session_receive(bench->session, side, copy, length);
	free(copy);
}

void session_bench_start(struct session_bench *bench, const char *user)
{
	struct buffer packet, *out = session_output(bench->session, SIDE_CLIENT);
	buffer_init(&packet, 1024);
	size_t begun = buffer_message_begin(&packet, 0);
	buffer_add_u32(&packet, 3 << 16);
	buffer_add_string(&packet, "user");
	buffer_add_string(&packet, user);
	buffer_add_u8(&packet, 0);
	buffer_message_end(&packet, begun);
	session_bench_receive(bench, SIDE_CLIENT, buffer_head(&packet), buffer_pending(&packet));
	buffer_free(&packet);
	session_bench_answer(bench);
	buffer_consume(out, buffer_pending(out));
}
