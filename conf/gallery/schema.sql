-- The gallery: the web shop of a painter, written for one shop on one database. This is its database as it stood on the day it
-- had to become multi-tenant: two of its thirteen tables (users, saas_sites) know tenants already, eleven do not.
-- Everything that such a shop has and that makes the move harder is here: unique keys meant for one shop, natural keys, triggers
-- that write other tables, views, one with a rule, a materialized view, functions that read tables, one with dynamic SQL, a
-- publication. surroundings.sql has what lives outside the database: a role that reads everything, a reader of the changes.
-- `tenantry check` names each.

CREATE FUNCTION slugify(title text) RETURNS text LANGUAGE sql IMMUTABLE
	AS $$ SELECT trim(both '-' from regexp_replace(lower(title), '[^a-z0-9]+', '-', 'g')) $$;

CREATE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.updated_at := now();
	RETURN NEW;
END
$$;

CREATE TABLE users (
	id            serial PRIMARY KEY,
	tenant_id     integer NOT NULL DEFAULT 1,
	name          varchar(120) NOT NULL,
	email         varchar(255) NOT NULL UNIQUE,
	password_hash text NOT NULL,
	role          varchar(20) NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'admin', 'partenaire')),
	address       jsonb,
	newsletter    boolean NOT NULL DEFAULT false,
	last_login    timestamptz,
	created_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE paintings (
	id            serial PRIMARY KEY,
	name          varchar(200) NOT NULL,
	slug          text GENERATED ALWAYS AS (slugify(name)) STORED,
	description   text,
	technique     varchar(60),
	category      varchar(60) NOT NULL,
	year          smallint CHECK (year BETWEEN 1900 AND 2999),
	width_cm      numeric(6,1),
	height_cm     numeric(6,1),
	price         numeric(10,2) NOT NULL CHECK (price >= 0),
	quantity      integer NOT NULL DEFAULT 1 CHECK (quantity >= 0),
	images        text[] NOT NULL DEFAULT '{}',
	status        varchar(20) NOT NULL DEFAULT 'available' CHECK (status IN ('available', 'reserved', 'sold', 'hidden')),
	display_order integer NOT NULL DEFAULT 0,
	created_at    timestamptz NOT NULL DEFAULT now(),
	updated_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX paintings_category ON paintings (category, display_order);
CREATE INDEX paintings_search ON paintings USING gin (to_tsvector('english', name || ' ' || coalesce(description, '')));

CREATE TABLE carts (
	id            serial PRIMARY KEY,
	user_id       integer REFERENCES users (id) ON DELETE CASCADE,
	session_token uuid UNIQUE,
	created_at    timestamptz NOT NULL DEFAULT now(),
	updated_at    timestamptz NOT NULL DEFAULT now(),
	CHECK (user_id IS NOT NULL OR session_token IS NOT NULL)
);
CREATE UNIQUE INDEX carts_one_per_user ON carts (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE cart_items (
	id            serial PRIMARY KEY,
	cart_id       integer NOT NULL REFERENCES carts (id) ON DELETE CASCADE,
	painting_id   integer NOT NULL REFERENCES paintings (id),
	quantity      integer NOT NULL DEFAULT 1 CHECK (quantity > 0),
	added_at      timestamptz NOT NULL DEFAULT now(),
	UNIQUE (cart_id, painting_id)
);

CREATE TABLE orders (
	id            serial PRIMARY KEY,
	user_id       integer NOT NULL REFERENCES users (id),
	order_number  varchar(30) NOT NULL UNIQUE,
	order_date    date NOT NULL DEFAULT current_date,
	status        varchar(20) NOT NULL DEFAULT 'pending'
		CHECK (status IN ('pending', 'paid', 'shipped', 'delivered', 'cancelled', 'refunded')),
	total_price   numeric(12,2) NOT NULL DEFAULT 0,
	shipping      jsonb NOT NULL DEFAULT '{}',
	created_at    timestamptz NOT NULL DEFAULT now(),
	updated_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX orders_user ON orders (user_id, order_date DESC);

CREATE TABLE order_items (
	id            serial PRIMARY KEY,
	order_id      integer NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
	painting_id   integer NOT NULL REFERENCES paintings (id),
	quantity      integer NOT NULL CHECK (quantity > 0),
	price         numeric(10,2) NOT NULL
);
CREATE INDEX order_items_order ON order_items (order_id);

CREATE TABLE favorites (
	user_id       integer NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	painting_id   integer NOT NULL REFERENCES paintings (id) ON DELETE CASCADE,
	created_at    timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (user_id, painting_id)
);

CREATE TABLE notifications (
	id            bigserial PRIMARY KEY,
	user_id       integer REFERENCES users (id) ON DELETE CASCADE,
	message       text NOT NULL,
	type          varchar(40) NOT NULL DEFAULT 'info',
	url           text,
	is_read       boolean NOT NULL DEFAULT false,
	created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX notifications_unread ON notifications (user_id) WHERE NOT is_read;

CREATE TABLE exhibitions (
	id            serial PRIMARY KEY,
	title         varchar(200) NOT NULL,
	location      varchar(200) NOT NULL,
	venue_details text,
	start_date    date NOT NULL,
	end_date      date,
	opening       time,
	image         text,
	description   text,
	CHECK (end_date IS NULL OR end_date >= start_date)
);

CREATE TABLE custom_requests (
	id            integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	client_name   varchar(120) NOT NULL,
	client_email  varchar(255) NOT NULL,
	project_type  varchar(60) NOT NULL,
	description   text NOT NULL,
	budget        numeric(10,2),
	deadline      date,
	status        varchar(20) NOT NULL DEFAULT 'new' CHECK (status IN ('new', 'quoted', 'accepted', 'done', 'refused')),
	created_at    timestamptz NOT NULL DEFAULT now()
);

-- One row a setting: the natural key of a shop that is alone on its database.
CREATE TABLE settings (
	key           varchar(100) PRIMARY KEY,
	value         text,
	updated_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE stripe_events (
	id            text PRIMARY KEY,
	type          text NOT NULL,
	payload       jsonb NOT NULL,
	order_id      integer REFERENCES orders (id) ON DELETE SET NULL,
	received_at   timestamptz NOT NULL DEFAULT now(),
	processed     boolean NOT NULL DEFAULT false
);
CREATE INDEX stripe_events_payload ON stripe_events USING gin (payload jsonb_path_ops);

-- Sites like this one, sold to other artists: half migrated by hand once, hence the tenant_id that may be NULL.
CREATE TABLE saas_sites (
	id            serial PRIMARY KEY,
	user_id       integer NOT NULL REFERENCES users (id),
	site_name     varchar(120) NOT NULL,
	final_domain  varchar(255) UNIQUE,
	sandbox_url   text,
	status        varchar(30) NOT NULL DEFAULT 'pending_approval',
	stripe_session_id text,
	tenant_id     integer,
	created_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TRIGGER paintings_updated BEFORE UPDATE ON paintings FOR EACH ROW EXECUTE FUNCTION set_updated_at();
CREATE TRIGGER carts_updated BEFORE UPDATE ON carts FOR EACH ROW EXECUTE FUNCTION set_updated_at();
CREATE TRIGGER orders_updated BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION set_updated_at();

-- The customer hears of every change of the order's state: a trigger on one tenant table that writes another.
CREATE FUNCTION notify_order_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO notifications (user_id, message, type, url)
	VALUES (NEW.user_id, format('Order %s is now %s', NEW.order_number, NEW.status), 'order', '/orders/' || NEW.id);
	RETURN NULL;
END
$$;
CREATE TRIGGER orders_status AFTER UPDATE OF status ON orders FOR EACH ROW
	WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION notify_order_status();

CREATE VIEW catalogue AS
	SELECT p.id, p.name, p.slug, p.category, p.technique, p.year, p.price, p.images[1] AS image, count(f.user_id) AS favorites
	FROM paintings p LEFT JOIN favorites f ON f.painting_id = p.id
	WHERE p.status = 'available' AND p.quantity > 0
	GROUP BY p.id;

CREATE VIEW order_summaries AS
	SELECT o.id AS order_id, o.order_number, o.order_date, o.status, u.name AS customer, u.email,
		   coalesce(sum(i.quantity), 0) AS pieces, coalesce(sum(i.quantity * i.price), 0) AS amount
	FROM orders o JOIN users u ON u.id = o.user_id LEFT JOIN order_items i ON i.order_id = o.id
	GROUP BY o.id, u.id;

-- Who unsubscribes is kept, and no longer written to: a rule, which the server applies after everybody has looked at the statement.
CREATE VIEW newsletter AS SELECT u.id, u.name, u.email FROM users u WHERE u.newsletter;
CREATE RULE newsletter_unsubscribe AS ON DELETE TO newsletter DO INSTEAD UPDATE users SET newsletter = false WHERE id = OLD.id;

CREATE MATERIALIZED VIEW monthly_sales AS
	SELECT date_trunc('month', o.order_date)::date AS month, count(DISTINCT o.id) AS orders, sum(i.quantity * i.price) AS revenue
	FROM orders o JOIN order_items i ON i.order_id = o.id
	WHERE o.status NOT IN ('cancelled', 'refunded')
	GROUP BY 1
	WITH NO DATA;

CREATE FUNCTION cart_total(cart integer) RETURNS numeric LANGUAGE sql STABLE
	AS $$ SELECT coalesce(sum(i.quantity * p.price), 0) FROM cart_items i JOIN paintings p ON p.id = i.painting_id WHERE i.cart_id = cart $$;

-- Dynamic SQL: nobody can tell from its text which tables it reads.
CREATE FUNCTION row_count(table_name text) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE format('SELECT count(*) FROM %I', table_name) INTO n;
	RETURN n;
END
$$;

-- The mailing service follows the customers: a publication that names its columns, where the server can do that (15 and later).
DO $$
BEGIN
	SET LOCAL client_min_messages = error;   -- a server without wal_level = logical takes it too, with a warning
	EXECUTE 'CREATE PUBLICATION mailing FOR TABLE users'
		|| CASE WHEN current_setting('server_version_num')::integer >= 150000 THEN ' (id, name, email, newsletter)' ELSE '' END;
END
$$;
