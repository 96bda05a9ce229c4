/* See quals.h. The tree is walked once; nodes that are not listed are not settled. */
#include "parser/quals.h"

#include <stdlib.h>
#include <string.h>

#include "parser/catalog_internal.h"

struct quals {
	const struct analysis *analysis;
	unsigned depth;
	bool constant_columns; /* a column of some item of FROM may turn out to be a constant */
	bool trusts_columns;   /* some condition is settled only if none is */
};

static bool is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(word, *list) == 0)
			return true;
	return false;
}

/* --- expressions --- */

static const struct catalog_name *known(const struct quals *quals, const char *name)
{
	return catalog_name(quals->analysis->catalog, name, strlen(name));
}

/* `x.name` may be name(x). */
static bool calls_function(const struct quals *quals, const char *name)
{
	const struct catalog_name *entry = known(quals, name);
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
static bool is_constant(struct quals *quals, const Node *node)
{
	return !find_column((Node *)node, quals);
}

static const char *operator_of(const A_Expr *expression)
{
	if (list_length(expression->name) > 1 && strcmp(strVal(linitial(expression->name)), "pg_catalog") != 0)
		return "";
	return strVal(llast(expression->name));
}

static bool is_plain(struct quals *quals, const Node *node);

static bool are_plain(struct quals *quals, const List *list)
{
	ListCell *cell;
	foreach (cell, list)
		if (!is_plain(quals, lfirst(cell)))
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
			   (is_one_of(name, PLAIN) ||
				(is_one_of(name, PATTERNS) && is_constant(quals, expression->rexpr)));
	case AEXPR_LIKE:
	case AEXPR_ILIKE:
	case AEXPR_SIMILAR:
		return is_constant(quals, expression->rexpr);
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
		if (IsA(step, String) ? calls_function(quals, strVal(step)) : !is_plain(quals, step))
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
	if (!is_plain(quals, link->testexpr))
		return false;
	if (has_from(link))
		return true;
	if (!IsA(select, SelectStmt) || select->op != SETOP_NONE || select->valuesLists)
		return false;
	foreach (cell, select->targetList)
		if (!is_plain(quals, ((const ResTarget *)lfirst(cell))->val))
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
			   !calls_function(quals, strVal(llast(fields)));
	}
	case T_List:
		return are_plain(quals, (const List *)node);
	case T_A_Expr:
		return is_plain_operator(quals, AS(A_Expr)) && is_plain(quals, AS(A_Expr)->lexpr) &&
			   is_plain(quals, AS(A_Expr)->rexpr);
	case T_BoolExpr:
		return are_plain(quals, AS(BoolExpr)->args);
	case T_NullTest:
		return is_plain(quals, (const Node *)AS(NullTest)->arg);
	case T_BooleanTest:
		return is_plain(quals, (const Node *)AS(BooleanTest)->arg);
	case T_CollateClause:
		return is_plain(quals, AS(CollateClause)->arg);
	case T_RowExpr:
		return are_plain(quals, AS(RowExpr)->args);
	case T_A_ArrayExpr:
		return are_plain(quals, AS(A_ArrayExpr)->elements);
	case T_CoalesceExpr:
		return are_plain(quals, AS(CoalesceExpr)->args);
	case T_CaseExpr:
		return is_plain(quals, (const Node *)AS(CaseExpr)->arg) && are_plain(quals, AS(CaseExpr)->args) &&
			   is_plain(quals, (const Node *)AS(CaseExpr)->defresult);
	case T_CaseWhen:
		return is_plain(quals, (const Node *)AS(CaseWhen)->expr) &&
			   is_plain(quals, (const Node *)AS(CaseWhen)->result);
	case T_A_Indirection:
		return is_plain(quals, AS(A_Indirection)->arg) &&
			   is_plain_step(quals, AS(A_Indirection)->indirection);
	case T_A_Indices:
		return is_plain(quals, AS(A_Indices)->lidx) && is_plain(quals, AS(A_Indices)->uidx);
	case T_SubLink:
		return is_plain_sublink(quals, AS(SubLink));
	case T_CurrentOfExpr:
		return true;
	default:
		return is_constant(quals, node);
	}
#undef AS
}

/* Cannot fail on a row and says nothing. */
static bool is_plain(struct quals *quals, const Node *node)
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
	return type->names && !type->arrayBounds && is_one_of(strVal(llast(type->names)), TYPES);
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
			   is_one_of(operator_of((const A_Expr *)node), OPERATORS);
	if (IsA(node, FuncCall)) {
		const List *name = ((const FuncCall *)node)->funcname;
		return (list_length(name) == 1 || strcmp(strVal(linitial(name)), "pg_catalog") == 0) &&
			   is_one_of(strVal(llast(name)), FUNCTIONS);
	}
	return false;
}

/* A column, or what a sub-select gives: never a constant that a comparison could be simplified by, unless it
 * is a column of something that the planner takes apart. */
static bool is_variable(struct quals *quals, const Node *node)
{
	bool column = node && IsA(node, ColumnRef) && is_plain(quals, node);
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

static bool is_settled(struct quals *quals, const Node *node)
{
	if (is_plain(quals, node))
		return true;
	if (IsA(node, A_Expr))
		return is_operator_settled(quals, (const A_Expr *)node);
	if (!IsA(node, BoolExpr) || ++quals->depth > quals->analysis->policy->max_depth)
		return false;
	ListCell *cell;
	foreach (cell, ((const BoolExpr *)node)->args)
		if (!is_settled(quals, lfirst(cell)))
			return false;
	quals->depth--;
	return true;
}

/* --- where conditions are --- */

/* True: stop, something is not settled. */
static bool visit(Node *node, void *to);

/* What the level above may compare, as its column, in a condition of its own. */
static bool is_column_settled(struct quals *quals, const Node *value)
{
	static const char *const AGGREGATES[] = {"count", "sum",       "avg",        "min",
											 "max",   "array_agg", "string_agg", NULL};
	if (value && IsA(value, FuncCall)) {
		const FuncCall *call = (const FuncCall *)value;
		return (list_length(call->funcname) == 1 &&
				is_one_of(strVal(linitial(call->funcname)), AGGREGATES)) ||
			   call->over;
	}
	quals->constant_columns |= is_constant(quals, value);
	return is_plain(quals, value);
}

static bool are_columns_settled(struct quals *quals, const SelectStmt *select)
{
	ListCell *cell, *value;
	foreach (cell, select->targetList)
		if (!is_column_settled(quals, ((const ResTarget *)lfirst(cell))->val))
			return false;
	foreach (cell, select->valuesLists)
		foreach (value, (const List *)lfirst(cell))
			if (!is_column_settled(quals, lfirst(value)))
				return false;
	return true;
}

static bool visit_query(struct quals *quals, Node *query, bool named);

/* A sub-select that stands alone in a FROM without conditions is met by none. */
static bool visit_from(struct quals *quals, const SelectStmt *select, bool named)
{
	const Node *only = list_length(select->fromClause) == 1 ? linitial(select->fromClause) : NULL;
	if (only && IsA(only, RangeSubselect) && !named && !select->whereClause && !select->havingClause)
		return visit_query(quals, ((const RangeSubselect *)only)->subquery, false);
	return visit((Node *)select->fromClause, quals);
}

/* `named`: by the level above, so that its conditions may come down. */
static bool visit_query(struct quals *quals, Node *query, bool named)
{
	if (query == NULL || !IsA(query, SelectStmt))
		return visit(query, quals);
	const SelectStmt *select = (const SelectStmt *)query;
	if (++quals->depth > quals->analysis->policy->max_depth)
		return true;
	bool stop = visit((Node *)select->withClause, quals);
	if (!stop && select->op != SETOP_NONE)
		stop = visit_query(quals, (Node *)select->larg, named) ||
			   visit_query(quals, (Node *)select->rarg, named);
	stop = stop || !is_settled(quals, select->whereClause) || !is_settled(quals, select->havingClause) ||
		   (named && !are_columns_settled(quals, select)) || visit_from(quals, select, named) ||
		   visit((Node *)select->targetList, quals) || visit(select->whereClause, quals) ||
		   visit((Node *)select->distinctClause, quals) || visit((Node *)select->groupClause, quals) ||
		   visit(select->havingClause, quals) || visit((Node *)select->windowClause, quals) ||
		   visit((Node *)select->valuesLists, quals) || visit((Node *)select->sortClause, quals) ||
		   visit(select->limitOffset, quals) || visit(select->limitCount, quals);
	quals->depth--;
	return stop;
}

/* The planner puts a view's definition in its place. */
static bool visit_view(struct quals *quals, const struct catalog_relation *view)
{
	if (!view->view_definition) {
		quals->constant_columns = true;
		return false;
	}
	PgQueryInternalParsetreeAndError parsed = pg_query_raw_parse(view->view_definition);
	free(parsed.stderr_buffer);
	if (parsed.error) {
		pg_query_free_error(parsed.error);
		return true;
	}
	return list_length(parsed.tree) != 1 ||
		   visit_query(quals, ((RawStmt *)linitial(parsed.tree))->stmt, true);
}

/* All views of the name: which of them is meant does not matter here. Something that the session has made may
 * be a view too, and show constants. */
static bool visit_relation(struct quals *quals, const RangeVar *name)
{
	const struct catalog *catalog = quals->analysis->catalog;
	const struct catalog_name *entry = known(quals, name->relname);
	quals->constant_columns |= quals->analysis->names->n_temporaries > 0 || !entry;
	if (!entry || !entry->view)
		return false;
	for (size_t i = 0; i < catalog_relation_count(catalog); i++) {
		const struct catalog_relation *relation = catalog_relation_at(catalog, i);
		if (relation->kind == 'v' && strcmp(relation->name, name->relname) == 0 &&
			visit_view(quals, relation))
			return true;
	}
	return false;
}

/* The server's own, and not written in SQL, whose conditions would meet those of this level. */
static bool is_closed_function(struct quals *quals, const Node *call)
{
	const struct catalog_function *const *list;
	if (!IsA(call, FuncCall))
		return false;
	const char *name = strVal(llast(((const FuncCall *)call)->funcname));
	size_t n = catalog_functions(quals->analysis->catalog, "pg_catalog", name, &list);
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i]->language, "sql") == 0)
			return false;
	return n > 0 && !calls_function(quals, name);
}

static bool visit_function(struct quals *quals, const RangeFunction *function)
{
	ListCell *cell;
	quals->constant_columns = true;
	foreach (cell, function->functions) {
		Node *call = linitial((List *)lfirst(cell));
		if ((!is_constant(quals, call) && !is_closed_function(quals, call)) || visit(call, quals))
			return true;
	}
	return false;
}

static bool visit_insert(struct quals *quals, const InsertStmt *insert)
{
	const OnConflictClause *conflict = insert->onConflictClause;
	/* WHERE of ON CONFLICT is tested in the order in which it is written. */
	return visit((Node *)insert->withClause, quals) || visit_query(quals, insert->selectStmt, false) ||
		   visit((Node *)insert->returningList, quals) ||
		   (conflict && (visit((Node *)conflict->targetList, quals) || visit(conflict->whereClause, quals)));
}

static bool visit_merge(struct quals *quals, const MergeStmt *merge)
{
	ListCell *cell;
	if (!is_settled(quals, merge->joinCondition) || visit((Node *)merge->withClause, quals) ||
		visit(merge->sourceRelation, quals) || visit(merge->joinCondition, quals))
		return true;
	foreach (cell, merge->mergeWhenClauses) {
		const MergeWhenClause *when = lfirst(cell);
		if (visit(when->condition, quals) || visit((Node *)when->targetList, quals) ||
			visit((Node *)when->values, quals))
			return true;
	}
	return false;
}

static bool visit_join(struct quals *quals, const JoinExpr *join)
{
	return !is_settled(quals, join->quals) || visit(join->larg, quals) || visit(join->rarg, quals) ||
		   visit(join->quals, quals);
}

static bool visit_sublink(struct quals *quals, const SubLink *link)
{
	bool compared = link->subLinkType == ANY_SUBLINK || link->subLinkType == ALL_SUBLINK;
	return visit(link->testexpr, quals) || visit_query(quals, link->subselect, compared);
}

static bool visit_statement(struct quals *quals, Node *node)
{
#define AS(type) ((type *)node)
	switch (nodeTag(node)) {
	case T_InsertStmt:
		return visit_insert(quals, AS(InsertStmt));
	case T_UpdateStmt:
		return !is_settled(quals, AS(UpdateStmt)->whereClause) ||
			   visit((Node *)AS(UpdateStmt)->withClause, quals) ||
			   visit((Node *)AS(UpdateStmt)->relation, quals) ||
			   visit((Node *)AS(UpdateStmt)->fromClause, quals) ||
			   visit((Node *)AS(UpdateStmt)->targetList, quals) ||
			   visit(AS(UpdateStmt)->whereClause, quals) ||
			   visit((Node *)AS(UpdateStmt)->returningList, quals);
	case T_DeleteStmt:
		return !is_settled(quals, AS(DeleteStmt)->whereClause) ||
			   visit((Node *)AS(DeleteStmt)->withClause, quals) ||
			   visit((Node *)AS(DeleteStmt)->relation, quals) ||
			   visit((Node *)AS(DeleteStmt)->usingClause, quals) ||
			   visit(AS(DeleteStmt)->whereClause, quals) ||
			   visit((Node *)AS(DeleteStmt)->returningList, quals);
	case T_MergeStmt:
		return visit((Node *)AS(MergeStmt)->relation, quals) || visit_merge(quals, AS(MergeStmt));
	case T_RangeTableFunc:
		return visit(AS(RangeTableFunc)->docexpr, quals) || visit(AS(RangeTableFunc)->rowexpr, quals);
	case T_RangeTableSample:
		return visit(AS(RangeTableSample)->relation, quals) ||
			   visit((Node *)AS(RangeTableSample)->args, quals);
	case T_IndexElem:
		return visit(AS(IndexElem)->expr, quals);
	case T_WithClause:
		return visit((Node *)AS(WithClause)->ctes, quals);
	case T_ExplainStmt:
		return visit(AS(ExplainStmt)->query, quals);
	case T_PrepareStmt:
		return visit(AS(PrepareStmt)->query, quals);
	case T_DeclareCursorStmt:
		return visit(AS(DeclareCursorStmt)->query, quals);
	case T_CreateTableAsStmt:
		return visit(AS(CreateTableAsStmt)->query, quals);
	case T_CopyStmt:
		return visit(AS(CopyStmt)->query, quals);
	case T_ExecuteStmt:
		return visit((Node *)AS(ExecuteStmt)->params, quals);
	case T_CallStmt:
		return visit((Node *)AS(CallStmt)->funccall, quals);
	case T_TruncateStmt:
		return false;
	default:
		return true;
	}
#undef AS
}

static bool visit_node(struct quals *quals, Node *node)
{
	switch (nodeTag(node)) {
	case T_A_Const:
	case T_ParamRef:
	case T_A_Star:
	case T_ColumnRef:
	case T_TypeName:
	case T_SetToDefault:
	case T_SQLValueFunction:
	case T_CurrentOfExpr:
	case T_String:
	case T_Integer:
	case T_Float:
	case T_Boolean:
	case T_BitString:
		return false;
	case T_RangeVar:
		return visit_relation(quals, (RangeVar *)node);
	case T_SelectStmt:
		return visit_query(quals, node, false);
	case T_RangeSubselect:
		return visit_query(quals, ((RangeSubselect *)node)->subquery, true);
	case T_CommonTableExpr:
		return visit_query(quals, ((CommonTableExpr *)node)->ctequery, true);
	case T_SubLink:
		return visit_sublink(quals, (SubLink *)node);
	case T_JoinExpr:
		return visit_join(quals, (JoinExpr *)node);
	case T_RangeFunction:
		return visit_function(quals, (RangeFunction *)node);
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
	case T_GroupingFunc:
	case T_GroupingSet:
	case T_WindowDef:
	case T_ResTarget:
	case T_MultiAssignRef:
	case T_XmlExpr:
	case T_XmlSerialize:
	case T_SortBy:
		return raw_expression_tree_walker(node, visit, quals);
	default:
		return visit_statement(quals, node);
	}
}

static bool visit(Node *node, void *to)
{
	struct quals *quals = to;
	if (node == NULL)
		return false;
	if (++quals->depth > quals->analysis->policy->max_depth)
		return true;
	bool stop = visit_node(quals, node);
	quals->depth--;
	return stop;
}

bool quals_are_settled(const struct analysis *analysis, const Node *statement)
{
	struct quals quals = {.analysis = analysis};
	return !visit((Node *)statement, &quals) && !(quals.constant_columns && quals.trusts_columns);
}
