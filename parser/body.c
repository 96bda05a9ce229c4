/* Scanning bodies by tokens; see body.h and "Everything else" of the specification: harmless is what names no
 * tenant relation and no flagged function, runs no dynamic SQL and does not touch the settings that decide
 * how statements are read. */
#include "parser/body.h"

#include <stdio.h>
#include <string.h>

#include "parser/analysis.h"
#include "parser/builtin.h"
#include "parser/catalog_internal.h"
#include "parser/scope.h"

enum { IDENTIFIER_MAX = 63 };

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_QUOTED, TOKEN_STRING, TOKEN_SYMBOL, TOKEN_BROKEN };

struct body_token {
	enum token_kind kind;
	char symbol;
	bool odd;      /* a string that says something else than its bytes: escapes, continuations */
	size_t length; /* of text */
	char text[IDENTIFIER_MAX + 1]; /* folded and cut as the server does; of a string: its start */
};

static bool starts_word(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}
static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}
static bool continues_word(unsigned char c)
{
	return starts_word(c) || is_digit(c) || c == '$';
}

/* Names are cut to 63 bytes at a character, as truncate_identifier() does. */
static void set_text(struct body_token *token, const char *text, size_t length)
{
	if (length > IDENTIFIER_MAX) {
		length = IDENTIFIER_MAX;
		while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
			length--;
	}
	memcpy(token->text, text, length);
	token->text[length] = 0;
	token->length = length;
}

/* White space and comments, nested ones too. NULL: a comment does not end. */
static const char *skip_blank(const char *at)
{
	for (;;) {
		if (*at == ' ' || (*at >= '\t' && *at <= '\r')) {
			at++;
		} else if (at[0] == '-' && at[1] == '-') {
			at += strcspn(at, "\r\n");
		} else if (at[0] == '/' && at[1] == '*') {
			unsigned depth = 1;
			for (at += 2; depth > 0; at++) {
				if (*at == 0)
					return NULL;
				if (at[0] == '/' && at[1] == '*')
					depth++, at++;
				else if (at[0] == '*' && at[1] == '/')
					depth--, at++;
			}
		} else {
			return at;
		}
	}
}

/* `at` is behind the opening quote; gives the byte behind the closing one, NULL if there is none. */
static const char *skip_quoted(const char *at, char quote, bool escapes)
{
	for (; *at; at++) {
		if (escapes && *at == '\\' && at[1]) {
			at++;
		} else if (*at == quote) {
			if (at[1] != quote)
				return at + 1;
			at++;
		}
	}
	return NULL;
}

/* $tag$ .. $tag$; `at` is at the first dollar. *start NULL: this is no dollar quote. */
static const char *skip_dollar(const char *at, const char **start)
{
	const char *tag = at + 1;
	if (starts_word((unsigned char)*tag))
		while (starts_word((unsigned char)*tag) || is_digit((unsigned char)*tag))
			tag++;
	*start = NULL;
	if (*tag != '$')
		return at;
	size_t length = (size_t)(tag - at) + 1;
	*start = tag + 1;
	for (const char *end = strchr(tag + 1, '$'); end; end = strchr(end + 1, '$'))
		if (strncmp(end, at, length) == 0)
			return end + length;
	return NULL;
}

/* A string constant goes on behind white space with a newline in it (scan.l, quotecontinue), and is still of
 * the kind that it began as: in E'..' the backslashes of what follows are escapes too. Gives the byte behind
 * the quote that opens again, NULL if there is none. */
static const char *string_continues(const char *at)
{
	bool newline = false;
	for (;; at++) {
		if (at[0] == '-' && at[1] == '-')
			at += strcspn(at, "\r\n");
		if (*at == '\n' || *at == '\r')
			newline = true;
		else if (*at != ' ' && *at != '\t' && *at != '\f' && *at != '\v')
			return newline && *at == '\'' ? at + 1 : NULL;
	}
}

static const char *broken(struct body_token *token)
{
	token->kind = TOKEN_BROKEN;
	return NULL;
}

static const char *read_string(struct body_token *token, const char *at, bool escapes)
{
	const char *end = skip_quoted(at, '\'', escapes);
	if (!end)
		return broken(token);
	token->kind = TOKEN_STRING;
	set_text(token, at, (size_t)(end - 1 - at));
	token->odd = memchr(at, '\\', (size_t)(end - at)) || memchr(at, '\'', (size_t)(end - 1 - at));
	for (const char *more; (more = string_continues(end)) != NULL;) {
		token->odd = true;
		end = skip_quoted(more, '\'', escapes);
		if (!end)
			return broken(token);
	}
	return end;
}

static const char *read_quoted_name(struct body_token *token, const char *at)
{
	const char *end = skip_quoted(at, '"', false);
	if (!end)
		return broken(token);
	char name[4 * IDENTIFIER_MAX];
	size_t n = 0;
	for (; at < end - 1 && n < sizeof name; at++) {
		name[n++] = *at;
		at += *at == '"';
	}
	token->kind = TOKEN_QUOTED;
	set_text(token, name, n);
	return end;
}

static const char *read_word(struct body_token *token, const char *at)
{
	char first = (char)(*at | 0x20);
	if ((first == 'e' || first == 'b' || first == 'x' || first == 'n') && at[1] == '\'')
		return read_string(token, at + 2, first == 'e');
	if (first == 'u' && at[1] == '&' && at[2] == '\'')
		return read_string(token, at + 3, false);
	if (first == 'u' && at[1] == '&' && at[2] == '"')
		return broken(token);
	const char *end = at;
	while (continues_word((unsigned char)*end))
		end++;
	token->kind = TOKEN_WORD;
	set_text(token, at, (size_t)(end - at));
	for (size_t i = 0; i < token->length; i++)
		if (token->text[i] >= 'A' && token->text[i] <= 'Z')
			token->text[i] = (char)(token->text[i] | 0x20);
	return end;
}

/* Reads one token and gives the byte behind it; NULL behind a broken one. */
static const char *next_token(struct body_token *token, const char *at)
{
	*token = (struct body_token){0};
	at = skip_blank(at);
	if (!at)
		return broken(token);
	if (*at == 0)
		return at;
	if (starts_word((unsigned char)*at))
		return read_word(token, at);
	if (*at == '"')
		return read_quoted_name(token, at + 1);
	if (*at == '\'')
		return read_string(token, at + 1, false);
	if (*at == '$') {
		const char *start, *end = skip_dollar(at, &start);
		if (!end)
			return broken(token);
		if (start) {
			token->kind = TOKEN_STRING;
			return end;
		}
	}
	token->kind = TOKEN_SYMBOL;
	token->symbol = *at;
	if (is_digit((unsigned char)*at)) {
		token->symbol = '0';
		while (is_digit((unsigned char)at[1]))
			at++;
	}
	return at + 1;
}

/* --- what the tokens mean --- */

struct walk {
	const struct catalog *catalog;
	body_visitor visit;
	void *to;
	struct body_token before2, before, now, next; /* a window over the text */
	enum { SET_NOTHING, SET_NAME, SET_CONFIG_OPEN, SET_CONFIG_NAME } set;
	bool writing;  /* between UPDATE or MERGE and what follows the name of the target */
	bool creating; /* between CREATE and the kind of what is created */
	bool dropping; /* in a DROP */
};

static bool is_word(const struct body_token *token, const char *word)
{
	return token->kind == TOKEN_WORD && strcmp(token->text, word) == 0;
}
/* Quoted or not. */
static bool is_name(const struct body_token *token, const char *name)
{
	return (token->kind == TOKEN_WORD || token->kind == TOKEN_QUOTED) && strcmp(token->text, name) == 0;
}
static bool is_symbol(const struct body_token *token, char symbol)
{
	return token->kind == TOKEN_SYMBOL && token->symbol == symbol;
}
static bool is_one_of(const struct body_token *token, const char *const *words)
{
	for (; token->kind == TOKEN_WORD && *words; words++)
		if (strcmp(token->text, *words) == 0)
			return true;
	return false;
}

static bool suspect(struct walk *walk, const char *reason)
{
	return walk->visit(walk->to, NULL, false, false, reason);
}

/* Settings that decide what statements mean or which rows are seen; custom ones (with a dot) may be the
 * tenant's. */
static bool steers(const char *name)
{
	static const char *const STEERING[] = {"search_path",
										   "row_security",
										   "session_replication_role",
										   "role",
										   "session_authorization",
										   "authorization",
										   "standard_conforming_strings",
										   "client_encoding",
										   "names",
										   "schema",
										   "all",
										   "cpu_operator_cost",
										   "cpu_tuple_cost",
										   NULL};
	for (const char *const *one = STEERING; *one; one++)
		if (strcasecmp(*one, name) == 0)
			return true;
	return strchr(name, '.') != NULL;
}

static bool starts_statement(const struct body_token *before)
{
	static const char *const OPENERS[] = {"begin", "then", "else", "loop", "atomic", NULL};
	return before->kind == TOKEN_END || is_symbol(before, ';') || is_symbol(before, '>') ||
		   is_one_of(before, OPENERS);
}

/* SET name, RESET name, set_config('name', ..). */
static bool visit_settings(struct walk *walk)
{
	static const char *const SCOPES[] = {"local", "session", NULL};
	const struct body_token *now = &walk->now;
	switch (walk->set) {
	case SET_NAME:
		if (is_one_of(now, SCOPES) && !is_word(&walk->next, "to") && !is_symbol(&walk->next, '='))
			return true;
		walk->set = SET_NOTHING;
		if (steers(now->text) || is_symbol(&walk->next, '.'))
			return suspect(walk, "it changes a setting that decides which rows are seen");
		return true;
	case SET_CONFIG_OPEN:
		walk->set = SET_CONFIG_NAME;
		return true;
	case SET_CONFIG_NAME:
		walk->set = SET_NOTHING;
		if (now->kind != TOKEN_STRING || now->length == 0 || now->odd || steers(now->text) ||
			!is_symbol(&walk->next, ','))
			return suspect(walk, "it calls set_config()");
		return true;
	case SET_NOTHING:
		break;
	}
	if ((is_word(now, "set") || is_word(now, "reset")) && starts_statement(&walk->before))
		walk->set = SET_NAME;
	return true;
}

/* What a body creates is not seen by the proxy: tables without tenant column, functions that read others'
 * rows. */
static bool visit_creation(struct walk *walk)
{
	static const char *const HARMLESS[] = {"type",      "domain",    "index",      "sequence", "temp",
										   "temporary", "collation", "statistics", NULL};
	static const char *const PREFIXES[] = {"or", "replace", "unique", "global", "local",
										   "if", "not",     "exists", NULL};
	const struct body_token *now = &walk->now;
	if (walk->creating) {
		if (is_one_of(now, PREFIXES))
			return true;
		walk->creating = false;
		/* A type there could stand for a built-in one. */
		bool shadows = (is_word(now, "type") || is_word(now, "domain")) && is_name(&walk->next, "pg_temp");
		return (is_one_of(now, HARMLESS) && !shadows) ||
			   suspect(walk, "it creates tables or code that tenantry does not see");
	}
	walk->creating = is_word(now, "create") && !is_symbol(&walk->before, '.');
	return true;
}

static bool visit_function_name(struct walk *walk)
{
	const struct body_token *now = &walk->now;
	switch (builtin_kind(now->text, now->length)) {
	case BUILTIN_HARMLESS:
		return true;
	case BUILTIN_SET_CONFIG:
		walk->set = SET_CONFIG_OPEN;
		return true;
	case BUILTIN_SQL_TEXT:
	case BUILTIN_SQL_ALWAYS:
	case BUILTIN_TS_REWRITE:
		return suspect(walk, "it calls a function that runs SQL text");
	case BUILTIN_DATA:
		return suspect(walk, "it reads other sessions' statements or rows' values from the catalogs");
	case BUILTIN_REACH:
	case BUILTIN_SETVAL:
		return suspect(walk, "it calls a function that reaches beyond a tenant");
	}
	return suspect(walk, "it calls a function of unknown kind");
}

/* After a dot a name is a relation only behind a schema; else it is a column, or a function in attribute
 * notation. */
static bool visit_name(struct walk *walk)
{
	const struct body_token *now = &walk->now;
	bool dotted = is_symbol(&walk->before, '.'), called = is_symbol(&walk->next, '(');
	bool as_relation =
		!dotted || ((walk->before2.kind == TOKEN_WORD || walk->before2.kind == TOKEN_QUOTED) &&
					catalog_has_schema_n(walk->catalog, walk->before2.text, walk->before2.length));
	if ((called || dotted) && !visit_function_name(walk))
		return false;
	struct catalog_name *name = catalog_name(walk->catalog, now->text, now->length);
	return !name || walk->visit(walk->to, name, as_relation, called || dotted, NULL);
}

/* Schema changes that move or remove what other tenants use, or change who may do what, without naming it:
 * DROP SCHEMA, DROP OWNED, ALTER FUNCTION .. RENAME. What is left names the relation. */
static bool visit_change(struct walk *walk)
{
	static const char *const ALTERED[] = {"table", "type", "domain", "index", "view", NULL};
	static const char *const DROPPED[] = {"table",    "view",      "type",    "domain",
										  "function", "procedure", "trigger", NULL};
	static const char *const RIGHTS[] = {"grant", "revoke", "reassign", "security", "import", "load", NULL};
	static const char *const PREPARED[] = {"prepare", "deallocate", "discard", NULL};
	const struct body_token *now = &walk->now, *next = &walk->next;
	if (walk->dropping && is_word(now, "cascade"))
		return suspect(walk, "it runs DROP with CASCADE");
	if (!starts_statement(&walk->before))
		return true;
	walk->dropping = is_word(now, "drop");
	if (is_one_of(now, RIGHTS))
		return suspect(walk, "it changes rights, owners or other servers");
	if (is_one_of(now, PREPARED))
		return suspect(walk, "it changes what the session has prepared");
	if ((walk->dropping && !is_one_of(next, DROPPED)) || (is_word(now, "alter") && !is_one_of(next, ALTERED)))
		return suspect(walk, "it alters or drops what all tenants use");
	return true;
}

/* COPY reads files; a procedure that ends transactions makes settings come and go behind the session's back;
 * an update of pg_settings is set_config(). */
static bool visit_verb(struct walk *walk)
{
	static const char *const ENDS[] = {"commit", "rollback", "abort", NULL};
	const struct body_token *now = &walk->now;
	if (is_word(now, "copy") && starts_statement(&walk->before))
		return suspect(walk, "it runs COPY");
	if (is_one_of(now, ENDS) && starts_statement(&walk->before))
		return suspect(walk, "it ends transactions");
	if (is_word(now, "update") || is_word(now, "merge"))
		walk->writing = true;
	else if (is_word(now, "set") || is_word(now, "using") || is_word(now, "select"))
		walk->writing = false;
	return !walk->writing || strcmp(now->text, "pg_settings") != 0 ||
		   suspect(walk, "it changes settings in pg_settings");
}

static bool visit_token(struct walk *walk)
{
	const struct body_token *now = &walk->now;
	if (now->kind == TOKEN_BROKEN)
		return suspect(walk, "its text cannot be read to the end");
	if (!visit_settings(walk) || !visit_creation(walk))
		return false;
	if (now->kind != TOKEN_WORD && now->kind != TOKEN_QUOTED)
		return true;
	bool dotted = is_symbol(&walk->before, '.');
	if (scope_is_numbered_temporary(now->text))
		return suspect(walk, "it names a session's temporary relations by their schema");
	if (!visit_verb(walk) || !visit_change(walk))
		return false;
	if (!dotted && is_word(now, "execute") && !suspect(walk, "it runs dynamic SQL (EXECUTE)"))
		return false;
	return visit_name(walk);
}

bool body_walk(const struct catalog *catalog, const char *body, body_visitor visit, void *to)
{
	struct walk walk = {.catalog = catalog, .visit = visit, .to = to};
	const char *at = next_token(&walk.now, body);
	while (walk.now.kind != TOKEN_END) {
		if (at)
			at = next_token(&walk.next, at);
		else
			walk.next = (struct body_token){0};
		if (!visit_token(&walk))
			return false;
		walk.before2 = walk.before;
		walk.before = walk.now;
		walk.now = walk.next;
	}
	return walk.set == SET_NOTHING || suspect(&walk, "its text ends within a change of a setting");
}

bool body_changes_schema(const char *body)
{
	static const char *const CHANGES[] = {"create", "alter",  "drop",   "rename",
										  "grant",  "revoke", "import", NULL};
	struct body_token token;
	for (const char *at = body; at;) {
		at = next_token(&token, at);
		if (token.kind == TOKEN_END)
			return false;
		if (is_one_of(&token, CHANGES))
			return true;
	}
	return true;
}

struct scan {
	bool code; /* relations do not matter */
	char *reason;
};

static bool scan_visit(void *to, struct catalog_name *name, bool as_relation, bool as_function,
					   const char *reason)
{
	struct scan *scan = to;
	if (!name)
		scan->reason = pstrdup(reason);
	else if (as_relation && name->relation && !scan->code)
		scan->reason = psprintf("it names \"%s\", a relation with rows of several tenants", name->name);
	else if (as_function && name->function)
		scan->reason = psprintf("it calls %s(): %s", name->name, name->reason);
	return scan->reason == NULL;
}

static const char *scan_text(const struct catalog *catalog, const char *body, bool code)
{
	struct scan scan = {.code = code};
	body_walk(catalog, body, scan_visit, &scan);
	const struct catalog_function *operator= scan.reason ? NULL : catalog_flagged_operator(catalog, body);
	return operator? psprintf("it uses the operator %s: %s", operator->name, operator->flag_reason)
				   : scan.reason;
}

const char *body_scan(const struct catalog *catalog, const char *language, const char *body)
{
	if (strcmp(language, "sql") != 0 && strcmp(language, "plpgsql") != 0)
		return psprintf("its language \"%s\" cannot be read", language);
	return scan_text(catalog, body, false);
}

const char *body_scan_code(const struct catalog *catalog, const char *body)
{
	return scan_text(catalog, body, true);
}
