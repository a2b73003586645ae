// SPDX-License-Identifier: MIT
/*
 * leave.c - what a package's removal runs while the program is still there: refuses while a transaction is
 * under way, hands the packet filter on to nft, and says what stays on this host.
 */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/layout.h"
#include "cmd/cmd.h"
#include "controls/audit_daily.h"
#include "controls/filter.h"
#include "controls/restart_units.h"
#include "core/restart.h"
#include "core/txn.h"
#include "steps/account.h"

/* Said again by a later purge, when no program can say it any more. */
#define STAYS "/var/lib/kannuki/stays"

static int nothing_under_way(struct os *os, struct err *e)
{
	CLEANUP_TXN struct txn t = { 0 };
	int r = txn_open_active(os, &t, e);

	if (r == 0)
		r = txn_expect_certain(&t, e);
	if (r < 0)
		return -1;
	if (r == 1 || !t.id)
		return 0;
	if (t.state == TXN_ENDED)
		return err_set(e, ERR_CONFLICT,
			       _("something is left of transaction %s; first: kannuki recover"),
			       t.id);
	return err_set(e, ERR_CONFLICT,
		       _("transaction %s is under way, and kannuki is what ends it. First prove it "
			 "(kannuki confirm) or take it back (kannuki undo)"),
		       t.id);
}

struct stay {
	char *path; /* NULL: the title says all */
	char *title;
};

struct stays {
	struct stay *item;
	size_t count;
};

static void stays_done(struct stays *s)
{
	for (size_t i = 0; i < s->count; i++) {
		free(s->item[i].path);
		free(s->item[i].title);
	}
	free(s->item);
}

/* The last step that touched a path names it. */
static void add_stay(struct stays *s, const char *path, const char *title)
{
	for (size_t i = 0; path && i < s->count; i++) {
		if (!str_eq(s->item[i].path, path))
			continue;
		free(s->item[i].title);
		s->item[i].title = xstrdup(title);
		return;
	}
	s->item = xrealloc(s->item, s->count + 1, sizeof(*s->item));
	s->item[s->count++] = (struct stay){ path ? xstrdup(path) : NULL, xstrdup(title) };
}

/* What goes with the program, and what is told by itself. */
static bool is_own(const char *path)
{
	return str_eq(path, "/etc/kannuki") || str_starts(path, "/etc/kannuki/") ||
	       str_eq(path, PROGRAM_PATH) || str_eq(path, PROGRAM_PACKAGED) ||
	       str_ends(path, "/" FILTER_UNIT) || str_ends(path, "/" AUDIT_TIMER) ||
	       str_ends(path, "/" AUDIT_SERVICE) || str_ends(path, "/" RESTART_TIMER) ||
	       str_ends(path, "/" RESTART_SERVICE);
}

static int add_step(struct os *os, const struct txn *t, size_t step, struct stays *s, struct err *e)
{
	const struct step *one = &t->plan.step[step];
	CLEANUP_IMAGE struct image post = { 0 };
	int r;

	if (!journal_last(&t->journal, RECORD_DONE, (uint32_t)step))
		return 0;
	if (one->kind == &step_account) {
		add_stay(s, NULL, one->title);
		return 0;
	}
	r = txn_post_image(os, t, step, &post, e);
	for (size_t i = 0; r == 0 && i < post.count; i++) {
		CLEANUP_NODE struct node now = { 0 };

		if (post.item[i].node.type == NODE_ABSENT || is_own(post.item[i].path))
			continue;
		if (os_get(os, post.item[i].path, &now, e) < 0)
			return -1;
		if (now.type == NODE_FILE || now.type == NODE_LINK)
			add_stay(s, post.item[i].path, one->title);
	}
	return r < 0 ? -1 : 0;
}

static int collect(struct os *os, struct stays *s, struct err *e)
{
	CLEANUP_STRV struct strv ids = { 0 };

	if (txn_list(os, &ids, e) < 0)
		return -1;
	for (size_t i = 0; i < ids.count; i++) {
		CLEANUP_TXN struct txn t = { 0 };
		struct err strange = { 0 };

		/* Of another machine or of a newer program: nothing of it is known, and the rest is said. */
		if (txn_open(os, ids.item[i], &t, &strange) < 0 || !txn_is_confirmed(&t) ||
		    t.plan.undoes || txn_was_undone(os, &ids, ids.item[i], &strange) == 1)
			continue;
		for (size_t j = 0; j < t.plan.count; j++)
			if (add_step(os, &t, j, s, e) < 0)
				return -1;
	}
	return 0;
}

static void describe(const struct stays *s, bool filter, struct str *ret)
{
	if (s->count == 0 && !filter)
		return;
	layout_text(ret, _("What kannuki has set up stays, and works without it:"));
	for (size_t i = 0; i < s->count; i++) {
		const struct stay *one = &s->item[i];

		if (one->path)
			layout_itemf(ret, "  ", "%s: %s", one->path, one->title);
		else
			layout_item(ret, "  ", one->title);
	}
	if (filter)
		layout_itemf(ret, "  ", _("%s: the packet filter, which nft loads at boot (%s)"),
			     FILTER_LEFT, FILTER_UNIT);
}

static int run(struct call *c, struct err *e)
{
	CLEANUP(stays_done) struct stays stays = { 0 };
	CLEANUP_STR struct str s = { 0 };
	int filter;

	if (nothing_under_way(c->os, e) < 0 || collect(c->os, &stays, e) < 0)
		return -1;
	filter = filter_leave(c->os, e);
	if (filter < 0)
		return err_ctx(e, _("handing the packet filter on"));
	if (audit_daily_leave(c->os, e) < 0 || restart_units_leave(c->os, e) < 0)
		return -1;
	describe(&stays, filter == 0, &s);
	if (!s.text)
		return EXIT_DONE;
	fputs(s.text, stdout);
	return os_write(c->os, STAYS, s.text, 0644, e) < 0 ? -1 : EXIT_DONE;
}

const struct command command_leave = {
	.name = "leave",
	.words = "",
	.summary = N_("what stays when the program is removed (run by its package)"),
	.hidden = true,
	.as_root = true,
	.run = run,
};
