/* The function-call sub-protocol message (and anything else that names a function by OID): may it run? */
#ifndef TENANTRY_PARSER_FUNCTION_CALL_H
#define TENANTRY_PARSER_FUNCTION_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "parser/verdict.h"

/* False: *refusal says why; its strings are static. A function that the snapshot does not know is refused.
 * `other_views`: the session has temporary views of another tenant's rows, which code may name. */
bool function_call_policy(const struct catalog *catalog, const struct policy *policy, enum right right,
						  uint32_t oid, bool other_views, struct refusal *refusal)
	__attribute__((warn_unused_result));

#endif
