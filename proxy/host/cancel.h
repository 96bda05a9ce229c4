/* Cancel requests: from our key to the session, from the session to its server.
 *
 *   worker A, which has the CancelRequest            worker B, which owns the session
 *     cancel_forward: process id -> table ---letter--> does the key match (in constant time),
 *        ^                                             does it still have that server?
 *        |                                             cancel_server: PQcancel in the thread pool, a few at a time
 *        +----------------------------letter----------- done (or nobody matched): A closes the request's connection
 *
 * The table holds no keys: the session compares. The client of a CancelRequest is closed after the server has
 * taken the cancel, as PostgreSQL does it, so that what the client sends next is not hit. */
#ifndef TENANTRY_HOST_CANCEL_H
#define TENANTRY_HOST_CANCEL_H

#include <stdbool.h>
#include <stddef.h>

struct connection;
struct worker;
struct cancel_table;

struct cancel_table *cancel_table_new(void);
void cancel_table_free(struct cancel_table *table);
void cancel_table_add(struct cancel_table *table, int process_id, struct worker *worker,
					  unsigned long long session);
void cancel_table_remove(struct cancel_table *table, int process_id, unsigned long long session);

/* The connection's client is a CancelRequest: acts on it; connection_finish() is called when that is over. */
void cancel_forward(struct connection *connection);
/* Cancels what runs on the connection's own server (client gone, statement time-out);
 * connection_interrupted() follows. */
void cancel_interrupt(struct connection *connection);

#endif
