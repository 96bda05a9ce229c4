/* What the statements of one message do to the names that those after them see: search_path, temporary relations, prepared
 * statements, and what the end of a transaction takes back of them. The session (proxy/session/state.c) follows the same effects
 * once the server has carried them out; here they are foreseen, because the message is judged before any of it runs. */
#ifndef TENANTRY_PARSER_MESSAGE_NAMES_H
#define TENANTRY_PARSER_MESSAGE_NAMES_H

#include "parser/pg_nodes.h"
#include "parser/verdict.h"

struct message_names {
	struct session_names names;
	/* Names changed in the transaction under way; `local`: in a way that COMMIT takes back. What stands before BEGIN belongs
	 * to it, because the statements of one message are a transaction. */
	bool changed, local;
	/* Taken back, in a way that only the session knows. */
	bool path_unknown, temporaries_unknown;
	bool tenant_changed;
};

/* As after a statement with this effect. Strings of the effect are borrowed; what is made lives in the memory context of the
 * call. */
void message_names_apply(struct message_names *message, const struct policy *policy,
						 const struct effect *effect);

#endif
