/* Error fields; see error_response.h. */
#include "proxy/wire/error_response.h"

#include <stdio.h>

bool wire_error_valid(const char *body, size_t length)
{
	struct reader reader = reader_of(body, length);
	while (reader_u8(&reader) != 0)
		reader_string(&reader, NULL);
	return reader_done(&reader);
}

const char *wire_error_field(const char *body, size_t length, char field)
{
	struct reader reader = reader_of(body, length);
	for (;;) {
		char letter = (char)reader_u8(&reader);
		if (letter == 0)
			return NULL;
		const char *text = reader_string(&reader, NULL);
		if (letter == field)
			return text;
	}
}

static void add_field(struct buffer *to, char letter, const char *text)
{
	buffer_add_u8(to, (uint8_t)letter);
	buffer_add_string(to, text);
}

void wire_add_error(struct buffer *to, const char *severity, const struct error *error, int position)
{
	size_t begun = buffer_message_begin(to, 'E');
	add_field(to, 'S', severity);
	add_field(to, 'V', severity);
	add_field(to, 'C', error->sqlstate);
	add_field(to, 'M', error->message);
	if (error->detail[0])
		add_field(to, 'D', error->detail);
	if (error->hint[0])
		add_field(to, 'H', error->hint);
	if (position > 0) {
		char digits[16];
		snprintf(digits, sizeof digits, "%d", position);
		add_field(to, 'P', digits);
	}
	buffer_add_u8(to, 0);
	buffer_message_end(to, begun);
}

/* The new text of a field: NULL when the edit does not set it. */
static const char *edited(const struct wire_error_edit *edit, char letter, const char *position)
{
	switch (letter) {
	case 'C':
		return edit->sqlstate;
	case 'M':
		return edit->message;
	case 'D':
		return edit->detail;
	case 'H':
		return edit->hint;
	case 'W':
		return edit->context;
	case 'R':
		return edit->routine;
	case 'P':
		return edit->position > 0 ? position : NULL;
	default:
		return NULL;
	}
}

void wire_error_edit(struct buffer *to, char type, const char *body, size_t length,
					 const struct wire_error_edit *edit)
{
	static const char settable[] = "CMDHPWR";
	bool done[sizeof settable] = {false};
	char position[16];
	snprintf(position, sizeof position, "%d", edit->position);

	size_t begun = buffer_message_begin(to, type);
	struct reader reader = reader_of(body, length);
	for (;;) {
		char letter = (char)reader_u8(&reader);
		if (letter == 0)
			break;
		const char *text = reader_string(&reader, NULL);
		const char *new_text = edited(edit, letter, position);
		if (new_text) {
			add_field(to, letter, new_text);
			done[strchr(settable, letter) - settable] = true;
		} else if (!(edit->drop && strchr(edit->drop, letter)) && !(letter == 'P' && edit->position == 0)) {
			add_field(to, letter, text);
		}
	}
	for (size_t i = 0; settable[i]; i++) {
		const char *new_text = done[i] ? NULL : edited(edit, settable[i], position);
		if (new_text)
			add_field(to, settable[i], new_text);
	}
	buffer_add_u8(to, 0);
	buffer_message_end(to, begun);
}
