/* Internal to parser/: from finished analyses to a verdict. */
#ifndef TENANTRY_PARSER_VERDICT_BUILD_H
#define TENANTRY_PARSER_VERDICT_BUILD_H

#include "parser/analysis.h"

/* One statement of the message. `analysis` gives bounds, refusal, splices, effects, checks, patterns, copy plan and
 * tag; for kind VERDICT_REFUSE only the refusal is taken, for VERDICT_PASS everything but the splices. */
struct verdict_part {
	const struct analysis *analysis;
	enum verdict_kind kind;
	bool self_safe, is_empty, utility;
	uint64_t names;                    /* as in struct statement */
	const struct statement_note *note; /* NULL: none */
};

struct verdict_facts {
	unsigned parameters;       /* as in struct verdict */
	unsigned tenant_parameter; /* taken only if some part uses the tenant */
	enum tenant_type tenant_type;
};

/* Copies everything into memory of its own (malloc) and gives the first reference. Splices are brought into
 * order, those of one place stay in the order in which they were recorded. Never NULL: out of memory aborts.
 */
struct verdict *verdict_build(const struct verdict_part *parts, size_t n, const struct verdict_facts *facts);

/* A verdict of one statement that covers `length` bytes and is refused; not cacheable. For errors outside any
 * analysis (the parser's own, limits). Strings are copied. */
struct verdict *verdict_refuse(size_t length, const struct refusal *refusal);

/* The verdict for a text that differs from that of `verdict` only in the length of some pieces; `from`
 * and `to` are where a piece ends in the one and in the other text, in order. For a verdict of one
 * statement without effects, checks, patterns, copy plan, tag and refusal (parser/shape.h). */
struct verdict_move {
	size_t from, to;
};
struct verdict *verdict_moved(const struct verdict *verdict, const struct verdict_move *moves, size_t n);

/* What the verdict weighs, for the cache. */
size_t verdict_bytes(const struct verdict *verdict);

#endif
