/* Relations that were created or altered since the snapshot was loaded, by the transaction under way.
 *
 * The snapshot shows what is committed. An application that creates a table and fills it in one transaction
 * must find it all the same, guarded like any other. So statement_policy() records such a relation as an
 * effect whose name is its definition, in the form made here; the session keeps it among the temporaries
 * (with their transactional meaning, until COMMIT, when the snapshot is loaded anew) and gives it back in
 * session_names. No real relation can be named like that. */
#ifndef TENANTRY_PARSER_CREATED_H
#define TENANTRY_PARSER_CREATED_H

#include "parser/analysis.h"

/* As catalog_relation(), but what the transaction has created or altered goes first. */
const struct catalog_relation *created_relation(const struct analysis *analysis, const char *schema,
												const char *name);

/* The name under which the session keeps a relation; NULL: none of the transaction's. */
const char *created_entry(const struct analysis *analysis, const char *schema, const char *name);

enum created {
	CREATED_NEW = 'N',     /* by this transaction: nobody else can have rows in it */
	CREATED_MAYBE = 'M',   /* by this transaction, or it was there (IF NOT EXISTS, RENAME) */
	CREATED_CHANGED = 'C', /* the snapshot has it with other columns */
};

/* --- temporary views, which show the rows of the tenant that made them (session_names_view()) --- */
/* Is the temporary relation such a view? */
bool created_of_tenant(const struct analysis *analysis, const char *name);
/* .. and was it, or may it have been, made for another tenant than the one of now? */
bool created_of_other_tenant(const struct analysis *analysis, const char *name);

bool created_is_entry(const char *name);
/* The list without such names, in the memory of the call: at the end of a transaction. */
const char *const *created_forget(const char *const *names, size_t *n);
/* What DISCARD TEMP leaves of the list. */
const char *const *created_alone(const char *const *names, size_t *n);

/* Such a name. NULL: the relation's names cannot be written so. `path`: the search_path for which a view's
 * definition holds. */
const char *created_name(const struct catalog_relation *relation, enum created how, const char *path);

/* Is there some entry of kind CREATED_MAYBE? A view over that relation might show other tenants' rows. */
bool created_maybe_any(const struct analysis *analysis);
/* .. that is no view's: it may have been there under another name. */
bool created_maybe_renamed(const struct analysis *analysis);

/* Functions are noted as well, by their names only: a later statement may give what a body names a meaning. `flagged`:
 * the body reaches rows of several tenants (ddl = allow). NULL: as above. */
const char *created_function(const char *name, bool flagged);
bool created_flagged_function(const struct analysis *analysis, const char *name);
bool created_any_function(const struct analysis *analysis);

/* Is there a temporary relation of this name, or one that the transaction has made or altered, in any schema? */
bool created_any(const struct analysis *analysis, const char *name);

/* Has the transaction made a view of this name over tenant relations, in any schema, or is there a temporary one of
 * another tenant's rows? */
bool created_any_view(const struct analysis *analysis, const char *name);
/* The name of such a view, or of a flagged function, that the text names; NULL: there is none. */
const char *created_view_in(const struct analysis *analysis, const char *text);
/* Is it in the text as a word? Letters of either case are alike. */
bool created_word(const char *text, const char *word);

/* Is it CREATED_NEW? */
bool created_is_own(const struct catalog_relation *relation);

/* Is it a view that is in no catalog yet, or was replaced? */
bool created_is_view(const struct catalog_relation *relation);

#endif
