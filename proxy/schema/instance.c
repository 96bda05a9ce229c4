/* Connections and the instance lock; see instance.h. */
#include "proxy/schema/instance.h"

#include <string.h>

#include "proxy/base/log.h"
#include "proxy/schema/sql.h"

#define LOCK_CLASS 0x74656e61 /* "tena" */
#define POLL_MS    200

static void take_notice(void *unused, const char *message)
{
	(void)unused;
	log_write(LOG_LEVEL_DEBUG, NULL, "migration: server says: %s", message);
}

static PGconn *connect_plainly(const char *conninfo, const char *application, struct error *error)
{
	/* What comes before dbname yields to the URL. */
	const char *const names[] = {"connect_timeout", "fallback_application_name", "dbname", "client_encoding",
								 NULL};
	const char *const values[] = {"10", application, conninfo, "UTF8", NULL};
	PGconn *connection = PQconnectdbParams(names, values, 1);
	if (connection && PQstatus(connection) == CONNECTION_OK) {
		PQsetNoticeProcessor(connection, take_notice, NULL);
		return connection;
	}
	sql_error(error, connection, NULL);
	PQfinish(connection);
	return NULL;
}

static bool prepare_session(PGconn *connection, struct error *error)
{
	return sql_run(connection,
				   "SET statement_timeout TO 0; SET lock_timeout TO 0; SET "
				   "idle_in_transaction_session_timeout TO 0;"
				   " SET client_min_messages TO warning; SET row_security TO off; SET "
				   "standard_conforming_strings TO on;"
				   " SET default_transaction_isolation TO 'read committed'; SET "
				   "default_transaction_deferrable TO off;"
				   " SET jit TO off" /* compiling a catalog query takes seconds, running it milliseconds */,
				   error) &&
		   (PQserverVersion(connection) < 140000 ||
			sql_run(connection, "SET idle_session_timeout TO 0", error)) &&
		   (PQserverVersion(connection) < 170000 ||
			sql_run(connection, "SET transaction_timeout TO 0", error));
}

static bool server_pid(PGconn *connection, const char *text, int *pid, struct error *error)
{
	PGresult *result = sql_query(connection, text, 0, NULL, error);
	if (result)
		*pid = (int)sql_int(result, 0, 0);
	PQclear(result);
	return result != NULL;
}

/* While one connection is in a transaction, the other one's statements must still run where they ran before,
 * and the two never in the same place. Through a pooler that gives servers to transactions one of both fails.
 */
static bool probe_pooler(PGconn *one, PGconn *other, bool *pooled, struct error *error)
{
	static const char pid_text[] = "SELECT pg_catalog.pg_backend_pid()";
	int before, during, after;
	struct error ignored;
	if (!server_pid(one, pid_text, &before, error) ||
		!sql_run(other, "BEGIN; SET LOCAL idle_in_transaction_session_timeout TO 0", error))
		return false;
	bool good = server_pid(other, pid_text, &during, error);
	*pooled = good && during == before;
	if (good && !*pooled) {
		good = server_pid(one, pid_text, &after, error);
		*pooled = good && (after != before || after == during);
	}
	if (!sql_run(other, "ROLLBACK", &ignored) && good)
		good = error_set(error, ignored.sqlstate, "%s", ignored.message);
	return good;
}

static bool refuse_pooler(PGconn *one, PGconn *other, struct error *error)
{
	bool pooled = false;
	for (int i = 0; i < 3 && !pooled; i++)
		if (!probe_pooler(i & 1 ? other : one, i & 1 ? one : other, &pooled, error))
			return false;
	if (!pooled)
		return true;
	error_set(error, "0A000",
			  "the migration cannot run through a pooler that hands out connections by transaction");
	error_detail(error,
				 "Its statements came to different server processes. Locks and settings of a session do not "
				 "hold there, so several instances would migrate at once.");
	error_hint(error, "Set migration_url to a direct connection (or a pooler in session mode).");
	return false;
}

PGconn *instance_connect(const char *conninfo, const char *application, struct error *error)
{
	PGconn *connection = connect_plainly(conninfo, application, error);
	PGconn *other = connection ? connect_plainly(conninfo, application, error) : NULL;
	/* Settings only after the probe: through a pooler they would reach other people's sessions. */
	bool good = other && refuse_pooler(connection, other, error) && prepare_session(connection, error);
	PQfinish(other);
	if (good)
		return connection;
	PQfinish(connection);
	return NULL;
}

bool instance_open(struct run *run, struct error *error)
{
	run->work = connect_plainly(run->conninfo, "tenantry migrate", error);
	run->watch = run->work ? connect_plainly(run->conninfo, "tenantry migrate (watch)", error) : NULL;
	if (run->watch && refuse_pooler(run->work, run->watch, error) && prepare_session(run->work, error) &&
		prepare_session(run->watch, error) &&
		server_pid(run->work, "SELECT pg_catalog.pg_backend_pid()", &run->work_pid, error))
		return true;
	instance_close(run);
	return false;
}

void instance_close(struct run *run)
{
	PQfinish(run->work);
	PQfinish(run->watch);
	run->work = run->watch = NULL;
}

/* --- the lock --- */

static bool lock_query(struct run *run, const char *format, enum instance_lock lock, bool *held,
					   struct error *error)
{
	char text[512];
	snprintf(text, sizeof text, format, LOCK_CLASS, (int)lock);
	PGresult *result = sql_query(run->watch, text, 0, NULL, error);
	if (result)
		*held = sql_bool(result, 0, 0);
	PQclear(result);
	return result != NULL;
}

static void name_holder(struct run *run, enum instance_lock lock)
{
	char text[512];
	struct error ignored;
	snprintf(text, sizeof text,
			 "SELECT l.pid, a.application_name, a.client_addr, extract(epoch FROM pg_catalog.now() - "
			 "a.backend_start)::bigint"
			 " FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a USING (pid) WHERE "
			 "l.locktype = 'advisory'"
			 " AND l.classid = %d AND l.objid = %d AND l.objsubid = 2 AND l.granted",
			 LOCK_CLASS, (int)lock);
	PGresult *result = sql_query(run->watch, text, 0, NULL, &ignored);
	if (result && PQntuples(result)) {
		const char *address = sql_text(result, 0, 2), *seconds = sql_text(result, 0, 3);
		progress_note(&run->progress,
					  "another instance is migrating: pid %s (%s, from %s, for %s s); waiting",
					  sql_text(result, 0, 0), sql_text(result, 0, 1) ? sql_text(result, 0, 1) : "-",
					  address ? address : "here", seconds ? seconds : "?");
	}
	PQclear(result);
}

enum outcome instance_lock(struct run *run, enum instance_lock lock, struct error *error)
{
	uint64_t named = 0;
	for (;;) {
		bool held = false;
		if (!lock_query(run, "SELECT pg_catalog.pg_try_advisory_lock(%d, %d)", lock, &held, error))
			return PQstatus(run->watch) == CONNECTION_OK ? OUTCOME_FAILED : OUTCOME_LOST;
		if (held)
			return OUTCOME_DONE;
		if (!named || run_now() - named > 30000) {
			name_holder(run, lock);
			named = run_now();
		}
		if (!run_sleep(run, POLL_MS / 2 + run_random(run, POLL_MS))) {
			error_set(error, "57014", "the migration was stopped while another instance was migrating");
			return OUTCOME_STOPPED;
		}
	}
}

void instance_unlock(struct run *run, enum instance_lock lock)
{
	bool held;
	struct error error;
	if (PQstatus(run->watch) == CONNECTION_OK &&
		!lock_query(run, "SELECT pg_catalog.pg_advisory_unlock(%d, %d)", lock, &held, &error))
		log_write(LOG_LEVEL_WARNING, NULL, "migration: the instance lock was not released: %s",
				  error.message);
}

bool instance_holds(struct run *run, enum instance_lock lock, struct error *error)
{
	bool held = false;
	if (!lock_query(run,
					"SELECT EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND classid "
					"= %d AND objid = %d"
					" AND objsubid = 2 AND granted AND pid = pg_catalog.pg_backend_pid())",
					lock, &held, error))
		return false;
	return held || error_set(error, "08006", "the lock against other instances was lost");
}
