/* A view of the transaction under way, read under another search_path than it was made under: the server will look up
 * the names of its definition under the one of now.
 *
 *   - Relations, functions, types and collations are qualified as they were meant then. A function stays as it is where
 *     the same schemas, in the same order, have functions of its name; it is refused where several did then.
 *   - Operators cannot be qualified: that changes how strongly they bind. They mean the same where the same schemas have
 *     operators of the name; elsewhere only as long as they meet no type that is not the server's own.
 *   - Refused are constants that may be names themselves (regclass, nextval('x')), and what the transaction has made and
 *     the snapshot does not show. */
#include "parser/catalog_internal.h"
#include "parser/created.h"
#include "parser/rewrite.h"

#include <ctype.h>
#include <string.h>

struct moved {
	const struct scope_path *now; /* analysis->path is the one of then */
	const char *own;    /* what may have a type that is not the server's own; NULL: nothing so far */
	const char *symbol; /* one that other schemas have now; NULL: none so far */
};

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
	if (!now || strstr(now, "pg_catalog") || strstr(path, "pg_catalog"))
		return refuse(analysis, "pg_catalog");
	struct moved *moved = palloc0(sizeof *moved);
	moved->now = scope_path_of(analysis, now);
	analysis->rewrite->moved = moved;
	return true;
}

/* The paths may be long, and so may the definition be. */
static bool may_look_up(struct analysis *analysis, size_t times)
{
	return rewrite_work(analysis, times * (analysis->path->n + analysis->rewrite->moved->now->n));
}

/* --- the schemas that have functions, or operators, of a name --- */

/* The next one from *i on; NULL: none. */
static const char *next_with(const struct analysis *analysis, const struct scope_path *path, size_t *i,
							 const char *name)
{
	const struct catalog_function *const *list;
	while (*i < path->n) {
		const char *schema = path->schemas[(*i)++];
		if (catalog_functions(analysis->catalog, schema, name, &list) > 0)
			return schema;
	}
	return NULL;
}

static bool same_schemas(const struct analysis *analysis, const char *name)
{
	size_t i = 0, k = 0;
	const char *then, *now;
	do {
		then = next_with(analysis, analysis->path, &i, name);
		now = next_with(analysis, analysis->rewrite->moved->now, &k, name);
	} while (then && now && same_name(then, now));
	return !then && !now;
}

static bool is_system(const char *schema)
{
	return same_name(schema, "pg_catalog");
}

/* --- operators --- */

static bool operator_stays(struct analysis *analysis, const char *name)
{
	struct moved *moved = analysis->rewrite->moved;
	const struct catalog_function *const *list;
	if (same_schemas(analysis, name))
		return true;
	moved->symbol = name;
	return (!moved->own && catalog_functions(analysis->catalog, "pg_catalog", name, &list) > 0) ||
		   refuse(analysis, name);
}

/* The grammar has further operators than those that are written. */
static bool expression_stays(struct analysis *analysis, const A_Expr *expression)
{
	switch (expression->kind) {
	case AEXPR_BETWEEN:
	case AEXPR_NOT_BETWEEN:
	case AEXPR_BETWEEN_SYM:
	case AEXPR_NOT_BETWEEN_SYM:
		return operator_stays(analysis, "<=") && operator_stays(analysis, ">=") &&
			   operator_stays(analysis, "<") && operator_stays(analysis, ">");
	default:
		return list_length(expression->name) > 1 ||
			   operator_stays(analysis, strVal(linitial(expression->name)));
	}
}

/* Something here may have a type that is not the server's own. IN, CASE and USING compare by "=" without saying so. */
static bool meets_own_type(struct analysis *analysis, const char *what)
{
	struct moved *moved = analysis->rewrite->moved;
	moved->own = what;
	return (!moved->symbol && same_schemas(analysis, "=")) || refuse(analysis, what);
}

/* --- functions --- */

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

/* A constant that is the name of something, if the function's argument is a regclass or the like. */
static bool may_be_name(const struct analysis *analysis, const Node *argument)
{
	if (IsA(argument, NamedArgExpr))
		argument = (const Node *)((const NamedArgExpr *)argument)->arg;
	if (!IsA(argument, A_Const) || !IsA(&((const A_Const *)argument)->val, String))
		return false;
	char *name = pstrdup(((const A_Const *)argument)->val.sval.sval);
	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return catalog_name(analysis->catalog, name, strlen(name)) != NULL;
}

static bool own_function_stays(struct analysis *analysis, const FuncCall *call)
{
	const char *name = strVal(llast(call->funcname));
	ListCell *cell;
	foreach (cell, call->args)
		if (may_be_name(analysis, lfirst(cell)))
			return refuse(analysis, name);
	return meets_own_type(analysis, name);
}

static bool qualify(struct analysis *analysis, List **name, const char *schema, size_t at)
{
	*name = lcons(tree_string(schema), *name);
	return splice_text(analysis, at, 0, text_concat(text_identifier(schema), ".", NULL));
}

static bool function_stays(struct analysis *analysis, FuncCall *call)
{
	const char *name = strVal(llast(call->funcname));
	const struct catalog_name *entry = catalog_name(analysis->catalog, name, strlen(name));
	if (takes_name(name) || created_entry(analysis, "", name))
		return refuse(analysis, name);
	if (list_length(call->funcname) > 1)
		return is_system(strVal(linitial(call->funcname))) || own_function_stays(analysis, call);
	size_t i = 0;
	const char *schema = next_with(analysis, analysis->path, &i, name);
	bool several = next_with(analysis, analysis->path, &i, name) != NULL;
	if (schema == NULL)
		return !entry || !entry->own_function || refuse(analysis, name);
	if (!same_schemas(analysis, name) &&
		(several || !qualify(analysis, &call->funcname, schema, (size_t)call->location)))
		return refuse(analysis, name);
	return (is_system(schema) && !several) || own_function_stays(analysis, call);
}

/* `x.f` may be f(x). */
static bool fields_stay(struct analysis *analysis, const List *fields)
{
	ListCell *cell;
	foreach (cell, fields) {
		if (!IsA(lfirst(cell), String))
			continue;
		const char *name = strVal(lfirst(cell));
		const struct catalog_name *entry = catalog_name(analysis->catalog, name, strlen(name));
		if ((entry && entry->own_function) || created_entry(analysis, "", name))
			return refuse(analysis, name);
	}
	return true;
}

/* --- types and collations: the first schema that has the name is meant --- */

static const struct catalog_type *first_type(const struct analysis *analysis, const struct scope_path *path,
											 bool collation, const char *name)
{
	const struct catalog_type *type = NULL;
	for (size_t i = 0; i < path->n && !type; i++)
		type = catalog_type(analysis->catalog, collation, path->schemas[i], name);
	return type;
}

/* *type: what a name without schema meant; NULL: something of the server's own, which is found first now, too. */
static bool meaning(struct analysis *analysis, bool collation, const char *name,
					const struct catalog_type **type)
{
	if (!may_look_up(analysis, analysis->catalog->n_types))
		return false;
	*type = first_type(analysis, analysis->path, collation, name);
	if (*type == NULL && first_type(analysis, analysis->rewrite->moved->now, collation, name))
		return refuse(analysis, name); /* the transaction has made it */
	if (*type && is_system((*type)->schema))
		*type = NULL;
	return true;
}

static bool is_row_type(const struct analysis *analysis, const char *name)
{
	bool temporary;
	RangeVar range = {.type = T_RangeVar, .relname = (char *)name};
	return scope_relation(analysis, &range, &temporary) || temporary;
}

static bool type_stays(struct analysis *analysis, TypeName *type)
{
	int n = list_length(type->names);
	const char *name = strVal(llast(type->names));
	const struct catalog_type *own = NULL;
	if (type_is_scalar(type))
		return true;
	if (type->pct_type || n > 2)
		return refuse(analysis, name);
	if (n == 2 && !is_system(strVal(linitial(type->names))))
		own = catalog_type(analysis->catalog, false, strVal(linitial(type->names)), name);
	else if (n == 1 && (is_row_type(analysis, name) || !meaning(analysis, false, name, &own)))
		return refuse(analysis, name);
	if (own == NULL)
		return (*name != '_' && strncmp(name, "reg", 3) != 0 &&
				(n == 1 || is_system(strVal(linitial(type->names))))) ||
			   refuse(analysis, name);
	if (own->takes_names)
		return refuse(analysis, name);
	return (n == 2 || qualify(analysis, &type->names, own->schema, (size_t)type->location)) &&
		   meets_own_type(analysis, name);
}

static bool collation_stays(struct analysis *analysis, CollateClause *collate)
{
	const char *name = strVal(llast(collate->collname));
	const struct catalog_type *own;
	if (list_length(collate->collname) > 1)
		return true;
	if (!meaning(analysis, true, name, &own))
		return false;
	size_t behind = tokens_at(analysis->tokens, (size_t)collate->location) + 1;
	return !own || (behind < analysis->tokens->n &&
					qualify(analysis, &collate->collname, own->schema, token_at(analysis, behind)->start));
}

bool moved_name(struct analysis *analysis, Node *node)
{
	if (!analysis->rewrite->moved)
		return true;
	if (!may_look_up(analysis, 1))
		return false;
	switch (nodeTag(node)) {
	case T_A_Expr:
		return expression_stays(analysis, (const A_Expr *)node);
	case T_SubLink: {
		const List *name = ((const SubLink *)node)->operName;
		return list_length(name) != 1 || operator_stays(analysis, strVal(linitial(name)));
	}
	case T_SortBy: {
		const List *name = ((const SortBy *)node)->useOp;
		return list_length(name) != 1 || operator_stays(analysis, strVal(linitial(name)));
	}
	case T_FuncCall:
		return function_stays(analysis, (FuncCall *)node);
	case T_TypeCast:
		return type_stays(analysis, ((TypeCast *)node)->typeName);
	case T_XmlSerialize:
		return type_stays(analysis, ((XmlSerialize *)node)->typeName);
	case T_CollateClause:
		return collation_stays(analysis, (CollateClause *)node);
	case T_ColumnRef:
		return list_length(((const ColumnRef *)node)->fields) == 1 ||
			   fields_stay(analysis, list_make1(llast(((const ColumnRef *)node)->fields)));
	case T_A_Indirection:
		return fields_stay(analysis, ((const A_Indirection *)node)->indirection);
	default:
		return true;
	}
}

/* --- items of FROM --- */

static bool has_definitions(const RangeFunction *function)
{
	bool any = function->coldeflist != NIL;
	ListCell *cell;
	foreach (cell, function->functions)
		any |= lsecond((List *)lfirst(cell)) != NULL;
	return any;
}

/* regproc and so on: what they are compared with may be a name. */
static bool type_takes_names(uint32_t oid)
{
	static const uint32_t types[] = {24, 2202, 2203, 2204, 2205, 2206, 3734, 3769, 4191};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (types[i] == oid)
			return true;
	return false;
}

bool moved_leaf(struct analysis *analysis, const struct leaf *leaf, const Node *item)
{
	if (!analysis->rewrite->moved)
		return true;
	if (IsA(item, RangeTableFunc) || IsA(item, RangeTableSample) ||
		(IsA(item, RangeFunction) && has_definitions((const RangeFunction *)item)))
		return refuse(analysis, leaf->name ? leaf->name : "");
	if (leaf->relation && !may_look_up(analysis, leaf->relation->n_columns))
		return false;
	for (size_t i = 0; leaf->relation && i < leaf->relation->n_columns; i++) {
		const struct catalog_column *column = &leaf->relation->columns[i];
		if (type_takes_names(column->type_oid))
			return refuse(analysis, column->name);
		/* the type of what the transaction has made may be any */
		if ((column->type_oid == 0 || column->type_oid >= OWN_OBJECTS_FROM) &&
			!meets_own_type(analysis, column->name))
			return false;
	}
	return true;
}
