/* Literals of the row type of a tenant relation: '(1,x)'::c, whose text has no field for the tenant column. record_in() in
 * rowtypes.c says how it is read. The server reads it, without a tenant: '(1,x,)'::c. */
#include "parser/rewrite_row.h"

#include <string.h>

static bool malformed(struct analysis *analysis, const struct row_cast *row, const char *text,
					  const char *detail)
{
	return analysis_refuse(analysis, "22P02", exprLocation(row->cast->arg),
						   text_concat("malformed record literal: \"", text, "\"", NULL), detail, NULL);
}

/* Behind one field of a literal; NULL: it does not end. */
static const char *field_end(const char *at)
{
	for (bool quoted = false; quoted || (*at != ',' && *at != ')'); at++) {
		if (*at == '\\')
			at++;
		else if (*at == '"')
			quoted = !quoted;
		if (*at == 0)
			return NULL;
	}
	return at;
}

/* Takes the literal apart as record_in() does. *with: it with an empty field for the tenant column, which is NULL. */
static bool read_literal(struct analysis *analysis, const struct row_cast *row, const char *text,
						 const char **with)
{
	const char *at = text, *slot = NULL;
	size_t n = row->relation->n_columns - 1;
	while (literal_blank(*at))
		at++;
	if (*at++ != '(')
		return malformed(analysis, row, text, "Missing left parenthesis.");
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && *at++ != ',')
			return malformed(analysis, row, text, "Too few columns.");
		if ((int)i == row->relation->tenant_column)
			slot = at;
		at = field_end(at);
		if (at == NULL)
			return malformed(analysis, row, text, "Unexpected end of input.");
	}
	if (slot == NULL)
		slot = at;
	if (*at++ != ')')
		return malformed(analysis, row, text, "Too many columns.");
	while (literal_blank(*at))
		at++;
	if (*at)
		return malformed(analysis, row, text, "Junk after right parenthesis.");
	*with = analysis_text("%.*s,%s", (int)(slot - text), text, slot);
	return true;
}

const char *literal_text(const char *text)
{
	char *copy = palloc(2 * strlen(text) + 3), *end = copy;
	*end++ = '\'';
	for (; *text; text++) {
		if (*text == '\'')
			*end++ = '\'';
		*end++ = *text;
	}
	*end++ = '\'';
	*end = 0;
	return copy;
}

/* ROW(('..'::c).a, ('..'::c).b)::record */
static Node *as_fields(const struct analysis *analysis, const struct row_cast *row, Node *value,
					   const char **text)
{
	RowExpr *list = MAKE(RowExpr);
	const char *fields = "";
	list->row_format = COERCE_EXPLICIT_CALL;
	for (size_t i = 0; i < row->relation->n_columns; i++) {
		if (column_hidden(analysis, row->relation, i))
			continue;
		const char *column = row->relation->columns[i].name;
		fields = text_concat(fields, *fields ? ", (" : "(", *text, ").", text_identifier(column), NULL);
		list->args = lappend(list->args, field_of(value, column));
	}
	*text = text_concat("ROW(", fields, ")::pg_catalog.record", NULL);
	return cast_as((Node *)list, named_type("pg_catalog", "record"));
}

Node *literal_value(struct analysis *analysis, const struct row_cast *row, const char *text,
					const char *label, enum row_use use, const char **written)
{
	const struct catalog_relation *relation = row->relation;
	const char *opens = "", *closes = "";
	if (!rewrite_work(analysis, (strlen(text) + 10) * relation->n_columns) ||
		!read_literal(analysis, row, text, &text))
		return NULL;
	Node *value = cast_as(tree_constant(text, exprLocation(row->cast->arg)),
						  named_type(relation->schema, relation->name));
	*written = text_concat(literal_text(text), row_type_text(relation), NULL);
	if (use == ROW_OPERAND)
		value = as_fields(analysis, row, value, written);
	else if (use != ROW_FIELDS)
		value = as_record(analysis, row, value, label, &opens, &closes);
	*written = text_concat(opens, *written, closes, NULL);
	return value;
}
