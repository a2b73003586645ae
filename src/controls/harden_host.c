// SPDX-License-Identifier: MIT
/*
 * harden_host.c - modules of the kernel that nearly nobody needs, the terminal of what sudo starts, the journal.
 *
 * Never among the modules: squashfs (snaps), vfat (the boot partition of EFI), overlay (containers), udf (Azure's
 * first boot), usb and nfs. What is loaded, or asked for in a file, is somebody's: it stays.
 */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "controls/audit_kernel.h"
#include "controls/harden.h"
#include "steps/file.h"
#include "steps/journal.h"

/* --- modules --------------------------------------------------------------------------------------- */

#define MODULES_PATH "/etc/modprobe.d/kannuki.conf"

/* Folders below /lib/modules/RELEASE/kernel, named as the modules in them are. */
struct module_rule {
	const char *folder;
	const char *const *name; /* NULL-ended */
};

static int take_words(struct os *os, const char *path, size_t column, struct strv *ret,
		      struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	char *rest, *line;

	if (os_read(os, path, &text, e) < 0)
		return -1;
	rest = text;
	while (rest && (line = str_line(&rest))) {
		CLEANUP_STRV struct strv words = { 0 };

		strv_split(&words, line, " \t");
		if (words.count > column && words.item[0][0] != '#')
			strv_add(ret, words.item[column]);
	}
	return 0;
}

/* Loaded, or to be loaded at boot, or the type of a file system in fstab(5). */
static int modules_in_use(struct os *os, struct strv *ret, struct err *e)
{
	static const char *const folders[] = { "/etc/modules-load.d", "/usr/lib/modules-load.d" };

	if (take_words(os, "/proc/modules", 0, ret, e) < 0 ||
	    take_words(os, "/etc/modules", 0, ret, e) < 0 ||
	    take_words(os, "/etc/fstab", 2, ret, e) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(folders); i++) {
		CLEANUP_STRV struct strv names = { 0 };

		if (os_list(os, folders[i], &names, e) < 0)
			return -1;
		for (size_t k = 0; k < names.count; k++) {
			CLEANUP_FREE char *path = xasprintf("%s/%s", folders[i], names.item[k]);

			if (take_words(os, path, 0, ret, e) < 0)
				return -1;
		}
	}
	return 0;
}

/* Those of the rule that this kernel has as modules. */
static int modules_there(struct os *os, const struct module_rule *r, struct strv *ret,
			 struct err *e)
{
	CLEANUP_FREE char *release = NULL;

	if (os_read(os, "/proc/sys/kernel/osrelease", &release, e) < 0)
		return -1;
	for (size_t i = 0; release && r->name[i]; i++) {
		CLEANUP_FREE char *path = xasprintf("/lib/modules/%s/kernel/%s/%s",
						    str_trim(release), r->folder, r->name[i]);
		CLEANUP_NODE struct node folder = { 0 };

		if (os_get(os, path, &folder, e) < 0)
			return -1;
		if (folder.type == NODE_DIR)
			strv_add(ret, r->name[i]);
	}
	return 0;
}

static int modules_probe(const struct control_in *in, const struct control *self,
			 struct finding *ret, struct err *e)
{
	CLEANUP_STRV struct strv stopped = { 0 };
	CLEANUP_STRV struct strv used = { 0 };
	CLEANUP_STRV struct strv there = { 0 };
	CLEANUP_STRV struct strv bad = { 0 };

	if (modules_there(in->os, self->param, &there, e) < 0 ||
	    kernel_stopped_modules(in->os, &stopped, e) < 0 || modules_in_use(in->os, &used, e) < 0)
		return -1;
	for (size_t i = 0; i < there.count; i++)
		if (!strv_has(&stopped, there.item[i]))
			strv_addf(&bad, "%s%s", there.item[i],
				  strv_has(&used, there.item[i]) ? _(" (in use)") : "");
	finding_list(ret, &bad, _("none can be loaded"));
	return 0;
}

/* All of the control, also those that are stopped already: the file is written as a whole. */
static int modules_propose(const struct control_in *in, const struct finding *found,
			   struct draft *d, struct err *e)
{
	CLEANUP_STRV struct strv stopped = { 0 };
	CLEANUP_STRV struct strv used = { 0 };
	CLEANUP_STRV struct strv there = { 0 };

	(void)found;
	if (!harden_wants(in, d->asks))
		return 0;
	if (modules_there(in->os, d->asks->param, &there, e) < 0 ||
	    kernel_stopped_modules(in->os, &stopped, e) < 0 || modules_in_use(in->os, &used, e) < 0)
		return -1;
	for (size_t i = 0; i < there.count; i++) {
		if (strv_has(&used, there.item[i]))
			continue;
		strv_add(&d->module, there.item[i]);
		d->module_changes = d->module_changes || !strv_has(&stopped, there.item[i]);
	}
	return 0;
}

static int add_file_step(const struct control_in *in, struct draft *d, const struct change *c,
			 const char *check, struct err *e)
{
	struct change change = *c;
	CLEANUP_NODE struct node now = { 0 };
	const char *id = check ? "account.sudo-terminal" : "kernel.modules";

	if (os_get(in->os, c->path, &now, e) < 0)
		return -1;
	change.expect = &now;
	plan_add(d->plan, &step_file, PHASE_ADD, id, step_file_args(&change, 1, check));
	return 0;
}

int draft_module_steps(const struct control_in *in, struct draft *d, struct err *e)
{
	CLEANUP_STR struct str text = { 0 };
	CLEANUP_FREE char *names = strv_join(&d->module, ", ");
	CLEANUP_FREE char *title = xasprintf(_("kernel: never load %s"), names);
	struct change change = { .path = MODULES_PATH, .type = NODE_FILE, .mode = 0644 };

	if (!d->module_changes)
		return 0;
	str_add(&text, "# Written by kannuki: [hardening] of /etc/kannuki/policy.conf\n");
	for (size_t i = 0; i < d->module.count; i++)
		str_addf(&text, "install %s /bin/false\n", d->module.item[i]);
	change.text = text.text;
	if (add_file_step(in, d, &change, NULL, e) < 0)
		return -1;
	step_words(&d->plan->step[d->plan->count - 1], title,
		   _("their code is used little and has had many faults"),
		   _("the file goes, or its former version comes back"));
	return 0;
}

/* --- sudo ------------------------------------------------------------------------------------------ */

/* No "kannuki-" before it: what follows that is a user's name. */
#define PTY_PATH "/etc/sudoers.d/kannuki_use_pty"

/* sudo prints the words behind "Matching Defaults entries for …:" up to an empty line. */
static void take_defaults(char *text, struct strv *ret)
{
	bool in_list = false;
	char *rest = text, *line;

	while ((line = str_line(&rest))) {
		if (in_list && str_trim(line)[0] == '\0')
			return;
		if (in_list)
			strv_split(ret, line, ", ");
		in_list = in_list || str_starts(line, "Matching Defaults entries");
	}
}

/* sudo 1.9.14 and later do it unless told otherwise. -1: no such answer. */
static int does_by_default(const struct control_in *in)
{
	CLEANUP_RUN struct run_result r = { 0 };
	struct err none = { 0 };
	uint64_t v[3] = { 0 };

	if (os_run_ok(in->os, ARGV("sudo", "-V"), &r, &none) < 0 ||
	    !str_starts(r.out, "Sudo version ") ||
	    str_version(r.out + strlen("Sudo version "), v, COUNT(v)) != COUNT(v))
		return -1;
	return v[0] > 1 || v[1] > 9 || (v[1] == 9 && v[2] >= 14);
}

static int terminal_probe(const struct control_in *in, const struct control *self,
			  struct finding *ret, struct err *e)
{
	const struct run run = { .argv = ARGV("sudo", "-n", "-l", "-U", "root") };
	CLEANUP_RUN struct run_result r = { 0 };
	CLEANUP_STRV struct strv words = { 0 };
	CLEANUP_NODE struct node sudo = { 0 };
	int by_default;

	(void)self;
	if (os_get(in->os, "/usr/bin/sudo", &sudo, e) < 0)
		return -1;
	if (sudo.type == NODE_ABSENT || !in->facts->as_root) {
		finding_set(ret, sudo.type == NODE_ABSENT ? VERDICT_PASS : VERDICT_NOT_MEASURED,
			    "%s",
			    sudo.type == NODE_ABSENT ? _("sudo is not installed")
						     : _("only root may look"));
		return 0;
	}
	if (os_run(in->os, &run, &r, e) < 0)
		return -1;
	take_defaults(r.out, &words);
	/* The last one counts. */
	for (size_t i = words.count; i-- > 0;) {
		bool on = str_eq(words.item[i], "use_pty");

		if (!on && !str_eq(words.item[i], "!use_pty"))
			continue;
		finding_set(ret, on ? VERDICT_PASS : VERDICT_FAIL, "Defaults %s", words.item[i]);
		return 0;
	}
	by_default = does_by_default(in);
	finding_set(ret,
		    by_default < 0   ? VERDICT_NOT_MEASURED
		    : by_default > 0 ? VERDICT_PASS
				     : VERDICT_FAIL,
		    "use_pty (%s)", _("default"));
	return 0;
}

static int terminal_propose(const struct control_in *in, const struct finding *found,
			    struct draft *d, struct err *e)
{
	const struct change change = { .path = PTY_PATH,
				       .type = NODE_FILE,
				       .text = "# Written by kannuki: [hardening] of "
					       "/etc/kannuki/policy.conf\n"
					       "Defaults use_pty\n",
				       .mode = 0440 };

	/* Who has turned it off had a reason. */
	if (!harden_wants(in, d->asks) || found->verdict != VERDICT_FAIL ||
	    strstr(found->evidence, "!use_pty"))
		return 0;
	if (add_file_step(in, d, &change, "visudo", e) < 0)
		return -1;
	step_words(&d->plan->step[d->plan->count - 1],
		   _("sudo: what it starts gets a terminal of its own"), _(d->asks->why),
		   _("the file goes, or its former version comes back"));
	return 0;
}

/* --- the journal ----------------------------------------------------------------------------------- */

#define JOURNAL_DIR  "/etc/systemd/journald.conf.d"
#define JOURNAL_PATH JOURNAL_DIR "/60-kannuki.conf"

/* Does this file say where the journal shall be? */
static int says_storage(const struct control_in *in, const char *path, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	char *rest, *line;
	int says = 0;

	if (os_read(in->os, path, &text, e) < 0)
		return -1;
	rest = text;
	while (rest && (line = str_line(&rest)))
		says |= str_starts(str_trim(line), "Storage=");
	return says;
}

/* Who wrote it down meant it, also volatile. */
static int somebody_says_storage(const struct control_in *in, struct err *e)
{
	CLEANUP_STRV struct strv names = { 0 };
	int says = says_storage(in, "/etc/systemd/journald.conf", e);

	if (says != 0 || os_list(in->os, JOURNAL_DIR, &names, e) < 0)
		return says != 0 ? says : -1;
	for (size_t i = 0; says == 0 && i < names.count; i++) {
		CLEANUP_FREE char *path = xasprintf(JOURNAL_DIR "/%s", names.item[i]);

		says = str_eq(path, JOURNAL_PATH) ? 0 : says_storage(in, path, e);
	}
	return says;
}

int journal_propose(const struct control_in *in, const struct finding *found, struct draft *d,
		    struct err *e)
{
	CLEANUP_NODE struct node dir = { 0 };
	CLEANUP_NODE struct node file = { 0 };
	const struct change change[] = {
		{ .path = JOURNAL_DIR, .type = NODE_DIR, .mode = 0755, .expect = &dir },
		{ .path = JOURNAL_PATH,
		  .type = NODE_FILE,
		  .text = "# Written by kannuki: [hardening] of /etc/kannuki/policy.conf\n"
			  "[Journal]\nStorage=persistent\nSystemMaxUse=500M\n",
		  .mode = 0644,
		  .expect = &file },
	};
	int theirs;

	if (!harden_wants(in, d->asks) || found->verdict != VERDICT_FAIL || !in->facts->systemd)
		return 0;
	theirs = somebody_says_storage(in, e);
	if (theirs != 0)
		return theirs < 0 ? -1 : 0;
	if (os_get(in->os, JOURNAL_DIR, &dir, e) < 0 || os_get(in->os, JOURNAL_PATH, &file, e) < 0)
		return -1;
	/* A folder that is there keeps its mode. */
	step_words(plan_add(d->plan, &step_journal, PHASE_ADD, d->asks->id,
			    step_journal_args(dir.type == NODE_DIR ? change + 1 : change,
					      dir.type == NODE_DIR ? 1 : 2)),
		   _("journal: keep it on the disk, 500 MB at most"), _(d->asks->why),
		   _("the file goes; the log is where it was, what came meanwhile is kept beside"));
	return 0;
}

static const char *const protocols[] = { "dccp", "sctp", "rds", "tipc", NULL };
static const char *const file_systems[] = { "cramfs", "freevxfs", "hfs", "hfsplus", "jffs2", NULL };

const struct control harden_host_controls[] = {
	{
		.id = "kernel.rare-protocols",
		.title = N_("No user can have a rare protocol loaded"),
		.why = N_("their code is used little and has had many faults"),
		.severity = SEVERITY_LOW,
		.fix = N_("apply writes it into a file in /etc/modprobe.d"),
		.by_apply = true,
		.safe = true,
		.source = "CVE-2017-6074, modprobe.d(5)",
		.param = &(const struct module_rule){ "net", protocols },
		.probe = modules_probe,
		.propose = modules_propose,
	},
	{
		.id = "kernel.rare-file-systems",
		.title = N_("No rare file system is loaded"),
		.why = N_("their code is used little and has had many faults"),
		.severity = SEVERITY_LOW,
		.fix = N_("apply writes it into a file in /etc/modprobe.d"),
		.by_apply = true,
		.safe = true,
		.source = "CIS 1.1.1, modprobe.d(5)",
		.param = &(const struct module_rule){ "fs", file_systems },
		.probe = modules_probe,
		.propose = modules_propose,
	},
	{
		.id = "account.sudo-terminal",
		.title = N_("What sudo starts has a terminal of its own"),
		.why = N_("a program that sudo ran could type into your shell afterwards"),
		.severity = SEVERITY_LOW,
		.fix = N_("apply writes it into a file in /etc/sudoers.d"),
		.by_apply = true,
		.safe = true,
		.source = "sudoers(5), use_pty; CIS 5.2.2; ANSSI R39",
		.probe = terminal_probe,
		.propose = terminal_propose,
	},
	{ 0 },
};
