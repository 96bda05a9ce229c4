/* The cache from statement to verdict: a hash table with chains, an LRU list through all entries, a bound in
 * bytes.
 *
 * The key is the text and everything else that guard() looks at (the `context`): protocol, right, declared
 * types, generation, policy, search_path, temporaries, prepared names. The whole key is compared; the hash is
 * keyed by a secret seed, so that a client cannot make long chains on purpose.
 *
 * A text that is not known may have a known shape (shape.h). What is said of a shape is used only after two
 * other texts of it have been judged in full and the same was said of them: the reasoning of shape.h is then
 * confirmed by guard() itself. To find the shape of a text, the one that was last followed by a text with the
 * same beginning is tried first: shape_like() is cheaper than shape_of(). */
#include <stdlib.h>
#include <string.h>

#include "parser/shape.h"
#include "parser/verdict.h"
#include "parser/verdict_build.h"

enum {
	CONTEXT_MAX = 4096,  /* a longer context (hundreds of temporaries) is not worth remembering */
	FIRST_BUCKETS = 256, /* a power of two */
	SHARE_MAX = 8,       /* one entry may fill an eighth of the cache */
	CONFIRMATIONS = 2,
	RECENT = 1024, /* a power of two */
	HINTS = 256,   /* a power of two */
};

struct entry {
	struct entry *next;          /* in the bucket */
	struct entry *newer, *older; /* in the LRU ring */
	uint64_t hash;
	struct verdict *verdict;
	size_t bytes, text_length, context_length;
	bool is_shape, doubtful; /* doubtful: another text of the shape got another verdict */
	unsigned confirmed;
	size_t n_cuts;
	struct shape_cut *cuts; /* of the text that the verdict is on; with it in one block */
	const char *cut_text;
	size_t cut_length;
	char key[]; /* text, then context */
};

/* What is looked up: a text as it came, or a shape. */
struct key {
	uint64_t hash;
	const char *text;
	size_t length;
	bool is_shape;
	const struct context *context;
};

struct verdict_cache {
	struct entry **buckets;
	size_t n_buckets;
	struct entry *newest, *oldest;
	size_t max_bytes;
	uint64_t seeds[3];
	uint64_t recent[RECENT]; /* hashes of texts that followed a shape: one that comes again is worth an entry
								of its own */
	struct entry *hints[HINTS]; /* shapes that were followed, by the beginning of the text: one shape may have
								   several */
	struct verdict_cache_counts counts;
};

struct context {
	size_t length;
	uint64_t hash;
	bool overflow;
	char bytes[CONTEXT_MAX];
};

static uint64_t scramble(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

struct verdict_cache *verdict_cache_new(size_t max_bytes, uint64_t seed)
{
	struct verdict_cache *cache = calloc(1, sizeof *cache);
	struct entry **buckets = calloc(FIRST_BUCKETS, sizeof *buckets);
	if (!cache || !buckets)
		abort();
	cache->buckets = buckets;
	cache->n_buckets = FIRST_BUCKETS;
	cache->max_bytes = max_bytes;
	for (size_t i = 0; i < 3; i++)
		cache->seeds[i] = seed = scramble(seed);
	return cache;
}

/* --- the key --- */

static uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t eight(const char *from)
{
	uint64_t value;
	memcpy(&value, from, sizeof value);
	return value;
}

/* Sixteen bytes a step; every operand is mixed with a secret, so no input is known to make one of them zero.
 */
static uint64_t hash_run(const uint64_t seeds[3], uint64_t hash, const char *bytes, size_t length)
{
	size_t left = length;
	for (; left >= 16; bytes += 16, left -= 16)
		hash = fold(eight(bytes) ^ seeds[0] ^ hash, eight(bytes + 8) ^ seeds[1]);
	char tail[16] = {0};
	memcpy(tail, bytes, left);
	hash = fold(eight(tail) ^ seeds[0] ^ hash, eight(tail + 8) ^ seeds[1]);
	return fold(hash ^ seeds[2], length ^ seeds[1]);
}

static void context_add(struct context *context, const void *bytes, size_t length)
{
	if (length > sizeof context->bytes - context->length) {
		context->overflow = true;
		return;
	}
	if (length)
		memcpy(context->bytes + context->length, bytes, length);
	context->length += length;
}

static void context_add_names(struct context *context, const char *const *names, size_t n)
{
	uint64_t count = n;
	context_add(context, &count, sizeof count);
	for (size_t i = 0; i < n && !context->overflow; i++)
		context_add(context, names[i], strlen(names[i]) + 1);
}

static void context_make(struct context *context, const struct guard_request *request)
{
	uint64_t numbers[] = {
		catalog_generation(request->catalog),
		request->policy->id,
		(uint64_t)request->protocol << 32 | (uint64_t)request->name_bytes << 16 | (uint64_t)request->right,
		request->n_parameter_types,
	};
	context->length = 0;
	context->overflow = false;
	context_add(context, numbers, sizeof numbers);
	context_add(context, request->parameter_types,
				request->n_parameter_types * sizeof *request->parameter_types);
	const struct session_names *names = request->names;
	context_add(context, &names->reverts, sizeof names->reverts);
	/* none is not the same as an empty one */
	const char *path = names->search_path ? names->search_path : "\1";
	context_add(context, path, strlen(path) + 1);
	context_add_names(context, names->temporaries, names->n_temporaries);
	context_add_names(context, names->prepared, names->n_prepared);
	context_add_names(context, names->checked, names->n_checked);
}

/* --- table and list --- */

static struct entry *find(const struct verdict_cache *cache, const struct key *key)
{
	const struct context *context = key->context;
	for (struct entry *entry = cache->buckets[key->hash & (cache->n_buckets - 1)]; entry; entry = entry->next)
		if (entry->hash == key->hash && entry->text_length == key->length &&
			entry->context_length == context->length && entry->is_shape == key->is_shape &&
			memcmp(entry->key, key->text, key->length) == 0 &&
			memcmp(entry->key + key->length, context->bytes, context->length) == 0)
			return entry;
	return NULL;
}

static void list_remove(struct verdict_cache *cache, struct entry *entry)
{
	*(entry->newer ? &entry->newer->older : &cache->newest) = entry->older;
	*(entry->older ? &entry->older->newer : &cache->oldest) = entry->newer;
}

static void list_put_first(struct verdict_cache *cache, struct entry *entry)
{
	entry->newer = NULL;
	entry->older = cache->newest;
	*(cache->newest ? &cache->newest->newer : &cache->oldest) = entry;
	cache->newest = entry;
}

static void drop(struct verdict_cache *cache, struct entry *entry)
{
	struct entry **link = &cache->buckets[entry->hash & (cache->n_buckets - 1)];
	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
	list_remove(cache, entry);
	for (size_t i = 0; entry->is_shape && i < HINTS; i++)
		if (cache->hints[i] == entry)
			cache->hints[i] = NULL;
	cache->counts.bytes -= entry->bytes;
	cache->counts.entries--;
	verdict_unref(entry->verdict);
	free(entry->cuts);
	free(entry);
}

/* Keeps chains short: at most one entry a bucket on average. Staying small is no error. */
static void widen(struct verdict_cache *cache)
{
	size_t n = cache->n_buckets * 2;
	struct entry **buckets = calloc(n, sizeof *buckets);
	if (!buckets)
		return;
	for (struct entry *entry = cache->newest; entry; entry = entry->older) {
		struct entry **bucket = &buckets[entry->hash & (n - 1)];
		entry->next = *bucket;
		*bucket = entry;
	}
	free(cache->buckets);
	cache->buckets = buckets;
	cache->n_buckets = n;
}

static struct entry *remember(struct verdict_cache *cache, const struct key *key, struct verdict *verdict)
{
	const struct context *context = key->context;
	size_t length = key->length + context->length;
	size_t bytes = sizeof(struct entry) + length + verdict_bytes(verdict);
	if (bytes > cache->max_bytes / SHARE_MAX)
		return NULL;
	struct entry *entry = malloc(sizeof *entry + length);
	if (!entry)
		return NULL;
	while (cache->oldest && cache->counts.bytes + bytes > cache->max_bytes)
		drop(cache, cache->oldest);
	if (cache->counts.entries >= cache->n_buckets)
		widen(cache);
	struct entry **bucket = &cache->buckets[key->hash & (cache->n_buckets - 1)];
	*entry = (struct entry){.next = *bucket,
							.hash = key->hash,
							.verdict = verdict_ref(verdict),
							.bytes = bytes,
							.text_length = key->length,
							.context_length = context->length,
							.is_shape = key->is_shape};
	memcpy(entry->key, key->text, key->length);
	memcpy(entry->key + key->length, context->bytes, context->length);
	*bucket = entry;
	list_put_first(cache, entry);
	cache->counts.bytes += bytes;
	cache->counts.entries++;
	return entry;
}

static struct key key_of(const struct verdict_cache *cache, const struct context *context, const char *text,
						 size_t length, bool is_shape)
{
	return (struct key){.hash =
							hash_run(cache->seeds, is_shape ? ~context->hash : context->hash, text, length),
						.text = text,
						.length = length,
						.is_shape = is_shape,
						.context = context};
}

static void used(struct verdict_cache *cache, struct entry *entry)
{
	if (entry != cache->newest) {
		list_remove(cache, entry);
		list_put_first(cache, entry);
	}
}

/* Other modes ask whether the application's own text is safe, and that may depend on every constant. */
static bool may_have_shape(const struct guard_request *request)
{
	return request->policy->mode == MODE_ENFORCE && request->length <= request->policy->max_statement_bytes;
}

/* The first verdict on a shape, or on a text whose shape says nothing. */
static void learn(struct verdict_cache *cache, const struct key *text, const struct key *key,
				  const struct shape *shape, struct verdict *verdict)
{
	if (!key || !shape_is_shared(verdict, shape->cuts, shape->n_cuts)) {
		remember(cache, text, verdict);
		return;
	}
	size_t size = shape->n_cuts * sizeof(struct shape_cut);
	struct shape_cut *cuts = malloc(size + text->length);
	struct entry *entry = cuts ? remember(cache, key, verdict) : NULL;
	if (!entry) {
		free(cuts);
		return;
	}
	memcpy(cuts, shape->cuts, size);
	entry->cuts = cuts;
	entry->n_cuts = shape->n_cuts;
	entry->cut_text = memcpy(cuts + shape->n_cuts, text->text, text->length);
	entry->cut_length = text->length;
	entry->bytes += size + text->length;
	cache->counts.bytes += size + text->length;
}

static size_t hint_of(const struct verdict_cache *cache, const struct key *text)
{
	char beginning[32] = {0};
	memcpy(beginning, text->text, text->length < sizeof beginning ? text->length : sizeof beginning);
	return (fold(eight(beginning) ^ cache->seeds[0], eight(beginning + 8) ^ cache->seeds[1]) ^
			fold(eight(beginning + 16) ^ cache->seeds[1], eight(beginning + 24) ^ cache->seeds[2])) &
		   (HINTS - 1);
}

/* The shape that the hint leads to, if it is the text's own. */
static struct entry *hinted(const struct verdict_cache *cache, size_t hint, const struct key *text,
							struct shape *shape)
{
	struct entry *entry = cache->hints[hint];
	const struct context *context = text->context;
	if (!entry || entry->context_length != context->length ||
		memcmp(entry->key + entry->text_length, context->bytes, context->length) != 0 ||
		!shape_like(text->text, text->length, entry->cut_text, entry->cut_length, entry->cuts, entry->n_cuts,
					shape->cuts))
		return NULL;
	shape->n_cuts = entry->n_cuts;
	return entry;
}

/* Another text of a known shape. */
static struct verdict *follow(struct verdict_cache *cache, struct entry *entry, const struct shape *shape,
							  const struct key *text, const struct guard_request *request, size_t hint)
{
	struct verdict *verdict = shape_move(entry->verdict, entry->cuts, shape->cuts, shape->n_cuts);
	used(cache, entry);
	if (entry->confirmed >= CONFIRMATIONS) {
		cache->hints[hint] = entry;
		uint64_t *recent = &cache->recent[text->hash & (RECENT - 1)];
		cache->counts.hits++;
		if (*recent == text->hash)
			remember(cache, text, verdict);
		*recent = text->hash;
		return verdict;
	}
	cache->counts.misses++;
	struct verdict *full = guard(request);
	if (shape_same(verdict, full))
		entry->confirmed++;
	else
		entry->doubtful = true;
	verdict_unref(verdict);
	return full;
}

struct verdict *verdict_cache_guard(struct verdict_cache *cache, const struct guard_request *request)
{
	struct context context;
	struct shape shape;
	context_make(&context, request);
	if (context.overflow) {
		cache->counts.misses++;
		return guard(request);
	}
	context.hash = hash_run(cache->seeds, cache->seeds[2], context.bytes, context.length);
	struct key text = key_of(cache, &context, request->text, request->length, false), key;
	struct entry *entry = find(cache, &text);
	if (entry) {
		cache->counts.hits++;
		used(cache, entry);
		return verdict_ref(entry->verdict);
	}
	bool shaped = may_have_shape(request);
	size_t hint = shaped ? hint_of(cache, &text) : 0;
	if (shaped && (entry = hinted(cache, hint, &text, &shape)))
		return follow(cache, entry, &shape, &text, request, hint);
	shaped = shaped && shape_of(&shape, text.text, text.length, request->policy->tenant_column);
	if (shaped) {
		key = key_of(cache, &context, shape.text, shape.length, true);
		if ((entry = find(cache, &key)) && !entry->doubtful)
			return follow(cache, entry, &shape, &text, request, hint);
	}
	cache->counts.misses++;
	struct verdict *verdict = guard(request);
	if (verdict->cacheable && !verdict->unknown_name)
		learn(cache, &text, shaped && !entry ? &key : NULL, &shape, verdict);
	return verdict;
}

void verdict_cache_free(struct verdict_cache *cache)
{
	if (!cache)
		return;
	while (cache->oldest)
		drop(cache, cache->oldest); /* which is another one then. NOLINT(clang-analyzer-unix.Malloc) */
	free(cache->buckets);
	free(cache);
}

struct verdict_cache_counts verdict_cache_counts(const struct verdict_cache *cache)
{
	return cache->counts;
}
