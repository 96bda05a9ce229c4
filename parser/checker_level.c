/* One query level: the names of its FROM, its joins, and which conjuncts confine which leaf.
 *
 * A leaf is confined when no row of the level can carry a row of the leaf that belongs to another tenant. A
 * conjunct `leaf.T = value` does that
 *   - in WHERE, whatever the joins are: the comparison is never true of NULL;
 *   - in the ON of an inner join, for both sides;
 *   - in the ON of LEFT or RIGHT, for the side that is filled with NULLs: the preserved side's rows come
 *     through anyway;
 *   - never in the ON of FULL.
 * What a join lets through stays confined above it. Names resolve as in parse_relation.c: innermost level
 * first, a name behind an aliased join is gone, an alias' column list renames columns. Where PostgreSQL would
 * raise "ambiguous", nothing is confined here: an error is the server's to raise. */
#include "parser/checker_internal.h"
#include "parser/quals.h"
#include "parser/quals_free.h"

#include <string.h>

/* The column's name through the column list of an alias. */
static const char *seen_as(const Alias *alias, int column, const char *name)
{
	if (alias && column < list_length(alias->colnames))
		return strVal(list_nth(alias->colnames, column));
	return name;
}

/* How many columns of a leaf could answer to `name`: 2 stands for "cannot be told". */
static int could_own(const struct checker_leaf *leaf, const char *name)
{
	int n = 0;

	if (leaf->relation == NULL)
		return 2;
	for (size_t i = 0; i < leaf->relation->n_columns; i++)
		if (same_name(seen_as(leaf->alias, (int)i, leaf->relation->columns[i].name), name))
			n++;
	return n;
}

void checker_level_open(struct checker *checker, struct checker_level *level)
{
	level->outer = checker->level;
	level->leaves = level->few;
	level->n = level->n_links = 0;
	level->room = CHECKER_FEW;
}

static struct checker_leaf *add(struct checker_level *level, const char *refname, int location)
{
	if (level->n == level->room) {
		struct checker_leaf *more = palloc(sizeof *more * (size_t)level->room * 4);
		memcpy(more, level->leaves, sizeof *more * (size_t)level->n);
		level->leaves = more;
		level->room *= 4;
	}
	struct checker_leaf *leaf = &level->leaves[level->n++];
	*leaf = (struct checker_leaf){.refname = refname, .location = location};
	return leaf;
}

/* What must be shown of a relation that is read or changed. */
static bool demand(struct checker *checker, struct checker_leaf *leaf,
				   const struct catalog_relation *relation)
{
	leaf->relation = relation;
	if (relation == NULL)
		return true;
	switch (relation->isolation) {
	case ISOLATION_SHARED:
		return true;
	case ISOLATION_DATA:
		return checker->analysis->policy->allow_data_catalogs ||
			   checker_open(checker, leaf->location, "a system catalog that holds values of rows is named");
	case ISOLATION_VIEW:
		return checker_open(checker, leaf->location, "a view over tenant relations is named, not inlined");
	case ISOLATION_REFUSED:
		return checker_open(checker, leaf->location,
							"a relation over tenant relations that cannot be confined is named");
	case ISOLATION_TENANT:
	case ISOLATION_TENANTS:
		break;
	}
	if (relation->tenant_column < 0 || (size_t)relation->tenant_column >= relation->n_columns)
		return checker_open(checker, leaf->location, "a tenant relation without its tenant column");
	if (relation->composed)
		return checker_open(checker, leaf->location,
							"a view that its tenant column does not confine is named, not inlined");
	leaf->required = true;
	checker->touched = true;
	const char *name =
		seen_as(leaf->alias, relation->tenant_column, relation->columns[relation->tenant_column].name);
	if (could_own(leaf, name) == 1)
		leaf->tenant = name;
	return true;
}

bool checker_level_add_target(struct checker *checker, struct checker_level *level, const RangeVar *target,
							  const struct catalog_relation *relation)
{
	struct checker_leaf *leaf =
		add(level, target->alias ? target->alias->aliasname : target->relname, target->location);
	leaf->alias = target->alias;
	return demand(checker, leaf, relation);
}

void checker_level_add_excluded(struct checker_level *level, const struct catalog_relation *relation)
{
	static const Alias alias = {.type = T_Alias, .aliasname = "excluded"};
	struct checker_leaf *leaf = add(level, alias.aliasname, -1);
	leaf->relation = relation;
	leaf->alias = &alias;
}

static bool add_relation(struct checker *checker, struct checker_level *level, const RangeVar *name)
{
	struct checker_name found;
	struct checker_leaf *leaf =
		add(level, name->alias ? name->alias->aliasname : name->relname, name->location);

	leaf->alias = name->alias;
	return checker_resolve(checker, name, false, &found) && demand(checker, leaf, found.relation);
}

static void add_opaque(struct checker_level *level, const Alias *alias)
{
	add(level, alias ? alias->aliasname : NULL, -1);
}

/* The one leaf in [from, to) that can answer to `column`, -1: none or several. */
static int sole_owner(const struct checker_level *level, int from, int to, const char *column)
{
	int owner = -1;

	for (int i = from; i < to; i++) {
		const struct checker_leaf *leaf = &level->leaves[i];
		if (leaf->hidden || (leaf->merged && leaf->tenant && same_name(leaf->tenant, column)))
			continue;
		int n = could_own(leaf, column);
		if (n == 0)
			continue;
		if (n > 1 || owner >= 0)
			return -1;
		owner = i;
	}
	return owner;
}

static bool is_tenant_of(const struct checker_level *level, int i, const char *column)
{
	return i >= 0 && level->leaves[i].tenant && same_name(level->leaves[i].tenant, column);
}

/* USING and NATURAL compare the tenant columns of both sides themselves. Counts for the application's own
 * text only: a guarded text does not lean on it. */
static void link_using(struct checker *checker, struct checker_level *level, const JoinExpr *join,
					   const char *column, int from, int middle, int to)
{
	int left = sole_owner(level, from, middle, column), right = sole_owner(level, middle, to, column);

	if (!is_tenant_of(level, left, column) || !is_tenant_of(level, right, column) ||
		join->jointype == JOIN_FULL || level->n_links + 2 > CHECKER_FEW)
		return;
	if (join->jointype != JOIN_RIGHT)
		level->links[level->n_links++] = (struct checker_link){left, right};
	if (join->jointype != JOIN_LEFT)
		level->links[level->n_links++] = (struct checker_link){right, left};
	level->leaves[join->jointype == JOIN_RIGHT ? left : right].merged = true;
}

static void link_merged_columns(struct checker *checker, struct checker_level *level, const JoinExpr *join,
								int from, int middle, int to)
{
	ListCell *cell;

	if (checker->parameter > 0)
		return;
	foreach (cell, join->usingClause)
		link_using(checker, level, join, strVal(lfirst(cell)), from, middle, to);
	for (int i = from; join->isNatural && i < middle; i++)
		if (level->leaves[i].tenant && !level->leaves[i].hidden)
			link_using(checker, level, join, level->leaves[i].tenant, from, middle, to);
}

static bool add_join(struct checker *checker, struct checker_level *level, const JoinExpr *join)
{
	int from = level->n, middle, to;

	if (!checker_level_add_item(checker, level, join->larg))
		return false;
	middle = level->n;
	if (!checker_level_add_item(checker, level, join->rarg))
		return false;
	to = level->n;
	link_merged_columns(checker, level, join, from, middle, to);
	switch (join->jointype) {
	case JOIN_INNER:
		if (!checker_level_apply(checker, level, join->quals, from, to, from, to))
			return false;
		break;
	case JOIN_LEFT:
		if (!checker_level_apply(checker, level, join->quals, from, to, middle, to))
			return false;
		break;
	case JOIN_RIGHT:
		if (!checker_level_apply(checker, level, join->quals, from, to, from, middle))
			return false;
		break;
	case JOIN_FULL:
		break;
	default:
		return checker_open(checker, -1, "a kind of join that the checker does not know");
	}
	if (join->alias) {
		for (int i = from; i < to; i++)
			level->leaves[i].hidden = true;
		add_opaque(level, join->alias);
	}
	if (join->join_using_alias)
		add_opaque(level, join->join_using_alias);
	return true;
}

static bool add_one(struct checker *checker, struct checker_level *level, const Node *item)
{
	switch (nodeTag(item)) {
	case T_RangeVar:
		return add_relation(checker, level, (const RangeVar *)item);
	case T_RangeTableSample:
		return checker_level_add_item(checker, level, ((const RangeTableSample *)item)->relation);
	case T_RangeSubselect:
		add_opaque(level, ((const RangeSubselect *)item)->alias);
		return true;
	case T_RangeFunction:
		add_opaque(level, ((const RangeFunction *)item)->alias);
		return true;
	case T_RangeTableFunc:
		add_opaque(level, ((const RangeTableFunc *)item)->alias);
		return true;
	case T_JoinExpr:
		return add_join(checker, level, (const JoinExpr *)item);
	default:
		return checker_open(checker, -1, "an item of FROM that the checker does not know");
	}
}

bool checker_level_add_item(struct checker *checker, struct checker_level *level, const Node *item)
{
	if (!checker_enter(checker))
		return false;
	bool ok = add_one(checker, level, item);
	checker_leave(checker);
	return ok;
}

bool checker_level_add_from(struct checker *checker, struct checker_level *level, const List *from)
{
	ListCell *cell;
	foreach (cell, from)
		if (!checker_level_add_item(checker, level, lfirst(cell)))
			return false;
	return true;
}

/* --- what a column reference means --- */

/* The leaf in [from, to) that `refname` (of `schema`, if not NULL) names; -1: none or ambiguous. */
static int leaf_named(const struct checker_level *level, int from, int to, const char *schema,
					  const char *refname)
{
	int found = -1;

	for (int i = from; i < to; i++) {
		const struct checker_leaf *leaf = &level->leaves[i];
		if (leaf->hidden || leaf->refname == NULL || !same_name(leaf->refname, refname))
			continue;
		if (schema && (leaf->relation == NULL || leaf->alias || !same_name(leaf->relation->schema, schema)))
			continue;
		if (found >= 0)
			return -1;
		found = i;
	}
	return found;
}

bool checker_level_has_column(const struct checker_level *level, const char *refname, const char *column)
{
	for (; level; level = level->outer)
		for (int i = 0; i < level->n; i++)
			if (level->leaves[i].refname && same_name(level->leaves[i].refname, refname))
				return level->leaves[i].relation && could_own(&level->leaves[i], column) > 0;
	return false;
}

/* The leaf in [from, to) whose tenant column `node` is; -1: it is something else. */
static int tenant_leaf(const struct checker_level *level, int from, int to, const Node *node)
{
	if (node == NULL || !IsA(node, ColumnRef))
		return -1;
	const List *fields = ((const ColumnRef *)node)->fields;
	int n = list_length(fields), leaf;

	if (!IsA(llast(fields), String))
		return -1;
	const char *column = strVal(llast(fields));
	if (n == 1)
		leaf = sole_owner(level, from, to, column);
	else
		leaf = leaf_named(level, from, to, n > 2 ? strVal(list_nth(fields, n - 3)) : NULL,
						  strVal(list_nth(fields, n - 2)));
	return is_tenant_of(level, leaf, column) ? leaf : -1;
}

/* Parameter 0 only: is `node` the tenant column of a confined leaf of an outer level? The name must be the
 * only one of its kind in the whole chain of levels, so that LATERAL and its absence cannot make it mean
 * another one. */
static bool is_confined_outside(const struct checker_level *level, const Node *node)
{
	const struct checker_leaf *found = NULL;

	if (!IsA(node, ColumnRef))
		return false;
	const List *fields = ((const ColumnRef *)node)->fields;
	if (list_length(fields) != 2 || !IsA(lsecond(fields), String))
		return false;
	for (; level; level = level->outer)
		for (int i = 0; i < level->n; i++) {
			const struct checker_leaf *leaf = &level->leaves[i];
			if (leaf->refname == NULL || !same_name(leaf->refname, strVal(linitial(fields))))
				continue;
			if (found)
				return false;
			found = leaf;
		}
	return found && !found->hidden && found->confined && found->tenant &&
		   same_name(found->tenant, strVal(lsecond(fields)));
}

/* --- what a value is --- */

/* A cast that cannot turn one tenant's value into another's: to the type of the tenant column, in full.
 * ('042'::int4 in a tenant column of type text would be tenant '42'.) */
static bool is_faithful_cast(const struct checker *checker, const TypeName *type)
{
	static const char *const integers[] = {"int4", "int8", "int2", NULL}, *const uuid[] = {"uuid", NULL},
							 *const text[] = {"text", NULL};
	const char *const *names = checker->analysis->tenant_type == TENANT_UUID   ? uuid
							   : checker->analysis->tenant_type == TENANT_TEXT ? text
																			   : integers;

	if (type->typmods || type->arrayBounds || type->setof || type->pct_type || type->names == NULL)
		return false;
	/* Without its schema it may be a temporary type, which the application itself is trusted not to make. */
	bool named = list_length(type->names) == 1 && checker->parameter == 0;
	if (!named && (list_length(type->names) != 2 || !same_name(strVal(linitial(type->names)), "pg_catalog")))
		return false;
	for (; *names; names++)
		if (same_name(strVal(llast(type->names)), *names))
			return true;
	return false;
}

/* The constant or parameter that `node` is, without a cast; NULL: neither. */
static const Node *plain_value(const struct checker *checker, const Node *node)
{
	if (IsA(node, TypeCast) && is_faithful_cast(checker, ((const TypeCast *)node)->typeName))
		node = ((const TypeCast *)node)->arg;
	if (IsA(node, ParamRef))
		return ((const ParamRef *)node)->number > 0 ? node : NULL;
	if (IsA(node, A_Const) && !((const A_Const *)node)->isnull)
		return node;
	return NULL;
}

bool checker_is_tenant(struct checker *checker, const Node *value)
{
	if (value == NULL)
		return false;
	if (checker->parameter > 0) {
		bool is = IsA(value, ParamRef) && ((const ParamRef *)value)->number == checker->parameter;
		checker->used |= is;
		return is;
	}
	value = plain_value(checker, value);
	if (value == NULL)
		return false;
	if (checker->value == NULL)
		checker->value = value;
	return equal(checker->value, value);
}

/* A parameter of the application's own whose value the session compares with the tenant before it is sent; `or_null`: may it
 * be NULL, too? */
static bool is_checked_parameter(const struct checker *checker, const Node *value, bool or_null)
{
	value = plain_value(checker, value);
	if (checker->parameter == 0 || value == NULL || !IsA(value, ParamRef))
		return false;
	const struct check_list *checks = &checker->analysis->checks;
	for (size_t i = 0; i < checks->n; i++)
		if (checks->items[i].parameter == ((const ParamRef *)value)->number &&
			(or_null || !checks->items[i].or_null))
			return true;
	return false;
}

/* COALESCE(such a parameter, tenant) */
static bool is_checked_or_tenant(struct checker *checker, const Node *value)
{
	if (checker->parameter == 0 || !IsA(value, CoalesceExpr))
		return false;
	const List *args = ((const CoalesceExpr *)value)->args;
	return list_length(args) == 2 && is_checked_parameter(checker, linitial(args), true) &&
		   checker_is_tenant(checker, lsecond(args));
}

/* CASE .. THEN tenant .. ELSE tenant END. Whatever it asks, there is no other value it could have. */
static bool is_tenant_in_any_case(struct checker *checker, const Node *value)
{
	if (checker->parameter == 0 || !IsA(value, CaseExpr))
		return false;
	const CaseExpr *expression = (const CaseExpr *)value;
	ListCell *cell;
	foreach (cell, expression->args)
		if (!checker_is_tenant(checker, (const Node *)((const CaseWhen *)lfirst(cell))->result))
			return false;
	return checker_is_tenant(checker, (const Node *)expression->defresult);
}

bool checker_may_write(struct checker *checker, const struct checker_level *level, const Node *value)
{
	if (value == NULL)
		return false;
	if (checker_is_tenant(checker, value) || is_tenant_in_any_case(checker, value) ||
		is_checked_parameter(checker, value, false) || is_checked_or_tenant(checker, value))
		return true;
	if (checker->parameter > 0 || level == NULL)
		return false;
	int leaf = tenant_leaf(level, 0, level->n, value);
	return leaf >= 0 && level->leaves[leaf].confined;
}

/* --- conjuncts --- */

struct range {
	int from, to;    /* names that the conjunct sees */
	int first, last; /* leaves that it filters */
};

static bool filters(const struct range *range, int leaf)
{
	return leaf >= range->first && leaf < range->last;
}

/* `left` = `right`, both orders are tried by the caller. */
static void apply_equality(struct checker *checker, struct checker_level *level, const struct range *range,
						   const Node *left, const Node *right)
{
	int leaf = tenant_leaf(level, range->from, range->to, left);

	if (leaf < 0 || right == NULL || !filters(range, leaf) || level->leaves[leaf].confined)
		return;
	if (checker_is_tenant(checker, right)) {
		level->leaves[leaf].confined = true;
		return;
	}
	if (checker->parameter > 0)
		return;
	int other = tenant_leaf(level, range->from, range->to, right);
	if (other >= 0 && other != leaf && level->n_links < CHECKER_FEW)
		level->links[level->n_links++] = (struct checker_link){other, leaf};
	else if (other < 0 && is_confined_outside(level, right))
		level->leaves[leaf].confined = true;
}

static bool is_equals(const List *name)
{
	return same_name(strVal(llast(name)), "=") &&
		   (list_length(name) == 1 || same_name(strVal(linitial(name)), "pg_catalog"));
}

/* CASE WHEN leaf.T = ANY (ARRAY[$t]) THEN 1 END IS NOT NULL: true of the tenant's rows only, and cheaper than
 * any operator. */
static void apply_screen(struct checker *checker, struct checker_level *level, const NullTest *test,
						 const struct range *range)
{
	const CaseExpr *expr = (const CaseExpr *)test->arg;

	if (test->nulltesttype != IS_NOT_NULL || !IsA(expr, CaseExpr) || expr->arg || expr->defresult ||
		list_length(expr->args) != 1)
		return;
	const A_Expr *any = (const A_Expr *)((const CaseWhen *)linitial(expr->args))->expr;
	if (!IsA(any, A_Expr) || any->kind != AEXPR_OP_ANY || !is_equals(any->name) || any->rexpr == NULL ||
		!IsA(any->rexpr, A_ArrayExpr) || list_length(((const A_ArrayExpr *)any->rexpr)->elements) != 1)
		return;
	int leaf = tenant_leaf(level, range->from, range->to, any->lexpr);
	if (leaf >= 0 && filters(range, leaf) &&
		checker_is_tenant(checker, linitial(((const A_ArrayExpr *)any->rexpr)->elements)))
		level->leaves[leaf].screened = true;
}

static bool apply(struct checker *checker, struct checker_level *level, const Node *quals,
				  const struct range *range)
{
	if (quals == NULL)
		return true;
	if (IsA(quals, BoolExpr) && ((const BoolExpr *)quals)->boolop == AND_EXPR) {
		ListCell *cell;
		if (!checker_enter(checker))
			return false;
		foreach (cell, ((const BoolExpr *)quals)->args)
			if (!apply(checker, level, lfirst(cell), range))
				return false;
		checker_leave(checker);
	} else if (IsA(quals, NullTest) && checker->parameter > 0) {
		apply_screen(checker, level, (const NullTest *)quals, range);
	} else if (IsA(quals, A_Expr) && is_equals(((const A_Expr *)quals)->name)) {
		const A_Expr *expr = (const A_Expr *)quals;
		if (expr->kind == AEXPR_OP) {
			apply_equality(checker, level, range, expr->lexpr, expr->rexpr);
			apply_equality(checker, level, range, expr->rexpr, expr->lexpr);
		} else if (expr->kind == AEXPR_IN && checker->parameter == 0 && IsA(expr->rexpr, List) &&
				   list_length((const List *)expr->rexpr) == 1) {
			apply_equality(checker, level, range, expr->lexpr, linitial((const List *)expr->rexpr));
		}
	}
	return true;
}

bool checker_level_apply(struct checker *checker, struct checker_level *level, const Node *quals, int from,
						 int to, int first, int last)
{
	return apply(checker, level, quals, &(struct range){from, to, first, last});
}

/* Only for what is sent; the application's own text is as it is. */
static bool needs_screen(struct checker *checker)
{
	if (checker->parameter == 0)
		return false;
	if (checker->screen == SCREEN_UNKNOWN)
		checker->screen = quals_are_settled(checker->analysis, checker->statement, checker->parameter)
							  ? SCREEN_NOT_NEEDED
							  : SCREEN_NEEDED;
	return checker->screen == SCREEN_NEEDED;
}

/* Asked when a leaf is screened. */
static bool is_free_of_failures(struct checker *checker)
{
	if (checker->prices == PRICES_UNKNOWN) {
		struct quals_free found = quals_find_free(checker->analysis, checker->statement, QUALS_NOTHING,
												  checker->statement, checker->parameter);
		bool none = found.values == NIL && found.queries == NIL && found.views == NIL && !found.unknown;
		checker->prices = none ? PRICES_PAID : PRICES_MISSING;
	}
	return checker->prices == PRICES_PAID;
}

bool checker_level_close(struct checker *checker, struct checker_level *level)
{
	for (int round = 0; round < level->n_links; round++)
		for (int i = 0; i < level->n_links; i++)
			if (level->leaves[level->links[i].from].confined)
				level->leaves[level->links[i].to].confined = true;
	for (int i = 0; i < level->n; i++)
		if (level->leaves[i].required && !level->leaves[i].confined)
			return checker_open(checker, level->leaves[i].location,
								"a tenant relation is named whose rows are not confined to one tenant");
	for (int i = 0; i < level->n; i++)
		if (level->leaves[i].required && !level->leaves[i].screened && needs_screen(checker))
			return checker_open(checker, level->leaves[i].location,
								"a condition could be tested on rows before their tenant is compared");
	for (int i = 0; i < level->n; i++)
		if (level->leaves[i].required && level->leaves[i].screened && !is_free_of_failures(checker))
			return checker_open(
				checker, level->leaves[i].location,
				"a condition that costs nothing could be tested on rows before their tenant is compared");
	return true;
}
