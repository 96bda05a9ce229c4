/* SELECT in all its forms: WITH, set operations, VALUES, TABLE, parentheses, clauses.
 *
 * The region of a select is taken apart as the grammar built it: [WITH ..] body [ORDER BY .. FOR ..], where a
 * body is simple selects and parenthesised ones between UNION, INTERSECT and EXCEPT. One SelectStmt may be
 * spread over several pairs of parentheses: `(SELECT ..) ORDER BY x`. */
#include "parser/rewrite.h"

#include <string.h>

/* Where the clauses of a simple SELECT begin and end; [0, 0): not there. */
struct clauses {
	size_t targets_begin, targets_end;
	size_t from_begin, from_end;
	size_t where_begin, where_end;
	size_t group_end; /* 0: there is no GROUP BY */
};

/* A body's parts between set operators. */
struct segment {
	size_t begin, end;
	enum keyword before; /* the operator before it */
	size_t last_low;     /* index of the last segment up to this one that follows UNION or EXCEPT; 0: none */
};

/* `a IS [NOT] DISTINCT FROM b` */
static bool is_distinct_from(const struct analysis *analysis, size_t i, size_t begin)
{
	if (i < begin + 2 || keyword_at(analysis, i - 1, i) != KEYWORD_DISTINCT)
		return false;
	enum keyword before = keyword_at(analysis, i - 2, i);
	return before == KEYWORD_IS ||
		   (before == KEYWORD_NOT && i >= begin + 3 && keyword_at(analysis, i - 3, i) == KEYWORD_IS);
}

size_t clause_next(const struct analysis *analysis, size_t from, size_t end, size_t begin,
				   enum keyword *which)
{
	for (size_t i = from; i < end; i = token_skip(analysis->tokens, i)) {
		enum keyword keyword = token_keyword(analysis->tokens, i);
		switch (keyword) {
		case KEYWORD_GROUP:
			if (i > begin && keyword_at(analysis, i - 1, i) == KEYWORD_WITHIN)
				continue;
			break;
		case KEYWORD_FROM:
			if (is_distinct_from(analysis, i, begin))
				continue;
			break;
		case KEYWORD_INTO:
		case KEYWORD_WHERE:
		case KEYWORD_HAVING:
		case KEYWORD_WINDOW:
		case KEYWORD_ORDER:
		case KEYWORD_LIMIT:
		case KEYWORD_OFFSET:
		case KEYWORD_FETCH:
		case KEYWORD_FOR:
		case KEYWORD_RETURNING:
		case KEYWORD_USING:
		case KEYWORD_SET:
			break;
		default:
			continue;
		}
		*which = keyword;
		return i;
	}
	*which = KEYWORD_NONE;
	return end;
}

/* SET and USING are clauses of UPDATE and DELETE only; elsewhere they are labels or parts of joins. */
static size_t select_clause_next(const struct analysis *analysis, size_t from, size_t end, size_t begin,
								 enum keyword *which)
{
	size_t i = clause_next(analysis, from, end, begin, which);
	while (i < end && (*which == KEYWORD_SET || *which == KEYWORD_USING))
		i = clause_next(analysis, i + 1, end, begin, which);
	return i;
}

static struct clauses find_clauses(const struct analysis *analysis, const SelectStmt *select, size_t begin,
								   size_t end)
{
	struct clauses found = {0};
	size_t i = begin + 1;
	enum keyword keyword = keyword_at(analysis, i, end);
	if (keyword == KEYWORD_ALL || (keyword == KEYWORD_DISTINCT && select->distinctClause))
		i++;
	if (keyword == KEYWORD_DISTINCT && select->distinctClause && linitial(select->distinctClause) != NULL)
		i = is_open(analysis, i + 1, end) ? token_at(analysis, i + 1)->match + 1 : end;
	found.targets_begin = i;
	i = select_clause_next(analysis, i, end, begin, &keyword);
	found.targets_end = i;
	if (keyword == KEYWORD_INTO)
		i = select_clause_next(analysis, i + 1, end, begin, &keyword);
	if (keyword == KEYWORD_FROM) {
		found.from_begin = i + 1;
		do
			i = select_clause_next(analysis, i + 1, end, begin, &keyword);
		while (keyword == KEYWORD_FROM); /* ROWS FROM (..) */
		found.from_end = i;
	}
	if (keyword == KEYWORD_WHERE) {
		found.where_begin = i + 1;
		i = found.where_end = select_clause_next(analysis, i + 1, end, begin, &keyword);
	}
	if (keyword == KEYWORD_GROUP)
		found.group_end = select_clause_next(analysis, i + 1, end, begin, &keyword);
	return found;
}

bool walk_targets(struct analysis *analysis, struct level *level, List *targets)
{
	ListCell *cell;
	foreach (cell, targets) {
		ResTarget *target = lfirst(cell);
		if (level->sent)
			row_used(analysis, target->val, ROW_SENT);
		if (star_is_bare((Node *)target))
			level->star = true;
		else if (!star_is((Node *)target) &&
				 (level->rows_stay || row_is_taken_apart(analysis, level, target))) {
			if (!field_source(analysis, &target->val))
				return false;
		}
		/* c.* and (c).* are spelled out */
		else if (!(star_is((Node *)target) &&
				   (IsA(target->val, ColumnRef) || star_leaf(analysis, level, target->val))) &&
				 !walk(analysis, (Node **)&lfirst(cell)))
			return false;
	}
	return true;
}

static bool walk_tail(struct analysis *analysis, SelectStmt *select)
{
	return walk_list(analysis, select->sortClause) && walk(analysis, &select->limitOffset) &&
		   walk(analysis, &select->limitCount);
}

static bool walk_groups(struct analysis *analysis, const struct level *level, List *groups)
{
	ListCell *cell;
	foreach (cell, groups) {
		if (level->sent)
			row_used(analysis, lfirst(cell), ROW_OPERAND);
		if (!walk(analysis, (Node **)&lfirst(cell)))
			return false;
	}
	return true;
}

static bool walk_select(struct analysis *analysis, struct level *level, SelectStmt *select)
{
	if (select->distinctClause && linitial(select->distinctClause) &&
		!walk_list(analysis, select->distinctClause))
		return false;
	return walk_targets(analysis, level, select->targetList) && walk(analysis, &select->whereClause) &&
		   walk_groups(analysis, level, select->groupClause) && walk(analysis, &select->havingClause) &&
		   walk_list(analysis, select->windowClause) && walk_tail(analysis, select);
}

/* INSERT .. VALUES (..), (..): each row gets the tenant, or has its own value checked. */
static bool values_source(struct analysis *analysis, SelectStmt *select, size_t begin, size_t end,
						  struct insert_source *source)
{
	if (list_length(select->valuesLists) > (int)analysis->policy->max_rows)
		return analysis_refuse(analysis, "54000", -1, "VALUES has too many rows",
							   "The list is longer than max_rows allows.",
							   "Split the statement, or use COPY.");
	size_t i = begin + 1;
	int width = list_length(linitial(select->valuesLists));
	ListCell *cell;
	foreach (cell, select->valuesLists) {
		if (list_length(lfirst(cell)) != width)
			return analysis_refuse(analysis, "42601", exprLocation(linitial(lfirst(cell))),
								   "VALUES lists must all be the same length", NULL, NULL);
		if (cell != list_head(select->valuesLists))
			i++; /* comma */
		if (!is_open(analysis, i, end))
			return rewrite_lost(analysis, -1);
		if (!source_row(analysis, (List **)&lfirst(cell), false, i + 1, token_at(analysis, i)->match, source))
			return false;
		i = token_at(analysis, i)->match + 1;
	}
	return true;
}

static struct level *values(struct analysis *analysis, SelectStmt *select, size_t begin, size_t end,
							struct insert_source *source)
{
	struct level *level = level_open(analysis);
	ListCell *cell;
	foreach (cell, select->valuesLists)
		if (!row_stars(analysis, (List **)&lfirst(cell)))
			return NULL;
	level->width = list_length(linitial(select->valuesLists));
	/* first the tenant's value: what it replaces need not be guarded */
	bool ok = source == NULL || values_source(analysis, select, begin, end, source);
	if (ok && source)
		source->width = level->width;
	ok = ok && walk_list(analysis, select->valuesLists) && walk_tail(analysis, select);
	foreach (cell, source ? NIL : select->valuesLists)
		ok = ok && row_value_stars(analysis, (List **)&lfirst(cell));
	if (source == NULL)
		level->width = list_length(linitial(select->valuesLists));
	level_close(analysis, level);
	return ok ? level : NULL;
}

/* TABLE c is SELECT * FROM c. */
static struct level *table_command(struct analysis *analysis, SelectStmt *select, size_t begin, size_t end,
								   struct insert_source *source)
{
	struct level *level = level_open(analysis);
	struct where_place where = {.clause = &select->whereClause, .at = end_before(analysis, end)};
	struct leaf *leaf = NULL;
	if (!rewrite_from(analysis, level, select->fromClause, begin + 1, end, PLACE_WHERE) ||
		!walk_tail(analysis, select))
		return NULL;
	leaf = level->leaves;
	level->targets = select->targetList;
	int width = leaf_width(analysis, leaf);
	const char *columns = "*";
	if (leaf_hides(analysis, leaf)) {
		select->targetList = NIL;
		columns = visible_columns(analysis, leaf->relation, false, &select->targetList);
		if (!columns)
			return NULL;
	}
	struct token *token = token_at(analysis, begin);
	if ((leaf->kind == LEAF_TENANT || leaf->kind == LEAF_VIEW || source) &&
		!splice_text(analysis, token->start, token->end - token->start,
					 text_concat("SELECT ", columns, source ? "" : " FROM", NULL)))
		return NULL;
	if (source) {
		source->width = width >= 0 ? width : source->width;
		if (source->replace >= 0)
			return analysis_refuse(
					   analysis, "0A000", -1, "INSERT .. TABLE cannot give a value to the tenant column",
					   NULL, "Leave the tenant column out of the list, or write SELECT with the columns."),
				   NULL;
		if (!splice_text(analysis, token->end, 0, ", ") || !splice_tenant(analysis, token->end) ||
			!splice_text(analysis, token->end, 0, " FROM"))
			return NULL;
		select->targetList = lappend(select->targetList, tree_target(NULL, tenant_node(analysis)));
	}
	level->targets = select->targetList;
	level_close(analysis, level);
	return level_place(analysis, level, &where, NULL) ? level : NULL;
}

static struct level *simple_select(struct analysis *analysis, SelectStmt *select, size_t begin, size_t end,
								   struct insert_source *source)
{
	enum keyword keyword = first_keyword(analysis, begin, end);
	if (select->valuesLists)
		return values(analysis, select, begin, end, source);
	if (keyword == KEYWORD_TABLE)
		return table_command(analysis, select, begin, end, source);
	if (keyword != KEYWORD_SELECT)
		return rewrite_lost(analysis, -1), NULL;
	struct clauses clauses = find_clauses(analysis, select, begin, end);
	if ((select->fromClause == NIL) != (clauses.from_begin == 0) ||
		(select->whereClause == NULL) != (clauses.where_begin == 0) ||
		(select->groupClause == NIL) != (clauses.group_end == 0))
		return rewrite_lost(analysis, -1), NULL;
	struct level *level = level_open(analysis);
	level->rows_stay = analysis->rewrite->rows_stay == (Node *)select;
	level->sent = analysis->rewrite->root == (Node *)select;
	if (analysis->rewrite->derived.query == (Node *)select)
		level->derived = analysis->rewrite->derived;
	if (select->fromClause &&
		!rewrite_from(analysis, level, select->fromClause, clauses.from_begin, clauses.from_end, PLACE_WHERE))
		return NULL;
	level->targets = select->targetList;
	level->groups = select->groupClause;
	if (source && level_width(analysis, level) >= 0)
		source->width = level_width(analysis, level);
	if (source && source->beyond < 0)
		source->beyond = level_column_location(analysis, level, source->limit);
	if (source &&
		!source_row(analysis, &select->targetList, true, clauses.targets_begin, clauses.targets_end, source))
		return NULL;
	if (!walk_select(analysis, level, select))
		return NULL;
	level_close(analysis, level);
	struct where_place where = {.clause = &select->whereClause,
								.there = select->whereClause != NULL,
								.begin = clauses.where_begin,
								.end = clauses.where_end,
								.at = select->fromClause ? end_before(analysis, clauses.from_end) : 0};
	if (!level_place(analysis, level, &where, &select->targetList))
		return NULL;
	if (clauses.group_end &&
		!group_by_tenant(analysis, level, select, end_before(analysis, clauses.group_end)))
		return NULL;
	level->targets = select->targetList;
	return level;
}

/* Splits a body at its set operators. Returns the number of segments; *list in the memory of the call. */
static size_t split_body(const struct analysis *analysis, size_t begin, size_t end, struct segment **list)
{
	size_t n = 0, room = 4;
	struct segment *segments = palloc(room * sizeof *segments);
	segments[n++] = (struct segment){.begin = begin};
	for (size_t i = begin; i < end; i = token_skip(analysis->tokens, i)) {
		enum keyword keyword = token_keyword(analysis->tokens, i);
		if (keyword != KEYWORD_UNION && keyword != KEYWORD_EXCEPT && keyword != KEYWORD_INTERSECT)
			continue;
		segments[n - 1].end = i;
		if (n == room) {
			struct segment *larger = palloc(2 * room * sizeof *larger);
			memcpy(larger, segments, n * sizeof *larger);
			segments = larger;
			room *= 2;
		}
		size_t next = i + 1;
		enum keyword after = keyword_at(analysis, next, end);
		if (after == KEYWORD_ALL || after == KEYWORD_DISTINCT)
			next++;
		segments[n] =
			(struct segment){.begin = next,
							 .before = keyword,
							 .last_low = keyword == KEYWORD_INTERSECT ? segments[n - 1].last_low : n};
		n++;
		i = next - 1;
	}
	segments[n - 1].end = end;
	*list = segments;
	return n;
}

static bool matches_operator(const SelectStmt *select, enum keyword keyword)
{
	return (select->op == SETOP_UNION && keyword == KEYWORD_UNION) ||
		   (select->op == SETOP_EXCEPT && keyword == KEYWORD_EXCEPT) ||
		   (select->op == SETOP_INTERSECT && keyword == KEYWORD_INTERSECT);
}

/* segments[first..last] make up `select`. INTERSECT binds tighter, all associate to the left. */
static struct level *set_operation(struct analysis *analysis, SelectStmt *select,
								   const struct segment *segments, size_t first, size_t last,
								   struct insert_source *source)
{
	if (first == last)
		return rewrite_select(analysis, select, segments[first].begin, segments[first].end, source);
	size_t split = segments[last].last_low > first ? segments[last].last_low : last;
	if (!matches_operator(select, segments[split].before))
		return rewrite_lost(analysis, -1), NULL;
	if (!rewrite_enter(analysis))
		return NULL;
	struct level *left = set_operation(analysis, select->larg, segments, first, split - 1, source);
	struct level *right = left ? set_operation(analysis, select->rarg, segments, split, last, source) : NULL;
	rewrite_leave(analysis);
	return right ? left : NULL;
}

bool rewrite_with(struct analysis *analysis, WithClause *with, size_t *begin, size_t end)
{
	if (with == NULL || first_keyword(analysis, *begin, end) != KEYWORD_WITH)
		return true;
	int n = list_length(with->ctes), entered = 0;
	struct cte *entries = palloc0(n * sizeof *entries);
	struct cte *outer = analysis->rewrite->ctes;
	analysis->rewrite->n_ctes += n;
	for (int i = 0; i < n; i++) {
		entries[i] =
			(struct cte){.outer = i ? &entries[i - 1] : outer, .expression = list_nth(with->ctes, i)};
	}
	struct with_rest rest = {.outer = analysis->rewrite->with_rest, .expressions = with->ctes};
	if (with->recursive)
		analysis->rewrite->ctes = &entries[n - 1];
	else
		analysis->rewrite->with_rest = &rest;
	for (; entered < n; entered++) {
		CommonTableExpr *cte = list_nth(with->ctes, entered);
		size_t i = tokens_at(analysis->tokens, cte->location) + 1;
		if (cte->aliascolnames)
			i = is_open(analysis, i, end) ? token_at(analysis, i)->match + 1 : end;
		while (i < end && token_at(analysis, i)->kind == TOKEN_WORD)
			i++; /* AS [NOT] MATERIALIZED */
		if (!is_open(analysis, i, end))
			return rewrite_lost(analysis, cte->location);
		rest.first = entered;
		if (!cte->aliascolnames && !cte->search_clause && !cte->cycle_clause)
			analysis->rewrite->derived =
				(struct derived){.query = cte->ctequery, .name = cte->ctename, .is_cte = true};
		entries[entered].level = rewrite_query(analysis, &cte->ctequery, i + 1, token_at(analysis, i)->match);
		if (entries[entered].level == NULL ||
			!price_fence(analysis, cte->ctequery, end_before(analysis, token_at(analysis, i)->match)))
			return false;
		if (cte->cycle_clause && (!walk(analysis, &cte->cycle_clause->cycle_mark_value) ||
								  !walk(analysis, &cte->cycle_clause->cycle_mark_default)))
			return false;
		/* SEARCH and CYCLE add columns: how many columns there are is left open */
		if (cte->cycle_clause || cte->search_clause)
			entries[entered].level = NULL;
		if (!with->recursive)
			analysis->rewrite->ctes = &entries[entered];
		*begin = token_at(analysis, i)->match + 1;
	}
	analysis->rewrite->with_rest = rest.outer;
	const CommonTableExpr *final = llast(with->ctes);
	if (final->search_clause || final->cycle_clause)
		for (enum keyword keyword; *begin < end; ++*begin) {
			keyword = keyword_at(analysis, *begin, end);
			if (is_open(analysis, *begin, end) || keyword == KEYWORD_SELECT || keyword == KEYWORD_VALUES ||
				keyword == KEYWORD_TABLE || keyword == KEYWORD_INSERT || keyword == KEYWORD_UPDATE ||
				keyword == KEYWORD_DELETE || keyword == KEYWORD_MERGE)
				break;
		}
	return true;
}

/* The end of the body: where ORDER BY, LIMIT, OFFSET, FETCH or FOR begins. */
static size_t body_end(const struct analysis *analysis, size_t begin, size_t end)
{
	for (size_t i = begin; i < end; i = token_skip(analysis->tokens, i)) {
		switch (token_keyword(analysis->tokens, i)) {
		case KEYWORD_ORDER:
		case KEYWORD_LIMIT:
		case KEYWORD_OFFSET:
		case KEYWORD_FETCH:
		case KEYWORD_FOR:
			return i;
		default:
			break;
		}
	}
	return end;
}

static struct level *select_in_scope(struct analysis *analysis, SelectStmt *select, size_t begin, size_t end,
									 struct insert_source *source)
{
	for (;;) {
		if (!rewrite_with(analysis, select->withClause, &begin, end))
			return NULL;
		end = body_end(analysis, begin, end);
		if (begin >= end)
			return rewrite_lost(analysis, -1), NULL;
		struct segment *segments;
		size_t n = split_body(analysis, begin, end, &segments);
		if (n > 1) {
			struct level *level = set_operation(analysis, select, segments, 0, n - 1, source);
			return level && walk_tail(analysis, select) ? level : NULL;
		}
		if (!is_open(analysis, begin, end))
			break;
		if (token_at(analysis, begin)->match != end - 1)
			return rewrite_lost(analysis, -1), NULL;
		end = token_at(analysis, begin++)->match;
	}
	return select->op == SETOP_NONE ? simple_select(analysis, select, begin, end, source)
									: (rewrite_lost(analysis, -1), NULL);
}

struct level *rewrite_select(struct analysis *analysis, SelectStmt *select, size_t begin, size_t end,
							 struct insert_source *source)
{
	if (!rewrite_enter(analysis))
		return NULL;
	struct cte *ctes = analysis->rewrite->ctes;
	struct level *level = select_in_scope(analysis, select, begin, end, source);
	analysis->rewrite->ctes = ctes;
	rewrite_leave(analysis);
	return level;
}
