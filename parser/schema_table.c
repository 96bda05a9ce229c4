/* CREATE TABLE: a table that the application creates gets the tenant column in the same statement, as its
 * last column, in the text and in the tree alike (the proof compares them). Left alone: temporary tables,
 * partitions and children (they follow their parent), tables that list the column themselves or copy it with
 * LIKE, the table of tenants, tables configured as shared, the
 * bookkeeping of migration tools. */
#include <stdlib.h>
#include <string.h>

#include "parser/catalog_internal.h"
#include "parser/created.h"
#include "parser/expressions.h"
#include "parser/schema_change.h"
#include "parser/splice.h"
#include "parser/tokens.h"
#include "parser/tree.h"

static bool examine_constraint(struct analysis *analysis, Constraint *constraint)
{
	if (!schema_expression(analysis, constraint->raw_expr) ||
		!schema_expression(analysis, constraint->where_clause))
		return false;
	for (int i = 0; i < list_length(constraint->exclusions); i++) {
		IndexElem *element = linitial((List *)list_nth(constraint->exclusions, i));
		if (!schema_expression(analysis, element->expr))
			return false;
	}
	return true;
}

bool schema_constraints(struct analysis *analysis, List *constraints)
{
	for (int i = 0; i < list_length(constraints); i++)
		if (!examine_constraint(analysis, list_nth(constraints, i)))
			return false;
	return true;
}

bool schema_elements(struct analysis *analysis, List *elements)
{
	for (int i = 0; i < list_length(elements); i++) {
		Node *element = list_nth(elements, i);
		bool fine = true;
		if (IsA(element, ColumnDef))
			fine = schema_expression(analysis, ((ColumnDef *)element)->raw_default) &&
				   schema_constraints(analysis, ((ColumnDef *)element)->constraints);
		else if (IsA(element, Constraint))
			fine = examine_constraint(analysis, (Constraint *)element);
		else if (!IsA(element, TableLikeClause))
			fine = analysis_refuse(analysis, "0A000", -1, "this table element is not supported", NULL, NULL);
		if (!fine)
			return false;
	}
	return true;
}

static bool examine_partitioning(struct analysis *analysis, CreateStmt *create)
{
	for (int i = 0; create->partspec && i < list_length(create->partspec->partParams); i++)
		if (!schema_expression(analysis, ((PartitionElem *)list_nth(create->partspec->partParams, i))->expr))
			return false;
	PartitionBoundSpec *bound = create->partbound;
	return !bound || (schema_expression(analysis, (Node *)bound->listdatums) &&
					  schema_expression(analysis, (Node *)bound->lowerdatums) &&
					  schema_expression(analysis, (Node *)bound->upperdatums));
}

/* Does some element bring the tenant column along? */
static bool brings_column(struct analysis *analysis, CreateStmt *create)
{
	for (int i = 0; i < list_length(create->tableElts); i++) {
		Node *element = list_nth(create->tableElts, i);
		if (IsA(element, ColumnDef) &&
			strcmp(((ColumnDef *)element)->colname, analysis->policy->tenant_column) == 0)
			return true;
		if (!IsA(element, TableLikeClause))
			continue;
		struct target source = schema_target(analysis, ((TableLikeClause *)element)->relation);
		for (size_t k = 0; source.relation && k < source.relation->n_columns; k++)
			if (strcmp(source.relation->columns[k].name, analysis->policy->tenant_column) == 0)
				return true;
	}
	return false;
}

static bool is_tenants_table(const struct policy *policy, const RangeVar *name)
{
	return policy->tenants_table && strcmp(policy->tenants_table, name->relname) == 0 &&
		   (!name->schemaname || !policy->tenants_schema ||
			strcmp(policy->tenants_schema, name->schemaname) == 0);
}

/* Where migration tools note how far the schema is. The schema is one for all tenants, and so is this: with a
 * tenant column the application of the next tenant would find no migration applied, and apply them all again.
 */
static bool is_bookkeeping(const char *name)
{
	static const char *const TABLES[] = {"django_migrations",
										 "schema_migrations",
										 "ar_internal_metadata",
										 "alembic_version",
										 "flyway_schema_history",
										 "databasechangelog",
										 "databasechangeloglock",
										 "knex_migrations",
										 "knex_migrations_lock",
										 "_prisma_migrations",
										 "__drizzle_migrations",
										 "__EFMigrationsHistory",
										 "SequelizeMeta",
										 "goose_db_version",
										 "pgmigrations",
										 "phinxlog",
										 "doctrine_migration_versions",
										 NULL};
	for (const char *const *table = TABLES; *table; table++)
		if (strcmp(name, *table) == 0)
			return true;
	return false;
}

static bool wants_column(struct analysis *analysis, CreateStmt *create)
{
	const RangeVar *name = create->relation;
	return analysis->policy->new_tables == NEW_TABLES_TENANT && !create->partbound && !create->inhRelations &&
		   !is_tenants_table(analysis->policy, name) && !is_bookkeeping(name->relname) &&
		   !catalog_configured_shared(analysis->catalog, name->schemaname, name->relname) &&
		   !brings_column(analysis, create);
}

/* The closing parenthesis of the list of elements: the one that belongs to the first one behind the table's
 * name. */
static bool find_end_of_list(struct analysis *analysis, const RangeVar *name, size_t *at)
{
	if (!analysis->tokens)
		analysis->tokens = tokens_scan(analysis->text, analysis->text_length);
	if (!analysis->tokens || name->location < 0)
		return false;
	const struct tokens *tokens = analysis->tokens;
	size_t i = tokens_at(tokens, (size_t)name->location);
	while (i < tokens->n && (tokens->items[i].kind == TOKEN_WORD || tokens->items[i].kind == TOKEN_QUOTED ||
							 tokens->items[i].kind == TOKEN_DOT))
		i++;
	if (i >= tokens->n || tokens->items[i].kind != TOKEN_OPEN)
		return false;
	*at = tokens->items[tokens->items[i].match].start;
	return true;
}

/* As the migration gives it; NULL: none. */
static const char *default_text(const struct policy *policy, const char *type)
{
	char literal[TENANT_LITERAL_MAX] = "";
	if (policy->default_tenant)
		tenant_value_literal(policy->tenant_type, policy->default_tenant, literal);
	if (!policy->default_setting)
		return policy->default_tenant ? analysis_text("%s", literal) : NULL;
	/* the name of a setting has no quotes */
	const char *setting =
		analysis_text("NULLIF(pg_catalog.current_setting('%s', true), '')::%s", policy->tenant_setting, type);
	return policy->default_tenant ? analysis_text("COALESCE(%s, %s)", setting, literal) : setting;
}

static const char *column_text(const struct policy *policy)
{
	const char *name = text_identifier(policy->tenant_column), *type = tenant_type_name(policy->tenant_type);
	const char *value = default_text(policy, type);
	return analysis_text("%s %s NOT NULL%s%s", name, type, value ? " DEFAULT " : "", value ? value : "");
}

static Node *column_tree(const char *text)
{
	List *elements = schema_parsed_elements(text);
	return elements ? linitial(elements) : NULL;
}

static bool add_column(struct analysis *analysis, CreateStmt *create)
{
	if (create->ofTypename)
		return analysis_refuse(analysis, "0A000", create->relation->location,
							   "a table OF a type cannot be created through tenantry",
							   "It cannot get the tenant column in the same statement.",
							   "List the columns, or set new_tables = shared.");
	size_t at;
	const char *text = column_text(analysis->policy);
	Node *column = column_tree(text);
	if (!column || !find_end_of_list(analysis, create->relation, &at))
		return analysis_refuse(analysis, "0A000", create->relation->location,
							   "the place of the tenant column could not be found in CREATE TABLE", NULL,
							   "Report this statement.");
	const char *spliced = create->tableElts ? analysis_text(", %s", text) : text;
	create->tableElts = lappend(create->tableElts, column);
	return splice_text(analysis, at, 0, spliced);
}

/* A temporary child would have the tenant column, and its rows would be the parent's, too; but nobody guards it. */
static bool no_tenant_parent(struct analysis *analysis, const CreateStmt *create)
{
	for (int i = 0; i < list_length(create->inhRelations); i++) {
		RangeVar *parent = list_nth(create->inhRelations, i);
		const struct catalog_relation *relation = schema_target(analysis, parent).relation;
		if (relation && relation->isolation != ISOLATION_SHARED)
			return analysis_refuse(
				analysis, "0A000", parent->location,
				analysis_text("a temporary table cannot inherit from \"%s\" through tenantry",
							  relation->name),
				"It would have the tenant column, and its rows would be shown by its parent.",
				"Use LIKE instead of INHERITS.");
	}
	return true;
}

bool schema_create_table(struct analysis *analysis, CreateStmt *create)
{
	if (!schema_elements(analysis, create->tableElts) || !schema_constraints(analysis, create->constraints) ||
		!examine_partitioning(analysis, create))
		return false;
	if (schema_is_temporary(create->relation))
		return no_tenant_parent(analysis, create) && schema_spell_likes(analysis, create) &&
			   schema_temporary(analysis, create->relation, create->oncommit == ONCOMMIT_DROP, false);
	if (!schema_permitted(analysis))
		return false;
	if (analysis->policy->new_tables == NEW_TABLES_REFUSE && !create->partbound)
		return analysis_refuse(analysis, "42501", create->relation->location, "new tables are refused", NULL,
							   "Set new_tables = tenant or shared, or create the table without tenantry.");
	if ((wants_column(analysis, create) && !add_column(analysis, create)) ||
		!schema_spell_likes(analysis, create))
		return false;
	schema_record_table(analysis, create);
	return true;
}
