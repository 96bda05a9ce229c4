/* Verdicts: one block of memory each, made from finished analyses; rendering and mapping of positions.
 *
 * A block is  [references, size | struct verdict | statements, splices, effects, checks, strings ...]. It is
 * measured first, with the same steps that fill it, so it cannot be too small; take() checks that all the
 * same. */
#include "parser/verdict.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "parser/verdict_build.h"

struct block {
	atomic_size_t references;
	size_t used, room;
	struct verdict verdict;
	_Alignas(16) char bytes[];
};

static struct block *block_of(const struct verdict *verdict)
{
	return (struct block *)((char *)(uintptr_t)verdict - offsetof(struct block, verdict));
}

/* --- measuring --- */

static size_t rounded(size_t bytes)
{
	return (bytes + 15) & ~(size_t)15;
}

static size_t string_room(const char *text)
{
	return text ? rounded(strlen(text) + 1) : 0;
}

static size_t refusal_room(const struct refusal *refusal)
{
	return rounded(sizeof *refusal) + string_room(refusal->message) + string_room(refusal->detail) +
		   string_room(refusal->hint);
}

static size_t note_room(const struct statement_note *note)
{
	return note ? rounded(sizeof *note) + string_room(note->text) + string_room(note->reason) : 0;
}

static size_t part_room(const struct verdict_part *part)
{
	const struct analysis *analysis = part->analysis;
	if (part->kind == VERDICT_REFUSE)
		return note_room(part->note) + refusal_room(&analysis->refusal);
	size_t room = note_room(part->note) + rounded(analysis->splices.n * sizeof(struct splice)) +
				  rounded(analysis->effects.n * sizeof(struct effect)) +
				  rounded(analysis->checks.n * sizeof(struct tenant_check)) +
				  rounded(analysis->patterns.n * sizeof *analysis->patterns.parameters) +
				  string_room(analysis->raised_tag);
	for (size_t i = 0; i < analysis->splices.n; i++)
		room += rounded(analysis->splices.items[i].insert_length + 1);
	for (size_t i = 0; i < analysis->effects.n; i++)
		room += string_room(analysis->effects.items[i].name) + string_room(analysis->effects.items[i].value);
	for (size_t i = 0; i < analysis->checks.n; i++)
		room +=
			string_room(analysis->checks.items[i].constant) + string_room(analysis->checks.items[i].relation);
	if (analysis->copy)
		room += rounded(sizeof *analysis->copy) + string_room(analysis->copy->null_string) +
				string_room(analysis->copy->default_string) + string_room(analysis->copy->tenant_column);
	return room;
}

/* --- filling --- */

static struct block *block_new(size_t room)
{
	/* calloc() does not take from what the thread has just freed */
	struct block *block = malloc(sizeof *block + room);
	if (!block)
		abort();
	memset(block, 0, sizeof *block + room);
	atomic_init(&block->references, 1);
	block->room = room;
	return block;
}

static void *take(struct block *block, size_t bytes)
{
	bytes = rounded(bytes);
	if (block->room - block->used < bytes)
		abort(); /* measuring and filling disagree */
	void *memory = block->bytes + block->used;
	block->used += bytes;
	return memory;
}

static const char *take_bytes(struct block *block, const char *text, size_t length)
{
	char *copy = take(block, length + 1);
	memcpy(copy, text, length);
	copy[length] = 0;
	return copy;
}

static const char *take_string(struct block *block, const char *text)
{
	return text ? take_bytes(block, text, strlen(text)) : NULL;
}

static struct refusal *take_refusal(struct block *block, const struct refusal *from)
{
	struct refusal *refusal = take(block, sizeof *refusal);
	*refusal = *from;
	refusal->message = take_string(block, from->message);
	refusal->detail = take_string(block, from->detail);
	refusal->hint = take_string(block, from->hint);
	return refusal;
}

/* Stable, because the order within one place is meant: merge runs of doubling width. */
static void sort_splices(struct splice *items, size_t n)
{
	size_t i = 1;
	while (i < n && items[i - 1].at <= items[i].at)
		i++;
	if (i >= n)
		return;
	struct splice *from = items, *to = malloc(n * sizeof *to), *spare = to;
	if (!to)
		abort();
	for (size_t width = 1; width < n; width *= 2) {
		for (size_t start = 0; start < n; start += 2 * width) {
			size_t left = start, middle = start + width < n ? start + width : n;
			size_t right = middle, end = middle + width < n ? middle + width : n;
			for (size_t k = start; k < end; k++)
				to[k] = left < middle && (right == end || from[left].at <= from[right].at) ? from[left++]
																						   : from[right++];
		}
		struct splice *swap = from;
		from = to;
		to = swap;
	}
	if (from != items)
		memcpy(items, from, n * sizeof *items);
	free(spare);
}

static void fill_splices(struct block *block, struct statement *statement, const struct splice_list *list)
{
	struct splice *splices = take(block, list->n * sizeof *splices);
	if (list->n)
		memcpy(splices, list->items, list->n * sizeof *splices);
	sort_splices(splices, list->n);
	for (size_t i = 0; i < list->n; i++) {
		splices[i].insert =
			splices[i].insert ? take_bytes(block, splices[i].insert, splices[i].insert_length) : NULL;
		if (!splices[i].insert)
			splices[i].insert_length = 0;
	}
	statement->splices = splices;
	statement->n_splices = list->n;
}

static void fill_effects(struct block *block, struct statement *statement, const struct effect_list *list)
{
	struct effect *effects = take(block, list->n * sizeof *effects);
	for (size_t i = 0; i < list->n; i++) {
		effects[i] = list->items[i];
		effects[i].name = take_string(block, list->items[i].name);
		effects[i].value = take_string(block, list->items[i].value);
	}
	statement->effects = effects;
	statement->n_effects = list->n;
}

static void fill_checks(struct block *block, struct statement *statement, const struct check_list *list)
{
	struct tenant_check *checks = take(block, list->n * sizeof *checks);
	for (size_t i = 0; i < list->n; i++) {
		checks[i] = list->items[i];
		checks[i].constant = take_string(block, list->items[i].constant);
		checks[i].relation = take_string(block, list->items[i].relation);
	}
	statement->checks = checks;
	statement->n_checks = list->n;
}

static void fill_patterns(struct block *block, struct statement *statement, const struct pattern_list *list)
{
	int *patterns = take(block, list->n * sizeof *patterns);
	if (list->n)
		memcpy(patterns, list->parameters, list->n * sizeof *patterns);
	statement->patterns = patterns;
	statement->n_patterns = list->n;
}

static void fill_copy(struct block *block, struct statement *statement, const struct copy_plan *from)
{
	if (!from)
		return;
	struct copy_plan *copy = take(block, sizeof *copy);
	*copy = *from;
	copy->null_string = take_string(block, from->null_string);
	copy->default_string = take_string(block, from->default_string);
	copy->tenant_column = take_string(block, from->tenant_column);
	statement->copy = copy;
}

static const struct statement_note *take_note(struct block *block, const struct statement_note *from)
{
	if (!from)
		return NULL;
	struct statement_note *note = take(block, sizeof *note);
	*note = *from;
	note->text = take_string(block, from->text);
	note->reason = take_string(block, from->reason);
	return note;
}

static void fill_statement(struct block *block, struct statement *statement, const struct verdict_part *part)
{
	const struct analysis *analysis = part->analysis;
	statement->start = analysis->statement_start;
	statement->length = analysis->statement_length;
	statement->kind = part->kind;
	statement->touches_tenant = analysis->touches_tenant;
	statement->conceal_errors = analysis->conceal_errors;
	statement->self_safe = part->self_safe;
	statement->is_empty = part->is_empty;
	statement->utility = part->utility;
	statement->names = part->names;
	statement->note = take_note(block, part->note);
	if (part->kind == VERDICT_REFUSE) {
		statement->refusal = take_refusal(block, &analysis->refusal);
		return;
	}
	if (part->kind == VERDICT_GUARD)
		fill_splices(block, statement, &analysis->splices);
	fill_effects(block, statement, &analysis->effects);
	fill_checks(block, statement, &analysis->checks);
	fill_patterns(block, statement, &analysis->patterns);
	fill_copy(block, statement, analysis->copy);
	statement->raised_tag = take_string(block, analysis->raised_tag);
}

static bool needs_tenant(const struct verdict_part *part, const struct statement *statement)
{
	if (part->kind == VERDICT_REFUSE)
		return false;
	bool needed = part->analysis->uses_tenant;
	for (size_t i = 0; i < statement->n_splices && !needed; i++)
		needed = statement->splices[i].tenant;
	return needed;
}

struct verdict *verdict_build(const struct verdict_part *parts, size_t n, const struct verdict_facts *facts)
{
	size_t room = rounded(n * sizeof(struct statement));
	for (size_t i = 0; i < n; i++)
		room += part_room(&parts[i]);
	struct block *block = block_new(room);
	struct statement *statements = take(block, n * sizeof *statements);
	struct verdict *verdict = &block->verdict;
	*verdict = (struct verdict){.n_statements = n,
								.statements = statements,
								.kind = VERDICT_PASS,
								.parameters = facts->parameters,
								.tenant_type = facts->tenant_type,
								.cacheable = true};
	for (size_t i = 0; i < n; i++) {
		fill_statement(block, &statements[i], &parts[i]);
		if (statements[i].kind > verdict->kind)
			verdict->kind = statements[i].kind;
		verdict->uses_tenant |= needs_tenant(&parts[i], &statements[i]);
		verdict->unknown_name |= parts[i].analysis->unknown_name;
		verdict->cacheable &= parts[i].analysis->cacheable;
	}
	if (verdict->uses_tenant)
		verdict->tenant_parameter = facts->tenant_parameter;
	return verdict;
}

struct verdict *verdict_refuse(size_t length, const struct refusal *refusal)
{
	struct analysis analysis = {.statement_length = length, .refused = true, .refusal = *refusal};
	struct verdict_part part = {.analysis = &analysis, .kind = VERDICT_REFUSE};
	return verdict_build(&part, 1, &(struct verdict_facts){0});
}

/* --- the same verdict on a text with other constants --- */

static size_t moved(size_t at, const struct verdict_move *moves, size_t n)
{
	size_t i = n;
	while (i > 0 && moves[i - 1].from > at)
		i--;
	return i ? at - moves[i - 1].from + moves[i - 1].to : at;
}

/* A pointer into the copy, from a pointer into the block that was copied. */
static void *in_copy(const struct block *from, struct block *to, const void *pointer)
{
	return pointer ? (char *)to + ((const char *)pointer - (const char *)from) : NULL;
}

struct verdict *verdict_moved(const struct verdict *verdict, const struct verdict_move *moves, size_t n)
{
	const struct block *from = block_of(verdict);
	struct block *block = malloc(sizeof *block + from->room);
	if (!block)
		abort();
	memcpy(block, from, sizeof *block + from->used);
	atomic_init(&block->references, 1);
	struct statement *statement = in_copy(from, block, verdict->statements);
	struct splice *splices = in_copy(from, block, statement->splices);
	block->verdict.statements = statement;
	statement->splices = splices;
	struct statement_note *note = in_copy(from, block, statement->note);
	if (note) {
		statement->note = note;
		note->text = in_copy(from, block, note->text);
		note->reason = in_copy(from, block, note->reason);
	}
	size_t end = moved(statement->start + statement->length, moves, n);
	statement->start = moved(statement->start, moves, n);
	statement->length = end - statement->start;
	for (size_t i = 0; i < statement->n_splices; i++) {
		size_t after = moved(splices[i].at + splices[i].remove, moves, n);
		splices[i].at = moved(splices[i].at, moves, n);
		splices[i].remove = after - splices[i].at;
		if (splices[i].insert)
			splices[i].insert = in_copy(from, block, splices[i].insert);
	}
	return &block->verdict;
}

size_t verdict_bytes(const struct verdict *verdict)
{
	return sizeof(struct block) + block_of(verdict)->room;
}

struct verdict *verdict_ref(struct verdict *verdict)
{
	atomic_fetch_add_explicit(&block_of(verdict)->references, 1, memory_order_relaxed);
	return verdict;
}

void verdict_unref(struct verdict *verdict)
{
	if (verdict && atomic_fetch_sub_explicit(&block_of(verdict)->references, 1, memory_order_acq_rel) == 1)
		free(block_of(verdict));
}

/* --- rendering --- */

void statement_render(const struct verdict *verdict, size_t statement, const char *original, const char *slot,
					  verdict_writer write, void *to)
{
	const struct statement *one = &verdict->statements[statement];
	size_t at = one->start, end = one->start + one->length;
	for (size_t i = 0; i < one->n_splices; i++) {
		const struct splice *splice = &one->splices[i];
		if (splice->at > at)
			write(to, original + at, splice->at - at);
		if (splice->tenant)
			write(to, slot, strlen(slot));
		else if (splice->insert_length)
			write(to, splice->insert, splice->insert_length);
		if (splice->at + splice->remove > at)
			at = splice->at + splice->remove;
	}
	if (end > at)
		write(to, original + at, end - at);
}

/* --- positions --- */

static size_t characters(const char *text, size_t length)
{
	size_t n = 0;
	for (size_t i = 0; i < length; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

/* Where we are while the sent text is gone through in thought: characters before this point, there and in the
 * original. */
struct reading {
	size_t wanted; /* characters before the one that is looked for, in the sent text */
	size_t sent, original;
	const char *text;
	size_t at; /* byte in the original */
	bool found;
	size_t result; /* characters before it in the original */
};

static void read_original(struct reading *reading, size_t end)
{
	if (end <= reading->at)
		return;
	size_t n = characters(reading->text + reading->at, end - reading->at);
	if (!reading->found && reading->wanted < reading->sent + n) {
		reading->found = true;
		reading->result = reading->original + (reading->wanted - reading->sent) + 1;
	}
	reading->sent += n;
	reading->original += n;
	reading->at = end;
}

/* `counterpart` is the position that inserted text stands for, 0: none. */
static void read_inserted(struct reading *reading, const char *text, size_t length, size_t counterpart)
{
	size_t n = characters(text, length);
	if (!reading->found && reading->wanted < reading->sent + n) {
		reading->found = true;
		reading->result = counterpart;
	}
	reading->sent += n;
}

static void read_statement(struct reading *reading, const struct statement *statement, const char *slot)
{
	for (size_t i = 0; i < statement->n_splices && !reading->found; i++) {
		const struct splice *splice = &statement->splices[i];
		read_original(reading, splice->at);
		size_t counterpart = splice->remove ? reading->original + 1 : 0;
		if (splice->tenant)
			read_inserted(reading, slot, strlen(slot), counterpart);
		else
			read_inserted(reading, splice->insert, splice->insert_length, counterpart);
		size_t end = splice->at + splice->remove;
		if (end > reading->at) {
			reading->original += characters(reading->text + reading->at, end - reading->at);
			reading->at = end;
		}
	}
	if (!reading->found)
		read_original(reading, statement->start + statement->length);
}

int verdict_map_position(const struct verdict *verdict, const char *original, const char *const *slots,
						 int position)
{
	if (position <= 0)
		return 0;
	struct reading reading = {.wanted = (size_t)position - 1, .text = original};
	for (size_t i = 0; i < verdict->n_statements && !reading.found; i++) {
		read_original(&reading, verdict->statements[i].start);
		if (!reading.found)
			read_statement(&reading, &verdict->statements[i], slots[i]);
	}
	if (!reading.found)
		read_original(&reading, reading.at + strlen(original + reading.at));
	if (!reading.found && reading.wanted == reading.sent)
		return (int)reading.original + 1; /* "at end of input" */
	return (int)reading.result;
}
