/* Statements that contain a query: EXPLAIN, DECLARE CURSOR, PREPARE and EXECUTE, CREATE TABLE AS.
 *
 * A prepared statement takes the tenant as its last parameter; its EXECUTE appends it. Where the application gives the
 * tenant column a parameter of its own, EXECUTE checks the argument and puts the tenant in its place; but where that
 * parameter has other uses, or a type through which not every tenant's value gets, the tenant's own parameter takes its
 * place in the column, and the argument, a constant, stays. COPY and EXECUTE cannot take parameters of the extended
 * protocol: there the slot becomes a literal (rewrite->literal). */
#include "parser/rewrite.h"
#include "parser/schema_change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t find_keyword(const struct analysis *analysis, size_t from, size_t end, enum keyword keyword)
{
	size_t i = from;
	while (i < end && analysis->tokens->items[i].keyword != keyword)
		i = token_skip(analysis->tokens, i);
	return i;
}

static bool contained(struct analysis *analysis, Node **query, size_t begin, size_t end)
{
	if (begin >= end)
		return rewrite_lost(analysis, -1);
	switch (nodeTag(*query)) {
	case T_SelectStmt:
	case T_InsertStmt:
	case T_UpdateStmt:
	case T_DeleteStmt:
	case T_MergeStmt:
		return rewrite_query(analysis, query, begin, end) && rewrite_into(analysis, *query);
	case T_DeclareCursorStmt:
	case T_CreateTableAsStmt:
	case T_ExecuteStmt:
		return rewrite_utility(analysis, *query, begin, end);
	default:
		return analysis_refuse(analysis, "0A000", -1,
							   "tenantry does not know this kind of contained statement", NULL,
							   "Please report the statement.");
	}
}

/* EXPLAIN [(options)] | [ANALYZE] [VERBOSE] query */
static bool explain(struct analysis *analysis, ExplainStmt *statement, size_t begin, size_t end)
{
	size_t i = begin + 1;
	if (statement->options && is_open(analysis, i, end)) {
		i = token_at(analysis, i)->match + 1;
	} else {
		enum keyword keyword;
		while ((keyword = keyword_at(analysis, i, end)) == KEYWORD_ANALYZE || keyword == KEYWORD_ANALYSE ||
			   keyword == KEYWORD_VERBOSE)
			i++;
	}
	return contained(analysis, &statement->query, i, end);
}

static bool declare_cursor(struct analysis *analysis, DeclareCursorStmt *statement, size_t begin, size_t end)
{
	size_t cursor = find_keyword(analysis, begin + 2, end, KEYWORD_CURSOR);
	return contained(analysis, &statement->query, find_keyword(analysis, cursor, end, KEYWORD_FOR) + 1, end);
}

/* A copy of tenants' rows must not stay where nobody guards it. */
static bool rewrite_copies(struct analysis *analysis, const RangeVar *into)
{
	bool temporary =
		into->relpersistence == 't' || (into->schemaname && strcmp(into->schemaname, "pg_temp") == 0);
	if (temporary || !analysis->touches_tenant || analysis->policy->ddl == DDL_ALLOW)
		return true;
	return analysis_refuse(
		analysis, "42501", into->location,
		text_concat("relation \"", into->relname, "\" would be an unguarded copy of tenant rows", NULL),
		"CREATE TABLE AS and SELECT INTO make relations without a tenant column.",
		"Make it a temporary table, or create the table first and fill it with INSERT .. SELECT.");
}

bool rewrite_into(struct analysis *analysis, const Node *query)
{
	if (!IsA(query, SelectStmt))
		return true;
	const SelectStmt *select = (const SelectStmt *)query;
	while (select->op != SETOP_NONE)
		select = select->larg;
	return select->intoClause == NULL || rewrite_copies(analysis, select->intoClause->rel);
}

/* CREATE TABLE name .. AS query [WITH [NO] DATA] */
static bool create_as(struct analysis *analysis, CreateTableAsStmt *statement, size_t begin, size_t end)
{
	size_t as = find_keyword(analysis, begin, end, KEYWORD_AS);
	if (end >= begin + 2 && token_at(analysis, end - 1)->keyword == KEYWORD_DATA) {
		size_t with = token_at(analysis, end - 2)->keyword == KEYWORD_NO ? end - 3 : end - 2;
		if (keyword_at(analysis, with, end) == KEYWORD_WITH)
			end = with;
	}
	return contained(analysis, &statement->query, as + 1, end) &&
		   rewrite_copies(analysis, statement->into->rel);
}

static bool is_prepared(const struct analysis *analysis, const char *name)
{
	for (size_t i = 0; i < analysis->names->n_prepared; i++)
		if (strcmp(analysis->names->prepared[i], name) == 0)
			return true;
	return false;
}

/* The arguments of EXECUTE that stand for a tenant column, each to be the session's own tenant; `checks`: the value of
 * EFFECT_PREPARE, `open`: the token of the parenthesis. */
static bool check_arguments(struct analysis *analysis, ExecuteStmt *statement, const char *checks,
							size_t open)
{
	size_t i = open + 1, close = token_at(analysis, open)->match;
	int number = 1;
	for (char *at = (char *)checks; *at;) {
		int wanted = (int)strtol(at, &at, 10);
		bool stays = *at == PREPARED_STAYS;
		const char *relation = ++at;
		at += strcspn(at, "\1");
		relation = analysis_text("%.*s", (int)(at - relation), relation);
		at += *at != 0;
		for (; i < close && number < wanted; i = token_skip(analysis->tokens, i))
			number += token_at(analysis, i)->kind == TOKEN_COMMA;
		size_t end = i;
		while (end < close && token_at(analysis, end)->kind != TOKEN_COMMA)
			end = token_skip(analysis->tokens, end);
		if (wanted > list_length(statement->params))
			return true; /* the server says that there are too few */
		ListCell *cell = list_nth_cell(statement->params, wanted - 1);
		const char *column = analysis->policy->tenant_column;
		if (stays ? !tenant_stays(analysis, relation, column, lfirst(cell), i)
				  : !tenant_replaces(analysis, relation, column, (Node **)&lfirst(cell), i, end))
			return false;
		i = end;
	}
	return true;
}

static const char *checks_of(const struct analysis *analysis, const char *name)
{
	const char *checks = NULL;
	for (size_t i = 0; !checks && i < analysis->names->n_checked; i++)
		checks = prepared_checks(analysis->names->checked[i], name);
	return checks;
}

/* EXECUTE name [(arguments)] */
static bool execute(struct analysis *analysis, ExecuteStmt *statement, size_t begin, size_t end)
{
	if (!walk_list(analysis, statement->params))
		return false;
	bool takes = is_prepared(analysis, statement->name);
	const char *checks = statement->params ? checks_of(analysis, statement->name) : NULL;
	if (!takes && !checks)
		return true;
	size_t name = begin + 1;
	if (name >= end || (statement->params && !is_open(analysis, name + 1, end)))
		return rewrite_lost(analysis, -1);
	analysis->touches_tenant = true;
	analysis->rewrite->literal = true;
	if (checks && !check_arguments(analysis, statement, checks, name + 1))
		return false;
	if (!takes)
		return true;
	size_t at = statement->params ? token_at(analysis, token_at(analysis, name + 1)->match)->start
								  : token_at(analysis, name)->end;
	bool ok = splice_text(analysis, at, 0, statement->params ? ", " : "(") && splice_tenant(analysis, at) &&
			  (statement->params || splice_text(analysis, at, 0, ")"));
	statement->params = lappend(statement->params, tenant_node(analysis));
	return ok;
}

static TypeName *type_name(const char *name)
{
	TypeName *type = MAKE(TypeName);
	type->names = list_make2(tree_string("pg_catalog"), tree_string(name));
	type->typemod = -1;
	return type;
}

static const char *tenant_type_internal(enum tenant_type type)
{
	static const char *const names[] = {
		[TENANT_INTEGER] = "int4", [TENANT_BIGINT] = "int8", [TENANT_UUID] = "uuid", [TENANT_TEXT] = "text"};
	return names[type];
}

/* The list of parameter types grows to `number`; types in between are left to the server. */
static bool extend_types(struct analysis *analysis, PrepareStmt *statement, unsigned number, size_t name)
{
	bool listed = statement->argtypes != NIL;
	if (listed && !is_open(analysis, name + 1, analysis->tokens->n))
		return rewrite_lost(analysis, -1);
	size_t at = listed ? token_at(analysis, token_at(analysis, name + 1)->match)->start
					   : token_at(analysis, name)->end;
	if (!listed && !splice_text(analysis, at, 0, " ("))
		return false;
	for (unsigned i = list_length(statement->argtypes) + 1; i <= number; i++) {
		const char *type = i < number ? "unknown" : tenant_type_internal(analysis->tenant_type);
		if (!splice_text(analysis, at, 0, text_concat(i > 1 ? ", pg_catalog." : "pg_catalog.", type, NULL)))
			return false;
		statement->argtypes = lappend(statement->argtypes, type_name(type));
	}
	return listed || splice_text(analysis, at, 0, ")");
}

/* --- parameters that stand for a tenant column --- */

bool tenant_given(struct analysis *analysis, Node **place, size_t begin, size_t end)
{
	const Node *value = *place;
	while (IsA(value, TypeCast))
		value = (const Node *)((const TypeCast *)value)->arg;
	struct given *given = palloc0(sizeof *given);
	*given = (struct given){.place = place,
							.number = ((const ParamRef *)value)->number,
							.begin = begin,
							.end = end,
							.next = analysis->rewrite->given};
	analysis->rewrite->given = given;
	return true;
}

/* May the tenant's value pass through the type that PREPARE declares? It is named as the server's own. */
static bool keeps_tenant(struct analysis *analysis, const PrepareStmt *statement, int number)
{
	TypeName *type = list_nth(statement->argtypes, number - 1);
	bool plain = !type->typmods && !type->arrayBounds && !type->setof && !type->pct_type;
	if (!plain || !tenant_type_kept_by(analysis->tenant_type, strVal(llast(type->names))))
		return false;
	if (list_length(type->names) > 1)
		return list_length(type->names) == 2 && same_name(strVal(linitial(type->names)), "pg_catalog");
	type->names = lcons(tree_string("pg_catalog"), type->names);
	return splice_text(analysis, (size_t)type->location, 0, "pg_catalog.");
}

static size_t times_given(const struct analysis *analysis, int number)
{
	size_t times = 0;
	for (const struct given *given = analysis->rewrite->given; given; given = given->next)
		times += given->number == number;
	return times;
}

static bool is_cast_away(const struct analysis *analysis, int number)
{
	for (const struct given *given = analysis->rewrite->given; given; given = given->next)
		for (const Node *value = *given->place; given->number == number && IsA(value, TypeCast);
			 value = ((const TypeCast *)value)->arg)
			if (!tenant_type_kept_by(analysis->tenant_type,
									 strVal(llast(((const TypeCast *)value)->typeName->names))))
				return true;
	return false;
}

/* May EXECUTE give the tenant in its place? Then it has no other use; where nothing else tells its type, it must. */
static bool may_stay(struct analysis *analysis, const PrepareStmt *statement, int number)
{
	if (times_given(analysis, number) != parameter_uses(analysis, number))
		return false;
	return number > list_length(statement->argtypes) ||
		   (!is_cast_away(analysis, number) && keeps_tenant(analysis, statement, number));
}

/* The tenant's own parameter takes the place of this one. */
static bool replace_given(struct analysis *analysis, const struct given *given)
{
	size_t start = token_at(analysis, given->begin)->start, stop = end_before(analysis, given->end);
	*given->place = tenant_node(analysis);
	return splice_text(analysis, start, stop - start, NULL) && place_tenant(analysis, stop);
}

/* It is in no place of a tenant column any more. */
static void forget_check(struct check_list *checks, int number)
{
	size_t n = 0;
	for (size_t i = 0; i < checks->n; i++)
		if (checks->items[i].parameter != number)
			checks->items[n++] = checks->items[i];
	checks->n = n;
}

static bool settle_given(struct analysis *analysis, int number, bool stays)
{
	for (const struct given *given = analysis->rewrite->given; given; given = given->next)
		if (given->number == number &&
			!(stays ? tenant_casts(analysis, *given->place) : replace_given(analysis, given)))
			return false;
	if (!stays)
		forget_check(&analysis->checks, number);
	return true;
}

/* The check of the lowest parameter above `last`; NULL: there is none. */
static const struct tenant_check *next_check(const struct check_list *list, int last)
{
	const struct tenant_check *next = NULL;
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].parameter > last && (!next || list->items[i].parameter < next->parameter))
			next = &list->items[i];
	return next;
}

/* *checks: what EFFECT_PREPARE says of such parameters; NULL: there are none. */
static bool arguments_to_check(struct analysis *analysis, const PrepareStmt *statement, const char **checks)
{
	const struct tenant_check *next;
	*checks = NULL;
	for (int last = 0; (next = next_check(&analysis->checks, last)) != NULL;) {
		const char *relation = next->relation;
		last = next->parameter;
		if (!rewrite_work(analysis, analysis->tokens->n + 5 * analysis->checks.n))
			return false;
		if (strchr(relation, 1) || strchr(statement->name, 1))
			return analysis_refuse(analysis, "0A000", -1,
								   "the tenant column cannot be given as a parameter of PREPARE like this",
								   "A name has a control character that tenantry uses itself.",
								   "Leave the tenant column out: tenantry adds it.");
		bool stays = may_stay(analysis, statement, last);
		if (!settle_given(analysis, last, stays))
			return false;
		*checks = analysis_text("%s%s%d%c%s", *checks ? *checks : "", *checks ? "\1" : "", last,
								stays ? ' ' : PREPARED_STAYS, relation);
	}
	return true;
}

/* PREPARE name [(types)] AS query. Its parameters are its own: they are no parameters of the message. */
static bool prepare(struct analysis *analysis, PrepareStmt *statement, size_t begin, size_t end)
{
	struct rewrite *rewrite = analysis->rewrite;
	size_t name = begin + 1, as = find_keyword(analysis, name + 1, end, KEYWORD_AS);
	rewrite->preparing = true;
	if (!contained(analysis, &statement->query, as + 1, end))
		return false;
	unsigned number = rewrite->max_parameter;
	if ((unsigned)list_length(statement->argtypes) > number)
		number = list_length(statement->argtypes);
	rewrite->max_parameter = 0;
	const char *checks;
	if (!arguments_to_check(analysis, statement, &checks))
		return false;
	analysis_effect(analysis, EFFECT_PREPARE, statement->name, checks, analysis->uses_tenant);
	number++;
	analysis->tenant_parameter = (int)number;
	if (!analysis->uses_tenant)
		return true;
	char *slot = analysis_text("$%u", number);
	for (size_t i = 0; i < analysis->splices.n; i++) {
		struct splice *splice = &analysis->splices.items[i];
		if (splice->tenant)
			*splice = (struct splice){.at = splice->at, .insert = slot, .insert_length = strlen(slot)};
	}
	analysis->uses_tenant = false;
	return extend_types(analysis, statement, number, name);
}

bool rewrite_utility(struct analysis *analysis, Node *statement, size_t begin, size_t end)
{
	if (begin + 1 >= end)
		return rewrite_lost(analysis, -1);
	switch (nodeTag(statement)) {
	case T_ExplainStmt:
		return explain(analysis, (ExplainStmt *)statement, begin, end);
	case T_DeclareCursorStmt:
		return declare_cursor(analysis, (DeclareCursorStmt *)statement, begin, end);
	case T_PrepareStmt:
		return prepare(analysis, (PrepareStmt *)statement, begin, end);
	case T_ExecuteStmt:
		return execute(analysis, (ExecuteStmt *)statement, begin, end);
	case T_ViewStmt:
		return rewrite_create_view(analysis, (ViewStmt *)statement, begin, end);
	case T_CreateTableAsStmt:
		return create_as(analysis, (CreateTableAsStmt *)statement, begin, end);
	default:
		/* statement_policy() has done all that there is to do: CREATE TABLE and the like */
		return true;
	}
}
