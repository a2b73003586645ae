// SPDX-License-Identifier: MIT
/* sshd_back.c - see sshd_back.h. */
#include "steps/sshd_back.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"

#define MAIN_FILE      "/etc/ssh/sshd_config"
#define DROP_IN_DIR    "/etc/ssh/sshd_config.d"
#define RUN_DIR	       "/run/sshd"
#define JOB_LIMIT_MS   20000
#define TRANSIENT_UNIT "kannuki-sshd.service"
#define INCLUDE_LIMIT  64

static int systemctl(const struct step_ctx *c, const char *verb, const char *unit, struct err *e)
{
	const char *const argv[] = { "systemctl", verb, unit, NULL };
	struct run_result r CLEANUP_RUN = { 0 };

	if (os_run(c->os, &(struct run){ .argv = argv, .timeout_ms = JOB_LIMIT_MS }, &r, e) < 0)
		return -1;
	if (r.timed_out)
		return err_set(e, ERR_FAILED, _("systemctl %s %s did not end in time"), verb,
			       unit ? unit : "");
	if (r.status != 0)
		return err_set(e, ERR_FAILED, "systemctl %s %s: %s", verb, unit ? unit : "",
			       str_trim(r.err));
	return 0;
}

int sshd_read_units(const struct step_ctx *c, struct err *e)
{
	return systemctl(c, "daemon-reload", NULL, e);
}

/* While the service runs, its socket refuses to start. A connection that comes in between the two has
 * the service started again; then the socket is down, so nothing does so before the second try. */
static int rebind(const struct step_ctx *c, const struct sshd_service *s, struct err *e)
{
	struct err first = { 0 };

	if (systemctl(c, "stop", s->unit, e) < 0)
		return -1;
	if (systemctl(c, "restart", s->socket, &first) == 0)
		return 0;
	if (systemctl(c, "stop", s->unit, e) < 0)
		return -1;
	systemctl(c, "reset-failed", s->socket, &first);
	return systemctl(c, "restart", s->socket, e);
}

int sshd_reload(const struct step_ctx *c, const struct sshd_service *s, struct err *e)
{
	/* Trap 11: sshd -t, which the unit runs first, needs it. */
	if (os_mkdir(c->os, RUN_DIR, 0755, e) < 0)
		return -1;
	/* A socket's ports may come from sshd's files, by a generator. */
	if ((s->unit_files || s->socket) && sshd_read_units(c, e) < 0)
		return -1;
	if (!s->socket)
		return systemctl(c, "reload-or-restart", s->unit, e);
	return rebind(c, s, e);
}

/* --- the last resort --------------------------------------------------------------------- */

static int keep_file(const struct step_ctx *c, const char *path, struct image *im, struct err *e)
{
	struct node n CLEANUP_NODE = { 0 };

	if (image_node(im, path))
		return 0;
	if (os_get(c->os, path, &n, e) < 0)
		return -1;
	image_add(im, path, &n);
	return 0;
}

int sshd_keep_config(const struct step_ctx *c, struct image *ret, struct err *e)
{
	struct strv names CLEANUP_STRV = { 0 };
	int r;

	if (keep_file(c, MAIN_FILE, ret, e) < 0)
		return -1;
	r = os_list(c->os, DROP_IN_DIR, &names, e);
	if (r < 0)
		return -1;
	for (size_t i = 0; i < names.count && i < INCLUDE_LIMIT; i++) {
		CLEANUP_FREE char *path = xasprintf(DROP_IN_DIR "/%s", names.item[i]);

		if (keep_file(c, path, ret, e) < 0)
			return -1;
	}
	return 0;
}

/* Why sshd does not take these files; NULL: its own. 1: it takes them. */
static int refused(const struct step_ctx *c, const struct sshd_service *s, const char *file,
		   struct err *e)
{
	struct run_result r CLEANUP_RUN = { 0 };
	struct strv argv CLEANUP_STRV = { 0 };
	json_t *option;
	char *rest;
	size_t i;

	/* A unit that failed has taken it away, and without it sshd refuses any file. */
	if (os_mkdir(c->os, RUN_DIR, 0755, e) < 0)
		return -1;
	strv_add(&argv, s->program);
	strv_add(&argv, "-t");
	if (file) {
		strv_add(&argv, "-f");
		strv_add(&argv, file);
	}
	json_array_foreach (s->options, i, option)
		strv_add(&argv, json_string_value(option));
	if (os_run(c->os, &(struct run){ .argv = (const char *const *)argv.item }, &r, e) < 0)
		return -1;
	if (r.status == 0 && !r.timed_out)
		return 1;
	rest = r.err;
	/* The line that is wrong comes first. */
	err_set(e, ERR_FAILED, "%s", r.err[0] ? str_trim(str_line(&rest)) : "sshd");
	return 0;
}

/* An Include of what lies below /etc/ssh shall read the kept copies. */
static char *with_own_includes(const char *text, const char *dir)
{
	CLEANUP_FREE char *copy = xstrdup(text);
	struct str out CLEANUP_STR = { 0 };
	char *rest = copy, *line;

	while ((line = str_line(&rest)) != NULL) {
		struct strv word CLEANUP_STRV = { 0 };

		strv_split(&word, line, " \t=\"");
		if (word.count < 2 || !str_case_eq(word.item[0], "include")) {
			str_addf(&out, "%s\n", line);
			continue;
		}
		str_add(&out, "Include");
		for (size_t i = 1; i < word.count; i++) {
			const char *from = word.item[i];

			if (str_starts(from, "/etc/ssh/"))
				from += strlen("/etc/ssh/");
			if (from[0] == '/')
				str_addf(&out, " %s", from);
			else
				str_addf(&out, " %s/%s", dir, from);
		}
		str_add(&out, "\n");
	}
	return str_take(&out);
}

/* Another step's copy may lie there: what it had and this one has not would count. */
static int empty_folder(struct os *os, const char *dir, struct err *e)
{
	struct strv names CLEANUP_STRV = { 0 };
	int r = os_list(os, dir, &names, e);

	for (size_t i = 0; r == 0 && i < names.count; i++) {
		CLEANUP_FREE char *path = xasprintf("%s/%s", dir, names.item[i]);

		r = os_remove(os, path, e);
	}
	return r < 0 ? -1 : 0;
}

static int write_copy(const struct step_ctx *c, const struct image *pre, const char *dir,
		      struct err *e)
{
	CLEANUP_FREE char *drop_ins = xasprintf("%s/sshd_config.d", dir);

	if (os_mkdir(c->os, dir, 0700, e) < 0 || os_mkdir(c->os, drop_ins, 0700, e) < 0 ||
	    empty_folder(c->os, drop_ins, e) < 0)
		return -1;
	for (size_t i = 0; i < pre->count; i++) {
		const struct image_item *item = &pre->item[i];
		CLEANUP_FREE char *to = NULL;
		CLEANUP_FREE char *text = NULL;

		if (item->node.type != NODE_FILE ||
		    (!str_eq(item->path, MAIN_FILE) && !str_starts(item->path, DROP_IN_DIR "/")))
			continue;
		to = xasprintf("%s/%s", dir, item->path + strlen("/etc/ssh/"));
		text = with_own_includes(item->node.data, dir);
		if (os_write(c->os, to, text, 0600, e) < 0)
			return -1;
	}
	return 0;
}

/* 1: it would not start with the kept files either, and nothing was touched. */
static int start_transient(const struct step_ctx *c, const struct sshd_service *s,
			   const struct image *pre, struct err *e)
{
	CLEANUP_FREE char *dir = xasprintf("%s/sshd", c->txn_dir);
	CLEANUP_FREE char *file = xasprintf("%s/sshd_config", dir);
	struct strv argv CLEANUP_STRV = { 0 };
	struct err ignored = { 0 };
	json_t *option;
	size_t i;

	if (write_copy(c, pre, dir, e) < 0)
		return -1;
	if (refused(c, s, file, &ignored) == 0)
		return 1;
	/* Whoever holds the port half-alive would keep it. */
	systemctl(c, "stop", s->unit, &ignored);
	if (s->socket)
		systemctl(c, "stop", s->socket, &ignored);
	systemctl(c, "reset-failed", TRANSIENT_UNIT, &ignored);
	/* Only now: the unit that stopped took its RuntimeDirectory= with it. */
	if (os_mkdir(c->os, RUN_DIR, 0755, e) < 0)
		return -1;
	strv_split(&argv, "systemd-run --unit=" TRANSIENT_UNIT " -p KillMode=process", " ");
	strv_add(&argv, s->program);
	strv_split(&argv, "-D -f", " ");
	strv_add(&argv, file);
	json_array_foreach (s->options, i, option)
		strv_add(&argv, json_string_value(option));
	return os_run_ok(c->os, (const char *const *)argv.item, NULL, e);
}

/* --- the way ----------------------------------------------------------------------------- */

static int wait_for(const struct step_ctx *c, const struct sshd_service *s,
		    const struct listen_wait *w,
		    int (*act)(const struct step_ctx *, const struct sshd_service *, struct err *),
		    struct err *e)
{
	struct listeners stale CLEANUP_LISTENERS = { 0 };
	struct listen_wait fresh = *w;

	/* Listeners of before the reload say nothing about what comes after it. */
	if (listeners_get(c->os, s->unit, s->socket, &stale, e) < 0 || act(c, s, e) < 0)
		return -1;
	fresh.stale = &stale;
	return listen_wait(c->os, &fresh, e);
}

static int restart(const struct step_ctx *c, const struct sshd_service *s, struct err *e)
{
	struct err ignored = { 0 };

	systemctl(c, "reset-failed", s->unit, &ignored);
	return s->socket ? rebind(c, s, e) : systemctl(c, "restart", s->unit, e);
}

static int reload(const struct step_ctx *c, const struct sshd_service *s, struct err *e)
{
	struct err ignored = { 0 };

	systemctl(c, "reset-failed", s->unit, &ignored);
	if (s->socket)
		systemctl(c, "reset-failed", s->socket, &ignored);
	return sshd_reload(c, s, e);
}

/* 1: there is no way but what runs now. */
static int by_itself(const struct step_ctx *c, const struct sshd_service *s,
		     const struct image *pre, const struct listen_wait *w, struct err *e)
{
	int r = start_transient(c, s, pre, e);

	return r != 0 ? r : listen_wait(c->os, w, e);
}

int sshd_bring_back(const struct step_ctx *c, const struct sshd_service *s, const struct image *pre,
		    const struct listen_wait *until, struct err *e)
{
	struct listen_wait w = { .want = until->want,
				 .gone = until->gone,
				 .socket = s->socket,
				 .timeout_ms = SSHD_WAIT_MS };
	struct err why = { 0 }, ignored = { 0 };
	bool takes;
	int r;

	/* One of an earlier try would hold the ports, and lose /run/sshd with the unit that fails. */
	systemctl(c, "stop", TRANSIENT_UNIT, &ignored);
	if (w.want->count == 0)
		return systemctl(c, "stop", s->unit, e);
	/* Trap 11. With files that sshd refuses a reload or a restart only ends the one that runs (trap 12). */
	takes = refused(c, s, NULL, &why) != 0;
	if (takes &&
	    (wait_for(c, s, &w, reload, &why) == 0 || wait_for(c, s, &w, restart, &why) == 0))
		return 0;
	/* The old doors answer, only a newer one is not gone yet: no reason to risk them. */
	w.gone = NULL;
	w.timeout_ms = 0;
	if (takes && listen_wait(c->os, &w, &ignored) == 0) {
		*e = why;
		return -1;
	}
	w.timeout_ms = SSHD_WAIT_MS;
	r = by_itself(c, s, pre, &w, e);
	if (r < 0)
		return err_ctx(e, "%s; %s", why.msg, _("nor does sshd by itself answer"));
	if (r > 0 && listen_wait(c->os, &w, e) < 0)
		return err_ctx(e, "%s", why.msg);
	if (r > 0)
		err_set(e, ERR_FAILED,
			_("sshd refuses its files (%s): it goes on as it is, but does not start "
			  "again before that is put right"),
			why.msg);
	else
		err_set(e, ERR_FAILED,
			_("%s does not start (%s). Put that right: until the next boot a temporary "
			  "sshd with the old configuration answers, kannuki-sshd.service"),
			s->unit, why.msg);
	return 1;
}
