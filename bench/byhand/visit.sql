-- weight 5
\set customer random(1, 400)
BEGIN;
UPDATE users SET last_login = now() WHERE tenant_id = 1 AND id = :customer;
UPDATE notifications SET is_read = true WHERE tenant_id = 1 AND user_id = :customer AND NOT is_read;
INSERT INTO notifications (user_id, message, type, tenant_id) VALUES (:customer, 'Welcome back', 'info', 1);
DELETE FROM notifications WHERE tenant_id = 1 AND user_id = :customer AND type = 'info' AND is_read;
COMMIT;
