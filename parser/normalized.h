/* A statement's text without its constants, for people: one line for all that an application sends with other
 * values. Constants and parameters become `?`, comments go, white space becomes one blank, lists of values
 * and rows that are alike become `?, ...`. No byte of a constant is ever in it. */
#ifndef TENANTRY_PARSER_NORMALIZED_H
#define TENANTRY_PARSER_NORMALIZED_H

#include "parser/tokens.h"

enum { NORMALIZED_MOST = 1000 }; /* bytes; what is longer ends with `...` */

/* Tokens `first` up to `end` of the text. `to` has room for NORMALIZED_MOST + 1 bytes. Returns the length. */
size_t normalized_text(const char *text, const struct tokens *tokens, size_t first, size_t end, char *to);

#endif
