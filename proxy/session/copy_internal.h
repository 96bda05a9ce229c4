/* Shared by copy.c (text, CSV) and copy_binary.c. */
#ifndef TENANTRY_SESSION_COPY_INTERNAL_H
#define TENANTRY_SESSION_COPY_INTERNAL_H

#include "proxy/session/copy.h"

enum { COPY_FIELD_MAX = 4 * TENANT_VALUE_MAX, COPY_NULL_MAX = 1024 };

enum eol { EOL_UNKNOWN, EOL_NL, EOL_CR, EOL_CRNL };

/* A byte that has been taken from the input and not yet put into the output. */
enum pending { PENDING_NONE, PENDING_BACKSLASH, PENDING_DOT /* backslash and dot */, PENDING_RETURN };

enum binary_state {
	BINARY_SIGNATURE, /* 11 bytes and the flags, 15 in all */
	BINARY_EXTENSION_LENGTH,
	BINARY_EXTENSION,
	BINARY_COUNT,
	BINARY_LENGTH,
	BINARY_FIELD,
	BINARY_END,
};

struct copy_stream {
	struct copy_plan plan;
	char tenant[TENANT_VALUE_MAX + 1];
	char column[128];
	char null_string[COPY_NULL_MAX], default_string[COPY_NULL_MAX];
	char value[TENANT_VALUE_MAX * 2 + 8], name[256 + 8]; /* as they are appended */
	size_t value_length, name_length;
	int check_column;
	unsigned long long rows;
	bool ended; /* the end marker has come: nothing behind it is passed on */

	/* text, CSV */
	bool csv, end_marker;
	char escape; /* 0: the same as the quote */
	bool special[256];
	enum eol eol;
	enum pending pending;
	bool in_quote, last_was_escape, quote_just_closed;
	bool line_empty, header_left;
	unsigned fields; /* ended in this row */
	bool field_long, field_quoted;
	size_t field_length;
	char field[COPY_FIELD_MAX + 1];

	/* binary */
	enum binary_state state;
	char number[16];
	size_t number_length;
	uint32_t left; /* bytes of the field or extension */
	unsigned columns_left;
};

bool copy_binary_data(struct copy_stream *stream, const char *bytes, size_t length, struct buffer *out,
					  struct error *error) __attribute__((warn_unused_result));
/* Sets the error of a value that is not the tenant's; returns false. */
bool copy_not_tenant(const struct copy_stream *stream, struct error *error);

#endif
