/* Node builders. Shapes follow gram.y of PostgreSQL 15: the proof compares them with what the grammar makes.
 */
#include "parser/tree.h"

#include <common/keywords.h>
#include <stdarg.h>
#include <string.h>

char *text_concat(const char *first, ...)
{
	size_t length = 0;
	va_list list;
	va_start(list, first);
	for (const char *piece = first; piece; piece = va_arg(list, const char *))
		length += strlen(piece);
	va_end(list);
	char *text = palloc(length + 1), *end = text;
	va_start(list, first);
	for (const char *piece = first; piece; piece = va_arg(list, const char *))
		end = stpcpy(end, piece);
	va_end(list);
	*end = 0;
	return text;
}

bool is_plain_identifier(const char *name)
{
	if (!((*name >= 'a' && *name <= 'z') || *name == '_'))
		return false;
	for (const char *c = name; *c; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_'))
			return false;
	int keyword = ScanKeywordLookup(name, &ScanKeywords);
	/* system_user is reserved from PostgreSQL 16 on, which this grammar does not know */
	return keyword < 0 ? strcmp(name, "system_user") != 0
					   : ScanKeywordCategories[keyword] == UNRESERVED_KEYWORD;
}

const char *text_identifier(const char *name)
{
	if (is_plain_identifier(name))
		return name;
	char *quoted = palloc(2 * strlen(name) + 3), *end = quoted;
	*end++ = '"';
	for (; *name; name++) {
		if (*name == '"')
			*end++ = '"';
		*end++ = *name;
	}
	*end++ = '"';
	*end = 0;
	return quoted;
}

String *tree_string(const char *text)
{
	String *string = MAKE(String);
	string->sval = (char *)text;
	return string;
}

ColumnRef *tree_column(const char *relation, const char *column)
{
	ColumnRef *reference = MAKE(ColumnRef);
	reference->fields =
		relation ? list_make2(tree_string(relation), tree_string(column)) : list_make1(tree_string(column));
	return reference;
}

ResTarget *tree_target(const char *name, Node *value)
{
	ResTarget *target = MAKE(ResTarget);
	target->name = (char *)name;
	target->val = value;
	return target;
}

TypeName *tree_type(const char *name)
{
	TypeName *type = MAKE(TypeName);
	type->names = list_make2(tree_string("pg_catalog"), tree_string(name));
	type->typemod = -1;
	return type;
}

Node *tree_cast(Node *value, const char *type)
{
	TypeCast *cast = MAKE(TypeCast);
	cast->arg = value;
	cast->typeName = tree_type(type);
	return (Node *)cast;
}

A_Expr *tree_equals(Node *left, Node *right)
{
	A_Expr *comparison = MAKE(A_Expr);
	comparison->kind = AEXPR_OP;
	comparison->name = list_make1(tree_string("="));
	comparison->lexpr = left;
	comparison->rexpr = right;
	return comparison;
}

Node *tree_null(void)
{
	A_Const *null = MAKE(A_Const);
	null->isnull = true;
	null->location = -1;
	return (Node *)null;
}

Node *tree_constant(const char *text, int location)
{
	A_Const *constant = MAKE(A_Const);
	constant->val.sval = *tree_string(text);
	constant->location = location;
	return (Node *)constant;
}

Node *tree_screen(Node *left, Node *right)
{
	A_ArrayExpr *array = MAKE(A_ArrayExpr);
	array->elements = list_make1(right);
	A_Expr *comparison = tree_equals(left, (Node *)array);
	comparison->kind = AEXPR_OP_ANY;
	A_Const *one = MAKE(A_Const);
	one->val.ival.type = T_Integer;
	one->val.ival.ival = 1;
	CaseWhen *when = MAKE(CaseWhen);
	when->expr = (Expr *)comparison;
	when->result = (Expr *)one;
	CaseExpr *expression = MAKE(CaseExpr);
	expression->args = list_make1(when);
	NullTest *test = MAKE(NullTest);
	test->arg = (Expr *)expression;
	test->nulltesttype = IS_NOT_NULL;
	return (Node *)test;
}

Node *tree_priced(Node *value)
{
	FuncCall *now = MAKE(FuncCall);
	now->funcname = list_make2(tree_string("pg_catalog"), tree_string("now"));
	NullTest *test = MAKE(NullTest);
	test->arg = (Expr *)now;
	test->nulltesttype = IS_NULL;
	CaseWhen *when = MAKE(CaseWhen);
	when->expr = (Expr *)test;
	when->result = (Expr *)tree_null();
	CaseExpr *expression = MAKE(CaseExpr);
	expression->args = list_make1(when);
	expression->defresult = (Expr *)value;
	return (Node *)expression;
}

Node *tree_priced_column(Node *column)
{
	SelectStmt *select = MAKE(SelectStmt);
	select->targetList = list_make1(tree_target(NULL, column));
	SubLink *link = MAKE(SubLink);
	link->subLinkType = EXPR_SUBLINK;
	link->subselect = (Node *)select;
	return tree_priced((Node *)link);
}

Node *tree_and(List *conjuncts, Node *rest)
{
	if (rest)
		conjuncts = lappend(conjuncts, rest);
	if (conjuncts == NIL)
		return NULL;
	if (list_length(conjuncts) == 1)
		return linitial(conjuncts);
	BoolExpr *both = MAKE(BoolExpr);
	both->boolop = AND_EXPR;
	both->args = conjuncts;
	return (Node *)both;
}

const Node *tree_query(const Node *statement)
{
	while (statement)
		switch (nodeTag(statement)) {
		case T_SelectStmt:
		case T_InsertStmt:
		case T_UpdateStmt:
		case T_DeleteStmt:
		case T_MergeStmt:
			return statement;
		case T_ExplainStmt:
			statement = ((const ExplainStmt *)statement)->query;
			break;
		case T_PrepareStmt:
			statement = ((const PrepareStmt *)statement)->query;
			break;
		case T_CopyStmt:
			statement = ((const CopyStmt *)statement)->query;
			break;
		case T_DeclareCursorStmt:
			statement = ((const DeclareCursorStmt *)statement)->query;
			break;
		case T_CreateTableAsStmt:
			statement = ((const CreateTableAsStmt *)statement)->query;
			break;
		default:
			return NULL;
		}
	return NULL;
}

bool tree_is_clause(const Node *node)
{
	switch (nodeTag(node)) {
	case T_SelectStmt:
	case T_InsertStmt:
	case T_UpdateStmt:
	case T_DeleteStmt:
	case T_MergeStmt:
	case T_MergeWhenClause:
	case T_OnConflictClause:
	case T_InferClause:
	case T_IndexElem:
	case T_WithClause:
	case T_CommonTableExpr:
	case T_ResTarget:
	case T_SubLink:
	case T_JoinExpr:
	case T_RangeSubselect:
	case T_RangeTableSample:
	case T_LockingClause:
		return true;
	default:
		return false;
	}
}

bool tree_list_has(const List *list, const void *pointer)
{
	ListCell *cell;
	foreach (cell, list)
		if (lfirst(cell) == pointer)
			return true;
	return false;
}

RangeSubselect *tree_subselect(Node *query, Alias *alias)
{
	RangeSubselect *subselect = MAKE(RangeSubselect);
	subselect->subquery = query;
	subselect->alias = alias;
	return subselect;
}

Alias *tree_alias(const char *name)
{
	Alias *alias = MAKE(Alias);
	alias->aliasname = (char *)name;
	return alias;
}

WithClause *tree_with(const Node *query)
{
	switch (nodeTag(query)) {
	case T_SelectStmt:
		return ((const SelectStmt *)query)->withClause;
	case T_InsertStmt:
		return ((const InsertStmt *)query)->withClause;
	case T_UpdateStmt:
		return ((const UpdateStmt *)query)->withClause;
	case T_DeleteStmt:
		return ((const DeleteStmt *)query)->withClause;
	case T_MergeStmt:
		return ((const MergeStmt *)query)->withClause;
	default:
		return NULL;
	}
}
