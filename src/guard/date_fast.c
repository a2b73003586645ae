// SPDX-License-Identifier: MIT
/* date_fast.c - see date_fast.h. */
#include "guard/date_fast.h"

#include <ctype.h>
#include <string.h>

#include "guard/scan.h"

#define SYSLOG_LENGTH 15 /* "Jan 23 21:59:59" */
#define ISO_LENGTH    19 /* "2005-01-23T21:59:59" */

enum date_fast date_fast_of(const char *pattern)
{
	static const struct {
		const char *pattern;
		enum date_fast form;
	} forms[] = {
		{ "{^LN-BEG}(?:%a )?%b %d %k:%M:%S(?:\\.%f)?(?: %ExY)?", DATE_FAST_SYSLOG },
		{ "{^LN-BEG}(?:%a )?%b %d %H:%M:%S(?:\\.%f)?(?: %ExY)?", DATE_FAST_SYSLOG },
		{ "^(?:%a )?%b %d %k:%M:%S(?:\\.%f)?(?: %ExY)?", DATE_FAST_SYSLOG },
		{ "{^LN-BEG}%ExY(?P<_sep>[-/.])%m(?P=_sep)%d(?:T|  "
		  "?)%H:%M:%S(?:[.,]%f)?(?:\\s*%z)?",
		  DATE_FAST_ISO },
		{ "{^LN-BEG}%ExY(?P<_sep>[-/.])%m(?P=_sep)%d[T ]%H:%M:%S(?:[.,]%f)?(?:\\s*%z)?",
		  DATE_FAST_ISO },
		{ "^%ExY(?P<_sep>[-/.])%m(?P=_sep)%d(?:T|  ?)%H:%M:%S(?:[.,]%f)?(?:\\s*%z)?",
		  DATE_FAST_ISO },
	};

	for (size_t i = 0; i < COUNT(forms); i++)
		if (strcmp(forms[i].pattern, pattern) == 0)
			return forms[i].form;
	return DATE_FAST_NONE;
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static int two(const char *text)
{
	return (text[0] - '0') * 10 + text[1] - '0';
}

/* Two digits up to `most`. */
static bool is_two(const char *text, int most)
{
	return digit(text[0]) && digit(text[1]) && two(text) <= most;
}

/* "21:59:59" */
static bool is_time(const char *text)
{
	return is_two(text, 23) && text[2] == ':' && is_two(text + 3, 59) && text[5] == ':' &&
	       is_two(text + 6, 59);
}

/* 1 to 12, 0: no month is called so. */
static int month_of(const char *text)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; i < 12; i++)
		if (memcmp(names + (size_t)i * 3, text, 3) == 0)
			return i + 1;
	return 0;
}

/* A blank, and no year, zone or other blank behind it that may be of the date too. */
static bool ends_here(const char *at, const char *end)
{
	return at + 1 < end && at[0] == ' ' && at[1] > ' ' && !digit(at[1]) &&
	       !strchr("+-ZUG", at[1]);
}

static size_t syslog_end(const char *line, size_t len)
{
	bool day;

	if (len < SYSLOG_LENGTH + 2 || line[3] != ' ' || line[6] != ' ' || !is_time(line + 7) ||
	    !month_of(line))
		return 0;
	day = line[4] == ' ' ? line[5] >= '1' && line[5] <= '9'
			     : is_two(line + 4, 31) && two(line + 4) > 0;
	return day && ends_here(line + SYSLOG_LENGTH, line + len) ? SYSLOG_LENGTH : 0;
}

/* ".123456" */
static const char *skip_fraction(const char *at, const char *end)
{
	size_t n = 1;

	if (at == end || *at != '.')
		return at;
	while (at + n < end && n <= 6 && digit(at[n]))
		n++;
	return n > 1 ? at + n : at;
}

/* "Z", "+01:00" */
static const char *skip_zone(const char *at, const char *end)
{
	if (at < end && *at == 'Z')
		return at + 1;
	if (end - at >= 6 && (*at == '+' || *at == '-') && is_two(at + 1, 19) && at[3] == ':' &&
	    digit(at[4]) && digit(at[5]))
		return at + 6;
	return at;
}

static size_t iso_end(const char *line, size_t len, int last_decade)
{
	const char *at = line + ISO_LENGTH, *end = line + len;

	if (len < ISO_LENGTH + 2 || line[4] != '-' || line[7] != '-' ||
	    (line[10] != 'T' && line[10] != ' ') || !is_time(line + 11) || line[0] != '2' ||
	    line[1] != '0' || !digit(line[2]) || !digit(line[3]) ||
	    two(line + 1) > last_decade - 200 || !is_two(line + 5, 12) || two(line + 5) == 0 ||
	    !is_two(line + 8, 31) || two(line + 8) == 0)
		return 0;
	at = skip_zone(skip_fraction(at, end), end);
	return ends_here(at, end) ? (size_t)(at - line) : 0;
}

static bool same_bytes(const char *a, const char *b, size_t len)
{
	uint64_t x[2], y[2];

	if (len < 8 || len > 16)
		return memcmp(a, b, len) == 0;
	/* Of most dates: two numbers each, which may overlap. */
	memcpy(&x[0], a, 8);
	memcpy(&x[1], a + len - 8, 8);
	memcpy(&y[0], b, 8);
	memcpy(&y[1], b + len - 8, 8);
	return x[0] == y[0] && x[1] == y[1];
}

enum date_fast date_fast_look(struct date_seen *s, const struct span *line, int last_decade)
{
	if (s->tried)
		return s->form;
	s->tried = true;
	/* The same as in the line before? */
	if (s->len > 0 && s->len < line->len && same_bytes(s->text, line->text, s->len) &&
	    ends_here(line->text + s->len, line->text + line->len)) {
		s->end = s->len;
		s->form = line->text[0] <= '9' ? DATE_FAST_ISO : DATE_FAST_SYSLOG;
		return s->form;
	}
	s->form = DATE_FAST_SYSLOG;
	s->end = syslog_end(line->text, line->len);
	if (s->end == 0) {
		s->form = DATE_FAST_ISO;
		s->end = iso_end(line->text, line->len, last_decade);
	}
	if (s->end == 0 || s->end > DATE_FAST_MAX)
		s->form = DATE_FAST_NONE;
	return s->form;
}

static void read_parts(enum date_fast form, const char *text, size_t len, struct date_parts *ret)
{
	const char *time = text + (form == DATE_FAST_SYSLOG ? 7 : 11), *zone;

	*ret = (struct date_parts){ .weekday = -1, .yearday = -1, .week = -1, .year = -1 };
	ret->hour = two(time);
	ret->minute = two(time + 3);
	ret->second = two(time + 6);
	if (form == DATE_FAST_SYSLOG) {
		ret->month = month_of(text);
		ret->day = text[4] == ' ' ? text[5] - '0' : two(text + 4);
		return;
	}
	ret->year = two(text) * 100 + two(text + 2);
	ret->month = two(text + 5);
	ret->day = two(text + 8);
	zone = skip_fraction(text + ISO_LENGTH, text + len);
	ret->has_zone = zone < text + len;
	if (ret->has_zone && *zone != 'Z')
		ret->zone = (zone[0] == '-' ? -1 : 1) * (two(zone + 1) * 60 + two(zone + 4));
}

bool date_fast_time_of(enum date_fast form, const char *text, size_t len,
		       const struct date_now *now, double *ret)
{
	struct date_parts parts;

	read_parts(form, text, len, &parts);
	return date_from_parts(&parts, now, ret);
}

bool date_fast_time(struct date_seen *s, const struct span *line, const struct date_now *now,
		    double *ret)
{
	/* Another zone is rare. */
	if (now->zone)
		return date_fast_time_of(s->form, line->text, s->end, now, ret);
	if (s->len != s->end || s->now != now->time || memcmp(s->text, line->text, s->end) != 0) {
		memcpy(s->text, line->text, s->end);
		s->len = s->end;
		s->now = now->time;
		s->has_time = date_fast_time_of(s->form, line->text, s->end, now, &s->time);
	}
	*ret = s->time;
	return s->has_time;
}

/* The character that all words begin with; 0: there are several, or it is in nearly each line. */
static char common_begin(const struct strv *words)
{
	char c;

	if (words->count == 0)
		return '\0';
	c = words->item[0][0];
	for (size_t i = 1; i < words->count; i++)
		if (words->item[i][0] != c)
			return '\0';
	if (isalnum((unsigned char)c) || c == ' ' || c == ':')
		return '\0';
	return c;
}

/* Four bytes of each word: of few words that are as long. */
static void set_begins(struct date_gate *g, const struct strv *words)
{
	char begin[sizeof(*g->begin)];

	for (size_t i = 0; i < words->count; i++) {
		const char *word = words->item[i];

		if (words->count > DATE_GATE_BEGINS || strlen(word) < sizeof(begin)) {
			g->begins = 0;
			return;
		}
		for (size_t k = 0; k < sizeof(begin); k++)
			begin[k] = scan_fold(word[k]);
		memcpy(&g->begin[g->begins++], begin, sizeof(begin));
	}
}

struct date_gate date_gate_of(const struct date_template *t)
{
	struct date_gate g = { .kind = GATE_OPEN };
	CLEANUP_STRV struct strv words = { 0 };

	if (t->kind == DATE_EPOCH || t->kind == DATE_LONG_EPOCH) {
		g.kind = GATE_NUMBER;
		return g;
	}
	regex_literals(t->regex, &words);
	g.word[0] = scan_fold(common_begin(&words));
	if (common_begin(&words)) {
		g.kind = GATE_CHAR;
		set_begins(&g, &words);
	}
	if (words.count != 1 || strlen(words.item[0]) < 3 ||
	    strlen(words.item[0]) >= sizeof(g.word))
		return g;
	g.kind = GATE_WORD;
	for (size_t i = 0; words.item[0][i]; i++)
		g.word[i] = scan_fold(words.item[0][i]);
	return g;
}

/* Ten digits in a row cover one of each ten places. */
static bool has_long_number(const char *text, size_t len)
{
	for (size_t i = 9; i < len; i += 10) {
		size_t from = i, to = i;

		if (!digit(text[i]))
			continue;
		while (from > 0 && digit(text[from - 1]))
			from--;
		while (to < len && digit(text[to]))
			to++;
		if (to - from >= 10)
			return true;
	}
	return false;
}

/* Often the next one asks for the same. */
static bool has_char(struct date_seen *s, const struct span *line, char c)
{
	if (s->absent == c)
		return false;
	if (memchr(s->folded, c, line->len))
		return true;
	s->absent = c;
	return false;
}

static bool has_begin(const struct date_gate *g, const struct date_seen *s, const struct span *line)
{
	const char *at = s->folded, *end = at + line->len;
	uint32_t here;

	/* What is behind the line is of no word. */
	for (; (at = memchr(at, g->word[0], (size_t)(end - at))); at++) {
		memcpy(&here, at, sizeof(here));
		for (size_t i = 0; i < g->begins; i++)
			if (g->begin[i] == here)
				return true;
	}
	return false;
}

bool date_gate_open(const struct date_gate *g, struct date_seen *s, const struct span *line)
{
	switch (g->kind) {
	case GATE_WORD:
		return has_char(s, line, g->word[0]) &&
		       memmem(s->folded, line->len, g->word, strlen(g->word));
	case GATE_CHAR:
		return has_char(s, line, g->word[0]) && (g->begins == 0 || has_begin(g, s, line));
	case GATE_NUMBER:
		if (!s->counted)
			s->long_number = has_long_number(line->text, line->len);
		s->counted = true;
		return s->long_number;
	default:
		return true;
	}
}
