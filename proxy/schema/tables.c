/* The list of tables in the configuration: "users, shop.orders, "Odd Name", carts(shop_id)", read as SQL
 * would read it: unquoted names fold to lower case (ASCII only, as a multibyte server does), quoted ones
 * stay, names longer than 63 bytes are cut at a character. A name in parentheses is the table's own tenant
 * column.
 *
 * Refuses: empty items, names of three parts, quotes that do not end, anything else between the commas. */
#include <stdlib.h>
#include <string.h>

#include "proxy/schema/schema.h"

#define NAME_BYTES 63

struct reader {
	const char *list, *at;
	char *strings; /* where the next name goes */
	struct error *error;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static void skip_spaces(struct reader *reader)
{
	while (is_space(*reader->at))
		reader->at++;
}

static bool starts_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool continues_name(char c)
{
	return starts_name(c) || (c >= '0' && c <= '9') || c == '$';
}

static bool complain(struct reader *reader, const char *what)
{
	error_set(reader->error, "42601", "%s at character %d of the list of tables", what,
			  (int)(reader->at - reader->list) + 1);
	error_detail(reader->error, "The list is: %.900s", reader->list);
	error_hint(reader->error,
			   "Names are written as in SQL: users, shop.orders, \"Odd Name\"; a table's own tenant column "
			   "follows in parentheses: carts(shop_id).");
	return false;
}

/* Cut to what the server keeps of a name, at the start of a character. */
static void finish_name(struct reader *reader, char *start, char *end)
{
	if (end - start > NAME_BYTES) {
		end = start + NAME_BYTES;
		while (end > start && ((unsigned char)*end & 0xc0) == 0x80)
			end--;
	}
	*end = 0;
	reader->strings = end + 1;
}

static bool read_quoted(struct reader *reader, const char **name)
{
	char *start = reader->strings, *out = start;
	for (reader->at++;; reader->at++) {
		if (!*reader->at)
			return complain(reader, "a quoted name does not end");
		if (*reader->at == '"') {
			if (reader->at[1] != '"')
				break;
			reader->at++;
		}
		*out++ = *reader->at;
	}
	reader->at++;
	if (out == start)
		return complain(reader, "an empty name");
	finish_name(reader, start, out);
	*name = start;
	return true;
}

static bool read_name(struct reader *reader, const char **name)
{
	skip_spaces(reader);
	if (*reader->at == '"')
		return read_quoted(reader, name);
	if (!starts_name(*reader->at))
		return complain(reader, "a name is expected");
	char *start = reader->strings, *out = start;
	for (; continues_name(*reader->at); reader->at++)
		*out++ = *reader->at >= 'A' && *reader->at <= 'Z' ? (char)(*reader->at + 'a' - 'A') : *reader->at;
	finish_name(reader, start, out);
	*name = start;
	return true;
}

static bool read_table(struct reader *reader, struct schema_table *table)
{
	if (!read_name(reader, &table->name))
		return false;
	skip_spaces(reader);
	if (*reader->at == '.') {
		reader->at++;
		table->schema = table->name;
		if (!read_name(reader, &table->name))
			return false;
		skip_spaces(reader);
		if (*reader->at == '.')
			return complain(reader, "a third part of a name (other databases cannot be reached)");
	}
	if (*reader->at == '(') {
		reader->at++;
		if (!read_name(reader, &table->column))
			return false;
		skip_spaces(reader);
		if (*reader->at != ')')
			return complain(reader, "a closing parenthesis is expected");
		reader->at++;
		skip_spaces(reader);
	}
	return true;
}

bool schema_tables_parse(const char *list, struct schema_table **tables, size_t *n, struct error *error)
{
	size_t room = 1;
	for (const char *c = list; *c; c++)
		room += *c == ',';
	/* A name never grows when it is read, but each part of it needs a zero: what separates the parts makes
	 * room for it. */
	struct schema_table *block = calloc(1, room * sizeof *block + 2 * strlen(list) + 2);
	if (!block)
		abort();
	struct reader reader = {.list = list, .at = list, .strings = (char *)(block + room), .error = error};

	*tables = NULL;
	*n = 0;
	skip_spaces(&reader);
	while (*reader.at) {
		if (!read_table(&reader, &block[*n]))
			goto out;
		++*n;
		if (!*reader.at)
			break;
		if (*reader.at != ',') {
			complain(&reader, "a comma is expected");
			goto out;
		}
		reader.at++;
		skip_spaces(&reader);
		if (!*reader.at) {
			complain(&reader, "a name is expected");
			goto out;
		}
	}
	*tables = block;
	return true;
out:
	*n = 0;
	free(block);
	return false;
}
