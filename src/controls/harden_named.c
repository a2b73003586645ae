// SPDX-License-Identifier: MIT
/*
 * harden_named.c - what some hosts are asked for by those who check them, and what would hurt most: apply does it where
 * [hardening] also names it, and audit does not miss it.
 */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "controls/audit_sshd.h"
#include "controls/harden.h"
#include "core/words.h"
#include "steps/file.h"

#define WRITTEN "# Written by kannuki: [hardening] of /etc/kannuki/policy.conf\n"

static bool is_not_asked(const struct control_in *in, const struct control *c, struct finding *ret)
{
	if (harden_wants(in, c))
		return false;
	finding_set(ret, VERDICT_PASS, "%s", _("the policy does not ask for it"));
	return true;
}

/* --- files of our own ---------------------------------------------------------------------------- */

struct own_file {
	const char *path, *text; /* text NULL: a folder */
};

struct own_files {
	const char *title; /* N_(), of the step */
	struct own_file file[4];
};

/* Which of them is not as apply writes it; NULL: all are. */
static int first_that_differs(struct os *os, const struct own_files *files, const char **ret,
			      struct err *e)
{
	*ret = NULL;
	for (const struct own_file *f = files->file; f->path; f++) {
		int is = f->text ? file_is(os, f->path, f->text, e) : 1;

		if (is < 0)
			return -1;
		if (is != 1 && !*ret)
			*ret = f->path;
	}
	return 0;
}

static int files_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		       struct err *e)
{
	const struct own_files *files = self->param;
	const char *differs;

	if (is_not_asked(in, self, ret))
		return 0;
	if (first_that_differs(in->os, files, &differs, e) < 0)
		return -1;
	finding_set(ret, differs ? VERDICT_FAIL : VERDICT_PASS,
		    differs ? _("%s is not there, or not as apply writes it") : "%s",
		    differs ? differs : files->file[0].path);
	return 0;
}

static int files_propose(const struct control_in *in, const struct finding *found, struct draft *d,
			 struct err *e)
{
	const struct own_files *files = d->asks->param;
	struct change change[COUNT(files->file)];
	CLEANUP_NODE struct node now = { 0 };
	size_t n = 0;

	if (!harden_wants(in, d->asks) || found->verdict != VERDICT_FAIL)
		return 0;
	for (const struct own_file *f = files->file; f->path; f++) {
		node_done(&now);
		now = (struct node){ 0 };
		if (os_get(in->os, f->path, &now, e) < 0)
			return -1;
		/* A folder that is there keeps its mode. */
		if (f->text || now.type == NODE_ABSENT)
			change[n++] = (struct change){ .path = f->path,
						       .type = f->text ? NODE_FILE : NODE_DIR,
						       .text = f->text,
						       .mode = f->text ? 0644 : 0755 };
	}
	step_words(plan_add(d->plan, &step_file, PHASE_ADD, d->asks->id,
			    step_file_args(change, n, NULL)),
		   _(files->title), _(d->asks->why),
		   _("the file goes, or its former version comes back"));
	return 0;
}

/* --- umask ------------------------------------------------------------------------------------------ */

#define LOGIN_DEFS "/etc/login.defs"
#define UMASK	   "027"

/* The line of login.defs(5) that says it, without its newline; the last one counts. */
static const char *umask_line(const char *text, unsigned *ret_number)
{
	const char *found = NULL;
	unsigned number = 1;

	for (const char *line = text; line && *line; number++) {
		const char *end = strchr(line, '\n');

		if (str_starts(line, "UMASK") && strspn(line + 5, " \t") > 0) {
			found = line;
			*ret_number = number;
		}
		line = end ? end + 1 : NULL;
	}
	return found;
}

/* Does it take from all others what these bits give? */
static bool is_tight(const char *line)
{
	char *end;
	const char *value = line + 5 + strspn(line + 5, " \t");
	long mask = strtol(value, &end, 8);

	return end != value && (mask & 027) == 027;
}

static int umask_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		       struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	const char *line;
	unsigned number = 0;

	if (is_not_asked(in, self, ret))
		return 0;
	if (os_read(in->os, LOGIN_DEFS, &text, e) < 0)
		return -1;
	line = umask_line(text, &number);
	if (!text)
		finding_set(ret, VERDICT_NOT_MEASURED, _("%s is not there"), LOGIN_DEFS);
	else if (!line)
		finding_set(ret, VERDICT_FAIL, "UMASK (%s)", _("default"));
	else
		finding_set(ret, is_tight(line) ? VERDICT_PASS : VERDICT_FAIL, "%.*s (%s:%u)",
			    (int)strcspn(line, "\n"), line, LOGIN_DEFS, number);
	return 0;
}

static int umask_propose(const struct control_in *in, const struct finding *found, struct draft *d,
			 struct err *e)
{
	CLEANUP_NODE struct node now = { 0 };
	CLEANUP_FREE char *text = NULL;
	struct change change = { .path = LOGIN_DEFS, .type = NODE_FILE, .expect = &now };
	const char *line;
	unsigned number;

	if (!harden_wants(in, d->asks) || found->verdict != VERDICT_FAIL)
		return 0;
	if (os_get(in->os, LOGIN_DEFS, &now, e) < 0)
		return -1;
	if (now.type != NODE_FILE)
		return err_set(e, ERR_CONFLICT, _("%s is not a regular file"), LOGIN_DEFS);
	line = umask_line(now.data, &number);
	text = line ? xasprintf("%.*sUMASK\t\t" UMASK "%s", (int)(line - now.data), now.data,
				line + strcspn(line, "\n"))
		    : xasprintf("%s%sUMASK\t\t" UMASK "\n", now.data,
				now.len && now.data[now.len - 1] != '\n' ? "\n" : "");
	change.text = text;
	change.mode = now.mode;
	step_words(plan_add(d->plan, &step_file, PHASE_ADD, d->asks->id,
			    step_file_args(&change, 1, NULL)),
		   _("umask 027: what somebody makes, others cannot read"), _(d->asks->why),
		   _("the file goes, or its former version comes back"));
	return 0;
}

/* --- the table -------------------------------------------------------------------------------------- */

static const struct own_files core_dumps = {
	.title = N_("no core dumps of who logs in, and none kept by systemd"),
	.file = { { "/etc/security/limits.d/60-kannuki.conf",
		    WRITTEN "*\thard\tcore\t0\nroot\thard\tcore\t0\n" },
		  { "/etc/systemd/coredump.conf.d", NULL },
		  { "/etc/systemd/coredump.conf.d/60-kannuki.conf",
		    WRITTEN "[Coredump]\nStorage=none\nProcessSizeMax=0\n" } },
};
/* Longer than a transaction waits. Who has set one of his own keeps it. */
static const struct own_files idle_shell = {
	.title = N_("a shell ends that nobody types into for 15 minutes"),
	.file = { { "/etc/profile.d/kannuki-idle.sh",
		    WRITTEN "if [ -z \"${TMOUT:-}\" ]; then\n\tTMOUT=900\n\treadonly TMOUT\n"
			    "\texport TMOUT\nfi\n" } },
};

#define RULE(k, t, w, n)                                                 \
	{                                                                \
		.keyword = (k), .test = (t), .words = (w), .number = (n) \
	}
#define NO(k) RULE(k, VALUE_IS, "no", 0)
#define ASKED .by_apply = true, .plan_only = true, .severity = SEVERITY_LOW
#define OF_SSHD                                                                                   \
	ASKED, .fix = N_("apply writes it into sshd's configuration"), .probe = sshd_asked_probe, \
	       .propose = sshd_asked_propose

const struct control harden_named_controls[] = {
	{
		.id = "door.keep-alive",
		.setting = "TCPKeepAlive no, ClientAliveInterval 300, ClientAliveCountMax 2",
		.why = N_("TCP's own probes can be forged; these cannot, and dead sessions end"),
		.source = "sshd_config(5), TCPKeepAlive; CIS 5.1",
		.param =
			(const struct sshd_asked[]){
				{ NO("tcpkeepalive"), "TCPKeepAlive no" },
				{ RULE("clientaliveinterval", NUMBER_UP_TO, NULL, 300),
				  "ClientAliveInterval 300" },
				{ RULE("clientalivecountmax", NUMBER_UP_TO, NULL, 2),
				  "ClientAliveCountMax 2" },
				{ .setting = NULL } },
		.named = N_("a session whose network is gone for ten minutes ends"),
		OF_SSHD,
	},
	{
		.id = "door.compression",
		.setting = "Compression no",
		.why = N_("the code that unpacks what a user sends is not run at all"),
		.source = "sshd_config(5), Compression",
		.param = (const struct sshd_asked[]){ { NO("compression"), "Compression no" },
						      { .setting = NULL } },
		.named = N_("slow lines get slower"),
		OF_SSHD,
	},
	{
		.id = "door.agent-forwarding",
		.setting = "AllowAgentForwarding no",
		.why = N_("who is root here could use the keys of everybody who forwards an agent"),
		.source = "sshd_config(5), AllowAgentForwarding",
		.param = (const struct sshd_asked[]){ { NO("allowagentforwarding"),
							"AllowAgentForwarding no" },
						      { .setting = NULL } },
		.named = N_("from here nobody gets further by the keys of his own computer"),
		OF_SSHD,
	},
	{
		.id = "door.tcp-forwarding",
		.setting = "AllowTcpForwarding no, AllowStreamLocalForwarding no",
		.why = N_("a stolen key would also be a tunnel to what only this server reaches"),
		.source = "sshd_config(5), AllowTcpForwarding; ANSSI",
		.param = (const struct sshd_asked[]){ { NO("allowtcpforwarding"),
							"AllowTcpForwarding no" },
						      { NO("allowstreamlocalforwarding"),
							"AllowStreamLocalForwarding no" },
						      { .setting = NULL } },
		.named = N_("editors (VS Code) and tunnels to databases stop working; a shell can "
			    "forward all the same"),
		OF_SSHD,
	},
	{
		.id = "kernel.core-dumps",
		.title = N_("Who logs in leaves no core dump where the policy says so"),
		.why = N_("a core file holds the passwords and keys its program had in memory"),
		.source = "limits.conf(5), coredump.conf(5); CIS 1.5",
		.fix = N_("apply writes it"),
		.param = &core_dumps,
		.named = N_("nobody can look into why a program has died"),
		ASKED,
		.probe = files_probe,
		.propose = files_propose,
	},
	{
		.id = "account.idle-shell",
		.title = N_("A shell that nobody types into ends where the policy says so"),
		.why = N_("who comes to a screen that was left alone would be its user"),
		.source = "bash(1), TMOUT; CIS 5.4.3",
		.fix = N_("apply writes it"),
		.param = &idle_shell,
		.named = N_("shells in tmux and screen end as well"),
		ASKED,
		.probe = files_probe,
		.propose = files_propose,
	},
	{
		.id = "account.umask",
		.title = N_("Others cannot read what somebody makes, where the policy says so"),
		.why = N_("a file that was made in a hurry would be read by every account"),
		.source = "login.defs(5), UMASK; pam_umask(8); CIS 5.4.3",
		.fix = N_("apply writes it"),
		.named = N_(
			"web servers no longer read what users make, and some installers as root "
			"break"),
		ASKED,
		.probe = umask_probe,
		.propose = umask_propose,
	},
	{ 0 },
};
