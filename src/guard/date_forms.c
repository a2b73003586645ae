// SPDX-License-Identifier: MIT
/* date_forms.c - see date_forms.h. */
#include "guard/date_forms.h"

#include <string.h>

#include "base/i18n.h"
#include "guard/utf8.h"

#define PATTERNS_MAX 100
#define LINE_BEGIN   "{^LN-BEG}"

static struct date_forms *all_forms;

/* fail2ban's forms of dates (jail.conf(5) names them), in its order. */
static const char *const defaults[] = {
	/* 2005-01-23T21:59:59.981746+02:00, 2005/01/23 21:59:59 */
	"%ExY(?P<_sep>[-/.])%m(?P=_sep)%d(?:T|  ?)%H:%M:%S(?:[.,]%f)?(?:\\s*%z)?",
	/* Sun Jan 23 21:59:59.011 2005 */
	"(?:%a )?%b %d %k:%M:%S(?:\\.%f)?(?: %ExY)?",
	/* Sun Jan 23 2005 21:59:59.011 */
	"(?:%a )?%b %d %ExY %k:%M:%S(?:\\.%f)?",
	/* 23/01/2005 21:59:59, 23/01/05 21:59:59 */
	"%d(?P<_sep>[-/])%m(?P=_sep)(?:%ExY|%Exy) %k:%M:%S",
	/* 31/Oct/2006:09:22:55 -0000, 26-Jul-2007 15:20:52.252 */
	"%d(?P<_sep>[-/])%b(?P=_sep)%ExY[ :]?%H:%M:%S(?:\\.%f)?(?: %z)?",
	/* 05/20/2008:01:57:39 */
	"%m/%d/%ExY:%H:%M:%S",
	/* 01-27-2012 16:22:44.252 */
	"%m-%d-%ExY %k:%M:%S(?:\\.%f)?",
	/* 1106513999 */
	"EPOCH",
	/* 21:59:59 */
	"{^LN-BEG}%H:%M:%S",
	/* <09/16/08@05:03:30> */
	"^<%m/%d/%Exy@%H:%M:%S>",
	/* 130322 11:46:11 */
	"%Exy%Exm%Exd  ?%H:%M:%S",
	/* Jan 23, 2005 9:59:59 PM */
	"%b %d, %ExY %I:%M:%S %p",
	/* Apr-27-13 02:33:06 */
	"^%b-%d-%Exy %k:%M:%S",
	/* 20050123T215959, 20050123 215959 */
	"%ExY%Exm%Exd(?:T|  ?)%ExH%ExM%ExS(?:[.,]%f)?(?:\\s*%z)?",
	/* PDT Apr 16 21:05:29 */
	"(?:%Z )?(?:%a )?%b %d %k:%M:%S(?:\\.%f)?(?: %ExY)?",
	/* +00:00 Jan 23 21:59:59.011 2005 */
	"(?:%z )?(?:%a )?%b %d %k:%M:%S(?:\\.%f)?(?: %ExY)?",
	/* @4000000041f434e31f2c1a1c */
	"TAI64N",
};

static void forms_free(struct date_forms *f)
{
	for (size_t i = 0; i < f->count; i++)
		date_template_done(&f->form[i].template);
	free(f->form);
	free(f->patterns);
	free(f);
}

/* What is being put together. */
struct making {
	struct date_forms *d;
	bool line_begin_only;
};

static bool has_pattern(const struct date_forms *d, const char *pattern)
{
	for (size_t i = 0; i < d->count; i++)
		if (strcmp(d->form[i].template.pattern, pattern) == 0)
			return true;
	return false;
}

static int add_form(struct making *m, const char *pattern, double weight, struct err *e)
{
	struct date_forms *d = m->d;
	struct date_form form = { .weight = weight, .distance = 0x7fffffff };

	if (d->count == PATTERNS_MAX)
		return err_set(e, ERR_USAGE, _("more than %d forms of dates"), PATTERNS_MAX);
	if (date_template_init(&form.template, pattern, d->last_decade, e) < 0) {
		date_template_done(&form.template);
		return err_ctx(e, "%.100s", pattern);
	}
	if (m->line_begin_only && !form.template.at_line_begin) {
		date_template_done(&form.template);
		return 0;
	}
	form.fast = date_fast_of(pattern);
	form.gate = date_gate_of(&form.template);
	form.bare = form.template.kind == DATE_PATTERN && !strstr(pattern, "(?=") &&
		    !strstr(pattern, "(?!") && !strstr(pattern, "(?<");
	d->form = xrealloc(d->form, d->count + 1, sizeof(*d->form));
	d->form[d->count++] = form;
	return 0;
}

/* The defaults: first each bound to the line's begin, then each as it is. */
static int add_defaults(struct making *m, struct err *e)
{
	bool skip_known = m->d->count > 0;

	for (int anchored = 1; anchored >= 0; anchored--) {
		for (size_t i = 0; i < COUNT(defaults); i++) {
			bool own = defaults[i][0] == '^' || str_starts(defaults[i], LINE_BEGIN);
			CLEANUP_FREE char *pattern =
				xasprintf("%s%s", anchored ? LINE_BEGIN : "", defaults[i]);

			if ((anchored && own) || (skip_known && has_pattern(m->d, pattern)))
				continue;
			if (add_form(m, pattern, anchored ? 100.0 : 1.0, e) < 0)
				return -1;
		}
	}
	return 0;
}

/* "{DATE}" in any case, not escaped. */
static const char *find_date_word(const char *pattern)
{
	for (const char *at = strchr(pattern, '{'); at; at = strchr(at + 1, '{'))
		if (strncasecmp(at, "{DATE}", 6) == 0 && !(at > pattern && at[-1] == '\\'))
			return at;
	return NULL;
}

/* A pattern around "{DATE}": once for each default in its place. */
static int add_around(struct making *m, const char *around, struct err *e)
{
	bool skip_known = m->d->count > 0;

	for (size_t i = 0; i < COUNT(defaults); i++) {
		CLEANUP_FREE char *date = date_unbound(defaults[i]);
		CLEANUP_STR struct str pattern = { 0 };
		const char *at = around, *hit;

		for (; (hit = find_date_word(at)); at = hit + strlen("{DATE}")) {
			str_add_bytes(&pattern, at, (size_t)(hit - at));
			str_add(&pattern, date);
		}
		str_add(&pattern, at);
		if (skip_known && has_pattern(m->d, pattern.text))
			continue;
		if (add_form(m, pattern.text, 1.0, e) < 0)
			return -1;
	}
	return 0;
}

static int add_pattern(struct making *m, const char *pattern, struct err *e)
{
	if (str_case_eq(pattern, LINE_BEGIN)) {
		m->line_begin_only = true;
		int r = add_defaults(m, e);

		m->line_begin_only = false;
		return r;
	}
	if (str_case_eq(pattern, "{DEFAULT}"))
		return 0;
	if (str_case_eq(pattern, "{NONE}"))
		return add_form(m, "{UNB}^", 1.0, e);
	if (find_date_word(pattern))
		return add_around(m, pattern, e);
	if (has_pattern(m->d, pattern))
		return err_set(e, ERR_USAGE, _("the form of date %.100s is there already"),
			       pattern);
	return add_form(m, pattern, 1.0, e);
}

/* A character that all of them need: then a line without it need be shown to none. */
static void set_gate(struct date_forms *f)
{
	char c;

	if (f->count == 0)
		return;
	if (f->count == 1) {
		f->gate = f->form[0].gate;
		return;
	}
	c = f->form[0].gate.word[0];
	for (size_t i = 0; i < f->count; i++) {
		const struct date_gate *g = &f->form[i].gate;

		if ((g->kind != GATE_CHAR && g->kind != GATE_WORD) || g->word[0] != c)
			return;
	}
	f->gate = (struct date_gate){ .kind = GATE_CHAR, .word = { c } };
}

bool date_forms_never(struct date_forms *f, char first)
{
	unsigned char at = (unsigned char)first;
	uint64_t bit = (uint64_t)1 << at % 64;
	bool never = true;

	if (at >= 0x80)
		return false;
	if (!(f->begin_known[at / 64] & bit)) {
		for (size_t i = 0; i < f->count && never; i++)
			never = date_form_never(&f->form[i], first);
		f->begin_known[at / 64] |= bit;
		f->begin_none[at / 64] |= never ? bit : 0;
	}
	return f->begin_none[at / 64] & bit;
}

static int make_forms(const char *patterns, int last_decade, struct date_forms **ret, struct err *e)
{
	struct date_forms *f = xcalloc(1, sizeof(*f));
	struct making m = { .d = f };
	CLEANUP_STRV struct strv lines = { 0 };
	int r = 0;

	f->patterns = xstrdup(patterns);
	f->last_decade = last_decade;
	strv_split(&lines, patterns, "\n");
	for (size_t i = 0; i < lines.count && r == 0; i++) {
		size_t len = strlen(lines.item[i]);
		const char *at = utf8_trim(lines.item[i], &len);
		CLEANUP_FREE char *pattern = xstrndup(at, len);

		if (len > 0)
			r = add_pattern(&m, pattern, e);
	}
	if (r == 0 && f->count == 0)
		r = add_defaults(&m, e);
	if (r < 0) {
		forms_free(f);
		return -1;
	}
	set_gate(f);
	f->next = all_forms;
	all_forms = *ret = f;
	return 0;
}

int date_forms_get(const char *patterns, int last_decade, struct date_forms **ret, struct err *e)
{
	struct date_forms *f = all_forms;

	while (f && (f->last_decade != last_decade || strcmp(f->patterns, patterns) != 0))
		f = f->next;
	if (!f && make_forms(patterns, last_decade, &f, e) < 0)
		return -1;
	f->users++;
	*ret = f;
	return 0;
}

void date_forms_put(struct date_forms *f)
{
	struct date_forms **at = &all_forms;

	if (--f->users > 0)
		return;
	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	forms_free(f);
}
