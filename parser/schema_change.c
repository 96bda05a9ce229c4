/* Schema changes: what each kind of statement may do under ddl = safe, allow and refuse; see schema_change.h.
 *
 * The snapshot learns of a change only after it was committed. Until then names mean to tenantry what they
 * meant before, so under ddl = safe nothing may pass that makes an old name mean a relation with other
 * tenants' rows, or puts such rows behind a new name: views, functions, triggers and rules over tenant
 * relations, operators and casts. Views are made under new names only, and are read by their definition. */
#include "parser/schema_change.h"

#include <stdlib.h>
#include <string.h>

#include "parser/builtin.h"
#include "parser/catalog_internal.h"
#include "parser/expressions.h"
#include "parser/scope.h"
#include "parser/settings_policy.h"
#include "parser/splice.h"
#include "parser/tokens.h"

static const char ADVICE_BOUND[] =
	"Make the change as a user that may choose its tenant, set ddl = allow, or make it without tenantry.";
static const char ADVICE[] = "Set ddl = allow, or make the change without tenantry.";

/* --- shared by all --- */

struct target schema_target(struct analysis *analysis, const RangeVar *name)
{
	struct target target = {0};
	if (scope_is_numbered_temporary(name->schemaname))
		analysis_refuse(analysis, "42501", name->location,
						"temporary relations cannot be named by the schema of a session",
						"They may be another session's.", "Name them by pg_temp.");
	target.relation = scope_relation(analysis, name, &target.temporary);
	if (!target.relation && !target.temporary)
		analysis->unknown_name = true;
	return target;
}

RangeVar *schema_range(List *names)
{
	RangeVar *range = MAKE(RangeVar);
	int n = list_length(names);
	range->relname = strVal(list_nth(names, n - 1));
	range->schemaname = n > 1 ? strVal(list_nth(names, n - 2)) : NULL;
	range->relpersistence = 'p';
	range->inh = true;
	range->location = -1;
	return range;
}

bool schema_is_temporary(const RangeVar *name)
{
	return name->relpersistence == 't' ||
		   (name->schemaname && strncmp(name->schemaname, "pg_temp", strlen("pg_temp")) == 0);
}

bool schema_name_matters(const struct analysis *analysis, const char *name)
{
	const struct catalog_name *entry = catalog_name(analysis->catalog, name, strlen(name));
	return (entry && entry->relation) || created_view_in(analysis, name);
}

bool schema_matters(const struct analysis *analysis, const char *schema)
{
	for (size_t i = 0; i < catalog_relation_count(analysis->catalog); i++) {
		const struct catalog_relation *relation = catalog_relation_at(analysis->catalog, i);
		if (strcmp(relation->schema, schema) == 0 && schema_name_matters(analysis, relation->name))
			return true;
	}
	return false;
}

bool schema_unsafe(struct analysis *analysis, int location, const char *what, const char *why)
{
	return analysis->policy->ddl == DDL_ALLOW ||
		   analysis_refuse(analysis, "42501", location,
						   analysis_text("%s is not safe through tenantry", what),
						   analysis_text("Under ddl = safe it is refused because %s.", why),
						   analysis->request->right == RIGHT_BOUND ? ADVICE_BOUND : ADVICE);
}

bool schema_permitted(struct analysis *analysis)
{
	if (analysis->policy->ddl == DDL_REFUSE)
		return analysis_refuse(analysis, "42501", -1, "schema changes are refused",
							   "The setting is ddl = refuse.", ADVICE);
	for (size_t i = 0; i < analysis->effects.n; i++)
		if (analysis->effects.items[i].kind == EFFECT_SCHEMA_CHANGE)
			return true;
	analysis_effect(analysis, EFFECT_SCHEMA_CHANGE, NULL, NULL, false);
	return true;
}

bool schema_temporary(struct analysis *analysis, const RangeVar *name, bool on_commit_drop, bool of_tenant)
{
	if (strchr(name->relname, '\001'))
		return analysis_refuse(analysis, "0A000", name->location,
							   "this name is not supported for a temporary relation",
							   "It has a control character that tenantry uses itself.", NULL);
	analysis_effect(analysis, EFFECT_CREATE_TEMPORARY, name->relname, of_tenant ? CREATED_OF_TENANT : NULL,
					on_commit_drop);
	return true;
}

bool schema_pin(struct analysis *analysis, RangeVar *name)
{
	if (name->schemaname || !schema_name_matters(analysis, name->relname))
		return true;
	name->schemaname = "pg_temp";
	return splice_text(analysis, (size_t)name->location, 0, "pg_temp.");
}

bool schema_expression(struct analysis *analysis, Node *expression)
{
	if (!expression_examine(analysis, expression))
		return false;
	const char *name =
		analysis->request->right == RIGHT_BOUND ? expression_foreign_function(analysis, expression) : NULL;
	return !name ||
		   schema_unsafe(analysis, -1, analysis_text("%s in a definition", name),
						 "it would be computed in the sessions of all tenants, and the user is bound to one");
}

const char *schema_text(struct analysis *analysis)
{
	size_t start = analysis->statement_start, length = analysis->statement_length;
	char *text = palloc(length + 1);
	memcpy(text, analysis->text + start, length);
	text[length] = 0;
	if (!analysis->tokens)
		analysis->tokens = tokens_scan(analysis->text, analysis->text_length);
	if (!analysis->tokens)
		return text;
	size_t i = tokens_at(analysis->tokens, start);
	return i < analysis->tokens->n ? text + (analysis->tokens->items[i].end - start) : text;
}

const char *schema_unclean(struct analysis *analysis)
{
	const char *text = schema_text(analysis);
	const char *why = body_scan_sent(analysis, "sql", text);
	return why ? why : schema_shows_settings(text);
}

const char *schema_shows_settings(const char *text)
{
	return strcasestr(text, "pg_settings") ? "it names \"pg_settings\", through which settings can be changed"
										   : NULL;
}

/* --- what is created --- */

static const char ASKS_ALL[] = "it asks about the rows of all tenants, and the user is bound to one";

/* An expression or predicate is computed for the rows of all tenants: a question about them. */
static bool create_index(struct analysis *analysis, IndexStmt *index)
{
	bool asks = index->whereClause != NULL || index->unique;
	for (int i = 0; i < list_length(index->indexParams); i++) {
		const char *column = ((IndexElem *)list_nth(index->indexParams, i))->name;
		if (index->unique && column && strcmp(column, analysis->policy->tenant_column) == 0)
			asks = index->whereClause != NULL;
	}
	for (int i = 0; i < list_length(index->indexParams); i++) {
		Node *expression = ((IndexElem *)list_nth(index->indexParams, i))->expr;
		asks |= expression != NULL;
		if (!schema_expression(analysis, expression))
			return false;
	}
	if (!schema_expression(analysis, index->whereClause))
		return false;
	struct target target = schema_target(analysis, index->relation);
	if (target.temporary)
		return schema_pin(analysis, index->relation);
	analysis->conceal_errors |= schema_conceals(analysis, target.relation);
	if (target.relation && schema_is_foreign(target.relation) && asks &&
		analysis->request->right == RIGHT_BOUND &&
		!schema_unsafe(analysis, index->relation->location,
					   "an index with an expression or predicate, or a unique one without the tenant column",
					   ASKS_ALL))
		return false;
	/* by which rows could be found on which a condition is tested again: quals_hazard.h */
	if (index->accessMethod && strcmp(index->accessMethod, "btree") != 0)
		schema_record_index(analysis, target.relation);
	return schema_permitted(analysis);
}

/* ANALYZE computes expressions for the rows of all tenants, and fails or not. */
static bool create_statistics(struct analysis *analysis, CreateStatsStmt *create)
{
	ListCell *cell;
	bool asks = false, foreign = false;
	foreach (cell, create->exprs) {
		Node *expression = ((StatsElem *)lfirst(cell))->expr;
		asks |= expression != NULL;
		if (!schema_expression(analysis, expression))
			return false;
	}
	foreach (cell, create->relations)
		if (IsA(lfirst(cell), RangeVar))
			foreign |= schema_is_foreign(schema_target(analysis, lfirst(cell)).relation);
	return (!asks || !foreign || analysis->request->right != RIGHT_BOUND ||
			schema_unsafe(analysis, -1, "CREATE STATISTICS with an expression", ASKS_ALL)) &&
		   schema_permitted(analysis);
}

static bool create_sequence(struct analysis *analysis, CreateSeqStmt *create)
{
	if (schema_is_temporary(create->sequence))
		return schema_temporary(analysis, create->sequence, false, false);
	schema_record_relation(analysis, create->sequence, 'S', create->if_not_exists);
	return schema_permitted(analysis);
}

/* All tenants draw from one sequence. */
static bool alter_sequence(struct analysis *analysis, AlterSeqStmt *alter)
{
	if (schema_target(analysis, alter->sequence).temporary)
		return schema_pin(analysis, alter->sequence);
	for (int i = 0; i < list_length(alter->options); i++) {
		const char *option = ((DefElem *)list_nth(alter->options, i))->defname;
		if (strcmp(option, "restart") == 0 && analysis->request->right == RIGHT_BOUND &&
			!analysis->policy->allow_reach &&
			!schema_unsafe(analysis, alter->sequence->location, "ALTER SEQUENCE .. RESTART",
						   "all tenants draw from this sequence"))
			return false;
	}
	return schema_permitted(analysis);
}

static bool create_schema(struct analysis *analysis, CreateSchemaStmt *create)
{
	if (!schema_permitted(analysis))
		return false;
	/* "$user" in search_path would mean it from now on, in the sessions of all tenants. */
	if (analysis->request->right == RIGHT_BOUND && create->schemaname &&
		strcmp(create->schemaname, catalog_current_user(analysis->catalog)) == 0 &&
		!schema_unsafe(analysis, -1, "a schema that is called like the server's user",
					   "its relations would stand before those of all tenants, and the user is bound to one"))
		return false;
	if (create->authrole &&
		!schema_unsafe(analysis, -1, "CREATE SCHEMA .. AUTHORIZATION", "it changes ownership"))
		return false;
	return schema_create_elements(analysis, create->schemaname, create->schemaElts);
}

static bool create_domain(struct analysis *analysis, CreateDomainStmt *create)
{
	return schema_constraints(analysis, create->constraints) && schema_permitted(analysis);
}

/* Are the values of all columns of the domain looked at? */
static bool domain_asks(const AlterDomainStmt *alter)
{
	switch (alter->subtype) {
	case 'C': /* ADD CONSTRAINT */
		return !alter->def || !IsA(alter->def, Constraint) || !((Constraint *)alter->def)->skip_validation;
	case 'O': /* SET NOT NULL */
	case 'V': /* VALIDATE CONSTRAINT */
		return true;
	default:
		return false;
	}
}

static bool alter_domain(struct analysis *analysis, AlterDomainStmt *alter)
{
	bool fine =
		!alter->def || (IsA(alter->def, Constraint) ? schema_constraints(analysis, list_make1(alter->def))
													: schema_expression(analysis, alter->def));
	if (fine && alter->behavior == DROP_CASCADE)
		fine = schema_unsafe(analysis, -1, "ALTER DOMAIN with CASCADE", "CASCADE may reach tenant relations");
	if (fine && domain_asks(alter) && analysis->request->right == RIGHT_BOUND)
		fine = schema_unsafe(analysis, -1, "this ALTER DOMAIN", ASKS_ALL);
	analysis->conceal_errors = true;
	return fine && schema_permitted(analysis);
}

/* --- code that runs inside the server --- */

static bool function_settings(struct analysis *analysis, List *options)
{
	for (int i = 0; i < list_length(options); i++) {
		DefElem *option = list_nth(options, i);
		if (strcmp(option->defname, "set") != 0)
			continue;
		VariableSetStmt *set = (VariableSetStmt *)option->arg;
		/* Its body was scanned whatever schemas its names may be looked up in. */
		if (!set->name || strcmp(set->name, "search_path") == 0)
			continue;
		struct refusal refusal;
		if (set->kind == VAR_RESET || set->kind == VAR_RESET_ALL)
			continue;
		if (setting_steers(analysis->policy, set->name) ||
			!setting_policy(analysis->policy, RIGHT_BOUND, set->name, "\001", &refusal))
			if (!schema_unsafe(analysis, -1, analysis_text("a function with SET %s", set->name),
							   "it changes which rows are seen, or who asks"))
				return false;
	}
	return true;
}

/* Other sessions call what is there by this name; and a function with arguments that fit better would be
 * called in its place. */
static bool new_name(struct analysis *analysis, List *names)
{
	const char *name = strVal(llast(names));
	if (analysis->request->right != RIGHT_BOUND)
		return true;
	for (size_t i = 0; i < catalog_function_count(analysis->catalog); i++)
		if (strcmp(catalog_function_at(analysis->catalog, i)->name, name) == 0)
			return schema_unsafe(analysis, -1, analysis_text("another function of the name %s()", name),
								 SCHEMA_FOR_ALL);
	return true;
}

/* A function that costs less than a comparison is called before the tenant is compared; a support function
 * may do anything to the plan; a leak-proof one is trusted with rows that are not to be seen. */
static bool function_options(struct analysis *analysis, List *options)
{
	for (int i = 0; i < list_length(options); i++) {
		const DefElem *option = list_nth(options, i);
		bool cheap = strcmp(option->defname, "cost") == 0 &&
					 (IsA(option->arg, Integer) ? intVal(option->arg) < 1
												: strtod(castNode(Float, option->arg)->fval, NULL) < 1);
		bool trusted = strcmp(option->defname, "support") == 0 ||
					   (strcmp(option->defname, "leakproof") == 0 && boolVal(option->arg));
		if ((cheap || trusted) &&
			!schema_unsafe(analysis, -1, "a function with COST below 1, SUPPORT or LEAKPROOF",
						   "the server may call it with rows of other tenants"))
			return false;
	}
	return true;
}

static bool create_function(struct analysis *analysis, CreateFunctionStmt *create)
{
	const char *language = create->sql_body ? "sql" : "plpgsql", *body = "";
	for (int i = 0; i < list_length(create->options); i++) {
		DefElem *option = list_nth(create->options, i);
		if (strcmp(option->defname, "language") == 0)
			language = strVal(option->arg);
		if (strcmp(option->defname, "as") == 0)
			body = strVal(linitial((List *)option->arg));
	}
	if (!schema_permitted(analysis) || !function_settings(analysis, create->options))
		return false;
	if (!new_name(analysis, create->funcname) || !function_options(analysis, create->options))
		return false;
	for (int i = 0; i < list_length(create->parameters); i++)
		if (!schema_expression(analysis, ((FunctionParameter *)list_nth(create->parameters, i))->defexpr))
			return false;
	const char *why = body_scan_sent(analysis, language, body);
	if (!why && create->sql_body)
		why = body_scan_sent(analysis, "sql", schema_text(analysis));
	const char *what = create->is_procedure ? "this CREATE PROCEDURE" : "this CREATE FUNCTION";
	if (why && !schema_unsafe(analysis, -1, what, why))
		return false;
	const char *name = strVal(llast(create->funcname));
	schema_record_function(analysis, name, why && !function_trusted(analysis->policy, NULL, name));
	return true;
}

static bool alter_function(struct analysis *analysis, AlterFunctionStmt *alter)
{
	return schema_permitted(analysis) && function_settings(analysis, alter->actions) &&
		   function_options(analysis, alter->actions);
}

/* A function that a schema object will call, unseen. */
static bool harmless_function(struct analysis *analysis, List *names, const char *what)
{
	const char *name = strVal(llast(names));
	const struct catalog_name *entry = catalog_name(analysis->catalog, name, strlen(name));
	if (builtin_kind(name, strlen(name)) != BUILTIN_HARMLESS &&
		!schema_unsafe(analysis, -1, what, analysis_text("it calls %s()", name)))
		return false;
	return !entry || !entry->function ||
		   schema_unsafe(analysis, -1, what, analysis_text("it calls %s(): %s", name, entry->reason));
}

static bool create_trigger(struct analysis *analysis, CreateTrigStmt *create)
{
	if (schema_target(analysis, create->relation).temporary) {
		if (!schema_pin(analysis, create->relation))
			return false;
	} else if (analysis->request->right == RIGHT_BOUND &&
			   !schema_unsafe(analysis, create->relation->location, "CREATE TRIGGER", SCHEMA_FOR_ALL)) {
		return false;
	}
	return schema_permitted(analysis) && schema_expression(analysis, create->whenClause) &&
		   harmless_function(analysis, create->funcname, "this CREATE TRIGGER");
}

/* Extensions bring functions that tenantry does not know, some of which read tables or files by name. */
static bool create_extension(struct analysis *analysis, CreateExtensionStmt *create)
{
	static const char *const HARMLESS[] = {
		"uuid-ossp",  "pgcrypto", "citext",  "pg_trgm",       "hstore", "unaccent",      "btree_gin",
		"btree_gist", "intarray", "ltree",   "fuzzystrmatch", "cube",   "earthdistance", "isn",
		"plpgsql",    "vector",   "postgis", "tablefunc",     NULL};
	bool harmless = analysis->request->right != RIGHT_BOUND;
	for (const char *const *name = HARMLESS; *name && !harmless; name++)
		harmless = strcmp(create->extname, *name) == 0;
	return schema_permitted(analysis) &&
		   (harmless ||
			schema_unsafe(
				analysis, -1, analysis_text("CREATE EXTENSION \"%s\"", create->extname),
				"what it brings along is not known to be harmless, and the user is bound to a tenant"));
}

static bool create_rule(struct analysis *analysis, RuleStmt *rule)
{
	bool bound = analysis->request->right == RIGHT_BOUND;
	const char *why = schema_unclean(analysis);
	return schema_permitted(analysis) && (!why || schema_unsafe(analysis, -1, "this CREATE RULE", why)) &&
		   (!bound || schema_unsafe(analysis, rule->relation->location, "CREATE RULE", SCHEMA_FOR_ALL));
}

/* Every name in a list of options may be a function's. */
static bool harmless_functions(struct analysis *analysis, List *options, const char *what)
{
	for (int i = 0; i < list_length(options); i++) {
		Node *argument = ((DefElem *)list_nth(options, i))->arg;
		List *names = argument && IsA(argument, TypeName) ? ((TypeName *)argument)->names
					  : argument && IsA(argument, List)   ? (List *)argument
														  : NULL;
		if (names && IsA(llast(names), String) && !harmless_function(analysis, names, what))
			return false;
	}
	return true;
}

/* Aggregates, collations, text search; operators and base types change what statements mean. */
static bool define(struct analysis *analysis, DefineStmt *define)
{
	if (!schema_permitted(analysis))
		return false;
	if (define->kind == OBJECT_OPERATOR || define->kind == OBJECT_TYPE)
		return schema_unsafe(analysis, -1, "CREATE OPERATOR or CREATE TYPE with functions",
							 "it can change what comparisons mean");
	if (define->kind == OBJECT_AGGREGATE && !new_name(analysis, define->defnames))
		return false;
	return define->kind != OBJECT_AGGREGATE ||
		   harmless_functions(analysis, define->definition, "this CREATE AGGREGATE");
}

static bool create_range(struct analysis *analysis, CreateRangeStmt *create)
{
	return schema_permitted(analysis) && harmless_functions(analysis, create->params, "this CREATE TYPE");
}

static bool drop_or_alter(struct analysis *analysis, Node *statement)
{
	switch (nodeTag(statement)) {
	case T_AlterTableStmt:
		return schema_alter_table(analysis, (AlterTableStmt *)statement);
	case T_RenameStmt:
		return schema_rename(analysis, (RenameStmt *)statement);
	case T_AlterObjectSchemaStmt:
		return schema_move(analysis, (AlterObjectSchemaStmt *)statement);
	case T_DropStmt:
		return schema_drop(analysis, (DropStmt *)statement);
	case T_AlterSeqStmt:
		return alter_sequence(analysis, (AlterSeqStmt *)statement);
	case T_AlterDomainStmt:
		return alter_domain(analysis, (AlterDomainStmt *)statement);
	case T_AlterFunctionStmt:
		return alter_function(analysis, (AlterFunctionStmt *)statement);
	default:
		/* Enums, composite and range types, extensions, statistics, collations, text search: no rows, no
		 * names of relations. */
		return schema_permitted(analysis);
	}
}

/* The name of the type that comes to be; NULL: none does. */
static const RangeVar *new_type(Node *statement)
{
	switch (nodeTag(statement)) {
	case T_CreateDomainStmt:
		return schema_range(((CreateDomainStmt *)statement)->domainname);
	case T_CreateEnumStmt:
		return schema_range(((CreateEnumStmt *)statement)->typeName);
	case T_CreateRangeStmt:
		return schema_range(((CreateRangeStmt *)statement)->typeName);
	case T_DefineStmt: {
		const DefineStmt *define = (DefineStmt *)statement;
		return define->kind == OBJECT_TYPE ? schema_range(define->defnames) : NULL;
	}
	case T_CompositeTypeStmt:
		return ((CompositeTypeStmt *)statement)->typevar;
	default:
		return NULL;
	}
}

/* A type is looked for in pg_temp before it is in pg_catalog: `x::int4` would be another one. */
static bool shadows_no_type(struct analysis *analysis, Node *statement)
{
	const RangeVar *name = new_type(statement);
	return !name || !schema_is_temporary(name) ||
		   schema_unsafe(analysis, -1, "a type in pg_temp", "it may stand for a built-in one");
}

bool statement_schema_change(struct analysis *analysis, Node *statement)
{
	if (!shadows_no_type(analysis, statement))
		return false;
	switch (nodeTag(statement)) {
	case T_CreateStmt:
		return schema_create_table(analysis, (CreateStmt *)statement);
	case T_ViewStmt:
		return schema_create_view(analysis, (ViewStmt *)statement);
	case T_IndexStmt:
		return create_index(analysis, (IndexStmt *)statement);
	case T_CreateStatsStmt:
		return create_statistics(analysis, (CreateStatsStmt *)statement);
	case T_CreateSeqStmt:
		return create_sequence(analysis, (CreateSeqStmt *)statement);
	case T_CreateSchemaStmt:
		return create_schema(analysis, (CreateSchemaStmt *)statement);
	case T_CreateDomainStmt:
		return create_domain(analysis, (CreateDomainStmt *)statement);
	case T_CreateFunctionStmt:
		return create_function(analysis, (CreateFunctionStmt *)statement);
	case T_CreateTrigStmt:
		return create_trigger(analysis, (CreateTrigStmt *)statement);
	case T_RuleStmt:
		return create_rule(analysis, (RuleStmt *)statement);
	case T_DefineStmt:
		return define(analysis, (DefineStmt *)statement);
	case T_CreateExtensionStmt:
		return create_extension(analysis, (CreateExtensionStmt *)statement);
	case T_CreateRangeStmt:
		return create_range(analysis, (CreateRangeStmt *)statement);
	default:
		return drop_or_alter(analysis, statement);
	}
}
