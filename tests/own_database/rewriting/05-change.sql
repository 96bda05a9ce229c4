-- UPDATE, DELETE, MERGE, TRUNCATE.

UPDATE items SET "order" = 1;

UPDATE items SET "order" = 1 RETURNING *;

UPDATE items SET name = name || '!' WHERE id = <#3> RETURNING id, name;

UPDATE items i SET name = i.name || '!' WHERE i.id = <#3> RETURNING i.*;

UPDATE items AS i SET "order" = i."order" + 1 WHERE i.mood = 'ok';

UPDATE ONLY items SET "order" = 5 WHERE active RETURNING id;

UPDATE public.items SET "order" = 5 WHERE public.items.id = <#3>;

UPDATE items SET name = 'x' WHERE id = <other#3>;

UPDATE items SET name = 'x' WHERE id = <#3> OR true;

UPDATE items SET name = 'x' WHERE id = <#3> OR id = <other#3>;

UPDATE items SET (name, "order") = ('x', 3) WHERE id = <#3> RETURNING name, "order";

UPDATE items SET (name, "order") = ROW ('x', DEFAULT) WHERE id = <#3> RETURNING name, "order";

UPDATE items SET (name, amount) = (SELECT max(note), sum(qty) FROM parts WHERE item_id = items.id) WHERE EXISTS (SELECT FROM parts WHERE item_id = items.id AND note IS NOT NULL) RETURNING id, name, amount;

UPDATE items SET amount = (SELECT avg(amount) FROM items), name = (SELECT 'n') WHERE amount IS NULL RETURNING id, amount;

UPDATE items SET amount = DEFAULT, active = DEFAULT WHERE id = <#4> RETURNING amount, active;

--: version 14
UPDATE items SET tags[2] = 'changed', place.zip = 5, doc['n'] = '99' WHERE id = <#3> RETURNING tags, place, doc;

UPDATE items SET tags = array_append(tags, 'x') WHERE 'CANARY<k>a' = ANY (tags) RETURNING tags;

UPDATE items SET id = <#777> WHERE id = <#18> RETURNING id;

UPDATE parts SET note = i.name FROM items i WHERE i.id = parts.item_id AND i.active RETURNING parts.id, parts.note, i.id;

UPDATE parts p SET note = i.name FROM items i LEFT JOIN labels l ON l.item_id = i.id WHERE i.id = p.item_id AND l.label IS NULL RETURNING p.id;

UPDATE parts p SET qty = s.n FROM (SELECT item_id, count(*)::int AS n FROM parts GROUP BY item_id) s WHERE s.item_id = p.item_id RETURNING p.id, p.qty;

UPDATE parts SET qty = 1 FROM items a JOIN items b ON b.parent_id = a.id WHERE parts.item_id = b.id;

UPDATE items a SET "order" = b."order" FROM items b WHERE b.id = a.parent_id RETURNING a.id, b.id, a."order";

UPDATE parts SET note = c.name FROM countries c WHERE c.code = 'FR' AND parts.qty = 4 RETURNING *;

UPDATE countries SET continent = 'x' FROM items WHERE items.id = <#1> AND countries.code = 'FR' RETURNING countries.*;

UPDATE parts SET note = v.n FROM (VALUES (<#1>, 'a'), (<#2>, 'b')) v (i, n) WHERE v.i = parts.id RETURNING *;

UPDATE parts SET note = 'lat' FROM items i, LATERAL (SELECT max(p2.id) AS m FROM parts p2 WHERE p2.item_id = i.id) x WHERE parts.id = x.m RETURNING parts.id;

UPDATE items SET name = 'x' WHERE id IN (SELECT item_id FROM parts WHERE qty > 3) RETURNING id;

UPDATE items SET name = 'x' WHERE (SELECT count(*) FROM parts) > 5 AND id = <#1>;

UPDATE items SET name = p.note FROM parts p WHERE p.item_id = items.id AND p.id = <#4> RETURNING (SELECT count(*) FROM labels), items.name;

UPDATE items SET name = 'x' WHERE id = <#1> RETURNING items, row_to_json(items);

UPDATE words SET w = 'word1x' WHERE w = 'word1' RETURNING *;

UPDATE stock SET qty = qty + 1 RETURNING *;

UPDATE stock SET qty = 0 WHERE id IN (<#1>, <#2>);

UPDATE gen SET a = a + 1 RETURNING *;

UPDATE gen SET b = DEFAULT;

--: version 14
--: error 428C9
UPDATE gen SET b = 5;

UPDATE events SET what = 'moved', day = '2000-01-01' WHERE id = <#3> RETURNING tableoid::regclass::text, *;

UPDATE animals SET name = 'pet' RETURNING id;

UPDATE ONLY animals SET name = 'pet' RETURNING id;

UPDATE dogs SET breed = 'mix' RETURNING *;

UPDATE defer SET pos = CASE pos WHEN 1 THEN 2 WHEN 2 THEN 1 ELSE pos END RETURNING *;

--: error 23505
UPDATE defer SET pos = 1;

UPDATE "Odd Name" SET "select" = "select" + 1 WHERE "Odd Name"."Id" > <#3> RETURNING "Odd Name"."select";

UPDATE "Odd Schema"."Ünïcode Tàble" SET "naïve" = 'ï' WHERE "日本" = <#2> RETURNING *;

UPDATE "user" SET "table" = name RETURNING "user";

--: error 42703
UPDATE items SET nonsense = 1;

--: error 42703
UPDATE items SET name = nonsense WHERE id = 1;

--: error 42703
UPDATE items SET name = 'x' WHERE nonsense = 1;

--: error 42P01
UPDATE items i SET name = 'x' WHERE items.id = 1;

--: error 23505
UPDATE items SET code = 'code1' WHERE code = 'code2';

--: error 23502
UPDATE items SET name = NULL WHERE id = <#1>;

--: error 23503
UPDATE items SET parent_id = 7 WHERE id = <#1>;

--: error 22012
UPDATE items SET "order" = 1 / 0 WHERE id = <#1>;

-- the tenant column
--: visible
UPDATE items SET name = 'x' WHERE tenant_id = <tenant> AND id = <#2> RETURNING id, tenant_id;

--: visible
UPDATE items SET tenant_id = <tenant> WHERE id = <#2> RETURNING id;

--: visible
--: refused
UPDATE items SET tenant_id = <other> WHERE id = <#2>;

--: visible
UPDATE items SET name = 'x', tenant_id = tenant_id WHERE id = <#2>;

--: visible
--: refused
UPDATE items SET (name, tenant_id) = ('x', <other>) WHERE id = <#2>;

-- DELETE
DELETE FROM nokey;

DELETE FROM nokey RETURNING *;

DELETE FROM nokey n WHERE n.a = <#2> RETURNING n.*;

DELETE FROM labels WHERE label LIKE '%1%' RETURNING label;

DELETE FROM ONLY labels WHERE weight > 3;

DELETE FROM labels WHERE item_id IN (SELECT id FROM items WHERE active);

DELETE FROM labels l USING items i WHERE i.id = l.item_id AND i.mood = 'sad' RETURNING l.label, i.name;

DELETE FROM labels USING items i LEFT JOIN parts p ON p.item_id = i.id WHERE labels.item_id = i.id AND p.id IS NULL;

DELETE FROM labels a USING labels b WHERE a.item_id = b.item_id AND a.label > b.label RETURNING a.label;

DELETE FROM parts USING countries c WHERE c.code = 'FR' AND qty = 4 RETURNING parts.*, c.name;

DELETE FROM labels USING (SELECT max(item_id) AS m FROM labels) x WHERE item_id = x.m;

DELETE FROM items WHERE id = <other#1>;

DELETE FROM items WHERE id > <#15> RETURNING id, (SELECT count(*) FROM parts WHERE item_id = items.id);

DELETE FROM events WHERE day < '2999-01-01' RETURNING id;

DELETE FROM animals RETURNING name;

DELETE FROM ONLY animals;

DELETE FROM dogs WHERE breed IS NOT NULL RETURNING *;

DELETE FROM words WHERE w = ANY ('{word1,word2}') RETURNING w;

DELETE FROM alt.items WHERE id IN (SELECT "order" FROM items) RETURNING id;

DELETE FROM "Odd Name" WHERE "select" = 1 RETURNING "Id";

--: error 23503
DELETE FROM items WHERE id = <#1>;

--: error 42703
DELETE FROM items WHERE nonsense = 1;

-- WHERE CURRENT OF
BEGIN;
--: step
DECLARE c CURSOR FOR SELECT * FROM nokey WHERE a = <#2> FOR UPDATE;
--: step
FETCH 1 FROM c;
--: step
UPDATE nokey SET b = 'current' WHERE CURRENT OF c RETURNING *;
--: step
FETCH 1 FROM c;
--: step
DELETE FROM nokey WHERE CURRENT OF c;
--: step
COMMIT;

BEGIN;
--: step
DECLARE c CURSOR FOR SELECT id FROM stock FOR UPDATE;
--: step
FETCH 1 FROM c;
--: step
UPDATE stock AS s SET qty = 1000 WHERE CURRENT OF c;
--: step
CLOSE c;
--: step
COMMIT;

-- MERGE
--: version 15
MERGE INTO words w USING (VALUES ('word1', 5), ('neu', 6)) v (w, n) ON v.w = w.w WHEN MATCHED THEN UPDATE SET n = v.n WHEN NOT MATCHED THEN INSERT (w, n) VALUES (v.w, v.n);

--: version 15
MERGE INTO words AS t USING words AS s ON t.w = s.w AND s.n > 3 WHEN MATCHED THEN DELETE;

--: version 15
MERGE INTO words USING items ON items.code = words.w WHEN NOT MATCHED AND items.code IS NOT NULL THEN INSERT VALUES (items.code, items."order", 'n');

--: version 15
MERGE INTO stock s USING (SELECT item_id, sum(qty) AS q FROM parts GROUP BY item_id) p ON p.item_id = s.id WHEN MATCHED AND p.q > 3 THEN UPDATE SET qty = s.qty - p.q WHEN MATCHED THEN DO NOTHING WHEN NOT MATCHED THEN INSERT (id, qty) VALUES (p.item_id, p.q);

--: version 15
MERGE INTO parts p USING items i ON i.id = p.item_id AND i.active WHEN MATCHED THEN UPDATE SET note = i.name, qty = CASE WHEN p.qty > 2 THEN 1 ELSE p.qty END;

--: version 15
MERGE INTO nokey n USING (SELECT 1 AS x) s ON n.a = <other#1> WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (1, 'none');

--: version 15
MERGE INTO nokey USING countries c ON true WHEN MATCHED THEN DO NOTHING;

--: version 15
WITH s AS (SELECT w, n FROM words WHERE n > 5) MERGE INTO words t USING s ON s.w = t.w || 'x' WHEN NOT MATCHED THEN INSERT (w) VALUES (s.w || 'new') WHEN MATCHED THEN DELETE;

--: version 15
MERGE INTO gen g USING (VALUES (1)) v (a) ON g.a = v.a WHEN NOT MATCHED THEN INSERT DEFAULT VALUES;

--: version 15
MERGE INTO animals a USING items i ON a.id = i.id WHEN MATCHED THEN UPDATE SET name = i.name WHEN NOT MATCHED AND i.id = <#10> THEN INSERT (id, name) VALUES (i.id + 500, i.name);

--: version 15
MERGE INTO ONLY animals a USING items i ON a.id = i.id WHEN MATCHED THEN DELETE;

--: version 15
MERGE INTO countries c USING items i ON i.name = c.name WHEN NOT MATCHED AND i.id = <#1> THEN INSERT VALUES ('ZZ', 'neu');

--: version 15
--: visible
MERGE INTO words w USING (VALUES ('neu')) v (w) ON v.w = w.w WHEN NOT MATCHED THEN INSERT (w, tenant_id) VALUES (v.w, <tenant>);

--: version 15
--: visible
--: refused
MERGE INTO words w USING (VALUES ('neu')) v (w) ON v.w = w.w WHEN NOT MATCHED THEN INSERT (w, tenant_id) VALUES (v.w, <other>);

--: version 15
--: visible
--: refused
MERGE INTO words w USING (VALUES ('word1')) v (w) ON v.w = w.w WHEN MATCHED THEN UPDATE SET tenant_id = <other>;

-- TRUNCATE
TRUNCATE nokey;

TRUNCATE TABLE nokey, onecol;

TRUNCATE ONLY labels CONTINUE IDENTITY;

TRUNCATE nokey RESTRICT;

TRUNCATE events;

TRUNCATE alt.items;

TRUNCATE "Odd Name", "Odd Schema"."Ünïcode Tàble";

TRUNCATE nokey, countries;

-- others refer to it
--: error 0A000
TRUNCATE items;

--: error 0A000
TRUNCATE nokey, items;

--: refused
TRUNCATE gen RESTART IDENTITY;

--: refused
TRUNCATE items CASCADE;

BEGIN;
--: step
TRUNCATE nokey;
--: step
SELECT count(*) FROM nokey;
--: step
ROLLBACK;

-- LOCK, ANALYZE
BEGIN;
--: step
LOCK TABLE items IN SHARE MODE;
--: step
LOCK items, parts;
--: step
COMMIT;

ANALYZE items;

ANALYZE items (id, name), parts;

--: modes simple
VACUUM words;

-- RETURNING * where FROM merges columns, and as many columns as a merged * has.

--: error 42703
UPDATE parts SET note = 'm' FROM items i JOIN labels l USING (name) WHERE i.id = parts.item_id RETURNING *;

UPDATE parts SET note = 'm' FROM items i JOIN parts q USING (id) WHERE i.id = parts.item_id RETURNING *;

UPDATE parts p SET note = 'm' FROM items JOIN "user" USING (id, name) WHERE items.id = p.item_id RETURNING *;

UPDATE parts p SET note = 'm' FROM items LEFT JOIN "user" u USING (id) WHERE items.id = p.item_id RETURNING *, p.*;

UPDATE parts p SET note = 'm' FROM items RIGHT JOIN "user" u USING (id) WHERE u.id = p.item_id RETURNING *;

UPDATE parts p SET note = 'm' FROM items FULL JOIN "user" u USING (id) WHERE u.id = p.item_id OR items.id = p.item_id RETURNING *, 1 AS one;

UPDATE parts p SET note = 'm' FROM (items FULL JOIN "user" u USING (id)) JOIN tree t USING (id) WHERE t.id = p.id RETURNING *;

UPDATE parts p SET note = 'm' FROM tree NATURAL JOIN animals WHERE tree.id = p.id RETURNING *;

UPDATE parts p SET note = 'm' FROM items NATURAL LEFT JOIN "user" WHERE items.id = p.item_id RETURNING *;

UPDATE parts p SET note = 'm' FROM items NATURAL FULL JOIN tree WHERE p.id = 3 RETURNING *;

UPDATE parts p SET note = 'm' FROM countries c NATURAL JOIN words w WHERE p.id = 3 RETURNING *;

UPDATE parts p SET note = 'm' FROM words w, items i JOIN emails e USING (id), countries c WHERE i.id = p.item_id AND c.code = 'FR' RETURNING *;

UPDATE parts p SET note = 'm' FROM (items i JOIN emails e USING (id)) AS j WHERE j.id = p.item_id RETURNING *;

UPDATE parts p SET note = 'm' FROM (items i JOIN emails e USING (id)) AS j (a, b) JOIN tree t ON t.id = j.a WHERE j.a = p.item_id RETURNING *;

UPDATE parts p SET note = 'm' FROM (items i JOIN emails e USING (id)) AS j (a, b) JOIN tree t (a) USING (a) WHERE j.b = 'x' OR t.a = p.item_id RETURNING *;

UPDATE parts p SET note = 'm' FROM items i (id, c) JOIN emails e (id, c) USING (id, c) WHERE i.id = p.item_id RETURNING *;

UPDATE parts p SET note = 'm' FROM items i JOIN (SELECT id, email FROM emails) e USING (id) WHERE i.id = p.item_id RETURNING *;

WITH e AS (SELECT id, email FROM emails) UPDATE parts p SET note = 'm' FROM items i NATURAL JOIN e WHERE i.id = p.item_id RETURNING *;

UPDATE parts p SET note = 'm' FROM items NATURAL /* full */ FULL JOIN (SELECT id, 'n'::varchar AS name FROM emails) AS e WHERE items.id = p.item_id RETURNING *, e.name;

UPDATE parts p SET note = 'm' FROM (items i RIGHT JOIN (SELECT id::bigint AS id, email FROM emails) e USING (id)) JOIN (SELECT id FROM tree) t USING (id) WHERE e.id = p.item_id RETURNING *;

UPDATE parts p SET note = 'm' FROM (SELECT id, name FROM tree) t NATURAL JOIN ("user" u NATURAL LEFT JOIN (SELECT id, name AS n FROM items) merged_1) WHERE u.id = p.id RETURNING p.id, *;

--: version 14
DELETE FROM parts p USING items i JOIN (SELECT id, email FROM emails) e USING (id) AS m WHERE m.id = p.item_id RETURNING *, m;

DELETE FROM parts USING (SELECT id AS item_id, name FROM items) i JOIN (SELECT item_id, max(label) AS label FROM labels GROUP BY 1) l USING (item_id) CROSS JOIN countries WHERE i.item_id = parts.item_id AND countries.code = 'FR' RETURNING *;

UPDATE parts p SET note = 'm' FROM item_names n JOIN active_items a USING (id, name) WHERE n.id = p.item_id RETURNING *;

UPDATE countries c SET continent = 'm' FROM items i JOIN emails e USING (id) WHERE c.code = 'FR' AND i.id = <#1> RETURNING *;

DELETE FROM labels l USING items i JOIN emails e USING (id) WHERE i.id = l.item_id RETURNING *;

DELETE FROM labels USING items i LEFT JOIN parts USING (id) WHERE i.id = labels.item_id RETURNING *;

DELETE FROM labels USING items NATURAL JOIN parts WHERE items.id = labels.item_id RETURNING *;

WITH gone AS (DELETE FROM labels l USING items i JOIN emails e USING (id) WHERE i.id = l.item_id RETURNING *) SELECT * FROM gone ORDER BY 1, 2, 3;

--: error 42703
UPDATE parts p SET note = 'm' FROM items i JOIN emails e USING (nothing) WHERE i.id = p.item_id RETURNING *;

UPDATE parts p SET note = 'm' FROM (items i JOIN emails e USING (id)) AS j (a, b, c, d, e, f, g, h, i, k, l, m, n, o, p) JOIN tree t (a) USING (a) WHERE t.a = p.item_id RETURNING *;

--: error 42702
UPDATE parts p SET note = 'm' FROM (items i JOIN emails e ON i.id = e.id) JOIN tree t USING (id) WHERE t.id = p.item_id RETURNING *;

--: error 42703
INSERT INTO emails SELECT * FROM items JOIN emails USING (nothing);

INSERT INTO emails SELECT * FROM (SELECT 900001 AS id, 'm@x' AS email) a JOIN (SELECT 900001 AS id, 44 AS slot) b USING (id);

INSERT INTO nokey SELECT * FROM (SELECT id AS a FROM tree) t NATURAL JOIN (SELECT id AS a, name AS b FROM items) i;

INSERT INTO tree SELECT * FROM (SELECT id + 90000 AS id, parent FROM tree) t NATURAL LEFT JOIN (SELECT id + 90000 AS id, name FROM tree) u RETURNING *;

INSERT INTO words SELECT * FROM (words JOIN (SELECT w FROM words) x USING (w)) ON CONFLICT DO NOTHING;

--: error 42601
INSERT INTO emails SELECT * FROM items NATURAL JOIN tree;

--: error 42601
INSERT INTO nokey SELECT * FROM (items i JOIN emails e USING (id)) JOIN tree t ON t.id = i.id;

INSERT INTO nokey SELECT x.*, y.* FROM (SELECT id AS a FROM tree) x NATURAL JOIN (SELECT id AS a FROM items) y;

WITH c AS (UPDATE countries SET continent = 'x' WHERE code = 'FR' RETURNING *) INSERT INTO nokey SELECT 1, name FROM c;

WITH w AS (INSERT INTO counters VALUES ('cte', 5) RETURNING *) INSERT INTO words (n, w) SELECT n, name FROM (SELECT * FROM w) x RETURNING w, n;

WITH w AS (INSERT INTO counters VALUES ('cte', 5) RETURNING *) INSERT INTO words SELECT * FROM w RETURNING w, n;

WITH c AS (DELETE FROM counters RETURNING *) INSERT INTO words SELECT * FROM c NATURAL JOIN (SELECT 'n' AS note) x ON CONFLICT DO NOTHING RETURNING note;

--: error 42601
WITH c AS (UPDATE counters SET n = counters.n + 1 FROM countries WHERE code = 'FR' RETURNING *) INSERT INTO words SELECT * FROM c;

-- merged columns of two types
UPDATE parts p SET note = 'm' FROM (SELECT 1) one, types t JOIN items i ON i.id = t.id JOIN alt.items a ON true WHERE t.id = p.id RETURNING *;

UPDATE parts p SET note = 'm' FROM types t (id, i2, id8) JOIN items i (id8) USING (id8) WHERE p.id = <#3> RETURNING *;

UPDATE parts p SET note = 'm' FROM types t (id, n) LEFT JOIN items i (n) USING (n) WHERE p.id = <#3> AND t.id = <#1> RETURNING *;

UPDATE parts p SET note = 'm' FROM types t (id, n) RIGHT JOIN items i (n) USING (n) WHERE p.id = <#3> AND i.n = <#1> RETURNING *;

UPDATE parts p SET note = 'm' FROM types t (id, n) FULL JOIN items i (n) USING (n) WHERE p.id = <#3> AND i.n = <#1> RETURNING *;

UPDATE parts p SET note = 'm' FROM items i (n) JOIN types t (x_, y, n) USING (n) WHERE p.id = <#3> RETURNING *;

UPDATE parts p SET note = 'm' FROM items i (a, b, c, n) FULL JOIN types t (x_, y, z, f, n) USING (n) WHERE p.id = <#3> AND i.a = <#1> RETURNING *;

UPDATE parts p SET note = 'm' FROM items i (a, b, c, n) JOIN types t (x_, y, z, f, g, n) USING (n) WHERE p.id = <#3> RETURNING *;

UPDATE parts p SET note = 'm' FROM items i (a, b, n) FULL JOIN types t (x_, y, z, f, g, h, j_, n) USING (n) WHERE p.id = <#3> AND i.a = <#1> RETURNING *;

UPDATE parts p SET note = 'm' FROM types t (x_, y, z, f, g, h, j_, n) FULL JOIN items i (a, b, n) USING (n) WHERE p.id = <#3> AND i.a = <#1> RETURNING *;

UPDATE parts p SET note = 'm' FROM (types t (x_, y, z, f, g, h, j_, n) FULL JOIN items i (a, b, n) USING (n)) LEFT JOIN tree tr (o, q, n) USING (n) WHERE p.id = <#3> AND i.a = <#1> RETURNING *;

UPDATE parts p SET note = 'm' FROM types t (x_, n) JOIN types u (n) USING (n) WHERE p.id = <#3> RETURNING *;

UPDATE parts p SET note = 'm' FROM parts q (a, b, n) FULL JOIN items i (n) USING (n) WHERE p.id = <#3> AND n = <#3> RETURNING *;

UPDATE parts p SET note = 'm' FROM types t (x, n) JOIN types u (n) USING (n) WHERE p.id = <#3> RETURNING *;

-- columns of one name, which only their place tells apart
UPDATE parts p SET note = 'm' FROM (SELECT id, code AS name, name FROM items) s JOIN tree t USING (id) WHERE t.id = p.id RETURNING *;

UPDATE parts p SET note = 'm' FROM (SELECT i.id, p.* FROM items i JOIN parts p ON p.item_id = i.id) s JOIN (SELECT 1 AS x) t ON true JOIN labels l USING (item_id) WHERE s.note = p.note AND l.label = (SELECT min(label) FROM labels WHERE item_id = p.item_id) RETURNING *, 1 AS one;

UPDATE parts p SET note = 'm' FROM (SELECT count(*), sum(id), min(id), max(name) AS min FROM tree) s NATURAL JOIN (SELECT 12 AS count) c WHERE p.id = <#3> RETURNING p.id, *;

UPDATE parts p SET note = 'm' FROM (SELECT name, id, id + 1, id + 2 FROM tree) s JOIN items i USING (name) WHERE i.id = p.item_id AND 'columns_1' <> '' RETURNING *;

UPDATE parts p SET note = 'm' FROM items i (id, name) JOIN emails e USING (id) WHERE i.id = p.item_id RETURNING *;

UPDATE parts p SET note = 'm' FROM items i (id, a, a) LEFT JOIN emails e USING (id) WHERE i.id = p.item_id RETURNING *;

UPDATE parts p SET note = 'm' FROM (items i JOIN emails e ON i.id = e.id) AS j JOIN parts q ON q.id = j.slot JOIN labels l USING (item_id) WHERE j.slot = p.id AND l.label = (SELECT min(label) FROM labels WHERE item_id = p.item_id) RETURNING *;

UPDATE parts p SET note = 'm' FROM countries c CROSS JOIN (items i JOIN tree e ON i.id = e.id) AS j (k) JOIN emails m (k) USING (k) WHERE k = p.item_id RETURNING *;

UPDATE parts SET note = 'm' FROM (items i JOIN emails e ON i.id = e.id) AS j (k) LEFT JOIN (SELECT id AS k, name AS columns_1, 1 AS x, 2 AS x FROM tree) t USING (k) WHERE k = item_id RETURNING *;

DELETE FROM labels l USING (SELECT DISTINCT ON (id) id AS item_id, id, id FROM items) s JOIN parts p USING (item_id) WHERE l.item_id = s.item_id AND p.id = (SELECT min(id) FROM parts WHERE item_id = l.item_id) RETURNING *;

DELETE FROM labels l USING (SELECT id AS item_id, name AS item, name AS item FROM items) s NATURAL JOIN parts p WHERE p.id = <#3> RETURNING l.label, *;

DELETE FROM labels USING (SELECT id AS item_id, name, name FROM items) s JOIN parts p USING (item_id) JOIN tree t ON t.id = p.id AND t.parent > 0 RETURNING *;

WITH gone AS (DELETE FROM parts p USING (SELECT id, name AS b, code AS b FROM items) s JOIN tree t USING (id) WHERE t.id = p.id RETURNING *) SELECT count(*) FROM gone;

--: error 42702
UPDATE parts p SET note = name FROM (SELECT id, code AS name, name FROM items) s JOIN tree t USING (id) WHERE t.id = p.id RETURNING *;

--: error 42702
UPDATE parts p SET note = 'm' FROM (SELECT id, id, name FROM items) s JOIN tree t USING (id) WHERE t.id = p.id RETURNING *;

UPDATE parts p SET note = v.n FROM (VALUES (<#1>, 'a'), (<#2>, 'b')) AS v (id, n) JOIN items i USING (id) WHERE i.id = p.item_id RETURNING *;

UPDATE parts p SET note = 'm' FROM (VALUES (<#1>, 'a'), (<#2>, 'b')) AS v (id) JOIN (SELECT *, id + 1, id = 3, CASE WHEN true THEN 1 END, name::varchar, (SELECT min(id) FROM tree), least(id, 2), ARRAY(SELECT 1), (ROW(1, 2)), mood::text COLLATE "C", current_date - day, nullif(id, 3), NOT active, EXISTS (SELECT), tags[1], (place).zip FROM items) i USING (id) WHERE i.id = p.item_id RETURNING *;

-- the server calls a constant truth bool before PostgreSQL 15
--: version 15
UPDATE parts p SET note = 'm' FROM (VALUES (<#1>, 'a'), (<#2>, 'b')) AS v (id) JOIN (SELECT *, id + 1, id = 3, CASE WHEN true THEN 1 END, name::varchar, (SELECT min(id) FROM tree), least(id, 2), ARRAY(SELECT 1), (ROW(1, 2)), mood::text COLLATE "C", current_date - day, nullif(id, 3), NOT active, EXISTS (SELECT), tags[1], (place).zip, true FROM items) i USING (id) WHERE i.id = p.item_id RETURNING *;

WITH RECURSIVE v (a, id) AS (SELECT 1, <#1> UNION ALL SELECT a + 1, id + 1 FROM v WHERE a < 3), w AS (SELECT * FROM (items NATURAL JOIN (SELECT id FROM tree) t) JOIN labels l ON l.item_id = id) UPDATE parts p SET note = 'm' FROM v AS x (b) JOIN w USING (id) WHERE w.id = p.item_id AND w.weight = 3 RETURNING *;

-- of types that are not known
--: version 14
UPDATE parts p SET note = 'm' FROM ((SELECT id, name FROM tree) t FULL JOIN items i USING (id)) JOIN "user" u USING (id) WHERE u.id = p.id RETURNING *;

--: version 14
UPDATE parts p SET note = 'm' FROM ((SELECT id::bigint AS id, name FROM tree) t FULL JOIN items i USING (id)) LEFT JOIN "user" u USING (id) WHERE u.id = p.id RETURNING *;

UPDATE parts p SET note = 'm' FROM ((SELECT id::bigint AS id, name FROM tree) t RIGHT JOIN items i USING (id)) LEFT JOIN (SELECT id::numeric(20,2) AS id FROM tree) u USING (id) WHERE u.id = p.id RETURNING *;

UPDATE parts p SET note = 'm' FROM tree x LEFT JOIN ((SELECT id::bigint AS id, name FROM tree) t JOIN (SELECT id::numeric(20,2) AS id FROM tree) u USING (id)) ON x.parent = t.id::integer WHERE x.id = p.id RETURNING *;

UPDATE parts p SET note = 'm' FROM (types t (a, b, id) JOIN items i USING (id)) JOIN (SELECT id::numeric(20,2) AS id FROM tree) u USING (id) WHERE u.id = p.id RETURNING *;

UPDATE parts p SET note = 'm' FROM (SELECT day FROM items) i JOIN (SELECT day::timestamp, id AS x FROM items) j USING (day) WHERE j.x = p.item_id AND j.x < <#4> RETURNING *;

UPDATE parts p SET note = 'm' FROM (SELECT mood::text AS m, id AS x FROM items) i FULL JOIN (SELECT code::char(4) AS m, name FROM countries) j USING (m) WHERE i.x = p.item_id RETURNING *;

-- what is called like a function
--: version 14
UPDATE parts p SET note = 'm' FROM items i (twice) JOIN (SELECT id AS twice FROM tree) j USING (twice) WHERE p.id = <#3> RETURNING *;

-- functions
UPDATE parts p SET note = 'm' FROM generate_series(<#1>, <#9>, 2) AS id JOIN items i USING (id) WHERE i.id = p.item_id RETURNING *;

UPDATE parts p SET note = 'm' FROM generate_series(1, 3) WITH ORDINALITY AS g ("order", n) NATURAL JOIN items i WHERE i.id = p.item_id RETURNING *;

UPDATE parts p SET note = 'm' FROM generate_series(1, 2) NATURAL JOIN items i WHERE i.id = p.item_id AND i.id < <#4> RETURNING *;

UPDATE parts p SET note = u.note || u.ordinality FROM unnest(ARRAY[<#1>, <#2>, <#3>], '{a,b,c}'::text[]) WITH ORDINALITY AS u (id, note) JOIN items i USING (id) WHERE i.id = p.item_id RETURNING *;

UPDATE parts p SET note = 'm' FROM jsonb_each('{"a": 1, "b": 2}') AS each JOIN (VALUES ('a'), ('b')) AS v (key) ON true JOIN words w (key) ON w.key < each.key CROSS JOIN labels l JOIN parts q USING (item_id) WHERE l.item_id = p.item_id AND q.id = p.id RETURNING *;

UPDATE parts p SET note = 'm' FROM json_to_recordset('[{"id": 1, "n": 2}, {"id": null}]') AS r (id int, n text) LEFT JOIN items i USING (id) WHERE p.id < <#4> RETURNING *, r.n;

DELETE FROM labels l USING ROWS FROM (generate_series(<#1>, <#3>), jsonb_array_elements_text('["x", "y"]'), json_to_record('{"a": 1}') AS (a int, b int)) AS f JOIN items i (generate_series) USING (generate_series) WHERE l.item_id = f.generate_series RETURNING *;

UPDATE parts p SET note = x.m FROM XMLTABLE('/r/i' PASSING xmlparse(DOCUMENT '<r><i id="1">a</i><i id="2">b</i></r>') COLUMNS "order" int PATH '@id', m text PATH '.', o FOR ORDINALITY) x JOIN items i USING ("order") WHERE i.id = p.item_id RETURNING *;

UPDATE parts p SET note = 'm' FROM unnest('{1}'::int[], '{x}'::varchar[]) AS u JOIN tree t ON true JOIN parts q (tid) ON q.tid = t.id JOIN labels l (tid) USING (tid) WHERE p.id = l.tid AND l.weight < 2 RETURNING *;

UPDATE parts p SET note = 'm' FROM jsonb_populate_record(NULL::items, '{"id": 1, "name": "n", "order": 3}') AS r JOIN items i USING ("order") WHERE i.id = p.item_id RETURNING p.id, *;

--: refused
UPDATE parts p SET note = 'm' FROM pg_catalog.unnest((SELECT array_agg(id) FROM items)) AS id JOIN items i USING (id) WHERE i.id = p.item_id RETURNING *;

-- functions whose columns the snapshot knows
UPDATE parts p SET note = 'm' FROM halves(<#2> * 2) JOIN items i ON true JOIN labels l USING (item_id) WHERE l.item_id = p.item_id AND i.id = p.item_id RETURNING *;

UPDATE parts p SET note = 'm' FROM halves(n => <#2> * 2 + 1) AS h JOIN labels USING (item_id) WHERE h.item_id = p.item_id RETURNING *, h.rest;

DELETE FROM labels l USING public.halves(<#1> * 2) WITH ORDINALITY AS h (i) JOIN items i (i) USING (i) WHERE l.item_id = h.i RETURNING *;

UPDATE parts p SET note = "Other" FROM alt.halves(<#2> * 2) JOIN labels USING (item_id) WHERE halves.item_id = p.item_id RETURNING *;

UPDATE parts p SET note = "Mixed Case" FROM pairs(<#1>) JOIN items i USING (id) WHERE i.id = p.item_id RETURNING *;

UPDATE parts p SET note = f.b FROM pairs(<#1>, 5) AS f (item_id, b) NATURAL JOIN labels l WHERE f.item_id = p.item_id RETURNING p.*, *;

UPDATE parts p SET note = f.n FROM pairs(step => 2, first => <#1>) AS f (item_id, n) NATURAL JOIN labels l WHERE f.item_id = p.item_id RETURNING p.*, *;

UPDATE parts p SET note = 'm' FROM item_ids(<#1>, <#2>, <#3>) AS f NATURAL JOIN labels l WHERE f.item_id = p.item_id RETURNING *;

UPDATE parts p SET note = 'm' FROM item_ids(VARIADIC ARRAY[<#1>, <#2>]) NATURAL LEFT JOIN labels l WHERE item_ids.item_id = p.item_id RETURNING *;

UPDATE parts p SET note = 'm' FROM twice(<#1>) AS other JOIN items i USING (id) WHERE i.id = p.item_id RETURNING *;

--: version 14
UPDATE parts p SET note = 'm' FROM positive_one(<#1>) JOIN items i (positive_one) USING (positive_one) WHERE i.positive_one = p.item_id RETURNING *;

UPDATE parts p SET note = 'm' FROM positive_one(<#1>) AS item_id JOIN labels l USING (item_id) WHERE l.item_id = p.item_id RETURNING *;

UPDATE parts p SET note = u.note FROM unnamed(<#1>) AS u NATURAL JOIN (VALUES (1)) AS v (n) WHERE u.column1 = p.item_id RETURNING *;

UPDATE parts p SET note = 'm' FROM lives(7) NATURAL JOIN (VALUES (1)) AS v (n) JOIN items i ON true JOIN labels l (id, l, w) USING (id) WHERE p.item_id = l.id AND l.w < 2 RETURNING *;

UPDATE parts p SET note = street FROM lived(1, 2) AS a NATURAL JOIN lives(2) AS b (s, zip) WHERE p.item_id = <#1> RETURNING *;

UPDATE parts p SET note = 'm' FROM all_ids(7) NATURAL JOIN (VALUES (1)) AS v (n) JOIN items i ON i.id = <#1> WHERE p.item_id = i.id RETURNING *;

UPDATE parts p SET note = e.continent FROM europeans() AS e JOIN europe_now() AS f USING (code) JOIN countries c USING (code) WHERE p.item_id = <#1> AND code < 'F' RETURNING *;

UPDATE parts p SET note = 'm' FROM nothing() NATURAL JOIN (VALUES (1)) AS v (n) WHERE p.item_id = <#1> RETURNING *;

UPDATE parts p SET note = what FROM alike(<#1>) AS a NATURAL JOIN items i WHERE p.item_id = i.id RETURNING *;

UPDATE parts p SET note = what FROM alike('<#1>'::text) AS a NATURAL JOIN items i WHERE p.item_id = i.id RETURNING *;

UPDATE parts p SET note = 'm' FROM alike(<#1>, <#2>) AS id NATURAL JOIN items i WHERE p.item_id = i.id RETURNING *;

UPDATE parts p SET note = 'm' FROM ROWS FROM (halves(<#1> * 2), twice(1), positive_one(2), any_row(3) AS (a integer, b text), lives(4)) AS f JOIN labels l USING (item_id) WHERE l.item_id = p.item_id RETURNING *;

UPDATE parts p SET note = 'm' FROM pg_timezone_names() AS z JOIN items i USING (name) WHERE p.item_id = i.id RETURNING *;

UPDATE parts p SET note = v.v FROM version() AS v NATURAL JOIN (VALUES (1)) AS one (n) CROSS JOIN pg_catalog.pg_get_keywords() AS k NATURAL JOIN (VALUES ('select')) AS w (word) WHERE p.item_id < <#0> RETURNING *;

UPDATE parts p SET note = d.n FROM current_schema NATURAL JOIN (VALUES (1, 'x')) AS d (m, n) WHERE p.item_id = <#1> RETURNING *;

INSERT INTO nokey SELECT * FROM halves(7);

-- fewer columns than the table has, which PostgreSQL allows without a list
INSERT INTO nokey SELECT * FROM twice(7) RETURNING *;

INSERT INTO items (name, amount) SELECT * FROM shout('halves') AS c, twice(3) RETURNING name, amount;

--: error 42601
INSERT INTO nokey SELECT * FROM unnamed(7);

--: error 42601
INSERT INTO nokey SELECT h.*, h.* FROM halves(7) AS h;

SELECT * FROM current_date AS d, items WHERE id = <#1> AND d > '2000-01-01' AND false;

SELECT * FROM coalesce(1, 2), items WHERE id = <#1>;

SELECT * FROM current_user, nokey, CAST('x' AS text) ORDER BY a;

-- two functions of the name have other columns
--: refused 0A000
UPDATE parts p SET note = what FROM unlike(<#1>) AS a NATURAL JOIN items i WHERE p.item_id = i.id RETURNING *;

--: refused 0A000
UPDATE parts p SET note = what FROM json_each(<#1>) AS a NATURAL JOIN items i WHERE p.item_id = i.id RETURNING *;

--: refused 0A000
UPDATE parts p SET note = 'm' FROM lived_again(7) NATURAL JOIN (VALUES (1)) AS v (n) WHERE p.item_id = <#1> RETURNING *;

-- what an argument is
--: refused 0A000
UPDATE parts p SET note = 'm' FROM first_of(<#1>, 2) AS id NATURAL JOIN items i WHERE p.item_id = i.id RETURNING *;

-- rows of a tenant relation have the tenant column
--: refused 0A000
UPDATE parts p SET note = 'm' FROM trusted_items() AS id NATURAL JOIN labels i WHERE p.item_id = id.id RETURNING *;

-- the rows before and after
--: version 18
UPDATE nokey SET a = a + 1 RETURNING old.*, new.*;

--: version 18
UPDATE nokey AS n SET a = n.a + 1 FROM countries c WHERE c.code = 'FR' RETURNING *, old.a, NEW.*, c.name;

--: version 18
DELETE FROM nokey RETURNING old.*, new.a, row_to_json(old);

--: version 18
INSERT INTO words (w, n) VALUES ('word1', 5), ('fresh', 6) ON CONFLICT (w) DO UPDATE SET n = excluded.n RETURNING old.*, new.*, words.w;

--: version 18
WITH x AS (UPDATE items SET name = upper(name) RETURNING old.name AS before, new.*) SELECT * FROM x ORDER BY id;

-- a relation of the name goes first
--: version 18
UPDATE nokey SET a = old.a FROM (SELECT 7 AS a) AS old RETURNING old.*, new.*;

--: version 18
UPDATE nokey AS new SET a = 5 RETURNING new.*, old.a;

--: version 15
--: error 42712
MERGE INTO words USING words ON w = w WHEN MATCHED THEN DO NOTHING;

--: version 15
--: error 42712
MERGE INTO words USING (SELECT 1 AS a) AS words ON true WHEN MATCHED THEN DO NOTHING;

-- what SET assigns sees FROM: whole rows of it, functions of rows, its sub-selects
UPDATE parts SET note = row_to_json(i)::text FROM items i WHERE i.id = parts.item_id;

UPDATE parts SET note = (SELECT i::text || count(*) FROM labels l WHERE l.item_id = i.id) FROM items i WHERE i.id = parts.item_id RETURNING note;

UPDATE parts p SET (note, items) = (SELECT max(w::text), i.name FROM words w) FROM items i WHERE i.id = p.item_id;

UPDATE labels l SET (label, weight) = ROW (w.*) FROM (SELECT 'x' || min(w), 1.5 FROM words) w WHERE l.weight IS NULL;

UPDATE words SET (note, n) = ROW (t.name, t.id) FROM tree t WHERE t.name IS NOT NULL AND words.n = t.id RETURNING words.*, t;

UPDATE parts SET note = (i).name, items = i.doc::text, qty = (i.parent_id IS NULL)::integer + 1 FROM items i LEFT JOIN countries c ON c.name = i.name WHERE i.id = parts.item_id;

UPDATE parts SET note = to_jsonb(i.*)::text FROM items i NATURAL JOIN (SELECT id FROM items WHERE active) a WHERE i.id = parts.item_id;
