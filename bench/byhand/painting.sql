-- weight 25
\set painting random(1, 300)
SELECT id, name, slug, description, technique, category, year, width_cm, height_cm, price, quantity, images, status, display_order, created_at, updated_at FROM paintings WHERE tenant_id = 1 AND id = :painting;
