/* The walk over expressions: nothing but a way to reach every sub-select and every function call. Each node
 * type that the grammar of PostgreSQL 15 can put into an expression is listed with all its children; any
 * other is a finding. */
#include "parser/checker_internal.h"

static bool walk_window(struct checker *checker, const WindowDef *window)
{
	return window == NULL ||
		   (checker_walk_list(checker, window->partitionClause) &&
			checker_walk_list(checker, window->orderClause) && checker_walk(checker, window->startOffset) &&
			checker_walk(checker, window->endOffset));
}

static bool walk_type(struct checker *checker, const TypeName *type)
{
	return type == NULL ||
		   (checker_walk_list(checker, type->typmods) && checker_walk_list(checker, type->arrayBounds));
}

static bool walk_call(struct checker *checker, const FuncCall *call)
{
	if (checker_flagged_function(checker, call->funcname))
		return checker_open(checker, call->location,
							"a function is called that touches tenant relations or cannot be read");
	return checker_walk_list(checker, call->args) && checker_walk_list(checker, call->agg_order) &&
		   checker_walk(checker, call->agg_filter) && walk_window(checker, call->over);
}

static bool walk_operator(struct checker *checker, const List *name, int location)
{
	return name == NIL || !checker_flagged_operator(checker, name) ||
		   checker_open(checker, location,
						"an operator is used whose function touches tenant relations or cannot be read");
}

/* `x.f` and `(x).f` call f(x) when x has no column f. `row` is the name of x, NULL when it is an expression.
 */
static bool walk_notation(struct checker *checker, const char *row, const ListCell *name, int location)
{
	const List one = {.type = T_List, .length = 1, .max_length = 1, .elements = (ListCell *)name};

	return !checker_flagged_function(checker, &one) ||
		   (row && checker_level_has_column(checker->level, row, strVal(lfirst(name)))) ||
		   checker_open(checker, location, "a name that may call a function which touches tenant relations");
}

static bool walk_column(struct checker *checker, const ColumnRef *column)
{
	const List *fields = column->fields;
	int n = list_length(fields);

	if (n < 2 || !IsA(llast(fields), String))
		return true;
	return walk_notation(checker, strVal(list_nth(fields, n - 2)), &fields->elements[n - 1],
						 column->location);
}

static bool walk_indirection(struct checker *checker, const A_Indirection *indirection)
{
	const char *row = NULL;
	ListCell *cell;

	if (IsA(indirection->arg, ColumnRef) && IsA(llast(((const ColumnRef *)indirection->arg)->fields), String))
		row = strVal(llast(((const ColumnRef *)indirection->arg)->fields));
	foreach (cell, indirection->indirection) {
		if (!IsA(lfirst(cell), String)) {
			if (!checker_walk(checker, lfirst(cell)))
				return false;
		} else if (!walk_notation(checker, row, cell, -1)) {
			return false;
		}
		row = NULL;
	}
	return checker_walk(checker, indirection->arg);
}

static bool walk_case(struct checker *checker, const CaseExpr *expr)
{
	return checker_walk(checker, (const Node *)expr->arg) && checker_walk_list(checker, expr->args) &&
		   checker_walk(checker, (const Node *)expr->defresult);
}

static bool walk_sublink(struct checker *checker, const SubLink *link)
{
	return walk_operator(checker, link->operName, link->location) && checker_walk(checker, link->testexpr) &&
		   checker_query(checker, link->subselect);
}

/* Nodes of FROM: only the expressions inside. */
static bool walk_table_function(struct checker *checker, const RangeTableFunc *table)
{
	return checker_walk(checker, table->docexpr) && checker_walk(checker, table->rowexpr) &&
		   checker_walk_list(checker, table->namespaces) && checker_walk_list(checker, table->columns);
}

static bool walk_definition(struct checker *checker, const ColumnDef *column)
{
	return walk_type(checker, column->typeName) && checker_walk(checker, column->raw_default) &&
		   (column->constraints == NIL ||
			checker_open(checker, column->location, "a column definition with constraints"));
}

static bool walk_cycle(struct checker *checker, const CTECycleClause *cycle)
{
	return checker_walk(checker, cycle->cycle_mark_value) && checker_walk(checker, cycle->cycle_mark_default);
}

static bool walk_node(struct checker *checker, const Node *node)
{
#define AS(type) ((const type *)node)
	switch (nodeTag(node)) {
	case T_A_Const:
	case T_ParamRef:
	case T_A_Star:
	case T_Integer:
	case T_Float:
	case T_Boolean:
	case T_String:
	case T_BitString:
	case T_SetToDefault:
	case T_SQLValueFunction:
	case T_CurrentOfExpr:
	case T_CTESearchClause:
		return true;
	case T_List:
		return checker_walk_list(checker, (const List *)node);
	case T_ColumnRef:
		return walk_column(checker, AS(ColumnRef));
	case T_A_Expr:
		return walk_operator(checker, AS(A_Expr)->name, AS(A_Expr)->location) &&
			   checker_walk(checker, AS(A_Expr)->lexpr) && checker_walk(checker, AS(A_Expr)->rexpr);
	case T_BoolExpr:
		return checker_walk_list(checker, AS(BoolExpr)->args);
	case T_FuncCall:
		return walk_call(checker, AS(FuncCall));
	case T_TypeCast:
		return checker_walk(checker, AS(TypeCast)->arg) && walk_type(checker, AS(TypeCast)->typeName);
	case T_TypeName:
		return walk_type(checker, AS(TypeName));
	case T_CollateClause:
		return checker_walk(checker, AS(CollateClause)->arg);
	case T_A_Indices:
		return checker_walk(checker, AS(A_Indices)->lidx) && checker_walk(checker, AS(A_Indices)->uidx);
	case T_A_Indirection:
		return walk_indirection(checker, AS(A_Indirection));
	case T_A_ArrayExpr:
		return checker_walk_list(checker, AS(A_ArrayExpr)->elements);
	case T_ResTarget:
		return checker_walk_list(checker, AS(ResTarget)->indirection) &&
			   checker_walk(checker, AS(ResTarget)->val);
	case T_MultiAssignRef: /* the targets of one list share the source: once is enough */
		return AS(MultiAssignRef)->colno != 1 || checker_walk(checker, AS(MultiAssignRef)->source);
	case T_SortBy:
		return walk_operator(checker, AS(SortBy)->useOp, AS(SortBy)->location) &&
			   checker_walk(checker, AS(SortBy)->node);
	case T_WindowDef:
		return walk_window(checker, AS(WindowDef));
	case T_SubLink:
		return walk_sublink(checker, AS(SubLink));
	case T_CaseExpr:
		return walk_case(checker, AS(CaseExpr));
	case T_CaseWhen:
		return checker_walk(checker, (const Node *)AS(CaseWhen)->expr) &&
			   checker_walk(checker, (const Node *)AS(CaseWhen)->result);
	case T_CoalesceExpr:
		return checker_walk_list(checker, AS(CoalesceExpr)->args);
	case T_MinMaxExpr:
		return checker_walk_list(checker, AS(MinMaxExpr)->args);
	case T_NullTest:
		return checker_walk(checker, (const Node *)AS(NullTest)->arg);
	case T_BooleanTest:
		return checker_walk(checker, (const Node *)AS(BooleanTest)->arg);
	case T_RowExpr:
		return checker_walk_list(checker, AS(RowExpr)->args);
	case T_NamedArgExpr:
		return checker_walk(checker, (const Node *)AS(NamedArgExpr)->arg);
	case T_GroupingFunc:
		return checker_walk_list(checker, AS(GroupingFunc)->args);
	case T_GroupingSet:
		return checker_walk_list(checker, AS(GroupingSet)->content);
	case T_XmlExpr:
		return checker_walk_list(checker, AS(XmlExpr)->named_args) &&
			   checker_walk_list(checker, AS(XmlExpr)->args);
	case T_XmlSerialize:
		return checker_walk(checker, AS(XmlSerialize)->expr) &&
			   walk_type(checker, AS(XmlSerialize)->typeName);
	case T_RangeTableFuncCol:
		return walk_type(checker, AS(RangeTableFuncCol)->typeName) &&
			   checker_walk(checker, AS(RangeTableFuncCol)->colexpr) &&
			   checker_walk(checker, AS(RangeTableFuncCol)->coldefexpr);
	case T_ColumnDef:
		return walk_definition(checker, AS(ColumnDef));
	case T_IndexElem:
		return checker_walk(checker, AS(IndexElem)->expr);
	case T_CTECycleClause:
		return walk_cycle(checker, AS(CTECycleClause));
	default:
		return checker_open(checker, -1, "an expression of a kind that the checker does not know");
	}
#undef AS
}

bool checker_walk(struct checker *checker, const Node *node)
{
	if (node == NULL)
		return true;
	if (!checker_enter(checker))
		return false;
	bool ok = walk_node(checker, node);
	checker_leave(checker);
	return ok;
}

bool checker_walk_list(struct checker *checker, const List *list)
{
	ListCell *cell;
	foreach (cell, list)
		if (!checker_walk(checker, lfirst(cell)))
			return false;
	return true;
}

static bool walk_from(struct checker *checker, const Node *item)
{
	switch (nodeTag(item)) {
	case T_RangeVar:
		return true;
	case T_RangeTableSample: {
		const RangeTableSample *sample = (const RangeTableSample *)item;
		return checker_walk_from(checker, sample->relation) && checker_walk_list(checker, sample->args) &&
			   checker_walk(checker, sample->repeatable);
	}
	case T_RangeSubselect:
		return checker_query(checker, ((const RangeSubselect *)item)->subquery);
	case T_RangeFunction:
		return checker_walk_list(checker, ((const RangeFunction *)item)->functions) &&
			   checker_walk_list(checker, ((const RangeFunction *)item)->coldeflist);
	case T_RangeTableFunc:
		return walk_table_function(checker, (const RangeTableFunc *)item);
	case T_JoinExpr:
		return checker_walk_from(checker, ((const JoinExpr *)item)->larg) &&
			   checker_walk_from(checker, ((const JoinExpr *)item)->rarg) &&
			   checker_walk(checker, ((const JoinExpr *)item)->quals);
	default:
		return checker_open(checker, -1, "an item of FROM that the checker does not know");
	}
}

bool checker_walk_from(struct checker *checker, const Node *item)
{
	if (!checker_enter(checker))
		return false;
	bool ok = walk_from(checker, item);
	checker_leave(checker);
	return ok;
}
