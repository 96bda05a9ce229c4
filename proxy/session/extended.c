/* Extended query: Bind, Describe, Execute, Close, Sync, Flush. Parse is in extended_parse.c. */
#include "proxy/session/internal.h"
#include "proxy/wire/fault.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

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
			  bind->n_values, bind->statement, wanted);
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

/* What is not known here the server is made to forget, and says so: also in an aborted transaction, where it looks the name
 * up first. */
static void refuse_unknown(struct session *session, const char *name)
{
	static const char portal[] = "tenantry: unknown";
	struct buffer *out = &session->out[SIDE_SERVER];
	wire_add_target(out, 'C', 'S', name);
	replies_add(&session->replies, REPLY_CLOSE)->swallow = true;
	wire_add_bind(out, portal, name);
	replies_add(&session->replies, REPLY_ERROR);
	session->failing = true;
	session->flushed = false;
	timing_busy(session);
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
	if (prepared && extended_revalidate(session, &prepared, &refused) == HELD)
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
	if (reader.bad || !judge_keeps_bytes(session, portal) || !judge_keeps_bytes(session, name) ||
		client_must_wait(session) || session->stale_catalog ||
		!replies_name_is_certain(&session->replies, name))
		return false;
	struct prepared *prepared = statements_get(&session->statements, name);
	/* What SQL has prepared is looked after in client.c, before a whole message. */
	if (!prepared || prepared->sql || prepared->takes_tenant || prepared->wanted_rows ||
		!extended_is_as_judged(session, prepared))
		return false;
	const struct verdict *verdict = prepared->verdict;
	for (size_t i = 0; i < verdict->n_statements; i++)
		if (verdict->statements[i].n_effects > 0 || verdict->statements[i].n_patterns > 0 ||
			admit_needs_tenant(&verdict->statements[i]))
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
	if (prepared && extended_revalidate(session, &prepared, &refused) == HELD)
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
	bool current = extended_literal_is_current(session, prepared);
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

static bool calls_procedure(const struct prepared *prepared)
{
	for (size_t i = 0; i < prepared->verdict->n_statements; i++)
		for (size_t e = 0; e < prepared->verdict->statements[i].n_effects; e++)
			if (prepared->verdict->statements[i].effects[e].kind == EFFECT_CALL)
				return true;
	return false;
}

/* Without BEGIN a procedure can end the transaction of the pipeline: what came before would be kept, or undone, and nobody
 * is told which. */
static bool may_call(const struct session *session, const struct prepared *prepared, struct own_refusal *own)
{
	if (session->in_block || !session->state.dirty || !calls_procedure(prepared))
		return true;
	error_set(&own->text, "0A000", "CALL is not supported here");
	error_detail(&own->text,
				 "It could end the transaction of the pipeline, which has changed the search_path, "
				 "temporary tables or the tenant.");
	error_hint(&own->text, "Send Sync or BEGIN before.");
	own_refusal_finish(own, 0);
	return false;
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
		if (!means_the_same(session, portal, &own) || !may_call(session, prepared, &own)) {
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
