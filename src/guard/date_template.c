// SPDX-License-Identifier: MIT
/* date_template.c - see date_template.h: from a pattern to the expression that is searched for. */
#include "guard/date_template.h"

#include <ctype.h>
#include <string.h>

#include "base/i18n.h"
#include "guard/utf8.h"

#define LINE_BEGIN  "{^LN-BEG}"
#define EPOCH_SHORT "\\d{10,11}\\b(?:\\.\\d{3,6})?"
#define EPOCH_LONG  "\\d{10,11}(?:\\d{3}(?:\\.\\d{1,6}|\\d{3})?)?"

/* Where the expression may begin in the line. */
enum begin { BEGIN_ANYWHERE, BEGIN_WORD, BEGIN_LINE };

struct bounds {
	enum begin begin;
	bool end_word;
};

void date_template_done(struct date_template *t)
{
	regex_free(t->regex);
	free(t->pattern);
	free(t->text);
	*t = (struct date_template){ 0 };
}

/* "(?iu)" at text: its length, or 0. */
static size_t flags_length(const char *text)
{
	size_t n = 2;

	if (strncmp(text, "(?", 2) != 0)
		return 0;
	while (utf8_word_byte(text[n]))
		n++;
	return n > 2 && text[n] == ')' ? n + 1 : 0;
}

/* The caret at text, alone or first in a group. */
static bool caret(const char *text)
{
	if (*text == '(') {
		text++;
		text += strncmp(text, "?:", 2) == 0 ? 2 : 0;
	}
	return *text == '^';
}

/* Does the expression say itself where it begins: "^", "(^", "(?:^", or "**" for anywhere? */
static bool says_begin(const char *text)
{
	for (const char *at = text;; at++) {
		const char *behind = at + flags_length(at), *star = behind;

		while (*star == '(')
			star++;
		if (caret(behind) || strncmp(star, "**", 2) == 0 || caret(at))
			return true;
		if (*at != '(')
			return false;
	}
}

static bool ends_unescaped(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return str_ends(text, end) && (len == n || text[len - n - 1] != '\\');
}

/* ... and where it ends: "$", "$)", "\b", "\s", "**" and any ")" behind that? */
static bool says_end(const char *text)
{
	CLEANUP_FREE char *cut = xstrdup(text);
	size_t len = strlen(cut);

	if (ends_unescaped(text, "$") || ends_unescaped(text, "$)") ||
	    ends_unescaped(text, "\\b") || ends_unescaped(text, "\\s"))
		return true;
	while (len > 0 && cut[len - 1] == ')')
		cut[--len] = '\0';
	return ends_unescaped(cut, "**");
}

/* Has it a group without a name? */
static bool has_group(const char *text)
{
	for (const char *at = strchr(text, '('); at; at = strchr(at + 1, '(')) {
		size_t before = (size_t)(at - text);

		if (at[1] != '?' && !(before > 0 && at[-1] == '\\') &&
		    !(before > 1 && strncmp(at - 2, "(?", 2) == 0))
			return true;
	}
	return false;
}

/* The whole as one group, but for flags and '^' in front and '$' behind. */
static void wrap(const char *text, struct str *ret)
{
	size_t front = flags_length(text), len = strlen(text), back;

	front += text[front] == '^';
	front += flags_length(text + front);
	back = len > front && text[len - 1] == '$';
	str_addf(ret, "%.*s(%.*s)%s", (int)front, text, (int)(len - front - back), text + front,
		 back ? "$" : "");
}

/* Cuts the first "(?flags)" out of the text, if there is one; malloc'd. */
static char *cut_flags(struct str *text)
{
	for (size_t i = 0; i + 2 < text->len; i++) {
		size_t n = 2;
		char *flags;

		if (strncmp(text->text + i, "(?", 2) != 0)
			continue;
		while (islower((unsigned char)text->text[i + n]))
			n++;
		if (n == 2 || text->text[i + n] != ')')
			continue;
		n++;
		flags = xstrndup(text->text + i, n);
		memmove(text->text + i, text->text + i + n, text->len - i - n + 1);
		text->len -= n;
		return flags;
	}
	return xstrdup("");
}

/* Takes "**" off both ends, from within the parentheses there. */
static void cut_stars(struct str *text)
{
	size_t at = 0, end = text->len;

	while (text->text[at] == '(' && flags_length(text->text + at) == 0)
		at++;
	at += flags_length(text->text + at);
	while (text->text[at] == '(')
		at++;
	if (strncmp(text->text + at, "**", 2) == 0) {
		memmove(text->text + at, text->text + at + 2, text->len - at - 1);
		text->len -= 2;
		end -= 2;
	}
	while (end > 0 && text->text[end - 1] == ')')
		end--;
	if (end < 2 || strncmp(text->text + end - 2, "**", 2) != 0 ||
	    (end > 2 && text->text[end - 3] == '\\'))
		return;
	memmove(text->text + end - 2, text->text + end, text->len - end + 1);
	text->len -= 2;
}

/* Is "^" at the front, not as one of several ways ("(^|...)")? */
static bool begins_line(const char *text)
{
	text += flags_length(text);
	if (*text == '^')
		return true;
	if (*text != '(' || !caret(text))
		return false;
	return *(strchr(text, '^') + 1) != '|';
}

static bool ends_line(const char *text)
{
	size_t len = strlen(text);

	if (len > 0 && text[len - 1] == ')')
		len--;
	return len > 0 && text[len - 1] == '$' &&
	       (len == 1 || (text[len - 2] != '\\' && text[len - 2] != '|'));
}

/* Puts bounds around, as the pattern does not say them itself, and compiles. */
static int set_regex(struct date_template *t, const char *text, struct bounds b, struct err *e)
{
	CLEANUP_STR struct str regex = { 0 }, all = { 0 };
	CLEANUP_FREE char *flags = NULL, *plain = NULL;
	size_t len = strlen(text);
	const char *trimmed = utf8_trim(text, &len);
	bool begin, end;

	str_add_bytes(&regex, trimmed, len);
	flags = cut_flags(&regex);
	begin = b.begin != BEGIN_ANYWHERE && !says_begin(regex.text);
	end = b.end_word && !says_end(regex.text);
	plain = str_take(&regex);
	if (begin && b.begin == BEGIN_WORD)
		str_add(&regex, "(?=^|\\b|\\W)");
	else if (begin)
		str_add(&regex, "^(?:\\W{0,2})?");
	if (has_group(plain))
		str_add(&regex, plain);
	else
		wrap(plain, &regex);
	if (end)
		str_add(&regex, "(?=\\b|\\W|$)");
	t->at_line_begin = (begin && b.begin == BEGIN_LINE) || begins_line(regex.text);
	t->at_line_end = ends_line(regex.text);
	cut_stars(&regex);
	str_addf(&all, "%s%s", flags, regex.text);
	t->text = str_take(&all);
	return regex_new(t->text, (struct regex_form){ .no_tags = true }, &t->regex, e);
}

/* A letter of the pattern with its '%' in front: are names of months and the like in it? */
static bool is_name(const char *at)
{
	return strchr("aAbBpc", *at) != NULL;
}

static int init_pattern(struct date_template *t, const char *pattern, int last_decade,
			struct err *e)
{
	CLEANUP_STR struct str regex = { 0 };
	struct bounds b = { BEGIN_WORD, true };
	const char *at = pattern;
	bool names = false;
	size_t len;

	if (str_starts(at, "{UNB}")) {
		at += strlen("{UNB}");
		b = (struct bounds){ BEGIN_ANYWHERE, false };
	}
	if (b.begin == BEGIN_WORD && str_starts(at, LINE_BEGIN)) {
		at += strlen(LINE_BEGIN);
		b.begin = BEGIN_LINE;
	}
	for (; *at; at += len) {
		CLEANUP_FREE char *field = NULL;

		len = 1;
		if (*at != '%') {
			str_add_bytes(&regex, at, 1);
			continue;
		}
		field = date_field_regex(at + 1, last_decade, &len);
		if (!field)
			return err_set(e, ERR_USAGE,
				       _("\"%.10s\" is no part of a date; a percent sign is %%%%"),
				       at);
		names = names || (at[1] && is_name(at + 1) && !(at > pattern && at[-1] == '%'));
		str_add(&regex, field);
		len++;
	}
	if (names) {
		CLEANUP_STR struct str caseless = { 0 };

		str_addf(&caseless, "(?iu)%s", regex.text);
		return set_regex(t, caseless.text, b, e);
	}
	return set_regex(t, regex.text ? regex.text : "", b, e);
}

/* Where "{EPOCH}" or "{LEPOCH}" (in any case) stands, not escaped; NULL: nowhere. */
static const char *find_epoch(const char *pattern, size_t *ret_len)
{
	for (const char *at = strchr(pattern, '{'); at; at = strchr(at + 1, '{')) {
		*ret_len = strncasecmp(at, "{EPOCH}", 7) == 0	 ? 7
			   : strncasecmp(at, "{LEPOCH}", 8) == 0 ? 8
								 : 0;
		if (*ret_len && !(at > pattern && at[-1] == '\\'))
			return at;
	}
	return NULL;
}

/* EPOCH within an expression of its own: all that it matches is cut out of the line. */
static int init_epoch_within(struct date_template *t, const char *pattern, struct err *e)
{
	const char *number = t->kind == DATE_LONG_EPOCH ? EPOCH_LONG : EPOCH_SHORT, *at = pattern,
		   *hit;
	CLEANUP_STR struct str regex = { 0 };
	size_t len;

	str_add(&regex, "(");
	for (; (hit = find_epoch(at, &len)); at = hit + len) {
		str_add_bytes(&regex, at, (size_t)(hit - at));
		str_addf(&regex, "(%s)", number);
	}
	str_addf(&regex, "%s)", at);
	t->time_group = 2;
	return set_regex(t, regex.text, (struct bounds){ BEGIN_WORD, true }, e);
}

static int init_epoch(struct date_template *t, bool line_begin, struct err *e)
{
	const char *number = t->kind == DATE_LONG_EPOCH ? EPOCH_LONG : EPOCH_SHORT;
	CLEANUP_STR struct str regex = { 0 };

	t->time_group = 1;
	if (line_begin) {
		str_addf(&regex, "((?P<square>(?<=^\\[))?%s)(?(square)(?=\\]))", number);
		return set_regex(t, regex.text, (struct bounds){ BEGIN_LINE, true }, e);
	}
	str_addf(&regex,
		 "((?:^|(?P<square>(?<=^\\[))|(?P<selinux>(?<=\\baudit\\()))%s)"
		 "(?:(?(selinux)(?=:\\d+\\)))|(?(square)(?=\\])))",
		 number);
	return set_regex(t, regex.text, (struct bounds){ BEGIN_ANYWHERE, true }, e);
}

/* "EPOCH", "^EPOCH", "{^LN-BEG}EPOCH": 1 when it is anchored, 0 when not, -1 when it is something else. */
static int plain_name(const char *pattern, const char *name)
{
	CLEANUP_FREE char *front = xasprintf(LINE_BEGIN "%s", name),
			  *caret_front = xasprintf("^%s", name);

	if (str_case_eq(pattern, name))
		return 0;
	return str_case_eq(pattern, front) || str_case_eq(pattern, caret_front) ? 1 : -1;
}

static int init_plain(struct date_template *t, bool line_begin, struct err *e)
{
	struct bounds b = { line_begin ? BEGIN_LINE : BEGIN_ANYWHERE, true };

	if (t->kind == DATE_TAI64N)
		return set_regex(t, "@[0-9a-f]{24}", b, e);
	return init_epoch(t, line_begin, e);
}

int date_template_init(struct date_template *t, const char *pattern, int last_decade, struct err *e)
{
	static const struct {
		const char *name;
		enum date_kind kind;
	} plain[] = {
		{ "EPOCH", DATE_EPOCH },
		{ "LEPOCH", DATE_LONG_EPOCH },
		{ "TAI64N", DATE_TAI64N },
	};
	/* With fields in it the pattern is taken as it is written. */
	bool fields = strchr(pattern, '%') != NULL;
	size_t len;

	*t = (struct date_template){ .pattern = xstrdup(pattern), .time_group = 1 };
	if ((fields ? strstr(pattern, "EPOCH") : strcasestr(pattern, "EPOCH")) &&
	    find_epoch(pattern, &len)) {
		t->kind = strcasestr(pattern, "LEPOCH") ? DATE_LONG_EPOCH : DATE_EPOCH;
		return init_epoch_within(t, pattern, e);
	}
	for (size_t i = 0; i < COUNT(plain); i++) {
		int anchored = plain_name(pattern, plain[i].name);

		t->kind = anchored >= 0 ? plain[i].kind : DATE_PATTERN;
		if (anchored >= 0)
			return init_plain(t, anchored == 1, e);
	}
	return init_pattern(t, pattern, last_decade, e);
}

char *date_unbound(const char *pattern)
{
	static const char *const fronts[] = { "{UNB}", LINE_BEGIN, "(^|\\b|\\W)", "(?:^|\\b|\\W)" };
	const char *at = pattern, *end = "(?=\\b|\\W|$)";
	size_t len;

	for (size_t i = 0; i < COUNT(fronts); i++)
		at += str_starts(at, fronts[i]) ? strlen(fronts[i]) : 0;
	len = strlen(at);
	return xstrndup(at, str_ends(at, end) ? len - strlen(end) : len);
}

/* Digits, and a point within: seconds; with 13 or 16 digits in the long form thousandths, millionths. */
static bool epoch_time(enum date_kind kind, const char *number, double *ret)
{
	size_t len = strlen(number);
	char *end;

	*ret = strtod(number, &end);
	if (*end)
		return false;
	if (kind == DATE_LONG_EPOCH && len >= 16 && !strchr(number, '.'))
		*ret /= 1000000;
	else if (kind == DATE_LONG_EPOCH && len >= 13)
		*ret /= 1000;
	return true;
}

bool date_template_time(const struct date_template *t, const struct span *in,
			const struct date_now *now, double *ret)
{
	CLEANUP_DICT struct dict fields = { 0 };
	CLEANUP_FREE char *number = NULL;
	size_t start, end;

	if (t->kind == DATE_PATTERN) {
		regex_groups(t->regex, in, &fields);
		return date_from_fields(&fields, now, ret);
	}
	if (!regex_bounds(t->regex, t->time_group, &start, &end))
		return false;
	number = xstrndup(in->text + start, end - start);
	if (t->kind != DATE_TAI64N)
		return epoch_time(t->kind, number, ret);
	/* "@4" and 15 digits of seconds. */
	if (strlen(number) < 17)
		return false;
	number[17] = '\0';
	*ret = (double)strtoull(number + 2, NULL, 16);
	return true;
}
