/* The part of the plan that builds indexes on the tenant column and foreign keys to the tenants; see plan.h.
 *
 * Any valid btree index whose first key is the tenant column serves, whatever its name. Ours is built under a
 * name that nobody else uses, and gets its name and its comment in one transaction: whenever a run is killed,
 * the next one, or the way back, knows whose it is. Partitioned tables: an index on the root alone (which is
 * not valid until every partition has its own), one per leaf concurrently, then attached. */
#include <stdio.h>

#include "proxy/schema/plan.h"
#include "proxy/schema/sql.h"

static const struct fact_index *serving_index(const struct fact_table *table)
{
	for (size_t i = 0; i < table->n_indexes; i++)
		if (table->indexes[i].valid && table->indexes[i].whole)
			return &table->indexes[i];
	return NULL;
}

/* Remains of a build that did not end: on the tenant column alone, not unique. Others are somebody's
 * constraint in the making, and theirs to repair. */
static const struct fact_index *broken_index(const struct fact_table *table)
{
	for (size_t i = 0; i < table->n_indexes; i++) {
		const struct fact_index *index = &table->indexes[i];
		if (!index->valid && !index->unique && index->whole && index->n_keys == 1)
			return index;
	}
	return NULL;
}

/* The index that can be attached to `parent`, or is attached already. */
static const struct fact_index *attachable_index(const struct fact_table *table)
{
	const struct fact_index *found = NULL;
	for (size_t i = 0; i < table->n_indexes; i++) {
		const struct fact_index *index = &table->indexes[i];
		if (!index->simple || index->unique || (!index->valid && table->kind == 'r'))
			continue;
		if (index->parent)
			return index;
		if (!found)
			found = index;
	}
	return found;
}

static struct item *index_step(struct plan *plan, enum item_kind kind, const struct fact_table *table)
{
	struct item *item = plan_add(plan, kind, SECTION_INDEXES, table);
	item->need = NEED_INDEX;
	item->right = arena_format(plan->arena, "%s GRANT CREATE ON SCHEMA %s TO %s;",
							   plan_ownership(plan, table->owner), sql_identifier(plan->arena, table->schema),
							   sql_identifier(plan->arena, plan->facts->user));
	return item;
}

static void warn(struct plan *plan, const struct fact_table *table, const char *text, const char *hint)
{
	plan_complain(plan, ITEM_WARNING, SECTION_INDEXES, NEED_INDEX, table, "01000", text, hint);
}

static void drop_broken(struct plan *plan, const struct fact_table *table, const struct fact_index *index)
{
	struct item *item = index_step(plan, ITEM_CONCURRENTLY, table);
	item->lock = "SHARE UPDATE EXCLUSIVE";
	item->seconds = 0.01;
	item->text = arena_format(plan->arena, "Unfinished index '%s' dropped", index->name);
	plan_statement(plan, item, arena_format(plan->arena, "DROP INDEX CONCURRENTLY %s", index->qualified));
}

static const char *rename_text(struct plan *plan, const struct fact_table *table, const char *build_name)
{
	return arena_format(plan->arena, "ALTER INDEX %s RENAME TO %s", build_name, table->index_name_quoted);
}

static const char *comment_text(struct plan *plan, const struct fact_table *table)
{
	return arena_format(plan->arena, "COMMENT ON INDEX %s IS '" FACTS_COMMENT "created by the migration'",
						table->index_qualified);
}

static void give_name(struct plan *plan, const struct fact_table *table, const struct fact_index *index)
{
	struct item *item = index_step(plan, ITEM_SCAN, table);
	item->lock = "SHARE UPDATE EXCLUSIVE on the index";
	item->seconds = 0.001;
	item->text = arena_format(plan->arena, "Index '%s' of '%s' named, which an earlier run had built",
							  table->index_name, table->shown);
	plan_statement(plan, item, rename_text(plan, table, index->qualified));
	plan_statement(plan, item, comment_text(plan, table));
}

static void build(struct plan *plan, const struct fact_table *table)
{
	struct arena *arena = plan->arena;
	struct item *item = index_step(plan, ITEM_CONCURRENTLY, table);
	item->lock = "SHARE UPDATE EXCLUSIVE";
	/* Two passes over the table and a sort: about 100 MB or 700,000 rows a second on small machines. */
	item->seconds = 0.02 + (double)table->bytes / 200e6 +
					(double)(table->rows > 0 ? table->rows : table->bytes / 100) / 1e6;
	item->text =
		arena_format(arena, "Index '%s' created on %s(%s)", table->index_name, table->shown, table->column);
	item->index = sql_qualified(arena, table->schema, table->index_build_name);
	item->index_finish[0] = rename_text(plan, table, item->index);
	item->index_finish[1] = comment_text(plan, table);
	plan_statement(plan, item,
				   arena_format(arena, "CREATE INDEX CONCURRENTLY %s ON %s (%s)",
								sql_identifier(arena, table->index_build_name), table->qualified,
								table->column_quoted));
}

static void plan_index(struct plan *plan, const struct fact_table *table)
{
	const struct fact_index *serving = serving_index(table);
	const struct fact_index *broken = broken_index(table);
	const struct fact_index *without_name = facts_index_without_name(table);
	struct arena *arena = plan->arena;
	if (without_name && table->owned) {
		give_name(plan, table, without_name);
		return;
	}
	if (serving) {
		plan_add(plan, ITEM_PRESENT, SECTION_INDEXES, table)->text =
			arena_format(arena, "Index '%s' already on %s(%s)", serving->name, table->shown, table->column);
		return;
	}
	if (!table->owned) {
		warn(plan, table,
			 arena_format(arena, "'%s' has no index on %s, and belongs to %s", table->shown, table->column,
						  table->owner),
			 arena_format(arena, "CREATE INDEX CONCURRENTLY %s ON %s (%s);", table->index_name_quoted,
						  table->qualified, table->column_quoted));
		return;
	}
	if (broken && broken->alive) {
		struct item *item = index_step(plan, ITEM_WAIT, table);
		item->lock = "none";
		item->text = arena_format(arena, "Index '%s' on %s(%s) is being built by somebody else", broken->name,
								  table->shown, table->column);
		item->index = broken->qualified;
		return;
	}
	if (broken)
		drop_broken(plan, table, broken);
	build(plan, table);
}

/* --- partitioned tables --- */

static void create_root_index(struct plan *plan, const struct fact_table *root)
{
	struct arena *arena = plan->arena;
	struct item *item = index_step(plan, ITEM_TRANSACTION, root);
	item->lock = "SHARE";
	item->seconds = 0.001;
	item->text = arena_format(arena, "Index '%s' created on %s(%s), without its partitions", root->index_name,
							  root->shown, root->column);
	item->lock_first = NULL;
	plan_statement(plan, item,
				   arena_format(arena, "CREATE INDEX %s ON ONLY %s (%s)", root->index_name_quoted,
								root->qualified, root->column_quoted));
	plan_statement(plan, item, comment_text(plan, root));
}

static void attach(struct plan *plan, const struct fact_table *child, const char *root_index,
				   const char *child_index)
{
	struct item *item = index_step(plan, ITEM_TRANSACTION, child);
	item->lock = "ACCESS EXCLUSIVE on the index";
	item->seconds = 0.001;
	item->text = arena_format(plan->arena, "Index of partition '%s' attached", child->shown);
	plan_statement(plan, item,
				   arena_format(plan->arena, "ALTER INDEX %s ATTACH PARTITION %s", root_index, child_index));
}

/* Returns whether everything of the tree is there already. */
static bool plan_partitioned_index(struct plan *plan, const struct fact_table *root)
{
	const struct fact_index *index = attachable_index(root);
	bool complete = index != NULL;
	if (!index)
		create_root_index(plan, root);
	const char *root_index = index ? index->qualified : root->index_qualified;
	for (size_t i = 0; i < plan->facts->n_tables; i++) {
		const struct fact_table *child = &plan->facts->tables[i];
		if (child->parent != root->oid || (child->kind != 'r' && child->kind != 'p'))
			continue;
		const struct fact_index *own = attachable_index(child);
		bool attached = own && index && own->parent == index->oid;
		const struct fact_index *without_name = facts_index_without_name(child);
		if (without_name)
			give_name(plan, child, without_name);
		if (child->kind == 'p')
			complete &= plan_partitioned_index(plan, child);
		else if (!own) {
			const struct fact_index *broken = broken_index(child);
			if (broken && broken->alive) {
				plan_index(plan, child);
				return false;
			}
			if (broken)
				drop_broken(plan, child, broken);
			build(plan, child);
		}
		if (!attached)
			attach(plan, child, root_index,
				   own && own != without_name ? own->qualified : child->index_qualified);
		complete &= attached && !without_name;
	}
	return complete;
}

static void plan_root(struct plan *plan, const struct fact_table *root)
{
	struct arena *arena = plan->arena;
	if (serving_index(root)) {
		plan_index(plan, root);
		return;
	}
	if (!root->owned) {
		warn(plan, root,
			 arena_format(arena, "'%s' has no index on %s, and belongs to %s", root->shown, root->column,
						  root->owner),
			 plan_ownership(plan, root->owner));
		return;
	}
	plan_partitioned_index(plan, root);
}

/* Left alone when the column is: see plan_columns.c. */
static bool takes_part(const struct plan *plan, const struct fact_table *table)
{
	if (table->kind != 'r' && table->kind != 'p')
		return false;
	if (table->has_column)
		return plan_column_fits(plan, table);
	return !table->extension && !table->typed;
}

void plan_indexes(struct plan *plan)
{
	for (size_t i = 0; i < plan->facts->n_tables; i++) {
		const struct fact_table *table = &plan->facts->tables[i];
		if (!takes_part(plan, table) || (table->is_partition && table->parent))
			continue;
		if (table->kind == 'p')
			plan_root(plan, table);
		else
			plan_index(plan, table);
	}
}

/* --- foreign keys to the tenants --- */

static struct item *key_step(struct plan *plan, enum item_kind kind, const struct fact_table *table,
							 const char *lock)
{
	struct item *item = plan_add(plan, kind, SECTION_FOREIGN_KEYS, table);
	item->need = NEED_FOREIGN_KEY;
	const struct fact_tenants *tenants = &plan->facts->tenants;
	item->lock = lock;
	item->lock_first = table->qualified;
	item->right = arena_format(plan->arena, "GRANT REFERENCES (id) ON %s TO %s;", tenants->qualified,
							   sql_identifier(plan->arena, table->owner));
	return item;
}

static const char *key_name(struct plan *plan, const struct fact_table *table)
{
	return sql_identifier(plan->arena, table->foreign_key ? table->foreign_key : table->foreign_key_name);
}

static void add_key(struct plan *plan, const struct fact_table *table, const char *more)
{
	struct item *item = key_step(plan, ITEM_TRANSACTION, table, "SHARE ROW EXCLUSIVE");
	item->seconds = 0.001;
	item->text = arena_format(plan->arena, "Foreign key of '%s' to '%s' added", table->shown,
							  plan->facts->tenants.shown);
	plan_statement(plan, item,
				   arena_format(plan->arena,
								"ALTER TABLE %s ADD CONSTRAINT %s FOREIGN KEY (%s) REFERENCES %s (id)%s",
								table->qualified, key_name(plan, table), table->column_quoted,
								plan->facts->tenants.qualified, more));
	plan_statement(plan, item,
				   arena_format(plan->arena,
								"COMMENT ON CONSTRAINT %s ON %s IS '" FACTS_COMMENT "added by the migration'",
								key_name(plan, table), table->qualified));
}

static void validate_key(struct plan *plan, const struct fact_table *table)
{
	struct item *item = key_step(plan, ITEM_SCAN, table, "SHARE UPDATE EXCLUSIVE");
	item->seconds = (double)table->bytes / 200e6;
	item->text = arena_format(plan->arena, "Foreign key of '%s' validated", table->shown);
	item->hint =
		arena_format(plan->arena, "Insert the missing tenants into %s, then run the migration again.",
					 plan->facts->tenants.qualified);
	plan_statement(plan, item,
				   arena_format(plan->arena, "ALTER TABLE %s VALIDATE CONSTRAINT %s", table->qualified,
								key_name(plan, table)));
}

/* Partitioned tables take no NOT VALID key before PostgreSQL 18: each leaf gets and proves its own, and the
 * root's then finds them and reads nothing. */
static void plan_key(struct plan *plan, const struct fact_table *table)
{
	for (size_t i = 0; table->kind == 'p' && !table->foreign_key && i < plan->facts->n_tables; i++)
		if (plan->facts->tables[i].parent == table->oid &&
			(plan->facts->tables[i].kind == 'r' || plan->facts->tables[i].kind == 'p'))
			plan_key(plan, &plan->facts->tables[i]);
	/* Foreign tables take no keys, and so neither does what has one among its partitions. */
	if (table->kind == 'p' && plan_has_foreign_child(plan, table))
		return;
	if (table->foreign_key && table->foreign_key_valid) {
		if (!(table->is_partition && table->parent))
			plan_add(plan, ITEM_PRESENT, SECTION_FOREIGN_KEYS, table)->text =
				arena_format(plan->arena, "Foreign key of '%s' already there", table->shown);
		return;
	}
	if (!table->owned) {
		plan_complain(plan, ITEM_WARNING, SECTION_FOREIGN_KEYS, NEED_FOREIGN_KEY, table, "01000",
					  arena_format(plan->arena, "'%s' has no foreign key to '%s', and belongs to %s",
								   table->shown, plan->facts->tenants.shown, table->owner),
					  plan_ownership(plan, table->owner));
		return;
	}
	if (!table->foreign_key)
		add_key(plan, table, table->kind == 'p' ? "" : " NOT VALID");
	if (table->kind == 'r')
		validate_key(plan, table);
}

void plan_foreign_keys(struct plan *plan)
{
	const struct fact_tenants *tenants = &plan->facts->tenants;
	if (tenants->exists && !tenants->id_unique) {
		plan_complain(plan, ITEM_WARNING, SECTION_FOREIGN_KEYS, NEED_FOREIGN_KEY, NULL, "01000",
					  arena_format(plan->arena,
								   "'%s' has no unique key on id: no foreign key can refer to it",
								   tenants->shown),
					  arena_format(plan->arena, "ALTER TABLE %s ADD PRIMARY KEY (id);", tenants->qualified));
		return;
	}
	for (size_t i = 0; i < plan->facts->n_tables; i++) {
		const struct fact_table *table = &plan->facts->tables[i];
		if (takes_part(plan, table) && !(table->is_partition && table->parent))
			plan_key(plan, table);
	}
}
