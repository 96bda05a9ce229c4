-- What the client programs work on. Owned by the application's user; one database of it per client and way.
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');

CREATE TABLE items (
	id       serial PRIMARY KEY,
	name     text NOT NULL UNIQUE,
	price    numeric(10,2) NOT NULL DEFAULT 1,
	stock    integer NOT NULL DEFAULT 0 CHECK (stock >= 0),
	tags     text[] NOT NULL DEFAULT '{}',
	data     jsonb,
	created  timestamptz NOT NULL DEFAULT '2025-01-02 03:04:05+00'
);

CREATE TABLE orders (
	id       serial PRIMARY KEY,
	item_id  integer NOT NULL REFERENCES items (id),
	quantity integer NOT NULL,
	note     text
);

CREATE TABLE kinds (
	id       integer PRIMARY KEY,
	b        boolean,
	i2       smallint,
	i4       integer,
	i8       bigint,
	f4       real,
	f8       double precision,
	n        numeric,
	t        text,
	v        varchar(20),
	c        char(5),
	by       bytea,
	d        date,
	tm       time,
	ts       timestamp,
	tz       timestamptz,
	iv       interval,
	u        uuid,
	j        json,
	jb       jsonb,
	ip       inet,
	ia       integer[],
	ta       text[],
	r        int4range,
	m        mood,
	p        point
);

CREATE TABLE big (id integer PRIMARY KEY, body text, raw bytea);

CREATE FUNCTION add_em(a integer, b integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT a + b';

INSERT INTO items (name, price, stock, tags, data)
SELECT 'item ' || i, i * 1.25, i % 7, ARRAY['t' || i % 3, 'x'], jsonb_build_object('n', i, 'even', i % 2 = 0)
FROM generate_series(1, 50) i;
INSERT INTO orders (item_id, quantity, note)
SELECT 1 + i * 7 % 50, 1 + i % 4, CASE WHEN i % 3 = 0 THEN NULL ELSE 'note ' || i END FROM generate_series(1, 120) i;
INSERT INTO kinds VALUES (1, true, -32768, 2147483647, 9223372036854775807, 1.5, -2.25e100, 12345678901234567890.123456789,
	'héllo wörld ☃', 'varying', 'ab', '\x00ff10', '2024-02-29', '23:59:59.5', '1999-12-31 23:59:59.123456',
	'2025-06-01 12:00:00+02', '1 year 2 mons 3 days 04:05:06.7', '6f1d3a52-0000-4000-8000-00000000abcd', '{"a": [1, 2]}',
	'{"b": null, "a": "ü"}', '192.168.0.1/24', '{1,NULL,3}', '{"a b","c,d",NULL}', '[1,10)', 'happy', '(1.5,-2)');
INSERT INTO kinds (id) VALUES (2);
INSERT INTO big SELECT 1, repeat('0123456789', 50000), decode(repeat('00ff', 100000), 'hex');
