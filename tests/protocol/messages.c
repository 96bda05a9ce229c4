/* The notation of protocol scripts; see messages.h. */
#include "tests/protocol/messages.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/wire/message.h"

/* --- words --- */
static char escaped(const char **at)
{
	char c = *(*at)++;
	char hex[3] = {0};
	switch (c) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'x':
		hex[0] = (*at)[0];
		hex[1] = (*at)[1];
		*at += 2;
		return (char)strtol(hex, NULL, 16);
	default:
		return c;
	}
}

bool words_split(char *line, struct words *words)
{
	words->n = 0;
	const char *at = line;
	for (;;) {
		while (isspace((unsigned char)*at))
			at++;
		if (!*at)
			return true;
		if (words->n == WORDS_MAX)
			return false;
		struct word *word = &words->list[words->n++];
		char *out = (char *)at;
		word->quoted = *at == '"';
		if (word->quoted) {
			word->text = out = (char *)++at;
			while (*at && *at != '"')
				*out++ = *at == '\\' ? (at++, escaped(&at)) : *at++;
			if (*at++ != '"')
				return false;
		} else {
			word->text = out;
			while (*at && !isspace((unsigned char)*at))
				at++, out++;
		}
		word->length = (size_t)(out - word->text);
		bool last = !*at;
		*out = 0;
		at += !last && !word->quoted;
	}
}

static bool is(const struct word *word, const char *text)
{
	return !word->quoted && strcmp(word->text, text) == 0;
}

/* --- pieces --- */
static void add_value(struct buffer *out, const struct word *word)
{
	if (is(word, "NULL")) {
		buffer_add_u32(out, UINT32_MAX);
		return;
	}
	buffer_add_u32(out, (uint32_t)word->length);
	buffer_add(out, word->text, word->length);
}

static void add_string(struct buffer *out, const struct word *word)
{
	buffer_add(out, word->text, word->length);
	buffer_add_u8(out, 0);
}

static uint32_t number(const struct word *word)
{
	return (uint32_t)strtoul(word->text, NULL, 0);
}

/* Words from `i` up to one of the markers; a count of two bytes, then each. */
static size_t add_list(struct buffer *out, const struct words *words, size_t i, const char *marker,
					   bool values)
{
	size_t from = i + 1, to = from;
	if (i >= words->n || !is(&words->list[i], marker)) {
		buffer_add_u16(out, 0);
		return i;
	}
	while (to < words->n && !is(&words->list[to], "values") && !is(&words->list[to], "results"))
		to++;
	buffer_add_u16(out, (uint16_t)(to - from));
	for (size_t k = from; k < to; k++) {
		if (values)
			add_value(out, &words->list[k]);
		else
			buffer_add_u16(out, (uint16_t)number(&words->list[k]));
	}
	return to;
}

/* --- the kinds of bodies --- */
enum body {
	BODY_EMPTY,
	BODY_STRING,  /* one */
	BODY_STRINGS, /* all the words */
	BODY_PARSE,
	BODY_BIND,
	BODY_TARGET,
	BODY_EXECUTE,
	BODY_FUNCTION,
	BODY_DATA, /* bytes as they are */
	BODY_AUTH, /* a number first */
	BODY_NEGOTIATE,
	BODY_KEY,
	BODY_ROW,
	BODY_ROW_DESCRIPTION,
	BODY_OIDS,
	BODY_FIELDS,
	BODY_NOTIFICATION,
	BODY_COPY,
	BODY_VALUE,
};

static const struct kind {
	const char *name;
	char type;
	enum body body;
	bool client, server;
	size_t words; /* at least, without the name */
	uint32_t code;
} kinds[] = {
	{"Query", 'Q', BODY_STRING, true, false, 1, 0},
	{"Parse", 'P', BODY_PARSE, true, false, 2, 0},
	{"Bind", 'B', BODY_BIND, true, false, 2, 0},
	{"Describe", 'D', BODY_TARGET, true, false, 2, 0},
	{"Close", 'C', BODY_TARGET, true, false, 2, 0},
	{"Execute", 'E', BODY_EXECUTE, true, false, 1, 0},
	{"Sync", 'S', BODY_EMPTY, true, false, 0, 0},
	{"Flush", 'H', BODY_EMPTY, true, false, 0, 0},
	{"Terminate", 'X', BODY_EMPTY, true, false, 0, 0},
	{"FunctionCall", 'F', BODY_FUNCTION, true, false, 1, 0},
	{"CopyData", 'd', BODY_DATA, true, true, 1, 0},
	{"CopyDone", 'c', BODY_EMPTY, true, true, 0, 0},
	{"CopyFail", 'f', BODY_STRING, true, false, 1, 0},
	{"AuthenticationOk", 'R', BODY_AUTH, false, true, 0, 0},
	{"AuthenticationSASL", 'R', BODY_AUTH, false, true, 1, 10},
	{"NegotiateProtocolVersion", 'v', BODY_NEGOTIATE, false, true, 1, 0},
	{"ParameterStatus", 'S', BODY_STRINGS, false, true, 2, 0},
	{"BackendKeyData", 'K', BODY_KEY, false, true, 2, 0},
	{"ReadyForQuery", 'Z', BODY_DATA, false, true, 1, 0},
	{"RowDescription", 'T', BODY_ROW_DESCRIPTION, false, true, 0, 0},
	{"DataRow", 'D', BODY_ROW, false, true, 0, 0},
	{"CommandComplete", 'C', BODY_STRING, false, true, 1, 0},
	{"EmptyQueryResponse", 'I', BODY_EMPTY, false, true, 0, 0},
	{"ParseComplete", '1', BODY_EMPTY, false, true, 0, 0},
	{"BindComplete", '2', BODY_EMPTY, false, true, 0, 0},
	{"CloseComplete", '3', BODY_EMPTY, false, true, 0, 0},
	{"NoData", 'n', BODY_EMPTY, false, true, 0, 0},
	{"PortalSuspended", 's', BODY_EMPTY, false, true, 0, 0},
	{"ParameterDescription", 't', BODY_OIDS, false, true, 0, 0},
	{"ErrorResponse", 'E', BODY_FIELDS, false, true, 1, 0},
	{"NoticeResponse", 'N', BODY_FIELDS, false, true, 1, 0},
	{"NotificationResponse", 'A', BODY_NOTIFICATION, false, true, 3, 0},
	{"CopyInResponse", 'G', BODY_COPY, false, true, 2, 0},
	{"CopyOutResponse", 'H', BODY_COPY, false, true, 2, 0},
	{"CopyBothResponse", 'W', BODY_COPY, false, true, 2, 0},
	{"FunctionCallResponse", 'V', BODY_VALUE, false, true, 1, 0},
};

static void add_bind(struct buffer *out, const struct words *words)
{
	add_string(out, &words->list[1]);
	add_string(out, &words->list[2]);
	size_t i = add_list(out, words, 3, "formats", false);
	i = add_list(out, words, i, "values", true);
	add_list(out, words, i, "results", false);
}

static void add_row_description(struct buffer *out, const struct words *words)
{
	buffer_add_u16(out, (uint16_t)(words->n - 1));
	for (size_t i = 1; i < words->n; i++) {
		add_string(out, &words->list[i]);
		buffer_add_u32(out, 0);
		buffer_add_u16(out, 0);
		buffer_add_u32(out, 25);
		buffer_add_u16(out, 0xffff);
		buffer_add_u32(out, UINT32_MAX);
		buffer_add_u16(out, 0);
	}
}

static void add_strings(struct buffer *out, const struct words *words, size_t from)
{
	for (size_t i = from; i < words->n; i++)
		add_string(out, &words->list[i]);
}

static void add_client_body(enum body body, const struct words *words, struct buffer *out)
{
	const struct word *list = words->list;
	switch (body) {
	case BODY_PARSE:
		add_string(out, &list[1]);
		add_string(out, &list[2]);
		buffer_add_u16(out, (uint16_t)(words->n - 3));
		for (size_t i = 3; i < words->n; i++)
			buffer_add_u32(out, number(&list[i]));
		break;
	case BODY_BIND:
		add_bind(out, words);
		break;
	case BODY_TARGET:
		buffer_add(out, list[1].text, 1);
		add_string(out, &list[2]);
		break;
	case BODY_EXECUTE:
		add_string(out, &list[1]);
		buffer_add_u32(out, words->n > 2 ? number(&list[2]) : 0);
		break;
	case BODY_FUNCTION:
		buffer_add_u32(out, number(&list[1]));
		for (int i = 0; i < 3; i++)
			buffer_add_u16(out, 0);
		break;
	default:
		break;
	}
}

static void add_body(const struct kind *kind, const struct words *words, struct buffer *out)
{
	const struct word *list = words->list;
	switch (kind->body) {
	case BODY_EMPTY:
		break;
	case BODY_STRING:
	case BODY_STRINGS:
		add_strings(out, words, 1);
		break;
	case BODY_PARSE:
	case BODY_BIND:
	case BODY_TARGET:
	case BODY_EXECUTE:
	case BODY_FUNCTION:
		add_client_body(kind->body, words, out);
		break;
	case BODY_DATA:
		buffer_add(out, list[1].text, list[1].length);
		break;
	case BODY_AUTH:
		buffer_add_u32(out, kind->code);
		add_strings(out, words, 1);
		if (kind->code)
			buffer_add_u8(out, 0);
		break;
	case BODY_NEGOTIATE:
		buffer_add_u32(out, 3u << 16 | number(&list[1]));
		buffer_add_u32(out, (uint32_t)(words->n - 2));
		add_strings(out, words, 2);
		break;
	case BODY_KEY:
		buffer_add_u32(out, number(&list[1]));
		buffer_add(out, list[2].text, list[2].length);
		break;
	case BODY_ROW:
		buffer_add_u16(out, (uint16_t)(words->n - 1));
		for (size_t i = 1; i < words->n; i++)
			add_value(out, &list[i]);
		break;
	case BODY_ROW_DESCRIPTION:
		add_row_description(out, words);
		break;
	case BODY_OIDS:
		buffer_add_u16(out, (uint16_t)(words->n - 1));
		for (size_t i = 1; i < words->n; i++)
			buffer_add_u32(out, number(&list[i]));
		break;
	case BODY_FIELDS:
		add_strings(out, words, 1);
		buffer_add_u8(out, 0);
		break;
	case BODY_NOTIFICATION:
		buffer_add_u32(out, number(&list[1]));
		add_strings(out, words, 2);
		break;
	case BODY_COPY:
		buffer_add_u8(out, (uint8_t)number(&list[1]));
		buffer_add_u16(out, (uint16_t)number(&list[2]));
		for (uint32_t i = 0; i < number(&list[2]); i++)
			buffer_add_u16(out, (uint16_t)number(&list[1]));
		break;
	case BODY_VALUE:
		add_value(out, &list[1]);
		break;
	}
}

/* What has no type byte. */
static bool add_untyped(const struct words *words, bool client, struct buffer *out)
{
	const struct word *name = &words->list[0];
	if (is(name, "Raw") || (is(name, "Byte") && !client)) {
		if (words->n < 2)
			return false;
		buffer_add(out, words->list[1].text, words->list[1].length);
		return true;
	}
	if (!client)
		return false;
	size_t begun = buffer_message_begin(out, 0);
	if (is(name, "Startup") || is(name, "Startup3.2")) {
		buffer_add_u32(out, 3u << 16 | (is(name, "Startup") ? 0 : 2));
		add_strings(out, words, 1);
		buffer_add_u8(out, 0);
	} else if (is(name, "SSLRequest")) {
		buffer_add_u32(out, 80877103);
	} else if (is(name, "GSSENCRequest")) {
		buffer_add_u32(out, 80877104);
	} else if (is(name, "CancelRequest") && words->n == 3) {
		buffer_add_u32(out, 80877102);
		buffer_add_u32(out, number(&words->list[1]));
		buffer_add(out, words->list[2].text, words->list[2].length);
	} else {
		return false;
	}
	buffer_message_end(out, begun);
	return true;
}

bool message_encode(const struct words *words, bool client, struct buffer *out)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		const struct kind *kind = &kinds[i];
		if (!is(&words->list[0], kind->name) || !(client ? kind->client : kind->server))
			continue;
		if (words->n - 1 < kind->words)
			return false;
		size_t begun = buffer_message_begin(out, kind->type);
		add_body(kind, words, out);
		buffer_message_end(out, begun);
		return true;
	}
	return add_untyped(words, client, out);
}

void message_print(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)bytes[i];
		if (c >= 32 && c < 127 && c != '\\')
			putchar(c);
		else
			printf("\\x%02x", c);
	}
}
