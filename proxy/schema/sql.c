/* SQL tools; see sql.h. */
#include "proxy/schema/sql.h"

#include <stdlib.h>
#include <string.h>

/* Every keyword of PostgreSQL 13 to 18 that is not UNRESERVED, as quote_ident() sees it, between spaces. */
static const char keywords[] =
	" all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean "
	"both "
	"case cast char character check coalesce collate collation column concurrently constraint create cross "
	"current_catalog current_date current_role current_schema current_time current_timestamp current_user "
	"dec "
	"decimal default deferrable desc distinct do else end except exists extract false fetch float for "
	"foreign "
	"freeze from full grant greatest group grouping having ilike in initially inner inout int integer "
	"intersect interval into is isnull join json json_array json_arrayagg json_exists json_object "
	"json_objectagg json_query json_scalar json_serialize json_table json_value lateral leading least left "
	"like limit localtime localtimestamp merge_action national natural nchar none normalize not notnull null "
	"nullif numeric offset on only or order out outer overlaps overlay placing position precision primary "
	"real "
	"references returning right row select session_user setof similar smallint some substring symmetric "
	"system_user table tablesample then time timestamp to trailing treat trim true union unique user using "
	"values varchar variadic verbose when where window with xmlattributes xmlconcat xmlelement xmlexists "
	"xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable ";

static bool is_keyword(const char *name)
{
	size_t length = strlen(name);
	for (const char *at = strstr(keywords, name); at; at = strstr(at + 1, name))
		if (at[-1] == ' ' && at[length] == ' ')
			return true;
	return false;
}

static bool needs_no_quotes(const char *name)
{
	if (!((name[0] >= 'a' && name[0] <= 'z') || name[0] == '_'))
		return false;
	for (const char *c = name; *c; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_'))
			return false;
	return !is_keyword(name);
}

/* Writes `text` between `quote`s, each `quote` and, with `escape`, each backslash doubled. */
static char *write_quoted(char *out, const char *text, char quote, bool escape)
{
	*out++ = quote;
	for (const char *c = text; *c; c++) {
		if (*c == quote || (escape && *c == '\\'))
			*out++ = *c;
		*out++ = *c;
	}
	*out++ = quote;
	return out;
}

const char *sql_identifier(struct arena *arena, const char *name)
{
	if (needs_no_quotes(name))
		return arena_copy(arena, name);
	char *text = arena_alloc(arena, 2 * strlen(name) + 3);
	*write_quoted(text, name, '"', false) = 0;
	return text;
}

const char *sql_qualified(struct arena *arena, const char *schema, const char *name)
{
	if (!schema)
		return sql_identifier(arena, name);
	return arena_format(arena, "%s.%s", sql_identifier(arena, schema), sql_identifier(arena, name));
}

const char *sql_literal(struct arena *arena, const char *text)
{
	bool escape = strchr(text, '\\') != NULL;
	char *literal = arena_alloc(arena, 2 * strlen(text) + 4), *out = literal;
	if (escape)
		*out++ = 'E';
	*write_quoted(out, text, '\'', escape) = 0;
	return literal;
}

const char *sql_array(struct arena *arena, size_t n, const char *const *texts)
{
	size_t room = 3;
	for (size_t i = 0; i < n; i++)
		room += texts[i] ? 2 * strlen(texts[i]) + 3 : 5;
	char *array = arena_alloc(arena, room), *out = array;
	*out++ = '{';
	for (size_t i = 0; i < n; i++) {
		if (i)
			*out++ = ',';
		if (!texts[i]) {
			memcpy(out, "NULL", 4);
			out += 4;
			continue;
		}
		*out++ = '"';
		for (const char *c = texts[i]; *c; c++) {
			if (*c == '"' || *c == '\\')
				*out++ = '\\';
			*out++ = *c;
		}
		*out++ = '"';
	}
	*out++ = '}';
	*out = 0;
	return array;
}

/* libpq's texts end with a newline, and may hold several lines. */
static const char *first_line(const char *message, char *line, size_t size)
{
	size_t length = strcspn(message ? message : "", "\n");
	if (length >= size)
		length = size - 1;
	memcpy(line, message ? message : "", length);
	line[length] = 0;
	return line;
}

bool sql_error(struct error *error, PGconn *connection, const PGresult *result)
{
	char line[480];
	const char *sqlstate = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	if (!sqlstate) {
		const char *message = PQerrorMessage(connection);
		return error_set(error, "08006", "%s",
						 message && *message ? first_line(message, line, sizeof line)
											 : "the connection to the server was lost");
	}
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
	const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
	error_set(error, sqlstate, "%s", message ? message : "the server gave no message");
	if (detail)
		error_detail(error, "%s", detail);
	if (hint)
		error_hint(error, "%s", hint);
	return false;
}

PGresult *sql_query(PGconn *connection, const char *text, int n_values, const char *const *values,
					struct error *error)
{
	PGresult *result = PQexecParams(connection, text, n_values, NULL, values, NULL, NULL, 0);
	if (PQresultStatus(result) == PGRES_TUPLES_OK)
		return result;
	sql_error(error, connection, result);
	PQclear(result);
	return NULL;
}

bool sql_run(PGconn *connection, const char *text, struct error *error)
{
	PGresult *result = PQexec(connection, text);
	ExecStatusType status = PQresultStatus(result);
	bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
	if (!good)
		sql_error(error, connection, result);
	PQclear(result);
	return good;
}

const char *sql_text(const PGresult *result, int row, int column)
{
	return PQgetisnull(result, row, column) ? NULL : PQgetvalue(result, row, column);
}

bool sql_bool(const PGresult *result, int row, int column)
{
	return PQgetvalue(result, row, column)[0] == 't';
}

uint32_t sql_oid(const PGresult *result, int row, int column)
{
	return (uint32_t)strtoul(PQgetvalue(result, row, column), NULL, 10);
}

int64_t sql_int(const PGresult *result, int row, int column)
{
	return strtoll(PQgetvalue(result, row, column), NULL, 10);
}
