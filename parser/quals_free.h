/* What a screen (quals.h) does not come before: conditions that cost nothing in the planner's estimate and may fail.
 *
 * cost_qual_eval() charges for functions and operators. It takes for nothing: CASE, COALESCE, AND, OR, NOT, tests for NULL,
 * rows, boolean columns; arrays, which fail when their elements are arrays of different lengths; a sub-select that depends
 * on no row, which is computed where it is used first; and, above an outer join or GROUPING SETS, whatever a column of a
 * sub-select in FROM stands for (a PlaceHolderVar is paid for elsewhere).
 *
 * And what an index does not settle for good is tested again on what it found, before all else; and some conditions the planner
 * tests before anything runs (quals_hazard.h). The columns of these get a price, as (SELECT column): now() is as good as a
 * constant to some estimates, and they would see the column behind it.
 *
 * So in a statement that is not settled each such array and sub-select is given the price of an operator,
 *     CASE WHEN pg_catalog.now() IS NULL THEN NULL ELSE .. END
 * where now() is stable, so that the planner has to keep it; and a sub-select in FROM whose columns may fail there gets
 * OFFSET 0, which keeps conditions out of it. A sub-select that is a whole condition, or an operand of one that is an operator,
 * stays as it is: it depends on no row, or costs an operator. */
#ifndef TENANTRY_PARSER_QUALS_FREE_H
#define TENANTRY_PARSER_QUALS_FREE_H

#include "parser/analysis.h"

struct quals_free {
	/* what must get a price: SubLink, A_ArrayExpr, or the A_Expr that compares a row with a SubLink; and ColumnRef, as
	 * (SELECT column) */
	List *values;
	List *queries; /* what must get OFFSET 0: SelectStmt */
	List *views;   /* what must be read in such a query: RangeVar of a view */
	List *
		made; /* RangeVar of what may be a new view, whose definition comes to stand there; the name itself needs nothing */
	bool unknown; /* something was not understood */
};

/* Where the columns of a query go. */
enum quals_above {
	QUALS_NOTHING, /* to the client */
	QUALS_LEVEL,   /* to the level above, into conditions, too */
	QUALS_OUTER    /* and that level has an outer join or GROUPING SETS */
};

/* What of it there is in a statement or query, which is (`whole`), or takes the place of a view in, a statement. A pure function
 * of the trees, the snapshot and the session's names; what has its price is not listed. `parameter`: quals_are_settled() */
struct quals_free quals_find_free(const struct analysis *analysis, const Node *statement,
								  enum quals_above above, const Node *whole, int parameter);

#endif
