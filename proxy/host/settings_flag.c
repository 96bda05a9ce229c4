/* Settings on the command line; see settings.h. Every row of the table is a flag: max_clients is
 * --max-clients. A row of [migration] can also be written --migration-NAME, which is needed where [tenantry]
 * has the same name. */
#include "proxy/host/settings.h"

#include <string.h>

enum { NAME_MAX_LENGTH = 64 };

static const struct setting *find(const char *name)
{
	static const char prefix[] = "migration_";
	const struct setting *setting = settings_find("tenantry", name);
	if (!setting)
		setting = settings_find("migration", name);
	if (!setting && strncmp(name, prefix, sizeof prefix - 1) == 0)
		setting = settings_find("migration", name + sizeof prefix - 1);
	return setting;
}

bool settings_flag(struct settings *settings, int argc, char **argv, int *i, struct diagnostics *diagnostics)
{
	const char *flag = argv[*i], *value = strchr(flag, '=');
	size_t length = value ? (size_t)(value - flag) : strlen(flag);
	char name[NAME_MAX_LENGTH];
	if (strncmp(flag, "--", 2) != 0 || length < 3 || length - 2 >= sizeof name)
		return false;
	for (size_t n = 2; n < length; n++)
		name[n - 2] = flag[n] == '-' ? '_' : flag[n];
	name[length - 2] = 0;
	const struct setting *setting = find(name);
	if (!setting)
		return false;
	if (value) {
		value++;
	} else if (*i + 1 < argc) {
		value = argv[++*i];
	} else {
		diagnostics_add(diagnostics, "command line: %s needs a value", flag);
		value = NULL;
	}
	if (value)
		settings_set(settings, setting, value, (struct setting_source){SOURCE_COMMAND_LINE, 0}, diagnostics);
	++*i;
	return true;
}
