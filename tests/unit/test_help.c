// SPDX-License-Identifier: MIT
/* Help on a terminal of 80 columns, in both languages: no line is wider, no blank ends one (cmd/cmd.h). */
#include <stdio.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "lib/t.h"

#define COLUMNS 80

/* What help prints: of one command, or of all for NULL. */
static char *printed(const struct command *c)
{
	CLEANUP_FREE char *text = xcalloc(65536, 1);
	FILE *file = tmpfile();
	int out = dup(STDOUT_FILENO);

	if (!file || out < 0)
		abort();
	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	if (c)
		help_command(c);
	else
		help_all();
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	rewind(file);
	if (fread(text, 1, 65535, file) == 0)
		abort();
	fclose(file);
	return TAKE(text);
}

static int fits(const struct command *c)
{
	CLEANUP_FREE char *text = printed(c);
	char *rest = text, *line;
	size_t lines = 0;

	while ((line = str_line(&rest))) {
		size_t n = strlen(line);

		lines++;
		if (text_width(line) > COLUMNS || (n && line[n - 1] == ' '))
			printf("# %zu columns: \"%s\"\n", text_width(line), line);
		T_OK(text_width(line) <= COLUMNS && (!n || line[n - 1] != ' '));
	}
	T_OK(lines >= 3);
	return 0;
}

static int all_fit(enum lang lang)
{
	int bad = 0;

	i18n_set(lang);
	bad += fits(NULL);
	for (size_t i = 0; i < commands_count; i++)
		bad += fits(commands[i]);
	i18n_set(LANG_EN);
	return bad;
}

static int every_line_fits_in_english(void)
{
	return all_fit(LANG_EN);
}

static int every_line_fits_in_japanese(void)
{
	return all_fit(LANG_JA);
}

int main(void)
{
	static const struct t_case cases[] = {
		T(every_line_fits_in_english),
		T(every_line_fits_in_japanese),
	};

	return t_main(cases, COUNT(cases));
}
