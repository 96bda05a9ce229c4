/* What a load of the catalogs remembers for the next one.
 *
 * Deparsing a view or an SQL body opens the relations that it names, and waits for whoever holds one of them
 * in ACCESS EXCLUSIVE mode, who may be waiting for us. So while a proxy serves, such texts are left alone: the
 * text of before is taken if nothing that it is made from has changed (its stamp says so), else there is none,
 * and the object is refused until it can be read. The same with the table of tenants, whose rows nobody but
 * the holder can change. */
#ifndef TENANTRY_SCHEMA_MEMORY_H
#define TENANTRY_SCHEMA_MEMORY_H

#include "proxy/schema/arena.h"
#include "proxy/schema/schema.h"

/* Relations that cannot be opened without waiting; a request that waits stands in the way, too. */
#define HELD_RELATIONS                                                                           \
	"(SELECT l.relation FROM pg_catalog.pg_locks l WHERE l.locktype = 'relation'"                \
	" AND l.mode = 'AccessExclusiveLock' AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()" \
	" AND l.database = (SELECT b.oid FROM pg_catalog.pg_database b"                              \
	" WHERE b.datname = pg_catalog.current_database()))"

struct memory_text {
	uint32_t oid;
	const char *stamp, *text; /* NULL: not known */
};

/* In order of oid. */
struct memory_texts {
	size_t n;
	struct memory_text *list;
};

struct schema_memory {
	bool filled; /* a load has ended well */
	struct arena arena;
	struct memory_texts views, functions;
	size_t n_tenants;
	const char **tenants; /* canonical */
	/* Of the last fingerprint, which is taken apart from the load. */
	char tenants_mark[64];
};

/* The text of before, or NULL. */
const char *memory_text(const struct memory_texts *texts, uint32_t oid, const char *stamp);
/* `fresh` takes the place of what was remembered, and is empty afterwards. */
void memory_take(struct schema_memory *memory, struct schema_memory *fresh);

#endif
