/* Runs one item of a plan against the server, so that nobody waits longer for us than the lock timeout.
 *
 * Two connections: `work` sends the statements and is polled, never waited for; `watch` looks who blocks it,
 * how far an index is, and holds the lock against other instances (instance.h), always outside a transaction,
 * so that no concurrent build ever waits for our own snapshot.
 *
 *   transaction of an item:  BEGIN - [LOCK .. SHARE UPDATE EXCLUSIVE] - statements under lock_timeout - COMMIT
 *                                    ^ an autovacuum gives way here,    ^ here the application may queue behind us:
 *                                      nobody of the application waits    at most lock_timeout in all, then we cancel
 */
#ifndef TENANTRY_SCHEMA_RUN_H
#define TENANTRY_SCHEMA_RUN_H

#include "proxy/schema/plan.h"
#include "proxy/schema/progress.h"

enum outcome {
	OUTCOME_DONE,
	OUTCOME_REPLAN,  /* somebody else changed what the plan rests on: read the catalogs again */
	OUTCOME_FAILED,  /* the error says why */
	OUTCOME_LOST,    /* the connection broke: whether the last statement was done, the catalogs know */
	OUTCOME_STOPPED, /* the stop flag was raised */
};

struct run {
	const char *conninfo;
	const struct schema_settings *settings;
	const atomic_int *stop;
	struct progress progress;
	PGconn *work, *watch;
	int work_pid;
	uint64_t random;
};

/* One item, retried while others hold locks, until lock_retry_total. */
enum outcome run_item(struct run *run, const struct item *item, struct error *error)
	__attribute__((warn_unused_result));

/* --- for the other files of the runner --- */

/* What a statement may wait for. */
struct patience {
	const char *what;     /* for people: what is being locked or built */
	uint32_t lock_budget; /* ms that it may stand in a queue in all, 0: any */
	uint32_t time_budget; /* ms in all, 0: any */
	bool builds_index;    /* print the progress of a concurrent build */
	uint64_t begun;       /* when the first statement began */
	uint64_t looked;      /* when the blockers were looked for, or the progress printed */
	bool gives_way;       /* end it when the application stands behind it */
	uint64_t asked;       /* when it was looked for who does */
	bool over_budget;     /* cancelled by us */
	bool gave_way;        /* likewise */
	char blockers[900];   /* who blocked last, or whom it gave way to, for people; "" if nobody was seen */
};

uint64_t run_now(void); /* monotonic ms */
/* False: stopped meanwhile. */
bool run_sleep(struct run *run, uint32_t ms);
bool run_stopped(const struct run *run);
/* OUTCOME_STOPPED and its error. */
enum outcome run_was_stopped(struct error *error);
/* A random number below `limit`. */
uint32_t run_random(struct run *run, uint32_t limit);
/* One message. *number (may be NULL): the rows of the command tag, or the single value that a query gave
 * (true is 1). OUTCOME_FAILED leaves a transaction failed. */
enum outcome run_statement(struct run *run, const char *text, struct patience *patience, int64_t *number,
						   struct error *error) __attribute__((warn_unused_result));
/* ROLLBACK of what failed. */
void run_rollback(struct run *run);
/* Another try later could work: somebody had a lock. */
bool run_is_lock_error(const struct error *error);
/* Somebody else made or removed the object meanwhile. */
bool run_is_race(const struct error *error);

enum outcome run_backfill(struct run *run, const struct item *item, struct error *error)
	__attribute__((warn_unused_result)); /* backfill.c */
enum outcome run_concurrently(struct run *run, const struct item *item, struct error *error)
	__attribute__((warn_unused_result)); /* index.c */
enum outcome run_wait_for_build(struct run *run, const struct item *item, struct error *error)
	__attribute__((warn_unused_result)); /* index.c */
/* Asks the other connection about the process that works, its pid being $1; NULL: it could not say. The caller clears it. */
PGresult *run_ask(struct run *run, const char *text);
void run_index_progress(struct run *run, const struct patience *patience); /* index.c */

#endif
