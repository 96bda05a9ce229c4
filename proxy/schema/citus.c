/* `tenantry check --citus`: can the database be distributed by tenant with Citus, and the script that does
 * it.
 *
 * Citus wants the distribution column in every unique key and in every foreign key between distributed
 * tables; shared tables that distributed ones refer to become reference tables. The script distributes the
 * tenants on id first, then parents before children, all in one colocation group, so that a tenant's rows are
 * on one node. Needs no Citus on the server. */
#include <string.h>

#include "proxy/schema/examine.h"
#include "proxy/schema/facts_keys.h"
#include "proxy/schema/instance.h"
#include "proxy/schema/schema.h"
#include "proxy/schema/sql.h"

struct distribution {
	struct arena *arena;
	PGconn *connection;
	const struct facts *facts;
	FILE *out;
	size_t obstacles;
	bool *written; /* by table: its line of the script is there */
};

static void obstacle(struct distribution *d, const char *object, const char *why, const char *todo)
{
	if (!d->obstacles++)
		fprintf(d->out, "In the way\n");
	fprintf(d->out, "   ❌ %s: %s\n      To do: %s\n", object, why, todo);
}

static bool is_distributed(const struct fact_table *table)
{
	return table && (table->kind == 'r' || table->kind == 'p') && table->has_column;
}

static void check_tables(struct distribution *d, const struct plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->items[i].gate && examine_is_required(&plan->items[i])) {
			obstacle(d, "migration", "it is not complete", "tenantry migrate");
			break;
		}
	for (size_t i = 0; i < d->facts->n_tables; i++) {
		const struct fact_table *table = &d->facts->tables[i];
		if (table->kind == 'r' && table->has_children && !table->is_partition)
			obstacle(d, table->shown, "tables with inheritance children cannot be distributed",
					 "Make it a partitioned table, or one table.");
	}
}

static void check_keys(struct distribution *d)
{
	const struct fact_keys *keys = d->facts->keys;
	for (size_t i = 0; i < keys->n_keys; i++) {
		const struct fact_key *key = &keys->keys[i];
		if (!is_distributed(key->table) || key->has_tenant)
			continue;
		const char *object = arena_format(d->arena, "key %s of %s", key->name, key->table->shown);
		const char *wide = arena_format(d->arena, "%s, %s", key->table->column_quoted, key->columns);
		obstacle(d, object, arena_format(d->arena, "it does not contain %s", key->table->column),
				 key->harmless && key->constraint
					 ? arena_format(d->arena,
									"ALTER TABLE %s DROP CONSTRAINT %s, ADD CONSTRAINT %s %s (%s); "
									"(widen_unique leaves it: its values "
									"cannot meet, and queries may group by it)",
									key->table->qualified, key->quoted, key->quoted,
									key->constraint == 'p' ? "PRIMARY KEY" : "UNIQUE", wide)
					 : "widen_unique = yes");
	}
	for (size_t i = 0; i < keys->n_references; i++) {
		const struct fact_reference *reference = &keys->references[i];
		if (reference->inherited || reference->paired || !is_distributed(reference->parent))
			continue;
		const char *object =
			arena_format(d->arena, "foreign key %s of %s", reference->name, reference->child_qualified);
		if (is_distributed(reference->child))
			obstacle(d, object, "it does not contain the tenant", "tenant_foreign_keys = yes");
		else
			obstacle(d, object, "a table that is not distributed cannot refer to one that is",
					 "Add its table to `tables`, or drop the key.");
	}
}

static bool check_rest(struct distribution *d, struct error *error)
{
	const char *values[] = {facts_table_oids((struct facts *)d->facts)};
	PGresult *result = sql_query(
		d->connection,
		"SELECT 'trigger ' || tgname || ' on ' || tgrelid::pg_catalog.regclass, 'triggers run on the nodes',"
		" 'SET citus.enable_unsafe_triggers TO on, if it touches only rows of its own tenant; else drop it.'"
		" FROM pg_catalog.pg_trigger WHERE tgrelid = ANY ($1::oid[]) AND NOT tgisinternal AND tgparentid = 0"
		" UNION ALL SELECT 'rule ' || rulename || ' on ' || ev_class::pg_catalog.regclass,"
		" 'distributed tables take no rules', 'Drop it.' FROM pg_catalog.pg_rewrite"
		" WHERE ev_class = ANY ($1::oid[]) AND rulename <> '_RETURN'"
		" UNION ALL SELECT 'constraint ' || conname || ' on ' || conrelid::pg_catalog.regclass,"
		" 'exclusion constraints need the tenant with =', 'Recreate it with the tenant column.'"
		" FROM pg_catalog.pg_constraint o WHERE conrelid = ANY ($1::oid[]) AND contype = 'x' ORDER BY 1",
		1, values, error);
	if (!result)
		return false;
	for (int row = 0; row < PQntuples(result); row++)
		obstacle(d, sql_text(result, row, 0), sql_text(result, row, 1), sql_text(result, row, 2));
	PQclear(result);
	return true;
}

/* --- the script --- */

static bool write_reference_tables(struct distribution *d, struct error *error)
{
	const char *values[] = {facts_table_oids((struct facts *)d->facts),
							arena_format(d->arena, "%u", d->facts->names.tenants_oid)};
	PGresult *result = sql_query(
		d->connection,
		"SELECT DISTINCT n.nspname, c.relname FROM pg_catalog.pg_constraint f JOIN pg_catalog.pg_class c"
		" ON c.oid = f.confrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
		" WHERE f.contype = 'f' AND f.conrelid = ANY ($1::oid[]) AND f.confrelid <> $2::oid"
		" AND f.confrelid <> ALL ($1::oid[]) ORDER BY 1, 2",
		2, values, error);
	if (!result)
		return false;
	for (int row = 0; row < PQntuples(result); row++)
		fprintf(d->out, "SELECT create_reference_table(%s);\n",
				sql_literal(d->arena,
							sql_qualified(d->arena, sql_text(result, row, 0), sql_text(result, row, 1))));
	PQclear(result);
	return true;
}

static void write_table(struct distribution *d, size_t i)
{
	const struct fact_keys *keys = d->facts->keys;
	const struct fact_table *table = &d->facts->tables[i];
	if (d->written[i] || !is_distributed(table) || (table->parent && table->is_partition))
		return;
	d->written[i] = true; /* before its parents: a cycle of keys must end */
	for (size_t k = 0; k < keys->n_references; k++)
		if (keys->references[k].child == table && is_distributed(keys->references[k].parent))
			write_table(d, (size_t)(keys->references[k].parent - d->facts->tables));
	fprintf(d->out, "SELECT create_distributed_table(%s, %s, colocate_with => %s);\n",
			sql_literal(d->arena, table->qualified), sql_literal(d->arena, table->column),
			sql_literal(d->arena, d->facts->tenants.qualified));
}

static bool write_script(struct distribution *d, struct error *error)
{
	fprintf(d->out, "\n-- Script for the coordinator: parents before children, one colocation group\n"
					"CREATE EXTENSION IF NOT EXISTS citus;\n");
	if (!write_reference_tables(d, error))
		return false;
	fprintf(d->out, "SELECT create_distributed_table(%s, 'id');\n",
			sql_literal(d->arena, d->facts->tenants.qualified));
	d->written = arena_alloc(d->arena, (d->facts->n_tables + 1) * sizeof *d->written);
	for (size_t i = 0; i < d->facts->n_tables; i++)
		write_table(d, i);
	return true;
}

bool schema_citus(const char *conninfo, const struct schema_settings *settings, FILE *out, bool *ready,
				  struct error *error)
{
	struct facts facts = {0};
	struct plan plan;
	PGconn *connection = instance_connect(conninfo, "tenantry check", error);
	bool good = connection && facts_load(&facts, connection, settings, error) &&
				(facts.keys || facts_load_keys(&facts, connection, error));
	if (good) {
		struct distribution d = {
			.arena = &facts.arena, .connection = connection, .facts = &facts, .out = out};
		plan_make(&plan, &facts, settings);
		fprintf(out, "CITUS: distributing database %s by %s\n\n", facts.database, settings->tenant_column);
		check_tables(&d, &plan);
		check_keys(&d);
		good = check_rest(&d, error) && write_script(&d, error);
		*ready = !d.obstacles;
		fprintf(out, *ready ? "\n✅ READY\n" : "\n❌ NOT READY: %zu obstacles\n", d.obstacles);
		fflush(out);
	}
	facts_free(&facts);
	PQfinish(connection);
	return good;
}
