/* The arena; see arena.h. */
#include "proxy/schema/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	max_align_t start[];
};

#define BLOCK_SIZE 16384

void *arena_alloc(struct arena *arena, size_t size)
{
	size_t aligned = (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
	struct arena_block *block = arena->blocks;
	if (!block || block->size - block->used < aligned) {
		size_t room = aligned > BLOCK_SIZE ? aligned : BLOCK_SIZE;
		block = calloc(1, sizeof *block + room);
		if (!block)
			abort();
		block->size = room;
		block->next = arena->blocks;
		arena->blocks = block;
	}
	void *memory = (char *)block->start + block->used;
	block->used += aligned;
	return memory;
}

char *arena_copy(struct arena *arena, const char *text)
{
	if (!text)
		return NULL;
	size_t size = strlen(text) + 1;
	return memcpy(arena_alloc(arena, size), text, size);
}

char *arena_format(struct arena *arena, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length < 0)
		abort();
	char *text = arena_alloc(arena, (size_t)length + 1);
	va_start(arguments, format);
	vsnprintf(text, (size_t)length + 1, format, arguments);
	va_end(arguments);
	return text;
}

void arena_free(struct arena *arena)
{
	struct arena_block *block = arena->blocks;
	while (block) {
		struct arena_block *next = block->next;
		free(block);
		block = next;
	}
	arena->blocks = NULL;
}
