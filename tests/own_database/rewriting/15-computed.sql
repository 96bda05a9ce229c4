-- Functions of a row, and what they are called by.

SELECT title(i) FROM items i ORDER BY 1;

SELECT i.title, i.id FROM items i ORDER BY i.title;

SELECT items.title FROM items WHERE items.title IS NOT NULL ORDER BY title(items);

SELECT (i).title FROM items i ORDER BY 1;

SELECT title(items.*) FROM items ORDER BY 1;

SELECT public.title(i.*) AS t, pieces(p), pieces(p, 3), p.pieces FROM items i JOIN parts p ON p.item_id = i.id ORDER BY 1, 2;

SELECT i.id, (SELECT string_agg(title(j), ',' ORDER BY j.id) FROM items j WHERE j.id <= i.id) FROM items i ORDER BY 1;

SELECT title(i), p.id FROM parts p LEFT JOIN items i ON i.id = p.item_id AND title(i) <> '' ORDER BY 2;

SELECT i.title FROM (SELECT * FROM items) i ORDER BY 1;

SELECT title(i) FROM items i GROUP BY i.id ORDER BY 1;

SELECT count(*), title(i) FROM items i GROUP BY title(i) HAVING title(i) > 'a' ORDER BY 2;

UPDATE items i SET code = title(i) WHERE id = <#1> RETURNING title(i), i.title;

DELETE FROM parts p WHERE pieces(p) > 2 RETURNING p.pieces;

INSERT INTO items AS i (name, code) VALUES ('computed', 'c1') RETURNING i.title, title(i);

SELECT title(i) FROM items i FOR UPDATE;

SELECT t FROM items i, LATERAL title(i) AS t ORDER BY 1;

SELECT t FROM items i, LATERAL (SELECT title(i) AS t, i.title AS u) x ORDER BY 1;

SELECT same_row(p) FROM parts p ORDER BY 1;

SELECT title(first_of(i, i)) FROM items i ORDER BY 1;

SELECT title(i) FROM items i NATURAL JOIN labels ORDER BY 1;

SELECT title(i), j.title FROM items i FULL JOIN items j ON i.id = j.id + 1 ORDER BY 1, 2;

WITH w AS (SELECT * FROM items) SELECT title(w) FROM w ORDER BY 1;

SELECT title(i) FROM items i UNION SELECT title(i) FROM items i ORDER BY 1;

CREATE INDEX items_title ON items (title(items));

CREATE TEMP VIEW titles AS SELECT title(i) AS t FROM items i; SELECT * FROM titles ORDER BY 1;

SELECT i, title(i), i.* FROM items i ORDER BY i.id LIMIT 2;

SELECT title(i), * FROM items i FULL JOIN parts p ON p.item_id = i.id ORDER BY i.id, p.id;

SELECT p.id, title(w), w.title FROM parts p LEFT JOIN (SELECT * FROM items WHERE id = <#1>) w ON w.id = p.item_id ORDER BY 1;

SELECT w.*, pieces(w), pieces(w, 3), w.pieces FROM (SELECT p.* FROM parts p WHERE qty > 1 OFFSET 0) AS w ORDER BY 1;

SELECT pieces(w) FROM (SELECT id, item_id, qty, note, items FROM parts) AS w (a, b, c, d, e) ORDER BY 1;

SELECT title(w.*) FROM (SELECT * FROM items UNION ALL SELECT * FROM items) w ORDER BY 1;

--: error 42846
SELECT title(w) FROM (SELECT id, code FROM items) w;

--: error 42846
SELECT title(w) FROM (SELECT i.*, i.id FROM items i) w;

SELECT (SELECT title(w)), w.id FROM (SELECT * FROM items) w ORDER BY 2;

-- As Hasura asks for a computed field.
SELECT coalesce(json_agg("root"), '[]') AS "root" FROM (SELECT row_to_json((SELECT "_e" FROM (SELECT "_root.base"."id" AS "id", "public"."title"("_root.base") AS "title") AS "_e")) AS "root"
	FROM (SELECT * FROM "public"."items" WHERE ('true') ORDER BY "id" LIMIT 3) AS "_root.base") AS "_root";

SELECT coalesce(json_agg("root"), '[]') AS "root" FROM (SELECT row_to_json((SELECT "_e" FROM (SELECT "_root.or.parts"."parts" AS "parts", "_root.base"."id" AS "id") AS "_e")) AS "root"
	FROM (SELECT * FROM "public"."items" WHERE (('id') IS NOT NULL) ORDER BY "id" LIMIT 3) AS "_root.base" LEFT OUTER JOIN LATERAL (
	SELECT coalesce(json_agg("parts"), '[]') AS "parts" FROM (SELECT row_to_json((SELECT "_e" FROM (SELECT "public"."pieces"("_root.ar.base", 3) AS "pieces") AS "_e")) AS "parts"
	FROM (SELECT * FROM "public"."parts" WHERE (("_root.base"."id") = ("item_id")) ORDER BY "id") AS "_root.ar.base") AS "_root.ar") AS "_root.or.parts" ON ('true')) AS "_root";

-- As PostgREST does.
WITH pgrst_source AS (SELECT "public"."items"."id", "public"."items"."title" FROM "public"."items" WHERE "public"."items"."title" IS NOT NULL ORDER BY "id" LIMIT 5 OFFSET 0)
	SELECT null::bigint AS total_result_set, pg_catalog.count(_postgrest_t) AS page_total, coalesce(json_agg(_postgrest_t), '[]') AS body FROM (SELECT * FROM pgrst_source) _postgrest_t;

WITH pgrst_source AS (INSERT INTO "public"."items" ("code", "name") VALUES ('c1', 'computed') RETURNING "public"."items".*)
	SELECT coalesce(json_agg(_postgrest_t)->0, 'null') AS body FROM (SELECT "items"."title" FROM "pgrst_source" AS "items") _postgrest_t;
