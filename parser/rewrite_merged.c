/* Merged columns of a join with USING or NATURAL whose types are not known, where the server has no aliases of USING
 * (before PostgreSQL 14): a further item of FROM merges the two columns again,
 *
 *     LATERAL (SELECT id FROM (SELECT) AS one LEFT JOIN
 *              ((SELECT a.id AS id) AS l JOIN (SELECT b.id AS id) AS r USING (id)) ON true OFFSET 0)
 *              AS merged_1 (merged_1_1)
 *
 * with the join's own kind of join. It has one row, also where an outer join made NULLs of both. OFFSET 0 keeps its
 * condition from the other ones. No name of the statement means its column. */
#include "parser/catalog_internal.h"
#include "parser/rewrite.h"

#include <string.h>

struct remerging {
	const char *name;
	const struct join_column *column;
	struct remerging *next;
};

static bool is_taken(const struct analysis *analysis, const struct level *level, const char *name)
{
	for (const struct remerging *other = level->remergings; other; other = other->next)
		if (same_name(other->name, name))
			return true;
	return strcasestr(analysis->text, name) != NULL;
}

static const char *free_name(struct analysis *analysis, const struct level *level)
{
	const char *name;
	unsigned n = 1;
	do {
		if (!rewrite_work(analysis, analysis->text_length))
			return NULL;
		name = analysis_text("merged_%u", n++);
	} while (is_taken(analysis, level, name));
	return name;
}

static const char *column_alias(const char *name)
{
	return text_concat(name, "_1", NULL);
}

/* As the server computes it in a FULL JOIN. */
static bool coalesce(struct analysis *analysis, struct join_column *column)
{
	const struct join_column *left = column->left, *right = column->right;
	if (!rewrite_work(analysis, strlen(left->text) + strlen(right->text)))
		return false;
	CoalesceExpr *expression = MAKE(CoalesceExpr);
	expression->args = list_make2(left->value, right->value);
	column->value = (Node *)expression;
	column->text = text_concat("COALESCE(", left->text, ", ", right->text, ")", NULL);
	return true;
}

/* `a.id` may be id(a), whose conditions are not known. */
static bool may_call(const struct analysis *analysis, const char *name)
{
	const struct catalog_name *entry = catalog_name(analysis->catalog, name, strlen(name));
	return entry && entry->own_function;
}

static bool merge_again(struct analysis *analysis, struct level *level, struct join_column *column)
{
	if (column->merged->alias || !column->left || may_call(analysis, column->name) ||
		!join_column_told(analysis, level, column->left) || !join_column_told(analysis, level, column->right))
		return false;
	if (column->merged->jointype == JOIN_FULL)
		return coalesce(analysis, column);
	struct remerging **end = &level->remergings, *item = palloc0(sizeof *item);
	const char *name = free_name(analysis, level);
	if (name == NULL)
		return false;
	*item = (struct remerging){.name = name, .column = column};
	while (*end)
		end = &(*end)->next;
	*end = item;
	column->value = (Node *)tree_column(name, column_alias(name));
	column->text = text_concat(name, ".", column_alias(name), NULL);
	return true;
}

bool join_column_told(struct analysis *analysis, struct level *level, struct join_column *column)
{
	if (column->text)
		return true;
	if (!column->merged)
		return column_by_number(analysis, level, column);
	return join_alias_column(analysis, level, column) ||
		   (!analysis->refused && merge_again(analysis, level, column));
}

/* --- the item --- */

static Node *side(const char *alias, const char *name, const struct join_column *column)
{
	SelectStmt *select = MAKE(SelectStmt);
	if (column)
		select->targetList = list_make1(tree_target(name, column->value));
	return (Node *)tree_subselect((Node *)select, tree_alias(alias));
}

static JoinExpr *join_of(JoinType type, Node *left, Node *right)
{
	JoinExpr *join = MAKE(JoinExpr);
	join->jointype = type;
	join->larg = left;
	join->rarg = right;
	return join;
}

static SelectStmt *query_of(const struct remerging *item)
{
	const struct join_column *column = item->column;
	JoinExpr *merging = join_of(column->merged->jointype, side("l", column->name, column->left),
								side("r", column->name, column->right));
	merging->usingClause = list_make1(tree_string(column->name));
	JoinExpr *outer = join_of(JOIN_LEFT, side("one", NULL, NULL), (Node *)merging);
	A_Const *always = MAKE(A_Const);
	always->val.boolval.type = T_Boolean;
	always->val.boolval.boolval = true;
	outer->quals = (Node *)always;
	SelectStmt *select = MAKE(SelectStmt);
	select->targetList = list_make1(tree_target(NULL, (Node *)tree_column(NULL, column->name)));
	select->fromClause = list_make1(outer);
	return select;
}

static const char *query_text(const struct remerging *item)
{
	const struct join_column *column = item->column;
	const char *name = text_identifier(column->name);
	const char *join = column->merged->jointype == JOIN_LEFT    ? ") AS l LEFT JOIN (SELECT "
					   : column->merged->jointype == JOIN_RIGHT ? ") AS l RIGHT JOIN (SELECT "
																: ") AS l JOIN (SELECT ";
	return text_concat(", LATERAL (SELECT ", name, " FROM (SELECT) AS one LEFT JOIN ((SELECT ",
					   column->left->text, " AS ", name, join, column->right->text, " AS ", name,
					   ") AS r USING (", name, ")) ON true", NULL);
}

static bool place_one(struct analysis *analysis, struct level *level, const struct remerging *item, size_t at)
{
	const char *alias = column_alias(item->name);
	RangeSubselect *subselect = tree_subselect((Node *)query_of(item), tree_alias(item->name));
	subselect->lateral = true;
	subselect->alias->colnames = list_make1(tree_string(alias));
	level->from = lappend(level->from, subselect);
	return splice_text(analysis, at, 0, query_text(item)) && fence(analysis, subselect->subquery, at) &&
		   splice_text(analysis, at, 0, text_concat(") AS ", item->name, " (", alias, ")", NULL));
}

bool place_remergings(struct analysis *analysis, struct level *level, size_t at)
{
	for (const struct remerging *item = level->remergings; item; item = item->next)
		if (!place_one(analysis, level, item, at))
			return false;
	return true;
}

static bool returns_joined(const Node *query)
{
	const UpdateStmt *update = (const UpdateStmt *)query;
	const DeleteStmt *delete = (const DeleteStmt *)query;
	return (IsA(query, UpdateStmt) && update->fromClause && update->returningList) ||
		   (IsA(query, DeleteStmt) && delete->usingClause && delete->returningList);
}

bool may_merge_again(struct analysis *analysis)
{
	if (catalog_server_version(analysis->catalog) >= 140000)
		return false;
	const Node *query = tree_query(analysis->rewrite->root);
	const WithClause *with = query ? tree_with(query) : NULL;
	ListCell *cell;
	if (with)
		foreach (cell, with->ctes)
			if (returns_joined(((const CommonTableExpr *)lfirst(cell))->ctequery))
				return true;
	return query && returns_joined(query);
}
