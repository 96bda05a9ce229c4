/* The names of all columns of a query's result, stars included. */
#include "parser/rewrite.h"

enum { WORK_FOR_A_NAME = 10 };

/* A name that cannot be told. */
static const char UNKNOWN[] = "";

static List *relation_names(struct analysis *analysis, const struct leaf *leaf)
{
	List *names = NIL;
	for (size_t i = 0; i < leaf->relation->n_columns; i++)
		if (leaf->kind != LEAF_TENANT || !column_hidden(analysis, leaf->relation, i))
			names = lappend(names, tree_string(leaf->relation->columns[i].name));
	return names;
}

/* `names` under a list of column aliases; NIL: there are fewer. */
static List *names_as(List *names, const List *aliases)
{
	if (list_length(aliases) > list_length(names))
		return NIL;
	return list_concat(list_copy(aliases), list_copy_tail(names, list_length(aliases)));
}

static List *all_told(List *names)
{
	ListCell *cell;
	foreach (cell, names)
		if (same_name(strVal(lfirst(cell)), UNKNOWN))
			return NIL;
	return names;
}

List *leaf_names(struct analysis *analysis, const struct leaf *leaf)
{
	List *names = leaf->relation ? relation_names(analysis, leaf)
				  : leaf->level  ? level_names(analysis, leaf->level)
								 : leaf->columns;
	if (!rewrite_work(analysis, WORK_FOR_A_NAME * (size_t)list_length(names)))
		return NIL;
	names = names_as(names, leaf->renamed);
	return all_told(names_as(names, leaf->alias ? leaf->alias->colnames : NIL));
}

static List *item_names(struct analysis *analysis, const struct level *level, Node **place)
{
	if (!IsA(*place, JoinExpr)) {
		const struct leaf *leaf = leaf_at(level, place);
		return leaf ? leaf_names(analysis, leaf) : NIL;
	}
	const struct join_columns *columns = join_columns(analysis, level, (JoinExpr *)*place);
	List *names = NIL;
	for (size_t i = 0; columns && i < columns->n; i++)
		names = lappend(names, tree_string(columns->items[i].name));
	return names;
}

static List *star_names(struct analysis *analysis, struct level *level, const ResTarget *star)
{
	if (!star_is_bare((const Node *)star)) {
		const struct leaf *leaf = star_leaf(analysis, level, star->val);
		return leaf && !leaf->below ? leaf_names(analysis, leaf) : NIL;
	}
	const struct leaf *target = level_target(level);
	List *names = target ? leaf_names(analysis, target) : NIL;
	ListCell *cell;
	foreach (cell, level->from) {
		List *more = item_names(analysis, level, (Node **)&lfirst(cell));
		if (more == NIL)
			return NIL;
		names = list_concat(names, more);
	}
	return names;
}

static List *find_names(struct analysis *analysis, struct level *level)
{
	List *names = NIL;
	for (int i = 1; i <= level->width; i++)
		names = lappend(names, tree_string(analysis_text("column%d", i)));
	ListCell *cell;
	foreach (cell, level->width < 0 ? level->targets : NIL) {
		const ResTarget *target = lfirst(cell);
		const char *name = target_name(target);
		List *more = star_is((const Node *)target) ? star_names(analysis, level, target)
												   : list_make1(tree_string(name ? name : UNKNOWN));
		if (more == NIL || !rewrite_work(analysis, WORK_FOR_A_NAME * (size_t)list_length(more)))
			return NIL;
		names = list_concat(names, more);
	}
	return names;
}

List *level_names(struct analysis *analysis, struct level *level)
{
	if (!level->named)
		level->names = find_names(analysis, level);
	level->named = true;
	return level->names;
}
