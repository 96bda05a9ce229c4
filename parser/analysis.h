/* Internal to parser/: what the parts of one guard() call share.
 *
 *   guard.c      owns the call: parse, per statement dispatch, proof, verdict assembly
 *   statements.c the table of statement kinds: PASS, GUARD or REFUSE, and effects
 *   rewrite*.c   the guarding of queries and data changes: mutates the tree, records splices
 *   checker.c    the independent proof; must not use anything that rewrite*.c computed
 *   tokens.c     the token stream with byte offsets and the clause map
 *   scope.c      name resolution as PostgreSQL does it
 *
 * All of it lives in libpg_query's memory context of the call: allocate with palloc(), never free.
 * Errors: record the first refusal with analysis_refuse() and return false; false travels up to guard.c,
 * which turns it into a verdict. */
#ifndef TENANTRY_PARSER_ANALYSIS_H
#define TENANTRY_PARSER_ANALYSIS_H

#include "parser/pg_nodes.h"
#include "parser/verdict.h"

struct splice_list {
	struct splice *items;
	size_t n, room;
};
struct effect_list {
	struct effect *items;
	size_t n, room;
};
struct check_list {
	struct tenant_check *items;
	size_t n, room;
};

/* Parameters whose values must not end in the escape of LIKE; ascending. */
struct pattern_list {
	int *parameters;
	size_t n;
};

struct analysis {
	const struct guard_request *request;
	const struct catalog *catalog;
	const struct policy *policy;
	/* as they are before this statement: effects of earlier ones in the message applied */
	const struct session_names *names;
	const char *text; /* whole message */
	size_t text_length;
	size_t statement_start, statement_length;
	struct tokens *tokens; /* of the whole message; made on first need */
	/* the number that stands for the tenant in trees and in the proof text */
	int tenant_parameter;
	enum tenant_type tenant_type;
	unsigned depth; /* of the walk under way; compared with policy->max_depth */
	bool refused;
	struct refusal refusal;
	struct splice_list splices;
	struct effect_list effects;
	struct check_list checks;
	struct pattern_list patterns; /* quals_pattern.h */
	struct copy_plan *copy;
	/* of a new temporary table: unique indexes that come with it, each as what follows its name in CREATE UNIQUE INDEX */
	List *followers;
	bool by_block; /* the statement is run by a DO block, its `followers` behind it */
	const char *raised_tag;
	bool touches_tenant, uses_tenant, unknown_name, cacheable;
	bool conceal_errors; /* as in struct statement */
	bool defines_view;   /* hidden columns are left out, but nothing is confined before the view is read */
	bool temporary_view; /* CREATE TEMP VIEW: its query is guarded like any other */
	/* an earlier statement of the message may have changed it */
	bool tenant_changed;
	/* a call of set_config whose first argument is certainly `named_setting` */
	const FuncCall *named_call;
	const char *named_setting;
	struct rewrite *rewrite;                 /* scopes and counters of rewrite*.c; nobody else looks inside */
	const struct scope_path *path;           /* the effective search_path, parsed (scope.c); NULL: not yet */
	const struct checker_path *checker_path; /* the same as the checker reads it; nobody else looks inside */
	/* an earlier statement of the message may have changed it in a way nobody can tell */
	bool path_unknown;
};

/* Records the refusal unless there is one already; always returns false. `location` is a byte offset in
 * the message or -1. message, detail and hint are printf-like results copied by the caller (psprintf-like
 * helper below); detail, hint may be NULL. */
bool analysis_refuse(struct analysis *analysis, const char *sqlstate, int location, const char *message,
					 const char *detail, const char *hint);
/* printf into the call's memory. */
char *analysis_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

void analysis_effect(struct analysis *analysis, enum effect_kind kind, const char *name, const char *value,
					 bool flag);

/* --- statements.c --- */
/* What the table says of a statement kind. For VERDICT_PASS all effects are recorded and nothing more is
 * to do except that expressions inside (EXECUTE arguments and the like) have been examined. For
 * VERDICT_GUARD the rewriter goes on. For VERDICT_REFUSE the refusal is recorded. */
enum verdict_kind statement_policy(struct analysis *analysis, Node *statement);
/* Is the option of EXPLAIN on? What cannot be read is. */
bool statement_explains(const ExplainStmt *explain, const char *name, bool otherwise);
/* Schema changes: CREATE TABLE gets its tenant column here (splices and tree), the rest passes or is
 * refused. */
bool statement_schema_change(struct analysis *analysis, Node *statement);

/* --- functions.c --- */
/* Every function call that a guarded or passed statement contains goes through this: flagged, SQL-text
 * and far-reaching functions. `call` is the raw FuncCall; may record EFFECT_SET for set_config with
 * constants. */
bool function_policy(struct analysis *analysis, const FuncCall *call);
/* Is it among trusted_functions? `schema` may be NULL: not known. */
bool function_trusted(const struct policy *policy, const char *schema, const char *name);
/* The same for an operator, by its (possibly qualified) name. One that the snapshot does not know is an unknown name. */
bool operator_policy(struct analysis *analysis, const List *name, int location);
bool operator_used(struct analysis *analysis, const A_Expr *expression);
/* Attribute notation: `r.name` calls name(r) where the name is no column of r. To be asked for the last
 * name of a ColumnRef with several fields, or of an A_Indirection, that is not known to be a column.
 * Refuses names of flagged functions. */
bool function_attribute(struct analysis *analysis, const char *name, int location);
/* A DO block, CREATE FUNCTION body or constant SQL text: does it name tenant relations, flagged functions
 * or dynamic SQL? Returns NULL if harmless, else the reason for people (allocated with palloc).
 * `language` is folded. */
const char *body_scan(const struct catalog *catalog, const char *language, const char *body);
/* The same for an SQL text whose relations somebody else looks at: only for flagged functions and what is
 * suspicious by itself. */
const char *body_scan_code(const struct catalog *catalog, const char *body);
/* body_scan() for a text that the client has sent, whose names may be other bytes than the snapshot's. */
const char *body_scan_sent(const struct analysis *analysis, const char *language, const char *body);

/* --- scope.c --- */
/* The relation that a RangeVar means outside any CTE, following temporaries and search_path. *temporary
 * is set when it is a session's temporary relation (result NULL). NULL and *temporary false: unknown. */
const struct catalog_relation *scope_relation(const struct analysis *analysis, const RangeVar *name,
											  bool *temporary);

/* --- checker.c --- */
struct checker_finding {
	int location;        /* byte offset in the parsed text, -1: none */
	const char *message; /* static */
	/* with parameter 0 and true: the A_Const or ParamRef that everything is confined to; it still has to
	 * be compared with the session's tenant. NULL: no tenant relation is touched */
	const Node *value;
};
/* Shows that every tenant relation that `statement` reads or writes is confined to one tenant.
 * `parameter` > 0: only the comparison with that very parameter counts (the proof of a rewritten
 * statement). `parameter` 0: any one constant or parameter counts, the same everywhere (was the
 * application's own text safe?). False: *finding says what is open. */
bool checker_run(const struct analysis *analysis, const Node *statement, int parameter,
				 struct checker_finding *finding);

#endif
