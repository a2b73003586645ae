// SPDX-License-Identifier: MIT
/* cmd_run.c - kannuki-guard run, and the roles that it starts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit_code.h"
#include "base/i18n.h"
#include "guard/command.h"
#include "guard/roles.h"

static const struct opt options[] = {
	{ "config", 'c', "DIR", N_("the folder, in place of /etc/fail2ban, or built-in") },
	{ "state", 0, "DIR", N_("where it remembers, in place of /var/lib/kannuki-guard") },
	{ "run", 0, "DIR", N_("where its socket is, in place of /run/kannuki-guard") },
	{ "cursor", 0, "CURSOR", "behind which entry the journal is read" },
};

static struct guard_places places_of(const struct guard_call *c)
{
	const char *config = opts_get(&c->opts, "config"), *state = opts_get(&c->opts, "state");
	const char *run = opts_get(&c->opts, "run");

	return (struct guard_places){ .os = c->os,
				      .config = conf_choose(c->os, config),
				      .state = state ? state : GUARD_STATE,
				      .run = run ? run : GUARD_RUN };
}

static int run(struct guard_call *c, struct err *e)
{
	struct guard_places places = places_of(c);

	return parent_run(&places, e) < 0 ? -1 : EXIT_DONE;
}

/* Can the files be read, so that a reload makes sense? */
static int check(const struct guard_places *places, struct err *e)
{
	CLEANUP_ORDERS struct orders orders = { 0 };

	return orders_read(places->os, places->config, &orders, e);
}

static int run_role(struct guard_call *c, struct err *e)
{
	struct guard_places places = places_of(c);
	const char *role = c->opts.words.item[0], *cursor = opts_get(&c->opts, "cursor");
	int r;

	if (str_eq(role, "check"))
		r = check(&places, e);
	else if (str_eq(role, "prepare"))
		r = parent_prepare(&places, e);
	else if (str_eq(role, "reader"))
		r = reader_run(&places, e);
	else if (str_eq(role, "journal"))
		r = journal_run(&places, cursor ? cursor : "", e);
	else if (str_eq(role, "watch"))
		r = watch_run(&places, e);
	else if (str_eq(role, "store"))
		r = store_run(&places, e);
	else if (str_eq(role, "banner"))
		r = banner_run(&places, e);
	else
		return err_set(e, ERR_USAGE, "role %s", role);
	return r < 0 ? -1 : EXIT_DONE;
}

/*
 * No StateDirectory=, which would take the folder from its user again before each program. What `systemd-analyze
 * security` counts against it is what the processes need before they give it up: see roles.c. PCRE2's compiled
 * expressions forbid MemoryDenyWriteExecute; watch gives executable memory up itself.
 */
static const char unit[] = "[Unit]\n"
			   "Description=Kannuki's guard: bans who attacks\n"
			   "Documentation=man:kannuki-guard(8)\n"
			   "RequiresMountsFor=/var/lib/kannuki-guard\n"
			   "After=kannuki-filter.service\n"
			   "Before=ssh.service sshd.service\n"
			   "StartLimitIntervalSec=0\n"
			   "\n"
			   "[Service]\n"
			   "Type=notify\n"
			   "ExecStartPre=+%1$s role prepare\n"
			   "ExecStart=%1$s run\n"
			   "ExecReload=/bin/kill -HUP $MAINPID\n"
			   "Restart=always\n"
			   "RestartSec=200ms\n"
			   "WatchdogSec=30\n"
			   "TimeoutStartSec=10\n"
			   "TimeoutStopSec=30\n"
			   "LimitNOFILE=4096\n"
			   "LimitCORE=0\n"
			   "MemoryMax=512M\n"
			   "TasksMax=32\n"
			   "KillMode=mixed\n"
			   "OOMScoreAdjust=-200\n"
			   "ReadWritePaths=-/var/lib/kannuki-guard\n"
			   "RuntimeDirectory=kannuki-guard\n"
			   "CapabilityBoundingSet=CAP_NET_ADMIN CAP_SETUID CAP_SETGID CAP_SETPCAP "
			   "CAP_DAC_READ_SEARCH\n"
			   "NoNewPrivileges=yes\n"
			   "ProtectSystem=strict\n"
			   "ProtectHome=read-only\n"
			   "PrivateTmp=yes\n"
			   "PrivateDevices=yes\n"
			   "DevicePolicy=closed\n"
			   "ProtectClock=yes\n"
			   "ProtectControlGroups=yes\n"
			   "ProtectHostname=yes\n"
			   "ProtectKernelLogs=yes\n"
			   "ProtectKernelModules=yes\n"
			   "ProtectKernelTunables=yes\n"
			   "ProtectProc=invisible\n"
			   "ProcSubset=pid\n"
			   "PrivateMounts=yes\n"
			   "RestrictAddressFamilies=AF_UNIX AF_NETLINK\n"
			   "RestrictNamespaces=yes\n"
			   "RestrictRealtime=yes\n"
			   "RestrictSUIDSGID=yes\n"
			   "LockPersonality=yes\n"
			   "KeyringMode=private\n"
			   "RemoveIPC=yes\n"
			   "UMask=0077\n"
			   "IPAddressDeny=any\n"
			   "SystemCallArchitectures=native\n"
			   "SystemCallFilter=@system-service landlock_create_ruleset "
			   "landlock_add_rule landlock_restrict_self seccomp\n"
			   "SystemCallFilter=~@resources\n"
			   "SystemCallErrorNumber=EPERM\n"
			   "\n"
			   "[Install]\n"
			   "WantedBy=multi-user.target\n";

static int print_unit(struct guard_call *c, struct err *e)
{
	CLEANUP_FREE char *own = realpath("/proc/self/exe", NULL);

	printf(unit, own ? own : "/usr/local/sbin/kannuki-guard");
	return EXIT_DONE;
}

const struct guard_command guard_command_unit = {
	.name = "unit",
	.words = "",
	.summary = N_("prints the unit that runs it"),
	.run = print_unit,
};

const struct guard_command guard_command_run = {
	.name = "run",
	.words = "",
	.summary = N_("watches the logs and bans (run by its unit)"),
	.opt = options,
	.opt_count = 3,
	.run = run,
};

const struct guard_command guard_command_role = {
	.name = "role",
	.words = "NAME",
	.words_min = 1,
	.words_max = 1,
	.summary = "one of the processes of run",
	.opt = options,
	.opt_count = COUNT(options),
	.hidden = true,
	.run = run_role,
};
