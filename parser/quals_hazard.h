/* Internal to quals*.c: comparisons that may fail, although they are the server's own and cost one operator.
 *
 *   column                     arrays of json, rows, texts with a collation of their own: catalog_column.hazards
 *   row                        `o < o` fails if o has a column of a type without an order
 *   parameter, on both sides   of any type that the client declares; also under the name of a column of a sub-select
 *   jsonb @? path              dates that are compared with times in a time zone, even where other errors are silent
 *   COLLATE                    patterns, and two collations that meet under the names of columns
 *   operators of the database's own
 *
 * FROM is noted before the conditions of its level and of those below are looked at, so all that a column can come
 * from is known by then. What the session has made since the snapshot was loaded may have any column. */
#ifndef TENANTRY_PARSER_QUALS_HAZARD_H
#define TENANTRY_PARSER_QUALS_HAZARD_H

#include "parser/analysis.h"

/* How many names the rewriter notes. What it adds to the text brings more: the checker notes four times as many. */
enum { QUALS_NAMES = 256 };

/* What the items of FROM brought so far. */
struct quals_hazards {
	unsigned any; /* enum catalog_hazard */
	/* a column may come from one of another name */
	bool renames;
	bool guessed; /* .. so it is said, but nothing has been seen to do so */
	/* a column may be a parameter of any type */
	bool parameters;
	/* it may be rows of tenants that are read */
	bool tenants;
	/* something would have been tested again if they were */
	bool asked;
	/* what a column's qualifier or a whole row may be called */
	size_t n_names, room;
	struct quals_name {
		const char *name;
		bool is_table; /* with its own columns under their own names */
	} * names;
	bool many; /* more names */
};

struct quals;

/* Gives what the snapshot knows of the name; NULL: nothing. */
const struct catalog_name *quals_note_relation(struct quals *quals, const RangeVar *range);
/* A sub-select, function, CTE or join; NULL: it has no name. */
void quals_note_item(struct quals *quals, const Alias *alias);
/* What a change returns may have any name. */
void quals_note_cte(struct quals *quals, const CommonTableExpr *cte);
/* A column of a query that the level above knows by this name; NULL: by its own. */
void quals_note_target(struct quals *quals, const Node *value, const char *name);
/* A function in FROM, and XMLTABLE. */
void quals_note_function(struct quals *quals, const RangeFunction *function);
void quals_note_table_function(struct quals *quals, const RangeTableFunc *function);

/* May comparing rows fail? */
bool quals_rows_are_hazardous(const struct quals *quals);
bool quals_is_hazardous(const struct quals *quals, const ColumnRef *column);
/* JOIN .. USING, NATURAL */
bool quals_join_is_hazardous(const struct quals *quals, const JoinExpr *join);
/* Is the collation not certainly "C", of which no two can meet? */
bool quals_collates(const CollateClause *clause);
/* May the operator of the comparison fail, or something in its operands make it fail? */
bool quals_operator_is_hazardous(struct quals *quals, const A_Expr *expression);
/* May it fail where a screen does not come before it? Then its columns get a price (quals_free.h), and are none that the server
 * knows. That is where an index tests it again on what it found; and where the planner tests it on the most common values
 * of a column and those of its histogram (pg_statistic), to estimate how many rows it holds for. Those are of all tenants. */
bool quals_is_tested_again(struct quals *quals, const A_Expr *expression);
/* The same of a function that is an operator. */
bool quals_call_is_tested_again(struct quals *quals, const FuncCall *call);
bool quals_call_may_be_tested_again(const FuncCall *call);
/* Asked of the operator alone; if not, it is not. */
bool quals_may_be_tested_again(const struct analysis *analysis, const A_Expr *expression);
bool quals_case_is_hazardous(struct quals *quals, const CaseExpr *expression);
/* T = $t, which the rewriter has put there, or its screen's T = ANY (ARRAY[$t]). */
bool quals_is_tenant(const struct quals *quals, const A_Expr *expression);

#endif
