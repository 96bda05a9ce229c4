/* Hazards: the list, and those that come from outside the database's own schema: publications, replicas,
 * roles. See hazards.h. */
#include "proxy/schema/hazards.h"

#include <string.h>

#include "proxy/schema/sql.h"

void hazards_add(struct hazards *hazards, const char *kind, const char *object, const char *what,
				 const char *todo)
{
	if (hazards->n == hazards->room) {
		size_t room = hazards->room ? 2 * hazards->room : 32;
		struct hazard *list = arena_alloc(hazards->arena, room * sizeof *list);
		if (hazards->n)
			memcpy(list, hazards->list, hazards->n * sizeof *list);
		hazards->list = list;
		hazards->room = room;
	}
	hazards->list[hazards->n++] = (struct hazard){kind, object, what, todo};
}

/* Tables that have the tenant column by the snapshot, or will have it by the configuration. */
static void find_tenant_tables(struct hazards *hazards)
{
	size_t n = 0, most = catalog_relation_count(hazards->catalog);
	const char **oids = arena_alloc(hazards->arena, (most + 1) * sizeof *oids);
	const char **columns = arena_alloc(hazards->arena, (most + 1) * sizeof *columns);
	for (size_t i = 0; i < most; i++) {
		const struct catalog_relation *relation = catalog_relation_at(hazards->catalog, i);
		const struct fact_table *configured = facts_table(hazards->plan->facts, relation->oid);
		if ((relation->kind != 'r' && relation->kind != 'p') ||
			(relation->isolation != ISOLATION_TENANT && !configured))
			continue;
		oids[n] = arena_format(hazards->arena, "%u", relation->oid);
		columns[n++] = relation->tenant_column >= 0 ? relation->columns[relation->tenant_column].name
					   : configured                 ? configured->column
													: hazards->plan->settings->tenant_column;
	}
	hazards->tenant_oids = sql_array(hazards->arena, n, oids);
	hazards->tenant_columns = sql_array(hazards->arena, n, columns);
}

static bool columns_are_missing(const struct hazards *hazards)
{
	for (size_t i = 0; i < hazards->plan->facts->n_tables; i++)
		if (!hazards->plan->facts->tables[i].has_column)
			return true;
	return false;
}

/* --- publications --- */

/* $1, $2: the tenant tables and their tenant columns. A publication of a schema or of all tables has no list.
 */
// clang-format off
#define PUBLISHED(list, schemas) \
	"SELECT p.pubname, r.prrelid::pg_catalog.regclass, " list ", r.prrelid" \
	" FROM ROWS FROM (pg_catalog.unnest($1::oid[]), pg_catalog.unnest($2::text[])) AS w(t, k)" \
	" JOIN pg_catalog.pg_publication_rel r ON r.prrelid = w.t JOIN pg_catalog.pg_publication p ON r.prpubid = p.oid" \
	" UNION ALL SELECT p.pubname, NULL, false, 0 FROM pg_catalog.pg_publication p WHERE p.puballtables" schemas \
	" ORDER BY 1, 2"
static const char publications_13[] = PUBLISHED("false", "");
static const char publications_15[] = PUBLISHED(
	"r.prattrs IS NOT NULL AND NOT EXISTS (SELECT FROM pg_catalog.unnest(r.prattrs::int2[]) AS u(n)"
	" JOIN pg_catalog.pg_attribute a ON a.attrelid = r.prrelid AND a.attnum = u.n WHERE a.attname = w.k::name)",
	" OR EXISTS (SELECT FROM pg_catalog.pg_publication_namespace s JOIN pg_catalog.pg_class c"
	" ON c.relnamespace = s.pnnspid WHERE s.pnpubid = p.oid AND c.oid = ANY ($1::oid[]))");
// clang-format on

/* Of the table, or with 0 of any: a publication of all tables has each. */
static bool column_is_to_come(const struct hazards *hazards, uint32_t oid)
{
	const struct fact_table *table = facts_table(hazards->plan->facts, oid);
	return oid ? table && !table->has_column : columns_are_missing(hazards);
}

static bool find_publications(struct hazards *hazards, struct error *error)
{
	struct arena *arena = hazards->arena;
	const char *values[] = {hazards->tenant_oids, hazards->tenant_columns};
	PGresult *result = sql_query(hazards->connection,
								 hazards->plan->facts->version >= 150000 ? publications_15 : publications_13,
								 2, values, error);
	if (!result)
		return false;
	for (int row = 0; row < PQntuples(result); row++) {
		const char *publication = sql_text(result, row, 0), *table = sql_text(result, row, 1);
		const char *object =
			arena_format(arena, "%s%s%s", publication, table ? " of " : "", table ? table : "");
		if (sql_bool(result, row, 2))
			hazards_add(
				hazards, "publication", object,
				"Its column list leaves out the tenant column: subscribers get rows whose tenant they "
				"cannot tell.",
				"Add the tenant column to the column list, after the subscriber's table has it.");
		else if (column_is_to_come(hazards, sql_oid(result, row, 3)))
			hazards_add(
				hazards, "publication", object,
				"Once the tenant column is added here, subscribers whose table lacks it stop with an error.",
				arena_format(arena,
							 "Add the column on every subscriber first: ALTER TABLE .. ADD COLUMN %s %s;",
							 sql_identifier(arena, hazards->plan->settings->tenant_column),
							 tenant_type_name(hazards->plan->settings->tenant_type)));
	}
	PQclear(result);
	return true;
}

/* --- replicas --- */

static void add_standby(struct hazards *hazards, const char *name)
{
	bool to_come = columns_are_missing(hazards);
	hazards_add(
		hazards, "replica", arena_format(hazards->arena, "standby %s", name),
		to_come ? "It replays the short ACCESS EXCLUSIVE locks of the migration: queries there that stand in "
				  "the way are cancelled after max_standby_streaming_delay. What reads from it directly "
				  "is not guarded."
				: "What reads from it directly is not guarded: it sees every tenant's rows.",
		to_come ? "Run the migration when long reports on it have ended; send the application's reads "
				  "through tenantry."
				: "Send the application's reads through tenantry.");
}

static void add_slot(struct hazards *hazards, const char *name)
{
	bool to_come = columns_are_missing(hazards);
	hazards_add(hazards, "replica", arena_format(hazards->arena, "logical slot %s", name),
				to_come
					? "Who reads it gets rows with one more column from the migration on, and every tenant's."
					: "Who reads it gets every tenant's rows.",
				"Prepare the consumer for the tenant column, so that it keeps the tenants apart.");
}

static bool find_replicas(struct hazards *hazards, struct error *error)
{
	PGresult *result = sql_query(
		hazards->connection,
		"SELECT 'standby', coalesce(nullif(application_name, ''), pid::text) FROM"
		" pg_catalog.pg_stat_replication WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_replication_slots s"
		"  WHERE s.active_pid = pid AND s.slot_type = 'logical')"
		" UNION ALL SELECT 'slot', slot_name FROM pg_catalog.pg_replication_slots"
		" WHERE slot_type = 'logical' AND database = pg_catalog.current_database() ORDER BY 1, 2",
		0, NULL, error);
	if (!result)
		return false;
	for (int row = 0; row < PQntuples(result); row++) {
		if (strcmp(sql_text(result, row, 0), "standby") == 0)
			add_standby(hazards, sql_text(result, row, 1));
		else
			add_slot(hazards, sql_text(result, row, 1));
	}
	PQclear(result);
	return true;
}

/* --- roles --- */

/* The migrating role may be another one: what it passes is nobody's danger. */
static const char *serving_user(const struct hazards *hazards)
{
	const char *user = hazards->plan->settings->serving_user;
	return user ? user : hazards->plan->facts->user;
}

/* Superusers pass everything by nature; they matter where row security is meant to stop the proxy's own user.
 * A right to single columns is one too; a right that no connection and no schema leads to is none. */
static const char roles_text[] =
	"SELECT r.rolname, pg_catalog.count(*) FROM pg_catalog.pg_roles r CROSS JOIN "
	"pg_catalog.unnest($1::oid[]) AS u(o)"
	" JOIN pg_catalog.pg_class c ON c.oid = u.o WHERE r.rolcanlogin AND NOT r.rolsuper AND r.rolname <> "
	"current_user AND r.rolname <> $2::name"
	" AND (pg_catalog.has_table_privilege(r.oid, u.o, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')"
	"  OR pg_catalog.has_any_column_privilege(r.oid, u.o, 'SELECT, INSERT, UPDATE'))"
	" AND pg_catalog.has_schema_privilege(r.oid, c.relnamespace, 'USAGE')"
	" AND pg_catalog.has_database_privilege(r.oid, pg_catalog.current_database(), 'CONNECT') GROUP BY 1 "
	"ORDER BY 1";

static bool find_roles(struct hazards *hazards, struct error *error)
{
	struct arena *arena = hazards->arena;
	const char *values[] = {hazards->tenant_oids, serving_user(hazards)};
	/* With row security the policies hold for them; who passes those is told below. */
	if (hazards->plan->settings->row_security)
		return true;
	PGresult *result = sql_query(hazards->connection, roles_text, 2, values, error);
	if (!result)
		return false;
	for (int row = 0; row < PQntuples(result); row++)
		hazards_add(hazards, "role", arena_format(arena, "role %s", sql_text(result, row, 0)),
					arena_format(arena,
								 "It can log in to the server and reach %s tenant table%s: past tenantry it "
								 "sees every tenant.",
								 sql_text(result, row, 1), sql_int(result, row, 1) == 1 ? "" : "s"),
					"Let it connect through tenantry, revoke its rights, or set row_security = yes.");
	PQclear(result);
	return true;
}

static bool find_own_rights(struct hazards *hazards, struct error *error)
{
	struct arena *arena = hazards->arena;
	const char *values[] = {serving_user(hazards)};
	if (!hazards->plan->settings->row_security)
		return true;
	PGresult *result =
		sql_query(hazards->connection,
				  "SELECT rolname, CASE WHEN rolsuper THEN 'a superuser' ELSE 'BYPASSRLS' END FROM"
				  " pg_catalog.pg_roles WHERE rolcanlogin AND (rolsuper OR rolbypassrls)"
				  " AND (rolname = $1::name OR NOT rolsuper) ORDER BY 1",
				  1, values, error);
	if (!result)
		return false;
	for (int row = 0; row < PQntuples(result); row++)
		hazards_add(
			hazards, "role", arena_format(arena, "role %s", sql_text(result, row, 0)),
			arena_format(arena, "It is %s: row-level security policies do not hold for it.",
						 sql_text(result, row, 1)),
			arena_format(arena,
						 "ALTER ROLE %s NOSUPERUSER NOBYPASSRLS; or keep it for work across tenants only.",
						 sql_identifier(arena, sql_text(result, row, 0))));
	PQclear(result);
	return true;
}

/* Views and SECURITY DEFINER functions act with the rights of their owner: one for whom no policy holds opens
 * the second wall for everybody. */
// clang-format off
static const char borrowed_text[] =
	"SELECT 'view', c.oid::pg_catalog.regclass::text, r.rolname FROM pg_catalog.pg_class c"
	" JOIN pg_catalog.pg_roles r ON r.oid = c.relowner WHERE c.oid = ANY ($1::oid[]) AND (r.rolsuper OR r.rolbypassrls)"
	" AND NOT coalesce(c.reloptions && '{security_invoker=true,security_invoker=on,security_invoker=1,security_invoker=yes}', false)"
	" UNION ALL SELECT 'function', p.oid::pg_catalog.regprocedure::text, r.rolname"
	" FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_roles r ON r.oid = p.proowner"
	" WHERE p.oid = ANY ($2::oid[]) AND p.prosecdef AND (r.rolsuper OR r.rolbypassrls) ORDER BY 1, 2";
// clang-format on

static const char *oids_of_views(struct hazards *hazards)
{
	size_t n = 0, most = catalog_relation_count(hazards->catalog);
	const char **oids = arena_alloc(hazards->arena, (most + 1) * sizeof *oids);
	for (size_t i = 0; i < most; i++) {
		const struct catalog_relation *relation = catalog_relation_at(hazards->catalog, i);
		if (relation->kind == 'v' && relation->n_depends &&
			(relation->isolation == ISOLATION_VIEW || relation->isolation == ISOLATION_TENANT ||
			 relation->isolation == ISOLATION_REFUSED))
			oids[n++] = arena_format(hazards->arena, "%u", relation->oid);
	}
	return sql_array(hazards->arena, n, oids);
}

const char *hazards_flagged_functions(struct hazards *hazards)
{
	size_t n = 0, most = catalog_function_count(hazards->catalog);
	const char **oids = arena_alloc(hazards->arena, (most + 1) * sizeof *oids);
	for (size_t i = 0; i < most; i++) {
		const struct catalog_function *function = catalog_function_at(hazards->catalog, i);
		if (function->flagged && function->oid >= 16384)
			oids[n++] = arena_format(hazards->arena, "%u", function->oid);
	}
	return sql_array(hazards->arena, n, oids);
}

static bool find_borrowed_rights(struct hazards *hazards, struct error *error)
{
	struct arena *arena = hazards->arena;
	if (!hazards->plan->settings->row_security)
		return true;
	const char *values[] = {oids_of_views(hazards), hazards_flagged_functions(hazards)};
	PGresult *result = sql_query(hazards->connection, borrowed_text, 2, values, error);
	if (!result)
		return false;
	for (int row = 0; row < PQntuples(result); row++) {
		const char *kind = sql_text(result, row, 0), *name = sql_text(result, row, 1);
		const char *owner = sql_text(result, row, 2);
		bool view = strcmp(kind, "view") == 0;
		hazards_add(
			hazards, "role", arena_format(arena, "%s %s, owner %s", kind, name, owner),
			arena_format(arena,
						 "It acts with the rights of %s, for whom no row-level security policy holds: who "
						 "may use it reaches every tenant's rows past tenantry.",
						 owner),
			arena_format(arena,
						 view ? "ALTER VIEW %s OWNER TO an ordinary role; or, from PostgreSQL 15 on, "
								"SET (security_invoker = true)."
							  : "ALTER FUNCTION %s OWNER TO an ordinary role; or SECURITY INVOKER.",
						 name));
	}
	PQclear(result);
	return true;
}

static bool hazards_of_others(struct hazards *hazards, struct error *error)
{
	return find_publications(hazards, error) && find_replicas(hazards, error) && find_roles(hazards, error) &&
		   find_own_rights(hazards, error) && find_borrowed_rights(hazards, error);
}

bool hazards_find(struct hazards *hazards, PGconn *connection, const struct plan *plan,
				  const struct catalog *catalog, struct error *error)
{
	*hazards =
		(struct hazards){.arena = plan->arena, .connection = connection, .plan = plan, .catalog = catalog};
	find_tenant_tables(hazards);
	return hazards_of_keys(hazards, error) && hazards_of_code(hazards, error) &&
		   hazards_of_others(hazards, error);
}
