-- Sub-selects in every clause; grouping, windows, ordering, limits, locking; whole rows; set operations.

SELECT (SELECT count(*) FROM items);

SELECT (SELECT name FROM items WHERE id = <#2>);

SELECT i.id, (SELECT count(*) FROM parts p WHERE p.item_id = i.id) FROM items i ORDER BY 1;

SELECT i.id, (SELECT count(*) FROM parts) FROM items i ORDER BY 1;

SELECT id, ARRAY(SELECT p.id FROM parts p WHERE p.item_id = items.id ORDER BY p.id) FROM items ORDER BY id;

SELECT ARRAY(SELECT id FROM items ORDER BY id);

SELECT EXISTS (SELECT FROM items WHERE id = <other#1>);

SELECT EXISTS (SELECT 1 FROM parts), NOT EXISTS (SELECT 1 FROM labels);

SELECT id FROM items WHERE id IN (SELECT item_id FROM parts) ORDER BY id;

SELECT id FROM items WHERE id NOT IN (SELECT item_id FROM parts) ORDER BY id;

SELECT id FROM items WHERE (id, "order") IN (SELECT item_id, qty FROM parts) ORDER BY id;

SELECT id FROM items WHERE id = ANY (SELECT item_id FROM parts WHERE qty > 2) ORDER BY id;

SELECT id FROM items WHERE id >= ALL (SELECT item_id FROM parts) ORDER BY id;

SELECT id FROM items WHERE id = SOME (SELECT item_id FROM labels) ORDER BY id;

SELECT id FROM items WHERE (SELECT count(*) FROM parts p WHERE p.item_id = items.id) = 2 ORDER BY id;

SELECT id FROM items WHERE (SELECT max(id) FROM items) = id;

SELECT (SELECT id FROM items ORDER BY id LIMIT 1) IN (SELECT item_id FROM parts);

SELECT 5 IN (SELECT qty FROM parts), 4 IN (SELECT qty FROM parts);

SELECT id FROM items i WHERE EXISTS (SELECT 1 FROM items j WHERE j.parent_id = i.id AND EXISTS (SELECT 1 FROM items k WHERE k.parent_id = j.id)) ORDER BY 1;

SELECT id FROM items WHERE id IN (SELECT parent_id FROM items WHERE id IN (SELECT item_id FROM parts WHERE id IN (SELECT max(id) FROM parts GROUP BY item_id))) ORDER BY 1;

SELECT CASE WHEN EXISTS (SELECT FROM items) THEN (SELECT min(id) FROM items) ELSE (SELECT max(id) FROM parts) END;

SELECT CASE (SELECT count(*) FROM items WHERE id < <#3>) WHEN 2 THEN 'two' ELSE (SELECT 'other') END;

SELECT coalesce((SELECT name FROM items WHERE id = 1), (SELECT name FROM items WHERE id = <#1>));

SELECT greatest((SELECT max(id) FROM items), (SELECT max(id) FROM parts)), nullif((SELECT 1), (SELECT count(*) FROM items));

SELECT ROW((SELECT min(id) FROM items), (SELECT min(id) FROM parts));

SELECT ARRAY[(SELECT min(id) FROM items), (SELECT min(id) FROM parts)];

SELECT (ARRAY(SELECT id FROM items ORDER BY id))[2:3], (ARRAY(SELECT id FROM items ORDER BY id))[(SELECT 1)];

SELECT x.id FROM (SELECT * FROM items) x ORDER BY 1;

SELECT * FROM (SELECT * FROM items) x ORDER BY id;

SELECT * FROM (SELECT * FROM (SELECT * FROM parts) a) b ORDER BY id;

SELECT x.n, y.m FROM (SELECT count(*) n FROM items) x, (SELECT count(*) m FROM parts) y;

SELECT a.id FROM (SELECT id FROM items WHERE active) a LEFT JOIN (SELECT item_id FROM parts) b ON b.item_id = a.id WHERE b.item_id IS NULL ORDER BY 1;

-- GROUP BY, HAVING
SELECT mood, count(*) FROM items GROUP BY mood ORDER BY mood;

SELECT mood, count(*) FROM items GROUP BY 1 HAVING count(*) > (SELECT count(*) FROM labels) / 3 ORDER BY 1;

SELECT i.id, i.name, count(p.id) FROM items i LEFT JOIN parts p ON p.item_id = i.id GROUP BY i.id ORDER BY i.id;

SELECT i.*, count(p.id) FROM items i LEFT JOIN parts p ON p.item_id = i.id GROUP BY i.id ORDER BY i.id;

SELECT p.*, i.name FROM parts p JOIN items i ON i.id = p.item_id GROUP BY p.id, i.id ORDER BY p.id;

SELECT i.name FROM items i FULL JOIN parts p ON p.item_id = i.id GROUP BY i.id, i.name ORDER BY i.id;

SELECT count(*) FROM items HAVING count(*) > 3;

SELECT (SELECT count(*) FROM parts p WHERE p.item_id = i.parent_id) AS n, count(*) FROM items i GROUP BY n ORDER BY 1, 2;

-- of a key that the tenant column has widened
SELECT w.* FROM words w GROUP BY w ORDER BY w; SELECT x.n, note FROM words x WHERE n > 0 GROUP BY x.w -- the key
 HAVING x.n > 1 ORDER BY w;

SELECT w AS k, n FROM words x GROUP BY k ORDER BY 1; SELECT x.*, count(*) FROM words AS x, parts p GROUP BY 1, p.id ORDER BY 1, p.id LIMIT 3;

SELECT p.id, x.note, count(*) FROM parts p LEFT JOIN words x ON x.n = p.qty GROUP BY p.id, x.w ORDER BY 1, 2;

SELECT x.n, count(*), count(x.w) FROM parts p LEFT JOIN words x ON x.n = p.qty AND x.n > 2 GROUP BY x.w ORDER BY 1, 2;

SELECT w, count(*), count(words.n) FROM (SELECT 'word1' AS w, n FROM generate_series(1, 4) n) s LEFT JOIN words USING (w, n) GROUP BY w ORDER BY 1;

SELECT n FROM words JOIN (SELECT 'word1' AS w) s USING (w) GROUP BY w; SELECT x.n, sum(n) OVER (ORDER BY w) FROM public.words x GROUP BY (w), n ORDER BY 1;

INSERT INTO nokey SELECT n, max(note) FROM words GROUP BY words.w; SELECT (SELECT n FROM words GROUP BY w HAVING w = o.w) FROM words o GROUP BY o.w ORDER BY 1;

--: error 42803
SELECT n FROM words GROUP BY n + 0;

--: error 42702
SELECT a.n FROM words a, words b GROUP BY w;

SELECT mood, active, count(*) FROM items GROUP BY CUBE (mood, active) ORDER BY 1, 2, 3;

SELECT mood, active, grouping(mood, active), count(*) FROM items GROUP BY GROUPING SETS ((mood), (active), ()) ORDER BY 3, 1, 2;

SELECT DISTINCT mood FROM items ORDER BY mood;

SELECT DISTINCT ON (mood) mood, id FROM items ORDER BY mood, id DESC;

SELECT DISTINCT a, b FROM nokey ORDER BY a, b;

SELECT DISTINCT * FROM nokey ORDER BY a, b;

SELECT mood, string_agg(name, ',' ORDER BY id) FROM items GROUP BY mood ORDER BY mood;

SELECT count(DISTINCT mood) FILTER (WHERE active), sum(amount) FILTER (WHERE id IN (SELECT item_id FROM parts)) FROM items;

SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY amount), mode() WITHIN GROUP (ORDER BY mood) FROM items;

SELECT product("order") FROM items WHERE "order" > 0 AND id < <#6>;

SELECT json_agg(i.name ORDER BY i.id), jsonb_object_agg(i.id, i.mood) FROM items i WHERE i.id < <#4>;

-- windows
SELECT id, row_number() OVER (ORDER BY id), rank() OVER (PARTITION BY mood ORDER BY id) FROM items ORDER BY id;

SELECT id, sum(amount) OVER w, avg(amount) OVER (w ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM items WINDOW w AS (ORDER BY id) ORDER BY id;

SELECT id, count(*) OVER () FROM items ORDER BY id LIMIT 3;

SELECT id, first_value(name) OVER (PARTITION BY (SELECT count(*) FROM parts p WHERE p.item_id = i.id) ORDER BY id) FROM items i ORDER BY id;

SELECT id, lag(id, (SELECT 1)) OVER (ORDER BY id) FROM items ORDER BY id;

SELECT id, count(*) FILTER (WHERE active) OVER (PARTITION BY mood) FROM items ORDER BY id;

-- ORDER BY, LIMIT
SELECT id FROM items ORDER BY (SELECT count(*) FROM parts p WHERE p.item_id = items.id) DESC, id;

SELECT id FROM items ORDER BY id LIMIT (SELECT count(*) FROM labels WHERE weight < 2);

SELECT id FROM items ORDER BY id OFFSET (SELECT 3) LIMIT 2;

SELECT id FROM items ORDER BY id FETCH FIRST 3 ROWS ONLY;

SELECT mood FROM items ORDER BY mood FETCH FIRST 2 ROWS WITH TIES;

SELECT id FROM items ORDER BY amount DESC NULLS LAST, id USING <;

SELECT id FROM items ORDER BY mood, name COLLATE "C", id LIMIT ALL;

SELECT name AS n FROM items ORDER BY n;

-- FOR UPDATE and friends
SELECT id FROM items WHERE id = <#3> FOR UPDATE;

SELECT id FROM items ORDER BY id FOR SHARE;

SELECT i.id, p.id FROM items i JOIN parts p ON p.item_id = i.id ORDER BY 1, 2 FOR UPDATE OF p NOWAIT;

SELECT id FROM items ORDER BY id LIMIT 2 FOR UPDATE SKIP LOCKED;

SELECT id FROM items ORDER BY id FOR NO KEY UPDATE;

SELECT id FROM items i ORDER BY id FOR KEY SHARE OF i;

SELECT x.id FROM (SELECT id FROM items FOR UPDATE) x ORDER BY 1;

SELECT id FROM stock NATURAL JOIN defer ORDER BY 1 FOR UPDATE;

SELECT * FROM parts JOIN labels USING (item_id) ORDER BY item_id, id, label FOR UPDATE OF labels;

--: error 0A000
SELECT count(*) FROM items FOR UPDATE;

--: error 42P01
SELECT id FROM items i FOR UPDATE OF items;

-- whole rows
SELECT row_to_json(i) FROM items i WHERE i.id = <#2>;

SELECT to_jsonb(p) FROM parts p ORDER BY p.id LIMIT 2;

SELECT p FROM parts p ORDER BY p.id;

SELECT parts FROM parts ORDER BY parts.id;

SELECT (p).qty, (p.*).note FROM parts p ORDER BY p.id;

SELECT (p).* FROM parts p ORDER BY 1;

SELECT count(p), count(p.*) FROM items i LEFT JOIN parts p ON p.item_id = i.id;

SELECT i.id FROM items i LEFT JOIN parts p ON p.item_id = i.id WHERE p IS NULL ORDER BY 1;

SELECT i.id FROM items i LEFT JOIN parts p ON p.item_id = i.id WHERE p IS NOT NULL ORDER BY 1;

SELECT a = b FROM labels a JOIN labels b ON a.label = b.label ORDER BY a.label;

SELECT json_agg(l ORDER BY l.label) FROM labels l;

-- an array of records says so in its header
--: modes simple text
SELECT array_agg(n ORDER BY n) FROM nokey n;

SELECT ROW(l.*) FROM labels l ORDER BY l.label;

SELECT ROW(l.*, 1) FROM labels l ORDER BY l.label;

SELECT DISTINCT n FROM nokey n ORDER BY n;

SELECT n::text FROM nokey n ORDER BY 1;

SELECT (SELECT l FROM labels l ORDER BY label LIMIT 1);

SELECT hashtext(l::text) = hashtext(ROW(l.item_id, l.label, l.weight)::text) FROM labels l;

SELECT x FROM (SELECT id, name FROM items) x ORDER BY x.id;

SELECT (place).street, (i.place).zip FROM items i WHERE place IS NOT NULL ORDER BY i.id;

SELECT (i.place).* FROM items i WHERE place IS NOT NULL ORDER BY i.id;

SELECT coalesce(l, l) FROM labels l ORDER BY 1;

-- system columns
SELECT tableoid::regclass::text, id FROM items ORDER BY id;

SELECT count(ctid), count(xmin) FROM items;

SELECT i.ctid IS NOT NULL FROM items i LEFT JOIN parts p ON p.item_id = i.id AND p.ctid IS NOT NULL;

SELECT p.ctid IS NOT NULL AS matched, p.*, i.* FROM items i FULL OUTER JOIN parts p ON p.item_id = i.id ORDER BY i.id, p.id;

SELECT *, i.tableoid::regclass, p.xmin IS NULL FROM items i FULL JOIN parts p ON p.item_id = i.id WHERE p.ctid IS NULL OR p.cmax IS NOT NULL ORDER BY i.id, p.id;

SELECT p.id, count(p.ctid), i.tableoid::regclass FROM items i LEFT JOIN parts p USING (id) GROUP BY 1, 3 ORDER BY 1;

--: error 42703
SELECT id, ctid IS NULL FROM countries FULL JOIN (SELECT id, 'x' AS x FROM items) i ON code = x ORDER BY 1;

--: error 42703
--: differs D H
SELECT ctid FROM items i FULL JOIN parts p ON p.item_id = i.id;

SELECT x.q, x.ctid IS NOT NULL, x.tableoid::regclass FROM parts y FULL JOIN items AS x (p, q) ON y.item_id = x.p ORDER BY 1;

SELECT (SELECT max(q.id) FROM parts q WHERE q.ctid = p.ctid) FROM items i FULL JOIN parts p ON p.item_id = i.id ORDER BY 1;

DELETE FROM parts USING items i FULL JOIN parts p ON p.item_id = i.id WHERE p.ctid = parts.ctid AND i.id = <#1> RETURNING parts.id;

--: error
SELECT p.oid FROM items i FULL JOIN parts p ON p.item_id = i.id;

-- set operations
SELECT id FROM items UNION SELECT item_id FROM parts ORDER BY 1;

SELECT id FROM items UNION ALL SELECT item_id FROM parts ORDER BY id;

SELECT id FROM items EXCEPT SELECT item_id FROM parts ORDER BY 1;

SELECT id FROM items EXCEPT ALL SELECT item_id FROM parts ORDER BY 1;

SELECT id FROM items INTERSECT SELECT item_id FROM parts ORDER BY 1;

SELECT id FROM items INTERSECT ALL SELECT item_id FROM parts ORDER BY 1;

(SELECT id FROM items ORDER BY id LIMIT 2) UNION ALL (SELECT id FROM parts ORDER BY id DESC LIMIT 2) ORDER BY 1;

(SELECT id FROM items) UNION (SELECT id FROM parts EXCEPT SELECT id FROM stock) ORDER BY 1 LIMIT 5;

((SELECT id FROM items)) ORDER BY 1;

((SELECT id FROM items) INTERSECT (SELECT id FROM stock)) UNION ALL (VALUES (1), (2)) ORDER BY 1;

SELECT * FROM nokey UNION SELECT * FROM nokey ORDER BY 1, 2;

SELECT * FROM nokey UNION ALL SELECT item_id, label FROM labels ORDER BY 1, 2;

TABLE onecol UNION TABLE onecol ORDER BY 1;

TABLE nokey EXCEPT SELECT a, b FROM nokey WHERE a = <#2> ORDER BY 1, 2;

VALUES (1) UNION SELECT "order" FROM items ORDER BY 1;

SELECT 1 UNION SELECT id FROM items WHERE EXISTS (SELECT 1 UNION SELECT id FROM parts) ORDER BY 1;

SELECT x FROM (SELECT id FROM items UNION SELECT id FROM parts) u (x) ORDER BY 1 DESC;

SELECT * FROM (TABLE words) w ORDER BY w;

SELECT id FROM items WHERE id IN (SELECT id FROM stock UNION SELECT item_id FROM labels) ORDER BY 1;

SELECT count(*) FROM (SELECT 1 FROM items UNION ALL SELECT 1 FROM parts UNION ALL SELECT 1 FROM countries) x;

SELECT id, 'i' FROM items UNION SELECT id, 'a' FROM alt.items ORDER BY 1, 2;

SELECT NULL AS id UNION ALL SELECT id FROM items ORDER BY 1;

-- expressions
SELECT id, name || ' ' || coalesce(code, '-') AS label FROM items WHERE name LIKE '%e%' AND name NOT ILIKE '%Q%' ORDER BY id;

SELECT id FROM items WHERE amount BETWEEN <k>77003 AND <k>77008.5 ORDER BY id;

SELECT id FROM items WHERE amount IS DISTINCT FROM <k>77003.25 ORDER BY id;

SELECT id FROM items WHERE mood = 'happy'::mood AND active IS TRUE AND code IS NOT NULL ORDER BY id;

SELECT id FROM items WHERE tags @> ARRAY['CANARY<k>3'] OR 'CANARY<k>4' = ANY (tags) ORDER BY id;

SELECT id, tags[1], tags[1:1], array_length(tags, 1), cardinality(tags) FROM items ORDER BY id;

SELECT id FROM items WHERE doc @> '{"n": 3}' OR doc->>'n' = '4' OR doc #>> '{list,0}' = '5' ORDER BY id;

SELECT id FROM items WHERE doc ? 'mark' AND doc ?| array['x', 'n'] AND NOT doc ?& array['x', 'n'] ORDER BY id;

SELECT id, extract(day FROM day), day + 1, at AT TIME ZONE 'Europe/Paris', date_part('hour', at) FROM items ORDER BY id;

SELECT id, substring(name FROM 1 FOR 3), position('e' IN name), overlay(name PLACING 'XX' FROM 1 FOR 2), trim(BOTH 'a' FROM name) FROM items ORDER BY id;

SELECT id, cast(amount AS integer), amount::text, CAST(id AS bigint) FROM items ORDER BY 1;

SELECT id, (id, name) < (<#5>, 'b') FROM items ORDER BY id;

SELECT id FROM items WHERE (id, name) = (<#5>, 'pear CANARY<k> 5');

SELECT id === <#3> FROM items ORDER BY id;

SELECT id OPERATOR(pg_catalog.+) 1 FROM items WHERE id OPERATOR(public.===) <#3>;

SELECT - id, NOT active, @ "order", id # 1 FROM items ORDER BY id;

SELECT id FROM items WHERE name SIMILAR TO '(apple|fig)%' OR name ~ '^plum' ORDER BY id;

SELECT id FROM items WHERE at > timestamptz '2<k>75-01-01 10:00+00' AND day < date '2<k>75-01-20' ORDER BY id;

SELECT id FROM items WHERE ref = 'cafe000<k>-0000-4000-8000-000000000003';

SELECT shout(name), pg_typeof(amount), length(name) FROM items ORDER BY id;

SELECT xmlelement(name item, xmlattributes(i.id AS id), i.name) FROM items i ORDER BY i.id;

SELECT xmlforest(name, id) FROM items ORDER BY id;

SELECT grouping(mood) FROM items GROUP BY mood;

SELECT current_user = session_user, current_date IS NOT NULL, localtimestamp IS NOT NULL FROM items LIMIT 1;

SELECT generate_series(1, 2), id FROM items ORDER BY 2, 1 LIMIT 6;

SELECT * FROM types ORDER BY id;

SELECT t.*, t.num + 1 FROM types t ORDER BY id;

SELECT rng, dr, m, a, (a).zip, arr[1], jb->>'m', x::text FROM types WHERE rng @> <#1> ORDER BY id;

SELECT jsonb_pretty(jb), json_typeof(j), u::text, host(ip), encode(b, 'escape') FROM types ORDER BY id;

-- Conditions that cost the planner nothing, beside one that costs as much as the tenant's: names, types and rows stay as they are.
SELECT i.id, CASE WHEN i.active THEN (SELECT count(*) FROM parts) END FROM items i WHERE shout(i.name) <> '' AND (i.code IS NULL OR (SELECT count(*) > 1 FROM parts)) ORDER BY 1;

SELECT x.* FROM (SELECT id, ARRAY(SELECT qty FROM parts ORDER BY id), ARRAY[id, id + 1], EXISTS (SELECT FROM parts), (SELECT max(name) FROM tree) FROM items) x WHERE shout(x.id::text) <> '' ORDER BY 1;

SELECT x."exists", x.max FROM (SELECT id, EXISTS (SELECT FROM parts), (SELECT max(name) FROM tree) FROM items) x WHERE shout(x.max) <> '' AND (x."exists" OR x.id IS NULL) ORDER BY x.id;

SELECT i.id, x.b FROM items i LEFT JOIN (SELECT id, 10 / (id + 1) > 0 AS b FROM parts) x ON x.id = i.id WHERE shout(i.name) <> '' AND (x.b OR x.b IS NULL) ORDER BY 1;

SELECT i.id, x.c FROM items i LEFT JOIN (SELECT id, 10 / (id + 1) > 0 AS c FROM parts UNION ALL SELECT id, name = 'a' FROM tree) x ON x.id = i.id WHERE shout(i.name) <> '' AND x.c IS NOT FALSE ORDER BY 1, 2;

SELECT count(*), n.name FROM item_places n LEFT JOIN item_parts p ON p.id = n.id AND shout(p.name) <> '' WHERE n.place > 1 OR p.parts IS NULL GROUP BY CUBE (n.name) ORDER BY 1, 2;

UPDATE items SET name = 'z' WHERE shout(name) <> '' AND (code IS NULL OR (SELECT count(*) > 1 FROM parts)) RETURNING id;

DELETE FROM labels l USING items i WHERE i.id = l.item_id AND shout(i.name) <> '' AND CASE WHEN i.active THEN (SELECT count(*) > 1 FROM parts) END;

-- operators with ANY and ALL, whatever they cost
SELECT id FROM items WHERE to_tsvector('english', name) @@ ANY (ARRAY['item'::tsquery]) ORDER BY 1;

SELECT id FROM items WHERE to_tsvector('english', name) @@ ANY ('{item,x}') ORDER BY 1;

SELECT id FROM items WHERE name ~ ANY (ARRAY['^i' || '.*']) ORDER BY 1;

SELECT id FROM items WHERE name !~~* ALL (ARRAY[upper(mood::text)]) ORDER BY 1;

SELECT id FROM items WHERE name ~ ANY (ARRAY(SELECT name FROM items)) ORDER BY 1;

SELECT i.id, name ~ ANY (ARRAY[name]) FROM items i LEFT JOIN parts p ON i.name ~ ANY (ARRAY[p.note]) ORDER BY 1;
