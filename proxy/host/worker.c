/* A worker's thread and loop; see worker.h.
 *
 * Ends when it drains and its last connection is gone: then every handle is closed, the loop runs until libuv
 * has let go of all of them, and uv_loop_close() must find nothing left. */
#include "proxy/host/worker.h"

#include <openssl/rand.h>
#include <stdlib.h>

#include "proxy/host/connection.h"
#include "proxy/session/report.h"

enum { WORKER_STACK = 16 * 1024 * 1024, ACCEPT_PAUSE = 1000 };

static void end_if_empty(struct worker *worker);

/* --- connections --- */

void worker_add(struct worker *worker, struct connection *connection)
{
	connection->next = worker->connections;
	if (worker->connections)
		worker->connections->previous = connection;
	worker->connections = connection;
	worker->n_connections++;
}

static void forget_again(struct worker *worker, struct connection *connection)
{
	struct connection **link = &worker->again;
	while (*link && *link != connection)
		link = &(*link)->next_again;
	if (*link)
		*link = connection->next_again;
	connection->is_again = false;
}

void worker_remove(struct worker *worker, struct connection *connection)
{
	if (connection->previous)
		connection->previous->next = connection->next;
	else
		worker->connections = connection->next;
	if (connection->next)
		connection->next->previous = connection->previous;
	deadlines_remove(&worker->deadlines, &connection->deadline);
	if (connection->is_again)
		forget_again(worker, connection);
	worker->n_connections--;
	end_if_empty(worker);
}

struct connection *worker_find(struct worker *worker, unsigned long long session)
{
	struct connection *connection = worker->connections;
	while (connection && connection->id != session)
		connection = connection->next;
	return connection;
}

static void read_again(uv_idle_t *idle)
{
	struct worker *worker = idle->data;
	/* Those that are not done come back for the next round. */
	struct connection *last = NULL;
	for (struct connection *c = worker->again; c; c = c->next_again)
		last = c;
	for (bool more = last != NULL; more && worker->again;) {
		struct connection *connection = worker->again;
		more = connection != last;
		worker->again = connection->next_again;
		connection->is_again = false;
		connection_read_again(connection);
	}
	if (!worker->again)
		uv_idle_stop(idle);
}

void worker_again(struct worker *worker, struct connection *connection)
{
	struct connection **link = &worker->again;
	if (connection->is_again)
		return;
	while (*link)
		link = &(*link)->next_again;
	*link = connection;
	connection->next_again = NULL;
	connection->is_again = true;
	if (!uv_is_active((uv_handle_t *)&worker->again_idle))
		uv_idle_start(&worker->again_idle, read_again);
}

/* --- time --- */

static void due(uv_timer_t *timer);

static void set_timer(struct worker *worker)
{
	struct deadline *first = deadlines_first(&worker->deadlines);
	uint64_t now = uv_now(&worker->loop);
	if (worker->ended)
		return;
	if (first)
		uv_timer_start(&worker->timer, due, first->when > now ? first->when - now : 0, 0);
	else
		uv_timer_stop(&worker->timer);
}

static void due(uv_timer_t *timer)
{
	struct worker *worker = timer->data;
	uint64_t now = uv_now(&worker->loop);
	struct deadline *first;
	while (!worker->ended && (first = deadlines_first(&worker->deadlines)) && first->when <= now) {
		deadlines_remove(&worker->deadlines, first);
		connection_due((struct connection *)((char *)first - offsetof(struct connection, deadline)));
	}
	set_timer(worker);
}

void worker_deadline(struct worker *worker, struct connection *connection, uint64_t when)
{
	/* Most often nothing: a deadline that moves away is looked at again when the old one comes. */
	if (when == UINT64_MAX || (connection->deadline.place && connection->deadline.when <= when))
		return;
	const struct deadline *first = deadlines_first(&worker->deadlines);
	uint64_t before = first ? first->when : UINT64_MAX;
	uint64_t now = uv_now(&worker->loop);
	/* A moment that is over must not keep due() busy for ever. */
	deadlines_set(&worker->deadlines, &connection->deadline, when > now ? when : now + 1);
	first = deadlines_first(&worker->deadlines);
	if (first && first->when < before)
		set_timer(worker);
}

static void accept_again(uv_timer_t *timer)
{
	struct worker *worker = timer->data;
	for (size_t i = 0; i < worker->n_listeners; i++)
		listener_pause(&worker->listeners[i], false);
}

void worker_pause_accepting(struct worker *worker)
{
	for (size_t i = 0; i < worker->n_listeners; i++)
		listener_pause(&worker->listeners[i], true);
	uv_timer_start(&worker->accept_timer, accept_again, ACCEPT_PAUSE, 0);
}

/* --- letters --- */

/* Hands in what the cache has counted since the last time. */
static void count_cache(struct worker *worker)
{
	struct verdict_cache_counts cache = verdict_cache_counts(worker->cache);
	struct host_counts *counts = &worker->host->counts;
	atomic_fetch_add(&counts->cache_hits, cache.hits - worker->cache_hits);
	atomic_fetch_add(&counts->cache_misses, cache.misses - worker->cache_misses);
	worker->cache_hits = cache.hits;
	worker->cache_misses = cache.misses;
}

static void end_if_empty(struct worker *worker)
{
	if (!worker->draining || worker->n_connections > 0 || worker->ended)
		return;
	worker->ended = true;
	count_cache(worker);
	uv_close((uv_handle_t *)&worker->again_idle, NULL);
	uv_close((uv_handle_t *)&worker->timer, NULL);
	uv_close((uv_handle_t *)&worker->accept_timer, NULL);
	mailbox_close(&worker->mailbox);
}

void worker_drain(void *owner, void *now)
{
	struct worker *worker = owner;
	if (worker->ended)
		return;
	for (size_t i = 0; i < worker->n_listeners; i++)
		listener_close(&worker->listeners[i]);
	worker->draining = true;
	for (struct connection *connection = worker->connections, *next; connection; connection = next) {
		next = connection->next;
		connection_drain(connection, now != NULL);
	}
	end_if_empty(worker);
}

void worker_reconfigure(void *owner, void *configuration)
{
	struct worker *worker = owner;
	configuration_unref(worker->configuration);
	worker->configuration = configuration;
}

void worker_count(void *owner, void *unused)
{
	struct worker *worker = owner;
	for (struct connection *connection = worker->connections; connection; connection = connection->next)
		connection_count(connection);
	count_cache(worker);
	struct report *report = report_take(worker->report);
	if (!mailbox_post(&worker->host->mailbox, supervisor_worker_counted, report))
		report_free(report);
}

/* In two steps, so that a client whose schema change is answered finds the new snapshot in every session that
 * it has: first all workers take the snapshot, then the last of them lets the tickets be answered. */
struct announcement {
	struct host *host;
	struct catalog *catalog;
	uint64_t served;
	bool read;              /* see catalogs.h */
	atomic_uint pending;    /* workers that have not taken the snapshot */
	atomic_uint references; /* letters under way */
};

static void drop_announcement(struct announcement *announcement)
{
	if (atomic_fetch_sub(&announcement->references, 1) != 1)
		return;
	catalog_unref(announcement->catalog);
	free(announcement);
}

static void worker_taken(struct announcement *announcement);

static void post_announcement(struct worker *worker, mailbox_letter letter, struct announcement *announcement)
{
	atomic_fetch_add(&announcement->references, 1);
	if (mailbox_post(&worker->mailbox, letter, announcement))
		return;
	/* The worker has ended, and its sessions with it. */
	worker_taken(announcement);
	drop_announcement(announcement);
}

static void serve_tickets(void *owner, void *data)
{
	struct worker *worker = owner;
	struct announcement *announcement = data;
	for (struct connection *connection = worker->connections, *next; connection; connection = next) {
		next = connection->next;
		if (connection->catalog_ticket)
			connection_catalog(connection, worker->catalog, announcement->served, announcement->read);
	}
	drop_announcement(announcement);
}

/* One more worker has the snapshot. */
static void worker_taken(struct announcement *announcement)
{
	struct host *host = announcement->host;
	if (atomic_load(&announcement->pending) == 0 || atomic_fetch_sub(&announcement->pending, 1) != 1)
		return;
	for (unsigned i = 0; i < host->n_workers; i++)
		post_announcement(host->workers[i], serve_tickets, announcement);
}

static void take_catalog(void *owner, void *data)
{
	struct worker *worker = owner;
	struct announcement *announcement = data;
	if (worker->catalog != announcement->catalog) {
		catalog_unref(worker->catalog);
		worker->catalog = catalog_ref(announcement->catalog);
		for (struct connection *connection = worker->connections, *next; connection; connection = next) {
			next = connection->next;
			if (!connection->catalog_ticket)
				connection_catalog(connection, worker->catalog, 0, true);
		}
	}
	worker_taken(announcement);
	drop_announcement(announcement);
}

void workers_announce_catalog(struct host *host, struct catalog *catalog, uint64_t served, bool read)
{
	struct announcement *announcement = calloc(1, sizeof *announcement);
	if (!announcement)
		abort();
	announcement->host = host;
	announcement->catalog = catalog_ref(catalog);
	announcement->served = served;
	announcement->read = read;
	announcement->pending = host->n_workers;
	announcement->references = 1;
	for (unsigned i = 0; i < host->n_workers; i++)
		post_announcement(host->workers[i], take_catalog, announcement);
	drop_announcement(announcement);
}

/* --- life --- */

struct worker *worker_new(struct host *host, unsigned index, struct configuration *configuration,
						  struct catalog *catalog)
{
	uint64_t seed;
	struct worker *worker = calloc(1, sizeof *worker);
	if (!worker || !(worker->scratch = malloc(WORKER_SCRATCH)) || uv_loop_init(&worker->loop) != 0)
		abort();
	worker->host = host;
	worker->index = index;
	worker->configuration = configuration_ref(configuration);
	worker->catalog = catalog_ref(catalog);
	if (RAND_bytes((unsigned char *)&seed, sizeof seed) != 1)
		abort();
	worker->cache = verdict_cache_new(configuration->settings->tenantry.cache_size, seed);
	worker->report = report_new(seed);
	worker->cancels_last = &worker->cancels_waiting;
	worker->loop.data = worker;
	mailbox_open(&worker->mailbox, &worker->loop, worker);
	uv_idle_init(&worker->loop, &worker->again_idle);
	uv_timer_init(&worker->loop, &worker->timer);
	uv_timer_init(&worker->loop, &worker->accept_timer);
	worker->again_idle.data = worker->timer.data = worker->accept_timer.data = worker;
	return worker;
}

bool worker_listen(struct worker *worker, const struct listen_address *addresses, size_t n,
				   struct error *error)
{
	worker->listeners = calloc(n, sizeof *worker->listeners);
	if (!worker->listeners)
		abort();
	while (worker->n_listeners < n) {
		if (!listener_open(&worker->listeners[worker->n_listeners], worker, &addresses[worker->n_listeners],
						   error))
			return false;
		worker->n_listeners++;
	}
	return true;
}

static void run(void *argument)
{
	struct worker *worker = argument;
	uv_run(&worker->loop, UV_RUN_DEFAULT);
	mailbox_post(&worker->host->mailbox, supervisor_worker_ended, worker);
}

bool worker_start(struct worker *worker)
{
	/* The parser recurses with the depth of a statement, which max_depth bounds. */
	uv_thread_options_t options = {.flags = UV_THREAD_HAS_STACK_SIZE, .stack_size = WORKER_STACK};
	return uv_thread_create_ex(&worker->thread, &options, run, worker) == 0;
}

void worker_join(struct worker *worker)
{
	uv_thread_join(&worker->thread);
}

void worker_free(struct worker *worker)
{
	if (!worker->ended) {
		worker_drain(worker, worker);
		uv_run(&worker->loop, UV_RUN_DEFAULT);
	}
	if (uv_loop_close(&worker->loop) != 0)
		log_write(LOG_LEVEL_ERROR, NULL, "worker %u left handles open", worker->index);
	mailbox_destroy(&worker->mailbox);
	deadlines_free(&worker->deadlines);
	verdict_cache_free(worker->cache);
	report_free(worker->report);
	catalog_unref(worker->catalog);
	configuration_unref(worker->configuration);
	free(worker->listeners);
	free(worker->scratch);
	free(worker);
}
