/* guard(): one message's text in, one verdict out.
 *
 * For each statement: the table of statement kinds, the checker on the application's own text, the rewriter,
 * the proof. The proof is two-fold: the spliced text, parsed again, must be the intended tree; and the
 * independent checker must hold on it. Either fails: the statement is refused. Everything lives in one memory
 * context of libpg_query and goes with it. */
#include "parser/encoding.h"
#include "parser/message_names.h"
#include "parser/names.h"
#include "parser/normalized.h"
#include "parser/quals_pattern.h"
#include "parser/rewrite.h"
#include "parser/textcost.h"
#include "parser/verdict_build.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARAMETERS_MOST = 65535 };

/* The message under work. */
struct message {
	const struct guard_request *request;
	struct message_names after; /* the statements read so far */
	struct tokens *tokens;
	const struct text_range *comments; /* to be cut out */
	size_t n_comments;
	size_t n;
	struct verdict_part *parts;
	size_t counted; /* bytes whose characters are counted */
	int characters;
	size_t sent; /* how long the message that is sent can get */
	unsigned parameters, tenant_parameter;
	enum tenant_type tenant_type;
};

static int characters(const char *text, size_t length)
{
	int n = 0;
	for (size_t i = 0; i < length; i++)
		n += (text[i] & 0xc0) != 0x80;
	return n;
}

int analysis_position(const struct analysis *analysis, size_t offset)
{
	if (analysis->rewrite && analysis->rewrite->view_depth > 0)
		return 0;
	/* counted from the beginning of the statement, or on from the last place that was asked for: what is
	 * before was counted */
	struct rewrite *rewrite = analysis->rewrite;
	size_t from = analysis->statement_start,
		   end = offset < analysis->text_length ? offset : analysis->text_length;
	int before = rewrite ? rewrite->characters_before : 0;
	if (rewrite && rewrite->counted > from && rewrite->counted <= end) {
		from = rewrite->counted;
		before = rewrite->counted_characters;
	}
	if (end < from)
		return 1 + characters(analysis->text, end);
	before += characters(analysis->text + from, end - from);
	if (rewrite) {
		rewrite->counted = end;
		rewrite->counted_characters = before;
	}
	return before + 1;
}

static const char *copy_text(const char *text)
{
	return text ? text_concat(text, NULL) : NULL;
}

bool analysis_refuse(struct analysis *analysis, const char *sqlstate, int location, const char *message,
					 const char *detail, const char *hint)
{
	if (analysis->refused)
		return false;
	analysis->refused = true;
	analysis->refusal =
		(struct refusal){.message = copy_text(message),
						 .detail = copy_text(detail),
						 .hint = copy_text(hint),
						 .position = location < 0 ? 0 : analysis_position(analysis, location)};
	snprintf(analysis->refusal.sqlstate, sizeof analysis->refusal.sqlstate, "%s", sqlstate);
	return false;
}

char *analysis_text(const char *format, ...)
{
	va_list list;
	va_start(list, format);
	int length = vsnprintf(NULL, 0, format, list);
	va_end(list);
	char *text = palloc(length + 1);
	va_start(list, format);
	vsnprintf(text, length + 1, format, list);
	va_end(list);
	return text;
}

void analysis_effect(struct analysis *analysis, enum effect_kind kind, const char *name, const char *value,
					 bool flag)
{
	struct effect_list *list = &analysis->effects;
	if (list->n == list->room) {
		size_t room = list->room ? 2 * list->room : 4;
		struct effect *items = palloc(room * sizeof *items);
		if (list->n)
			memcpy(items, list->items, list->n * sizeof *items);
		list->items = items;
		list->room = room;
	}
	list->items[list->n++] =
		(struct effect){.kind = kind, .name = copy_text(name), .value = copy_text(value), .flag = flag};
}

/* --- the proof --- */

static bool unproved(struct analysis *analysis, int location, const char *detail)
{
	return analysis_refuse(analysis, "0A000", location, "tenantry could not prove this statement safe",
						   detail, "Please report the statement; writing it more plainly helps.");
}

static bool too_long(struct analysis *analysis)
{
	return analysis_refuse(analysis, "54000", -1, "statement is too long after rewriting", NULL,
						   "Split the statement.");
}

/* What is sent is one message, whose length the protocol limits, however long the tenant's value is. */
static bool fits(struct message *message, struct analysis *analysis)
{
	enum { MESSAGE_MOST = 0x3ff00000 }; /* less than MaxAllocSize by names and types */
	message->sent += splices_length(&analysis->splices, analysis->statement_length, TENANT_LITERAL_MAX);
	return message->sent <= MESSAGE_MOST || too_long(analysis);
}

enum { SLOT_ROOM = 12 };

/* $number, for every statement: snprintf() costs as much as a name look-up. Its SLOT_ROOM bytes end before `at`; gives
 * where it begins. */
static const char *write_slot(char *at, int number)
{
	*--at = 0;
	for (; number > 0; number /= 10)
		*--at = (char)('0' + number % 10);
	*--at = '$';
	return at;
}

static bool prove(struct analysis *analysis, RawStmt *raw)
{
	struct checker_finding finding = {.location = -1};
	if (!splices_finish(&analysis->splices))
		return unproved(analysis, -1, "Edits of the text overlap.");
	char slot[SLOT_ROOM];
	const char *text = splices_render(&analysis->splices, analysis->text, analysis->statement_start,
									  analysis->statement_length,
									  write_slot(slot + sizeof slot, analysis->tenant_parameter));
	if (text == NULL)
		return too_long(analysis);
	PgQueryInternalParsetreeAndError said = pg_query_raw_parse(text);
	free(said.stderr_buffer);
	if (said.error) {
		const char *detail = analysis_text("The rewritten statement does not parse: %s", said.error->message);
		pg_query_free_error(said.error);
		return unproved(analysis, -1, detail);
	}
	if (list_length(said.tree) != 1)
		return unproved(analysis, -1, "The rewritten text is not one statement.");
	Node *parsed = ((RawStmt *)linitial(said.tree))->stmt;
	if (!equal(raw->stmt, parsed))
		return unproved(analysis, -1, "The rewritten text does not mean what was intended.");
	return checker_run(analysis, parsed, analysis->tenant_parameter, &finding) ||
		   unproved(analysis, -1, finding.message);
}

/* --- one statement --- */

static bool safe_by_itself(struct analysis *analysis, const Node *statement, struct checker_finding *finding)
{
	*finding = (struct checker_finding){.location = -1};
	return checker_run(analysis, statement, 0, finding);
}

static void number_tenant(struct message *message, struct analysis *analysis)
{
	struct rewrite *rewrite = analysis->rewrite;
	unsigned most = rewrite->max_parameter;
	if (message->request->n_parameter_types > most)
		most = message->request->n_parameter_types;
	if (most > message->parameters)
		message->parameters = most;
	if (analysis->tenant_parameter == 0)
		analysis->tenant_parameter = most + 1;
	message->tenant_parameter = rewrite->literal || most + 1 > PARAMETERS_MOST ? 0 : most + 1;
	if (rewrite->tenant)
		rewrite->tenant->number = analysis->tenant_parameter;
	if (analysis->touches_tenant)
		message->tenant_type = analysis->tenant_type;
}

/* Nothing was appended to a prepared statement after all. */
static void keep_prepared(struct analysis *analysis)
{
	for (size_t i = 0; i < analysis->effects.n; i++)
		if (analysis->effects.items[i].kind == EFFECT_PREPARE) {
			analysis->effects.items[i].flag = false;
			analysis->effects.items[i].value = NULL;
		}
}

/* audit: nothing is rewritten; what is not safe by itself is refused, and the value it rests on must be the
 * tenant's. */
static enum verdict_kind audit(struct analysis *analysis, const Node *statement, bool safe,
							   const struct checker_finding *finding)
{
	analysis->splices.n = analysis->checks.n = analysis->patterns.n = 0;
	analysis->copy = NULL;
	analysis->raised_tag = NULL;
	analysis->uses_tenant = false;
	keep_prepared(analysis);
	if (!safe)
		analysis_refuse(analysis, "42501", finding->location,
						"statement is not confined to one tenant by itself", finding->message,
						"mode = audit: the application has to name the tenant itself.");
	else if (finding->value && IsA(statement, PrepareStmt) && IsA(finding->value, ParamRef))
		analysis_refuse(analysis, "0A000", -1, "the tenant cannot be a parameter of PREPARE", NULL,
						"Use the prepared statements of the extended protocol, or a constant.");
	else if (finding->value)
		tenant_check_for(analysis, finding->value);
	return analysis->refused ? VERDICT_REFUSE : VERDICT_PASS;
}

static void forget_changes(struct analysis *analysis)
{
	analysis->splices.n = analysis->checks.n = analysis->patterns.n = 0;
	analysis->copy = NULL;
	analysis->raised_tag = NULL;
	analysis->uses_tenant = analysis->refused = analysis->unknown_name = false;
	keep_prepared(analysis);
}

/* Cuts out the comments that libpg_query cannot read. */
static bool cut_comments(const struct message *message, struct analysis *analysis)
{
	size_t start = analysis->statement_start, end = start + analysis->statement_length;
	for (size_t i = 0; i < message->n_comments; i++) {
		const struct text_range *comment = &message->comments[i];
		if (comment->start >= start && comment->start < end &&
			!splice_text(analysis, comment->start, comment->length, " "))
			return false;
	}
	return true;
}

/* *open: why the application's own text is not safe by itself; NULL: it is. *refused: it is, or would be. */
static enum verdict_kind guard_kind(struct message *message, struct analysis *analysis, RawStmt *raw,
									const char **open, bool *refused)
{
	const struct policy *policy = analysis->policy;
	struct checker_finding finding;
	enum verdict_kind kind = statement_policy(analysis, raw->stmt);
	if (message->request->right == RIGHT_BYPASS)
		return forget_changes(analysis), VERDICT_PASS;
	if (kind != VERDICT_REFUSE && !cut_comments(message, analysis))
		return VERDICT_REFUSE;
	if (kind == VERDICT_GUARD) {
		bool safe = safe_by_itself(analysis, raw->stmt, &finding);
		*open = safe ? NULL : finding.message;
		quals_find_patterns(analysis, raw->stmt);
		bool ok = rewrite_statement(analysis, raw) && rewrite_check_parameters(analysis);
		/* no tenant's rows are read: the server tells of its own errors */
		if (!analysis->touches_tenant)
			analysis->patterns.n = 0;
		number_tenant(message, analysis);
		if (policy->mode == MODE_AUDIT)
			return audit(analysis, raw->stmt, safe, &finding);
		ok = ok && prove(analysis, raw) && fits(message, analysis);
		kind = !ok ? VERDICT_REFUSE : analysis->splices.n || analysis->copy ? VERDICT_GUARD : VERDICT_PASS;
	} else if (kind == VERDICT_PASS && policy->mode != MODE_OBSERVE) {
		/* nothing is rewritten, but the second wall stands here as well */
		analysis->tenant_parameter = 1;
		finding = (struct checker_finding){.location = -1};
		if (analysis->splices.n > 0)
			kind = prove(analysis, raw) && fits(message, analysis) ? VERDICT_GUARD : VERDICT_REFUSE;
		else if (!checker_run(analysis, raw->stmt, analysis->tenant_parameter, &finding))
			kind = unproved(analysis, finding.location, finding.message) ? VERDICT_PASS : VERDICT_REFUSE;
	}
	if (policy->mode == MODE_OBSERVE) {
		*refused = kind == VERDICT_REFUSE;
		forget_changes(analysis);
		return VERDICT_PASS;
	}
	return kind;
}

static bool is_utility(const Node *statement)
{
	return !IsA(statement, SelectStmt) && !IsA(statement, InsertStmt) && !IsA(statement, UpdateStmt) &&
		   !IsA(statement, DeleteStmt) && !IsA(statement, MergeStmt);
}

/* --- what the transition report says of it --- */

static const struct statement_note *make_note(struct analysis *analysis, const char *open, bool refused)
{
	if (!analysis->tokens)
		analysis->tokens = tokens_scan(analysis->text, analysis->text_length);
	if (!analysis->tokens)
		return NULL;
	char text[NORMALIZED_MOST + 1];
	size_t first = tokens_at(analysis->tokens, analysis->statement_start);
	size_t end = tokens_at(analysis->tokens, analysis->statement_start + analysis->statement_length);
	size_t length = normalized_text(analysis->text, analysis->tokens, first, end, text);
	struct statement_note *note = palloc0(sizeof *note);
	note->safe = !open;
	note->refused = refused;
	/* Under audit the refusal says no more than that it is not safe. */
	bool audited = analysis->policy->mode == MODE_AUDIT && open;
	note->reason = refused && !audited ? analysis->refusal.message : open;
	uint64_t hash = hash_bytes(refused ? ~NAMES_SEED : NAMES_SEED, text, length);
	note->id = note->reason ? hash_bytes(hash, note->reason, strlen(note->reason)) : hash;
	if (note->reason)
		note->text = text_concat(text, NULL);
	return note;
}

static bool passes_unread(const struct guard_request *request)
{
	return request->right == RIGHT_BYPASS || request->policy->mode == MODE_OBSERVE;
}

static void guard_statement(struct message *message, RawStmt *raw, size_t index)
{
	const struct guard_request *request = message->request;
	struct analysis *analysis = palloc0(sizeof *analysis);
	struct session_names *names = palloc(sizeof *names);
	*names = message->after.names;
	*analysis =
		(struct analysis){.request = request,
						  .catalog = request->catalog,
						  .policy = request->policy,
						  .names = names,
						  .text = request->text,
						  .text_length = request->length,
						  .statement_start = raw->stmt_location,
						  .tokens = message->tokens,
						  .tenant_type = request->policy->tenant_type,
						  .rewrite = palloc0(sizeof(struct rewrite)),
						  .path_unknown = message->after.path_unknown || message->after.temporaries_unknown,
						  .tenant_changed = message->after.tenant_changed,
						  .cacheable = true};
	analysis->statement_length = raw->stmt_len ? (size_t)raw->stmt_len : request->length - raw->stmt_location;
	message->characters +=
		characters(request->text + message->counted, analysis->statement_start - message->counted);
	message->counted = analysis->statement_start;
	analysis->rewrite->characters_before = message->characters;
	struct verdict_part *part = &message->parts[index];
	part->analysis = analysis;
	part->utility = is_utility(raw->stmt);
	if (index > 0 && !analysis->path_unknown && names->search_path && !passes_unread(request))
		part->names = session_names_hash(names);
	const char *open = NULL;
	bool refused = false;
	part->kind = guard_kind(message, analysis, raw, &open, &refused);
	part->self_safe = !open;
	refused |= part->kind == VERDICT_REFUSE;
	if ((analysis->touches_tenant || refused) && request->right != RIGHT_BYPASS)
		part->note = make_note(analysis, open, refused);
	analysis->cacheable &= !analysis->unknown_name;
	if (analysis->tokens)
		message->tokens = analysis->tokens;
	if (part->kind != VERDICT_REFUSE)
		for (size_t i = 0; i < analysis->effects.n; i++)
			message_names_apply(&message->after, request->policy, &analysis->effects.items[i]);
}

/* --- the message --- */

static struct verdict *refuse_message(size_t length, const char *sqlstate, int position, const char *text,
									  const char *detail, const char *hint)
{
	struct refusal refusal = {.message = text, .detail = detail, .hint = hint, .position = position};
	snprintf(refusal.sqlstate, sizeof refusal.sqlstate, "%s", sqlstate);
	return verdict_refuse(length, &refusal);
}

/* For those for whom nothing is rewritten: the server judges text that cannot be read here. */
static struct verdict *pass_message(const struct guard_request *request)
{
	struct analysis analysis = {.request = request,
								.catalog = request->catalog,
								.policy = request->policy,
								.names = request->names,
								.text = request->text,
								.text_length = request->length,
								.statement_length = request->length};
	struct verdict_part part = {.analysis = &analysis, .kind = VERDICT_PASS, .utility = true};
	struct verdict_facts facts = {.parameters = request->n_parameter_types};
	return verdict_build(&part, 1, &facts);
}

static struct verdict *refuse_syntax(const struct guard_request *request, const PgQueryError *error)
{
	if (passes_unread(request))
		return pass_message(request);
	bool exhausted = strstr(error->message, "memory exhausted") != NULL;
	return refuse_message(request->length, exhausted ? "54001" : "42601", error->cursorpos, error->message,
						  NULL,
						  exhausted ? "The statement is nested too deeply for PostgreSQL's grammar."
									: "tenantry reads SQL with the grammar of PostgreSQL " PG_MAJORVERSION
									  "; newer syntax is refused.");
}

static struct verdict *guard_tree(const struct guard_request *request, List *tree,
								  const struct text_range *comments, size_t n_comments)
{
	struct message message = {.request = request,
							  .after = {.names = *request->names},
							  .comments = comments,
							  .n_comments = n_comments,
							  .n = list_length(tree)};
	/* the server counts before it looks at any of them */
	if (request->protocol == PROTOCOL_EXTENDED && message.n > 1 && !passes_unread(request))
		return refuse_message(request->length, "42601", 0,
							  "cannot insert multiple commands into a prepared statement", NULL, NULL);
	message.parts = palloc0((message.n + 1) * sizeof *message.parts);
	message.tenant_type = request->policy->tenant_type;
	message.parameters = request->n_parameter_types;
	size_t i = 0;
	ListCell *cell;
	foreach (cell, tree)
		guard_statement(&message, lfirst(cell), i++);
	struct verdict_facts facts = {.parameters = message.parameters,
								  .tenant_parameter =
									  request->protocol == PROTOCOL_EXTENDED ? message.tenant_parameter : 0,
								  .tenant_type = message.tenant_type};
	return verdict_build(message.parts, message.n, &facts);
}

/* libpg_query takes a comment for a token where the grammar looks ahead: `NOT -- x`, `WITH -- x`. Such comments are cut
 * out, of what is parsed here and of what is sent: the server gets exactly what was read. NULL: that does not help; *error is
 * then what is wrong beside the comments. */
static struct verdict *guard_without_comments(const struct guard_request *request, PgQueryError **error)
{
	struct text_range *comments;
	size_t n = request->right == RIGHT_BYPASS || request->policy->mode != MODE_ENFORCE
				   ? 0
				   : tokens_hidden_comments(request->text, request->length, &comments);
	if (n == 0)
		return NULL;
	char *text = palloc(request->length + 1);
	memcpy(text, request->text, request->length + 1);
	for (size_t i = 0; i < n; i++)
		memset(text + comments[i].start, ' ', comments[i].length);
	PgQueryInternalParsetreeAndError result = pg_query_raw_parse(text);
	free(result.stderr_buffer);
	if (result.error) {
		pg_query_free_error(*error);
		*error = result.error;
		return NULL;
	}
	size_t inside = 0;
	ListCell *cell;
	foreach (cell, result.tree) {
		const RawStmt *raw = lfirst(cell);
		size_t start = raw->stmt_location, end = raw->stmt_len ? start + raw->stmt_len : request->length;
		for (size_t i = 0; i < n; i++)
			inside += comments[i].start >= start && comments[i].start + comments[i].length <= end;
	}
	return inside == n ? guard_tree(request, result.tree, comments, n) : NULL;
}

static struct verdict *refuse_encoding(const struct guard_request *request)
{
	if (request->name_bytes == NAMES_ALIKE || passes_unread(request) ||
		text_is_ascii(request->text, request->length))
		return NULL;
	struct tokens *tokens = tokens_scan(request->text, request->length);
	const struct token *name =
		tokens ? encoding_doubtful_name(request->text, tokens, request->name_bytes) : NULL;
	if (tokens && !name)
		return NULL;
	return refuse_message(
		request->length, "0A000", name ? (int)characters(request->text, name->start) + 1 : 0,
		"a name that is not ASCII needs the encoding UTF8",
		request->name_bytes == NAMES_FOREIGN
			? "In the client's encoding it cannot be compared with the names of the database."
			: "The database's encoding folds and cuts such names in its own way.",
		request->name_bytes == NAMES_FOREIGN ? "SET client_encoding = 'UTF8'."
											 : "Write the name in double quotes.");
}

static struct verdict *guard_text(const struct guard_request *request)
{
	struct verdict *foreign = refuse_encoding(request);
	if (foreign)
		return foreign;
	PgQueryInternalParsetreeAndError result = pg_query_raw_parse(request->text);
	free(result.stderr_buffer);
	if (result.error == NULL)
		return guard_tree(request, result.tree, NULL, 0);
	struct verdict *verdict = guard_without_comments(request, &result.error);
	if (verdict == NULL)
		verdict = refuse_syntax(request, result.error);
	pg_query_free_error(result.error);
	return verdict;
}

struct verdict *guard(const struct guard_request *request)
{
	if (memchr(request->text, 0, request->length) != NULL)
		return refuse_message(request->length, "22021", 0,
							  "invalid byte sequence for encoding \"UTF8\": 0x00", NULL, NULL);
	if (request->length > request->policy->max_statement_bytes) {
		if (passes_unread(request))
			return pass_message(request);
		return refuse_message(request->length, "54000", 0, "statement is too long",
							  "It has more bytes than max_statement_size allows.",
							  "Split the statement, use COPY, or raise max_statement_size.");
	}
	if (!text_is_affordable(request->text, request->length))
		return passes_unread(request)
				   ? pass_message(request)
				   : refuse_message(
						 request->length, "54001", 0, "statement takes too long to read",
						 "It has runs of operator characters, or nested comments, that are far too long.",
						 NULL);
	MemoryContext context = pg_query_enter_memory_context();
	struct verdict *verdict = guard_text(request);
	pg_query_exit_memory_context(context);
	return verdict;
}
