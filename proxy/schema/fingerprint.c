/* A number that changes when the schema or the tenants did.
 *
 * Every row of the catalogs that users made carries the transaction that wrote it (xmin); a schema change
 * writes, moves or removes rows. The sum over hashes of (row's identity, xmin) therefore changes with every
 * committed change and with nothing else: VACUUM and ANALYZE write pg_class in place. Statistics counters
 * would be cheaper on huge schemas, but they lag by seconds and stand still with track_counts = off. */
#include <string.h>

#include "proxy/schema/memory.h"
#include "proxy/schema/names.h"
#include "proxy/schema/sql.h"

// clang-format off
#define SUM(oid, from) \
	"(SELECT pg_catalog.sum(pg_catalog.hashtextextended(xmin::text, " oid "::bigint)) FROM pg_catalog." from ")"

static const char catalogs_text[] =
	"WITH passing AS MATERIALIZED (SELECT oid FROM pg_catalog.pg_class WHERE relpersistence = 't' OR relkind = 't')"
	" SELECT pg_catalog.concat_ws(' ', current_user, pg_catalog.current_setting('search_path'), "
	SUM("oid", "pg_class WHERE oid >= 16384 AND relpersistence <> 't'") ", "
	SUM("attrelid", "pg_attribute WHERE attrelid >= 16384 AND attnum > 0 AND attrelid NOT IN (TABLE passing)") ", "
	SUM("oid", "pg_proc WHERE oid >= 16384") ", "
	SUM("oid", "pg_operator WHERE oid >= 16384") ", "
	SUM("oid", "pg_type WHERE oid >= 16384 AND typrelid = 0 AND typcategory <> 'A'") ", "
	SUM("oid", "pg_collation WHERE oid >= 16384") ", "
	SUM("oid", "pg_rewrite WHERE oid >= 16384 AND ev_class NOT IN (TABLE passing)") ", "
	SUM("indexrelid", "pg_index WHERE indexrelid >= 16384 AND indisunique AND indrelid NOT IN (TABLE passing)") ", "
	SUM("oid", "pg_constraint WHERE oid >= 16384 AND contype IN ('p', 'u') AND conrelid NOT IN (TABLE passing)") ", "
	SUM("inhrelid", "pg_inherits") ", "
	SUM("oid", "pg_namespace WHERE nspname !~ '^pg_(temp|toast)'") ")";
// clang-format on

static void add_to_hash(uint64_t *hash, const char *text)
{
	for (const char *c = text; *c; c++)
		*hash = (*hash ^ (unsigned char)*c) * 0x100000001b3u;
	*hash = (*hash ^ 0xff) * 0x100000001b3u;
}

static bool add_catalogs(PGconn *connection, uint64_t *hash, struct error *error)
{
	PGresult *result = sql_query(connection, catalogs_text, 0, NULL, error);
	if (!result)
		return false;
	add_to_hash(hash, PQgetvalue(result, 0, 0));
	PQclear(result);
	return true;
}

/* Number and sum of the tenants into the memory's mark. */
static bool read_tenants(PGconn *connection, struct arena *arena, const char *name, bool waits,
						 struct schema_memory *memory, struct error *error)
{
	const char *text = arena_format(arena,
									"SELECT pg_catalog.concat_ws(' ', pg_catalog.count(*),"
									" pg_catalog.sum(pg_catalog.hashtextextended(id::text, 0))) FROM %s",
									name);
	/* Between the look at the locks and this one somebody may have come. */
	if (!sql_run(connection, waits ? "SET lock_timeout TO 10000" : "SET lock_timeout TO 250", error))
		return false;
	PGresult *result = sql_query(connection, text, 0, NULL, error);
	if (!result)
		return !waits && strcmp(error->sqlstate, "55P03") == 0;
	snprintf(memory->tenants_mark, sizeof memory->tenants_mark, "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
	return true;
}

static bool add_tenants(PGconn *connection, const struct schema_settings *settings, struct arena *arena,
						struct schema_memory *memory, uint64_t *hash, struct error *error)
{
	const char *name = sql_qualified(arena, settings->tenants_schema, settings->tenants_table);
	const char *values[] = {name};
	PGresult *result = sql_query(connection,
								 "SELECT t, t IS NOT NULL AND t::pg_catalog.oid IN " HELD_RELATIONS
								 " FROM pg_catalog.to_regclass($1) AS t",
								 1, values, error);
	if (!result)
		return false;
	bool there = sql_text(result, 0, 0) != NULL, held = sql_bool(result, 0, 1) && memory->filled;
	PQclear(result);
	if (there && !held && !read_tenants(connection, arena, name, !memory->filled, memory, error))
		return false;
	if (there)
		add_to_hash(hash, memory->tenants_mark);
	return true;
}

bool schema_fingerprint(PGconn *connection, const struct schema_settings *settings,
						struct schema_memory *memory, uint64_t *fingerprint, struct error *error)
{
	struct arena arena = {0};
	uint64_t hash = 0xcbf29ce484222325u;
	bool good = add_catalogs(connection, &hash, error) &&
				add_tenants(connection, settings, &arena, memory, &hash, error);
	arena_free(&arena);
	if (good)
		*fingerprint = hash;
	return good;
}
