/* Simple Query: every statement of the message gets what its verdict says, in order, as one message to the
 * server.
 *
 * The tenant can change within the message (SET app.tenant_id = 2; SELECT ..): it is followed statement by
 * statement on a copy of the session's state, supposing that each succeeds; where one fails, the server
 * carries out none of the rest. The first statement that is refused is replaced by one that raises, and what
 * follows it is not sent. */
#include "proxy/session/internal.h"

#include <stdlib.h>
#include <string.h>

#define NOT_CHANGED SIZE_MAX

struct plan {
	struct session *session;
	struct verdict *verdict;
	const char *text;
	size_t length;
	size_t changed; /* the last statement that changes what names mean, or NOT_CHANGED */
	size_t n_sent;  /* statements to be sent; less than all: then comes the refusal */
	const struct refusal *refusal;
	struct own_refusal *own;
	char *literal;      /* slot of every statement, as long as `slots` is NULL */
	const char **slots; /* of each statement, when the tenant changes within the message; one block */
};

static bool changes_state(const struct verdict *verdict)
{
	for (size_t i = 0; i + 1 < verdict->n_statements; i++)
		if (verdict->statements[i].n_effects > 0)
			return true;
	return false;
}

/* Room for n pointers and n renderings behind them. */
static const char **slots_new(size_t n)
{
	char *block = malloc(n * (sizeof(char *) + TENANT_LITERAL_MAX));
	if (!block)
		abort();
	const char **slots = (const char **)block;
	for (size_t i = 0; i < n; i++)
		slots[i] = block + n * sizeof(char *) + i * TENANT_LITERAL_MAX;
	return slots;
}

static void render_slot(const struct plan *plan, const struct state *state, char *out)
{
	const struct text *tenant = state->now.current.tenant;
	if (tenant)
		tenant_value_literal(plan->verdict->tenant_type, tenant->s, out);
	else
		out[0] = 0;
}

static bool prepares(const struct statement *statement, const char *name)
{
	for (size_t e = 0; e < statement->n_effects; e++)
		if (statement->effects[e].kind == EFFECT_PREPARE && strcmp(statement->effects[e].name, name) == 0)
			return true;
	return false;
}

/* What EXECUTE runs was prepared for the names of its time. Where an earlier statement of the same message
 * (the last one is at `changed`) may have changed what they mean, it could be something else by now. */
static bool executes_changed(struct plan *plan, size_t i)
{
	const struct verdict *verdict = plan->verdict;
	const struct statement *statement = &verdict->statements[i];
	for (size_t e = 0; e < statement->n_effects; e++) {
		const char *name = statement->effects[e].name;
		if (statement->effects[e].kind != EFFECT_EXECUTE)
			continue;
		bool after = false, before = statements_get(&plan->session->statements, name) != NULL;
		for (size_t k = 0; k < i; k++)
			*(plan->changed != NOT_CHANGED && k > plan->changed ? &after : &before) |=
				prepares(&verdict->statements[k], name);
		if (!before || after)
			continue;
		error_set(&plan->own->text, "0A000", "prepared statement \"%s\" cannot be executed in this message",
				  name);
		error_detail(&plan->own->text, "An earlier statement of the message may have changed what it names.");
		error_hint(&plan->own->text, "Send EXECUTE in a message of its own.");
		own_refusal_finish(plan->own, 0);
		return true;
	}
	return false;
}

/* Not what comes and goes with a transaction: the state's own version tells that. */
static bool changes_names(const struct statement *statement)
{
	for (size_t e = 0; e < statement->n_effects; e++) {
		enum effect_kind kind = statement->effects[e].kind;
		if (kind == EFFECT_SCHEMA_CHANGE || kind == EFFECT_DROP || kind == EFFECT_DISCARD_ALL)
			return true;
	}
	return false;
}

/* The parser has followed what earlier statements of the message do to names; so has `state`. They must agree. */
static bool names_agree(struct plan *plan, const struct statement *statement, const struct state *state)
{
	if (statement->names == 0 || statement->names == judge_names(state))
		return true;
	error_set(&plan->own->text, "0A000", "cannot tell which relations are meant");
	error_detail(&plan->own->text,
				 "An earlier statement of the message may have changed the search_path or temporary tables.");
	error_hint(&plan->own->text, "Send the statements in messages of their own.");
	own_refusal_finish(plan->own, 0);
	return false;
}

static enum admission examine(struct plan *plan, size_t i, const struct state *state)
{
	const struct statement *statement = &plan->verdict->statements[i];
	const struct text *tenant = state->now.current.tenant;
	if (!names_agree(plan, statement, state)) {
		plan->refusal = &plan->own->refusal;
		return ADMISSION_REFUSED;
	}
	if (statement->kind == VERDICT_REFUSE) {
		plan->refusal = statement->refusal;
		return ADMISSION_REFUSED;
	}
	enum admission admission =
		admit_statement(plan->session, plan->verdict, i, tenant ? tenant->s : NULL, NULL, NULL, 0, plan->own);
	if (admission == ADMITTED && plan->changed != NOT_CHANGED && plan->session->user->right != RIGHT_BYPASS &&
		executes_changed(plan, i))
		admission = ADMISSION_REFUSED;
	if (admission == ADMISSION_REFUSED)
		plan->refusal = &plan->own->refusal;
	return admission;
}

/* As it will be if the statement succeeds. In an aborted transaction only its end can: COMMIT then is a
 * ROLLBACK. */
static void follow_effects(struct state *state, const struct statement *statement, bool *aborted)
{
	for (size_t e = 0; e < statement->n_effects; e++) {
		const struct effect *effect = &statement->effects[e];
		state_apply(state, effect, *aborted ? "ROLLBACK" : NULL);
		if (effect->kind == EFFECT_COMMIT || effect->kind == EFFECT_ROLLBACK ||
			effect->kind == EFFECT_ROLLBACK_TO)
			*aborted = false;
	}
}

/* Decides how many statements are sent. False: the message has to wait. */
static bool make(struct plan *plan)
{
	struct session *session = plan->session;
	const struct verdict *verdict = plan->verdict;
	bool follow = changes_state(verdict);
	struct state copy;
	if (follow) {
		state_copy(&copy, &session->state);
		plan->slots = slots_new(verdict->n_statements);
	} else if (verdict->uses_tenant) {
		render_slot(plan, &session->state, plan->literal);
	}
	const struct state *state = follow ? &copy : &session->state;
	enum admission admission = ADMITTED;
	bool aborted = session->status == 'E';
	for (plan->n_sent = 0; plan->n_sent < verdict->n_statements; plan->n_sent++) {
		size_t i = plan->n_sent;
		admission = examine(plan, i, state);
		if (admission != ADMITTED)
			break;
		if (!follow)
			continue;
		render_slot(plan, state, (char *)plan->slots[i]);
		uint64_t names = copy.names_version;
		follow_effects(&copy, &verdict->statements[i], &aborted);
		if (copy.names_version != names || changes_names(&verdict->statements[i]))
			plan->changed = i;
	}
	if (follow)
		state_free(&copy);
	return admission != ADMISSION_HELD;
}

/* --- sending --- */
static void write_piece(void *to, const char *bytes, size_t length)
{
	buffer_add(to, bytes, length);
}

static void send_rendered(const struct plan *plan)
{
	struct buffer *out = &plan->session->out[SIDE_SERVER];
	const struct verdict *verdict = plan->verdict;
	size_t begun = buffer_message_begin(out, 'Q');
	size_t at = 0;
	for (size_t i = 0; i < plan->n_sent; i++) {
		const struct statement *statement = &verdict->statements[i];
		buffer_add(out, plan->text + at, statement->start - at);
		statement_render(verdict, i, plan->text, plan->slots ? plan->slots[i] : plan->literal, write_piece,
						 out);
		at = statement->start + statement->length;
	}
	if (plan->refusal) {
		if (plan->n_sent > 0)
			buffer_add(out, ";", 1);
		refuse_add_text(out, plan->refusal);
	} else {
		buffer_add(out, plan->text + at, plan->length - at);
	}
	buffer_add_u8(out, 0);
	buffer_message_end(out, begun);
}

/* Does anything about this message have to be known when its replies come? */
static bool is_followed(const struct plan *plan)
{
	const struct verdict *verdict = plan->verdict;
	if (plan->refusal || verdict->kind != VERDICT_PASS)
		return true;
	for (size_t i = 0; i < verdict->n_statements; i++) {
		const struct statement *statement = &verdict->statements[i];
		if (statement->n_effects > 0 || statement->raised_tag || statement->copy || statement->conceal_errors)
			return true;
	}
	return false;
}

static bool matters(const struct plan *plan)
{
	const struct session *session = plan->session;
	bool pending = session->replies.matters > 0;
	for (size_t i = 0; i < plan->n_sent; i++) {
		const struct statement *statement = &plan->verdict->statements[i];
		for (size_t e = 0; e < statement->n_effects; e++)
			if (state_effect_matters(&session->state, &statement->effects[e], pending))
				return true;
	}
	return false;
}

void query_forget_unnamed(struct session *session, struct reply *reply)
{
	struct statements *statements = &session->statements;
	if (statements->unnamed_portal)
		replies_change_portal(reply, statements, "", NULL);
	if (statements->unnamed)
		replies_change_statement(&session->replies, reply, statements, "", NULL);
	statements_part(statements);
}

static void expect(struct plan *plan)
{
	struct session *session = plan->session;
	bool changes = matters(plan);
	struct reply *reply = replies_add(&session->replies, REPLY_QUERY);
	query_forget_unnamed(session, reply);
	if (changes)
		replies_set_matters(&session->replies, reply);
	if (!is_followed(plan))
		return;
	bool one = !plan->slots && plan->verdict->n_statements == 1;
	struct query *query =
		query_new(&session->spare_query, plan->text, plan->length, one ? plan->literal : NULL);
	query->verdict = verdict_ref(plan->verdict);
	query->n_sent = plan->n_sent;
	if (plan->slots) {
		query->slots = plan->slots;
		plan->slots = NULL;
	} else if (plan->verdict->n_statements > 1) {
		/* One rendering for all: the pointers share it. */
		query->slots = malloc(plan->verdict->n_statements * sizeof(char *) + strlen(plan->literal) + 1);
		if (!query->slots)
			abort();
		char *literal = (char *)(query->slots + plan->verdict->n_statements);
		strcpy(literal, plan->literal);
		for (size_t i = 0; i < plan->verdict->n_statements; i++)
			query->slots[i] = literal;
	}
	if (plan->refusal)
		refuse_note(session, query, plan->refusal);
	reply->query = query;
}

enum handled query_message(struct session *session, const struct wire_message *message)
{
	/* Not in the plan: they are large, and need not be cleared. */
	struct own_refusal own;
	char literal[TENANT_LITERAL_MAX];
	struct plan plan = {.session = session, .changed = NOT_CHANGED, .own = &own, .literal = literal};
	literal[0] = 0;
	if (!wire_string_decode(message->body, message->length, &plan.text, &plan.length))
		return malformed_query(session, message);
	plan.verdict = judge(session, PROTOCOL_SIMPLE, plan.text, plan.length, NULL, 0);
	if (!plan.verdict)
		return HELD;
	enum handled handled = HELD;
	if (!make(&plan))
		goto out;
	handled = HANDLED;
	session->counts.statements += plan.verdict->n_statements;
	session_count(session, plan.verdict);
	extended_close_followed(session, session->statements.unnamed_portal);
	if (plan.verdict->kind == VERDICT_PASS && !plan.refusal)
		client_forward(session, message);
	else
		send_rendered(&plan);
	expect(&plan);
	timing_busy(session);
out:
	free(plan.slots);
	verdict_unref(plan.verdict);
	return handled;
}
