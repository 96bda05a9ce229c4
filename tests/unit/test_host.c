/* The small parts of the host: deadlines, mailbox, limits, listen addresses, libpq's errors, upstream URL, a
 * worker's life. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proxy/host/deadlines.h"
#include "proxy/host/limits.h"
#include "proxy/host/listener.h"
#include "proxy/host/mailbox.h"
#include "proxy/host/opener_internal.h"
#include "proxy/host/upstream.h"
#include "proxy/host/worker.h"

/* --- deadlines --- */

static uint64_t earliest(const struct deadline *all, size_t n)
{
	uint64_t when = UINT64_MAX;
	for (size_t i = 0; i < n; i++)
		if (all[i].place && all[i].when < when)
			when = all[i].when;
	return when;
}

static void test_deadlines_in_order(void **state)
{
	enum { N = 200, STEPS = 20000 };
	struct deadlines deadlines = {0};
	struct deadline all[N] = {{0}};
	unsigned seed = 7;
	for (int i = 0; i < STEPS; i++) {
		struct deadline *one = &all[rand_r(&seed) % N];
		if (rand_r(&seed) % 3 == 0)
			deadlines_remove(&deadlines, one);
		else
			deadlines_set(&deadlines, one, (uint64_t)(rand_r(&seed) % 1000));
		const struct deadline *first = deadlines_first(&deadlines);
		assert_true((first ? first->when : UINT64_MAX) == earliest(all, N));
	}
	deadlines_free(&deadlines);
}

static void test_deadlines_are_lazy(void **state)
{
	struct deadlines deadlines = {0};
	struct deadline one = {0};
	deadlines_set(&deadlines, &one, UINT64_MAX);
	assert_null(deadlines_first(&deadlines));
	deadlines_set(&deadlines, &one, 50);
	deadlines_set(&deadlines, &one, 80);
	assert_int_equal(deadlines_first(&deadlines)->when, 50);
	deadlines_set(&deadlines, &one, 20);
	assert_int_equal(deadlines_first(&deadlines)->when, 20);
	deadlines_remove(&deadlines, &one);
	assert_null(deadlines_first(&deadlines));
	deadlines_free(&deadlines);
}

/* --- mailbox --- */

enum { POSTERS = 4, LETTERS = 5000 };

struct post_office {
	uv_loop_t loop;
	struct mailbox mailbox;
	int received, last[POSTERS];
};

struct poster {
	struct post_office *office;
	int number, sent;
};

struct note {
	int poster, number;
};

static void take(void *owner, void *data)
{
	struct post_office *office = owner;
	struct note *note = data;
	assert_int_equal(note->number, office->last[note->poster] + 1);
	office->last[note->poster] = note->number;
	free(note);
	if (++office->received == POSTERS * LETTERS)
		mailbox_close(&office->mailbox);
}

static void post_all(void *argument)
{
	struct poster *poster = argument;
	for (int i = 1; i <= LETTERS; i++) {
		struct note *note = malloc(sizeof *note);
		*note = (struct note){poster->number, i};
		poster->sent += mailbox_post(&poster->office->mailbox, take, note);
	}
}

static void test_mailbox_keeps_order_and_loses_nothing(void **state)
{
	struct post_office office = {0};
	struct poster posters[POSTERS];
	uv_thread_t threads[POSTERS];
	uv_loop_init(&office.loop);
	mailbox_open(&office.mailbox, &office.loop, &office);
	for (int i = 0; i < POSTERS; i++) {
		posters[i] = (struct poster){&office, i, 0};
		uv_thread_create(&threads[i], post_all, &posters[i]);
	}
	uv_run(&office.loop, UV_RUN_DEFAULT);
	for (int i = 0; i < POSTERS; i++)
		uv_thread_join(&threads[i]);
	assert_int_equal(office.received, POSTERS * LETTERS);
	assert_false(mailbox_post(&office.mailbox, take, NULL));
	assert_int_equal(uv_loop_close(&office.loop), 0);
	mailbox_destroy(&office.mailbox);
}

/* --- configuration and limits --- */

static struct configuration *configure(const char *const *flags, struct diagnostics *diagnostics)
{
	struct settings *settings = settings_new();
	char *argv[16] = {"tenantry", "--upstream=postgresql://app:secret@db.example:5433/shop"};
	int argc = 2;
	for (; flags && *flags; flags++)
		argv[argc++] = (char *)*flags;
	for (int i = 1; i < argc;)
		assert_true(settings_flag(settings, argc, argv, &i, diagnostics));
	return configuration_new(settings, NULL, diagnostics);
}

static struct configuration *configured(const char *const *flags)
{
	struct diagnostics diagnostics = {0};
	struct configuration *configuration = configure(flags, &diagnostics);
	if (!configuration)
		fail_msg("%s", diagnostics.text);
	return configuration;
}

static void test_upstream(void **state)
{
	struct configuration *configuration = configured(NULL);
	const struct upstream *upstream = configuration->upstream;
	assert_string_equal(upstream->user, "app");
	assert_string_equal(upstream->password, "secret");
	assert_string_equal(upstream->database, "shop");
	assert_string_equal(upstream->label, "app@db.example:5433/shop");
	assert_int_equal(configuration->users.n, 1);
	/* A plain password is a verifier from here on. */
	assert_int_equal(strncmp(configuration->users.list[0].secret, "SCRAM-SHA-256$4096:", 19), 0);
	assert_int_equal(configuration->users.list[0].right, RIGHT_CHOOSE);
	assert_string_equal(configuration->session.default_tenant, "1");
	configuration_unref(configuration);
}

static void test_upstream_is_missing(void **state)
{
	struct error error;
	unsetenv("SUPABASE_DB_URL");
	unsetenv("DATABASE_URL");
	assert_null(upstream_new("", "the file", &error));
	assert_string_equal(error.message, "no PostgreSQL server is named");
	assert_non_null(strstr(error.hint, "--upstream"));
	assert_non_null(strstr(error.hint, "`upstream` in the configuration file"));
	assert_non_null(strstr(error.hint, "$SUPABASE_DB_URL"));
	assert_non_null(strstr(error.hint, "$DATABASE_URL"));
}

static void test_upstream_from_the_environment(void **state)
{
	struct error error;
	setenv("DATABASE_URL", "postgresql://b@two/y", 1);
	struct upstream *upstream = upstream_new("", "the file", &error);
	assert_string_equal(upstream->label, "b@two:5432/y");
	upstream_free(upstream);
	setenv("SUPABASE_DB_URL", "postgresql://a@one/x", 1);
	upstream = upstream_new("", "the file", &error);
	assert_string_equal(upstream->label, "a@one:5432/x");
	upstream_free(upstream);
	upstream = upstream_new("postgresql://c@three/z", "the file", &error);
	assert_string_equal(upstream->label, "c@three:5432/z");
	upstream_free(upstream);
	unsetenv("SUPABASE_DB_URL");
	unsetenv("DATABASE_URL");
}

static void test_bad_url_does_not_show_the_password(void **state)
{
	struct error error;
	assert_null(upstream_new("postgresql://a:hunter2@[b/c", "--upstream", &error));
	assert_string_equal(error.message, "--upstream is not a URL that libpq understands");
	assert_null(strstr(error.message, "hunter2"));
	assert_null(strstr(error.detail, "hunter2"));
	assert_null(strstr(error.hint, "hunter2"));
}

static void expect_misconfigured(const char *flag, const char *message)
{
	struct diagnostics diagnostics = {0};
	const char *const flags[] = {flag, NULL};
	assert_null(configure(flags, &diagnostics));
	assert_string_equal(diagnostics.text, message);
	diagnostics_free(&diagnostics);
}

static void test_configuration_messages(void **state)
{
	expect_misconfigured("--tenant=abc",
						 "command line: --tenant: \"abc\" is not a value of the tenants' type integer\n");
	expect_misconfigured(
		"--default-tenant=",
		"command line: --default-tenant: \"\" is not a value of the tenants' type integer\n");
	expect_misconfigured("--tls=require",
						 "command line: --tls: require needs tls_certificate (and tls_key)\n");
	expect_misconfigured("--tenant-setting=tenant",
						 "command line: --tenant-setting: not the name of a custom setting; accepted: "
						 "lower-case names joined by a dot, as app.tenant_id\n");
	expect_misconfigured("--output-low-water=1MB",
						 "command line: --output-low-water: must be less than output_high_water\n");
	expect_misconfigured("--tenants-table=a,b", "command line: --tenants-table: one table is named here\n");
}

/* A reload keeps the verifier of a password that did not change. */
static void test_verifiers_over_a_reload(void **state)
{
	struct configuration *first = configured(NULL), *second;
	struct diagnostics diagnostics = {0};
	struct settings *settings = settings_new();
	settings_user(settings, "app", "secret, tenant=3", 1, &diagnostics);
	settings_user(settings, "other", "secret", 2, &diagnostics);
	second = configuration_new(settings, first, &diagnostics);
	assert_non_null(second);
	assert_int_equal(second->users.n, 2);
	assert_string_equal(second->users.list[0].secret, first->users.list[0].secret);
	assert_string_not_equal(second->users.list[1].secret, first->users.list[0].secret);
	assert_memory_equal(second->session.mock_secret, first->session.mock_secret, 32);
	assert_int_not_equal(second->policy.id, first->policy.id);
	configuration_unref(first);
	assert_string_equal(second->upstream->user, "app");
	configuration_unref(second);
}

/* What the defaults of the table say is what an unconfigured parser does. */
static void test_default_policy(void **state)
{
	struct configuration *configuration = configured(NULL);
	const struct policy *made = &configuration->policy;
	struct policy standard;
	policy_defaults(&standard);
	assert_int_equal(made->mode, standard.mode);
	assert_string_equal(made->tenant_setting, standard.tenant_setting);
	assert_string_equal(made->tenant_column, standard.tenant_column);
	assert_string_equal(made->default_tenant, standard.default_tenant);
	assert_string_equal(made->tenants_table, standard.tenants_table);
	assert_int_equal(made->hide_tenant_column, standard.hide_tenant_column);
	assert_int_equal(made->ddl, standard.ddl);
	assert_int_equal(made->new_tables, standard.new_tables);
	assert_int_equal(made->truncate_as_delete, standard.truncate_as_delete);
	assert_int_equal(made->allow_data_catalogs, standard.allow_data_catalogs);
	assert_int_equal(made->allow_reach, standard.allow_reach);
	assert_int_equal(made->max_statement_bytes, standard.max_statement_bytes);
	assert_int_equal(made->max_depth, standard.max_depth);
	assert_int_equal(made->max_edits, standard.max_edits);
	assert_int_equal(made->max_rows, standard.max_rows);
	configuration_unref(configuration);
}

static void test_limits(void **state)
{
	const char *const flags[] = {"--max-clients=4", "--max-clients-per-tenant=2", NULL};
	struct configuration *configuration = configured(flags);
	struct limits *limits = limits_new();
	struct user a = {.name = "a", .max_sessions = 3}, b = {.name = "b"};
	struct seat seats[4] = {{0}}, extra = {0};
	struct error error;
	assert_true(limits_enter(limits, configuration, &a, "1", &seats[0], &error));
	assert_true(limits_enter(limits, configuration, &a, "1", &seats[1], &error));
	assert_false(limits_enter(limits, configuration, &a, "1", &extra, &error));
	assert_string_equal(error.sqlstate, "53300");
	assert_string_equal(error.message, "too many connections for tenant \"1\"");
	assert_true(limits_enter(limits, configuration, &a, NULL, &seats[2], &error));
	assert_false(limits_enter(limits, configuration, &a, "2", &extra, &error));
	assert_string_equal(error.message, "too many connections for user \"a\"");
	assert_true(limits_enter(limits, configuration, &b, "2", &seats[3], &error));
	assert_false(limits_enter(limits, configuration, &b, "3", &extra, &error));
	assert_string_equal(error.message, "sorry, too many clients already");
	limits_leave(limits, &extra);
	assert_int_equal(limits_inside(limits), 4);
	for (int i = 0; i < 4; i++)
		limits_leave(limits, &seats[i]);
	limits_leave(limits, &seats[0]);
	assert_int_equal(limits_inside(limits), 0);
	limits_free(limits);
	configuration_unref(configuration);
}

/* --- listen addresses --- */

static void expect_address(const char *list, size_t n, int family, int port)
{
	struct listen_address *addresses;
	struct error error;
	size_t found;
	if (!listen_addresses_parse(list, &addresses, &found, &error))
		fail_msg("%s", error.message);
	assert_int_equal(found, n);
	assert_int_equal(addresses[n - 1].address.ss_family, family);
	assert_int_equal(addresses[n - 1].port, port);
	free(addresses);
}

static void test_listen_addresses(void **state)
{
	struct listen_address *addresses;
	struct error error;
	size_t n;
	static const char *const wrong[] = {
		"",         "6543",          "127.0.0.1", "127.0.0.1:",         "127.0.0.1:0", "127.0.0.1:65536",
		"::1:6543", "127.0.0.1:65x", ":6543",     "127.0.0.1:1,nothing"};
	expect_address("127.0.0.1:6543", 1, AF_INET, 6543);
	expect_address("127.0.0.1:6543, [::1]:6544", 2, AF_INET6, 6544);
	expect_address("127.0.0.1:1,/run/tenantry:7000", 2, AF_UNIX, 7000);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_false(listen_addresses_parse(wrong[i], &addresses, &n, &error));
		assert_string_equal(error.sqlstate, "22023");
		assert_null(addresses);
		assert_int_equal(n, 0);
	}
}

/* --- libpq's errors --- */

static void expect_error(const char *text, const char *sqlstate, const char *message, bool away)
{
	struct error error;
	assert_int_equal(opener_translate_error(text, &error), away);
	assert_string_equal(error.sqlstate, sqlstate);
	assert_string_equal(error.message, message);
}

static void test_errors_of_libpq(void **state)
{
	expect_error("connection to server at \"10.0.0.1\", port 5432 failed: FATAL:  57P03: the database system "
				 "is starting up\n"
				 "LOCATION:  ProcessStartupPacket, postmaster.c:2306\n",
				 "57P03", "the database system is starting up", true);
	expect_error("connection to server at \"10.0.0.1\", port 5432 failed: FATAL:  28P01: password "
				 "authentication failed for user "
				 "\"app\"\nLOCATION:  auth_failed, auth.c:329\n",
				 "08001", "tenantry is not let in by its PostgreSQL server", false);
	expect_error("connection to server at \"10.0.0.1\", port 5432 failed: Connection refused\n\tIs the "
				 "server running?\n",
				 "08001", "tenantry cannot reach its PostgreSQL server", true);
	expect_error("connection to server at \"a\" failed: FATAL:  22023: invalid value for parameter "
				 "\"DateStyle\": \"x\"\nLOCATION:  z\n",
				 "22023", "invalid value for parameter \"DateStyle\": \"x\"", false);
	/* Several hosts: the last answer counts. */
	expect_error("connection to server at \"a\" failed: FATAL:  57P03: the database system is shutting "
				 "down\nLOCATION:  x\n"
				 "connection to server at \"b\" failed: FATAL:  53300: sorry, too many clients "
				 "already\nLOCATION:  x\n",
				 "53300", "sorry, too many clients already", false);
}

/* --- a worker without traffic --- */

static void test_worker_leaves_nothing_open(void **state)
{
	struct configuration *configuration = configured(NULL);
	struct catalog *catalog = catalog_new();
	struct catalog_rules rules = {
		.tenant_column = "tenant_id", .tenants_schema = "public", .tenants_table = "tenants"};
	struct listen_address *addresses;
	struct host host = {.configuration = configuration};
	struct error error;
	size_t n;
	catalog_set_session(catalog, "app", "public", 150000);
	catalog_finish(catalog, &rules, 1);
	assert_true(listen_addresses_parse("127.0.0.1:36543, /tmp:36543", &addresses, &n, &error));
	if (!listen_addresses_open(addresses, n, 0700, &error))
		fail_msg("%s", error.message);
	struct worker *one = worker_new(&host, 0, configuration, catalog),
				  *two = worker_new(&host, 1, configuration, catalog);
	assert_true(worker_listen(one, addresses, n, &error));
	assert_true(worker_listen(two, addresses, n, &error));
	/* Somebody listens there now, so a second process is told. */
	struct listen_address *again;
	assert_true(listen_addresses_parse("127.0.0.1:36543", &again, &n, &error));
	assert_false(listen_addresses_open(again, n, 0700, &error));
	assert_string_equal(error.message, "cannot listen on 127.0.0.1:36543: Address already in use");
	free(again);
	assert_int_equal(access("/tmp/.s.PGSQL.36543", F_OK), 0);
	worker_drain(one, NULL);
	uv_run(&one->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_alive(&one->loop), 0);
	worker_free(one);
	worker_free(two);
	listen_addresses_close(addresses, 2);
	assert_int_not_equal(access("/tmp/.s.PGSQL.36543", F_OK), 0);
	catalog_unref(catalog);
	configuration_unref(configuration);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deadlines_in_order),
		cmocka_unit_test(test_deadlines_are_lazy),
		cmocka_unit_test(test_mailbox_keeps_order_and_loses_nothing),
		cmocka_unit_test(test_upstream),
		cmocka_unit_test(test_upstream_is_missing),
		cmocka_unit_test(test_upstream_from_the_environment),
		cmocka_unit_test(test_bad_url_does_not_show_the_password),
		cmocka_unit_test(test_configuration_messages),
		cmocka_unit_test(test_verifiers_over_a_reload),
		cmocka_unit_test(test_default_policy),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_listen_addresses),
		cmocka_unit_test(test_errors_of_libpq),
		cmocka_unit_test(test_worker_leaves_nothing_open),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
