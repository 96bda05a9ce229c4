/* What the program lives by, made from the settings: policy, users, session and schema settings, upstream,
 * TLS. Immutable and reference-counted: a reload makes a new one, sessions keep the one that they began with.
 */
#ifndef TENANTRY_HOST_CONFIGURATION_H
#define TENANTRY_HOST_CONFIGURATION_H

#include <openssl/ssl.h>
#include <stdatomic.h>

#include "proxy/host/settings.h"
#include "proxy/host/upstream.h"
#include "proxy/schema/schema.h"
#include "proxy/session/session.h"

struct configuration {
	atomic_uint references;
	struct settings *settings;   /* owned; much of what follows points into it */
	struct configuration *first; /* the process's first one, which owns the upstream; NULL: this is it */
	struct upstream *upstream;
	struct policy policy;
	struct users users;
	struct session_settings session;
	struct schema_settings schema;
	const char *migration_url;
	SSL_CTX *tls;            /* NULL: not offered */
	uint8_t tls_binding[64]; /* of its certificate */
	size_t tls_binding_length;
	void *blocks[8]; /* allocations that the above points into */
	size_t n_blocks;
};

/* Takes the settings over (also when it fails). `old` is the one in force, NULL at the start: upstream and
 * mock secret are kept. NULL: the diagnostics say why. */
struct configuration *configuration_new(struct settings *settings, struct configuration *old,
										struct diagnostics *diagnostics);
struct configuration *configuration_ref(struct configuration *configuration);
void configuration_unref(struct configuration *configuration);

#endif
