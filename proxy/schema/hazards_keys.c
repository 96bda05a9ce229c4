/* Hazards of keys: unique and exclusion constraints that are still global, foreign keys that cross tenants.
 * See hazards.h. */
#include <string.h>

#include "proxy/schema/facts_keys.h"
#include "proxy/schema/hazards.h"
#include "proxy/schema/sql.h"

/* Unique indexes without the tenant column, but the harmless ones. */
// clang-format off
static const char uniques_text[] =
	"SELECT x.indrelid, c.relname, x.indisprimary, pg_catalog.string_agg(pg_catalog.pg_get_indexdef(x.indexrelid, k.i, true), ', '"
	" ORDER BY k.i), x.indpred IS NOT NULL, x.indisexclusion, pg_catalog.quote_ident(pg_catalog.min(w.k))"
	" FROM ROWS FROM (pg_catalog.unnest($1::oid[]), pg_catalog.unnest($2::text[])) AS w(t, k)"
	" JOIN pg_catalog.pg_index x ON x.indrelid = w.t JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid"
	" CROSS JOIN LATERAL pg_catalog.generate_series(1, x.indnkeyatts) AS k(i)"
	" LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[k.i - 1] AND a.attnum > 0"
	" LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.attgenerated = ''"
	" WHERE (x.indisunique OR x.indisexclusion)"
	" AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = x.indexrelid)"
	" GROUP BY x.indexrelid, x.indrelid, c.relname, x.indisprimary, x.indpred, x.indisexclusion"
	" HAVING NOT pg_catalog.bool_or(coalesce(a.attname = w.k::name, false)) AND NOT " FACTS_KEY_IS_HARMLESS("$1::oid[]")
	" ORDER BY x.indrelid, c.relname";
// clang-format on

static bool is_kept(const struct schema_settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->n_keep_unique; i++)
		if (strcmp(settings->keep_unique[i], name) == 0)
			return true;
	return false;
}

static const char *shown(const struct hazards *hazards, uint32_t oid)
{
	const struct fact_table *table = facts_table(hazards->plan->facts, oid);
	if (table)
		return table->shown;
	const struct catalog_relation *relation = catalog_relation_by_oid(hazards->catalog, oid);
	return relation ? arena_format(hazards->arena, "%s.%s", relation->schema, relation->name) : "a table";
}

static bool find_uniques(struct hazards *hazards, struct error *error)
{
	struct arena *arena = hazards->arena;
	const char *values[] = {hazards->tenant_oids, hazards->tenant_columns};
	PGresult *result = sql_query(hazards->connection, uniques_text, 2, values, error);
	if (!result)
		return false;
	for (int row = 0; row < PQntuples(result); row++) {
		const char *name = sql_text(result, row, 1), *columns = arena_copy(arena, sql_text(result, row, 3));
		const char *table = shown(hazards, sql_oid(result, row, 0)), *column = sql_text(result, row, 6);
		if (is_kept(hazards->plan->settings, name))
			continue;
		const char *object = arena_format(arena, "%s on %s(%s)%s", name, table, columns,
										  sql_bool(result, row, 4) ? " (partial)" : "");
		if (sql_bool(result, row, 5))
			hazards_add(hazards, "unique", object,
						"The exclusion constraint holds across tenants: a tenant's row is refused because "
						"of another tenant's, and the error tells that it exists.",
						arena_format(arena, "Recreate it with (%s WITH =) first.", column));
		else
			hazards_add(
				hazards, "unique", object,
				arena_format(
					arena,
					"The key is unique across tenants: a second tenant cannot use a value that the first one "
					"has, and the error tells that it exists."),
				arena_format(
					arena,
					"widen_unique = yes makes it (%s, %s); keep_unique = %s if it is meant to stay global.",
					column, columns, sql_identifier(arena, name)));
	}
	PQclear(result);
	return true;
}

/* Keys between tenant tables that do not pair the tenant columns, and keys of shared tables to tenant tables.
 */
// clang-format off
static const char keys_text[] =
	"SELECT f.conrelid, f.confrelid, f.conname, f.conrelid = ANY ($1::oid[]), f.confdeltype,"
	" (SELECT pg_catalog.string_agg(a.attname, ', ' ORDER BY k.i)"
	" FROM pg_catalog.unnest(f.conkey) WITH ORDINALITY AS k(n, i) JOIN pg_catalog.pg_attribute a"
	" ON a.attrelid = f.conrelid AND a.attnum = k.n)"
	" FROM ROWS FROM (pg_catalog.unnest($1::oid[]), pg_catalog.unnest($2::text[])) AS p(t, k)"
	" JOIN pg_catalog.pg_constraint f ON f.confrelid = p.t AND f.contype = 'f' AND f.conparentid = 0"
	" LEFT JOIN ROWS FROM (pg_catalog.unnest($1::oid[]), pg_catalog.unnest($2::text[])) AS c(t, k) ON c.t = f.conrelid"
	" WHERE NOT EXISTS (SELECT FROM ROWS FROM (pg_catalog.unnest(f.conkey), pg_catalog.unnest(f.confkey)) AS k(c, p)"
	" JOIN pg_catalog.pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.c AND a.attname = c.k::name"
	" JOIN pg_catalog.pg_attribute b ON b.attrelid = f.confrelid AND b.attnum = k.p AND b.attname = p.k::name)"
	" ORDER BY f.conrelid, f.conname";
// clang-format on

static bool find_foreign_keys(struct hazards *hazards, struct error *error)
{
	struct arena *arena = hazards->arena;
	const char *values[] = {hazards->tenant_oids, hazards->tenant_columns};
	PGresult *result = sql_query(hazards->connection, keys_text, 2, values, error);
	if (!result)
		return false;
	for (int row = 0; row < PQntuples(result); row++) {
		const char *child = shown(hazards, sql_oid(result, row, 0)),
				   *parent = shown(hazards, sql_oid(result, row, 1));
		const char *object = arena_format(arena, "%s on %s(%s) -> %s", sql_text(result, row, 2), child,
										  sql_text(result, row, 5), parent);
		char action = sql_text(result, row, 4)[0];
		const char *deletes = action == 'c'                    ? " Deleting that row deletes this one."
							  : action == 'n' || action == 'd' ? " Deleting that row changes this one."
															   : "";
		if (sql_bool(result, row, 3))
			hazards_add(
				hazards, "foreign key", object,
				arena_format(arena,
							 "A row can refer to another tenant's row of %s, and so learn that it exists.%s",
							 parent, deletes),
				"tenant_foreign_keys = yes pairs the tenant columns.");
		else
			hazards_add(
				hazards, "foreign key", object,
				arena_format(arena, "%s is shared, and its rows refer to rows of tenants.%s", child, deletes),
				arena_format(arena, "Add %s to `tables` if its rows belong to tenants.", child));
	}
	PQclear(result);
	return true;
}

bool hazards_of_keys(struct hazards *hazards, struct error *error)
{
	return find_uniques(hazards, error) && find_foreign_keys(hazards, error);
}
