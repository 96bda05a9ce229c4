-- One tenant's rows, every value recognisable (canary.py). :k the tenant's digit, :base + n its n-th id.
SET TIME ZONE 'UTC';
CREATE TEMP TABLE c AS SELECT 'CANARY' || :k AS mark, make_timestamptz(2000 + 100 * :k + 75, 1, 1, 8, 0, 0) AS t0, make_date(2000 + 100 * :k + 75, 1, 1) AS d0;

INSERT INTO users (id, name, email, password_hash, role, address, newsletter, last_login, created_at)
SELECT :base + i, (ARRAY['Alice','Bruno','Camille','David','Elena'])[1 + i % 5] || ' ' || mark, 'user' || i || '@' || mark || '.example',
	'hash ' || mark || ' ' || i, CASE WHEN i = 1 THEN 'admin' WHEN i % 7 = 0 THEN 'partenaire' ELSE 'user' END,
	CASE WHEN i % 3 <> 0 THEN jsonb_build_object('street', i || ' rue ' || mark, 'city', (ARRAY['Lyon','Nantes','Lille'])[1 + i % 3], 'floor', i % 4) END,
	i % 4 = 0, CASE WHEN i % 5 <> 0 THEN t0 + i * interval '3 hours' END, t0 + i * interval '1 day'
FROM generate_series(1, 20 + :k) i, c;

INSERT INTO paintings (id, name, description, technique, category, year, width_cm, height_cm, price, quantity, images, status, display_order, created_at, updated_at)
SELECT :base + i, (ARRAY['Sunset','Harbour','Silence','Fields','Storm'])[1 + i % 5] || ' ' || i || ' ' || mark,
	CASE WHEN i % 6 <> 0 THEN 'A quiet work ' || mark END, (ARRAY['oil','acrylic','ink'])[1 + i % 3], (ARRAY['landscape','portrait','abstract','still life'])[1 + i % 4],
	2070 + 100 * :k + i % 10, 20 + i, CASE WHEN i % 9 <> 0 THEN 30 + i END, :k * 100000 + 77000 + i + 0.50, i % 5,
	ARRAY['img/' || mark || '-' || i || '-1.jpg', 'img/' || mark || '-' || i || '-2.jpg'],
	CASE WHEN i % 11 = 0 THEN 'sold' WHEN i % 13 = 0 THEN 'hidden' ELSE 'available' END, i % 8, t0 + i * interval '2 days', t0 + i * interval '3 days'
FROM generate_series(1, 28 + :k) i, c;

INSERT INTO carts (id, user_id, session_token, created_at, updated_at)
SELECT :base + i, CASE WHEN i <= 8 THEN :base + i * 2 END, CASE WHEN i > 8 THEN ('cafe000' || :k || '-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid END,
	t0 + i * interval '4 hours', t0 + i * interval '5 hours'
FROM generate_series(1, 12) i, c;

INSERT INTO cart_items (id, cart_id, painting_id, quantity, added_at)
SELECT :base + i, :base + 1 + i % 11, :base + 1 + (i * 7) % 28, 1 + i % 3, t0 + i * interval '1 hour' FROM generate_series(1, 24 + :k) i, c;

INSERT INTO orders (id, user_id, order_number, order_date, status, total_price, shipping, created_at, updated_at)
SELECT :base + i, :base + 1 + (i * 13) % 20, 'CMD-' || mark || '-' || lpad(i::text, 5, '0'), d0 + i, (ARRAY['pending','paid','shipped','delivered','cancelled','refunded'])[1 + i % 6],
	0, jsonb_build_object('carrier', (ARRAY['Colissimo','UPS','pickup'])[1 + i % 3], 'tracking', 'TRK ' || mark || ' ' || i), t0 + i * interval '1 day', t0 + i * interval '25 hours'
FROM generate_series(1, 24) i, c;

INSERT INTO order_items (id, order_id, painting_id, quantity, price)
SELECT :base + i, :base + 1 + i % 22, :base + 1 + (i * 11) % 28, 1 + i % 2, :k * 100000 + 77000 + 1 + (i * 11) % 28 + 0.50 FROM generate_series(1, 40 + :k) i;

UPDATE orders o SET total_price = s.total FROM (SELECT order_id, sum(quantity * price) AS total FROM order_items GROUP BY order_id) s WHERE s.order_id = o.id;
UPDATE orders o SET updated_at = t0 + (id - :base) * interval '25 hours' FROM c;

INSERT INTO favorites (user_id, painting_id, created_at)
SELECT DISTINCT :base + 1 + i % 20, :base + 1 + (i * 19) % 28, t0 + (i % 20) * interval '2 hours' FROM generate_series(1, 30) i, c;

INSERT INTO notifications (id, user_id, message, type, url, is_read, created_at)
SELECT :base + i, CASE WHEN i % 10 <> 0 THEN :base + 1 + (i * 3) % 20 END, (ARRAY['Your order has been shipped','A new work is online','Welcome'])[1 + i % 3] || ' ' || mark,
	(ARRAY['order','painting','info'])[1 + i % 3], CASE WHEN i % 4 <> 0 THEN '/n/' || mark || '/' || i END, i % 3 = 0, t0 + i * interval '30 minutes'
FROM generate_series(1, 30) i, c;

INSERT INTO exhibitions (id, title, location, venue_details, start_date, end_date, opening, image, description)
SELECT :base + i, (ARRAY['Light','Matter','Roots'])[1 + i % 3] || ' ' || mark, (ARRAY['Lyon','Paris','Lille'])[1 + i % 3], CASE WHEN i % 2 = 0 THEN 'Ground floor ' || mark END,
	d0 + i * 40, CASE WHEN i % 4 <> 0 THEN d0 + i * 40 + 21 END, time '18:30', 'exhibition-' || mark || '.jpg', 'Exhibition ' || i || ' ' || mark
FROM generate_series(1, 8) i, c;

INSERT INTO custom_requests (id, client_name, client_email, project_type, description, budget, deadline, status, created_at)
SELECT :base + i, 'Client ' || i || ' ' || mark, 'client' || i || '@' || mark || '.example', (ARRAY['portrait','mural','restoration'])[1 + i % 3], 'Request ' || i || ' ' || mark,
	CASE WHEN i % 4 <> 0 THEN :k * 100000 + 77000 + i END, CASE WHEN i % 5 <> 0 THEN d0 + i END, (ARRAY['new','quoted','accepted','done','refused'])[1 + i % 5], t0 + i * interval '1 day'
FROM generate_series(1, 12) i, c;

INSERT INTO settings (key, value, updated_at)
SELECT key, value, t0 FROM c, (VALUES ('shop_name', 'Atelier CANARY' || :k), ('contact_email', 'contact@CANARY' || :k || '.example'), ('currency', 'EUR'), ('primary_color', '#1E3A8A'),
	('home_title', 'Paintings CANARY' || :k), ('shipping_flat', '12.50'), ('smtp_port', '587'), ('maintenance', 'false'), ('empty', NULL)) s (key, value);

INSERT INTO stripe_events (id, type, payload, order_id, received_at, processed)
SELECT 'evt_' || mark || '_' || lpad(i::text, 4, '0'), (ARRAY['checkout.session.completed','payment_intent.succeeded','charge.refunded'])[1 + i % 3],
	jsonb_build_object('object', 'event', 'livemode', false, 'data', jsonb_build_object('amount', :k * 100000 + 77000 + i, 'currency', 'eur', 'lines', jsonb_build_array(i, i + 1),
		'metadata', jsonb_build_object('order_number', 'CMD-' || mark || '-' || lpad(i::text, 5, '0'), 'note', mark))),
	:base + i, t0 + i * interval '1 hour', i % 5 <> 0
FROM generate_series(1, 15) i, c;

INSERT INTO saas_sites (id, user_id, site_name, final_domain, sandbox_url, status, stripe_session_id, created_at)
SELECT :base + i, :base + i * 2, 'Atelier ' || i || ' ' || mark, CASE WHEN i % 2 = 0 THEN 'atelier' || i || '.' || mark || '.example' END, 'https://sandbox.example/' || mark || '/' || i,
	(ARRAY['pending_approval','paid','active'])[1 + i % 3], 'cs_test_' || mark || '_' || i, t0 + i * interval '1 day'
FROM generate_series(1, 6) i, c;
DROP TABLE c;
