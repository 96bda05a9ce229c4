-- Views, materialized views, partitions, inheritance.

SELECT * FROM item_names ORDER BY id;

SELECT n.name FROM item_names n WHERE n.id = <#2>;

SELECT item_names.id FROM item_names ORDER BY 1;

SELECT count(*) FROM item_names;

SELECT * FROM item_parts ORDER BY id;

SELECT name, parts FROM item_parts WHERE parts > 1 ORDER BY name;

SELECT v.*, i.mood FROM item_parts v JOIN items i ON i.id = v.id ORDER BY v.id;

SELECT i.id, v.parts FROM items i LEFT JOIN item_parts v ON v.id = i.id AND v.parts > 1 ORDER BY 1;

SELECT * FROM items i NATURAL JOIN item_names ORDER BY id;

SELECT * FROM items JOIN item_names USING (id) ORDER BY id;

SELECT i.id, n.name FROM items i FULL JOIN item_names n ON n.id = i.id AND i.active ORDER BY 1, 2;

SELECT i.id FROM items i WHERE i.id IN (SELECT id FROM item_parts WHERE parts = 0) ORDER BY 1;

SELECT EXISTS (SELECT 1 FROM item_names WHERE id = <other#1>);

SELECT * FROM named_parts ORDER BY name, qty;

SELECT a.name FROM named_parts a JOIN item_names b ON b.name = a.name ORDER BY 1;

SELECT * FROM active_items ORDER BY id;

SELECT * FROM "Odd View" ORDER BY "Id";

SELECT "select" FROM "Odd View" v ORDER BY v."Id";

SELECT * FROM europe ORDER BY code;

SELECT * FROM any_items ORDER BY x, y;

SELECT x.a FROM any_items AS x (a) ORDER BY 1;

SELECT * FROM tree_paths ORDER BY id;

SELECT * FROM word_view ORDER BY w;

SELECT w FROM word_view WHERE n > 3 ORDER BY 1;

SELECT v FROM item_names v ORDER BY v.id LIMIT 2;

SELECT row_to_json(v) FROM item_names v ORDER BY v.id LIMIT 2;

WITH item_names AS (SELECT 1 AS id) SELECT * FROM item_names;

WITH items AS (SELECT 1 AS id, 'x' AS name) SELECT count(*) FROM item_names;

SELECT (SELECT max(parts) FROM item_parts), (SELECT count(*) FROM item_names);

SELECT id FROM item_names UNION SELECT id FROM active_items ORDER BY 1;

SELECT id FROM item_names ORDER BY id FOR UPDATE;

TABLE item_names;

INSERT INTO nokey SELECT id, name FROM item_names WHERE id < <#4> RETURNING *;

UPDATE items SET name = v.name || '!' FROM item_parts v WHERE v.id = items.id AND v.parts > 2 RETURNING items.id;

DELETE FROM labels USING item_parts v WHERE v.id = item_id AND v.parts = 0 RETURNING label;

SELECT p.relname FROM pg_class p WHERE p.relname = 'item_names';

SET search_path = alt, public;
--: step
SELECT count(*) FROM item_names;
--: step
SELECT * FROM any_items ORDER BY x, y;

--: error 42703
SELECT nonsense FROM item_names;

-- views whose tenant column does not confine them
SELECT * FROM item_places ORDER BY id;

SELECT name, all_parts FROM item_places WHERE place = 2;

SELECT p.*, i.code FROM items i LEFT JOIN item_places p ON p.id = i.id + 1 ORDER BY i.id;

SELECT row_to_json(p) FROM item_places p ORDER BY p.id LIMIT 2;

SELECT p.place, q.id FROM item_places p FULL JOIN parts q ON q.item_id = p.id ORDER BY 1, 2;

SELECT * FROM item_places JOIN part_items x USING (id) ORDER BY 1;

SELECT x.a, x.b FROM item_places AS x (a, b) ORDER BY 1;

SELECT count(*) FROM part_items, item_places p WHERE p.name = part_items.name;

COPY (SELECT * FROM part_items ORDER BY id) TO STDOUT;

INSERT INTO nokey SELECT place, name FROM item_places WHERE place < 3 RETURNING *;

DELETE FROM labels USING item_places v WHERE v.id = item_id AND v.place = 1 RETURNING label;

--: visible
SELECT id, tenant_id FROM part_items ORDER BY id;

--: refused
UPDATE item_places SET name = 'x';

--: refused
DELETE FROM part_items;

--: error 42809
TRUNCATE word_view;

--: error 42809
COPY item_places TO STDOUT;

-- materialized views hold everybody's rows
--: refused
SELECT * FROM item_totals;

--: refused
SELECT i.id FROM items i LEFT JOIN item_totals t ON t.mood = i.mood;

REFRESH MATERIALIZED VIEW item_totals;

-- writing through views
INSERT INTO word_view (w, n) VALUES ('v', 1);

UPDATE word_view SET n = 9 WHERE w = 'word1';

DELETE FROM word_view WHERE w = 'word2';

--: refused
INSERT INTO item_names (name) VALUES ('x');

--: refused
UPDATE item_names SET name = 'x';

--: refused
DELETE FROM active_items;

--: refused
INSERT INTO active_items (name) VALUES ('x');

INSERT INTO europe VALUES ('ES', 'Spain');

UPDATE europe SET name = 'France!' WHERE code = 'FR' RETURNING *;

-- partitions, by the root and by name
SELECT * FROM events ORDER BY id;

SELECT * FROM events_22 ORDER BY id;

SELECT count(*) FROM events_23;

SELECT a.id, b.id FROM events_22 a FULL JOIN events_23 b ON a.id = b.id ORDER BY 1, 2;

SELECT tableoid::regclass::text, count(*) FROM events GROUP BY 1 ORDER BY 1;

SELECT e.* FROM events_22 e LEFT JOIN events r ON r.id = e.id ORDER BY e.id;

SELECT count(*) FROM ONLY events;

INSERT INTO events_rest VALUES (<#60>, '1990-01-01', 'direct') RETURNING *;

--: error 23514
INSERT INTO events_22 VALUES (<#60>, '1990-01-01', 'wrong');

UPDATE events_22 SET what = 'x' RETURNING *;

DELETE FROM events_23 RETURNING id;

SELECT * FROM logs ORDER BY id;

SELECT * FROM logs_a ORDER BY id;

SELECT * FROM logs_a0 UNION ALL SELECT * FROM logs_a1 ORDER BY id;

SELECT * FROM logs_b ORDER BY id;

UPDATE logs SET kind = 'b' WHERE kind = 'a' RETURNING id, kind;

INSERT INTO logs_a VALUES (<#60>, 'a', 'x');

INSERT INTO logs_a0 SELECT id, kind, 'again' FROM logs_a0;

DELETE FROM logs_a WHERE id > <#5>;

TRUNCATE logs_b;

COPY logs_b TO STDOUT;

-- inheritance
SELECT * FROM animals ORDER BY id;

SELECT * FROM ONLY animals ORDER BY id;

SELECT * FROM dogs ORDER BY id;

SELECT a.id, d.breed FROM animals a LEFT JOIN dogs d ON d.id = a.id ORDER BY 1;

SELECT a.*, d.* FROM animals a NATURAL FULL JOIN dogs d ORDER BY a.id, d.id;

SELECT p.relname, a.name FROM animals a JOIN pg_class p ON p.oid = a.tableoid ORDER BY a.id;

INSERT INTO dogs SELECT id + 200, name, 'copy' FROM animals RETURNING id, breed;

UPDATE animals SET name = d.breed FROM dogs d WHERE d.id = animals.id RETURNING animals.*;

DELETE FROM animals a USING dogs d WHERE a.id = d.id;

TRUNCATE ONLY animals;

--: error 42809
TRUNCATE ONLY events;

--: error 42809
TRUNCATE animals, ONLY logs_a;

TRUNCATE animals;

-- the table of tenants: one's own row
--: own SELECT 1::bigint AS n
SELECT count(*) AS n FROM tenants;

-- catalogs that tools read
SELECT relname, relkind FROM pg_class WHERE relname IN ('items', 'item_names') ORDER BY relname;

SELECT attname FROM pg_attribute WHERE attrelid = 'nokey'::regclass AND attnum > 0 AND attname <> 'tenant_id' ORDER BY attnum;

SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename = 'items';

SELECT table_name FROM information_schema.tables WHERE table_schema = 'alt';

SELECT c.conname FROM pg_constraint c WHERE c.conrelid = 'parts'::regclass AND contype = 'f' AND conname NOT LIKE '%tenant%' ORDER BY 1;

SELECT n.nspname, pg_get_userbyid(n.nspowner) FROM pg_namespace n WHERE nspname = 'alt';

SELECT i.name, t.typname FROM items i JOIN pg_type t ON t.typname = i.mood::text RIGHT JOIN items j ON j.id = i.id ORDER BY j.id;

SELECT format_type(a.atttypid, a.atttypmod) FROM pg_catalog.pg_attribute a WHERE a.attrelid = 'items'::regclass AND a.attname = 'amount';

SELECT pg_get_viewdef('europe'::regclass) IS NOT NULL, obj_description('items'::regclass) IS NULL, has_table_privilege('items', 'SELECT');

--: refused
SELECT most_common_vals FROM pg_stats WHERE tablename = 'items';

--: refused
SELECT * FROM pg_catalog.pg_stats_ext;

--: refused
SELECT stavalues1 FROM pg_statistic;

--: refused
SELECT query FROM pg_stat_activity;

SELECT relname FROM pg_stat_user_tables WHERE relname = 'items';

-- system views through a join that would hide them
--: refused
SELECT i.id FROM items i LEFT JOIN pg_stats s ON s.tablename = i.name ORDER BY 1;
