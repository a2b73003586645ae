// SPDX-License-Identifier: MIT
/* date_fields.c - strptime's letters, and fail2ban's stricter ones, as expressions; see date_template.h. */
#include <string.h>
#include <time.h>

#include "guard/date_template.h"

#define DAYS "sunday|monday|tuesday|wednesday|thursday|friday|saturday"
#define MONTHS \
	"january|february|march|april|may|june|july|august|september|october|november|december"
#define ZONE   "[A-Z](?:[A-Z]{2,4})?"
#define OFFSET "[+-][01]\\d(?::?\\d{2})?"

/* Where several would do the order decides, so it is fail2ban's. */
static const struct field {
	const char *letter, *regex;
} fields[] = {
	{ "ExZ", "(?P<Z>" ZONE ")" },
	{ "Exz", "(?P<z>(?:" ZONE ")?" OFFSET "|" ZONE ")" },
	{ "Exd", "(?P<d>[1-2]\\d|0[1-9]|3[0-1])" },
	{ "Exm", "(?P<m>0[1-9]|1[0-2])" },
	{ "ExH", "(?P<H>[0-1]\\d|2[0-3])" },
	{ "Exk", " ?(?P<H>[0-1]?\\d|2[0-3])" },
	{ "Exl", " ?(?P<I>1[0-2]|\\d)" },
	{ "ExM", "(?P<M>[0-5]\\d)" },
	{ "ExS", "(?P<S>[0-5]\\d|6[0-1])" },
	{ "Exy", "(?P<y>\\d{2})" },
	{ "a", "(?P<a>sun|mon|tue|wed|thu|fri|sat)" },
	{ "A", "(?P<A>" DAYS ")" },
	{ "b", "(?P<b>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)" },
	{ "B", "(?P<B>" MONTHS ")" },
	{ "p", "(?P<p>am|pm)" },
	{ "d", "(?P<d>[1-2]\\d|[0 ]?[1-9]|3[0-1])" },
	{ "f", "(?P<f>[0-9]{1,6})" },
	{ "H", "(?P<H>[0-1]?\\d|2[0-3])" },
	{ "k", " ?(?P<H>[0-2]?\\d)" },
	{ "I", "(?P<I>1[0-2]|0[1-9]|[1-9])" },
	{ "l", " ?(?P<I>1?\\d)" },
	{ "G", "(?P<G>\\d\\d\\d\\d)" },
	{ "j", "(?P<j>36[0-6]|3[0-5]\\d|[1-2]\\d\\d|0[1-9]\\d|00[1-9]|[1-9]\\d|0[1-9]|[1-9])" },
	{ "m", "(?P<m>0?[1-9]|1[0-2])" },
	{ "M", "(?P<M>[0-5]?\\d)" },
	{ "S", "(?P<S>[0-5]?\\d|6[0-1])" },
	{ "U", "(?P<U>5[0-3]|[0-4]\\d|\\d)" },
	{ "W", "(?P<W>5[0-3]|[0-4]\\d|\\d)" },
	{ "V", "(?P<V>5[0-3]|0[1-9]|[1-4]\\d|\\d)" },
	{ "u", "(?P<u>[1-7])" },
	{ "w", "(?P<w>[0-6])" },
	{ "y", "(?P<y>\\d\\d)" },
	{ "Y", "(?P<Y>\\d{4})" },
	{ "Z", "(?P<Z>Z|[A-Z]{3,5})" },
	{ "z", "(?P<z>Z|UTC|GMT|" OFFSET ")" },
	/* The C locale's; that several groups would have one name is found when it is compiled. */
	{ "c", "(?P<a>sun|mon|tue|wed|thu|fri|sat)\\s+"
	       "(?P<b>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\\s+"
	       "(?P<d>3[0-1]|[1-2]\\d|0[1-9]|[1-9]| [1-9])\\s+(?P<H>2[0-3]|[0-1]\\d|\\d):"
	       "(?P<M>[0-5]\\d|\\d):(?P<S>6[0-1]|[0-5]\\d|\\d)\\s+(?P<Y>\\d\\d\\d\\d)" },
	{ "x",
	  "(?P<m>1[0-2]|0[1-9]|[1-9])/(?P<d>3[0-1]|[1-2]\\d|0[1-9]|[1-9]| [1-9])/(?P<y>\\d\\d)" },
	{ "X", "(?P<H>2[0-3]|[0-1]\\d|\\d):(?P<M>[0-5]\\d|\\d):(?P<S>6[0-1]|[0-5]\\d|\\d)" },
	{ "%", "%" },
};

int date_last_decade(int64_t now)
{
	time_t seconds = (time_t)(now / 1000000000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	return (tm.tm_year + 1900 + 3) / 10;
}

/* Years from 2000 up to the decade of three years hence: "20[0-2]\d". */
static char *year_regex(int last_decade)
{
	CLEANUP_STR struct str regex = { 0 };

	str_add(&regex, "(?P<Y>(?:200");
	for (int decade = 201; decade <= last_decade; decade++)
		str_addf(&regex, "|%d", decade);
	str_add(&regex, ")\\d)");
	return str_take(&regex);
}

char *date_field_regex(const char *letter, int last_decade, size_t *ret_len)
{
	*ret_len = 3;
	if (strncmp(letter, "ExY", 3) == 0)
		return year_regex(last_decade);
	for (size_t i = 0; i < COUNT(fields); i++) {
		*ret_len = strlen(fields[i].letter);
		if (strncmp(letter, fields[i].letter, *ret_len) == 0)
			return xstrdup(fields[i].regex);
	}
	return NULL;
}
