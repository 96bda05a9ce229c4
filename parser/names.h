/* Comparing and hashing names, which every verdict does by the hundred: most comparisons end at the first byte. */
#ifndef TENANTRY_PARSER_NAMES_H
#define TENANTRY_PARSER_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define NAMES_SEED 0xcbf29ce484222325u

static inline bool same_name(const char *a, const char *b)
{
	return a[0] == b[0] && strcmp(a, b) == 0;
}

/* What session_names.checked says behind the name and \1, if the entry is that prepared statement's; else NULL. Names with a
 * \1 are in no entry. */
static inline const char *prepared_checks(const char *entry, const char *name)
{
	size_t length = strlen(name);
	return strncmp(entry, name, length) == 0 && entry[length] == '\1' ? entry + length + 1 : NULL;
}

static inline uint64_t hash_step(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 32;
}

/* Eight bytes at a time; not for secrets, and not the same on machines of another byte order. */
static inline uint64_t hash_bytes(uint64_t hash, const char *bytes, size_t length)
{
	uint64_t word;
	for (; length >= sizeof word; bytes += sizeof word, length -= sizeof word) {
		memcpy(&word, bytes, sizeof word);
		hash = hash_step(hash, word);
	}
	word = length;
	for (size_t i = 0; i < length; i++)
		word = word << 8 | (unsigned char)bytes[i];
	return hash_step(hash, word);
}

#endif
