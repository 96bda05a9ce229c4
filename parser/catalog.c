/* The catalog snapshot's store: one arena, arrays in insertion order, hash tables over them; see catalog.h.
 * Memory that cannot be had aborts: the sizes are the database's, not a client's. */
#include "parser/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "parser/catalog_internal.h"
#include "parser/tree.h"

enum { ARENA_BLOCK = 64 * 1024, OID_BYTEA = 17 };

struct arena_block {
	struct arena_block *next;
	size_t used, room;
	_Alignas(16) char bytes[];
};

static void *or_abort(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

/* Zeroed memory that lives as long as the snapshot. */
static void *catalog_alloc(struct catalog *catalog, size_t bytes)
{
	bytes = (bytes + 15) & ~(size_t)15;
	struct arena_block *block = catalog->arena;
	if (!block || block->room - block->used < bytes) {
		size_t room = bytes > ARENA_BLOCK ? bytes : ARENA_BLOCK;
		block = or_abort(calloc(1, sizeof *block + room));
		block->room = room;
		block->next = catalog->arena;
		catalog->arena = block;
	}
	void *memory = block->bytes + block->used;
	block->used += bytes;
	return memory;
}

const char *catalog_copy(struct catalog *catalog, const char *text)
{
	if (!text)
		return NULL;
	size_t length = strlen(text);
	char *copy = catalog_alloc(catalog, length + 1);
	memcpy(copy, text, length + 1);
	return copy;
}

/* Makes room for one more; the array is malloc()ed and grows by doubling. */
static void *grow(void *array, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return array;
	*room = *room ? *room * 2 : 64;
	return or_abort(reallocarray(array, *room, size));
}

struct catalog *catalog_new(void)
{
	struct catalog *catalog = or_abort(calloc(1, sizeof *catalog));
	atomic_init(&catalog->references, 1);
	catalog->current_user = "";
	catalog->default_search_path = "\"$user\", public";
	return catalog;
}

void catalog_set_session(struct catalog *catalog, const char *current_user, const char *default_search_path,
						 int server_version_num)
{
	catalog->current_user = catalog_copy(catalog, current_user);
	catalog->default_search_path = catalog_copy(catalog, default_search_path);
	catalog->server_version = server_version_num;
}

void catalog_set_folds_names(struct catalog *catalog, bool folds)
{
	catalog->folds_names = folds;
}

static const struct catalog_column *copy_columns(struct catalog *catalog, const struct catalog_relation *from)
{
	struct catalog_column *columns = catalog_alloc(catalog, from->n_columns * sizeof *columns);
	for (size_t i = 0; i < from->n_columns; i++) {
		columns[i] = from->columns[i];
		columns[i].name = catalog_copy(catalog, from->columns[i].name);
		columns[i].type_name = catalog_copy(catalog, from->columns[i].type_name);
		columns[i].default_text = catalog_copy(catalog, from->columns[i].default_text);
	}
	return columns;
}

static const char *const *copy_texts(struct catalog *catalog, const char *const *texts, size_t n)
{
	const char **copy = catalog_alloc(catalog, n * sizeof *copy);
	for (size_t i = 0; i < n; i++)
		copy[i] = catalog_copy(catalog, texts[i]);
	return copy;
}

static const struct catalog_index *copy_indexes(struct catalog *catalog, const struct catalog_relation *from)
{
	struct catalog_index *indexes = catalog_alloc(catalog, from->n_indexes * sizeof *indexes);
	for (size_t i = 0; i < from->n_indexes; i++) {
		indexes[i] = from->indexes[i];
		indexes[i].name = catalog_copy(catalog, indexes[i].name);
		indexes[i].predicate = catalog_copy(catalog, indexes[i].predicate);
		indexes[i].deferral = catalog_copy(catalog, indexes[i].deferral);
		indexes[i].columns = copy_texts(catalog, indexes[i].columns, indexes[i].n_columns);
		if (indexes[i].expressions)
			indexes[i].expressions = copy_texts(catalog, indexes[i].expressions, indexes[i].n_columns);
	}
	return indexes;
}

static const uint32_t *copy_oids(struct catalog *catalog, const uint32_t *oids, size_t n)
{
	uint32_t *copy = catalog_alloc(catalog, n * sizeof *copy);
	if (n)
		memcpy(copy, oids, n * sizeof *copy);
	return copy;
}

void catalog_add_relation(struct catalog *catalog, const struct catalog_relation *relation)
{
	catalog->relations =
		grow(catalog->relations, catalog->n_relations, &catalog->room_relations, sizeof *catalog->relations);
	struct catalog_relation *copy = &catalog->relations[catalog->n_relations++];
	*copy = *relation;
	copy->schema = catalog_copy(catalog, relation->schema);
	copy->name = catalog_copy(catalog, relation->name);
	copy->columns = copy_columns(catalog, relation);
	copy->indexes = copy_indexes(catalog, relation);
	copy->view_definition = catalog_copy(catalog, relation->view_definition);
	copy->checks = catalog_copy(catalog, relation->checks);
	copy->exclusions = catalog_copy(catalog, relation->exclusions);
	copy->depends = copy_oids(catalog, relation->depends, relation->n_depends);
	copy->referencing = copy_oids(catalog, relation->referencing, relation->n_referencing);
	copy->isolation = ISOLATION_REFUSED;
	copy->composed = false;
	copy->tenant_column = -1;
}

void catalog_add_function(struct catalog *catalog, const struct catalog_function *function)
{
	catalog->functions =
		grow(catalog->functions, catalog->n_functions, &catalog->room_functions, sizeof *catalog->functions);
	struct catalog_function *copy = &catalog->functions[catalog->n_functions++];
	*copy = *function;
	copy->schema = catalog_copy(catalog, function->schema);
	copy->name = catalog_copy(catalog, function->name);
	copy->language = catalog_copy(catalog, function->language ? function->language : "");
	copy->body = catalog_copy(catalog, function->body);
	copy->calls_schema = catalog_copy(catalog, function->calls_schema);
	copy->calls = catalog_copy(catalog, function->calls);
	copy->row_arguments = catalog_copy(catalog, function->row_arguments);
	copy->result.outputs = copy_texts(catalog, function->result.outputs, function->result.n_outputs);
	copy->flagged = true;
	copy->flag_reason = "it has not been examined";
}

void catalog_add_type(struct catalog *catalog, const struct catalog_type *type)
{
	catalog->types = grow(catalog->types, catalog->n_types, &catalog->room_types, sizeof *catalog->types);
	struct catalog_type *copy = &catalog->types[catalog->n_types++];
	*copy = *type;
	copy->schema = catalog_copy(catalog, type->schema);
	copy->name = catalog_copy(catalog, type->name);
}

void catalog_add_schema(struct catalog *catalog, const char *name)
{
	catalog->schemas =
		grow(catalog->schemas, catalog->n_schemas, &catalog->room_schemas, sizeof *catalog->schemas);
	catalog->schemas[catalog->n_schemas++] = catalog_copy(catalog, name);
}

void catalog_add_tenant(struct catalog *catalog, const char *canonical_value)
{
	catalog->tenants =
		grow(catalog->tenants, catalog->n_tenants, &catalog->room_tenants, sizeof *catalog->tenants);
	catalog->tenants[catalog->n_tenants++] = catalog_copy(catalog, canonical_value);
}

/* --- hash tables --- */

static uint64_t hash_name(const char *schema, const char *name)
{
	return hash_bytes(hash_bytes(NAMES_SEED, schema, strlen(schema)), name, strlen(name));
}

static uint64_t hash_text(const char *text, size_t length)
{
	return hash_bytes(NAMES_SEED, text, length);
}

static uint64_t hash_oid(uint32_t oid)
{
	return (uint64_t)oid * 0x9e3779b97f4a7c15u >> 20;
}

static void table_init(struct catalog *catalog, struct catalog_table *table, size_t n)
{
	table->room = 16;
	while (table->room < 2 * n)
		table->room *= 2;
	table->slots = catalog_alloc(catalog, table->room * sizeof *table->slots);
}

static void table_put(struct catalog_table *table, uint64_t hash, size_t index)
{
	size_t at = hash & (table->room - 1);
	while (table->slots[at] != 0)
		at = (at + 1) & (table->room - 1);
	table->slots[at] = (uint32_t)index + 1;
}

/* First of the entries with this hash for which `same` holds; -1: none. */
static long table_get(const struct catalog_table *table, uint64_t hash,
					  bool (*same)(const struct catalog *, size_t, const void *),
					  const struct catalog *catalog, const void *key)
{
	if (table->room == 0)
		return -1;
	for (size_t at = hash & (table->room - 1); table->slots[at] != 0; at = (at + 1) & (table->room - 1))
		if (same(catalog, table->slots[at] - 1, key))
			return (long)table->slots[at] - 1;
	return -1;
}

struct name_key {
	const char *schema, *name;
};
struct text_key {
	const char *text;
	size_t length;
};

static bool same_text(const char *text, const struct text_key *key)
{
	return strncmp(text, key->text, key->length) == 0 && text[key->length] == 0;
}
static bool overloads_are(const struct catalog *catalog, size_t i, const void *key)
{
	const struct name_key *wanted = key;
	return strcmp(catalog->overloads[i].name, wanted->name) == 0 &&
		   strcmp(catalog->overloads[i].schema, wanted->schema) == 0;
}
static bool relation_has_oid(const struct catalog *catalog, size_t i, const void *key)
{
	return catalog->relations[i].oid == *(const uint32_t *)key;
}
static bool function_has_oid(const struct catalog *catalog, size_t i, const void *key)
{
	return catalog->functions[i].oid == *(const uint32_t *)key;
}
static bool schema_is(const struct catalog *catalog, size_t i, const void *key)
{
	return same_text(catalog->schemas[i], key);
}
static bool tenant_is(const struct catalog *catalog, size_t i, const void *key)
{
	return same_text(catalog->tenants[i], key);
}
static bool name_is(const struct catalog *catalog, size_t i, const void *key)
{
	return same_text(catalog->names[i].name, key);
}

/* --- finish --- */

static int compare_functions(const void *a, const void *b)
{
	const struct catalog_function *left = *(const struct catalog_function *const *)a;
	const struct catalog_function *right = *(const struct catalog_function *const *)b;
	int order = strcmp(left->schema, right->schema);
	if (order == 0)
		order = strcmp(left->name, right->name);
	return order != 0 ? order : (left > right) - (left < right);
}

static void index_functions(struct catalog *catalog)
{
	size_t n = catalog->n_functions;
	const struct catalog_function **sorted = catalog_alloc(catalog, n * sizeof *sorted);
	for (size_t i = 0; i < n; i++)
		sorted[i] = &catalog->functions[i];
	if (n)
		qsort(sorted, n, sizeof *sorted, compare_functions);
	catalog->overloads = catalog_alloc(catalog, n * sizeof *catalog->overloads);
	struct catalog_overloads *last = NULL;
	for (size_t i = 0; i < n; i++) {
		if (last && strcmp(last->name, sorted[i]->name) == 0 &&
			strcmp(last->schema, sorted[i]->schema) == 0) {
			last->n++;
			continue;
		}
		last = &catalog->overloads[catalog->n_overloads++];
		*last = (struct catalog_overloads){sorted[i]->schema, sorted[i]->name, &sorted[i], 1};
	}
	table_init(catalog, &catalog->overloads_by_name, catalog->n_overloads);
	for (size_t i = 0; i < catalog->n_overloads; i++)
		table_put(&catalog->overloads_by_name,
				  hash_name(catalog->overloads[i].schema, catalog->overloads[i].name), i);
	table_init(catalog, &catalog->function_by_oid, n);
	for (size_t i = 0; i < n; i++)
		if (catalog->functions[i].kind != 'o') /* whose numbers are others */
			table_put(&catalog->function_by_oid, hash_oid(catalog->functions[i].oid), i);
}

static void index_relations(struct catalog *catalog)
{
	table_init(catalog, &catalog->relation_by_oid, catalog->n_relations);
	for (size_t i = 0; i < catalog->n_relations; i++)
		table_put(&catalog->relation_by_oid, hash_oid(catalog->relations[i].oid), i);
}

static void index_texts(struct catalog *catalog, struct catalog_table *table, const char *const *texts,
						size_t n)
{
	table_init(catalog, table, n);
	for (size_t i = 0; i < n; i++)
		table_put(table, hash_text(texts[i], strlen(texts[i])), i);
}

static struct catalog_name *add_name(struct catalog *catalog, const char *name)
{
	struct catalog_name *entry = catalog_name(catalog, name, strlen(name));
	if (entry)
		return entry;
	entry = &catalog->names[catalog->n_names];
	/* index_names() has made room for every name. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	*entry = (struct catalog_name){.name = name};
	table_put(&catalog->name_by_text, hash_text(name, strlen(name)), catalog->n_names++);
	return entry;
}

static void add_hazards(struct catalog *catalog, uint32_t to, uint8_t hazards, bool *changed)
{
	struct catalog_relation *relation = (struct catalog_relation *)catalog_relation_by_oid(catalog, to);
	if (!relation || (relation->hazards | hazards) == relation->hazards)
		return;
	relation->hazards |= hazards;
	*changed = true;
}

enum { HAZARDS_OF_NAMES = HAZARD_COMPARED | HAZARD_PATH | HAZARD_GEOMETRY };

/* A view has those of what it reads, too, and a parent those of its children. The number of names that columns add. */
static size_t find_hazards(struct catalog *catalog)
{
	size_t n = 0;
	for (size_t i = 0; i < catalog->n_relations; i++)
		for (size_t column = 0; column < catalog->relations[i].n_columns; column++) {
			const struct catalog_column *one = &catalog->relations[i].columns[column];
			uint8_t hazards = one->hazards;
			catalog->relations[i].hazards |= hazards | (one->type_oid == OID_BYTEA ? HAZARD_BYTES : 0);
			n += (hazards & HAZARDS_OF_NAMES) != 0;
		}
	for (bool changed = true; changed;) {
		changed = false;
		for (size_t i = 0; i < catalog->n_relations; i++) {
			const struct catalog_relation *relation = &catalog->relations[i];
			for (size_t source = 0; source < relation->n_depends; source++) {
				const struct catalog_relation *read =
					catalog_relation_by_oid(catalog, relation->depends[source]);
				add_hazards(catalog, relation->oid, read ? read->hazards : 0, &changed);
			}
			if (relation->parent)
				add_hazards(catalog, relation->parent, relation->hazards, &changed);
		}
	}
	return n;
}

static void add_column_name(struct catalog *catalog, const struct catalog_column *column)
{
	if (!(column->hazards & HAZARDS_OF_NAMES))
		return;
	struct catalog_name *name = add_name(catalog, column->name);
	name->compared_column |= (column->hazards & HAZARD_COMPARED) != 0;
	name->path_column |= (column->hazards & HAZARD_PATH) != 0;
	name->geometry_column |= (column->hazards & HAZARD_GEOMETRY) != 0;
}

/* So are the columns of most conditions named, and without a price they are those of indexes. */
static bool is_comparison(const char *operator)
{
	return strcmp(operator, "=") == 0 || strcmp(operator, "<>") == 0 || strcmp(operator, "<") == 0 ||
		   strcmp(operator, "<=") == 0 || strcmp(operator, ">") == 0 || strcmp(operator, ">=") == 0;
}

static void index_names(struct catalog *catalog)
{
	size_t most = catalog->n_relations + catalog->n_overloads + find_hazards(catalog);
	catalog->names = catalog_alloc(catalog, most * sizeof *catalog->names);
	table_init(catalog, &catalog->name_by_text, most);
	for (size_t i = 0; i < catalog->n_relations; i++) {
		struct catalog_relation *relation = &catalog->relations[i];
		struct catalog_name *name = add_name(catalog, relation->name);
		name->view |= relation->kind == 'v';
		name->hazards |= relation->hazards;
		relation->next_named = name->relations;
		name->relations = relation;
		for (size_t column = 0; column < relation->n_columns; column++)
			add_column_name(catalog, &relation->columns[column]);
	}
	for (size_t i = 0; i < catalog->n_overloads; i++) {
		const struct catalog_overloads *overloads = &catalog->overloads[i];
		struct catalog_name *name = add_name(catalog, overloads->name);
		name->own_function |= strcmp(overloads->schema, "pg_catalog") != 0;
		for (size_t each = 0; each < overloads->n; each++) {
			name->strange_operator |= overloads->list[each]->strange;
			name->estimated_operator |= overloads->list[each]->estimated && !is_comparison(overloads->name);
		}
		catalog->strange_operators |= name->strange_operator;
	}
}

static void keep_shared(struct catalog *catalog, const struct catalog_rules *rules)
{
	catalog->n_shared = rules->n_shared;
	catalog->shared = catalog_alloc(catalog, rules->n_shared * sizeof *catalog->shared);
	for (size_t i = 0; i < rules->n_shared; i++)
		catalog->shared[i] =
			(struct catalog_configured){.schema = catalog_copy(catalog, rules->shared[i].schema),
										.name = catalog_copy(catalog, rules->shared[i].name)};
}

static void mark_plain_names(struct catalog *catalog)
{
	for (size_t i = 0; i < catalog->n_relations; i++) {
		struct catalog_relation *relation = &catalog->relations[i];
		relation->plain = is_plain_identifier(relation->name);
		relation->tenant_plain = relation->tenant_column >= 0 &&
								 is_plain_identifier(relation->columns[relation->tenant_column].name);
	}
}

void catalog_finish(struct catalog *catalog, const struct catalog_rules *rules, uint64_t generation)
{
	catalog->generation = generation;
	keep_shared(catalog, rules);
	index_relations(catalog);
	index_functions(catalog);
	index_texts(catalog, &catalog->schema_by_name, catalog->schemas, catalog->n_schemas);
	index_texts(catalog, &catalog->tenant_by_value, catalog->tenants, catalog->n_tenants);
	index_names(catalog);
	catalog_classify(catalog, rules);
	mark_plain_names(catalog);
}

/* --- reading --- */

struct catalog *catalog_ref(struct catalog *catalog)
{
	atomic_fetch_add_explicit(&catalog->references, 1, memory_order_relaxed);
	return catalog;
}

void catalog_unref(struct catalog *catalog)
{
	if (!catalog || atomic_fetch_sub_explicit(&catalog->references, 1, memory_order_acq_rel) != 1)
		return;
	for (struct arena_block *block = catalog->arena, *next; block; block = next) {
		next = block->next;
		free(block);
	}
	free(catalog->relations);
	free(catalog->functions);
	free(catalog->types);
	free(catalog->schemas);
	free(catalog->tenants);
	free(catalog);
}

uint64_t catalog_generation(const struct catalog *catalog)
{
	return catalog->generation;
}
const char *catalog_current_user(const struct catalog *catalog)
{
	return catalog->current_user;
}
const char *catalog_default_search_path(const struct catalog *catalog)
{
	return catalog->default_search_path;
}
bool catalog_folds_names(const struct catalog *catalog)
{
	return catalog->folds_names;
}

int catalog_server_version(const struct catalog *catalog)
{
	return catalog->server_version;
}

const struct catalog_relation *catalog_relations(const struct catalog *catalog, const char *name)
{
	const struct catalog_name *entry = catalog_name(catalog, name, strlen(name));
	return entry ? entry->relations : NULL;
}

const struct catalog_relation *catalog_relation_in(const struct catalog_relation *named, const char *schema)
{
	while (named && !same_name(named->schema, schema))
		named = named->next_named;
	return named;
}

const struct catalog_relation *catalog_relation(const struct catalog *catalog, const char *schema,
												const char *name)
{
	return catalog_relation_in(catalog_relations(catalog, name), schema);
}

const struct catalog_relation *catalog_relation_by_oid(const struct catalog *catalog, uint32_t oid)
{
	long i = table_get(&catalog->relation_by_oid, hash_oid(oid), relation_has_oid, catalog, &oid);
	return i < 0 ? NULL : &catalog->relations[i];
}

bool catalog_has_schema_n(const struct catalog *catalog, const char *text, size_t length)
{
	struct text_key key = {text, length};
	return table_get(&catalog->schema_by_name, hash_text(text, length), schema_is, catalog, &key) >= 0;
}

bool catalog_configured_shared(const struct catalog *catalog, const char *schema, const char *name)
{
	for (size_t i = 0; i < catalog->n_shared; i++)
		if (strcmp(catalog->shared[i].name, name) == 0 &&
			(!schema || !catalog->shared[i].schema || strcmp(catalog->shared[i].schema, schema) == 0))
			return true;
	return false;
}

const struct catalog_type *catalog_type(const struct catalog *catalog, bool collation, const char *schema,
										const char *name)
{
	for (size_t i = 0; i < catalog->n_types; i++) {
		const struct catalog_type *type = &catalog->types[i];
		if (type->collation == collation && strcmp(type->name, name) == 0 &&
			strcmp(type->schema, schema) == 0)
			return type;
	}
	return NULL;
}

bool catalog_has_schema(const struct catalog *catalog, const char *name)
{
	return catalog_has_schema_n(catalog, name, strlen(name));
}

bool catalog_has_tenant(const struct catalog *catalog, const char *canonical_value)
{
	struct text_key key = {canonical_value, strlen(canonical_value)};
	return table_get(&catalog->tenant_by_value, hash_text(key.text, key.length), tenant_is, catalog, &key) >=
		   0;
}

struct catalog_name *catalog_name(const struct catalog *catalog, const char *text, size_t length)
{
	struct text_key key = {text, length};
	long i = table_get(&catalog->name_by_text, hash_text(text, length), name_is, catalog, &key);
	return i < 0 ? NULL : &catalog->names[i];
}

const struct catalog_function *catalog_flagged_operator(const struct catalog *catalog, const char *text)
{
	for (size_t i = 0; catalog->flagged_operators && i < catalog->n_functions; i++) {
		const struct catalog_function *function = &catalog->functions[i];
		if (function->kind == 'o' && function->flagged && strstr(text, function->name))
			return function;
	}
	return NULL;
}

size_t catalog_functions(const struct catalog *catalog, const char *schema, const char *name,
						 const struct catalog_function *const **list)
{
	struct name_key key = {schema, name};
	long i = table_get(&catalog->overloads_by_name, hash_name(schema, name), overloads_are, catalog, &key);
	*list = i < 0 ? NULL : (const struct catalog_function *const *)catalog->overloads[i].list;
	return i < 0 ? 0 : catalog->overloads[i].n;
}

const struct catalog_function *catalog_function_by_oid(const struct catalog *catalog, uint32_t oid)
{
	long i = table_get(&catalog->function_by_oid, hash_oid(oid), function_has_oid, catalog, &oid);
	return i < 0 ? NULL : &catalog->functions[i];
}

size_t catalog_relation_count(const struct catalog *catalog)
{
	return catalog->n_relations;
}
const struct catalog_relation *catalog_relation_at(const struct catalog *catalog, size_t i)
{
	return &catalog->relations[i];
}
size_t catalog_function_count(const struct catalog *catalog)
{
	return catalog->n_functions;
}
const struct catalog_function *catalog_function_at(const struct catalog *catalog, size_t i)
{
	return &catalog->functions[i];
}
