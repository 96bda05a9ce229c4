/* The types that a tenant column can have. Pure facts, shared by parser/ and proxy/.
 *
 * A tenant's value travels through tenantry as text in PostgreSQL's canonical output form of its type
 * ("42", "a0ee...-lower-case-uuid", "acme"); tenant_value_canonical() makes or refuses it. */
#ifndef TENANTRY_PARSER_TENANT_TYPE_H
#define TENANTRY_PARSER_TENANT_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tenant_type {
	TENANT_INTEGER,
	TENANT_BIGINT,
	TENANT_UUID,
	TENANT_TEXT,
};

/* Longest canonical value in bytes, without the terminating zero. Longer text values are refused. */
#define TENANT_VALUE_MAX 127

/* "integer", "bigint", "uuid", "text": as format_type() prints it. */
const char *tenant_type_name(enum tenant_type type);

/* "int4", "int8", "uuid", "text": as pg_catalog has it. */
const char *tenant_type_internal(enum tenant_type type);

/* pg_type.oid: 23, 20, 2950, 25. */
uint32_t tenant_type_oid(enum tenant_type type);

/* Reads any spelling that PostgreSQL knows (int4, integer, int8, bigint, uuid, text). False: not one of
 * the four. */
bool tenant_type_parse(const char *name, enum tenant_type *type);
bool tenant_type_from_oid(uint32_t oid, enum tenant_type *type);

/* Checks `text` as the type's input function would and writes the canonical form and a zero to `out`,
 * which holds TENANT_VALUE_MAX + 1 bytes. False: not a value of the type (or too long, or empty). */
bool tenant_value_canonical(enum tenant_type type, const char *text, char *out)
	__attribute__((warn_unused_result));

/* Writes the value as one SQL expression that needs no parentheses anywhere (a c_expr of the grammar): 42
 * for a non-negative integer, otherwise `pg_catalog.int8 '42'`, `pg_catalog.uuid '..'`, `pg_catalog.text
 * 'o''brien'`. Returns the length; `out` needs TENANT_LITERAL_MAX bytes. `value` is canonical.
 * Backslashes never reach an E'' string. */
#define TENANT_LITERAL_MAX (2 * TENANT_VALUE_MAX + 32)
size_t tenant_value_literal(enum tenant_type type, const char *value, char *out);

/* The value in the binary format of its type (send function); returns the length, `out` needs
 * TENANT_VALUE_MAX bytes. */
size_t tenant_value_binary(enum tenant_type type, const char *value, char *out);

/* Can a value of the tenant column pass through this type without becoming another tenant's? By the name of a type of
 * pg_catalog; by the oid of a parameter's declared type (0: left to the server). */
bool tenant_type_kept_by(enum tenant_type type, const char *name);
bool tenant_type_kept_by_oid(enum tenant_type type, uint32_t oid);

#endif
