/* Internal to the schema changes: schema_change.c (dispatch, what is created), schema_table.c (CREATE TABLE),
 * schema_like.c (its LIKE), schema_elements.c (those of CREATE SCHEMA), schema_view.c (CREATE VIEW), schema_alter.c (ALTER,
 * RENAME, DROP). All functions return false after a refusal, and record effects only
 * of what they let through. */
#ifndef TENANTRY_PARSER_SCHEMA_CHANGE_H
#define TENANTRY_PARSER_SCHEMA_CHANGE_H

#include "parser/analysis.h"
#include "parser/created.h"

/* What a name in a schema change means now. */
struct target {
	const struct catalog_relation *relation; /* NULL: temporary or unknown */
	bool temporary;
};

/* An unknown name makes the caller load the snapshot anew before the verdict is used. */
struct target schema_target(struct analysis *analysis, const RangeVar *name);
/* A name as DROP and its kin give it: a list of one to three strings. */
RangeVar *schema_range(List *names);
bool schema_is_temporary(const RangeVar *name); /* to be created in pg_temp */
/* Known to hold no tenant's rows. */
static inline bool schema_is_shared(const struct catalog_relation *relation)
{
	return relation && relation->isolation == ISOLATION_SHARED;
}
/* May hold rows of other tenants: neither shared nor made by this very transaction. */
static inline bool schema_is_foreign(const struct catalog_relation *relation)
{
	return !schema_is_shared(relation) && !(relation && created_is_own(relation));
}

/* May an error of what is done to all its rows quote others'? Of a relation that the transaction has made, too, if a
 * relation that was there may have become its child. */
static inline bool schema_conceals(const struct analysis *analysis, const struct catalog_relation *relation)
{
	return schema_is_foreign(relation) || created_maybe_renamed(analysis);
}

/* Does a relation with rows of several tenants have this name, in any schema? What happens to other relations
 * of the name then changes which of them the name means, before the snapshot can know. */
bool schema_name_matters(const struct analysis *analysis, const char *name);
/* Does the schema hold such relations? */
bool schema_matters(const struct analysis *analysis, const char *schema);

/* Refused unless ddl = allow: records the refusal (printf-like `what` is made by analysis_text()), returns
 * false. True with ddl = allow. */
bool schema_unsafe(struct analysis *analysis, int location, const char *what, const char *why);
#define SCHEMA_FOR_ALL "it would run in the sessions of all tenants, and the user is bound to one"
/* The whole statement text behind its first word, for scans. */
const char *schema_text(struct analysis *analysis);
/* Why a view or rule of this statement's text would be dangerous; NULL: it is not. */
const char *schema_unclean(struct analysis *analysis);
/* The part of it that concerns a view over pg_settings: an update of it sets what it shows. */
const char *schema_shows_settings(const char *text);
/* Any schema change at all: refused with ddl = refuse. Records EFFECT_SCHEMA_CHANGE. */
bool schema_permitted(struct analysis *analysis);
/* A temporary relation that comes to be: not under a name that could be taken for an entry of created.h.
 * `of_tenant`: a view of rows of the tenant of now. */
bool schema_temporary(struct analysis *analysis, const RangeVar *name, bool on_commit_drop, bool of_tenant);
/* A temporary relation that hides a tenant relation is named as temporary, in text and tree: the session's
 * list of temporaries cannot follow everything (DROP .. CASCADE of something else), and must not decide
 * alone. */
bool schema_pin(struct analysis *analysis, RangeVar *name);

/* An expression that becomes part of the schema. It will be computed in the sessions of all tenants: a user
 * that is bound to one may not plant functions of its own in it. */
bool schema_expression(struct analysis *analysis, Node *expression);
/* CHECK, DEFAULT, GENERATED, EXCLUDE and the like. */
bool schema_constraints(struct analysis *analysis, List *constraints);
bool schema_elements(struct analysis *analysis, List *elements);

/* schema_elements.c: what CREATE SCHEMA makes in it. `schema` NULL: named by its owner. */
bool schema_create_elements(struct analysis *analysis, const char *schema, const List *elements);

/* --- schema_record.c: what the transaction's later statements must know (created.h) --- */
void schema_record_table(struct analysis *analysis, const CreateStmt *create);
/* A shared relation whose columns do not matter: a view, a sequence, the result of a query. */
void schema_record_relation(struct analysis *analysis, const RangeVar *name, char kind, bool maybe);
/* A view over tenant relations. `known`: its columns and definition; NULL: it is not to be used before COMMIT. */
void schema_record_tenant_view(struct analysis *analysis, const RangeVar *name,
							   const struct catalog_relation *known);
/* A function that comes to have this name there: another may be called from now on. `flagged`: it reaches rows of several
 * tenants. */
void schema_record_function(struct analysis *analysis, const char *name, bool flagged);
void schema_record_alter(struct analysis *analysis, const struct catalog_relation *relation,
						 const AlterTableStmt *alter);
/* Other name, or other name of a column. */
void schema_record_rename(struct analysis *analysis, const struct catalog_relation *relation,
						  const RenameStmt *rename);
/* A relation that was there may become its child: it is not the transaction's own any more. */
void schema_record_adoption(struct analysis *analysis, const struct catalog_relation *parent);
/* It has got an index. */
void schema_record_index(struct analysis *analysis, const struct catalog_relation *relation);
void schema_record_drop(struct analysis *analysis, const struct catalog_relation *relation);

/* CREATE VIEW before its query is looked at, and after: rewrite_create_view.c leaves out the hidden columns in between
 * where analysis->defines_view is set. `foreign`: it reads relations that may hold other tenants' rows; `known`: as
 * for schema_record_tenant_view(). */
bool schema_create_view(struct analysis *analysis, ViewStmt *view);
bool schema_view_made(struct analysis *analysis, const ViewStmt *view, bool foreign,
					  const struct catalog_relation *known);
/* Spells out what LIKE would copy of tenant relations: into a temporary table, which gets no tenant column; or, for a table
 * that stays, of the second and further ones, which would bring that column again. */
bool schema_spell_likes(struct analysis *analysis, CreateStmt *create);
/* The elements of a table, as the parser itself makes them from these words; NIL: it does not. */
List *schema_parsed_elements(const char *text);
bool schema_create_table(struct analysis *analysis, CreateStmt *create);
bool schema_alter_table(struct analysis *analysis, AlterTableStmt *alter);
bool schema_rename(struct analysis *analysis, RenameStmt *rename);
bool schema_move(struct analysis *analysis, AlterObjectSchemaStmt *move);
bool schema_drop(struct analysis *analysis, DropStmt *drop);

#endif
