/* May a statement, or a change of the tenant, go on for this session? What the verdict cannot say because it
 * is the same for every tenant: whether a tenant is known, whether values that the application wrote itself
 * are the tenant's own. */
#include "proxy/session/internal.h"

#include <stdio.h>
#include <string.h>

void own_refusal_finish(struct own_refusal *own, int position)
{
	memcpy(own->refusal.sqlstate, own->text.sqlstate, sizeof own->refusal.sqlstate);
	own->refusal.message = own->text.message;
	own->refusal.detail = own->text.detail[0] ? own->text.detail : NULL;
	own->refusal.hint = own->text.hint[0] ? own->text.hint : NULL;
	own->refusal.position = position;
}

/* Bytes that are not ASCII are converted by the server: from the client's encoding, which the tenant's value is not in. */
static enum admission refuse_converted(const char *tenant, struct own_refusal *own)
{
	error_set(&own->text, "0A000", "tenant \"%s\" needs the encoding UTF8", tenant);
	error_detail(&own->text, "In the encoding of the client, or of the data, its name would be another one.");
	error_hint(&own->text, "SET client_encoding = 'UTF8'.");
	own_refusal_finish(own, 0);
	return ADMISSION_REFUSED;
}

enum admission admit_tenant(struct session *session, const char *text, char *canonical,
							struct own_refusal *own)
{
	const struct policy *policy = session->settings->policy;
	const struct user *user = session->user;
	if (!tenant_value_canonical(policy->tenant_type, text, canonical)) {
		error_set(&own->text, "22023", "invalid value for parameter \"%s\": \"%s\"", policy->tenant_setting,
				  text);
		error_detail(&own->text, "A tenant is a value of type %s.", tenant_type_name(policy->tenant_type));
		own_refusal_finish(own, 0);
		return ADMISSION_REFUSED;
	}
	if (user->right == RIGHT_BYPASS)
		return ADMITTED;
	if (session->phase == PHASE_RUNNING && !judge_keeps_bytes(session, canonical))
		return refuse_converted(canonical, own);
	if (user->right == RIGHT_BOUND && strcmp(canonical, user->tenant) != 0) {
		error_set(&own->text, "42501", "user \"%s\" may not act for tenant \"%s\"", user->name, canonical);
		error_detail(&own->text, "The user is bound to tenant \"%s\".", user->tenant);
		own_refusal_finish(own, 0);
		return ADMISSION_REFUSED;
	}
	if (catalog_has_tenant(session->catalog, canonical))
		return ADMITTED;
	if (!session->asked_catalog) {
		if (session->phase == PHASE_RUNNING)
			client_hold(session, HOLD_CATALOG);
		else
			session->wants |= SESSION_WANT_CATALOG;
		return ADMISSION_HELD;
	}
	error_set(&own->text, "22023", "tenant \"%s\" does not exist", canonical);
	error_hint(&own->text, "Insert it into %s first, or name another tenant.", policy->tenants_table);
	own_refusal_finish(own, 0);
	return ADMISSION_REFUSED;
}

bool admit_needs_tenant(const struct statement *statement)
{
	if (statement->n_checks > 0 || statement->copy)
		return true;
	for (size_t i = 0; i < statement->n_splices; i++)
		if (statement->splices[i].tenant)
			return true;
	return false;
}

/* --- values that the application wrote itself --- */
enum { OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_UUID = 2950 };

static bool text_is_tenant(enum tenant_type type, const char *bytes, size_t length, const char *tenant)
{
	char text[TENANT_VALUE_MAX * 2 + 1], canonical[TENANT_VALUE_MAX + 1];
	if (length >= sizeof text || memchr(bytes, 0, length))
		return false;
	memcpy(text, bytes, length);
	text[length] = 0;
	return tenant_value_canonical(type, text, canonical) && strcmp(canonical, tenant) == 0;
}

/* A binary value says by its parameter's type what it is; an undeclared one was given the column's type by
 * the server. */
static bool binary_is_tenant(enum tenant_type type, uint32_t oid, const char *bytes, size_t length,
							 const char *tenant)
{
	char expected[TENANT_VALUE_MAX + 1], digits[24];
	if (type == TENANT_INTEGER || type == TENANT_BIGINT) {
		int64_t value;
		if (oid == 0)
			oid = tenant_type_oid(type);
		if (oid == OID_INT2 && length == 2)
			value = (int16_t)wire_get_u16(bytes);
		else if (oid == OID_INT4 && length == 4)
			value = (int32_t)wire_get_u32(bytes);
		else if (oid == OID_INT8 && length == 8)
			value = (int64_t)((uint64_t)wire_get_u32(bytes) << 32 | wire_get_u32(bytes + 4));
		else
			return false;
		int n = snprintf(digits, sizeof digits, "%lld", (long long)value);
		return text_is_tenant(type, digits, (size_t)n, tenant);
	}
	if (type == TENANT_UUID && oid != 0 && oid != OID_UUID)
		return false;
	size_t n = tenant_value_binary(type, tenant, expected);
	return n == length && memcmp(expected, bytes, n) == 0;
}

static bool check_holds(const struct tenant_check *check, enum tenant_type type, const char *tenant,
						const struct wire_bind *bind, const uint32_t *types, size_t n_types)
{
	if (check->parameter == 0)
		return check->constant && text_is_tenant(type, check->constant, strlen(check->constant), tenant);
	if (!bind)
		return true;
	unsigned i = (unsigned)check->parameter - 1;
	if (i >= bind->n_values)
		return true; /* the server refuses a Bind that lacks values */
	int32_t length;
	const char *value = wire_bind_value(bind, i, &length);
	if (length < 0)
		return check->or_null;
	if (wire_bind_format(bind, i) == 0)
		return text_is_tenant(type, value, (size_t)length, tenant);
	return binary_is_tenant(type, i < n_types ? types[i] : 0, value, (size_t)length, tenant);
}

static bool ends_in_escape(const struct wire_bind *bind, int parameter)
{
	int32_t length, n = 0;
	if ((unsigned)parameter > bind->n_values)
		return false; /* the server refuses a Bind that lacks values */
	/* a text is the same bytes in both formats */
	const char *value = wire_bind_value(bind, (unsigned)parameter - 1, &length);
	while (n < length && value[length - 1 - n] == '\\')
		n++;
	return n % 2 != 0;
}

static bool patterns_hold(const struct statement *statement, const struct wire_bind *bind,
						  struct own_refusal *own)
{
	for (size_t i = 0; bind && i < statement->n_patterns; i++)
		if (ends_in_escape(bind, statement->patterns[i])) {
			error_set(&own->text, "22025", "LIKE pattern must not end with escape character");
			own_refusal_finish(own, 0);
			return false;
		}
	return true;
}

static enum admission no_tenant(struct session *session, struct own_refusal *own)
{
	const char *setting = session->settings->policy->tenant_setting;
	error_set(&own->text, "42501", "no tenant is set for this session");
	error_detail(&own->text, "The statement touches tables whose rows belong to tenants.");
	error_hint(&own->text, "SET %s = '..' first, or give it in the connection string: options=-c%%20%s%%3D..",
			   setting, setting);
	own_refusal_finish(own, 0);
	return ADMISSION_REFUSED;
}

enum admission admit_tenant_known(struct session *session, struct own_refusal *own)
{
	if (session_tenant(session))
		return ADMITTED;
	return no_tenant(session, own);
}

static bool has_parameter_checks(const struct statement *statement)
{
	if (statement->n_patterns > 0)
		return true;
	for (size_t i = 0; i < statement->n_checks; i++)
		if (statement->checks[i].parameter > 0)
			return true;
	return false;
}

/* SQL's EXECUTE runs what a Parse message has prepared too, past everything that Bind and Execute look after.
 */
static bool may_be_executed(struct session *session, struct prepared *prepared, const char *tenant,
							struct own_refusal *own)
{
	const struct verdict *verdict = prepared->verdict;
	bool plain = !prepared->followed && !prepared->executes;
	for (size_t i = 0; i < verdict->n_statements; i++)
		plain = plain && !verdict->statements[i].copy && !has_parameter_checks(&verdict->statements[i]);
	if (!plain) {
		error_set(&own->text, "0A000", "prepared statement \"%s\" cannot be run by EXECUTE", prepared->name);
		error_detail(&own->text,
					 "It was prepared by the driver, and what it does would not be seen by tenantry.");
		error_hint(&own->text, "Let the driver execute it, or send the statement itself.");
		own_refusal_finish(own, 0);
		return false;
	}
	for (size_t i = 0; i < verdict->n_statements; i++)
		if (admit_statement(session, verdict, i, tenant, NULL, NULL, 0, own) != ADMITTED)
			return false;
	bool literal = prepared->literal_tenant && (!tenant || strcmp(prepared->literal_tenant, tenant) != 0);
	if (!literal && extended_is_current(session, prepared))
		return true;
	error_set(&own->text, "0A000", "cached plan must not change result type");
	error_detail(&own->text, "What prepared statement \"%s\" names has changed since it was prepared.",
				 prepared->name);
	error_hint(&own->text, "Prepare it again.");
	own_refusal_finish(own, 0);
	return false;
}

bool admit_executed(struct session *session, const struct statement *statement, const char *tenant,
					struct own_refusal *own)
{
	if (session->user->right == RIGHT_BYPASS)
		return true;
	for (size_t e = 0; e < statement->n_effects; e++) {
		if (statement->effects[e].kind != EFFECT_EXECUTE)
			continue;
		struct prepared *prepared = statements_get(&session->statements, statement->effects[e].name);
		if (prepared && !prepared->sql && !may_be_executed(session, prepared, tenant, own))
			return false;
	}
	return true;
}

enum admission admit_statement(struct session *session, const struct verdict *verdict, size_t i,
							   const char *tenant, const struct wire_bind *bind, const uint32_t *types,
							   size_t n_types, struct own_refusal *own)
{
	const struct statement *statement = &verdict->statements[i];
	if (session->user->right == RIGHT_BYPASS)
		return ADMITTED;
	for (size_t e = 0; e < statement->n_effects; e++) {
		const char *value;
		char canonical[TENANT_VALUE_MAX + 1];
		if (!state_sets_tenant(&session->state, &statement->effects[e], &value) || !value)
			continue;
		enum admission admission = admit_tenant(session, value, canonical, own);
		if (admission != ADMITTED)
			return admission;
	}
	if (!admit_executed(session, statement, tenant, own))
		return ADMISSION_REFUSED;
	if (!patterns_hold(statement, bind, own))
		return ADMISSION_REFUSED;
	if (!admit_needs_tenant(statement))
		return ADMITTED;
	if (!tenant)
		return no_tenant(session, own);
	bool encoded = statement->copy && statement->copy->encoded && !text_is_ascii(tenant);
	if (encoded || !judge_keeps_bytes(session, tenant))
		return refuse_converted(tenant, own);
	for (size_t c = 0; c < statement->n_checks; c++) {
		const struct tenant_check *check = &statement->checks[c];
		if (check_holds(check, verdict->tenant_type, tenant, bind, types, n_types))
			continue;
		error_set(&own->text, "42501",
				  "a value for the tenant column of relation \"%s\" is not the session's tenant",
				  check->relation ? check->relation : "");
		error_detail(&own->text, "The session acts for tenant \"%s\".", tenant);
		error_hint(&own->text, "Leave the column out: tenantry fills it in.");
		own_refusal_finish(own, check->position);
		return ADMISSION_REFUSED;
	}
	return ADMITTED;
}
