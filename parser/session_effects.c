/* See session_effects.h. Names of settings are recorded in lower case, values as the server stores them. */
#include "parser/session_effects.h"

#include <string.h>

#include "parser/constant.h"
#include "parser/encoding.h"
#include "parser/schema_change.h"
#include "parser/settings_policy.h"
#include "parser/tree.h"

static const char *lower(const char *name)
{
	char *copy = pstrdup(name);
	for (char *c = copy; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c | 0x20);
	return copy;
}

/* A bound user may name its own tenant: the session compares. */
static void check_own_tenant(struct analysis *analysis, const char *constant)
{
	struct check_list *checks = &analysis->checks;
	if (checks->n == checks->room) {
		struct tenant_check *items = palloc0((checks->room + 4) * sizeof *items);
		if (checks->n)
			memcpy(items, checks->items, checks->n * sizeof *items);
		checks->items = items;
		checks->room += 4;
	}
	checks->items[checks->n++] =
		(struct tenant_check){.constant = constant, .relation = analysis->policy->tenant_setting};
}

/* --- SET --- */

static bool set_value(struct analysis *analysis, const char *name, const char *value, bool local)
{
	struct refusal refusal;
	if (!setting_policy(analysis->policy, analysis->request->right, name, value, &refusal))
		return analysis_refuse(analysis, refusal.sqlstate, -1, refusal.message, refusal.detail, refusal.hint);
	bool asks = strcmp(name, "role") == 0 || strcmp(name, "session_authorization") == 0;
	if (asks && value && catalog_has_schema(analysis->catalog, value) &&
		analysis->request->right != RIGHT_BYPASS)
		return analysis_refuse(
			analysis, "42501", -1, analysis_text("role \"%s\" cannot be taken on through tenantry", value),
			"There is a schema of the same name, which \"$user\" in search_path would then mean.", NULL);
	if (value && strcmp(name, "search_path") == 0 && analysis->request->name_bytes != NAMES_ALIKE &&
		analysis->request->right != RIGHT_BYPASS && !text_is_ascii(value, strlen(value)))
		return analysis_refuse(analysis, "0A000", -1,
							   "a search_path that is not ASCII needs the encoding UTF8",
							   "Its names could not be compared with those of the database.",
							   "SET client_encoding = 'UTF8', or qualify names with their schema.");
	if (setting_is_tenant(analysis->policy, name) && value) {
		value = setting_value(analysis, name, value);
		if (analysis->request->right == RIGHT_BOUND)
			check_own_tenant(analysis, value);
	}
	analysis_effect(analysis, value ? EFFECT_SET : EFFECT_SET_DEFAULT, name, value, local);
	return true;
}

bool session_effect_of_set(struct analysis *analysis, const VariableSetStmt *set)
{
	const char *name = set->name ? lower(set->name) : NULL;
	switch (set->kind) {
	case VAR_SET_VALUE: {
		const char *value = setting_arguments(name, set->args);
		if (value)
			return set_value(analysis, name, value, set->is_local);
		/* An interval for the time zone: nothing that decides how later statements are read. */
		return (name && strcmp(name, "timezone") == 0) ||
			   analysis_refuse(analysis, "0A000", -1, "this form of SET is not supported", NULL,
							   "Write the value as a plain constant.");
	}
	case VAR_SET_DEFAULT:
	case VAR_RESET:
		return set_value(analysis, name, NULL, set->is_local);
	case VAR_SET_CURRENT:
		return !setting_steers(analysis->policy, name) ||
			   analysis_refuse(analysis, "0A000", -1, "SET .. FROM CURRENT is not supported for this setting",
							   NULL, "SET it to its value.");
	case VAR_SET_MULTI: /* SET TRANSACTION, SET SESSION CHARACTERISTICS */
		return true;
	case VAR_RESET_ALL:
		analysis_effect(analysis, EFFECT_RESET_ALL, NULL, NULL, false);
		return true;
	}
	return analysis_refuse(analysis, "0A000", -1, "this form of SET is not supported", NULL, NULL);
}

/* --- SELECT set_config(..) --- */

static const FuncCall *set_config_call(Node *node)
{
	if (!node || !IsA(node, FuncCall))
		return NULL;
	const FuncCall *call = (FuncCall *)node;
	int n = list_length(call->funcname);
	bool named = strcmp(strVal(llast(call->funcname)), "set_config") == 0 &&
				 (n == 1 || (n == 2 && strcmp(strVal(linitial(call->funcname)), "pg_catalog") == 0));
	bool plain = !call->agg_filter && !call->agg_order && !call->over && !call->agg_distinct &&
				 !call->agg_star && !call->func_variadic && !call->agg_within_group;
	return named && plain && list_length(call->args) == 3 ? call : NULL;
}

static bool set_config_arguments(const FuncCall *call, const char **name, const char **value, bool *local)
{
	struct constant first = constant_of(list_nth(call->args, 0)),
					second = constant_of(list_nth(call->args, 1)),
					third = constant_of(list_nth(call->args, 2));
	*name = first.known ? first.text : NULL;
	*value = second.known ? second.text : NULL;
	return *name && *value && constant_bool(&third, local);
}

/* A bare SELECT whose targets are nothing but calls of set_config with constants runs each exactly once, in
 * order. Anything else may run them never or often (no rows, CASE, a set-returning neighbour):
 * function_policy() then refuses settings that have to be known. */
static void effects_of_set_config(struct analysis *analysis, const SelectStmt *select)
{
	if (select->op != SETOP_NONE || select->valuesLists || select->fromClause || select->whereClause ||
		select->groupClause || select->havingClause || select->windowClause || select->distinctClause ||
		select->sortClause || select->limitOffset || select->limitCount || select->lockingClause ||
		select->withClause || select->intoClause)
		return;
	const char *name, *value;
	bool local;
	for (int i = 0; i < list_length(select->targetList); i++) {
		const FuncCall *call = set_config_call(((ResTarget *)list_nth(select->targetList, i))->val);
		if (!call || !set_config_arguments(call, &name, &value, &local))
			return;
	}
	for (int i = 0; i < list_length(select->targetList); i++) {
		const FuncCall *call = set_config_call(((ResTarget *)list_nth(select->targetList, i))->val);
		set_config_arguments(call, &name, &value, &local);
		if (!set_value(analysis, lower(name), value, local))
			return;
	}
}

static bool is_name_column(const Node *node)
{
	return node && IsA(node, ColumnRef) && list_length(((const ColumnRef *)node)->fields) == 1 &&
		   IsA(linitial(((const ColumnRef *)node)->fields), String) &&
		   strcmp(strVal(linitial(((const ColumnRef *)node)->fields)), "name") == 0;
}

/* SELECT set_config(name, 'value', false) FROM pg_settings WHERE name = 'setting': how pg_dump sets what a server may not
 * have. The condition says which setting it is; function_policy() judges it as if the name stood there. */
static void name_of_set_config(struct analysis *analysis, const SelectStmt *select)
{
	if (select->op != SETOP_NONE || list_length(select->targetList) != 1 ||
		list_length(select->fromClause) != 1 || !IsA(linitial(select->fromClause), RangeVar) ||
		!select->whereClause || !IsA(select->whereClause, A_Expr))
		return;
	const FuncCall *call = set_config_call(((ResTarget *)linitial(select->targetList))->val);
	const A_Expr *condition = (const A_Expr *)select->whereClause;
	if (!call || !is_name_column(linitial(call->args)) || condition->kind != AEXPR_OP ||
		list_length(condition->name) != 1 || strcmp(strVal(linitial(condition->name)), "=") != 0 ||
		!is_name_column(condition->lexpr) || !condition->rexpr || !IsA(condition->rexpr, A_Const))
		return;
	struct constant setting = constant_of(condition->rexpr);
	bool temporary;
	const struct catalog_relation *relation =
		scope_relation(analysis, linitial(select->fromClause), &temporary);
	if (!setting.known || !setting.text || temporary || !relation ||
		strcmp(relation->schema, "pg_catalog") != 0 || strcmp(relation->name, "pg_settings") != 0)
		return;
	/* another text of the same shape (shape.h) may name another one */
	analysis->cacheable = false;
	analysis->named_call = call;
	analysis->named_setting = setting.text;
}

/* --- the other kinds --- */

static bool ends_prepared(const TransactionStmt *statement)
{
	return statement->kind == TRANS_STMT_COMMIT_PREPARED || statement->kind == TRANS_STMT_ROLLBACK_PREPARED;
}

static void effects_of_transaction(struct analysis *analysis, const TransactionStmt *statement)
{
	if (ends_prepared(statement) && analysis->request->right == RIGHT_BOUND && !analysis->policy->allow_reach)
		analysis_refuse(analysis, "42501", -1,
						"a user that is bound to a tenant cannot end prepared transactions",
						"They belong to no session: it could be another tenant's.",
						"Use another user, or set reach = allow.");
	switch (statement->kind) {
	case TRANS_STMT_BEGIN:
	case TRANS_STMT_START:
		analysis_effect(analysis, EFFECT_BEGIN, NULL, NULL, false);
		break;
	case TRANS_STMT_COMMIT:
		analysis_effect(analysis, EFFECT_COMMIT, NULL, NULL, statement->chain);
		break;
	case TRANS_STMT_ROLLBACK:
		analysis_effect(analysis, EFFECT_ROLLBACK, NULL, NULL, statement->chain);
		break;
	case TRANS_STMT_SAVEPOINT:
		analysis_effect(analysis, EFFECT_SAVEPOINT, statement->savepoint_name, NULL, false);
		break;
	case TRANS_STMT_RELEASE:
		analysis_effect(analysis, EFFECT_RELEASE, statement->savepoint_name, NULL, false);
		break;
	case TRANS_STMT_ROLLBACK_TO:
		analysis_effect(analysis, EFFECT_ROLLBACK_TO, statement->savepoint_name, NULL, false);
		break;
	case TRANS_STMT_PREPARE:
		analysis_effect(analysis, EFFECT_PREPARE_TRANSACTION, NULL, NULL, false);
		break;
	case TRANS_STMT_COMMIT_PREPARED:
		/* It may bring a schema change of some other session. */
		analysis_effect(analysis, EFFECT_SCHEMA_CHANGE, NULL, NULL, false);
		break;
	case TRANS_STMT_ROLLBACK_PREPARED:
		break;
	}
}

static bool is_option(const List *options, const char *name)
{
	for (int i = 0; i < list_length(options); i++)
		if (strcmp(((DefElem *)list_nth(options, i))->defname, name) == 0)
			return true;
	return false;
}

static bool detaches_concurrently(const AlterTableStmt *statement)
{
	for (int i = 0; i < list_length(statement->cmds); i++) {
		const AlterTableCmd *command = list_nth(statement->cmds, i);
		if (command->subtype == AT_DetachPartition && ((const PartitionCmd *)command->def)->concurrent)
			return true;
	}
	return false;
}

/* What PreventInTransactionBlock() keeps to itself, of all that may pass: a Sync that has an error before it does not take
 * it back. Rare forms are left out that change nothing which is followed here. */
static void effects_of_committing(struct analysis *analysis, Node *statement)
{
	bool commits = false, always = true;
	switch (nodeTag(statement)) {
	case T_VacuumStmt:
		commits = ((VacuumStmt *)statement)->is_vacuumcmd;
		break;
	case T_ReindexStmt:
		commits = ((ReindexStmt *)statement)->kind > REINDEX_OBJECT_TABLE ||
				  is_option(((ReindexStmt *)statement)->params, "concurrently");
		break;
	case T_ClusterStmt:
		commits = !((ClusterStmt *)statement)->relation;
		break;
	case T_IndexStmt:
		commits = ((IndexStmt *)statement)->concurrent;
		break;
	case T_DropStmt:
		commits = ((DropStmt *)statement)->concurrent;
		break;
	case T_AlterTableStmt:
		commits = detaches_concurrently((AlterTableStmt *)statement);
		break;
	case T_DiscardStmt:
		commits = ((DiscardStmt *)statement)->target == DISCARD_ALL;
		always = false;
		break;
	case T_TransactionStmt:
		commits = ends_prepared((TransactionStmt *)statement);
		always = false;
		break;
	default:
		break;
	}
	if (commits)
		analysis_effect(analysis, EFFECT_COMMITS_AT_ONCE, NULL, NULL, always);
}

static void effects_of_discard(struct analysis *analysis, const DiscardStmt *statement)
{
	static const enum effect_kind KINDS[] = {
		[DISCARD_ALL] = EFFECT_DISCARD_ALL,
		[DISCARD_PLANS] = EFFECT_DISCARD_PLANS,
		[DISCARD_SEQUENCES] = EFFECT_NONE,
		[DISCARD_TEMP] = EFFECT_DISCARD_TEMP,
	};
	if (KINDS[statement->target] != EFFECT_NONE)
		analysis_effect(analysis, KINDS[statement->target], NULL, NULL, false);
}

/* Rules on system views do more than write rows: UPDATE pg_settings is set_config(). */
static bool is_system(const struct catalog_relation *relation, const RangeVar *name)
{
	const char *schema = relation ? relation->schema : name->schemaname;
	if (schema)
		return strcmp(schema, "pg_catalog") == 0 || strcmp(schema, "information_schema") == 0;
	return strncmp(name->relname, "pg_", 3) == 0;
}

static void effect_of_write(struct analysis *analysis, const RangeVar *name)
{
	bool temporary = false;
	const struct catalog_relation *relation = name ? scope_relation(analysis, name, &temporary) : NULL;
	if (!name || temporary)
		return;
	if (analysis->request->right != RIGHT_BYPASS && is_system(relation, name))
		analysis_refuse(
			analysis, "42501", name->location,
			analysis_text("system relation \"%s\" cannot be written through tenantry", name->relname), NULL,
			"Use the statement that is meant for it, such as SET.");
	if (relation && relation->isolation == ISOLATION_TENANTS)
		analysis_effect(analysis, EFFECT_TENANTS_CHANGE, NULL, NULL, false);
}

static const RangeVar *written(Node *statement)
{
	switch (nodeTag(statement)) {
	case T_InsertStmt:
		return ((InsertStmt *)statement)->relation;
	case T_UpdateStmt:
		return ((UpdateStmt *)statement)->relation;
	case T_DeleteStmt:
		return ((DeleteStmt *)statement)->relation;
	case T_MergeStmt:
		return ((MergeStmt *)statement)->relation;
	case T_CopyStmt:
		return ((CopyStmt *)statement)->is_from ? ((CopyStmt *)statement)->relation : NULL;
	default:
		return NULL;
	}
}

/* The table of tenants is part of the snapshot. Data-modifying WITH entries stand at the top only. */
static void effects_of_writing(struct analysis *analysis, Node *statement)
{
	effect_of_write(analysis, written(statement));
	if (IsA(statement, TruncateStmt)) {
		List *relations = ((TruncateStmt *)statement)->relations;
		for (int i = 0; i < list_length(relations); i++)
			effect_of_write(analysis, list_nth(relations, i));
	}
	const WithClause *with = tree_with(statement);
	for (int i = 0; with && i < list_length(with->ctes); i++)
		effect_of_write(analysis, written(((CommonTableExpr *)list_nth(with->ctes, i))->ctequery));
}

/* EXECUTE by itself, or inside EXPLAIN and CREATE TABLE AS. */
static void effect_of_execute(struct analysis *analysis, Node *statement)
{
	while (statement && (IsA(statement, ExplainStmt) || IsA(statement, CreateTableAsStmt)))
		statement = IsA(statement, ExplainStmt) ? ((ExplainStmt *)statement)->query
												: ((CreateTableAsStmt *)statement)->query;
	if (statement && IsA(statement, ExecuteStmt))
		analysis_effect(analysis, EFFECT_EXECUTE, ((ExecuteStmt *)statement)->name, NULL, false);
}

void session_effects(struct analysis *analysis, Node *statement, bool nested)
{
	if (!nested)
		effect_of_execute(analysis, statement);
	switch (nodeTag(statement)) {
	case T_TransactionStmt:
		effects_of_transaction(analysis, (TransactionStmt *)statement);
		break;
	case T_DiscardStmt:
		effects_of_discard(analysis, (DiscardStmt *)statement);
		break;
	case T_DeallocateStmt:
		analysis_effect(analysis, EFFECT_DEALLOCATE, ((DeallocateStmt *)statement)->name, NULL, false);
		break;
	case T_CallStmt:
		/* The bodies of the others are known not to. */
		if (analysis->policy->n_trusted_functions > 0)
			analysis_effect(analysis, EFFECT_CALL, NULL, NULL, false);
		break;
	case T_SelectStmt:
		if (!nested)
			effects_of_set_config(analysis, (SelectStmt *)statement);
		name_of_set_config(analysis, (SelectStmt *)statement);
		break;
	default:
		break;
	}
	effects_of_writing(analysis, statement);
	effects_of_committing(analysis, statement);
}

static void created(struct analysis *analysis, const RangeVar *name, OnCommitAction on_commit)
{
	if (schema_is_temporary(name) && !created_is_entry(name->relname))
		analysis_effect(analysis, EFFECT_CREATE_TEMPORARY, name->relname, NULL, on_commit == ONCOMMIT_DROP);
}

void session_effects_of_schema(struct analysis *analysis, Node *statement)
{
	if (IsA(statement, CreateStmt)) {
		created(analysis, ((CreateStmt *)statement)->relation, ((CreateStmt *)statement)->oncommit);
	} else if (IsA(statement, ViewStmt)) {
		created(analysis, ((ViewStmt *)statement)->view, ONCOMMIT_NOOP);
	} else if (IsA(statement, CreateSeqStmt)) {
		created(analysis, ((CreateSeqStmt *)statement)->sequence, ONCOMMIT_NOOP);
	} else if (IsA(statement, CreateTableAsStmt)) {
		const IntoClause *into = ((CreateTableAsStmt *)statement)->into;
		created(analysis, into->rel, into->onCommit);
		if (!schema_is_temporary(into->rel))
			analysis_effect(analysis, EFFECT_SCHEMA_CHANGE, NULL, NULL, false);
	} else if (IsA(statement, DropStmt)) {
		const DropStmt *drop = (DropStmt *)statement;
		bool relations = drop->removeType == OBJECT_TABLE || drop->removeType == OBJECT_VIEW ||
						 drop->removeType == OBJECT_SEQUENCE;
		for (int i = 0; relations && i < list_length(drop->objects); i++)
			analysis_effect(analysis, EFFECT_DROP, schema_range(list_nth(drop->objects, i))->relname, NULL,
							false);
	}
}
