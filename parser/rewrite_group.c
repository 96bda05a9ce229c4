/* GROUP BY of a primary key: PostgreSQL then shows the other columns, too. Where the key has been widened by the tenant
 * column, that is grouped by as well; of the rows of one tenant it makes the same groups. */
#include "parser/rewrite.h"

#include <string.h>

static const struct catalog_index *primary_key(const struct catalog_relation *relation)
{
	for (size_t i = 0; i < relation->n_indexes; i++)
		if (relation->indexes[i].is_primary)
			return &relation->indexes[i];
	return NULL;
}

/* The target that an item stands for by its name or number; else the item itself. */
static const Node *grouped(const List *targets, const Node *item, const char *column)
{
	const A_Const *number = IsA(item, A_Const) ? (const A_Const *)item : NULL;
	if (number && !number->isnull && IsA(&number->val, Integer)) {
		int n = number->val.ival.ival;
		return n >= 1 && n <= list_length(targets) ? ((const ResTarget *)list_nth(targets, n - 1))->val
												   : item;
	}
	const List *fields = IsA(item, ColumnRef) ? ((const ColumnRef *)item)->fields : NIL;
	if (list_length(fields) != 1 || !IsA(linitial(fields), String) ||
		same_name(strVal(linitial(fields)), column))
		return item; /* a column is meant before a target */
	ListCell *cell;
	foreach (cell, targets) {
		const ResTarget *target = lfirst(cell);
		if (target->name && same_name(target->name, strVal(linitial(fields))))
			return target->val;
	}
	return item;
}

/* Is it the leaf's column? Without the leaf's name it may be a column that USING has merged. */
static bool is_column(const struct leaf *leaf, const Node *value, const char *column, bool qualified)
{
	const List *fields = IsA(value, ColumnRef) ? ((const ColumnRef *)value)->fields : NIL;
	int n = list_length(fields);
	if (n == 0 || !IsA(llast(fields), String) || !same_name(strVal(llast(fields)), column))
		return false;
	return n == 1 ? !qualified : same_name(strVal(list_nth(fields, n - 2)), leaf->name);
}

/* A row that may be missing has no tenant then, which must not tell it apart from others of its group: only what is
 * certainly its key will do. */
static bool groups_by(const struct level *level, const struct leaf *leaf, const SelectStmt *select,
					  const char *column)
{
	bool missing = leaf->placement != PLACE_WHERE, qualified = missing && level->merged;
	ListCell *cell;
	foreach (cell, select->groupClause) {
		const Node *item = lfirst(cell);
		if (is_column(leaf, missing ? item : grouped(select->targetList, item, column), column, qualified))
			return true;
	}
	return false;
}

static bool groups_by_key(const struct level *level, const struct leaf *leaf, const SelectStmt *select)
{
	const struct catalog_index *key = primary_key(leaf->relation);
	bool widened = false;
	for (size_t i = 0; key && i < key->n_columns; i++) {
		if (same_name(key->columns[i], tenant_name(leaf->relation)))
			widened = true;
		else if (!groups_by(level, leaf, select, key->columns[i]))
			return false;
	}
	return widened && key->n_columns > 1;
}

static bool is_simple(const List *groups)
{
	ListCell *cell;
	foreach (cell, groups)
		if (IsA(lfirst(cell), GroupingSet))
			return false;
	return groups != NIL;
}

bool group_by_tenant(struct analysis *analysis, const struct level *level, SelectStmt *select, size_t at)
{
	if (!is_simple(select->groupClause) || analysis->defines_view)
		return true;
	for (const struct leaf *leaf = level->leaves; leaf; leaf = leaf->next) {
		if (leaf->kind != LEAF_TENANT || leaf->wrapped || leaf->below ||
			(leaf->alias && leaf->alias->colnames))
			continue;
		if (!rewrite_work(analysis, list_length(select->groupClause)) || !groups_by_key(level, leaf, select))
			continue;
		const char *tenant = tenant_name(leaf->relation);
		ColumnRef *reference = MAKE(ColumnRef);
		reference->fields = lappend(leaf_fields(leaf), tree_string(tenant));
		/* somebody may hold places of the old list */
		select->groupClause = lappend(list_copy(select->groupClause), reference);
		if (!splice_text(analysis, at, 0,
						 text_concat(", ", leaf_reference(leaf), ".", text_identifier(tenant), NULL)))
			return false;
	}
	return !analysis->refused;
}
