/* The server's URL taken apart by libpq; see upstream.h. */
#include "proxy/host/upstream.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *copy(const char *text)
{
	char *copied = strdup(text);
	if (!copied)
		abort();
	return copied;
}

/* The first source that says something. */
static const char *find_url(const char *given, const char *given_source, const char **source)
{
	static const char *const variables[] = {"SUPABASE_DB_URL", "DATABASE_URL"};
	static const char *const names[] = {"$SUPABASE_DB_URL", "$DATABASE_URL"};
	*source = given_source;
	if (*given)
		return given;
	for (int i = 0; i < 2; i++) {
		const char *url = getenv(variables[i]);
		*source = names[i];
		if (url && *url)
			return url;
	}
	return NULL;
}

static void set_option(struct upstream *upstream, const char *keyword, const char *value)
{
	upstream->keywords[upstream->n] = copy(keyword);
	upstream->values[upstream->n++] = copy(value);
}

static size_t count_options(const PQconninfoOption *options)
{
	size_t n = 0;
	while (options[n].keyword)
		n++;
	return n;
}

/* What the URL leaves open comes from the environment and libpq's own defaults, as for every libpq client. */
static void merge_options(struct upstream *upstream, const PQconninfoOption *given,
						  const PQconninfoOption *defaults)
{
	size_t n = count_options(defaults);
	upstream->keywords = calloc(n + 1, sizeof *upstream->keywords);
	upstream->values = calloc(n + 1, sizeof *upstream->values);
	if (!upstream->keywords || !upstream->values)
		abort();
	for (size_t i = 0; i < n; i++) {
		const char *value = given[i].val ? given[i].val : defaults[i].val;
		/* The service has been looked up; GSSAPI encryption could not be handed over. */
		if (value && strcmp(given[i].keyword, "service") != 0 && strcmp(given[i].keyword, "gssencmode") != 0)
			set_option(upstream, given[i].keyword, value);
	}
}

static void describe(struct upstream *upstream)
{
	const char *host = upstream_value(upstream, "host"), *port = upstream_value(upstream, "port");
	const char *address = upstream_value(upstream, "hostaddr");
	if (!host || !*host)
		host = address && *address ? address : "local socket";
	if (asprintf(&upstream->label, "%s@%s:%s/%s", upstream->user, host, port ? port : "5432",
				 upstream->database) < 0)
		abort();
}

static bool parse(struct upstream *upstream, struct error *error)
{
	char *why = NULL;
	bool fine = false;
	PQconninfoOption *defaults = NULL, *given = PQconninfoParse(upstream->url, &why);
	if (!given) {
		/* libpq's message may quote the URL, password and all. */
		error_set(error, "08001", "%s is not a URL that libpq understands", upstream->source);
		error_hint(error, "It looks like postgresql://user:password@host:5432/database; special characters "
						  "in the password are "
						  "percent-encoded.");
		goto out;
	}
	for (const PQconninfoOption *option = given; option->keyword; option++)
		if (strcmp(option->keyword, "service") == 0 && option->val)
			setenv("PGSERVICE", option->val, 1);
	defaults = PQconndefaults();
	if (!defaults)
		abort();
	merge_options(upstream, given, defaults);
	upstream->user = upstream_value(upstream, "user");
	upstream->database = upstream_value(upstream, "dbname");
	upstream->password = upstream_value(upstream, "password");
	if (upstream->password && !*upstream->password)
		upstream->password = NULL;
	if (!upstream->database || !*upstream->database)
		upstream->database = upstream->user;
	if (!upstream->user || !*upstream->user) {
		error_set(error, "08001", "%s names no user", upstream->source);
		goto out;
	}
	describe(upstream);
	fine = true;
out:
	PQfreemem(why);
	PQconninfoFree(given);
	PQconninfoFree(defaults);
	return fine;
}

struct upstream *upstream_new(const char *given, const char *given_source, struct error *error)
{
	const char *source, *url = find_url(given, given_source, &source);
	if (!url) {
		error_set(error, "08001", "no PostgreSQL server is named");
		error_hint(
			error,
			"Give its URL with --upstream, `upstream` in the configuration file, $SUPABASE_DB_URL or "
			"$DATABASE_URL "
			"(looked at in this order), as in --upstream postgresql://user:password@host:5432/database");
		return NULL;
	}
	struct upstream *upstream = calloc(1, sizeof *upstream);
	if (!upstream)
		abort();
	upstream->url = copy(url);
	upstream->source = source;
	if (parse(upstream, error))
		return upstream;
	upstream_free(upstream);
	return NULL;
}

void upstream_free(struct upstream *upstream)
{
	if (!upstream)
		return;
	for (size_t i = 0; i < upstream->n; i++) {
		free(upstream->keywords[i]);
		free(upstream->values[i]);
	}
	free(upstream->keywords);
	free(upstream->values);
	free(upstream->label);
	free(upstream->url);
	free(upstream);
}

const char *upstream_value(const struct upstream *upstream, const char *keyword)
{
	for (size_t i = 0; i < upstream->n; i++)
		if (strcmp(upstream->keywords[i], keyword) == 0)
			return upstream->values[i];
	return NULL;
}

void upstream_clean_environment(void)
{
	static const char *const variables[] = {"PGCLIENTENCODING", "PGDATESTYLE", "PGTZ", "PGGEQO", "PGAPPNAME"};
	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
		unsetenv(variables[i]);
}
