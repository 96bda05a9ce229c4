/* See quals.h. The statement is walked once; nodes that are not listed are not settled. */
#include <stdlib.h>

#include "parser/created.h"
#include "parser/quals_geometry.h"
#include "parser/quals_internal.h"
#include "parser/tree.h"

/* --- where conditions are --- */

/* True: stop, something is not settled. */
static bool visit(Node *node, void *to);

/* Most parts of most statements are not there. */
static inline bool part(struct quals *quals, const void *node)
{
	return node && visit((Node *)node, quals);
}

/* What the level above may compare, as its column, in a condition of its own: there it is looked at by its name. */
static bool is_column_settled(struct quals *quals, const Node *value, const char *name)
{
	static const char *const AGGREGATES[] = {"count", "sum",       "avg",        "min",
											 "max",   "array_agg", "string_agg", NULL};
	quals_note_target(quals, value, name);
	if (value && IsA(value, ColumnRef))
		return quals_plain_column(quals, (const ColumnRef *)value);
	if (value && IsA(value, FuncCall)) {
		const FuncCall *call = (const FuncCall *)value;
		return (list_length(call->funcname) == 1 &&
				quals_word_is_one_of(strVal(linitial(call->funcname)), AGGREGATES)) ||
			   call->over;
	}
	quals->constant_columns |= quals_constant(quals, value);
	return quals_plain(quals, value);
}

bool quals_columns_settled(struct quals *quals, const SelectStmt *select)
{
	ListCell *cell, *value;
	foreach (cell, select->targetList)
		if (!is_column_settled(quals, ((const ResTarget *)lfirst(cell))->val,
							   ((const ResTarget *)lfirst(cell))->name))
			return false;
	foreach (cell, select->valuesLists)
		foreach (value, (const List *)lfirst(cell))
			if (!is_column_settled(quals, lfirst(value), ""))
				return false;
	return true;
}

static bool visit_query(struct quals *quals, Node *query, bool named);

static bool visit_subselect(struct quals *quals, const RangeSubselect *item, bool named)
{
	bool stop = visit_query(quals, item->subquery, named);
	quals_note_item(quals, item->alias);
	return stop;
}

static bool visit_cte(struct quals *quals, const CommonTableExpr *cte)
{
	quals_note_cte(quals, cte);
	return visit_query(quals, cte->ctequery, true);
}

/* A sub-select that stands alone in a FROM without conditions is met by none. */
static bool visit_from(struct quals *quals, const SelectStmt *select, bool named)
{
	const Node *only = list_length(select->fromClause) == 1 ? linitial(select->fromClause) : NULL;
	if (only && IsA(only, RangeSubselect) && !named && !select->whereClause && !select->havingClause)
		return visit_subselect(quals, (const RangeSubselect *)only, false);
	return part(quals, select->fromClause);
}

/* `named`: by the level above, so that its conditions may come down. */
static bool visit_query(struct quals *quals, Node *query, bool named)
{
	if (query == NULL || !IsA(query, SelectStmt))
		return part(quals, query);
	const SelectStmt *select = (const SelectStmt *)query;
	if (++quals->depth > quals->analysis->policy->max_depth)
		return true;
	bool stop = part(quals, select->withClause);
	if (!stop && select->op != SETOP_NONE)
		stop = visit_query(quals, (Node *)select->larg, named) ||
			   visit_query(quals, (Node *)select->rarg, named);
	/* first what columns come from: quals_hazard.h */
	stop = stop || visit_from(quals, select, named) || !quals_settled(quals, select->whereClause) ||
		   !quals_settled(quals, select->havingClause) || (named && !quals_columns_settled(quals, select)) ||
		   part(quals, select->targetList) || part(quals, select->whereClause) ||
		   part(quals, select->distinctClause) || part(quals, select->groupClause) ||
		   part(quals, select->havingClause) || part(quals, select->windowClause) ||
		   part(quals, select->valuesLists) || part(quals, select->sortClause) ||
		   part(quals, select->limitOffset) || part(quals, select->limitCount);
	quals->depth--;
	return stop;
}

Node *quals_definition(const struct catalog_relation *view)
{
	PgQueryInternalParsetreeAndError parsed = pg_query_raw_parse(view->view_definition);
	free(parsed.stderr_buffer);
	if (parsed.error)
		pg_query_free_error(parsed.error);
	return !parsed.error && list_length(parsed.tree) == 1 ? ((RawStmt *)linitial(parsed.tree))->stmt : NULL;
}

/* A view that was visited, and what its columns could come from then. */
struct visited {
	const struct catalog_relation *view;
	struct quals_hazards hazards;
};

static bool knew_as_much(const struct quals_hazards *then, const struct quals_hazards *now)
{
	return then->any == now->any && then->renames == now->renames && then->parameters == now->parameters &&
		   then->n_names == now->n_names && then->many == now->many;
}

/* True: nothing new would be found there. */
static bool was_visited(struct quals *quals, const struct catalog_relation *view)
{
	ListCell *cell;
	foreach (cell, quals->views) {
		struct visited *visited = lfirst(cell);
		if (visited->view != view)
			continue;
		bool known = quals->hazards.any == 0 || knew_as_much(&visited->hazards, &quals->hazards);
		visited->hazards = quals->hazards;
		return known;
	}
	struct visited *visited = palloc(sizeof *visited);
	*visited = (struct visited){view, quals->hazards};
	quals->views = lappend(quals->views, visited);
	return false;
}

/* The planner puts a view's definition in its place. Once is enough as long as columns can come from nothing else than before:
 * views over views may multiply. */
static bool visit_view(struct quals *quals, const struct catalog_relation *view)
{
	if (was_visited(quals, view))
		return false;
	if (!view->view_definition) {
		quals->constant_columns = true;
		return false;
	}
	Node *query = quals_definition(view);
	return !query || visit_query(quals, query, true);
}

/* All views of the name: which of them is meant does not matter here. Something that the session has made may
 * be a view too, and show constants; one whose definition comes in its place may have any condition. */
static bool visit_relation(struct quals *quals, const RangeVar *name)
{
	const struct catalog_name *entry = quals_note_relation(quals, name);
	quals->constant_columns |= quals->analysis->names->n_temporaries > 0 || !entry;
	if (quals->analysis->names->n_temporaries > 0 && created_any_view(quals->analysis, name->relname))
		return true;
	if (!entry || !entry->view)
		return false;
	for (const struct catalog_relation *view = entry->relations; view; view = view->next_named)
		if (view->kind == 'v' && visit_view(quals, view))
			return true;
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
	return n > 0 && !quals_call_function(quals, name);
}

static bool visit_function(struct quals *quals, const RangeFunction *function)
{
	ListCell *cell;
	quals->constant_columns = true;
	quals_note_function(quals, function);
	foreach (cell, function->functions) {
		Node *call = linitial((List *)lfirst(cell));
		if ((!quals_constant(quals, call) && !is_closed_function(quals, call)) || part(quals, call))
			return true;
	}
	return false;
}

static bool visit_insert(struct quals *quals, const InsertStmt *insert)
{
	const OnConflictClause *conflict = insert->onConflictClause;
	quals_note_relation(quals, insert->relation);
	/* WHERE of ON CONFLICT is tested in the order in which it is written. */
	return part(quals, insert->withClause) || visit_query(quals, insert->selectStmt, false) ||
		   part(quals, insert->returningList) ||
		   (conflict && (part(quals, conflict->targetList) || part(quals, conflict->whereClause)));
}

static bool visit_merge(struct quals *quals, const MergeStmt *merge)
{
	ListCell *cell;
	if (part(quals, merge->withClause) || part(quals, merge->sourceRelation) ||
		!quals_settled(quals, merge->joinCondition) || part(quals, merge->joinCondition))
		return true;
	foreach (cell, merge->mergeWhenClauses) {
		const MergeWhenClause *when = lfirst(cell);
		if (part(quals, when->condition) || part(quals, when->targetList) || part(quals, when->values))
			return true;
	}
	return false;
}

static bool visit_join(struct quals *quals, const JoinExpr *join)
{
	if (part(quals, join->larg) || part(quals, join->rarg))
		return true;
	quals_note_item(quals, join->alias);
	return quals_join_is_hazardous(quals, join) || !quals_settled(quals, join->quals) ||
		   part(quals, join->quals);
}

static bool visit_sublink(struct quals *quals, const SubLink *link)
{
	bool compared = link->subLinkType == ANY_SUBLINK || link->subLinkType == ALL_SUBLINK;
	return part(quals, link->testexpr) || visit_query(quals, link->subselect, compared);
}

static bool visit_statement(struct quals *quals, Node *node)
{
#define AS(type) ((type *)node)
	switch (nodeTag(node)) {
	case T_InsertStmt:
		return visit_insert(quals, AS(InsertStmt));
	case T_UpdateStmt:
		return part(quals, AS(UpdateStmt)->withClause) || part(quals, AS(UpdateStmt)->relation) ||
			   part(quals, AS(UpdateStmt)->fromClause) ||
			   !quals_settled(quals, AS(UpdateStmt)->whereClause) ||
			   part(quals, AS(UpdateStmt)->targetList) || part(quals, AS(UpdateStmt)->whereClause) ||
			   part(quals, AS(UpdateStmt)->returningList);
	case T_DeleteStmt:
		return part(quals, AS(DeleteStmt)->withClause) || part(quals, AS(DeleteStmt)->relation) ||
			   part(quals, AS(DeleteStmt)->usingClause) ||
			   !quals_settled(quals, AS(DeleteStmt)->whereClause) ||
			   part(quals, AS(DeleteStmt)->whereClause) || part(quals, AS(DeleteStmt)->returningList);
	case T_MergeStmt:
		return part(quals, AS(MergeStmt)->relation) || visit_merge(quals, AS(MergeStmt));
	case T_RangeTableFunc:
		quals_note_table_function(quals, AS(RangeTableFunc));
		return part(quals, AS(RangeTableFunc)->docexpr) || part(quals, AS(RangeTableFunc)->rowexpr);
	case T_RangeTableSample:
		return part(quals, AS(RangeTableSample)->relation) || part(quals, AS(RangeTableSample)->args);
	case T_IndexElem:
		return part(quals, AS(IndexElem)->expr);
	case T_WithClause:
		return part(quals, AS(WithClause)->ctes);
	case T_ExplainStmt:
		return part(quals, AS(ExplainStmt)->query);
	case T_PrepareStmt:
		return part(quals, AS(PrepareStmt)->query);
	case T_DeclareCursorStmt:
		return part(quals, AS(DeclareCursorStmt)->query);
	case T_CreateTableAsStmt:
		return part(quals, AS(CreateTableAsStmt)->query);
	case T_CopyStmt:
		return part(quals, AS(CopyStmt)->query);
	case T_ExecuteStmt:
		return part(quals, AS(ExecuteStmt)->params);
	case T_CallStmt:
		return part(quals, AS(CallStmt)->funccall);
	case T_TruncateStmt:
		return false;
	default:
		return true;
	}
#undef AS
}

static bool visit_list(struct quals *quals, const List *list)
{
	ListCell *cell;
	foreach (cell, list)
		if (part(quals, lfirst(cell)))
			return true;
	return false;
}

static bool visit_node(struct quals *quals, Node *node)
{
	if (quals_is_leaf(node))
		return false;
	switch (nodeTag(node)) {
	case T_RangeVar:
		return visit_relation(quals, (RangeVar *)node);
	case T_SelectStmt:
		return visit_query(quals, node, false);
	case T_RangeSubselect:
		return visit_subselect(quals, (const RangeSubselect *)node, true);
	case T_CommonTableExpr:
		return visit_cte(quals, (const CommonTableExpr *)node);
	case T_SubLink:
		return visit_sublink(quals, (SubLink *)node);
	case T_JoinExpr:
		return visit_join(quals, (JoinExpr *)node);
	case T_RangeFunction:
		return visit_function(quals, (RangeFunction *)node);
	case T_List:
		return visit_list(quals, (const List *)node);
	case T_A_Expr:
		return part(quals, ((A_Expr *)node)->lexpr) || part(quals, ((A_Expr *)node)->rexpr) ||
			   (quals_is_distance((A_Expr *)node) && quals_is_tested_again(quals, (A_Expr *)node));
	case T_ResTarget:
		return part(quals, ((ResTarget *)node)->indirection) || part(quals, ((ResTarget *)node)->val);
	default:
		return quals_is_inner(node) ? raw_expression_tree_walker(node, visit, quals)
									: visit_statement(quals, node);
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

bool quals_are_settled(const struct analysis *analysis, const Node *statement, int parameter)
{
	struct quals quals = {.analysis = analysis, .parameter = parameter};
	return !visit((Node *)statement, &quals) && !(quals.constant_columns && quals.trusts_columns);
}
