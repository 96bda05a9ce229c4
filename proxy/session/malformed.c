/* Messages whose frame is sound and whose body is not: the server answers with an error and, in the extended
 * protocol, skips to Sync. What is sent is never the client's message but one of ours with the same fault, so
 * that the server and we cannot read it differently, and the error has its place, its words and its
 * transaction. Nothing is noted of it but that an error is owed; any other answer ends the session. */
#include "proxy/session/internal.h"
#include "proxy/wire/fault.h"

/* Never bound. */
static const char faulty_name[] = "tenantry: malformed";

static void expect_error(struct session *session)
{
	replies_add(&session->replies, REPLY_ERROR);
	session->failing = true;
	session->flushed = false;
	timing_busy(session);
}

enum handled malformed(struct session *session, const struct wire_message *message)
{
	wire_add_fault(&session->out[SIDE_SERVER], wire_fault(message), message);
	expect_error(session);
	return HANDLED;
}

enum handled malformed_query(struct session *session, const struct wire_message *message)
{
	wire_add_query_fault(&session->out[SIDE_SERVER], wire_fault(message));
	replies_add(&session->replies, REPLY_QUERY);
	timing_busy(session);
	return HANDLED;
}

/* The server looks the statement up, then compares the numbers of formats, values and parameters, then reads
 * on. Where a parameter is ours, count_fits() has compared; and what a statement of SQL's PREPARE requires is
 * not known here. */
enum handled malformed_bind(struct session *session, const struct wire_message *message,
							const struct wire_bind *bind, const struct prepared *prepared)
{
	enum wire_fault fault = wire_fault(message);
	struct buffer *out = &session->out[SIDE_SERVER];
	bool counts = !prepared->takes_tenant && !prepared->sql && bind->counted;
	if (fault == WIRE_FAULT_FORMATS)
		wire_add_bind_fault(out, fault, faulty_name, prepared->name, bind->n_formats, bind->n_values);
	else if (counts)
		wire_add_bind_fault(out, fault, faulty_name, prepared->name, 0, bind->n_values);
	else
		wire_add_fault(out, fault, message);
	expect_error(session);
	return HANDLED;
}
