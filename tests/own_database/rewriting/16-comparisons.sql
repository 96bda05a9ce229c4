-- Columns whose comparison may fail: arrays of what has no order, rows, texts with a collation of their own.
COPY uneven TO STDOUT;

COPY uneven (id, jj, posix, place) TO STDOUT (FORMAT csv, HEADER);

COPY uneven TO STDOUT (FORMAT binary);

COPY uneven (id, jj, posix, plain, place, places) FROM STDIN;
--: data
900001	{"{}"}	a	b	(c,1)	{"(c,1)"}

COPY uneven (posix, id) FROM STDIN (FORMAT csv);
--: data
a,900002

COPY uneven (id, note) FROM STDIN WHERE note > 'b';
--: data
900003	a
900004	c

COPY (SELECT * FROM uneven ORDER BY id) TO STDOUT;

COPY (SELECT id FROM uneven WHERE posix > 'a' ORDER BY id) TO STDOUT;

SELECT * FROM uneven ORDER BY id;

SELECT id, jj[1], places[1], (place).zip FROM uneven ORDER BY id LIMIT 3;

SELECT id FROM uneven WHERE id = <#2>;

SELECT id FROM uneven WHERE posix LIKE '%1' ORDER BY id;

SELECT id FROM uneven WHERE posix > 'C' AND plain > 'C' ORDER BY 1;

SELECT u.id FROM uneven u WHERE u.place = ROW('x', 1)::address OR u.flag ORDER BY 1;

SELECT a FROM uneven AS u (a) WHERE a > 0 ORDER BY 1;

--: error 42883
SELECT id FROM uneven WHERE jj = jj AND jj <> jj;

--: error 42P22
SELECT id FROM uneven, (SELECT 'a' COLLATE "C" AS c) y WHERE posix < c ORDER BY 1;

SELECT i.id, u.id FROM items i LEFT JOIN uneven u ON u.id = i.id AND u.posix > 'A' ORDER BY 1;

SELECT i.id, u.p FROM items i LEFT JOIN (SELECT id, COALESCE(posix, note) AS p FROM uneven) u ON u.id = i.id WHERE u.p > 'A' ORDER BY 1;

SELECT u.id FROM uneven u JOIN uneven v USING (id, posix) ORDER BY 1;

SELECT id FROM uneven NATURAL JOIN (SELECT id, place FROM uneven) v ORDER BY 1;

SELECT id FROM (SELECT id, max(posix) AS m FROM uneven GROUP BY id) x WHERE m > 'A' ORDER BY 1;

WITH w AS (UPDATE uneven SET note = 'n' RETURNING id, posix AS p) SELECT id FROM w WHERE p > 'A' ORDER BY 1;

SELECT CASE place WHEN ROW('x', 1)::address THEN 1 END, posix = ANY (ARRAY['a', 'b']), id IN (1, 2) FROM uneven ORDER BY id;

SELECT id FROM uneven u WHERE EXISTS (SELECT FROM items i WHERE i.place IS NOT DISTINCT FROM u.place) ORDER BY 1;

INSERT INTO uneven VALUES (900005, ARRAY['1'::json], NULL, 'p', 'c', ROW('s', 2), NULL, 'n', true) RETURNING *;

INSERT INTO uneven (id, posix, note) SELECT id + 900000, posix, plain FROM uneven WHERE posix > 'A';

INSERT INTO uneven (id, posix) VALUES (<#1>, 'x') ON CONFLICT (id) DO UPDATE SET posix = excluded.posix WHERE uneven.posix <> excluded.posix RETURNING id, posix;

UPDATE uneven SET posix = plain, jj = NULL;

UPDATE uneven SET place = ROW('new', 1) WHERE id = <#3> AND posix >= 'A' RETURNING *;

UPDATE uneven u SET note = i.name FROM items i WHERE i.id = u.id AND i.place IS NOT NULL AND u.posix > 'A';

DELETE FROM uneven WHERE plain = posix COLLATE "C" RETURNING id;

DELETE FROM uneven USING items i WHERE i.id = uneven.id AND uneven.posix > '';

SELECT u FROM uneven u ORDER BY u.id;

SELECT u.id FROM uneven u GROUP BY u.id, u.posix HAVING u.posix > 'A' ORDER BY 1;

SELECT id, posix FROM uneven ORDER BY posix COLLATE "C", id;

--: params 5, 7
SELECT id FROM uneven WHERE $1::int < $2::int ORDER BY 1;

--: params a, b
SELECT id FROM uneven WHERE ($1 = $2 OR flag) ORDER BY 1;

--: params <#1>, a, <#2>, b
UPDATE uneven SET note = v.n FROM (VALUES ($1::int, $2), ($3::int, $4)) v (id, n) WHERE v.id = uneven.id;

-- jsonpath
SELECT id FROM items WHERE doc @? '$.list[*] ? (@ > 3)' ORDER BY 1;

SELECT id FROM items WHERE doc @? '$.mark.datetime() ? (@ < "2020-01-01".datetime())' ORDER BY 1;

SELECT id FROM items WHERE doc @@ '$.n > 3' ORDER BY 1;

SELECT id FROM items WHERE to_tsvector('simple', name) @@ plainto_tsquery('simple', 'apple') ORDER BY 1;

-- a column that the transaction has added
BEGIN;
ALTER TABLE words ADD COLUMN extra json[];
UPDATE words SET extra = '{1}' WHERE w = 'word1';
SELECT w FROM words WHERE n > 2 AND extra IS NULL ORDER BY 1;
ROLLBACK;

BEGIN;
ALTER TABLE words ADD COLUMN extra json[];
INSERT INTO words (w, extra) VALUES ('q', '{1}');
SELECT w FROM words ORDER BY 1;
COMMIT;

--: error 42883
BEGIN;
ALTER TABLE words ADD COLUMN extra json[] DEFAULT '{1}';
SELECT w FROM words WHERE extra < extra;

-- patterns of which it is known how they end, and others
--: params a
SELECT id FROM uneven WHERE note LIKE '%' || $1 || '%' AND id > 0 ORDER BY 1;

--: params a\, %1
SELECT id FROM uneven WHERE note ILIKE $1 || '%' OR plain LIKE lower($2) ORDER BY 1;

--: params %\\, x
SELECT id FROM uneven WHERE note LIKE $1 AND note <> $2 ORDER BY 1;

--: params a\
--: modes simple
SELECT w FROM words WHERE w LIKE $1 ORDER BY 1;

SELECT w FROM words WHERE w LIKE ANY (SELECT x.w || '%' FROM words x WHERE x.n = 1) AND w NOT LIKE ALL (SELECT 'a\' FROM words) AND textlike(w, '%1') ORDER BY 1;

SELECT w FROM words WHERE w LIKE ANY (SELECT 'a\' FROM words UNION ALL VALUES ('%2')) ORDER BY 1;

SELECT id FROM uneven u WHERE (place).street LIKE 'a\' OR (u.place).street ILIKE ANY (ARRAY['%', 'b\']) OR (places[1]).street LIKE 'b\' ORDER BY 1;

SELECT note FROM uneven GROUP BY note, lower(note) HAVING lower(note) LIKE 'note%' ESCAPE '!' ORDER BY 1;

-- shapes, in conditions and to sort by
SELECT id, p <-> point '(1,1)' AS d FROM types WHERE p <@ box '((0,0),(1e307,9))' AND NOT (p <@ circle(p, 1e-3) IS NULL) ORDER BY p <-> '(1e10,0)', id;

SELECT DISTINCT p[0], p <-> '(1e3,1)' FROM types ORDER BY p <-> '(1e3,1)', 1;

SELECT count(*), p <-> '(1e3,2)' AS far FROM types GROUP BY p <-> '(1e3,2)', p[1] HAVING (p <-> '(1e3,2)') < 1e4 ORDER BY far;

--: params 1, 2.5
SELECT t.id, x.d FROM types t JOIN (SELECT id AS i, p AS q, p <-> point($1, $2) AS d FROM types) x ON x.i = t.id AND x.q ~= t.p WHERE t.p <@ '((-1,-1),(1e5,-1),(1e5,1e5),(-1,1e5))'::polygon ORDER BY t.p <-> point(1, $2), 1;

SELECT id, row_number() OVER (ORDER BY p <-> '(1e3,1)', id) FROM types ORDER BY 2;

-- .. that Bind looks at
--: params a\
--: modes text binary
--: refused 22025
SELECT w FROM words WHERE w LIKE $1 ORDER BY 1;

-- what the planner tests on the most common values gets a price
SELECT w FROM words WHERE w LIKE 'a\' OR w ILIKE ANY (ARRAY['%d1', 'b\']) OR w LIKE 'WOR!%1!' ESCAPE '!' ORDER BY 1;

SELECT upper(w) AS u, count(*) FROM words WHERE n < 100 GROUP BY w HAVING upper(w) NOT LIKE 'a\' ORDER BY 1;

SELECT w.w, x.u FROM words w LEFT JOIN (SELECT n, upper(w) AS u FROM words) x ON x.u LIKE 'A\' OR x.n = w.n WHERE NOT (w.w LIKE ALL (ARRAY['b\', w.w])) ORDER BY 1, 2;

UPDATE words SET note = 'like' WHERE w LIKE 'a\' OR w = 'word1' RETURNING w, note;

DELETE FROM words WHERE w NOT LIKE 'a\' AND n < 2 RETURNING w;

--: error 22025
--: params wor\
SELECT w FROM words WHERE w LIKE $1 ORDER BY 1;

SELECT w FROM words WHERE UPPER(w::text) LIKE UPPER('%1') ORDER BY 1;

--: params %1
SELECT w FROM words WHERE w LIKE $1 ESCAPE '' ORDER BY 1;

PREPARE ends (text) AS SELECT w FROM words WHERE w LIKE '%' || $1 || '1' ORDER BY 1; EXECUTE ends ('o'); EXECUTE ends (NULL); DEALLOCATE ends;
