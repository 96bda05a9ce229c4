/* See quals_hazard.h. */
#include "parser/created.h"
#include "parser/quals_geometry.h"
#include "parser/quals_internal.h"
#include "parser/quals_pattern.h"

#include <string.h>

/* --- what columns come from --- */

static void add_name(struct quals *quals, const char *name, bool is_table)
{
	struct quals_hazards *hazards = &quals->hazards;
	for (size_t i = 0; i < hazards->n_names; i++)
		if (hazards->names[i].is_table == is_table && same_name(hazards->names[i].name, name))
			return;
	if (hazards->n_names == (quals->parameter > 0 ? 4 * QUALS_NAMES : QUALS_NAMES)) {
		hazards->many = true;
		return;
	}
	if (hazards->n_names == hazards->room) {
		size_t room = hazards->room ? 4 * hazards->room : 8;
		struct quals_name *names = palloc(room * sizeof *names);
		if (hazards->n_names)
			memcpy(names, hazards->names, hazards->n_names * sizeof *names);
		hazards->names = names;
		hazards->room = room;
	}
	hazards->names[hazards->n_names++] = (struct quals_name){name, is_table};
}

/* It may have any columns. */
static void note_unknown(struct quals *quals)
{
	quals->hazards.any = HAZARD_ANY;
	quals->hazards.renames = true;
}

const struct catalog_name *quals_note_relation(struct quals *quals, const RangeVar *range)
{
	const struct catalog_name *entry = quals_known(quals, range->relname);
	bool made = created_any(quals->analysis, range->relname);
	bool renames = range->alias && range->alias->colnames;
	quals->hazards.any |= entry ? entry->hazards : 0;
	quals->hazards.renames |= renames;
	quals->hazards.tenants |= made || (entry && entry->relation);
	if (made)
		note_unknown(quals);
	add_name(quals, range->alias ? range->alias->aliasname : range->relname,
			 entry && entry->relations && !made && !renames);
	return entry;
}

void quals_note_item(struct quals *quals, const Alias *alias)
{
	if (!alias)
		return;
	quals->hazards.renames |= alias->colnames != NIL;
	add_name(quals, alias->aliasname, false);
}

void quals_note_cte(struct quals *quals, const CommonTableExpr *cte)
{
	add_name(quals, cte->ctename, false);
	quals->hazards.renames |= cte->aliascolnames != NIL || !IsA(cte->ctequery, SelectStmt);
}

/* What may have a type, or a collation, that no column of a table has. */
static bool find_strange(Node *node, void *to)
{
	struct quals *quals = to;
	if (node == NULL)
		return false;
	if (IsA(node, CollateClause) || IsA(node, SubLink) || IsA(node, RowExpr))
		return true;
	if (IsA(node, TypeCast) && !quals_type_is_built_in(((TypeCast *)node)->typeName))
		return true;
	if (IsA(node, FuncCall) && quals_call_function(quals, strVal(llast(((FuncCall *)node)->funcname))))
		return true;
	if (++quals->depth > quals->analysis->policy->max_depth)
		return true;
	bool found = raw_expression_tree_walker(node, find_strange, quals);
	quals->depth--;
	return found;
}

/* A parameter whose type the text does not say. */
static bool find_parameter(Node *node, void *to)
{
	struct quals *quals = to;
	if (node == NULL)
		return false;
	if (IsA(node, ParamRef))
		return ((ParamRef *)node)->number != quals->parameter;
	if (IsA(node, TypeCast) && quals_type_is_built_in(((TypeCast *)node)->typeName))
		return false;
	if (++quals->depth > quals->analysis->policy->max_depth)
		return true;
	bool found = raw_expression_tree_walker(node, find_parameter, quals);
	quals->depth--;
	return found;
}

/* Of anything an array, and of what a window shows anything. */
static bool is_strange_call(struct quals *quals, const FuncCall *call)
{
	ListCell *cell;
	const char *name = strVal(llast(call->funcname));
	bool any = call->over || strcmp(name, "array_agg") == 0;
	foreach (cell, call->args) {
		const Node *argument = lfirst(cell);
		if (any && !IsA(argument, ColumnRef) && !IsA(argument, A_Const))
			return true;
	}
	return find_strange((Node *)call, quals);
}

void quals_note_target(struct quals *quals, const Node *value, const char *name)
{
	if (value == NULL)
		return;
	if (IsA(value, ColumnRef)) {
		const Node *last = llast(((const ColumnRef *)value)->fields);
		quals->hazards.renames |= name && (!IsA(last, String) || !same_name(strVal(last), name));
		return;
	}
	quals->hazards.any |= HAZARD_OPERATOR;
	if (IsA(value, A_Const))
		return;
	quals->hazards.parameters |= find_parameter((Node *)value, quals);
	if (IsA(value, ParamRef))
		return;
	quals->hazards.renames = true;
	if (!IsA(value, FuncCall))
		return;
	/* json[] of json */
	if (quals->hazards.any & HAZARD_ROW)
		quals->hazards.any |= HAZARD_COMPARED;
	if (is_strange_call(quals, (const FuncCall *)value))
		quals->hazards.any |= HAZARD_COMPARED | HAZARD_ROW;
}

static bool is_definition_strange(const List *columns)
{
	ListCell *cell;
	foreach (cell, columns) {
		const ColumnDef *column = lfirst(cell);
		if (column->collClause || !quals_type_is_built_in(column->typeName))
			return true;
	}
	return false;
}

/* Does the server's own function show values with an order? Rows of others may have json. */
static bool shows_ordered(struct quals *quals, const Node *call)
{
	static const char *const FUNCTIONS[] = {"generate_series",
											"generate_subscripts",
											"to_tsquery",
											"plainto_tsquery",
											"phraseto_tsquery",
											"websearch_to_tsquery",
											"regexp_split_to_table",
											"string_to_table",
											"json_array_elements_text",
											"json_each_text",
											"json_object_keys",
											"jsonb_array_elements",
											"jsonb_array_elements_text",
											"jsonb_each",
											"jsonb_each_text",
											"jsonb_object_keys",
											NULL};
	if (!IsA(call, FuncCall))
		return IsA(call, SQLValueFunction);
	const char *name = strVal(llast(((const FuncCall *)call)->funcname));
	return quals_word_is_one_of(name, FUNCTIONS) && !quals_call_function(quals, name);
}

void quals_note_function(struct quals *quals, const RangeFunction *function)
{
	ListCell *cell;
	quals_note_item(quals, function->alias);
	bool strange = is_definition_strange(function->coldeflist);
	foreach (cell, function->functions) {
		Node *call = linitial((List *)lfirst(cell));
		quals->hazards.any |= HAZARD_OPERATOR | (shows_ordered(quals, call) ? 0 : HAZARD_ROW);
		strange |= is_definition_strange(lsecond((List *)lfirst(cell))) || find_strange(call, quals);
		if (!function->alias && IsA(call, FuncCall))
			add_name(quals, strVal(llast(((FuncCall *)call)->funcname)), false);
	}
	if (strange)
		note_unknown(quals);
}

void quals_note_table_function(struct quals *quals, const RangeTableFunc *function)
{
	ListCell *cell;
	quals->hazards.any |= HAZARD_ROW | HAZARD_OPERATOR;
	quals_note_item(quals, function->alias);
	foreach (cell, function->columns) {
		const RangeTableFuncCol *column = lfirst(cell);
		if (column->typeName && !quals_type_is_built_in(column->typeName))
			note_unknown(quals);
	}
}

/* --- columns --- */

static bool names_row(const struct quals_hazards *hazards, const char *name)
{
	for (size_t i = 0; i < hazards->n_names; i++)
		if (same_name(hazards->names[i].name, name))
			return true;
	return hazards->many;
}

static bool may_be_compared_column(const struct quals *quals, const char *name)
{
	const struct catalog_name *entry = quals_known(quals, name);
	return quals->hazards.renames || (entry && entry->compared_column);
}

bool quals_rows_are_hazardous(const struct quals *quals)
{
	return (quals->hazards.any & (HAZARD_COMPARED | HAZARD_ROW)) != 0;
}

bool quals_is_hazardous(const struct quals *quals, const ColumnRef *column)
{
	unsigned any = quals->hazards.any;
	if (!(any & (HAZARD_COMPARED | HAZARD_ROW)))
		return false;
	ListCell *cell;
	const Node *last = llast(column->fields);
	if (!IsA(last, String))
		return true;
	if (any & HAZARD_ROW && names_row(&quals->hazards, strVal(last)))
		return true;
	/* a.b.c may be a field of a row */
	if (any & HAZARD_COMPARED)
		foreach (cell, column->fields)
			if (may_be_compared_column(quals, strVal(lfirst(cell))))
				return true;
	return false;
}

bool quals_join_is_hazardous(const struct quals *quals, const JoinExpr *join)
{
	ListCell *cell;
	if (!(quals->hazards.any & HAZARD_COMPARED))
		return false;
	if (join->isNatural)
		return true;
	foreach (cell, join->usingClause)
		if (may_be_compared_column(quals, strVal(lfirst(cell))))
			return true;
	return false;
}

bool quals_collates(const CollateClause *clause)
{
	const List *name = clause->collname;
	return list_length(name) != 2 || strcmp(strVal(linitial(name)), "pg_catalog") != 0 ||
		   strcmp(strVal(lsecond(name)), "C") != 0;
}

/* --- comparisons --- */

static bool is_known_parameter(const struct quals *quals, const Node *node)
{
	return IsA(node, ParamRef) && quals->parameter > 0 &&
		   ((const ParamRef *)node)->number == quals->parameter;
}

bool quals_is_tenant(const struct quals *quals, const A_Expr *expression)
{
	const Node *right = expression->rexpr;
	if (!expression->lexpr || !right || !IsA(expression->lexpr, ColumnRef) ||
		strcmp(quals_operator(expression), "=") != 0)
		return false;
	if (expression->kind == AEXPR_OP_ANY && IsA(right, A_ArrayExpr) &&
		list_length(((const A_ArrayExpr *)right)->elements) == 1)
		right = linitial(((const A_ArrayExpr *)right)->elements);
	else if (expression->kind != AEXPR_OP)
		return false;
	return is_known_parameter(quals, right);
}

/* Of a table, whose types are known, and not a parameter under the name of a column. */
static bool is_own_column(const struct quals *quals, const ColumnRef *column)
{
	const struct quals_hazards *hazards = &quals->hazards;
	if (!hazards->parameters)
		return true;
	if (list_length(column->fields) < 2 || hazards->many)
		return false;
	bool table = false;
	for (size_t i = 0; i < hazards->n_names; i++)
		if (same_name(hazards->names[i].name, strVal(linitial(column->fields)))) {
			table = hazards->names[i].is_table;
			if (!table)
				break;
		}
	return table;
}

static bool is_anchor(const struct quals *quals, const Node *node);

static bool are_anchors(const struct quals *quals, const List *list)
{
	ListCell *cell;
	foreach (cell, list)
		if (!is_anchor(quals, lfirst(cell)))
			return false;
	return true;
}

static bool has_anchor(const struct quals *quals, const List *list)
{
	ListCell *cell;
	foreach (cell, list)
		if (is_anchor(quals, lfirst(cell)))
			return true;
	return false;
}

static bool is_case_anchor(const struct quals *quals, const CaseExpr *expression)
{
	ListCell *cell;
	foreach (cell, expression->args)
		if (is_anchor(quals, (const Node *)((const CaseWhen *)lfirst(cell))->result))
			return true;
	return expression->defresult && is_anchor(quals, (const Node *)expression->defresult);
}

/* A row that is written as a sub-select without a FROM, or from such a one. */
static bool is_row_anchor(const struct quals *quals, const SubLink *link)
{
	ListCell *cell;
	const SelectStmt *select = (const SelectStmt *)link->subselect;
	if (!IsA(select, SelectStmt))
		return true;
	if (select->fromClause && IsA(linitial(select->fromClause), RangeSubselect))
		select = (const SelectStmt *)((const RangeSubselect *)linitial(select->fromClause))->subquery;
	if (!IsA(select, SelectStmt))
		return true;
	foreach (cell, select->targetList)
		if (!is_anchor(quals, ((const ResTarget *)lfirst(cell))->val))
			return false;
	return true;
}

/* Does the type of this operand, or what it costs, rule out that the comparison fails unseen? A constant of no type and a
 * parameter become whatever the other operand is. */
static bool is_anchor(const struct quals *quals, const Node *node)
{
	switch (nodeTag(node)) {
	case T_ColumnRef:
		return is_own_column(quals, (const ColumnRef *)node);
	case T_A_Const:
		return ((const A_Const *)node)->isnull || !IsA(&((const A_Const *)node)->val, String);
	case T_ParamRef:
		return is_known_parameter(quals, node);
	case T_TypeCast:
		return quals_type_is_built_in(((const TypeCast *)node)->typeName) ||
			   is_anchor(quals, ((const TypeCast *)node)->arg);
	case T_A_Indirection:
		return is_anchor(quals, ((const A_Indirection *)node)->arg);
	case T_A_ArrayExpr:
		return has_anchor(quals, ((const A_ArrayExpr *)node)->elements);
	case T_CoalesceExpr:
		return has_anchor(quals, ((const CoalesceExpr *)node)->args);
	case T_CaseExpr:
		return is_case_anchor(quals, (const CaseExpr *)node);
	case T_RowExpr:
		return are_anchors(quals, ((const RowExpr *)node)->args);
	case T_List:
		return are_anchors(quals, (const List *)node);
	case T_SubLink:
		return ((const SubLink *)node)->subLinkType != EXPR_SUBLINK ||
			   is_row_anchor(quals, (const SubLink *)node);
	case T_CollateClause: /* a text */
	case T_SQLValueFunction:
	case T_A_Expr: /* an operator is paid for */
	case T_FuncCall:
	case T_MinMaxExpr:
	case T_BoolExpr:
	case T_NullTest:
	case T_BooleanTest:
		return true;
	default:
		return false;
	}
}

static bool calls(const Node *node, const char *name)
{
	const char *called = IsA(node, FuncCall) ? strVal(llast(((const FuncCall *)node)->funcname)) : "";
	size_t length = strlen(called), end = strlen(name);
	return length >= end && strcmp(called + length - end, name) == 0;
}

/* A path without dates, or a search for words. */
static bool is_search_safe(const A_Expr *expression)
{
	const Node *left = expression->lexpr, *right = expression->rexpr;
	if (calls(left, "to_tsvector") || calls(right, "tsquery"))
		return true;
	if (!IsA(right, A_Const) || !IsA(&((const A_Const *)right)->val, String))
		return false;
	const char *path = strVal(&((const A_Const *)right)->val);
	return !strcasestr(path, "date") && !strcasestr(path, "time") && strchr(path, '\\') == NULL;
}

static bool is_search(const A_Expr *expression)
{
	const char *name = quals_operator(expression);
	return expression->kind != AEXPR_LIKE && name[0] == '@' &&
		   (strcmp(name, "@@") == 0 || strcmp(name, "@?") == 0);
}

static bool is_strange_name(const struct quals *quals, const char *name)
{
	const struct catalog_name *entry =
		quals->analysis->catalog->strange_operators ? quals_known(quals, name) : NULL;
	return entry && entry->strange_operator;
}

/* What BETWEEN, IN, CASE and the like stand for. */
static bool are_comparisons_strange(const struct quals *quals)
{
	static const char *const COMPARISONS[] = {"=", "<>", "<", "<=", ">", ">=", NULL};
	for (const char *const *name = COMPARISONS; *name; name++)
		if (is_strange_name(quals, *name))
			return true;
	return false;
}

static bool is_strange_operator(const struct quals *quals, const A_Expr *expression)
{
	switch (expression->kind) {
	case AEXPR_OP:
	case AEXPR_OP_ANY:
	case AEXPR_OP_ALL:
	case AEXPR_LIKE:
	case AEXPR_ILIKE:
		return is_strange_name(quals, strVal(llast(expression->name))); /* in whatever schema */
	default:
		return are_comparisons_strange(quals);
	}
}

bool quals_operator_is_hazardous(struct quals *quals, const A_Expr *expression)
{
	const Node *left = expression->lexpr, *right = expression->rexpr;
	if (!left || !right)
		return is_strange_operator(quals, expression);
	bool unknown = quals->hazards.parameters || (!IsA(left, ColumnRef) && !IsA(right, ColumnRef));
	if ((unknown || quals->hazards.any & HAZARD_OPERATOR) && is_strange_operator(quals, expression))
		return true;
	if ((unknown || quals->hazards.any & HAZARD_PATH) && is_search(expression) && !is_search_safe(expression))
		return true;
	return !quals_is_pattern(expression) && !is_anchor(quals, left) && !is_anchor(quals, right);
}

bool quals_case_is_hazardous(struct quals *quals, const CaseExpr *expression)
{
	ListCell *cell;
	if (!expression->arg)
		return false;
	if (are_comparisons_strange(quals))
		return true;
	if (is_anchor(quals, (const Node *)expression->arg))
		return false;
	foreach (cell, expression->args)
		if (!is_anchor(quals, (const Node *)((const CaseWhen *)lfirst(cell))->expr))
			return true;
	return false;
}

/* --- what is tested elsewhere --- */

static bool find_path(Node *node, void *to)
{
	struct quals *quals = to;
	if (node == NULL)
		return false;
	if (IsA(node, ColumnRef)) {
		const Node *last = llast(((ColumnRef *)node)->fields);
		const struct catalog_name *entry = IsA(last, String) ? quals_known(quals, strVal(last)) : NULL;
		return quals->hazards.renames || !IsA(last, String) || (entry && entry->path_column);
	}
	if (++quals->depth > quals->analysis->policy->max_depth)
		return true;
	bool found = raw_expression_tree_walker(node, find_path, quals);
	quals->depth--;
	return found;
}

static bool is_estimated_operator(const struct quals *quals, const A_Expr *expression)
{
	if (!quals->analysis->catalog->strange_operators || expression->kind > AEXPR_OP_ALL)
		return false;
	const struct catalog_name *entry = quals_known(quals, strVal(llast(expression->name)));
	return entry && entry->estimated_operator;
}

bool quals_is_tested_again(struct quals *quals, const A_Expr *expression)
{
	unsigned any = quals->hazards.any;
	if (!expression->lexpr || !expression->rexpr)
		return false;
	if (any & HAZARD_INDEX && is_strange_operator(quals, expression))
		return true;
	bool tested = is_estimated_operator(quals, expression) || quals_is_computed_in_index(quals, expression) ||
				  (quals_is_pattern(expression)
					   ? !quals_pattern_is_looked_at(quals, expression)
					   : any & HAZARD_PATH && is_search(expression) && !is_search_safe(expression) &&
							 find_path(expression->lexpr, quals));
	quals->hazards.asked |= tested;
	return tested && quals->hazards.tenants;
}

bool quals_call_may_be_tested_again(const FuncCall *call)
{
	/* those with textlike_support() and the like */
	static const char *const LIKE[] = {"like",       "textlike",   "bpcharlike",   "namelike", "bytealike",
									   "texticlike", "nameiclike", "bpchariclike", NULL};
	return list_length(call->args) == 2 && quals_word_is_one_of(strVal(llast(call->funcname)), LIKE);
}

bool quals_call_is_tested_again(struct quals *quals, const FuncCall *call)
{
	bool tested = quals_call_may_be_tested_again(call);
	quals->hazards.asked |= tested;
	return tested && quals->hazards.tenants;
}

bool quals_may_be_tested_again(const struct analysis *analysis, const A_Expr *expression)
{
	const struct quals quals = {.analysis = analysis};
	return quals_is_pattern(expression) || is_search(expression) || is_strange_operator(&quals, expression) ||
		   is_estimated_operator(&quals, expression) || quals_is_of_shapes(expression);
}
