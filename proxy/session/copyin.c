/* COPY FROM STDIN in the session: CopyInResponse as the client expects it, the data through copy.c, and what
 * comes too early, too late or in between.
 *
 *   NONE --CopyInResponse--> ACTIVE --CopyDone, CopyFail, error--> NONE
 *                               \--data refused--> FAILED (CopyFail sent) --error--> NONE
 *
 * Data that comes before CopyInResponse waits; data after an error is dropped, as the server would drop it.
 */
#include "proxy/session/internal.h"

#include <stdlib.h>
#include <string.h>

void copyin_over(struct session *session)
{
	session->copy_in = COPY_IN_NONE;
	copy_stream_free(session->copy);
	session->copy = NULL;
	free(session->copy_error);
	session->copy_error = NULL;
}

/* Makes the COPY fail in the server; the client is shown `error`. */
void copyin_fail(struct session *session, const struct error *error)
{
	wire_add_text(&session->out[SIDE_SERVER], 'f', "refused");
	copy_stream_free(session->copy);
	session->copy = NULL;
	free(session->copy_error);
	session->copy_error = malloc(sizeof *error);
	if (!session->copy_error)
		abort();
	*session->copy_error = *error;
	session->copy_in = COPY_IN_FAILED;
	session->counts.refused++;
}

enum answer copyin_response(struct session *session, struct run *run, const struct wire_message *message)
{
	struct reply *head = replies_head(&session->replies);
	struct reader reader = reader_of(message->body, message->length);
	unsigned format = reader_u8(&reader), columns = reader_u16(&reader);
	const char *codes = reader_bytes(&reader, (size_t)columns * 2);
	/* no second one before the end or the error of the first */
	if (!reader_done(&reader) || head->swallow || session->copy_in != COPY_IN_NONE || session->copy)
		return ANSWER_BAD;
	bool known;
	const struct statement *statement = reply_statement(head, &known);
	const struct copy_plan *plan = statement ? statement->copy : NULL;
	const char *tenant = session_tenant(session);
	session->copy_in = COPY_IN_ACTIVE;
	session->spare_syncs += replies_drop_syncs(&session->replies);
	bool fits = !plan || (columns == plan->client_columns + plan->append && tenant &&
						  (format == 1) == (plan->format == COPY_BINARY));
	if ((!known && session->user->right != RIGHT_BYPASS) || !fits) {
		struct error error;
		error_set(&error, "0A000", "this COPY cannot be confined to a tenant");
		error_detail(&error, "What the server expects is not what tenantry has prepared.");
		copyin_fail(session, &error);
		return ANSWER_PASS;
	}
	if (!plan)
		return ANSWER_PASS;
	session->copy = copy_stream_new(plan, tenant, catalog_server_version(session->catalog));
	if (!plan->append)
		return ANSWER_PASS;
	struct buffer *out = &session->out[SIDE_CLIENT];
	server_flush_run(session, run);
	wire_add_header(out, 'G', 3 + (size_t)(columns - 1) * 2);
	buffer_add_u8(out, (uint8_t)format);
	buffer_add_u16(out, (uint16_t)(columns - 1));
	buffer_add(out, codes, (size_t)(columns - 1) * 2);
	return ANSWER_REPLACED;
}

/* Runs `length` bytes, or the end of the data, through the transform into one CopyData. */
static void transform(struct session *session, const char *bytes, size_t length, bool end)
{
	struct buffer *out = &session->out[SIDE_SERVER];
	struct error error;
	size_t before = buffer_pending(out);
	size_t begun = buffer_message_begin(out, 'd');
	bool ok = end ? copy_stream_end(session->copy, out, &error)
				  : copy_stream_data(session->copy, bytes, length, out, &error);
	if (out->failed)
		return;
	if (buffer_pending(out) == before + WIRE_HEADER)
		out->end -= WIRE_HEADER; /* nothing to send */
	else
		buffer_message_end(out, begun);
	if (!ok)
		copyin_fail(session, &error);
}

void copyin_piece(struct session *session, const char *bytes, size_t n)
{
	if (session->copy_in == COPY_IN_ACTIVE && session->copy)
		transform(session, bytes, n, false);
}

static void data(struct session *session, const struct wire_message *message, size_t n)
{
	if (session->copy_in != COPY_IN_ACTIVE) {
		session->stream[SIDE_CLIENT] = STREAM_DROP;
	} else if (session->copy) {
		session->stream[SIDE_CLIENT] = STREAM_COPY;
		copyin_piece(session, message->body, n);
	} else {
		session->stream[SIDE_CLIENT] = STREAM_PASS;
		wire_add_header(&session->out[SIDE_SERVER], 'd', message->length);
		buffer_add(&session->out[SIDE_SERVER], message->body, n);
	}
}

enum handled copyin_message(struct session *session, const struct wire_message *message, size_t n,
							size_t *used)
{
	*used = n;
	if (session->copy_in == COPY_IN_NONE && !session->skipping && session->replies.n > 0)
		return client_hold(session, HOLD_REPLIES); /* too early, or too late: the next reply tells */
	if (message->type == 'd') {
		data(session, message, n);
		return HANDLED;
	}
	if (session->copy_in != COPY_IN_ACTIVE)
		return HANDLED;
	if (message->type == 'c' && session->copy)
		transform(session, NULL, 0, true);
	if (session->copy_in == COPY_IN_ACTIVE) {
		client_forward(session, message);
		session->copy_in = COPY_IN_NONE;
	}
	return HANDLED;
}
