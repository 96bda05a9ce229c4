/* The main thread while workers serve: signals, reload, drain, statistics; see host.h.
 *
 *   SIGTERM  drain: no new clients, open transactions may end within drain_timeout; again: at once
 *   SIGINT   as a fast shutdown of PostgreSQL: sessions end at once with 57P01
 *   SIGHUP   reload of the file for new sessions; a bad file changes nothing and says why
 *   SIGUSR1  statistics and transition report now */
#include <malloc.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/host/commands.h"
#include "proxy/host/host.h"
#include "proxy/host/log_file.h"
#include "proxy/host/notify.h"
#include "proxy/host/transition.h"
#include "proxy/host/worker.h"
#include "proxy/session/report.h"

enum { TIDY_INTERVAL = 10000, TIDY_DIFFERENCE = 50 };

static void post_to_all(struct host *host, mailbox_letter letter, void *data)
{
	for (unsigned i = 0; i < host->n_workers; i++)
		mailbox_post(&host->workers[i]->mailbox, letter, data);
}

/* --- stopping --- */

static void drain_at_once(struct host *host)
{
	if (host->drained_at_once)
		return;
	host->drained_at_once = true;
	post_to_all(host, worker_drain, host);
}

static void drain_timed_out(uv_timer_t *timer)
{
	log_write(LOG_LEVEL_WARNING, NULL, "drain_timeout is over: ending the sessions that are left");
	drain_at_once(timer->data);
}

static void drain(struct host *host, bool now, const char *signal_name)
{
	uint32_t limit = host->configuration->settings->tenantry.drain_timeout;
	if (host->draining || now || limit == 0) {
		log_write(LOG_LEVEL_INFO, NULL, "%s: ending all sessions at once", signal_name);
		notify_systemd("STOPPING=1");
		host->draining = true;
		drain_at_once(host);
		return;
	}
	log_write(LOG_LEVEL_INFO, NULL, "%s: no new clients; open transactions have %u s; again to end at once",
			  signal_name, limit / 1000);
	notify_systemd("STOPPING=1");
	host->draining = true;
	post_to_all(host, worker_drain, NULL);
	uv_timer_start(&host->drain_timer, drain_timed_out, limit, 0);
}

static void on_terminate(uv_signal_t *handle, int number)
{
	drain(handle->data, false, "SIGTERM");
}

static void on_interrupt(uv_signal_t *handle, int number)
{
	drain(handle->data, true, "SIGINT");
}

static void close_handle(uv_handle_t *handle, void *unused)
{
	struct host *host = handle->loop->data;
	if (handle != (uv_handle_t *)&host->mailbox.wake && !uv_is_closing(handle))
		uv_close(handle, NULL);
}

void supervisor_worker_ended(void *owner, void *data)
{
	struct host *host = owner;
	struct worker *worker = data;
	worker_join(worker);
	report_add(host->report, worker->report);
	if (--host->workers_running > 0)
		return;
	uv_walk(&host->loop, close_handle, NULL);
	mailbox_close(&host->mailbox);
}

/* --- statistics --- */

static unsigned long long load(atomic_ullong *count)
{
	return atomic_load_explicit(count, memory_order_relaxed);
}

static void log_statistics(struct host *host)
{
	struct host_counts *c = &host->counts;
	log_write(LOG_LEVEL_INFO, NULL,
			  "statistics: %zu clients inside, %llu connections, %llu turned away; %llu statements, %llu of "
			  "them on tenant tables "
			  "(%llu safe by themselves), %llu guarded, %llu refused; %llu cache hits, %llu misses; %llu kB "
			  "to clients, %llu kB to "
			  "servers",
			  limits_inside(host->limits), load(&c->sessions), load(&c->refused_sessions),
			  load(&c->statements), load(&c->touching), load(&c->self_safe), load(&c->guarded),
			  load(&c->refused), load(&c->cache_hits), load(&c->cache_misses), load(&c->bytes_client) / 1024,
			  load(&c->bytes_server) / 1024);
}

/* Statistics and transition report, of all that has been handed in. */
static void tell(struct host *host)
{
	static const char *const modes[] = {"enforce", "observe", "audit"};
	const struct settings_tenantry *t = &host->configuration->settings->tenantry;
	struct transition transition = {
		.report = host->report, .mode = modes[t->mode], .since = host->started, .now = time(NULL)};
	struct error error;
	log_statistics(host);
	transition_log(&transition);
	if (host->list_open && !*t->report)
		transition_log_lines(&transition);
	host->list_open = false;
	if (*t->report && !transition_write(&transition, t->report, &error))
		log_write(LOG_LEVEL_ERROR, NULL, "%s", error.message);
}

void supervisor_worker_counted(void *owner, void *data)
{
	struct host *host = owner;
	report_add(host->report, data);
	report_free(data);
	if (host->collecting > 0 && --host->collecting == 0)
		tell(host);
}

static void collect(struct host *host)
{
	if (host->draining || host->collecting > 0)
		return;
	host->collecting = host->n_workers;
	post_to_all(host, worker_count, NULL);
}

static void statistics_due(uv_timer_t *timer)
{
	collect(timer->data);
}

static void time_statistics(struct host *host, uint32_t interval)
{
	if (interval)
		uv_timer_start(&host->statistics_timer, statistics_due, interval, interval);
	else
		uv_timer_stop(&host->statistics_timer);
}

static void on_report(uv_signal_t *handle, int number)
{
	struct host *host = handle->data;
	host->list_open = true;
	collect(host);
}

/* --- reload --- */

static void log_lines(enum log_level level, const char *text)
{
	while (text && *text) {
		size_t length = strcspn(text, "\n");
		log_write(level, NULL, "%.*s", (int)length, text);
		text += length + (text[length] == '\n');
	}
}

/* The file may have been moved away: it is opened anew whatever its name. */
static void open_log(struct host *host, const char *path)
{
	struct error error;
	bool was_file = *host->configuration->settings->tenantry.log_file;
	if ((*path || was_file) && !log_file_open(path, host->standard_error, &error))
		log_write(LOG_LEVEL_ERROR, NULL, "%s", error.message);
}

static void take_configuration(struct host *host, struct configuration *fresh)
{
	const struct settings_tenantry *t = &fresh->settings->tenantry;
	open_log(host, t->log_file);
	log_set_level((enum log_level)t->log_level);
	catalogs_interval(host->catalogs, t->schema_check_interval);
	host_raise_descriptor_limit(fresh);
	for (unsigned i = 0; i < host->n_workers; i++)
		if (!mailbox_post(&host->workers[i]->mailbox, worker_reconfigure, configuration_ref(fresh)))
			configuration_unref(fresh);
	if (t->statistics_interval != host->configuration->settings->tenantry.statistics_interval)
		time_statistics(host, t->statistics_interval);
	configuration_unref(host->configuration);
	host->configuration = fresh;
}

static void reload(struct host *host)
{
	struct diagnostics wrong = {0}, kept = {0};
	struct settings *settings = commands_settings(host->argc, host->argv, host->file, &wrong);
	struct configuration *fresh = NULL;
	if (wrong.n > 0) {
		settings_free(settings);
	} else {
		settings_keep_static(settings, host->configuration->settings, &kept);
		fresh = configuration_new(settings, host->configuration, &wrong);
	}
	log_lines(LOG_LEVEL_WARNING, kept.text);
	if (fresh) {
		take_configuration(host, fresh);
		log_write(LOG_LEVEL_INFO, NULL,
				  "SIGHUP: the configuration was read again; it holds for new sessions");
	} else {
		log_lines(LOG_LEVEL_ERROR, wrong.text);
		log_write(LOG_LEVEL_ERROR, NULL, "SIGHUP: the configuration is not changed");
		open_log(host, host->configuration->settings->tenantry.log_file);
	}
	diagnostics_free(&wrong);
	diagnostics_free(&kept);
}

static void on_reload(uv_signal_t *handle, int number)
{
	notify_systemd_reloading();
	reload(handle->data);
	notify_systemd("READY=1");
}

/* --- systemd's watchdog --- */

static void worker_answers(void *owner, void *data)
{
	struct host *host = owner;
	if (host->silent_workers > 0 && --host->silent_workers == 0)
		notify_systemd("WATCHDOG=1");
}

/* On the worker's loop: it goes round. */
static void answer_watchdog(void *owner, void *data)
{
	struct worker *worker = owner;
	mailbox_post(&worker->host->mailbox, worker_answers, worker);
}

/* A loop that hangs leaves its letter lying, and systemd is told nothing more. */
static void watch_workers(uv_timer_t *timer)
{
	struct host *host = timer->data;
	if (host->silent_workers > 0)
		return;
	host->silent_workers = host->workers_running;
	post_to_all(host, answer_watchdog, NULL);
}

static void start_watchdog(struct host *host)
{
	uint64_t half = notify_watchdog_milliseconds() / 2;
	uv_timer_init(&host->loop, &host->watchdog_timer);
	host->watchdog_timer.data = host;
	if (half > 0)
		uv_timer_start(&host->watchdog_timer, watch_workers, 0, half);
}

/* --- memory --- */

/* What many sessions leave behind in malloc's arenas goes back to the system, once in a while. */
static void tidy(uv_timer_t *timer)
{
	struct host *host = timer->data;
	size_t inside = limits_inside(host->limits);
	if (inside > host->most_inside)
		host->most_inside = inside;
	if (host->most_inside - inside < TIDY_DIFFERENCE)
		return;
	host->most_inside = inside;
	malloc_trim(0);
}

/* --- the loop --- */

static void watch(struct host *host, uv_signal_t *handle, uv_signal_cb callback, int number)
{
	uv_signal_init(&host->loop, handle);
	handle->data = host;
	uv_signal_start(handle, callback, number);
}

void supervisor_run(struct host *host, const atomic_int *stop, const atomic_int *again)
{
	host->loop.data = host;
	watch(host, &host->on_terminate, on_terminate, SIGTERM);
	watch(host, &host->on_interrupt, on_interrupt, SIGINT);
	watch(host, &host->on_reload, on_reload, SIGHUP);
	watch(host, &host->on_report, on_report, SIGUSR1);
	uv_timer_init(&host->loop, &host->drain_timer);
	uv_timer_init(&host->loop, &host->statistics_timer);
	host->drain_timer.data = host->statistics_timer.data = host;
	uv_timer_init(&host->loop, &host->tidy_timer);
	host->tidy_timer.data = host;
	uv_timer_start(&host->tidy_timer, tidy, TIDY_INTERVAL, TIDY_INTERVAL);
	time_statistics(host, host->configuration->settings->tenantry.statistics_interval);
	start_watchdog(host);
	if (*stop)
		drain(host, true, "a signal during the start");
	else if (*again)
		reload(host);
	uv_run(&host->loop, UV_RUN_DEFAULT);
	tell(host);
}
