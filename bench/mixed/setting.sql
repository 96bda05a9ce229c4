-- weight 5
\set n random(1, 20)
INSERT INTO settings (key, value) VALUES ('bench_' || :n, 'on') ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = now();
