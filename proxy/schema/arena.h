/* Memory that lives and dies together: what was read of the catalogs and what was planned from it.
 *
 * Everything allocated from an arena is freed by arena_free() at once; memory that cannot be had aborts
 * (sizes come from the database's own catalogs, not from clients). */
#ifndef TENANTRY_SCHEMA_ARENA_H
#define TENANTRY_SCHEMA_ARENA_H

#include <stddef.h>

struct arena {
	struct arena_block *blocks;
};

void *arena_alloc(struct arena *arena, size_t size);     /* zeroed, aligned for any object */
char *arena_copy(struct arena *arena, const char *text); /* NULL stays NULL */
char *arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
void arena_free(struct arena *arena); /* empty and usable afterwards */

#endif
