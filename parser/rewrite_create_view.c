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
	struct level *level = entry ? recursive_query(analysis, entry, begin, end)
								: rewrite_query(analysis, &statement->query, begin, end);
	return level && price_fence(analysis, statement->query, end_before(analysis, end)) ? level : NULL;
}

/* --- what a view is, for the statements of its own transaction --- */

enum { COLUMNS_MOST = 1664, DEFINITION_MOST = 65536 };

static const struct catalog_column *columns_named(const List *names)
{
	struct catalog_column *columns = palloc0((size_t)list_length(names) * sizeof *columns);
	for (int i = 0; i < list_length(names); i++)
		columns[i].name = strVal(list_nth(names, i));
	return columns;
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
												 struct level *level, size_t begin, size_t end)
{
	struct catalog_relation *view = palloc0(sizeof *view);
	struct leaf whole = {.level = level, .renamed = statement->aliases};
	const List *names = leaf_names(analysis, &whole);
	if (names == NIL || list_length(names) > COLUMNS_MOST ||
		names_include(names, analysis->policy->tenant_column))
		return NULL;
	view->columns = columns_named(names);
	view->n_columns = (size_t)list_length(recursive_entry(statement) ? statement->aliases : names);
	view->view_definition = definition(analysis, statement, begin, end);
	return view->view_definition ? view : NULL;
}

static bool define_view(struct analysis *analysis, ViewStmt *statement, size_t begin, size_t end)
{
	struct level *level = view_query(analysis, statement, begin, end);
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
