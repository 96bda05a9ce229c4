/* Parameters of PREPARE that the application gives a tenant column. The column gets
 *
 *     CASE WHEN ($1)::T = tenant THEN tenant WHEN <fails> THEN tenant ELSE tenant END
 *
 * which is the tenant whatever EXECUTE's argument is, and fails where the column would have got something else. The
 * session says then what that error means (PREPARED_OTHER_TENANT). The parameter stays where it stood, so that the
 * server tells its type as it would have. */
#include "parser/rewrite.h"

#include <string.h>

bool tenant_given(struct analysis *analysis, Node **place, size_t begin, size_t end)
{
	const Node *value = *place;
	while (IsA(value, TypeCast))
		value = (const Node *)((const TypeCast *)value)->arg;
	struct given *given = palloc0(sizeof *given);
	*given = (struct given){.place = place,
							.number = ((const ParamRef *)value)->number,
							.begin = begin,
							.end = end,
							.next = analysis->rewrite->given};
	analysis->rewrite->given = given;
	return true;
}

/* WHEN <condition> THEN tenant */
static CaseWhen *tenant_when(struct analysis *analysis, Node *condition)
{
	CaseWhen *when = MAKE(CaseWhen);
	when->expr = (Expr *)condition;
	when->result = (Expr *)tenant_node(analysis);
	return when;
}

/* An error, if it is evaluated; not by the planner, as the function is stable. */
static Node *failing_condition(void)
{
	A_Const *name = MAKE(A_Const);
	name->val.sval.type = T_String;
	name->val.sval.sval = PREPARED_OTHER_TENANT;
	FuncCall *call = MAKE(FuncCall);
	call->funcname = list_make2(tree_string("pg_catalog"), tree_string("current_setting"));
	call->args = list_make1(name);
	return tree_cast((Node *)call, "bool");
}

static Node *checked_value(struct analysis *analysis, Node *value)
{
	A_Expr *same =
		tree_equals(tree_cast(value, tenant_type_internal(analysis->tenant_type)), tenant_node(analysis));
	same->name = list_make2(tree_string("pg_catalog"), tree_string("="));
	CaseExpr *expression = MAKE(CaseExpr);
	expression->args =
		list_make2(tenant_when(analysis, (Node *)same), tenant_when(analysis, failing_condition()));
	expression->defresult = (Expr *)tenant_node(analysis);
	return (Node *)expression;
}

/* All of it is inserted where the value begins: behind it something else may have been. */
static bool check_given(struct analysis *analysis, const struct given *given)
{
	size_t start = token_at(analysis, given->begin)->start, stop = end_before(analysis, given->end);
	const char *type = tenant_type_internal(analysis->tenant_type);
	const char *value = analysis_text("CASE WHEN (%.*s)::pg_catalog.%s OPERATOR(pg_catalog.=) ",
									  (int)(stop - start), analysis->text + start, type);
	static const char fails[] =
		" WHEN pg_catalog.current_setting('" PREPARED_OTHER_TENANT "')::pg_catalog.bool THEN ";
	*given->place = checked_value(analysis, *given->place);
	analysis->uses_tenant = true;
	return splice_text(analysis, start, 0, value) && splice_tenant(analysis, start) &&
		   splice_text(analysis, start, 0, " THEN ") && splice_tenant(analysis, start) &&
		   splice_text(analysis, start, 0, fails) && splice_tenant(analysis, start) &&
		   splice_text(analysis, start, 0, " ELSE ") && splice_tenant(analysis, start) &&
		   splice_text(analysis, start, stop - start, " END");
}

/* The session has nothing to compare any more. */
static void forget_check(struct check_list *checks, int number)
{
	size_t n = 0;
	for (size_t i = 0; i < checks->n; i++)
		if (checks->items[i].parameter != number)
			checks->items[n++] = checks->items[i];
	checks->n = n;
}

/* The check of the lowest parameter above `last`; NULL: there is none. */
static const struct tenant_check *next_check(const struct check_list *list, int last)
{
	const struct tenant_check *next = NULL;
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].parameter > last && (!next || list->items[i].parameter < next->parameter))
			next = &list->items[i];
	return next;
}

bool settle_given(struct analysis *analysis, const char *prepared, const char **checks)
{
	const struct tenant_check *next;
	*checks = NULL;
	for (int last = 0; (next = next_check(&analysis->checks, last)) != NULL;) {
		const char *relation = next->relation;
		last = next->parameter;
		if (!rewrite_work(analysis, analysis->tokens->n + 5 * analysis->checks.n))
			return false;
		if (strchr(relation, 1) || strchr(prepared, 1))
			return analysis_refuse(analysis, "0A000", -1,
								   "the tenant column cannot be given as a parameter of PREPARE like this",
								   "A name has a control character that tenantry uses itself.",
								   "Leave the tenant column out: tenantry adds it.");
		forget_check(&analysis->checks, last);
		*checks = analysis_text("%s%s%d %s", *checks ? *checks : "", *checks ? "\1" : "", last, relation);
	}
	for (const struct given *given = analysis->rewrite->given; given; given = given->next)
		if (!check_given(analysis, given))
			return false;
	return true;
}
