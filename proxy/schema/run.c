/* Runs items; see run.h. */
#include "proxy/schema/run.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "proxy/base/log.h"
#include "proxy/schema/sql.h"

/* How often the stop flag and the budgets are looked at, and how long a statement runs before anybody asks
 * who blocks it. */
#define TICK_MS     50
#define BLOCKED_MS  250
#define PROGRESS_MS 5000
/* How often it is asked whether the application stands behind a long statement. */
#define BEHIND_MS 200
/* Locks that make nobody of the application wait are waited for longer than PostgreSQL's deadlock_timeout (1
 * s), after which an autovacuum gives way. */
#define WEAK_LOCK_MS       10000
#define LEAST_WEAK_LOCK_MS 3000
#define LONGEST_PAUSE_MS   30000

uint64_t run_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool run_stopped(const struct run *run)
{
	return run->stop && *run->stop;
}

enum outcome run_was_stopped(struct error *error)
{
	error_set(error, "57014", "the migration was stopped; running it again finishes it");
	return OUTCOME_STOPPED;
}

bool run_sleep(struct run *run, uint32_t ms)
{
	uint64_t end = run_now() + ms;
	for (uint64_t now; !run_stopped(run) && (now = run_now()) < end;) {
		uint64_t rest = end - now < TICK_MS ? end - now : TICK_MS;
		nanosleep(&(struct timespec){.tv_nsec = (long)rest * 1000000}, NULL);
	}
	return !run_stopped(run);
}

uint32_t run_random(struct run *run, uint32_t limit)
{
	if (!run->random &&
		getrandom(&run->random, sizeof run->random, GRND_NONBLOCK) != (ssize_t)sizeof run->random)
		run->random = run_now();
	run->random |= !run->random;
	/* xorshift64: spreads retries of several instances, nothing more. */
	run->random ^= run->random << 13;
	run->random ^= run->random >> 7;
	run->random ^= run->random << 17;
	return limit ? (uint32_t)(run->random >> 32) % limit : 0;
}

static bool is_one_of(const struct error *error, const char *const *states)
{
	for (; *states; states++)
		if (strcmp(error->sqlstate, *states) == 0)
			return true;
	return false;
}

bool run_is_lock_error(const struct error *error)
{
	static const char *const states[] = {"55P03", "40P01", "40001", "55006", NULL};
	return is_one_of(error, states);
}

bool run_is_race(const struct error *error)
{
	/* Duplicate or missing objects, and the unique index of a catalog when two create at once; XX000 is
	 * "tuple concurrently updated". */
	static const char *const states[] = {"42P07", "42701", "42710", "42P06", "42P01",
										 "42703", "42704", "XX000", NULL};
	return is_one_of(error, states) ||
		   (strcmp(error->sqlstate, "23505") == 0 && strstr(error->message, "\"pg_"));
}

/* --- looking --- */

PGresult *run_ask(struct run *run, const char *text)
{
	char pid[16];
	struct error ignored;
	snprintf(pid, sizeof pid, "%d", run->work_pid);
	const char *values[] = {pid};
	return sql_query(run->watch, text, 1, values, &ignored);
}

/* pg_blocking_pids() has 0 for a prepared transaction, which no process holds. What an autovacuum works at is
 * no secret of the application's, and tells whether it will give way: it does not when it prevents
 * wraparound. */
// clang-format off
#define SINCE(moment) "extract(epoch FROM pg_catalog.clock_timestamp() - " moment ")::bigint"
static const char blockers_text[] =
	"WITH b AS (SELECT DISTINCT u.pid FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids($1::int)) AS u(pid))"
	" SELECT CASE WHEN coalesce(a.backend_type, 'client backend') = 'client backend'"
	"  THEN pg_catalog.format('pid %s (user %s, application %s, %s for %s s)', a.pid, coalesce(a.usename, '-'),"
	"   coalesce(nullif(a.application_name, ''), '-'), coalesce(a.state, 'state hidden'), coalesce(s.ago::text, '?'))"
	"  ELSE pg_catalog.format('pid %s (%s%s, for %s s)', a.pid, a.backend_type,"
	"   CASE WHEN a.backend_type = 'autovacuum worker' THEN ' ' || pg_catalog.left(a.query, 120) END, coalesce(s.ago::text, '?')) END,"
	" s.ago FROM b JOIN pg_catalog.pg_stat_activity a USING (pid) CROSS JOIN LATERAL"
	" (SELECT " SINCE("coalesce(a.xact_start, a.query_start, a.backend_start)") ") AS s(ago)"
	" UNION ALL SELECT pg_catalog.format('prepared transaction %L (user %s, for %s s; ROLLBACK PREPARED ends it)', p.gid, p.owner, s.ago), s.ago"
	" FROM b JOIN pg_catalog.pg_prepared_xacts p ON b.pid = 0 AND p.database = pg_catalog.current_database()"
	" CROSS JOIN LATERAL (SELECT " SINCE("p.prepared") ") AS s(ago) ORDER BY 2 DESC NULLS LAST LIMIT 5";
// clang-format on

/* "pid 123 (user app, application psql, idle in transaction for 32 s); .." into patience->blockers; false:
 * nobody blocks. */
static bool run_who_blocks(struct run *run, struct patience *patience)
{
	PGresult *result = run_ask(run, blockers_text);
	int n = result ? PQntuples(result) : 0;
	size_t length = 0;
	for (int row = 0; row < n && length < sizeof patience->blockers - 1; row++) {
		int written = snprintf(patience->blockers + length, sizeof patience->blockers - length, "%s%s",
							   row ? "; " : "", sql_text(result, row, 0));
		length += written > 0 ? (size_t)written : 0;
	}
	PQclear(result);
	return n > 0;
}

/* --- one statement --- */

static void cancel(struct run *run)
{
	char message[256];
	PGcancel *handle = PQgetCancel(run->work);
	if (handle && !PQcancel(handle, message, sizeof message))
		log_write(LOG_LEVEL_WARNING, NULL, "migration: cancel request failed: %s", message);
	PQfreeCancel(handle);
}

/* Builds and scans hold SHARE UPDATE EXCLUSIVE for long, which makes no reader and no writer wait. A schema change
 * of the application does wait for it, everybody behind that one waits as well, and where the build waits for the
 * application's transaction in turn, PostgreSQL would end either of them. Others of our own kind (VACUUM, builds) may wait. */
// clang-format off
static const char behind_text[] =
	"SELECT pg_catalog.format('pid %s (user %s, application %s), who waits behind it', l.pid, coalesce(a.usename, '-'),"
	" coalesce(nullif(a.application_name, ''), '-')) FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid"
	" WHERE NOT l.granted AND l.locktype = 'relation' AND l.pid <> $1::int"
	" AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')"
	" AND $1::int = ANY (pg_catalog.pg_blocking_pids(l.pid)) LIMIT 1";
// clang-format on

/* Whether somebody stands behind the statement; who, into patience->blockers. */
static bool somebody_behind(struct run *run, struct patience *patience)
{
	PGresult *result = run_ask(run, behind_text);
	bool found = result && PQntuples(result) == 1;
	if (found)
		snprintf(patience->blockers, sizeof patience->blockers, "%s", sql_text(result, 0, 0));
	PQclear(result);
	return found;
}

/* Looks at a statement that runs. True: it must be cancelled. */
static bool look(struct run *run, struct patience *patience)
{
	uint64_t now = run_now(), elapsed = now - patience->begun;
	if (patience->time_budget && elapsed > patience->time_budget)
		return patience->over_budget = true;
	if (patience->gives_way && now - (patience->asked ? patience->asked : patience->begun) >= BEHIND_MS) {
		patience->asked = now;
		if (somebody_behind(run, patience))
			return patience->gave_way = true;
	}
	bool over = patience->lock_budget && elapsed > patience->lock_budget;
	uint64_t pause = patience->looked ? PROGRESS_MS : BLOCKED_MS;
	/* Soon enough to name somebody before a short lock timeout ends the wait. */
	if (!patience->looked && patience->lock_budget && patience->lock_budget / 4 < BLOCKED_MS)
		pause = patience->lock_budget / 4;
	if (!over && now - (patience->looked ? patience->looked : patience->begun) < pause)
		return false;
	patience->looked = now;
	if (run_who_blocks(run, patience)) {
		if (over)
			return patience->over_budget = true;
		progress_note(&run->progress, "%s: waiting for %s", patience->what, patience->blockers);
	} else if (patience->builds_index)
		run_index_progress(run, patience);
	return false;
}

/* Waits for the end of what was sent. */
static bool wait_for_result(struct run *run, struct patience *patience)
{
	bool cancelled = false;
	uint32_t tick =
		patience->lock_budget && patience->lock_budget / 4 < TICK_MS ? patience->lock_budget / 4 : TICK_MS;
	while (PQisBusy(run->work)) {
		struct pollfd socket = {.fd = PQsocket(run->work), .events = POLLIN};
		int ready = poll(&socket, 1, (int)tick + 1);
		if (ready > 0 && !PQconsumeInput(run->work))
			return false;
		if (!PQisBusy(run->work))
			break;
		if (!cancelled && (run_stopped(run) || look(run, patience))) {
			cancel(run);
			cancelled = true;
		}
	}
	return true;
}

static enum outcome collect(struct run *run, int64_t *number, struct error *error)
{
	enum outcome outcome = OUTCOME_DONE;
	for (PGresult *result; (result = PQgetResult(run->work)); PQclear(result)) {
		ExecStatusType status = PQresultStatus(result);
		if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
			if (number && status == PGRES_COMMAND_OK)
				*number = atoll(PQcmdTuples(result));
			else if (number && PQntuples(result) == 1)
				*number = sql_bool(result, 0, 0) ? 1 : sql_int(result, 0, 0);
		} else if (outcome == OUTCOME_DONE) {
			sql_error(error, run->work, result);
			outcome = OUTCOME_FAILED;
		}
	}
	if (PQstatus(run->work) == CONNECTION_BAD) {
		if (outcome == OUTCOME_DONE)
			sql_error(error, run->work, NULL);
		outcome = OUTCOME_LOST;
	}
	return outcome;
}

enum outcome run_statement(struct run *run, const char *text, struct patience *patience, int64_t *number,
						   struct error *error)
{
	if (run_stopped(run))
		return run_was_stopped(error);
	if (!patience->begun)
		patience->begun = run_now();
	if (!PQsendQuery(run->work, text) || !wait_for_result(run, patience)) {
		sql_error(error, run->work, NULL);
		return OUTCOME_LOST;
	}
	enum outcome outcome = collect(run, number, error);
	if (outcome == OUTCOME_FAILED && run_stopped(run))
		return run_was_stopped(error);
	if (outcome == OUTCOME_FAILED && patience->gave_way && strcmp(error->sqlstate, "57014") == 0)
		error_set(error, "55P03", "it gave way");
	/* Our own cancel of something that stood in a queue is a lock timeout. */
	if (outcome == OUTCOME_FAILED && patience->over_budget && !patience->time_budget &&
		strcmp(error->sqlstate, "57014") == 0)
		error_set(error, "55P03", "canceling statement due to lock timeout");
	return outcome;
}

void run_rollback(struct run *run)
{
	struct error ignored;
	if (PQstatus(run->work) == CONNECTION_OK && PQtransactionStatus(run->work) != PQTRANS_IDLE &&
		!sql_run(run->work, "ROLLBACK", &ignored))
		log_write(LOG_LEVEL_WARNING, NULL, "migration: rollback failed: %s", ignored.message);
}

/* --- one transaction --- */

static uint32_t weak_lock_timeout(const struct run *run)
{
	uint32_t total = run->settings->lock_retry_total;
	return !total || total > WEAK_LOCK_MS ? WEAK_LOCK_MS
		   : total < LEAST_WEAK_LOCK_MS   ? LEAST_WEAK_LOCK_MS
										  : total;
}

static enum outcome lock_weakly(struct run *run, const struct item *item, struct patience *patience,
								struct error *error)
{
	char text[512];
	snprintf(text, sizeof text, "SET LOCAL lock_timeout TO %u; LOCK TABLE %s IN SHARE UPDATE EXCLUSIVE MODE",
			 weak_lock_timeout(run), item->lock_first);
	return run_statement(run, text, patience, NULL, error);
}

/* `lock_timeout` is what this try may wait for a strong lock, and make the application wait behind it. */
static enum outcome try_transaction(struct run *run, const struct item *item, uint32_t lock_timeout,
									struct patience *patience, struct error *error)
{
	char text[64];
	bool strong = item->kind == ITEM_TRANSACTION;
	struct patience none = {.what = item->text};
	*patience = none;
	enum outcome outcome = run_statement(run, "BEGIN", &none, NULL, error);
	if (outcome == OUTCOME_DONE && item->lock_first)
		outcome = lock_weakly(run, item, patience, error);
	snprintf(text, sizeof text, "SET LOCAL lock_timeout TO %u",
			 strong ? lock_timeout : weak_lock_timeout(run));
	if (outcome == OUTCOME_DONE) {
		outcome = run_statement(run, text, &none, NULL, error);
		*patience = (struct patience){
			.what = item->text, .lock_budget = strong ? lock_timeout : 0, .gives_way = !strong};
	}
	for (int i = 0; i < item->n_statements && outcome == OUTCOME_DONE; i++)
		outcome = run_statement(run, item->statements[i], patience, NULL, error);
	if (outcome == OUTCOME_DONE)
		outcome = run_statement(run, "COMMIT", &none, NULL, error);
	run_rollback(run);
	return outcome;
}

static enum outcome give_up(const struct item *item, const char *blockers, uint64_t begun,
							struct error *error)
{
	struct error last = *error;
	error_set(error, last.sqlstate, "%s: not done, others held the lock for %.0f s", item->text,
			  (double)(run_now() - begun) / 1000);
	if (blockers[0])
		error_detail(error, "Blocked by %s.", blockers);
	else
		error_detail(error, "%s", last.message);
	error_hint(error, "End that transaction (SELECT pg_terminate_backend(pid)), or raise lock_retry_total; "
					  "running the migration "
					  "again goes on where it stopped.");
	return OUTCOME_FAILED;
}

/* How long the first try waits for a lock. Most of the application's transactions are over sooner, and nobody
 * stands behind us for longer; each failure doubles it, up to lock_timeout. */
static uint32_t first_lock_timeout(const struct schema_settings *settings)
{
	uint32_t first = settings->lock_timeout_first;
	return first && first < settings->lock_timeout ? first : settings->lock_timeout;
}

static uint32_t doubled(uint32_t value, uint32_t most)
{
	return value > most / 2 ? most : value * 2;
}

/* Full jitter: a random pause up to twice the last limit, so that several who wait do not come back together.
 */
static enum outcome transaction_with_retries(struct run *run, const struct item *item, struct error *error)
{
	uint64_t begun = run_now();
	uint32_t limit = 250, lock_timeout = first_lock_timeout(run->settings);
	struct patience patience, last = {0};
	for (;;) {
		enum outcome outcome = try_transaction(run, item, lock_timeout, &patience, error);
		if (outcome != OUTCOME_FAILED)
			return outcome;
		if (run_is_race(error))
			return OUTCOME_REPLAN;
		if (!run_is_lock_error(error))
			return OUTCOME_FAILED;
		if (patience.blockers[0])
			last = patience;
		uint64_t spent = run_now() - begun, total = run->settings->lock_retry_total;
		if (total && spent >= total)
			return give_up(item, last.blockers, begun, error);
		uint32_t pause = run_random(run, limit) + 1;
		if (total && pause > total - spent)
			pause = (uint32_t)(total - spent);
		progress_note(&run->progress, "%s: %s; blocked by %s; again in %.1f s", item->text, error->message,
					  patience.blockers[0] ? patience.blockers : "somebody who is gone", pause / 1000.0);
		if (!run_sleep(run, pause))
			return run_was_stopped(error);
		limit = doubled(limit, LONGEST_PAUSE_MS);
		lock_timeout = doubled(lock_timeout, run->settings->lock_timeout);
	}
}

/* What the server's own error does not say: which right is missing, what to do about it. */
static void complete_error(const struct item *item, struct error *error)
{
	if (strcmp(error->sqlstate, "42501") == 0 && strstr(error->message, "row-level security"))
		error_hint(error, "The table's forced policies hold for the migrating role too: migrate with a role "
						  "that has BYPASSRLS "
						  "(migration_url).");
	else if (strcmp(error->sqlstate, "42501") == 0 && item->right)
		error_hint(error, "%s", item->right);
	else if (item->hint && !error->hint[0])
		error_hint(error, "%s", item->hint);
}

enum outcome run_item(struct run *run, const struct item *item, struct error *error)
{
	enum outcome outcome;
	switch (item->kind) {
	case ITEM_TRANSACTION:
	case ITEM_SCAN:
		outcome = transaction_with_retries(run, item, error);
		break;
	case ITEM_CONCURRENTLY:
		outcome = run_concurrently(run, item, error);
		break;
	case ITEM_BACKFILL:
		outcome = run_backfill(run, item, error);
		break;
	case ITEM_WAIT:
		outcome = run_wait_for_build(run, item, error);
		break;
	default:
		abort();
	}
	if (outcome == OUTCOME_FAILED)
		complete_error(item, error);
	return outcome;
}
