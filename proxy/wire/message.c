/* Framing and decoding; see message.h. */
#include "proxy/wire/message.h"

const uint32_t wire_client_limits[256] = {
	['Q'] = WIRE_LARGE, /* Query */
	['P'] = WIRE_LARGE, /* Parse */
	['B'] = WIRE_LARGE, /* Bind */
	['F'] = WIRE_LARGE, /* FunctionCall */
	['d'] = WIRE_LARGE, /* CopyData */
	['p'] = WIRE_SMALL, /* password and SASL answers */
	['C'] = WIRE_SMALL, /* Close */
	['D'] = WIRE_SMALL, /* Describe */
	['E'] = WIRE_SMALL, /* Execute */
	['H'] = WIRE_SMALL, /* Flush */
	['S'] = WIRE_SMALL, /* Sync */
	['X'] = WIRE_SMALL, /* Terminate */
	['c'] = WIRE_SMALL, /* CopyDone */
	['f'] = WIRE_SMALL, /* CopyFail */
};

const uint32_t wire_server_limits[256] = {
	['D'] = WIRE_LARGE, /* DataRow */
	['d'] = WIRE_LARGE, /* CopyData */
	['T'] = WIRE_LARGE, /* RowDescription */
	['t'] = WIRE_LARGE, /* ParameterDescription */
	['V'] = WIRE_LARGE, /* FunctionCallResponse */
	['E'] = WIRE_LARGE, /* ErrorResponse */
	['N'] = WIRE_LARGE, /* NoticeResponse */
	['A'] = WIRE_LARGE, /* NotificationResponse */
	['S'] = WIRE_LARGE, /* ParameterStatus */
	['G'] = WIRE_SMALL, /* CopyInResponse */
	['H'] = WIRE_SMALL, /* CopyOutResponse */
	['C'] = WIRE_SMALL, /* CommandComplete */
	['1'] = 1,          /* ParseComplete */
	['2'] = 1,          /* BindComplete */
	['3'] = 1,          /* CloseComplete */
	['n'] = 1,          /* NoData */
	['s'] = 1,          /* PortalSuspended */
	['I'] = 1,          /* EmptyQueryResponse */
	['c'] = 1,          /* CopyDone */
	['Z'] = 1,          /* ReadyForQuery */
};

bool wire_parse_decode(const char *body, size_t length, struct wire_parse *parse)
{
	struct reader reader = reader_of(body, length);
	parse->name = reader_string(&reader, &parse->name_length);
	parse->text = reader_string(&reader, &parse->text_length);
	parse->n_types = reader_u16(&reader);
	parse->types = reader_bytes(&reader, (size_t)parse->n_types * 4);
	return reader_done(&reader);
}

bool wire_bind_decode(const char *body, size_t length, struct wire_bind *bind)
{
	struct reader reader = reader_of(body, length);
	bind->portal = reader_string(&reader, NULL);
	bind->statement = reader_string(&reader, NULL);
	bind->n_formats = reader_u16(&reader);
	bind->formats = reader_bytes(&reader, (size_t)bind->n_formats * 2);
	bind->n_values = reader_u16(&reader);
	bind->counted = !reader.bad;
	bind->values = reader.at;
	for (unsigned i = 0; i < bind->n_values && !reader.bad; i++) {
		uint32_t size = reader_u32(&reader);
		if (size != UINT32_MAX)
			reader_bytes(&reader, size);
	}
	bind->values_end = reader.at;
	bind->results = reader.at;
	unsigned n_results = reader_u16(&reader);
	reader_bytes(&reader, (size_t)n_results * 2);
	if (!reader_done(&reader))
		return false;
	bind->results_length = (size_t)(reader.end - bind->results);
	/* None, one for all, or one each. */
	return bind->n_formats <= 1 || bind->n_formats == bind->n_values;
}

unsigned wire_bind_format(const struct wire_bind *bind, unsigned i)
{
	if (bind->n_formats == 0)
		return 0;
	return wire_get_u16(bind->formats + (bind->n_formats == 1 ? 0 : (size_t)i * 2));
}

const char *wire_bind_value(const struct wire_bind *bind, unsigned i, int32_t *length)
{
	struct reader reader = reader_of(bind->values, (size_t)(bind->values_end - bind->values));
	for (;; i--) {
		uint32_t size = reader_u32(&reader);
		const char *value = size == UINT32_MAX ? NULL : reader_bytes(&reader, size);
		if (i == 0) {
			*length = value ? (int32_t)size : -1;
			return value;
		}
	}
}

bool wire_target_decode(const char *body, size_t length, char *target, const char **name)
{
	struct reader reader = reader_of(body, length);
	*target = (char)reader_u8(&reader);
	*name = reader_string(&reader, NULL);
	return reader_done(&reader) && (*target == 'S' || *target == 'P');
}

bool wire_execute_decode(const char *body, size_t length, const char **portal)
{
	struct reader reader = reader_of(body, length);
	*portal = reader_string(&reader, NULL);
	reader_u32(&reader);
	return reader_done(&reader);
}

bool wire_string_decode(const char *body, size_t length, const char **text, size_t *text_length)
{
	struct reader reader = reader_of(body, length);
	*text = reader_string(&reader, text_length);
	return reader_done(&reader);
}

bool wire_status_decode(const char *body, size_t length, const char **name, const char **value)
{
	struct reader reader = reader_of(body, length);
	*name = reader_string(&reader, NULL);
	*value = reader_string(&reader, NULL);
	return reader_done(&reader);
}

void wire_add_header(struct buffer *to, char type, size_t body_length)
{
	char *header = buffer_reserve(to, WIRE_HEADER);
	if (!header)
		return;
	header[0] = type;
	wire_put_u32(header + 1, (uint32_t)(body_length + 4));
	buffer_commit(to, WIRE_HEADER);
}

void wire_add_empty(struct buffer *to, char type)
{
	wire_add_header(to, type, 0);
}

void wire_add_text(struct buffer *to, char type, const char *text)
{
	wire_add_header(to, type, strlen(text) + 1);
	buffer_add_string(to, text);
}

void wire_add_target(struct buffer *to, char type, char target, const char *name)
{
	wire_add_header(to, type, strlen(name) + 2);
	buffer_add_u8(to, (uint8_t)target);
	buffer_add_string(to, name);
}

void wire_add_parse(struct buffer *to, const char *name, const char *text)
{
	wire_add_header(to, 'P', strlen(name) + strlen(text) + 4);
	buffer_add_string(to, name);
	buffer_add_string(to, text);
	buffer_add_u16(to, 0);
}

void wire_add_bind(struct buffer *to, const char *portal, const char *statement)
{
	wire_add_header(to, 'B', strlen(portal) + strlen(statement) + 8);
	buffer_add_string(to, portal);
	buffer_add_string(to, statement);
	buffer_add_u16(to, 0);
	buffer_add_u16(to, 0);
	buffer_add_u16(to, 0);
}

void wire_add_execute(struct buffer *to, const char *portal)
{
	wire_add_header(to, 'E', strlen(portal) + 5);
	buffer_add_string(to, portal);
	buffer_add_u32(to, 0);
}

void wire_add_status(struct buffer *to, const char *name, const char *value)
{
	wire_add_header(to, 'S', strlen(name) + strlen(value) + 2);
	buffer_add_string(to, name);
	buffer_add_string(to, value);
}

void wire_add_ready(struct buffer *to, char status)
{
	wire_add_header(to, 'Z', 1);
	buffer_add_u8(to, (uint8_t)status);
}
