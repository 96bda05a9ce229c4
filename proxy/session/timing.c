/* Time-outs and draining. The host calls session_timeout() when session_deadline() has passed; nothing here
 * looks at a clock. */
#include "proxy/session/internal.h"

/* Longer than this no ReadyForQuery is held back for a newer snapshot. */
enum { READY_HELD_MAX = 5000 };

void timing_busy(struct session *session)
{
	if (session->busy_since == 0)
		session->busy_since = session->now ? session->now : 1;
}

static bool is_idle(const struct session *session)
{
	return session->phase == PHASE_RUNNING && session->replies.n == 0 && session->copy_in == COPY_IN_NONE;
}

static void end_drained(struct session *session)
{
	struct error error;
	error_set(&error, "57P01", "terminating connection due to administrator command");
	session_fatal(session, &error);
}

void timing_ready(struct session *session)
{
	session->idle_since = session->now;
	/* With more in the pipeline the next one's time begins now. */
	session->busy_since = session->replies.n > 0 ? session->now : 0;
	session->timed_out = false;
}

void session_drain(struct session *session, bool now)
{
	session->draining = true;
	if (session->phase == PHASE_CLOSING)
		return;
	if (now || session->phase != PHASE_RUNNING || (is_idle(session) && session->status == 'I'))
		end_drained(session);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t session_deadline(const struct session *session)
{
	const struct session_settings *settings = session->settings;
	uint64_t deadline = UINT64_MAX;
	if (session->phase == PHASE_CLOSING || session->phase == PHASE_CANCEL)
		return deadline;
	if (session->phase != PHASE_RUNNING)
		return settings->login_timeout ? session->started + settings->login_timeout : deadline;
	if (is_idle(session)) {
		if (session->draining && session->status == 'I')
			return session->now;
		if (session->status == 'I' && settings->idle_timeout)
			deadline = session->idle_since + settings->idle_timeout;
		if (session->status != 'I' && settings->idle_in_transaction_timeout)
			deadline = session->idle_since + settings->idle_in_transaction_timeout;
		return deadline;
	}
	if (session->ready_held)
		return session->ready_since + READY_HELD_MAX;
	if (settings->statement_timeout && session->busy_since && !session->timed_out)
		deadline = earlier(deadline, session->busy_since + settings->statement_timeout);
	return deadline;
}

void session_timeout(struct session *session)
{
	if (session_deadline(session) > session->now)
		return;
	if (session->phase != PHASE_RUNNING) {
		struct error error;
		error_set(&error, "57014", "canceling authentication due to timeout");
		session_fatal(session, &error);
	} else if (session->ready_held) {
		struct log_subject subject = session_subject(session);
		log_write(LOG_LEVEL_WARNING, &subject,
				  "the schema change is not in the catalog snapshot yet; going on");
		server_resume(session);
		client_resume(session);
	} else if (!is_idle(session)) {
		session->timed_out = true;
		session->interrupting = true;
		session->wants |= SESSION_WANT_INTERRUPT;
	} else if (session->draining && session->status == 'I') {
		end_drained(session);
	} else if (session->status == 'I') {
		session_fatal_text(session, "57P05", "terminating connection due to idle-session timeout");
	} else {
		session_fatal_text(session, "25P03", "terminating connection due to idle-in-transaction timeout");
	}
}
