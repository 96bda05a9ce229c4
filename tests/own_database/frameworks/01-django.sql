-- Django's ORM and migrations, as psycopg sends them.

-- get(pk=..)
SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."email" FROM "auth_user" WHERE "auth_user"."id" = <#3> LIMIT 21;

-- filter over many to many, distinct, ordering
SELECT DISTINCT "auth_user"."id", "auth_user"."username" FROM "auth_user" INNER JOIN "auth_user_groups" ON ("auth_user"."id" = "auth_user_groups"."user_id") INNER JOIN "auth_group" ON ("auth_user_groups"."group_id" = "auth_group"."id") WHERE ("auth_group"."name" IN ('group CANARY<k>1', 'group CANARY<k>2') AND NOT (EXISTS(SELECT 1 AS "a" FROM "auth_user_groups" U1 WHERE (U1."group_id" = <#3> AND U1."user_id" = ("auth_user"."id")) LIMIT 1))) ORDER BY "auth_user"."username" ASC;

-- exclude(), isnull on an outer join
SELECT "auth_user"."id" FROM "auth_user" LEFT OUTER JOIN "auth_user_groups" ON ("auth_user"."id" = "auth_user_groups"."user_id") WHERE "auth_user_groups"."id" IS NULL ORDER BY 1;

-- annotate(Count()), having
SELECT "auth_group"."id", "auth_group"."name", COUNT("auth_user_groups"."user_id") AS "n" FROM "auth_group" LEFT OUTER JOIN "auth_user_groups" ON ("auth_group"."id" = "auth_user_groups"."group_id") GROUP BY "auth_group"."id" HAVING COUNT("auth_user_groups"."user_id") > 1 ORDER BY "n" DESC, "auth_group"."id" ASC;

-- aggregate over a sliced query
SELECT COUNT(*) FROM (SELECT "auth_user"."id" AS "col1" FROM "auth_user" ORDER BY "auth_user"."id" LIMIT 5) subquery;

-- exists()
SELECT 1 AS "a" FROM "auth_user" WHERE "auth_user"."email" = 'USER2@canary<k>.EXAMPLE' LIMIT 1;

-- Window
SELECT "auth_user"."id", ROW_NUMBER() OVER (PARTITION BY "auth_user"."is_active" ORDER BY "auth_user"."id") AS "rn", LAG("auth_user"."id", 1) OVER (ORDER BY "auth_user"."id") AS "prev" FROM "auth_user" ORDER BY 1;

-- Subquery, OuterRef
SELECT "auth_user"."id", (SELECT U0."group_id" FROM "auth_user_groups" U0 WHERE U0."user_id" = ("auth_user"."id") ORDER BY U0."id" DESC LIMIT 1) AS "newest" FROM "auth_user" ORDER BY "auth_user"."id";

-- JSONField
SELECT "posts"."id" FROM "posts" WHERE (("posts"."settings" -> 'n')) > ('3'::jsonb) AND "posts"."settings" @> '{"mark": "CANARY<k>"}'::jsonb AND ("posts"."settings" #>> '{tags,1}') = 'x' ORDER BY 1;

-- ArrayField
SELECT "posts"."id", "posts"."tags"[1], CASE WHEN "posts"."tags" IS NULL THEN NULL ELSE coalesce(array_length("posts"."tags", 1), 0) END FROM "posts" WHERE "posts"."tags" @> ARRAY['t1']::varchar[] AND "posts"."tags" && (ARRAY['t1', 'none'])::varchar[] ORDER BY "posts"."id";

-- union().order_by()
(SELECT "auth_user"."id" AS "col1" FROM "auth_user" WHERE "auth_user"."is_active") UNION (SELECT "auth_group"."id" AS "col1" FROM "auth_group") ORDER BY (1) ASC LIMIT 4;

-- date functions
SELECT DISTINCT (DATE_TRUNC('month', "auth_user"."last_login" AT TIME ZONE 'UTC'))::date AS "m", EXTRACT(DOW FROM "auth_user"."date_joined" AT TIME ZONE 'UTC') FROM "auth_user" ORDER BY 1;

-- create()
INSERT INTO "auth_user" ("password", "last_login", "is_superuser", "username", "first_name", "email", "is_active", "date_joined") VALUES ('x', NULL, false, 'new', 'New', 'n@example.org', true, '2024-01-01T00:00:00+00:00'::timestamptz) RETURNING "auth_user"."id";

-- bulk_create(ignore_conflicts)
INSERT INTO "auth_group" ("name") VALUES ('a'), ('b') ON CONFLICT DO NOTHING RETURNING "auth_group"."id";

-- bulk_create(update_conflicts)
INSERT INTO "auth_user" ("password", "is_superuser", "username", "first_name", "email", "is_active", "date_joined") VALUES ('x', false, 'user CANARY<k>3', 'New', 'n@example.org', true, '2024-01-01T00:00:00+00:00'::timestamptz), ('x', false, 'another', 'New', 'n@example.org', true, '2024-01-01T00:00:00+00:00'::timestamptz) ON CONFLICT("username") DO UPDATE SET "first_name" = EXCLUDED."first_name" RETURNING "auth_user"."id";

-- bulk_create of many to many
INSERT INTO "auth_user_groups" ("user_id", "group_id") VALUES (<#1>, <#1>), (<#1>, <#2>), (<#1>, <#3>) ON CONFLICT DO NOTHING;

-- the username is taken
--: error 23505
INSERT INTO "auth_user" ("password", "is_superuser", "username", "first_name", "email", "is_active", "date_joined") VALUES ('x', false, 'user CANARY<k>3', 'New', 'n@example.org', true, '2024-01-01T00:00:00+00:00'::timestamptz) RETURNING "auth_user"."id";

-- save(), F(), bulk_update()
UPDATE "auth_user" SET "first_name" = CASE WHEN ("auth_user"."id" = <#1>) THEN 'One' WHEN ("auth_user"."id" = <#2>) THEN 'Two' ELSE NULL END::varchar(150) WHERE "auth_user"."id" IN (<#1>, <#2>);

UPDATE "posts" SET "comments_count" = ("posts"."comments_count" + 1), "updated_at" = '2024-01-01T00:00:00'::timestamp WHERE "posts"."id" = 'cafe000<k>-0000-4000-8000-000000000001'::uuid;

UPDATE "auth_user" SET "is_active" = false WHERE "auth_user"."id" IN (SELECT U0."user_id" FROM "auth_user_groups" U0 WHERE U0."group_id" = <#1>);

-- select_for_update(of, skip_locked) in atomic()
BEGIN;
--: step
SELECT "auth_user_groups"."id", T2."id" FROM "auth_user_groups" INNER JOIN "auth_user" T2 ON ("auth_user_groups"."user_id" = T2."id") WHERE T2."is_active" ORDER BY "auth_user_groups"."id" ASC FOR UPDATE OF "auth_user_groups" SKIP LOCKED;
--: step
SAVEPOINT "s140_x1";
--: step
--: error 23505
INSERT INTO "auth_user_groups" ("user_id", "group_id") VALUES (<#2>, <#2>);
--: step
ROLLBACK TO SAVEPOINT "s140_x1";
--: step
RELEASE SAVEPOINT "s140_x1";
--: step
DELETE FROM "auth_user_groups" WHERE "auth_user_groups"."user_id" IN (<#2>);
--: step
COMMIT;

-- deferred foreign keys fail at COMMIT
BEGIN;
--: step
DELETE FROM "auth_group" WHERE "auth_group"."id" IN (<#1>);
--: step
--: error 23503
COMMIT;

--: modes simple
BEGIN;
--: step
--: error 23503
DELETE FROM "auth_group" WHERE "auth_group"."id" IN (<#1>); SET CONSTRAINTS ALL IMMEDIATE;

-- iterator(): server-side cursor
BEGIN;
--: step
DECLARE "_django_curs_1_sync_1" NO SCROLL CURSOR WITH HOLD FOR SELECT "auth_user"."id", "auth_user"."username" FROM "auth_user" ORDER BY "auth_user"."id" ASC;
--: step
FETCH FORWARD 4 FROM "_django_curs_1_sync_1";
--: step
COMMIT;
--: step
FETCH FORWARD 4 FROM "_django_curs_1_sync_1";
--: step
CLOSE "_django_curs_1_sync_1";

-- citext, trigrams, unaccent, search
SELECT "auth_user"."id" FROM "auth_user" WHERE "auth_user"."email" LIKE 'USER2@%' ORDER BY 1;

SELECT "posts"."id", SIMILARITY("posts"."title", 'Titel 3') > 0.1 AS "s" FROM "posts" WHERE "posts"."title" % 'Title 3' OR UNACCENT("posts"."title") LIKE '%é%' ORDER BY 1;

SELECT "documents"."id", ts_rank("documents"."search", q.q) > 0 FROM "documents", (SELECT plainto_tsquery('english', 'running') AS q) q WHERE "documents"."search" @@ q.q ORDER BY 1;

-- ranges
SELECT "bookings"."id" FROM "bookings" WHERE "bookings"."during" && tsrange('2<k>75-01-02', '2<k>75-01-04') AND NOT isempty("bookings"."during") AND upper("bookings"."during") - lower("bookings"."during") > interval '1 hour' ORDER BY 1;

-- the exclusion constraint is this tenant's
--: error 23P01
INSERT INTO "bookings" ("room", "during") SELECT room, during FROM bookings WHERE id = <#1>;

INSERT INTO "bookings" ("room", "during") VALUES (1, tsrange('2024-01-01', '2024-01-02')) RETURNING id, lower(during);

-- migrations: what there is
SELECT c.relname, CASE WHEN c.relispartition THEN 'p' WHEN c.relkind IN ('m', 'v') THEN 'v' ELSE 't' END, obj_description(c.oid, 'pg_class') FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v') AND n.nspname NOT IN ('pg_catalog', 'pg_toast') AND pg_catalog.pg_table_is_visible(c.oid) AND c.relname NOT LIKE 'tenant%' ORDER BY 1;

SELECT "django_migrations"."id", "django_migrations"."app", "django_migrations"."name" FROM "django_migrations" ORDER BY 1;

-- numbers of a shared sequence look like anybody's
--: echoes
INSERT INTO "django_migrations" ("app", "name", "applied") VALUES ('shop', '0002_more', '2024-01-01T00:00:00+00:00'::timestamptz) RETURNING "django_migrations"."id";

-- a migration: table, column with default dropped again, index, foreign key, constraint
BEGIN;
--: step
CREATE TABLE "shop_order" ("id" bigint NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, "number" varchar(30) NOT NULL UNIQUE, "user_id" integer NOT NULL);
--: step
ALTER TABLE "shop_order" ADD CONSTRAINT "shop_order_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "auth_user" ("id") DEFERRABLE INITIALLY DEFERRED;
--: step
CREATE INDEX "shop_order_number_like" ON "shop_order" ("number" varchar_pattern_ops);
--: step
ALTER TABLE "auth_user" ADD COLUMN "nick" varchar(30) DEFAULT '' NOT NULL;
--: step
ALTER TABLE "auth_user" ALTER COLUMN "nick" DROP DEFAULT;
--: step
INSERT INTO "shop_order" ("number", "user_id") VALUES ('n1', <#1>) RETURNING "shop_order"."id";
--: step
SELECT * FROM "shop_order";
--: step
UPDATE "auth_user" SET "nick" = 'x' RETURNING "id", "nick";
--: step
COMMIT;
