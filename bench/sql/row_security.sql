-- The other way to isolate: policies on a setting of the session, for the tables' owner too.
DO $$
DECLARE
	t text;
BEGIN
	FOR t IN SELECT relname FROM pg_class
			 WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'tenants' LOOP
		EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
		EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
		EXECUTE format('CREATE POLICY tenant ON %I USING (tenant_id = current_setting(''app.tenant_id'')::integer)', t);
		EXECUTE format('ALTER TABLE %I ALTER tenant_id SET DEFAULT current_setting(''app.tenant_id'')::integer', t);
	END LOOP;
END
$$;
