// SPDX-License-Identifier: MIT
/* The kinds "bans" and "ban-pause", and what is read of fail2ban. */
#include "base/mem.h"
#include "lib/pretend_programs.h"
#include "lib/t.h"
#include "lib/trial.h"
#include "steps/bans.h"

#define CONF "/etc/fail2ban/jail.d/zz-kannuki.local"

static struct ban_action action = { .name = (char *)"nft", .ports = (char *)"ssh" };
static struct ban_jail jail = { .name = (char *)"sshd", .action = &action, .action_count = 1 };

static json_t *port_args(void)
{
	const struct change change = {
		.path = CONF, .type = NODE_FILE, .text = "[sshd]\nport = 22022,ssh\n", .mode = 0644
	};
	const struct ban_jail *one = &jail;

	return step_bans_args(&one, 1, 22022, &change);
}

static json_t *sparing(bool end)
{
	const struct bans_fact b = { .measured = true, .jail = &jail, .jail_count = 1 };
	CLEANUP_STRV struct strv peers = { 0 };

	strv_split(&peers, "192.0.2.10 2001:db8::10", " ");
	return step_ban_pause_args(&b, &peers, end);
}

static json_t *pause_args(void)
{
	return sparing(false);
}

static void running(struct pretend *p)
{
	pretend_dir(p, "/etc/fail2ban", 0755);
	pretend_dir(p, "/etc/fail2ban/jail.d", 0755);
	p->bans_run = true;
	pretend_bans_start(p);
}

/* It ignores one of them by its own files, too. */
static void ignoring(struct pretend *p)
{
	running(p);
	snprintf(p->ban_ignored, sizeof(p->ban_ignored), "|- 192.0.2.10\n");
}

static bool at_ssh(struct pretend *p)
{
	return strcmp(p->ban_ports, "ssh") == 0;
}

/* A boot has forgotten it; otherwise all is as it was. */
static bool spares_nobody(struct pretend *p)
{
	return p->ban_ignored[0] == '\0';
}

static int port_comes_and_goes(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_bans, port_args(), running);
	T_OK(trial_apply(&t, &e) == 0);
	T_STR(t.p.ban_ports, "22022,ssh");
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t) && at_ssh(&t.p));
	T_OK(trial_undo(&t, true, &e) == 0 && at_ssh(&t.p));
	trial_done(&t);
	return 0;
}

static int action_with_a_port_of_its_own_is_named(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_bans, port_args(), running);
	t.p.ban_action_is_fixed = true;
	T_OK(trial_apply(&t, &e) < 0 && e.kind == ERR_CONFLICT);
	T_OK(strstr(e.msg, "nft of jail sshd bans at ssh"));
	T_OK(trial_undo(&t, false, &e) == 0 && trial_is_back(&t));
	trial_done(&t);
	return 0;
}

static int server_that_is_gone_is_no_obstacle(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_bans, port_args(), running);
	T_OK(trial_apply(&t, &e) == 0);
	t.p.bans_run = false;
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t));
	trial_done(&t);
	trial_init(&t, &step_ban_pause, sparing(false), running);
	T_OK(trial_apply(&t, &e) == 0);
	t.p.bans_run = false;
	T_OK(trial_undo(&t, true, &e) == 0);
	trial_done(&t);
	return 0;
}

static int whom_it_spared_before_it_spares_after(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_ban_pause, sparing(false), ignoring);
	T_OK(trial_apply(&t, &e) == 0);
	T_STR(t.p.ban_ignored, "|- 192.0.2.10\n|- 2001:db8::10\n");
	T_OK(trial_apply(&t, &e) == 0 && strlen(t.p.ban_ignored) == 30);
	trial_done(&t);

	trial_init(&t, &step_ban_pause, sparing(false), ignoring);
	T_OK(trial_apply(&t, &e) == 0 && trial_undo(&t, true, &e) == 0);
	T_STR(t.p.ban_ignored, "|- 192.0.2.10\n");
	trial_done(&t);
	return 0;
}

static int the_end_spares_nobody(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_ban_pause, sparing(true), ignoring);
	T_OK(trial_apply(&t, &e) == 0 && spares_nobody(&t.p));
	T_OK(trial_undo(&t, true, &e) == 0 && spares_nobody(&t.p));
	trial_done(&t);
	return 0;
}

static int cut_anywhere_they_come_back(void)
{
	const struct trial_case port = { &step_bans, port_args, running, at_ssh };
	const struct trial_case spared = { &step_ban_pause, pause_args, running, spares_nobody };

	T_OK(trial_cut_everywhere(&port) > 20);
	T_OK(trial_cut_everywhere(&spared) > 8);
	return 0;
}

static int ports_are_read_as_fail2ban_has_them(void)
{
	T_OK(ban_ports_hold("ssh", 22) && !ban_ports_hold("ssh", 22022));
	T_OK(ban_ports_hold("22,22022", 22022) && ban_ports_hold("22, 22022", 22));
	T_OK(ban_ports_hold("0:65535", 22022) && ban_ports_hold("20:30", 30));
	T_OK(!ban_ports_hold("20:30", 31) && !ban_ports_hold("http,https", 22));
	T_OK(ban_ports_hold("", 22022)); /* no port property: all of them */
	T_OK(ban_jail_guards_ssh(&jail));
	jail.name = (char *)"doors";
	T_OK(ban_jail_guards_ssh(&jail));
	action.ports = (char *)"0:65535";
	T_OK(!ban_jail_guards_ssh(&jail)); /* recidive and the like guard nothing of their own */
	action.ports = (char *)"ssh";
	jail.name = (char *)"sshd";
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(port_comes_and_goes),
		T(action_with_a_port_of_its_own_is_named),
		T(server_that_is_gone_is_no_obstacle),
		T(whom_it_spared_before_it_spares_after),
		T(the_end_spares_nobody),
		T(cut_anywhere_they_come_back),
		T(ports_are_read_as_fail2ban_has_them),
	};

	return t_main(cases, COUNT(cases));
}
