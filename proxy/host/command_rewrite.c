/* tenantry rewrite: what would be done with SQL text, for people (a marked difference on a terminal) and for
 * programs. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parser/tenant_type.h"
#include "parser/verdict.h"
#include "proxy/host/catalogs.h"
#include "proxy/host/commands.h"
#include "proxy/host/configuration.h"

static char *read_all(FILE *in, size_t *length)
{
	char *text = NULL;
	size_t room = 0;
	*length = 0;
	do {
		room = room ? room * 2 : 65536;
		text = realloc(text, room + 1);
		if (!text)
			abort();
		*length += fread(text + *length, 1, room - *length, in);
	} while (*length == room);
	text[*length] = 0;
	return text;
}

struct output {
	FILE *file;
	bool begun; /* white space before the statement is left out */
};

static void write_text(void *to, const char *bytes, size_t length)
{
	struct output *output = to;
	while (!output->begun && length > 0 && strchr(" \t\r\n", *bytes)) {
		bytes++;
		length--;
	}
	output->begun = output->begun || length > 0;
	fwrite(bytes, 1, length, output->file);
}

/* The statement with its splices shown: what comes green, what goes red and crossed out. */
static void print_difference(FILE *out, const struct statement *statement, const char *text, const char *slot)
{
	size_t at = statement->start, end = statement->start + statement->length;
	size_t first = statement->n_splices ? statement->splices[0].at : end;
	while (at < first && strchr(" \t\r\n", text[at]))
		at++;
	for (size_t i = 0; i < statement->n_splices; i++) {
		const struct splice *splice = &statement->splices[i];
		fwrite(text + at, 1, splice->at - at, out);
		if (splice->remove)
			fprintf(out, "\033[31;9m%.*s\033[0m", (int)splice->remove, text + splice->at);
		if (splice->tenant)
			fprintf(out, "\033[32;1m%s\033[0m", slot);
		else
			fprintf(out, "\033[32m%.*s\033[0m", (int)splice->insert_length,
					splice->insert ? splice->insert : "");
		at = splice->at + splice->remove;
	}
	fwrite(text + at, 1, end - at, out);
}

static void print_refusal(FILE *out, const struct refusal *refusal)
{
	fprintf(out, "-- ERROR %s: %s\n", refusal->sqlstate, refusal->message);
	if (refusal->detail)
		fprintf(out, "-- DETAIL: %s\n", refusal->detail);
	if (refusal->hint)
		fprintf(out, "-- HINT: %s\n", refusal->hint);
	if (refusal->position)
		fprintf(out, "-- at character %d\n", refusal->position);
}

static const char *reason(const struct statement *statement)
{
	if (statement->kind == VERDICT_REFUSE)
		return "refused";
	if (!statement->touches_tenant)
		return "names no tenant table";
	return statement->self_safe ? "was safe by itself" : "needs the tenant";
}

static void print_statement(FILE *out, const struct verdict *verdict, size_t i, const char *text,
							const char *slot, bool terminal)
{
	static const char *const kinds[] = {"PASS", "GUARD", "REFUSE"};
	const struct statement *statement = &verdict->statements[i];
	struct output output = {.file = out};
	if (statement->is_empty)
		return;
	fprintf(out, "-- %zu: %s (%s)\n", i + 1, kinds[statement->kind], reason(statement));
	if (statement->kind == VERDICT_REFUSE) {
		print_refusal(out, statement->refusal);
		return;
	}
	if (terminal)
		print_difference(out, statement, text, slot);
	else if (statement->kind == VERDICT_PASS)
		write_text(&output, text + statement->start, statement->length);
	else
		statement_render(verdict, i, text, slot, write_text, &output);
	fputs(";\n", out);
}

static int rewrite(const struct configuration *configuration, const struct catalog *catalog)
{
	char slot[TENANT_LITERAL_MAX + 1] = "";
	const char *tenant = configuration->session.default_tenant;
	struct session_names names = {.search_path = catalog_default_search_path(catalog)};
	struct guard_request request = {
		.protocol = PROTOCOL_SIMPLE,
		.catalog = catalog,
		.policy = &configuration->policy,
		.names = &names,
		.right = tenant ? RIGHT_BOUND : RIGHT_CHOOSE,
	};
	char *text = read_all(stdin, &request.length);
	request.text = text;
	if (tenant)
		slot[tenant_value_literal(configuration->policy.tenant_type, tenant, slot)] = 0;
	struct verdict *verdict = guard(&request);
	for (size_t i = 0; i < verdict->n_statements; i++)
		print_statement(stdout, verdict, i, text, slot, isatty(STDOUT_FILENO));
	if (!tenant && verdict->uses_tenant)
		fputs("tenantry: no tenant is named; give one with --tenant\n", stderr);
	int code = verdict->kind == VERDICT_REFUSE || (!tenant && verdict->uses_tenant);
	verdict_unref(verdict);
	free(text);
	return code;
}

int command_rewrite(struct configuration *configuration)
{
	struct error error;
	struct catalogs *catalogs = catalogs_new(configuration, &error);
	if (!catalogs) {
		fprintf(stderr, "tenantry: %s %s\n", error.message, error.detail);
		return 1;
	}
	struct catalog *catalog = catalogs_current(catalogs);
	int code = rewrite(configuration, catalog);
	catalog_unref(catalog);
	catalogs_free(catalogs);
	return code;
}
