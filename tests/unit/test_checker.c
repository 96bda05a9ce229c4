/* The independent checker: what it takes for a proof, and the holes that must not pass for one. $9 is the
 * tenant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parser/analysis.h"
#include "tests/lib/catalog_text.h"

#define TENANT 9

struct setting {
	const char *search_path;
	const char *const *temporaries;
	size_t n_temporaries;
	const char *const *prepared;
	size_t n_prepared;
	enum right right;
	enum ddl_policy ddl;
	bool allow_data_catalogs;
	struct tenant_check *checks;
	size_t n_checks;
	struct copy_plan *copy;
	enum tenant_type type;
	unsigned max_depth;
};

static struct catalog *shop;

static bool run(const char *sql, int parameter, const struct setting *setting,
				struct checker_finding *finding, char *value, size_t room)
{
	struct policy policy;
	struct session_names names = {.search_path =
									  setting->search_path ? setting->search_path : "\"$user\", public",
								  .temporaries = setting->temporaries,
								  .n_temporaries = setting->n_temporaries,
								  .prepared = setting->prepared,
								  .n_prepared = setting->n_prepared};
	struct guard_request request = {.right = setting->right, .catalog = shop, .names = &names};
	bool ok = true;

	policy_defaults(&policy);
	policy.ddl = setting->ddl;
	policy.allow_data_catalogs = setting->allow_data_catalogs;
	if (setting->max_depth)
		policy.max_depth = setting->max_depth;
	struct analysis analysis = {.request = &request,
								.catalog = shop,
								.policy = &policy,
								.names = &names,
								.text = sql,
								.tenant_type = setting->type,
								.checks = {.items = setting->checks, .n = setting->n_checks},
								.copy = setting->copy};
	MemoryContext context = pg_query_enter_memory_context();
	PgQueryInternalParsetreeAndError parsed = pg_query_raw_parse(sql);
	if (parsed.error) {
		print_error("does not parse: %s: %s\n", sql, parsed.error->message);
		fail();
	}
	ListCell *cell;
	foreach (cell, parsed.tree)
		ok = ok && checker_run(&analysis, lfirst(cell), parameter, finding);
	if (value) {
		value[0] = '\0';
		if (finding->value && IsA(finding->value, ParamRef))
			snprintf(value, room, "$%d", ((const ParamRef *)finding->value)->number);
		else if (finding->value && IsA(&((A_Const *)finding->value)->val, Integer))
			snprintf(value, room, "%d", ((A_Const *)finding->value)->val.ival.ival);
		else if (finding->value)
			snprintf(value, room, "'%s'", ((A_Const *)finding->value)->val.sval.sval);
	}
	free(parsed.stderr_buffer);
	pg_query_exit_memory_context(context);
	return ok;
}

static void expect(const char *const *statements, int parameter, bool closed, const struct setting *setting)
{
	int wrong = 0;

	for (; *statements; statements++) {
		struct checker_finding finding;
		bool ok = run(*statements, parameter, setting, &finding, NULL, 0);
		if (ok != closed) {
			print_error("%s: %s (%s)\n", ok ? "taken for a proof" : "not proved", *statements,
						ok ? "-" : finding.message);
			wrong++;
		}
		if (!ok)
			assert_non_null(finding.message);
	}
	assert_int_equal(wrong, 0);
}

static const struct setting usual;

#define CONFINED(...) expect((const char *const[]){__VA_ARGS__, NULL}, TENANT, true, &usual)
#define OPEN(...)     expect((const char *const[]){__VA_ARGS__, NULL}, TENANT, false, &usual)
#define SAFE(...)     expect((const char *const[]){__VA_ARGS__, NULL}, 0, true, &usual)
#define UNSAFE(...)   expect((const char *const[]){__VA_ARGS__, NULL}, 0, false, &usual)

static void where(void **state)
{
	CONFINED("SELECT * FROM orders WHERE orders.tenant_id = $9",
			 "SELECT * FROM orders o WHERE o.tenant_id = $9 AND (o.id = $1 OR true)",
			 "SELECT * FROM orders o WHERE $9 = o.tenant_id",
			 "SELECT * FROM orders o WHERE o.tenant_id OPERATOR(pg_catalog.=) $9",
			 "SELECT * FROM orders WHERE tenant_id = $9",
			 "SELECT * FROM public.orders WHERE public.orders.tenant_id = $9",
			 "SELECT * FROM public.orders WHERE orders.tenant_id = $9",
			 "SELECT * FROM orders WHERE public.orders.tenant_id = $9",
			 "SELECT * FROM ONLY orders o WHERE (a = 1 AND (b = 2 AND (o.tenant_id = $9)))",
			 "SELECT * FROM \"Odd Name\" AS \"O\" WHERE \"O\".tenant_id = $9", "SELECT * FROM countries",
			 "SELECT 1", "VALUES (1), (2)",
			 "SELECT * FROM orders o, users u WHERE o.tenant_id = $9 AND u.tenant_id = $9", "TABLE countries",
			 "SELECT * FROM orders o TABLESAMPLE bernoulli (10) WHERE o.tenant_id = $9",
			 "SELECT * FROM tenants WHERE tenants.id = $9", "SELECT * FROM my_users v WHERE v.tenant_id = $9",
			 "SELECT * FROM events_2026 e WHERE e.tenant_id = $9", "SELECT * FROM no_such_relation",
			 "SELECT * FROM pg_catalog.pg_class");
	OPEN("SELECT * FROM orders", "TABLE orders", "SELECT 1 FROM orders WHERE true",
		 "SELECT * FROM orders o WHERE o.tenant_id = $8",
		 "SELECT * FROM orders o WHERE o.tenant_id = $9 OR true",
		 "SELECT * FROM orders o WHERE NOT (o.tenant_id = $9)",
		 "SELECT * FROM orders o WHERE o.tenant_id <> $9", "SELECT * FROM orders o WHERE o.tenant_id >= $9",
		 "SELECT * FROM orders o WHERE (o.tenant_id = $9) IS NOT NULL",
		 "SELECT * FROM orders o WHERE (o.tenant_id = $9) IS FALSE",
		 "SELECT * FROM orders o WHERE CASE WHEN o.tenant_id = $9 THEN true ELSE true END",
		 "SELECT * FROM orders o WHERE coalesce(o.tenant_id = $9, true)",
		 "SELECT * FROM orders o WHERE o.tenant_id = -$9",
		 "SELECT * FROM orders o WHERE o.tenant_id = $9 + 1",
		 "SELECT * FROM orders o WHERE o.tenant_id = ANY (ARRAY[$9, 2])",
		 "SELECT * FROM orders o WHERE o.tenant_id IN ($9, 2)",
		 "SELECT * FROM orders o WHERE o.tenant_id OPERATOR(public.=) $9",
		 "SELECT * FROM orders o WHERE o.tenant_id IS DISTINCT FROM $9",
		 "SELECT * FROM orders o WHERE o.id = $9", "SELECT * FROM orders o WHERE o.tenant_id = 9",
		 "SELECT * FROM orders o WHERE o.tenant_id = $9::text::int",
		 "SELECT * FROM orders o WHERE o.tenant_id[1] = $9",
		 "SELECT * FROM orders o WHERE (o).tenant_id[1] = $9", "SELECT o.tenant_id = $9 FROM orders o",
		 "SELECT 1 FROM orders o GROUP BY id HAVING o.tenant_id = $9",
		 "SELECT count(*) FILTER (WHERE o.tenant_id = $9) FROM orders o",
		 "SELECT * FROM orders o ORDER BY o.tenant_id = $9",
		 "SELECT * FROM orders o, users u WHERE o.tenant_id = $9",
		 "SELECT * FROM orders o, users u WHERE o.tenant_id = $9 AND u.tenant_id = o.tenant_id",
		 "SELECT * FROM orders, users WHERE tenant_id = $9",
		 "SELECT * FROM shop.orders o, orders WHERE o.tenant_id = $9", "SELECT * FROM tenants",
		 "SELECT * FROM tenants WHERE tenants.name = $9", "SELECT * FROM vip_users",
		 "SELECT * FROM events_2026", "SELECT * FROM my_users", "SELECT * FROM order_totals",
		 "SELECT * FROM sales_by_status", "SELECT * FROM orders o WHERE o.tenant_id BETWEEN $9 AND $9",
		 "SELECT * FROM orders o WHERE o.tenant_id = o.tenant_id");
}

static void shadowed_names(void **state)
{
	CONFINED(
		"SELECT * FROM orders AS o (a, b, c, d, e, t) WHERE o.t = $9",
		"SELECT * FROM orders AS o (a, b) WHERE o.tenant_id = $9",
		"SELECT * FROM (orders o JOIN users u ON o.tenant_id = $9 AND u.tenant_id = $9) AS j",
		"SELECT * FROM orders o WHERE o.tenant_id = $9 AND EXISTS (SELECT 1 FROM users o WHERE o.tenant_id = "
		"$9)",
		"SELECT * FROM (SELECT id FROM orders o WHERE o.tenant_id = $9) o, users u WHERE u.tenant_id = $9",
		"SELECT * FROM countries orders", "SELECT * FROM orders countries WHERE countries.tenant_id = $9");
	OPEN(/* a column list that renames the tenant column away, or another one to its name */
		 "SELECT * FROM orders AS o (a, b, c, d, e, t) WHERE o.tenant_id = $9",
		 "SELECT * FROM orders AS o (tenant_id) WHERE o.tenant_id = $9",
		 "SELECT * FROM orders AS o (tenant_id, b, c, d, e, f) WHERE o.tenant_id = $9",
		 "SELECT * FROM orders AS o (tenant_id, b, c, d, e, tenant_id) WHERE o.tenant_id = $9",
		 "SELECT * FROM orders AS o (tenant_id, b, c, d, e, f) WHERE tenant_id = $9",
		 /* another level's leaf */
		 "SELECT * FROM orders o WHERE EXISTS (SELECT 1 FROM countries WHERE o.tenant_id = $9)",
		 "SELECT * FROM orders o WHERE EXISTS (SELECT 1 FROM users o WHERE o.tenant_id = $9)",
		 "SELECT * FROM orders c WHERE c.tenant_id = $9 AND EXISTS (SELECT 1 FROM users u WHERE c.tenant_id "
		 "= $9)",
		 "SELECT (SELECT count(*) FROM users u WHERE o.tenant_id = $9) FROM orders o WHERE o.tenant_id = $9",
		 "SELECT * FROM orders o WHERE o.tenant_id = $9 AND o.id IN (SELECT order_id FROM order_items)",
		 /* unqualified, and it can be somebody else's */
		 "SELECT * FROM orders, (SELECT 5 AS tenant_id) s WHERE tenant_id = $9",
		 "SELECT * FROM orders AS o (a,b,c,d,e,f), countries AS k (tenant_id) WHERE tenant_id = $9",
		 "SELECT * FROM orders JOIN users USING (tenant_id) WHERE tenant_id = $9",
		 "SELECT * FROM orders NATURAL JOIN users WHERE tenant_id = $9",
		 /* a sub-select or CTE with a tenant_id of its own */
		 "SELECT * FROM (SELECT $9 AS tenant_id, * FROM orders) s WHERE s.tenant_id = $9",
		 "SELECT * FROM (SELECT * FROM orders) s WHERE s.tenant_id = $9",
		 "WITH o AS (SELECT * FROM orders) SELECT * FROM o WHERE o.tenant_id = $9",
		 "WITH o AS (SELECT 1 AS tenant_id) SELECT * FROM orders, o WHERE o.tenant_id = $9",
		 /* hidden by a join's alias */
		 "SELECT * FROM (orders o JOIN countries c ON true) AS o WHERE o.tenant_id = $9",
		 "SELECT * FROM (orders o JOIN countries c ON true) AS j WHERE o.tenant_id = $9",
		 "SELECT * FROM (orders o JOIN countries c ON true) AS j (tenant_id) WHERE j.tenant_id = $9",
		 "SELECT * FROM (orders o JOIN countries c ON true) AS j WHERE tenant_id = $9",
		 "SELECT * FROM (orders o CROSS JOIN users u) AS j, users o WHERE o.tenant_id = $9",
		 /* two of one name */
		 "SELECT * FROM orders o, users o WHERE o.tenant_id = $9",
		 "SELECT * FROM orders, shop.invoices orders WHERE orders.tenant_id = $9",
		 "SELECT * FROM orders, shop.orders WHERE shop.orders.tenant_id = $9");
}

static void joins(void **state)
{
	CONFINED(
		"SELECT * FROM orders o JOIN users u ON o.tenant_id = $9 AND u.tenant_id = $9",
		"SELECT * FROM countries c LEFT JOIN orders o ON o.tenant_id = $9 AND o.status = c.code",
		"SELECT * FROM orders o RIGHT JOIN countries c ON o.tenant_id = $9",
		"SELECT * FROM countries c LEFT JOIN orders o ON true WHERE o.tenant_id = $9",
		"SELECT * FROM orders o LEFT JOIN users u ON u.tenant_id = $9 AND u.id = o.user_id WHERE o.tenant_id "
		"= $9",
		"SELECT * FROM orders o LEFT JOIN (users u JOIN carts k ON k.user_id = u.id) ON u.tenant_id = $9 AND "
		"k.tenant_id = $9 WHERE o.tenant_id = $9",
		"SELECT * FROM orders o LEFT JOIN (users u LEFT JOIN carts k ON k.tenant_id = $9) ON u.tenant_id = "
		"$9 WHERE o.tenant_id = $9",
		"SELECT * FROM (SELECT id FROM orders WHERE tenant_id = $9) o FULL JOIN (SELECT id FROM users WHERE "
		"tenant_id = $9) u ON o.id = u.id",
		"SELECT * FROM orders o FULL JOIN users u ON true WHERE o.tenant_id = $9 AND u.tenant_id = $9",
		"SELECT * FROM orders o JOIN users u USING (id) WHERE o.tenant_id = $9 AND u.tenant_id = $9",
		"SELECT * FROM orders o NATURAL JOIN countries WHERE o.tenant_id = $9",
		"SELECT * FROM countries c CROSS JOIN orders o WHERE o.tenant_id = $9",
		"SELECT * FROM (orders o FULL JOIN countries c ON true) JOIN currencies k ON o.tenant_id = $9",
		"SELECT * FROM countries k LEFT JOIN (orders o FULL JOIN countries c ON true) ON o.tenant_id = $9",
		"SELECT * FROM orders o, LATERAL (SELECT * FROM users u WHERE u.tenant_id = $9 AND u.id = o.user_id) "
		"x WHERE o.tenant_id = $9");
	OPEN(/* the preserved side comes through whatever ON says */
		 "SELECT * FROM orders o LEFT JOIN countries c ON o.tenant_id = $9",
		 "SELECT * FROM countries c RIGHT JOIN orders o ON o.tenant_id = $9",
		 "SELECT * FROM orders o LEFT JOIN users u ON o.tenant_id = $9 AND u.tenant_id = $9",
		 "SELECT * FROM orders o FULL JOIN users u ON o.tenant_id = $9 AND u.tenant_id = $9",
		 "SELECT * FROM countries c FULL JOIN orders o ON o.tenant_id = $9",
		 "SELECT * FROM orders o LEFT JOIN users u ON u.tenant_id = $9",
		 "SELECT * FROM orders o JOIN users u USING (id) WHERE o.tenant_id = $9",
		 "SELECT * FROM orders o NATURAL JOIN users u WHERE o.tenant_id = $9",
		 "SELECT * FROM (orders o LEFT JOIN countries c ON o.tenant_id = $9) JOIN users u ON u.tenant_id = "
		 "$9",
		 "SELECT * FROM countries c LEFT JOIN orders o ON (o.tenant_id = $9 OR c.code = 'x')",
		 "SELECT * FROM countries c LEFT JOIN orders o ON true LEFT JOIN currencies k ON o.tenant_id = $9",
		 "SELECT * FROM (orders o JOIN countries c ON true) AS j JOIN users u ON o.tenant_id = $9 AND "
		 "u.tenant_id = $9",
		 "SELECT * FROM users u JOIN countries c ON o.tenant_id = $9, orders o WHERE u.tenant_id = $9",
		 "SELECT * FROM orders o, LATERAL (SELECT * FROM users u WHERE o.tenant_id = $9) x WHERE o.tenant_id "
		 "= $9",
		 "SELECT * FROM countries c LEFT JOIN LATERAL (SELECT * FROM orders) x ON x.tenant_id = $9",
		 "SELECT * FROM orders o JOIN users u USING (tenant_id) AS j WHERE j.tenant_id = $9");
}

static void ctes(void **state)
{
	CONFINED("WITH orders AS (SELECT 1 AS id) SELECT * FROM orders",
			 "WITH o AS (SELECT * FROM orders WHERE tenant_id = $9) SELECT * FROM o",
			 "WITH orders AS (SELECT * FROM orders WHERE tenant_id = $9) SELECT * FROM orders",
			 "WITH RECURSIVE orders AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM orders WHERE n < 5) SELECT "
			 "* FROM orders",
			 "WITH RECURSIVE a AS (SELECT * FROM orders), orders AS (SELECT 1) SELECT * FROM a",
			 "WITH orders AS (SELECT 1), b AS (SELECT * FROM orders) SELECT * FROM b",
			 "WITH orders AS (SELECT 1) SELECT (SELECT max(1) FROM orders)",
			 "WITH orders AS (SELECT 1) SELECT 1 UNION SELECT * FROM orders",
			 "WITH orders AS (SELECT 1) SELECT * FROM (WITH b AS (SELECT * FROM orders) SELECT * FROM b) x",
			 "WITH x AS (DELETE FROM orders o WHERE o.tenant_id = $9 RETURNING id) SELECT * FROM x",
			 "WITH x AS (SELECT 1) INSERT INTO orders (total, tenant_id) SELECT *, $9 FROM x");
	OPEN("WITH orders AS (SELECT * FROM orders) SELECT * FROM orders",
		 "WITH orders AS (SELECT 1) SELECT * FROM public.orders",
		 "WITH a AS (SELECT * FROM orders), orders AS (SELECT 1) SELECT * FROM a",
		 "SELECT * FROM (WITH orders AS (SELECT 1) SELECT * FROM orders) x, orders",
		 "WITH o AS (SELECT * FROM orders) SELECT 1", "WITH orders AS (SELECT 1) DELETE FROM orders",
		 "WITH orders AS (SELECT 1) UPDATE orders SET total = 0",
		 "WITH orders AS (SELECT 1 AS total) INSERT INTO orders (total) SELECT total FROM orders",
		 "WITH x AS (DELETE FROM orders RETURNING *) SELECT * FROM x",
		 "WITH x AS (UPDATE orders SET total = 1 RETURNING *) SELECT 1",
		 "WITH x AS (INSERT INTO orders (total) VALUES (1) RETURNING *) SELECT 1",
		 "SELECT 1 FROM (WITH b AS (SELECT 1) SELECT 1) x, users UNION (WITH users AS (SELECT 1) SELECT 1)",
		 "WITH RECURSIVE t AS (SELECT id FROM orders o WHERE o.tenant_id = $9 UNION SELECT o.id FROM t JOIN "
		 "orders o ON true) SELECT * FROM t",
		 "WITH RECURSIVE t(n) AS (SELECT 1 UNION SELECT n FROM t) CYCLE n SET c USING p SELECT * FROM t, "
		 "orders");
}

/* Every place where an expression, and so a sub-select, can stand. */
static void everywhere(void **state)
{
	static const char *const places[] = {
		"SELECT (%s)",
		"SELECT ARRAY(%s)",
		"SELECT EXISTS (%s)",
		"SELECT 1 WHERE 1 IN (%s)",
		"SELECT 1 WHERE (%s) IN (1)",
		"SELECT 1 WHERE 1 = ANY (%s)",
		"SELECT (1, 2) = (%s)",
		"SELECT 1 WHERE (SELECT (%s)) = ALL (SELECT 1)",
		"SELECT * FROM (%s) x",
		"SELECT * FROM LATERAL (%s) x",
		"SELECT * FROM countries c JOIN currencies d ON (%s) IS NULL",
		"SELECT * FROM countries c LEFT JOIN (%s) d ON true",
		"SELECT 1 GROUP BY (%s)",
		"SELECT 1 GROUP BY GROUPING SETS ((), ((%s)))",
		"SELECT 1 GROUP BY ROLLUP ((%s))",
		"SELECT 1 HAVING (%s) = 1",
		"SELECT 1 ORDER BY (%s)",
		"SELECT 1 LIMIT (%s)",
		"SELECT 1 OFFSET (%s)",
		"SELECT DISTINCT ON ((%s)) 1",
		"SELECT sum(1) OVER (PARTITION BY (%s))",
		"SELECT sum(1) OVER (ORDER BY (%s))",
		"SELECT sum(1) OVER (ROWS BETWEEN (%s) PRECEDING AND CURRENT ROW)",
		"SELECT sum(1) OVER w FROM countries WINDOW w AS (ORDER BY (%s))",
		"SELECT sum(1) FILTER (WHERE (%s) = 1)",
		"SELECT string_agg('a', (%s) ORDER BY 1)",
		"SELECT array_agg(1 ORDER BY (%s))",
		"SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY (%s))",
		"SELECT abs((%s))",
		"SELECT f(a => (%s))",
		"SELECT f(VARIADIC ARRAY[(%s)])",
		"SELECT CASE WHEN true THEN (%s) END",
		"SELECT CASE (%s) WHEN 1 THEN 2 END",
		"SELECT CASE WHEN (%s) = 1 THEN 2 END",
		"SELECT CASE WHEN true THEN 1 ELSE (%s) END",
		"SELECT coalesce(NULL, (%s))",
		"SELECT greatest(1, (%s))",
		"SELECT nullif(1, (%s))",
		"SELECT ROW(1, (%s))",
		"SELECT ARRAY[(%s)]",
		"SELECT (ARRAY[1])[(%s)]",
		"SELECT (ARRAY[1])[1:(%s)]",
		"SELECT (ARRAY(%s))[1]",
		"SELECT (%s)::text",
		"SELECT (%s)::text COLLATE \"C\"",
		"SELECT (%s) IS NULL",
		"SELECT ((%s) = 1) IS TRUE",
		"SELECT NOT ((%s) = 1)",
		"SELECT (%s) BETWEEN 1 AND 2",
		"SELECT 1 BETWEEN 0 AND (%s)",
		"SELECT 'a' LIKE 'b' ESCAPE (%s)",
		"SELECT now() AT TIME ZONE (%s)",
		"SELECT extract(year FROM (%s))",
		"SELECT overlay('a' placing (%s) from 1)",
		"SELECT position((%s) in 'a')",
		"SELECT trim(both (%s) from 'a')",
		"SELECT (now(), (%s)) OVERLAPS (now(), now())",
		"SELECT xmlelement(name a, (%s))",
		"SELECT xmlelement(name a, xmlattributes((%s) AS b))",
		"SELECT xmlforest((%s) AS a)",
		"SELECT xmlserialize(content (%s) AS text)",
		"SELECT xmlpi(name a, (%s))",
		"SELECT xmlroot((%s), version '1')",
		"SELECT (%s) IS DOCUMENT",
		"SELECT (%s) IS DISTINCT FROM 1",
		"SELECT GROUPING((%s))",
		"SELECT 1::numeric((%s))",
		"SELECT * FROM generate_series(1, (%s))",
		"SELECT * FROM ROWS FROM (generate_series(1, (%s)), generate_series(1, 2))",
		"SELECT * FROM xmltable('/a' PASSING (%s) COLUMNS a text)",
		"SELECT * FROM xmltable((%s) PASSING 'a' COLUMNS a text)",
		"SELECT * FROM xmltable('/a' PASSING 'a' COLUMNS a text PATH (%s))",
		"SELECT * FROM xmltable('/a' PASSING 'a' COLUMNS a text DEFAULT (%s))",
		"SELECT * FROM xmltable(xmlnamespaces((%s) AS x), '/a' PASSING 'a' COLUMNS a text)",
		"SELECT * FROM countries TABLESAMPLE bernoulli ((%s))",
		"SELECT * FROM countries TABLESAMPLE bernoulli (1) REPEATABLE ((%s))",
		"VALUES ((%s))",
		"SELECT 1 UNION %s",
		"(%s) UNION SELECT 1",
		"(SELECT 1) EXCEPT ((SELECT 1) INTERSECT (%s))",
		"WITH x AS (%s) SELECT 1",
		"WITH x AS MATERIALIZED (%s) SELECT 1",
		"WITH RECURSIVE x AS (SELECT 1 UNION ALL %s) SELECT 1",
		"SELECT 1 UNION SELECT 2 ORDER BY (%s)",
		"SELECT 1 UNION SELECT 2 LIMIT (%s)",
		"VALUES (1) ORDER BY (%s)",
		"INSERT INTO countries (code) %s",
		"INSERT INTO countries (code) VALUES ((%s))",
		"INSERT INTO countries (code) VALUES ('a') RETURNING (%s)",
		"INSERT INTO countries (code) VALUES ('a') ON CONFLICT (code) DO UPDATE SET name = (%s)",
		"INSERT INTO countries (code) VALUES ('a') ON CONFLICT (code) DO UPDATE SET name = 'b' WHERE (%s) = "
		"1",
		"INSERT INTO countries (code) VALUES ('a') ON CONFLICT (code) WHERE (%s) = 1 DO NOTHING",
		"INSERT INTO countries (code) VALUES ('a') ON CONFLICT (((%s))) DO NOTHING",
		"INSERT INTO countries (code[(%s)]) VALUES ('a')",
		"WITH x AS (%s) INSERT INTO countries (code) VALUES ('a')",
		"UPDATE countries SET name = (%s)",
		"UPDATE countries SET (code, name) = (%s)",
		"UPDATE countries SET name[(%s)] = 'a'",
		"UPDATE countries SET (code, name) = ROW((%s), 1)",
		"UPDATE countries SET name = 'a' FROM (%s) x",
		"UPDATE countries SET name = 'a' WHERE (%s) = 1",
		"UPDATE countries SET name = 'a' RETURNING (%s)",
		"WITH x AS (%s) UPDATE countries SET name = 'a'",
		"DELETE FROM countries USING (%s) x",
		"DELETE FROM countries WHERE (%s) = 1",
		"DELETE FROM countries RETURNING (%s)",
		"WITH x AS (%s) DELETE FROM countries",
		"MERGE INTO countries c USING (%s) s ON true WHEN MATCHED THEN DELETE",
		"MERGE INTO countries c USING currencies s ON (%s) = 1 WHEN MATCHED THEN DELETE",
		"MERGE INTO countries c USING currencies s ON true WHEN MATCHED AND (%s) = 1 THEN DELETE",
		"MERGE INTO countries c USING currencies s ON true WHEN MATCHED THEN UPDATE SET name = (%s)",
		"MERGE INTO countries c USING currencies s ON true WHEN NOT MATCHED THEN INSERT (name) VALUES ((%s))",
		"MERGE INTO countries c USING (currencies s JOIN (%s) x ON true) ON true WHEN MATCHED THEN DELETE",
		"WITH x AS (%s) MERGE INTO countries c USING currencies s ON true WHEN MATCHED THEN DELETE",
		"EXPLAIN %s",
		"EXPLAIN ANALYZE SELECT (%s)",
		"DECLARE c CURSOR FOR %s",
		"PREPARE p (int, int, int, int, int, int, int, int, int) AS %s",
		"PREPARE p (int, int, int, int, int, int, int, int, int) AS DELETE FROM countries WHERE (%s) = 1",
		"EXECUTE p((%s))",
		"CREATE TEMP TABLE t AS %s",
		"CREATE TEMP TABLE t AS EXECUTE p((%s))",
		"EXPLAIN CREATE TEMP TABLE t AS %s",
		"COPY (%s) TO STDOUT",
		"COPY (DELETE FROM countries WHERE (%s) = 1 RETURNING 1) TO STDOUT",
		"CALL p((%s))",
		"SELECT 1 INTO TEMP t WHERE (%s) = 1",
		"EXPLAIN DECLARE c CURSOR FOR %s",
	};

	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		const char *template = places[i], *slot = strstr(template, "%s");
		char text[600];
		assert_non_null(slot);
		snprintf(text, sizeof text,
				 "%.*sSELECT id FROM orders o WHERE o.tenant_id = $9 AND "
				 "CASE WHEN o.tenant_id = ANY (ARRAY[$9]) THEN 1 END IS NOT NULL%s",
				 (int)(slot - template), template, slot + 2);
		CONFINED(text);
		snprintf(text, sizeof text, "%.*sSELECT id FROM orders o%s", (int)(slot - template), template,
				 slot + 2);
		OPEN(text);
	}
}

#define PRICED(value) "CASE WHEN pg_catalog.now() IS NULL THEN NULL ELSE " value " END"
#define SCREENED      "o.tenant_id = $9 AND CASE WHEN o.tenant_id = ANY (ARRAY[$9]) THEN 1 END IS NOT NULL AND "
#define MANY          "(SELECT true FROM countries)"

/* What costs nothing would be tested before the screen. */
static void prices(void **state)
{
	static const char *const conditions[] = {
		"(o.status IS NULL OR %s)",
		"CASE WHEN o.status IS NULL THEN %s END",
		"CASE WHEN %s THEN o.status IS NULL END",
		"COALESCE(o.status IS NULL, %s)",
		"NOT (o.status IS NULL AND %s)",
		"(o.status IS NULL OR true = %s)",
		"(o.status IS NULL) = (%s OR o.total > 1)",
		"EXISTS (SELECT FROM countries c WHERE o.status IS NULL OR %s)",
		"o.id IN (SELECT CASE WHEN o.status IS NULL THEN 1 END FROM (SELECT %s AS b) x WHERE x.b OR o.id = "
		"1)",
		"true IN (%s, o.status IS NULL)",
	};
	static const char *const values[][2] = {
		{MANY, PRICED(MANY)},
		{"EXISTS (SELECT 1 FROM countries WHERE 1 / 0 > 0)",
		 PRICED("EXISTS (SELECT 1 FROM countries WHERE 1 / 0 > 0)")},
		{"(ARRAY(SELECT true FROM countries))[1]", "(" PRICED("ARRAY(SELECT true FROM countries)") ")[1]"},
		{"(ARRAY[o.a, o.b])[1]", "(" PRICED("ARRAY[o.a, o.b]") ")[1]"},
		{"(true, true) = (SELECT a, b FROM countries)",
		 "(" PRICED("(true, true) = (SELECT a, b FROM countries)") ")"},
	};
	for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
		for (size_t j = 0; j < sizeof values / sizeof *values; j++)
			for (int priced = 0; priced < 2; priced++) {
				const char *slot = strstr(conditions[i], "%s");
				char text[800];
				snprintf(text, sizeof text, "SELECT id FROM orders o WHERE " SCREENED "%.*s(%s)%s",
						 (int)(slot - conditions[i]), conditions[i], values[j][priced], slot + 2);
				if (priced)
					CONFINED(text);
				else
					OPEN(text);
			}
	CONFINED("SELECT id FROM orders o WHERE " SCREENED MANY,
			 "SELECT id FROM orders o WHERE " SCREENED "o.id = " MANY,
			 "SELECT id FROM orders o WHERE " SCREENED MANY " IS NULL",
			 "SELECT id FROM orders o WHERE " SCREENED "(o.a, o.b) = (SELECT a, b FROM countries)",
			 "SELECT id FROM orders o WHERE " SCREENED "(o.status IS NULL OR (SELECT o.a))",
			 "SELECT id, " MANY " OR o.a FROM orders o WHERE " SCREENED "f(o.id) ORDER BY " MANY " OR o.a");
	OPEN("SELECT id FROM orders o WHERE " SCREENED "(o.a OR CASE WHEN now() IS NULL THEN NULL ELSE " MANY
		 " END)",
		 "SELECT id FROM orders o WHERE " SCREENED
		 "(o.a OR CASE WHEN pg_catalog.now() IS NOT NULL THEN NULL ELSE " MANY " END)",
		 "SELECT id FROM orders o WHERE " SCREENED "(o.a OR CASE WHEN 1 IS NULL THEN NULL ELSE " MANY " END)",
		 "SELECT id FROM orders o WHERE " SCREENED "(o.a OR " PRICED("o.a OR " MANY) ")");
}

/* Columns of a sub-select below an outer join cost nothing above it. */
static void fences(void **state)
{
#define INNER "(SELECT id, coalesce(f(o.id), o.a) AS b FROM orders o WHERE " SCREENED "true"
	CONFINED("SELECT 1 FROM countries c LEFT JOIN " INNER " OFFSET 0) x ON true WHERE x.b",
			 "SELECT 1 FROM countries c LEFT JOIN " INNER " LIMIT 5) x ON true WHERE x.b",
			 "SELECT 1 FROM countries c JOIN " INNER ") x ON true WHERE x.b",
			 "SELECT 1 FROM countries c FULL JOIN (SELECT b FROM " INNER ") y OFFSET 0) x ON true WHERE x.b",
			 "WITH x AS " INNER " OFFSET 0) SELECT 1 FROM countries LEFT JOIN x ON true WHERE x.b",
			 "SELECT b FROM " INNER " OFFSET 0) x WHERE b GROUP BY CUBE (b)",
			 "SELECT b FROM " INNER ") x WHERE b GROUP BY b");
	OPEN("SELECT 1 FROM countries c LEFT JOIN " INNER ") x ON true WHERE x.b",
		 "SELECT 1 FROM " INNER ") x RIGHT JOIN countries c ON true WHERE x.b",
		 "SELECT 1 FROM countries c LEFT JOIN (SELECT * FROM " INNER ") y) x ON true WHERE x.b",
		 "WITH x AS " INNER ") SELECT 1 FROM countries LEFT JOIN x ON true WHERE x.b",
		 "SELECT b FROM " INNER ") x WHERE b GROUP BY CUBE (b)",
		 "SELECT b FROM " INNER ") x WHERE b GROUP BY GROUPING SETS ((b), ())");
#undef INNER
}

static void inserts(void **state)
{
	CONFINED(
		"INSERT INTO orders (total, tenant_id) VALUES (1, $9), (2, $9)",
		"INSERT INTO orders (tenant_id, total) VALUES ($9, 1)",
		"INSERT INTO orders (tenant_id, total) VALUES (CASE WHEN $1 = $9 THEN $9 WHEN f() THEN $9 ELSE $9 "
		"END, 1)",
		"INSERT INTO orders (total, tenant_id) SELECT 1, $9",
		"INSERT INTO orders (total, tenant_id) SELECT 1, $9 UNION ALL (SELECT 2, $9 EXCEPT SELECT 3, $9)",
		"INSERT INTO orders (total, tenant_id) SELECT total, $9 FROM orders o WHERE o.tenant_id = $9",
		"INSERT INTO favorites (user_id, painting_id, tenant_id) SELECT f.*, $9 FROM (SELECT 1, 2) f",
		"INSERT INTO favorites VALUES (1, 2, $9)", "INSERT INTO favorites SELECT 1, 2, $9",
		"INSERT INTO orders (total, tenant_id) VALUES (1, $9) ON CONFLICT DO NOTHING",
		"INSERT INTO orders AS o (total, tenant_id) VALUES (1, $9) ON CONFLICT (id) DO UPDATE SET total = 2 "
		"WHERE o.tenant_id = $9",
		"INSERT INTO orders (total, tenant_id) VALUES (1, $9) ON CONFLICT (id) DO UPDATE SET total = 2 WHERE "
		"orders.tenant_id = $9 AND excluded.total > 1",
		"INSERT INTO orders (total, tenant_id) VALUES (1, $9) ON CONFLICT (id) DO UPDATE SET tenant_id = "
		"excluded.tenant_id, total = 1 WHERE orders.tenant_id = $9",
		"INSERT INTO orders (total, tenant_id) VALUES (1, $9) RETURNING *",
		"INSERT INTO countries VALUES ('a', 'b')", "INSERT INTO countries DEFAULT VALUES",
		"INSERT INTO countries SELECT status FROM orders WHERE tenant_id = $9");
	OPEN("INSERT INTO orders (total) VALUES (1)", "INSERT INTO orders DEFAULT VALUES",
		 "INSERT INTO orders (total, tenant_id) VALUES (1, $9), (2, $8)",
		 "INSERT INTO orders (total, tenant_id) VALUES (1, $9), (2, DEFAULT)",
		 "INSERT INTO orders (total, tenant_id) VALUES (1, 2)",
		 "INSERT INTO orders (tenant_id, total) VALUES (1, $9)",
		 "INSERT INTO orders (total, tenant_id) VALUES (1)",
		 "INSERT INTO orders (total, tenant_id) SELECT 1, $9 UNION ALL SELECT 2, 3",
		 "INSERT INTO orders (total, tenant_id) (SELECT 1, $9) UNION ALL (VALUES (2, 3))",
		 "INSERT INTO orders (total, tenant_id) SELECT $9, tenant_id FROM orders o WHERE o.tenant_id = $9",
		 "INSERT INTO orders (total, tenant_id) SELECT 1, $9 FROM orders",
		 "INSERT INTO orders (total, tenant_id) SELECT * FROM (SELECT 1, $9) s",
		 "INSERT INTO orders (total, tenant_id, status) SELECT $9, s.* FROM (SELECT 1, 2) s",
		 "INSERT INTO orders (total, tenant_id) SELECT $9, s.* FROM (SELECT 1) s",
		 "INSERT INTO orders (tenant_id, total) SELECT s.*, $9 FROM (SELECT 1) s",
		 "INSERT INTO favorites VALUES (1, 2)", "INSERT INTO favorites VALUES (1, $9, 2)",
		 "INSERT INTO favorites SELECT s.*, $9 FROM (SELECT 1, 2) s",
		 "INSERT INTO orders (total, tenant_id) VALUES (1, $9) ON CONFLICT (id) DO UPDATE SET total = 2",
		 "INSERT INTO orders (total, tenant_id) VALUES (1, $9) ON CONFLICT (id) DO UPDATE SET total = 2 "
		 "WHERE excluded.tenant_id = $9",
		 "INSERT INTO orders (total, tenant_id) VALUES (1, $9) ON CONFLICT (id) DO UPDATE SET total = 2 "
		 "WHERE tenant_id = $9",
		 "INSERT INTO orders AS excluded (total, tenant_id) VALUES (1, $9) ON CONFLICT (id) DO UPDATE SET "
		 "total = 2 WHERE excluded.tenant_id = $9",
		 "INSERT INTO orders (total, tenant_id) VALUES (1, $9) ON CONFLICT (id) DO UPDATE SET tenant_id = 2 "
		 "WHERE orders.tenant_id = $9",
		 "INSERT INTO orders (total, tenant_id) VALUES (1, $9) ON CONFLICT (id) DO UPDATE SET tenant_id = "
		 "excluded.total WHERE orders.tenant_id = $9",
		 "INSERT INTO orders (total, tenant_id) VALUES (1, $9) ON CONFLICT (id) DO UPDATE SET (total, "
		 "tenant_id) = (SELECT 1, 2) WHERE orders.tenant_id = $9",
		 "INSERT INTO orders (total, tenant_id) VALUES (1, $9) ON CONFLICT (id) DO UPDATE SET total = 2 "
		 "WHERE orders.tenant_id = $9 OR true",
		 "INSERT INTO orders (total, tenant_id[1]) VALUES (1, $9)",
		 "INSERT INTO orders (total, tenant_id) VALUES (1, $9 + 0)",
		 "INSERT INTO orders (total, tenant_id) VALUES (1, CASE WHEN $1 = $9 THEN $9 END)",
		 "INSERT INTO orders (total, tenant_id) VALUES (1, CASE WHEN $1 = $9 THEN $9 ELSE 2 END)",
		 "INSERT INTO orders (total, tenant_id) VALUES (1, CASE WHEN $1 = $9 THEN $1 ELSE $9 END)",
		 "INSERT INTO orders (total, tenant_id) VALUES (1, CASE WHEN (SELECT 1 FROM orders) = 1 THEN $9 ELSE "
		 "$9 "
		 "END)",
		 "INSERT INTO orders (total, tenant_id) VALUES (1, (SELECT $9))",
		 "INSERT INTO order_totals (status, tenant_id) VALUES ('a', $9)",
		 "INSERT INTO sales_by_status VALUES (1)", "INSERT INTO tenants (id) VALUES ($9)",
		 "INSERT INTO orders (total, tenant_id) SELECT 1, 2 ORDER BY $9",
		 "INSERT INTO orders (total, tenant_id) TABLE favorites",
		 "WITH o AS (INSERT INTO orders (total) VALUES ($9) RETURNING *) INSERT INTO orders (total, "
		 "tenant_id) SELECT 1, $9");
}

static void changes(void **state)
{
	CONFINED(
		"UPDATE orders SET total = 1 WHERE orders.tenant_id = $9",
		"UPDATE orders o SET total = 1 WHERE o.tenant_id = $9 AND id = 4",
		"UPDATE orders SET total = 1 WHERE tenant_id = $9",
		"UPDATE orders SET tenant_id = $9 WHERE orders.tenant_id = $9",
		"UPDATE orders SET (total, tenant_id) = (1, $9) WHERE orders.tenant_id = $9",
		"UPDATE orders SET total = 1 WHERE CURRENT OF c", "DELETE FROM orders WHERE CURRENT OF c",
		"DELETE FROM orders o USING users u WHERE o.tenant_id = $9 AND u.tenant_id = $9",
		"UPDATE orders o SET total = 1 FROM countries c LEFT JOIN users u ON u.tenant_id = $9 WHERE "
		"o.tenant_id = $9",
		"DELETE FROM countries", "UPDATE countries SET name = 'x'",
		"DELETE FROM ONLY orders o WHERE o.tenant_id = $9 RETURNING o.*",
		"MERGE INTO orders o USING countries c ON o.tenant_id = $9 WHEN MATCHED THEN DELETE",
		"MERGE INTO orders o USING (SELECT * FROM users WHERE tenant_id = $9) u ON o.tenant_id = $9 WHEN NOT "
		"MATCHED THEN INSERT (total, tenant_id) VALUES (1, $9) WHEN MATCHED THEN UPDATE SET total = 1",
		"MERGE INTO orders o USING users u ON o.tenant_id = $9 AND u.tenant_id = $9 WHEN MATCHED THEN DELETE",
		"MERGE INTO orders o USING countries c ON o.tenant_id = $9 WHEN NOT MATCHED THEN DO NOTHING WHEN "
		"MATCHED THEN UPDATE SET tenant_id = $9");
	OPEN("UPDATE orders SET total = 1", "DELETE FROM orders",
		 "UPDATE orders o SET total = 1 WHERE orders.tenant_id = $9",
		 "UPDATE orders SET tenant_id = 2 WHERE orders.tenant_id = $9",
		 "UPDATE orders SET tenant_id = DEFAULT WHERE orders.tenant_id = $9",
		 "UPDATE orders SET tenant_id = orders.id WHERE orders.tenant_id = $9",
		 "UPDATE orders SET tenant_id = excluded.tenant_id FROM countries excluded WHERE orders.tenant_id = "
		 "$9",
		 "UPDATE orders SET (total, tenant_id) = (1, 2) WHERE orders.tenant_id = $9",
		 "UPDATE orders SET (total, tenant_id) = ($9, 2) WHERE orders.tenant_id = $9",
		 "UPDATE orders SET (total, tenant_id) = (SELECT 1, $9) WHERE orders.tenant_id = $9",
		 "UPDATE orders SET (total, tenant_id) = ROW(countries.*) FROM countries WHERE orders.tenant_id = $9",
		 "UPDATE orders o SET total = 1 FROM orders p WHERE o.tenant_id = $9",
		 "UPDATE orders o SET total = 1 FROM orders p WHERE p.tenant_id = $9",
		 "DELETE FROM orders o USING orders p WHERE p.tenant_id = $9",
		 "DELETE FROM orders o USING users u WHERE CURRENT OF c",
		 "DELETE FROM orders o USING countries c LEFT JOIN currencies k ON o.tenant_id = $9",
		 "UPDATE orders o SET total = 1 WHERE o.tenant_id = $9 RETURNING (SELECT max(id) FROM users)",
		 "UPDATE my_users SET email = 'x'", "UPDATE order_totals SET status = 'x'",
		 "UPDATE tenants SET name = 'x' WHERE tenants.id = $9", "DELETE FROM tenants WHERE tenants.id = $9",
		 "MERGE INTO orders o USING countries c ON true WHEN MATCHED THEN DELETE",
		 "MERGE INTO orders o USING users u ON o.tenant_id = $9 WHEN MATCHED THEN DELETE",
		 "MERGE INTO orders o USING users u ON o.tenant_id = $9 AND u.tenant_id = $9 WHEN NOT MATCHED THEN "
		 "DO NOTHING",
		 "MERGE INTO orders o USING countries c ON o.tenant_id = $9 WHEN NOT MATCHED THEN INSERT (total) "
		 "VALUES (1)",
		 "MERGE INTO orders o USING countries c ON o.tenant_id = $9 WHEN NOT MATCHED THEN INSERT DEFAULT "
		 "VALUES",
		 "MERGE INTO orders o USING countries c ON o.tenant_id = $9 WHEN NOT MATCHED THEN INSERT (total, "
		 "tenant_id) VALUES (1, DEFAULT)",
		 "MERGE INTO orders o USING countries c ON o.tenant_id = $9 WHEN NOT MATCHED THEN INSERT VALUES (1, "
		 "2, $9)",
		 "MERGE INTO orders o USING countries c ON o.tenant_id = $9 WHEN MATCHED THEN UPDATE SET tenant_id = "
		 "3",
		 "MERGE INTO countries o USING orders c ON c.tenant_id = $9 WHEN NOT MATCHED THEN INSERT (name) "
		 "VALUES (c.status)",
		 "MERGE INTO orders o USING countries o ON o.tenant_id = $9 WHEN MATCHED THEN DELETE");
}

static void other_statements(void **state)
{
	CONFINED("BEGIN", "COMMIT", "SET search_path = x", "SHOW all", "LOCK orders", "ANALYZE orders",
			 "FETCH ALL FROM c", "CREATE TABLE x (a int)", "DROP INDEX orders_pkey", "DROP TABLE countries",
			 "TRUNCATE countries", "COPY countries FROM STDIN", "COPY countries TO STDOUT", "CALL p(1)",
			 "DO 'begin end'", "CREATE TABLE x AS SELECT * FROM countries", "SELECT * INTO x FROM countries",
			 "SELECT * INTO TEMP x FROM orders WHERE tenant_id = $9",
			 "SELECT * INTO pg_temp.x FROM orders WHERE tenant_id = $9", "PREPARE p AS SELECT 1",
			 "EXECUTE p(1, 2)", "DEALLOCATE ALL");
	OPEN("TRUNCATE orders", "TRUNCATE countries, orders", "COPY orders TO STDOUT", "COPY orders FROM STDIN",
		 "COPY orders (total, tenant_id) FROM STDIN", "COPY countries TO '/tmp/x'",
		 "COPY countries FROM PROGRAM 'id'", "COPY (SELECT 1) TO '/tmp/x'", "DROP TABLE orders",
		 "DROP TABLE countries, public.orders CASCADE",
		 "CREATE TABLE x AS SELECT * FROM orders WHERE tenant_id = $9",
		 "SELECT * INTO x FROM orders WHERE tenant_id = $9",
		 "SELECT 1 INTO x UNION SELECT id FROM orders WHERE tenant_id = $9",
		 "CREATE MATERIALIZED VIEW x AS SELECT * FROM orders WHERE tenant_id = $9",
		 "UPDATE pg_settings SET setting = 'x'", "DELETE FROM pg_catalog.pg_class",
		 "WITH x AS (UPDATE pg_settings SET setting = 'x' RETURNING 1) SELECT 1",
		 "PREPARE p (int, int) AS SELECT * FROM orders WHERE tenant_id = $9",
		 "PREPARE p AS SELECT * FROM orders WHERE tenant_id = $9", "SELECT count_orders()",
		 "SELECT count_twice()", "SELECT * FROM public.count_orders()", "SELECT run_it('x')",
		 "SELECT c.count_orders FROM countries c", "SELECT (c).run_it FROM countries c", "CALL run_it('x')",
		 "SELECT 1 ORDER BY count_orders()", "SELECT * FROM pg_toast.pg_toast_1234",
		 "SELECT * FROM pg_toast_1234");
	CONFINED("SELECT add_vat(1)", "SELECT o.status FROM orders o WHERE o.tenant_id = $9",
			 "SELECT shop.count_orders()");
}

static void temporaries(void **state)
{
	static const char *const temporary[] = {"orders", "scratch"};
	struct setting setting = {.temporaries = temporary, .n_temporaries = 2};
#define EXPECT(closed, ...) expect((const char *const[]){__VA_ARGS__, NULL}, TENANT, closed, &setting)

	EXPECT(true, "SELECT * FROM pg_temp.orders", "SELECT * FROM scratch", "INSERT INTO scratch VALUES (1)",
		   "DELETE FROM pg_temp.orders");
	/* certain only while the temporary one lives */
	EXPECT(false, "SELECT * FROM orders", "DELETE FROM orders", "SELECT * FROM public.orders");
	setting.search_path = "public, pg_temp";
	EXPECT(true, "SELECT * FROM orders WHERE tenant_id = $9", "SELECT * FROM scratch");
	EXPECT(false, "SELECT * FROM orders");
	setting.search_path = "shop";
	EXPECT(true, "SELECT * FROM orders", "SELECT * FROM users",
		   "SELECT * FROM invoices i WHERE i.tenant_id = $9");
	EXPECT(false, "SELECT * FROM invoices", "SELECT * FROM public.users");
}

/* A shared relation that hides a guarded one can be gone when the server looks. */
static void hidden_relations(void **state)
{
	static const char text[] =
		"@shared front.orders\nCREATE SCHEMA front;\nCREATE TABLE front.orders (a integer);\nCREATE TABLE "
		"front.notes (a integer);\n"
		"CREATE TABLE orders (id integer, tenant_id integer);\nCREATE TABLE notes (b integer);";
	struct setting setting = {.search_path = "front, public"};
	struct catalog *usual_shop = shop;

	shop = catalog_text_parse(text, 2);
	EXPECT(false, "SELECT * FROM orders", "DELETE FROM orders", "INSERT INTO orders VALUES (1)",
		   "SELECT * FROM orders WHERE tenant_id = $9");
	EXPECT(true, "SELECT * FROM front.orders", "SELECT * FROM notes",
		   "SELECT * FROM public.orders WHERE orders.tenant_id = $9",
		   "WITH orders AS (SELECT 1) SELECT * FROM orders");
	setting.search_path = "public, front";
	EXPECT(true, "SELECT * FROM orders WHERE tenant_id = $9");
	EXPECT(false, "SELECT * FROM orders");
	catalog_unref(shop);
	shop = usual_shop;
}

/* Relations of the transaction under way come with the temporaries (created.h): they cannot weaken the
 * snapshot. */
static void relations_of_the_transaction(void **state)
{
	static const char *const forged[] = {
		"\001public\001orders\001Nraa-1", "\001public\001users\001Mrba0\001id\00123",
		"\001nowhere\001carts\001Nraa-1", "\001public\001mine\001Nrba1\001id\00123\001tenant_id\00123",
		"\001public\001own\001Nraa-1"};
	struct setting setting = {.temporaries = forged, .n_temporaries = 5, .search_path = "nowhere, public"};

	EXPECT(false, "SELECT * FROM orders", "SELECT * FROM public.orders", "DELETE FROM orders",
		   "SELECT * FROM users WHERE users.id = $9", "SELECT * FROM public.users WHERE users.id = $9",
		   "SELECT * FROM carts", "SELECT * FROM mine", "SELECT * FROM mine WHERE mine.id = $9");
	EXPECT(true, "SELECT * FROM public.carts WHERE carts.tenant_id = $9", "SELECT * FROM nowhere.carts",
		   "SELECT * FROM mine WHERE mine.tenant_id = $9", "SELECT * FROM own");
}

static void search_paths(void **state)
{
	struct setting setting = {0};
	static const char *const reads_public[] = {"public",
											   " public ",
											   "PUBLIC",
											   "\"public\"",
											   "pg_catalog,public",
											   "nowhere, \"$user\", public",
											   "\"a\"\"b\",public",
											   "public, pg_catalog",
											   "a, b, c, d, e, f, g, h, i, j, public"};
	static const char *const reads_else[] = {"", "shop", "\"PUBLIC\"", "\"public \""},
							 *const unreadable[] = {"public,", ",public", "pub lic", "\"public", "a,,b"};

	for (size_t i = 0; i < sizeof reads_public / sizeof *reads_public; i++) {
		setting.search_path = reads_public[i];
		EXPECT(false, "SELECT * FROM orders");
		EXPECT(true, "SELECT * FROM orders WHERE tenant_id = $9");
	}
	for (size_t i = 0; i < sizeof reads_else / sizeof *reads_else; i++) {
		setting.search_path = reads_else[i];
		EXPECT(true, "SELECT * FROM orders");
		EXPECT(false, "SELECT * FROM public.orders");
	}
	for (size_t i = 0; i < sizeof unreadable / sizeof *unreadable; i++) {
		setting.search_path = unreadable[i];
		EXPECT(false, "SELECT * FROM nothing");
	}
}

static void rights_and_policy(void **state)
{
	struct setting setting = {.right = RIGHT_CHOOSE};

	EXPECT(true, "INSERT INTO tenants (name) VALUES ('x')", "INSERT INTO tenants DEFAULT VALUES",
		   "UPDATE tenants SET name = 'x' WHERE tenants.id = $9");
	EXPECT(false, "UPDATE tenants SET name = 'x'", "DELETE FROM tenants",
		   "UPDATE tenants SET id = 7 WHERE tenants.id = $9",
		   "INSERT INTO tenants (name) SELECT email FROM users",
		   "INSERT INTO tenants (name) VALUES ('x') ON CONFLICT (id) DO UPDATE SET name = 'y'",
		   "SELECT * FROM tenants");
	setting = (struct setting){.ddl = DDL_ALLOW};
	EXPECT(true, "DROP TABLE orders", "CREATE TABLE x AS SELECT * FROM orders WHERE tenant_id = $9");
	EXPECT(false, "CREATE TABLE x AS SELECT * FROM orders");
	setting = (struct setting){0};
	EXPECT(false, "SELECT * FROM pg_catalog.pg_stats", "SELECT * FROM pg_statistic");
	setting.allow_data_catalogs = true;
	EXPECT(true, "SELECT * FROM pg_catalog.pg_stats", "SELECT * FROM pg_statistic");
}

static void obligations_of_the_session(void **state)
{
	struct tenant_check check = {.parameter = 3};
	struct setting setting = {.checks = &check, .n_checks = 1};
	static const char *const prepared[] = {"p"};

	EXPECT(true, "INSERT INTO orders (tenant_id, total) VALUES ($3, 1)",
		   "UPDATE orders SET tenant_id = $3::int WHERE orders.tenant_id = $9");
	EXPECT(false, "INSERT INTO orders (tenant_id, total) VALUES ($4, 1)",
		   "SELECT * FROM orders WHERE tenant_id = $3",
		   "INSERT INTO orders (tenant_id, total) VALUES ($3 + 1, 1)",
		   "INSERT INTO orders (tenant_id, total) VALUES ($3::varchar(1)::int, 1)",
		   "INSERT INTO orders (tenant_id, total) VALUES (3, 1)");
	/* where NULL may be sent the tenant is in its place, and nowhere else */
	check.or_null = true;
	EXPECT(true, "INSERT INTO orders (tenant_id, total) VALUES (COALESCE($3, $9), 1)");
	EXPECT(false, "INSERT INTO orders (tenant_id, total) VALUES ($3, 1)",
		   "INSERT INTO orders (tenant_id, total) VALUES (COALESCE($3), 1)",
		   "INSERT INTO orders (tenant_id, total) VALUES (COALESCE($4, $9), 1)",
		   "INSERT INTO orders (tenant_id, total) VALUES (COALESCE($3, $4), 1)",
		   "INSERT INTO orders (tenant_id, total) VALUES (COALESCE($3, total, $9), 1)");
	check.or_null = false;
	setting.type = TENANT_TEXT;
	EXPECT(false, "INSERT INTO orders (tenant_id, total) VALUES ($3::int, 1)",
		   "INSERT INTO orders (tenant_id, total) VALUES ($3::text[], 1)");
	EXPECT(true, "INSERT INTO orders (tenant_id, total) VALUES ($3::pg_catalog.text, 1)");
	EXPECT(false, "INSERT INTO orders (tenant_id, total) VALUES ($3::text, 1)"); /* pg_temp.text? */

	struct copy_plan plan = {.client_columns = 1, .append = true, .check_column = -1};
	setting = (struct setting){.copy = &plan};
	EXPECT(true, "COPY orders (total, tenant_id) FROM STDIN");
	EXPECT(false, "COPY orders (tenant_id, total) FROM STDIN", "COPY orders FROM STDIN",
		   "COPY orders (total, status, tenant_id) FROM STDIN", "COPY orders (total) FROM STDIN",
		   "COPY orders (total, tenant_id) TO STDOUT", "COPY tenants (name, id) FROM STDIN");
	plan = (struct copy_plan){.client_columns = 2, .check_column = 0};
	EXPECT(true, "COPY orders (tenant_id, total) FROM STDIN");
	EXPECT(false, "COPY orders (total, tenant_id) FROM STDIN");

	setting = (struct setting){.prepared = prepared, .n_prepared = 1};
	EXPECT(true, "EXECUTE p($9)", "EXECUTE p(1, $9)", "EXECUTE q(1)", "EXPLAIN EXECUTE p($9)",
		   "CREATE TEMP TABLE x AS EXECUTE p($9)");
	EXPECT(false, "EXECUTE p", "EXECUTE p(1)", "EXECUTE p($9, 1)", "EXPLAIN ANALYZE EXECUTE p(2)",
		   "CREATE TEMP TABLE x AS EXECUTE p(1)", "CREATE TABLE x AS EXECUTE p($9)");
}

/* Parameter 0: what the application's own text is worth. */
static void own_text(void **state)
{
	SAFE(
		"SELECT * FROM orders WHERE tenant_id = 5", "SELECT * FROM orders o WHERE o.tenant_id = '5'",
		"SELECT * FROM orders o WHERE o.tenant_id = $1::int",
		"SELECT * FROM orders o, users u WHERE o.tenant_id = $1 AND u.tenant_id = $1",
		"SELECT * FROM orders o WHERE o.tenant_id IN (5)",
		"SELECT * FROM orders o JOIN users u ON u.tenant_id = o.tenant_id WHERE o.tenant_id = 5",
		"SELECT * FROM orders o JOIN users u USING (tenant_id) WHERE o.tenant_id = 5",
		"SELECT * FROM orders o LEFT JOIN users u USING (tenant_id) WHERE tenant_id = 5",
		"SELECT * FROM orders o JOIN users u USING (tenant_id) JOIN carts k USING (tenant_id) WHERE "
		"tenant_id = 5",
		"SELECT * FROM orders o LEFT JOIN users u ON u.tenant_id = o.tenant_id AND u.id = o.user_id WHERE "
		"o.tenant_id = 5",
		"SELECT * FROM a_function() f, orders o, users u WHERE o.tenant_id = u.tenant_id AND u.tenant_id = 5",
		"SELECT * FROM orders o WHERE o.tenant_id = 5 AND EXISTS (SELECT 1 FROM order_items i WHERE "
		"i.tenant_id = o.tenant_id)",
		"INSERT INTO orders (tenant_id, total) VALUES (5, 1), (5, 2)",
		"INSERT INTO orders (tenant_id, total) SELECT u.tenant_id, 1 FROM users u WHERE u.tenant_id = 5",
		"INSERT INTO favorites VALUES (1, 2, $3)", "UPDATE orders SET total = 1 WHERE tenant_id = $2",
		"SELECT 1",
		"INSERT INTO orders (tenant_id, id) VALUES (5, 1) ON CONFLICT (id) DO UPDATE SET total = 1 WHERE "
		"orders.tenant_id = 5",
		"SELECT * FROM orders o RIGHT JOIN users u ON u.tenant_id = o.tenant_id WHERE u.tenant_id = 5");
	/* USING compares for the filled side only */
	UNSAFE(
		"SELECT * FROM orders o LEFT JOIN (users u JOIN countries c ON u.tenant_id = 5) USING (tenant_id)",
		"SELECT * FROM (users u JOIN countries c ON u.tenant_id = 5) RIGHT JOIN orders o USING (tenant_id)");
	SAFE("SELECT * FROM (users u JOIN countries c ON u.tenant_id = 5) LEFT JOIN orders o USING (tenant_id)");
	/* without LATERAL the inner o is not the neighbour but the outermost one, of tenant 6 */
	UNSAFE("SELECT (SELECT count(*) FROM users o, (SELECT 1 FROM carts k WHERE k.tenant_id = o.tenant_id) y "
		   "WHERE "
		   "o.tenant_id = 5) FROM (SELECT 6 AS tenant_id) o");
	UNSAFE(
		"SELECT * FROM orders", "SELECT * FROM orders o, users u WHERE o.tenant_id = 5 AND u.tenant_id = 6",
		"SELECT * FROM orders o WHERE o.tenant_id = 5 AND EXISTS (SELECT 1 FROM users u WHERE u.tenant_id = "
		"6)",
		"SELECT * FROM orders o, users u WHERE o.tenant_id = $1 AND u.tenant_id = $2",
		"SELECT * FROM orders WHERE tenant_id = NULL",
		"SELECT * FROM orders WHERE tenant_id = current_setting('a')::int",
		"SELECT * FROM orders WHERE tenant_id IN (5, 6)", "SELECT * FROM orders WHERE tenant_id NOT IN (5)",
		"SELECT * FROM orders o WHERE o.tenant_id = '42'::varchar(1)::int",
		"SELECT * FROM orders WHERE tenant_id = $1::bool::int",
		"SELECT * FROM orders o LEFT JOIN users u ON u.tenant_id = o.tenant_id WHERE u.id = 5",
		"SELECT * FROM orders o LEFT JOIN users u ON u.tenant_id = o.tenant_id AND o.tenant_id = 5",
		"SELECT * FROM orders o FULL JOIN users u USING (tenant_id) WHERE o.tenant_id = 5",
		"SELECT * FROM users u LEFT JOIN orders o ON u.tenant_id = o.tenant_id AND o.tenant_id = 5",
		"SELECT * FROM orders o JOIN users u ON u.tenant_id = o.tenant_id",
		"SELECT * FROM orders o WHERE EXISTS (SELECT 1 FROM order_items i WHERE i.tenant_id = o.tenant_id)",
		"SELECT * FROM orders o JOIN users u ON u.tenant_id = o.tenant_id OR true WHERE o.tenant_id = 5",
		"SELECT (SELECT 1 FROM (SELECT 1) z, (SELECT 1 FROM carts k WHERE k.tenant_id = o.tenant_id) y, "
		"users o WHERE o.tenant_id = 5) FROM orders o",
		"INSERT INTO orders (tenant_id, total) VALUES (5, 1), (6, 2)",
		"INSERT INTO orders (total) VALUES (1)",
		"INSERT INTO orders (tenant_id, total) SELECT u.id, 1 FROM users u WHERE u.tenant_id = 5",
		"INSERT INTO orders (tenant_id, id) VALUES (5, 1) ON CONFLICT (id) DO UPDATE SET total = 1",
		"INSERT INTO orders (tenant_id, id) VALUES (5, 1) ON CONFLICT (id) DO UPDATE SET total = 1 WHERE "
		"orders.tenant_id = excluded.tenant_id OR true",
		"UPDATE orders SET total = 1", "UPDATE orders SET tenant_id = 6 WHERE tenant_id = 5",
		"COPY orders TO STDOUT",
		"SELECT * FROM orders o JOIN (SELECT 5 AS tenant_id) s USING (tenant_id) WHERE tenant_id = 5",
		"SELECT * FROM orders NATURAL JOIN (SELECT 5 AS tenant_id) s WHERE tenant_id = 5");
}

static void value_of_own_text(void **state)
{
	static const char *const expected[][2] = {
		{"SELECT * FROM orders WHERE tenant_id = 5", "5"},
		{"SELECT * FROM orders WHERE tenant_id = $3::int", "$3"},
		{"SELECT * FROM orders WHERE '7' = tenant_id", "'7'"},
		{"SELECT * FROM countries WHERE code = '3'", ""},
		{"INSERT INTO orders (tenant_id, total) VALUES ($2, 1)", "$2"},
		{"SELECT * FROM countries c WHERE c.code = '7' AND EXISTS (SELECT 1 FROM orders WHERE tenant_id = 8)",
		 "8"}};

	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
		struct checker_finding finding;
		char value[32];
		assert_true(run(expected[i][0], 0, &usual, &finding, value, sizeof value));
		assert_string_equal(value, expected[i][1]);
	}
}

static void limits(void **state)
{
	size_t deep = 200000;
	char *text = malloc(deep * 2 + 64), *end = text;
	struct checker_finding finding;

	end += sprintf(end, "SELECT 1");
	for (size_t i = 0; i < deep; i++, end += 2)
		memcpy(end, "+1", 2);
	*end = '\0';
	assert_false(run(text, TENANT, &usual, &finding, NULL, 0));
	assert_string_equal(finding.message, "the statement is nested too deeply");
	/* width is no depth */
	end = text + sprintf(text, "SELECT 1 WHERE 1 IN (0");
	for (size_t i = 0; i < deep - 40; i++, end += 2)
		memcpy(end, ",1", 2);
	strcpy(end, ")");
	assert_true(run(text, TENANT, &usual, &finding, NULL, 0));
	/* more leaves than the small arrays hold */
	end = text + sprintf(text, "SELECT 1 FROM orders o0");
	for (int i = 1; i < 100; i++)
		end += sprintf(end, ", orders o%d", i);
	end += sprintf(end, " WHERE o0.tenant_id = $9");
	for (int i = 1; i < 99; i++)
		end += sprintf(end, " AND o%d.tenant_id = $9", i);
	assert_false(run(text, TENANT, &usual, &finding, NULL, 0));
	sprintf(end, " AND o99.tenant_id = $9");
	assert_true(run(text, TENANT, &usual, &finding, NULL, 0));
	free(text);
}

static void findings_have_places(void **state)
{
	struct checker_finding finding;
	assert_false(run("SELECT 1 FROM countries, orders", TENANT, &usual, &finding, NULL, 0));
	assert_int_equal(finding.location, 25);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where),
		cmocka_unit_test(shadowed_names),
		cmocka_unit_test(joins),
		cmocka_unit_test(ctes),
		cmocka_unit_test(everywhere),
		cmocka_unit_test(prices),
		cmocka_unit_test(fences),
		cmocka_unit_test(inserts),
		cmocka_unit_test(changes),
		cmocka_unit_test(other_statements),
		cmocka_unit_test(temporaries),
		cmocka_unit_test(hidden_relations),
		cmocka_unit_test(relations_of_the_transaction),
		cmocka_unit_test(search_paths),
		cmocka_unit_test(rights_and_policy),
		cmocka_unit_test(obligations_of_the_session),
		cmocka_unit_test(own_text),
		cmocka_unit_test(value_of_own_text),
		cmocka_unit_test(limits),
		cmocka_unit_test(findings_have_places),
	};
	shop = catalog_text_shop(1);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	catalog_unref(shop);
	return failed;
}
