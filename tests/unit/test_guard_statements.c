/* Statements that hold queries, COPY, TRUNCATE, MERGE; several statements in a message; modes; hostile text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/ask.h"
#include "tests/lib/catalog_text.h"

#define PRICED_STATUS "(CASE WHEN pg_catalog.now() IS NULL THEN NULL ELSE (SELECT status) END)"

static const struct ask_pair statements[] = {
	{"EXPLAIN SELECT * FROM orders", "EXPLAIN SELECT orders.id, orders.user_id, orders.total, orders.status, "
									 "orders.placed_at FROM orders WHERE orders.tenant_id = 42"},
	{"EXPLAIN (ANALYZE, VERBOSE) SELECT 1 FROM orders",
	 "EXPLAIN (ANALYZE, VERBOSE) SELECT 1 FROM orders WHERE orders.tenant_id = 42"},
	{"EXPLAIN ANALYZE VERBOSE (SELECT 1 FROM orders)",
	 "EXPLAIN ANALYZE VERBOSE (SELECT 1 FROM orders WHERE orders.tenant_id = 42)"},
	{"DECLARE c CURSOR WITH HOLD FOR SELECT id FROM orders",
	 "DECLARE c CURSOR WITH HOLD FOR SELECT id FROM orders WHERE orders.tenant_id = 42"},
	{"CREATE TEMP TABLE x AS SELECT * FROM orders WITH NO DATA",
	 "CREATE TEMP TABLE x AS SELECT orders.id, orders.user_id, orders.total, orders.status, orders.placed_at "
	 "FROM orders WHERE orders.tenant_id = 42 WITH NO DATA"},
	{"SELECT * INTO TEMP x FROM orders",
	 "SELECT orders.id, orders.user_id, orders.total, orders.status, orders.placed_at INTO TEMP x FROM "
	 "orders WHERE orders.tenant_id = 42"},
	{"COPY orders TO STDOUT", "COPY (SELECT id, user_id, total, status, placed_at FROM ONLY orders WHERE "
							  "orders.tenant_id = 42) TO STDOUT"},
	{"COPY orders (id, total) TO STDOUT (FORMAT csv, HEADER)",
	 "COPY (SELECT id, total FROM ONLY orders WHERE orders.tenant_id = 42) TO STDOUT (FORMAT csv, HEADER)"},
	{"COPY BINARY orders TO STDOUT", "COPY  (SELECT id, user_id, total, status, placed_at FROM ONLY orders "
									 "WHERE orders.tenant_id = 42) TO STDOUT BINARY"},
	{"COPY (SELECT * FROM orders) TO STDOUT",
	 "COPY (SELECT orders.id, orders.user_id, orders.total, orders.status, orders.placed_at FROM orders "
	 "WHERE orders.tenant_id = 42) TO STDOUT"},
	{"COPY orders FROM STDIN", "COPY orders (id, user_id, total, status, placed_at, tenant_id) FROM STDIN"},
	{"COPY orders (id, total) FROM STDIN WITH CSV HEADER DELIMITER ';' NULL 'x'",
	 "COPY orders (id, total, tenant_id) FROM STDIN WITH CSV HEADER DELIMITER ';' NULL 'x'"},
	{"COPY orders (id, tenant_id) FROM STDIN", "COPY orders (id, tenant_id) FROM STDIN"},
	{"COPY users FROM STDIN WHERE id > 3",
	 "COPY users (id, email, name, password_hash, is_admin, created_at, tenant_id) FROM STDIN WHERE id > 3"},
	{"TRUNCATE orders", "DELETE FROM orders WHERE orders.tenant_id = 42 "},
	{"TRUNCATE orders, ONLY users", "WITH truncated_1 AS (DELETE FROM orders WHERE orders.tenant_id = 42 ) "
									"DELETE FROM ONLY users WHERE users.tenant_id = 42 "},
	{"TRUNCATE countries, orders",
	 "WITH truncated_1 AS (DELETE FROM countries ) DELETE FROM orders WHERE orders.tenant_id = 42 "},
	{"MERGE INTO orders o USING users u ON u.id = o.user_id WHEN MATCHED AND CASE WHEN o.id = 1 THEN true "
	 "END THEN UPDATE SET total = 1 WHEN NOT MATCHED THEN INSERT (user_id, total) VALUES (u.id, CASE WHEN "
	 "true THEN 1 END)",
	 "MERGE INTO orders o USING (SELECT id, email, name, password_hash, is_admin, created_at FROM users "
	 "WHERE tenant_id = 42) u ON o.tenant_id = 42 AND (u.id = o.user_id) WHEN MATCHED AND CASE WHEN o.id = 1 "
	 "THEN true END THEN UPDATE SET total = 1 WHEN NOT MATCHED THEN INSERT (user_id, total, tenant_id) "
	 "VALUES (u.id, CASE WHEN true THEN 1 END, 42)"},
	{"MERGE INTO orders o USING (SELECT * FROM users) u ON u.id = o.user_id WHEN MATCHED THEN DELETE WHEN "
	 "NOT MATCHED THEN INSERT DEFAULT VALUES",
	 "MERGE INTO orders o USING (SELECT users.id, users.email, users.name, users.password_hash, "
	 "users.is_admin, users.created_at FROM users WHERE users.tenant_id = 42) u ON o.tenant_id = 42 AND "
	 "(u.id = o.user_id) WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (tenant_id) VALUES (42)"},
	{"MERGE INTO orders USING users u JOIN carts c ON c.user_id = u.id ON u.id = orders.user_id WHEN NOT "
	 "MATCHED THEN INSERT VALUES (1, 2, 3) WHEN MATCHED THEN DO NOTHING",
	 "MERGE INTO orders USING (SELECT id, email, name, password_hash, is_admin, created_at FROM users WHERE "
	 "tenant_id = 42) u JOIN (SELECT id, session_id, user_id FROM carts WHERE tenant_id = 42) c ON c.user_id "
	 "= u.id ON orders.tenant_id = 42 AND (u.id = orders.user_id) WHEN NOT MATCHED THEN INSERT (id, user_id, "
	 "total, tenant_id) VALUES (1, 2, 3, 42) WHEN MATCHED THEN DO NOTHING"},
	{"SELECT * FROM tenants", "SELECT * FROM tenants WHERE tenants.id = 42"},
	{"COPY orders FROM STDIN WITH (FREEZE ON)",
	 "COPY orders (id, user_id, total, status, placed_at, tenant_id) FROM STDIN WITH (freeze false)"},
	{"COPY orders FROM STDIN (FORMAT csv, FREEZE, HEADER match)",
	 "COPY orders (id, user_id, total, status, placed_at, tenant_id) FROM STDIN (FORMAT csv, freeze false, "
	 "HEADER match)"},
	{"COPY orders FROM STDIN WITH CSV FREEZE HEADER",
	 "COPY orders (id, user_id, total, status, placed_at, tenant_id) FROM STDIN WITH CSV  HEADER"},
	{"COPY orders FROM STDIN FREEZE",
	 "COPY orders (id, user_id, total, status, placed_at, tenant_id) FROM STDIN "},
	{"TRUNCATE countries, orders, ONLY currencies",
	 "WITH truncated_1 AS (DELETE FROM countries ), truncated_2 AS (DELETE FROM orders WHERE "
	 "orders.tenant_id = 42 ) DELETE FROM ONLY currencies "},
	{"TRUNCATE orders, countries",
	 "WITH truncated_1 AS (DELETE FROM orders WHERE orders.tenant_id = 42 ) DELETE FROM countries "},
	{"SELECT id FROM orders WHERE status ~ ANY (ARRAY['a'])",
	 "SELECT id FROM orders WHERE orders.tenant_id = 42 AND CASE WHEN orders.tenant_id = ANY (ARRAY[42]) "
	 "THEN 1 END IS NOT NULL AND (status ~ ANY (ARRAY['a']))"},
	{"SELECT id FROM orders WHERE status = ANY ('{a}') AND status LIKE ANY (ARRAY['a', status])",
	 "SELECT id FROM orders WHERE orders.tenant_id = 42 AND CASE WHEN orders.tenant_id = ANY (ARRAY[42]) "
	 "THEN 1 END IS NOT NULL AND (status = ANY ('{a}') AND " PRICED_STATUS
	 " LIKE ANY (ARRAY['a', " PRICED_STATUS "]))"},
	{"MERGE INTO public.orders AS o USING (SELECT 1 AS id) s ON s.id = o.id AND CASE WHEN true THEN true END "
	 "WHEN NOT MATCHED AND s.id > 1 THEN INSERT (id, total, tenant_id) VALUES (s.id, 2, 42) WHEN MATCHED AND "
	 "o.status IS NOT NULL THEN UPDATE SET status = CASE WHEN o.id = 1 THEN 'when' END, total = DEFAULT WHEN "
	 "MATCHED THEN DELETE",
	 "MERGE INTO public.orders AS o USING (SELECT 1 AS id) s ON o.tenant_id = 42 AND (s.id = o.id AND CASE "
	 "WHEN true THEN true END) WHEN NOT MATCHED AND s.id > 1 THEN INSERT (id, total, tenant_id) VALUES "
	 "(s.id, 2, 42) WHEN MATCHED AND o.status IS NOT NULL THEN UPDATE SET status = CASE WHEN o.id = 1 THEN "
	 "'when' END, total = DEFAULT WHEN MATCHED THEN DELETE"},
	{"MERGE INTO ONLY orders o USING users ON users.id = o.user_id WHEN NOT MATCHED THEN INSERT (user_id, "
	 "total) OVERRIDING USER VALUE VALUES (users.id, (SELECT count(*) FROM carts))",
	 "MERGE INTO ONLY orders o USING (SELECT id, email, name, password_hash, is_admin, created_at FROM users "
	 "WHERE tenant_id = 42) AS users ON o.tenant_id = 42 AND (users.id = o.user_id) WHEN NOT MATCHED THEN "
	 "INSERT (user_id, total, tenant_id) OVERRIDING USER VALUE VALUES (users.id, (SELECT count(*) FROM carts "
	 "WHERE carts.tenant_id = 42), 42)"},
	{"MERGE INTO orders o USING LATERAL (SELECT 1) x(id) ON x.id = o.id WHEN MATCHED THEN DO NOTHING",
	 "MERGE INTO orders o USING LATERAL (SELECT 1) x(id) ON o.tenant_id = 42 AND (x.id = o.id) WHEN MATCHED "
	 "THEN DO NOTHING"},
	{"MERGE INTO favorites f USING (VALUES (1,2),(3,4)) AS v(a,b) ON f.user_id = v.a WHEN NOT MATCHED THEN "
	 "INSERT VALUES (v.a, v.b)",
	 "MERGE INTO favorites f USING (VALUES (1,2),(3,4)) AS v(a,b) ON f.tenant_id = 42 AND (f.user_id = v.a) "
	 "WHEN NOT MATCHED THEN INSERT (user_id, painting_id, tenant_id) VALUES (v.a, v.b, 42)"},
	{"MERGE INTO orders o USING order_totals t ON t.user_id = o.user_id WHEN MATCHED THEN DELETE",
	 "MERGE INTO orders o USING (SELECT user_id, status FROM public.orders  WHERE public.orders.tenant_id = "
	 "42) t ON o.tenant_id = 42 AND (t.user_id = o.user_id) WHEN MATCHED THEN DELETE"},
	{"MERGE INTO orders o USING users u ON row_to_json(o) IS NOT NULL WHEN MATCHED AND o IS NOT NULL THEN "
	 "DELETE",
	 "MERGE INTO orders o USING (SELECT id, email, name, password_hash, is_admin, created_at FROM users "
	 "WHERE tenant_id = 42 AND CASE WHEN tenant_id = ANY (ARRAY[42]) THEN 1 END IS NOT NULL) u ON "
	 "o.tenant_id = 42 AND CASE WHEN o.tenant_id = ANY (ARRAY[42]) THEN 1 END IS NOT NULL AND "
	 "(row_to_json((SELECT o FROM (SELECT o.id, o.user_id, o.total, o.status, o.placed_at) AS o)) IS NOT "
	 "NULL) WHEN MATCHED AND (SELECT o FROM (SELECT o.id, o.user_id, o.total, o.status, o.placed_at) AS o) "
	 "IS NOT NULL THEN DELETE"},
	{"EXPLAIN (ANALYZE) UPDATE orders SET total = 1",
	 "EXPLAIN (ANALYZE) UPDATE orders SET total = 1 WHERE orders.tenant_id = 42"},
	{"EXPLAIN ANALYZE INSERT INTO orders (total) VALUES (1)",
	 "EXPLAIN ANALYZE INSERT INTO orders (total, tenant_id) VALUES (1, 42)"},
	{"COPY (UPDATE orders SET total = 1 RETURNING *) TO STDOUT",
	 "COPY (UPDATE orders SET total = 1 WHERE orders.tenant_id = 42 RETURNING orders.id, orders.user_id, "
	 "orders.total, orders.status, orders.placed_at) TO STDOUT"},
	{"COPY public.orders (id) TO STDOUT CSV HEADER",
	 "COPY (SELECT id FROM ONLY public.orders WHERE public.orders.tenant_id = 42) TO STDOUT CSV HEADER"},
	{"COPY \"Odd Name\" FROM STDIN",
	 "COPY \"Odd Name\" (\"Id\", \"select\", \"a\"\"b\", tenant_id) FROM STDIN"},
	{"DECLARE \"for\" CURSOR FOR SELECT * FROM orders FOR UPDATE",
	 "DECLARE \"for\" CURSOR FOR SELECT orders.id, orders.user_id, orders.total, orders.status, "
	 "orders.placed_at FROM orders WHERE orders.tenant_id = 42 FOR UPDATE"},
	{"CREATE TEMPORARY TABLE IF NOT EXISTS t (a, b) ON COMMIT DROP AS (SELECT id, total FROM orders) WITH "
	 "DATA",
	 "CREATE TEMPORARY TABLE IF NOT EXISTS t (a, b) ON COMMIT DROP AS (SELECT id, total FROM orders WHERE "
	 "orders.tenant_id = 42) WITH DATA"},
	{"CREATE TEMP TABLE t AS TABLE orders", "CREATE TEMP TABLE t AS SELECT id, user_id, total, status, "
											"placed_at FROM orders WHERE orders.tenant_id = 42"},
	{"CREATE TEMP TABLE t AS VALUES (1, (SELECT count(*) FROM orders))",
	 "CREATE TEMP TABLE t AS VALUES (1, (SELECT count(*) FROM orders WHERE orders.tenant_id = 42))"},
};

static void test_statements(void **state)
{
	struct ask ask;
	ask_init(&ask);
	ask.policy.allow_data_catalogs = true; /* EXPLAIN with its numbers */
	bool all = true;
	for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
		all &= ask_becomes(&ask, statements[i].text, statements[i].becomes);
	ask_free(&ask);
	assert_true(all);
}

static void test_prepare(void **state)
{
	static const char *const PREPARED[] = {"p"};
	static const char TEXT[] =
		"PREPARE q AS SELECT id FROM orders WHERE id = $1; EXECUTE q(1); DEALLOCATE q; EXECUTE q(1)";
	struct ask ask;
	ask_init(&ask);
	struct verdict *verdict = ask_verdict(&ask, TEXT);
	char *text = ask_text(verdict, TEXT, "42");
	assert_string_equal(text,
						"PREPARE q ( pg_catalog.unknown, pg_catalog.int4) AS SELECT id FROM orders WHERE "
						"orders.tenant_id = $2 AND (id = $1); EXECUTE q(1, 42); DEALLOCATE q; EXECUTE q(1)");
	assert_true(ask_effect(verdict, 0, EFFECT_PREPARE, "q", NULL, true));
	free(text);
	verdict_unref(verdict);
	ask.names.prepared = PREPARED;
	ask.names.n_prepared = 1;
	assert_true(ask_becomes(&ask, "EXECUTE p", "EXECUTE p(42)"));
	assert_true(ask_becomes(&ask, "EXPLAIN (COSTS off) EXECUTE p(1, 'a')",
							"EXPLAIN (COSTS off) EXECUTE p(1, 'a', 42)"));
	assert_true(ask_becomes(&ask, "CREATE TEMP TABLE t AS EXECUTE p(1) WITH NO DATA",
							"CREATE TEMP TABLE t AS EXECUTE p(1, 42) WITH NO DATA"));
	ask_free(&ask);
}

/* What the tenant column gets where the application gives it a parameter. */
#define ASKED(value, tenant)                                                                     \
	"CASE WHEN (" value ")::pg_catalog.int4 OPERATOR(pg_catalog.=) " tenant " THEN " tenant      \
	" WHEN pg_catalog.current_setting('tenantry: another tenant')::pg_catalog.bool THEN " tenant \
	" ELSE " tenant " END"

/* The server compares EXECUTE's argument with the tenant; a constant is compared here, too. */
static void test_prepared_checks(void **state)
{
	static const char PREPARE[] = "PREPARE r AS INSERT INTO orders (total, tenant_id) VALUES ($1, $2)";
	static const char *const PREPARED[] = {"r"}, *const CHECKED[] = {"q\0012 users", "r\0012 orders"};
	static const struct ask_pair PAIRS[] = {
		{"EXECUTE r (1, 42)", "EXECUTE r (1, 42, 42)"},
		{"EXECUTE r (f(1, 2), '42'::int8)", "EXECUTE r (f(1, 2), '42'::int8, 42)"},
		{"EXPLAIN (COSTS 0) EXECUTE r (1, (SELECT 42))", "EXPLAIN (COSTS 0) EXECUTE r (1, (SELECT 42), 42)"},
		{"EXECUTE r (1, 40 + 2)", "EXECUTE r (1, 40 + 2, 42)"},
		{"EXECUTE r (1)", "EXECUTE r (1, 42)"}, /* the server says what is wrong */
		{"EXECUTE r", "EXECUTE r(42)"},
		{"EXECUTE rr (1, 2)", "EXECUTE rr (1, 2)"},
		{"PREPARE r (numeric, int8) AS INSERT INTO orders (total, tenant_id) VALUES ($1, $2) ON CONFLICT DO "
		 "NOTHING",
		 "PREPARE r (numeric, int8, pg_catalog.int4) AS INSERT INTO orders (total, tenant_id) VALUES "
		 "($1, " ASKED("$2", "$3") ") ON CONFLICT DO NOTHING"},
		{"PREPARE r AS INSERT INTO orders (total, tenant_id) VALUES ($1, $1)",
		 "PREPARE r ( pg_catalog.unknown, pg_catalog.int4) AS INSERT INTO orders (total, tenant_id) VALUES "
		 "($1, " ASKED("$1", "$2") ")"},
		{"PREPARE r (shop.int4) AS INSERT INTO orders (total, tenant_id) VALUES (1, $1::real::int)",
		 "PREPARE r (shop.int4, pg_catalog.int4) AS INSERT INTO orders (total, tenant_id) VALUES "
		 "(1, " ASKED("$1::real::int", "$2") ")"},
		{"DEALLOCATE r; EXECUTE r (1, 2)", "DEALLOCATE r; EXECUTE r (1, 2)"},
	};
	struct ask ask;
	ask_init(&ask);
	struct verdict *verdict = ask_verdict(&ask, PREPARE);
	assert_true(ask_effect(verdict, 0, EFFECT_PREPARE, "r", "2 orders", true));
	assert_int_equal(verdict->statements[0].n_checks, 0);
	verdict_unref(verdict);
	ask.names.prepared = PREPARED;
	ask.names.n_prepared = 1;
	ask.names.checked = CHECKED;
	ask.names.n_checked = 2;
	for (size_t i = 0; i < sizeof PAIRS / sizeof *PAIRS; i++)
		assert_true(ask_becomes(&ask, PAIRS[i].text, PAIRS[i].becomes));
	assert_true(ask_refused(&ask, "EXECUTE r (1, NULL)", "42501", "cannot be set to null"));
	verdict = ask_verdict(&ask, "EXECUTE r (1, '41'::int8)");
	assert_int_equal(verdict->statements[0].n_checks, 1);
	assert_string_equal(verdict->statements[0].checks[0].constant, "41");
	assert_string_equal(verdict->statements[0].checks[0].relation, "orders");
	verdict_unref(verdict);
	/* what the server makes of it only the server knows */
	verdict = ask_verdict(&ask, "EXECUTE r (1, 41.6::real)");
	assert_int_equal(verdict->statements[0].n_checks, 0);
	verdict_unref(verdict);
	/* within one message */
	ask.names.n_prepared = ask.names.n_checked = 0;
	verdict = ask_verdict(&ask, "PREPARE r AS UPDATE orders SET tenant_id = $1; EXECUTE r (7)");
	char *text = ask_text(verdict, "PREPARE r AS UPDATE orders SET tenant_id = $1; EXECUTE r (7)", "42");
	assert_string_equal(
		text, "PREPARE r ( pg_catalog.unknown, pg_catalog.int4) AS UPDATE orders SET tenant_id = " ASKED(
				  "$1", "$2") " WHERE orders.tenant_id = $2; EXECUTE r (7, 42)");
	assert_string_equal(verdict->statements[1].checks[0].constant, "7");
	free(text);
	verdict_unref(verdict);
	assert_true(ask_refused(&ask,
							"PREPARE \"r\001\" AS INSERT INTO orders (total, tenant_id) VALUES ($1, $2)",
							"0A000", "parameter of PREPARE"));
	ask_free(&ask);
}

static void test_copy_plan(void **state)
{
	struct ask ask;
	ask_init(&ask);
	struct verdict *verdict = ask_verdict(
		&ask,
		"COPY orders (id, total) FROM STDIN WITH (FORMAT csv, HEADER, DELIMITER ';', QUOTE '|', NULL 'x')");
	const struct copy_plan *plan = verdict->statements[0].copy;
	assert_non_null(plan);
	assert_int_equal(plan->format, COPY_CSV);
	assert_int_equal(plan->client_columns, 2);
	assert_true(plan->append);
	assert_int_equal(plan->check_column, -1);
	assert_int_equal(plan->delimiter, ';');
	assert_int_equal(plan->quote, '|');
	assert_int_equal(plan->escape, '|');
	assert_string_equal(plan->null_string, "x");
	assert_true(plan->header);
	assert_string_equal(plan->tenant_column, "tenant_id");
	verdict_unref(verdict);
	verdict = ask_verdict(&ask, "COPY orders (tenant_id, id) FROM STDIN BINARY");
	plan = verdict->statements[0].copy;
	assert_non_null(plan);
	assert_int_equal(plan->format, COPY_BINARY);
	assert_int_equal(plan->check_column, 0);
	assert_false(plan->append);
	verdict_unref(verdict);
	assert_true(ask_refused(&ask, "COPY orders FROM '/etc/passwd'", "42501", "file of the server"));
	assert_true(ask_refused(&ask, "COPY orders TO PROGRAM 'cat'", "42501", "program"));
	assert_true(ask_refused(&ask, "COPY orders FROM STDIN (ENCODING 'sjis')", "0A000", "encoding"));
	assert_true(ask_refused(&ask, "COPY events TO STDOUT", "42809", "partitioned table"));
	ask_free(&ask);
}

static void test_truncate(void **state)
{
	struct ask ask;
	ask_init(&ask);
	struct verdict *verdict = ask_verdict(&ask, "TRUNCATE orders");
	assert_string_equal(verdict->statements[0].raised_tag, "TRUNCATE TABLE");
	verdict_unref(verdict);
	assert_true(ask_refused(&ask, "TRUNCATE orders CASCADE", "0A000", "CASCADE"));
	assert_true(ask_becomes(
		&ask, "TRUNCATE countries, orders",
		"WITH truncated_1 AS (DELETE FROM countries ) DELETE FROM orders WHERE orders.tenant_id = 42 "));
	ask.policy.truncate_as_delete = false;
	assert_true(ask_refused(&ask, "TRUNCATE orders", "0A000", "truncate_as_delete"));
	ask_free(&ask);
}

/* What an earlier statement of a message does to names holds for the later ones; what nobody can know is
 * refused. */
static void test_several(void **state)
{
	static const struct ask_pair PAIRS[] = {
		{"SET search_path = shop; SELECT id FROM invoices",
		 "SET search_path = shop; SELECT id FROM invoices WHERE invoices.tenant_id = 42"},
		{"CREATE TEMP TABLE mine (a int); SELECT * FROM mine; ;",
		 "CREATE TEMP TABLE mine (a int); SELECT * FROM mine; ;"},
		{"BEGIN; SELECT 1; COMMIT; SELECT id FROM orders",
		 "BEGIN; SELECT 1; COMMIT; SELECT id FROM orders WHERE orders.tenant_id = 42"},
		{"ROLLBACK; SELECT id FROM public.orders",
		 "ROLLBACK; SELECT id FROM public.orders WHERE public.orders.tenant_id = 42"},
	};
	struct ask ask;
	ask_init(&ask);
	assert_true(ask_become(PAIRS, sizeof PAIRS / sizeof *PAIRS));
	assert_true(
		ask_refused(&ask, "SET search_path = shop; SELECT id FROM orders", "42P01", "does not exist"));
	assert_true(ask_refused(&ask, "SET search_path = shop; ROLLBACK; SELECT * FROM orders", "0A000",
							"cannot tell which relation"));
	/* The transaction may have been open, with or without changes of names, whatever BEGIN says. */
	assert_true(ask_is(&ask, "BEGIN; COMMIT; SELECT * FROM orders", VERDICT_GUARD));
	static const char *const REVERTED[] = {
		"ROLLBACK; SELECT * FROM orders",        "COMMIT; SELECT * FROM orders",
		"BEGIN; COMMIT; SELECT * FROM orders",   "BEGIN; ROLLBACK; SELECT * FROM orders",
		"ROLLBACK TO a; SELECT * FROM orders",   "BEGIN; ROLLBACK TO a; SELECT * FROM orders",
		"COMMIT AND CHAIN; SELECT * FROM orders"};
	ask.names.reverts = true;
	for (size_t i = 0; i < sizeof REVERTED / sizeof *REVERTED; i++)
		assert_true(ask_refused(&ask, REVERTED[i], "0A000", "cannot tell which relation"));
	ask.names.reverts = false;
	/* What stands before BEGIN is part of the transaction. */
	static const char *const TAKEN_BACK[] = {
		"SET search_path = shop; BEGIN; ROLLBACK; SELECT * FROM orders",
		"SET LOCAL search_path = shop; BEGIN; COMMIT; SELECT * FROM orders",
		"CREATE TEMP TABLE t (a int) ON COMMIT DROP; BEGIN; COMMIT; SELECT * FROM t",
		"BEGIN; DISCARD TEMP; ROLLBACK; SELECT * FROM orders"};
	for (size_t i = 0; i < sizeof TAKEN_BACK / sizeof *TAKEN_BACK; i++)
		assert_true(ask_refused(&ask, TAKEN_BACK[i], "0A000", "cannot tell which relation"));
	assert_true(
		ask_is(&ask, "BEGIN; SET search_path = shop; COMMIT; SELECT id FROM invoices", VERDICT_GUARD));
	assert_true(ask_is(&ask, "BEGIN; CREATE TEMP TABLE t (a int); COMMIT; SELECT * FROM t", VERDICT_PASS));
	ask_free(&ask);
}

/* By which names each statement of a message was judged: the session compares. */
static void test_names_of_several(void **state)
{
	static const char *const TEMPORARIES[] = {"mine"};
	const struct session_names before = {.search_path = "\"$user\", public"}, path = {.search_path = "shop"},
							   both = {.search_path = "shop", .n_temporaries = 1, .temporaries = TEMPORARIES};
	struct ask ask;
	ask_init(&ask);
	struct verdict *verdict = ask_verdict(&ask, "SELECT 1; SET search_path = shop; CREATE TEMP TABLE mine (a "
												"int); SELECT 1; RESET search_path; SELECT 1");
	const struct statement *statements = verdict->statements;
	assert_true(statements[0].names == 0 && statements[1].names == session_names_hash(&before));
	assert_true(statements[2].names == session_names_hash(&path) &&
				statements[3].names == session_names_hash(&both));
	assert_true(session_names_hash(&path) != session_names_hash(&both) &&
				session_names_hash(&path) != session_names_hash(&before));
	assert_true(statements[5].names == 0); /* nobody here knows what RESET means */
	verdict_unref(verdict);
	ask_free(&ask);
}

static void test_modes(void **state)
{
	struct ask ask;
	ask_init(&ask);
	ask.policy.mode = MODE_OBSERVE;
	assert_true(ask_becomes(&ask, "SELECT * FROM orders", "SELECT * FROM orders"));
	struct verdict *verdict =
		ask_verdict(&ask, "SELECT * FROM orders; SELECT * FROM orders WHERE tenant_id = 3");
	assert_int_equal(verdict->kind, VERDICT_PASS);
	assert_true(verdict->statements[0].touches_tenant && !verdict->statements[0].self_safe);
	assert_true(verdict->statements[1].touches_tenant && verdict->statements[1].self_safe);
	assert_false(verdict->uses_tenant);
	verdict_unref(verdict);
	verdict = ask_verdict(&ask, "PREPARE p AS SELECT * FROM orders");
	assert_true(ask_effect(verdict, 0, EFFECT_PREPARE, "p", NULL, false));
	verdict_unref(verdict);
	ask.policy.mode = MODE_AUDIT;
	assert_true(ask_refused(&ask, "PREPARE p AS SELECT id FROM orders WHERE tenant_id = $1", "0A000",
							"parameter of PREPARE"));
	assert_true(ask_refused(&ask, "SELECT * FROM orders", "42501", "not confined to one tenant by itself"));
	verdict = ask_verdict(&ask, "SELECT * FROM orders WHERE tenant_id = 3");
	assert_int_equal(verdict->kind, VERDICT_PASS);
	assert_int_equal(verdict->statements[0].n_checks, 1);
	assert_string_equal(verdict->statements[0].checks[0].constant, "3");
	verdict_unref(verdict);
	assert_true(ask_becomes(&ask, "SELECT 1", "SELECT 1"));
	ask.policy.mode = MODE_ENFORCE;
	ask.right = RIGHT_BYPASS;
	assert_true(
		ask_becomes(&ask, "SELECT * FROM orders, sales_by_status", "SELECT * FROM orders, sales_by_status"));
	ask_free(&ask);
}

static char *repeated(const char *head, const char *unit, size_t n, const char *tail)
{
	char *text = malloc(strlen(head) + n * strlen(unit) + strlen(tail) + 1), *end = stpcpy(text, head);
	while (n-- > 0)
		end = stpcpy(end, unit);
	strcpy(end, tail);
	return text;
}

/* NULL: it is guarded. */
static void expect(const struct ask *ask, char *text, const char *sqlstate)
{
	struct verdict *verdict = ask_verdict(ask, text);
	if (sqlstate) {
		assert_int_equal(verdict->kind, VERDICT_REFUSE);
		assert_string_equal(verdict->statements[0].refusal->sqlstate, sqlstate);
	} else {
		assert_int_equal(verdict->kind, VERDICT_GUARD);
	}
	verdict_unref(verdict);
	free(text);
}

static void test_hostile(void **state)
{
	static const char FROM[] =
		"1 FROM orders o, users u, carts c, favorites f, settings s, events e, tenants t, countries k, "
		"paintings p, notifications n";
	struct ask ask;
	ask_init(&ask);
	expect(&ask, repeated("SELECT 1", "+1", 1000000, " FROM orders"), "54001");
	expect(&ask, repeated("SELECT ", "(", 100000, "1"), "54001");
	expect(&ask, repeated("SELECT ", "NOT ", 100000, "true"), "54001");
	expect(&ask, repeated("", "SELECT (", 100000, "1"), "54001");
	expect(&ask, repeated("SELECT id FROM orders", " UNION SELECT id FROM orders", 5000, ""), "54001");
	expect(&ask, repeated("SELECT ", "x,", 10000, FROM), NULL);
	expect(&ask, repeated("SELECT ", "x,", 2000000, FROM), "54000");
	expect(&ask, repeated("SELECT id FROM orders WHERE id IN (1", ",1234567", 100000, ")"), NULL);
	expect(&ask, repeated("INSERT INTO orders (total) VALUES (0)", ",(12345)", 50000, ""), NULL);
	ask.policy.max_rows = 100000;
	expect(&ask, repeated("INSERT INTO orders (total) VALUES (0)", ",(12345)", 150000, ""), "54000");
	/* runs of operator characters, over which PostgreSQL's lexer takes more than linear time */
	expect(&ask, repeated("SELECT 1", "/*", 100000, " FROM orders"), "54001");
	expect(&ask, repeated("SELECT 1 ", "+", 100000, "1 FROM orders"), "54001");
	expect(&ask, repeated("SELECT id FROM orders /*", "=*", 10000, "*/"), NULL);
	/* positions of many values are counted once */
	expect(&ask, repeated("INSERT INTO orders (total, tenant_id) VALUES (0, 1)", ",(1,42)", 50000, ""), NULL);
	ask.policy.max_statement_bytes = 1000;
	expect(&ask, repeated("SELECT 1", " ", 1000, ""), "54000");
	ask_free(&ask);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statements),       cmocka_unit_test(test_prepare),
		cmocka_unit_test(test_prepared_checks),  cmocka_unit_test(test_copy_plan),
		cmocka_unit_test(test_truncate),         cmocka_unit_test(test_several),
		cmocka_unit_test(test_names_of_several), cmocka_unit_test(test_modes),
		cmocka_unit_test(test_hostile),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
