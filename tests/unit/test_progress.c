// SPDX-License-Identifier: MIT
/* How far the package manager is, on a terminal and off it (setup/progress.h). */
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "lib/t.h"
#include "setup/progress.h"

static int a_bar_is_as_long_as_its_share(void)
{
	static const struct {
		unsigned permille, full;
		const char *percent;
	} c[] = { { 0, 0, "  0 %" },
		  { 9, 0, "  0 %" },
		  { 500, 20, " 50 %" },
		  { 999, 39, " 99 %" },
		  { 1000, 40, "100 %" } };

	for (size_t i = 0; i < COUNT(c); i++) {
		const struct packages_progress now = { PACKAGES_INSTALL, c[i].permille };
		CLEANUP_FREE char *bar = progress_bar(&now, 80);

		T_OK(strspn(strchr(bar, '[') + 1, "#") == c[i].full);
		T_OK(strchr(bar, ']') == strchr(bar, '[') + 41 && str_ends(bar, c[i].percent));
		T_OK(str_starts(bar, "  Installing "));
	}
	return 0;
}

/* A line that wraps could not be taken back. */
static int it_fits_every_terminal_in_both_languages(void)
{
	static const enum lang languages[] = { LANG_EN, LANG_JA };

	for (size_t l = 0; l < COUNT(languages); l++)
		for (unsigned columns = 30; columns < 200; columns++)
			for (unsigned stage = 0; stage <= PACKAGES_INSTALL; stage++) {
				const struct packages_progress now = { stage, 1000 };
				CLEANUP_FREE char *bar = NULL;

				i18n_set(languages[l]);
				bar = progress_bar(&now, columns);
				i18n_set(LANG_EN);
				T_OK(text_width(bar) < columns && strstr(bar, "100 %"));
			}
	return 0;
}

static int off_a_terminal_each_tenth_is_one_line(void)
{
	static const struct {
		struct packages_progress now;
		bool moves;
	} c[] = {
		{ { PACKAGES_DOWNLOAD, 50 }, false },  { { PACKAGES_DOWNLOAD, 120 }, true },
		{ { PACKAGES_DOWNLOAD, 199 }, false }, { { PACKAGES_DOWNLOAD, 450 }, true },
		{ { PACKAGES_DOWNLOAD, 430 }, false }, { { PACKAGES_DOWNLOAD, 300 }, false },
		{ { PACKAGES_INSTALL, 99 }, false },   { { PACKAGES_INSTALL, 100 }, true },
		{ { PACKAGES_INSTALL, 1000 }, true },  { { PACKAGES_INSTALL, 1000 }, false },
	};
	struct progress p = { 0 };

	for (size_t i = 0; i < COUNT(c); i++) {
		T_OK(progress_moves(&p, &c[i].now) == c[i].moves);
		if (c[i].moves)
			p = (struct progress){ .any = true,
					       .stage = c[i].now.stage,
					       .permille = c[i].now.permille };
	}
	return 0;
}

/* At 9600 bits a second a bar takes a tenth of a second. */
static int on_a_terminal_it_moves_with_each_percent(void)
{
	const struct packages_progress now = { PACKAGES_INSTALL, 510 };
	struct progress p = {
		.redraws = true, .any = true, .stage = PACKAGES_INSTALL, .permille = 500
	};

	T_OK(progress_moves(&p, &now));
	p.slow = true;
	T_OK(!progress_moves(&p, &now));
	p.permille = 440;
	T_OK(progress_moves(&p, &now));
	p.stage = PACKAGES_DOWNLOAD;
	T_OK(progress_moves(&p, &now));
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(a_bar_is_as_long_as_its_share),
		T(it_fits_every_terminal_in_both_languages),
		T(off_a_terminal_each_tenth_is_one_line),
		T(on_a_terminal_it_moves_with_each_percent),
	};

	return t_main(cases, COUNT(cases));
}
