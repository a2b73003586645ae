// SPDX-License-Identifier: MIT
/* inverse.c - see inverse.h. */
#include "controls/inverse.h"

#include <fnmatch.h>
#include <string.h>

#include "base/i18n.h"
#include "controls/bans.h"
#include "steps/account.h"
#include "steps/bans.h"
#include "steps/change.h"
#include "steps/file.h"
#include "steps/guard.h"
#include "steps/journal.h"
#include "steps/nft.h"
#include "steps/reverse.h"
#include "steps/services.h"
#include "steps/sshd.h"
#include "steps/sysctl.h"
#include "steps/unit.h"
#include "steps/updates.h"

/* What a path was before the first step of the transaction and after the last one. */
struct fate {
	char *path;
	struct node before, after;
};

struct fates {
	struct fate *fate;
	size_t count;
};

static void fates_done(struct fates *f)
{
	for (size_t i = 0; i < f->count; i++) {
		free(f->fate[i].path);
		node_done(&f->fate[i].before);
		node_done(&f->fate[i].after);
	}
	free(f->fate);
	*f = (struct fates){ 0 };
}
#define CLEANUP_FATES CLEANUP(fates_done)

static struct fate *fate_of(struct fates *f, const char *path)
{
	for (size_t i = 0; i < f->count; i++)
		if (str_eq(f->fate[i].path, path))
			return &f->fate[i];
	return NULL;
}

static void add_fate(struct fates *f, const char *path, const struct node *before,
		     const struct node *after)
{
	struct fate *one = fate_of(f, path);

	if (!one) {
		f->fate = xrealloc(f->fate, f->count + 1, sizeof(*one));
		one = &f->fate[f->count++];
		*one = (struct fate){ .path = xstrdup(path) };
		node_copy(before, &one->before);
	}
	node_done(&one->after);
	if (after)
		node_copy(after, &one->after);
}

/* Later forms of a file replace earlier ones; the first pre-image is what was there at the start. */
static int collect(struct os *os, const struct txn *t, const struct step_kind *kind,
		   struct fates *ret, struct err *e)
{
	for (size_t i = 0; i < t->plan.count; i++) {
		CLEANUP_IMAGE struct image pre = { 0 }, post = { 0 };
		int r;

		if (kind ? t->plan.step[i].kind != kind : t->plan.step[i].kind == &step_account)
			continue;
		r = txn_pre_image(os, t, i, &pre, e);
		if (r == 0)
			r = txn_post_image(os, t, i, &post, e);
		if (r < 0)
			return -1;
		for (size_t j = 0; r == 0 && j < pre.count; j++)
			add_fate(ret, pre.item[j].path, &pre.item[j].node,
				 image_node(&post, pre.item[j].path));
	}
	return 0;
}

/* The first later transaction that touched this path and is still in force, or NULL: then it was none. */
static char *who_touched(struct os *os, const struct txn *t, const char *path)
{
	CLEANUP_STRV struct strv ids = { 0 };
	struct err ignored = { 0 };

	if (txn_list(os, &ids, &ignored) < 0)
		return NULL;
	for (size_t i = 0; i < ids.count; i++) {
		CLEANUP_TXN struct txn later = { 0 };
		CLEANUP_FATES struct fates f = { 0 };

		if (strcmp(ids.item[i], t->id) <= 0 ||
		    txn_open(os, ids.item[i], &later, &ignored) < 0)
			continue;
		if (txn_is_confirmed(&later) && !later.plan.undoes &&
		    txn_was_undone(os, &ids, ids.item[i], &ignored) == 0 &&
		    collect(os, &later, NULL, &f, &ignored) == 0 && fate_of(&f, path))
			return xstrdup(ids.item[i]);
	}
	return NULL;
}

#define PORTS_MAX 16

/* Ports of a step "sshd". */
static void ports_of(const struct step *s, unsigned *port, size_t *count)
{
	json_t *list = json_object_get(s->args, "ports"), *one;
	size_t i;

	*count = 0;
	json_array_foreach (list, i, one)
		if (*count < PORTS_MAX)
			port[(*count)++] = (unsigned)json_integer_value(one);
}

struct ssh_history {
	const struct step *waiting; /* the form of the waiting time: both doors open; or NULL */
	const struct step *last;
	unsigned old_port[PORTS_MAX];
	size_t old_count;
	bool moved; /* the port changed */
};

/* While the transaction waited, sshd listened on the old ports and the new one; in the end on the
 * new one: what is in the one list and not in the other are the old ports. */
static void read_history(const struct txn *t, struct ssh_history *h)
{
	unsigned both[PORTS_MAX], end[PORTS_MAX];
	size_t both_count = 0, end_count = 0;

	for (size_t i = 0; i < t->plan.count; i++) {
		const struct step *s = &t->plan.step[i];

		if (s->kind != &step_sshd)
			continue;
		if (s->phase != PHASE_FINISH)
			h->waiting = s;
		h->last = s;
	}
	if (!h->last)
		return;
	ports_of(h->last, end, &end_count);
	if (h->waiting)
		ports_of(h->waiting, both, &both_count);
	for (size_t i = 0; i < both_count; i++) {
		bool stays = false;

		for (size_t j = 0; j < end_count; j++)
			stays = stays || both[i] == end[j];
		if (!stays)
			h->old_port[h->old_count++] = both[i];
	}
	h->moved = h->old_count > 0;
	for (size_t i = 0; !h->moved && i < end_count; i++)
		h->old_port[h->old_count++] = end[i];
}

/* An inverse in the making. */
struct inverse {
	struct os *os;
	const struct facts *facts;
	const struct txn *txn; /* what is taken back */
	struct ssh_history history;
	bool *left_out; /* by step: somebody else has changed since what it made */
};

/* --- what others have changed since ------------------------------------------------------- */

/* Left as it is, while all else goes back, it would leave a door or a right half open. */
static bool is_of_a_door(const struct step *s)
{
	static const struct step_kind *const others[] = { &step_file,	  &step_unit,
							  &step_services, &step_updates,
							  &step_sysctl,	  &step_journal };

	for (size_t i = 0; i < COUNT(others); i++)
		if (s->kind == others[i])
			return str_starts(s->id, "ssh.") || str_starts(s->id, "filter.") ||
			       str_eq(s->id, "account.sudo");
	return true;
}

/* Each package with a script of its own has the links of all numbered anew (insserv); the undo of a service puts
 * back what was there whatever their numbers are. */
static bool is_numbered_link(const char *path)
{
	return fnmatch("/etc/rc?.d/[SK][0-9][0-9]*", path, 0) == 0;
}

/* The steps that touched this path stay out of the inverse. */
static int leave_out(struct inverse *v, const char *path, struct plan *p, struct err *e)
{
	const struct txn *t = v->txn;

	for (size_t i = 0; i < t->plan.count; i++) {
		const struct step *s = &t->plan.step[i];
		CLEANUP_IMAGE struct image pre = { 0 };
		int r = txn_pre_image(v->os, t, i, &pre, e);

		if (r < 0)
			return -1;
		if (r > 0 || s->kind == &step_account || !image_node(&pre, path))
			continue;
		if (is_of_a_door(s))
			return err_set(e, ERR_CONFLICT,
				       _("%s was changed by someone else since then; put it in "
					 "order first"),
				       path);
		if (!v->left_out[i])
			strv_addf(&p->warnings,
				  _("%s: stays, for %s was changed by someone else since then"),
				  s->title, path);
		v->left_out[i] = true;
	}
	return 0;
}

/* What a later transaction has changed has to be taken back first. */
static int look_for_others(struct inverse *v, struct plan *p, struct err *e)
{
	CLEANUP_FATES struct fates f = { 0 };

	if (collect(v->os, v->txn, NULL, &f, e) < 0)
		return -1;
	for (size_t i = 0; i < f.count; i++) {
		const char *path = f.fate[i].path;
		CLEANUP_NODE struct node now = { 0 };
		CLEANUP_FREE char *who = NULL;

		if (os_get(v->os, path, &now, e) < 0)
			return -1;
		if (node_eq(&now, &f.fate[i].after) || node_eq(&now, &f.fate[i].before) ||
		    is_numbered_link(path))
			continue;
		who = who_touched(v->os, v->txn, path);
		if (who)
			return err_set(
				e, ERR_CONFLICT,
				_("%s was changed again by transaction %s; undo that one first"),
				path, who);
		if (leave_out(v, path, p, e) < 0)
			return -1;
	}
	return 0;
}

/* --- the doors of now and then ------------------------------------------------------------ */

static struct change *changes_of(const struct fates *f, bool after)
{
	struct change *change = xcalloc(f->count, sizeof(*change));

	for (size_t i = 0; i < f->count; i++) {
		const struct node *n = after ? &f->fate[i].after : &f->fate[i].before;

		change[i] = (struct change){
			.path = f->fate[i].path, .type = n->type, .text = n->data, .mode = n->mode
		};
	}
	return change;
}

/* Where sshd listens with its former files: it says so itself. A port that stayed is in no list of the
 * transaction's. With a socket unit, or where sshd does not answer, those that were left. */
static size_t former_ports(const struct inverse *v, const struct fates *f, unsigned port[PORTS_MAX])
{
	const struct sshd *sshd = &v->facts->sshd;
	const struct sshd_view *root = sshd_view_of(sshd, "root", 0);
	CLEANUP_FREE struct run_stage *stage = xcalloc(f->count + 1, sizeof(*stage));
	struct sshd_form form = { .sshd = sshd, .stage = stage };
	CLEANUP(sshd_view_done) struct sshd_view view = { 0 };
	CLEANUP_STRV struct strv said = { 0 };
	struct err ignored = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < f->count; i++)
		if (str_starts(f->fate[i].path, "/etc/ssh/"))
			stage[form.stage_count++] = (struct run_stage){
				.path = f->fate[i].path,
				.data = f->fate[i].before.data,
				.mode = f->fate[i].before.mode,
			};
	if (root && !sshd->socket_unit &&
	    sshd_view_staged(v->os, &form, root, &view, &ignored) == 0)
		strv_split(&said, sshd_value(&view, "port"), "\n");
	for (size_t i = 0; i < said.count && count < PORTS_MAX; i++) {
		uint64_t n;

		if (str_to_u64(said.item[i], 1, 65535, &n) == 0)
			port[count++] = (unsigned)n;
	}
	for (size_t i = 0; said.count == 0 && i < v->history.old_count; i++)
		port[count++] = v->history.old_port[i];
	return count;
}

/* The former files of sshd, in force. */
static int add_former_sshd(const struct inverse *v, struct plan *p, struct err *e)
{
	const struct ssh_history *h = &v->history;
	CLEANUP_FATES struct fates f = { 0 };
	CLEANUP_FREE struct change *change = NULL;
	unsigned port[PORTS_MAX];
	struct step_sshd_spec spec = {
		.sshd = &v->facts->sshd, .port = port, .v4 = true, .v6 = true
	};
	json_t *v6 = json_object_get(h->last->args, "v6"),
	       *v4 = json_object_get(h->last->args, "v4");

	if (collect(v->os, v->txn, &step_sshd, &f, e) < 0)
		return -1;
	spec.port_count = former_ports(v, &f, port);
	change = changes_of(&f, false);
	spec.change = change;
	spec.change_count = f.count;
	spec.v4 = json_is_true(v4);
	spec.v6 = json_is_true(v6);
	step_words(plan_add(p, &step_sshd, h->moved ? PHASE_FINISH : PHASE_RESTRICT, "undo.ssh",
			    step_sshd_args(&spec)),
		   _("sshd: the former configuration"), _("you asked for the former state"),
		   _("the present configuration comes back"));
	return 0;
}

/* sshd's files while the transaction waited: as its steps before the proof left them, and of those that only the
 * end has changed, what was there at first. */
static int collect_waiting(const struct inverse *v, struct fates *ret, struct err *e)
{
	const struct txn *t = v->txn;

	for (size_t i = 0; i < t->plan.count; i++) {
		bool finish = t->plan.step[i].phase == PHASE_FINISH;
		CLEANUP_IMAGE struct image pre = { 0 }, post = { 0 };
		int r;

		if (t->plan.step[i].kind != &step_sshd)
			continue;
		r = txn_pre_image(v->os, t, i, &pre, e);
		if (r == 0)
			r = txn_post_image(v->os, t, i, &post, e);
		if (r < 0)
			return -1;
		for (size_t j = 0; r == 0 && j < pre.count; j++) {
			const struct node *was = &pre.item[j].node;
			const char *path = pre.item[j].path;

			if (!finish || !fate_of(ret, path))
				add_fate(ret, path, was, finish ? was : image_node(&post, path));
		}
	}
	return 0;
}

static int add_waiting_sshd(const struct inverse *v, struct plan *p, struct err *e)
{
	CLEANUP_FATES struct fates f = { 0 };
	CLEANUP_FREE struct change *change = NULL;
	json_t *args;

	if (collect_waiting(v, &f, e) < 0)
		return -1;
	change = changes_of(&f, true);
	args = json_deep_copy(v->history.waiting->args);
	json_object_set_new(args, "changes", changes_json(change, f.count));
	step_words(plan_add(p, &step_sshd, PHASE_ADD, "undo.ssh", args),
		   _("sshd: open the former door beside the present one"),
		   _("the former door must be there before the present one goes"),
		   _("the present configuration comes back"));
	/* What is there by now: look_for_others() has compared it with the journal. */
	return changes_expect_present(v->os, json_object_get(args, "changes"), e);
}

/* Both doors open: the very form in which the transaction waited for its own proof. */
static int add_waiting_forms(const struct inverse *v, struct plan *p, struct err *e)
{
	const struct txn *t = v->txn;

	if (v->history.moved && add_waiting_sshd(v, p, e) < 0)
		return -1;
	for (size_t i = 0; i < t->plan.count; i++) {
		const struct step *s = &t->plan.step[i];

		if (s->kind != &step_nft || s->phase == PHASE_FINISH)
			continue;
		step_words(
			plan_add(p, &step_nft, PHASE_ADD, "undo.filter", json_deep_copy(s->args)),
			_("packet filter: open the former door beside this one"),
			_("the former door must be there before the present one goes"),
			_("the present filter comes back"));
	}
	return 0;
}

static void add_reverse(const struct txn *t, size_t i, enum step_phase phase, struct plan *p)
{
	const struct step *s = &t->plan.step[i];
	CLEANUP_FREE char *title = xasprintf(_("take back: %s"), s->title);

	step_words(plan_add(p, &step_reverse, phase, "undo.step", step_reverse_args(t->id, i)),
		   title, _("you asked for the former state"), _("what is there now comes back"));
}

/* The table in the kernel has one former state: that before its first step. */
static bool is_first_nft(const struct txn *t, size_t step)
{
	for (size_t i = 0; i < step; i++)
		if (t->plan.step[i].kind == &step_nft)
			return false;
	return true;
}

static int add_steps_back(const struct inverse *v, struct plan *p, struct err *e)
{
	const struct txn *t = v->txn;
	enum step_phase phase = p->needs_proof ? PHASE_FINISH : PHASE_ADD;

	for (size_t i = t->plan.count; i-- > 0;) {
		const struct step *s = &t->plan.step[i];

		if (s == v->history.last && add_former_sshd(v, p, e) < 0)
			return -1;
		/* What the finish did not come to, or fell back from, left nothing. */
		if (!journal_last(&t->journal, RECORD_DONE, (uint32_t)i))
			continue;
		if (v->left_out[i] || s->kind == &step_sshd || s->kind == &step_ban_pause ||
		    (s->kind == &step_nft && !is_first_nft(t, i)))
			continue;
		/* It takes whom it has banned with it, which nothing brings back. */
		add_reverse(t, i, s->kind == &step_guard ? PHASE_FINISH : phase, p);
	}
	return 0;
}

static bool was_created_by(const struct txn *t, const char *user)
{
	for (size_t i = 0; i < t->plan.count; i++) {
		json_t *args = t->plan.step[i].args;

		if (t->plan.step[i].kind == &step_account &&
		    json_is_true(json_object_get(args, "create")) &&
		    str_eq(json_string_value(json_object_get(args, "user")), user))
			return true;
	}
	return false;
}

/* A password, or a key that does more than name another user, as images have it for root. */
static bool has_a_way_in(const struct account *a)
{
	if (a->password == PASSWORD_SET)
		return true;
	for (size_t i = 0; i < a->key_count; i++)
		if (!strstr(a->key[i].options, "command="))
			return true;
	return false;
}

/* Who could prove the former door and will still be there: root, and whoever becomes root by sudo. A login of
 * a user that goes with the undo would show nothing. */
static bool may_prove(const struct txn *t, const struct account *a)
{
	bool root = a->uid == 0 || a->sudo_nopasswd || a->sudo_any;

	return root && a->can_login && has_a_way_in(a) && !was_created_by(t, a->name);
}

static void add_door(struct plan *p, const char *user, const struct ssh_history *h)
{
	for (size_t i = 0; i < h->old_count; i++) {
		plan_add_door(p, user, h->old_port[i], "publickey");
		plan_add_door(p, user, h->old_port[i], "password");
	}
}

/* By what worked then. */
static void add_doors(const struct inverse *v, struct plan *p)
{
	for (size_t i = 0; i < v->facts->account_count; i++)
		if (may_prove(v->txn, &v->facts->account[i]))
			add_door(p, v->facts->account[i].name, &v->history);
	if (p->door_count == 0)
		add_door(p, "root", &v->history);
}

int controls_inverse(struct os *os, const struct facts *facts, const struct txn *t,
		     struct plan *ret, struct err *e)
{
	CLEANUP_PLAN struct plan p = { .needs_proof = t->plan.needs_proof };
	CLEANUP_FREE bool *left_out = xcalloc(t->plan.count + 1, sizeof(*left_out));
	struct inverse v = { .os = os, .facts = facts, .txn = t, .left_out = left_out };
	struct ssh_history *h = &v.history;

	if (look_for_others(&v, &p, e) < 0)
		return -1;
	p.undoes = xstrdup(t->id);
	p.policy_text = xstrdup("");
	read_history(t, h);
	if (p.needs_proof) {
		/* A transaction that only closed the filter around SSH: the doors are those of now. */
		for (size_t i = 0;
		     !h->last && i < facts->sshd.port_count && h->old_count < COUNT(h->old_port);
		     i++)
			h->old_port[h->old_count++] = facts->sshd.port[i];
		add_doors(&v, &p);
		if (add_waiting_forms(&v, &p, e) < 0)
			return -1;
		bans_pause(facts, &p);
	}
	if (add_steps_back(&v, &p, e) < 0)
		return -1;
	if (p.count == 0 && p.warnings.count > 0)
		return err_set(e, ERR_CONFLICT, _("nothing of it can be taken back: %s"),
			       p.warnings.item[0]);
	plan_sort(&p);
	*ret = p;
	p = (struct plan){ 0 };
	return 0;
}
