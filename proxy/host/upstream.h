/* The server's URL, taken apart once: what libpq needs to open a server, and what the rest needs to know of
 * it. Immutable. Holds the password; nothing here prints it. */
#ifndef TENANTRY_HOST_UPSTREAM_H
#define TENANTRY_HOST_UPSTREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "proxy/base/error.h"

struct upstream {
	char *url;          /* as given, for libpq */
	const char *source; /* "--upstream", "$DATABASE_URL", ..: where it was said */
	size_t n;           /* libpq's options: from the URL, then from the environment and libpq's defaults */
	char **keywords, **values;
	const char *user, *database;
	const char *password; /* NULL: none in the URL or $PGPASSWORD */
	char *label;          /* "user@host:port/database", for messages */
};

/* `given` is what command line or file say ("" for nothing); else $SUPABASE_DB_URL, else $DATABASE_URL. NULL:
 * *error says what is missing or malformed (without the URL's text). Call before threads are started: it
 * looks at, and sets, the environment. */
struct upstream *upstream_new(const char *given, const char *given_source, struct error *error);
void upstream_free(struct upstream *upstream);
const char *upstream_value(const struct upstream *upstream, const char *keyword); /* NULL: not set */

/* Takes libpq's variables that would change clients' sessions out of the environment ($PGOPTIONS stays: it is
 * the operator's). */
void upstream_clean_environment(void);

#endif
