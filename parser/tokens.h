/* The token stream of a message, with byte offsets: where clauses begin and end.
 *
 * Made only from text that libpg_query has already parsed, so there are no lexical errors to report: what
 * cannot be understood becomes an operator token, and the proof (guard.c) refuses whatever would follow from
 * that. Follows scan.l of PostgreSQL 15 with standard_conforming_strings on. Lives in the memory context of
 * the call. */
#ifndef TENANTRY_PARSER_TOKENS_H
#define TENANTRY_PARSER_TOKENS_H

#include "parser/pg_nodes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum token_kind {
	TOKEN_WORD,   /* unquoted identifier or keyword */
	TOKEN_QUOTED, /* "identifier", U&"identifier" */
	TOKEN_STRING, /* every kind of string constant */
	TOKEN_NUMBER,
	TOKEN_PARAMETER,
	TOKEN_OPERATOR, /* a run of operator characters, typecast, := and the like */
	TOKEN_OPEN,     /* ( [ */
	TOKEN_CLOSE,    /* ) ] */
	TOKEN_COMMA,
	TOKEN_SEMICOLON,
	TOKEN_DOT,
};

/* The keywords that the clause map looks at. Everything else is KEYWORD_NONE. */
enum keyword {
	KEYWORD_NONE,
#define LETTER(name, first)
#define KEYWORD(name, text) KEYWORD_##name,
#include "parser/keywords.h"
#undef KEYWORD
#undef LETTER
};

struct token {
	uint32_t start, end; /* bytes in the text: [start, end) */
	uint32_t match;      /* OPEN, CLOSE: index of the partner; else the token's own index */
	uint8_t kind;        /* enum token_kind */
	uint8_t keyword;     /* enum keyword */
	char first;          /* first byte */
};

struct tokens {
	struct token *items;
	size_t n;
};

/* NULL: the text has more tokens than fit (policy limits make that unreachable in practice). */
struct tokens *tokens_scan(const char *text, size_t length);

struct text_range {
	size_t start, length;
};
/* The comments that stand where the grammar looks a token ahead (`NOT, comment, IN`), which libpg_query takes for that
 * token. The text need not be valid. Returns their number. */
size_t tokens_hidden_comments(const char *text, size_t length, struct text_range **ranges);

/* Index of the token that begins at or after `offset`; tokens->n when there is none. */
size_t tokens_at(const struct tokens *tokens, size_t offset);

/* The index after the token and, for an opening parenthesis, after its partner. */
static inline size_t token_skip(const struct tokens *tokens, size_t i)
{
	return tokens->items[i].kind == TOKEN_OPEN ? tokens->items[i].match + 1 : i + 1;
}

/* The keyword at `i`, KEYWORD_NONE when the word is a label or a name there: `t.order`, `AS order`. */
enum keyword token_keyword(const struct tokens *tokens, size_t i);

#endif
