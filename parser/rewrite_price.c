/* Conditions that cost the planner nothing and may fail: a price for what they are made of, and fences; see quals_free.h. */
#include "parser/quals_free.h"
#include "parser/quals_hazard.h"
#include "parser/rewrite.h"

#include <stdlib.h>
#include <string.h>

#define PRICED "(CASE WHEN pg_catalog.now() IS NULL THEN NULL ELSE "
static const char PRICE[] = PRICED, PRICE_END[] = " END)";
static const char PRICE_COLUMN[] = PRICED "(SELECT ", PRICE_COLUMN_END[] = ") END)";

/* What is not understood is left to the checker, which refuses it. */
static void add_free(struct rewrite *rewrite, struct quals_free found)
{
	rewrite->free_values = list_concat(rewrite->free_values, found.values);
	rewrite->free_queries = list_concat(rewrite->free_queries, found.queries);
	rewrite->free_views = list_concat(rewrite->free_views, found.views);
	rewrite->free_made = list_concat(rewrite->free_made, found.made);
}

static void find_free(struct analysis *analysis)
{
	struct rewrite *rewrite = analysis->rewrite;
	if (rewrite->free_known)
		return;
	rewrite->free_known = true;
	if (rewrite_screens(analysis))
		add_free(rewrite, quals_find_free(analysis, rewrite->root, QUALS_NOTHING, rewrite->root, 0));
}

bool price_fences_view(struct analysis *analysis, const RangeVar *range)
{
	find_free(analysis);
	return tree_list_has(analysis->rewrite->free_views, range);
}

void price_definition(struct analysis *analysis, const RangeVar *range, const Node *query)
{
	bool outer = price_fences_view(analysis, range) || tree_list_has(analysis->rewrite->free_made, range);
	enum quals_above above = outer ? QUALS_OUTER : QUALS_LEVEL;
	if (rewrite_screens(analysis))
		add_free(analysis->rewrite, quals_find_free(analysis, query, above, analysis->rewrite->root, 0));
}

bool price_due_for(struct analysis *analysis, const Node *node)
{
	const Node *left = IsA(node, A_Expr) ? ((const A_Expr *)node)->lexpr : node;
	if (left == NULL)
		return false;
	if (IsA(node, FuncCall) && !quals_call_may_be_tested_again((const FuncCall *)node))
		return false;
	/* columns of comparisons are listed before they are come to */
	if (IsA(node, A_Expr) && !IsA(left, RowExpr) &&
		!quals_may_be_tested_again(analysis, (const A_Expr *)node))
		return false;
	find_free(analysis);
	return tree_list_has(analysis->rewrite->free_values, node);
}

/* The last token of a.b.c. */
static size_t column_end(const ColumnRef *column, size_t begin)
{
	return begin + 2 * (size_t)(list_length(column->fields) - 1);
}

/* The tokens of (c).a[1]: from the first parenthesis. False: not found. */
static bool row_column_tokens(const struct analysis *analysis, const A_Indirection *node, size_t *first,
							  size_t *last)
{
	const struct tokens *tokens = analysis->tokens;
	ListCell *cell;
	*last = column_end((const ColumnRef *)node->arg, *first);
	while (*first > 0 && *last + 1 < tokens->n && token_at(analysis, *last + 1)->kind == TOKEN_CLOSE &&
		   token_at(analysis, *last + 1)->match == *first - 1) {
		--*first;
		++*last;
	}
	foreach (cell, node->indirection) {
		bool named = IsA(lfirst(cell), String);
		if (*last + 2 >= tokens->n || token_at(analysis, *last + 1)->kind != (named ? TOKEN_DOT : TOKEN_OPEN))
			return false;
		*last = named ? *last + 2 : token_at(analysis, *last + 1)->match;
	}
	return true;
}

/* Bytes in the text. False: not found. */
static bool extent(const struct analysis *analysis, const Node *node, size_t *start, size_t *end)
{
	const struct tokens *tokens = analysis->tokens;
	const Node *last = IsA(node, A_Expr) ? ((const A_Expr *)node)->rexpr : node;
	const Node *first = IsA(node, A_Expr) ? ((const A_Expr *)node)->lexpr : node;
	bool of_row = IsA(node, A_Indirection) && IsA(((const A_Indirection *)node)->arg, ColumnRef);
	if (of_row)
		first = ((const A_Indirection *)node)->arg; /* it has no location of its own */
	size_t begin = tokens_at(tokens, (size_t)exprLocation(first));
	if (IsA(node, ColumnRef) || of_row) {
		size_t last_token = of_row ? 0 : column_end((const ColumnRef *)node, begin);
		if ((of_row && !row_column_tokens(analysis, (const A_Indirection *)node, &begin, &last_token)) ||
			last_token >= tokens->n)
			return false;
		*start = token_at(analysis, begin)->start;
		*end = token_at(analysis, last_token)->end;
		return true;
	}
	size_t open = IsA(last, SubLink) ? sublink_open(analysis, (const SubLink *)last) : begin + 1;
	if (begin >= tokens->n || open >= tokens->n || token_at(analysis, open)->kind != TOKEN_OPEN)
		return false;
	*start = token_at(analysis, begin)->start;
	*end = token_at(analysis, token_at(analysis, open)->match)->end;
	return true;
}

bool price(struct analysis *analysis, Node **place, const char *name)
{
	size_t start, end;
	if (!rewrite_tokens(analysis) || !extent(analysis, *place, &start, &end))
		return rewrite_lost(analysis, exprLocation(*place));
	bool column = IsA(*place, ColumnRef) || IsA(*place, A_Indirection);
	*place = column ? tree_priced_column(*place) : tree_priced(*place);
	const char *label = expression_name(*place);
	bool labelled = name && label && strcmp(name, label) != 0;
	return splice_text(analysis, end, 0, column ? PRICE_COLUMN_END : PRICE_END) &&
		   (!labelled || splice_text(analysis, end, 0, text_concat(" AS ", text_identifier(name), NULL))) &&
		   splice_opening(analysis, start, column ? PRICE_COLUMN : PRICE);
}

Node *price_made(struct analysis *analysis, Node *value, const char **opens, const char **closes)
{
	if (!rewrite_screens(analysis))
		return value;
	*opens = text_concat(PRICE, *opens, NULL);
	*closes = text_concat(*closes, PRICE_END, NULL);
	return tree_priced(value);
}

/* The parser itself says what OFFSET 0 is: the library's constants need not be those of the headers. */
static const SelectStmt *fenced(void)
{
	PgQueryInternalParsetreeAndError parsed = pg_query_raw_parse("SELECT OFFSET 0");
	free(parsed.stderr_buffer);
	if (parsed.error)
		pg_query_free_error(parsed.error);
	return parsed.error ? NULL : (const SelectStmt *)((RawStmt *)linitial(parsed.tree))->stmt;
}

bool fence(struct analysis *analysis, Node *query, size_t end)
{
	const SelectStmt *model = fenced();
	if (model == NULL)
		return rewrite_lost(analysis, -1);
	((SelectStmt *)query)->limitOffset = model->limitOffset;
	((SelectStmt *)query)->limitOption = model->limitOption;
	return splice_text(analysis, end, 0, " OFFSET 0");
}

bool price_fence(struct analysis *analysis, Node *query, size_t end)
{
	find_free(analysis);
	return !tree_list_has(analysis->rewrite->free_queries, query) || analysis->defines_view ||
		   fence(analysis, query, end);
}
