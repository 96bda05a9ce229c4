/* Statements that contain a query: EXPLAIN, DECLARE CURSOR, PREPARE and EXECUTE, CREATE TABLE AS.
 *
 * A prepared statement takes the tenant as its last parameter; its EXECUTE appends it. Where the application gives the
 * tenant column a parameter of its own, the server compares its argument with the tenant (rewrite_given.c), and a
 * constant is compared when EXECUTE comes. COPY and EXECUTE cannot take parameters of the extended
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

static bool runs_prepared(const Node *query)
{
	if (IsA(query, CreateTableAsStmt))
		query = ((const CreateTableAsStmt *)query)->query;
	return IsA(query, ExecuteStmt);
}

/* ANALYZE counts rows that are left out because they are another tenant's, and an estimate tells of any value which share of all rows
 * has it, or less than it: so the values themselves can be found, as in pg_stats. */
static bool explains_others(struct analysis *analysis, const ExplainStmt *statement)
{
	if (analysis->request->right != RIGHT_BOUND || analysis->policy->allow_data_catalogs ||
		(!analysis->touches_tenant && !runs_prepared(statement->query)) ||
		(!statement_explains(statement, "analyze", false) && !statement_explains(statement, "costs", true)))
		return true;
	return analysis_refuse(analysis, "42501", -1, "EXPLAIN would show numbers that all tenants' rows go into",
						   "The user is bound to a tenant. Costs and rows are estimated from what all "
						   "tenants have in these tables; "
						   "ANALYZE counts rows that were found before they were compared with the tenant.",
						   "EXPLAIN (COSTS off) shows the plan without them. Or ask as a user that may "
						   "choose its tenant, or set "
						   "data_catalogs = allow.");
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
	return contained(analysis, &statement->query, i, end) && explains_others(analysis, statement);
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
	/* "materialized views may not be defined using bound parameters" */
	if (statement->objtype == OBJECT_MATVIEW)
		analysis->rewrite->literal = true;
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

/* The arguments of EXECUTE that stand for a tenant column; `checks`: the value of EFFECT_PREPARE, `open`: the token of the
 * parenthesis. */
static bool check_arguments(struct analysis *analysis, ExecuteStmt *statement, const char *checks,
							size_t open)
{
	size_t i = open + 1, close = token_at(analysis, open)->match;
	int number = 1;
	for (char *at = (char *)checks; *at;) {
		int wanted = (int)strtol(at, &at, 10);
		const char *relation = ++at;
		at += strcspn(at, "\1");
		relation = analysis_text("%.*s", (int)(at - relation), relation);
		at += *at != 0;
		for (; i < close && number < wanted; i = token_skip(analysis->tokens, i))
			number += token_at(analysis, i)->kind == TOKEN_COMMA;
		if (wanted > list_length(statement->params))
			return true; /* the server says that there are too few */
		if (!tenant_argument(analysis, relation, list_nth(statement->params, wanted - 1), i))
			return false;
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
		statement->argtypes = lappend(statement->argtypes, tree_type(type));
	}
	return listed || splice_text(analysis, at, 0, ")");
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
	if (!settle_given(analysis, statement->name, &checks))
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
