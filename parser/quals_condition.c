/* What one condition may do on a row, and what it costs; see quals.h. Nodes that are not listed are not settled. */
#include "parser/quals_internal.h"

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
	case T_RowExpr:
		break;
	default:
		return true;
	}
	struct quals *quals = to;
	if (++quals->depth > quals->analysis->policy->max_depth)
		return true;
	bool found = raw_expression_tree_walker(node, find_column, to);
	quals->depth--;
	return found;
}

/* The same for every row, as far as can be told. */
bool quals_constant(struct quals *quals, const Node *node)
{
	return !find_column((Node *)node, quals);
}

static const char *operator_of(const A_Expr *expression)
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

/* Comparisons and the like of built-in types; of patterns only the column that is searched. */
static bool is_plain_operator(struct quals *quals, const A_Expr *expression)
{
	static const char *const PLAIN[] = {"=",  "<>", "<",  "<=", ">",  ">=", "@>",  "<@", "&&", "?",
										"?|", "?&", "@@", "@?", "<<", ">>", "-|-", "&<", "&>", NULL};
	static const char *const PATTERNS[] = {"~~", "!~~", "~~*", "!~~*", "~", "!~", "~*", "!~*", NULL};
	const char *name = operator_of(expression);
	switch (expression->kind) {
	case AEXPR_OP:
	case AEXPR_OP_ANY:
	case AEXPR_OP_ALL:
		return expression->lexpr && expression->rexpr &&
			   (quals_word_is_one_of(name, PLAIN) ||
				(quals_word_is_one_of(name, PATTERNS) && quals_constant(quals, expression->rexpr)));
	case AEXPR_LIKE:
	case AEXPR_ILIKE:
	case AEXPR_SIMILAR:
		return quals_constant(quals, expression->rexpr);
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

/* A sub-select with a FROM is a plan of its own, which costs many operators. */
static bool has_from(const SubLink *link)
{
	const SelectStmt *select = (const SelectStmt *)link->subselect;
	return IsA(select, SelectStmt) && select->op == SETOP_NONE && select->fromClause;
}

/* Without one it may be no more than its target. */
static bool is_plain_sublink(struct quals *quals, const SubLink *link)
{
	const SelectStmt *select = (const SelectStmt *)link->subselect;
	ListCell *cell;
	if (!quals_plain(quals, link->testexpr))
		return false;
	if (has_from(link))
		return true;
	if (!IsA(select, SelectStmt) || select->op != SETOP_NONE || select->valuesLists)
		return false;
	foreach (cell, select->targetList)
		if (!quals_plain(quals, ((const ResTarget *)lfirst(cell))->val))
			return false;
	return true;
}

static bool is_plain_node(struct quals *quals, const Node *node)
{
#define AS(type) ((const type *)node)
	switch (nodeTag(node)) {
	case T_ColumnRef: {
		const List *fields = AS(ColumnRef)->fields;
		return list_length(fields) < 2 || !IsA(llast(fields), String) ||
			   !quals_call_function(quals, strVal(llast(fields)));
	}
	case T_List:
		return are_plain(quals, (const List *)node);
	case T_A_Expr:
		return is_plain_operator(quals, AS(A_Expr)) && quals_plain(quals, AS(A_Expr)->lexpr) &&
			   quals_plain(quals, AS(A_Expr)->rexpr);
	case T_BoolExpr:
		return are_plain(quals, AS(BoolExpr)->args);
	case T_NullTest:
		return quals_plain(quals, (const Node *)AS(NullTest)->arg);
	case T_BooleanTest:
		return quals_plain(quals, (const Node *)AS(BooleanTest)->arg);
	case T_CollateClause:
		return quals_plain(quals, AS(CollateClause)->arg);
	case T_RowExpr:
		return are_plain(quals, AS(RowExpr)->args);
	case T_A_ArrayExpr:
		return are_plain(quals, AS(A_ArrayExpr)->elements);
	case T_CoalesceExpr:
		return are_plain(quals, AS(CoalesceExpr)->args);
	case T_CaseExpr:
		return quals_plain(quals, (const Node *)AS(CaseExpr)->arg) && are_plain(quals, AS(CaseExpr)->args) &&
			   quals_plain(quals, (const Node *)AS(CaseExpr)->defresult);
	case T_CaseWhen:
		return quals_plain(quals, (const Node *)AS(CaseWhen)->expr) &&
			   quals_plain(quals, (const Node *)AS(CaseWhen)->result);
	case T_A_Indirection:
		return quals_plain(quals, AS(A_Indirection)->arg) &&
			   is_plain_step(quals, AS(A_Indirection)->indirection);
	case T_A_Indices:
		return quals_plain(quals, AS(A_Indices)->lidx) && quals_plain(quals, AS(A_Indices)->uidx);
	case T_SubLink:
		return is_plain_sublink(quals, AS(SubLink));
	case T_CurrentOfExpr:
		return true;
	default:
		return quals_constant(quals, node);
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

static bool is_other_type(const TypeName *type)
{
	static const char *const TYPES[] = {"int2",     "int4",   "int8",      "float4",      "float8",
										"numeric",  "text",   "varchar",   "bpchar",      "date",
										"time",     "timetz", "timestamp", "timestamptz", "uuid",
										"interval", "jsonb",  "bytea",     NULL};
	return type->names && !type->arrayBounds && quals_word_is_one_of(strVal(llast(type->names)), TYPES);
}

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
		return is_other_type(((const TypeCast *)node)->typeName);
	if (IsA(node, A_Expr))
		return ((const A_Expr *)node)->kind == AEXPR_OP &&
			   quals_word_is_one_of(operator_of((const A_Expr *)node), OPERATORS);
	if (IsA(node, FuncCall)) {
		const List *name = ((const FuncCall *)node)->funcname;
		return (list_length(name) == 1 || strcmp(strVal(linitial(name)), "pg_catalog") == 0) &&
			   quals_word_is_one_of(strVal(llast(name)), FUNCTIONS);
	}
	return false;
}

/* A column, or what a sub-select gives: never a constant that a comparison could be simplified by, unless it
 * is a column of something that the planner takes apart. */
static bool is_variable(struct quals *quals, const Node *node)
{
	bool column = node && IsA(node, ColumnRef) && quals_plain(quals, node);
	quals->trusts_columns |= column;
	return column || (node && IsA(node, SubLink) && has_from((const SubLink *)node));
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
		!is_plain_operator(quals, expression))
		return false;
	switch (expression->kind) {
	case AEXPR_OP: {
		const char *name = operator_of(expression);
		return (strcmp(name, "=") != 0 && strcmp(name, "<>") != 0) || equality_stays(quals, left, right);
	}
	case AEXPR_IN:
		return is_in_settled(quals, expression);
	case AEXPR_LIKE:
	case AEXPR_ILIKE:
	case AEXPR_SIMILAR:
	case AEXPR_BETWEEN:
	case AEXPR_NOT_BETWEEN:
	case AEXPR_BETWEEN_SYM:
	case AEXPR_NOT_BETWEEN_SYM:
		return true;
	default:
		return false;
	}
}

bool quals_settled(struct quals *quals, const Node *node)
{
	if (quals_plain(quals, node))
		return true;
	if (IsA(node, A_Expr))
		return is_operator_settled(quals, (const A_Expr *)node);
	if (!IsA(node, BoolExpr) || ++quals->depth > quals->analysis->policy->max_depth)
		return false;
	ListCell *cell;
	foreach (cell, ((const BoolExpr *)node)->args)
		if (!quals_settled(quals, lfirst(cell)))
			return false;
	quals->depth--;
	return true;
}
