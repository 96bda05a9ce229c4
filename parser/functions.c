/* What function calls may do: flagged functions of the database, functions that run SQL text, functions that
 * reach beyond a tenant, and set_config(). See "Everything else" of the specification and builtin.c for the
 * names.
 *
 * A call is judged by every function of its name that the search_path may mean: which overload the server
 * will take is not known here. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "parser/analysis.h"
#include "parser/builtin.h"
#include "parser/catalog_internal.h"
#include "parser/constant.h"
#include "parser/created.h"
#include "parser/encoding.h"
#include "parser/function_call.h"
#include "parser/scope.h"
#include "parser/settings_policy.h"

static const char ADVICE_TRUST[] = "If it is safe for tenants, add it to trusted_functions.";

/* --- which functions may be meant --- */

struct candidates {
	size_t n;
	bool readable;                          /* all of them are written in SQL or PL/pgSQL */
	bool has_body;                          /* some of them is code that is read here */
	const struct catalog_function *flagged; /* one that is flagged, or NULL */
};

static void add_candidates(struct candidates *candidates, const struct catalog *catalog, const char *schema,
						   const char *name)
{
	const struct catalog_function *const *list;
	size_t n = catalog_functions(catalog, schema, name, &list);
	for (size_t i = 0; i < n; i++) {
		const struct catalog_function *function = list[i];
		candidates->readable &=
			strcmp(function->language, "sql") == 0 || strcmp(function->language, "plpgsql") == 0;
		candidates->has_body |= function->body != NULL;
		if (function->flagged)
			candidates->flagged = function;
	}
	candidates->n += n;
}

static struct candidates find_candidates(const struct analysis *analysis, const char *schema,
										 const char *name)
{
	struct candidates candidates = {.readable = true};
	if (schema) {
		add_candidates(&candidates, analysis->catalog, schema, name);
		return candidates;
	}
	const struct scope_path *path = scope_path(analysis);
	for (size_t i = 0; i < path->n; i++)
		add_candidates(&candidates, analysis->catalog, path->schemas[i], name);
	/* After a change of search_path that cannot be followed any schema may be meant. */
	const struct catalog_name *entry = catalog_name(analysis->catalog, name, strlen(name));
	if (analysis->path_unknown && entry && entry->function)
		for (size_t i = 0; i < catalog_function_count(analysis->catalog) && !candidates.flagged; i++) {
			const struct catalog_function *function = catalog_function_at(analysis->catalog, i);
			if (function->flagged && strcmp(function->name, name) == 0)
				candidates.flagged = function;
		}
	return candidates;
}

bool function_trusted(const struct policy *policy, const char *schema, const char *name)
{
	for (size_t i = 0; i < policy->n_trusted_functions; i++) {
		const char *entry = policy->trusted_functions[i], *dot = strchr(entry, '.');
		if (strcmp(dot ? dot + 1 : entry, name) != 0)
			continue;
		if (!dot || (schema && strlen(schema) == (size_t)(dot - entry) &&
					 strncmp(entry, schema, strlen(schema)) == 0))
			return true;
	}
	return false;
}

/* --- refusals --- */

static bool refuse_flagged(struct analysis *analysis, int location, const struct catalog_function *function)
{
	return analysis_refuse(
		analysis, "42501", location,
		analysis_text("function %s() cannot be called by a tenant", function->name),
		analysis_text("What the function reads and writes is not confined to a tenant: %s.",
					  function->flag_reason),
		ADVICE_TRUST);
}

static bool refuse_reach(struct analysis *analysis, int location, const char *name)
{
	return analysis_refuse(
		analysis, "42501", location,
		analysis_text("function %s() is not available to a user that is bound to a tenant", name),
		"It reaches beyond the tenant: files, large objects, other sessions or shared sequences.",
		"Use another user, or set reach = allow.");
}

/* --- functions that run SQL text --- */

static bool all_digits(const char *text)
{
	while (isdigit((unsigned char)*text) || *text == ' ')
		text++;
	return *text == 0;
}

const char *body_scan_sent(const struct analysis *analysis, const char *language, const char *body)
{
	if (analysis->request->name_bytes != NAMES_ALIKE && !text_is_ascii(body, strlen(body)))
		return "it has characters that are not ASCII, and the encoding is not UTF8";
	const char *view = created_view_in(analysis, body);
	return view ? analysis_text("it names \"%s\", which is new and reads rows of several tenants", view)
				: body_scan(analysis->catalog, language, body);
}

/* Constant text in which the scan of function bodies finds nothing; for an argument that names a relation
 * (`regclass`), anything that could be its number is out too. */
static bool sql_text(struct analysis *analysis, const FuncCall *call, const char *name)
{
	for (int i = 0; i < list_length(call->args); i++) {
		Node *argument = list_nth(call->args, i);
		if (IsA(argument, NamedArgExpr))
			argument = (Node *)((NamedArgExpr *)argument)->arg;
		struct constant constant = constant_of(argument);
		const char *reason = NULL;
		if (!constant.known)
			reason = "it gets an argument that is not a constant";
		else if (constant.text && constant.is_string)
			reason = body_scan_sent(analysis, "sql", constant.text);
		if (!reason && i == 0 && strncmp(name, "table_to", 8) == 0 && constant.text &&
			all_digits(constant.text))
			reason = "it names a relation by its number";
		if (reason)
			return analysis_refuse(
				analysis, "42501", call->location, analysis_text("function %s() cannot be called here", name),
				analysis_text("It runs SQL text that tenantry cannot confine to a tenant: %s.", reason),
				"Run the query itself instead.");
	}
	return true;
}

/* --- set_config() --- */

/* Has statement_policy() recorded this very setting as an effect? It does so only for statements that are
 * nothing but such calls, so that the server certainly executes each of them exactly once. */
static bool effect_recorded(const struct analysis *analysis, const char *name, const char *value, bool local)
{
	for (size_t i = 0; i < analysis->effects.n; i++) {
		const struct effect *effect = &analysis->effects.items[i];
		if (effect->kind == EFFECT_SET && strcasecmp(effect->name, name) == 0 &&
			strcmp(effect->value, value) == 0 && effect->flag == local)
			return true;
	}
	return false;
}

static bool refuse_set_config(struct analysis *analysis, const FuncCall *call, const char *detail)
{
	return analysis_refuse(
		analysis, "42501", call->location, "set_config() cannot be used like this", detail,
		"Use SET, or SELECT set_config('name', 'value', false) as a statement of its own.");
}

static bool set_config(struct analysis *analysis, const FuncCall *call)
{
	struct constant name = {0}, value = {0}, local = {0};
	if (list_length(call->args) == 3) {
		name = constant_of(list_nth(call->args, 0));
		value = constant_of(list_nth(call->args, 1));
		local = constant_of(list_nth(call->args, 2));
	}
	if (call == analysis->named_call)
		name = (struct constant){.known = true, .text = analysis->named_setting};
	if (!name.known || !name.text)
		return refuse_set_config(analysis, call, "The name of the setting is not a constant.");
	bool steers = setting_steers(analysis->policy, name.text);
	struct refusal refusal;
	/* A value that is not known is judged as one that no rule accepts. */
	if (!setting_policy(analysis->policy, analysis->request->right, name.text,
						value.known && value.text ? value.text : "\001", &refusal))
		return analysis_refuse(analysis, refusal.sqlstate, call->location, refusal.message, refusal.detail,
							   refusal.hint);
	if (!steers)
		return true;
	bool is_local;
	if (!value.known || !value.text || !constant_bool(&local, &is_local))
		return refuse_set_config(analysis, call, "The value of this setting is not a constant.");
	if (!effect_recorded(analysis, name.text, setting_value(analysis, name.text, value.text), is_local))
		return refuse_set_config(analysis, call,
								 "It is not certain when, and how often, this call would be executed.");
	return true;
}

/* --- views of another tenant --- */

/* Functions that name such a view are not flagged, because it confined them to a tenant once. Which of them a function
 * calls is not known: any will do. */
static const char *reads_other_view(const struct analysis *analysis)
{
	for (size_t i = 0; i < catalog_function_count(analysis->catalog); i++) {
		const struct catalog_function *function = catalog_function_at(analysis->catalog, i);
		const char *view = function->body ? created_view_in(analysis, function->body) : NULL;
		if (view)
			return view;
	}
	return NULL;
}

static bool reads_no_other_view(struct analysis *analysis, int location)
{
	const char *view = analysis->names->n_temporaries > 0 ? reads_other_view(analysis) : NULL;
	return !view ||
		   analysis_refuse(
			   analysis, "42501", location, "functions cannot be called now",
			   analysis_text("Some of them names \"%s\", which is not confined to this tenant.", view),
			   "If it is a temporary view, drop it or create it again.");
}

/* --- the policy --- */

static bool special_function(struct analysis *analysis, const FuncCall *call, const char *name)
{
	const struct policy *policy = analysis->policy;
	switch (builtin_kind(name, strlen(name))) {
	case BUILTIN_HARMLESS:
		return true;
	case BUILTIN_SET_CONFIG:
		return set_config(analysis, call);
	case BUILTIN_TS_REWRITE:
		return list_length(call->args) == 3 || sql_text(analysis, call, name);
	case BUILTIN_SQL_TEXT:
		return sql_text(analysis, call, name);
	case BUILTIN_SQL_ALWAYS:
		return analysis_refuse(analysis, "42501", call->location,
							   analysis_text("function %s() cannot be called by a tenant", name),
							   "It reads relations, or runs SQL, that tenantry does not see.", ADVICE_TRUST);
	case BUILTIN_DATA:
		return policy->allow_data_catalogs ||
			   analysis_refuse(analysis, "42501", call->location,
							   analysis_text("function %s() cannot be called by a tenant", name),
							   "It shows values of rows, or statements, of other tenants.",
							   "Set data_catalogs = allow to permit it.");
	case BUILTIN_REACH:
	case BUILTIN_SETVAL:
		return analysis->request->right != RIGHT_BOUND || policy->allow_reach ||
			   refuse_reach(analysis, call->location, name);
	}
	return analysis_refuse(analysis, "0A000", call->location, "function of unknown kind", NULL, NULL);
}

bool function_policy(struct analysis *analysis, const FuncCall *call)
{
	int n = list_length(call->funcname);
	const char *name = strVal(list_nth(call->funcname, n - 1));
	const char *schema = n > 1 ? strVal(list_nth(call->funcname, n - 2)) : NULL;
	if (function_trusted(analysis->policy, schema, name))
		return true;
	if (analysis->names->n_temporaries > 0 && created_flagged_function(analysis, name))
		return analysis_refuse(analysis, "42501", call->location,
							   analysis_text("function %s() cannot be called by a tenant", name),
							   "It is new, and reads or writes what is not confined to a tenant.",
							   ADVICE_TRUST);
	struct candidates candidates = find_candidates(analysis, schema, name);
	if (candidates.flagged)
		return function_trusted(analysis->policy, candidates.flagged->schema, name) ||
			   refuse_flagged(analysis, call->location, candidates.flagged);
	if (candidates.has_body && !reads_no_other_view(analysis, call->location))
		return false;
	/* A function that the database itself has written under such a name was read, and is harmless. */
	if ((candidates.n == 0 || !candidates.readable) && !special_function(analysis, call, name))
		return false;
	/* The grammar qualifies some built-ins itself (pg_catalog.extract), also where the server is too old to
	 * have them. */
	if (candidates.n == 0 && (!schema || strcmp(schema, "pg_catalog") != 0))
		analysis->unknown_name = true;
	return true;
}

bool operator_policy(struct analysis *analysis, const List *name, int location)
{
	const char *last = strVal(llast(name));
	const struct catalog_name *entry = catalog_name(analysis->catalog, last, strlen(last));
	analysis->unknown_name |= !entry;
	if (!entry || !entry->own_function)
		return true;
	struct candidates candidates = find_candidates(
		analysis, list_length(name) > 1 ? strVal(list_nth(name, list_length(name) - 2)) : NULL, last);
	if (!candidates.flagged)
		return !candidates.has_body || reads_no_other_view(analysis, location);
	return function_trusted(analysis->policy, candidates.flagged->calls_schema, candidates.flagged->calls) ||
		   analysis_refuse(analysis, "42501", location,
						   analysis_text("operator %s cannot be used by a tenant", last),
						   analysis_text("What it reads and writes is not confined to a tenant: %s.",
										 candidates.flagged->flag_reason),
						   "If its function is safe for tenants, add that to trusted_functions.");
}

bool operator_used(struct analysis *analysis, const A_Expr *expression)
{
	switch (expression->kind) {
	case AEXPR_BETWEEN: /* whose names are none of operators */
	case AEXPR_NOT_BETWEEN:
	case AEXPR_BETWEEN_SYM:
	case AEXPR_NOT_BETWEEN_SYM:
		return true;
	default:
		return operator_policy(analysis, expression->name, expression->location);
	}
}

bool function_attribute(struct analysis *analysis, const char *name, int location)
{
	const struct catalog_name *entry = catalog_name(analysis->catalog, name, strlen(name));
	enum builtin kind = builtin_kind(name, strlen(name));
	bool listed = kind == BUILTIN_SQL_TEXT || kind == BUILTIN_SQL_ALWAYS;
	if (!listed && (!entry || !entry->function))
		return true;
	if (function_trusted(analysis->policy, NULL, name))
		return true;
	return analysis_refuse(
		analysis, "42501", location, analysis_text("function %s() cannot be called by a tenant", name),
		entry && entry->reason
			? analysis_text("What the function reads is not confined to a tenant: %s.", entry->reason)
			: "It runs SQL text that tenantry does not see.",
		ADVICE_TRUST);
}

static bool refuse_call(struct refusal *refusal, const char *detail, const char *hint)
{
	*refusal = (struct refusal){.sqlstate = "42501",
								.message = "this function cannot be called by a tenant",
								.detail = detail,
								.hint = hint};
	return false;
}

bool function_call_policy(const struct catalog *catalog, const struct policy *policy, enum right right,
						  uint32_t oid, bool other_views, struct refusal *refusal)
{
	if (right == RIGHT_BYPASS)
		return true;
	const struct catalog_function *function = catalog_function_by_oid(catalog, oid);
	if (!function)
		return refuse_call(refusal, "tenantry does not know it.", "Call it in a SELECT.");
	if (function_trusted(policy, function->schema, function->name))
		return true;
	if (function->flagged)
		return refuse_call(refusal, "What it reads and writes is not confined to a tenant.", ADVICE_TRUST);
	if (function->body && other_views)
		return refuse_call(refusal, "It may name a temporary view that was made for another tenant.",
						   "Drop the view, or call the function in a SELECT.");
	switch (builtin_kind(function->name, strlen(function->name))) {
	case BUILTIN_HARMLESS:
		return true;
	case BUILTIN_REACH:
	case BUILTIN_SETVAL:
		return right != RIGHT_BOUND || policy->allow_reach ||
			   refuse_call(refusal, "It reaches beyond the tenant.",
						   "Use another user, or set reach = allow.");
	case BUILTIN_DATA:
		return policy->allow_data_catalogs ||
			   refuse_call(refusal, "It shows values of rows, or statements, of other tenants.",
						   "Set data_catalogs = allow to permit it.");
	case BUILTIN_SQL_TEXT:
	case BUILTIN_SQL_ALWAYS:
	case BUILTIN_TS_REWRITE:
	case BUILTIN_SET_CONFIG:
		break;
	}
	return refuse_call(refusal, "It runs SQL text or changes settings; the function-call message hides both.",
					   "Call it in a SELECT.");
}
