/* Protocol messages in a readable notation, for the scripts of tests/protocol: one message a line, its name
 * as in PostgreSQL's documentation, then arguments: bare words, or "quoted" with \n \r \t \\ \" and \xHH.
 *
 * Client:
 *   Startup k v .. | Startup3.2 k v .. | SSLRequest | GSSENCRequest | CancelRequest pid key | Query text |
 *   Parse name text [oid ..] | Bind portal statement [formats c ..] [values v ..] [results c ..] |
 *   Describe S|P name | Execute portal [max] | Close S|P name | Sync | Flush | Terminate | FunctionCall oid |
 *   CopyData text | CopyDone | CopyFail text
 * Server:
 *   AuthenticationOk | AuthenticationSASL mechanism .. | NegotiateProtocolVersion minor option .. |
 *   ParameterStatus name value | BackendKeyData pid key | ReadyForQuery I|T|E | RowDescription name .. |
 *   DataRow v .. | CommandComplete tag | EmptyQueryResponse | ParseComplete | BindComplete | CloseComplete |
 *   NoData | PortalSuspended | ParameterDescription oid .. | ErrorResponse Ctext Mtext .. | NoticeResponse .. |
 *   NotificationResponse pid channel payload | CopyInResponse format columns | CopyOutResponse format columns |
 *   FunctionCallResponse v
 * Both:
 *   Byte c | Raw bytes
 *
 * A value is a text, or NULL. */
#ifndef TENANTRY_TESTS_PROTOCOL_MESSAGES_H
#define TENANTRY_TESTS_PROTOCOL_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "proxy/base/buffer.h"

enum { WORDS_MAX = 64 };

struct words {
	size_t n;
	struct word {
		char *text;
		size_t length;
		bool quoted;
	} list[WORDS_MAX];
};

/* Splits a line in place; false: a quote is missing or there are too many words. */
bool words_split(char *line, struct words *words);

/* Adds the message; false: not known, or arguments are missing. `client`: the notation of the client's
 * messages. */
bool message_encode(const struct words *words, bool client, struct buffer *out);

/* Prints bytes for people. */
void message_print(const char *bytes, size_t length);

#endif
