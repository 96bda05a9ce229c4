-- weight 15
\set cart random(1, 200)
SELECT ci.id, ci.quantity, p.name, p.price, ci.quantity * p.price AS amount FROM carts c JOIN cart_items ci ON ci.cart_id = c.id JOIN paintings p ON p.id = ci.painting_id WHERE c.tenant_id = 1 AND ci.tenant_id = 1 AND p.tenant_id = 1 AND c.id = :cart ORDER BY ci.added_at, ci.id;
