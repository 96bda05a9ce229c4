/* The columns of functions in FROM (addRangeTableEntryForFunction() in parse_relation.c): those of a column definition
 * list, and of some built-in functions whose results are certain. What other functions return is not known here. */
#include "parser/rewrite.h"

/* Those without names return one column, called as the item is. */
static const struct built_in {
	const char *name, *columns[2];
} BUILT_IN[] = {
	{"generate_series", {NULL}},         {"generate_subscripts", {NULL}},
	{"json_object_keys", {NULL}},        {"jsonb_object_keys", {NULL}},
	{"jsonb_path_query", {NULL}},        {"regexp_matches", {NULL}},
	{"regexp_split_to_table", {NULL}},   {"string_to_table", {NULL}},
	{"json_array_elements", {"value"}},  {"json_array_elements_text", {"value"}},
	{"jsonb_array_elements", {"value"}}, {"jsonb_array_elements_text", {"value"}},
	{"json_each", {"key", "value"}},     {"json_each_text", {"key", "value"}},
	{"jsonb_each", {"key", "value"}},    {"jsonb_each_text", {"key", "value"}},
};
static const struct built_in UNNEST = {"unnest", {NULL}};

/* Nor has the database functions of this name, of which one may be meant. */
static bool is_built_in(const struct analysis *analysis, const List *funcname, const char *name)
{
	if (!same_name(strVal(llast(funcname)), name))
		return false;
	if (list_length(funcname) > 1)
		return list_length(funcname) == 2 && same_name(strVal(linitial(funcname)), "pg_catalog");
	return !is_own_function(analysis, funcname);
}

/* --- unnest(), which takes values with columns of their own apart --- */

bool type_is_scalar(const TypeName *type)
{
	static const char *const names[] = {"int2",    "int4",      "int8",       "float4",  "float8",
										"numeric", "bool",      "text",       "varchar", "uuid",
										"date",    "timestamp", "timestamptz"};
	int n = list_length(type->names);
	if (type->pct_type || n > 2 || (n == 2 && !same_name(strVal(linitial(type->names)), "pg_catalog")))
		return false;
	for (size_t i = 0; n > 0 && i < sizeof names / sizeof *names; i++)
		if (same_name(strVal(llast(type->names)), names[i]))
			return true;
	return false;
}

static bool is_scalar(const Node *value)
{
	if (IsA(value, TypeCast)) {
		const TypeName *type = ((const TypeCast *)value)->typeName;
		return !type->arrayBounds && type_is_scalar(type);
	}
	return IsA(value, A_Const) && !((const A_Const *)value)->isnull &&
		   !IsA(&((const A_Const *)value)->val, String);
}

static bool is_scalar_array(const Node *value)
{
	if (IsA(value, TypeCast)) {
		const TypeName *type = ((const TypeCast *)value)->typeName;
		return type->arrayBounds && type_is_scalar(type);
	}
	/* the elements are of one type: one tells of all */
	ListCell *cell;
	foreach (cell, IsA(value, A_ArrayExpr) ? ((const A_ArrayExpr *)value)->elements : NIL)
		if (is_scalar(lfirst(cell)))
			return true;
	return false;
}

/* --- one function --- */

/* NULL: it is none whose columns are known. */
static const struct built_in *built_in(const struct analysis *analysis, const FuncCall *call)
{
	for (size_t i = 0; i < sizeof BUILT_IN / sizeof *BUILT_IN; i++)
		if (is_built_in(analysis, call->funcname, BUILT_IN[i].name))
			return &BUILT_IN[i];
	bool arrays = call->args != NIL && is_built_in(analysis, call->funcname, UNNEST.name);
	ListCell *cell;
	foreach (cell, call->args)
		arrays = arrays && is_scalar_array(lfirst(cell));
	return arrays ? &UNNEST : NULL;
}

static List *definition_columns(const List *definitions)
{
	List *columns = NIL;
	ListCell *cell;
	foreach (cell, definitions)
		columns = lappend(columns, tree_string(((const ColumnDef *)lfirst(cell))->colname));
	return columns;
}

/* `alone`: the name of an item that is nothing but this function, else NULL. */
static List *call_columns(const struct analysis *analysis, const Node *value, const char *alone)
{
	const FuncCall *call = (const FuncCall *)value;
	const struct built_in *known = value && IsA(value, FuncCall) ? built_in(analysis, call) : NULL;
	if (known == NULL)
		return NIL;
	List *columns = NIL;
	for (size_t i = 0; i < sizeof known->columns / sizeof *known->columns && known->columns[i]; i++)
		columns = lappend(columns, tree_string(known->columns[i]));
	if (columns)
		return columns;
	if (known != &UNNEST || list_length(call->args) == 1)
		return list_make1(tree_string(alone ? alone : known->name));
	/* unnest(a, b) is ROWS FROM (unnest(a), unnest(b)) */
	for (int i = 0; i < list_length(call->args); i++)
		columns = lappend(columns, tree_string(known->name));
	return columns;
}

List *function_columns(const struct analysis *analysis, const RangeFunction *function, const char *name)
{
	const char *alone = list_length(function->functions) == 1 ? name : NULL;
	List *columns = NIL;
	ListCell *cell;
	foreach (cell, function->functions) {
		const List *item = lfirst(cell);
		const List *definitions = function->coldeflist ? function->coldeflist : lsecond(item);
		List *more =
			definitions ? definition_columns(definitions) : call_columns(analysis, linitial(item), alone);
		if (more == NIL)
			return NIL;
		columns = list_concat(columns, more);
	}
	return function->ordinality ? lappend(columns, tree_string("ordinality")) : columns;
}

List *table_function_columns(const RangeTableFunc *function)
{
	List *columns = NIL;
	ListCell *cell;
	foreach (cell, function->columns)
		columns = lappend(columns, tree_string(((const RangeTableFuncCol *)lfirst(cell))->colname));
	return columns;
}
