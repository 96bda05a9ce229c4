/* Printed progress; see progress.h. */
#include "proxy/schema/progress.h"

#include <stdarg.h>

#include "proxy/base/log.h"

static const char rule[] = "============================================================";

void progress_begin(struct progress *progress, const char *title)
{
	progress->section = -1;
	progress->number = 0;
	if (!progress->out)
		return;
	fprintf(progress->out, "%s\n%s\n%s\n", rule, title, rule);
	fflush(progress->out);
}

static void section_title(struct progress *progress, int section)
{
	FILE *out = progress->out;
	const struct schema_settings *settings = progress->settings;
	switch (section) {
	case SECTION_TENANTS:
		fprintf(out, "Creating table '%s'...\n", progress->tenants);
		break;
	case SECTION_DEFAULT_TENANT:
		fprintf(out, "Creating the default tenant (id=%s)...\n", settings->default_tenant);
		break;
	case SECTION_COLUMNS:
		fprintf(out, "Adding column %s to existing tables...\n", settings->tenant_column);
		break;
	case SECTION_INDEXES:
		fprintf(out, "Creating performance indexes for %s...\n", settings->tenant_column);
		break;
	case SECTION_FOREIGN_KEYS:
		fprintf(out, "Creating foreign keys to '%s'...\n", progress->tenants);
		break;
	case SECTION_UNIQUE:
		fprintf(out, "Widening unique keys with the tenant...\n");
		break;
	case SECTION_TENANT_KEYS:
		fprintf(out, "Widening foreign keys with the tenant...\n");
		break;
	case SECTION_ROW_SECURITY:
		fprintf(out, "Adding row-level security policies...\n");
		break;
	default:
		fprintf(out, "Taking back what the migration made...\n");
	}
}

static void enter_section(struct progress *progress, int section)
{
	if (!progress->out || progress->section == section)
		return;
	progress->section = section;
	fprintf(progress->out, "\n%d. ", ++progress->number);
	section_title(progress, section);
}

static void print_line(struct progress *progress, const char *mark, const char *text)
{
	if (!progress->out)
		return;
	fprintf(progress->out, "   %s %s\n", mark, text);
	fflush(progress->out);
}

void progress_present(struct progress *progress, const struct item *item)
{
	enter_section(progress, (int)item->section);
	print_line(progress, "✅", item->text);
	progress->report.already++;
	log_write(LOG_LEVEL_DEBUG, NULL, "migration: %s", item->text);
}

void progress_done(struct progress *progress, const struct item *item, double seconds)
{
	enter_section(progress, (int)item->section);
	/* What is gathered after a column was added needs no line of its own. */
	if (item->need != NEED_STATISTICS)
		print_line(progress, "✅", item->text);
	progress->report.done++;
	log_write(LOG_LEVEL_INFO, NULL, "migration: %s (%.0f ms)", item->text, seconds * 1000);
}

void progress_warning(struct progress *progress, const struct item *item)
{
	enter_section(progress, (int)item->section);
	print_line(progress, "⚠️ ", item->text);
	if (item->hint && progress->out)
		fprintf(progress->out, "      %s\n", item->hint);
	progress->report.warnings++;
	log_write(LOG_LEVEL_WARNING, NULL, "migration: %s", item->text);
}

void progress_failed(struct progress *progress, const struct item *item, const struct error *error)
{
	enter_section(progress, (int)item->section);
	print_line(progress, "❌", error->message);
	if (progress->out && error->detail[0])
		fprintf(progress->out, "      %s\n", error->detail);
	if (progress->out && error->hint[0])
		fprintf(progress->out, "      %s\n", error->hint);
	log_write(LOG_LEVEL_ERROR, NULL, "migration: %s: %s", error->sqlstate, error->message);
}

void progress_note(struct progress *progress, const char *format, ...)
{
	char text[1024];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	print_line(progress, "…", text);
	log_write(LOG_LEVEL_INFO, NULL, "migration: %s", text);
}

void progress_end(struct progress *progress, const char *verdict)
{
	const struct migration_report *report = &progress->report;
	if (!progress->out)
		return;
	fprintf(progress->out, "\n%s\n%s\n%s\n", rule, verdict, rule);
	fprintf(progress->out, "%d done, %d already there, %d warning%s\n", report->done, report->already,
			report->warnings, report->warnings == 1 ? "" : "s");
	fflush(progress->out);
	log_write(LOG_LEVEL_INFO, NULL, "migration: ended: %d done, %d already there, %d warnings%s",
			  report->done, report->already, report->warnings,
			  report->background_left ? ", indexes and keys follow" : "");
}
