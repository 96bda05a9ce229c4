/* A view over tenant relations that does not show the tenant column, or shows one that does not confine it: its
 * definition, guarded by the same rules, takes its place.
 *
 * The definition is a text of its own, so it is analysed as one: tokens, splices and positions of the
 * statement are put aside meanwhile. Errors inside have no position in the client's text. */
#include "parser/rewrite.h"

#include <string.h>

/* What belongs to the text under work. */
struct text_state {
	const char *text;
	size_t text_length, statement_start, statement_length;
	struct tokens *tokens;
	struct splice_list splices;
	struct level *level;
	struct cte *ctes;
	const struct with_rest *with_rest;
	const struct scope_path *path;
	struct moved *moved;
};

static struct text_state text_state_put_aside(struct analysis *analysis, const char *text)
{
	struct text_state state = {analysis->text,
							   analysis->text_length,
							   analysis->statement_start,
							   analysis->statement_length,
							   analysis->tokens,
							   analysis->splices,
							   analysis->rewrite->level,
							   analysis->rewrite->ctes,
							   analysis->rewrite->with_rest,
							   analysis->path,
							   analysis->rewrite->moved};
	analysis->text = text;
	analysis->text_length = strlen(text);
	analysis->statement_start = 0;
	analysis->statement_length = analysis->text_length;
	analysis->tokens = NULL;
	analysis->splices = (struct splice_list){0};
	analysis->rewrite->level = NULL;
	analysis->rewrite->ctes = NULL;
	analysis->rewrite->with_rest = NULL;
	analysis->rewrite->moved = NULL;
	analysis->rewrite->view_depth++;
	return state;
}

static void text_state_take_back(struct analysis *analysis, const struct text_state *state)
{
	analysis->rewrite->view_depth--;
	analysis->text = state->text;
	analysis->text_length = state->text_length;
	analysis->statement_start = state->statement_start;
	analysis->statement_length = state->statement_length;
	analysis->tokens = state->tokens;
	analysis->splices = state->splices;
	analysis->rewrite->level = state->level;
	analysis->rewrite->ctes = state->ctes;
	analysis->rewrite->with_rest = state->with_rest;
	analysis->path = state->path;
	analysis->rewrite->moved = state->moved;
}

static Node *parse_definition(struct analysis *analysis, const struct catalog_relation *view)
{
	PgQueryInternalParsetreeAndError result = pg_query_raw_parse(view->view_definition);
	Node *query = NULL;
	if (result.error)
		pg_query_free_error(result.error);
	else if (list_length(result.tree) == 1)
		query = ((RawStmt *)linitial(result.tree))->stmt;
	free(result.stderr_buffer);
	if (query == NULL || !IsA(query, SelectStmt))
		analysis_refuse(analysis, "0A000", -1,
						text_concat("the definition of view \"", view->name, "\" cannot be read", NULL),
						"It uses syntax that the parser of this version of tenantry does not know.",
						"Query the tables behind the view.");
	return query && IsA(query, SelectStmt) ? query : NULL;
}

/* The guarded definition as splices at one place of the outer text. */
static bool emit_definition(struct analysis *analysis, const struct splice_list *inner,
							const char *definition, size_t length, size_t at)
{
	size_t from = 0;
	for (size_t i = 0; i <= inner->n; i++) {
		size_t to = i < inner->n ? inner->items[i].at : length;
		char *piece = palloc(to - from + 1);
		memcpy(piece, definition + from, to - from);
		piece[to - from] = 0;
		if (to > from && !splice_text(analysis, at, 0, piece))
			return false;
		if (i == inner->n)
			break;
		const struct splice *splice = &inner->items[i];
		if (splice->tenant ? !splice_tenant(analysis, at)
						   : splice->insert && !splice_text(analysis, at, 0, splice->insert))
			return false;
		from = to + splice->remove;
	}
	return true;
}

Node *view_guarded(struct analysis *analysis, const struct leaf *leaf, size_t at)
{
	const struct catalog_relation *view = leaf->relation;
	if (leaf->sample)
		return analysis_refuse(analysis, "0A000", leaf->range->location,
							   "TABLESAMPLE clause can only be applied to tables and materialized views",
							   NULL, NULL),
			   NULL;
	if (view->view_definition == NULL)
		return analysis_refuse(
				   analysis, "0A000", leaf->range->location,
				   text_concat("view \"", view->name, "\" cannot be used like this through tenantry", NULL),
				   NULL, "Query the tables behind the view."),
			   NULL;
	/* Views over views over views may multiply. */
	enum { WORK_FOR_A_BYTE = 20 };
	if (!rewrite_work(analysis, WORK_FOR_A_BYTE * strlen(view->view_definition)) || !rewrite_enter(analysis))
		return NULL;
	Node *query = parse_definition(analysis, view);
	if (query == NULL)
		return NULL;
	price_definition(analysis, leaf->range, query);
	struct text_state state = text_state_put_aside(analysis, view->view_definition);
	if (view->view_path)
		analysis->path = scope_path_of(analysis, view->view_path);
	bool ok = (!view->view_path || moved_to(analysis, view->view_path)) && rewrite_tokens(analysis);
	size_t n = ok ? analysis->tokens->n : 0;
	while (n > 0 && token_at(analysis, n - 1)->kind == TOKEN_SEMICOLON)
		n--;
	size_t length = n > 0 ? end_before(analysis, n) : 0;
	ok = ok && n > 0 && rewrite_query(analysis, &query, 0, n) != NULL && price_fence(analysis, query, length);
	struct splice_list inner = analysis->splices;
	text_state_take_back(analysis, &state);
	if (!ok)
		return NULL;
	if (!splices_finish(&inner))
		return rewrite_lost(analysis, leaf->range->location), NULL;
	if (!splice_text(analysis, at, 0, "(") ||
		!emit_definition(analysis, &inner, view->view_definition, length, at))
		return NULL;
	rewrite_leave(analysis);
	return query;
}

bool view_inline(struct analysis *analysis, struct leaf *leaf)
{
	size_t start = token_at(analysis, leaf->begin)->start;
	size_t end = end_before(analysis, relation_end(analysis, leaf->begin, leaf->end));
	Node *query = view_guarded(analysis, leaf, start);
	if (!query ||
		!splice_text(analysis, start, end - start,
					 leaf->alias ? ")" : text_concat(") AS ", text_identifier(leaf_called(leaf)), NULL)))
		return false;
	*leaf->place =
		(Node *)tree_subselect(query, leaf->alias ? (Alias *)leaf->alias : tree_alias(leaf_called(leaf)));
	return true;
}
