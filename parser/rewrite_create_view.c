/* CREATE VIEW: the query of a view that stays is stripped of hidden columns and kept for the statements of the same
 * transaction (the snapshot will have it after COMMIT); that of a temporary one is guarded for the tenant of now, whose
 * value stands in it as a literal.
 *
 * Nobody can write through a temporary view over tenant relations, code of the server included: a new row would get
 * the column's default for its tenant. The server would let it, where FROM is nothing but one relation and no row is
 * grouped: there it is wrapped. */
#include "parser/rewrite.h"
#include "parser/schema_change.h"

#include <string.h>

/* .. AS query [WITH [CASCADED | LOCAL] CHECK OPTION] */
static bool find_query(struct analysis *analysis, const ViewStmt *statement, size_t *begin, size_t *end)
{
	*begin = find_keyword(analysis, *begin, *end, KEYWORD_AS) + 1;
	if (statement->withCheckOption != NO_CHECK_OPTION) {
		size_t with = *end - 3;
		if (*end >= *begin + 4 && keyword_at(analysis, with, *end) != KEYWORD_WITH)
			with--;
		if (*end < *begin + 4 || keyword_at(analysis, with, *end) != KEYWORD_WITH)
			return rewrite_lost(analysis, -1);
		*end = with;
	}
	return *begin < *end || rewrite_lost(analysis, -1);
}

/* The grammar makes `WITH RECURSIVE name (columns) AS (query) SELECT columns FROM name` of CREATE RECURSIVE VIEW: only
 * the query in the middle stands in the text. It is told by its WITH entry, which has no place there. NULL: it is a
 * query as written. */
static CommonTableExpr *recursive_entry(const ViewStmt *statement)
{
	const WithClause *with =
		IsA(statement->query, SelectStmt) ? ((SelectStmt *)statement->query)->withClause : NULL;
	CommonTableExpr *entry = with && with->recursive ? linitial(with->ctes) : NULL;
	return entry && entry->location < 0 ? entry : NULL;
}

static struct level *recursive_query(struct analysis *analysis, CommonTableExpr *expression, size_t begin,
									 size_t end)
{
	struct rewrite *rewrite = analysis->rewrite;
	struct cte entry = {.outer = rewrite->ctes, .expression = expression};
	rewrite->ctes = &entry;
	rewrite->n_ctes++;
	struct level *level = rewrite_query(analysis, &expression->ctequery, begin, end);
	rewrite->ctes = entry.outer;
	return level;
}

static struct level *view_query(struct analysis *analysis, ViewStmt *statement, size_t begin, size_t end)
{
	CommonTableExpr *entry = recursive_entry(statement);
	return entry ? recursive_query(analysis, entry, begin, end)
				 : rewrite_query(analysis, &statement->query, begin, end);
}

/* --- what a view is, for the statements of its own transaction --- */

enum { COLUMNS_MOST = 1664, DEFINITION_MOST = 65536 };

struct names {
	struct catalog_column *items;
	size_t n;
};

static bool add_name(struct names *names, const char *name)
{
	if (name == NULL || names->n == COLUMNS_MOST)
		return false;
	names->items[names->n++] = (struct catalog_column){.name = name};
	return true;
}

static bool names_of_level(struct analysis *analysis, const struct level *level, const List *aliases,
						   struct names *names);

static bool names_of_leaf(struct analysis *analysis, const struct leaf *leaf, struct names *names)
{
	if (leaf == NULL || leaf->hidden)
		return false;
	const List *aliases = leaf->alias && leaf->alias->colnames ? leaf->alias->colnames : leaf->renamed;
	if (leaf->relation == NULL)
		return leaf->level && names_of_level(analysis, leaf->level, aliases, names);
	int visible = 0;
	for (size_t i = 0; i < leaf->relation->n_columns; i++) {
		bool hidden = leaf->kind == LEAF_TENANT && column_hidden(analysis, leaf->relation, i);
		if (!hidden && !add_name(names, aliased_name(aliases, visible++, leaf->relation->columns[i].name)))
			return false;
	}
	return true;
}

static bool names_of_star(struct analysis *analysis, const struct level *level, const ResTarget *star,
						  struct names *names)
{
	if (!star_is_bare((const Node *)star))
		return names_of_leaf(analysis, star_leaf(analysis, (struct level *)level, star->val), names);
	if (level->merged)
		return false;
	for (const struct star_unit *unit = level->units; unit; unit = unit->next)
		if (!names_of_leaf(analysis, unit->leaf, names))
			return false;
	return true;
}

/* The columns of a query's result; false: they cannot be told. */
static bool names_of_level(struct analysis *analysis, const struct level *level, const List *aliases,
						   struct names *names)
{
	size_t first = names->n;
	for (int i = 1; i <= level->width; i++)
		if (!add_name(names, analysis_text("column%d", i)))
			return false;
	ListCell *cell;
	foreach (cell, level->width < 0 ? level->targets : NIL) {
		const ResTarget *target = lfirst(cell);
		bool aliased = names->n - first < (size_t)list_length(aliases);
		const char *name = aliased ? "" : target_name(target);
		if (star_is((const Node *)target) ? !names_of_star(analysis, level, target, names)
										  : !add_name(names, name))
			return false;
	}
	for (size_t i = first; i < names->n; i++)
		names->items[i].name = aliased_name(aliases, i - first, names->items[i].name);
	return names->n - first >= (size_t)list_length(aliases);
}

static bool has_column(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (same_name(names->items[i].name, name))
			return true;
	return false;
}

/* The query as it is sent. */
static const char *query_text(struct analysis *analysis, size_t begin, size_t end)
{
	size_t start = token_at(analysis, begin)->start, stop = end_before(analysis, end);
	struct splice_list inside = {.items = palloc((analysis->splices.n + 1) * sizeof *inside.items)};
	for (size_t i = 0; i < analysis->splices.n; i++)
		if (analysis->splices.items[i].at >= start && analysis->splices.items[i].at <= stop)
			inside.items[inside.n++] = analysis->splices.items[i];
	return splices_finish(&inside) ? splices_render(&inside, analysis->text, start, stop - start, "") : NULL;
}

static const char *alias_list(const List *aliases)
{
	enum { IDENTIFIER_MOST = 2 * NAMEDATALEN + 4 };
	char *text = palloc0((size_t)list_length(aliases) * IDENTIFIER_MOST + 1), *end = text;
	ListCell *cell;
	foreach (cell, aliases)
		end = stpcpy(stpcpy(end, end > text ? ", " : ""), text_identifier(strVal(lfirst(cell))));
	return text;
}

static const char *definition(struct analysis *analysis, const ViewStmt *statement, size_t begin, size_t end)
{
	const char *query = query_text(analysis, begin, end);
	if (query == NULL || strlen(query) > DEFINITION_MOST || list_length(statement->aliases) > COLUMNS_MOST)
		return NULL;
	const char *name = text_identifier(statement->view->relname), *columns = alias_list(statement->aliases);
	if (recursive_entry(statement))
		return text_concat("WITH RECURSIVE ", name, " (", columns, ") AS (", query, ") SELECT ", columns,
						   " FROM ", name, NULL);
	return *columns ? text_concat("SELECT * FROM (", query, ") AS ", name, " (", columns, ")", NULL) : query;
}

/* NULL: no statement can use it before the snapshot shows it. One with the tenant column may be confined by that,
 * which is for the snapshot to judge. */
static const struct catalog_relation *known_view(struct analysis *analysis, const ViewStmt *statement,
												 const struct level *level, size_t begin, size_t end)
{
	struct catalog_relation *view = palloc0(sizeof *view);
	struct names names = {.items = palloc(COLUMNS_MOST * sizeof *names.items)};
	if (!names_of_level(analysis, level, statement->aliases, &names) ||
		has_column(&names, analysis->policy->tenant_column))
		return NULL;
	view->columns = names.items;
	view->n_columns = recursive_entry(statement) ? (size_t)list_length(statement->aliases) : names.n;
	view->view_definition = definition(analysis, statement, begin, end);
	return view->view_definition ? view : NULL;
}

static bool define_view(struct analysis *analysis, ViewStmt *statement, size_t begin, size_t end)
{
	const struct level *level = view_query(analysis, statement, begin, end);
	if (level == NULL)
		return false;
	if (analysis->uses_tenant)
		return analysis_refuse(analysis, "0A000", -1,
							   "views must not contain data-modifying statements in WITH", NULL, NULL);
	bool foreign = analysis->rewrite->foreign;
	return schema_view_made(analysis, statement, foreign,
							foreign ? known_view(analysis, statement, level, begin, end) : NULL);
}

/* Source: view_query_is_auto_updatable() in rewriteHandler.c, of whose conditions those that matter are asked for. */
static const RangeVar *updatable_relation(const ViewStmt *statement)
{
	const SelectStmt *select = (const SelectStmt *)statement->query;
	bool one = IsA(select, SelectStmt) && select->op == SETOP_NONE && list_length(select->fromClause) == 1 &&
			   select->groupClause == NIL;
	return one && IsA(linitial(select->fromClause), RangeVar) ? linitial(select->fromClause) : NULL;
}

static bool confine_view(struct analysis *analysis, ViewStmt *statement, size_t begin, size_t end)
{
	struct rewrite *rewrite = analysis->rewrite;
	rewrite->literal = true;
	rewrite->wrapped = updatable_relation(statement);
	return view_query(analysis, statement, begin, end) &&
		   schema_temporary(analysis, statement->view, false, analysis->touches_tenant || rewrite->of_tenant);
}

bool rewrite_create_view(struct analysis *analysis, ViewStmt *statement, size_t begin, size_t end)
{
	if (!analysis->defines_view && !analysis->temporary_view)
		return true;
	if (!find_query(analysis, statement, &begin, &end))
		return false;
	return analysis->temporary_view ? confine_view(analysis, statement, begin, end)
									: define_view(analysis, statement, begin, end);
}
