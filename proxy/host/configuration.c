/* From settings to what the parts want; see configuration.h. Checks that need more than one value are here.
 */
#include "proxy/host/configuration.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "parser/tenant_type.h"
#include "proxy/host/tls.h"
#include "proxy/session/md5.h"
#include "proxy/session/scram.h"

static void complain(const struct settings *settings, const char *section, const char *name,
					 struct diagnostics *diagnostics, const char *what)
{
	char place[512];
	settings_place(settings, settings_find(section, name), place, sizeof place);
	diagnostics_add(diagnostics, "%s: %s", place, what);
}

static void *keep_block(struct configuration *configuration, void *block)
{
	if (!block || configuration->n_blocks == sizeof configuration->blocks / sizeof *configuration->blocks)
		abort();
	return configuration->blocks[configuration->n_blocks++] = block;
}

/* A list of names as in SQL. */
static void read_names(struct configuration *configuration, const char *section, const char *name,
					   const char *list, struct schema_table **tables, size_t *n,
					   struct diagnostics *diagnostics)
{
	struct error error;
	*tables = NULL;
	*n = 0;
	if (list[strspn(list, " \t")] == 0)
		return;
	if (schema_tables_parse(list, tables, n, &error))
		keep_block(configuration, *tables);
	else
		complain(configuration->settings, section, name, diagnostics, error.message);
}

/* The canonical form of a tenant, kept with the settings; NULL: not one of the type. */
static const char *canonical_tenant(struct configuration *configuration, const char *text)
{
	char canonical[TENANT_VALUE_MAX + 1];
	enum tenant_type type = (enum tenant_type)configuration->settings->migration.tenant_type;
	if (!tenant_value_canonical(type, text, canonical))
		return NULL;
	return settings_keep(configuration->settings, canonical, strlen(canonical));
}

static const char *required_tenant(struct configuration *configuration, const char *section, const char *name,
								   const char *text, struct diagnostics *diagnostics)
{
	char what[256];
	const char *tenant = canonical_tenant(configuration, text);
	if (tenant)
		return tenant;
	snprintf(what, sizeof what, "\"%.100s\" is not a value of the tenants' type %s", text,
			 tenant_type_name((enum tenant_type)configuration->settings->migration.tenant_type));
	complain(configuration->settings, section, name, diagnostics, what);
	return NULL;
}

static void make_schema(struct configuration *configuration, struct diagnostics *diagnostics)
{
	const struct settings_migration *m = &configuration->settings->migration;
	struct schema_settings *schema = &configuration->schema;
	struct schema_table *tables, *shared, *tenants, *keep;
	size_t n, n_keep;
	read_names(configuration, "migration", "tables", m->tables, &tables, &schema->n_tables, diagnostics);
	read_names(configuration, "migration", "shared", m->shared, &shared, &schema->n_shared, diagnostics);
	read_names(configuration, "migration", "tenants_table", m->tenants_table, &tenants, &n, diagnostics);
	read_names(configuration, "migration", "keep_unique", m->keep_unique, &keep, &n_keep, diagnostics);
	if (n > 1 || !*m->tenants_table)
		complain(configuration->settings, "migration", "tenants_table", diagnostics,
				 "one table is named here");
	if (!*m->tenant_column || strlen(m->tenant_column) > 63)
		complain(configuration->settings, "migration", "tenant_column", diagnostics,
				 "a column name has 1 to 63 bytes");
	schema->tenant_column = m->tenant_column;
	schema->tenant_type = (enum tenant_type)m->tenant_type;
	schema->default_tenant =
		required_tenant(configuration, "migration", "default_tenant", m->default_tenant, diagnostics);
	schema->default_tenant_name = m->default_tenant_name;
	schema->tenants_schema = n == 1 ? tenants->schema : NULL;
	schema->tenants_table = n == 1 ? tenants->name : m->tenants_table;
	schema->tenant_setting = configuration->settings->tenantry.tenant_setting;
	schema->serving_user = configuration->upstream->user;
	schema->tables = tables;
	schema->shared = shared;
	schema->missing_table_stops = m->missing_table == 1;
	schema->lock_timeout = m->lock_timeout;
	schema->lock_timeout_first = m->lock_timeout_first;
	schema->lock_retry_total = m->lock_retry_total;
	schema->index_timeout = m->index_timeout;
	schema->foreign_keys = m->foreign_keys;
	schema->server_default = (enum server_default)m->server_default;
	schema->widen_unique = m->widen_unique;
	schema->tenant_foreign_keys = m->tenant_foreign_keys;
	schema->row_security = m->row_security;
	schema->contract = m->contract;
	const char **names = n_keep ? keep_block(configuration, calloc(n_keep, sizeof *names)) : NULL;
	for (size_t i = 0; i < n_keep; i++)
		names[i] = keep[i].name;
	schema->n_keep_unique = n_keep;
	schema->keep_unique = names;
}

/* A custom setting as PostgreSQL takes it: two or more identifiers joined by dots. Lower case, because SET
 * folds it. */
static bool is_setting_name(const char *name)
{
	size_t length = strlen(name);
	return length > 2 && length < 64 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.") == length &&
		   strchr(name, '.') && !strstr(name, "..") && name[length - 1] != '.' &&
		   (name[0] == '_' || (name[0] >= 'a' && name[0] <= 'z'));
}

static void trust_functions(struct configuration *configuration, struct diagnostics *diagnostics)
{
	struct schema_table *functions;
	size_t n;
	char joined[160];
	read_names(configuration, "tenantry", "trusted_functions",
			   configuration->settings->tenantry.trusted_functions, &functions, &n, diagnostics);
	const char **names = n ? keep_block(configuration, calloc(n, sizeof *names)) : NULL;
	for (size_t i = 0; i < n; i++) {
		bool qualified = functions[i].schema;
		snprintf(joined, sizeof joined, "%s%s%s", qualified ? functions[i].schema : "", qualified ? "." : "",
				 functions[i].name);
		names[i] = settings_keep(configuration->settings, joined, strlen(joined));
	}
	configuration->policy.n_trusted_functions = n;
	configuration->policy.trusted_functions = names;
}

static void make_policy(struct configuration *configuration, const struct configuration *old,
						struct diagnostics *diagnostics)
{
	const struct settings_tenantry *t = &configuration->settings->tenantry;
	struct policy *policy = &configuration->policy;
	const struct schema_settings *schema = &configuration->schema;
	policy_defaults(policy);
	policy->id = old ? old->policy.id + 1 : 1;
	policy->mode = (enum mode)t->mode;
	policy->tenant_setting = t->tenant_setting;
	policy->tenant_column = schema->tenant_column;
	policy->tenant_type = schema->tenant_type;
	policy->default_tenant = schema->contract ? NULL : schema->default_tenant;
	policy->default_setting = schema->server_default == SERVER_DEFAULT_SETTING;
	if (schema->tenants_schema)
		policy->tenants_schema = schema->tenants_schema;
	policy->tenants_table = schema->tenants_table;
	policy->hide_tenant_column = t->tenant_column == 0;
	policy->ddl = (enum ddl_policy)t->ddl;
	policy->new_tables = (enum new_tables)t->new_tables;
	policy->truncate_as_delete = t->truncate == 1;
	policy->allow_data_catalogs = t->data_catalogs == 1;
	policy->allow_reach = t->reach == 1;
	policy->max_statement_bytes = t->max_statement_size;
	policy->max_depth = t->max_depth;
	policy->max_edits = t->max_edits;
	policy->max_rows = t->max_rows;
	trust_functions(configuration, diagnostics);
	if (!is_setting_name(t->tenant_setting))
		complain(
			configuration->settings, "tenantry", "tenant_setting", diagnostics,
			"not the name of a custom setting; accepted: lower-case names joined by a dot, as app.tenant_id");
}

static bool same_name(const struct users *users, const char *name)
{
	for (size_t i = 0; i < users->n; i++)
		if (strcmp(users->list[i].name, name) == 0)
			return true;
	return false;
}

/* The old configuration's verifier for this user, if it is one for this password: a reload that changes
 * nothing about a user must not change the salt that its clients see. */
static const char *old_verifier(const struct configuration *old, const char *name, const char *password)
{
	struct scram_secret secret, derived;
	for (size_t i = 0; old && i < old->users.n; i++) {
		const struct user *user = &old->users.list[i];
		if (strcmp(user->name, name) != 0 || !user->secret || !scram_secret_parse(user->secret, &secret))
			continue;
		if (scram_secret_derive(password, secret.salt, secret.salt_length, secret.iterations, &derived) &&
			CRYPTO_memcmp(secret.stored_key, derived.stored_key, SCRAM_KEY) == 0)
			return user->secret;
	}
	return NULL;
}

/* Plain passwords become verifiers here: to derive a key at each login costs time, and that time would tell
 * users who exist from others. */
static const char *make_verifier(struct configuration *configuration, const struct configuration *old,
								 const char *name, const char *password)
{
	char verifier[SCRAM_VERIFIER_MAX];
	struct scram_secret parsed;
	if (!password || scram_secret_parse(password, &parsed))
		return password;
	const char *kept = old_verifier(old, name, password);
	if (!kept && !scram_verifier_make(password, verifier))
		abort();
	kept = kept ? kept : verifier;
	return settings_keep(configuration->settings, kept, strlen(kept));
}

/* A user who logs in by md5 needs a hash that goes with its name; a hash without that option fits no exchange. */
static const char *make_secret(struct configuration *configuration, const struct configuration *old,
							   const struct user *user, struct diagnostics *diagnostics)
{
	char hash[MD5_SECRET_SIZE];
	if (!user->secret || (user->md5 && md5_is_secret(user->secret)))
		return user->secret;
	if (!user->md5 && md5_is_secret(user->secret)) {
		diagnostics_add(
			diagnostics, "%s: user \"%s\": an md5 hash needs the option md5; better: `tenantry password`",
			configuration->settings->file ? configuration->settings->file : "upstream", user->name);
		return NULL;
	}
	if (!user->md5)
		return make_verifier(configuration, old, user->name, user->secret);
	if (!md5_secret_make(user->secret, user->name, hash)) {
		diagnostics_add(diagnostics, "user \"%s\": this machine's OpenSSL offers no md5", user->name);
		return NULL;
	}
	return settings_keep(configuration->settings, hash, strlen(hash));
}

/* The file's users, and the URL's own user unless the file has it. */
static void make_users(struct configuration *configuration, const struct configuration *old,
					   struct diagnostics *diagnostics)
{
	const struct settings *settings = configuration->settings;
	const struct upstream *upstream = configuration->upstream;
	struct user *list = keep_block(configuration, calloc(settings->n_users + 1, sizeof *list));
	configuration->users.list = list;
	for (size_t i = 0; i < settings->n_users; i++) {
		const struct settings_user *from = &settings->users[i];
		struct user *user = &list[configuration->users.n++];
		*user = (struct user){.name = from->name,
							  .secret = from->secret,
							  .md5 = from->md5,
							  .right = from->right,
							  .max_sessions = from->max_sessions};
		if (!user->secret && strcmp(user->name, upstream->user) == 0)
			user->secret = upstream->password;
		if (!user->max_sessions)
			user->max_sessions = settings->tenantry.max_clients_per_user;
		if (from->right == RIGHT_BOUND && !(user->tenant = canonical_tenant(configuration, from->tenant)))
			diagnostics_add(diagnostics, "%s:%d: user \"%s\": \"%s\" is not a value of the tenants' type %s",
							settings->file, from->line, from->name, from->tenant,
							tenant_type_name(configuration->schema.tenant_type));
	}
	if (!same_name(&configuration->users, upstream->user))
		list[configuration->users.n++] =
			(struct user){.name = upstream->user,
						  .secret = upstream->password,
						  .right = RIGHT_CHOOSE,
						  .max_sessions = settings->tenantry.max_clients_per_user};
	for (size_t i = 0; i < configuration->users.n; i++)
		list[i].secret = make_secret(configuration, old, &list[i], diagnostics);
}

static bool is_mode(const char *text)
{
	size_t length = strlen(text);
	return length >= 3 && length <= 4 && strspn(text, "01234567") == length && (length == 3 || *text == '0');
}

static void make_session(struct configuration *configuration, const struct configuration *old,
						 struct diagnostics *diagnostics)
{
	const struct settings_tenantry *t = &configuration->settings->tenantry;
	struct session_settings *session = &configuration->session;
	session->policy = &configuration->policy;
	session->users = &configuration->users;
	session->database = configuration->upstream->database;
	if (!*t->tenant)
		session->default_tenant = configuration->schema.default_tenant;
	else if (strcmp(t->tenant, "none") != 0)
		session->default_tenant =
			required_tenant(configuration, "tenantry", "tenant", t->tenant, diagnostics);
	session->tls_available = configuration->tls != NULL;
	session->tls_required = t->tls == TLS_REQUIRE;
	session->login_timeout = t->login_timeout;
	session->idle_timeout = t->idle_timeout;
	session->idle_in_transaction_timeout = t->idle_in_transaction_timeout;
	session->statement_timeout = t->statement_timeout;
	session->output_high_water = t->output_high_water;
	session->output_low_water = t->output_low_water;
	session->message_limit = t->max_statement_size;
	session->judges_elsewhere = true; /* connection_verdict.c */
	if (!is_mode(t->unix_socket_mode))
		complain(configuration->settings, "tenantry", "unix_socket_mode", diagnostics,
				 "not the permissions of a file; accepted: octal, as 0770");
	if (t->output_low_water >= t->output_high_water)
		complain(configuration->settings, "tenantry", "output_low_water", diagnostics,
				 "must be less than output_high_water");
	if (old)
		memcpy(session->mock_secret, old->session.mock_secret, sizeof session->mock_secret);
	else if (RAND_bytes(session->mock_secret, sizeof session->mock_secret) != 1)
		abort();
}

struct configuration *configuration_new(struct settings *settings, struct configuration *old,
										struct diagnostics *diagnostics)
{
	struct error error;
	struct configuration *configuration = calloc(1, sizeof *configuration);
	if (!configuration)
		abort();
	configuration->references = 1;
	configuration->settings = settings;
	if (old)
		configuration->first = configuration_ref(old->first ? old->first : old);
	configuration->upstream =
		old ? old->upstream : upstream_new(settings->tenantry.upstream, "the setting `upstream`", &error);
	if (!configuration->upstream) {
		diagnostics_add(diagnostics, "%s%s%s", error.message, *error.hint ? "\n" : "", error.hint);
		goto failed;
	}
	size_t before = diagnostics->n;
	configuration->migration_url =
		*settings->migration.migration_url ? settings->migration.migration_url : configuration->upstream->url;
	configuration->tls = tls_context_new(settings, diagnostics);
	if (configuration->tls)
		configuration->tls_binding_length = tls_binding(configuration->tls, configuration->tls_binding);
	make_schema(configuration, diagnostics);
	make_policy(configuration, old, diagnostics);
	make_users(configuration, old, diagnostics);
	make_session(configuration, old, diagnostics);
	if (diagnostics->n == before)
		return configuration;
failed:
	configuration_unref(configuration);
	return NULL;
}

struct configuration *configuration_ref(struct configuration *configuration)
{
	atomic_fetch_add(&configuration->references, 1);
	return configuration;
}

void configuration_unref(struct configuration *configuration)
{
	if (!configuration || atomic_fetch_sub(&configuration->references, 1) != 1)
		return;
	for (size_t i = 0; i < configuration->n_blocks; i++)
		free(configuration->blocks[i]);
	SSL_CTX_free(configuration->tls);
	if (configuration->first)
		configuration_unref(configuration->first);
	else
		upstream_free(configuration->upstream);
	settings_free(configuration->settings);
	free(configuration);
}
