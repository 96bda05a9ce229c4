-- The rows of another tenant, on the migrated database. Every value that can be recognised says CANARY; ids start at a million
-- and leave the sequences alone, so that both databases go on with the same numbers.
INSERT INTO tenants (id, name) VALUES (2, 'neighbour');
SET session_replication_role = replica;
INSERT INTO items (id, name, price, stock, tags, data, tenant_id)
SELECT 1000000 + i, 'CANARY ' || i, 666, 5, ARRAY['CANARY'], '{"canary": "CANARY"}', 2 FROM generate_series(1, 50) i;
INSERT INTO orders (id, item_id, quantity, note, tenant_id)
SELECT 1000000 + i, 1 + i % 50, 666, 'CANARY', 2 FROM generate_series(1, 50) i;
INSERT INTO kinds (id, t, v, i4, tenant_id) VALUES (1000001, 'CANARY', 'CANARY', 666, 2);
INSERT INTO big (id, body, tenant_id) VALUES (1000001, 'CANARY', 2);
