/* Runs statement files: text in, verdict and text out.
 *
 *   ## title                    opens a block
 *   @ setting value             how the statement arrives; before the first block: for the whole file
 *   SELECT * FROM orders        the message, one or more lines
 *   => guard                    pass | guard | refuse [SQLSTATE [at POSITION]] | closed (any, if proved)
 *   SELECT ..                   guard: what is sent; refuse: message, then lines "detail: .." and "hint: .."
 *   => NAME VALUE               more to hold: tag, checks, safe, effects, copy, unknown, touches, conceals (the last one), ..
 *
 * Settings: protocol (simple | extended), right (bound | choose | bypass), mode (enforce | observe | audit),
 * search_path, temporaries, prepared, types (oids of declared parameters), ddl, new_tables, server_default, hide,
 * truncate, * trusted, reach, data_catalogs, max_depth, max_rows, max_edits, max_bytes, catalog (a file).
 * In the simple protocol the tenant is 42, in the extended one a parameter. What is passed or guarded is also
 * proved (prove.c).
 *
 *   files FILE...               judges; the last line is "N passed, N failed"
 *   files --print FILE...       writes the blocks with what came out
 *   files --pairs FILE...       writes the guarded ones: original text, sent text, search_path, a temporary
 *                               relation, declared types; each with a zero after it */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser/verdict.h"
#include "tests/lib/catalog_text.h"
#include "tests/rewrite/prove.h"

#define MOST 64

struct words {
	char *items[MOST];
	size_t n;
	char *copy;
};

struct settings {
	struct guard_request request;
	struct policy policy;
	struct session_names names;
	struct words temporaries, prepared, trusted;
	uint32_t types[MOST];
	struct catalog *catalog;
	char *search_path;
};

struct pairs {
	struct {
		char *name, *value;
	} items[MOST];
	size_t n;
};

struct block {
	char *title, *text;
	struct pairs settings, more;
	char *verdict; /* NULL: none given */
	char *expected;
	int line;
};

struct counts {
	size_t passed, failed;
};

static _Noreturn void die(const char *where, int line, const char *what)
{
	fprintf(stderr, "%s:%d: %s\n", where, line, what);
	exit(2);
}

/* --- settings --- */

static void split(struct words *words, const char *list)
{
	free(words->copy);
	words->copy = strdup(list);
	words->n = 0;
	for (char *word = strtok(words->copy, ", "); word && words->n < MOST; word = strtok(NULL, ", "))
		words->items[words->n++] = word;
}

static int one_of(const char *value, const char *const *names)
{
	for (int i = 0; names[i]; i++)
		if (strcmp(value, names[i]) == 0)
			return i;
	return -1;
}

static const char *const
	protocols[] = {"simple", "extended", NULL},
	*const rights[] = {"bound", "choose", "bypass", NULL},
	*const modes[] = {"enforce", "observe", "audit", NULL}, *const ddls[] = {"safe", "allow", "refuse", NULL},
	*const new_tables[] = {"tenant", "shared", "refuse", NULL}, *const switches[] = {"off", "on", NULL},
	*const server_defaults[] = {"constant", "setting", NULL}, *const truncates[] = {"refuse", "delete", NULL},
	*const booleans[] = {"no", "yes", NULL};

/* False: no such setting or value. */
static bool set(struct settings *s, const char *name, const char *value)
{
	int choice = 0;

	if (strcmp(name, "protocol") == 0)
		s->request.protocol = choice = one_of(value, protocols);
	else if (strcmp(name, "right") == 0)
		s->request.right = choice = one_of(value, rights);
	else if (strcmp(name, "mode") == 0)
		s->policy.mode = choice = one_of(value, modes);
	else if (strcmp(name, "ddl") == 0)
		s->policy.ddl = choice = one_of(value, ddls);
	else if (strcmp(name, "new_tables") == 0)
		s->policy.new_tables = choice = one_of(value, new_tables);
	else if (strcmp(name, "server_default") == 0)
		s->policy.default_setting = (choice = one_of(value, server_defaults)) == 1;
	else if (strcmp(name, "hide") == 0)
		s->policy.hide_tenant_column = (choice = one_of(value, switches)) == 1;
	else if (strcmp(name, "truncate") == 0)
		s->policy.truncate_as_delete = (choice = one_of(value, truncates)) == 1;
	else if (strcmp(name, "reach") == 0)
		s->policy.allow_reach = (choice = one_of(value, switches)) == 1;
	else if (strcmp(name, "data_catalogs") == 0)
		s->policy.allow_data_catalogs = (choice = one_of(value, switches)) == 1;
	else if (strcmp(name, "max_depth") == 0)
		s->policy.max_depth = (unsigned)atoi(value);
	else if (strcmp(name, "max_rows") == 0)
		s->policy.max_rows = (unsigned)atoi(value);
	else if (strcmp(name, "max_edits") == 0)
		s->policy.max_edits = (unsigned)atoi(value);
	else if (strcmp(name, "max_bytes") == 0)
		s->policy.max_statement_bytes = (size_t)atoi(value);
	else if (strcmp(name, "setup") == 0 || strcmp(name, "params") == 0 || strcmp(name, "copy") == 0 ||
			 strcmp(name, "user") == 0)
		return true; /* for tests/attack/run, which has a server */
	else if (strcmp(name, "search_path") == 0)
		free(s->search_path), s->names.search_path = s->search_path = strdup(value);
	else if (strcmp(name, "temporaries") == 0)
		split(&s->temporaries, value);
	else if (strcmp(name, "prepared") == 0)
		split(&s->prepared, value);
	else if (strcmp(name, "trusted") == 0)
		split(&s->trusted, value);
	else if (strcmp(name, "types") == 0) {
		struct words words = {0};
		split(&words, value);
		for (s->request.n_parameter_types = 0; s->request.n_parameter_types < words.n;
			 s->request.n_parameter_types++)
			s->types[s->request.n_parameter_types] =
				(uint32_t)atoi(words.items[s->request.n_parameter_types]);
		free(words.copy);
	} else if (strcmp(name, "catalog") == 0) {
		catalog_unref(s->catalog);
		s->catalog = catalog_text_read(value, 1);
	} else
		return false;
	return choice >= 0;
}

static void settings_open(struct settings *s)
{
	memset(s, 0, sizeof *s);
	policy_defaults(&s->policy);
	s->catalog = catalog_text_shop(1);
}

static void settings_finish(struct settings *s)
{
	s->names.temporaries = (const char *const *)s->temporaries.items;
	s->names.n_temporaries = s->temporaries.n;
	s->names.prepared = (const char *const *)s->prepared.items;
	s->names.n_prepared = s->prepared.n;
	s->policy.trusted_functions = (const char *const *)s->trusted.items;
	s->policy.n_trusted_functions = s->trusted.n;
	if (s->names.search_path == NULL)
		s->names.search_path = catalog_default_search_path(s->catalog);
	s->request.names = &s->names;
	s->request.policy = &s->policy;
	s->request.catalog = s->catalog;
	s->request.parameter_types = s->types;
}

static void settings_close(struct settings *s)
{
	free(s->temporaries.copy);
	free(s->prepared.copy);
	free(s->trusted.copy);
	free(s->search_path);
	catalog_unref(s->catalog);
}

/* --- what came out, in the words of the files --- */

static const struct statement *refused(const struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->n_statements; i++)
		if (verdict->statements[i].kind == VERDICT_REFUSE)
			return &verdict->statements[i];
	return NULL;
}

static char *verdict_line(const struct verdict *verdict)
{
	const struct statement *statement = refused(verdict);
	char *line = NULL;

	if (statement == NULL)
		return strdup(verdict->kind == VERDICT_PASS ? "pass" : "guard");
	if (statement->refusal->position == 0 ? asprintf(&line, "refuse %s", statement->refusal->sqlstate) < 0
										  : asprintf(&line, "refuse %s at %d", statement->refusal->sqlstate,
													 statement->refusal->position) < 0)
		abort();
	return line;
}

/* The whole message as it is sent. */
static char *sent_text(const struct settings *s, const struct verdict *verdict)
{
	char slot[16] = "42", *all = strdup("");

	if (s->request.protocol == PROTOCOL_EXTENDED && verdict->tenant_parameter)
		snprintf(slot, sizeof slot, "$%u", verdict->tenant_parameter);
	for (size_t i = 0; i < verdict->n_statements; i++) {
		char *text = prove_rendered(verdict, i, s->request.text, slot), *more = NULL;
		if (asprintf(&more, "%s%s%s", all, i ? ";" : "", text) < 0)
			abort();
		free(text);
		free(all);
		all = more;
	}
	return all;
}

static char *refusal_text(const struct refusal *refusal)
{
	char *text = NULL;
	if (asprintf(&text, "%s%s%s%s%s", refusal->message, refusal->detail ? "\ndetail: " : "",
				 refusal->detail ? refusal->detail : "", refusal->hint ? "\nhint: " : "",
				 refusal->hint ? refusal->hint : "") < 0)
		abort();
	return text;
}

static void add_word(char *out, size_t size, const char *word)
{
	size_t n = strlen(out);
	snprintf(out + n, size - n, "%s%s", n ? " " : "", word);
}

static void list_checks(const struct verdict *verdict, char *out, size_t size)
{
	for (size_t i = 0; i < verdict->n_statements; i++)
		for (size_t k = 0; k < verdict->statements[i].n_checks; k++) {
			const struct tenant_check *check = &verdict->statements[i].checks[k];
			char word[200];
			if (check->parameter)
				snprintf(word, sizeof word, "$%d", check->parameter);
			else
				snprintf(word, sizeof word, "%s", check->constant);
			add_word(out, size, word);
		}
}

static void list_effects(const struct verdict *verdict, char *out, size_t size)
{
	static const char *const kinds[] = {
		[EFFECT_NONE] = "none",
		[EFFECT_BEGIN] = "begin",
		[EFFECT_COMMIT] = "commit",
		[EFFECT_ROLLBACK] = "rollback",
		[EFFECT_SAVEPOINT] = "savepoint",
		[EFFECT_RELEASE] = "release",
		[EFFECT_ROLLBACK_TO] = "rollback_to",
		[EFFECT_PREPARE_TRANSACTION] = "prepare_transaction",
		[EFFECT_COMMITS_AT_ONCE] = "commits_at_once",
		[EFFECT_CALL] = "call",
		[EFFECT_SET] = "set",
		[EFFECT_SET_DEFAULT] = "set_default",
		[EFFECT_RESET_ALL] = "reset_all",
		[EFFECT_DISCARD_ALL] = "discard_all",
		[EFFECT_DISCARD_TEMP] = "discard_temp",
		[EFFECT_DISCARD_PLANS] = "discard_plans",
		[EFFECT_PREPARE] = "prepare",
		[EFFECT_DEALLOCATE] = "deallocate",
		[EFFECT_EXECUTE] = "execute",
		[EFFECT_CREATE_TEMPORARY] = "create_temporary",
		[EFFECT_DROP] = "drop",
		[EFFECT_SCHEMA_CHANGE] = "schema_change",
		[EFFECT_TENANTS_CHANGE] = "tenants_change",
	};
	for (size_t i = 0; i < verdict->n_statements; i++)
		for (size_t k = 0; k < verdict->statements[i].n_effects; k++) {
			const struct effect *effect = &verdict->statements[i].effects[k];
			char word[400];
			snprintf(word, sizeof word, "%s%s%s%s%s%s", kinds[effect->kind], effect->name ? ":" : "",
					 effect->name == NULL        ? ""
					 : effect->name[0] == '\001' ? "(definition)"
												 : effect->name,
					 effect->value ? "=" : "", effect->value ? effect->value : "", effect->flag ? "!" : "");
			add_word(out, size, word);
		}
}

/* The value of one "=> NAME"; false: no such name. */
static bool actual(const struct verdict *verdict, const char *name, char *out, size_t size)
{
	const struct statement *first = verdict->n_statements ? &verdict->statements[0] : NULL;
	const struct statement *last = first ? &verdict->statements[verdict->n_statements - 1] : NULL;

	out[0] = '\0';
	if (strcmp(name, "tag") == 0)
		snprintf(out, size, "%s", first && first->raised_tag ? first->raised_tag : "");
	else if (strcmp(name, "checks") == 0)
		list_checks(verdict, out, size);
	else if (strcmp(name, "effects") == 0)
		list_effects(verdict, out, size);
	else if (strcmp(name, "safe") == 0)
		snprintf(out, size, "%s", booleans[first && first->self_safe]);
	else if (strcmp(name, "touches") == 0)
		snprintf(out, size, "%s", booleans[first && first->touches_tenant]);
	else if (strcmp(name, "conceals") == 0)
		snprintf(out, size, "%s", booleans[first && last->conceal_errors]);
	else if (strcmp(name, "unknown") == 0)
		snprintf(out, size, "%s", booleans[verdict->unknown_name]);
	else if (strcmp(name, "statements") == 0)
		snprintf(out, size, "%zu", verdict->n_statements);
	else if (strcmp(name, "copy") == 0 && first && first->copy)
		snprintf(out, size, "%s columns=%u append=%s check=%d",
				 ((const char *[]){"text", "csv", "binary"})[first->copy->format],
				 first->copy->client_columns, booleans[first->copy->append], first->copy->check_column);
	else
		return strcmp(name, "copy") == 0;
	return true;
}

/* --- one block --- */

static void trim(char *text)
{
	for (size_t n = text ? strlen(text) : 0; n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '); n--)
		text[n - 1] = '\0';
}

static bool same_text(const char *expected, const char *got, bool begins)
{
	size_t n = strlen(expected);
	return begins ? strncmp(expected, got, n) == 0 && (got[n] == '\0' || got[n] == '\n')
				  : strcmp(expected, got) == 0;
}

static void complain(struct counts *counts, const char *file, const struct block *block, const char *what,
					 const char *expected, const char *got)
{
	counts->failed++;
	printf("%s:%d: %s: %s\n    in:       %s\n    expected: %s\n    got:      %s\n", file, block->line,
		   block->title, what, block->text, expected, got);
}

static void judge(struct counts *counts, const char *file, const struct block *block,
				  const struct settings *s, const struct verdict *verdict)
{
	char room[4096], *line = verdict_line(verdict);
	char *text = refused(verdict) ? refusal_text(refused(verdict)->refusal) : sent_text(s, verdict);
	size_t before = counts->failed;

	trim(text);
	if (block->verdict == NULL)
		complain(counts, file, block, "no verdict is given", "", line);
	else if (strcmp(block->verdict, "closed") == 0)
		;
	else if (!same_text(block->verdict, line, false) &&
			 !(strncmp(line, "refuse", 6) == 0 && strncmp(block->verdict, line, strlen(block->verdict)) == 0))
		complain(counts, file, block, "verdict", block->verdict, line), printf("    text:     %s\n", text);
	else if (block->expected && !same_text(block->expected, text, refused(verdict) != NULL))
		complain(counts, file, block, "text", block->expected, text);
	else if (block->expected == NULL && strcmp(line, "guard") == 0)
		complain(counts, file, block, "no text is given", "", text);
	else if (strcmp(line, "pass") == 0 && verdict->n_statements == 1 && strchr(block->text, ';') == NULL &&
			 strcmp(text, block->text) != 0)
		complain(counts, file, block, "passed, but changed", block->text, text);
	for (size_t i = 0; i < block->more.n && counts->failed == before; i++) {
		if (!actual(verdict, block->more.items[i].name, room, sizeof room))
			die(file, block->line, "unknown name after =>");
		if (strcmp(room, block->more.items[i].value) != 0)
			complain(counts, file, block, block->more.items[i].name, block->more.items[i].value, room);
	}
	const char *open = s->policy.mode == MODE_ENFORCE && s->request.right != RIGHT_BYPASS
						   ? prove_verdict(&s->request, verdict, room, sizeof room)
						   : NULL;
	if (open && counts->failed == before)
		complain(counts, file, block, "not proved", open, text);
	counts->passed += counts->failed == before;
	free(line);
	free(text);
}

enum output { OUTPUT_JUDGE, OUTPUT_PRINT, OUTPUT_PAIRS };

static void print_block(const struct block *block, const struct settings *s, const struct verdict *verdict)
{
	char *line = verdict_line(verdict), room[4096];
	char *text = refused(verdict) ? refusal_text(refused(verdict)->refusal) : sent_text(s, verdict);

	printf("## %s\n", block->title);
	for (size_t i = 0; i < block->settings.n; i++)
		printf("@ %s %s\n", block->settings.items[i].name, block->settings.items[i].value);
	printf("%s\n=> %s\n", block->text, line);
	if (strcmp(line, "pass") != 0)
		printf("%s\n", text);
	for (size_t i = 0; i < block->more.n; i++)
		if (actual(verdict, block->more.items[i].name, room, sizeof room))
			printf("=> %s %s\n", block->more.items[i].name, room);
	printf("\n");
	free(line);
	free(text);
}

static void run_block(struct counts *counts, const char *file, const struct block *defaults,
					  const struct block *block, enum output output)
{
	struct settings s;

	settings_open(&s);
	for (size_t i = 0; i < defaults->settings.n; i++)
		if (!set(&s, defaults->settings.items[i].name, defaults->settings.items[i].value))
			die(file, 1, defaults->settings.items[i].name);
	for (size_t i = 0; i < block->settings.n; i++)
		if (!set(&s, block->settings.items[i].name, block->settings.items[i].value))
			die(file, block->line, block->settings.items[i].name);
	settings_finish(&s);
	s.request.text = block->text;
	s.request.length = strlen(block->text);
	struct verdict *verdict = guard(&s.request);
	if (output == OUTPUT_JUDGE) {
		judge(counts, file, block, &s, verdict);
	} else if (output == OUTPUT_PRINT) {
		print_block(block, &s, verdict);
	} else if (verdict->kind == VERDICT_GUARD && !refused(verdict)) {
		char *text = sent_text(&s, verdict);
		char types[400] = "";
		for (size_t i = 0; i < s.request.n_parameter_types; i++)
			snprintf(types + strlen(types), sizeof types - strlen(types), "%u ", s.types[i]);
		const char *parts[] = {block->text, text, s.names.search_path,
							   s.names.n_temporaries ? s.names.temporaries[0] : "", types};
		for (size_t i = 0; i < 5; i++)
			fwrite(parts[i], 1, strlen(parts[i]) + 1, stdout);
		free(text);
	}
	verdict_unref(verdict);
	settings_close(&s);
}

/* --- reading --- */

static void add_line(char **text, const char *line)
{
	char *more = NULL;
	if (*text == NULL) {
		*text = strdup(line);
		return;
	}
	if (asprintf(&more, "%s\n%s", *text, line) < 0)
		abort();
	free(*text);
	*text = more;
}

static void block_free(struct block *block)
{
	free(block->title);
	free(block->text);
	free(block->verdict);
	free(block->expected);
	for (size_t i = 0; i < block->settings.n; i++)
		free(block->settings.items[i].name), free(block->settings.items[i].value);
	for (size_t i = 0; i < block->more.n; i++)
		free(block->more.items[i].name), free(block->more.items[i].value);
	memset(block, 0, sizeof *block);
}

static void add_pair(struct pairs *pairs, const char *file, int number, const char *line)
{
	size_t length = strcspn(line, " ");
	if (pairs->n == MOST)
		die(file, number, "too many lines of a kind");
	pairs->items[pairs->n].name = strndup(line, length);
	pairs->items[pairs->n++].value = strdup(line[length] ? line + length + 1 : "");
}

static bool is_verdict(const char *line)
{
	return strcmp(line, "pass") == 0 || strcmp(line, "guard") == 0 || strcmp(line, "closed") == 0 ||
		   strncmp(line, "refuse", 6) == 0;
}

static void finish(struct counts *counts, const char *file, const struct block *defaults, struct block *block,
				   enum output output)
{
	if (block->title == NULL)
		return;
	if (block->text == NULL)
		block->text = strdup("");
	trim(block->text);
	trim(block->expected);
	run_block(counts, file, defaults, block, output);
	block_free(block);
}

static void run_file(struct counts *counts, const char *file, enum output output)
{
	FILE *in = fopen(file, "r");
	struct block defaults = {0}, block = {0};
	char *line = NULL;
	size_t room = 0;
	int number = 0;

	if (in == NULL)
		die(file, 0, "cannot be read");
	for (ssize_t n; (n = getline(&line, &room, in)) >= 0;) {
		number++;
		if (n > 0 && line[n - 1] == '\n')
			line[n - 1] = '\0';
		if (strncmp(line, "## ", 3) == 0) {
			finish(counts, file, &defaults, &block, output);
			block.title = strdup(line + 3);
			block.line = number;
		} else if (block.title == NULL) {
			if (strncmp(line, "@ ", 2) == 0)
				add_pair(&defaults.settings, file, number, line + 2);
			if (output == OUTPUT_PRINT)
				puts(line);
		} else if (strncmp(line, "@ ", 2) == 0 && block.text == NULL) {
			add_pair(&block.settings, file, number, line + 2);
		} else if (strncmp(line, "=> ", 3) == 0 && is_verdict(line + 3)) {
			block.verdict = strdup(line + 3);
		} else if (strncmp(line, "=> ", 3) == 0) {
			add_pair(&block.more, file, number, line + 3);
		} else if (block.verdict == NULL && block.more.n == 0) {
			add_line(&block.text, line);
		} else if (block.expected || *line) {
			add_line(&block.expected, line);
		}
	}
	finish(counts, file, &defaults, &block, output);
	block_free(&defaults);
	free(line);
	fclose(in);
}

int main(int n, char **arguments)
{
	struct counts counts = {0};
	enum output output = OUTPUT_JUDGE;

	for (int i = 1; i < n; i++)
		if (strcmp(arguments[i], "--print") == 0)
			output = OUTPUT_PRINT;
		else if (strcmp(arguments[i], "--pairs") == 0)
			output = OUTPUT_PAIRS;
		else
			run_file(&counts, arguments[i], output);
	if (output == OUTPUT_JUDGE)
		printf("%zu passed, %zu failed\n", counts.passed, counts.failed);
	return counts.failed || (output == OUTPUT_JUDGE && counts.passed == 0);
}
