/* Runs scripted exchanges against the sans-I/O session: each whole, line by line, and one byte at a time.
 *
 *   == name of the exchange             begins one; a session is new for each
 *   start app database shop ..          a session that is running: user, then startup parameters
 *                                       (its greeting is checked by others)
 *   C> Message ..                       the client sends
 *   S> Message ..                       the server sends
 *   S< Message ..                       the server must get
 *   C< Message ..                       the client must get (all, in order)
 *   S<~ Q text                          the server must get a message of this type that contains the text
 *   C<~ E text
 *   @ what ..                           the host: see event()
 *
 * Besides, each is broken off behind each of its lines, in every way in which an exchange can end (see enum fate): then
 * the session must come to its end, tell whoever is still there, and have sent whole messages only.
 *
 * Users: app (may choose), bound (tenant 2), admin (bypasses), locked (no trust; SCRAM). Default tenant 1;
 * tenants 1, 2, 3; tests/lib/shop.catalog is the catalog. At the end nothing may be left in the outputs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/session/session.h"
#include "proxy/wire/message.h"
#include "tests/lib/catalog_text.h"
#include "tests/protocol/messages.h"

enum how { WHOLE, LINES, BYTES, HOWS };
static const char *const how_names[] = {"whole", "line by line", "byte by byte"};

/* How an exchange that is broken off ends. The server's come only when there is one. */
enum fate {
	FATE_NONE,
	FATE_CLIENT_GONE,
	FATE_CLIENT_HALF, /* half a message, then gone */
	FATE_CLIENT_GARBAGE,
	FATE_SERVER_GONE,
	FATE_SERVER_HALF,
	FATE_SERVER_GARBAGE,
	FATE_SERVER_OUT_OF_ORDER, /* an answer to what nobody has asked, or not yet */
	FATE_SERVER_LAST_WORDS,   /* FATAL, then gone */
	FATES
};

struct script {
	const char *file, *name;
	int line;
	enum how how;
	bool failed, remote;
	bool broken_off; /* expectations are not looked at: what is there is taken out */
	bool opened;     /* there is a server */
	struct session_settings settings;
	struct policy policy;
	struct session *session;
	struct catalog *catalog;
	struct verdict_cache *cache;
	struct buffer feed; /* collected for WHOLE */
	enum side feed_side;
	uint64_t now;
	uint64_t generation;
};

static const struct user user_list[] = {
	{.name = "app", .secret = "secret", .right = RIGHT_CHOOSE},
	{.name = "bound", .secret = "secret", .right = RIGHT_BOUND, .tenant = "2"},
	{.name = "admin", .secret = "secret", .right = RIGHT_BYPASS},
};
static const struct users users = {.n = sizeof user_list / sizeof *user_list, .list = user_list};

static void fail(struct script *script, const char *format, const char *text)
{
	script->failed = true;
	printf("%s:%d: %s (%s): ", script->file, script->line, script->name, how_names[script->how]);
	printf(format, text);
	putchar('\n');
}

/* --- feeding --- */
static void flush_feed(struct script *script)
{
	size_t n = buffer_pending(&script->feed);
	if (n == 0 || !script->session)
		return;
	/* Memory of its own, so that AddressSanitizer sees every step beyond it. */
	char *bytes = malloc(n);
	memcpy(bytes, buffer_head(&script->feed), n);
	buffer_free(&script->feed);
	if (script->how == BYTES) {
		for (size_t i = 0; i < n; i++) {
			char *byte = malloc(1);
			*byte = bytes[i];
			session_receive(script->session, script->feed_side, byte, 1);
			free(byte);
		}
	} else {
		session_receive(script->session, script->feed_side, bytes, n);
	}
	free(bytes);
}

static void feed(struct script *script, enum side side, const struct words *words)
{
	if (buffer_pending(&script->feed) > 0 && (script->feed_side != side || script->how != WHOLE))
		flush_feed(script);
	script->feed_side = side;
	if (side == SIDE_SERVER && words->n > 1 && strcmp(words->list[1].text, "SFATAL") == 0)
		script->opened = false;
	if (!message_encode(words, side == SIDE_CLIENT, &script->feed))
		fail(script, "cannot encode %s", words->list[0].text);
	if (script->how != WHOLE)
		flush_feed(script);
}

/* --- expecting --- */
/* Pieces of a COPY stream may be cut anywhere: neighbours become one. */
static void join_copy_data(struct buffer *out)
{
	for (;;) {
		char *head = (char *)buffer_head(out);
		size_t n = buffer_pending(out);
		if (n < 10 || head[0] != 'd')
			return;
		size_t first = wire_get_u32(head + 1) + 1u;
		if (n < first + 5 || head[first] != 'd')
			return;
		size_t second = wire_get_u32(head + first + 1) + 1u;
		wire_put_u32(head + 1, (uint32_t)(first + second - 5 - 1));
		memmove(head + first, head + first + 5, n - first - 5);
		out->end -= 5;
	}
}

static void mismatch(struct script *script, const struct buffer *wanted, const struct buffer *out)
{
	fail(script, "%s", "not what was expected");
	printf("  wanted: ");
	message_print(buffer_head(wanted), buffer_pending(wanted));
	printf("\n  got:    ");
	message_print(buffer_head(out), buffer_pending(out));
	putchar('\n');
}

static void take_out(struct script *script, enum side side)
{
	struct buffer *out = session_output(script->session, side);
	buffer_consume(out, buffer_pending(out));
	session_written(script->session, side);
}

static void expect(struct script *script, enum side side, const struct words *words)
{
	struct buffer wanted;
	flush_feed(script);
	if (script->broken_off) {
		take_out(script, side);
		return;
	}
	struct buffer *out = session_output(script->session, side);
	buffer_init(&wanted, SIZE_MAX / 4);
	if (!message_encode(words, side == SIDE_SERVER, &wanted))
		fail(script, "cannot encode %s", words->list[0].text);
	join_copy_data(out);
	size_t n = buffer_pending(&wanted);
	if (buffer_pending(out) < n || memcmp(buffer_head(out), buffer_head(&wanted), n) != 0)
		mismatch(script, &wanted, out);
	else
		buffer_consume(out, n);
	buffer_free(&wanted);
	session_written(script->session, side);
}

static void expect_like(struct script *script, enum side side, const struct words *words)
{
	flush_feed(script);
	if (script->broken_off) {
		take_out(script, side);
		return;
	}
	struct buffer *out = session_output(script->session, side);
	join_copy_data(out);
	const char *head = buffer_head(out);
	size_t n = buffer_pending(out);
	size_t length = n >= 5 ? wire_get_u32(head + 1) + 1u : 0;
	if (words->n != 3 || length == 0 || length > n || head[0] != words->list[1].text[0] ||
		!memmem(head, length, words->list[2].text, words->list[2].length)) {
		fail(script, "nothing like %s", words->n > 2 ? words->list[2].text : "?");
		printf("  got:    ");
		message_print(head, n);
		putchar('\n');
		return;
	}
	buffer_consume(out, length);
	session_written(script->session, side);
}

/* --- the host --- */
static void new_session(struct script *script)
{
	struct session_new_arguments arguments = {.id = 1,
											  .settings = &script->settings,
											  .catalog = script->catalog,
											  .cache = script->cache,
											  .local = !script->remote,
											  .trusted = !script->remote,
											  .peer = "local",
											  .now = script->now};
	script->session = session_new(&arguments);
}

static void opened(struct script *script)
{
	static const struct session_parameter status[] = {{"server_version", "15.4"},
													  {"standard_conforming_strings", "on"}};
	struct session_server server = {.process_id = 4711, .n_parameters = 2, .parameters = status};
	memcpy(server.cancel_key, "0123456789abcdef0123456789abcdef", 32);
	server.cancel_key_length = 32;
	script->opened = true;
	session_server_opened(script->session, &server);
}

static void start(struct script *script, const struct words *words)
{
	struct buffer *out = session_output(script->session, SIDE_CLIENT);
	size_t begun = buffer_message_begin(&script->feed, 0);
	buffer_add_u32(&script->feed, 3 << 16);
	buffer_add_string(&script->feed, "user");
	for (size_t i = 1; i < words->n; i++)
		buffer_add_string(&script->feed, words->list[i].text);
	buffer_add_u8(&script->feed, 0);
	buffer_message_end(&script->feed, begun);
	script->feed_side = SIDE_CLIENT;
	flush_feed(script);
	if (!(session_wants(script->session) & SESSION_WANT_SERVER)) {
		fail(script, "%s", "the session does not want a server");
		return;
	}
	opened(script);
	buffer_consume(out, buffer_pending(out));
}

static const struct {
	const char *name;
	unsigned bit;
} wants[] = {
	{"tls", SESSION_WANT_TLS},       {"server", SESSION_WANT_SERVER}, {"catalog", SESSION_WANT_CATALOG},
	{"cancel", SESSION_WANT_CANCEL}, {"close", SESSION_WANT_CLOSE},   {"interrupt", SESSION_WANT_INTERRUPT},
};

static void check_wants(struct script *script, const struct words *words)
{
	if (script->broken_off)
		return;
	unsigned wanted = 0;
	for (size_t w = 2; w < words->n; w++)
		for (size_t i = 0; i < sizeof wants / sizeof *wants; i++)
			if (strcmp(words->list[w].text, wants[i].name) == 0)
				wanted |= wants[i].bit;
	if (session_wants(script->session) != wanted) {
		char text[32];
		snprintf(text, sizeof text, "%#x", session_wants(script->session));
		fail(script, "the session wants %s", text);
	}
}

/* A newer snapshot: the shop, and what the words say in the language of catalog_text.h. */
static void catalog(struct script *script, const char *more)
{
	FILE *file = fopen("tests/lib/shop.catalog", "r");
	char text[65536];
	size_t n = file ? fread(text, 1, sizeof text - 1, file) : 0;
	if (file)
		fclose(file);
	snprintf(text + n, sizeof text - n, "\n%s\n", more);
	struct catalog *newer = catalog_text_parse(text, ++script->generation);
	session_catalog(script->session, newer);
	catalog_unref(newer);
}

static void parameter(struct script *script, const struct words *words)
{
	const struct session_parameter *list;
	size_t n = session_server_parameters(script->session, &list);
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].name, words->list[2].text) == 0 && strcmp(list[i].value, words->list[3].text) == 0)
			return;
	fail(script, "the server is not opened with %s", words->list[2].text);
}

/*   @ wants [what ..]         exactly this
 *   @ catalog "more DDL"      answer WANT_CATALOG with a newer snapshot
 *   @ unread                  answer WANT_CATALOG: the database cannot be asked
 *   @ opened                  the server is open
 *   @ failed message          it could not be opened
 *   @ tls                     the handshake is done
 *   @ interrupted
 *   @ lost client|server      the other end is gone
 *   @ clock ms, @ timeout     time passes; the deadline must have come
 *   @ drain [now]
 *   @ parameter name value    the server is opened with it
 *   @ tls_available, @ remote before the first byte
 *   @ reading client|server yes|no */
static void event(struct script *script, const struct words *words)
{
	const char *what = words->n > 1 ? words->list[1].text : "";
	const char *first = words->n > 2 ? words->list[2].text : "";
	struct error error;
	flush_feed(script);
	if (strcmp(what, "wants") == 0) {
		check_wants(script, words);
	} else if (strcmp(what, "catalog") == 0) {
		catalog(script, first);
	} else if (strcmp(what, "unread") == 0) {
		session_catalog_unread(script->session);
	} else if (strcmp(what, "opened") == 0) {
		opened(script);
	} else if (strcmp(what, "failed") == 0) {
		error_set(&error, "08001", "%s", first);
		session_server_failed(script->session, &error);
	} else if (strcmp(what, "tls") == 0) {
		session_tls_started(script->session);
	} else if (strcmp(what, "interrupted") == 0) {
		session_interrupted(script->session);
	} else if (strcmp(what, "lost") == 0) {
		session_lost(script->session, strcmp(first, "client") == 0 ? SIDE_CLIENT : SIDE_SERVER,
					 "connection reset");
	} else if (strcmp(what, "clock") == 0) {
		script->now += strtoull(first, NULL, 10);
		session_clock(script->session, script->now);
	} else if (strcmp(what, "timeout") == 0) {
		if (session_deadline(script->session) > script->now && !script->broken_off)
			fail(script, "%s", "no deadline has come");
		session_timeout(script->session);
	} else if (strcmp(what, "drain") == 0) {
		session_drain(script->session, strcmp(first, "now") == 0);
	} else if (strcmp(what, "parameter") == 0 && words->n == 4) {
		parameter(script, words);
	} else if (strcmp(what, "tls_available") == 0) {
		script->settings.tls_available = true;
	} else if (strcmp(what, "changed_schema") == 0) {
		if (session_changed_schema(script->session) != (strcmp(first, "yes") == 0) && !script->broken_off)
			fail(script, "%s", "changed_schema");
	} else if (strcmp(what, "reading") == 0 && words->n == 4) {
		bool reading =
			session_reading(script->session, strcmp(first, "client") == 0 ? SIDE_CLIENT : SIDE_SERVER);
		if (reading != (strcmp(words->list[3].text, "yes") == 0) && !script->broken_off)
			fail(script, "reading from the %s", first);
	} else if (strcmp(what, "remote") == 0) {
		session_free(script->session);
		script->remote = true;
		new_session(script);
	} else {
		fail(script, "unknown event %s", what);
	}
}

/* --- one exchange --- */
static void begin(struct script *script)
{
	policy_defaults(&script->policy);
	script->policy.id = 1;
	script->settings = (struct session_settings){.policy = &script->policy,
												 .users = &users,
												 .database = "shop",
												 .default_tenant = "1",
												 .login_timeout = 10000,
												 .idle_timeout = 60000,
												 .idle_in_transaction_timeout = 30000,
												 .statement_timeout = 20000,
												 .output_high_water = 4096,
												 .output_low_water = 1024,
												 .message_limit = 100000};
	script->now = 1000;
	script->generation = 1;
	static struct catalog *shop;
	if (!shop)
		shop = catalog_text_shop(1);
	script->catalog = catalog_ref(shop);
	script->cache = verdict_cache_new(1 << 20, 42);
	buffer_init(&script->feed, SIZE_MAX / 4);
	new_session(script);
}

static void finish(struct script *script)
{
	flush_feed(script);
	for (int side = 0; side < 2; side++) {
		struct buffer *out = session_output(script->session, (enum side)side);
		if (buffer_pending(out) > 0 && !script->failed && !script->broken_off) {
			fail(script, "left over for the %s", side == SIDE_CLIENT ? "client" : "server");
			printf("  got:    ");
			message_print(buffer_head(out), buffer_pending(out));
			putchar('\n');
		}
	}
	buffer_free(&script->feed);
	session_free(script->session);
	verdict_cache_free(script->cache);
	catalog_unref(script->catalog);
}

static void run_line(struct script *script, char *line)
{
	struct words words;
	char *text = strdup(line);
	if (!words_split(text, &words) || words.n == 0) {
		fail(script, "cannot read: %s", line);
		free(text);
		return;
	}
	const char *what = words.list[0].text;
	struct words rest = {.n = words.n - 1};
	memcpy(rest.list, words.list + 1, rest.n * sizeof *rest.list);
	if (strcmp(what, "start") == 0)
		start(script, &words);
	else if (strcmp(what, "@") == 0)
		event(script, &words);
	else if (strcmp(what, "C>") == 0 || strcmp(what, "S>") == 0)
		feed(script, *what == 'C' ? SIDE_CLIENT : SIDE_SERVER, &rest);
	else if (strcmp(what, "C<") == 0 || strcmp(what, "S<") == 0)
		expect(script, *what == 'C' ? SIDE_CLIENT : SIDE_SERVER, &rest);
	else if (strcmp(what, "C<~") == 0 || strcmp(what, "S<~") == 0)
		expect_like(script, *what == 'C' ? SIDE_CLIENT : SIDE_SERVER, &words);
	else
		fail(script, "unknown line: %s", line);
	free(text);
}

/* --- exchanges that are broken off --- */
static void give(struct script *script, enum side side, const char *bytes, size_t n)
{
	char *copy = malloc(n);
	memcpy(copy, bytes, n);
	session_receive(script->session, side, copy, n);
	free(copy);
}

static void meet(struct script *script, enum fate fate)
{
	static const char fatal[] = "E\0\0\0\x1fSFATAL\0VFATAL\0C57P01\0Mbye\0\0";
	switch (fate) {
	case FATE_CLIENT_HALF:
		give(script, SIDE_CLIENT, "Q\0\0\0\x20sel", 8);
		/* fall through */
	case FATE_CLIENT_GONE:
		session_lost(script->session, SIDE_CLIENT, "connection reset");
		break;
	case FATE_CLIENT_GARBAGE:
		give(script, SIDE_CLIENT, "\xff\xfe\0\0\0\0\0\0\0", 9);
		session_lost(script->session, SIDE_CLIENT, "connection reset");
		break;
	case FATE_SERVER_HALF:
		give(script, SIDE_SERVER, "T\0\0\0\x20\0\1i", 8);
		/* fall through */
	case FATE_SERVER_GONE:
		session_lost(script->session, SIDE_SERVER, "connection reset");
		break;
	case FATE_SERVER_GARBAGE:
		give(script, SIDE_SERVER, "!\0\0\0\4\0\0\0\0", 9);
		break;
	case FATE_SERVER_OUT_OF_ORDER:
		for (int i = 0; i < 2; i++) /* at most one FunctionCall can be owed here */
			give(script, SIDE_SERVER,
				 "V\0\0\0\x8\xff\xff\xff\xff"
				 "Z\0\0\0\5I",
				 15);
		break;
	case FATE_SERVER_LAST_WORDS:
		give(script, SIDE_SERVER, fatal, sizeof fatal - 1);
		session_lost(script->session, SIDE_SERVER, "connection closed");
		break;
	case FATE_NONE:
	case FATES:
		break;
	}
}

/* Type of the last message; 0: none, -1: they are not whole. */
static int last_message(const struct buffer *out)
{
	const char *at = buffer_head(out);
	size_t n = buffer_pending(out);
	int type = 0;
	while (n > 0) {
		struct wire_message message;
		if (wire_header(at, n, WIRE_LARGE, &message) != WIRE_OK || n < WIRE_HEADER + message.length)
			return -1;
		type = message.type;
		at += WIRE_HEADER + message.length;
		n -= WIRE_HEADER + message.length;
	}
	return type;
}

static void check_end(struct script *script, enum fate fate)
{
	static const char *const fates[] = {"",
										"client gone",
										"half a message, client gone",
										"garbage, client gone",
										"server gone",
										"half a message, server gone",
										"garbage from the server",
										"an answer out of order",
										"FATAL, server gone"};
	struct session *session = script->session;
	if (!(session_wants(session) & SESSION_WANT_CLOSE))
		fail(script, "broken off (%s): the session goes on", fates[fate]);
	else if (fate >= FATE_SERVER_GONE && last_message(session_output(session, SIDE_CLIENT)) != 'E')
		fail(script, "broken off (%s): the client is not told", fates[fate]);
	else if (script->opened && fate < FATE_SERVER_GONE &&
			 last_message(session_output(session, SIDE_SERVER)) != 'X')
		fail(script, "broken off (%s): the server is not told", fates[fate]);
}

static void break_off(struct script *script, enum fate fate)
{
	flush_feed(script);
	if ((session_wants(script->session) & SESSION_WANT_CLOSE) ||
		(fate >= FATE_SERVER_GONE && !script->opened))
		return;
	if (fate >= FATE_SERVER_GARBAGE && !session_reading(script->session, SIDE_SERVER))
		return;
	take_out(script, SIDE_CLIENT);
	take_out(script, SIDE_SERVER);
	meet(script, fate);
	check_end(script, fate);
}

/* Lines from `text` up to the next "==", or `stop` of them (-1: all). Returns where that is. */
static char *run_script(const char *file, char *text, int *line, enum how how, int stop, enum fate fate,
						bool *failed)
{
	char name[200];
	char *at = text;
	snprintf(name, sizeof name, "%.*s", (int)strcspn(text + 2, "\n"), text + 2);
	struct script script = {.file = file,
							.name = name + (name[0] == ' '),
							.line = *line,
							.how = how,
							.broken_off = fate != FATE_NONE};
	begin(&script);
	at += strcspn(at, "\n");
	while (*at && stop-- != 0) {
		char *next = at + 1;
		script.line++;
		if (strncmp(next, "==", 2) == 0 || !*next)
			break;
		size_t n = strcspn(next, "\n");
		if (n > 0 && *next != '#' && !script.failed) {
			char *copy = strndup(next, n);
			run_line(&script, copy);
			free(copy);
		}
		at = next + n;
	}
	if (fate != FATE_NONE)
		break_off(&script, fate);
	finish(&script);
	*failed |= script.failed;
	*line = script.line;
	return *at ? at + 1 : at;
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	size_t room = 1 << 20;
	char *text = malloc(room);
	if (!file || !text) {
		perror(path);
		exit(2);
	}
	size_t n = fread(text, 1, room - 1, file);
	text[n] = 0;
	fclose(file);
	return text;
}

int main(int argc, char **argv)
{
	unsigned passed = 0, failed = 0;
	/* Quiet: the scripts make the session complain on purpose. */
	log_set_level(getenv("TENANTRY_TEST_LOG") ? LOG_LEVEL_DEBUG : (enum log_level) - 1);
	for (int i = 1; i < argc; i++) {
		char *text = read_file(argv[i]);
		char *at = strncmp(text, "==", 2) == 0 ? text : strstr(text, "\n==");
		int line = 1;
		for (char *p = text; at && p <= at; p++)
			line += *p == '\n';
		if (at && *at == '\n')
			at++;
		while (at && *at) {
			bool bad = false;
			int from = line;
			char *next = at;
			for (int how = 0; how < HOWS; how++) {
				line = from;
				next = run_script(argv[i], at, &line, (enum how)how, -1, FATE_NONE, &bad);
			}
			int lines = line - from;
			for (int stop = 0; stop <= lines && !bad; stop++)
				for (int fate = FATE_NONE + 1; fate < FATES && !bad; fate++) {
					int ignored = from;
					run_script(argv[i], at, &ignored, stop % 2 ? BYTES : LINES, stop, (enum fate)fate, &bad);
				}
			at = next;
			if (bad)
				failed++;
			else
				passed++;
		}
		free(text);
	}
	printf("%u passed, %u failed\n", passed, failed);
	return failed > 0;
}
