-- What surrounds the gallery's database on its server and knows nothing of tenants. Run as a superuser, in the database, on a server with
-- wal_level = logical.

-- The accountant's reports connect past the application, and past every policy.
DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'accounting') THEN
		CREATE ROLE accounting LOGIN BYPASSRLS PASSWORD 'accounting';
	END IF;
END
$$;
GRANT SELECT ON users, orders, order_items TO accounting;

-- The search engine's feed reads every change from the write-ahead log.
SELECT count(pg_create_logical_replication_slot('search_feed', 'pgoutput')) AS "slots made";
