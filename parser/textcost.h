/* What a text would cost PostgreSQL's lexer, before it is given to it.
 *
 * scan.l is linear but for runs of operator characters: a run is matched as a whole and given back in part,
 * once for each slash-star in it, and, for runs of signs like `++++`, once for each character with a loop
 * over the rest. 200 KB of slash-star take a minute. Runs inside strings cost nothing, but nobody writes
 * thousands of these there either. */
#ifndef TENANTRY_PARSER_TEXTCOST_H
#define TENANTRY_PARSER_TEXTCOST_H

#include <stdbool.h>
#include <stddef.h>

/* False: lexing this could take longer than a fraction of a second. One cheap pass. */
bool text_is_affordable(const char *text, size_t length);

#endif
