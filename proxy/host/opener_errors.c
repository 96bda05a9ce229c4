/* From libpq's text of a failed connection to an error for the client; see opener.h. libpq keeps the SQLSTATE
 * of such an error to itself; with PQERRORS_VERBOSE it stands in the text: "FATAL:  57P03: the database
 * system is starting up". */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/host/opener_internal.h"

/* The start of the last "XXXXX: message" in the text (several hosts: the last one tried); NULL: the server
 * said nothing. */
static const char *find_sqlstate(const char *text)
{
	const char *found = NULL;
	for (const char *p = strstr(text, ":  "); p; p = strstr(p + 1, ":  ")) {
		const char *state = p + 3;
		size_t length = strspn(state, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");
		if (length == 5 && state[5] == ':' && state[6] == ' ')
			found = state;
	}
	return found;
}

static void copy_line(const char *from, char *to, size_t size)
{
	snprintf(to, size, "%.*s", (int)strcspn(from, "\n"), from);
}

static void copy_field(const char *text, const char *label, char *to, size_t size)
{
	const char *line = strstr(text, label);
	if (line)
		copy_line(line + strlen(label), to, size);
}

/* What the client did, or a state of the server that passes: said as the server said it. */
static bool is_for_client(const char *sqlstate)
{
	static const char *const passed[] = {"57P01", "57P02", "57P03", "53300", "53400",
										 "22023", "42704", "3D000", "25006", "42501",
										 "55000", "0A000", "22007", "22008", "42602"};
	for (size_t i = 0; i < sizeof passed / sizeof *passed; i++)
		if (strncmp(sqlstate, passed[i], 5) == 0)
			return true;
	return false;
}

bool opener_translate_error(const char *text, struct error *error)
{
	const char *state = find_sqlstate(text);
	if (state && is_for_client(state)) {
		char sqlstate[6], message[512];
		snprintf(sqlstate, sizeof sqlstate, "%.5s", state);
		copy_line(state + 7, message, sizeof message);
		error_set(error, sqlstate, "%s", message);
		copy_field(state, "\nDETAIL:  ", error->detail, sizeof error->detail);
		copy_field(state, "\nHINT:  ", error->hint, sizeof error->hint);
		return strcmp(sqlstate, "57P03") == 0;
	}
	if (state) {
		error_set(error, "08001", "tenantry is not let in by its PostgreSQL server");
		error_hint(error,
				   "This is about the configuration of tenantry, not about the client; its log says more.");
		return false;
	}
	error_set(error, "08001", "tenantry cannot reach its PostgreSQL server");
	error_hint(error, "The log of tenantry says more.");
	return true;
}

char *opener_log_text(const char *text)
{
	char *line = strdup(text), *location;
	if (!line)
		abort();
	location = strstr(line, "\nLOCATION:");
	if (location)
		*location = 0;
	for (size_t length = strlen(line); length > 0 && isspace((unsigned char)line[length - 1]); length--)
		line[length - 1] = 0;
	return line;
}
