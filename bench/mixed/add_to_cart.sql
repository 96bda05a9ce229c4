-- weight 8
\set cart random(1, 200)
\set painting random(1, 300)
INSERT INTO cart_items (cart_id, painting_id, quantity) VALUES (:cart, :painting, 1) ON CONFLICT (cart_id, painting_id) DO UPDATE SET quantity = 1 + cart_items.quantity % 5 RETURNING id, quantity;
