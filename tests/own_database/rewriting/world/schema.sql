-- A schema made to be awkward: names, types, keys, partitions, inheritance, views, functions, triggers.
CREATE SCHEMA alt;
CREATE SCHEMA "Odd Schema";

CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE address AS (street text, zip integer);
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE COLLATION mine (locale = 'C');

CREATE TABLE items (
	id serial PRIMARY KEY, code text UNIQUE, name text NOT NULL, amount numeric(12,2), mood mood, tags text[], doc jsonb, at timestamptz,
	day date, ref uuid, parent_id integer REFERENCES items (id), place address, "order" integer, active boolean NOT NULL DEFAULT true
);
-- The same name elsewhere, shared by all.
CREATE TABLE alt.items (id integer PRIMARY KEY, label text);
CREATE TABLE countries (code char(2) PRIMARY KEY, name text NOT NULL, continent text);
CREATE TABLE counters (name text PRIMARY KEY, n integer NOT NULL);

CREATE TABLE parts (id serial PRIMARY KEY, item_id integer NOT NULL REFERENCES items (id) ON DELETE CASCADE ON UPDATE CASCADE, qty positive NOT NULL, note text, items text);
CREATE TABLE labels (item_id integer REFERENCES items (id) ON DELETE CASCADE, label text, weight real, PRIMARY KEY (item_id, label));
CREATE TABLE "Odd Name" ("Id" serial PRIMARY KEY, "Mixed Case" text, "select" integer, "user" text, "a""b" text, "Odd Name" text);
CREATE TABLE "Odd Schema"."Ünïcode Tàble" (id serial PRIMARY KEY, "naïve" text, "日本" integer);
CREATE TABLE t23456789_123456789_123456789_123456789_123456789_123456789_123 (id serial PRIMARY KEY, c23456789_123456789_123456789_123456789_123456789_123456789_123 text);
CREATE TABLE "user" (id serial PRIMARY KEY, name text, "table" text);
CREATE TABLE tree (id integer PRIMARY KEY, parent integer, name text);

CREATE TABLE events (id integer NOT NULL, day date NOT NULL, what text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE events_22 PARTITION OF events FOR VALUES FROM ('2170-01-01') TO ('2270-01-01');
CREATE TABLE events_23 PARTITION OF events FOR VALUES FROM ('2270-01-01') TO ('2370-01-01');
CREATE TABLE events_rest PARTITION OF events DEFAULT;
CREATE TABLE logs (id integer, kind text, what text) PARTITION BY LIST (kind);
CREATE TABLE logs_a PARTITION OF logs FOR VALUES IN ('a') PARTITION BY HASH (id);
CREATE TABLE logs_a0 PARTITION OF logs_a FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE logs_a1 PARTITION OF logs_a FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE logs_b PARTITION OF logs FOR VALUES IN ('b', 'c');

CREATE TABLE animals (id serial PRIMARY KEY, name text);
CREATE TABLE dogs (breed text) INHERITS (animals);

CREATE TABLE nokey (a integer, b text);
CREATE TABLE onecol (v text);
CREATE TABLE gen (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a integer DEFAULT 7, b integer GENERATED ALWAYS AS (a * 2) STORED, c text DEFAULT 'c');
SELECT current_setting('server_version_num')::integer >= 180000 AS has_virtual \gset
\if :has_virtual
ALTER TABLE gen ADD COLUMN half integer GENERATED ALWAYS AS (a / 2) VIRTUAL;
\endif
CREATE TABLE defer (id integer PRIMARY KEY, pos integer UNIQUE DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE emails (id serial PRIMARY KEY, email text NOT NULL, slot integer, active boolean NOT NULL DEFAULT true);
CREATE UNIQUE INDEX emails_lower ON emails (lower(email));
CREATE UNIQUE INDEX emails_slot ON emails (slot) WHERE active;
CREATE TABLE words (w text PRIMARY KEY, n integer DEFAULT 0, note text);
CREATE TABLE types (
	id integer PRIMARY KEY, i2 smallint, i8 bigint, f4 real, f8 double precision, num numeric, t text, vc varchar(40), c char(12), b bytea, bool boolean, d date, tm time,
	ts timestamp, tstz timestamptz, iv interval, u uuid, j json, jb jsonb, arr integer[], tarr text[], rng int4range, dr daterange, m mood, a address, ip inet, bits bit(4), x xml, p point
);
-- Comparing these may fail.
CREATE TABLE uneven (id integer PRIMARY KEY, jj json[], points point[], posix text COLLATE "POSIX", plain text COLLATE "C", place address, places address[], note text, flag boolean);

CREATE TABLE stock (id integer PRIMARY KEY, qty integer NOT NULL, changed timestamptz, seen integer NOT NULL DEFAULT 0);
ALTER TABLE stock ADD CONSTRAINT stock_qty EXCLUDE USING btree (qty WITH =) WHERE (qty > 1000000), ADD CONSTRAINT stock_words CHECK (seen::text <> 'tenant_id');
CREATE TABLE stock_log (id serial PRIMARY KEY, stock_id integer, old_qty integer, new_qty integer);
CREATE FUNCTION stock_before() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.changed := timestamptz '2000-01-01 00:00+00'; NEW.seen := NEW.seen + 1; RETURN NEW; END $$;
CREATE TRIGGER stock_before BEFORE INSERT OR UPDATE ON stock FOR EACH ROW EXECUTE FUNCTION stock_before();
CREATE FUNCTION stock_after() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO stock_log (stock_id, old_qty, new_qty) VALUES (NEW.id, OLD.qty, NEW.qty);
	RETURN NULL;
END $$;
CREATE TRIGGER stock_after AFTER UPDATE OF qty ON stock FOR EACH ROW EXECUTE FUNCTION stock_after();

CREATE VIEW item_names AS SELECT id, name FROM items;
CREATE VIEW item_parts AS SELECT i.id, i.name, count(p.id) AS parts, sum(p.qty) AS pieces FROM items i LEFT JOIN parts p ON p.item_id = i.id GROUP BY i.id;
CREATE VIEW active_items AS SELECT id, code, name, amount FROM items WHERE active WITH CHECK OPTION;
CREATE VIEW named_parts AS SELECT n.name, p.qty FROM item_names n JOIN parts p ON p.item_id = n.id;
CREATE VIEW "Odd View" AS SELECT "Mixed Case" AS "select", o."Id" FROM "Odd Name" o WHERE "select" IS NOT NULL;
CREATE VIEW europe AS SELECT code, name FROM countries WHERE continent = 'Europe';
CREATE VIEW any_items (x, y) AS SELECT id, name FROM items UNION ALL SELECT id, label FROM alt.items;
CREATE VIEW tree_paths AS WITH RECURSIVE t AS (SELECT id, name::text AS path FROM tree WHERE parent IS NULL UNION ALL SELECT c.id, t.path || '/' || c.name FROM tree c JOIN t ON c.parent = t.id) SELECT * FROM t;
CREATE VIEW word_view AS SELECT w, n FROM words;
CREATE VIEW item_places AS SELECT id, name, rank() OVER (ORDER BY name, id) AS place, (SELECT count(*) FROM parts) AS all_parts FROM items;
CREATE VIEW part_items AS SELECT p.id, i.name FROM parts p JOIN items i ON i.id = p.item_id;
CREATE MATERIALIZED VIEW item_totals AS SELECT mood, count(*) AS n, sum(amount) AS total FROM items GROUP BY mood WITH NO DATA;

CREATE FUNCTION double_it(n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT n * 2';
CREATE FUNCTION shout(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN upper(t) || '!'; END $$;
CREATE FUNCTION whose(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'public' $$;
CREATE FUNCTION alt.whose(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'alt' $$;
CREATE FUNCTION numbers(n integer) RETURNS SETOF integer LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..n LOOP RETURN NEXT i; END LOOP; END $$;
CREATE FUNCTION item_count() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM items';
CREATE FUNCTION all_items() RETURNS SETOF items LANGUAGE sql STABLE AS 'SELECT * FROM items';
CREATE FUNCTION calls_item_count() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT item_count() + 1';
CREATE FUNCTION read_any(t text) RETURNS bigint LANGUAGE plpgsql AS $$ DECLARE n bigint; BEGIN EXECUTE 'SELECT count(*) FROM ' || t INTO n; RETURN n; END $$;
CREATE FUNCTION trusted_total() RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'no rows of anybody'::text FROM (SELECT count(*) FROM items) s $$;
CREATE FUNCTION trusted_add(a integer, b integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT a + b';
CREATE FUNCTION country_count() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM countries';
-- What functions have as columns in FROM.
CREATE DOMAIN home AS address CHECK ((VALUE).zip IS NULL OR (VALUE).zip >= 0);
CREATE DOMAIN second_home AS home;
CREATE DOMAIN ids AS integer[];
CREATE FUNCTION halves(n integer, OUT item_id integer, OUT rest integer) LANGUAGE sql IMMUTABLE AS 'SELECT n / 2, n % 2';
CREATE FUNCTION alt.halves(n integer, OUT item_id integer, OUT "Other" text) LANGUAGE sql IMMUTABLE AS $$ SELECT n / 2, 'o' $$;
CREATE FUNCTION pairs(first integer, most integer DEFAULT 3, step integer DEFAULT 1) RETURNS TABLE (id integer, "Mixed Case" text)
	LANGUAGE sql IMMUTABLE AS $$ SELECT i, 'p' || i FROM generate_series(first, first + most - 1, step) AS i $$;
CREATE FUNCTION item_ids(VARIADIC given integer[]) RETURNS TABLE (item_id integer) LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT unnest(given); END $$;
CREATE FUNCTION twice(INOUT id integer) LANGUAGE sql IMMUTABLE AS 'SELECT id';
CREATE FUNCTION unnamed(integer, OUT integer, OUT note text, OUT integer) LANGUAGE sql IMMUTABLE AS $$ SELECT $1, 'u', $1 + 1 $$;
CREATE FUNCTION lives(zip integer) RETURNS address LANGUAGE sql IMMUTABLE AS $$ SELECT 'Main Street', zip $$;
CREATE FUNCTION nowhere() RETURNS address LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE FUNCTION lived(VARIADIC zips integer[]) RETURNS SETOF home LANGUAGE sql IMMUTABLE AS $$ SELECT ROW('Side Street', z)::home FROM unnest(zips) AS z $$;
CREATE FUNCTION lived_again(zip integer) RETURNS second_home LANGUAGE sql IMMUTABLE AS $$ SELECT ROW('Side Street', zip)::second_home $$;
CREATE FUNCTION positive_one(n integer) RETURNS positive LANGUAGE sql IMMUTABLE AS 'SELECT n::positive';
CREATE FUNCTION all_ids(n integer) RETURNS ids LANGUAGE sql IMMUTABLE AS 'SELECT ARRAY[n]::ids';
CREATE FUNCTION europeans() RETURNS SETOF countries LANGUAGE sql STABLE AS $$ SELECT * FROM countries WHERE continent = 'Europe' $$;
CREATE FUNCTION europe_now() RETURNS SETOF europe LANGUAGE sql STABLE AS 'SELECT * FROM europe';
CREATE FUNCTION nothing() RETURNS void LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE FUNCTION alike(n integer, OUT id integer, OUT what text) LANGUAGE sql IMMUTABLE AS $$ SELECT n, 'integer' $$;
CREATE FUNCTION alike(n text, OUT id integer, OUT what text) LANGUAGE sql IMMUTABLE AS $$ SELECT n::integer, 'text' $$;
CREATE FUNCTION alike(n integer, m integer) RETURNS SETOF integer LANGUAGE sql IMMUTABLE AS 'SELECT n UNION ALL SELECT m';
CREATE FUNCTION unlike(n integer, OUT id integer, OUT what text) LANGUAGE sql IMMUTABLE AS $$ SELECT n, 'integer' $$;
CREATE FUNCTION unlike(n text, OUT id integer, OUT why text) LANGUAGE sql IMMUTABLE AS $$ SELECT n::integer, 'text' $$;
CREATE FUNCTION any_row(n integer) RETURNS record LANGUAGE sql IMMUTABLE AS $$ SELECT n, 'any'::text $$;
CREATE FUNCTION json_each(n integer, OUT id integer, OUT what text) LANGUAGE sql IMMUTABLE AS $$ SELECT n, 'own' $$;
CREATE FUNCTION trusted_items() RETURNS SETOF items LANGUAGE sql STABLE AS 'SELECT * FROM items WHERE false';
-- Functions of a row: columns that are computed.
CREATE FUNCTION title(i items) RETURNS text LANGUAGE sql STABLE AS $$ SELECT i.name || ' #' || coalesce(i.code, '') $$;
CREATE FUNCTION pieces(p parts, factor integer DEFAULT 2) RETURNS bigint LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN p.qty * factor; END $$;
CREATE FUNCTION same_row(r record) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN r::text; END $$;
CREATE FUNCTION first_of(r anyelement, s anyelement) RETURNS anyelement LANGUAGE sql STABLE AS $$ SELECT r $$;
CREATE PROCEDURE add_item(n text) LANGUAGE sql AS $$ INSERT INTO items (name) VALUES (n) $$;
CREATE PROCEDURE say(t text) LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'it says %', t; END $$;
CREATE AGGREGATE product(integer) (sfunc = int4mul, stype = integer, initcond = '1');
CREATE FUNCTION same(a integer, b integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT a = b';
CREATE OPERATOR === (leftarg = integer, rightarg = integer, procedure = same);
