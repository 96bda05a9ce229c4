-- One tenant's rows, every value recognisable (canary.py). :k the tenant's digit, :base + n its n-th id.
SET TIME ZONE 'UTC';
CREATE TEMP TABLE c AS SELECT 'CANARY' || :k AS mark, make_timestamptz(2000 + 100 * :k + 75, 1, 1, 8, 0, 0) AS t0, make_date(2000 + 100 * :k + 75, 1, 1) AS d0;
INSERT INTO auth_user SELECT :base + i, 'pbkdf2 ' || mark || i, t0 + i * interval '1 day', i = 1, 'user ' || mark || i, 'First ' || i || mark, 'User' || i || '@' || mark || '.example', i % 4 <> 0, t0 FROM generate_series(1, 9) i, c;
INSERT INTO auth_group SELECT :base + i, 'group ' || mark || i FROM generate_series(1, 3) i, c;
INSERT INTO auth_user_groups SELECT :base + i, :base + 1 + i % 9, :base + 1 + i % 3 FROM generate_series(1, 9) i;
INSERT INTO django_migrations (app, name, applied) VALUES ('auth', '0001_initial', '2020-01-01 00:00+00'), ('shop', '0001_initial', '2020-01-01 00:00+00');
INSERT INTO django_content_type VALUES (1, 'auth', 'user'), (2, 'shop', 'post');
INSERT INTO posts SELECT ('cafe000' || :k || '-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid, 'Title ' || i || ' ' || mark, CASE WHEN i % 3 <> 0 THEN 'Body of ' || mark || ' ' || i END, ARRAY['t' || i % 3, mark],
	hstore(ARRAY['color', CASE WHEN i % 2 = 0 THEN 'red' ELSE 'blue' END, 'mark', mark]), (ARRAY['draft','review','published'])[1 + i % 3]::post_status, :base + 1 + i % 9, i % 2, i, jsonb_build_object('n', i, 'mark', mark, 'tags', jsonb_build_array(i, 'x')),
	(t0 + i * interval '1 hour')::timestamp, (t0 + i * interval '2 hours')::timestamp FROM generate_series(1, 12) i, c;
INSERT INTO comments SELECT :base + i, ('cafe000' || :k || '-0000-4000-8000-' || lpad((1 + i % 11)::text, 12, '0'))::uuid, 'Comment ' || mark || i, CASE WHEN i > 5 THEN :base + i - 5 END, i % 4 FROM generate_series(1, 20) i, c;
INSERT INTO schema_migrations VALUES ('20200101000000'), ('20200202000000');
INSERT INTO ar_internal_metadata VALUES ('environment', 'test', '2020-01-01', '2020-01-01');
INSERT INTO bookings SELECT :base + i, i % 3, tsrange((t0 + i * interval '1 day')::timestamp, (t0 + i * interval '1 day' + interval '20 hours')::timestamp), int4range(:base, :base + i), mark || i FROM generate_series(1, 9) i, c;
INSERT INTO documents (id, title, body, data, secret) SELECT :base + i, 'Running fox ' || mark || ' ' || i, CASE WHEN i % 2 = 0 THEN 'jumping dogs ' || mark END, jsonb_build_object('items', jsonb_build_array(jsonb_build_object('sku', mark || i, 'qty', i)), 'total', i), convert_to(mark, 'UTF8')
	FROM generate_series(1, 6) i, c;
INSERT INTO categories SELECT :base + i, ('top.' || mark || '.n' || i % 3 || '.l' || i)::ltree, 'Name ' || mark || i, ARRAY[i, i + 1, :base + i] FROM generate_series(1, 9) i, c;
INSERT INTO accounts (id, owner_id, balance, price, opened) OVERRIDING SYSTEM VALUE SELECT :base + i, :base + i, :base + i * 100, ROW(:k * 100000 + 77000 + i + 0.25, 'EUR')::amount, d0 + i FROM generate_series(1, 6) i, c;
INSERT INTO measurements SELECT :base + i % 3, t0 + i * interval '1 hour', :base + i FROM generate_series(1, 12) i, c;
INSERT INTO jobs SELECT :base + i, (ARRAY['mail','default'])[1 + i % 2], json_build_object('m', mark, 'i', i), i % 3, CASE WHEN i > 2 THEN t0 + i * interval '1 min' END, CASE WHEN i = 4 THEN mark END, i % 2 FROM generate_series(1, 8) i, c;
INSERT INTO "Invoices" SELECT :base + i, :base + i, t0 + i * interval '1 day', jsonb_build_array(jsonb_build_object('p', mark, 'q', i)), i % 2 = 0 FROM generate_series(1, 6) i, c;
DROP TABLE c;
