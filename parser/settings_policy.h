/* What SET, RESET, set_config() and startup options may do. Pure: no memory, no parser state. */
#ifndef TENANTRY_PARSER_SETTINGS_POLICY_H
#define TENANTRY_PARSER_SETTINGS_POLICY_H

#include <stdbool.h>

#include "parser/verdict.h"

/* May a session with this right set `name` (any case) to `value`? NULL is the setting's default. False:
 * *refusal says why; its strings are static. For the tenant setting the value must be one of the tenant type;
 * whether a bound user names its own tenant is the caller's to compare. For search_path `value` is the text
 * of the setting, as in the configuration file or in set_config(). RIGHT_BYPASS may do everything that does
 * not change how text is read. */
bool setting_policy(const struct policy *policy, enum right right, const char *name, const char *value,
					struct refusal *refusal) __attribute__((warn_unused_result));

/* Is it the tenant setting of the policy? */
bool setting_is_tenant(const struct policy *policy, const char *name);

/* Does the proxy have to know its exact value all the time (search_path, the tenant setting, who asks)? */
bool setting_steers(const struct policy *policy, const char *name);

/* Is it an encoding none of whose characters contains bytes of ASCII characters? */
bool setting_encoding_is_safe(const char *value);

#endif
