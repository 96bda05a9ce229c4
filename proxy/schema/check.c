/* `tenantry check` as text: per table what is there and what is missing, then the hazards. Changes nothing.
 */
#include "proxy/schema/examine.h"
#include "proxy/schema/schema.h"

#include <string.h>

static bool lacks(const struct plan *plan, const struct fact_table *table, enum need need)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->items[i].table == table && plan->items[i].need == need &&
			examine_is_missing(&plan->items[i]))
			return true;
	return false;
}

/* Partitions and children are their parents' matter, unless something is missing of their own. */
static bool is_worth_a_line(const struct plan *plan, const struct fact_table *table)
{
	if (!table->parent || !table->is_partition)
		return true;
	for (size_t i = 0; i < plan->n; i++)
		if (plan->items[i].table == table && examine_is_required(&plan->items[i]))
			return true;
	return false;
}

static const char *index_shown(const struct fact_table *table)
{
	for (size_t i = 0; i < table->n_indexes; i++)
		if (table->indexes[i].valid && table->indexes[i].whole)
			return table->indexes[i].name;
	return NULL;
}

static void print_table(const struct plan *plan, const struct fact_table *table, FILE *out)
{
	bool missing = false;
	const char *index = index_shown(table);
	for (int need = NEED_NOTHING + 1; need < N_NEEDS; need++)
		missing |= need != NEED_STATISTICS && lacks(plan, table, (enum need)need);
	fprintf(out, "   %s %-24s ", missing ? "❌" : "✅", table->shown);
	if (!table->has_column) {
		fprintf(out, "no column %s\n", table->column);
		return;
	}
	fprintf(out, "%s %s%s, default %s, %s, ", table->column, table->type,
			lacks(plan, table, NEED_COLUMN) ? " (!)" : "", table->default_text ? table->default_text : "none",
			table->not_null ? "not null" : "may be null (!)");
	fprintf(out, "%s, ", table->has_statistics ? "statistics" : "no statistics");
	fprintf(out,
			index                            ? "index %s"
			: lacks(plan, table, NEED_INDEX) ? "no index (!)"
											 : "index on its partitions",
			index);
	if (plan->settings->foreign_keys)
		fprintf(out, ", %s",
				!table->foreign_key        ? "no foreign key"
				: table->foreign_key_valid ? "foreign key"
										   : "foreign key not validated");
	if (lacks(plan, table, NEED_FOREIGN_KEY))
		fprintf(out, " (!)");
	fprintf(out, "%s%s%s\n", lacks(plan, table, NEED_UNIQUE) ? ", global unique keys (!)" : "",
			lacks(plan, table, NEED_TENANT_KEY) ? ", foreign keys without the tenant (!)" : "",
			lacks(plan, table, NEED_ROW_SECURITY) ? ", no row security (!)" : "");
}

static void print_tenants(const struct examination *examination, FILE *out)
{
	const struct fact_tenants *tenants = &examination->facts.tenants;
	const struct plan *plan = &examination->plan;
	bool table = tenants->exists && tenants->has_id, fits = table;
	for (size_t i = 0; i < plan->n; i++)
		fits &= !(plan->items[i].section == SECTION_TENANTS && plan->items[i].kind == ITEM_STOP);
	fprintf(out, "   %s table '%s'%s\n", fits ? "✅" : "❌", tenants->shown,
			!tenants->exists   ? ": missing"
			: !tenants->has_id ? ": no column id"
							   : "");
	fprintf(out, "   %s default tenant %s%s\n", tenants->default_there ? "✅" : "❌",
			plan->settings->default_tenant, tenants->default_there ? "" : ": missing");
}

/* What is wrong, in words: stops and warnings, and what the migration would do. */
static void print_findings(const struct plan *plan, FILE *out)
{
	bool title = false;
	for (size_t i = 0; i < plan->n; i++) {
		const struct item *item = &plan->items[i];
		if (item->kind != ITEM_STOP && item->kind != ITEM_WARNING)
			continue;
		if (!title)
			fprintf(out, "\nFindings\n");
		title = true;
		fprintf(out, "   %s %s\n", item->kind == ITEM_STOP ? "❌" : "⚠️ ", item->text);
		if (item->hint)
			fprintf(out, "      %s\n", item->hint);
	}
}

static size_t count_required(const struct plan *plan)
{
	size_t n = 0;
	for (size_t i = 0; i < plan->n; i++)
		n += examine_is_required(&plan->items[i]);
	return n;
}

static void print_check(const struct examination *examination, FILE *out)
{
	const struct plan *plan = &examination->plan;
	size_t missing = count_required(plan);
	fprintf(out, "CHECK of database %s, user %s\n\nTenants\n", examination->facts.database,
			examination->facts.user);
	print_tenants(examination, out);
	fprintf(out, "\nTables\n");
	for (size_t i = 0; i < examination->facts.n_tables; i++)
		if (is_worth_a_line(plan, &examination->facts.tables[i]))
			print_table(plan, &examination->facts.tables[i], out);
	for (size_t i = 0; i < examination->facts.n_missing; i++)
		fprintf(out, "   ❌ %-24s does not exist\n", examination->facts.missing[i]->name);
	print_findings(plan, out);
	examine_print_hazards(examination, out);
	if (missing)
		fprintf(
			out,
			"\n❌ NOT COMPLETE: %zu required item%s missing; `tenantry migrate --plan` shows how they come.\n",
			missing, missing == 1 ? " is" : "s are");
	else
		fprintf(out, "\n✅ COMPLETE\n");
	fflush(out);
}

bool schema_check(const char *conninfo, const struct schema_settings *settings, bool json, FILE *out,
				  bool *complete, struct error *error)
{
	struct examination examination;
	bool good = examine(&examination, conninfo, settings, error);
	if (good) {
		*complete = count_required(&examination.plan) == 0;
		if (json)
			examine_json_check(&examination, out, *complete);
		else
			print_check(&examination, out);
	}
	examine_close(&examination);
	return good;
}
