// SPDX-License-Identifier: MIT
/* The kinds "guard" and "guard-bans" (steps/guard.h, steps/guard_bans.h), with a guard that keeps bans as the real one
 * does: in a table of the kernel and in a folder. */
#include <stdio.h>

#include "base/mem.h"
#include "base/sha256.h"
#include "lib/t.h"
#include "lib/trial.h"
#include "steps/guard.h"
#include "steps/guard_bans.h"

#define CONF	"/etc/kannuki/guard.conf"
#define SOURCE	"/root/kannuki-guard"
#define PROGRAM "the program"
#define WANTS	"/etc/systemd/system/multi-user.target.wants"
#define NEW	"[sshd]\nenabled = true\n"
#define OLD	"[recidive]\nenabled = true\n"

static char reads[200]; /* what the running guard has read of its configuration */
static bool table;	/* its table is in the kernel */
static bool table_of_others;
static bool deaf; /* it runs and does not answer */
static struct strv banned;
static char first_verb[32];   /* that systemctl was told since it was emptied */
static const char *live_bans; /* as fail2ban-client prints them; NULL: it does not answer */

/* --- the host ------------------------------------------------------------------------------------- */

static void begins_to_run(struct pretend *p)
{
	CLEANUP_FREE char *text = pretend_text(p, CONF);

	snprintf(reads, sizeof(reads), "%s", text);
	table = true;
	pretend_dir(p, GUARD_STATE_DIR, 0700);
	pretend_file(p, GUARD_STATE_DIR "/bans.db", "bans", 0600);
	pretend_file(p, GUARD_STATE_DIR "/bans.db-wal", "more", 0600);
}

/* After a boot the kernel has nothing; a guard that is enabled has its table again. */
static void boots(struct pretend *p)
{
	table = false;
	if (pretend_is_active(p, GUARD_UNIT))
		begins_to_run(p);
}

static int answer(struct run_result *ret, int status, const char *text)
{
	*ret = (struct run_result){ .status = status,
				    .out = xstrdup(status ? "" : text),
				    .err = xstrdup(status ? text : "") };
	ret->out_len = strlen(ret->out);
	return 0;
}

static int run_nft(const struct run *r, struct run_result *ret)
{
	if (r->input && strstr(r->input, "delete table inet kannuki_guard")) {
		table = false;
		return answer(ret, 0, "");
	}
	return answer(ret, 0,
		      table && table_of_others ? "table inet kannuki\ntable inet kannuki_guard\n"
		      : table		       ? "table inet kannuki_guard\n"
					       : "table inet kannuki\n");
}

static int run_guard(struct pretend *p, const struct run *r, struct run_result *ret)
{
	CLEANUP_STR struct str s = { 0 };

	if (!pretend_is_active(p, GUARD_UNIT) || deaf)
		return answer(ret, 1, "kannuki-guard: the guard does not run\n");
	if (str_eq(r->argv[1], "ban")) {
		strv_addf(&banned, "%s for %s", r->argv[3], r->argv[5]);
		return answer(ret, strstr(r->argv[3], "198.51.100.") ? 1 : 0, "");
	}
	str_addf(&s, "{\"jails\": [{\"name\": \"%s\"}]}",
		 strstr(reads, "[sshd]") ? "sshd" : "recidive");
	return answer(ret, 0, s.text);
}

static int programs(struct pretend *p, const struct run *r, struct run_result *ret, struct err *e)
{
	CLEANUP_FREE char *unit = pretend_text(p, GUARD_UNIT_PATH);
	const char *verb = r->argv[1] ? r->argv[1] : "";

	(void)e;
	if (str_eq(r->argv[0], "nft"))
		return run_nft(r, ret);
	if (str_eq(r->argv[0], GUARD_PROGRAM))
		return run_guard(p, r, ret);
	if (str_eq(r->argv[0], "fail2ban-client"))
		return answer(ret, live_bans ? 0 : 255, live_bans ? live_bans : "no server\n");
	if (str_eq(r->argv[0], "systemctl") && !first_verb[0])
		snprintf(first_verb, sizeof(first_verb), "%s", verb);
	if (str_eq(r->argv[0], "systemctl") && str_eq(r->argv[2], GUARD_UNIT) &&
	    (str_eq(verb, "start") || str_eq(verb, "restart")) && !str_eq(unit, "(none)"))
		begins_to_run(p);
	return 1;
}

static void prepare(struct pretend *p)
{
	p->program = programs;
	p->owner = boots;
	pretend_dir(p, "/root", 0700);
	pretend_dir(p, "/etc/kannuki", 0755);
	pretend_dir(p, "/usr/local", 0755);
	pretend_dir(p, "/usr/local/sbin", 0755);
	pretend_file(p, SOURCE, PROGRAM, 0755);
	table = table_of_others = deaf = false;
	reads[0] = '\0';
	strv_done(&banned);
}

/* One runs already, of another version and told something else. */
static void runs_before(struct pretend *p)
{
	struct node link = { .type = NODE_LINK, .data = (char *)GUARD_UNIT_PATH };
	struct err e = { 0 };

	prepare(p);
	pretend_file(p, GUARD_PROGRAM, "older", 0755);
	pretend_file(p, CONF, OLD, 0600);
	pretend_file(p, GUARD_UNIT_PATH, "[Service]\nExecStart=older\n", 0644);
	pretend_dir(p, WANTS, 0755);
	link.len = strlen(link.data);
	if (os_put(p->base, WANTS "/" GUARD_UNIT, NULL, &link, &e) < 0)
		abort();
	snprintf(p->unit[p->unit_count].name, sizeof(p->unit[0].name), GUARD_UNIT);
	p->unit[p->unit_count++].active = true;
	begins_to_run(p);
}

static json_t *on(void)
{
	CLEANUP_FREE char *sum = sha256_text(PROGRAM, strlen(PROGRAM));
	CLEANUP_STRV struct strv jails = { 0 };
	const struct change change[] = {
		{ .path = GUARD_PROGRAM,
		  .type = NODE_FILE,
		  .mode = 0755,
		  .from = SOURCE,
		  .sum = sum },
		{ .path = CONF, .type = NODE_FILE, .text = NEW, .mode = 0644 },
		{ .path = GUARD_UNIT_PATH, .type = NODE_FILE, .text = "[Unit]\n", .mode = 0644 },
	};

	strv_add(&jails, "sshd");
	return step_guard_args(
		&(struct step_guard_spec){ change, COUNT(change), true, GUARD_PROGRAM, &jails });
}

static json_t *off(void)
{
	const struct change change[] = { { .path = CONF, .type = NODE_ABSENT },
					 { .path = GUARD_UNIT_PATH, .type = NODE_ABSENT } };

	return step_guard_args(
		&(struct step_guard_spec){ change, COUNT(change), false, GUARD_PROGRAM, NULL });
}

static bool nothing_is_left(struct pretend *p)
{
	return !table && !pretend_is_active(p, GUARD_UNIT);
}

static bool runs_as_before(struct pretend *p)
{
	return table && pretend_is_active(p, GUARD_UNIT) && str_eq(reads, OLD);
}

/* --- guard ---------------------------------------------------------------------------------------- */

static int it_runs_and_nothing_is_left_of_it(void)
{
	CLEANUP_FREE char *program = NULL;
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_guard, on(), prepare);
	T_OK(trial_apply(&t, &e) == 0 && pretend_is_active(&t.p, GUARD_UNIT) && table);
	program = pretend_text(&t.p, GUARD_PROGRAM);
	T_STR(program, PROGRAM);
	T_STR(reads, NEW);
	T_OK(t.s.kind->apply(&t.c, &t.s, &e) == 0 && t.s.kind->verify(&t.c, &t.s, &e) == 0);
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t) && nothing_is_left(&t.p));
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t) && nothing_is_left(&t.p));
	trial_done(&t);
	return 0;
}

static int one_that_ran_runs_again_as_it_did(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_guard, on(), runs_before);
	T_OK(trial_apply(&t, &e) == 0);
	T_STR(reads, NEW);
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t) && runs_as_before(&t.p));
	trial_done(&t);
	return 0;
}

static int turned_off_its_bans_end_and_undo_brings_it_back(void)
{
	CLEANUP_FREE char *conf = NULL;
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_guard, off(), runs_before);
	table_of_others = true;
	T_OK(trial_apply(&t, &e) == 0 && nothing_is_left(&t.p));
	conf = pretend_text(&t.p, CONF);
	T_STR(conf, "(none)");
	T_OK(t.s.kind->apply(&t.c, &t.s, &e) == 0 && t.s.kind->verify(&t.c, &t.s, &e) == 0);
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t) && runs_as_before(&t.p));
	trial_done(&t);
	return 0;
}

static int cut_anywhere_it_comes_back(void)
{
	const struct trial_case cases[] = {
		{ &step_guard, on, prepare, nothing_is_left },
		{ &step_guard, on, runs_before, runs_as_before },
		{ &step_guard, off, runs_before, runs_as_before },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		T_OK(trial_cut_everywhere(&cases[i]) > 60);
	return 0;
}

static int early_boot_does_files_settle_the_rest(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_guard, on(), prepare);
	T_OK(trial_apply(&t, &e) == 0);
	t.c.boot = true;
	T_OK(trial_undo(&t, true, &e) == 0 && table && pretend_is_active(&t.p, GUARD_UNIT));
	t.c.boot = false;
	first_verb[0] = '\0';
	T_OK(step_guard.settle(&t.c, &t.s, &t.pre, &e) == 0);
	T_OK(trial_is_back(&t) && nothing_is_left(&t.p));
	/* While PID 1 still has the file in mind, which says what goes when it stops. */
	T_STR(first_verb, "stop");
	trial_done(&t);
	return 0;
}

/* It was sent to a folder that is gone by then: its bytes are known by their sum. */
static int the_source_need_not_be_there_for_undo(void)
{
	struct err e = { 0 };
	struct node program CLEANUP_NODE = { 0 };
	struct trial t;

	trial_init(&t, &step_guard, on(), prepare);
	T_OK(trial_apply(&t, &e) == 0 && os_remove(t.base, SOURCE, &e) == 0);
	T_OK(trial_undo(&t, false, &e) == 0 && nothing_is_left(&t.p));
	T_OK(os_get(t.base, GUARD_PROGRAM, &program, &e) == 0 && program.type == NODE_ABSENT);
	trial_done(&t);
	return 0;
}

static int another_program_than_the_plan_saw_is_not_installed(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_guard, on(), prepare);
	pretend_file(&t.p, SOURCE, "something else", 0755);
	T_OK(trial_apply(&t, &e) < 0 && e.kind == ERR_CONFLICT && strstr(e.msg, SOURCE));
	T_OK(trial_undo(&t, false, &e) == 0 && nothing_is_left(&t.p));
	trial_done(&t);
	return 0;
}

static int a_guard_that_is_wrong_is_said(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_guard, on(), prepare);
	T_OK(trial_apply(&t, &e) == 0);
	deaf = true;
	T_OK(t.s.kind->verify(&t.c, &t.s, &e) < 0 && strstr(e.msg, "does not answer"));
	deaf = false;
	snprintf(reads, sizeof(reads), "%s", OLD);
	T_OK(t.s.kind->verify(&t.c, &t.s, &e) < 0 && strstr(e.msg, "watch the jail sshd"));
	trial_done(&t);
	return 0;
}

static int somebody_elses_file_in_its_folder_stays(void)
{
	CLEANUP_FREE char *theirs = NULL;
	CLEANUP_FREE char *ours = NULL;
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_guard, on(), prepare);
	T_OK(trial_apply(&t, &e) == 0);
	pretend_file(&t.p, GUARD_STATE_DIR "/notes", "mine", 0600);
	T_OK(trial_undo(&t, true, &e) == 1 && strstr(e.msg, "notes") && nothing_is_left(&t.p));
	theirs = pretend_text(&t.p, GUARD_STATE_DIR "/notes");
	ours = pretend_text(&t.p, GUARD_STATE_DIR "/bans.db");
	T_STR(theirs, "mine");
	T_STR(ours, "(none)");
	trial_done(&t);
	return 0;
}

static int its_folder_goes_though_a_removal_was_killed(void)
{
	CLEANUP_NODE struct node left = { 0 };
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_guard, on(), prepare);
	T_OK(trial_apply(&t, &e) == 0);
	pretend_file(&t.p, GUARD_STATE_DIR "/.bans.db.kannuki~", "bans", 0600);
	T_OK(os_remove(t.base, GUARD_STATE_DIR "/bans.db-wal", &e) == 0);
	T_OK(trial_undo(&t, true, &e) == 0);
	T_OK(os_get(t.base, GUARD_STATE_DIR, &left, &e) == 0 && left.type == NODE_ABSENT);
	trial_done(&t);
	return 0;
}

/* --- guard-bans ----------------------------------------------------------------------------------- */

static json_t *bans_of_both(void)
{
	CLEANUP_STRV struct strv jails = { 0 };

	strv_split(&jails, "recidive sshd", " ");
	return step_guard_bans_args(GUARD_PROGRAM, &jails);
}

/* At 19:00 of that day: whose ban is over is nobody's, of two bans of one address the longer counts, and what is no
 * address is left out, as is whom the guard never bans. */
static int bans_are_taken_over_for_what_is_left(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_guard_bans, bans_of_both(), runs_before);
	t.p.clock = INT64_C(1795719600) * 1000000000;
	live_bans = "192.0.2.10 \t2026-11-26 18:55:00 + 600 = 2026-11-26 19:05:00\n"
		    "192.0.2.10 \t2026-11-26 18:55:00 + 90000 = 2026-11-27 19:55:00\n"
		    "192.0.2.11 \t2026-11-26 18:00:00 + 600 = 2026-11-26 18:10:00\n"
		    "2001:db8::5 \t2026-11-26 18:55:00 + -1 = 9999-12-31 23:59:59\n"
		    "198.51.100.7 \t2026-11-26 18:55:00 + 600 = 2026-11-26 19:05:00\n"
		    "taro \t2026-11-26 18:55:00 + 600 = 2026-11-26 19:05:00\n"
		    "nonsense\n";
	T_OK(trial_apply(&t, &e) == 0);
	T_OK(banned.count == 3);
	T_STR(banned.item[0], "192.0.2.10 for 89700");
	T_STR(banned.item[1], "198.51.100.7 for 300");
	T_STR(banned.item[2], "2001:db8::5 for -1");
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t));
	trial_done(&t);
	return 0;
}

static int who_does_not_answer_is_named(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_guard_bans, bans_of_both(), runs_before);
	live_bans = NULL;
	T_OK(trial_apply(&t, &e) < 0 && strstr(e.msg, "the jail recidive has banned"));
	live_bans = "";
	T_OK(trial_apply(&t, &e) == 0 && banned.count == 0);
	deaf = true;
	T_OK(trial_apply(&t, &e) < 0 && strstr(e.msg, "does not answer"));
	trial_done(&t);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(it_runs_and_nothing_is_left_of_it),
		T(one_that_ran_runs_again_as_it_did),
		T(turned_off_its_bans_end_and_undo_brings_it_back),
		T(cut_anywhere_it_comes_back),
		T(early_boot_does_files_settle_the_rest),
		T(the_source_need_not_be_there_for_undo),
		T(another_program_than_the_plan_saw_is_not_installed),
		T(a_guard_that_is_wrong_is_said),
		T(somebody_elses_file_in_its_folder_stays),
		T(its_folder_goes_though_a_removal_was_killed),
		T(bans_are_taken_over_for_what_is_left),
		T(who_does_not_answer_is_named),
	};
	int bad;

	setenv("TZ", "UTC", 1);
	bad = t_main(cases, COUNT(cases));
	strv_done(&banned);
	return bad;
}
