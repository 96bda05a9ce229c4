/* What the migration leaves for later, indexes and keys, goes on in a thread of its own while clients are
 * served; see host.h. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "proxy/host/host.h"

enum { STOP_SECONDS = 3 };

struct background {
	pthread_t thread;
	struct configuration *configuration;
	atomic_int stop;
};

static void *run(void *argument)
{
	struct background *background = argument;
	struct migration_report report = {0};
	struct error error;
	bool fine = schema_migrate(background->configuration->migration_url, &background->configuration->schema,
							   true, NULL, &background->stop, &report, &error);
	if (fine)
		log_write(LOG_LEVEL_INFO, NULL,
				  "background migration finished: %d done, %d there already, %d warnings", report.done,
				  report.already, report.warnings);
	else if (!background->stop)
		log_write(LOG_LEVEL_ERROR, NULL,
				  "background migration stopped: %s %s; `tenantry migrate` goes on with it", error.message,
				  error.detail);
	return NULL;
}

struct background *background_start(struct configuration *configuration)
{
	struct background *background = calloc(1, sizeof *background);
	if (!background)
		abort();
	background->configuration = configuration_ref(configuration);
	if (pthread_create(&background->thread, NULL, run, background) == 0)
		return background;
	configuration_unref(configuration);
	free(background);
	return NULL;
}

bool background_stop(struct background *background)
{
	struct timespec deadline;
	if (!background)
		return true;
	background->stop = 1;
	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += STOP_SECONDS;
	/* A thread in the middle of CREATE INDEX is left: the server finishes that by itself, and the next start
	 * looks at what is there. */
	if (pthread_timedjoin_np(background->thread, NULL, &deadline) != 0)
		return false;
	configuration_unref(background->configuration);
	free(background);
	return true;
}
