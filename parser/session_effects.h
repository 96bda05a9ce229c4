/* What a statement does to the state of its session: transactions, settings, prepared statements,
 * temporaries. */
#ifndef TENANTRY_PARSER_SESSION_EFFECTS_H
#define TENANTRY_PARSER_SESSION_EFFECTS_H

#include "parser/analysis.h"

/* SET and RESET: rules and effect. False: refused. */
bool session_effect_of_set(struct analysis *analysis, const VariableSetStmt *set);

/* Effects of every other kind. Refuses (analysis->refused) what set_config() may not set, writes on system
 * relations, and the end of others' prepared transactions. `nested`: the statement is inside another one that
 * decides when it runs. */
void session_effects(struct analysis *analysis, Node *statement, bool nested);

/* Temporary relations that a statement of a user with bypass makes or drops; schema_change.c records them for
 * all others. */
void session_effects_of_schema(struct analysis *analysis, Node *statement);

#endif
