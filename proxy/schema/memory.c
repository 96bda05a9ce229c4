/* What is remembered between two loads; see memory.h. */
#include "proxy/schema/memory.h"

#include <stdlib.h>
#include <string.h>

struct schema_memory *schema_memory_new(void)
{
	struct schema_memory *memory = calloc(1, sizeof *memory);
	if (!memory)
		abort();
	return memory;
}

void schema_memory_free(struct schema_memory *memory)
{
	if (!memory)
		return;
	arena_free(&memory->arena);
	free(memory);
}

static int by_oid(const void *key, const void *element)
{
	uint32_t a = *(const uint32_t *)key, b = ((const struct memory_text *)element)->oid;
	return a < b ? -1 : a > b;
}

const char *memory_text(const struct memory_texts *texts, uint32_t oid, const char *stamp)
{
	const struct memory_text *known =
		texts->n ? bsearch(&oid, texts->list, texts->n, sizeof *texts->list, by_oid) : NULL;
	return known && known->stamp && stamp && strcmp(known->stamp, stamp) == 0 ? known->text : NULL;
}

void memory_take(struct schema_memory *memory, struct schema_memory *fresh)
{
	arena_free(&memory->arena);
	memcpy(fresh->tenants_mark, memory->tenants_mark, sizeof memory->tenants_mark);
	*memory = *fresh;
	memory->filled = true;
	memset(fresh, 0, sizeof *fresh);
}
