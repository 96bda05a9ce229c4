/* Extended query: Parse, Bind, Describe, Execute, Close, Sync, Flush.
 *
 * The tenant is one parameter more than the client knows of: its type is declared in Parse, its value
 * appended in Bind, and it is taken out of ParameterDescription (answers.c). A statement prepared before the
 * names or the catalog changed is judged again at Bind, and prepared again under its name if it is to be
 * written otherwise. */
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

static void send_parse(struct session *session, const struct prepared *prepared)
{
	struct buffer *out = &session->out[SIDE_SERVER];
	const struct verdict *verdict = prepared->verdict;
	char slot[TENANT_LITERAL_MAX];
	extended_slot(prepared, slot);
	size_t begun = buffer_message_begin(out, 'P');
	buffer_add_string(out, prepared->name);
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
		   kind != EFFECT_TENANTS_CHANGE && kind != EFFECT_EXECUTE;
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
			send_parse(session, prepared);
		expect_parse(session, prepared, false);
		prepared_unref(prepared);
	}
	if (types != few)
		free((void *)types);
	return HANDLED;
}

/* --- a statement that was judged in another time --- */
static bool is_current(const struct session *session, const struct prepared *prepared)
{
	if (prepared->sql)
		return true; /* client.c looks after these */
	if (prepared->generation != catalog_generation(session->catalog) ||
		prepared->names_version != session->state.names_version)
		return false;
	if (prepared->prepared_version != session->statements.version && !prepared->verdict->cacheable)
		return false;
	const char *tenant = session_tenant(session);
	return !writes_literal(prepared->verdict) ||
		   (tenant && prepared->literal_tenant && strcmp(tenant, prepared->literal_tenant) == 0);
}

static bool literal_is_current(const struct session *session, const struct prepared *prepared)
{
	const char *tenant = session_tenant(session);
	return !prepared->literal_tenant || (tenant && strcmp(tenant, prepared->literal_tenant) == 0);
}

bool extended_is_current(struct session *session, struct prepared *prepared)
{
	if (is_current(session, prepared))
		return true;
	struct verdict *now = judge_now(session, PROTOCOL_EXTENDED, prepared->text, prepared->text_length,
									prepared->types, prepared->n_types);
	bool same =
		now && verdict_same_rewriting(prepared->verdict, now) && literal_is_current(session, prepared);
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
	if (verdict_same_rewriting(old->verdict, verdict) && literal_is_current(session, old)) {
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
	send_parse(session, renewed);
	expect_parse(session, renewed, true);
	prepared_unref(renewed); /* the name holds it */
	*prepared = renewed;
	return old->rows || old->rows_changed ? compare_rows(session, renewed, old) : HANDLED;
}

/* The statement as it has to be now, or *refused. HELD: wait. */
static enum handled revalidate(struct session *session, struct prepared **prepared, bool *refused)
{
	if (!is_current(session, *prepared) && renew(session, prepared, refused) == HELD)
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

/* --- Bind --- */
/* A code for each value, as the client has it, and text for ours. */
static void add_formats(struct buffer *out, const struct wire_bind *bind, unsigned n)
{
	if (bind->n_formats == 0 || (bind->n_formats == 1 && wire_get_u16(bind->formats) == 0)) {
		buffer_add_u16(out, 0); /* all text */
		return;
	}
	buffer_add_u16(out, (uint16_t)(n + 1));
	if (bind->n_formats == 1)
		for (unsigned i = 0; i < n; i++)
			buffer_add(out, bind->formats, 2);
	else
		buffer_add(out, bind->formats, (size_t)bind->n_formats * 2);
	buffer_add_u16(out, 0);
}

static void send_bind(struct session *session, const struct wire_bind *bind, const char *tenant)
{
	struct buffer *out = &session->out[SIDE_SERVER];
	size_t length = strlen(tenant);
	size_t begun = buffer_message_begin(out, 'B');
	buffer_add_string(out, bind->portal);
	buffer_add_string(out, bind->statement);
	add_formats(out, bind, bind->n_values);
	buffer_add_u16(out, (uint16_t)(bind->n_values + 1));
	buffer_add(out, bind->values, (size_t)(bind->values_end - bind->values));
	buffer_add_u32(out, (uint32_t)length);
	buffer_add(out, tenant, length);
	buffer_add(out, bind->results, bind->results_length);
	buffer_message_end(out, begun);
}

static void extended_bind_sent(struct session *session, const char *name, struct prepared *prepared)
{
	struct reply *reply = replies_add(&session->replies, REPLY_BIND);
	struct portal *portal = portal_new(name, prepared);
	portal->generation = catalog_generation(session->catalog);
	portal->names_version = session->state.names_version;
	portal->statement_names = session->statements.names;
	replies_change_portal(reply, &session->statements, name, portal);
	portal_unref(portal);
	reply->prepared = prepared_ref(prepared);
	session->flushed = false;
	timing_busy(session);
}

/* The server counts our parameter too; so the client's number is compared here, in the server's words. */
static bool count_fits(const struct prepared *prepared, const struct wire_bind *bind, struct own_refusal *own)
{
	unsigned wanted = prepared->verdict->tenant_parameter - 1;
	if (prepared->sql || bind->n_values == wanted)
		return true;
	error_set(&own->text, "08P01",
			  "bind message supplies %u parameters, but prepared statement \"%s\" requires %u",
			  bind->n_values, prepared->name, wanted);
	own_refusal_finish(own, 0);
	return false;
}

/* HELD: wait. *refused: an error has been sent instead. */
static enum handled admit_bind(struct session *session, const struct prepared *prepared,
							   const struct wire_bind *bind, bool *refused)
{
	struct own_refusal own;
	const struct verdict *verdict = prepared->verdict;
	if (prepared->takes_tenant &&
		(!count_fits(prepared, bind, &own) || admit_tenant_known(session, &own) == ADMISSION_REFUSED)) {
		refuse_extended(session, &own.refusal);
		*refused = true;
		return HANDLED;
	}
	for (size_t i = 0; i < verdict->n_statements; i++) {
		switch (admit_statement(session, verdict, i, session_tenant(session), bind, prepared->types,
								prepared->n_types, &own)) {
		case ADMITTED:
			break;
		case ADMISSION_HELD:
			return HELD;
		case ADMISSION_REFUSED:
			refuse_extended(session, &own.refusal);
			*refused = true;
			return HANDLED;
		}
	}
	return HANDLED;
}

/* What is not known here is not known to the server either; should it be, it is nothing that was guarded. */
static void refuse_unknown(struct session *session, const char *name)
{
	struct own_refusal own;
	if (*name)
		error_set(&own.text, "26000", "prepared statement \"%s\" does not exist", name);
	else
		error_set(&own.text, "26000", "unnamed prepared statement does not exist");
	own_refusal_finish(&own, 0);
	refuse_extended(session, &own.refusal);
}

static enum handled refuse_malformed_bind(struct session *session, const struct wire_message *message,
										  const struct wire_bind *bind, const struct prepared *prepared)
{
	struct own_refusal own;
	if (!prepared->takes_tenant || wire_fault(message) == WIRE_FAULT_FORMATS || !bind->counted ||
		count_fits(prepared, bind, &own))
		return malformed_bind(session, message, bind, prepared);
	refuse_extended(session, &own.refusal);
	return HANDLED;
}

enum handled extended_bind(struct session *session, const struct wire_message *message)
{
	struct wire_bind bind;
	bool refused = false;
	bool sound = wire_bind_decode(message->body, message->length, &bind);
	if (!sound && wire_fault(message) == WIRE_FAULT_STRING)
		return malformed(session, message);
	if (!replies_name_is_certain(&session->replies, bind.statement))
		return client_hold(session, HOLD_REPLIES);
	struct prepared *prepared = statements_get(&session->statements, bind.statement);
	if (prepared && revalidate(session, &prepared, &refused) == HELD)
		return HELD;
	if (refused)
		return HANDLED;
	if (!prepared || prepared->stale) {
		refuse_unknown(session, bind.statement);
		return HANDLED;
	}
	if (!sound)
		return refuse_malformed_bind(session, message, &bind, prepared);
	if (admit_bind(session, prepared, &bind, &refused) == HELD)
		return HELD;
	if (refused)
		return HANDLED;
	if (prepared->takes_tenant)
		send_bind(session, &bind, session_tenant(session));
	else
		client_forward(session, message);
	extended_bind_sent(session, bind.portal, prepared);
	return HANDLED;
}

bool extended_bind_streams(struct session *session, const char *bytes, size_t n)
{
	struct reader reader = reader_of(bytes, n);
	const char *portal = reader_string(&reader, NULL);
	const char *name = reader_string(&reader, NULL);
	if (reader.bad || client_must_wait(session) || session->stale_catalog ||
		!replies_name_is_certain(&session->replies, name))
		return false;
	struct prepared *prepared = statements_get(&session->statements, name);
	/* What SQL has prepared is looked after in client.c, before a whole message. */
	if (!prepared || prepared->sql || prepared->takes_tenant || prepared->wanted_rows ||
		!is_current(session, prepared))
		return false;
	const struct verdict *verdict = prepared->verdict;
	for (size_t i = 0; i < verdict->n_statements; i++)
		if (verdict->statements[i].n_effects > 0 || admit_needs_tenant(&verdict->statements[i]))
			return false;
	extended_bind_sent(session, portal, prepared);
	return true;
}

/* --- the others --- */
static void expect(struct session *session, enum reply_kind kind, struct prepared *prepared)
{
	struct reply *reply = replies_add(&session->replies, kind);
	reply->prepared = prepared_ref(prepared);
	session->flushed = false;
	timing_busy(session);
}

enum handled extended_describe(struct session *session, const struct wire_message *message)
{
	char target;
	const char *name;
	bool refused = false;
	if (!wire_target_decode(message->body, message->length, &target, &name))
		return malformed(session, message);
	if (target == 'P') {
		client_forward(session, message);
		const struct portal *portal = statements_portal(&session->statements, name);
		expect(session, REPLY_DESCRIBE_PORTAL, portal ? portal->prepared : NULL);
		return HANDLED;
	}
	/* Names that are still under way could stand for something else: wait, as the number of parameters to
	 * hide depends on it. */
	if (client_must_wait(session) || !replies_name_is_certain(&session->replies, name))
		return client_hold(session, HOLD_REPLIES);
	struct prepared *prepared = statements_get(&session->statements, name);
	if (prepared && revalidate(session, &prepared, &refused) == HELD)
		return HELD;
	if (refused)
		return HANDLED;
	client_forward(session, message);
	expect(session, REPLY_DESCRIBE_STATEMENT, prepared);
	return HANDLED;
}

static bool statement_matters(const struct session *session, const struct verdict *verdict)
{
	bool pending = session->replies.matters > 0;
	for (size_t i = 0; i < verdict->n_statements; i++)
		for (size_t e = 0; e < verdict->statements[i].n_effects; e++)
			if (state_effect_matters(&session->state, &verdict->statements[i].effects[e], pending))
				return true;
	return false;
}

/* A utility statement looks its names up when it runs: has anything changed since it was bound, it must still
 * mean what it was judged to mean. */
static bool means_the_same(struct session *session, const struct portal *portal, struct own_refusal *own)
{
	const struct prepared *prepared = portal->prepared;
	bool current = literal_is_current(session, prepared);
	if (current && portal->generation == catalog_generation(session->catalog) &&
		portal->names_version == session->state.names_version &&
		(!prepared->executes || portal->statement_names == session->statements.names))
		return true;
	struct verdict *now = judge_now(session, PROTOCOL_EXTENDED, prepared->text, prepared->text_length,
									prepared->types, prepared->n_types);
	bool same = current && now && verdict_same_rewriting(prepared->verdict, now);
	for (size_t i = 0; same && i < now->n_statements; i++)
		same = admit_executed(session, &now->statements[i], session_tenant(session), own);
	if (now)
		verdict_unref(now);
	if (!same) {
		error_set(&own->text, "0A000", "portal \"%s\" must be bound again", portal->name);
		error_detail(&own->text, "What its statement names may mean something else since it was bound.");
		own_refusal_finish(own, 0);
	}
	return same;
}

void extended_close_followed(struct session *session, const struct portal *but)
{
	struct portal *portal;
	while ((portal = statements_followed(&session->statements, but))) {
		wire_add_target(&session->out[SIDE_SERVER], 'C', 'P', portal->name);
		struct reply *reply = replies_add(&session->replies, REPLY_CLOSE);
		reply->swallow = true;
		replies_change_portal(reply, &session->statements, portal->name, NULL);
		session->flushed = false;
	}
}

enum handled extended_execute(struct session *session, const struct wire_message *message)
{
	const char *name;
	struct own_refusal own;
	if (!wire_execute_decode(message->body, message->length, &name))
		return malformed(session, message);
	struct portal *portal = statements_portal(&session->statements, name);
	struct prepared *prepared = portal ? portal->prepared : NULL;
	/* Until a part of the pipeline before this one has ended, nobody can tell what the name stands for. */
	if (!session->failing && session->replies.boundaries > 0 &&
		(!portal || portal->serial <= session->statements.part))
		return client_hold(session, HOLD_REPLIES);
	if (prepared && !prepared->sql && prepared->utility && session->user->right != RIGHT_BYPASS) {
		/* Also, the value that COPY appends is the tenant of the moment when it begins. */
		if (client_must_wait(session))
			return client_hold(session, HOLD_REPLIES);
		if (!means_the_same(session, portal, &own)) {
			refuse_extended(session, &own.refusal);
			return HANDLED;
		}
	}
	bool changes = prepared && !prepared->sql && statement_matters(session, prepared->verdict);
	extended_close_followed(session, portal);
	client_forward(session, message);
	expect(session, REPLY_EXECUTE, prepared);
	if (changes)
		replies_set_matters(&session->replies, replies_at(&session->replies, session->replies.n - 1));
	session->counts.statements++;
	if (prepared && !prepared->sql && prepared->verdict)
		session_count(session, prepared->verdict);
	return HANDLED;
}

enum handled extended_close(struct session *session, const struct wire_message *message)
{
	char target;
	const char *name;
	if (!wire_target_decode(message->body, message->length, &target, &name))
		return malformed(session, message);
	client_forward(session, message);
	struct reply *reply = replies_add(&session->replies, REPLY_CLOSE);
	if (target == 'S') {
		replies_change_statement(&session->replies, reply, &session->statements, name, NULL);
	} else {
		replies_change_portal(reply, &session->statements, name, NULL);
	}
	session->flushed = false;
	timing_busy(session);
	return HANDLED;
}

void extended_sync(struct session *session)
{
	wire_add_empty(&session->out[SIDE_SERVER], 'S');
	if (session->copy_in == COPY_IN_ACTIVE) {
		/* Ignored by the server as long as it copies. Has it failed meanwhile, ReadyForQuery will come
		 * unasked. */
		session->spare_syncs++;
		return;
	}
	session->skipping = session->failing = false;
	session->flushed = false;
	replies_add(&session->replies, REPLY_SYNC);
	statements_part(&session->statements);
	timing_busy(session);
}

void extended_flush(struct session *session)
{
	wire_add_empty(&session->out[SIDE_SERVER], 'H');
	session->flushed = true;
}
