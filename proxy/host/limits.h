/* How many are inside: in all, per user and per tenant. Process-wide, any thread. */
#ifndef TENANTRY_HOST_LIMITS_H
#define TENANTRY_HOST_LIMITS_H

#include <stdbool.h>
#include <stddef.h>

#include "proxy/base/error.h"
#include "proxy/host/configuration.h"

struct limits;
struct limits *limits_new(void);
void limits_free(struct limits *limits);

/* What one session occupies; zeroed: nothing. */
struct seat {
	bool taken;
	struct headcount *user, *tenant;
};

/* Takes a seat for a session that has logged in; `tenant` NULL: none (yet). False: full, 53300. */
bool limits_enter(struct limits *limits, const struct configuration *configuration, const struct user *user,
				  const char *tenant, struct seat *seat, struct error *error)
	__attribute__((warn_unused_result));
void limits_leave(struct limits *limits, struct seat *seat);
size_t limits_inside(struct limits *limits);

#endif
