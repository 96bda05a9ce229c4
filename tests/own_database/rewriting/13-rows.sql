-- Whole rows and what is taken out of them; comments where the grammar looks ahead.

SELECT id FROM parts WHERE id NOT /* a ' */ IN (1,2) ORDER BY id;

SELECT id, name FROM items ORDER BY amount NULLS -- x
 LAST, id; SELECT id FROM parts WHERE note NOT /* nested /* b */ */ LIKE 'x' ORDER BY id;

--: modes simple
SET /* a */ TIME ZONE 'UTC'; SELECT id FROM items WHERE U&"name" /* c */ UESCAPE '!' > '' ORDER BY 1

SELECT * FROM ROWS FROM (generate_series(1, 2)) WITH /* a */ ORDINALITY f, items i WHERE ordinality = i.id - <#1> + 1;

SELECT (i).name, (i).* FROM items i;

UPDATE items AS u SET name = (u).name || 'x' WHERE (u).id = <#1> RETURNING (u).*, ROW((u).*), ((u)).id;

SELECT ((array_agg(i ORDER BY id))[1]).name FROM items i;

SELECT (SELECT i FROM items i ORDER BY id LIMIT 1).name, (coalesce(i, i)).id FROM items i;

--: error 23505
INSERT INTO items SELECT (i).* FROM items i ORDER BY (i).id;

SELECT ((i)).* AS x, 1 FROM items i LEFT JOIN parts p ON (p).id = (i).id;

SELECT (CASE WHEN id > 1 THEN i END).name, (ARRAY[i])[1] IS NULL, ((ARRAY(SELECT i FROM items i ORDER BY id))[2]).amount FROM items i;

--: error 0A000
SELECT id FROM items i WHERE (i).* IS NOT NULL;

--: error 0A000
UPDATE items i SET name = 'b' WHERE (i).* IS NOT NULL;

UPDATE items i SET name = 'b' WHERE i.* IS NOT NULL;

SELECT (i).place.street, ((i).place).zip FROM items i;

INSERT INTO parts AS i (item_id, qty) VALUES (<#1>, 2) RETURNING (i).*;

INSERT INTO parts AS i (item_id, qty) VALUES (<#1>, 2) RETURNING ROW((i).*), ROW(i.*)::text, (i).note;

SELECT v.* FROM items i, LATERAL (VALUES ((i).*)) v;

SELECT v.* FROM items i, LATERAL (VALUES (i.*)) v;

--: error 42703
SELECT (i).nonsense FROM items i;

SELECT first_value(i) OVER (ORDER BY id) IS NULL, (first_value(i) OVER w).name, (lag(i, 1) OVER w).id FROM items i WINDOW w AS (ORDER BY id);

SELECT (SELECT (i).name), (SELECT x.name FROM (SELECT (i).*) x) FROM items i;

--: version 15
MERGE INTO stock AS m USING (SELECT * FROM stock) AS s ON m.id = s.id WHEN MATCHED AND (m).qty > 10 THEN UPDATE SET qty = (m).qty + (s).qty;

--: error 0A000
SELECT i.id FROM items i WHERE (i).* IS NOT NULL GROUP BY i.id;

SELECT v.*, i.id FROM items i, LATERAL (VALUES (i.*), ((i).*)) v;

SELECT i.id FROM items i WHERE EXISTS (VALUES (i.*, 1));

--: error 42702
SELECT (id).*, id IS NULL AS n FROM parts t1 JOIN items id ON t1.id = id.id;

--: error 42702
SELECT (id).name, id IS NULL AS n FROM parts t1 JOIN items id ON t1.id = id.id;

--: error 42702
SELECT id IS NULL AS n FROM parts t1 JOIN items id ON t1.id = id.id;

SELECT x.p, y.q FROM items AS x (p, q) TABLESAMPLE BERNOULLI (100) FULL JOIN parts y (p, q) USING (p) ORDER BY 1, 2;

SELECT x FROM nokey AS x (p, q) TABLESAMPLE SYSTEM (100) REPEATABLE (1);

SELECT * FROM nokey x (p) TABLESAMPLE SYSTEM (100) NATURAL JOIN onecol;

SELECT x.* FROM nokey AS x (p) /* c */ TABLESAMPLE BERNOULLI (100), parts WHERE parts.id = <#1>;

SELECT row_to_json(x) FROM "Odd Name" AS x (p, "q r") TABLESAMPLE BERNOULLI (100) WHERE p > 0;

SELECT row_to_json(x), x.p FROM "Odd Name" AS x (p, "q r") WHERE p > 0;

SELECT to_jsonb(x), x.*, x IS NULL FROM nokey AS x (p) WHERE p > 0 ORDER BY x;

SELECT json_agg(x ORDER BY x.p) FROM nokey AS x (p);

SELECT x FROM nokey AS x (p) GROUP BY x ORDER BY 1;

UPDATE nokey AS x SET a = 2 RETURNING row_to_json(x);

-- too many or too few expressions: where the error points to

--: error 42601
INSERT INTO nokey SELECT *, 1, 2 FROM nokey;

--: error 42601
INSERT INTO nokey SELECT 1, *, 2 FROM nokey;

--: error 42601
INSERT INTO nokey SELECT n.* FROM parts n;

--: error 42601
INSERT INTO nokey (a, b) SELECT * FROM onecol;

--: error 42601
INSERT INTO nokey (a, b) SELECT * FROM parts;

--: error 42601
INSERT INTO nokey (a, b) SELECT * FROM parts UNION ALL SELECT * FROM parts;

--: error 42601
INSERT INTO nokey TABLE parts;

--: error 42601
INSERT INTO nokey SELECT * FROM parts NATURAL JOIN items;

--: error 42601
INSERT INTO nokey WITH w AS (SELECT * FROM parts) SELECT w.*, 1 FROM w;

--: error 42601
INSERT INTO nokey (a, b) VALUES (1);

--: error 42601
INSERT INTO nokey (a) VALUES (1, 2);

--: error 42601
INSERT INTO nokey VALUES (1, 2, 3);

--: error 42601
INSERT INTO nokey VALUES (1, 2, 3), (1, 2, 3);

--: error 42601
INSERT INTO nokey VALUES (1, 2), (1);

--: error 42601
INSERT INTO nokey SELECT * FROM countries c;

--: error 42P01
SELECT * FROM nonsense; SELECT 1;

-- rows as values

SELECT * FROM jsonb_populate_record(NULL::nokey, '{"a": 1, "b": "x"}');

SELECT * FROM jsonb_populate_recordset(NULL::nokey, '[{"a": 1, "b": "x"}, {"a": 2}]') ORDER BY a;

INSERT INTO nokey SELECT * FROM jsonb_populate_recordset(NULL::nokey, '[{"a": 1, "b": "x"}, {"a": 2}]') RETURNING *;

SELECT r.a, r.b FROM json_populate_record(NULL::public.nokey, '{"a": 1}') AS r;

SELECT (jsonb_populate_record(NULL::nokey, '{"a": 1, "b": "x"}')).b;

SELECT jsonb_populate_record(n, '{"b": "new"}') FROM nokey n;

SELECT (jsonb_populate_record(n, '{"b": "new"}')).a FROM nokey n;

UPDATE nokey n SET b = (jsonb_populate_record(n, '{"b": "new"}')).b;

SELECT NULL::nokey IS NULL;

SELECT row_to_json(NULL::nokey);

SELECT to_json(r) FROM (SELECT a, b FROM nokey) r;

SELECT array_agg(n) FROM (SELECT * FROM nokey ORDER BY a, b) n;

SELECT (unnest(array_agg(n))).b FROM nokey n;

SELECT max(a) FILTER (WHERE n IS NOT NULL), count(DISTINCT n), count(n.*) FROM nokey n;

SELECT n FROM nokey n ORDER BY n DESC LIMIT 2;

SELECT DISTINCT n FROM nokey n;

SELECT n FROM nokey n UNION SELECT n FROM nokey n;

SELECT (SELECT n FROM nokey n ORDER BY a, b LIMIT 1);

SELECT CASE WHEN a > 0 THEN n END FROM nokey n;

CREATE TEMP TABLE copied (LIKE nokey);
--: step
INSERT INTO copied SELECT * FROM nokey;
--: step
SELECT * FROM copied;
--: step
INSERT INTO nokey SELECT * FROM copied;

CREATE TEMP TABLE copied (LIKE nokey INCLUDING ALL);
--: step
INSERT INTO copied SELECT * FROM nokey;
--: step
TABLE copied;

-- the usual way to write many rows at once
CREATE TEMP TABLE fresh (LIKE items INCLUDING DEFAULTS) ON COMMIT PRESERVE ROWS;
--: step
COPY fresh (id, name) FROM STDIN;
--: data
<#900>	one
<#3>	three
--: step
SELECT count(*), max(name), bool_and(active) FROM fresh;
--: step
INSERT INTO items SELECT * FROM fresh ON CONFLICT (id) DO UPDATE SET name = excluded.name RETURNING id, name, active;
--: step
INSERT INTO fresh (name) VALUES ('numbered') RETURNING id IS NOT NULL, active;

CREATE TEMP TABLE fresh (LIKE items INCLUDING ALL);
--: step
INSERT INTO fresh (name, code) VALUES ('a', 'x') RETURNING active, amount;
--: step
INSERT INTO fresh (name, code) VALUES ('b', 'x') ON CONFLICT (code) DO NOTHING RETURNING name;

CREATE TEMP TABLE fresh (LIKE items INCLUDING ALL);
--: step
--: error 23505
--: differs s
INSERT INTO fresh (id, name) VALUES (1, 'a'), (1, 'b');

CREATE TEMP TABLE fresh (LIKE words INCLUDING INDEXES INCLUDING DEFAULTS INCLUDING COMMENTS, extra text);
--: step
INSERT INTO fresh (w) VALUES ('a'), ('b') RETURNING *;
--: step
--: error 23505
--: differs s
INSERT INTO fresh (w) VALUES ('b');

CREATE TEMP TABLE fresh (LIKE labels INCLUDING ALL EXCLUDING DEFAULTS);
--: step
INSERT INTO fresh VALUES (1, 'x', 1), (1, 'y', 2) RETURNING *;
--: step
--: error 23505
--: differs s
INSERT INTO fresh VALUES (1, 'x', 1);

CREATE TEMP TABLE fresh (LIKE gen INCLUDING DEFAULTS);
--: step
INSERT INTO fresh (id) VALUES (1) RETURNING *;

--: error 42P16
CREATE TEMP TABLE fresh (LIKE "Odd Name" INCLUDING ALL, LIKE countries INCLUDING ALL);

CREATE TEMP TABLE fresh (LIKE "Odd Name" INCLUDING ALL, LIKE countries);
--: step
INSERT INTO fresh ("Id", code, name, continent) VALUES (1, 'ZZ', 'n', 'c') RETURNING *;

SET search_path = alt, public;
--: step
CREATE TEMP TABLE fresh (LIKE public.items INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
--: step
INSERT INTO fresh (name) VALUES ('elsewhere') RETURNING id IS NOT NULL, name;

CREATE TEMP TABLE fresh (LIKE gen INCLUDING GENERATED);
--: step
INSERT INTO fresh (id, a) VALUES (5, 4) RETURNING *;
--: step
UPDATE fresh SET a = 6 RETURNING b;

CREATE TEMP TABLE fresh (LIKE gen INCLUDING IDENTITY);
--: step
INSERT INTO fresh (b) VALUES (5), (NULL) RETURNING *;

CREATE TEMP TABLE fresh (LIKE gen INCLUDING ALL, extra integer);
--: step
INSERT INTO fresh (extra) VALUES (1), (2) RETURNING *;
--: step
--: error 428C9
INSERT INTO fresh (id) VALUES (3);

CREATE TEMP TABLE fresh (LIKE emails INCLUDING INDEXES, note text) ON COMMIT PRESERVE ROWS;
--: step
INSERT INTO fresh (id, email, slot, active) VALUES (1, 'A', 1, true), (2, 'b', 1, false) RETURNING *;
--: step
--: error 23505
--: differs s
INSERT INTO fresh VALUES (3, 'a', 2, true);
--: step
--: error 23505
--: differs s
INSERT INTO fresh VALUES (3, 'c', 1, true);
--: step
INSERT INTO fresh VALUES (3, 'B', 5, true, 'n') ON CONFLICT (lower(email)) DO UPDATE SET note = 'met' RETURNING *;
--: step
INSERT INTO fresh VALUES (4, 'd', 1, true) ON CONFLICT (slot) WHERE active DO NOTHING;
--: step
SELECT indexname FROM pg_indexes WHERE tablename = 'fresh' ORDER BY 1;

CREATE TEMP TABLE IF NOT EXISTS "it's $tenantry$" (LIKE emails INCLUDING ALL);
--: step
CREATE TEMP TABLE IF NOT EXISTS "it's $tenantry$" (LIKE emails INCLUDING ALL);
--: step
SELECT count(*) FROM pg_indexes WHERE tablename = 'it''s $tenantry$';
--: step
--: error 42P07
CREATE TEMP TABLE "it's $tenantry$" (LIKE emails INCLUDING ALL);

--: modes simple
BEGIN; CREATE TEMP TABLE fresh (LIKE emails INCLUDING ALL) ON COMMIT DROP; INSERT INTO fresh (id, email) VALUES (1, 'x') RETURNING *; COMMIT;

-- What tenantry, or whoever moved the schema under it, gave a table for the tenant column does not come along.
BEGIN;
--: step
CREATE TEMP TABLE fresh (LIKE defer INCLUDING ALL);
--: step
INSERT INTO fresh VALUES (1, 2), (2, 2), (3, 3) RETURNING *;
--: step
UPDATE fresh SET pos = 1 WHERE id = 1;
--: step
COMMIT;
--: step
BEGIN;
--: step
INSERT INTO fresh VALUES (4, 3);
--: step
--: error 23505
--: differs s
COMMIT;

CREATE TEMP TABLE fresh (LIKE defer INCLUDING CONSTRAINTS, LIKE nokey);
--: step
INSERT INTO fresh VALUES (1, 2, 3, 'b');

CREATE TEMP TABLE fresh (LIKE stock INCLUDING ALL EXCLUDING DEFAULTS);
--: step
INSERT INTO fresh (id, qty, seen) VALUES (1, 2000000, 1), (2, 2000001, 1) RETURNING *;
--: step
--: error 23P01
--: differs s
INSERT INTO fresh (id, qty, seen) VALUES (3, 2000000, 1);
--: step
INSERT INTO fresh (id, qty, seen) VALUES (3, 2000000, 1), (4, 1, 2) ON CONFLICT DO NOTHING RETURNING id;

-- This one asks for a column of the application's, too.
--: refused 0A000
CREATE TEMP TABLE fresh (LIKE tree INCLUDING CONSTRAINTS);

--: version 18
CREATE TEMP TABLE fresh (LIKE gen INCLUDING ALL, extra integer);
--: step
INSERT INTO fresh (a, extra) VALUES (5, 1), (8, 2) RETURNING *;
--: step
UPDATE fresh SET a = a + 2 WHERE half > 3 RETURNING half;
--: step
SELECT attname, attgenerated FROM pg_attribute WHERE attrelid = 'fresh'::regclass AND attnum > 0 ORDER BY attnum;

--: version 18
CREATE TEMP TABLE IF NOT EXISTS fresh (LIKE gen INCLUDING GENERATED) ON COMMIT DELETE ROWS;
--: step
BEGIN;
--: step
INSERT INTO fresh (id, a) VALUES (1, 7) RETURNING *;
--: step
COMMIT;

CREATE TEMP TABLE fresh (LIKE defer INCLUDING DEFAULTS);
--: step
INSERT INTO fresh VALUES (1, 2) RETURNING *;

SELECT format('%s', n) FROM nokey n;

SELECT concat_ws('-', n, 1), n || '' FROM nokey n;

SELECT hashtext(n::text) FROM nokey n;

SELECT xmlforest(n.a, n.b) FROM nokey n;

SELECT json_object_agg(n.b, n) FROM nokey n WHERE b LIKE '%0';

SELECT jsonb_agg(to_jsonb(n) - 'a' ORDER BY a, b) FROM nokey n;

SELECT n.* IS DISTINCT FROM m.* FROM nokey n, nokey m WHERE n.a = m.a;

SELECT (n.*) = (m.*) FROM nokey n JOIN nokey m USING (a);

SELECT count(*) FROM nokey n WHERE n IN (SELECT m FROM nokey m);

SELECT count(*) FROM nokey n WHERE (n.a, n.b) IN (SELECT m.* FROM nokey m);

SELECT count(*) FROM nokey n WHERE ROW(n.*) = ANY (SELECT * FROM nokey m);

SELECT coalesce(p, q) FROM parts p FULL JOIN parts q ON p.id = q.id + 1;

-- the row of a relation that has a column of the same name
UPDATE types m SET c = 'x' RETURNING row_to_json(m.*), (m.*) IS NULL, m;

DELETE FROM types m WHERE length(row_to_json(m.*)::text) > 10 RETURNING m.id, to_jsonb(m.*);

SELECT m.id, row_to_json(m.*) FROM types m GROUP BY m.id ORDER BY m.id;

--: version 15
MERGE INTO types m USING "Odd Name" s ON m.id = s."Id" WHEN MATCHED AND m.* IS NOT NULL THEN UPDATE SET c = length(row_to_json(m.*)::text)::text;

-- A condition over the target's whole row, which is written without its tenant column, beside a sub-select that is guarded first.
UPDATE items AS u SET code = (SELECT max(note) FROM parts) WHERE u IS NULL;

UPDATE items AS u SET code = (SELECT max(note) || u.id FROM parts) WHERE (1.5) = (CASE WHEN NOT (u IS NULL) THEN 1.5 ELSE 1 END);

DELETE FROM labels d USING (TABLE parts) AS p WHERE d IS NULL;

-- which relation a name means: in ON what is joined, in FROM what stands to the left or nothing; a join's alias hides
SELECT (SELECT s.x FROM nokey n, (SELECT n::text AS x) s LIMIT 1) FROM nokey n ORDER BY a, b;

SELECT (SELECT max(p.id) FROM parts p LEFT JOIN parts q ON n::text LIKE '%x%', nokey n) FROM nokey n ORDER BY a, b;

--: error
SELECT 1 FROM nokey n, parts p LEFT JOIN parts q ON n IS NULL GROUP BY p.id;

--: error
SELECT p FROM nokey n, (SELECT n IS NULL) p;

--: error
SELECT count(*) FROM nokey n, parts p LEFT JOIN parts q ON n.b IS NULL;

SELECT (SELECT count(*) FROM parts n JOIN parts q ON n::text = q::text) FROM nokey n;

SELECT (SELECT count(*) FROM parts p JOIN parts q ON (SELECT n::text) LIKE '%1%' CROSS JOIN nokey n) FROM nokey n ORDER BY a, b;

SELECT (SELECT count(*) FROM (parts p JOIN parts q ON (SELECT n::text) LIKE '%1%') JOIN nokey n ON n.a = p.id AND n IS NOT NULL) FROM nokey n ORDER BY a, b;

SELECT (SELECT string_agg(x, ',') FROM parts b JOIN (SELECT b::text AS x) s ON true) FROM nokey b ORDER BY a, b;

SELECT (SELECT string_agg(x, ',') FROM parts b JOIN (SELECT (b.*)::text AS x) s ON true) FROM nokey b ORDER BY a;

SELECT (SELECT string_agg(x::text, ',') FROM to_json(n) AS n(x)) FROM nokey n ORDER BY a, b;

SELECT (SELECT n.n::text FROM to_json(n) AS n) FROM nokey n ORDER BY a, b;

SELECT (SELECT count(*) FROM (parts n JOIN parts q ON true) AS j WHERE n::text LIKE '%2)') FROM nokey n ORDER BY a, b;

SELECT (SELECT count(*) FROM (nokey n JOIN nokey q ON n IS NOT NULL) AS j (v, w, x, y) WHERE n::text LIKE '(%,%)' AND n::text NOT LIKE '%,%,%') FROM nokey n ORDER BY a, b;

SELECT (SELECT string_agg(n::text, ',' ORDER BY n) FROM (nokey m JOIN (nokey q JOIN nokey r USING (a)) AS i ON i IS NOT NULL) AS n) FROM nokey n ORDER BY a, b;

SELECT (SELECT count(*) FROM ((nokey m JOIN nokey q ON true) AS i (v, w, x, y) JOIN nokey r ON i IS NOT NULL) AS j (a, b, c, d, e, f)) FROM nokey i ORDER BY a, b;

--: version 14
SELECT (SELECT string_agg(u::text, ',') FROM nokey m JOIN nokey q USING (a) AS u) FROM nokey u ORDER BY a, b;

--: error
UPDATE nokey SET a = 1 FROM LATERAL (SELECT nokey IS NULL AS x) s;

--: error
UPDATE nokey SET a = 1 FROM parts p JOIN parts q ON nokey IS NULL;

--: error
UPDATE nokey SET a = 1 FROM parts p JOIN parts q ON nokey.a = 1;

--: version 15
--: error
MERGE INTO nokey USING (SELECT nokey IS NULL) n ON true WHEN MATCHED THEN DO NOTHING;

SELECT (SELECT count(*) FROM nokey n, LATERAL (SELECT n::text AS x) s WHERE x LIKE '%2)') FROM nokey n;

SELECT (SELECT count(*) FROM nokey n JOIN LATERAL (SELECT n::text AS x) s ON x LIKE '%2)') FROM nokey n;

SELECT j.* FROM nokey n, (nokey m JOIN LATERAL (SELECT m::text || n::text || j::text AS x FROM nokey j) s ON true) AS j ORDER BY 1, 2, 3 LIMIT 5;

SELECT (SELECT count(*) FROM nokey TABLESAMPLE bernoulli ((length(nokey::text) * 0 + 100)::real) REPEATABLE (1)) FROM nokey;

SELECT (SELECT max(x) FROM (nokey p JOIN nokey q ON true) AS i (v, w, x, y), LATERAL (SELECT p::text AS x) s (x2)) FROM nokey p ORDER BY a, b;
