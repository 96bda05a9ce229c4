-- Where the predicate goes in FROM: leaves, joins of every form and nesting, aliases.

SELECT id, name FROM items;

SELECT * FROM items;

SELECT items.* FROM items;

SELECT i.* FROM items i;

SELECT i.* FROM items AS i ORDER BY i.id;

SELECT * FROM public.items ORDER BY id;

SELECT public.items.id, public.items.name FROM public.items WHERE public.items.id = <#3>;

SELECT "items"."id" FROM "items" ORDER BY 1;

SELECT ITEMS.ID FROM Items ORDER BY ID DESC;

SELECT x.a, x.b FROM items AS x (a, b) ORDER BY x.a;

SELECT a, d FROM items AS x (a, b, c, d) WHERE x.b = 'code3';

SELECT * FROM items AS x (a, b) WHERE a = <#2>;

SELECT id FROM items WHERE id > <#5> ORDER BY id;

SELECT id FROM items WHERE id = <#5> OR id = <#6> ORDER BY id;

SELECT id FROM items WHERE true ORDER BY id;

SELECT id FROM items WHERE false;

SELECT id FROM items WHERE NOT active OR amount IS NULL ORDER BY id;

SELECT id FROM items WHERE id = <#1> OR true ORDER BY id;

SELECT 1 FROM items;

SELECT FROM items;

SELECT count(*) FROM items;

SELECT count(*), count(amount), count(DISTINCT mood), min(name), max(day) FROM items;

SELECT count(*) FROM items, parts;

SELECT i.id, p.id FROM items i, parts p WHERE i.id = p.item_id ORDER BY 2;

SELECT a.id, b.id FROM items a, items b WHERE a.id < b.id AND a.mood = b.mood AND b.id < <#9> ORDER BY 1, 2;

SELECT count(*) FROM items a, items b, items c WHERE a.id < <#4> AND b.id < <#4> AND c.id < <#3>;

-- every form of join
SELECT i.id, p.id FROM items i JOIN parts p ON p.item_id = i.id ORDER BY 1, 2;

SELECT i.id, p.id FROM items i INNER JOIN parts p ON p.item_id = i.id AND p.qty > 2 ORDER BY 1, 2;

SELECT i.id, p.id FROM items i LEFT JOIN parts p ON p.item_id = i.id ORDER BY 1, 2;

SELECT i.id, p.id FROM items i LEFT OUTER JOIN parts p ON p.item_id = i.id AND p.qty > 2 ORDER BY 1, 2;

SELECT i.id, p.id FROM parts p RIGHT JOIN items i ON p.item_id = i.id ORDER BY 1, 2;

SELECT i.id, p.id FROM parts p RIGHT OUTER JOIN items i ON p.item_id = i.id AND p.note IS NOT NULL WHERE i.active ORDER BY 1, 2;

SELECT i.id, p.id FROM items i FULL JOIN parts p ON p.item_id = i.id ORDER BY 1, 2;

SELECT i.id, p.id, p.qty FROM items i FULL OUTER JOIN parts p ON p.item_id = i.id AND i.id > <#5> ORDER BY 1, 2;

SELECT count(*) FROM items CROSS JOIN parts;

SELECT count(*) FROM items i FULL JOIN countries c ON c.name = i.name;

SELECT c.code, i.id FROM countries c LEFT JOIN items i ON i.name = c.name ORDER BY 1;

SELECT c.code, count(i.id) FROM items i RIGHT JOIN countries c ON i.id > <#15> GROUP BY c.code ORDER BY 1;

SELECT i.id, c.code FROM items i LEFT JOIN countries c ON c.continent = 'Asia' ORDER BY 1;

SELECT id, label FROM items LEFT JOIN labels ON labels.item_id = items.id ORDER BY 1, 2;

SELECT * FROM items LEFT JOIN labels ON labels.item_id = items.id ORDER BY items.id, label;

SELECT i.*, l.* FROM items i LEFT JOIN labels l ON l.item_id = i.id ORDER BY i.id, l.label;

SELECT l.*, i.id FROM items i JOIN labels l ON l.item_id = i.id ORDER BY l.label;

-- USING and NATURAL
SELECT * FROM labels JOIN (SELECT id AS item_id, name FROM items) s USING (item_id) ORDER BY item_id, label;

SELECT item_id, qty, label FROM parts JOIN labels USING (item_id) ORDER BY 1, 2, 3;

SELECT * FROM parts JOIN labels USING (item_id) ORDER BY item_id, id, label;

SELECT * FROM parts LEFT JOIN labels USING (item_id) ORDER BY item_id, id, label;

SELECT * FROM parts RIGHT JOIN labels USING (item_id) ORDER BY item_id, id, label;

SELECT * FROM parts FULL JOIN labels USING (item_id) ORDER BY item_id, id, label;

SELECT parts.*, labels.label FROM parts LEFT JOIN labels USING (item_id) ORDER BY item_id, id, label;

--: version 14
SELECT j.item_id FROM parts JOIN labels USING (item_id) AS j ORDER BY 1;

--: version 14
SELECT j.* FROM parts LEFT JOIN labels USING (item_id) AS j ORDER BY 1;

SELECT count(*) FROM items NATURAL JOIN parts;

SELECT count(*) FROM items NATURAL LEFT JOIN item_names;

SELECT * FROM stock NATURAL JOIN defer ORDER BY id;

SELECT * FROM stock NATURAL LEFT JOIN defer ORDER BY id;

SELECT * FROM stock NATURAL FULL JOIN defer ORDER BY id;

SELECT id, qty, pos FROM stock NATURAL RIGHT JOIN defer ORDER BY id;

SELECT a.id FROM animals a NATURAL JOIN items ORDER BY 1;

-- nested
SELECT i.id, p.id, l.label FROM items i LEFT JOIN (parts p JOIN labels l ON l.item_id = p.item_id) ON p.item_id = i.id ORDER BY 1, 2, 3;

SELECT i.id, p.id, l.label FROM (items i LEFT JOIN parts p ON p.item_id = i.id) LEFT JOIN labels l ON l.item_id = p.item_id AND l.weight > 2 ORDER BY 1, 2, 3;

SELECT i.id, p.id, l.label FROM items i LEFT JOIN parts p LEFT JOIN labels l ON l.item_id = p.item_id ON p.item_id = i.id ORDER BY 1, 2, 3;

SELECT i.id, p.id, l.label FROM items i JOIN parts p ON p.item_id = i.id LEFT JOIN labels l ON l.item_id = i.id ORDER BY 1, 2, 3;

SELECT i.id, p.id, l.label FROM items i LEFT JOIN parts p ON p.item_id = i.id JOIN labels l ON l.item_id = i.id ORDER BY 1, 2, 3;

SELECT i.id, p.id, l.label FROM items i RIGHT JOIN parts p ON p.item_id = i.id FULL JOIN labels l ON l.item_id = i.id ORDER BY 1, 2, 3;

SELECT count(*) FROM items a LEFT JOIN items b ON b.parent_id = a.id LEFT JOIN items c ON c.parent_id = b.id;

SELECT a.id, b.id, c.id FROM items a FULL JOIN items b ON b.parent_id = a.id FULL JOIN items c ON c.parent_id = b.id ORDER BY 1, 2, 3;

SELECT ((a.id)) FROM (items a JOIN parts b ON ((b.item_id = a.id))) ORDER BY 1;

-- aliased joins
SELECT j.name, j.qty FROM (items i JOIN parts p ON p.item_id = i.id) AS j ORDER BY 1, 2;

SELECT j.name, j.label FROM (items i LEFT JOIN labels l ON l.item_id = i.id) AS j ORDER BY 1, 2;

SELECT j.* FROM (items i LEFT JOIN labels l ON l.item_id = i.id) AS j ORDER BY j.name, j.label;

SELECT j.a, j.b FROM (labels l JOIN parts p USING (item_id)) AS j (a, b) ORDER BY 1, 2;

SELECT * FROM (stock s JOIN defer d USING (id)) AS j ORDER BY 1;

SELECT c.code, j.name FROM countries c LEFT JOIN (items i JOIN parts p ON p.item_id = i.id) AS j ON j.qty = 4 ORDER BY 1, 2;

-- three and more tables
SELECT i.name, p.qty, l.label, c.name FROM items i JOIN parts p ON p.item_id = i.id JOIN labels l ON l.item_id = i.id CROSS JOIN countries c WHERE c.code = 'FR' ORDER BY 1, 2, 3;

SELECT i.id, s.qty, d.pos, w.w FROM items i LEFT JOIN stock s ON s.id = i.id LEFT JOIN defer d ON d.id = s.id LEFT JOIN words w ON w.n = d.pos ORDER BY 1;

SELECT i.id, s.qty FROM items i, stock s WHERE s.id = i.id AND EXISTS (SELECT FROM parts p WHERE p.item_id = i.id) ORDER BY 1;

-- ON with everything
SELECT i.id, p.id FROM items i LEFT JOIN parts p ON true AND p.id = <#3> ORDER BY 1, 2;

SELECT i.id, p.id FROM items i LEFT JOIN parts p ON p.item_id = i.id OR p.qty = 4 ORDER BY 1, 2;

SELECT i.id, p.id FROM items i LEFT JOIN parts p ON p.item_id IN (SELECT item_id FROM labels WHERE label LIKE '%1') AND p.item_id = i.id ORDER BY 1, 2;

SELECT i.id, p.id FROM items i LEFT JOIN parts p ON NOT p.item_id <> i.id ORDER BY 1, 2;

SELECT i.id, p.id FROM items i LEFT JOIN parts p ON CASE WHEN p.qty > 2 THEN p.item_id = i.id ELSE false END ORDER BY 1, 2;

-- LATERAL
SELECT i.id, x.qty FROM items i, LATERAL (SELECT p.qty FROM parts p WHERE p.item_id = i.id ORDER BY p.id LIMIT 1) x ORDER BY 1;

SELECT i.id, x.n FROM items i LEFT JOIN LATERAL (SELECT count(*) AS n FROM parts p WHERE p.item_id = i.id) x ON true ORDER BY 1;

SELECT i.id, x.n FROM items i CROSS JOIN LATERAL (SELECT sum(qty) AS n FROM parts WHERE item_id = i.id HAVING count(*) > 1) x ORDER BY 1;

SELECT i.id, t FROM items i, unnest(i.tags) AS t ORDER BY 1, 2;

SELECT i.id, g FROM items i, generate_series(1, i."order") g WHERE i.id < <#5> ORDER BY 1, 2;

SELECT i.id, g.n FROM items i LEFT JOIN LATERAL generate_series(1, i."order") AS g(n) ON i.active ORDER BY 1, 2;

SELECT x.* FROM items i, LATERAL (SELECT i.id, p.* FROM parts p WHERE p.item_id = i.id) x (a) ORDER BY 1, 2;

SELECT i.id, j.key, j.value FROM items i, jsonb_each_text(i.doc) j WHERE i.id = <#2> ORDER BY 2;

-- ROWS FROM, functions and VALUES in FROM
SELECT * FROM ROWS FROM (generate_series(1, 3), unnest(ARRAY['a', 'b'])) AS r (n, t);

SELECT r.n, i.id FROM ROWS FROM (generate_series(<#1>, <#3>)) WITH ORDINALITY AS r (n, o) LEFT JOIN items i ON i.id = r.n ORDER BY 1;

SELECT v.x, i.name FROM (VALUES (<#1>), (<#2>), (5)) AS v (x) LEFT JOIN items i ON i.id = v.x ORDER BY 1;

SELECT * FROM (VALUES ((SELECT count(*) FROM items), (SELECT max(id) FROM parts))) v (a, b);

VALUES ((SELECT count(*) FROM items)), ((SELECT count(*) FROM parts));

VALUES (1, 'a'), (2, 'b') ORDER BY 1 DESC;

SELECT double_it(id) FROM items ORDER BY 1;

SELECT n.n, count(i.id) FROM numbers(3) n (n) LEFT JOIN items i ON i."order" = n.n GROUP BY 1 ORDER BY 1;

-- TABLE, ONLY, TABLESAMPLE
TABLE words;

TABLE words ORDER BY w LIMIT 3;

SELECT id FROM ONLY items ORDER BY 1;

SELECT id FROM ONLY (items) ORDER BY 1;

SELECT id FROM items * ORDER BY 1;

SELECT id FROM items TABLESAMPLE SYSTEM (100) ORDER BY 1;

--: error 0A000
SELECT id FROM active_items TABLESAMPLE SYSTEM (100) ORDER BY 1;

SELECT i.id FROM items AS i TABLESAMPLE BERNOULLI (100) REPEATABLE (7) WHERE i.active ORDER BY 1;

SELECT count(p.id) FROM items i LEFT JOIN parts p TABLESAMPLE SYSTEM (100) ON p.item_id = i.id;

-- aliases that are other tables' names
SELECT items.id FROM parts AS items ORDER BY 1;

SELECT parts.name, items.qty FROM items AS parts JOIN parts AS items ON items.item_id = parts.id ORDER BY 1, 2;

SELECT countries.id FROM items countries ORDER BY 1;

SELECT items.items, items.qty FROM parts items ORDER BY items.id;

SELECT parts.items FROM parts ORDER BY parts.id;

-- columns that are named like tables or reserved
SELECT "order", count(*) FROM items GROUP BY "order" ORDER BY "order";

SELECT items."order" AS select, items.id AS "where" FROM items ORDER BY 2;

SELECT i.id "from", i.name AS as FROM items i ORDER BY 1;

SELECT "user".name, "user"."table" FROM "user" ORDER BY "user".id;

SELECT * FROM "user" AS "order" ORDER BY "order".id;

SELECT name FROM "user" "Table" WHERE "Table".id = <#2>;

-- shared relations stay as they are
SELECT * FROM countries ORDER BY code;

SELECT * FROM alt.items ORDER BY id;

SELECT a.label, b.name FROM alt.items a LEFT JOIN public.items b ON b."order" = a.id ORDER BY 1, 2;

SELECT items.id, items.label FROM alt.items ORDER BY 1;

SELECT c.name, u.name FROM countries c JOIN counters u ON u.n > 5 ORDER BY 1;

-- odd names
SELECT * FROM "Odd Name" ORDER BY "Id";

SELECT "Odd Name"."Odd Name" FROM "Odd Name" ORDER BY "Odd Name"."Id";

SELECT o."a""b", o."select" FROM "Odd Name" o WHERE o."select" > 1 ORDER BY o."Id";

SELECT * FROM "Odd Schema"."Ünïcode Tàble" ORDER BY id;

SELECT u."naïve", u."日本" FROM "Odd Schema"."Ünïcode Tàble" AS u WHERE u."naïve" LIKE 'é%' ORDER BY u.id;

SELECT "Ünïcode Tàble".id FROM "Odd Schema"."Ünïcode Tàble" ORDER BY 1;

SELECT U&"Mixed Case" FROM "Odd Name" ORDER BY "Id";

SELECT U&"\004dixed Case" FROM U&"Odd\0020Name" ORDER BY "Id";

SELECT * FROM t23456789_123456789_123456789_123456789_123456789_123456789_123 ORDER BY id;

-- longer than a name can be: cut by the server, and so by tenantry
SELECT t23456789_123456789_123456789_123456789_123456789_123456789_123_and_more.id FROM t23456789_123456789_123456789_123456789_123456789_123456789_123_and_more ORDER BY 1;

SELECT * FROM "user" u LEFT JOIN "Odd Name" o ON o."Id" = u.id ORDER BY u.id;

--: error 42703
SELECT tenants FROM items i JOIN parts p ON p.item_id = i.id;

--: error 42703
SELECT i.tenant FROM items i;

-- columns named with the schema of a table that is read through a sub-select here
SELECT json_agg(items ORDER BY public.items.id), max(public.items.name) FROM public.items;

SELECT public.items.id, public.items.name, public.parts.qty FROM public.items FULL JOIN public.parts ON public.items.id = public.parts.item_id WHERE public.items.name IS NOT NULL ORDER BY public.items.id, public.parts.id;

SELECT item_id, public.labels.label, parts.note FROM parts JOIN public.labels USING (item_id) WHERE public.labels.item_id > 0 GROUP BY item_id, public.labels.label, parts.note HAVING count(public.labels.weight) >= 0 ORDER BY 1, public.labels.label, 3;

SELECT public.labels.*, parts.* FROM parts FULL JOIN labels USING (item_id) ORDER BY public.labels.label, public.parts.id;

SELECT (SELECT public.items.name), (SELECT max(p.id) FROM parts p WHERE p.item_id = public.items.id) FROM items FULL JOIN countries c ON c.name = public.items.name ORDER BY 1, 2;

SELECT public.item_names.name, public.item_names.* FROM public.item_names WHERE public.item_names.id > 0 ORDER BY public.item_names.id;

SELECT count(public.item_parts.parts) FROM item_parts LEFT JOIN public.part_items USING (id) WHERE public.part_items.name IS NULL OR public.item_parts.id > 0;

-- the position of an error
--: error 42703
SELECT public.items.nothing FROM items FULL JOIN parts ON true;

-- the name alone means something nearer
SELECT (SELECT public.items.name || items.name FROM countries items ORDER BY 1 LIMIT 1) FROM items FULL JOIN parts ON parts.id = public.items.id ORDER BY 1;

--: refused 0A000
SELECT (SELECT public.items.name || items.name FROM countries items ORDER BY 1 LIMIT 1), items.id FROM items FULL JOIN parts ON parts.id = items.id ORDER BY 1;

-- two relations of one name
SELECT * FROM items, alt.items ORDER BY public.items.id, alt.items.id;

SELECT public.items.id, alt.items.label FROM public.items FULL JOIN alt.items ON public.items.id = alt.items.id ORDER BY 1, 2;

SELECT alt.items.*, public.items.* FROM public.items NATURAL FULL JOIN alt.items ORDER BY public.items.id, alt.items.id;

--: error 42P09
SELECT items.id FROM public.items FULL JOIN alt.items ON public.items.id = alt.items.id;

UPDATE parts SET note = public.items.name FROM items FULL JOIN alt.items ON public.items.id = alt.items.id WHERE public.parts.item_id = public.items.id RETURNING public.parts.id, public.items.name, alt.items.label;

DELETE FROM labels USING public.item_names WHERE public.item_names.id = public.labels.item_id RETURNING public.item_names.name, public.labels.*;
