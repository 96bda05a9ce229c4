/* A heap of moments, one for each connection that waits for something. Lazy: a moment that moves to later
 * stays where it is, and is put right when it comes up; only one that moves to earlier costs anything. */
#ifndef TENANTRY_HOST_DEADLINES_H
#define TENANTRY_HOST_DEADLINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct deadline {
	uint64_t when;
	size_t place; /* 1..n in the heap; 0: not in it */
};

struct deadlines {
	struct deadline **heap; /* heap[1] is the earliest */
	size_t n, room;
};

void deadlines_free(struct deadlines *deadlines);
/* Makes sure that `deadline` comes up at `when` or before. UINT64_MAX asks for nothing. */
void deadlines_set(struct deadlines *deadlines, struct deadline *deadline, uint64_t when);
void deadlines_remove(struct deadlines *deadlines, struct deadline *deadline);
/* The earliest, or NULL. */
struct deadline *deadlines_first(const struct deadlines *deadlines);

#endif
