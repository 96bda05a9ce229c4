/* Connections of a migration, and the lock that keeps several instances of tenantry from migrating at once.
 *
 * The lock is an advisory one of a session that is never in a transaction, and it is tried for, not waited
 * for: a waiter would hold a snapshot, and the other instance's concurrent index build would wait for that
 * snapshot - a deadlock. */
#ifndef TENANTRY_SCHEMA_INSTANCE_H
#define TENANTRY_SCHEMA_INSTANCE_H

#include "proxy/schema/run.h"

/* What is locked: the short steps before the first client, or the long ones in the background. An instance
 * that starts while another one builds indexes needs to wait for nothing. */
enum instance_lock { INSTANCE_LOCK_GATE = 1, INSTANCE_LOCK_BACKGROUND = 2 };

/* A connection for catalogs and migration: the role's time limits are lifted, results are not filtered by row
 * security. */
/* Refuses a transaction pooler, as instance_open() does. */
PGconn *instance_connect(const char *conninfo, const char *application, struct error *error)
	__attribute__((warn_unused_result));

/* Opens both connections of a run; refuses a transaction pooler, through which no lock of a session holds. */
bool instance_open(struct run *run, struct error *error) __attribute__((warn_unused_result));
void instance_close(struct run *run);

/* Polls until the lock is ours, naming who has it. */
enum outcome instance_lock(struct run *run, enum instance_lock lock, struct error *error)
	__attribute__((warn_unused_result));
void instance_unlock(struct run *run, enum instance_lock lock);
/* Whether the session that holds the lock is still there. */
bool instance_holds(struct run *run, enum instance_lock lock, struct error *error)
	__attribute__((warn_unused_result));

#endif
