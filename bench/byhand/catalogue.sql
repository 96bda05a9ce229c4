-- weight 30
\set page random(0, 9)
SELECT p.id, p.name, p.slug, p.price, p.images[1] AS image, count(f.user_id) AS favorites FROM paintings p LEFT JOIN favorites f ON f.tenant_id = 1 AND f.painting_id = p.id WHERE p.tenant_id = 1 AND p.status = 'available' AND p.display_order >= :page GROUP BY p.id ORDER BY p.display_order, p.id LIMIT 12;
