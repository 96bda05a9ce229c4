/* Closing a level: predicates into WHERE or ON, leaves wrapped, views inlined.
 *
 * Splices at one offset keep the order in which they are recorded, so what ends at a place is recorded before
 * what follows it: leaves, then ON expressions, then WHERE. */
#include "parser/quals.h"
#include "parser/rewrite.h"

#include <string.h>

Node *tenant_node(struct analysis *analysis)
{
	if (analysis->rewrite->tenant == NULL)
		analysis->rewrite->tenant = MAKE(ParamRef);
	return (Node *)analysis->rewrite->tenant;
}

bool place_tenant(struct analysis *analysis, size_t at)
{
	if (!splice_tenant(analysis, at))
		return false;
	char next = at < analysis->text_length ? analysis->text[at] : 0;
	return next == 0 || strchr(" ),;\n", next) ? true : splice_text(analysis, at, 0, " ");
}

/* The tenant column as this leaf calls it: a list of column aliases may rename it. */
static const char *tenant_column_name(const struct leaf *leaf)
{
	const List *aliases = leaf->alias ? leaf->alias->colnames : NIL;
	return aliased_name(aliases, (size_t)leaf->relation->tenant_column, tenant_name(leaf->relation));
}

Node *leaf_predicate(struct analysis *analysis, const struct leaf *leaf, size_t at, const char *before,
					 const char *after)
{
	const char *column = tenant_column_name(leaf);
	ColumnRef *reference = MAKE(ColumnRef);
	reference->fields = lappend(leaf_fields(leaf), tree_string(column));
	bool plain = leaf->relation->tenant_plain && column == tenant_name(leaf->relation);
	const char *text =
		text_concat(before, leaf_reference(leaf), ".", plain ? column : text_identifier(column), " = ", NULL);
	if (!splice_text(analysis, at, 0, text))
		return NULL;
	if (*after ? !splice_tenant(analysis, at) || !splice_text(analysis, at, 0, after)
			   : !place_tenant(analysis, at))
		return NULL;
	return (Node *)tree_equals((Node *)reference, tenant_node(analysis));
}

bool rewrite_screens(struct analysis *analysis)
{
	struct rewrite *rewrite = analysis->rewrite;
	if (rewrite->screens == SCREENS_UNKNOWN)
		rewrite->screens = quals_are_settled(analysis, rewrite->root, 0) && !may_merge_again(analysis)
							   ? SCREENS_NO
							   : SCREENS_YES;
	return rewrite->screens == SCREENS_YES;
}

/* The comparison at half the price, in a form of which the planner thinks that it holds for nearly every row,
 * so that it spoils no estimate; no index is found by it, but `T = $t` is there for that. In three pieces:
 * what stands before the slot, the slot, what stands behind. */
static const char *screen_before(const char *column)
{
	return text_concat(" AND CASE WHEN ", column, " = ANY (ARRAY[", NULL);
}

static bool screen_rest(struct analysis *analysis, size_t at, const char *after)
{
	return splice_tenant(analysis, at) &&
		   splice_text(analysis, at, 0, text_concat("]) THEN 1 END IS NOT NULL", after, NULL));
}

bool leaf_predicates(struct analysis *analysis, const struct leaf *leaf, size_t at, const char *before,
					 const char *after, List **conjuncts)
{
	const char *name = tenant_column_name(leaf);
	bool twice = rewrite_screens(analysis);
	const char *second =
		twice ? screen_before(text_concat(leaf_reference(leaf), ".", text_identifier(name), NULL)) : after;
	Node *predicate = leaf_predicate(analysis, leaf, at, before, second);
	if (predicate == NULL || (twice && !screen_rest(analysis, at, after)))
		return false;
	*conjuncts = lappend(*conjuncts, predicate);
	if (twice) {
		ColumnRef *reference = MAKE(ColumnRef);
		reference->fields = lappend(leaf_fields(leaf), tree_string(name));
		*conjuncts = lappend(*conjuncts, tree_screen((Node *)reference, tenant_node(analysis)));
	}
	return true;
}

/* Takes the list of column aliases out of `c AS x (a, b) TABLESAMPLE ..`; its text goes to *list. */
static bool cut_column_aliases(struct analysis *analysis, struct leaf *leaf, const char **list)
{
	size_t open = relation_end(analysis, leaf->begin, leaf->end);
	while (open < leaf->end && !is_open(analysis, open, leaf->end))
		open++;
	if (open >= leaf->end)
		return rewrite_lost(analysis, leaf->range->location);
	size_t start = token_at(analysis, open)->start;
	size_t length = token_at(analysis, token_at(analysis, open)->match)->end - start;
	*list = analysis_text("%.*s", (int)length, analysis->text + start);
	return splice_text(analysis, start, length, NULL);
}

/* WHERE T = $t of a wrapped leaf. */
static bool wrap_condition(struct analysis *analysis, const char *column, size_t at, Node **condition)
{
	if (!splice_text(analysis, at, 0, text_concat(" WHERE ", text_identifier(column), " = ", NULL)) ||
		!splice_tenant(analysis, at))
		return false;
	List *conjuncts = list_make1(tree_equals((Node *)tree_column(NULL, column), tenant_node(analysis)));
	if (rewrite_screens(analysis)) {
		if (!splice_text(analysis, at, 0, screen_before(text_identifier(column))) ||
			!screen_rest(analysis, at, ""))
			return false;
		conjuncts = lappend(conjuncts, tree_screen((Node *)tree_column(NULL, column), tenant_node(analysis)));
	}
	*condition = tree_and(conjuncts, NULL);
	return true;
}

/* What a wrapped leaf is read from: itself, without its alias; a view that its tenant column does not confine, by its
 * guarded definition. */
static Node *wrap_source(struct analysis *analysis, const struct leaf *leaf, size_t start, size_t end)
{
	if (leaf->relation->composed && !analysis->defines_view) {
		const char *name = leaf->relation->name;
		Node *query = view_guarded(analysis, leaf, start);
		if (!query ||
			!splice_text(analysis, start, end - start, text_concat(") AS ", text_identifier(name), NULL)))
			return NULL;
		return (Node *)tree_subselect(query, tree_alias(name));
	}
	if (leaf->sample)
		return *leaf->place;
	RangeVar *inner = MAKE(RangeVar);
	*inner = *leaf->range;
	inner->alias = NULL;
	return (Node *)inner;
}

static const char *add_system_columns(unsigned named, const char *columns, List **targets)
{
	for (unsigned i = 0; SYSTEM_COLUMNS[i]; i++)
		if (named & 1u << i) {
			columns = text_concat(columns, ", ", SYSTEM_COLUMNS[i], NULL);
			*targets = lappend(*targets, tree_target(NULL, (Node *)tree_column(NULL, SYSTEM_COLUMNS[i])));
		}
	return columns;
}

/* (SELECT visible columns FROM c WHERE T = $t) AS name, the alias kept where it stands. Under TABLESAMPLE the
 * alias stands in the middle: it stays inside, and is repeated outside, with its list of columns. */
static bool wrap(struct analysis *analysis, struct leaf *leaf)
{
	const struct catalog_relation *relation = leaf->relation;
	size_t start = token_at(analysis, leaf->begin)->start;
	size_t end =
		end_before(analysis, leaf->sample ? leaf->end : relation_end(analysis, leaf->begin, leaf->end));
	SelectStmt *select = MAKE(SelectStmt);
	const char *columns = visible_columns(analysis, relation, leaf->names_tenant, &select->targetList);
	if (columns && leaf->keeps_system)
		columns = add_system_columns(leaf->names_system, columns, &select->targetList);
	const char *aliases = "";
	bool listed = leaf->sample && leaf->alias && leaf->alias->colnames;
	if (listed && !cut_column_aliases(analysis, leaf, &aliases))
		return false;
	if (!columns || !splice_text(analysis, start, 0, text_concat("(SELECT ", columns, " FROM ", NULL)))
		return false;
	Node *source = wrap_source(analysis, leaf, start, end);
	if (!source || (!analysis->defines_view &&
					!wrap_condition(analysis, tenant_name(relation), end, &select->whereClause)))
		return false;
	if (!analysis->defines_view && price_fences_view(analysis, leaf->range) &&
		!fence(analysis, (Node *)select, end))
		return false;
	if (!splice_text(analysis, end, 0,
					 leaf->alias && !leaf->sample
						 ? ")"
						 : text_concat(") AS ", text_identifier(leaf_called(leaf)), aliases, NULL)))
		return false;
	select->fromClause = list_make1(source);
	Alias *alias =
		leaf->alias && (!leaf->sample || listed) ? (Alias *)leaf->alias : tree_alias(leaf_called(leaf));
	if (listed)
		leaf->range->alias = tree_alias(leaf->name);
	*leaf->place = (Node *)tree_subselect((Node *)select, alias);
	return true;
}

static bool is_named_twice(const struct level *level, const struct leaf *leaf)
{
	for (const struct leaf *other = level->leaves; other; other = other->next)
		if (other != leaf && !other->below && other->name && same_name(other->name, leaf->name))
			return true;
	return false;
}

/* A bare star can only be spelled out when everything it stands for can be named and no columns are merged.
 */
static bool star_nameable(const struct level *level)
{
	if (level->merged)
		return false;
	for (const struct star_unit *unit = level->units; unit; unit = unit->next)
		if (unit->name == NULL || (unit->leaf && is_named_twice(level, unit->leaf)))
			return false;
	return true;
}

/* Whole-row uses of a leaf that cannot be missing may be replaced one by one. That costs more than wrapping,
 * but keeps GROUP BY of a primary key, and hides a tenant column that the application names elsewhere. */
static bool replaces_uses(const struct level *level, const struct leaf *leaf)
{
	if (!leaf->whole_row || leaf->star_row || leaf->placement != PLACE_WHERE)
		return false;
	if (leaf->keeps_row || (leaf->alias && leaf->alias->colnames))
		return true;
	/* GROUP BY the row itself: there is nothing to keep */
	ListCell *cell;
	foreach (cell, level->groups)
		if (tree_list_has(leaf->uses, &lfirst(cell)))
			return leaf->names_tenant || leaf->names_system;
	return leaf->names_tenant || leaf->names_system || level->groups != NIL;
}

static bool replace_uses(struct analysis *analysis, struct leaf *leaf)
{
	ListCell *cell;
	foreach (cell, leaf->uses)
		if (!target_as_row(analysis, leaf, lfirst(cell)))
			return false;
	return true;
}

/* ctid and the like may stand among the columns of a wrapped leaf where nothing shows or merges all of them. */
static bool may_keep_system(struct analysis *analysis, const struct level *level, const struct leaf *leaf,
							bool star_wraps)
{
	if (!leaf->names_system || leaf->bare_system || leaf->relation->kind == 'v' || leaf->whole_row ||
		star_wraps || leaf->below ||
		(leaf->alias && list_length(leaf->alias->colnames) > leaf_width(analysis, leaf)))
		return false;
	for (const struct merging *merging = level->mergings; merging; merging = merging->next)
		if (merging->expression->isNatural)
			return false;
	return true;
}

static bool decide(struct analysis *analysis, struct level *level)
{
	bool star_wraps = level->star && !star_nameable(level);
	for (struct leaf *leaf = level->leaves; leaf; leaf = leaf->next) {
		if (leaf->kind != LEAF_TENANT || leaf->target)
			continue;
		bool replaces = replaces_uses(level, leaf);
		bool confined = leaf->placement != PLACE_WRAP && !leaf->relation->composed &&
						!(leaf->relation->kind == 'v' && price_fences_view(analysis, leaf->range));
		leaf->wrapped = (!confined && !analysis->defines_view) || (leaf->whole_row && !replaces) ||
						(star_wraps && leaf_hides(analysis, leaf));
		leaf->keeps_system = leaf->wrapped && may_keep_system(analysis, level, leaf, star_wraps);
		if (replaces && !leaf->wrapped && !replace_uses(analysis, leaf))
			return false;
	}
	return tell_namesakes(analysis, level);
}

static bool place_on(struct analysis *analysis, struct level *level)
{
	for (struct leaf *leaf = level->leaves; leaf; leaf = leaf->next) {
		if (leaf->kind != LEAF_TENANT || leaf->wrapped || leaf->placement != PLACE_ON)
			continue;
		struct join *join = leaf->join;
		size_t at = token_at(analysis, join->begin)->start;
		if (!leaf_predicates(analysis, leaf, at, "", " AND ", &join->conjuncts))
			return false;
	}
	for (struct join *join = level->joins; join; join = join->next) {
		if (join->conjuncts == NIL)
			continue;
		if (!splice_text(analysis, token_at(analysis, join->begin)->start, 0, "(") ||
			!splice_text(analysis, end_before(analysis, join->end), 0, ")"))
			return false;
		join->expression->quals = tree_and(join->conjuncts, join->expression->quals);
	}
	return true;
}

static bool place_where(struct analysis *analysis, struct level *level, struct where_place *where)
{
	List *conjuncts = NIL;
	size_t at = where->there ? token_at(analysis, where->begin)->start : where->at;
	for (struct leaf *leaf = level->leaves; leaf; leaf = leaf->next) {
		if (leaf->kind != LEAF_TENANT || leaf->wrapped || leaf->placement != PLACE_WHERE)
			continue;
		const char *before = where->there ? "" : conjuncts == NIL ? " WHERE " : " AND ";
		if (!leaf_predicates(analysis, leaf, at, before, where->there ? " AND " : "", &conjuncts))
			return false;
	}
	if (conjuncts == NIL)
		return true;
	if (where->there && (!splice_text(analysis, at, 0, "(") ||
						 !splice_text(analysis, end_before(analysis, where->end), 0, ")")))
		return false;
	*where->clause = tree_and(conjuncts, *where->clause);
	return true;
}

/* Two relations of different schemas may have one name as long as neither has an alias. */
static bool names_clash(const struct leaf *a, const struct leaf *b)
{
	bool plain = a->relation && b->relation && !a->alias && !b->alias && a->relation != b->relation;
	return a->name && b->name && !a->below && !b->below && !plain && same_name(a->name, b->name);
}

static bool check_names(struct analysis *analysis, const struct level *level)
{
	for (const struct leaf *leaf = level->leaves; leaf; leaf = leaf->next)
		for (const struct leaf *other = leaf->next; other; other = other->next)
			if (!rewrite_work(analysis, 1) || (names_clash(leaf, other) && leaf->place && other->place))
				return analysis_refuse(
					analysis, "42712", -1,
					text_concat("table name \"", leaf->name, "\" specified more than once", NULL), NULL,
					NULL);
	return true;
}

bool level_place(struct analysis *analysis, struct level *level, struct where_place *where, List **targets)
{
	if (!check_names(analysis, level) || !decide(analysis, level))
		return false;
	if (targets && !star_expand(analysis, level, targets))
		return false;
	for (struct leaf *leaf = level->leaves; leaf; leaf = leaf->next) {
		if (leaf->kind == LEAF_VIEW && !analysis->defines_view && !view_inline(analysis, leaf))
			return false;
		if (leaf->kind == LEAF_TENANT && leaf->wrapped && !wrap(analysis, leaf))
			return false;
		if (leaf_becomes_query(leaf) && !names_without_schema(analysis, leaf))
			return false;
	}
	return join_place_aliases(analysis, level) &&
		   (analysis->defines_view ||
			(place_on(analysis, level) && place_numbers(analysis, level, where->at) &&
			 place_remergings(analysis, level, where->at) && place_where(analysis, level, where)));
}
