/* Settings: the table at work; see settings.h. Owns parsing of single values, sources and diagnostics. */
#include "proxy/host/settings.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define RELOAD  true
#define RESTART false
#define ROW(section, prefix, kind, name, standard, low, high, words, reload, help) \
	{#section, #name, SETTING_##kind, standard, low,                               \
	 high,     words, reload,         help,     offsetof(struct settings, section.name)},
#define TENANTRY_ROW(...)  ROW(tenantry, "", __VA_ARGS__)
#define MIGRATION_ROW(...) ROW(migration, "migration-", __VA_ARGS__)

static const struct setting table[] = {SETTINGS_TENANTRY(TENANTRY_ROW) SETTINGS_MIGRATION(MIGRATION_ROW)};

struct settings_text {
	struct settings_text *next;
	char text[];
};

size_t settings_count(void)
{
	return sizeof table / sizeof *table;
}

const struct setting *settings_row(size_t i)
{
	return &table[i];
}

const struct setting *settings_find(const char *section, const char *name)
{
	for (size_t i = 0; i < settings_count(); i++)
		if (strcmp(table[i].section, section) == 0 && strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

void diagnostics_add(struct diagnostics *diagnostics, const char *format, ...)
{
	char *line, *text;
	va_list arguments;
	va_start(arguments, format);
	if (vasprintf(&line, format, arguments) < 0)
		abort();
	va_end(arguments);
	if (asprintf(&text, "%s%s\n", diagnostics->text ? diagnostics->text : "", line) < 0)
		abort();
	free(line);
	free(diagnostics->text);
	diagnostics->text = text;
	diagnostics->n++;
}

void diagnostics_free(struct diagnostics *diagnostics)
{
	free(diagnostics->text);
	*diagnostics = (struct diagnostics){0};
}

const char *settings_keep(struct settings *settings, const char *text, size_t length)
{
	struct settings_text *kept = malloc(sizeof *kept + length + 1);
	if (!kept)
		abort();
	memcpy(kept->text, text, length);
	kept->text[length] = 0;
	kept->next = settings->texts;
	settings->texts = kept;
	return kept->text;
}

struct settings *settings_new(void)
{
	struct diagnostics diagnostics = {0};
	struct settings *settings = calloc(1, sizeof *settings);
	if (!settings || !(settings->sources = calloc(settings_count(), sizeof *settings->sources)))
		abort();
	for (size_t i = 0; i < settings_count(); i++)
		settings_set(settings, &table[i], table[i].standard, (struct setting_source){SOURCE_DEFAULT, 0},
					 &diagnostics);
	/* A default that is not accepted is a mistake in the table, not of the person who runs the program. */
	if (diagnostics.n > 0)
		abort();
	return settings;
}

void settings_free(struct settings *settings)
{
	if (!settings)
		return;
	for (struct settings_text *text = settings->texts, *next; text; text = next) {
		next = text->next;
		free(text);
	}
	free(settings->users);
	free(settings->sources);
	free(settings);
}

static void describe(const struct settings *settings, const struct setting *setting,
					 struct setting_source source, char *place, size_t size)
{
	if (source.kind == SOURCE_FILE)
		snprintf(place, size, "%s:%d: %s", settings->file, source.line, setting->name);
	else if (source.kind == SOURCE_COMMAND_LINE)
		snprintf(place, size, "command line: --%s", setting->name);
	else
		snprintf(place, size, "default of %s", setting->name);
	if (source.kind == SOURCE_COMMAND_LINE)
		for (char *p = place; *p; p++)
			if (*p == '_')
				*p = '-';
}

void settings_place(const struct settings *settings, const struct setting *setting, char *place, size_t size)
{
	describe(settings, setting, settings->sources[setting - table], place, size);
}

bool settings_file_is_secret(const struct settings *settings)
{
	bool secret = settings->n_users > 0;
	for (size_t i = 0; i < settings_count(); i++)
		secret |= table[i].kind == SETTING_SECRET && settings->sources[i].kind == SOURCE_FILE;
	return secret;
}

/* The number and the unit after it. False: no number, or one that is too large. */
static bool parse_scaled(const char *value, const char *const *units, const uint64_t *factors,
						 uint64_t *result)
{
	char *end;
	if (!isdigit((unsigned char)*value))
		return false;
	unsigned long long number = strtoull(value, &end, 10);
	while (*end == ' ')
		end++;
	for (size_t i = 0; units[i]; i++)
		if (strcasecmp(end, units[i]) == 0)
			return !__builtin_mul_overflow(number, factors[i], result);
	return false;
}

static bool parse_duration(const char *value, uint64_t *milliseconds)
{
	static const char *const units[] = {"ms", "s", "min", "h", "d", NULL};
	static const uint64_t factors[] = {1, 1000, 60000, 3600000, 86400000};
	return parse_scaled(value, units, factors, milliseconds);
}

static bool parse_size(const char *value, uint64_t *bytes)
{
	static const char *const units[] = {"", "B", "kB", "MB", "GB", NULL};
	static const uint64_t factors[] = {1, 1, 1024, 1024 * 1024, 1024 * 1024 * 1024};
	return parse_scaled(value, units, factors, bytes);
}

static bool parse_number(const char *value, uint64_t *number)
{
	static const char *const units[] = {"", NULL};
	static const uint64_t factors[] = {1};
	return parse_scaled(value, units, factors, number);
}

/* Index of `value` in "one, two, three"; -1: none of them. */
static int parse_choice(const char *words, const char *value)
{
	size_t length = strlen(value);
	int index = 0;
	for (const char *word = words; *word; index++) {
		size_t word_length = strcspn(word, ",");
		if (word_length == length && strncasecmp(word, value, length) == 0)
			return index;
		word += word_length;
		word += strspn(word, ", ");
	}
	return -1;
}

static int parse_switch(const char *value)
{
	static const char *const words[] = {"no", "yes", "off", "on", "false", "true", "0", "1"};
	for (int i = 0; i < 8; i++)
		if (strcasecmp(value, words[i]) == 0)
			return i % 2;
	return -1;
}

static void print_scaled(const struct setting *setting, uint64_t value, char *text, size_t size)
{
	if (setting->kind == SETTING_DURATION && value % 1000 == 0)
		snprintf(text, size, "%llus", (unsigned long long)value / 1000);
	else if (setting->kind == SETTING_DURATION)
		snprintf(text, size, "%llums", (unsigned long long)value);
	else if (setting->kind == SETTING_SIZE && value >= 1024 && value % 1024 == 0)
		snprintf(text, size, "%llukB", (unsigned long long)value / 1024);
	else
		snprintf(text, size, "%llu", (unsigned long long)value);
}

/* "a duration such as 500ms, 30s, 5min, 2h from 1s to 1h, or none" */
static void print_accepted(const struct setting *setting, char *text, size_t size)
{
	static const char *const what[] = {
		[SETTING_NUMBER] = "a number",
		[SETTING_DURATION] = "a duration with its unit (500ms, 30s, 5min, 2h, 1d)",
		[SETTING_SIZE] = "a size (4096, 64kB, 16MB, 1GB)",
	};
	char low[32], high[32];
	if (setting->kind == SETTING_CHOICE) {
		snprintf(text, size, "%s", setting->words);
	} else if (setting->kind == SETTING_SWITCH) {
		snprintf(text, size, "yes, no, on, off, true, false");
	} else {
		print_scaled(setting, setting->low, low, sizeof low);
		print_scaled(setting, setting->high, high, sizeof high);
		snprintf(text, size, "%s from %s to %s%s%s", what[setting->kind], low, high,
				 setting->words ? ", or " : "", setting->words ? setting->words : "");
	}
}

/* Parses a number, duration, size, choice or switch. */
static bool parse_value(const struct setting *setting, const char *value, uint64_t *result)
{
	int index;
	bool fine;
	if (setting->kind == SETTING_CHOICE || setting->kind == SETTING_SWITCH) {
		index = setting->kind == SETTING_CHOICE ? parse_choice(setting->words, value) : parse_switch(value);
		*result = (uint64_t)(index < 0 ? 0 : index);
		return index >= 0;
	}
	if (setting->words && strcasecmp(value, setting->words) == 0) {
		*result = 0;
		return true;
	}
	if (setting->kind == SETTING_NUMBER)
		fine = parse_number(value, result);
	else if (setting->kind == SETTING_DURATION)
		fine = strcmp(value, "0") == 0 ? (*result = 0, true) : parse_duration(value, result);
	else
		fine = parse_size(value, result);
	return fine && *result >= setting->low && *result <= setting->high;
}

static void store(struct settings *settings, const struct setting *setting, uint64_t value)
{
	void *field = (char *)settings + setting->offset;
	switch (setting->kind) {
	case SETTING_NUMBER:
		*(unsigned *)field = (unsigned)value;
		break;
	case SETTING_DURATION:
		*(uint32_t *)field = (uint32_t)value;
		break;
	case SETTING_SIZE:
		*(size_t *)field = value;
		break;
	case SETTING_CHOICE:
		*(int *)field = (int)value;
		break;
	case SETTING_SWITCH:
		*(bool *)field = value != 0;
		break;
	case SETTING_TEXT:
	case SETTING_SECRET:
	case SETTING_LIST:
		break;
	}
}

void settings_set(struct settings *settings, const struct setting *setting, const char *value,
				  struct setting_source source, struct diagnostics *diagnostics)
{
	char place[512], accepted[256];
	uint64_t parsed;
	if (setting->kind == SETTING_TEXT || setting->kind == SETTING_SECRET || setting->kind == SETTING_LIST) {
		*(const char **)((char *)settings + setting->offset) = settings_keep(settings, value, strlen(value));
	} else if (parse_value(setting, value, &parsed)) {
		store(settings, setting, parsed);
	} else {
		describe(settings, setting, source, place, sizeof place);
		print_accepted(setting, accepted, sizeof accepted);
		diagnostics_add(diagnostics, "%s: \"%s\" is not accepted; accepted: %s", place, value, accepted);
		return;
	}
	settings->sources[setting - table] = source;
}

static size_t value_size(const struct setting *setting)
{
	switch (setting->kind) {
	case SETTING_NUMBER:
		return sizeof(unsigned);
	case SETTING_DURATION:
		return sizeof(uint32_t);
	case SETTING_SIZE:
		return sizeof(size_t);
	case SETTING_CHOICE:
		return sizeof(int);
	case SETTING_SWITCH:
		return sizeof(bool);
	default:
		return 0;
	}
}

void settings_keep_static(struct settings *settings, const struct settings *old,
						  struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < settings_count(); i++) {
		char *now = (char *)settings + table[i].offset;
		const char *before = (const char *)old + table[i].offset;
		size_t size = value_size(&table[i]);
		char place[512];
		if (table[i].reloadable)
			continue;
		if (size > 0 ? memcmp(now, before, size) == 0 : strcmp(*(char **)now, *(char *const *)before) == 0)
			continue;
		settings_place(settings, &table[i], place, sizeof place);
		diagnostics_add(diagnostics, "%s: cannot be changed without a restart; the old value stays", place);
		if (size > 0) {
			memcpy(now, before, size);
		} else {
			const char *text = *(char *const *)before;
			*(const char **)now = settings_keep(settings, text, strlen(text));
		}
	}
}
