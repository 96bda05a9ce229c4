/* What one condition may do on a row, and what it costs; see quals.h. Nodes that are not listed are not settled. */
#include "parser/quals_internal.h"
#include "parser/quals_pattern.h"

const struct catalog_name *quals_known(const struct quals *quals, const char *name)
{
	return catalog_name(quals->analysis->catalog, name, strlen(name));
}

/* `x.name` may be name(x). */
bool quals_call_function(const struct quals *quals, const char *name)
{
	const struct catalog_name *entry = quals_known(quals, name);
	return entry && entry->own_function;
}

/* Is something found in the parts of a node? */
static bool find_below(struct quals *quals, Node *node, bool (*find)(Node *, void *))
{
	if (++quals->depth > quals->analysis->policy->max_depth)
		return true;
	bool found = raw_expression_tree_walker(node, find, quals);
	quals->depth--;
	return found;
}

static bool find_column(Node *node, void *to)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node)) {
	case T_A_Const:
	case T_ParamRef:
	case T_SQLValueFunction:
	case T_TypeName:
		return false;
	case T_A_ArrayExpr:
	case T_RowExpr:
		return find_below(to, node, find_column);
	default:
		return !quals_is_compound(node) || find_below(to, node, find_column);
	}
}

/* The same for every row, as far as can be told. */
bool quals_constant(struct quals *quals, const Node *node)
{
	return !find_column((Node *)node, quals);
}

bool quals_type_is_built_in(const TypeName *type)
{
	static const char *const TYPES[] = {"int2",     "int4",   "int8",      "float4",      "float8",
										"numeric",  "text",   "varchar",   "bpchar",      "date",
										"time",     "timetz", "timestamp", "timestamptz", "uuid",
										"interval", "jsonb",  "bytea",     NULL};
	int n = list_length(type->names);
	return n > 0 && (n == 1 || strcmp(strVal(linitial(type->names)), "pg_catalog") == 0) &&
		   quals_word_is_one_of(strVal(llast(type->names)), TYPES);
}

bool quals_plain_column(struct quals *quals, const ColumnRef *column)
{
	const List *fields = column->fields;
	return list_length(fields) < 2 || !IsA(llast(fields), String) ||
		   !quals_call_function(quals, strVal(llast(fields)));
}

/* Of a value that is shown, or asked whether it is null, but not compared. */
static bool is_plain_value(struct quals *quals, const Node *value)
{
	return value && IsA(value, ColumnRef) ? quals_plain_column(quals, (const ColumnRef *)value)
										  : quals_plain(quals, value);
}

static bool is_plain_select(struct quals *quals, const SelectStmt *select, bool outermost)
{
	ListCell *cell;
	if (!IsA(select, SelectStmt))
		return false;
	bool from = outermost && select->fromClause;
	SelectStmt plain = {.type = T_SelectStmt,
						.targetList = select->targetList,
						.fromClause = from ? select->fromClause : NIL,
						.whereClause = select->whereClause};
	if (!equal(&plain, select) || !quals_plain(quals, select->whereClause))
		return false; /* there is more in it */
	foreach (cell, select->targetList)
		if (!is_plain_value(quals, ((const ResTarget *)lfirst(cell))->val))
			return false;
	const RangeSubselect *item = from ? linitial(select->fromClause) : NULL;
	return !from || (list_length(select->fromClause) == 1 && IsA(item, RangeSubselect) &&
					 is_plain_select(quals, (const SelectStmt *)item->subquery, false));
}

bool quals_plain_row(struct quals *quals, const Node *node)
{
	const SubLink *link = (const SubLink *)node;
	return IsA(node, SubLink) && link->subLinkType == EXPR_SUBLINK &&
		   is_plain_select(quals, (const SelectStmt *)link->subselect, true);
}

/* There when the statement runs: what it takes to make it has been done, or has failed, for all rows. */
static bool is_literal(const Node *node)
{
	if (IsA(node, TypeCast))
		return IsA(((const TypeCast *)node)->arg, A_Const) &&
			   quals_type_is_built_in(((const TypeCast *)node)->typeName);
	return IsA(node, A_Const) || IsA(node, ParamRef) || IsA(node, SQLValueFunction);
}

bool quals_array_fails(const A_ArrayExpr *array)
{
	ListCell *cell;
	if (list_length(array->elements) == 1 && IsA(linitial(array->elements), A_ArrayExpr))
		return quals_array_fails(linitial(array->elements));
	if (list_length(array->elements) > 1)
		foreach (cell, array->elements)
			if (IsA(lfirst(cell), ParamRef) || !is_literal(lfirst(cell)))
				return true;
	return false;
}

/* Costs nothing and may fail nevertheless: sub-selects that are computed at their first use; and what makes a
 * comparison fail: rows, and arrays of elements that may have no `=`. */
static bool find_risk(Node *node, void *to)
{
	ListCell *cell;
	if (node == NULL)
		return false;
	switch (nodeTag(node)) {
	case T_A_Const:
	case T_ParamRef:
	case T_SQLValueFunction:
	case T_TypeName:
	case T_SortBy:
	case T_WindowDef:
		return false;
	case T_ColumnRef:
		return quals_is_hazardous(to, (const ColumnRef *)node);
	case T_CollateClause:
		return quals_collates((const CollateClause *)node) || find_below(to, node, find_risk);
	case T_A_ArrayExpr:
		foreach (cell, ((const A_ArrayExpr *)node)->elements)
			if (!is_literal(lfirst(cell)))
				return true;
		return false;
	case T_SubLink:
		return !quals_plain_row(to, node) || quals_rows_are_hazardous(to);
	default:
		return !quals_is_compound(node) || find_below(to, node, find_risk);
	}
}

/* (a, b) = (c, d) compares column by column. */
static const Node *columns_of(const Node *operand)
{
	return operand && IsA(operand, RowExpr) ? (const Node *)((const RowExpr *)operand)->args : operand;
}

static bool is_risky(struct quals *quals, const A_Expr *expression)
{
	const Node *left = expression->lexpr, *right = expression->rexpr;
	bool rows = left && IsA(left, RowExpr);
	if (quals_operator_is_hazardous(quals, expression))
		return true;
	if (!rows || !right || !IsA(right, List))
		return (rows != (right && IsA(right, RowExpr))) || find_risk((Node *)columns_of(left), quals) ||
			   find_risk((Node *)columns_of(right), quals);
	ListCell *cell;
	foreach (cell, (const List *)right)
		if (!IsA(lfirst(cell), RowExpr) || find_risk((Node *)columns_of(lfirst(cell)), quals))
			return true;
	return find_risk((Node *)columns_of(left), quals);
}

const char *quals_operator(const A_Expr *expression)
{
	if (list_length(expression->name) > 1 && strcmp(strVal(linitial(expression->name)), "pg_catalog") != 0)
		return "";
	return strVal(llast(expression->name));
}

static bool are_plain(struct quals *quals, const List *list)
{
	ListCell *cell;
	foreach (cell, list)
		if (!quals_plain(quals, lfirst(cell)))
			return false;
	return true;
}

/* Comparisons and the like of built-in types. Regular expressions are read where they are used first. */
static bool is_plain_operator(struct quals *quals, const A_Expr *expression)
{
	static const char *const PLAIN[] = {"=",  "<>", "<",  "<=", ">",  ">=", "@>",  "<@", "&&", "?",
										"?|", "?&", "@@", "@?", "<<", ">>", "-|-", "&<", "&>", NULL};
	static const char *const PATTERNS[] = {"~~", "!~~", "~~*", "!~~*", NULL};
	const char *name = quals_operator(expression);
	switch (expression->kind) {
	case AEXPR_OP:
	case AEXPR_OP_ANY:
	case AEXPR_OP_ALL:
		return expression->lexpr && expression->rexpr &&
			   (quals_word_is_one_of(name, PLAIN) ||
				(quals_word_is_one_of(name, PATTERNS) && quals_pattern_is_sound(quals, expression)));
	case AEXPR_LIKE:
	case AEXPR_ILIKE:
		return quals_pattern_is_sound(quals, expression);
	case AEXPR_SIMILAR:
		return false;
	case AEXPR_DISTINCT:
	case AEXPR_NOT_DISTINCT:
	case AEXPR_NULLIF:
	case AEXPR_IN:
	case AEXPR_BETWEEN:
	case AEXPR_NOT_BETWEEN:
	case AEXPR_BETWEEN_SYM:
	case AEXPR_NOT_BETWEEN_SYM:
		return true;
	}
	return false;
}

static bool is_plain_step(struct quals *quals, const List *steps)
{
	ListCell *cell;
	foreach (cell, steps) {
		const Node *step = lfirst(cell);
		if (IsA(step, String) ? quals_call_function(quals, strVal(step)) : !quals_plain(quals, step))
			return false;
	}
	return true;
}

static bool is_plain_node(struct quals *quals, const Node *node)
{
#define AS(type) ((const type *)node)
	switch (nodeTag(node)) {
	case T_ColumnRef:
		return quals_plain_column(quals, AS(ColumnRef)) && !quals_is_hazardous(quals, AS(ColumnRef));
	case T_List:
		return are_plain(quals, (const List *)node);
	case T_A_Expr:
		return quals_is_tenant(quals, AS(A_Expr)) ||
			   (is_plain_operator(quals, AS(A_Expr)) && !is_risky(quals, AS(A_Expr)) &&
				quals_plain(quals, AS(A_Expr)->lexpr) && quals_plain(quals, AS(A_Expr)->rexpr));
	case T_BoolExpr:
		return are_plain(quals, AS(BoolExpr)->args);
	case T_NullTest:
		return is_plain_value(quals, (const Node *)AS(NullTest)->arg);
	case T_BooleanTest:
		return quals_plain(quals, (const Node *)AS(BooleanTest)->arg);
	case T_CollateClause:
		return !quals_collates(AS(CollateClause)) && quals_plain(quals, AS(CollateClause)->arg);
	case T_RowExpr:
		return are_plain(quals, AS(RowExpr)->args);
	case T_A_ArrayExpr:
		return !quals_array_fails(AS(A_ArrayExpr)) && are_plain(quals, AS(A_ArrayExpr)->elements);
	case T_CoalesceExpr:
		return are_plain(quals, AS(CoalesceExpr)->args);
	case T_CaseExpr:
		return !quals_case_is_hazardous(quals, AS(CaseExpr)) &&
			   quals_plain(quals, (const Node *)AS(CaseExpr)->arg) && are_plain(quals, AS(CaseExpr)->args) &&
			   quals_plain(quals, (const Node *)AS(CaseExpr)->defresult);
	case T_CaseWhen:
		return quals_plain(quals, (const Node *)AS(CaseWhen)->expr) &&
			   quals_plain(quals, (const Node *)AS(CaseWhen)->result);
	case T_A_Indirection:
		return quals_plain(quals, AS(A_Indirection)->arg) &&
			   is_plain_step(quals, AS(A_Indirection)->indirection);
	case T_A_Indices:
		return quals_plain(quals, AS(A_Indices)->lidx) && quals_plain(quals, AS(A_Indices)->uidx);
	case T_CurrentOfExpr:
		return true;
	case T_SubLink:
		return quals_plain_row(quals, node);
	default:
		return is_literal(node);
	}
#undef AS
}

/* Cannot fail on a row and says nothing. */
bool quals_plain(struct quals *quals, const Node *node)
{
	if (node == NULL)
		return true;
	if (++quals->depth > quals->analysis->policy->max_depth)
		return false;
	bool plain = is_plain_node(quals, node);
	quals->depth--;
	return plain;
}

/* --- conditions --- */

/* Certainly no boolean: `f(x) = true` would be simplified to f(x). */
static bool is_no_boolean(const Node *node)
{
	static const char *const OPERATORS[] = {"+", "-", "*", "/", "%", "||", "->", "->>", "#>", "#>>", NULL};
	static const char *const FUNCTIONS[] = {"lower",
											"upper",
											"length",
											"char_length",
											"date_trunc",
											"date_part",
											"extract",
											"now",
											"substring",
											"substr",
											"btrim",
											"ltrim",
											"rtrim",
											"to_char",
											"abs",
											"round",
											"floor",
											"ceil",
											"mod",
											"md5",
											"replace",
											"split_part",
											"age",
											"concat",
											"left",
											"right",
											"timezone",
											"to_tsvector",
											"cardinality",
											"jsonb_typeof",
											"array_length",
											"to_timestamp",
											"to_date",
											"jsonb_array_length",
											NULL};
	if (node == NULL)
		return false;
	if (IsA(node, A_Const))
		return !((const A_Const *)node)->isnull &&
			   (IsA(&((const A_Const *)node)->val, Integer) || IsA(&((const A_Const *)node)->val, Float));
	if (IsA(node, TypeCast))
		return quals_type_is_built_in(((const TypeCast *)node)->typeName) &&
			   !((const TypeCast *)node)->typeName->arrayBounds;
	if (IsA(node, A_Expr))
		return ((const A_Expr *)node)->kind == AEXPR_OP &&
			   quals_word_is_one_of(quals_operator((const A_Expr *)node), OPERATORS);
	if (IsA(node, FuncCall)) {
		const List *name = ((const FuncCall *)node)->funcname;
		return (list_length(name) == 1 || strcmp(strVal(linitial(name)), "pg_catalog") == 0) &&
			   quals_word_is_one_of(strVal(llast(name)), FUNCTIONS);
	}
	return false;
}

/* A column: never a constant that a comparison could be simplified by, unless it is one of something that the
 * planner takes apart. */
static bool is_variable(struct quals *quals, const Node *node)
{
	bool column = node && IsA(node, ColumnRef) && quals_plain(quals, node);
	quals->trusts_columns |= column;
	return column;
}

static bool equality_stays(struct quals *quals, const Node *left, const Node *right)
{
	return is_no_boolean(left) || is_no_boolean(right) || is_variable(quals, left) ||
		   is_variable(quals, right);
}

static bool is_in_settled(struct quals *quals, const A_Expr *expression)
{
	ListCell *cell;
	if (!expression->rexpr || !IsA(expression->rexpr, List))
		return false;
	foreach (cell, (const List *)expression->rexpr)
		if (!equality_stays(quals, expression->lexpr, lfirst(cell)))
			return false;
	return true;
}

/* The operator costs one, and anything in its operands that can fail another one. */
static bool is_operator_settled(struct quals *quals, const A_Expr *expression)
{
	const Node *left = expression->lexpr, *right = expression->rexpr;
	if ((left && IsA(left, RowExpr)) || (right && IsA(right, RowExpr)) ||
		!is_plain_operator(quals, expression) || is_risky(quals, expression))
		return false;
	switch (expression->kind) {
	case AEXPR_OP: {
		const char *name = quals_operator(expression);
		return (strcmp(name, "=") != 0 && strcmp(name, "<>") != 0) || equality_stays(quals, left, right);
	}
	case AEXPR_IN:
		return is_in_settled(quals, expression);
	case AEXPR_OP_ANY: /* half an operator for each element, and how many a parameter has is not known */
	case AEXPR_OP_ALL:
	case AEXPR_DISTINCT:
	case AEXPR_NOT_DISTINCT:
		return quals_plain(quals, left);
	case AEXPR_LIKE:
	case AEXPR_ILIKE:
	case AEXPR_BETWEEN:
	case AEXPR_NOT_BETWEEN:
	case AEXPR_BETWEEN_SYM:
	case AEXPR_NOT_BETWEEN_SYM:
		return true;
	default:
		return false;
	}
}

static bool is_part_settled(struct quals *quals, const Node *node)
{
	if (quals_plain(quals, node))
		return true;
	if (IsA(node, A_Expr))
		return is_operator_settled(quals, (const A_Expr *)node);
	if (!IsA(node, BoolExpr) || ++quals->depth > quals->analysis->policy->max_depth)
		return false;
	ListCell *cell;
	foreach (cell, ((const BoolExpr *)node)->args)
		if (!is_part_settled(quals, lfirst(cell)))
			return false;
	quals->depth--;
	return true;
}

/* Where the column is a constant, the comparison may be the whole condition. */
static bool is_plain_any(struct quals *quals, const SubLink *link)
{
	const A_Expr comparison = quals_comparison(link);
	return quals_plain(quals, link->testexpr) &&
		   (!link->operName ||
			(is_plain_operator(quals, &comparison) && !quals_operator_is_hazardous(quals, &comparison)));
}

/* A condition of its own with a FROM: it becomes a join, or a plan that costs many operators, or is asked before any
 * row. */
static bool is_join(struct quals *quals, const Node *node)
{
	bool negated = IsA(node, BoolExpr) && ((const BoolExpr *)node)->boolop == NOT_EXPR;
	const SubLink *link = negated ? linitial(((const BoolExpr *)node)->args) : (const SubLink *)node;
	if (!IsA(link, SubLink))
		return false;
	const SelectStmt *select = (const SelectStmt *)link->subselect;
	return IsA(select, SelectStmt) && select->op == SETOP_NONE && select->fromClause &&
		   (link->subLinkType == EXISTS_SUBLINK ||
			(link->subLinkType == ANY_SUBLINK && !negated && is_plain_any(quals, link)));
}

bool quals_settled(struct quals *quals, const Node *node)
{
	if (is_part_settled(quals, node) || is_join(quals, node))
		return true;
	if (!IsA(node, BoolExpr) || ((const BoolExpr *)node)->boolop != AND_EXPR ||
		++quals->depth > quals->analysis->policy->max_depth)
		return false;
	ListCell *cell;
	foreach (cell, ((const BoolExpr *)node)->args)
		if (!quals_settled(quals, lfirst(cell)))
			return false;
	quals->depth--;
	return true;
}
