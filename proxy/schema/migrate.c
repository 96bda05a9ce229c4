/* The migration as a whole: read the catalogs, plan, lock out other instances, run, read the catalogs again.
 *
 *            +--> facts -> plan -> nothing left: next phase
 *   phase: --+              |
 *            |              +-> lock (once; then facts and plan anew: another may have done it) -> items -+
 *            +---------------------------------------------------------------------------------------------+
 *
 * Phase GATE holds what must be done before the first client is served, phase REST what can go on while
 * clients are. A run ends when a new plan finds nothing to do, never because a list of steps was worked off.
 * Nothing is undone when a run fails: every step leaves the database in a state in which the application
 * works. */
#include <stdlib.h>
#include <string.h>

#include "proxy/base/log.h"
#include "proxy/schema/examine.h"
#include "proxy/schema/facts_keys.h"
#include "proxy/schema/instance.h"
#include "proxy/schema/plan_keys.h"
#include "proxy/schema/sql.h"

#define MOST_ROUNDS 50

/* Not tried again in this run: what failed, and statistics that were gathered but cannot be seen. */
struct skipped_item {
	struct skipped_item *next;
	uint32_t table;
	enum section section;
	bool statistics;
};

struct migration {
	struct run run;
	bool everything;
	bool down;            /* plan the way back in place of the way forth */
	bool allowed;         /* down: no other tenant was found */
	bool printed_present; /* items that are there are told once a phase */
	struct arena arena;
	struct skipped_item *skipped;
	struct error first_failure, last_race;
	int n_failed;
};

static bool in_phase(const struct item *item, enum instance_lock phase)
{
	bool gate = item->gate || item->section <= SECTION_COLUMNS;
	return gate == (phase == INSTANCE_LOCK_GATE);
}

static bool is_skipped(const struct migration *migration, const struct item *item)
{
	uint32_t oid = item->table ? item->table->oid : 0;
	bool statistics = item->need == NEED_STATISTICS;
	for (const struct skipped_item *skipped = migration->skipped; skipped; skipped = skipped->next)
		if (skipped->table == oid && skipped->section == item->section && skipped->statistics == statistics)
			return true;
	return false;
}

static void skip(struct migration *migration, const struct item *item)
{
	struct skipped_item *skipped = arena_alloc(&migration->arena, sizeof *skipped);
	skipped->table = item->table ? item->table->oid : 0;
	skipped->section = item->section;
	skipped->statistics = item->need == NEED_STATISTICS;
	skipped->next = migration->skipped;
	migration->skipped = skipped;
}

static void remember_failure(struct migration *migration, const struct item *item, const struct error *error)
{
	skip(migration, item);
	if (!migration->n_failed++)
		migration->first_failure = *error;
	progress_failed(&migration->run.progress, item, error);
}

static size_t steps_left(const struct migration *migration, const struct plan *plan, enum instance_lock phase)
{
	size_t n = 0;
	for (size_t i = 0; i < plan->n; i++)
		n += plan_is_step(&plan->items[i]) && in_phase(&plan->items[i], phase) &&
			 !is_skipped(migration, &plan->items[i]);
	return n;
}

static enum outcome run_one(struct migration *migration, const struct item *item, enum instance_lock phase,
							struct error *error)
{
	uint64_t begun = run_now();
	if (!instance_holds(&migration->run, phase, error))
		return OUTCOME_LOST;
	enum outcome outcome = run_item(&migration->run, item, error);
	if (outcome == OUTCOME_DONE && item->need == NEED_STATISTICS)
		skip(migration, item);
	if (outcome == OUTCOME_DONE)
		progress_done(&migration->run.progress, item, (double)(run_now() - begun) / 1000);
	return outcome;
}

/* Goes through the items of a phase. With `steps` they are done, else only what is there is told. */
static enum outcome run_items(struct migration *migration, const struct plan *plan, enum instance_lock phase,
							  bool steps, struct error *error)
{
	bool tell = !migration->printed_present;
	migration->printed_present = true;
	for (size_t i = 0; i < plan->n; i++) {
		const struct item *item = &plan->items[i];
		if (!in_phase(item, phase) || is_skipped(migration, item))
			continue;
		if (item->kind == ITEM_PRESENT && tell)
			progress_present(&migration->run.progress, item);
		if (item->kind == ITEM_WARNING && tell)
			progress_warning(&migration->run.progress, item);
		if (!plan_is_step(item) || !steps)
			continue;
		enum outcome outcome = run_one(migration, item, phase, error);
		if (outcome == OUTCOME_FAILED && phase == INSTANCE_LOCK_BACKGROUND && !migration->down) {
			remember_failure(migration, item, error);
			continue;
		}
		if (outcome == OUTCOME_FAILED)
			progress_failed(&migration->run.progress, item, error);
		if (outcome != OUTCOME_DONE)
			return outcome;
	}
	return OUTCOME_DONE;
}

/* Where nothing can be written, what is missing is an error, since it will not come by itself. */
static bool refuse_read_only(const struct facts *facts, const struct plan *plan, struct error *error)
{
	if (!facts->in_recovery && !facts->read_only)
		return true;
	for (size_t i = 0; i < plan->n; i++)
		if (plan_is_step(&plan->items[i]) && plan->items[i].gate) {
			error_set(error, "25006",
					  "the server is %s, and the migration is not complete: %s is still to be done",
					  facts->in_recovery ? "a standby" : "read-only", plan->items[i].text);
			error_hint(error, "Run the migration on the primary; set migration_url to it.");
			return false;
		}
	return true;
}

static bool is_read_only(const struct facts *facts)
{
	return facts->in_recovery || facts->read_only;
}

static bool read_and_plan(struct migration *migration, struct facts *facts, struct plan *plan,
						  struct error *error)
{
	struct run *run = &migration->run;
	if (!facts_load(facts, run->work, run->settings, error))
		return false;
	if (!migration->down) {
		plan_make(plan, facts, run->settings);
		return true;
	}
	if (!facts->keys && !facts_load_keys(facts, run->work, error))
		return false;
	plan_down(plan, facts, run->settings);
	if (!migration->allowed && !plan_down_allowed(plan, run->work, error))
		return false;
	migration->allowed = true;
	return true;
}

/* Who holds what a look at the tables would wait for. */
// clang-format off
static const char holders_text[] =
	"SELECT pg_catalog.string_agg(DISTINCT pg_catalog.format('pid %s (user %s, application %s, %s)', l.pid, coalesce(a.usename, '-'),"
	" coalesce(nullif(a.application_name, ''), '-'), coalesce(a.state, 'state hidden')), '; ')"
	" FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a USING (pid) WHERE l.mode = 'AccessExclusiveLock' AND l.granted"
	" AND l.locktype = 'relation' AND l.relation >= 16384 AND l.pid IS NOT NULL"
	" AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())";
// clang-format on

/* Reading takes ACCESS SHARE on the table of tenants for a moment, which somebody may keep it from: that
 * makes nobody else wait, is told, can be stopped, and ends as the waits of the steps do. */
static enum outcome read_patiently(struct migration *migration, struct facts *facts, struct plan *plan,
								   struct error *error)
{
	struct run *run = &migration->run;
	uint64_t begun = run_now(), told = 0;
	*facts = (struct facts){0};
	/* The steps set their own. */
	if (!sql_run(run->work, "SET lock_timeout TO 1000", error))
		return PQstatus(run->work) == CONNECTION_OK ? OUTCOME_FAILED : OUTCOME_LOST;
	while (!read_and_plan(migration, facts, plan, error)) {
		if (PQstatus(run->work) != CONNECTION_OK)
			return OUTCOME_LOST;
		uint64_t spent = run_now() - begun, total = run->settings->lock_retry_total;
		if (!run_is_lock_error(error) || (total && spent >= total))
			return OUTCOME_FAILED;
		if (!told || run_now() - told > 5000) {
			struct error ignored;
			PGresult *result = sql_query(run->watch, holders_text, 0, NULL, &ignored);
			const char *who = result ? sql_text(result, 0, 0) : NULL;
			progress_note(&run->progress, "reading the tables' state: waiting for %s", who ? who : "a lock");
			PQclear(result);
			told = run_now();
		}
		facts_free(facts);
		if (!run_sleep(run, 50 + run_random(run, 500)))
			return run_was_stopped(error);
	}
	return OUTCOME_DONE;
}

/* One round: what is left is planned from what is there. *again: another round is needed. */
static enum outcome round_of(struct migration *migration, enum instance_lock phase, bool *locked, bool *again,
							 struct error *error)
{
	struct facts facts;
	struct plan plan;
	struct run *run = &migration->run;
	*again = false;
	enum outcome outcome = read_patiently(migration, &facts, &plan, error);
	if (outcome != OUTCOME_DONE)
		goto out;
	outcome = OUTCOME_FAILED;
	run->progress.tenants = run->settings->tenants_table;
	if (!plan_may_run(&plan, error) || !refuse_read_only(&facts, &plan, error))
		goto out;
	size_t left = is_read_only(&facts) ? 0 : steps_left(migration, &plan, phase);
	if (left && !*locked) {
		outcome = instance_lock(run, phase, error);
		*locked = *again = outcome == OUTCOME_DONE;
		goto out;
	}
	if (left)
		facts_sizes(&facts, run->work);
	outcome = run_items(migration, &plan, phase, left > 0, error);
	if (outcome == OUTCOME_REPLAN)
		migration->last_race = *error;
	*again = outcome == OUTCOME_REPLAN || (outcome == OUTCOME_DONE && left > 0);
	if (outcome == OUTCOME_REPLAN)
		outcome = OUTCOME_DONE;
out:
	facts_free(&facts);
	return outcome;
}

static enum outcome run_phase(struct migration *migration, enum instance_lock phase, struct error *error)
{
	bool locked = false, again = true;
	enum outcome outcome = OUTCOME_DONE;
	migration->printed_present = false;
	for (int i = 0; again && outcome == OUTCOME_DONE; i++) {
		if (i == MOST_ROUNDS) {
			error_set(error, "40001", "the schema keeps changing while it is migrated: %d attempts",
					  MOST_ROUNDS);
			if (migration->last_race.message[0])
				error_detail(error, "The last one found: %.900s", migration->last_race.message);
			outcome = OUTCOME_FAILED;
			break;
		}
		/* Somebody else is at work on the same tables: leave them time. */
		if (i > 2 && !run_sleep(&migration->run, run_random(&migration->run, 1000))) {
			outcome = run_was_stopped(error);
			break;
		}
		outcome = round_of(migration, phase, &locked, &again, error);
	}
	if (locked && outcome != OUTCOME_LOST)
		instance_unlock(&migration->run, phase);
	return outcome;
}

/* What the gate alone leaves for later. */
static enum outcome background_left(struct migration *migration, struct error *error)
{
	struct facts facts;
	struct plan plan;
	enum outcome outcome = read_patiently(migration, &facts, &plan, error);
	if (outcome == OUTCOME_DONE) {
		migration->run.progress.report.background_left =
			!is_read_only(&facts) && steps_left(migration, &plan, INSTANCE_LOCK_BACKGROUND) > 0;
	}
	facts_free(&facts);
	return outcome;
}

static enum outcome run_phases(struct migration *migration, struct error *error)
{
	enum outcome outcome = run_phase(migration, INSTANCE_LOCK_GATE, error);
	if (outcome != OUTCOME_DONE)
		return outcome;
	if (migration->everything)
		return run_phase(migration, INSTANCE_LOCK_BACKGROUND, error);
	return background_left(migration, error);
}

/* A network that cuts: connect anew and go on from what the catalogs say, for as long as locks are retried.
 */
static enum outcome run_connected(struct migration *migration, struct error *error)
{
	struct run *run = &migration->run;
	uint64_t lost_since = 0;
	bool was_connected = false;
	for (;;) {
		enum outcome outcome = OUTCOME_LOST;
		if (instance_open(run, error)) {
			was_connected = true;
			outcome = run_phases(migration, error);
			instance_close(run);
		} else if (!was_connected)
			return OUTCOME_FAILED;
		if (outcome != OUTCOME_LOST)
			return outcome;
		uint64_t now = run_now();
		lost_since = lost_since ? lost_since : now;
		if (run->settings->lock_retry_total && now - lost_since > run->settings->lock_retry_total)
			return OUTCOME_FAILED;
		progress_note(&run->progress, "connection lost (%s); connecting again", error->message);
		if (!run_sleep(run, 500 + run_random(run, 2000)))
			return OUTCOME_STOPPED;
	}
}

static const char *verdict_of(struct migration *migration, enum outcome outcome)
{
	const char *what = migration->down ? "WAY BACK" : "MIGRATION";
	const char *format = outcome == OUTCOME_STOPPED ? "⚠️  %s STOPPED (running it again finishes it)"
						 : outcome != OUTCOME_DONE || migration->n_failed ? "❌ %s NOT COMPLETE"
						 : migration->run.progress.report.background_left
							 ? "✅ %s COMPLETE (indexes and keys follow in the background)"
							 : "✅ %s COMPLETE";
	return arena_format(&migration->arena, format, what);
}

static bool migrate(struct migration *migration, const char *title, struct migration_report *report,
					struct error *error)
{
	struct progress *progress = &migration->run.progress;
	progress_begin(progress, title);
	enum outcome outcome = run_connected(migration, error);
	progress_end(progress, verdict_of(migration, outcome));
	if (outcome == OUTCOME_DONE && migration->n_failed)
		*error = migration->first_failure;
	if (report)
		*report = progress->report;
	arena_free(&migration->arena);
	return outcome == OUTCOME_DONE && !migration->n_failed;
}

static struct migration migration_new(const char *conninfo, const struct schema_settings *settings, FILE *out,
									  const atomic_int *stop)
{
	return (struct migration){
		.run = {.conninfo = conninfo,
				.settings = settings,
				.stop = stop,
				.progress = {.out = out, .settings = settings, .tenants = settings->tenants_table}},
	};
}

bool schema_migrate(const char *conninfo, const struct schema_settings *settings, bool everything, FILE *out,
					const atomic_int *stop, struct migration_report *report, struct error *error)
{
	struct migration migration = migration_new(conninfo, settings, out, stop);
	migration.everything = everything;
	const char *title = arena_format(
		&migration.arena, "MIGRATION: Adding %s columns for multi-tenant isolation", settings->tenant_column);
	return migrate(&migration, title, report, error);
}

bool schema_down(const char *conninfo, const struct schema_settings *settings, bool plan_only, FILE *out,
				 const atomic_int *stop, struct migration_report *report, struct error *error)
{
	if (plan_only)
		return examine_down(conninfo, settings, out, error);
	struct migration migration = migration_new(conninfo, settings, out, stop);
	migration.everything = migration.down = true;
	const char *title =
		arena_format(&migration.arena, "WAY BACK: Taking back the %s columns", settings->tenant_column);
	return migrate(&migration, title, report, error);
}
