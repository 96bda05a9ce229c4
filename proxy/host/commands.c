/* Command line and commands; see commands.h. */
#include "proxy/host/commands.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proxy/base/log.h"
#include "proxy/host/configuration.h"
#include "proxy/host/host.h"

enum { FINE = 0, FAILED = 1, MISUSED = 2 };

enum command { SERVE, MIGRATE, CHECK, REWRITE, PASSWORD };

struct invocation {
	enum command command;
	const char *file;
	bool plan, down, json, citus;
};

static const char usage[] =
	"tenantry " TENANTRY_VERSION
	": multi-tenancy for PostgreSQL applications that know of one tenant only\n\n"
	"  tenantry [serve]  [-c FILE] [--upstream URL] [--listen ADDRESS] [--tenant ID] [--tables a,b,c]\n"
	"                    add what the schema lacks, then serve clients (the default command)\n"
	"  tenantry migrate  [-c FILE] [--plan]         run the migration, or print its steps and change "
	"nothing\n"
	"  tenantry check    [-c FILE] [--json]         verify the schema; exit code 1 if something is missing\n"
	"  tenantry rewrite  [-c FILE] [--tenant ID]    SQL on standard input: print verdict and rewritten SQL\n"
	"  tenantry password                            print a SCRAM verifier for a password that is typed in\n"
	"  tenantry --sample                            print the annotated configuration file\n"
	"  tenantry --help | --version\n\n"
	"The server's URL is taken from --upstream, else `upstream` in the file, else $SUPABASE_DB_URL, else "
	"$DATABASE_URL.\n"
	"A password on the command line can be seen by other users of the machine: prefer the file or the "
	"environment.\n"
	"Every setting of the file can be given as a flag, and goes first:\n";

static int misuse(const char *what, const char *argument)
{
	fprintf(stderr, "tenantry: %s%s%s\nTry `tenantry --help`.\n", what, argument ? ": " : "",
			argument ? argument : "");
	return MISUSED;
}

static bool find_command(const char *name, enum command *command)
{
	static const char *const names[] = {"serve", "migrate", "check", "rewrite", "password"};
	for (int i = 0; i < 5; i++)
		if (strcmp(name, names[i]) == 0) {
			*command = (enum command)i;
			return true;
		}
	return false;
}

/* -c FILE, -cFILE, --config FILE, --config=FILE. True: it was that; *file is NULL when the name is missing.
 */
static bool take_file(int argc, char **argv, int *i, const char **file)
{
	const char *argument = argv[*i];
	bool apart = strcmp(argument, "-c") == 0 || strcmp(argument, "--config") == 0;
	if (!apart && strncmp(argument, "-c", 2) != 0 && strncmp(argument, "--config=", 9) != 0)
		return false;
	if (apart)
		*file = *i + 1 < argc ? argv[++*i] : NULL;
	else
		*file = argument + (argument[1] == 'c' ? 2 : 9);
	++*i;
	return true;
}

/* The commands' own flags. */
static bool take_option(struct invocation *invocation, const char *argument)
{
	bool migrate = invocation->command == MIGRATE, check = invocation->command == CHECK;
	bool plan = migrate && strcmp(argument, "--plan") == 0, down = migrate && strcmp(argument, "--down") == 0;
	bool json = check && strcmp(argument, "--json") == 0, citus = check && strcmp(argument, "--citus") == 0;
	invocation->plan = invocation->plan || plan;
	invocation->down = invocation->down || down;
	invocation->json = invocation->json || json;
	invocation->citus = invocation->citus || citus;
	return plan || down || json || citus;
}

/* Takes the arguments apart. Returns -1, or the exit code when there is nothing more to do. */
static int take_arguments(int argc, char **argv, struct invocation *invocation, struct settings *settings,
						  struct diagnostics *diagnostics)
{
	bool commanded = false;
	for (int i = 1; i < argc;) {
		const char *argument = argv[i];
		if (take_file(argc, argv, &i, &invocation->file)) {
			if (!invocation->file)
				return misuse("-c needs the name of a file", NULL);
		} else if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
			fputs(usage, stdout);
			settings_print_flags(stdout);
			return FINE;
		} else if (strcmp(argument, "--version") == 0 || strcmp(argument, "-V") == 0) {
			printf("tenantry %s\n", TENANTRY_VERSION);
			return FINE;
		} else if (strcmp(argument, "--sample") == 0) {
			settings_print_sample(stdout);
			return FINE;
		} else if (take_option(invocation, argument)) {
			i++;
		} else if (*argument != '-' && !commanded) {
			if (!find_command(argument, &invocation->command))
				return misuse("there is no such command", argument);
			commanded = true;
			i++;
		} else if (*argument != '-') {
			return misuse("one argument too many", argument);
		} else if (!settings_flag(settings, argc, argv, &i, diagnostics)) {
			return misuse("there is no such flag here", argument);
		}
	}
	return -1;
}

struct settings *commands_settings(int argc, char **argv, const char *file, struct diagnostics *diagnostics)
{
	struct settings *settings = settings_new();
	const char *ignored;
	for (int i = 1; i < argc;)
		if (!take_file(argc, argv, &i, &ignored) && !settings_flag(settings, argc, argv, &i, diagnostics))
			i++;
	if (file)
		settings_read_file(settings, file, diagnostics);
	return settings;
}

static int report(const struct error *error)
{
	fprintf(stderr, "tenantry: %s\n", error->message);
	if (*error->detail)
		fprintf(stderr, "DETAIL: %s\n", error->detail);
	if (*error->hint)
		fprintf(stderr, "HINT: %s\n", error->hint);
	return FAILED;
}

/* --- commands --- */

static atomic_int interrupted; /* ctrl-C: a signal handler has nothing but globals */
static atomic_int stop_migration;

static void interrupt(int number)
{
	/* The second one ends the process: the step under way is a transaction of its own. */
	if (interrupted)
		_Exit(128 + number);
	interrupted = 1;
	stop_migration = 1;
}

static int migrate(const struct configuration *configuration, bool plan, bool down)
{
	const struct schema_settings *schema = &configuration->schema;
	const char *url = configuration->migration_url;
	struct migration_report done = {0};
	struct error error;
	bool fine;
	log_set_level(migration_log_level((enum log_level)configuration->settings->tenantry.log_level));
	signal(SIGINT, interrupt);
	signal(SIGTERM, interrupt);
	if (down)
		fine = schema_down(url, schema, plan, stdout, &stop_migration, &done, &error);
	else if (plan)
		fine = schema_plan(url, schema, stdout, &error);
	else
		fine = schema_migrate(url, schema, true, stdout, &stop_migration, &done, &error);
	return fine ? FINE : report(&error);
}

static int check(const struct configuration *configuration, bool json, bool citus)
{
	const struct schema_settings *schema = &configuration->schema;
	const char *url = configuration->migration_url;
	struct error error;
	bool complete;
	bool fine = citus ? schema_citus(url, schema, stdout, &complete, &error)
					  : schema_check(url, schema, json, stdout, &complete, &error);
	if (!fine)
		return report(&error);
	return complete ? FINE : FAILED;
}

static int run(const struct invocation *invocation, struct configuration *configuration, int argc,
			   char **argv)
{
	int code = FAILED;
	log_set_level((enum log_level)configuration->settings->tenantry.log_level);
	switch (invocation->command) {
	case SERVE:
		return host_serve(configuration, invocation->file, argc, argv);
	case MIGRATE:
		code = migrate(configuration, invocation->plan, invocation->down);
		break;
	case CHECK:
		code = check(configuration, invocation->json, invocation->citus);
		break;
	case REWRITE:
		code = command_rewrite(configuration);
		break;
	case PASSWORD:
		break;
	}
	configuration_unref(configuration);
	return code;
}

/* A file with passwords is nobody else's business. */
static void warn_of_open_file(const struct configuration *configuration)
{
	const struct settings *settings = configuration->settings;
	struct stat status;
	if (settings_file_is_secret(settings) && stat(settings->file, &status) == 0 && (status.st_mode & S_IROTH))
		fprintf(stderr,
				"tenantry: warning: %s can be read by every user of this machine; chmod o-r keeps its "
				"passwords\n",
				settings->file);
}

int commands_run(int argc, char **argv)
{
	struct invocation invocation = {.command = SERVE};
	struct diagnostics diagnostics = {0};
	struct configuration *configuration = NULL;
	struct settings *settings = settings_new();
	int code = take_arguments(argc, argv, &invocation, settings, &diagnostics);
	settings_free(settings);
	if (code < 0 && invocation.command == PASSWORD)
		code = command_password();
	if (code >= 0) {
		diagnostics_free(&diagnostics);
		return code;
	}
	upstream_clean_environment();
	diagnostics_free(&diagnostics);
	settings = commands_settings(argc, argv, invocation.file, &diagnostics);
	if (diagnostics.n == 0)
		configuration = configuration_new(settings, NULL, &diagnostics);
	else
		settings_free(settings);
	if (configuration)
		warn_of_open_file(configuration);
	if (configuration)
		return run(&invocation, configuration, argc, argv);
	fprintf(stderr, "tenantry: the configuration cannot be used:\n%s", diagnostics.text);
	diagnostics_free(&diagnostics);
	return MISUSED;
}
