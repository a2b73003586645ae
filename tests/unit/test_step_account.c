// SPDX-License-Identifier: MIT
/* The kind "account": a new admin or an old one, and back line by line. */
#include "lib/t.h"

#include "base/mem.h"
#include "core/passwd.h"
#include "lib/trial.h"
#include "steps/account.h"

static json_t *new_admin(void)
{
	return step_account_args(&(struct step_account_spec){
		.user = "taro", .create = true, .group = "sudo", .password = PASSWORD_SECRET });
}

static json_t *new_without_password(void)
{
	return step_account_args(&(struct step_account_spec){
		.user = "taro", .create = true, .group = "sudo", .password = PASSWORD_NONE });
}

static json_t *old_user(void)
{
	return step_account_args(&(struct step_account_spec){
		.user = "old", .group = "adm", .password = PASSWORD_SECRET });
}

static bool has(struct trial *t, const char *path, const char *what)
{
	CLEANUP_FREE char *text = pretend_text(&t->p, path);

	return strstr(text, what) != NULL;
}

static int new_user_is_made_with_its_home(void)
{
	struct node home CLEANUP_NODE = { 0 };
	struct node profile CLEANUP_NODE = { 0 };
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_account, new_admin(), NULL);
	T_OK(trial_apply(&t, &e) == 0);
	T_OK(has(&t, "/etc/passwd", "taro:x:1001:1001::/home/taro:/bin/bash\n"));
	T_OK(has(&t, "/etc/group", "sudo:x:27:old,taro\n"));
	T_OK(has(&t, "/etc/shadow", "taro:$y$j9T$hashed:"));
	T_STR(t.p.last_input, "taro:right horse\n");
	T_OK(os_get(t.base, "/home/taro", &home, &e) == 0 && home.uid == 1001 && home.gid == 1001);
	T_OK(home.mode == 0700);
	T_OK(os_get(t.base, "/home/taro/.profile", &profile, &e) == 0 && profile.uid == 1001);
	T_STR(profile.data, "# profile\n");
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t));
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t));
	trial_done(&t);
	return 0;
}

static int secret_is_in_no_image_and_no_args(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_account, new_admin(), NULL);
	T_OK(trial_apply(&t, &e) == 0);
	CLEANUP_FREE char *pre = image_encode(&t.pre);
	CLEANUP_FREE char *post = image_encode(&t.post);
	CLEANUP_FREE char *args = json_dumps(t.s.args, 0);
	T_OK(!strstr(pre, "right horse") && !strstr(post, "right horse") &&
	     !strstr(args, "right horse"));
	trial_done(&t);
	return 0;
}

static int key_only_user_is_not_locked(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_account, new_without_password(), NULL);
	T_OK(trial_apply(&t, &e) == 0);
	T_OK(has(&t, "/etc/shadow", "taro:*:"));
	trial_done(&t);
	return 0;
}

static int missing_secret_is_an_error(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_account, new_admin(), NULL);
	t.c.secret = NULL;
	T_OK(trial_apply(&t, &e) < 0);
	T_OK(trial_undo(&t, false, &e) == 0 && trial_is_back(&t));
	t.c.secret = "two\nlines:x";
	T_OK(trial_apply(&t, &e) < 0);
	trial_done(&t);
	return 0;
}

static int busy_databases_are_waited_for(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_account, new_admin(), NULL);
	t.p.locked = 3;
	T_OK(trial_apply(&t, &e) == 0);
	trial_done(&t);
	trial_init(&t, &step_account, new_admin(), NULL);
	t.p.locked = 1000;
	T_OK(trial_apply(&t, &e) < 0 && strstr(e.msg, "cannot lock"));
	trial_done(&t);
	return 0;
}

static int cut_anywhere_comes_back(void)
{
	const struct trial_case create = { &step_account, new_admin, NULL, NULL };
	const struct trial_case change = { &step_account, old_user, NULL, NULL };

	T_OK(trial_cut_everywhere(&create) > 200);
	T_OK(trial_cut_everywhere(&change) > 50);
	return 0;
}

static void append(struct trial *t, const char *path, const char *line)
{
	CLEANUP_FREE char *text = pretend_text(&t->p, path);
	CLEANUP_FREE char *all = xasprintf("%s%s", text, line);

	pretend_file(&t->p, path, all, 0644);
}

static int what_others_changed_meanwhile_stays(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_account, new_admin(), NULL);
	T_OK(trial_apply(&t, &e) == 0);
	append(&t, "/etc/passwd", "hana:x:1002:1002::/home/hana:/bin/bash\n");
	append(&t, "/etc/shadow", "hana:$y$hana:19000::::::\n");
	pretend_file(&t.p, "/etc/group",
		     "root:x:0:\nsudo:x:27:old,taro,hana\nold:x:1000:\nadm:x:4:taro,hana\n"
		     "taro:x:1001:\nhana:x:1002:\n",
		     0644);
	T_OK(trial_undo(&t, true, &e) == 0);
	CLEANUP_FREE char *passwd = pretend_text(&t.p, "/etc/passwd");
	CLEANUP_FREE char *group = pretend_text(&t.p, "/etc/group");
	T_STR(passwd, "root:x:0:0:root:/root:/bin/bash\nold:x:1000:1000::/home/old:/bin/bash\n"
		      "hana:x:1002:1002::/home/hana:/bin/bash\n");
	T_STR(group, "root:x:0:\nsudo:x:27:old,hana\nold:x:1000:\nadm:x:4:hana\nhana:x:1002:\n");
	T_OK(has(&t, "/etc/shadow", "hana:$y$hana") && !has(&t, "/etc/shadow", "taro"));
	trial_done(&t);
	return 0;
}

static int old_user_keeps_what_else_was_given_to_it(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_account, old_user(), NULL);
	T_OK(trial_apply(&t, &e) == 0);
	T_OK(has(&t, "/etc/group", "adm:x:4:old\n"));
	append(&t, "/etc/group", "docker:x:99:old\n");
	T_OK(trial_undo(&t, true, &e) == 0);
	T_OK(has(&t, "/etc/group", "docker:x:99:old\n") && has(&t, "/etc/group", "adm:x:4:\n"));
	T_OK(has(&t, "/etc/shadow", "old:$y$old:") && has(&t, "/etc/group", "sudo:x:27:old\n"));
	trial_done(&t);
	return 0;
}

/* Its owner typed passwd inside the window: that one is known to somebody, the former one to nobody. */
static int password_that_its_owner_set_meanwhile_stays(void)
{
	struct err e = { 0 };
	struct trial t;
	CLEANUP_FREE char *shadow = NULL;
	CLEANUP_FREE char *theirs = NULL;
	char *hash;

	trial_init(&t, &step_account, old_user(), NULL);
	T_OK(trial_apply(&t, &e) == 0);
	shadow = pretend_text(&t.p, "/etc/shadow");
	hash = strstr(shadow, "old:$y$j9T$hashed:");
	T_OK(hash != NULL);
	theirs = xasprintf("%.*sold:$y$j9T$of-its-owner:%s", (int)(hash - shadow), shadow,
			   hash + strlen("old:$y$j9T$hashed:"));
	pretend_file(&t.p, "/etc/shadow", theirs, 0640);
	for (int i = 0; i < 2; i++) {
		T_OK(trial_undo(&t, true, &e) == 1);
		T_OK(strstr(e.msg, "password of old") != NULL);
		T_OK(has(&t, "/etc/shadow", "old:$y$j9T$of-its-owner:"));
		T_OK(!has(&t, "/etc/group", "adm:x:4:old"));
	}
	trial_done(&t);
	return 0;
}

static int stale_locks_of_killed_programs_go_and_live_ones_stay(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_account, new_admin(), NULL);
	T_OK(trial_apply(&t, &e) == 0);
	pretend_file(&t.p, "/etc/passwd.lock", "4242", 0600);
	pretend_file(&t.p, "/etc/shadow.4242", "4242", 0600);
	pretend_file(&t.p, "/etc/group.lock", "1", 0600);
	/* An undo was killed while it removed such ones. */
	pretend_file(&t.p, "/etc/.gshadow.lock.kannuki~", "4242", 0600);
	pretend_file(&t.p, "/etc/.passwd.4242.kannuki~", "4242", 0600);
	pretend_file(&t.p, "/etc/.nshadow.kannuki~", "root:", 0600);
	T_OK(trial_undo(&t, true, &e) == 0);
	T_OK(has(&t, "/etc/group.lock", "1"));
	T_OK(os_remove(t.base, "/etc/group.lock", &e) == 0 && trial_is_back(&t));
	trial_done(&t);
	return 0;
}

static int torn_backups_of_killed_programs_come_back(void)
{
	CLEANUP_FREE char *line = NULL;
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_account, new_admin(), NULL);
	line = pretend_text(&t.p, "/etc/group");
	T_OK(trial_apply(&t, &e) == 0);
	pretend_file(&t.p, "/etc/passwd-", "", 0644);
	pretend_file(&t.p, "/etc/shadow-", "root:", 0600);
	line = xrealloc(line, strlen(line) + 5, 1);
	strcat(line, "taro");
	pretend_file(&t.p, "/etc/group-", line, 0644);
	T_OK(trial_undo(&t, false, &e) == 0 && trial_is_back(&t));
	/* One that somebody else has made is left. */
	pretend_file(&t.p, "/etc/passwd-", "somebody:x:1234:1234::/:/bin/sh\n", 0644);
	T_OK(trial_undo(&t, false, &e) >= 0 && has(&t, "/etc/passwd-", "somebody"));
	trial_done(&t);
	return 0;
}

static int staged_parts_of_a_home_go(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_account, new_admin(), NULL);
	T_OK(trial_apply(&t, &e) == 0);
	pretend_file(&t.p, "/home/taro/..bashrc.kannuki~", "half", 0600);
	T_OK(trial_undo(&t, false, &e) == 0 && trial_is_back(&t));
	pretend_dir(&t.p, "/home/.taro.kannuki~", 0700);
	T_OK(trial_undo(&t, false, &e) == 0 && trial_is_back(&t));
	trial_done(&t);
	return 0;
}

static int droppings_of_a_login_go_without_words(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_account, new_admin(), NULL);
	T_OK(trial_apply(&t, &e) == 0);
	pretend_dir(&t.p, "/home/taro/.cache", 0700);
	pretend_file(&t.p, "/home/taro/.cache/motd.legal-displayed", "", 0644);
	pretend_file(&t.p, "/home/taro/.bash_history", "sudo whoami\n", 0600);
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t));
	T_OK(has(&t, TRIAL_TXN "/displaced/home%taro/.bash_history", "sudo whoami\n"));
	trial_done(&t);
	return 0;
}

static int persons_files_are_moved_never_deleted(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_account, new_admin(), NULL);
	T_OK(trial_apply(&t, &e) == 0);
	pretend_file(&t.p, "/home/taro/thesis.tex", "years of work\n", 0644);
	T_OK(trial_undo(&t, true, &e) == 1 && strstr(e.msg, "thesis.tex"));
	T_OK(trial_is_back(&t));
	T_OK(has(&t, TRIAL_TXN "/displaced/home%taro/thesis.tex", "years of work\n"));
	/* A file of the skeleton that was edited is a person's too. */
	trial_done(&t);
	trial_init(&t, &step_account, new_admin(), NULL);
	T_OK(trial_apply(&t, &e) == 0);
	pretend_file(&t.p, "/home/taro/.bashrc", "alias ll='ls -l'\n", 0644);
	T_OK(trial_undo(&t, true, &e) == 1);
	T_OK(has(&t, TRIAL_TXN "/displaced/home%taro/.bashrc", "alias ll"));
	trial_done(&t);
	return 0;
}

/* /home is another file system than /var: mv copies, and was killed in the middle of that. */
static int half_a_move_is_carried_on(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_account, new_admin(), NULL);
	T_OK(trial_apply(&t, &e) == 0);
	pretend_file(&t.p, "/home/taro/thesis.tex", "years of work\n", 0644);
	pretend_dir(&t.p, TRIAL_TXN "/displaced", 0700);
	pretend_dir(&t.p, TRIAL_TXN "/displaced/home%taro", 0700);
	pretend_file(&t.p, TRIAL_TXN "/displaced/home%taro/thesis.tex", "years", 0644);
	T_OK(trial_undo(&t, true, &e) == 1 && strstr(e.msg, "thesis.tex"));
	T_OK(trial_is_back(&t));
	T_OK(has(&t, TRIAL_TXN "/displaced/home%taro.1/thesis.tex", "years of work\n"));
	trial_done(&t);
	return 0;
}

static void with_home(struct pretend *p)
{
	pretend_dir(p, "/home/taro", 0755);
	pretend_file(p, "/home/taro/precious", "older than the user\n", 0644);
}

static int home_that_was_there_is_a_conflict(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_account, new_admin(), with_home);
	T_OK(trial_apply(&t, &e) < 0 && e.kind == ERR_CONFLICT && strstr(e.msg, "/home/taro"));
	T_OK(trial_is_back(&t));
	trial_done(&t);
	return 0;
}

static json_t *leaving(void)
{
	return step_account_args(&(struct step_account_spec){
		.user = "old", .group = "sudo", .leave = true, .password = PASSWORD_KEEP });
}

static int user_leaves_a_group_and_comes_back(void)
{
	const struct trial_case c = { &step_account, leaving, NULL, NULL };
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_account, leaving(), NULL);
	T_OK(trial_apply(&t, &e) == 0 && has(&t, "/etc/group", "sudo:x:27:\n"));
	T_OK(t.s.kind->apply(&t.c, &t.s, &e) == 0 && t.s.kind->verify(&t.c, &t.s, &e) == 0);
	/* Somebody else joins meanwhile, and stays. */
	pretend_file(&t.p, "/etc/group", "root:x:0:\nsudo:x:27:hana\nold:x:1000:\nadm:x:4:\n",
		     0644);
	T_OK(t.s.kind->undo(&t.c, &t.s, &t.pre, &t.post, &e) == 0);
	T_OK(has(&t, "/etc/group", "sudo:x:27:hana,old\n") ||
	     has(&t, "/etc/group", "sudo:x:27:old,hana\n"));
	trial_done(&t);
	T_OK(trial_cut_everywhere(&c) > 20);
	return 0;
}

static int names_are_compared_whole(void)
{
	CLEANUP_FREE char *g =
		passwd_groups_back("sudo:x:27:taro2,taro,xtaro\n", "sudo:x:27:\n", "taro", NULL);
	CLEANUP_FREE char *l = passwd_line_back("taro2:x:1:\ntaro:x:2:\nxtaro:x:3:\n", "", "taro");
	CLEANUP_FREE char *put = passwd_groups_back("adm:x:4:\n", "adm:x:4:taro\n", "taro", "adm");
	CLEANUP_FREE char *gshadow =
		passwd_groups_back("sudo:*:taro,a:b,taro", "sudo:*:a:b", "taro", NULL);
	/* A last line without its end, as an editor may leave it. */
	CLEANUP_FREE char *unended = passwd_line_back("old:x:1:", "taro:x:2:\n", "taro");

	T_STR(g, "sudo:x:27:taro2,xtaro\n");
	T_STR(l, "taro2:x:1:\nxtaro:x:3:\n");
	T_OK(!passwd_group_has("sudo:x:27:taro2\n", "sudo", "taro"));
	T_OK(passwd_group_has("sudo:x:27:x,taro\n", "sudo", "taro"));
	T_STR(put, "adm:x:4:taro\n");
	T_STR(gshadow, "sudo:*:a:b");
	T_STR(unended, "old:x:1:\ntaro:x:2:\n");
	return 0;
}

/* A kill may have come before anything told what apply left. */
static int membership_comes_back_at_its_place(void)
{
	static const char pre[] = "sudo:x:27:hana,taro\n";
	CLEANUP_FREE char *gone = passwd_groups_back("sudo:x:27:taro\n", pre, "hana", "sudo");
	CLEANUP_FREE char *moved = passwd_groups_back("sudo:x:27:taro,hana\n", pre, "hana", "sudo");
	CLEANUP_FREE char *joined =
		passwd_groups_back("sudo:x:27:taro,yuki\n", pre, "hana", "sudo");
	CLEANUP_FREE char *left = passwd_groups_back("sudo:x:27:\n", pre, "hana", "sudo");

	T_STR(gone, pre);
	T_STR(moved, pre);
	T_STR(joined, "sudo:x:27:taro,yuki,hana\n");
	T_STR(left, "sudo:x:27:hana\n");
	return 0;
}

static int group_that_sudo_does_not_know_is_refused(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_account, new_admin(), NULL);
	t.p.no_sudo_line = true;
	T_OK(trial_apply(&t, &e) < 0 && strstr(e.msg, "sudo lets taro do nothing"));
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t));
	trial_done(&t);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(new_user_is_made_with_its_home),
		T(secret_is_in_no_image_and_no_args),
		T(key_only_user_is_not_locked),
		T(missing_secret_is_an_error),
		T(busy_databases_are_waited_for),
		T(cut_anywhere_comes_back),
		T(what_others_changed_meanwhile_stays),
		T(old_user_keeps_what_else_was_given_to_it),
		T(password_that_its_owner_set_meanwhile_stays),
		T(stale_locks_of_killed_programs_go_and_live_ones_stay),
		T(torn_backups_of_killed_programs_come_back),
		T(staged_parts_of_a_home_go),
		T(droppings_of_a_login_go_without_words),
		T(persons_files_are_moved_never_deleted),
		T(half_a_move_is_carried_on),
		T(home_that_was_there_is_a_conflict),
		T(user_leaves_a_group_and_comes_back),
		T(names_are_compared_whole),
		T(membership_comes_back_at_its_place),
		T(group_that_sudo_does_not_know_is_refused),
	};

	return t_main(cases, COUNT(cases));
}
