/* SELECT, INSERT, UPDATE, DELETE, MERGE: which leaves must be confined, and what may be written into a tenant
 * column.
 *
 * Of each query the names are collected and the joins' and WHERE's conjuncts applied first; only then the
 * expressions and sub-selects are walked, with the level as their surroundings. */
#include "parser/checker_internal.h"

#include <string.h>

/* The rows that a source delivers to an INSERT: which of their columns is the tenant column. */
struct rows {
	int position;
	int width; /* of every row; -1: as many as there are (no column list) */
};

/* --- WITH: transformWithClause() --- */

static bool push_with(struct checker *checker, const WithClause *clause, struct checker_with *with)
{
	ListCell *cell;

	if (clause == NULL)
		return true;
	with->outer = checker->with;
	with->list = clause->ctes;
	with->visible = clause->recursive ? list_length(clause->ctes) : 0;
	checker->with = with;
	foreach (cell, clause->ctes) {
		const CommonTableExpr *cte = lfirst(cell);
		if (!checker_query(checker, cte->ctequery) ||
			!checker_walk(checker, (const Node *)cte->search_clause) ||
			!checker_walk(checker, (const Node *)cte->cycle_clause))
			return false;
		if (!clause->recursive)
			with->visible++;
	}
	return true;
}

/* --- rows for INSERT --- */

static const Node *item_value(const Node *item)
{
	return IsA(item, ResTarget) ? ((const ResTarget *)item)->val : item;
}

/* Stands for any number of columns. */
static bool is_star(const Node *item)
{
	item = item_value(item);
	if (item && IsA(item, ColumnRef))
		return IsA(llast(((const ColumnRef *)item)->fields), A_Star);
	if (item && IsA(item, A_Indirection))
		return IsA(llast(((const A_Indirection *)item)->indirection), A_Star);
	return false;
}

static bool has_star(const List *items, int first, int last)
{
	for (int i = first; i <= last; i++)
		if (is_star(list_nth(items, i)))
			return true;
	return false;
}

/* Counted from the left, or from the right when a star stands in the way: PostgreSQL insists that the row is
 * as wide as the column list. */
static bool check_row(struct checker *checker, const struct checker_level *level, const List *items,
					  const struct rows *rows)
{
	int n = list_length(items), at = rows->position;

	if (at < 0 || at >= n || has_star(items, 0, at)) {
		at = rows->width < 0 ? -1 : n - (rows->width - rows->position);
		if (at < 0 || at >= n || has_star(items, at, n - 1))
			return checker_open(checker, -1, "a row is inserted whose tenant column cannot be found");
	}
	return checker_may_write(checker, level, item_value(list_nth(items, at))) ||
		   checker_open(checker, -1, "a row is inserted whose tenant column is not the tenant's value");
}

/* --- SELECT --- */

static bool walk_values(struct checker *checker, const SelectStmt *select, const struct rows *rows)
{
	ListCell *cell;
	foreach (cell, select->valuesLists)
		if ((rows && !check_row(checker, NULL, lfirst(cell), rows)) ||
			!checker_walk_list(checker, lfirst(cell)))
			return false;
	return true;
}

static bool walk_tail(struct checker *checker, const SelectStmt *select)
{
	return checker_walk_list(checker, select->sortClause) && checker_walk(checker, select->limitOffset) &&
		   checker_walk(checker, select->limitCount);
}

static bool walk_froms(struct checker *checker, const List *from)
{
	ListCell *cell;
	foreach (cell, from)
		if (!checker_walk_from(checker, lfirst(cell)))
			return false;
	return true;
}

static bool check_level(struct checker *checker, const SelectStmt *select, const struct rows *rows)
{
	struct checker_level level;

	checker_level_open(checker, &level);
	if (!checker_level_add_from(checker, &level, select->fromClause) ||
		!checker_level_apply(checker, &level, select->whereClause, 0, level.n, 0, level.n) ||
		!checker_level_close(checker, &level) ||
		(rows && !check_row(checker, &level, select->targetList, rows)))
		return false;
	checker->level = &level;
	bool ok =
		walk_froms(checker, select->fromClause) && checker_walk_list(checker, select->targetList) &&
		checker_walk(checker, select->whereClause) && checker_walk_list(checker, select->distinctClause) &&
		checker_walk_list(checker, select->groupClause) && checker_walk(checker, select->havingClause) &&
		checker_walk_list(checker, select->windowClause) && walk_tail(checker, select);
	checker->level = level.outer;
	return ok;
}

static bool check_select(struct checker *checker, const SelectStmt *select, const struct rows *rows);

static bool check_body(struct checker *checker, const SelectStmt *select, const struct rows *rows)
{
	if (select->op != SETOP_NONE)
		return check_select(checker, select->larg, rows) && check_select(checker, select->rarg, rows) &&
			   walk_tail(checker, select);
	if (select->valuesLists)
		return walk_values(checker, select, rows) && walk_tail(checker, select);
	return check_level(checker, select, rows);
}

static bool check_select(struct checker *checker, const SelectStmt *select, const struct rows *rows)
{
	const struct checker_with *outer = checker->with;
	struct checker_with with;

	if (!checker_enter(checker))
		return false;
	if (select->intoClause)
		checker_into(checker, select->intoClause);
	bool ok = push_with(checker, select->withClause, &with) && check_body(checker, select, rows);
	checker->with = outer;
	checker_leave(checker);
	return ok;
}

/* --- what data changes share --- */

static const char *tenant_column(const struct catalog_relation *relation)
{
	return relation->columns[relation->tenant_column].name;
}

/* The relation that is written; *relation NULL: nothing needs to be shown of it. */
static bool resolve_target(struct checker *checker, const RangeVar *name,
						   const struct catalog_relation **relation)
{
	struct checker_name found;

	if (!checker_resolve(checker, name, true, &found))
		return false;
	*relation = found.relation;
	/* Rules behind these work as set_config() does: UPDATE pg_settings. */
	if (found.relation && (same_name(found.relation->schema, "pg_catalog") ||
						   same_name(found.relation->schema, "information_schema")))
		return checker_open(checker, name->location, "a system catalog is written");
	return true;
}

static bool must_confine(const struct catalog_relation *relation)
{
	return relation && (relation->isolation == ISOLATION_TENANT || relation->isolation == ISOLATION_TENANTS);
}

static bool is_excluded(const Node *value, const char *column)
{
	if (!IsA(value, ColumnRef) || list_length(((const ColumnRef *)value)->fields) != 2)
		return false;
	const List *fields = ((const ColumnRef *)value)->fields;
	return same_name(strVal(linitial(fields)), "excluded") && IsA(lsecond(fields), String) &&
		   same_name(strVal(lsecond(fields)), column);
}

/* SET: the tenant column only gets the tenant's value. `excluded`: in ON CONFLICT, whose row was checked. */
static bool check_set(struct checker *checker, const struct catalog_relation *relation, const List *targets,
					  bool excluded)
{
	ListCell *cell;

	foreach (cell, must_confine(relation) ? targets : NIL) {
		const ResTarget *target = lfirst(cell);
		const Node *value = target->val;
		if (target->name == NULL || !same_name(target->name, tenant_column(relation)))
			continue;
		if (value && IsA(value, MultiAssignRef)) {
			const MultiAssignRef *multi = (const MultiAssignRef *)value;
			value = NULL;
			if (IsA(multi->source, RowExpr) &&
				list_length(((const RowExpr *)multi->source)->args) == multi->ncolumns &&
				!has_star(((const RowExpr *)multi->source)->args, 0, multi->ncolumns - 1))
				value = list_nth(((const RowExpr *)multi->source)->args, multi->colno - 1);
		}
		if (target->indirection || value == NULL ||
			(!checker_may_write(checker, NULL, value) &&
			 !(excluded && is_excluded(value, tenant_column(relation)))))
			return checker_open(checker, target->location,
								"the tenant column is set to something else than the tenant's value");
	}
	return checker_walk_list(checker, targets);
}

/* Where the tenant column stands in the rows of an INSERT. */
static bool find_position(struct checker *checker, const struct catalog_relation *relation,
						  const List *columns, int location, struct rows *rows)
{
	*rows = (struct rows){.position = relation->tenant_column, .width = -1};
	if (columns == NIL)
		return true;
	rows->width = list_length(columns);
	for (rows->position = 0; rows->position < rows->width; rows->position++) {
		const ResTarget *column = list_nth(columns, rows->position);
		if (same_name(column->name, tenant_column(relation)) && column->indirection == NIL)
			return true;
	}
	return checker_open(checker, location,
						"a row is inserted into a tenant relation without its tenant column");
}

/* --- INSERT --- */

static bool check_conflict(struct checker *checker, const InsertStmt *insert,
						   const struct catalog_relation *relation)
{
	const OnConflictClause *conflict = insert->onConflictClause;
	struct checker_level level;

	if (conflict->infer && (!checker_walk_list(checker, conflict->infer->indexElems) ||
							!checker_walk(checker, conflict->infer->whereClause)))
		return false;
	if (conflict->action == ONCONFLICT_NOTHING)
		return true;
	checker_level_open(checker, &level);
	if (!checker_level_add_target(checker, &level, insert->relation, relation))
		return false;
	checker_level_add_excluded(&level, relation);
	if (!checker_level_apply(checker, &level, conflict->whereClause, 0, level.n, 0, 1) ||
		!checker_level_close(checker, &level))
		return false;
	checker->level = &level;
	bool ok = check_set(checker, relation, conflict->targetList, true) &&
			  checker_walk(checker, conflict->whereClause);
	checker->level = level.outer;
	return ok;
}

/* The rows of an INSERT, which need not be shown for relations that are not guarded. By right, users who may
 * choose their tenant may also found one. */
static bool check_source(struct checker *checker, const InsertStmt *insert,
						 const struct catalog_relation *relation)
{
	bool founding = relation && relation->isolation == ISOLATION_TENANTS &&
					checker->analysis->request->right != RIGHT_BOUND;
	struct rows rows;

	if (!must_confine(relation) || founding)
		return insert->selectStmt == NULL || checker_query(checker, insert->selectStmt);
	checker->touched = true;
	if (relation->isolation == ISOLATION_TENANTS)
		return checker_open(checker, insert->relation->location, "the table of tenants is written");
	if (insert->selectStmt == NULL)
		return checker_open(checker, insert->relation->location,
							"a row of defaults is inserted into a tenant relation");
	if (!IsA(insert->selectStmt, SelectStmt))
		return checker_open(checker, insert->relation->location,
							"a source of rows that the checker does not know");
	return find_position(checker, relation, insert->cols, insert->relation->location, &rows) &&
		   check_select(checker, (const SelectStmt *)insert->selectStmt, &rows);
}

/* RETURNING sees the new row only. */
static bool check_returning(struct checker *checker, const RangeVar *target,
							const struct catalog_relation *relation, const List *returning)
{
	struct checker_level level;

	checker_level_open(checker, &level);
	if (!checker_level_add_target(checker, &level, target, relation))
		return false;
	level.leaves[0].confined = true;
	checker->level = &level;
	bool ok = checker_walk_list(checker, returning);
	checker->level = level.outer;
	return ok;
}

static bool check_insert(struct checker *checker, const InsertStmt *insert)
{
	const struct catalog_relation *relation;

	return resolve_target(checker, insert->relation, &relation) && checker_walk_list(checker, insert->cols) &&
		   check_returning(checker, insert->relation, relation, insert->returningList) &&
		   check_source(checker, insert, relation) &&
		   (insert->onConflictClause == NULL || check_conflict(checker, insert, relation));
}

/* --- UPDATE, DELETE --- */

static bool check_change(struct checker *checker, const RangeVar *target, const List *from, const Node *where,
						 const List *set, const List *returning)
{
	const struct catalog_relation *relation;
	struct checker_level level;

	checker_level_open(checker, &level);
	if (!resolve_target(checker, target, &relation) ||
		!checker_level_add_target(checker, &level, target, relation) ||
		!checker_level_add_from(checker, &level, from) ||
		!checker_level_apply(checker, &level, where, 0, level.n, 0, level.n))
		return false;
	if (relation && relation->isolation == ISOLATION_TENANTS &&
		checker->analysis->request->right == RIGHT_BOUND)
		return checker_open(checker, target->location, "the table of tenants is written");
	if (where && IsA(where, CurrentOfExpr))
		level.leaves[0].confined = level.leaves[0].screened = true; /* its cursor's query was confined */
	if (!checker_level_close(checker, &level))
		return false;
	checker->level = &level;
	bool ok = check_set(checker, relation, set, false) && walk_froms(checker, from) &&
			  checker_walk(checker, where) && checker_walk_list(checker, returning);
	checker->level = level.outer;
	return ok;
}

/* --- MERGE --- */

/* NOT MATCHED lets rows of the source through that ON does not hold for. */
static bool is_inner_merge(const MergeStmt *merge)
{
	ListCell *cell;
	foreach (cell, merge->mergeWhenClauses)
		if (!((const MergeWhenClause *)lfirst(cell))->matched)
			return false;
	return true;
}

static bool check_merge_insert(struct checker *checker, const MergeStmt *merge, const MergeWhenClause *when,
							   const struct catalog_relation *relation)
{
	struct rows rows;

	if (must_confine(relation) &&
		(!find_position(checker, relation, when->targetList, merge->relation->location, &rows) ||
		 !check_row(checker, NULL, when->values, &rows)))
		return false;
	return checker_walk_list(checker, when->targetList) && checker_walk_list(checker, when->values);
}

static bool check_when(struct checker *checker, const MergeStmt *merge,
					   const struct catalog_relation *relation)
{
	ListCell *cell;

	foreach (cell, merge->mergeWhenClauses) {
		const MergeWhenClause *when = lfirst(cell);
		bool ok = checker_walk(checker, when->condition);
		switch (when->commandType) {
		case CMD_UPDATE:
			ok = ok && check_set(checker, relation, when->targetList, false);
			break;
		case CMD_INSERT:
			ok = ok && check_merge_insert(checker, merge, when, relation);
			break;
		case CMD_DELETE:
		case CMD_NOTHING:
			break;
		default:
			ok = checker_open(checker, -1, "an action of MERGE that the checker does not know");
		}
		if (!ok)
			return false;
	}
	return true;
}

static bool check_merge(struct checker *checker, const MergeStmt *merge)
{
	const struct catalog_relation *relation;
	struct checker_level level;

	checker_level_open(checker, &level);
	if (!resolve_target(checker, merge->relation, &relation) ||
		!checker_level_add_target(checker, &level, merge->relation, relation) ||
		!checker_level_add_item(checker, &level, merge->sourceRelation) ||
		!checker_level_apply(checker, &level, merge->joinCondition, 0, level.n, 0,
							 is_inner_merge(merge) ? level.n : 1) ||
		!checker_level_close(checker, &level))
		return false;
	if (relation && relation->isolation == ISOLATION_TENANTS &&
		checker->analysis->request->right == RIGHT_BOUND)
		return checker_open(checker, merge->relation->location, "the table of tenants is written");
	checker->level = &level;
	bool ok = checker_walk_from(checker, merge->sourceRelation) &&
			  checker_walk(checker, merge->joinCondition) && check_when(checker, merge, relation);
	checker->level = level.outer;
	return ok;
}

/* --- any of them --- */

static bool check_with(struct checker *checker, const WithClause *clause, const Node *statement)
{
	const struct checker_with *outer = checker->with;
	struct checker_with with;
	bool ok = push_with(checker, clause, &with);

	if (!ok)
		return false;
	switch (nodeTag(statement)) {
	case T_InsertStmt:
		ok = check_insert(checker, (const InsertStmt *)statement);
		break;
	case T_UpdateStmt: {
		const UpdateStmt *update = (const UpdateStmt *)statement;
		ok = check_change(checker, update->relation, update->fromClause, update->whereClause,
						  update->targetList, update->returningList);
		break;
	}
	case T_DeleteStmt: {
		const DeleteStmt *delete = (const DeleteStmt *)statement;
		ok = check_change(checker, delete->relation, delete->usingClause, delete->whereClause, NIL,
						  delete->returningList);
		break;
	}
	default:
		ok = check_merge(checker, (const MergeStmt *)statement);
	}
	checker->with = outer;
	return ok;
}

static bool check_query(struct checker *checker, const Node *statement)
{
	switch (nodeTag(statement)) {
	case T_SelectStmt:
		return check_select(checker, (const SelectStmt *)statement, NULL);
	case T_InsertStmt:
		return check_with(checker, ((const InsertStmt *)statement)->withClause, statement);
	case T_UpdateStmt:
		return check_with(checker, ((const UpdateStmt *)statement)->withClause, statement);
	case T_DeleteStmt:
		return check_with(checker, ((const DeleteStmt *)statement)->withClause, statement);
	case T_MergeStmt:
		return check_with(checker, ((const MergeStmt *)statement)->withClause, statement);
	default:
		return checker_open(checker, -1, "a query of a kind that the checker does not know");
	}
}

bool checker_query(struct checker *checker, const Node *statement)
{
	if (!checker_enter(checker))
		return false;
	bool ok = check_query(checker, statement);
	checker_leave(checker);
	return ok;
}
