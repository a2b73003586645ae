// SPDX-License-Identifier: MIT
/* send.c - see send.h. */
#include "remote/send.h"

#include <string.h>

#include "base/i18n.h"

#define SEND_MS 300000 /* 3 MB at 100 kbit/s */

static const struct {
	const char *machine; /* uname -m */
	const char *name;    /* Debian's, in the file's name */
} architectures[] = { { "x86_64", "amd64" }, { "aarch64", "arm64" } };

static const char *name_of(const char *machine)
{
	for (size_t i = 0; i < COUNT(architectures); i++)
		if (str_eq(architectures[i].machine, machine))
			return architectures[i].name;
	return NULL;
}

static const char *machine_there(const struct host *h, struct err *e)
{
	if (str_starts(h->machine, "Linux ") && name_of(h->machine + strlen("Linux ")))
		return h->machine + strlen("Linux ");
	str_make_clean(h->machine);
	err_set(e, ERR_USAGE,
		_("%s is \"%s\"; there is a program only for Linux on x86_64 and aarch64. Nothing "
		  "was "
		  "changed."),
		h->name, h->machine);
	return NULL;
}

/* Our own bytes, or the file beside us: kannuki-arm64. */
static int program_for(struct host *h, const char *machine, struct node *ret, struct err *e)
{
	CLEANUP_FREE char *here = machine_name();
	CLEANUP_FREE char *path = program_path();
	CLEANUP_FREE char *beside = NULL;
	const char *slash = strrchr(path, '/');

	if (str_eq(here, machine))
		return os_program(h->os, ret, e);
	beside = xasprintf("%.*s/kannuki-%s", slash ? (int)(slash - path) : 0, path,
			   name_of(machine));
	if (os_get(h->os, beside, ret, e) < 0)
		return -1;
	if (ret->type != NODE_FILE)
		return err_set(e, ERR_USAGE,
			       _("%s is an %s machine, and the program for it is not here: %s"),
			       h->name, machine, beside);
	return 0;
}

/* Beside us, for another machine by its name: kannuki-guard-arm64; or where it is installed here. */
static int guard_for(struct host *h, const char *machine, struct node *ret, struct err *e)
{
	CLEANUP_FREE char *here = machine_name();
	CLEANUP_FREE char *path = program_path();
	const char *slash = strrchr(path, '/');
	bool same = str_eq(here, machine);
	CLEANUP_FREE char *beside =
		xasprintf("%.*s/" SENT_GUARD "%s%s", slash ? (int)(slash - path) : 0, path,
			  same ? "" : "-", same ? "" : name_of(machine));
	const char *const places[] = { beside, "/usr/local/sbin/" SENT_GUARD,
				       "/usr/sbin/" SENT_GUARD };

	for (size_t i = 0; i < (same ? COUNT(places) : 1); i++) {
		node_done(ret);
		*ret = (struct node){ 0 };
		if (os_get(h->os, places[i], ret, e) < 0)
			return -1;
		if (ret->type == NODE_FILE)
			return 0;
	}
	return err_set(e, ERR_USAGE,
		       _("[guard] enabled = yes: the program for %s (%s) is not here: %s"), h->name,
		       machine, beside);
}

static int not_sent(const char *path, struct run_result *r, struct err *e)
{
	str_make_clean(r->err);
	return err_set(e, ERR_FAILED, "%s: %s: %s", _("sending the program"), path,
		       str_trim(r->err));
}

/* What a connection that was cut has brought of it is no program. */
int send_file(struct host *h, const char *name, const struct node *file, struct err *e)
{
	CLEANUP_FREE char *path = xasprintf("%s/%s", h->there, name);
	CLEANUP_FREE char *word = shell_word(path);
	CLEANUP_FREE char *script = xasprintf("umask 077; cat >%s && [ \"$(wc -c <%s)\" -eq %zu ]",
					      word, word, file->len);
	CLEANUP_FREE char *whole = shell_word(script);
	CLEANUP_FREE char *command = xasprintf("sh -c %s", whole);
	const struct host_ask ask = { file->data, file->len, SEND_MS };
	CLEANUP_RUN struct run_result r = { 0 };

	if (host_run(h, command, &ask, &r, e) < 0)
		return -1;
	return r.status == 0 ? 0 : not_sent(path, &r, e);
}

int send_program(struct host *h, struct err *e)
{
	const char *machine = machine_there(h, e);
	CLEANUP_NODE struct node program = { 0 };

	if (!machine || program_for(h, machine, &program, e) < 0)
		return -1;
	if (!h->there)
		return err_set(e, ERR_FAILED, "%s: %s", _("sending the program"),
			       _("no folder there may execute it"));
	return send_file(h, SENT_PROGRAM, &program, e);
}

/* The file of the first program could be executed from the beginning. */
int send_guard(struct host *h, struct err *e)
{
	const char *machine = machine_there(h, e);
	CLEANUP_NODE struct node program = { 0 };
	CLEANUP_RUN struct run_result r = { 0 };
	CLEANUP_FREE char *path = xasprintf("%s/" SENT_GUARD, h->there);
	CLEANUP_FREE char *word = shell_word(path);
	CLEANUP_FREE char *command = xasprintf("chmod 700 %s", word);
	const struct host_ask nothing = { 0 };

	if (!machine || guard_for(h, machine, &program, e) < 0 ||
	    send_file(h, SENT_GUARD, &program, e) < 0 || host_run(h, command, &nothing, &r, e) < 0)
		return -1;
	return r.status == 0 ? 0 : not_sent(path, &r, e);
}
