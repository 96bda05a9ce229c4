/* Unique keys and foreign keys with and without the tenant; see plan_keys.h. */
#include "proxy/schema/plan_keys.h"

#include <string.h>

#include "proxy/schema/sql.h"

/* --- comments --- */

static const char *comment_with(struct plan *plan, const char *ours, const char *before)
{
	if (facts_has_comment(before, FACTS_COMMENT))
		return sql_literal(plan->arena, before);
	return sql_literal(plan->arena, before ? arena_format(plan->arena, "%s; %s", ours, before) : ours);
}

/* What the application had said in a comment of ours, as a literal, or NULL. */
static const char *plan_comment_before(struct plan *plan, const char *comment)
{
	const char *rest = comment ? strstr(comment, "; ") : NULL;
	return rest ? sql_literal(plan->arena, rest + 2) : "NULL";
}

/* What a foreign key is told to be. A narrowed one keeps a comment of ours until it is validated: without, a
 * run that was killed in between would leave it NOT VALID for ever. */
static const char *reference_comment(struct plan *plan, const struct fact_reference *reference,
									 enum key_direction direction)
{
	if (direction == KEY_WIDEN)
		return comment_with(plan, KEYS_WIDENED, reference->comment);
	const char *rest = reference->comment ? strstr(reference->comment, "; ") : NULL;
	return sql_literal(plan->arena, arena_format(plan->arena, "%s%s", KEYS_NARROWED, rest ? rest : ""));
}

/* --- foreign keys --- */

static const char *action(struct plan *plan, const char *event, char code, const char *columns)
{
	static const char *const names[] = {
		['r'] = "RESTRICT", ['c'] = "CASCADE", ['n'] = "SET NULL", ['d'] = "SET DEFAULT"};
	if (code == 'a')
		return "";
	return arena_format(plan->arena, " ON %s %s%s", event, names[(int)code],
						columns ? arena_format(plan->arena, " (%s)", columns) : "");
}

/* SET NULL must leave the tenant alone: its columns are named, and no longer when the tenant goes. */
static const char *delete_action(struct plan *plan, const struct fact_reference *reference,
								 enum key_direction direction)
{
	const char *columns = reference->delete_columns;
	if (reference->on_delete == 'n' && direction == KEY_WIDEN && !columns)
		columns = reference->child_columns;
	if (direction == KEY_NARROW && columns && strcmp(columns, reference->child_columns) == 0)
		columns = NULL;
	return action(plan, "DELETE", reference->on_delete, columns);
}

static const char *reference_text(struct plan *plan, const struct fact_reference *reference,
								  enum key_direction direction)
{
	bool wide = direction == KEY_WIDEN;
	return arena_format(plan->arena, "FOREIGN KEY (%s%s%s) REFERENCES %s (%s%s%s)%s%s%s%s NOT VALID",
						wide ? reference->child->column_quoted : "", wide ? ", " : "",
						reference->child_columns, reference->parent->qualified,
						wide ? reference->parent->column_quoted : "", wide ? ", " : "",
						reference->parent_columns, action(plan, "UPDATE", reference->on_update, NULL),
						delete_action(plan, reference, direction), reference->deferrable ? " DEFERRABLE" : "",
						reference->deferred ? " INITIALLY DEFERRED" : "");
}

static bool will_have_column(const struct plan *plan, const struct fact_table *table)
{
	return !table->has_column || plan_column_fits(plan, table);
}

/* Why a foreign key cannot be changed, or NULL. */
static const char *why_reference_stays(struct plan *plan, const struct fact_reference *reference,
									   enum key_direction direction)
{
	const char *why = NULL;
	if (!reference->child || !will_have_column(plan, reference->child))
		why = "its table is not a configured tenant table";
	else if (reference->child->kind != 'r' || reference->parent->kind != 'r' || reference->inherited)
		why = "partitioned tables take no NOT VALID foreign keys";
	else if (!reference->child->owned)
		why = "its table belongs to somebody else";
	else if (reference->on_update == 'n' || reference->on_update == 'd' || reference->on_delete == 'd')
		why = "SET NULL on update and SET DEFAULT would change the tenant";
	else if (direction == KEY_WIDEN && reference->on_delete == 'n' && plan->facts->version < 150000)
		why = "ON DELETE SET NULL for some columns only needs PostgreSQL 15";
	else if (reference->match == 'f' && reference->n_columns > 1)
		why = "it is MATCH FULL";
	else if (!reference->valid && !reference->ours)
		why = "it is NOT VALID";
	return why ? arena_format(plan->arena, "foreign key %s of %s: %s", reference->quoted,
							  reference->child_qualified, why)
			   : NULL;
}

/* Those that go along when a key is changed. */
static bool moves_with(const struct fact_reference *reference, const struct fact_key *key,
					   enum key_direction direction)
{
	return reference->key == key->oid && !reference->inherited &&
		   reference->paired == (direction == KEY_NARROW);
}

static void drop_reference(struct plan *plan, struct item *item, const struct fact_reference *reference)
{
	plan_statement(plan, item,
				   arena_format(plan->arena, "ALTER TABLE %s DROP CONSTRAINT %s", reference->child_qualified,
								reference->quoted));
}

static void add_reference(struct plan *plan, struct item *item, const struct fact_reference *reference,
						  enum key_direction direction)
{
	const char *comment = reference_comment(plan, reference, direction);
	plan_statement(plan, item,
				   arena_format(plan->arena, "ALTER TABLE %s ADD CONSTRAINT %s %s",
								reference->child_qualified, reference->quoted,
								reference_text(plan, reference, direction)));
	plan_statement(plan, item,
				   arena_format(plan->arena, "COMMENT ON CONSTRAINT %s ON %s IS %s", reference->quoted,
								reference->child_qualified, comment));
}

static void validate_reference(struct plan *plan, const struct fact_reference *reference,
							   enum section section)
{
	struct item *item = plan_add(plan, ITEM_SCAN, section, reference->child);
	item->need = section == SECTION_UNIQUE ? NEED_UNIQUE : NEED_TENANT_KEY;
	item->lock = "SHARE UPDATE EXCLUSIVE";
	item->lock_first = reference->child_qualified;
	item->seconds = (double)reference->child->bytes / 200e6;
	item->text = arena_format(plan->arena, "Foreign key '%s' of '%s' validated", reference->name,
							  reference->child->shown);
	item->hint = "A row refers to another tenant's row: correct it, then run the migration again. New rows "
				 "are checked already.";
	plan_statement(plan, item,
				   arena_format(plan->arena, "ALTER TABLE %s VALIDATE CONSTRAINT %s",
								reference->child_qualified, reference->quoted));
	if (section == SECTION_DOWN)
		plan_statement(plan, item,
					   arena_format(plan->arena, "COMMENT ON CONSTRAINT %s ON %s IS %s", reference->quoted,
									reference->child_qualified,
									plan_comment_before(plan, reference->comment)));
}

/* --- the shadow: the new index before it takes the name --- */

static const char *shadow_name(struct plan *plan, const struct fact_key *key, enum key_direction direction)
{
	return facts_name(plan->arena, direction == KEY_WIDEN ? "tenantry_wide" : "tenantry_narrow",
					  key->table->name, key->name, 0);
}

static const struct fact_key *find_key(const struct plan *plan, const struct fact_table *table,
									   const char *name)
{
	for (size_t i = 0; i < plan->facts->keys->n_keys; i++) {
		const struct fact_key *key = &plan->facts->keys->keys[i];
		if (key->table == table && strcmp(key->name, name) == 0)
			return key;
	}
	return NULL;
}

static struct item *key_step(struct plan *plan, enum item_kind kind, enum section section,
							 const struct fact_table *table)
{
	struct item *item = plan_add(plan, kind, section, table);
	item->need = section == SECTION_TENANT_KEYS ? NEED_TENANT_KEY : NEED_UNIQUE;
	item->lock = "SHARE UPDATE EXCLUSIVE";
	item->right = arena_format(plan->arena, "%s GRANT CREATE ON SCHEMA %s TO %s;",
							   plan_ownership(plan, table->owner), sql_identifier(plan->arena, table->schema),
							   sql_identifier(plan->arena, plan->facts->user));
	return item;
}

/* Builds a unique index unless it is there; what an earlier run left unfinished goes first. False: somebody
 * else is building it. */
static bool build_unique(struct plan *plan, const struct fact_table *table, const char *name,
						 const char *statement, const char *comment, enum section section)
{
	struct arena *arena = plan->arena;
	const struct fact_key *there = find_key(plan, table, name);
	const char *qualified = sql_qualified(arena, table->schema, name);
	struct item *item;
	if (there && there->valid)
		return true;
	if (there && there->alive) {
		item = key_step(plan, ITEM_WAIT, section, table);
		item->text = arena_format(arena, "Index '%s' is being built by somebody else", name);
		item->index = qualified;
		return false;
	}
	if (there) {
		item = key_step(plan, ITEM_CONCURRENTLY, section, table);
		item->text = arena_format(arena, "Unfinished index '%s' dropped", name);
		plan_statement(plan, item, arena_format(arena, "DROP INDEX CONCURRENTLY %s", qualified));
	}
	item = key_step(plan, ITEM_CONCURRENTLY, section, table);
	item->seconds = 0.02 + (double)table->bytes / 150e6 +
					(double)(table->rows > 0 ? table->rows : table->bytes / 100) / 7e5;
	item->text = arena_format(arena, "Unique index '%s' built on '%s'", name, table->shown);
	item->index = qualified;
	item->index_finish[0] =
		comment ? arena_format(arena, "COMMENT ON INDEX %s IS %s", qualified, sql_literal(arena, comment))
				: NULL;
	plan_statement(plan, item, statement);
	return true;
}

static const char *shadow_text(struct plan *plan, const struct fact_key *key, const char *name,
							   enum key_direction direction)
{
	const char *tenant = arena_format(plan->arena, "%s, ", key->table->column_quoted);
	const char *body = key->body;
	if (direction == KEY_NARROW)
		body += strlen(tenant);
	return arena_format(plan->arena, "CREATE UNIQUE INDEX CONCURRENTLY %s ON %s USING %s (%s%s",
						sql_identifier(plan->arena, name), key->table->qualified,
						sql_identifier(plan->arena, key->method), direction == KEY_WIDEN ? tenant : "", body);
}

/* --- one key --- */

static const char *why_key_stays(struct plan *plan, const struct fact_key *key, enum key_direction direction)
{
	const char *tenant = arena_format(plan->arena, "%s, ", key->table->column_quoted);
	if (key->is_partition || key->table->kind != 'r')
		return "unique keys of partitioned tables cannot be exchanged";
	if (!key->table->owned)
		return "its table belongs to somebody else";
	if (!key->body || (direction == KEY_NARROW && strncmp(key->body, tenant, strlen(tenant)) != 0))
		return "its definition cannot be read";
	if (key->dependent)
		return arena_format(plan->arena, "%s groups by it", key->dependent);
	for (size_t i = 0; i < plan->facts->keys->n_references; i++) {
		const struct fact_reference *reference = &plan->facts->keys->references[i];
		const char *why =
			moves_with(reference, key, direction) ? why_reference_stays(plan, reference, direction) : NULL;
		if (why)
			return why;
	}
	return NULL;
}

static void exchange(struct plan *plan, struct item *item, const struct fact_key *key, const char *shadow)
{
	struct arena *arena = plan->arena;
	const char *table = key->table->qualified;
	if (key->constraint)
		plan_statement(
			plan, item,
			arena_format(arena, "ALTER TABLE %s DROP CONSTRAINT %s, ADD CONSTRAINT %s %s USING INDEX %s%s%s",
						 table, key->quoted, key->quoted, key->constraint == 'p' ? "PRIMARY KEY" : "UNIQUE",
						 sql_identifier(arena, shadow), key->deferrable ? " DEFERRABLE" : "",
						 key->deferred ? " INITIALLY DEFERRED" : ""));
	else {
		plan_statement(plan, item, arena_format(arena, "DROP INDEX %s", key->qualified));
		plan_statement(plan, item,
					   arena_format(arena, "ALTER INDEX %s RENAME TO %s",
									sql_qualified(arena, key->table->schema, shadow), key->quoted));
	}
	if (key->replica_identity)
		plan_statement(
			plan, item,
			arena_format(arena, "ALTER TABLE %s REPLICA IDENTITY USING INDEX %s", table, key->quoted));
}

void plan_swap_key(struct plan *plan, const struct fact_key *key, enum key_direction direction,
				   enum section section)
{
	struct arena *arena = plan->arena;
	const struct fact_keys *keys = plan->facts->keys;
	const char *shadow = shadow_name(plan, key, direction);
	if (!build_unique(plan, key->table, shadow, shadow_text(plan, key, shadow, direction), NULL, section))
		return;
	struct item *item = key_step(plan, ITEM_TRANSACTION, section, key->table);
	item->lock = "ACCESS EXCLUSIVE";
	item->lock_first = key->table->qualified;
	item->seconds = 0.002;
	item->text = arena_format(arena,
							  direction == KEY_WIDEN ? "Unique key '%s' of '%s' widened with the tenant"
													 : "Unique key '%s' of '%s' as it was before",
							  key->name, key->table->shown);
	for (size_t i = 0; i < keys->n_references; i++)
		if (moves_with(&keys->references[i], key, direction))
			drop_reference(plan, item, &keys->references[i]);
	exchange(plan, item, key, shadow);
	const char *comment = direction == KEY_WIDEN ? comment_with(plan, KEYS_WIDENED, key->comment)
												 : plan_comment_before(plan, key->comment);
	plan_statement(plan, item,
				   arena_format(arena, "COMMENT ON INDEX %s IS %s",
								sql_qualified(arena, key->table->schema, key->name), comment));
	for (size_t i = 0; i < keys->n_references; i++)
		if (moves_with(&keys->references[i], key, direction))
			add_reference(plan, item, &keys->references[i], direction);
	for (size_t i = 0; i < keys->n_references; i++)
		if (moves_with(&keys->references[i], key, direction))
			validate_reference(plan, &keys->references[i], section);
}

static bool is_kept(const struct schema_settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->n_keep_unique; i++)
		if (strcmp(settings->keep_unique[i], name) == 0)
			return true;
	return false;
}

static void tell_key(struct plan *plan, const struct fact_key *key, const char *what)
{
	plan_add(plan, ITEM_PRESENT, SECTION_UNIQUE, key->table)->text =
		arena_format(plan->arena, "Unique key '%s' of '%s' %s", key->name, key->table->shown, what);
}

static bool is_shadow(const struct fact_key *key)
{
	return strncmp(key->name, "tenantry_wide_", 14) == 0 || strncmp(key->name, "tenantry_narrow_", 16) == 0;
}

/* References that a run left NOT VALID when it was killed between the two steps. */
static void plan_unvalidated(struct plan *plan, enum section section, bool of_widened_keys)
{
	const struct fact_keys *keys = plan->facts->keys;
	for (size_t i = 0; i < keys->n_references; i++) {
		const struct fact_reference *reference = &keys->references[i];
		bool widened = false;
		for (size_t k = 0; k < keys->n_keys; k++)
			widened |=
				keys->keys[k].oid == reference->key && facts_has_comment(keys->keys[k].comment, KEYS_WIDENED);
		if (reference->paired && reference->ours && !reference->valid && reference->child &&
			widened == of_widened_keys)
			validate_reference(plan, reference, section);
	}
}

void plan_unique(struct plan *plan)
{
	for (size_t i = 0; i < plan->facts->keys->n_keys; i++) {
		const struct fact_key *key = &plan->facts->keys->keys[i];
		const char *why;
		if (!key->valid || is_shadow(key) || !will_have_column(plan, key->table))
			continue;
		if (key->has_tenant) {
			if (key->ours)
				tell_key(plan, key, "already widened");
		} else if (is_kept(plan->settings, key->name))
			tell_key(plan, key, "stays global, as configured");
		else if (key->harmless)
			tell_key(plan, key, "stays: its values cannot meet");
		else if ((why = why_key_stays(plan, key, KEY_WIDEN)))
			plan_complain(plan, ITEM_WARNING, SECTION_UNIQUE, NEED_NOTHING, key->table, "01000",
						  arena_format(plan->arena, "unique key '%s' of '%s' stays global: %s", key->name,
									   key->table->shown, why),
						  "Change it by hand, or name it in keep_unique.");
		else
			plan_swap_key(plan, key, KEY_WIDEN, SECTION_UNIQUE);
	}
	plan_unvalidated(plan, SECTION_UNIQUE, true);
}

/* --- tenant_foreign_keys --- */

void plan_swap_reference(struct plan *plan, const struct fact_reference *reference,
						 enum key_direction direction, enum section section)
{
	struct item *item = key_step(plan, ITEM_TRANSACTION, section, reference->child);
	item->lock = "ACCESS EXCLUSIVE";
	item->lock_first = reference->child_qualified;
	item->seconds = 0.002;
	item->text = arena_format(plan->arena,
							  direction == KEY_WIDEN ? "Foreign key '%s' of '%s' widened with the tenant"
													 : "Foreign key '%s' of '%s' as it was before",
							  reference->name, reference->child->shown);
	item->right = arena_format(plan->arena, "%s GRANT REFERENCES ON %s TO %s;",
							   plan_ownership(plan, reference->child->owner), reference->parent->qualified,
							   sql_identifier(plan->arena, reference->child->owner));
	/* One statement: there is no moment without the key. */
	plan_statement(plan, item,
				   arena_format(plan->arena, "ALTER TABLE %s DROP CONSTRAINT %s, ADD CONSTRAINT %s %s",
								reference->child_qualified, reference->quoted, reference->quoted,
								reference_text(plan, reference, direction)));
	const char *comment = reference_comment(plan, reference, direction);
	plan_statement(plan, item,
				   arena_format(plan->arena, "COMMENT ON CONSTRAINT %s ON %s IS %s", reference->quoted,
								reference->child_qualified, comment));
	validate_reference(plan, reference, section);
}

/* What the indexes that widened foreign keys refer to are called, with the table and its columns behind it. */
static const char KEY_NAME[] = "tenantry_key";

/* A run that was killed between the index and its comment left it without: the way back would not know it. */
static void mark_keys(struct plan *plan)
{
	for (size_t i = 0; i < plan->facts->keys->n_keys; i++) {
		const struct fact_key *key = &plan->facts->keys->keys[i];
		bool named = strncmp(key->name, KEY_NAME, strlen(KEY_NAME)) == 0;
		bool marked = facts_has_comment(key->comment, FACTS_COMMENT);
		if (!named || marked || !key->valid || !key->has_tenant || key->constraint || !key->table->owned)
			continue;
		struct item *item = key_step(plan, ITEM_TRANSACTION, SECTION_TENANT_KEYS, key->table);
		item->seconds = 0.001;
		item->text =
			arena_format(plan->arena, "Unique index '%s' marked as made by the migration", key->name);
		plan_statement(plan, item,
					   arena_format(plan->arena, "COMMENT ON INDEX %s IS %s", key->qualified,
									comment_with(plan, KEYS_FOR_REFERENCES, key->comment)));
	}
}

/* The unique index on (tenant, columns) of the parent, which the widened key refers to. */
static bool plan_parent_index(struct plan *plan, const struct fact_reference *reference)
{
	const struct fact_table *parent = reference->parent;
	const struct fact_keys *keys = plan->facts->keys;
	for (size_t i = 0; i < keys->n_keys; i++)
		if (keys->keys[i].table == parent && keys->keys[i].valid && keys->keys[i].numbers &&
			parent->has_column && !keys->keys[i].deferrable &&
			strcmp(keys->keys[i].numbers, reference->parent_numbers) == 0)
			return true;
	const char *name = facts_name(plan->arena, KEY_NAME, parent->name, reference->parent_columns, 0);
	/* Several foreign keys share it. */
	for (size_t i = 0; i < plan->n; i++)
		if (plan->items[i].table == parent && plan->items[i].index &&
			strcmp(plan->items[i].index, sql_qualified(plan->arena, parent->schema, name)) == 0)
			return plan->items[i].kind != ITEM_WAIT;
	return build_unique(plan, parent, name,
						arena_format(plan->arena, "CREATE UNIQUE INDEX CONCURRENTLY %s ON %s (%s, %s)",
									 sql_identifier(plan->arena, name), parent->qualified,
									 parent->column_quoted, reference->parent_columns),
						KEYS_FOR_REFERENCES, SECTION_TENANT_KEYS);
}

/* Those that widen_unique takes along are not done twice. */
static bool is_planned(const struct plan *plan, const struct fact_reference *reference)
{
	const char *drop = arena_format(plan->arena, "ALTER TABLE %s DROP CONSTRAINT %s",
									reference->child_qualified, reference->quoted);
	for (size_t i = 0; i < plan->n; i++)
		for (int k = 0; k < plan->items[i].n_statements; k++)
			if (plan->items[i].section == SECTION_UNIQUE && strcmp(plan->items[i].statements[k], drop) == 0)
				return true;
	return false;
}

void plan_tenant_keys(struct plan *plan)
{
	mark_keys(plan);
	for (size_t i = 0; i < plan->facts->keys->n_references; i++) {
		const struct fact_reference *reference = &plan->facts->keys->references[i];
		if (reference->inherited || is_planned(plan, reference))
			continue;
		if (reference->paired) {
			if (reference->valid)
				plan_add(plan, ITEM_PRESENT, SECTION_TENANT_KEYS, reference->child)->text = arena_format(
					plan->arena, "Foreign key '%s' of '%s' already has the tenant", reference->name,
					reference->child ? reference->child->shown : reference->child_qualified);
			continue;
		}
		const char *why = why_reference_stays(plan, reference, KEY_WIDEN);
		if (!why && (!reference->parent->owned || reference->parent->kind != 'r'))
			why = arena_format(plan->arena,
							   "foreign key %s of %s: the table that it refers to cannot get a unique index",
							   reference->quoted, reference->child_qualified);
		if (why)
			plan_complain(plan, ITEM_WARNING, SECTION_TENANT_KEYS, NEED_NOTHING, reference->child, "01000",
						  arena_format(plan->arena, "stays without the tenant: %s", why),
						  "Change it by hand.");
		else if (plan_parent_index(plan, reference))
			plan_swap_reference(plan, reference, KEY_WIDEN, SECTION_TENANT_KEYS);
	}
	plan_unvalidated(plan, SECTION_TENANT_KEYS, false);
}

void plan_validate_narrowed(struct plan *plan)
{
	for (size_t i = 0; i < plan->facts->keys->n_references; i++) {
		const struct fact_reference *reference = &plan->facts->keys->references[i];
		if (reference->child && !reference->paired && facts_has_comment(reference->comment, KEYS_NARROWED))
			validate_reference(plan, reference, SECTION_DOWN);
	}
}
