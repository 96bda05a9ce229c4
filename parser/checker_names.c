/* What a name means, from PostgreSQL's rules: scanNameSpaceForCTE() in parse_relation.c,
 * transformWithClause() in parse_cte.c, RangeVarGetRelidExtended() and recomputeNamespacePath() in
 * namespace.c, SplitIdentifierString() in varlena.c.
 *
 * What it refuses: a search_path that cannot be read; a name that means a relation without tenants only as
 * long as that exists, and a guarded relation afterwards; TOAST tables, which hold pieces of rows and no
 * tenant. */
#include "parser/catalog_internal.h"
#include "parser/checker_internal.h"
#include "parser/created.h"

#include <ctype.h>
#include <string.h>

const char checker_temporary[] = "pg_temp";

static bool in_with(const struct checker *checker, const char *name)
{
	for (const struct checker_with *with = checker->with; with; with = with->outer)
		for (int i = 0; i < with->visible; i++) {
			const CommonTableExpr *cte = list_nth(with->list, i);
			if (same_name(cte->ctename, name))
				return true;
		}
	return false;
}

/* Takes one identifier of the list, unquotes or folds it in place; NULL: not an identifier. */
static char *take_identifier(char **at)
{
	char *p = *at, *name, *end;

	if (*p == '"') {
		name = end = ++p;
		for (;; p++) {
			if (*p == '\0')
				return NULL;
			if (*p == '"' && *++p != '"')
				break;
			*end++ = *p;
		}
	} else {
		name = p;
		while (*p && *p != ',' && !isspace((unsigned char)*p)) {
			if (*p >= 'A' && *p <= 'Z')
				*p += 'a' - 'A';
			p++;
		}
		end = p;
		if (end == name)
			return NULL;
	}
	while (isspace((unsigned char)*p))
		p++;
	if (*p == ',') {
		p++;
		while (isspace((unsigned char)*p))
			p++;
		*at = p;
		if (*p == '\0')
			return NULL; /* "a," is a syntax error to PostgreSQL too */
	} else if (*p == '\0') {
		*at = p;
	} else {
		return NULL;
	}
	*end = '\0';
	return end - name < NAMEDATALEN ? name : NULL; /* PostgreSQL would cut it, at a character */
}

static bool lists(const char *const *path, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (path[i] == name || same_name(path[i], name))
			return true;
	return false;
}

/* pg_temp and then pg_catalog come first unless the list names them itself. */
static const struct checker_path *make_path(const char *const *named, int n)
{
	struct checker_path *path = palloc(sizeof *path + (size_t)(n + 2) * sizeof *path->schemas);
	path->n = 0;
	if (!lists(named, n, checker_temporary))
		path->schemas[path->n++] = checker_temporary;
	if (!lists(named, n, "pg_catalog"))
		path->schemas[path->n++] = "pg_catalog";
	for (int i = 0; i < n; i++)
		path->schemas[path->n++] = named[i];
	return path;
}

/* The effective search_path. NULL: a finding. */
static const struct checker_path *read_path(struct checker *checker)
{
	enum { FEW = 6 };
	const struct analysis *analysis = checker->analysis;
	const char *text = analysis->names ? analysis->names->search_path : NULL;
	const char *named_few[FEW], **named = named_few;
	int n = 0, room = FEW;

	if (text == NULL)
		text = catalog_default_search_path(analysis->catalog);
	if (text == NULL || analysis->path_unknown)
		return checker_open(checker, -1, "the search_path is not known"), NULL;
	size_t length = strlen(text);
	char *copy = palloc(length + 1), *at = copy;
	memcpy(copy, text, length + 1);
	while (isspace((unsigned char)*at))
		at++;
	while (*at) {
		const char *name = take_identifier(&at);
		if (name == NULL)
			return checker_open(checker, -1, "the search_path cannot be read"), NULL;
		if (n == room) {
			const char **more = palloc(sizeof *more * (size_t)room * 4);
			memcpy(more, named, sizeof *more * (size_t)n);
			named = more;
			room *= 4;
		}
		if (same_name(name, "$user"))
			name = catalog_current_user(analysis->catalog);
		if (name)
			named[n++] = same_name(name, checker_temporary) ? checker_temporary : name;
	}
	return make_path(named, n);
}

/* The application's own text and the rewritten one are read under the same names: once is enough. */
static bool have_path(struct checker *checker)
{
	const struct checker_path **kept = &((struct analysis *)checker->analysis)->checker_path;
	if (*kept == NULL)
		*kept = read_path(checker);
	checker->path = *kept;
	return checker->path != NULL;
}

static bool is_temporary(const struct checker *checker, const char *name)
{
	const struct session_names *names = checker->analysis->names;
	if (names == NULL)
		return false;
	for (size_t i = 0; i < names->n_temporaries; i++)
		if (same_name(names->temporaries[i], name))
			return true;
	return false;
}

static bool same_confinement(const struct catalog_relation *known, const struct catalog_relation *made)
{
	return made && made->isolation == known->isolation &&
		   (known->tenant_column < 0 ||
			(made->tenant_column >= 0 && (size_t)made->tenant_column < made->n_columns &&
			 strcmp(made->columns[made->tenant_column].name, known->columns[known->tenant_column].name) ==
				 0));
}

/* The relation `schema`.`name`, which the snapshot knows as `known` (NULL: it does not), as the snapshot or the transaction under way has it. What the transaction
 * made is believed only as far as it is no weaker than the snapshot. */
static bool look_up(struct checker *checker, const RangeVar *name, const char *schema,
					const struct catalog_relation *known, const struct catalog_relation **relation)
{
	*relation = checker->analysis->names->n_temporaries
					? created_relation(checker->analysis, schema, name->relname)
					: known;
	return known == *relation || known == NULL || known->isolation == ISOLATION_SHARED ||
		   same_confinement(known, *relation) ||
		   checker_open(checker, name->location,
						"a relation of the transaction would stand for a guarded one");
}

/* An unqualified name that is no CTE. What is found first may be gone when the server looks (ON COMMIT DROP,
 * ROLLBACK, a DROP by another session, the next run of a prepared statement), and then the name means what
 * comes after it on the path: that must not be a guarded relation if the first one is not. */
static bool resolve_by_path(struct checker *checker, const RangeVar *name, struct checker_name *found)
{
	const struct catalog_relation *named = catalog_relations(checker->analysis->catalog, name->relname);
	bool fleeting = false;

	if (!have_path(checker))
		return false;
	for (int i = 0; i < checker->path->n; i++) {
		if (checker->path->schemas[i] == checker_temporary) {
			if (found->relation == NULL && is_temporary(checker, name->relname))
				found->is_temporary = fleeting = true;
			continue;
		}
		const struct catalog_relation *relation;
		const char *schema = checker->path->schemas[i];
		if (!look_up(checker, name, schema, catalog_relation_in(named, schema), &relation))
			return false;
		if (relation == NULL)
			continue;
		if (fleeting && relation->isolation != ISOLATION_SHARED)
			return checker_open(checker, name->location,
								"the relation that is meant hides a guarded one of its name; only its "
								"qualified name is certain");
		if (!found->is_temporary && found->relation == NULL)
			found->relation = relation;
		if (relation->isolation != ISOLATION_SHARED || same_name(relation->schema, "pg_catalog"))
			break;
		fleeting = true;
	}
	return true;
}

bool checker_resolve(struct checker *checker, const RangeVar *name, bool as_target,
					 struct checker_name *found)
{
	*found = (struct checker_name){0};
	if (name->schemaname == NULL) {
		if (!as_target && in_with(checker, name->relname)) {
			found->is_cte = true;
			return true;
		}
		if (!resolve_by_path(checker, name, found))
			return false;
	} else if (strncmp(name->schemaname, "pg_temp_", 8) == 0) {
		return checker_open(checker, name->location, "it may be another session's temporary relation");
	} else if (same_name(name->schemaname, checker_temporary)) {
		found->is_temporary = true;
	} else if (!look_up(checker, name, name->schemaname,
						catalog_relation(checker->analysis->catalog, name->schemaname, name->relname),
						&found->relation)) {
		return false;
	}
	if ((found->relation && found->relation->kind == 't') || strncmp(name->relname, "pg_toast_", 9) == 0)
		return checker_open(checker, name->location, "a TOAST table holds pieces of all tenants' rows");
	if (found->is_temporary && created_of_other_tenant(checker->analysis, name->relname))
		return checker_open(checker, name->location, "a temporary view was made for another tenant");
	return true;
}

/* --- functions --- */

static bool is_trusted(const struct policy *policy, const struct catalog_function *function)
{
	/* of an operator the function behind it */
	const char *in = function->calls ? function->calls_schema : function->schema;
	const char *called = function->calls ? function->calls : function->name;
	size_t schema = strlen(in);
	for (size_t i = 0; i < policy->n_trusted_functions; i++) {
		const char *name = policy->trusted_functions[i];
		if (same_name(name, called))
			return true;
		if (strncmp(name, in, schema) == 0 && name[schema] == '.' && same_name(name + schema + 1, called))
			return true;
	}
	return false;
}

static bool flagged_in(const struct checker *checker, const char *schema, const char *name)
{
	const struct catalog_function *const *list;
	size_t n = catalog_functions(checker->analysis->catalog, schema, name, &list);
	for (size_t i = 0; i < n; i++)
		if (list[i]->flagged && !is_trusted(checker->analysis->policy, list[i]))
			return true;
	return false;
}

bool checker_flagged_function(struct checker *checker, const List *name)
{
	const char *last = strVal(llast(name));
	const struct catalog_name *known = catalog_name(checker->analysis->catalog, last, strlen(last));

	if (checker->analysis->names->n_temporaries > 0 && created_flagged_function(checker->analysis, last))
		return true;
	if (known == NULL || !known->function)
		return false;
	if (list_length(name) > 1)
		return flagged_in(checker, strVal(list_nth(name, list_length(name) - 2)), last);
	if (!have_path(checker))
		return true;
	/* Overloads of all schemas on the path compete, so that the first schema that has the name does not
	 * decide. */
	for (int i = 0; i < checker->path->n; i++)
		if (checker->path->schemas[i] != checker_temporary &&
			flagged_in(checker, checker->path->schemas[i], last))
			return true;
	return false;
}

bool checker_flagged_operator(struct checker *checker, const List *name)
{
	return checker->analysis->catalog->flagged_operators && checker_flagged_function(checker, name);
}
