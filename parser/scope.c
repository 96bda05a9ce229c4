/* The lookups behind scope.h. The search path is parsed once for each analysis. */
#include "parser/scope.h"
#include "parser/created.h"

#include <string.h>

struct cte *scope_cte(struct cte *visible, const RangeVar *name)
{
	if (name->schemaname)
		return NULL;
	for (; visible; visible = visible->outer)
		if (same_name(visible->expression->ctename, name->relname))
			return visible;
	return NULL;
}

/* Takes the next name of a comma-separated list as SplitIdentifierString() does: folded unless quoted. It is
 * written to *room, which moves on. NULL: the end (or text that is no such list, which the server would not have
 * accepted). */
static char *next_schema(const char **at, char **room)
{
	const char *c = *at;
	while (*c == ' ' || (*c >= '\t' && *c <= '\r') || *c == ',')
		c++;
	if (*c == 0)
		return NULL;
	char *name = *room, *end = name;
	if (*c == '"') {
		for (c++; *c && (*c != '"' || c[1] == '"'); c++) {
			c += *c == '"';
			*end++ = *c;
		}
		c += *c == '"';
	} else {
		for (; *c && *c != ',' && *c != ' ' && !(*c >= '\t' && *c <= '\r'); c++)
			*end++ = *c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c;
	}
	*end = 0;
	*room = end + 1;
	*at = c;
	/* cut at a character, as truncate_identifier() does */
	if (end - name >= NAMEDATALEN) {
		size_t cut = NAMEDATALEN - 1;
		while (cut > 0 && (name[cut] & 0xc0) == 0x80)
			cut--;
		name[cut] = 0;
	}
	return name;
}

static bool has(const char *const *schemas, size_t n, const char *schema)
{
	for (size_t i = 0; i < n; i++)
		if (same_name(schemas[i], schema))
			return true;
	return false;
}

const struct scope_path *scope_path_of(const struct analysis *analysis, const char *text)
{
	/* each name needs at least two bytes of the list; pg_temp and pg_catalog come before them */
	size_t length = strlen(text), n = 0;
	struct scope_path *path = palloc(sizeof *path);
	const char **schemas = palloc((length / 2 + 4) * sizeof *schemas), **first = schemas + 2;
	char *room = palloc(length + 2);
	for (char *name; (name = next_schema(&text, &room)) != NULL;) {
		const char *schema = same_name(name, "$user") ? catalog_current_user(analysis->catalog) : name;
		if (schema && !has(first, n, schema))
			first[n++] = schema;
	}
	bool temporary = has(first, n, "pg_temp");
	if (!has(first, n, "pg_catalog")) {
		*--first = "pg_catalog";
		n++;
	}
	if (!temporary) {
		*--first = "pg_temp";
		n++;
	}
	*path = (struct scope_path){.schemas = first, .n = n};
	return path;
}

const char *scope_path_text(const struct analysis *analysis)
{
	const char *text = analysis->names->search_path ? analysis->names->search_path
													: catalog_default_search_path(analysis->catalog);
	return text ? text : "\"$user\", public";
}

const struct scope_path *scope_path(const struct analysis *analysis)
{
	if (analysis->path)
		return analysis->path;
	const struct scope_path *path = scope_path_of(analysis, scope_path_text(analysis));
	((struct analysis *)analysis)->path = path;
	return path;
}

static bool is_temporary(const struct analysis *analysis, const char *name)
{
	for (size_t i = 0; i < analysis->names->n_temporaries; i++)
		if (same_name(analysis->names->temporaries[i], name))
			return true;
	return false;
}

bool scope_is_numbered_temporary(const char *schema)
{
	return schema && strncmp(schema, "pg_temp_", 8) == 0;
}

static bool names_temporary_schema(const char *schema)
{
	return same_name(schema, "pg_temp") || scope_is_numbered_temporary(schema);
}

const struct catalog_relation *scope_permanent(const struct analysis *analysis, const char *name)
{
	const struct scope_path *path = scope_path(analysis);
	for (size_t i = 0; i < path->n; i++) {
		if (names_temporary_schema(path->schemas[i]))
			continue;
		const struct catalog_relation *relation = created_relation(analysis, path->schemas[i], name);
		if (relation)
			return relation;
	}
	return NULL;
}

const struct catalog_relation *scope_relation(const struct analysis *analysis, const RangeVar *name,
											  bool *temporary)
{
	*temporary = false;
	if (name->schemaname) {
		/* Names of a numbered schema are taken for the session's own, and written so (rewrite_level.c). */
		*temporary = names_temporary_schema(name->schemaname);
		return *temporary ? NULL : created_relation(analysis, name->schemaname, name->relname);
	}
	const struct scope_path *path = scope_path(analysis);
	const struct catalog_relation *named = catalog_relations(analysis->catalog, name->relname);
	bool created = analysis->names->n_temporaries > 0;
	for (size_t i = 0; i < path->n; i++) {
		if (names_temporary_schema(path->schemas[i])) {
			if (is_temporary(analysis, name->relname)) {
				*temporary = true;
				return NULL;
			}
			continue;
		}
		const struct catalog_relation *relation =
			created ? created_relation(analysis, path->schemas[i], name->relname)
					: catalog_relation_in(named, path->schemas[i]);
		if (relation)
			return relation;
	}
	return NULL;
}
