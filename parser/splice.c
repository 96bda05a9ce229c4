/* Recording, ordering and rendering of splices. */
#include "parser/splice.h"
#include "parser/tree.h"

#include <string.h>

enum { SPLICES_AT_FIRST = 16, RENDERED_MOST = 0x3ffffff0 };

static bool splice_add(struct analysis *analysis, struct splice splice)
{
	struct splice_list *list = &analysis->splices;
	/* most places need two splices: a piece of text and the slot */
	if (list->n / 2 >= analysis->policy->max_edits)
		return analysis_refuse(
			analysis, "54000", -1, "statement needs too many edits",
			"tenantry would have to change the statement in more places than max_edits allows.",
			"Split the statement, or raise max_edits.");
	if (list->n == list->room) {
		size_t room = list->room ? 2 * list->room : SPLICES_AT_FIRST;
		if (room * sizeof *list->items > RENDERED_MOST)
			return analysis_refuse(analysis, "54000", -1, "statement needs too many edits", NULL,
								   "Split the statement.");
		struct splice *items = palloc(room * sizeof *items);
		if (list->n)
			memcpy(items, list->items, list->n * sizeof *items);
		list->items = items;
		list->room = room;
	}
	list->items[list->n++] = splice;
	return true;
}

static bool joins_words(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c & 0x80) ||
		   (c != 0 && strchr("_$\"'", c) != NULL);
}

/* `SELECT*FROM c` and `ON(x)` are SQL: what comes in must not grow together with what is there. */
static const char *keep_apart(const struct analysis *analysis, size_t at, size_t end, const char *text)
{
	bool before = at > 0 && joins_words(analysis->text[at - 1]) && joins_words(*text);
	bool after = end < analysis->text_length && joins_words(analysis->text[end]) &&
				 joins_words(text[strlen(text) - 1]);
	return before || after ? text_concat(before ? " " : "", text, after ? " " : "", NULL) : text;
}

bool splice_text(struct analysis *analysis, size_t at, size_t remove, const char *text)
{
	if (text && *text)
		text = keep_apart(analysis, at, at + remove, text);
	return splice_add(
		analysis, (struct splice){
					  .at = at, .remove = remove, .insert = text, .insert_length = text ? strlen(text) : 0});
}

bool splice_opening(struct analysis *analysis, size_t at, const char *text)
{
	text = keep_apart(analysis, at, at, text);
	return splice_add(
		analysis, (struct splice){.at = at, .insert = text, .insert_length = strlen(text), .opening = true});
}

bool splice_tenant(struct analysis *analysis, size_t at)
{
	analysis->uses_tenant = true;
	return splice_add(analysis, (struct splice){.at = at, .tenant = true});
}

/* At one place: what is inserted, then what opens an expression there, then what replaces the text. */
static int rank(const struct splice *splice)
{
	return splice->remove > 0 ? 2 : splice->opening;
}

static bool comes_before(const struct splice *a, const struct splice *b)
{
	return a->at != b->at ? a->at < b->at : rank(a) < rank(b);
}

/* Stable merge sort of items[0..n) with room for n in `spare`. */
static void sort(struct splice *items, struct splice *spare, size_t n)
{
	if (n < 2)
		return;
	size_t middle = n / 2, left = 0, right = middle, out = 0;
	sort(items, spare, middle);
	sort(items + middle, spare, n - middle);
	if (!comes_before(&items[middle], &items[middle - 1]))
		return;
	while (left < middle && right < n)
		spare[out++] = comes_before(&items[right], &items[left]) ? items[right++] : items[left++];
	while (left < middle)
		spare[out++] = items[left++];
	memcpy(items, spare, out * sizeof *items);
}

bool splices_finish(struct splice_list *list)
{
	bool ordered = true;
	for (size_t i = 1; i < list->n; i++)
		ordered &= !comes_before(&list->items[i], &list->items[i - 1]);
	if (!ordered)
		sort(list->items, palloc(list->n * sizeof *list->items), list->n);
	for (size_t i = 1; i < list->n; i++)
		if (list->items[i - 1].at + list->items[i - 1].remove > list->items[i].at)
			return false;
	return true;
}

/* The splices of [start, end), in order. */
static struct splice_list splices_inside(const struct splice_list *list, size_t start, size_t end)
{
	struct splice_list inside = {.items = palloc((list->n + 1) * sizeof *list->items)};
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].at >= start && list->items[i].at + list->items[i].remove <= end)
			inside.items[inside.n++] = list->items[i];
	return inside;
}

static bool add_again(struct analysis *analysis, size_t at, const char *text, size_t length)
{
	return length == 0 ||
		   splice_add(analysis, (struct splice){.at = at, .insert = text, .insert_length = length});
}

bool splice_again(struct analysis *analysis, size_t at, size_t start, size_t end, size_t *length)
{
	struct splice_list inside = splices_inside(&analysis->splices, start, end);
	if (!splices_finish(&inside))
		return false;
	*length += splices_length(&inside, end - start, 0);
	for (size_t i = 0; i < inside.n; i++) {
		const struct splice *splice = &inside.items[i];
		if (!add_again(analysis, at, analysis->text + start, splice->at - start) ||
			!(splice->tenant ? splice_tenant(analysis, at)
							 : add_again(analysis, at, splice->insert, splice->insert_length)))
			return false;
		start = splice->at + splice->remove;
	}
	return add_again(analysis, at, analysis->text + start, end - start);
}

size_t splices_length(const struct splice_list *list, size_t length, size_t slot_length)
{
	for (size_t i = 0; i < list->n; i++)
		length += list->items[i].tenant ? slot_length : list->items[i].insert_length;
	return length;
}

char *splices_render(const struct splice_list *list, const char *original, size_t start, size_t length,
					 const char *slot)
{
	size_t slot_length = strlen(slot), total = splices_length(list, length + 1, slot_length);
	if (total > RENDERED_MOST)
		return NULL;
	char *text = palloc(total), *out = text;
	size_t at = start;
	for (size_t i = 0; i < list->n; i++) {
		const struct splice *splice = &list->items[i];
		out = mempcpy(out, original + at, splice->at - at);
		out = splice->tenant ? mempcpy(out, slot, slot_length)
							 : mempcpy(out, splice->insert ? splice->insert : "", splice->insert_length);
		at = splice->at + splice->remove;
	}
	out = mempcpy(out, original + at, start + length - at);
	*out = 0;
	return text;
}
