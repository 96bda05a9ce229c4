/* Internal to the catalog: catalog.c (store and look-up), catalog_classify.c (isolation and flags), body.c
 * (what function bodies name). Nobody else includes this. */
#ifndef TENANTRY_PARSER_CATALOG_INTERNAL_H
#define TENANTRY_PARSER_CATALOG_INTERNAL_H

#include <stdatomic.h>

#include "parser/catalog.h"
#include "parser/names.h"

/* Open addressing: slots hold an index + 1 into some array, 0 is empty. Room is a power of two, at most half
 * full. */
struct catalog_table {
	uint32_t *slots;
	size_t room;
};

/* What an unqualified name may stand for when a body uses it; one entry for every name that any relation or
 * function has. */
struct catalog_name {
	const char *name;
	const struct catalog_relation *relations; /* that have it, a list by next_named; NULL: none has */
	bool relation;                            /* some relation that is not shared has this name */
	bool function;                            /* some flagged function has this name */
	bool own_function;                        /* some function that is not the server's own has this name */
	bool view;                                /* some view has this name */
	bool compared_column; /* some relation has a column of this name with HAZARD_COMPARED */
	bool path_column;     /* .. with HAZARD_PATH */
	bool geometry_column; /* .. with HAZARD_GEOMETRY */
	bool strange_operator;
	bool estimated_operator; /* catalog_function.estimated, and no comparison */
	uint8_t hazards;         /* of the relations that have this name */
	const char *reason;      /* of the flag, for people */
};

struct catalog_overloads {
	const char *schema, *name;
	const struct catalog_function **list;
	size_t n;
};

struct arena_block;

struct catalog {
	atomic_size_t references;
	bool finished;
	uint64_t generation;
	const char *current_user, *default_search_path;
	int server_version;
	bool folds_names; /* the database's encoding is not UTF8 */
	struct arena_block *arena;

	struct catalog_relation *relations;
	size_t n_relations, room_relations;
	struct catalog_function *functions;
	size_t n_functions, room_functions;
	struct catalog_type *types;
	size_t n_types, room_types;
	const char **schemas;
	size_t n_schemas, room_schemas;
	const char **tenants;
	size_t n_tenants, room_tenants;

	/* Made by catalog_finish(). */
	struct catalog_configured *shared; /* rules.shared, kept for tables that are yet to be created */
	size_t n_shared;
	bool flagged_operators; /* there are some */
	bool strange_operators; /* likewise */
	struct catalog_overloads *overloads;
	size_t n_overloads;
	struct catalog_name *names;
	size_t n_names;
	struct catalog_table relation_by_oid, overloads_by_name, function_by_oid, schema_by_name, tenant_by_value,
		name_by_text;
};

const char *catalog_copy(struct catalog *catalog, const char *text);
/* The entry of a name, or NULL. `length` bytes, not terminated. */
struct catalog_name *catalog_name(const struct catalog *catalog, const char *text, size_t length);
/* A flagged operator in the text; NULL: none. Operators are no names: they are looked for byte by byte, also as a part of
 * others. */
const struct catalog_function *catalog_flagged_operator(const struct catalog *catalog, const char *text);
/* Is a relation of this name configured as shared? `schema` NULL: in any schema. */
bool catalog_configured_shared(const struct catalog *catalog, const char *schema, const char *name);
bool catalog_has_schema_n(const struct catalog *catalog, const char *text, size_t length);

/* catalog_classify.c: needs the tables above. */
void catalog_classify(struct catalog *catalog, const struct catalog_rules *rules);

#endif
