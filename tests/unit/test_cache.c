/* The verdict cache: what is part of its key, what is remembered, what goes first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser/verdict.h"
#include "tests/lib/ask.h"
#include "tests/lib/catalog_text.h"

static void get(struct verdict_cache *cache, const struct ask *ask, const char *sql)
{
	struct guard_request request = ask_request(ask, sql);
	verdict_unref(verdict_cache_guard(cache, &request));
}

static uint64_t hits(const struct verdict_cache *cache)
{
	return verdict_cache_counts(cache).hits;
}

static void test_hit(void **state)
{
	struct ask ask;
	ask_init(&ask);
	struct verdict_cache *cache = verdict_cache_new(1 << 20, 42);
	struct guard_request request = ask_request(&ask, "SELECT id FROM orders WHERE id = $1");
	struct verdict *first = verdict_cache_guard(cache, &request),
				   *second = verdict_cache_guard(cache, &request);
	assert_ptr_equal(first, second);
	assert_int_equal(first->kind, VERDICT_GUARD);
	struct verdict_cache_counts counts = verdict_cache_counts(cache);
	assert_int_equal(counts.hits, 1);
	assert_int_equal(counts.misses, 1);
	assert_int_equal(counts.entries, 1);
	assert_true(counts.bytes > request.length);
	/* A verdict outlives the cache. */
	verdict_unref(first);
	verdict_cache_free(cache);
	assert_int_equal(second->n_statements, 1);
	verdict_unref(second);
	ask_free(&ask);
}

/* Everything that guard() looks at is part of the key. */
static void test_key(void **state)
{
	static const char SQL[] = "SELECT id FROM orders";
	static const uint32_t types[] = {23, 25};
	static const char *const names[] = {"a", "bc"}, *const others[] = {"ab", "c"};
	struct ask ask, changed;
	ask_init(&ask);
	struct verdict_cache *cache = verdict_cache_new(1 << 20, 42);
	get(cache, &ask, SQL);
	uint64_t misses = 1;
#define CHANGED(assignment)                                             \
	do {                                                                \
		changed = ask;                                                  \
		assignment;                                                     \
		get(cache, &changed, SQL);                                      \
		assert_int_equal(verdict_cache_counts(cache).misses, ++misses); \
		get(cache, &changed, SQL);                                      \
		assert_int_equal(verdict_cache_counts(cache).misses, misses);   \
	} while (0)
	CHANGED(changed.protocol = PROTOCOL_EXTENDED);
	CHANGED((changed.types = types, changed.n_types = 1));
	CHANGED((changed.types = types, changed.n_types = 2));
	CHANGED((changed.types = types + 1, changed.n_types = 1));
	CHANGED(changed.policy.id = 2);
	CHANGED(changed.right = RIGHT_CHOOSE);
	CHANGED(changed.names.search_path = "shop, public");
	CHANGED((changed.names.temporaries = names, changed.names.n_temporaries = 2));
	CHANGED((changed.names.temporaries = others, changed.names.n_temporaries = 2));
	CHANGED((changed.names.temporaries = names, changed.names.n_temporaries = 1));
	CHANGED((changed.names.prepared = names, changed.names.n_prepared = 1));
	struct catalog *newer = catalog_text_shop(2);
	CHANGED(changed.catalog = newer);
	catalog_unref(newer);
	get(cache, &ask, "SELECT id FROM orders ");
	assert_int_equal(verdict_cache_counts(cache).misses, ++misses);
	get(cache, &ask, SQL);
	assert_int_equal(verdict_cache_counts(cache).misses, misses);
	verdict_cache_free(cache);
	ask_free(&ask);
}

static void test_bound(void **state)
{
	enum { MOST = 64 * 1024 };
	struct ask ask;
	ask_init(&ask);
	struct verdict_cache *cache = verdict_cache_new(MOST, 42);
	char sql[64];
	for (int i = 0; i < 2000; i++) {
		snprintf(sql, sizeof sql, "SELECT %d FROM orders", i);
		get(cache, &ask, sql);
		get(cache, &ask, "SELECT 'often used' FROM orders");
		assert_true(verdict_cache_counts(cache).bytes <= MOST);
	}
	struct verdict_cache_counts counts = verdict_cache_counts(cache);
	assert_int_equal(counts.hits, 1999);
	assert_true(counts.entries > 20 && counts.entries < 1000);
	/* The oldest are gone, the newest is there. */
	get(cache, &ask, "SELECT 0 FROM orders");
	assert_int_equal(hits(cache), 1999);
	get(cache, &ask, "SELECT 1999 FROM orders");
	assert_int_equal(hits(cache), 2000);
	verdict_cache_free(cache);
	ask_free(&ask);
}

/* Wide tables of entries: thousands of them are all found again. */
static void test_many(void **state)
{
	struct ask ask;
	ask_init(&ask);
	struct verdict_cache *cache = verdict_cache_new((size_t)1 << 26, 7);
	char sql[64];
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 5000; i++) {
			snprintf(sql, sizeof sql, "SELECT %d", i);
			get(cache, &ask, sql);
		}
	struct verdict_cache_counts counts = verdict_cache_counts(cache);
	assert_int_equal(counts.entries, 5000);
	assert_int_equal(counts.hits, 5000);
	assert_int_equal(counts.misses, 5000);
	verdict_cache_free(cache);
	ask_free(&ask);
}

/* A shape is found by several beginnings of texts; when it goes, none of them leads to it any more (which
 * AddressSanitizer sees). */
static void test_hints(void **state)
{
	enum { BEGINNINGS = 8, OTHERS = 200 };
	struct ask ask;
	ask_init(&ask);
	struct verdict_cache *cache = verdict_cache_new(64 * 1024, 42);
	char sql[1200];
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 5 * BEGINNINGS; i++) {
			snprintf(sql, sizeof sql, "DELETE FROM users WHERE id = %d00%d", i % BEGINNINGS + 1, i);
			struct guard_request request = ask_request(&ask, sql);
			struct verdict *verdict = verdict_cache_guard(cache, &request);
			assert_int_equal(verdict->kind, VERDICT_GUARD);
			assert_int_equal(verdict->n_statements, 1);
			verdict_unref(verdict);
		}
		uint64_t known = hits(cache);
		assert_true(known > (uint64_t)(round + 1) * BEGINNINGS);
		for (int i = 0; i < OTHERS; i++) {
			snprintf(sql, sizeof sql, "SELECT id AS c%d_%d, %1000d FROM orders", round, i, 1);
			get(cache, &ask, sql);
		}
		assert_int_equal(hits(cache), known);
	}
	verdict_cache_free(cache);
	ask_free(&ask);
}

/* Not remembered: names the snapshot does not know, texts that would push everything else out, endless
 * contexts. */
static void test_not_remembered(void **state)
{
	struct ask ask;
	ask_init(&ask);
	struct verdict_cache *cache = verdict_cache_new(64 * 1024, 42);
	get(cache, &ask, "SELECT * FROM nowhere");
	assert_int_equal(verdict_cache_counts(cache).entries, 0);
	char *large = malloc(20000);
	memset(large, ' ', 20000);
	memcpy(large, "SELECT 1", 8);
	large[19999] = 0;
	get(cache, &ask, large);
	assert_int_equal(verdict_cache_counts(cache).entries, 0);
	free(large);
	static uint32_t types[2000];
	ask.types = types;
	ask.n_types = 2000;
	get(cache, &ask, "SELECT 1");
	assert_int_equal(verdict_cache_counts(cache).entries, 0);
	assert_int_equal(verdict_cache_counts(cache).misses, 3);
	verdict_cache_free(cache);
	verdict_cache_free(NULL);
	ask_free(&ask);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hit),  cmocka_unit_test(test_key),   cmocka_unit_test(test_bound),
		cmocka_unit_test(test_many), cmocka_unit_test(test_hints), cmocka_unit_test(test_not_remembered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
