/* Refusals: the server raises our error, in its order and its transaction, so that everything behind behaves
 * as after any other error. In an aborted transaction the server answers 25P02 instead, in a failed pipeline
 * nothing, as it must.
 *
 * The text of a refusal may hold anything that the client wrote: it is put into two nested string constants
 * of which both are E'..', with quotes doubled and backslashes doubled on each level, so that it reads the
 * same whatever standard_conforming_strings says. */
#include "proxy/session/internal.h"

#include <stdlib.h>
#include <string.h>

/* A name that no application uses; it is closed before each use, so it may be left behind. */
static const char raise_name[] = "tenantry: refused";

/* One constant inside the DO block's own constant. */
static void add_constant(struct buffer *to, const char *text)
{
	buffer_add(to, "E''", 3);
	for (const char *p = text; *p; p++) {
		if (*p == '\'')
			buffer_add(to, "''''", 4);
		else if (*p == '\\')
			buffer_add(to, "\\\\\\\\", 4);
		else
			buffer_add(to, p, 1);
	}
	buffer_add(to, "''", 2);
}

static void add_option(struct buffer *to, const char *name, const char *text)
{
	if (!text || !*text)
		return;
	buffer_add(to, name, strlen(name));
	add_constant(to, text);
}

void refuse_add_text(struct buffer *to, const struct refusal *refusal)
{
	static const char head[] = "DO E'BEGIN RAISE EXCEPTION USING ERRCODE = ''";
	static const char tail[] = "; END'";
	buffer_add(to, head, sizeof head - 1);
	buffer_add(to, refusal->sqlstate, 5);
	buffer_add(to, "''", 2);
	add_option(to, ", MESSAGE = ", refusal->message);
	add_option(to, ", DETAIL = ", refusal->detail);
	add_option(to, ", HINT = ", refusal->hint);
	buffer_add(to, tail, sizeof tail - 1);
}

void refuse_note(struct session *session, struct query *query, const struct refusal *refusal)
{
	struct log_subject subject = session_subject(session);
	query->raises = true;
	memcpy(query->sqlstate, refusal->sqlstate, sizeof query->sqlstate);
	query->position = refusal->position;
	session->counts.refused++;
	log_write(LOG_LEVEL_INFO, &subject, "refused: %s", refusal->sqlstate);
	if (log_enabled(LOG_LEVEL_DEBUG))
		log_write(LOG_LEVEL_DEBUG, &subject, "refused because: %s", refusal->message);
}

/* In the place of a whole simple Query (or of a FunctionCall, which ends in the same way). */
void refuse_query(struct session *session, const struct refusal *refusal)
{
	struct buffer *out = &session->out[SIDE_SERVER];
	struct query *query = query_new(&session->spare_query, "", 0, NULL);
	refuse_note(session, query, refusal);
	size_t begun = buffer_message_begin(out, 'Q');
	refuse_add_text(out, refusal);
	buffer_add_u8(out, 0);
	buffer_message_end(out, begun);
	struct reply *reply = replies_add(&session->replies, REPLY_QUERY);
	reply->query = query;
	query_forget_unnamed(session, reply);
	timing_busy(session);
}

/* In the place of a Parse, Bind or Execute: Close, Parse, Bind and Execute of our own, of which the client
 * sees the error only. */
void refuse_extended(struct session *session, const struct refusal *refusal)
{
	static const enum reply_kind kinds[] = {REPLY_CLOSE, REPLY_PARSE, REPLY_BIND, REPLY_EXECUTE};
	struct buffer *out = &session->out[SIDE_SERVER];
	wire_add_target(out, 'C', 'S', raise_name);
	size_t begun = buffer_message_begin(out, 'P');
	buffer_add_string(out, raise_name);
	refuse_add_text(out, refusal);
	buffer_add_u8(out, 0);
	buffer_add_u16(out, 0);
	buffer_message_end(out, begun);
	wire_add_bind(out, raise_name, raise_name);
	wire_add_execute(out, raise_name);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct reply *reply = replies_add(&session->replies, kinds[i]);
		reply->swallow = true;
		if (kinds[i] == REPLY_EXECUTE) {
			reply->query = query_new(&session->spare_query, "", 0, NULL);
			refuse_note(session, reply->query, refusal);
		}
	}
	session->failing = true;
	session->flushed = false;
	timing_busy(session);
}
