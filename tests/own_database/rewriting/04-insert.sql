-- INSERT in all its forms, and ON CONFLICT.

INSERT INTO items (name) VALUES ('one');

INSERT INTO items (name) VALUES ('one') RETURNING id;

INSERT INTO items (name) VALUES ('one') RETURNING *;

INSERT INTO items AS x (name) VALUES ('one') RETURNING x.*, x.id AS again;

INSERT INTO items (name, code) VALUES ('one', 'n1'), ('two', 'n2'), ('three', NULL) RETURNING id, code;

INSERT INTO public.items (name) VALUES ('one') RETURNING name;

INSERT INTO items(name)VALUES('one')RETURNING id;

INSERT INTO items ("name", "order") VALUES ('x', 3) RETURNING "order";

INSERT INTO items (id, name) VALUES (<#900>, 'x') RETURNING id;

INSERT INTO items VALUES (<#901>, 'n3', 'x');

INSERT INTO items VALUES (<#901>, 'n3', 'x') RETURNING *;

INSERT INTO items VALUES (DEFAULT, DEFAULT, 'x', 1.5, 'sad', '{a,b}', '{"x": 1}', '2000-01-01', '2000-01-02', NULL, NULL, '(street,12)', 4, false) RETURNING *;

--: error 42601
INSERT INTO items VALUES (DEFAULT, DEFAULT, 'x', 1.5, 'sad', '{a,b}', '{"x": 1}', '2000-01-01', '2000-01-02', NULL, NULL, '(street,12)', 4, false, 1);

--: error 42601
INSERT INTO items (name) VALUES ('a', 'b');

--: error 42601
INSERT INTO items (name, code) VALUES ('a');

INSERT INTO nokey VALUES (1, 'a'), (2, 'b') RETURNING *;

INSERT INTO nokey VALUES (1);

INSERT INTO onecol VALUES ('x'), (NULL), (DEFAULT) RETURNING *;

INSERT INTO gen DEFAULT VALUES RETURNING *;

INSERT INTO gen (a) VALUES (5), (DEFAULT) RETURNING *;

INSERT INTO gen (id, a) OVERRIDING SYSTEM VALUE VALUES (<#800>, 1) RETURNING *;

INSERT INTO gen (id, a) OVERRIDING USER VALUE VALUES (<#800>, 1) RETURNING id, a;

--: error 428C9
INSERT INTO gen (id, a) VALUES (<#800>, 1);

--: version 14
--: error 428C9
INSERT INTO gen (b) VALUES (1);

INSERT INTO gen VALUES (DEFAULT, 3, DEFAULT, 'c2') RETURNING *;

INSERT INTO animals DEFAULT VALUES RETURNING id, name;

--: error 23502
INSERT INTO items DEFAULT VALUES;

-- sub-columns and elements
INSERT INTO items (name, place.street, tags[2]) VALUES ('x', 'here', 'second') RETURNING place, tags;

-- SELECT as the source
INSERT INTO nokey SELECT id, name FROM items WHERE id < <#3> RETURNING *;

INSERT INTO nokey (b, a) SELECT name, id FROM items WHERE id < <#3>;

INSERT INTO nokey SELECT * FROM nokey;

INSERT INTO nokey SELECT n.* FROM nokey n WHERE a = <#1>;

INSERT INTO nokey TABLE nokey;

INSERT INTO nokey (TABLE nokey);

INSERT INTO nokey (a) SELECT count(*) FROM items;

INSERT INTO nokey SELECT 1, 'a' UNION ALL SELECT id, name FROM items WHERE id = <#2> UNION ALL VALUES (3, 'c');

INSERT INTO nokey (SELECT 1, 'a' UNION SELECT id, name FROM items WHERE id = <#2>) EXCEPT SELECT 1, 'a';

INSERT INTO nokey ((SELECT id, name FROM items ORDER BY id LIMIT 1) UNION ALL (SELECT id, note FROM parts ORDER BY id LIMIT 1));

INSERT INTO nokey SELECT * FROM (VALUES (1, 'x'), (2, 'y')) v ORDER BY 1 DESC LIMIT 1;

INSERT INTO nokey SELECT a.id, b.note FROM items a LEFT JOIN parts b ON b.item_id = a.id AND b.qty = 4;

INSERT INTO nokey SELECT id, max(name) FROM items GROUP BY id HAVING id < <#4>;

INSERT INTO nokey SELECT DISTINCT "order", mood::text FROM items;

INSERT INTO nokey SELECT DISTINCT ON (mood) id, name FROM items ORDER BY mood, id;

INSERT INTO nokey WITH x AS (SELECT id, name FROM items) SELECT * FROM x WHERE id < <#3>;

WITH x AS (SELECT id, name FROM items) INSERT INTO nokey SELECT * FROM x WHERE id < <#3> RETURNING a;

INSERT INTO nokey WITH x AS (SELECT id, name FROM items) SELECT id, name FROM x UNION ALL SELECT 1, 'z';

INSERT INTO nokey SELECT id, label FROM alt.items;

INSERT INTO alt.items SELECT "order" + 100, 'x' FROM items WHERE id = <#3> RETURNING id;

INSERT INTO countries SELECT 'X' || "order", name, NULL FROM items WHERE id = <#3> RETURNING code, continent;

INSERT INTO items (name, parent_id) SELECT name || ' copy', id FROM items WHERE id IN (<#1>, <#2>) ORDER BY id RETURNING id, name, parent_id;

INSERT INTO nokey (a, b) VALUES ((SELECT count(*) FROM items), (SELECT name FROM items WHERE id = <#1>)) RETURNING *;

INSERT INTO nokey (a, b) SELECT g, 'g' FROM generate_series(1, 3) g;

INSERT INTO nokey SELECT generate_series(1, 2), 'x';

INSERT INTO nokey SELECT 1;

INSERT INTO nokey SELECT a FROM nokey;

INSERT INTO nokey SELECT row_number() OVER (ORDER BY id), name FROM items ORDER BY id LIMIT 3 RETURNING a, b;

INSERT INTO nokey SELECT id, name FROM items ORDER BY id LIMIT 2 FOR UPDATE;

INSERT INTO "Odd Name" ("Mixed Case", "a""b") VALUES ('x', 'y') RETURNING "Id", "Mixed Case", "a""b";

INSERT INTO "Odd Name" VALUES (DEFAULT, 'm', 1, 'u') RETURNING *;

INSERT INTO "Odd Schema"."Ünïcode Tàble" ("naïve", "日本") VALUES ('ü', 7) RETURNING *;

INSERT INTO "user" (name, "table") VALUES ('n', 't') RETURNING "user".*;

INSERT INTO t23456789_123456789_123456789_123456789_123456789_123456789_123 (c23456789_123456789_123456789_123456789_123456789_123456789_123) VALUES ('x') RETURNING *;

INSERT INTO events VALUES (<#50>, '2<k>75-03-03', 'e') RETURNING *;

INSERT INTO events (what, day, id) VALUES ('e', '1999-01-01', <#51>), ('f', '2200-01-01', <#52>) RETURNING tableoid::regclass::text, what;

INSERT INTO logs VALUES (<#50>, 'a', 'x'), (<#51>, 'b', 'y') RETURNING *;

--: error 23514
INSERT INTO logs VALUES (<#50>, 'zzz', 'x');

INSERT INTO dogs (name, breed) VALUES ('d', 'b') RETURNING *;

INSERT INTO dogs VALUES (<#200>, 'd', 'b') RETURNING *;

INSERT INTO stock (id, qty) VALUES (<#77>, 5) RETURNING *;

INSERT INTO items (name) VALUES (E'it''s \'quoted\' \\ '), ($$dollar $ quoted$$), ($a$with $$ inside$a$), (U&'\0041b'), ('line
break'), ('-- no comment'), ('/* none */') RETURNING name;

INSERT INTO items (name, doc, tags) VALUES ('x', '{"a": [1, 2, {"b": null}]}', ARRAY['a', 'b']) RETURNING doc, tags;

INSERT INTO items (name, at) VALUES ('x', now()) RETURNING at;

-- errors, with positions in the original text
--: error 42703
INSERT INTO items (name, nonsense) VALUES ('a', 'b');

--: error 42703
INSERT INTO items (name) VALUES ('a') RETURNING nonsense;

--: error 42701
INSERT INTO items (name, name) VALUES ('a', 'b');

--: error 23505
INSERT INTO items (id, name) VALUES (<#3>, 'x');

--: error 23505
INSERT INTO items (code, name) VALUES ('code3', 'x');

--: error 23502
INSERT INTO items (code) VALUES ('n1');

--: error 23503
INSERT INTO items (name, parent_id) VALUES ('x', 5);

--: error 23514
INSERT INTO parts (item_id, qty) VALUES (<#1>, -1);

--: error 22P02
INSERT INTO items (name, amount) VALUES ('x', 'abc');

--: error 42804
INSERT INTO items (name, amount) VALUES ('x', true);

--: error 22P02
INSERT INTO items (name, mood) VALUES ('x', 'furious');

--: error 42601
INSERT INTO items (name) SELECT id, name FROM items;

-- ON CONFLICT
INSERT INTO words (w) VALUES ('word1') ON CONFLICT DO NOTHING;

INSERT INTO words (w) VALUES ('word1'), ('neu') ON CONFLICT DO NOTHING RETURNING *;

INSERT INTO words (w) VALUES ('word1'), ('neu') ON CONFLICT (w) DO NOTHING RETURNING w;

INSERT INTO words (w, n) VALUES ('word1', 5) ON CONFLICT (w) DO UPDATE SET n = words.n + EXCLUDED.n RETURNING *;

INSERT INTO words AS x (w, n) VALUES ('word1', 5), ('neu', 6) ON CONFLICT (w) DO UPDATE SET n = x.n + EXCLUDED.n, note = 'again' RETURNING w, n, note;

INSERT INTO words (w, n) VALUES ('word1', 5) ON CONFLICT (w) DO UPDATE SET (n, note) = (EXCLUDED.n, 'n') WHERE words.n < EXCLUDED.n RETURNING *;

INSERT INTO words (w, n) VALUES ('word5', 1) ON CONFLICT (w) DO UPDATE SET n = EXCLUDED.n WHERE words.n < EXCLUDED.n RETURNING *;

INSERT INTO words (w, n) VALUES ('word5', 1) ON CONFLICT (w) DO UPDATE SET n = EXCLUDED.n WHERE words.n < 2 OR true RETURNING *;

INSERT INTO words (w, n) VALUES ('word5', 1) ON CONFLICT (w) DO UPDATE SET n = (SELECT count(*) FROM words) RETURNING *;

INSERT INTO words (w, n) VALUES ('word5', 1) ON CONFLICT (w) DO UPDATE SET n = DEFAULT RETURNING *;

INSERT INTO words (w, n) VALUES ('word5', 1) ON CONFLICT ON CONSTRAINT words_pkey DO UPDATE SET n = 42 RETURNING w, n;

INSERT INTO words (w, n) SELECT w, 1 FROM words ON CONFLICT (w) DO UPDATE SET n = words.n + 1 RETURNING w, n;

INSERT INTO words SELECT * FROM words ON CONFLICT (w) DO UPDATE SET note = 'twice' RETURNING *;

INSERT INTO words VALUES ('word1', 3, 'n') ON CONFLICT ("w") DO UPDATE SET w = 'word1b', n = EXCLUDED.n RETURNING *;

INSERT INTO items (code, name) VALUES ('code2', 'x') ON CONFLICT (code) DO UPDATE SET name = EXCLUDED.name RETURNING id, name;

INSERT INTO items (code, name) VALUES ('code2', 'x'), ('new', 'y') ON CONFLICT (code) DO NOTHING RETURNING id;

INSERT INTO items (id, name) VALUES (<#2>, 'x') ON CONFLICT (id) DO UPDATE SET name = 'y', "order" = items."order" + 1 RETURNING id, name, "order";

INSERT INTO items (id, code, name) VALUES (<#2>, 'code9', 'x') ON CONFLICT (id) DO UPDATE SET name = 'y' RETURNING id, code;

--: error 23505
INSERT INTO items (id, code, name) VALUES (<#800>, 'code9', 'x') ON CONFLICT (id) DO NOTHING;

INSERT INTO labels VALUES (<#2>, 'CANARY<k> label 1', 9) ON CONFLICT (item_id, label) DO UPDATE SET weight = EXCLUDED.weight RETURNING *;

INSERT INTO labels VALUES (<#2>, 'CANARY<k> label 1', 9) ON CONFLICT (label, item_id) DO NOTHING;

INSERT INTO emails (email) VALUES ('MAIL1@canary<k>.EXAMPLE') ON CONFLICT (lower(email)) DO UPDATE SET email = EXCLUDED.email RETURNING id, email;

INSERT INTO emails (email, slot) VALUES ('new@example.org', 2) ON CONFLICT (slot) WHERE active DO UPDATE SET email = EXCLUDED.email RETURNING *;

INSERT INTO emails (email, slot, active) VALUES ('new@example.org', 2, false) ON CONFLICT (slot) WHERE active DO NOTHING RETURNING slot;

INSERT INTO events VALUES (<#1>, '2<k>75-01-21', 'again') ON CONFLICT (id, day) DO UPDATE SET what = EXCLUDED.what RETURNING *;

INSERT INTO countries VALUES ('FR', 'Frankreich') ON CONFLICT (code) DO UPDATE SET name = EXCLUDED.name RETURNING *;

INSERT INTO counters VALUES ('visits', 1) ON CONFLICT (name) DO UPDATE SET n = counters.n + 1 RETURNING n;

--: error 42P10
INSERT INTO words (w) VALUES ('x') ON CONFLICT (n) DO NOTHING;

--: error 42P10
INSERT INTO nokey VALUES (1, 'x') ON CONFLICT (a) DO NOTHING;

INSERT INTO nokey VALUES (1, 'x') ON CONFLICT DO NOTHING;

--: error 42704
INSERT INTO words (w) VALUES ('x') ON CONFLICT ON CONSTRAINT nonsense DO NOTHING;

--: error 55000
INSERT INTO defer VALUES (<#600>, 1) ON CONFLICT (pos) DO NOTHING;

INSERT INTO defer VALUES (<#1>, 77) ON CONFLICT (id) DO UPDATE SET pos = EXCLUDED.pos RETURNING *;

--: error 23505
INSERT INTO defer VALUES (<#600>, 1);

-- the tenant column itself
--: visible
INSERT INTO items (name, tenant_id) VALUES ('x', <tenant>) RETURNING id, tenant_id;

--: visible
INSERT INTO items (tenant_id, name) VALUES (<tenant>, 'x'), (<tenant>, 'y') RETURNING tenant_id;

--: visible
INSERT INTO items (name, tenant_id) VALUES ('x', DEFAULT) RETURNING tenant_id;

--: visible
--: refused 42501
INSERT INTO items (name, tenant_id) VALUES ('x', <tenant>), ('y', <other>);

--: visible
INSERT INTO items (name, tenant_id) SELECT name, tenant_id FROM items WHERE id < <#4> ORDER BY id RETURNING id, tenant_id;

--: visible
INSERT INTO words (w, tenant_id, n) VALUES ('word1', <tenant>, 5) ON CONFLICT (tenant_id, w) DO UPDATE SET n = EXCLUDED.n RETURNING w, n;

--: visible
--: params x, <tenant!>
INSERT INTO items (name, tenant_id) VALUES ($1, $2);

--: visible
--: refused 42501
--: params x, <other!>
INSERT INTO items (name, tenant_id) VALUES ($1, $2);

-- NULL is the session's tenant
--: visible
--: own INSERT INTO items (name, tenant_id) VALUES ($1, COALESCE($2, (SELECT tenant_id FROM items LIMIT 1)))
--: params x, null
INSERT INTO items (name, tenant_id) VALUES ($1, $2);

--: visible
INSERT INTO words (w, n) VALUES ('word1', 5) ON CONFLICT (tenant_id, w) DO UPDATE SET n = EXCLUDED.n, tenant_id = EXCLUDED.tenant_id RETURNING w, n;

--: visible
--: refused
INSERT INTO words (w, n) VALUES ('word1', 5) ON CONFLICT (tenant_id, w) DO UPDATE SET tenant_id = <other>;

-- a table that is called like the row which is to be inserted
CREATE TABLE excluded (key int PRIMARY KEY, data text);
--: step
INSERT INTO excluded VALUES (1, '1') RETURNING excluded;
--: step
--: error 42P09
INSERT INTO excluded VALUES (1, '2') ON CONFLICT (key) DO UPDATE SET data = excluded.data RETURNING *;
--: step
INSERT INTO excluded VALUES (1, '3') ON CONFLICT (key) DO UPDATE SET data = 'x' RETURNING excluded.*, excluded;
--: step
INSERT INTO public.excluded VALUES (1, '4') ON CONFLICT (key) DO UPDATE SET data = public.excluded.data || 'y' RETURNING *;
--: step
INSERT INTO excluded AS target VALUES (1, '5') ON CONFLICT (key) DO UPDATE SET data = excluded.data || target.data WHERE excluded.key = 1 RETURNING *;
--: step
INSERT INTO excluded VALUES (2, '6') ON CONFLICT DO NOTHING RETURNING key, (SELECT count(*) FROM excluded e WHERE e.key = excluded.key);
--: step
UPDATE excluded SET data = 'z' WHERE excluded.key = 2 RETURNING *;
--: step
DELETE FROM excluded USING items AS i WHERE i.id = <#1> RETURNING excluded.*;
