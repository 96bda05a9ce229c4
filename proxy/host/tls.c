/* The TLS context for clients; see tls.h. ALPN `postgresql` is chosen where a client offers ALPN: required
 * for direct TLS (connection.c checks that), harmless after an SSLRequest. */
#include "proxy/host/tls.h"

#include <openssl/err.h>
#include <string.h>

/* The last error of this thread's OpenSSL queue, emptied. */
static void tls_error_text(char *text, size_t size)
{
	unsigned long code = ERR_peek_error();
	if (code)
		ERR_error_string_n(code, text, size);
	else
		snprintf(text, size, "the connection was closed");
	ERR_clear_error();
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_length,
						   const unsigned char *in, unsigned in_length, void *unused)
{
	static const unsigned char name[] = "\012postgresql";
	unsigned char *chosen;
	if (SSL_select_next_proto(&chosen, out_length, name, sizeof name - 1, in, in_length) !=
		OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* OpenSSL would ask at the terminal, and a process that serves cannot wait for that. */
static int no_passphrase(char *to, int size, int writing, void *unused)
{
	return 0;
}

static void complain(const struct settings *settings, const char *name, const char *path, const char *what,
					 struct diagnostics *diagnostics)
{
	char place[512], why[256];
	settings_place(settings, settings_find("tenantry", name), place, sizeof place);
	tls_error_text(why, sizeof why);
	diagnostics_add(diagnostics, "%s: %s %s: %s", place, path, what, why);
}

static void load_files(SSL_CTX *context, const struct settings *settings, struct diagnostics *diagnostics)
{
	const struct settings_tenantry *t = &settings->tenantry;
	const char *key = *t->tls_key ? t->tls_key : t->tls_certificate;
	if (SSL_CTX_use_certificate_chain_file(context, t->tls_certificate) != 1)
		complain(settings, "tls_certificate", t->tls_certificate, "cannot be used as a certificate",
				 diagnostics);
	else if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1 ||
			 SSL_CTX_check_private_key(context) != 1)
		complain(settings, "tls_key", key, "cannot be used as the certificate's private key", diagnostics);
	if (!*t->tls_client_ca)
		return;
	if (SSL_CTX_load_verify_locations(context, t->tls_client_ca, NULL) != 1)
		complain(settings, "tls_client_ca", t->tls_client_ca, "cannot be used as list of authorities",
				 diagnostics);
	SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(t->tls_client_ca));
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	ERR_clear_error();
}

size_t tls_binding(const SSL_CTX *context, uint8_t hash[64])
{
	const X509 *certificate = SSL_CTX_get0_certificate(context);
	unsigned length = 0;
	int digest_nid;
	if (!certificate || !OBJ_find_sigid_algs(X509_get_signature_nid(certificate), &digest_nid, NULL))
		return 0;
	/* The RFC has SHA-256 in the place of the two that are broken. */
	if (digest_nid == NID_md5 || digest_nid == NID_sha1)
		digest_nid = NID_sha256;
	const EVP_MD *digest = EVP_get_digestbynid(digest_nid);
	if (!digest || EVP_MD_get_size(digest) > 64 || X509_digest(certificate, digest, hash, &length) != 1)
		return 0;
	return length;
}

SSL_CTX *tls_context_new(const struct settings *settings, struct diagnostics *diagnostics)
{
	const struct settings_tenantry *t = &settings->tenantry;
	size_t before = diagnostics->n;
	if (t->tls == TLS_DISABLE)
		return NULL;
	if (!*t->tls_certificate) {
		char place[512];
		settings_place(settings, settings_find("tenantry", "tls"), place, sizeof place);
		if (t->tls == TLS_REQUIRE)
			diagnostics_add(diagnostics, "%s: require needs tls_certificate (and tls_key)", place);
		return NULL;
	}
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	if (!context)
		abort();
	SSL_CTX_set_min_proto_version(context, t->tls_min_version == 1 ? TLS1_3_VERSION : TLS1_2_VERSION);
	/* No renegotiation, compression or session cache: none of them earns its memory or its attack surface
	 * here. */
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
									 SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(context, 0);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
								  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_default_passwd_cb(context, no_passphrase);
	SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
	load_files(context, settings, diagnostics);
	if (diagnostics->n == before)
		return context;
	SSL_CTX_free(context);
	return NULL;
}
