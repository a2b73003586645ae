// SPDX-License-Identifier: MIT
/* restart_old.c - see restart_old.h. */
#include "setup/restart_old.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "core/facts_services.h"
#include "core/old_programs.h"

#define JOB_LIMIT_MS 90000

/* Beside what is never stopped (facts_services.h): whoever is connected through these, or runs in them, would be cut
 * off. Globs of fnmatch(3). */
static const char *const cuts[] = {
	"docker*",	"containerd*", "podman*",     "crio*",
	"kubelet*",	"k3s*",	       "rke2*",	      "lxc*",
	"lxd*",		"incus*",      "libvirt*",    "virt*",
	"openvpn*",	"wg-quick*",   "strongswan*", "ipsec*",
	"tailscaled*",	"zerotier*",   "nebula*",     "tinc*",
	"cloudflared*", "snap.*",      "xrdp*",	      "vnc*",
	"ssh-agent*",	"tmux*",       "screen*",     "display-manager*",
};

static bool is_sshd(const char *unit)
{
	return str_eq(unit, "ssh.service") || str_eq(unit, "sshd.service");
}

/* Else its sessions die with it. */
static bool leaves_sessions_alone(struct os *os, const char *unit)
{
	CLEANUP_RUN struct run_result r = { 0 };
	struct err none = { 0 };

	return os_run_ok(os, ARGV("systemctl", "show", "-p", "KillMode", "--", unit), &r, &none) ==
		       0 &&
	       str_eq(str_trim(r.out), "KillMode=process");
}

static bool may_restart(struct os *os, const char *unit)
{
	if (!unit[0])
		return false;
	if (is_sshd(unit))
		return leaves_sessions_alone(os, unit);
	for (size_t i = 0; i < COUNT(cuts); i++)
		if (fnmatch(cuts[i], unit, 0) == 0)
			return false;
	return !service_kept_for(unit);
}

/* In words why not; NULL: it runs anew. malloc'd. */
static char *restart(struct os *os, const char *unit)
{
	const struct run run = { .argv = ARGV("systemctl", "try-restart", "--", unit),
				 .timeout_ms = JOB_LIMIT_MS };
	CLEANUP_RUN struct run_result r = { 0 };
	struct err e = { 0 };
	char *words;

	if (os_run(os, &run, &r, &e) < 0)
		return xstrdup(e.msg);
	if (r.timed_out)
		return xstrdup(_("did not end in time"));
	if (r.status == 0)
		return NULL;
	words = str_trim(r.err);
	words[strcspn(words, "\n")] = '\0';
	str_make_clean(words);
	return xstrdup(words);
}

static void add_once(struct strv *to, const char *text)
{
	if (!strv_has(to, text))
		strv_add(to, text);
}

static int list_old(struct os *os, struct strv *units, struct strv *others, struct err *e)
{
	CLEANUP(old_programs_done) struct old_programs old = { 0 };

	if (old_programs_find(os, &old, e) < 0)
		return -1;
	for (size_t i = 0; i < old.count; i++) {
		const struct old_program *o = &old.item[i];

		if (may_restart(os, o->unit))
			add_once(units, o->unit);
		else
			add_once(others, o->comm);
	}
	return 0;
}

int restart_old(struct os *os, struct err *e)
{
	CLEANUP_STRV struct strv units = { 0 };
	CLEANUP_STRV struct strv others = { 0 };
	CLEANUP_STRV struct strv anew = { 0 };
	CLEANUP_FREE char *done = NULL;
	CLEANUP_FREE char *left = NULL;

	if (list_old(os, &units, &others, e) < 0)
		return -1;
	for (size_t i = 0; i < units.count; i++) {
		CLEANUP_FREE char *why = restart(os, units.item[i]);

		if (!why)
			strv_add(&anew, units.item[i]);
		else
			printf(_("%s still runs as it was and could not be started anew: %s\n"),
			       units.item[i], why);
	}
	done = strv_join(&anew, ", ");
	left = strv_join(&others, ", ");
	if (anew.count > 0)
		printf(_("Started anew, for an update replaced what they ran on: %s\n"), done);
	if (others.count > 0)
		printf(_("Still run on what an update replaced: %s. To start these anew would cut "
			 "somebody off; a restart of the server renews them.\n"),
		       left);
	return 0;
}
