/* Hazards of code inside the server, which no proxy rewrites: functions, triggers, rules, views, materialized
 * views. What touches tenant relations is known to the catalog snapshot (catalog_finish() reads the bodies).
 * See hazards.h. */
#include <string.h>

#include "proxy/schema/hazards.h"
#include "proxy/schema/sql.h"

static const char *relation_name(const struct hazards *hazards, const struct catalog_relation *relation)
{
	if (strcmp(relation->schema, hazards->plan->facts->names.current_schema) == 0)
		return relation->name;
	return arena_format(hazards->arena, "%s.%s", relation->schema, relation->name);
}

static const char *function_name(const struct hazards *hazards, const struct catalog_function *function)
{
	if (strcmp(function->schema, hazards->plan->facts->names.current_schema) == 0)
		return function->name;
	return arena_format(hazards->arena, "%s.%s", function->schema, function->name);
}

/* Trigger functions are told with their triggers; built-in ones are the policy's. */
static void find_functions(struct hazards *hazards)
{
	for (size_t i = 0; i < catalog_function_count(hazards->catalog); i++) {
		const struct catalog_function *function = catalog_function_at(hazards->catalog, i);
		if (!function->flagged || function->returns_trigger || function->oid < 16384 ||
			strcmp(function->schema, "pg_catalog") == 0)
			continue;
		const char *name = function_name(hazards, function);
		hazards_add(hazards, "function", arena_format(hazards->arena, "%s() in %s", name, function->language),
					arena_format(hazards->arena,
								 "What it does is not guarded: %s. Statements that call it are refused.",
								 function->flag_reason ? function->flag_reason : "its body cannot be read"),
					arena_format(hazards->arena,
								 "Make it respect the tenant (current_setting('%s', true)), then list it: "
								 "trusted_functions = %s.",
								 hazards->plan->settings->tenant_setting, name));
	}
}

/* NEW.* and OLD.* in a body, whatever the spaces. */
static bool uses_whole_row(const char *body)
{
	for (const char *c = body; c && *c; c++) {
		if (strncasecmp(c, "NEW", 3) != 0 && strncasecmp(c, "OLD", 3) != 0)
			continue;
		const char *at = c + 3 + strspn(c + 3, " \t\r\n");
		if (*at == '.' && at[1 + strspn(at + 1, " \t\r\n")] == '*')
			return true;
	}
	return false;
}

static bool find_triggers(struct hazards *hazards, struct error *error)
{
	struct arena *arena = hazards->arena;
	const char *values[] = {hazards->tenant_oids};
	PGresult *result =
		sql_query(hazards->connection,
				  "SELECT g.tgrelid, g.tgname, g.tgfoid FROM pg_catalog.pg_trigger g WHERE NOT g.tgisinternal"
				  " AND g.tgparentid = 0 AND g.tgenabled <> 'D' AND g.tgrelid = ANY ($1::oid[])"
				  " ORDER BY g.tgrelid, g.tgname",
				  1, values, error);
	if (!result)
		return false;
	for (int row = 0; row < PQntuples(result); row++) {
		const struct catalog_function *function =
			catalog_function_by_oid(hazards->catalog, sql_oid(result, row, 2));
		const struct catalog_relation *relation =
			catalog_relation_by_oid(hazards->catalog, sql_oid(result, row, 0));
		if (!function || !relation)
			continue;
		bool whole = uses_whole_row(function->body);
		if (!function->flagged && !whole)
			continue;
		const char *object = arena_format(arena, "%s on %s, function %s()", sql_text(result, row, 1),
										  relation_name(hazards, relation), function_name(hazards, function));
		if (whole)
			hazards_add(hazards, "trigger", object,
						"It uses whole rows (NEW.* or OLD.*): with the tenant column they have one value "
						"more than what they are "
						"copied into may expect.",
						"Name the columns, or add the tenant column to the table that it writes.");
		if (function->flagged)
			hazards_add(
				hazards, "trigger", object,
				arena_format(
					arena,
					"It runs inside the server, unguarded: %s. Rows that it writes get the default tenant.",
					function->flag_reason ? function->flag_reason : "its body cannot be read"),
				hazards->plan->settings->server_default == SERVER_DEFAULT_SETTING
					? "Rows that it writes get the session's tenant (server_default = setting); make what it "
					  "reads respect it."
					: "server_default = setting gives what it writes the session's tenant; let it copy NEW's "
					  "tenant, and make "
					  "what it reads respect it.");
	}
	PQclear(result);
	return true;
}

/* Where the server calls such a function of itself, and no statement names it. */
static bool find_calls(struct hazards *hazards, struct error *error)
{
	struct arena *arena = hazards->arena;
	const char *values[] = {hazards_flagged_functions(hazards)};
	PGresult *result = sql_query(
		hazards->connection,
		"SELECT pg_catalog.concat(pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid),"
		" CASE WHEN k.contypid <> 0 THEN ' on type ' || pg_catalog.format_type(k.contypid, NULL) END), "
		"d.refobjid"
		" FROM pg_catalog.pg_depend d LEFT JOIN pg_catalog.pg_constraint k ON k.oid = d.objid"
		" AND d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass"
		" WHERE d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.refobjid = ANY ($1::oid[])"
		" AND d.deptype = 'n' AND d.classid IN ('pg_catalog.pg_attrdef'::pg_catalog.regclass,"
		" 'pg_catalog.pg_constraint'::pg_catalog.regclass, 'pg_catalog.pg_cast'::pg_catalog.regclass,"
		" 'pg_catalog.pg_type'::pg_catalog.regclass) ORDER BY 1, 2",
		1, values, error);
	if (!result)
		return false;
	for (int row = 0; row < PQntuples(result); row++) {
		const struct catalog_function *function =
			catalog_function_by_oid(hazards->catalog, sql_oid(result, row, 1));
		if (!function)
			continue;
		hazards_add(hazards, "call", arena_copy(arena, sql_text(result, row, 0)),
					arena_format(arena,
								 "The server calls %s() for it, unguarded: %s. No statement shows that.",
								 function_name(hazards, function), function->flag_reason),
					arena_format(arena, "Make the function respect the tenant (current_setting('%s', true)).",
								 hazards->plan->settings->tenant_setting));
	}
	PQclear(result);
	return true;
}

static bool find_rules(struct hazards *hazards, struct error *error)
{
	struct arena *arena = hazards->arena;
	const char *values[] = {hazards->tenant_oids};
	PGresult *result =
		sql_query(hazards->connection,
				  "SELECT DISTINCT r.ev_class::pg_catalog.regclass, r.rulename FROM pg_catalog.pg_rewrite r"
				  " LEFT JOIN pg_catalog.pg_depend d ON d.classid = "
				  "'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid"
				  " AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass"
				  " WHERE r.rulename <> '_RETURN' AND r.ev_enabled <> 'D'"
				  " AND (r.ev_class = ANY ($1::oid[]) OR d.refobjid = ANY ($1::oid[])) ORDER BY 1, 2",
				  1, values, error);
	if (!result)
		return false;
	for (int row = 0; row < PQntuples(result); row++)
		hazards_add(hazards, "rule",
					arena_format(arena, "%s on %s", sql_text(result, row, 1), sql_text(result, row, 0)),
					"The server rewrites statements by it after tenantry has guarded them: what it adds is "
					"not guarded.",
					"Replace it by a trigger, or make its actions respect the tenant.");
	PQclear(result);
	return true;
}

static void find_views(struct hazards *hazards)
{
	for (size_t i = 0; i < catalog_relation_count(hazards->catalog); i++) {
		const struct catalog_relation *relation = catalog_relation_at(hazards->catalog, i);
		const char *name = relation_name(hazards, relation);
		if (relation->kind == 'v' && (relation->isolation == ISOLATION_VIEW ||
									  (relation->isolation == ISOLATION_REFUSED && relation->n_depends)))
			hazards_add(hazards, "view", name,
						"It reads tenant tables without showing the tenant column: tenantry reads it in "
						"guarded form, and refuses to "
						"write through it. Past tenantry it shows every tenant's rows.",
						"Add the tenant column to its output, and it is guarded like a table.");
		if (relation->composed)
			hazards_add(
				hazards, "view", name,
				"It shows the tenant column, but rows of other relations go into its rows, or the column is "
				"computed: tenantry reads it in guarded form, and refuses to write through it. Past tenantry "
				"a condition on the tenant column does not confine it.",
				"Compare the tenants of all that it reads, or leave the tenant column out of it.");
		if (relation->kind == 'm' && relation->isolation == ISOLATION_TENANT)
			hazards_add(
				hazards, "materialized view", name,
				"It was computed from the rows of all tenants and is confined by its tenant column: tenantry "
				"cannot see whether a row has another tenant's values in it.",
				"Make sure that every row is computed from rows of its own tenant only.");
		if (relation->kind == 'm' && relation->isolation == ISOLATION_REFUSED)
			hazards_add(
				hazards, "materialized view", name,
				"It holds what was computed from all tenants' rows: statements that read it are refused.",
				arena_format(hazards->arena,
							 "Recreate it with %s in its output and keys, or list it in `shared` if every "
							 "tenant may see it.",
							 hazards->plan->settings->tenant_column));
	}
}

bool hazards_of_code(struct hazards *hazards, struct error *error)
{
	find_functions(hazards);
	if (!find_triggers(hazards, error) || !find_calls(hazards, error) || !find_rules(hazards, error))
		return false;
	find_views(hazards);
	return true;
}
