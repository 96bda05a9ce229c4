/* The log in a file: standard error is led there, so that everything that is written to it arrives. */
#ifndef TENANTRY_HOST_LOG_FILE_H
#define TENANTRY_HOST_LOG_FILE_H

#include <stdbool.h>

#include "proxy/base/error.h"

/* A descriptor of standard error as it is now, to come back to. */
int log_file_keep(void);
/* Opens (anew) the file and leads standard error there; "": back to `kept`. False: all is as before. */
bool log_file_open(const char *path, int kept, struct error *error) __attribute__((warn_unused_result));

#endif
