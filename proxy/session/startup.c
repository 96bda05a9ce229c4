/* From the first byte to the open server: startup packets, parameters, the tenant.
 *
 * Refuses: encryption asked for twice, bytes that come in plain text behind a request for encryption
 * (CVE-2021-23214), replication connections, other databases, parameters that would change how statements are
 * read (the same policy as SET), tenants that do not exist or that the user is not bound to. Parameters are
 * judged after authentication, as in PostgreSQL. Source: PostgreSQL documentation, "Message Flow: Start-up";
 * src/backend/tcop/backend_startup.c, postinit.c. */
#include "proxy/session/internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "parser/settings_policy.h"

enum { UNKNOWN_OPTIONS_MAX = 64 };

/* --- parameters --- */
static void set_parameter(struct session *session, const char *name, const char *value)
{
	for (size_t i = 0; i < session->n_parameters; i++) {
		if (strcasecmp(session->parameters[i].name, name) == 0) {
			free((char *)session->parameters[i].value);
			session->parameters[i].value = strdup(value);
			return;
		}
	}
	session->parameters =
		realloc(session->parameters, (session->n_parameters + 1) * sizeof *session->parameters);
	if (!session->parameters)
		abort();
	session->parameters[session->n_parameters++] =
		(struct session_parameter){.name = strdup(name), .value = strdup(value)};
}

static const char *parameter(const struct session *session, const char *name)
{
	for (size_t i = 0; i < session->n_parameters; i++)
		if (strcasecmp(session->parameters[i].name, name) == 0)
			return session->parameters[i].value;
	return NULL;
}

size_t session_server_parameters(const struct session *session, const struct session_parameter **list)
{
	*list = session->parameters;
	return session->n_parameters;
}

static void wish_tenant(struct session *session, const char *text)
{
	free(session->wished_tenant);
	session->wished_tenant = strdup(text);
}

/* One setting from the startup packet or its options. */
static void take_setting(struct session *session, const char *name, const char *value)
{
	if (strcasecmp(name, session->settings->policy->tenant_setting) == 0)
		wish_tenant(session, value);
	else
		set_parameter(session, name, value);
}

/* The next word as pg_split_opts() reads it: white space separates, a backslash takes the next character as
 * it is. Writes it to `word`, which is as long as the options. False: no more. */
static bool next_word(const char **at, char *word)
{
	const char *p = *at;
	while (isspace((unsigned char)*p))
		p++;
	if (!*p)
		return false;
	while (*p && !isspace((unsigned char)*p)) {
		if (*p == '\\' && p[1])
			p++;
		*word++ = *p++;
	}
	*word = 0;
	*at = p;
	return true;
}

/* "name=value"; dashes in the name stand for underscores, as ParseLongOption() has it. */
static bool take_assignment(struct session *session, char *text)
{
	char *equals = strchr(text, '=');
	if (!equals || equals == text)
		return false;
	*equals = 0;
	for (char *p = text; *p; p++)
		if (*p == '-')
			*p = '_';
	take_setting(session, text, equals + 1);
	return true;
}

static bool take_options(struct session *session, const char *options)
{
	char *word = malloc(strlen(options) + 1);
	const char *at = options;
	bool ok = true;
	if (!word)
		abort();
	while (ok && next_word(&at, word)) {
		if (strcmp(word, "-c") == 0)
			ok = next_word(&at, word) && take_assignment(session, word);
		else if (strncmp(word, "-c", 2) == 0 || strncmp(word, "--", 2) == 0)
			ok = take_assignment(session, word + 2);
		else
			ok = false;
	}
	free(word);
	return ok;
}

/* --- the packet --- */
static bool take_parameters(struct session *session, const struct wire_startup *startup)
{
	const char *at = NULL, *name, *value, *options = NULL, *database = NULL, *unknown[UNKNOWN_OPTIONS_MAX];
	size_t n_unknown = 0;
	while (wire_startup_next(startup, &at, &name, &value)) {
		if (strcmp(name, "user") == 0) {
			free(session->user_name);
			session->user_name = strdup(value);
		} else if (strcmp(name, "options") == 0) {
			options = value;
		} else if (strcmp(name, "database") == 0) {
			database = value;
		} else if (strncmp(name, "_pq_.", 5) == 0 && n_unknown < UNKNOWN_OPTIONS_MAX) {
			unknown[n_unknown++] = name;
		} else if (strcmp(name, "replication") == 0 && strcmp(value, "") != 0 &&
				   strcasecmp(value, "false") != 0 && strcasecmp(value, "off") != 0 &&
				   strcasecmp(value, "no") != 0 && strcmp(value, "0") != 0) {
			struct error error;
			error_set(&error, "0A000", "replication connections are not possible through tenantry");
			error_detail(&error, "A replication stream carries the rows of all tenants.");
			session_fatal(session, &error);
			return false;
		}
	}
	/* Minor version 1 was never released. Cancel keys longer than 4 bytes come with 3.2. */
	session->minor = startup->minor >= WIRE_PROTOCOL_MINOR_MAX ? WIRE_PROTOCOL_MINOR_MAX : 0;
	if (startup->minor > WIRE_PROTOCOL_MINOR_MAX || startup->minor == 1 || n_unknown > 0)
		wire_add_negotiate(&session->out[SIDE_CLIENT], session->minor, unknown, n_unknown);
	if (!session->user_name || !*session->user_name) {
		session_fatal_text(session, "28000", "no PostgreSQL user name specified in startup packet");
		return false;
	}
	if (options && !take_options(session, options)) {
		struct error error;
		error_set(&error, "08P01", "invalid command-line argument for server process");
		error_detail(&error, "In the startup parameter \"options\" only settings are possible.");
		error_hint(&error, "Write -c name=value or --name=value.");
		session_fatal(session, &error);
		return false;
	}
	at = NULL;
	while (wire_startup_next(startup, &at, &name, &value))
		if (strcmp(name, "user") != 0 && strcmp(name, "options") != 0 && strcmp(name, "database") != 0 &&
			strcmp(name, "replication") != 0 && strncmp(name, "_pq_.", 5) != 0)
			take_setting(session, name, value);
	if (database && *database && session->settings->database &&
		strcmp(database, session->settings->database) != 0) {
		session_fatal_text(session, "3D000", "database \"%s\" does not exist", database);
		return false;
	}
	return true;
}

static void start(struct session *session, const struct wire_startup *startup)
{
	const char *suffix;
	if (startup->major != WIRE_PROTOCOL_MAJOR) {
		session_fatal_text(session, "0A000",
						   "unsupported frontend protocol %u.%u: server supports 3.0 to 3.2", startup->major,
						   startup->minor);
		return;
	}
	if (session->settings->tls_required && !session->tls && !session->local) {
		struct error error;
		error_set(&error, "28000", "connections without TLS are refused");
		error_hint(&error, "Connect with sslmode=require.");
		session_fatal(session, &error);
		return;
	}
	if (!take_parameters(session, startup))
		return;
	session->user = users_find(session->settings->users, session->user_name, &suffix);
	if (suffix && !session->wished_tenant)
		wish_tenant(session, suffix);
	auth_begin(session);
}

static void cancel(struct session *session, const struct wire_startup *startup)
{
	session->cancel_process_id = (int)startup->process_id;
	session->cancel_key = malloc(startup->key_length);
	if (!session->cancel_key)
		abort();
	memcpy(session->cancel_key, startup->key, startup->key_length);
	session->cancel_key_length = startup->key_length;
	session->phase = PHASE_CANCEL;
	session->wants |= SESSION_WANT_CANCEL;
}

/* SSLRequest and GSSENCRequest are each asked once, never inside TLS; nothing may be behind them in plain
 * text. */
static void encryption(struct session *session, const struct wire_startup *startup, size_t n)
{
	bool *asked = startup->kind == WIRE_SSL_REQUEST ? &session->asked_tls : &session->asked_gss;
	if (*asked || session->tls) {
		session_violation(session, "encryption was requested twice");
		return;
	}
	if (n > startup->length) {
		struct error error;
		error_set(&error, "08P01", "received unencrypted data after SSL request");
		error_detail(&error, "This could be either a client-software bug or evidence of an attempted "
							 "man-in-the-middle attack.");
		session_fatal(session, &error);
		return;
	}
	*asked = true;
	bool yes = startup->kind == WIRE_SSL_REQUEST && session->settings->tls_available && !session->local;
	buffer_add_u8(&session->out[SIDE_CLIENT], yes ? 'S' : 'N');
	if (yes) {
		session->phase = PHASE_TLS;
		session->wants |= SESSION_WANT_TLS;
	}
}

/* As the server: what has an impossible length is not answered, because it need not be the protocol at all.
 * node-postgres sends a Terminate first when it gives up before it has begun. */
static void bad_packet(struct session *session, const struct wire_startup *startup)
{
	if (startup->layout) {
		session_violation(session, "invalid startup packet layout: expected terminator as last byte");
		return;
	}
	struct log_subject subject = session_subject(session);
	log_write(LOG_LEVEL_INFO, &subject, "session ends: invalid length of startup packet");
	session_close(session);
}

size_t startup_packet(struct session *session, const char *bytes, size_t n)
{
	struct wire_startup startup;
	switch (wire_startup_decode(bytes, n, &startup)) {
	case WIRE_PARTIAL:
		return 0;
	case WIRE_BAD:
		bad_packet(session, &startup);
		return n;
	case WIRE_OK:
		break;
	}
	switch (startup.kind) {
	case WIRE_STARTUP:
		start(session, &startup);
		break;
	case WIRE_SSL_REQUEST:
	case WIRE_GSSENC_REQUEST:
		encryption(session, &startup, n);
		break;
	case WIRE_CANCEL_REQUEST:
		cancel(session, &startup);
		break;
	}
	return startup.length;
}

/* Also for direct TLS, where the handshake comes before any packet. */
void session_tls_started(struct session *session)
{
	session->wants &= ~(unsigned)SESSION_WANT_TLS;
	session->tls = true;
	if (session->phase == PHASE_TLS)
		session->phase = PHASE_STARTUP;
}

void session_tls_binding(struct session *session, const uint8_t *hash, size_t length)
{
	if (length <= SCRAM_BINDING_MAX) {
		memcpy(session->binding, hash, length);
		session->binding_length = length;
	}
}

/* --- after authentication --- */
/* "$user" in search_path means the schema of the role: with another role the names would mean something else
 * than what the parser takes them for. */
static bool role_is_allowed(struct session *session, const struct session_parameter *given)
{
	bool role = strcasecmp(given->name, "role") == 0 || strcasecmp(given->name, "session_authorization") == 0;
	if (!role || session->user->right == RIGHT_BYPASS)
		return true;
	if (!catalog_has_schema(session->catalog, given->value) &&
		!catalog_has_schema(session->catalog, catalog_current_user(session->catalog)))
		return true;
	struct error error;
	error_set(&error, "42501", "role \"%s\" cannot be taken on through tenantry", given->value);
	error_detail(&error,
				 "There is a schema that \"$user\" in search_path would mean, or would not mean any more.");
	session_fatal(session, &error);
	return false;
}

/* The server reads these bytes in its own encoding; the names of the snapshot are in UTF8. */
static bool path_is_certain(struct session *session)
{
	const char *path = parameter(session, "search_path");
	if (!path || text_is_ascii(path) || session->user->right == RIGHT_BYPASS ||
		!catalog_folds_names(session->catalog))
		return true;
	struct error error;
	error_set(&error, "0A000", "a search_path that is not ASCII needs a database in UTF8");
	session_fatal(session, &error);
	return false;
}

static bool settings_are_allowed(struct session *session)
{
	if (!path_is_certain(session))
		return false;
	for (size_t i = 0; i < session->n_parameters; i++) {
		const struct session_parameter *given = &session->parameters[i];
		struct refusal refusal = {0};
		if (setting_policy(session->settings->policy, session->user->right, given->name, given->value,
						   &refusal)) {
			if (!role_is_allowed(session, given))
				return false;
			continue;
		}
		struct error error;
		error_set(&error, refusal.sqlstate, "%s", refusal.message);
		if (refusal.detail)
			error_detail(&error, "%s", refusal.detail);
		if (refusal.hint)
			error_hint(&error, "%s", refusal.hint);
		session_fatal(session, &error);
		return false;
	}
	return true;
}

static void open_server(struct session *session, const char *tenant)
{
	/* Given expressly, so that the server's search_path is the one that statements are read with. */
	if (!parameter(session, "search_path"))
		set_parameter(session, "search_path", catalog_default_search_path(session->catalog));
	if (tenant)
		set_parameter(session, session->settings->policy->tenant_setting, tenant);
	state_init(&session->state, session->settings->policy, tenant, parameter(session, "search_path"));
	session->phase = PHASE_SERVER;
	session->wants |= SESSION_WANT_SERVER;
}

void startup_authenticated(struct session *session)
{
	if (settings_are_allowed(session))
		startup_find_tenant(session);
}

/* The user's own tenant, else the wish, else the file's. */
void startup_find_tenant(struct session *session)
{
	const struct user *user = session->user;
	const char *wish = session->wished_tenant;
	char canonical[TENANT_VALUE_MAX + 1];
	if (!wish)
		wish = user->right == RIGHT_BOUND ? user->tenant : session->settings->default_tenant;
	if (!wish || (user->right == RIGHT_BYPASS && !session->wished_tenant)) {
		open_server(session, NULL);
		return;
	}
	struct own_refusal own;
	switch (admit_tenant(session, wish, canonical, &own)) {
	case ADMITTED:
		open_server(session, canonical);
		return;
	case ADMISSION_HELD:
		session->phase = PHASE_TENANT;
		return;
	case ADMISSION_REFUSED:
		strcpy(own.text.sqlstate, "28000");
		session_fatal(session, &own.text);
		return;
	}
}

/* --- the server is open --- */
void session_server_opened(struct session *session, const struct session_server *server)
{
	struct buffer *out = &session->out[SIDE_CLIENT];
	session->wants &= ~(unsigned)SESSION_WANT_SERVER;
	if (session->phase != PHASE_SERVER)
		return;
	session->phase = PHASE_RUNNING;
	session->asked_catalog = false;
	buffer_add(out, server->notices, server->notices_length);
	for (size_t i = 0; i < server->n_parameters; i++) {
		const struct session_parameter *status = &server->parameters[i];
		if (!server_status_learn(session, status->name, status->value))
			return;
		wire_add_status(out, status->name, status->value);
	}
	size_t length = server->cancel_key_length;
	if (session->minor < 2 && length > 4)
		length = 4;
	session->cancel_key = malloc(length ? length : 1);
	if (!session->cancel_key)
		abort();
	memcpy(session->cancel_key, server->cancel_key, length);
	session->cancel_key_length = length;
	session->cancel_process_id = server->process_id;
	wire_add_header(out, 'K', 4 + length);
	buffer_add_u32(out, (uint32_t)server->process_id);
	buffer_add(out, session->cancel_key, length);
	wire_add_ready(out, 'I');
	timing_ready(session);
	struct log_subject subject = session_subject(session);
	log_write(LOG_LEVEL_INFO, &subject, "session starts: from %s, server process %d", session->peer,
			  server->process_id);
	client_resume(session);
}

void session_server_failed(struct session *session, const struct error *error)
{
	session->wants &= ~(unsigned)SESSION_WANT_SERVER;
	session_fatal(session, error);
}
