/* What decides how a session's statements are read: the tenant, the search_path and the temporary relations,
 * with PostgreSQL's transactional meaning.
 *
 *      levels[0]          levels[1]          levels[n-1]         now
 *   start of the     SAVEPOINT a        SAVEPOINT b        what holds for the next statement
 *   transaction
 *
 * Each holds two values a setting: `current`, and `kept`, which COMMIT leaves behind (they differ after SET
 * LOCAL). levels[0] exists from the first change of a transaction on (`dirty`). An effect is applied when the
 * server has confirmed its statement, never before. SAVEPOINTs outside a change are recorded too: ROLLBACK TO
 * must find them.
 *
 * Source: src/backend/utils/misc/README and guc.c (push_old_value, AtEOXact_GUC). */
#ifndef TENANTRY_SESSION_STATE_H
#define TENANTRY_SESSION_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "parser/policy.h"
#include "parser/verdict.h"

/* Immutable, shared by levels. */
struct text {
	unsigned refs;
	char s[];
};

/* Immutable list of temporary relations, sorted by name. */
struct temporaries {
	unsigned refs;
	size_t n;
	struct temporary {
		struct text *name;
		bool on_commit_drop;
		/* A view that shows one tenant's rows: session_names_view() while that is not, or is, the tenant of now;
		 * NULL: something else. */
		struct text *marks[2];
		struct text *tenant; /* of the view; NULL: none */
	} list[];
};

struct state_values {
	struct text *tenant; /* canonical; NULL: none */
	struct text *search_path;
	struct temporaries *temporaries; /* NULL: none */
};

struct state_level {
	struct text *savepoint; /* NULL: start of the transaction */
	struct state_values current, kept;
};

struct state {
	const struct policy *policy; /* borrowed; tells the tenant setting's name and type */
	struct state_values start;   /* what RESET goes back to */
	struct state_level now;
	struct state_level *levels;
	size_t n_levels, room;
	bool dirty; /* levels[0] is the start of this transaction and `now` may differ from it */
	/* changes when search_path or temporaries change, or the tenant while some temporary view shows one's rows */
	uint64_t names_version;
	bool client_utf8; /* client_encoding was UTF8 when no transaction was under way last */
	bool
		encoding_changed; /* it was set since the last ReadyForQuery (idle), whatever became of it: unless from UTF8 to UTF8 */
};

static inline const struct text *temporary_mark(const struct state *state, const struct temporary *temporary)
{
	const struct text *now = state->now.current.tenant, *then = temporary->tenant;
	return temporary->marks[now == then || (now && then && strcmp(now->s, then->s) == 0)];
}

void state_init(struct state *state, const struct policy *policy, const char *tenant,
				const char *search_path);
void state_copy(struct state *to, const struct state *from);
void state_free(struct state *state);

/* Is there a temporary view of another tenant's rows than those of now? */
bool state_shows_other_tenant(const struct state *state);

/* `tag` is the command tag that the server answered with; NULL: the one to be expected. */
void state_apply(struct state *state, const struct effect *effect, const char *tag);
/* The end of a transaction as ReadyForQuery (idle) shows it. */
void state_commit(struct state *state);
void state_rollback(struct state *state);

/* Could this effect change what `now` says (so that what follows cannot be read before it is confirmed)?
 * `pending`: some effect before it, not yet confirmed, could. */
bool state_effect_matters(const struct state *state, const struct effect *effect, bool pending);
/* Does the server take the name of an encoding for UTF8? It compares letters and digits only. */
bool encoding_is_utf8(const char *name);
/* Is the effect one on the tenant's setting? *value: what it sets, NULL: the start value. */
bool state_sets_tenant(const struct state *state, const struct effect *effect, const char **value);

#endif
