-- The text itself: comments, quotes, spaces, labels, positions, parameters, size.

/* first */ SELECT /* a */ id /* b */ FROM /* c */ items /* d */ AS /* e */ i /* f */ WHERE /* g */ i.id /* h */ = /* i */ <#3> /* j */;

SELECT id -- here
FROM items -- there WHERE false
WHERE id < <#4> -- and everywhere
ORDER BY id -- the end

SELECT id FROM items /* outer /* inner */ still WHERE false */ ORDER BY id;

/*+ SeqScan(items) */ SELECT id FROM items ORDER BY id;

SELECT id FROM items--
WHERE id=<#1>--

SELECT id FROM items WHERE name = 'a -- b' OR name = '/* c */' OR name LIKE 'fig%' ORDER BY id;

SELECT id FROM items WHERE name<>$$it's$$AND id=<#2>;

SELECT id FROM items WHERE name <> $tag$ WHERE $$ ' $tag$ ORDER BY id;

SELECT id FROM items WHERE name <> E'\'; DROP TABLE items; --' ORDER BY id;

SELECT id FROM items WHERE name <> U&'\0041\+000042' ORDER BY id;

SELECT id FROM items WHERE name <> U&'!0041' UESCAPE '!' ORDER BY id;

SELECT id FROM items WHERE b'1' = B'1' AND x'1F' = X'1f' AND N'a' = 'a' ORDER BY id;

SELECT 'a'
'b', id FROM items ORDER BY id;

SELECT"id"FROM"items"WHERE"id"=<#1>;

select id from items where name='x'or name like'f%'order by id;

SELECT id FROM items WHERE(id=<#1>);

SELECT id FROM items WHERE(id=<#1>)OR(id=<#2>)ORDER BY id;

SELECT(SELECT count(*)FROM items),(SELECT count(*)FROM parts);

SELECT id,items.name FROM items,countries WHERE countries.code='FR'ORDER BY id;

SELECT	id
FROM
	items
WHERE
	id	=	<#1>
;

SELECT id FROM items WHERE id IN(<#1>,<#2>)ORDER BY id;

SELECT count(*)FROM items;

SELECT id FROM items LIMIT 0;

SELECT id FROM items WHERE name<>'x'LIMIT 0;

SELECT 'x'FROM items LIMIT 2;

SELECT id FROM items WHERE 'a'<name AND name<'b'ORDER BY 1;

-- labels and reserved words
SELECT id AS select, name AS from, code AS where, mood AS order FROM items ORDER BY id;

SELECT id union_id, name group_name FROM items ORDER BY id;

SELECT items.id AS on, items."order" AS join FROM items ORDER BY 1;

SELECT 1 AS limit, 2 AS offset, 3 AS returning, count(*) AS for FROM items;

SELECT i.order FROM items i ORDER BY i.id;

SELECT u.table FROM "user" u ORDER BY u.id;

SELECT (i.place).zip AS where FROM items i ORDER BY i.id;

SELECT CASE WHEN id > <#3> THEN 'where' ELSE 'from' END AS end FROM items ORDER BY id;

SELECT id FROM items ORDER BY CASE WHEN active THEN 0 ELSE 1 END, id;

SELECT CAST(id AS text) FROM items WHERE CASE mood WHEN 'ok' THEN true WHEN 'sad' THEN false END ORDER BY 1;

SELECT extract(epoch FROM at), substring(name FROM 2), trim(leading 'a' FROM name), position('a' IN name) FROM items WHERE name IS DISTINCT FROM 'from items' ORDER BY id;

SELECT id IS DISTINCT FROM <#1> AS d FROM items ORDER BY id;

SELECT overlay(name PLACING 'from' FROM 2 FOR 1) FROM items ORDER BY id;

SELECT id FROM items WHERE at BETWEEN SYMMETRIC '2999-01-01' AND '1999-01-01' ORDER BY id;

SELECT id FROM items WHERE name COLLATE "C" > 'b' ORDER BY name COLLATE "C" DESC, id;

SELECT id FROM items WHERE (at, at + interval '1 hour') OVERLAPS ('2<k>75-01-01 09:30+00', '2<k>75-01-01 11:30+00') ORDER BY id;

SELECT interval '1' day, date '2<k>75-01-01', timestamp with time zone '2<k>75-01-01' FROM items LIMIT 1;

SELECT id FROM items WHERE name ~~ 'apple%' AND name !~~* '%Q' ORDER BY id;

-- non-ASCII text and positions counted in characters
--: error 42703
SELECT 'äöü€𝄞', nonsense FROM items;

--: error 42703
SELECT id FROM items WHERE 'äöü€' <> '' AND nonsense = 1;

--: error 42703
SELECT i.id, (SELECT count(*) FROM parts), i.nonsense FROM items i, parts p;

--: error 42703
SELECT i.id FROM items i LEFT JOIN parts p ON p.item_id = i.nonsense;

--: error 42703
SELECT id FROM items ORDER BY nonsense;

--: error 42703
SELECT id FROM items GROUP BY id HAVING nonsense > 1;

--: error 42803
SELECT id, count(*) FROM items;

--: error 42803
SELECT name, count(*) FROM items GROUP BY mood;

--: error 42P01
SELECT * FROM items, nonsense;

--: error 42P01
SELECT id FROM items WHERE id IN (SELECT id FROM nonsense);

--: error 42P01
SELECT parts.id FROM items;

--: error 42702
SELECT id FROM items, parts;

--: error 42712
SELECT 1 FROM items, items;

--: error 42883
SELECT nonsense(id) FROM items;

--: error 42883
SELECT id FROM items WHERE id = 'x'::text;

--: error 22P02
SELECT id FROM items WHERE id = 'x';

--: error 22012
SELECT id / 0 FROM items;

--: error 22012
SELECT id FROM items WHERE id / ("order" - "order") > 1;

--: error 42601
SELECT id FROM items WHERE;

--: error 42601
SELECT FROM FROM items;

--: error 42601
SELEC id FROM items;

--: error 42601
SELECT 'unfinished FROM items;

--: error 42601
SELECT id FROM items /* unfinished;

--: error 42601
SELECT id FROM items WHERE (id = 1;

-- the message names the operator that joins the tenant's condition
--: differs M
--: error 42804
SELECT id FROM items WHERE id;

--: error 42846
SELECT doc::integer[] FROM items;

--: error 42883
SELECT max(id) OVER (ORDER BY id), count(id) WITHIN GROUP (ORDER BY id) FROM items;

--: error 42P20
SELECT id FROM items WHERE row_number() OVER () = 1;

--: error 42803
SELECT id FROM items WHERE count(*) > 1;

--: error 21000
SELECT (SELECT id FROM items);

--: error 42601
SELECT (SELECT id, name FROM items);

--: error 42P10
SELECT DISTINCT id FROM items ORDER BY name;

--: error 42P10
SELECT id FROM items ORDER BY 5;

--: error 0A000
SELECT id FROM nonsense.other.items;

--: error 42P01
SELECT id FROM nonsense.items ORDER BY 1;

--: error 22003
SELECT id * 1000 FROM items;

-- a value of a row is in the message: it must be one's own
--: any row
--: error 22P02
SELECT name::integer FROM items ORDER BY id;

--: any row
--: error 22P02
SELECT id FROM items WHERE name::integer > 0;

--: any row
--: error 22P02
SELECT id FROM items WHERE id > 0 AND (name::integer > 0 OR amount IS NULL);

--: error 22P02
SELECT i.id FROM items i LEFT JOIN parts p ON p.note::integer = 1;

--: any row
--: error 22P02
SELECT count(*) FROM items GROUP BY name::integer;

--: any row
--: error 22P02
SELECT sum(name::numeric) FROM items;

--: any row
--: error 22P02
UPDATE items SET "order" = name::integer;

--: any row
--: error 22P02
DELETE FROM items WHERE id > 0 AND name::integer = 1;

--: error 22P02
SELECT id FROM items WHERE id IN (SELECT item_id FROM parts WHERE note::integer = 1);

--: any row
--: error 22P02
SELECT * FROM items ORDER BY name::integer;

--: any row
--: error 22P02
SELECT max(name::integer) OVER () FROM items;

-- parameters
--: params <#1>
SELECT id FROM items WHERE id = $1;

--: params <#1>, <#2>
SELECT id FROM items WHERE id = $2 OR id = $1 ORDER BY id;

--: params <#2>
SELECT id FROM items WHERE id = $1 AND $1 = id AND $1 > 0;

--: params a, <#2>
--: types text, int4
SELECT $1, id FROM items WHERE id = $2;

-- declared and not used
--: params <#1>, unused
--: types int4, text
SELECT id FROM items WHERE id = $1;

--: params x
--: types text
SELECT count(*) FROM items;

-- a gap
--: params <#1>, gap, <#3>
--: types int4, text, int4
SELECT id FROM items WHERE id = $1 OR id = $3 ORDER BY id;

-- the type of a gap is undetermined (in the simple protocol the values stand in the text, and there is no gap)
--: modes text, binary
--: error 42P18
--: params <#1>, gap, <#3>
SELECT id FROM items WHERE id = $1 OR id = $3 ORDER BY id;

--: params 2
SELECT id FROM items ORDER BY id LIMIT $1;

--: params 1, 2
SELECT id FROM items ORDER BY id OFFSET $1 LIMIT $2;

--: params '{107700001,207700001,307700001}'
--: echoes
SELECT id FROM items WHERE id = ANY ($1) ORDER BY id;

--: params null
SELECT id FROM items WHERE id = $1 OR $1 IS NULL ORDER BY id;

--: params null, x
INSERT INTO nokey VALUES ($1, $2) RETURNING *;

--: params '{"n": 3}'
SELECT id FROM items WHERE doc @> $1 ORDER BY id;

--: params n
SELECT id FROM items WHERE doc ? $1 ORDER BY id;

--: params <#1>, x
UPDATE items SET name = $2 WHERE id = $1 RETURNING id, name;

--: params 3
SELECT i.id, p.id FROM items i LEFT JOIN parts p ON p.item_id = i.id AND p.qty = $1 ORDER BY 1, 2;

--: params 3
SELECT $1::int + count(*) FROM items;

--: modes text binary
--: error 08P01
SELECT id FROM items WHERE id = $1;

--: modes simple
--: error 42P02
SELECT id FROM items WHERE id = $1;

--: params <#1>
INSERT INTO words (w, n) SELECT 'p', count(*) FROM items WHERE id > $1 ON CONFLICT (w) DO UPDATE SET n = $1 RETURNING w, n;

--: params <#1>, 5
--: version 15
MERGE INTO stock s USING (SELECT $1::int AS id) v ON v.id = s.id WHEN MATCHED THEN UPDATE SET qty = $2;

--: params note
WITH x AS (SELECT id FROM items WHERE name LIKE '%' || $1 || '%') SELECT count(*) FROM x;

-- other ids in the text find nothing
--: echoes
SELECT id FROM items WHERE id = <other#1>;

--: echoes
SELECT * FROM items WHERE name LIKE '%CANARY3%';

--: echoes
SELECT id FROM items WHERE id = <other#1> OR 1 = 1 ORDER BY id;

--: echoes
SELECT id FROM items WHERE name = '' UNION SELECT id FROM items ORDER BY 1;

--: visible
SELECT id, tenant_id FROM items ORDER BY id;

--: visible
SELECT count(*) FROM items WHERE tenant_id = <other>;

--: visible
SELECT tenant_id, count(*) FROM items GROUP BY tenant_id;

--: visible
SELECT i.tenant_id = p.tenant_id FROM items i JOIN parts p ON p.item_id = i.id AND p.tenant_id = i.tenant_id ORDER BY p.id;

--: visible
SELECT id FROM items WHERE tenant_id IN (SELECT tenant_id FROM parts) ORDER BY tenant_id, id;

--: visible
--: where integer bigint text
SELECT max(tenant_id) OVER () = tenant_id AS same FROM items ORDER BY id;

--: visible
DELETE FROM nokey WHERE tenant_id = <tenant> RETURNING a, b, tenant_id;

--: visible
DELETE FROM nokey WHERE tenant_id = <other>;
