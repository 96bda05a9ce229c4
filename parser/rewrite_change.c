/* UPDATE, DELETE and TRUNCATE. The target gets its predicate in WHERE, whatever else FROM or USING holds is
 * guarded as in reading.
 *
 * Refused: giving the tenant column a value that is not the tenant's own. */
#include "parser/rewrite.h"

#include <string.h>

size_t returning_at(const struct analysis *analysis, size_t from, size_t end)
{
	for (size_t i = from; i < end; i = token_skip(analysis->tokens, i))
		if (token_keyword(analysis->tokens, i) == KEYWORD_RETURNING)
			return i;
	return end;
}

/* OLD and NEW of RETURNING (PostgreSQL 18): the target before and after, either of which may be missing. A relation of that
 * name goes first (transformReturningClause() in analyze.c). */
static void add_version(struct level *level, const struct leaf *target, const char *name)
{
	for (const struct star_unit *unit = level->units; unit; unit = unit->next)
		if (unit->name && same_name(unit->name, name))
			return;
	level_row(level, target, name)->missing = true;
}

bool rewrite_returning(struct analysis *analysis, struct level *level, List *returning)
{
	enum { SERVER_WITH_VERSIONS = 180000 };
	struct leaf *target = level_target(level);
	if (returning && target && target->kind == LEAF_TENANT &&
		catalog_server_version(analysis->catalog) >= SERVER_WITH_VERSIONS) {
		add_version(level, target, "old");
		add_version(level, target, "new");
	}
	return walk_targets(analysis, level, returning);
}

static bool refuse_set(struct analysis *analysis, const struct catalog_relation *relation, int location)
{
	return analysis_refuse(analysis, "42501", location,
						   text_concat("column \"", tenant_name(relation),
									   "\" can only be set to the session's own tenant", NULL),
						   "The statement would move rows to another tenant.", NULL);
}

/* EXCLUDED.T is the tenant's by construction. */
static bool is_excluded(const Node *value, const char *tenant)
{
	if (value == NULL || !IsA(value, ColumnRef) || list_length(((const ColumnRef *)value)->fields) != 2)
		return false;
	const List *fields = ((const ColumnRef *)value)->fields;
	return IsA(lsecond(fields), String) && strcmp(strVal(linitial(fields)), "excluded") == 0 &&
		   strcmp(strVal(lsecond(fields)), tenant) == 0;
}

static bool is_own_value(const Node *value, const char *tenant)
{
	while (value && IsA(value, TypeCast))
		value = ((const TypeCast *)value)->arg;
	if (value == NULL)
		return false;
	if (IsA(value, ColumnRef)) {
		const Node *last = llast(((const ColumnRef *)value)->fields);
		return IsA(last, String) && strcmp(strVal(last), tenant) == 0;
	}
	return IsA(value, ParamRef) || IsA(value, SetToDefault) ||
		   (IsA(value, A_Const) && !((const A_Const *)value)->isnull);
}

static bool set_value(struct analysis *analysis, const struct catalog_relation *relation, Node **place,
					  int location, size_t begin, size_t end)
{
	if (is_excluded(*place, tenant_name(relation)))
		return true;
	if (!is_own_value(*place, tenant_name(relation)))
		return refuse_set(analysis, relation, location);
	return tenant_value(analysis, relation, place, begin, end);
}

/* `(a, T) = (1, 2)`: the expression that belongs to column `number`. */
static bool set_in_row(struct analysis *analysis, const struct catalog_relation *relation,
					   MultiAssignRef *reference, int location, size_t begin, size_t end)
{
	RowExpr *row = (RowExpr *)reference->source;
	if (!IsA(row, RowExpr) || reference->colno > list_length(row->args))
		return refuse_set(analysis, relation, location);
	while (begin < end && !is_open(analysis, begin, end))
		begin++; /* ROW */
	if (begin >= end)
		return rewrite_lost(analysis, location);
	size_t i = begin + 1, close = token_at(analysis, begin)->match;
	for (int n = 1; i < close && n < reference->colno; i = token_skip(analysis->tokens, i))
		n += token_at(analysis, i)->kind == TOKEN_COMMA;
	size_t item_end = i;
	while (item_end < close && token_at(analysis, item_end)->kind != TOKEN_COMMA)
		item_end = token_skip(analysis->tokens, item_end);
	ListCell *cell = list_nth_cell(row->args, reference->colno - 1);
	return set_value(analysis, relation, (Node **)&lfirst(cell), location, i, item_end);
}

bool rewrite_set(struct analysis *analysis, struct leaf *target, List *targets, size_t begin, size_t end)
{
	if (target->kind != LEAF_TENANT)
		return true;
	ListCell *cell;
	foreach (cell, targets) {
		ResTarget *item = lfirst(cell);
		if (strcmp(item->name, tenant_name(target->relation)) != 0)
			continue;
		if (item->indirection || target->relation->isolation == ISOLATION_TENANTS)
			return refuse_set(analysis, target->relation, item->location);
		size_t i = tokens_at(analysis->tokens, item->location);
		bool several = item->val && IsA(item->val, MultiAssignRef);
		if (several)
			while (i < end && token_at(analysis, i)->kind != TOKEN_CLOSE)
				i++;
		i += 2; /* the name or the parenthesis, then = */
		size_t item_end = i;
		while (item_end < end && token_at(analysis, item_end)->kind != TOKEN_COMMA)
			item_end = token_skip(analysis->tokens, item_end);
		if (several ? !set_in_row(analysis, target->relation, (MultiAssignRef *)item->val, item->location, i,
								  item_end)
					: !set_value(analysis, target->relation, &item->val, item->location, i, item_end))
			return false;
	}
	return true;
}

/* The clauses after the target: FROM or USING, WHERE, RETURNING. */
struct change_clauses {
	size_t list_begin, list_end; /* FROM or USING */
	size_t where_begin, where_end;
	size_t body_end; /* where a WHERE would go: after the token before this one */
};

static struct change_clauses change_clauses(const struct analysis *analysis, size_t from, size_t end,
											size_t begin, enum keyword list)
{
	struct change_clauses found = {.body_end = end};
	enum keyword keyword;
	size_t i = clause_next(analysis, from, end, begin, &keyword);
	while (i < end && keyword != list && keyword != KEYWORD_WHERE && keyword != KEYWORD_RETURNING)
		i = clause_next(analysis, i + 1, end, begin, &keyword);
	found.body_end = i;
	if (keyword == list) {
		found.list_begin = i + 1;
		do
			i = clause_next(analysis, i + 1, end, begin, &keyword);
		while (i < end && keyword != KEYWORD_WHERE && keyword != KEYWORD_RETURNING); /* USING of a join */
		found.list_end = found.body_end = i;
	}
	if (keyword == KEYWORD_WHERE) {
		found.where_begin = i + 1;
		found.where_end = returning_at(analysis, i + 1, end);
	}
	return found;
}

/* What UPDATE and DELETE have in common once the target is there: FROM or USING, before any expression .. */
static bool change_from(struct analysis *analysis, struct level *level, List *from,
						const struct change_clauses *clauses)
{
	if ((from != NIL) != (clauses->list_begin != 0))
		return rewrite_lost(analysis, -1);
	return from == NIL ||
		   rewrite_from(analysis, level, from, clauses->list_begin, clauses->list_end, PLACE_WHERE);
}

/* .. and the rest. */
static struct level *change_rest(struct analysis *analysis, struct level *level, Node **condition,
								 List **returning, const struct change_clauses *clauses)
{
	bool current = *condition && IsA(*condition, CurrentOfExpr);
	if ((*condition != NULL) != (clauses->where_begin != 0))
		return rewrite_lost(analysis, -1), NULL;
	if (!walk(analysis, condition) || !rewrite_returning(analysis, level, *returning))
		return NULL;
	level_close(analysis, level);
	/* WHERE CURRENT OF names a row of a cursor, and the cursor's query was guarded; it cannot be combined
	 * with anything */
	if (current)
		level->leaves->placement = PLACE_WRAP;
	struct where_place where = {.clause = condition,
								.there = *condition != NULL,
								.begin = clauses->where_begin,
								.end = clauses->where_end,
								.at = end_before(analysis, clauses->body_end)};
	if (!level_place(analysis, level, &where, returning))
		return NULL;
	level->targets = *returning;
	return level;
}

static struct level *update_in_scope(struct analysis *analysis, UpdateStmt *update, size_t begin, size_t end)
{
	if (!rewrite_with(analysis, update->withClause, &begin, end))
		return NULL;
	struct level *level = level_open(analysis);
	struct leaf *target = change_target(analysis, level, &update->relation, false);
	if (target == NULL)
		return NULL;
	enum keyword keyword = KEYWORD_NONE;
	size_t set = relation_end(analysis, target->begin, end);
	while (set < end && (keyword = keyword_at(analysis, set, end)) != KEYWORD_SET)
		set++; /* [AS] alias */
	struct change_clauses clauses = change_clauses(analysis, set + 1, end, begin, KEYWORD_FROM);
	size_t set_end = clauses.list_begin ? clauses.list_begin - 1 : clauses.body_end;
	if (keyword != KEYWORD_SET)
		return rewrite_lost(analysis, -1), NULL;
	if (!change_from(analysis, level, update->fromClause, &clauses) ||
		!walk_list(analysis, update->targetList) ||
		!rewrite_set(analysis, target, update->targetList, set + 1, set_end))
		return NULL;
	return change_rest(analysis, level, &update->whereClause, &update->returningList, &clauses);
}

struct level *rewrite_update(struct analysis *analysis, UpdateStmt *update, size_t begin, size_t end)
{
	struct cte *ctes = analysis->rewrite->ctes;
	struct level *level = update_in_scope(analysis, update, begin, end);
	analysis->rewrite->ctes = ctes;
	return level;
}

static struct level *delete_in_scope(struct analysis *analysis, DeleteStmt *delete, size_t begin, size_t end)
{
	if (!rewrite_with(analysis, delete->withClause, &begin, end))
		return NULL;
	struct level *level = level_open(analysis);
	struct leaf *target = change_target(analysis, level, &delete->relation, false);
	if (target == NULL)
		return NULL;
	size_t i = relation_end(analysis, target->begin, end);
	struct change_clauses clauses = change_clauses(analysis, i, end, begin, KEYWORD_USING);
	if (!change_from(analysis, level, delete->usingClause, &clauses))
		return NULL;
	return change_rest(analysis, level, &delete->whereClause, &delete->returningList, &clauses);
}

struct level *rewrite_delete(struct analysis *analysis, DeleteStmt *delete, size_t begin, size_t end)
{
	struct cte *ctes = analysis->rewrite->ctes;
	struct level *level = delete_in_scope(analysis, delete, begin, end);
	analysis->rewrite->ctes = ctes;
	return level;
}
