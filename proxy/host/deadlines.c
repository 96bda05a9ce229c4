/* A binary heap; see deadlines.h. */
#include "proxy/host/deadlines.h"

#include <stdlib.h>

void deadlines_free(struct deadlines *deadlines)
{
	free(deadlines->heap);
	*deadlines = (struct deadlines){0};
}

static void put(struct deadlines *deadlines, size_t place, struct deadline *deadline)
{
	deadlines->heap[place] = deadline;
	deadline->place = place;
}

static void rise(struct deadlines *deadlines, struct deadline *deadline)
{
	size_t place = deadline->place;
	while (place > 1 && deadlines->heap[place / 2]->when > deadline->when) {
		put(deadlines, place, deadlines->heap[place / 2]);
		place /= 2;
	}
	put(deadlines, place, deadline);
}

static void sink(struct deadlines *deadlines, struct deadline *deadline)
{
	size_t place = deadline->place, child;
	while ((child = place * 2) <= deadlines->n) {
		if (child < deadlines->n && deadlines->heap[child + 1]->when < deadlines->heap[child]->when)
			child++;
		if (deadlines->heap[child]->when >= deadline->when)
			break;
		put(deadlines, place, deadlines->heap[child]);
		place = child;
	}
	put(deadlines, place, deadline);
}

void deadlines_set(struct deadlines *deadlines, struct deadline *deadline, uint64_t when)
{
	if (when == UINT64_MAX || (deadline->place && deadline->when <= when))
		return;
	if (!deadline->place) {
		if (deadlines->n + 2 > deadlines->room) {
			deadlines->room = deadlines->room ? deadlines->room * 2 : 64;
			deadlines->heap = realloc(deadlines->heap, deadlines->room * sizeof *deadlines->heap);
			if (!deadlines->heap)
				abort();
		}
		put(deadlines, ++deadlines->n, deadline);
	}
	deadline->when = when;
	rise(deadlines, deadline);
}

void deadlines_remove(struct deadlines *deadlines, struct deadline *deadline)
{
	size_t place = deadline->place;
	if (!place)
		return;
	struct deadline *last = deadlines->heap[deadlines->n--];
	deadline->place = 0;
	if (last == deadline)
		return;
	put(deadlines, place, last);
	rise(deadlines, last);
	sink(deadlines, last);
}

struct deadline *deadlines_first(const struct deadlines *deadlines)
{
	return deadlines->n ? deadlines->heap[1] : NULL;
}
