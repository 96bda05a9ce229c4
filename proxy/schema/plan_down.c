/* The way back: only what the migration created, and only while no row has another tenant than the default
 * one.
 *
 * What it created carries a comment of ours; everything else stays. Before a column goes, the rows are looked
 * at again under the lock that keeps new ones out. Columns and indexes of tables that had theirs already
 * stay. */
#include <string.h>

#include "proxy/schema/plan_keys.h"
#include "proxy/schema/sql.h"

static struct item *down_step(struct plan *plan, enum item_kind kind, const struct fact_table *table,
							  const char *lock)
{
	struct item *item = plan_add(plan, kind, SECTION_DOWN, table);
	item->lock = lock;
	item->seconds = 0.001;
	item->right = table ? plan_ownership(plan, table->owner) : NULL;
	return item;
}

/* Two conditions, each answered by an index on the column at once. */
static const char *others_text(struct plan *plan, const char *table, const char *column)
{
	const char *tenant =
		plan_constant(plan->arena, plan->settings->tenant_type, plan->settings->default_tenant);
	return arena_format(plan->arena,
						"EXISTS (SELECT FROM %s WHERE %s < %s) OR EXISTS (SELECT FROM %s WHERE %s > %s)",
						table, column, tenant, table, column, tenant);
}

static const char *refuse_others(struct plan *plan, const char *table, const char *column)
{
	const char *message =
		sql_literal(plan->arena, arena_format(plan->arena, "%s has rows of other tenants", table));
	return arena_format(plan->arena,
						"DO $tenantry$BEGIN IF %s THEN RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = "
						"%s; END IF; END$tenantry$",
						others_text(plan, table, column), message);
}

static void drop_column(struct plan *plan, const struct fact_table *table)
{
	struct arena *arena = plan->arena;
	struct item *item = down_step(plan, ITEM_TRANSACTION, table, "ACCESS EXCLUSIVE");
	item->lock_first = table->qualified;
	item->text = arena_format(arena, "Column %s dropped from '%s'", table->column, table->shown);
	item->hint = "What refers to the column (a view, say) must be changed first.";
	plan_statement(plan, item,
				   arena_format(arena, "LOCK TABLE %s IN ACCESS EXCLUSIVE MODE", table->qualified));
	plan_statement(plan, item, refuse_others(plan, table->qualified, table->column_quoted));
	plan_statement(
		plan, item,
		arena_format(arena, "ALTER TABLE %s DROP COLUMN %s", table->qualified, table->column_quoted));
}

/* Whether everything that is attached to a partitioned index is ours: it would go with it. */
static bool all_attached_are_ours(const struct plan *plan, uint32_t index)
{
	for (size_t i = 0; i < plan->facts->n_tables; i++)
		for (size_t k = 0; k < plan->facts->tables[i].n_indexes; k++) {
			const struct fact_index *attached = &plan->facts->tables[i].indexes[k];
			if (attached->parent == index && (!attached->ours || !all_attached_are_ours(plan, attached->oid)))
				return false;
		}
	return true;
}

/* An index of a partitioned table cannot be dropped concurrently. */
static void drop_partitioned_index(struct plan *plan, const struct fact_table *table,
								   const struct fact_index *index)
{
	if (!all_attached_are_ours(plan, index->oid)) {
		plan_complain(plan, ITEM_WARNING, SECTION_DOWN, NEED_NOTHING, table, "01000",
					  arena_format(plan->arena,
								   "index '%s' of '%s' stays: indexes of others are attached to it",
								   index->name, table->shown),
					  "Drop it by hand, if none of them is needed.");
		return;
	}
	struct item *item = down_step(plan, ITEM_TRANSACTION, table, "ACCESS EXCLUSIVE");
	item->lock_first = table->qualified;
	item->text = arena_format(plan->arena, "Index '%s' dropped, with those of the partitions", index->name);
	plan_statement(plan, item, arena_format(plan->arena, "DROP INDEX %s", index->qualified));
}

/* A column that was there before stays; what we added to it goes. */
static void strip_column(struct plan *plan, const struct fact_table *table)
{
	struct arena *arena = plan->arena;
	if (table->foreign_key && !table->foreign_key_inherited && table->foreign_key_ours) {
		struct item *item = down_step(plan, ITEM_TRANSACTION, table, "ACCESS EXCLUSIVE");
		item->lock_first = table->qualified;
		item->text = arena_format(arena, "Foreign key of '%s' dropped", table->shown);
		plan_statement(plan, item,
					   arena_format(arena, "ALTER TABLE %s DROP CONSTRAINT %s", table->qualified,
									sql_identifier(arena, table->foreign_key)));
	}
	for (size_t i = 0; i < table->n_indexes; i++) {
		const struct fact_index *index = &table->indexes[i];
		if (!index->ours || index->unique || index->parent)
			continue;
		if (table->kind == 'p') {
			drop_partitioned_index(plan, table, index);
			continue;
		}
		struct item *item = down_step(plan, ITEM_CONCURRENTLY, table, "SHARE UPDATE EXCLUSIVE");
		item->text = arena_format(arena, "Index '%s' dropped", index->name);
		plan_statement(plan, item, arena_format(arena, "DROP INDEX CONCURRENTLY %s", index->qualified));
	}
}

static void restore_keys(struct plan *plan)
{
	const struct fact_keys *keys = plan->facts->keys;
	for (size_t i = 0; i < keys->n_references; i++) {
		const struct fact_reference *reference = &keys->references[i];
		bool with_key = false;
		for (size_t k = 0; k < keys->n_keys; k++)
			with_key |=
				keys->keys[k].oid == reference->key && facts_has_comment(keys->keys[k].comment, KEYS_WIDENED);
		if (reference->paired && facts_has_comment(reference->comment, KEYS_WIDENED) && !with_key)
			plan_swap_reference(plan, reference, KEY_NARROW, SECTION_DOWN);
	}
	for (size_t i = 0; i < keys->n_keys; i++)
		if (keys->keys[i].has_tenant && facts_has_comment(keys->keys[i].comment, KEYS_WIDENED))
			plan_swap_key(plan, &keys->keys[i], KEY_NARROW, SECTION_DOWN);
	for (size_t i = 0; i < keys->n_keys; i++) {
		if (!facts_has_comment(keys->keys[i].comment, KEYS_FOR_REFERENCES))
			continue;
		struct item *item = down_step(plan, ITEM_CONCURRENTLY, keys->keys[i].table, "SHARE UPDATE EXCLUSIVE");
		item->text = arena_format(plan->arena, "Index '%s' dropped", keys->keys[i].name);
		plan_statement(plan, item,
					   arena_format(plan->arena, "DROP INDEX CONCURRENTLY %s", keys->keys[i].qualified));
	}
}

static void drop_tenants(struct plan *plan)
{
	const struct fact_tenants *tenants = &plan->facts->tenants;
	if (!tenants->exists || !tenants->ours)
		return;
	struct item *item = down_step(plan, ITEM_TRANSACTION, NULL, "ACCESS EXCLUSIVE");
	item->text = arena_format(plan->arena, "Table '%s' dropped", tenants->shown);
	item->hint = "What refers to the table must be changed first.";
	plan_statement(plan, item,
				   arena_format(plan->arena, "LOCK TABLE %s IN ACCESS EXCLUSIVE MODE", tenants->qualified));
	plan_statement(plan, item, refuse_others(plan, tenants->qualified, "id"));
	plan_statement(plan, item, arena_format(plan->arena, "DROP TABLE %s", tenants->qualified));
}

void plan_down(struct plan *plan, struct facts *facts, const struct schema_settings *settings)
{
	*plan = (struct plan){.arena = &facts->arena, .facts = facts, .settings = settings};
	for (size_t i = 0; i < facts->n_tables; i++)
		plan_drop_policies(plan, &facts->tables[i]);
	restore_keys(plan);
	plan_validate_narrowed(plan);
	for (size_t i = 0; i < facts->n_tables; i++) {
		const struct fact_table *table = &facts->tables[i];
		const struct fact_table *parent = facts_table(facts, table->parent);
		if (!table->has_column || (parent && parent->ours))
			continue;
		if (table->ours && !table->inherited)
			drop_column(plan, table);
		else
			strip_column(plan, table);
	}
	drop_tenants(plan);
}

static bool ask_others(struct plan *plan, PGconn *connection, const char *table, const char *column,
					   bool *others, struct error *error)
{
	PGresult *result = sql_query(
		connection, arena_format(plan->arena, "SELECT %s", others_text(plan, table, column)), 0, NULL, error);
	if (result)
		*others = sql_bool(result, 0, 0);
	PQclear(result);
	return result != NULL;
}

bool plan_down_allowed(struct plan *plan, PGconn *connection, struct error *error)
{
	const struct facts *facts = plan->facts;
	const char *names = "";
	bool others = false;
	for (size_t i = 0; i < facts->n_tables; i++) {
		const struct fact_table *table = &facts->tables[i];
		if (!table->has_column || !table->ours || table->parent ||
			(table->force_row_security && !facts->superuser))
			continue;
		if (!ask_others(plan, connection, table->qualified, table->column_quoted, &others, error))
			return false;
		if (others)
			names = arena_format(plan->arena, "%s%s%s", names, *names ? ", " : "", table->qualified);
	}
	if (facts->tenants.exists && facts->tenants.ours) {
		if (!ask_others(plan, connection, facts->tenants.qualified, "id", &others, error))
			return false;
		if (others)
			names = arena_format(plan->arena, "%s%s%s", names, *names ? ", " : "", facts->tenants.qualified);
	}
	if (!*names)
		return true;
	error_set(error, "55000", "the migration cannot be taken back: there are other tenants than %s",
			  plan->settings->default_tenant);
	error_detail(error,
				 "They have rows in %s. Without the tenant column nobody could tell whose rows these are.",
				 names);
	error_hint(error, "Export and delete the other tenants' rows first.");
	return false;
}
