/* Texts without their constants; see shape.h. */
#include "parser/shape.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "parser/verdict_build.h"

enum { CUT_MARK = 1, DIGITS_MOST = 9 };

/* What came before: only that decides whether a constant may be cut. */
enum before {
	BEFORE_OTHER,
	BEFORE_COMPARISON, /* = < > <= >= <> !=, LIKE, BETWEEN, AND, LIMIT, OFFSET */
	BEFORE_LIST,       /* IN, VALUES: a parenthesis opens a list of values */
	BEFORE_OPEN,       /* ( of such a list */
	BEFORE_COMMA,
	BEFORE_ROW, /* ) of a row of VALUES, or of IN */
};

struct reader {
	const char *text;
	size_t length, at, copied;
	struct shape *shape;
	const char *tenant_column;
	size_t tenant_length;
	enum before before;
	bool after_row;               /* a comma now separates rows of VALUES */
	bool lists[SHAPE_DEPTH_MOST]; /* the parenthesis of this depth holds a list of values */
	size_t depth;
	bool begun;
};

/* What was read since the last cut goes into the shape. */
static bool copy_up_to(struct reader *reader, size_t end)
{
	struct shape *shape = reader->shape;
	size_t n = end - reader->copied;
	if (n > sizeof shape->text - shape->length)
		return false;
	memcpy(shape->text + shape->length, reader->text + reader->copied, n);
	shape->length += n;
	reader->copied = end;
	return true;
}

/* What a byte is in SQL. */
enum {
	C_BEGIN = 1,
	C_DIGIT = 2,
	C_DOLLAR = 4,
	C_OPERATOR = 8,
	C_SPACE = 16,
	C_WORD = C_BEGIN | C_DIGIT | C_DOLLAR
};

static const unsigned char CLASS[256] = {
	['a' ... 'z'] = C_BEGIN, ['A' ... 'Z'] = C_BEGIN, ['_'] = C_BEGIN,    [0x80 ... 0xff] = C_BEGIN,
	['0' ... '9'] = C_DIGIT, ['$'] = C_DOLLAR,        ['~'] = C_OPERATOR, ['!'] = C_OPERATOR,
	['@'] = C_OPERATOR,      ['#'] = C_OPERATOR,      ['^'] = C_OPERATOR, ['&'] = C_OPERATOR,
	['|'] = C_OPERATOR,      ['`'] = C_OPERATOR,      ['?'] = C_OPERATOR, ['+'] = C_OPERATOR,
	['-'] = C_OPERATOR,      ['*'] = C_OPERATOR,      ['/'] = C_OPERATOR, ['%'] = C_OPERATOR,
	['<'] = C_OPERATOR,      ['>'] = C_OPERATOR,      ['='] = C_OPERATOR, [' '] = C_SPACE,
	['\t'] = C_SPACE,        ['\n'] = C_SPACE,        ['\r'] = C_SPACE,   ['\f'] = C_SPACE,
	['\v'] = C_SPACE,
};

static bool is_of(char c, unsigned classes)
{
	return CLASS[(unsigned char)c] & classes;
}

static char peek(const struct reader *reader, size_t at)
{
	return at < reader->length ? reader->text[at] : 0;
}

/* The byte behind a run of these classes. */
static size_t run_end(const struct reader *reader, unsigned classes)
{
	const char *at = reader->text + reader->at, *end = reader->text + reader->length;
	while (at < end && is_of(*at, classes))
		at++;
	return (size_t)(at - reader->text);
}

/* `known` is made of small letters: no other byte than a letter becomes one of them with this bit. */
static bool is(const char *word, const char *known, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((word[i] | 0x20) != known[i])
			return false;
	return true;
}

static bool begins_statement(const char *word, size_t n)
{
	return n == 6 ? is(word, "select", 6) || is(word, "insert", 6) || is(word, "update", 6) ||
						is(word, "delete", 6)
				  : n == 4 && is(word, "with", 4);
}

static enum before after_word(const char *word, size_t n)
{
	switch (n) {
	case 2:
		return is(word, "in", 2) ? BEFORE_LIST : BEFORE_OTHER;
	case 3:
		return is(word, "and", 3) ? BEFORE_COMPARISON : BEFORE_OTHER;
	case 4:
		return is(word, "like", 4) ? BEFORE_COMPARISON : BEFORE_OTHER;
	case 5:
		return is(word, "limit", 5) || is(word, "ilike", 5) ? BEFORE_COMPARISON : BEFORE_OTHER;
	case 6:
		return is(word, "values", 6) ? BEFORE_LIST : is(word, "offset", 6) ? BEFORE_COMPARISON : BEFORE_OTHER;
	case 7:
		return is(word, "between", 7) ? BEFORE_COMPARISON : BEFORE_OTHER;
	default:
		return BEFORE_OTHER;
	}
}

/* = < > <= >= <> != */
static bool is_comparison(const char *run, size_t n)
{
	if (n == 1)
		return run[0] == '=' || run[0] == '<' || run[0] == '>';
	return n == 2 && ((run[1] == '=' && strchr("<>!", run[0])) || (run[0] == '<' && run[1] == '>'));
}

static bool names_tenant(const struct reader *reader, const char *word, size_t n)
{
	return reader->tenant_length == n && strncasecmp(word, reader->tenant_column, n) == 0;
}

/* --- tokens. Each returns false where the text has no shape. --- */

static bool read_word(struct reader *reader)
{
	const char *word = reader->text + reader->at;
	size_t n = run_end(reader, C_WORD) - reader->at;
	if (!reader->begun && !begins_statement(word, n))
		return false;
	reader->begun = true;
	/* E'..', B'..', U&'..' and the like. */
	char next = peek(reader, reader->at + n);
	if (next == '\'' || (next == '&' && n == 1) || names_tenant(reader, word, n))
		return false;
	reader->before = after_word(word, n);
	reader->after_row = false;
	reader->at += n;
	return true;
}

static bool read_quoted_name(struct reader *reader)
{
	const char *name = reader->text + reader->at;
	const char *end = memchr(name + 1, '"', reader->length - reader->at - 1);
	if (!end || end[1] == '"')
		return false; /* a name with a quote in it is not worth the trouble */
	size_t n = (size_t)(end - name) + 1;
	if (names_tenant(reader, name + 1, n - 2))
		return false;
	reader->before = BEFORE_OTHER;
	reader->after_row = false;
	reader->at += n;
	return true;
}

static bool may_cut(const struct reader *reader)
{
	if (reader->shape->n_cuts == SHAPE_CUTS_MOST)
		return false;
	return reader->before == BEFORE_COMPARISON || reader->before == BEFORE_OPEN ||
		   (reader->before == BEFORE_COMMA && reader->lists[reader->depth] && !reader->after_row);
}

static bool constant(struct reader *reader, size_t n, char kind)
{
	struct shape *shape = reader->shape;
	bool cut = may_cut(reader) && kind != 0;
	size_t start = reader->at;
	reader->before = BEFORE_OTHER;
	reader->after_row = false;
	reader->at += n;
	if (!cut)
		return true;
	if (!copy_up_to(reader, start) || shape->length + 2 > sizeof shape->text)
		return false;
	shape->text[shape->length++] = CUT_MARK;
	shape->text[shape->length++] = kind;
	shape->cuts[shape->n_cuts++] = (struct shape_cut){start, start + n};
	reader->copied = start + n;
	return true;
}

/* Integers that fit int4 for certain; decimals. Longer ones stay in the text: their type depends on the
 * value. */
static bool read_number(struct reader *reader)
{
	size_t n = run_end(reader, C_DIGIT) - reader->at, whole = n;
	char kind = 'i';
	if (peek(reader, reader->at + n) == '.' && is_of(peek(reader, reader->at + n + 1), C_DIGIT)) {
		kind = 'f';
		for (n++; is_of(peek(reader, reader->at + n), C_DIGIT); n++)
			;
	}
	char next = peek(reader, reader->at + n);
	if (is_of(next, C_WORD) || next == '.')
		return false; /* 1e5, 0x10, 1., 1_000 */
	return constant(reader, n, whole <= DIGITS_MOST ? kind : 0);
}

static bool read_string(struct reader *reader)
{
	const char *from = reader->text + reader->at, *at = from + 1, *end = reader->text + reader->length;
	for (;;) {
		at = memchr(at, '\'', (size_t)(end - at));
		if (!at)
			return false;
		at++;
		if (at == end || *at != '\'')
			break;
		at++;
	}
	/* 'a' 'b' on two lines is one constant. */
	const char *next = at;
	while (next < end && is_of(*next, C_SPACE))
		next++;
	if (next < end && *next == '\'')
		return false;
	/* what it means as a pattern depends on its backslashes */
	return constant(reader, (size_t)(at - from), memchr(from, '\\', (size_t)(at - from)) ? 0 : 's');
}

static bool read_operator(struct reader *reader)
{
	const char *from = reader->text + reader->at;
	size_t n = 0;
	while (is_of(peek(reader, reader->at + n), C_OPERATOR)) {
		char next = peek(reader, reader->at + n + 1);
		if ((from[n] == '-' && next == '-') || (from[n] == '/' && next == '*'))
			return false; /* a comment */
		n++;
	}
	/* `:=` and `=>` name arguments. */
	bool named = reader->at > 0 && reader->text[reader->at - 1] == ':';
	reader->before = !named && is_comparison(from, n) ? BEFORE_COMPARISON : BEFORE_OTHER;
	reader->after_row = false;
	reader->at += n;
	return true;
}

static bool read_open(struct reader *reader)
{
	if (reader->depth + 1 == SHAPE_DEPTH_MOST)
		return false;
	bool list = reader->before == BEFORE_LIST || (reader->before == BEFORE_COMMA && reader->after_row);
	reader->lists[++reader->depth] = list;
	reader->before = list ? BEFORE_OPEN : BEFORE_OTHER;
	reader->after_row = false;
	reader->at++;
	return true;
}

static bool read_close(struct reader *reader)
{
	if (reader->depth == 0)
		return false;
	reader->after_row = reader->lists[reader->depth--];
	reader->before = BEFORE_ROW;
	reader->at++;
	return true;
}

static bool read_parameter(struct reader *reader)
{
	size_t n = 1;
	while (is_of(peek(reader, reader->at + n), C_DIGIT))
		n++;
	if (n == 1 || is_of(peek(reader, reader->at + n), C_WORD))
		return false; /* dollar quotes */
	reader->before = BEFORE_OTHER;
	reader->after_row = false;
	reader->at += n;
	return true;
}

/* Only blanks may follow. */
static bool read_semicolon(struct reader *reader)
{
	size_t at = reader->at + 1;
	while (at < reader->length && is_of(reader->text[at], C_SPACE))
		at++;
	if (at < reader->length)
		return false;
	reader->at = at;
	return true;
}

static bool read_token(struct reader *reader)
{
	char c = reader->text[reader->at];
	if (is_of(c, C_SPACE)) {
		reader->at = run_end(reader, C_SPACE);
		return true;
	}
	if (is_of(c, C_BEGIN))
		return read_word(reader);
	if (is_of(c, C_DIGIT))
		return read_number(reader);
	if (is_of(c, C_OPERATOR))
		return read_operator(reader);
	switch (c) {
	case '\'':
		return read_string(reader);
	case '"':
		return read_quoted_name(reader);
	case '(':
		return read_open(reader);
	case ')':
		return read_close(reader);
	case '$':
		return read_parameter(reader);
	case ';':
		return read_semicolon(reader);
	case ',':
		reader->before = BEFORE_COMMA;
		reader->at++;
		return true;
	case '.':
	case ':':
	case '[':
	case ']':
		reader->before = BEFORE_OTHER;
		reader->after_row = false;
		reader->at++;
		return true;
	default:
		return false;
	}
}

bool shape_of(struct shape *shape, const char *text, size_t length, const char *tenant_column)
{
	struct reader reader = {.text = text, .length = length, .shape = shape, .tenant_column = tenant_column};
	shape->length = 0;
	shape->n_cuts = 0;
	if (!tenant_column || memchr(text, CUT_MARK, length))
		return false;
	reader.tenant_length = strlen(tenant_column);
	while (reader.at < length)
		if (!read_token(&reader) || reader.at - reader.copied > SHAPE_TEXT_MOST)
			return false;
	return reader.depth == 0 && shape->n_cuts > 0 && copy_up_to(&reader, length);
}

/* --- likeness. The reader goes from left to right and looks ahead no further than to the first byte of the
 * next token. Where all bytes before a constant are the same, it is read in the same way if it begins and ends
 * as a constant of its kind does. --- */

/* The byte behind the constant; NULL: it is not of this kind. */
static const char *like_number(const char *at, const char *end, bool decimal)
{
	const char *from = at;
	while (at < end && is_of(*at, C_DIGIT))
		at++;
	if (at == from || at - from > DIGITS_MOST)
		return NULL;
	if (decimal) {
		if (end - at < 2 || *at != '.' || !is_of(at[1], C_DIGIT))
			return NULL;
		for (at++; at < end && is_of(*at, C_DIGIT);)
			at++;
	}
	return at < end && (is_of(*at, C_WORD) || *at == '.') ? NULL : at;
}

static const char *like_string(const char *from, const char *end)
{
	if (from == end || *from != '\'')
		return NULL;
	for (const char *at = from + 1; (at = memchr(at, '\'', (size_t)(end - at))); at += 2)
		if (at + 1 == end || at[1] != '\'')
			return memchr(from, CUT_MARK, (size_t)(at - from)) || memchr(from, '\\', (size_t)(at - from))
					   ? NULL
					   : at + 1;
	return NULL;
}

bool shape_like(const char *text, size_t length, const char *known, size_t known_length,
				const struct shape_cut *known_cuts, size_t n, struct shape_cut *cuts)
{
	const char *at = text, *end = text + length;
	size_t behind = 0; /* the last cut of the known text */
	for (size_t i = 0; i < n; i++) {
		const struct shape_cut *cut = &known_cuts[i];
		size_t same = cut->start - behind;
		if ((size_t)(end - at) < same || memcmp(at, known + behind, same) != 0)
			return false;
		at += same;
		const char *constant = known + cut->start;
		const char *after = *constant == '\''
								? like_string(at, end)
								: like_number(at, end, memchr(constant, '.', cut->end - cut->start) != NULL);
		if (!after)
			return false;
		cuts[i] = (struct shape_cut){(size_t)(at - text), (size_t)(after - text)};
		at = after;
		behind = cut->end;
	}
	return (size_t)(end - at) == known_length - behind && memcmp(at, known + behind, (size_t)(end - at)) == 0;
}

/* --- verdicts --- */

/* An edit that ends or begins inside a constant, or takes one away, depends on it. */
static bool cuts_meet(const struct splice *splice, const struct shape_cut *cuts, size_t n)
{
	size_t end = splice->at + splice->remove;
	for (size_t i = 0; i < n; i++)
		if (splice->remove ? splice->at < cuts[i].end && end > cuts[i].start
						   : splice->at > cuts[i].start && splice->at < cuts[i].end)
			return true;
	return false;
}

bool shape_is_shared(const struct verdict *verdict, const struct shape_cut *cuts, size_t n)
{
	if (!verdict->cacheable || verdict->unknown_name || verdict->kind == VERDICT_REFUSE ||
		verdict->n_statements != 1)
		return false;
	const struct statement *statement = &verdict->statements[0];
	if (statement->n_effects || statement->n_checks || statement->n_patterns || statement->copy ||
		statement->raised_tag || statement->refusal)
		return false;
	for (size_t i = 0; i < statement->n_splices; i++)
		if (cuts_meet(&statement->splices[i], cuts, n))
			return false;
	return true;
}

struct verdict *shape_move(const struct verdict *verdict, const struct shape_cut *from,
						   const struct shape_cut *to, size_t n)
{
	struct verdict_move moves[SHAPE_CUTS_MOST];
	for (size_t i = 0; i < n; i++)
		moves[i] = (struct verdict_move){.from = from[i].end, .to = to[i].end};
	return verdict_moved(verdict, moves, n);
}

static bool same_splice(const struct splice *a, const struct splice *b)
{
	return a->at == b->at && a->remove == b->remove && a->tenant == b->tenant &&
		   a->insert_length == b->insert_length &&
		   (a->insert_length == 0 || memcmp(a->insert, b->insert, a->insert_length) == 0);
}

bool shape_same(const struct verdict *a, const struct verdict *b)
{
	if (a->n_statements != 1 || b->n_statements != 1 || a->kind != b->kind ||
		a->parameters != b->parameters || a->uses_tenant != b->uses_tenant ||
		a->tenant_parameter != b->tenant_parameter || a->tenant_type != b->tenant_type ||
		a->unknown_name != b->unknown_name || a->cacheable != b->cacheable)
		return false;
	const struct statement *x = &a->statements[0], *y = &b->statements[0];
	if (x->start != y->start || x->length != y->length || x->kind != y->kind ||
		x->n_splices != y->n_splices || x->n_checks != y->n_checks || x->n_patterns != y->n_patterns ||
		x->n_effects != y->n_effects || x->touches_tenant != y->touches_tenant ||
		x->self_safe != y->self_safe || x->conceal_errors != y->conceal_errors ||
		x->is_empty != y->is_empty || x->utility != y->utility || !x->copy != !y->copy ||
		!x->raised_tag != !y->raised_tag || !x->refusal != !y->refusal)
		return false;
	for (size_t i = 0; i < x->n_splices; i++)
		if (!same_splice(&x->splices[i], &y->splices[i]))
			return false;
	return true;
}
