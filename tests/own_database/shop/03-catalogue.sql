-- The catalogue's pages.

-- home page
SELECT id, name, price, images FROM paintings WHERE status = 'available' AND quantity > 0 ORDER BY display_order, id LIMIT 12;

-- all of it
SELECT * FROM paintings ORDER BY id DESC;

-- one painting
--: params <#9>
SELECT * FROM paintings WHERE id = $1;

-- by slug
--: params harbour-1-canary<k>
SELECT id, name, slug FROM paintings WHERE slug = $1;

-- categories
SELECT DISTINCT category FROM paintings WHERE status <> 'hidden' ORDER BY category;

-- categories with numbers and prices
SELECT category, COUNT(*) AS n, MIN(price) AS cheapest, MAX(price) AS dearest, AVG(price)::numeric(12,2) AS average, SUM(quantity) FROM paintings GROUP BY category ORDER BY category;

-- one category
--: params landscape
--: types text
SELECT id, name FROM paintings WHERE category = $1 ORDER BY display_order, id;

-- favourites and sales beside each painting
SELECT p.id, p.name, COUNT(DISTINCT f.user_id) AS favorites, COUNT(DISTINCT oi.order_id) AS orders
FROM paintings p LEFT JOIN favorites f ON f.painting_id = p.id LEFT JOIN order_items oi ON p.id = oi.painting_id
GROUP BY p.id, p.name ORDER BY p.id;

-- everything of the painting and a count
SELECT p.*, count(f.*) AS n FROM paintings p LEFT JOIN favorites f ON f.painting_id = p.id GROUP BY p.id ORDER BY p.id LIMIT 5;

-- is it my favourite
SELECT p.id, p.name, (f.user_id IS NOT NULL) AS favorite FROM paintings p LEFT JOIN favorites f ON f.painting_id = p.id AND f.user_id = <#2> ORDER BY p.id;

-- related ones
SELECT q.id, q.name FROM paintings p JOIN paintings q ON q.category = p.category AND q.id <> p.id WHERE p.id = <#3> ORDER BY abs(q.price - p.price), q.id LIMIT 4;

-- price range
--: params <k>77005, <k>77015
SELECT id, price FROM paintings WHERE price BETWEEN $1 AND $2 ORDER BY price;

-- words
SELECT id, name FROM paintings WHERE to_tsvector('english', name || ' ' || coalesce(description, '')) @@ plainto_tsquery('english', 'quiet sunset') ORDER BY id;

-- with rank
SELECT id, ts_rank(to_tsvector('english', name), q) AS rank FROM paintings, plainto_tsquery('english', 'harbour') q WHERE to_tsvector('english', name) @@ q ORDER BY rank DESC, id;

-- the view of the catalogue
SELECT * FROM catalogue ORDER BY id;

-- the view, filtered and joined
SELECT c.id, c.name, c.favorites, p.quantity FROM catalogue c JOIN paintings p USING (id) WHERE c.category = 'portrait' ORDER BY c.favorites DESC, c.id;

-- sizes
SELECT id, width_cm || ' x ' || coalesce(height_cm::text, '?') AS size, width_cm * height_cm AS area FROM paintings WHERE width_cm > 40 ORDER BY id;

-- images, one a row
SELECT p.id, i.image, i.n FROM paintings p CROSS JOIN LATERAL unnest(p.images) WITH ORDINALITY AS i(image, n) WHERE p.id < <#4> ORDER BY p.id, i.n;

-- dearest of each category
SELECT DISTINCT ON (category) category, id, price FROM paintings ORDER BY category, price DESC;

-- rank within the category
SELECT id, category, rank() OVER (PARTITION BY category ORDER BY price DESC) AS place, price - lag(price) OVER (ORDER BY price) AS step FROM paintings ORDER BY id;

-- next and previous
SELECT (SELECT max(id) FROM paintings WHERE id < p.id) AS previous, (SELECT min(id) FROM paintings WHERE id > p.id) AS next FROM paintings p WHERE p.id = <#1>;

-- new painting
--: params New work CANARY<k>, oil, abstract, 250.00, {a.jpg}
INSERT INTO paintings (name, technique, category, price, images) VALUES ($1, $2, $3, $4, $5) RETURNING id, slug, status, display_order;

-- new paintings, several
INSERT INTO paintings (name, category, price, quantity) VALUES ('One', 'ink', 10, 1), ('Two', 'ink', 20, 2), ('Three', 'ink', 30, DEFAULT) RETURNING id, name, quantity;

-- a price below zero
--: error 23514
INSERT INTO paintings (name, category, price) VALUES ('x', 'y', -1);

-- wrong type
--: error 22P02
INSERT INTO paintings (name, category, price) VALUES ('x', 'y', 'cheap');

-- too long
--: error 22001
INSERT INTO paintings (name, category, price) VALUES (repeat('x', 201), 'y', 1);

-- change
UPDATE paintings SET price = price * 1.1, status = 'reserved' WHERE id = <#5> RETURNING id, price, status, updated_at > created_at AS newer;

-- sold
UPDATE paintings SET quantity = quantity - 1, status = CASE WHEN quantity - 1 = 0 THEN 'sold' ELSE status END WHERE id = <#6> AND quantity >= 1 RETURNING quantity, status;

-- stock below zero
--: error 23514
UPDATE paintings SET quantity = quantity - 100 WHERE id = <#6>;

-- new order of display
UPDATE paintings p SET display_order = v.position FROM (VALUES (<#1>, 3), (<#2>, 1), (<#3>, 2)) AS v(id, position) WHERE v.id = p.id RETURNING p.id, p.display_order;

-- by rank
UPDATE paintings p SET display_order = r.place FROM (SELECT id, row_number() OVER (ORDER BY price, id) AS place FROM paintings) r WHERE r.id = p.id;

-- everything ten per cent less
UPDATE paintings SET price = round(price * 0.9, 2);

-- delete one that is in carts
--: error 23503
DELETE FROM paintings WHERE id = <#8>;

-- delete those that nobody wants
DELETE FROM paintings p WHERE NOT EXISTS (SELECT FROM favorites f WHERE f.painting_id = p.id) AND NOT EXISTS (SELECT FROM order_items i WHERE i.painting_id = p.id)
	AND p.id NOT IN (SELECT painting_id FROM cart_items) RETURNING id;

-- set and unset a favourite
INSERT INTO favorites (user_id, painting_id) VALUES (<#20>, <#1>) ON CONFLICT DO NOTHING;

-- a favourite twice
INSERT INTO favorites (user_id, painting_id) SELECT user_id, painting_id FROM favorites ORDER BY 1, 2 LIMIT 1 ON CONFLICT (user_id, painting_id) DO NOTHING RETURNING user_id;

DELETE FROM favorites WHERE user_id = <#2> RETURNING painting_id;

-- my favourites
SELECT p.id, p.name, f.created_at FROM favorites f JOIN paintings p ON p.id = f.painting_id WHERE f.user_id = <#2> ORDER BY f.created_at DESC, p.id;

-- what others like who like what I like
SELECT f2.painting_id, count(*) FROM favorites f1 JOIN favorites f2 ON f2.user_id = f1.user_id AND f2.painting_id <> f1.painting_id
WHERE f1.painting_id IN (SELECT painting_id FROM favorites WHERE user_id = <#2>) GROUP BY 1 ORDER BY 2 DESC, 1;

-- exhibitions to come
SELECT id, title, location, start_date, end_date FROM exhibitions WHERE coalesce(end_date, start_date) >= current_date ORDER BY start_date;

-- exhibitions by year
SELECT extract(year FROM start_date)::int AS year, array_agg(title ORDER BY start_date) FROM exhibitions GROUP BY 1 ORDER BY 1;

-- exhibitions that overlap
SELECT a.id, b.id FROM exhibitions a JOIN exhibitions b ON a.id < b.id AND daterange(a.start_date, a.end_date, '[]') && daterange(b.start_date, b.end_date, '[]') ORDER BY 1, 2;

INSERT INTO exhibitions (title, location, start_date, end_date, opening) VALUES ('New', 'Lyon', '2026-03-01', '2026-03-20', '19:00') RETURNING *;

--: error 23514
INSERT INTO exhibitions (title, location, start_date, end_date) VALUES ('New', 'Lyon', '2026-03-20', '2026-03-01');

UPDATE exhibitions SET end_date = start_date + 10 WHERE end_date IS NULL RETURNING id, start_date, end_date;
