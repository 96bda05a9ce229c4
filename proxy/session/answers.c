/* Messages of the server that change on their way, or change the session: CommandComplete, ErrorResponse,
 * ReadyForQuery, ParameterDescription. Effects of statements are applied here, when the server has confirmed
 * them. */
#include "proxy/session/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- effects --- */
/* A statement that the server has carried out. */
struct confirmed {
	const struct verdict *verdict;
	size_t i;
	const char *text; /* of the whole message */
	enum sub_protocol protocol;
	const uint32_t *types;
	size_t n_types;
};

/* PREPARE has been carried out. It is kept as it was judged, to be judged again when names or the catalog
 * change. */
static void apply_prepare(struct session *session, const struct effect *effect,
						  const struct confirmed *confirmed)
{
	const struct statement *statement = &confirmed->verdict->statements[confirmed->i];
	bool whole = confirmed->verdict->n_statements == 1;
	const char *text = whole ? confirmed->text : confirmed->text + statement->start;
	size_t length = whole ? statement->start + statement->length : statement->length;
	struct prepared *prepared =
		prepared_new(effect->name, text, length, confirmed->types, confirmed->n_types,
					 whole ? verdict_ref((struct verdict *)confirmed->verdict) : NULL);
	if (!whole)
		prepared->verdict = judge_now(session, confirmed->protocol, prepared->text, length, confirmed->types,
									  confirmed->n_types);
	prepared->sql = true;
	prepared->protocol = confirmed->protocol;
	prepared->takes_tenant = effect->flag;
	if (effect->value && asprintf(&prepared->checked, "%s\1%s", effect->name, effect->value) < 0)
		abort();
	if (!prepared->verdict) {
		/* Too long to be judged by itself: it could not be followed when names change, so it goes. */
		prepared->stale = true;
		wire_add_target(&session->out[SIDE_SERVER], 'C', 'S', effect->name);
		replies_add(&session->replies, REPLY_CLOSE)->swallow = true;
	}
	prepared_unref(statements_put(&session->statements, effect->name, prepared));
	prepared_unref(prepared);
	session->checked_names = 0;
}

static void end_of_transaction(struct session *session, bool committed)
{
	if (committed && session->schema_pending) {
		session->schema_changed = true;
		session->stale_catalog = true;
	}
	session->schema_pending = false;
}

static void apply_effect(struct session *session, const struct effect *effect,
						 const struct confirmed *confirmed, const char *tag)
{
	/* Without a block PREPARE TRANSACTION commits, and says ROLLBACK (PrepareTransactionBlock() in xact.c). */
	if (effect->kind == EFFECT_PREPARE_TRANSACTION && !session->in_block)
		tag = "";
	state_apply(&session->state, effect, tag);
	switch (effect->kind) {
	case EFFECT_PREPARE:
		apply_prepare(session, effect, confirmed);
		break;
	case EFFECT_DEALLOCATE:
		if (effect->name)
			statements_forget(&session->statements, effect->name);
		else
			statements_forget_all(&session->statements);
		break;
	case EFFECT_DISCARD_ALL:
		statements_forget_all(&session->statements);
		break;
	case EFFECT_BEGIN:
		session->in_block = true;
		break;
	case EFFECT_COMMIT:
	case EFFECT_PREPARE_TRANSACTION:
		session->in_block = effect->flag;
		end_of_transaction(session, strcmp(tag, "ROLLBACK") != 0);
		session->error_since = false;
		break;
	case EFFECT_ROLLBACK:
		session->in_block = effect->flag;
		end_of_transaction(session, false);
		session->error_since = false;
		break;
	case EFFECT_SCHEMA_CHANGE:
	case EFFECT_TENANTS_CHANGE:
		session->schema_pending = true;
		break;
	default:
		break;
	}
}

/* What the server has committed although no Sync has come, an error before that does not undo. Up to 13.7 and 14.4 only
 * statements that end transactions by themselves did so. */
static void commit_at_once(struct session *session, bool always)
{
	int version = catalog_server_version(session->catalog);
	bool waits = (version >= 130000 && version < 130008) || (version >= 140000 && version < 140005);
	if (waits && !always)
		return;
	state_commit(&session->state);
	end_of_transaction(session, true);
	session->error_since = false;
}

static void apply_effects(struct session *session, const struct confirmed *confirmed, const char *tag)
{
	const struct statement *statement = &confirmed->verdict->statements[confirmed->i];
	const struct effect *commits = NULL;
	for (size_t i = 0; i < statement->n_effects; i++) {
		apply_effect(session, &statement->effects[i], confirmed, tag);
		if (statement->effects[i].kind == EFFECT_COMMITS_AT_ONCE)
			commits = &statement->effects[i];
	}
	if (commits)
		commit_at_once(session, commits->flag);
}

static void apply_prepared(struct session *session, const struct prepared *prepared, const char *tag)
{
	struct confirmed confirmed = {.verdict = prepared->verdict,
								  .text = prepared->text,
								  .protocol = PROTOCOL_EXTENDED,
								  .types = prepared->types,
								  .n_types = prepared->n_types};
	apply_effects(session, &confirmed, tag);
}

/* --- CommandComplete --- */
static enum answer show_tag(struct session *session, struct run *run, const struct statement *statement,
							bool swallow)
{
	if (swallow)
		return ANSWER_DROP;
	if (!statement || !statement->raised_tag)
		return ANSWER_PASS;
	server_flush_run(session, run);
	wire_add_text(&session->out[SIDE_CLIENT], 'C', statement->raised_tag);
	return ANSWER_REPLACED;
}

static enum answer complete_query(struct session *session, struct run *run, struct query *query,
								  const char *tag)
{
	const struct verdict *verdict = query->verdict;
	if (!verdict || query->current >= verdict->n_statements)
		return query->raises ? ANSWER_BAD : ANSWER_PASS;
	while (query->current + 1 < verdict->n_statements && verdict->statements[query->current].is_empty)
		query->current++;
	const struct statement *statement = &verdict->statements[query->current];
	/* What was to raise has succeeded: nothing is certain any more. */
	if (query->raises && query->current >= query->n_sent)
		return ANSWER_BAD;
	struct confirmed confirmed = {.verdict = verdict, .i = query->current++, .text = query->text};
	apply_effects(session, &confirmed, tag);
	return show_tag(session, run, statement, false);
}

static enum answer complete_execute(struct session *session, struct run *run, struct reply *head,
									const char *tag)
{
	const struct prepared *prepared = head->prepared;
	const struct statement *statement = NULL;
	if (head->query && head->query->raises)
		return ANSWER_BAD;
	if (prepared && !prepared->sql && prepared->verdict->n_statements == 1) {
		statement = &prepared->verdict->statements[0];
		apply_prepared(session, prepared, tag);
	}
	enum answer answer = show_tag(session, run, statement, head->swallow);
	replies_take(&session->replies, &session->spare_query);
	return answer;
}

void answer_suspended(struct session *session, const struct reply *head)
{
	const struct prepared *prepared = head->prepared;
	if (prepared && !prepared->sql && prepared->verdict->n_statements == 1)
		apply_prepared(session, prepared, "");
}

enum answer answer_complete(struct session *session, struct run *run, const struct wire_message *message)
{
	struct reply *head = replies_head(&session->replies);
	const char *tag;
	if (!wire_string_decode(message->body, message->length, &tag, NULL))
		return ANSWER_BAD;
	copyin_over(session);
	session->spare_syncs = 0;
	if (head->kind == REPLY_EXECUTE)
		return complete_execute(session, run, head, tag);
	return head->query ? complete_query(session, run, head->query, tag) : ANSWER_PASS;
}

/* --- ParameterDescription --- */
enum answer answer_parameters(struct session *session, struct run *run, const struct wire_message *message)
{
	struct reply *head = replies_head(&session->replies);
	if (!head || head->kind != REPLY_DESCRIBE_STATEMENT || head->described)
		return ANSWER_BAD;
	struct reader reader = reader_of(message->body, message->length);
	unsigned n = reader_u16(&reader);
	const char *types = reader_bytes(&reader, (size_t)n * 4);
	if (!reader_done(&reader))
		return ANSWER_BAD;
	head->described = true;
	if (head->swallow)
		return ANSWER_DROP;
	if (!head->prepared || !head->prepared->takes_tenant || n == 0)
		return ANSWER_PASS;
	struct buffer *out = &session->out[SIDE_CLIENT];
	server_flush_run(session, run);
	wire_add_header(out, 't', 2 + (size_t)(n - 1) * 4);
	buffer_add_u16(out, (uint16_t)(n - 1));
	buffer_add(out, types, (size_t)(n - 1) * 4);
	return ANSWER_REPLACED;
}

/* --- ErrorResponse --- */
/* The position in the text that the client wrote; -1: it is the same. */
static int original_position(const struct reply *head, int position)
{
	char slot[TENANT_LITERAL_MAX];
	if (head->kind == REPLY_QUERY && head->query && head->query->verdict &&
		head->query->verdict->kind != VERDICT_PASS)
		return verdict_map_position(head->query->verdict, head->query->text, head->query->slots, position);
	const struct prepared *prepared = head->prepared;
	if (head->kind <= REPLY_EXECUTE && prepared && !prepared->sql &&
		prepared->verdict->kind == VERDICT_GUARD) {
		const char *one = extended_slot(prepared, slot);
		size_t n = prepared->verdict->n_statements;
		const char **slots = malloc((n ? n : 1) * sizeof *slots);
		if (!slots)
			abort();
		for (size_t i = 0; i < n; i++)
			slots[i] = one;
		int mapped = verdict_map_position(prepared->verdict, prepared->text, slots, position);
		free(slots);
		return mapped;
	}
	return -1;
}

static bool is_raised(const struct reply *head, const char *sqlstate)
{
	const struct query *query = head->query;
	if (!query || !query->raises || strcmp(query->sqlstate, sqlstate) != 0)
		return false;
	return !query->verdict || query->current >= query->n_sent;
}

/* A prepared statement was to write an argument of EXECUTE into a tenant column (parser/rewrite_given.c). */
static bool is_other_tenant(const struct wire_message *message, const char *sqlstate)
{
	const char *text = wire_error_field(message->body, message->length, 'M');
	return strcmp(sqlstate, "42704") == 0 && text && strstr(text, PREPARED_OTHER_TENANT);
}

/* Is it the error of a CopyFail of ours? */
static bool is_copy_failed(const struct session *session, const struct wire_message *message)
{
	const char *sqlstate = wire_error_field(message->body, message->length, 'C');
	return session->copy_error && sqlstate && strcmp(sqlstate, "57014") == 0;
}

/* What is to be changed in the error; false: nothing. */
static bool edit_error(struct session *session, const struct reply *head, const struct wire_message *message,
					   struct concealed *hidden, struct wire_error_edit *edit)
{
	const char *sqlstate = wire_error_field(message->body, message->length, 'C');
	const char *position = wire_error_field(message->body, message->length, 'P');
	*edit = (struct wire_error_edit){.position = -1};
	if (!sqlstate)
		return false;
	if (is_copy_failed(session, message)) {
		const struct error *error = session->copy_error;
		*edit = (struct wire_error_edit){.drop = "WFLRDHqp",
										 .position = 0,
										 .sqlstate = error->sqlstate,
										 .message = error->message,
										 .detail = error->detail[0] ? error->detail : NULL,
										 .hint = error->hint[0] ? error->hint : NULL};
		return true;
	}
	if (session->timed_out && strcmp(sqlstate, "57014") == 0) {
		edit->message = "canceling statement due to statement timeout";
		session->timed_out = false;
		return true;
	}
	if (is_other_tenant(message, sqlstate)) {
		*edit = (struct wire_error_edit){
			.drop = "DWFLRqp",
			.position = 0,
			.sqlstate = "42501",
			.message = "an argument of EXECUTE for a tenant column is not the session's tenant",
			.hint = "Leave the column out: tenantry fills it in."};
		return true;
	}
	if (head && is_raised(head, sqlstate)) {
		*edit = (struct wire_error_edit){
			.drop = "WFLRqp", .position = head->query->position, .routine = head->query->routine};
		return true;
	}
	bool concealed = conceal_edit(session, head, message, hidden, edit);
	if (head && position && edit->position < 0)
		edit->position = original_position(head, atoi(position));
	return concealed || edit->position >= 0;
}

static void fail_head(struct session *session, struct reply *head)
{
	if (!head)
		return;
	session->error_since = true;
	if (head->kind == REPLY_QUERY || head->kind == REPLY_FUNCTION) {
		head->failed = true;
		head->started = true;
		return;
	}
	if (head->kind == REPLY_SYNC)
		return; /* what Sync committed has failed; ReadyForQuery follows */
	if (!replies_fail(&session->replies, &session->statements, &session->spare_query))
		session->skipping = true;
}

enum answer answer_error(struct session *session, struct run *run, const struct wire_message *message)
{
	struct reply *head = replies_head(&session->replies);
	struct wire_error_edit edit;
	struct concealed hidden = {0};
	if (!wire_error_valid(message->body, message->length))
		return ANSWER_BAD;
	const char *severity = wire_error_field(message->body, message->length, 'V');
	if (severity && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0)) {
		session->server_fatal = true;
		return ANSWER_PASS;
	}
	bool changed = edit_error(session, head, message, &hidden, &edit);
	if (changed) {
		server_flush_run(session, run);
		wire_error_edit(&session->out[SIDE_CLIENT], 'E', message->body, message->length, &edit);
	}
	concealed_free(&hidden);
	if (session->interrupter == INTERRUPTER_WAITS)
		session->interrupter = is_copy_failed(session, message) ? INTERRUPTER_DROPPED : INTERRUPTER_NONE;
	copyin_over(session);
	fail_head(session, head);
	return changed ? ANSWER_REPLACED : ANSWER_PASS;
}

enum answer answer_notice(struct session *session, struct run *run, const struct wire_message *message)
{
	struct wire_error_edit edit = {.position = -1};
	struct concealed hidden = {0};
	if (!wire_error_valid(message->body, message->length) ||
		!wire_error_field(message->body, message->length, 'C'))
		return ANSWER_BAD;
	if (conceal_notice(session, message))
		return ANSWER_DROP;
	if (!conceal_edit(session, replies_head(&session->replies), message, &hidden, &edit))
		return ANSWER_PASS;
	server_flush_run(session, run);
	wire_error_edit(&session->out[SIDE_CLIENT], 'N', message->body, message->length, &edit);
	concealed_free(&hidden);
	return ANSWER_REPLACED;
}

/* --- ReadyForQuery --- */
static void settle(struct session *session, char status)
{
	session->status = status;
	session->in_block = status != 'I';
	if (status == 'I') {
		if (session->error_since)
			state_rollback(&session->state);
		else
			state_commit(&session->state);
		/* What the encoding is now, the server has told before this message. */
		session->state.encoding_changed = false;
		session->state.client_utf8 = session->client_encoding == ENCODING_UTF8;
		end_of_transaction(session, !session->error_since);
		/* Portals of messages already sent behind this boundary belong to the next transaction. */
		if (session->replies.n == 0)
			statements_forget_portals(&session->statements);
		else
			statements_end_portals(&session->statements,
								   replies_settled_portals(&session->replies, &session->statements));
	}
	session->error_since = false;
	timing_ready(session);
}

/* Whoever sees this ReadyForQuery may tell others that the schema is new: it waits until the snapshot is. */
static bool hold_ready(struct session *session, char status)
{
	bool commits = status == 'I' && !session->error_since && session->schema_pending;
	if (session->ready_waited || !(commits || session->stale_catalog)) {
		session->ready_waited = false;
		return false;
	}
	if (commits)
		end_of_transaction(session, true);
	session->ready_held = true;
	session->ready_since = session->now;
	session->wants |= SESSION_WANT_CATALOG;
	return true;
}

enum answer answer_ready(struct session *session, struct run *run, const struct wire_message *message)
{
	struct reply *head = replies_head(&session->replies);
	char status = message->length == 1 ? message->body[0] : 0;
	if (status != 'I' && status != 'T' && status != 'E')
		return ANSWER_BAD;
	if (hold_ready(session, status))
		return ANSWER_HELD;
	if (head && reply_is_boundary(head) && (head->kind == REPLY_SYNC || head->started)) {
		replies_take(&session->replies, &session->spare_query);
	} else {
		/* A Sync that we thought ignored by COPY was not (see extended_sync). */
		if (session->spare_syncs == 0)
			return ANSWER_BAD;
		session->spare_syncs--;
		session->skipping = false;
	}
	settle(session, status);
	return ANSWER_PASS;
}
