-- After the migration: what was unique for one tenant is widened.
ALTER TABLE auth_user DROP CONSTRAINT auth_user_username_key, ADD CONSTRAINT auth_user_username_key UNIQUE (:"t", username);
ALTER TABLE categories DROP CONSTRAINT categories_name_key, ADD CONSTRAINT categories_name_key UNIQUE (:"t", name);
ALTER TABLE bookings DROP CONSTRAINT no_overlap, ADD CONSTRAINT no_overlap EXCLUDE USING gist (:"t" WITH =, room WITH =, during WITH &&);
