/* The current snapshot of the catalogs and the thread that renews it, over a connection of its own that it
 * keeps.
 *
 * Whoever wants a newer snapshot takes a ticket; when the thread has looked at the database after the ticket
 * was taken, it announces "served up to this ticket" with the snapshot that holds then (the same one when
 * nothing has changed or the database could not be asked for some seconds). Requests that come while it works
 * are served together by the next round; rounds keep a minimum distance, and a round that was only asked for
 * by an unknown name loads nothing unless the fingerprint has changed. */
#ifndef TENANTRY_HOST_CATALOGS_H
#define TENANTRY_HOST_CATALOGS_H

#include <stdbool.h>
#include <stdint.h>

#include "parser/catalog.h"
#include "proxy/host/configuration.h"

struct catalogs;

/* Called from the thread after every round that served a ticket or changed the snapshot. `catalog` is
 * borrowed. `read`: the database has been looked at; else the snapshot is only the last one that there is. */
typedef void (*catalogs_announce)(void *context, struct catalog *catalog, uint64_t served, bool read);

/* Connects and loads the first snapshot; blocks. NULL: *error says why. */
struct catalogs *catalogs_new(struct configuration *configuration, struct error *error);
bool catalogs_start(struct catalogs *catalogs, catalogs_announce announce, void *context);
/* Stops the thread and frees. False: the thread does not stop within a few seconds and lives on, nothing is
 * freed. */
bool catalogs_free(struct catalogs *catalogs);

struct catalog *catalogs_current(struct catalogs *catalogs); /* a reference */
/* Takes a ticket. `changed`: the schema is known to have changed, load without asking for the fingerprint.
 * Any thread. */
uint64_t catalogs_request(struct catalogs *catalogs, bool changed);
/* The check interval of a new configuration. */
void catalogs_interval(struct catalogs *catalogs, uint32_t milliseconds);

#endif
