/* What the server calls a column of a result that has no label: FigureColname() in parse_target.c. */
#include "parser/rewrite.h"

/* What a name is taken from, if nothing better is there: a type, CASE. */
enum strength { NAME_NONE, NAME_WEAK, NAME_GOOD };

static enum strength figure(const Node *node, const char **name);

static enum strength good(const char **name, const char *found)
{
	*name = found;
	return NAME_GOOD;
}

/* `inner`, or `weak` where that has none of its own. */
static enum strength figure_or(const Node *inner, const char *weak, const char **name)
{
	if (figure(inner, name) == NAME_GOOD)
		return NAME_GOOD;
	*name = weak;
	return NAME_WEAK;
}

static const char *last_name(const List *fields)
{
	const char *last = NULL;
	ListCell *cell;
	foreach (cell, fields)
		if (IsA(lfirst(cell), String))
			last = strVal(lfirst(cell));
	return last;
}

/* The name of the first column; NULL: a star, whose columns are not known here. */
static const char *first_column(const SelectStmt *select)
{
	while (select->op != SETOP_NONE)
		select = select->larg;
	if (select->valuesLists)
		return "column1";
	const Node *first = select->targetList ? linitial(select->targetList) : NULL;
	return first && !star_is(first) ? target_name((const ResTarget *)first) : NULL;
}

static enum strength figure_sublink(const SubLink *link, const char **name)
{
	switch (link->subLinkType) {
	case EXISTS_SUBLINK:
		return good(name, "exists");
	case ARRAY_SUBLINK:
		return good(name, "array");
	case EXPR_SUBLINK:
		return good(name,
					IsA(link->subselect, SelectStmt) ? first_column((SelectStmt *)link->subselect) : NULL);
	default:
		return NAME_NONE;
	}
}

static const char *value_function_name(SQLValueFunctionOp op)
{
	static const char *const names[] = {
		[SVFOP_CURRENT_DATE] = "current_date",
		[SVFOP_CURRENT_TIME] = "current_time",
		[SVFOP_CURRENT_TIME_N] = "current_time",
		[SVFOP_CURRENT_TIMESTAMP] = "current_timestamp",
		[SVFOP_CURRENT_TIMESTAMP_N] = "current_timestamp",
		[SVFOP_LOCALTIME] = "localtime",
		[SVFOP_LOCALTIME_N] = "localtime",
		[SVFOP_LOCALTIMESTAMP] = "localtimestamp",
		[SVFOP_LOCALTIMESTAMP_N] = "localtimestamp",
		[SVFOP_CURRENT_ROLE] = "current_role",
		[SVFOP_CURRENT_USER] = "current_user",
		[SVFOP_USER] = "user",
		[SVFOP_SESSION_USER] = "session_user",
		[SVFOP_CURRENT_CATALOG] = "current_catalog",
		[SVFOP_CURRENT_SCHEMA] = "current_schema",
	};
	return names[op];
}

static enum strength figure_xml(XmlExprOp op, const char **name)
{
	static const char *const names[] = {
		[IS_XMLCONCAT] = "xmlconcat", [IS_XMLELEMENT] = "xmlelement", [IS_XMLFOREST] = "xmlforest",
		[IS_XMLPARSE] = "xmlparse",   [IS_XMLPI] = "xmlpi",           [IS_XMLROOT] = "xmlroot",
		[IS_XMLSERIALIZE] = NULL,     [IS_DOCUMENT] = NULL,
	};
	return names[op] ? good(name, names[op]) : NAME_NONE;
}

static enum strength figure(const Node *node, const char **name)
{
	if (node == NULL)
		return NAME_NONE;
	switch (nodeTag(node)) {
	case T_ColumnRef:
		return good(name, last_name(((const ColumnRef *)node)->fields));
	case T_A_Indirection: {
		const A_Indirection *part = (const A_Indirection *)node;
		const char *field = last_name(part->indirection);
		return field ? good(name, field) : figure(part->arg, name);
	}
	case T_FuncCall:
		return good(name, last_name(((const FuncCall *)node)->funcname));
	case T_A_Expr:
		return ((const A_Expr *)node)->kind == AEXPR_NULLIF ? good(name, "nullif") : NAME_NONE;
	case T_TypeCast: {
		const TypeCast *cast = (const TypeCast *)node;
		return figure_or(cast->arg, last_name(cast->typeName->names), name);
	}
	case T_CollateClause:
		return figure(((const CollateClause *)node)->arg, name);
	case T_GroupingFunc:
		return good(name, "grouping");
	case T_SubLink:
		return figure_sublink((const SubLink *)node, name);
	case T_CaseExpr:
		return figure_or((const Node *)((const CaseExpr *)node)->defresult, "case", name);
	case T_A_ArrayExpr:
		return good(name, "array");
	case T_RowExpr:
		return good(name, "row");
	case T_CoalesceExpr:
		return good(name, "coalesce");
	case T_MinMaxExpr:
		return good(name, ((const MinMaxExpr *)node)->op == IS_GREATEST ? "greatest" : "least");
	case T_SQLValueFunction:
		return good(name, value_function_name(((const SQLValueFunction *)node)->op));
	case T_XmlExpr:
		return figure_xml(((const XmlExpr *)node)->op, name);
	case T_XmlSerialize:
		return good(name, "xmlserialize");
	default:
		return NAME_NONE;
	}
}

const char *expression_name(const Node *value)
{
	const char *name = NULL;
	return figure(value, &name) == NAME_NONE ? "?column?" : name;
}

const char *target_name(const ResTarget *target)
{
	return target->name ? target->name : expression_name(target->val);
}
