/* The settings table: defaults, file, flags, every message, the sample file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proxy/host/settings.h"

struct loaded {
	struct settings *settings;
	struct diagnostics diagnostics;
	char path[64];
};

static void write_file(char *path, const char *text)
{
	strcpy(path, "/tmp/test_settings_XXXXXX");
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static struct loaded load(const char *text)
{
	struct loaded loaded = {.settings = settings_new()};
	write_file(loaded.path, text);
	settings_read_file(loaded.settings, loaded.path, &loaded.diagnostics);
	unlink(loaded.path);
	return loaded;
}

static void drop(struct loaded *loaded)
{
	settings_free(loaded->settings);
	diagnostics_free(&loaded->diagnostics);
}

/* The file gives exactly this diagnostic, after "PATH:". */
static void expect(const char *text, const char *diagnostic)
{
	struct loaded loaded = load(text);
	char expected[2048];
	snprintf(expected, sizeof expected, "%s:%s\n", loaded.path, diagnostic);
	assert_non_null(loaded.diagnostics.text);
	assert_string_equal(loaded.diagnostics.text, expected);
	drop(&loaded);
}

static void fine(struct loaded *loaded)
{
	if (loaded->diagnostics.n)
		print_error("%s", loaded->diagnostics.text);
	assert_int_equal(loaded->diagnostics.n, 0);
}

static void test_defaults(void **state)
{
	struct settings *settings = settings_new();
	assert_string_equal(settings->tenantry.listen, "127.0.0.1:6543");
	assert_int_equal(settings->tenantry.workers, 0);
	assert_int_equal(settings->tenantry.login_timeout, 30000);
	assert_int_equal(settings->tenantry.idle_timeout, 0);
	assert_int_equal(settings->tenantry.max_statement_size, 16 * 1024 * 1024);
	assert_int_equal(settings->tenantry.mode, MODE_ENFORCE);
	assert_int_equal(settings->migration.on_startup, ON_STARTUP_YES);
	assert_true(settings->migration.foreign_keys);
	assert_false(settings->migration.widen_unique);
	assert_string_equal(settings->migration.tenant_column, "tenant_id");
	settings_free(settings);
}

static void test_values(void **state)
{
	struct loaded l =
		load("[tenantry]\nlogin_timeout = 500ms\nidle_timeout=2 h\nstatement_timeout = NONE ; a comment\n"
			 "max_clients: 7\ncache_size = 1GB\nmode = Audit\nmax_clients_per_user = unlimited\n"
			 "[migration]\nforeign_keys = off\ntables = a, b\n    c ; more\n    \"d;e\"\n");
	fine(&l);
	assert_int_equal(l.settings->tenantry.login_timeout, 500);
	assert_int_equal(l.settings->tenantry.idle_timeout, 7200000);
	assert_int_equal(l.settings->tenantry.statement_timeout, 0);
	assert_int_equal(l.settings->tenantry.max_clients, 7);
	assert_int_equal(l.settings->tenantry.cache_size, 1 << 30);
	assert_int_equal(l.settings->tenantry.mode, MODE_AUDIT);
	assert_int_equal(l.settings->tenantry.max_clients_per_user, 0);
	assert_false(l.settings->migration.foreign_keys);
	assert_string_equal(l.settings->migration.tables, "a, b, c, \"d;e\"");
	drop(&l);
}

static void test_long_line(void **state)
{
	char text[3000], value[2000];
	memset(value, 'k', sizeof value);
	value[sizeof value - 1] = 0;
	snprintf(text, sizeof text, "[tenantry]\nupstream = %s ; comment\nlog_level = debug\n", value);
	struct loaded l = load(text);
	fine(&l);
	assert_string_equal(l.settings->tenantry.upstream, value);
	assert_int_equal(l.settings->tenantry.log_level, 3);
	drop(&l);
	snprintf(text, sizeof text, "# %s\n[tenantry]\nworkers = x\n", value);
	expect(text, "3: workers: \"x\" is not accepted; accepted: a number from 0 to 256, or auto");
}

static void test_files_with_passwords(void **state)
{
	static const struct {
		const char *text;
		bool secret;
	} files[] = {
		{"[tenantry]\nmode = audit\n", false},
		{"[tenantry]\nupstream = postgresql://u:p@h/d\n", true},
		{"[migration]\nmigration_url = postgresql://u:p@h/d\n", true},
		{"[users]\nshop = word, tenant=1\n", true},
	};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct loaded l = load(files[i].text);
		assert_int_equal(settings_file_is_secret(l.settings), files[i].secret);
		drop(&l);
	}
	char *argv[] = {"--upstream", "postgresql://u:p@h/d"};
	struct diagnostics diagnostics = {0};
	struct settings *settings = settings_new();
	int at = 0;
	assert_true(settings_flag(settings, 2, argv, &at, &diagnostics));
	assert_false(settings_file_is_secret(settings));
	settings_free(settings);
}

static void test_messages(void **state)
{
	expect("[tenantry]\nmode = strict\n",
		   "2: mode: \"strict\" is not accepted; accepted: enforce, observe, audit");
	expect("[tenantry]\nlogin_timeout = 30\n",
		   "2: login_timeout: \"30\" is not accepted; accepted: a duration with its unit "
		   "(500ms, 30s, 5min, 2h, 1d) from 0s to 3600s, or none");
	expect("[tenantry]\nlogin_timeout = 2d\n",
		   "2: login_timeout: \"2d\" is not accepted; accepted: a duration with its unit "
		   "(500ms, 30s, 5min, 2h, 1d) from 0s to 3600s, or none");
	expect("[tenantry]\ncache_size = 1TB\n",
		   "2: cache_size: \"1TB\" is not accepted; accepted: a size (4096, 64kB, 16MB, 1GB) "
		   "from 64kB to 4194304kB");
	expect("[tenantry]\nmax_clients = -1\n",
		   "2: max_clients: \"-1\" is not accepted; accepted: a number from 1 to 1000000");
	expect(
		"[tenantry]\nmax_clients = 99999999999999999999999\n",
		"2: max_clients: \"99999999999999999999999\" is not accepted; accepted: a number from 1 to 1000000");
	expect("[migration]\nrow_security = perhaps\n",
		   "2: row_security: \"perhaps\" is not accepted; accepted: yes, no, on, off, true, false");
	expect("[tenantry]\nworkers = 1\n\nworkers = 2\n", "4: workers is already set in line 2");
	expect("[tenantry]\nmode = enforce\n  audit\n", "3: mode: only a list can be continued on another line");
	expect("[nothing]\na = b\n",
		   "2: there is no section [nothing]; accepted: [tenantry], [migration], [users]");
	expect("[tenantry]\nrubbish\n", "2: neither a [section] nor `name = value`");
	expect("[tenantry\n", "1: neither a [section] nor `name = value`");
}

static void test_unknown_setting(void **state)
{
	struct loaded l = load("[migration]\ntabels = a\n");
	assert_int_equal(l.diagnostics.n, 1);
	assert_non_null(strstr(l.diagnostics.text,
						   ":2: there is no setting \"tabels\" in [migration]; accepted: on_startup, "));
	assert_non_null(strstr(l.diagnostics.text, ", tables, "));
	drop(&l);
}

static void test_all_wrong_lines_are_told(void **state)
{
	struct loaded l = load("[tenantry]\nmode = a\ntls = b\nworkers = c\n");
	assert_int_equal(l.diagnostics.n, 3);
	drop(&l);
}

static void test_missing_file(void **state)
{
	struct diagnostics diagnostics = {0};
	struct settings *settings = settings_new();
	settings_read_file(settings, "/nonexistent/tenantry.conf", &diagnostics);
	assert_string_equal(diagnostics.text, "/nonexistent/tenantry.conf: No such file or directory\n");
	settings_free(settings);
	diagnostics_free(&diagnostics);
}

static void test_users(void **state)
{
	struct loaded l = load("[users]\nalice = \"a,\"\"b; c\", tenant=42, sessions=3\nbob = secret\ncarol = "
						   "SCRAM-SHA-256$4096:c2FsdA==$x:y, bypass\n"
						   "dave = pw , tenant=* ; comment\nerin = tenant=7\nfrank =\n");
	fine(&l);
	assert_int_equal(l.settings->n_users, 6);
	const struct settings_user *u = l.settings->users;
	assert_string_equal(u[0].secret, "a,\"b; c");
	assert_string_equal(u[0].tenant, "42");
	assert_int_equal(u[0].right, RIGHT_BOUND);
	assert_int_equal(u[0].max_sessions, 3);
	assert_string_equal(u[1].secret, "secret");
	assert_int_equal(u[1].right, RIGHT_CHOOSE);
	assert_string_equal(u[2].secret, "SCRAM-SHA-256$4096:c2FsdA==$x:y");
	assert_int_equal(u[2].right, RIGHT_BYPASS);
	assert_string_equal(u[3].secret, "pw");
	assert_int_equal(u[3].right, RIGHT_CHOOSE);
	assert_null(u[4].secret);
	assert_string_equal(u[4].tenant, "7");
	assert_null(u[5].secret);
	drop(&l);
}

static void test_user_messages(void **state)
{
	static const char accepted[] =
		"what follows the password is not accepted; accepted: tenant=VALUE, tenant=*, bypass, "
		"sessions=N, md5; a password with a comma is put in double quotes";
	char expected[512];
	snprintf(expected, sizeof expected, "2: user \"a\": %s", accepted);
	expect("[users]\na = secret,part2, tenant=1\n", expected);
	expect("[users]\na = x, sessions=0\n", expected);
	expect("[users]\na = x, tenant=\n", expected);
	expect("[users]\na = \"x, tenant=1\n", "2: user \"a\": the quotes around the password do not match");
	expect("[users]\na = \"x\"y\n", "2: user \"a\": the quotes around the password do not match");
	expect("[users]\na = x\na = y\n", "3: user \"a\" is already in line 2");
	expect("[users]\na = x, bypass, tenant=3\n", "2: user \"a\": bypass and tenant= exclude each other");
	expect("[users]\na = x\n  y\n", "3: a user's line cannot be continued");
}

static void test_flags(void **state)
{
	char *argv[] = {
		"tenantry",     "--max-clients", "5", "--mode=audit", "--migration-tenant-column", "shop_id",
		"--tables=a,b", "--bogus",       NULL};
	struct diagnostics diagnostics = {0};
	struct settings *settings = settings_new();
	int i = 1;
	while (i < 7)
		assert_true(settings_flag(settings, 8, argv, &i, &diagnostics));
	assert_false(settings_flag(settings, 8, argv, &i, &diagnostics));
	assert_int_equal(diagnostics.n, 0);
	assert_int_equal(settings->tenantry.max_clients, 5);
	assert_int_equal(settings->tenantry.mode, MODE_AUDIT);
	assert_string_equal(settings->migration.tenant_column, "shop_id");
	assert_string_equal(settings->migration.tables, "a,b");
	settings_free(settings);
}

static void test_flag_messages(void **state)
{
	char *argv[] = {"tenantry", "--max-clients=0", "--tls", NULL};
	struct diagnostics diagnostics = {0};
	struct settings *settings = settings_new();
	for (int i = 1; i < 3;)
		assert_true(settings_flag(settings, 3, argv, &i, &diagnostics));
	assert_string_equal(
		diagnostics.text,
		"command line: --max-clients: \"0\" is not accepted; accepted: a number from 1 to 1000000\n"
		"command line: --tls needs a value\n");
	settings_free(settings);
	diagnostics_free(&diagnostics);
}

static void test_command_line_goes_first(void **state)
{
	char *argv[] = {"tenantry", "--max-clients=5", NULL};
	struct diagnostics diagnostics = {0};
	struct settings *settings = settings_new();
	char path[64];
	int i = 1;
	assert_true(settings_flag(settings, 2, argv, &i, &diagnostics));
	write_file(path, "[tenantry]\nmax_clients = 9\nworkers = 3\n");
	settings_read_file(settings, path, &diagnostics);
	unlink(path);
	assert_int_equal(diagnostics.n, 0);
	assert_int_equal(settings->tenantry.max_clients, 5);
	assert_int_equal(settings->tenantry.workers, 3);
	settings_free(settings);
}

static void test_reload_keeps_what_needs_a_restart(void **state)
{
	struct loaded before = load("[tenantry]\nworkers = 2\nmax_clients = 5\n[migration]\ntables = a\n");
	struct loaded after = load("[tenantry]\nworkers = 3\nmax_clients = 6\n[migration]\ntables = a, b\n");
	struct diagnostics kept = {0};
	settings_keep_static(after.settings, before.settings, &kept);
	assert_int_equal(after.settings->tenantry.workers, 2);
	assert_int_equal(after.settings->tenantry.max_clients, 6);
	assert_string_equal(after.settings->migration.tables, "a");
	assert_int_equal(kept.n, 2);
	assert_non_null(
		strstr(kept.text, ":2: workers: cannot be changed without a restart; the old value stays\n"));
	assert_non_null(
		strstr(kept.text, ":5: tables: cannot be changed without a restart; the old value stays\n"));
	diagnostics_free(&kept);
	drop(&before);
	drop(&after);
}

enum { SAMPLE_MAX = 65536 };

static void print_sample(char *sample)
{
	FILE *out = fmemopen(sample, SAMPLE_MAX, "w");
	settings_print_sample(out);
	assert_true(ftell(out) < SAMPLE_MAX - 1);
	fclose(out);
}

/* With every ; in front of a setting removed, the sample says the defaults. */
static void test_sample_is_the_defaults(void **state)
{
	struct settings *defaults = settings_new();
	char sample[SAMPLE_MAX];
	print_sample(sample);
	*strstr(sample, "[users]") = 0;
	for (char *p = strstr(sample, "\n;"); p; p = strstr(p, "\n;"))
		memmove(p + 1, p + 2, strlen(p + 2) + 1);
	struct loaded l = load(sample);
	fine(&l);
	for (size_t i = 0; i < settings_count(); i++) {
		const struct setting *row = settings_row(i);
		assert_int_equal(l.settings->sources[i].kind, SOURCE_FILE);
		const char *a = (char *)l.settings + row->offset, *b = (char *)defaults + row->offset;
		if (row->kind == SETTING_TEXT || row->kind == SETTING_SECRET || row->kind == SETTING_LIST)
			assert_string_equal(*(char *const *)a, *(char *const *)b);
		else
			assert_int_equal(*a, *b);
	}
	drop(&l);
	settings_free(defaults);
}

static const char gallery[] = "tables = users, paintings, orders, order_items, cart_items, carts, favorites, "
							  "notifications, exhibitions, custom_requests,\n"
							  "  settings, stripe_events, saas_sites\n";

/* conf/tenantry.conf is the sample with the gallery's thirteen tables. */
static void test_shipped_file(void **state)
{
	char sample[SAMPLE_MAX], shipped[SAMPLE_MAX], *expected = NULL;
	FILE *file = fopen("conf/tenantry.conf", "r");
	assert_non_null(file);
	shipped[fread(shipped, 1, sizeof shipped - 1, file)] = 0;
	fclose(file);
	print_sample(sample);
	char *line = strstr(sample, "\n;tables =\n");
	assert_non_null(line);
	line[1] = 0;
	assert_true(asprintf(&expected, "%s%s%s", sample, gallery, line + strlen("\n;tables =\n")) > 0);
	assert_string_equal(shipped, expected);
	free(expected);
}

static void test_every_setting_is_in_the_help(void **state)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	settings_print_flags(out);
	fclose(out);
	for (size_t i = 0; i < settings_count(); i++) {
		char flag[128];
		snprintf(flag, sizeof flag, "%s ", settings_row(i)->name);
		for (char *p = flag; *p; p++)
			if (*p == '_')
				*p = '-';
		assert_non_null(strstr(text, flag));
		assert_true(strlen(settings_row(i)->help) > 5);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_files_with_passwords),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_unknown_setting),
		cmocka_unit_test(test_all_wrong_lines_are_told),
		cmocka_unit_test(test_missing_file),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_user_messages),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_flag_messages),
		cmocka_unit_test(test_command_line_goes_first),
		cmocka_unit_test(test_reload_keeps_what_needs_a_restart),
		cmocka_unit_test(test_sample_is_the_defaults),
		cmocka_unit_test(test_shipped_file),
		cmocka_unit_test(test_every_setting_is_in_the_help),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
