/* Asking the parser for verdicts, with the session's names. Long statements are judged by the host off its
 * loop: the message is held and the question, with everything that it points to, is kept in one block until
 * the answer is there. */
#include "proxy/session/internal.h"

#include <stdlib.h>
#include <string.h>

struct judging {
	struct guard_request request;
	struct session_names names;
	uint64_t names_version, prepared_version;
	struct verdict *answer; /* NULL: not there yet */
	size_t n_strings;
	char **strings; /* everything that the names point to */
};

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

/* So many names names_of() may give. */
static size_t names_most(const struct state *state)
{
	const struct temporaries *temporaries = state->now.current.temporaries;
	return temporaries ? 2 * temporaries->n : 0;
}

/* What decides how a statement is read, but for prepared statements; `names` has room for names_most(). */
static struct session_names names_of(const struct state *state, const char **names)
{
	const struct temporaries *temporaries = state->now.current.temporaries;
	size_t n = 0;
	for (size_t i = 0; temporaries && i < temporaries->n; i++) {
		const struct text *mark = temporary_mark(state, &temporaries->list[i]);
		if (mark)
			names[n++] = mark->s;
		names[n++] = temporaries->list[i].name->s;
	}
	return (struct session_names){.search_path = state->now.current.search_path->s,
								  .reverts = state->dirty,
								  .n_temporaries = n,
								  .temporaries = names};
}

/* Room for the names, in `few` if they fit; else to be freed. */
enum { NAMES_FEW = 16 };
static const char **names_room(const struct state *state, const char **few)
{
	return names_most(state) <= NAMES_FEW ? few : must(malloc(names_most(state) * sizeof *few));
}

static struct session_names current_names(const struct session *session, const char **names)
{
	struct session_names current = names_of(&session->state, names);
	current.n_prepared = session->statements.n_takes;
	current.prepared = session->statements.takes;
	current.n_checked = session->statements.n_checked;
	current.checked = session->statements.checked;
	return current;
}

uint64_t judge_names(const struct state *state)
{
	const char *few[NAMES_FEW], **list = names_room(state, few);
	struct session_names names = names_of(state, list);
	uint64_t hash = session_names_hash(&names);
	if (list != few)
		free(list);
	return hash;
}

static enum name_bytes name_bytes(const struct session *session)
{
	enum encoding server = session->server_encoding, client = session->client_encoding;
	/* SQL_ASCII converts nothing: the bytes are the server's own. */
	bool same = client == ENCODING_UTF8 || (client == ENCODING_SQL_ASCII && server != ENCODING_OTHER);
	if (!same || session->state.encoding_changed)
		return NAMES_FOREIGN;
	return server == ENCODING_UTF8 ? NAMES_ALIKE : NAMES_FOLDED;
}

bool judge_keeps_bytes(const struct session *session, const char *text)
{
	return text_is_ascii(text) || name_bytes(session) != NAMES_FOREIGN;
}

static struct guard_request request_of(const struct session *session, enum sub_protocol protocol,
									   const char *text, size_t length, const uint32_t *types, size_t n_types,
									   const struct session_names *names)
{
	return (struct guard_request){.text = text,
								  .length = length,
								  .protocol = protocol,
								  .n_parameter_types = n_types,
								  .parameter_types = types,
								  .catalog = session->catalog,
								  .policy = session->settings->policy,
								  .names = names,
								  .right = session->user->right,
								  .name_bytes = name_bytes(session)};
}

static struct verdict *judge_inline(struct session *session, enum sub_protocol protocol, const char *text,
									size_t length, const uint32_t *types, size_t n_types)
{
	const char *few[NAMES_FEW], **list = names_room(&session->state, few);
	struct session_names names = current_names(session, list);
	struct guard_request request = request_of(session, protocol, text, length, types, n_types, &names);
	struct verdict *verdict = verdict_cache_guard(session->cache, &request);
	if (list != few)
		free(list);
	return verdict;
}

static bool is_long(const struct session *session, size_t length)
{
	return length > SESSION_JUDGE_INLINE_MAX && session->settings->judges_elsewhere;
}

struct verdict *judge_now(struct session *session, enum sub_protocol protocol, const char *text,
						  size_t length, const uint32_t *types, size_t n_types)
{
	return is_long(session, length) ? NULL : judge_inline(session, protocol, text, length, types, n_types);
}

/* --- elsewhere --- */
void judge_forget(struct session *session)
{
	struct judging *judging = session->judging;
	if (!judging)
		return;
	if (judging->answer)
		verdict_unref(judging->answer);
	for (size_t i = 0; i < judging->n_strings; i++)
		free(judging->strings[i]);
	free(judging->strings);
	free((char *)judging->request.text);
	free((void *)judging->request.parameter_types);
	free((void *)judging->names.temporaries);
	free((void *)judging->names.prepared);
	free((void *)judging->names.checked);
	catalog_unref((struct catalog *)judging->request.catalog);
	free(judging);
	session->judging = NULL;
}

static char *keep(struct judging *judging, const char *text)
{
	return judging->strings[judging->n_strings++] = must(strdup(text));
}

static const char **keep_list(struct judging *judging, const char *const *list, size_t n)
{
	const char **copy = must(malloc((n + 1) * sizeof *copy));
	for (size_t i = 0; i < n; i++)
		copy[i] = keep(judging, list[i]);
	return copy;
}

static void ask(struct session *session, const struct guard_request *request)
{
	struct judging *judging = must(calloc(1, sizeof *judging));
	const struct session_names *names = request->names;
	judging->strings = must(
		malloc((names->n_temporaries + names->n_prepared + names->n_checked + 1) * sizeof *judging->strings));
	judging->names = *names;
	judging->names.search_path = keep(judging, names->search_path);
	judging->names.temporaries = keep_list(judging, names->temporaries, names->n_temporaries);
	judging->names.prepared = keep_list(judging, names->prepared, names->n_prepared);
	judging->names.checked = keep_list(judging, names->checked, names->n_checked);
	judging->request = *request;
	judging->request.names = &judging->names;
	char *text = must(malloc(request->length + 1));
	memcpy(text, request->text, request->length);
	text[request->length] = 0;
	judging->request.text = text;
	uint32_t *types = must(malloc((request->n_parameter_types + 1) * sizeof *types));
	if (request->n_parameter_types > 0)
		memcpy(types, request->parameter_types, request->n_parameter_types * sizeof *types);
	judging->request.parameter_types = types;
	judging->request.catalog = catalog_ref(session->catalog);
	judging->names_version = session->state.names_version;
	judging->prepared_version = session->statements.version;
	session->judging = judging;
	session->wants |= SESSION_WANT_VERDICT;
}

/* Is the answer one to this question, and to the names and the catalog of now? */
static bool answers(const struct session *session, const struct guard_request *request)
{
	const struct judging *judging = session->judging;
	return judging->answer && judging->request.length == request->length &&
		   judging->request.protocol == request->protocol &&
		   judging->request.n_parameter_types == request->n_parameter_types &&
		   judging->request.catalog == request->catalog &&
		   judging->names_version == session->state.names_version &&
		   judging->prepared_version == session->statements.version &&
		   memcmp(judging->request.text, request->text, request->length) == 0 &&
		   (request->n_parameter_types == 0 ||
			memcmp(judging->request.parameter_types, request->parameter_types,
				   request->n_parameter_types * sizeof *request->parameter_types) == 0);
}

static struct verdict *judge_elsewhere(struct session *session, enum sub_protocol protocol, const char *text,
									   size_t length, const uint32_t *types, size_t n_types)
{
	const char **list = must(malloc((names_most(&session->state) + 1) * sizeof *list));
	struct session_names names = current_names(session, list);
	struct guard_request request = request_of(session, protocol, text, length, types, n_types, &names);
	struct verdict *verdict = NULL;
	if (session->judging && answers(session, &request)) {
		verdict = verdict_ref(session->judging->answer);
		judge_forget(session);
	} else {
		judge_forget(session);
		ask(session, &request);
		client_hold(session, HOLD_VERDICT);
	}
	free(list);
	return verdict;
}

const struct guard_request *session_verdict_request(const struct session *session)
{
	return session->judging ? &session->judging->request : NULL;
}

void session_verdict(struct session *session, struct verdict *verdict)
{
	session->wants &= ~(unsigned)SESSION_WANT_VERDICT;
	if (!session->judging || session->phase == PHASE_CLOSING) {
		verdict_unref(verdict);
		judge_forget(session);
		return;
	}
	session->judging->answer = verdict;
	session->hold = HOLD_NONE;
	client_resume(session);
	session_written(session, SIDE_SERVER);
}

/* The database could not be asked. What is unknown and refused stays refused; what is unknown and would be
 * forwarded (a function) may have come since, and touch tenant relations: it waits. */
static bool may_be_guarded(const struct session *session, const struct verdict *verdict)
{
	return session->unread_catalog && !(verdict->n_statements == 1 && verdict->kind == VERDICT_REFUSE);
}

struct verdict *judge(struct session *session, enum sub_protocol protocol, const char *text, size_t length,
					  const uint32_t *types, size_t n_types)
{
	struct verdict *verdict = is_long(session, length)
								  ? judge_elsewhere(session, protocol, text, length, types, n_types)
								  : judge_inline(session, protocol, text, length, types, n_types);
	if (verdict && verdict->unknown_name && (!session->asked_catalog || may_be_guarded(session, verdict))) {
		verdict_unref(verdict);
		client_hold(session, HOLD_CATALOG);
		return NULL;
	}
	return verdict;
}
