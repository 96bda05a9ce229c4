/* Reads keys and references; see facts_keys.h. */
#include "proxy/schema/facts_keys.h"

#include "proxy/schema/sql.h"

// clang-format off
static const char keys_text[] =
	"SELECT x.indexrelid, x.indrelid, c.relname, n.nspname, o.contype, x.indisvalid AND x.indisready AND x.indislive,"
	" pg_catalog.bool_or(coalesce(a.attname = w.k::name, false)),"
	" coalesce((SELECT b.attname = w.k::name FROM pg_catalog.pg_attribute b WHERE b.attrelid = x.indrelid"
	"  AND b.attnum = x.indkey[0] AND b.attnum > 0), false)," /* 7 */
	" " FACTS_KEY_IS_HARMLESS("$1::oid[]") ","
	" pg_catalog.obj_description(x.indexrelid, 'pg_class') LIKE '" FACTS_COMMENT "%',"
	" coalesce(o.condeferrable, NOT x.indimmediate), coalesce(o.condeferred, false), x.indpred IS NOT NULL," /* 12 */
	" c.relkind = 'I' OR EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = x.indexrelid), x.indisreplident,"
	" m.amname,"
	" CASE WHEN pg_catalog.starts_with(pg_catalog.pg_get_indexdef(x.indexrelid), pg_catalog.format('CREATE UNIQUE INDEX %I ON %I.%I"
	" USING %I (', c.relname, r.nspname, t.relname, m.amname)) THEN pg_catalog.substr(pg_catalog.pg_get_indexdef(x.indexrelid),"
	"  pg_catalog.length(pg_catalog.format('CREATE UNIQUE INDEX %I ON %I.%I USING %I (', c.relname, r.nspname, t.relname, m.amname)) + 1)"
	" END," /* 16 */
	" pg_catalog.string_agg(pg_catalog.pg_get_indexdef(x.indexrelid, k.i, true), ', ' ORDER BY k.i),"
	" CASE WHEN x.indpred IS NULL AND x.indexprs IS NULL THEN pg_catalog.array_agg(a.attnum ORDER BY a.attnum)::text END,"
	" pg_catalog.obj_description(x.indexrelid, 'pg_class'),"
	" (SELECT pg_catalog.min(v.ev_class::pg_catalog.regclass::text) FROM pg_catalog.pg_depend d"
	"  JOIN pg_catalog.pg_rewrite v ON v.oid = d.objid WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass"
	"  AND d.refclassid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND d.refobjid = o.oid)," /* 20 */
	" NOT x.indisvalid AND EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.locktype = 'relation' AND l.relation = x.indrelid"
	"  AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())"
	"  AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted AND l.pid <> pg_catalog.pg_backend_pid()"
	"  AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_vacuum v WHERE v.pid = l.pid))"
	" FROM ROWS FROM (pg_catalog.unnest($1::oid[]), pg_catalog.unnest($2::text[])) AS w(t, k)"
	" JOIN pg_catalog.pg_index x ON x.indrelid = w.t AND x.indisunique"
	" JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
	" JOIN pg_catalog.pg_class t ON t.oid = x.indrelid JOIN pg_catalog.pg_namespace r ON r.oid = t.relnamespace"
	" JOIN pg_catalog.pg_am m ON m.oid = c.relam"
	" LEFT JOIN pg_catalog.pg_constraint o ON o.conindid = x.indexrelid AND o.conrelid = x.indrelid AND o.contype IN ('p', 'u')"
	" CROSS JOIN LATERAL pg_catalog.generate_series(1, x.indnkeyatts) AS k(i)"
	" LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[k.i - 1] AND a.attnum > 0"
	" LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.attgenerated = ''"
	" GROUP BY x.indexrelid, x.indrelid, c.relname, n.nspname, o.oid, o.contype, x.indisvalid, x.indisready, x.indislive, x.indkey,"
	" w.k, o.condeferrable, o.condeferred, x.indimmediate, x.indpred, x.indexprs, c.relkind, x.indisreplident, m.amname, r.nspname,"
	" t.relname, x.indisexclusion"
	" ORDER BY pg_catalog.array_position($1::oid[], x.indrelid), o.contype NULLS LAST, c.relname";

static const char references_text[] =
	"SELECT f.oid, f.conindid, f.conrelid, f.confrelid, f.conname, n.nspname, c.relname," /* 6 */
	" k.child, k.parent, %s, k.n, f.confupdtype, f.confdeltype, f.confmatchtype, f.condeferrable, f.condeferred," /* 15 */
	" f.convalidated, k.paired, pg_catalog.obj_description(f.oid, 'pg_constraint') LIKE '" FACTS_COMMENT "%%', f.conparentid <> 0,"
	" pg_catalog.obj_description(f.oid, 'pg_constraint'),"
	" (SELECT pg_catalog.array_agg(u.n ORDER BY u.n)::text FROM (SELECT pg_catalog.unnest(f.confkey) AS n UNION"
	"  SELECT b.attnum FROM pg_catalog.pg_attribute b WHERE b.attrelid = f.confrelid AND b.attname = w.k::name AND NOT b.attisdropped) u)"
	" FROM ROWS FROM (pg_catalog.unnest($1::oid[]), pg_catalog.unnest($2::text[])) AS w(t, k)"
	" JOIN pg_catalog.pg_constraint f ON f.confrelid = w.t AND f.contype = 'f'"
	" JOIN pg_catalog.pg_class c ON c.oid = f.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
	" LEFT JOIN ROWS FROM (pg_catalog.unnest($1::oid[]), pg_catalog.unnest($2::text[])) AS v(t, k) ON v.t = f.conrelid"
	" CROSS JOIN LATERAL (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY j.i)"
	"   FILTER (WHERE NOT (a.attname = v.k::name AND b.attname = w.k::name) OR v.k IS NULL) AS child,"
	"  pg_catalog.string_agg(pg_catalog.quote_ident(b.attname), ', ' ORDER BY j.i)"
	"   FILTER (WHERE NOT (a.attname = v.k::name AND b.attname = w.k::name) OR v.k IS NULL) AS parent,"
	"  pg_catalog.count(*) FILTER (WHERE NOT (a.attname = v.k::name AND b.attname = w.k::name) OR v.k IS NULL) AS n,"
	"  coalesce(pg_catalog.bool_or(a.attname = v.k::name AND b.attname = w.k::name), false) AS paired"
	"  FROM ROWS FROM (pg_catalog.unnest(f.conkey), pg_catalog.unnest(f.confkey)) WITH ORDINALITY AS j(c, p, i)"
	"  JOIN pg_catalog.pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = j.c"
	"  JOIN pg_catalog.pg_attribute b ON b.attrelid = f.confrelid AND b.attnum = j.p) k"
	" ORDER BY f.conrelid, f.conname";
// clang-format on

static void take_key(struct facts *facts, const PGresult *result, int row, struct fact_key *key)
{
	struct arena *arena = &facts->arena;
	*key = (struct fact_key){
		.oid = sql_oid(result, row, 0),
		.table = facts_table(facts, sql_oid(result, row, 1)),
		.name = arena_copy(arena, sql_text(result, row, 2)),
		.quoted = sql_identifier(arena, sql_text(result, row, 2)),
		.qualified = sql_qualified(arena, sql_text(result, row, 3), sql_text(result, row, 2)),
		.constraint = sql_text(result, row, 4) ? sql_text(result, row, 4)[0] : 0,
		.valid = sql_bool(result, row, 5),
		.has_tenant = sql_bool(result, row, 6),
		.tenant_first = sql_bool(result, row, 7),
		.harmless = sql_bool(result, row, 8),
		.ours = sql_bool(result, row, 9),
		.deferrable = sql_bool(result, row, 10),
		.deferred = sql_bool(result, row, 11),
		.partial = sql_bool(result, row, 12),
		.is_partition = sql_bool(result, row, 13),
		.replica_identity = sql_bool(result, row, 14),
		.method = arena_copy(arena, sql_text(result, row, 15)),
		.body = arena_copy(arena, sql_text(result, row, 16)),
		.columns = arena_copy(arena, sql_text(result, row, 17)),
		.numbers = arena_copy(arena, sql_text(result, row, 18)),
		.comment = arena_copy(arena, sql_text(result, row, 19)),
		.dependent = arena_copy(arena, sql_text(result, row, 20)),
		.alive = sql_bool(result, row, 21),
	};
}

static void take_reference(struct facts *facts, const PGresult *result, int row,
						   struct fact_reference *reference)
{
	struct arena *arena = &facts->arena;
	*reference = (struct fact_reference){
		.oid = sql_oid(result, row, 0),
		.key = sql_oid(result, row, 1),
		.child = facts_table(facts, sql_oid(result, row, 2)),
		.parent = facts_table(facts, sql_oid(result, row, 3)),
		.name = arena_copy(arena, sql_text(result, row, 4)),
		.quoted = sql_identifier(arena, sql_text(result, row, 4)),
		.child_qualified = sql_qualified(arena, sql_text(result, row, 5), sql_text(result, row, 6)),
		.child_columns = arena_copy(arena, sql_text(result, row, 7)),
		.parent_columns = arena_copy(arena, sql_text(result, row, 8)),
		.delete_columns = arena_copy(arena, sql_text(result, row, 9)),
		.n_columns = (int)sql_int(result, row, 10),
		.on_update = sql_text(result, row, 11)[0],
		.on_delete = sql_text(result, row, 12)[0],
		.match = sql_text(result, row, 13)[0],
		.deferrable = sql_bool(result, row, 14),
		.deferred = sql_bool(result, row, 15),
		.valid = sql_bool(result, row, 16),
		.paired = sql_bool(result, row, 17),
		.ours = sql_bool(result, row, 18),
		.inherited = sql_bool(result, row, 19),
		.comment = arena_copy(arena, sql_text(result, row, 20)),
		.parent_numbers = arena_copy(arena, sql_text(result, row, 21)),
	};
}

bool facts_load_keys(struct facts *facts, PGconn *connection, struct error *error)
{
	struct arena *arena = &facts->arena;
	struct fact_keys *keys = arena_alloc(arena, sizeof *keys);
	const char *values[] = {facts_table_oids(facts), facts_table_columns(facts)};
	PGresult *result = sql_query(connection, keys_text, 2, values, error);
	if (!result)
		return false;
	keys->n_keys = (size_t)PQntuples(result);
	keys->keys = arena_alloc(arena, (keys->n_keys + 1) * sizeof *keys->keys);
	for (size_t i = 0; i < keys->n_keys; i++)
		take_key(facts, result, (int)i, &keys->keys[i]);
	PQclear(result);

	/* The columns of ON DELETE SET NULL (..) came with PostgreSQL 15. */
	const char *delete_columns = facts->version >= 150000
									 ? "(SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', "
									   "') FROM pg_catalog.pg_attribute a"
									   " WHERE a.attrelid = f.conrelid AND a.attnum = ANY (f.confdelsetcols))"
									 : "NULL::text";
	result = sql_query(connection, arena_format(arena, references_text, delete_columns), 2, values, error);
	if (!result)
		return false;
	keys->n_references = (size_t)PQntuples(result);
	keys->references = arena_alloc(arena, (keys->n_references + 1) * sizeof *keys->references);
	for (size_t i = 0; i < keys->n_references; i++)
		take_reference(facts, result, (int)i, &keys->references[i]);
	PQclear(result);
	facts->keys = keys;
	return true;
}
