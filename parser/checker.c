/* The independent proof: a walk over a raw parse tree of PostgreSQL 15 that shows that every tenant relation
 * which the statement reads or writes is confined to one tenant. It shares no code with the rewriter,
 * believes nothing that the rewriter computed, and knows only the tree, the snapshot, the session's names and
 * the number of the tenant's parameter. (What it has in common with the rewriter is quals.c: which conditions
 * the server may test first. Two obligations that the session fulfils when values arrive are taken from the
 * analysis, because they are part of the verdict: parameters that are compared with the tenant, and the
 * transform of COPY data.)
 *
 * What it refuses: every statement kind, node type, join and name that it does not know. */
#include "parser/checker_internal.h"
#include "parser/created.h"

#include <string.h>

bool checker_open(struct checker *checker, int location, const char *message)
{
	if (!checker->open) {
		checker->open = true;
		checker->finding->location = location;
		checker->finding->message = message;
	}
	return false;
}

bool checker_enter(struct checker *checker)
{
	if (checker->depth == checker->max_depth)
		return checker_open(checker, -1, "the statement is nested too deeply");
	checker->depth++;
	return true;
}

void checker_leave(struct checker *checker)
{
	checker->depth--;
}

void checker_into(struct checker *checker, const IntoClause *into)
{
	if (into->rel->relpersistence != 't' &&
		(into->rel->schemaname == NULL || strcmp(into->rel->schemaname, checker_temporary) != 0))
		checker->made = into->rel;
}

/* Is a relation whose rows belong to tenants meant? For statements that work on whole relations. */
static bool names_tenants(struct checker *checker, const RangeVar *name, bool *yes)
{
	struct checker_name found;

	if (!checker_resolve(checker, name, true, &found))
		return false;
	*yes = found.relation && found.relation->isolation != ISOLATION_SHARED &&
		   !created_is_own(found.relation) &&
		   !(found.relation->isolation == ISOLATION_DATA && checker->analysis->policy->allow_data_catalogs);
	checker->touched = checker->touched || *yes;
	return true;
}

static bool check_truncate(struct checker *checker, const TruncateStmt *truncate)
{
	ListCell *cell;

	foreach (cell, truncate->relations) {
		bool tenants;
		if (!names_tenants(checker, lfirst(cell), &tenants))
			return false;
		if (tenants)
			return checker_open(checker, ((const RangeVar *)lfirst(cell))->location,
								"all tenants' rows are removed");
	}
	return true;
}

/* DROP of a guarded relation removes the rows of all tenants. */
static bool check_drop(struct checker *checker, const DropStmt *drop)
{
	ListCell *cell;

	if (checker->analysis->policy->ddl == DDL_ALLOW ||
		(drop->removeType != OBJECT_TABLE && drop->removeType != OBJECT_FOREIGN_TABLE))
		return true;
	foreach (cell, drop->objects) {
		const List *name = lfirst(cell);
		int n = list_length(name);
		RangeVar relation = {.type = T_RangeVar, .location = -1};
		bool tenants;
		relation.relname = strVal(llast(name));
		relation.schemaname = n > 1 ? strVal(list_nth(name, n - 2)) : NULL;
		if (!names_tenants(checker, &relation, &tenants))
			return false;
		if (tenants)
			return checker_open(checker, -1, "a tenant relation is dropped");
	}
	return true;
}

/* --- COPY --- */

static int column_position(const List *columns, const char *name)
{
	for (int i = 0; i < list_length(columns); i++)
		if (strcmp(strVal(list_nth(columns, i)), name) == 0)
			return i;
	return -1;
}

/* COPY relation FROM STDIN: the plan of the data transform must fill or check just the column that the text
 * names. */
static bool check_copy_from(struct checker *checker, const CopyStmt *copy,
							const struct catalog_relation *relation)
{
	const struct copy_plan *plan = checker->analysis->copy;
	int n = list_length(copy->attlist), at;

	if (checker->parameter == 0 || plan == NULL || relation->tenant_column < 0)
		return checker_open(checker, copy->relation->location, "rows of any tenant can be copied in");
	if (relation->isolation != ISOLATION_TENANT || relation->composed)
		return checker_open(checker, copy->relation->location, "the relation cannot be copied into");
	at = column_position(copy->attlist, relation->columns[relation->tenant_column].name);
	if (at >= 0 && plan->append && at == n - 1 && plan->client_columns == (unsigned)n - 1)
		return true;
	if (at >= 0 && !plan->append && plan->check_column == at && plan->client_columns == (unsigned)n)
		return true;
	return checker_open(checker, copy->relation->location,
						"the plan of COPY does not fill the tenant column");
}

static bool check_copy(struct checker *checker, const CopyStmt *copy)
{
	struct checker_name found;

	if (copy->filename || copy->is_program)
		return checker_open(checker, -1, "COPY with a file or a program of the server");
	if (copy->query)
		return checker_query(checker, copy->query);
	bool tenants;
	if (!names_tenants(checker, copy->relation, &tenants) ||
		!checker_resolve(checker, copy->relation, true, &found))
		return false;
	if (!tenants)
		return checker_walk(checker, copy->whereClause);
	if (!copy->is_from)
		return checker_open(checker, copy->relation->location, "all tenants' rows are copied out");
	return check_copy_from(checker, copy, found.relation) && checker_walk(checker, copy->whereClause);
}

/* --- prepared statements --- */

static bool takes_tenant(const struct checker *checker, const char *name)
{
	const struct session_names *names = checker->analysis->names;
	for (size_t i = 0; names && i < names->n_prepared; i++)
		if (strcmp(names->prepared[i], name) == 0)
			return true;
	return false;
}

/* A prepared statement that was guarded takes the tenant as its last argument. */
static bool check_execute(struct checker *checker, const ExecuteStmt *execute)
{
	if (checker->parameter > 0 && takes_tenant(checker, execute->name)) {
		checker->touched = true;
		if (execute->params == NIL || !checker_is_tenant(checker, llast(execute->params)))
			return checker_open(
				checker, -1, "the last argument of a guarded prepared statement is not the tenant's value");
	}
	return checker_walk_list(checker, execute->params);
}

/* The tenant must be the parameter that EXECUTE gives last, not one of the application's. */
static bool check_prepare(struct checker *checker, const PrepareStmt *prepare)
{
	if (!checker_query(checker, prepare->query))
		return false;
	if (checker->used && list_length(prepare->argtypes) != checker->parameter)
		return checker_open(checker, -1, "the tenant is not the last parameter of PREPARE");
	return true;
}

/* EXPLAIN and CREATE TABLE AS take either. */
static bool check_query_or_execute(struct checker *checker, const Node *query);

static bool check_create_as(struct checker *checker, const CreateTableAsStmt *create)
{
	checker_into(checker, create->into);
	return check_query_or_execute(checker, create->query);
}

static bool check_query_or_execute(struct checker *checker, const Node *query)
{
	switch (nodeTag(query)) {
	case T_ExecuteStmt:
		return check_execute(checker, (const ExecuteStmt *)query);
	case T_CreateTableAsStmt:
		return check_create_as(checker, (const CreateTableAsStmt *)query);
	case T_DeclareCursorStmt:
		return checker_query(checker, ((const DeclareCursorStmt *)query)->query);
	default:
		return checker_query(checker, query);
	}
}

/* --- views --- */

/* Through a view of a tenant relation alone, whose rows are not grouped, the server would take new rows without a
 * tenant. */
static bool takes_rows(struct checker *checker, const Node *query, bool *yes)
{
	const SelectStmt *select = (const SelectStmt *)query;
	*yes = false;
	if (!IsA(query, SelectStmt) || select->op != SETOP_NONE || list_length(select->fromClause) != 1 ||
		select->groupClause || !IsA(linitial(select->fromClause), RangeVar))
		return true;
	const RangeVar *relation = linitial(select->fromClause);
	for (int i = 0; select->withClause && i < list_length(select->withClause->ctes); i++)
		if (!relation->schemaname &&
			same_name(((CommonTableExpr *)list_nth(select->withClause->ctes, i))->ctename, relation->relname))
			return true;
	return names_tenants(checker, relation, yes);
}

/* A temporary view is read as it is; one that stays, by its definition, which is guarded then. */
static bool check_view(struct checker *checker, const ViewStmt *view)
{
	bool writable;
	if (view->view->relpersistence != 't' &&
		(view->view->schemaname == NULL || strncmp(view->view->schemaname, checker_temporary, 7) != 0))
		return true;
	if (!takes_rows(checker, view->query, &writable) || !checker_query(checker, view->query))
		return false;
	return !writable || checker_open(checker, view->view->location,
									 "rows of any tenant could be inserted through the temporary view");
}

/* --- statement kinds --- */

/* Kinds that neither deliver nor change rows of a relation. What they may name is for the policy to say. */
static bool moves_no_rows(NodeTag tag)
{
	switch (tag) {
	case T_TransactionStmt:
	case T_VariableSetStmt:
	case T_VariableShowStmt:
	case T_DiscardStmt:
	case T_DeallocateStmt:
	case T_ListenStmt:
	case T_NotifyStmt:
	case T_UnlistenStmt:
	case T_FetchStmt:
	case T_ClosePortalStmt:
	case T_CheckPointStmt:
	case T_LockStmt:
	case T_VacuumStmt:
	case T_ConstraintsSetStmt:
	case T_ClusterStmt:
	case T_ReindexStmt:
	case T_RefreshMatViewStmt:
	case T_LoadStmt:
	case T_DoStmt:
	case T_CommentStmt:
	case T_SecLabelStmt:
	/* schema changes */
	case T_CreateStmt:
	case T_CreateSchemaStmt:
	case T_CreateSeqStmt:
	case T_CreateDomainStmt:
	case T_CreateEnumStmt:
	case T_CreateRangeStmt:
	case T_CreateStatsStmt:
	case T_CreateFunctionStmt:
	case T_CreateTrigStmt:
	case T_CreateCastStmt:
	case T_CreateConversionStmt:
	case T_CreateOpClassStmt:
	case T_CreateOpFamilyStmt:
	case T_CreatePolicyStmt:
	case T_CreateTransformStmt:
	case T_CreateAmStmt:
	case T_CreatePublicationStmt:
	case T_CreateSubscriptionStmt:
	case T_CreateEventTrigStmt:
	case T_CreateExtensionStmt:
	case T_CreateFdwStmt:
	case T_CreateForeignServerStmt:
	case T_CreateForeignTableStmt:
	case T_CreateUserMappingStmt:
	case T_CreatePLangStmt:
	case T_CreateRoleStmt:
	case T_CreateTableSpaceStmt:
	case T_CreatedbStmt:
	case T_CompositeTypeStmt:
	case T_DefineStmt:
	case T_IndexStmt:
	case T_RuleStmt:
	case T_ImportForeignSchemaStmt:
	case T_AlterTableStmt:
	case T_AlterDomainStmt:
	case T_AlterSeqStmt:
	case T_AlterTypeStmt:
	case T_AlterEnumStmt:
	case T_AlterFunctionStmt:
	case T_AlterObjectSchemaStmt:
	case T_AlterObjectDependsStmt:
	case T_AlterOwnerStmt:
	case T_AlterOperatorStmt:
	case T_AlterOpFamilyStmt:
	case T_AlterPolicyStmt:
	case T_AlterStatsStmt:
	case T_AlterCollationStmt:
	case T_AlterExtensionStmt:
	case T_AlterExtensionContentsStmt:
	case T_AlterEventTrigStmt:
	case T_AlterFdwStmt:
	case T_AlterForeignServerStmt:
	case T_AlterUserMappingStmt:
	case T_AlterPublicationStmt:
	case T_AlterSubscriptionStmt:
	case T_AlterTableSpaceOptionsStmt:
	case T_AlterTableMoveAllStmt:
	case T_AlterTSDictionaryStmt:
	case T_AlterTSConfigurationStmt:
	case T_AlterDefaultPrivilegesStmt:
	case T_AlterRoleStmt:
	case T_AlterRoleSetStmt:
	case T_AlterDatabaseStmt:
	case T_AlterDatabaseSetStmt:
	case T_AlterDatabaseRefreshCollStmt:
	case T_AlterSystemStmt:
	case T_RenameStmt:
	case T_GrantStmt:
	case T_GrantRoleStmt:
	case T_DropRoleStmt:
	case T_DropOwnedStmt:
	case T_DropSubscriptionStmt:
	case T_DropTableSpaceStmt:
	case T_DropUserMappingStmt:
	case T_DropdbStmt:
	case T_ReassignOwnedStmt:
		return true;
	default:
		return false;
	}
}

static bool check_statement(struct checker *checker, const Node *statement)
{
	switch (nodeTag(statement)) {
	case T_SelectStmt:
	case T_InsertStmt:
	case T_UpdateStmt:
	case T_DeleteStmt:
	case T_MergeStmt:
	case T_ExecuteStmt:
	case T_CreateTableAsStmt:
	case T_DeclareCursorStmt:
		return check_query_or_execute(checker, statement);
	case T_ExplainStmt:
		return check_query_or_execute(checker, ((const ExplainStmt *)statement)->query);
	case T_PrepareStmt:
		return check_prepare(checker, (const PrepareStmt *)statement);
	case T_CopyStmt:
		return check_copy(checker, (const CopyStmt *)statement);
	case T_TruncateStmt:
		return check_truncate(checker, (const TruncateStmt *)statement);
	case T_DropStmt:
		return check_drop(checker, (const DropStmt *)statement);
	case T_ViewStmt:
		return check_view(checker, (const ViewStmt *)statement);
	case T_CallStmt:
		return checker_walk(checker, (const Node *)((const CallStmt *)statement)->funccall);
	default:
		return moves_no_rows(nodeTag(statement)) ||
			   checker_open(checker, -1, "a statement of a kind that the checker does not know");
	}
}

bool checker_run(const struct analysis *analysis, const Node *statement, int parameter,
				 struct checker_finding *finding)
{
	struct checker checker = {
		.analysis = analysis,
		.parameter = parameter,
		.finding = finding,
		/* The rewriter holds the limit. This is the guard of our own stack, and it may count other nodes than the
		 * rewriter. */
		.max_depth = analysis->policy->max_depth * 2 + 64,
	};

	*finding = (struct checker_finding){.location = -1};
	if (statement && IsA(statement, RawStmt))
		statement = ((const RawStmt *)statement)->stmt;
	if (statement == NULL)
		return checker_open(&checker, -1, "there is no statement");
	checker.statement = statement;
	if (!check_statement(&checker, statement))
		return false;
	if (checker.made && checker.touched && analysis->policy->ddl != DDL_ALLOW)
		return checker_open(&checker, checker.made->location,
							"rows of a tenant are copied into a table that stays");
	finding->value = checker.value;
	return true;
}
