/* What the workers share, and the main thread that looks after them: signals, reload, drain, statistics.
 *
 *   main thread: supervisor loop     worker threads: one loop each
 *   catalogs thread                  migration thread (background steps)
 *
 * Threads talk through mailboxes (worker_post, host_post): a function and its argument, run on the receiver's
 * loop. */
#ifndef TENANTRY_HOST_HOST_H
#define TENANTRY_HOST_HOST_H

#include <stdatomic.h>
#include <uv.h>

#include "proxy/host/cancel.h"
#include "proxy/host/catalogs.h"
#include "proxy/host/configuration.h"
#include "proxy/host/limits.h"
#include "proxy/host/mailbox.h"

struct worker;

/* Sums since the start, added to by the workers. */
struct host_counts {
	atomic_ullong sessions, refused_sessions, statements, touching, guarded, refused, self_safe;
	atomic_ullong bytes_client, bytes_server, cache_hits, cache_misses;
};

struct host {
	uv_loop_t loop; /* the main thread's */
	struct mailbox mailbox;
	struct configuration *configuration; /* in force; main thread only */
	const char *file;                    /* to reload; NULL: none */
	int argc;                            /* flags, for a reload */
	char **argv;
	struct catalogs *catalogs;
	struct limits *limits;
	struct cancel_table *cancels;
	unsigned n_workers, workers_running;
	struct worker **workers;
	atomic_ullong next_session;
	atomic_uint unauthenticated;
	struct host_counts counts;
	/* supervisor.c */
	uv_signal_t on_terminate, on_interrupt, on_reload;
	uv_timer_t drain_timer, statistics_timer, tidy_timer;
	size_t most_inside;  /* clients, since memory was given back */
	unsigned collecting; /* workers that have not reported yet */
	bool draining, drained_at_once;
};

/* Serves until told to stop. Returns the exit code. The configuration's reference is taken over. */
int host_serve(struct configuration *configuration, const char *file, int argc, char **argv);

/* --- supervisor.c: on the main thread --- */
/* Signals and timers; returns when all workers have ended. `stop`: a signal came before it. */
void supervisor_run(struct host *host, bool stop);
/* A worker thread has ended / has handed in its counts; run through the mailbox. */
void supervisor_worker_ended(void *host, void *worker);
void supervisor_worker_counted(void *host, void *worker);

/* --- background.c --- */
/* Indexes and keys go on while clients are served. */
struct background;
struct background *background_start(struct configuration *configuration);
void background_stop(struct background *background); /* NULL is allowed; bounded wait */

#endif
