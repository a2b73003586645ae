// SPDX-License-Identifier: MIT
/* The kind "sshd": a new configuration in force, or the old door open as before. */
#include <sys/socket.h>

#include "base/mem.h"
#include "lib/t.h"
#include "lib/trial.h"
#include "steps/sshd.h"

#define OURS "/etc/ssh/sshd_config.d/00-kannuki.conf"

static json_t *args_with(const char *text, const char *want)
{
	static const unsigned ports[] = { 22, 22022 };
	char program[] = "/usr/sbin/sshd", unit[] = "ssh.service";
	struct sshd sshd = { .program = program, .unit = unit };
	const struct change change = {
		.path = OURS, .type = NODE_FILE, .text = text, .mode = 0600
	};
	const struct sshd_expect expect = {
		.who = "a stranger",
		.user = "nobody-here",
		.addr = { AF_INET, { 203, 0, 113, 9 } },
		.port = 22022,
		.keyword = "passwordauthentication",
		.value = want,
	};

	return step_sshd_args(&(struct step_sshd_spec){ .sshd = &sshd,
							.change = &change,
							.change_count = 1,
							.port = ports,
							.port_count = COUNT(ports),
							.v4 = true,
							.v6 = true,
							.expect = &expect,
							.expect_count = 1 });
}

static json_t *args(void)
{
	return args_with("Port 22\nPort 22022\nPasswordAuthentication no\n", "no");
}

static bool is_old_door(struct pretend *p)
{
	bool ok = p->sshd_runs && !p->transient_runs && pretend_listens(p, 22) &&
		  !pretend_listens(p, 22022) && !strstr(p->running, "PasswordAuthentication no");

	if (!ok)
		printf("# sshd runs %d, transient %d, 22 %d, 22022 %d\n", p->sshd_runs,
		       p->transient_runs, pretend_listens(p, 22), pretend_listens(p, 22022));
	return ok;
}

static int new_configuration_is_in_force(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_sshd, args(), NULL);
	if (trial_apply(&t, &e) < 0)
		printf("# %s\n", e.msg);
	T_OK(pretend_listens(&t.p, 22) && pretend_listens(&t.p, 22022));
	T_OK(strstr(t.p.running, "PasswordAuthentication no"));
	T_OK(t.s.kind->apply(&t.c, &t.s, &e) == 0);
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t) && is_old_door(&t.p));
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t) && is_old_door(&t.p));
	trial_done(&t);
	return 0;
}

static int cut_anywhere_comes_back(void)
{
	const struct trial_case c = { &step_sshd, args, NULL, is_old_door };

	int cuts = trial_cut_everywhere(&c);

	printf("# %d cuts\n", cuts);
	T_OK(cuts > 80);
	return 0;
}

static int refused_configuration_is_never_in_place(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_sshd, args_with("Bogus yes\n", "no"), NULL);
	T_OK(trial_apply(&t, &e) < 0 && strstr(e.msg, "Bad configuration option: Bogus"));
	T_OK(trial_is_back(&t) && is_old_door(&t.p) && t.p.generation == 2);
	trial_done(&t);
	return 0;
}

static int value_that_would_not_be_in_force_is_refused(void)
{
	struct err e = { 0 };
	struct trial t;

	/* Trap 1: something else wins. */
	trial_init(&t, &step_sshd, args_with("Port 22\nPort 22022\n", "no"), NULL);
	T_OK(trial_apply(&t, &e) < 0 && strstr(e.msg, "passwordauthentication yes"));
	T_OK(trial_is_back(&t) && is_old_door(&t.p));
	trial_done(&t);
	return 0;
}

/* Applies with a fault, wants an error with these words, and the old door after undo. */
static int fails_and_comes_back(void (*fault)(struct pretend *), const char *words)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_sshd, args(), NULL);
	fault(&t.p);
	T_OK(trial_apply(&t, &e) < 0);
	printf("# %s\n", e.msg);
	T_OK(strstr(e.msg, words));
	t.p.reload_ignored = t.p.reads_nothing = t.p.no_v6 = t.p.silent = t.p.slow = false;
	T_OK(trial_undo(&t, false, &e) == 0 && trial_is_back(&t) && is_old_door(&t.p));
	trial_done(&t);
	return 0;
}

static void reload_kills(struct pretend *p)
{
	p->reload_kills = true;
}

static void reload_ignored(struct pretend *p)
{
	p->reload_ignored = true;
}

static void reads_nothing(struct pretend *p)
{
	p->reads_nothing = true;
}

static void no_v6(struct pretend *p)
{
	p->no_v6 = true;
}

static void silent(struct pretend *p)
{
	p->silent = true;
}

static int sshd_that_dies_is_started_again_by_undo(void)
{
	return fails_and_comes_back(reload_kills, "does not listen on port 22");
}

static int listeners_of_before_the_reload_do_not_count(void)
{
	struct err e = { 0 };
	struct trial t;

	if (fails_and_comes_back(reload_ignored, "does not listen on port 22") != 0)
		return 1;
	/* Also where the ports are the same as before. */
	trial_init(&t, &step_sshd,
		   args_with("Port 22\nPort 22022\nPasswordAuthentication no\n", "no"), NULL);
	pretend_file(&t.p, OURS, "Port 22\nPort 22022\n", 0600);
	pretend_boot(&t.p);
	t.p.reload_ignored = true;
	T_OK(trial_apply(&t, &e) < 0);
	trial_done(&t);
	return 0;
}

static int daemon_has_to_offer_what_its_files_say(void)
{
	return fails_and_comes_back(reads_nothing, "still offers \"password\"");
}

static void slow(struct pretend *p)
{
	p->slow = true;
}

/* Not all that ssh -v tells: the journal keeps 199 bytes of it. */
static int of_a_login_that_fails_the_cause_is_said(void)
{
	return fails_and_comes_back(slow, "log in: Connection timed out during banner exchange");
}

static int every_family_has_to_listen(void)
{
	return fails_and_comes_back(no_v6, "of ::");
}

static int who_does_not_greet_is_no_door(void)
{
	return fails_and_comes_back(silent, "does not answer as SSH");
}

static int last_resort_is_a_transient_sshd_with_the_kept_files(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_sshd, args(), NULL);
	T_OK(trial_apply(&t, &e) == 0);
	/* Somebody breaks another file, and the daemon is gone. */
	pretend_file(&t.p, "/etc/ssh/sshd_config.d/50-cloud-init.conf", "Bogus\n", 0600);
	t.p.sshd_runs = false;
	T_OK(trial_undo(&t, true, &e) == 1 && strstr(e.msg, "kannuki-sshd.service"));
	T_OK(t.p.transient_runs && pretend_listens(&t.p, 22));
	T_OK(strstr(t.p.running, "PasswordAuthentication yes"));
	trial_done(&t);
	return 0;
}

/* An admin's slip that was there when the step began: neither the files nor their copy would do. */
static int daemon_that_runs_is_not_ended_for_files_it_refuses(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_sshd, args(), NULL);
	pretend_file(&t.p, "/etc/ssh/sshd_config.d/50-cloud-init.conf", "Bogus\n", 0600);
	T_OK(trial_apply(&t, &e) < 0 && strstr(e.msg, "Bogus"));
	T_OK(trial_undo(&t, true, &e) == 1 && strstr(e.msg, "Bogus"));
	T_OK(t.p.sshd_runs && !t.p.transient_runs && pretend_listens(&t.p, 22));
	trial_done(&t);
	return 0;
}

/* The ports are the same before and after: only new sockets tell that the old values are in force. */
static int undo_restarts_what_ignores_a_reload(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_sshd, args(), NULL);
	pretend_file(&t.p, OURS, "Port 22\nPort 22022\n", 0600);
	pretend_boot(&t.p);
	T_OK(trial_apply(&t, &e) == 0 && strstr(t.p.running, "PasswordAuthentication no"));
	t.p.reload_ignored = true;
	T_OK(trial_undo(&t, true, &e) == 0);
	T_OK(!strstr(t.p.running, "PasswordAuthentication no") && !t.p.transient_runs);
	trial_done(&t);
	return 0;
}

static int early_boot_asks_for_no_job(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_sshd, args(), NULL);
	T_OK(trial_apply(&t, &e) == 0);
	t.p.sshd_runs = false;
	t.c.boot = true;
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t) && !t.p.sshd_runs);
	/* A boot in which it did not come up: settle starts it. */
	t.c.boot = false;
	T_OK(t.s.kind->settle(&t.c, &t.s, &t.pre, &e) == 0 && is_old_door(&t.p));
	trial_done(&t);
	return 0;
}

/* Two steps, as when a port is changed: the second one began when the first one's port was open too,
 * and after the boot the files of before both are back. */
static int settle_waits_for_what_the_files_say(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_sshd, args(), NULL);
	pretend_file(&t.p, OURS, "Port 22\nPort 22022\n", 0600);
	pretend_boot(&t.p);
	T_OK(trial_apply(&t, &e) == 0 && strstr(image_text(&t.pre, "listeners"), " 22022"));
	t.c.boot = true;
	T_OK(trial_undo(&t, true, &e) == 0);
	t.c.boot = false;
	T_OK(os_remove(t.c.os, OURS, &e) == 0);
	pretend_boot(&t.p);
	T_OK(t.s.kind->settle(&t.c, &t.s, &t.pre, &e) == 0 && is_old_door(&t.p));
	/* Whoever has changed the port since has it as he likes. */
	pretend_file(&t.p, OURS, "Port 2222\n", 0600);
	pretend_boot(&t.p);
	T_OK(t.s.kind->settle(&t.c, &t.s, &t.pre, &e) == 0);
	T_OK(pretend_listens(&t.p, 2222) && !pretend_listens(&t.p, 22) && !t.p.transient_runs);
	trial_done(&t);
	return 0;
}

/* --- ssh.socket has the port --------------------------------------------------------------- */

#define SOCKET_DIR  "/etc/systemd/system/ssh.socket.d"
#define SOCKET_OURS SOCKET_DIR "/zz-kannuki.conf"

static json_t *socket_args(const char *config, const char *socket_text, const unsigned *port,
			   size_t count)
{
	char program[] = "/usr/sbin/sshd", unit[] = "ssh.service", socket[] = "ssh.socket";
	struct sshd sshd = { .program = program, .unit = unit, .socket_unit = socket };
	const struct change change[] = {
		{ .path = OURS, .type = NODE_FILE, .text = config, .mode = 0600 },
		{ .path = SOCKET_OURS, .type = NODE_FILE, .text = socket_text, .mode = 0644 },
		{ .path = SOCKET_DIR, .type = NODE_DIR, .mode = 0755 },
	};

	return step_sshd_args(&(struct step_sshd_spec){ .sshd = &sshd,
							.change = change,
							.change_count = COUNT(change),
							.port = port,
							.port_count = count,
							.v4 = true,
							.v6 = true });
}

static const unsigned both[] = { 22, 22022 };
#define BOTH_LISTEN "ListenStream=0.0.0.0:22\nListenStream=0.0.0.0:22022\n"

static void socket_trial(struct trial *t)
{
	trial_init(t, &step_sshd, socket_args("PasswordAuthentication no\n", BOTH_LISTEN, both, 2),
		   NULL);
	t->p.has_socket = true;
	pretend_boot(&t->p);
}

static bool socket_is_old(const struct pretend *p)
{
	return p->socket_up && !p->transient_runs && pretend_listens(p, 22) &&
	       !pretend_listens(p, 22022);
}

static int port_of_a_socket_moves_and_comes_back(void)
{
	struct err e = { 0 };
	struct trial t;

	socket_trial(&t);
	T_OK(trial_apply(&t, &e) == 0 && t.p.socket_up && pretend_listens(&t.p, 22022));
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t) && socket_is_old(&t.p));
	trial_done(&t);
	return 0;
}

/* Whoever connects between the two jobs has sshd started again, and the socket refuses. */
static int socket_is_bound_though_somebody_comes_in(void)
{
	struct err e = { 0 };
	struct trial t;

	socket_trial(&t);
	t.p.come_in = 1;
	T_OK(trial_apply(&t, &e) == 0 && t.p.socket_up && pretend_listens(&t.p, 22022));
	t.p.come_in = 1;
	T_OK(trial_undo(&t, true, &e) == 0 && socket_is_old(&t.p));
	trial_done(&t);
	return 0;
}

/* The second of two steps: the first had opened the new port before it. PID 1 reads what early boot has
 * put back, binds no socket for it, and settle takes its word, not that of before the second step. */
static int early_boot_has_the_socket_read_anew(void)
{
	struct err e = { 0 };
	struct trial t;

	socket_trial(&t);
	pretend_dir(&t.p, SOCKET_DIR, 0755);
	pretend_file(&t.p, SOCKET_OURS, BOTH_LISTEN, 0644);
	pretend_boot(&t.p);
	T_OK(trial_apply(&t, &e) == 0 && strstr(image_text(&t.pre, "listeners"), " 22022"));
	pretend_boot(&t.p);
	t.p.socket_up = false;
	t.c.boot = true;
	T_OK(trial_undo(&t, true, &e) == 0 && !t.p.socket_up);
	/* As the undo of the first step does after it. */
	T_OK(os_remove(t.c.os, SOCKET_OURS, &e) == 0);
	t.c.boot = false;
	pretend_boot(&t.p);
	T_OK(t.s.kind->settle(&t.c, &t.s, &t.pre, &e) == 0 && socket_is_old(&t.p));
	trial_done(&t);
	return 0;
}

static int boot_undo_reads_the_socket_files(void)
{
	struct err e = { 0 };
	struct trial t;

	socket_trial(&t);
	T_OK(trial_apply(&t, &e) == 0 && t.p.socket_read_count == 2);
	t.c.boot = true;
	T_OK(trial_undo(&t, true, &e) == 0 && t.p.socket_read_count == 1);
	trial_done(&t);
	return 0;
}

/* The undo of what was confirmed wants the drop-in and its folder gone, in whatever order it says so. */
static int folder_and_what_is_in_it_go(void)
{
	char program[] = "/usr/sbin/sshd", unit[] = "ssh.service", socket[] = "ssh.socket";
	struct sshd sshd = { .program = program, .unit = unit, .socket_unit = socket };
	const struct change change[] = {
		{ .path = SOCKET_DIR, .type = NODE_ABSENT },
		{ .path = SOCKET_OURS, .type = NODE_ABSENT },
	};
	const unsigned old = 22;
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_sshd,
		   step_sshd_args(&(struct step_sshd_spec){ .sshd = &sshd,
							    .change = change,
							    .change_count = COUNT(change),
							    .port = &old,
							    .port_count = 1,
							    .v4 = true,
							    .v6 = true }),
		   NULL);
	t.p.has_socket = true;
	pretend_dir(&t.p, SOCKET_DIR, 0755);
	pretend_file(&t.p, SOCKET_OURS, BOTH_LISTEN, 0644);
	pretend_boot(&t.p);
	T_OK(trial_apply(&t, &e) == 0 && socket_is_old(&t.p));
	T_OK(trial_undo(&t, true, &e) == 0 && pretend_listens(&t.p, 22022));
	trial_done(&t);
	return 0;
}

static int sshd_that_was_stopped_before_is_stopped_after(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_sshd, args(), NULL);
	t.p.sshd_runs = false;
	T_OK(trial_apply(&t, &e) == 0 && t.p.sshd_runs);
	T_OK(trial_undo(&t, true, &e) == 0 && !t.p.sshd_runs && trial_is_back(&t));
	trial_done(&t);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(new_configuration_is_in_force),
		T(cut_anywhere_comes_back),
		T(refused_configuration_is_never_in_place),
		T(value_that_would_not_be_in_force_is_refused),
		T(sshd_that_dies_is_started_again_by_undo),
		T(listeners_of_before_the_reload_do_not_count),
		T(daemon_has_to_offer_what_its_files_say),
		T(of_a_login_that_fails_the_cause_is_said),
		T(every_family_has_to_listen),
		T(who_does_not_greet_is_no_door),
		T(last_resort_is_a_transient_sshd_with_the_kept_files),
		T(daemon_that_runs_is_not_ended_for_files_it_refuses),
		T(undo_restarts_what_ignores_a_reload),
		T(early_boot_asks_for_no_job),
		T(settle_waits_for_what_the_files_say),
		T(port_of_a_socket_moves_and_comes_back),
		T(socket_is_bound_though_somebody_comes_in),
		T(early_boot_has_the_socket_read_anew),
		T(boot_undo_reads_the_socket_files),
		T(folder_and_what_is_in_it_go),
		T(sshd_that_was_stopped_before_is_stopped_after),
	};

	return t_main(cases, COUNT(cases));
}
