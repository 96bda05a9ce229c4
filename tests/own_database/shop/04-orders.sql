-- Orders, payments, reports.

-- my orders
--: params <#14>
SELECT id, order_number, order_date, status, total_price FROM orders WHERE user_id = $1 ORDER BY order_date DESC, id DESC;

-- history with number of pieces
SELECT o.id, o.order_number, o.status, count(i.id) AS lines, sum(i.quantity) AS pieces FROM orders o LEFT JOIN order_items i ON i.order_id = o.id
WHERE o.user_id = <#14> GROUP BY o.id ORDER BY o.id;

-- one order
SELECT o.*, u.name AS customer, u.email FROM orders o JOIN users u ON u.id = o.user_id WHERE o.id = <#3>;

-- its lines
SELECT oi.id, p.name, oi.quantity, oi.price, oi.quantity * oi.price AS total FROM order_items oi JOIN paintings p ON oi.painting_id = p.id WHERE oi.order_id = <#3> ORDER BY oi.id;

-- all tables of an order at once
SELECT * FROM orders o JOIN order_items i ON i.order_id = o.id JOIN paintings p ON p.id = i.painting_id JOIN users u ON u.id = o.user_id WHERE o.id = <#3> ORDER BY i.id;

-- order number
--: params CMD-CANARY<k>-00003
SELECT id FROM orders WHERE order_number = $1;

-- new order from the cart
WITH cart AS (SELECT i.painting_id, i.quantity, p.price FROM cart_items i JOIN paintings p ON p.id = i.painting_id WHERE i.cart_id = <#2>),
	new_order AS (INSERT INTO orders (user_id, order_number, order_date, total_price) SELECT <#4>, 'CMD-NEW', '2026-01-02', sum(quantity * price) FROM cart RETURNING id),
	lines AS (INSERT INTO order_items (order_id, painting_id, quantity, price) SELECT n.id, c.painting_id, c.quantity, c.price FROM new_order n, cart c RETURNING quantity),
	emptied AS (DELETE FROM cart_items WHERE cart_id = <#2> RETURNING 1)
SELECT (SELECT count(*) FROM lines) AS lines, (SELECT count(*) FROM emptied) AS emptied;

-- the same step by step
BEGIN;
--: step
--: params <#4>, CMD-STEP
INSERT INTO orders (user_id, order_number, order_date) VALUES ($1, $2, '2026-01-03') RETURNING id;
--: step
INSERT INTO order_items (order_id, painting_id, quantity, price) SELECT <#5000>, painting_id, ci.quantity, p.price FROM cart_items ci JOIN paintings p ON p.id = painting_id WHERE cart_id = <#2>;
--: step
UPDATE paintings SET quantity = paintings.quantity - 1 FROM order_items i WHERE i.painting_id = paintings.id AND i.order_id = <#5000> AND paintings.quantity > 0;
--: step
UPDATE orders SET total_price = (SELECT sum(quantity * price) FROM order_items WHERE order_id = orders.id) WHERE id = <#5000> RETURNING total_price;
--: step
DELETE FROM cart_items WHERE cart_id = <#2>;
--: step
COMMIT;

-- given up half way
BEGIN;
--: step
INSERT INTO orders (user_id, order_number) VALUES (<#4>, 'CMD-GONE');
--: step
--: error 23505
INSERT INTO orders (user_id, order_number) VALUES (<#4>, 'CMD-CANARY<k>-00001');
--: step
--: error 25P02
SELECT count(*) FROM orders;
--: step
COMMIT;

-- with a savepoint
BEGIN;
--: step
SAVEPOINT a;
--: step
--: error 23503
INSERT INTO order_items (order_id, painting_id, quantity, price) VALUES (1, 1, 1, 1);
--: step
ROLLBACK TO SAVEPOINT a;
--: step
UPDATE orders SET shipping = shipping || '{"gift": true}' WHERE id = <#2> RETURNING shipping;
--: step
COMMIT;

-- paid
--: params paid, <#6>
UPDATE orders SET status = $1 WHERE id = $2;

-- shipped, and the customer hears of it (by trigger)
UPDATE orders SET status = 'shipped', shipping = jsonb_set(shipping, '{tracking}', '"NEW1"') WHERE id = <#7> AND status IN ('paid', 'pending', 'shipped', 'delivered') RETURNING id, status;

-- a status that does not exist
--: error 23514
UPDATE orders SET status = 'lost' WHERE id = <#7>;

-- cancelled: the stock comes back
WITH c AS (UPDATE orders SET status = 'cancelled' WHERE id = <#8> RETURNING id)
UPDATE paintings p SET quantity = p.quantity + i.quantity FROM order_items i, c WHERE i.order_id = c.id AND i.painting_id = p.id RETURNING p.id, p.quantity;

-- cannot go
--: error 23503
DELETE FROM users WHERE id = (SELECT min(user_id) FROM orders WHERE status = 'cancelled');

-- old cancelled orders go
DELETE FROM orders WHERE status = 'cancelled' AND order_date < '2999-01-01' RETURNING id;

-- summaries, through the view
SELECT * FROM order_summaries ORDER BY order_id;

-- through the view, one customer
SELECT order_number, pieces, amount FROM order_summaries WHERE email = 'user14@CANARY<k>.example' ORDER BY order_id;

-- turnover by month
SELECT date_trunc('month', order_date)::date AS month, count(*) AS orders, sum(total_price) AS turnover FROM orders WHERE status NOT IN ('cancelled', 'refunded') GROUP BY 1 ORDER BY 1;

-- turnover of all months, empty ones too
WITH RECURSIVE months(m) AS (SELECT date_trunc('month', min(order_date))::date FROM orders UNION ALL SELECT (m + interval '1 month')::date FROM months WHERE m < (SELECT max(order_date) FROM orders))
SELECT m, count(o.id), coalesce(sum(o.total_price), 0) FROM months LEFT JOIN orders o ON o.order_date >= m AND o.order_date < m + interval '1 month' GROUP BY m ORDER BY m;

-- materialized report: refused, it holds everybody's rows
--: refused
SELECT * FROM monthly_sales;

-- best sellers
SELECT p.id, p.name, sum(i.quantity) AS sold, sum(i.quantity * i.price) AS revenue FROM order_items i JOIN paintings p ON p.id = i.painting_id JOIN orders o ON o.id = i.order_id
WHERE o.status = ANY (ARRAY['paid','shipped','delivered']) GROUP BY p.id ORDER BY sold DESC, p.id LIMIT 5;

-- customers by value
WITH spent AS (SELECT user_id, sum(total_price) AS total FROM orders GROUP BY user_id)
SELECT u.name, s.total, ntile(4) OVER (ORDER BY s.total DESC, u.id) AS quarter, round(100 * s.total / sum(s.total) OVER (), 2) AS share FROM spent s JOIN users u ON u.id = s.user_id ORDER BY s.total DESC, u.id;

-- running total
SELECT id, total_price, sum(total_price) OVER (ORDER BY order_date, id ROWS UNBOUNDED PRECEDING) AS running FROM orders ORDER BY order_date, id;

-- by status, side by side
SELECT count(*) FILTER (WHERE status = 'paid') AS paid, count(*) FILTER (WHERE status = 'shipped') AS shipped, count(*) AS total FROM orders;

-- with subtotals
SELECT status, user_id, sum(total_price) FROM orders GROUP BY ROLLUP (status, user_id) ORDER BY 1, 2;

-- who ordered nothing
SELECT id FROM users EXCEPT SELECT user_id FROM orders ORDER BY 1;

-- who ordered or likes something
SELECT user_id FROM orders UNION SELECT user_id FROM favorites ORDER BY user_id;

-- who did both
(SELECT user_id FROM orders INTERSECT SELECT user_id FROM favorites) ORDER BY 1 LIMIT 5;

-- by carrier
SELECT shipping->>'carrier' AS carrier, count(*), jsonb_agg(order_number ORDER BY id) FROM orders GROUP BY 1 ORDER BY 1;

-- one event of the payment service, once
--: params evt_CANARY<k>_new, checkout.session.completed, '{"data": {"amount": 5}}'
INSERT INTO stripe_events (id, type, payload) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING;

-- the same event again
INSERT INTO stripe_events (id, type, payload) VALUES ('evt_CANARY<k>_0001', 'x', '{}') ON CONFLICT (id) DO NOTHING RETURNING id;

-- which order is it
SELECT e.id, o.id AS order_id FROM stripe_events e JOIN orders o ON o.order_number = e.payload #>> '{data,metadata,order_number}' ORDER BY e.id;

-- contained
SELECT id FROM stripe_events WHERE payload @> '{"data": {"currency": "eur"}}' AND NOT processed ORDER BY id;

-- path
SELECT id, jsonb_path_query_array(payload, '$.data.lines[*] ? (@ > 3)') AS lines FROM stripe_events ORDER BY id;

-- keys
SELECT DISTINCT k FROM stripe_events, jsonb_object_keys(payload->'data') k ORDER BY 1;

-- the operator with a question mark
SELECT count(*) FROM stripe_events WHERE payload->'data' ? 'amount' AND payload->'data'->'metadata' ?& array['note'];

-- amounts
SELECT sum((payload->'data'->>'amount')::int) FROM stripe_events;

-- done
UPDATE stripe_events SET processed = true, payload = payload || jsonb_build_object('seen', true) WHERE NOT processed RETURNING id, payload->'seen' AS seen;

-- as a record
SELECT x.amount, x.currency FROM stripe_events e, jsonb_to_record(e.payload->'data') AS x(amount int, currency text) WHERE e.id = 'evt_CANARY<k>_0003';
