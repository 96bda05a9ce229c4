/* INSERT: the tenant column and its value are added to whatever is inserted; ON CONFLICT follows the unique
 * indexes.
 *
 * Refused: targets that cannot be confined (views without the tenant column), other tenants' values (by a
 * tenant_check that the session carries out). */
#include "parser/rewrite.h"

#include <stdlib.h>
#include <string.h>

static bool refuse_write(struct analysis *analysis, const struct leaf *leaf)
{
	bool tenants = leaf->relation->isolation == ISOLATION_TENANTS;
	return analysis_refuse(analysis, "42501", leaf->range->location,
						   text_concat("permission denied for table ", leaf->range->relname, NULL),
						   tenants
							   ? "It is the table of tenants, which users bound to a tenant may not change."
						   : leaf->relation->composed
							   ? "It is a view over tenant relations that its tenant column does not confine."
							   : "It is a view over tenant relations that does not show the tenant column.",
						   tenants ? NULL : "Write to the table behind it.");
}

static bool is_system_schema(const char *schema)
{
	return strcmp(schema, "pg_catalog") == 0 || strcmp(schema, "information_schema") == 0 ||
		   strcmp(schema, "pg_toast") == 0;
}

struct leaf *change_target(struct analysis *analysis, struct level *level, RangeVar **range, bool insert)
{
	size_t begin = tokens_at(analysis->tokens, (*range)->location);
	struct leaf *leaf = level_leaf(level, (Node **)range, begin, analysis->tokens->n);
	leaf->target = true;
	if (!leaf_resolve(analysis, leaf, *range, true))
		return NULL;
	level_unit(level, leaf, leaf->name);
	if (leaf->relation && is_system_schema(leaf->relation->schema))
		return analysis_refuse(analysis, "42501", (*range)->location,
							   text_concat("permission denied for relation ", leaf->relation->name, NULL),
							   "System catalogs cannot be changed through tenantry.", NULL),
			   NULL;
	if (leaf->kind != LEAF_OTHER && leaf->relation == NULL)
		return rewrite_lost(analysis, (*range)->location), NULL;
	if (leaf->kind == LEAF_VIEW || (leaf->relation && leaf->relation->composed))
		return refuse_write(analysis, leaf), NULL;
	if (leaf->kind == LEAF_TENANT && leaf->relation->isolation == ISOLATION_TENANTS) {
		if (analysis->request->right == RIGHT_BOUND)
			return refuse_write(analysis, leaf), NULL;
		if (insert)
			leaf->kind = LEAF_OTHER;
	}
	return leaf;
}

static void add_check(struct analysis *analysis, struct tenant_check check)
{
	struct check_list *list = &analysis->checks;
	if (list->n == list->room) {
		size_t room = list->room ? 2 * list->room : 4;
		struct tenant_check *items = palloc(room * sizeof *items);
		if (list->n)
			memcpy(items, list->items, list->n * sizeof *items);
		list->items = items;
		list->room = room;
	}
	list->items[list->n++] = check;
}

static const char *constant_text(const A_Const *constant)
{
	if (constant->isnull)
		return NULL;
	switch (nodeTag(&constant->val)) {
	case T_Integer:
		return analysis_text("%d", constant->val.ival.ival);
	case T_Float:
		return constant->val.fval.fval;
	case T_String:
		return constant->val.sval.sval;
	default:
		return NULL;
	}
}

/* A parameter or constant, perhaps with a cast. */
static Node *without_casts(Node *value)
{
	while (value && IsA(value, TypeCast))
		value = ((TypeCast *)value)->arg;
	return value;
}

bool tenant_check_for(struct analysis *analysis, const Node *value)
{
	int location = exprLocation(value);
	struct tenant_check check = {.relation = "",
								 .position = location < 0 ? 0 : analysis_position(analysis, location)};
	if (IsA(value, ParamRef))
		check.parameter = ((const ParamRef *)value)->number;
	else if (IsA(value, A_Const))
		check.constant = constant_text((const A_Const *)value);
	if (check.parameter == 0 && check.constant == NULL)
		return analysis_refuse(analysis, "42501", location,
							   "the tenant column is compared with something else than a tenant's value",
							   NULL, NULL);
	add_check(analysis, check);
	return true;
}

static bool refuse_parameter(struct analysis *analysis, int number, const char *detail)
{
	return analysis_refuse(
		analysis, "42501", -1,
		analysis_text("parameter $%d cannot be compared with the session's tenant", number), detail,
		"Leave the tenant column out: tenantry adds it.");
}

size_t parameter_uses(const struct analysis *analysis, int number)
{
	size_t uses = 0, end = analysis->statement_start + analysis->statement_length;
	for (size_t i = tokens_at(analysis->tokens, analysis->statement_start);
		 i < analysis->tokens->n && token_at(analysis, i)->start < end; i++)
		uses += token_at(analysis, i)->kind == TOKEN_PARAMETER &&
				atoi(analysis->text + token_at(analysis, i)->start + 1) == number;
	return uses;
}

/* The text of a parameter is compared; what its type makes of that must be the same tenant. Where the type is not
 * declared the server insists that all uses agree on it; but everything can be assigned to text, and not every value
 * looks the same then: there the parameter may have no other use. */
static bool check_parameter(struct analysis *analysis, int number)
{
	const struct guard_request *request = analysis->request;
	uint32_t type = (size_t)number <= request->n_parameter_types ? request->parameter_types[number - 1] : 0;
	if (!tenant_type_kept_by_oid(analysis->tenant_type, type))
		return refuse_parameter(analysis, number,
								"Its type may change what is written into the tenant column.");
	if (analysis->tenant_type != TENANT_TEXT)
		return true;
	size_t checks = 0;
	for (size_t i = 0; i < analysis->checks.n; i++)
		checks += analysis->checks.items[i].parameter == number;
	return (rewrite_work(analysis, analysis->tokens->n + analysis->checks.n) &&
			parameter_uses(analysis, number) == checks) ||
		   refuse_parameter(
			   analysis, number,
			   "A parameter for a tenant column of type text must have no other use in the statement.");
}

bool rewrite_check_parameters(struct analysis *analysis)
{
	int last = 0;
	for (size_t i = 0; i < analysis->checks.n; i++) {
		int number = analysis->checks.items[i].parameter;
		if (number == 0 || number == last)
			continue;
		if (!check_parameter(analysis, number))
			return false;
		last = number;
	}
	return true;
}

/* Is it, as far as its name tells, a type of the server's own through which every tenant's value gets? */
static bool keeps_tenant(const struct analysis *analysis, const TypeName *type)
{
	int n = list_length(type->names);
	bool plain = !type->typmods && !type->arrayBounds && !type->setof && !type->pct_type;
	return plain && tenant_type_kept_by(analysis->tenant_type, strVal(llast(type->names))) &&
		   (n == 1 || (n == 2 && same_name(strVal(linitial(type->names)), "pg_catalog")));
}

bool tenant_casts(struct analysis *analysis, Node *value)
{
	for (; IsA(value, TypeCast); value = ((TypeCast *)value)->arg) {
		TypeName *type = ((TypeCast *)value)->typeName;
		if (!tenant_type_kept_by(analysis->tenant_type, strVal(llast(type->names))))
			return analysis_refuse(analysis, "42501", exprLocation(value),
								   "the tenant column cannot be given a parameter with this cast",
								   "It may change what is written into the tenant column.",
								   "Leave the tenant column out: tenantry adds it.");
		if (list_length(type->names) != 1 || type->location < 0)
			continue;
		type->names = lcons(tree_string("pg_catalog"), type->names);
		if (!splice_text(analysis, (size_t)type->location, 0, "pg_catalog."))
			return false;
	}
	return true;
}

bool tenant_value(struct analysis *analysis, const struct catalog_relation *relation, Node **place,
				  size_t begin, size_t end)
{
	Node *value = without_casts(*place);
	if (!value || !IsA(value, ParamRef) || begin >= end)
		return tenant_replaces(analysis, relation->name, tenant_name(relation), place, begin, end);
	/* it stays: without any use of it the server could not tell the parameter's type */
	add_check(analysis, (struct tenant_check){
							.parameter = ((ParamRef *)value)->number,
							.relation = relation->name,
							.position = analysis_position(analysis, token_at(analysis, begin)->start)});
	return analysis->rewrite->preparing ? tenant_given(analysis, place, begin, end)
										: tenant_casts(analysis, *place);
}

/* A new row without a tenant is the session's tenant's: frameworks that have read the tenant column from the catalogs write
 * NULL where they know no value. `$1` becomes COALESCE($1, tenant); all of it is inserted where it begins. */
static bool tenant_or_null(struct analysis *analysis, const struct catalog_relation *relation, Node **place,
						   size_t begin, size_t end)
{
	int number = ((ParamRef *)*place)->number;
	size_t start = token_at(analysis, begin)->start;
	add_check(analysis, (struct tenant_check){.parameter = number,
											  .or_null = true,
											  .relation = relation->name,
											  .position = analysis_position(analysis, start)});
	CoalesceExpr *expression = MAKE(CoalesceExpr);
	expression->args = list_make2(*place, tenant_node(analysis));
	*place = (Node *)expression;
	analysis->uses_tenant = true;
	return splice_text(analysis, start, 0, analysis_text("COALESCE($%d, ", number)) &&
		   splice_tenant(analysis, start) &&
		   splice_text(analysis, start, end_before(analysis, end) - start, ")");
}

/* A constant for the tenant column is to be the tenant; NULL is not. */
static bool check_constant(struct analysis *analysis, const char *relation, const char *column,
						   const Node *value, size_t start)
{
	struct tenant_check check = {.relation = relation, .position = analysis_position(analysis, start)};
	if (!value || !IsA(value, A_Const))
		return true;
	if (((const A_Const *)value)->isnull)
		return analysis_refuse(analysis, "42501", start,
							   text_concat("column \"", column, "\" cannot be set to null", NULL),
							   "Rows belong to the session's own tenant.", NULL);
	check.constant = constant_text((const A_Const *)value);
	if (check.constant)
		add_check(analysis, check);
	return true;
}

bool tenant_argument(struct analysis *analysis, const char *relation, Node *value, size_t begin)
{
	for (const Node *at = value; IsA(at, TypeCast); at = ((const TypeCast *)at)->arg)
		if (!keeps_tenant(analysis, ((const TypeCast *)at)->typeName))
			return true;
	return check_constant(analysis, relation, analysis->policy->tenant_column, without_casts(value),
						  token_at(analysis, begin)->start);
}

bool tenant_replaces(struct analysis *analysis, const char *relation, const char *column, Node **place,
					 size_t begin, size_t end)
{
	Node *value = without_casts(*place);
	if (begin >= end)
		return rewrite_lost(analysis, -1);
	size_t start = token_at(analysis, begin)->start;
	bool null = value && IsA(value, A_Const) && ((const A_Const *)value)->isnull; /* as DEFAULT */
	if (!null && !check_constant(analysis, relation, column, value, start))
		return false;
	for (size_t i = begin; i < end; i++)
		if (token_at(analysis, i)->kind == TOKEN_PARAMETER)
			return analysis_refuse(
				analysis, "0A000", start, "the tenant column cannot be given an expression with parameters",
				"tenantry would replace the expression by the session's own tenant.",
				"Give it a plain parameter or a constant, or leave the tenant column out.");
	*place = tenant_node(analysis);
	return splice_text(analysis, start, end_before(analysis, end) - start, NULL) &&
		   place_tenant(analysis, end_before(analysis, end));
}

/* The tokens of the n-th of a list of expressions. */
static bool nth_item(const struct analysis *analysis, size_t n, size_t *begin, size_t *end)
{
	size_t i = *begin;
	for (; i < *end && n > 0; i = token_skip(analysis->tokens, i))
		n -= token_at(analysis, i)->kind == TOKEN_COMMA;
	*begin = i;
	while (i < *end && token_at(analysis, i)->kind != TOKEN_COMMA)
		i = token_skip(analysis->tokens, i);
	bool found = n == 0 && i > *begin;
	*end = i;
	return found;
}

/* Which expression of a target list belongs to the tenant column: stars before it make it count from the
 * right. -1: stars on both sides, or there. */
static int replaced_target(const List *row, const struct insert_source *source)
{
	int n = list_length(row), from_right = source->columns - 1 - source->replace;
	bool star = false;
	for (int i = 0; i <= source->replace && i < n; i++)
		star |= star_is(list_nth(row, i));
	if (!star)
		return source->replace;
	for (int i = 0; i <= from_right; i++)
		if (i >= n || star_is(list_nth(row, n - 1 - i)))
			return -1;
	return n - 1 - from_right;
}

static bool replace_in_row(struct analysis *analysis, List *row, bool targets, size_t begin, size_t end,
						   struct insert_source *source)
{
	int index = targets ? replaced_target(row, source) : source->replace;
	if (index >= list_length(row))
		return true; /* too few expressions: the server says so */
	if (index < 0)
		return analysis_refuse(analysis, "0A000", token_at(analysis, begin)->start,
							   "cannot tell which expression is meant for the tenant column", NULL,
							   "Name the columns instead of *, or leave the tenant column out.");
	ListCell *cell = list_nth_cell(row, index);
	Node **place = (Node **)&lfirst(cell);
	if (!nth_item(analysis, index, &begin, &end))
		return rewrite_lost(analysis, -1);
	if (targets) {
		ResTarget *target = lfirst(cell);
		place = &target->val;
		if (target->name)
			end -= end >= begin + 3 && token_at(analysis, end - 2)->keyword == KEYWORD_AS ? 2 : 1;
	}
	if (!targets && IsA(*place, ParamRef) && begin < end && !analysis->rewrite->preparing)
		return tenant_or_null(analysis, source->relation, place, begin, end);
	return tenant_value(analysis, source->relation, place, begin, end);
}

bool source_row(struct analysis *analysis, List **row, bool targets, size_t begin, size_t end,
				struct insert_source *source)
{
	if (source->replace >= 0)
		return replace_in_row(analysis, *row, targets, begin, end, source);
	size_t at = end_before(analysis, end);
	if (!splice_text(analysis, at, 0, *row ? ", " : " ") || !place_tenant(analysis, at))
		return false;
	Node *tenant = tenant_node(analysis);
	*row = lappend(*row, targets ? (Node *)tree_target(NULL, tenant) : tenant);
	return true;
}

/* How many expressions the source has, compared with the columns that there are for them. */
static bool check_width(struct analysis *analysis, const InsertStmt *insert,
						const struct insert_source *source, int columns)
{
	if (source->width < 0 || source->width == columns)
		return true;
	if (source->width < columns) {
		if (insert->cols == NIL)
			return true;
		return analysis_refuse(analysis, "42601",
							   ((ResTarget *)list_nth(insert->cols, source->width))->location,
							   "INSERT has more target columns than expressions", NULL, NULL);
	}
	const SelectStmt *select = (const SelectStmt *)insert->selectStmt;
	int location =
		select->valuesLists ? exprLocation(list_nth(linitial(select->valuesLists), columns)) : source->beyond;
	return analysis_refuse(analysis, "42601", location, "INSERT has more expressions than target columns",
						   NULL, NULL);
}

static ResTarget *column_target(const char *name)
{
	return tree_target(name, NULL);
}

/* No column list was written: the visible columns, as many as the source is wide. */
static bool make_columns(struct analysis *analysis, InsertStmt *insert, const struct leaf *target, int width,
						 size_t at)
{
	const struct catalog_relation *relation = target->relation;
	/* Of a temporary table or a function nobody here knows the width: all columns then. A narrower source is
	 * an error of the server's (more target columns than expressions), never a value in a wrong column. */
	if (width < 0)
		width = (int)relation->n_columns - column_hidden(analysis, relation, relation->tenant_column);
	const char *list = " (";
	bool placed = false;
	for (size_t i = 0; i < relation->n_columns && width > 0; i++) {
		if ((int)i == relation->tenant_column && analysis->policy->hide_tenant_column)
			continue;
		placed |= (int)i == relation->tenant_column;
		insert->cols = lappend(insert->cols, column_target(relation->columns[i].name));
		list = text_concat(list, text_identifier(relation->columns[i].name), --width > 0 ? ", " : "", NULL);
	}
	const char *tenant = text_identifier(tenant_name(relation));
	if (placed)
		return splice_text(analysis, at, 0, text_concat(list, ")", NULL));
	const char *comma = insert->cols ? ", " : "";
	insert->cols = lappend(insert->cols, column_target(tenant_name(relation)));
	return splice_text(analysis, at, 0, text_concat(list, comma, tenant, ")", NULL));
}

int listed_tenant(const List *columns, const struct catalog_relation *relation)
{
	int i = 0;
	ListCell *cell;
	foreach (cell, columns) {
		if (strcmp(((ResTarget *)lfirst(cell))->name, tenant_name(relation)) == 0)
			return i;
		i++;
	}
	return -1;
}

static bool default_values(struct analysis *analysis, InsertStmt *insert,
						   const struct catalog_relation *relation, size_t begin)
{
	size_t start = token_at(analysis, begin)->start, end = token_at(analysis, begin + 1)->end;
	SelectStmt *values = MAKE(SelectStmt);
	values->valuesLists = list_make1(list_make1(tenant_node(analysis)));
	insert->cols = list_make1(column_target(tenant_name(relation)));
	insert->selectStmt = (Node *)values;
	return splice_text(analysis, start, end - start,
					   text_concat("(", text_identifier(tenant_name(relation)), ") VALUES (", NULL)) &&
		   splice_tenant(analysis, end) && splice_text(analysis, end, 0, ")");
}

/* The index of the tenant column when `INSERT INTO c VALUES (..)` gives it a value by place (tenant_column =
 * visible). */
static int placed_tenant(const struct analysis *analysis, const InsertStmt *insert,
						 const struct catalog_relation *relation)
{
	if (analysis->policy->hide_tenant_column || insert->cols)
		return -1;
	const SelectStmt *select = (const SelectStmt *)insert->selectStmt;
	while (select->op != SETOP_NONE)
		select = select->larg;
	int width =
		select->valuesLists ? list_length(linitial(select->valuesLists)) : list_length(select->targetList);
	return width > relation->tenant_column ? relation->tenant_column : -1;
}

/* Has the source a star somewhere among its targets? TABLE is one, too. */
static bool source_has_star(const SelectStmt *select)
{
	while (select->op != SETOP_NONE) {
		if (source_has_star(select->rarg))
			return true;
		select = select->larg;
	}
	ListCell *cell;
	foreach (cell, select->targetList)
		if (star_is(lfirst(cell)))
			return true;
	return false;
}

/* tenant_column = visible, and a star gives the values by place, that of the tenant column among them:
 * INSERT INTO c (a, T, b) SELECT s.c1, $t, s.c3 FROM (source) AS s (c1, c2, c3) */
static bool star_source(struct analysis *analysis, InsertStmt *insert, const struct leaf *target, size_t list,
						size_t begin, size_t end)
{
	const struct catalog_relation *relation = target->relation;
	const struct level *level = rewrite_select(analysis, (SelectStmt *)insert->selectStmt, begin, end, NULL);
	if (level == NULL)
		return false;
	int width = level_width(analysis, level);
	if (width < 0)
		return analysis_refuse(analysis, "0A000", token_at(analysis, begin)->start,
							   "cannot tell which value is meant for the tenant column",
							   "The number of columns that * stands for is not known.",
							   "List the columns of INSERT, or name those of the query.");
	struct insert_source source = {.relation = relation,
								   .width = width,
								   .beyond =
									   level_column_location(analysis, level, (int)relation->n_columns)};
	if (!check_width(analysis, insert, &source, (int)relation->n_columns))
		return false;
	Alias *alias = tree_alias("s");
	SelectStmt *outer = MAKE(SelectStmt);
	size_t at = token_at(analysis, begin)->start, close = end_before(analysis, end);
	const char *names = "", *before = "SELECT ", *after = "";
	int place = width > relation->tenant_column ? relation->tenant_column : width;
	for (int i = 0; i < width || i == place; i++) {
		const char *name = analysis_text("c%d", i + 1), *column = text_concat("s.", name, NULL);
		Node *value = i == place ? tenant_node(analysis) : (Node *)tree_column("s", name);
		outer->targetList = lappend(outer->targetList, tree_target(NULL, value));
		if (i < place)
			before = text_concat(before, column, ", ", NULL);
		else if (i > place)
			after = text_concat(after, ", ", column, NULL);
		if (i == width)
			break;
		alias->colnames = lappend(alias->colnames, tree_string(name));
		names = text_concat(names, i > 0 ? ", " : "", name, NULL);
	}
	outer->fromClause = list_make1(tree_subselect(insert->selectStmt, alias));
	insert->selectStmt = (Node *)outer;
	return splice_text(analysis, at, 0, before) && splice_tenant(analysis, at) &&
		   splice_text(analysis, at, 0, text_concat(after, " FROM (", NULL)) &&
		   splice_text(analysis, close, 0, text_concat(") AS s (", names, ")", NULL)) &&
		   make_columns(analysis, insert, target, width, end_before(analysis, list));
}

/* `begin` is the token after the target and its alias. */
static bool insert_source(struct analysis *analysis, InsertStmt *insert, const struct leaf *target,
						  size_t begin, size_t end)
{
	const struct catalog_relation *relation = target->kind == LEAF_TENANT ? target->relation : NULL;
	size_t list = begin, i = begin;
	if (insert->cols) {
		if (!is_open(analysis, i, end))
			return rewrite_lost(analysis, -1);
		i = token_at(analysis, i)->match + 1;
	}
	if (keyword_at(analysis, i, end) == KEYWORD_OVERRIDING)
		i += 3;
	if (insert->selectStmt == NULL)
		return relation == NULL || default_values(analysis, insert, relation, i);
	struct insert_source source = {.relation = relation, .replace = -1, .width = -1, .beyond = -1};
	if (relation == NULL)
		return rewrite_select(analysis, (SelectStmt *)insert->selectStmt, i, end, NULL) != NULL;
	if (insert->cols == NIL && !analysis->policy->hide_tenant_column &&
		relation->isolation == ISOLATION_TENANT && source_has_star((SelectStmt *)insert->selectStmt))
		return star_source(analysis, insert, target, list, i, end);
	if (insert->cols == NIL)
		source.replace = placed_tenant(analysis, insert, relation);
	if (insert->cols)
		source.replace = listed_tenant(insert->cols, relation);
	source.columns = insert->cols ? list_length(insert->cols) : (int)relation->n_columns;
	source.limit =
		insert->cols ? list_length(insert->cols)
					 : (int)relation->n_columns - column_hidden(analysis, relation, relation->tenant_column);
	if (!rewrite_select(analysis, (SelectStmt *)insert->selectStmt, i, end, &source))
		return false;
	if (!check_width(analysis, insert, &source, source.limit))
		return false;
	if (insert->cols && source.replace >= 0)
		return true;
	if (insert->cols == NIL)
		return make_columns(analysis, insert, target, source.width, end_before(analysis, list));
	insert->cols = lappend(insert->cols, column_target(tenant_name(relation)));
	return splice_text(analysis, token_at(analysis, token_at(analysis, list)->match)->start, 0,
					   text_concat(", ", text_identifier(tenant_name(relation)), NULL));
}

static bool insert_returning(struct analysis *analysis, struct level *level, InsertStmt *insert)
{
	if (!rewrite_returning(analysis, level, insert->returningList) ||
		!star_expand(analysis, level, &insert->returningList))
		return false;
	level->targets = insert->returningList;
	return true;
}

static struct level *insert_in_scope(struct analysis *analysis, InsertStmt *insert, size_t begin, size_t end)
{
	if (!rewrite_with(analysis, insert->withClause, &begin, end))
		return NULL;
	if (first_keyword(analysis, begin, end) != KEYWORD_INSERT)
		return rewrite_lost(analysis, -1), NULL;
	struct level *level = level_open(analysis);
	struct leaf *target = change_target(analysis, level, &insert->relation, true);
	level_close(analysis, level); /* the source does not see the target */
	if (target == NULL)
		return NULL;
	size_t i = relation_end(analysis, target->begin, end);
	if (insert->relation->alias)
		i += 2;
	size_t source_end = returning_at(analysis, i, end);
	size_t conflict_end = source_end;
	if (insert->onConflictClause)
		source_end = tokens_at(analysis->tokens, insert->onConflictClause->location);
	if (!insert_source(analysis, insert, target, i, source_end))
		return NULL;
	level->outer = analysis->rewrite->level;
	analysis->rewrite->level = level;
	if (insert->onConflictClause &&
		!rewrite_conflict(analysis, level, target, insert->onConflictClause, source_end, conflict_end))
		return NULL;
	if (!insert_returning(analysis, level, insert))
		return NULL;
	level_close(analysis, level);
	return level;
}

struct level *rewrite_insert(struct analysis *analysis, InsertStmt *insert, size_t begin, size_t end)
{
	struct cte *ctes = analysis->rewrite->ctes;
	struct level *level = insert_in_scope(analysis, insert, begin, end);
	analysis->rewrite->ctes = ctes;
	return level;
}
