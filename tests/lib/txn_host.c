// SPDX-License-Identifier: MIT
/* txn_host.c - see txn_host.h. */
#include "lib/txn_host.h"

#include <string.h>

#include "base/mem.h"
#include "steps/file.h"

static const char *state_of(const struct txn_host_units *units, const char *unit)
{
	if (units && units->none)
		return "inactive";
	if (units && units->stopping && strstr(unit, "apply@"))
		return "deactivating";
	return !strstr(unit, "apply@") || (units && units->applying) ? "active" : "inactive";
}

/* PID 1 as far as the dead-man asks it: what it shows is what the unit folders hold. */
static int systemctl(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	const char *property = r->argv[2] && r->argv[3] ? r->argv[4] : NULL;
	const char *unit = property && r->argv[5] ? r->argv[6] : NULL;
	CLEANUP_FREE char *link = NULL;
	const char *value = "";

	(void)e;
	ret->err = xstrdup("");
	if (!str_eq(r->argv[1], "show")) {
		ret->out = xstrdup("");
		return 0;
	}
	link = xasprintf("/etc/systemd/system/%s/%s",
			 unit && strstr(unit, "boot") ? "sysinit.target.wants"
						      : "multi-user.target.wants",
			 unit ? unit : "");
	if (str_eq(property, "UserspaceTimestampMonotonic"))
		value = "1000";
	else if (str_eq(property, "ActiveState"))
		value = state_of(f->arg, unit);
	else if (str_eq(property, "UnitFileState"))
		value = fake_node(f, link) ? "enabled" : "disabled";
	else if (str_eq(property, "LoadState"))
		value = "loaded";
	else if (str_eq(property, "NeedDaemonReload"))
		value = "no";
	ret->out = xasprintf("%s\n", value);
	ret->out_len = strlen(ret->out);
	return 0;
}

struct fake *txn_host(void)
{
	struct fake *f = fake_new();

	fake_file(f, "/etc/machine-id", "0123456789abcdef0123456789abcdef\n", 0444);
	fake_file(f, "/etc/a", "old a\n", 0640);
	fake_file(f, "/etc/c", "old c\n", 0600);
	fake_dir(f, "/etc/systemd/system/sysinit.target.wants", 0755);
	fake_dir(f, "/etc/systemd/system/multi-user.target.wants", 0755);
	fake_dir(f, "/run/systemd/system", 0755);
	fake_on_run(f, "systemctl", systemctl);
	fake_on_run(f, "recover", fake_run_true);
	return f;
}

static void add(struct plan *p, enum step_phase phase, const char *path, const char *text)
{
	const struct change change = {
		.path = path, .type = NODE_FILE, .text = text, .mode = 0600
	};

	step_words(plan_add(p, &step_file, phase, path, step_file_args(&change, 1, NULL)), path,
		   "why", "undo");
}

static void make_plan(struct plan *p, bool needs_proof)
{
	*p = (struct plan){ .needs_proof = needs_proof, .window_seconds = 600 };
	add(p, PHASE_ADD, "/etc/a", "new a\n");
	add(p, PHASE_ADD, "/etc/b", "new b\n");
	add(p, PHASE_RESTRICT, "/etc/c", "waiting c\n");
	add(p, PHASE_FINISH, "/etc/c", "new c\n");
	add(p, PHASE_FINISH, "/etc/d", "new d\n");
	plan_add_door(p, "taro", 22022, "publickey");
}

int txn_host_apply(struct fake *f, bool needs_proof, struct err *e)
{
	static const struct txn_limits limits = { .apply_seconds = 300, .window_seconds = 600 };
	CLEANUP_PLAN struct plan p = { 0 };
	CLEANUP_NODE struct node program = { 0 };
	CLEANUP_TXN struct txn t = { 0 };

	make_plan(&p, needs_proof);
	node_file(&program, "program", 0755);
	if (txn_prepare(&f->os, &p, &program, &t, e) < 0)
		return -1;
	return txn_carry_out(&f->os, &t, &limits, NULL, e);
}

int txn_host_run(struct fake *f, const char *id, enum recover_mode mode, struct err *e)
{
	CLEANUP_RECOVERED struct recovered done = { 0 };

	return recover_run(&f->os, id, mode, &done, e);
}

bool txn_host_is_old(struct fake *f)
{
	return str_eq(fake_text(f, "/etc/a"), "old a\n") && !fake_node(f, "/etc/b") &&
	       str_eq(fake_text(f, "/etc/c"), "old c\n") && !fake_node(f, "/etc/d");
}

bool txn_host_is_pending(struct fake *f)
{
	return str_eq(fake_text(f, "/etc/a"), "new a\n") &&
	       str_eq(fake_text(f, "/etc/b"), "new b\n") &&
	       str_eq(fake_text(f, "/etc/c"), "waiting c\n") && !fake_node(f, "/etc/d");
}

bool txn_host_is_new(struct fake *f)
{
	return str_eq(fake_text(f, "/etc/a"), "new a\n") &&
	       str_eq(fake_text(f, "/etc/b"), "new b\n") &&
	       str_eq(fake_text(f, "/etc/c"), "new c\n") &&
	       str_eq(fake_text(f, "/etc/d"), "new d\n");
}

bool txn_host_is_over(struct fake *f)
{
	return !fake_node(f, TXN_ACTIVE) &&
	       !fake_node(f, "/etc/systemd/system/kannuki-settle.service");
}

void txn_host_open(struct fake *f, struct txn *t)
{
	CLEANUP_STRV struct strv ids = { 0 };
	struct err e = { 0 };

	if (txn_list(&f->os, &ids, &e) == 0 && ids.count == 1 &&
	    txn_open(&f->os, ids.item[0], t, &e) == 0)
		return;
	printf("# %s\n", e.msg);
	abort();
}

void txn_host_commit(struct fake *f)
{
	CLEANUP_TXN struct txn t = { 0 };
	struct err e = { 0 };

	txn_host_open(f, &t);
	if (txn_confirm(&f->os, &t, "taro", &e) < 0)
		abort();
}

struct fake *txn_host_pending(void)
{
	struct fake *f = txn_host();
	struct err e = { 0 };

	if (txn_host_apply(f, true, &e) != 1)
		abort();
	return f;
}

char *txn_host_log(struct fake *f, size_t *ret_slots)
{
	static const char blank[JOURNAL_SLOT];
	CLEANUP_STRV struct strv ids = { 0 };
	CLEANUP_FREE char *path = NULL;
	const struct node *log;
	struct err e = { 0 };

	if (txn_list(&f->os, &ids, &e) < 0 || ids.count != 1)
		return NULL;
	path = xasprintf(TXN_ROOT "/%s/log", ids.item[0]);
	log = fake_node(f, path);
	*ret_slots = 0;
	while (log && *ret_slots < log->len / JOURNAL_SLOT &&
	       memcmp(log->data + *ret_slots * JOURNAL_SLOT, blank, sizeof(blank)) != 0)
		++*ret_slots;
	return log ? TAKE(path) : NULL;
}
