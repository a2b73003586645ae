// SPDX-License-Identifier: MIT
/* words.c - see words.h. */
#include "core/words.h"

#include <string.h>

/* One word from p; returns what is behind it. */
static const char *take_word(const char *p, struct str *word)
{
	char quote = '\0';

	for (; *p; p++) {
		if (*p == '\\' &&
		    (strchr("'\"\\", p[1]) ? p[1] != '\0' : quote == '\0' && p[1] == ' ')) {
			str_add_bytes(word, ++p, 1);
		} else if (quote == '\0' && (*p == '"' || *p == '\'')) {
			quote = *p;
		} else if (quote != '\0' && *p == quote) {
			quote = '\0';
		} else if (quote == '\0' && (*p == ' ' || *p == '\t')) {
			break;
		} else {
			str_add_bytes(word, p, 1);
		}
	}
	return p;
}

void words_split(const char *text, bool comments, struct strv *ret)
{
	const char *p = text;

	for (;;) {
		CLEANUP_STR struct str word = { 0 };

		p += strspn(p, " \t");
		if (*p == '\0' || (comments && *p == '#'))
			return;
		p = take_word(p, &word);
		strv_take(ret, str_take(&word));
	}
}

char *keyed_value_at(const char *text, const char *key, unsigned *ret_line)
{
	CLEANUP_FREE char *copy = xstrdup(text);
	char *rest = copy, *line, *found = NULL;
	size_t n = strlen(key);
	unsigned number = 0;

	while ((line = str_line(&rest))) {
		char *value;
		size_t len;

		number++;
		line = str_trim(line);
		if (!str_starts(line, key) || line[n] != '=')
			continue;
		value = str_trim(line + n + 1);
		len = strlen(value);
		if (len > 1 && (value[0] == '"' || value[0] == '\'') &&
		    value[len - 1] == value[0]) {
			value[len - 1] = '\0';
			value++;
		}
		free(found);
		found = xstrdup(value);
		*ret_line = number;
	}
	return found;
}

char *keyed_value(const char *text, const char *key)
{
	unsigned line;

	return keyed_value_at(text, key, &line);
}

char *show_block(char **rest)
{
	char *block = *rest, *end;

	if (!block || block[0] == '\0')
		return NULL;
	end = strstr(block, "\n\n");
	*rest = end ? end + 2 : NULL;
	if (end)
		*end = '\0';
	return block;
}

void show_values(const char *block, const char *property, struct strv *ret)
{
	size_t n = strlen(property);

	for (const char *p = block; *p;) {
		const char *end = strchrnul(p, '\n');

		if (strncmp(p, property, n) == 0 && p[n] == '=')
			strv_take(ret, xstrndup(p + n + 1, (size_t)(end - p) - n - 1));
		p = *end ? end + 1 : end;
	}
}

char *show_value(const char *block, const char *property)
{
	CLEANUP_STRV struct strv all = { 0 };

	show_values(block, property, &all);
	return xstrdup(all.count ? all.item[0] : "");
}

int read_followed(struct os *os, const char *path, char **ret, struct err *e)
{
	CLEANUP_NODE struct node n = { 0 };

	if (os_get_followed(os, path, &n, e) < 0)
		return -1;
	if (n.type != NODE_FILE)
		return 1;
	*ret = TAKE(n.data);
	return 0;
}

int file_is(struct os *os, const char *path, const char *text, struct err *e)
{
	CLEANUP_FREE char *now = NULL;
	int r = os_read(os, path, &now, e);

	if (r != 0)
		return r < 0 ? -1 : 0;
	return str_eq(now, text) ? 1 : 2;
}
