/* Names to relations; see names.h. */
#include "proxy/schema/names.h"

#include "proxy/schema/sql.h"

/* Unqualified: to_regclass(), which follows the search_path. Qualified: by the catalogs, since to_regclass()
 * raises an error where USAGE on the schema is missing. Temporary tables never count. */
// clang-format off
static const char resolve_text[] =
	"SELECT w.i, n.nspname, c.relname, c.oid, pg_catalog.current_schema() FROM ROWS"
	" FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) WITH ORDINALITY AS w(s, t, i) LEFT"
	" JOIN (pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
	" AND n.nspname !~ '^pg_(temp|toast)') ON CASE WHEN w.s IS NULL THEN c.oid ="
	" pg_catalog.to_regclass(pg_catalog.quote_ident(w.t))::oid ELSE n.nspname = w.s::name"
	" AND c.relname = w.t::name END ORDER BY w.i";
// clang-format on

static void take(struct arena *arena, const PGresult *result, int row, const char *current_schema,
				 const struct schema_table *wanted, struct catalog_configured *found, uint32_t *oid)
{
	const char *schema = sql_text(result, row, 1);
	if (!schema)
		schema = wanted->schema ? wanted->schema : current_schema;
	found->schema = arena_copy(arena, schema);
	found->name = arena_copy(arena, wanted->name);
	found->column = arena_copy(arena, wanted->column);
	if (oid)
		*oid = sql_text(result, row, 3) ? sql_oid(result, row, 3) : 0;
}

bool names_resolve(PGconn *connection, const struct schema_settings *settings, struct arena *arena,
				   struct names *names, struct error *error)
{
	size_t n = 1 + settings->n_tables + settings->n_shared, at = 0;
	const char **schemas = arena_alloc(arena, n * sizeof *schemas),
			   **tables = arena_alloc(arena, n * sizeof *tables);
	const struct schema_table tenants = {.schema = settings->tenants_schema, .name = settings->tenants_table};

	schemas[at] = tenants.schema;
	tables[at++] = tenants.name;
	for (size_t i = 0; i < settings->n_tables; i++, at++) {
		schemas[at] = settings->tables[i].schema;
		tables[at] = settings->tables[i].name;
	}
	for (size_t i = 0; i < settings->n_shared; i++, at++) {
		schemas[at] = settings->shared[i].schema;
		tables[at] = settings->shared[i].name;
	}
	const char *values[] = {sql_array(arena, n, schemas), sql_array(arena, n, tables)};
	PGresult *result = sql_query(connection, resolve_text, 2, values, error);
	if (!result)
		return false;

	const char *current = sql_text(result, 0, 4);
	struct catalog_configured found;
	names->current_schema = arena_copy(arena, current ? current : "public");
	take(arena, result, 0, names->current_schema, &tenants, &found, &names->tenants_oid);
	names->tenants_schema = found.schema;
	names->n_tables = settings->n_tables;
	names->n_shared = settings->n_shared;
	names->tables = arena_alloc(arena, (settings->n_tables + 1) * sizeof *names->tables);
	names->shared = arena_alloc(arena, (settings->n_shared + 1) * sizeof *names->shared);
	names->table_oids = arena_alloc(arena, (settings->n_tables + 1) * sizeof *names->table_oids);
	for (size_t i = 0; i < settings->n_tables; i++)
		take(arena, result, (int)(1 + i), names->current_schema, &settings->tables[i], &names->tables[i],
			 &names->table_oids[i]);
	for (size_t i = 0; i < settings->n_shared; i++)
		take(arena, result, (int)(1 + settings->n_tables + i), names->current_schema, &settings->shared[i],
			 &names->shared[i], NULL);
	PQclear(result);
	return true;
}
