/* From a statement to the rewriter of its kind. */
#include "parser/rewrite.h"

bool rewrite_lost(struct analysis *analysis, int location)
{
	return analysis_refuse(analysis, "0A000", location,
						   "tenantry could not find its way through this statement",
						   "The text of the statement and its parse tree could not be matched.",
						   "Please report the statement; writing it more plainly helps.");
}

bool rewrite_tokens(struct analysis *analysis)
{
	if (analysis->tokens == NULL)
		analysis->tokens = tokens_scan(analysis->text, analysis->text_length);
	return analysis->tokens ||
		   analysis_refuse(analysis, "54000", -1, "statement is too long", NULL, "Split the statement.");
}

bool rewrite_enter(struct analysis *analysis)
{
	if (analysis->depth < analysis->policy->max_depth) {
		analysis->depth++;
		return true;
	}
	return analysis_refuse(analysis, "54001", -1, "statement is nested too deeply",
						   "Its expressions or queries are nested deeper than max_depth allows.",
						   "Simplify the statement, or raise max_depth.");
}

bool rewrite_work(struct analysis *analysis, size_t n)
{
	enum { WORK_MOST = 20 * 1000 * 1000 };
	analysis->rewrite->work += n;
	return analysis->rewrite->work < WORK_MOST ||
		   analysis_refuse(
			   analysis, "54000", -1, "statement is too complex",
			   "It refers to so many names over so many relations that looking them up would take too long.",
			   "Split the statement.");
}

struct level *rewrite_query(struct analysis *analysis, Node **query, size_t begin, size_t end)
{
	if (!rewrite_enter(analysis))
		return NULL;
	struct level *level = NULL;
	switch (nodeTag(*query)) {
	case T_SelectStmt:
		level = rewrite_select(analysis, (SelectStmt *)*query, begin, end, NULL);
		break;
	case T_InsertStmt:
		level = rewrite_insert(analysis, (InsertStmt *)*query, begin, end);
		break;
	case T_UpdateStmt:
		level = rewrite_update(analysis, (UpdateStmt *)*query, begin, end);
		break;
	case T_DeleteStmt:
		level = rewrite_delete(analysis, (DeleteStmt *)*query, begin, end);
		break;
	case T_MergeStmt:
		level = rewrite_merge(analysis, (MergeStmt *)*query, begin, end);
		break;
	default:
		analysis_refuse(analysis, "0A000", -1, "tenantry does not know this kind of query", NULL,
						"Please report the statement.");
	}
	rewrite_leave(analysis);
	return level;
}

bool rewrite_statement(struct analysis *analysis, RawStmt *raw)
{
	if (!rewrite_tokens(analysis))
		return false;
	size_t begin = tokens_at(analysis->tokens, analysis->statement_start);
	size_t end = tokens_at(analysis->tokens, analysis->statement_start + analysis->statement_length);
	analysis->rewrite->root = raw->stmt;
	switch (nodeTag(raw->stmt)) {
	case T_SelectStmt:
	case T_InsertStmt:
	case T_UpdateStmt:
	case T_DeleteStmt:
	case T_MergeStmt:
		return rewrite_query(analysis, &raw->stmt, begin, end) && rewrite_into(analysis, raw->stmt);
	case T_TruncateStmt:
		return rewrite_truncate(analysis, &raw->stmt, begin, end);
	case T_CreateStmt:
		return !analysis->by_block || rewrite_followed(analysis, raw);
	case T_CopyStmt:
		return rewrite_copy(analysis, (CopyStmt *)raw->stmt, begin, end);
	default:
		return rewrite_utility(analysis, raw->stmt, begin, end);
	}
}
