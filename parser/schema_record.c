/* What a schema change makes of a relation, noted for the rest of the transaction; see created.h. What cannot
 * be followed exactly is not noted: the name stays unknown, and statements that use it are refused until the
 * snapshot shows it. */
#include <string.h>

#include "parser/created.h"
#include "parser/schema_change.h"
#include "parser/scope.h"

enum { COLUMNS_MAX = 1600 }; /* MaxHeapAttributeNumber */

/* The schema in which a new relation comes to be: the one that is named, else the first of search_path that
 * exists. */
static const char *creation_schema(const struct analysis *analysis, const RangeVar *name)
{
	if (name->schemaname || analysis->path_unknown)
		return name->schemaname;
	const struct scope_path *path = scope_path(analysis);
	for (size_t i = 0; i < path->n; i++)
		if (strcmp(path->schemas[i], "pg_temp") != 0 && strcmp(path->schemas[i], "pg_catalog") != 0 &&
			catalog_has_schema(analysis->catalog, path->schemas[i]))
			return path->schemas[i];
	return NULL;
}

static void record(struct analysis *analysis, const struct catalog_relation *relation, enum created how)
{
	const char *old = created_entry(analysis, relation->schema, relation->name);
	if (old)
		analysis_effect(analysis, EFFECT_DROP, old, NULL, false);
	const char *name = created_name(relation, how, analysis->names->search_path);
	if (name)
		analysis_effect(analysis, EFFECT_CREATE_TEMPORARY, name, NULL, true);
}

static enum created how_changed(const struct analysis *analysis, const struct catalog_relation *relation)
{
	if (created_is_own(relation))
		return CREATED_NEW;
	return catalog_relation(analysis->catalog, relation->schema, relation->name) ? CREATED_CHANGED
																				 : CREATED_MAYBE;
}

/* --- columns --- */

struct columns {
	struct catalog_column list[COLUMNS_MAX];
	size_t n;
};

static struct catalog_column *find_column(struct columns *columns, const char *name)
{
	for (size_t i = 0; i < columns->n; i++)
		if (strcmp(columns->list[i].name, name) == 0)
			return &columns->list[i];
	return NULL;
}

static bool add_column(struct columns *columns, const struct catalog_column *column)
{
	if (columns->n == COLUMNS_MAX)
		return false;
	columns->list[columns->n++] = *column;
	return true;
}

static bool copy_columns(struct columns *columns, const struct catalog_relation *from)
{
	for (size_t i = 0; i < from->n_columns; i++)
		if (!find_column(columns, from->columns[i].name) && !add_column(columns, &from->columns[i]))
			return false;
	return true;
}

/* Of types only those that a tenant column can have are told apart. */
static uint32_t type_oid(const TypeName *type)
{
	enum tenant_type known;
	const char *name = type && type->names && !type->arrayBounds ? strVal(llast(type->names)) : "";
	if (strcmp(name, "varchar") == 0)
		name = "text";
	return tenant_type_parse(name, &known) ? tenant_type_oid(known) : 0;
}

static void apply_constraint(struct catalog_column *column, const Constraint *constraint)
{
	switch (constraint->contype) {
	case CONSTR_NOTNULL:
	case CONSTR_PRIMARY:
		column->not_null = true;
		break;
	case CONSTR_DEFAULT:
		column->has_default = true;
		break;
	case CONSTR_IDENTITY:
		column->has_default = column->not_null = true;
		column->identity_always = constraint->generated_when == 'a';
		break;
	case CONSTR_GENERATED:
		column->generated = true;
		break;
	default:
		break;
	}
}

static bool define_column(struct columns *columns, const ColumnDef *definition)
{
	struct catalog_column column = {.name = definition->colname, .type_oid = type_oid(definition->typeName)};
	const char *type = definition->typeName ? strVal(llast(definition->typeName->names)) : "";
	column.has_default = column.not_null = strstr(type, "serial") != NULL;
	for (int i = 0; i < list_length(definition->constraints); i++)
		apply_constraint(&column, list_nth(definition->constraints, i));
	struct catalog_column *inherited = find_column(columns, definition->colname);
	if (inherited)
		*inherited = column;
	return inherited || add_column(columns, &column);
}

static bool define_element(struct analysis *analysis, struct columns *columns, Node *element)
{
	if (IsA(element, ColumnDef))
		return define_column(columns, (ColumnDef *)element);
	if (!IsA(element, TableLikeClause))
		return true;
	struct target source = schema_target(analysis, ((TableLikeClause *)element)->relation);
	return source.relation && copy_columns(columns, source.relation);
}

static bool define_columns(struct analysis *analysis, struct columns *columns, const CreateStmt *create,
						   const struct catalog_relation **parent)
{
	for (int i = 0; i < list_length(create->inhRelations); i++) {
		struct target target = schema_target(analysis, list_nth(create->inhRelations, i));
		if (!target.relation || !copy_columns(columns, target.relation))
			return false;
		*parent = target.relation;
	}
	for (int i = 0; i < list_length(create->tableElts); i++)
		if (!define_element(analysis, columns, list_nth(create->tableElts, i)))
			return false;
	return create->ofTypename == NULL;
}

/* --- what is created --- */

/* False: a tenant column of a type that cannot be told. */
static bool find_tenant_column(const struct analysis *analysis, struct catalog_relation *relation)
{
	relation->tenant_column = -1;
	relation->isolation = ISOLATION_SHARED;
	for (size_t i = 0; i < relation->n_columns; i++)
		if (strcmp(relation->columns[i].name, analysis->policy->tenant_column) == 0) {
			relation->tenant_column = (int)i;
			relation->isolation = ISOLATION_TENANT;
			return tenant_type_from_oid(relation->columns[i].type_oid, &relation->tenant_type);
		}
	return true;
}

void schema_record_table(struct analysis *analysis, const CreateStmt *create)
{
	const char *schema = creation_schema(analysis, create->relation);
	const struct policy *policy = analysis->policy;
	bool tenants = policy->tenants_table && strcmp(policy->tenants_table, create->relation->relname) == 0;
	if (!schema || tenants ||
		(create->if_not_exists && created_relation(analysis, schema, create->relation->relname)))
		return;
	struct columns *columns = palloc0(sizeof *columns);
	const struct catalog_relation *parent = NULL;
	if (!define_columns(analysis, columns, create, &parent))
		return;
	struct catalog_relation relation = {.schema = schema,
										.name = create->relation->relname,
										.kind = create->partspec ? 'p' : 'r',
										.columns = columns->list,
										.n_columns = columns->n};
	if (!find_tenant_column(analysis, &relation))
		return;
	/* A child or partition is what its parent is; one that would differ is for the snapshot to judge. */
	if (parent && (parent->isolation == ISOLATION_TENANT) != (relation.isolation == ISOLATION_TENANT))
		return;
	record(analysis, &relation, create->if_not_exists ? CREATED_MAYBE : CREATED_NEW);
}

void schema_record_tenant_view(struct analysis *analysis, const RangeVar *name,
							   const struct catalog_relation *known)
{
	struct catalog_relation view = {.isolation = ISOLATION_REFUSED};
	if (known && analysis->names->search_path && !analysis->path_unknown) {
		view = *known;
		view.isolation = ISOLATION_VIEW;
	}
	view.schema = creation_schema(analysis, name);
	view.name = name->relname;
	view.kind = 'v';
	view.tenant_column = -1;
	if (view.schema)
		record(analysis, &view, CREATED_MAYBE);
}

void schema_record_relation(struct analysis *analysis, const RangeVar *name, char kind, bool maybe)
{
	const char *schema = creation_schema(analysis, name);
	if (!schema || created_relation(analysis, schema, name->relname))
		return;
	struct catalog_relation relation = {.schema = schema,
										.name = name->relname,
										.kind = kind,
										.isolation = ISOLATION_SHARED,
										.tenant_column = -1};
	record(analysis, &relation, maybe ? CREATED_MAYBE : CREATED_NEW);
}

void schema_record_function(struct analysis *analysis, const char *name, bool flagged)
{
	const char *entry = created_function(name, flagged);
	if (entry)
		analysis_effect(analysis, EFFECT_CREATE_TEMPORARY, entry, NULL, true);
}

/* --- what is changed --- */

static bool alter_column(struct columns *columns, const AlterTableCmd *command)
{
	struct catalog_column *column = command->name ? find_column(columns, command->name) : NULL;
	switch (command->subtype) {
	case AT_AddColumn:
		return find_column(columns, ((ColumnDef *)command->def)->colname) ||
			   define_column(columns, (ColumnDef *)command->def);
	case AT_DropColumn:
		if (column)
			memmove(column, column + 1, (size_t)(&columns->list[--columns->n] - column) * sizeof *column);
		return true;
	case AT_ColumnDefault:
		if (column)
			column->has_default = command->def != NULL;
		return true;
	case AT_AddIdentity:
	case AT_DropIdentity:
	case AT_SetIdentity:
	case AT_DropExpression:
		return false;
	default:
		return true;
	}
}

/* The columns of the tables and composite types that an application alters are known only if those of before were. */
static bool has_columns(const struct catalog_relation *relation)
{
	return relation && relation->n_columns > 0 && strchr("rpc", relation->kind) &&
		   (relation->isolation == ISOLATION_TENANT || relation->isolation == ISOLATION_SHARED);
}

static void record_columns(struct analysis *analysis, const struct catalog_relation *relation,
						   struct columns *columns)
{
	struct catalog_relation changed = *relation;
	changed.columns = columns->list;
	changed.n_columns = columns->n;
	changed.tenant_column = -1;
	const char *tenant = relation->tenant_column >= 0 ? relation->columns[relation->tenant_column].name
													  : analysis->policy->tenant_column;
	for (size_t i = 0; i < columns->n; i++)
		if (strcmp(columns->list[i].name, tenant) == 0)
			changed.tenant_column = (int)i;
	/* The tenant column comes or goes: for the snapshot to judge. */
	if ((changed.tenant_column >= 0) != (relation->isolation == ISOLATION_TENANT))
		schema_record_drop(analysis, relation);
	else
		record(analysis, &changed, how_changed(analysis, relation));
}

static bool changes_columns(const AlterTableStmt *alter)
{
	for (int i = 0; i < list_length(alter->cmds); i++) {
		AlterTableType type = ((AlterTableCmd *)list_nth(alter->cmds, i))->subtype;
		if (type == AT_AddColumn || type == AT_DropColumn || type == AT_ColumnDefault ||
			type == AT_AlterColumnType)
			return true;
	}
	return false;
}

void schema_record_alter(struct analysis *analysis, const struct catalog_relation *relation,
						 const AlterTableStmt *alter)
{
	if (!has_columns(relation) || !changes_columns(alter))
		return;
	struct columns *columns = palloc0(sizeof *columns);
	copy_columns(columns, relation);
	for (int i = 0; i < list_length(alter->cmds); i++)
		if (!alter_column(columns, list_nth(alter->cmds, i)))
			return;
	record_columns(analysis, relation, columns);
}

void schema_record_adoption(struct analysis *analysis, const struct catalog_relation *parent)
{
	record(analysis, parent, CREATED_MAYBE);
}

void schema_record_index(struct analysis *analysis, const struct catalog_relation *relation)
{
	if (relation && has_columns(relation))
		record(analysis, relation, how_changed(analysis, relation));
}

void schema_record_rename(struct analysis *analysis, const struct catalog_relation *relation,
						  const RenameStmt *rename)
{
	if (!has_columns(relation))
		return;
	if (rename->renameType == OBJECT_COLUMN || rename->renameType == OBJECT_ATTRIBUTE) {
		struct columns *columns = palloc0(sizeof *columns);
		copy_columns(columns, relation);
		struct catalog_column *column = find_column(columns, rename->subname);
		if (column)
			column->name = rename->newname;
		record_columns(analysis, relation, columns);
		return;
	}
	enum created how = how_changed(analysis, relation);
	struct catalog_relation renamed = *relation;
	renamed.name = rename->newname;
	schema_record_drop(analysis, relation);
	record(analysis, &renamed, how == CREATED_NEW ? CREATED_NEW : CREATED_MAYBE);
}

void schema_record_drop(struct analysis *analysis, const struct catalog_relation *relation)
{
	const char *entry = relation ? created_entry(analysis, relation->schema, relation->name) : NULL;
	if (entry)
		analysis_effect(analysis, EFFECT_DROP, entry, NULL, false);
}
