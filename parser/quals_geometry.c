/* See quals_geometry.h. */
#include "parser/quals_geometry.h"

#include "parser/quals_internal.h"

/* A number that has an exponent or more digits is too much for what is computed from it. */
static bool is_moderate_text(const char *text)
{
	enum { MOST_DIGITS = 30 };
	for (size_t digits = 0; *text; text++) {
		digits = (*text >= '0' && *text <= '9') || *text == '.' ? digits + 1 : 0;
		if (digits > MOST_DIGITS || (*text | 32) >= 'a')
			return false;
	}
	return true;
}

static bool is_moderate(struct quals *quals, const Node *node);

static bool is_moderate_call(struct quals *quals, const FuncCall *call)
{
	static const char *const SHAPES[] = {"point", "circle", "box", "polygon", "path", "lseg", NULL};
	ListCell *cell;
	const char *name = strVal(llast(call->funcname));
	if (!quals_word_is_one_of(name, SHAPES) || quals_call_function(quals, name) ||
		++quals->depth > quals->analysis->policy->max_depth)
		return false;
	bool moderate = true;
	foreach (cell, call->args)
		moderate &= is_moderate(quals, lfirst(cell));
	quals->depth--;
	return moderate;
}

/* A shape that is written down, and is not so large or small that computing with it fails. */
static bool is_moderate(struct quals *quals, const Node *node)
{
	if (IsA(node, TypeCast))
		node = ((const TypeCast *)node)->arg;
	if (IsA(node, FuncCall))
		return is_moderate_call(quals, (const FuncCall *)node);
	const A_Const *constant = (const A_Const *)node;
	if (!IsA(node, A_Const) || constant->isnull)
		return false;
	return IsA(&constant->val, Integer) ||
		   (IsA(&constant->val, String) && is_moderate_text(strVal(&constant->val))) ||
		   (IsA(&constant->val, Float) && is_moderate_text(constant->val.fval.fval));
}

static bool find_geometry(Node *node, void *to)
{
	struct quals *quals = to;
	if (node == NULL)
		return false;
	if (IsA(node, ColumnRef)) {
		const Node *last = llast(((ColumnRef *)node)->fields);
		const struct catalog_name *entry = IsA(last, String) ? quals_known(quals, strVal(last)) : NULL;
		return (quals->hazards.renames && !quals->hazards.guessed) || !IsA(last, String) ||
			   (entry && entry->geometry_column);
	}
	if (++quals->depth > quals->analysis->policy->max_depth)
		return true;
	bool found = raw_expression_tree_walker(node, find_geometry, quals);
	quals->depth--;
	return found;
}

bool quals_is_distance(const A_Expr *expression)
{
	const char *name = strVal(llast(expression->name));
	return expression->kind == AEXPR_OP && expression->lexpr && expression->rexpr &&
		   (strcmp(name, "<->") == 0 || strcmp(name, "~>") == 0);
}

static bool is_coordinate(const A_Expr *expression)
{
	return strcmp(strVal(llast(expression->name)), "~>") == 0;
}

bool quals_is_of_shapes(const A_Expr *expression)
{
	static const char *const SHAPES[] = {"<@",  "@>",  "&&",  "<<", ">>", "&<", "&>",  "~=", "<<|",
										 "|>>", "&<|", "|&>", "<^", ">^", "~",  "<->", "~>", NULL};
	return expression->kind <= AEXPR_OP_ALL && quals_word_is_one_of(strVal(llast(expression->name)), SHAPES);
}

bool quals_is_computed_in_index(struct quals *quals, const A_Expr *expression)
{
	const Node *left = expression->lexpr, *right = expression->rexpr;
	if (!quals_is_of_shapes(expression))
		return false;
	if (is_coordinate(expression))
		return !IsA(right, A_Const) || !IsA(&((const A_Const *)right)->val, Integer) ||
			   intVal(&((const A_Const *)right)->val) == 0;
	if (!(quals->hazards.any & HAZARD_GEOMETRY) || (IsA(left, ColumnRef) && is_moderate(quals, right)) ||
		(IsA(right, ColumnRef) && is_moderate(quals, left)))
		return false;
	return find_geometry((Node *)left, quals) || find_geometry((Node *)right, quals);
}
