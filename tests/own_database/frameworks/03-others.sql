-- Hibernate, SQLAlchemy, Prisma, Sequelize, TypeORM, Eloquent, Ecto, queues.

-- Hibernate: sequence allocation, joins with aliases of its own
--: echoes
select nextval ('comments_id_seq');

select a1_0.id,a1_0.email,g1_0.user_id,g1_1.id,g1_1.name from auth_user a1_0 left join (auth_user_groups g1_0 join auth_group g1_1 on g1_1.id=g1_0.group_id) on a1_0.id=g1_0.user_id where a1_0.id=<#2>;

select c1_0.id from comments c1_0 where c1_0.body like '%Comment%' escape '' order by c1_0.id offset 2 rows fetch first 5 rows only;

select p1_0.id, (select count(1) from comments c where c.post_id=p1_0.id) from posts p1_0 where p1_0.title is not null and p1_0.id not in ('00000000-0000-0000-0000-000000000000') order by p1_0.id for no key update of p1_0 nowait;

update accounts set balance=balance+10 where id=<#1> and balance=<#100>;

-- SQLAlchemy: insertmanyvalues with its sort key, RETURNING, CTEs, lateral, values
INSERT INTO comments (post_id, body, likes) SELECT p0::UUID, p1::TEXT, p2::INTEGER FROM (VALUES ('cafe000<k>-0000-4000-8000-000000000001', 'x', 1, 0), ('cafe000<k>-0000-4000-8000-000000000002', 'y', 2, 1)) AS imp_sen(p0, p1, p2, sen_counter) ORDER BY sen_counter RETURNING comments.id, comments.id AS id__1;

WITH RECURSIVE anon_1(id, parent_id, depth) AS (SELECT comments.id AS id, comments.parent_id AS parent_id, 0 AS depth FROM comments WHERE comments.parent_id IS NULL UNION ALL SELECT c.id, c.parent_id, anon_1.depth + 1 FROM comments AS c JOIN anon_1 ON c.parent_id = anon_1.id) SELECT anon_1.id, anon_1.depth FROM anon_1 ORDER BY anon_1.id;

SELECT posts.id, anon_1.body FROM posts JOIN LATERAL (SELECT comments.body AS body FROM comments WHERE comments.post_id = posts.id ORDER BY comments.likes DESC, comments.id LIMIT 1) AS anon_1 ON true ORDER BY posts.id;

SELECT pg_catalog.pg_class.relname FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_catalog.pg_namespace.oid = pg_catalog.pg_class.relnamespace WHERE pg_catalog.pg_class.relname = 'posts' AND pg_catalog.pg_table_is_visible(pg_catalog.pg_class.oid) AND pg_catalog.pg_class.relkind = ANY (ARRAY['r', 'p', 'f', 'v', 'm']) AND pg_catalog.pg_namespace.nspname != 'pg_catalog';

-- SQLAlchemy asks at the start
select pg_catalog.version() is not null;
--: step
select current_schema();
--: step
show standard_conforming_strings;
--: step
ROLLBACK;

-- Alembic
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
--: step
INSERT INTO alembic_version (version_num) VALUES ('1975ea83b712') RETURNING alembic_version.version_num;
--: step
UPDATE alembic_version SET version_num='2' WHERE alembic_version.version_num = '1975ea83b712';
--: step
SELECT alembic_version.version_num FROM alembic_version;

-- Prisma
SELECT "public"."auth_user"."id", "public"."auth_user"."username" FROM "public"."auth_user" WHERE ("public"."auth_user"."id") IN (SELECT "t1"."user_id" FROM "public"."auth_user_groups" AS "t1" INNER JOIN "public"."auth_group" AS "j1" ON ("j1"."id") = ("t1"."group_id") WHERE ("j1"."name"::text LIKE '%2' AND "t1"."user_id" IS NOT NULL)) ORDER BY "public"."auth_user"."id" ASC OFFSET 0;

--: params p@example.org, x
--: types citext, text
INSERT INTO "public"."auth_user" ("email","username","password","is_superuser","first_name","is_active","date_joined") VALUES ($1,$2,'x',false,'f',true,'2024-01-01 00:00+00') RETURNING "public"."auth_user"."id", "public"."auth_user"."email";

INSERT INTO "public"."auth_group" ("id", "name") VALUES (<#1>, 'up') ON CONFLICT ("id") DO UPDATE SET "name" = 'up' WHERE ("public"."auth_group"."id" = <#1> AND 1=1) RETURNING "public"."auth_group"."id", "public"."auth_group"."name";

SELECT "t1"."id", "t1_comments"."__prisma_data__" AS "comments" FROM "public"."posts" AS "t1" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__prisma_data__"), '[]') AS "__prisma_data__" FROM (SELECT "t3"."__prisma_data__" FROM (SELECT JSONB_BUILD_OBJECT('id', "t2"."id", 'body', "t2"."body") AS "__prisma_data__", "t2"."id" FROM "public"."comments" AS "t2" WHERE "t1"."id" = "t2"."post_id" ORDER BY "t2"."id" ASC) AS "t3") AS "t4") AS "t1_comments" ON TRUE ORDER BY "t1"."id" LIMIT 3;

-- Sequelize
SELECT "invoiceId", "userId", "createdAt", "lineItems", "isPaid" FROM "Invoices" AS "Invoice" WHERE ("Invoice"."lineItems"#>>'{0,p}') = 'CANARY<k>' AND "Invoice"."isPaid" IS NOT TRUE ORDER BY "Invoice"."createdAt" DESC;

SELECT count(*) AS "count" FROM "Invoices" AS "Invoice" LEFT OUTER JOIN "auth_user" AS "User" ON "Invoice"."userId" = "User"."id";

INSERT INTO "Invoices" ("invoiceId","userId","createdAt","lineItems") VALUES (DEFAULT,1,'2024-01-01 00:00:00.000 +00:00','[]') RETURNING "invoiceId","userId","createdAt","lineItems","isPaid";

INSERT INTO "Invoices" ("userId","createdAt","isPaid") VALUES (<#1>,'2024-01-01 00:00:00.000 +00:00',true) ON CONFLICT ("userId","createdAt") DO UPDATE SET "isPaid"=EXCLUDED."isPaid" RETURNING *;

UPDATE "Invoices" SET "isPaid"=true,"createdAt"="createdAt" WHERE "invoiceId" = <#3> RETURNING "invoiceId","isPaid";

CREATE TABLE IF NOT EXISTS "SequelizeMeta" ("name" VARCHAR(255) NOT NULL UNIQUE, PRIMARY KEY ("name"));
--: step
INSERT INTO "SequelizeMeta" ("name") VALUES ('1.js') RETURNING "name";
--: step
SELECT "name" FROM "SequelizeMeta" AS "SequelizeMeta" ORDER BY "SequelizeMeta"."name" ASC;

-- TypeORM
SELECT "Invoice"."invoiceId" AS "Invoice_invoiceId", "Invoice"."lineItems" AS "Invoice_lineItems" FROM "Invoices" "Invoice" WHERE ((("Invoice"."userId" = <#2>) AND ("Invoice"."isPaid" = true))) LIMIT 1;

SELECT DISTINCT "distinctAlias"."p_id" AS "ids_p_id", "distinctAlias"."p_id" FROM (SELECT "p"."id" AS "p_id", "c"."id" AS "c_id" FROM "posts" "p" LEFT JOIN "comments" "c" ON "c"."post_id"="p"."id") "distinctAlias" ORDER BY "distinctAlias"."p_id" ASC, "p_id" ASC LIMIT 3;

INSERT INTO "auth_group"("id", "name") VALUES (DEFAULT, 'g') RETURNING "id";

-- Eloquent
select * from "comments" where "comments"."post_id" in ('cafe000<k>-0000-4000-8000-000000000001', 'cafe000<k>-0000-4000-8000-000000000002') and "comments"."post_id" is not null order by "id";

select "posts".*, (select count(*) from "comments" where "posts"."id" = "comments"."post_id") as "comments_count", exists(select * from "comments" where "posts"."id" = "comments"."post_id" and "likes" > 2) as "loved" from "posts" order by "id";

insert into "auth_group" ("id", "name") values (<#1>, 'x') on conflict ("id") do update set "name" = "excluded"."name";

update "comments" set "likes" = "likes" + 1 where "ctid" in (select "comments"."ctid" from "comments" where "likes" = 1 order by "id" asc limit 2);

delete from "comments" where "ctid" in (select "comments"."ctid" from "comments" inner join "posts" on "posts"."id" = "comments"."post_id" where "posts"."status" = 'draft' and not exists (select 1 from comments c2 where c2.parent_id = comments.id));

select * from "jobs" where "queue" = 'default' and "locked_by" is null order by "id" asc limit 1 for update skip locked;

-- Ecto
SELECT p0."id", p0."title", s1."n" FROM "posts" AS p0 INNER JOIN (SELECT sc0."post_id" AS "post_id", count(*) AS "n" FROM "comments" AS sc0 GROUP BY sc0."post_id") AS s1 ON s1."post_id" = p0."id" WHERE (p0."status" = 'published'::post_status) ORDER BY p0."id";

INSERT INTO "accounts" AS a0 ("owner_id","balance") VALUES (<#2>, 5), (<#3>, DEFAULT) ON CONFLICT DO NOTHING RETURNING "balance","owner_id";

UPDATE "posts" AS p0 SET "title" = sp1."username" FROM "auth_user" AS sp1 WHERE (sp1."id" = p0."author_id") AND (p0."status" = 'draft') RETURNING p0."title", p0."status";

DELETE FROM "comments" AS c0 USING "posts" AS p1 WHERE (p1."id" = c0."post_id") AND (p1."status" = 'draft') AND NOT EXISTS (SELECT 1 FROM comments x WHERE x.parent_id = c0.id) RETURNING c0."id";

CREATE TABLE IF NOT EXISTS "ecto_migrations" ("version" bigint, "inserted_at" timestamp(0), PRIMARY KEY ("version"));
--: step
--: error 25P01
LOCK TABLE "ecto_migrations" IN SHARE UPDATE EXCLUSIVE MODE;

-- job queues
UPDATE jobs SET locked_by = 'me', attempts = attempts + 1 WHERE id = (SELECT id FROM jobs WHERE queue = 'mail' AND locked_by IS NULL AND (run_at IS NULL OR run_at < '2400-01-01') ORDER BY priority DESC, id FOR UPDATE SKIP LOCKED LIMIT 1) RETURNING *;

WITH next AS MATERIALIZED (SELECT id FROM jobs WHERE locked_by IS NULL ORDER BY priority DESC, run_at NULLS FIRST, id LIMIT 2 FOR UPDATE SKIP LOCKED), taken AS (UPDATE jobs SET locked_by = 'w1' FROM next WHERE jobs.id = next.id RETURNING jobs.*) SELECT id, queue, payload FROM taken ORDER BY id;

DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE attempts = 0 ORDER BY id LIMIT 2) RETURNING jobs.id, jobs.payload ->> 'i';

LISTEN jobs;
--: step
SELECT pg_notify('other', 'x');
--: step
UNLISTEN jobs;

-- Flyway, Liquibase
CREATE TABLE IF NOT EXISTS "public"."flyway_schema_history" ("installed_rank" INT NOT NULL, "version" VARCHAR(50), "description" VARCHAR(200) NOT NULL, "script" VARCHAR(1000) NOT NULL, "checksum" INTEGER, "installed_on" TIMESTAMP NOT NULL DEFAULT now(), "success" BOOLEAN NOT NULL);
--: step
ALTER TABLE "public"."flyway_schema_history" ADD CONSTRAINT "flyway_schema_history_pk" PRIMARY KEY ("installed_rank");
--: step
CREATE INDEX "flyway_schema_history_s_idx" ON "public"."flyway_schema_history" ("success");
--: step
SELECT pg_try_advisory_xact_lock(77431708279161);
--: step
INSERT INTO "public"."flyway_schema_history" ("installed_rank", "version", "description", "script", "checksum", "success") VALUES (1, '1', 'init', 'V1.sql', 1, true);
--: step
SELECT "installed_rank","version","success" FROM "public"."flyway_schema_history" WHERE "installed_rank" > 0 ORDER BY "installed_rank";

CREATE TABLE databasechangeloglock (ID INTEGER NOT NULL, LOCKED BOOLEAN NOT NULL, LOCKGRANTED TIMESTAMP WITHOUT TIME ZONE, LOCKEDBY VARCHAR(255), CONSTRAINT databasechangeloglock_pkey PRIMARY KEY (ID));
--: step
DELETE FROM databasechangeloglock;
--: step
INSERT INTO databasechangeloglock (ID, LOCKED) VALUES (1, FALSE);
--: step
UPDATE databasechangeloglock SET LOCKED = TRUE, LOCKEDBY = 'me', LOCKGRANTED = NOW() WHERE ID = 1 AND LOCKED = FALSE;
--: step
SELECT LOCKED FROM databasechangeloglock WHERE ID=1;

-- patterns that an index tests again, and that may end in a backslash: the column gets a price
--: params %o%
SELECT "posts"."id", "posts"."title" FROM "posts" WHERE "posts"."title" LIKE $1 ORDER BY 2;

--: params %O%, x
SELECT title FROM posts WHERE title ILIKE $1 OR posts.title LIKE $2 ORDER BY 1;

--: params o
SELECT title FROM posts p WHERE p.title ILIKE '%' || $1 || '%' ORDER BY title;

SELECT title FROM posts WHERE title LIKE '%o%!%' ESCAPE '!' ORDER BY title;

--: params %o%
SELECT x.hit, count(*) FROM (SELECT title LIKE $1 AS hit FROM posts) x WHERE x.hit GROUP BY 1;

--: params %o%
SELECT title LIKE $1, count(*) FROM posts GROUP BY title LIKE $1 ORDER BY 1;

--: params %o%
UPDATE posts SET title = title || '.' WHERE title LIKE $1 RETURNING title;

SELECT title FROM posts WHERE title LIKE '%o\';

PREPARE titles (text) AS SELECT title FROM posts WHERE title LIKE $1 ORDER BY 1; EXECUTE titles ('%o%'); DEALLOCATE titles;

-- .. those that cannot, or whose last parameter is looked at when it is bound, do not
--: params o, %o%
SELECT title FROM posts WHERE title ILIKE '%' || $1 || '%' AND title LIKE $2 ORDER BY title;

--: params %O%
SELECT "posts"."id" FROM "posts" WHERE UPPER("posts"."title"::text) LIKE UPPER($1) ORDER BY 1;

SELECT "posts"."id" FROM "posts" WHERE UPPER("posts"."title"::text) LIKE UPPER('%o%') ORDER BY 1;

--: params o\
SELECT title FROM posts WHERE title ILIKE $1 || '%' OR body ILIKE '%' || $1 || '%' ORDER BY title;

--: params %o%
SELECT title FROM posts WHERE title ILIKE $1 OR body ILIKE $1 ORDER BY title;

--: params %o%
SELECT title FROM posts WHERE title LIKE $1 ESCAPE '' ORDER BY title;

--: params %o\\
SELECT title FROM posts WHERE title LIKE $1 ORDER BY title;

--: params null
SELECT title FROM posts WHERE title LIKE $1 OR title NOT ILIKE $1::varchar ORDER BY title;

--: params {%o%}
SELECT title FROM posts WHERE title LIKE ANY ($1::text[]) ORDER BY title;

--: params %o%
DELETE FROM posts WHERE title LIKE '%' || $1 RETURNING title;

-- an operator of an extension's name, over columns that are taken out of rows
SELECT t1.id FROM posts t1 WHERE (t1).author_id % 7 = ANY (SELECT 1 FROM "Invoices" t2) ORDER BY 1;

SELECT t1.id, (t1).author_id % 2 FROM posts t1 WHERE ((t1)).author_id % 7 IN (SELECT (t2).author_id % 7 FROM posts t2 WHERE (t2).author_id % 3 = (t1).author_id % 3) OR t1.author_id % 2 = 0 ORDER BY 1;

SELECT * FROM (SELECT t1.id FROM posts t1 WHERE (t1.author_id) % 7 IN (SELECT 1 FROM "Invoices" t2) FOR UPDATE) x ORDER BY 1;

SELECT t1.id FROM posts t1 WHERE (((SELECT count(*) FROM "Invoices" t7) % 7)) BETWEEN 0 AND 6 AND (SELECT max(t2.author_id) FROM posts t2 WHERE t2.id = t1.id) % 7 = t1.author_id % 7 ORDER BY 1;

-- more names than fit into a small list
SELECT (cardinality(ARRAY(SELECT (1)::bigint AS c0 FROM "Invoices" t14 JOIN "Invoices" t15 ON t14."invoiceId" = t15."invoiceId")))::bigint AS c0, ('a')::text AS c1 FROM (measurements t4 JOIN accounts AS t5 ON t4.sensor = t5.id) AS t1, (public.accounts AS t9 FULL JOIN auth_group t10 ON t9.id = t10.id) AS t6 WHERE ((t6.owner_id) = ANY (SELECT DISTINCT ON ((2)::bigint) (2)::bigint AS c0 FROM (documents t12 LEFT JOIN comments t13 ON t12.id = t13.likes) AS t11 ORDER BY 1) AND NOT ((NULL::boolean) < (NULL::boolean)));
