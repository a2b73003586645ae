// SPDX-License-Identifier: MIT
/* settings.c - see settings.h. */
#include "guard/settings.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "guard/options.h"

void settings_done(struct settings *s)
{
	for (size_t i = 0; i < s->count; i++)
		strv_done(&s->item[i].value);
	free(s->item);
	*s = (struct settings){ 0 };
}

static struct setting *insert(struct settings *s, size_t at, const char *name, struct origin from)
{
	s->item = xrealloc(s->item, s->count + 1, sizeof(*s->item));
	memmove(s->item + at + 1, s->item + at, (s->count - at) * sizeof(*s->item));
	s->count++;
	s->item[at] = (struct setting){ .name = name, .from = from };
	return &s->item[at];
}

struct setting *settings_add(struct settings *s, const char *name, struct origin from)
{
	return insert(s, s->count, name, from);
}

const char *settings_get(const struct settings *s, const char *name)
{
	for (size_t i = s->count; i > 0; i--)
		if (strcmp(s->item[i - 1].name, name) == 0)
			return s->item[i - 1].value.count ? s->item[i - 1].value.item[0] : NULL;
	return NULL;
}

static void fill_regexes(struct settings *s, const char *name, const struct dict_entry *one)
{
	CLEANUP_STRV struct strv lines = { 0 };

	strv_split(&lines, one->value, "\n");
	if (lines.count == 0)
		return;
	settings_add(s, name, one->from)->value = lines;
	lines = (struct strv){ 0 };
}

static void fill_journal(struct settings *s, const struct dict_entry *one, struct conf_folder *f)
{
	CLEANUP_STRV struct strv lines = { 0 };

	strv_split(&lines, one->value, "\n");
	for (size_t i = 0; i < lines.count; i++) {
		CLEANUP_STRV struct strv words = { 0 };
		struct err e = { 0 };

		if (options_words(lines.item[i], &words, &e) < 0) {
			conf_problem(f, one->from, "journalmatch: %s", e.msg);
			continue;
		}
		settings_add(s, "addjournalmatch", one->from)->value = words;
		words = (struct strv){ 0 };
	}
}

void settings_fill(struct settings *s, const struct dict *options, struct conf_folder *f)
{
	size_t first = 0;

	for (size_t i = 0; i < options->count; i++) {
		const struct dict_entry *one = &options->item[i];
		const char *key = one->key;

		if (!one->value)
			continue;
		if (strcmp(key, "failregex") == 0)
			fill_regexes(s, "addfailregex", one);
		else if (strcmp(key, "ignoreregex") == 0)
			fill_regexes(s, "addignoreregex", one);
		else if (strcmp(key, "usedns") == 0)
			strv_add(&insert(s, 0, "usedns", one->from)->value, one->value), first++;
		else if (strcmp(key, "maxlines") == 0)
			strv_add(&insert(s, first++, "maxlines", one->from)->value, one->value);
		else if (strcmp(key, "prefregex") == 0)
			strv_add(&insert(s, first++, "prefregex", one->from)->value, one->value);
		else if (strcmp(key, "datepattern") == 0)
			strv_add(&settings_add(s, "datepattern", one->from)->value, one->value);
		else if (strcmp(key, "journalmatch") == 0)
			fill_journal(s, one, f);
	}
}
