/* Printing the transition report; see transition.h. */
#include "proxy/host/transition.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/base/log.h"

enum { LINES_LOGGED_MOST = 50, SENTENCE = 1000 };

typedef unsigned long long count;

/* What the sums say about taking tenantry out. */
static bool can_go(const struct report_sums *sums)
{
	return sums->statements > 0 && sums->safe_statements == sums->statements &&
		   sums->unlisted_executions == 0;
}

static void conclude(const struct report_sums *sums, char *text, size_t size)
{
	count open = sums->statements - sums->safe_statements;
	int n;
	if (sums->statements == 0) {
		snprintf(text, size, "no statement has touched a tenant table yet: nothing can be said");
		return;
	}
	n = snprintf(text, size,
				 "%llu of %llu executions (%llu of %llu different statements) on tenant tables were safe by "
				 "themselves",
				 (count)sums->safe_executions, (count)sums->executions, (count)sums->safe_statements,
				 (count)sums->statements);
	if (sums->refused_statements > 0)
		n += snprintf(text + n, size - (size_t)n, ", %llu (%llu) are refused",
					  (count)sums->refused_executions, (count)sums->refused_statements);
	if (sums->unlisted_executions > 0)
		n += snprintf(text + n, size - (size_t)n,
					  "; %llu executions of statements beyond the first %d are not in these numbers",
					  (count)sums->unlisted_executions, REPORT_LINES_MOST);
	if (can_go(sums))
		snprintf(text + n, size - (size_t)n,
				 ": for what was seen, tenantry is not needed any more; when mode = audit, too, refuses "
				 "nothing, it can be taken out");
	else if (open > 0)
		snprintf(text + n, size - (size_t)n,
				 ": tenantry is still needed, %llu different statement%s to be changed", open,
				 open == 1 ? " has" : "s have");
	else
		snprintf(text + n, size - (size_t)n, ": nothing can be said for certain");
}

static void print_time(time_t when, char text[32])
{
	struct tm parts;
	gmtime_r(&when, &parts);
	strftime(text, 32, "%Y-%m-%d %H:%M:%S UTC", &parts);
}

/* --- the log --- */

void transition_log(const struct transition *transition)
{
	struct report_sums sums = report_sums(transition->report);
	char sentence[SENTENCE];
	conclude(&sums, sentence, sizeof sentence);
	log_write(LOG_LEVEL_INFO, NULL, "transition: %s", sentence);
}

static const char *label(const struct report_line *line)
{
	return line->refused ? "refused" : "not safe by itself";
}

void transition_log_lines(const struct transition *transition)
{
	const struct report_line **lines;
	size_t n = report_open_lines(transition->report, &lines);
	for (size_t i = 0; i < n && i < LINES_LOGGED_MOST; i++)
		log_write(LOG_LEVEL_INFO, NULL, "transition: %llu times, %s (%s): %s", (count)lines[i]->executions,
				  label(lines[i]), lines[i]->reason, lines[i]->text);
	if (n > LINES_LOGGED_MOST)
		log_write(LOG_LEVEL_INFO, NULL, "transition: and %zu more; `report = FILE` lists all",
				  n - LINES_LOGGED_MOST);
	free(lines);
}

/* What the file says, in either form. */
struct contents {
	struct report_sums sums;
	const struct report_line **lines; /* freed by who asked for them */
	size_t n;
	char since[32], now[32], sentence[SENTENCE];
};

static void collect(const struct transition *transition, struct contents *contents)
{
	contents->sums = report_sums(transition->report);
	contents->n = report_open_lines(transition->report, &contents->lines);
	print_time(transition->since, contents->since);
	print_time(transition->now, contents->now);
	conclude(&contents->sums, contents->sentence, sizeof contents->sentence);
}

/* --- text --- */

static void print_text(const struct transition *transition, FILE *out)
{
	struct contents c;
	collect(transition, &c);
	fprintf(out,
			"# Statements on tenant tables that the application has not made safe by itself yet, the most "
			"frequent first.\n"
			"# Counted from %s to %s, now under mode = %s.\n"
			"# Constants and parameters are shown as ?, comments are left out.\n\n",
			c.since, c.now, transition->mode);
	for (size_t i = 0; i < c.n; i++)
		fprintf(out, "%llu times, %s: %s\n    %s\n\n", (count)c.lines[i]->executions, label(c.lines[i]),
				c.lines[i]->reason, c.lines[i]->text);
	fprintf(out, "%s\n", c.sentence);
	free(c.lines);
}

/* --- JSON --- */

static void print_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (const char *p = text; *p; p++) {
		if (*p == '"' || *p == '\\')
			fprintf(out, "\\%c", *p);
		else if ((unsigned char)*p < 0x20)
			fprintf(out, "\\u%04x", *p);
		else
			fputc(*p, out);
	}
	fputc('"', out);
}

static void print_json_line(const struct report_line *line, FILE *out)
{
	fprintf(out,
			"    {\"executions\": %llu, \"refused\": %s, \"safe\": %s, \"reason\": ", (count)line->executions,
			line->refused ? "true" : "false", line->safe ? "true" : "false");
	print_string(out, line->reason);
	fputs(", \"statement\": ", out);
	print_string(out, line->text);
	fputc('}', out);
}

static void print_json(const struct transition *transition, FILE *out)
{
	struct contents c;
	collect(transition, &c);
	fprintf(out,
			"{\n  \"since\": \"%s\",\n  \"until\": \"%s\",\n  \"mode\": \"%s\",\n"
			"  \"executions\": {\"all\": %llu, \"safe\": %llu, \"refused\": %llu, \"unlisted\": %llu},\n"
			"  \"statements\": {\"all\": %llu, \"safe\": %llu, \"refused\": %llu},\n"
			"  \"needed\": %s,\n  \"conclusion\": ",
			c.since, c.now, transition->mode, (count)c.sums.executions, (count)c.sums.safe_executions,
			(count)c.sums.refused_executions, (count)c.sums.unlisted_executions, (count)c.sums.statements,
			(count)c.sums.safe_statements, (count)c.sums.refused_statements,
			can_go(&c.sums) ? "false" : "true");
	print_string(out, c.sentence);
	fputs(",\n  \"open\": [", out);
	for (size_t i = 0; i < c.n; i++) {
		fputs(i ? ",\n" : "\n", out);
		print_json_line(c.lines[i], out);
	}
	fputs(c.n ? "\n  ]\n}\n" : "]\n}\n", out);
	free(c.lines);
}

void transition_print(const struct transition *transition, bool json, FILE *out)
{
	if (json)
		print_json(transition, out);
	else
		print_text(transition, out);
}

/* --- the file --- */

static bool fail(const char *path, struct error *error)
{
	return error_set(error, "58030", "report %s cannot be written: %s", path, strerror(errno));
}

static bool ends_in_json(const char *path)
{
	size_t length = strlen(path);
	return length >= 5 && strcmp(path + length - 5, ".json") == 0;
}

/* Beside the file, so that the rename is one step. To be freed. */
static char *temporary_name(const char *path)
{
	char *name;
	if (asprintf(&name, "%s.new", path) < 0)
		abort();
	return name;
}

static FILE *create(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	return fd < 0 ? NULL : fdopen(fd, "w");
}

bool transition_write(const struct transition *transition, const char *path, struct error *error)
{
	char *name = temporary_name(path);
	FILE *out = create(name);
	bool fine = out != NULL;
	if (fine) {
		transition_print(transition, ends_in_json(path), out);
		fine = ferror(out) == 0;
		fine = fclose(out) == 0 && fine;
		fine = fine && rename(name, path) == 0;
	}
	if (!fine)
		fail(path, error);
	free(name);
	return fine;
}

bool transition_writable(const char *path, struct error *error)
{
	char *name = temporary_name(path);
	FILE *out = create(name);
	bool fine = out ? true : fail(path, error);
	if (out) {
		fclose(out);
		unlink(name);
	}
	free(name);
	return fine;
}
