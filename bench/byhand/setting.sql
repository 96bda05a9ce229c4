-- weight 5
\set n random(1, 20)
INSERT INTO settings (key, value, tenant_id) VALUES ('bench_' || :n, 'on', 1) ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = now() WHERE settings.tenant_id = 1;
