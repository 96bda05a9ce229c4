/* FROM: the tree says what is joined, the tokens say where it stands.
 *
 * The tokens of a table_ref are parsed into a small tree of joins (the grammar's rules: an outer ON binds to
 * the nearest JOIN without one), which is then walked side by side with the raw tree. On the way down it is
 * decided where the predicate of each leaf belongs (REWRITING.md, "where the predicate goes"). */
#include "parser/rewrite.h"

#include <string.h>

/* A table_ref in the text: either a join of two, or a primary (anything without a join outside parentheses).
 */
struct text_item {
	struct text_item *left, *right; /* NULL: a primary */
	size_t begin, end;
	size_t on_begin, on_end; /* the join's ON expression, when it has one */
	size_t using_list;       /* the parenthesis behind USING, 0: there is none */
};

/* What is decided above a FROM item for everything below it. */
struct context {
	enum placement placement;
	struct join *join;
	const struct join_alias *below; /* NULL: below no join alias */
	struct leaf **first;            /* where the first leaf of FROM hangs: targets are before it */
};

/* Does a join operator begin at `i`? Returns the number of its tokens (NATURAL LEFT OUTER JOIN: 4), 0 if not.
 */
static size_t join_operator(const struct analysis *analysis, size_t i, size_t end)
{
	size_t n = 0;
	enum keyword keyword = keyword_at(analysis, i, end);
	if (keyword == KEYWORD_NATURAL || keyword == KEYWORD_CROSS)
		keyword = keyword_at(analysis, i + ++n, end);
	if (keyword == KEYWORD_LEFT || keyword == KEYWORD_RIGHT || keyword == KEYWORD_FULL) {
		keyword = keyword_at(analysis, i + ++n, end);
		if (keyword == KEYWORD_OUTER)
			keyword = keyword_at(analysis, i + ++n, end);
	} else if (keyword == KEYWORD_INNER) {
		keyword = keyword_at(analysis, i + ++n, end);
	}
	return keyword == KEYWORD_JOIN ? n + 1 : 0;
}

static bool needs_qualification(const struct analysis *analysis, size_t i, size_t end)
{
	enum keyword keyword = keyword_at(analysis, i, end);
	return keyword != KEYWORD_NATURAL && keyword != KEYWORD_CROSS;
}

static bool ends_item(const struct analysis *analysis, size_t i, size_t end)
{
	if (i >= end || token_at(analysis, i)->kind == TOKEN_COMMA)
		return true;
	enum keyword keyword = keyword_at(analysis, i, end);
	return keyword == KEYWORD_ON || keyword == KEYWORD_USING || join_operator(analysis, i, end) > 0;
}

static struct text_item *text_primary(struct analysis *analysis, size_t *at, size_t end)
{
	struct text_item *item = palloc0(sizeof *item);
	item->begin = *at;
	while (!ends_item(analysis, *at, end))
		*at = token_skip(analysis->tokens, *at);
	item->end = *at;
	return item;
}

/* USING (..) [AS alias] or ON expression, after which the join is complete. */
static void text_qualification(struct analysis *analysis, struct text_item *join, size_t *at, size_t end)
{
	bool on = keyword_at(analysis, *at, end) == KEYWORD_ON;
	if (*at < end && token_at(analysis, *at)->kind != TOKEN_COMMA)
		++*at;
	join->on_begin = *at;
	while (!ends_item(analysis, *at, end))
		*at = token_skip(analysis->tokens, *at);
	join->on_end = *at;
	if (!on) {
		join->using_list = join->on_begin;
		join->on_begin = join->on_end = 0;
	}
}

static struct text_item *text_table_ref(struct analysis *analysis, size_t *at, size_t end)
{
	if (!rewrite_enter(analysis))
		return NULL;
	struct text_item *left = text_primary(analysis, at, end);
	for (size_t operator; (operator= join_operator(analysis, *at, end)) > 0;) {
		bool qualified = needs_qualification(analysis, *at, end);
		struct text_item *join = palloc0(sizeof *join);
		join->begin = left->begin;
		join->left = left;
		*at += operator;
		join->right = qualified ? text_table_ref(analysis, at, end) : text_primary(analysis, at, end);
		if (join->right == NULL)
			return NULL;
		if (qualified)
			text_qualification(analysis, join, at, end);
		join->end = *at;
		left = join;
	}
	rewrite_leave(analysis);
	return left;
}

static bool place_item(struct analysis *analysis, struct level *level, Node **place,
					   const struct text_item *text, struct context context);

/* What stands in parentheses is a join that has to be read again from inside. */
static bool place_parenthesised(struct analysis *analysis, struct level *level, Node **place,
								const struct text_item *text, struct context context)
{
	if (!is_open(analysis, text->begin, text->end))
		return rewrite_lost(analysis, -1);
	size_t at = text->begin + 1, end = token_at(analysis, text->begin)->match;
	struct text_item *inner = text_table_ref(analysis, &at, end);
	if (inner == NULL)
		return false;
	if (at != end)
		return rewrite_lost(analysis, -1);
	return place_item(analysis, level, place, inner, context);
}

static struct join *add_join(struct level *level, JoinExpr *expression, const struct text_item *text,
							 const struct join_alias *below)
{
	struct join *join = palloc0(sizeof *join);
	*join = (struct join){.expression = expression,
						  .begin = text->on_begin,
						  .end = text->on_end,
						  .sight = {.first = level->leaves_end, .below = below}};
	*level->joins_end = join;
	level->joins_end = &join->next;
	return join;
}

static void add_merging(struct level *level, JoinExpr *expression, const struct text_item *text)
{
	struct merging *merging = palloc0(sizeof *merging);
	*merging = (struct merging){.expression = expression,
								.natural = text->left->end,
								.right_end = text->right->end,
								.using_list = text->using_list,
								.next = level->mergings};
	level->mergings = merging;
}

/* How many of the leaves from `first` on may have a column of this name. */
static int count_having(const struct analysis *analysis, const struct leaf *first, const char *name)
{
	int n = 0;
	for (const struct leaf *leaf = first; leaf; leaf = leaf->next)
		n += leaf_has_column(analysis, leaf, name) != COLUMN_NO;
	return n;
}

/* NATURAL compares all columns of one name. One tenant relation on each side: the tenant columns are compared
 * as well, which is harmless. Anything else that has a column of that name must not meet it, and it must not
 * be there twice on one side: wrapped, the leaves have none. `first` is the first leaf of the join. */
static bool hide_from_natural(struct analysis *analysis, struct leaf *first)
{
	for (struct leaf *leaf = first; leaf; leaf = leaf->next) {
		if (leaf->kind != LEAF_TENANT)
			continue;
		const char *name = tenant_name(leaf->relation);
		const struct leaf *second = first->next;
		bool pair =
			second && second->next == NULL && first->kind == LEAF_TENANT && second->kind == LEAF_TENANT;
		for (const struct leaf *other = first; other; other = other->next)
			if (!rewrite_work(analysis, leaf_work(other)))
				return false;
		if (!pair && count_having(analysis, first, name) > 1)
			leaf->placement = PLACE_WRAP;
	}
	return true;
}

/* USING (tenant_id), written by the application itself. */
static void mark_using(struct level *level, const List *names)
{
	ListCell *cell;
	foreach (cell, names)
		for (struct leaf *leaf = level->leaves; leaf; leaf = leaf->next)
			if (leaf->kind == LEAF_TENANT && strcmp(strVal(lfirst(cell)), tenant_name(leaf->relation)) == 0)
				leaf->names_tenant = true;
}

static bool place_join(struct analysis *analysis, struct level *level, JoinExpr *expression,
					   const struct text_item *text, struct context context)
{
	if (expression->isNatural || expression->usingClause) {
		level->merged = true;
		add_merging(level, expression, text);
	}
	struct join *join = NULL;
	if (expression->quals) {
		if (text->on_end <= text->on_begin)
			return rewrite_lost(analysis, -1);
		join = add_join(level, expression, text, context.below);
	}
	struct context nullable = context, left = context, right = context;
	nullable.placement = join && !context.below ? PLACE_ON : PLACE_WRAP;
	nullable.join = join;
	if (expression->jointype == JOIN_LEFT)
		right = nullable;
	else if (expression->jointype == JOIN_RIGHT)
		left = nullable;
	else if (expression->jointype == JOIN_FULL)
		left.placement = right.placement = PLACE_WRAP;
	struct leaf **first = level->leaves_end;
	if (!place_item(analysis, level, &expression->larg, text->left, left) ||
		!place_item(analysis, level, &expression->rarg, text->right, right))
		return false;
	if (join)
		join->sight.end = level->leaves_end;
	mark_using(level, expression->usingClause);
	return !expression->isNatural || hide_from_natural(analysis, *first);
}

size_t relation_end(const struct analysis *analysis, size_t begin, size_t end)
{
	size_t i = begin;
	if (keyword_at(analysis, i, end) == KEYWORD_ONLY)
		i++;
	if (is_open(analysis, i, end))
		return token_at(analysis, i)->match + 1;
	for (i++; i + 1 < end && token_at(analysis, i)->kind == TOKEN_DOT;)
		i += 2;
	if (i < end && token_at(analysis, i)->kind == TOKEN_OPERATOR && token_at(analysis, i)->first == '*')
		i++;
	return i;
}

static bool place_relation(struct analysis *analysis, struct level *level, struct leaf *leaf, RangeVar *range,
						   struct context context)
{
	if (!leaf_resolve(analysis, leaf, range, false))
		return false;
	/* a list of column names that reaches past the tenant column would name it: the list is for the visible
	 * columns */
	if (leaf->kind == LEAF_TENANT && leaf_hides(analysis, leaf) && leaf->alias &&
		list_length(leaf->alias->colnames) > leaf->relation->tenant_column)
		context.placement = PLACE_WRAP;
	if (range == analysis->rewrite->wrapped)
		context.placement = PLACE_WRAP;
	leaf->placement = context.placement;
	leaf->join = context.join;
	return true;
}

static bool place_subselect(struct analysis *analysis, struct leaf *leaf, RangeSubselect *subselect)
{
	size_t open = leaf->begin;
	if (keyword_at(analysis, open, leaf->end) == KEYWORD_LATERAL)
		open++;
	if (!is_open(analysis, open, leaf->end))
		return rewrite_lost(analysis, -1);
	leaf->alias = subselect->alias;
	leaf->name = subselect->alias ? subselect->alias->aliasname : NULL;
	if (leaf->name && !subselect->alias->colnames)
		analysis->rewrite->derived = (struct derived){.query = subselect->subquery, .name = leaf->name};
	leaf->level = rewrite_query(analysis, &subselect->subquery, open + 1, token_at(analysis, open)->match);
	return leaf->level != NULL &&
		   price_fence(analysis, subselect->subquery, end_before(analysis, token_at(analysis, open)->match));
}

/* jsonb_populate_record(NULL::c, ..), unnest(.. ::c[]) and their like deliver rows of c, tenant column and all. NULL:
 * something else. */
static const struct catalog_relation *delivered(struct analysis *analysis, const RangeFunction *function)
{
	const FuncCall *call = linitial((List *)linitial(function->functions));
	if (list_length(function->functions) != 1 || function->coldeflist ||
		lsecond((List *)linitial(function->functions)) || call == NULL || !IsA(call, FuncCall) ||
		list_length(call->args) == 0)
		return NULL;
	bool alone = is_populate(analysis, call)
					 ? IsA(linitial(call->args), TypeCast)
					 : list_length(call->args) == 1 && is_unnest(analysis, call->funcname);
	return alone ? row_source(analysis, analysis->rewrite->level, linitial(call->args)) : NULL;
}

/* LATERAL (SELECT visible columns FROM function) AS name: the alias stays where it stands. */
static bool wrap_delivered(struct analysis *analysis, struct leaf *leaf,
						   const struct catalog_relation *relation)
{
	RangeFunction *function = (RangeFunction *)*leaf->place;
	size_t begin = leaf->begin + (keyword_at(analysis, leaf->begin, leaf->end) == KEYWORD_LATERAL),
		   open = begin;
	while (open < leaf->end && !is_open(analysis, open, leaf->end))
		open++;
	if (open >= leaf->end)
		return rewrite_lost(analysis, -1);
	size_t last = token_at(analysis, open)->match + (function->ordinality ? 2 : 0);
	if (last >= leaf->end)
		return rewrite_lost(analysis, -1);
	size_t at = token_at(analysis, begin)->start, end = token_at(analysis, last)->end;
	SelectStmt *select = MAKE(SelectStmt);
	const char *columns = visible_columns(analysis, relation, false, &select->targetList);
	if (columns && function->ordinality) {
		columns = text_concat(columns, ", ordinality", NULL);
		select->targetList =
			lappend(select->targetList, tree_target(NULL, (Node *)tree_column(NULL, "ordinality")));
	}
	Alias *alias = function->alias ? function->alias : tree_alias(leaf->name);
	const char *lateral = function->lateral ? "(SELECT " : "LATERAL (SELECT ";
	if (!columns || !splice_text(analysis, at, 0, text_concat(lateral, columns, " FROM ", NULL)) ||
		!splice_text(analysis, end, 0,
					 function->alias ? ")" : text_concat(") AS ", text_identifier(leaf->name), NULL)))
		return false;
	function->alias = NULL;
	function->lateral = false;
	select->fromClause = list_make1(function);
	RangeSubselect *subselect = tree_subselect((Node *)select, alias);
	subselect->lateral = true;
	*leaf->place = (Node *)subselect;
	ListCell *cell;
	foreach (cell, select->targetList)
		leaf->columns = lappend(leaf->columns, tree_string(target_name(lfirst(cell))));
	return true;
}

static bool place_function(struct analysis *analysis, struct leaf *leaf, RangeFunction *function)
{
	leaf->alias = function->alias;
	Node *first = linitial((List *)linitial(function->functions));
	if (function->alias)
		leaf->name = function->alias->aliasname;
	else if (first)
		leaf->name = expression_name(first);
	ListCell *cell;
	const struct catalog_relation *relation = delivered(analysis, function);
	if (relation)
		return field_source(analysis, (Node **)&linitial((List *)linitial(function->functions))) &&
			   wrap_delivered(analysis, leaf, relation);
	foreach (cell, function->functions)
		if (!walk(analysis, (Node **)&linitial((List *)lfirst(cell))))
			return false;
	leaf->columns = function_columns(analysis, function, leaf->name);
	return !analysis->refused;
}

static bool place_table_function(struct analysis *analysis, struct leaf *leaf, RangeTableFunc *function)
{
	leaf->alias = function->alias;
	leaf->name = function->alias ? function->alias->aliasname : "xmltable";
	leaf->columns = table_function_columns(function);
	if (!walk(analysis, &function->docexpr) || !walk(analysis, &function->rowexpr) ||
		!walk_list(analysis, function->namespaces))
		return false;
	ListCell *cell;
	foreach (cell, function->columns) {
		RangeTableFuncCol *column = lfirst(cell);
		if (!walk(analysis, &column->colexpr) || !walk(analysis, &column->coldefexpr))
			return false;
	}
	return true;
}

/* Functions and LATERAL name what stands to their left, other items nothing of their level. */
static bool is_lateral(const Node *item)
{
	return IsA(item, RangeFunction) || IsA(item, RangeTableFunc) ||
		   (IsA(item, RangeSubselect) && ((const RangeSubselect *)item)->lateral);
}

static bool place_leaf(struct analysis *analysis, struct level *level, Node **place,
					   const struct text_item *text, struct context context)
{
	struct leaf **at = level->leaves_end;
	struct leaf *leaf = level_leaf(level, place, text->begin, text->end);
	level->sight =
		(struct sight){.first = is_lateral(*place) ? context.first : at, .end = at, .below = context.below};
	Node *item = *place;
	bool ok;
	switch (nodeTag(item)) {
	case T_RangeVar:
		ok = place_relation(analysis, level, leaf, (RangeVar *)item, context);
		break;
	case T_RangeSubselect:
		ok = place_subselect(analysis, leaf, (RangeSubselect *)item);
		break;
	case T_RangeFunction:
		ok = place_function(analysis, leaf, (RangeFunction *)item);
		break;
	case T_RangeTableFunc:
		ok = place_table_function(analysis, leaf, (RangeTableFunc *)item);
		break;
	case T_RangeTableSample: {
		RangeTableSample *sample = (RangeTableSample *)item;
		leaf->sample = true;
		ok = IsA(sample->relation, RangeVar) &&
			 place_relation(analysis, level, leaf, (RangeVar *)sample->relation, context) &&
			 walk_list(analysis, sample->args) && walk(analysis, &sample->repeatable);
		break;
	}
	default:
		ok = analysis_refuse(analysis, "0A000", -1, "tenantry does not know this kind of item in FROM", NULL,
							 "Please report the statement.");
	}
	level->sight = sight_of_all(level);
	leaf->below = context.below;
	ok = ok && moved_leaf(analysis, leaf, item);
	if (ok && !context.below)
		level_unit(level, leaf, leaf->name);
	return ok;
}

static const struct join_alias *add_join_alias(struct level *level, const char *name,
											   const struct join_alias *below)
{
	struct join_alias *alias = palloc0(sizeof *alias);
	*alias = (struct join_alias){
		.name = name, .below = below, .at = level->leaves_end, .next = level->join_aliases};
	level->join_aliases = alias;
	return alias;
}

static bool place_item(struct analysis *analysis, struct level *level, Node **place,
					   const struct text_item *text, struct context context)
{
	if (!IsA(*place, JoinExpr))
		return place_leaf(analysis, level, place, text, context);
	JoinExpr *join = (JoinExpr *)*place;
	if (!rewrite_enter(analysis))
		return false;
	/* the alias of a join hides what is below it from everything outside, predicates included */
	if (join->alias) {
		if (!context.below)
			level_unit(level, NULL, join->alias->aliasname);
		context.below = add_join_alias(level, join->alias->aliasname, context.below);
		context.placement = PLACE_WRAP;
	}
	if (join->join_using_alias)
		add_join_alias(level, join->join_using_alias->aliasname, context.below);
	bool ok = text->left ? place_join(analysis, level, join, text, context)
						 : place_parenthesised(analysis, level, place, text, context);
	rewrite_leave(analysis);
	return ok;
}

static bool walk_joins(struct analysis *analysis, struct level *level)
{
	for (struct join *join = level->joins; join; join = join->next) {
		level->sight = join->sight;
		if (!walk(analysis, &join->expression->quals))
			return false;
	}
	level->sight = sight_of_all(level);
	return true;
}

bool rewrite_from_item(struct analysis *analysis, struct level *level, Node **place, size_t *at, size_t end,
					   enum placement placement)
{
	struct text_item *text = text_table_ref(analysis, at, end);
	return text &&
		   place_item(analysis, level, place, text,
					  (struct context){.placement = placement, .first = level->leaves_end}) &&
		   walk_joins(analysis, level);
}

bool rewrite_from(struct analysis *analysis, struct level *level, List *from, size_t begin, size_t end,
				  enum placement placement)
{
	size_t at = begin;
	struct context context = {.placement = placement, .first = level->leaves_end};
	ListCell *cell;
	level->from = from;
	foreach (cell, from) {
		if (cell != list_head(from)) {
			if (at >= end || token_at(analysis, at)->kind != TOKEN_COMMA)
				return rewrite_lost(analysis, -1);
			at++;
		}
		struct text_item *text = text_table_ref(analysis, &at, end);
		if (text == NULL)
			return false;
		if (!place_item(analysis, level, (Node **)&lfirst(cell), text, context))
			return false;
	}
	if (at != end)
		return rewrite_lost(analysis, -1);
	return walk_joins(analysis, level);
}
