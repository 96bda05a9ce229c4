/* Columns that no name means, because their item of FROM calls two of them alike: a further item gives each a name,
 * LATERAL (SELECT x.*) AS columns_1 (columns_1_1, columns_1_2, ..). Nothing changes for the names of the statement: what
 * was ambiguous stays so, and the new names are in no text of it. */
#include "parser/rewrite.h"

#include <string.h>

/* An item of FROM whose first `n` columns have such names. */
struct numbering {
	const struct join_column *of; /* some column of it */
	const char *name;
	size_t n;
	struct numbering *next;
};

static bool is_taken(const struct analysis *analysis, const struct level *level, const char *name)
{
	for (const struct numbering *other = level->numberings; other; other = other->next)
		if (same_name(other->name, name))
			return true;
	return strcasestr(analysis->text, name) != NULL;
}

static struct numbering *numbering_of(struct analysis *analysis, struct level *level,
									  const struct join_column *column)
{
	struct numbering **end = &level->numberings;
	for (; *end; end = &(*end)->next)
		if (same_name((*end)->of->qualifier, column->qualifier))
			return *end;
	const char *name;
	unsigned i = 1;
	do {
		if (!rewrite_work(analysis, analysis->text_length))
			return NULL;
		name = analysis_text("columns_%u", i++);
	} while (is_taken(analysis, level, name));
	*end = palloc0(sizeof **end);
	**end = (struct numbering){.of = column, .name = name};
	return *end;
}

static const char *numbered_name(const struct numbering *numbering, size_t number)
{
	return analysis_text("%s_%zu", numbering->name, number);
}

bool column_by_number(struct analysis *analysis, struct level *level, struct join_column *column)
{
	struct numbering *numbering = column->number ? numbering_of(analysis, level, column) : NULL;
	if (numbering == NULL)
		return false;
	if (column->number > numbering->n)
		numbering->n = column->number;
	const char *name = numbered_name(numbering, column->number);
	column->value = (Node *)tree_column(numbering->name, name);
	column->text = text_concat(numbering->name, ".", name, NULL);
	return true;
}

static Node *star_of(const struct join_column *column)
{
	ColumnRef *star = MAKE(ColumnRef);
	star->fields = lappend(list_copy(column->qualifiers), MAKE(A_Star));
	SelectStmt *select = MAKE(SelectStmt);
	select->targetList = list_make1(tree_target(NULL, (Node *)star));
	return (Node *)select;
}

static bool place_one(struct analysis *analysis, struct level *level, const struct numbering *numbering,
					  size_t at)
{
	Alias *alias = tree_alias(numbering->name);
	if (!splice_text(
			analysis, at, 0,
			text_concat(", LATERAL (SELECT ", numbering->of->qualifier, ".*) AS ", numbering->name, NULL)))
		return false;
	for (size_t i = 1; i <= numbering->n; i++) {
		const char *name = numbered_name(numbering, i);
		alias->colnames = lappend(alias->colnames, tree_string(name));
		if (!splice_text(analysis, at, 0, text_concat(i > 1 ? ", " : " (", name, NULL)))
			return false;
	}
	RangeSubselect *item = tree_subselect(star_of(numbering->of), alias);
	item->lateral = true;
	level->from = lappend(level->from, item);
	return splice_text(analysis, at, 0, ")");
}

bool place_numbers(struct analysis *analysis, struct level *level, size_t at)
{
	for (const struct numbering *numbering = level->numberings; numbering; numbering = numbering->next)
		if (!place_one(analysis, level, numbering, at))
			return false;
	return true;
}
