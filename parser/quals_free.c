/* See quals_free.h. */
#include "parser/quals_free.h"

#include "parser/created.h"
#include "parser/quals_geometry.h"
#include "parser/quals_internal.h"
#include "parser/tree.h"

struct search {
	struct quals quals;
	struct quals_free found;
	bool named;     /* the query that is looked at next: its columns are used by the level above */
	bool under;     /* it is below an outer join or GROUPING SETS */
	bool condition; /* what is looked at may become a part of a condition */
	bool tested;    /* .. and of one that an index tests again */
	bool recursive; /* WITH RECURSIVE: its set operations are computed for themselves */
	List *open;     /* CTEs whose columns may fail */
	bool hides;     /* somewhere may be an outer join or GROUPING SETS */
	bool knows;     /* what all columns can come from: looked at for the second time */
};

/* True: stop. */
static bool look(Node *node, void *to);
/* The same of what has its price, or has been listed. */
static bool look_below(struct search *search, Node *node);

static bool look_as(struct search *search, const void *node, bool condition)
{
	bool before = search->condition;
	search->condition = condition;
	bool stop = look((Node *)node, search);
	search->condition = before;
	return stop;
}

static bool inside(struct search *search, Node *node)
{
	return raw_expression_tree_walker(node, look, search);
}

/* --- conditions --- */

static bool is_link(const Node *node, SubLinkType type)
{
	return node && IsA(node, SubLink) && ((const SubLink *)node)->subLinkType == type;
}

/* Without what it is compared with. Only what is compared with the columns of a sub-select may be tested again by an index of
 * what is in it. */
static bool look_into_link(struct search *search, const SubLink *link)
{
	bool compared = link->subLinkType == ANY_SUBLINK || link->subLinkType == ALL_SUBLINK;
	bool before = search->named, tested = search->tested;
	search->named = compared;
	search->tested = tested && compared;
	bool stop = look_as(search, link->subselect, false);
	search->named = before;
	search->tested = tested;
	return stop;
}

/* What its columns are compared with, and it. */
static bool look_at_link(struct search *search, const SubLink *link,
						 bool (*look_at)(struct search *, const Node *))
{
	const A_Expr comparison = quals_comparison(link);
	bool before = search->tested;
	search->tested |= link->operName && quals_is_tested_again(&search->quals, &comparison);
	bool stop = look_at(search, link->testexpr) || look_into_link(search, link);
	search->tested = before;
	return stop;
}

/* What is compared costs an operator; a sub-select beside a constant may be left alone, and depends on no row then. */
static bool look_at_operand(struct search *search, const Node *operand)
{
	if (operand && (IsA(operand, A_ArrayExpr) || IsA(operand, SubLink))) {
		search->condition = true;
		return look_below(search, (Node *)operand);
	}
	return look_as(search, operand, true);
}

static bool look_at_tested(struct search *search, const Node *value)
{
	return IsA(value, SubLink) ? look_at_operand(search, value) : look_as(search, value, true);
}

static bool look_at_operands(struct search *search, const A_Expr *expression)
{
	ListCell *cell;
	switch (expression->kind) {
	case AEXPR_OP:
	case AEXPR_OP_ANY:
	case AEXPR_OP_ALL:
	case AEXPR_LIKE:
	case AEXPR_ILIKE:
		return look_at_operand(search, expression->lexpr) || look_at_operand(search, expression->rexpr);
	case AEXPR_IN: /* true IN ((SELECT ..), x) becomes (SELECT ..) OR x */
		return look_at_operand(search, expression->lexpr) || look_as(search, expression->rexpr, true);
	case AEXPR_BETWEEN:
	case AEXPR_NOT_BETWEEN:
		if (look_at_operand(search, expression->lexpr))
			return true;
		foreach (cell, (const List *)expression->rexpr)
			if (look_at_operand(search, lfirst(cell)))
				return true;
		return false;
	default:
		return look_as(search, expression, true);
	}
}

/* A column, also one that is taken out of a row: (c).a */
static bool is_column(const Node *node)
{
	return IsA(node, ColumnRef) ||
		   (IsA(node, A_Indirection) && IsA(((const A_Indirection *)node)->arg, ColumnRef));
}

static bool look_at_comparison(struct search *search, const A_Expr *expression)
{
	bool before = search->tested;
	search->tested |= quals_is_tested_again(&search->quals, expression);
	bool stop = look_at_operands(search, expression);
	search->tested = before;
	return stop;
}

static bool look_at_condition(struct search *search, const Node *node)
{
	ListCell *cell;
	if (node == NULL)
		return false;
	if (IsA(node, SubLink))
		return look_at_link(search, (const SubLink *)node, look_at_operand);
	if (IsA(node, A_Expr))
		return look_at_comparison(search, (const A_Expr *)node);
	if (IsA(node, NullTest))
		return look_at_tested(search, (const Node *)((const NullTest *)node)->arg);
	if (IsA(node, BooleanTest))
		return look_at_tested(search, (const Node *)((const BooleanTest *)node)->arg);
	const BoolExpr *expr = (const BoolExpr *)node;
	bool negated = IsA(node, BoolExpr) && expr->boolop == NOT_EXPR && IsA(linitial(expr->args), SubLink);
	if (!negated && !(IsA(node, BoolExpr) && expr->boolop == AND_EXPR))
		return look_as(search, node, true);
	if (++search->quals.depth > search->quals.analysis->policy->max_depth)
		return search->found.unknown = true;
	foreach (cell, expr->args)
		if (look_at_condition(search, lfirst(cell)))
			return true;
	search->quals.depth--;
	return false;
}

static bool look_at_conditions(struct search *search, const Node *node)
{
	bool before = search->condition;
	bool stop = look_at_condition(search, node);
	search->condition = before;
	return stop;
}

/* --- queries --- */

/* Columns that the planner may put in the place of their names, and that may fail. With GROUP BY and the like it does not. */
static bool may_show_failures(struct search *search, const SelectStmt *select)
{
	if (select->limitOffset || select->limitCount)
		return false;
	if (select->op != SETOP_NONE)
		return may_show_failures(search, select->larg) || may_show_failures(search, select->rarg);
	return !select->valuesLists && !select->groupClause && !select->havingClause && !select->distinctClause &&
		   !quals_columns_settled(&search->quals, select);
}

/* Under which names the level above knows its columns. */
static void note_targets(struct search *search, const SelectStmt *select)
{
	ListCell *cell;
	foreach (cell, select->targetList)
		quals_note_target(&search->quals, ((const ResTarget *)lfirst(cell))->val,
						  ((const ResTarget *)lfirst(cell))->name);
}

/* An index of what is in a sub-select can test again what the sub-select's columns are compared with, no more. */
static bool look_behind_columns(struct search *search, const SelectStmt *select)
{
	bool tested = search->tested;
	search->tested = false;
	bool stop = look_as(search, select->withClause, false) || look_as(search, select->fromClause, false) ||
				look_at_conditions(search, select->whereClause) ||
				look_at_conditions(search, select->havingClause) ||
				look_as(search, select->limitOffset, false) || look_as(search, select->limitCount, false);
	search->tested = tested;
	return stop;
}

static bool look_at_select(struct search *search, SelectStmt *select)
{
	ListCell *cell;
	bool named = search->named;
	if (named && !search->knows)
		note_targets(search, select);
	if (named && search->under && may_show_failures(search, select))
		search->found.queries = lappend(search->found.queries, select);
	bool under = search->under, sets = false;
	foreach (cell, select->groupClause)
		sets |= IsA(lfirst(cell), GroupingSet);
	search->hides |= sets;
	/* a set operation is fenced as a whole */
	search->under =
		sets || (under && !select->limitOffset && !select->limitCount && select->op == SETOP_NONE);
	bool stop = select->op != SETOP_NONE &&
				(look((Node *)select->larg, search) || look((Node *)select->rarg, search));
	search->named = false;
	/* GROUP BY and the like must stay the same expressions as their columns */
	stop = stop || look_as(search, select->targetList, named) ||
		   look_as(search, select->valuesLists, named) || look_as(search, select->distinctClause, named) ||
		   look_as(search, select->groupClause, named) || look_as(search, select->sortClause, named) ||
		   look_as(search, select->windowClause, named) || look_behind_columns(search, select);
	search->named = named;
	search->under = under;
	return stop;
}

static bool look_at_named(struct search *search, Node *query)
{
	bool before = search->named;
	search->named = IsA(query, SelectStmt);
	bool stop = look_as(search, query, false);
	search->named = before;
	return stop;
}

/* It may be named below an outer join. */
static bool look_at_cte(struct search *search, Node *query)
{
	bool under = search->under;
	bool recursive = search->recursive && IsA(query, SelectStmt) && ((SelectStmt *)query)->op != SETOP_NONE;
	if (IsA(query, SelectStmt) && !recursive && may_show_failures(search, (SelectStmt *)query))
		search->open = lappend(search->open, query);
	search->under = false;
	bool stop = look_at_named(search, query);
	search->under = under;
	return stop;
}

static bool look_at_with(struct search *search, const WithClause *with)
{
	bool before = search->recursive;
	search->recursive = with->recursive;
	bool stop = look((Node *)with->ctes, search);
	search->recursive = before;
	return stop;
}

static bool look_at_join(struct search *search, const JoinExpr *join)
{
	bool under = search->under;
	search->hides |= join->jointype != JOIN_INNER;
	search->under |= join->jointype != JOIN_INNER;
	bool stop =
		look(join->larg, search) || look(join->rarg, search) || look_at_conditions(search, join->quals);
	search->under = under;
	return stop;
}

static bool view_may_show_failures(struct search *search, const struct catalog_relation *view)
{
	if (!view->view_definition)
		return false;
	const Node *query = quals_definition(view);
	return !query || !IsA(query, SelectStmt) || may_show_failures(search, (const SelectStmt *)query);
}

/* In no snapshot yet. What is in it is seen where its definition is looked at. */
static void look_at_made(struct search *search, RangeVar *range)
{
	const struct analysis *analysis = search->quals.analysis;
	if (analysis->names->n_temporaries == 0 || !created_any_view(analysis, range->relname))
		return;
	search->hides = true;
	if (search->under)
		search->found.made = lappend(search->found.made, range);
}

/* All views of the name: which of them is meant does not matter here. */
static bool look_at_relation(struct search *search, RangeVar *range)
{
	const struct catalog_name *entry = quals_known(&search->quals, range->relname);
	look_at_made(search, range);
	if (!entry || !entry->view)
		return false;
	search->hides = true;
	for (const struct catalog_relation *view = search->under ? entry->relations : NULL; view;
		 view = view->next_named)
		if (view->kind == 'v' && view->isolation != ISOLATION_SHARED &&
			view_may_show_failures(search, view)) {
			search->found.views = lappend(search->found.views, range);
			break;
		}
	return false;
}

/* What columns can come from inside of a view, whose definition may take its place. What is found there is for later. */
static void note_view(struct search *search, const struct catalog_relation *view)
{
	if (!view->view_definition || tree_list_has(search->quals.views, view))
		return;
	search->quals.views = lappend(search->quals.views, (void *)view);
	Node *query = quals_definition(view);
	struct search inside = {.quals = search->quals, .named = true};
	if (query && look(query, &inside))
		search->found.unknown = true;
	search->quals.views = inside.quals.views;
	search->quals.hazards = inside.quals.hazards;
}

static void note_relation(struct search *search, const RangeVar *range)
{
	const struct catalog_name *entry = quals_known(&search->quals, range->relname);
	quals_note_relation(&search->quals, range);
	for (const struct catalog_relation *view = entry && entry->view ? entry->relations : NULL; view;
		 view = view->next_named)
		note_view(search, view);
}

static void note(struct search *search, Node *node)
{
	struct quals *quals = &search->quals;
	if (search->knows)
		return;
	switch (nodeTag(node)) {
	case T_RangeVar:
		note_relation(search, (const RangeVar *)node);
		break;
	case T_RangeSubselect:
		quals_note_item(quals, ((const RangeSubselect *)node)->alias);
		break;
	case T_RangeFunction:
		quals_note_function(quals, (const RangeFunction *)node);
		break;
	case T_RangeTableFunc:
		quals_note_table_function(quals, (const RangeTableFunc *)node);
		break;
	case T_JoinExpr:
		quals_note_item(quals, ((const JoinExpr *)node)->alias);
		break;
	case T_CommonTableExpr:
		quals_note_cte(quals, (const CommonTableExpr *)node);
		break;
	case T_ParamRef:
		quals->hazards.parameters |= ((const ParamRef *)node)->number != quals->parameter;
		break;
	case T_InsertStmt:
		quals_note_relation(quals, ((const InsertStmt *)node)->relation);
		break;
	case T_UpdateStmt:
		quals_note_relation(quals, ((const UpdateStmt *)node)->relation);
		break;
	case T_DeleteStmt:
		quals_note_relation(quals, ((const DeleteStmt *)node)->relation);
		break;
	case T_MergeStmt:
		quals_note_relation(quals, ((const MergeStmt *)node)->relation);
		break;
	default:
		break;
	}
}

static bool look_at_insert(struct search *search, const InsertStmt *insert)
{
	const OnConflictClause *conflict = insert->onConflictClause;
	return look((Node *)insert->withClause, search) || look(insert->selectStmt, search) ||
		   look((Node *)insert->returningList, search) ||
		   (conflict && (look((Node *)conflict->targetList, search) || look(conflict->whereClause, search)));
}

static bool look_at_merge(struct search *search, const MergeStmt *merge)
{
	ListCell *cell;
	if (look((Node *)merge->withClause, search) || look(merge->sourceRelation, search) ||
		look_at_conditions(search, merge->joinCondition))
		return true;
	foreach (cell, merge->mergeWhenClauses) {
		const MergeWhenClause *when = lfirst(cell);
		if (look(when->condition, search) || look((Node *)when->targetList, search) ||
			look((Node *)when->values, search))
			return true;
	}
	return false;
}

/* --- the walk --- */

/* CASE WHEN pg_catalog.now() IS NULL THEN NULL ELSE .. END; NULL: something else. */
static const Node *priced(const Node *node)
{
	const CaseExpr *expr = (const CaseExpr *)node;
	if (!IsA(node, CaseExpr) || !expr->defresult)
		return NULL;
	return equal(node, tree_priced((Node *)expr->defresult)) ? (const Node *)expr->defresult : NULL;
}

/* .. of a column; NULL: something else. */
static const Node *priced_column(const Node *node)
{
	const SubLink *link = (const SubLink *)node;
	if (!is_link(node, EXPR_SUBLINK) || !IsA(link->subselect, SelectStmt))
		return NULL;
	const SelectStmt *select = (const SelectStmt *)link->subselect;
	if (list_length(select->targetList) != 1)
		return NULL;
	const Node *column = ((const ResTarget *)linitial(select->targetList))->val;
	if (!is_column(column))
		return NULL;
	const CaseExpr *made = (const CaseExpr *)tree_priced_column((Node *)column);
	return equal(made->defresult, link) ? column : NULL;
}

static bool is_free(struct search *search, const Node *node)
{
	if (quals_plain_row(&search->quals, node))
		return false;
	if (IsA(node, A_Expr))
		return ((const A_Expr *)node)->lexpr && IsA(((const A_Expr *)node)->lexpr, RowExpr) &&
			   is_link(((const A_Expr *)node)->rexpr, EXPR_SUBLINK);
	return (IsA(node, A_ArrayExpr) && quals_array_fails((const A_ArrayExpr *)node)) ||
		   is_link(node, EXPR_SUBLINK) || is_link(node, EXISTS_SUBLINK) || is_link(node, ARRAY_SUBLINK);
}

static bool look_at_part(struct search *search, const Node *node)
{
	return look((Node *)node, search);
}

static bool look_below(struct search *search, Node *node)
{
	if (IsA(node, SubLink))
		return look_at_link(search, (SubLink *)node, look_at_part);
	if (IsA(node, A_Expr) && is_free(search, node))
		return look(((A_Expr *)node)->lexpr, search) ||
			   look_into_link(search, (SubLink *)((A_Expr *)node)->rexpr);
	if (!IsA(node, A_ArrayExpr))
		return inside(search, node);
	/* the price of the whole is enough */
	ListCell *cell;
	foreach (cell, ((A_ArrayExpr *)node)->elements) {
		Node *element = lfirst(cell);
		if (IsA(element, A_ArrayExpr) ? look_below(search, element) : look(element, search))
			return true;
	}
	return false;
}

static bool look_at_tested_again(struct search *search, Node *node)
{
	search->tested = true;
	bool stop = look(node, search);
	search->tested = false;
	return stop;
}

static bool look_at_expression(struct search *search, Node *node)
{
	switch (nodeTag(node)) {
	case T_FuncCall:
		if (search->condition && !search->tested &&
			quals_call_is_tested_again(&search->quals, (const FuncCall *)node))
			return look_at_tested_again(search, node);
		return inside(search, node);
	case T_CaseExpr:
		if (priced(node) && priced_column(priced(node)))
			return false;
		return priced(node) && is_free(search, priced(node)) ? look_below(search, (Node *)priced(node))
															 : inside(search, node);
	case T_A_Expr:
		if ((search->condition || quals_is_distance((const A_Expr *)node)) && !search->tested &&
			quals_is_tested_again(&search->quals, (const A_Expr *)node))
			return look_at_tested_again(search, node);
		/* fall through */
	case T_SubLink:
	case T_A_ArrayExpr:
		if (search->condition && is_free(search, node))
			search->found.values = lappend(search->found.values, node);
		return look_below(search, node);
	case T_ResTarget:
	case T_RangeFunction:
	case T_RangeTableFunc:
	case T_RangeTableFuncCol:
	case T_RangeTableSample:
		return inside(search, node);
	default:
		return !quals_is_inner(node) || inside(search, node);
	}
}

static bool look_at_node(struct search *search, Node *node)
{
#define AS(type) ((type *)node)
	ListCell *cell;
	note(search, node);
	if (search->tested && is_column(node)) {
		search->found.values = lappend(search->found.values, node);
		return false;
	}
	if (quals_is_leaf(node))
		return false;
	switch (nodeTag(node)) {
	case T_ColumnDef:
	case T_Alias:
	case T_ExecuteStmt:
	case T_CallStmt:
	case T_TruncateStmt:
		return false;
	case T_List:
		foreach (cell, (List *)node)
			if (look(lfirst(cell), search))
				return true;
		return false;
	case T_SelectStmt:
		return look_at_select(search, AS(SelectStmt));
	case T_RangeSubselect:
		return look_at_named(search, AS(RangeSubselect)->subquery);
	case T_WithClause:
		return look_at_with(search, AS(WithClause));
	case T_CommonTableExpr:
		return look_at_cte(search, AS(CommonTableExpr)->ctequery);
	case T_RangeVar:
		return look_at_relation(search, AS(RangeVar));
	case T_JoinExpr:
		return look_at_join(search, AS(JoinExpr));
	case T_InsertStmt:
		return look_at_insert(search, AS(InsertStmt));
	case T_MergeStmt:
		return look_at_merge(search, AS(MergeStmt));
	case T_UpdateStmt:
		return look((Node *)AS(UpdateStmt)->withClause, search) ||
			   look((Node *)AS(UpdateStmt)->fromClause, search) ||
			   look((Node *)AS(UpdateStmt)->targetList, search) ||
			   look_at_conditions(search, AS(UpdateStmt)->whereClause) ||
			   look((Node *)AS(UpdateStmt)->returningList, search);
	case T_DeleteStmt:
		return look((Node *)AS(DeleteStmt)->withClause, search) ||
			   look((Node *)AS(DeleteStmt)->usingClause, search) ||
			   look_at_conditions(search, AS(DeleteStmt)->whereClause) ||
			   look((Node *)AS(DeleteStmt)->returningList, search);
	case T_ViewStmt:
		search->under = true;
		return look_at_named(search, AS(ViewStmt)->query);
	case T_ExplainStmt:
		return look(AS(ExplainStmt)->query, search);
	case T_PrepareStmt:
		return look(AS(PrepareStmt)->query, search);
	case T_DeclareCursorStmt:
		return look(AS(DeclareCursorStmt)->query, search);
	case T_CreateTableAsStmt:
		return look(AS(CreateTableAsStmt)->query, search);
	case T_CopyStmt:
		return look(AS(CopyStmt)->query, search);
	default:
		return look_at_expression(search, node);
	}
#undef AS
}

static bool look(Node *node, void *to)
{
	struct search *search = to;
	if (node == NULL)
		return false;
	if (++search->quals.depth > search->quals.analysis->policy->max_depth)
		return search->found.unknown = true;
	bool stop = look_at_node(search, node);
	search->quals.depth--;
	return stop;
}

static struct search search_for(const struct analysis *analysis, enum quals_above above, int parameter)
{
	return (struct search){.quals = {.analysis = analysis, .parameter = parameter},
						   .named = above != QUALS_NOTHING,
						   .under = above == QUALS_OUTER};
}

static void look_through(struct search *search, const Node *statement)
{
	if (look((Node *)statement, search))
		search->found.unknown = true;
	if (search->hides)
		search->found.queries = list_concat(search->found.queries, search->open);
}

/* Columns are used before it is known what they come from: once more with all that there is. */
static struct search look_again(const struct search *before, enum quals_above above, const Node *statement)
{
	struct search search = search_for(before->quals.analysis, above, before->quals.parameter);
	search.knows = true;
	search.hides = before->hides;
	search.quals.hazards = before->quals.hazards;
	search.quals.hazards.guessed = !before->quals.hazards.renames;
	search.quals.hazards.renames |= (before->quals.hazards.any & HAZARD_COMPARED) != 0;
	look_through(&search, statement);
	return search;
}

struct quals_free quals_find_free(const struct analysis *analysis, const Node *statement,
								  enum quals_above above, const Node *whole, int parameter)
{
	struct search search = search_for(analysis, above, parameter);
	if (whole != statement && look((Node *)whole, &search))
		search.found.unknown = true;
	struct quals_hazards hazards = search.quals.hazards;
	bool hides = search.hides;
	search = search_for(analysis, above, parameter);
	search.quals.hazards = hazards;
	search.hides = hides;
	look_through(&search, statement);
	const struct quals_hazards *found = &search.quals.hazards;
	if (found->any || found->parameters || (found->asked && found->tenants))
		search = look_again(&search, above, statement);
	return search.found;
}
