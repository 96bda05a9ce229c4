-- Prepared statements, cursors, temporary tables, transactions, EXPLAIN, settings.

PREPARE p AS SELECT id FROM items WHERE id = $1;
--: step
EXECUTE p(<#3>);
--: step
EXECUTE p(<other#3>);
--: step
DEALLOCATE p;
--: step
--: error 26000
EXECUTE p(1);

PREPARE p (integer, text) AS INSERT INTO nokey VALUES ($1, $2) RETURNING *;
--: step
EXECUTE p(1, 'x');
--: step
EXECUTE p(1 + 1, upper('x'));
--: step
DEALLOCATE PREPARE p;

PREPARE p AS SELECT count(*) FROM items;
--: step
EXECUTE p;
--: step
DEALLOCATE ALL;

PREPARE p (int) AS UPDATE words SET n = $1 WHERE w = 'word1' RETURNING *;
--: step
EXECUTE p (99);

PREPARE p AS SELECT $1::int + 1;
--: step
EXECUTE p(1);

PREPARE "odd ""name" AS SELECT id FROM items ORDER BY id LIMIT 1;
--: step
EXECUTE "odd ""name";
--: step
DEALLOCATE "odd ""name";

PREPARE p AS SELECT 1;
--: step
--: error 42P05
PREPARE p AS SELECT id FROM items;
--: step
EXECUTE p;

-- the server counts the tenant's parameter, too; the client does not see it
PREPARE p AS SELECT id FROM items WHERE name = $2 AND id = $1;
--: step
EXECUTE p(<#4>, 'apple CANARY<k> 4');
--: step
--: error 42601
EXECUTE p(1);

--: rows ignored
PREPARE p AS SELECT id FROM items WHERE id = $1;
--: step
EXPLAIN EXECUTE p(<#1>);

PREPARE p AS SELECT id FROM items WHERE id < $1;
--: step
CREATE TEMP TABLE kept AS EXECUTE p(<#4>);
--: step
SELECT * FROM kept ORDER BY 1;

-- cursors
BEGIN;
--: step
DECLARE c CURSOR FOR SELECT * FROM items ORDER BY id;
--: step
FETCH 2 FROM c;
--: step
FETCH FORWARD ALL IN c;
--: step
MOVE c;
--: step
CLOSE c;
--: step
COMMIT;

BEGIN;
--: step
DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT id FROM items ORDER BY id;
--: step
COMMIT;
--: step
FETCH LAST FROM c;
--: step
FETCH PRIOR FROM c;
--: step
FETCH ABSOLUTE 3 FROM c;
--: step
CLOSE ALL;

BEGIN;
--: step
DECLARE "odd c" NO SCROLL CURSOR WITHOUT HOLD FOR WITH x AS (SELECT id FROM parts) SELECT i.id, x.id FROM items i LEFT JOIN x ON x.id = i.id ORDER BY 1;
--: step
FETCH ALL FROM "odd c";
--: step
ROLLBACK;

BEGIN;
--: step
DECLARE c BINARY CURSOR FOR SELECT id, name FROM items ORDER BY id;
--: step
FETCH 3 FROM c;
--: step
COMMIT;

--: error 25P01
DECLARE c CURSOR FOR SELECT id FROM items;

-- temporary tables
CREATE TEMP TABLE t AS SELECT * FROM items;
--: step
SELECT * FROM t ORDER BY id;
--: step
INSERT INTO t (id, name) VALUES (1, 'x') RETURNING *;

CREATE TEMPORARY TABLE t (a, b) AS SELECT id, name FROM items WHERE active WITH NO DATA;
--: step
SELECT * FROM t;

CREATE TEMP TABLE IF NOT EXISTS t ON COMMIT DROP AS SELECT 1 AS x;

SELECT id, name INTO TEMP t FROM items;
--: step
SELECT count(*) FROM t;

SELECT * INTO TEMPORARY TABLE t FROM items i LEFT JOIN labels l ON l.item_id = i.id;
--: step
SELECT * FROM t ORDER BY id, label;

-- a temporary table that shadows a tenant table
CREATE TEMP TABLE items (id integer, label text);
--: step
INSERT INTO items VALUES (1, 'mine');
--: step
SELECT * FROM items;
--: step
SELECT count(*) FROM public.items;
--: step
UPDATE items SET label = 'x' RETURNING *;
--: step
DROP TABLE items;
--: step
SELECT count(*) FROM items;

CREATE TEMP TABLE parts AS SELECT 5 AS id;
--: step
SELECT p.id, i.id FROM parts p LEFT JOIN items i ON i.id = p.id;
--: step
DELETE FROM parts RETURNING *;
--: step
DISCARD TEMP;
--: step
SELECT count(*) FROM parts;

CREATE TEMP TABLE t (id integer PRIMARY KEY, item integer);
--: step
INSERT INTO t SELECT row_number() OVER (ORDER BY id), id FROM items;
--: step
SELECT t.id, i.name FROM t JOIN items i ON i.id = t.item ORDER BY 1;
--: step
COPY t FROM STDIN;
--: data
1000	5
--: step
SELECT count(*) FROM t;
--: step
TRUNCATE t;
--: step
ALTER TABLE t ADD COLUMN x text;
--: step
DROP TABLE t;

BEGIN;
--: step
CREATE TEMP TABLE items (id integer);
--: step
SELECT * FROM items;
--: step
ROLLBACK;
--: step
SELECT count(*) FROM items;

CREATE TEMP VIEW v AS SELECT 1 AS x;
--: step
SELECT * FROM v;

--: error 42P01
SELECT * FROM pg_temp.nothing;

-- search_path
SET search_path = alt, public;
--: step
SELECT * FROM items ORDER BY id;
--: step
SELECT count(*) FROM parts;
--: step
RESET search_path;
--: step
SELECT count(*) FROM items;

SET search_path TO alt;
--: step
SELECT id, label FROM items ORDER BY 1;
--: step
--: error 42P01
SELECT * FROM parts;
--: step
SELECT count(*) FROM public.parts;

SET search_path = "Odd Schema", public;
--: step
SELECT "日本" FROM "Ünïcode Tàble" ORDER BY id;

BEGIN;
--: step
SET LOCAL search_path = alt;
--: step
SELECT count(*) FROM items;
--: step
COMMIT;
--: step
SELECT count(*) FROM items;

BEGIN;
--: step
SET search_path = alt;
--: step
ROLLBACK;
--: step
SELECT count(*) FROM items;

BEGIN;
--: step
SAVEPOINT s;
--: step
SET search_path = alt;
--: step
SELECT count(*) FROM items;
--: step
ROLLBACK TO s;
--: step
SELECT count(*) FROM items;
--: step
COMMIT;

SELECT set_config('search_path', 'alt', false);
--: step
SELECT * FROM items ORDER BY id;

SET search_path = nonsense, public;
--: step
SELECT count(*) FROM items;

-- one message
--: modes simple
SET search_path = alt; SELECT count(*) FROM items; SET search_path = public; SELECT count(*) FROM items;

--: modes simple
SELECT 1; SELECT count(*) FROM items; SELECT id FROM items WHERE id = <#1>;

--: modes simple
INSERT INTO nokey VALUES (1, 'a'); SELECT * FROM nokey ORDER BY a, b; DELETE FROM nokey WHERE a = 1;

--: modes simple
--: error 22012
INSERT INTO nokey VALUES (1, 'a'); SELECT 1 / 0; INSERT INTO nokey VALUES (2, 'b');

--: modes simple
BEGIN; INSERT INTO nokey VALUES (1, 'a'); ROLLBACK; INSERT INTO nokey VALUES (2, 'b');

--: modes simple
BEGIN; INSERT INTO nokey VALUES (1, 'a'); COMMIT; SELECT count(*) FROM nokey;

--: modes simple
;;SELECT count(*) FROM items;; ;

--: modes simple
CREATE TEMP TABLE items (x int); INSERT INTO items VALUES (1); SELECT * FROM items; DROP TABLE items; SELECT count(*) FROM items;

;

/* nothing */

-- transactions
BEGIN;
--: step
INSERT INTO nokey VALUES (1, 'a');
--: step
SAVEPOINT a;
--: step
DELETE FROM nokey;
--: step
ROLLBACK TO a;
--: step
RELEASE a;
--: step
SELECT count(*) FROM nokey;
--: step
COMMIT AND CHAIN;
--: step
SELECT count(*) FROM nokey;
--: step
ROLLBACK;

START TRANSACTION ISOLATION LEVEL SERIALIZABLE READ ONLY;
--: step
SELECT count(*) FROM items;
--: step
--: error 25006
INSERT INTO nokey VALUES (1, 'a');
--: step
END;

BEGIN;
--: step
--: error 42P01
SELECT * FROM nonsense;
--: step
--: error 25P02
SELECT id FROM items;
--: step
COMMIT;

BEGIN;
--: step
SET CONSTRAINTS ALL DEFERRED;
--: step
UPDATE defer SET pos = 2 WHERE id = <#1>;
--: step
UPDATE defer SET pos = 1 WHERE id = <#2>;
--: step
COMMIT;

BEGIN;
--: step
INSERT INTO nokey VALUES (1, 'a');
--: step
--: own PREPARE TRANSACTION 'own <k>'
PREPARE TRANSACTION 'oracle <k>';
--: step
--: own COMMIT PREPARED 'own <k>'
COMMIT PREPARED 'oracle <k>';

-- a refusal leaves the transaction as any error does
BEGIN;
--: step
INSERT INTO nokey VALUES (1, 'a');
--: step
--: own SELECT 1/0
--: refused
TRUNCATE gen RESTART IDENTITY;
--: step
--: error 25P02
SELECT 1;
--: step
COMMIT;

-- EXPLAIN
--: rows ignored
EXPLAIN SELECT * FROM items;

--: rows ignored
EXPLAIN (COSTS off, FORMAT json) SELECT i.id FROM items i LEFT JOIN parts p ON p.item_id = i.id;

--: rows ignored
EXPLAIN (ANALYZE, BUFFERS off, TIMING off, SUMMARY off) SELECT count(*) FROM items;

--: rows ignored
EXPLAIN ANALYZE INSERT INTO nokey VALUES (1, 'x');

--: rows ignored
EXPLAIN VERBOSE UPDATE items SET name = 'x' WHERE id = <#1>;

--: rows ignored
EXPLAIN (ANALYZE, COSTS off) DELETE FROM nokey WHERE a = <#1>;

--: rows ignored
EXPLAIN CREATE TEMP TABLE x AS SELECT * FROM items;

BEGIN;
--: step
DECLARE c CURSOR FOR SELECT 1;
--: step
COMMIT;

-- settings
SET work_mem = '8MB';
--: step
SHOW work_mem;
--: step
RESET work_mem;

SET datestyle = 'SQL, DMY';
--: step
SELECT id, day, at FROM items ORDER BY id;
--: step
RESET ALL;
--: step
SELECT id, day FROM items ORDER BY id LIMIT 1;

SET TIME ZONE 'Asia/Tokyo';
--: step
SELECT id, at FROM items ORDER BY id;

SET SESSION bytea_output = 'escape';
--: step
SELECT b FROM types ORDER BY id;

SET extra_float_digits = 0;
--: step
SELECT f4, f8 FROM types ORDER BY id;

SET client_min_messages = notice;
--: step
CALL say('hello');

SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY;
--: step
--: error 25006
DELETE FROM nokey;

SELECT set_config('work_mem', '9MB', false), current_setting('work_mem');

SET application_name = 'x';
--: step
SHOW application_name;

SET client_encoding = 'LATIN1';
--: step
SELECT 'e';

--: refused
--: own SELECT 1
SET standard_conforming_strings = off;

--: refused
--: own SELECT 1
SET client_encoding = 'SJIS';

--: refused
--: own SELECT 1
SET NAMES 'BIG5';

--: refused
--: own SELECT 1
SELECT set_config('standard_conforming_strings', 'off', false);

--: refused
--: own SELECT 1
SELECT set_config('standard_' || 'conforming_strings', 'off', false);

--: refused
--: own SELECT 1
SET row_security = off;

--: error 42704
SET nonsense_setting = 1;

SET my.setting = 'x';
--: step
SELECT current_setting('my.setting');

LISTEN something;
--: step
NOTIFY something, 'payload';
--: step
UNLISTEN *;

DISCARD ALL;

DISCARD PLANS;

DISCARD SEQUENCES;

--: rows ignored
SHOW ALL;

--: error 42501
CHECKPOINT;

--: error 42809
SELECT currval('nokey');

INSERT INTO items (name) VALUES ('x');
--: step
SELECT lastval(), currval('items_id_seq');
--: step
SELECT nextval('items_id_seq');

-- the tenant column as a parameter of PREPARE
--: visible
PREPARE p AS INSERT INTO nokey (a, b, tenant_id) VALUES ($1, $2, $3) RETURNING a, b;
--: step
EXECUTE p (77, 'x', <tenant>);
--: step
EXECUTE p (78, upper('y'), <tenant>);
--: step
--: error 42601
EXECUTE p (79, 'z');
--: step
--: refused 42501
EXECUTE p (79, 'z', <other>);
--: step
EXPLAIN EXECUTE p (79, 'z', <tenant>);
--: step
DEALLOCATE p;
--: step
--: error 26000
EXECUTE p (79, 'z', <tenant>);

--: visible
PREPARE p (integer) AS UPDATE nokey SET b = 'changed', tenant_id = $2 WHERE a > $1 RETURNING b;
--: step
EXECUTE p (1, <tenant>);
--: step
--: refused 42501
EXECUTE p (1, <other>);

--: visible
--: modes simple
PREPARE p AS INSERT INTO nokey (a, tenant_id) VALUES ($1, $2) RETURNING a; EXECUTE p (1, <tenant>); DEALLOCATE ALL; PREPARE p (integer, integer) AS SELECT $1 + $2; EXECUTE p (1, 2);

-- its parameter has other uses
--: visible
PREPARE p AS UPDATE nokey SET tenant_id = $1, b = $2 WHERE tenant_id = $1 AND a > $3 RETURNING a, b;
--: step
EXECUTE p (<tenant>, 'x', <#1>);
--: step
--: refused 42501
EXECUTE p (<other>, 'x', <#1>);
--: step
--: refused 42501
EXECUTE p (NULL, 'x', <#1>);
--: step
--: error 42601
EXECUTE p (<tenant>);

--: visible
--: where text
PREPARE p (text) AS INSERT INTO nokey (a, b, tenant_id) SELECT id, $1 || name, $1 FROM tree WHERE id < <#3> RETURNING a, b;
--: step
EXECUTE p (<tenant>);
--: step
--: refused 42501
EXECUTE p (<other>);

-- and a type that may round or cut
--: visible
--: where integer bigint
PREPARE p (numeric) AS INSERT INTO nokey (a, b, tenant_id) VALUES (1, 'y', $1), ($1 - $1 + 2, $1, $1) RETURNING a, b;
--: step
EXECUTE p (<tenant>);
--: step
EXECUTE p ('<tenant!>');
--: step
--: refused 42501
EXECUTE p (<tenant>.4);
--: step
--: refused 42501
EXECUTE p (<other>);

--: visible
--: where text
PREPARE p (name) AS UPDATE nokey SET tenant_id = $1 WHERE b IS NOT NULL RETURNING a, b;
--: step
EXECUTE p (<tenant>);
--: step
--: refused 42501
EXECUTE p (<other>);

--: visible
--: where integer bigint text
PREPARE p AS INSERT INTO nokey (a, tenant_id) VALUES ($1, $2) RETURNING a;
--: step
EXECUTE p (length('abc'), coalesce(NULL, <tenant>));

-- An argument that is no constant is compared by the server.
--: visible
--: where integer bigint text
PREPARE p AS INSERT INTO nokey (a, b, tenant_id) VALUES (1, $1, $2), (2, $2, $2) RETURNING a, b;
--: step
EXECUTE p ('x', coalesce(NULL, <tenant>));
--: step
--: refused 42501
EXECUTE p ('x', coalesce(NULL, <other>));
--: step
--: refused 42501
EXECUTE p ('x', coalesce(<other>, <tenant>));
--: step
EXPLAIN (COSTS off) EXECUTE p ('x', coalesce(NULL, <tenant>));

--: visible
--: where integer bigint text
PREPARE p AS UPDATE nokey SET tenant_id = $1, b = $2 RETURNING a, b;
--: step
EXECUTE p (coalesce(NULL, <tenant>), $$z$$);
--: step
--: refused 42501
EXECUTE p (<other>, 'z');

-- Only what would be written into the column must be the tenant's.
--: visible
--: where integer bigint text
PREPARE p AS UPDATE nokey SET tenant_id = $1, b = 'none' WHERE a > $2 AND tenant_id = $1 RETURNING a;
--: step
EXECUTE p (coalesce(NULL, <other>), 0);

-- a generic plan
--: visible
--: where integer
SET plan_cache_mode = force_generic_plan;
--: step
PREPARE p (integer) AS INSERT INTO nokey (a, b, tenant_id) SELECT id, ($1 + 0)::text, $1 FROM tree WHERE id < <#3> RETURNING a, b;
--: step
EXECUTE p (coalesce(NULL, <tenant>));
--: step
--: refused 42501
EXECUTE p (coalesce(NULL, <other>));

-- casts that may round or cut
--: visible
--: where text
PREPARE p AS INSERT INTO nokey (a, tenant_id) VALUES (1, $1::varchar(2)) RETURNING a;
--: step
--: refused 42501
EXECUTE p (<tenant>);

--: visible
--: where bigint
PREPARE p AS INSERT INTO nokey (a, tenant_id) VALUES (1, $1::real) RETURNING a;
--: step
--: refused 42501
EXECUTE p (<tenant>);

--: visible
--: where integer
PREPARE p AS INSERT INTO nokey (a, tenant_id) VALUES (1, $1::real) RETURNING a;
--: step
EXECUTE p (<tenant>);
--: step
EXECUTE p (<tenant> + 0.1);
--: step
EXECUTE p (coalesce(NULL, <tenant>)::real);
--: step
--: refused 42501
EXECUTE p (<tenant> + 0.6);
--: step
--: refused 42501
EXECUTE p (<other>);

--: visible
--: where text
PREPARE p AS INSERT INTO nokey (a, tenant_id) VALUES (1, $1::varchar(40)) RETURNING a;
--: step
EXECUTE p (<tenant>);
--: step
EXECUTE p (<tenant> || '');
--: step
--: refused 42501
EXECUTE p (<other>);
--: step
--: refused 42501
EXECUTE p (<tenant> || 'x');

--: visible
--: where integer
PREPARE p AS INSERT INTO nokey (a, tenant_id) VALUES (1, CAST($1::varchar AS text)::integer) RETURNING a;
--: step
EXECUTE p ('<tenant!>');
--: step
EXECUTE p (' <tenant!> ' || '');
--: step
--: refused 42501
EXECUTE p ('<other!>' || '');

--: visible
--: where integer bigint text
PREPARE p AS INSERT INTO items (id, name, tenant_id) SELECT id, b, $1 FROM (VALUES (<#1>, 'v')) AS v (id, b) ON CONFLICT (id) DO UPDATE SET tenant_id = $1, name = 'u' RETURNING name;
--: step
EXECUTE p (coalesce(NULL, <tenant>));
--: step
EXECUTE p (<tenant>);
--: step
--: refused 42501
EXECUTE p (coalesce(<other>, <tenant>));
