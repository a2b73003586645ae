// SPDX-License-Identifier: MIT
/* txn.c - the folder of a transaction, its lock and its state; see txn.h. txn_state.c
 * reads its state, txn_run.c carries out. */
#include "core/txn.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "core/deadman.h"
#include "core/selinux.h"

#define STATE_ROOT "/var/lib/kannuki"
#define LOCK_DIR   "/run/kannuki"

/* Kept free for undo: a staged copy of each file it puts back, on a disk that filled up meanwhile. */
#define RESERVE_BYTES ((size_t)2 << 20)

void txn_done(struct txn *t)
{
	free(t->id);
	free(t->dir);
	plan_done(&t->plan);
	journal_done(&t->journal);
	*t = (struct txn){ 0 };
}

/* Somebody has removed ACTIVE: the journal of one that began and has not ended still says so. 1: there is none. */
static int lost_active(struct os *os, char **ret_id, struct err *e)
{
	CLEANUP_STRV struct strv ids = { 0 };

	if (txn_list(os, &ids, e) < 0)
		return -1;
	for (size_t i = ids.count; i-- > 0;) {
		CLEANUP_TXN struct txn t = { 0 };
		struct err not_ours = { 0 };
		int tidy = txn_is_tidy(os, ids.item[i], e);

		if (tidy < 0)
			return -1;
		if (tidy || txn_open(os, ids.item[i], &t, &not_ours) < 0 || t.doubt != DOUBT_NONE ||
		    t.state == TXN_PREPARED || t.state == TXN_ENDED)
			continue;
		*ret_id = xstrdup(t.id);
		return 0;
	}
	return 1;
}

/* 1: it has a folder. */
static int txn_exists(struct os *os, const char *id, struct err *e)
{
	CLEANUP_FREE char *path = xasprintf("%s/%s", TXN_ROOT, id);
	CLEANUP_NODE struct node n = { 0 };

	return os_get(os, path, &n, e) < 0 ? -1 : n.type == NODE_DIR;
}

int txn_active(struct os *os, char **ret_id, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	int r = os_read(os, TXN_ACTIVE, &text, e);

	if (r == 1)
		r = lost_active(os, ret_id, e);
	else if (r == 0)
		*ret_id = xstrdup(str_trim(text));
	return r < 0 ? err_ctx(e, _("active transaction")) : r;
}

int txn_list(struct os *os, struct strv *ret, struct err *e)
{
	CLEANUP_STRV struct strv names = { 0 };

	if (os_list(os, TXN_ROOT, &names, e) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++)
		if (!str_eq(names.item[i], "ACTIVE") && names.item[i][0] != '.')
			strv_add(ret, names.item[i]);
	return 0;
}

bool txn_is_confirmed(const struct txn *t)
{
	return t->state == TXN_ENDED && t->confirmed;
}

const struct record *txn_remark(const struct txn *t, size_t *at)
{
	while (*at < t->journal.count) {
		const struct record *r = &t->journal.record[(*at)++];

		if (r->type == RECORD_NOTE && r->step != JOURNAL_NO_STEP)
			return r;
	}
	return NULL;
}

int txn_was_undone(struct os *os, const struct strv *ids, const char *id, struct err *e)
{
	for (size_t i = 0; i < ids->count; i++) {
		CLEANUP_TXN struct txn t = { 0 };

		if (txn_open(os, ids->item[i], &t, e) < 0)
			return -1;
		if (txn_is_confirmed(&t) && str_eq(t.plan.undoes, id))
			return 1;
	}
	return 0;
}

int txn_lock_or_who(struct os *os, unsigned wait_ms, int *ret_token, pid_t *ret_holder,
		    struct err *e)
{
	int r;

	*ret_holder = 0;
	/* /run/lock is writable by all: a stranger could hold or plant it. */
	if (os_mkdir(os, LOCK_DIR, 0700, e) < 0)
		return err_ctx(e, _("lock"));
	r = os_lock(os, LOCK_DIR "/lock", wait_ms, ret_token, ret_holder, e);
	if (r == 1)
		return err_set(
			e, ERR_CONFLICT,
			_("another kannuki is at work (process %d); try again when it is done"),
			(int)*ret_holder);
	return r;
}

int txn_lock(struct os *os, unsigned wait_ms, int *ret_token, struct err *e)
{
	pid_t holder;

	return txn_lock_or_who(os, wait_ms, ret_token, &holder, e);
}

static bool is_id(const char *text)
{
	static const char form[] = "00000000-000000";

	for (size_t i = 0; i < strlen(form); i++)
		if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	return text[strlen(form)] == '\0';
}

int txn_open(struct os *os, const char *id, struct txn *ret, struct err *e)
{
	CLEANUP_TXN struct txn t = { .id = xstrdup(id), .dir = xasprintf("%s/%s", TXN_ROOT, id) };
	CLEANUP_FREE char *path = xasprintf("%s/plan", t.dir);
	CLEANUP_FREE char *text = NULL;
	int r;

	if (!is_id(id))
		return err_set(e, ERR_USAGE, _("\"%s\" is not the id of a transaction"), id);
	r = os_read(os, path, &text, e);
	if (r == 1)
		return err_set(e, ERR_USAGE, _("there is no transaction %s; see: kannuki log"), id);
	if (r < 0 || plan_decode(text, &t.plan, e) < 0 || txn_refresh(os, &t, e) < 0)
		return err_ctx(e, "%s", id);
	*ret = t;
	t = (struct txn){ 0 };
	return 0;
}

int txn_open_active(struct os *os, struct txn *ret, struct err *e)
{
	CLEANUP_FREE char *id = NULL;
	int r = txn_active(os, &id, e);

	if (r != 0)
		return r;
	if (!is_id(id))
		return err_set(e, ERR_CONFLICT,
			       _("%s is damaged: it names no transaction. What there is: kannuki "
				 "log. If this server is as you want it: rm %s"),
			       TXN_ACTIVE, TXN_ACTIVE);
	r = txn_exists(os, id, e);
	if (r == 0)
		return err_set(e, ERR_CONFLICT,
			       _("transaction %s is under way, says %s, but its folder is not "
				 "there. If this server is as you want it: rm %s"),
			       id, TXN_ACTIVE, TXN_ACTIVE);
	return r < 0 ? r : txn_open(os, id, ret, e);
}

static int write_in(struct os *os, const struct txn *t, const char *name, const struct node *file,
		    struct err *e)
{
	CLEANUP_FREE char *path = xasprintf("%s/%s", t->dir, name);

	return os_put(os, path, NULL, file, e);
}

static int make_folders(struct os *os, const struct txn *t, struct err *e)
{
	static const char *const inside[] = { "pre", "post", "displaced" };

	if (os_mkdir(os, STATE_ROOT, 0700, e) < 0 || os_mkdir(os, TXN_ROOT, 0700, e) < 0 ||
	    os_mkdir(os, t->dir, 0700, e) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(inside); i++) {
		CLEANUP_FREE char *path = xasprintf("%s/%s", t->dir, inside[i]);

		if (os_mkdir(os, path, 0700, e) < 0)
			return -1;
	}
	return 0;
}

/* A folder that is mounted noexec, or a label that forbids it, shows here and not at the deadline. */
static int program_runs(struct os *os, const struct txn *t, struct err *e)
{
	CLEANUP_FREE char *path = xasprintf("%s/recover", t->dir);

	if (os_run_ok(os, ARGV(path, "--version"), NULL, e) < 0)
		return err_ctx(
			e, _("the copy that would undo does not run (is /var mounted noexec?)"));
	return 0;
}

static int fill_folder(struct os *os, const struct txn *t, const struct plan *plan,
		       const struct node *program, struct err *e)
{
	CLEANUP_FREE char *text = plan_encode(plan);
	CLEANUP_FREE char *log = xasprintf("%s/log", t->dir);
	CLEANUP_FREE char *zeros = xcalloc(RESERVE_BYTES, 1);
	const struct node steps = {
		.type = NODE_FILE, .mode = 0600, .data = text, .len = strlen(text)
	};
	const struct node reserve = {
		.type = NODE_FILE, .mode = 0600, .data = zeros, .len = RESERVE_BYTES
	};
	CLEANUP_NODE struct node recover = { .type = NODE_FILE, .mode = 0700, .len = program->len };

	recover.data = xmemdup(program->data, program->len + 1);
	if (selinux_label_program(os, &recover, e) < 0 || make_folders(os, t, e) < 0 ||
	    write_in(os, t, "plan", &steps, e) < 0 || write_in(os, t, "recover", &recover, e) < 0 ||
	    write_in(os, t, "reserve", &reserve, e) < 0 || journal_create(os, log, e) < 0)
		return -1;
	return program_runs(os, t, e);
}

/* Two in one second get the next free second: ids stay sortable and easy to type. One that ended is
 * not free, though its folder be gone: clocks are set back. */
static int new_id(struct os *os, char **ret, struct err *e)
{
	time_t at = (time_t)(os_now(os, OS_REALTIME) / 1000000000);

	for (int i = 0; i < 3600; i++, at++) {
		CLEANUP_FREE char *path = NULL;
		CLEANUP_NODE struct node n = { 0 };
		char id[32];
		struct tm tm;
		int ended;

		gmtime_r(&at, &tm);
		strftime(id, sizeof(id), "%Y%m%d-%H%M%S", &tm);
		path = xasprintf("%s/%s", TXN_ROOT, id);
		if (os_get(os, path, &n, e) < 0)
			return -1;
		ended = txn_has_ended(os, id, e);
		if (ended < 0)
			return -1;
		if (n.type == NODE_ABSENT && !ended) {
			*ret = xstrdup(id);
			return 0;
		}
	}
	return err_set(e, ERR_FAILED, _("no free transaction id"));
}

/* What a transaction takes of the disk, images and all, in whole MB with some to spare. */
static size_t needed_bytes(const struct node *program)
{
	size_t files = program->len + RESERVE_BYTES + (size_t)JOURNAL_SLOT * JOURNAL_SLOTS;

	return files + ((size_t)2 << 20);
}

int txn_prepare(struct os *os, const struct plan *plan, const struct node *program, struct txn *ret,
		struct err *e)
{
	CLEANUP_TXN struct txn t = { 0 };
	CLEANUP_FREE char *active = NULL;
	CLEANUP_FREE char *line = NULL;
	struct node absent = { .type = NODE_ABSENT };
	CLEANUP_NODE struct node mark = { 0 };
	int r = txn_active(os, &active, e);

	if (r < 0)
		return r;
	if (r == 0)
		return err_set(e, ERR_CONFLICT,
			       _("transaction %s is still under way; see: kannuki status"), active);
	if (plan->count > TXN_STEPS_MAX)
		return err_set(e, ERR_FAILED, _("the plan has more than %d steps"), TXN_STEPS_MAX);
	if (new_id(os, &t.id, e) < 0)
		return -1;
	t.dir = xasprintf("%s/%s", TXN_ROOT, t.id);
	line = xasprintf("%s\n", t.id);
	node_file(&mark, line, 0600);
	if (fill_folder(os, &t, plan, program, e) < 0 ||
	    os_put(os, TXN_ACTIVE, &absent, &mark, e) < 0) {
		struct err ignored = { 0 };

		txn_discard(os, &t, &ignored);
		if (e->sys == ENOSPC || e->sys == EDQUOT)
			return err_ctx(e,
				       _("the disk is full: free %zu MB below %s first (nothing "
					 "was changed)"),
				       needed_bytes(program) >> 20, TXN_ROOT);
		return err_ctx(e, _("preparing (nothing was changed)"));
	}
	return txn_open(os, t.id, ret, e);
}

/* Files of a folder, one level; the folder itself too. */
static int remove_folder(struct os *os, const char *dir, struct err *e)
{
	CLEANUP_STRV struct strv names = { 0 };
	int r = os_list(os, dir, &names, e);

	if (r != 0)
		return r < 0 ? r : 0;
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP_FREE char *path = xasprintf("%s/%s", dir, names.item[i]);
		CLEANUP_NODE struct node n = { 0 };

		if (os_get(os, path, &n, e) < 0)
			return -1;
		if ((n.type == NODE_DIR ? remove_folder(os, path, e) : os_remove(os, path, e)) < 0)
			return -1;
	}
	return os_remove(os, dir, e);
}

static int remove_active(struct os *os, const char *id, struct err *e)
{
	CLEANUP_FREE char *active = NULL;
	int r = txn_active(os, &active, e);

	if (r < 0)
		return r;
	/* Gone already: what a killed run has left beside it goes too. */
	return r > 0 || str_eq(active, id) ? os_remove(os, TXN_ACTIVE, e) : 0;
}

int txn_discard(struct os *os, struct txn *t, struct err *e)
{
	if (remove_active(os, t->id, e) < 0)
		return -1;
	return remove_folder(os, t->dir, e);
}

static int remember_ended(struct os *os, const char *id, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	CLEANUP_FREE char *longer = NULL;
	int r = txn_has_ended(os, id, e);

	if (r < 0 || os_read(os, TXN_ENDED_LIST, &text, e) < 0)
		return -1;
	longer = xasprintf("%s%s%s", text ? text : "", r > 0 ? "" : id, r > 0 ? "" : "\n");
	return os_write(os, TXN_ENDED_LIST, longer, 0600, e);
}

static int remove_in(struct os *os, const struct txn *t, const char *name, struct err *e)
{
	CLEANUP_FREE char *path = xasprintf("%s/%s", t->dir, name);

	return os_remove(os, path, e);
}

/* Images hold password hashes; once all is as before nobody needs them. */
static int remove_images(struct os *os, const struct txn *t, struct err *e)
{
	CLEANUP_FREE char *pre = xasprintf("%s/pre", t->dir);
	CLEANUP_FREE char *post = xasprintf("%s/post", t->dir);

	if (t->confirmed)
		return 0;
	return remove_folder(os, pre, e) < 0 || remove_folder(os, post, e) < 0 ? -1 : 0;
}

/* The program goes last: the layers run it, and it tells txn_tidy that something is left. */
int txn_clear(struct os *os, struct txn *t, bool boot, struct err *e)
{
	if (remember_ended(os, t->id, e) < 0 || remove_in(os, t, "reserve", e) < 0 ||
	    remove_images(os, t, e) < 0 || remove_active(os, t->id, e) < 0 ||
	    deadman_disarm(os, t->id, boot, e) < 0 || remove_in(os, t, "recover", e) < 0)
		return err_ctx(e, _("clearing up after %s"), t->id);
	return 0;
}

int txn_is_tidy(struct os *os, const char *id, struct err *e)
{
	CLEANUP_FREE char *dir = xasprintf("%s/%s", TXN_ROOT, id);
	CLEANUP_STRV struct strv names = { 0 };
	bool log = false, tidy = id[0] != '.';

	if (os_list(os, dir, &names, e) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.item[i];

		log = log || str_eq(name, "log");
		tidy = tidy && !str_eq(name, "recover") && name[0] != '.';
	}
	return log && tidy;
}

/* One that was killed while it made them first has left them under their staged names. */
int txn_tidy_roots(struct os *os, struct err *e)
{
	static const char *const roots[] = { STATE_ROOT, TXN_ROOT };

	for (size_t i = 0; i < COUNT(roots); i++) {
		CLEANUP_NODE struct node root = { 0 };

		if (os_get(os, roots[i], &root, e) < 0 ||
		    (root.type == NODE_ABSENT && os_remove(os, roots[i], e) < 0))
			return -1;
	}
	return 0;
}

int txn_tidy(struct os *os, const char *id, struct err *e)
{
	CLEANUP_TXN struct txn t = { .id = xstrdup(id), .dir = xasprintf("%s/%s", TXN_ROOT, id) };
	CLEANUP_FREE char *path = xasprintf("%s/log", t.dir);
	CLEANUP_NODE struct node log = { 0 };
	struct err not_ours = { 0 };
	CLEANUP_TXN struct txn whole = { 0 };

	if (id[0] == '.') /* staged */
		return os_remove(os, t.dir, e);
	if (os_get(os, path, &log, e) < 0)
		return -1;
	/* The journal is made last but one in prepare: without it nothing can have begun. */
	if (log.type == NODE_ABSENT)
		return txn_discard(os, &t, e);
	if (txn_open(os, id, &whole, &not_ours) < 0)
		return 0;
	if (whole.state == TXN_ENDED)
		return txn_clear(os, &whole, false, e);
	return whole.state == TXN_PREPARED ? txn_discard(os, &whole, e) : 0;
}

static int read_image(struct os *os, const char *path, struct image *ret, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	int r = os_read(os, path, &text, e);

	if (r != 0)
		return r;
	return image_decode(text, ret, e) < 0 ? err_ctx(e, _("image %s"), path) : 0;
}

int txn_has_pre_image(struct os *os, const struct txn *t, size_t step, struct err *e)
{
	CLEANUP_FREE char *path = xasprintf("%s/pre/%04zu", t->dir, step);
	CLEANUP_NODE struct node n = { 0 };

	return os_get(os, path, &n, e) < 0 ? -1 : n.type == NODE_FILE;
}

int txn_pre_image(struct os *os, const struct txn *t, size_t step, struct image *ret, struct err *e)
{
	CLEANUP_FREE char *path = xasprintf("%s/pre/%04zu", t->dir, step);

	return read_image(os, path, ret, e);
}

int txn_post_image(struct os *os, const struct txn *t, size_t step, struct image *ret,
		   struct err *e)
{
	CLEANUP_FREE char *path = xasprintf("%s/post/%04zu", t->dir, step);

	return read_image(os, path, ret, e);
}
