/* The lexer behind tokens.h. One pass over the text, one array, no copies of words. */
#include "parser/tokens.h"

#include <string.h>

enum { KEYWORD_LONGEST = 12, TOKENS_AT_FIRST = 64 };
/* palloc() refuses more than 1 GB by raising an error, which must not happen outside of a parse. */
static const size_t TOKENS_MOST = 0x3fffffff / sizeof(struct token);

struct lexer {
	const char *text;
	size_t length, at;
	struct token *items;
	size_t n, room;
	uint32_t *open; /* stack of unmatched opening parentheses */
	size_t n_open, room_open;
};

/* What a byte may be; bytes of several-byte characters are letters, as in scan.l. */
enum { SPACE = 1, DIGIT = 2, WORD_START = 4, WORD = 8, OPERATOR = 16 };
static const uint8_t BYTES[256] = {
	[' '] = SPACE,
	['\t' ... '\r'] = SPACE,
	['0' ... '9'] = DIGIT | WORD,
	['$'] = WORD,
	['_'] = WORD_START | WORD,
	['a' ... 'z'] = WORD_START | WORD,
	['A' ... 'Z'] = WORD_START | WORD,
	[0x80 ... 0xff] = WORD_START | WORD,
	['~'] = OPERATOR,
	['!'] = OPERATOR,
	['@'] = OPERATOR,
	['#'] = OPERATOR,
	['^'] = OPERATOR,
	['&'] = OPERATOR,
	['|'] = OPERATOR,
	['`'] = OPERATOR,
	['?'] = OPERATOR,
	['+'] = OPERATOR,
	['-'] = OPERATOR,
	['*'] = OPERATOR,
	['/'] = OPERATOR,
	['%'] = OPERATOR,
	['<'] = OPERATOR,
	['>'] = OPERATOR,
	['='] = OPERATOR,
	[':'] = OPERATOR,
};

static bool is_a(uint8_t what, char c)
{
	return BYTES[(unsigned char)c] & what;
}

static bool is_space(char c)
{
	return is_a(SPACE, c);
}

static bool is_digit(char c)
{
	return is_a(DIGIT, c);
}

static bool is_word_start(char c)
{
	return is_a(WORD_START, c);
}

static bool is_word(char c)
{
	return is_a(WORD, c);
}

static bool is_operator(char c)
{
	return is_a(OPERATOR, c);
}

static char peek(const struct lexer *lexer, size_t ahead)
{
	return lexer->at + ahead < lexer->length ? lexer->text[lexer->at + ahead] : 0;
}

/* The first keyword of each letter takes the number that the letter's mark had. */
enum {
	LETTER_none,
#define LETTER(name, first) LETTER_##name, BEFORE_##name = LETTER_##name - 1,
#define KEYWORD(name, text) WORD_##name,
#include "parser/keywords.h"
#undef KEYWORD
#undef LETTER
	WORDS_END
};

static const uint8_t LETTERS[256] = {
#define LETTER(name, first) [first] = LETTER_##name, [first - ('a' - 'A')] = LETTER_##name,
#define KEYWORD(name, text)
#include "parser/keywords.h"
#undef KEYWORD
#undef LETTER
};

static const struct {
	char text[KEYWORD_LONGEST + 1];
	uint8_t length;
} KEYWORDS[] = {
	{"", 0},
#define LETTER(name, first)
#define KEYWORD(name, text) {text, sizeof(text) - 1},
#include "parser/keywords.h"
#undef KEYWORD
#undef LETTER
};

static char folded(char c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static bool is_keyword(int i, const char *word, size_t length)
{
	if (KEYWORDS[i].length != length)
		return false;
	while (length > 0 && folded(word[length - 1]) == KEYWORDS[i].text[length - 1])
		length--;
	return length == 0;
}

static enum keyword keyword_of(const char *word, size_t length)
{
	int i = LETTERS[(unsigned char)word[0]];
	if (i == KEYWORD_NONE)
		return KEYWORD_NONE;
	for (char first = KEYWORDS[i].text[0]; i < WORDS_END && KEYWORDS[i].text[0] == first; i++)
		if (is_keyword(i, word, length))
			return (enum keyword)i;
	return KEYWORD_NONE;
}

static void skip_block_comment(struct lexer *lexer)
{
	unsigned depth = 1;
	lexer->at += 2;
	while (lexer->at < lexer->length && depth > 0) {
		if (peek(lexer, 0) == '*' && peek(lexer, 1) == '/') {
			depth--;
			lexer->at += 2;
		} else if (peek(lexer, 0) == '/' && peek(lexer, 1) == '*') {
			depth++;
			lexer->at += 2;
		} else {
			lexer->at++;
		}
	}
}

static void skip_line_comment(struct lexer *lexer)
{
	while (lexer->at < lexer->length && peek(lexer, 0) != '\n' && peek(lexer, 0) != '\r')
		lexer->at++;
}

static void skip_blanks(struct lexer *lexer)
{
	for (;;) {
		char c = peek(lexer, 0);
		if (lexer->at < lexer->length && is_space(c))
			lexer->at++;
		else if (c == '-' && peek(lexer, 1) == '-')
			skip_line_comment(lexer);
		else if (c == '/' && peek(lexer, 1) == '*')
			skip_block_comment(lexer);
		else
			return;
	}
}

/* Past the closing quote; a doubled quote stays inside, a backslash takes the next byte along when `escapes`.
 */
static void skip_quoted(struct lexer *lexer, char quote, bool escapes)
{
	lexer->at++;
	while (lexer->at < lexer->length) {
		char c = peek(lexer, 0);
		if (escapes && c == '\\') {
			lexer->at += 2;
		} else if (c == quote && peek(lexer, 1) == quote) {
			lexer->at += 2;
		} else if (c == quote) {
			lexer->at++;
			return;
		} else {
			lexer->at++;
		}
	}
	lexer->at = lexer->length;
}

/* A string constant goes on after white space that contains a newline (SQL92's odd rule). Line comments count
 * as white space there, on either side of the newline, block comments do not. */
static void skip_string(struct lexer *lexer, bool escapes)
{
	for (;;) {
		skip_quoted(lexer, '\'', escapes);
		size_t end = lexer->at;
		bool newline = false;
		for (;;) {
			char c = peek(lexer, 0);
			if (lexer->at < lexer->length && is_space(c)) {
				newline |= c == '\n' || c == '\r';
				lexer->at++;
			} else if (c == '-' && peek(lexer, 1) == '-') {
				skip_line_comment(lexer);
			} else {
				break;
			}
		}
		if (!newline || peek(lexer, 0) != '\'') {
			lexer->at = end;
			return;
		}
	}
}

/* $tag$ .. $tag$; false: the dollar does not begin one. */
static bool skip_dollar_quoted(struct lexer *lexer)
{
	size_t tag = 1;
	if (is_word_start(peek(lexer, tag)))
		while (is_word(peek(lexer, tag)) && peek(lexer, tag) != '$')
			tag++;
	if (peek(lexer, tag) != '$')
		return false;
	const char *open = lexer->text + lexer->at;
	tag++;
	const char *end = memmem(open + tag, lexer->length - lexer->at - tag, open, tag);
	lexer->at = end ? (size_t)(end - lexer->text) + tag : lexer->length;
	return true;
}

static void skip_number(struct lexer *lexer)
{
	while (is_digit(peek(lexer, 0)))
		lexer->at++;
	/* 1..10 is a number followed by two dots */
	if (peek(lexer, 0) == '.' && peek(lexer, 1) != '.') {
		lexer->at++;
		while (is_digit(peek(lexer, 0)))
			lexer->at++;
	}
	if (peek(lexer, 0) == 'e' || peek(lexer, 0) == 'E') {
		size_t sign = peek(lexer, 1) == '+' || peek(lexer, 1) == '-';
		if (is_digit(peek(lexer, 1 + sign))) {
			lexer->at += 1 + sign;
			while (is_digit(peek(lexer, 0)))
				lexer->at++;
		}
	}
}

/* A run of operator characters ends where a comment begins; trailing + and - go back unless the operator has
 * one of the characters that SQL operators do not have (scan.l). */
static void skip_operator(struct lexer *lexer)
{
	size_t start = lexer->at;
	while (is_operator(peek(lexer, 0))) {
		if (lexer->at > start && ((peek(lexer, 0) == '-' && peek(lexer, 1) == '-') ||
								  (peek(lexer, 0) == '/' && peek(lexer, 1) == '*')))
			break;
		if (peek(lexer, 0) == ':' && lexer->at > start)
			break;
		lexer->at++;
		if (lexer->text[lexer->at - 1] == ':') {
			if (peek(lexer, 0) == ':' || peek(lexer, 0) == '=')
				lexer->at++;
			return;
		}
	}
	bool special = false;
	for (size_t i = start; i < lexer->at; i++)
		special |= strchr("~!@#^&|`?%", lexer->text[i]) != NULL;
	if (!special)
		while (lexer->at > start + 1 && strchr("+-", lexer->text[lexer->at - 1]) != NULL)
			lexer->at--;
}

static enum token_kind lex_word(struct lexer *lexer)
{
	char c = peek(lexer, 0), next = peek(lexer, 1);
	if (next == '\'' && strchr("bBxXnN", c)) {
		lexer->at++;
		skip_string(lexer, false);
		return TOKEN_STRING;
	}
	if (next == '\'' && (c == 'e' || c == 'E')) {
		lexer->at++;
		skip_string(lexer, true);
		return TOKEN_STRING;
	}
	if ((c == 'u' || c == 'U') && next == '&' && (peek(lexer, 2) == '\'' || peek(lexer, 2) == '"')) {
		lexer->at += 2;
		if (peek(lexer, 0) == '\'') {
			skip_string(lexer, false);
			return TOKEN_STRING;
		}
		skip_quoted(lexer, '"', false);
		return TOKEN_QUOTED;
	}
	while (is_word(peek(lexer, 0)))
		lexer->at++;
	return TOKEN_WORD;
}

static enum token_kind lex_dollar(struct lexer *lexer)
{
	if (is_digit(peek(lexer, 1))) {
		lexer->at++;
		while (is_digit(peek(lexer, 0)))
			lexer->at++;
		return TOKEN_PARAMETER;
	}
	if (skip_dollar_quoted(lexer))
		return TOKEN_STRING;
	lexer->at++;
	return TOKEN_OPERATOR;
}

static enum token_kind lex_one(struct lexer *lexer)
{
	char c = peek(lexer, 0);
	if (is_word_start(c))
		return lex_word(lexer);
	if (is_digit(c) || (c == '.' && is_digit(peek(lexer, 1)))) {
		skip_number(lexer);
		return TOKEN_NUMBER;
	}
	if (c == '\'') {
		skip_string(lexer, false);
		return TOKEN_STRING;
	}
	if (c == '"') {
		skip_quoted(lexer, '"', false);
		return TOKEN_QUOTED;
	}
	if (c == '$')
		return lex_dollar(lexer);
	if (is_operator(c)) {
		skip_operator(lexer);
		return TOKEN_OPERATOR;
	}
	lexer->at++;
	switch (c) {
	case '(':
	case '[':
		return TOKEN_OPEN;
	case ')':
	case ']':
		return TOKEN_CLOSE;
	case ',':
		return TOKEN_COMMA;
	case ';':
		return TOKEN_SEMICOLON;
	case '.':
		lexer->at += peek(lexer, 0) == '.';
		return TOKEN_DOT;
	default:
		return TOKEN_OPERATOR;
	}
}

static void *grow(void *items, size_t used, size_t room, size_t size)
{
	void *larger = palloc(room * size);
	if (used)
		memcpy(larger, items, used * size);
	return larger;
}

static bool push(struct lexer *lexer, enum token_kind kind, size_t start)
{
	if (lexer->n == lexer->room) {
		if (lexer->room * 2 > TOKENS_MOST)
			return false;
		lexer->room *= 2;
		lexer->items = grow(lexer->items, lexer->n, lexer->room, sizeof *lexer->items);
	}
	size_t index = lexer->n++;
	struct token *token = &lexer->items[index];
	*token = (struct token){
		.start = start, .end = lexer->at, .match = index, .kind = kind, .first = lexer->text[start]};
	if (kind == TOKEN_WORD) {
		token->keyword = keyword_of(lexer->text + start, lexer->at - start);
	} else if (kind == TOKEN_OPEN) {
		if (lexer->n_open == lexer->room_open) {
			lexer->room_open *= 2;
			lexer->open = grow(lexer->open, lexer->n_open, lexer->room_open, sizeof *lexer->open);
		}
		lexer->open[lexer->n_open++] = index;
	} else if (kind == TOKEN_CLOSE && lexer->n_open > 0) {
		uint32_t open = lexer->open[--lexer->n_open];
		token->match = open;
		lexer->items[open].match = index;
	}
	return true;
}

struct tokens *tokens_scan(const char *text, size_t length)
{
	struct lexer lexer = {
		.text = text, .length = length, .room = TOKENS_AT_FIRST, .room_open = TOKENS_AT_FIRST};
	lexer.items = palloc(lexer.room * sizeof *lexer.items);
	lexer.open = palloc(lexer.room_open * sizeof *lexer.open);
	for (;;) {
		skip_blanks(&lexer);
		if (lexer.at >= length)
			break;
		size_t start = lexer.at;
		enum token_kind kind = lex_one(&lexer);
		if (!push(&lexer, kind, start))
			return NULL;
	}
	struct tokens *tokens = palloc(sizeof *tokens);
	*tokens = (struct tokens){.items = lexer.items, .n = lexer.n};
	return tokens;
}

size_t tokens_at(const struct tokens *tokens, size_t offset)
{
	size_t low = 0, high = tokens->n;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (tokens->items[middle].start < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

enum keyword token_keyword(const struct tokens *tokens, size_t i)
{
	enum keyword keyword = tokens->items[i].keyword;
	if (keyword == KEYWORD_NONE || i == 0)
		return keyword;
	const struct token *before = &tokens->items[i - 1];
	if (before->kind == TOKEN_DOT)
		return KEYWORD_NONE;
	/* the word before is AS, and that AS is no label itself: `t.as`, `AS as` */
	if (before->keyword == KEYWORD_AS &&
		(i < 2 || (tokens->items[i - 2].kind != TOKEN_DOT && tokens->items[i - 2].keyword != KEYWORD_AS)))
		return KEYWORD_NONE;
	return keyword;
}

/* The words (and U&"" and U&'') after which the grammar looks one token ahead. */
static bool looks_ahead(const char *word, size_t length)
{
	static const char *const words[] = {"not", "nulls", "with"};
	if (length > 2 && (word[0] == 'u' || word[0] == 'U') && word[1] == '&')
		return true;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (length == strlen(words[i]) && strncasecmp(word, words[i], length) == 0)
			return true;
	return false;
}

static bool skip_comment(struct lexer *lexer)
{
	if (peek(lexer, 0) == '-' && peek(lexer, 1) == '-')
		skip_line_comment(lexer);
	else if (peek(lexer, 0) == '/' && peek(lexer, 1) == '*')
		skip_block_comment(lexer);
	else
		return false;
	return true;
}

size_t tokens_hidden_comments(const char *text, size_t length, struct text_range **ranges)
{
	struct lexer lexer = {.text = text, .length = length};
	bool ahead = false;
	size_t n = 0, room = 0;
	while (lexer.at < length) {
		size_t start = lexer.at;
		if (is_space(peek(&lexer, 0))) {
			lexer.at++;
		} else if (!skip_comment(&lexer)) {
			lex_one(&lexer);
			ahead = looks_ahead(text + start, lexer.at - start);
		} else if (ahead) {
			if (n == room) {
				struct text_range *larger = palloc((room = 2 * room + 4) * sizeof *larger);
				if (n)
					memcpy(larger, *ranges, n * sizeof *larger);
				*ranges = larger;
			}
			(*ranges)[n++] = (struct text_range){start, lexer.at - start};
		}
	}
	return n;
}
