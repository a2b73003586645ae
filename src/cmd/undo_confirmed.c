// SPDX-License-Identifier: MIT
/* undo_confirmed.c - see undo_confirmed.h. */
#include "cmd/undo_confirmed.h"

#include <stdio.h>

#include "base/i18n.h"
#include "controls/inverse.h"
#include "report/plan_report.h"
#include "setup/carry_out.h"

/* The newest that is confirmed, undoes nothing itself and was not undone. */
static int find_newest(struct os *os, const struct strv *ids, struct txn *ret, struct err *e)
{
	for (size_t i = ids->count; i-- > 0;) {
		CLEANUP_TXN struct txn t = { 0 };
		int undone;

		if (txn_open(os, ids->item[i], &t, e) < 0)
			return -1;
		if (!txn_is_confirmed(&t) || t.plan.undoes)
			continue;
		undone = txn_was_undone(os, ids, t.id, e);
		if (undone < 0)
			return -1;
		if (undone)
			continue;
		*ret = t;
		t = (struct txn){ 0 };
		return 0;
	}
	return err_set(e, ERR_FAILED, _("there is nothing to undo; see: kannuki log"));
}

static int find_named(struct os *os, const struct strv *ids, const char *id, struct txn *ret,
		      struct err *e)
{
	int undone = txn_was_undone(os, ids, id, e);

	if (undone < 0 || txn_open(os, id, ret, e) < 0)
		return -1;
	if (undone)
		return err_set(e, ERR_FAILED, _("transaction %s was undone already"), id);
	if (!txn_is_confirmed(ret))
		return err_set(e, ERR_FAILED,
			       _("transaction %s changed nothing that is still in force"), id);
	return 0;
}

int undo_confirmed(struct call *c, const char *id, struct err *e)
{
	CLEANUP_STRV struct strv ids = { 0 };
	CLEANUP_TXN struct txn t = { 0 };
	CLEANUP_FACTS struct facts f = { 0 };
	CLEANUP_PLAN struct plan p = { 0 };
	CLEANUP_STR struct str s = { 0 };
	const struct facts_query q = { .bans = true }; /* who may become root, of all */
	const char *window = opts_get(&c->opts, "window");
	struct apply_wish wish = { .yes = opts_has(&c->opts, "yes"),
				   .wait = !opts_has(&c->opts, "no-wait") };

	if ((window && window_parse(window, &wish.window_seconds, e) < 0) ||
	    txn_list(c->os, &ids, e) < 0 ||
	    (id ? find_named(c->os, &ids, id, &t, e) : find_newest(c->os, &ids, &t, e)) < 0 ||
	    facts_gather(c->os, &q, &f, e) < 0 || controls_inverse(c->os, &f, &t, &p, e) < 0)
		return -1;
	printf(_("This takes transaction %s back:\n"), t.id);
	report_plan_steps(&p, &s);
	fputs(s.text ? s.text : "", stdout);
	if (p.warnings.count > 0)
		printf("%s\n", _("Worth a second look:"));
	for (size_t i = 0; i < p.warnings.count; i++)
		printf("  %s\n", p.warnings.item[i]);
	fflush(stdout);
	return apply_plan(c->os, &p, &f, &wish, e);
}
