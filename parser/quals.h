/* Could the server test one of the statement's own conditions before it compares the tenant?
 *
 * Of the conditions that meet at one scan the planner tests the cheapest first (order_qual_clauses()), and
 * those that cost the same in an order in which `T = $t` comes last: an equality with a constant is taken out
 * of the list and put back behind the others (equivalence classes). Comparing the tenant costs one operator.
 * So a condition that costs no more, such as `f(x)` or `x::regclass IS NULL`, is tested on the rows of all
 * tenants, and what it prints or fails on is theirs. Where such a condition may be, the tenant is compared
 * once more in a form that costs half an operator (rewrite_place.c), and the checker insists on it.
 *
 * A condition is settled when it cannot fail or speak on a row, or certainly costs two operators whatever the
 * planner simplifies. To fail is to speak: behind `email > 'a'` an error tells that some tenant has such a row. So
 * does what depends on no row but is computed at the first one: a stable or volatile function, a sub-select, the
 * reading of a pattern. What is not known is not settled. */
#ifndef TENANTRY_PARSER_QUALS_H
#define TENANTRY_PARSER_QUALS_H

#include "parser/analysis.h"

/* Are all conditions of the statement settled? A pure function of the tree, the snapshot and the session's
 * names, which both the rewriter and the checker ask. `parameter`: the number of the tenant's in what is sent, a
 * comparison with which is not the statement's own; 0: there is none. */
bool quals_are_settled(const struct analysis *analysis, const Node *statement, int parameter);

#endif
