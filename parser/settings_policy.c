/* Rules for settings; see settings_policy.h. Refused is what changes how text is read
 * (standard_conforming_strings, encodings with ASCII bytes inside characters), who asks, which rows are seen,
 * what `=` means (search_path), or what is tested first (costs). */
#include "parser/settings_policy.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { NAME_MAX_BYTES = 64 };

typedef bool (*setting_rule)(const char *value, struct refusal *refusal);

static bool refuse(struct refusal *refusal, const char *sqlstate, const char *message, const char *detail,
				   const char *hint)
{
	*refusal = (struct refusal){.message = message, .detail = detail, .hint = hint};
	memcpy(refusal->sqlstate, sqlstate, sizeof refusal->sqlstate);
	return false;
}

static bool says_on(const char *value)
{
	/* parse_bool() also takes prefixes; what is not spelled out is not taken for on. */
	return strcasecmp(value, "on") == 0 || strcasecmp(value, "true") == 0 || strcasecmp(value, "yes") == 0 ||
		   strcmp(value, "1") == 0;
}

static bool rule_conforming_strings(const char *value, struct refusal *refusal)
{
	return !value || says_on(value) ||
		   refuse(refusal, "42501", "standard_conforming_strings cannot be turned off through tenantry",
				  "A backslash in a string constant would then mean something else to the server than to "
				  "tenantry.",
				  "Write such constants as E'...'.");
}

/* Every byte of a character outside ASCII has its high bit set in these: no quote or backslash hides in one.
 */
bool setting_encoding_is_safe(const char *value)
{
	static const char *const SAFE[] = {"utf8",       "unicode", "latin",      "iso8859",    "win125",
									   "windows125", "koi8",    "euc",        "sqlascii",   "mule",
									   "win866",     "win874",  "windows866", "windows874", "tcvn",
									   "vscii",      "abc",     "alt",        NULL};
	char plain[NAME_MAX_BYTES];
	size_t n = 0;
	for (; *value; value++)
		if (isalnum((unsigned char)*value)) {
			if (n == sizeof plain - 1)
				return false;
			plain[n++] = (char)tolower((unsigned char)*value);
		}
	plain[n] = 0;
	for (const char *const *safe = SAFE; *safe; safe++)
		if (strncmp(plain, *safe, strlen(*safe)) == 0)
			return true;
	return strcmp(plain, "win") == 0;
}

static bool rule_client_encoding(const char *value, struct refusal *refusal)
{
	return !value || setting_encoding_is_safe(value) ||
		   refuse(refusal, "42501", "this client_encoding cannot be used through tenantry",
				  "Its characters can contain bytes of ASCII characters, such as a quote or a backslash.",
				  "Use UTF8.");
}

static bool rule_row_security(const char *value, struct refusal *refusal)
{
	return !value || says_on(value) ||
		   refuse(refusal, "42501", "row_security cannot be changed through tenantry",
				  "It decides which rows a statement sees.",
				  "pg_dump and pg_restore leave it on with --enable-row-security.");
}

static bool rule_replication_role(const char *value, struct refusal *refusal)
{
	return !value || strcasecmp(value, "origin") == 0 ||
		   refuse(refusal, "42501", "session_replication_role cannot be changed through tenantry",
				  "It turns off foreign keys and triggers.",
				  "Connect to the server itself, or as a user with bypass.");
}

static bool rule_cost(const char *value, struct refusal *refusal)
{
	return !value ||
		   refuse(refusal, "42501", "this cost setting cannot be changed through tenantry",
				  "The server tests what is cheap first; it must find the comparison with the tenant "
				  "cheaper than the statement's own conditions, which may fail on other tenants' rows.",
				  "Change other settings of the planner, or connect to the server itself.");
}

static bool rule_plan(const char *value, struct refusal *refusal)
{
	static const char *const OFF[] = {"off", "false", "no", "0", NULL};
	for (const char *const *off = OFF; value && *off; off++)
		if (strcasecmp(value, *off) == 0)
			return true;
	return !value || refuse(refusal, "42501", "plans would be shown to a user that is bound to a tenant",
							"Their numbers are estimated from the rows of all tenants.",
							"EXPLAIN (COSTS off) shows a plan without them.");
}

static bool rule_role(const char *value, struct refusal *refusal)
{
	/* NONE too: the default of the session may be a lesser role than the one that logged in. */
	return !value || refuse(refusal, "42501", "a user that is bound to a tenant cannot become another role",
							NULL, NULL);
}

/* The next name of a list, as SplitIdentifierString() reads it, cut to `out`. NULL: the end or no such list.
 */
static const char *next_name(const char *at, char *out)
{
	while (isspace((unsigned char)*at) || *at == ',')
		at++;
	if (*at == 0)
		return NULL;
	size_t n = 0;
	bool quoted = *at == '"';
	at += quoted;
	for (; *at; at++) {
		char c = *at;
		if (quoted && c == '"' && *++at != '"')
			break;
		if (!quoted && (c == ',' || isspace((unsigned char)c)))
			break;
		if (n < NAME_MAX_BYTES - 1)
			out[n++] = quoted ? c : (char)tolower((unsigned char)c);
	}
	out[n] = 0;
	return at;
}

/* The tenant's predicate is `column = value` without schema: pg_catalog must be asked first for `=`. And
 * temporary relations must hide permanent ones in one known order. */
static bool rule_search_path(const char *value, struct refusal *refusal)
{
	char name[NAME_MAX_BYTES];
	size_t i = 0;
	for (const char *at = value; at && (at = next_name(at, name)) != NULL; i++) {
		if (i > 0 && strcmp(name, "pg_catalog") == 0)
			return refuse(refusal, "42501",
						  "pg_catalog must come first in search_path, or not be named at all",
						  "Operators and functions of another schema would otherwise hide the built-in ones.",
						  "Leave pg_catalog out: it is searched first by itself.");
		if (strncmp(name, "pg_temp", strlen("pg_temp")) == 0)
			return refuse(refusal, "42501", "pg_temp cannot be named in search_path through tenantry",
						  "tenantry would not know which of two relations with one name is meant.",
						  "Leave pg_temp out: temporary relations are found first by themselves.");
	}
	return true;
}

static const struct {
	const char *name;
	setting_rule rule;
	bool bypass_too, bound_only;
} RULES[] = {
	{"standard_conforming_strings", rule_conforming_strings, true, false},
	{"client_encoding", rule_client_encoding, true, false},
	{"names", rule_client_encoding, true, false},
	{"row_security", rule_row_security, false, false},
	{"session_replication_role", rule_replication_role, false, false},
	{"cpu_operator_cost", rule_cost, false, false},
	{"cpu_tuple_cost", rule_cost, false, false},
	{"debug_print_plan", rule_plan, false, true},
	{"role", rule_role, false, true},
	{"session_authorization", rule_role, false, true},
	{"search_path", rule_search_path, false, false},
	{"schema", rule_search_path, false, false},
};

bool setting_is_tenant(const struct policy *policy, const char *name)
{
	return strcasecmp(name, policy->tenant_setting) == 0;
}

bool setting_steers(const struct policy *policy, const char *name)
{
	return setting_is_tenant(policy, name) || strcasecmp(name, "search_path") == 0 ||
		   strcasecmp(name, "role") == 0 || strcasecmp(name, "session_authorization") == 0;
}

bool setting_policy(const struct policy *policy, enum right right, const char *name, const char *value,
					struct refusal *refusal)
{
	for (size_t i = 0; i < sizeof RULES / sizeof *RULES; i++) {
		if (strcasecmp(name, RULES[i].name) != 0)
			continue;
		if ((right == RIGHT_BYPASS && !RULES[i].bypass_too) || (right != RIGHT_BOUND && RULES[i].bound_only))
			return true;
		return RULES[i].rule(value, refusal);
	}
	char canonical[TENANT_VALUE_MAX + 1];
	if (value && right != RIGHT_BYPASS && setting_is_tenant(policy, name) &&
		!tenant_value_canonical(policy->tenant_type, value, canonical))
		return refuse(refusal, "22023", "not a valid tenant",
					  "The value of the tenant setting must be one of the tenant column's type.",
					  "RESET the setting to return to the tenant of the connection.");
	return true;
}
