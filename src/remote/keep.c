// SPDX-License-Identifier: MIT
/* keep.c - see keep.h. */
#include "remote/keep.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/layout.h"
#include "base/term.h"
#include "core/hostkey.h"
#include "remote/target.h"
#include "setup/make_plan.h"

/* The one key that is to be offered, a private one or a .pub of the agent's; NULL: whatever ssh finds. */
static void config_block(const struct host *h, const char *file, const struct pending *p,
			 struct str *ret)
{
	str_addf(ret, "Host %s\n    HostName %s\n    Port %u\n    User %s\n",
		 target_host(h->target), h->name, p->port, p->user);
	if (file)
		str_addf(ret, "    IdentityFile %s\n", file);
	/* An agent's other keys would come first, and sshd hears of a few alone (MaxAuthTries). */
	if (file)
		str_addf(ret, "    IdentitiesOnly %s\n", "yes");
}

static void known_lines(const struct host *h, const struct pending *p, struct str *ret)
{
	for (size_t i = 0; i < h->key_line.count; i++) {
		if (p->port == 22)
			str_addf(ret, "%s %s\n", h->name, h->key_line.item[i]);
		else
			str_addf(ret, "[%s]:%u %s\n", h->name, p->port, h->key_line.item[i]);
	}
}

/* --- writing ---------------------------------------------------------------------------------------- */

/* The person's file with the text before or behind what is there. */
static int add_to(struct host *h, const char *path, const char *text, bool before, struct err *e)
{
	CLEANUP_NODE struct node old = { 0 };
	CLEANUP_STR struct str all = { 0 };
	struct node now;

	if (os_get(h->os, path, &old, e) < 0)
		return -1;
	if (old.type != NODE_FILE && old.type != NODE_ABSENT)
		return err_set(e, ERR_FAILED, _("%s is no regular file; nothing was written"),
			       path);
	if (before)
		str_addf(&all, "%s\n", text);
	if (old.len) {
		str_add_bytes(&all, old.data, old.len);
		if (all.text[all.len - 1] != '\n')
			str_add(&all, "\n");
	}
	if (!before)
		str_add(&all, text);
	now = old;
	if (old.type == NODE_ABSENT)
		now = (struct node){
			.type = NODE_FILE, .mode = 0600, .uid = os_uid(h->os), .gid = getgid()
		};
	now.mtime = (struct timespec){ 0 };
	now.data = all.text;
	now.len = all.len;
	return os_put(h->os, path, &old, &now, e);
}

/* A line as a file of the person's, in place of what is there. */
static int write_file(struct host *h, const char *path, const char *line, struct err *e)
{
	CLEANUP_FREE char *text = xasprintf("%s\n", line);
	const struct node file = { .type = NODE_FILE,
				   .mode = 0600,
				   .uid = os_uid(h->os),
				   .gid = getgid(),
				   .data = text,
				   .len = strlen(text) };

	return os_put(h->os, path, NULL, &file, e);
}

/* An entry of that name was made by the person: it is not ours to shadow. */
static bool has_entry(const char *config, const char *name)
{
	CLEANUP_FREE char *copy = xstrdup(config);
	char *rest = copy, *line;

	while ((line = str_line(&rest))) {
		CLEANUP_STRV struct strv word = { 0 };

		strv_split(&word, line, " \t=");
		if (word.count < 2 || !str_case_eq(word.item[0], "host"))
			continue;
		for (size_t i = 1; i < word.count; i++)
			if (str_eq(word.item[i], name))
				return true;
	}
	return false;
}

static int write_config(struct host *h, const struct identity *i, const struct pending *p,
			struct err *e)
{
	CLEANUP_FREE char *folder = ssh_folder(h->os);
	CLEANUP_FREE char *config = xasprintf("%s/config", folder);
	CLEANUP_FREE char *known = xasprintf("%s/known_hosts", folder);
	CLEANUP_FREE char *shown = NULL;
	CLEANUP_FREE char *text = NULL;
	CLEANUP_STR struct str block = { 0 };
	CLEANUP_STR struct str lines = { 0 };

	if (os_read(h->os, config, &text, e) < 0)
		return -1;
	if (!i->file)
		shown = xasprintf("%s/kannuki-%s.pub", folder, target_host(h->target));
	config_block(h, i->file ? i->file : shown, p, &block);
	known_lines(h, p, &lines);
	if (text && has_entry(text, target_host(h->target))) {
		printf(_("%s has an entry \"%s\" already; change it by hand.\n"), config,
		       target_host(h->target));
	} else if ((shown && write_file(h, shown, i->line, e) < 0) ||
		   add_to(h, config, block.text, true, e) < 0) {
		return -1;
	} else {
		printf(_("From now on it is enough to type: ssh %s\n"), target_host(h->target));
	}
	return lines.text ? add_to(h, known, lines.text, false, e) : 0;
}

/* --- for other programs ------------------------------------------------------------------------------- */

/* As Windows finds a file of WSL. */
static void windows_path(const char *distribution, const char *file, struct str *ret)
{
	str_addf(ret, "\\\\wsl.localhost\\%s", distribution);
	for (; *file; file++)
		str_add_bytes(ret, *file == '/' ? "\\" : file, 1);
}

static void note_key(const struct identity *i, struct str *ret)
{
	const char *wsl = getenv("WSL_DISTRO_NAME");

	str_addf(ret, _("Private key: %s\n"), i->file ? i->file : _("in the agent"));
	if (!i->file)
		return;
	if (wsl && wsl[0] && str_is_clean_utf8(wsl)) {
		CLEANUP_STR struct str path = { 0 };

		windows_path(wsl, i->file, &path);
		str_addf(ret, _("In Windows: %s\n"), path.text);
	}
	str_addf(ret, "%s\n",
		 _("(Tera Term takes it as it is; for PuTTY, load it in PuTTYgen and save it as "
		   ".ppk)"));
}

static int note_text(struct host *h, const struct identity *i, const struct pending *p,
		     struct str *ret, struct err *e)
{
	CLEANUP_HOSTKEYS struct hostkeys k = { 0 };
	const bool colons = strchr(h->name, ':');

	str_addf(ret, "%s\n\n", _("How to log in to this server"));
	str_addf(ret,
		 "Tera Term: ttermpro.exe %s%s%s:%u /ssh /2 /auth=publickey /user=%s "
		 "/keyfile=...\n",
		 colons ? "[" : "", h->name, colons ? "]" : "", p->port, p->user);
	str_addf(ret, "PuTTY:     putty.exe -P %u -i ....ppk %s@%s\n", p->port, p->user, h->name);
	str_addf(ret, "OpenSSH:   ssh -p %u %s@%s\n\n", p->port, p->user, h->name);
	note_key(i, ret);
	if (h->key_line.count == 0)
		return 0;
	if (hostkeys_of(h->os, &h->key_line, &k, e) < 0)
		return -1;
	str_addf(ret, "\n%s\n",
		 _("The security warning at the first login must show one of these:"));
	for (size_t n = 0; n < k.count; n++)
		str_addf(ret, "  %-8s %s\n  %-8s %s\n", k.key[n].type, k.key[n].sha256, "",
			 k.key[n].md5);
	return 0;
}

static int write_note(struct host *h, const struct identity *i, const struct pending *p,
		      const char *path, struct err *e)
{
	CLEANUP_STR struct str text = { 0 };
	const struct node absent = { .type = NODE_ABSENT };
	struct node file = {
		.type = NODE_FILE, .mode = 0600, .uid = os_uid(h->os), .gid = getgid()
	};

	if (note_text(h, i, p, &text, e) < 0)
		return -1;
	file.data = text.text;
	file.len = text.len;
	return os_put(h->os, path, &absent, &file, e);
}

int keep(struct host *h, const struct identity *i, const struct pending *p, bool asks,
	 struct err *e)
{
	CLEANUP_FREE char *file = xasprintf("kannuki-%s.txt", target_host(h->target));
	CLEANUP_FREE char *note = absolute_path(file);
	CLEANUP_STR struct str block = { 0 };
	int r;

	config_block(h, i->file, p, &block);
	printf("\n%s\n\n%s\n", _("For ~/.ssh/config:"), block.text);
	if (!asks)
		return 0;
	r = term_yes(_("Add this there, and the host key to known_hosts?"), e);
	if (r < 0 || (r == 1 && write_config(h, i, p, e) < 0))
		return -1;
	r = term_yes(_("Write a note for Tera Term and PuTTY too?"), e);
	if (r <= 0)
		return r;
	if (write_note(h, i, p, note, e) < 0)
		return -1;
	printf(_("Written: %s\n"), note);
	return 0;
}
