/* A worker: one thread, one loop, its listeners, its connections, its cache of verdicts. Nothing of it is
 * touched by another thread except through its mailbox. */
#ifndef TENANTRY_HOST_WORKER_H
#define TENANTRY_HOST_WORKER_H

#include "proxy/host/deadlines.h"
#include "proxy/host/host.h"
#include "proxy/host/listener.h"
#include "proxy/host/opener.h"

enum { WORKER_SCRATCH = 64 * 1024 };

struct connection;
struct cancel_job;
struct verdict_job;

struct worker {
	struct host *host;
	unsigned index;
	uv_thread_t thread;
	uv_loop_t loop;
	struct mailbox mailbox;
	struct configuration *configuration; /* for new sessions; a reference */
	struct catalog *catalog;             /* for new sessions; a reference */
	struct verdict_cache *cache;
	struct report *report;          /* since the last worker_count() */
	char *scratch;                  /* WORKER_SCRATCH bytes that live from a read to session_receive() */
	struct connection *connections; /* all, doubly linked */
	size_t n_connections;
	struct connection *again; /* have bytes in OpenSSL that no poll will tell of */
	uv_idle_t again_idle;
	struct deadlines deadlines;
	uv_timer_t timer;
	size_t n_listeners;
	struct listener *listeners;
	uv_timer_t accept_timer; /* out of descriptors: when to accept again */
	struct opener_gate openings;
	struct cancel_job *cancels_waiting, **cancels_last; /* for a place in the thread pool */
	unsigned cancels_running;
	struct verdict_job *verdicts_waiting; /* the same for long statements; connection_verdict.c */
	unsigned verdicts_running;
	uint64_t cache_hits, cache_misses; /* handed in already */
	uint64_t told_of_strangers;        /* when, and how many since */
	unsigned turned_away;
	bool draining, ended;
};

/* Takes the sockets of `addresses` (listener.h): each worker has its own. False: *error. */
struct worker *worker_new(struct host *host, unsigned index, struct configuration *configuration,
						  struct catalog *catalog);
bool worker_listen(struct worker *worker, const struct listen_address *addresses, size_t n,
				   struct error *error);
bool worker_start(struct worker *worker);
void worker_join(struct worker *worker);
/* After worker_join(), or instead of worker_start(). */
void worker_free(struct worker *worker);

/* --- letters: run on the worker's loop --- */
void worker_drain(void *worker, void *now);                 /* now: NULL, or anything else for "at once" */
void worker_reconfigure(void *worker, void *configuration); /* a reference, taken over */
void worker_count(void *worker, void *unused);

/* A new snapshot or a served ticket; any thread. */
void workers_announce_catalog(struct host *host, struct catalog *catalog, uint64_t served, bool read);

/* --- for connection.c --- */
void worker_add(struct worker *worker, struct connection *connection);
void worker_remove(struct worker *worker, struct connection *connection);
/* Lets `connection` come up at `when`. */
void worker_deadline(struct worker *worker, struct connection *connection, uint64_t when);
/* Comes back to it in the next round of the loop. */
void worker_again(struct worker *worker, struct connection *connection);
/* Out of file descriptors: stops accepting for a second. */
void worker_pause_accepting(struct worker *worker);
struct connection *worker_find(struct worker *worker, unsigned long long session);

#endif
