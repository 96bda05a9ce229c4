/* Stars and whole rows without the tenant column. */
#include "parser/rewrite.h"

#include <string.h>

enum { TARGETS_MOST = 1664 }; /* MaxTupleAttributeNumber */

bool star_is_value(const Node *value)
{
	if (value && IsA(value, A_Indirection))
		return IsA(llast(((const A_Indirection *)value)->indirection), A_Star);
	return value && IsA(value, ColumnRef) && IsA(llast(((const ColumnRef *)value)->fields), A_Star);
}

bool star_is(const Node *target)
{
	return IsA(target, ResTarget) && star_is_value(((const ResTarget *)target)->val);
}

bool star_is_bare(const Node *target)
{
	const Node *value = star_is(target) ? ((const ResTarget *)target)->val : NULL;
	return value && IsA(value, ColumnRef) && list_length(((const ColumnRef *)value)->fields) == 1;
}

struct leaf *star_leaf(struct analysis *analysis, struct level *level, const Node *value)
{
	if (!star_is_value(value))
		return NULL;
	if (IsA(value, ColumnRef)) {
		const List *fields = ((const ColumnRef *)value)->fields;
		int n = list_length(fields) - 1;
		return n > 0 ? scope_leaf(level, fields, n) : NULL;
	}
	const A_Indirection *row = (const A_Indirection *)value;
	return list_length(row->indirection) == 1 ? row_leaf(analysis, level, row->arg) : NULL;
}

/* Text pieces that are joined once: repeated concatenation would be quadratic. */
struct pieces {
	const char **items;
	size_t n, room, length;
};

static void pieces_add(struct pieces *pieces, const char *text)
{
	if (pieces->n == pieces->room) {
		size_t room = pieces->room ? 2 * pieces->room : 16;
		const char **items = palloc(room * sizeof *items);
		if (pieces->n)
			memcpy(items, pieces->items, pieces->n * sizeof *items);
		pieces->items = items;
		pieces->room = room;
	}
	pieces->items[pieces->n++] = text;
	pieces->length += strlen(text) + 2;
}

static const char *pieces_join(const struct pieces *pieces)
{
	char *text = palloc(pieces->length + 1), *end = text;
	for (size_t i = 0; i < pieces->n; i++) {
		if (i > 0)
			end = stpcpy(end, ", ");
		end = stpcpy(end, pieces->items[i]);
	}
	*end = 0;
	return text;
}

/* Each column that is spelled out is a node of the tree: a short text with many stars must not become a huge one. */
static bool spell_work(struct analysis *analysis, const struct catalog_relation *relation)
{
	enum { WORK_FOR_A_COLUMN = 10 };
	return rewrite_work(analysis, WORK_FOR_A_COLUMN * relation->n_columns);
}

const char *visible_columns(struct analysis *analysis, const struct catalog_relation *relation, bool tenant,
							List **targets)
{
	struct pieces pieces = {0};
	if (!spell_work(analysis, relation))
		return NULL;
	for (size_t i = 0; i < relation->n_columns; i++) {
		if (column_hidden(analysis, relation, i) && !tenant)
			continue;
		const char *name = relation->columns[i].name;
		pieces_add(&pieces, text_identifier(name));
		*targets = lappend(*targets, tree_target(NULL, (Node *)tree_column(NULL, name)));
	}
	return pieces_join(&pieces);
}

/* The visible columns of a leaf, by the names that it has here. `as_row`: labelled by the table's own names, which
 * a row of it keeps whatever its columns are called here. */
static bool spell_leaf(struct analysis *analysis, const struct leaf *leaf, List **targets,
					   struct pieces *pieces, bool as_row)
{
	if (!spell_work(analysis, leaf->relation))
		return false;
	const List *aliases = leaf->alias ? leaf->alias->colnames : NIL;
	const char *reference = leaf_reference(leaf);
	for (size_t i = 0; i < leaf->relation->n_columns; i++) {
		if (column_hidden(analysis, leaf->relation, i))
			continue;
		const char *name = aliased_name(aliases, i, leaf->relation->columns[i].name);
		ColumnRef *column = MAKE(ColumnRef);
		column->fields = lappend(leaf_fields(leaf), tree_string(name));
		const char *label = as_row && (int)i < list_length(aliases) ? leaf->relation->columns[i].name : NULL;
		*targets = lappend(*targets, tree_target(label, (Node *)column));
		pieces_add(pieces, text_concat(reference, ".", text_identifier(name), label ? " AS " : "",
									   label ? text_identifier(label) : "", NULL));
	}
	return true;
}

static void spell_rest(const struct star_unit *unit, List **targets, struct pieces *pieces)
{
	ColumnRef *column = MAKE(ColumnRef);
	column->fields = unit->leaf ? leaf_fields(unit->leaf) : list_make1(tree_string(unit->name));
	column->fields = lappend(column->fields, MAKE(A_Star));
	*targets = lappend(*targets, tree_target(NULL, (Node *)column));
	pieces_add(pieces, text_concat(unit->leaf ? leaf_reference(unit->leaf) : text_identifier(unit->name),
								   ".*", NULL));
}

static bool spell_unit(struct analysis *analysis, const struct star_unit *unit, const Node *star,
					   List **targets, struct pieces *pieces)
{
	if (unit->leaf && leaf_hides(analysis, unit->leaf))
		return spell_leaf(analysis, unit->leaf, targets, pieces, false);
	if (unit->name == NULL)
		return analysis_refuse(analysis, "0A000", exprLocation(star),
							   "* stands for a relation without a name", NULL,
							   "Give every item of FROM an alias.");
	spell_rest(unit, targets, pieces);
	return true;
}

static bool spell_join(struct analysis *analysis, struct level *level, JoinExpr *join, const Node *star,
					   List **targets, struct pieces *pieces)
{
	const struct join_columns *columns = join_columns(analysis, level, join);
	for (size_t i = 0; columns && i < columns->n; i++) {
		struct join_column *column = &columns->items[i];
		if (!join_column_told(analysis, level, column)) {
			columns = NULL;
			break;
		}
		bool labelled = !same_name(expression_name(column->value), column->name);
		*targets = lappend(*targets, tree_target(labelled ? column->name : NULL, column->value));
		pieces_add(pieces, labelled ? text_concat(column->text, " AS ", text_identifier(column->name), NULL)
									: column->text);
	}
	return columns ||
		   analysis_refuse(
			   analysis, "0A000", exprLocation(star),
			   "RETURNING * over this join with USING or NATURAL cannot be confined to the visible columns",
			   "A merged column, or the columns of a side, cannot be told.", "Name the columns.");
}

static bool spell_item(struct analysis *analysis, struct level *level, Node **place, const Node *star,
					   List **targets, struct pieces *pieces)
{
	JoinExpr *join = (JoinExpr *)*place;
	struct star_unit unit = {0};
	if (!IsA(join, JoinExpr)) {
		unit.leaf = leaf_at(level, place);
		unit.name = unit.leaf ? unit.leaf->name : NULL;
	} else if (join->alias) {
		unit.name = join->alias->aliasname;
	} else if (join->isNatural || join->usingClause) {
		return spell_join(analysis, level, join, star, targets, pieces);
	} else {
		return spell_item(analysis, level, &join->larg, star, targets, pieces) &&
			   spell_item(analysis, level, &join->rarg, star, targets, pieces);
	}
	return spell_unit(analysis, &unit, star, targets, pieces);
}

/* RETURNING * where columns of FROM are merged: the target, then item by item. */
static bool spell_returning(struct analysis *analysis, struct level *level, const Node *star, List **targets,
							struct pieces *pieces)
{
	if (!spell_unit(analysis, level->units, star, targets, pieces))
		return false;
	ListCell *cell;
	foreach (cell, level->from)
		if (!spell_item(analysis, level, (Node **)&lfirst(cell), star, targets, pieces))
			return false;
	return true;
}

/* One star of the list. *replaced: false when it may stay as it is. */
static bool expand_one(struct analysis *analysis, struct level *level, const Node *star, List **targets,
					   struct pieces *pieces, bool *replaced)
{
	*replaced = false;
	if (!IsA(star, ColumnRef) || list_length(((const ColumnRef *)star)->fields) > 1) {
		struct leaf *leaf = star_leaf(analysis, level, star);
		if (leaf == NULL)
			return true;
		if (!leaf_hides(analysis, leaf))
			return !IsA(star, ColumnRef) || !leaf_becomes_query(leaf) ||
				   name_without_schema(analysis, leaf, (ColumnRef *)star);
		*replaced = true;
		return spell_leaf(analysis, leaf, targets, pieces, false);
	}
	for (const struct star_unit *unit = level->units; unit; unit = unit->next)
		*replaced |= unit->leaf && leaf_hides(analysis, unit->leaf);
	if (!*replaced)
		return true;
	if (level->merged && !level_target(level)) {
		*replaced = false;
		return true;
	}
	if (level->merged)
		return spell_returning(analysis, level, star, targets, pieces);
	for (const struct star_unit *unit = level->units; unit; unit = unit->next)
		if (!spell_unit(analysis, unit, star, targets, pieces))
			return false;
	return true;
}

/* The bytes of a star: from the first name, or the parentheses around it, to the asterisk. */
static bool star_text(struct analysis *analysis, const Node *star, size_t *start, size_t *length)
{
	if (!rewrite_tokens(analysis))
		return false;
	bool row = IsA(star, A_Indirection);
	const ColumnRef *reference = (const ColumnRef *)(row ? ((const A_Indirection *)star)->arg : star);
	size_t first = tokens_at(analysis->tokens, reference->location);
	size_t last = first + 2 * (list_length(reference->fields) - 1);
	if (row) {
		for (last++; last < analysis->tokens->n && token_at(analysis, last)->kind == TOKEN_CLOSE; last++)
			if (first-- == 0 || token_at(analysis, first)->match != last)
				return rewrite_lost(analysis, reference->location);
		last++; /* the dot */
	}
	if (last >= analysis->tokens->n || token_at(analysis, last)->first != '*')
		return rewrite_lost(analysis, reference->location);
	*start = token_at(analysis, first)->start;
	*length = token_at(analysis, last)->end - *start;
	return true;
}

/* `c.* AS x` is grammatical, and the label means nothing. Where it ends. */
static size_t label_end(const struct analysis *analysis, size_t from)
{
	size_t i = tokens_at(analysis->tokens, from);
	if (i < analysis->tokens->n && token_at(analysis, i)->keyword == KEYWORD_AS)
		i++;
	return i < analysis->tokens->n ? token_at(analysis, i)->end : from;
}

/* (row).* of an expression. */
static bool expand_row(struct analysis *analysis, const ResTarget *star,
					   const struct catalog_relation *relation, List **targets)
{
	List *values = NIL;
	size_t at;
	if (!row_star(analysis, star->val, relation, &at, &values))
		return false;
	ListCell *cell;
	foreach (cell, values)
		*targets = lappend(*targets, tree_target(NULL, lfirst(cell)));
	return splice_text(analysis, at, star->name ? label_end(analysis, at + 1) - at : 1, NULL);
}

bool star_expand(struct analysis *analysis, struct level *level, List **targets)
{
	bool any = false;
	ListCell *cell;
	foreach (cell, *targets)
		any |= star_is(lfirst(cell));
	if (!any)
		return true;
	List *expanded = NIL;
	foreach (cell, *targets) {
		ResTarget *target = lfirst(cell);
		struct pieces pieces = {0};
		bool replaced = false;
		size_t start, length;
		const struct catalog_relation *source =
			star_is((Node *)target) ? star_row_source(analysis, level, target->val) : NULL;
		if (source) {
			if (!expand_row(analysis, target, source, &expanded))
				return false;
			continue;
		}
		if (star_is((Node *)target) &&
			!expand_one(analysis, level, target->val, &expanded, &pieces, &replaced))
			return false;
		if (!replaced) {
			expanded = lappend(expanded, target);
			continue;
		}
		if (pieces.n == 0 && list_length(*targets) > 1)
			return analysis_refuse(analysis, "0A000", exprLocation(target->val),
								   "* stands for no visible column", NULL, "Leave it out.");
		if (!star_text(analysis, target->val, &start, &length))
			return false;
		if (target->name)
			length = label_end(analysis, start + length) - start;
		if (!splice_text(analysis, start, length, pieces_join(&pieces)))
			return false;
		/* The server would say so too, after reading all of them. */
		if (list_length(expanded) > TARGETS_MOST)
			return analysis_refuse(analysis, "54011", -1, "target lists can have at most 1664 entries", NULL,
								   NULL);
	}
	*targets = expanded;
	return true;
}

/* ROW(c.*) and ROW((c).*) have the columns one by one. */
bool row_stars(struct analysis *analysis, List **arguments)
{
	List *expanded = NIL;
	bool any = false;
	ListCell *cell;
	foreach (cell, *arguments) {
		Node *argument = lfirst(cell);
		struct leaf *leaf = star_leaf(analysis, analysis->rewrite->level, argument);
		if (leaf == NULL || !leaf_hides(analysis, leaf)) {
			expanded = lappend(expanded, argument);
			continue;
		}
		List *targets = NIL;
		struct pieces pieces = {0};
		size_t start, length;
		if (!spell_leaf(analysis, leaf, &targets, &pieces, false) ||
			!star_text(analysis, argument, &start, &length) ||
			!splice_text(analysis, start, length, pieces_join(&pieces)))
			return false;
		ListCell *target;
		foreach (target, targets)
			expanded = lappend(expanded, ((ResTarget *)lfirst(target))->val);
		any = true;
	}
	if (any)
		*arguments = expanded;
	return true;
}

/* A name for the row that is none of its columns, which would be meant before it. */
static const char *row_name(const struct leaf *leaf)
{
	const char *name = leaf->name;
	for (size_t i = 0; i < leaf->relation->n_columns; i++)
		if (strcmp(leaf->relation->columns[i].name, name) == 0) {
			name = text_concat(name, "_", NULL);
			i = (size_t)-1;
		}
	return name;
}

bool target_as_row(struct analysis *analysis, struct leaf *leaf, Node **place)
{
	ColumnRef *reference = (ColumnRef *)*place;
	size_t start, length;
	if (!rewrite_tokens(analysis))
		return false;
	if (IsA(llast(reference->fields), A_Star)) {
		if (!star_text(analysis, (Node *)reference, &start, &length))
			return false;
	} else {
		struct token *token = token_at(analysis, tokens_at(analysis->tokens, reference->location));
		start = token->start;
		length = token->end - token->start;
	}
	SelectStmt *inner = MAKE(SelectStmt), *outer = MAKE(SelectStmt);
	struct pieces pieces = {0};
	if (!spell_leaf(analysis, leaf, &inner->targetList, &pieces, true))
		return false;
	const char *there = "";
	if (leaf->missing) { /* no row: NULL, not a row of them; the tenant column of a row is not NULL */
		NullTest *test = MAKE(NullTest);
		ColumnRef *tenant = MAKE(ColumnRef);
		tenant->fields = lappend(leaf_fields(leaf), tree_string(tenant_name(leaf->relation)));
		test->arg = (Expr *)tenant;
		test->nulltesttype = IS_NOT_NULL;
		inner->whereClause = (Node *)test;
		there = text_concat(" WHERE ", leaf_reference(leaf), ".",
							text_identifier(tenant_name(leaf->relation)), " IS NOT NULL", NULL);
	}
	const char *row = row_name(leaf), *label = row != leaf->name ? leaf->name : NULL;
	outer->targetList = list_make1(tree_target(label, (Node *)tree_column(NULL, row)));
	outer->fromClause = list_make1(tree_subselect((Node *)inner, tree_alias(row)));
	SubLink *link = MAKE(SubLink);
	link->subLinkType = EXPR_SUBLINK;
	link->subselect = (Node *)outer;
	*place = (Node *)link;
	const char *name = text_identifier(row);
	return splice_text(analysis, start, length,
					   text_concat("(SELECT ", name, label ? " AS " : "", label ? text_identifier(label) : "",
								   " FROM (SELECT ", pieces_join(&pieces), there, ") AS ", name, ")", NULL));
}
