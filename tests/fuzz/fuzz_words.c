// SPDX-License-Identifier: MIT
/* fuzz_words.c - quoted words, KEY=VALUE files such as os-release, answers of `systemctl show`. */
#include <string.h>

#include "core/words.h"
#include "fuzz/fuzz.h"

/* The same words, each in quotes. */
static char *quoted(const struct strv *words)
{
	CLEANUP_STR struct str s = { 0 };

	for (size_t i = 0; i < words->count; i++) {
		str_add(&s, " \"");
		for (const char *p = words->item[i]; *p; p++) {
			str_add(&s, *p == '"' || *p == '\\' ? "\\" : "");
			str_add_bytes(&s, p, 1);
		}
		str_add(&s, "\"");
	}
	return str_take(&s);
}

static void check_words(const char *text)
{
	CLEANUP_STRV struct strv all = { 0 };
	CLEANUP_STRV struct strv some = { 0 };
	CLEANUP_STRV struct strv again = { 0 };
	CLEANUP_FREE char *said = NULL;

	words_split(text, false, &all);
	words_split(text, true, &some);
	MUST(some.count <= all.count);
	for (size_t i = 0; i < some.count; i++)
		MUST(str_eq(some.item[i], all.item[i]));
	said = quoted(&all);
	words_split(said, true, &again);
	MUST(again.count == all.count);
	for (size_t i = 0; i < all.count; i++)
		MUST(str_eq(again.item[i], all.item[i]));
}

static void check_keyed(const char *text)
{
	static const char *const keys[] = { "ID", "ID_LIKE", "PRETTY_NAME", "VERSION_ID" };

	for (size_t i = 0; i < COUNT(keys); i++) {
		unsigned line = 0;
		CLEANUP_FREE char *value = keyed_value_at(text, keys[i], &line);
		CLEANUP_FREE char *same = keyed_value(text, keys[i]);
		CLEANUP_FREE char *more = NULL;
		CLEANUP_FREE char *last = NULL;

		MUST(str_eq(value, same));
		MUST(!value || (line >= 1 && line <= fuzz_count_lines(text)));
		MUST(!value || (!strchr(value, '\n') && strstr(text, value)));
		/* The last one counts. */
		more = xasprintf("%s\n%s=\"later on\"\n", text, keys[i]);
		last = keyed_value(more, keys[i]);
		MUST(str_eq(last, "later on"));
	}
}

static void check_shown(const char *text)
{
	CLEANUP_FREE char *copy = xstrdup(text);
	char *rest = copy, *block;
	size_t blocks = 0;

	while ((block = show_block(&rest))) {
		CLEANUP_FREE char *first = show_value(block, "Id");
		CLEANUP_STRV struct strv all = { 0 };

		show_values(block, "Id", &all);
		MUST(str_eq(first, all.count ? all.item[0] : ""));
		MUST(!strstr(block, "\n\n"));
		blocks++;
	}
	MUST(blocks <= fuzz_count_lines(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_FREE char *text = fuzz_text(data, size);

	check_words(text);
	check_keyed(text);
	check_shown(text);
	return 0;
}
