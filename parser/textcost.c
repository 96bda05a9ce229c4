/* Estimates in steps of the lexer's inner loops. */
#include "parser/textcost.h"

#include <stdint.h>
#include <string.h>

static const double STEPS_MOST = 2e8;

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
	for (size_t i = 0; i < length; i++) {
		if (!is_operator(text[i]))
			continue;
		size_t start = i;
		while (i < length && is_operator(text[i]))
			i++;
		if (i - start > 64)
			steps += cost_of_run(text + start, i - start);
	}
	return steps < STEPS_MOST;
}
