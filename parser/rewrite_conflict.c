/* ON CONFLICT: the arbiter becomes the unique index that the tenant's column was added to, and DO UPDATE
 * never takes over another tenant's row. */
#include "parser/rewrite.h"

#include <string.h>

/* Counts of an arbiter's plain columns and expressions. */
static bool element_listed(const List *elements, const char *column)
{
	ListCell *cell;
	foreach (cell, elements) {
		const IndexElem *element = lfirst(cell);
		if (element->name && strcmp(element->name, column) == 0)
			return true;
	}
	return false;
}

/* Does the index consist of exactly these elements, `tenant` (may be NULL) added? Expressions are only
 * counted: which of them is meant is the server's to say. */
static bool index_serves(const struct catalog_index *index, const List *elements, const char *tenant)
{
	size_t expressions = 0, columns = 0;
	ListCell *cell;
	foreach (cell, elements) {
		const IndexElem *element = lfirst(cell);
		if (element->name == NULL)
			expressions++;
		else
			columns++;
	}
	columns += tenant != NULL;
	for (size_t i = 0; i < index->n_columns; i++) {
		const char *name = index->columns[i];
		if (name == NULL) {
			if (expressions-- == 0)
				return false;
		} else if ((tenant && strcmp(name, tenant) == 0) || element_listed(elements, name)) {
			if (columns-- == 0)
				return false;
		} else {
			return false;
		}
	}
	return expressions == 0 && columns == 0;
}

static bool arbiter(struct analysis *analysis, const struct catalog_relation *relation, InferClause *infer)
{
	if (infer->indexElems == NIL)
		return true;
	const char *tenant = tenant_name(relation);
	if (element_listed(infer->indexElems, tenant))
		return true;
	bool found = false;
	for (size_t i = 0; i < relation->n_indexes && !found; i++)
		found =
			relation->indexes[i].is_unique && index_serves(&relation->indexes[i], infer->indexElems, tenant);
	if (!found)
		return true;
	size_t open = tokens_at(analysis->tokens, infer->location);
	if (!is_open(analysis, open, analysis->tokens->n))
		return rewrite_lost(analysis, infer->location);
	IndexElem *element = MAKE(IndexElem);
	element->name = (char *)tenant;
	infer->indexElems = lcons(element, infer->indexElems);
	return splice_text(analysis, token_at(analysis, open)->end, 0,
					   text_concat(text_identifier(tenant), ", ", NULL));
}

static bool conflict_update(struct analysis *analysis, struct level *level, struct leaf *target,
							OnConflictClause *conflict, size_t begin, size_t end)
{
	size_t i = begin;
	while (i < end && keyword_at(analysis, i, end) != KEYWORD_DO)
		i = token_skip(analysis->tokens, i);
	i += 3; /* DO UPDATE SET */
	if (i >= end)
		return rewrite_lost(analysis, conflict->location);
	enum keyword keyword;
	size_t set_end = clause_next(analysis, i, end, begin, &keyword);
	level_row(level, target, "excluded"); /* the row that is inserted: visible in SET and WHERE */
	if (!walk_list(analysis, conflict->targetList) || !walk(analysis, &conflict->whereClause) ||
		!rewrite_set(analysis, target, conflict->targetList, i, set_end))
		return false;
	struct where_place where = {.clause = &conflict->whereClause,
								.there = conflict->whereClause != NULL,
								.begin = set_end + 1,
								.end = end,
								.at = end_before(analysis, set_end)};
	return level_place(analysis, level, &where, NULL);
}

bool rewrite_conflict(struct analysis *analysis, struct level *level, struct leaf *target,
					  OnConflictClause *conflict, size_t begin, size_t end)
{
	if (conflict->infer) {
		if (!walk_list(analysis, conflict->infer->indexElems) ||
			!walk(analysis, &conflict->infer->whereClause))
			return false;
		if (target->kind == LEAF_TENANT && !arbiter(analysis, target->relation, conflict->infer))
			return false;
	}
	return conflict->action != ONCONFLICT_UPDATE ||
		   conflict_update(analysis, level, target, conflict, begin, end);
}
