// SPDX-License-Identifier: MIT
/* str.c - see str.h. */
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/i18n.h"

#define BRIEF_MAX 60

void str_done(struct str *s)
{
	free(s->text);
	*s = (struct str){ 0 };
}

void str_clear(struct str *s)
{
	s->len = 0;
	if (s->text)
		s->text[0] = '\0';
}

void str_add_bytes(struct str *s, const void *data, size_t len)
{
	if (s->len + len + 1 > s->room) {
		s->room = (s->len + len + 1) * 2;
		s->text = xrealloc(s->text, s->room, 1);
	}
	if (len)
		memcpy(s->text + s->len, data, len);
	s->len += len;
	s->text[s->len] = '\0';
}

void str_add(struct str *s, const char *text)
{
	str_add_bytes(s, text, strlen(text));
}

void str_vaddf(struct str *s, const char *fmt, va_list ap)
{
	CLEANUP_FREE char *more = xvasprintf(fmt, ap);

	str_add(s, more);
}

void str_add_padded(struct str *s, const char *text, size_t width)
{
	size_t have = text_width(text);

	str_addf(s, "%s%*s", text, (int)(have < width ? width - have : 1), "");
}

void str_addf(struct str *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(s, fmt, ap);
	va_end(ap);
}

char *str_take(struct str *s)
{
	char *text = s->text ? s->text : xstrdup("");

	*s = (struct str){ 0 };
	return text;
}

void strv_done(struct strv *v)
{
	for (size_t i = 0; i < v->count; i++)
		free(v->item[i]);
	free(v->item);
	*v = (struct strv){ 0 };
}

void strv_take(struct strv *v, char *text)
{
	v->item = xrealloc(v->item, v->count + 2, sizeof(*v->item));
	v->item[v->count++] = text;
	v->item[v->count] = NULL;
}

void strv_add(struct strv *v, const char *text)
{
	strv_take(v, xstrdup(text));
}

void strv_addf(struct strv *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strv_take(v, xvasprintf(fmt, ap));
	va_end(ap);
}

bool strv_has(const struct strv *v, const char *text)
{
	for (size_t i = 0; i < v->count; i++)
		if (strcmp(v->item[i], text) == 0)
			return true;
	return false;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strv_sort(struct strv *v)
{
	if (v->count > 1)
		qsort(v->item, v->count, sizeof(*v->item), by_bytes);
}

char *strv_join(const struct strv *v, const char *between)
{
	struct str s = { 0 };

	for (size_t i = 0; i < v->count; i++) {
		if (i)
			str_add(&s, between);
		str_add(&s, v->item[i]);
	}
	return str_take(&s);
}

void strv_split(struct strv *v, const char *text, const char *at)
{
	while (*(text += strspn(text, at))) {
		size_t n = strcspn(text, at);

		strv_take(v, xstrndup(text, n));
		text += n;
	}
}

bool str_eq(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool str_case_eq(const char *a, const char *b)
{
	return a == b || (a && b && strcasecmp(a, b) == 0);
}

char *str_lower(char *text)
{
	for (char *p = text; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p ^= 'a' ^ 'A';
	return text;
}

bool str_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *text, const char *suffix)
{
	size_t n = strlen(text), m = strlen(suffix);

	return n >= m && strcmp(text + n - m, suffix) == 0;
}

char *str_trim(char *text)
{
	size_t n;

	while (isspace((unsigned char)*text))
		text++;
	n = strlen(text);
	while (n > 0 && isspace((unsigned char)text[n - 1]))
		text[--n] = '\0';
	return text;
}

char *str_line(char **rest)
{
	char *line = *rest, *end;

	if (!line || !*line)
		return NULL;
	end = strchr(line, '\n');
	if (end) {
		*end = '\0';
		*rest = end + 1;
		if (end > line && end[-1] == '\r')
			end[-1] = '\0';
	} else {
		*rest = line + strlen(line);
	}
	return line;
}

int str_to_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
	unsigned long long n;
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return -1;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno || *end || n < min || n > max)
		return -1;
	*ret = n;
	return 0;
}

int str_to_seconds(const char *text, uint64_t *ret)
{
	static const struct {
		char unit;
		uint64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	size_t n = strlen(text);
	uint64_t factor = 1, number;
	char digits[16];

	for (size_t i = 0; n > 1 && i < COUNT(units); i++) {
		if (text[n - 1] == units[i].unit) {
			factor = units[i].seconds;
			n--;
			break;
		}
	}
	if (n == 0 || n >= sizeof(digits))
		return -1;
	memcpy(digits, text, n);
	digits[n] = '\0';
	if (str_to_u64(digits, 0, UINT32_MAX, &number) < 0)
		return -1;
	*ret = number * factor;
	return 0;
}

/* Levenshtein distance; names are short, a row of 64 is enough and longer ones are simply far. */
static size_t distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), row[65];

	if (n > 64 || m > 64)
		return 64;
	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[m];
}

const char *str_nearest(const char *text, size_t count,
			const char *(*name_at)(const void *, size_t), const void *arg)
{
	const char *best = NULL;
	size_t best_distance = strlen(text) / 3 + 2;

	for (size_t i = 0; i < count; i++) {
		const char *name = name_at(arg, i);
		size_t d = distance(text, name);

		if (d < best_distance) {
			best = name;
			best_distance = d;
		}
	}
	return best;
}

/* Length of the sequence that starts with this byte, 0 when none does. */
static size_t utf8_length(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c < 0xe0)
		return 2;
	if (c >= 0xe0 && c < 0xf0)
		return 3;
	return c >= 0xf0 && c < 0xf5 ? 4 : 0;
}

/* Length of the character at p, 0 when it is none that may be shown: no UTF-8, or a control
 * character (C1's too, which terminals obey) other than \t and \n. */
static size_t clean_length(const unsigned char *p)
{
	size_t n = utf8_length(*p);

	if (n == 0 || (*p < 0x20 && *p != '\t' && *p != '\n') || *p == 0x7f)
		return 0;
	if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] > 0x9f) ||
	    (*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] > 0x8f) ||
	    (*p == 0xc2 && p[1] < 0xa0))
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

bool str_is_clean_utf8(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p;) {
		size_t n = clean_length(p);

		if (n == 0)
			return false;
		p += n;
	}
	return true;
}

void str_make_clean(char *text)
{
	for (unsigned char *p = (unsigned char *)text; p && *p;) {
		size_t n = clean_length(p);

		if (n == 0)
			*p = '?';
		p += n ? n : 1;
	}
}

size_t str_fit(const char *text, size_t max)
{
	size_t n = strnlen(text, max + 1);

	if (n <= max)
		return n;
	for (n = max; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80;)
		n--;
	return n;
}

char *str_brief(const char *text)
{
	if (strlen(text) <= BRIEF_MAX)
		return xstrdup(text);
	return xasprintf("%.*s...", (int)str_fit(text, BRIEF_MAX), text);
}

void str_wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
}

size_t str_version(const char *text, uint64_t *ret, size_t count)
{
	size_t found = 0;

	while (found < count) {
		size_t n = strspn(text, "0123456789");
		CLEANUP_FREE char *digits = xstrndup(text, n);

		if (n == 0 || str_to_u64(digits, 0, UINT32_MAX, &ret[found]) < 0)
			break;
		found++;
		text += n;
		if (*text != '.')
			break;
		text++;
	}
	return found;
}
