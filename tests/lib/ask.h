/* Asking the parser for verdicts in tests: a session with everything at its default, changed field by field.
 */
#ifndef TENANTRY_TESTS_ASK_H
#define TENANTRY_TESTS_ASK_H

#include <stdbool.h>

#include "parser/verdict.h"

struct ask {
	struct catalog *catalog; /* owned: one reference */
	struct policy policy;
	struct session_names names;
	enum right right;
	enum sub_protocol protocol;
	size_t n_types;
	const uint32_t *types;
};

/* The shop of tests/lib/shop.catalog, a user that is bound to a tenant, the default policy. */
void ask_init(struct ask *ask);
void ask_free(struct ask *ask);

/* For those who ask guard() in another way; borrows `sql` and the fields of `ask`. */
struct guard_request ask_request(const struct ask *ask, const char *sql);

/* A reference for the caller. */
struct verdict *ask_verdict(const struct ask *ask, const char *sql);

/* The whole message with every statement rendered; `slot` in place of the tenant. malloc()ed. */
char *ask_text(const struct verdict *verdict, const char *sql, const char *slot);

/* Kind of the message; prints the refusal when it is not the one that is wanted, so that a failing test
 * explains itself. */
bool ask_is(const struct ask *ask, const char *sql, enum verdict_kind wanted);
/* It is refused, with this SQLSTATE, and message, detail or hint contain `words`. */
bool ask_refused(const struct ask *ask, const char *sql, const char *sqlstate, const char *words);
/* The statement is let through and its text becomes this. */
bool ask_becomes(const struct ask *ask, const char *sql, const char *wanted);
/* The same for each pair, asked with everything at its default. */
struct ask_pair {
	const char *text, *becomes;
};
bool ask_become(const struct ask_pair *pairs, size_t n);
/* The i-th statement has such an effect (name and value NULL: not compared). */
bool ask_effect(const struct verdict *verdict, size_t i, enum effect_kind kind, const char *name,
				const char *value, bool flag);

#endif
