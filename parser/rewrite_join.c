/* What * stands for over a join with USING or NATURAL: the merged columns first, then what is left of either side
 * (transformFromClauseItem() in parse_clause.c). A merged column is the left one, of a RIGHT JOIN the right one, of a
 * FULL JOIN the first of both that is not NULL; where their types differ it is of a common type. What is not
 * known has no text. */
#include "parser/rewrite.h"

#include <string.h>

static struct join_column *column_named(const struct join_columns *columns, const char *name)
{
	for (size_t i = 0; i < columns->n; i++)
		if (same_name(columns->items[i].name, name))
			return &columns->items[i];
	return NULL;
}

/* The one column of this name; NULL: refused with the server's words. */
static struct join_column *sole_column(struct analysis *analysis, const struct join_columns *columns,
									   const char *name, const char *side)
{
	struct join_column *found = column_named(columns, name);
	if (found == NULL) {
		analysis_refuse(analysis, "42703", -1,
						text_concat("column \"", name, "\" specified in USING clause does not exist in ",
									side, " table", NULL),
						NULL, NULL);
		return NULL;
	}
	for (const struct join_column *other = found + 1; other < columns->items + columns->n; other++)
		if (same_name(other->name, name)) {
			analysis_refuse(analysis, "42702", -1,
							text_concat("common column name \"", name, "\" appears more than once in ", side,
										" table", NULL),
							NULL, NULL);
			return NULL;
		}
	return found;
}

static struct join_columns *columns_of(size_t most)
{
	struct join_columns *columns = palloc(sizeof *columns);
	*columns = (struct join_columns){.items = palloc((most + 1) * sizeof *columns->items)};
	return columns;
}

/* The column at place `number`, counted from 1, of what `item` qualifies, with the type of `like`. */
static void add_reference(struct join_columns *columns, const struct join_column *item, size_t number,
						  const char *name, const struct join_column *like)
{
	ColumnRef *reference = MAKE(ColumnRef);
	reference->fields = lappend(list_copy(item->qualifiers), tree_string(name));
	columns->items[columns->n++] =
		(struct join_column){.name = name,
							 .qualifiers = item->qualifiers,
							 .qualifier = item->qualifier,
							 .number = number,
							 .value = (Node *)reference,
							 .text = text_concat(item->qualifier, ".", text_identifier(name), NULL),
							 .type_oid = like->type_oid,
							 .type_name = like->type_name};
}

static struct join_column leaf_qualifier(const struct leaf *leaf)
{
	return (struct join_column){.qualifiers = leaf_fields(leaf), .qualifier = leaf_reference(leaf)};
}

/* Of columns that are called alike none can be named. */
static struct join_columns *forget_ambiguous(struct analysis *analysis, struct join_columns *columns)
{
	if (!rewrite_work(analysis, columns->n * columns->n / 2))
		return NULL;
	for (size_t i = 0; i < columns->n; i++)
		for (size_t k = 0; k < i; k++)
			if (same_name(columns->items[i].name, columns->items[k].name))
				columns->items[i].text = columns->items[k].text = NULL;
	return columns;
}

static struct join_columns *relation_columns(struct analysis *analysis, const struct leaf *leaf)
{
	const struct catalog_relation *relation = leaf->relation;
	const List *aliases = leaf->alias ? leaf->alias->colnames : NIL;
	struct join_columns *columns = columns_of(relation->n_columns);
	struct join_column item = leaf_qualifier(leaf);
	for (size_t i = 0; i < relation->n_columns; i++) {
		const struct catalog_column *column = &relation->columns[i];
		if (leaf->kind == LEAF_TENANT && column_hidden(analysis, relation, i))
			continue;
		const char *name = aliased_name(aliases, columns->n, column->name);
		add_reference(columns, &item, leaf_hides(analysis, leaf) ? i + 1 : columns->n + 1, name,
					  &(struct join_column){.type_oid = column->type_oid, .type_name = column->type_name});
	}
	return aliases ? forget_ambiguous(analysis, columns) : columns;
}

/* The columns of a sub-select, CTE or function are known by name only. */
static struct join_columns *named_columns(struct analysis *analysis, const struct leaf *leaf)
{
	const List *names = leaf_names(analysis, leaf);
	struct join_column item = leaf_qualifier(leaf);
	struct join_columns *columns = columns_of((size_t)list_length(names));
	ListCell *cell;
	foreach (cell, names)
		add_reference(columns, &item, columns->n + 1, strVal(lfirst(cell)), &item);
	return names ? forget_ambiguous(analysis, columns) : NULL;
}

struct leaf *leaf_at(const struct level *level, Node *const *place)
{
	for (struct leaf *leaf = level->leaves; leaf; leaf = leaf->next)
		if (leaf->place == place)
			return leaf;
	return NULL;
}

/* --- merged columns: buildMergedJoinVar() in parse_clause.c --- */

/* The types that select_common_type() is foretold of: of numbers the later one here, of texts the left one. */
static const struct common_type {
	const char *name;
	uint32_t oid;
	bool number;
} common_types[] = {{"int2", 21, true},      {"int4", 23, true},      {"int8", 20, true},
					{"numeric", 1700, true}, {"float4", 700, true},   {"float8", 701, true},
					{"text", 25, false},     {"varchar", 1043, false}};

static const struct common_type *common_type(const struct join_column *l, const struct join_column *r)
{
	const struct common_type *left = NULL, *right = NULL;
	for (size_t i = 0; i < sizeof common_types / sizeof *common_types; i++) {
		left = common_types[i].oid == l->type_oid ? &common_types[i] : left;
		right = common_types[i].oid == r->type_oid ? &common_types[i] : right;
	}
	if (!left || !right || left->number != right->number)
		return NULL;
	return left->number && right > left ? right : left;
}

static bool is_same_type(const struct join_column *a, const struct join_column *b)
{
	return a->type_oid != 0 && a->type_oid == b->type_oid && a->type_name && b->type_name &&
		   strcmp(a->type_name, b->type_name) == 0;
}

/* CAST(column AS pg_catalog.type), unless it is of this type, without a length, already. */
static struct join_column cast_column(const struct join_column *column, const struct common_type *type)
{
	if (column->type_oid == type->oid && column->type_name && strchr(column->type_name, '(') == NULL)
		return *column;
	TypeCast *cast = MAKE(TypeCast);
	cast->arg = column->value;
	cast->typeName = MAKE(TypeName);
	cast->typeName->names = list_make2(tree_string("pg_catalog"), tree_string(type->name));
	cast->typeName->typemod = -1;
	return (struct join_column){
		.name = column->name,
		.value = (Node *)cast,
		.text = text_concat("CAST(", column->text, " AS pg_catalog.", type->name, ")", NULL),
		.type_oid = type->oid,
		.type_name = type->name};
}

/* Without a text: cannot be told. */
static struct join_column merged_column(struct analysis *analysis, JoinExpr *join, struct join_column *l,
										struct join_column *r)
{
	JoinType type = join->jointype;
	struct join_column left = *l, right = *r;
	const struct join_column unknown = {.name = l->name, .merged = join, .left = l, .right = r};
	if (!l->text || !r->text)
		return unknown;
	if (!is_same_type(l, r)) {
		const struct common_type *common = common_type(l, r);
		if (!common)
			return unknown;
		left = cast_column(l, common);
		right = cast_column(r, common);
	}
	if (type == JOIN_RIGHT || (type == JOIN_INNER && left.value != l->value && right.value == r->value))
		return right;
	if (type != JOIN_FULL)
		return left;
	if (!rewrite_work(analysis, strlen(left.text) + strlen(right.text)))
		return unknown;
	CoalesceExpr *coalesce = MAKE(CoalesceExpr);
	coalesce->args = list_make2(left.value, right.value);
	left.value = (Node *)coalesce;
	left.text = text_concat("COALESCE(", left.text, ", ", right.text, ")", NULL);
	return left;
}

static bool merge_one(struct analysis *analysis, struct join_columns *merged, const char *name,
					  JoinExpr *join, const struct join_columns *left, const struct join_columns *right)
{
	struct join_column *l = sole_column(analysis, left, name, "left");
	struct join_column *r = l ? sole_column(analysis, right, name, "right") : NULL;
	if (r == NULL)
		return false;
	merged->items[merged->n++] = merged_column(analysis, join, l, r);
	return true;
}

/* USING (tenant_id), written by the application itself: what is hidden elsewhere would be shown. */
static bool is_hidden(const struct level *level, const char *name)
{
	for (const struct leaf *leaf = level->leaves; leaf; leaf = leaf->next)
		if (leaf->kind == LEAF_TENANT && same_name(tenant_name(leaf->relation), name))
			return true;
	return false;
}

static bool merge_all(struct analysis *analysis, const struct level *level, struct join_columns *merged,
					  JoinExpr *join, const struct join_columns *left, const struct join_columns *right)
{
	ListCell *cell;
	size_t names = join->isNatural ? right->n : (size_t)list_length(join->usingClause);
	if (!rewrite_work(analysis, names * (left->n + right->n)))
		return false;
	foreach (cell, join->usingClause)
		if (column_named(merged, strVal(lfirst(cell))) || is_hidden(level, strVal(lfirst(cell))) ||
			!merge_one(analysis, merged, strVal(lfirst(cell)), join, left, right))
			return false;
	for (size_t i = 0; join->isNatural && i < left->n; i++)
		for (size_t k = 0; k < right->n; k++)
			if (same_name(left->items[i].name, right->items[k].name)) {
				if (!merge_one(analysis, merged, left->items[i].name, join, left, right))
					return false;
				break;
			}
	return true;
}

static void add_rest(struct join_columns *columns, size_t n_merged, const struct join_columns *side)
{
	for (size_t i = 0; i < side->n; i++) {
		bool merged = false;
		for (size_t k = 0; k < n_merged; k++)
			merged |= same_name(columns->items[k].name, side->items[i].name);
		if (!merged)
			columns->items[columns->n++] = side->items[i];
	}
}

/* Behind its alias a join's columns have no other names. */
static struct join_columns *renamed(struct analysis *analysis, const struct join_columns *below,
									const Alias *alias)
{
	struct join_columns *columns = columns_of(below->n);
	struct join_column item = {.qualifiers = list_make1(tree_string(alias->aliasname)),
							   .qualifier = text_identifier(alias->aliasname)};
	for (size_t i = 0; i < below->n; i++)
		add_reference(columns, &item, i + 1, aliased_name(alias->colnames, i, below->items[i].name),
					  &below->items[i]);
	return forget_ambiguous(analysis, columns);
}

static struct join_columns *item_columns(struct analysis *analysis, const struct level *level, Node **place)
{
	if (IsA(*place, JoinExpr))
		return join_columns(analysis, level, (JoinExpr *)*place);
	const struct leaf *leaf = leaf_at(level, place);
	if (leaf == NULL || leaf->name == NULL)
		return NULL;
	return leaf->relation ? relation_columns(analysis, leaf) : named_columns(analysis, leaf);
}

struct join_columns *join_columns(struct analysis *analysis, const struct level *level, JoinExpr *join)
{
	struct join_columns *left = item_columns(analysis, level, &join->larg);
	struct join_columns *right = left ? item_columns(analysis, level, &join->rarg) : NULL;
	if (right == NULL)
		return NULL;
	struct join_columns *columns = columns_of(left->n + right->n);
	if (!merge_all(analysis, level, columns, join, left, right))
		return NULL;
	columns->n_merged = columns->n;
	add_rest(columns, columns->n_merged, left);
	add_rest(columns, columns->n_merged, right);
	return join->alias ? renamed(analysis, columns, join->alias) : columns;
}

/* --- merged columns by an alias of the join's USING: PostgreSQL 14 --- */

enum { SERVER_WITH_USING_ALIAS = 140000 };

static bool is_named(const struct level *level, const char *name)
{
	for (const struct leaf *leaf = level->leaves; leaf; leaf = leaf->next)
		if (leaf->name && same_name(leaf->name, name))
			return true;
	for (const struct star_unit *unit = level->units; unit; unit = unit->next)
		if (unit->name && same_name(unit->name, name))
			return true;
	for (const struct merging *merging = level->mergings; merging; merging = merging->next) {
		const Alias *alias = merging->expression->join_using_alias;
		if (alias && same_name(alias->aliasname, name))
			return true;
	}
	return false;
}

static const char *free_name(struct analysis *analysis, const struct level *level)
{
	const char *name;
	unsigned n = 1;
	do
		name = analysis_text("merged_%u", n++);
	while (is_named(level, name) && rewrite_work(analysis, level->n_leaves));
	return analysis->refused ? NULL : name;
}

/* NATURAL takes no alias: USING with the columns that it merges does. */
static bool natural_to_using(struct analysis *analysis, const struct level *level, struct merging *merging)
{
	JoinExpr *join = merging->expression;
	const struct join_columns *columns = join_columns(analysis, level, join);
	if (columns == NULL)
		return false;
	const char *list = "";
	for (size_t i = 0; i < columns->n_merged; i++) {
		const char *name = columns->items[i].name;
		list = text_concat(list, *list ? ", " : "", text_identifier(name), NULL);
		join->usingClause = lappend(join->usingClause, tree_string(name));
		if (!rewrite_work(analysis, strlen(list)))
			return false;
	}
	join->isNatural = false;
	merging->names = list;
	return true;
}

static bool give_alias(struct analysis *analysis, struct level *level, JoinExpr *join)
{
	struct merging *merging = level->mergings;
	while (merging && merging->expression != join)
		merging = merging->next;
	const char *name = merging ? free_name(analysis, level) : NULL;
	if (!name || (join->isNatural && !natural_to_using(analysis, level, merging)))
		return false;
	join->join_using_alias = tree_alias(name);
	merging->alias = name;
	return true;
}

bool join_alias_column(struct analysis *analysis, struct level *level, struct join_column *column)
{
	JoinExpr *join = column->merged;
	if (!join || join->alias || catalog_server_version(analysis->catalog) < SERVER_WITH_USING_ALIAS ||
		(!join->join_using_alias && !give_alias(analysis, level, join)))
		return false;
	const char *alias = join->join_using_alias->aliasname;
	ColumnRef *reference = MAKE(ColumnRef);
	reference->fields = list_make2(tree_string(alias), tree_string(column->name));
	column->value = (Node *)reference;
	column->text = text_concat(text_identifier(alias), ".", text_identifier(column->name), NULL);
	return true;
}

bool join_place_aliases(struct analysis *analysis, const struct level *level)
{
	for (const struct merging *merging = level->mergings; merging; merging = merging->next) {
		if (!merging->alias)
			continue;
		const struct token *natural = token_at(analysis, merging->natural);
		size_t at = merging->names ? end_before(analysis, merging->right_end)
								   : token_at(analysis, token_at(analysis, merging->using_list)->match)->end;
		if (merging->names &&
			(!splice_text(analysis, natural->start, natural->end - natural->start, NULL) ||
			 !splice_text(analysis, at, 0, text_concat(" USING (", merging->names, ")", NULL))))
			return false;
		if (!splice_text(analysis, at, 0, text_concat(" AS ", merging->alias, NULL)))
			return false;
	}
	return true;
}
