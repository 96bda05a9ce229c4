/* Names to objects; see name_map.h. */
#include "proxy/session/name_map.h"

#include <stdlib.h>
#include <string.h>

static uint32_t hash_of(const char *name)
{
	uint32_t hash = 2166136261u; /* FNV-1a */
	for (const unsigned char *p = (const unsigned char *)name; *p; p++)
		hash = (hash ^ *p) * 16777619u;
	return hash ^ hash >> 15;
}

/* The slot that holds the name, or the empty one where it would go. The map is not empty of room. */
static size_t find(const struct name_map *map, const char *name, uint32_t hash)
{
	size_t i = hash & (map->room - 1);
	while (map->slots[i].name && (map->slots[i].hash != hash || strcmp(map->slots[i].name, name) != 0))
		i = (i + 1) & (map->room - 1);
	return i;
}

void *name_map_get(const struct name_map *map, const char *name)
{
	if (map->n == 0)
		return NULL;
	return map->slots[find(map, name, hash_of(name))].object;
}

static void grow(struct name_map *map)
{
	struct name_map old = *map;
	map->room = old.room ? old.room * 2 : 8;
	map->slots = calloc(map->room, sizeof *map->slots);
	if (!map->slots)
		abort();
	for (size_t i = 0; i < old.room; i++)
		if (old.slots[i].name)
			map->slots[find(map, old.slots[i].name, old.slots[i].hash)] = old.slots[i];
	free(old.slots);
}

static void take_out(struct name_map *map, size_t hole)
{
	size_t mask = map->room - 1;
	for (size_t i = (hole + 1) & mask; map->slots[i].name; i = (i + 1) & mask) {
		/* Move back unless the slot lies at or behind its home and the hole before it. */
		size_t home = map->slots[i].hash & mask;
		if (((i - home) & mask) >= ((i - hole) & mask)) {
			map->slots[hole] = map->slots[i];
			hole = i;
		}
	}
	memset(&map->slots[hole], 0, sizeof map->slots[hole]);
	map->n--;
}

void *name_map_set(struct name_map *map, const char *name, void *object)
{
	if (!object && map->n == 0)
		return NULL;
	if (object && (map->n + 1) * 4 > map->room * 3)
		grow(map);
	uint32_t hash = hash_of(name);
	size_t i = find(map, name, hash);
	void *before = map->slots[i].object;
	if (object) {
		map->n += before == NULL;
		map->slots[i] = (struct name_map_slot){.name = name, .object = object, .hash = hash};
	} else if (before) {
		take_out(map, i);
	}
	return before;
}

void *name_map_any(const struct name_map *map)
{
	for (size_t i = 0; map->n > 0 && i < map->room; i++)
		if (map->slots[i].name)
			return map->slots[i].object;
	return NULL;
}

void name_map_free(struct name_map *map)
{
	free(map->slots);
	memset(map, 0, sizeof *map);
}
