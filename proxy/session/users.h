/* Who may come in, and for which tenant. Immutable list made by proxy/host from the file and the upstream
 * URL. */
#ifndef TENANTRY_SESSION_USERS_H
#define TENANTRY_SESSION_USERS_H

#include <stdbool.h>
#include <stddef.h>

#include "parser/policy.h"

struct user {
	const char *name;
	const char *secret; /* plain password, or a "SCRAM-SHA-256$..." verifier, or NULL: no password login */
	bool md5;           /* logs in by the md5 exchange; the secret is of proxy/session/md5.h */
	enum right right;
	const char *tenant;    /* RIGHT_BOUND: canonical value; else NULL */
	unsigned max_sessions; /* 0: no limit of its own */
};

struct users {
	size_t n;
	const struct user *list;
};

/* `name` as in the startup message: exact match first; else, where `name` is `user.tenant` and `user` exists
 * and may choose, that user with *suffix set to the tenant's text (borrowed from name). NULL: unknown. */
const struct user *users_find(const struct users *users, const char *name, const char **suffix);

#endif
