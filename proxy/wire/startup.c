/* Startup packets; see startup.h. */
#include "proxy/wire/startup.h"

enum { CODE_CANCEL = 80877102, CODE_SSL = 80877103, CODE_GSSENC = 80877104, KEY_MAX = 256 };

static bool pairs_are_whole(const char *bytes, size_t length)
{
	struct reader reader = reader_of(bytes, length);
	for (;;) {
		size_t name_length;
		reader_string(&reader, &name_length);
		if (reader.bad)
			return false;
		if (name_length == 0)
			return reader_done(&reader);
		reader_string(&reader, NULL);
	}
}

enum wire_status wire_startup_decode(const char *bytes, size_t n, struct wire_startup *startup)
{
	memset(startup, 0, sizeof *startup);
	if (n < 4)
		return WIRE_PARTIAL;
	uint32_t length = wire_get_u32(bytes);
	if (length < 8 || length > WIRE_SMALL)
		return WIRE_BAD;
	if (n < length)
		return WIRE_PARTIAL;
	uint32_t code = wire_get_u32(bytes + 4);
	startup->length = length;
	switch (code) {
	case CODE_SSL:
		startup->kind = WIRE_SSL_REQUEST;
		return length == 8 ? WIRE_OK : WIRE_BAD;
	case CODE_GSSENC:
		startup->kind = WIRE_GSSENC_REQUEST;
		return length == 8 ? WIRE_OK : WIRE_BAD;
	case CODE_CANCEL:
		startup->kind = WIRE_CANCEL_REQUEST;
		if (length < 16 || length > 12 + KEY_MAX)
			return WIRE_BAD;
		startup->process_id = wire_get_u32(bytes + 8);
		startup->key = (const uint8_t *)bytes + 12;
		startup->key_length = length - 12;
		return WIRE_OK;
	}
	startup->kind = WIRE_STARTUP;
	startup->major = code >> 16;
	startup->minor = code & 0xffff;
	startup->parameters = bytes + 8;
	startup->parameters_length = length - 8;
	/* Only major version 3 is known to look like this; another one is answered by number alone. */
	startup->layout = startup->major == WIRE_PROTOCOL_MAJOR &&
					  !pairs_are_whole(startup->parameters, startup->parameters_length);
	return startup->layout ? WIRE_BAD : WIRE_OK;
}

bool wire_startup_next(const struct wire_startup *startup, const char **at, const char **name,
					   const char **value)
{
	const char *from = *at ? *at : startup->parameters;
	struct reader reader = reader_of(from, (size_t)(startup->parameters + startup->parameters_length - from));
	*name = reader_string(&reader, NULL);
	if (**name == 0)
		return false;
	*value = reader_string(&reader, NULL);
	*at = reader.at;
	return true;
}

void wire_add_negotiate(struct buffer *to, unsigned minor, const char *const *options, size_t n)
{
	size_t begun = buffer_message_begin(to, 'v');
	buffer_add_u32(to, (uint32_t)WIRE_PROTOCOL_MAJOR << 16 | minor);
	buffer_add_u32(to, (uint32_t)n);
	for (size_t i = 0; i < n; i++)
		buffer_add_string(to, options[i]);
	buffer_message_end(to, begun);
}
