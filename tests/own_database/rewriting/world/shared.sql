-- After the migration: keys that were meant for one tenant are widened, and some views show the tenant column.
ALTER TABLE items DROP CONSTRAINT items_code_key, ADD CONSTRAINT items_code_key UNIQUE (:"t", code);
ALTER TABLE words DROP CONSTRAINT words_pkey, ADD CONSTRAINT words_pkey PRIMARY KEY (:"t", w);
ALTER TABLE defer DROP CONSTRAINT defer_pos_key, ADD CONSTRAINT defer_pos_key UNIQUE (:"t", pos) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE stock DROP CONSTRAINT stock_qty, ADD CONSTRAINT stock_qty EXCLUDE USING btree (:"t" WITH =, qty WITH =) WHERE (qty > 1000000);
DROP INDEX emails_slot;
ALTER TABLE defer ADD CONSTRAINT tenanted CHECK (:"t" IS DISTINCT FROM NULL);
ALTER TABLE tree ADD CONSTRAINT tree_tenanted CHECK (:"t" IS NOT NULL OR parent > 0);
CREATE UNIQUE INDEX emails_slot ON emails (:"t", slot) WHERE active;
CREATE OR REPLACE VIEW word_view AS SELECT w, n, :"t" FROM words;
-- These show it as well, but it says nothing of all that goes into a row.
CREATE OR REPLACE VIEW item_places AS SELECT id, name, rank() OVER (ORDER BY name, id) AS place, (SELECT count(*) FROM parts) AS all_parts, :"t" FROM items;
CREATE OR REPLACE VIEW part_items AS SELECT p.id, i.name, p.:"t" FROM parts p JOIN items i ON i.id = p.item_id;
