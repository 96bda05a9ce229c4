/* Expressions that deliver rows of a tenant relation, tenant column and all, without reading it: casts to its type,
 * jsonb_populate_record(NULL::c, ..); and `(..).*` over them. */
#include "parser/rewrite.h"

enum { WORK_FOR_A_COLUMN = 10 };

bool is_populate(const struct analysis *analysis, const FuncCall *call)
{
	static const char *const names[] = {"json_populate_record", "json_populate_recordset",
										"jsonb_populate_record", "jsonb_populate_recordset"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (same_name(strVal(llast(call->funcname)), names[i]))
			return call->args && !is_own_function(analysis, call->funcname);
	return false;
}

bool passes_row(const struct analysis *analysis, const FuncCall *call)
{
	static const char *const names[] = {"array_agg", "first_value", "last_value", "nth_value",
										"lag",       "lead",        "unnest"};
	if (is_populate(analysis, call))
		return true;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (same_name(strVal(llast(call->funcname)), names[i]))
			return call->args && !is_own_function(analysis, call->funcname);
	return false;
}

/* The sub-select or CTE that a column is of; NULL: something else, or it is called otherwise there. */
static const struct level *column_level(struct analysis *analysis, struct level *level, const List *fields)
{
	struct leaf *leaf = list_length(fields) == 2 ? scope_leaf(level, fields, 1) : NULL;
	const char *name = strVal(llast(fields));
	for (; level && !leaf && list_length(fields) == 1; level = level->outer)
		for (struct leaf *next = level->leaves; next && !leaf; next = next->next) {
			if (!rewrite_work(analysis, leaf_work(next)))
				return NULL;
			if (leaf_has_column(analysis, next, name) == COLUMN_YES)
				leaf = next;
		}
	bool renamed = leaf && (leaf->renamed || (leaf->alias && leaf->alias->colnames));
	return leaf && !renamed && !leaf->relation ? leaf->level : NULL;
}

static const struct catalog_relation *column_source(struct analysis *analysis, struct level *level,
													const List *fields)
{
	if (!IsA(llast(fields), String) || !IsA(linitial(fields), String))
		return NULL;
	const struct level *inner = column_level(analysis, level, fields);
	ListCell *cell;
	foreach (cell, inner ? inner->targets : NIL) {
		const ResTarget *target = lfirst(cell);
		const char *name = star_is((const Node *)target) ? NULL : target_name(target);
		if (!rewrite_work(analysis, 1))
			return NULL;
		if (name && same_name(name, strVal(llast(fields))))
			return row_source(analysis, (struct level *)inner, target->val);
	}
	return NULL;
}

static const struct catalog_relation *leaf_source(struct analysis *analysis, struct level *level,
												  const Node *value)
{
	const struct leaf *leaf = row_leaf(analysis, level, value);
	if (leaf == NULL)
		return column_source(analysis, level, ((const ColumnRef *)value)->fields);
	return leaf_hides(analysis, leaf) ? leaf->relation : NULL;
}

static const struct catalog_relation *first_source(struct analysis *analysis, struct level *level,
												   const List *list)
{
	return list ? row_source(analysis, level, linitial(list)) : NULL;
}

static const struct catalog_relation *source_of(struct analysis *analysis, struct level *level,
												const Node *value)
{
	switch (nodeTag(value)) {
	case T_ColumnRef:
		return leaf_source(analysis, level, value);
	case T_TypeCast:
		return array_row_type(analysis, ((const TypeCast *)value)->typeName);
	case T_FuncCall:
		return passes_row(analysis, (const FuncCall *)value)
				   ? first_source(analysis, level, ((const FuncCall *)value)->args)
				   : NULL;
	case T_CoalesceExpr:
		return first_source(analysis, level, ((const CoalesceExpr *)value)->args);
	case T_A_ArrayExpr:
		return first_source(analysis, level, ((const A_ArrayExpr *)value)->elements);
	case T_CaseExpr:
		return row_source(
			analysis, level,
			(const Node *)((const CaseWhen *)linitial(((const CaseExpr *)value)->args))->result);
	case T_A_Indirection: {
		const A_Indirection *part = (const A_Indirection *)value;
		return list_length(part->indirection) == 1 && IsA(linitial(part->indirection), A_Indices)
				   ? row_source(analysis, level, part->arg)
				   : NULL;
	}
	default:
		return NULL;
	}
}

const struct catalog_relation *row_source(struct analysis *analysis, struct level *level, const Node *value)
{
	if (value == NULL || !rewrite_enter(analysis))
		return NULL;
	const struct catalog_relation *relation = source_of(analysis, level, value);
	rewrite_leave(analysis);
	return relation;
}

const struct catalog_relation *star_row_source(struct analysis *analysis, struct level *level,
											   const Node *value)
{
	const A_Indirection *star = (const A_Indirection *)value;
	if (!IsA(star, A_Indirection) || list_length(star->indirection) != 1 || !star_is_value(value) ||
		(star_leaf(analysis, level, value) && !tree_list_has(analysis->rewrite->uncast, star->arg)))
		return NULL;
	return row_source(analysis, level, star->arg);
}

/* The parentheses of `(row).*`, as token indexes, and the byte of the asterisk. */
static bool find_star(struct analysis *analysis, const A_Indirection *star, size_t *open, size_t *asterisk)
{
	const struct tokens *tokens = analysis->tokens;
	const Node *row = star->arg;
	while (IsA(row, A_Indirection))
		row = ((const A_Indirection *)row)->arg;
	size_t i = tokens_at(tokens, (size_t)exprLocation(row));
	for (; i < tokens->n && rewrite_work(analysis, 1); i--) {
		const struct token *token = token_at(analysis, i);
		if (token->kind == TOKEN_CLOSE)
			i = token->match;
		else if (token->kind == TOKEN_OPEN && token->first == '(' && token->match + 2 < tokens->n &&
				 token_at(analysis, token->match + 1)->kind == TOKEN_DOT &&
				 token_at(analysis, token->match + 2)->first == '*') {
			*open = i;
			*asterisk = token_at(analysis, token->match + 2)->start;
			return true;
		}
		if (i == 0)
			break;
	}
	return rewrite_lost(analysis, -1);
}

bool row_star(struct analysis *analysis, const Node *value, const struct catalog_relation *relation,
			  size_t *asterisk, List **values)
{
	const A_Indirection *star = (const A_Indirection *)value;
	size_t open = 0, at = 0;
	if (!rewrite_tokens(analysis) || !find_star(analysis, star, &open, &at))
		return false;
	size_t start = token_at(analysis, open)->end,
		   end = token_at(analysis, token_at(analysis, open)->match)->start;
	bool first = true;
	for (size_t i = 0; i < relation->n_columns; i++) {
		const char *name = relation->columns[i].name;
		size_t work = WORK_FOR_A_COLUMN + analysis->splices.n;
		if (column_hidden(analysis, relation, i))
			continue;
		if (!first &&
			(!splice_text(analysis, at, 0, ", (") || !splice_again(analysis, at, start, end, &work) ||
			 !splice_text(analysis, at, 0, ").") || !rewrite_work(analysis, work)))
			return analysis->refused ? false : rewrite_lost(analysis, -1);
		if (!splice_text(analysis, at, 0, text_identifier(name)))
			return false;
		A_Indirection *field = MAKE(A_Indirection);
		field->arg = star->arg;
		field->indirection = list_make1(tree_string(name));
		*values = lappend(*values, field);
		first = false;
	}
	*asterisk = at;
	return !first || analysis_refuse(analysis, "0A000", exprLocation(value), "* stands for no visible column",
									 NULL, "Leave it out.");
}

bool row_value_stars(struct analysis *analysis, List **values)
{
	List *expanded = NIL;
	bool any = false;
	ListCell *cell;
	foreach (cell, *values) {
		Node *value = lfirst(cell);
		const struct catalog_relation *relation = star_row_source(analysis, analysis->rewrite->level, value);
		size_t asterisk;
		if (relation == NULL) {
			expanded = lappend(expanded, value);
			continue;
		}
		if (!row_star(analysis, value, relation, &asterisk, &expanded) ||
			!splice_text(analysis, asterisk, 1, NULL))
			return false;
		any = true;
	}
	if (any)
		*values = expanded;
	return !analysis->refused;
}
