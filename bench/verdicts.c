/* What a verdict costs, alone: no sockets, no server. Cold is guard(), cached is verdict_cache_guard() of a
 * text that the cache knows. Parse is libpg_query's raw parse of the text, which a cold verdict needs twice: the yardstick that tells
 * a slow machine from a slow program. Prints the median of many rounds in nanoseconds, as a table or (--json) for
 * bench/run. Fails when a statement does not get the verdict that is timed: a refusal would be fast. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "parser/pg_nodes.h"
#include "parser/verdict.h"
#include "tests/lib/catalog_text.h"

#define ROUNDS 401

struct subject {
	const char *name, *text;
	enum sub_protocol protocol;
	enum verdict_kind kind;
	unsigned calls;                      /* in one round */
	unsigned cold_budget, cached_budget; /* nanoseconds, 0: none */
	const char *varying;                 /* the text with %zu for a constant, or NULL */
};

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static double median(double *values, size_t n)
{
	qsort(values, n, sizeof *values, compare);
	return values[n / 2];
}

/* An insert of so many rows, as an ORM sends it. */
static char *insert_of(unsigned rows)
{
	size_t size = 200 + (size_t)rows * 80, at = 0;
	char *text = malloc(size);
	if (!text)
		abort();
	at += (size_t)snprintf(text + at, size - at,
						   "INSERT INTO paintings (name, price, description, category) VALUES ");
	for (unsigned i = 0; i < rows; i++)
		at += (size_t)snprintf(text + at, size - at, "%s('Painting %u', %u.50, 'oil on canvas', 'landscape')",
							   i ? ", " : "", i, i % 1000);
	return text;
}

static struct guard_request request_for(const struct subject *subject, struct catalog *catalog,
										const struct policy *policy, const struct session_names *names)
{
	return (struct guard_request){
		.text = subject->text,
		.length = strlen(subject->text),
		.protocol = subject->protocol,
		.catalog = catalog,
		.policy = policy,
		.names = names,
		.right = RIGHT_CHOOSE,
	};
}

static void check_kind(const struct subject *subject, const struct guard_request *request)
{
	struct verdict *verdict = guard(request);
	if (verdict->kind != subject->kind) {
		const struct refusal *refusal = verdict->n_statements ? verdict->statements[0].refusal : NULL;
		fprintf(stderr, "%s: the verdict is %d, not %d%s%s\n", subject->name, verdict->kind, subject->kind,
				refusal ? ": " : "", refusal ? refusal->message : "");
		exit(1);
	}
	verdict_unref(verdict);
}

static double time_cold(const struct subject *subject, const struct guard_request *request)
{
	static double times[ROUNDS];
	unsigned calls = subject->calls;
	for (size_t round = 0; round < ROUNDS; round++) {
		double start = now();
		for (unsigned i = 0; i < calls; i++)
			verdict_unref(guard(request));
		times[round] = (now() - start) / calls;
	}
	return median(times, ROUNDS);
}

static double time_parse(const struct subject *subject)
{
	static double times[ROUNDS];
	for (size_t round = 0; round < ROUNDS; round++) {
		double start = now();
		for (unsigned i = 0; i < subject->calls; i++) {
			MemoryContext context = pg_query_enter_memory_context();
			PgQueryInternalParsetreeAndError parsed = pg_query_raw_parse(subject->text);
			free(parsed.stderr_buffer);
			pg_query_exit_memory_context(context);
		}
		times[round] = (now() - start) / subject->calls;
	}
	return median(times, ROUNDS);
}

static double time_cached(const struct guard_request *request)
{
	static double times[ROUNDS];
	const unsigned calls = 1000;
	struct verdict_cache *cache = verdict_cache_new(64 << 20, 1);
	for (size_t round = 0; round < ROUNDS; round++) {
		double start = now();
		for (unsigned i = 0; i < calls; i++)
			verdict_unref(verdict_cache_guard(cache, request));
		times[round] = (now() - start) / calls;
	}
	struct verdict_cache_counts counts = verdict_cache_counts(cache);
	if (counts.misses > 4) {
		fprintf(stderr, "the cache missed %llu times: %.60s\n", (unsigned long long)counts.misses,
				request->text);
		exit(1);
	}
	verdict_cache_free(cache);
	return median(times, ROUNDS);
}

/* The texts are `varying` with other numbers in it; 0: there is none. */
static double time_shape(const char *varying, const struct guard_request *request)
{
	static double times[ROUNDS];
	static char texts[64][512];
	const unsigned calls = 64;
	struct guard_request other = *request;
	if (!varying)
		return 0;
	struct verdict_cache *cache = verdict_cache_new(64 << 20, 1);
	for (size_t round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < calls; i++)
			snprintf(texts[i], sizeof texts[i], varying, round * calls + i);
		double start = now();
		for (unsigned i = 0; i < calls; i++) {
			other.text = texts[i];
			other.length = strlen(texts[i]);
			verdict_unref(verdict_cache_guard(cache, &other));
		}
		times[round] = (now() - start) / calls;
	}
	struct verdict_cache_counts counts = verdict_cache_counts(cache);
	if (counts.misses > 4) {
		fprintf(stderr, "the shape was missed %llu times: %s\n", (unsigned long long)counts.misses, varying);
		exit(1);
	}
	verdict_cache_free(cache);
	return median(times, ROUNDS);
}

static const char *kind_name(enum verdict_kind kind)
{
	return kind == VERDICT_PASS ? "pass" : kind == VERDICT_GUARD ? "guard" : "refuse";
}

int main(int argc, char **argv)
{
	bool json = argc > 1 && strcmp(argv[1], "--json") == 0;
	struct subject subjects[] = {
		{"point select", "SELECT name, price FROM paintings WHERE id = $1", PROTOCOL_EXTENDED, VERDICT_GUARD,
		 200, 5000, 300, NULL},
		{"point select, simple protocol", "SELECT name, price FROM paintings WHERE id = 42", PROTOCOL_SIMPLE,
		 VERDICT_GUARD, 200, 5000, 300, "SELECT name, price FROM paintings WHERE id = %zu"},
		{"three-table join",
		 "SELECT o.id, o.total, i.quantity, p.name FROM orders o JOIN order_items i ON i.order_id = o.id "
		 "LEFT JOIN paintings p ON p.id = i.painting_id WHERE o.user_id = $1 ORDER BY o.placed_at DESC LIMIT "
		 "20",
		 PROTOCOL_EXTENDED, VERDICT_GUARD, 100, 15000, 300, NULL},
		{"insert", "INSERT INTO cart_items (cart_id, painting_id, quantity) VALUES ($1, $2, $3) RETURNING id",
		 PROTOCOL_EXTENDED, VERDICT_GUARD, 100, 0, 300, NULL},
		{"upsert",
		 "INSERT INTO cart_items (cart_id, painting_id, quantity) VALUES ($1, $2, 1) ON CONFLICT (cart_id, "
		 "painting_id) "
		 "DO UPDATE SET quantity = cart_items.quantity + 1",
		 PROTOCOL_EXTENDED, VERDICT_GUARD, 100, 0, 300, NULL},
		{"update", "UPDATE orders SET status = $1 WHERE id = $2", PROTOCOL_EXTENDED, VERDICT_GUARD, 100, 0,
		 300, NULL},
		{"shared table", "SELECT * FROM countries WHERE code = $1", PROTOCOL_EXTENDED, VERDICT_PASS, 200, 0,
		 300, NULL},
		{"begin", "BEGIN", PROTOCOL_SIMPLE, VERDICT_PASS, 400, 0, 300, NULL},
		{"insert of 1,000 rows", insert_of(1000), PROTOCOL_SIMPLE, VERDICT_GUARD, 1, 0, 0, NULL},
	};
	struct catalog *catalog = catalog_text_shop(1);
	struct policy policy;
	policy_defaults(&policy);
	struct session_names names = {.search_path = "\"$user\", public"};
	size_t n = sizeof subjects / sizeof *subjects;

	if (json)
		printf("{");
	else
		printf("%-32s %12s %12s %12s %12s\n", "statement", "parse us", "cold us", "cached us", "shape us");
	for (size_t i = 0; i < n; i++) {
		struct subject *s = &subjects[i];
		struct guard_request request = request_for(s, catalog, &policy, &names);
		check_kind(s, &request);
		double parse = time_parse(s), cold = time_cold(s, &request), cached = time_cached(&request),
			   shape = time_shape(s->varying, &request);
		if (json)
			printf("%s\n\"%s\": {\"parse\": %.1f, \"cold\": %.1f, \"cached\": %.1f, \"shape\": %.1f, "
				   "\"kind\": \"%s\", "
				   "\"cold_budget\": %u, "
				   "\"cached_budget\": %u}",
				   i ? "," : "", s->name, parse, cold, cached, shape, kind_name(s->kind), s->cold_budget,
				   s->cached_budget);
		else
			printf("%-32s %12.2f %12.2f %12.3f %12.3f\n", s->name, parse / 1000, cold / 1000, cached / 1000,
				   shape / 1000);
	}
	if (json)
		printf("\n}\n");
	free((char *)subjects[n - 1].text);
	catalog_unref(catalog);
	return 0;
}
