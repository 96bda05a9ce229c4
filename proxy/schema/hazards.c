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
static const char *find_tenant_oids(struct hazards *hazards)
{
	size_t n = 0, most = catalog_relation_count(hazards->catalog);
	const char **oids = arena_alloc(hazards->arena, (most + 1) * sizeof *oids);
	for (size_t i = 0; i < most; i++) {
		const struct catalog_relation *relation = catalog_relation_at(hazards->catalog, i);
		bool configured = facts_table(hazards->plan->facts, relation->oid) != NULL;
		if ((relation->kind == 'r' || relation->kind == 'p') &&
			(relation->isolation == ISOLATION_TENANT || configured))
			oids[n++] = arena_format(hazards->arena, "%u", relation->oid);
	}
	return sql_array(hazards->arena, n, oids);
}

static bool columns_are_missing(const struct hazards *hazards)
{
	for (size_t i = 0; i < hazards->plan->facts->n_tables; i++)
		if (!hazards->plan->facts->tables[i].has_column)
			return true;
	return false;
}

/* --- publications --- */

// clang-format off
static const char publications_13[] =
	"SELECT p.pubname, r.prrelid::pg_catalog.regclass, false FROM pg_catalog.pg_publication p"
	" JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid WHERE r.prrelid = ANY ($1::oid[])"
	" UNION ALL SELECT p.pubname, NULL, false FROM pg_catalog.pg_publication p WHERE p.puballtables ORDER BY 1, 2";
// clang-format on
// clang-format off
static const char publications_15[] =
	"SELECT p.pubname, r.prrelid::pg_catalog.regclass, r.prattrs IS NOT NULL AND NOT EXISTS (SELECT"
	" FROM pg_catalog.unnest(r.prattrs::int2[]) AS u(k) JOIN pg_catalog.pg_attribute a"
	" ON a.attrelid = r.prrelid AND a.attnum = u.k WHERE a.attname = $2) FROM pg_catalog.pg_publication p"
	" JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid WHERE r.prrelid = ANY ($1::oid[])"
	" UNION ALL SELECT p.pubname, NULL, false FROM pg_catalog.pg_publication p WHERE p.puballtables OR"
	" EXISTS (SELECT FROM pg_catalog.pg_publication_namespace s JOIN pg_catalog.pg_class c"
	" ON c.relnamespace = s.pnnspid WHERE s.pnpubid = p.oid AND c.oid = ANY ($1::oid[])) ORDER BY 1, 2";
// clang-format on

static bool find_publications(struct hazards *hazards, struct error *error)
{
	struct arena *arena = hazards->arena;
	const char *column = hazards->plan->settings->tenant_column;
	const char *values[] = {hazards->tenant_oids, column};
	bool new = hazards->plan->facts->version >= 150000;
	PGresult *result =
		sql_query(hazards->connection, new ? publications_15 : publications_13, new ? 2 : 1, values, error);
	if (!result)
		return false;
	for (int row = 0; row < PQntuples(result); row++) {
		const char *publication = sql_text(result, row, 0), *table = sql_text(result, row, 1);
		const char *object =
			arena_format(arena, "%s%s%s", publication, table ? " of " : "", table ? table : "");
		if (sql_bool(result, row, 2))
			hazards_add(
				hazards, "publication", object,
				arena_format(
					arena,
					"Its column list leaves out %s: subscribers get rows whose tenant they cannot tell.",
					column),
				arena_format(arena, "Add %s to the column list, after the subscriber's table has it.",
							 column));
		else if (columns_are_missing(hazards))
			hazards_add(
				hazards, "publication", object,
				arena_format(arena,
							 "Once %s is added here, subscribers whose table lacks it stop with an error.",
							 column),
				arena_format(arena,
							 "Add the column on every subscriber first: ALTER TABLE .. ADD COLUMN %s %s;",
							 column, tenant_type_name(hazards->plan->settings->tenant_type)));
	}
	PQclear(result);
	return true;
}

/* --- replicas --- */

/* Of interest while there are steps with strong locks to come. */
static bool find_replicas(struct hazards *hazards, struct error *error)
{
	struct arena *arena = hazards->arena;
	if (!columns_are_missing(hazards))
		return true;
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
		const char *name = sql_text(result, row, 1);
		if (strcmp(sql_text(result, row, 0), "standby") == 0)
			hazards_add(
				hazards, "replica", arena_format(arena, "standby %s", name),
				"It replays the short ACCESS EXCLUSIVE locks of the migration: queries there that stand in "
				"the way are "
				"cancelled after max_standby_streaming_delay. What reads from it directly is not guarded.",
				"Run the migration when long reports on it have ended; send the application's reads through "
				"tenantry.");
		else
			hazards_add(hazards, "replica", arena_format(arena, "logical slot %s", name),
						"Who reads it gets rows with one more column from the migration on.",
						"Prepare the consumer for the column.");
	}
	PQclear(result);
	return true;
}

/* --- roles --- */

static bool find_roles(struct hazards *hazards, struct error *error)
{
	struct arena *arena = hazards->arena;
	const char *values[] = {hazards->tenant_oids};
	/* Superusers pass everything by nature; they matter where row security is meant to stop the proxy's own
	 * user. */
	PGresult *result = sql_query(
		hazards->connection,
		"SELECT r.rolname, pg_catalog.count(*) FROM pg_catalog.pg_roles r JOIN pg_catalog.unnest($1::oid[])"
		" AS u(o) ON pg_catalog.has_table_privilege(r.oid, u.o, 'SELECT, INSERT, UPDATE, DELETE')"
		" WHERE r.rolcanlogin AND NOT r.rolsuper AND r.rolname <> current_user GROUP BY 1 ORDER BY 1",
		1, values, error);
	if (!result)
		return false;
	for (int row = 0; row < PQntuples(result); row++) {
		if (hazards->plan->settings->row_security)
			break;
		hazards_add(hazards, "role", arena_format(arena, "role %s", sql_text(result, row, 0)),
					arena_format(arena,
								 "It can log in to the server and reach %s tenant table%s: past tenantry it "
								 "sees every tenant.",
								 sql_text(result, row, 1), sql_int(result, row, 1) == 1 ? "" : "s"),
					"Let it connect through tenantry, revoke its rights, or set row_security = yes.");
	}
	PQclear(result);
	return true;
}

static bool find_own_rights(struct hazards *hazards, struct error *error)
{
	struct arena *arena = hazards->arena;
	if (!hazards->plan->settings->row_security)
		return true;
	PGresult *result =
		sql_query(hazards->connection,
				  "SELECT rolname, CASE WHEN rolsuper THEN 'a superuser' ELSE 'BYPASSRLS' END FROM"
				  " pg_catalog.pg_roles WHERE rolcanlogin AND (rolsuper OR rolbypassrls)"
				  " AND (rolname = current_user OR NOT rolsuper) ORDER BY 1",
				  0, NULL, error);
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

static bool hazards_of_others(struct hazards *hazards, struct error *error)
{
	return find_publications(hazards, error) && find_replicas(hazards, error) && find_roles(hazards, error) &&
		   find_own_rights(hazards, error);
}

bool hazards_find(struct hazards *hazards, PGconn *connection, const struct plan *plan,
				  const struct catalog *catalog, struct error *error)
{
	*hazards =
		(struct hazards){.arena = plan->arena, .connection = connection, .plan = plan, .catalog = catalog};
	hazards->tenant_oids = find_tenant_oids(hazards);
	return hazards_of_keys(hazards, error) && hazards_of_code(hazards, error) &&
		   hazards_of_others(hazards, error);
}
