/* Prepared statements and portals; see statements.h. */
#include "proxy/session/statements.h"

#include <stdlib.h>
#include <string.h>

/* As the server keeps it; `room` has STATEMENT_NAME_MAX + 1 bytes. */
static const char *cut_name(const char *name, char *room)
{
	if (strnlen(name, STATEMENT_NAME_MAX + 1) <= STATEMENT_NAME_MAX)
		return name;
	memcpy(room, name, STATEMENT_NAME_MAX);
	room[STATEMENT_NAME_MAX] = 0;
	return room;
}

struct prepared *prepared_new(const char *name, const char *text, size_t text_length, const uint32_t *types,
							  size_t n_types, struct verdict *verdict)
{
	char room[STATEMENT_NAME_MAX + 1];
	name = cut_name(name, room);
	size_t name_size = strlen(name) + 1;
	struct prepared *prepared =
		malloc(sizeof *prepared + n_types * sizeof *types + text_length + 1 + name_size);
	if (!prepared)
		abort();
	memset(prepared, 0, sizeof *prepared);
	prepared->refs = 1;
	prepared->verdict = verdict;
	uint32_t *own_types = (uint32_t *)(prepared + 1);
	if (n_types > 0)
		memcpy(own_types, types, n_types * sizeof *types);
	char *own_text = (char *)(own_types + n_types);
	memcpy(own_text, text, text_length);
	own_text[text_length] = 0;
	char *own_name = own_text + text_length + 1;
	memcpy(own_name, name, name_size);
	prepared->types = own_types;
	prepared->n_types = n_types;
	prepared->text = own_text;
	prepared->text_length = text_length;
	prepared->name = own_name;
	return prepared;
}

struct prepared *prepared_ref(struct prepared *prepared)
{
	if (prepared)
		prepared->refs++;
	return prepared;
}

void prepared_unref(struct prepared *prepared)
{
	if (!prepared || --prepared->refs > 0)
		return;
	if (prepared->verdict)
		verdict_unref(prepared->verdict);
	free(prepared->literal_tenant);
	free(prepared->checked);
	free(prepared);
}

static bool same_splice(const struct splice *a, const struct splice *b)
{
	return a->at == b->at && a->remove == b->remove && a->tenant == b->tenant &&
		   a->insert_length == b->insert_length &&
		   (a->insert_length == 0 || memcmp(a->insert, b->insert, a->insert_length) == 0);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_check(const struct tenant_check *a, const struct tenant_check *b)
{
	return a->parameter == b->parameter && a->or_null == b->or_null && same_text(a->constant, b->constant);
}

static bool same_patterns(const struct statement *a, const struct statement *b)
{
	return a->n_patterns == b->n_patterns &&
		   (a->n_patterns == 0 || memcmp(a->patterns, b->patterns, a->n_patterns * sizeof *a->patterns) == 0);
}

bool verdict_same_rewriting(const struct verdict *a, const struct verdict *b)
{
	if (a == b)
		return true;
	if (a->kind != b->kind || a->kind == VERDICT_REFUSE || a->n_statements != b->n_statements ||
		a->tenant_parameter != b->tenant_parameter || a->tenant_type != b->tenant_type ||
		a->uses_tenant != b->uses_tenant)
		return false;
	for (size_t i = 0; i < a->n_statements; i++) {
		const struct statement *x = &a->statements[i], *y = &b->statements[i];
		if (x->n_splices != y->n_splices || x->n_effects != y->n_effects || !x->copy != !y->copy ||
			x->n_checks != y->n_checks || !same_patterns(x, y) || x->start != y->start ||
			x->length != y->length)
			return false;
		for (size_t k = 0; k < x->n_splices; k++)
			if (!same_splice(&x->splices[k], &y->splices[k]))
				return false;
		for (size_t k = 0; k < x->n_checks; k++)
			if (!same_check(&x->checks[k], &y->checks[k]))
				return false;
	}
	return true;
}

struct prepared *statements_get(const struct statements *statements, const char *name)
{
	char room[STATEMENT_NAME_MAX + 1];
	return *name ? name_map_get(&statements->named, cut_name(name, room)) : statements->unnamed;
}

/* Where the name is, or belongs, in `takes`. */
static size_t takes_at(const struct statements *statements, const char *name)
{
	size_t low = 0, high = statements->n_takes;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (strcmp(statements->takes[middle], name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void takes_remove(struct statements *statements, const struct prepared *prepared)
{
	size_t at = takes_at(statements, prepared->name);
	memmove(&statements->takes[at], &statements->takes[at + 1],
			(statements->n_takes - at - 1) * sizeof *statements->takes);
	statements->n_takes--;
	statements->version++;
}

static const char **with_room(const char **list, size_t n, size_t *room)
{
	if (n < *room)
		return list;
	*room = *room ? *room * 2 : 8;
	list = realloc(list, *room * sizeof *list);
	if (!list)
		abort();
	return list;
}

static void takes_add(struct statements *statements, const struct prepared *prepared)
{
	statements->takes = with_room(statements->takes, statements->n_takes, &statements->takes_room);
	size_t at = takes_at(statements, prepared->name);
	memmove(&statements->takes[at + 1], &statements->takes[at],
			(statements->n_takes - at) * sizeof *statements->takes);
	statements->takes[at] = prepared->name;
	statements->n_takes++;
	statements->version++;
}

static void checked_add(struct statements *statements, const struct prepared *prepared)
{
	statements->checked = with_room(statements->checked, statements->n_checked, &statements->checked_room);
	statements->checked[statements->n_checked++] = prepared->checked;
	statements->version++;
}

static void checked_remove(struct statements *statements, const struct prepared *prepared)
{
	size_t at = 0;
	while (statements->checked[at] != prepared->checked)
		at++;
	statements->checked[at] = statements->checked[--statements->n_checked];
	statements->version++;
}

struct prepared *statements_put(struct statements *statements, const char *name, struct prepared *prepared)
{
	prepared_ref(prepared);
	statements->names++;
	if (!*name) {
		struct prepared *before = statements->unnamed;
		statements->unnamed = prepared;
		return before;
	}
	/* The old entry goes first: its key lies in the old object. */
	char room[STATEMENT_NAME_MAX + 1];
	struct prepared *before = name_map_set(&statements->named, cut_name(name, room), NULL);
	if (before) {
		statements->n_sql -= before->sql;
		if (before->takes_tenant)
			takes_remove(statements, before);
		if (before->checked)
			checked_remove(statements, before);
	}
	if (prepared) {
		name_map_set(&statements->named, prepared->name, prepared);
		statements->n_sql += prepared->sql;
		if (prepared->takes_tenant)
			takes_add(statements, prepared);
		if (prepared->checked)
			checked_add(statements, prepared);
	}
	return before;
}

void statements_forget(struct statements *statements, const char *name)
{
	prepared_unref(statements_put(statements, name, NULL));
}

void statements_forget_all(struct statements *statements)
{
	struct prepared *prepared;
	while ((prepared = name_map_any(&statements->named)))
		statements_forget(statements, prepared->name);
	name_map_free(&statements->named);
	free(statements->takes);
	statements->takes = NULL;
	statements->n_takes = statements->takes_room = 0;
	free(statements->checked);
	statements->checked = NULL;
	statements->n_checked = statements->checked_room = 0;
}

/* --- portals --- */
struct portal *portal_new(const char *name, struct prepared *prepared)
{
	char room[STATEMENT_NAME_MAX + 1];
	name = cut_name(name, room);
	size_t size = strlen(name) + 1;
	struct portal *portal = malloc(sizeof *portal + size);
	if (!portal)
		abort();
	memset(portal, 0, sizeof *portal);
	portal->refs = 1;
	portal->prepared = prepared_ref(prepared);
	memcpy(portal->name, name, size);
	return portal;
}

struct portal *portal_ref(struct portal *portal)
{
	if (portal)
		portal->refs++;
	return portal;
}

void portal_unref(struct portal *portal)
{
	if (!portal || --portal->refs > 0)
		return;
	prepared_unref(portal->prepared);
	free(portal);
}

static bool is_followed(const struct portal *portal)
{
	return portal && portal->prepared && portal->prepared->followed;
}

struct portal *statements_portal(const struct statements *statements, const char *name)
{
	char room[STATEMENT_NAME_MAX + 1];
	struct portal *portal =
		*name ? name_map_get(&statements->portals, cut_name(name, room)) : statements->unnamed_portal;
	return portal && portal->serial > statements->dead ? portal : NULL;
}

struct portal *statements_put_portal(struct statements *statements, const char *name, struct portal *portal)
{
	struct portal *before;
	if (portal && portal->serial == 0)
		portal->serial = ++statements->serial;
	if (portal && portal->serial <= statements->dead)
		portal = NULL;
	portal_ref(portal);
	if (!*name) {
		before = statements->unnamed_portal;
		statements->unnamed_portal = portal;
	} else {
		/* The old entry goes first: its key lies in the old object. */
		char room[STATEMENT_NAME_MAX + 1];
		before = name_map_set(&statements->portals, cut_name(name, room), NULL);
		if (portal)
			name_map_set(&statements->portals, portal->name, portal);
	}
	statements->n_followed += is_followed(portal);
	statements->n_followed -= is_followed(before);
	return before;
}

struct portal *statements_followed(const struct statements *statements, const struct portal *but)
{
	if (statements->n_followed == 0)
		return NULL;
	struct portal *portal = statements->unnamed_portal;
	if (portal != but && is_followed(portal) && portal->serial > statements->dead)
		return portal;
	for (size_t i = 0; i < statements->portals.room; i++) {
		portal = statements->portals.slots[i].object;
		if (portal && portal != but && is_followed(portal) && portal->serial > statements->dead)
			return portal;
	}
	return NULL;
}

void statements_end_portals(struct statements *statements, uint64_t serial)
{
	if (serial > statements->dead)
		statements->dead = serial;
}

void statements_forget_portals(struct statements *statements)
{
	struct portal *portal;
	statements->dead = statements->serial;
	if (!statements->unnamed_portal && statements->portals.n == 0)
		return;
	while ((portal = name_map_any(&statements->portals)))
		portal_unref(statements_put_portal(statements, portal->name, NULL));
	name_map_free(&statements->portals);
	portal_unref(statements_put_portal(statements, "", NULL));
}

void statements_free(struct statements *statements)
{
	statements_forget_portals(statements);
	name_map_free(&statements->portals);
	statements_forget_all(statements);
	statements_forget(statements, "");
}
