/* CREATE SCHEMA with elements: each is judged as the statement that it could be, in the order in which the server makes
 * them (transformCreateSchemaStmtElements() in parse_utilcmd.c), with the new schema before search_path. Views, whose
 * text would have to be taken out of it, are refused. */
#include <string.h>

#include "parser/message_names.h"
#include "parser/schema_change.h"
#include "parser/scope.h"
#include "parser/tree.h"

static const NodeTag ORDER[] = {T_CreateSeqStmt, T_CreateStmt, T_IndexStmt, T_CreateTrigStmt};
enum { KINDS = sizeof ORDER / sizeof *ORDER };

static RangeVar *element_name(Node *element)
{
	switch (nodeTag(element)) {
	case T_CreateSeqStmt:
		return ((CreateSeqStmt *)element)->sequence;
	case T_CreateStmt:
		return ((CreateStmt *)element)->relation;
	case T_IndexStmt:
		return ((IndexStmt *)element)->relation;
	case T_CreateTrigStmt:
		return ((CreateTrigStmt *)element)->relation;
	default:
		return NULL;
	}
}

static bool refuse_element(struct analysis *analysis, const char *what)
{
	return analysis_refuse(
		analysis, "0A000", -1, analysis_text("CREATE SCHEMA with %s is not supported", what),
		"tenantry looks at such statements by themselves.", "Create the schema first, then what is in it.");
}

static bool create_element(struct analysis *analysis, Node *element, const char *schema)
{
	RangeVar *name = element_name(element);
	char *written = name->schemaname;
	if (written && strcmp(written, schema) != 0)
		return analysis_refuse(
			analysis, "42P15", -1,
			analysis_text("CREATE specifies a schema (%s) different from the one being created (%s)", written,
						  schema),
			NULL, NULL);
	name->schemaname = (char *)schema;
	bool fine = statement_schema_change(analysis, element);
	name->schemaname = written;
	return fine;
}

static bool create_in(struct analysis *analysis, const char *schema, const List *elements)
{
	const char *path = scope_path_text(analysis);
	struct message_names *after = palloc0(sizeof *after);
	after->names = *analysis->names;
	after->names.search_path = text_concat(text_identifier(schema), *path ? ", " : "", path, NULL);
	analysis->names = &after->names;
	for (int kind = 0; kind < KINDS; kind++) {
		ListCell *cell;
		foreach (cell, elements) {
			size_t n = analysis->effects.n;
			if (nodeTag(lfirst(cell)) != ORDER[kind])
				continue;
			analysis->path = NULL;
			if (!create_element(analysis, lfirst(cell), schema))
				return false;
			for (; n < analysis->effects.n; n++)
				message_names_apply(after, analysis->policy, &analysis->effects.items[n]);
		}
	}
	return true;
}

bool schema_create_elements(struct analysis *analysis, const char *schema, const List *elements)
{
	const struct session_names *names = analysis->names;
	const struct scope_path *path = analysis->path;
	ListCell *cell;
	foreach (cell, elements)
		if (element_name(lfirst(cell)) == NULL)
			return refuse_element(analysis, "views or privileges");
	if (elements && schema == NULL)
		return refuse_element(analysis, "elements, but without a name,");
	bool fine = elements == NIL || create_in(analysis, schema, elements);
	analysis->names = names;
	analysis->path = path;
	return fine;
}
