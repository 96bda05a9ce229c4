-- One tenant's rows, every value recognisable (canary.py). :k the tenant's digit, :base + n its n-th id.
SET TIME ZONE 'UTC';
CREATE TEMP TABLE c AS SELECT 'CANARY' || :k AS mark, make_timestamptz(2000 + 100 * :k + 75, 1, 1, 8, 0, 0) AS t0, make_date(2000 + 100 * :k + 75, 1, 1) AS d0;

INSERT INTO items (id, code, name, amount, mood, tags, doc, at, day, ref, parent_id, place, "order", active)
SELECT :base + i, CASE WHEN i <= 12 THEN 'code' || i END, (ARRAY['apple','pear','plum','fig'])[1 + i % 4] || ' ' || mark || ' ' || i, CASE WHEN i % 7 <> 0 THEN :k * 100000 + 77000 + i + 0.25 END,
	(ARRAY['sad','ok','happy'])[1 + i % 3]::mood, CASE WHEN i % 5 <> 0 THEN ARRAY[mark || 'a', mark || i] END, jsonb_build_object('n', i, 'mark', mark, 'list', jsonb_build_array(i, i + 1)),
	t0 + i * interval '1 hour', d0 + i, ('cafe000' || :k || '-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid, CASE WHEN i > 4 THEN :base + i / 4 END,
	CASE WHEN i % 3 = 0 THEN ROW(mark || ' street', 1000 + i)::address END, i % 6, i % 4 <> 0
FROM generate_series(1, 18 + :k) i, c;
INSERT INTO alt.items SELECT i, 'shared ' || i FROM generate_series(1, 4) i;
INSERT INTO countries VALUES ('FR', 'France', 'Europe'), ('DE', 'Germany', 'Europe'), ('JP', 'Japan', 'Asia'), ('BR', 'Brazil', 'America');
INSERT INTO counters VALUES ('visits', 10), ('errors', 0);
INSERT INTO parts (id, item_id, qty, note, items) SELECT :base + i, :base + 1 + (i * 5) % 15, 1 + i % 4, CASE WHEN i % 3 <> 0 THEN 'part ' || mark || ' ' || i END, mark FROM generate_series(1, 24 + :k) i, c;
INSERT INTO labels SELECT :base + 1 + i % 9, mark || ' label ' || i, i * 0.5 FROM generate_series(1, 14) i, c;
INSERT INTO "Odd Name" SELECT :base + i, 'Mixed ' || mark || ' ' || i, i % 4, 'u ' || mark, 'ab' || i || mark, mark FROM generate_series(1, 8) i, c;
INSERT INTO "Odd Schema"."Ünïcode Tàble" SELECT :base + i, 'é' || mark || 'ß' || i, :base + i FROM generate_series(1, 6) i, c;
INSERT INTO t23456789_123456789_123456789_123456789_123456789_123456789_123 SELECT :base + i, mark || i FROM generate_series(1, 4) i, c;
INSERT INTO "user" SELECT :base + i, 'name ' || mark || i, 'table ' || mark FROM generate_series(1, 5) i, c;
INSERT INTO tree SELECT :base + i, CASE WHEN i > 1 THEN :base + i / 2 END, mark || '-' || i FROM generate_series(1, 12) i, c;
INSERT INTO events SELECT :base + i, d0 + i * 20, 'event ' || mark || ' ' || i FROM generate_series(1, 10) i, c;
INSERT INTO logs SELECT :base + i, (ARRAY['a','b','c'])[1 + i % 3], 'log ' || mark || ' ' || i FROM generate_series(1, 12) i, c;
INSERT INTO animals SELECT :base + i, 'cat ' || mark || i FROM generate_series(1, 4) i, c;
INSERT INTO dogs SELECT :base + 100 + i, 'dog ' || mark || i, 'breed ' || mark FROM generate_series(1, 3) i, c;
INSERT INTO nokey SELECT :base + i / 2, mark || i / 3 FROM generate_series(1, 9) i, c;
INSERT INTO onecol SELECT mark || i FROM generate_series(1, 4) i, c;
INSERT INTO gen (id, a, c) OVERRIDING SYSTEM VALUE SELECT :base + i, :base / 2 + i, mark FROM generate_series(1, 5) i, c;
INSERT INTO defer SELECT :base + i, i FROM generate_series(1, 5) i;
INSERT INTO emails SELECT :base + i, 'Mail' || i || '@' || mark || '.example', i, i % 3 <> 0 FROM generate_series(1, 9) i, c;
INSERT INTO words SELECT 'word' || i, i, mark || ' note' FROM generate_series(1, 7) i, c;
INSERT INTO types SELECT :base + i, i, :base::bigint + i, :base::real, :base + i, :k * 100000 + 77000 + i + 0.25, mark, mark, mark, convert_to(mark, 'UTF8'), i % 2 = 0, d0 + i, time '10:00' + i * interval '1 min',
	(t0 + i * interval '1 day')::timestamp, t0 + i * interval '1 day', i * interval '1 day', ('cafe000' || :k || '-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid, json_build_object('m', mark), jsonb_build_object('m', mark),
	ARRAY[:base + i, :base + i + 1], ARRAY[mark, NULL, 'x'], int4range(:base, :base + i), daterange(d0, d0 + i), 'ok', ROW(mark, i)::address, '10.0.0.0'::inet + i, 5::bit(4), xmlparse(CONTENT '<m>' || mark || '</m>'), point(i, i)
FROM generate_series(1, 4) i, c;
INSERT INTO uneven SELECT :base + i, ARRAY[json_build_object('m', mark)], ARRAY[point(i, i)], mark || i, mark || i, ROW(mark, i)::address, ARRAY[ROW(mark, i)::address], 'note ' || mark, i % 2 = 0 FROM generate_series(1, 4) i, c;
INSERT INTO stock SELECT :base + i, 10 * i FROM generate_series(1, 5) i;
INSERT INTO stock_log (id, stock_id, old_qty, new_qty) SELECT :base + i, :base + 1, i, i + 1 FROM generate_series(1, 3) i;
DROP TABLE c;
