// SPDX-License-Identifier: MIT
/* options.c - see options.h. */
#include "guard/options.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "guard/utf8.h"

static const char *skip_space(const char *text)
{
	size_t n;

	while (*text && (n = utf8_space(text, strlen(text))) > 0)
		text += n;
	return text;
}

static bool name_byte(char c)
{
	return utf8_word_byte(c) || c == '-' || c == '.';
}

/* "name=" at text: what follows it, or NULL. */
static const char *after_name(const char *text)
{
	const char *at = text;

	while (name_byte(*at))
		at++;
	return at > text && *at == '=' ? at + 1 : NULL;
}

/* The value at text: its length without quotes; *ret_end is what stands behind it. */
static size_t value_length(const char *text, const char **ret_start, const char **ret_end)
{
	const char *close = *text == '"' || *text == '\'' ? strchr(text + 1, *text) : NULL;
	size_t len;

	if (close) {
		*ret_start = text + 1;
		*ret_end = close + 1;
		return (size_t)(close - text - 1);
	}
	len = strcspn(text, ",]");
	*ret_start = text;
	*ret_end = text + len;
	return len;
}

/* Behind a value: ',', "][", or the end. NULL: something else. */
static const char *after_value(const char *text)
{
	const char *at;

	if (*text == ',')
		return text + 1;
	if (*text == ']') {
		at = skip_space(text + 1);
		return *at == '[' ? at + 1 : NULL;
	}
	return *skip_space(text) == '\0' ? text + strlen(text) : NULL;
}

static int parse_inside(const char *text, struct origin from, struct dict *ret, struct err *e)
{
	const char *at = skip_space(text);

	while (*at) {
		const char *name = at, *value = after_name(at), *start, *end, *next;
		CLEANUP_FREE char *key = NULL, *copy = NULL;
		size_t len;

		if (*at == ',' && *skip_space(at + 1) == '\0')
			break;
		if (!value)
			return err_set(e, ERR_USAGE, _("an option is NAME=VALUE, found: %.25s"),
				       at);
		len = value_length(value, &start, &end);
		next = after_value(end);
		if (!next)
			return err_set(e, ERR_USAGE,
				       _("after the option %.*s a comma is expected, found: %.25s"),
				       (int)(value - name - 1), name, end);
		start = utf8_trim(start, &len);
		copy = xstrndup(start, len);
		key = xstrndup(name, (size_t)(value - name - 1));
		dict_take(ret, key, TAKE(copy), from);
		at = skip_space(next);
	}
	return 0;
}

int options_parse(const char *text, struct origin from, char **ret_name, struct dict *ret,
		  struct err *e)
{
	const char *open = strchr(text, '['), *close = strrchr(text, ']');
	CLEANUP_FREE char *inside = NULL;

	if (!open) {
		*ret_name = xstrdup(text);
		return 0;
	}
	if (open == text || !close || close < open || *skip_space(close + 1) != '\0')
		return err_set(e, ERR_USAGE, _("\"%.60s\" is not NAME[OPTION=VALUE, ...]"), text);
	inside = xstrndup(open + 1, (size_t)(close - open - 1));
	if (parse_inside(inside, from, ret, e) < 0)
		return -1;
	*ret_name = xstrndup(text, (size_t)(open - text));
	return 0;
}

/* Behind the "[...]" at text, if it is one; else NULL. */
static const char *after_brackets(const char *text)
{
	const char *at = skip_space(text + 1);

	while (*at && *at != ']') {
		const char *value = after_name(at), *start, *end, *behind;

		if (!value)
			return NULL;
		value_length(value, &start, &end);
		behind = skip_space(end);
		/* A quote within a value that has none around it: up to the comma then. */
		if (*behind != ',' && *behind != ']' && !after_name(behind))
			behind = value + strcspn(value, ",]");
		at = *behind == ',' ? skip_space(behind + 1) : behind;
		if (*behind == ']' && *skip_space(behind + 1) == '[')
			at = skip_space(skip_space(behind + 1) + 1);
	}
	return *at == ']' ? at + 1 : NULL;
}

void options_split(const char *text, struct strv *ret)
{
	const char *at = skip_space(text);

	while (*at) {
		const char *end = at, *bracket, *behind = NULL;

		while (*end && *end != '[' && utf8_space(end, strlen(end)) == 0)
			end++;
		bracket = skip_space(end);
		if (*bracket == '[' && end > at)
			behind = after_brackets(bracket);
		if (behind && *behind && utf8_space(behind, strlen(behind)) == 0)
			behind = NULL;
		if (behind)
			end = behind;
		while (!behind && *end && utf8_space(end, strlen(end)) == 0)
			end++;
		strv_take(ret, xstrndup(at, (size_t)(end - at)));
		at = skip_space(end);
	}
}

/* Adds what one quote holds; *at stands on its first byte, then behind it. */
static int add_quoted(const char **at, struct str *word, struct err *e)
{
	char quote = *(*at)++;

	for (; **at && **at != quote; (*at)++) {
		if (quote == '"' && **at == '\\' && ((*at)[1] == '"' || (*at)[1] == '\\'))
			(*at)++;
		str_add_bytes(word, *at, 1);
	}
	if (!**at)
		return err_set(e, ERR_USAGE, _("a quote %c is not closed"), quote);
	(*at)++;
	return 0;
}

int options_words(const char *text, struct strv *ret, struct err *e)
{
	const char *at = text + strspn(text, " \t\r\n");

	while (*at) {
		CLEANUP_STR struct str word = { 0 };

		while (*at && !strchr(" \t\r\n", *at)) {
			bool quoted = *at == '"' || *at == '\'';

			if (quoted && add_quoted(&at, &word, e) < 0)
				return -1;
			if (quoted)
				continue;
			if (*at == '\\' && at[1])
				at++;
			str_add_bytes(&word, at++, 1);
		}
		strv_take(ret, str_take(&word));
		at += strspn(at, " \t\r\n");
	}
	return 0;
}
