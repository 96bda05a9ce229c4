/* A view of the transaction under way, read under another search_path than it was made under: the server will look up
 * the names of its definition under the one of now. Relations are qualified as they were meant then. Any other name may
 * only be the server's own, which pg_catalog has first under either path; operators are, as long as they meet no type
 * that is not. */
#include "parser/catalog_internal.h"
#include "parser/created.h"
#include "parser/rewrite.h"

#include <string.h>

enum { OWN_OBJECTS_FROM = 16384 }; /* FirstNormalObjectId */

static bool refuse(struct analysis *analysis, const char *name)
{
	return analysis_refuse(
		analysis, "0A000", -1,
		"a view cannot be used under another search_path in the transaction that made it",
		text_concat("In its definition, \"", name, "\" may mean something else now.", NULL),
		"Commit first, set the search_path back, or name the schema in the definition.");
}

bool moved_to(struct analysis *analysis, const char *path)
{
	const char *now = analysis->names->search_path;
	if (now && strcmp(now, path) == 0)
		return true;
	analysis->rewrite->moved = true;
	return (now && !strstr(now, "pg_catalog") && !strstr(path, "pg_catalog")) ||
		   refuse(analysis, "pg_catalog");
}

static bool is_own_name(const struct analysis *analysis, const char *name)
{
	const struct catalog_name *entry = catalog_name(analysis->catalog, name, strlen(name));
	return (entry && entry->own_function) || created_any_function(analysis);
}

/* Does it look up a name that a constant gives it, when the statement is read? */
static bool takes_name(const char *function)
{
	static const char *const names[] = {"nextval", "currval", "setval"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (same_name(function, names[i]))
			return true;
	return strncmp(function, "pg_", 3) == 0 || strncmp(function, "ts_", 3) == 0 ||
		   strstr(function, "tsvector") || strstr(function, "tsquery");
}

static bool function_stays(struct analysis *analysis, const List *name)
{
	const char *last = strVal(llast(name));
	return (!takes_name(last) && (list_length(name) > 1 || !is_own_name(analysis, last))) ||
		   refuse(analysis, last);
}

static bool type_stays(struct analysis *analysis, const TypeName *type)
{
	return type_is_scalar(type) || refuse(analysis, strVal(llast(type->names)));
}

static bool collation_stays(struct analysis *analysis, const List *name)
{
	const char *last = strVal(llast(name));
	return same_name(last, "C") || same_name(last, "POSIX") || refuse(analysis, last);
}

/* `x.f` may be f(x). */
static bool fields_stay(struct analysis *analysis, const List *fields)
{
	ListCell *cell;
	foreach (cell, fields)
		if (IsA(lfirst(cell), String) && is_own_name(analysis, strVal(lfirst(cell))))
			return refuse(analysis, strVal(lfirst(cell)));
	return true;
}

bool moved_name(struct analysis *analysis, const Node *node)
{
	if (!analysis->rewrite->moved)
		return true;
	switch (nodeTag(node)) {
	case T_FuncCall:
		return function_stays(analysis, ((const FuncCall *)node)->funcname);
	case T_TypeCast:
		return type_stays(analysis, ((const TypeCast *)node)->typeName);
	case T_XmlSerialize:
		return type_stays(analysis, ((const XmlSerialize *)node)->typeName);
	case T_CollateClause:
		return collation_stays(analysis, ((const CollateClause *)node)->collname);
	case T_ColumnRef:
		return list_length(((const ColumnRef *)node)->fields) == 1 ||
			   fields_stay(analysis, list_make1(llast(((const ColumnRef *)node)->fields)));
	case T_A_Indirection:
		return fields_stay(analysis, ((const A_Indirection *)node)->indirection);
	default:
		return true;
	}
}

static bool has_definitions(const RangeFunction *function)
{
	bool any = function->coldeflist != NIL;
	ListCell *cell;
	foreach (cell, function->functions)
		any |= lsecond((List *)lfirst(cell)) != NULL;
	return any;
}

bool moved_leaf(struct analysis *analysis, const struct leaf *leaf, const Node *item)
{
	if (!analysis->rewrite->moved)
		return true;
	if (IsA(item, RangeTableFunc) || IsA(item, RangeTableSample) ||
		(IsA(item, RangeFunction) && has_definitions((const RangeFunction *)item)))
		return refuse(analysis, leaf->name ? leaf->name : "");
	for (size_t i = 0; leaf->relation && i < leaf->relation->n_columns; i++) {
		uint32_t type = leaf->relation->columns[i].type_oid;
		if (type == 0 || type >= OWN_OBJECTS_FROM)
			return refuse(analysis, leaf->relation->columns[i].name);
	}
	return true;
}
