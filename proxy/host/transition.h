/* The transition report for people and programs: which statements the application has yet to make safe by
 * itself, and whether tenantry can be taken out. Main thread only. */
#ifndef TENANTRY_HOST_TRANSITION_H
#define TENANTRY_HOST_TRANSITION_H

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "proxy/base/error.h"
#include "proxy/session/report.h"

struct transition {
	const struct report *report;
	const char *mode; /* in force */
	time_t since, now;
};

/* The sums and what follows from them, as one line of log. */
void transition_log(const struct transition *transition);
/* The statements that are open, one line of log each, the most frequent first. */
void transition_log_lines(const struct transition *transition);
/* Writes the whole report; in JSON if the name ends in .json. The file is replaced in one step. */
bool transition_write(const struct transition *transition, const char *path, struct error *error)
	__attribute__((warn_unused_result));
/* Could it be written there? For the start. */
bool transition_writable(const char *path, struct error *error) __attribute__((warn_unused_result));

/* What transition_write() puts into the file. */
void transition_print(const struct transition *transition, bool json, FILE *out);

#endif
