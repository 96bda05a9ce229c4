-- CTE: scopes, recursion, data-modifying.

WITH x AS (SELECT * FROM items) SELECT * FROM x ORDER BY id;

WITH x AS (SELECT id FROM items), y AS (SELECT id FROM x WHERE id > <#5>) SELECT count(*) FROM y, x;

WITH x (a, b) AS (SELECT id, name FROM items) SELECT a FROM x WHERE b LIKE 'fig%' ORDER BY 1;

WITH x AS MATERIALIZED (SELECT id FROM items) SELECT * FROM x ORDER BY 1;

WITH x AS NOT MATERIALIZED (SELECT id FROM items) SELECT * FROM x ORDER BY 1;

-- a CTE that is named like a tenant table
WITH items AS (SELECT 1 AS id) SELECT id FROM items;

-- its own body still sees the table
WITH items AS (SELECT id FROM items WHERE id < <#4>) SELECT id FROM items ORDER BY 1;

-- a qualified name is never a CTE
WITH items AS (SELECT 1 AS id) SELECT public.items.id FROM public.items ORDER BY 1;

WITH items AS (SELECT 1 AS id) SELECT i.id, j.id FROM items i, public.items j WHERE j.id < <#3> ORDER BY 2;

-- an earlier CTE does not see a later one
WITH a AS (SELECT count(*) AS n FROM parts), parts AS (SELECT 1 AS id) SELECT a.n, parts.id FROM a, parts;

-- with RECURSIVE every body sees every name
WITH RECURSIVE a AS (SELECT count(*) AS n FROM parts), parts AS (SELECT 1 AS id) SELECT a.n, parts.id FROM a, parts;

-- inner CTE hides the outer one
WITH x AS (SELECT 1 AS v) SELECT (WITH x AS (SELECT count(*) AS v FROM items) SELECT v FROM x), v FROM x;

-- a CTE of an outer level is seen inside
WITH parts AS (SELECT 99 AS id) SELECT (SELECT id FROM parts), (SELECT count(*) FROM items) ;

-- and not beside
SELECT (WITH parts AS (SELECT 1 AS id) SELECT count(*) FROM parts), (SELECT count(*) FROM parts);

SELECT * FROM (WITH items AS (SELECT 5 AS id) SELECT id FROM items) x, (SELECT count(*) FROM items) y;

SELECT id FROM items WHERE id IN (WITH p AS (SELECT item_id FROM parts) SELECT item_id FROM p) ORDER BY 1;

(WITH x AS (SELECT id FROM items) SELECT id FROM x) UNION (WITH x AS (SELECT id FROM parts) SELECT id FROM x) ORDER BY 1;

WITH a AS (WITH b AS (SELECT id FROM items) SELECT id FROM b) SELECT * FROM a ORDER BY 1;

WITH x AS (SELECT id FROM items) SELECT i.id FROM items i WHERE i.id IN (SELECT id FROM x WHERE x.id > i."order") ORDER BY 1;

WITH x AS (TABLE words) SELECT * FROM x ORDER BY 1;

WITH x AS (VALUES (1), (2)) SELECT column1, (SELECT count(*) FROM items) FROM x ORDER BY 1;

WITH items AS (VALUES (1)) TABLE items;

-- recursion
WITH RECURSIVE t AS (SELECT id, parent, 0 AS depth FROM tree WHERE parent IS NULL UNION ALL SELECT c.id, c.parent, depth + 1 FROM tree c JOIN t ON c.parent = t.id) SELECT * FROM t ORDER BY id;

WITH RECURSIVE up (id, parent) AS (SELECT id, parent FROM tree WHERE id = <#11> UNION SELECT p.id, p.parent FROM tree p, up WHERE p.id = up.parent) SELECT id FROM up ORDER BY id;

WITH RECURSIVE t AS (SELECT id, parent_id FROM items WHERE parent_id IS NULL UNION ALL SELECT i.id, i.parent_id FROM items i JOIN t ON i.parent_id = t.id) SELECT count(*) FROM t;

WITH RECURSIVE tree AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM tree WHERE n < 5) SELECT sum(n) FROM tree;

WITH RECURSIVE tree (id) AS (SELECT id FROM public.tree WHERE parent IS NULL UNION ALL SELECT c.id FROM public.tree c JOIN tree ON c.parent = tree.id) SELECT * FROM tree ORDER BY 1;

WITH RECURSIVE t (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < (SELECT count(*) FROM labels)) SELECT max(n) FROM t;

--: version 14
WITH RECURSIVE t AS (SELECT id, name FROM tree WHERE parent IS NULL UNION ALL SELECT c.id, c.name FROM tree c JOIN t ON c.parent = t.id) SEARCH DEPTH FIRST BY id SET o SELECT id FROM t ORDER BY o;

--: version 14
WITH RECURSIVE t AS (SELECT id, parent FROM tree WHERE parent IS NULL UNION ALL SELECT c.id, c.parent FROM tree c JOIN t ON c.parent = t.id) CYCLE id SET cyc USING path SELECT id, cyc FROM t ORDER BY id;

WITH RECURSIVE a AS (SELECT id FROM b), b AS (SELECT id FROM items) SELECT * FROM a ORDER BY 1;

-- writing
WITH n AS (INSERT INTO items (name) VALUES ('new') RETURNING *) SELECT * FROM n;

WITH n AS (INSERT INTO items (name) VALUES ('new') RETURNING id, name) SELECT n.id, count(i.id) FROM n, items i GROUP BY n.id;

WITH n AS (INSERT INTO items (name) VALUES ('new') RETURNING id) INSERT INTO parts (item_id, qty) SELECT id, 2 FROM n RETURNING *;

WITH d AS (DELETE FROM parts WHERE qty = 1 RETURNING *) SELECT count(*), sum(qty) FROM d;

WITH d AS (DELETE FROM labels RETURNING item_id, label) SELECT i.id, d.label FROM items i JOIN d ON d.item_id = i.id ORDER BY 2;

WITH u AS (UPDATE items SET "order" = 9 WHERE mood = 'sad' RETURNING id) SELECT count(*) FROM u;

WITH u AS (UPDATE items SET "order" = "order" + 1 WHERE active RETURNING items.*) SELECT id, "order" FROM u ORDER BY id;

WITH a AS (UPDATE words SET n = n + 1 RETURNING w), b AS (DELETE FROM nokey RETURNING a) SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b);

WITH a AS (DELETE FROM nokey) SELECT 1;

WITH src AS (SELECT id FROM items WHERE active) UPDATE parts SET note = 'x' FROM src WHERE parts.item_id = src.id AND parts.qty > 2 RETURNING parts.id;

WITH src AS (SELECT id FROM items WHERE NOT active) DELETE FROM parts USING src WHERE item_id = src.id RETURNING parts.*;

WITH src AS (SELECT max(id) AS id FROM items) INSERT INTO stock (id, qty) SELECT id, 1 FROM src;

-- the target of a change is never a CTE
WITH parts AS (SELECT <#1> AS id) UPDATE parts SET note = 'y' WHERE id IN (SELECT id FROM parts) RETURNING id;

WITH words AS (SELECT 'word1' AS w) DELETE FROM words WHERE w IN (SELECT w FROM words);

WITH words AS (SELECT 'neu' AS w) INSERT INTO words (w) SELECT w FROM words RETURNING *;

WITH nokey AS (DELETE FROM nokey RETURNING a) SELECT a FROM nokey ORDER BY 1;

WITH RECURSIVE d AS (SELECT id FROM tree WHERE id = <#2> UNION ALL SELECT t.id FROM tree t JOIN d ON t.parent = d.id) DELETE FROM tree WHERE id IN (SELECT id FROM d) RETURNING id;

INSERT INTO onecol WITH x AS (SELECT name FROM items) SELECT name FROM x ORDER BY 1 LIMIT 2 RETURNING v;

--: error 42P01
WITH x AS (SELECT 1) SELECT * FROM y;

--: error 42712
WITH x AS (SELECT 1), x AS (SELECT 2) SELECT * FROM x;

--: error 0A000
SELECT * FROM (WITH x AS (DELETE FROM nokey RETURNING *) SELECT * FROM x) y;

-- what stands further on in the list
--: error 42P01
WITH a AS (SELECT * FROM b), b AS (SELECT id FROM items) SELECT * FROM a;

--: error 42P01
WITH a AS (SELECT id FROM items UNION (WITH inside AS (SELECT 2) SELECT * FROM a UNION SELECT * FROM inside)) SELECT * FROM a;

--: error 42P01
WITH RECURSIVE a AS (WITH c AS (SELECT * FROM d), d AS (SELECT 1) SELECT * FROM c) SELECT * FROM a;

--: error 42P01
WITH a AS (SELECT * FROM public.b), b AS (SELECT id FROM items) SELECT * FROM a;

--: error 42P01
WITH a AS (SELECT id FROM items), b AS (SELECT * FROM c) SELECT * FROM a, b, c;
