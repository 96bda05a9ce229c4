/* The configuration file; see settings.h. inih reads it; it knows no line numbers and cuts lines at 200
 * bytes, so the reader here counts lines and gives inih only the head of a longer line, whose value it keeps
 * itself.
 *
 * Refuses: unknown sections and keys, keys given twice, lines that are neither a section nor `name = value`.
 */
#include "proxy/host/settings.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	FILE *file;
	char *line; /* the raw line under work */
	size_t room;
	int number;
	bool is_long;
	struct settings *settings;
	struct diagnostics *diagnostics;
};

/* Cuts white space at the end, and a comment: ` ;` outside of quotes, as inih does on the lines that it sees
 * whole. */
static char *trim_value(char *value)
{
	bool quoted = false;
	value += strspn(value, " \t");
	for (char *p = value; *p; p++) {
		if (*p == '"')
			quoted = !quoted;
		if (*p == ';' && !quoted && (p == value || isspace((unsigned char)p[-1]))) {
			*p = 0;
			break;
		}
	}
	for (size_t length = strlen(value); length > 0 && isspace((unsigned char)value[length - 1]); length--)
		value[length - 1] = 0;
	return value;
}

/* The value in the raw line: after the first = or :, or, on a continuation line, all of it. */
static char *raw_value(struct reader *reader)
{
	char *line = reader->line;
	if (!isspace((unsigned char)*line))
		line += strcspn(line, "=:") + 1;
	return trim_value(line);
}

/* fgets() for inih. */
static char *read_line(char *to, int size, void *from)
{
	struct reader *reader = from;
	ssize_t length = getline(&reader->line, &reader->room, reader->file);
	if (length < 0)
		return NULL;
	reader->number++;
	reader->is_long = length >= size;
	if (!reader->is_long) {
		memcpy(to, reader->line, (size_t)length + 1);
		return to;
	}
	/* Name and sign stay, the value becomes a stand-in; a comment or a continuation is simply cut. */
	size_t head = strcspn(reader->line, "=:") + 1;
	bool named = !isspace((unsigned char)*reader->line) && *reader->line != ';' && *reader->line != '#';
	if (named && head + 2 < (size_t)size)
		snprintf(to, (size_t)size, "%.*sv\n", (int)head, reader->line);
	else
		snprintf(to, (size_t)size, "%.*s\n", size - 2, reader->line);
	return to;
}

static void set_from_file(struct reader *reader, const struct setting *setting, const char *value)
{
	struct settings *settings = reader->settings;
	struct setting_source *source = &settings->sources[setting - settings_row(0)];
	struct setting_source here = {SOURCE_FILE, reader->number};
	char *joined;
	if (source->kind == SOURCE_COMMAND_LINE)
		return;
	bool continued = isspace((unsigned char)*reader->line);
	if (continued && setting->kind == SETTING_LIST) {
		const char *before = *(const char **)((char *)settings + setting->offset);
		size_t length = strlen(before);
		bool comma = length == 0 || before[length - 1] == ',' || *value == ',';
		if (asprintf(&joined, "%s%s%s", before, comma ? " " : ", ", value) < 0)
			abort();
		settings_set(settings, setting, joined + (length == 0), *source, reader->diagnostics);
		free(joined);
	} else if (continued) {
		diagnostics_add(reader->diagnostics, "%s:%d: %s: only a list can be continued on another line",
						settings->file, reader->number, setting->name);
	} else if (source->kind == SOURCE_FILE) {
		diagnostics_add(reader->diagnostics, "%s:%d: %s is already set in line %d", settings->file,
						reader->number, setting->name, source->line);
	} else {
		settings_set(settings, setting, value, here, reader->diagnostics);
	}
}

static void unknown_name(struct reader *reader, const char *section, const char *name)
{
	char *accepted = NULL;
	size_t size;
	FILE *out = open_memstream(&accepted, &size);
	if (!out)
		abort();
	for (size_t i = 0; i < settings_count(); i++)
		if (strcmp(settings_row(i)->section, section) == 0)
			fprintf(out, "%s%s", ftell(out) > 0 ? ", " : "", settings_row(i)->name);
	fclose(out);
	if (*accepted)
		diagnostics_add(reader->diagnostics, "%s:%d: there is no setting \"%s\" in [%s]; accepted: %s",
						reader->settings->file, reader->number, name, section, accepted);
	else
		diagnostics_add(reader->diagnostics,
						"%s:%d: there is no section [%s]; accepted: [tenantry], [migration], [users]",
						reader->settings->file, reader->number, section);
	free(accepted);
}

static int handle(void *user, const char *section, const char *name, const char *value)
{
	struct reader *reader = user;
	/* Always from the raw line: inih leaves comments on continued lines and cuts them inside quotes on
	 * others. */
	value = raw_value(reader);
	if (strcmp(section, "users") == 0) {
		if (isspace((unsigned char)*reader->line))
			diagnostics_add(reader->diagnostics, "%s:%d: a user's line cannot be continued",
							reader->settings->file, reader->number);
		else
			settings_user(reader->settings, name, value, reader->number, reader->diagnostics);
		return 1;
	}
	const struct setting *setting = settings_find(section, name);
	if (setting)
		set_from_file(reader, setting, value);
	else
		unknown_name(reader, section, name);
	return 1;
}

void settings_read_file(struct settings *settings, const char *path, struct diagnostics *diagnostics)
{
	struct reader reader = {.settings = settings, .diagnostics = diagnostics};
	settings->file = settings_keep(settings, path, strlen(path));
	reader.file = fopen(path, "re");
	if (!reader.file) {
		diagnostics_add(diagnostics, "%s: %s", path, strerror(errno));
		return;
	}
	int bad_line = ini_parse_stream(read_line, &reader, handle, &reader);
	if (bad_line > 0)
		diagnostics_add(diagnostics, "%s:%d: neither a [section] nor `name = value`", path, bad_line);
	else if (ferror(reader.file))
		diagnostics_add(diagnostics, "%s: cannot be read: %s", path, strerror(errno));
	fclose(reader.file);
	free(reader.line);
}

/* Takes the secret off the head of the value: up to the first comma, or "quoted with "" inside". Returns what
 * is left, NULL: bad quotes. *secret is kept by the settings; NULL: none. */
static const char *take_secret(struct settings *settings, const char *value, const char **secret)
{
	size_t length;
	*secret = NULL;
	if (*value != '"') {
		length = strcspn(value, ",");
		const char *rest = value + length;
		while (length > 0 && isspace((unsigned char)value[length - 1]))
			length--;
		/* `alice = tenant=42` has no secret: a password that looks like an option must be quoted. */
		bool option = strncmp(value, "tenant=", 7) == 0 || strncmp(value, "sessions=", 9) == 0 ||
					  (length == 6 && strncmp(value, "bypass", 6) == 0) ||
					  (length == 3 && strncmp(value, "md5", 3) == 0);
		if (option)
			return value;
		if (length > 0)
			*secret = settings_keep(settings, value, length);
		return rest;
	}
	char *plain = malloc(strlen(value) + 1);
	if (!plain)
		abort();
	for (length = 0, value++; *value && (*value != '"' || value[1] == '"'); value++) {
		value += *value == '"';
		plain[length++] = *value;
	}
	*secret = settings_keep(settings, plain, length);
	free(plain);
	if (*value != '"')
		return NULL;
	value++;
	value += strspn(value, " \t");
	return *value && *value != ',' ? NULL : value;
}

static bool take_option(struct settings *settings, struct settings_user *user, const char *option,
						size_t length)
{
	char text[64], *end;
	if (length == 6 && strncmp(option, "bypass", 6) == 0) {
		user->right = RIGHT_BYPASS;
		return true;
	}
	if (length == 3 && strncmp(option, "md5", 3) == 0) {
		user->md5 = true;
		return true;
	}
	if (length > 7 && strncmp(option, "tenant=", 7) == 0) {
		user->tenant_given = true;
		if (length == 8 && option[7] == '*')
			return true;
		user->right = user->right == RIGHT_BYPASS ? RIGHT_BYPASS : RIGHT_BOUND;
		user->tenant = settings_keep(settings, option + 7, length - 7);
		return true;
	}
	if (length > 9 && length < sizeof text && strncmp(option, "sessions=", 9) == 0 &&
		isdigit((unsigned char)option[9])) {
		snprintf(text, sizeof text, "%.*s", (int)(length - 9), option + 9);
		unsigned long sessions = strtoul(text, &end, 10);
		user->max_sessions = (unsigned)sessions;
		return *end == 0 && sessions > 0 && sessions <= 1000000;
	}
	return false;
}

static void add_user(struct settings *settings, const struct settings_user *user)
{
	struct settings_user *users = realloc(settings->users, (settings->n_users + 1) * sizeof *users);
	if (!users)
		abort();
	users[settings->n_users++] = *user;
	settings->users = users;
}

void settings_user(struct settings *settings, const char *name, const char *value, int line,
				   struct diagnostics *diagnostics)
{
	struct settings_user user = {
		.name = settings_keep(settings, name, strlen(name)), .right = RIGHT_CHOOSE, .line = line};
	const char *rest = take_secret(settings, value, &user.secret);
	/* The text after a secret may be part of one that should have been quoted, so the messages do not repeat
	 * it. */
	if (!rest || strlen(name) == 0 || strlen(name) > 63) {
		diagnostics_add(diagnostics, "%s:%d: user \"%s\": %s", settings->file, line, name,
						rest ? "a name has 1 to 63 bytes" : "the quotes around the password do not match");
		return;
	}
	while (*rest) {
		rest += strspn(rest, ", \t");
		size_t length = strcspn(rest, ","), trimmed = length;
		while (trimmed > 0 && isspace((unsigned char)rest[trimmed - 1]))
			trimmed--;
		if (length > 0 && !take_option(settings, &user, rest, trimmed)) {
			diagnostics_add(diagnostics,
							"%s:%d: user \"%s\": what follows the password is not accepted; accepted: "
							"tenant=VALUE, tenant=*, "
							"bypass, sessions=N, md5; a password with a comma is put in double quotes",
							settings->file, line, name);
			return;
		}
		rest += length;
	}
	for (size_t i = 0; i < settings->n_users; i++)
		if (strcmp(settings->users[i].name, name) == 0) {
			diagnostics_add(diagnostics, "%s:%d: user \"%s\" is already in line %d", settings->file, line,
							name, settings->users[i].line);
			return;
		}
	if (user.right == RIGHT_BYPASS && user.tenant_given)
		diagnostics_add(diagnostics, "%s:%d: user \"%s\": bypass and tenant= exclude each other",
						settings->file, line, name);
	else
		add_user(settings, &user);
}
