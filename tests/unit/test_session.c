/* proxy/session as a whole: logins with SCRAM, garbage from either side, streaming, back-pressure, name maps,
 * state. Exchanges message by message are in tests/protocol. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/session/md5.h"
#include "proxy/session/name_map.h"
#include "proxy/session/scram.h"
#include "proxy/session/session.h"
#include "proxy/session/state.h"
#include "proxy/wire/message.h"
#include "tests/lib/catalog_text.h"

static char verifier[SCRAM_VERIFIER_MAX];
static struct user user_list[] = {
	{.name = "app", .secret = "secret", .right = RIGHT_CHOOSE},
	{.name = "bound", .secret = verifier, .right = RIGHT_BOUND, .tenant = "2"},
	{.name = "nologin", .right = RIGHT_CHOOSE},
	{.name = "old", .secret = "md57cb133e596658708079ed4cfaaf64462", .md5 = true, .right = RIGHT_CHOOSE},
};
static const struct users users = {.n = sizeof user_list / sizeof *user_list, .list = user_list};

struct bench {
	struct policy policy;
	struct session_settings settings;
	struct catalog *catalog;
	struct verdict_cache *cache;
	struct session *session;
};

static void bench_begin(struct bench *bench, bool trust)
{
	policy_defaults(&bench->policy);
	bench->policy.id = 1;
	bench->settings = (struct session_settings){.policy = &bench->policy,
												.users = &users,
												.database = "shop",
												.default_tenant = "1",
												.output_high_water = 65536,
												.output_low_water = 16384,
												.message_limit = 1 << 20};
	bench->catalog = catalog_text_shop(1);
	bench->cache = verdict_cache_new(1 << 20, 1);
	struct session_new_arguments arguments = {.id = 1,
											  .settings = &bench->settings,
											  .catalog = bench->catalog,
											  .cache = bench->cache,
											  .local = trust,
											  .trusted = trust,
											  .peer = "test",
											  .now = 1};
	bench->session = session_new(&arguments);
}

static void bench_end(struct bench *bench)
{
	session_free(bench->session);
	verdict_cache_free(bench->cache);
	catalog_unref(bench->catalog);
}

static void send(struct bench *bench, enum side side, const void *bytes, size_t n)
{
	char *copy = malloc(n ? n : 1);
	memcpy(copy, bytes, n);
	session_receive(bench->session, side, copy, n);
	free(copy);
}

static void startup(struct bench *bench, const char *user)
{
	struct buffer packet;
	buffer_init(&packet, 10000);
	size_t begun = buffer_message_begin(&packet, 0);
	buffer_add_u32(&packet, 3 << 16);
	buffer_add_string(&packet, "user");
	buffer_add_string(&packet, user);
	buffer_add_u8(&packet, 0);
	buffer_message_end(&packet, begun);
	send(bench, SIDE_CLIENT, buffer_head(&packet), buffer_pending(&packet));
	buffer_free(&packet);
}

static void opened(struct bench *bench)
{
	static const struct session_parameter status[] = {{"standard_conforming_strings", "on"}};
	struct session_server server = {
		.process_id = 77, .n_parameters = 1, .parameters = status, .cancel_key_length = 32};
	memset(server.cancel_key, 9, 32);
	assert_true(session_wants(bench->session) & SESSION_WANT_SERVER);
	session_server_opened(bench->session, &server);
}

static void bench_running(struct bench *bench)
{
	bench_begin(bench, true);
	startup(bench, "app");
	opened(bench);
	struct buffer *out = session_output(bench->session, SIDE_CLIENT);
	buffer_consume(out, buffer_pending(out));
}

static void query(struct bench *bench, const char *text)
{
	struct buffer message;
	buffer_init(&message, SIZE_MAX / 4);
	wire_add_text(&message, 'Q', text);
	send(bench, SIDE_CLIENT, buffer_head(&message), buffer_pending(&message));
	buffer_free(&message);
}

static void drop_output(struct bench *bench, enum side side)
{
	struct buffer *out = session_output(bench->session, side);
	buffer_consume(out, buffer_pending(out));
	session_written(bench->session, side);
}

/* --- SCRAM through the session --- */
static void mac(const uint8_t *key, const char *text, uint8_t out[32])
{
	unsigned n = 32;
	HMAC(EVP_sha256(), key, 32, (const uint8_t *)text, strlen(text), out, &n);
}

static void sasl(struct bench *bench, const char *mechanism, const char *data)
{
	struct buffer message;
	buffer_init(&message, 10000);
	size_t begun = buffer_message_begin(&message, 'p');
	if (mechanism) {
		buffer_add_string(&message, mechanism);
		buffer_add_u32(&message, (uint32_t)strlen(data));
	}
	buffer_add(&message, data, strlen(data));
	buffer_message_end(&message, begun);
	send(bench, SIDE_CLIENT, buffer_head(&message), buffer_pending(&message));
	buffer_free(&message);
}

/* Takes one message out of the client's output; its body as text. */
static char next_message(struct bench *bench, char *body, size_t room)
{
	struct buffer *out = session_output(bench->session, SIDE_CLIENT);
	struct wire_message message = {0};
	assert_int_equal(wire_header(buffer_head(out), buffer_pending(out), room - 1, &message), WIRE_OK);
	memcpy(body, message.body, message.length);
	body[message.length] = 0;
	char type = message.type;
	buffer_consume(out, WIRE_HEADER + message.length);
	return type;
}

static void log_in(struct bench *bench, const char *user, const char *password)
{
	char body[2000], nonce[400], salt64[100], without[700], auth[3000], proof[64], final[900];
	uint8_t salt[128], salted[32], key[32], stored[32], signature[32];
	unsigned iterations, n = 32;
	startup(bench, user);
	assert_int_equal(next_message(bench, body, sizeof body), 'R');
	assert_string_equal(body + 4, "SCRAM-SHA-256");
	sasl(bench, "SCRAM-SHA-256", "n,,n=,r=clientnonce");
	assert_int_equal(next_message(bench, body, sizeof body), 'R');
	assert_int_equal(sscanf(body + 4, "r=%399[^,],s=%99[^,],i=%u", nonce, salt64, &iterations), 3);
	size_t length = strlen(salt64);
	int salt_length = EVP_DecodeBlock(salt, (unsigned char *)salt64, (int)length);
	salt_length -= (salt64[length - 1] == '=') + (salt64[length - 2] == '=');
	PKCS5_PBKDF2_HMAC(password, -1, salt, salt_length, (int)iterations, EVP_sha256(), 32, salted);
	mac(salted, "Client Key", key);
	EVP_Digest(key, 32, stored, &n, EVP_sha256(), NULL);
	snprintf(without, sizeof without, "c=biws,r=%s", nonce);
	snprintf(auth, sizeof auth, "n=,r=clientnonce,%s,%s", body + 4, without);
	mac(stored, auth, signature);
	for (int i = 0; i < 32; i++)
		key[i] ^= signature[i];
	EVP_EncodeBlock((unsigned char *)proof, key, 32);
	snprintf(final, sizeof final, "%s,p=%s", without, proof);
	sasl(bench, NULL, final);
}

static void test_login(void **state)
{
	static const struct {
		const char *user, *password;
		bool in;
	} cases[] = {
		{"app", "secret", true}, {"app.3", "secret", true},  {"bound", "pass", true},
		{"app", "wrong", false}, {"bound", "secret", false}, {"nobody", "secret", false},
		{"nologin", "", false},
	};
	assert_true(scram_verifier_make("pass", verifier));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct bench bench;
		char body[2000];
		bench_begin(&bench, false);
		log_in(&bench, cases[i].user, cases[i].password);
		assert_int_equal(next_message(&bench, body, sizeof body), cases[i].in ? 'R' : 'E');
		assert_int_equal(session_authenticated(bench.session), cases[i].in);
		assert_int_equal(session_wants(bench.session),
						 cases[i].in ? SESSION_WANT_SERVER : SESSION_WANT_CLOSE);
		if (!cases[i].in)
			assert_string_equal(body + 2 * sizeof "SFATAL", "C28P01");
		bench_end(&bench);
	}
}

static void password(struct bench *bench, const char *answer, size_t length)
{
	struct buffer message;
	buffer_init(&message, 10000);
	wire_add_header(&message, 'p', length);
	buffer_add(&message, answer, length);
	send(bench, SIDE_CLIENT, buffer_head(&message), buffer_pending(&message));
	buffer_free(&message);
}

/* What a driver that knows the password answers. */
static void md5_answer(const char *secret, const char *salt, char *answer)
{
	char hex_and_salt[32 + MD5_SALT], digest[EVP_MAX_MD_SIZE];
	unsigned n;
	memcpy(hex_and_salt, secret + 3, 32);
	memcpy(hex_and_salt + 32, salt, MD5_SALT);
	EVP_Digest(hex_and_salt, sizeof hex_and_salt, (unsigned char *)digest, &n, EVP_md5(), NULL);
	strcpy(answer, "md5");
	for (unsigned i = 0; i < n; i++)
		sprintf(answer + 3 + 2 * i, "%02x", (unsigned char)digest[i]);
}

/* Only who asks for it gets it, and with a new salt each time. */
static void test_md5(void **state)
{
	static const struct {
		const char *password;
		size_t length; /* of the answer, 0: whole with its zero */
		const char *sqlstate;
	} cases[] = {
		{"secret", 0, NULL}, {"wrong", 0, "C28P01"}, {"secret", 35, "C08P01"}, {"secret", 20, "C08P01"}};
	char secret[MD5_SECRET_SIZE], answer[64], body[2000], salts[2][MD5_SALT];
	assert_true(md5_secret_make("secret", "old", secret));
	assert_string_equal(secret, user_list[3].secret);
	assert_true(md5_is_secret(secret));
	assert_false(md5_is_secret("md5"));
	assert_false(md5_is_secret("md57CB133E596658708079ED4CFAAF64462"));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct bench bench;
		bench_begin(&bench, false);
		startup(&bench, "old");
		assert_int_equal(next_message(&bench, body, sizeof body), 'R');
		assert_int_equal(wire_get_u32(body), 5);
		memcpy(salts[i % 2], body + 4, MD5_SALT);
		assert_true(i == 0 || memcmp(salts[0], salts[1], MD5_SALT) != 0);
		assert_true(md5_secret_make(cases[i].password, "old", secret));
		md5_answer(secret, body + 4, answer);
		password(&bench, answer, cases[i].length ? cases[i].length : strlen(answer) + 1);
		assert_int_equal(next_message(&bench, body, sizeof body), cases[i].sqlstate ? 'E' : 'R');
		assert_int_equal(session_authenticated(bench.session), cases[i].sqlstate == NULL);
		if (cases[i].sqlstate)
			assert_string_equal(body + 2 * sizeof "SFATAL", cases[i].sqlstate);
		bench_end(&bench);
	}
	static const char *const others[] = {"app", "nobody", "nologin", "bound"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		struct bench bench;
		bench_begin(&bench, false);
		startup(&bench, others[i]);
		next_message(&bench, body, sizeof body);
		assert_int_equal(wire_get_u32(body), 10);
		bench_end(&bench);
	}
}

/* The same message of the server's, whoever is asked for. */
static void test_no_enumeration(void **state)
{
	static const char *const names[] = {"app", "nobody", "nologin", "bound"};
	size_t lengths[4];
	for (size_t i = 0; i < 4; i++) {
		struct bench bench;
		char body[2000];
		bench_begin(&bench, false);
		startup(&bench, names[i]);
		next_message(&bench, body, sizeof body);
		sasl(&bench, "SCRAM-SHA-256", "n,,n=,r=x");
		next_message(&bench, body, sizeof body);
		lengths[i] = strlen(body + 4);
		bench_end(&bench);
	}
	assert_int_equal(lengths[0], lengths[1]);
	assert_int_equal(lengths[0], lengths[2]);
	assert_int_equal(lengths[0], lengths[3]);
}

/* --- bytes behind SSLRequest in one packet --- */
static void test_smuggled_plain_text(void **state)
{
	struct bench bench;
	char body[500];
	bench_begin(&bench, false);
	bench.settings.tls_available = true;
	send(&bench, SIDE_CLIENT, "\0\0\0\10\4\322\26\57\0\0\0\10", 12);
	assert_int_equal(next_message(&bench, body, sizeof body), 'E');
	assert_int_equal(session_wants(bench.session), SESSION_WANT_CLOSE);
	bench_end(&bench);
}

/* --- garbage --- */
static uint32_t seed = 1;
static unsigned random_below(unsigned n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

static size_t random_message(char *out, const char *types)
{
	static const char *const bodies[] = {"",
										 "\0",
										 "I",
										 "SELECT 1\0",
										 "\0\1\0\0\0\1x",
										 "s\0select 1\0\0\0",
										 "\0s\0\0\0\0\0\0\0",
										 "Ss\0",
										 "SERROR\0C42601\0MX\0P3\0\0",
										 "\0\0\2\0\0\0\0",
										 "x\0y\0",
										 "\0\0\0\0\0"};
	static const unsigned char lengths[] = {0, 1, 1, 9, 7, 13, 9, 3, 21, 7, 4, 5};
	unsigned i = random_below(sizeof lengths);
	size_t n = lengths[i];
	out[0] = types[random_below((unsigned)strlen(types))];
	if (out[0] == 'Z')
		i = 2, n = 1;
	wire_put_u32(out + 1, (uint32_t)(n + 4 + (random_below(60) == 0)));
	memcpy(out + 5, bodies[i], n);
	return n + 5;
}

/* Whatever either side says in whatever order: the session goes on or ends, and what it sends stays whole
 * messages. */
static void test_garbage(void **state)
{
	unsigned ended = 0;
	log_set_level((enum log_level) - 1);
	for (unsigned round = 0; round < 3000; round++) {
		struct bench bench;
		char message[100];
		bench_running(&bench);
		for (unsigned i = 0; i < 40; i++) {
			enum side side = random_below(2) ? SIDE_CLIENT : SIDE_SERVER;
			size_t n =
				random_message(message, side == SIDE_CLIENT ? "QPBDECSHFXdcf" : "123CDEGHIKNRSTVWZAcdnst");
			if (random_below(3) == 0) {
				size_t cut = random_below((unsigned)n + 1);
				send(&bench, side, message, cut);
				send(&bench, side, message + cut, n - cut);
			} else {
				send(&bench, side, message, n);
			}
			if (session_wants(bench.session) & SESSION_WANT_CATALOG)
				session_catalog(bench.session, bench.catalog);
		}
		ended += (session_wants(bench.session) & SESSION_WANT_CLOSE) != 0;
		bench_end(&bench);
	}
	log_set_level(LOG_LEVEL_INFO);
	assert_true(ended > 1000);
}

/* --- streaming: large bodies are never kept --- */
static void test_streaming(void **state)
{
	struct bench bench;
	static char piece[65536];
	char header[5] = {'D'};
	bench_running(&bench);
	query(&bench, "select 1");
	drop_output(&bench, SIDE_SERVER);
	/* A row of 300 MB. */
	size_t left = 300u << 20;
	wire_put_u32(header + 1, (uint32_t)(left + 4));
	send(&bench, SIDE_SERVER, header, 5);
	uint64_t passed = buffer_pending(session_output(bench.session, SIDE_CLIENT));
	drop_output(&bench, SIDE_CLIENT);
	while (left > 0) {
		size_t n = left < sizeof piece ? left : sizeof piece;
		session_receive(bench.session, SIDE_SERVER, piece, n);
		left -= n;
		passed += buffer_pending(session_output(bench.session, SIDE_CLIENT));
		drop_output(&bench, SIDE_CLIENT);
	}
	assert_int_equal(passed, (300u << 20) + 5);
	assert_true(session_output(bench.session, SIDE_CLIENT)->room <= 4 * sizeof piece);
	send(&bench, SIDE_SERVER, "C\0\0\0\15SELECT 1\0Z\0\0\0\5I", 20);
	assert_int_equal(buffer_pending(session_output(bench.session, SIDE_CLIENT)), 20);
	assert_int_equal(session_wants(bench.session), 0);
	bench_end(&bench);
}

/* What comes with one read goes on with one send, however many messages it is. */
static void test_batches(void **state)
{
	struct bench bench;
	struct buffer replies;
	bench_running(&bench);
	query(&bench, "select 1");
	struct buffer *out = session_output(bench.session, SIDE_SERVER);
	assert_int_equal(session_wants(bench.session), 0);
	assert_int_equal(buffer_pending(out), 14);
	drop_output(&bench, SIDE_SERVER);
	buffer_init(&replies, SIZE_MAX / 4);
	for (int i = 0; i < 500; i++)
		buffer_add(&replies, "D\0\0\0\13\0\1\0\0\0\1x", 12);
	buffer_add(&replies, "C\0\0\0\15SELECT 1\0Z\0\0\0\5I", 20);
	send(&bench, SIDE_SERVER, buffer_head(&replies), buffer_pending(&replies));
	out = session_output(bench.session, SIDE_CLIENT);
	assert_int_equal(buffer_pending(out), buffer_pending(&replies));
	assert_memory_equal(buffer_head(out), buffer_head(&replies), buffer_pending(out));
	assert_int_equal(session_wants(bench.session), 0);
	buffer_free(&replies);
	bench_end(&bench);
}

static void test_streamed_bind(void **state)
{
	struct bench bench;
	static char piece[65536];
	struct buffer head;
	bench_running(&bench);
	buffer_init(&head, 10000);
	wire_add_parse(&head, "s", "select $1::bytea");
	send(&bench, SIDE_CLIENT, buffer_head(&head), buffer_pending(&head));
	drop_output(&bench, SIDE_SERVER);
	buffer_free(&head);
	size_t value = 50u << 20, left = value + 2;
	wire_add_header(&head, 'B', 1 + 2 + 2 + 2 + 4 + value + 2);
	buffer_add(&head, "\0s\0\0\0\0\1", 7);
	buffer_add_u32(&head, (uint32_t)value);
	size_t first = buffer_pending(&head);
	send(&bench, SIDE_CLIENT, buffer_head(&head), first);
	buffer_free(&head);
	while (left > 0) {
		size_t n = left < sizeof piece ? left : sizeof piece;
		session_receive(bench.session, SIDE_CLIENT, piece, n);
		left -= n;
		first += n;
		assert_true(session_output(bench.session, SIDE_SERVER)->room <= 4 * sizeof piece);
		drop_output(&bench, SIDE_SERVER);
	}
	assert_int_equal(session_wants(bench.session), 0);
	send(&bench, SIDE_CLIENT, "S\0\0\0\4", 5);
	assert_int_equal(buffer_pending(session_output(bench.session, SIDE_SERVER)), 5);
	bench_end(&bench);
}

static void test_back_pressure(void **state)
{
	struct bench bench;
	static char row[40000] = {'D'};
	bench_running(&bench);
	query(&bench, "select 1");
	wire_put_u32(row + 1, sizeof row - 1);
	assert_true(session_reading(bench.session, SIDE_SERVER));
	send(&bench, SIDE_SERVER, row, sizeof row);
	assert_true(session_reading(bench.session, SIDE_SERVER));
	send(&bench, SIDE_SERVER, row, sizeof row);
	assert_false(session_reading(bench.session, SIDE_SERVER));
	assert_true(session_reading(bench.session, SIDE_CLIENT));
	struct buffer *out = session_output(bench.session, SIDE_CLIENT);
	buffer_consume(out, 30000);
	session_written(bench.session, SIDE_CLIENT);
	assert_false(session_reading(bench.session, SIDE_SERVER));
	buffer_consume(out, 40000);
	session_written(bench.session, SIDE_CLIENT);
	assert_true(session_reading(bench.session, SIDE_SERVER));
	bench_end(&bench);
}

static void test_cancel_keys(void **state)
{
	struct bench bench;
	uint8_t key[32];
	memset(key, 9, sizeof key);
	bench_running(&bench);
	struct session_cancel request = {.process_id = 77, .key = key, .key_length = 4};
	assert_true(session_cancel_matches(bench.session, &request));
	request.key_length = 32;
	assert_false(session_cancel_matches(bench.session, &request));
	request.key_length = 4;
	key[3]++;
	assert_false(session_cancel_matches(bench.session, &request));
	key[3]--;
	request.process_id++;
	assert_false(session_cancel_matches(bench.session, &request));
	bench_end(&bench);
}

/* --- a message beyond the limit is dropped, and refused when its last byte has come --- */
static void test_too_long_a_statement(void **state)
{
	struct bench bench;
	bench_running(&bench);
	struct buffer *out = session_output(bench.session, SIDE_SERVER);
	size_t length = bench.settings.message_limit + 1000;
	struct buffer message;
	buffer_init(&message, SIZE_MAX / 4);
	wire_add_header(&message, 'Q', length);
	for (size_t i = 0; i < length; i++)
		buffer_add_u8(&message, ' ');
	const char *bytes = buffer_head(&message);
	size_t n = buffer_pending(&message), piece = 100000;
	for (size_t at = 0; at < n; at += piece) {
		assert_int_equal(buffer_pending(out), 0);
		send(&bench, SIDE_CLIENT, bytes + at, n - at < piece ? n - at : piece);
	}
	assert_non_null(memmem(buffer_head(out), buffer_pending(out), "54000", 5));
	drop_output(&bench, SIDE_SERVER);
	/* In one piece, and what stands behind it. */
	wire_add_empty(&message, 'S');
	send(&bench, SIDE_CLIENT, buffer_head(&message), buffer_pending(&message));
	assert_non_null(memmem(buffer_head(out), buffer_pending(out), "54000", 5));
	buffer_free(&message);
	bench_end(&bench);
}

/* --- long statements are judged elsewhere; what comes behind waits --- */
static void test_long_statement(void **state)
{
	struct bench bench;
	bench_running(&bench);
	bench.settings.judges_elsewhere = true;
	size_t room = 200000;
	char *text = malloc(room);
	size_t n = (size_t)sprintf(text, "select id from orders where id in (1");
	while (n < SESSION_JUDGE_INLINE_MAX + 100)
		n += (size_t)sprintf(text + n, ",%zu", n);
	strcpy(text + n, ")");
	query(&bench, text);
	query(&bench, "select 1");
	struct buffer *out = session_output(bench.session, SIDE_SERVER);
	assert_int_equal(session_wants(bench.session), SESSION_WANT_VERDICT);
	assert_false(session_reading(bench.session, SIDE_CLIENT));
	assert_int_equal(buffer_pending(out), 0);
	/* A newer snapshot meanwhile: the answer is of the old one, it is asked again. */
	struct verdict *old = guard(session_verdict_request(bench.session));
	struct catalog *newer = catalog_text_shop(2);
	session_catalog(bench.session, newer);
	session_verdict(bench.session, old);
	assert_int_equal(session_wants(bench.session), SESSION_WANT_VERDICT);
	assert_ptr_equal(session_verdict_request(bench.session)->catalog, newer);
	session_verdict(bench.session, guard(session_verdict_request(bench.session)));
	assert_int_equal(session_wants(bench.session), 0);
	assert_non_null(memmem(buffer_head(out), buffer_pending(out), "orders.tenant_id = 1", 20));
	assert_non_null(memmem(buffer_head(out), buffer_pending(out), "select 1", 8));
	catalog_unref(newer);
	drop_output(&bench, SIDE_SERVER);
	/* The client goes away while it is judged. */
	query(&bench, text);
	assert_int_equal(session_wants(bench.session), SESSION_WANT_VERDICT);
	session_lost(bench.session, SIDE_CLIENT, "gone");
	assert_true(session_wants(bench.session) & SESSION_WANT_VERDICT);
	session_verdict(bench.session, guard(session_verdict_request(bench.session)));
	assert_false(session_wants(bench.session) & SESSION_WANT_VERDICT);
	assert_true(session_wants(bench.session) & SESSION_WANT_CLOSE);
	free(text);
	bench_end(&bench);
}

/* A client that sends without ever reading: what is owed to it is remembered up to a bound, then it waits. */
static void test_endless_pipeline(void **state)
{
	struct bench bench;
	char syncs[1000 * WIRE_HEADER];
	bench_running(&bench);
	for (size_t i = 0; i < sizeof syncs; i += WIRE_HEADER)
		memcpy(syncs + i, "S\0\0\0\4", WIRE_HEADER);
	unsigned sent = 0;
	while (session_reading(bench.session, SIDE_CLIENT) && sent < 100) {
		send(&bench, SIDE_CLIENT, syncs, sizeof syncs);
		drop_output(&bench, SIDE_SERVER);
		sent++;
	}
	assert_in_range(sent, 5, 20);
	/* Each answer makes room for one more. */
	for (unsigned i = 0; i < sent * 1000; i++) {
		send(&bench, SIDE_SERVER, "Z\0\0\0\5I", 6);
		drop_output(&bench, SIDE_CLIENT);
	}
	assert_true(session_reading(bench.session, SIDE_CLIENT));
	assert_int_equal(session_wants(bench.session), 0);
	bench_end(&bench);
}

/* One parameter more than 65,535 does not go: the tenant is written into the text, and Bind passes as it came. */
static void test_most_parameters(void **state)
{
	enum { N = 65535 };
	struct bench bench;
	struct buffer message;
	bench_running(&bench);
	buffer_init(&message, SIZE_MAX / 4);
	size_t begun = buffer_message_begin(&message, 'P');
	buffer_add_string(&message, "s");
	buffer_add_string(&message, "select id from orders");
	buffer_add_u16(&message, N);
	for (unsigned i = 0; i < N; i++)
		buffer_add_u32(&message, 23);
	buffer_message_end(&message, begun);
	size_t parse_size = buffer_pending(&message);
	begun = buffer_message_begin(&message, 'B');
	buffer_add_string(&message, "");
	buffer_add_string(&message, "s");
	buffer_add_u16(&message, 0);
	buffer_add_u16(&message, N);
	for (unsigned i = 0; i < N; i++)
		buffer_add_u32(&message, UINT32_MAX);
	buffer_add_u16(&message, 0);
	buffer_message_end(&message, begun);
	send(&bench, SIDE_CLIENT, buffer_head(&message), buffer_pending(&message));
	struct buffer *out = session_output(bench.session, SIDE_SERVER);
	struct wire_message got = {0};
	struct wire_parse parse;
	assert_int_equal(wire_header(buffer_head(out), buffer_pending(out), WIRE_LARGE, &got), WIRE_OK);
	assert_true(wire_parse_decode(got.body, got.length, &parse));
	assert_string_equal(parse.text, "select id from orders WHERE orders.tenant_id = 1");
	assert_int_equal(parse.n_types, N);
	buffer_consume(out, WIRE_HEADER + got.length);
	assert_int_equal(buffer_pending(out), buffer_pending(&message) - parse_size);
	assert_memory_equal(buffer_head(out), buffer_head(&message) + parse_size, buffer_pending(out));
	buffer_free(&message);
	bench_end(&bench);
}

/* --- parts --- */
static void test_name_map(void **state)
{
	static char names[500][8];
	static bool in[500];
	struct name_map map = {0};
	for (unsigned i = 0; i < 500; i++)
		snprintf(names[i], sizeof names[i], "s%u", i);
	for (unsigned round = 0; round < 20000; round++) {
		unsigned i = random_below(500);
		void *before = name_map_set(&map, names[i], in[i] ? NULL : names[i]);
		assert_ptr_equal(before, in[i] ? names[i] : NULL);
		in[i] = !in[i];
		unsigned k = random_below(500);
		assert_ptr_equal(name_map_get(&map, names[k]), in[k] ? names[k] : NULL);
	}
	name_map_free(&map);
}

/* The state against a plain model: full copies at BEGIN and at each savepoint. */
struct model {
	int now, kept;
};

static void apply(struct state *state, enum effect_kind kind, const char *name, const char *value, bool flag,
				  const char *tag)
{
	struct effect effect = {.kind = kind, .name = name, .value = value, .flag = flag};
	state_apply(state, &effect, tag);
}

static void test_state(void **test)
{
	static const char *const values[] = {"1", "2", "3", "4"};
	static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
	struct policy policy;
	policy_defaults(&policy);
	for (unsigned round = 0; round < 2000; round++) {
		struct state state;
		struct model base = {0, 0}, now = base, saved[6];
		int depth = 0;
		state_init(&state, &policy, "1", "public");
		for (unsigned i = 0; i < 30; i++) {
			int v = (int)random_below(4);
			switch (random_below(8)) {
			case 0:
				apply(&state, EFFECT_SET, "app.tenant_id", values[v], false, "SET");
				now = (struct model){v, v};
				break;
			case 1:
				apply(&state, EFFECT_SET, "app.tenant_id", values[v], true, "SET");
				now.now = v;
				break;
			case 2:
				apply(&state, EFFECT_SET_DEFAULT, "app.tenant_id", NULL, false, "RESET");
				now = (struct model){0, 0};
				break;
			case 3:
				if (depth < 6) {
					apply(&state, EFFECT_SAVEPOINT, names[depth], NULL, false, "SAVEPOINT");
					saved[depth++] = now;
				}
				break;
			case 4:
				if (depth > 0) {
					int d = (int)random_below((unsigned)depth);
					apply(&state, EFFECT_ROLLBACK_TO, names[d], NULL, false, "ROLLBACK");
					now = saved[d];
					depth = d + 1;
				}
				break;
			case 5:
				if (depth > 0) {
					depth = (int)random_below((unsigned)depth);
					apply(&state, EFFECT_RELEASE, names[depth], NULL, false, "RELEASE");
				}
				break;
			case 6:
				apply(&state, EFFECT_COMMIT, NULL, NULL, false, "COMMIT");
				now.now = now.kept;
				base = now;
				depth = 0;
				break;
			case 7:
				apply(&state, random_below(2) ? EFFECT_ROLLBACK : EFFECT_COMMIT, NULL, NULL, false,
					  "ROLLBACK");
				now = base;
				depth = 0;
				break;
			}
			assert_string_equal(state.now.current.tenant->s, values[now.now]);
			assert_string_equal(state.now.kept.tenant->s, values[now.kept]);
		}
		state_free(&state);
	}
}

static void test_users(void **state)
{
	const char *suffix;
	assert_ptr_equal(users_find(&users, "app", &suffix), &user_list[0]);
	assert_null(suffix);
	assert_ptr_equal(users_find(&users, "app.4.2", &suffix), &user_list[0]);
	assert_string_equal(suffix, "4.2");
	assert_null(users_find(&users, "app.", &suffix));
	assert_null(users_find(&users, "bound.2", &suffix));
	assert_null(users_find(&users, ".app", &suffix));
	assert_null(users_find(&users, "", &suffix));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_login),
		cmocka_unit_test(test_md5),
		cmocka_unit_test(test_no_enumeration),
		cmocka_unit_test(test_smuggled_plain_text),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_streaming),
		cmocka_unit_test(test_batches),
		cmocka_unit_test(test_streamed_bind),
		cmocka_unit_test(test_back_pressure),
		cmocka_unit_test(test_cancel_keys),
		cmocka_unit_test(test_name_map),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_endless_pipeline),
		cmocka_unit_test(test_most_parameters),
		cmocka_unit_test(test_long_statement),
		cmocka_unit_test(test_too_long_a_statement),
	};
	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
