/* TLS towards clients: one SSL_CTX made from the settings, shared by all workers, replaced by a reload
 * (sessions keep theirs: OpenSSL counts references). */
#ifndef TENANTRY_HOST_TLS_H
#define TENANTRY_HOST_TLS_H

#include <openssl/ssl.h>

#include "proxy/host/settings.h"

/* NULL without a diagnostic: TLS is off. NULL with one: certificate, key or authority cannot be used. */
SSL_CTX *tls_context_new(const struct settings *settings, struct diagnostics *diagnostics);

/* The last error of this thread's OpenSSL queue, emptied. */
void tls_error_text(char *text, size_t size);

#endif
