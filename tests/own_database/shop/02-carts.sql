-- The shop's carts: the tables of the seed's errors.

-- cart lookup before the shop knew tenants
--: params <#4>
SELECT id FROM carts WHERE user_id = $1;

-- cart lookup of the seed, with the tenant
--: visible
--: params <#4>, <tenant!>
SELECT id FROM carts WHERE user_id = $1 AND tenant_id = $2;

-- the same with the tenant as a literal
--: visible
SELECT id FROM carts WHERE user_id = <#6> AND tenant_id = <tenant>;

-- the tenant first
--: visible
SELECT c.id, c.user_id FROM carts AS c WHERE c.tenant_id = <tenant> AND c.user_id = <#6>;

-- cart lookup for another tenant finds nothing
--: visible
SELECT id FROM carts WHERE user_id = <#6> AND tenant_id = <other>;

-- cart insert before the shop knew tenants
--: params <#1>
INSERT INTO carts (user_id) VALUES ($1) RETURNING id;

-- cart insert of the seed, with the tenant
--: visible
--: params <#1>, <tenant!>
INSERT INTO carts (user_id, tenant_id) VALUES ($1, $2) RETURNING id;

-- the same with a literal
--: visible
INSERT INTO carts (user_id, tenant_id) VALUES (<#3>, <tenant>) RETURNING id, user_id, tenant_id;

-- cart insert for another tenant
--: visible
--: refused 42501
INSERT INTO carts (user_id, tenant_id) VALUES (<#3>, <other>);

-- cart insert for another tenant, as a parameter
--: visible
--: refused 42501
--: params <#3>, <other!>
INSERT INTO carts (user_id, tenant_id) VALUES ($1, $2) RETURNING id;

-- a visitor's cart
INSERT INTO carts (session_token) VALUES ('cafe000<k>-0000-4000-8000-00000000abcd') RETURNING id, session_token;

-- a visitor comes back
--: params cafe000<k>-0000-4000-8000-000000000010
SELECT id, user_id, session_token FROM carts WHERE session_token = $1;

-- the visitor logs in: the cart is the user's now
UPDATE carts SET user_id = <#1>, session_token = NULL WHERE session_token = 'cafe000<k>-0000-4000-8000-000000000010' RETURNING id, user_id;

-- a second cart for one user
--: error 23505
INSERT INTO carts (user_id) VALUES (<#4>);

-- no second cart for one user
INSERT INTO carts (user_id) VALUES (<#4>) ON CONFLICT (user_id) WHERE user_id IS NOT NULL DO UPDATE SET updated_at = now() RETURNING id;

-- neither user nor session
--: error 23514
INSERT INTO carts DEFAULT VALUES;

-- cart of a user who does not exist
--: error 23503
INSERT INTO carts (user_id) VALUES (1);

-- what is in the cart
--: params <#2>
SELECT ci.id, ci.quantity, p.id AS painting_id, p.name, p.price, p.images[1] AS image, ci.quantity * p.price AS subtotal
FROM cart_items ci JOIN paintings p ON p.id = ci.painting_id WHERE ci.cart_id = $1 ORDER BY ci.added_at, ci.id;

-- the same in one go from the user
SELECT c.id, ci.painting_id, ci.quantity FROM carts c JOIN cart_items ci ON ci.cart_id = c.id WHERE c.user_id = <#4> ORDER BY ci.id;

-- totals
SELECT c.id, count(ci.id) AS lines, coalesce(sum(ci.quantity), 0) AS pieces, coalesce(sum(ci.quantity * p.price), 0) AS total
FROM carts c LEFT JOIN cart_items ci ON ci.cart_id = c.id LEFT JOIN paintings p ON p.id = ci.painting_id GROUP BY c.id ORDER BY c.id;

-- number shown beside the basket
SELECT COALESCE(SUM(quantity), 0) FROM cart_items WHERE cart_id = (SELECT id FROM carts WHERE user_id = <#4> LIMIT 1);

-- add to the cart, or one more of it
--: params <#2>, <#28>, 1
INSERT INTO cart_items (cart_id, painting_id, quantity) VALUES ($1, $2, $3)
ON CONFLICT (cart_id, painting_id) DO UPDATE SET quantity = cart_items.quantity + EXCLUDED.quantity RETURNING id, quantity;

-- one more of what is there
INSERT INTO cart_items (cart_id, painting_id, quantity) SELECT cart_id, painting_id, 2 FROM cart_items WHERE id = <#1>
ON CONFLICT (cart_id, painting_id) DO UPDATE SET quantity = cart_items.quantity + EXCLUDED.quantity RETURNING *;

-- change the quantity
--: params 5, <#1>, <#2>
UPDATE cart_items SET quantity = $1 WHERE id = $2 AND cart_id = $3;

-- nothing in it
--: error 23514
UPDATE cart_items SET quantity = 0 WHERE id = <#1>;

-- take out
DELETE FROM cart_items WHERE id = <#1> AND cart_id IN (SELECT id FROM carts WHERE user_id = <#4>);

-- take out, with USING
DELETE FROM cart_items ci USING carts c WHERE c.id = ci.cart_id AND c.user_id = <#4> RETURNING ci.id, ci.painting_id, c.user_id;

-- empty the cart
DELETE FROM cart_items WHERE cart_id = <#3>;

-- the cart goes and takes its lines
DELETE FROM carts WHERE id = <#3>;

-- abandoned carts
SELECT c.id, u.email FROM carts c INNER JOIN users u ON c.user_id = u.id
WHERE EXISTS (SELECT 1 FROM cart_items i WHERE i.cart_id = c.id) AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id AND o.created_at > c.updated_at) ORDER BY c.id;

-- carts without lines
SELECT c.id FROM carts c LEFT JOIN cart_items i ON i.cart_id = c.id WHERE i.id IS NULL;

-- a visitor's lines go over to the user's cart
WITH moved AS (DELETE FROM cart_items WHERE cart_id = <#10> RETURNING painting_id, quantity)
INSERT INTO cart_items (cart_id, painting_id, quantity) SELECT <#1>, painting_id, quantity FROM moved ORDER BY painting_id
ON CONFLICT (cart_id, painting_id) DO UPDATE SET quantity = cart_items.quantity + EXCLUDED.quantity;

-- what is in a cart and sold out
SELECT ci.id FROM cart_items ci WHERE ci.quantity > (SELECT p.quantity FROM paintings p WHERE p.id = ci.painting_id) ORDER BY 1;

-- the shop's own function
SELECT cart_total(<#2>);

-- the whole cart as JSON
SELECT json_build_object('cart', c.id, 'lines', (SELECT json_agg(json_build_object('painting', i.painting_id, 'quantity', i.quantity) ORDER BY i.id)
	FROM cart_items i WHERE i.cart_id = c.id)) FROM carts c WHERE c.user_id = <#4>;

-- emptying the carts: cart_items refers to them
--: error 0A000
TRUNCATE carts;

-- both at once
TRUNCATE cart_items, carts;
