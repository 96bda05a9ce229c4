/* Casts to the row type of a tenant relation, which has one column more than the application knows of: ROW(1, 'x')::c,
 * '(1,x)'::c, c::c.
 *
 * What they become depends on what is done with the value (enum row_use):
 *   a column is taken out    ROW(1, 'x', $t)::c          the type itself; coerce_record_to_complex() in parse_coerce.c
 *   it is compared or sent   ROW(CAST(1 AS integer), CAST('x' AS text))::record
 *   anything else            (SELECT r FROM (SELECT (r).a, (r).b FROM (SELECT ROW(1, 'x', $t)::c AS r) AS r) AS r)
 * The last one keeps the names of the columns, but brings what is in the row into a sub-select, where some expressions would
 * mean something else: those are refused. A literal is read by the server, without a tenant: '(1,x,)'::c. */
#include "parser/rewrite_row.h"

#include <stdlib.h>
#include <string.h>

bool refuse_cast(struct analysis *analysis, const struct row_cast *row)
{
	return analysis_refuse(
		analysis, "0A000", row->cast->location,
		text_concat("cannot cast to the row type of tenant relation \"", row->relation->name, "\"", NULL),
		text_concat("The type has the tenant column \"", tenant_name(row->relation),
					"\", which the value has not.", NULL),
		"Name the columns one by one, or use jsonb_populate_record().");
}

/* --- where it stands --- */

static bool is_kind(const struct analysis *analysis, size_t i, enum token_kind kind)
{
	return i < analysis->tokens->n && token_at(analysis, i)->kind == kind;
}

/* The tokens of the value. */
static bool find_value(const struct analysis *analysis, struct row_cast *row)
{
	const Node *value = row->cast->arg;
	row->first = row->last = tokens_at(analysis->tokens, (size_t)exprLocation(value));
	if (IsA(value, RowExpr)) {
		size_t open = row->first + !is_kind(analysis, row->first, TOKEN_OPEN);
		if (!is_kind(analysis, open, TOKEN_OPEN))
			return false;
		row->last = token_at(analysis, open)->match;
	}
	row->before = row->first;
	row->after = row->last;
	while (row->before > 0 && is_kind(analysis, row->after + 1, TOKEN_CLOSE) &&
		   token_at(analysis, row->after + 1)->match == row->before - 1 &&
		   token_at(analysis, row->before - 1)->first == '(') {
		row->before--;
		row->after++;
	}
	return true;
}

/* `value::type`, `CAST(value AS type)` or, of a literal, `type 'value'`; of an element of an array the value alone. */
static bool find_cast(struct analysis *analysis, struct row_cast *row)
{
	const TypeName *type = row->cast->typeName;
	if (!rewrite_tokens(analysis))
		return false;
	bool found = find_value(analysis, row);
	if (row->implied) {
		row->start = token_at(analysis, row->before)->start;
		row->end =
			found && row->after < analysis->tokens->n ? token_at(analysis, row->after)->end : row->start;
		return row->start < row->end || rewrite_lost(analysis, row->cast->location);
	}
	row->type_first = tokens_at(analysis->tokens, (size_t)type->location);
	row->type_last = row->type_first + 2 * (size_t)(list_length(type->names) - 1);
	if (!found || row->after >= analysis->tokens->n || row->type_last >= analysis->tokens->n)
		return rewrite_lost(analysis, type->location);
	size_t first = row->before, last = row->type_last;
	if (row->cast->location < 0) {
		first = row->type_first;
		last = row->after;
		found = row->type_last + 1 == row->before;
	} else if (token_at(analysis, row->after + 1)->first == ':') {
		found = row->type_first == row->after + 2;
	} else {
		first = tokens_at(analysis->tokens, (size_t)row->cast->location);
		found = first + 2 == row->before && row->type_first == row->after + 2 &&
				is_kind(analysis, first + 1, TOKEN_OPEN) && token_at(analysis, first + 1)->match == ++last;
	}
	row->start = token_at(analysis, first)->start;
	row->end = found ? token_at(analysis, last)->end : row->start;
	return found || rewrite_lost(analysis, type->location);
}

/* --- what is written --- */

/* A name for the row that is none of its columns, nor one of those around it, which would be meant before it. */
static const char *inner_name(struct analysis *analysis, const struct catalog_relation *relation)
{
	const char *name = "tenantry_row";
	for (bool taken = true; taken && !analysis->refused;) {
		taken = is_column_somewhere(analysis, analysis->rewrite->level, name);
		for (size_t i = 0; i < relation->n_columns; i++)
			taken |= same_name(relation->columns[i].name, name);
		if (taken)
			name = text_concat(name, "_", NULL);
	}
	return name;
}

Node *field_of(Node *row, const char *name)
{
	A_Indirection *field = MAKE(A_Indirection);
	field->arg = row;
	field->indirection = list_make1(tree_string(name));
	return (Node *)field;
}

TypeName *named_type(const char *schema, const char *name)
{
	TypeName *type = MAKE(TypeName);
	type->names = list_make2(tree_string(schema), tree_string(name));
	type->typemod = -1;
	type->location = -1;
	return type;
}

const char *row_type_text(const struct catalog_relation *relation)
{
	return text_concat("::", text_identifier(relation->schema), ".", text_identifier(relation->name), NULL);
}

/* As format_type() writes it. */
static TypeName *parsed_type(const char *text)
{
	PgQueryInternalParsetreeAndError parsed =
		pg_query_raw_parse(text_concat("SELECT CAST(NULL AS ", text, ")", NULL));
	free(parsed.stderr_buffer);
	if (parsed.error)
		pg_query_free_error(parsed.error);
	if (parsed.error || list_length(parsed.tree) != 1)
		return NULL;
	const SelectStmt *select = (const SelectStmt *)((RawStmt *)linitial(parsed.tree))->stmt;
	return ((TypeCast *)((ResTarget *)linitial(select->targetList))->val)->typeName;
}

Node *cast_as(Node *value, TypeName *type)
{
	TypeCast *cast = MAKE(TypeCast);
	cast->arg = value;
	cast->typeName = type;
	cast->location = -1;
	return (Node *)cast;
}

Node *as_record(struct analysis *analysis, const struct row_cast *row, Node *value, const char *label,
				const char **opens, const char **closes)
{
	const char *name = inner_name(analysis, row->relation), *fields = "";
	SelectStmt *inner = MAKE(SelectStmt), *middle = MAKE(SelectStmt), *outer = MAKE(SelectStmt);
	inner->targetList = list_make1(tree_target(name, value));
	for (size_t i = 0; i < row->relation->n_columns; i++) {
		if (column_hidden(analysis, row->relation, i))
			continue;
		const char *column = row->relation->columns[i].name;
		fields = text_concat(fields, *fields ? ", (" : "(", name, ").", text_identifier(column), NULL);
		middle->targetList =
			lappend(middle->targetList, tree_target(NULL, field_of((Node *)tree_column(NULL, name), column)));
	}
	middle->fromClause = list_make1(tree_subselect((Node *)inner, tree_alias(name)));
	outer->targetList = list_make1(tree_target(label, (Node *)tree_column(NULL, name)));
	outer->fromClause = list_make1(tree_subselect((Node *)middle, tree_alias(name)));
	SubLink *link = MAKE(SubLink);
	link->subLinkType = EXPR_SUBLINK;
	link->subselect = (Node *)outer;
	*opens = text_concat("(SELECT ", name, " AS ", text_identifier(label), " FROM (SELECT ", fields,
						 " FROM (SELECT ", NULL);
	*closes = text_concat(" AS ", name, ") AS ", name, ") AS ", name, ")", NULL);
	return price_made(analysis, (Node *)link, opens, closes);
}

/* --- rows that are written out --- */

static bool is_one_of(const char *name, const char *const *list)
{
	for (; *list; list++)
		if (same_name(name, *list))
			return true;
	return false;
}

static bool find_column(Node *node, void *to)
{
	return node && !IsA(node, SubLink) &&
		   (IsA(node, ColumnRef) || raw_expression_tree_walker(node, find_column, to));
}

/* One value for each call, the same for the whole statement; or aggregates of columns, which say whose they are. */
static bool call_moves(const struct analysis *analysis, const FuncCall *call)
{
	static const char *const functions[] = {
		"abs",       "age",     "btrim",      "ceil",         "ceiling", "char_length", "concat", "concat_ws",
		"date_part", "extract", "date_trunc", "floor",        "format",  "initcap",     "left",   "length",
		"lower",     "lpad",    "ltrim",      "make_date",    "md5",     "mod",         "now",    "position",
		"replace",   "right",   "round",      "rpad",         "rtrim",   "split_part",  "substr", "substring",
		"timezone",  "to_char", "to_date",    "to_timestamp", "trunc",   "upper",       NULL};
	static const char *const aggregates[] = {"array_agg", "avg", "bool_and", "bool_or", "count",
											 "max",       "min", "sum",      NULL};
	const char *name = strVal(llast(call->funcname));
	if (call->over || is_own_function(analysis, call->funcname) ||
		(list_length(call->funcname) > 1 && !same_name(strVal(linitial(call->funcname)), "pg_catalog")))
		return false;
	return is_one_of(name, functions) ||
		   (is_one_of(name, aggregates) && find_column((Node *)call->args, NULL));
}

/* Something that would not mean the same in a sub-select? */
static bool find_fixed(Node *node, void *to)
{
	struct analysis *analysis = to;
	if (node == NULL || IsA(node, SubLink))
		return false;
	if (IsA(node, GroupingFunc) || (IsA(node, FuncCall) && !call_moves(analysis, (FuncCall *)node)))
		return true;
	return raw_expression_tree_walker(node, find_fixed, to);
}

/* An expression that is grouped by would not be found again. */
static bool moves(struct analysis *analysis, const RowExpr *row)
{
	ListCell *cell;
	foreach (cell, row->args) {
		const Node *value = lfirst(cell);
		if (analysis->rewrite->level && analysis->rewrite->level->groups && !IsA(value, ColumnRef) &&
			find_column((Node *)value, NULL))
			return false;
	}
	return !find_fixed((Node *)row->args, analysis);
}

/* One value of the row as it will be written. */
struct row_value {
	const char *before, *after; /* what comes around it */
	const char *name;           /* it is this column; NULL: it stands there */
	bool tenant;                /* .. or the tenant's */
};

struct row_values {
	List *nodes;
	struct row_value *items; /* as many */
	bool keeps_type;         /* the row stays one of the type, tenant column and all */
};

/* .. where its turn has come. */
static void add_tenant(struct analysis *analysis, const struct row_cast *row, struct row_values *values)
{
	if (values->keeps_type && list_length(values->nodes) == row->relation->tenant_column) {
		values->items[list_length(values->nodes)] = (struct row_value){.tenant = true};
		values->nodes = lappend(values->nodes, tenant_node(analysis));
	}
}

/* The value of the next column. False: its type cannot be read. */
static bool add_value(struct analysis *analysis, const struct row_cast *row, struct row_values *values,
					  Node *node, const char *name)
{
	add_tenant(analysis, row, values);
	size_t n = (size_t)list_length(values->nodes);
	struct row_value *item = &values->items[n];
	*item = (struct row_value){.before = "", .after = "", .name = name};
	if (!values->keeps_type) {
		size_t column = n + ((int)n >= row->relation->tenant_column);
		const char *text = row->relation->columns[column].type_name;
		TypeName *type = text ? parsed_type(text) : NULL;
		if (type == NULL)
			return refuse_cast(analysis, row);
		node = cast_as(node, type);
		item->before = "CAST(";
		item->after = text_concat(" AS ", text, ")", NULL);
	}
	values->nodes = lappend(values->nodes, node);
	return true;
}

static bool add_columns(struct analysis *analysis, const struct row_cast *row, struct row_values *values,
						const struct leaf *leaf)
{
	ListCell *cell;
	foreach (cell, leaf_names(analysis, leaf)) {
		ColumnRef *column = MAKE(ColumnRef);
		column->fields = lappend(leaf_fields(leaf), lfirst(cell));
		column->location = exprLocation(row->cast->arg);
		const char *name =
			text_concat(leaf_reference(leaf), ".", text_identifier(strVal(lfirst(cell))), NULL);
		if (!add_value(analysis, row, values, (Node *)column, name))
			return false;
	}
	return !analysis->refused;
}

/* Puts these columns in the place of a text. */
static bool write_columns(struct analysis *analysis, const struct row_values *values, size_t from, size_t to,
						  size_t start, size_t end, const char *opens, const char *closes)
{
	const char *text = opens;
	for (size_t i = from; i < to; i++) {
		const struct row_value *item = &values->items[i];
		text = text_concat(text, i > from ? ", " : "", item->tenant ? "" : item->before,
						   item->tenant ? "" : item->name, item->tenant ? "" : item->after, NULL);
		if (!item->tenant)
			continue;
		if (!splice_text(analysis, start, 0, text) || !splice_tenant(analysis, start))
			return false;
		text = "";
	}
	return splice_text(analysis, start, end - start, text_concat(text, closes, NULL));
}

/* Walks the value number `i`, which stands at start..end. */
static bool write_value(struct analysis *analysis, const struct row_values *values, size_t i, size_t start,
						size_t end)
{
	const struct row_value *item = &values->items[i];
	if (item->tenant)
		return splice_tenant(analysis, start) && splice_text(analysis, start, 0, ", ");
	Node **place = (Node **)&values->nodes->elements[i].ptr_value;
	if (!values->keeps_type)
		place = &((TypeCast *)*place)->arg;
	return splice_text(analysis, start, 0, item->before) && walk(analysis, place) &&
		   splice_text(analysis, end, 0, item->after);
}

/* How many columns a row has, with its stars spelled out; -1: it cannot be told. */
static int row_width(struct analysis *analysis, const RowExpr *row)
{
	int width = 0;
	ListCell *cell;
	foreach (cell, row->args) {
		const struct leaf *leaf = star_leaf(analysis, analysis->rewrite->level, lfirst(cell));
		int more = leaf ? list_length(leaf_names(analysis, leaf)) : 1;
		if (star_is_value(lfirst(cell)) && (!leaf || more == 0))
			return -1;
		width += more;
	}
	return width;
}

static bool wrong_width(struct analysis *analysis, const struct row_cast *row, bool few)
{
	return analysis_refuse(
		analysis, "42846", row->cast->location,
		text_concat("cannot cast type record to ", text_identifier(row->relation->name), NULL),
		few ? "Input has too few columns." : "Input has too many columns.", NULL);
}

/* The values of ROW(..), which has as many as the application sees columns. */
static bool write_row(struct analysis *analysis, const struct row_cast *row, struct row_values *values)
{
	RowExpr *list = (RowExpr *)row->cast->arg;
	struct level *level = analysis->rewrite->level;
	size_t begin = row->first + !is_kind(analysis, row->first, TOKEN_OPEN) + 1, done = 0;
	ListCell *cell;
	foreach (cell, list->args) {
		const struct leaf *leaf = star_leaf(analysis, level, lfirst(cell));
		if (leaf ? !add_columns(analysis, row, values, leaf)
				 : !add_value(analysis, row, values, lfirst(cell), NULL))
			return false;
	}
	add_tenant(analysis, row, values);
	List *written = list->args;
	list->args = values->nodes;
	foreach (cell, written) {
		const struct leaf *leaf = star_leaf(analysis, level, lfirst(cell));
		size_t stop = begin, width = leaf ? (size_t)list_length(leaf_names(analysis, leaf)) : 1;
		while (stop < row->last && !is_kind(analysis, stop, TOKEN_COMMA))
			stop = token_skip(analysis->tokens, stop);
		size_t start = token_at(analysis, begin)->start, end = end_before(analysis, stop), to = done;
		for (; width > 0; to++)
			width -= !values->items[to].tenant;
		if (leaf && !write_columns(analysis, values, done, to, start, end, "", ""))
			return false;
		for (; !leaf && done < to; done++)
			if (!write_value(analysis, values, done, start, end))
				return false;
		done = to;
		begin = stop + 1;
	}
	size_t close = token_at(analysis, row->last)->start;
	return (int)done == list_length(values->nodes) ||
		   (splice_text(analysis, close, 0, ", ") && splice_tenant(analysis, close));
}

/* The row of a sub-select, which is a record. */
static bool write_leaf(struct analysis *analysis, struct row_cast *row, struct row_values *values)
{
	RowExpr *list = MAKE(RowExpr);
	list->row_format = COERCE_EXPLICIT_CALL;
	list->location = exprLocation(row->cast->arg);
	if (!add_columns(analysis, row, values, row->leaf))
		return false;
	add_tenant(analysis, row, values);
	list->args = values->nodes;
	row->cast->arg = (Node *)list;
	return write_columns(analysis, values, 0, (size_t)list_length(list->args),
						 token_at(analysis, row->before)->start, token_at(analysis, row->after)->end, "ROW(",
						 ")");
}

static bool types_known(const struct catalog_relation *relation)
{
	for (size_t i = 0; i < relation->n_columns; i++)
		if (relation->columns[i].type_name == NULL)
			return false;
	return true;
}

/* The type stays, or becomes record. */
static bool write_type(struct analysis *analysis, const struct row_cast *row, bool stays)
{
	if (!stays)
		row->cast->typeName = named_type("pg_catalog", "record");
	if (row->implied)
		return splice_text(analysis, row->end, 0,
						   stays ? row_type_text(row->relation) : "::pg_catalog.record");
	size_t start = token_at(analysis, row->type_first)->start,
		   length = token_at(analysis, row->type_last)->end - start;
	return stays || splice_text(analysis, start, length, "pg_catalog.record");
}

static bool written_row(struct analysis *analysis, struct row_cast *row, Node **place, enum row_use use)
{
	/* ROW(..) would be called so */
	if ((row->leaf && use == ROW_SENT) || (use != ROW_FIELDS && !types_known(row->relation)))
		use = ROW_WHOLE;
	struct row_values values = {.keeps_type = use == ROW_FIELDS || use == ROW_WHOLE};
	const char *label = expression_name(*place), *opens, *closes;
	int width = row->leaf ? list_length(leaf_names(analysis, row->leaf))
						  : row_width(analysis, (const RowExpr *)row->cast->arg);
	if (width < 0 || (values.keeps_type && analysis->defines_view) ||
		(use == ROW_WHOLE && !row->leaf && !moves(analysis, (const RowExpr *)row->cast->arg)))
		return refuse_cast(analysis, row);
	if (width != (int)row->relation->n_columns - 1)
		return wrong_width(analysis, row, width < (int)row->relation->n_columns - 1);
	if (!rewrite_work(analysis, 100 * row->relation->n_columns))
		return false;
	values.items = palloc(row->relation->n_columns * sizeof *values.items);
	if (use == ROW_WHOLE) {
		*place = as_record(analysis, row, (Node *)row->cast, label, &opens, &closes);
		/* the text of a whole row is replaced, not walked */
		if (row->leaf ? !splice_text(analysis, row->start, 0, opens)
					  : !splice_opening(analysis, row->start, opens))
			return false;
	}
	if (row->leaf ? !write_leaf(analysis, row, &values) : !write_row(analysis, row, &values))
		return false;
	return write_type(analysis, row, values.keeps_type) &&
		   (use != ROW_WHOLE || splice_text(analysis, row->end, 0, closes));
}

/* --- all of them --- */

/* A row of the relation itself: the cast does nothing. */
static bool drop_cast(struct analysis *analysis, const struct row_cast *row, Node **place, enum row_use use)
{
	size_t start = token_at(analysis, row->before)->start, end = token_at(analysis, row->after)->end;
	*place = row->cast->arg;
	analysis->rewrite->uncast = lappend(analysis->rewrite->uncast, *place);
	if ((row->start < start && !splice_text(analysis, row->start, start - row->start, " ")) ||
		(end < row->end && !splice_text(analysis, end, row->end - end, " ")))
		return false;
	return use == ROW_FIELDS ? field_source(analysis, place) : walk(analysis, place);
}

/* Of another relation's row, that is not of the same family. */
static bool wrong_relation(struct analysis *analysis, const struct row_cast *row)
{
	if (row->leaf->relation->parent)
		return refuse_cast(analysis, row);
	return analysis_refuse(analysis, "42846", row->cast->location,
						   text_concat("cannot cast type ", text_identifier(row->leaf->relation->name),
									   " to ", text_identifier(row->relation->name), NULL),
						   NULL, NULL);
}

bool is_string(const Node *value)
{
	return IsA(value, A_Const) && !((const A_Const *)value)->isnull &&
		   IsA(&((const A_Const *)value)->val, String);
}

bool casts_row(struct analysis *analysis, const Node *value, struct leaf **leaf)
{
	*leaf = NULL;
	if (value == NULL || !IsA(value, ColumnRef))
		return value && (is_string(value) || IsA(value, RowExpr));
	*leaf = row_leaf(analysis, analysis->rewrite->level, value);
	return *leaf &&
		   (leaf_hides(analysis, *leaf) || (!(*leaf)->relation && leaf_names(analysis, *leaf) != NIL));
}

/* Is it one that cannot stay as it is? */
static bool is_row_cast(struct analysis *analysis, const TypeCast *cast, struct row_cast *row)
{
	struct leaf *leaf;
	if (!casts_row(analysis, cast->arg, &leaf))
		return false;
	const struct catalog_relation *relation = hidden_row_type(analysis, cast->typeName);
	*row = (struct row_cast){.cast = (TypeCast *)cast,
							 .relation = relation,
							 .leaf = leaf,
							 .implied = is_implied_cast(analysis, cast)};
	return relation != NULL;
}

static bool literal_cast(struct analysis *analysis, const struct row_cast *row, Node **place,
						 enum row_use use)
{
	const char *written;
	Node *value = literal_value(analysis, row, strVal(&((A_Const *)row->cast->arg)->val),
								expression_name(*place), use, &written);
	if (value)
		*place = value;
	return value && splice_text(analysis, row->start, row->end - row->start, written);
}

bool walk_cast(struct analysis *analysis, Node **place, enum row_use use)
{
	TypeCast *cast = (TypeCast *)*place;
	struct row_cast row;
	const struct catalog_relation *elements = array_of_rows(analysis, cast);
	if (elements)
		return walk_array_cast(analysis, place, elements, use);
	if (!is_row_cast(analysis, cast, &row)) {
		if (type_is_scalar(cast->typeName))
			row_used(analysis, cast->arg, ROW_OPERAND);
		return walk(analysis, &cast->arg) && walk_list(analysis, cast->typeName->typmods);
	}
	if (cast->typeName->typmods || row.relation->n_columns < 2 || !find_cast(analysis, &row))
		return refuse_cast(analysis, &row);
	if (row.leaf && leaf_hides(analysis, row.leaf))
		return row.leaf->relation == row.relation ? drop_cast(analysis, &row, place, use)
												  : wrong_relation(analysis, &row);
	return is_string(cast->arg) ? literal_cast(analysis, &row, place, use)
								: written_row(analysis, &row, place, use);
}

bool populate_base(struct analysis *analysis, FuncCall *call, enum row_use use)
{
	TypeCast *cast = call->args ? linitial(call->args) : NULL;
	if (use == ROW_WHOLE || cast == NULL || !IsA(cast, TypeCast) || !IsA(cast->arg, A_Const) ||
		!((const A_Const *)cast->arg)->isnull || !is_populate(analysis, call))
		return true;
	struct row_cast row = {.cast = cast, .relation = hidden_row_type(analysis, cast->typeName)};
	if (row.relation == NULL || cast->typeName->typmods)
		return true;
	if (!find_cast(analysis, &row) || !rewrite_work(analysis, 100 * row.relation->n_columns))
		return false;
	SelectStmt *inner = MAKE(SelectStmt), *outer = MAKE(SelectStmt);
	const char *name = inner_name(analysis, row.relation),
			   *text = text_concat("(SELECT ", name, " FROM (SELECT ", NULL);
	for (size_t i = 0; i < row.relation->n_columns; i++) {
		const struct catalog_column *column = &row.relation->columns[i];
		if (column_hidden(analysis, row.relation, i))
			continue;
		TypeName *type = column->type_name ? parsed_type(column->type_name) : NULL;
		if (type == NULL)
			return refuse_cast(analysis, &row);
		text = text_concat(text, inner->targetList ? ", " : "", "CAST(NULL AS ", column->type_name, ") AS ",
						   text_identifier(column->name), NULL);
		inner->targetList = lappend(inner->targetList, tree_target(column->name, cast_as(tree_null(), type)));
	}
	outer->targetList = list_make1(tree_target(NULL, (Node *)tree_column(NULL, name)));
	outer->fromClause = list_make1(tree_subselect((Node *)inner, tree_alias(name)));
	SubLink *link = MAKE(SubLink);
	link->subLinkType = EXPR_SUBLINK;
	link->subselect = (Node *)outer;
	linitial(call->args) = link;
	return splice_text(analysis, row.start, row.end - row.start, text_concat(text, ") AS ", name, ")", NULL));
}
