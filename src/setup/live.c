// SPDX-License-Identifier: MIT
/* live.c - see live.h. */
#include "setup/live.h"

#include <stdio.h>

#include "base/i18n.h"
#include "base/layout.h"
#include "setup/follow.h"

#define MINUTE	   (60 * 1000000000LL)
#define SLOW_STEP  (5 * 1000000000LL)
#define NOTE_DRAWS 8

void live_done(struct live *l)
{
	free(l->words);
	free(l->note);
	*l = (struct live){ 0 };
}

void live_note(struct live *l, const char *note)
{
	char *copy = note ? xstrdup(note) : NULL;

	free(l->note);
	l->note = copy;
	l->shown = 0;
}

char *live_text(const char *words, const char *note, const char *left)
{
	CLEANUP_STR struct str s = { 0 };

	layout_item(&s, "> ", words);
	if (note)
		layout_text(&s, note);
	str_addf(&s, _("%s left.  e: 10 more minutes  u: undo now  p: provider  q: leave"), left);
	return str_take(&s);
}

void live_clear(struct live *l)
{
	if (!l->redraws || l->lines == 0)
		return;
	if (l->lines > 1)
		printf("\033[%uA", l->lines - 1);
	printf("\r\033[J");
	l->lines = 0;
	fflush(stdout);
}

void live_draw(struct live *l, struct os *os, const struct txn *t, const struct watch *w)
{
	CLEANUP_FREE char *words = watch_words(w);
	CLEANUP_FREE char *left = time_left(os, t);
	CLEANUP_FREE char *text = live_text(words, l->note, left);
	int64_t now = os_now(os, OS_BOOTTIME);

	/* 80 columns are a tenth of a second at 9600 bits, and what is typed has to wait for them. */
	if ((!l->redraws || l->slow) && str_eq(words, l->words) && !l->note &&
	    now - l->printed < (l->redraws ? SLOW_STEP : MINUTE))
		return;
	live_clear(l);
	printf("%s%s", text, l->redraws ? "" : "\n");
	fflush(stdout);
	l->lines = layout_lines(text) + 1;
	l->printed = now;
	if (l->note && (!l->redraws || ++l->shown > NOTE_DRAWS))
		live_note(l, NULL);
	free(l->words);
	l->words = TAKE(words);
}
