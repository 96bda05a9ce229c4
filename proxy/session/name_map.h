/* Names to objects: open addressing, linear probing, deletion by shifting back. Keys are borrowed from the
 * objects, so an object must be taken out before its name goes. Small when empty: no memory at all. */
#ifndef TENANTRY_SESSION_NAME_MAP_H
#define TENANTRY_SESSION_NAME_MAP_H

#include <stddef.h>
#include <stdint.h>

struct name_map {
	struct name_map_slot {
		const char *name;
		void *object;
		uint32_t hash;
	} * slots;
	size_t n, room; /* room is 0 or a power of two */
};

void *name_map_get(const struct name_map *map, const char *name);
/* Returns the object that was there before, or NULL. `object` NULL takes the name out. */
void *name_map_set(struct name_map *map, const char *name, void *object);
/* Any one entry's object, for emptying; NULL when empty. */
void *name_map_any(const struct name_map *map);
void name_map_free(struct name_map *map); /* the table, not the objects */

#endif
