/* Reads the facts of the migration; see facts.h. */
#include "proxy/schema/facts.h"

#include <stdio.h>
#include <string.h>

#include "proxy/schema/facts_keys.h"
#include "proxy/schema/sql.h"

/* --- names --- */

static uint32_t hash_of(uint32_t hash, const char *text)
{
	for (const char *c = text; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 16777619u;
	return (hash ^ 0xff) * 16777619u;
}

const char *facts_name(struct arena *arena, const char *prefix, const char *table, const char *column,
					   unsigned salt)
{
	char *name = arena_format(arena, "%s_%s_%s", prefix, table, column);
	if (strlen(name) <= 63 && !salt)
		return name;
	size_t end = strlen(name) <= 54 ? strlen(name) : 54;
	while (end > 0 && ((unsigned char)name[end] & 0xc0) == 0x80)
		end--;
	uint32_t hash = hash_of(hash_of(2166136261u + salt, table), column);
	return arena_format(arena, "%.*s_%08x", (int)end, name, hash);
}

const char *facts_check_name(struct arena *arena, const struct fact_table *table)
{
	return facts_name(arena, "tenantry", table->name, table->column, 0);
}

static const char *shown_name(struct facts *facts, const char *schema, const char *name)
{
	if (strcmp(schema, facts->names.current_schema) == 0)
		return arena_copy(&facts->arena, name);
	return arena_format(&facts->arena, "%s.%s", schema, name);
}

/* --- the session --- */

static bool load_session(struct facts *facts, PGconn *connection, struct error *error)
{
	facts->version = PQserverVersion(connection);
	PGresult *result = sql_query(
		connection,
		facts->version >= 150000 ? "SELECT current_user, pg_catalog.current_database(), r.rolsuper, "
								   "pg_catalog.pg_is_in_recovery(),"
								   " pg_catalog.current_setting('transaction_read_only') = 'on',"
								   " pg_catalog.has_parameter_privilege('session_replication_role', 'SET')"
								   " FROM pg_catalog.pg_roles r WHERE r.rolname = current_user"
								 : "SELECT current_user, pg_catalog.current_database(), r.rolsuper, "
								   "pg_catalog.pg_is_in_recovery(),"
								   " pg_catalog.current_setting('transaction_read_only') = 'on', r.rolsuper"
								   " FROM pg_catalog.pg_roles r WHERE r.rolname = current_user",
		0, NULL, error);
	if (!result)
		return false;
	facts->user = arena_copy(&facts->arena, sql_text(result, 0, 0));
	facts->database = arena_copy(&facts->arena, sql_text(result, 0, 1));
	facts->superuser = sql_bool(result, 0, 2);
	facts->in_recovery = sql_bool(result, 0, 3);
	facts->read_only = sql_bool(result, 0, 4);
	facts->may_silence_triggers = sql_bool(result, 0, 5);
	PQclear(result);
	return true;
}

/* --- tables --- */

/* $1: oids, $2: the tenant column of each. UPDATE triggers have bit 4 of tgtype. Defaults have no variables,
 * so that they are deparsed without the relation, and without a lock on it. */
// clang-format off
static const char tables_text[] =
	"WITH RECURSIVE w(oid, root, depth) AS ( SELECT u.o, u.i, 0"
	" FROM pg_catalog.unnest($1::oid[]) WITH ORDINALITY AS u(o, i) WHERE u.o <> 0"
	" UNION ALL SELECT i.inhrelid, w.root, w.depth + 1 FROM pg_catalog.pg_inherits i JOIN w"
	" ON w.oid = i.inhparent), t AS (SELECT oid, (pg_catalog.array_agg(root ORDER BY depth DESC, root))[1] AS root, pg_catalog.max(depth) AS depth"
	" FROM w GROUP BY oid) SELECT c.oid, t.root, t.depth, c.relkind, n.nspname, c.relname,"
	" pg_catalog.pg_get_userbyid(c.relowner), pg_catalog.pg_has_role(c.relowner, 'USAGE'),"
	" (SELECT e.extname FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid "
	" WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.objsubid = 0 "
	" AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass"
	" AND d.deptype = 'e' LIMIT 1), c.relispartition, c.reloftype <> 0, EXISTS (SELECT"
	" FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid), (SELECT i.inhparent"
	" FROM pg_catalog.pg_inherits i JOIN t AS p ON p.oid = i.inhparent WHERE i.inhrelid = c.oid "
	" ORDER BY i.inhseqno LIMIT 1), c.relpages, CASE WHEN c.relpages = 0"
	" AND c.reltuples = 0 THEN -1 ELSE c.reltuples END::bigint," /* 14 */
	" a.attname IS NOT NULL, a.atttypid, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull,"
	" CASE WHEN a.attgenerated = '' THEN pg_catalog.pg_get_expr(f.adbin, 0) END, a.attgenerated <> '',"
	" a.attidentity <> '', a.attinhcount > 0," /* 22 */
	" pg_catalog.col_description(c.oid, a.attnum) LIKE '" FACTS_COMMENT
	"%', EXISTS (SELECT FROM pg_catalog.pg_stats s WHERE s.schemaname = n.nspname"
	" AND s.tablename = c.relname  AND s.attname = a.attname)"
	" OR (pg_catalog.row_security_active(c.oid) AND (c.reltuples > 0 OR pg_catalog.pg_stat_get_last_analyze_time(c.oid) IS NOT NULL OR"
	" pg_catalog.pg_stat_get_last_autoanalyze_time(c.oid) IS NOT NULL)), c.reltuples = 0"
	" AND (c.relpages > 0 OR pg_catalog.current_setting('server_version_num')::int >= 140000" /* -1: not counted */
	" OR pg_catalog.pg_stat_get_last_analyze_time(c.oid) IS NOT NULL OR"
	" pg_catalog.pg_stat_get_last_autoanalyze_time(c.oid) IS NOT NULL)," /* 25: counted, and empty */
	" c.relrowsecurity, c.relforcerowsecurity, (SELECT pg_catalog.count(*) FROM pg_catalog.pg_policy p"
	" WHERE p.polrelid = c.oid AND p.polname NOT LIKE 'tenantry\\_%'), EXISTS (SELECT"
	" FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'tenantry_tenant')," /* 29 */
	" (SELECT pg_catalog.count(*) FROM pg_catalog.pg_trigger g WHERE g.tgrelid = c.oid"
	" AND NOT g.tgisinternal  AND g.tgtype & 16 <> 0 AND g.tgenabled = 'O'), (SELECT pg_catalog.count(*)"
	" FROM pg_catalog.pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal  AND g.tgtype & 16 <> 0"
	" AND g.tgenabled IN ('A', 'R')), (SELECT pg_catalog.obj_description(p.oid, 'pg_policy')"
	" FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'tenantry_tenant')" /* 32 */
	" FROM t JOIN pg_catalog.pg_class c ON c.oid = t.oid"
	" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_attribute a"
	" ON a.attrelid = c.oid AND NOT a.attisdropped AND a.attnum > 0"
	" AND a.attname = ($2::text[])[t.root]::name LEFT JOIN pg_catalog.pg_attrdef f ON f.adrelid = c.oid"
	" AND f.adnum = a.attnum ORDER BY t.root, t.depth, n.nspname, c.relname";
// clang-format on

static const char *column_of(const struct schema_settings *settings,
							 const struct catalog_configured *configured)
{
	return configured->column ? configured->column : settings->tenant_column;
}

static void take_column(struct facts *facts, const PGresult *result, int row, struct fact_table *table)
{
	table->has_column = sql_bool(result, row, 15);
	table->type_oid = sql_oid(result, row, 16);
	table->type = arena_copy(&facts->arena, sql_text(result, row, 17));
	table->not_null = sql_bool(result, row, 18);
	table->default_text = arena_copy(&facts->arena, sql_text(result, row, 19));
	table->generated = sql_bool(result, row, 20);
	table->identity = sql_bool(result, row, 21);
	table->inherited = sql_bool(result, row, 22);
	table->ours = sql_bool(result, row, 23);
	table->has_statistics = sql_bool(result, row, 24);
	/* A table that was counted and is empty has no statistics, however often it is analyzed. */
	table->wants_statistics = !table->has_statistics && !sql_bool(result, row, 25);
	table->row_security = sql_bool(result, row, 26);
	table->force_row_security = sql_bool(result, row, 27);
	table->has_policies = sql_int(result, row, 28) > 0;
	table->has_our_policy = sql_bool(result, row, 29);
	table->update_triggers = (int)sql_int(result, row, 30);
	table->always_triggers = (int)sql_int(result, row, 31);
	table->policy_comment = arena_copy(&facts->arena, sql_text(result, row, 32));
}

static void take_table(struct facts *facts, const PGresult *result, int row, struct fact_table *table)
{
	struct arena *arena = &facts->arena;
	table->oid = sql_oid(result, row, 0);
	table->depth = (int)sql_int(result, row, 2);
	table->kind = sql_text(result, row, 3)[0];
	table->schema = arena_copy(arena, sql_text(result, row, 4));
	table->name = arena_copy(arena, sql_text(result, row, 5));
	table->qualified = sql_qualified(arena, table->schema, table->name);
	table->shown = shown_name(facts, table->schema, table->name);
	table->owner = arena_copy(arena, sql_text(result, row, 6));
	table->owned = sql_bool(result, row, 7);
	table->extension = arena_copy(arena, sql_text(result, row, 8));
	table->is_partition = sql_bool(result, row, 9);
	table->typed = sql_bool(result, row, 10);
	table->has_children = sql_bool(result, row, 11);
	table->parent = sql_oid(result, row, 12);
	table->pages = sql_int(result, row, 13);
	table->rows = sql_int(result, row, 14);
	table->bytes = table->pages > 0 ? table->pages * 8192 : 0;
	take_column(facts, result, row, table);
}

static bool load_tables(struct facts *facts, PGconn *connection, const struct schema_settings *settings,
						struct error *error)
{
	struct arena *arena = &facts->arena;
	size_t n = facts->names.n_tables;
	const char **oids = arena_alloc(arena, (n + 1) * sizeof *oids),
			   **columns = arena_alloc(arena, (n + 1) * sizeof *columns);

	facts->missing = arena_alloc(arena, (n + 1) * sizeof *facts->missing);
	for (size_t i = 0; i < n; i++) {
		/* The table of tenants is what it is, also when it is named among the others. */
		bool tenants = strcmp(facts->names.tables[i].schema, facts->names.tenants_schema) == 0 &&
					   strcmp(facts->names.tables[i].name, settings->tenants_table) == 0;
		oids[i] = arena_format(arena, "%u", tenants ? 0 : facts->names.table_oids[i]);
		columns[i] = column_of(settings, &facts->names.tables[i]);
		if (!facts->names.table_oids[i] && !tenants)
			facts->missing[facts->n_missing++] = &facts->names.tables[i];
	}
	const char *values[] = {sql_array(arena, n, oids), sql_array(arena, n, columns)};
	PGresult *result = sql_query(connection, tables_text, 2, values, error);
	if (!result)
		return false;
	facts->n_tables = (size_t)PQntuples(result);
	facts->tables = arena_alloc(arena, (facts->n_tables + 1) * sizeof *facts->tables);
	for (size_t i = 0; i < facts->n_tables; i++) {
		take_table(facts, result, (int)i, &facts->tables[i]);
		facts->tables[i].column = columns[sql_int(result, (int)i, 1) - 1];
		facts->tables[i].column_quoted = sql_identifier(arena, facts->tables[i].column);
	}
	PQclear(result);
	return true;
}

struct fact_table *facts_table(const struct facts *facts, uint32_t oid)
{
	for (size_t i = 0; oid && i < facts->n_tables; i++)
		if (facts->tables[i].oid == oid)
			return &facts->tables[i];
	return NULL;
}

const char *facts_table_oids(struct facts *facts)
{
	const char **oids = arena_alloc(&facts->arena, (facts->n_tables + 1) * sizeof *oids);
	for (size_t i = 0; i < facts->n_tables; i++)
		oids[i] = arena_format(&facts->arena, "%u", facts->tables[i].oid);
	return sql_array(&facts->arena, facts->n_tables, oids);
}

const char *facts_table_columns(struct facts *facts)
{
	const char **columns = arena_alloc(&facts->arena, (facts->n_tables + 1) * sizeof *columns);
	for (size_t i = 0; i < facts->n_tables; i++)
		columns[i] = facts->tables[i].column;
	return sql_array(&facts->arena, facts->n_tables, columns);
}

/* Ours is known by its name: of the table, or of the one that it is inherited from. */
static bool load_checks(struct facts *facts, PGconn *connection, struct error *error)
{
	const char *values[] = {facts_table_oids(facts)};
	PGresult *result =
		sql_query(connection,
				  "SELECT o.conrelid, o.conname, o.convalidated FROM pg_catalog.pg_constraint o"
				  " WHERE o.conrelid = ANY ($1::oid[]) AND o.contype = 'c' AND o.conname LIKE 'tenantry\\_%'",
				  1, values, error);
	if (!result)
		return false;
	for (int row = 0; row < PQntuples(result); row++) {
		struct fact_table *table = facts_table(facts, sql_oid(result, row, 0));
		for (const struct fact_table *from = table; from; from = facts_table(facts, from->parent))
			if (strcmp(sql_text(result, row, 1), facts_check_name(&facts->arena, from)) == 0)
				table->check = sql_bool(result, row, 2) ? 'v' : 'n';
	}
	PQclear(result);
	return true;
}

/* --- indexes --- */

/* Somebody who builds an index concurrently holds SHARE UPDATE EXCLUSIVE on its table all the time; so does a
 * VACUUM, which is told apart by its progress. The lock is seen whatever the rights of the asker are. */
// clang-format off
static const char indexes_text[] =
	"SELECT x.indrelid, x.indexrelid, n.nspname, c.relname, x.indisunique, x.indisvalid AND x.indisready"
	" AND x.indislive, x.indpred IS NULL AND x.indexprs IS NULL, m.amname = 'btree' AND x.indnatts = 1"
	" AND x.indoption[0] = 0 AND x.indpred IS NULL AND o.opcdefault, x.indnkeyatts, (SELECT i.inhparent"
	" FROM pg_catalog.pg_inherits i WHERE i.inhrelid = x.indexrelid), NOT x.indisvalid AND EXISTS (SELECT"
	" FROM pg_catalog.pg_locks l WHERE l.locktype = 'relation' AND l.relation = x.indrelid "
	" AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d"
	" WHERE d.datname = pg_catalog.current_database())  AND l.mode = 'ShareUpdateExclusiveLock'"
	" AND l.granted AND l.pid <> pg_catalog.pg_backend_pid()  AND NOT EXISTS (SELECT"
	" FROM pg_catalog.pg_stat_progress_vacuum v WHERE v.pid = l.pid)), pg_catalog.obj_description(x.indexrelid,"
	" 'pg_class') LIKE '" FACTS_COMMENT
	"%' FROM ROWS FROM (pg_catalog.unnest($1::oid[]), pg_catalog.unnest($2::text[])) AS w(t, k)"
	" JOIN pg_catalog.pg_index x ON x.indrelid = w.t JOIN pg_catalog.pg_attribute a"
	" ON a.attrelid = x.indrelid AND a.attnum = x.indkey[0] AND a.attname = w.k::name"
	" JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid JOIN pg_catalog.pg_namespace n"
	" ON n.oid = c.relnamespace JOIN pg_catalog.pg_am m ON m.oid = c.relam AND m.amname = 'btree'"
	" JOIN pg_catalog.pg_opclass o ON o.oid = x.indclass[0] ORDER BY x.indrelid, x.indexrelid";
// clang-format on

static bool load_indexes(struct facts *facts, PGconn *connection, struct error *error)
{
	struct arena *arena = &facts->arena;
	const char *values[] = {facts_table_oids(facts), facts_table_columns(facts)};
	PGresult *result = sql_query(connection, indexes_text, 2, values, error);
	if (!result)
		return false;
	int n = PQntuples(result);
	struct fact_index *all = arena_alloc(arena, ((size_t)n + 1) * sizeof *all);
	for (int row = 0; row < n; row++) {
		struct fact_table *table = facts_table(facts, sql_oid(result, row, 0));
		if (!table->n_indexes)
			table->indexes = &all[row];
		table->n_indexes++;
		all[row] = (struct fact_index){
			.oid = sql_oid(result, row, 1),
			.qualified = sql_qualified(arena, sql_text(result, row, 2), sql_text(result, row, 3)),
			.name = arena_copy(arena, sql_text(result, row, 3)),
			.unique = sql_bool(result, row, 4),
			.valid = sql_bool(result, row, 5),
			.whole = sql_bool(result, row, 6),
			.simple = sql_bool(result, row, 7),
			.n_keys = (int)sql_int(result, row, 8),
			.parent = sql_oid(result, row, 9),
			.alive = sql_bool(result, row, 10),
			.ours = sql_bool(result, row, 11),
		};
		all[row].unnamed =
			!all[row].unique && strncmp(all[row].name, FACTS_BUILD "_", sizeof FACTS_BUILD) == 0;
		all[row].ours |= all[row].unnamed;
	}
	PQclear(result);
	return true;
}

/* An index of the table itself, whose first key is the tenant column. */
static const struct fact_index *own_index(const struct fact_table *table, const char *name)
{
	for (size_t i = 0; i < table->n_indexes; i++)
		if (strcmp(table->indexes[i].name, name) == 0 && !table->indexes[i].unique && table->indexes[i].whole)
			return &table->indexes[i];
	return NULL;
}

const struct fact_index *facts_index_without_name(const struct fact_table *table)
{
	for (size_t i = 0; i < table->n_indexes; i++)
		if (table->indexes[i].unnamed && table->indexes[i].valid)
			return &table->indexes[i];
	return NULL;
}

static bool is_relation(const PGresult *taken, const char *schema, const char *name)
{
	for (int row = 0; row < PQntuples(taken); row++)
		if (strcmp(sql_text(taken, row, 0), schema) == 0 && strcmp(sql_text(taken, row, 1), name) == 0)
			return true;
	return false;
}

/* A name is free if no relation of the schema has it. One that an index of the same table has, whose first
 * key is the tenant column, is free too: either it serves, or it is a broken one that goes before ours is
 * built. Not so if ours is built already and waits for its name. */
static bool name_is_taken(const struct facts *facts, const PGresult *taken, const struct fact_table *table,
						  const char *name)
{
	if (is_relation(taken, table->schema, name) &&
		(!own_index(table, name) || facts_index_without_name(table)))
		return true;
	/* Two of our own tables can come to one name: a_b + c, a + b_c. */
	for (size_t i = 0; i < facts->n_tables; i++)
		if (&facts->tables[i] != table && facts->tables[i].index_name &&
			strcmp(facts->tables[i].index_name, name) == 0 &&
			strcmp(facts->tables[i].schema, table->schema) == 0)
			return true;
	return false;
}

static bool build_name_is_taken(const PGresult *taken, const struct fact_table *table, const char *name)
{
	return is_relation(taken, table->schema, name) && !own_index(table, name);
}

static bool choose_index_names(struct facts *facts, PGconn *connection, struct error *error)
{
	struct arena *arena = &facts->arena;
	const char **schemas = arena_alloc(arena, (facts->n_tables + 1) * sizeof *schemas);
	for (size_t i = 0; i < facts->n_tables; i++)
		schemas[i] = facts->tables[i].schema;
	const char *values[] = {sql_array(arena, facts->n_tables, schemas)};
	PGresult *taken = sql_query(
		connection,
		"SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
		" ON n.oid = c.relnamespace WHERE n.nspname = ANY ($1::name[]) AND (c.relname LIKE 'idx\\_%'"
		" OR c.relname LIKE '" FACTS_BUILD "\\_%')",
		1, values, error);
	if (!taken)
		return false;
	for (size_t i = 0; i < facts->n_tables; i++) {
		struct fact_table *table = &facts->tables[i];
		const char *name, *build_name;
		unsigned salt = 0;
		do {
			name = facts_name(arena, "idx", table->name, table->column, salt);
			build_name = facts_name(arena, FACTS_BUILD, table->name, table->column, salt++);
		} while (name_is_taken(facts, taken, table, name) || build_name_is_taken(taken, table, build_name));
		table->index_name = name;
		table->index_name_quoted = sql_identifier(arena, name);
		table->index_qualified = sql_qualified(arena, table->schema, name);
		table->index_build_name = build_name;
	}
	PQclear(taken);
	return true;
}

/* --- foreign keys to the tenants --- */

static bool has_constraint(const PGresult *taken, uint32_t oid, const char *name)
{
	for (int row = 0; row < PQntuples(taken); row++)
		if (sql_oid(taken, row, 0) == oid && strcmp(sql_text(taken, row, 1), name) == 0)
			return true;
	return false;
}

static bool choose_key_names(struct facts *facts, PGconn *connection, struct error *error)
{
	const char *values[] = {facts_table_oids(facts)};
	PGresult *taken = sql_query(connection,
								"SELECT o.conrelid, o.conname FROM pg_catalog.pg_constraint o"
								" WHERE o.conrelid = ANY ($1::oid[]) AND o.conname LIKE 'fk\\_%'",
								1, values, error);
	if (!taken)
		return false;
	for (size_t i = 0; i < facts->n_tables; i++) {
		struct fact_table *table = &facts->tables[i];
		unsigned salt = 0;
		do
			table->foreign_key_name = facts_name(&facts->arena, "fk", table->name, table->column, salt++);
		while (has_constraint(taken, table->oid, table->foreign_key_name));
	}
	PQclear(taken);
	return true;
}

static bool load_foreign_keys(struct facts *facts, PGconn *connection, struct error *error)
{
	struct arena *arena = &facts->arena;
	const char *values[] = {facts_table_oids(facts), facts_table_columns(facts),
							arena_format(arena, "%u", facts->names.tenants_oid)};
	PGresult *result =
		sql_query(connection,
				  "SELECT o.conrelid, o.conname, o.convalidated, o.conparentid <> 0 OR o.coninhcount > 0,"
				  " pg_catalog.obj_description(o.oid, 'pg_constraint') LIKE '" FACTS_COMMENT "%'"
				  " FROM ROWS FROM (pg_catalog.unnest($1::oid[]), pg_catalog.unnest($2::text[])) AS w(t, k)"
				  " JOIN pg_catalog.pg_attribute a ON a.attrelid = w.t AND a.attname = w.k::name"
				  " JOIN pg_catalog.pg_constraint o ON o.conrelid = w.t AND o.contype = 'f' AND o.conkey = "
				  "ARRAY[a.attnum]"
				  " JOIN pg_catalog.pg_attribute b ON b.attrelid = o.confrelid AND b.attname = 'id'"
				  " WHERE o.confrelid = $3::oid AND o.confkey = ARRAY[b.attnum]"
				  " ORDER BY o.conrelid, o.convalidated",
				  3, values, error);
	if (!result)
		return false;
	for (int row = 0; row < PQntuples(result); row++) {
		struct fact_table *table = facts_table(facts, sql_oid(result, row, 0));
		table->foreign_key = arena_copy(arena, sql_text(result, row, 1));
		table->foreign_key_valid = sql_bool(result, row, 2);
		table->foreign_key_inherited = sql_bool(result, row, 3);
		table->foreign_key_ours = sql_bool(result, row, 4);
	}
	PQclear(result);
	return choose_key_names(facts, connection, error);
}

/* --- tenants --- */

// clang-format off
static const char tenants_text[] =
	"SELECT c.relkind, pg_catalog.pg_has_role(c.relowner, 'USAGE'), pg_catalog.obj_description(c.oid,"
	" 'pg_class') LIKE '" FACTS_COMMENT
	"%', a.attname IS NOT NULL, a.atttypid, pg_catalog.format_type(a.atttypid, a.atttypmod), EXISTS (SELECT"
	" FROM pg_catalog.pg_index x WHERE x.indrelid = c.oid AND x.indisunique AND x.indisvalid AND x.indimmediate"
	" AND x.indnkeyatts = 1 AND x.indkey[0] = a.attnum AND x.indpred IS NULL), EXISTS (SELECT"
	" FROM pg_catalog.pg_attribute b WHERE b.attrelid = c.oid AND b.attname = 'name' AND NOT b.attisdropped "
	" AND b.attgenerated = '' AND b.atttypid IN (25, 1042, 1043)), pg_catalog.has_table_privilege(c.oid,"
	" 'SELECT') OR pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT'), q.oid,"
	" pg_catalog.has_sequence_privilege(q.oid, 'SELECT') FROM pg_catalog.pg_class c LEFT"
	" JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = 'id' AND NOT a.attisdropped"
	/* The column's own sequence, or the one that its default takes numbers from. */
	" LEFT JOIN LATERAL (SELECT s.oid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'"
	"  WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass"
	"  AND d.refobjid = c.oid AND d.refobjsubid = a.attnum AND d.deptype IN ('a', 'i')"
	"  UNION SELECT s.oid FROM pg_catalog.pg_attrdef f JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass"
	"  AND d.objid = f.oid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass"
	"  JOIN pg_catalog.pg_class s ON s.oid = d.refobjid AND s.relkind = 'S' WHERE f.adrelid = c.oid AND f.adnum = a.attnum LIMIT 1) q ON true"
	" WHERE c.oid = $1::oid";
// clang-format on

static bool load_default_tenant(struct facts *facts, PGconn *connection,
								const struct schema_settings *settings, struct error *error)
{
	const char *values[] = {settings->default_tenant};
	PGresult *result =
		sql_query(connection,
				  arena_format(&facts->arena, "SELECT EXISTS (SELECT FROM %s WHERE id = $1::%s)",
							   facts->tenants.qualified, tenant_type_name(settings->tenant_type)),
				  1, values, error);
	if (!result)
		return false;
	facts->tenants.default_there = sql_bool(result, 0, 0);
	PQclear(result);
	return true;
}

static bool load_sequence(struct facts *facts, PGconn *connection, uint32_t oid, struct error *error)
{
	const char *values[] = {arena_format(&facts->arena, "%u", oid)};
	PGresult *result = sql_query(
		connection,
		arena_format(
			&facts->arena,
			"SELECT n.nspname, c.relname, coalesce((SELECT pg_catalog.max(id) FROM %s)"
			" >= coalesce(pg_catalog.pg_sequence_last_value(c.oid) + s.seqincrement, s.seqstart), false)"
			" FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
			" JOIN pg_catalog.pg_sequence s ON s.seqrelid = c.oid WHERE c.oid = $1::oid"
			" AND s.seqincrement > 0",
			facts->tenants.qualified),
		1, values, error);
	if (!result)
		return false;
	if (PQntuples(result)) {
		facts->tenants.sequence =
			sql_qualified(&facts->arena, sql_text(result, 0, 0), sql_text(result, 0, 1));
		facts->tenants.sequence_behind = sql_bool(result, 0, 2);
	}
	PQclear(result);
	return true;
}

static bool load_tenants(struct facts *facts, PGconn *connection, const struct schema_settings *settings,
						 struct error *error)
{
	struct fact_tenants *tenants = &facts->tenants;
	tenants->qualified = sql_qualified(&facts->arena, facts->names.tenants_schema, settings->tenants_table);
	tenants->shown = shown_name(facts, facts->names.tenants_schema, settings->tenants_table);
	if (!facts->names.tenants_oid)
		return true;
	const char *values[] = {arena_format(&facts->arena, "%u", facts->names.tenants_oid)};
	PGresult *result = sql_query(connection, tenants_text, 1, values, error);
	if (!result)
		return false;
	uint32_t sequence = 0;
	if (PQntuples(result)) {
		tenants->exists = true;
		tenants->kind = sql_text(result, 0, 0)[0];
		tenants->owned = sql_bool(result, 0, 1);
		tenants->ours = sql_bool(result, 0, 2);
		tenants->has_id = sql_bool(result, 0, 3);
		tenants->id_type_oid = sql_oid(result, 0, 4);
		tenants->id_type = arena_copy(&facts->arena, sql_text(result, 0, 5));
		tenants->id_unique = sql_bool(result, 0, 6);
		tenants->has_name = sql_bool(result, 0, 7);
		tenants->readable = sql_bool(result, 0, 8);
		sequence = sql_bool(result, 0, 10) ? sql_oid(result, 0, 9) : 0;
	}
	PQclear(result);
	if (!tenants->has_id || !tenants->readable ||
		tenants->id_type_oid != tenant_type_oid(settings->tenant_type))
		return true;
	return load_default_tenant(facts, connection, settings, error) &&
		   (!sequence || load_sequence(facts, connection, sequence, error));
}

bool facts_load(struct facts *facts, PGconn *connection, const struct schema_settings *settings,
				struct error *error)
{
	memset(facts, 0, sizeof *facts);
	return load_session(facts, connection, error) &&
		   names_resolve(connection, settings, &facts->arena, &facts->names, error) &&
		   load_tables(facts, connection, settings, error) && load_checks(facts, connection, error) &&
		   load_indexes(facts, connection, error) && choose_index_names(facts, connection, error) &&
		   load_foreign_keys(facts, connection, error) && load_tenants(facts, connection, settings, error) &&
		   (!(settings->widen_unique || settings->tenant_foreign_keys) ||
			facts_load_keys(facts, connection, error));
}

void facts_free(struct facts *facts)
{
	arena_free(&facts->arena);
	memset(facts, 0, sizeof *facts);
}

void facts_sizes(struct facts *facts, PGconn *connection)
{
	struct error ignored;
	const char *values[] = {facts_table_oids(facts)};
	if (!sql_run(connection, "BEGIN READ ONLY; SET LOCAL lock_timeout TO 100", &ignored))
		return;
	PGresult *result = sql_query(connection,
								 "SELECT o, pg_catalog.pg_relation_size(o::pg_catalog.regclass)"
								 " FROM pg_catalog.unnest($1::oid[]) AS u(o)",
								 1, values, &ignored);
	for (int row = 0; result && row < PQntuples(result); row++) {
		struct fact_table *table = facts_table(facts, sql_oid(result, row, 0));
		if (!table || !sql_text(result, row, 1))
			continue;
		table->bytes = sql_int(result, row, 1);
		table->pages = table->bytes / 8192;
	}
	PQclear(result);
	if (!sql_run(connection, "ROLLBACK", &ignored))
		return; /* The connection is gone, as the next query will say. */
}
