/* Levels and leaves: what the items of FROM are, what they are called and which columns they have. */
#include "parser/created.h"
#include "parser/rewrite.h"

#include <string.h>

struct sight sight_of_all(struct level *level)
{
	return (struct sight){.first = &level->leaves};
}

struct level *level_open(struct analysis *analysis)
{
	struct level *level = palloc0(sizeof *level);
	level->leaves_end = &level->leaves;
	level->sight = sight_of_all(level);
	level->units_end = &level->units;
	level->joins_end = &level->joins;
	level->width = -1;
	level->outer = analysis->rewrite->level;
	analysis->rewrite->level = level;
	return level;
}

void level_close(struct analysis *analysis, struct level *level)
{
	analysis->rewrite->level = level->outer;
}

struct leaf *level_leaf(struct level *level, Node **place, size_t begin, size_t end)
{
	struct leaf *leaf = palloc0(sizeof *leaf);
	*leaf = (struct leaf){.kind = LEAF_OTHER, .place = place, .begin = begin, .end = end};
	*level->leaves_end = leaf;
	level->leaves_end = &leaf->next;
	level->n_leaves++;
	return leaf;
}

struct leaf *level_row(struct level *level, const struct leaf *target, const char *name)
{
	struct leaf *row = level_leaf(level, NULL, 0, 0);
	row->kind = target->kind;
	row->relation = target->relation;
	row->name = name;
	row->alias = tree_alias(name);
	row->target = true;
	row->placement = PLACE_WRAP; /* no predicate of its own: the target has it */
	return row;
}

void level_unit(struct level *level, struct leaf *leaf, const char *name)
{
	struct star_unit *unit = palloc0(sizeof *unit);
	*unit = (struct star_unit){.leaf = leaf, .name = name};
	*level->units_end = unit;
	level->units_end = &unit->next;
}

static bool is_with_rest(const struct analysis *analysis, const RangeVar *range)
{
	for (const struct with_rest *rest = analysis->rewrite->with_rest; rest; rest = rest->outer)
		for (int i = rest->first; i < list_length(rest->expressions); i++)
			if (same_name(((CommonTableExpr *)list_nth(rest->expressions, i))->ctename, range->relname))
				return range->schemaname == NULL;
	return false;
}

/* parserOpenTable() of PostgreSQL, with its words. */
static bool unknown_relation(struct analysis *analysis, const RangeVar *range)
{
	if (range->catalogname)
		return analysis_refuse(analysis, "0A000", range->location,
							   text_concat("cross-database references are not implemented: \"",
										   range->catalogname, ".", range->schemaname, ".", range->relname,
										   "\"", NULL),
							   NULL, NULL);
	analysis->unknown_name = true;
	const char *name =
		range->schemaname ? text_concat(range->schemaname, ".", range->relname, NULL) : range->relname;
	bool named = is_with_rest(analysis, range);
	return analysis_refuse(
		analysis, "42P01", analysis->rewrite->no_position ? -1 : range->location,
		text_concat("relation \"", name, "\" does not exist", NULL),
		named ? text_concat("There is a WITH item named \"", name,
							"\", but it cannot be referenced from this part of the query.", NULL)
			  : NULL,
		named ? "Use WITH RECURSIVE, or re-order the WITH items to remove forward references." : NULL);
}

/* Is there a guarded relation of that name, in whatever schema? */
static bool names_guarded(const struct analysis *analysis, const char *name)
{
	const struct catalog_relation *relation = catalog_relations(analysis->catalog, name);
	while (relation && relation->isolation == ISOLATION_SHARED)
		relation = relation->next_named;
	return relation != NULL;
}

/* A temporary relation that hides a guarded one is named as such: if it is not there after all, the server
 * fails instead of reading the other. */
static bool name_temporary(struct analysis *analysis, RangeVar *range)
{
	if (scope_is_numbered_temporary(range->schemaname)) {
		size_t i = tokens_at(analysis->tokens, (size_t)range->location);
		const struct token *schema = token_at(analysis, i);
		if (range->catalogname)
			return analysis_refuse(analysis, "0A000", range->location,
								   "a temporary relation cannot be named with its database", NULL,
								   "Leave the database out.");
		range->schemaname = "pg_temp";
		return splice_text(analysis, schema->start, schema->end - schema->start, "pg_temp");
	}
	const struct catalog_relation *behind = scope_permanent(analysis, range->relname);
	bool hides = (behind && behind->isolation != ISOLATION_SHARED) || names_guarded(analysis, range->relname);
	if (range->schemaname || !hides)
		return true;
	range->schemaname = "pg_temp";
	return splice_text(analysis, range->location, 0, "pg_temp.");
}

/* A temporary view shows the rows of the tenant that it was made for. */
static bool present_tenant(struct analysis *analysis, const RangeVar *range)
{
	analysis->rewrite->of_tenant |= created_of_tenant(analysis, range->relname);
	return !created_of_other_tenant(analysis, range->relname) ||
		   analysis_refuse(
			   analysis, "42501", range->location,
			   text_concat("temporary view \"", range->relname, "\" was made for another tenant", NULL),
			   "It shows that tenant's rows.", "Create it again for this one.");
}

static bool refuse_relation(struct analysis *analysis, const struct catalog_relation *relation, int location)
{
	if (relation->isolation == ISOLATION_DATA)
		return analysis_refuse(analysis, "42501", location,
							   text_concat("permission denied for relation ", relation->name, NULL),
							   "This catalog holds values of rows, or statements, of all tenants.",
							   "Set data_catalogs = allow if tenants may see them.");
	if (created_is_view(relation))
		return analysis_refuse(
			analysis, "0A000", location,
			text_concat("view \"", relation->name, "\" cannot be used in the transaction that made it", NULL),
			"It reads tenant relations, and its definition is not known before COMMIT.",
			"Commit first, or query the tables behind the view.");
	const char *what =
		relation->kind == 'm'   ? "It is a materialized view over tenant relations."
		: relation->kind == 'f' ? "It is a foreign table whose rows tenantry cannot confine to a tenant."
		: relation->kind == 'v' ? "It is a view whose query tenantry cannot confine to a tenant."
								: "It is configured as a tenant relation but has no tenant column.";
	return analysis_refuse(
		analysis, "42501", location,
		text_concat("relation \"", relation->name, "\" cannot be used through tenantry", NULL), what,
		"Give it the tenant column, or configure it as shared.");
}

static bool classify(struct analysis *analysis, struct leaf *leaf, const struct catalog_relation *relation)
{
	analysis->rewrite->foreign |= relation->isolation != ISOLATION_SHARED;
	switch (relation->isolation) {
	case ISOLATION_SHARED:
		return true;
	case ISOLATION_TENANT:
	case ISOLATION_TENANTS:
		if (!analysis->touches_tenant)
			analysis->tenant_type = relation->tenant_type;
		analysis->touches_tenant = true;
		leaf->kind = LEAF_TENANT;
		return relation->tenant_column >= 0 || refuse_relation(analysis, relation, leaf->range->location);
	case ISOLATION_VIEW:
		analysis->touches_tenant = true;
		leaf->kind = LEAF_VIEW;
		return true;
	case ISOLATION_DATA:
		if (analysis->policy->allow_data_catalogs)
			return true;
		break;
	case ISOLATION_REFUSED:
		analysis->touches_tenant = true;
		break;
	}
	return refuse_relation(analysis, relation, leaf->range->location);
}

/* A name is spelled out when the server must not take it for another relation than the one that was looked
 * at: in a view's definition, whose names were resolved when the view was made; and for a shared relation
 * that is called like a guarded one, which the name means once the shared one is dropped, or the search_path is
 * another, before the statement runs (or runs again, when it is prepared). A view in whose place its definition
 * comes has no name any more. */
static bool qualify(struct analysis *analysis, RangeVar *range, const struct catalog_relation *relation)
{
	if (range->schemaname || relation->isolation == ISOLATION_VIEW || relation->composed)
		return true;
	if (analysis->rewrite->view_depth == 0 &&
		(relation->isolation != ISOLATION_SHARED || same_name(relation->schema, "pg_catalog") ||
		 !names_guarded(analysis, relation->name)))
		return true;
	range->schemaname = (char *)relation->schema;
	return splice_opening(analysis, range->location,
						  text_concat(text_identifier(relation->schema), ".", NULL));
}

static const struct catalog_relation *find_relation(const struct analysis *analysis, const RangeVar *range,
													bool *temporary)
{
	*temporary = false;
	if (analysis->rewrite->view_depth > 0 && range->schemaname == NULL)
		return scope_permanent(analysis, range->relname);
	return scope_relation(analysis, range, temporary);
}

bool leaf_resolve(struct analysis *analysis, struct leaf *leaf, RangeVar *range, bool target)
{
	leaf->range = range;
	leaf->alias = range->alias;
	leaf->name = range->alias ? range->alias->aliasname : range->relname;
	if (!rewrite_work(analysis, analysis->rewrite->n_ctes))
		return false;
	struct cte *cte = target ? NULL : scope_cte(analysis->rewrite->ctes, range);
	if (cte) {
		leaf->level = cte->level;
		leaf->renamed = cte->expression->aliascolnames;
		return true;
	}
	if (analysis->path_unknown && range->schemaname == NULL)
		return analysis_refuse(
			analysis, "0A000", range->location,
			text_concat("cannot tell which relation \"", range->relname, "\" is meant", NULL),
			"An earlier statement of the same message may change the search_path or temporary tables.",
			"Send the statements in messages of their own, or qualify the name with its schema.");
	bool temporary;
	leaf->relation = find_relation(analysis, range, &temporary);
	if (temporary && analysis->defines_view)
		return analysis_refuse(analysis, "0A000", range->location,
							   "a view over temporary relations would be temporary", NULL,
							   "Say CREATE TEMP VIEW.");
	if (temporary)
		return present_tenant(analysis, range) && name_temporary(analysis, range);
	if (leaf->relation == NULL)
		return unknown_relation(analysis, range);
	return qualify(analysis, range, leaf->relation) && classify(analysis, leaf, leaf->relation);
}

bool column_hidden(const struct analysis *analysis, const struct catalog_relation *relation, size_t column)
{
	return analysis->policy->hide_tenant_column && relation->isolation == ISOLATION_TENANT &&
		   (int)column == relation->tenant_column;
}

bool leaf_hides(const struct analysis *analysis, const struct leaf *leaf)
{
	return leaf->keeps_system || (leaf->kind == LEAF_TENANT && (!leaf->wrapped || leaf->names_tenant) &&
								  column_hidden(analysis, leaf->relation, leaf->relation->tenant_column));
}

bool names_include(const List *names, const char *name)
{
	ListCell *cell;
	foreach (cell, names)
		if (same_name(strVal(lfirst(cell)), name))
			return true;
	return false;
}

static enum has_column level_has_column(const struct analysis *analysis, const struct level *level,
										const char *name)
{
	if (level == NULL || level->width >= 0)
		return COLUMN_UNKNOWN;
	bool star = false;
	ListCell *cell;
	foreach (cell, level->targets) {
		const ResTarget *target = lfirst(cell);
		const char *known = target_name(target);
		if (known && same_name(known, name))
			return COLUMN_YES;
		star |= star_is((const Node *)target);
	}
	if (!star)
		return COLUMN_NO;
	for (const struct leaf *leaf = level->leaves; leaf; leaf = leaf->next)
		if (leaf_has_column(analysis, leaf, name) == COLUMN_YES)
			return COLUMN_YES;
	return COLUMN_UNKNOWN;
}

enum has_column leaf_has_column(const struct analysis *analysis, const struct leaf *leaf, const char *name)
{
	const List *aliases = leaf->alias && leaf->alias->colnames ? leaf->alias->colnames : leaf->renamed;
	if (names_include(aliases, name))
		return COLUMN_YES;
	if (leaf->relation == NULL)
		return leaf->level ? level_has_column(analysis, leaf->level, name) : COLUMN_UNKNOWN;
	for (size_t i = list_length(aliases); i < leaf->relation->n_columns; i++)
		if (same_name(leaf->relation->columns[i].name, name))
			return COLUMN_YES;
	return COLUMN_NO;
}

size_t leaf_work(const struct leaf *leaf)
{
	if (leaf->relation)
		return leaf->relation->n_columns;
	/* a star inside goes on to the leaves there */
	return leaf->level ? list_length(leaf->level->targets) + 20 * leaf->level->n_leaves : 1;
}

int leaf_width(struct analysis *analysis, const struct leaf *leaf)
{
	if (leaf->relation) {
		int hidden = leaf->kind == LEAF_TENANT &&
					 column_hidden(analysis, leaf->relation, leaf->relation->tenant_column);
		return (int)leaf->relation->n_columns - hidden;
	}
	if (leaf->level)
		return level_width(analysis, leaf->level);
	return leaf->columns ? list_length(leaf->columns) : -1;
}

static int item_width(struct analysis *analysis, const struct level *level, Node **place)
{
	if (!IsA(*place, JoinExpr)) {
		const struct leaf *leaf = leaf_at(level, place);
		return leaf ? leaf_width(analysis, leaf) : -1;
	}
	JoinExpr *join = (JoinExpr *)*place;
	if (join->isNatural || join->usingClause) {
		const struct join_columns *columns = join_columns(analysis, level, join);
		return columns ? (int)columns->n : -1;
	}
	int left = item_width(analysis, level, &join->larg), right = item_width(analysis, level, &join->rarg);
	return left < 0 || right < 0 ? -1 : left + right;
}

/* Columns that a star stands for; -1: cannot be told. */
static int star_width(struct analysis *analysis, const struct level *level, const ResTarget *star)
{
	if (!star_is_bare((const Node *)star)) {
		const struct leaf *leaf = star_leaf(analysis, (struct level *)level, star->val);
		const struct catalog_relation *row =
			leaf ? NULL : star_row_source(analysis, (struct level *)level, star->val);
		return leaf ? leaf_width(analysis, leaf) : row ? (int)row->n_columns - 1 : -1;
	}
	const struct leaf *target = level_target(level);
	int width = target ? leaf_width(analysis, target) : 0;
	ListCell *cell;
	foreach (cell, level->from) {
		int more = item_width(analysis, level, (Node **)&lfirst(cell));
		if (more < 0)
			return -1;
		width += more;
	}
	return width;
}

int level_width(struct analysis *analysis, const struct level *level)
{
	if (level->width >= 0)
		return level->width;
	int width = 0;
	ListCell *cell;
	foreach (cell, level->targets) {
		const ResTarget *target = lfirst(cell);
		int more = star_is((const Node *)target) ? star_width(analysis, level, target) : 1;
		if (more < 0)
			return -1;
		width += more;
	}
	return width;
}

int level_column_location(struct analysis *analysis, const struct level *level, int column)
{
	ListCell *cell;
	foreach (cell, level->targets) {
		const ResTarget *target = lfirst(cell);
		int width = star_is((const Node *)target) ? star_width(analysis, level, target) : 1;
		if (width < 0 || (column -= width) < 0)
			return width < 0 ? -1 : exprLocation(target->val);
	}
	return -1;
}

/* The schema that it is named with; NULL: none. A target that is called like the row which is to be inserted
 * is told from that by its schema. */
static const char *leaf_schema(const struct leaf *leaf)
{
	if (leaf->alias || leaf->range == NULL || leaf_becomes_query(leaf))
		return NULL;
	if (leaf->range->schemaname == NULL && leaf->target && leaf->relation &&
		same_name(leaf->name, "excluded"))
		return leaf->relation->schema;
	return leaf->range->schemaname;
}

const char *leaf_reference(const struct leaf *leaf)
{
	const char *schema = leaf_schema(leaf);
	bool plain = !leaf->alias && leaf->relation && leaf->relation->plain;
	const char *name = plain && !leaf->called ? leaf->name : text_identifier(leaf_called(leaf));
	if (schema == NULL)
		return name;
	name = text_concat(text_identifier(schema), ".", name, NULL);
	return leaf->range->catalogname ? text_concat(text_identifier(leaf->range->catalogname), ".", name, NULL)
									: name;
}

List *leaf_fields(const struct leaf *leaf)
{
	List *fields = NIL;
	const char *schema = leaf_schema(leaf);
	if (schema) {
		if (leaf->range->catalogname)
			fields = lappend(fields, tree_string(leaf->range->catalogname));
		fields = lappend(fields, tree_string(schema));
	}
	return lappend(fields, tree_string(leaf_called(leaf)));
}

static bool leaf_is(const struct leaf *leaf, const char *schema, const char *name)
{
	if (leaf->name == NULL || !same_name(leaf->name, name))
		return false;
	if (schema == NULL)
		return true;
	/* a qualified reference means a relation without alias, however that is written in FROM */
	return !leaf->alias && leaf->relation && same_name(leaf->relation->schema, schema);
}

struct leaf *sight_first(const struct level *level)
{
	return *level->sight.first;
}

struct leaf *sight_end(const struct level *level)
{
	return level->sight.end ? *level->sight.end : NULL;
}

/* Is what is below `alias` to be named where the walk is? */
static bool sight_reaches(const struct level *level, const struct join_alias *alias)
{
	const struct join_alias *below = level->sight.below;
	while (below && below != alias)
		below = below->below;
	return below == alias;
}

/* An alias is seen where its first leaf would be, but not from inside. */
static bool sees_join_alias(const struct level *level, const char *name)
{
	for (const struct join_alias *alias = level->join_aliases; alias; alias = alias->next) {
		if (!same_name(alias->name, name) || !sight_reaches(level, alias->below) ||
			sight_reaches(level, alias))
			continue;
		struct leaf **at = level->sight.first, **end = level->sight.end;
		while (at != end && at != alias->at && *at)
			at = &(*at)->next;
		if (at != end && at == alias->at)
			return true;
	}
	return false;
}

struct leaf *scope_leaf(struct level *level, const List *fields, int n)
{
	const char *name = strVal(list_nth(fields, n - 1));
	const char *schema = n > 1 ? strVal(list_nth(fields, n - 2)) : NULL;
	for (; level; level = level->outer) {
		for (struct leaf *leaf = sight_first(level), *end = sight_end(level); leaf != end; leaf = leaf->next)
			if (leaf_is(leaf, schema, name) && sight_reaches(level, leaf->below))
				return leaf;
		if (schema == NULL && sees_join_alias(level, name))
			return NULL;
	}
	return NULL;
}
