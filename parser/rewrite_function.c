/* The columns of functions in FROM (addRangeTableEntryForFunction() in parse_relation.c). Which of several functions of a
 * name is called depends on the types of arguments: all that take so many must have the same columns. */
#include "parser/catalog_internal.h"
#include "parser/created.h"
#include "parser/rewrite.h"

#include <string.h>

enum { WORK_FOR_A_COLUMN = 10 }; /* a short text may call many functions with many columns */

/* --- what a function returns --- */

static List *output_columns(const struct catalog_result *result)
{
	List *columns = NIL;
	for (size_t i = 0; i < result->n_outputs; i++)
		columns = lappend(columns, tree_string(result->outputs[i]));
	return columns;
}

/* A row of a tenant relation has its tenant column, which is not to be seen. One that has been renamed may have been
 * altered under its new name. */
static List *row_columns(const struct analysis *analysis, uint32_t oid)
{
	const struct catalog_relation *relation = catalog_relation_by_oid(analysis->catalog, oid);
	if (relation == NULL || created_maybe_renamed(analysis))
		return NIL;
	relation = created_relation(analysis, relation->schema, relation->name);
	if (relation->oid != oid ||
		(relation->isolation != ISOLATION_SHARED && relation->isolation != ISOLATION_VIEW))
		return NIL;
	List *columns = NIL;
	for (size_t i = 0; i < relation->n_columns; i++)
		columns = lappend(columns, tree_string(relation->columns[i].name));
	return columns;
}

/* `scalar`: the name of the one column that has none of its own. */
static List *result_columns(const struct analysis *analysis, const struct catalog_result *result,
							const char *scalar)
{
	switch (result->kind) {
	case RESULT_SCALAR:
		return list_make1(tree_string(scalar));
	case RESULT_OUTPUTS:
		return output_columns(result);
	case RESULT_ROW:
		return row_columns(analysis, result->row);
	case RESULT_UNKNOWN:
		break;
	}
	return NIL;
}

/* --- which functions may be meant: FuncnameGetCandidates() in namespace.c --- */

static bool takes(const struct catalog_function *function, int n_arguments)
{
	return function->kind == 'f' && n_arguments + function->n_defaults >= function->n_arguments &&
		   (function->variadic || n_arguments <= function->n_arguments);
}

static bool same_names(const List *a, const List *b)
{
	if (list_length(a) != list_length(b))
		return false;
	for (int i = 0; i < list_length(a); i++)
		if (!same_name(strVal(list_nth(a, i)), strVal(list_nth(b, i))))
			return false;
	return true;
}

/* Adds the functions of a schema to *columns, which all of them must have. False: they cannot be told. */
static bool add_functions(struct analysis *analysis, const FuncCall *call, const char *schema,
						  const char *scalar, List **columns)
{
	const struct catalog_function *const *list;
	size_t n = catalog_functions(analysis->catalog, schema, strVal(llast(call->funcname)), &list);
	for (size_t i = 0; i < n; i++) {
		if (!takes(list[i], list_length(call->args)))
			continue;
		List *more = result_columns(analysis, &list[i]->result, scalar);
		if (more == NIL || !rewrite_work(analysis, WORK_FOR_A_COLUMN * (size_t)list_length(more)) ||
			(*columns && !same_names(*columns, more)))
			return false;
		*columns = more;
	}
	return true;
}

/* The transaction may have made another function of the name, or an earlier statement of the message have changed where
 * it is looked for. */
static bool is_uncertain(const struct analysis *analysis, const List *name)
{
	const char *last = strVal(llast(name));
	const struct catalog_name *entry = catalog_name(analysis->catalog, last, strlen(last));
	return list_length(name) > 2 || created_entry(analysis, "", last) ||
		   (list_length(name) == 1 && analysis->path_unknown && entry && entry->own_function);
}

/* f(row) may also be the column f of it. */
static bool is_of_row(struct analysis *analysis, const FuncCall *call)
{
	if (list_length(call->funcname) > 1 || list_length(call->args) != 1)
		return false;
	const struct leaf *leaf = row_leaf(analysis, analysis->rewrite->level, linitial(call->args));
	return leaf && rewrite_work(analysis, leaf_work(leaf)) &&
		   leaf_has_column(analysis, leaf, strVal(linitial(call->funcname))) != COLUMN_NO;
}

static List *called_columns(struct analysis *analysis, const FuncCall *call, const char *scalar)
{
	if (is_uncertain(analysis, call->funcname) || is_of_row(analysis, call))
		return NIL;
	List *columns = NIL;
	if (list_length(call->funcname) > 1)
		return add_functions(analysis, call, strVal(linitial(call->funcname)), scalar, &columns) ? columns
																								 : NIL;
	const struct scope_path *path = scope_path(analysis);
	for (size_t i = 0; i < path->n; i++)
		if (!add_functions(analysis, call, path->schemas[i], scalar, &columns))
			return NIL;
	return columns;
}

/* --- unnest(), which takes values with columns of their own apart --- */

static const char UNNEST[] = "unnest";

bool is_unnest(const struct analysis *analysis, const List *name)
{
	if (!same_name(strVal(llast(name)), UNNEST) || is_uncertain(analysis, name))
		return false;
	return list_length(name) > 1 ? same_name(strVal(linitial(name)), "pg_catalog")
								 : !is_own_function(analysis, name);
}

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

/* unnest(a, b) is ROWS FROM (unnest(a), unnest(b)). */
static List *unnest_columns(const FuncCall *call, const char *scalar)
{
	List *columns = NIL;
	ListCell *cell;
	foreach (cell, call->args) {
		if (!is_scalar_array(lfirst(cell)))
			return NIL;
		columns = lappend(columns, tree_string(list_length(call->args) == 1 ? scalar : UNNEST));
	}
	return columns;
}

/* --- an item of FROM --- */

static List *definition_columns(const List *definitions)
{
	List *columns = NIL;
	ListCell *cell;
	foreach (cell, definitions)
		columns = lappend(columns, tree_string(((const ColumnDef *)lfirst(cell))->colname));
	return columns;
}

/* `alone`: the name of an item that is nothing but this function, else NULL. */
static List *call_columns(struct analysis *analysis, const Node *value, const char *alone)
{
	if (value == NULL || !(IsA(value, FuncCall) || IsA(value, SQLValueFunction)))
		return NIL;
	const char *scalar = alone ? alone : expression_name(value);
	if (IsA(value, SQLValueFunction)) /* CURRENT_DATE */
		return list_make1(tree_string(scalar));
	const FuncCall *call = (const FuncCall *)value;
	return is_unnest(analysis, call->funcname) ? unnest_columns(call, scalar)
											   : called_columns(analysis, call, scalar);
}

List *function_columns(struct analysis *analysis, const RangeFunction *function, const char *name)
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
