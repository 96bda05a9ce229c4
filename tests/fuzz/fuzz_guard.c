/* "Accepted means proved": for any text, guard() does not crash, what it reports lies inside the text, and
 * what it passes or guards is proved by an independent parse and checker run of the text that would be sent.
 *
 * The first byte chooses how the text arrives (see configure()); the rest is the text. Mutations work on
 * words as often as on bytes, so that more than noise gets through the grammar. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/catalog_text.h"
#include "tests/rewrite/prove.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) __attribute__((weak));

static _Noreturn void broken(const char *text, const char *what)
{
	fprintf(stderr, "%s\n--- in: %s\n", what, text);
	abort();
}

static void configure(uint8_t choice, struct guard_request *request, struct policy *policy,
					  struct session_names *names)
{
	static const char *const temporaries[] = {"scratch", "orders"}, *const prepared[] = {"p", "q"},
							 *const paths[] = {"\"$user\", public", "shop, public", "public, pg_temp", ""};

	policy_defaults(policy);
	policy->id = choice;
	request->protocol = choice & 1 ? PROTOCOL_EXTENDED : PROTOCOL_SIMPLE;
	request->right = choice & 2 ? RIGHT_CHOOSE : RIGHT_BOUND;
	policy->hide_tenant_column = !(choice & 4);
	names->search_path = paths[choice >> 3 & 3];
	if (choice & 32) {
		names->temporaries = temporaries;
		names->n_temporaries = 2;
	}
	if (choice & 64) {
		names->prepared = prepared;
		names->n_prepared = 2;
		policy->ddl = DDL_ALLOW;
	}
	if (choice & 128)
		policy->max_depth = 40;
}

static void check_statement(const char *text, size_t length, const struct statement *s)
{
	size_t at = s->start;

	if (s->start > length || s->length > length - s->start)
		broken(text, "a statement lies outside the text");
	if ((s->kind == VERDICT_REFUSE) != (s->refusal != NULL))
		broken(text, "a refusal without a verdict, or the other way round");
	if (s->refusal &&
		(strlen(s->refusal->sqlstate) != 5 || s->refusal->message == NULL || s->refusal->message[0] == '\0'))
		broken(text, "an empty refusal");
	for (size_t i = 0; i < s->n_splices; i++) {
		if (s->splices[i].at < at || s->splices[i].remove > s->start + s->length - s->splices[i].at)
			broken(text, "splices overlap or lie outside the statement");
		at = s->splices[i].at + s->splices[i].remove;
	}
}

static void check_positions(const struct verdict *verdict, const char *text, size_t length)
{
	const char **slots = calloc(verdict->n_statements + 1, sizeof *slots);

	for (size_t i = 0; i < verdict->n_statements; i++)
		slots[i] = "pg_catalog.int8 '-42'";
	for (int position = 1; position < (int)length + 200; position += 1 + position / 8)
		if (verdict_map_position(verdict, text, slots, position) > (int)length + 1)
			broken(text, "a position outside the text");
	free(slots);
}

/* --- the cache --- */

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void compare_statements(const struct guard_request *request, const struct verdict *fresh,
							   const struct verdict *known, size_t i)
{
	const struct statement *a = &fresh->statements[i], *b = &known->statements[i];

	if (a->kind != b->kind || a->n_checks != b->n_checks || a->n_effects != b->n_effects ||
		!a->copy != !b->copy || a->conceal_errors != b->conceal_errors ||
		!same_text(a->raised_tag, b->raised_tag))
		broken(request->text, "the cache says something else");
	if (a->refusal && (a->refusal->position != b->refusal->position ||
					   !same_text(a->refusal->message, b->refusal->message)))
		broken(request->text, "the cache refuses otherwise");
	for (size_t k = 0; k < a->n_checks; k++)
		if (a->checks[k].parameter != b->checks[k].parameter ||
			!same_text(a->checks[k].constant, b->checks[k].constant))
			broken(request->text, "the cache checks something else");
	if (a->n_patterns != b->n_patterns ||
		(a->n_patterns && memcmp(a->patterns, b->patterns, a->n_patterns * sizeof *a->patterns) != 0))
		broken(request->text, "the cache looks at other patterns");
	for (size_t k = 0; k < a->n_effects; k++)
		if (a->effects[k].kind != b->effects[k].kind || !same_text(a->effects[k].name, b->effects[k].name) ||
			!same_text(a->effects[k].value, b->effects[k].value))
			broken(request->text, "the cache has another effect");
	char *one = prove_rendered(fresh, i, request->text, "$9"),
		 *other = prove_rendered(known, i, request->text, "$9");
	if (strcmp(one, other) != 0)
		broken(request->text, "the cache sends another text");
	free(one);
	free(other);
}

static void check_cache(const struct guard_request *request)
{
	static struct verdict_cache *cache;

	if (cache == NULL)
		cache = verdict_cache_new(1 << 20, 42);
	struct verdict *fresh = guard(request), *known = verdict_cache_guard(cache, request);
	if (fresh->kind != known->kind || fresh->n_statements != known->n_statements ||
		fresh->parameters != known->parameters || fresh->tenant_parameter != known->tenant_parameter ||
		fresh->uses_tenant != known->uses_tenant)
		broken(request->text, "the cache has another verdict");
	for (size_t i = 0; i < fresh->n_statements; i++)
		compare_statements(request, fresh, known, i);
	verdict_unref(fresh);
	verdict_unref(known);
}

/* The same text with other digits, and with strings that are longer. */
static char *with_other_constants(const char *text, int turn)
{
	char *other = malloc(2 * strlen(text) + 1), *to = other;
	bool quoted = false;

	for (const char *c = text; *c; c++) {
		*to++ = *c >= '1' && *c <= '9' ? (char)('1' + (*c - '1' + turn) % 9) : *c;
		if (*c == '\'' && (quoted = !quoted))
			*to++ = (char)('a' + turn);
	}
	*to = '\0';
	return other;
}

static void check_variants(struct guard_request request)
{
	const char *text = request.text;

	check_cache(&request);
	for (int turn = 1; turn < 5; turn++) {
		char *other = with_other_constants(text, turn);
		request.text = other;
		request.length = strlen(other);
		check_cache(&request);
		free(other);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct catalog *shop;
	struct policy policy;
	struct session_names names = {0};
	char room[512];

	if (size < 1 || size > 1 << 16)
		return 0;
	if (shop == NULL)
		shop = catalog_text_shop(1);
	char *text = malloc(size);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	struct guard_request request = {
		.text = text, .length = size - 1, .catalog = shop, .policy = &policy, .names = &names};
	configure(data[0], &request, &policy, &names);
	struct verdict *verdict = guard(&request);
	if (verdict == NULL)
		broken(text, "no verdict");
	for (size_t i = 0; i < verdict->n_statements; i++)
		check_statement(text, size - 1, &verdict->statements[i]);
	check_positions(verdict, text, size - 1);
	if (memchr(text, '\0', size - 1) == NULL) {
		check_variants(request);
		const char *open = prove_verdict(&request, verdict, room, sizeof room);
		if (open)
			broken(text, open);
	} else if (verdict->kind != VERDICT_REFUSE) {
		broken(text, "a text with a zero byte inside was let through");
	}
	verdict_unref(verdict);
	free(text);
	return 0;
}

/* --- mutations of words --- */

static const char *const words[] = {
	"SELECT",
	"*",
	"FROM",
	"orders",
	"users u",
	"order_items AS i",
	"tenants",
	"public.orders",
	"shop.invoices",
	"\"Odd Name\"",
	"countries",
	"order_totals",
	"my_users",
	"events_2026",
	"sales_by_status",
	"scratch",
	"pg_temp.orders",
	"WHERE",
	"tenant_id = 7",
	"o.tenant_id",
	"orders.tenant_id = $1",
	"id = 1",
	"AND",
	"OR",
	"NOT",
	"true",
	"JOIN",
	"LEFT JOIN",
	"RIGHT JOIN",
	"FULL JOIN",
	"CROSS JOIN",
	"NATURAL JOIN",
	"ON",
	"ON true",
	"USING (id)",
	"USING (tenant_id)",
	"USING",
	"LATERAL",
	"(",
	")",
	",",
	"AS o",
	"AS o (a, b)",
	"AS j",
	"(SELECT 1)",
	"(SELECT * FROM orders)",
	"EXISTS (SELECT 1 FROM users)",
	"IN (SELECT id FROM orders)",
	"WITH o AS (SELECT * FROM orders)",
	"WITH RECURSIVE orders AS (SELECT 1)",
	"WITH users AS (DELETE FROM orders RETURNING *)",
	"UNION ALL",
	"EXCEPT",
	"INTERSECT",
	"GROUP BY",
	"HAVING",
	"ORDER BY 1",
	"LIMIT 1",
	"OFFSET 2",
	"DISTINCT",
	"DISTINCT ON (id)",
	"FOR UPDATE",
	"FOR UPDATE OF o",
	"WINDOW w AS ()",
	"OVER w",
	"count(*)",
	"row_to_json(orders)",
	"orders.*",
	"(orders).*",
	"INSERT INTO orders",
	"INSERT INTO",
	"(id, total)",
	"(total, tenant_id)",
	"VALUES (1, 2)",
	"VALUES ($1, $2), (3, DEFAULT)",
	"DEFAULT VALUES",
	"ON CONFLICT (id) DO UPDATE SET total = 1",
	"ON CONFLICT DO NOTHING",
	"RETURNING *",
	"RETURNING id",
	"UPDATE orders SET total = 1",
	"UPDATE",
	"SET",
	"SET tenant_id = 2",
	"DELETE FROM orders",
	"MERGE INTO orders USING users u ON true WHEN MATCHED THEN DELETE",
	"WHEN NOT MATCHED THEN INSERT (total) VALUES (1)",
	"TRUNCATE orders",
	"COPY orders TO STDOUT",
	"COPY orders FROM STDIN",
	"COPY (SELECT * FROM orders) TO STDOUT CSV",
	"EXPLAIN",
	"DECLARE c CURSOR FOR",
	"PREPARE p AS",
	"EXECUTE p (1)",
	"CREATE TEMP TABLE x AS",
	"CREATE TABLE x (a int)",
	"DROP TABLE orders",
	"TABLE orders",
	"TABLESAMPLE bernoulli (1)",
	"ROWS FROM (generate_series(1, 2))",
	"count_orders()",
	"$1",
	"$2",
	"'x'",
	"$$y$$",
	"E'\\\\'",
	"-- c\n",
	"/* c */",
	";",
	"::text",
	"::int",
	"[1]",
	"CASE WHEN true THEN 1 END",
	"COLLATE \"C\"",
	"ARRAY[1]",
	"IS NULL",
	"WHERE CURRENT OF c",
	"ONLY",
	"begin; ",
	"set search_path = shop; ",
	"CALL p()",
	"DO $$ begin end $$",
	"ALTER TABLE orders ADD COLUMN x int",
	"CREATE INDEX ON orders (id)",
	"CREATE VIEW v AS SELECT * FROM orders",
	"set_config('search_path', 'shop', false)",
};

static size_t splice_word(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	const char *word = words[seed % (sizeof words / sizeof *words)];
	size_t length = strlen(word), at = size > 1 ? 1 + (seed / 131) % (size - 1) : size, removed = 0;

	while (at < size && data[at] != ' ')
		at++;
	if (seed / 17 % 3 == 0) /* in place of what follows */
		while (at + 1 + removed < size && data[at + 1 + removed] != ' ')
			removed++;
	if (size + length + 2 - removed > max_size)
		return size;
	memmove(data + at + length + 2, data + at + removed + (at < size && removed ? 1 : 0),
			size - at - removed - (at < size && removed ? 1 : 0));
	data[at] = ' ';
	memcpy(data + at + 1, word, length);
	data[at + 1 + length] = ' ';
	return size + length + 2 - removed - (at < size && removed ? 1 : 0);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	if (size < 2 || seed % 4 == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	for (unsigned i = 0; i <= seed / 4 % 3; i++)
		size = splice_word(data, size, max_size, seed = seed * 1664525u + 1013904223u);
	return size;
}
