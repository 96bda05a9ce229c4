/* Expected replies; see replies.h. */
#include "proxy/session/replies.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 8, SPARE_TEXT_MAX = 4096 };

static void grow(struct replies *replies)
{
	unsigned room = replies->room ? replies->room * 2 : FIRST_ROOM;
	struct reply *ring = malloc(room * sizeof *ring);
	if (!ring)
		abort();
	for (unsigned i = 0; i < replies->n; i++)
		ring[i] = *replies_at(replies, i);
	free(replies->ring);
	replies->ring = ring;
	replies->head = 0;
	replies->room = room;
}

struct reply *replies_add(struct replies *replies, enum reply_kind kind)
{
	if (replies->n == replies->room)
		grow(replies);
	struct reply *reply = replies_at(replies, replies->n++);
	memset(reply, 0, sizeof *reply);
	reply->kind = (uint8_t)kind;
	replies->boundaries += reply_is_boundary(reply);
	replies->parted |= reply_is_boundary(reply) && replies->renamed > 0;
	replies->open = !reply_is_boundary(reply);
	return reply;
}

void replies_set_matters(struct replies *replies, struct reply *reply)
{
	if (!reply->matters) {
		reply->matters = true;
		replies->matters++;
	}
}

void replies_change_statement(struct replies *replies, struct reply *reply, struct statements *statements,
							  const char *name, struct prepared *prepared)
{
	reply->names_statement = true;
	reply->prepared = prepared_ref(prepared);
	reply->previous = statements_put(statements, name, prepared);
	if (!prepared && *name)
		reply->closed_name = strdup(name);
	replies->renamed += reply->previous && *name;
}

void replies_change_portal(struct reply *reply, struct statements *statements, const char *name,
						   struct portal *portal)
{
	reply->names_portal = true;
	reply->portal = portal_ref(portal);
	reply->previous_portal = statements_put_portal(statements, name, portal);
	if (!portal && *name)
		reply->closed_name = strdup(name);
}

uint64_t replies_settled_portals(struct replies *replies, const struct statements *statements)
{
	for (unsigned i = 0; i < replies->n; i++) {
		const struct reply *reply = replies_at(replies, i);
		if (reply->portal)
			return reply->portal->serial - 1;
	}
	return statements->serial;
}

static const char *changed_name(const struct reply *reply)
{
	return reply->prepared ? reply->prepared->name : reply->closed_name ? reply->closed_name : "";
}

bool replies_name_is_certain(const struct replies *replies, const char *name)
{
	bool same_part = true; /* nothing but an error that skips us too can make this entry fail */
	if (replies->boundaries == 0 || (*name && !replies->parted))
		return true;
	for (unsigned i = replies->n; i > 0; i--) {
		const struct reply *reply = &replies->ring[(replies->head + i - 1) & (replies->room - 1)];
		if (reply->kind == REPLY_SYNC)
			same_part = false;
		if (!reply->names_statement || !statement_name_is(changed_name(reply), name))
			continue;
		if (same_part && reply->kind == REPLY_PARSE)
			return true;
		if (reply->previous)
			return false;
	}
	return true;
}

static void empty(struct query *query)
{
	if (query->verdict)
		verdict_unref(query->verdict);
	if (query->slots != &query->slot)
		free(query->slots);
	query->verdict = NULL;
	query->slots = NULL;
}

static void release(struct replies *replies, struct reply *reply, struct query **spare)
{
	replies->matters -= reply->matters;
	replies->renamed -= reply->previous && *reply->previous->name;
	replies->boundaries -= reply_is_boundary(reply);
	if (replies->renamed == 0)
		replies->parted = false;
	prepared_unref(reply->prepared);
	prepared_unref(reply->previous);
	portal_unref(reply->portal);
	portal_unref(reply->previous_portal);
	free(reply->closed_name);
	struct query *query = reply->query;
	if (query && !*spare && query->room <= SPARE_TEXT_MAX) {
		empty(query);
		*spare = query;
	} else if (query) {
		query_free(query);
	}
}

void replies_take(struct replies *replies, struct query **spare)
{
	release(replies, replies_head(replies), spare);
	replies->head = (replies->head + 1) & (replies->room - 1);
	replies->n--;
	if (replies->n == 0)
		replies->open = false;
}

static const char *changed_portal(const struct reply *reply)
{
	return reply->portal ? reply->portal->name : reply->closed_name ? reply->closed_name : "";
}

/* The next entry from `from` on that gives the same name to another. */
static struct reply *next_statement(struct replies *replies, unsigned from, const char *name)
{
	for (unsigned i = from; i < replies->n; i++) {
		struct reply *reply = replies_at(replies, i);
		if (reply->names_statement && statement_name_is(changed_name(reply), name))
			return reply;
	}
	return NULL;
}

static struct reply *next_portal(struct replies *replies, unsigned from, const char *name)
{
	for (unsigned i = from; i < replies->n; i++) {
		struct reply *reply = replies_at(replies, i);
		if (reply->names_portal && statement_name_is(changed_portal(reply), name))
			return reply;
	}
	return NULL;
}

static void undo_statement(struct replies *replies, struct reply *reply, unsigned from,
						   struct statements *statements)
{
	struct reply *next = next_statement(replies, from, changed_name(reply));
	if (!next) {
		prepared_unref(statements_put(statements, changed_name(reply), reply->previous));
		return;
	}
	replies->renamed -= next->previous && *next->previous->name;
	prepared_unref(next->previous);
	next->previous = prepared_ref(reply->previous);
	replies->renamed += next->previous && *next->previous->name;
}

static void undo_portal(struct replies *replies, struct reply *reply, unsigned from,
						struct statements *statements)
{
	struct reply *next = next_portal(replies, from, changed_portal(reply));
	if (!next) {
		portal_unref(statements_put_portal(statements, changed_portal(reply), reply->previous_portal));
		return;
	}
	portal_unref(next->previous_portal);
	next->previous_portal = portal_ref(reply->previous_portal);
}

bool replies_fail(struct replies *replies, struct statements *statements, struct query **spare)
{
	unsigned dropped = 0;
	while (dropped < replies->n && replies_at(replies, dropped)->kind != REPLY_SYNC)
		dropped++;
	for (unsigned i = dropped; i > 0; i--) {
		struct reply *reply = replies_at(replies, i - 1);
		if (reply->names_statement)
			undo_statement(replies, reply, dropped, statements);
		if (reply->names_portal)
			undo_portal(replies, reply, dropped, statements);
	}
	while (dropped-- > 0)
		replies_take(replies, spare);
	return replies->n > 0;
}

unsigned replies_drop_syncs(struct replies *replies)
{
	unsigned n = 0;
	while (n + 1 < replies->n && replies_at(replies, n + 1)->kind == REPLY_SYNC)
		n++;
	if (n == 0)
		return 0;
	struct reply head = *replies_head(replies);
	replies->boundaries -= n; /* a SYNC owns nothing */
	replies->head = (replies->head + n) & (replies->room - 1);
	replies->n -= n;
	*replies_head(replies) = head;
	replies->open = !reply_is_boundary(replies_at(replies, replies->n - 1));
	return n;
}

void replies_free(struct replies *replies)
{
	struct query *spare = NULL;
	while (replies->n > 0)
		replies_take(replies, &spare);
	if (spare)
		query_free(spare);
	free(replies->ring);
	memset(replies, 0, sizeof *replies);
}

struct query *query_new(struct query **spare, const char *text, size_t text_length, const char *slot)
{
	struct query *query = *spare;
	size_t slot_room = slot ? strlen(slot) + 1 : 0;
	size_t room = text_length + 1 + slot_room;
	if (query && query->room >= room) {
		*spare = NULL;
		room = query->room;
	} else {
		if (room < 256)
			room = 256;
		query = malloc(sizeof *query + room);
		if (!query)
			abort();
	}
	memset(query, 0, sizeof *query);
	query->room = room;
	memcpy(query->text, text, text_length);
	query->text[text_length] = 0;
	if (slot) {
		query->slot = memcpy(query->text + text_length + 1, slot, slot_room);
		query->slots = &query->slot;
	}
	return query;
}

void query_free(struct query *query)
{
	empty(query);
	free(query);
}

const struct statement *reply_statement(const struct reply *reply, bool *known)
{
	*known = true;
	if (reply->kind == REPLY_QUERY) {
		const struct query *query = reply->query;
		if (!query || !query->verdict)
			return NULL;
		size_t i = query->current;
		while (i + 1 < query->verdict->n_statements && query->verdict->statements[i].is_empty)
			i++;
		*known = i < query->n_sent;
		return *known ? &query->verdict->statements[i] : NULL;
	}
	const struct prepared *prepared = reply->prepared;
	*known = prepared && !prepared->sql && prepared->verdict->n_statements == 1;
	return *known ? &prepared->verdict->statements[0] : NULL;
}
