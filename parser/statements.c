/* The table of statement kinds, and what statements do to the state of the session; see "Everything else" of
 * the specification.
 *
 * Every kind that the grammar of PostgreSQL 15 can return is listed as PASS, GUARD, SCHEMA (schema_change.c),
 * UNSAFE (a schema change that only ddl = allow lets through) or REFUSE. What is not listed is refused. */
#include <string.h>

#include "parser/analysis.h"
#include "parser/body.h"
#include "parser/constant.h"
#include "parser/expressions.h"
#include "parser/schema_change.h"
#include "parser/session_effects.h"

enum class { CLASS_PASS, CLASS_GUARD, CLASS_SCHEMA, CLASS_UNSAFE, CLASS_REFUSE };

struct rule {
	NodeTag tag;
	enum class class;
	const char *what; /* for messages; NULL where none is needed */
	/* Looks inside, for what the class does not say. False: refused. */
	bool (*examine)(struct analysis *analysis, Node *statement);
};

static enum verdict_kind judge(struct analysis *analysis, Node *statement, bool nested);

/* --- statements with something inside --- */

static bool examine_call(struct analysis *analysis, Node *statement)
{
	return expression_examine(analysis, (Node *)((CallStmt *)statement)->funccall);
}

static bool examine_do(struct analysis *analysis, Node *statement)
{
	const char *language = "plpgsql", *body = "";
	List *arguments = ((DoStmt *)statement)->args;
	for (int i = 0; i < list_length(arguments); i++) {
		DefElem *argument = list_nth(arguments, i);
		*(strcmp(argument->defname, "language") == 0 ? &language : &body) = strVal(argument->arg);
	}
	const char *why = body_scan_sent(analysis, language, body);
	if (why)
		return analysis_refuse(analysis, "42501", -1, "this DO block cannot be run by a tenant",
							   analysis_text("What it does is not confined to a tenant: %s.", why),
							   "Run its statements themselves, or run it without tenantry.");
	return !body_changes_schema(body) || schema_permitted(analysis);
}

/* What EXPLAIN, PREPARE and DECLARE CURSOR hold: judged by its own rule, but it has effects only where it is
 * executed here. */
static bool examine_inner(struct analysis *analysis, Node *inner, bool executed)
{
	size_t before = analysis->effects.n;
	if (judge(analysis, inner, true) == VERDICT_REFUSE)
		return false;
	if (!executed)
		analysis->effects.n = before;
	return true;
}

bool statement_explains(const ExplainStmt *explain, const char *name, bool otherwise)
{
	bool on = otherwise;
	for (int i = 0; i < list_length(explain->options); i++) {
		const DefElem *option = list_nth(explain->options, i);
		if (strcmp(option->defname, name) != 0)
			continue;
		on = true;
		if (option->arg && (IsA(option->arg, String) || IsA(option->arg, Integer))) {
			/* DefElem carries plain values: on/off words, or 0/1. */
			const char *word = IsA(option->arg, String) ? strVal(option->arg)
							   : intVal(option->arg)    ? "on"
														: "off";
			struct constant constant = {true, true, word};
			bool value;
			on = !constant_bool(&constant, &value) || value;
		}
	}
	return on;
}

static bool examine_explain(struct analysis *analysis, Node *statement)
{
	const ExplainStmt *explain = (const ExplainStmt *)statement;
	return examine_inner(analysis, explain->query, statement_explains(explain, "analyze", false));
}

static bool examine_prepare(struct analysis *analysis, Node *statement)
{
	return examine_inner(analysis, ((PrepareStmt *)statement)->query, false);
}

static bool examine_cursor(struct analysis *analysis, Node *statement)
{
	return examine_inner(analysis, ((DeclareCursorStmt *)statement)->query, false);
}

/* The result becomes a table: a temporary one holds the tenant's rows only and dies with the session; a
 * permanent one would hold them for everybody. */
static bool examine_into(struct analysis *analysis, const IntoClause *into, char kind, bool maybe)
{
	if (schema_is_temporary(into->rel))
		return schema_temporary(analysis, into->rel, into->onCommit == ONCOMMIT_DROP, false);
	if (!schema_permitted(analysis))
		return false;
	if (analysis->policy->new_tables == NEW_TABLES_REFUSE)
		return analysis_refuse(analysis, "42501", into->rel->location, "new tables are refused", NULL,
							   "Create a temporary table, or set new_tables.");
	const char *why = body_scan_sent(analysis, "sql", schema_text(analysis));
	if (!why)
		schema_record_relation(analysis, into->rel, kind, maybe);
	return !why ||
		   schema_unsafe(analysis, into->rel->location,
						 analysis_text("the new relation \"%s\" with rows of a tenant", into->rel->relname),
						 why);
}

static bool examine_table_as(struct analysis *analysis, Node *statement)
{
	CreateTableAsStmt *create = (CreateTableAsStmt *)statement;
	return examine_into(analysis, create->into, create->objtype == OBJECT_MATVIEW ? 'm' : 'r',
						create->if_not_exists);
}

static bool examine_select(struct analysis *analysis, Node *statement)
{
	const SelectStmt *select = (SelectStmt *)statement;
	while (select->op != SETOP_NONE)
		select = select->larg;
	return !select->intoClause || examine_into(analysis, select->intoClause, 'r', false);
}

static bool examine_set(struct analysis *analysis, Node *statement)
{
	return session_effect_of_set(analysis, (VariableSetStmt *)statement);
}

static List *upkeep_options(Node *statement)
{
	switch (nodeTag(statement)) {
	case T_VacuumStmt:
		return ((VacuumStmt *)statement)->options;
	case T_ClusterStmt:
		return ((ClusterStmt *)statement)->params;
	case T_ReindexStmt:
		return ((ReindexStmt *)statement)->params;
	default:
		return NIL;
	}
}

/* These go through rows of all tenants: index expressions, duplicates; VERBOSE counts them. */
static bool examine_upkeep(struct analysis *analysis, Node *statement)
{
	analysis->conceal_errors = true;
	List *options = upkeep_options(statement);
	for (int i = 0; analysis->request->right == RIGHT_BOUND && i < list_length(options); i++)
		if (strcmp(((DefElem *)list_nth(options, i))->defname, "verbose") == 0)
			return analysis_refuse(analysis, "42501", -1,
								   "VERBOSE is not available to a user that is bound to a tenant",
								   "It counts the rows of all tenants.", "Leave VERBOSE out.");
	return true;
}

/* --- the table --- */

static const struct rule RULES[] = {
	/* Queries and changes of data. */
	{T_SelectStmt, CLASS_GUARD, NULL, examine_select},
	{T_InsertStmt, CLASS_GUARD, NULL, NULL},
	{T_UpdateStmt, CLASS_GUARD, NULL, NULL},
	{T_DeleteStmt, CLASS_GUARD, NULL, NULL},
	{T_MergeStmt, CLASS_GUARD, NULL, NULL},
	{T_CopyStmt, CLASS_GUARD, NULL, NULL},
	{T_TruncateStmt, CLASS_GUARD, NULL, NULL},
	{T_ExplainStmt, CLASS_GUARD, NULL, examine_explain},
	{T_DeclareCursorStmt, CLASS_GUARD, NULL, examine_cursor},
	{T_PrepareStmt, CLASS_GUARD, NULL, examine_prepare},
	{T_ExecuteStmt, CLASS_GUARD, NULL, NULL},
	{T_CreateTableAsStmt, CLASS_GUARD, NULL, examine_table_as},

	/* The session. */
	{T_TransactionStmt, CLASS_PASS, NULL, NULL},
	{T_VariableSetStmt, CLASS_PASS, NULL, NULL}, /* statement_policy() has judged it */
	{T_VariableShowStmt, CLASS_PASS, NULL, NULL},
	{T_DiscardStmt, CLASS_PASS, NULL, NULL},
	{T_DeallocateStmt, CLASS_PASS, NULL, NULL},
	{T_FetchStmt, CLASS_PASS, NULL, NULL},
	{T_ClosePortalStmt, CLASS_PASS, NULL, NULL},
	{T_ListenStmt, CLASS_PASS, NULL, NULL},
	{T_UnlistenStmt, CLASS_PASS, NULL, NULL},
	{T_NotifyStmt, CLASS_PASS, NULL, NULL},
	{T_LockStmt, CLASS_PASS, NULL, NULL},
	{T_ConstraintsSetStmt, CLASS_PASS, NULL, NULL},

	/* Upkeep. */
	{T_VacuumStmt, CLASS_PASS, NULL, examine_upkeep},
	{T_ReindexStmt, CLASS_PASS, NULL, examine_upkeep},
	{T_ClusterStmt, CLASS_PASS, NULL, examine_upkeep},
	{T_CheckPointStmt, CLASS_PASS, NULL, NULL},
	{T_CommentStmt, CLASS_PASS, NULL, NULL},
	{T_RefreshMatViewStmt, CLASS_PASS, NULL, examine_upkeep},

	/* Code inside the server. */
	{T_CallStmt, CLASS_PASS, NULL, examine_call},
	{T_DoStmt, CLASS_PASS, NULL, examine_do},

	/* Schema changes that schema_change.c looks at one by one. */
	{T_CreateStmt, CLASS_SCHEMA, NULL, NULL},
	{T_ViewStmt, CLASS_SCHEMA, NULL, NULL},
	{T_IndexStmt, CLASS_SCHEMA, NULL, NULL},
	{T_CreateSeqStmt, CLASS_SCHEMA, NULL, NULL},
	{T_AlterSeqStmt, CLASS_SCHEMA, NULL, NULL},
	{T_CreateSchemaStmt, CLASS_SCHEMA, NULL, NULL},
	{T_CreateDomainStmt, CLASS_SCHEMA, NULL, NULL},
	{T_AlterDomainStmt, CLASS_SCHEMA, NULL, NULL},
	{T_CompositeTypeStmt, CLASS_SCHEMA, NULL, NULL},
	{T_CreateEnumStmt, CLASS_SCHEMA, NULL, NULL},
	{T_AlterEnumStmt, CLASS_SCHEMA, NULL, NULL},
	{T_CreateRangeStmt, CLASS_SCHEMA, NULL, NULL},
	{T_CreateStatsStmt, CLASS_SCHEMA, NULL, NULL},
	{T_AlterStatsStmt, CLASS_SCHEMA, NULL, NULL},
	{T_CreateExtensionStmt, CLASS_SCHEMA, NULL, NULL},
	{T_AlterExtensionStmt, CLASS_SCHEMA, NULL, NULL},
	{T_CreateFunctionStmt, CLASS_SCHEMA, NULL, NULL},
	{T_AlterFunctionStmt, CLASS_SCHEMA, NULL, NULL},
	{T_CreateTrigStmt, CLASS_SCHEMA, NULL, NULL},
	{T_RuleStmt, CLASS_SCHEMA, NULL, NULL},
	{T_DefineStmt, CLASS_SCHEMA, NULL, NULL},
	{T_AlterTableStmt, CLASS_SCHEMA, NULL, NULL},
	{T_RenameStmt, CLASS_SCHEMA, NULL, NULL},
	{T_AlterObjectSchemaStmt, CLASS_SCHEMA, NULL, NULL},
	{T_DropStmt, CLASS_SCHEMA, NULL, NULL},
	{T_AlterCollationStmt, CLASS_SCHEMA, NULL, NULL},
	{T_AlterTSDictionaryStmt, CLASS_SCHEMA, NULL, NULL},
	{T_AlterTSConfigurationStmt, CLASS_SCHEMA, NULL, NULL},

	/* Rights, owners, policies; what changes the meaning of operators; other servers. */
	{T_GrantStmt, CLASS_UNSAFE, "GRANT or REVOKE", NULL},
	{T_GrantRoleStmt, CLASS_UNSAFE, "GRANT or REVOKE of a role", NULL},
	{T_AlterDefaultPrivilegesStmt, CLASS_UNSAFE, "ALTER DEFAULT PRIVILEGES", NULL},
	{T_AlterOwnerStmt, CLASS_UNSAFE, "a change of owner", NULL},
	{T_ReassignOwnedStmt, CLASS_UNSAFE, "REASSIGN OWNED", NULL},
	{T_DropOwnedStmt, CLASS_UNSAFE, "DROP OWNED", NULL},
	{T_CreateRoleStmt, CLASS_UNSAFE, "CREATE ROLE", NULL},
	{T_AlterRoleStmt, CLASS_UNSAFE, "ALTER ROLE", NULL},
	{T_AlterRoleSetStmt, CLASS_UNSAFE, "ALTER ROLE .. SET", NULL},
	{T_DropRoleStmt, CLASS_UNSAFE, "DROP ROLE", NULL},
	{T_CreatePolicyStmt, CLASS_UNSAFE, "CREATE POLICY", NULL},
	{T_AlterPolicyStmt, CLASS_UNSAFE, "ALTER POLICY", NULL},
	{T_SecLabelStmt, CLASS_UNSAFE, "SECURITY LABEL", NULL},
	{T_CreateCastStmt, CLASS_UNSAFE, "CREATE CAST", NULL},
	{T_CreateConversionStmt, CLASS_UNSAFE, "CREATE CONVERSION", NULL},
	{T_CreateOpClassStmt, CLASS_UNSAFE, "CREATE OPERATOR CLASS", NULL},
	{T_CreateOpFamilyStmt, CLASS_UNSAFE, "CREATE OPERATOR FAMILY", NULL},
	{T_AlterOpFamilyStmt, CLASS_UNSAFE, "ALTER OPERATOR FAMILY", NULL},
	{T_AlterOperatorStmt, CLASS_UNSAFE, "ALTER OPERATOR", NULL},
	{T_AlterTypeStmt, CLASS_UNSAFE, "ALTER TYPE .. SET", NULL},
	{T_CreateTransformStmt, CLASS_UNSAFE, "CREATE TRANSFORM", NULL},
	{T_CreateAmStmt, CLASS_UNSAFE, "CREATE ACCESS METHOD", NULL},
	{T_CreatePLangStmt, CLASS_UNSAFE, "CREATE LANGUAGE", NULL},
	{T_CreateEventTrigStmt, CLASS_UNSAFE, "CREATE EVENT TRIGGER", NULL},
	{T_AlterEventTrigStmt, CLASS_UNSAFE, "ALTER EVENT TRIGGER", NULL},
	{T_AlterExtensionContentsStmt, CLASS_UNSAFE, "ALTER EXTENSION .. ADD or DROP", NULL},
	{T_AlterObjectDependsStmt, CLASS_UNSAFE, "ALTER .. DEPENDS ON EXTENSION", NULL},
	{T_CreateFdwStmt, CLASS_UNSAFE, "CREATE FOREIGN DATA WRAPPER", NULL},
	{T_AlterFdwStmt, CLASS_UNSAFE, "ALTER FOREIGN DATA WRAPPER", NULL},
	{T_CreateForeignServerStmt, CLASS_UNSAFE, "CREATE SERVER", NULL},
	{T_AlterForeignServerStmt, CLASS_UNSAFE, "ALTER SERVER", NULL},
	{T_CreateForeignTableStmt, CLASS_UNSAFE, "CREATE FOREIGN TABLE", NULL},
	{T_ImportForeignSchemaStmt, CLASS_UNSAFE, "IMPORT FOREIGN SCHEMA", NULL},
	{T_CreateUserMappingStmt, CLASS_UNSAFE, "CREATE USER MAPPING", NULL},
	{T_AlterUserMappingStmt, CLASS_UNSAFE, "ALTER USER MAPPING", NULL},
	{T_DropUserMappingStmt, CLASS_UNSAFE, "DROP USER MAPPING", NULL},
	{T_CreatePublicationStmt, CLASS_UNSAFE, "CREATE PUBLICATION", NULL},
	{T_AlterPublicationStmt, CLASS_UNSAFE, "ALTER PUBLICATION", NULL},
	{T_AlterTableMoveAllStmt, CLASS_UNSAFE, "ALTER TABLE ALL IN TABLESPACE", NULL},
	{T_CreateTableSpaceStmt, CLASS_UNSAFE, "CREATE TABLESPACE", NULL},
	{T_AlterTableSpaceOptionsStmt, CLASS_UNSAFE, "ALTER TABLESPACE", NULL},
	{T_DropTableSpaceStmt, CLASS_UNSAFE, "DROP TABLESPACE", NULL},
	{T_CreatedbStmt, CLASS_UNSAFE, "CREATE DATABASE", NULL},
	{T_AlterDatabaseStmt, CLASS_UNSAFE, "ALTER DATABASE", NULL},
	{T_AlterDatabaseSetStmt, CLASS_UNSAFE, "ALTER DATABASE .. SET", NULL},
	{T_AlterDatabaseRefreshCollStmt, CLASS_UNSAFE, "ALTER DATABASE .. REFRESH", NULL},
	{T_DropdbStmt, CLASS_UNSAFE, "DROP DATABASE", NULL},

	/* Beyond the database. */
	{T_AlterSystemStmt, CLASS_REFUSE, "ALTER SYSTEM", NULL},
	{T_LoadStmt, CLASS_REFUSE, "LOAD", NULL},
	{T_CreateSubscriptionStmt, CLASS_REFUSE, "CREATE SUBSCRIPTION", NULL},
	{T_AlterSubscriptionStmt, CLASS_REFUSE, "ALTER SUBSCRIPTION", NULL},
	{T_DropSubscriptionStmt, CLASS_REFUSE, "DROP SUBSCRIPTION", NULL},
};

static const struct rule *find_rule(const Node *statement)
{
	for (size_t i = 0; i < sizeof RULES / sizeof *RULES; i++)
		if (RULES[i].tag == nodeTag(statement))
			return &RULES[i];
	return NULL;
}

static enum verdict_kind refuse(struct analysis *analysis, const char *what)
{
	analysis_refuse(analysis, "42501", -1, analysis_text("%s is not available through tenantry", what),
					"It reaches beyond the tenants of this database.", "Connect to the server itself.");
	return VERDICT_REFUSE;
}

static enum verdict_kind judge_schema(struct analysis *analysis, Node *statement)
{
	if (!statement_schema_change(analysis, statement) || analysis->refused)
		return VERDICT_REFUSE;
	return analysis->splices.n > 0 || analysis->defines_view || analysis->temporary_view ? VERDICT_GUARD
																						 : VERDICT_PASS;
}

/* `nested`: inside EXPLAIN, PREPARE or DECLARE CURSOR, where a setting would be changed at a time that nobody
 * can tell. */
static enum verdict_kind judge(struct analysis *analysis, Node *statement, bool nested)
{
	const struct rule *rule = find_rule(statement);
	if (!rule)
		return refuse(analysis, "this kind of statement");
	session_effects(analysis, statement, nested);
	if (analysis->refused)
		return VERDICT_REFUSE;
	if (rule->examine && !rule->examine(analysis, statement))
		return VERDICT_REFUSE;
	switch (rule->class) {
	case CLASS_PASS:
		return VERDICT_PASS;
	case CLASS_GUARD:
		return VERDICT_GUARD;
	case CLASS_SCHEMA:
		return judge_schema(analysis, statement);
	case CLASS_UNSAFE:
		return schema_permitted(analysis) &&
					   schema_unsafe(analysis, -1, rule->what,
									 "it concerns rights, owners, the meaning of operators or other servers")
				   ? VERDICT_PASS
				   : VERDICT_REFUSE;
	case CLASS_REFUSE:
		break;
	}
	return refuse(analysis, rule->what);
}

/* A user with bypass is not judged, but what it does to the session and the schema is followed. */
static enum verdict_kind follow(struct analysis *analysis, Node *statement)
{
	const struct rule *rule = find_rule(statement);
	session_effects(analysis, statement, false);
	if (!rule || rule->class == CLASS_SCHEMA || rule->class == CLASS_UNSAFE || IsA(statement, DoStmt))
		analysis_effect(analysis, EFFECT_SCHEMA_CHANGE, NULL, NULL, false);
	session_effects_of_schema(analysis, statement);
	return analysis->refused ? VERDICT_REFUSE : VERDICT_PASS;
}

enum verdict_kind statement_policy(struct analysis *analysis, Node *statement)
{
	if (IsA(statement, VariableSetStmt) && !examine_set(analysis, statement))
		return VERDICT_REFUSE;
	return analysis->request->right == RIGHT_BYPASS ? follow(analysis, statement)
													: judge(analysis, statement, false);
}
