-- weight 5
\set customer random(1, 400)
BEGIN;
UPDATE users SET last_login = now() WHERE id = :customer;
UPDATE notifications SET is_read = true WHERE user_id = :customer AND NOT is_read;
INSERT INTO notifications (user_id, message, type) VALUES (:customer, 'Welcome back', 'info');
DELETE FROM notifications WHERE user_id = :customer AND type = 'info' AND is_read;
COMMIT;
