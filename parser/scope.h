/* Name resolution as PostgreSQL does it: CTEs by scope, temporary relations, search_path (namespace.c,
 * parse_relation.c). scope_relation(), for names outside any CTE, is declared in analysis.h. */
#ifndef TENANTRY_PARSER_SCOPE_H
#define TENANTRY_PARSER_SCOPE_H

#include "parser/analysis.h"
#include "parser/names.h"

/* The WITH entries that are visible at some place, innermost first. */
struct cte {
	struct cte *outer;
	const CommonTableExpr *expression;
	struct level *level; /* of its query: where its columns come from; NULL: not known (yet) */
};

/* The entry that `name` means, NULL if it is no CTE. Qualified names never are. */
struct cte *scope_cte(struct cte *visible, const RangeVar *name);

/* The effective search path: schemas in the order in which relations are looked up, pg_catalog included; the
 * pseudo schema "pg_temp" stands for the session's temporary relations. Made at the first call and whenever
 * names change. */
struct scope_path {
	size_t n;
	const char **schemas;
};
const struct scope_path *scope_path(const struct analysis *analysis);
/* The text of the setting. */
const char *scope_path_text(const struct analysis *analysis);
/* .. under this search_path. */
const struct scope_path *scope_path_of(const struct analysis *analysis, const char *text);

/* pg_temp_3 and the like: which session it belongs to is not known, and the views in another one's can be read. */
bool scope_is_numbered_temporary(const char *schema);

/* What an unqualified name means apart from temporary relations; NULL: nothing. */
const struct catalog_relation *scope_permanent(const struct analysis *analysis, const char *name);

#endif
