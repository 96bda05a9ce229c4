/* Concurrent index builds: alone in their message, under their own time budget, with progress; see run.h.
 *
 * A build waits for every transaction that is older than itself, and makes nobody wait: lock_timeout must not
 * end it. What it leaves behind when it fails is an INVALID index that costs writes and serves nothing: it is
 * dropped at once where that is possible, else by the next run. It gives way to the application's schema changes
 * (run.c). */
#include <string.h>

#include "proxy/base/log.h"
#include "proxy/schema/run.h"
#include "proxy/schema/sql.h"

#define WAIT_POLL_MS 300

// clang-format off
static const char progress_text[] =
	"SELECT phase, blocks_done, blocks_total, tuples_done, tuples_total"
	" FROM pg_catalog.pg_stat_progress_create_index WHERE pid = $1::int";
// clang-format on

void run_index_progress(struct run *run, const struct patience *patience)
{
	PGresult *result = run_ask(run, progress_text);
	if (result && PQntuples(result) == 1 && sql_text(result, 0, 0)) {
		int64_t blocks = sql_int(result, 0, 2), tuples = sql_int(result, 0, 4);
		double part = blocks > 0   ? (double)sql_int(result, 0, 1) / (double)blocks
					  : tuples > 0 ? (double)sql_int(result, 0, 3) / (double)tuples
								   : 0;
		progress_note(&run->progress, "%s: %s, %.0f %%", patience->what, sql_text(result, 0, 0), 100 * part);
	}
	PQclear(result);
}

/* Drops what a failed build left, if it is there and broken. */
static void clean_up(struct run *run, const struct item *item)
{
	struct arena arena = {0};
	struct error error;
	const char *values[] = {item->index};
	PGresult *result =
		sql_query(run->watch,
				  "SELECT 1 FROM pg_catalog.pg_index WHERE indexrelid = pg_catalog.to_regclass($1)::oid"
				  " AND NOT indisvalid",
				  1, values, &error);
	bool broken = result && PQntuples(result) == 1;
	PQclear(result);
	if (broken && !run_stopped(run)) {
		struct patience patience = {.what = "dropping the unfinished index", .time_budget = 10000};
		if (run_statement(run, arena_format(&arena, "DROP INDEX CONCURRENTLY %s", item->index), &patience,
						  NULL, &error) != OUTCOME_DONE)
			log_write(LOG_LEVEL_WARNING, NULL,
					  "migration: the unfinished index %s remains until the next run: %s", item->index,
					  error.message);
	}
	arena_free(&arena);
}

/* Its name and its comment. */
static enum outcome finish(struct run *run, const struct item *item, struct error *error)
{
	const char *statements[] = {item->index_finish[0], item->index_finish[1]};
	struct item step = {.kind = ITEM_SCAN,
						.section = item->section,
						.table = item->table,
						.text = item->text,
						.n_statements = item->index_finish[1] ? 2 : 1,
						.statements = statements};
	return run_item(run, &step, error);
}

enum outcome run_concurrently(struct run *run, const struct item *item, struct error *error)
{
	struct patience patience = {.what = item->text,
								.time_budget = run->settings->index_timeout,
								.gives_way = true,
								.builds_index = item->index != NULL};
	if (!sql_run(run->work, "SET lock_timeout TO 0", error))
		return PQstatus(run->work) == CONNECTION_OK ? OUTCOME_FAILED : OUTCOME_LOST;
	enum outcome outcome = run_statement(run, item->statements[0], &patience, NULL, error);
	if (outcome == OUTCOME_DONE)
		return item->index_finish[0] ? finish(run, item, error) : OUTCOME_DONE;
	if (outcome != OUTCOME_FAILED)
		return outcome;
	if (patience.gave_way) /* dropping the rest would stand in the way again: the next round does it */
		progress_note(&run->progress, "%s: gives way to %s", item->text, patience.blockers);
	else if (item->index)
		clean_up(run, item);
	if (patience.over_budget && strcmp(error->sqlstate, "57014") == 0) {
		error_set(error, "57014", "%s: not done within index_timeout (%u s)", item->text,
				  run->settings->index_timeout / 1000);
		if (patience.blockers[0])
			error_detail(error, "It waited for %s.", patience.blockers);
		error_hint(error, "Raise index_timeout, or end the transactions that it waits for; running the "
						  "migration again builds it.");
		return OUTCOME_FAILED;
	}
	return run_is_lock_error(error) || run_is_race(error) ? OUTCOME_REPLAN : OUTCOME_FAILED;
}

/* Somebody builds it: another tool, a person, an instance that lost its lock. */
enum outcome run_wait_for_build(struct run *run, const struct item *item, struct error *error)
{
	uint64_t begun = run_now(), printed = 0;
	const char *values[] = {item->index};
	for (;;) {
		PGresult *result =
			sql_query(run->watch,
					  "SELECT l.pid, a.usename, a.application_name FROM pg_catalog.pg_index x JOIN "
					  "pg_catalog.pg_locks l"
					  " ON l.locktype = 'relation' AND l.relation = x.indrelid AND l.granted AND l.mode = "
					  "'ShareUpdateExclusiveLock'"
					  " AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = "
					  "pg_catalog.current_database())"
					  " AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_vacuum v WHERE v.pid = l.pid)"
					  " LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid"
					  " WHERE x.indexrelid = pg_catalog.to_regclass($1)::oid AND NOT x.indisvalid",
					  1, values, error);
		if (!result)
			return OUTCOME_LOST;
		bool alive = PQntuples(result) > 0;
		if (alive && (!printed || run_now() - printed > 30000)) {
			const char *user = sql_text(result, 0, 1), *application = sql_text(result, 0, 2);
			progress_note(&run->progress, "%s: pid %s (user %s, application %s)", item->text,
						  sql_text(result, 0, 0), user ? user : "-",
						  application && *application ? application : "-");
			printed = run_now();
		}
		PQclear(result);
		if (!alive)
			return OUTCOME_REPLAN;
		if (run->settings->index_timeout && run_now() - begun > run->settings->index_timeout) {
			error_set(error, "57014", "%s, for longer than index_timeout (%u s)", item->text,
					  run->settings->index_timeout / 1000);
			return OUTCOME_FAILED;
		}
		if (!run_sleep(run, WAIT_POLL_MS))
			return run_was_stopped(error);
	}
}
