/* The main thread while workers serve: signals, reload, drain, statistics; see host.h.
 *
 *   SIGTERM  drain: no new clients, open transactions may end within drain_timeout; again: at once
 *   SIGINT   as a fast shutdown of PostgreSQL: sessions end at once with 57P01
 *   SIGHUP   reload of the file for new sessions; a bad file changes nothing and says why */
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/host/commands.h"
#include "proxy/host/host.h"
#include "proxy/host/notify.h"
#include "proxy/host/worker.h"

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
	worker_join(data);
	if (--host->workers_running > 0)
		return;
	uv_walk(&host->loop, close_handle, NULL);
	mailbox_close(&host->mailbox);
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
		log_set_level((enum log_level)fresh->settings->tenantry.log_level);
		catalogs_interval(host->catalogs, fresh->settings->tenantry.schema_check_interval);
		for (unsigned i = 0; i < host->n_workers; i++)
			if (!mailbox_post(&host->workers[i]->mailbox, worker_reconfigure, configuration_ref(fresh)))
				configuration_unref(fresh);
		configuration_unref(host->configuration);
		host->configuration = fresh;
		log_write(LOG_LEVEL_INFO, NULL,
				  "SIGHUP: the configuration was read again; it holds for new sessions");
	} else {
		log_lines(LOG_LEVEL_ERROR, wrong.text);
		log_write(LOG_LEVEL_ERROR, NULL, "SIGHUP: the configuration is not changed");
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

void supervisor_worker_counted(void *owner, void *data)
{
	struct host *host = owner;
	if (host->collecting > 0 && --host->collecting == 0)
		log_statistics(host);
}

static void collect(uv_timer_t *timer)
{
	struct host *host = timer->data;
	if (host->draining || host->collecting > 0)
		return;
	host->collecting = host->n_workers;
	post_to_all(host, worker_count, NULL);
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

void supervisor_run(struct host *host, bool stop)
{
	uint32_t interval = host->configuration->settings->tenantry.statistics_interval;
	host->loop.data = host;
	watch(host, &host->on_terminate, on_terminate, SIGTERM);
	watch(host, &host->on_interrupt, on_interrupt, SIGINT);
	watch(host, &host->on_reload, on_reload, SIGHUP);
	uv_timer_init(&host->loop, &host->drain_timer);
	uv_timer_init(&host->loop, &host->statistics_timer);
	host->drain_timer.data = host->statistics_timer.data = host;
	uv_timer_init(&host->loop, &host->tidy_timer);
	host->tidy_timer.data = host;
	uv_timer_start(&host->tidy_timer, tidy, TIDY_INTERVAL, TIDY_INTERVAL);
	if (interval)
		uv_timer_start(&host->statistics_timer, collect, interval, interval);
	if (stop)
		drain(host, true, "a signal during the start");
	uv_run(&host->loop, UV_RUN_DEFAULT);
	log_statistics(host);
}
