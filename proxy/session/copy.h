/* The stream of COPY relation FROM STDIN, changed on its way: the tenant's value is appended to every row, or
 * the tenant's field, when the client sends it itself, is compared with the tenant.
 *
 * Streaming: pieces may end anywhere; nothing but a field to be compared is ever kept. Output is plain data,
 * to be framed by the caller. The splitting into rows and fields follows src/backend/commands/copyfromparse.c
 * (CopyReadLineText, CopyReadAttributesText, CopyReadAttributesCSV) in what ends a row, what is quoted, and
 * what \. means.
 *
 * Why a client cannot smuggle a value of its own: with `append`, a row of fewer fields than the client's
 * columns is left as it is and fails in the server for want of fields; every other row gets one more, so that
 * a surplus field fails as surplus. After the end marker \. nothing is passed on. What is ambiguous fails. */
#ifndef TENANTRY_SESSION_COPY_H
#define TENANTRY_SESSION_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parser/verdict.h"
#include "proxy/base/buffer.h"
#include "proxy/base/error.h"

struct copy_stream;

/* `plan` is copied, `tenant` (canonical) too. `server_version` as server_version_num: before 18 a line \.
 * ends CSV data too. */
struct copy_stream *copy_stream_new(const struct copy_plan *plan, const char *tenant, int server_version);
void copy_stream_free(struct copy_stream *stream); /* NULL allowed */

/* Adds what the server is to get for this piece. False: the stream is refused, `error` says why; no more
 * calls. */
bool copy_stream_data(struct copy_stream *stream, const char *bytes, size_t length, struct buffer *out,
					  struct error *error) __attribute__((warn_unused_result));
/* How much of the end of a line, as an error quotes it, is what was appended to it; 0: nothing of it. */
size_t copy_stream_appended(const struct copy_stream *stream, const char *line, size_t length);
/* CopyDone: the last row may lack its end of line. */
bool copy_stream_end(struct copy_stream *stream, struct buffer *out, struct error *error)
	__attribute__((warn_unused_result));

#endif
