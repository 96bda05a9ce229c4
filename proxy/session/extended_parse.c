/* Parse, and statements that have to be prepared again.
 *
 * The tenant is one parameter more than the client knows of: its type is declared here, its value appended in Bind
 * (extended.c), and it is taken out of ParameterDescription (answers.c). A statement prepared before the names or
 * the catalog changed is judged again at Bind, and prepared again under its name if it is to be written otherwise. */
#include "proxy/session/internal.h"
#include "proxy/wire/fault.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* --- rendering --- */
/* "$n", without printf: it is once in every Parse. */
static void write_parameter(unsigned n, char *out)
{
	char digits[10];
	size_t length = 0;
	do
		digits[length++] = (char)('0' + n % 10);
	while (n /= 10);
	*out++ = '$';
	while (length > 0)
		*out++ = digits[--length];
	*out = 0;
}

const char *extended_slot(const struct prepared *prepared, char *out)
{
	const struct verdict *verdict = prepared->verdict;
	if (prepared->takes_tenant)
		write_parameter(verdict->tenant_parameter, out);
	else if (prepared->literal_tenant)
		tenant_value_literal(verdict->tenant_type, prepared->literal_tenant, out);
	else
		out[0] = 0;
	return out;
}

static void write_piece(void *to, const char *bytes, size_t length)
{
	buffer_add(to, bytes, length);
}

static void add_types(struct buffer *out, const struct prepared *prepared)
{
	const struct verdict *verdict = prepared->verdict;
	size_t n = prepared->n_types;
	if (!prepared->takes_tenant) {
		buffer_add_u16(out, (uint16_t)n);
		for (size_t i = 0; i < n; i++)
			buffer_add_u32(out, prepared->types[i]);
		return;
	}
	buffer_add_u16(out, (uint16_t)verdict->tenant_parameter);
	for (size_t i = 0; i + 1 < verdict->tenant_parameter; i++)
		buffer_add_u32(out, i < n ? prepared->types[i] : 0);
	buffer_add_u32(out, tenant_type_oid(verdict->tenant_type));
}

/* `name` as the client has it: the server's errors show it, though it keeps less of it. */
static void send_parse(struct session *session, const struct prepared *prepared, const char *name)
{
	struct buffer *out = &session->out[SIDE_SERVER];
	const struct verdict *verdict = prepared->verdict;
	char slot[TENANT_LITERAL_MAX];
	extended_slot(prepared, slot);
	size_t begun = buffer_message_begin(out, 'P');
	buffer_add_string(out, name);
	size_t at = 0;
	for (size_t i = 0; i < verdict->n_statements; i++) {
		const struct statement *statement = &verdict->statements[i];
		buffer_add(out, prepared->text + at, statement->start - at);
		statement_render(verdict, i, prepared->text, slot, write_piece, out);
		at = statement->start + statement->length;
	}
	buffer_add(out, prepared->text + at, prepared->text_length - at + 1);
	add_types(out, prepared);
	buffer_message_end(out, begun);
}

/* --- Parse --- */
static bool writes_literal(const struct verdict *verdict)
{
	return verdict->uses_tenant && verdict->tenant_parameter == 0;
}

/* A COPY, or a statement whose tenant column the client fills itself, has none. */
static bool has_slot(const struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->n_statements; i++)
		for (size_t k = 0; k < verdict->statements[i].n_splices; k++)
			if (verdict->statements[i].splices[k].tenant)
				return true;
	return false;
}

static bool is_followed(enum effect_kind kind)
{
	return kind != EFFECT_NONE && kind != EFFECT_BEGIN && kind != EFFECT_DISCARD_PLANS &&
		   kind != EFFECT_TENANTS_CHANGE && kind != EFFECT_EXECUTE && kind != EFFECT_CALL &&
		   kind != EFFECT_COMMITS_AT_ONCE;
}

static void note_effects(struct prepared *prepared)
{
	for (size_t i = 0; i < prepared->verdict->n_statements; i++) {
		const struct statement *statement = &prepared->verdict->statements[i];
		prepared->utility |= statement->utility;
		for (size_t e = 0; e < statement->n_effects; e++) {
			prepared->followed |= is_followed(statement->effects[e].kind);
			prepared->executes |= statement->effects[e].kind == EFFECT_EXECUTE;
		}
	}
}

static void stamp(const struct session *session, struct prepared *prepared)
{
	prepared->generation = catalog_generation(session->catalog);
	prepared->names_version = session->state.names_version;
	prepared->prepared_version = session->statements.version;
}

/* Stamps and the tenant that is written into the text. */
static void finish_prepared(struct session *session, struct prepared *prepared)
{
	const char *tenant = session_tenant(session);
	note_effects(prepared);
	prepared->takes_tenant = prepared->verdict->tenant_parameter > 0 && has_slot(prepared->verdict);
	stamp(session, prepared);
	if (writes_literal(prepared->verdict) && tenant)
		prepared->literal_tenant = strdup(tenant);
}

static void expect_parse(struct session *session, struct prepared *prepared, bool swallow)
{
	struct reply *reply = replies_add(&session->replies, REPLY_PARSE);
	reply->swallow = swallow;
	replies_change_statement(&session->replies, reply, &session->statements, prepared->name, prepared);
	session->flushed = false;
	timing_busy(session);
}

static const uint32_t *host_order(const struct wire_parse *parse, uint32_t *few, size_t n_few)
{
	uint32_t *types = few;
	if (parse->n_types > n_few && !(types = malloc(parse->n_types * sizeof *types)))
		abort();
	for (unsigned i = 0; i < parse->n_types; i++)
		types[i] = wire_get_u32(parse->types + (size_t)i * 4);
	return types;
}

/* In place of a Parse that is refused. The server would have dropped the unnamed statement first. */
static void refuse_parse(struct session *session, const char *name, const struct refusal *refusal)
{
	if (!*name && session->statements.unnamed) {
		wire_add_target(&session->out[SIDE_SERVER], 'C', 'S', "");
		struct reply *reply = replies_add(&session->replies, REPLY_CLOSE);
		reply->swallow = true;
		replies_change_statement(&session->replies, reply, &session->statements, "", NULL);
	}
	refuse_extended(session, refusal);
}

/* What stands against preparing it; NULL: nothing. */
static const struct refusal *parse_refusal(struct session *session, const struct verdict *verdict,
										   struct own_refusal *own)
{
	for (size_t i = 0; i < verdict->n_statements; i++)
		if (verdict->statements[i].kind == VERDICT_REFUSE)
			return verdict->statements[i].refusal;
	if (!writes_literal(verdict) || session_tenant(session))
		return NULL;
	/* The tenant has to be written into the text, so it has to be known now. */
	for (size_t i = 0; i < verdict->n_statements; i++)
		if (admit_needs_tenant(&verdict->statements[i]) &&
			admit_statement(session, verdict, i, NULL, NULL, NULL, 0, own) == ADMISSION_REFUSED)
			return &own->refusal;
	return NULL;
}

enum handled extended_parse(struct session *session, const struct wire_message *message)
{
	struct wire_parse parse;
	struct own_refusal own;
	uint32_t few[32];
	if (!wire_parse_decode(message->body, message->length, &parse))
		return malformed(session, message);
	const uint32_t *types = host_order(&parse, few, sizeof few / sizeof *few);
	struct verdict *verdict =
		judge(session, PROTOCOL_EXTENDED, parse.text, parse.text_length, types, parse.n_types);
	if (!verdict) {
		if (types != few)
			free((void *)types);
		return HELD;
	}
	const struct refusal *refusal = parse_refusal(session, verdict, &own);
	if (refusal) {
		session_count(session, verdict);
		refuse_parse(session, parse.name, refusal);
		verdict_unref(verdict);
	} else {
		struct prepared *prepared =
			prepared_new(parse.name, parse.text, parse.text_length, types, parse.n_types, verdict);
		finish_prepared(session, prepared);
		if (verdict->kind == VERDICT_PASS)
			client_forward(session, message);
		else
			send_parse(session, prepared, parse.name);
		expect_parse(session, prepared, false);
		prepared_unref(prepared);
	}
	if (types != few)
		free((void *)types);
	return HANDLED;
}

/* --- a statement that was judged in another time --- */
bool extended_is_as_judged(const struct session *session, const struct prepared *prepared)
{
	if (prepared->sql)
		return true; /* client.c looks after these */
	if (prepared->generation != catalog_generation(session->catalog) ||
		prepared->names_version != session->state.names_version)
		return false;
	if (prepared->prepared_version != session->statements.version &&
		(prepared->executes || !prepared->verdict->cacheable))
		return false;
	const char *tenant = session_tenant(session);
	return !writes_literal(prepared->verdict) ||
		   (tenant && prepared->literal_tenant && strcmp(tenant, prepared->literal_tenant) == 0);
}

bool extended_literal_is_current(const struct session *session, const struct prepared *prepared)
{
	const char *tenant = session_tenant(session);
	return !prepared->literal_tenant || (tenant && strcmp(tenant, prepared->literal_tenant) == 0);
}

bool extended_is_current(struct session *session, struct prepared *prepared)
{
	if (extended_is_as_judged(session, prepared))
		return true;
	struct verdict *now = judge_now(session, PROTOCOL_EXTENDED, prepared->text, prepared->text_length,
									prepared->types, prepared->n_types);
	bool same = now && verdict_same_rewriting(prepared->verdict, now) &&
				extended_literal_is_current(session, prepared);
	if (same) {
		verdict_unref(prepared->verdict);
		prepared->verdict = verdict_ref(now);
		stamp(session, prepared);
	}
	if (now)
		verdict_unref(now);
	return same;
}

/* The client has been told which columns the statement returns: it is asked again, and Bind waits for the
 * answer. */
static enum handled compare_rows(struct session *session, struct prepared *renewed,
								 const struct prepared *old)
{
	renewed->wanted_rows = old->rows_changed ? old->wanted_rows : old->rows;
	wire_add_target(&session->out[SIDE_SERVER], 'D', 'S', renewed->name);
	struct reply *reply = replies_add(&session->replies, REPLY_DESCRIBE_STATEMENT);
	reply->swallow = true;
	reply->prepared = prepared_ref(renewed);
	session->flushed = false;
	return client_hold(session, HOLD_REPLIES);
}

/* As RevalidateCachedQuery() has it: the error that drivers recover from by preparing again. */
static void refuse_changed_rows(struct session *session)
{
	struct own_refusal own;
	error_set(&own.text, "0A000", "cached plan must not change result type");
	own_refusal_finish(&own, 0);
	refuse_extended(session, &own.refusal);
	replies_at(&session->replies, session->replies.n - 1)->query->routine = "RevalidateCachedQuery";
}

/* Gives the statement under its name as it has to be now; *refused: an error has been sent instead. HELD:
 * wait. */
static enum handled renew(struct session *session, struct prepared **prepared, bool *refused)
{
	struct prepared *old = *prepared;
	struct own_refusal own;
	struct verdict *verdict =
		judge(session, PROTOCOL_EXTENDED, old->text, old->text_length, old->types, old->n_types);
	if (!verdict)
		return HELD;
	const struct refusal *refusal = parse_refusal(session, verdict, &own);
	if (refusal) {
		refuse_extended(session, refusal);
		verdict_unref(verdict);
		*refused = true;
		return HANDLED;
	}
	if (verdict_same_rewriting(old->verdict, verdict) && extended_literal_is_current(session, old)) {
		verdict_unref(old->verdict);
		old->verdict = verdict;
		stamp(session, old);
		return HANDLED;
	}
	struct prepared *renewed =
		prepared_new(old->name, old->text, old->text_length, old->types, old->n_types, verdict);
	finish_prepared(session, renewed);
	if (*old->name) {
		wire_add_target(&session->out[SIDE_SERVER], 'C', 'S', old->name);
		replies_add(&session->replies, REPLY_CLOSE)->swallow = true;
	}
	send_parse(session, renewed, renewed->name);
	expect_parse(session, renewed, true);
	prepared_unref(renewed); /* the name holds it */
	*prepared = renewed;
	return old->rows || old->rows_changed ? compare_rows(session, renewed, old) : HANDLED;
}

/* The statement as it has to be now, or *refused. HELD: wait. */
enum handled extended_revalidate(struct session *session, struct prepared **prepared, bool *refused)
{
	if (!extended_is_as_judged(session, *prepared) && renew(session, prepared, refused) == HELD)
		return HELD;
	if (*refused)
		return HANDLED;
	if ((*prepared)->wanted_rows && !(*prepared)->rows_changed && !(*prepared)->rows)
		return client_hold(session, HOLD_REPLIES); /* asked, not answered yet */
	if ((*prepared)->rows_changed) {
		refuse_changed_rows(session);
		*refused = true;
	}
	return HANDLED;
}
