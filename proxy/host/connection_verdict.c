/* Large statements: their verdict is found in libuv's thread pool, so that other sessions of the loop do not
 * wait for it; see connection.h.
 *
 * While a job runs, the session, whose text and names it reads, is not freed, and configuration (its policy)
 * and snapshot are held. A connection that ends meanwhile leaves session and configuration to the job. */
#include <stdlib.h>

#include "parser/verdict.h"
#include "proxy/host/connection.h"

/* For each worker; host.c sizes the pool so that others find a thread. */
enum { VERDICTS_AT_ONCE = 2 };

struct verdict_job {
	struct verdict_job *next; /* waits for its turn */
	uv_work_t work;
	struct worker *worker;
	struct connection *connection; /* NULL: it has ended, and session and configuration are the job's */
	struct session *session;
	struct configuration *configuration;
	struct catalog *catalog;
	struct verdict *verdict;
	const struct guard_request *request;
};

static void start(struct verdict_job *job);

static void find(uv_work_t *work)
{
	struct verdict_job *job = work->data;
	job->verdict = guard(job->request);
}

static void end(struct verdict_job *job)
{
	struct connection *connection = job->connection;
	if (connection) {
		connection->verdict_job = NULL;
		session_clock(connection->session, uv_now(&job->worker->loop));
		session_verdict(connection->session, job->verdict);
	} else {
		session_free(job->session);
		verdict_unref(job->verdict);
		configuration_unref(job->configuration);
	}
	catalog_unref(job->catalog);
	free(job);
	if (connection)
		connection_settle(connection);
}

static void found(uv_work_t *work, int status)
{
	struct verdict_job *job = work->data;
	struct worker *worker = job->worker;
	worker->verdicts_running--;
	end(job);
	struct verdict_job *waiting = worker->verdicts_waiting;
	if (!waiting)
		return;
	worker->verdicts_waiting = waiting->next;
	start(waiting);
}

static void start(struct verdict_job *job)
{
	struct worker *worker = job->worker;
	job->work.data = job;
	if (uv_queue_work(&worker->loop, &job->work, find, found) != 0)
		abort();
	worker->verdicts_running++;
}

void connection_find_verdict(struct connection *connection)
{
	struct worker *worker = connection->worker;
	struct verdict_job *job = calloc(1, sizeof *job), **link = &worker->verdicts_waiting;
	if (!job)
		abort();
	job->worker = worker;
	job->connection = connection;
	job->session = connection->session;
	job->configuration = connection->configuration;
	job->request = session_verdict_request(connection->session);
	job->catalog = catalog_ref((struct catalog *)job->request->catalog);
	connection->verdict_job = job;
	if (worker->verdicts_running < VERDICTS_AT_ONCE) {
		start(job);
		return;
	}
	while (*link)
		link = &(*link)->next;
	*link = job;
}

void connection_leave_verdict(struct connection *connection)
{
	struct verdict_job **link = &connection->worker->verdicts_waiting, *job = connection->verdict_job;
	while (*link && *link != job)
		link = &(*link)->next;
	job->connection = NULL;
	connection->verdict_job = NULL;
	if (!*link)
		return;
	/* It has not begun: nobody will call us back. */
	*link = job->next;
	end(job);
}
