-- tenant_column = visible: the tenant's own database has the column, and SELECT * shows it.

--: visible
SELECT * FROM parts ORDER BY id;

--: visible
SELECT p.* FROM items i LEFT JOIN parts p ON p.item_id = i.id ORDER BY i.id, p.id;

--: visible
TABLE words ORDER BY w;

--: visible
SELECT * FROM items NATURAL JOIN labels;

--: visible
SELECT i, row_to_json(i), (i).* FROM nokey i;

--: visible
SELECT (i).tenant_id, (i).a FROM nokey i;

--: visible
INSERT INTO nokey VALUES (1, 'b');

--: visible
INSERT INTO nokey VALUES (1, 'b', <tenant>) RETURNING *;

--: visible
INSERT INTO nokey VALUES (1, 'b', DEFAULT) RETURNING *;

--: visible
INSERT INTO onecol VALUES ('b'), ('c') RETURNING *;

-- the star holds the tenant column
--: visible
INSERT INTO nokey SELECT * FROM nokey;

--: visible
INSERT INTO nokey SELECT * FROM nokey WHERE a > <#1> ORDER BY a, b LIMIT 3 RETURNING *;

--: visible
INSERT INTO nokey (SELECT n.* FROM nokey n);

--: visible
INSERT INTO nokey TABLE nokey;

--: visible
INSERT INTO nokey TABLE nokey ORDER BY a, b OFFSET 2;

--: visible
INSERT INTO nokey SELECT * FROM nokey UNION ALL SELECT * FROM nokey;

--: visible
INSERT INTO nokey WITH w AS (SELECT * FROM nokey WHERE a = <#1>) SELECT * FROM w;

--: visible
WITH w AS (DELETE FROM nokey WHERE a = <#1> RETURNING *) INSERT INTO nokey SELECT * FROM w RETURNING *;

--: visible
WITH w AS (DELETE FROM nokey WHERE a = <#1> RETURNING a, b) INSERT INTO nokey SELECT * FROM w RETURNING *;

--: visible
INSERT INTO nokey SELECT * FROM (SELECT a + 1, b FROM nokey) s;

--: visible
INSERT INTO nokey SELECT (n).* FROM nokey n WHERE n.b IS NOT NULL;

--: visible
INSERT INTO nokey (a, b) SELECT id, name FROM items;

--: visible
INSERT INTO nokey (b, tenant_id, a) SELECT name, tenant_id, id FROM items;

--: version 14
--: visible
--: error 428C9
INSERT INTO gen OVERRIDING USER VALUE SELECT * FROM gen;

--: visible
INSERT INTO defer SELECT * FROM (SELECT d.id + 900000, d.pos + 100, d.tenant_id FROM defer d) s RETURNING *;

--: visible
--: error 42601
INSERT INTO nokey SELECT *, 1, 2 FROM nokey;

-- how many columns a function has
--: visible
INSERT INTO nokey SELECT * FROM numbers(3);

--: visible
UPDATE parts SET note = 'x' WHERE id = <#1> RETURNING *;

--: visible
UPDATE parts SET tenant_id = <tenant>, note = 'x' WHERE id = <#1> RETURNING *;

--: visible
DELETE FROM labels l USING items i WHERE i.id = l.item_id RETURNING *;

--: visible
INSERT INTO words VALUES ('word1', 9, 'n') ON CONFLICT (tenant_id, w) DO UPDATE SET n = excluded.n RETURNING *;

--: version 15
--: visible
MERGE INTO stock s USING (SELECT * FROM stock) o ON s.id = o.id + 1 WHEN MATCHED THEN UPDATE SET qty = o.qty WHEN NOT MATCHED THEN INSERT VALUES (o.id + 900000, o.qty, o.changed, o.seen);

--: visible
COPY nokey TO STDOUT;

--: visible
COPY (SELECT * FROM nokey ORDER BY a, b) TO STDOUT CSV HEADER;

--: visible
CREATE TEMP TABLE kept AS SELECT * FROM nokey;
--: step
INSERT INTO nokey SELECT a, b FROM kept;
--: step
SELECT * FROM kept;
