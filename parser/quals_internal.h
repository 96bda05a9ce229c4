/* Internal to quals*.c: one condition (quals_condition.c), and where conditions are (quals.c). */
#ifndef TENANTRY_PARSER_QUALS_INTERNAL_H
#define TENANTRY_PARSER_QUALS_INTERNAL_H

#include <string.h>

#include "parser/catalog_internal.h"
#include "parser/quals.h"

struct quals {
	const struct analysis *analysis;
	unsigned depth;
	List *views;           /* whose definitions were visited: of struct catalog_relation * */
	bool constant_columns; /* a column of some item of FROM may turn out to be a constant */
	bool trusts_columns;   /* some condition is settled only if none is */
};

static inline bool quals_word_is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (same_name(word, *list))
			return true;
	return false;
}

const struct catalog_name *quals_known(const struct quals *quals, const char *name);
/* `x.name` may be name(x). */
bool quals_call_function(const struct quals *quals, const char *name);
/* The same for every row, as far as can be told. */
bool quals_constant(struct quals *quals, const Node *node);
/* Cannot fail or speak on a row. */
bool quals_plain(struct quals *quals, const Node *node);
/* A sub-select without a FROM, or from such a one: one row at most, of values that cannot fail. So whole rows are written. */
bool quals_plain_row(struct quals *quals, const Node *node);
/* May an array of these elements fail? Where they are arrays themselves, these must be of one length. */
bool quals_array_fails(const A_ArrayExpr *array);
/* May the level above use the columns in conditions of its own? */
bool quals_columns_settled(struct quals *quals, const SelectStmt *select);
/* As quals.h has it. */
bool quals_settled(struct quals *quals, const Node *node);

#endif
