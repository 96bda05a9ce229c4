\set ON_ERROR_STOP 0
\pset pager off
\encoding
SELECT count(*), sum(price) FROM items;
SELECT * FROM items ORDER BY id LIMIT 3;
\x on
SELECT * FROM kinds ORDER BY id;
\x off
-- What psql itself asks of the catalogs works; what it shows of tenant tables is not compared.
\o /dev/null
\d
\d items
\d+ orders
\dt+
\df
\du
\l
\dn
\di
\sf add_em
\o
\echo errors :ERROR :SQLSTATE
\set VERBOSITY verbose
SELECT nosuch FROM items;
SELECT id, name FROM items WHERE price > 1 AND nosuch = 2;
SELECT 1/0;
SELECT * FROM nosuch_table;
SELECT * FORM items;
INSERT INTO items (name) VALUES ('item 1');
INSERT INTO items (name, stock) VALUES ('bad', -1);
INSERT INTO orders (item_id, quantity) VALUES (99999, 1);
SELECT 'abc'::integer FROM items;
\echo :LAST_ERROR_SQLSTATE :LAST_ERROR_MESSAGE
-- \errverbose and positions in long and multi-line statements
SELECT i.id,
       i.name,
       i.nosuch
FROM items i JOIN orders o ON o.item_id = i.id
WHERE i.id < 10;
\set VERBOSITY default
-- Variables, \gset, \gexec, \gdesc, \bind-less prepared statements, several statements in one message.
SELECT max(id) AS highest, count(*) AS how_many FROM items \gset
\echo :highest :how_many
SELECT name FROM items WHERE id = :highest;
SELECT format('SELECT count(*) AS orders_of_%s FROM orders WHERE item_id = %s', id, id) FROM items WHERE id < 4 ORDER BY id \gexec
SELECT id, name, price FROM items \gdesc
SELECT count(*) FROM items \; SELECT count(*) FROM orders \; SELECT 'third' AS which;
\echo :ROW_COUNT
PREPARE pick (integer) AS SELECT id, name FROM items WHERE id = $1;
EXECUTE pick(5);
EXECUTE pick(1000001);
DEALLOCATE pick;
EXECUTE pick(5);
-- Transactions, savepoints, failed transactions.
BEGIN;
UPDATE items SET stock = stock + 1 WHERE id <= 5;
SAVEPOINT one;
DELETE FROM orders WHERE id <= 10;
ROLLBACK TO one;
SELECT count(*) FROM orders;
COMMIT;
BEGIN;
INSERT INTO items (name) VALUES ('in a failed transaction');
SELECT 1/0;
SELECT 1;
COMMIT;
SELECT count(*) FROM items WHERE name = 'in a failed transaction';
INSERT INTO items (name, price) VALUES ('new one', 5), ('new two', 6) RETURNING *;
UPDATE items SET price = price * 2 WHERE name LIKE 'new%' RETURNING id, name, price;
INSERT INTO items (name, price) VALUES ('new one', 7) ON CONFLICT (name) DO UPDATE SET price = excluded.price RETURNING id, price;
DELETE FROM items WHERE name LIKE 'new%';
-- COPY
\copy (SELECT id, name, price FROM items WHERE id <= 3 ORDER BY id) TO STDOUT
\copy items (id, name, stock) TO 'items.txt'
\! wc -l < items.txt
CREATE TEMP TABLE t (LIKE orders);
\copy t (id, item_id, quantity, note) FROM STDIN
1	2	3	four
5	6	7	\N
8	9	10	a\tb\\c
\.
SELECT id, item_id, quantity, note FROM t ORDER BY id;
\copy orders (item_id, quantity, note) FROM STDIN WITH (FORMAT csv, HEADER, NULL '-')
item_id,quantity,note
1,2,"a ""quoted"",
two lines"
3,4,-
\.
SELECT item_id, quantity, note FROM orders WHERE id > 120 ORDER BY id;
COPY (SELECT id, note FROM orders ORDER BY id LIMIT 4) TO STDOUT WITH (FORMAT csv, HEADER);
COPY orders FROM STDIN;
200	1	2
\.
-- Cursors, explain, notices, large rows.
BEGIN;
DECLARE c CURSOR FOR SELECT id, name FROM items ORDER BY id;
FETCH 2 FROM c;
MOVE 10 FROM c;
FETCH NEXT FROM c;
CLOSE c;
COMMIT;
\set FETCH_COUNT 7
SELECT id FROM orders WHERE id <= 20 ORDER BY id;
\unset FETCH_COUNT
SELECT length(body), md5(body), length(raw) FROM big;
DO $$ BEGIN RAISE NOTICE 'hello %', 42 USING DETAIL = 'a detail', HINT = 'a hint'; END $$;
LISTEN news;
NOTIFY news, 'payload';
UNLISTEN *;
SELECT i.name, (SELECT count(*) FROM orders o WHERE o.item_id = i.id) AS n FROM items i ORDER BY n DESC, i.id LIMIT 5;
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT n, (SELECT name FROM items WHERE id = n) FROM r;
SELECT add_em(1, 2), current_user, current_setting('TimeZone'), 'ünïcode ☃' AS "Größe";
SHOW client_encoding;
SET client_encoding = 'LATIN1';
SELECT 'h' || chr(233) || 'llo' AS latin;
RESET client_encoding;
SELECT;
;
TABLE items ORDER BY id LIMIT 1;
CREATE TABLE made (id serial PRIMARY KEY, what text);
INSERT INTO made (what) VALUES ('a'), ('b') RETURNING *;
SELECT * FROM made;
ALTER TABLE made ADD COLUMN more integer DEFAULT 7;
SELECT * FROM made ORDER BY id;
INSERT INTO made DEFAULT VALUES RETURNING *;
TRUNCATE made;
SELECT count(*) FROM made;
SET statement_timeout = '200ms';
SELECT pg_sleep(20) FROM items;
RESET statement_timeout;
INSERT INTO big (id, body) SELECT 41, repeat('psql', 500000);
SELECT body = repeat('psql', 500000) FROM big WHERE id = 41;
\c -
SELECT count(*) FROM made;
\q
