/* The log; see log.h. */
#include "proxy/base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static _Atomic int current_level = LOG_LEVEL_INFO;

static const char *const level_labels[] = {"ERROR", "WARNING", "INFO", "DEBUG"};

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&current_level, (int)level, memory_order_relaxed);
}

bool log_enabled(enum log_level level)
{
	return (int)level <= atomic_load_explicit(&current_level, memory_order_relaxed);
}

struct line {
	char text[2048];
	size_t length;
};

static void line_add(struct line *line, const char *format, va_list arguments)
{
	size_t room = sizeof line->text - line->length - 1;
	int written = vsnprintf(line->text + line->length, room, format, arguments);
	if (written > 0)
		line->length += (size_t)written < room ? (size_t)written : room - 1;
}

__attribute__((format(printf, 2, 3))) static void line_print(struct line *line, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	line_add(line, format, arguments);
	va_end(arguments);
}

static void line_start(struct line *line, enum log_level level)
{
	struct timespec now;
	struct tm utc;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	line->length = strftime(line->text, sizeof line->text, "%Y-%m-%d %H:%M:%S", &utc);
	line_print(line, ".%03ld UTC [%d] %s:", now.tv_nsec / 1000000, (int)getpid(), level_labels[level]);
}

void log_write(enum log_level level, const struct log_subject *subject, const char *format, ...)
{
	struct line line;
	va_list arguments;
	if (!log_enabled(level))
		return;
	line_start(&line, level);
	if (subject && subject->session)
		line_print(&line, " session=%llu", subject->session);
	if (subject && subject->user)
		line_print(&line, " user=%s", subject->user);
	if (subject && subject->tenant)
		line_print(&line, " tenant=%s", subject->tenant);
	line_print(&line, " ");
	va_start(arguments, format);
	line_add(&line, format, arguments);
	va_end(arguments);
	for (size_t i = 0; i < line.length; i++)
		if ((unsigned char)line.text[i] < ' ' || line.text[i] == 0x7f)
			line.text[i] = ' ';
	line.text[line.length++] = '\n';
	/* Nothing sensible can be done when standard error is gone. */
	if (write(STDERR_FILENO, line.text, line.length) < 0)
		return;
}
