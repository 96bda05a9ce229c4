/* See created.h. The form:   \1 schema \1 table \1 flags \1 column \1 facts \1 column \1 facts ..
 *
 * flags: N, M or C (enum created); kind; isolation (a letter from 'a'); tenant type (likewise); index of the
 * tenant column or -. facts: type oid, then n (not null) d (default) g (generated) a (identity always).
 * A view over tenant relations goes on with \1\1 search_path \1 definition, whose names mean something under that
 * search_path.
 * Temporary views that show one tenant's rows have an entry in pg_temp with the flag T or O (another tenant's),
 * which lasts as long as they do. */
#include "parser/created.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser/names.h"
#include "parser/tree.h"

enum { MARK = '\001' };
enum { OF_THIS_TENANT = 'T', OF_OTHER_TENANT = 'O' };
static const char TEMPORARY_SCHEMA[] = "pg_temp";
/* Kinds. A function has no schema here: no relation is found by it. */
enum { VIEW = 'v', FUNCTION = 'F' };

/* The oids of relations that are in no catalog yet. */
#define OID_OWN   0u
#define OID_MAYBE UINT32_MAX

bool created_is_own(const struct catalog_relation *relation)
{
	return relation->oid == OID_OWN;
}

bool created_is_view(const struct catalog_relation *relation)
{
	return relation->kind == 'v' && (relation->oid == OID_OWN || relation->oid == OID_MAYBE);
}

static bool writable(const char *name)
{
	return strchr(name, MARK) == NULL;
}

const char *created_name(const struct catalog_relation *relation, enum created how, const char *path)
{
	if (!writable(relation->schema) || !writable(relation->name))
		return NULL;
	const char *text = analysis_text("%c%s%c%s%c%c%c%c%c%d", MARK, relation->schema, MARK, relation->name,
									 MARK, (char)how, relation->kind, 'a' + (int)relation->isolation,
									 'a' + (int)relation->tenant_type, relation->tenant_column);
	for (size_t i = 0; i < relation->n_columns; i++) {
		const struct catalog_column *column = &relation->columns[i];
		if (!writable(column->name))
			return NULL;
		text = analysis_text("%s%c%s%c%u%s%s%s%s", text, MARK, column->name, MARK, column->type_oid,
							 column->not_null ? "n" : "", column->has_default ? "d" : "",
							 column->generated ? "g" : "", column->identity_always ? "a" : "");
	}
	if (!relation->view_definition)
		return text;
	return path && writable(path) && writable(relation->view_definition)
			   ? analysis_text("%s%c%c%s%c%s", text, MARK, MARK, path, MARK, relation->view_definition)
			   : NULL;
}

/* Does the entry stand for schema.name? Gives the byte behind the name's mark. */
static const char *entry_match(const char *entry, const char *schema, const char *name)
{
	size_t n = strlen(schema), m = strlen(name);
	if (entry[0] != MARK || strncmp(entry + 1, schema, n) != 0 || entry[n + 1] != MARK)
		return NULL;
	const char *rest = entry + n + 2;
	return strncmp(rest, name, m) == 0 && rest[m] == MARK ? rest + m + 1 : NULL;
}

const char *created_entry(const struct analysis *analysis, const char *schema, const char *name)
{
	const struct session_names *names = analysis->names;
	for (size_t i = 0; i < names->n_temporaries; i++)
		if (entry_match(names->temporaries[i], schema, name))
			return names->temporaries[i];
	return NULL;
}

/* --- temporary views --- */

char *session_names_view(const char *name, bool of_this_tenant)
{
	/* That of another tenant is one whose name must not stand in a function's body either: view_name(). */
	enum isolation isolation = of_this_tenant ? ISOLATION_SHARED : ISOLATION_REFUSED;
	static const char FORM[] = "%c%s%c%s%c%cv%ca-1";
	size_t size = sizeof FORM + sizeof TEMPORARY_SCHEMA + strlen(name);
	char *entry = malloc(size);
	if (!entry)
		abort();
	snprintf(entry, size, FORM, MARK, TEMPORARY_SCHEMA, MARK, name, MARK,
			 of_this_tenant ? OF_THIS_TENANT : OF_OTHER_TENANT, 'a' + (int)isolation);
	return entry;
}

/* The flag of a temporary view of one tenant's rows; 0: it is none. */
static char view_flag(const struct analysis *analysis, const char *name)
{
	const char *entry = created_entry(analysis, TEMPORARY_SCHEMA, name);
	return entry ? *entry_match(entry, TEMPORARY_SCHEMA, name) : 0;
}

bool created_of_tenant(const struct analysis *analysis, const char *name)
{
	return view_flag(analysis, name) != 0;
}

bool created_of_other_tenant(const struct analysis *analysis, const char *name)
{
	char flag = view_flag(analysis, name);
	return flag == OF_OTHER_TENANT || (flag != 0 && analysis->tenant_changed);
}

bool session_names_is_permanent(const char *name)
{
	size_t length = strlen(TEMPORARY_SCHEMA);
	return created_is_entry(name) &&
		   (strncmp(name + 1, TEMPORARY_SCHEMA, length) != 0 || name[1 + length] != MARK);
}

bool created_is_entry(const char *name)
{
	return name && name[0] == MARK;
}

static const char *const *keep(const char *const *names, size_t *n, bool permanent)
{
	const char **kept = palloc0((*n + 1) * sizeof *kept);
	size_t left = 0;
	for (size_t i = 0; i < *n; i++)
		if (session_names_is_permanent(names[i]) == permanent)
			kept[left++] = names[i];
	*n = left;
	return kept;
}

uint64_t session_names_hash(const struct session_names *names)
{
	uint64_t hash = hash_bytes(NAMES_SEED, names->search_path, strlen(names->search_path)), sum = 0;
	for (size_t i = 0; i < names->n_temporaries; i++)
		if (!created_is_entry(names->temporaries[i]))
			sum += hash_bytes(NAMES_SEED, names->temporaries[i], strlen(names->temporaries[i]));
	return hash_step(hash, sum) | 1;
}

const char *const *created_forget(const char *const *names, size_t *n)
{
	return keep(names, n, false);
}

const char *const *created_alone(const char *const *names, size_t *n)
{
	return keep(names, n, true);
}

/* The flags of an entry for something that the transaction has made; NULL: another name. */
static const char *entry_flags(const char *entry)
{
	return entry[0] == MARK ? strchr(strchr(entry + 1, MARK) + 1, MARK) + 1 : NULL;
}

/* Is there an entry with this letter at this place of its flags? */
static bool any_entry(const struct analysis *analysis, size_t place, char letter)
{
	const struct session_names *names = analysis->names;
	for (size_t i = 0; i < names->n_temporaries; i++) {
		const char *flags = entry_flags(names->temporaries[i]);
		if (flags && flags[place] == letter)
			return true;
	}
	return false;
}

bool created_maybe_any(const struct analysis *analysis)
{
	return any_entry(analysis, 0, CREATED_MAYBE);
}

bool created_maybe_renamed(const struct analysis *analysis)
{
	const struct session_names *names = analysis->names;
	for (size_t i = 0; i < names->n_temporaries; i++) {
		const char *flags = entry_flags(names->temporaries[i]);
		if (flags && flags[0] == CREATED_MAYBE && flags[1] != 'v')
			return true;
	}
	return false;
}

const char *created_function(const char *name, bool flagged)
{
	struct catalog_relation function = {.schema = "",
										.name = name,
										.kind = FUNCTION,
										.isolation = flagged ? ISOLATION_REFUSED : ISOLATION_SHARED,
										.tenant_column = -1};
	return created_name(&function, CREATED_NEW, NULL);
}

bool created_any_function(const struct analysis *analysis)
{
	return any_entry(analysis, 1, FUNCTION);
}

bool created_any(const struct analysis *analysis, const char *name)
{
	const struct session_names *names = analysis->names;
	size_t length = strlen(name);
	for (size_t i = 0; i < names->n_temporaries; i++) {
		const char *entry = names->temporaries[i];
		if (created_is_entry(entry)) {
			entry = strchr(entry + 1, MARK) + 1;
			if (strncmp(entry, name, length) == 0 && entry[length] == MARK)
				return true;
		} else if (same_name(entry, name)) {
			return true;
		}
	}
	return false;
}

bool created_word(const char *text, const char *word)
{
	size_t length = strlen(word);
	for (const char *at = text; length > 0 && (at = strcasestr(at, word)) != NULL; at++) {
		unsigned char before = at == text ? ' ' : (unsigned char)at[-1], after = (unsigned char)at[length];
		if (!isalnum(before) && before != '_' && before < 0x80 && !isalnum(after) && after != '_' &&
			after < 0x80)
			return true;
	}
	return false;
}

/* The name of an entry of this kind that confines nobody, or not to the tenant of now; else NULL. */
static const char *open_name(const struct analysis *analysis, const char *entry, char kind)
{
	const char *flags = entry_flags(entry);
	if (!flags || flags[1] != kind ||
		(flags[0] == OF_THIS_TENANT ? !analysis->tenant_changed : flags[2] == 'a' + ISOLATION_SHARED))
		return NULL;
	const char *name = strchr(entry + 1, MARK) + 1;
	return analysis_text("%.*s", (int)(flags - 1 - name), name);
}

static bool any_open(const struct analysis *analysis, const char *name, char kind)
{
	const struct session_names *names = analysis->names;
	for (size_t i = 0; i < names->n_temporaries; i++) {
		const char *open = open_name(analysis, names->temporaries[i], kind);
		if (open && strcmp(open, name) == 0)
			return true;
	}
	return false;
}

bool created_any_view(const struct analysis *analysis, const char *name)
{
	return any_open(analysis, name, VIEW);
}

bool created_flagged_function(const struct analysis *analysis, const char *name)
{
	return any_open(analysis, name, FUNCTION);
}

const char *created_view_in(const struct analysis *analysis, const char *text)
{
	const struct session_names *names = analysis->names;
	for (size_t i = 0; i < names->n_temporaries; i++) {
		const char *view = open_name(analysis, names->temporaries[i], VIEW);
		const char *name = view ? view : open_name(analysis, names->temporaries[i], FUNCTION);
		if (name && created_word(text, name))
			return name;
	}
	return NULL;
}

/* Gives the byte behind them. */
static const char *read_columns(struct catalog_relation *relation, const char *at)
{
	size_t most = 1;
	for (const char *c = at; *c; c++)
		most += *c == MARK;
	struct catalog_column *columns = palloc0(most * sizeof *columns);
	while (*at == MARK && at[1] != MARK) {
		struct catalog_column *column = &columns[relation->n_columns++];
		const char *end = strchr(at + 1, MARK);
		char *name = palloc0((size_t)(end - at));
		memcpy(name, at + 1, (size_t)(end - at) - 1);
		column->name = name;
		char *facts;
		column->type_oid = (uint32_t)strtoul(end + 1, &facts, 10);
		size_t n = strcspn(facts, "\001");
		column->not_null = memchr(facts, 'n', n) != NULL;
		column->has_default = memchr(facts, 'd', n) != NULL;
		column->generated = memchr(facts, 'g', n) != NULL;
		column->identity_always = memchr(facts, 'a', n) != NULL;
		at = facts + n;
	}
	relation->columns = columns;
	return at;
}

static void read_definition(struct catalog_relation *relation, const char *at)
{
	if (*at != MARK)
		return;
	const char *end = strchr(at + 2, MARK);
	relation->view_path = analysis_text("%.*s", (int)(end - at) - 2, at + 2);
	relation->view_definition = end + 1;
}

static const struct catalog_relation *read_entry(const struct analysis *analysis, const char *flags,
												 const char *schema, const char *name)
{
	const struct catalog_relation *base = catalog_relation(analysis->catalog, schema, name);
	enum isolation isolation = (enum isolation)(flags[2] - 'a');
	/* Whatever has become of a relation with tenants' rows: as long as the snapshot shows it, it is not
	 * shared. */
	if (base && base->isolation != ISOLATION_SHARED && isolation == ISOLATION_SHARED)
		return base;
	struct catalog_relation *relation = palloc0(sizeof *relation);
	if (flags[0] == CREATED_CHANGED && base)
		*relation = *base;
	else
		*relation = (struct catalog_relation){.oid = flags[0] == CREATED_NEW ? OID_OWN : OID_MAYBE,
											  .schema = pstrdup(schema),
											  .name = pstrdup(name)};
	relation->kind = flags[1];
	relation->isolation = isolation;
	relation->tenant_type = (enum tenant_type)(flags[3] - 'a');
	char *end;
	relation->tenant_column = (int)strtol(flags + 4, &end, 10);
	relation->n_columns = 0;
	read_definition(relation, read_columns(relation, end));
	return relation;
}

const struct catalog_relation *created_relation(const struct analysis *analysis, const char *schema,
												const char *name)
{
	const char *entry = analysis->names->n_temporaries ? created_entry(analysis, schema, name) : NULL;
	return entry ? read_entry(analysis, entry_match(entry, schema, name), schema, name)
				 : catalog_relation(analysis->catalog, schema, name);
}
