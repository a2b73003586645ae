// SPDX-License-Identifier: MIT
/* The kind "journal": journald reads its files when it is started anew, and only then. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "lib/t.h"
#include "lib/trial.h"
#include "steps/journal.h"

#define DIR   "/etc/systemd/journald.conf.d"
#define FILE_ DIR "/60-kannuki.conf"
#define TEXT  "[Journal]\nStorage=persistent\n"

static char has_read[200]; /* what the running journald has read */
static const char *state = "active";
static unsigned starts;

#define LOGS   "/var/log/journal"
#define LOGGED LOGS "/system.journal"

/* As journald does: with Storage=persistent it makes the folder, else ("auto") it only uses one that is there. */
static void logs(struct pretend *p)
{
	CLEANUP_FREE char *text = NULL;
	struct err e = { 0 };
	struct node n CLEANUP_NODE = { 0 };

	if (strstr(has_read, "persistent"))
		pretend_dir(p, LOGS, 0755);
	if (os_get(p->base, LOGS, &n, &e) == 0 && n.type == NODE_DIR) {
		text = pretend_text(p, LOGGED);
		if (str_eq(text, "(none)"))
			pretend_file(p, LOGGED, "logged\n", 0640);
	}
}

static int journald(struct pretend *p, const struct run *r, struct run_result *ret, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	bool show = r->argv[1] && str_eq(r->argv[1], "show");

	(void)e;
	if (!str_eq(r->argv[0], "systemctl") || !r->argv[2])
		return 1;
	if (!show) {
		text = pretend_text(p, FILE_);
		snprintf(has_read, sizeof(has_read), "%s", text);
		starts++;
		logs(p);
	}
	*ret = (struct run_result){ .out = show ? xasprintf("ActiveState=%s\n", state)
						: xstrdup(""),
				    .err = xstrdup("") };
	return 0;
}

static void prepare(struct pretend *p)
{
	p->program = journald;
	pretend_dir(p, "/etc/systemd", 0755);
	pretend_dir(p, "/var/log", 0755);
	snprintf(has_read, sizeof(has_read), "(none)");
	starts = 0;
}

static json_t *args(void)
{
	static const struct node absent = { .type = NODE_ABSENT };
	const struct change change[] = {
		{ .path = DIR, .type = NODE_DIR, .mode = 0755, .expect = &absent },
		{ .path = FILE_, .type = NODE_FILE, .text = TEXT, .mode = 0644, .expect = &absent },
	};

	return step_journal_args(change, COUNT(change));
}

static bool has_read_the_old(struct pretend *p)
{
	(void)p;
	return str_eq(has_read, "(none)");
}

static int it_is_read_and_goes_back(void)
{
	const struct trial_case c = { &step_journal, args, prepare, has_read_the_old };
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_journal, args(), prepare);
	T_OK(trial_apply(&t, &e) == 0);
	T_STR(has_read, TEXT);
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t) && has_read_the_old(&t.p));
	trial_done(&t);
	T_OK(trial_cut_everywhere(&c) > 10);
	return 0;
}

/* No job of any unit in early boot: what is left to do then comes after it. */
static int early_boot_does_files_settle_the_rest(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_journal, args(), prepare);
	T_OK(trial_apply(&t, &e) == 0 && starts == 1);
	t.c.boot = true;
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t) && starts == 1);
	t.c.boot = false;
	T_OK(step_journal.settle(&t.c, &t.s, &t.pre, &e) == 0 && has_read_the_old(&t.p));
	trial_done(&t);
	return 0;
}

static const char kept[] = TRIAL_TXN "/displaced/var%log%journal/system.journal";

/* Else journald would go on writing to the disk, for its folder is there. */
static int folder_that_was_not_there_goes(void)
{
	struct err e = { 0 };
	struct trial t;
	CLEANUP_FREE char *text = NULL;
	CLEANUP_FREE char *later = NULL;

	trial_init(&t, &step_journal, args(), prepare);
	T_OK(trial_apply(&t, &e) == 0);
	text = pretend_text(&t.p, LOGGED);
	T_STR(text, "logged\n");
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t));
	later = pretend_text(&t.p, kept);
	T_STR(later, "logged\n");
	trial_done(&t);
	return 0;
}

static void prepare_logs(struct pretend *p)
{
	prepare(p);
	pretend_dir(p, LOGS, 0755);
	pretend_file(p, LOGGED, "of before\n", 0640);
}

static int logs_that_were_there_stay(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_journal, args(), prepare_logs);
	T_OK(trial_apply(&t, &e) == 0);
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t));
	trial_done(&t);
	return 0;
}

/* The undo of a confirmed step, itself undone: the log is on the disk again, all of it. */
static int undo_of_the_undo_brings_the_log_back(void)
{
	CLEANUP_IMAGE struct image now = { 0 };
	CLEANUP_FREE char *text = NULL;
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_journal, args(), prepare);
	T_OK(trial_apply(&t, &e) == 0);
	pretend_file(&t.p, LOGGED, "much\n", 0640);
	T_OK(step_journal.capture(&t.c, &t.s, &now, &e) == 0);
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t));
	T_OK(step_journal.undo(&t.c, &t.s, &now, &t.pre, &e) == 0);
	text = pretend_text(&t.p, LOGGED);
	T_STR(text, "much\n");
	T_STR(has_read, TEXT);
	trial_done(&t);
	return 0;
}

/* journald had read our file before early boot's undo, and made the folder once more. */
static int folder_made_again_in_that_boot_goes_too(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_journal, args(), prepare);
	T_OK(trial_apply(&t, &e) == 0);
	t.c.boot = true;
	T_OK(trial_undo(&t, true, &e) == 0);
	t.c.boot = false;
	logs(&t.p);
	T_OK(step_journal.settle(&t.c, &t.s, &t.pre, &e) == 0 && trial_is_back(&t));
	trial_done(&t);
	return 0;
}

static int one_that_does_not_run_is_not_started(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_journal, args(), prepare);
	state = "inactive";
	T_OK(trial_apply(&t, &e) == 0 && trial_undo(&t, true, &e) == 0 && starts == 0);
	state = "active";
	trial_done(&t);
	return 0;
}

/* --- another daemon -------------------------------------------------------------------------------- */

#define EXIM "/etc/exim4/update-exim4.conf.conf"

static bool exim_runs, exim_refuses; /* what our file says */
static unsigned exim_starts;

static int exim(struct pretend *p, const struct run *r, struct run_result *ret, struct err *e)
{
	bool show = str_eq(r->argv[1], "show");
	CLEANUP_FREE char *text = pretend_text(p, EXIM);

	(void)e;
	if (!str_eq(r->argv[0], "systemctl") || !r->argv[2])
		return 1;
	*ret = (struct run_result){ .err = xstrdup("no") };
	if (!show) {
		exim_starts++;
		exim_runs = !exim_refuses || !strstr(text, "127.0.0.1");
		ret->status = !exim_runs;
	}
	ret->out = xasprintf("ActiveState=%s\n", exim_runs ? "active" : "failed");
	return 0;
}

static void prepare_exim(struct pretend *p)
{
	p->program = exim;
	pretend_dir(p, "/etc/exim4", 0755);
	pretend_file(p, EXIM, "dc_local_interfaces=''\n", 0640);
	exim_runs = true;
	exim_refuses = false;
	exim_starts = 0;
}

static json_t *exim_args(void)
{
	const struct change change = { .path = EXIM,
				       .type = NODE_FILE,
				       .text = "dc_local_interfaces='127.0.0.1'\n",
				       .mode = 0640 };

	return step_daemon_args(&change, 1, "exim4.service", 25);
}

static bool exim_is_back(struct pretend *p)
{
	(void)p;
	return exim_runs;
}

static int another_daemon_reads_its_files_too(void)
{
	const struct trial_case c = { &step_journal, exim_args, prepare_exim, exim_is_back };
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_journal, exim_args(), prepare_exim);
	T_OK(trial_apply(&t, &e) == 0 && exim_starts == 1);
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t) && exim_starts == 2);
	trial_done(&t);
	T_OK(trial_cut_everywhere(&c) > 10);
	return 0;
}

/* Where our file brought it down, it is started though it does not run. */
static int one_that_does_not_start_so_runs_again(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_journal, exim_args(), prepare_exim);
	exim_refuses = true;
	T_OK(trial_apply(&t, &e) < 0 && strstr(e.msg, "exim4.service") && !exim_runs);
	T_OK(trial_undo(&t, false, &e) == 0 && trial_is_back(&t) && exim_runs);
	trial_done(&t);
	return 0;
}

static int reached_from_outside_still_is_a_failure(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_journal, exim_args(), prepare_exim);
	t.p.sshd_runs = true;
	t.p.port[0] = 25;
	t.p.port_count = 1;
	T_OK(trial_apply(&t, &e) < 0 && strstr(e.msg, "port 25 is still reached"));
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t));
	trial_done(&t);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(it_is_read_and_goes_back),
		T(early_boot_does_files_settle_the_rest),
		T(folder_that_was_not_there_goes),
		T(logs_that_were_there_stay),
		T(undo_of_the_undo_brings_the_log_back),
		T(folder_made_again_in_that_boot_goes_too),
		T(one_that_does_not_run_is_not_started),
		T(another_daemon_reads_its_files_too),
		T(one_that_does_not_start_so_runs_again),
		T(reached_from_outside_still_is_a_failure),
	};

	return t_main(cases, COUNT(cases));
}
