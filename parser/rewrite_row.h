/* Casts to the row type of a tenant relation: what rewrite_row_cast.c (one row), rewrite_row_literal.c (its text) and
 * rewrite_row_array.c (arrays of rows) share. The first says what becomes of them. */
#ifndef TENANTRY_PARSER_REWRITE_ROW_H
#define TENANTRY_PARSER_REWRITE_ROW_H

#include "parser/rewrite.h"

struct row_cast {
	TypeCast *cast;
	const struct catalog_relation *relation;
	struct leaf *leaf;            /* whose row it is; NULL: it is written out */
	bool implied;                 /* an element of an array: the type stands behind the array, not here */
	size_t start, end;            /* bytes of all of it */
	size_t first, last;           /* tokens of the value, without parentheses around it */
	size_t before, after;         /* .. and with them */
	size_t type_first, type_last; /* tokens of the type's name; if it stands here */
};

/* --- rewrite_row_cast.c --- */

/* Always false. */
bool refuse_cast(struct analysis *analysis, const struct row_cast *row);
/* `value`, of the type itself, without the tenant column, and with the text that stands before and behind it. */
Node *as_record(struct analysis *analysis, const struct row_cast *row, Node *value, const char *label,
				const char **opens, const char **closes);
Node *field_of(Node *row, const char *name);
TypeName *named_type(const char *schema, const char *name);
Node *cast_as(Node *value, TypeName *type);
/* "::schema.name" of the relation's row type. */
const char *row_type_text(const struct catalog_relation *relation);
/* Is it a literal of text? */
bool is_string(const Node *value);
/* The row whose value this is, if it can be cast to a row type: written out, a literal, or of a leaf. */
bool casts_row(struct analysis *analysis, const Node *value, struct leaf **leaf);

/* --- rewrite_row_literal.c --- */

/* What array_in() and record_in() skip around values. */
static inline bool literal_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* What becomes of the literal `text`, and how it is written. NULL: refused, it is no row. */
Node *literal_value(struct analysis *analysis, const struct row_cast *row, const char *text,
					const char *label, enum row_use use, const char **written);
/* As a constant of SQL. */
const char *literal_text(const char *text);

/* --- rewrite_row_array.c --- */

/* Is it a cast to an array of rows that cannot stay as it is? NULL: no. */
const struct catalog_relation *array_of_rows(struct analysis *analysis, const TypeCast *cast);
bool walk_array_cast(struct analysis *analysis, Node **place, const struct catalog_relation *relation,
					 enum row_use use);
/* Is it the cast that such an array means for one of its elements? */
bool is_implied_cast(const struct analysis *analysis, const TypeCast *cast);

#endif
