// SPDX-License-Identifier: MIT
/* audit_words.c - see audit_words.h. */
#include "report/audit_words.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/i18n.h"

const char *audit_title(const struct control *c)
{
	return c->title ? _(c->title) : c->setting;
}

char *audit_fix(const struct control *c)
{
	if (!c->setting)
		return xstrdup(_(c->fix));
	return xasprintf("%s: %s", _(c->fix), c->setting);
}

const char *audit_severity_words(enum severity s)
{
	static const char *const words[] = {
		[SEVERITY_LOW] = N_("low"),
		[SEVERITY_MEDIUM] = N_("medium"),
		[SEVERITY_HIGH] = N_("high"),
		[SEVERITY_CRITICAL] = N_("critical"),
	};

	return _(words[s]);
}

const char *audit_verdict_words(enum verdict v)
{
	static const char *const words[] = {
		[VERDICT_PASS] = N_("passed"),
		[VERDICT_FAIL] = N_("failed"),
		[VERDICT_NOT_MEASURED] = N_("not measured"),
		[VERDICT_WAIVED] = N_("waived"),
	};

	return _(words[v]);
}

const char *audit_change_words(enum audit_change c)
{
	static const char *const words[] = {
		[CHANGE_WORSE] = N_("worse"),
		[CHANGE_BETTER] = N_("better"),
		[CHANGE_OTHER] = N_("changed"),
		[CHANGE_UNKNOWN] = N_("unknown"),
	};

	return c == CHANGE_NONE ? NULL : _(words[c]);
}

char *audit_was_text(const struct audit_was *was)
{
	if (!was)
		return xstrdup(_("not among those of then"));
	return xasprintf("%s: %s", audit_verdict_words(was->verdict), was->evidence);
}

const char *audit_time_text(const struct audit *a, char ret[AUDIT_TIME_TEXT])
{
	time_t at = (time_t)a->time;
	struct tm tm;

	gmtime_r(&at, &tm);
	strftime(ret, AUDIT_TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return ret;
}

const char *audit_day_text(unsigned day, char ret[AUDIT_DAY_TEXT])
{
	snprintf(ret, AUDIT_DAY_TEXT, "%04u-%02u-%02u", day / 10000 % 10000, day / 100 % 100,
		 day % 100);
	return ret;
}

char *audit_waiver_text(const struct audit_row *r)
{
	char day[AUDIT_DAY_TEXT];

	if (!r->waiver)
		return NULL;
	if (r->expired)
		return xasprintf(_("the waiver has ended on %s, so it counts again: %s"),
				 audit_day_text(r->until, day), r->waiver);
	if (r->until)
		return xasprintf(_("until %s: %s"), audit_day_text(r->until, day), r->waiver);
	return xstrdup(r->waiver);
}

char *audit_place(const struct audit_row *r, unsigned *ret_line)
{
	static const char part[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "_./@+-";

	*ret_line = 0;
	for (const char *at = r->finding.evidence; (at = strchr(at, '/')); at++) {
		size_t len = strspn(at, part);
		bool begins = at == r->finding.evidence || strchr(" (,;:=\"", at[-1]);
		unsigned long line = at[len] == ':' ? strtoul(at + len + 1, NULL, 10) : 0;

		/* The end of a sentence is no part of a name. */
		while (len > 1 && line == 0 && strchr("./", at[len - 1]))
			len--;
		if (!begins || !memchr(at + 1, '/', len - 1))
			continue;
		*ret_line = line < 10000000 ? (unsigned)line : 0;
		return xstrndup(at, len);
	}
	return NULL;
}

char *audit_family(const struct control *c)
{
	return xstrndup(c->id, strcspn(c->id, "."));
}
