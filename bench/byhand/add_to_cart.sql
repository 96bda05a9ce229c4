-- weight 8
\set cart random(1, 200)
\set painting random(1, 300)
INSERT INTO cart_items (cart_id, painting_id, quantity, tenant_id) VALUES (:cart, :painting, 1, 1) ON CONFLICT (cart_id, painting_id) DO UPDATE SET quantity = 1 + cart_items.quantity % 5 WHERE cart_items.tenant_id = 1 RETURNING id, quantity;
