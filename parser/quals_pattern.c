/* May a pattern of LIKE end in its escape? See quals_pattern.h. */
#include "parser/quals_pattern.h"

#include "parser/created.h"
#include "parser/quals_internal.h"
#include "parser/tree.h"

enum { OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_TEXT = 25, OID_UNKNOWN = 705, OID_VARCHAR = 1043 };
enum { PARAMETERS_MOST = 65535 };

/* --- what a pattern is made of --- */

static const char *constant_text(const Node *node)
{
	const A_Const *constant = (const A_Const *)node;
	return IsA(node, A_Const) && !constant->isnull && IsA(&constant->val, String) ? strVal(&constant->val)
																				  : NULL;
}

/* Of an array, if it is written as one: all of them. */
static bool has_no_escape(const Node *node)
{
	ListCell *cell;
	const char *text = constant_text(node);
	if (!IsA(node, A_ArrayExpr))
		return text && strchr(text, '\\') == NULL;
	foreach (cell, ((const A_ArrayExpr *)node)->elements)
		if (IsA(lfirst(cell), A_ArrayExpr) || !has_no_escape(lfirst(cell)))
			return false;
	return true;
}

/* Of any length: a shorter one cuts. */
static bool is_text_type(const struct quals *quals, const TypeName *type)
{
	const char *name = strVal(llast(type->names));
	if (type->arrayBounds || type->typmods || type->setof || type->pct_type ||
		(strcmp(name, "text") != 0 && strcmp(name, "varchar") != 0))
		return false;
	if (list_length(type->names) > 1)
		return strcmp(strVal(linitial(type->names)), "pg_catalog") == 0;
	/* listed only beside another type of its name */
	return !catalog_type(quals->analysis->catalog, false, "pg_catalog", name);
}

static bool is_own(const struct quals *quals, const List *name, bool operator)
{
	const struct catalog_name *entry = quals_known(quals, strVal(llast(name)));
	if (list_length(name) > 1 && strcmp(strVal(linitial(name)), "pg_catalog") != 0)
		return true;
	return entry && (operator? entry->strange_operator : entry->own_function);
}

/* upper(x), lower(x): gives x; NULL: something else. */
static const Node *changed_case(const struct quals *quals, const Node *node)
{
	const FuncCall *call = (const FuncCall *)node;
	if (!IsA(node, FuncCall) || list_length(call->args) != 1 || call->agg_order || call->agg_filter ||
		call->over || call->agg_within_group || call->agg_star || call->agg_distinct || call->func_variadic)
		return NULL;
	const char *name = strVal(llast(call->funcname));
	bool known =
		(strcmp(name, "upper") == 0 || strcmp(name, "lower") == 0) && !is_own(quals, call->funcname, false);
	return known && !IsA(linitial(call->args), NamedArgExpr) ? linitial(call->args) : NULL;
}

/* x LIKE y ESCAPE '': backslashes are doubled. Gives y. */
static const Node *without_escape(const Node *node)
{
	const FuncCall *call = (const FuncCall *)node;
	if (!IsA(node, FuncCall) || list_length(call->funcname) != 2 || list_length(call->args) != 2 ||
		strcmp(strVal(linitial(call->funcname)), "pg_catalog") != 0 ||
		strcmp(strVal(lsecond(call->funcname)), "like_escape") != 0)
		return NULL;
	const char *escape = constant_text(lsecond(call->args));
	return escape && !*escape ? linitial(call->args) : NULL;
}

/* a || b. Of the server's own operators of this name only that of texts gives something that has LIKE, or takes upper(), but for
 * that of bytea, which joins bytes likewise; extensions have them for types of their own. */
static const A_Expr *joined(const struct quals *quals, const Node *node)
{
	const A_Expr *expression = (const A_Expr *)node;
	return IsA(node, A_Expr) && expression->kind == AEXPR_OP && expression->lexpr && expression->rexpr &&
				   strcmp(strVal(llast(expression->name)), "||") == 0 &&
				   !is_own(quals, expression->name, true)
			   ? expression
			   : NULL;
}

static uint32_t declared_type(const struct quals *quals, int number)
{
	const struct guard_request *request = quals->analysis->request;
	return number > 0 && (size_t)number <= request->n_parameter_types ? request->parameter_types[number - 1]
																	  : 0;
}

/* Whatever is not declared: arrays and the like have no LIKE, and cannot be joined with a text. */
static bool is_plain_parameter(const struct quals *quals, const Node *node)
{
	if (!IsA(node, ParamRef))
		return false;
	switch (declared_type(quals, ((const ParamRef *)node)->number)) {
	case 0:
	case OID_UNKNOWN:
	case OID_TEXT:
	case OID_VARCHAR:
	case OID_INT2:
	case OID_INT4:
	case OID_INT8:
		return true;
	default:
		return false;
	}
}

static bool enter(struct quals *quals)
{
	return ++quals->depth <= quals->analysis->policy->max_depth;
}

/* value::text; NULL: something else. */
static const Node *cast_value(const struct quals *quals, const Node *node)
{
	const TypeCast *cast = (const TypeCast *)node;
	return IsA(node, TypeCast) && is_text_type(quals, cast->typeName) ? cast->arg : NULL;
}

/* Is a parameter's value looked at when it is bound? */
static bool is_looked_at(const struct pattern_list *list, int number)
{
	size_t low = 0, high = list->n;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (list->parameters[middle] < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < list->n && list->parameters[low] == number;
}

/* Which parameters may come last. */
enum last {
	LAST_NONE,
	LAST_LOOKED_AT, /* those of the list */
	LAST_TEXT,      /* any that may be looked at */
};

static bool is_last(const struct quals *quals, const Node *node, enum last last)
{
	int number = ((const ParamRef *)node)->number;
	uint32_t type = declared_type(quals, number);
	if (last == LAST_LOOKED_AT)
		return is_looked_at(&quals->analysis->patterns, number);
	return last == LAST_TEXT && (type == 0 || type == OID_UNKNOWN || type == OID_TEXT || type == OID_VARCHAR);
}

/* What is known of a part of a pattern. */
enum {
	PART_TEXT = 1,  /* computing it cannot fail, whatever the parameters are */
	PART_PLAIN = 2, /* something that is there and is no backslash comes last */
	PART_SOUND = 4, /* the backslashes at its end are even in number; it is a text, too */
};

static unsigned part_of_value(const struct quals *quals, const Node *node, enum last last)
{
	const char *text = constant_text(node);
	if (text)
		return PART_TEXT | (strchr(text, '\\') ? 0u : PART_SOUND | (*text ? (unsigned)PART_PLAIN : 0u));
	if (!is_plain_parameter(quals, node))
		return 0;
	return PART_TEXT | (is_last(quals, node, last) ? (unsigned)PART_SOUND : 0u);
}

static unsigned part_of(struct quals *quals, const Node *node, enum last last);

static unsigned part_of_both(struct quals *quals, const A_Expr *both, enum last last)
{
	unsigned left = part_of(quals, both->lexpr, last), right = part_of(quals, both->rexpr, last);
	unsigned part = left & right & (PART_TEXT | PART_SOUND);
	return left & PART_TEXT && right & PART_PLAIN ? part | PART_PLAIN | PART_SOUND : part;
}

static unsigned part_made(struct quals *quals, const Node *node, enum last last)
{
	const A_Expr *both = joined(quals, node);
	if (both)
		return part_of_both(quals, both, last);
	const Node *value = changed_case(quals, node);
	if (value)
		return part_of(quals, value, last) & (PART_TEXT | PART_SOUND);
	value = without_escape(node);
	return value && part_of(quals, value, last) & PART_TEXT ? PART_TEXT | PART_SOUND : 0;
}

static unsigned part_of(struct quals *quals, const Node *node, enum last last)
{
	const Node *value = cast_value(quals, node);
	if (value)
		return part_of_value(quals, value, last);
	if (IsA(node, A_Const) || IsA(node, ParamRef))
		return part_of_value(quals, node, last);
	if ((!IsA(node, A_Expr) && !IsA(node, FuncCall)) || !enter(quals))
		return 0;
	unsigned part = part_made(quals, node, last);
	quals->depth--;
	return part;
}

static bool is_sound(struct quals *quals, const Node *node, enum last last)
{
	return part_of(quals, node, last) & PART_SOUND;
}

/* What stands behind LIKE; elements of an array are something else. */
static bool is_one_pattern(const A_Expr *expression)
{
	return expression->kind == AEXPR_LIKE || expression->kind == AEXPR_ILIKE || expression->kind == AEXPR_OP;
}

bool quals_is_pattern(const A_Expr *expression)
{
	return expression->kind == AEXPR_LIKE || expression->kind == AEXPR_ILIKE ||
		   strstr(quals_operator(expression), "~~") != NULL;
}

bool quals_pattern_is_sound(struct quals *quals, const A_Expr *expression)
{
	if (!is_one_pattern(expression))
		return has_no_escape(expression->rexpr);
	return is_sound(quals, expression->rexpr, LAST_NONE);
}

bool quals_pattern_is_looked_at(struct quals *quals, const A_Expr *expression)
{
	return quals_pattern_is_sound(quals, expression) ||
		   (is_one_pattern(expression) && is_sound(quals, expression->rexpr, LAST_LOOKED_AT));
}

/* --- which parameters to look at --- */

/* Of one parameter. */
struct use {
	unsigned all;      /* how often it is used */
	unsigned patterns; /* .. as a part of patterns */
	bool last;
};

struct uses {
	struct quals quals;
	struct use *list; /* by number */
	size_t room;
	int most;
	bool tested; /* a relation is named that has rows of tenants */
	bool bytes;  /* .. and one that has bytea, a pattern of which is told from its value in another way */
	bool in_pattern;
};

/* True: stop, something is not understood. */
static bool look(Node *node, void *to);

static struct use *use_of(struct uses *uses, int number)
{
	if (number <= 0 || number > PARAMETERS_MOST)
		return NULL;
	if ((size_t)number >= uses->room) {
		size_t room = 2 * (size_t)number + 8;
		struct use *list = palloc0(room * sizeof *list);
		if (uses->room)
			memcpy(list, uses->list, uses->room * sizeof *list);
		uses->list = list;
		uses->room = room;
	}
	if (number > uses->most)
		uses->most = number;
	return &uses->list[number];
}

static bool look_at_parameter(struct uses *uses, const ParamRef *parameter)
{
	struct use *use = use_of(uses, parameter->number);
	if (!use)
		return true;
	use->all++;
	use->patterns += uses->in_pattern;
	return false;
}

/* Of what is PART_SOUND. True: it is PART_PLAIN, and nothing is to be looked at. */
static bool mark_last(struct uses *uses, const Node *node)
{
	const struct quals *quals = &uses->quals;
	const Node *value = cast_value(quals, node);
	const A_Expr *both = joined(quals, node);
	if (IsA(node, A_Const))
		return *constant_text(node);
	if (IsA(node, ParamRef))
		use_of(uses, ((const ParamRef *)node)->number)->last = true;
	else if (value)
		return mark_last(uses, value);
	else if (both)
		return mark_last(uses, both->rexpr) || (mark_last(uses, both->lexpr), false);
	else if ((value = changed_case(quals, node)))
		mark_last(uses, value);
	return false;
}

static bool look_at_pattern(struct uses *uses, A_Expr *expression)
{
	bool sound = is_sound(&uses->quals, expression->rexpr, LAST_TEXT);
	if (look(expression->lexpr, uses))
		return true;
	uses->in_pattern = sound;
	bool stop = look(expression->rexpr, uses);
	uses->in_pattern = false;
	if (sound && !stop)
		mark_last(uses, expression->rexpr);
	return stop;
}

static bool look_at_relation(struct uses *uses, const RangeVar *range)
{
	const struct catalog_name *entry = quals_known(&uses->quals, range->relname);
	uses->tested |= entry && entry->relation;
	uses->bytes |= entry && entry->hazards & HAZARD_BYTES;
	return false;
}

/* What the library's walker takes apart, and has all of its parameters in what it shows. */
static bool is_known(const Node *node)
{
	return tree_is_clause(node) || quals_is_inner(node);
}

static bool look_at_node(struct uses *uses, Node *node)
{
	ListCell *cell;
	if (IsA(node, ParamRef))
		return look_at_parameter(uses, (const ParamRef *)node);
	if (IsA(node, RangeVar))
		return look_at_relation(uses, (const RangeVar *)node);
	if (quals_is_leaf(node) || IsA(node, Alias) || IsA(node, ColumnDef))
		return false;
	if (IsA(node, RangeFunction)) {
		foreach (cell, ((const RangeFunction *)node)->functions)
			if (look(linitial((List *)lfirst(cell)), uses))
				return true;
		return false;
	}
	if (IsA(node, A_Expr) && quals_is_pattern((const A_Expr *)node) && is_one_pattern((const A_Expr *)node) &&
		((const A_Expr *)node)->rexpr && !uses->in_pattern)
		return look_at_pattern(uses, (A_Expr *)node);
	return !is_known(node) || raw_expression_tree_walker(node, look, uses);
}

static bool look(Node *node, void *to)
{
	struct uses *uses = to;
	if (node == NULL)
		return false;
	if (!enter(&uses->quals))
		return true;
	bool stop = look_at_node(uses, node);
	uses->quals.depth--;
	return stop;
}

/* Operators of the database's own may take something for a pattern that is not text. */
static bool are_patterns_strange(const struct quals *quals)
{
	static const char *const PATTERNS[] = {"~~", "!~~", "~~*", "!~~*", NULL};
	for (const char *const *name = PATTERNS; *name; name++) {
		const struct catalog_name *entry = quals_known(quals, *name);
		if (entry && entry->strange_operator)
			return true;
	}
	return false;
}

/* Its value is the text that comes last: the server takes the type of what is not declared from where it is used. */
static bool may_be_looked_at(const struct uses *uses, int number)
{
	const struct use *use = &uses->list[number];
	uint32_t type = declared_type(&uses->quals, number);
	return use->last &&
		   (type == OID_TEXT || type == OID_VARCHAR || (use->patterns == use->all && !uses->bytes));
}

/* Is LIKE or its operator in the text? Most statements need no further look. */
static bool names_pattern(const struct analysis *analysis)
{
	const char *at = analysis->text + analysis->statement_start, *end = at + analysis->statement_length;
	for (; at + 1 < end; at++)
		if ((*at == '~' && at[1] == '~') ||
			((*at | 32) == 'l' && end - at >= 4 && strncasecmp(at, "like", 4) == 0))
			return true;
	return false;
}

void quals_find_patterns(struct analysis *analysis, const Node *statement)
{
	struct pattern_list *list = &analysis->patterns;
	struct uses uses = {.quals = {.analysis = analysis}};
	*list = (struct pattern_list){0};
	if (analysis->request->protocol != PROTOCOL_EXTENDED || !names_pattern(analysis))
		return;
	if (IsA(statement, ExplainStmt))
		statement = ((const ExplainStmt *)statement)->query;
	/* no other: a parameter of PREPARE is not one of the message */
	if (!IsA(statement, SelectStmt) && !IsA(statement, InsertStmt) && !IsA(statement, UpdateStmt) &&
		!IsA(statement, DeleteStmt) && !IsA(statement, MergeStmt))
		return;
	if (look((Node *)statement, &uses) || !uses.tested || uses.most == 0 || are_patterns_strange(&uses.quals))
		return;
	list->parameters = palloc((size_t)uses.most * sizeof *list->parameters);
	for (int number = 1; number <= uses.most; number++)
		if (may_be_looked_at(&uses, number))
			list->parameters[list->n++] = number;
}
