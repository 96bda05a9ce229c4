/* See expressions.h. */
#include "parser/expressions.h"

#include <string.h>

#include "parser/scope.h"

static bool is_leaf(const Node *node)
{
	switch (nodeTag(node)) {
	case T_A_Const:
	case T_ParamRef:
	case T_TypeName:
	case T_SQLValueFunction:
	case T_SetToDefault:
	case T_A_Star:
	case T_String:
	case T_Integer:
	case T_Float:
	case T_Boolean:
	case T_BitString:
		return true;
	default:
		return false;
	}
}

/* Expression nodes that the library's walker knows. */
static bool is_inner(const Node *node)
{
	switch (nodeTag(node)) {
	case T_List:
	case T_A_Expr:
	case T_BoolExpr:
	case T_FuncCall:
	case T_NamedArgExpr:
	case T_TypeCast:
	case T_CollateClause:
	case T_NullTest:
	case T_BooleanTest:
	case T_CaseExpr:
	case T_CaseWhen:
	case T_CoalesceExpr:
	case T_MinMaxExpr:
	case T_A_ArrayExpr:
	case T_A_Indirection:
	case T_A_Indices:
	case T_RowExpr:
	case T_XmlExpr:
	case T_XmlSerialize:
	case T_SortBy:
		return true;
	default:
		return false;
	}
}

/* The last name of a.b, or of (expression).b, may be a function in attribute notation. */
static bool last_name(struct analysis *analysis, List *names, int location)
{
	Node *last = names ? llast(names) : NULL;
	return !last || !IsA(last, String) || function_attribute(analysis, strVal(last), location);
}

/* True: stop, it is refused. */
static bool visit(Node *node, void *to)
{
	struct analysis *analysis = to;
	if (!node || is_leaf(node))
		return false;
	if (IsA(node, ColumnRef)) {
		ColumnRef *column = (ColumnRef *)node;
		return list_length(column->fields) > 1 && !last_name(analysis, column->fields, column->location);
	}
	if (!is_inner(node))
		return !analysis_refuse(analysis, "0A000", exprLocation(node),
								IsA(node, SubLink) ? "a sub-select cannot be used here"
												   : "this expression is not supported here",
								"tenantry does not rewrite expressions of this statement.", NULL);
	if (IsA(node, A_Indirection) &&
		!last_name(analysis, ((A_Indirection *)node)->indirection, exprLocation(node)))
		return true;
	if (IsA(node, FuncCall) && !function_policy(analysis, (FuncCall *)node))
		return true;
	if (IsA(node, A_Expr) && !operator_used(analysis, (A_Expr *)node))
		return true;
	if (analysis->depth >= analysis->policy->max_depth)
		return !analysis_refuse(analysis, "54001", -1, "statement is nested too deeply", NULL,
								"Raise max_depth, or write the statement with less nesting.");
	analysis->depth++;
	bool stop = raw_expression_tree_walker(node, visit, analysis);
	analysis->depth--;
	return stop;
}

bool expression_examine(struct analysis *analysis, Node *node)
{
	return !visit(node, analysis);
}

/* True: stop, something else than columns of the row goes into it. */
static bool finds_other_rows(Node *node, void *to)
{
	unsigned *depth = to;
	if (!node || is_leaf(node) || IsA(node, ColumnRef))
		return false;
	if (!is_inner(node) || (IsA(node, FuncCall) && ((FuncCall *)node)->over) || *depth == 0)
		return true;
	--*depth;
	bool stop = raw_expression_tree_walker(node, finds_other_rows, to);
	++*depth;
	return stop;
}

bool expression_is_of_one_row(Node *node)
{
	unsigned depth = 1000;
	return !finds_other_rows(node, &depth);
}

struct column_search {
	const char *name;
	struct expression_columns found;
	unsigned depth;
};

static bool search_columns(Node *node, void *to)
{
	struct column_search *search = to;
	if (!node || is_leaf(node))
		return false;
	if (IsA(node, ColumnRef) && IsA(llast(((ColumnRef *)node)->fields), String)) {
		bool is = strcmp(strVal(llast(((ColumnRef *)node)->fields)), search->name) == 0;
		search->found.named |= is;
		search->found.others |= !is;
		return false;
	}
	if (!is_inner(node) || search->depth == 0) {
		search->found = (struct expression_columns){true, true};
		return true;
	}
	search->depth--;
	bool stop = raw_expression_tree_walker(node, search_columns, to);
	search->depth++;
	return stop;
}

struct expression_columns expression_columns(Node *node, const char *name)
{
	struct column_search search = {.name = name, .depth = 1000};
	search_columns(node, &search);
	return search.found;
}

struct foreign {
	const struct analysis *analysis;
	const char *name;
};

/* Built in, and no function of the database could be taken instead of it. current_query() shows other
 * sessions' statements when it runs in them. */
static bool is_own_of_server(const struct analysis *analysis, const FuncCall *call)
{
	const struct catalog_function *const *list;
	int n = list_length(call->funcname);
	const char *name = strVal(llast(call->funcname));
	const char *schema = n > 1 ? strVal(list_nth(call->funcname, n - 2)) : NULL;
	if (strcmp(name, "current_query") == 0)
		return false;
	if (schema)
		return strcmp(schema, "pg_catalog") == 0;
	if (catalog_functions(analysis->catalog, "pg_catalog", name, &list) == 0)
		return false;
	const struct scope_path *path = scope_path(analysis);
	for (size_t i = 0; i < path->n; i++)
		if (strcmp(path->schemas[i], "pg_catalog") != 0 &&
			catalog_functions(analysis->catalog, path->schemas[i], name, &list) > 0)
			return false;
	return !analysis->path_unknown;
}

static const char *name_of(const List *names)
{
	return IsA(llast(names), String) ? strVal(llast(names)) : "*";
}

static bool find_foreign(Node *node, void *to)
{
	struct foreign *foreign = to;
	if (!node || is_leaf(node))
		return false;
	if (IsA(node, ColumnRef)) {
		if (list_length(((ColumnRef *)node)->fields) > 1)
			foreign->name = name_of(((ColumnRef *)node)->fields);
		return foreign->name != NULL;
	}
	if (IsA(node, FuncCall) && !is_own_of_server(foreign->analysis, (FuncCall *)node))
		foreign->name = name_of(((FuncCall *)node)->funcname);
	return foreign->name || raw_expression_tree_walker(node, find_foreign, foreign);
}

const char *expression_foreign_function(const struct analysis *analysis, Node *node)
{
	struct foreign foreign = {.analysis = analysis};
	find_foreign(node, &foreign);
	return foreign.name;
}
