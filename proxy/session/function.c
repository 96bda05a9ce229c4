/* The FunctionCall message: a function by its OID, without any text. What the catalog has flagged is refused as it is in a
 * statement; of the built-in ones only those for large objects are known to be used this way, and they reach
 * beyond a tenant. */
#include "proxy/session/internal.h"

#include <stddef.h>

enum { FIRST_USER_OID = 16384 };

/* pg_proc.oid of lo_open, lo_close, loread, lowrite, lo_lseek, lo_creat, lo_tell, lo_create, lo_unlink, lo_truncate, lo_lseek64,
 * lo_tell64, lo_truncate64, lo_from_bytea, lo_get (2), lo_put. */
static bool is_large_object(uint32_t oid)
{
	static const uint32_t oids[] = {952, 953,  954,  955,  956,  957,  958,	 715, 964,
									1004, 3170, 3171, 3172, 3457, 3458, 3459, 3460};
	for (size_t i = 0; i < sizeof oids / sizeof *oids; i++)
		if (oids[i] == oid)
			return true;
	return false;
}

static bool harmless(const struct session *session, uint32_t oid, struct own_refusal *own)
{
	const struct policy *policy = session->settings->policy;
	enum right right = session->user->right;
	if (right == RIGHT_BYPASS)
		return true;
	const struct catalog_function *function = catalog_function_by_oid(session->catalog, oid);
	if (oid < FIRST_USER_OID) {
		if (is_large_object(oid) && (right == RIGHT_CHOOSE || policy->allow_reach))
			return true;
		error_set(&own->text, "42501", "function %u may not be called by a FunctionCall message", oid);
		error_detail(&own->text, is_large_object(oid) ? "Large objects are shared by all tenants."
													  : "It is not known to stay within one tenant.");
		error_hint(&own->text, "Call it in a SELECT.");
	} else if (!function) {
		error_set(&own->text, "42501", "function %u is not known", oid);
		error_hint(&own->text, "Call it in a SELECT.");
	} else if (function->flagged) {
		error_set(&own->text, "42501", "function %s.%s may not be called for one tenant", function->schema,
				  function->name);
		if (function->flag_reason)
			error_detail(&own->text, "%s", function->flag_reason);
		error_hint(&own->text, "If it is safe, list it in trusted_functions and call it in a SELECT.");
	} else {
		return true;
	}
	own_refusal_finish(own, 0);
	return false;
}

enum handled function_message(struct session *session, const struct wire_message *message)
{
	struct own_refusal own;
	struct reader reader = reader_of(message->body, message->length);
	uint32_t oid = reader_u32(&reader);
	if (reader.bad) {
		session_violation(session, "invalid FunctionCall message");
		return HANDLED;
	}
	session->counts.statements++;
	if (!harmless(session, oid, &own)) {
		refuse_query(session, &own.refusal);
		return HANDLED;
	}
	client_forward(session, message);
	replies_add(&session->replies, REPLY_FUNCTION);
	timing_busy(session);
	return HANDLED;
}
