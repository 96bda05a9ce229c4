/* The facade of the parser: one message's text in, one verdict out.
 *
 * A verdict never contains a tenant's value. Where the value goes, it has a slot; whoever sends the
 * statement renders the slot as `$n` (extended protocol) or as a literal (simple protocol). A verdict is
 * immutable, reference-counted (atomic) and one allocation tree; it can be cached and shared between
 * sessions and tenants.
 *
 * Offsets are bytes in the original text unless a name says otherwise; positions are characters counted
 * from 1, as in the error messages of PostgreSQL (protocol field 'P'). */
#ifndef TENANTRY_PARSER_VERDICT_H
#define TENANTRY_PARSER_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parser/catalog.h"
#include "parser/policy.h"

enum verdict_kind {
	VERDICT_PASS,   /* send the statement's own bytes */
	VERDICT_GUARD,  /* send the rendered statement */
	VERDICT_REFUSE, /* make the server raise `refusal` in its place */
};

/* An error for the client. All strings are UTF-8, owned by the verdict; detail and hint may be NULL. */
struct refusal {
	char sqlstate[6];
	const char *message, *detail, *hint;
	int position; /* in the original text of the message; 0: none */
};

/* One edit of the original text. Splices of a statement are ordered by `at`; several with one `at` are
 * emitted in order. */
struct splice {
	size_t at;          /* where, in the original text of the whole message */
	size_t remove;      /* bytes of the original that go */
	const char *insert; /* text that comes, or NULL */
	size_t insert_length;
	bool tenant;  /* the tenant's value comes here (insert is NULL) */
	bool opening; /* it opens an expression: behind what else is inserted here */
};

/* A value of the tenant column that the application wrote itself: it must equal the session's tenant,
 * else 42501. */
struct tenant_check {
	int parameter;        /* $n, or 0 for a constant */
	bool or_null;         /* the statement has the session's tenant in the place of NULL */
	const char *constant; /* text of the constant; NULL when parameter > 0 */
	const char *relation; /* for the message */
	int position;
};

/* The name of a setting that there cannot be, as it has no dot. An error about it means that an argument of EXECUTE is not
 * the tenant's although it is for a tenant column. */
#define PREPARED_OTHER_TENANT "tenantry: another tenant"

/* What a statement does to the state that decides how later statements are read. Applied by the session
 * when the server has confirmed the statement, with PostgreSQL's transactional meaning. */
enum effect_kind {
	EFFECT_NONE,
	EFFECT_BEGIN,
	EFFECT_COMMIT,      /* chain: `flag` */
	EFFECT_ROLLBACK,    /* chain: `flag` */
	EFFECT_SAVEPOINT,   /* name */
	EFFECT_RELEASE,     /* name */
	EFFECT_ROLLBACK_TO, /* name */
	EFFECT_PREPARE_TRANSACTION,
	/* the server does not wait for the Sync of the pipeline to commit what came before; flag: nor did it before 13.8 and
	 * 14.5 */
	EFFECT_COMMITS_AT_ONCE,
	EFFECT_CALL,        /* a procedure that may end the transaction, unless BEGIN has begun it */
	EFFECT_SET,         /* name, value (as the server would store it), flag: LOCAL. name is lower-cased */
	EFFECT_SET_DEFAULT, /* name: SET .. TO DEFAULT, RESET name; flag: LOCAL */
	EFFECT_RESET_ALL,
	EFFECT_DISCARD_ALL,
	EFFECT_DISCARD_TEMP,
	EFFECT_DISCARD_PLANS,
	/* name; flag: takes the tenant as its last argument; value, if any: the arguments that must be the tenant, each as
	 * its number, a blank and the relation whose tenant column it is for, with \1 in between. The server compares them;
	 * a constant is compared before */
	EFFECT_PREPARE,
	EFFECT_DEALLOCATE, /* name, NULL: all */
	/* name: runs what PREPARE or a Parse message has given that name; changes nothing by itself */
	EFFECT_EXECUTE,
	/* name of a relation in pg_temp, or an entry of parser/created.h; flag: ON COMMIT DROP; value, if any:
	 * CREATED_OF_TENANT, a view that shows rows of the tenant of now, whatever the tenant is later */
	EFFECT_CREATE_TEMPORARY,
	/* names dropped: name is one unqualified relation name; several: several effects */
	EFFECT_DROP,
	EFFECT_SCHEMA_CHANGE,  /* reload the snapshot once this is committed */
	EFFECT_TENANTS_CHANGE, /* the tenants table was written: reload once committed */
};

struct effect {
	enum effect_kind kind;
	const char *name, *value;
	bool flag;
};

enum copy_format { COPY_TEXT, COPY_CSV, COPY_BINARY };

/* How the data of COPY relation FROM STDIN must be changed, for proxy/session's transform. */
struct copy_plan {
	enum copy_format format;
	/* what the client sends and CopyInResponse shows; the server gets one more if `append` */
	unsigned client_columns;
	bool append; /* append the tenant's value to every row */
	/* 0-based field that must equal the tenant (the client sends it itself), -1: none */
	int check_column;
	char delimiter, quote, escape;
	const char *null_string;
	/* an unquoted field like this one stands for the column's default (PostgreSQL 16); NULL: none */
	const char *default_string;
	bool header;               /* the first line names columns: append the tenant column's name */
	const char *tenant_column; /* its name, for the header line */
	enum tenant_type tenant_type;
	bool encoded; /* the data may be in another encoding than UTF8, whatever the client's is */
};

/* For the transition report: what the application's own text is worth. */
struct statement_note {
	/* of all that follows: the same for statements that differ in constants, white space and comments
	 * only */
	uint64_t id;
	bool safe;    /* by itself: nothing would have to be added */
	bool refused; /* or, under `observe`, would be */
	/* without constants (parser/normalized.h); NULL when it is safe and not refused */
	const char *text;
	/* why it is not safe, or refused; NULL likewise. Names at most, no constants */
	const char *reason;
};

struct statement {
	/* the statement in the message, without its semicolon; leading white space and comments included */
	size_t start, length;
	enum verdict_kind kind;
	struct refusal *refusal; /* set exactly when kind is VERDICT_REFUSE */
	size_t n_splices;
	const struct splice *splices;
	size_t n_checks;
	const struct tenant_check *checks;
	/* extended protocol: the numbers of the parameters whose values must not end in an odd number of backslashes, else 22025;
	 * ascending */
	size_t n_patterns;
	const int *patterns;
	size_t n_effects;
	const struct effect *effects;
	const struct copy_plan *copy; /* NULL unless the data stream must be transformed */
	/* the command tag to show instead of the server's ("TRUNCATE TABLE"); NULL: leave it */
	const char *raised_tag;
	bool touches_tenant; /* names a tenant relation */
	bool self_safe;      /* the original text was tenant-safe by itself (independent checker) */
	bool is_empty;
	/* not SELECT, INSERT, UPDATE, DELETE or MERGE: its names are looked up when it runs, not when it is
	 * bound */
	bool utility;
	/* not the first of its message: session_names_hash() of the names by which it was judged; 0: they do not matter */
	uint64_t names;
	/* NULL: touches no tenant relation and is not refused, or could not be read */
	const struct statement_note *note;
	/* the server looks at rows of all tenants (index, constraint, type change): an error may quote them.
	 * The session keeps severity, SQLSTATE and names (s t c n), and replaces the message, detail and
	 * context. */
	bool conceal_errors;
};

struct verdict {
	size_t n_statements; /* 0: the text is empty (only white space, comments, semicolons) */
	const struct statement *statements;
	enum verdict_kind kind; /* the strongest of the statements' kinds */
	unsigned parameters;    /* highest parameter number used or declared by the client */
	bool uses_tenant;       /* some splice or PREPARE needs the value */
	/* extended protocol: the n of `$n`; 0: no parameter is added (unused, or 65,535 are in use: literal) */
	unsigned tenant_parameter;
	enum tenant_type tenant_type; /* of the parameter */
	/* a relation is not in the snapshot: reload it and ask again (once) before using this verdict */
	bool unknown_name;
	bool cacheable;
};

/* Names of the session that shadow or steer the catalog's. Borrowed. The same names come in the same order: they are part
 * of the cache's key. */
struct session_names {
	const char *search_path; /* text of the setting as the server has it, e.g. "$user", public */
	bool
		reverts; /* the end of the transaction under way may change the path, the temporaries or the tenant */
	size_t n_temporaries;
	/* unqualified names of the session's temporary relations; also what the transaction under way has
	 * created or altered, in the form of parser/created.h, and session_names_view() beside the name of a
	 * temporary view of one tenant's rows */
	const char *const *temporaries;
	/* prepared statements (SQL and protocol share a namespace) that take the tenant last */
	size_t n_prepared;
	const char *const *prepared;
	/* those of which some arguments must be the tenant: name, \1, and the value of their EFFECT_PREPARE */
	size_t n_checked;
	const char *const *checked;
};

/* The path and the temporary relations, in any order; never 0. The session knows as well as the parser what becomes of
 * them within a message: it compares. */
uint64_t session_names_hash(const struct session_names *names);

#define CREATED_OF_TENANT "tenant"
/* What `temporaries` has beside the name of a relation that was created with CREATED_OF_TENANT: of the tenant
 * of now, or of another one, whose view is not to be read. The caller frees it. */
char *session_names_view(const char *name, bool of_this_tenant);
/* Does the name stand for what is no temporary relation (DISCARD TEMP does not drop it)? */
bool session_names_is_permanent(const char *name);

enum sub_protocol { PROTOCOL_SIMPLE, PROTOCOL_EXTENDED };

/* How names in a text that are not ASCII compare with those of the snapshot, which is in UTF-8. */
enum name_bytes {
	NAMES_ALIKE,  /* byte by byte: client and database use UTF8 */
	NAMES_FOLDED, /* the database uses another encoding: its server folds and cuts names in a way of its own */
	NAMES_FOREIGN, /* the client uses another encoding: the same name is other bytes */
};

struct guard_request {
	const char *text; /* zero-terminated, `length` bytes, UTF-8 or any safe server encoding */
	size_t length;
	enum sub_protocol protocol;
	size_t n_parameter_types; /* as declared in Parse; 0 is "unspecified" */
	const uint32_t *parameter_types;
	const struct catalog *catalog;
	const struct policy *policy;
	const struct session_names *names;
	/* RIGHT_BYPASS: everything passes, effects and statement bounds are still reported */
	enum right right;
	enum name_bytes name_bytes;
};

/* Never NULL. Whatever goes wrong inside becomes a refusal. Thread-safe; uses libpg_query's thread-local
 * memory. */
struct verdict *guard(const struct guard_request *request);
struct verdict *verdict_ref(struct verdict *verdict);
void verdict_unref(struct verdict *verdict);

/* The rendered text of one statement. `slot` is what a tenant slot becomes ("$3", "42"). The writer gets
 * pieces in order. */
typedef void (*verdict_writer)(void *to, const char *bytes, size_t length);
void statement_render(const struct verdict *verdict, size_t statement, const char *original, const char *slot,
					  verdict_writer write, void *to);

/* Maps a character position in the text that was sent (statements first .. last rendered one after the
 * other with the same slots, separated as in the original) to a character position in the original text;
 * 0 when it lies in inserted text that has no counterpart. `slots` has one rendering for each statement. */
int verdict_map_position(const struct verdict *verdict, const char *original, const char *const *slots,
						 int position);

/* --- the cache: one per worker, not thread-safe, bounded by bytes (least recently used goes first) --- */
struct verdict_cache;
/* `seed` keys the hash: random, one for the process, never shown to clients. */
struct verdict_cache *verdict_cache_new(size_t max_bytes, uint64_t seed);
void verdict_cache_free(struct verdict_cache *cache);
/* As guard(), but remembers. Keyed by text, protocol, declared types, catalog generation, effective
 * search_path and temporaries, policy id and right; never by a tenant's value. The caller gets a
 * reference. */
struct verdict *verdict_cache_guard(struct verdict_cache *cache, const struct guard_request *request);
struct verdict_cache_counts {
	uint64_t hits, misses, entries, bytes;
};
struct verdict_cache_counts verdict_cache_counts(const struct verdict_cache *cache);

#endif
