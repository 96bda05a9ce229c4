/* CREATE TEMP TABLE (LIKE c INCLUDING ..) where c has unique indexes with expressions or conditions: no constraint can
 * say them, so they are made by statements of their own, all in one DO block that answers as CREATE TABLE does. So is the
 * table where c has virtual columns, which the grammar here does not know. */
#include "parser/rewrite.h"

#include <string.h>

/* A delimiter that the text does not contain. */
static const char *free_tag(const char *text)
{
	const char *tag = "$tenantry$";
	for (unsigned n = 1; strstr(text, tag); n++)
		tag = analysis_text("$tenantry%u$", n);
	return tag;
}

/* The indexes of a table that is not there yet. With IF NOT EXISTS it may be. */
static const char *block(const struct analysis *analysis, const CreateStmt *create, const char *text)
{
	const char *table = text_concat("pg_temp.", text_identifier(create->relation->relname), NULL);
	const char *body = text_concat(text, ";", NULL);
	ListCell *cell;
	foreach (cell, analysis->followers)
		body = text_concat(body, " CREATE UNIQUE INDEX ON ", table, " ", lfirst(cell), ";", NULL);
	if (!create->if_not_exists)
		return text_concat("BEGIN ", body, " END", NULL);
	/* the name as an identifier in a string */
	const char *name = "";
	for (const char *c = table; *c; c++)
		name = analysis_text("%s%.*s", name, *c == '\'' ? 2 : 1, *c == '\'' ? "\'\'" : c);
	return text_concat("BEGIN IF pg_catalog.to_regclass('", name, "') IS NULL THEN ", body, " ELSE ", text,
					   "; END IF; END", NULL);
}

bool rewrite_followed(struct analysis *analysis, RawStmt *raw)
{
	const CreateStmt *create = (const CreateStmt *)raw->stmt;
	size_t first = tokens_at(analysis->tokens, analysis->statement_start);
	size_t end = tokens_at(analysis->tokens, analysis->statement_start + analysis->statement_length);
	if (first >= end)
		return rewrite_lost(analysis, -1);
	size_t start = token_at(analysis, first)->start, length = end_before(analysis, end) - start;
	const char *text = splices_finish(&analysis->splices)
						   ? splices_render(&analysis->splices, analysis->text, start, length, "")
						   : NULL;
	if (text == NULL)
		return rewrite_lost(analysis, -1);
	const char *body = block(analysis, create, text), *tag = free_tag(body);
	DoStmt *statement = MAKE(DoStmt);
	DefElem *as = MAKE(DefElem);
	as->defname = "as";
	as->arg = (Node *)tree_string(body);
	statement->args = list_make1(as);
	raw->stmt = (Node *)statement;
	analysis->raised_tag = "CREATE TABLE";
	analysis->splices = (struct splice_list){0};
	return splice_text(analysis, start, length, text_concat("DO ", tag, body, tag, NULL));
}
