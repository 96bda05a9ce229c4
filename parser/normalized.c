/* Text without constants; see normalized.h. What may be a value is never copied: only words, names, operators
 * and punctuation are. */
#include "parser/normalized.h"

#include <string.h>

enum {
	DEPTH_MOST = 32,
	TEXT_MOST = NORMALIZED_MOST - 4, /* room for " ..." is kept */
	TOKENS_READ_MOST = 100000,       /* bulk statements: the rest looks as what came before */
};

/* What was written last inside the parentheses of one depth. */
struct group {
	size_t start; /* where the parenthesis under way opens */
	size_t last_start,
		last_end; /* the one before it, if only a comma stands between them; last_end 0: none */
	bool dots;    /* `, ...` follows last_end */
};

struct writer {
	const char *text;
	const struct tokens *tokens;
	size_t at, end;
	char *to;
	size_t length;
	bool full;
	size_t depth;
	struct group groups[DEPTH_MOST];
};

static const char DOTS[] = ", ...";

static void put(struct writer *writer, const char *bytes, size_t n)
{
	if (writer->full || n > TEXT_MOST - writer->length) {
		writer->full = true;
		return;
	}
	memcpy(writer->to + writer->length, bytes, n);
	writer->length += n;
}

static const struct token *token(const struct writer *writer, size_t i)
{
	return i < writer->end ? &writer->tokens->items[i] : NULL;
}

static bool is_kind(const struct writer *writer, size_t i, enum token_kind kind)
{
	const struct token *one = token(writer, i);
	return one && one->kind == kind;
}

static bool is_value(const struct writer *writer, size_t i)
{
	return is_kind(writer, i, TOKEN_STRING) || is_kind(writer, i, TOKEN_NUMBER) ||
		   is_kind(writer, i, TOKEN_PARAMETER);
}

/* The value at `i` is an item of a list: nothing but it between two commas or parentheses. */
static bool is_item(const struct writer *writer, size_t i)
{
	return is_value(writer, i) &&
		   (is_kind(writer, i + 1, TOKEN_COMMA) || is_kind(writer, i + 1, TOKEN_CLOSE));
}

static struct group *group(struct writer *writer)
{
	return writer->depth < DEPTH_MOST ? &writer->groups[writer->depth] : NULL;
}

static void put_gap(struct writer *writer, size_t i)
{
	const struct token *one = token(writer, i);
	if (writer->length > 0 && i > 0 && one->start > writer->tokens->items[i - 1].end)
		put(writer, " ", 1);
}

static void put_value(struct writer *writer)
{
	size_t i = writer->at++;
	bool listed = i > 0 && is_item(writer, i) &&
				  (is_kind(writer, i - 1, TOKEN_OPEN) || is_kind(writer, i - 1, TOKEN_COMMA));
	put_gap(writer, i);
	put(writer, "?", 1);
	if (!listed || !is_kind(writer, i + 1, TOKEN_COMMA) || !is_item(writer, i + 2))
		return;
	put(writer, DOTS, sizeof DOTS - 1);
	while (is_kind(writer, writer->at, TOKEN_COMMA) && is_item(writer, writer->at + 1))
		writer->at += 2;
}

static void put_open(struct writer *writer)
{
	put_gap(writer, writer->at);
	struct group *here = group(writer);
	if (here)
		here->start = writer->length;
	put(writer, &writer->text[token(writer, writer->at)->start], 1);
	writer->at++;
	writer->depth++;
	if ((here = group(writer)))
		here->last_end = 0;
}

/* A row that looks as the one before it goes, and `...` stands for both. */
static void put_close(struct writer *writer)
{
	put_gap(writer, writer->at);
	put(writer, &writer->text[token(writer, writer->at)->start], 1);
	writer->at++;
	if (writer->depth > 0)
		writer->depth--;
	struct group *here = group(writer);
	if (!here || writer->full || here->start > writer->length)
		return;
	size_t length = writer->length - here->start;
	if (here->last_end && here->last_end - here->last_start == length &&
		memcmp(writer->to + here->last_start, writer->to + here->start, length) == 0) {
		writer->length = here->last_end + (here->dots ? sizeof DOTS - 1 : 0);
		if (!here->dots)
			put(writer, DOTS, sizeof DOTS - 1);
		here->dots = true;
	} else {
		here->last_start = here->start;
		here->last_end = writer->length;
		here->dots = false;
	}
}

/* Is the token after `i` copied as well, with just what stands between them? */
static bool goes_on(const struct writer *writer, size_t i)
{
	const struct token *one = &writer->tokens->items[i], *next = one + 1;
	if (i + 1 >= writer->end || next->start - one->end > 1 ||
		(next->start > one->end && writer->text[one->end] != ' '))
		return false;
	switch (next->kind) {
	case TOKEN_WORD:
	case TOKEN_QUOTED:
	case TOKEN_OPERATOR:
	case TOKEN_DOT:
		return true;
	case TOKEN_COMMA:
		return !is_kind(writer, i + 2, TOKEN_OPEN);
	default:
		return false;
	}
}

static void put_plain(struct writer *writer)
{
	const struct token *one = token(writer, writer->at);
	struct group *here = group(writer);
	bool between_rows = one->kind == TOKEN_COMMA && is_kind(writer, writer->at + 1, TOKEN_OPEN);
	if (here && !between_rows)
		here->last_end = 0;
	put_gap(writer, writer->at);
	size_t last = writer->at, room = one->start + TEXT_MOST - writer->length;
	while (goes_on(writer, last) && writer->tokens->items[last + 1].end <= room)
		last++;
	put(writer, writer->text + one->start, writer->tokens->items[last].end - one->start);
	writer->at = last + 1;
}

size_t normalized_text(const char *text, const struct tokens *tokens, size_t first, size_t end, char *to)
{
	struct writer writer = {.text = text, .tokens = tokens, .at = first, .end = end, .to = to};
	size_t most = end - first > TOKENS_READ_MOST ? first + TOKENS_READ_MOST : end;
	while (writer.at < most && !writer.full) {
		switch (writer.tokens->items[writer.at].kind) {
		case TOKEN_STRING:
		case TOKEN_NUMBER:
		case TOKEN_PARAMETER:
			put_value(&writer);
			break;
		case TOKEN_OPEN:
			put_open(&writer);
			break;
		case TOKEN_CLOSE:
			put_close(&writer);
			break;
		default:
			put_plain(&writer);
		}
	}
	if (writer.full || writer.at < end) {
		memcpy(to + writer.length, " ...", 4);
		writer.length += 4;
	}
	to[writer.length] = 0;
	return writer.length;
}
