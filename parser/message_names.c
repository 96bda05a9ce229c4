/* See message_names.h. Lists of names are sorted, as the session keeps them. */
#include "parser/message_names.h"
#include "parser/created.h"
#include "parser/names.h"
#include "parser/settings_policy.h"
#include "parser/tree.h"

#include <stdlib.h>
#include <string.h>

static const char *const *name_added(const char *const *names, size_t *n, const char *name)
{
	const char **larger = palloc((*n + 1) * sizeof *larger);
	size_t i = 0;
	for (; i < *n && strcmp(names[i], name) < 0; i++)
		larger[i] = names[i];
	if (i < *n && strcmp(names[i], name) == 0)
		return names;
	larger[i] = name;
	for (; i < *n; i++)
		larger[i + 1] = names[i];
	++*n;
	return larger;
}

static const char *const *name_removed(const char *const *names, size_t *n, const char *name)
{
	const char **smaller = palloc((*n + 1) * sizeof *smaller);
	size_t left = 0;
	for (size_t i = 0; i < *n; i++)
		if (name && strcmp(names[i], name) != 0)
			smaller[left++] = names[i];
	*n = left;
	return smaller;
}

static bool is_search_path(const struct effect *effect)
{
	return effect->name && strcmp(effect->name, "search_path") == 0;
}

/* ROLLBACK TO takes a SET back, too. */
static bool sets_tenant(const struct policy *policy, const struct effect *effect)
{
	bool set = effect->kind == EFFECT_SET || effect->kind == EFFECT_SET_DEFAULT;
	return set ? setting_is_tenant(policy, effect->name)
			   : effect->kind == EFFECT_RESET_ALL || effect->kind == EFFECT_DISCARD_ALL ||
					 effect->kind == EFFECT_ROLLBACK_TO;
}

/* `back`: what the message changed is taken back, and beyond it what only the session knows. */
static void take_back(struct message_names *message, bool back)
{
	if (back || message->names.reverts)
		message->path_unknown = message->temporaries_unknown = true;
	message->tenant_changed |= message->names.reverts;
	message->names.temporaries = created_forget(message->names.temporaries, &message->names.n_temporaries);
}

static void end_transaction(struct message_names *message, bool back)
{
	take_back(message, back);
	message->changed = message->local = message->names.reverts = false;
}

/* NULL: all of them. */
static void forget_prepared(struct session_names *names, const char *name)
{
	names->prepared = name_removed(names->prepared, &names->n_prepared, name);
	const char **checked = palloc0((names->n_checked + 1) * sizeof *checked);
	size_t n = 0;
	for (size_t i = 0; i < names->n_checked; i++)
		if (name && !prepared_checks(names->checked[i], name))
			checked[n++] = names->checked[i];
	names->checked = checked;
	names->n_checked = n;
}

static void add_temporary(struct message_names *message, const struct effect *effect)
{
	struct session_names *names = &message->names;
	names->temporaries = name_added(names->temporaries, &names->n_temporaries, effect->name);
	if (!created_is_entry(effect->name)) {
		message->changed = true;
		message->local |= effect->flag;
	}
	if (!effect->value)
		return;
	char *entry = session_names_view(effect->name, true);
	names->temporaries = name_added(names->temporaries, &names->n_temporaries, pstrdup(entry));
	free(entry);
}

void message_names_apply(struct message_names *message, const struct policy *policy,
						 const struct effect *effect)
{
	struct session_names *names = &message->names;
	message->tenant_changed |= sets_tenant(policy, effect);
	switch (effect->kind) {
	case EFFECT_COMMIT:
		end_transaction(message, message->local);
		break;
	case EFFECT_ROLLBACK:
	case EFFECT_PREPARE_TRANSACTION:
		end_transaction(message, message->changed);
		break;
	case EFFECT_ROLLBACK_TO:
		take_back(message, message->changed);
		break;
	case EFFECT_SET:
		if (is_search_path(effect)) {
			names->search_path = effect->value;
			message->path_unknown = false;
			message->changed = true;
			message->local |= effect->flag;
		}
		break;
	case EFFECT_SET_DEFAULT:
		message->path_unknown |= is_search_path(effect);
		break;
	case EFFECT_RESET_ALL:
	case EFFECT_DISCARD_ALL:
		message->path_unknown = true;
		if (effect->kind == EFFECT_RESET_ALL)
			break;
		forget_prepared(names, NULL);
		/* fall through */
	case EFFECT_DISCARD_TEMP:
		names->temporaries = created_alone(names->temporaries, &names->n_temporaries);
		message->changed = true;
		break;
	case EFFECT_CREATE_TEMPORARY:
		add_temporary(message, effect);
		break;
	case EFFECT_DROP:
		names->temporaries = name_removed(names->temporaries, &names->n_temporaries, effect->name);
		message->changed |= !created_is_entry(effect->name);
		break;
	case EFFECT_PREPARE:
		forget_prepared(names, effect->name);
		if (effect->flag)
			names->prepared = name_added(names->prepared, &names->n_prepared, effect->name);
		if (effect->value)
			names->checked = name_added(names->checked, &names->n_checked,
										text_concat(effect->name, "\1", effect->value, NULL));
		break;
	case EFFECT_DEALLOCATE:
		forget_prepared(names, effect->name);
		break;
	default:
		break;
	}
}
