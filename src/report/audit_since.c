// SPDX-License-Identifier: MIT
/* audit_since.c - see audit_since.h. */
#include "report/audit_since.h"

#include <jansson.h>

#include "base/i18n.h"

#define FINDINGS_MAX 10000

const char *audit_language(void)
{
	return i18n_get() == LANG_JA ? "ja" : "en";
}

const char *const audit_change_names[] = {
	[CHANGE_NONE] = "none",	  [CHANGE_WORSE] = "worse",	[CHANGE_BETTER] = "better",
	[CHANGE_OTHER] = "other", [CHANGE_UNKNOWN] = "unknown",
};

void audit_since_done(struct audit_since *s)
{
	for (size_t i = 0; i < s->count; i++) {
		free(s->was[i].id);
		free(s->was[i].evidence);
	}
	free(s->was);
	free(s->host);
	free(s->time);
	free(s->grade);
	*s = (struct audit_since){ 0 };
}

/* A text of the object that may be shown; "" where there is none. malloc'd. */
static char *text_of(const json_t *from, const char *name)
{
	const char *text = json_string_value(json_object_get(from, name));
	char *copy = xstrdup(text ? text : "");

	str_make_clean(copy);
	return copy;
}

static int verdict_of(const json_t *finding, enum verdict *ret)
{
	const char *name = json_string_value(json_object_get(finding, "verdict"));

	for (int v = VERDICT_PASS; v <= VERDICT_WAIVED; v++) {
		if (str_eq(verdict_names[v], name)) {
			*ret = (enum verdict)v;
			return 0;
		}
	}
	return -1;
}

static int read_findings(const json_t *list, struct audit_since *s)
{
	json_t *one;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) > FINDINGS_MAX)
		return -1;
	s->was = xcalloc(json_array_size(list) + 1, sizeof(*s->was));
	json_array_foreach (list, i, one) {
		struct audit_was *w = &s->was[s->count];

		if (!json_is_string(json_object_get(one, "id")) || verdict_of(one, &w->verdict) < 0)
			return -1;
		w->id = text_of(one, "id");
		w->evidence = text_of(one, "evidence");
		s->count++;
	}
	return 0;
}

/* An object alone has no line to name: it begins in the first. */
static int not_ours(const char *name, struct err *e)
{
	return err_set(e, ERR_USAGE, _("%s:1: this is not what kannuki audit --format json prints"),
		       name);
}

int audit_since_read(const char *name, const char *text, struct audit_since *ret, struct err *e)
{
	CLEANUP_SINCE struct audit_since s = { 0 };
	json_error_t where;
	json_t *all = json_loads(text, JSON_REJECT_DUPLICATES, &where);
	json_int_t format;
	int r;

	if (!all)
		return err_set(e, ERR_USAGE, _("%s:%d: this is no JSON: %s"), name,
			       where.line > 0 ? where.line : 1, where.text);
	format = json_integer_value(json_object_get(all, "format"));
	if (format > 1) {
		json_decref(all);
		return err_set(e, ERR_USAGE,
			       _("%s:1: format %d is of a newer kannuki; this one knows 1"), name,
			       format > 1000 ? 1000 : (int)format);
	}
	r = format == 1 ? read_findings(json_object_get(all, "findings"), &s) : -1;
	s.host = text_of(all, "host");
	s.time = text_of(all, "time");
	s.grade = json_is_string(json_object_get(all, "grade")) ? text_of(all, "grade")
								: xstrdup("-");
	s.same_language =
		str_eq(json_string_value(json_object_get(all, "language")), audit_language());
	json_decref(all);
	if (r < 0)
		return not_ours(name, e);
	*ret = s;
	s = (struct audit_since){ 0 };
	return 0;
}

static const struct audit_was *find(const struct audit_since *s, const char *id)
{
	for (size_t i = 0; i < s->count; i++)
		if (str_eq(s->was[i].id, id))
			return &s->was[i];
	return NULL;
}

/* A control that is new and passes, or could not be asked, has changed nothing. */
static enum audit_change as_new(enum verdict now)
{
	return now == VERDICT_FAIL ? CHANGE_WORSE : CHANGE_NONE;
}

enum audit_change audit_since_compare(const struct audit_since *s, const struct audit_row *now,
				      const struct audit_was **ret_was)
{
	const struct audit_was *was = find(s, now->control->id);
	enum verdict v = now->finding.verdict;

	*ret_was = was;
	if (!was)
		return as_new(v);
	if (was->verdict == v)
		return (v == VERDICT_FAIL || v == VERDICT_WAIVED) && s->same_language &&
				       !str_eq(was->evidence, now->finding.evidence)
			       ? CHANGE_OTHER
			       : CHANGE_NONE;
	if (v == VERDICT_FAIL)
		return CHANGE_WORSE;
	if (v == VERDICT_NOT_MEASURED || was->verdict == VERDICT_NOT_MEASURED)
		return CHANGE_UNKNOWN;
	/* What the owner wants so from now on is no harm that came by itself. */
	return was->verdict == VERDICT_FAIL || v == VERDICT_PASS ? CHANGE_BETTER : CHANGE_OTHER;
}

size_t audit_since_changes(const struct audit_since *s, const struct audit *now)
{
	const struct audit_was *was;
	size_t count = 0;

	for (size_t i = 0; i < now->count; i++)
		count += audit_since_compare(s, &now->row[i], &was) != CHANGE_NONE;
	return count;
}
