/* Builders of raw tree nodes and of the text that says the same: names, lists of columns, comparisons.
 * Everything lives in the memory context of the call. */
#ifndef TENANTRY_PARSER_TREE_H
#define TENANTRY_PARSER_TREE_H

#include "parser/pg_nodes.h"

/* The strings one after the other; the list ends with NULL. */
char *text_concat(const char *first, ...) __attribute__((sentinel));

/* `name` as it must be written to mean exactly this name; quoted unless certainly unnecessary. */
const char *text_identifier(const char *name);
/* Certainly unnecessary? */
bool is_plain_identifier(const char *name);

String *tree_string(const char *text);
ColumnRef *tree_column(const char *relation, const char *column); /* relation may be NULL */
ResTarget *tree_target(const char *name, Node *value);
Node *tree_null(void);
Node *tree_constant(const char *text, int location);
/* value::pg_catalog.type, and the type by itself */
Node *tree_cast(Node *value, const char *type);
TypeName *tree_type(const char *name);
A_Expr *tree_equals(Node *left, Node *right);

/* CASE WHEN left = ANY (ARRAY[right]) THEN 1 END IS NOT NULL */
Node *tree_screen(Node *left, Node *right);
/* CASE WHEN pg_catalog.now() IS NULL THEN NULL ELSE value END */
Node *tree_priced(Node *value);
/* The same of (SELECT column), of which the planner knows no values: now() it may take for a constant (estimate_expression_value()). */
Node *tree_priced_column(Node *column);

/* `first` AND `rest`, as the grammar builds it: `rest` is kept whole, as if in parentheses. Either may be
 * NULL. */
Node *tree_and(List *conjuncts, Node *rest);

/* The WITH of a query of any kind; NULL: it has none, or is no query. */
WithClause *tree_with(const Node *query);

/* The query that a statement is or holds; NULL: none, or of another kind than those that libpg_query's walker knows. */
const Node *tree_query(const Node *statement);

/* Is it a query, or a part of one that is no expression, which libpg_query's walker takes apart? Functions in FROM and
 * relations, which hold more than the walker shows, are not meant. */
bool tree_is_clause(const Node *node);

/* Is this very pointer an element of the list? */
bool tree_list_has(const List *list, const void *pointer);

RangeSubselect *tree_subselect(Node *query, Alias *alias);
Alias *tree_alias(const char *name);

#endif
