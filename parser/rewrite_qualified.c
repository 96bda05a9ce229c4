/* Relations that are named with their schema (`s.c.a`), or are told by it from others of their name, where a sub-select comes in
 * their place: that has no schema, so its own name has to do, or one that nothing else has. */
#include "parser/rewrite.h"

void note_qualified(struct analysis *analysis, struct leaf *leaf, ColumnRef *reference)
{
	const List *name = list_make1(list_nth(reference->fields, list_length(reference->fields) - 2));
	leaf->qualified = lappend(leaf->qualified, reference);
	/* Something nearer, or beside it, may have that name, too. */
	if (!leaf->shadowed && scope_leaf(analysis->rewrite->level, name, 1) != leaf)
		leaf->shadowed = reference;
}

bool name_without_schema(struct analysis *analysis, const struct leaf *leaf, ColumnRef *reference)
{
	int n = list_length(reference->fields);
	if (n < 3)
		return true;
	if (!rewrite_tokens(analysis))
		return false;
	size_t first = tokens_at(analysis->tokens, reference->location), last = first + 2 * ((size_t)n - 2);
	if (last >= analysis->tokens->n)
		return rewrite_lost(analysis, reference->location);
	reference->fields = list_make2(tree_string(leaf_called(leaf)), llast(reference->fields));
	size_t start = token_at(analysis, first)->start;
	return splice_text(analysis, start, token_at(analysis, last)->end - start,
					   text_identifier(leaf_called(leaf)));
}

bool names_without_schema(struct analysis *analysis, const struct leaf *leaf)
{
	ListCell *cell;
	foreach (cell, leaf->qualified)
		if (!name_without_schema(analysis, leaf, lfirst(cell)))
			return false;
	return true;
}

/* A relation of another schema that is called like this one; NULL: there is none. */
static const struct leaf *namesake(const struct level *level, const struct leaf *leaf)
{
	for (const struct leaf *other = level->leaves; other; other = other->next)
		if (other != leaf && other->range && !other->alias && !other->below && other->name &&
			same_name(other->name, leaf->name))
			return other;
	return NULL;
}

bool tell_namesakes(struct analysis *analysis, struct level *level)
{
	unsigned number = 0;
	for (struct leaf *leaf = level->leaves; leaf; leaf = leaf->next) {
		number++;
		if (!leaf_becomes_query(leaf) || leaf->alias || leaf->below || !leaf->name)
			continue;
		const struct leaf *other = namesake(level, leaf);
		const ColumnRef *alone = leaf->alone ? leaf->alone : other ? other->alone : NULL;
		if (other && alone)
			return analysis_refuse(analysis, "42P09", alone->location,
								   text_concat("table reference \"", leaf->name, "\" is ambiguous", NULL),
								   NULL, NULL);
		if (leaf->shadowed && alone)
			return analysis_refuse(
				analysis, "0A000", leaf->shadowed->location,
				text_concat("table \"", leaf->name, "\" cannot be named with its schema here", NULL),
				"Another table of that name is nearer.", "Give the table an alias.");
		if (other || leaf->shadowed)
			leaf->called = analysis_text("tenantry %u", number);
	}
	return true;
}
