/* Internal to rewrite*.c: how a query is guarded.
 *
 * A *level* is one query level: a simple SELECT, VALUES, or an INSERT/UPDATE/DELETE/MERGE. Its *leaves* are
 * the items at the leaves of its FROM. Work on a level:
 *
 *   1. FROM is read: tokens and tree side by side; leaves are resolved, sub-selects guarded (rewrite_from.c)
 *   2. every expression is walked: sub-selects guarded, whole-row uses marked on leaves (rewrite_walk.c)
 *   3. the level is closed: each tenant leaf gets its predicate or is wrapped, stars are spelled out
 *      (rewrite_place.c, rewrite_star.c, rewrite_group.c)
 *
 * Regions of text are half-open ranges of token indexes [begin, end). All functions return false (or NULL)
 * after a refusal. */
#ifndef TENANTRY_PARSER_REWRITE_H
#define TENANTRY_PARSER_REWRITE_H

#include "parser/analysis.h"
#include "parser/names.h"
#include "parser/scope.h"
#include "parser/splice.h"
#include "parser/tokens.h"
#include "parser/tree.h"

enum leaf_kind {
	LEAF_TENANT, /* needs the predicate */
	LEAF_VIEW,   /* to be inlined */
	LEAF_OTHER,  /* shared relation, temporary relation, CTE, sub-select, function */
};

/* What is done with a row that is cast to the type of a tenant relation. */
enum row_use {
	ROW_WHOLE,   /* anything */
	ROW_OPERAND, /* it is compared, or shown as text: the names of its columns do not matter */
	ROW_SENT,    /* .. or a column of the result */
	ROW_FIELDS,  /* a column is taken out of it, or it goes to a function of such rows */
};

enum placement { PLACE_WHERE, PLACE_ON, PLACE_WRAP };

/* A join with ON that may receive predicates. */
/* The name that a join in parentheses has, or its USING: what is below is not to be named outside of it. */
struct join_alias {
	const char *name;
	const struct join_alias *below; /* which alias this one is below; NULL: none */
	struct leaf **at;               /* where its first leaf hangs */
	struct join_alias *next;
};

/* What can be named of a level: in ON what the join joins, in FROM what stands to the left or nothing. */
struct sight {
	struct leaf **first, **end;     /* end NULL: to the last one */
	const struct join_alias *below; /* where the expression stands; NULL: below no alias */
};

struct join {
	JoinExpr *expression;
	size_t begin, end;  /* of the ON expression */
	struct sight sight; /* of the ON expression */
	List *conjuncts;
	struct join *next;
};

/* A join with USING or NATURAL: where it stands, as token indexes. */
struct merging {
	JoinExpr *expression;
	size_t natural, right_end; /* NATURAL, and what follows the right side */
	size_t using_list;         /* the parenthesis behind USING; 0: it is NATURAL */
	const char *alias;         /* that its USING gets; NULL: none */
	const char *names;         /* of the USING that NATURAL becomes; NULL: it stays */
	struct merging *next;
};

struct leaf {
	enum leaf_kind kind;
	enum placement placement;
	struct join *join;                       /* for PLACE_ON */
	Node **place;                            /* where the item hangs in the tree */
	RangeVar *range;                         /* NULL unless a relation or CTE */
	const Alias *alias;                      /* NULL: none written */
	const char *name;                        /* what it is called: alias or own name; NULL: cannot be told */
	const struct catalog_relation *relation; /* NULL unless in the snapshot */
	struct level *level;                     /* of a sub-select or CTE */
	const List *renamed;                     /* column names given by a CTE's list */
	size_t begin, end;                       /* its tokens */
	bool target;  /* of INSERT, UPDATE, DELETE, MERGE, or EXCLUDED, OLD, NEW: cannot be wrapped */
	bool missing; /* OLD or NEW: there may be no such row */
	bool sample;  /* under TABLESAMPLE */
	const struct join_alias *below; /* not to be named outside of it; NULL: none */
	bool whole_row;                 /* used as a whole: wrap, or replace the uses */
	bool star_row;                  /* used as a whole in the form x.* or x.f: the use cannot be replaced */
	bool
		keeps_row; /* somewhere a column is taken out of an expression over the whole row: as a record it would have none */
	bool names_tenant;         /* the application names its tenant column */
	unsigned names_system;     /* bit i: it names SYSTEM_COLUMNS[i] */
	bool bare_system;          /* without saying whose, which no join has */
	bool keeps_system;         /* wrapped, it has these among its columns */
	List *uses;                /* of Node **: where it is used as a whole */
	List *qualified;           /* of ColumnRef: where it is named with its schema .. */
	const ColumnRef *shadowed; /* .. one of them, where its name alone means another one */
	const ColumnRef *alone;    /* one that names it, or another one of that name, without schema */
	const char *called; /* its name once it is wrapped, where another one has that, too; NULL: `name` */
	bool wrapped;
	List *columns; /* names of a function's; NIL: not known */
	struct leaf *next;
};

/* What `*` stands for, in order: leaves and aliased joins. */
struct star_unit {
	struct leaf *leaf; /* NULL: an aliased join */
	const char *name;
	struct star_unit *next;
};

/* A sub-select of FROM or a query of WITH; `query` NULL: something else. */
struct derived {
	const Node *query;
	const char *name;
	bool is_cte; /* FROM may give it other names */
};

struct level {
	struct level *outer;
	struct derived derived;
	struct leaf *leaves, **leaves_end;
	size_t n_leaves;
	struct sight sight; /* of what is walked through */
	struct join_alias *join_aliases;
	struct star_unit *units, **units_end;
	struct join *joins, **joins_end;
	struct merging *mergings;
	struct numbering *numberings; /* rewrite_number.c */
	struct remerging *remergings; /* rewrite_merged.c */
	List *from;                   /* its items */
	bool merged;                  /* some join of it has USING or NATURAL */
	List *groups;                 /* GROUP BY */
	bool rows_stay;               /* a column is taken out of its only target */
	bool star;                    /* has a bare * among its targets */
	bool sent;                    /* its targets are what the statement sends */
	List *targets;                /* its result columns (ResTarget), after stars were spelled out */
	int width;                    /* of VALUES; else -1: count the targets */
	bool named;                   /* its .. */
	List *names;                  /* .. were looked for: level_names() */
};

/* Where the WHERE clause of a level is, or would be. */
struct where_place {
	Node **clause;
	bool there;
	size_t begin, end; /* of its expression */
	size_t at;         /* byte offset for a new one */
};

/* The queries of WITH lists, from the one under way on, which cannot be named yet. */
struct with_rest {
	const struct with_rest *outer;
	const List *expressions;
	int first;
};

/* A parameter of PREPARE as the value of a tenant column. */
struct given {
	Node **place;
	int number;
	size_t begin, end; /* its tokens, casts included */
	struct given *next;
};

struct rewrite {
	struct cte *ctes;
	size_t n_ctes; /* at most so many are visible */
	const struct with_rest *with_rest;
	struct level *level;
	ParamRef *tenant; /* the one node that stands for the tenant wherever it is inserted */
	unsigned max_parameter;
	unsigned view_depth;
	bool no_position;       /* refusals have none, as those of PostgreSQL for such statements */
	int characters_before;  /* of the message, before this statement */
	size_t counted;         /* bytes of the message up to which characters are counted .. */
	int counted_characters; /* .. and how many these are */
	size_t work;            /* names compared so far; views that are put in their place count, too */
	struct derived derived; /* the one that is rewritten next */
	const Node
		*rows_stay; /* the sub-select whose targets may stay rows of the table: a column is taken out of it */
	List *uncast;   /* names of whole rows that stood in a cast to their own type */
	List *implied;  /* casts of elements of an array, whose type stands behind the array */
	const Node *used;     /* the cast that is walked next, if it is known .. */
	enum row_use used_as; /* .. what is done with it */
	bool literal;         /* the statement cannot take parameters: the slot must become a literal */
	struct moved *
		moved; /* within a definition that was written under another search_path: rewrite_moved.c; else NULL */
	bool preparing; /* within PREPARE .. */
	struct given *given;
	bool foreign;            /* some relation that may hold other tenants' rows is read */
	bool of_tenant;          /* a temporary view is read that shows one tenant's rows */
	const RangeVar *wrapped; /* this relation of FROM is to be wrapped in any case; NULL: none */
	const Node *root;        /* the whole statement */
	enum { SCREENS_UNKNOWN, SCREENS_YES, SCREENS_NO } screens; /* see quals.h */
	bool free_known;
	List *free_values, *free_queries, *free_views, *free_made; /* see quals_free.h */
};

/* The tenant column goes to the source of an INSERT. */
struct insert_source {
	const struct catalog_relation *relation;
	int replace; /* index of the tenant column when the application lists it, else -1: append */
	int columns; /* how many columns the INSERT has as written */
	int width;   /* out: columns of the source as written, -1: unknown */
	int limit;   /* so many there may be */
	int beyond;  /* out: byte offset of the first expression beyond them, -1: none, or TABLE */
};

static inline struct token *token_at(const struct analysis *analysis, size_t i)
{
	return &analysis->tokens->items[i];
}
static inline enum keyword keyword_at(const struct analysis *analysis, size_t i, size_t end)
{
	return i < end ? token_keyword(analysis->tokens, i) : KEYWORD_NONE;
}
/* The first keyword of a query, which is no label even after AS. */
static inline enum keyword first_keyword(const struct analysis *analysis, size_t i, size_t end)
{
	return i < end ? (enum keyword)analysis->tokens->items[i].keyword : KEYWORD_NONE;
}
/* Byte offset after the token before `i`. */
static inline size_t end_before(const struct analysis *analysis, size_t i)
{
	return analysis->tokens->items[i - 1].end;
}
static inline bool is_open(const struct analysis *analysis, size_t i, size_t end)
{
	return i < end && token_at(analysis, i)->kind == TOKEN_OPEN && token_at(analysis, i)->first == '(';
}

static inline const char *tenant_name(const struct catalog_relation *relation)
{
	return relation->columns[relation->tenant_column].name;
}

/* rewrite.c: the statement kinds */
bool rewrite_statement(struct analysis *analysis, RawStmt *raw);
/* Position in characters from 1 of a byte offset of the message. */
int analysis_position(const struct analysis *analysis, size_t offset);
/* A query of any kind in a region of text. */
struct level *rewrite_query(struct analysis *analysis, Node **query, size_t begin, size_t end);
bool rewrite_lost(struct analysis *analysis, int location); /* refusal: text and tree do not match */
bool rewrite_tokens(struct analysis *analysis);             /* makes analysis->tokens */
bool rewrite_enter(struct analysis *analysis); /* depth guard; every entry is left with rewrite_leave */
static inline void rewrite_leave(struct analysis *analysis)
{
	analysis->depth--;
}

/* Counts comparisons of names: hostile text may not make their number grow with the square of its size. */
bool rewrite_work(struct analysis *analysis, size_t n);

/* rewrite_query.c */
struct level *rewrite_select(struct analysis *analysis, SelectStmt *select, size_t begin, size_t end,
							 struct insert_source *source);
/* Guards the WITH list that begins at `*begin` (if there is one) and makes its names visible; *begin moves
 * past it. */
bool rewrite_with(struct analysis *analysis, WithClause *with, size_t *begin, size_t end);

/* The next token from `from` that begins a clause of a statement whose region begins at `begin`. */
size_t clause_next(const struct analysis *analysis, size_t from, size_t end, size_t begin,
				   enum keyword *which);
/* The token RETURNING of a data change, `end` if it has none. */
size_t returning_at(const struct analysis *analysis, size_t from, size_t end);
/* Walks a target list; stars are left to star_expand(), a bare one is noted on the level. */
bool walk_targets(struct analysis *analysis, struct level *level, List *targets);

/* rewrite_level.c */
struct level *level_open(struct analysis *analysis);
void level_close(struct analysis *analysis, struct level *level);
struct leaf *level_leaf(struct level *level, Node **place, size_t begin, size_t end);
/* A row of the target under a name of its own: EXCLUDED, OLD, NEW. */
struct leaf *level_row(struct level *level, const struct leaf *target, const char *name);
void level_unit(struct level *level, struct leaf *leaf, const char *name);
/* What the FROM item or target `range` means; fills leaf->kind, relation, level, name. `target`: never a CTE.
 */
bool leaf_resolve(struct analysis *analysis, struct leaf *leaf, RangeVar *range, bool target);
bool leaf_hides(const struct analysis *analysis,
				const struct leaf *leaf); /* has a column that * must not show */
bool column_hidden(const struct analysis *analysis, const struct catalog_relation *relation, size_t column);
/* Yes, no, or cannot be told. */
enum has_column { COLUMN_NO, COLUMN_YES, COLUMN_UNKNOWN };
enum has_column leaf_has_column(const struct analysis *analysis, const struct leaf *leaf, const char *name);
/* How many names leaf_has_column() may have to compare. */
size_t leaf_work(const struct leaf *leaf);
/* What a data change changes; NULL: the level is a query's. */
static inline struct leaf *level_target(const struct level *level)
{
	return level->leaves && level->leaves->target ? level->leaves : NULL;
}
/* Number of columns of a level's result; -1: unknown. */
int level_width(struct analysis *analysis, const struct level *level);
/* Where the expression for result column number `column` (from 0) stands; -1: nowhere, or cannot be told. */
int level_column_location(struct analysis *analysis, const struct level *level, int column);
int leaf_width(struct analysis *analysis, const struct leaf *leaf);
/* Column `i` through a list of column aliases, which may be shorter than the columns are. */
static inline const char *aliased_name(const List *aliases, size_t i, const char *name)
{
	return aliases && i < (size_t)list_length(aliases) ? strVal(list_nth(aliases, (int)i)) : name;
}
bool names_include(const List *names, const char *name);
/* What it is called in the text that is sent. */
static inline const char *leaf_called(const struct leaf *leaf)
{
	return leaf->called ? leaf->called : leaf->name;
}
/* Does a sub-select come in its place? Known once the level is closed. */
static inline bool leaf_becomes_query(const struct leaf *leaf)
{
	return leaf->wrapped || leaf->kind == LEAF_VIEW;
}
/* The leaf's name as a column qualifier: text, and as the fields of a ColumnRef. */
const char *leaf_reference(const struct leaf *leaf);
List *leaf_fields(const struct leaf *leaf);
/* ctid and the like; ends with NULL. */
extern const char *const SYSTEM_COLUMNS[];
struct sight sight_of_all(struct level *level);
/* The leaves of a level that can be named where the walk is, or columns of them: from the first up to the end. */
struct leaf *sight_first(const struct level *level);
struct leaf *sight_end(const struct level *level);
/* The leaf that `qualifiers` (the first n fields of a ColumnRef) name, from the innermost level outward. */
struct leaf *scope_leaf(struct level *level, const List *fields, int n);

/* rewrite_from.c */
bool rewrite_from(struct analysis *analysis, struct level *level, List *from, size_t begin, size_t end,
				  enum placement placement);
/* One table_ref: MERGE's source. *at is its first token, then the one after it. */
bool rewrite_from_item(struct analysis *analysis, struct level *level, Node **place, size_t *at, size_t end,
					   enum placement placement);
/* The token after a relation's name and *, from `begin`. */
size_t relation_end(const struct analysis *analysis, size_t begin, size_t end);

/* rewrite_qualified.c */
/* `reference` names the leaf with its schema. */
void note_qualified(struct analysis *analysis, struct leaf *leaf, ColumnRef *reference);
/* A sub-select comes in the place of the leaf: that is named without schema, here and where it was noted. */
bool name_without_schema(struct analysis *analysis, const struct leaf *leaf, ColumnRef *reference);
bool names_without_schema(struct analysis *analysis, const struct leaf *leaf);
/* Relations of different schemas may have one name, sub-selects may not: those that become one get names of their own. */
bool tell_namesakes(struct analysis *analysis, struct level *level);

/* rewrite_name.c */
/* What the server calls a column of a result, and a value without a label; NULL: cannot be told. */
const char *target_name(const ResTarget *target);
const char *expression_name(const Node *value);

/* rewrite_columns.c */
/* The names of the columns of a level's result, whose stars were spelled out as far as they are, of which those that
 * cannot be told are empty; and those of an item of FROM. NIL: they cannot be told. */
List *level_names(struct analysis *analysis, struct level *level);
List *leaf_names(struct analysis *analysis, const struct leaf *leaf);

/* rewrite_function.c */
/* Is it the name of the server's unnest(), and of no other function that may be meant? */
bool is_unnest(const struct analysis *analysis, const List *name);
/* The names of a function's columns in FROM; NIL: cannot be told, or refused. `name`: the one of the item. */
List *function_columns(struct analysis *analysis, const RangeFunction *function, const char *name);
List *table_function_columns(const RangeTableFunc *function);
/* Is it, or are its elements, of one of the server's common types without columns? */
bool type_is_scalar(const TypeName *type);

/* rewrite_join.c */
struct join_column {
	const char *name, *text; /* text NULL: it cannot be spelled out */
	const char *qualifier;   /* of the item that has it, as text and as fields; NULL: it is merged of two */
	List *qualifiers;
	size_t number; /* its place in that item, from 1; 0: in none */
	Node *value;
	uint32_t type_oid; /* 0: not known */
	const char *type_name;
	JoinExpr *merged; /* without a text: a merged column of this join, of a type that is not known .. */
	struct join_column *left, *right; /* .. and the two that it is merged of */
};
struct join_columns {
	struct join_column *items;
	size_t n, n_merged;
};
/* The visible columns of a join of the level's FROM, merged ones first; NULL: they cannot be told. */
struct join_columns *join_columns(struct analysis *analysis, const struct level *level, JoinExpr *join);
/* Gives such a column a text: by an alias of its USING. False: that is refused, or cannot be done here. */
bool join_alias_column(struct analysis *analysis, struct level *level, struct join_column *column);
/* Records these aliases, after the leaves. */
bool join_place_aliases(struct analysis *analysis, const struct level *level);
/* The leaf that hangs there, NULL: none. */
struct leaf *leaf_at(const struct level *level, Node *const *place);

/* rewrite_merged.c */
/* Gives a column of a join a text, unless it has one; false: refused, or it cannot be done. */
bool join_column_told(struct analysis *analysis, struct level *level, struct join_column *column);
/* May RETURNING * need further items in FROM (before PostgreSQL 14), of which the checker does not know what their columns are? */
bool may_merge_again(struct analysis *analysis);
/* Records what that needs, at the end of FROM. */
bool place_remergings(struct analysis *analysis, struct level *level, size_t at);

/* rewrite_number.c */
/* Gives a column that shares its name a text; false: refused, or it is in no item. */
bool column_by_number(struct analysis *analysis, struct level *level, struct join_column *column);
/* Records what that needs, at the end of FROM. */
bool place_numbers(struct analysis *analysis, struct level *level, size_t at);

/* rewrite_place.c */
/* Records predicates, wraps and stars of a level whose expressions have been walked. */
bool level_place(struct analysis *analysis, struct level *level, struct where_place *where, List **targets);
/* Says `qualifier.T = tenant` as a tree; the text is recorded at `at`. */
Node *leaf_predicate(struct analysis *analysis, const struct leaf *leaf, size_t at, const char *before,
					 const char *after);
/* The same into `conjuncts`, and where the statement's conditions may be cheaper (quals.h), the comparison in
 * a form that is cheaper still. */
bool leaf_predicates(struct analysis *analysis, const struct leaf *leaf, size_t at, const char *before,
					 const char *after, List **conjuncts);
Node *tenant_node(struct analysis *analysis);
/* Does the statement need that form? */
bool rewrite_screens(struct analysis *analysis);
/* Records the slot followed by a blank where the next character would run into it. */
bool place_tenant(struct analysis *analysis, size_t at);

/* rewrite_group.c */
/* Adds the tenant columns of primary keys that are grouped by; `at`: the end of GROUP BY. */
bool group_by_tenant(struct analysis *analysis, const struct level *level, SelectStmt *select, size_t at);

/* rewrite_star.c */
bool star_expand(struct analysis *analysis, struct level *level, List **targets);
bool star_is(const Node *target);      /* ResTarget *, x.* or (row).* */
bool star_is_bare(const Node *target); /* * */
/* The leaf that x.* or (x).* stands for; NULL: none, or something else. */
struct leaf *star_leaf(struct analysis *analysis, struct level *level, const Node *value);
/* "a, b, c" and the ResTargets of a relation's visible columns; `tenant`: and of the tenant column. NULL: refused, as
 * the statement gets too large. */
const char *visible_columns(struct analysis *analysis, const struct catalog_relation *relation, bool tenant,
							List **targets);
/* Spells out the stars among the arguments of ROW(). */
bool row_stars(struct analysis *analysis, List **arguments);
/* A target that is used as a row: (SELECT c FROM (SELECT c.a, c.b) AS c). */
bool target_as_row(struct analysis *analysis, struct leaf *leaf, Node **place);

bool star_is_value(const Node *value); /* .. of which this is the expression */

/* rewrite_row_source.c */
/* The tenant relation whose rows, with the tenant column, an expression delivers as long as it is walked by field_source();
 * NULL: none, or it cannot be told. */
const struct catalog_relation *row_source(struct analysis *analysis, struct level *level, const Node *value);
/* A function that delivers what its first argument is, or an element of it. */
bool passes_row(const struct analysis *analysis, const FuncCall *call);
/* Is it a call of jsonb_populate_record() or its like, of the server? */
bool is_populate(const struct analysis *analysis, const FuncCall *call);
/* `(row).*` of such an expression; NULL: something else. */
const struct catalog_relation *star_row_source(struct analysis *analysis, struct level *level,
											   const Node *value);
/* Spells it out, as the server does: the expression once for each column, appended to *values. The byte of the asterisk
 * is left to be removed. Only after all that belongs to the expression was recorded. */
bool row_star(struct analysis *analysis, const Node *star, const struct catalog_relation *relation,
			  size_t *asterisk, List **values);
/* The same of those among the values of ROW() and VALUES, after they were walked. */
bool row_value_stars(struct analysis *analysis, List **values);

/* rewrite_row_argument.c */
/* Does the database itself define a function of that name, where the search_path may find it? */
bool is_own_function(const struct analysis *analysis, const List *name);
/* The arguments of a call, of which whole rows may be meant for a function of rows. `use`: of its result. */
bool walk_arguments(struct analysis *analysis, FuncCall *call, enum row_use use);
/* `x.name`, which is no column: *calls tells if it calls a function of the database's own. `place`: of the ColumnRef, NULL
 * for (x).name. False: refused. */
bool row_attribute(struct analysis *analysis, struct leaf *leaf, const char *name, Node **place, bool *calls);

/* rewrite_row_cast.c */
/* Walks a TypeCast, which may be one to the row type of a tenant relation. */
bool walk_cast(struct analysis *analysis, Node **place, enum row_use use);
/* Tells what is done with an expression that is walked next. */
static inline void row_used(struct analysis *analysis, const Node *value, enum row_use use)
{
	analysis->rewrite->used = value;
	analysis->rewrite->used_as = use;
}
static inline enum row_use row_use(const struct analysis *analysis, const Node *value)
{
	return analysis->rewrite->used == value ? analysis->rewrite->used_as : ROW_WHOLE;
}
/* jsonb_populate_record(NULL::c, ..), whose result is used like this: where it is shown, a row without the tenant column
 * comes in the place of NULL::c. */
bool populate_base(struct analysis *analysis, FuncCall *call, enum row_use use);

/* rewrite_row_taken.c */
/* Is the target of a sub-select or WITH query a row of which nothing but columns are used? */
bool row_is_taken_apart(struct analysis *analysis, struct level *level, const ResTarget *target);

/* rewrite_row_array.c */
/* As hidden_row_type(), also of an array's elements. */
const struct catalog_relation *array_row_type(struct analysis *analysis, const TypeName *type);

/* rewrite_walk.c */
/* The leaf whose whole row is meant by a plain name; NULL: a column, or something else. */
struct leaf *row_leaf(struct analysis *analysis, struct level *level, const Node *value);
bool walk(struct analysis *analysis, Node **place);
bool walk_list(struct analysis *analysis, List *list);
/* The relation whose row type is meant, if that has a column that the application does not see; else NULL. */
const struct catalog_relation *hidden_row_type(struct analysis *analysis, const TypeName *type);
/* An expression that a column is taken out of. */
bool field_source(struct analysis *analysis, Node **place);
/* Is there a column of that name at this level or outside of it? It is meant then, before any relation. */
bool is_column_somewhere(struct analysis *analysis, const struct level *level, const char *name);

/* The token that opens the parenthesis of a sub-select; tokens->n: none. */
size_t sublink_open(const struct analysis *analysis, const SubLink *link);

/* rewrite_price.c */
/* Must the expression get a price? Asked before it is walked; price() comes after. */
bool price_due_for(struct analysis *analysis, const Node *node);
static inline bool price_due(struct analysis *analysis, const Node *node)
{
	return (IsA(node, SubLink) || IsA(node, A_ArrayExpr) || IsA(node, A_Expr) || IsA(node, FuncCall) ||
			((IsA(node, ColumnRef) || IsA(node, A_Indirection)) && analysis->rewrite->free_values != NIL)) &&
		   price_due_for(analysis, node);
}
/* `name`: of the result column that it is the whole of, NULL: of none, or one with a label. */
bool price(struct analysis *analysis, Node **place, const char *name);
/* A sub-select that is not the application's, which gets a price wherever it stands if there is need of any; with the text
 * before and behind it. */
Node *price_made(struct analysis *analysis, Node *value, const char **opens, const char **closes);
/* OFFSET 0 for a query of FROM or WITH that needs one; it has been rewritten and ends at this byte. */
bool price_fence(struct analysis *analysis, Node *query, size_t end);
/* OFFSET 0 in any case. */
bool fence(struct analysis *analysis, Node *query, size_t end);
/* Must this view be read in a query with OFFSET 0? */
bool price_fences_view(struct analysis *analysis, const RangeVar *range);
/* Looks into the definition of a view, which comes in the place of `range`. */
void price_definition(struct analysis *analysis, const RangeVar *range, const Node *query);

/* rewrite_insert.c, rewrite_change.c, rewrite_merge.c */
struct level *rewrite_insert(struct analysis *analysis, InsertStmt *insert, size_t begin, size_t end);
struct level *rewrite_update(struct analysis *analysis, UpdateStmt *update, size_t begin, size_t end);
struct level *rewrite_delete(struct analysis *analysis, DeleteStmt *delete, size_t begin, size_t end);
struct level *rewrite_merge(struct analysis *analysis, MergeStmt *merge, size_t begin, size_t end);
/* The target of a data change as first leaf of `level`; refuses what cannot be written. */
struct leaf *change_target(struct analysis *analysis, struct level *level, RangeVar **range, bool insert);
/* The index of the tenant column in an INSERT's list of columns, -1: it is not there. */
int listed_tenant(const List *columns, const struct catalog_relation *relation);
/* A value that the application gives to T: checked, kept or replaced. `begin`..`end` are its tokens. */
bool tenant_value(struct analysis *analysis, const struct catalog_relation *relation, Node **place,
				  size_t begin, size_t end);
/* .. that is no parameter: a constant is checked, and the tenant comes in its place. */
bool tenant_replaces(struct analysis *analysis, const char *relation, const char *column, Node **place,
					 size_t begin, size_t end);
/* .. that EXECUTE gives it, where the server compares it: a constant is compared before. `begin`: its first token. */
bool tenant_argument(struct analysis *analysis, const char *relation, Node *value, size_t begin);
/* Refuses casts that may make another tenant of a value. A type is looked for among the session's temporary ones
 * first, which may be called like a built-in one: it is named as the server's own. */
bool tenant_casts(struct analysis *analysis, Node *value);
/* How often the statement's own text uses a parameter. */
size_t parameter_uses(const struct analysis *analysis, int number);
/* After the rewriting: may the session compare the parameters in `checks` as text? */
bool rewrite_check_parameters(struct analysis *analysis);
/* The session must compare this constant or parameter with its tenant. */
bool tenant_check_for(struct analysis *analysis, const Node *value);
/* Walks a RETURNING list, which sees the target before and after as well. */
bool rewrite_returning(struct analysis *analysis, struct level *level, List *returning);
/* SET lists: T = .. is checked. `begin` is the first token after SET. */
bool rewrite_set(struct analysis *analysis, struct leaf *target, List *targets, size_t begin, size_t end);
/* One row (`targets`: of ResTargets) that an INSERT writes; its tokens are begin..end. */
bool source_row(struct analysis *analysis, List **row, bool targets, size_t begin, size_t end,
				struct insert_source *source);
/* rewrite_conflict.c: ON CONFLICT, whose tokens are begin..end */
bool rewrite_conflict(struct analysis *analysis, struct level *level, struct leaf *target,
					  OnConflictClause *conflict, size_t begin, size_t end);
bool rewrite_truncate(struct analysis *analysis, Node **statement, size_t begin, size_t end);

/* rewrite_copy.c */
bool rewrite_copy(struct analysis *analysis, CopyStmt *copy, size_t begin, size_t end);

/* rewrite_given.c */
/* Notes a parameter of PREPARE that is the value of a tenant column. */
bool tenant_given(struct analysis *analysis, Node **place, size_t begin, size_t end);
/* At the end of PREPARE. *checks: what EFFECT_PREPARE says of such parameters; NULL: there are none. */
bool settle_given(struct analysis *analysis, const char *prepared, const char **checks);

/* rewrite_prepare.c: statements that contain a query */
/* The first such token from `from` on, outside parentheses; `end`: there is none. */
size_t find_keyword(const struct analysis *analysis, size_t from, size_t end, enum keyword keyword);
bool rewrite_utility(struct analysis *analysis, Node *statement, size_t begin, size_t end);
/* SELECT INTO and CREATE TABLE AS: rows of tenants may only go to temporary relations. */
bool rewrite_into(struct analysis *analysis, const Node *query);

/* rewrite_followed.c */
bool rewrite_followed(struct analysis *analysis, RawStmt *raw);

/* rewrite_create_view.c */
bool rewrite_create_view(struct analysis *analysis, ViewStmt *statement, size_t begin, size_t end);

/* rewrite_moved.c */
/* The definition of a new view that is read next was written under this search_path. */
bool moved_to(struct analysis *analysis, const char *path);
/* The names that an expression, and an item of FROM, uses by itself are to mean what they meant there. False: refused. */
bool moved_name(struct analysis *analysis, Node *node);
bool moved_leaf(struct analysis *analysis, const struct leaf *leaf, const Node *item);

/* rewrite_view.c */
bool view_inline(struct analysis *analysis, struct leaf *leaf);
/* The guarded definition of the leaf's view; its text, with an opening parenthesis before it, is recorded at `at`. */
Node *view_guarded(struct analysis *analysis, const struct leaf *leaf, size_t at);

#endif
