/* The part of the plan that gives every configured table its tenant column; see plan.h.
 *
 * A column that is there and of the right type is adopted. New ones are added with a constant default:
 * PostgreSQL 11 and later store it once, so the table is not rewritten and the lock lasts a moment, whatever
 * the size. Never with REFERENCES: that would read the table under the lock.
 *
 * Not touched but reported: views, foreign tables, tables of an extension, typed tables. Stops: a column of
 * another type, tables of another owner, a partition without its root. */
#include <stdio.h>
#include <string.h>

#include "proxy/schema/plan.h"
#include "proxy/schema/sql.h"

static void stop(struct plan *plan, const struct fact_table *table, const char *sqlstate, const char *text,
				 const char *hint)
{
	plan_complain(plan, ITEM_STOP, SECTION_COLUMNS, table ? NEED_COLUMN : NEED_TABLE, table, sqlstate, text,
				  hint);
}

static void warn(struct plan *plan, const struct fact_table *table, enum need need, const char *text,
				 const char *hint)
{
	plan_complain(plan, ITEM_WARNING, SECTION_COLUMNS, need, table, "01000", text, hint);
}

static const char *kind_name(char kind)
{
	switch (kind) {
	case 'v':
		return "a view";
	case 'm':
		return "a materialized view";
	case 'f':
		return "a foreign table";
	case 'S':
		return "a sequence";
	case 'i':
	case 'I':
		return "an index";
	case 'c':
		return "a composite type";
	default:
		return "not an ordinary table";
	}
}

/* Reported, not touched. */
static bool is_left_alone(struct plan *plan, const struct fact_table *table)
{
	struct arena *arena = plan->arena;
	if (table->kind != 'r' && table->kind != 'p') {
		/* A foreign table under a partitioned one gets the column with it; there is nothing else to do for it
		 * here. */
		if (table->parent)
			return true;
		warn(plan, table, NEED_NOTHING,
			 arena_format(arena, "'%s' is %s and is not touched", table->shown, kind_name(table->kind)),
			 "Take it out of `tables`; what is read through it is guarded by the tables below it.");
		return true;
	}
	if (!table->has_column && table->extension) {
		warn(plan, table, NEED_COLUMN,
			 arena_format(arena, "'%s' belongs to the extension %s and is not touched", table->shown,
						  table->extension),
			 "Take it out of `tables`, or add it to `shared`.");
		return true;
	}
	if (!table->has_column && table->typed) {
		warn(plan, table, NEED_COLUMN,
			 arena_format(arena, "'%s' is a typed table and is not touched", table->shown),
			 "Alter its type: ALTER TYPE .. ADD ATTRIBUTE .. CASCADE.");
		return true;
	}
	return false;
}

/* A type of ours that the settings can name, or what else helps. */
static const char *other_type_hint(struct plan *plan, const struct fact_table *table)
{
	for (int type = TENANT_INTEGER; type <= TENANT_TEXT; type++)
		if (tenant_type_oid((enum tenant_type)type) == table->type_oid)
			return arena_format(
				plan->arena, "Set tenant_type = %s, or give the table another tenant column: %s(other_name).",
				table->type, table->qualified);
	return arena_format(
		plan->arena,
		"Change its type (ALTER TABLE %s ALTER COLUMN %s TYPE %s;), or give the table another "
		"tenant column: %s(other_name).",
		table->qualified, table->column_quoted, tenant_type_name(plan->settings->tenant_type),
		table->qualified);
}

/* What keeps the run from starting. */
static bool is_impossible(struct plan *plan, const struct fact_table *table)
{
	struct arena *arena = plan->arena;
	const char *wanted = tenant_type_name(plan->settings->tenant_type);
	if (table->has_column && table->type_oid != tenant_type_oid(plan->settings->tenant_type))
		stop(plan, table, "42804",
			 arena_format(arena,
						  "the column %s of table %s is of type %s, but the tenant column is of type %s",
						  table->column_quoted, table->qualified, table->type, wanted),
			 other_type_hint(plan, table));
	else if (table->has_column && (table->generated || table->identity))
		stop(plan, table, "428C9",
			 arena_format(arena, "the column %s of table %s is %s: it cannot hold the tenant",
						  table->column_quoted, table->qualified,
						  table->generated ? "a generated column" : "an identity column"),
			 "Name another tenant column for the table.");
	else if (!table->has_column && table->is_partition && !table->parent)
		stop(plan, table, "42P16",
			 arena_format(arena, "%s is a partition: a column can be added to its root only",
						  table->qualified),
			 "Configure the partitioned table in its place; its partitions follow.");
	/* The column would come to the foreign table too, and be asked for on the other server, which has none.
	 */
	else if (!table->has_column && !table->parent && plan_has_foreign_child(plan, table))
		stop(plan, table, "42809",
			 arena_format(arena,
						  "%s has a foreign table among its %s: with a new column, reading it would fail",
						  table->qualified, table->kind == 'p' ? "partitions" : "children"),
			 arena_format(
				 arena,
				 "Add the column to the table on the other server first, then: ALTER TABLE %s ADD COLUMN %s "
				 "%s NOT NULL DEFAULT %s;",
				 table->qualified, table->column_quoted, wanted,
				 plan_constant(arena, plan->settings->tenant_type, plan->settings->default_tenant)));
	else if (!table->owned && !(table->parent && table->is_partition) &&
			 (!table->has_column || (!table->not_null && !table->parent)))
		stop(plan, table, "42501",
			 arena_format(arena, "must be owner of table %s to give it the tenant column", table->qualified),
			 arena_format(arena, "The owner is %s: %s (or connect as its owner with migration_url)",
						  table->owner, plan_ownership(plan, table->owner)));
	else
		return false;
	return true;
}

static struct item *column_step(struct plan *plan, enum item_kind kind, enum need need,
								const struct fact_table *table, const char *lock)
{
	struct item *item = plan_add(plan, kind, SECTION_COLUMNS, table);
	item->gate = true;
	item->need = need;
	item->lock = lock;
	item->right = plan_ownership(plan, table->owner);
	item->lock_first = table->qualified;
	return item;
}

static void add_column(struct plan *plan, const struct fact_table *table)
{
	struct arena *arena = plan->arena;
	const struct schema_settings *settings = plan->settings;
	const char *constant = plan_constant(arena, settings->tenant_type, settings->default_tenant);
	const char *wanted = plan_default(plan);
	struct item *item = column_step(plan, ITEM_TRANSACTION, NEED_COLUMN, table, "ACCESS EXCLUSIVE");
	item->seconds = 0.001;
	item->text = arena_format(arena, "Column %s added to '%s'", table->column, table->shown);
	plan_statement(plan, item,
				   arena_format(arena, "ALTER TABLE %s ADD COLUMN %s %s NOT NULL DEFAULT %s",
								table->qualified, table->column_quoted,
								tenant_type_name(settings->tenant_type), constant));
	/* Existing rows get the constant; what an expression gives is for new ones. */
	if (!wanted)
		plan_statement(plan, item,
					   arena_format(arena, "ALTER TABLE %s ALTER COLUMN %s DROP DEFAULT", table->qualified,
									table->column_quoted));
	else if (strcmp(wanted, constant) != 0)
		plan_statement(plan, item,
					   arena_format(arena, "ALTER TABLE %s ALTER COLUMN %s SET DEFAULT %s", table->qualified,
									table->column_quoted, wanted));
	plan_statement(plan, item,
				   arena_format(arena, "COMMENT ON COLUMN %s.%s IS '" FACTS_COMMENT "added by the migration'",
								table->qualified, table->column_quoted));
}

/* A default of our own making, by any settings that could have made it. */
static bool is_our_default(const struct plan *plan, const char *text)
{
	struct schema_settings settings = *plan->settings;
	struct plan other = *plan;
	other.settings = &settings;
	for (int i = 0; i < 4; i++) {
		settings.contract = i & 1;
		settings.server_default = i & 2 ? SERVER_DEFAULT_SETTING : SERVER_DEFAULT_CONSTANT;
		if (plan_default_same(text, plan_default(&other)))
			return true;
	}
	return false;
}

/* The default follows the settings where it is ours, or where a column that may be NULL has none. Anybody
 * else's is left. */
static void plan_column_default(struct plan *plan, const struct fact_table *table)
{
	struct arena *arena = plan->arena;
	const char *wanted = plan_default(plan);
	if (plan_default_same(table->default_text, wanted))
		return;
	if (!table->default_text && table->not_null && !table->ours)
		return;
	if (table->default_text && !is_our_default(plan, table->default_text)) {
		warn(plan, table, NEED_NOTHING,
			 arena_format(arena, "the default of %s in '%s' is %s, and is left so", table->column,
						  table->shown, table->default_text),
			 "Rows that are written past tenantry get it as their tenant.");
		return;
	}
	if (!table->owned) {
		warn(plan, table, NEED_DEFAULT,
			 arena_format(arena, "the default of %s in '%s' cannot be changed: not the owner", table->column,
						  table->shown),
			 plan_ownership(plan, table->owner));
		return;
	}
	struct item *item = column_step(plan, ITEM_TRANSACTION, NEED_DEFAULT, table, "ACCESS EXCLUSIVE");
	item->seconds = 0.001;
	item->text =
		wanted ? arena_format(arena, "Default of %s in '%s' set to %s", table->column, table->shown, wanted)
			   : arena_format(arena, "Default of %s in '%s' dropped", table->column, table->shown);
	plan_statement(plan, item,
				   wanted ? arena_format(arena, "ALTER TABLE %s ALTER COLUMN %s SET DEFAULT %s",
										 table->qualified, table->column_quoted, wanted)
						  : arena_format(arena, "ALTER TABLE %s ALTER COLUMN %s DROP DEFAULT",
										 table->qualified, table->column_quoted));
}

/* --- a column that may be NULL --- */

/* UPDATE would fire the application's triggers: what they write is not ours to change. */
static bool triggers_forbid(struct plan *plan, const struct fact_table *table)
{
	bool silenced =
		table->always_triggers == 0 && (table->update_triggers == 0 || plan->facts->may_silence_triggers);
	if (silenced)
		return false;
	stop(plan, table, "55000",
		 arena_format(plan->arena, "filling %s of '%s' would fire its triggers for UPDATE", table->column,
					  table->shown),
		 arena_format(plan->arena, "%s fill it yourself: UPDATE %s SET %s = %s WHERE %s IS NULL;",
					  table->always_triggers
						  ? "Its ALWAYS or REPLICA triggers cannot be silenced:"
						  : arena_format(plan->arena,
										 "GRANT SET ON PARAMETER session_replication_role TO %s; (PostgreSQL "
										 "15), migrate as a superuser, or",
										 sql_identifier(plan->arena, plan->facts->user)),
					  table->qualified, table->column_quoted,
					  plan_constant(plan->arena, plan->settings->tenant_type, plan->settings->default_tenant),
					  table->column_quoted));
	return true;
}

static void backfill(struct plan *plan, const struct fact_table *table)
{
	struct arena *arena = plan->arena;
	struct item *item = column_step(plan, ITEM_BACKFILL, NEED_NOT_NULL, table, "ROW EXCLUSIVE");
	item->seconds = (double)(table->rows > 0 ? table->rows : table->bytes / 100) / 20000;
	item->text =
		arena_format(arena, "Empty %s of '%s' set to the default tenant", table->column, table->shown);
	plan_statement(
		plan, item,
		arena_format(arena, "UPDATE %s SET %s = %s WHERE %s IS NULL", table->qualified, table->column_quoted,
					 plan_constant(arena, plan->settings->tenant_type, plan->settings->default_tenant),
					 table->column_quoted));
	item->right = arena_format(arena, "GRANT SELECT, UPDATE ON %s TO %s;", table->qualified,
							   sql_identifier(arena, plan->facts->user));
}

/* Rows live in the leaves: each is filled by itself. */
static bool backfill_tree(struct plan *plan, const struct fact_table *root)
{
	if (plan_has_storage(root)) {
		if (triggers_forbid(plan, root))
			return false;
		backfill(plan, root);
	}
	for (size_t i = 0; i < plan->facts->n_tables; i++) {
		const struct fact_table *child = &plan->facts->tables[i];
		if (child->parent == root->oid && !child->not_null && !backfill_tree(plan, child))
			return false;
	}
	return true;
}

/* Default (planned before), filled in batches, then NOT NULL without reading the table under a strong lock: a
 * CHECK that is validated under a weak one proves it. In between, nothing that the application writes can
 * fail: the CHECK comes when no row is NULL any more. */
static void plan_not_null(struct plan *plan, const struct fact_table *table)
{
	struct arena *arena = plan->arena;
	const char *check = sql_identifier(arena, facts_check_name(arena, table));
	if (!table->check || table->check == 'n') {
		if (!backfill_tree(plan, table))
			return;
	}
	struct item *item;
	if (!table->check) {
		item = column_step(plan, ITEM_TRANSACTION, NEED_NOT_NULL, table, "ACCESS EXCLUSIVE");
		item->seconds = 0.001;
		item->text = arena_format(arena, "Check of %s added to '%s'", table->column, table->shown);
		plan_statement(plan, item,
					   arena_format(arena,
									"ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s IS NOT NULL) NOT VALID",
									table->qualified, check, table->column_quoted));
	}
	if (table->check != 'v') {
		item = column_step(plan, ITEM_SCAN, NEED_NOT_NULL, table, "SHARE UPDATE EXCLUSIVE");
		item->seconds = (double)table->bytes / 500e6;
		item->text = arena_format(arena, "Check of %s in '%s' validated", table->column, table->shown);
		plan_statement(plan, item,
					   arena_format(arena, "ALTER TABLE %s VALIDATE CONSTRAINT %s", table->qualified, check));
	}
	/* Two statements: one would drop the constraint before it looks for the proof. */
	item = column_step(plan, ITEM_TRANSACTION, NEED_NOT_NULL, table, "ACCESS EXCLUSIVE");
	item->seconds = 0.001;
	item->text = arena_format(arena, "Column %s of '%s' set NOT NULL", table->column, table->shown);
	plan_statement(plan, item,
				   arena_format(arena, "ALTER TABLE %s ALTER COLUMN %s SET NOT NULL", table->qualified,
								table->column_quoted));
	plan_statement(plan, item,
				   arena_format(arena, "ALTER TABLE %s DROP CONSTRAINT %s", table->qualified, check));
}

/* The column is NOT NULL, but the run that made it so was cut off before it dropped the check: one
 * transaction does both, so this is somebody's repair by hand. */
static void drop_left_over_check(struct plan *plan, const struct fact_table *table)
{
	struct arena *arena = plan->arena;
	const char *check = sql_identifier(arena, facts_check_name(arena, table));
	struct item *item = column_step(plan, ITEM_TRANSACTION, NEED_NOTHING, table, "ACCESS EXCLUSIVE");
	item->text = arena_format(arena, "Check of %s dropped from '%s'", table->column, table->shown);
	plan_statement(plan, item,
				   arena_format(arena, "ALTER TABLE %s DROP CONSTRAINT %s", table->qualified, check));
}

/* --- statistics --- */

/* Without them a condition on the new column is estimated at a fraction of its rows. ANALYZE of a root reads
 * its leaves too. */
static bool wants_statistics(const struct plan *plan, const struct fact_table *table)
{
	if (table->kind == 'r')
		return !table->has_column || table->wants_statistics;
	if (table->has_column && table->has_statistics)
		return false;
	for (size_t i = 0; i < plan->facts->n_tables; i++)
		if (plan->facts->tables[i].parent == table->oid && wants_statistics(plan, &plan->facts->tables[i]))
			return true;
	return false;
}

static void plan_statistics(struct plan *plan, const struct fact_table *table)
{
	/* With a foreign table in the tree the leaves are looked at one by one: the other server is left in
	 * peace. */
	bool alone = plan_has_foreign_child(plan, plan_root_of(plan, table));
	bool leaf = table->is_partition && table->parent;
	if (alone ? table->kind == 'p' : leaf)
		return;
	if (!wants_statistics(plan, table) || !table->owned)
		return;
	struct item *item = column_step(plan, ITEM_SCAN, NEED_STATISTICS, table, "SHARE UPDATE EXCLUSIVE");
	item->lock_first = NULL;
	item->seconds = 0.02 + (double)(table->bytes < 250000000 ? table->bytes : 250000000) / 500e6;
	item->text = arena_format(plan->arena, "Statistics of %s in '%s' gathered", table->column, table->shown);
	plan_statement(plan, item,
				   arena_format(plan->arena, "ANALYZE %s (%s)", table->qualified, table->column_quoted));
}

/* --- all of it --- */

/* A partition gets everything through its root, an inheritance child the column and its constraints. */
static bool column_comes_from_parent(const struct plan *plan, const struct fact_table *table)
{
	const struct fact_table *parent = facts_table(plan->facts, table->parent);
	return parent && (table->is_partition || !parent->has_column || !table->has_column ||
					  (!parent->not_null && !table->not_null));
}

/* Children that have the column already must be NOT NULL before their parent's is added and merges with
 * theirs. */
static void plan_children_first(struct plan *plan, const struct fact_table *parent)
{
	for (size_t i = 0; i < plan->facts->n_tables; i++) {
		const struct fact_table *child = &plan->facts->tables[i];
		if (child->parent != parent->oid || child->is_partition || child->kind != 'r')
			continue;
		plan_children_first(plan, child);
		if (!plan_column_fits(plan, child))
			continue;
		plan_column_default(plan, child);
		if (!child->not_null)
			plan_not_null(plan, child);
	}
}

static void plan_column(struct plan *plan, const struct fact_table *table)
{
	if (is_left_alone(plan, table) || is_impossible(plan, table))
		return;
	if (!column_comes_from_parent(plan, table)) {
		size_t before = plan->n;
		if (!table->has_column) {
			plan_children_first(plan, table);
			add_column(plan, table);
		} else {
			plan_column_default(plan, table);
			if (!table->not_null)
				plan_not_null(plan, table);
			else if (table->check)
				drop_left_over_check(plan, table);
		}
		if (plan->n == before)
			plan_add(plan, ITEM_PRESENT, SECTION_COLUMNS, table)->text =
				arena_format(plan->arena, "Column %s already on '%s'", table->column, table->shown);
	}
	plan_statistics(plan, table);
}

static void plan_missing(struct plan *plan)
{
	for (size_t i = 0; i < plan->facts->n_missing; i++) {
		const struct catalog_configured *missing = plan->facts->missing[i];
		const char *name = sql_qualified(plan->arena, missing->schema, missing->name);
		const char *text = arena_format(plan->arena, "table %s is configured but does not exist", name);
		const char *hint =
			"Take it out of `tables`, name its schema, or set missing_table = warn to go on without it.";
		if (plan->settings->missing_table_stops)
			stop(plan, NULL, "42P01", text, hint);
		else
			warn(plan, NULL, NEED_NOTHING, text,
				 "It is refused until it exists and the migration has run again.");
	}
}

void plan_columns(struct plan *plan)
{
	plan_missing(plan);
	for (size_t i = 0; i < plan->facts->n_tables; i++)
		plan_column(plan, &plan->facts->tables[i]);
}
