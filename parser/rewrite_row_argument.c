/* The database's own functions of rows: `title(i)`, `i.title`, CREATE FUNCTION title(items) ...
 *
 * Such a function takes the table's row type, tenant column and all. A row of the table fits as it is, and so does one of a
 * wrapped leaf that keeps the column. A row of a sub-select or CTE has the visible columns only: it is written as
 * ROW(x.a, $t, x.b)::schema.items, which the server does of itself with a record that has all of them
 * (coerce_record_to_complex() in parse_coerce.c). */
#include "parser/rewrite.h"

#include <stdlib.h>

/* What the overloads of a name take at one place. */
struct row_parameter {
	const struct catalog_relation
		*relation; /* the tenant relation with so many visible columns; NULL: none, or several */
	bool several;
	const struct catalog_relation *full; /* one that has so many columns with the tenant's */
	bool records, others;                /* any row; what is no row, or a polymorphic one */
};

static void add_overload(struct analysis *analysis, const struct catalog_function *function, int k, int width,
						 struct row_parameter *parameter)
{
	const char *at = function->row_arguments;
	unsigned long oid = 0;
	for (int i = 0; at && *at && i <= k; i++)
		oid = strtoul(at, (char **)&at, 10);
	const struct catalog_relation *relation =
		oid && oid != RECORD_TYPE ? catalog_relation_by_oid(analysis->catalog, (uint32_t)oid) : NULL;
	parameter->records |= oid == RECORD_TYPE;
	parameter->others |= oid != RECORD_TYPE;
	if (!relation || relation->tenant_column < 0 ||
		!column_hidden(analysis, relation, relation->tenant_column))
		return;
	if ((int)relation->n_columns == width)
		parameter->full = relation;
	if ((int)relation->n_columns != width + 1)
		return;
	parameter->several |= parameter->relation && parameter->relation != relation;
	parameter->relation = parameter->several ? NULL : relation;
}

static struct row_parameter row_parameter(struct analysis *analysis, const List *name, int k, int width)
{
	struct row_parameter parameter = {0};
	const struct scope_path *path = scope_path(analysis);
	const struct catalog_function *const *list;
	const char *last = strVal(llast(name));
	const char *schema = list_length(name) > 1 ? strVal(linitial(name)) : NULL;
	for (size_t i = 0; i < (schema ? 1 : path->n); i++) {
		size_t n = catalog_functions(analysis->catalog, schema ? schema : path->schemas[i], last, &list);
		for (size_t f = 0; f < n; f++)
			add_overload(analysis, list[f], k, width, &parameter);
	}
	return parameter;
}

bool is_own_function(const struct analysis *analysis, const List *name)
{
	const struct catalog_function *const *list;
	const char *last = strVal(llast(name));
	if (list_length(name) > 1)
		return !same_name(strVal(linitial(name)), "pg_catalog") &&
			   catalog_functions(analysis->catalog, strVal(linitial(name)), last, &list) > 0;
	const struct scope_path *path = scope_path(analysis);
	for (size_t i = 0; i < path->n; i++)
		if (!same_name(path->schemas[i], "pg_catalog") &&
			catalog_functions(analysis->catalog, path->schemas[i], last, &list) > 0)
			return true;
	return false;
}

static bool are_different(const List *names)
{
	for (int i = 1; i < list_length(names); i++)
		for (int k = 0; k < i; k++)
			if (same_name(strVal(list_nth(names, i)), strVal(list_nth(names, k))))
				return false;
	return true;
}

/* The columns of a row in the order of `relation`, text up to the tenant's slot and behind it. */
static Node *row_of(struct analysis *analysis, const struct leaf *leaf, const List *names,
					const struct catalog_relation *relation, const char **before, const char **after)
{
	RowExpr *row = MAKE(RowExpr);
	const char *texts[2] = {"ROW(", ""};
	bool passed = false;
	ListCell *name = list_head(names);
	row->row_format = COERCE_EXPLICIT_CALL;
	for (int i = 0; i < (int)relation->n_columns; i++) {
		const char *comma = i > 0 ? ", " : "";
		if (i == relation->tenant_column) {
			texts[0] = text_concat(texts[0], comma, NULL);
			row->args = lappend(row->args, tenant_node(analysis));
			passed = true;
			continue;
		}
		ColumnRef *column = MAKE(ColumnRef);
		column->fields = lappend(leaf_fields(leaf), lfirst(name));
		row->args = lappend(row->args, column);
		texts[passed] = text_concat(texts[passed], comma, leaf_reference(leaf), ".",
									text_identifier(strVal(lfirst(name))), NULL);
		name = lnext(names, name);
	}
	TypeCast *cast = MAKE(TypeCast);
	cast->arg = (Node *)row;
	cast->typeName = MAKE(TypeName);
	cast->typeName->names = list_make2(tree_string(relation->schema), tree_string(relation->name));
	cast->typeName->typemod = -1;
	*before = texts[0];
	*after = text_concat(texts[1], ")::", text_identifier(relation->schema), ".",
						 text_identifier(relation->name), NULL);
	return (Node *)cast;
}

/* Puts a row of a sub-select in place of its name; `function`: a call of that over it. */
static bool row_as_type(struct analysis *analysis, const struct leaf *leaf,
						const struct catalog_relation *relation, const char *function, Node **place)
{
	const ColumnRef *reference = (const ColumnRef *)*place;
	const List *names = leaf_names(analysis, leaf);
	if (list_length(names) + 1 != (int)relation->n_columns || analysis->defines_view ||
		!rewrite_work(analysis, (size_t)list_length(names) * (size_t)list_length(names)) ||
		!are_different(names))
		return !analysis->refused;
	if (!rewrite_tokens(analysis))
		return false;
	size_t first = tokens_at(analysis->tokens, reference->location);
	size_t last = first + 2 * (size_t)(list_length(reference->fields) - 1);
	if (last >= analysis->tokens->n)
		return rewrite_lost(analysis, reference->location);
	size_t start = token_at(analysis, first)->start, end = token_at(analysis, last)->end;
	const char *before, *after;
	*place = row_of(analysis, leaf, names, relation, &before, &after);
	if (function) {
		FuncCall *call = MAKE(FuncCall);
		call->funcname = list_make1(tree_string(function));
		call->args = list_make1(*place);
		call->funcformat = COERCE_EXPLICIT_CALL;
		*place = (Node *)call;
		before = text_concat(text_identifier(function), "(", before, NULL);
		after = text_concat(after, ")", NULL);
	}
	return splice_text(analysis, start, end - start, before) && splice_tenant(analysis, end) &&
		   splice_text(analysis, end, 0, after);
}

/* The leaf whose whole row is an argument; NULL: it is something else. */
static struct leaf *argument_leaf(struct analysis *analysis, const Node *argument)
{
	struct level *level = analysis->rewrite->level;
	if (argument == NULL || !IsA(argument, ColumnRef))
		return NULL;
	const List *fields = ((const ColumnRef *)argument)->fields;
	if (list_length(fields) == 2 && IsA(lsecond(fields), A_Star))
		return scope_leaf(level, fields, 1);
	return row_leaf(analysis, level, argument);
}

/* As the server says it of a type without the tenant column: its last columns would be taken for others. */
static bool too_many_columns(struct analysis *analysis, const struct catalog_relation *relation, int location)
{
	return analysis_refuse(analysis, "42846", location,
						   text_concat("cannot cast type record to ", text_identifier(relation->name), NULL),
						   "Input has too many columns.", NULL);
}

/* No whole row by its name, but perhaps a row of a type that the function takes. */
static bool other_argument(struct analysis *analysis, const List *function, int k, Node **place)
{
	const struct catalog_relation *relation =
		*place ? row_source(analysis, analysis->rewrite->level, *place) : NULL;
	if (relation == NULL)
		return !analysis->refused && walk(analysis, place);
	struct row_parameter parameter = row_parameter(analysis, function, k, (int)relation->n_columns - 1);
	if (parameter.relation == relation)
		return field_source(analysis, place);
	if (parameter.records && !parameter.others && IsA(*place, FuncCall))
		row_used(analysis, *place, ROW_SENT);
	return walk(analysis, place);
}

static bool row_argument(struct analysis *analysis, const List *function, int k, Node **place)
{
	struct leaf *leaf = argument_leaf(analysis, *place);
	if (leaf == NULL)
		return other_argument(analysis, function, k, place);
	int width = leaf_width(analysis, leaf);
	struct row_parameter parameter = row_parameter(analysis, function, k, width);
	if (leaf->kind == LEAF_TENANT && parameter.records && !parameter.others)
		return walk(analysis, place);
	if (leaf->kind == LEAF_TENANT)
		leaf->names_tenant = true;
	else if (leaf->kind == LEAF_OTHER && parameter.relation)
		return row_as_type(analysis, leaf, parameter.relation, NULL, place);
	else if (leaf->kind == LEAF_OTHER && parameter.full && !parameter.several)
		return too_many_columns(analysis, parameter.full, exprLocation(*place));
	return true;
}

/* Of a function of the server. */
static bool built_in_arguments(struct analysis *analysis, const FuncCall *call, enum row_use use)
{
	if (!passes_row(analysis, call))
		use = ROW_SENT;
	ListCell *cell;
	foreach (cell, call->args) {
		if (IsA(lfirst(cell), FuncCall))
			row_used(analysis, lfirst(cell), use);
		if (!walk(analysis, (Node **)&lfirst(cell)))
			return false;
	}
	return true;
}

bool walk_arguments(struct analysis *analysis, FuncCall *call, enum row_use use)
{
	if (!is_own_function(analysis, call->funcname))
		return built_in_arguments(analysis, call, use);
	int k = 0;
	ListCell *cell;
	foreach (cell, call->args)
		if (!row_argument(analysis, call->funcname, k++, (Node **)&lfirst(cell)))
			return false;
	return true;
}

bool row_attribute(struct analysis *analysis, struct leaf *leaf, const char *name, Node **place, bool *calls)
{
	List *function = list_make1(tree_string(name));
	*calls = is_own_function(analysis, function);
	if (!*calls)
		return true;
	if (leaf->kind == LEAF_TENANT)
		leaf->names_tenant = true;
	if (leaf->kind != LEAF_OTHER || place == NULL || list_length(((const ColumnRef *)*place)->fields) != 2)
		return true;
	struct row_parameter parameter = row_parameter(analysis, function, 0, leaf_width(analysis, leaf));
	return !parameter.relation || row_as_type(analysis, leaf, parameter.relation, name, place);
}
