/* Internal to the checker: what its parts share. Nobody else includes this, and nothing of it may come from
 * rewrite*.c or scope.c: the checker is the second wall, and a wall that leans on the first one is none.
 *
 *   checker.c        statement kinds, the entry
 *   checker_query.c  SELECT, INSERT, UPDATE, DELETE, MERGE: which leaves must be confined, what may be written
 *   checker_level.c  one query level: its leaves, its joins, and which conjuncts confine which leaf
 *   checker_walk.c   expressions: nothing but a way to reach every sub-select and function call
 *   checker_names.c  what a name means: CTE, temporary, search_path
 *
 * All functions return true to go on and false once something is open; the first finding stays. */
#ifndef TENANTRY_PARSER_CHECKER_INTERNAL_H
#define TENANTRY_PARSER_CHECKER_INTERNAL_H

#include "parser/analysis.h"
#include "parser/names.h"

/* The WITH lists that are in force, innermost first. The first `visible` entries of `list` can be named. */
struct checker_with {
	const struct checker_with *outer;
	const List *list;
	int visible;
};

/* One name of a query level's FROM (or the target of a data change). */
struct checker_leaf {
	const char *refname;                     /* what qualifies its columns; NULL: cannot be named */
	const struct catalog_relation *relation; /* NULL: CTE, sub-select, function, join, temporary or unknown */
	const Alias *alias;                      /* for its column list; NULL: none */
	const char
		*tenant; /* the tenant column as this level sees it; NULL: not to be confined, or not nameable */
	int location;
	bool required; /* must be confined */
	bool confined;
	bool screened; /* also by a comparison that is tested before every condition of the statement (quals.h) */
	bool hidden;   /* behind the alias of a join: only that join's inside sees it */
	bool merged;   /* its tenant column is merged into the other side's by USING or NATURAL */
};

#define CHECKER_FEW 8

/* A level's `x.T = y.T`: a confined `from` confines `to`. */
struct checker_link {
	int from, to;
};

struct checker_level {
	struct checker_level *outer;
	struct checker_leaf *leaves;
	int n, room;
	struct checker_link links[CHECKER_FEW];
	int n_links;
	struct checker_leaf few[CHECKER_FEW];
};

/* The effective search_path in order; checker_temporary stands for pg_temp. */
struct checker_path {
	int n;
	const char *schemas[];
};

struct checker {
	const struct analysis *analysis;
	int parameter;     /* > 0: only this one confines; 0: any value, the same everywhere */
	const Node *value; /* parameter 0: the value that everything rests on so far */
	struct checker_finding *finding;
	bool open;
	bool used;             /* the tenant's parameter is */
	bool touched;          /* a relation that must be confined was read or written */
	const Node *statement; /* the whole of it */
	enum { SCREEN_UNKNOWN, SCREEN_NEEDED, SCREEN_NOT_NEEDED } screen;
	enum { PRICES_UNKNOWN, PRICES_PAID, PRICES_MISSING } prices; /* quals_free.h */
	const RangeVar *made; /* a table that is made of the result and stays; NULL: none */
	unsigned depth, max_depth;
	const struct checker_with *with;
	struct checker_level *level;     /* the innermost one whose columns can be named here */
	const struct checker_path *path; /* NULL: not read yet */
};

extern const char checker_temporary[];

/* Records the finding; always false. */
bool checker_open(struct checker *checker, int location, const char *message);
/* Bracket every descent; false: too deep. */
bool checker_enter(struct checker *checker);
void checker_leave(struct checker *checker);

/* Notes the target of SELECT INTO and CREATE TABLE AS. */
void checker_into(struct checker *checker, const IntoClause *into);

/* --- checker_names.c --- */
struct checker_name {
	const struct catalog_relation *relation; /* NULL: not a relation of the snapshot */
	bool is_cte, is_temporary;
};
/* False: a finding (the name cannot be decided safely). `as_target`: of a data change, so never a CTE. */
bool checker_resolve(struct checker *checker, const RangeVar *name, bool as_target,
					 struct checker_name *found);
/* Is a flagged function, not trusted, meant by this (possibly qualified) name? */
bool checker_flagged_function(struct checker *checker, const List *name);
bool checker_flagged_operator(struct checker *checker, const List *name);

/* --- checker_level.c --- */
void checker_level_open(struct checker *checker, struct checker_level *level);
bool checker_level_add_from(struct checker *checker, struct checker_level *level, const List *from);
bool checker_level_add_item(struct checker *checker, struct checker_level *level, const Node *item);
bool checker_level_add_target(struct checker *checker, struct checker_level *level, const RangeVar *target,
							  const struct catalog_relation *relation);
/* The proposed row of ON CONFLICT. */
void checker_level_add_excluded(struct checker_level *level, const struct catalog_relation *relation);
/* Applies the conjuncts of `quals`, written where leaves [from, to) can be named: those in [first, last) that
 * they pin down to the tenant are confined, because a row that fails `quals` does not get through. */
bool checker_level_apply(struct checker *checker, struct checker_level *level, const Node *quals, int from,
						 int to, int first, int last);
/* The joins and WHERE are all applied: follows the links, then every required leaf must be confined. */
bool checker_level_close(struct checker *checker, struct checker_level *level);
/* Does the relation that `refname` names here certainly have this column? */
bool checker_level_has_column(const struct checker_level *level, const char *refname, const char *column);
/* Is `value` the tenant's: the parameter, or (parameter 0) the one value? */
bool checker_is_tenant(struct checker *checker, const Node *value);
/* The same for a value that is written into the tenant column, where a checked value of the application's own
 * is as good. */
bool checker_may_write(struct checker *checker, const struct checker_level *level, const Node *value);

/* --- checker_walk.c --- */
bool checker_walk(struct checker *checker, const Node *node);
bool checker_walk_list(struct checker *checker, const List *list);
/* The expressions and sub-selects inside a FROM item; its names are the level's business. */
bool checker_walk_from(struct checker *checker, const Node *item);

/* --- checker_query.c --- */
bool checker_query(struct checker *checker, const Node *statement);

#endif
