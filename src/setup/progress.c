// SPDX-License-Identifier: MIT
/* progress.c - see progress.h. */
#include "setup/progress.h"

#include <stdio.h>

#include "base/i18n.h"

#define LABEL_WIDTH 20
#define BAR_WIDTH   40
#define BEHIND	    8 /* "]  33 %", and the last column is left free */
#define SLOW_STEP   50

static const char *const labels[] = {
	[PACKAGES_LISTS] = N_("Package lists"),
	[PACKAGES_DOWNLOAD] = N_("Download"),
	[PACKAGES_INSTALL] = N_("Installing"),
};

char *progress_bar(const struct packages_progress *now, unsigned columns)
{
	CLEANUP_STR struct str s = { 0 };
	unsigned room = columns > 2 + LABEL_WIDTH + 1 + BEHIND
				? columns - (2 + LABEL_WIDTH + 1 + BEHIND)
				: 0;
	unsigned width = room < BAR_WIDTH ? room : BAR_WIDTH, full = width * now->permille / 1000;

	str_add(&s, "  ");
	str_add_padded(&s, _(labels[now->stage]), LABEL_WIDTH);
	/* Of ASCII alone: a console without kanji has these too. */
	for (unsigned i = 0; i < width; i++)
		str_addf(&s, "%s%s", i ? "" : "[", i < full ? "#" : " ");
	str_addf(&s, "%s%3u %%", width ? "] " : "", now->permille / 10);
	return str_take(&s);
}

bool progress_moves(const struct progress *p, const struct packages_progress *now)
{
	unsigned step = !p->redraws ? 100 : p->slow ? SLOW_STEP : 10;

	if (!p->any || p->stage != now->stage)
		return p->redraws || now->permille >= step;
	return now->permille / step != p->permille / step &&
	       (p->redraws || now->permille > p->permille);
}

static void clear(struct progress *p)
{
	if (p->on_screen)
		printf("\r\033[K");
	p->on_screen = false;
}

static void draw(struct progress *p)
{
	const struct packages_progress now = { .stage = p->stage, .permille = p->permille };
	CLEANUP_FREE char *bar = p->redraws && p->any ? progress_bar(&now, p->columns) : NULL;

	if (bar)
		printf("%s", bar);
	p->on_screen = bar;
	fflush(stdout);
}

void progress_line(struct progress *p, const char *line)
{
	clear(p);
	printf("  %s\n", line);
	draw(p);
}

void progress_show(struct progress *p, const struct packages_progress *now)
{
	if (!progress_moves(p, now))
		return;
	p->any = true;
	p->stage = now->stage;
	p->permille = now->permille;
	clear(p);
	if (!p->redraws)
		printf("  %s: %u %%\n", _(labels[now->stage]), now->permille / 100 * 10);
	draw(p);
}

void progress_end(struct progress *p)
{
	clear(p);
	p->any = false;
	fflush(stdout);
}
