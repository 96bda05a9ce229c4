/* COPY: out becomes a guarded query, in names the tenant column and tells the session how to fill the data
 * stream.
 *
 * Refused: files and programs of the server, options that the transform of the data does not know. */
#include "parser/rewrite.h"
#include "parser/settings_policy.h"

#include <string.h>
#include <strings.h>

static bool refuse_copy(struct analysis *analysis, const char *sqlstate, int location, const char *message,
						const char *hint)
{
	return analysis_refuse(analysis, sqlstate, location, message, NULL, hint);
}

/* The token after the relation and its list of columns. */
static size_t after_columns(const struct analysis *analysis, const CopyStmt *copy, size_t after_name,
							size_t end)
{
	return copy->attlist && is_open(analysis, after_name, end) ? token_at(analysis, after_name)->match + 1
															   : after_name;
}

/* --- COPY relation TO STDOUT --- */

static const char *copied_columns(const struct analysis *analysis, const CopyStmt *copy,
								  const struct catalog_relation *relation, List **targets)
{
	const char *list = "";
	ListCell *cell;
	if (copy->attlist == NIL) {
		for (size_t i = 0; i < relation->n_columns; i++) {
			const struct catalog_column *column = &relation->columns[i];
			if (column->generated || column_hidden(analysis, relation, i))
				continue;
			list = text_concat(list, *list ? ", " : "", text_identifier(column->name), NULL);
			*targets = lappend(*targets, tree_target(NULL, (Node *)tree_column(NULL, column->name)));
		}
		return list;
	}
	foreach (cell, copy->attlist) {
		const char *name = strVal(lfirst(cell));
		list = text_concat(list, *list ? ", " : "", text_identifier(name), NULL);
		*targets = lappend(*targets, tree_target(NULL, (Node *)tree_column(NULL, name)));
	}
	return list;
}

/* The token DELIMITERS of `TO STDOUT [USING] DELIMITERS 'x'`, with *from where that begins; 0: there is none. */
static size_t old_delimiters(const struct analysis *analysis, size_t from, size_t end)
{
	static const char WORD[] = "delimiters";
	size_t at = from + (keyword_at(analysis, from, end) == KEYWORD_USING);
	if (at + 1 >= end)
		return 0;
	const struct token *token = token_at(analysis, at);
	bool is_word = token->kind == TOKEN_WORD && token->end - token->start == strlen(WORD) &&
				   strncasecmp(analysis->text + token->start, WORD, strlen(WORD)) == 0;
	return is_word ? at : 0;
}

static bool cut(struct analysis *analysis, size_t first, size_t last)
{
	size_t start = token_at(analysis, first)->start;
	return splice_text(analysis, start, token_at(analysis, last)->end - start, NULL);
}

/* COPY BINARY relation TO .. USING DELIMITERS ..: these have no place beside a query and go where the other options
 * are, of which they are the first. `binary`: the token, or 0; `after`: the token TO. */
static bool move_old_options(struct analysis *analysis, size_t binary, size_t after, size_t end)
{
	size_t to = after + 2, delimiters = old_delimiters(analysis, to, end); /* TO STDOUT */
	if (!binary && !delimiters)
		return true;
	const char *delimiter = "";
	if (delimiters) {
		const struct token *constant = token_at(analysis, delimiters + 1);
		delimiter = analysis_text("DELIMITER %.*s", (int)(constant->end - constant->start),
								  analysis->text + constant->start);
		if (!cut(analysis, to, delimiters + 1))
			return false;
		to = delimiters + 2;
	}
	if (binary && !cut(analysis, binary, binary))
		return false;
	if (keyword_at(analysis, to, end) == KEYWORD_WITH)
		to++;
	bool list = is_open(analysis, to, end);
	return splice_text(
		analysis, list ? token_at(analysis, to)->end : end_before(analysis, to), 0,
		list ? text_concat(binary ? "FORMAT binary, " : "", delimiter, *delimiter ? ", " : "", NULL)
			 : text_concat(binary ? " BINARY" : "", *delimiter ? " " : "", delimiter, NULL));
}

static bool copy_out(struct analysis *analysis, CopyStmt *copy, struct leaf *leaf, size_t begin, size_t end)
{
	const struct catalog_relation *relation = leaf->relation;
	if (leaf->kind == LEAF_VIEW || relation->kind == 'v')
		return refuse_copy(analysis, "42809", -1,
						   text_concat("cannot copy from view \"", relation->name, "\"", NULL),
						   "Try the COPY (SELECT ...) TO variant.");
	if (relation->kind == 'p')
		return refuse_copy(analysis, "42809", -1,
						   text_concat("cannot copy from partitioned table \"", relation->name, "\"", NULL),
						   "Try the COPY (SELECT ...) TO variant.");
	analysis->rewrite->literal = true;
	size_t after = after_columns(analysis, copy, relation_end(analysis, leaf->begin, end), end);
	size_t binary =
		keyword_at(analysis, begin + 1, end) == KEYWORD_BINARY && leaf->begin > begin + 1 ? begin + 1 : 0;
	if (keyword_at(analysis, after, end) != KEYWORD_TO)
		return rewrite_lost(analysis, leaf->range->location);
	if (!move_old_options(analysis, binary, after, end))
		return false;
	size_t start = token_at(analysis, leaf->begin)->start, length = end_before(analysis, after) - start;
	SelectStmt *select = MAKE(SelectStmt);
	const char *columns = copied_columns(analysis, copy, relation, &select->targetList);
	leaf->range->inh = false; /* COPY does not read children */
	select->fromClause = list_make1(leaf->range);
	select->whereClause = leaf_predicate(
		analysis, leaf, start,
		text_concat("(SELECT ", columns, " FROM ONLY ", leaf_reference(leaf), " WHERE ", NULL), ")");
	copy->query = (Node *)select;
	copy->relation = NULL;
	copy->attlist = NIL;
	return select->whereClause && splice_text(analysis, start, length, NULL);
}

/* --- COPY relation FROM STDIN --- */

static const char *option_text(const DefElem *option)
{
	if (option->arg == NULL)
		return NULL;
	if (IsA(option->arg, String))
		return strVal(option->arg);
	if (IsA(option->arg, Integer))
		return intVal(option->arg) ? "1" : "0";
	if (IsA(option->arg, Boolean))
		return boolVal(option->arg) ? "true" : "false";
	return NULL;
}

static bool option_on(const DefElem *option)
{
	const char *text = option_text(option);
	return text == NULL || strcasecmp(text, "false") != 0
			   ? !(text && (strcmp(text, "0") == 0 || strcasecmp(text, "off") == 0))
			   : false;
}

static bool copy_format_of(struct analysis *analysis, const CopyStmt *copy, struct copy_plan *plan)
{
	ListCell *cell;
	foreach (cell, copy->options) {
		const DefElem *option = lfirst(cell);
		const char *text = option_text(option);
		if (strcmp(option->defname, "format") == 0 && text) {
			if (strcmp(text, "csv") == 0)
				plan->format = COPY_CSV;
			else if (strcmp(text, "binary") == 0)
				plan->format = COPY_BINARY;
			else if (strcmp(text, "text") != 0)
				return refuse_copy(analysis, "22023", option->location,
								   text_concat("COPY format \"", text, "\" not recognized", NULL), NULL);
		} else if (strcmp(option->defname, "encoding") == 0) {
			/* a byte of a character may look like a delimiter */
			if (!text || !setting_encoding_is_safe(text))
				return refuse_copy(analysis, "0A000", option->location,
								   "COPY in this encoding is not supported for tenant relations",
								   "Use UTF8.");
			plan->encoded = strcasecmp(text, "utf8") != 0 && strcasecmp(text, "utf-8") != 0;
		}
	}
	return true;
}

static bool one_byte(struct analysis *analysis, const DefElem *option, char *byte)
{
	const char *text = option_text(option);
	if (text == NULL || strlen(text) != 1)
		return refuse_copy(
			analysis, "0A000", option->location,
			text_concat("COPY ", option->defname, " must be a single one-byte character", NULL), NULL);
	*byte = *text;
	return true;
}

/* FORCE_NULL (a, b): the tenant's value is not for options to reinterpret. */
static bool names_column(const DefElem *option, const char *column)
{
	if (option->arg == NULL || !IsA(option->arg, List))
		return false;
	ListCell *cell;
	foreach (cell, (List *)option->arg)
		if (IsA(lfirst(cell), String) && strcmp(strVal(lfirst(cell)), column) == 0)
			return true;
	return false;
}

/* Of the rest, those that do not change how the data is taken apart. */
static bool is_known_option(const char *name)
{
	static const char *const names[] = {"format",         "freeze",        "encoding",
										"force_not_null", "force_null",    "force_quote",
										"on_error",       "log_verbosity", "reject_limit"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static bool copy_options(struct analysis *analysis, const CopyStmt *copy, struct copy_plan *plan)
{
	if (!copy_format_of(analysis, copy, plan))
		return false;
	bool csv = plan->format == COPY_CSV;
	plan->delimiter = csv ? ',' : '\t';
	plan->quote = '"';
	plan->null_string = csv ? "" : "\\N";
	ListCell *cell;
	foreach (cell, copy->options) {
		const DefElem *option = lfirst(cell);
		const char *name = option->defname;
		bool ok = true;
		if (strcmp(name, "delimiter") == 0)
			ok = one_byte(analysis, option, &plan->delimiter);
		else if (strcmp(name, "quote") == 0)
			ok = one_byte(analysis, option, &plan->quote);
		else if (strcmp(name, "escape") == 0)
			ok = one_byte(analysis, option, &plan->escape);
		else if (strcmp(name, "null") == 0 && option_text(option))
			plan->null_string = option_text(option);
		else if (strcmp(name, "header") == 0)
			plan->header = option_on(option);
		else if (strcmp(name, "default") == 0)
			plan->default_string = option_text(option);
		else if (strncmp(name, "force_", 6) == 0 && option->arg && !IsA(option->arg, List))
			ok = refuse_copy(
				analysis, "0A000", option->location,
				text_concat("COPY ", name, " of all columns is not supported for tenant relations", NULL),
				"List the columns.");
		else if (strncmp(name, "force_", 6) == 0 && names_column(option, plan->tenant_column))
			ok = refuse_copy(analysis, "42501", option->location,
							 text_concat("COPY ", name, " cannot name the tenant column", NULL), NULL);
		else if (!is_known_option(name))
			ok = refuse_copy(analysis, "42601", option->location,
							 text_concat("option \"", name, "\" not recognized", NULL), NULL);
		if (!ok)
			return false;
	}
	if (plan->escape == 0)
		plan->escape = plan->quote;
	return true;
}

/* FREEZE works only right after a real TRUNCATE in the same transaction, and TRUNCATE is a DELETE here. It is
 * an optimisation only: off it goes. In parentheses an option is switched off, in the old form it is a word
 * of its own. */
static bool drop_freeze(struct analysis *analysis, CopyStmt *copy, size_t end)
{
	for (int i = 0; i < list_length(copy->options); i++) {
		DefElem *option = list_nth(copy->options, i);
		if (strcmp(option->defname, "freeze") != 0)
			continue;
		size_t first = tokens_at(analysis->tokens, option->location), last = first;
		while (last < end && token_at(analysis, last)->kind != TOKEN_COMMA &&
			   token_at(analysis, last)->kind != TOKEN_CLOSE)
			last = token_skip(analysis->tokens, last);
		bool listed = option->arg == NULL || !IsA(option->arg, Boolean);
		size_t start = token_at(analysis, first)->start;
		size_t length = (listed ? end_before(analysis, last) : token_at(analysis, first)->end) - start;
		if (!splice_text(analysis, start, length, listed ? "freeze false" : NULL))
			return false;
		if (listed)
			option->arg = (Node *)tree_string("false");
		else
			copy->options = list_delete_nth_cell(copy->options, i--);
	}
	return true;
}

static int listed(const List *names, const char *name)
{
	for (int i = 0; i < list_length(names); i++)
		if (strcmp(strVal(list_nth(names, i)), name) == 0)
			return i;
	return -1;
}

/* The list of columns with the tenant column last; `at` is the token after the relation's name. */
static bool add_column(struct analysis *analysis, CopyStmt *copy, const struct catalog_relation *relation,
					   size_t at)
{
	const char *tenant = tenant_name(relation);
	if (copy->attlist) {
		copy->attlist = lappend(copy->attlist, tree_string(tenant));
		return splice_text(analysis, token_at(analysis, token_at(analysis, at)->match)->start, 0,
						   text_concat(", ", text_identifier(tenant), NULL));
	}
	const char *list = " (";
	for (size_t i = 0; i < relation->n_columns; i++) {
		const struct catalog_column *column = &relation->columns[i];
		if (column->generated || (int)i == relation->tenant_column)
			continue;
		copy->attlist = lappend(copy->attlist, tree_string(column->name));
		list = text_concat(list, text_identifier(column->name), ", ", NULL);
	}
	copy->attlist = lappend(copy->attlist, tree_string(tenant));
	return splice_text(analysis, end_before(analysis, at), 0,
					   text_concat(list, text_identifier(tenant), ")", NULL));
}

/* tenant_column = visible and no list: the client sends the tenant column in its place; the list is spelled
 * out. */
static bool spell_columns(struct analysis *analysis, CopyStmt *copy, const struct catalog_relation *relation,
						  size_t at)
{
	const char *list = " (";
	for (size_t i = 0; i < relation->n_columns; i++) {
		const struct catalog_column *column = &relation->columns[i];
		if (column->generated)
			continue;
		list = text_concat(list, copy->attlist ? ", " : "", text_identifier(column->name), NULL);
		copy->attlist = lappend(copy->attlist, tree_string(column->name));
	}
	return splice_text(analysis, end_before(analysis, at), 0, text_concat(list, ")", NULL));
}

static bool copy_in(struct analysis *analysis, CopyStmt *copy, struct leaf *leaf, size_t end)
{
	const struct catalog_relation *relation = leaf->relation;
	if (relation->isolation != ISOLATION_TENANT)
		return refuse_copy(analysis, "42501", leaf->range->location,
						   text_concat("permission denied for table ", relation->name, NULL), "Use INSERT.");
	struct copy_plan *plan = palloc0(sizeof *plan);
	*plan = (struct copy_plan){
		.check_column = -1, .tenant_column = tenant_name(relation), .tenant_type = relation->tenant_type};
	if (!copy_options(analysis, copy, plan) || !drop_freeze(analysis, copy, end))
		return false;
	size_t at = relation_end(analysis, leaf->begin, end);
	if (copy->attlist && !is_open(analysis, at, end))
		return rewrite_lost(analysis, -1);
	if (copy->attlist == NIL && !analysis->policy->hide_tenant_column &&
		!spell_columns(analysis, copy, relation, at))
		return false;
	plan->check_column = listed(copy->attlist, plan->tenant_column);
	plan->append = plan->check_column < 0;
	if (plan->append && !add_column(analysis, copy, relation, at))
		return false;
	plan->client_columns = list_length(copy->attlist) - plan->append;
	analysis->copy = plan;
	analysis->uses_tenant = analysis->rewrite->literal = true;
	return true;
}

/* The errors of CopyGetAttnums(): here, because the list does not reach the server as it is. */
static bool check_list(struct analysis *analysis, const CopyStmt *copy,
					   const struct catalog_relation *relation)
{
	for (int i = 0; i < list_length(copy->attlist); i++) {
		const char *name = strVal(list_nth(copy->attlist, i));
		const struct catalog_column *column = NULL;
		for (size_t k = 0; k < relation->n_columns && column == NULL; k++)
			if (strcmp(relation->columns[k].name, name) == 0)
				column = &relation->columns[k];
		if (column == NULL)
			return refuse_copy(analysis, "42703", -1,
							   text_concat("column \"", name, "\" of relation \"", relation->name,
										   "\" does not exist", NULL),
							   NULL);
		if (column->generated)
			return analysis_refuse(analysis, "42P10", -1,
								   text_concat("column \"", name, "\" is a generated column", NULL),
								   "Generated columns cannot be used in COPY.", NULL);
		if (listed(copy->attlist, name) < i)
			return refuse_copy(analysis, "42701", -1,
							   text_concat("column \"", name, "\" specified more than once", NULL), NULL);
	}
	return true;
}

bool rewrite_copy(struct analysis *analysis, CopyStmt *copy, size_t begin, size_t end)
{
	if (copy->filename || copy->is_program)
		return analysis_refuse(
			analysis, "42501", -1,
			copy->is_program ? "COPY to or from a program of the server is not possible through tenantry"
							 : "COPY to or from a file of the server is not possible through tenantry",
			"Files of the server are not confined to a tenant.",
			"Use COPY .. TO STDOUT or FROM STDIN (\\copy).");
	if (copy->query) {
		if (!is_open(analysis, begin + 1, end))
			return rewrite_lost(analysis, -1);
		analysis->rewrite->literal = true;
		return rewrite_query(analysis, &copy->query, begin + 2, token_at(analysis, begin + 1)->match) != NULL;
	}
	struct level *level = level_open(analysis);
	struct leaf *leaf = level_leaf(level, (Node **)&copy->relation,
								   tokens_at(analysis->tokens, copy->relation->location), end);
	leaf->target = true;
	analysis->rewrite->no_position = true;
	if (!leaf_resolve(analysis, leaf, copy->relation, true))
		return false;
	if (leaf->kind == LEAF_TENANT && !check_list(analysis, copy, leaf->relation))
		return false;
	if (!walk(analysis, &copy->whereClause))
		return false;
	level_close(analysis, level);
	if (leaf->kind == LEAF_OTHER)
		return true;
	if (!copy->is_from)
		return copy_out(analysis, copy, leaf, begin, end);
	if (leaf->kind == LEAF_VIEW || leaf->relation->composed)
		return refuse_copy(analysis, "42501", leaf->range->location,
						   text_concat("cannot copy to view \"", leaf->relation->name, "\"", NULL),
						   "Write to the table behind it.");
	return copy_in(analysis, copy, leaf, end);
}
