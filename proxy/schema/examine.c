/* What check and --plan have in common; see examine.h. */
#include "proxy/schema/examine.h"

#include <string.h>

#include "proxy/schema/instance.h"
#include "proxy/schema/sql.h"

bool examine(struct examination *examination, const char *conninfo, const struct schema_settings *settings,
			 struct error *error)
{
	memset(examination, 0, sizeof *examination);
	examination->connection = instance_connect(conninfo, "tenantry check", error);
	if (!examination->connection || !sql_run(examination->connection, "SET lock_timeout TO 10000", error) ||
		!facts_load(&examination->facts, examination->connection, settings, error))
		return false;
	facts_sizes(&examination->facts, examination->connection);
	plan_make(&examination->plan, &examination->facts, settings);
	/* The snapshot reads the tenants: where they cannot be read, the plan says it better. */
	const struct fact_tenants *tenants = &examination->facts.tenants;
	if (tenants->exists && (!tenants->has_id || !tenants->readable))
		return plan_may_run(&examination->plan, error);
	bool complete;
	return schema_load(examination->connection, settings, 1, NULL, &examination->catalog, &complete, error) &&
		   hazards_find(&examination->hazards, examination->connection, &examination->plan,
						examination->catalog, error);
}

void examine_close(struct examination *examination)
{
	catalog_unref(examination->catalog);
	facts_free(&examination->facts);
	PQfinish(examination->connection);
	memset(examination, 0, sizeof *examination);
}

bool examine_is_missing(const struct item *item)
{
	return item->need != NEED_NOTHING && item->kind != ITEM_PRESENT;
}

bool examine_is_required(const struct item *item)
{
	return examine_is_missing(item) && item->need != NEED_STATISTICS;
}

const char *examine_size(struct arena *arena, int64_t bytes)
{
	static const char *const units[] = {"kB", "MB", "GB", "TB"};
	double size = (double)bytes / 1024;
	int unit = 0;
	for (; size >= 1024 && unit < 3; unit++)
		size /= 1024;
	return arena_format(arena, size < 10 && unit ? "%.1f %s" : "%.0f %s", size, units[unit]);
}

const char *examine_duration(struct arena *arena, double seconds)
{
	if (seconds < 0.0015)
		return "1 ms";
	if (seconds < 1)
		return arena_format(arena, "%.0f ms", seconds * 1000);
	if (seconds < 100)
		return arena_format(arena, "%.0f s", seconds);
	if (seconds < 6000)
		return arena_format(arena, "%.0f min", seconds / 60);
	return arena_format(arena, "%.1f h", seconds / 3600);
}

void examine_print_hazards(const struct examination *examination, FILE *out)
{
	const struct hazards *hazards = &examination->hazards;
	const char *kind = NULL;
	fprintf(out, "\nHazards: %zu\n", hazards->n);
	for (size_t i = 0; i < hazards->n; i++) {
		const struct hazard *hazard = &hazards->list[i];
		if (!kind || strcmp(kind, hazard->kind) != 0)
			fprintf(out, "\n  %s\n", hazard->kind);
		kind = hazard->kind;
		fprintf(out, "   ⚠️  %s\n      %s\n      To do: %s\n", hazard->object, hazard->what,
				hazard->todo);
	}
}

/* The length of the UTF-8 character at `at`, 0 if it is none: catalogs of SQL_ASCII databases hold any bytes.
 */
static size_t character_length(const unsigned char *at)
{
	size_t length = at[0] < 0x80                    ? 1
					: at[0] >= 0xf0 && at[0] < 0xf5 ? 4
					: at[0] >= 0xe0                 ? 3
					: at[0] >= 0xc2                 ? 2
													: 0;
	if (at[0] >= 0xf5)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

void examine_json_string(FILE *out, const char *text)
{
	if (!text) {
		fputs("null", out);
		return;
	}
	putc('"', out);
	for (const unsigned char *c = (const unsigned char *)text; *c;) {
		size_t length = character_length(c);
		if (*c == '"' || *c == '\\')
			fprintf(out, "\\%c", *c);
		else if (*c < ' ')
			fprintf(out, "\\u%04x", *c);
		else if (!length)
			fputs("\\ufffd", out);
		else
			fwrite(c, 1, length, out);
		c += length ? length : 1;
	}
	putc('"', out);
}
