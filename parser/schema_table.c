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

static const char *column_text(const struct policy *policy)
{
	const char *name = text_identifier(policy->tenant_column), *type = tenant_type_name(policy->tenant_type);
	if (!policy->default_tenant)
		return analysis_text("%s %s NOT NULL", name, type);
	char literal[TENANT_LITERAL_MAX];
	tenant_value_literal(policy->tenant_type, policy->default_tenant, literal);
	return analysis_text("%s %s NOT NULL DEFAULT %s", name, type, literal);
}

/* The elements of a table, as the parser itself makes them from these words. */
static List *parsed_elements(const char *text)
{
	PgQueryInternalParsetreeAndError parsed = pg_query_raw_parse(analysis_text("CREATE TABLE t (%s)", text));
	free(parsed.stderr_buffer);
	if (parsed.error) {
		pg_query_free_error(parsed.error);
		return NIL;
	}
	return ((CreateStmt *)((RawStmt *)linitial(parsed.tree))->stmt)->tableElts;
}

static Node *column_tree(const char *text)
{
	List *elements = parsed_elements(text);
	return elements ? linitial(elements) : NULL;
}

/* --- LIKE of a tenant relation, for a temporary table --- */

/* The tenant column would come along, not null and without default, into a table that nobody guards. So the
 * visible columns are spelled out instead, with what INCLUDING asks for, as expandTableLikeClause() in parse_utilcmd.c has it.
 * What is seen of an index is that it is unique; comments, storage and statistics are not seen. */
static const char *spelled_value(const struct catalog_column *column, uint32_t options)
{
	uint32_t asked = column->identity    ? CREATE_TABLE_LIKE_IDENTITY
					 : column->generated ? CREATE_TABLE_LIKE_GENERATED
										 : CREATE_TABLE_LIKE_DEFAULTS;
	const char *text = column->default_text;
	if (!column->has_default || !(options & asked))
		return "";
	if (!text || strcmp(text, "?") == 0)
		return NULL;
	if (column->identity)
		return text_concat(" GENERATED ", column->identity_always ? "ALWAYS" : "BY DEFAULT", " AS IDENTITY ",
						   text, NULL);
	return column->generated ? text_concat(" GENERATED ALWAYS AS (", text, ") STORED", NULL)
							 : text_concat(" DEFAULT (", text, ")", NULL);
}

/* NULL: its value is not known, or hangs on the tenant column. */
static const char *spelled_column(const struct catalog_relation *relation, size_t i, uint32_t options)
{
	const struct catalog_column *column = &relation->columns[i];
	const char *value = spelled_value(column, options);
	if (!column->type_name || !value ||
		(column->generated && created_word(value, relation->columns[relation->tenant_column].name)))
		return NULL;
	return text_concat(text_identifier(column->name), " ", column->type_name, value,
					   column->not_null ? " NOT NULL" : "", NULL);
}

static bool names_tenant(const struct catalog_relation *relation, const char *text)
{
	return created_word(text, relation->columns[relation->tenant_column].name);
}

/* NULL: they cannot be read, or one names the tenant column. */
static const char *spelled_checks(const struct catalog_relation *relation)
{
	const char *checks = relation->checks;
	if (!checks)
		return "";
	return strcmp(checks, "?") == 0 || names_tenant(relation, checks) ? NULL : checks;
}

/* EXCLUDE constraints; NULL: as for spelled_checks(). */
static const char *spelled_exclusions(const struct catalog_relation *relation)
{
	const char *text = relation->exclusions;
	if (!text)
		return "";
	return strcmp(text, "?") == 0 || names_tenant(relation, text) ? NULL : text;
}

/* A key column of an index; NULL: an expression that cannot be read, or names the tenant column. */
static const char *spelled_part(const struct catalog_relation *relation, const struct catalog_index *index,
								size_t i)
{
	if (index->columns[i])
		return text_identifier(index->columns[i]);
	const char *text = index->expressions ? index->expressions[i] : NULL;
	return text && strcmp(text, "?") != 0 && !names_tenant(relation, text) ? text : NULL;
}

/* The key columns of a unique index without the tenant column; NULL: some cannot be spelled out. */
static const char *spelled_key(const struct catalog_relation *relation, const struct catalog_index *index,
							   bool *plain)
{
	const char *text = "", *tenant = relation->columns[relation->tenant_column].name;
	*plain = !index->predicate;
	for (size_t i = 0; i < index->n_columns; i++) {
		if (index->columns[i] && strcmp(index->columns[i], tenant) == 0)
			continue;
		const char *part = spelled_part(relation, index, i);
		if (!part)
			return NULL;
		*plain &= index->columns[i] != NULL;
		text = text_concat(text, *text ? ", " : "", part, NULL);
	}
	return text;
}

static bool names_key(const List *keys, const char *key)
{
	ListCell *cell;
	foreach (cell, keys)
		if (strcmp(lfirst(cell), key) == 0)
			return true;
	return false;
}

/* An index that no constraint can be is made by a statement of its own. */
static bool add_index(struct analysis *analysis, const struct catalog_relation *relation,
					  const struct catalog_index *index, const char *key)
{
	const char *where = index->predicate;
	if (where && (strcmp(where, "?") == 0 || names_tenant(relation, where)))
		return false;
	analysis->followers =
		lappend(analysis->followers,
				(void *)text_concat("(", key, ")", index->nulls_not_distinct ? " NULLS NOT DISTINCT" : "",
									where ? " WHERE " : "", where ? where : "", NULL));
	return true;
}

/* Appends the keys to the text of the columns. Two of them may be one without the tenant column. */
static const char *with_keys(struct analysis *analysis, const struct catalog_relation *relation,
							 const char *text)
{
	List *keys = NIL;
	for (int primary = 1; primary >= 0; primary--)
		for (size_t i = 0; i < relation->n_indexes; i++) {
			const struct catalog_index *index = &relation->indexes[i];
			if (index->is_primary != primary)
				continue;
			bool plain;
			const char *key = spelled_key(relation, index, &plain);
			if (!key || (!plain && !add_index(analysis, relation, index, key)))
				return NULL;
			if (!*key || !plain || names_key(keys, key))
				continue;
			keys = lappend(keys, (void *)key);
			text = text_concat(text, primary ? ", PRIMARY KEY (" : ", UNIQUE ",
							   index->nulls_not_distinct ? "NULLS NOT DISTINCT " : "", primary ? "" : "(",
							   key, ")", NULL);
		}
	return text;
}

static const char *spelled_columns(struct analysis *analysis, const struct catalog_relation *relation,
								   uint32_t options)
{
	const char *text = "";
	const char *checks = options & CREATE_TABLE_LIKE_CONSTRAINTS ? spelled_checks(relation) : "";
	const char *exclusions = options & CREATE_TABLE_LIKE_INDEXES ? spelled_exclusions(relation) : "";
	if (!checks || !exclusions)
		return NULL;
	for (size_t i = 0; i < relation->n_columns; i++) {
		if ((int)i == relation->tenant_column)
			continue;
		const char *column = spelled_column(relation, i, options);
		if (!column)
			return NULL;
		text = text_concat(text, *text ? ", " : "", column, NULL);
	}
	if (!*text)
		return NULL;
	text = text_concat(text, checks, exclusions, NULL);
	return options & CREATE_TABLE_LIKE_INDEXES ? with_keys(analysis, relation, text) : text;
}

/* The words of a LIKE element: from LIKE, which stands before the name, to the comma or parenthesis behind
 * it. */
static bool find_like(struct analysis *analysis, const RangeVar *name, size_t *start, size_t *end)
{
	if (!analysis->tokens)
		analysis->tokens = tokens_scan(analysis->text, analysis->text_length);
	const struct tokens *tokens = analysis->tokens;
	if (!tokens || name->location < 0)
		return false;
	size_t i = tokens_at(tokens, (size_t)name->location);
	if (i == 0 || i >= tokens->n)
		return false;
	*start = tokens->items[i - 1].start;
	while (i < tokens->n && tokens->items[i].kind != TOKEN_COMMA && tokens->items[i].kind != TOKEN_CLOSE)
		*end = tokens->items[i++].end;
	return i < tokens->n;
}

static bool spell_like(struct analysis *analysis, const TableLikeClause *like,
					   const struct catalog_relation *relation, List **elements)
{
	size_t start = 0, end = 0;
	const char *text = spelled_columns(analysis, relation, like->options);
	List *columns = text ? parsed_elements(text) : NIL;
	if (!columns || !find_like(analysis, like->relation, &start, &end))
		return analysis_refuse(
			analysis, "0A000", like->relation->location,
			analysis_text("a temporary table LIKE \"%s\" cannot be created like this", relation->name),
			"Virtual columns, and what names the tenant column, cannot be copied without it.",
			"Leave that out of INCLUDING, list the columns, or use CREATE TEMP TABLE .. AS SELECT .. WITH NO "
			"DATA.");
	*elements = list_concat(*elements, columns);
	return splice_text(analysis, start, end - start, text);
}

static bool spell_likes(struct analysis *analysis, CreateStmt *create)
{
	List *elements = NIL;
	for (int i = 0; i < list_length(create->tableElts); i++) {
		Node *element = list_nth(create->tableElts, i);
		const TableLikeClause *like = IsA(element, TableLikeClause) ? (TableLikeClause *)element : NULL;
		const struct catalog_relation *relation =
			like ? schema_target(analysis, like->relation).relation : NULL;
		if (!relation || relation->isolation != ISOLATION_TENANT || !analysis->policy->hide_tenant_column)
			elements = lappend(elements, element);
		else if (!spell_like(analysis, like, relation, &elements))
			return false;
	}
	create->tableElts = elements;
	return true;
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

bool schema_create_table(struct analysis *analysis, CreateStmt *create)
{
	if (!schema_elements(analysis, create->tableElts) || !schema_constraints(analysis, create->constraints) ||
		!examine_partitioning(analysis, create))
		return false;
	if (schema_is_temporary(create->relation))
		return spell_likes(analysis, create) &&
			   schema_temporary(analysis, create->relation, create->oncommit == ONCOMMIT_DROP, false);
	if (!schema_permitted(analysis))
		return false;
	if (analysis->policy->new_tables == NEW_TABLES_REFUSE && !create->partbound)
		return analysis_refuse(analysis, "42501", create->relation->location, "new tables are refused", NULL,
							   "Set new_tables = tenant or shared, or create the table without tenantry.");
	if (wants_column(analysis, create) && !add_column(analysis, create))
		return false;
	schema_record_table(analysis, create);
	return true;
}
