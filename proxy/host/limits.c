/* Counting who is inside; see limits.h. Two small hash tables of names under one lock, which is taken at
 * login and at the end. */
#include "proxy/host/limits.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 256 };

struct headcount {
	struct headcount *next;
	size_t inside;
	char name[];
};

struct limits {
	pthread_mutex_t lock;
	size_t inside;
	struct headcount *users[BUCKETS], *tenants[BUCKETS];
};

struct limits *limits_new(void)
{
	struct limits *limits = calloc(1, sizeof *limits);
	if (!limits)
		abort();
	pthread_mutex_init(&limits->lock, NULL);
	return limits;
}

void limits_free(struct limits *limits)
{
	/* Every seat has been given back, and a count that falls to zero is freed with its last seat. */
	if (limits)
		pthread_mutex_destroy(&limits->lock);
	free(limits);
}

static struct headcount **bucket(struct headcount **table, const char *name)
{
	uint32_t hash = 2166136261u;
	for (const char *p = name; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 16777619u;
	return &table[hash % BUCKETS];
}

static struct headcount *find(struct headcount **table, const char *name)
{
	struct headcount **head = bucket(table, name), *count = *head;
	while (count && strcmp(count->name, name) != 0)
		count = count->next;
	if (count)
		return count;
	count = calloc(1, sizeof *count + strlen(name) + 1);
	if (!count)
		abort();
	strcpy(count->name, name);
	count->next = *head;
	return *head = count;
}

/* Frees a count that nobody holds. */
static void drop_empty(struct headcount **table, struct headcount *count)
{
	struct headcount **link = bucket(table, count->name);
	if (count->inside > 0)
		return;
	while (*link != count)
		link = &(*link)->next;
	*link = count->next;
	free(count);
}

bool limits_enter(struct limits *limits, const struct configuration *configuration, const struct user *user,
				  const char *tenant, struct seat *seat, struct error *error)
{
	const struct settings_tenantry *t = &configuration->settings->tenantry;
	bool fine = true;
	pthread_mutex_lock(&limits->lock);
	struct headcount *users = find(limits->users, user->name);
	struct headcount *tenants = tenant ? find(limits->tenants, tenant) : NULL;
	if (limits->inside >= t->max_clients)
		fine = error_set(error, "53300", "sorry, too many clients already");
	else if (user->max_sessions && users->inside >= user->max_sessions)
		fine = error_set(error, "53300", "too many connections for user \"%s\"", user->name);
	else if (tenants && t->max_clients_per_tenant && tenants->inside >= t->max_clients_per_tenant)
		fine = error_set(error, "53300", "too many connections for tenant \"%s\"", tenant);
	if (fine) {
		limits->inside++;
		users->inside++;
		if (tenants)
			tenants->inside++;
		*seat = (struct seat){true, users, tenants};
	} else {
		drop_empty(limits->users, users);
		if (tenants)
			drop_empty(limits->tenants, tenants);
	}
	pthread_mutex_unlock(&limits->lock);
	return fine;
}

void limits_leave(struct limits *limits, struct seat *seat)
{
	if (!seat->taken)
		return;
	pthread_mutex_lock(&limits->lock);
	limits->inside--;
	seat->user->inside--;
	drop_empty(limits->users, seat->user);
	if (seat->tenant) {
		seat->tenant->inside--;
		drop_empty(limits->tenants, seat->tenant);
	}
	pthread_mutex_unlock(&limits->lock);
	*seat = (struct seat){0};
}

size_t limits_inside(struct limits *limits)
{
	pthread_mutex_lock(&limits->lock);
	size_t inside = limits->inside;
	pthread_mutex_unlock(&limits->lock);
	return inside;
}
