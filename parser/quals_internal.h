/* Internal to quals*.c: one condition (quals_condition.c), and where conditions are (quals.c). */
#ifndef TENANTRY_PARSER_QUALS_INTERNAL_H
#define TENANTRY_PARSER_QUALS_INTERNAL_H

#include <string.h>

#include "parser/catalog_internal.h"
#include "parser/quals.h"
#include "parser/quals_hazard.h"

struct quals {
	const struct analysis *analysis;
	int parameter; /* of the tenant; 0: there is none */
	unsigned depth;
	List *views;           /* whose definitions were visited */
	bool constant_columns; /* a column of some item of FROM may turn out to be a constant */
	bool trusts_columns;   /* some condition is settled only if none is */
	struct quals_hazards hazards;
};

static inline bool quals_word_is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (same_name(word, *list))
			return true;
	return false;
}

/* Nodes without parts that matter to conditions. */
static inline bool quals_is_leaf(const Node *node)
{
	switch (nodeTag(node)) {
	case T_A_Const:
	case T_ParamRef:
	case T_A_Star:
	case T_ColumnRef:
	case T_TypeName:
	case T_SetToDefault:
	case T_SQLValueFunction:
	case T_CurrentOfExpr:
	case T_String:
	case T_Integer:
	case T_Float:
	case T_Boolean:
	case T_BitString:
		return true;
	default:
		return false;
	}
}

/* Made of other expressions, and nothing else. */
static inline bool quals_is_compound(const Node *node)
{
	switch (nodeTag(node)) {
	case T_List:
	case T_A_Expr:
	case T_BoolExpr:
	case T_FuncCall:
	case T_NamedArgExpr:
	case T_TypeCast:
	case T_CollateClause:
	case T_NullTest:
	case T_BooleanTest:
	case T_CaseExpr:
	case T_CaseWhen:
	case T_CoalesceExpr:
	case T_MinMaxExpr:
		return true;
	default:
		return false;
	}
}

/* These, and others that the library's walker takes apart as well. */
static inline bool quals_is_inner(const Node *node)
{
	switch (nodeTag(node)) {
	case T_A_ArrayExpr:
	case T_A_Indirection:
	case T_A_Indices:
	case T_RowExpr:
	case T_GroupingFunc:
	case T_GroupingSet:
	case T_WindowDef:
	case T_MultiAssignRef:
	case T_XmlExpr:
	case T_XmlSerialize:
	case T_SortBy:
		return true;
	default:
		return quals_is_compound(node);
	}
}

/* x LIKE ANY (SELECT ..): what is compared with each row; `name` is NIL for `=`. */
static inline A_Expr quals_comparison(const SubLink *link)
{
	return (A_Expr){.type = T_A_Expr,
					.kind = AEXPR_OP,
					.name = link->operName,
					.lexpr = link->testexpr,
					.rexpr = link->subselect};
}

/* The query of a view's definition, which there is; NULL: it cannot be read. */
Node *quals_definition(const struct catalog_relation *view);
const struct catalog_name *quals_known(const struct quals *quals, const char *name);
/* `x.name` may be name(x). */
bool quals_call_function(const struct quals *quals, const char *name);
/* One of the server's own types whose name is common, and an order goes with. */
bool quals_type_is_built_in(const TypeName *type);
/* Without its schema; "": of one that is not the server's. */
const char *quals_operator(const A_Expr *expression);
/* The same for every row, as far as can be told. */
bool quals_constant(struct quals *quals, const Node *node);
/* Is it a column, and no call? What comparing it may do is another question. */
bool quals_plain_column(struct quals *quals, const ColumnRef *column);
/* Cannot fail or speak on a row. */
bool quals_plain(struct quals *quals, const Node *node);
/* A sub-select without a FROM, or from such a one: one row at most, of values that cannot fail. So whole rows are written. */
bool quals_plain_row(struct quals *quals, const Node *node);
/* May an array of these elements fail? Where they are arrays themselves, these must be of one length. */
bool quals_array_fails(const A_ArrayExpr *array);
/* May the level above use the columns in conditions of its own? */
bool quals_columns_settled(struct quals *quals, const SelectStmt *select);
/* As quals.h has it. */
bool quals_settled(struct quals *quals, const Node *node);

#endif
