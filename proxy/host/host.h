/* What the workers share, and the main thread that looks after them: signals, reload, drain, statistics.
 *
 *   main thread: supervisor loop     worker threads: one loop each
 *   catalogs thread                  migration thread (background steps)
 *
 * Threads talk through mailboxes (worker_post, host_post): a function and its argument, run on the receiver's
 * loop. */
#ifndef TENANTRY_HOST_HOST_H
#define TENANTRY_HOST_HOST_H

#include <signal.h>
#include <stdatomic.h>
#include <time.h>
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
	int standard_error; /* as it was before log_file */
	struct catalogs *catalogs;
	struct limits *limits;
	struct cancel_table *cancels;
	unsigned n_workers, workers_running;
	struct worker **workers;
	atomic_ullong next_session;
	atomic_uint unauthenticated;
	struct host_counts counts;
	struct report *report; /* since the start, all workers; main thread only */
	time_t started;
	/* supervisor.c */
	uv_signal_t on_terminate, on_interrupt, on_reload, on_report;
	uv_timer_t drain_timer, statistics_timer, tidy_timer, watchdog_timer;
	size_t most_inside;      /* clients, since memory was given back */
	unsigned collecting;     /* workers that have not reported yet */
	unsigned silent_workers; /* that have not answered the watchdog's question */
	bool list_open;          /* asked for with a signal: statements are to be listed, too */
	bool draining, drained_at_once;
	bool background_left; /* its thread could not be stopped in time */
};

/* Serves until told to stop. Returns the exit code. The configuration's reference is taken over. */
int host_serve(struct configuration *configuration, const char *file, int argc, char **argv);

/* As many file descriptors as the configuration may need; warns if they cannot be had. */
void host_raise_descriptor_limit(const struct configuration *configuration);

/* The level for the time of a migration whose progress is printed: its steps are lines of level info for
 * whoever collects the log; a person at a terminal reads them printed, and not twice. */
enum log_level migration_log_level(enum log_level level);

/* --- supervisor.c: on the main thread --- */
/* Signals and timers; returns when all workers have ended. `stop`, `reload`: set by a signal that came before.
 */
void supervisor_run(struct host *host, const atomic_int *stop, const atomic_int *reload);
/* A worker thread has ended / has handed in its counts; run through the mailbox. The report is taken over. */
void supervisor_worker_ended(void *host, void *worker);
void supervisor_worker_counted(void *host, void *report);

/* --- background.c --- */
/* Indexes and keys go on while clients are served. */
struct background;
struct background *background_start(struct configuration *configuration);
/* NULL is allowed; bounded wait. False: the thread still runs, and the process must end without tidying up. */
bool background_stop(struct background *background);

#endif
