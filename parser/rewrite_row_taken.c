/* A whole row that a sub-select or a WITH query delivers as a column, of which nothing but columns are taken elsewhere:
 *
 *   SELECT (s.top).id FROM (SELECT (array_agg(c ORDER BY price))[1] AS top FROM c) AS s
 *
 * It may stay a row of the table: as a record the server would not know its columns. The whole statement is searched for the
 * name; where it could be shown as a whole, or that cannot be told, the row becomes a record as everywhere. */
#include "parser/rewrite.h"

struct search {
	const struct analysis *analysis;
	const struct derived *derived;
	const char *column;
	List *names; /* what the sub-select or WITH query is called in FROM */
	unsigned depth;
	bool taken; /* a column is taken out of it */
	bool
		there; /* the sub-select itself was come to: it is not of a view's definition, which is not searched */
};

static bool is_known(const Node *node)
{
	switch (nodeTag(node)) {
	case T_RangeFunction:
	case T_RangeTableFunc:
	case T_RangeTableFuncCol:
	case T_RangeVar:
	case T_ColumnDef:
	case T_IntoClause:
	case T_MultiAssignRef:
	case T_CurrentOfExpr:
	case T_XmlExpr:
	case T_XmlSerialize:
	case T_SortBy:
	case T_WindowDef:
	case T_GroupingSet:
	case T_GroupingFunc:
	case T_List:
	case T_A_Expr:
	case T_A_Const:
	case T_A_Star:
	case T_A_Indices:
	case T_A_Indirection:
	case T_A_ArrayExpr:
	case T_ParamRef:
	case T_TypeName:
	case T_TypeCast:
	case T_SetToDefault:
	case T_SQLValueFunction:
	case T_String:
	case T_Integer:
	case T_Float:
	case T_Boolean:
	case T_BitString:
	case T_Alias:
	case T_BoolExpr:
	case T_FuncCall:
	case T_NamedArgExpr:
	case T_RowExpr:
	case T_CaseExpr:
	case T_CaseWhen:
	case T_CoalesceExpr:
	case T_MinMaxExpr:
	case T_NullTest:
	case T_BooleanTest:
	case T_CollateClause:
		return true;
	default:
		return tree_is_clause(node);
	}
}

static bool is_named(const struct search *search, const char *name)
{
	ListCell *cell;
	foreach (cell, search->names)
		if (same_name(lfirst(cell), name))
			return true;
	return false;
}

/* --- what it is called --- */

static bool find_names(Node *node, void *to);

/* True, as in the walker: stop, it cannot be told. */
static bool range_name(struct search *search, const RangeVar *range)
{
	if (range->schemaname || !same_name(range->relname, search->derived->name))
		return false;
	search->names =
		lappend(search->names, range->alias ? range->alias->aliasname : (char *)search->derived->name);
	return range->alias && range->alias->colnames;
}

static bool find_names_below(struct search *search, Node *node)
{
	if (!is_known(node))
		return true;
	if (IsA(node, RangeVar))
		return search->derived->is_cte && range_name(search, (const RangeVar *)node);
	return raw_expression_tree_walker(node, find_names, search);
}

static bool find_names(Node *node, void *to)
{
	struct search *search = to;
	if (node == NULL || IsA(node, ColumnRef))
		return false;
	bool stop = search->depth >= search->analysis->policy->max_depth;
	search->depth++;
	stop = stop || find_names_below(search, node);
	search->depth--;
	return stop;
}

/* --- what is done with it --- */

static bool find_uses(Node *node, void *to);

static bool is_column(const struct search *search, const Node *value)
{
	const List *fields = IsA(value, ColumnRef) ? ((const ColumnRef *)value)->fields : NIL;
	return list_length(fields) > 0 && list_length(fields) <= 2 && IsA(llast(fields), String) &&
		   same_name(strVal(llast(fields)), search->column) &&
		   (list_length(fields) == 1 || is_named(search, strVal(linitial(fields))));
}

/* Might it show the row, as a column or among others? */
static bool shows(const struct search *search, const ColumnRef *reference)
{
	const Node *last = llast(reference->fields);
	int n = list_length(reference->fields);
	if (IsA(last, A_Star))
		return n == 2 && is_named(search, strVal(linitial(reference->fields)));
	if (n == 1)
		return same_name(strVal(last), search->column) || is_named(search, strVal(last));
	return n == 2 && same_name(strVal(last), search->column) &&
		   is_named(search, strVal(linitial(reference->fields)));
}

/* Is it an item of this FROM? */
static bool is_item(const struct search *search, const Node *item)
{
	if (IsA(item, JoinExpr))
		return is_item(search, ((const JoinExpr *)item)->larg) ||
			   is_item(search, ((const JoinExpr *)item)->rarg);
	if (IsA(item, RangeVar))
		return search->derived->is_cte && !((const RangeVar *)item)->schemaname &&
			   same_name(((const RangeVar *)item)->relname, search->derived->name);
	return IsA(item, RangeSubselect) && ((const RangeSubselect *)item)->subquery == search->derived->query;
}

/* .. where columns get together, or other names? */
static bool is_merged(const Node *item)
{
	const JoinExpr *join = (const JoinExpr *)item;
	return IsA(item, JoinExpr) && (join->isNatural || join->usingClause || join->alias ||
								   is_merged(join->larg) || is_merged(join->rarg));
}

/* Do the targets of a query with this FROM show the row among all columns? */
static bool shows_all(const struct search *search, const List *from, const List *targets)
{
	ListCell *item, *target;
	foreach (item, from) {
		if (!is_item(search, lfirst(item)))
			continue;
		if (is_merged(lfirst(item)))
			return true;
		foreach (target, targets)
			if (star_is_bare(lfirst(target)))
				return true;
	}
	return false;
}

/* (top).id, (top[1]).id, (top)[1].* */
static bool is_taken(const struct search *search, const A_Indirection *part)
{
	bool field = false;
	ListCell *cell;
	foreach (cell, part->indirection)
		field |= !IsA(lfirst(cell), A_Indices);
	const Node *base = part->arg;
	while (field && IsA(base, A_Indirection)) {
		foreach (cell, ((const A_Indirection *)base)->indirection)
			field &= IsA(lfirst(cell), A_Indices);
		base = ((const A_Indirection *)base)->arg;
	}
	return field && is_column(search, base);
}

/* unnest(top) as an item of FROM, which is looked at as the rows that it delivers. */
static bool is_unnested(const struct search *search, const RangeFunction *function)
{
	const Node *call = linitial((List *)linitial(function->functions));
	return list_length(function->functions) == 1 && call && IsA(call, FuncCall) &&
		   list_length(((const FuncCall *)call)->args) == 1 &&
		   is_unnest(search->analysis, ((const FuncCall *)call)->funcname) &&
		   is_column(search, linitial(((const FuncCall *)call)->args));
}

static bool find_uses_below(struct search *search, Node *node)
{
	const SelectStmt *select = (const SelectStmt *)node;
	const UpdateStmt *update = (const UpdateStmt *)node;
	const DeleteStmt *delete = (const DeleteStmt *)node;
	if ((IsA(node, SelectStmt) && shows_all(search, select->fromClause, select->targetList)) ||
		(IsA(node, UpdateStmt) && shows_all(search, update->fromClause, update->returningList)) ||
		(IsA(node, DeleteStmt) && shows_all(search, delete->usingClause, delete->returningList)))
		return true;
	if (IsA(node, ColumnRef))
		return shows(search, (const ColumnRef *)node);
	if (IsA(node, RangeFunction) && is_unnested(search, (const RangeFunction *)node)) {
		search->taken = true;
		return false;
	}
	if (IsA(node, A_Indirection) && is_taken(search, (const A_Indirection *)node)) {
		ListCell *cell;
		search->taken = true;
		for (; IsA(node, A_Indirection); node = ((A_Indirection *)node)->arg)
			foreach (cell, ((A_Indirection *)node)->indirection)
				if (IsA(lfirst(cell), A_Indices) &&
					raw_expression_tree_walker(lfirst(cell), find_uses, search))
					return true;
		return false;
	}
	return raw_expression_tree_walker(node, find_uses, search);
}

static bool find_uses(Node *node, void *to)
{
	struct search *search = to;
	search->there |= node == search->derived->query;
	if (node == NULL || node == search->derived->query)
		return false;
	search->depth++;
	bool stop = find_uses_below(search, node);
	search->depth--;
	return stop;
}

/* Cheap: most targets are columns. */
static bool may_be_row(const struct analysis *analysis, const Node *value)
{
	switch (nodeTag(value)) {
	case T_FuncCall:
		return passes_row(analysis, (const FuncCall *)value);
	case T_A_Indirection:
		return IsA(llast(((const A_Indirection *)value)->indirection), A_Indices);
	case T_A_ArrayExpr:
	case T_CoalesceExpr:
	case T_CaseExpr:
		return true;
	case T_TypeCast:
		return ((const TypeCast *)value)->typeName->arrayBounds != NIL;
	default:
		return false;
	}
}

bool row_is_taken_apart(struct analysis *analysis, struct level *level, const ResTarget *target)
{
	if (level->derived.query == NULL || analysis->defines_view || !may_be_row(analysis, target->val))
		return false;
	struct search search = {.analysis = analysis, .derived = &level->derived, .column = target_name(target)};
	Node *root = (Node *)tree_query(analysis->rewrite->root);
	if (search.column == NULL || root == NULL || row_source(analysis, level, target->val) == NULL ||
		!rewrite_work(analysis, analysis->statement_length))
		return false;
	if (!level->derived.is_cte)
		search.names = list_make1((char *)level->derived.name);
	return !find_names(root, &search) && !find_uses(root, &search) && search.there && search.taken;
}
