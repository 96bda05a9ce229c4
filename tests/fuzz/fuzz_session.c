/* The session's state machine between a client and a server that both do what they like. Holds throughout: nothing
 * crashes; what the server gets is the protocol; no statement over a tenant relation reaches it unguarded; what is
 * kept is bounded; the counters of the queue of replies, of names and of portals are what a recount finds.
 *
 * The input is a program: a byte says who does what (see step()), the next ones say what. A model of a server takes what
 * the session sends and answers in its order, so that the exchange gets somewhere; or raw bytes take its place. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/session/internal.h"
#include "tests/lib/session_bench.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static _Noreturn void broken(const char *what, const char *text)
{
	fprintf(stderr, "%s: %s\n", what, text);
	abort();
}

struct play {
	struct session_bench bench;
	const uint8_t *at, *end;
	struct buffer heard; /* what the server has got and not answered: whole messages */
	bool failed;         /* it skips up to Sync */
	bool raises;         /* the last Parse was one of ours that raises */
	bool names_changed;  /* temporary relations or a search_path: texts may mean something else */
	char status;
};

static uint8_t next(struct play *play)
{
	return play->at < play->end ? *play->at++ : 0;
}

/* --- what the server gets --- */
static bool is_refusal(const char *text)
{
	return strstr(text, "DO E'BEGIN RAISE EXCEPTION USING ERRCODE = ''") != NULL;
}

static void check_text(struct play *play, const char *text)
{
	struct session_names names = {.search_path = "\"$user\", public"};
	struct guard_request request = {.text = text,
									.length = strlen(text),
									.catalog = play->bench.catalog,
									.policy = &play->bench.policy,
									.names = &names,
									.right = RIGHT_CHOOSE};
	if (is_refusal(text) || play->names_changed || play->bench.session->user->right == RIGHT_BYPASS)
		return;
	struct verdict *verdict = verdict_cache_guard(play->bench.cache, &request);
	for (size_t i = 0; i < verdict->n_statements; i++) {
		const struct statement *statement = &verdict->statements[i];
		for (size_t e = 0; e < statement->n_effects; e++) {
			enum effect_kind kind = statement->effects[e].kind;
			play->names_changed |= kind == EFFECT_CREATE_TEMPORARY || kind == EFFECT_DROP ||
								   ((kind == EFFECT_SET || kind == EFFECT_SET_DEFAULT) &&
									strcmp(statement->effects[e].name, "search_path") == 0);
		}
		if (statement->kind != VERDICT_REFUSE && statement->touches_tenant && !statement->self_safe &&
			!statement->copy && !play->names_changed && !strstr(text, "truncate") &&
			!strstr(text, "TRUNCATE"))
			broken("an unguarded statement was sent", text);
	}
	verdict_unref(verdict);
}

static void check_message(struct play *play, const struct wire_message *message)
{
	struct wire_parse parse;
	struct wire_bind bind;
	const char *text;
	switch (message->type) {
	case 'Q':
		if (!wire_string_decode(message->body, message->length, &text, NULL))
			broken("an invalid Query was sent", "");
		check_text(play, text);
		break;
	case 'P':
		if (!wire_parse_decode(message->body, message->length, &parse))
			broken("an invalid Parse was sent", "");
		play->raises = is_refusal(parse.text);
		check_text(play, parse.text);
		break;
	case 'B':
		/* Those that need nothing may have streamed past unread. */
		if (message->length <= WIRE_SMALL && !wire_bind_decode(message->body, message->length, &bind))
			broken("an invalid Bind was sent", "");
		break;
	default:
		if (wire_client_limit(message->type) == 0 || message->type == 'p')
			broken("a message that does not exist was sent", &message->type);
	}
}

static void listen(struct play *play)
{
	struct buffer *out = session_output(play->bench.session, SIDE_SERVER);
	struct wire_message message;
	size_t n;
	while ((n = buffer_pending(out)) >= WIRE_HEADER) {
		if (wire_header(buffer_head(out), n, WIRE_LARGE, &message) != WIRE_OK)
			broken("not the protocol", "");
		size_t size = WIRE_HEADER + message.length;
		if (n < size)
			break;
		check_message(play, &message);
		buffer_add(&play->heard, buffer_head(out), size);
		buffer_consume(out, size);
	}
	session_written(play->bench.session, SIDE_SERVER);
}

/* --- what it answers --- */
static void say(struct play *play, const struct buffer *message)
{
	if (session_reading(play->bench.session, SIDE_SERVER))
		session_bench_receive(&play->bench, SIDE_SERVER, buffer_head(message), buffer_pending(message));
}

static void say_error(struct buffer *out)
{
	struct error error;
	error_set(&error, "42501", "no");
	wire_add_error(out, "ERROR", &error, 3);
}

static void say_copy(struct buffer *out)
{
	wire_add_header(out, 'G', 3 + 3 * 2);
	buffer_add_u8(out, 0);
	for (int i = 0; i < 4; i++)
		buffer_add_u16(out, i ? 0 : 3);
}

/* The answer to one message, as `how` has it. */
static void answer_one(struct play *play, const struct wire_message *message, uint8_t how, struct buffer *out)
{
	static const char *const tags[] = {"SELECT 1", "SET",     "BEGIN",      "COMMIT",
									   "ROLLBACK", "PREPARE", "DEALLOCATE", "INSERT 0 1"};
	const char *tag = tags[how >> 3 & 7];
	char type = message->type;
	bool fails = (how & 7) == 7;
	if (play->failed && type != 'S')
		return;
	if (strchr("PBDEC", type) && fails) {
		say_error(out);
		play->failed = true;
		return;
	}
	switch (type) {
	case 'P':
		wire_add_empty(out, '1');
		break;
	case 'B':
		wire_add_empty(out, '2');
		break;
	case 'C':
		wire_add_empty(out, '3');
		break;
	case 'D':
		if (message->body[0] == 'S') {
			wire_add_header(out, 't', 6);
			buffer_add_u16(out, 1);
			buffer_add_u32(out, 23);
		}
		wire_add_empty(out, 'n');
		break;
	case 'E':
		if (play->raises) {
			say_error(out);
			play->failed = true;
		} else if ((how & 7) == 6) {
			say_copy(out);
		} else if ((how & 7) == 5) {
			wire_add_empty(out, 's');
		} else {
			wire_add_text(out, 'C', tag);
		}
		break;
	case 'Q':
		if (is_refusal(message->body) || fails)
			say_error(out);
		else if ((how & 7) == 6)
			say_copy(out);
		else
			wire_add_text(out, 'C', tag);
		wire_add_ready(out, play->status);
		break;
	case 'F':
		wire_add_header(out, 'V', 4);
		buffer_add_u32(out, UINT32_MAX);
		wire_add_ready(out, play->status);
		break;
	case 'S':
		play->failed = false;
		wire_add_ready(out, play->status);
		break;
	default:
		break; /* Flush, COPY data, Terminate */
	}
}

static void answer(struct play *play, unsigned n)
{
	struct wire_message message;
	struct buffer out;
	buffer_init(&out, 1 << 20);
	while (n-- > 0 && buffer_pending(&play->heard) > 0) {
		size_t pending = buffer_pending(&play->heard);
		if (wire_header(buffer_head(&play->heard), pending, WIRE_LARGE, &message) != WIRE_OK)
			abort();
		uint8_t how = next(play);
		play->status = "IITE"[how >> 6];
		answer_one(play, &message, how, &out);
		buffer_consume(&play->heard, WIRE_HEADER + message.length);
	}
	if (buffer_pending(&out) > 0)
		say(play, &out);
	buffer_free(&out);
}

/* --- what the client sends --- */
static const char *const texts[] = {
	"select 1",
	"select id from orders",
	"select id from orders where total > $1",
	"begin",
	"commit",
	"rollback",
	"set app.tenant_id = 2",
	"set local app.tenant_id = 3; select id from orders",
	"savepoint a",
	"rollback to a",
	"prepare p as select id from orders where total > $1",
	"execute p(1)",
	"deallocate p",
	"discard all",
	"copy settings from stdin",
	"insert into settings (key, tenant_id) values ($1, $2)",
	"select id from orders; set app.tenant_id = 2; select id from users; select * from sales_by_status",
	"select * from sales_by_status",
	"select set_config('app.tenant_id', '2', false)",
	"fetch all from c",
	"declare c cursor for select id from orders",
	"select id from parcels",
	"",
	"select ' broken",
};
static const char *const names[] = {"", "p", "c", "s"};

static void client_message(struct play *play, struct buffer *out)
{
	uint8_t what = next(play);
	const char *text = texts[next(play) % (sizeof texts / sizeof *texts)], *name = names[what >> 4 & 3],
			   *other = names[what >> 6 & 3];
	switch (what & 15) {
	case 0:
	case 1:
		wire_add_text(out, 'Q', text);
		break;
	case 2:
	case 3:
		wire_add_parse(out, name, text);
		break;
	case 4:
	case 5:
		wire_add_bind(out, other, name);
		break;
	case 6: {
		size_t begun = buffer_message_begin(out, 'B');
		buffer_add_string(out, other);
		buffer_add_string(out, name);
		buffer_add_u16(out, 0);
		buffer_add_u16(out, 1);
		buffer_add_u32(out, 1);
		buffer_add(out, "1", 1);
		buffer_add_u16(out, 0);
		buffer_message_end(out, begun);
		break;
	}
	case 7:
	case 8:
		wire_add_execute(out, other);
		break;
	case 9:
		wire_add_target(out, 'D', what & 16 ? 'S' : 'P', name);
		break;
	case 10:
		wire_add_target(out, 'C', what & 32 ? 'S' : 'P', other);
		break;
	case 11:
	case 12:
		wire_add_empty(out, 'S');
		break;
	case 13:
		wire_add_empty(out, 'H');
		break;
	case 14:
		wire_add_text(out, 'd', "a\tb\n");
		break;
	case 15:
		wire_add_empty(out, what & 16 ? 'c' : 'S');
		break;
	}
}

static void client_sends(struct play *play, unsigned n)
{
	struct buffer out;
	buffer_init(&out, 1 << 20);
	while (n-- > 0)
		client_message(play, &out);
	if (session_reading(play->bench.session, SIDE_CLIENT))
		session_bench_receive(&play->bench, SIDE_CLIENT, buffer_head(&out), buffer_pending(&out));
	buffer_free(&out);
}

static void raw(struct play *play, enum side side)
{
	size_t n = next(play);
	if (n > (size_t)(play->end - play->at))
		n = (size_t)(play->end - play->at);
	if (session_reading(play->bench.session, side))
		session_bench_receive(&play->bench, side, (const char *)play->at, n);
	play->at += n;
}

/* --- a recount --- */
static void recount(const struct session *session)
{
	struct replies *replies = (struct replies *)&session->replies;
	unsigned boundaries = 0, matters = 0, renamed = 0;
	for (unsigned i = 0; i < replies->n; i++) {
		const struct reply *reply = replies_at(replies, i);
		boundaries += reply_is_boundary(reply);
		matters += reply->matters;
		renamed += reply->names_statement && reply->previous && *reply->previous->name;
	}
	if (boundaries != replies->boundaries || matters != replies->matters || renamed != replies->renamed)
		broken("the queue of replies is miscounted", "");
	if (replies->n > SESSION_REPLIES_MAX + 64)
		broken("the queue of replies is too long", "");
	const struct statements *statements = &session->statements;
	size_t takes = 0, sql = 0,
		   followed = statements->unnamed_portal && statements->unnamed_portal->prepared->followed;
	for (size_t i = 0; i < statements->named.room; i++) {
		const struct prepared *prepared = statements->named.slots[i].object;
		takes += prepared && prepared->takes_tenant;
		sql += prepared && prepared->sql;
	}
	for (size_t i = 0; i < statements->portals.room; i++) {
		const struct portal *portal = statements->portals.slots[i].object;
		followed += portal && portal->prepared->followed;
	}
	if (takes != statements->n_takes || sql != statements->n_sql || followed != statements->n_followed)
		broken("names are miscounted", "");
}

static void step(struct play *play)
{
	struct session *session = play->bench.session;
	uint8_t what = next(play);
	switch (what & 7) {
	case 0:
	case 1:
	case 2:
		client_sends(play, 1 + (what >> 3));
		break;
	case 3:
	case 4:
		answer(play, 1 + (what >> 3));
		break;
	case 5:
		raw(play, what & 8 ? SIDE_SERVER : SIDE_CLIENT);
		break;
	case 6:
		session_clock(session, 1000 + (uint64_t)what * 1000);
		session_timeout(session);
		if (what == 0xf6)
			session_drain(session, false);
		break;
	case 7:
		if (what == 0xff)
			session_lost(session, SIDE_SERVER, "fuzz");
		else if (what == 0xf7)
			session_lost(session, SIDE_CLIENT, "fuzz");
		break;
	}
	listen(play);
	struct buffer *out = session_output(session, SIDE_CLIENT);
	if (buffer_pending(out) > 1 << 20 || session->in[SIDE_CLIENT].end > 1 << 21)
		broken("too much is kept", "");
	buffer_consume(out, buffer_pending(out));
	session_written(session, SIDE_CLIENT);
	session_bench_answer(&play->bench);
	listen(play);
	recount(session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const logins[] = {"app", "bound", "app", "admin"};
	if (size < 2 || size > 8192)
		return 0;
	struct play play = {.at = data + 1, .end = data + size, .status = 'I'};
	session_bench_begin(&play.bench, true);
	session_bench_start(&play.bench, logins[data[0] & 3]);
	buffer_init(&play.heard, 1 << 24);
	while (play.at < play.end && !(session_wants(play.bench.session) & SESSION_WANT_CLOSE))
		step(&play);
	buffer_free(&play.heard);
	session_bench_end(&play.bench);
	return 0;
}
