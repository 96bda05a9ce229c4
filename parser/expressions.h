/* Expressions inside statements that are not rewritten (defaults, checks, index expressions, CALL arguments):
 * every function call goes through function_policy(), a sub-select is refused (the server allows none there
 * either), and so is any node that is not listed. */
#ifndef TENANTRY_PARSER_EXPRESSIONS_H
#define TENANTRY_PARSER_EXPRESSIONS_H

#include "parser/analysis.h"

/* `node` may be NULL or a List. False: refused. */
bool expression_examine(struct analysis *analysis, Node *node);

/* The name of the first function in an examined expression that is not surely the server's own; NULL: there
 * is none. */
const char *expression_foreign_function(const struct analysis *analysis, Node *node);

/* Does nothing but columns of the row go into it: no sub-select, no window function, nothing that is not known? `node`
 * may be NULL or a List. Needs no analysis. */
bool expression_is_of_one_row(Node *node);

/* Is the column `name` among those that the expression is computed from, and are others? What is not known names all.
 * `node` may be NULL or a List. Needs no analysis. */
struct expression_columns {
	bool named, others;
};
struct expression_columns expression_columns(Node *node, const char *name);

#endif
