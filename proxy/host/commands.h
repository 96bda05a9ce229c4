/* The commands, from the command line to the exit code: 0 fine, 1 failed or something is missing, 2 not
 * understood. */
#ifndef TENANTRY_HOST_COMMANDS_H
#define TENANTRY_HOST_COMMANDS_H

#include "proxy/host/settings.h"

int commands_run(int argc, char **argv);

/* Settings from the flags of the command line (what is no setting is passed over), then from `file` unless
 * NULL. */
struct settings *commands_settings(int argc, char **argv, const char *file, struct diagnostics *diagnostics);

/* --- command_rewrite.c --- */
struct configuration;
/* SQL on standard input, verdict and rewritten text on standard output. 1: something is refused. */
int command_rewrite(struct configuration *configuration);

/* --- command_password.c --- */
/* Prints a SCRAM-SHA-256 verifier for a password that is typed, or read from standard input if that is no
 * terminal. */
int command_password(void);

#endif
