/* Loads the catalog snapshot that the parser works from, in one repeatable-read, read-only transaction.
 *
 * All deparsed text (views, predicates, SQL bodies) is made with an empty search_path, so that every name in
 * it is qualified and means the same in every session. Relations of all schemas are there but those of
 * temporary and TOAST schemas; bodies and view definitions only of what users made. Nothing is written, no
 * table of the application is read but the table of tenants. What would have to wait for a lock is left out
 * while a proxy serves (memory.h); $1 of the queries says so. Fails when the tenants cannot be read: a proxy
 * that does not know them must not serve. */
#include <stdlib.h>
#include <string.h>

#include "proxy/schema/memory.h"
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
	const struct schema_memory *before; /* NULL: locks are waited for */
	struct schema_memory after;
	bool complete;
	const char *user, *search_path;
	int version;
};

#define USER_MADE   "(c.oid >= 16384 AND n.nspname NOT IN ('pg_catalog', 'information_schema'))"
#define OUR_SCHEMAS "n.nspname !~ '^pg_(temp|toast)'"

// clang-format off
static const char relations_text[] =
	"WITH held AS MATERIALIZED " HELD_RELATIONS ", closed AS MATERIALIZED"
	" (SELECT r.ev_class FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_depend d"
	" ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid"
	" AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass"
	" JOIN held h ON h.relation IN (d.refobjid, r.ev_class) WHERE $1::pg_catalog.bool)"
	" SELECT c.oid, n.nspname, c.relname, c.relkind, c.relispartition, CASE WHEN c.relkind IN ('v', 'm') AND " USER_MADE
	" AND c.oid NOT IN (TABLE closed) THEN pg_catalog.pg_get_viewdef(c.oid) END, (SELECT i.inhparent FROM pg_catalog.pg_inherits i"
	" WHERE i.inhrelid = c.oid ORDER BY i.inhseqno LIMIT 1), CASE WHEN c.relchecks = 0 OR NOT " USER_MADE " THEN NULL WHEN $1::pg_catalog.bool AND c.oid IN (TABLE held) THEN '?'"
	" ELSE (SELECT pg_catalog.string_agg(pg_catalog.format(', CONSTRAINT %I %s', k.conname, pg_catalog.pg_get_constraintdef(k.oid)), '' ORDER BY k.conname)"
	" FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c') END, CASE WHEN NOT c.relhasindex OR NOT " USER_MADE " OR NOT EXISTS"
	" (SELECT FROM pg_catalog.pg_index x WHERE x.indrelid = c.oid AND x.indisexclusion) THEN NULL WHEN $1::pg_catalog.bool AND c.oid IN (TABLE held) THEN '?'"
	" ELSE (SELECT pg_catalog.string_agg(pg_catalog.format(', %s', pg_catalog.pg_get_constraintdef(k.oid)), '' ORDER BY k.conindid)"
	" FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'x') END FROM pg_catalog.pg_class c"
	" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE " OUR_SCHEMAS
	" AND (c.relkind NOT IN ('i', 'I') OR " USER_MADE
	") ORDER BY c.oid";
// clang-format on

/* enum catalog_hazard of each type that columns have, by whether a column of it has a collation that is neither the database's nor "C". What has an
 * order is compared by it, and so are its arrays; that of enums and ranges is the server's own. Types that no extension brought are
 * compared by functions of which nothing is known. Of domains over domains as well. */
// clang-format off
#define STRANGE_OPERATOR \
	"(o.oid >= 16384 AND (o.oprleft < 16384 AND o.oprright < 16384 OR NOT EXISTS (SELECT FROM pg_catalog.pg_depend d" \
	"  WHERE d.classid = 'pg_catalog.pg_operator'::pg_catalog.regclass AND d.objid = o.oid AND d.deptype = 'e')))"
#define HAZARDS \
	", tested AS MATERIALIZED (SELECT x.indrelid FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid" \
	"  JOIN pg_catalog.pg_opclass c ON c.oid = ANY (x.indclass) JOIN pg_catalog.pg_amop p ON p.amopfamily = c.opcfamily" \
	"  JOIN pg_catalog.pg_operator o ON o.oid = p.amopopr WHERE i.relam <> 403" \
	"  AND (o.oprname IN ('@?', '~~', '~~*') OR " STRANGE_OPERATOR "))," \
	" strange AS MATERIALIZED (SELECT t.oid, t.typtype = 'p' AS is_any FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_type t" \
	"  ON t.oid IN (o.oprleft, o.oprright) WHERE " STRANGE_OPERATOR " AND o.oprname IN ('=', '<>', '<', '<=', '>', '>=', '@>', '<@', '&&'," \
	"  '?', '?|', '?&', '@@', '@?', '<<', '>>', '-|-', '&<', '&>', '~~', '!~~', '~~*', '!~~*'))," \
	" ordered AS MATERIALIZED (SELECT t.oid FROM pg_catalog.pg_type t WHERE t.typtype IN ('e', 'r', 'm') OR EXISTS" \
	"  (SELECT FROM pg_catalog.pg_opclass o WHERE o.opcdefault AND o.opcmethod = 403 AND o.opcintype = t.oid) OR EXISTS" \
	"  (SELECT FROM pg_catalog.pg_cast k JOIN pg_catalog.pg_opclass o ON o.opcintype = k.casttarget AND o.opcdefault" \
	"   AND o.opcmethod = 403 WHERE k.castsource = t.oid AND k.castmethod = 'b' AND k.castcontext = 'i'))," \
	" used AS MATERIALIZED (SELECT DISTINCT a.atttypid FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid" \
	"  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE " USER_MADE " AND a.attnum > 0 AND c.relkind NOT IN ('i', 'I'))," \
	" based AS MATERIALIZED (SELECT t.oid AS type, b.oid, b.typtype, e.oid IS NOT NULL AS is_array," \
	"  CASE WHEN e.typtype = 'd' THEN e.typbasetype ELSE e.oid END AS element," \
	"  b.typtype = 'b' AND b.oid >= 16384 AND e.oid IS NULL AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d" \
	"   WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid = b.oid AND d.deptype = 'e') AS strange" \
	"  FROM pg_catalog.pg_type t JOIN pg_catalog.pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END" \
	"  LEFT JOIN pg_catalog.pg_type e ON e.oid = b.typelem AND b.typcategory = 'A' WHERE t.oid IN (TABLE used))," \
	" hazards AS MATERIALIZED (SELECT b.type, s.collated, CASE WHEN s.collated OR b.strange OR b.typtype IN ('c', 'd', 'p')" \
	"   OR b.is_array AND b.element NOT IN (TABLE ordered) THEN 3 WHEN b.oid IN (600, 601, 602, 603, 604, 628, 718) THEN 67 ELSE 0 END AS compared," \
	"  CASE WHEN NOT b.is_array AND b.oid NOT IN (TABLE ordered) THEN 2 ELSE 0 END AS row," \
	"  CASE WHEN b.typtype IN ('c', 'd') OR 3802 IN (b.oid, b.element) OR 4072 IN (b.oid, b.element) THEN 4 ELSE 0 END AS path," \
	"  CASE WHEN b.typtype = 'd' OR EXISTS (SELECT FROM strange s WHERE s.is_any OR s.oid IN (b.type, b.oid)) OR EXISTS (SELECT" \
	"   FROM pg_catalog.pg_cast k WHERE k.castsource IN (b.type, b.oid) AND k.castcontext = 'i' AND k.casttarget IN" \
	"   (SELECT s.oid FROM strange s)) THEN 8 ELSE 0 END AS operator" \
	"  FROM based b CROSS JOIN (VALUES (true), (false)) AS s(collated))"
// clang-format on

/* Defaults have no variables: they are deparsed without the relation, and without a lock on it. What generated
 * columns are computed from needs it. */
// clang-format off
static const char columns_text[] =
	"WITH held AS MATERIALIZED " HELD_RELATIONS HAZARDS
	" SELECT a.attrelid, a.attname, a.atttypid, a.attnotnull, a.atthasdef OR a.attidentity <> '', a.attgenerated"
	" <> '', a.attidentity = 'a', a.attidentity <> '', CASE WHEN " USER_MADE " THEN pg_catalog.format_type(a.atttypid, a.atttypmod)"
	" END, CASE WHEN NOT " USER_MADE " THEN NULL WHEN a.attidentity <> '' THEN"
	"  (SELECT pg_catalog.format('(START WITH %s INCREMENT BY %s MINVALUE %s MAXVALUE %s CACHE %s%s)', s.seqstart, s.seqincrement,"
	"   s.seqmin, s.seqmax, s.seqcache, CASE WHEN s.seqcycle THEN ' CYCLE' END) FROM pg_catalog.pg_depend e"
	"   JOIN pg_catalog.pg_sequence s ON s.seqrelid = e.objid WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass"
	"   AND e.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.refobjid = a.attrelid AND e.refobjsubid = a.attnum AND e.deptype = 'i')"
	" WHEN a.attgenerated = '' THEN pg_catalog.pg_get_expr(d.adbin, 0)"
	" WHEN $1::pg_catalog.bool AND c.oid IN (TABLE held) THEN '?' ELSE pg_catalog.pg_get_expr(d.adbin, a.attrelid) END, a.attgenerated = 'v',"
	" CASE WHEN NOT " USER_MADE " THEN 0 ELSE COALESCE(h.compared | h.row | h.path | h.operator, 15)"
	" | CASE WHEN a.attrelid IN (TABLE tested) THEN 16 ELSE 0 END END"
	" FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid"
	" LEFT JOIN hazards h ON h.type = a.atttypid AND h.collated = (a.attcollation NOT IN (0, 100, 950))"
	" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_attrdef d"
	" ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attnum > 0"
	" AND NOT a.attisdropped AND c.relkind NOT IN ('i', 'I') AND " OUR_SCHEMAS
	" ORDER BY a.attrelid, a.attnum";
// clang-format on

/* One row a key column. Unique indexes that are not valid yet enforce nothing and serve no ON CONFLICT. A
 * predicate that cannot be read is still one. */
// clang-format off
static const char indexes_text[] =
	"WITH held AS MATERIALIZED " HELD_RELATIONS
	" SELECT x.indrelid, x.indexrelid, c.relname, x.indisprimary, EXISTS (SELECT"
	" FROM pg_catalog.pg_constraint o WHERE o.conindid = x.indexrelid"
	" AND o.contype IN ('p', 'u')), CASE WHEN x.indpred IS NULL THEN NULL WHEN $1::pg_catalog.bool"
	" AND x.indrelid IN (TABLE held) THEN '?' ELSE pg_catalog.pg_get_expr(x.indpred, x.indrelid) END, a.attname,"
	" CASE WHEN x.indkey[k.i] <> 0 THEN NULL WHEN $1::pg_catalog.bool AND x.indrelid IN (TABLE held) THEN '?'"
	" ELSE pg_catalog.pg_get_indexdef(x.indexrelid, k.i + 1, false) END,"
	" COALESCE((pg_catalog.to_jsonb(x) ->> 'indnullsnotdistinct')::pg_catalog.bool, false), CASE WHEN NOT x.indimmediate THEN"
	" (SELECT ' DEFERRABLE' || CASE WHEN o.condeferred THEN ' INITIALLY DEFERRED' ELSE '' END FROM pg_catalog.pg_constraint o"
	" WHERE o.conindid = x.indexrelid AND o.contype IN ('p', 'u') LIMIT 1) END"
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

/* Pseudo-types of which any value is a scalar in FROM: cstring, void, and polymorphic ones of arrays, enums and ranges. */
#define SCALAR_PSEUDO_TYPES "(2275, 2278, 2277, 3500, 3831, 4537, 4538, 5078, 5080)"

/* `name(value)` may be a cast to a type, whatever functions of the name there are. */
#define CASTS                                                                                                \
	"casts AS MATERIALIZED (SELECT t.typname FROM pg_catalog.pg_type t WHERE t.oid >= 16384 AND t.typrelid " \
	"= 0) "

/* Built-in functions need no reading: their language is given as internal, whatever they are written in. An
 * aggregate's body is the calls that it makes: "shop.step( shop.final(". Types are looked up one by one (OFFSET 0): the
 * planner would read all of them for each function. */
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
	" p.prorettype IN (2279, 3838), made AND p.procost < 1, CASE WHEN made THEN" \
	"  (SELECT pg_catalog.string_agg(CASE WHEN t.oid = 2249 THEN t.oid ELSE t.typrelid END::pg_catalog.text, ' ' ORDER BY a.n)" \
	"   FROM pg_catalog.unnest(p.proargtypes) WITH ORDINALITY AS a(type, n)" \
	"   CROSS JOIN LATERAL (SELECT y.oid, y.typrelid FROM pg_catalog.pg_type y WHERE y.oid = a.type OFFSET 0) t" \
	"   HAVING pg_catalog.bool_or(t.oid = 2249 OR t.typrelid <> 0)) END," \
	" p.pronargs, p.pronargdefaults, p.provariadic <> 0, CASE WHEN p.prokind <> 'f' OR p.proname IN (TABLE casts) THEN 'u'" \
	" WHEN r.oid = 2249 THEN 'o' WHEN r.typtype = 'c' OR (r.typtype = 'd' AND r.typcategory = 'C') THEN 'r'" \
	" WHEN r.typtype <> 'p' OR r.oid IN " SCALAR_PSEUDO_TYPES " THEN 's' ELSE 'u' END," \
	" CASE WHEN r.typtype = 'd' THEN (SELECT b.typrelid FROM pg_catalog.pg_type b WHERE b.oid = r.typbasetype) ELSE r.typrelid END" \
	" FROM (SELECT p.*, p.oid >= 16384 AS made FROM pg_catalog.pg_proc p) p" \
	" JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace JOIN pg_catalog.pg_language l ON l.oid = p.prolang" \
	" JOIN pg_catalog.pg_type r ON r.oid = p.prorettype" \
	" WHERE " OUR_SCHEMAS " AND $1::pg_catalog.bool IS NOT NULL ORDER BY p.oid"
static const char functions_text_13[] = "WITH " CASTS FUNCTIONS_TEXT("p.prosrc");
static const char functions_text_14[] =
	"WITH held AS MATERIALIZED " HELD_RELATIONS ", closed AS MATERIALIZED"
	" (SELECT d.objid FROM pg_catalog.pg_depend d JOIN held h ON h.relation = d.refobjid"
	" WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass"
	" AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND $1::pg_catalog.bool), " CASTS
	FUNCTIONS_TEXT("CASE WHEN p.prosqlbody IS NULL THEN p.prosrc WHEN p.oid NOT IN (TABLE closed)"
				   " THEN pg_catalog.pg_get_function_sqlbody(p.oid) END");
// clang-format on

/* One row a column that a function declares. The server makes up names where there are none (funcapi.c), but not for one
 * alone. */
// clang-format off
static const char outputs_text[] =
	"SELECT p.oid, COALESCE(NULLIF(p.proargnames[a.n], ''), CASE WHEN p.prorettype = 2249"
	" THEN 'column' || pg_catalog.row_number() OVER (PARTITION BY p.oid ORDER BY a.n) END)"
	" FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace"
	" CROSS JOIN LATERAL pg_catalog.unnest(p.proargmodes) WITH ORDINALITY AS a(mode, n)"
	" WHERE p.proargmodes IS NOT NULL AND a.mode IN ('o', 'b', 't') AND " OUR_SCHEMAS
	" ORDER BY p.oid, a.n";
// clang-format on

/* Operators; those that are not the server's own each with the call that it makes. */
// clang-format off
static const char operators_text[] =
	"SELECT DISTINCT n.nspname, o.oprname, CASE WHEN o.oid >= 16384 THEN pg_catalog.format('%I.%I(', m.nspname, q.proname) END,"
	" CASE WHEN o.oid >= 16384 THEN m.nspname END, CASE WHEN o.oid >= 16384 THEN q.proname END,"
	" " STRANGE_OPERATOR ", o.oid >= 16384 AND o.oprrest NOT IN (0, 'areasel'::pg_catalog.regproc, 'positionsel'::pg_catalog.regproc,"
	" 'contsel'::pg_catalog.regproc) AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d"
	" WHERE d.classid = 'pg_catalog.pg_operator'::pg_catalog.regclass AND d.objid = o.oid AND d.deptype = 'e')"
	" FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace LEFT JOIN pg_catalog.pg_proc q"
	" ON q.oid = o.oprcode LEFT JOIN pg_catalog.pg_namespace m ON m.oid = q.pronamespace WHERE " OUR_SCHEMAS;
// clang-format on

/* As struct catalog_type has them. */
// clang-format off
static const char types_text[] =
	"WITH types AS (SELECT n.nspname AS of, t.typname AS name, false AS collates, t.typtype = 'c' OR t.typtype = 'd'"
	" AND (b.oid >= 16384 OR b.typname ~ '^_?reg') AS takes_names FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n"
	" ON n.oid = t.typnamespace LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype WHERE " OUR_SCHEMAS
	" AND t.typcategory <> 'A' AND (t.typrelid = 0 OR t.typrelid IN (SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relkind = 'c'))"
	" UNION ALL SELECT n.nspname, c.collname, true, false FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n"
	" ON n.oid = c.collnamespace WHERE " OUR_SCHEMAS " AND c.collencoding IN (-1, (SELECT d.encoding FROM pg_catalog.pg_database d"
	" WHERE d.datname = pg_catalog.current_database()))) SELECT of, name, collates, takes_names FROM types t"
	" WHERE of <> 'pg_catalog' OR EXISTS (SELECT FROM types o WHERE o.collates = t.collates AND o.name = t.name AND o.of <> 'pg_catalog')";
// clang-format on

/* What a deparsed text is made from, as one value an object: the rule or function itself and every function,
 * type, operator and schema that it depends on, with the transaction that wrote the row; of relations and
 * columns, whose rows are written for many reasons, what a text can show of them. */
// clang-format off
#define STAMPS_TEXT(itself, refs) \
	"WITH refs AS MATERIALIZED (" refs "), classes AS MATERIALIZED (SELECT f.oid AS of, c.oid, c.relname, c.relnamespace" \
	" FROM refs f JOIN pg_catalog.pg_class c ON c.oid = f.refobjid" \
	" WHERE f.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass)," \
	" procs AS MATERIALIZED (SELECT f.oid AS of, p.oid, p.xmin, p.pronamespace FROM refs f" \
	" JOIN pg_catalog.pg_proc p ON p.oid = f.refobjid" \
	" WHERE f.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass)" \
	" SELECT of, pg_catalog.concat_ws(' ', pg_catalog.count(*), pg_catalog.sum(" \
	"pg_catalog.hashtextextended(pg_catalog.concat_ws(' ', k, x, i, j), 0))) FROM (" itself \
	" UNION ALL SELECT of, 'c', pg_catalog.concat_ws(' ', relnamespace, relname), oid, 0 FROM classes" \
	" UNION ALL SELECT c.of, 'a', pg_catalog.concat_ws(' ', a.atttypid, a.atttypmod, a.attcollation, a.attisdropped," \
	" a.attname), a.attrelid, a.attnum FROM classes c" \
	" JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0" \
	" UNION ALL SELECT of, 'p', xmin::text, oid, 0 FROM procs" \
	" UNION ALL SELECT c.of, 'n', n.xmin::text, n.oid, c.oid::bigint FROM classes c" \
	" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace" \
	" UNION ALL SELECT p.of, 'm', n.xmin::text, n.oid, p.oid::bigint FROM procs p" \
	" JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace" \
	" UNION ALL SELECT f.oid, 't', t.xmin::text, t.oid, 0 FROM refs f JOIN pg_catalog.pg_type t ON t.oid = f.refobjid" \
	" WHERE f.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass" \
	" UNION ALL SELECT f.oid, 'o', o.xmin::text, o.oid, 0 FROM refs f JOIN pg_catalog.pg_operator o" \
	" ON o.oid = f.refobjid WHERE f.refclassid = 'pg_catalog.pg_operator'::pg_catalog.regclass" \
	") AS rows(of, k, x, i, j) GROUP BY of ORDER BY of"

static const char view_stamps_text[] = STAMPS_TEXT(
	"SELECT r.ev_class AS of, 'r' AS k, r.xmin::text AS x, r.oid AS i, 0::bigint AS j FROM pg_catalog.pg_rewrite r"
	" WHERE r.oid >= 16384 AND $1::pg_catalog.bool IS NOT NULL",
	"SELECT DISTINCT r.ev_class AS oid, d.refclassid, d.refobjid FROM pg_catalog.pg_rewrite r"
	" JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid"
	" WHERE r.oid >= 16384");
static const char function_stamps_text[] = STAMPS_TEXT(
	"SELECT q.oid AS of, 'f' AS k, q.xmin::text AS x, q.oid AS i, 0::bigint AS j FROM pg_catalog.pg_proc q"
	" WHERE q.oid >= 16384 AND q.prosqlbody IS NOT NULL AND $1::pg_catalog.bool IS NOT NULL",
	"SELECT DISTINCT d.objid AS oid, d.refclassid, d.refobjid FROM pg_catalog.pg_depend d"
	" JOIN pg_catalog.pg_proc q ON q.oid = d.objid AND q.prosqlbody IS NOT NULL"
	" WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid >= 16384");
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

/* The same with $1: are locks avoided? */
static bool part_load_texts(struct part *part, const struct loading *loading, const char *text,
							struct error *error)
{
	const char *values[] = {loading->before ? "true" : "false"};
	part->result = sql_query(loading->connection, text, 1, values, error);
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

/* A text of a relation that somebody holds is "?": it is asked for again. */
static const char *take_expression(struct loading *loading, const char *text)
{
	if (text && strcmp(text, "?") == 0)
		loading->complete = false;
	return text;
}

static void take_columns(struct loading *loading, struct arena *arena, struct part *part,
						 struct catalog_relation *relation)
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
			.identity = sql_bool(part->result, first + i, 7),
			.type_name = sql_text(part->result, first + i, 8),
			.default_text = take_expression(loading, sql_text(part->result, first + i, 9)),
			.is_virtual = sql_bool(part->result, first + i, 10),
			.hazards = (uint8_t)sql_oid(part->result, first + i, 11),
		};
	relation->columns = columns;
	relation->n_columns = (size_t)n;
}

static void take_indexes(struct loading *loading, struct arena *arena, struct part *part,
						 struct catalog_relation *relation)
{
	int first, n = part_rows(part, relation->oid, &first);
	struct catalog_index *indexes = arena_alloc(arena, (size_t)n * sizeof *indexes), *index = NULL;
	const char **columns = arena_alloc(arena, (size_t)n * sizeof *columns);
	const char **expressions = arena_alloc(arena, (size_t)n * sizeof *expressions);
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
				.predicate = take_expression(loading, sql_text(part->result, row, 5)),
				.columns = columns + (row - first),
				.expressions = expressions + (row - first),
				.nulls_not_distinct = sql_bool(part->result, row, 8),
				.deferral = sql_text(part->result, row, 9),
			};
		}
		columns[row - first] = sql_text(part->result, row, 6);
		expressions[row - first] = take_expression(loading, sql_text(part->result, row, 7));
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

/* The deparsed text of an object, `read` or that of before, for the snapshot and for the next load. */
static const char *take_text(struct loading *loading, struct part *stamps, uint32_t oid, const char *read,
							 const struct memory_texts *before, struct memory_texts *after)
{
	int first, n = part_rows(stamps, oid, &first);
	const char *stamp = n == 1 ? sql_text(stamps->result, first, 1) : NULL;
	if (!stamp)
		return read;
	if (!read && loading->before)
		read = memory_text(before, oid, stamp);
	if (!read)
		loading->complete = false;
	after->list[after->n++] = (struct memory_text){.oid = oid,
												   .stamp = arena_copy(&loading->after.arena, stamp),
												   .text = arena_copy(&loading->after.arena, read)};
	return read;
}

static void make_room(struct loading *loading, struct memory_texts *texts, const struct part *stamps)
{
	texts->list = arena_alloc(&loading->after.arena, ((size_t)stamps->n + 1) * sizeof *texts->list);
}

static const char *view_text(struct loading *loading, struct part *stamps, uint32_t oid, char kind,
							 const char *read)
{
	if (kind != 'v' && kind != 'm')
		return NULL;
	return take_text(loading, stamps, oid, read, loading->before ? &loading->before->views : NULL,
					 &loading->after.views);
}

static bool load_relations(struct loading *loading, struct error *error)
{
	struct part relations = {0}, columns = {0}, indexes = {0}, depends = {0}, referencing = {0}, stamps = {0};
	bool good = part_load_texts(&stamps, loading, view_stamps_text, error) &&
				part_load_texts(&relations, loading, relations_text, error) &&
				part_load_texts(&columns, loading, columns_text, error) &&
				part_load_texts(&indexes, loading, indexes_text, error) &&
				part_load(&depends, loading->connection, depends_text, error) &&
				part_load(&referencing, loading->connection, referencing_text, error);
	make_room(loading, &loading->after.views, &stamps);
	for (int row = 0; good && row < relations.n; row++) {
		struct arena pieces = {0};
		struct catalog_relation relation = {
			.oid = sql_oid(relations.result, row, 0),
			.schema = sql_text(relations.result, row, 1),
			.name = sql_text(relations.result, row, 2),
			.kind = sql_text(relations.result, row, 3)[0],
			.is_partition = sql_bool(relations.result, row, 4),
			.parent = sql_oid(relations.result, row, 6),
			.checks = take_expression(loading, sql_text(relations.result, row, 7)),
			.exclusions = take_expression(loading, sql_text(relations.result, row, 8)),
			.tenant_column = -1,
		};
		relation.view_definition =
			view_text(loading, &stamps, relation.oid, relation.kind, sql_text(relations.result, row, 5));
		take_columns(loading, &pieces, &columns, &relation);
		take_indexes(loading, &pieces, &indexes, &relation);
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
	PQclear(stamps.result);
	return good;
}

static struct catalog_result take_result(struct arena *arena, struct part *outputs, uint32_t oid, char kind,
										 uint32_t row)
{
	int first, n = part_rows(outputs, oid, &first);
	const char **names = arena_alloc(arena, (size_t)n * sizeof *names);
	for (int i = 0; i < n; i++)
		names[i] = sql_text(outputs->result, first + i, 1);
	if (kind == 'r' && row != 0)
		return (struct catalog_result){.kind = RESULT_ROW, .row = row};
	if ((kind == 'o' && n > 1) || (kind == 's' && n == 1 && names[0]))
		return (struct catalog_result){.kind = RESULT_OUTPUTS, .n_outputs = (size_t)n, .outputs = names};
	return (struct catalog_result){.kind = kind == 's' ? RESULT_SCALAR : RESULT_UNKNOWN};
}

static bool load_functions(struct loading *loading, struct error *error)
{
	struct part part = {0}, stamps = {0}, outputs = {0};
	bool has_bodies = loading->version >= 140000;
	bool good = (!has_bodies || part_load_texts(&stamps, loading, function_stamps_text, error)) &&
				part_load_texts(&part, loading, has_bodies ? functions_text_14 : functions_text_13, error) &&
				part_load(&outputs, loading->connection, outputs_text, error);
	make_room(loading, &loading->after.functions, &stamps);
	for (int row = 0; good && row < part.n; row++) {
		struct catalog_function function = {
			.oid = sql_oid(part.result, row, 0),
			.schema = sql_text(part.result, row, 1),
			.name = sql_text(part.result, row, 2),
			.kind = sql_text(part.result, row, 3)[0],
			.language = sql_text(part.result, row, 4),
			.body = sql_text(part.result, row, 5),
			.returns_trigger = sql_bool(part.result, row, 6),
			.cheap = sql_bool(part.result, row, 7),
			.row_arguments = sql_text(part.result, row, 8),
			.n_arguments = (int)sql_int(part.result, row, 9),
			.n_defaults = (int)sql_int(part.result, row, 10),
			.variadic = sql_bool(part.result, row, 11),
		};
		function.result = take_result(&loading->arena, &outputs, function.oid,
									  *sql_text(part.result, row, 12), sql_oid(part.result, row, 13));
		function.body =
			take_text(loading, &stamps, function.oid, function.body,
					  loading->before ? &loading->before->functions : NULL, &loading->after.functions);
		catalog_add_function(loading->catalog, &function);
	}
	PQclear(part.result);
	PQclear(stamps.result);
	PQclear(outputs.result);
	return good;
}

static bool load_operators(struct loading *loading, struct error *error)
{
	struct part part = {0};
	if (!part_load(&part, loading->connection, operators_text, error))
		return false;
	for (int row = 0; row < part.n; row++)
		catalog_add_function(loading->catalog, &(struct catalog_function){
												   .schema = sql_text(part.result, row, 0),
												   .name = sql_text(part.result, row, 1),
												   .kind = 'o',
												   .language = "internal",
												   .body = sql_text(part.result, row, 2),
												   .calls_schema = sql_text(part.result, row, 3),
												   .calls = sql_text(part.result, row, 4),
												   .strange = sql_bool(part.result, row, 5),
												   .estimated = sql_bool(part.result, row, 6),
											   });
	PQclear(part.result);
	return true;
}

static bool load_types(struct loading *loading, struct error *error)
{
	struct part part = {0};
	if (!part_load(&part, loading->connection, types_text, error))
		return false;
	for (int row = 0; row < part.n; row++)
		catalog_add_type(loading->catalog,
						 &(struct catalog_type){.schema = sql_text(part.result, row, 0),
												.name = sql_text(part.result, row, 1),
												.collation = sql_bool(part.result, row, 2),
												.takes_names = sql_bool(part.result, row, 3)});
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

static bool tenants_held(struct loading *loading, bool *held, struct error *error)
{
	struct part part = {0};
	*held = false;
	if (!loading->before)
		return true;
	if (!part_load(&part, loading->connection,
				   arena_format(&loading->arena, "SELECT %u IN " HELD_RELATIONS, loading->names.tenants_oid),
				   error))
		return false;
	*held = sql_bool(part.result, 0, 0);
	PQclear(part.result);
	return true;
}

static void add_tenant(struct loading *loading, const char *value)
{
	catalog_add_tenant(loading->catalog, value);
	loading->after.tenants[loading->after.n_tenants++] = arena_copy(&loading->after.arena, value);
}

static void room_for_tenants(struct loading *loading, size_t n)
{
	loading->after.tenants = arena_alloc(&loading->after.arena, (n + 1) * sizeof *loading->after.tenants);
}

/* Tenants that came since are not known until the table can be read: they are refused. */
static void take_tenants_of_before(struct loading *loading)
{
	const struct schema_memory *before = loading->before;
	loading->complete = false;
	room_for_tenants(loading, before->n_tenants);
	for (size_t i = 0; i < before->n_tenants; i++)
		add_tenant(loading, before->tenants[i]);
}

/* Values that are not of the tenant type (an adopted table of another type, texts that are too long) cannot
 * be chosen by a session, so they are left out. */
static bool read_tenants(struct loading *loading, struct error *error)
{
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
	room_for_tenants(loading, (size_t)part.n);
	for (int row = 0; row < part.n; row++) {
		char value[TENANT_VALUE_MAX + 1];
		if (tenant_value_canonical(loading->settings->tenant_type, sql_text(part.result, row, 0), value))
			add_tenant(loading, value);
	}
	PQclear(part.result);
	return true;
}

static bool load_tenants(struct loading *loading, struct error *error)
{
	bool held;
	if (!loading->names.tenants_oid)
		return true;
	if (!tenants_held(loading, &held, error))
		return false;
	if (!held)
		return read_tenants(loading, error);
	take_tenants_of_before(loading);
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
				   "SET LOCAL search_path TO ''; SET LOCAL statement_timeout TO 0; SET LOCAL jit TO off",
				   error) &&
		   /* Somebody may come between the look at the locks and the deparsing; below deadlock_timeout. */
		   sql_run(loading->connection,
				   loading->before ? "SET LOCAL lock_timeout TO 200" : "SET LOCAL lock_timeout TO 10000",
				   error) &&
		   load_relations(loading, error) && load_functions(loading, error) &&
		   load_operators(loading, error) && load_types(loading, error) && load_schemas(loading, error) &&
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
	loading->complete = true;
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
				 struct schema_memory *memory, struct catalog **catalog, bool *complete, struct error *error)
{
	bool good = false, in_the_way = false;
	const struct schema_memory *before = memory && memory->filled ? memory : NULL;
	*catalog = NULL;
	for (int i = 0; i < TRIES && !good; i++) {
		struct loading loading = {.connection = connection, .settings = settings, .before = before};
		good = load_once(&loading, generation, catalog, error);
		if (good) {
			*complete = loading.complete;
			if (memory)
				memory_take(memory, &loading.after);
		}
		arena_free(&loading.after.arena);
		arena_free(&loading.arena);
		in_the_way = !good && strcmp(error->sqlstate, "55P03") == 0;
		if (!good && !dropped_meanwhile(error) && !(in_the_way && before))
			break;
	}
	if (in_the_way)
		error_hint(error, "The definitions of the schema cannot be read while somebody holds a table in "
						  "ACCESS EXCLUSIVE mode.");
	return good;
}
