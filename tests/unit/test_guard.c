/* What queries and data changes become: where the predicate goes, stars, whole rows, INSERT, UPDATE, DELETE.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parser/splice.h"
#include "tests/lib/ask.h"
#include "tests/lib/catalog_text.h"

static const struct ask_pair reading[] = {
	{"SELECT * FROM orders", "SELECT orders.id, orders.user_id, orders.total, orders.status, "
							 "orders.placed_at FROM orders WHERE orders.tenant_id = 42"},
	{"SELECT o.* FROM orders o WHERE id = 1 OR id = 2",
	 "SELECT o.id, o.user_id, o.total, o.status, o.placed_at FROM orders o WHERE o.tenant_id = 42 AND (id = "
	 "1 OR id = 2)"},
	{"SELECT count(*) FROM orders o JOIN users u ON u.id = o.user_id WHERE o.id=1 GROUP BY u.id",
	 "SELECT count(*) FROM orders o JOIN users u ON u.id = o.user_id WHERE o.tenant_id = 42 AND u.tenant_id "
	 "= 42 AND (o.id=1) GROUP BY u.id"},
	{"SELECT * FROM orders o LEFT JOIN users u ON u.id = o.user_id",
	 "SELECT o.id, o.user_id, o.total, o.status, o.placed_at, u.id, u.email, u.name, u.password_hash, "
	 "u.is_admin, u.created_at FROM orders o LEFT JOIN users u ON u.tenant_id = 42 AND (u.id = o.user_id) "
	 "WHERE o.tenant_id = 42"},
	{"SELECT * FROM orders o FULL JOIN users u ON u.id = o.user_id",
	 "SELECT * FROM (SELECT id, user_id, total, status, placed_at FROM orders WHERE tenant_id = 42) o FULL "
	 "JOIN (SELECT id, email, name, password_hash, is_admin, created_at FROM users WHERE tenant_id = 42) u "
	 "ON u.id = o.user_id"},
	{"SELECT * FROM orders o JOIN users u USING (id)",
	 "SELECT * FROM (SELECT id, user_id, total, status, placed_at FROM orders WHERE tenant_id = 42) o JOIN "
	 "(SELECT id, email, name, password_hash, is_admin, created_at FROM users WHERE tenant_id = 42) u USING "
	 "(id)"},
	{"SELECT id FROM orders o NATURAL JOIN users u",
	 "SELECT id FROM orders o NATURAL JOIN users u WHERE o.tenant_id = 42 AND u.tenant_id = 42"},
	{"SELECT * FROM (orders o JOIN users u ON o.user_id = u.id) AS j",
	 "SELECT * FROM ((SELECT id, user_id, total, status, placed_at FROM orders WHERE tenant_id = 42) o JOIN "
	 "(SELECT id, email, name, password_hash, is_admin, created_at FROM users WHERE tenant_id = 42) u ON "
	 "o.user_id = u.id) AS j"},
	{"SELECT * FROM orders o, LATERAL (SELECT * FROM order_items i WHERE i.order_id = o.id LIMIT 3) x",
	 "SELECT o.id, o.user_id, o.total, o.status, o.placed_at, x.* FROM orders o, LATERAL (SELECT i.id, "
	 "i.order_id, i.painting_id, i.quantity, i.price FROM order_items i WHERE i.tenant_id = 42 AND "
	 "(i.order_id = o.id) LIMIT 3) x WHERE o.tenant_id = 42"},
	{"WITH orders AS (SELECT * FROM orders) SELECT * FROM orders",
	 "WITH orders AS (SELECT orders.id, orders.user_id, orders.total, orders.status, orders.placed_at FROM "
	 "orders WHERE orders.tenant_id = 42) SELECT * FROM orders"},
	{"WITH RECURSIVE t AS (SELECT id FROM orders UNION ALL SELECT id+1 FROM t WHERE id < 10) SELECT * FROM t",
	 "WITH RECURSIVE t AS (SELECT id FROM orders WHERE orders.tenant_id = 42 AND CASE WHEN orders.tenant_id "
	 "= ANY (ARRAY[42]) THEN 1 END IS NOT NULL UNION ALL SELECT id+1 FROM t WHERE id < 10) SELECT * FROM t"},
	{"SELECT id FROM orders UNION SELECT id FROM users INTERSECT SELECT id FROM carts ORDER BY 1 LIMIT 3",
	 "SELECT id FROM orders WHERE orders.tenant_id = 42 UNION SELECT id FROM users WHERE users.tenant_id = "
	 "42 INTERSECT SELECT id FROM carts WHERE carts.tenant_id = 42 ORDER BY 1 LIMIT 3"},
	{"(SELECT id FROM orders ORDER BY id LIMIT 1) UNION ALL (SELECT id FROM users) ORDER BY 1",
	 "(SELECT id FROM orders WHERE orders.tenant_id = 42 ORDER BY id LIMIT 1) UNION ALL (SELECT id FROM "
	 "users WHERE users.tenant_id = 42) ORDER BY 1"},
	{"SELECT row_to_json(o) FROM orders o", "SELECT row_to_json(o) FROM (SELECT id, user_id, total, status, "
											"placed_at FROM orders WHERE tenant_id = 42) o"},
	{"SELECT o FROM orders o",
	 "SELECT o FROM (SELECT id, user_id, total, status, placed_at FROM orders WHERE tenant_id = 42) o"},
	{"SELECT (SELECT row_to_json(o)) FROM orders o",
	 "SELECT (SELECT row_to_json(o)) FROM (SELECT id, user_id, total, status, placed_at FROM orders WHERE "
	 "tenant_id = 42) o"},
	{"TABLE orders", "SELECT id, user_id, total, status, placed_at FROM orders WHERE orders.tenant_id = 42"},
	{"SELECT * FROM orders TABLESAMPLE bernoulli(10)",
	 "SELECT orders.id, orders.user_id, orders.total, orders.status, orders.placed_at FROM orders "
	 "TABLESAMPLE bernoulli(10) WHERE orders.tenant_id = 42"},
	{"SELECT * FROM orders o FULL JOIN users u TABLESAMPLE system(10) ON true",
	 "SELECT * FROM (SELECT id, user_id, total, status, placed_at FROM orders WHERE tenant_id = 42) o FULL "
	 "JOIN (SELECT id, email, name, password_hash, is_admin, created_at FROM users u TABLESAMPLE system(10) "
	 "WHERE tenant_id = 42) AS u ON true"},
	{"SELECT*FROM orders WHERE(id=1)",
	 "SELECT orders.id, orders.user_id, orders.total, orders.status, orders.placed_at FROM orders WHERE "
	 "orders.tenant_id = 42 AND ((id=1))"},
	{"SELECT * FROM public.orders FOR UPDATE",
	 "SELECT public.orders.id, public.orders.user_id, public.orders.total, public.orders.status, "
	 "public.orders.placed_at FROM public.orders WHERE public.orders.tenant_id = 42 FOR UPDATE"},
	{"SELECT * FROM \"Odd Name\" WHERE \"select\" = 'x' -- c",
	 "SELECT \"Odd Name\".\"Id\", \"Odd Name\".\"select\", \"Odd Name\".\"a\"\"b\" FROM \"Odd Name\" WHERE "
	 "\"Odd Name\".tenant_id = 42 AND (\"select\" = 'x') -- c"},
	{"SELECT * FROM ONLY orders", "SELECT orders.id, orders.user_id, orders.total, orders.status, "
								  "orders.placed_at FROM ONLY orders WHERE orders.tenant_id = 42"},
	{"SELECT * FROM users AS u(a,b)", "SELECT u.a, u.b, u.name, u.password_hash, u.is_admin, u.created_at "
									  "FROM users AS u(a,b) WHERE u.tenant_id = 42"},
	{"SELECT * FROM users AS u(a,b,c,d,e,f)",
	 "SELECT u.a, u.b, u.c, u.d, u.e, u.f FROM users AS u(a,b,c,d,e,f) WHERE u.tenant_id = 42"},
	{"SELECT exists(SELECT 1 FROM users), ARRAY(SELECT id FROM users), (SELECT 1 FROM users LIMIT 1), 1 IN "
	 "(SELECT id FROM users), 1 NOT IN (SELECT id FROM users), 1 = ANY (SELECT id FROM users), 1 "
	 "OPERATOR(pg_catalog.=) ALL (SELECT id FROM users), ROW(1,2) = (SELECT id, id FROM users)",
	 "SELECT exists(SELECT 1 FROM users WHERE users.tenant_id = 42), ARRAY(SELECT id FROM users WHERE "
	 "users.tenant_id = 42), (SELECT 1 FROM users WHERE users.tenant_id = 42 LIMIT 1), 1 IN (SELECT id FROM "
	 "users WHERE users.tenant_id = 42), 1 NOT IN (SELECT id FROM users WHERE users.tenant_id = 42), 1 = ANY "
	 "(SELECT id FROM users WHERE users.tenant_id = 42), 1 OPERATOR(pg_catalog.=) ALL (SELECT id FROM users "
	 "WHERE users.tenant_id = 42), ROW(1,2) = (SELECT id, id FROM users WHERE users.tenant_id = 42)"},
	{"SELECT * FROM order_totals v JOIN users u ON v.user_id = u.id",
	 "SELECT v.*, u.id, u.email, u.name, u.password_hash, u.is_admin, u.created_at FROM (SELECT user_id, "
	 "status FROM public.orders  WHERE public.orders.tenant_id = 42) v JOIN users u ON v.user_id = u.id "
	 "WHERE u.tenant_id = 42"},
	{"SELECT o.* , u.* FROM orders AS o , users AS u",
	 "SELECT o.id, o.user_id, o.total, o.status, o.placed_at , u.id, u.email, u.name, u.password_hash, "
	 "u.is_admin, u.created_at FROM orders AS o , users AS u WHERE o.tenant_id = 42 AND u.tenant_id = 42"},
	{"SELECT orders.id, public.orders.total FROM public.orders, shop.invoices WHERE shop.invoices.id = "
	 "public.orders.id",
	 "SELECT orders.id, public.orders.total FROM public.orders, shop.invoices WHERE public.orders.tenant_id "
	 "= 42 AND shop.invoices.tenant_id = 42 AND (shop.invoices.id = public.orders.id)"},
	{"SELECT * FROM shop.public.orders",
	 "SELECT shop.public.orders.id, shop.public.orders.user_id, shop.public.orders.total, "
	 "shop.public.orders.status, shop.public.orders.placed_at FROM shop.public.orders WHERE "
	 "shop.public.orders.tenant_id = 42"},
	{"SELECT users.* FROM users, (SELECT 1 AS a) users2",
	 "SELECT users.id, users.email, users.name, users.password_hash, users.is_admin, users.created_at FROM "
	 "users, (SELECT 1 AS a) users2 WHERE users.tenant_id = 42"},
	{"SELECT a.* FROM orders a JOIN orders b ON a.id = b.id JOIN orders c ON b.id = c.id",
	 "SELECT a.id, a.user_id, a.total, a.status, a.placed_at FROM orders a JOIN orders b ON a.id = b.id JOIN "
	 "orders c ON b.id = c.id WHERE a.tenant_id = 42 AND b.tenant_id = 42 AND c.tenant_id = 42"},
	{"SELECT users FROM orders AS users", "SELECT users FROM (SELECT id, user_id, total, status, placed_at "
										  "FROM orders WHERE tenant_id = 42) AS users"},
	{"SELECT id FROM orders WHERE (total, status) IN (SELECT total, status FROM orders)",
	 "SELECT id FROM orders WHERE orders.tenant_id = 42 AND ((total, status) IN (SELECT total, status FROM "
	 "orders WHERE orders.tenant_id = 42))"},
	{"SELECT id AS select, total AS from, status AS \"order\" FROM orders AS x WHERE x.id = 1",
	 "SELECT id AS select, total AS from, status AS \"order\" FROM orders AS x WHERE x.tenant_id = 42 AND "
	 "(x.id = 1)"},
	{"SELECT o.order FROM orders o",
	 "SELECT o.order FROM (SELECT id, user_id, total, status, placed_at FROM orders WHERE tenant_id = 42) o"},
	{"SELECT 1 AS where FROM orders", "SELECT 1 AS where FROM orders WHERE orders.tenant_id = 42"},
	{"SELECT id /* comment FROM users */ FROM /* c2 */ orders -- WHERE",
	 "SELECT id /* comment FROM users */ FROM /* c2 */ orders WHERE orders.tenant_id = 42 -- WHERE"},
	{"SELECT id FROM orders WHERE status = 'a' ",
	 "SELECT id FROM orders WHERE orders.tenant_id = 42 AND (status = 'a') "},
	{"SELECT id ? 'x', id @> '{}' FROM orders",
	 "SELECT id ? 'x', id @> '{}' FROM orders WHERE orders.tenant_id = 42"},
	{"SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total) FROM orders",
	 "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total) FROM orders WHERE orders.tenant_id = 42"},
	{"SELECT count(*) FILTER (WHERE id > 1) FROM orders",
	 "SELECT count(*) FILTER (WHERE id > 1) FROM orders WHERE orders.tenant_id = 42"},
	{"SELECT sum(total) OVER w FROM orders WINDOW w AS (PARTITION BY user_id ORDER BY id)",
	 "SELECT sum(total) OVER w FROM orders WHERE orders.tenant_id = 42 WINDOW w AS (PARTITION BY user_id "
	 "ORDER BY id)"},
	{"((SELECT id FROM orders) UNION ((SELECT id FROM users)) EXCEPT SELECT id FROM carts) ORDER BY 1 LIMIT "
	 "1",
	 "((SELECT id FROM orders WHERE orders.tenant_id = 42) UNION ((SELECT id FROM users WHERE "
	 "users.tenant_id = 42)) EXCEPT SELECT id FROM carts WHERE carts.tenant_id = 42) ORDER BY 1 LIMIT 1"},
	{"SELECT * FROM (VALUES (1,2), (3,4)) AS v(a,b), orders",
	 "SELECT v.*, orders.id, orders.user_id, orders.total, orders.status, orders.placed_at FROM (VALUES "
	 "(1,2), (3,4)) AS v(a,b), orders WHERE orders.tenant_id = 42"},
	{"SELECT * FROM (orders o CROSS JOIN users u)",
	 "SELECT o.id, o.user_id, o.total, o.status, o.placed_at, u.id, u.email, u.name, u.password_hash, "
	 "u.is_admin, u.created_at FROM (orders o CROSS JOIN users u) WHERE o.tenant_id = 42 AND u.tenant_id = "
	 "42"},
	{"SELECT * FROM orders o JOIN (users u JOIN carts c ON c.user_id = u.id) ON o.user_id = u.id",
	 "SELECT o.id, o.user_id, o.total, o.status, o.placed_at, u.id, u.email, u.name, u.password_hash, "
	 "u.is_admin, u.created_at, c.id, c.session_id, c.user_id FROM orders o JOIN (users u JOIN carts c ON "
	 "c.user_id = u.id) ON o.user_id = u.id WHERE o.tenant_id = 42 AND u.tenant_id = 42 AND c.tenant_id = "
	 "42"},
	{"SELECT * FROM orders o LEFT JOIN (users u JOIN carts c ON c.user_id = u.id) ON o.user_id = u.id",
	 "SELECT o.id, o.user_id, o.total, o.status, o.placed_at, u.id, u.email, u.name, u.password_hash, "
	 "u.is_admin, u.created_at, c.id, c.session_id, c.user_id FROM orders o LEFT JOIN (users u JOIN carts c "
	 "ON c.user_id = u.id) ON u.tenant_id = 42 AND c.tenant_id = 42 AND (o.user_id = u.id) WHERE o.tenant_id "
	 "= 42"},
	{"SELECT * FROM orders o LEFT JOIN users u LEFT JOIN carts c ON c.user_id = u.id ON o.user_id = u.id",
	 "SELECT o.id, o.user_id, o.total, o.status, o.placed_at, u.id, u.email, u.name, u.password_hash, "
	 "u.is_admin, u.created_at, c.id, c.session_id, c.user_id FROM orders o LEFT JOIN users u LEFT JOIN "
	 "carts c ON c.tenant_id = 42 AND (c.user_id = u.id) ON u.tenant_id = 42 AND (o.user_id = u.id) WHERE "
	 "o.tenant_id = 42"},
	{"SELECT * FROM orders o RIGHT JOIN users u ON o.user_id = u.id",
	 "SELECT o.id, o.user_id, o.total, o.status, o.placed_at, u.id, u.email, u.name, u.password_hash, "
	 "u.is_admin, u.created_at FROM orders o RIGHT JOIN users u ON o.tenant_id = 42 AND (o.user_id = u.id) "
	 "WHERE u.tenant_id = 42"},
	{"SELECT * FROM orders o RIGHT JOIN users u ON o.user_id = u.id LEFT JOIN carts c ON c.user_id = u.id",
	 "SELECT o.id, o.user_id, o.total, o.status, o.placed_at, u.id, u.email, u.name, u.password_hash, "
	 "u.is_admin, u.created_at, c.id, c.session_id, c.user_id FROM orders o RIGHT JOIN users u ON "
	 "o.tenant_id = 42 AND (o.user_id = u.id) LEFT JOIN carts c ON c.tenant_id = 42 AND (c.user_id = u.id) "
	 "WHERE u.tenant_id = 42"},
	{"SELECT * FROM orders o NATURAL LEFT JOIN users",
	 "SELECT * FROM (SELECT id, user_id, total, status, placed_at FROM orders WHERE tenant_id = 42) o "
	 "NATURAL LEFT JOIN (SELECT id, email, name, password_hash, is_admin, created_at FROM users WHERE "
	 "tenant_id = 42) AS users"},
	{"SELECT * FROM orders NATURAL JOIN users NATURAL JOIN carts",
	 "SELECT * FROM (SELECT id, user_id, total, status, placed_at FROM orders WHERE tenant_id = 42) AS "
	 "orders NATURAL JOIN (SELECT id, email, name, password_hash, is_admin, created_at FROM users WHERE "
	 "tenant_id = 42) AS users NATURAL JOIN (SELECT id, session_id, user_id FROM carts WHERE tenant_id = 42) "
	 "AS carts"},
	{"SELECT id FROM orders NATURAL JOIN users NATURAL JOIN carts",
	 "SELECT id FROM (SELECT id, user_id, total, status, placed_at FROM orders WHERE tenant_id = 42) AS "
	 "orders NATURAL JOIN (SELECT id, email, name, password_hash, is_admin, created_at FROM users WHERE "
	 "tenant_id = 42) AS users NATURAL JOIN (SELECT id, session_id, user_id FROM carts WHERE tenant_id = 42) "
	 "AS carts"},
	{"SELECT * FROM orders o LEFT JOIN users u USING (id) LEFT JOIN carts c ON c.id = o.id",
	 "SELECT * FROM (SELECT id, user_id, total, status, placed_at FROM orders WHERE tenant_id = 42) o LEFT "
	 "JOIN (SELECT id, email, name, password_hash, is_admin, created_at FROM users WHERE tenant_id = 42) u "
	 "USING (id) LEFT JOIN (SELECT id, session_id, user_id FROM carts WHERE tenant_id = 42) c ON c.id = "
	 "o.id"},
	{"SELECT o.*, u.name FROM orders o LEFT JOIN users u USING (id)",
	 "SELECT o.id, o.user_id, o.total, o.status, o.placed_at, u.name FROM orders o LEFT JOIN (SELECT id, "
	 "email, name, password_hash, is_admin, created_at FROM users WHERE tenant_id = 42) u USING (id) WHERE "
	 "o.tenant_id = 42"},
	{"SELECT j.* FROM (orders o LEFT JOIN users u ON o.id = u.id) AS j",
	 "SELECT j.* FROM ((SELECT id, user_id, total, status, placed_at FROM orders WHERE tenant_id = 42) o "
	 "LEFT JOIN (SELECT id, email, name, password_hash, is_admin, created_at FROM users WHERE tenant_id = "
	 "42) u ON o.id = u.id) AS j"},
	{"SELECT j.* FROM (orders o LEFT JOIN users u ON o.id = u.id) AS j (a, b)",
	 "SELECT j.* FROM ((SELECT id, user_id, total, status, placed_at FROM orders WHERE tenant_id = 42) o "
	 "LEFT JOIN (SELECT id, email, name, password_hash, is_admin, created_at FROM users WHERE tenant_id = "
	 "42) u ON o.id = u.id) AS j (a, b)"},
	{"SELECT x.* FROM orders JOIN users USING (id) AS x",
	 "SELECT x.* FROM orders JOIN users USING (id) AS x WHERE orders.tenant_id = 42 AND users.tenant_id = "
	 "42"},
	{"SELECT * FROM ROWS FROM (generate_series(1,3), unnest(ARRAY(SELECT id FROM orders))) AS t(a,b), orders",
	 "SELECT t.*, orders.id, orders.user_id, orders.total, orders.status, orders.placed_at FROM ROWS FROM "
	 "(generate_series(1,3), unnest(ARRAY(SELECT id FROM orders WHERE orders.tenant_id = 42))) AS t(a,b), "
	 "orders WHERE orders.tenant_id = 42"},
	{"SELECT * FROM generate_series(1, (SELECT max(id) FROM orders)) AS g, orders",
	 "SELECT g.*, orders.id, orders.user_id, orders.total, orders.status, orders.placed_at FROM "
	 "generate_series(1, (SELECT max(id) FROM orders WHERE orders.tenant_id = 42)) AS g, orders WHERE "
	 "orders.tenant_id = 42"},
	{"SELECT * FROM generate_series(1, 3), orders",
	 "SELECT generate_series.*, orders.id, orders.user_id, orders.total, orders.status, orders.placed_at "
	 "FROM generate_series(1, 3), orders WHERE orders.tenant_id = 42"},
	{"SELECT * FROM now(), orders", "SELECT now.*, orders.id, orders.user_id, orders.total, orders.status, "
									"orders.placed_at FROM now(), orders WHERE orders.tenant_id = 42"},
	{"SELECT * FROM current_date, orders", "SELECT \"current_date\".*, orders.id, orders.user_id, "
										   "orders.total, orders.status, orders.placed_at FROM "
										   "current_date, orders WHERE orders.tenant_id = 42"},
	{"SELECT * FROM XMLTABLE('/a' PASSING '<a/>' COLUMNS x text), orders",
	 "SELECT \"xmltable\".*, orders.id, orders.user_id, orders.total, orders.status, orders.placed_at FROM "
	 "XMLTABLE('/a' PASSING '<a/>' COLUMNS x text), orders WHERE orders.tenant_id = 42"},
	{"SELECT (o).* FROM orders o",
	 "SELECT o.id, o.user_id, o.total, o.status, o.placed_at FROM orders o WHERE o.tenant_id = 42"},
	{"SELECT (o).id FROM orders o", "SELECT (o).id FROM orders o WHERE o.tenant_id = 42"},
	{"SELECT ROW(o.*) FROM orders o",
	 "SELECT ROW(o.id, o.user_id, o.total, o.status, o.placed_at) FROM orders o WHERE o.tenant_id = 42"},
	{"SELECT (SELECT o FROM users u LIMIT 1) FROM orders o",
	 "SELECT (SELECT o FROM users u WHERE u.tenant_id = 42 LIMIT 1) FROM (SELECT id, user_id, total, status, "
	 "placed_at FROM orders WHERE tenant_id = 42) o"},
	{"SELECT (SELECT o.* FROM users u LIMIT 1) FROM orders o",
	 "SELECT (SELECT o.id, o.user_id, o.total, o.status, o.placed_at FROM users u WHERE u.tenant_id = 42 "
	 "LIMIT 1) FROM orders o WHERE o.tenant_id = 42"},
	{"SELECT array_agg(o) FROM orders o LEFT JOIN users u ON true",
	 "SELECT array_agg(o) FROM (SELECT id, user_id, total, status, placed_at FROM orders WHERE tenant_id = "
	 "42) o LEFT JOIN users u ON u.tenant_id = 42 AND (true)"},
	{"SELECT o FROM users u LEFT JOIN orders o ON o.user_id = u.id",
	 "SELECT o FROM users u LEFT JOIN (SELECT id, user_id, total, status, placed_at FROM orders WHERE "
	 "tenant_id = 42) o ON o.user_id = u.id WHERE u.tenant_id = 42"},
	{"SELECT 1 FROM orders GROUP BY GROUPING SETS ((id), ()) HAVING count(*) > (SELECT count(*) FROM users) "
	 "ORDER BY (SELECT 1 FROM users) NULLS FIRST FETCH FIRST 3 ROWS WITH TIES",
	 "SELECT 1 FROM orders WHERE orders.tenant_id = 42 AND CASE WHEN orders.tenant_id = ANY (ARRAY[42]) THEN "
	 "1 END IS NOT NULL GROUP BY GROUPING SETS ((id), ()) HAVING count(*) > (SELECT count(*) FROM users "
	 "WHERE users.tenant_id = 42 AND CASE WHEN users.tenant_id = ANY (ARRAY[42]) THEN 1 END IS NOT NULL) "
	 "ORDER BY (SELECT 1 FROM users WHERE users.tenant_id = 42 AND CASE WHEN users.tenant_id = ANY "
	 "(ARRAY[42]) THEN 1 END IS NOT NULL) NULLS FIRST FETCH FIRST 3 ROWS WITH TIES"},
	{"SELECT 1 LIMIT (SELECT count(*) FROM orders) OFFSET (SELECT 1 FROM users)",
	 "SELECT 1 LIMIT (SELECT count(*) FROM orders WHERE orders.tenant_id = 42) OFFSET (SELECT 1 FROM users "
	 "WHERE users.tenant_id = 42)"},
	{"SELECT id FROM orders FOR NO KEY UPDATE OF orders SKIP LOCKED",
	 "SELECT id FROM orders WHERE orders.tenant_id = 42 FOR NO KEY UPDATE OF orders SKIP LOCKED"},
	{"SELECT id FROM orders o FULL JOIN users u USING (id) FOR UPDATE",
	 "SELECT id FROM (SELECT id, user_id, total, status, placed_at FROM orders WHERE tenant_id = 42) o FULL "
	 "JOIN (SELECT id, email, name, password_hash, is_admin, created_at FROM users WHERE tenant_id = 42) u "
	 "USING (id) FOR UPDATE"},
	{"WITH a AS MATERIALIZED (SELECT * FROM orders), b AS NOT MATERIALIZED (SELECT * FROM a) SELECT * FROM "
	 "a, b, orders",
	 "WITH a AS MATERIALIZED (SELECT orders.id, orders.user_id, orders.total, orders.status, "
	 "orders.placed_at FROM orders WHERE orders.tenant_id = 42), b AS NOT MATERIALIZED (SELECT * FROM a) "
	 "SELECT a.*, b.*, orders.id, orders.user_id, orders.total, orders.status, orders.placed_at FROM a, b, "
	 "orders WHERE orders.tenant_id = 42"},
	{"WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n+1 FROM t WHERE n < (SELECT max(id) FROM orders)) "
	 "SELECT * FROM t",
	 "WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n+1 FROM t WHERE n < (SELECT max(id) FROM orders "
	 "WHERE orders.tenant_id = 42 AND CASE WHEN orders.tenant_id = ANY (ARRAY[42]) THEN 1 END IS NOT NULL)) "
	 "SELECT * FROM t"},
	{"WITH users AS (SELECT * FROM orders) SELECT (WITH orders AS (SELECT * FROM users) SELECT count(*) FROM "
	 "orders)",
	 "WITH users AS (SELECT orders.id, orders.user_id, orders.total, orders.status, orders.placed_at FROM "
	 "orders WHERE orders.tenant_id = 42) SELECT (WITH orders AS (SELECT * FROM users) SELECT count(*) FROM "
	 "orders)"},
	{"WITH RECURSIVE t AS (SELECT id, user_id FROM orders UNION ALL SELECT o.id, o.user_id FROM orders o "
	 "JOIN t ON t.id = o.user_id) SEARCH DEPTH FIRST BY id SET ord CYCLE id SET cyc USING path SELECT * FROM "
	 "t",
	 "WITH RECURSIVE t AS (SELECT id, user_id FROM orders WHERE orders.tenant_id = 42 UNION ALL SELECT o.id, "
	 "o.user_id FROM orders o JOIN t ON t.id = o.user_id WHERE o.tenant_id = 42) SEARCH DEPTH FIRST BY id "
	 "SET ord CYCLE id SET cyc USING path SELECT * FROM t"},
	{"WITH u AS (UPDATE orders SET total = 0 RETURNING *), d AS (DELETE FROM users USING u WHERE u.user_id = "
	 "users.id RETURNING users.*), i AS (INSERT INTO carts (session_id) SELECT 'x' FROM u RETURNING id) "
	 "SELECT * FROM u, d, i",
	 "WITH u AS (UPDATE orders SET total = 0 WHERE orders.tenant_id = 42 RETURNING orders.id, "
	 "orders.user_id, orders.total, orders.status, orders.placed_at), d AS (DELETE FROM users USING u WHERE "
	 "users.tenant_id = 42 AND (u.user_id = users.id) RETURNING users.id, users.email, users.name, "
	 "users.password_hash, users.is_admin, users.created_at), i AS (INSERT INTO carts (session_id, "
	 "tenant_id) SELECT 'x', 42 FROM u RETURNING id) SELECT * FROM u, d, i"},
	{"SELECT * FROM my_users",
	 "SELECT my_users.id, my_users.email FROM my_users WHERE my_users.tenant_id = 42"},
	{"SELECT * FROM order_totals", "SELECT * FROM (SELECT user_id, status FROM public.orders  WHERE "
								   "public.orders.tenant_id = 42) AS order_totals"},
	{"SELECT order_totals FROM order_totals",
	 "SELECT order_totals FROM (SELECT user_id, status FROM public.orders  WHERE public.orders.tenant_id = "
	 "42) AS order_totals"},
	{"SELECT t.user_id FROM order_totals AS t(x) WHERE x = 1",
	 "SELECT t.user_id FROM (SELECT user_id, status FROM public.orders  WHERE public.orders.tenant_id = 42) "
	 "AS t(x) WHERE x = 1"},
	{"SELECT * FROM events_2026", "SELECT events_2026.id, events_2026.happened, events_2026.what FROM "
								  "events_2026 WHERE events_2026.tenant_id = 42"},
	{"SELECT * FROM vip_users, ONLY (users)",
	 "SELECT vip_users.id, vip_users.email, vip_users.name, vip_users.password_hash, vip_users.is_admin, "
	 "vip_users.created_at, vip_users.discount, users.id, users.email, users.name, users.password_hash, "
	 "users.is_admin, users.created_at FROM vip_users, ONLY (users) WHERE vip_users.tenant_id = 42 AND "
	 "users.tenant_id = 42"},
	{"SELECT * FROM users *", "SELECT users.id, users.email, users.name, users.password_hash, "
							  "users.is_admin, users.created_at FROM users * WHERE users.tenant_id = 42"},
	{"SELECT * FROM users * AS u", "SELECT u.id, u.email, u.name, u.password_hash, u.is_admin, u.created_at "
								   "FROM users * AS u WHERE u.tenant_id = 42"},
	{"SELECT DISTINCT * FROM favorites", "SELECT DISTINCT favorites.user_id, favorites.painting_id FROM "
										 "favorites WHERE favorites.tenant_id = 42"},
	{"SELECT DISTINCT ON (user_id) * FROM favorites ORDER BY user_id",
	 "SELECT DISTINCT ON (user_id) favorites.user_id, favorites.painting_id FROM favorites WHERE "
	 "favorites.tenant_id = 42 ORDER BY user_id"},
	{"SELECT ALL id FROM orders", "SELECT ALL id FROM orders WHERE orders.tenant_id = 42"},
	{"SELECT FROM orders", "SELECT FROM orders WHERE orders.tenant_id = 42"},
	{"SELECT count(*) FROM orders, users WHERE orders.id = users.id OR true",
	 "SELECT count(*) FROM orders, users WHERE orders.tenant_id = 42 AND users.tenant_id = 42 AND (orders.id "
	 "= users.id OR true)"},
	{"SELECT tenant_id FROM orders", "SELECT tenant_id FROM orders WHERE orders.tenant_id = 42"},
	{"SELECT * FROM orders WHERE tenant_id = 5",
	 "SELECT orders.id, orders.user_id, orders.total, orders.status, orders.placed_at FROM orders WHERE "
	 "orders.tenant_id = 42 AND (tenant_id = 5)"},
	{"SELECT * FROM orders JOIN users USING (tenant_id)",
	 "SELECT * FROM (SELECT id, user_id, total, status, placed_at, tenant_id FROM orders WHERE tenant_id = "
	 "42) AS orders JOIN (SELECT id, email, name, password_hash, is_admin, created_at, tenant_id FROM users "
	 "WHERE tenant_id = 42) AS users USING (tenant_id)"},
	{"SELECT \"Id\", \"a\"\"b\" FROM \"Odd Name\" AS \"X Y\" WHERE \"X Y\".\"select\" IS NULL",
	 "SELECT \"Id\", \"a\"\"b\" FROM \"Odd Name\" AS \"X Y\" WHERE \"X Y\".tenant_id = 42 AND (\"X "
	 "Y\".\"select\" IS NULL)"},
	{"SELECT \"X Y\".* FROM \"Odd Name\" AS \"X Y\"",
	 "SELECT \"X Y\".\"Id\", \"X Y\".\"select\", \"X Y\".\"a\"\"b\" FROM \"Odd Name\" AS \"X Y\" WHERE \"X "
	 "Y\".tenant_id = 42"},
	{"SELECT CASE WHEN id = 1 THEN (SELECT 1 FROM users) ELSE (SELECT 2 FROM carts) END FROM orders",
	 "SELECT CASE WHEN id = 1 THEN (SELECT 1 FROM users WHERE users.tenant_id = 42) ELSE (SELECT 2 FROM "
	 "carts WHERE carts.tenant_id = 42) END FROM orders WHERE orders.tenant_id = 42"},
	{"SELECT COALESCE((SELECT 1 FROM users), NULLIF(id, (SELECT 1 FROM carts)), GREATEST(1,(SELECT 1 FROM "
	 "users))) FROM orders",
	 "SELECT COALESCE((SELECT 1 FROM users WHERE users.tenant_id = 42), NULLIF(id, (SELECT 1 FROM carts "
	 "WHERE carts.tenant_id = 42)), GREATEST(1,(SELECT 1 FROM users WHERE users.tenant_id = 42))) FROM "
	 "orders WHERE orders.tenant_id = 42"},
	{"SELECT xmlelement(name a, xmlattributes((SELECT 1 FROM users) AS x), (SELECT 2 FROM users)) FROM "
	 "orders",
	 "SELECT xmlelement(name a, xmlattributes((SELECT 1 FROM users WHERE users.tenant_id = 42) AS x), "
	 "(SELECT 2 FROM users WHERE users.tenant_id = 42)) FROM orders WHERE orders.tenant_id = 42"},
	{"SELECT id FROM orders WHERE id BETWEEN (SELECT 1 FROM users) AND (SELECT 2 FROM users) OR status LIKE "
	 "ANY (SELECT name FROM users)",
	 "SELECT id FROM orders WHERE orders.tenant_id = 42 AND CASE WHEN orders.tenant_id = ANY (ARRAY[42]) "
	 "THEN 1 END IS NOT NULL AND (id BETWEEN (CASE WHEN pg_catalog.now() IS NULL THEN NULL ELSE (SELECT 1 "
	 "FROM users WHERE users.tenant_id = 42 AND CASE WHEN users.tenant_id = ANY (ARRAY[42]) THEN 1 END IS "
	 "NOT "
	 "NULL) END) AND (CASE WHEN pg_catalog.now() IS NULL THEN NULL ELSE (SELECT 2 FROM users WHERE "
	 "users.tenant_id = 42 AND CASE WHEN users.tenant_id = ANY (ARRAY[42]) THEN 1 END IS NOT NULL) END) OR "
	 "(CASE WHEN pg_catalog.now() IS NULL THEN NULL ELSE (SELECT status) END) "
	 "LIKE ANY (SELECT (CASE WHEN pg_catalog.now() IS NULL THEN NULL ELSE (SELECT name) END) FROM users "
	 "WHERE users.tenant_id = 42 AND CASE WHEN users.tenant_id = ANY "
	 "(ARRAY[42]) THEN 1 END IS NOT NULL))"},
	{"SELECT 1 WHERE EXISTS (TABLE orders)", "SELECT 1 WHERE EXISTS (SELECT id, user_id, total, status, "
											 "placed_at FROM orders WHERE orders.tenant_id = 42)"},
	{"VALUES (1, (SELECT count(*) FROM orders)), (2, 3) ORDER BY 1",
	 "VALUES (1, (SELECT count(*) FROM orders WHERE orders.tenant_id = 42)), (2, 3) ORDER BY 1"},
	{"SELECT interval '1' YEAR TO MONTH, extract(year FROM now()), substring('abc' FROM 2 FOR 1), "
	 "position('a' IN 'b'), trim(both from 'x'), overlay('a' placing 'b' from 1 for 2) FROM orders",
	 "SELECT interval '1' YEAR TO MONTH, extract(year FROM now()), substring('abc' FROM 2 FOR 1), "
	 "position('a' IN 'b'), trim(both from 'x'), overlay('a' placing 'b' from 1 for 2) FROM orders WHERE "
	 "orders.tenant_id = 42"},
	{"SELECT id FROM orders WHERE (SELECT true FROM users) AND NOT EXISTS (SELECT FROM carts WHERE user_id = "
	 "orders.user_id)",
	 "SELECT id FROM orders WHERE orders.tenant_id = 42 AND CASE WHEN orders.tenant_id = ANY (ARRAY[42]) "
	 "THEN 1 END IS NOT NULL AND ((SELECT true FROM users WHERE users.tenant_id = 42 AND CASE WHEN "
	 "users.tenant_id = ANY (ARRAY[42]) THEN 1 END IS NOT NULL) AND NOT EXISTS (SELECT FROM carts WHERE "
	 "carts.tenant_id = 42 AND CASE WHEN carts.tenant_id = ANY (ARRAY[42]) THEN 1 END IS NOT NULL AND "
	 "(user_id = orders.user_id)))"},
	{"SELECT * FROM orders o WHERE o.id IN (SELECT i.order_id FROM order_items i WHERE i.order_id = o.id) "
	 "AND o.user_id NOT IN (SELECT u.id FROM users u)",
	 "SELECT o.id, o.user_id, o.total, o.status, o.placed_at FROM orders o WHERE o.tenant_id = 42 AND CASE "
	 "WHEN o.tenant_id = ANY (ARRAY[42]) THEN 1 END IS NOT NULL AND (o.id IN (SELECT i.order_id FROM "
	 "order_items i WHERE i.tenant_id = 42 AND CASE WHEN i.tenant_id = ANY (ARRAY[42]) THEN 1 END IS NOT "
	 "NULL AND (i.order_id = o.id)) AND o.user_id NOT IN (SELECT u.id FROM users u WHERE u.tenant_id = 42 "
	 "AND CASE WHEN u.tenant_id = ANY (ARRAY[42]) THEN 1 END IS NOT NULL))"},
	{"SELECT EXISTS(SELECT 1 FROM orders)AND(SELECT true FROM users)",
	 "SELECT EXISTS(SELECT 1 FROM orders WHERE orders.tenant_id = 42)AND(SELECT true FROM users WHERE "
	 "users.tenant_id = 42)"},
	{"SELECT id FROM orders UNION ALL SELECT id FROM orders UNION (SELECT id FROM users ORDER BY id LIMIT 1) "
	 "INTERSECT ALL SELECT 3",
	 "SELECT id FROM orders WHERE orders.tenant_id = 42 UNION ALL SELECT id FROM orders WHERE "
	 "orders.tenant_id = 42 UNION (SELECT id FROM users WHERE users.tenant_id = 42 ORDER BY id LIMIT 1) "
	 "INTERSECT ALL SELECT 3"},
	{"SELECT 1 UNION SELECT 2 EXCEPT SELECT id FROM orders INTERSECT SELECT id FROM users UNION SELECT id "
	 "FROM carts",
	 "SELECT 1 UNION SELECT 2 EXCEPT SELECT id FROM orders WHERE orders.tenant_id = 42 INTERSECT SELECT id "
	 "FROM users WHERE users.tenant_id = 42 UNION SELECT id FROM carts WHERE carts.tenant_id = 42"},
	{"SELECT orders.*, orders.* FROM orders",
	 "SELECT orders.id, orders.user_id, orders.total, orders.status, orders.placed_at, orders.id, "
	 "orders.user_id, orders.total, orders.status, orders.placed_at FROM orders WHERE orders.tenant_id = 42"},
	{"SELECT o.ctid, o.xmin FROM orders o", "SELECT o.ctid, o.xmin FROM orders o WHERE o.tenant_id = 42"},
	{"SELECT o.tenant_id FROM orders o FULL JOIN users u ON u.id = o.id",
	 "SELECT o.tenant_id FROM (SELECT id, user_id, total, status, placed_at, tenant_id FROM orders WHERE "
	 "tenant_id = 42) o FULL JOIN (SELECT id, email, name, password_hash, is_admin, created_at FROM users "
	 "WHERE tenant_id = 42) u ON u.id = o.id"},
	{"SELECT o.ctid, row_to_json(o) FROM orders o",
	 "SELECT o.ctid, row_to_json((SELECT o FROM (SELECT o.id, o.user_id, o.total, o.status, o.placed_at) AS "
	 "o)) FROM orders o WHERE o.tenant_id = 42"},
	{"SELECT ctid, o FROM orders o", "SELECT ctid, (SELECT o FROM (SELECT o.id, o.user_id, o.total, "
									 "o.status, o.placed_at) AS o) FROM orders o WHERE o.tenant_id = 42"},
	{"SELECT id FROM orders WHERE ctid = ANY (ARRAY(SELECT ctid FROM orders LIMIT 1 FOR UPDATE))",
	 "SELECT id FROM orders WHERE orders.tenant_id = 42 AND CASE WHEN orders.tenant_id = ANY (ARRAY[42]) "
	 "THEN 1 END IS NOT NULL AND (ctid = ANY (ARRAY(SELECT ctid FROM orders WHERE orders.tenant_id = 42 AND "
	 "CASE WHEN orders.tenant_id = ANY (ARRAY[42]) THEN 1 END IS NOT NULL LIMIT 1 FOR UPDATE)))"},
	{"SELECT * FROM orders o FULL JOIN users u ON u.id = o.id AND u.tenant_id = o.tenant_id",
	 "SELECT o.id, o.user_id, o.total, o.status, o.placed_at, u.id, u.email, u.name, u.password_hash, "
	 "u.is_admin, u.created_at FROM (SELECT id, user_id, total, status, placed_at, tenant_id FROM orders "
	 "WHERE tenant_id = 42) o FULL JOIN (SELECT id, email, name, password_hash, is_admin, created_at, "
	 "tenant_id FROM users WHERE tenant_id = 42) u ON u.id = o.id AND u.tenant_id = o.tenant_id"},
	{"SELECT orders.* FROM orders JOIN users USING (tenant_id, id)",
	 "SELECT orders.id, orders.user_id, orders.total, orders.status, orders.placed_at FROM orders JOIN users "
	 "USING (tenant_id, id) WHERE orders.tenant_id = 42 AND users.tenant_id = 42"},
	{"SELECT row_to_json(o) FROM orders o WHERE tenant_id = 2",
	 "SELECT row_to_json((SELECT o FROM (SELECT o.id, o.user_id, o.total, o.status, o.placed_at) AS o)) FROM "
	 "orders o WHERE o.tenant_id = 42 AND (tenant_id = 2)"},
	{"SELECT row_to_json(o), o.* FROM orders o JOIN users u ON u.id = o.user_id GROUP BY o.id, u.id",
	 "SELECT row_to_json((SELECT o FROM (SELECT o.id, o.user_id, o.total, o.status, o.placed_at) AS o)), "
	 "o.id, o.user_id, o.total, o.status, o.placed_at FROM orders o JOIN users u ON u.id = o.user_id WHERE "
	 "o.tenant_id = 42 AND u.tenant_id = 42 GROUP BY o.id, u.id"},
	{"SELECT o.id, json_agg(i) FROM orders o JOIN order_items i ON i.order_id = o.id GROUP BY o.id",
	 "SELECT o.id, json_agg((SELECT i FROM (SELECT i.id, i.order_id, i.painting_id, i.quantity, i.price) AS "
	 "i)) FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.tenant_id = 42 AND i.tenant_id = 42 "
	 "GROUP BY o.id"},
	{"SELECT (SELECT rows FROM (SELECT 1 AS rows) x) FROM orders",
	 "SELECT (SELECT rows FROM (SELECT 1 AS rows) x) FROM orders WHERE orders.tenant_id = 42"},
	{"SELECT o.id FROM orders o, ROWS FROM (generate_series(1, 2), unnest(ARRAY(SELECT id FROM users))) WITH "
	 "ORDINALITY AS r (a, b, n)",
	 "SELECT o.id FROM orders o, ROWS FROM (generate_series(1, 2), unnest(ARRAY(SELECT id FROM users WHERE "
	 "users.tenant_id = 42))) WITH ORDINALITY AS r (a, b, n) WHERE o.tenant_id = 42"},
	{"SELECT r.n, i.id FROM ROWS FROM (generate_series(1, 3)) WITH ORDINALITY AS r (n, o) LEFT JOIN orders i "
	 "ON i.id = r.n ORDER BY 1",
	 "SELECT r.n, i.id FROM ROWS FROM (generate_series(1, 3)) WITH ORDINALITY AS r (n, o) LEFT JOIN orders i "
	 "ON i.tenant_id = 42 AND (i.id = r.n) ORDER BY 1"},
	{"SELECT i.id \"from\", i.total AS as FROM orders i ORDER BY 1",
	 "SELECT i.id \"from\", i.total AS as FROM orders i WHERE i.tenant_id = 42 ORDER BY 1"},
	{"WITH orders AS (SELECT 1 AS user_id, 'x' AS status) SELECT * FROM order_totals",
	 "WITH orders AS (SELECT 1 AS user_id, 'x' AS status) SELECT * FROM (SELECT user_id, status FROM "
	 "public.orders  WHERE public.orders.tenant_id = 42) AS order_totals"},
	{"SELECT id FROM orders o NATURAL JOIN (SELECT 1 AS id, 7 AS tenant_id) s",
	 "SELECT id FROM (SELECT id, user_id, total, status, placed_at FROM orders WHERE tenant_id = 42) o "
	 "NATURAL JOIN (SELECT 1 AS id, 7 AS tenant_id) s"},
	{"SELECT id FROM orders o NATURAL JOIN countries u",
	 "SELECT id FROM orders o NATURAL JOIN countries u WHERE o.tenant_id = 42"},
	{"UPDATE orders SET status = (ROW(orders.*))::text, total = 1 WHERE add_vat(orders) IS NULL AND orders.* "
	 "IS NOT NULL RETURNING ROW(orders.*), to_json(orders.*)",
	 "UPDATE orders SET status = (ROW(orders.id, orders.user_id, orders.total, orders.status, "
	 "orders.placed_at))::text, total = 1 WHERE orders.tenant_id = 42 AND CASE WHEN orders.tenant_id = ANY "
	 "(ARRAY[42]) THEN 1 END IS NOT NULL AND (add_vat(orders) IS NULL AND (SELECT orders FROM (SELECT "
	 "orders.id, orders.user_id, orders.total, orders.status, orders.placed_at) AS orders) IS NOT NULL) "
	 "RETURNING ROW(orders.id, orders.user_id, orders.total, orders.status, orders.placed_at), "
	 "to_json((SELECT orders FROM (SELECT orders.id, orders.user_id, orders.total, orders.status, "
	 "orders.placed_at) AS orders))"},
	{"SELECT add_vat(o), o.add_vat FROM orders o",
	 "SELECT add_vat(o), o.add_vat FROM orders o WHERE o.tenant_id = 42"},
	{"SELECT f.id FROM orders f WHERE ROW(f.*) IS NOT NULL AND (f.id, f.total) = ANY (SELECT id, total FROM "
	 "orders)",
	 "SELECT f.id FROM orders f WHERE f.tenant_id = 42 AND (ROW(f.id, f.user_id, f.total, f.status, "
	 "f.placed_at) IS NOT NULL AND (f.id, f.total) = ANY (SELECT id, total FROM orders WHERE "
	 "orders.tenant_id = 42))"},
};

static const struct ask_pair changes[] = {
	{"INSERT INTO users (email) VALUES ('a'), ('b')",
	 "INSERT INTO users (email, tenant_id) VALUES ('a', 42), ('b', 42)"},
	{"INSERT INTO users VALUES (1, 'x', 'y')",
	 "INSERT INTO users (id, email, name, tenant_id) VALUES (1, 'x', 'y', 42)"},
	{"INSERT INTO users DEFAULT VALUES RETURNING *",
	 "INSERT INTO users (tenant_id) VALUES (42) RETURNING users.id, users.email, users.name, "
	 "users.password_hash, users.is_admin, users.created_at"},
	{"INSERT INTO users (email) SELECT name FROM paintings UNION SELECT 'x' ORDER BY 1",
	 "INSERT INTO users (email, tenant_id) SELECT name, 42 FROM paintings WHERE paintings.tenant_id = 42 "
	 "UNION SELECT 'x', 42 ORDER BY 1"},
	{"INSERT INTO favorites SELECT * FROM favorites",
	 "INSERT INTO favorites (user_id, painting_id, tenant_id) SELECT favorites.user_id, "
	 "favorites.painting_id, 42 FROM favorites WHERE favorites.tenant_id = 42"},
	{"INSERT INTO favorites TABLE favorites",
	 "INSERT INTO favorites (user_id, painting_id, tenant_id) SELECT user_id, painting_id, 42 FROM favorites "
	 "WHERE favorites.tenant_id = 42"},
	{"INSERT INTO settings (key, value) VALUES ('a','b') ON CONFLICT (key) DO UPDATE SET value = "
	 "excluded.value WHERE settings.value <> 'x' RETURNING *",
	 "INSERT INTO settings (key, value, tenant_id) VALUES ('a','b', 42) ON CONFLICT (tenant_id, key) DO "
	 "UPDATE SET value = excluded.value WHERE settings.tenant_id = 42 AND (settings.value <> 'x') RETURNING "
	 "settings.key, settings.value"},
	{"INSERT INTO settings AS s (key, value) VALUES ('a','b') ON CONFLICT (key) DO UPDATE SET value = "
	 "excluded.value",
	 "INSERT INTO settings AS s (key, value, tenant_id) VALUES ('a','b', 42) ON CONFLICT (tenant_id, key) DO "
	 "UPDATE SET value = excluded.value WHERE s.tenant_id = 42"},
	{"INSERT INTO saas_sites (domain) VALUES ('x') ON CONFLICT (lower(domain)) DO NOTHING",
	 "INSERT INTO saas_sites (domain, tenant_id) VALUES ('x', 42) ON CONFLICT (tenant_id, lower(domain)) DO "
	 "NOTHING"},
	{"UPDATE orders SET total = 1", "UPDATE orders SET total = 1 WHERE orders.tenant_id = 42"},
	{"UPDATE orders o SET total = total + 1 FROM users u LEFT JOIN carts c ON c.user_id = u.id WHERE u.id = "
	 "o.user_id RETURNING *",
	 "UPDATE orders o SET total = total + 1 FROM users u LEFT JOIN carts c ON c.tenant_id = 42 AND "
	 "(c.user_id = u.id) WHERE o.tenant_id = 42 AND u.tenant_id = 42 AND (u.id = o.user_id) RETURNING o.id, "
	 "o.user_id, o.total, o.status, o.placed_at, u.id, u.email, u.name, u.password_hash, u.is_admin, "
	 "u.created_at, c.id, c.session_id, c.user_id"},
	{"UPDATE orders SET (total, status) = (SELECT 1, 'x' FROM users WHERE id = 3) WHERE id = 1 RETURNING "
	 "orders",
	 "UPDATE orders SET (total, status) = (SELECT 1, 'x' FROM users WHERE users.tenant_id = 42 AND (id = 3)) "
	 "WHERE orders.tenant_id = 42 AND (id = 1) RETURNING (SELECT orders FROM (SELECT orders.id, "
	 "orders.user_id, orders.total, orders.status, orders.placed_at) AS orders)"},
	{"UPDATE orders SET tenant_id = 2", "UPDATE orders SET tenant_id = 42 WHERE orders.tenant_id = 42"},
	{"UPDATE orders SET (tenant_id, total) = (DEFAULT, 3)",
	 "UPDATE orders SET (tenant_id, total) = (42, 3) WHERE orders.tenant_id = 42"},
	{"DELETE FROM orders", "DELETE FROM orders WHERE orders.tenant_id = 42"},
	{"DELETE FROM orders USING users u JOIN carts c USING (id) WHERE u.id = orders.user_id RETURNING "
	 "orders.id",
	 "DELETE FROM orders USING users u JOIN carts c USING (id) WHERE orders.tenant_id = 42 AND u.tenant_id = "
	 "42 AND c.tenant_id = 42 AND (u.id = orders.user_id) RETURNING orders.id"},
	{"DELETE FROM ONLY orders AS o WHERE o.id IN (SELECT order_id FROM order_items) RETURNING o.*",
	 "DELETE FROM ONLY orders AS o WHERE o.tenant_id = 42 AND (o.id IN (SELECT order_id FROM order_items "
	 "WHERE order_items.tenant_id = 42)) RETURNING o.id, o.user_id, o.total, o.status, o.placed_at"},
	{"WITH d AS (DELETE FROM orders RETURNING *) INSERT INTO notifications (message) SELECT status FROM d",
	 "WITH d AS (DELETE FROM orders WHERE orders.tenant_id = 42 RETURNING orders.id, orders.user_id, "
	 "orders.total, orders.status, orders.placed_at) INSERT INTO notifications (message, tenant_id) SELECT "
	 "status, 42 FROM d"},
	{"SELECT o.nope FROM orders o",
	 "SELECT o.nope FROM (SELECT id, user_id, total, status, placed_at FROM orders WHERE tenant_id = 42) o"},
	{"SELECT CASE WHEN EXISTS (SELECT 1 FROM orders) THEN 1 END FROM countries ORDER BY (SELECT max(id) FROM "
	 "users)",
	 "SELECT CASE WHEN EXISTS (SELECT 1 FROM orders WHERE orders.tenant_id = 42) THEN 1 END FROM countries "
	 "ORDER BY (SELECT max(id) FROM users WHERE users.tenant_id = 42)"},
	{"SELECT a.id IS DISTINCT FROM b.id FROM orders a LEFT JOIN users b ON left(b.name,1) = 'x' AND b.id IS "
	 "NOT DISTINCT FROM a.id",
	 "SELECT a.id IS DISTINCT FROM b.id FROM orders a LEFT JOIN users b ON b.tenant_id = 42 AND "
	 "(left(b.name,1) = 'x' AND b.id IS NOT DISTINCT FROM a.id) WHERE a.tenant_id = 42"},
	{"INSERT INTO favorites (user_id, painting_id, tenant_id) SELECT f.*, 42 FROM (SELECT 1, 2) f",
	 "INSERT INTO favorites (user_id, painting_id, tenant_id) SELECT f.*, 42 FROM (SELECT 1, 2) f"},
	{"INSERT INTO orders (total, tenant_id) VALUES (1, (SELECT id FROM tenants))",
	 "INSERT INTO orders (total, tenant_id) VALUES (1, 42)"},
	{"INSERT INTO orders (tenant_id, total) SELECT tenant_id, sum(total) AS x FROM orders GROUP BY tenant_id",
	 "INSERT INTO orders (tenant_id, total) SELECT 42, sum(total) AS x FROM orders WHERE orders.tenant_id = "
	 "42 GROUP BY tenant_id"},
	{"INSERT INTO orders (tenant_id, total) SELECT tenant_id AS t, sum(total) x FROM orders GROUP BY 1",
	 "INSERT INTO orders (tenant_id, total) SELECT 42 AS t, sum(total) x FROM orders WHERE orders.tenant_id "
	 "= 42 GROUP BY 1"},
	{"INSERT INTO settings AS s (key, value) VALUES ('a', 'b') ON CONFLICT (key) DO UPDATE SET value = "
	 "excluded.*::text WHERE s.* <> excluded.* RETURNING *",
	 "INSERT INTO settings AS s (key, value, tenant_id) VALUES ('a', 'b', 42) ON CONFLICT (tenant_id, key) "
	 "DO UPDATE SET value = (SELECT excluded FROM (SELECT excluded.key, excluded.value) AS excluded)::text "
	 "WHERE s.tenant_id = 42 AND ((SELECT s FROM (SELECT s.key, s.value) AS s) <> (SELECT excluded FROM "
	 "(SELECT excluded.key, excluded.value) AS excluded)) RETURNING s.key, s.value"},
	{"INSERT INTO favorites SELECT g, g FROM generate_series(1,3) g",
	 "INSERT INTO favorites (user_id, painting_id, tenant_id) SELECT g, g, 42 FROM generate_series(1,3) g"},
	{"INSERT INTO stripe_events SELECT * FROM generate_series(1,3) WITH ORDINALITY",
	 "INSERT INTO stripe_events (event_id, payload, tenant_id) SELECT *, 42 FROM generate_series(1,3) WITH "
	 "ORDINALITY"},
	{"INSERT INTO favorites SELECT f.* FROM now() f",
	 "INSERT INTO favorites (user_id, painting_id, tenant_id) SELECT f.*, 42 FROM now() f"},
	{"INSERT INTO favorites SELECT * FROM pg_temp.foo",
	 "INSERT INTO favorites (user_id, painting_id, tenant_id) SELECT *, 42 FROM pg_temp.foo"},
	{"INSERT INTO users SELECT * FROM orders NATURAL JOIN carts",
	 "INSERT INTO users (id, email, name, password_hash, is_admin, created_at, tenant_id) SELECT *, 42 FROM "
	 "(SELECT id, user_id, total, status, placed_at FROM orders WHERE tenant_id = 42) AS orders NATURAL JOIN "
	 "(SELECT id, session_id, user_id FROM carts WHERE tenant_id = 42) AS carts"},
	{"UPDATE ONLY public.orders AS set SET total = 1 WHERE set.id = 1",
	 "UPDATE ONLY public.orders AS set SET total = 1 WHERE set.tenant_id = 42 AND (set.id = 1)"},
	{"UPDATE orders * SET total = 1", "UPDATE orders * SET total = 1 WHERE orders.tenant_id = 42"},
	{"UPDATE orders SET total = (SELECT max(total) FROM orders o2 WHERE o2.user_id = orders.user_id), status "
	 "= CASE WHEN EXISTS (SELECT 1 FROM users) THEN 'from' ELSE 'where' END FROM (SELECT * FROM users) u "
	 "WHERE u.id = orders.user_id RETURNING orders.*, u.*, orders.total AS \"returning\"",
	 "UPDATE orders SET total = (SELECT max(total) FROM orders o2 WHERE o2.tenant_id = 42 AND (o2.user_id = "
	 "orders.user_id)), status = CASE WHEN EXISTS (SELECT 1 FROM users WHERE users.tenant_id = 42) THEN "
	 "'from' ELSE 'where' END FROM (SELECT users.id, users.email, users.name, users.password_hash, "
	 "users.is_admin, users.created_at FROM users WHERE users.tenant_id = 42) u WHERE orders.tenant_id = 42 "
	 "AND (u.id = orders.user_id) RETURNING orders.id, orders.user_id, orders.total, orders.status, "
	 "orders.placed_at, u.*, orders.total AS \"returning\""},
	{"UPDATE orders o SET total = x.total FROM orders x WHERE x.id = o.id",
	 "UPDATE orders o SET total = x.total FROM orders x WHERE o.tenant_id = 42 AND x.tenant_id = 42 AND "
	 "(x.id = o.id)"},
	{"UPDATE orders SET total = t.price FROM order_items t JOIN paintings p ON p.id = t.painting_id LEFT "
	 "JOIN favorites f ON f.painting_id = p.id WHERE t.order_id = orders.id",
	 "UPDATE orders SET total = t.price FROM order_items t JOIN paintings p ON p.id = t.painting_id LEFT "
	 "JOIN favorites f ON f.tenant_id = 42 AND (f.painting_id = p.id) WHERE orders.tenant_id = 42 AND "
	 "t.tenant_id = 42 AND p.tenant_id = 42 AND (t.order_id = orders.id)"},
	{"UPDATE settings SET value = 'x' WHERE key = 'a' AND tenant_id = 42",
	 "UPDATE settings SET value = 'x' WHERE settings.tenant_id = 42 AND (key = 'a' AND tenant_id = 42)"},
	{"UPDATE my_users SET email = 'x'", "UPDATE my_users SET email = 'x' WHERE my_users.tenant_id = 42"},
	{"DELETE FROM my_users WHERE id = 1 RETURNING *",
	 "DELETE FROM my_users WHERE my_users.tenant_id = 42 AND (id = 1) RETURNING my_users.id, my_users.email"},
	{"INSERT INTO my_users (id, email) VALUES (1, 'x')",
	 "INSERT INTO my_users (id, email, tenant_id) VALUES (1, 'x', 42)"},
	{"INSERT INTO my_users VALUES (1, 'x')",
	 "INSERT INTO my_users (id, email, tenant_id) VALUES (1, 'x', 42)"},
	{"DELETE FROM orders o USING users u, carts c WHERE u.id = o.user_id AND c.user_id = u.id",
	 "DELETE FROM orders o USING users u, carts c WHERE o.tenant_id = 42 AND u.tenant_id = 42 AND "
	 "c.tenant_id = 42 AND (u.id = o.user_id AND c.user_id = u.id)"},
	{"DELETE FROM orders USING orders o2 WHERE o2.id = orders.id",
	 "DELETE FROM orders USING orders o2 WHERE orders.tenant_id = 42 AND o2.tenant_id = 42 AND (o2.id = "
	 "orders.id)"},
	{"DELETE FROM orders WHERE (id, total) IN (SELECT id, total FROM orders ORDER BY id LIMIT 1 FOR UPDATE "
	 "SKIP LOCKED) RETURNING id",
	 "DELETE FROM orders WHERE orders.tenant_id = 42 AND ((id, total) IN (SELECT id, total FROM orders WHERE "
	 "orders.tenant_id = 42 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)) RETURNING id"},
	{"WITH x AS (SELECT id FROM orders LIMIT 1) DELETE FROM orders USING x WHERE x.id = orders.id",
	 "WITH x AS (SELECT id FROM orders WHERE orders.tenant_id = 42 LIMIT 1) DELETE FROM orders USING x WHERE "
	 "orders.tenant_id = 42 AND (x.id = orders.id)"},
	{"INSERT INTO orders (user_id, total) VALUES ((SELECT id FROM users LIMIT 1), DEFAULT) RETURNING id, "
	 "(SELECT count(*) FROM orders)",
	 "INSERT INTO orders (user_id, total, tenant_id) VALUES ((SELECT id FROM users WHERE users.tenant_id = "
	 "42 LIMIT 1), DEFAULT, 42) RETURNING id, (SELECT count(*) FROM orders WHERE orders.tenant_id = 42)"},
	{"INSERT INTO orders (user_id, total) (SELECT user_id, total FROM orders ORDER BY id LIMIT 3)",
	 "INSERT INTO orders (user_id, total, tenant_id) (SELECT user_id, total, 42 FROM orders WHERE "
	 "orders.tenant_id = 42 ORDER BY id LIMIT 3)"},
	{"INSERT INTO orders (user_id, total) ((SELECT user_id, total FROM orders) UNION ALL (VALUES (1, 2), (3, "
	 "4))) ORDER BY 1 LIMIT 2",
	 "INSERT INTO orders (user_id, total, tenant_id) ((SELECT user_id, total, 42 FROM orders WHERE "
	 "orders.tenant_id = 42) UNION ALL (VALUES (1, 2, 42), (3, 4, 42))) ORDER BY 1 LIMIT 2"},
	{"INSERT INTO orders (user_id, total) WITH x AS (SELECT * FROM users) SELECT id, 1 FROM x",
	 "INSERT INTO orders (user_id, total, tenant_id) WITH x AS (SELECT users.id, users.email, users.name, "
	 "users.password_hash, users.is_admin, users.created_at FROM users WHERE users.tenant_id = 42) SELECT "
	 "id, 1, 42 FROM x"},
	{"WITH x AS (SELECT * FROM users) INSERT INTO orders (user_id, total) SELECT id, 1 FROM x RETURNING *",
	 "WITH x AS (SELECT users.id, users.email, users.name, users.password_hash, users.is_admin, "
	 "users.created_at FROM users WHERE users.tenant_id = 42) INSERT INTO orders (user_id, total, tenant_id) "
	 "SELECT id, 1, 42 FROM x RETURNING orders.id, orders.user_id, orders.total, orders.status, "
	 "orders.placed_at"},
	{"INSERT INTO orders (user_id, total) SELECT DISTINCT user_id, total FROM orders GROUP BY 1, 2 HAVING "
	 "count(*) > 0",
	 "INSERT INTO orders (user_id, total, tenant_id) SELECT DISTINCT user_id, total, 42 FROM orders WHERE "
	 "orders.tenant_id = 42 GROUP BY 1, 2 HAVING count(*) > 0"},
	{"INSERT INTO orders (user_id, total) SELECT user_id, total FROM orders EXCEPT SELECT id, 1 FROM users "
	 "INTERSECT VALUES (1, 1.0)",
	 "INSERT INTO orders (user_id, total, tenant_id) SELECT user_id, total, 42 FROM orders WHERE "
	 "orders.tenant_id = 42 EXCEPT SELECT id, 1, 42 FROM users WHERE users.tenant_id = 42 INTERSECT VALUES "
	 "(1, 1.0, 42)"},
	{"INSERT INTO orders OVERRIDING SYSTEM VALUE VALUES (1, 2, 3)",
	 "INSERT INTO orders (id, user_id, total, tenant_id) OVERRIDING SYSTEM VALUE VALUES (1, 2, 3, 42)"},
	{"INSERT INTO orders AS o (total) VALUES (1) RETURNING o.id, o",
	 "INSERT INTO orders AS o (total, tenant_id) VALUES (1, 42) RETURNING o.id, (SELECT o FROM (SELECT o.id, "
	 "o.user_id, o.total, o.status, o.placed_at) AS o)"},
	{"INSERT INTO settings VALUES ('k', 'v') ON CONFLICT ON CONSTRAINT settings_pkey DO UPDATE SET (key, "
	 "value) = (excluded.key, excluded.value)",
	 "INSERT INTO settings (key, value, tenant_id) VALUES ('k', 'v', 42) ON CONFLICT ON CONSTRAINT "
	 "settings_pkey DO UPDATE SET (key, value) = (excluded.key, excluded.value) WHERE settings.tenant_id = "
	 "42"},
	{"INSERT INTO settings VALUES ('k', 'v') ON CONFLICT DO NOTHING RETURNING key",
	 "INSERT INTO settings (key, value, tenant_id) VALUES ('k', 'v', 42) ON CONFLICT DO NOTHING RETURNING "
	 "key"},
	{"INSERT INTO settings VALUES ('k', 'v') ON CONFLICT (key) WHERE key > 'a' DO UPDATE SET value = (SELECT "
	 "name FROM users LIMIT 1), tenant_id = excluded.tenant_id",
	 "INSERT INTO settings (key, value, tenant_id) VALUES ('k', 'v', 42) ON CONFLICT (tenant_id, key) WHERE "
	 "key > 'a' DO UPDATE SET value = (SELECT name FROM users WHERE users.tenant_id = 42 LIMIT 1), tenant_id "
	 "= excluded.tenant_id WHERE settings.tenant_id = 42"},
	{"INSERT INTO cart_items (cart_id, painting_id) SELECT c.id, p.id FROM carts c, paintings p ON CONFLICT "
	 "(painting_id, cart_id) DO UPDATE SET quantity = cart_items.quantity + excluded.quantity",
	 "INSERT INTO cart_items (cart_id, painting_id, tenant_id) SELECT c.id, p.id, 42 FROM carts c, paintings "
	 "p WHERE c.tenant_id = 42 AND p.tenant_id = 42 ON CONFLICT (tenant_id, painting_id, cart_id) DO UPDATE "
	 "SET quantity = cart_items.quantity + excluded.quantity WHERE cart_items.tenant_id = 42"},
	{"INSERT INTO cart_items (cart_id, painting_id) SELECT c.id, p.id FROM carts c JOIN paintings p ON true "
	 "ON CONFLICT (cart_id, painting_id) DO NOTHING",
	 "INSERT INTO cart_items (cart_id, painting_id, tenant_id) SELECT c.id, p.id, 42 FROM carts c JOIN "
	 "paintings p ON true WHERE c.tenant_id = 42 AND p.tenant_id = 42 ON CONFLICT (tenant_id, cart_id, "
	 "painting_id) DO NOTHING"},
	{"INSERT INTO countries SELECT name, email FROM users",
	 "INSERT INTO countries SELECT name, email FROM users WHERE users.tenant_id = 42"},
	{"INSERT INTO countries (code, name) VALUES ('a', 'b') ON CONFLICT (code) DO UPDATE SET name = (SELECT "
	 "name FROM users LIMIT 1) WHERE EXISTS (SELECT 1 FROM orders)",
	 "INSERT INTO countries (code, name) VALUES ('a', 'b') ON CONFLICT (code) DO UPDATE SET name = (SELECT "
	 "name FROM users WHERE users.tenant_id = 42 LIMIT 1) WHERE EXISTS (SELECT 1 FROM orders WHERE "
	 "orders.tenant_id = 42)"},
	{"INSERT INTO vip_users (email, discount) VALUES ('a', 1) RETURNING *",
	 "INSERT INTO vip_users (email, discount, tenant_id) VALUES ('a', 1, 42) RETURNING vip_users.id, "
	 "vip_users.email, vip_users.name, vip_users.password_hash, vip_users.is_admin, vip_users.created_at, "
	 "vip_users.discount"},
	{"INSERT INTO events (id, happened) VALUES (1, now())",
	 "INSERT INTO events (id, happened, tenant_id) VALUES (1, now(), 42)"},
	{"INSERT INTO \"Odd Name\" (\"Id\", \"select\") VALUES (1, 'x') ON CONFLICT (\"Id\") DO UPDATE SET "
	 "\"select\" = excluded.\"select\" RETURNING \"Odd Name\".*",
	 "INSERT INTO \"Odd Name\" (\"Id\", \"select\", tenant_id) VALUES (1, 'x', 42) ON CONFLICT (\"Id\") DO "
	 "UPDATE SET \"select\" = excluded.\"select\" WHERE \"Odd Name\".tenant_id = 42 RETURNING \"Odd "
	 "Name\".\"Id\", \"Odd Name\".\"select\", \"Odd Name\".\"a\"\"b\""},
	{"INSERT INTO shop.invoices (amount) VALUES (1) RETURNING *",
	 "INSERT INTO shop.invoices (amount, tenant_id) VALUES (1, 42) RETURNING shop.invoices.id, "
	 "shop.invoices.amount, shop.invoices.amount_with_vat"},
	{"INSERT INTO shop.invoices SELECT * FROM shop.invoices",
	 "INSERT INTO shop.invoices (id, amount, amount_with_vat, tenant_id) SELECT shop.invoices.id, "
	 "shop.invoices.amount, shop.invoices.amount_with_vat, 42 FROM shop.invoices WHERE "
	 "shop.invoices.tenant_id = 42"},
	{"INSERT INTO orders (total) VALUES (1) RETURNING tenant_id",
	 "INSERT INTO orders (total, tenant_id) VALUES (1, 42) RETURNING tenant_id"},
};

#define CHECK(pairs) assert_true(ask_become(pairs, sizeof pairs / sizeof *pairs))

/* Short texts that would become huge. */
static void test_growth(void **state)
{
	enum { STARS = 100000, VIEWS = 12, COLUMNS = 100, JOINS = 200 };
	struct ask ask;
	ask_init(&ask);
	char *text = malloc(2 * STARS + 100), *end = stpcpy(text, "SELECT *");
	for (int i = 1; i < STARS; i++)
		end = stpcpy(end, ",*");
	strcpy(end, " FROM orders");
	assert_true(ask_refused(&ask, text, "54011", "target lists can have at most 1664 entries"));
	/* Each view reads the one before it four times. */
	end = stpcpy(text, "CREATE TABLE t (id int, tenant_id int); CREATE VIEW v0 AS SELECT id FROM public.t;");
	for (int i = 1; i < VIEWS; i++)
		end += sprintf(
			end,
			"CREATE VIEW v%d AS SELECT a.id FROM public.v%d a, public.v%d b, public.v%d c, public.v%d d;", i,
			i - 1, i - 1, i - 1, i - 1);
	catalog_unref(ask.catalog);
	ask.catalog = catalog_text_parse(text, 5);
	assert_true(ask_is(&ask, "SELECT id FROM v3", VERDICT_GUARD));
	assert_true(ask_refused(&ask, "SELECT id FROM v11", "54000", "too complex"));
	/* Each FULL JOIN makes the merged columns longer. */
	end = stpcpy(text, "CREATE TABLE w (tenant_id int");
	for (int i = 0; i < COLUMNS; i++)
		end += sprintf(end, ", c%d int", i);
	strcpy(end, ")");
	catalog_unref(ask.catalog);
	ask.catalog = catalog_text_parse(text, 5);
	assert_true(ask_is(&ask, "DELETE FROM w USING w w0 NATURAL FULL JOIN w w1 RETURNING *", VERDICT_GUARD));
	end = stpcpy(text, "DELETE FROM w USING w w0");
	for (int i = 1; i < JOINS; i++)
		end += sprintf(end, " NATURAL FULL JOIN w w%d", i);
	strcpy(end, " RETURNING *");
	assert_true(ask_refused(&ask, text, "54000", "too complex"));
	free(text);
	ask_free(&ask);
}

/* The length of what would be sent counts every slot as long as a tenant's value can be. */
static void test_too_long_after_rewriting(void **state)
{
	struct splice items[] = {
		{.at = 1, .insert_length = 1000}, {.at = 2, .tenant = true}, {.at = 3, .tenant = true}};
	struct splice_list list = {.items = items, .n = 3};
	assert_int_equal(splices_length(&list, 10, 300), 1610);
	items[0].insert_length = 0x40000000;
	assert_null(splices_render(&list, "0123456789", 0, 10, "$1"));
}

static void test_reading(void **state)
{
	CHECK(reading);
}

static void test_changes(void **state)
{
	CHECK(changes);
}

struct refused {
	const char *text, *sqlstate, *words;
	int position;
};

static void test_refused(void **state)
{
	static const struct refused REFUSED[] = {
		{"SELECT * FROM nosuch", "42P01", "relation \"nosuch\" does not exist", 15},
		{"SELECT * FROM nosuch.orders", "42P01", "relation \"nosuch.orders\" does not exist", 15},
		{"SELECT 'ü', \"é\" FROM nosuch", "42P01", "does not exist", 22},
		{"SELECT 1; SELECT 'ü' FROM nosuch", "42P01", "does not exist", 27},
		{"WITH a AS (SELECT 1) SELECT * FROM public.a", "42P01", "relation \"public.a\"", 36},
		{"SELECT * FROM sales_by_status", "42501", "materialized view", 15},
		{"SELECT * FROM pg_stats", "42501", "values of rows", 15},
		{"SELECT * FROM orders o, orders o", "42712", "specified more than once", 0},
		{"INSERT INTO users VALUES (1,2,3,4,5,6,7)", "42601", "more expressions", 39},
		{"INSERT INTO users (email, name) VALUES ('a')", "42601", "more target columns", 27},
		{"INSERT INTO order_totals (user_id) VALUES (1)", "42501", "view over tenant relations", 13},
		{"INSERT INTO tenants (name) VALUES ('x')", "42501", "table of tenants", 13},
		{"UPDATE orders SET tenant_id = user_id", "42501", "session's own tenant", 19},
		{"UPDATE orders SET (total, tenant_id) = (SELECT 1, 2)", "42501", "session's own tenant", 27},
		{"UPDATE orders SET tenant_id = NULL", "42501", "session's own tenant", 19},
		{"MERGE INTO orders o USING users u ON true WHEN MATCHED THEN UPDATE SET tenant_id = u.id", "42501",
		 "session's own tenant", 72},
		{"UPDATE tenants SET name = 'x'", "42501", "table of tenants", 8},
		{"SELECT id FROM orders WHERE", "42601", "syntax error at end of input", 28},
		{"SELECT id FROM orders WHERE (", "42601", "PostgreSQL 15", 30},
	};
	struct ask ask;
	ask_init(&ask);
	for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++) {
		assert_true(ask_refused(&ask, REFUSED[i].text, REFUSED[i].sqlstate, REFUSED[i].words));
		struct verdict *verdict = ask_verdict(&ask, REFUSED[i].text);
		const struct refusal *refusal = verdict->statements[verdict->n_statements - 1].refusal;
		assert_int_equal(refusal->position, REFUSED[i].position);
		verdict_unref(verdict);
	}
	ask_free(&ask);
}

static void test_parameter_numbers(void **state)
{
	static const uint32_t TYPES[] = {23, 25, 23};
	struct ask ask;
	ask_init(&ask);
	ask.protocol = PROTOCOL_EXTENDED;
	const char *text = "SELECT id FROM orders WHERE id = $2 OR total = $1";
	struct verdict *verdict = ask_verdict(&ask, text);
	assert_int_equal(verdict->tenant_parameter, 3);
	assert_int_equal(verdict->parameters, 2);
	assert_int_equal(verdict->tenant_type, TENANT_INTEGER);
	verdict_unref(verdict);
	ask.types = TYPES;
	ask.n_types = 3;
	verdict = ask_verdict(&ask, text);
	assert_int_equal(verdict->tenant_parameter, 4);
	verdict_unref(verdict);
	verdict = ask_verdict(&ask, "SELECT id FROM orders WHERE id = $65535");
	assert_int_equal(verdict->kind, VERDICT_GUARD);
	assert_int_equal(verdict->tenant_parameter, 0);
	verdict_unref(verdict);
	/* COPY takes no parameters: a literal */
	verdict = ask_verdict(&ask, "COPY orders TO STDOUT");
	assert_true(verdict->uses_tenant);
	assert_int_equal(verdict->tenant_parameter, 0);
	verdict_unref(verdict);
	ask_free(&ask);
}

static void test_own_values(void **state)
{
	static const char TEXT[] =
		"INSERT INTO orders (total, tenant_id) VALUES (1, 7), ($2, $1), (3, DEFAULT), (4, '8'::int)";
	struct ask ask;
	ask_init(&ask);
	ask.protocol = PROTOCOL_EXTENDED;
	struct verdict *verdict = ask_verdict(&ask, TEXT);
	const struct statement *statement = &verdict->statements[0];
	assert_int_equal(statement->kind, VERDICT_GUARD);
	assert_int_equal(statement->n_checks, 3);
	assert_string_equal(statement->checks[0].constant, "7");
	assert_int_equal(statement->checks[0].position, 50);
	assert_int_equal(statement->checks[1].parameter, 1);
	assert_null(statement->checks[1].constant);
	assert_string_equal(statement->checks[2].constant, "8");
	char *text = ask_text(verdict, TEXT, "$3");
	assert_string_equal(
		text,
		"INSERT INTO orders (total, tenant_id) VALUES (1, $3), ($2, COALESCE($1, $3)), (3, $3), (4, $3)");
	free(text);
	verdict_unref(verdict);
	verdict = ask_verdict(&ask, "UPDATE orders SET tenant_id = 7, total = 1");
	assert_int_equal(verdict->statements[0].n_checks, 1);
	assert_string_equal(verdict->statements[0].checks[0].constant, "7");
	verdict_unref(verdict);
	ask_free(&ask);
}

static void test_visible(void **state)
{
	struct ask ask;
	ask_init(&ask);
	ask.policy.hide_tenant_column = false;
	assert_true(
		ask_becomes(&ask, "SELECT * FROM orders", "SELECT * FROM orders WHERE orders.tenant_id = 42"));
	assert_true(ask_becomes(&ask, "SELECT o FROM orders o", "SELECT o FROM orders o WHERE o.tenant_id = 42"));
	assert_true(ask_becomes(&ask, "INSERT INTO favorites VALUES (1, 2)",
							"INSERT INTO favorites (user_id, painting_id, tenant_id) VALUES (1, 2, 42)"));
	assert_true(ask_becomes(&ask, "INSERT INTO favorites VALUES (1, 2, 3)",
							"INSERT INTO favorites (user_id, painting_id, tenant_id) VALUES (1, 2, 42)"));
	ask_free(&ask);
}

static void test_temporary(void **state)
{
	static const char *const NAMES[] = {"mine", "orders"};
	struct ask ask;
	ask_init(&ask);
	ask.names.temporaries = NAMES;
	ask.names.n_temporaries = 2;
	assert_true(ask_becomes(&ask, "SELECT * FROM orders", "SELECT * FROM pg_temp.orders"));
	assert_true(ask_becomes(
		&ask, "SELECT * FROM mine, public.favorites WHERE true",
		"SELECT mine.*, public.favorites.user_id, public.favorites.painting_id FROM mine, public.favorites "
		"WHERE public.favorites.tenant_id = 42 AND (true)"));
	ask_free(&ask);
}

/* A shared relation in front of a guarded one of its name may be gone when the server looks. */
static void test_front(void **state)
{
	static const char CATALOG[] =
		"@tenant_column tenant_id integer\n@shared front.users\nCREATE SCHEMA front;\n"
		"CREATE TABLE tenants (id integer PRIMARY KEY);\nCREATE TABLE front.users (id integer);\n"
		"CREATE TABLE users (id integer, tenant_id integer);\nCREATE TABLE front.plain (id integer);\n";
	struct ask ask;
	ask_init(&ask);
	catalog_unref(ask.catalog);
	ask.catalog = catalog_text_parse(CATALOG, 2);
	ask.names.search_path = "front, public";
	assert_true(ask_becomes(&ask, "SELECT * FROM users, plain", "SELECT * FROM front.users, plain"));
	assert_true(ask_becomes(&ask, "INSERT INTO users VALUES (1)", "INSERT INTO front.users VALUES (1)"));
	ask.names.search_path = "public, front";
	assert_true(ask_becomes(&ask, "SELECT id FROM users", "SELECT id FROM users WHERE users.tenant_id = 42"));
	ask_free(&ask);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_growth),     cmocka_unit_test(test_too_long_after_rewriting),
		cmocka_unit_test(test_reading),    cmocka_unit_test(test_changes),
		cmocka_unit_test(test_refused),    cmocka_unit_test(test_parameter_numbers),
		cmocka_unit_test(test_own_values), cmocka_unit_test(test_visible),
		cmocka_unit_test(test_temporary),  cmocka_unit_test(test_front),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
