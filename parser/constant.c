/* Constants in raw trees; see constant.h. Settings follow flatten_set_variable_args() of PostgreSQL's guc.c.
 */
#include "parser/constant.h"

#include <string.h>
#include <strings.h>

#include "parser/settings_policy.h"
#include "parser/tree.h"

/* Casts that leave the text as it is. Others do not: '"\u0075sers"'::jsonb::text is another name than it
 * looks like, and varchar(5) cuts. */
static bool keeps_text(const TypeName *type)
{
	static const char *const KEEPING[] = {"text", "varchar", "regclass", "bool",
										  "int4", "int8",    "numeric",  NULL};
	if (type->typmods || type->arrayBounds || type->setof || type->pct_type)
		return false;
	for (const char *const *name = KEEPING; *name; name++)
		if (strcmp(strVal(llast(type->names)), *name) == 0)
			return true;
	return false;
}

struct constant constant_of(Node *node)
{
	while (node && IsA(node, TypeCast) && keeps_text(((TypeCast *)node)->typeName))
		node = ((TypeCast *)node)->arg;
	if (!node || !IsA(node, A_Const))
		return (struct constant){0};
	A_Const *constant = (A_Const *)node;
	if (constant->isnull)
		return (struct constant){.known = true};
	switch (nodeTag(&constant->val)) {
	case T_String:
		return (struct constant){true, true, constant->val.sval.sval};
	case T_Float:
		return (struct constant){true, false, constant->val.fval.fval};
	case T_Integer:
		return (struct constant){true, false, analysis_text("%d", constant->val.ival.ival)};
	case T_Boolean:
		return (struct constant){true, false, constant->val.boolval.boolval ? "true" : "false"};
	case T_BitString:
		return (struct constant){true, true, constant->val.bsval.bsval};
	default:
		return (struct constant){0};
	}
}

bool constant_bool(const struct constant *constant, bool *value)
{
	static const char *const YES[] = {"true", "t", "on", "yes", "y", "1", NULL};
	static const char *const NO[] = {"false", "f", "off", "no", "n", "0", NULL};
	if (!constant->known || !constant->text)
		return false;
	for (int i = 0; YES[i]; i++) {
		if (strcasecmp(constant->text, YES[i]) == 0)
			return *value = true, true;
		if (strcasecmp(constant->text, NO[i]) == 0)
			return *value = false, true;
	}
	return false;
}

const char *setting_value(const struct analysis *analysis, const char *name, const char *value)
{
	char canonical[TENANT_VALUE_MAX + 1];
	if (setting_is_tenant(analysis->policy, name) &&
		tenant_value_canonical(analysis->policy->tenant_type, value, canonical))
		return pstrdup(canonical);
	return value;
}

static bool is_list_of_names(const char *name)
{
	static const char *const LISTS[] = {"search_path", "temp_tablespaces", "session_preload_libraries",
										"local_preload_libraries", NULL};
	for (const char *const *list = LISTS; *list; list++)
		if (strcasecmp(name, *list) == 0)
			return true;
	return false;
}

const char *setting_arguments(const char *name, List *arguments)
{
	const char *value = "";
	for (int i = 0; i < list_length(arguments); i++) {
		Node *argument = list_nth(arguments, i);
		if (!IsA(argument, A_Const))
			return NULL;
		struct constant constant = constant_of(argument);
		if (!constant.known || !constant.text)
			return NULL;
		const char *text = constant.text;
		if (constant.is_string && is_list_of_names(name))
			text = text_identifier(text);
		value = i == 0 ? text : analysis_text("%s, %s", value, text);
	}
	return value;
}
