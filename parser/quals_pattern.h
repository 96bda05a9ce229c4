/* Internal to quals*.c, and for guard.c: may a pattern of LIKE end in its escape?
 *
 * Such a pattern fails, but only on a text that goes on where the escape stands: it tells what a row has. It does not end so if it
 * is a constant without a backslash, or has one at its end (`$1 || '%'`), or if the session looks at the parameters that may be
 * at its end when they are bound. These are listed in analysis.patterns before anything else is decided of the statement: the
 * session refuses values that end in an odd number of backslashes (22025). Joined with something that ends in an even number of
 * them, it stays even.
 *
 * Such a parameter must be text. What the client declares as text or varchar is; what is not declared gets its type from where
 * it is used, so it must be used in patterns only. */
#ifndef TENANTRY_PARSER_QUALS_PATTERN_H
#define TENANTRY_PARSER_QUALS_PATTERN_H

#include "parser/analysis.h"

struct quals;

/* Fills analysis->patterns, with numbers in order. Of statements of the extended protocol that name a relation with rows of
 * tenants; of others it stays empty. */
void quals_find_patterns(struct analysis *analysis, const Node *statement);

/* Does the operator, of which the operands are there, take a pattern, or an array of them? */
bool quals_is_pattern(const A_Expr *expression);
/* Does the pattern never fail, whatever its parameters are? */
bool quals_pattern_is_sound(struct quals *quals, const A_Expr *expression);
/* .. with parameters as the session lets them through? Texts only: an index tests no others again. */
bool quals_pattern_is_looked_at(struct quals *quals, const A_Expr *expression);

#endif
