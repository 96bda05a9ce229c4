/* What a run tells: the printed progress for people, and one log line a step for machines.
 *
 * Sections are numbered as they are printed; a section without items is not. `out` may be NULL: then only the
 * log. */
#ifndef TENANTRY_SCHEMA_PROGRESS_H
#define TENANTRY_SCHEMA_PROGRESS_H

#include <stdio.h>

#include "proxy/schema/plan.h"

struct progress {
	FILE *out;
	const struct schema_settings *settings;
	const char *tenants; /* as people call the table of tenants */
	int number;          /* of the section printed last */
	int section;         /* enum section, -1: none yet */
	struct migration_report report;
};

void progress_begin(struct progress *progress, const char *title);
void progress_present(struct progress *progress, const struct item *item);
void progress_done(struct progress *progress, const struct item *item, double seconds);
void progress_warning(struct progress *progress, const struct item *item);
void progress_failed(struct progress *progress, const struct item *item, const struct error *error);
/* A line in between: who blocks, how far an index is. */
void progress_note(struct progress *progress, const char *format, ...) __attribute__((format(printf, 2, 3)));
void progress_end(struct progress *progress, const char *verdict);

#endif
