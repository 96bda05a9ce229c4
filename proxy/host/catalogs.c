/* The snapshot and the thread that renews it; see catalogs.h. */
#include "proxy/host/catalogs.h"

#include <errno.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "proxy/base/log.h"

enum {
	ROUND_DISTANCE = 100,   /* milliseconds between rounds that only unknown names ask for */
	RETRY_AFTER = 250,      /* after a failure, while somebody waits */
	RECONNECT_AFTER = 2000, /* and while nobody does */
	PATIENCE =
		4000, /* sessions that wait for a snapshot get the old one after so long without the database */
	AGAIN_AFTER = 1000, /* what could not be read because of a lock */
	STOP_SECONDS = 3,
};

struct catalogs {
	struct configuration *configuration;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_t thread;
	bool started, stop;
	uint32_t interval;
	uint64_t requested, served; /* tickets */
	bool changed;               /* some ticket says that the schema has changed */
	struct catalog *current;
	int socket; /* of the connection while it works; -1 */
	/* The thread's own: */
	PGconn *connection;
	uint64_t fingerprint;
	uint64_t generation;
	uint64_t failing_since; /* 0: the last look was fine */
	struct schema_memory *memory;
	uint64_t again_at; /* something could not be read while somebody held it; 0: no */
	catalogs_announce announce;
	void *context;
};

static uint64_t now_milliseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void set_socket(struct catalogs *catalogs, int socket)
{
	pthread_mutex_lock(&catalogs->lock);
	catalogs->socket = socket;
	pthread_mutex_unlock(&catalogs->lock);
}

static void disconnect(struct catalogs *catalogs)
{
	set_socket(catalogs, -1);
	PQfinish(catalogs->connection);
	catalogs->connection = NULL;
}

static void ignore_notice(void *unused, const PGresult *notice)
{
}

static bool connect_server(struct catalogs *catalogs, struct error *error)
{
	const char *const keywords[] = {"dbname",           "fallback_application_name", "connect_timeout",
									"tcp_user_timeout", "client_encoding",           NULL};
	const char *const values[] = {
		catalogs->configuration->upstream->url, "tenantry catalogs", "3", "10000", "UTF8", NULL};
	if (catalogs->connection && PQstatus(catalogs->connection) == CONNECTION_OK)
		return true;
	if (catalogs->connection)
		disconnect(catalogs);
	catalogs->connection = PQconnectdbParams(keywords, values, 1);
	if (!catalogs->connection)
		abort();
	if (PQstatus(catalogs->connection) != CONNECTION_OK) {
		error_set(error, "08001", "cannot connect to %s", catalogs->configuration->upstream->label);
		const char *why = PQerrorMessage(catalogs->connection);
		size_t length = strlen(why);
		error_detail(error, "%.*s", (int)(length > 0 && why[length - 1] == '\n' ? length - 1 : length), why);
		disconnect(catalogs);
		return false;
	}
	PQsetNoticeReceiver(catalogs->connection, ignore_notice, NULL);
	set_socket(catalogs, PQsocket(catalogs->connection));
	return true;
}

/* Every snapshot costs the sessions their verdicts: not again in every round. */
static void note_complete(struct catalogs *catalogs, bool complete)
{
	if (!complete && !catalogs->again_at)
		log_write(LOG_LEVEL_INFO, NULL,
				  "tables are held in ACCESS EXCLUSIVE mode: what changed over them is read later");
	catalogs->again_at = complete ? 0 : now_milliseconds() + AGAIN_AFTER;
}

/* One look at the database; a new snapshot is put into *fresh if there is one. The fingerprint is taken
 * before the snapshot: a change between the two shows as a difference next time. */
static bool look(struct catalogs *catalogs, bool changed, struct catalog **fresh, struct error *error)
{
	const struct schema_settings *schema = &catalogs->configuration->schema;
	uint64_t fingerprint;
	if (!connect_server(catalogs, error) ||
		!schema_fingerprint(catalogs->connection, schema, catalogs->memory, &fingerprint, error))
		return false;
	bool again = catalogs->again_at && now_milliseconds() >= catalogs->again_at;
	if (!changed && !again && catalogs->current && fingerprint == catalogs->fingerprint)
		return true;
	bool complete;
	if (!schema_load(catalogs->connection, schema, catalogs->generation + 1, catalogs->memory, fresh,
					 &complete, error))
		return false;
	catalogs->generation++;
	catalogs->fingerprint = fingerprint;
	note_complete(catalogs, complete);
	return true;
}

struct catalogs *catalogs_new(struct configuration *configuration, struct error *error)
{
	pthread_condattr_t attributes;
	struct catalogs *catalogs = calloc(1, sizeof *catalogs);
	if (!catalogs)
		abort();
	catalogs->configuration = configuration_ref(configuration);
	catalogs->socket = -1;
	catalogs->memory = schema_memory_new();
	catalogs->interval = configuration->settings->tenantry.schema_check_interval;
	pthread_mutex_init(&catalogs->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&catalogs->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	if (look(catalogs, true, &catalogs->current, error))
		return catalogs;
	catalogs_free(catalogs);
	return NULL;
}

struct catalog *catalogs_current(struct catalogs *catalogs)
{
	pthread_mutex_lock(&catalogs->lock);
	struct catalog *current = catalog_ref(catalogs->current);
	pthread_mutex_unlock(&catalogs->lock);
	return current;
}

uint64_t catalogs_request(struct catalogs *catalogs, bool changed)
{
	pthread_mutex_lock(&catalogs->lock);
	uint64_t ticket = ++catalogs->requested;
	catalogs->changed = catalogs->changed || changed;
	pthread_cond_signal(&catalogs->wake);
	pthread_mutex_unlock(&catalogs->lock);
	return ticket;
}

void catalogs_interval(struct catalogs *catalogs, uint32_t milliseconds)
{
	pthread_mutex_lock(&catalogs->lock);
	catalogs->interval = milliseconds;
	pthread_cond_signal(&catalogs->wake);
	pthread_mutex_unlock(&catalogs->lock);
}

/* What ends a wait before its time. */
enum patience { FOR_NOBODY, FOR_CHANGES, FOR_TICKETS };

/* Waits until `until`, or until somebody knows of a change, or asks at all. The lock is held. */
static void wait_until(struct catalogs *catalogs, uint64_t until, enum patience patience)
{
	struct timespec deadline = {.tv_sec = (time_t)(until / 1000), .tv_nsec = (long)(until % 1000) * 1000000};
	while (!catalogs->stop && now_milliseconds() < until) {
		bool asked = catalogs->requested > catalogs->served;
		if (asked && (patience == FOR_TICKETS || (patience == FOR_CHANGES && catalogs->changed)))
			break;
		pthread_cond_timedwait(&catalogs->wake, &catalogs->lock, &deadline);
	}
}

/* A connection that lasted from an earlier round may have died since (server restarted, database made anew):
 * then a fresh one is tried at once. */
static bool look_twice(struct catalogs *catalogs, bool changed, struct catalog **fresh, struct error *error)
{
	bool lasted = catalogs->connection != NULL;
	bool fine = look(catalogs, changed, fresh, error);
	if (!fine && catalogs->connection)
		disconnect(catalogs);
	if (!fine && lasted) {
		fine = look(catalogs, changed, fresh, error);
		if (!fine && catalogs->connection)
			disconnect(catalogs);
	}
	return fine;
}

/* Notes and tells, once each, that the database cannot be asked and that it can be again. */
static void note_outcome(struct catalogs *catalogs, bool fine, const struct error *error)
{
	if (!fine && !catalogs->failing_since) {
		catalogs->failing_since = now_milliseconds();
		log_write(LOG_LEVEL_WARNING, NULL, "the catalogs cannot be read, the last snapshot stays: %s %s",
				  error->message, error->detail);
	} else if (fine && catalogs->failing_since) {
		catalogs->failing_since = 0;
		log_write(LOG_LEVEL_INFO, NULL, "the catalogs can be read again");
	}
}

static void take_fresh(struct catalogs *catalogs, struct catalog *fresh)
{
	catalog_unref(catalogs->current);
	catalogs->current = fresh;
	log_write(LOG_LEVEL_DEBUG, NULL, "catalog snapshot %llu: %zu relations",
			  (unsigned long long)catalogs->generation, catalog_relation_count(fresh));
}

/* The lock is held at the beginning and at the end. False: the database could not be asked; then tickets wait
 * for a later round, until PATIENCE is over. */
static bool round_once(struct catalogs *catalogs)
{
	struct error error;
	struct catalog *fresh = NULL;
	uint64_t ticket = catalogs->requested;
	bool changed = catalogs->changed, asked = ticket > catalogs->served;
	catalogs->changed = false;
	pthread_mutex_unlock(&catalogs->lock);
	bool fine = look_twice(catalogs, changed, &fresh, &error);
	note_outcome(catalogs, fine, &error);
	bool serve = fine || now_milliseconds() >= catalogs->failing_since + PATIENCE;
	pthread_mutex_lock(&catalogs->lock);
	if (serve)
		catalogs->served = ticket;
	catalogs->changed = catalogs->changed || (changed && !fine);
	if (fresh)
		take_fresh(catalogs, fresh);
	struct catalog *current = catalog_ref(catalogs->current);
	uint64_t served = catalogs->served;
	pthread_mutex_unlock(&catalogs->lock);
	if (fresh || (asked && serve))
		catalogs->announce(catalogs->context, current, served, fine);
	catalog_unref(current);
	pthread_mutex_lock(&catalogs->lock);
	return fine;
}

/* How long nobody has to ask before the next round comes. */
static uint64_t rest(const struct catalogs *catalogs, bool fine)
{
	if (!fine)
		return RECONNECT_AFTER;
	return catalogs->again_at && catalogs->interval > AGAIN_AFTER ? AGAIN_AFTER : catalogs->interval;
}

static void *run(void *argument)
{
	struct catalogs *catalogs = argument;
	pthread_mutex_lock(&catalogs->lock);
	wait_until(catalogs, now_milliseconds() + catalogs->interval, FOR_TICKETS);
	while (!catalogs->stop) {
		uint64_t begun = now_milliseconds();
		bool fine = round_once(catalogs);
		wait_until(catalogs, begun + (fine ? ROUND_DISTANCE : RETRY_AFTER), fine ? FOR_CHANGES : FOR_NOBODY);
		wait_until(catalogs, begun + rest(catalogs, fine), FOR_TICKETS);
	}
	pthread_mutex_unlock(&catalogs->lock);
	return NULL;
}

bool catalogs_start(struct catalogs *catalogs, catalogs_announce announce, void *context)
{
	catalogs->announce = announce;
	catalogs->context = context;
	catalogs->started = pthread_create(&catalogs->thread, NULL, run, catalogs) == 0;
	return catalogs->started;
}

/* A thread that hangs in a connection attempt is left behind: the process is about to end. */
static bool stop_thread(struct catalogs *catalogs)
{
	struct timespec deadline;
	pthread_mutex_lock(&catalogs->lock);
	catalogs->stop = true;
	pthread_cond_signal(&catalogs->wake);
	if (catalogs->socket >= 0)
		shutdown(catalogs->socket, SHUT_RDWR);
	pthread_mutex_unlock(&catalogs->lock);
	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += STOP_SECONDS;
	return pthread_timedjoin_np(catalogs->thread, NULL, &deadline) == 0;
}

bool catalogs_free(struct catalogs *catalogs)
{
	if (!catalogs)
		return true;
	if (catalogs->started && !stop_thread(catalogs))
		return false;
	if (catalogs->connection)
		disconnect(catalogs);
	catalog_unref(catalogs->current);
	schema_memory_free(catalogs->memory);
	pthread_cond_destroy(&catalogs->wake);
	pthread_mutex_destroy(&catalogs->lock);
	configuration_unref(catalogs->configuration);
	free(catalogs);
	return true;
}
