/* See ask.h. */
#include "tests/lib/ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/catalog_text.h"

void ask_init(struct ask *ask)
{
	memset(ask, 0, sizeof *ask);
	ask->catalog = catalog_text_shop(1);
	policy_defaults(&ask->policy);
	ask->names.search_path = "\"$user\", public";
	ask->right = RIGHT_BOUND;
	ask->protocol = PROTOCOL_SIMPLE;
}

void ask_free(struct ask *ask)
{
	catalog_unref(ask->catalog);
}

struct guard_request ask_request(const struct ask *ask, const char *sql)
{
	return (struct guard_request){.text = sql,
								  .length = strlen(sql),
								  .protocol = ask->protocol,
								  .n_parameter_types = ask->n_types,
								  .parameter_types = ask->types,
								  .catalog = ask->catalog,
								  .policy = &ask->policy,
								  .names = &ask->names,
								  .right = ask->right};
}

struct verdict *ask_verdict(const struct ask *ask, const char *sql)
{
	struct guard_request request = ask_request(ask, sql);
	return guard(&request);
}

static void write_to_stream(void *to, const char *bytes, size_t length)
{
	fwrite(bytes, 1, length, to);
}

char *ask_text(const struct verdict *verdict, const char *sql, const char *slot)
{
	char *text = NULL;
	size_t length, at = 0;
	FILE *stream = open_memstream(&text, &length);
	for (size_t i = 0; i < verdict->n_statements; i++) {
		const struct statement *statement = &verdict->statements[i];
		fwrite(sql + at, 1, statement->start - at, stream);
		statement_render(verdict, i, sql, slot, write_to_stream, stream);
		at = statement->start + statement->length;
	}
	fputs(sql + at, stream);
	fclose(stream);
	return text;
}

static const struct refusal *first_refusal(const struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->n_statements; i++)
		if (verdict->statements[i].refusal)
			return verdict->statements[i].refusal;
	return NULL;
}

static void print_verdict(const char *sql, const struct verdict *verdict)
{
	static const char *const KINDS[] = {"PASS", "GUARD", "REFUSE"};
	const struct refusal *refusal = first_refusal(verdict);
	fprintf(stderr, "%s\n  is %s", sql, KINDS[verdict->kind]);
	if (refusal)
		fprintf(stderr, ": %s %s (%s) (%s)", refusal->sqlstate, refusal->message,
				refusal->detail ? refusal->detail : "", refusal->hint ? refusal->hint : "");
	fputc('\n', stderr);
}

bool ask_is(const struct ask *ask, const char *sql, enum verdict_kind wanted)
{
	struct verdict *verdict = ask_verdict(ask, sql);
	bool same = verdict->kind == wanted;
	if (!same)
		print_verdict(sql, verdict);
	verdict_unref(verdict);
	return same;
}

static bool contains(const char *text, const char *words)
{
	return text && strstr(text, words) != NULL;
}

bool ask_refused(const struct ask *ask, const char *sql, const char *sqlstate, const char *words)
{
	struct verdict *verdict = ask_verdict(ask, sql);
	const struct refusal *refusal = first_refusal(verdict);
	bool fine = verdict->kind == VERDICT_REFUSE && refusal && strcmp(refusal->sqlstate, sqlstate) == 0 &&
				(contains(refusal->message, words) || contains(refusal->detail, words) ||
				 contains(refusal->hint, words));
	if (!fine)
		print_verdict(sql, verdict);
	verdict_unref(verdict);
	return fine;
}

bool ask_becomes(const struct ask *ask, const char *sql, const char *wanted)
{
	struct verdict *verdict = ask_verdict(ask, sql);
	char *text = ask_text(verdict, sql, "42");
	bool fine = verdict->kind != VERDICT_REFUSE && strcmp(text, wanted) == 0;
	if (!fine) {
		print_verdict(sql, verdict);
		fprintf(stderr, "  becomes %s\n", text);
	}
	free(text);
	verdict_unref(verdict);
	return fine;
}

static bool same_or_any(const char *is, const char *wanted)
{
	return !wanted || (is && strcmp(is, wanted) == 0);
}

bool ask_become(const struct ask_pair *pairs, size_t n)
{
	struct ask ask;
	ask_init(&ask);
	bool all = true;
	for (size_t i = 0; i < n; i++)
		all &= ask_becomes(&ask, pairs[i].text, pairs[i].becomes);
	ask_free(&ask);
	return all;
}

bool ask_effect(const struct verdict *verdict, size_t i, enum effect_kind kind, const char *name,
				const char *value, bool flag)
{
	const struct statement *statement = &verdict->statements[i];
	for (size_t k = 0; k < statement->n_effects; k++) {
		const struct effect *effect = &statement->effects[k];
		if (effect->kind == kind && effect->flag == flag && same_or_any(effect->name, name) &&
			same_or_any(effect->value, value))
			return true;
	}
	return false;
}
