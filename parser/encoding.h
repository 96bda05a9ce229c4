/* Names that are not ASCII, where client or database use another encoding than UTF8.
 *
 * The snapshot is in UTF-8. A client's name in another encoding is other bytes and would not be found, while the
 * server converts and finds it; a database in another encoding folds capitals and cuts long names in a way of its
 * own (downcase_truncate_identifier() in scansup.c). What could then mean a guarded relation or a flagged
 * function without being recognised is refused. */
#ifndef TENANTRY_PARSER_ENCODING_H
#define TENANTRY_PARSER_ENCODING_H

#include <stdbool.h>
#include <stddef.h>

#include "parser/tokens.h"
#include "parser/verdict.h"

/* No byte of it has the high bit. */
bool text_is_ascii(const char *text, size_t length);

/* The first name of the text that may be another one to the server; NULL: there is none. */
const struct token *encoding_doubtful_name(const char *text, const struct tokens *tokens,
										   enum name_bytes bytes);

#endif
