/* The walk through expressions: an explicit list of node types, everything else is refused.
 *
 * Obligations: every sub-select is guarded, every function call is shown to function_policy(), every use of a
 * whole row of a tenant relation is marked on its leaf, the highest parameter number is kept. */
#include "parser/rewrite.h"

#include <string.h>

const char *const SYSTEM_COLUMNS[] = {"ctid", "xmin", "cmin", "xmax", "cmax", "tableoid", NULL};

/* Its bit; 0: it is none. */
static unsigned system_column(const char *name)
{
	for (unsigned i = 0; SYSTEM_COLUMNS[i]; i++)
		if (same_name(name, SYSTEM_COLUMNS[i]))
			return 1u << i;
	return 0;
}

/* PostgreSQL looks for a column of that name at all levels before it takes the name for a relation. */
bool is_column_somewhere(struct analysis *analysis, const struct level *level, const char *name)
{
	for (; level; level = level->outer)
		for (struct leaf *leaf = sight_first(level), *end = sight_end(level); leaf != end; leaf = leaf->next)
			if (!rewrite_work(analysis, leaf_work(leaf)) ||
				leaf_has_column(analysis, leaf, name) == COLUMN_YES)
				return true;
	return false;
}

static bool mark_whole_row(struct analysis *analysis, struct leaf *leaf, Node **place)
{
	if (!leaf_hides(analysis, leaf))
		return true;
	if (leaf->target)
		return target_as_row(analysis, leaf, place);
	leaf->whole_row = true;
	leaf->uses = lappend(leaf->uses, place);
	return true;
}

/* An application on its way to tenants may name the tenant column: a wrapped leaf must still have it then. */
static void mark_tenant(struct leaf *leaf, const char *name)
{
	if (leaf->kind == LEAF_TENANT && same_name(tenant_name(leaf->relation), name))
		leaf->names_tenant = true;
	leaf->names_system |= system_column(name);
}

static void mark_tenants(struct analysis *analysis, const char *name)
{
	for (struct level *level = analysis->rewrite->level; level; level = level->outer)
		for (struct leaf *leaf = level->leaves; leaf; leaf = leaf->next) {
			mark_tenant(leaf, name);
			leaf->bare_system |= system_column(name) > 0;
		}
}

static bool column_reference(struct analysis *analysis, Node **place)
{
	ColumnRef *reference = (ColumnRef *)*place;
	size_t leaves = 1;
	for (struct level *level = analysis->rewrite->level; level; level = level->outer)
		leaves += 1 + level->n_leaves;
	if (!rewrite_work(analysis, leaves))
		return false;
	int n = list_length(reference->fields);
	Node *last = llast(reference->fields);
	if (n == 1) {
		if (IsA(last, A_Star))
			return true;
		mark_tenants(analysis, strVal(last));
		struct leaf *leaf = scope_leaf(analysis->rewrite->level, reference->fields, 1);
		if (leaf == NULL || leaf->kind == LEAF_OTHER ||
			is_column_somewhere(analysis, analysis->rewrite->level, strVal(last)))
			return true;
		leaf->alone = reference;
		return mark_whole_row(analysis, leaf, place);
	}
	struct leaf *leaf = scope_leaf(analysis->rewrite->level, reference->fields, n - 1);
	if (leaf && n > 2 && leaf->kind != LEAF_OTHER)
		note_qualified(analysis, leaf, reference);
	else if (leaf && n == 2)
		leaf->alone = reference;
	if (IsA(last, A_Star))
		return leaf == NULL || leaf->kind == LEAF_OTHER || mark_whole_row(analysis, leaf, place);
	const char *name = strVal(last);
	if (leaf)
		mark_tenant(leaf, name);
	if (leaf && (leaf_has_column(analysis, leaf, name) == COLUMN_YES || system_column(name) > 0))
		return true;
	/* a name that is no column may be a function: `o.leak` is leak(o) */
	if (!function_attribute(analysis, name, reference->location))
		return false;
	bool calls;
	if (leaf == NULL)
		return true;
	if (!row_attribute(analysis, leaf, name, place, &calls))
		return false;
	if (calls || !leaf_hides(analysis, leaf))
		return true;
	if (leaf->target)
		return analysis_refuse(analysis, "42703", reference->location,
							   text_concat("column ", leaf->name, ".", name, " does not exist", NULL), NULL,
							   NULL);
	leaf->whole_row = leaf->star_row = true;
	return true;
}

struct leaf *row_leaf(struct analysis *analysis, struct level *level, const Node *value)
{
	if (value == NULL || !IsA(value, ColumnRef) || list_length(((const ColumnRef *)value)->fields) != 1)
		return NULL;
	const List *fields = ((const ColumnRef *)value)->fields;
	if (!IsA(linitial(fields), String) || is_column_somewhere(analysis, level, strVal(linitial(fields))))
		return NULL;
	struct leaf *leaf = scope_leaf(level, fields, 1);
	if (leaf)
		leaf->alone = (const ColumnRef *)value;
	return leaf;
}

const struct catalog_relation *hidden_row_type(struct analysis *analysis, const TypeName *type)
{
	int n = list_length(type->names);
	if (n < 1 || n > 2 || type->arrayBounds || type->setof || type->pct_type ||
		(n == 2 && same_name(strVal(linitial(type->names)), "pg_catalog")))
		return NULL;
	RangeVar name = {.type = T_RangeVar,
					 .schemaname = n > 1 ? strVal(linitial(type->names)) : NULL,
					 .relname = strVal(llast(type->names)),
					 .location = -1};
	bool temporary;
	const struct catalog_relation *relation = scope_relation(analysis, &name, &temporary);
	return relation && !temporary && relation->tenant_column >= 0 &&
				   column_hidden(analysis, relation, relation->tenant_column)
			   ? relation
			   : NULL;
}

static bool field_sources(struct analysis *analysis, List *list)
{
	ListCell *cell;
	foreach (cell, list)
		if (!field_source(analysis, (Node **)&lfirst(cell)))
			return false;
	return true;
}

/* What a column is taken out of: `(c).name`, `(array_agg(c))[1].name`. The row is never shown, so it may stay
 * the table's own; as a record the server would not know its columns. */
bool field_source(struct analysis *analysis, Node **place)
{
	Node *node = *place;
	if (node == NULL)
		return true;
	struct leaf *leaf = row_leaf(analysis, analysis->rewrite->level, node);
	if (leaf) {
		leaf->keeps_row = true;
		return true;
	}
	if (!rewrite_enter(analysis))
		return false;
	bool ok;
	switch (nodeTag(node)) {
	case T_A_Indirection:
		ok = IsA(linitial(((A_Indirection *)node)->indirection), A_Indices) && !price_due(analysis, node)
				 ? walk_list(analysis, ((A_Indirection *)node)->indirection) &&
					   field_source(analysis, &((A_Indirection *)node)->arg)
				 : walk(analysis, place);
		break;
	case T_A_ArrayExpr:
		ok = field_sources(analysis, ((A_ArrayExpr *)node)->elements);
		break;
	case T_CoalesceExpr:
		ok = field_sources(analysis, ((CoalesceExpr *)node)->args);
		break;
	case T_CaseExpr: {
		CaseExpr *choice = (CaseExpr *)node;
		ok = walk(analysis, (Node **)&choice->arg) && field_source(analysis, (Node **)&choice->defresult);
		ListCell *cell;
		foreach (cell, choice->args)
			ok = ok && walk(analysis, (Node **)&((CaseWhen *)lfirst(cell))->expr) &&
				 field_source(analysis, (Node **)&((CaseWhen *)lfirst(cell))->result);
		break;
	}
	case T_FuncCall: {
		FuncCall *call = (FuncCall *)node;
		if (passes_row(analysis, call)) {
			List *rest = list_copy_tail(call->args, 1);
			ok = moved_name(analysis, node) && function_policy(analysis, call) &&
				 field_source(analysis, (Node **)&linitial(call->args)) && walk_list(analysis, rest) &&
				 walk_list(analysis, call->agg_order) && walk(analysis, &call->agg_filter) &&
				 walk(analysis, (Node **)&call->over);
		} else {
			ok = walk(analysis, place);
		}
		break;
	}
	case T_TypeCast:
		ok = moved_name(analysis, node) && walk_cast(analysis, place, ROW_FIELDS);
		break;
	case T_SubLink:
		if (((SubLink *)node)->subLinkType == EXPR_SUBLINK || ((SubLink *)node)->subLinkType == ARRAY_SUBLINK)
			analysis->rewrite->rows_stay = ((SubLink *)node)->subselect;
		ok = walk(analysis, place);
		break;
	default:
		ok = walk(analysis, place);
	}
	rewrite_leave(analysis);
	return ok;
}

static bool indirection(struct analysis *analysis, A_Indirection *expression)
{
	struct leaf *leaf = row_leaf(analysis, analysis->rewrite->level, expression->arg);
	bool field = false, calls;
	ListCell *cell;
	foreach (cell, expression->indirection) {
		Node *step = lfirst(cell);
		if (!IsA(step, String))
			continue;
		field = true;
		if (leaf && cell == list_head(expression->indirection)) {
			mark_tenant(leaf, strVal(step));
			if (leaf_has_column(analysis, leaf, strVal(step)) == COLUMN_YES)
				continue;
			if (!row_attribute(analysis, leaf, strVal(step), NULL, &calls))
				return false;
		}
		if (!function_attribute(analysis, strVal(step), exprLocation((Node *)expression)))
			return false;
	}
	if (!walk_list(analysis, expression->indirection))
		return false;
	/* Also `(c).*` in an expression, where it is not spelled out: the server refuses it. */
	if (leaf && (field || IsA(llast(expression->indirection), A_Star)))
		return true;
	field |= star_row_source(analysis, analysis->rewrite->level, (Node *)expression) != NULL;
	return field ? field_source(analysis, &expression->arg) : walk(analysis, &expression->arg);
}

/* SubLink's location is that of its first own token. */
size_t sublink_open(const struct analysis *analysis, const SubLink *link)
{
	const struct tokens *tokens = analysis->tokens;
	size_t i = tokens_at(tokens, link->location);
	switch (link->subLinkType) {
	case EXISTS_SUBLINK:
	case ARRAY_SUBLINK:
		return i + 1;
	case EXPR_SUBLINK:
		return i;
	case ANY_SUBLINK:
	case ALL_SUBLINK:
		if (link->operName == NIL)
			return keyword_at(analysis, i, tokens->n) == KEYWORD_NOT ? i + 2 : i + 1;
		for (; i < tokens->n; i = token_skip(tokens, i)) {
			enum keyword keyword = token_keyword(tokens, i);
			if (keyword == KEYWORD_ANY || keyword == KEYWORD_ALL || keyword == KEYWORD_SOME)
				return i + 1;
		}
		return i;
	default:
		return tokens->n;
	}
}

static bool sublink(struct analysis *analysis, SubLink *link)
{
	if ((link->operName && !operator_policy(analysis, link->operName, link->location)) ||
		!walk(analysis, &link->testexpr) || !rewrite_tokens(analysis))
		return false;
	size_t open = sublink_open(analysis, link);
	if (!is_open(analysis, open, analysis->tokens->n))
		return rewrite_lost(analysis, link->location);
	size_t end = token_at(analysis, open)->match;
	return rewrite_query(analysis, &link->subselect, open + 1, end) != NULL &&
		   price_fence(analysis, link->subselect, end_before(analysis, end));
}

static bool function_call(struct analysis *analysis, FuncCall *call)
{
	enum row_use use = row_use(analysis, (Node *)call);
	return function_policy(analysis, call) && walk_arguments(analysis, call, use) &&
		   populate_base(analysis, call, use) && walk_list(analysis, call->agg_order) &&
		   walk(analysis, &call->agg_filter) && walk(analysis, (Node **)&call->over);
}

static bool window(struct analysis *analysis, WindowDef *definition)
{
	return walk_list(analysis, definition->partitionClause) && walk_list(analysis, definition->orderClause) &&
		   walk(analysis, &definition->startOffset) && walk(analysis, &definition->endOffset);
}

static bool parameter(struct analysis *analysis, const ParamRef *parameter)
{
	if (parameter->number > 0 && (unsigned)parameter->number > analysis->rewrite->max_parameter)
		analysis->rewrite->max_parameter = parameter->number;
	return true;
}

static bool refuse_node(struct analysis *analysis, const Node *node)
{
	return analysis_refuse(
		analysis, "0A000", -1, "tenantry does not know this kind of expression",
		analysis_text("Node type %d of PostgreSQL's parser is not on the list of known expressions.",
					  (int)nodeTag(node)),
		"Please report the statement.");
}

/* Does it compare its operands, or join them as texts? */
static bool is_comparison(const A_Expr *expression)
{
	static const char *const names[] = {"=", "<>", "<", "<=", ">", ">=", "||"};
	switch (expression->kind) {
	case AEXPR_OP:
	case AEXPR_OP_ANY:
	case AEXPR_OP_ALL:
		break;
	default:
		return expression->kind != AEXPR_NULLIF;
	}
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (same_name(strVal(llast(expression->name)), names[i]))
			return list_length(expression->name) == 1 ||
				   same_name(strVal(linitial(expression->name)), "pg_catalog");
	return false;
}

static bool walk_used(struct analysis *analysis, List *list, enum row_use use)
{
	ListCell *cell;
	foreach (cell, list) {
		row_used(analysis, lfirst(cell), use);
		if (!walk(analysis, (Node **)&lfirst(cell)))
			return false;
	}
	return true;
}

static bool walk_operand(struct analysis *analysis, const A_Expr *expression, Node **place)
{
	Node *node = *place;
	if (node == NULL ||
		(!IsA(node, TypeCast) && !IsA(node, List) && !IsA(node, FuncCall) && !IsA(node, CaseExpr) &&
		 !IsA(node, CoalesceExpr)) ||
		!is_comparison(expression))
		return walk(analysis, place);
	if (IsA(node, List))
		return walk_used(analysis, (List *)node, ROW_OPERAND);
	row_used(analysis, node, ROW_OPERAND);
	return walk(analysis, place);
}

static bool walk_more(struct analysis *analysis, Node *node);
static bool walk_priced(struct analysis *analysis, Node **place, bool named);

static bool walk_node(struct analysis *analysis, Node **place)
{
	Node *node = *place;
	switch (nodeTag(node)) {
	case T_A_Const:
	case T_A_Star:
	case T_SetToDefault:
	case T_SQLValueFunction:
	case T_CurrentOfExpr:
	case T_String:
	case T_Integer:
	case T_Float:
	case T_Boolean:
	case T_BitString:
		return true;
	case T_ParamRef:
		return parameter(analysis, (ParamRef *)node);
	case T_ColumnRef:
		return column_reference(analysis, place);
	case T_List:
		return walk_list(analysis, (List *)node);
	case T_A_Expr:
		return operator_used(analysis, (A_Expr *)node) &&
			   walk_operand(analysis, (A_Expr *)node, &((A_Expr *)node)->lexpr) &&
			   walk_operand(analysis, (A_Expr *)node, &((A_Expr *)node)->rexpr);
	case T_BoolExpr:
		return walk_list(analysis, ((BoolExpr *)node)->args);
	case T_TypeCast:
		return walk_cast(analysis, place, row_use(analysis, node));
	case T_FuncCall:
		return function_call(analysis, (FuncCall *)node);
	case T_SubLink:
		return sublink(analysis, (SubLink *)node);
	case T_ResTarget:
		return walk_list(analysis, ((ResTarget *)node)->indirection) &&
			   walk_priced(analysis, &((ResTarget *)node)->val, !((ResTarget *)node)->name);
	case T_A_Indirection:
		return indirection(analysis, (A_Indirection *)node);
	default:
		return walk_more(analysis, node);
	}
}

/* The rarer ones. */
/* What is done with the whole is done with each result. */
static bool walk_case(struct analysis *analysis, CaseExpr *choice)
{
	enum row_use use = row_use(analysis, (Node *)choice);
	ListCell *cell;
	if (!walk(analysis, (Node **)&choice->arg))
		return false;
	foreach (cell, choice->args) {
		CaseWhen *when = lfirst(cell);
		if (!walk(analysis, (Node **)&when->expr))
			return false;
		row_used(analysis, (Node *)when->result, use);
		if (!walk(analysis, (Node **)&when->result))
			return false;
	}
	row_used(analysis, (Node *)choice->defresult, use);
	return walk(analysis, (Node **)&choice->defresult);
}

static bool walk_more(struct analysis *analysis, Node *node)
{
#define WALK(type, member)      walk(analysis, (Node **)&((type *)node)->member)
#define WALK_LIST(type, member) walk_list(analysis, ((type *)node)->member)
	switch (nodeTag(node)) {
	case T_A_Indices:
		return WALK(A_Indices, lidx) && WALK(A_Indices, uidx);
	case T_A_ArrayExpr:
		return walk_used(analysis, ((A_ArrayExpr *)node)->elements, row_use(analysis, node));
	case T_NamedArgExpr:
		return WALK(NamedArgExpr, arg);
	case T_MultiAssignRef:
		/* all columns of one assignment share one source: once is enough */
		return ((MultiAssignRef *)node)->colno > 1 || WALK(MultiAssignRef, source);
	case T_CollateClause:
		return WALK(CollateClause, arg);
	case T_SortBy: {
		const SortBy *sort = (SortBy *)node;
		if (analysis->rewrite->level && analysis->rewrite->level->sent)
			row_used(analysis, sort->node, ROW_OPERAND);
		return (!sort->useOp || operator_policy(analysis, sort->useOp, sort->location)) && WALK(SortBy, node);
	}
	case T_WindowDef:
		return window(analysis, (WindowDef *)node);
	case T_GroupingSet:
		return WALK_LIST(GroupingSet, content);
	case T_GroupingFunc:
		return WALK_LIST(GroupingFunc, args);
	case T_CaseExpr:
		return walk_case(analysis, (CaseExpr *)node);
	case T_CaseWhen:
		return WALK(CaseWhen, expr) && WALK(CaseWhen, result);
	case T_MinMaxExpr:
		return WALK_LIST(MinMaxExpr, args);
	case T_CoalesceExpr:
		return walk_used(analysis, ((CoalesceExpr *)node)->args, row_use(analysis, node));
	case T_RowExpr:
		return row_stars(analysis, &((RowExpr *)node)->args) && WALK_LIST(RowExpr, args) &&
			   row_value_stars(analysis, &((RowExpr *)node)->args);
	case T_XmlExpr:
		return WALK_LIST(XmlExpr, named_args) && WALK_LIST(XmlExpr, args);
	case T_XmlSerialize:
		return WALK(XmlSerialize, expr);
	case T_NullTest:
		row_used(analysis, (Node *)((NullTest *)node)->arg, ROW_OPERAND);
		return WALK(NullTest, arg);
	case T_BooleanTest:
		return WALK(BooleanTest, arg);
	case T_IndexElem:
		return WALK(IndexElem, expr);
	default:
		return refuse_node(analysis, node);
	}
#undef WALK
#undef WALK_LIST
}

/* `named`: it is a column of a result without a label, which keeps its name. */
static bool walk_priced(struct analysis *analysis, Node **place, bool named)
{
	if (*place == NULL)
		return true;
	if (!rewrite_enter(analysis))
		return false;
	bool due = price_due(analysis, *place);
	const char *name = due && named ? expression_name(*place) : NULL;
	bool ok =
		moved_name(analysis, *place) && walk_node(analysis, place) && (!due || price(analysis, place, name));
	rewrite_leave(analysis);
	return ok;
}

bool walk(struct analysis *analysis, Node **place)
{
	return walk_priced(analysis, place, false);
}

bool walk_list(struct analysis *analysis, List *list)
{
	ListCell *cell;
	foreach (cell, list)
		if (!walk(analysis, (Node **)&lfirst(cell)))
			return false;
	return true;
}
