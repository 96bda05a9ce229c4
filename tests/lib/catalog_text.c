/* Reads catalogs from DDL; see catalog_text.h. */
#include "tests/lib/catalog_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parser/pg_nodes.h"

enum { MOST = 512, FIRST_OID = 16384 };

/* A relation under way: arrays that can grow until all statements are read. */
struct draft {
	struct catalog_relation relation;
	struct catalog_column columns[MOST];
	struct catalog_index indexes[64];
	uint32_t depends[256];
};

struct reader {
	struct catalog *catalog;
	struct catalog_rules rules;
	struct catalog_configured configured[MOST], shared[MOST];
	struct draft *drafts[2 * MOST];
	size_t n_drafts;
	uint32_t next_oid;
	const char *user, *search_path;
	int server;
};

static void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
static void die(const char *format, ...)
{
	va_list list;
	va_start(list, format);
	fputs("catalog text: ", stderr);
	vfprintf(stderr, format, list);
	fputc('\n', stderr);
	va_end(list);
	exit(2);
}

static void *allocate(size_t bytes)
{
	void *memory = palloc0(bytes);
	if (!memory)
		die("out of memory");
	return memory;
}

/* --- relations --- */

static struct draft *add_draft(struct reader *reader, const char *schema, const char *name, char kind)
{
	if (reader->n_drafts == 2 * MOST)
		die("too many relations");
	struct draft *draft = allocate(sizeof *draft);
	draft->relation.oid = reader->next_oid++;
	draft->relation.schema = schema ? schema : "public";
	draft->relation.name = name;
	draft->relation.kind = kind;
	draft->relation.columns = draft->columns;
	draft->relation.indexes = draft->indexes;
	draft->relation.depends = draft->depends;
	return reader->drafts[reader->n_drafts++] = draft;
}

static struct draft *find_draft(struct reader *reader, const RangeVar *name)
{
	for (size_t i = 0; i < reader->n_drafts; i++) {
		const struct catalog_relation *relation = &reader->drafts[i]->relation;
		bool same_schema = name->schemaname ? strcmp(relation->schema, name->schemaname) == 0
											: strcmp(relation->schema, "public") == 0 ||
												  strcmp(relation->schema, "pg_catalog") == 0;
		if (same_schema && strcmp(relation->name, name->relname) == 0)
			return reader->drafts[i];
	}
	die("relation %s is not there yet", name->relname);
}

static struct catalog_column *add_column(struct draft *draft, const char *name, uint32_t type)
{
	if (draft->relation.n_columns == MOST)
		die("too many columns in %s", draft->relation.name);
	struct catalog_column *column = &draft->columns[draft->relation.n_columns++];
	*column = (struct catalog_column){.name = name, .type_oid = type};
	return column;
}

static struct catalog_column *find_column(struct draft *draft, const char *name)
{
	for (size_t i = 0; i < draft->relation.n_columns; i++)
		if (strcmp(draft->columns[i].name, name) == 0)
			return &draft->columns[i];
	return NULL;
}

static uint32_t type_oid(const TypeName *type, bool *serial)
{
	static const struct {
		const char *name;
		uint32_t oid;
	} TYPES[] = {
		{"bool", 16},    {"bytea", 17},       {"int8", 20},          {"bigserial", 20}, {"int2", 21},
		{"int4", 23},    {"serial", 23},      {"text", 25},          {"oid", 26},       {"json", 114},
		{"float4", 700}, {"float8", 701},     {"bpchar", 1042},      {"varchar", 1043}, {"date", 1082},
		{"time", 1083},  {"timestamp", 1114}, {"timestamptz", 1184}, {"numeric", 1700}, {"uuid", 2950},
		{"jsonb", 3802}, {"name", 19},
	};
	const char *name = strVal(llast(type->names));
	*serial = strstr(name, "serial") != NULL;
	for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES && !type->arrayBounds; i++)
		if (strcmp(TYPES[i].name, name) == 0)
			return TYPES[i].oid;
	return 2249; /* some other type: record stands for it */
}

static const char *joined(const char *format, ...) __attribute__((format(printf, 1, 2)));
static const char *joined(const char *format, ...)
{
	char text[1024];
	va_list list;
	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	return pstrdup(text);
}

static void add_index(struct reader *reader, struct draft *draft, const char *name, List *keys, bool primary,
					  bool constraint, const char *predicate)
{
	struct catalog_index *index = &draft->indexes[draft->relation.n_indexes++];
	const char **columns = allocate(sizeof *columns * (size_t)(list_length(keys) + 1));
	*index = (struct catalog_index){.oid = reader->next_oid++,
									.is_unique = true,
									.is_primary = primary,
									.is_constraint = constraint,
									.columns = columns,
									.predicate = predicate};
	const char *spelled = "";
	for (int i = 0; i < list_length(keys); i++) {
		Node *key = list_nth(keys, i);
		const char *column = IsA(key, String) ? strVal(key) : ((IndexElem *)key)->name;
		struct catalog_column *found = column ? find_column(draft, column) : NULL;
		if (column && !found)
			die("no column %s in %s", column, draft->relation.name);
		if (primary)
			found->not_null = true;
		columns[index->n_columns++] = column;
		spelled = joined("%s_%s", spelled, column ? column : "expr");
	}
	index->name = name      ? name
				  : primary ? joined("%s_pkey", draft->relation.name)
							: joined("%s%s_key", draft->relation.name, spelled);
}

static void add_constraint(struct reader *reader, struct draft *draft, const Constraint *constraint,
						   const char *column)
{
	struct catalog_column *own = column ? find_column(draft, column) : NULL;
	switch (constraint->contype) {
	case CONSTR_PRIMARY:
	case CONSTR_UNIQUE:
		add_index(reader, draft, constraint->conname,
				  column ? list_make1(makeString((char *)column)) : constraint->keys,
				  constraint->contype == CONSTR_PRIMARY, true, NULL);
		break;
	case CONSTR_NOTNULL:
		own->not_null = true;
		break;
	case CONSTR_DEFAULT:
		own->has_default = true;
		break;
	case CONSTR_IDENTITY:
		own->has_default = own->not_null = own->identity = true;
		own->identity_always = constraint->generated_when == 'a';
		break;
	case CONSTR_GENERATED:
		own->generated = true;
		break;
	default:
		break; /* checks and foreign keys are not part of the snapshot */
	}
}

static void copy_columns(struct draft *to, const struct draft *from)
{
	for (size_t i = 0; i < from->relation.n_columns; i++)
		if (!find_column(to, from->columns[i].name))
			*add_column(to, from->columns[i].name, 0) = from->columns[i];
}

/* As format_type() would spell it, for the types of the tests. */
static const char *type_text(const TypeName *type)
{
	static const char *const SPELLED[][2] = {{"int4", "integer"},
											 {"serial", "integer"},
											 {"int8", "bigint"},
											 {"bigserial", "bigint"},
											 {"bool", "boolean"},
											 {"varchar", "character varying"},
											 {"timestamptz", "timestamp with time zone"}};
	const char *name = strVal(llast(type->names)), *modifiers = "";
	for (size_t i = 0; i < sizeof SPELLED / sizeof *SPELLED; i++)
		if (strcmp(name, SPELLED[i][0]) == 0)
			name = SPELLED[i][1];
	for (int i = 0; i < list_length(type->typmods); i++)
		modifiers =
			joined("%s%s%d", modifiers, i ? "," : "", ((A_Const *)list_nth(type->typmods, i))->val.ival.ival);
	return joined("%s%s%s%s%s", name, *modifiers ? "(" : "", modifiers, *modifiers ? ")" : "",
				  type->arrayBounds ? "[]" : "");
}

/* As proxy/schema/snapshot.c has it, for the types of the tests. */
static uint8_t hazards_of(const ColumnDef *column)
{
	const char *name = strVal(llast(column->typeName->names));
	bool json = strcmp(name, "json") == 0, array = column->typeName->arrayBounds != NIL;
	if (strcmp(name, "point") == 0 || strcmp(name, "circle") == 0)
		return HAZARD_COMPARED | HAZARD_ROW | HAZARD_GEOMETRY;
	return (uint8_t)((column->collClause || (json && array) ? HAZARD_COMPARED | HAZARD_ROW : 0) |
					 (json ? HAZARD_ROW : 0) | (strcmp(name, "jsonb") == 0 ? HAZARD_PATH : 0));
}

static void add_element(struct reader *reader, struct draft *draft, Node *element)
{
	if (IsA(element, TableLikeClause)) {
		copy_columns(draft, find_draft(reader, ((TableLikeClause *)element)->relation));
	} else if (IsA(element, Constraint)) {
		add_constraint(reader, draft, (Constraint *)element, NULL);
	} else if (IsA(element, ColumnDef)) {
		ColumnDef *column = (ColumnDef *)element;
		bool serial;
		uint32_t type = type_oid(column->typeName, &serial);
		struct catalog_column *added = add_column(draft, column->colname, type);
		added->has_default = added->not_null = serial;
		added->type_name = type_text(column->typeName);
		added->hazards = hazards_of(column);
		for (int i = 0; i < list_length(column->constraints); i++)
			add_constraint(reader, draft, list_nth(column->constraints, i), column->colname);
	}
}

static void create_table(struct reader *reader, CreateStmt *create, char kind)
{
	struct draft *draft = add_draft(reader, create->relation->schemaname, create->relation->relname,
									create->partspec ? 'p' : kind);
	for (int i = 0; i < list_length(create->inhRelations); i++) {
		struct draft *parent = find_draft(reader, list_nth(create->inhRelations, i));
		copy_columns(draft, parent);
		if (i == 0)
			draft->relation.parent = parent->relation.oid;
	}
	draft->relation.is_partition = create->partbound != NULL;
	for (int i = 0; i < list_length(create->tableElts); i++)
		add_element(reader, draft, list_nth(create->tableElts, i));
}

/* --- views --- */

struct dependencies {
	struct reader *reader;
	struct draft *draft;
	List *ctes;
};

static bool depend(Node *node, struct dependencies *on)
{
	if (!node)
		return false;
	if (IsA(node, CommonTableExpr))
		on->ctes = lappend(on->ctes, ((CommonTableExpr *)node)->ctename);
	if (IsA(node, RangeVar)) {
		RangeVar *name = (RangeVar *)node;
		for (int i = 0; i < list_length(on->ctes); i++)
			if (!name->schemaname && strcmp(list_nth(on->ctes, i), name->relname) == 0)
				return false;
		on->draft->depends[on->draft->relation.n_depends++] = find_draft(on->reader, name)->relation.oid;
		return false;
	}
	return raw_expression_tree_walker(node, depend, on);
}

/* A plain column of what the view reads gives its name and type to the view's column; a cast gives its type. */
static void view_column(struct reader *reader, struct draft *view, ResTarget *target, const char *name)
{
	uint32_t type = 2249;
	bool serial;
	if (IsA(target->val, TypeCast))
		type = type_oid(((TypeCast *)target->val)->typeName, &serial);
	if (IsA(target->val, ColumnRef)) {
		Node *last = llast(((ColumnRef *)target->val)->fields);
		if (!IsA(last, String))
			die("view %s: spell the columns out", view->relation.name);
		for (size_t i = 0; i < view->relation.n_depends; i++)
			for (size_t k = 0; k < reader->n_drafts; k++)
				if (reader->drafts[k]->relation.oid == view->depends[i] &&
					find_column(reader->drafts[k], strVal(last)))
					type = find_column(reader->drafts[k], strVal(last))->type_oid;
		if (!name && !target->name)
			name = strVal(last);
	}
	add_column(view, name ? name : target->name ? target->name : "?column?", type);
}

static void create_view(struct reader *reader, RangeVar *name, List *aliases, Node *query, const char *text,
						char kind)
{
	struct draft *draft = add_draft(reader, name->schemaname, name->relname, kind);
	struct dependencies on = {.reader = reader, .draft = draft};
	raw_expression_tree_walker(query, depend, &on);
	draft->relation.view_definition = text;
	SelectStmt *select = (SelectStmt *)query;
	while (select->op != SETOP_NONE)
		select = select->larg;
	for (int i = 0; i < list_length(select->targetList); i++)
		view_column(reader, draft, list_nth(select->targetList, i),
					i < list_length(aliases) ? strVal(list_nth(aliases, i)) : NULL);
}

/* The text behind the first AS that a blank precedes and follows: the view's query. */
static const char *query_text(const char *statement)
{
	for (const char *at = statement; (at = strcasestr(at, "as")) != NULL; at++)
		if (at[-1] <= ' ' || at[-1] == ')')
			if (at[2] <= ' ')
				return pstrdup(at + 3);
	die("no AS in %s", statement);
}

/* --- functions --- */

static void add_function(struct reader *reader, struct catalog_function function)
{
	function.oid = reader->next_oid++;
	function.schema = function.schema ? function.schema : "public";
	catalog_add_function(reader->catalog, &function);
}

static const char *last_name(List *names, const char **schema)
{
	*schema = list_length(names) > 1 ? strVal(linitial(names)) : NULL;
	return strVal(llast(names));
}

/* The relation in "public" whose row type it is; 0: another type. */
static uint32_t row_type(const struct reader *reader, const TypeName *type)
{
	const char *schema, *name = last_name(type->names, &schema);
	for (size_t i = 0; i < reader->n_drafts && !schema; i++)
		if (strcmp(reader->drafts[i]->relation.name, name) == 0 &&
			strcmp(reader->drafts[i]->relation.schema, "public") == 0)
			return reader->drafts[i]->relation.oid;
	return 0;
}

static bool type_is(const TypeName *type, const char *name)
{
	return type && strcmp(strVal(llast(type->names)), name) == 0;
}

static bool is_input(const FunctionParameter *parameter)
{
	return parameter->mode != FUNC_PARAM_OUT && parameter->mode != FUNC_PARAM_TABLE;
}

static bool is_output(const FunctionParameter *parameter)
{
	return !is_input(parameter) || parameter->mode == FUNC_PARAM_INOUT;
}

/* The arguments, as catalog.h has them. */
static void read_arguments(const struct reader *reader, const List *parameters,
						   struct catalog_function *function)
{
	const char *text = "";
	bool any = false;
	ListCell *cell;
	foreach (cell, parameters) {
		const FunctionParameter *parameter = lfirst(cell);
		if (!is_input(parameter))
			continue;
		uint32_t oid =
			type_is(parameter->argType, "record") ? RECORD_TYPE : row_type(reader, parameter->argType);
		any |= oid != 0;
		text = joined("%s%u ", text, oid);
		function->n_arguments++;
		function->n_defaults += parameter->defexpr != NULL;
		function->variadic |= parameter->mode == FUNC_PARAM_VARIADIC;
	}
	function->row_arguments = any ? text : NULL;
}

/* What it returns: of polymorphic types, those of arrays and ranges are known to be scalars. */
static struct catalog_result read_result(const struct reader *reader, const CreateFunctionStmt *create)
{
	const char **names = allocate(sizeof *names * (size_t)(list_length(create->parameters) + 1));
	const TypeName *type = create->returnType;
	size_t n = 0;
	ListCell *cell;
	foreach (cell, create->parameters) {
		const FunctionParameter *parameter = lfirst(cell);
		if (!is_output(parameter))
			continue;
		names[n++] = parameter->name;
		type = create->returnType ? create->returnType : parameter->argType;
	}
	if (n > 1)
		return (struct catalog_result){.kind = RESULT_OUTPUTS, .outputs = names, .n_outputs = n};
	if (type == NULL || type_is(type, "record") || type_is(type, "trigger") || type_is(type, "anyelement"))
		return (struct catalog_result){.kind = RESULT_UNKNOWN};
	if (row_type(reader, type))
		return (struct catalog_result){.kind = RESULT_ROW, .row = row_type(reader, type)};
	return (struct catalog_result){
		.kind = n && names[0] ? RESULT_OUTPUTS : RESULT_SCALAR, .outputs = names, .n_outputs = n};
}

static void create_function(struct reader *reader, CreateFunctionStmt *create, const char *statement)
{
	const char *schema, *language = create->sql_body ? "sql" : "plpgsql",
						*body = create->sql_body ? statement : NULL;
	const char *name = last_name(create->funcname, &schema);
	for (int i = 0; i < list_length(create->options); i++) {
		DefElem *option = list_nth(create->options, i);
		if (strcmp(option->defname, "language") == 0)
			language = strVal(option->arg);
		if (strcmp(option->defname, "as") == 0)
			body = strVal(linitial((List *)option->arg));
	}
	bool opaque = strcmp(language, "c") == 0 || strcmp(language, "internal") == 0;
	struct catalog_function function = {.schema = schema,
										.name = name,
										.kind = create->is_procedure ? 'p' : 'f',
										.language = language,
										.body = opaque ? NULL : body,
										.returns_trigger = type_is(create->returnType, "trigger"),
										.result = read_result(reader, create)};
	read_arguments(reader, create->parameters, &function);
	add_function(reader, function);
}

static void create_aggregate(struct reader *reader, DefineStmt *define)
{
	const char *schema, *name = last_name(define->defnames, &schema), *functions = "";
	for (int i = 0; i < list_length(define->definition); i++) {
		DefElem *option = list_nth(define->definition, i);
		if (option->arg && IsA(option->arg, TypeName) && strstr(option->defname, "func"))
			functions = joined("%s %s(", functions, strVal(llast(((TypeName *)option->arg)->names)));
	}
	add_function(reader,
				 (struct catalog_function){
					 .schema = schema, .name = name, .kind = 'a', .language = "internal", .body = functions});
}

static void add_operator(struct reader *reader, const char *schema, const char *name, const char *calls)
{
	catalog_add_function(reader->catalog,
						 &(struct catalog_function){.schema = schema ? schema : "public",
													.name = name,
													.kind = 'o',
													.language = "internal",
													.body = calls ? joined("%s.%s(", "public", calls) : NULL,
													.calls_schema = calls ? "public" : NULL,
													.calls = calls});
}

static void create_operator(struct reader *reader, DefineStmt *define)
{
	const char *schema, *name = last_name(define->defnames, &schema);
	for (int i = 0; i < list_length(define->definition); i++) {
		DefElem *option = list_nth(define->definition, i);
		if (strcmp(option->defname, "function") == 0)
			add_operator(reader, schema, name, strVal(llast(((TypeName *)option->arg)->names)));
	}
}

/* --- statements --- */

static void read_statement(struct reader *reader, Node *node, const char *text)
{
	switch (nodeTag(node)) {
	case T_CreateSchemaStmt:
		catalog_add_schema(reader->catalog, ((CreateSchemaStmt *)node)->schemaname);
		break;
	case T_CreateStmt:
		create_table(reader, (CreateStmt *)node, 'r');
		break;
	case T_CreateForeignTableStmt:
		create_table(reader, &((CreateForeignTableStmt *)node)->base, 'f');
		break;
	case T_IndexStmt: {
		IndexStmt *index = (IndexStmt *)node;
		if (strcmp(index->accessMethod, "gin") == 0)
			find_draft(reader, index->relation)->relation.hazards |= HAZARD_INDEX;
		if (index->unique)
			add_index(reader, find_draft(reader, index->relation), index->idxname, index->indexParams, false,
					  false, index->whereClause ? joined("(%s)", strcasestr(text, "where") + 6) : NULL);
		break;
	}
	case T_CreateSeqStmt: {
		RangeVar *name = ((CreateSeqStmt *)node)->sequence;
		struct draft *draft = add_draft(reader, name->schemaname, name->relname, 'S');
		add_column(draft, "last_value", 20);
		break;
	}
	case T_ViewStmt: {
		ViewStmt *view = (ViewStmt *)node;
		create_view(reader, view->view, view->aliases, view->query, query_text(text), 'v');
		break;
	}
	case T_CreateTableAsStmt: {
		CreateTableAsStmt *create = (CreateTableAsStmt *)node;
		create_view(reader, create->into->rel, create->into->colNames, create->query, query_text(text),
					create->objtype == OBJECT_MATVIEW ? 'm' : 'r');
		break;
	}
	case T_RuleStmt: {
		RuleStmt *rule = (RuleStmt *)node;
		struct dependencies on = {.reader = reader, .draft = find_draft(reader, rule->relation)};
		for (int i = 0; i < list_length(rule->actions); i++)
			raw_expression_tree_walker(list_nth(rule->actions, i), depend, &on);
		break;
	}
	case T_CreateFunctionStmt:
		create_function(reader, (CreateFunctionStmt *)node, text);
		break;
	case T_DefineStmt:
		if (((DefineStmt *)node)->kind == OBJECT_OPERATOR)
			create_operator(reader, (DefineStmt *)node);
		else if (((DefineStmt *)node)->kind == OBJECT_AGGREGATE)
			create_aggregate(reader, (DefineStmt *)node);
		else
			die("cannot read: %s", text);
		break;
	case T_AlterTableStmt: {
		AlterTableStmt *alter = (AlterTableStmt *)node;
		for (int i = 0; i < list_length(alter->cmds); i++)
			add_element(reader, find_draft(reader, alter->relation),
						((AlterTableCmd *)list_nth(alter->cmds, i))->def);
		break;
	}
	default:
		die("cannot read: %s", text);
	}
}

static void read_statements(struct reader *reader, const char *text)
{
	PgQueryInternalParsetreeAndError result = pg_query_raw_parse(text);
	if (result.error)
		die("%s at %d in: %.200s", result.error->message, result.error->cursorpos, text);
	for (int i = 0; i < list_length(result.tree); i++) {
		RawStmt *raw = list_nth(result.tree, i);
		size_t length = raw->stmt_len ? (size_t)raw->stmt_len : strlen(text + raw->stmt_location);
		char *one = allocate(length + 1);
		memcpy(one, text + raw->stmt_location, length);
		read_statement(reader, raw->stmt, one);
	}
	free(result.stderr_buffer);
}

/* --- directives --- */

static size_t read_names(char *list, struct catalog_configured *out, size_t n)
{
	for (char *save, *word = strtok_r(list, " \t,", &save); word; word = strtok_r(NULL, " \t,", &save)) {
		char *column = strchr(word, ':');
		if (column)
			*column++ = 0;
		char *dot = strchr(word, '.');
		if (dot)
			*dot = 0;
		if (n == MOST)
			die("too many names");
		out[n++] = (struct catalog_configured){dot ? word : "public", dot ? dot + 1 : word, column};
	}
	return n;
}

static void read_directive(struct reader *reader, char *line)
{
	char *value = line + strcspn(line, " \t");
	if (*value)
		*value++ = 0;
	value += strspn(value, " \t");
	if (strcmp(line, "@tenant_column") == 0) {
		char *type = strtok_r(value, " \t", &value);
		reader->rules.tenant_column = type;
		type = strtok_r(value, " \t", &value);
		if (type && !tenant_type_parse(type, &reader->rules.tenant_type))
			die("not a tenant type: %s", type);
	} else if (strcmp(line, "@tables") == 0) {
		reader->rules.n_configured = read_names(value, reader->configured, reader->rules.n_configured);
	} else if (strcmp(line, "@shared") == 0) {
		reader->rules.n_shared = read_names(value, reader->shared, reader->rules.n_shared);
	} else if (strcmp(line, "@tenants") == 0) {
		struct catalog_configured name;
		read_names(value, &name, 0);
		reader->rules.tenants_schema = name.schema;
		reader->rules.tenants_table = name.name;
	} else if (strcmp(line, "@tenant") == 0) {
		for (char *save, *word = strtok_r(value, " \t", &save); word; word = strtok_r(NULL, " \t", &save))
			catalog_add_tenant(reader->catalog, word);
	} else if (strcmp(line, "@user") == 0) {
		reader->user = value;
	} else if (strcmp(line, "@search_path") == 0) {
		reader->search_path = value;
	} else if (strcmp(line, "@server") == 0) {
		reader->server = atoi(value);
	} else {
		die("unknown directive %s", line);
	}
}

/* Directives are taken out of the text: blanks stay in their place. */
static char *read_directives(struct reader *reader, const char *text)
{
	char *rest = pstrdup(text);
	for (char *line = rest, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		size_t length = next ? (size_t)(next - line) : strlen(line);
		next = next ? next + 1 : NULL;
		if (*line != '@')
			continue;
		char *copy = allocate(length + 1);
		memcpy(copy, line, length);
		memset(line, ' ', length);
		read_directive(reader, copy);
	}
	return rest;
}

/* What every database has, as far as tests name it. */
static const char SYSTEM_RELATIONS[] =
	"pg_am pg_attrdef pg_attribute pg_class pg_collation pg_constraint pg_database pg_depend "
	"pg_description pg_enum pg_extension pg_index pg_indexes pg_inherits pg_largeobject pg_locks "
	"pg_namespace pg_prepared_statements pg_proc pg_roles pg_sequence pg_settings pg_stat_activity "
	"pg_statistic pg_statistic_ext pg_statistic_ext_data pg_stats pg_stats_ext pg_stats_ext_exprs "
	"pg_tables pg_timezone_names pg_trigger pg_type pg_user pg_views";
static const char SYSTEM_FUNCTIONS[] =
	"abs age array_agg avg bool_and bool_or btrim ceil coalesce concat count current_database "
	"current_schema current_setting current_user currval date_part date_trunc dense_rank every "
	"extract floor format_type gen_random_uuid json_agg json_build_object jsonb_agg "
	"jsonb_build_object jsonb_to_recordset lag lastval lead left length "
	"like_escape lo_get lo_import lower max md5 min mod mode nextval now obj_description overlay "
	"percentile_cont pg_advisory_lock pg_backend_pid pg_get_expr pg_get_serial_sequence "
	"pg_get_userbyid pg_notify pg_read_file pg_sleep pg_table_is_visible pg_terminate_backend "
	"position power query_to_xml random rank regexp_replace replace right round row_number "
	"row_to_json set_config setval split_part string_agg substring sum table_to_xml timezone "
	"to_char to_json to_timestamp to_tsvector trim ts_rewrite ts_stat unnest upper version";

/* .. and those of them that stand in FROM. */
static const char SYSTEM_DEFINITIONS[] =
	"CREATE FUNCTION pg_catalog.generate_series(int, int) RETURNS SETOF int LANGUAGE internal AS 'x';"
	"CREATE FUNCTION pg_catalog.generate_series(int, int, int) RETURNS SETOF int LANGUAGE internal AS 'x';"
	"CREATE FUNCTION pg_catalog.generate_series(timestamp, timestamp, text) RETURNS SETOF timestamp LANGUAGE "
	"internal AS 'x';"
	"CREATE FUNCTION pg_catalog.regexp_split_to_table(text, text) RETURNS SETOF text LANGUAGE internal AS "
	"'x';"
	"CREATE FUNCTION pg_catalog.json_array_elements(json, OUT value json) RETURNS SETOF json LANGUAGE "
	"internal AS 'x';"
	"CREATE FUNCTION pg_catalog.jsonb_array_elements(jsonb, OUT value jsonb) RETURNS SETOF jsonb LANGUAGE "
	"internal AS 'x';"
	"CREATE FUNCTION pg_catalog.jsonb_array_elements_text(jsonb, OUT value text) RETURNS SETOF text LANGUAGE "
	"internal AS 'x';"
	"CREATE FUNCTION pg_catalog.jsonb_each(jsonb, OUT key text, OUT value jsonb) RETURNS SETOF record "
	"LANGUAGE internal AS 'x';"
	"CREATE FUNCTION pg_catalog.jsonb_each_text(jsonb, OUT key text, OUT value text) RETURNS SETOF record "
	"LANGUAGE internal AS 'x';"
	"CREATE FUNCTION pg_catalog.pg_timezone_names(OUT name text, OUT abbrev text, OUT utc_offset text, OUT "
	"is_dst bool)"
	" RETURNS SETOF record LANGUAGE internal AS 'x';";

static const char SYSTEM_OPERATORS[] =
	"! !! !!= !~ !~* !~~ !~~* # #> #>> % & && &< &> * + - -> ->> -|- / < << <= <> <@ = > >= >> ? ?& ?| @ "
	"@> @? @@ ^ | || ~ ~* ~~ ~~*";

static void add_system(struct reader *reader)
{
	char *save;
	for (char *name = strtok_r(pstrdup(SYSTEM_RELATIONS), " ", &save); name;
		 name = strtok_r(NULL, " ", &save))
		add_column(add_draft(reader, "pg_catalog", name, 'r'), "oid", 26);
	for (char *name = strtok_r(pstrdup("tables columns schemata"), " ", &save); name;
		 name = strtok_r(NULL, " ", &save))
		add_column(add_draft(reader, "information_schema", name, 'v'), "table_name", 19);
	for (char *name = strtok_r(pstrdup(SYSTEM_FUNCTIONS), " ", &save); name;
		 name = strtok_r(NULL, " ", &save))
		add_function(reader, (struct catalog_function){
								 .schema = "pg_catalog", .name = name, .kind = 'f', .language = "internal"});
	for (char *name = strtok_r(pstrdup(SYSTEM_OPERATORS), " ", &save); name;
		 name = strtok_r(NULL, " ", &save))
		add_operator(reader, "pg_catalog", name, NULL);
	catalog_add_schema(reader->catalog, "public");
	catalog_add_schema(reader->catalog, "pg_catalog");
	catalog_add_schema(reader->catalog, "information_schema");
}

struct catalog *catalog_text_parse(const char *text, uint64_t generation)
{
	MemoryContext memory = pg_query_enter_memory_context();
	struct reader *reader = allocate(sizeof *reader);
	*reader = (struct reader){.catalog = catalog_new(),
							  .next_oid = FIRST_OID,
							  .user = "app",
							  .search_path = "\"$user\", public",
							  .server = 150000};
	reader->rules = (struct catalog_rules){.tenant_column = "tenant_id",
										   .tenant_type = TENANT_INTEGER,
										   .tenants_schema = "public",
										   .tenants_table = "tenants",
										   .configured = reader->configured,
										   .shared = reader->shared};
	add_system(reader);
	read_statements(reader, SYSTEM_DEFINITIONS);
	read_statements(reader, read_directives(reader, text));
	catalog_set_session(reader->catalog, reader->user, reader->search_path, reader->server);
	for (size_t i = 0; i < reader->n_drafts; i++)
		catalog_add_relation(reader->catalog, &reader->drafts[i]->relation);
	catalog_finish(reader->catalog, &reader->rules, generation);
	struct catalog *catalog = reader->catalog;
	pg_query_exit_memory_context(memory);
	return catalog;
}

struct catalog *catalog_text_read(const char *path, uint64_t generation)
{
	FILE *file = fopen(path, "r");
	if (!file)
		die("cannot open %s", path);
	char *text = NULL;
	size_t room = 0;
	if (getdelim(&text, &room, 0, file) < 0)
		die("cannot read %s", path);
	fclose(file);
	struct catalog *catalog = catalog_text_parse(text, generation);
	free(text);
	return catalog;
}

struct catalog *catalog_text_shop(uint64_t generation)
{
	char path[256] = "tests/lib/shop.catalog";
	for (int up = 0; up < 8 && access(path, R_OK) != 0; up++) {
		char longer[sizeof path];
		snprintf(longer, sizeof longer, "../%.240s", path);
		strcpy(path, longer);
	}
	return catalog_text_read(path, generation);
}
