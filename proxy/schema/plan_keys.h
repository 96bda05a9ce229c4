/* The optional phases of the plan that change the application's own keys, and their way back.
 *
 * A key is changed without a moment in which it does not hold: the new unique index is built concurrently
 * beside the old one, then one short transaction puts it under the old name. Foreign keys that refer to the
 * old one go along in the same transaction, NOT VALID (new rows are checked from then on), and are validated
 * afterwards. Keys whose values cannot meet between tenants (facts_keys.h) stay: widening them would gain
 * nothing, and break GROUP BY over a primary key. */
#ifndef TENANTRY_SCHEMA_PLAN_KEYS_H
#define TENANTRY_SCHEMA_PLAN_KEYS_H

#include "proxy/schema/facts_keys.h"
#include "proxy/schema/plan.h"

enum key_direction { KEY_WIDEN, KEY_NARROW };

/* Comments by which they are found again; what the application had said follows after "; ". */
#define KEYS_WIDENED        FACTS_COMMENT "widened with the tenant"
#define KEYS_NARROWED       FACTS_COMMENT "as before, not validated yet"
#define KEYS_FOR_REFERENCES FACTS_COMMENT "made for foreign keys with the tenant"

void plan_unique(struct plan *plan);       /* widen_unique */
void plan_tenant_keys(struct plan *plan);  /* tenant_foreign_keys */
void plan_row_security(struct plan *plan); /* row_security; plan_security.c */
/* Everything that was made, backwards; plan_down.c. */
void plan_down(struct plan *plan, struct facts *facts, const struct schema_settings *settings);

/* False with 55000: some table has rows of other tenants. Tables whose forced policies hide rows from us are
 * looked at in their own step, after the policies are gone. */
bool plan_down_allowed(struct plan *plan, PGconn *connection, struct error *error)
	__attribute__((warn_unused_result));

/* --- for plan_down.c --- */
void plan_swap_key(struct plan *plan, const struct fact_key *key, enum key_direction direction,
				   enum section section);
void plan_swap_reference(struct plan *plan, const struct fact_reference *reference,
						 enum key_direction direction, enum section section);
/* The last step of a narrowed foreign key, where a run was killed before it. */
void plan_validate_narrowed(struct plan *plan);
void plan_drop_policies(struct plan *plan, const struct fact_table *table);

#endif
