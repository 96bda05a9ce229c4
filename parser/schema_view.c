/* CREATE VIEW. A view over tenant relations gets no predicate: it is read by its definition, which is guarded in the
 * reader's session (rewrite_view.c). Hidden tenant columns are left out of its stars. A temporary one is guarded like
 * any other query of the session, for the tenant of now, and read as it is.
 *
 * Refused: views over such relations whose name means something already, which sessions with an older snapshot would go
 * on reading as what it was; what is computed by flagged functions; and all but temporary ones for users that are bound
 * to a tenant. */
#include <stdlib.h>
#include <string.h>

#include "parser/catalog_internal.h"
#include "parser/encoding.h"
#include "parser/schema_change.h"
#include "parser/tokens.h"

static const char WHAT[] = "this CREATE VIEW";

/* Why a view of this text would be dangerous whatever relations it reads; NULL: it is not. */
static const char *unclean_code(struct analysis *analysis)
{
	if (analysis->request->name_bytes != NAMES_ALIKE && !text_is_ascii(analysis->text, analysis->text_length))
		return schema_unclean(analysis);
	const char *text = schema_text(analysis);
	const char *why = body_scan_code(analysis->catalog, text);
	return why ? why : schema_shows_settings(text);
}

static bool create_temporary(struct analysis *analysis, const ViewStmt *view)
{
	const char *why = unclean_code(analysis);
	analysis->temporary_view = !why;
	return !why ||
		   analysis_refuse(analysis, "42501", view->view->location, "this temporary view cannot be created",
						   why, "Create a temporary table from the query.");
}

bool schema_create_view(struct analysis *analysis, ViewStmt *view)
{
	if (schema_is_temporary(view->view))
		return create_temporary(analysis, view);
	bool bound = analysis->request->right == RIGHT_BOUND;
	if (view->replace && bound && schema_target(analysis, view->view).relation &&
		!schema_unsafe(analysis, view->view->location, "CREATE OR REPLACE of a view that exists",
					   SCHEMA_FOR_ALL))
		return false;
	if (!schema_permitted(analysis))
		return false;
	const char *why = bound ? schema_unclean(analysis) : unclean_code(analysis);
	if (why && !schema_unsafe(analysis, -1, WHAT, why))
		return false;
	analysis->defines_view = !why && analysis->policy->ddl != DDL_ALLOW;
	return analysis->defines_view || schema_view_made(analysis, view, why != NULL, NULL);
}

/* Does the name mean anything to sessions whose snapshot does not show the view yet, or to code that was looked at
 * before it was there? */
static const char *means_something(struct analysis *analysis, const RangeVar *name)
{
	for (size_t i = 0; i < catalog_relation_count(analysis->catalog); i++) {
		const struct catalog_relation *relation = catalog_relation_at(analysis->catalog, i);
		if (strcmp(relation->name, name->relname) == 0 && relation->isolation != ISOLATION_VIEW)
			return "another relation has the name of the view";
	}
	for (size_t i = 0; i < catalog_function_count(analysis->catalog); i++) {
		const struct catalog_function *function = catalog_function_at(analysis->catalog, i);
		if (function->body && !function->flagged && created_word(function->body, name->relname))
			return analysis_text("function \"%s\" names the view already", function->name);
	}
	return created_any_function(analysis) ? "a function made in the same transaction may name the view"
										  : NULL;
}

bool schema_view_made(struct analysis *analysis, const ViewStmt *view, bool foreign,
					  const struct catalog_relation *known)
{
	if (!foreign) {
		if (!created_maybe_any(analysis))
			schema_record_relation(analysis, view->view, 'v', view->replace);
		return true;
	}
	const char *why = analysis->policy->ddl == DDL_ALLOW ? NULL : means_something(analysis, view->view);
	if (why) {
		analysis->unknown_name = true; /* perhaps that is gone meanwhile */
		return schema_unsafe(analysis, view->view->location, "this view over tenant relations", why);
	}
	schema_record_tenant_view(analysis, view->view, known);
	return true;
}
