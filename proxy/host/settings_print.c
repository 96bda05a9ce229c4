/* The settings for people: --help and the annotated sample file, both made from the table; see settings.h. */
#include "proxy/host/settings.h"

#include <string.h>

static void print_lines(FILE *out, const char *prefix, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		fprintf(out, "%s%.*s\n", prefix, (int)length, text);
		text += length;
		text += *text == '\n';
	}
}

/* "one of: a, b" or what else a person needs to know to write a value. */
static void print_kind(FILE *out, const struct setting *setting)
{
	static const char *const what[] = {
		[SETTING_TEXT] = "text",     [SETTING_SECRET] = "text, never printed", [SETTING_LIST] = "list",
		[SETTING_NUMBER] = "number", [SETTING_DURATION] = "duration",          [SETTING_SIZE] = "size",
		[SETTING_CHOICE] = "one of", [SETTING_SWITCH] = "yes or no",
	};
	fputs(what[setting->kind], out);
	if (setting->kind == SETTING_CHOICE)
		fprintf(out, ": %s", setting->words);
	else if (setting->words)
		fprintf(out, " or %s", setting->words);
}

static void print_flag_name(FILE *out, const struct setting *setting)
{
	char name[128];
	bool shadowed = strcmp(setting->section, "migration") == 0 && settings_find("tenantry", setting->name);
	snprintf(name, sizeof name, "%s%s", shadowed ? "migration-" : "", setting->name);
	for (char *p = name; *p; p++)
		if (*p == '_')
			*p = '-';
	fprintf(out, "  --%s VALUE  (", name);
	print_kind(out, setting);
	if (*setting->standard)
		fprintf(out, "; default %s", setting->standard);
	fputs(")\n", out);
}

void settings_print_flags(FILE *out)
{
	const char *section = "";
	for (size_t i = 0; i < settings_count(); i++) {
		const struct setting *setting = settings_row(i);
		if (strcmp(setting->section, section) != 0) {
			section = setting->section;
			fprintf(out, "\nSettings of [%s]:\n", section);
		}
		print_flag_name(out, setting);
		print_lines(out, "        ", setting->help);
	}
}

static const char sample_head[] =
	"# Configuration of tenantry. Every setting there is, with its default; remove the ; in front of a line "
	"to change it.\n"
	"# Each one can be given on the command line too, and goes first there: --max-clients 50\n"
	"# Durations have a unit (500ms, 30s, 5min, 2h, 1d), sizes may have one (64kB, 16MB). A list is "
	"separated by commas and can be\n"
	"# continued on lines that begin with white space. This file is printed by `tenantry --sample`.\n";

static const char sample_users[] =
	"\n[users]\n"
	"# Who may come in:\n"
	"#\n"
	"#   name = password or SCRAM verifier, tenant=42, sessions=10\n"
	"#\n"
	"# `tenantry password` prints a verifier for a password that you type. A password with a comma, a "
	"semicolon or quotes is put\n"
	"# in double quotes, with \"\" for a quote inside.\n"
	"#   tenant=42   the user works for tenant 42 and no other\n"
	"#   tenant=*    the user may choose: SET app.tenant_id = 42, ?options=-c%20app.tenant_id%3D42, or log "
	"in as name.42\n"
	"#   bypass      nothing is rewritten for this user: it sees all tenants\n"
	"#   sessions=10 at most so many sessions at a time\n"
	"#   md5         logs in by PostgreSQL's old md5 exchange, for drivers that know no other; the password "
	"may then be given\n"
	"#               as its md5 hash, as pg_authid has it. Everybody else uses SCRAM-SHA-256\n"
	"# Without tenant= and bypass a user may choose. The user of the upstream's URL comes in with the URL's "
	"password and may\n"
	"# choose, unless it has a line here; a line without a password keeps the URL's.\n"
	";shop = SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$..., tenant=42\n"
	";dashboard = \"secret, with a comma\", bypass, sessions=5\n";

static void print_sample_setting(FILE *out, const struct setting *setting)
{
	fputc('\n', out);
	print_lines(out, "# ", setting->help);
	fputs("# (", out);
	print_kind(out, setting);
	fputs(setting->reloadable ? ")\n" : "; changed by a restart only)\n", out);
	fprintf(out, ";%s =%s%s\n", setting->name, *setting->standard ? " " : "", setting->standard);
}

void settings_print_sample(FILE *out)
{
	const char *section = "";
	fputs(sample_head, out);
	for (size_t i = 0; i < settings_count(); i++) {
		const struct setting *setting = settings_row(i);
		if (strcmp(setting->section, section) != 0) {
			section = setting->section;
			fprintf(out, "\n[%s]\n", section);
		}
		print_sample_setting(out, setting);
	}
	fputs(sample_users, out);
}
