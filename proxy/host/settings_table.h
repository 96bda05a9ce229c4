/* Every setting there is, once. From these two lists come the structs, the parsing of file and command line, the
 * defaults, --help, the annotated sample file and what a reload may change. No include guard: this is a table, read
 * with
 *
 *   SETTING(KIND, name, default, low, high, words, reload, help)
 *
 *   KIND       TEXT, SECRET (text that is never printed), LIST, NUMBER, DURATION (milliseconds), SIZE (bytes), CHOICE,
 *              SWITCH
 *   low, high  bounds of numbers, durations and sizes
 *   words      CHOICE: the accepted words in the order of the enum; others: the word that stands for 0, or NULL
 *   reload     RELOAD: a SIGHUP changes it for new sessions; RESTART: it does not */

/* clang-format off */
#define SETTINGS_TENANTRY(SETTING) \
	SETTING(LIST, listen, "127.0.0.1:6543", 0, 0, NULL, RESTART, \
		"Where clients connect: ADDRESS:PORT, [IPv6]:PORT, *:PORT for all addresses, or a directory for a Unix-domain socket,\n" \
		"/run/tenantry:6543, which is made as .s.PGSQL.6543 in it") \
	SETTING(SECRET, upstream, "", 0, 0, NULL, RESTART, \
		"URL of the PostgreSQL server that is protected, postgresql://user:password@host:5432/database, with any option of\n" \
		"libpq (sslmode, several hosts, ...). Empty: $SUPABASE_DB_URL, then $DATABASE_URL") \
	SETTING(NUMBER, workers, "auto", 0, 256, "auto", RESTART, \
		"Threads that serve clients; auto: half as many as there are processors, at least one. The server, often on the same\n" \
		"machine, needs the others") \
	SETTING(CHOICE, mode, "enforce", 0, 0, "enforce, observe, audit", RELOAD, \
		"enforce: add the tenant to every statement. observe: change nothing, record what would be done.\n" \
		"audit: change nothing, refuse what is not safe by itself (the end of the transition)") \
	SETTING(TEXT, tenant, "", 0, 0, NULL, RELOAD, \
		"Tenant of clients that name none. Empty: default_tenant of [migration]. none: statements on tenant tables are refused\n" \
		"until the client has named one") \
	SETTING(TEXT, tenant_setting, "app.tenant_id", 0, 0, NULL, RELOAD, \
		"The setting by which a client names its tenant: SET app.tenant_id = 42") \
	SETTING(CHOICE, tenant_column, "hidden", 0, 0, "hidden, visible", RELOAD, \
		"Whether SELECT * shows the tenant column") \
	SETTING(CHOICE, ddl, "safe", 0, 0, "safe, allow, refuse", RELOAD, \
		"Schema changes by clients. safe: what cannot weaken the isolation of tenants") \
	SETTING(CHOICE, new_tables, "tenant", 0, 0, "tenant, shared, refuse", RELOAD, \
		"What a table becomes that a client creates: tenant: it gets the tenant column; shared: it does not") \
	SETTING(CHOICE, truncate, "delete", 0, 0, "refuse, delete", RELOAD, \
		"TRUNCATE of a tenant table: delete the tenant's rows, or refuse") \
	SETTING(CHOICE, data_catalogs, "refuse", 0, 0, "refuse, allow", RELOAD, \
		"System catalogs that hold values of rows or other sessions' statements (pg_stats, pg_stat_activity, ...)") \
	SETTING(CHOICE, reach, "refuse", 0, 0, "refuse, allow", RELOAD, \
		"Functions that reach beyond a tenant (pg_read_file, lo_*, pg_terminate_backend, ...) for users bound to a tenant") \
	SETTING(LIST, trusted_functions, "", 0, 0, NULL, RELOAD, \
		"Functions that may be called although their body touches tenant tables: name or schema.name") \
	SETTING(SIZE, max_statement_size, "16MB", 1024, 0x3fffffff, NULL, RELOAD, \
		"Longer statements that would have to be examined are refused") \
	SETTING(NUMBER, max_depth, "1000", 10, 100000, NULL, RELOAD, \
		"Statements nested deeper are refused") \
	SETTING(NUMBER, max_edits, "2000000", 1, 100000000, NULL, RELOAD, \
		"Statements that need more insertions are refused") \
	SETTING(NUMBER, max_rows, "1000000", 1, 100000000, NULL, RELOAD, \
		"VALUES with more rows are refused") \
	SETTING(SIZE, cache_size, "16MB", 65536, 0x100000000, NULL, RESTART, \
		"Memory of each worker for the verdicts on statements it has seen") \
	SETTING(CHOICE, trust, "none", 0, 0, "none, local, loopback", RELOAD, \
		"Clients that need no password. local: over a Unix-domain socket; loopback: also over 127.0.0.1 and ::1") \
	SETTING(NUMBER, max_clients, "1000", 1, 1000000, NULL, RELOAD, \
		"Clients in all") \
	SETTING(NUMBER, max_clients_per_user, "unlimited", 0, 1000000, "unlimited", RELOAD, \
		"Clients of each user; a user's own `sessions=` goes first") \
	SETTING(NUMBER, max_clients_per_tenant, "unlimited", 0, 1000000, "unlimited", RELOAD, \
		"Clients that log in for each tenant") \
	SETTING(NUMBER, max_unauthenticated, "1000", 1, 1000000, NULL, RELOAD, \
		"Connections that have not logged in yet; more are closed at once") \
	SETTING(DURATION, login_timeout, "30s", 0, 3600000, "none", RELOAD, \
		"Time to log in") \
	SETTING(DURATION, idle_timeout, "none", 0, 2000000000, "none", RELOAD, \
		"Sessions that do nothing for longer, outside a transaction, are ended") \
	SETTING(DURATION, idle_in_transaction_timeout, "none", 0, 2000000000, "none", RELOAD, \
		"Sessions that do nothing for longer inside a transaction are ended") \
	SETTING(DURATION, statement_timeout, "none", 0, 2000000000, "none", RELOAD, \
		"Statements that run longer are cancelled") \
	SETTING(DURATION, server_connect_timeout, "15s", 100, 3600000, NULL, RELOAD, \
		"Time to open a connection to the server") \
	SETTING(DURATION, server_wait, "5s", 0, 3600000, "none", RELOAD, \
		"New sessions wait so long for a server that is starting or cannot be reached, before the client gets the error") \
	SETTING(DURATION, drain_timeout, "30s", 0, 86400000, "none", RELOAD, \
		"After SIGTERM open transactions may go on for so long") \
	SETTING(DURATION, close_timeout, "5s", 100, 3600000, NULL, RELOAD, \
		"Time for a client to take its last bytes when its session ends") \
	SETTING(DURATION, tcp_keepalive, "60s", 0, 7200000, "none", RELOAD, \
		"Silent TCP connections are probed after so long") \
	SETTING(DURATION, tcp_user_timeout, "none", 0, 86400000, "none", RELOAD, \
		"TCP connections that take no bytes for so long are lost. That hits peers that are gone, but also living ones that\n" \
		"have stopped reading: a client that pauses in a large result, a server that is busy while a pipeline waits") \
	SETTING(SIZE, output_high_water, "256kB", 4096, 0x10000000, NULL, RELOAD, \
		"Bytes queued for a slow peer at which no more is read for it") \
	SETTING(SIZE, output_low_water, "64kB", 0, 0x10000000, NULL, RELOAD, \
		"Bytes queued at which reading goes on") \
	SETTING(CHOICE, tls, "prefer", 0, 0, "disable, prefer, require", RELOAD, \
		"TLS with clients. prefer: offered when tls_certificate is set; require: nobody logs in without") \
	SETTING(TEXT, tls_certificate, "", 0, 0, NULL, RELOAD, \
		"File with the certificate chain shown to clients (PEM)") \
	SETTING(TEXT, tls_key, "", 0, 0, NULL, RELOAD, \
		"File with its private key (PEM, without a passphrase). Empty: it is in tls_certificate") \
	SETTING(TEXT, tls_client_ca, "", 0, 0, NULL, RELOAD, \
		"File with the authorities that must have signed the certificate of every client that uses TLS (PEM). Empty: clients\n" \
		"need no certificate") \
	SETTING(CHOICE, tls_min_version, "1.2", 0, 0, "1.2, 1.3", RELOAD, \
		"Oldest version of TLS for clients") \
	SETTING(TEXT, unix_socket_mode, "0777", 0, 0, NULL, RESTART, \
		"Permissions of Unix-domain sockets (octal)") \
	SETTING(DURATION, schema_check_interval, "5s", 100, 86400000, NULL, RELOAD, \
		"How often the database is looked at for schema changes that did not come through tenantry") \
	SETTING(CHOICE, log_level, "info", 0, 0, "error, warning, info, debug", RELOAD, \
		"What is written to the log") \
	SETTING(TEXT, log_file, "", 0, 0, NULL, RELOAD, \
		"File that the log is appended to, opened anew on SIGHUP (for logrotate). Empty: standard error") \
	SETTING(DURATION, statistics_interval, "5min", 0, 86400000, "none", RELOAD, \
		"How often a line of statistics is logged (level info), and the report written; SIGUSR1 does it at once") \
	SETTING(TEXT, report, "", 0, 0, NULL, RELOAD, \
		"File for the transition report: statements on tenant tables that are not safe by themselves yet, or refused, with counts\n" \
		"and reasons, without any constant. Text, or JSON if its name ends in .json. Empty: SIGUSR1 writes them to the log") \
	SETTING(TEXT, pid_file, "", 0, 0, NULL, RESTART, \
		"File that holds the process id while tenantry serves")

#define SETTINGS_MIGRATION(SETTING) \
	SETTING(CHOICE, on_startup, "yes", 0, 0, "no, yes, verify", RESTART, \
		"yes: add what is missing before the first client is served. verify: do not serve while something is missing") \
	SETTING(SECRET, migration_url, "", 0, 0, NULL, RESTART, \
		"A direct connection for the migration where the upstream is a pooler. Empty: the upstream") \
	SETTING(LIST, tables, "", 0, 0, NULL, RESTART, \
		"The tables that belong to tenants, as in SQL: users, shop.orders, \"Odd Name\"; carts(shop_id) has a tenant column of\n" \
		"another name. Tables that have the tenant column are tenant tables even when they are not named here") \
	SETTING(LIST, shared, "", 0, 0, NULL, RESTART, \
		"Relations that are shared by all tenants although they look otherwise") \
	SETTING(TEXT, tenant_column, "tenant_id", 0, 0, NULL, RESTART, \
		"The tenant column") \
	SETTING(CHOICE, tenant_type, "integer", 0, 0, "integer, bigint, uuid, text", RESTART, \
		"Its type") \
	SETTING(TEXT, default_tenant, "1", 0, 0, NULL, RESTART, \
		"The tenant that rows from before the migration belong to") \
	SETTING(TEXT, default_tenant_name, "default", 0, 0, NULL, RESTART, \
		"Its name in the table of tenants") \
	SETTING(TEXT, tenants_table, "tenants", 0, 0, NULL, RESTART, \
		"The table of tenants: name or schema.name, as in SQL") \
	SETTING(CHOICE, missing_table, "warn", 0, 0, "warn, stop", RESTART, \
		"When a table of `tables` does not exist") \
	SETTING(DURATION, lock_timeout, "1s", 10, 60000, NULL, RESTART, \
		"Longest time for which a step of the migration may make the application wait for a lock") \
	SETTING(DURATION, lock_timeout_first, "100ms", 10, 60000, NULL, RESTART, \
		"A step's first try waits only so long; each further one twice as long, up to lock_timeout") \
	SETTING(DURATION, lock_retry_total, "10min", 0, 86400000, "none", RESTART, \
		"A step that does not get its lock is tried again for so long") \
	SETTING(DURATION, index_timeout, "none", 0, 2000000000, "none", RESTART, \
		"Longest time for building one index") \
	SETTING(SWITCH, foreign_keys, "yes", 0, 0, NULL, RESTART, \
		"The tenant column references the table of tenants") \
	SETTING(CHOICE, server_default, "constant", 0, 0, "constant, setting", RESTART, \
		"Default of the tenant column: the default tenant, or the session's tenant where it is set") \
	SETTING(SWITCH, widen_unique, "no", 0, 0, NULL, RESTART, \
		"Optional: unique and primary keys get the tenant column") \
	SETTING(LIST, keep_unique, "", 0, 0, NULL, RESTART, \
		"Constraints that stay global with widen_unique") \
	SETTING(SWITCH, tenant_foreign_keys, "no", 0, 0, NULL, RESTART, \
		"Optional: foreign keys between tenant tables get the tenant column") \
	SETTING(SWITCH, row_security, "no", 0, 0, NULL, RESTART, \
		"Optional: row-level security as a second wall") \
	SETTING(SWITCH, contract, "no", 0, 0, NULL, RESTART, \
		"Optional, at the end of the transition: the tenant column loses its default")
/* clang-format on */
