-- ActiveRecord: queries, migrations, schema reflection.

SELECT "posts".* FROM "posts" WHERE "posts"."status" = 'published' ORDER BY "posts"."created_at" DESC, "posts"."id" LIMIT 11;

--: params cafe000<k>-0000-4000-8000-000000000002, 1
SELECT "posts".* FROM "posts" WHERE "posts"."id" = $1 LIMIT $2;

SELECT "posts".*, "comments".* FROM "posts" LEFT OUTER JOIN "comments" ON "comments"."post_id" = "posts"."id" WHERE ("posts"."id" IN (SELECT "comments"."post_id" FROM "comments" WHERE "comments"."likes" > 2)) ORDER BY "posts"."id", "comments"."id";

-- eager_load
SELECT "posts"."id" AS t0_r0, "posts"."title" AS t0_r1, "comments"."id" AS t1_r0, "comments"."body" AS t1_r1 FROM "posts" LEFT OUTER JOIN "comments" ON "comments"."post_id" = "posts"."id" ORDER BY 1, 3;

-- exists?, pluck, count with distinct, group
SELECT 1 AS one FROM "comments" WHERE "comments"."parent_id" IS NULL LIMIT 1;

SELECT COUNT(DISTINCT "posts"."id") FROM "posts" INNER JOIN "comments" ON "comments"."post_id" = "posts"."id";

SELECT COUNT(*) AS "count_all", "posts"."status" AS "posts_status" FROM "posts" GROUP BY "posts"."status" ORDER BY 2;

-- find_each
SELECT "comments".* FROM "comments" WHERE "comments"."id" > <#3> ORDER BY "comments"."id" ASC LIMIT 1000;

-- hstore and arrays
SELECT "posts"."id", meta -> 'color' AS color, meta ? 'mark', akeys(meta), hstore_to_json(meta) FROM "posts" WHERE meta @> 'color=>red' ORDER BY 1;

UPDATE "posts" SET "meta" = "meta" || hstore('size', 'L'), "tags" = array_append(tags, 'new') WHERE "posts"."meta" -> 'color' = 'blue';

SELECT (each(meta)).key, (each(meta)).value FROM posts WHERE id = 'cafe000<k>-0000-4000-8000-000000000001' ORDER BY 1;

SELECT p.id, e.key FROM posts p, each(p.meta) e WHERE e.value LIKE 'CANARY%' ORDER BY 1;

-- create!, with a uuid made by the server
INSERT INTO "posts" ("id", "title", "created_at", "updated_at") VALUES ('00000000-0000-4000-8000-000000000001', 'New', '2024-01-01', '2024-01-01') RETURNING "id";

-- insert_all, upsert_all
INSERT INTO "comments" ("post_id", "body") VALUES ('cafe000<k>-0000-4000-8000-000000000001', 'a'), ('cafe000<k>-0000-4000-8000-000000000002', 'b') ON CONFLICT DO NOTHING RETURNING "id";

INSERT INTO "posts" ("id", "title", "created_at", "updated_at") VALUES ('cafe000<k>-0000-4000-8000-000000000001', 'Upserted', '2024-01-01', '2024-01-01') ON CONFLICT ("id") DO UPDATE SET updated_at=(CASE WHEN ("posts"."title" IS NOT DISTINCT FROM excluded."title") THEN "posts".updated_at ELSE '2024-02-02' END),"title"=excluded."title" RETURNING "id", "title", "updated_at";

INSERT INTO "categories" ("path", "name") VALUES ('top.x', 'NAME canary<k>3') ON CONFLICT ("name") DO UPDATE SET "path" = excluded."path" RETURNING *;

-- optimistic locking
UPDATE "posts" SET "title" = 'Changed', "lock_version" = 1 WHERE "posts"."id" = 'cafe000<k>-0000-4000-8000-000000000002' AND "posts"."lock_version" = 0;

-- counter cache, touch
UPDATE "posts" SET "comments_count" = COALESCE("posts"."comments_count", 0) + 1, "updated_at" = '2024-01-01' WHERE "posts"."id" = 'cafe000<k>-0000-4000-8000-000000000003';

-- dependent: :delete_all
--: error 23503
DELETE FROM "comments" WHERE "comments"."post_id" = 'cafe000<k>-0000-4000-8000-000000000003';

--: error 23503
DELETE FROM "posts" WHERE "posts"."id" = 'cafe000<k>-0000-4000-8000-000000000004';

DELETE FROM "posts" WHERE "posts"."id" = 'cafe000<k>-0000-4000-8000-000000000012';

-- with_lock
BEGIN;
--: step
SELECT "posts".* FROM "posts" WHERE "posts"."id" = 'cafe000<k>-0000-4000-8000-000000000005' LIMIT 1 FOR UPDATE;
--: step
SAVEPOINT active_record_1;
--: step
UPDATE "posts" SET "title" = 'Locked' WHERE "posts"."id" = 'cafe000<k>-0000-4000-8000-000000000005';
--: step
RELEASE SAVEPOINT active_record_1;
--: step
COMMIT;

-- the pool: a statement prepared by name
PREPARE a1 AS SELECT "posts".* FROM "posts" WHERE "posts"."id" = $1 LIMIT $2;
--: step
EXECUTE a1('cafe000<k>-0000-4000-8000-000000000001', 1);
--: step
DEALLOCATE a1;

-- what the adapter asks at the start
SET client_min_messages TO 'warning';
--: step
SET standard_conforming_strings = on;
--: step
SET SESSION timezone TO 'UTC';
--: step
SHOW max_identifier_length;
--: step
SHOW search_path;

--: rows ignored
SELECT t.oid, t.typname, t.typelem, t.typdelim, t.typinput, r.rngsubtype, t.typtype, t.typbasetype FROM pg_type as t LEFT JOIN pg_range as r ON oid = rngtypid WHERE t.typname IN ('int2', 'int4', 'int8', 'oid', 'float4', 'float8', 'text', 'varchar', 'hstore', 'citext', 'post_status');

SELECT type.typname AS name, type.oid::regtype::text, n.nspname AS schema, string_agg(enum.enumlabel, ',' ORDER BY enum.enumsortorder) AS value FROM pg_enum AS enum JOIN pg_type AS type ON (type.oid = enum.enumtypid) JOIN pg_namespace n ON type.typnamespace = n.oid WHERE n.nspname = ANY (current_schemas(false)) GROUP BY type.OID, n.nspname, type.typname;

-- columns of a table: the catalogs show the tenant column (a known difference)
SELECT a.attname, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.atttypid, a.atttypmod, c.collname, col_description(a.attrelid, a.attnum) AS comment, attidentity AS identity, attgenerated as attgenerated FROM pg_attribute a LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum LEFT JOIN pg_type t ON a.atttypid = t.oid LEFT JOIN pg_collation c ON a.attcollation = c.oid AND a.attcollation <> t.typcollation WHERE a.attrelid = '"posts"'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> 'tenant_id' ORDER BY a.attnum;

SELECT a.attname FROM (SELECT indrelid, indkey, generate_subscripts(indkey, 1) idx FROM pg_index WHERE indrelid = '"posts"'::regclass AND indisprimary) i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[i.idx] ORDER BY i.idx;

-- db:migrate: the advisory lock, the table of versions, a migration
SELECT pg_try_advisory_lock(2053462845);
--: step
SELECT "schema_migrations"."version" FROM "schema_migrations" ORDER BY "schema_migrations"."version" ASC;
--: step
BEGIN;
--: step
CREATE TABLE "tags" ("id" bigserial primary key, "name" character varying NOT NULL, "post_id" uuid, "created_at" timestamp(6) NOT NULL, CONSTRAINT "fk_rails_1" FOREIGN KEY ("post_id") REFERENCES "posts" ("id"));
--: step
CREATE UNIQUE INDEX "index_tags_on_name" ON "tags" ("name");
--: step
ALTER TABLE "posts" ADD "subtitle" character varying DEFAULT 'none' NOT NULL;
--: step
ALTER TABLE "posts" ADD CONSTRAINT "chk_title" CHECK (length(title) > 0);
--: step
COMMENT ON COLUMN "posts"."subtitle" IS 'Below the title';
--: step
INSERT INTO "schema_migrations" ("version") VALUES ('20240101000000') RETURNING "version";
--: step
COMMIT;
--: step
INSERT INTO "tags" ("name", "post_id", "created_at") VALUES ('ruby', 'cafe000<k>-0000-4000-8000-000000000001', '2024-01-01') RETURNING "id";
--: step
INSERT INTO "tags" ("name", "created_at") VALUES ('ruby', '2024-01-01') ON CONFLICT ("name") DO UPDATE SET "created_at" = excluded."created_at" RETURNING *;
--: step
SELECT "tags".*, "posts"."subtitle" FROM "tags" INNER JOIN "posts" ON "posts"."id" = "tags"."post_id";
--: step
SELECT pg_advisory_unlock(2053462845);

-- a copy of a record that was read (dup): the model has the tenant column, as the catalogs show it, and the record no value for it
--: visible
--: own INSERT INTO "comments" ("post_id", "body", "tenant_id") VALUES ($1, $2, COALESCE($3, (SELECT tenant_id FROM comments LIMIT 1))) RETURNING "id"
--: modes text binary
--: params cafe000<k>-0000-4000-8000-000000000001, copy, null
INSERT INTO "comments" ("post_id", "body", "tenant_id") VALUES ($1, $2, $3) RETURNING "id";

--: own INSERT INTO "comments" ("post_id", "body") VALUES ('cafe000<k>-0000-4000-8000-000000000001', 'copy'), ('cafe000<k>-0000-4000-8000-000000000001', 'again') RETURNING "id"
INSERT INTO "comments" ("post_id", "body", "tenant_id") VALUES ('cafe000<k>-0000-4000-8000-000000000001', 'copy', NULL), ('cafe000<k>-0000-4000-8000-000000000001', 'again', DEFAULT) RETURNING "id";

--: refused 42501
--: modes text binary
--: params cafe000<k>-0000-4000-8000-000000000001, copy, 77
INSERT INTO "comments" ("post_id", "body", "tenant_id") VALUES ($1, $2, $3) RETURNING "id";

--: refused 42501
--: modes text binary
--: params null
UPDATE "comments" SET "tenant_id" = $1;

--: refused 42501
--: modes text binary
--: params <k>, null
INSERT INTO "comments" ("id", "tenant_id") VALUES ($1, $2) ON CONFLICT ("id") DO UPDATE SET "tenant_id" = $2;
