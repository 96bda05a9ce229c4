/* Fills the NULLs of an adopted tenant column, block range by block range, one short transaction each.
 *
 * Rows that somebody has locked are skipped, so that nobody waits for anybody; a later pass takes them. An
 * UPDATE of the application that moves a row which is still NULL to a later block is found by a later pass,
 * too: it ends when a look at the whole table finds none. The application's triggers are silenced for our
 * session (the planner made sure that they can be). Killed in the middle, the next run finds the rest. */
#include <stdlib.h>
#include <string.h>

#include "proxy/schema/run.h"
#include "proxy/schema/sql.h"

#define FIRST_BLOCKS 64
#define MOST_BLOCKS  8192
#define QUICK_MS     100
#define SLOW_MS      400

struct filling {
	struct run *run;
	const struct item *item;
	const char *constant;
	struct arena arena;
	int64_t filled;
};

/* A look at the whole table takes its time: it can be stopped, and says who is in its way. */
static enum outcome ask(struct filling *filling, const char *text, int64_t *value, struct error *error)
{
	struct patience patience = {.what = filling->item->text};
	return run_statement(filling->run, text, &patience, value, error);
}

/* TID ranges are read as ranges from PostgreSQL 14 on; before, every possible row of the blocks is named (a
 * page has room for at most 291). */
static const char *batch_text(struct filling *filling, int64_t first, int64_t end)
{
	const struct fact_table *table = filling->item->table;
	struct arena *arena = &filling->arena;
	const char *rows =
		PQserverVersion(filling->run->work) >= 140000
			? arena_format(arena, "ctid >= '(%lld,0)'::tid AND ctid < '(%lld,0)'::tid", (long long)first,
						   (long long)end)
			: arena_format(
				  arena,
				  "ctid = ANY (ARRAY(SELECT pg_catalog.format('(%%s,%%s)', b, o)::tid FROM"
				  " pg_catalog.generate_series(%lld, %lld) b, pg_catalog.generate_series(1, 291) o))",
				  (long long)first, (long long)end - 1);
	return arena_format(
		arena,
		"UPDATE %s SET %s = %s WHERE ctid = ANY (ARRAY(SELECT ctid FROM ONLY %s WHERE %s AND %s IS NULL"
		" FOR NO KEY UPDATE SKIP LOCKED)) AND %s IS NULL",
		table->qualified, table->column_quoted, filling->constant, table->qualified, rows,
		table->column_quoted, table->column_quoted);
}

static enum outcome batch(struct filling *filling, int64_t first, int64_t end, struct error *error)
{
	struct run *run = filling->run;
	struct patience patience = {.what = filling->item->text};
	char begin[128];
	snprintf(begin, sizeof begin, "BEGIN; SET LOCAL lock_timeout TO %u%s", run->settings->lock_timeout,
			 filling->item->table->update_triggers ? "; SET LOCAL session_replication_role TO replica" : "");
	int64_t affected = 0;
	enum outcome outcome = run_statement(run, begin, &patience, NULL, error);
	if (outcome == OUTCOME_DONE)
		outcome = run_statement(run, batch_text(filling, first, end), &patience, &affected, error);
	if (outcome == OUTCOME_DONE)
		outcome = run_statement(run, "COMMIT", &patience, NULL, error);
	if (outcome == OUTCOME_DONE)
		filling->filled += affected;
	run_rollback(run);
	return outcome;
}

/* Once over the table. */
static enum outcome pass(struct filling *filling, struct error *error)
{
	int64_t blocks = 0, step = FIRST_BLOCKS;
	const char *size =
		arena_format(&filling->arena, "SELECT pg_catalog.pg_relation_size(%s::regclass) / 8192",
					 sql_literal(&filling->arena, filling->item->table->qualified));
	enum outcome sized = ask(filling, size, &blocks, error);
	if (sized != OUTCOME_DONE)
		return sized;
	uint64_t printed = run_now();
	for (int64_t first = 0; first < blocks; first += step) {
		uint64_t begun = run_now();
		enum outcome outcome = batch(filling, first, first + step, error);
		if (outcome == OUTCOME_FAILED && run_is_lock_error(error))
			continue;
		if (outcome != OUTCOME_DONE)
			return outcome;
		uint64_t took = run_now() - begun;
		if (run_now() - printed > 5000) {
			printed = run_now();
			progress_note(&filling->run->progress, "%s: %.0f %%, %lld rows", filling->item->text,
						  100.0 * (double)first / (double)blocks, (long long)filling->filled);
		}
		/* A quarter of the time is the application's alone. */
		if (took > 4 && !run_sleep(filling->run, (uint32_t)took / 4))
			return run_was_stopped(error);
		first += step; /* The range that was done, whatever the next one's width is. */
		if (took < QUICK_MS && step < MOST_BLOCKS)
			step *= 2;
		else if (took > SLOW_MS && step > 1)
			step /= 2;
		first -= step;
	}
	return OUTCOME_DONE;
}

static enum outcome fill(struct filling *filling, struct error *error)
{
	const struct fact_table *table = filling->item->table;
	uint64_t begun = run_now();
	uint32_t limit = 100;
	const char *rest = arena_format(&filling->arena, "SELECT EXISTS (SELECT FROM ONLY %s WHERE %s IS NULL)",
									table->qualified, table->column_quoted);
	for (;;) {
		enum outcome outcome = pass(filling, error);
		int64_t left = 1;
		if (outcome == OUTCOME_DONE)
			outcome = ask(filling, rest, &left, error);
		if (outcome != OUTCOME_DONE || !left)
			return outcome;
		if (filling->run->settings->lock_retry_total &&
			run_now() - begun > filling->run->settings->lock_retry_total && limit > 1000) {
			error_set(error, "55P03", "%s: not done, others keep rows of the table locked",
					  filling->item->text);
			error_hint(error, "Run the migration again when the long transactions have ended.");
			return OUTCOME_FAILED;
		}
		progress_note(&filling->run->progress, "%s: rows that others have locked remain, again",
					  filling->item->text);
		if (!run_sleep(filling->run, run_random(filling->run, limit) + 50))
			return run_was_stopped(error);
		limit = limit < 10000 ? limit * 2 : limit;
	}
}

enum outcome run_backfill(struct run *run, const struct item *item, struct error *error)
{
	struct filling filling = {.run = run, .item = item};
	filling.constant =
		plan_constant(&filling.arena, run->settings->tenant_type, run->settings->default_tenant);
	/* For the looks at the table: they make nobody wait. The batches set their own. */
	if (!sql_run(run->work, "SET lock_timeout TO 0", error))
		return PQstatus(run->work) == CONNECTION_OK ? OUTCOME_FAILED : OUTCOME_LOST;
	enum outcome outcome = fill(&filling, error);
	arena_free(&filling.arena);
	return outcome;
}
