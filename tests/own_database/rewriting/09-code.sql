-- Functions, procedures, DO, built-ins that run text or reach out.

SELECT double_it(5), shout('a'), country_count();

SELECT double_it(id) FROM items ORDER BY 1;

SELECT shout(name) FROM items WHERE double_it(id) > 0 ORDER BY 1;

SELECT * FROM numbers(3);

SELECT product("order") FROM items WHERE id < <#4>;

SELECT trusted_total(), trusted_add(1, 2);

SELECT public.trusted_add(1, 2), public.double_it(2);

SELECT id FROM items WHERE trusted_add(id, 1) = <#4>;

--: refused
SELECT item_count();

--: refused
SELECT public.item_count() FROM countries;

--: refused
SELECT * FROM all_items();

--: refused
SELECT * FROM items i, all_items() a;

--: refused
SELECT calls_item_count();

--: refused
SELECT read_any('items');

--: refused
SELECT id FROM items WHERE id = item_count();

--: refused
SELECT id FROM items ORDER BY (SELECT item_count());

--: refused
INSERT INTO nokey VALUES (item_count(), 'x');

--: refused
UPDATE nokey SET a = item_count();

--: refused
WITH x AS (SELECT item_count()) SELECT * FROM x;

--: refused
VALUES (item_count());

--: refused
COPY (SELECT item_count()) TO STDOUT;

--: refused
EXPLAIN ANALYZE SELECT item_count();

--: refused
PREPARE p AS SELECT item_count();

--: refused
CALL add_item('x');

CALL say('hello');

DO $$ BEGIN RAISE NOTICE 'nothing to see'; END $$;

DO LANGUAGE plpgsql $$ DECLARE n int := 0; BEGIN FOR i IN 1..3 LOOP n := n + i; END LOOP; RAISE NOTICE '%', n; END $$;

--: refused
DO $$ BEGIN DELETE FROM items; END $$;

--: refused
DO $$ BEGIN PERFORM count(*) FROM "items"; END $$;

--: refused
DO $$ BEGIN EXECUTE 'DELETE FROM ' || 'items'; END $$;

--: refused
DO $$ BEGIN PERFORM item_count(); END $$;

--: refused
DO $$ BEGIN RAISE NOTICE '%', (SELECT count(*) FROM public.items); END $$;

-- built-ins that run text
--: refused
SELECT query_to_xml('SELECT * FROM items', true, false, '');

--: refused
SELECT table_to_xml('items', true, false, '');

--: refused
SELECT schema_to_xml('public', true, false, '');

--: refused
SELECT database_to_xml(true, false, '');

--: refused
SELECT cursor_to_xml('c', 1, true, false, '');

--: refused
SELECT pg_catalog.query_to_xml($q$SELECT * FROM items$q$, true, false, '');

--: refused
SELECT * FROM ts_stat('SELECT to_tsvector(name) FROM items');

--: refused
SELECT ts_rewrite('a'::tsquery, 'SELECT to_tsquery(name), to_tsquery(name) FROM items');

SELECT ts_rewrite('a & b'::tsquery, 'a'::tsquery, 'c'::tsquery);

SELECT to_tsvector('english', name) @@ to_tsquery('apple') FROM items ORDER BY id;

--: refused
SELECT query_to_xml('SELECT * FROM ' || 'items', true, false, '');

-- what reaches out: this user may choose its tenant, the server's own rights decide
--: error 42501
SELECT pg_read_file('/etc/passwd');

SELECT length(md5('x')), upper('x'), now() IS NOT NULL, pg_backend_pid() > 0, version() LIKE 'PostgreSQL%';

SELECT current_setting('app.tenant_id', true) IS NOT NULL OR true, set_config('my.x', '1', true);

SELECT has_column_privilege('items', 'name', 'SELECT'), to_regclass('items')::text, 'items'::regclass::text;

SELECT pg_table_size('countries') >= 0, pg_relation_size('countries') >= 0;

SELECT generate_subscripts(ARRAY[1, 2], 1), unnest(ARRAY['a', 'b']);

SELECT jsonb_path_query(doc, '$.list[*]') FROM items WHERE id = <#2>;

SELECT * FROM json_to_recordset('[{"a": 1}, {"a": 2}]') AS x (a int) LEFT JOIN items ON items.id = x.a ORDER BY 1;

SELECT * FROM jsonb_populate_record(NULL::address, '{"street": "s", "zip": 5}');

-- a row of the table's own type is built without the tenant column
SELECT id, name FROM jsonb_populate_record(NULL::items, '{"id": 5, "name": "n"}');

SELECT (jsonb_populate_record(NULL::nokey, '{"a": 5, "b": "n"}')).b;

SELECT NULL::nokey IS NULL;

-- functional notation
SELECT i.shout FROM (SELECT 'x' AS shout) i;

SELECT name(i) FROM item_names i ORDER BY 1;

SELECT id(i) FROM items i ORDER BY 1;

--: refused
SELECT pg_logical_emit_message(false, 'x', 'y'), item_count();

-- creating code
--: refused
CREATE FUNCTION leak() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM items';

--: refused
CREATE OR REPLACE FUNCTION double_it(n integer) RETURNS integer LANGUAGE sql AS 'SELECT max(id) FROM items';

--: refused
CREATE FUNCTION leak(t text) RETURNS bigint LANGUAGE plpgsql AS $$ DECLARE n bigint; BEGIN EXECUTE t INTO n; RETURN n; END $$;

--: refused
CREATE PROCEDURE leak() LANGUAGE sql AS 'DELETE FROM items';

--: refused
CREATE FUNCTION leak() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM items; END;

--: refused
CREATE RULE r AS ON DELETE TO countries DO ALSO DELETE FROM items;

CREATE FUNCTION harmless(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a + 1';
--: step
SELECT harmless(1), harmless(id) FROM items ORDER BY 2;
--: step
DROP FUNCTION harmless(int);
