/* libpq itself: pipeline mode with Flush, Sync and errors in the middle, single-row mode, chunks of a large statement written while
 * results arrive, describing, binary parameters, COPY in all formats, notifications, cancel, non-blocking connecting, reset. Prints what
 * a trace of the protocol says of the messages that come back, so that a message too many or too few is seen. */
#include <arpa/inet.h>
#include <libpq-fe.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void show_error(const PGresult *result)
{
	static const int fields[] = {PG_DIAG_SEVERITY,       PG_DIAG_SQLSTATE,     PG_DIAG_MESSAGE_PRIMARY,
								 PG_DIAG_MESSAGE_DETAIL, PG_DIAG_MESSAGE_HINT, PG_DIAG_STATEMENT_POSITION,
								 PG_DIAG_CONSTRAINT_NAME};
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		const char *field = PQresultErrorField(result, fields[i]);
		printf("%s%s", i ? " | " : "  ", field ? field : "NULL");
	}
	printf("\n");
}

static void show(PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);
	printf("%s %s\n", PQresStatus(status), PQcmdStatus(result));
	if (status == PGRES_FATAL_ERROR)
		show_error(result);
	for (int row = 0; row < PQntuples(result) && row < 5; row++) {
		for (int column = 0; column < PQnfields(result); column++)
			printf("%s%s=%s", column ? " " : "  ", PQfname(result, column),
				   PQgetisnull(result, row, column)        ? "NULL"
				   : PQgetlength(result, row, column) > 99 ? "(long)"
				   : PQfformat(result, column)             ? "(binary)"
														   : PQgetvalue(result, row, column));
		printf("\n");
	}
	PQclear(result);
}

static void run(PGconn *c, const char *text)
{
	show(PQexec(c, text));
}

/* Kinds of the server's messages, in order, from PQtrace's output. */
static void show_trace(FILE *trace)
{
	char line[65536], last[64] = "";
	int times = 0;
	rewind(trace);
	while (fgets(line, sizeof line, trace)) {
		char kind[64];
		if (*line != 'B' || sscanf(line, "B\t%*d\t%63[A-Za-z]", kind) != 1)
			continue;
		if (strcmp(kind, last) == 0 && strcmp(kind, "DataRow") == 0)
			continue;
		printf("%s%s", times++ ? " " : "  trace: ", kind);
		strcpy(last, kind);
	}
	printf("\n");
}

static void drain(PGconn *c, int syncs)
{
	while (syncs > 0) {
		PGresult *result = PQgetResult(c);
		if (!result)
			continue;
		syncs -= PQresultStatus(result) == PGRES_PIPELINE_SYNC;
		show(result);
	}
}

static void pipelines(PGconn *c)
{
	FILE *trace = tmpfile();
	const char *one[] = {"1"}, *item[] = {"item 1"}, *wrong[] = {"x"};
	Oid types[] = {23};
	PQtrace(c, trace);
	PQsetTraceFlags(c, PQTRACE_SUPPRESS_TIMESTAMPS | PQTRACE_REGRESS_MODE);
	PQenterPipelineMode(c);
	PQsendPrepare(c, "pick", "SELECT name, stock FROM items WHERE id = $1", 1, types);
	PQsendDescribePrepared(c, "pick");
	for (int i = 0; i < 3; i++)
		PQsendQueryPrepared(c, "pick", 1, one, NULL, NULL, 0);
	PQsendQueryParams(c, "INSERT INTO orders (item_id, quantity, note) VALUES ($1, 1, 'piped')", 1, NULL, one,
					  NULL, NULL, 0);
	PQpipelineSync(c);
	/* An error in the middle: what follows is skipped, the insert before it is rolled back. */
	PQsendQueryParams(c, "INSERT INTO orders (item_id, quantity, note) VALUES ($1, 1, 'lost')", 1, NULL, one,
					  NULL, NULL, 0);
	PQsendQueryParams(c, "INSERT INTO items (name) VALUES ($1)", 1, NULL, item, NULL, NULL, 0);
	PQsendQueryPrepared(c, "pick", 1, one, NULL, NULL, 0);
	PQpipelineSync(c);
	PQsendQueryPrepared(c, "pick", 1, wrong, NULL, NULL, 0);
	PQsendPrepare(c, "never", "SELECT 1", 0, NULL);
	PQpipelineSync(c);
	PQsendQueryPrepared(c, "pick", 1, one, NULL, NULL, 1);
	PQsendQueryParams(c, "SELECT count(*) FROM orders WHERE note IN ('piped', 'lost')", 0, NULL, NULL, NULL,
					  NULL, 0);
	PQpipelineSync(c);
	drain(c, 4);
	/* Flush without Sync: answers come, the implicit transaction stays open. */
	PQsendQueryPrepared(c, "pick", 1, one, NULL, NULL, 0);
	PQsendFlushRequest(c);
	show(PQgetResult(c));
	PQclear(PQgetResult(c));
	PQsendQueryParams(c, "BEGIN", 0, NULL, NULL, NULL, NULL, 0);
	PQsendQueryParams(c, "DELETE FROM orders WHERE note = 'piped'", 0, NULL, NULL, NULL, NULL, 0);
	PQsendQueryParams(c, "ROLLBACK", 0, NULL, NULL, NULL, NULL, 0);
	PQpipelineSync(c);
	drain(c, 1);
	printf("left pipeline mode: %d\n", PQexitPipelineMode(c));
	PQuntrace(c);
	show_trace(trace);
	fclose(trace);
}

/* Requests and answers both larger than all buffers, written and read as they come. */
static void long_pipeline(PGconn *c)
{
	enum { REQUESTS = 3000 };
	static char text[20000];
	const char *values[] = {text, "7"};
	int sent = 0, got = 0, errors = 0, done = 0;
	memset(text, 'q', sizeof text - 1);
	PQsetnonblocking(c, 1);
	PQenterPipelineMode(c);
	while (!done) {
		while (sent < REQUESTS && sent - got < 500) {
			if (!PQsendQueryParams(c, "SELECT $1::text, name FROM items WHERE id = $2", 2, NULL, values, NULL,
								   NULL, 0))
				exit(1);
			if (++sent == REQUESTS)
				PQpipelineSync(c);
		}
		struct pollfd p = {PQsocket(c), POLLIN, 0};
		if (PQflush(c) > 0)
			p.events |= POLLOUT;
		if (poll(&p, 1, 20) > 0 && p.revents & POLLIN)
			PQconsumeInput(c);
		if (sent < REQUESTS && sent - got >= 500)
			PQsendFlushRequest(c);
		while (!done && !PQisBusy(c)) {
			PGresult *result = PQgetResult(c);
			if (!result) {
				/* That of the next request may take what has not been sent yet: ask before waiting for it. */
				if (got + errors >= sent)
					break;
				continue;
			}
			if (PQresultStatus(result) == PGRES_PIPELINE_SYNC)
				done = 1;
			else if (PQresultStatus(result) != PGRES_TUPLES_OK ||
					 strcmp(PQgetvalue(result, 0, 1), "item 7") != 0)
				errors++;
			else
				got++;
			PQclear(result);
		}
	}
	PQexitPipelineMode(c);
	PQsetnonblocking(c, 0);
	printf("long pipeline: %d answers, %d errors\n", got, errors);
}

static void parameters(PGconn *c)
{
	uint32_t number = htonl(5);
	char raw[] = {0, 1, (char)255};
	const char *values[] = {(char *)&number, raw, "tëxt", NULL};
	int lengths[] = {4, 3, 0, 0}, formats[] = {1, 1, 0, 0};
	Oid types[] = {23, 17, 25, 1700};
	show(PQexecParams(c,
					  "SELECT $1 + 1 AS a, encode($2, 'hex') AS b, $3 AS c, $4 AS d, count(*) AS n FROM "
					  "items WHERE id <= $1",
					  4, types, values, lengths, formats, 0));
	PGresult *binary =
		PQexecParams(c, "SELECT id, name FROM items WHERE id = $1", 1, types, values, lengths, formats, 1);
	printf("binary: %u %.6s\n", ntohl(*(uint32_t *)PQgetvalue(binary, 0, 0)), PQgetvalue(binary, 0, 1));
	PQclear(binary);
	PQclear(PQprepare(
		c, "wide", "SELECT id, price, tags FROM items WHERE id = $1 AND name <> $2 AND price > $3::numeric",
		0, NULL));
	PGresult *described = PQdescribePrepared(c, "wide");
	printf("parameters %d:", PQnparams(described));
	for (int i = 0; i < PQnparams(described); i++)
		printf(" %u", PQparamtype(described, i));
	for (int i = 0; i < PQnfields(described); i++)
		printf(" %s:%u", PQfname(described, i), PQftype(described, i));
	printf("\n");
	PQclear(described);
	run(c, "BEGIN; DECLARE port CURSOR FOR SELECT id FROM items ORDER BY id");
	described = PQdescribePortal(c, "port");
	printf("portal %d %s\n", PQnfields(described), PQfname(described, 0));
	PQclear(described);
	run(c, "FETCH 3 FROM port");
	run(c, "COMMIT");
}

static void copies(PGconn *c)
{
	static const char *const rows[] = {"1\t2\tone\n3\t", "4\ttwo\n", "5\t6\t\\N\n"};
	show(PQexec(c, "COPY orders (item_id, quantity, note) FROM STDIN"));
	for (int i = 0; i < 3; i++)
		PQputCopyData(c, rows[i], (int)strlen(rows[i]));
	PQputCopyEnd(c, NULL);
	show(PQgetResult(c));
	PQclear(PQgetResult(c));
	show(PQexec(c, "COPY orders (item_id, quantity, note) FROM STDIN"));
	PQputCopyData(c, rows[0], 5);
	PQputCopyEnd(c, "changed my mind");
	show(PQgetResult(c));
	PQclear(PQgetResult(c));
	show(PQexec(
		c, "COPY (SELECT id, name FROM items WHERE id < 4 ORDER BY id) TO STDOUT WITH (FORMAT csv, HEADER)"));
	char *row;
	while (PQgetCopyData(c, &row, 0) > 0) {
		printf("  %s", row);
		PQfreemem(row);
	}
	show(PQgetResult(c));
	PQclear(PQgetResult(c));
	run(c, "SELECT count(*), sum(quantity), count(note) FROM orders");
}

static int cancelled, ended;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* Again until the statement has ended: a cancel that comes before it begins is lost. */
static void *cancel_later(void *c)
{
	char why[256];
	PGcancel *cancel = PQgetCancel(c);
	for (int over = 0; !over;) {
		usleep(300000);
		pthread_mutex_lock(&mutex);
		over = ended;
		if (!over)
			cancelled = PQcancel(cancel, why, sizeof why);
		pthread_mutex_unlock(&mutex);
	}
	PQfreeCancel(cancel);
	return NULL;
}

static void asynchronous(PGconn *c)
{
	pthread_t thread;
	long sum = 0;
	PQsendQuery(c, "SELECT id FROM orders WHERE id <= 100 ORDER BY id; SELECT count(*) FROM items");
	PQsetSingleRowMode(c);
	for (PGresult *result; (result = PQgetResult(c)) != NULL; PQclear(result))
		for (int i = 0; i < PQntuples(result); i++)
			sum += atol(PQgetvalue(result, i, 0));
	printf("single rows: %ld\n", sum);
	pthread_create(&thread, NULL, cancel_later, c);
	run(c, "SELECT pg_sleep(20) FROM items");
	pthread_mutex_lock(&mutex);
	ended = 1;
	pthread_mutex_unlock(&mutex);
	pthread_join(thread, NULL);
	/* Not by the thread: which of the two comes first is a matter of luck. */
	printf("cancel %d\n", cancelled);
	run(c, "SELECT count(*) FROM items");
	run(c, "LISTEN libpq");
	run(c, "NOTIFY libpq, 'to myself'");
	PGnotify *note = PQnotifies(c);
	printf("%s %s %d\n", note ? note->relname : "none", note ? note->extra : "",
		   note && note->be_pid == PQbackendPID(c));
	PQfreemem(note);
}

static PGconn *connect_slowly(const char *url)
{
	PGconn *c = PQconnectStart(url);
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;
	while (status != PGRES_POLLING_OK && status != PGRES_POLLING_FAILED) {
		struct pollfd p = {PQsocket(c), status == PGRES_POLLING_WRITING ? POLLOUT : POLLIN, 0};
		poll(&p, 1, 10000);
		status = PQconnectPoll(c);
	}
	return c;
}

static void print_notice(void *unused, const char *text)
{
	printf("notice: %s", text);
}

int main(void)
{
	const char *url = getenv("DATABASE_URL");
	PGconn *c = connect_slowly(url);
	if (PQstatus(c) != CONNECTION_OK) {
		printf("FAILED %s", PQerrorMessage(c));
		return 1;
	}
	PQsetNoticeProcessor(c, print_notice, NULL);
	printf("%d %s %s\n", PQserverVersion(c), PQparameterStatus(c, "client_encoding"),
		   PQparameterStatus(c, "standard_conforming_strings"));
	run(c, "SELECT * FROM items WHERE id < 3 ORDER BY id");
	run(c, "SELECT nosuch FROM items");
	run(c, "DO $$ BEGIN RAISE NOTICE 'hello'; END $$");
	run(c, "");
	parameters(c);
	pipelines(c);
	long_pipeline(c);
	copies(c);
	asynchronous(c);
	PQreset(c);
	run(c, "SELECT count(*) FROM kinds");
	printf("ping %d\n", PQping(url));
	PQfinish(c);
	return 0;
}
