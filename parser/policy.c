/* The built-in policy: what an unconfigured tenantry does. Documented in conf/tenantry.conf. */
#include "parser/policy.h"

void policy_defaults(struct policy *policy)
{
	*policy = (struct policy){
		.id = 1,
		.mode = MODE_ENFORCE,
		.tenant_setting = "app.tenant_id",
		.tenant_column = "tenant_id",
		.tenant_type = TENANT_INTEGER,
		.default_tenant = "1",
		.tenants_schema = "public",
		.tenants_table = "tenants",
		.hide_tenant_column = true,
		.ddl = DDL_SAFE,
		.new_tables = NEW_TABLES_TENANT,
		.truncate_as_delete = true,
		.max_statement_bytes = 16 * 1024 * 1024,
		.max_depth = 1000,
		.max_edits = 2000000,
		.max_rows = 1000000,
	};
}
