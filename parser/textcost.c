/* Estimates in steps of the lexer's inner loops. */
#include "parser/textcost.h"

#include <stdint.h>
#include <string.h>

static const double STEPS_MOST = 2e8;
enum { RUN_CHEAP = 64 }; /* runs of so many characters cost nothing to speak of */

static bool is_operator(char c)
{
	static const bool table[256] = {
		['~'] = true, ['!'] = true, ['@'] = true, ['#'] = true, ['^'] = true, ['&'] = true,
		['|'] = true, ['`'] = true, ['?'] = true, ['+'] = true, ['-'] = true, ['*'] = true,
		['/'] = true, ['%'] = true, ['<'] = true, ['>'] = true, ['='] = true,
	};
	return table[(uint8_t)c];
}

/* Characters that let an operator end in + or -; without any, signs at the end are given back one by one. */
static bool is_special(char c)
{
	return strchr("~!@#^&|`?%", c) != NULL;
}

static double cost_of_run(const char *run, size_t length)
{
	size_t openings = 0, prefix = length;
	bool special = false;
	for (size_t i = 0; i + 1 < length; i++) {
		bool comment = run[i] == '/' && run[i + 1] == '*';
		openings += comment;
		if (prefix == length && (comment || (run[i] == '-' && run[i + 1] == '-')))
			prefix = i;
	}
	for (size_t i = 0; i < prefix && !special; i++)
		special = is_special(run[i]);
	double steps = (double)openings * (double)length;
	if (prefix > 0 && !special && (run[prefix - 1] == '+' || run[prefix - 1] == '-'))
		steps += (double)prefix * (double)prefix * (double)prefix / 6;
	return steps;
}

bool text_is_affordable(const char *text, size_t length)
{
	double steps = 0;
	/* a run that is long enough to count covers one of these places */
	for (size_t i = RUN_CHEAP; i < length; i += RUN_CHEAP) {
		size_t start = i, end = i;
		while (end < length && is_operator(text[end]))
			end++;
		while (end > i && start > 0 && is_operator(text[start - 1]))
			start--;
		if (end - start > RUN_CHEAP)
			steps += cost_of_run(text + start, end - start);
		if (end > i)
			i = end - end % RUN_CHEAP;
	}
	return steps < STEPS_MOST;
}
