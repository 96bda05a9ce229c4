/* Transactional session state; see state.h. */
#include "proxy/session/state.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static struct text *text_new(const char *s)
{
	size_t size = strlen(s) + 1;
	struct text *text = must(malloc(sizeof *text + size));
	text->refs = 1;
	memcpy(text->s, s, size);
	return text;
}

static struct text *text_ref(struct text *text)
{
	if (text)
		text->refs++;
	return text;
}

static void text_unref(struct text *text)
{
	if (text && --text->refs == 0)
		free(text);
}

static struct temporaries *temporaries_ref(struct temporaries *list)
{
	if (list)
		list->refs++;
	return list;
}

static struct temporary temporary_ref(const struct temporary *temporary)
{
	text_ref(temporary->name);
	text_ref(temporary->marks[0]);
	text_ref(temporary->marks[1]);
	text_ref(temporary->tenant);
	return *temporary;
}

static void temporary_unref(struct temporary *temporary)
{
	text_unref(temporary->name);
	text_unref(temporary->marks[0]);
	text_unref(temporary->marks[1]);
	text_unref(temporary->tenant);
}

static void temporaries_unref(struct temporaries *list)
{
	if (!list || --list->refs > 0)
		return;
	for (size_t i = 0; i < list->n; i++)
		temporary_unref(&list->list[i]);
	free(list);
}

static bool is_dropped_at_commit(const struct temporary *temporary)
{
	return temporary->on_commit_drop;
}

static bool is_discarded(const struct temporary *temporary)
{
	return !session_names_is_permanent(temporary->name->s);
}

/* A copy without `name` (NULL: nothing is left out by name) and without what `leaves` says (NULL: nothing); with
 * room for one more. */
static struct temporaries *temporaries_without(const struct temporaries *old, const char *name,
											   bool (*leaves)(const struct temporary *))
{
	size_t n = old ? old->n : 0;
	struct temporaries *list = must(malloc(sizeof *list + (n + 1) * sizeof list->list[0]));
	list->refs = 1;
	list->n = 0;
	for (size_t i = 0; i < n; i++) {
		if ((name && strcmp(old->list[i].name->s, name) == 0) || (leaves && leaves(&old->list[i])))
			continue;
		list->list[list->n++] = temporary_ref(&old->list[i]);
	}
	return list;
}

/* In order of names. */
static void temporaries_insert(struct temporaries *list, struct temporary added)
{
	size_t at = list->n;
	while (at > 0 && strcmp(list->list[at - 1].name->s, added.name->s) > 0) {
		list->list[at] = list->list[at - 1];
		at--;
	}
	list->list[at] = added;
	list->n++;
}

static struct temporary temporary_new(const struct state *state, const struct effect *effect)
{
	struct temporary temporary = {.name = text_new(effect->name), .on_commit_drop = effect->flag};
	for (int present = 0; effect->value && present < 2; present++) {
		char *mark = session_names_view(effect->name, present);
		temporary.marks[present] = text_new(mark);
		free(mark);
	}
	if (effect->value)
		temporary.tenant = text_ref(state->now.current.tenant);
	return temporary;
}

static bool any_of_tenant(const struct temporaries *list)
{
	for (size_t i = 0; list && i < list->n; i++)
		if (list->list[i].marks[0])
			return true;
	return false;
}

static struct state_values values_ref(const struct state_values *values)
{
	text_ref(values->tenant);
	text_ref(values->search_path);
	temporaries_ref(values->temporaries);
	return *values;
}

static void values_unref(struct state_values *values)
{
	text_unref(values->tenant);
	text_unref(values->search_path);
	temporaries_unref(values->temporaries);
	memset(values, 0, sizeof *values);
}

static struct state_level level_ref(const struct state_level *level)
{
	return (struct state_level){.savepoint = text_ref(level->savepoint),
								.current = values_ref(&level->current),
								.kept = values_ref(&level->kept)};
}

static void level_unref(struct state_level *level)
{
	text_unref(level->savepoint);
	level->savepoint = NULL;
	values_unref(&level->current);
	values_unref(&level->kept);
}

void state_init(struct state *state, const struct policy *policy, const char *tenant, const char *search_path)
{
	memset(state, 0, sizeof *state);
	state->policy = policy;
	state->start.tenant = tenant ? text_new(tenant) : NULL;
	state->start.search_path = text_new(search_path);
	state->now.current = values_ref(&state->start);
	state->now.kept = values_ref(&state->start);
	state->names_version = 1;
}

void state_copy(struct state *to, const struct state *from)
{
	*to = *from;
	to->start = values_ref(&from->start);
	to->now = level_ref(&from->now);
	to->room = from->n_levels;
	to->levels = from->n_levels ? must(malloc(from->n_levels * sizeof *to->levels)) : NULL;
	for (size_t i = 0; i < from->n_levels; i++)
		to->levels[i] = level_ref(&from->levels[i]);
}

static void drop_levels(struct state *state, size_t keep)
{
	while (state->n_levels > keep)
		level_unref(&state->levels[--state->n_levels]);
}

void state_free(struct state *state)
{
	drop_levels(state, 0);
	free(state->levels);
	level_unref(&state->now);
	values_unref(&state->start);
	memset(state, 0, sizeof *state);
}

static void push_level(struct state *state, const char *savepoint)
{
	if (state->n_levels == state->room) {
		state->room = state->room ? state->room * 2 : 4;
		state->levels = must(realloc(state->levels, state->room * sizeof *state->levels));
	}
	struct state_level *level = &state->levels[state->n_levels++];
	*level = level_ref(&state->now);
	level->savepoint = savepoint ? text_new(savepoint) : NULL;
}

/* From here on `now` may change; the start of the transaction is remembered. */
static void begin_change(struct state *state)
{
	if (!state->dirty) {
		state->dirty = true;
		push_level(state, NULL);
	}
}

static void set_text(struct text **slot, struct text *value)
{
	text_ref(value);
	text_unref(*slot);
	*slot = value;
}

static void set_value(struct state *state, bool tenant, struct text *value, bool local)
{
	begin_change(state);
	set_text(tenant ? &state->now.current.tenant : &state->now.current.search_path, value);
	if (!local)
		set_text(tenant ? &state->now.kept.tenant : &state->now.kept.search_path, value);
	if (!tenant || any_of_tenant(state->now.current.temporaries))
		state->names_version++;
}

static void set_temporaries(struct state *state, struct temporaries *list)
{
	temporaries_unref(state->now.current.temporaries);
	temporaries_unref(state->now.kept.temporaries);
	state->now.current.temporaries = list;
	state->now.kept.temporaries = temporaries_ref(list);
	state->names_version++;
}

static bool has_on_commit_drop(const struct temporaries *list)
{
	for (size_t i = 0; list && i < list->n; i++)
		if (list->list[i].on_commit_drop)
			return true;
	return false;
}

void state_commit(struct state *state)
{
	if (has_on_commit_drop(state->now.kept.temporaries))
		set_temporaries(state, temporaries_without(state->now.kept.temporaries, NULL, is_dropped_at_commit));
	if (!state->dirty) {
		drop_levels(state, 0);
		return;
	}
	if (state->now.current.search_path != state->now.kept.search_path ||
		(state->now.current.tenant != state->now.kept.tenant && any_of_tenant(state->now.kept.temporaries)))
		state->names_version++;
	values_unref(&state->now.current);
	state->now.current = values_ref(&state->now.kept);
	drop_levels(state, 0);
	state->dirty = false;
}

static void restore(struct state *state, size_t level)
{
	level_unref(&state->now);
	state->now = level_ref(&state->levels[level]);
	text_unref(state->now.savepoint);
	state->now.savepoint = NULL;
	state->names_version++;
}

void state_rollback(struct state *state)
{
	if (state->dirty)
		restore(state, 0);
	drop_levels(state, 0);
	state->dirty = false;
}

/* Index of the innermost savepoint of that name; n_levels: there is none. */
static size_t find_savepoint(const struct state *state, const char *name)
{
	for (size_t i = state->n_levels; i > 0; i--)
		if (state->levels[i - 1].savepoint && strcmp(state->levels[i - 1].savepoint->s, name) == 0)
			return i - 1;
	return state->n_levels;
}

static void apply_savepoint(struct state *state, const struct effect *effect)
{
	if (effect->kind == EFFECT_SAVEPOINT) {
		begin_change(state);
		push_level(state, effect->name);
		return;
	}
	size_t level = find_savepoint(state, effect->name);
	if (level == state->n_levels)
		return; /* the server has refused it */
	if (effect->kind == EFFECT_RELEASE) {
		drop_levels(state, level);
	} else {
		restore(state, level);
		drop_levels(state, level + 1);
	}
}

bool state_sets_tenant(const struct state *state, const struct effect *effect, const char **value)
{
	if (effect->kind != EFFECT_SET && effect->kind != EFFECT_SET_DEFAULT)
		return false;
	*value = effect->kind == EFFECT_SET ? effect->value : NULL;
	return effect->name && strcasecmp(effect->name, state->policy->tenant_setting) == 0;
}

static void apply_set(struct state *state, const struct effect *effect)
{
	const char *value;
	bool tenant = state_sets_tenant(state, effect, &value);
	if (!tenant && strcmp(effect->name, "search_path") != 0)
		return;
	if (!value) {
		set_value(state, tenant, tenant ? state->start.tenant : state->start.search_path, effect->flag);
		return;
	}
	char canonical[TENANT_VALUE_MAX + 1];
	if (tenant && !tenant_value_canonical(state->policy->tenant_type, value, canonical)) {
		/* Such a statement is refused before it is sent; should it get here, no tenant is the safe reading.
		 */
		set_value(state, true, NULL, effect->flag);
		return;
	}
	struct text *text = text_new(tenant ? canonical : value);
	set_value(state, tenant, text, effect->flag);
	text_unref(text);
}

static void reset_all(struct state *state)
{
	set_value(state, true, state->start.tenant, false);
	set_value(state, false, state->start.search_path, false);
}

static void drop_temporary(struct state *state, const char *name)
{
	if (!state->now.current.temporaries)
		return;
	begin_change(state);
	set_temporaries(state,
					temporaries_without(state->now.current.temporaries, name, name ? NULL : is_discarded));
}

bool encoding_is_utf8(const char *name)
{
	char plain[sizeof "unicode"];
	size_t n = 0;
	for (; *name; name++)
		if (isalnum((unsigned char)*name)) {
			if (n == sizeof plain - 1)
				return false;
			plain[n++] = (char)tolower((unsigned char)*name);
		}
	plain[n] = 0;
	return strcmp(plain, "utf8") == 0 || strcmp(plain, "unicode") == 0;
}

static bool changes_encoding(const struct state *state, const struct effect *effect)
{
	switch (effect->kind) {
	case EFFECT_SET:
		if (state->client_utf8 && !state->encoding_changed && effect->value &&
			encoding_is_utf8(effect->value))
			return false;
		/* fallthrough */
	case EFFECT_SET_DEFAULT:
		return strcmp(effect->name, "client_encoding") == 0 || strcmp(effect->name, "names") == 0;
	case EFFECT_RESET_ALL:
	case EFFECT_DISCARD_ALL:
		return true;
	default:
		return false;
	}
}

bool state_shows_other_tenant(const struct state *state)
{
	const struct temporaries *list = state->now.current.temporaries;
	for (size_t i = 0; list && i < list->n; i++)
		if (list->list[i].marks[0] && temporary_mark(state, &list->list[i]) == list->list[i].marks[0])
			return true;
	return false;
}

void state_apply(struct state *state, const struct effect *effect, const char *tag)
{
	state->encoding_changed |= changes_encoding(state, effect);
	switch (effect->kind) {
	case EFFECT_COMMIT:
	case EFFECT_PREPARE_TRANSACTION:
		/* COMMIT of a failed transaction is a ROLLBACK, and the tag says so. */
		if (tag && strcmp(tag, "ROLLBACK") == 0)
			state_rollback(state);
		else
			state_commit(state);
		break;
	case EFFECT_ROLLBACK:
		state_rollback(state);
		break;
	case EFFECT_SAVEPOINT:
	case EFFECT_RELEASE:
	case EFFECT_ROLLBACK_TO:
		apply_savepoint(state, effect);
		break;
	case EFFECT_SET:
	case EFFECT_SET_DEFAULT:
		apply_set(state, effect);
		break;
	case EFFECT_RESET_ALL:
		reset_all(state);
		break;
	case EFFECT_DISCARD_ALL:
		reset_all(state);
		drop_temporary(state, NULL);
		break;
	case EFFECT_DISCARD_TEMP:
		drop_temporary(state, NULL);
		break;
	case EFFECT_CREATE_TEMPORARY: {
		begin_change(state);
		struct temporaries *list = temporaries_without(state->now.current.temporaries, effect->name, NULL);
		temporaries_insert(list, temporary_new(state, effect));
		set_temporaries(state, list);
		break;
	}
	case EFFECT_DROP:
		drop_temporary(state, effect->name);
		break;
	case EFFECT_NONE:
	case EFFECT_BEGIN:
	case EFFECT_COMMITS_AT_ONCE:
	case EFFECT_CALL:
	case EFFECT_DISCARD_PLANS:
	case EFFECT_PREPARE:
	case EFFECT_DEALLOCATE:
	case EFFECT_EXECUTE:
	case EFFECT_SCHEMA_CHANGE:
	case EFFECT_TENANTS_CHANGE:
		break; /* not state of this kind; the session's statements and catalog look after them */
	}
}

bool state_effect_matters(const struct state *state, const struct effect *effect, bool pending)
{
	const char *value;
	switch (effect->kind) {
	case EFFECT_COMMIT:
	case EFFECT_PREPARE_TRANSACTION:
	case EFFECT_ROLLBACK:
	case EFFECT_ROLLBACK_TO:
	case EFFECT_COMMITS_AT_ONCE:
		return pending || state->dirty || has_on_commit_drop(state->now.kept.temporaries);
	case EFFECT_SET:
	case EFFECT_SET_DEFAULT:
		return state_sets_tenant(state, effect, &value) || changes_encoding(state, effect) ||
			   strcmp(effect->name, "search_path") == 0;
	case EFFECT_DROP:
	case EFFECT_DISCARD_TEMP:
		return pending || state->now.current.temporaries != NULL;
	case EFFECT_RESET_ALL:
	case EFFECT_DISCARD_ALL:
	case EFFECT_CREATE_TEMPORARY:
	case EFFECT_PREPARE:
	case EFFECT_DEALLOCATE:
		return true;
	case EFFECT_SAVEPOINT:
	case EFFECT_RELEASE:
		return pending; /* they change nothing by themselves, but remember what is pending */
	case EFFECT_NONE:
	case EFFECT_BEGIN:
	case EFFECT_DISCARD_PLANS:
	case EFFECT_EXECUTE:
	case EFFECT_CALL:
	case EFFECT_SCHEMA_CHANGE:
	case EFFECT_TENANTS_CHANGE:
		return false;
	}
	return true;
}
