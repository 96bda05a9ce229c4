/* A session without a host, for fuzzers: settings, users, the shop's catalog, and the answers that a host gives. Users:
 * app (may choose), bound (tenant 2), admin (bypasses), locked (password "secret"). The default tenant is 1. */
#ifndef TENANTRY_TESTS_SESSION_BENCH_H
#define TENANTRY_TESTS_SESSION_BENCH_H

#include "proxy/session/session.h"

struct session_bench {
	struct policy policy;
	struct session_settings settings;
	struct catalog *catalog;
	struct verdict_cache *cache;
	struct session *session;
};

/* `local`: over a Unix-domain socket, where everybody but `locked` needs no password. Quiet from here on. */
void session_bench_begin(struct session_bench *bench, bool local);
void session_bench_end(struct session_bench *bench);
/* Logs `user` in and opens the server; the greeting is taken out of the output. The session must be a local one. */
void session_bench_start(struct session_bench *bench, const char *user);
/* Answers everything that the session wants, as a host does: TLS done, server open, the same catalog, .. */
void session_bench_answer(struct session_bench *bench);
/* Memory of its own, so that AddressSanitizer sees every step beyond it. */
void session_bench_receive(struct session_bench *bench, enum side side, const char *bytes, size_t length);

#endif
