/* Serving: start and end in order; see host.h.
 *
 *   settings -> migration -> snapshot -> listeners -> workers -> ready line -> indexes and keys in the background
 *
 * Nothing listens before the schema is as the configuration wants it. */
#include "proxy/host/host.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "proxy/host/log_file.h"
#include "proxy/host/notify.h"
#include "proxy/host/transition.h"
#include "proxy/host/worker.h"
#include "proxy/session/report.h"

enum { THREAD_STACK = 16 * 1024 * 1024 };

/* Set by SIGINT and SIGTERM while the migration runs, before the loop takes the signals over. Signal handlers
 * have nothing but globals. */
static atomic_int stop_requested, reload_requested;
static atomic_int stop_migration;

static void request_stop(int number)
{
	stop_requested = number;
	stop_migration = 1;
}

static void request_reload(int number)
{
	reload_requested = number;
}

static void catch_signals(void)
{
	struct sigaction stop = {.sa_handler = request_stop}, ignore = {.sa_handler = SIG_IGN};
	struct sigaction again = {.sa_handler = request_reload, .sa_flags = SA_RESTART};
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	/* The file has been read already: what was changed since is taken over once clients are served. */
	sigaction(SIGHUP, &again, NULL);
	sigaction(SIGUSR1, &ignore, NULL);
}

static bool report_error(const struct error *error)
{
	fprintf(stderr, "tenantry: %s\n", error->message);
	if (*error->detail)
		fprintf(stderr, "DETAIL: %s\n", error->detail);
	if (*error->hint)
		fprintf(stderr, "HINT: %s\n", error->hint);
	return false;
}

/* Long statements are judged in libuv's threads, which get this size: the parser recurses with their depth.
 */
static void raise_stack_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_STACK, &limit) != 0 ||
		(limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur >= THREAD_STACK))
		return;
	limit.rlim_cur =
		limit.rlim_max == RLIM_INFINITY || limit.rlim_max >= THREAD_STACK ? THREAD_STACK : limit.rlim_max;
	setrlimit(RLIMIT_STACK, &limit);
}

/* Two sockets for each client, and some for everything else. */
void host_raise_descriptor_limit(const struct configuration *configuration)
{
	const struct settings_tenantry *t = &configuration->settings->tenantry;
	rlim_t wanted = 2 * ((rlim_t)t->max_clients + t->max_unauthenticated) + 256;
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = limit.rlim_max == RLIM_INFINITY || limit.rlim_max >= wanted ? wanted : limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted)
		log_write(LOG_LEVEL_WARNING, NULL,
				  "only %llu file descriptors are allowed; max_clients = %u may need %llu (ulimit -n)",
				  (unsigned long long)limit.rlim_cur, t->max_clients, (unsigned long long)wanted);
}

static unsigned count_workers(const struct configuration *configuration)
{
	unsigned n = configuration->settings->tenantry.workers;
	unsigned processors = uv_available_parallelism();
	return n ? n : processors > 1 ? processors / 2 : 1;
}

/* Each worker may hold four of the pool's threads with cancels and long statements (cancel.c,
 * connection_verdict.c); name lookups and connecting servers must find others. */
static void size_thread_pool(const struct configuration *configuration)
{
	char size[16];
	snprintf(size, sizeof size, "%u", 4 * count_workers(configuration) + 4);
	setenv("UV_THREADPOOL_SIZE", size, 0);
}

enum log_level migration_log_level(enum log_level level)
{
	return level == LOG_LEVEL_INFO && isatty(STDERR_FILENO) ? LOG_LEVEL_WARNING : level;
}

/* The schema as the configuration wants it before anybody is served. *background: something is left for
 * later. */
static bool prepare_schema(const struct configuration *configuration, bool *background)
{
	int on_startup = configuration->settings->migration.on_startup;
	enum log_level level = (enum log_level)configuration->settings->tenantry.log_level;
	struct migration_report report = {0};
	struct error error;
	bool complete = true;
	*background = false;
	if (on_startup == ON_STARTUP_NO)
		return true;
	if (on_startup == ON_STARTUP_VERIFY) {
		if (!schema_check(configuration->migration_url, &configuration->schema, false, stderr, &complete,
						  &error))
			return report_error(&error);
		if (!complete)
			fprintf(stderr, "tenantry: the schema is not complete; `tenantry migrate` adds what is missing "
							"(on_startup = verify)\n");
		return complete;
	}
	log_set_level(migration_log_level(level));
	bool fine = schema_migrate(configuration->migration_url, &configuration->schema, false, stdout,
							   &stop_migration, &report, &error);
	log_set_level(level);
	if (!fine)
		return report_error(&error);
	fflush(stdout);
	*background = report.background_left;
	return true;
}

static void announce_catalog(void *context, struct catalog *catalog, uint64_t served, bool read)
{
	workers_announce_catalog(context, catalog, served, read);
}

static bool make_workers(struct host *host, const struct listen_address *addresses, size_t n,
						 struct error *error)
{
	unsigned count = count_workers(host->configuration);
	struct catalog *catalog = catalogs_current(host->catalogs);
	bool fine = true;
	host->workers = calloc(count, sizeof(struct worker *));
	if (!host->workers)
		abort();
	for (unsigned i = 0; fine && i < count; i++) {
		host->workers[host->n_workers++] = worker_new(host, i, host->configuration, catalog);
		fine = worker_listen(host->workers[i], addresses, n, error);
	}
	catalog_unref(catalog);
	return fine;
}

static bool start_threads(struct host *host, struct error *error)
{
	for (unsigned i = 0; i < host->n_workers; i++) {
		if (!worker_start(host->workers[i]))
			return error_set(error, "53000", "a worker thread cannot be started");
		host->workers_running++;
	}
	if (!catalogs_start(host->catalogs, announce_catalog, host))
		return error_set(error, "53000", "the catalogs thread cannot be started");
	return true;
}

/* A line that can be pasted into a shell, and the URL for the application, without the password. */
static void say_ready(const struct configuration *configuration, const struct listen_address *address)
{
	const char *user = configuration->upstream->user, *database = configuration->upstream->database;
	char host[200];
	if (address->address.ss_family == AF_UNIX)
		snprintf(host, sizeof host, "%.*s", (int)(strrchr(address->text, ':') - address->text),
				 address->text);
	else if (*address->text == '*')
		snprintf(host, sizeof host, "127.0.0.1");
	else
		snprintf(host, sizeof host, "%.*s", (int)(strrchr(address->text, ':') - address->text),
				 address->text);
	bool bracketed = *host == '[';
	printf("tenantry is ready. Point the application's DATABASE_URL at it:\n");
	if (*host == '/')
		printf("    postgresql://%s@/%s?host=%s&port=%d\n", user, database, host, address->port);
	else
		printf("    postgresql://%s:PASSWORD@%s:%d/%s\n", user, host, address->port, database);
	printf("or look around with\n    psql \"host=%.*s port=%d user=%s dbname=%s\"\n",
		   (int)(bracketed ? strlen(host) - 2 : strlen(host)), host + bracketed, address->port, user,
		   database);
	fflush(stdout);
}

static bool anybody_can_log_in(const struct configuration *configuration)
{
	for (size_t i = 0; i < configuration->users.n; i++)
		if (configuration->users.list[i].secret)
			return true;
	return configuration->settings->tenantry.trust != TRUST_NONE;
}

static void free_host(struct host *host)
{
	for (unsigned i = 0; i < host->n_workers; i++)
		worker_free(host->workers[i]);
	free(host->workers);
	cancel_table_free(host->cancels);
	report_free(host->report);
	limits_free(host->limits);
	mailbox_destroy(&host->mailbox);
	if (uv_loop_close(&host->loop) != 0)
		log_write(LOG_LEVEL_ERROR, NULL, "the main loop left handles open");
	configuration_unref(host->configuration);
	if (host->standard_error >= 0)
		close(host->standard_error);
	free(host);
}

static struct host *new_host(struct configuration *configuration, const char *file, int argc, char **argv)
{
	struct host *host = calloc(1, sizeof *host);
	if (!host || uv_loop_init(&host->loop) != 0)
		abort();
	host->loop.data = host;
	host->configuration = configuration;
	host->file = file;
	host->argc = argc;
	host->argv = argv;
	host->limits = limits_new();
	host->cancels = cancel_table_new();
	host->report = report_new(0);
	host->started = time(NULL);
	host->standard_error = log_file_keep();
	mailbox_open(&host->mailbox, &host->loop, host);
	return host;
}

/* Loops of a start that failed hold handles, which must be closed before the loop is. */
static int give_up(struct host *host, const struct error *error)
{
	if (error)
		report_error(error);
	mailbox_close(&host->mailbox);
	uv_run(&host->loop, UV_RUN_DEFAULT);
	return 1;
}

static int serve(struct host *host, struct listen_address *addresses, size_t n, bool background_left)
{
	struct background *background = NULL;
	struct error error;
	if (!start_threads(host, &error)) {
		/* Some threads run already and cannot be taken back one by one. */
		report_error(&error);
		_exit(1);
	}
	if (!anybody_can_log_in(host->configuration))
		log_write(LOG_LEVEL_WARNING, NULL,
				  "no user has a password: nobody can log in; add [users] to the file, a password to the "
				  "URL, or set trust");
	say_ready(host->configuration, &addresses[0]);
	notify_systemd("READY=1");
	if (background_left)
		background = background_start(host->configuration);
	supervisor_run(host, &stop_requested, &reload_requested);
	host->background_left = !background_stop(background);
	return 0;
}

int host_serve(struct configuration *configuration, const char *file, int argc, char **argv)
{
	struct configuration *first = configuration_ref(configuration); /* t points into it */
	const struct settings_tenantry *t = &first->settings->tenantry;
	struct host *host = new_host(configuration, file, argc, argv);
	struct listen_address *addresses = NULL;
	struct error error;
	bool background_left;
	size_t n = 0;
	int code = 1;
	catch_signals();
	host_raise_descriptor_limit(configuration);
	raise_stack_limit();
	size_thread_pool(configuration);
	if (!listen_addresses_parse(t->listen, &addresses, &n, &error) ||
		(*t->log_file && !log_file_open(t->log_file, host->standard_error, &error)) ||
		(*t->report && !transition_writable(t->report, &error)) || !pid_file_write(t->pid_file, &error))
		code = give_up(host, &error);
	else if (!prepare_schema(configuration, &background_left))
		code = give_up(host, NULL);
	else if (!(host->catalogs = catalogs_new(configuration, &error)) ||
			 !listen_addresses_open(addresses, n, (unsigned)strtoul(t->unix_socket_mode, NULL, 8), &error) ||
			 !make_workers(host, addresses, n, &error))
		code = give_up(host, &error);
	else
		code = serve(host, addresses, n, background_left);
	listen_addresses_close(addresses, n);
	pid_file_remove(t->pid_file);
	/* A thread that hangs in a connection attempt may still look at the workers: then memory is left to the
	 * end of the process. */
	if (!catalogs_free(host->catalogs) || host->background_left)
		_exit(code);
	free_host(host);
	configuration_unref(first);
	return code;
}
