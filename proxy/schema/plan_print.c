/* `tenantry migrate --plan`: what would be done, with SQL, locks, sizes and estimated times, and the hazards.
 * Changes nothing. */
#include "proxy/schema/examine.h"
#include "proxy/schema/instance.h"
#include "proxy/schema/plan_keys.h"
#include "proxy/schema/schema.h"

static const char *const titles[N_SECTIONS] = {
	[SECTION_TENANTS] = "Table of tenants",
	[SECTION_DEFAULT_TENANT] = "Default tenant",
	[SECTION_COLUMNS] = "Columns",
	[SECTION_INDEXES] = "Indexes",
	[SECTION_FOREIGN_KEYS] = "Foreign keys to the tenants",
	[SECTION_UNIQUE] = "Unique keys",
	[SECTION_TENANT_KEYS] = "Foreign keys between tenant tables",
	[SECTION_ROW_SECURITY] = "Row-level security",
	[SECTION_DOWN] = "Down",
};

static void print_step(const struct examination *examination, const struct item *item, int number, FILE *out)
{
	struct arena *arena = examination->plan.arena;
	fprintf(out, "  %d. %s\n     lock: %s", number, item->text, item->lock ? item->lock : "none");
	if (item->table)
		fprintf(out, "; size: %s", examine_size(arena, item->bytes));
	if (item->table && item->rows >= 0)
		fprintf(out, ", about %lld rows", (long long)item->rows);
	fprintf(out, "; estimate: %s%s\n", examine_duration(arena, item->seconds),
			item->gate ? "; before the first client" : "; in the background");
	bool transaction = item->kind == ITEM_TRANSACTION && (item->n_statements > 1 || item->lock_first);
	if (transaction)
		fprintf(out, "       BEGIN;\n");
	if (transaction && item->lock_first)
		fprintf(out, "       LOCK TABLE %s IN SHARE UPDATE EXCLUSIVE MODE;\n", item->lock_first);
	if (transaction)
		fprintf(out, "       SET LOCAL lock_timeout TO %u;\n", examination->plan.settings->lock_timeout);
	for (int i = 0; i < item->n_statements; i++)
		fprintf(out, "       %s;%s\n", item->statements[i],
				item->kind == ITEM_BACKFILL ? "  -- in batches" : "");
	if (transaction)
		fprintf(out, "       COMMIT;\n");
	for (int i = 0; i < 2; i++)
		if (item->index_finish[i])
			fprintf(out, "       %s;\n", item->index_finish[i]);
}

static void print_other(const struct item *item, FILE *out)
{
	if (item->kind != ITEM_WARNING && item->kind != ITEM_STOP)
		return;
	fprintf(out, "  %s %s\n", item->kind == ITEM_STOP ? "❌" : "⚠️ ", item->text);
	if (item->hint)
		fprintf(out, "     %s\n", item->hint);
}

static void print_items(const struct examination *examination, FILE *out)
{
	const struct plan *plan = &examination->plan;
	int number = 0, section = -1;
	for (size_t i = 0; i < plan->n; i++) {
		const struct item *item = &plan->items[i];
		if (item->kind == ITEM_PRESENT)
			continue;
		if (section != (int)item->section)
			fprintf(out, "\n%s\n", titles[item->section]);
		section = (int)item->section;
		if (plan_is_step(item))
			print_step(examination, item, ++number, out);
		else
			print_other(item, out);
	}
}

bool examine_down(const char *conninfo, const struct schema_settings *settings, FILE *out,
				  struct error *error)
{
	struct examination examination = {.connection = instance_connect(conninfo, "tenantry down", error)};
	bool good =
		examination.connection && facts_load(&examination.facts, examination.connection, settings, error) &&
		(examination.facts.keys || facts_load_keys(&examination.facts, examination.connection, error));
	if (good) {
		struct error refusal;
		facts_sizes(&examination.facts, examination.connection);
		plan_down(&examination.plan, &examination.facts, settings);
		fprintf(out, "WAY BACK for database %s: %zu steps. Nothing is changed.\n", examination.facts.database,
				plan_steps(&examination.plan, false));
		print_items(&examination, out);
		if (!plan_down_allowed(&examination.plan, examination.connection, &refusal))
			fprintf(out, "\n❌ It would stop at once: %s\n   %s\n", refusal.message, refusal.detail);
		fflush(out);
	}
	examine_close(&examination);
	return good;
}

bool schema_plan(const char *conninfo, const struct schema_settings *settings, FILE *out, struct error *error)
{
	struct examination examination;
	bool good = examine(&examination, conninfo, settings, error);
	if (good) {
		struct plan *plan = &examination.plan;
		size_t steps = plan_steps(plan, false), gate = plan_steps(plan, true);
		double seconds = 0;
		for (size_t i = 0; i < plan->n; i++)
			seconds += plan_is_step(&plan->items[i]) ? plan->items[i].seconds : 0;
		fprintf(
			out,
			"PLAN for database %s: %zu steps (%zu before the first client), about %s. Nothing is changed.\n",
			examination.facts.database, steps, gate, examine_duration(plan->arena, seconds));
		print_items(&examination, out);
		examine_print_hazards(&examination, out);
		struct error stops;
		if (!plan_may_run(plan, &stops))
			fprintf(out, "\n❌ The migration would stop at once: %s\n", stops.message);
		else if (!steps)
			fprintf(out, "\n✅ Nothing to do.\n");
		fflush(out);
	}
	examine_close(&examination);
	return good;
}
