/* Everything that check and --plan show, read in one go and changing nothing: facts, plan, snapshot, hazards.
 */
#ifndef TENANTRY_SCHEMA_EXAMINE_H
#define TENANTRY_SCHEMA_EXAMINE_H

#include <stdio.h>

#include "proxy/schema/hazards.h"

struct examination {
	PGconn *connection;
	struct facts facts;
	struct plan plan;
	struct catalog *catalog;
	struct hazards hazards;
};

/* Close it also after a failure. */
bool examine(struct examination *examination, const char *conninfo, const struct schema_settings *settings,
			 struct error *error) __attribute__((warn_unused_result));
void examine_close(struct examination *examination);

/* Whether the item tells of something that is missing. */
bool examine_is_missing(const struct item *item);
/* The same, and it is required. */
bool examine_is_required(const struct item *item);

/* Prints the plan of the way back; plan_print.c. */
bool examine_down(const char *conninfo, const struct schema_settings *settings, FILE *out,
				  struct error *error) __attribute__((warn_unused_result));

void examine_print_hazards(const struct examination *examination, FILE *out);
/* "12 kB", "3.4 GB" and "1 ms", "2 min". */
const char *examine_size(struct arena *arena, int64_t bytes);
const char *examine_duration(struct arena *arena, double seconds);

/* A string as JSON, with its quotes; NULL: null. */
void examine_json_string(FILE *out, const char *text);
void examine_json_check(const struct examination *examination, FILE *out, bool complete); /* check_json.c */

#endif
