/* What a verdict lets through must be provable from the outside: the text that would be sent is parsed again
 * and walked by the checker, with nothing taken from the call that made the verdict but what the session will
 * do (checks, COPY plan). */
#ifndef TENANTRY_TESTS_REWRITE_PROVE_H
#define TENANTRY_TESTS_REWRITE_PROVE_H

#include "parser/verdict.h"

/* The text of one statement as it would be sent, with `slot` in the tenant's places. malloc()ed. */
char *prove_rendered(const struct verdict *verdict, size_t statement, const char *original, const char *slot);

/* NULL: every statement that is passed or guarded is proved; else what is open (static or in `room`). */
const char *prove_verdict(const struct guard_request *request, const struct verdict *verdict, char *room,
						  size_t size);

#endif
