/* Tenant column types; see tenant_type.h. Follows int4in, int8in, uuid_in and textin of PostgreSQL, decimal
 * spellings only: what newer servers also read (0x2a, 1_000) is refused, because older ones refuse it. */
#include "parser/tenant_type.h"

#include <string.h>
#include <strings.h>

static const struct {
	const char *name, *literal; /* format_type() and the name that is safe in front of a literal */
	uint32_t oid;
} TYPES[] = {
	[TENANT_INTEGER] = {"integer", "pg_catalog.int4", 23},
	[TENANT_BIGINT] = {"bigint", "pg_catalog.int8", 20},
	[TENANT_UUID] = {"uuid", "pg_catalog.uuid", 2950},
	[TENANT_TEXT] = {"text", "pg_catalog.text", 25},
};

enum { UUID_BYTES = 16 };

const char *tenant_type_name(enum tenant_type type)
{
	return TYPES[type].name;
}

uint32_t tenant_type_oid(enum tenant_type type)
{
	return TYPES[type].oid;
}

const char *tenant_type_internal(enum tenant_type type)
{
	return strchr(TYPES[type].literal, '.') + 1;
}

bool tenant_type_parse(const char *name, enum tenant_type *type)
{
	static const struct {
		const char *name;
		enum tenant_type type;
	} SPELLINGS[] = {
		{"integer", TENANT_INTEGER}, {"int", TENANT_INTEGER}, {"int4", TENANT_INTEGER},
		{"bigint", TENANT_BIGINT},   {"int8", TENANT_BIGINT}, {"uuid", TENANT_UUID},
		{"text", TENANT_TEXT},
	};
	for (size_t i = 0; i < sizeof SPELLINGS / sizeof *SPELLINGS; i++)
		if (strcasecmp(name, SPELLINGS[i].name) == 0) {
			*type = SPELLINGS[i].type;
			return true;
		}
	return false;
}

bool tenant_type_from_oid(uint32_t oid, enum tenant_type *type)
{
	for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++)
		if (TYPES[i].oid == oid) {
			*type = (enum tenant_type)i;
			return true;
		}
	return false;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Sign and digits with white space around; the magnitude may be one more on the negative side. */
static bool canonical_number(const char *text, uint64_t most, char *out)
{
	while (is_space(*text))
		text++;
	bool negative = *text == '-';
	if (*text == '-' || *text == '+')
		text++;
	if (!is_digit(*text))
		return false;
	uint64_t limit = most + negative, value = 0;
	for (; is_digit(*text); text++) {
		unsigned digit = (unsigned)(*text - '0');
		if (value > (limit - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	while (is_space(*text))
		text++;
	if (*text)
		return false;
	char digits[24];
	size_t n = 0;
	bool minus = negative && value != 0;
	do
		digits[n++] = (char)('0' + value % 10);
	while ((value /= 10) != 0);
	if (minus)
		*out++ = '-';
	while (n > 0)
		*out++ = digits[--n];
	*out = 0;
	return true;
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* As string_to_uuid(): braces around, a hyphen after any four digits. */
static bool read_uuid(const char *text, uint8_t bytes[UUID_BYTES])
{
	bool braces = *text == '{';
	text += braces;
	for (int i = 0; i < UUID_BYTES; i++) {
		int high = hex_value(text[0]);
		int low = high < 0 ? -1 : hex_value(text[1]);
		if (low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
		text += 2;
		if (*text == '-' && i % 2 == 1 && i < UUID_BYTES - 1)
			text++;
	}
	if (braces && *text++ != '}')
		return false;
	return *text == 0;
}

static bool canonical_uuid(const char *text, char *out)
{
	uint8_t bytes[UUID_BYTES];
	if (!read_uuid(text, bytes))
		return false;
	for (int i = 0; i < UUID_BYTES; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = "0123456789abcdef"[bytes[i] >> 4];
		*out++ = "0123456789abcdef"[bytes[i] & 15];
	}
	*out = 0;
	return true;
}

/* Length of the UTF-8 character at `text`, 0 if it is none (RFC 3629: no overlong forms, no surrogates). */
static size_t utf8_character(const unsigned char *text)
{
	if (text[0] < 0x80)
		return 1;
	size_t n = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
	if (text[0] < 0xc2 || text[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
		(text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f))
		return 0;
	return n;
}

static bool canonical_text(const char *text, char *out)
{
	size_t length = strnlen(text, TENANT_VALUE_MAX + 1);
	if (length == 0 || length > TENANT_VALUE_MAX)
		return false;
	for (size_t at = 0; at < length;) {
		size_t n = utf8_character((const unsigned char *)text + at);
		if (n == 0)
			return false;
		at += n;
	}
	memcpy(out, text, length + 1);
	return true;
}

bool tenant_value_canonical(enum tenant_type type, const char *text, char *out)
{
	switch (type) {
	case TENANT_INTEGER:
		return canonical_number(text, INT32_MAX, out);
	case TENANT_BIGINT:
		return canonical_number(text, INT64_MAX, out);
	case TENANT_UUID:
		return canonical_uuid(text, out);
	case TENANT_TEXT:
		return canonical_text(text, out);
	}
	return false;
}

/* real would round 16777217 to 16777216, name would cut a text. */
static const struct keeper {
	const char *name;
	uint32_t oid;
	bool number, uuid, text;
} KEEPERS[] = {{"int2", 21, true, false, false},    {"int4", 23, true, false, false},
			   {"int8", 20, true, false, false},    {"numeric", 1700, true, false, false},
			   {"uuid", 2950, false, true, false},  {"text", 25, true, true, true},
			   {"varchar", 1043, true, true, true}, {"unknown", 705, true, true, true}};

static bool keeps(const struct keeper *keeper, enum tenant_type type)
{
	return type == TENANT_UUID ? keeper->uuid : type == TENANT_TEXT ? keeper->text : keeper->number;
}

bool tenant_type_kept_by(enum tenant_type type, const char *name)
{
	for (size_t i = 0; i < sizeof KEEPERS / sizeof *KEEPERS; i++)
		if (strcmp(KEEPERS[i].name, name) == 0)
			return keeps(&KEEPERS[i], type);
	return false;
}

bool tenant_type_kept_by_oid(enum tenant_type type, uint32_t oid)
{
	for (size_t i = 0; i < sizeof KEEPERS / sizeof *KEEPERS; i++)
		if (KEEPERS[i].oid == oid)
			return keeps(&KEEPERS[i], type);
	return oid == 0;
}

size_t tenant_value_literal(enum tenant_type type, const char *value, char *out)
{
	char *to = out;
	if (type == TENANT_INTEGER && *value != '-') {
		to = stpcpy(to, value);
		return (size_t)(to - out);
	}
	to = stpcpy(to, TYPES[type].literal);
	*to++ = ' ';
	*to++ = '\'';
	for (; *value; value++) {
		if (*value == '\'')
			*to++ = '\'';
		*to++ = *value;
	}
	*to++ = '\'';
	*to = 0;
	return (size_t)(to - out);
}

static size_t binary_number(const char *value, size_t bytes, char *out)
{
	bool negative = *value == '-';
	uint64_t number = 0;
	for (value += negative; *value; value++)
		number = number * 10 + (uint64_t)(*value - '0');
	if (negative)
		number = 0 - number;
	for (size_t i = 0; i < bytes; i++)
		out[i] = (char)(number >> (8 * (bytes - 1 - i)));
	return bytes;
}

size_t tenant_value_binary(enum tenant_type type, const char *value, char *out)
{
	switch (type) {
	case TENANT_INTEGER:
		return binary_number(value, 4, out);
	case TENANT_BIGINT:
		return binary_number(value, 8, out);
	case TENANT_UUID:
		return read_uuid(value, (uint8_t *)out) ? UUID_BYTES : 0;
	case TENANT_TEXT:
		break;
	}
	size_t length = strlen(value);
	memcpy(out, value, length); /* NOLINT(bugprone-not-null-terminated-result): no string */
	return length;
}
