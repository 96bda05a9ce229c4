/* The only door to libpg_query and PostgreSQL's node headers.
 *
 * Both packages define PG_MAJORVERSION and friends; the build check (make builds tests of it) compares
 * them here before they are undefined. Mind: CurrentMemoryContext and PG_exception_stack are thread-local
 * inside libpg_query while the headers declare them as plain globals: never use inline functions or
 * macros of the headers that touch them (makeNode, newNode, palloc macros, PG_TRY,
 * MemoryContextSwitchTo); MAKE() below allocates through the exported palloc0(). */
#ifndef TENANTRY_PARSER_PG_NODES_H
#define TENANTRY_PARSER_PG_NODES_H

#include <pg_query.h>
#undef PG_MAJORVERSION
#undef PG_VERSION
#undef PG_VERSION_NUM
/* This one first: it brings in postgres.h. */
#include <pg_query/pg_query_internal.h>

#include <nodes/nodeFuncs.h>
#include <nodes/parsenodes.h>

#define MAKE(T)                        \
	({                                 \
		T *node_ = palloc0(sizeof(T)); \
		((Node *)node_)->type = T_##T; \
		node_;                         \
	})

#endif
