/* The transition report's book: which statements on tenant relations are safe by themselves, and which are
 * not yet. One book for each worker; sessions write into it, the host takes the pages out and adds them up.
 *
 * Holds texts without constants only (parser/normalized.h). Bounded: REPORT_LINES_MOST different statements;
 * what comes beyond is counted, not listed. Not thread-safe. */
#ifndef TENANTRY_SESSION_REPORT_H
#define TENANTRY_SESSION_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parser/verdict.h"

enum { REPORT_LINES_MOST = 2000 };

struct report_line {
	struct report_line *next; /* of its bucket */
	uint64_t id, executions;
	bool safe, refused;
	const char *text, *reason; /* NULL when safe and not refused */
};

struct report_sums {
	uint64_t statements, executions;           /* all that touched tenant relations or were refused */
	uint64_t safe_statements, safe_executions; /* safe by themselves and not refused */
	uint64_t refused_statements, refused_executions;
	uint64_t unlisted_executions; /* of statements that found no place; contained in none of the others */
};

struct report;
struct report *report_new(uint64_t seed); /* `seed` keys the hash: random */
void report_free(struct report *report);

/* One execution of a statement; those without a note do not count. */
void report_count(struct report *report, const struct statement *statement);

/* Takes out what is in it, into a report of its own; the old one goes on, empty. */
struct report *report_take(struct report *report);
/* Adds `from` to `to`. */
void report_add(struct report *to, const struct report *from);

struct report_sums report_sums(const struct report *report);
/* The lines that are not safe or refused, the most frequent first. *lines is to be freed, what it points to
 * belongs to the report. */
size_t report_open_lines(const struct report *report, const struct report_line ***lines);

#endif
