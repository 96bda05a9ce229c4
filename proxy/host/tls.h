/* TLS towards clients: one SSL_CTX made from the settings, shared by all workers, replaced by a reload
 * (sessions keep theirs: OpenSSL counts references). */
#ifndef TENANTRY_HOST_TLS_H
#define TENANTRY_HOST_TLS_H

#include <openssl/ssl.h>

#include "proxy/host/settings.h"

/* NULL without a diagnostic: TLS is off. NULL with one: certificate, key or authority cannot be used. */
SSL_CTX *tls_context_new(const struct settings *settings, struct diagnostics *diagnostics);

/* The hash of our certificate for channel binding (tls-server-end-point, RFC 5929); returns its length, at
 * most 64. 0: the certificate's signature has no hash that can be used. */
size_t tls_binding(const SSL_CTX *context, uint8_t hash[64]);

#endif
