-- The shop's accounts: registering, logging in, profiles, administration.

-- login, as the shop sends it
--: params user3@CANARY<k>.example
SELECT id, name, email, password_hash, role FROM users WHERE email = $1;

-- login of somebody unknown
--: params nobody@CANARY<k>.example
SELECT id, name, email, password_hash, role FROM users WHERE email = $1;

-- login without regard to case
--: params USER4@canary<k>.EXAMPLE
SELECT id, email FROM users WHERE lower(email) = lower($1);

-- the whole account
--: params <#5>
SELECT * FROM users WHERE id = $1;

-- register
--: params Zoe, zoe@CANARY<k>.example, hash, user
INSERT INTO users (name, email, password_hash, role) VALUES ($1, $2, $3, $4) RETURNING id;

-- register an address that is taken
--: error 23505
--: params Zoe, user5@CANARY<k>.example, hash
INSERT INTO users (name, email, password_hash) VALUES ($1, $2, $3) RETURNING id;

-- register an address that another tenant has: an own database would not know
INSERT INTO users (name, email, password_hash) VALUES ('Same', 'user5@CANARY9.example', 'h') RETURNING id, name, email, role, newsletter;

-- register, quietly if taken
INSERT INTO users (name, email, password_hash) VALUES ('Zoe', 'user5@CANARY<k>.example', 'h') ON CONFLICT (email) DO NOTHING RETURNING id;

-- register or take over
INSERT INTO users (name, email, password_hash) VALUES ('Zoe', 'user6@CANARY<k>.example', 'h')
ON CONFLICT (email) DO UPDATE SET name = EXCLUDED.name, password_hash = EXCLUDED.password_hash RETURNING id, name, email;

-- not null
--: error 23502
INSERT INTO users (name, email) VALUES ('x', 'x@example.org');

-- check
--: error 23514
INSERT INTO users (name, email, password_hash, role) VALUES ('x', 'x@example.org', 'h', 'emperor');

-- last login
--: params <#7>
UPDATE users SET last_login = now() WHERE id = $1;

-- profile
UPDATE users SET name = 'Alice B.', address = jsonb_set(coalesce(address, '{}'), '{city}', '"Lyon"') WHERE id = <#4> RETURNING id, name, address;

-- profile, and everything back
UPDATE users SET newsletter = NOT newsletter WHERE id = <#4> RETURNING *;

-- new password only with the old one
UPDATE users SET password_hash = 'new' WHERE id = <#4> AND password_hash = 'hash CANARY<k> 4';

-- somebody else's id
UPDATE users SET name = 'taken over' WHERE id = 307700004;

-- administrators
SELECT id, email FROM users WHERE role = 'admin' ORDER BY id;

-- list of customers with number of orders
SELECT u.id, u.name, u.email, count(o.id) AS orders, coalesce(sum(o.total_price), 0) AS spent, max(o.order_date) AS last_order
FROM users u LEFT JOIN orders o ON o.user_id = u.id AND o.status NOT IN ('cancelled', 'refunded')
GROUP BY u.id ORDER BY spent DESC, u.id;

-- the same with everything of the user
SELECT u.*, count(o.id) AS orders FROM users u LEFT JOIN orders o ON o.user_id = u.id GROUP BY u.id ORDER BY u.id;

-- page two
SELECT id, name FROM users ORDER BY id LIMIT 10 OFFSET 10;

-- how many
SELECT COUNT(*) FROM users;

-- by role
SELECT role, count(*) FROM users GROUP BY role HAVING count(*) > 1 ORDER BY 2 DESC, 1;

-- search
--: params %ice%
SELECT id, name FROM users WHERE name ILIKE $1 OR email ILIKE $1 ORDER BY name, id;

-- newsletter addresses
SELECT string_agg(email, ', ' ORDER BY email) FROM users WHERE newsletter;

-- cities
SELECT address->>'city' AS city, count(*) FROM users WHERE address ? 'city' GROUP BY 1 ORDER BY 1;

-- delete an account that has nothing
DELETE FROM users WHERE id = <#21>;

-- delete an account with orders
--: error 23503
DELETE FROM users WHERE id = <#2>;

-- delete all that is somebody else's
DELETE FROM users WHERE id > <#9999>;

-- delete what is left
DELETE FROM users u WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id) AND NOT EXISTS (SELECT 1 FROM saas_sites s WHERE s.user_id = u.id) RETURNING u.id, u.email;

-- promoted
UPDATE users SET role = CASE role WHEN 'user' THEN 'partenaire' ELSE role END WHERE id IN (<#3>, <#4>, <#14>) RETURNING id, role;
