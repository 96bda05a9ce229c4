/* Views that show the tenant column. `tenant_id = 1` over such a view says something of the rows that it reads only if
 * the column is theirs and nothing else goes into a row: not if it is computed, or if rows of other relations, or of
 * the same one (sub-selects, joins, windows, groups), are in it too. */
#include "parser/catalog_view.h"

#include <stdlib.h>
#include <string.h>

#include "parser/expressions.h"
#include "parser/pg_nodes.h"

/* The one relation that the view reads, if that is confined by its own tenant column. */
static const struct catalog_relation *source_of(const struct catalog *catalog,
												const struct catalog_relation *view)
{
	const struct catalog_relation *source = NULL;
	for (size_t i = 0; i < view->n_depends; i++) {
		const struct catalog_relation *relation = catalog_relation_by_oid(catalog, view->depends[i]);
		if (relation == view)
			continue;
		if (!relation || (source && source != relation))
			return NULL;
		source = relation;
	}
	return source && source->isolation == ISOLATION_TENANT && source->tenant_column >= 0 && !source->composed
			   ? source
			   : NULL;
}

/* Names are not looked up: the view reads no other relation than `source`. */
static bool reads_only(const SelectStmt *select, const struct catalog_relation *source)
{
	if (list_length(select->fromClause) != 1 || !IsA(linitial(select->fromClause), RangeVar))
		return false;
	const RangeVar *range = linitial(select->fromClause);
	return strcmp(range->relname, source->name) == 0 &&
		   (!range->schemaname || strcmp(range->schemaname, source->schema) == 0) &&
		   (!range->alias || range->alias->colnames == NIL);
}

static bool is_simple(const SelectStmt *select)
{
	return select->op == SETOP_NONE && !select->withClause && !select->distinctClause &&
		   !select->groupClause && !select->havingClause && !select->windowClause && !select->valuesLists &&
		   !select->limitOffset && !select->limitCount && !select->lockingClause && !select->intoClause;
}

static bool shows_column(const SelectStmt *select, int column, const char *name)
{
	if (column >= list_length(select->targetList))
		return false;
	const Node *value = ((const ResTarget *)list_nth(select->targetList, column))->val;
	const Node *last = IsA(value, ColumnRef) ? llast(((const ColumnRef *)value)->fields) : NULL;
	return last && IsA(last, String) && strcmp(strVal(last), name) == 0;
}

static bool has_own_row_only(const SelectStmt *select)
{
	ListCell *cell;
	foreach (cell, select->targetList)
		if (!expression_is_of_one_row(((ResTarget *)lfirst(cell))->val))
			return false;
	foreach (cell, select->sortClause)
		if (!expression_is_of_one_row(((SortBy *)lfirst(cell))->node))
			return false;
	return expression_is_of_one_row(select->whereClause);
}

static bool is_plain(const List *tree, const struct catalog_relation *view,
					 const struct catalog_relation *source)
{
	if (list_length(tree) != 1 || !IsA(((RawStmt *)linitial(tree))->stmt, SelectStmt))
		return false;
	const SelectStmt *select = (SelectStmt *)((RawStmt *)linitial(tree))->stmt;
	return is_simple(select) && reads_only(select, source) &&
		   shows_column(select, view->tenant_column, source->columns[source->tenant_column].name) &&
		   has_own_row_only(select);
}

bool catalog_view_is_plain(const struct catalog *catalog, const struct catalog_relation *view)
{
	const struct catalog_relation *source = source_of(catalog, view);
	if (!source || view->tenant_column < 0)
		return false;
	MemoryContext context = pg_query_enter_memory_context();
	PgQueryInternalParsetreeAndError parsed = pg_query_raw_parse(view->view_definition);
	free(parsed.stderr_buffer);
	bool plain = !parsed.error && is_plain(parsed.tree, view, source);
	if (parsed.error)
		pg_query_free_error(parsed.error);
	pg_query_exit_memory_context(context);
	return plain;
}
