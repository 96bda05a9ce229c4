/* Errors as values; see error.h. */
#include "proxy/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Formats into a fixed field; a text that was cut ends before the first byte of the character that did
 * not fit. */
static void format_field(char *field, size_t size, const char *format, va_list arguments)
{
	int length = vsnprintf(field, size, format, arguments);
	if (length < 0 || (size_t)length < size)
		return;
	size_t end = size - 1;
	while (end > 0 && ((unsigned char)field[end - 1] & 0xc0) == 0x80)
		end--;
	if (end > 0 && (unsigned char)field[end - 1] >= 0xc0)
		end--;
	field[end] = 0;
}

bool error_set(struct error *error, const char *sqlstate, const char *format, ...)
{
	va_list arguments;
	memset(error, 0, sizeof *error);
	snprintf(error->sqlstate, sizeof error->sqlstate, "%s", sqlstate);
	va_start(arguments, format);
	format_field(error->message, sizeof error->message, format, arguments);
	va_end(arguments);
	return false;
}

void error_detail(struct error *error, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	format_field(error->detail, sizeof error->detail, format, arguments);
	va_end(arguments);
}

void error_hint(struct error *error, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	format_field(error->hint, sizeof error->hint, format, arguments);
	va_end(arguments);
}
