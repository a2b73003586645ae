// SPDX-License-Identifier: MIT
/* The kind "file": files, folders and links as they shall be, and back. */
#include "base/mem.h"
#include "lib/t.h"
#include "lib/trial.h"
#include "steps/file.h"

static const struct change changes[] = {
	/* What is in a folder first: the order must not matter. */
	{ .path = "/home/old/.ssh/authorized_keys",
	  .type = NODE_FILE,
	  .text = "ssh-ed25519 AAAA\n",
	  .mode = 0600,
	  .owner = "old" },
	{ .path = "/home/old/.ssh", .type = NODE_DIR, .mode = 0700, .owner = "old" },
	{ .path = "/etc/motd", .type = NODE_ABSENT },
	{ .path = "/etc/issue", .type = NODE_FILE, .text = "new\n", .mode = 0644 },
	{ .path = "/etc/alias", .type = NODE_LINK, .text = "/etc/issue" },
	{ .path = "/usr/kannuki", .type = NODE_FILE, .mode = 0755, .from_recover = true },
};

static void prepare(struct pretend *p)
{
	pretend_file(p, "/etc/motd", "welcome\n", 0600);
	pretend_file(p, "/etc/issue", "old\n", 0640);
	pretend_file(p, TRIAL_TXN "/recover", "\177ELF program", 0700);
}

static json_t *args(void)
{
	return step_file_args(changes, COUNT(changes), NULL);
}

static struct node at(struct trial *t, const char *path)
{
	struct node n = { 0 };
	struct err e = { 0 };

	os_get(t->base, path, &n, &e);
	return n;
}

static int apply_makes_everything_as_wanted(void)
{
	struct err e = { 0 };
	struct trial t;
	struct node keys, dir, program, alias;

	trial_init(&t, &step_file, args(), prepare);
	T_OK(trial_apply(&t, &e) == 0);
	keys = at(&t, "/home/old/.ssh/authorized_keys");
	dir = at(&t, "/home/old/.ssh");
	program = at(&t, "/usr/kannuki");
	T_STR(keys.data, "ssh-ed25519 AAAA\n");
	T_OK(keys.uid == 1000 && keys.gid == 1000 && keys.mode == 0600);
	T_OK(dir.type == NODE_DIR && dir.mode == 0700 && dir.uid == 1000);
	T_STR(program.data, "\177ELF program");
	T_OK(program.mode == 0755 && at(&t, "/etc/motd").type == NODE_ABSENT);
	alias = at(&t, "/etc/alias");
	T_OK(alias.type == NODE_LINK);
	T_STR(alias.data, "/etc/issue");
	/* Once more changes nothing. */
	CLEANUP_FREE char *once = pretend_disk(&t.p);
	T_OK(t.s.kind->apply(&t.c, &t.s, &e) == 0);
	CLEANUP_FREE char *twice = pretend_disk(&t.p);
	T_STR(once, twice);
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t));
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t));
	node_done(&keys);
	node_done(&program);
	node_done(&alias);
	trial_done(&t);
	return 0;
}

static int cut_anywhere_comes_back(void)
{
	const struct trial_case c = { &step_file, args, prepare, NULL };

	T_OK(trial_cut_everywhere(&c) > 100);
	return 0;
}

static int third_party_loses_nothing_and_the_old_state_comes(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_file, args(), prepare);
	T_OK(trial_apply(&t, &e) == 0);
	pretend_file(&t.p, "/etc/issue", "theirs\n", 0644);
	T_OK(trial_undo(&t, true, &e) == 1);
	T_OK(e.kind == ERR_CONFLICT && strstr(e.msg, "/etc/issue") && strstr(e.msg, "displaced"));
	T_OK(trial_is_back(&t));
	CLEANUP_FREE char *kept = pretend_text(&t.p, TRIAL_TXN "/displaced/etc%issue");
	T_STR(kept, "theirs\n");
	/* Said again by an undo that comes after one that was cut short. */
	T_OK(trial_undo(&t, true, &e) == 1 && trial_is_back(&t));
	trial_done(&t);
	return 0;
}

/* SIGKILL between a staged inode and its move: the call is cut in two, which no budget of calls does. */
static int what_a_killed_run_had_staged_goes(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_file, args(), prepare);
	T_OK(trial_apply(&t, &e) == 0);
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t));
	pretend_file(&t.p, "/etc/.motd.kannuki~", "half", 0600);
	pretend_file(&t.p, "/etc/.issue.kannuki~", "half", 0600);
	pretend_file(&t.p, "/etc/.alias.kannuki~", "half", 0600);
	pretend_dir(&t.p, "/home/old/.ssh", 0700);
	pretend_file(&t.p, "/home/old/.ssh/.authorized_keys.kannuki~", "half", 0600);
	pretend_dir(&t.p, "/home/old/..ssh.kannuki~", 0700);
	T_OK(trial_undo(&t, false, &e) == 0 && trial_is_back(&t));
	trial_done(&t);
	return 0;
}

static int folder_with_a_strangers_file_stays(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_file, args(), prepare);
	T_OK(trial_apply(&t, &e) == 0);
	pretend_file(&t.p, "/home/old/.ssh/known_hosts", "example.org\n", 0600);
	T_OK(trial_undo(&t, true, &e) == 1);
	T_OK(strstr(e.msg, "known_hosts"));
	CLEANUP_FREE char *kept = pretend_text(&t.p, "/home/old/.ssh/known_hosts");
	T_STR(kept, "example.org\n");
	T_OK(at(&t, "/home/old/.ssh/authorized_keys").type == NODE_ABSENT);
	T_OK(at(&t, "/usr/kannuki").type == NODE_ABSENT);
	trial_done(&t);
	return 0;
}

static int changed_since_the_plan_is_a_conflict_and_nothing_is_done(void)
{
	struct node seen CLEANUP_NODE = { 0 };
	struct change c[] = { changes[2], changes[3] };
	struct err e = { 0 };
	struct trial t;

	node_file(&seen, "as the plan saw it\n", 0640);
	c[1].expect = &seen;
	trial_init(&t, &step_file, step_file_args(c, COUNT(c), NULL), prepare);
	T_OK(trial_apply(&t, &e) < 0 && e.kind == ERR_CONFLICT && strstr(e.msg, "/etc/issue"));
	T_OK(trial_is_back(&t));
	trial_done(&t);
	return 0;
}

static int link_in_place_of_a_folder_is_refused(void)
{
	char target[] = "/etc";
	struct node link = { .type = NODE_LINK, .data = target, .len = 4 };
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_file, args(), prepare);
	T_OK(os_put(t.base, "/home/old/.ssh", NULL, &link, &e) == 0);
	T_OK(trial_apply(&t, &e) < 0 && e.kind == ERR_CONFLICT);
	T_OK(at(&t, "/etc/authorized_keys").type == NODE_ABSENT);
	trial_done(&t);
	return 0;
}

static int unknown_owner_is_an_error_before_anything(void)
{
	struct change c[] = { changes[2], changes[3] };
	struct err e = { 0 };
	struct trial t;

	c[1].owner = "nobody-here";
	trial_init(&t, &step_file, step_file_args(c, COUNT(c), NULL), prepare);
	T_OK(trial_apply(&t, &e) < 0 && strstr(e.msg, "nobody-here"));
	T_OK(trial_is_back(&t));
	trial_done(&t);
	return 0;
}

static int sudoers_are_judged_before_they_are_there(void)
{
	static const struct change bad = { .path = "/etc/sudoers.d/90-kannuki",
					   .type = NODE_FILE,
					   .text = "taro may do anything\n",
					   .mode = 0440 };
	static const struct change good = { .path = "/etc/sudoers.d/90-kannuki",
					    .type = NODE_FILE,
					    .text = "taro ALL=(ALL) NOPASSWD: ALL\n",
					    .mode = 0440 };
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_file, step_file_args(&bad, 1, "visudo"), NULL);
	T_OK(trial_apply(&t, &e) < 0 && strstr(e.msg, "syntax error"));
	T_OK(trial_is_back(&t) && t.p.stage_runs == 1);
	trial_done(&t);
	trial_init(&t, &step_file, step_file_args(&good, 1, "visudo"), NULL);
	T_OK(trial_apply(&t, &e) == 0 && t.p.stage_runs == 2);
	T_OK(trial_undo(&t, false, &e) == 0 && trial_is_back(&t));
	trial_done(&t);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(apply_makes_everything_as_wanted),
		T(cut_anywhere_comes_back),
		T(third_party_loses_nothing_and_the_old_state_comes),
		T(what_a_killed_run_had_staged_goes),
		T(folder_with_a_strangers_file_stays),
		T(changed_since_the_plan_is_a_conflict_and_nothing_is_done),
		T(link_in_place_of_a_folder_is_refused),
		T(unknown_owner_is_an_error_before_anything),
		T(sudoers_are_judged_before_they_are_there),
	};

	return t_main(cases, COUNT(cases));
}
