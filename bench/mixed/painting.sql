-- weight 25
\set painting random(1, 300)
SELECT * FROM paintings WHERE id = :painting;
