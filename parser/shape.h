/* The shape of a statement's text: the text with the constants cut out whose values no verdict depends on.
 *
 * Applications that write values into the text (the simple protocol's way) send another text each time, but
 * few shapes. Two texts of one shape have the same tokens up to the values of some integer, decimal and
 * string constants, hence the same tree up to these values; what is said of one holds for the other with the
 * places moved.
 *
 * Cut are constants after a comparison operator, LIKE, BETWEEN .. AND, LIMIT or OFFSET, and the elements of
 * IN (..) and VALUES (..). Not cut, because a verdict may look at them: arguments of functions, SET of
 * anything but by `=` (a value of the tenant column is a check, and a verdict with checks is not shared; neither is one with patterns),
 * typed constants (DATE '..', E'..', U&'..'), strings with a backslash (patterns that may fail), ordinals. A text that could be read in two ways by this simple
 * lexer (comments, dollar quotes, strings continued on the next line, several statements, the tenant column's
 * name) has no shape. */
#ifndef TENANTRY_PARSER_SHAPE_H
#define TENANTRY_PARSER_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "parser/verdict.h"

enum { SHAPE_TEXT_MOST = 4096, SHAPE_CUTS_MOST = 128, SHAPE_DEPTH_MOST = 32 };

struct shape_cut {
	size_t start, end; /* bytes of the text */
};

struct shape {
	size_t length;
	char text[SHAPE_TEXT_MOST]; /* a cut is two bytes: 1 and the kind of the constant; the text itself has no
								   byte 1 */
	size_t n_cuts;
	struct shape_cut cuts[SHAPE_CUTS_MOST]; /* in order */
};

/* False: it has no shape, or nothing is cut. standard_conforming_strings is on (the session sees to that). */
bool shape_of(struct shape *shape, const char *text, size_t length, const char *tenant_column);

/* Whether a text is like another one whose cuts are known: the same bytes but for the constants that were cut,
 * and these of the same kinds. True: shape_of() gives the same shape for both, and these `cuts` for this one.
 * False says nothing. Much cheaper than shape_of(). */
bool shape_like(const char *text, size_t length, const char *known, size_t known_length,
				const struct shape_cut *known_cuts, size_t n, struct shape_cut *cuts);

/* Whether the verdict on a text with these cuts holds for every text of its shape. */
bool shape_is_shared(const struct verdict *verdict, const struct shape_cut *cuts, size_t n);

/* The verdict for another text of the shape: `from` are the cuts of the text that `verdict` is on, `to` those
 * of the other. A reference for the caller. */
struct verdict *shape_move(const struct verdict *verdict, const struct shape_cut *from,
						   const struct shape_cut *to, size_t n);

/* Whether two verdicts say the same. */
bool shape_same(const struct verdict *a, const struct verdict *b);

#endif
