/* `tenantry check --json`: one object. Names are as in the catalogs; what may be absent is null. */
#include "proxy/schema/examine.h"

static const char *const need_names[N_NEEDS] = {
	[NEED_TABLE] = "table",
	[NEED_COLUMN] = "column",
	[NEED_DEFAULT] = "default",
	[NEED_NOT_NULL] = "not null",
	[NEED_STATISTICS] = "statistics",
	[NEED_INDEX] = "index",
	[NEED_FOREIGN_KEY] = "foreign key",
	[NEED_UNIQUE] = "unique keys",
	[NEED_TENANT_KEY] = "tenant foreign keys",
	[NEED_ROW_SECURITY] = "row security",
};

static void member(FILE *out, const char *name, const char *value)
{
	fprintf(out, "\"%s\": ", name);
	examine_json_string(out, value);
}

static const char *truth(bool value)
{
	return value ? "true" : "false";
}

/* Each need of the table (NULL: of the table of tenants) once. */
static void write_missing(const struct plan *plan, const struct fact_table *table, FILE *out)
{
	bool seen[N_NEEDS] = {false};
	const char *separator = "";
	fprintf(out, "\"missing\": [");
	for (size_t i = 0; i < plan->n; i++) {
		const struct item *item = &plan->items[i];
		if (item->table != table || !examine_is_missing(item) || seen[item->need])
			continue;
		seen[item->need] = true;
		fprintf(out, "%s\"%s\"", separator, need_names[item->need]);
		separator = ", ";
	}
	fprintf(out, "]");
}

static void write_index(const struct fact_table *table, FILE *out)
{
	const struct fact_index *index = NULL;
	for (size_t i = 0; i < table->n_indexes; i++)
		if (table->indexes[i].whole && (!index || (table->indexes[i].valid && !index->valid)))
			index = &table->indexes[i];
	if (!index) {
		fprintf(out, "\"index\": null, ");
		return;
	}
	fprintf(out, "\"index\": {");
	member(out, "name", index->name);
	fprintf(out, ", \"valid\": %s}, ", truth(index->valid));
}

static void write_table(const struct plan *plan, const struct fact_table *table, FILE *out)
{
	fprintf(out, "    {");
	member(out, "schema", table->schema);
	fprintf(out, ", ");
	member(out, "name", table->name);
	fprintf(out, ", \"kind\": \"%c\", \"partition\": %s, ", table->kind, truth(table->is_partition));
	member(out, "column", table->has_column ? table->column : NULL);
	fprintf(out, ", ");
	member(out, "type", table->has_column ? table->type : NULL);
	fprintf(out, ", ");
	member(out, "default", table->default_text);
	fprintf(out, ", \"not_null\": %s, \"statistics\": %s, ", truth(table->not_null),
			truth(table->has_statistics));
	write_index(table, out);
	if (table->foreign_key) {
		fprintf(out, "\"foreign_key\": {");
		member(out, "name", table->foreign_key);
		fprintf(out, ", \"valid\": %s}, ", truth(table->foreign_key_valid));
	} else
		fprintf(out, "\"foreign_key\": null, ");
	fprintf(out, "\"row_security\": %s, ",
			truth(table->row_security && table->force_row_security && table->has_our_policy));
	write_missing(plan, table, out);
	fprintf(out, "}");
}

static void write_findings(const struct plan *plan, FILE *out)
{
	const char *separator = "";
	for (size_t i = 0; i < plan->n; i++) {
		const struct item *item = &plan->items[i];
		if (item->kind != ITEM_STOP && item->kind != ITEM_WARNING)
			continue;
		fprintf(out, "%s\n    {\"stops\": %s, ", separator, truth(item->kind == ITEM_STOP));
		member(out, "sqlstate", item->sqlstate);
		fprintf(out, ", ");
		member(out, "text", item->text);
		fprintf(out, ", ");
		member(out, "todo", item->hint);
		fprintf(out, "}");
		separator = ",";
	}
}

static void write_hazards(const struct hazards *hazards, FILE *out)
{
	for (size_t i = 0; i < hazards->n; i++) {
		fprintf(out, "%s\n    {", i ? "," : "");
		member(out, "kind", hazards->list[i].kind);
		fprintf(out, ", ");
		member(out, "object", hazards->list[i].object);
		fprintf(out, ", ");
		member(out, "what", hazards->list[i].what);
		fprintf(out, ", ");
		member(out, "todo", hazards->list[i].todo);
		fprintf(out, "}");
	}
}

void examine_json_check(const struct examination *examination, FILE *out, bool complete)
{
	const struct facts *facts = &examination->facts;
	const struct plan *plan = &examination->plan;
	fprintf(out, "{\n  \"complete\": %s,\n  ", truth(complete));
	member(out, "database", facts->database);
	fprintf(out, ",\n  ");
	member(out, "user", facts->user);
	fprintf(out, ",\n  \"server_version\": %d,\n  \"standby\": %s,\n  \"tenants\": {", facts->version,
			truth(facts->in_recovery));
	member(out, "schema", facts->names.tenants_schema);
	fprintf(out, ", ");
	member(out, "table", plan->settings->tenants_table);
	fprintf(out, ", \"exists\": %s, ", truth(facts->tenants.exists));
	member(out, "default_tenant", plan->settings->default_tenant);
	fprintf(out, ", \"default_tenant_exists\": %s, ", truth(facts->tenants.default_there));
	write_missing(plan, NULL, out);
	fprintf(out, "},\n  \"tables\": [");
	for (size_t i = 0; i < facts->n_tables; i++) {
		fprintf(out, "%s\n", i ? "," : "");
		write_table(plan, &facts->tables[i], out);
	}
	fprintf(out, "\n  ],\n  \"missing_tables\": [");
	for (size_t i = 0; i < facts->n_missing; i++) {
		fprintf(out, "%s{", i ? ", " : "");
		member(out, "schema", facts->missing[i]->schema);
		fprintf(out, ", ");
		member(out, "name", facts->missing[i]->name);
		fprintf(out, "}");
	}
	fprintf(out, "],\n  \"findings\": [");
	write_findings(plan, out);
	fprintf(out, "\n  ],\n  \"hazards\": [");
	write_hazards(&examination->hazards, out);
	fprintf(out, "\n  ]\n}\n");
	fflush(out);
}
