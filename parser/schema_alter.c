/* ALTER, RENAME, SET SCHEMA and DROP under ddl = safe. Relations that are known to be shared, and names that
 * nobody has, may be changed; of a tenant relation everything but its existence, name, tenant column, keys
 * and policies. */
#include <string.h>

#include "parser/catalog_internal.h"
#include "parser/expressions.h"
#include "parser/schema_change.h"
#include "parser/splice.h"
#include "parser/tokens.h"
#include "parser/tree.h"

static bool guarded(const struct catalog_relation *relation)
{
	return relation && (relation->isolation == ISOLATION_TENANT || relation->isolation == ISOLATION_TENANTS);
}

/* --- ALTER TABLE --- */

static const char *tenant_column(const struct analysis *analysis, const struct catalog_relation *relation)
{
	if (guarded(relation) && relation->tenant_column >= 0)
		return relation->columns[relation->tenant_column].name;
	return analysis->policy->tenant_column;
}

/* Is it a key that ON CONFLICT or uniqueness within a tenant rests on? */
static bool is_key(const struct catalog_relation *relation, const char *name)
{
	for (size_t i = 0; relation && i < relation->n_indexes; i++)
		if (strcmp(relation->indexes[i].name, name) == 0)
			return true;
	return false;
}

/* The other side of INHERIT and ATTACH: reading a parent shows its children's rows, so both must be of one
 * kind. */
static bool same_kind(struct analysis *analysis, const struct catalog_relation *relation,
					  const RangeVar *other)
{
	struct target target = schema_target(analysis, other);
	bool one = relation && relation->isolation != ISOLATION_SHARED;
	bool two = target.relation && target.relation->isolation != ISOLATION_SHARED;
	return one == two;
}

/* Some commands read or change the rows that are there, those of all tenants. Values that they choke on are
 * concealed (struct statement), but a user that is bound to a tenant may neither ask a question of its own
 * about such rows nor change them. */
static bool reads_rows(const AlterTableCmd *command)
{
	switch (command->subtype) {
	case AT_AddColumn:
	case AT_AddConstraint:
	case AT_ValidateConstraint:
	case AT_SetNotNull:
	case AT_AlterColumnType:
	case AT_AttachPartition:
		return true;
	default:
		return false;
	}
}

static bool has_name(const List *names, const char *name)
{
	for (int i = 0; i < list_length(names); i++)
		if (strcmp(strVal(list_nth(names, i)), name) == 0)
			return true;
	return false;
}

/* Why a user that is bound to a tenant may not put this on a relation that others have rows in; NULL: it may.
 * A foreign key's actions follow what happens to the rows that are referred to, whosever they are; a unique
 * key without the tenant tells whether others have a value, now and at every INSERT. */
static const char *shared_constraint(const char *tenant, const Constraint *constraint)
{
	switch (constraint->contype) {
	case CONSTR_FOREIGN:
		return "a foreign key changes and removes rows of all tenants, or asks about them, and the user is "
			   "bound "
			   "to one";
	case CONSTR_UNIQUE:
	case CONSTR_PRIMARY:
		return has_name(constraint->keys, tenant) ? NULL
												  : "a key without the tenant column asks about the rows of "
													"all tenants, and the user is bound to one";
	case CONSTR_EXCLUSION:
		return "it asks about the rows of all tenants, and the user is bound to one";
	case CONSTR_CHECK:
		return constraint->skip_validation
				   ? NULL
				   : "it asks about the rows of all tenants, and the user is bound to one";
	case CONSTR_GENERATED:
		return "it asks about the rows of all tenants, and the user is bound to one";
	default:
		return NULL;
	}
}

static const char *shared_constraints(const char *tenant, const List *constraints)
{
	const char *why = NULL;
	for (int i = 0; !why && i < list_length(constraints); i++)
		why = shared_constraint(tenant, list_nth(constraints, i));
	return why;
}

static const char *beyond_one_tenant(const struct analysis *analysis, const struct catalog_relation *relation,
									 const AlterTableCmd *command)
{
	if (analysis->request->right != RIGHT_BOUND || (relation && created_is_own(relation)))
		return NULL;
	const char *change = "it changes the rows of all tenants, and the user is bound to one";
	const char *question = "it asks about the rows of all tenants, and the user is bound to one";
	switch (command->subtype) {
	case AT_DropColumn:
	case AT_AlterColumnType:
	case AT_SetUnLogged:
		return guarded(relation) ? change : NULL;
	case AT_AddColumn: {
		const ColumnDef *column = (ColumnDef *)command->def;
		if (relation && !guarded(relation) && strcmp(column->colname, analysis->policy->tenant_column) == 0)
			return "it makes a shared relation a tenant relation, and the user is bound to one tenant";
		return guarded(relation) ? shared_constraints(tenant_column(analysis, relation), column->constraints)
								 : NULL;
	}
	case AT_AddConstraint:
		return guarded(relation)
				   ? shared_constraint(tenant_column(analysis, relation), (Constraint *)command->def)
				   : NULL;
	case AT_SetNotNull:
	case AT_ValidateConstraint:
		return guarded(relation) ? question : NULL;
	case AT_AddInherit:
	case AT_DropInherit:
	case AT_AttachPartition:
	case AT_DetachPartition:
	case AT_DetachPartitionFinalize:
		return guarded(relation) ? change : NULL;
	default:
		return NULL;
	}
}

/* What depends on a column, constraint, type or shared table is other constraints, defaults, indexes and
 * views; never the tenant column, whose type is built in. A view is dangerous to lose only if its name then
 * means a tenant relation. */
static const char *unsafe_cascade(const struct analysis *analysis, DropBehavior behavior)
{
	if (behavior == DROP_CASCADE && analysis->request->right == RIGHT_BOUND)
		return "CASCADE reaches what all tenants use, and the user is bound to one";
	for (size_t i = 0; behavior == DROP_CASCADE && i < catalog_relation_count(analysis->catalog); i++) {
		const struct catalog_relation *relation = catalog_relation_at(analysis->catalog, i);
		if (relation->isolation == ISOLATION_SHARED && strchr("rpvmf", relation->kind) &&
			schema_name_matters(analysis, relation->name))
			return "CASCADE may drop a relation that hides a tenant relation of the same name";
	}
	return NULL;
}

static bool cascade(struct analysis *analysis, DropBehavior behavior)
{
	const char *why = unsafe_cascade(analysis, behavior);
	return !why || schema_unsafe(analysis, -1, "DROP with CASCADE", why);
}

/* A relation of this very transaction can still be dropped, and takes its partitions along. */
static bool joins_own(const struct catalog_relation *parent, const struct catalog_relation *child)
{
	return parent && created_is_own(parent) && guarded(child) && !created_is_own(child);
}

struct adoption {
	const struct catalog_relation *parent, *child; /* NULL: not known */
};

/* INHERIT, ATTACH PARTITION and their contraries. */
static struct adoption adoption_of(struct analysis *analysis, const struct catalog_relation *relation,
								   const AlterTableCmd *command)
{
	bool attach = command->subtype != AT_AddInherit && command->subtype != AT_DropInherit;
	const RangeVar *name = attach ? ((PartitionCmd *)command->def)->name : (const RangeVar *)command->def;
	const struct catalog_relation *other = schema_target(analysis, name).relation;
	return attach ? (struct adoption){relation, other} : (struct adoption){other, relation};
}

/* Even with ddl = allow: who reads the parent of a tenant relation before COMMIT reads what nothing confines. What happens to
 * a parent that this transaction has made concerns the child's rows from now on. */
static bool examine_adoption(struct analysis *analysis, const struct catalog_relation *relation,
							 const AlterTableCmd *command, int location)
{
	if (command->subtype != AT_AddInherit && command->subtype != AT_AttachPartition)
		return true;
	struct adoption adoption = adoption_of(analysis, relation, command);
	if (!(adoption.parent && guarded(adoption.parent)) && adoption.child && guarded(adoption.child))
		return analysis_refuse(
			analysis, "42501", location,
			"a tenant relation cannot become a child or partition of another kind of relation",
			"Reading the parent would show the rows of all tenants.", "Give the parent the tenant column.");
	if (joins_own(adoption.parent, adoption.child))
		schema_record_adoption(analysis, adoption.parent);
	return true;
}

static const char *unsafe_parent(struct analysis *analysis, const struct catalog_relation *relation,
								 const AlterTableCmd *command)
{
	struct adoption adoption = adoption_of(analysis, relation, command);
	return joins_own(adoption.parent, adoption.child)
			   ? "the parent was made by this transaction, and what happens to it would happen to the rows "
				 "of all "
				 "tenants"
			   : NULL;
}

/* NULL: the command is safe; else why it is not. */
static const char *unsafe_command(struct analysis *analysis, const struct catalog_relation *relation,
								  const AlterTableCmd *command)
{
	bool on_tenant_column = command->name && strcmp(command->name, tenant_column(analysis, relation)) == 0;
	switch (command->subtype) {
	case AT_AddColumn:
	case AT_AddConstraint:
	case AT_ValidateConstraint:
	case AT_SetStatistics:
	case AT_SetOptions:
	case AT_ResetOptions:
	case AT_SetStorage:
	case AT_SetCompression:
	case AT_ClusterOn:
	case AT_DropCluster:
	case AT_SetLogged:
	case AT_SetUnLogged:
	case AT_SetTableSpace:
	case AT_SetRelOptions:
	case AT_ResetRelOptions:
	case AT_EnableTrig:
	case AT_EnableTrigAll:
	case AT_EnableTrigUser:
	case AT_ReplicaIdentity:
		return NULL;
	case AT_ColumnDefault:
	case AT_DropNotNull:
	case AT_SetNotNull:
	case AT_AlterColumnType:
	case AT_DropExpression:
	case AT_AddIdentity:
	case AT_SetIdentity:
	case AT_DropIdentity:
	case AT_DropColumn:
		if (on_tenant_column)
			return "it changes the tenant column";
		return unsafe_cascade(analysis, command->behavior);
	case AT_DropConstraint:
		if (guarded(relation) && is_key(relation, command->name))
			return "it drops a key of a tenant relation";
		return unsafe_cascade(analysis, command->behavior);
	case AT_AlterConstraint:
		return NULL;
	case AT_DisableTrig:
	case AT_DisableTrigAll:
	case AT_DisableTrigUser:
		return guarded(relation) ? "it turns off triggers of a tenant relation for everybody" : NULL;
	case AT_AddInherit:
	case AT_DropInherit:
		return same_kind(analysis, relation, (RangeVar *)command->def)
				   ? unsafe_parent(analysis, relation, command)
				   : "reading a parent shows the rows of its children, and only one of the two is a tenant "
					 "relation";
	case AT_AttachPartition:
	case AT_DetachPartition:
	case AT_DetachPartitionFinalize:
		return same_kind(analysis, relation, ((PartitionCmd *)command->def)->name)
				   ? unsafe_parent(analysis, relation, command)
				   : "reading a parent shows the rows of its children, and only one of the two is a tenant "
					 "relation";
	default:
		return "it changes the owner, the policies, the rules or the kind of a relation";
	}
}

static bool examine_command(struct analysis *analysis, const AlterTableCmd *command)
{
	Node *def = command->def;
	if (!def)
		return true;
	switch (command->subtype) {
	case AT_AddColumn:
	case AT_AddConstraint:
		return schema_elements(analysis, list_make1(def));
	case AT_ColumnDefault:
		return schema_expression(analysis, def);
	case AT_AlterColumnType:
		return schema_expression(analysis, ((ColumnDef *)def)->raw_default);
	case AT_AttachPartition: {
		PartitionBoundSpec *bound = ((PartitionCmd *)def)->bound;
		return !bound || (schema_expression(analysis, (Node *)bound->listdatums) &&
						  schema_expression(analysis, (Node *)bound->lowerdatums) &&
						  schema_expression(analysis, (Node *)bound->upperdatums));
	}
	default:
		return true;
	}
}

bool schema_alter_table(struct analysis *analysis, AlterTableStmt *alter)
{
	struct target target = schema_target(analysis, alter->relation);
	const struct catalog_relation *relation = target.relation;
	if (target.temporary ? !schema_pin(analysis, alter->relation) : !schema_permitted(analysis))
		return false;
	if (relation && !guarded(relation) && relation->isolation != ISOLATION_SHARED &&
		alter->objtype != OBJECT_INDEX &&
		!schema_unsafe(analysis, alter->relation->location,
					   analysis_text("ALTER of \"%s\"", alter->relation->relname),
					   "it shows rows of several tenants"))
		return false;
	for (int i = 0; i < list_length(alter->cmds); i++) {
		const AlterTableCmd *command = list_nth(alter->cmds, i);
		const char *why = target.temporary ? NULL : unsafe_command(analysis, relation, command);
		if (!why && !target.temporary)
			why = beyond_one_tenant(analysis, relation, command);
		analysis->conceal_errors |=
			!target.temporary && reads_rows(command) && schema_conceals(analysis, relation);
		if (!examine_command(analysis, command))
			return false;
		if (why && !schema_unsafe(analysis, alter->relation->location,
								  analysis_text("this ALTER TABLE of \"%s\"", alter->relation->relname), why))
			return false;
		if (!target.temporary && !examine_adoption(analysis, relation, command, alter->relation->location))
			return false;
	}
	schema_record_alter(analysis, relation, alter);
	return true;
}

/* --- RENAME, SET SCHEMA --- */

static bool change_of_relation(struct analysis *analysis, RangeVar *name, const char *verb)
{
	struct target target = schema_target(analysis, name);
	if (target.temporary)
		return schema_pin(analysis, name);
	if (!schema_permitted(analysis))
		return false;
	if (!schema_name_matters(analysis, name->relname))
		return true;
	return schema_unsafe(analysis, name->location, analysis_text("%s of \"%s\"", verb, name->relname),
						 "a relation with rows of several tenants has this name");
}

/* `renamed`: its name afterwards. */
static bool change_of_function(struct analysis *analysis, Node *object, const char *renamed, const char *verb)
{
	const char *name = strVal(llast(((ObjectWithArgs *)object)->objname));
	const struct catalog_name *entry = catalog_name(analysis->catalog, name, strlen(name));
	if (!schema_permitted(analysis))
		return false;
	if (entry && entry->function &&
		!schema_unsafe(analysis, -1, analysis_text("%s of function %s()", verb, name), entry->reason))
		return false;
	schema_record_function(analysis, renamed ? renamed : name,
						   (entry && entry->function) || created_flagged_function(analysis, name));
	return true;
}

/* Under its new name it would be taken for one of the tenant of now. */
static bool keeps_tenant(struct analysis *analysis, const RangeVar *name)
{
	return !created_of_other_tenant(analysis, name->relname) ||
		   analysis_refuse(analysis, "0A000", name->location,
						   analysis_text("temporary view \"%s\" shows rows of another tenant", name->relname),
						   NULL, "Drop it and create it again.");
}

static bool rename_relation(struct analysis *analysis, RenameStmt *rename)
{
	RangeVar *name = rename->relation;
	struct target target = schema_target(analysis, name);
	if (!change_of_relation(analysis, name, "RENAME"))
		return false;
	if (!target.temporary) {
		if (target.relation && rename->renameType == OBJECT_TABLE)
			schema_record_rename(analysis, target.relation, rename);
		return true;
	}
	RangeVar renamed = *name;
	renamed.relname = rename->newname;
	analysis_effect(analysis, EFFECT_DROP, name->relname, NULL, false);
	return keeps_tenant(analysis, name) &&
		   schema_temporary(analysis, &renamed, false, created_of_tenant(analysis, name->relname));
}

static bool rename_column(struct analysis *analysis, RenameStmt *rename)
{
	struct target target = schema_target(analysis, rename->relation);
	if (target.temporary)
		return schema_pin(analysis, rename->relation);
	if (!schema_permitted(analysis))
		return false;
	const char *column = tenant_column(analysis, target.relation);
	if (strcmp(rename->subname, column) != 0 && strcmp(rename->newname, column) != 0) {
		if (target.relation)
			schema_record_rename(analysis, target.relation, rename);
		return true;
	}
	return schema_unsafe(analysis, rename->relation->location,
						 analysis_text("RENAME of a column of \"%s\"", rename->relation->relname),
						 "it is, or becomes, the tenant column");
}

bool schema_rename(struct analysis *analysis, RenameStmt *rename)
{
	switch (rename->renameType) {
	case OBJECT_TABLE:
	case OBJECT_VIEW:
	case OBJECT_MATVIEW:
	case OBJECT_FOREIGN_TABLE:
	case OBJECT_SEQUENCE:
		return rename_relation(analysis, rename);
	case OBJECT_COLUMN:
		return rename_column(analysis, rename);
	case OBJECT_FUNCTION:
	case OBJECT_PROCEDURE:
	case OBJECT_ROUTINE:
	case OBJECT_AGGREGATE:
		return change_of_function(analysis, rename->object, rename->newname, "RENAME");
	case OBJECT_SCHEMA:
		if (!schema_permitted(analysis))
			return false;
		return !schema_matters(analysis, rename->subname) ||
			   schema_unsafe(analysis, -1, analysis_text("RENAME of schema \"%s\"", rename->subname),
							 "it holds relations with rows of several tenants");
	case OBJECT_ATTRIBUTE:
		if (!schema_permitted(analysis))
			return false;
		schema_record_rename(analysis, schema_target(analysis, rename->relation).relation, rename);
		return true;
	case OBJECT_INDEX:
	case OBJECT_TABCONSTRAINT:
	case OBJECT_DOMCONSTRAINT:
	case OBJECT_TYPE:
	case OBJECT_DOMAIN:
	case OBJECT_TRIGGER:
	case OBJECT_COLLATION:
	case OBJECT_TSCONFIGURATION:
	case OBJECT_TSDICTIONARY:
	case OBJECT_TSPARSER:
	case OBJECT_TSTEMPLATE:
	case OBJECT_STATISTIC_EXT:
		return schema_permitted(analysis);
	default:
		return schema_permitted(analysis) &&
			   schema_unsafe(analysis, -1, "this RENAME", "it concerns roles, databases, policies or rules");
	}
}

bool schema_move(struct analysis *analysis, AlterObjectSchemaStmt *move)
{
	switch (move->objectType) {
	case OBJECT_TABLE:
	case OBJECT_VIEW:
	case OBJECT_MATVIEW:
	case OBJECT_FOREIGN_TABLE:
	case OBJECT_SEQUENCE:
		schema_record_drop(analysis, schema_target(analysis, move->relation).relation);
		return change_of_relation(analysis, move->relation, "SET SCHEMA");
	case OBJECT_FUNCTION:
	case OBJECT_PROCEDURE:
	case OBJECT_ROUTINE:
	case OBJECT_AGGREGATE:
		return change_of_function(analysis, move->object, NULL, "SET SCHEMA");
	case OBJECT_TYPE:
	case OBJECT_DOMAIN:
	case OBJECT_COLLATION:
		return schema_permitted(analysis);
	default:
		return schema_permitted(analysis) && schema_unsafe(analysis, -1, "this SET SCHEMA",
														   "it may move functions, operators or relations");
	}
}

/* --- DROP --- */

/* As schema_pin(), for the i-th name of the list. */
static bool pin_dropped(struct analysis *analysis, DropStmt *drop, int i)
{
	const List *names = list_nth(drop->objects, i);
	const char *name = strVal(llast(names));
	if (list_length(names) > 1 || !schema_name_matters(analysis, name))
		return true;
	if (!analysis->tokens)
		analysis->tokens = tokens_scan(analysis->text, analysis->text_length);
	const struct tokens *tokens = analysis->tokens;
	if (!tokens)
		return false;
	/* DROP kind [IF EXISTS] first, second, ..: a kind of two words begins with MATERIALIZED or FOREIGN. */
	size_t at = tokens_at(tokens, analysis->statement_start) + 2;
	at += drop->removeType == OBJECT_MATVIEW || drop->removeType == OBJECT_FOREIGN_TABLE;
	at += drop->missing_ok ? 2 : 0;
	for (int commas = i; at < tokens->n && commas > 0; at++)
		commas -= tokens->items[at].kind == TOKEN_COMMA;
	if (at >= tokens->n)
		return false;
	lfirst(list_nth_cell(drop->objects, i)) = list_make2(tree_string("pg_temp"), tree_string(name));
	return splice_text(analysis, tokens->items[at].start, 0, "pg_temp.");
}

static bool drop_relation(struct analysis *analysis, DropStmt *drop, int i, bool *all_temporary)
{
	RangeVar *name = schema_range(list_nth(drop->objects, i));
	struct target target = schema_target(analysis, name);
	if (!name->schemaname || schema_is_temporary(name))
		analysis_effect(analysis, EFFECT_DROP, name->relname, NULL, false);
	if (target.temporary)
		return pin_dropped(analysis, drop, i) ||
			   analysis_refuse(analysis, "0A000", -1, "the name of the temporary relation could not be found",
							   NULL, "Write it as pg_temp.name.");
	*all_temporary = false;
	schema_record_drop(analysis, target.relation);
	if (target.relation && schema_name_matters(analysis, name->relname))
		return schema_unsafe(
			analysis, -1, analysis_text("DROP of \"%s\"", name->relname),
			schema_is_shared(target.relation)
				? "a relation with rows of several tenants has the same name in another schema"
				: "it holds or shows rows of several tenants");
	return !target.relation || cascade(analysis, drop->behavior);
}

static bool drop_relations(struct analysis *analysis, DropStmt *drop)
{
	bool all_temporary = true;
	for (int i = 0; i < list_length(drop->objects); i++)
		if (!drop_relation(analysis, drop, i, &all_temporary))
			return false;
	return all_temporary || schema_permitted(analysis);
}

static bool drop_index(struct analysis *analysis, List *names)
{
	const char *name = schema_range(names)->relname;
	for (size_t i = 0; i < catalog_relation_count(analysis->catalog); i++) {
		const struct catalog_relation *relation = catalog_relation_at(analysis->catalog, i);
		if (guarded(relation) && is_key(relation, name))
			return schema_unsafe(analysis, -1, analysis_text("DROP INDEX of \"%s\"", name),
								 "it is a key of a tenant relation");
	}
	return true;
}

static bool drop_schema(struct analysis *analysis, const char *name)
{
	if (strncmp(name, "pg_", 3) != 0 && !schema_matters(analysis, name))
		return true;
	return schema_unsafe(analysis, -1, analysis_text("DROP of schema \"%s\"", name),
						 "it holds relations with rows of several tenants, or belongs to the system");
}

/* DROP of what is neither a relation nor a schema. */
static bool drop_other(struct analysis *analysis, const DropStmt *drop)
{
	switch (drop->removeType) {
	case OBJECT_FUNCTION:
	case OBJECT_PROCEDURE:
	case OBJECT_ROUTINE:
	case OBJECT_AGGREGATE:
	case OBJECT_TYPE:
	case OBJECT_DOMAIN:
	case OBJECT_EXTENSION:
	case OBJECT_COLLATION:
	case OBJECT_STATISTIC_EXT:
	case OBJECT_TSCONFIGURATION:
	case OBJECT_TSDICTIONARY:
	case OBJECT_TSPARSER:
	case OBJECT_TSTEMPLATE:
		return cascade(analysis, drop->behavior);
	case OBJECT_TRIGGER:
		return cascade(analysis, drop->behavior) &&
			   (analysis->request->right != RIGHT_BOUND ||
				schema_unsafe(analysis, -1, "DROP TRIGGER",
							  "it works for all tenants, and the user is bound to one"));
	default:
		return schema_unsafe(analysis, -1, "this DROP",
							 "it concerns policies, rules, operators, casts or servers");
	}
}

bool schema_drop(struct analysis *analysis, DropStmt *drop)
{
	switch (drop->removeType) {
	case OBJECT_TABLE:
	case OBJECT_VIEW:
	case OBJECT_MATVIEW:
	case OBJECT_FOREIGN_TABLE:
	case OBJECT_SEQUENCE:
		return drop_relations(analysis, drop);
	default:
		break;
	}
	if (!schema_permitted(analysis))
		return false;
	if (drop->removeType != OBJECT_INDEX && drop->removeType != OBJECT_SCHEMA)
		return drop_other(analysis, drop);
	for (int i = 0; i < list_length(drop->objects); i++) {
		Node *object = list_nth(drop->objects, i);
		bool fine = drop->removeType == OBJECT_INDEX ? drop_index(analysis, (List *)object)
													 : drop_schema(analysis, strVal(object));
		if (!fine)
			return false;
	}
	return cascade(analysis, drop->behavior);
}
