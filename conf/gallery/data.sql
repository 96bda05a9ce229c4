-- About 6,000 rows of an ordinary shop. The same on every run: no random numbers, no clock.
BEGIN;

INSERT INTO users (name, email, password_hash, role, address, newsletter, last_login, created_at)
SELECT (ARRAY['Alice','Bruno','Camille','David','Elena','Farid','Grace','Hugo','Ines','Jonas','Karim','Lea'])[1 + i % 12] || ' '
		|| (ARRAY['Martin','Bernard','Dubois','Petit','Durand','Leroy','Moreau','Simon','Laurent','Garcia','Roux'])[1 + i % 11],
	'user' || i || '@example.org', 'pbkdf2:sha256:' || md5('password' || i),
	CASE WHEN i = 1 THEN 'admin' WHEN i % 50 = 0 THEN 'partenaire' ELSE 'user' END,
	CASE WHEN i % 3 <> 0 THEN jsonb_build_object('street', i || ' rue des Arts', 'zip', lpad((i * 37 % 95000)::text, 5, '0'),
		'city', (ARRAY['Lyon','Nantes','Lille','Nice','Brest'])[1 + i % 5], 'country', 'FR') END,
	i % 4 = 0,
	CASE WHEN i % 5 <> 0 THEN timestamptz '2025-10-01 08:00+00' + i * interval '3 hours 7 minutes' END,
	timestamptz '2024-01-05 10:00+00' + i * interval '17 hours'
FROM generate_series(1, 400) i;

INSERT INTO paintings (name, description, technique, category, year, width_cm, height_cm, price, quantity, images, status,
	display_order, created_at, updated_at)
SELECT (ARRAY['Sunset','Harbour','Silence','Fields','The Dancer','Winter','Old Town','Blue Room','Garden','Storm'])[1 + i % 10]
		|| ' no. ' || i,
	CASE WHEN i % 7 <> 0 THEN 'A ' || (ARRAY['quiet','bright','large','small','dark'])[1 + i % 5] || ' work, signed on the back' END,
	(ARRAY['oil','acrylic','watercolour','ink','pastel'])[1 + i % 5],
	(ARRAY['landscape','portrait','abstract','still life'])[1 + i % 4],
	2005 + i % 20, 20 + i % 90, 30 + i % 70, 90 + (i * 73) % 2400 + 0.50, i % 6, ARRAY['img/' || i || '-1.jpg', 'img/' || i || '-2.jpg'],
	CASE WHEN i % 17 = 0 THEN 'sold' WHEN i % 23 = 0 THEN 'hidden' WHEN i % 29 = 0 THEN 'reserved' ELSE 'available' END,
	i % 40, timestamptz '2024-02-01 09:00+00' + i * interval '1 day', timestamptz '2025-01-01 09:00+00' + i * interval '5 hours'
FROM generate_series(1, 300) i;

INSERT INTO carts (user_id, session_token, created_at, updated_at)
SELECT CASE WHEN i <= 150 THEN i * 2 END, CASE WHEN i > 150 THEN md5('cart' || i)::uuid END,
	timestamptz '2025-09-01 12:00+00' + i * interval '4 hours', timestamptz '2025-09-02 12:00+00' + i * interval '4 hours'
FROM generate_series(1, 220) i;

INSERT INTO cart_items (cart_id, painting_id, quantity, added_at)
SELECT 1 + i % 200, 1 + (i * 7) % 300, 1 + i % 3, timestamptz '2025-09-03 12:00+00' + i * interval '1 hour'
FROM generate_series(1, 500) i;

INSERT INTO orders (user_id, order_number, order_date, status, total_price, shipping, created_at, updated_at)
SELECT 1 + (i * 13) % 400, 'CMD-2025-' || lpad(i::text, 5, '0'), date '2025-01-02' + (i % 300),
	(ARRAY['pending','paid','shipped','delivered','delivered','delivered','cancelled','refunded'])[1 + i % 8], 0,
	jsonb_build_object('carrier', (ARRAY['Colissimo','UPS','pickup'])[1 + i % 3], 'tracking', 'TRK' || (100000 + i)),
	timestamptz '2025-01-02 08:00+00' + (i % 300) * interval '1 day', timestamptz '2025-01-03 08:00+00' + (i % 300) * interval '1 day'
FROM generate_series(1, 700) i;

INSERT INTO order_items (order_id, painting_id, quantity, price)
SELECT 1 + i % 700, p.id, 1 + i % 2, p.price
FROM generate_series(1, 1500) i JOIN paintings p ON p.id = 1 + (i * 11) % 300;

UPDATE orders o SET total_price = s.total
FROM (SELECT order_id, sum(quantity * price) AS total FROM order_items GROUP BY order_id) s WHERE s.order_id = o.id;

INSERT INTO favorites (user_id, painting_id, created_at)
SELECT 1 + i % 400, 1 + (i * 19) % 300, timestamptz '2025-05-01 20:00+00' + i * interval '2 hours'
FROM generate_series(1, 900) i ON CONFLICT DO NOTHING;

INSERT INTO notifications (user_id, message, type, url, is_read, created_at)
SELECT 1 + (i * 3) % 400, (ARRAY['Your order has been shipped','A new work is online','Your request was answered','Welcome'])[1 + i % 4],
	(ARRAY['order','painting','request','info'])[1 + i % 4], '/n/' || i, i % 3 = 0, timestamptz '2025-06-01 10:00+00' + i * interval '30 minutes'
FROM generate_series(1, 800) i;

INSERT INTO exhibitions (title, location, venue_details, start_date, end_date, opening, image, description)
SELECT (ARRAY['Light','Matter','Silence','Roots','Shores'])[1 + i % 5] || ' ' || 2019 + i % 8,
	(ARRAY['Lyon','Paris','Lille','Geneva','Brussels'])[1 + i % 5], CASE WHEN i % 2 = 0 THEN 'Ground floor' END,
	date '2019-03-01' + i * 80, CASE WHEN i % 9 <> 0 THEN date '2019-03-01' + i * 80 + 21 END, time '18:30', 'exhibition-' || i || '.jpg',
	'Exhibition number ' || i
FROM generate_series(1, 40) i;

INSERT INTO custom_requests (client_name, client_email, project_type, description, budget, deadline, status, created_at)
SELECT 'Client ' || i, 'client' || i || '@example.com', (ARRAY['portrait','mural','restoration'])[1 + i % 3],
	'Request number ' || i, CASE WHEN i % 4 <> 0 THEN 150 + i * 25 END, CASE WHEN i % 5 <> 0 THEN date '2025-12-01' + i END,
	(ARRAY['new','quoted','accepted','done','refused'])[1 + i % 5], timestamptz '2025-03-01 10:00+00' + i * interval '1 day'
FROM generate_series(1, 120) i;

INSERT INTO settings (key, value) VALUES
	('shop_name', 'Atelier Exemple'), ('contact_email', 'contact@example.org'), ('currency', 'EUR'), ('primary_color', '#1E3A8A'),
	('secondary_color', '#C2410C'), ('home_title', 'Paintings and drawings'), ('about_text', 'A workshop by the river.'),
	('facebook_url', ''), ('instagram_url', 'https://instagram.example/atelier'), ('shipping_flat', '12.50'), ('free_shipping_from', '500'),
	('smtp_host', 'smtp.example.org'), ('smtp_port', '587'), ('stripe_mode', 'test'), ('maintenance', 'false');

INSERT INTO stripe_events (id, type, payload, order_id, received_at, processed)
SELECT 'evt_' || lpad(i::text, 8, '0'), (ARRAY['checkout.session.completed','payment_intent.succeeded','charge.refunded'])[1 + i % 3],
	jsonb_build_object('object', 'event', 'livemode', false, 'data', jsonb_build_object('amount', 1000 + i * 10, 'currency', 'eur',
		'metadata', jsonb_build_object('order_number', 'CMD-2025-' || lpad(i::text, 5, '0')))),
	i, timestamptz '2025-01-02 08:05+00' + (i % 300) * interval '1 day', i % 10 <> 0
FROM generate_series(1, 600) i;

INSERT INTO saas_sites (user_id, site_name, final_domain, sandbox_url, status, stripe_session_id, tenant_id, created_at)
SELECT i * 9, 'Atelier ' || i, CASE WHEN i % 2 = 0 THEN 'atelier' || i || '.example' END, 'https://sandbox.example/' || i,
	(ARRAY['pending_approval','paid','active'])[1 + i % 3], 'cs_test_' || md5('site' || i), CASE WHEN i % 4 = 0 THEN 1 END,
	timestamptz '2025-07-01 10:00+00' + i * interval '1 day'
FROM generate_series(1, 20) i;

COMMIT;

REFRESH MATERIALIZED VIEW monthly_sales;
ANALYZE users, paintings, carts, cart_items, orders, order_items, favorites, notifications, exhibitions, custom_requests, settings,
	stripe_events, saas_sites, monthly_sales;
