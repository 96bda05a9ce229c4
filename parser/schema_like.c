/* LIKE of a tenant relation, for a temporary table. The tenant column would come along, not null and without default, into
 * a table that nobody guards. So the visible columns are spelled out instead, with what INCLUDING asks for, as
 * expandTableLikeClause() in parse_utilcmd.c has it. What is seen of an index is that it is unique; comments, storage and
 * statistics are not seen.
 *
 * All rows of such a table are of one tenant. Therefore keys and EXCLUDE constraints come without the tenant column, and a
 * CHECK of nothing else does not come; refused are other expressions that name it. */
#include <stdlib.h>
#include <string.h>

#include "parser/expressions.h"
#include "parser/names.h"
#include "parser/schema_change.h"
#include "parser/splice.h"
#include "parser/tokens.h"
#include "parser/tree.h"

static const char HEAD[] = "CREATE TABLE t (";

/* The elements of a table, as the parser itself makes them from these words. Locations count from HEAD on. */
List *schema_parsed_elements(const char *text)
{
	PgQueryInternalParsetreeAndError parsed = pg_query_raw_parse(text_concat(HEAD, text, ")", NULL));
	free(parsed.stderr_buffer);
	if (parsed.error) {
		pg_query_free_error(parsed.error);
		return NIL;
	}
	return ((CreateStmt *)((RawStmt *)linitial(parsed.tree))->stmt)->tableElts;
}

static const char *tenant_of(const struct catalog_relation *relation)
{
	return relation->columns[relation->tenant_column].name;
}

static bool names_tenant(const struct catalog_relation *relation, const char *expression)
{
	if (!created_word(expression, tenant_of(relation)))
		return false;
	const List *elements = schema_parsed_elements(text_concat("CHECK (", expression, ")", NULL));
	return elements == NIL || !IsA(linitial(elements), Constraint) ||
		   expression_columns(((Constraint *)linitial(elements))->raw_expr, tenant_of(relation)).named;
}

/* --- columns --- */

/* The grammar here knows no virtual columns: for it they are stored ones. */
enum form { AS_SENT, AS_PARSED };

static const char *spelled_value(const struct catalog_column *column, uint32_t options, enum form form)
{
	uint32_t asked = column->identity    ? CREATE_TABLE_LIKE_IDENTITY
					 : column->generated ? CREATE_TABLE_LIKE_GENERATED
										 : CREATE_TABLE_LIKE_DEFAULTS;
	const char *text = column->default_text;
	if (!column->has_default || !(options & asked))
		return "";
	if (!text || strcmp(text, "?") == 0)
		return NULL;
	if (column->identity)
		return text_concat(" GENERATED ", column->identity_always ? "ALWAYS" : "BY DEFAULT", " AS IDENTITY ",
						   text, NULL);
	if (column->generated)
		return text_concat(" GENERATED ALWAYS AS (", text,
						   column->is_virtual && form == AS_SENT ? ") VIRTUAL" : ") STORED", NULL);
	return text_concat(" DEFAULT (", text, ")", NULL);
}

/* NULL: its value is not known, or hangs on the tenant column. */
static const char *spelled_column(const struct catalog_relation *relation, size_t i, uint32_t options,
								  enum form form)
{
	const struct catalog_column *column = &relation->columns[i];
	const char *value = spelled_value(column, options, form);
	if (!column->type_name || !value ||
		(column->generated && *value && names_tenant(relation, column->default_text)))
		return NULL;
	return text_concat(text_identifier(column->name), " ", column->type_name, value,
					   column->not_null ? " NOT NULL" : "", NULL);
}

static const char *spelled_columns(const struct catalog_relation *relation, uint32_t options, enum form form)
{
	const char *text = "";
	for (size_t i = 0; i < relation->n_columns; i++) {
		if ((int)i == relation->tenant_column)
			continue;
		const char *column = spelled_column(relation, i, options, form);
		if (!column)
			return NULL;
		text = text_concat(text, *text ? ", " : "", column, NULL);
	}
	return *text ? text : NULL;
}

/* --- constraints --- */

/* The words of one of the constraints that `text`, behind a comma, parses to. */
static const char *constraint_text(const char *text, const List *constraints, int i)
{
	const size_t head = sizeof HEAD - 1;
	size_t start = (size_t)((Constraint *)list_nth(constraints, i))->location - head, end = strlen(text);
	if (i + 1 < list_length(constraints))
		end = (size_t)((Constraint *)list_nth(constraints, i + 1))->location - head - strlen(", ");
	return analysis_text("%.*s", (int)(end - start), text + start);
}

/* NULL: it is left out. *fine false: it cannot be spelled out. */
static const char *spelled_check(const struct catalog_relation *relation, const Constraint *check,
								 const char *text, bool *fine)
{
	struct expression_columns columns = expression_columns(check->raw_expr, tenant_of(relation));
	*fine = !columns.named || !columns.others;
	return columns.named ? NULL : text;
}

/* Without its element number `at`. */
static const char *without_element(const char *text, int at)
{
	const struct tokens *tokens = tokens_scan(text, strlen(text));
	size_t open = 0;
	while (tokens && open < tokens->n && tokens->items[open].kind != TOKEN_OPEN)
		open++;
	if (!tokens || open >= tokens->n)
		return NULL;
	size_t close = tokens->items[open].match, begin = open + 1, i;
	const char *kept = "";
	for (int n = 0; begin < close; n++, begin = ++i) {
		for (i = begin; i < close && tokens->items[i].kind != TOKEN_COMMA; i = token_skip(tokens, i))
			;
		if (n != at)
			kept = text_concat(kept, *kept ? ", " : "",
							   analysis_text("%.*s",
											 (int)(tokens->items[i - 1].end - tokens->items[begin].start),
											 text + tokens->items[begin].start),
							   NULL);
	}
	return *kept ? text_concat(analysis_text("%.*s", (int)tokens->items[open].end, text), kept,
							   text + tokens->items[close].start, NULL)
				 : NULL;
}

static const char *spelled_exclusion(const struct catalog_relation *relation, const Constraint *exclusion,
									 const char *text, bool *fine)
{
	const char *tenant = tenant_of(relation);
	int at = -1;
	*fine = !expression_columns(exclusion->where_clause, tenant).named;
	for (int i = 0; *fine && i < list_length(exclusion->exclusions); i++) {
		const List *element = list_nth(exclusion->exclusions, i);
		const IndexElem *key = linitial(element);
		*fine = !expression_columns(key->expr, tenant).named;
		if (!key->name || !same_name(key->name, tenant))
			continue;
		*fine = at < 0 && same_name(strVal(llast((List *)lsecond(element))), "=");
		at = i;
	}
	if (!*fine || at < 0)
		return text;
	text = without_element(text, at);
	*fine = text != NULL;
	return text;
}

/* All of a relation's CHECK or EXCLUDE constraints, each behind a comma. NULL: some cannot be read or spelled out. */
static const char *spelled_constraints(const struct catalog_relation *relation, const char *text)
{
	if (!text)
		return "";
	if (strcmp(text, "?") == 0)
		return NULL;
	if (!created_word(text, tenant_of(relation)))
		return text;
	text += strlen(", ");
	const List *constraints = schema_parsed_elements(text);
	const char *spelled = "";
	for (int i = 0; i < list_length(constraints); i++) {
		const Constraint *constraint = list_nth(constraints, i);
		const char *one = constraint_text(text, constraints, i);
		bool fine;
		one = constraint->contype == CONSTR_CHECK ? spelled_check(relation, constraint, one, &fine)
												  : spelled_exclusion(relation, constraint, one, &fine);
		if (!fine)
			return NULL;
		spelled = one ? text_concat(spelled, ", ", one, NULL) : spelled;
	}
	return constraints ? spelled : NULL;
}

/* --- unique indexes --- */

/* A key column of an index; NULL: an expression that cannot be read, or names the tenant column. */
static const char *spelled_part(const struct catalog_relation *relation, const struct catalog_index *index,
								size_t i)
{
	if (index->columns[i])
		return text_identifier(index->columns[i]);
	const char *text = index->expressions ? index->expressions[i] : NULL;
	return text && strcmp(text, "?") != 0 && !names_tenant(relation, text) ? text : NULL;
}

/* The key columns of a unique index without the tenant column; NULL: some cannot be spelled out. */
static const char *spelled_key(const struct catalog_relation *relation, const struct catalog_index *index,
							   bool *plain)
{
	const char *text = "", *tenant = tenant_of(relation);
	*plain = !index->predicate;
	for (size_t i = 0; i < index->n_columns; i++) {
		if (index->columns[i] && strcmp(index->columns[i], tenant) == 0)
			continue;
		const char *part = spelled_part(relation, index, i);
		if (!part)
			return NULL;
		*plain &= index->columns[i] != NULL;
		text = text_concat(text, *text ? ", " : "", part, NULL);
	}
	return text;
}

static bool names_key(const List *keys, const char *key)
{
	ListCell *cell;
	foreach (cell, keys)
		if (strcmp(lfirst(cell), key) == 0)
			return true;
	return false;
}

/* An index that no constraint can be is made by a statement of its own. */
static bool add_index(struct analysis *analysis, const struct catalog_relation *relation,
					  const struct catalog_index *index, const char *key)
{
	const char *where = index->predicate;
	if (where && (strcmp(where, "?") == 0 || names_tenant(relation, where)))
		return false;
	analysis->by_block = true;
	analysis->followers =
		lappend(analysis->followers,
				(void *)text_concat("(", key, ")", index->nulls_not_distinct ? " NULLS NOT DISTINCT" : "",
									where ? " WHERE " : "", where ? where : "", NULL));
	return true;
}

/* Appends the keys to the text of the columns. Two of them may be one without the tenant column. */
static const char *with_keys(struct analysis *analysis, const struct catalog_relation *relation,
							 const char *text)
{
	List *keys = NIL;
	for (int primary = 1; primary >= 0; primary--)
		for (size_t i = 0; i < relation->n_indexes; i++) {
			const struct catalog_index *index = &relation->indexes[i];
			if (index->is_primary != primary)
				continue;
			bool plain;
			const char *key = spelled_key(relation, index, &plain);
			if (!key || (!plain && !add_index(analysis, relation, index, key)))
				return NULL;
			if (!*key || !plain || names_key(keys, key))
				continue;
			keys = lappend(keys, (void *)key);
			text = text_concat(text, primary ? ", PRIMARY KEY (" : ", UNIQUE ",
							   index->nulls_not_distinct ? "NULLS NOT DISTINCT " : "", primary ? "" : "(",
							   key, ")", index->deferral ? index->deferral : "", NULL);
		}
	return text;
}

/* What comes behind the columns. NULL: some of it cannot be spelled out. */
static const char *spelled_rest(struct analysis *analysis, const struct catalog_relation *relation,
								uint32_t options)
{
	bool indexes = options & CREATE_TABLE_LIKE_INDEXES;
	const char *checks =
		options & CREATE_TABLE_LIKE_CONSTRAINTS ? spelled_constraints(relation, relation->checks) : "";
	const char *exclusions = indexes ? spelled_constraints(relation, relation->exclusions) : "";
	if (!checks || !exclusions)
		return NULL;
	const char *text = text_concat(checks, exclusions, NULL);
	return indexes ? with_keys(analysis, relation, text) : text;
}

/* --- in the statement --- */

/* The words of a LIKE element: from LIKE, which stands before the name, to the comma or parenthesis behind
 * it. */
static bool find_like(struct analysis *analysis, const RangeVar *name, size_t *start, size_t *end)
{
	if (!analysis->tokens)
		analysis->tokens = tokens_scan(analysis->text, analysis->text_length);
	const struct tokens *tokens = analysis->tokens;
	if (!tokens || name->location < 0)
		return false;
	size_t i = tokens_at(tokens, (size_t)name->location);
	if (i == 0 || i >= tokens->n)
		return false;
	*start = tokens->items[i - 1].start;
	while (i < tokens->n && tokens->items[i].kind != TOKEN_COMMA && tokens->items[i].kind != TOKEN_CLOSE)
		*end = tokens->items[i++].end;
	return i < tokens->n;
}

static bool spell_like(struct analysis *analysis, const TableLikeClause *like,
					   const struct catalog_relation *relation, List **elements)
{
	size_t start = 0, end = 0;
	const char *columns = spelled_columns(relation, like->options, AS_SENT);
	const char *rest = columns ? spelled_rest(analysis, relation, like->options) : NULL;
	const char *parsed = rest ? spelled_columns(relation, like->options, AS_PARSED) : NULL;
	List *spelled = parsed ? schema_parsed_elements(text_concat(parsed, rest, NULL)) : NIL;
	if (!spelled || !find_like(analysis, like->relation, &start, &end))
		return analysis_refuse(
			analysis, "0A000", like->relation->location,
			analysis_text("a table LIKE \"%s\" cannot be created like this", relation->name),
			"What is computed from the tenant column cannot be copied without it.",
			"Leave that out of INCLUDING, list the columns, or use CREATE TEMP TABLE .. AS SELECT .. WITH NO "
			"DATA.");
	/* what the grammar does not know it need not read there */
	analysis->by_block |= strcmp(columns, parsed) != 0;
	*elements = list_concat(*elements, spelled);
	return splice_text(analysis, start, end - start, text_concat(columns, rest, NULL));
}

/* The spelled columns have what these do not ask for: indexes that are not unique, names, comments, storage. */
static bool spells_all(const TableLikeClause *like)
{
	return (like->options & ~(uint32_t)(CREATE_TABLE_LIKE_DEFAULTS | CREATE_TABLE_LIKE_GENERATED |
										CREATE_TABLE_LIKE_IDENTITY)) == 0;
}

bool schema_spell_likes(struct analysis *analysis, CreateStmt *create)
{
	List *elements = NIL;
	bool brought = schema_is_temporary(create->relation);
	for (int i = 0; i < list_length(create->tableElts); i++) {
		Node *element = list_nth(create->tableElts, i);
		const TableLikeClause *like = IsA(element, TableLikeClause) ? (TableLikeClause *)element : NULL;
		const struct catalog_relation *relation =
			like ? schema_target(analysis, like->relation).relation : NULL;
		if (!relation || relation->isolation != ISOLATION_TENANT || !analysis->policy->hide_tenant_column)
			elements = lappend(elements, element);
		else if (!brought) {
			brought = true;
			elements = lappend(elements, element);
		} else if (!schema_is_temporary(create->relation) && !spells_all(like))
			return analysis_refuse(
				analysis, "0A000", like->relation->location,
				analysis_text("\"%s\" is the second relation whose columns LIKE copies", relation->name),
				"Both bring the tenant column, and without it only columns and their defaults can be copied.",
				"Leave other things out of INCLUDING, or list the columns.");
		else if (!spell_like(analysis, like, relation, &elements))
			return false;
	}
	create->tableElts = elements;
	return true;
}
