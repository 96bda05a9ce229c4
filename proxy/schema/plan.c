/* The plan: what is common to its parts, and the table of tenants; see plan.h. */
#include "proxy/schema/plan.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/schema/plan_keys.h"
#include "proxy/schema/sql.h"

struct item *plan_add(struct plan *plan, enum item_kind kind, enum section section,
					  const struct fact_table *table)
{
	if (plan->n == plan->room) {
		size_t room = plan->room ? 2 * plan->room : 64;
		struct item *items = arena_alloc(plan->arena, room * sizeof *items);
		if (plan->n)
			memcpy(items, plan->items, plan->n * sizeof *items);
		plan->items = items;
		plan->room = room;
	}
	struct item *item = &plan->items[plan->n++];
	*item = (struct item){.kind = kind, .section = section, .table = table};
	if (table) {
		item->bytes = table->bytes;
		item->rows = table->rows;
	}
	return item;
}

void plan_complain(struct plan *plan, enum item_kind kind, enum section section, enum need need,
				   const struct fact_table *table, const char *sqlstate, const char *text, const char *hint)
{
	struct item *item = plan_add(plan, kind, section, table);
	item->need = need;
	item->sqlstate = sqlstate;
	item->text = text;
	item->hint = hint;
}

void plan_statement(struct plan *plan, struct item *item, const char *text)
{
	/* Room is doubled at every power of two. */
	if ((item->n_statements & (item->n_statements - 1)) == 0) {
		size_t n = (size_t)item->n_statements;
		const char **statements = arena_alloc(plan->arena, (n ? 2 * n : 1) * sizeof *statements);
		if (n)
			memcpy(statements, item->statements, n * sizeof *statements);
		item->statements = statements;
	}
	item->statements[item->n_statements++] = text;
}

bool plan_is_step(const struct item *item)
{
	return item->kind != ITEM_PRESENT && item->kind != ITEM_WARNING && item->kind != ITEM_STOP;
}

size_t plan_steps(const struct plan *plan, bool gate_only)
{
	size_t n = 0;
	for (size_t i = 0; i < plan->n; i++)
		n += plan_is_step(&plan->items[i]) && (plan->items[i].gate || !gate_only);
	return n;
}

bool plan_may_run(const struct plan *plan, struct error *error)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct item *item = &plan->items[i];
		if (item->kind != ITEM_STOP)
			continue;
		error_set(error, item->sqlstate, "%s", item->text);
		if (item->detail)
			error_detail(error, "%s", item->detail);
		if (item->hint)
			error_hint(error, "%s", item->hint);
		return false;
	}
	return true;
}

bool plan_has_storage(const struct fact_table *table)
{
	return table->kind == 'r';
}

const struct fact_table *plan_root_of(const struct plan *plan, const struct fact_table *table)
{
	for (const struct fact_table *parent; (parent = facts_table(plan->facts, table->parent));)
		table = parent;
	return table;
}

bool plan_has_foreign_child(const struct plan *plan, const struct fact_table *table)
{
	for (size_t i = 0; i < plan->facts->n_tables; i++) {
		const struct fact_table *child = &plan->facts->tables[i];
		if (child->parent && child->parent == table->oid &&
			(child->kind == 'f' || plan_has_foreign_child(plan, child)))
			return true;
	}
	return false;
}

bool plan_column_fits(const struct plan *plan, const struct fact_table *table)
{
	return table->has_column && table->type_oid == tenant_type_oid(plan->settings->tenant_type) &&
		   !table->generated && !table->identity;
}

const char *plan_ownership(struct plan *plan, const char *owner)
{
	return arena_format(plan->arena, "GRANT %s TO %s;", sql_identifier(plan->arena, owner),
						sql_identifier(plan->arena, plan->facts->user));
}

/* --- the tenant in SQL --- */

const char *plan_constant(struct arena *arena, enum tenant_type type, const char *value)
{
	if ((type == TENANT_INTEGER || type == TENANT_BIGINT) && value[0] != '-')
		return arena_copy(arena, value);
	return arena_format(arena, "%s::%s", sql_literal(arena, value), tenant_type_name(type));
}

const char *plan_session_tenant(struct arena *arena, const struct schema_settings *settings)
{
	return arena_format(arena, "NULLIF(pg_catalog.current_setting(%s, true), '')::%s",
						sql_literal(arena, settings->tenant_setting),
						tenant_type_name(settings->tenant_type));
}

const char *plan_default(const struct plan *plan)
{
	const struct schema_settings *settings = plan->settings;
	const char *constant = plan_constant(plan->arena, settings->tenant_type, settings->default_tenant);
	if (settings->server_default == SERVER_DEFAULT_CONSTANT)
		return settings->contract ? NULL : constant;
	const char *session = plan_session_tenant(plan->arena, settings);
	return settings->contract ? session : arena_format(plan->arena, "COALESCE(%s, %s)", session, constant);
}

/* One step through an expression that skips what a deparser adds or leaves out: spaces, parentheses, ::casts,
 * the schema pg_catalog, quotes around constants and case. Returns the next character that counts, 0 at the
 * end. */
static int next_of_default(const char **at, bool *quoted)
{
	for (;; ++*at) {
		const char *c = *at;
		if (*c == '\'') {
			*quoted = !*quoted;
			continue;
		}
		if (!*c || *quoted)
			break;
		if (strncmp(c, "::", 2) == 0) {
			*at += 2;
			while (isalnum((unsigned char)**at) || **at == '_' || **at == '.' || **at == '"')
				++*at;
			--*at;
		} else if (strncmp(c, "pg_catalog.", 11) == 0)
			*at += 10;
		else if (!isspace((unsigned char)*c) && *c != '(' && *c != ')')
			break;
	}
	int c = (unsigned char)**at;
	if (c)
		++*at;
	return *quoted ? c : tolower(c);
}

bool plan_default_same(const char *one, const char *other)
{
	bool one_quoted = false, other_quoted = false;
	if (!one || !other)
		return one == other;
	for (;;) {
		int a = next_of_default(&one, &one_quoted), b = next_of_default(&other, &other_quoted);
		if (a != b)
			return false;
		if (!a)
			return true;
	}
}

/* --- the table of tenants --- */

static void create_tenants(struct plan *plan)
{
	const struct schema_settings *settings = plan->settings;
	const struct fact_tenants *tenants = &plan->facts->tenants;
	bool number = settings->tenant_type == TENANT_INTEGER || settings->tenant_type == TENANT_BIGINT;
	const char *more = number ? " GENERATED BY DEFAULT AS IDENTITY" : "";
	/* A longer text could never be a session's tenant. */
	const char *check =
		settings->tenant_type == TENANT_TEXT ? " CHECK (octet_length(id) BETWEEN 1 AND 127)" : "";

	struct item *item = plan_add(plan, ITEM_TRANSACTION, SECTION_TENANTS, NULL);
	item->gate = true;
	item->need = NEED_TABLE;
	item->lock = "none";
	item->text = arena_format(plan->arena, "Table '%s' created", tenants->shown);
	plan_statement(plan, item,
				   arena_format(plan->arena,
								"CREATE TABLE %s (id %s%s PRIMARY KEY%s, name text,"
								" created_at timestamptz NOT NULL DEFAULT now())",
								tenants->qualified, tenant_type_name(settings->tenant_type), more, check));
	plan_statement(plan, item,
				   arena_format(plan->arena,
								"COMMENT ON TABLE %s IS '" FACTS_COMMENT "created by the migration'",
								tenants->qualified));
	item->right = arena_format(plan->arena, "GRANT CREATE ON SCHEMA %s TO %s;",
							   sql_identifier(plan->arena, plan->facts->names.tenants_schema),
							   sql_identifier(plan->arena, plan->facts->user));
}

static void stop_at_tenants(struct plan *plan, const char *sqlstate, const char *text, const char *hint)
{
	plan_complain(plan, ITEM_STOP, SECTION_TENANTS, NEED_TABLE, NULL, sqlstate, text, hint);
}

/* An existing table is adopted if its id can hold the tenants and can be read. */
static bool adopt_tenants(struct plan *plan)
{
	const struct fact_tenants *tenants = &plan->facts->tenants;
	struct arena *arena = plan->arena;
	const char *type = tenant_type_name(plan->settings->tenant_type);
	if (tenants->kind != 'r' && tenants->kind != 'p')
		stop_at_tenants(plan, "42809",
						arena_format(arena, "%s is there, but is not a table", tenants->qualified),
						"Name another table of tenants (tenants_table).");
	else if (!tenants->has_id)
		stop_at_tenants(plan, "42703",
						arena_format(arena, "the table %s has no column id", tenants->qualified),
						"Add the column, or name another table of tenants (tenants_table).");
	else if (tenants->id_type_oid != tenant_type_oid(plan->settings->tenant_type))
		stop_at_tenants(
			plan, "42804",
			arena_format(arena, "the column id of %s is of type %s, but the tenant column is of type %s",
						 tenants->qualified, tenants->id_type, type),
			arena_format(arena, "Set tenant_type = %s, or name another table of tenants (tenants_table).",
						 tenants->id_type));
	else if (!tenants->readable)
		stop_at_tenants(plan, "42501",
						arena_format(arena, "permission denied for table %s", tenants->qualified),
						arena_format(arena, "GRANT SELECT, INSERT ON %s TO %s;", tenants->qualified,
									 sql_identifier(arena, plan->facts->user)));
	else
		return true;
	return false;
}

static void plan_default_tenant(struct plan *plan)
{
	const struct schema_settings *settings = plan->settings;
	const struct fact_tenants *tenants = &plan->facts->tenants;
	const char *value = plan_constant(plan->arena, settings->tenant_type, settings->default_tenant);
	bool there = tenants->exists && tenants->default_there;
	struct item *item = plan_add(plan, there ? ITEM_PRESENT : ITEM_TRANSACTION, SECTION_DEFAULT_TENANT, NULL);
	item->gate = true;
	item->need = there ? NEED_NOTHING : NEED_TABLE;
	item->lock = "ROW EXCLUSIVE";
	item->text = there ? "Default tenant already there" : "Default tenant created";
	item->right = arena_format(plan->arena, "GRANT SELECT, INSERT ON %s TO %s;", tenants->qualified,
							   sql_identifier(plan->arena, plan->facts->user));
	if (there)
		return;
	const char *name = sql_literal(plan->arena, settings->default_tenant_name);
	if (!tenants->exists)
		plan_statement(plan, item,
					   arena_format(plan->arena,
									"INSERT INTO %s (id, name) VALUES (%s, %s) ON CONFLICT (id) DO NOTHING",
									tenants->qualified, value, name));
	else
		/* An adopted table may have no unique key on id, or numbers that it insists on giving itself. */
		plan_statement(plan, item,
					   arena_format(plan->arena,
									"INSERT INTO %s (id%s) OVERRIDING SYSTEM VALUE SELECT %s%s%s"
									" WHERE NOT EXISTS (SELECT FROM %s WHERE id = %s)%s",
									tenants->qualified, tenants->has_name ? ", name" : "", value,
									tenants->has_name ? ", " : "", tenants->has_name ? name : "",
									tenants->qualified, value,
									tenants->id_unique ? " ON CONFLICT (id) DO NOTHING" : ""));
	item->hint =
		arena_format(plan->arena, "Insert a row with id %s into %s yourself, then run the migration again.",
					 settings->default_tenant, tenants->qualified);
}

/* The lock keeps others from inserting between the look at max(id) and the new value. */
static void plan_sequence(struct plan *plan)
{
	const struct fact_tenants *tenants = &plan->facts->tenants;
	struct arena *arena = plan->arena;
	bool number =
		plan->settings->tenant_type == TENANT_INTEGER || plan->settings->tenant_type == TENANT_BIGINT;
	bool fresh = !tenants->exists && number && atoll(plan->settings->default_tenant) > 0;
	if (!tenants->sequence_behind && !fresh && !(tenants->sequence && !tenants->default_there))
		return;
	struct item *item = plan_add(plan, ITEM_TRANSACTION, SECTION_DEFAULT_TENANT, NULL);
	item->gate = true;
	item->need = NEED_DEFAULT;
	item->lock = "SHARE ROW EXCLUSIVE";
	item->text = arena_format(arena, "Sequence of '%s' set past the greatest id", tenants->shown);
	const char *sequence = tenants->sequence
							   ? arena_format(arena, "%s::regclass", sql_literal(arena, tenants->sequence))
							   : arena_format(arena, "pg_catalog.pg_get_serial_sequence(%s, 'id')::regclass",
											  sql_literal(arena, tenants->qualified));
	plan_statement(plan, item,
				   arena_format(arena, "LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE", tenants->qualified));
	plan_statement(
		plan, item,
		arena_format(arena,
					 "SELECT pg_catalog.setval(q.s, m.id) FROM (SELECT %s AS s) q,"
					 " (SELECT pg_catalog.max(id) AS id FROM %s) m JOIN pg_catalog.pg_sequence p ON true"
					 " WHERE p.seqrelid = q.s AND m.id >= coalesce(pg_catalog.pg_sequence_last_value(q.s)"
					 " + p.seqincrement, p.seqstart)",
					 sequence, tenants->qualified));
	const char *user = sql_identifier(arena, plan->facts->user);
	item->right = arena_format(arena, "GRANT SELECT, INSERT, UPDATE ON %s TO %s;%s", tenants->qualified, user,
							   tenants->sequence
								   ? arena_format(arena, " GRANT USAGE, SELECT, UPDATE ON SEQUENCE %s TO %s;",
												  tenants->sequence, user)
								   : "");
}

static void plan_tenants(struct plan *plan)
{
	const struct fact_tenants *tenants = &plan->facts->tenants;
	if (!tenants->exists)
		create_tenants(plan);
	else if (adopt_tenants(plan)) {
		struct item *item = plan_add(plan, ITEM_PRESENT, SECTION_TENANTS, NULL);
		item->text = arena_format(plan->arena, "Table '%s' already there", tenants->shown);
	} else
		return;
	plan_default_tenant(plan);
	plan_sequence(plan);
}

void plan_make(struct plan *plan, struct facts *facts, const struct schema_settings *settings)
{
	*plan = (struct plan){.arena = &facts->arena, .facts = facts, .settings = settings};
	plan_tenants(plan);
	plan_columns(plan);
	plan_indexes(plan);
	if (settings->foreign_keys)
		plan_foreign_keys(plan);
	if (settings->widen_unique)
		plan_unique(plan);
	if (settings->tenant_foreign_keys)
		plan_tenant_keys(plan);
	if (settings->row_security)
		plan_row_security(plan);
}
