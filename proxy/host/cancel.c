/* Cancel requests; see cancel.h. */
#include "proxy/host/cancel.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/host/connection.h"
#include "proxy/host/worker.h"

enum {
	SHARDS = 16,
	MATCHES_MAX = 8,     /* sessions on servers with one process id: several upstream hosts */
	KEY_MAX = 64,        /* ours have 32 bytes at most: a longer one matches nothing */
	CANCELS_AT_ONCE = 2, /* threads of libuv's pool that a worker's cancels may hold; host.c sizes it */
};

/* --- the table --- */

struct entry {
	struct entry *next;
	int process_id;
	struct worker *worker;
	unsigned long long session;
};

struct cancel_table {
	struct shard {
		pthread_mutex_t lock;
		struct entry *buckets[64];
	} shards[SHARDS];
};

struct cancel_table *cancel_table_new(void)
{
	struct cancel_table *table = calloc(1, sizeof *table);
	if (!table)
		abort();
	for (int i = 0; i < SHARDS; i++)
		pthread_mutex_init(&table->shards[i].lock, NULL);
	return table;
}

void cancel_table_free(struct cancel_table *table)
{
	for (int i = 0; table && i < SHARDS; i++)
		pthread_mutex_destroy(&table->shards[i].lock);
	free(table);
}

static struct shard *lock_shard(struct cancel_table *table, int process_id, struct entry ***bucket)
{
	struct shard *shard = &table->shards[(unsigned)process_id % SHARDS];
	pthread_mutex_lock(&shard->lock);
	*bucket = &shard->buckets[(unsigned)process_id / SHARDS % 64];
	return shard;
}

void cancel_table_add(struct cancel_table *table, int process_id, struct worker *worker,
					  unsigned long long session)
{
	struct entry **bucket, *entry = malloc(sizeof *entry);
	if (!entry)
		abort();
	struct shard *shard = lock_shard(table, process_id, &bucket);
	*entry = (struct entry){*bucket, process_id, worker, session};
	*bucket = entry;
	pthread_mutex_unlock(&shard->lock);
}

void cancel_table_remove(struct cancel_table *table, int process_id, unsigned long long session)
{
	struct entry **link;
	struct shard *shard = lock_shard(table, process_id, &link);
	while (*link && (*link)->session != session)
		link = &(*link)->next;
	struct entry *gone = *link;
	if (gone)
		*link = gone->next;
	pthread_mutex_unlock(&shard->lock);
	free(gone);
}

static size_t find(struct cancel_table *table, int process_id, struct entry *found)
{
	struct entry **bucket;
	size_t n = 0;
	struct shard *shard = lock_shard(table, process_id, &bucket);
	for (struct entry *entry = *bucket; entry && n < MATCHES_MAX; entry = entry->next)
		if (entry->process_id == process_id)
			found[n++] = *entry;
	pthread_mutex_unlock(&shard->lock);
	return n;
}

/* --- sending to the server, on the worker that owns the session --- */

struct cancel_job {
	struct cancel_job *next;
	uv_work_t work;
	struct worker *worker;
	unsigned long long session; /* whose statement is cancelled */
	struct server_cancel *cancel;
	bool sent;
	char why[256];
	bool own;             /* asked for by the session itself, not by a CancelRequest */
	struct worker *asker; /* else: who waits for the end */
	unsigned long long asking;
};

static void start_job(struct cancel_job *job);

static void answer(void *owner, void *data)
{
	struct worker *worker = owner;
	unsigned long long *asking = data;
	struct connection *connection = worker_find(worker, *asking);
	free(asking);
	if (connection)
		connection_finish(connection);
}

/* A cancel of its own could not even begin: the session is told later, its caller still works with it. */
static void tell_interrupted(void *owner, void *data)
{
	struct worker *worker = owner;
	unsigned long long *session = data;
	struct connection *connection = worker_find(worker, *session);
	free(session);
	if (connection)
		connection_interrupted(connection);
}

static void post_interrupted(struct worker *worker, unsigned long long session)
{
	unsigned long long *letter = malloc(sizeof *letter);
	if (!letter)
		abort();
	*letter = session;
	if (!mailbox_post(&worker->mailbox, tell_interrupted, letter))
		free(letter);
}

static void answer_asker(struct worker *asker, unsigned long long asking)
{
	unsigned long long *letter = malloc(sizeof *letter);
	if (!letter)
		abort();
	*letter = asking;
	if (!mailbox_post(&asker->mailbox, answer, letter))
		free(letter);
}

static void send_cancel(uv_work_t *work)
{
	struct cancel_job *job = work->data;
	job->sent = server_cancel_send(job->cancel, job->why, sizeof job->why);
}

static void job_ended(struct cancel_job *job)
{
	struct log_subject subject = {.session = job->session};
	if (job->cancel && !job->sent)
		log_write(LOG_LEVEL_WARNING, &subject, "the cancel request did not reach the server: %s", job->why);
	server_cancel_free(job->cancel);
	if (!job->own)
		answer_asker(job->asker, job->asking);
	free(job);
}

static void sent(uv_work_t *work, int status)
{
	struct cancel_job *job = work->data;
	struct worker *worker = job->worker;
	struct connection *connection = worker_find(worker, job->session);
	bool own = job->own;
	worker->cancels_running--;
	job_ended(job);
	if (connection && own)
		connection_interrupted(connection);
	struct cancel_job *waiting = worker->cancels_waiting;
	if (!waiting)
		return;
	worker->cancels_waiting = waiting->next;
	if (!worker->cancels_waiting)
		worker->cancels_last = &worker->cancels_waiting;
	start_job(waiting);
}

/* Looks again, now that it is the job's turn: the session may have ended, and with it what was to be
 * cancelled. */
static void start_job(struct cancel_job *job)
{
	struct worker *worker = job->worker;
	struct connection *connection = worker_find(worker, job->session);
	if (worker->cancels_running >= CANCELS_AT_ONCE) {
		job->next = NULL;
		*worker->cancels_last = job;
		worker->cancels_last = &job->next;
		return;
	}
	if (!job->cancel && connection && connection->link)
		job->cancel = server_link_cancel(connection->link);
	job->work.data = job;
	if (job->cancel && uv_queue_work(&worker->loop, &job->work, send_cancel, sent) == 0) {
		worker->cancels_running++;
		return;
	}
	if (job->own)
		post_interrupted(worker, job->session);
	job_ended(job);
}

static struct cancel_job *new_job(struct worker *worker, unsigned long long session)
{
	struct cancel_job *job = calloc(1, sizeof *job);
	if (!job)
		abort();
	job->worker = worker;
	job->session = session;
	return job;
}

void cancel_interrupt(struct connection *connection)
{
	struct cancel_job *job = new_job(connection->worker, connection->id);
	job->own = true;
	/* The connection may be gone before the job's turn comes, and the statement must be cancelled all the
	 * same. */
	if (connection->link)
		job->cancel = server_link_cancel(connection->link);
	start_job(job);
}

/* --- from worker to worker --- */

struct request {
	struct worker *asker;
	unsigned long long asking, session;
	struct session_cancel cancel; /* key points to the next field */
	uint8_t key[KEY_MAX];
};

static void deliver(void *owner, void *data)
{
	struct worker *worker = owner;
	struct request *request = data;
	struct connection *connection = worker_find(worker, request->session);
	if (connection && connection->link && session_cancel_matches(connection->session, &request->cancel)) {
		struct cancel_job *job = new_job(worker, request->session);
		job->asker = request->asker;
		job->asking = request->asking;
		start_job(job);
	} else {
		answer_asker(request->asker, request->asking);
	}
	free(request);
}

static bool forward_one(struct connection *connection, const struct session_cancel *cancel,
						const struct entry *entry)
{
	struct request *request = calloc(1, sizeof *request);
	if (!request)
		abort();
	request->asker = connection->worker;
	request->asking = connection->id;
	request->session = entry->session;
	memcpy(request->key, cancel->key, cancel->key_length);
	request->cancel = (struct session_cancel){cancel->process_id, request->key, cancel->key_length};
	bool posted = mailbox_post(&entry->worker->mailbox, deliver, request);
	if (!posted)
		free(request);
	return posted;
}

void cancel_forward(struct connection *connection)
{
	struct session_cancel cancel = session_cancel_request(connection->session);
	struct log_subject subject = {.session = connection->id};
	struct entry found[MATCHES_MAX];
	size_t posted = 0, n = 0;
	if (cancel.key_length <= KEY_MAX)
		n = find(connection->worker->host->cancels, cancel.process_id, found);
	for (size_t i = 0; i < n; i++)
		posted += forward_one(connection, &cancel, &found[i]);
	if (posted > 0)
		return;
	log_write(LOG_LEVEL_DEBUG, &subject, "a cancel request for process %d fits no session",
			  cancel.process_id);
	/* As a letter to ourselves: the caller still works with the connection. */
	answer_asker(connection->worker, connection->id);
}
