// SPDX-License-Identifier: MIT
/* policy_audit.c - see policy_audit.h. */
#include "core/policy_audit.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include "base/i18n.h"

#define WAIVE_WHY_MAX 200

/* "until 2027-12-31", a day that there is: 20271231. -1: it is none. */
static int until_day(const char *text, unsigned *ret)
{
	static const unsigned char days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	CLEANUP_STRV struct strv word = { 0 };
	CLEANUP_STRV struct strv part = { 0 };
	uint64_t year, month, day;

	strv_split(&word, text, " \t");
	if (word.count != 2 || !str_eq(word.item[0], "until") || strlen(word.item[1]) != 10 ||
	    word.item[1][4] != '-' || word.item[1][7] != '-')
		return -1;
	strv_split(&part, word.item[1], "-");
	if (part.count != 3 || str_to_u64(part.item[0], 2000, 9999, &year) < 0 ||
	    str_to_u64(part.item[1], 1, 12, &month) < 0 ||
	    str_to_u64(part.item[2], 1, days[month - 1], &day) < 0)
		return -1;
	if (month == 2 && day == 29 && (year % 4 != 0 || (year % 100 == 0 && year % 400 != 0)))
		return -1;
	*ret = (unsigned)(year * 10000 + month * 100 + day);
	return 0;
}

int policy_set_waive(struct policy *p, const char *value, struct err *e)
{
	const char *colon = strchr(value, ':');
	const char *why = colon ? colon + 1 + strspn(colon + 1, " \t") : "";
	CLEANUP_FREE char *left = xstrndup(value, colon ? (size_t)(colon - value) : 0);
	char *rest = str_trim(left);
	size_t n = strcspn(rest, " \t");
	CLEANUP_FREE char *id = xstrndup(rest, n);
	CLEANUP_FREE char *brief = str_brief(value);
	unsigned until = 0;

	rest += n + strspn(rest + n, " \t");
	if (n == 0 || why[0] == '\0' || strlen(why) > WAIVE_WHY_MAX)
		return err_set(
			e, ERR_USAGE,
			_("[audit] waive = %s is not possible; allowed: the id of a control, "
			  "a colon, and why, such as: door.x11: needed for the plotter"),
			brief);
	if (rest[0] && until_day(rest, &until) < 0)
		return err_set(e, ERR_USAGE,
			       _("[audit] waive = %s is not possible; between id and colon may "
				 "stand: until, and a day such as 2027-12-31"),
			       brief);
	if (policy_waives(p, id))
		return err_set(e, ERR_USAGE, _("[audit] waive: %s stands here twice"), brief);
	p->waive = xrealloc(p->waive, p->waive_count + 1, sizeof(*p->waive));
	p->waive[p->waive_count++] =
		(struct waive){ .id = TAKE(id), .why = xstrdup(why), .until = until };
	return 0;
}

/* What sendmail and curl take as nothing but an address: a word of their arguments or of a header. */
static bool is_mail(const char *text)
{
	return text[0] && text[0] != '-' && strlen(text) <= 254 &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+@"
			    "-") == strlen(text);
}

static bool is_url(const char *text)
{
	size_t scheme = str_starts(text, "https://") ? 8 : str_starts(text, "http://") ? 7 : 0;

	if (!scheme || strlen(text) > 1000 || !isalnum((unsigned char)text[scheme]))
		return text[scheme] == '[' && scheme && strlen(text) <= 1000;
	for (const char *c = text; *c; c++)
		if (*c <= ' ' || *c > '~' || strchr("\"'\\<>`", *c))
			return false;
	return true;
}

int policy_set_tell(struct policy *p, const char *value, struct err *e)
{
	CLEANUP_STRV struct strv words = { 0 };

	strv_split(&words, value, ", \t");
	for (size_t i = 0; i < words.count; i++) {
		const char *one = words.item[i];
		bool mail = str_starts(one, "mail:");

		if (!str_eq(one, "journal") && !(mail && is_mail(one + strlen("mail:"))) &&
		    !is_url(one))
			return err_set(e, ERR_USAGE,
				       _("[audit] tell = %s is not possible; allowed: journal, "
					 "mail:ADDRESS, or a URL of https or http"),
				       str_is_clean_utf8(one) ? one : "?");
		if (!strv_has(&p->audit_tell, one))
			strv_add(&p->audit_tell, one);
	}
	return 0;
}

char *policy_waives_text(const struct policy *p)
{
	CLEANUP_STR struct str s = { 0 };

	for (size_t i = 0; i < p->waive_count; i++) {
		const struct waive *w = &p->waive[i];

		str_addf(&s, "%s%s", i ? "\n" : "", w->id);
		if (w->until)
			str_addf(&s, " until %04u-%02u-%02u", w->until / 10000,
				 w->until / 100 % 100, w->until % 100);
		str_addf(&s, ": %s", w->why);
	}
	return str_take(&s);
}

bool waive_is_over(const struct waive *w, int64_t seconds)
{
	time_t at = (time_t)seconds;
	struct tm tm;

	localtime_r(&at, &tm);
	return w->until && (unsigned)((tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 +
				      tm.tm_mday) > w->until;
}

const struct waive *policy_waives(const struct policy *p, const char *id)
{
	for (size_t i = 0; i < p->waive_count; i++)
		if (str_eq(p->waive[i].id, id))
			return &p->waive[i];
	return NULL;
}
