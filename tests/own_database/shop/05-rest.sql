-- Settings, notifications, requests, sites.

-- one setting
--: params shop_name
SELECT value FROM settings WHERE key = $1;

-- all settings
SELECT key, value FROM settings ORDER BY key;

-- as an object
SELECT jsonb_object_agg(key, value) FROM settings;

-- set a setting that is there
--: params shop_name, New name
INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, updated_at = now();

-- set a new one
INSERT INTO settings (key, value) VALUES ('new_key', '1') ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value RETURNING key, value;

-- only if it differs
INSERT INTO settings AS s (key, value) VALUES ('currency', 'EUR') ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value WHERE s.value IS DISTINCT FROM EXCLUDED.value RETURNING key;

-- by the name of the constraint
INSERT INTO settings (key, value) VALUES ('currency', 'CHF') ON CONFLICT ON CONSTRAINT settings_pkey DO UPDATE SET value = EXCLUDED.value RETURNING *;

-- several
INSERT INTO settings (key, value) VALUES ('a', '1'), ('smtp_port', '25'), ('b', NULL) ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value RETURNING key, value;

-- twice the same in one statement
--: error 21000
INSERT INTO settings (key, value) VALUES ('a', '1'), ('a', '2') ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value;

-- a key that is taken
--: error 23505
INSERT INTO settings (key, value) VALUES ('currency', 'USD');

-- update
UPDATE settings SET value = 'true' WHERE key = 'maintenance' RETURNING key, value;

-- renamed
UPDATE settings SET key = 'smtp_port_old' WHERE key = 'smtp_port';

DELETE FROM settings WHERE key LIKE 'home\_%';

-- a number
SELECT value::numeric + 1 FROM settings WHERE key = 'shipping_flat';

-- not a number
--: error 22P02
SELECT value::numeric FROM settings WHERE key = 'currency';

-- unread
SELECT COUNT(*) FROM notifications WHERE user_id = <#4> AND is_read = FALSE;

-- the list
--: params <#4>, 10
SELECT id, message, type, url, is_read, created_at FROM notifications WHERE user_id = $1 OR user_id IS NULL ORDER BY created_at DESC LIMIT $2;

-- read
UPDATE notifications SET is_read = TRUE WHERE user_id = <#4> AND NOT is_read;

-- all read
UPDATE notifications SET is_read = true RETURNING id;

-- to everybody
INSERT INTO notifications (user_id, message, type) SELECT id, 'Hello ' || name, 'info' FROM users WHERE newsletter ORDER BY id RETURNING id, user_id, message;

-- to nobody in particular
INSERT INTO notifications (message) VALUES ('Closed on Monday') RETURNING id, type, is_read;

-- delete what is read
DELETE FROM notifications WHERE is_read AND created_at < '2999-01-01';

-- by type
SELECT type, count(*) AS n, count(*) FILTER (WHERE is_read) AS read, bool_and(is_read) FROM notifications GROUP BY type ORDER BY n DESC, type;

-- the last one of each user
SELECT u.id, n.message FROM users u LEFT JOIN LATERAL (SELECT message FROM notifications WHERE user_id = u.id ORDER BY created_at DESC LIMIT 1) n ON true ORDER BY u.id;

-- without message
--: error 23502
INSERT INTO notifications (user_id, message) VALUES (<#4>, NULL);

-- for somebody who does not exist
--: error 23503
INSERT INTO notifications (user_id, message) VALUES (5, 'x');

-- new requests
SELECT * FROM custom_requests WHERE status = 'new' ORDER BY created_at;

-- a request
--: params Max, max@example.org, mural, A wall, 1200, 2026-06-01
INSERT INTO custom_requests (client_name, client_email, project_type, description, budget, deadline) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id, status;

-- an answer
UPDATE custom_requests SET status = 'quoted', budget = coalesce(budget, 0) + 100 WHERE id = <#5> RETURNING id, status, budget;

-- open budget
SELECT project_type, sum(budget) AS budget, count(*) - count(budget) AS unknown FROM custom_requests GROUP BY GROUPING SETS ((project_type), ()) ORDER BY 1;

-- median
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY budget) FROM custom_requests;

-- due
SELECT id, deadline - date '2026-01-01' AS days FROM custom_requests WHERE deadline IS NOT NULL ORDER BY deadline;

DELETE FROM custom_requests WHERE status IN ('done', 'refused') RETURNING *;

-- a site that was bought
--: params cs_test_CANARY<k>_2
UPDATE saas_sites SET status = 'paid' WHERE stripe_session_id = $1 RETURNING id, site_name;

-- the page /saas/launch/success
SELECT s.id, s.site_name, s.final_domain, s.status, u.email FROM saas_sites s JOIN users u ON s.user_id = u.id WHERE s.stripe_session_id = 'cs_test_CANARY<k>_2';

-- a new site, with the tenant
--: visible
INSERT INTO saas_sites (user_id, site_name, tenant_id) VALUES (<#3>, 'Mine', <tenant>) RETURNING id, site_name, tenant_id;

-- a new site, without
INSERT INTO saas_sites (user_id, site_name) VALUES (<#3>, 'Mine') RETURNING *;

SELECT status, array_agg(id ORDER BY id) FROM saas_sites GROUP BY status ORDER BY status;

-- dashboard: several statements in one message
SELECT count(*) FROM users; SELECT count(*) FROM orders; SELECT sum(total_price) FROM orders WHERE status = 'paid';

-- dashboard: one row of sub-selects
SELECT (SELECT count(*) FROM users) AS users, (SELECT count(*) FROM paintings) AS paintings, (SELECT count(*) FROM orders) AS orders,
	(SELECT coalesce(sum(total_price), 0) FROM orders WHERE status IN ('paid', 'shipped', 'delivered')) AS revenue, (SELECT count(*) FROM custom_requests WHERE status = 'new') AS requests;

-- search everywhere
SELECT 'painting' AS kind, id::text, name FROM paintings WHERE name ILIKE '%sun%' UNION ALL SELECT 'user', id::text, name FROM users WHERE name ILIKE '%ali%'
UNION ALL SELECT 'exhibition', id::text, title FROM exhibitions WHERE title ILIKE '%light%' ORDER BY kind, id;

-- activity
SELECT day, sum(n) FROM (SELECT created_at::date AS day, count(*) AS n FROM orders GROUP BY 1 UNION ALL SELECT created_at::date, count(*) FROM notifications GROUP BY 1) a GROUP BY day ORDER BY day;

-- export
COPY (SELECT id, email FROM users ORDER BY id) TO STDOUT WITH (FORMAT csv, HEADER);

-- export a table
COPY settings TO STDOUT;

-- import
COPY custom_requests (project_type, client_name, client_email, description) FROM STDIN;
--: data
mural	Max	max@example.org	A wall
portrait	Eva	eva@example.org	A face

-- what the programs ask
SHOW search_path;

SELECT version() IS NOT NULL, current_database() IS NOT NULL, current_schema(), current_setting('server_version_num')::int > 130000;

SELECT 1;

-- columns of a table, for a program
SELECT column_name, data_type, is_nullable FROM information_schema.columns WHERE table_name = 'settings' AND column_name <> 'tenant_id' ORDER BY ordinal_position;
