/* MERGE: the target's predicate in ON, the source wrapped (its rows decide what is inserted), the tenant
 * column in every INSERT. */
#include "parser/rewrite.h"

#include <string.h>

/* The next WHEN or THEN that is not part of a CASE. */
static size_t find_outside_case(const struct analysis *analysis, size_t from, size_t end, enum keyword wanted)
{
	int cases = 0;
	for (size_t i = from; i < end; i = token_skip(analysis->tokens, i)) {
		enum keyword keyword = token_keyword(analysis->tokens, i);
		if (keyword == KEYWORD_CASE)
			cases++;
		else if (keyword == KEYWORD_END)
			cases -= cases > 0;
		else if (keyword == wanted && cases == 0)
			return i;
	}
	return end;
}

/* INSERT without a column list. */
static bool made_columns(struct analysis *analysis, MergeWhenClause *when,
						 const struct catalog_relation *relation, size_t at)
{
	int width = list_length(when->values);
	const char *list = " (";
	for (size_t i = 0; i < relation->n_columns && width > 0; i++) {
		if ((int)i == relation->tenant_column)
			continue;
		when->targetList = lappend(when->targetList, tree_target(relation->columns[i].name, NULL));
		list = text_concat(list, text_identifier(relation->columns[i].name), ", ", NULL);
		width--;
	}
	if (width > 0)
		return analysis_refuse(analysis, "42601",
							   exprLocation(list_nth(when->values, list_length(when->targetList))),
							   "INSERT has more expressions than target columns", NULL, NULL);
	when->targetList = lappend(when->targetList, tree_target(tenant_name(relation), NULL));
	return splice_text(analysis, at, 0, text_concat(list, text_identifier(tenant_name(relation)), ")", NULL));
}

static bool default_row(struct analysis *analysis, MergeWhenClause *when,
						const struct catalog_relation *relation, size_t begin)
{
	size_t start = token_at(analysis, begin)->start, end = token_at(analysis, begin + 1)->end;
	when->targetList = list_make1(tree_target(tenant_name(relation), NULL));
	when->values = list_make1(tenant_node(analysis));
	return splice_text(analysis, start, end - start,
					   text_concat("(", text_identifier(tenant_name(relation)), ") VALUES (", NULL)) &&
		   splice_tenant(analysis, end) && splice_text(analysis, end, 0, ")");
}

/* INSERT [(columns)] [OVERRIDING ..] VALUES (row) | DEFAULT VALUES; `begin` is the token after INSERT. */
static bool merge_insert(struct analysis *analysis, MergeWhenClause *when, const struct leaf *target,
						 size_t begin, size_t end)
{
	const struct catalog_relation *relation = target->relation;
	if (target->kind != LEAF_TENANT)
		return true;
	if (relation == NULL)
		return rewrite_lost(analysis, -1);
	size_t i = begin;
	if (when->targetList) {
		if (!is_open(analysis, i, end))
			return rewrite_lost(analysis, -1);
		i = token_at(analysis, i)->match + 1;
	}
	if (keyword_at(analysis, i, end) == KEYWORD_OVERRIDING)
		i += 3;
	if (when->values == NIL)
		return i + 1 < end ? default_row(analysis, when, relation, i) : rewrite_lost(analysis, -1);
	struct insert_source source = {.relation = relation,
								   .replace = listed_tenant(when->targetList, relation)};
	if (!is_open(analysis, i + 1, end))
		return rewrite_lost(analysis, -1);
	bool made = when->targetList == NIL;
	if (made && !made_columns(analysis, when, relation, end_before(analysis, begin)))
		return false;
	if (!source_row(analysis, &when->values, false, i + 2, token_at(analysis, i + 1)->match, &source))
		return false;
	if (made || source.replace >= 0)
		return true;
	when->targetList = lappend(when->targetList, tree_target(tenant_name(relation), NULL));
	return splice_text(analysis, token_at(analysis, token_at(analysis, begin)->match)->start, 0,
					   text_concat(", ", text_identifier(tenant_name(relation)), NULL));
}

static bool merge_when(struct analysis *analysis, MergeWhenClause *when, struct leaf *target, size_t begin,
					   size_t end)
{
	if (!walk(analysis, &when->condition) || !walk_list(analysis, when->targetList) ||
		!walk_list(analysis, when->values))
		return false;
	size_t action = find_outside_case(analysis, begin + 1, end, KEYWORD_THEN) + 1;
	switch (when->commandType) {
	case CMD_INSERT:
		return merge_insert(analysis, when, target, action + 1, end);
	case CMD_UPDATE:
		return rewrite_set(analysis, target, when->targetList, action + 2, end);
	default:
		return true;
	}
}

/* transformMergeStmt() of PostgreSQL, with its words. */
static bool check_source_name(struct analysis *analysis, const struct leaf *target)
{
	const struct leaf *source = target->next;
	return source == NULL || source->next || source->name == NULL ||
		   strcmp(source->name, target->name) != 0 ||
		   analysis_refuse(analysis, "42712", -1,
						   text_concat("name \"", target->name, "\" specified more than once", NULL),
						   "The name is used both as MERGE target table and data source.", NULL);
}

static struct level *merge_in_scope(struct analysis *analysis, MergeStmt *merge, size_t begin, size_t end)
{
	if (!rewrite_with(analysis, merge->withClause, &begin, end))
		return NULL;
	struct level *level = level_open(analysis);
	struct leaf *target = change_target(analysis, level, &merge->relation, false);
	if (target == NULL)
		return NULL;
	if (target->relation && target->relation->isolation == ISOLATION_TENANTS)
		return analysis_refuse(analysis, "0A000", merge->relation->location,
							   "MERGE into the table of tenants is not possible", NULL,
							   "Use INSERT, UPDATE and DELETE."),
			   NULL;
	size_t i = relation_end(analysis, target->begin, end);
	while (i < end && keyword_at(analysis, i, end) != KEYWORD_USING)
		i++; /* [AS] alias */
	size_t when = find_outside_case(analysis, i, end, KEYWORD_WHEN), on = i + 1;
	if (!rewrite_from_item(analysis, level, &merge->sourceRelation, &on, when, PLACE_WRAP))
		return NULL;
	if (keyword_at(analysis, on, when) != KEYWORD_ON)
		return rewrite_lost(analysis, -1), NULL;
	if (!check_source_name(analysis, target))
		return NULL;
	struct where_place where = {.clause = &merge->joinCondition, .there = true, .begin = on + 1, .end = when};
	if (!walk(analysis, &merge->joinCondition))
		return NULL;
	ListCell *cell;
	foreach (cell, merge->mergeWhenClauses) {
		size_t next = find_outside_case(analysis, when + 1, end, KEYWORD_WHEN);
		if (when >= end)
			return rewrite_lost(analysis, -1), NULL;
		if (!merge_when(analysis, lfirst(cell), target, when, next))
			return NULL;
		when = next;
	}
	level_close(analysis, level);
	return level_place(analysis, level, &where, NULL) ? level : NULL;
}

struct level *rewrite_merge(struct analysis *analysis, MergeStmt *merge, size_t begin, size_t end)
{
	struct cte *ctes = analysis->rewrite->ctes;
	struct level *level = merge_in_scope(analysis, merge, begin, end);
	analysis->rewrite->ctes = ctes;
	return level;
}
