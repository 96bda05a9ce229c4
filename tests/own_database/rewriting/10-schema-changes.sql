-- Schema changes (ddl = safe, new_tables = tenant).

BEGIN;
--: step
CREATE TABLE fresh (id serial PRIMARY KEY, v text);
--: step
INSERT INTO fresh (v) VALUES ('a'), ('b') RETURNING *;
--: step
SELECT * FROM fresh ORDER BY id;
--: step
SELECT f.id, i.name FROM fresh f LEFT JOIN items i ON i.id = f.id ORDER BY 1;
--: step
UPDATE fresh SET v = 'c' WHERE id = <#5000> RETURNING *;
--: step
DELETE FROM fresh RETURNING *;
--: step
ROLLBACK;

CREATE TABLE fresh (id serial PRIMARY KEY, v text UNIQUE);
--: step
INSERT INTO fresh (v) VALUES ('a') RETURNING *;
--: step
SELECT * FROM fresh;
--: step
INSERT INTO fresh VALUES (DEFAULT, 'b') RETURNING *;
--: step
TABLE fresh ORDER BY id;

CREATE TABLE IF NOT EXISTS items (id integer);
--: step
SELECT count(*) FROM items;

CREATE TABLE fresh (item integer REFERENCES items (id), CHECK (item > 0));
--: step
INSERT INTO fresh VALUES (<#1>) RETURNING *;

CREATE TABLE alt.fresh (LIKE alt.items INCLUDING ALL);
--: step
INSERT INTO alt.fresh VALUES (1, 'x') RETURNING *;

ALTER TABLE items ADD COLUMN extra text DEFAULT 'e';
--: step
SELECT id, extra FROM items ORDER BY id;
--: step
SELECT * FROM items ORDER BY id;
--: step
INSERT INTO items (name, extra) VALUES ('x', 'y') RETURNING *;

CREATE INDEX items_name ON items (name);
--: step
SELECT id FROM items WHERE name = 'apple CANARY<k> 4';

CREATE UNIQUE INDEX IF NOT EXISTS items_x ON items (id, name);

ALTER TABLE items ADD CONSTRAINT positive CHECK (id > 0);

CREATE SEQUENCE s;
--: step
SELECT nextval('s'), nextval('s');

CREATE TYPE t AS ENUM ('a', 'b');
--: step
SELECT 'a'::t;

CREATE DOMAIN d AS text CHECK (VALUE <> '');
--: step
SELECT 'a'::d;

CREATE SCHEMA fresh;

CREATE VIEW v AS SELECT 1 AS x;
--: step
SELECT * FROM v;

-- views over tenant relations
CREATE VIEW v AS SELECT * FROM items;
--: step
SELECT * FROM v ORDER BY id;
--: step
SELECT v.name, count(*) FROM v LEFT JOIN parts p ON p.item_id = v.id GROUP BY 1 ORDER BY 1;

CREATE VIEW v (x, y) AS SELECT * FROM nokey WHERE a > 0 WITH LOCAL CHECK OPTION;
--: step
SELECT * FROM v ORDER BY x, y;

CREATE VIEW v WITH (security_barrier) AS SELECT i.*, p.qty, (SELECT count(*) FROM labels) AS n FROM items i LEFT JOIN parts p ON p.item_id = i.id;
--: step
SELECT * FROM v ORDER BY id, qty;

CREATE VIEW v AS SELECT * FROM nokey NATURAL FULL JOIN onecol;
--: step
SELECT * FROM v ORDER BY 1, 2;

CREATE VIEW v AS SELECT row_to_json(n) AS j, n IS NULL AS nothing FROM nokey n;
--: step
SELECT * FROM v ORDER BY j::text;

CREATE VIEW v AS TABLE nokey;
--: step
SELECT * FROM v ORDER BY 1, 2;

CREATE VIEW v AS SELECT * FROM nokey UNION ALL (SELECT * FROM nokey ORDER BY 1 LIMIT 2);
--: step
SELECT * FROM v ORDER BY 1, 2;

CREATE VIEW v AS WITH x AS (SELECT * FROM items) SELECT x.name, y.* FROM x, LATERAL (SELECT * FROM parts WHERE item_id = x.id) y;
--: step
SELECT * FROM v ORDER BY id;

CREATE VIEW v AS SELECT * FROM item_names;
--: step
CREATE VIEW w AS SELECT v.*, word_view.* FROM v, word_view;
--: step
SELECT * FROM w ORDER BY id, w;

CREATE OR REPLACE VIEW item_names AS SELECT id, name, code FROM items;
--: step
SELECT * FROM item_names ORDER BY id;
--: step
CREATE OR REPLACE VIEW item_names AS SELECT id, name, code, amount FROM items WHERE id > <#2>;
--: step
SELECT * FROM item_names ORDER BY id;

BEGIN;
--: step
CREATE TABLE fresh (a int PRIMARY KEY, b text);
--: step
CREATE VIEW v AS SELECT * FROM fresh;
--: step
INSERT INTO fresh VALUES (1, 'x') RETURNING *;
--: step
SELECT * FROM v;
--: step
CREATE OR REPLACE VIEW w AS SELECT f.*, i.name FROM fresh f JOIN items i ON i.id > 0;
--: step
COMMIT;
--: step
SELECT * FROM v;
--: step
SELECT * FROM w ORDER BY name;

--: error 42703
CREATE VIEW v AS SELECT nonsense FROM items;

--: error 42701
CREATE VIEW v AS SELECT id, * FROM items;

--: error 0A000
CREATE VIEW v AS WITH x AS (INSERT INTO nokey VALUES (1, 'x') RETURNING *) SELECT * FROM x;

-- its definition is not known before COMMIT
BEGIN;
--: step
CREATE VIEW v AS SELECT id FROM items;
--: step
--: refused 0A000
SELECT * FROM v;
--: step
ROLLBACK;

-- sessions that do not know of it yet would read the other one
--: refused
CREATE VIEW alt.countries AS SELECT id, name FROM items;

--: refused
CREATE OR REPLACE VIEW europe AS SELECT name AS code, name FROM items;

--: refused
CREATE TEMP VIEW v AS SELECT * FROM items;

--: refused
CREATE RECURSIVE VIEW v (id) AS SELECT id FROM items WHERE id = 1 UNION ALL SELECT id + 1 FROM v WHERE id < 3;

--: refused
CREATE VIEW v AS SELECT item_count() FROM items;

COMMENT ON TABLE items IS 'all sorts';

COMMENT ON COLUMN items.name IS 'its name';

CREATE TABLE fresh (a int);
--: step
--: refused
DROP TABLE fresh;

-- what would weaken the walls
--: refused
DROP TABLE items;

--: refused
DROP TABLE IF EXISTS nokey, parts CASCADE;

--: own SELECT 1
--: refused
ALTER TABLE items DROP COLUMN tenant_id;

--: own SELECT 1
--: refused
ALTER TABLE items RENAME COLUMN tenant_id TO t;

--: own SELECT 1
--: refused
ALTER TABLE items ALTER COLUMN tenant_id DROP NOT NULL;

--: own SELECT 1
--: refused
ALTER TABLE items ALTER COLUMN tenant_id SET DEFAULT 2;

--: own SELECT 1
--: refused
ALTER TABLE items ALTER tenant_id TYPE text;

--: refused
ALTER TABLE items RENAME TO things;

--: refused
ALTER TABLE items SET SCHEMA alt;

--: refused
ALTER TABLE items OWNER TO postgres;

--: refused
ALTER TABLE items DISABLE TRIGGER ALL;

--: refused
GRANT SELECT ON items TO PUBLIC;

--: refused
REVOKE SELECT ON items FROM PUBLIC;

--: refused
CREATE TABLE copy AS SELECT * FROM items;

--: refused
SELECT * INTO copy FROM items;

--: refused
CREATE MATERIALIZED VIEW m AS SELECT * FROM items;

CREATE TABLE dogs2 (extra text) INHERITS (items);
--: step
INSERT INTO dogs2 (name, extra) VALUES ('x', 'y') RETURNING *;
--: step
SELECT id, name FROM items ORDER BY id;

--: refused
ALTER TABLE items ENABLE ROW LEVEL SECURITY;

--: refused
CREATE POLICY p ON items USING (true);

--: refused
ALTER DATABASE shared SET search_path = alt;

--: refused
CREATE ROLE somebody;

--: refused
ALTER ROLE shop SET search_path = alt;

--: refused
SET ROLE postgres;

--: refused
SET SESSION AUTHORIZATION postgres;

--: refused
CREATE EXTENSION dblink;

--: refused
LOAD 'plpgsql';

--: refused
ALTER SYSTEM SET work_mem = '1MB';

--: refused
CREATE FOREIGN DATA WRAPPER w;

--: refused
REASSIGN OWNED BY shop TO postgres;

--: refused
DROP OWNED BY shop;

--: refused
SECURITY LABEL ON TABLE items IS 'x';

--: refused
CREATE PUBLICATION p FOR TABLE items;

--: refused
CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION nothing();
