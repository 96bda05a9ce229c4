/* The edits of one statement, on their way from the rewriter to the verdict.
 *
 * Recorded in any order; splices_finish() orders them by place. Of several with one place the one that was
 * recorded first comes first: record what closes something before what follows it; what replaces text comes
 * last at its place. */
#ifndef TENANTRY_PARSER_SPLICE_H
#define TENANTRY_PARSER_SPLICE_H

#include "parser/analysis.h"

/* `text` is borrowed and must live as long as the call; NULL: only remove. False: too many edits, refused. */
bool splice_text(struct analysis *analysis, size_t at, size_t remove, const char *text);
/* The same of what opens an expression whose inside has been walked: it comes behind all else that is inserted there. */
bool splice_opening(struct analysis *analysis, size_t at, const char *text);
/* What stands in [start, end) comes here once more, as it is after the splices so far; *length grows by its bytes. False: two
 * of them overlap, or there are too many, which is refused. */
bool splice_again(struct analysis *analysis, size_t at, size_t start, size_t end, size_t *length);
/* The tenant's value comes here. */
bool splice_tenant(struct analysis *analysis, size_t at);

/* Sorts. False: two edits overlap; the caller refuses. */
bool splices_finish(struct splice_list *list);

/* How long a text of `length` bytes gets by its splices if every tenant slot takes `slot_length`. */
size_t splices_length(const struct splice_list *list, size_t length, size_t slot_length);

/* The text [start, start + length) of `original` with its splices, every tenant slot written as `slot`;
 * zero-terminated, in the memory of the call. NULL: longer than the memory context gives (1 GB). */
char *splices_render(const struct splice_list *list, const char *original, size_t start, size_t length,
					 const char *slot);

#endif
