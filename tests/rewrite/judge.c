/* The checker alone, for tests/rewrite/soundness.py: statements on standard input, one a line; for each a
 * line with two digits: proved with $1 as the tenant's parameter; safe by itself with the value 1. A
 * statement that does not parse: "--". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser/analysis.h"
#include "tests/lib/catalog_text.h"

/* With parameter 0 the one value must be 1, as it would be compared with the session's tenant. */
static bool holds(const struct catalog *catalog, const Node *statement, int parameter)
{
	struct policy policy;
	struct session_names names = {.search_path = "public"};
	struct guard_request request = {
		.right = RIGHT_BOUND, .catalog = catalog, .policy = &policy, .names = &names};
	struct analysis analysis = {.request = &request, .catalog = catalog, .policy = &policy, .names = &names};
	struct checker_finding finding;

	policy_defaults(&policy);
	if (!checker_run(&analysis, statement, parameter, &finding))
		return false;
	const A_Const *value = (const A_Const *)finding.value;
	return value == NULL || (IsA(value, A_Const) && IsA(&value->val, Integer) && value->val.ival.ival == 1);
}

int main(int n, char **arguments)
{
	char *line = NULL;
	size_t room = 0;

	if (n != 2) {
		fprintf(stderr, "usage: judge CATALOG\n");
		return 2;
	}
	struct catalog *catalog = catalog_text_read(arguments[1], 1);
	while (getline(&line, &room, stdin) > 0) {
		MemoryContext context = pg_query_enter_memory_context();
		PgQueryInternalParsetreeAndError parsed = pg_query_raw_parse(line);
		if (parsed.error || list_length(parsed.tree) != 1)
			puts("--");
		else
			printf("%d%d\n", holds(catalog, linitial(parsed.tree), 1),
				   holds(catalog, linitial(parsed.tree), 0));
		fflush(stdout);
		free(parsed.stderr_buffer);
		if (parsed.error)
			pg_query_free_error(parsed.error);
		pg_query_exit_memory_context(context);
	}
	free(line);
	catalog_unref(catalog);
	return 0;
}
