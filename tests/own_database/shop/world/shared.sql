-- What the shop's owner changes before a second tenant comes: keys that were meant for a shop that is alone.
ALTER TABLE settings DROP CONSTRAINT settings_pkey, ADD CONSTRAINT settings_pkey PRIMARY KEY (:"t", key);
ALTER TABLE users DROP CONSTRAINT users_email_key, ADD CONSTRAINT users_email_key UNIQUE (:"t", email);
ALTER TABLE orders DROP CONSTRAINT orders_order_number_key, ADD CONSTRAINT orders_order_number_key UNIQUE (:"t", order_number);
