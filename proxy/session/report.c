/* Counting statements by their text; see report.h. */
#include "proxy/session/report.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1024 };

struct report {
	uint64_t seed;
	size_t n;
	uint64_t unlisted;
	struct report_line *buckets[BUCKETS];
};

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

struct report *report_new(uint64_t seed)
{
	struct report *report = must(calloc(1, sizeof *report));
	report->seed = seed;
	return report;
}

void report_free(struct report *report)
{
	for (size_t i = 0; report && i < BUCKETS; i++)
		for (struct report_line *line = report->buckets[i], *next; line; line = next) {
			next = line->next;
			free(line);
		}
	free(report);
}

static struct report_line **bucket_of(struct report *report, uint64_t id)
{
	return &report->buckets[((id ^ report->seed) * 0x9e3779b97f4a7c15u) >> 54];
}

/* With its strings in one block. */
static struct report_line *new_line(const struct report_line *from)
{
	size_t text = from->text ? strlen(from->text) + 1 : 0;
	size_t reason = from->reason ? strlen(from->reason) + 1 : 0;
	struct report_line *line = must(malloc(sizeof *line + text + reason));
	char *strings = (char *)(line + 1);
	*line = *from;
	if (text)
		line->text = memcpy(strings, from->text, text);
	if (reason)
		line->reason = memcpy(strings + text, from->reason, reason);
	return line;
}

static void add(struct report *report, const struct report_line *what)
{
	struct report_line **bucket = bucket_of(report, what->id);
	struct report_line *line = *bucket;
	while (line && line->id != what->id)
		line = line->next;
	if (line) {
		line->executions += what->executions;
	} else if (report->n == REPORT_LINES_MOST) {
		report->unlisted += what->executions;
	} else {
		line = new_line(what);
		line->next = *bucket;
		*bucket = line;
		report->n++;
	}
}

void report_count(struct report *report, const struct statement *statement)
{
	const struct statement_note *note = statement->note;
	if (!report || !note)
		return;
	struct report_line what = {.id = note->id,
							   .executions = 1,
							   .safe = note->safe,
							   .refused = note->refused,
							   .text = note->text,
							   .reason = note->reason};
	add(report, &what);
}

struct report *report_take(struct report *report)
{
	struct report *taken = must(malloc(sizeof *taken));
	*taken = *report;
	*report = (struct report){.seed = taken->seed};
	return taken;
}

void report_add(struct report *to, const struct report *from)
{
	to->unlisted += from->unlisted;
	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct report_line *line = from->buckets[i]; line; line = line->next)
			add(to, line);
}

static bool is_open(const struct report_line *line)
{
	return !line->safe || line->refused;
}

struct report_sums report_sums(const struct report *report)
{
	struct report_sums sums = {.unlisted_executions = report->unlisted};
	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct report_line *line = report->buckets[i]; line; line = line->next) {
			sums.statements++;
			sums.executions += line->executions;
			sums.safe_statements += !is_open(line);
			sums.safe_executions += is_open(line) ? 0 : line->executions;
			sums.refused_statements += line->refused;
			sums.refused_executions += line->refused ? line->executions : 0;
		}
	return sums;
}

static int by_executions(const void *a, const void *b)
{
	const struct report_line *x = *(const struct report_line *const *)a;
	const struct report_line *y = *(const struct report_line *const *)b;
	if (x->executions != y->executions)
		return x->executions < y->executions ? 1 : -1;
	return strcmp(x->text ? x->text : "", y->text ? y->text : "");
}

size_t report_open_lines(const struct report *report, const struct report_line ***lines)
{
	size_t n = 0;
	*lines = must(malloc((report->n + 1) * sizeof **lines));
	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct report_line *line = report->buckets[i]; line; line = line->next)
			if (is_open(line))
				(*lines)[n++] = line;
	qsort(*lines, n, sizeof **lines, by_executions);
	return n;
}
