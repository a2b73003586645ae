// SPDX-License-Identifier: MIT
/* audit.c - see audit.h. */
#include "controls/audit.h"

#include <stdlib.h>

#include "base/i18n.h"
#include "controls/filter.h"

const char *const severity_names[] = {
	[SEVERITY_LOW] = "low",
	[SEVERITY_MEDIUM] = "medium",
	[SEVERITY_HIGH] = "high",
	[SEVERITY_CRITICAL] = "critical",
};

const char *const verdict_names[] = {
	[VERDICT_PASS] = "pass",
	[VERDICT_FAIL] = "fail",
	[VERDICT_NOT_MEASURED] = "not-measured",
	[VERDICT_WAIVED] = "waived",
};

/* Who gets in by these needs no more than to guess. */
static const char *const door_ids[] = { "door.password", "door.keyboard-interactive", "door.root" };

int severity_parse(const char *text)
{
	for (size_t i = 0; i < COUNT(severity_names); i++)
		if (str_eq(text, severity_names[i]))
			return (int)i;
	return -1;
}

void audit_done(struct audit *a)
{
	for (size_t i = 0; i < a->count; i++)
		free(a->row[i].waiver);
	free(a->row);
	free(a->host);
	*a = (struct audit){ 0 };
}

static bool is_door(const struct control *c)
{
	for (size_t i = 0; i < COUNT(door_ids); i++)
		if (str_eq(c->id, door_ids[i]))
			return true;
	return false;
}

struct tally {
	size_t failed[SEVERITY_CRITICAL + 1], unknown[SEVERITY_CRITICAL + 1];
	size_t doors_open, doors_unknown;
};

static struct tally tally_of(const struct audit *a)
{
	struct tally t = { 0 };

	for (size_t i = 0; i < a->count; i++) {
		const struct control *c = a->row[i].control;
		enum verdict v = a->row[i].finding.verdict;

		t.failed[c->severity] += v == VERDICT_FAIL;
		t.unknown[c->severity] += v == VERDICT_NOT_MEASURED;
		t.doors_open += is_door(c) && (v == VERDICT_FAIL || v == VERDICT_WAIVED);
		t.doors_unknown += is_door(c) && v == VERDICT_NOT_MEASURED;
	}
	return t;
}

static void set_grade(struct audit *a, char grade, const char *reason)
{
	a->grade = grade;
	a->reason = reason;
}

void audit_grade(struct audit *a)
{
	struct tally t = tally_of(a);

	for (size_t i = 0; i < COUNT(a->by_verdict); i++)
		a->by_verdict[i] = 0;
	for (size_t i = 0; i < a->count; i++)
		a->by_verdict[a->row[i].finding.verdict]++;
	if (t.doors_open > 0)
		set_grade(a, 'F', N_("root or a password gets in over SSH"));
	else if (t.doors_unknown > 0)
		set_grade(a, '-', N_("no grade: who gets in over SSH could not be asked"));
	else if (t.failed[SEVERITY_CRITICAL] > 0)
		set_grade(a, 'E', N_("something critical is open"));
	else if (t.failed[SEVERITY_HIGH] >= 3)
		set_grade(a, 'D', N_("three or more findings of severity high"));
	else if (t.failed[SEVERITY_HIGH] > 0)
		set_grade(a, 'C', N_("a finding of severity high"));
	else if (t.failed[SEVERITY_MEDIUM] > 0)
		set_grade(a, 'B', N_("a finding of severity medium"));
	else if (t.unknown[SEVERITY_HIGH] + t.unknown[SEVERITY_CRITICAL] > 0)
		set_grade(a, 'B', N_("something important could not be asked"));
	else
		set_grade(a, 'A', N_("nothing above severity low"));
}

static void look(const struct control_in *in, const struct control *c, struct audit *ret)
{
	struct audit_row row = { .control = c, .finding.verdict = VERDICT_NOT_MEASURED };
	const struct waive *waive = policy_waives(in->policy, c->id);
	struct err e = { 0 };

	if (c->plan_only)
		return;
	if (c->probe(in, c, &row.finding, &e) < 0)
		finding_set(&row.finding, VERDICT_NOT_MEASURED, "%s", e.msg);
	if (row.finding.verdict == VERDICT_FAIL && waive) {
		row.waiver = xstrdup(waive->why);
		row.until = waive->until;
		row.expired = waive_is_over(waive, ret->time);
		if (!row.expired)
			row.finding.verdict = VERDICT_WAIVED;
	}
	str_make_clean(row.finding.evidence);
	ret->row = xrealloc(ret->row, ret->count + 1, sizeof(*ret->row));
	ret->row[ret->count++] = row;
}

bool audit_has(const struct audit *a, const char *id)
{
	for (size_t i = 0; i < a->count; i++)
		if (str_eq(a->row[i].control->id, id))
			return true;
	return false;
}

static const char *audited_id(const void *arg, size_t i)
{
	const struct audit *a = arg;

	return a->row[i].control->id;
}

/* A slip in an id would leave what was to be waived, and waive nothing for ever. */
static int check_waived(const struct policy *p, const struct audit *a, struct err *e)
{
	for (size_t i = 0; i < p->waive_count; i++) {
		const char *near;

		if (audit_has(a, p->waive[i].id))
			continue;
		near = str_nearest(p->waive[i].id, a->count, audited_id, a);
		if (near)
			return err_set(e, ERR_USAGE,
				       _("[audit] waive = %s: there is no such control; did you "
					 "mean %s?"),
				       p->waive[i].id, near);
		return err_set(e, ERR_USAGE,
			       _("[audit] waive = %s: there is no such control; kannuki audit "
				 "--all names them"),
			       p->waive[i].id);
	}
	return 0;
}

/* Once for all that ask what it lets in. */
static bool own_filter(const struct control_in *in, struct filter_spec_owned *ret)
{
	struct err unknown = { 0 };

	return facts_own_filter(in->facts) && in->facts->nft_works &&
	       filter_read_in_force(in->os, ret, &unknown) == 0;
}

int controls_audit(const struct control_in *in, struct audit *ret, struct err *e)
{
	CLEANUP(filter_spec_owned_done) struct filter_spec_owned stored = { 0 };
	CLEANUP_AUDIT struct audit a = { 0 };
	struct control_in mine = *in;

	a.host = xstrdup(in->facts->hostname ? in->facts->hostname : "");
	str_make_clean(a.host);
	a.time = os_now(in->os, OS_REALTIME) / 1000000000;
	if (own_filter(in, &stored))
		mine.own_filter = &stored.spec;
	for (size_t i = 0; i < control_families_count; i++)
		for (const struct control *c = control_families[i]; c->id; c++)
			look(&mine, c, &a);
	if (check_waived(in->policy, &a, e) < 0)
		return -1;
	audit_grade(&a);
	*ret = a;
	a = (struct audit){ 0 };
	return 0;
}
