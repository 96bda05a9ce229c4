/* The FunctionCall message: a function by its OID, without any text. The parser's policy for functions
 * decides. */
#include "proxy/session/internal.h"

#include "parser/function_call.h"

enum handled function_message(struct session *session, const struct wire_message *message)
{
	struct refusal refusal = {0};
	struct reader reader = reader_of(message->body, message->length);
	uint32_t oid = reader_u32(&reader);
	if (reader.bad) {
		session_violation(session, "invalid FunctionCall message");
		return HANDLED;
	}
	session->counts.statements++;
	if (!function_call_policy(session->catalog, session->settings->policy, session->user->right, oid,
							  state_shows_other_tenant(&session->state), &refusal)) {
		refuse_query(session, &refusal);
		return HANDLED;
	}
	extended_close_followed(session, NULL);
	client_forward(session, message);
	replies_add(&session->replies, REPLY_FUNCTION);
	statements_part(&session->statements);
	timing_busy(session);
	return HANDLED;
}
