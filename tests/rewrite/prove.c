/* Ends the proof at the first statement of a message that changes how later names are read (SET search_path,
 * temporary relations, PREPARE): following these is the session's business and tested there. */
#include "tests/rewrite/prove.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser/analysis.h"

struct text {
	char *bytes;
	size_t length, room;
};

static void append(void *to, const char *bytes, size_t length)
{
	struct text *text = to;
	if (text->length + length + 1 > text->room) {
		text->room = (text->length + length + 1) * 2;
		text->bytes = realloc(text->bytes, text->room);
		if (text->bytes == NULL)
			abort();
	}
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
	text->bytes[text->length] = '\0';
}

char *prove_rendered(const struct verdict *verdict, size_t statement, const char *original, const char *slot)
{
	struct text text = {0};
	append(&text, "", 0);
	statement_render(verdict, statement, original, slot, append, &text);
	return text.bytes;
}

static bool find_parameters(Node *node, void *highest)
{
	if (node == NULL)
		return false;
	if (IsA(node, ParamRef) && ((ParamRef *)node)->number > *(int *)highest)
		*(int *)highest = ((ParamRef *)node)->number;
	return raw_expression_tree_walker(node, find_parameters, highest);
}

/* PREPARE's own parameters are not those of the message: the tenant is the last of them, if it takes the tenant. */
static int prepare_parameter(const PrepareStmt *prepare, const struct statement *statement)
{
	int highest = 0;
	bool takes = false;
	for (size_t i = 0; i < statement->n_effects; i++)
		takes |= statement->effects[i].kind == EFFECT_PREPARE && statement->effects[i].flag;
	if (takes)
		return list_length(prepare->argtypes);
	find_parameters(prepare->query, &highest);
	return highest + 1;
}

static const char *prove_text(const struct guard_request *request, const struct statement *statement,
							  const char *text, int parameter, enum tenant_type type, char *room, size_t size)
{
	struct analysis analysis = {
		.request = request,
		.catalog = request->catalog,
		.policy = request->policy,
		.names = request->names,
		.text = text,
		.text_length = strlen(text),
		.tenant_type = type,
		.checks = {.items = (struct tenant_check *)statement->checks, .n = statement->n_checks},
		.copy = (struct copy_plan *)statement->copy};
	struct checker_finding finding;
	const char *open = NULL;
	ListCell *cell;

	MemoryContext context = pg_query_enter_memory_context();
	PgQueryInternalParsetreeAndError parsed = pg_query_raw_parse(text);
	if (parsed.error) {
		snprintf(room, size, "does not parse: %s", parsed.error->message);
		open = room;
	} else if (list_length(parsed.tree) > 1) {
		open = "one statement became several";
	}
	if (open == NULL)
		foreach (cell, parsed.tree) {
			const Node *node = ((const RawStmt *)lfirst(cell))->stmt;
			int number =
				IsA(node, PrepareStmt) ? prepare_parameter((const PrepareStmt *)node, statement) : parameter;
			if (!checker_run(&analysis, node, number > 0 ? number : 65535, &finding))
				open = finding.message;
		}
	free(parsed.stderr_buffer);
	if (parsed.error)
		pg_query_free_error(parsed.error);
	pg_query_exit_memory_context(context);
	return open;
}

static bool changes_names(const struct statement *statement)
{
	for (size_t i = 0; i < statement->n_effects; i++)
		switch (statement->effects[i].kind) {
		case EFFECT_NONE:
		case EFFECT_BEGIN:
		case EFFECT_SAVEPOINT:
		case EFFECT_EXECUTE:
		case EFFECT_TENANTS_CHANGE:
			break;
		default:
			return true;
		}
	return false;
}

const char *prove_verdict(const struct guard_request *request, const struct verdict *verdict, char *room,
						  size_t size)
{
	int parameter = verdict->tenant_parameter ? (int)verdict->tenant_parameter : (int)verdict->parameters + 1;
	char slot[16];

	if (parameter > 65535)
		return NULL;
	snprintf(slot, sizeof slot, "$%d", parameter);
	for (size_t i = 0; i < verdict->n_statements; i++) {
		const struct statement *statement = &verdict->statements[i];
		if (statement->kind == VERDICT_REFUSE)
			return NULL; /* what follows is never run */
		char *text = prove_rendered(verdict, i, request->text, slot);
		const char *open = prove_text(request, statement, text, parameter, verdict->tenant_type, room, size);
		free(text);
		if (open)
			return open;
		if (changes_names(statement))
			return NULL;
	}
	return NULL;
}
