/* Casts to an array of rows of a tenant relation: ARRAY[ROW(1, 'x'), c]::c[], '{"(1,x)"}'::c[].
 *
 * The server casts each element by itself (transformArrayExpr() in parse_expr.c): so the type is written behind each, which
 * becomes what rewrite_row_cast.c makes of it. The array stays one of the type where a column is taken out of it, and is
 * record[] else. */
#include "parser/rewrite_row.h"

#include <string.h>
#include <strings.h>

/* --- which ones --- */

const struct catalog_relation *array_row_type(struct analysis *analysis, const TypeName *type)
{
	TypeName element = *type;
	element.arrayBounds = NIL;
	return hidden_row_type(analysis, &element);
}

static bool has_row(struct analysis *analysis, const A_ArrayExpr *array)
{
	ListCell *cell;
	foreach (cell, array->elements) {
		const Node *element = lfirst(cell);
		struct leaf *leaf;
		if (IsA(element, A_ArrayExpr) ? has_row(analysis, (const A_ArrayExpr *)element)
									  : casts_row(analysis, element, &leaf) ||
											row_source(analysis, analysis->rewrite->level, element))
			return true;
	}
	return false;
}

const struct catalog_relation *array_of_rows(struct analysis *analysis, const TypeCast *cast)
{
	if (cast->typeName->arrayBounds == NIL || cast->arg == NULL)
		return NULL;
	bool rows = IsA(cast->arg, A_ArrayExpr) ? has_row(analysis, (const A_ArrayExpr *)cast->arg)
											: is_string(cast->arg);
	return rows ? array_row_type(analysis, cast->typeName) : NULL;
}

bool is_implied_cast(const struct analysis *analysis, const TypeCast *cast)
{
	return tree_list_has(analysis->rewrite->implied, cast);
}

static bool refuse_array(struct analysis *analysis, const TypeCast *cast,
						 const struct catalog_relation *relation)
{
	struct row_cast row = {.cast = (TypeCast *)cast, .relation = relation};
	return refuse_cast(analysis, &row);
}

/* --- arrays that are written out --- */

static bool is_null(const Node *value)
{
	return IsA(value, A_Const) && ((const A_Const *)value)->isnull;
}

/* Gives each element that is to be a row a cast of its own. */
static bool imply_casts(struct analysis *analysis, const TypeCast *cast, A_ArrayExpr *array,
						const struct catalog_relation *relation)
{
	ListCell *cell;
	foreach (cell, array->elements) {
		Node *element = lfirst(cell);
		struct leaf *leaf;
		if (IsA(element, A_ArrayExpr)) {
			if (!imply_casts(analysis, cast, (A_ArrayExpr *)element, relation))
				return false;
		} else if (casts_row(analysis, element, &leaf)) {
			TypeCast *implied = (TypeCast *)cast_as(element, named_type(relation->schema, relation->name));
			implied->location = exprLocation(element);
			analysis->rewrite->implied = lappend(analysis->rewrite->implied, implied);
			lfirst(cell) = implied;
		} else if (!is_null(element) && row_source(analysis, analysis->rewrite->level, element) != relation) {
			return refuse_array(analysis, cast, relation);
		}
	}
	return true;
}

/* The name of the type, but not its bounds, becomes that of records. */
static bool write_records(struct analysis *analysis, TypeName *type)
{
	size_t first = tokens_at(analysis->tokens, (size_t)type->location),
		   last = first + 2 * (size_t)(list_length(type->names) - 1);
	if (last >= analysis->tokens->n)
		return rewrite_lost(analysis, type->location);
	size_t start = token_at(analysis, first)->start;
	type->names = named_type("pg_catalog", "record")->names;
	return splice_text(analysis, start, token_at(analysis, last)->end - start, "pg_catalog.record");
}

/* --- literals: array_in() in arrayfuncs.c --- */

/* The next element, from *at on, which moves behind it; written to `room`. *null: it is NULL. False: it is not plain. */
static bool read_element(const char **at, char *room, bool *null)
{
	const char *from = *at;
	while (literal_blank(*from))
		from++;
	bool quoted = *from == '"', escapes = false;
	size_t n = 0, kept = 0;
	for (from += quoted; quoted ? *from != '"' : *from != ',' && *from != '}'; from++) {
		bool escaped = *from == '\\';
		from += escaped;
		if (*from == 0 || (!quoted && !escaped && strchr("{\"", *from)))
			return false;
		escapes |= escaped;
		room[n++] = *from;
		if (quoted || escaped || !literal_blank(*from))
			kept = n;
	}
	room[kept] = 0;
	for (from += quoted; literal_blank(*from); from++)
		;
	*null = !quoted && !escapes && strcasecmp(room, "NULL") == 0;
	*at = from;
	return quoted || kept > 0;
}

/* The elements of a literal of one dimension, NULL for NULL ones. False: it is none, or not plain. */
static bool read_elements(struct analysis *analysis, const char *text, List **elements)
{
	/* each element is shorter than what it is read from */
	char *room = palloc(strlen(text) + 1);
	if (!rewrite_work(analysis, strlen(text)))
		return false;
	while (literal_blank(*text))
		text++;
	if (*text++ != '{')
		return false;
	char end;
	do {
		bool null;
		if (!read_element(&text, room, &null))
			return false;
		*elements = lappend(*elements, null ? NULL : room);
		room += strlen(room) + 1;
		end = *text;
		text += end != 0;
	} while (end == ',');
	while (literal_blank(*text))
		text++;
	return end == '}' && *text == 0;
}

/* (SELECT ARRAY[..] AS label): an array by itself would be called so. */
static Node *labelled(struct analysis *analysis, Node *array, const char *label, const char **text)
{
	SelectStmt *select = MAKE(SelectStmt);
	select->targetList = list_make1(tree_target(label, array));
	SubLink *link = MAKE(SubLink);
	link->subLinkType = EXPR_SUBLINK;
	link->subselect = (Node *)select;
	link->location = exprLocation(array);
	const char *opens = "(SELECT ", *closes = text_concat(" AS ", text_identifier(label), ")", NULL);
	Node *made = price_made(analysis, (Node *)link, &opens, &closes);
	*text = text_concat(opens, *text, closes, NULL);
	return made;
}

static bool write_literal(struct analysis *analysis, TypeCast *cast, const struct catalog_relation *relation,
						  const List *elements, const char *label, enum row_use use)
{
	struct row_cast row = {.cast = cast, .relation = relation};
	A_ArrayExpr *array = MAKE(A_ArrayExpr);
	array->location = exprLocation(cast->arg);
	const char *text = "ARRAY[", *written;
	ListCell *cell;
	foreach (cell, elements) {
		const char *element = lfirst(cell);
		Node *value =
			element ? literal_value(analysis, &row, element, relation->name, use, &written) : tree_null();
		if (value == NULL)
			return false;
		array->elements = lappend(array->elements, value);
		text = text_concat(text, cell == list_head(elements) ? "" : ", ", element ? written : "NULL", NULL);
	}
	text = text_concat(text, "]", NULL);
	size_t i = tokens_at(analysis->tokens, (size_t)exprLocation(cast->arg));
	cast->arg = (Node *)array;
	if (use != ROW_FIELDS)
		cast->arg = labelled(analysis, cast->arg, label, &text);
	if (i >= analysis->tokens->n)
		return rewrite_lost(analysis, cast->location);
	size_t start = token_at(analysis, i)->start;
	return splice_text(analysis, start, token_at(analysis, i)->end - start, text);
}

static bool array_literal(struct analysis *analysis, Node **place, const struct catalog_relation *relation,
						  enum row_use use)
{
	TypeCast *cast = (TypeCast *)*place;
	const char *text = strVal(&((const A_Const *)cast->arg)->val);
	List *elements = NIL;
	if (!read_elements(analysis, text, &elements)) /* the server says what is wrong */
		return !analysis->refused;
	return write_literal(analysis, cast, relation, elements, expression_name(*place), use) &&
		   (use == ROW_FIELDS || write_records(analysis, cast->typeName));
}

/* --- all of them --- */

bool walk_array_cast(struct analysis *analysis, Node **place, const struct catalog_relation *relation,
					 enum row_use use)
{
	TypeCast *cast = (TypeCast *)*place;
	if (cast->typeName->typmods || relation->n_columns < 2 || !rewrite_tokens(analysis))
		return refuse_array(analysis, cast, relation);
	if (is_string(cast->arg))
		return array_literal(analysis, place, relation, use);
	if (!imply_casts(analysis, cast, (A_ArrayExpr *)cast->arg, relation))
		return false;
	if (use == ROW_FIELDS)
		return field_source(analysis, &cast->arg);
	row_used(analysis, cast->arg, use);
	return walk(analysis, &cast->arg) && write_records(analysis, cast->typeName);
}
