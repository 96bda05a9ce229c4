/* Telling the outside that we are there: systemd's notification socket and the pid file. */
#ifndef TENANTRY_HOST_NOTIFY_H
#define TENANTRY_HOST_NOTIFY_H

#include <stdbool.h>

#include "proxy/base/error.h"

/* sd_notify(3): "READY=1", "STOPPING=1", ... Nothing happens without $NOTIFY_SOCKET. */
void notify_systemd(const char *state);
/* "RELOADING=1" with the time that systemd wants beside it. */
void notify_systemd_reloading(void);
/* How often systemd wants to hear WATCHDOG=1 from this process, in milliseconds; 0: it does not. */
unsigned long long notify_watchdog_milliseconds(void);

/* Writes our process id to `path` ("": does nothing). A file that names a living process that is not us:
 * refused. */
bool pid_file_write(const char *path, struct error *error) __attribute__((warn_unused_result));
void pid_file_remove(const char *path);

#endif
