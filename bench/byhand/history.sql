-- weight 12
\set customer random(1, 400)
SELECT o.id, o.order_number, o.order_date, o.status, o.total_price, (SELECT count(*) FROM order_items i WHERE i.tenant_id = 1 AND i.order_id = o.id) AS pieces FROM orders o WHERE o.tenant_id = 1 AND o.user_id = :customer ORDER BY o.order_date DESC, o.id LIMIT 20;
