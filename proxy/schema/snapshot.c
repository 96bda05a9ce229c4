/* Loads the catalog snapshot that the parser works from, in one repeatable-read, read-only transaction.
 *
 * All deparsed text (views, predicates, SQL bodies) is made with an empty search_path, so that every name in
 * it is qualified and means the same in every session. Relations of all schemas are there but those of
 * temporary and TOAST schemas; bodies and view definitions only of what users made. Nothing is written, no
 * table of the application is read but the table of tenants. Fails when the tenants cannot be read: a proxy
 * that does not know them must not serve. */
#include <stdlib.h>
#include <string.h>

#include "proxy/schema/names.h"
#include "proxy/schema/sql.h"

#define TRIES 3

/* Relations of one load, in order of their oid; the arrays of the other queries are sorted the same way and
 * merged. */
struct loading {
	PGconn *connection;
	const struct schema_settings *settings;
	struct arena arena;
	struct names names;
	struct catalog *catalog;
	const char *user, *search_path;
	int version;
};

#define USER_MADE   "(c.oid >= 16384 AND n.nspname NOT IN ('pg_catalog', 'information_schema'))"
#define OUR_SCHEMAS "n.nspname !~ '^pg_(temp|toast)'"

// clang-format off
static const char relations_text[] =
	"SELECT c.oid, n.nspname, c.relname, c.relkind, c.relispartition, CASE WHEN c.relkind IN ('v', 'm') AND " USER_MADE
	" THEN pg_catalog.pg_get_viewdef(c.oid) END, (SELECT i.inhparent FROM pg_catalog.pg_inherits i"
	" WHERE i.inhrelid = c.oid ORDER BY i.inhseqno LIMIT 1) FROM pg_catalog.pg_class c"
	" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE " OUR_SCHEMAS
	" AND (c.relkind NOT IN ('i', 'I') OR " USER_MADE
	") ORDER BY c.oid";
// clang-format on

// clang-format off
static const char columns_text[] =
	"SELECT a.attrelid, a.attname, a.atttypid, a.attnotnull, a.atthasdef OR a.attidentity <> '', a.attgenerated"
	" <> '', a.attidentity = 'a', CASE WHEN " USER_MADE " THEN pg_catalog.format_type(a.atttypid, a.atttypmod)"
	" END FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c"
	" ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE a.attnum > 0"
	" AND NOT a.attisdropped AND c.relkind NOT IN ('i', 'I') AND " OUR_SCHEMAS
	" ORDER BY a.attrelid, a.attnum";
// clang-format on

/* One row a key column. Unique indexes that are not valid yet enforce nothing and serve no ON CONFLICT. */
// clang-format off
static const char indexes_text[] =
	"SELECT x.indrelid, x.indexrelid, c.relname, x.indisprimary, EXISTS (SELECT"
	" FROM pg_catalog.pg_constraint o WHERE o.conindid = x.indexrelid"
	" AND o.contype IN ('p', 'u')), pg_catalog.pg_get_expr(x.indpred, x.indrelid), a.attname"
	" FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid"
	" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace CROSS"
	" JOIN LATERAL pg_catalog.generate_series(0, x.indnkeyatts - 1) AS k(i) LEFT"
	" JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[k.i]"
	" AND a.attnum > 0 WHERE x.indisunique AND x.indisvalid AND " USER_MADE
	" ORDER BY x.indrelid, x.indexrelid, k.i";
// clang-format on

/* What views' queries and rules' actions read. */
// clang-format off
static const char depends_text[] =
	"SELECT DISTINCT r.ev_class, d.refobjid FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_depend d"
	" ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid"
	" AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass JOIN pg_catalog.pg_class c"
	" ON c.oid = r.ev_class JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
	" WHERE d.refobjid <> r.ev_class AND " USER_MADE
	" ORDER BY 1, 2";
// clang-format on

/* Which other relations have a foreign key to a relation. */
// clang-format off
static const char referencing_text[] =
	"SELECT DISTINCT k.confrelid, k.conrelid FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c"
	" ON c.oid = k.confrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
	" WHERE k.contype = 'f' AND k.conrelid <> k.confrelid AND " USER_MADE
	" ORDER BY 1, 2";
// clang-format on

/* Built-in functions need no reading: their language is given as internal, whatever they are written in. An
 * aggregate's body is the calls that it makes: "shop.step( shop.final(". */
// clang-format off
#define FUNCTIONS_TEXT(sqlbody) \
	"SELECT p.oid, n.nspname, p.proname, p.prokind, CASE WHEN made THEN l.lanname ELSE 'internal' END," \
	" CASE WHEN made AND p.prokind = 'a' THEN" \
	"  (SELECT pg_catalog.string_agg(pg_catalog.format('%I.%I(', m.nspname, q.proname), ' ')" \
	"   FROM pg_catalog.pg_aggregate g CROSS JOIN LATERAL (VALUES (g.aggtransfn), (g.aggfinalfn), (g.aggcombinefn)," \
	"   (g.aggserialfn), (g.aggdeserialfn), (g.aggmtransfn), (g.aggminvtransfn), (g.aggmfinalfn)) AS f(oid)" \
	"   JOIN pg_catalog.pg_proc q ON q.oid = f.oid JOIN pg_catalog.pg_namespace m ON m.oid = q.pronamespace" \
	"   WHERE g.aggfnoid = p.oid)" \
	" WHEN made AND l.lanname NOT IN ('c', 'internal') THEN " sqlbody " END," \
	" p.prorettype IN (2279, 3838), made AND p.procost < 1" \
	" FROM (SELECT p.*, p.oid >= 16384 AS made FROM pg_catalog.pg_proc p) p" \
	" JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace JOIN pg_catalog.pg_language l ON l.oid = p.prolang" \
	" WHERE " OUR_SCHEMAS " ORDER BY p.oid"
// clang-format off
static const char functions_text_13[] = FUNCTIONS_TEXT("p.prosrc");
// clang-format on
static const char functions_text_14[] = FUNCTIONS_TEXT(
	"CASE WHEN p.prosqlbody IS NULL THEN p.prosrc ELSE pg_catalog.pg_get_function_sqlbody(p.oid) END");
// clang-format on

static const char schemas_text[] =
	"SELECT n.nspname FROM pg_catalog.pg_namespace n WHERE " OUR_SCHEMAS " ORDER BY n.oid";

/* --- pieces of a relation --- */

/* Each part is a sorted result and a cursor into it. */
struct part {
	PGresult *result;
	int row, n;
};

static bool part_load(struct part *part, PGconn *connection, const char *text, struct error *error)
{
	part->result = sql_query(connection, text, 0, NULL, error);
	part->n = part->result ? PQntuples(part->result) : 0;
	return part->result != NULL;
}

/* The run of rows of one relation; the cursor moves past it. */
static int part_rows(struct part *part, uint32_t oid, int *first)
{
	while (part->row < part->n && sql_oid(part->result, part->row, 0) < oid)
		part->row++;
	*first = part->row;
	while (part->row < part->n && sql_oid(part->result, part->row, 0) == oid)
		part->row++;
	return part->row - *first;
}

static void take_columns(struct arena *arena, struct part *part, struct catalog_relation *relation)
{
	int first, n = part_rows(part, relation->oid, &first);
	struct catalog_column *columns = arena_alloc(arena, (size_t)n * sizeof *columns);
	for (int i = 0; i < n; i++)
		columns[i] = (struct catalog_column){
			.name = sql_text(part->result, first + i, 1),
			.type_oid = sql_oid(part->result, first + i, 2),
			.not_null = sql_bool(part->result, first + i, 3),
			.has_default = sql_bool(part->result, first + i, 4),
			.generated = sql_bool(part->result, first + i, 5),
			.identity_always = sql_bool(part->result, first + i, 6),
			.type_name = sql_text(part->result, first + i, 7),
		};
	relation->columns = columns;
	relation->n_columns = (size_t)n;
}

static void take_indexes(struct arena *arena, struct part *part, struct catalog_relation *relation)
{
	int first, n = part_rows(part, relation->oid, &first);
	struct catalog_index *indexes = arena_alloc(arena, (size_t)n * sizeof *indexes), *index = NULL;
	const char **columns = arena_alloc(arena, (size_t)n * sizeof *columns);
	for (int row = first; row < first + n; row++) {
		uint32_t oid = sql_oid(part->result, row, 1);
		if (!index || index->oid != oid) {
			index = &indexes[relation->n_indexes++];
			*index = (struct catalog_index){
				.oid = oid,
				.name = sql_text(part->result, row, 2),
				.is_unique = true,
				.is_primary = sql_bool(part->result, row, 3),
				.is_constraint = sql_bool(part->result, row, 4),
				.predicate = sql_text(part->result, row, 5),
				.columns = columns + (row - first),
			};
		}
		columns[row - first] = sql_text(part->result, row, 6);
		index->n_columns++;
	}
	relation->indexes = indexes;
}

/* The second column of a relation's rows. */
static const uint32_t *take_oids(struct arena *arena, struct part *part, uint32_t oid, size_t *count)
{
	int first, n = part_rows(part, oid, &first);
	uint32_t *oids = arena_alloc(arena, (size_t)n * sizeof *oids);
	for (int i = 0; i < n; i++)
		oids[i] = sql_oid(part->result, first + i, 1);
	*count = (size_t)n;
	return oids;
}

static bool load_relations(struct loading *loading, struct error *error)
{
	struct part relations = {0}, columns = {0}, indexes = {0}, depends = {0}, referencing = {0};
	bool good = part_load(&relations, loading->connection, relations_text, error) &&
				part_load(&columns, loading->connection, columns_text, error) &&
				part_load(&indexes, loading->connection, indexes_text, error) &&
				part_load(&depends, loading->connection, depends_text, error) &&
				part_load(&referencing, loading->connection, referencing_text, error);
	for (int row = 0; good && row < relations.n; row++) {
		struct arena pieces = {0};
		struct catalog_relation relation = {
			.oid = sql_oid(relations.result, row, 0),
			.schema = sql_text(relations.result, row, 1),
			.name = sql_text(relations.result, row, 2),
			.kind = sql_text(relations.result, row, 3)[0],
			.is_partition = sql_bool(relations.result, row, 4),
			.view_definition = sql_text(relations.result, row, 5),
			.parent = sql_oid(relations.result, row, 6),
			.tenant_column = -1,
		};
		take_columns(&pieces, &columns, &relation);
		take_indexes(&pieces, &indexes, &relation);
		relation.depends = take_oids(&pieces, &depends, relation.oid, &relation.n_depends);
		relation.referencing = take_oids(&pieces, &referencing, relation.oid, &relation.n_referencing);
		catalog_add_relation(loading->catalog, &relation);
		arena_free(&pieces);
	}
	PQclear(relations.result);
	PQclear(columns.result);
	PQclear(indexes.result);
	PQclear(depends.result);
	PQclear(referencing.result);
	return good;
}

static bool load_functions(struct loading *loading, struct error *error)
{
	struct part part = {0};
	const char *text = loading->version >= 140000 ? functions_text_14 : functions_text_13;
	if (!part_load(&part, loading->connection, text, error))
		return false;
	for (int row = 0; row < part.n; row++) {
		const struct catalog_function function = {
			.oid = sql_oid(part.result, row, 0),
			.schema = sql_text(part.result, row, 1),
			.name = sql_text(part.result, row, 2),
			.kind = sql_text(part.result, row, 3)[0],
			.language = sql_text(part.result, row, 4),
			.body = sql_text(part.result, row, 5),
			.returns_trigger = sql_bool(part.result, row, 6),
			.cheap = sql_bool(part.result, row, 7),
		};
		catalog_add_function(loading->catalog, &function);
	}
	PQclear(part.result);
	return true;
}

static bool load_schemas(struct loading *loading, struct error *error)
{
	struct part part = {0};
	if (!part_load(&part, loading->connection, schemas_text, error))
		return false;
	for (int row = 0; row < part.n; row++)
		catalog_add_schema(loading->catalog, sql_text(part.result, row, 0));
	PQclear(part.result);
	return true;
}

/* Values that are not of the tenant type (an adopted table of another type, texts that are too long) cannot
 * be chosen by a session, so they are left out. */
static bool load_tenants(struct loading *loading, struct error *error)
{
	if (!loading->names.tenants_oid)
		return true;
	const char *table =
		sql_qualified(&loading->arena, loading->names.tenants_schema, loading->settings->tenants_table);
	struct part part = {0};
	if (!part_load(
			&part, loading->connection,
			arena_format(&loading->arena, "SELECT id::pg_catalog.text FROM %s WHERE id IS NOT NULL", table),
			error)) {
		if (strcmp(error->sqlstate, "42501") == 0)
			error_hint(error, "GRANT SELECT ON %s TO %s;", table,
					   sql_identifier(&loading->arena, loading->user));
		return false;
	}
	for (int row = 0; row < part.n; row++) {
		char value[TENANT_VALUE_MAX + 1];
		if (tenant_value_canonical(loading->settings->tenant_type, sql_text(part.result, row, 0), value))
			catalog_add_tenant(loading->catalog, value);
	}
	PQclear(part.result);
	return true;
}

static bool load_session(struct loading *loading, struct error *error)
{
	PGresult *result = sql_query(loading->connection,
								 "SELECT current_user, pg_catalog.current_setting('search_path'),"
								 " pg_catalog.current_setting('server_version_num'),"
								 " pg_catalog.current_setting('server_encoding') <> 'UTF8'",
								 0, NULL, error);
	if (!result)
		return false;
	loading->user = arena_copy(&loading->arena, sql_text(result, 0, 0));
	loading->search_path = arena_copy(&loading->arena, sql_text(result, 0, 1));
	loading->version = (int)sql_int(result, 0, 2);
	catalog_set_folds_names(loading->catalog, *sql_text(result, 0, 3) == 't');
	PQclear(result);
	catalog_set_session(loading->catalog, loading->user, loading->search_path, loading->version);
	return true;
}

static bool load_everything(struct loading *loading, struct error *error)
{
	return sql_run(loading->connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", error) &&
		   load_session(loading, error) &&
		   names_resolve(loading->connection, loading->settings, &loading->arena, &loading->names, error) &&
		   sql_run(loading->connection,
				   "SET LOCAL search_path TO ''; SET LOCAL statement_timeout TO 0;"
				   " SET LOCAL lock_timeout TO 10000; SET LOCAL jit TO off",
				   error) &&
		   load_relations(loading, error) && load_functions(loading, error) && load_schemas(loading, error) &&
		   load_tenants(loading, error) && sql_run(loading->connection, "COMMIT", error);
}

/* The deparsing functions look at the catalogs of this moment: an object that another session drops meanwhile
 * raises an internal error, or one that says that it is not there. */
static bool dropped_meanwhile(const struct error *error)
{
	return strcmp(error->sqlstate, "XX000") == 0 || strncmp(error->sqlstate, "42P", 3) == 0 ||
		   strcmp(error->sqlstate, "42704") == 0 || strcmp(error->sqlstate, "42883") == 0 ||
		   strcmp(error->sqlstate, "40001") == 0;
}

static bool load_once(struct loading *loading, uint64_t generation, struct catalog **catalog,
					  struct error *error)
{
	loading->catalog = catalog_new();
	bool good = load_everything(loading, error);
	if (good) {
		const struct catalog_rules rules = {
			.tenant_column = loading->settings->tenant_column,
			.tenant_type = loading->settings->tenant_type,
			.tenants_schema = loading->names.tenants_schema,
			.tenants_table = loading->settings->tenants_table,
			.n_configured = loading->names.n_tables,
			.configured = loading->names.tables,
			.n_shared = loading->names.n_shared,
			.shared = loading->names.shared,
		};
		catalog_finish(loading->catalog, &rules, generation);
		*catalog = loading->catalog;
	} else {
		struct error ignored;
		if (PQstatus(loading->connection) == CONNECTION_OK &&
			!sql_run(loading->connection, "ROLLBACK", &ignored))
			error_detail(error, "The transaction could not be rolled back: %s", ignored.message);
		catalog_unref(loading->catalog);
	}
	return good;
}

bool schema_load(PGconn *connection, const struct schema_settings *settings, uint64_t generation,
				 struct catalog **catalog, struct error *error)
{
	bool good = false;
	*catalog = NULL;
	for (int i = 0; i < TRIES && !good; i++) {
		struct loading loading = {.connection = connection, .settings = settings};
		good = load_once(&loading, generation, catalog, error);
		arena_free(&loading.arena);
		if (!good && !dropped_meanwhile(error))
			break;
	}
	if (!good && strcmp(error->sqlstate, "55P03") == 0)
		error_hint(error, "The definitions of the schema cannot be read while somebody holds a table in "
						  "ACCESS EXCLUSIVE mode.");
	return good;
}
