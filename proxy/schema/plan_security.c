/* The optional phase row_security: policies on the session's tenant, forced for the owner too; see
 * plan_keys.h.
 *
 * Policies of one command are joined by OR if permissive and by AND if restrictive. Ours is restrictive, so
 * that no policy of the application's can widen it; where there is no other one, a permissive one lets
 * everything through to it. */
#include <string.h>

#include "proxy/schema/plan_keys.h"
#include "proxy/schema/sql.h"

static struct item *security_step(struct plan *plan, enum section section, const struct fact_table *table)
{
	struct item *item = plan_add(plan, ITEM_TRANSACTION, section, table);
	item->need = section == SECTION_ROW_SECURITY ? NEED_ROW_SECURITY : NEED_NOTHING;
	item->lock = "ACCESS EXCLUSIVE";
	item->lock_first = table->qualified;
	item->seconds = 0.001;
	item->right = plan_ownership(plan, table->owner);
	return item;
}

/* What the policies were made for; another setting makes them anew. */
static const char *wanted_comment(struct plan *plan, const struct fact_table *table)
{
	/* "was off" is what down goes back to. It is remembered from the first time on. */
	bool was_off =
		table->policy_comment ? strstr(table->policy_comment, "was off") != NULL : !table->row_security;
	return arena_format(plan->arena, FACTS_COMMENT "tenant in %s; row security was %s",
						plan->settings->tenant_setting, was_off ? "off" : "on");
}

static bool protects(struct plan *plan, const struct fact_table *table)
{
	return table->has_our_policy && table->row_security && table->force_row_security &&
		   table->policy_comment && strcmp(table->policy_comment, wanted_comment(plan, table)) == 0;
}

static void create_policies(struct plan *plan, const struct fact_table *table)
{
	struct arena *arena = plan->arena;
	const char *condition =
		arena_format(arena, "%s = %s", table->column_quoted, plan_session_tenant(arena, plan->settings));
	struct item *item = security_step(plan, SECTION_ROW_SECURITY, table);
	item->text =
		arena_format(arena, "Row security of '%s' by %s", table->shown, plan->settings->tenant_setting);
	if (table->has_our_policy)
		plan_statement(plan, item,
					   arena_format(arena, "DROP POLICY tenantry_tenant ON %s", table->qualified));
	plan_statement(plan, item,
				   arena_format(arena, "DROP POLICY IF EXISTS tenantry_permit ON %s", table->qualified));
	plan_statement(
		plan, item,
		arena_format(arena, "CREATE POLICY tenantry_tenant ON %s AS RESTRICTIVE USING (%s) WITH CHECK (%s)",
					 table->qualified, condition, condition));
	if (!table->has_policies)
		plan_statement(
			plan, item,
			arena_format(arena, "CREATE POLICY tenantry_permit ON %s USING (true)", table->qualified));
	plan_statement(plan, item,
				   arena_format(arena, "COMMENT ON POLICY tenantry_tenant ON %s IS %s", table->qualified,
								sql_literal(arena, wanted_comment(plan, table))));
	plan_statement(plan, item,
				   arena_format(arena, "ALTER TABLE %s ENABLE ROW LEVEL SECURITY", table->qualified));
	plan_statement(plan, item,
				   arena_format(arena, "ALTER TABLE %s FORCE ROW LEVEL SECURITY", table->qualified));
}

void plan_row_security(struct plan *plan)
{
	for (size_t i = 0; i < plan->facts->n_tables; i++) {
		const struct fact_table *table = &plan->facts->tables[i];
		/* A partition that is named directly is asked for its own policies. */
		if ((table->kind != 'r' && table->kind != 'p') ||
			(table->has_column && !plan_column_fits(plan, table)))
			continue;
		if (protects(plan, table))
			plan_add(plan, ITEM_PRESENT, SECTION_ROW_SECURITY, table)->text =
				arena_format(plan->arena, "Row security of '%s' already there", table->shown);
		else if (!table->owned)
			plan_complain(plan, ITEM_WARNING, SECTION_ROW_SECURITY, NEED_ROW_SECURITY, table, "01000",
						  arena_format(plan->arena, "'%s' has no row security, and belongs to %s",
									   table->shown, table->owner),
						  plan_ownership(plan, table->owner));
		else
			create_policies(plan, table);
	}
}

void plan_drop_policies(struct plan *plan, const struct fact_table *table)
{
	struct arena *arena = plan->arena;
	if (!table->has_our_policy)
		return;
	bool was_off = table->policy_comment && strstr(table->policy_comment, "was off");
	struct item *item = security_step(plan, SECTION_DOWN, table);
	item->text = arena_format(arena, "Row security of '%s' taken back", table->shown);
	plan_statement(plan, item, arena_format(arena, "DROP POLICY tenantry_tenant ON %s", table->qualified));
	plan_statement(plan, item,
				   arena_format(arena, "DROP POLICY IF EXISTS tenantry_permit ON %s", table->qualified));
	plan_statement(plan, item,
				   arena_format(arena, "ALTER TABLE %s NO FORCE ROW LEVEL SECURITY", table->qualified));
	if (was_off)
		plan_statement(plan, item,
					   arena_format(arena, "ALTER TABLE %s DISABLE ROW LEVEL SECURITY", table->qualified));
}
