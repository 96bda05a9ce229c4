/* The settings as they were said: defaults, file, environment and command line, checked one by one, with the
 * place where each came from. What the rest of the program lives by is made from them in configuration.c.
 *
 * Order: command line over file over default. Everything that is wrong is collected as diagnostics, one line
 * each
 * ("FILE:LINE: what; accepted: ..."), so that a person can repair a file in one go. Secrets are never part of
 * a diagnostic. */
#ifndef TENANTRY_HOST_SETTINGS_H
#define TENANTRY_HOST_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "parser/policy.h"
#include "proxy/host/settings_table.h"

#define SETTING_TYPE_TEXT                                                   const char *
#define SETTING_TYPE_SECRET                                                 const char *
#define SETTING_TYPE_LIST                                                   const char *
#define SETTING_TYPE_NUMBER                                                 unsigned
#define SETTING_TYPE_DURATION                                               uint32_t
#define SETTING_TYPE_SIZE                                                   size_t
#define SETTING_TYPE_CHOICE                                                 int
#define SETTING_TYPE_SWITCH                                                 bool
#define SETTING_FIELD(kind, name, standard, low, high, words, reload, help) SETTING_TYPE_##kind name;

/* The words of CHOICE settings, in the order of the table, where no other header has the enum. */
enum trust { TRUST_NONE, TRUST_LOCAL, TRUST_LOOPBACK };
enum tls_mode { TLS_DISABLE, TLS_PREFER, TLS_REQUIRE };
enum on_startup { ON_STARTUP_NO, ON_STARTUP_YES, ON_STARTUP_VERIFY };

/* A line of [users]. */
struct settings_user {
	const char *name;
	const char *secret; /* NULL: none given */
	enum right right;
	const char *tenant; /* as written; RIGHT_BOUND only */
	unsigned max_sessions;
	bool md5;
	bool tenant_given;
	int line;
};

struct settings {
	struct settings_tenantry {
		SETTINGS_TENANTRY(SETTING_FIELD)
	} tenantry;
	struct settings_migration {
		SETTINGS_MIGRATION(SETTING_FIELD)
	} migration;
	size_t n_users;
	struct settings_user *users;
	const char *file;               /* NULL: none was read */
	struct setting_source *sources; /* by index of the table */
	struct settings_text *texts;    /* owns every string above */
};

enum setting_kind {
	SETTING_TEXT,
	SETTING_SECRET,
	SETTING_LIST,
	SETTING_NUMBER,
	SETTING_DURATION,
	SETTING_SIZE,
	SETTING_CHOICE,
	SETTING_SWITCH,
};

/* A row of the table. */
struct setting {
	const char *section, *name;
	enum setting_kind kind;
	const char *standard;
	uint64_t low, high;
	const char *words;
	bool reloadable;
	const char *help;
	size_t offset; /* in struct settings */
};

/* Where a value came from. */
struct setting_source {
	enum { SOURCE_DEFAULT, SOURCE_FILE, SOURCE_COMMAND_LINE } kind;
	int line;
};

struct diagnostics {
	size_t n;
	char *text; /* lines, each with its newline; NULL while n is 0 */
};
void diagnostics_add(struct diagnostics *diagnostics, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void diagnostics_free(struct diagnostics *diagnostics);

/* All settings at their defaults. Free with settings_free(). */
struct settings *settings_new(void);
void settings_free(struct settings *settings);

size_t settings_count(void);
const struct setting *settings_row(size_t i);
/* NULL: there is none of that name. */
const struct setting *settings_find(const char *section, const char *name);
/* "FILE:LINE", "--flag" or "default", of the row. For messages. */
void settings_place(const struct settings *settings, const struct setting *setting, char *place, size_t size);
/* Does a file hold a password: users, or a URL of its own? */
bool settings_file_is_secret(const struct settings *settings);

/* Sets one value from text; what is wrong is added to the diagnostics after "PLACE: ". */
void settings_set(struct settings *settings, const struct setting *setting, const char *value,
				  struct setting_source source, struct diagnostics *diagnostics);

/* Keeps `text` as long as the settings live. */
const char *settings_keep(struct settings *settings, const char *text, size_t length);

/* --- settings_file.c --- */
/* Reads a file over what is there. A file that cannot be opened is a diagnostic. Values that the command line
 * gave stay. */
void settings_read_file(struct settings *settings, const char *path, struct diagnostics *diagnostics);
/* One line of [users]. */
void settings_user(struct settings *settings, const char *name, const char *value, int line,
				   struct diagnostics *diagnostics);

/* --- settings_flag.c --- */
/* Is argument `*i` a flag for a setting: --name=value or --name value, `-` for `_`? Then sets it and advances
 * *i past it. False: not a flag of the table. */
bool settings_flag(struct settings *settings, int argc, char **argv, int *i, struct diagnostics *diagnostics);

/* --- settings_print.c --- */
void settings_print_flags(FILE *out);  /* for --help */
void settings_print_sample(FILE *out); /* the annotated file with every default */

/* Values that a running process may not change are put back to those of `old`; each is named in the
 * diagnostics. */
void settings_keep_static(struct settings *settings, const struct settings *old,
						  struct diagnostics *diagnostics);

#endif
