/* What the server's errors tell of other tenants, or of the tenant column that the client does not know of.
 *
 *   - Statements that look at rows of all tenants (verdict: conceal_errors): the text goes, SQLSTATE and
 *     names stay; so does a message in which the server puts names and types only.
 *   - 23P01 (exclusion): the detail quotes the row that is there already, whoever owns it: it goes, unless that
 *     row is certainly the tenant's own, or nobody's.
 *   - Statements that are carried out as another one (verdict: raised_tag): what the error says of that one goes.
 *   - Notices that say of the tenant column that it is merged with a parent's: they go.
 *   - "Failing row contains (.., 1).", "Key (tenant_id, key)=(1, a) ..", COPY's context: the tenant's part is
 *     cut out where it is certain which part that is. */
#include "proxy/session/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *print(const char *format, ...) __attribute__((format(printf, 1, 2)));
static char *print(const char *format, ...)
{
	char *text;
	va_list list;
	va_start(list, format);
	int n = vasprintf(&text, format, list);
	va_end(list);
	if (n < 0)
		abort();
	return text;
}

/* With a context it comes from code that the statement ran, which chooses text and SQLSTATE. */
static bool is_of_code(const struct wire_message *message)
{
	return wire_error_field(message->body, message->length, 'W');
}

/* Errors of these classes speak of names, states, locks and limits, not of rows. */
static bool is_harmless(const struct wire_message *message, const char *sqlstate)
{
	static const char *const classes[] = {"25", "40", "42", "53", "55", "57"};
	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
		if (strncmp(sqlstate, classes[i], 2) == 0)
			return !is_of_code(message);
	return false;
}

/* Messages for rows that do not fit, in which the server never puts a value of theirs: what raises them, in PostgreSQL 13 to
 * 18. They are told by the place, as their text is in the server's language. */
static bool has_no_values(const struct wire_message *message)
{
	static const struct {
		const char *file, *routine;
	} places[] = {
		{"varchar.c", "bpchar"},
		{"varchar.c", "varchar"},
		{"varbit.c", "varbit"},
		{"int.c", "i4toi2"},
		{"int8.c", "int82"},
		{"int8.c", "int84"},
		{"numeric.c", "apply_typmod"},
		{"tablecmds.c", "ATRewriteTable"},
		{"tablecmds.c", "validateCheckConstraint"},
		{"typecmds.c", "AlterDomainNotNull"},
		{"typecmds.c", "validateDomainConstraint"},
		{"typecmds.c", "validateDomainNotNullConstraint"},
		{"typecmds.c", "validateDomainCheckConstraint"},
		{"tuplesort.c", "comparetup_index_btree"},
		{"tuplesortvariants.c", "comparetup_index_btree"},
		{"tuplesortvariants.c", "comparetup_index_btree_tiebreak"},
		{"ri_triggers.c", "ri_ReportViolation"},
		{"execIndexing.c", "check_exclusion_or_unique_constraint"},
	};
	const char *file = wire_error_field(message->body, message->length, 'F');
	const char *routine = wire_error_field(message->body, message->length, 'R');
	for (size_t i = 0; file && routine && i < sizeof places / sizeof *places; i++)
		if (strcmp(file, places[i].file) == 0 && strcmp(routine, places[i].routine) == 0)
			return !is_of_code(message);
	return false;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);
	return n >= m && strcmp(text + n - m, end) == 0;
}

/* Types whose text has no comma. */
static bool is_one_word(uint32_t type)
{
	enum {
		BOOL = 16,
		INT8 = 20,
		INT2 = 21,
		INT4 = 23,
		FLOAT4 = 700,
		FLOAT8 = 701,
		DATE = 1082,
		NUMERIC = 1700,
		UUID = 2950
	};
	return type == BOOL || type == INT8 || type == INT2 || type == INT4 || type == FLOAT4 || type == FLOAT8 ||
		   type == DATE || type == NUMERIC || type == UUID;
}

/* Where the value of the tenant's column begins; NULL: a value before it may hold commas. */
static const char *tenant_in_row(const struct catalog_relation *relation, const char *values)
{
	for (int i = 0; values && i < relation->tenant_column; i++) {
		values = is_one_word(relation->columns[i].type_oid) ? strstr(values, ", ") : NULL;
		values = values ? values + 2 : NULL;
	}
	return values;
}

/* "Failing row contains (a, 1, b)." without the value of the tenant's column, where it is certain which that is. */
static char *cut_row(const struct catalog_relation *relation, const char *tenant, const char *detail)
{
	static const char head[] = "Failing row contains (";
	if (strncmp(detail, head, sizeof head - 1) != 0)
		return NULL;
	char *result = NULL;
	char *last = print(", %s).", tenant), *value = print("%s, ", tenant);
	const char *at = tenant_in_row(relation, detail + sizeof head - 1);
	if ((size_t)relation->tenant_column == relation->n_columns - 1 && ends_with(detail, last))
		result = print("%.*s).", (int)(strlen(detail) - strlen(last)), detail);
	else if (at && strncmp(at, value, strlen(value)) == 0)
		result = print("%.*s%s", (int)(at - detail), detail, at + strlen(value));
	free(last);
	free(value);
	return result;
}

/* "Key (tenant_id, key)=(1, a) .." without the first of each. */
static char *cut_key(const char *column, const char *tenant, const char *detail)
{
	char *result = NULL;
	char *names = print("Key (%s, ", column), *values = print(")=(%s, ", tenant);
	const char *at = strncmp(detail, names, strlen(names)) == 0 ? strstr(detail, values) : NULL;
	if (at)
		result = print("Key (%.*s)=(%s", (int)(at - detail - (ptrdiff_t)strlen(names)),
					   detail + strlen(names), at + strlen(values));
	free(names);
	free(values);
	return result;
}

/* "Key (tenant_id, room)=(1, 5) conflicts with existing key (tenant_id, room)=(1, 5)." without the first of each; NULL: the
 * row that is there already may be another tenant's. The names come from the constraint, so they are alike on both sides. */
static char *cut_exclusion(const char *column, const char *tenant, const char *detail)
{
	char *names = print("Key (%s, ", column), *values = print(")=(%s, ", tenant), *existing = NULL,
		 *result = NULL;
	const char *first = strncmp(detail, names, strlen(names)) == 0 ? strstr(detail, values) : NULL,
			   *last = NULL;
	if (first) {
		const char *list = detail + strlen(names);
		existing =
			print(") conflicts with existing key (%s, %.*s%s", column, (int)(first - list), list, values);
		for (const char *at = first; (at = strstr(at, ") conflicts with existing key (")) != NULL; at++)
			last = at;
		if (last && strncmp(last, existing, strlen(existing)) == 0)
			result = print("Key (%.*s)=(%.*s) conflicts with existing key (%.*s)=(%s", (int)(first - list),
						   list, (int)(last - first - (ptrdiff_t)strlen(values)), first + strlen(values),
						   (int)(first - list), list, last + strlen(existing));
	}
	free(names);
	free(values);
	free(existing);
	return result;
}

/* The relation that an error names; NULL: none that the snapshot has. */
static const struct catalog_relation *named_relation(const struct session *session,
													 const struct wire_message *message)
{
	const char *schema = wire_error_field(message->body, message->length, 's');
	const char *table = wire_error_field(message->body, message->length, 't');
	return schema && table ? catalog_relation(session->catalog, schema, table) : NULL;
}

/* The same, if it has a tenant column. */
static const struct catalog_relation *error_relation(const struct session *session,
													 const struct wire_message *message)
{
	const struct catalog_relation *relation = named_relation(session, message);
	return relation && relation->tenant_column >= 0 && (size_t)relation->tenant_column < relation->n_columns
			   ? relation
			   : NULL;
}

/* Are the rows of the relation that the error names of no tenant: temporary, or shared? */
static bool is_of_nobody(const struct session *session, const struct wire_message *message)
{
	const char *schema = wire_error_field(message->body, message->length, 's');
	const struct catalog_relation *relation = named_relation(session, message);
	bool temporary = schema && strncmp(schema, "pg_temp_", 8) == 0 &&
					 wire_error_field(message->body, message->length, 't');
	return temporary || (relation && relation->isolation == ISOLATION_SHARED);
}

static char *cut_conflict(struct session *session, const struct wire_message *message)
{
	const struct catalog_relation *relation = error_relation(session, message);
	const char *detail = wire_error_field(message->body, message->length, 'D');
	const char *tenant = session_tenant(session);
	if (!relation || !detail || !tenant || !session->settings->policy->hide_tenant_column)
		return NULL;
	return cut_exclusion(relation->columns[relation->tenant_column].name, tenant, detail);
}

static char *cut_detail(struct session *session, const struct wire_message *message)
{
	const struct catalog_relation *relation = error_relation(session, message);
	const char *detail = wire_error_field(message->body, message->length, 'D');
	const char *tenant = session_tenant(session);
	if (!relation || !detail || !tenant)
		return NULL;
	char *cut = cut_row(relation, tenant, detail);
	return cut ? cut : cut_key(relation->columns[relation->tenant_column].name, tenant, detail);
}

/* "Expected 3 parameters but got 2." of SQL's EXECUTE, without the one that the client does not know of. */
static char *cut_count(struct session *session, const struct wire_message *message)
{
	static const char head[] = "wrong number of parameters for prepared statement \"";
	const char *text = wire_error_field(message->body, message->length, 'M');
	const char *detail = wire_error_field(message->body, message->length, 'D');
	int wanted, got, used = 0;
	if (!text || !detail || strncmp(text, head, sizeof head - 1) != 0 || !ends_with(text, "\""))
		return NULL;
	char *name = print("%.*s", (int)(strlen(text) - sizeof head), text + sizeof head - 1);
	const struct prepared *prepared = statements_get(&session->statements, name);
	free(name);
	if (!prepared || !prepared->takes_tenant ||
		sscanf(detail, "Expected %d parameters but got %d.%n", &wanted, &got, &used) != 2 || detail[used])
		return NULL;
	return print("Expected %d parameters but got %d.", wanted - 1, got - 1);
}

/* 'Perhaps you meant to reference the column "o.tenant_id".' */
static bool hints_at_tenant(const struct session *session, const struct wire_message *message,
							const char *sqlstate)
{
	const char *hint = wire_error_field(message->body, message->length, 'H');
	if (!hint || strcmp(sqlstate, "42703") != 0)
		return false;
	char *column = print(".%s\"", session->settings->policy->tenant_column);
	bool named = strstr(hint, column) != NULL;
	free(column);
	return named;
}

/* 'COPY orders, line 1: "1\t2\t1"' without what was appended. */
static char *cut_context(struct session *session, const struct wire_message *message)
{
	const char *context = wire_error_field(message->body, message->length, 'W');
	size_t n = context ? strlen(context) : 0;
	if (!session->copy || n == 0 || strncmp(context, "COPY ", 5) != 0 || !strstr(context, ": \"") ||
		context[n - 1] != '"')
		return NULL;
	size_t length = copy_stream_appended(session->copy, context, n - 1);
	return length > 0 ? print("%.*s\"", (int)(n - 1 - length), context) : NULL;
}

/* "wrong number of fields in header line: got 3, expected 2" with the client's own numbers. */
static char *cut_header(const struct wire_message *message, const struct statement *statement)
{
	const char *text = wire_error_field(message->body, message->length, 'M');
	int got, expected, used = 0;
	if (!statement || !statement->copy || !statement->copy->append || !text ||
		sscanf(text, "wrong number of fields in header line: got %d, expected %d%n", &got, &expected,
			   &used) != 2 ||
		text[used])
		return NULL;
	return print("wrong number of fields in header line: got %d, expected %d", got - 1, expected - 1);
}

static bool conceals(const struct session *session)
{
	return session->user && session->user->right != RIGHT_BYPASS &&
		   session->settings->policy->mode == MODE_ENFORCE;
}

/* In whatever language: the words between the quotes, and the function of PostgreSQL that says it (MergeAttributes() and
 * those that it became in version 17). */
bool conceal_notice(const struct session *session, const struct wire_message *message)
{
	const struct policy *policy = session->settings->policy;
	const char *text = wire_error_field(message->body, message->length, 'M');
	const char *routine = wire_error_field(message->body, message->length, 'R');
	if (!conceals(session) || !policy->hide_tenant_column || !text || !routine ||
		strncmp(routine, "Merge", 5) != 0 || is_of_code(message))
		return false;
	char *column = print("\"%s\"", policy->tenant_column);
	bool named = strstr(text, column) != NULL;
	free(column);
	return named;
}

bool conceal_edit(struct session *session, const struct reply *head, const struct wire_message *message,
				  struct concealed *concealed, struct wire_error_edit *edit)
{
	static const char quoting[] = "DHWpqPFLRd";
	bool known;
	const char *sqlstate = wire_error_field(message->body, message->length, 'C');
	const struct statement *statement = head ? reply_statement(head, &known) : NULL;
	if (!conceals(session))
		return false;
	if (statement && statement->conceal_errors && !is_harmless(message, sqlstate)) {
		*edit = (struct wire_error_edit){
			.drop = quoting,
			.position = 0,
			.message = has_no_values(message) ? NULL
					   : message->type == 'E'
						   ? "the statement failed on rows that may belong to other tenants"
					   : is_of_code(message) ? "a notice about rows that may belong to other tenants"
											 : NULL};
		return true;
	}
	if (statement && statement->raised_tag)
		edit->drop = "Wqp";
	if (strcmp(sqlstate, "23P01") == 0 && !is_of_nobody(session, message)) {
		edit->detail = concealed->detail = cut_conflict(session, message);
		edit->drop = edit->detail ? NULL : "D";
		return true;
	}
	if (!session->settings->policy->hide_tenant_column)
		return edit->drop;
	if (hints_at_tenant(session, message, sqlstate))
		edit->drop = edit->drop ? "HWqp" : "H";
	concealed->detail = cut_detail(session, message);
	if (!concealed->detail)
		concealed->detail = cut_count(session, message);
	edit->detail = concealed->detail;
	edit->context = concealed->context = cut_context(session, message);
	edit->message = concealed->message = cut_header(message, statement);
	return edit->detail || edit->context || edit->message || edit->drop;
}

void concealed_free(struct concealed *concealed)
{
	free(concealed->detail);
	free(concealed->context);
	free(concealed->message);
}
