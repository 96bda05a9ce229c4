-- Temporary views: guarded when they are made.
CREATE TEMP VIEW v AS SELECT * FROM items;
--: step
SELECT * FROM v ORDER BY id;
--: step
SELECT v, row_to_json(v) FROM v ORDER BY id;
--: step
SELECT i.id, v.name FROM items i LEFT JOIN v ON v.id = i.parent_id ORDER BY 1;
--: step
DROP VIEW v;
--: step
--: error 42P01
SELECT * FROM v;

CREATE OR REPLACE TEMPORARY VIEW v (x, y) AS SELECT id, name FROM items WHERE active OR id > <#3> ORDER BY id DESC;
--: step
SELECT x, y FROM v;
--: step
CREATE OR REPLACE TEMP VIEW v AS SELECT id AS x, name AS y, amount FROM items;
--: step
SELECT * FROM v ORDER BY x;
--: step
SELECT * FROM v WHERE y LIKE 'apple%' FOR UPDATE;

CREATE TEMP VIEW v WITH (security_barrier) AS SELECT i.*, p.qty, (SELECT count(*) FROM labels l WHERE l.item_id = i.id) AS n FROM items i LEFT JOIN parts p ON p.item_id = i.id;
--: step
SELECT name, qty, n FROM v ORDER BY id, qty;

-- primary key
CREATE TEMP VIEW v AS SELECT i.id, i.name, count(p.id) AS parts FROM items i LEFT JOIN parts p ON p.item_id = i.id GROUP BY i.id;
--: step
SELECT * FROM v ORDER BY id;
--: step
CREATE TEMP VIEW w AS SELECT id, name FROM items GROUP BY id HAVING count(*) = 1;
--: step
SELECT * FROM w JOIN v USING (id, name) ORDER BY id;

CREATE TEMP VIEW v AS TABLE nokey;
--: step
TABLE v ORDER BY 1, 2;
--: step
CREATE TEMP VIEW w AS SELECT v.a, n.b FROM v NATURAL FULL JOIN nokey n;
--: step
SELECT * FROM w ORDER BY 1, 2;
--: step
DROP VIEW v CASCADE;
--: step
--: error 42P01
SELECT * FROM w;

CREATE TEMP RECURSIVE VIEW v (id, path) AS SELECT id, name::text FROM tree WHERE parent IS NULL UNION ALL SELECT c.id, v.path || '/' || c.name FROM tree c JOIN v ON c.parent = v.id;
--: step
SELECT * FROM v ORDER BY id;

CREATE TEMP VIEW v AS WITH x AS (SELECT * FROM items), items AS (SELECT 1 AS id) SELECT x.name, items.id FROM x, items UNION ALL (SELECT b, a FROM nokey ORDER BY 1 LIMIT 2);
--: step
SELECT * FROM v ORDER BY 1, 2;

-- it hides a table of its name
CREATE TEMP VIEW items AS SELECT id, upper(name) AS name FROM public.items;
--: step
SELECT * FROM items ORDER BY id;
--: step
SELECT i.id, p.code FROM items i JOIN public.items p ON p.id = i.id ORDER BY 1;
--: step
DROP VIEW items;
--: step
SELECT count(*) FROM items;

-- under other names
CREATE TEMP VIEW v AS SELECT id, name FROM items;
--: step
ALTER VIEW v RENAME TO w;
--: step
SELECT * FROM w ORDER BY id;
--: step
ALTER VIEW w RENAME COLUMN name TO n;
--: step
SELECT n FROM pg_temp.w ORDER BY id;
--: step
--: error 42P01
SELECT * FROM v;

-- over views, whole rows, functions
CREATE TEMP VIEW v AS SELECT n.*, shout(n.name) AS loud, to_json(a) AS a FROM item_names n, active_items a WHERE a.id = n.id;
--: step
SELECT id, loud, a ->> 'code' FROM v ORDER BY id;

-- transactions take it back
BEGIN;
--: step
CREATE TEMP VIEW v AS SELECT id FROM items;
--: step
SELECT count(*) FROM v;
--: step
ROLLBACK;
--: step
--: error 42P01
SELECT count(*) FROM v;

--: modes simple
BEGIN; CREATE TEMP VIEW v AS SELECT id FROM items; SELECT count(*) FROM v; COMMIT; SELECT count(*) FROM pg_temp.v;

-- temporary tables and views together
CREATE TEMP TABLE t (id integer, note text);
--: step
INSERT INTO t SELECT id, 'n' FROM items;
--: step
CREATE TEMP VIEW v AS SELECT i.name, t.note FROM items i JOIN t ON t.id = i.id;
--: step
SELECT * FROM v ORDER BY 1;
--: step
CREATE TEMP VIEW w AS SELECT * FROM t;
--: step
UPDATE w SET note = 'changed' WHERE id = <#2> RETURNING *;
--: step
SELECT * FROM v ORDER BY 1, 2;

-- prepared statements and cursors
CREATE TEMP VIEW v AS SELECT id, name FROM items;
--: step
PREPARE p (integer) AS SELECT * FROM v WHERE id = $1;
--: step
EXECUTE p (<#2>);
--: step
BEGIN;
--: step
DECLARE c CURSOR FOR SELECT name FROM v ORDER BY id;
--: step
FETCH 2 FROM c;
--: step
COMMIT;
--: step
COPY (SELECT * FROM v ORDER BY id) TO STDOUT;

-- errors
--: error 42703
CREATE TEMP VIEW v AS SELECT nonsense FROM items;

--: error 42P07
CREATE TEMP VIEW v AS SELECT id FROM items; CREATE TEMP VIEW v AS SELECT id FROM items;

--: error 42701
CREATE TEMP VIEW v AS SELECT id, * FROM items;

--: error 42P01
CREATE TEMP VIEW v AS SELECT * FROM nonsense;

--: error 0A000
CREATE TEMP VIEW v AS WITH x AS (INSERT INTO nokey VALUES (1, 'x') RETURNING *) SELECT * FROM x;

--: visible
CREATE TEMP VIEW v AS SELECT id, tenant_id FROM items;
--: step
SELECT * FROM v ORDER BY id;

-- A row that is written through it would have no tenant.
CREATE TEMP VIEW v AS SELECT id, name FROM items WHERE id > 0;
--: step
--: refused 55000
INSERT INTO v (name) VALUES ('x');
--: step
--: refused 55000
UPDATE v SET name = 'x';
--: step
--: refused 55000
DELETE FROM v;

--: refused
CREATE TEMP VIEW v AS SELECT item_count() FROM items;

--: refused
CREATE TEMP VIEW v AS SELECT * FROM item_totals;

--: refused
CREATE TEMP VIEW v AS SELECT set_config('search_path', 'alt', false);

-- what a pattern is taken from, and a view that comes in twice
CREATE TEMP VIEW v AS SELECT q.id, true AS flag FROM item_parts q;
--: step
CREATE TEMP VIEW w AS SELECT (SELECT t.a FROM types t ORDER BY id LIMIT 1) AS a, 'ok'::mood::text LIKE (SELECT u.plain FROM uneven u WHERE u.flag ORDER BY id LIMIT 1) AS flag, n.name::text FROM named_parts n FULL JOIN v ON true;
--: step
SELECT * FROM w ORDER BY 1, 2, 3 LIMIT 20;
--: step
SELECT x.id, CAST(CASE WHEN x.flag THEN 'ok' END COLLATE "POSIX" AS mood) FROM (SELECT p.id, count(*) > 0 AS flag FROM events e RIGHT JOIN item_parts p ON e.id IS NOT NULL LEFT JOIN item_parts r ON e.id IS NOT NULL GROUP BY ROLLUP (p.id) HAVING count(*) > 0) x ORDER BY 1;
