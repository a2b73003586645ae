// SPDX-License-Identifier: MIT
/*
 * harden_kernel.c - settings of the kernel that apply puts right: what is wanted, in one file and one step.
 *
 * Of an interface's settings conf/default is set for those to come, and conf/INTERFACE for those that are there: at
 * boot it may be there before the file is read. What a file that is read after ours says otherwise is somebody's
 * wish: it stays, and is named.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "controls/audit_kernel.h"
#include "controls/harden.h"
#include "steps/sysctl.h"

#define TOP	  "/proc/sys/"
#define FILE_NAME "60-kannuki.conf"
#define FILE_PATH "/etc/sysctl.d/" FILE_NAME

/* --- may it be changed? ------------------------------------------------------------------------- */

/* In a container that is not privileged they are the machine's: mounted to be read, or another's files. proc(5),
 * /proc/PID/mountinfo: mount point and options are the fifth and sixth word; the last of the longest decides. */
static int is_mounted_to_read(const struct control_in *in, const char *path, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	size_t longest = 0;
	bool only_read = false;
	char *rest, *line;

	if (os_read(in->os, "/proc/self/mountinfo", &text, e) < 0)
		return -1;
	rest = text;
	while (rest && (line = str_line(&rest))) {
		char at[512], how[256];
		size_t n;

		if (sscanf(line, "%*s %*s %*s %*s %511s %255s", at, how) != 2)
			continue;
		n = strlen(at);
		if (n < longest || strncmp(path, at, n) != 0 || (path[n] != '/' && path[n] != '\0'))
			continue;
		longest = n;
		only_read = str_eq(how, "ro") || str_starts(how, "ro,");
	}
	return only_read;
}

/* bpf_disabled can be 2 since Linux 5.13; 1 could never be taken back. */
static int is_too_old(const struct control_in *in, const char *path, struct err *e)
{
	CLEANUP_FREE char *release = NULL;
	uint64_t v[2] = { 0 };

	if (!str_ends(path, "/unprivileged_bpf_disabled"))
		return 0;
	if (os_read(in->os, "/proc/sys/kernel/osrelease", &release, e) < 0)
		return -1;
	if (!release || str_version(release, v, COUNT(v)) != COUNT(v))
		return 0;
	return v[0] < 5 || (v[0] == 5 && v[1] < 13);
}

/* Ubuntu's apport sets it anew whenever it starts, and keeps what is dumped for root alone. */
static int is_of_apport(const struct control_in *in, const char *path, struct err *e)
{
	CLEANUP_FREE char *pattern = NULL;

	if (!str_ends(path, "/suid_dumpable"))
		return 0;
	if (os_read(in->os, TOP "kernel/core_pattern", &pattern, e) < 0)
		return -1;
	return pattern && pattern[0] == '|' && strstr(pattern, "apport");
}

static int is_fixed(const struct control_in *in, const char *path, struct err *e)
{
	CLEANUP_NODE struct node n = { 0 };
	int r;

	if (os_get(in->os, path, &n, e) < 0)
		return -1;
	if (n.uid != 0)
		return 1;
	r = is_mounted_to_read(in, path, e);
	if (r == 0)
		r = is_too_old(in, path, e);
	return r == 0 ? is_of_apport(in, path, e) : r;
}

/* --- what is wanted ------------------------------------------------------------------------------- */

/* "0" of "net.ipv4.tcp_syncookies = 0". */
static const char *value_of(const struct control *c)
{
	return strrchr(c->setting, ' ') + 1;
}

/* As sysctl.d(5) wants it: where a name holds a dot, slashes are between the names. malloc'd. */
static char *written_name(const char *path)
{
	char *name = xstrdup(path);

	for (char *c = name; !strchr(path, '.') && (c = strchr(c, '/'));)
		*c = '.';
	return name;
}

/* One setting: what is right already stays as it is. path below /proc/sys. */
static int want_value(const struct control_in *in, struct draft *d, const char *path, struct err *e)
{
	const struct kernel_rule *r = d->asks->param;
	CLEANUP_FREE char *full = xasprintf(TOP "%s", path);
	CLEANUP_FREE char *name = written_name(path);
	bool good;
	long now = 0;
	int status = kernel_read(in->os, full, &now, e);

	if (status != 0)
		return status < 0 ? -1 : 0;
	good = kernel_value_is_good(r, now);
	status = good ? 0 : is_fixed(in, full, e);
	if (status < 0)
		return -1;
	if (status > 0) {
		strv_add(&d->kernel_fixed, name);
		return 0;
	}
	d->kernel = xrealloc(d->kernel, d->kernel_count + 1, sizeof(*d->kernel));
	d->kernel[d->kernel_count++] = (struct kernel_want){
		.rule = r,
		.path = xstrdup(path),
		.value = good ? xasprintf("%ld", now) : xstrdup(value_of(d->asks)),
		.control = d->asks->id,
		.changes = !good,
	};
	return 0;
}

static int want_interface(const struct control_in *in, struct draft *d, const char *interface,
			  struct err *e)
{
	const struct kernel_rule *r = d->asks->param;
	CLEANUP_FREE char *path = xasprintf("%s/%s/%s", r->path, interface, r->name);

	return want_value(in, d, path, e);
}

static int want_interfaces(const struct control_in *in, struct draft *d, struct err *e)
{
	const struct kernel_rule *r = d->asks->param;
	CLEANUP_FREE char *folder = xasprintf(TOP "%s", r->path);
	CLEANUP_STRV struct strv names = { 0 };

	/* The highest decides: conf/all = 2 would loosen an interface that is strict. Where one value alone is good
	 * that cannot be, and interfaces to come have it too. */
	bool all = r->scope != SCOPE_HIGHEST || r->least == r->most;

	if (os_list(in->os, folder, &names, e) < 0 ||
	    (all && want_interface(in, d, "all", e) < 0) || want_interface(in, d, "default", e) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		int outer = kernel_is_outer(in->os, names.item[i], e);

		if (outer < 0 || (outer > 0 && want_interface(in, d, names.item[i], e) < 0))
			return -1;
	}
	return 0;
}

int kernel_propose(const struct control_in *in, const struct finding *found, struct draft *d,
		   struct err *e)
{
	const struct kernel_rule *r = d->asks->param;

	if (!harden_wants(in, d->asks) || found->verdict == VERDICT_NOT_MEASURED)
		return 0;
	d->kernel_changes = d->kernel_changes || found->verdict == VERDICT_FAIL;
	if (r->scope == SCOPE_ONE || r->scope == SCOPE_BITS)
		return want_value(in, d, r->path, e);
	return want_interfaces(in, d, e);
}

/* --- what others say later ------------------------------------------------------------------------- */

/* A line of a file that is read after ours. */
struct later {
	char *pattern; /* of the path below /proc/sys, for fnmatch(3) */
	char *value;
	char *where; /* FILE:LINE */
};

struct laters {
	struct later *item;
	size_t count;
};

static void laters_done(struct laters *l)
{
	for (size_t i = 0; i < l->count; i++) {
		free(l->item[i].pattern);
		free(l->item[i].value);
		free(l->item[i].where);
	}
	free(l->item);
}

/* sysctl.d(5): the first separator of a name decides what the others are. */
static char *pattern_of(char *name)
{
	char *first = strpbrk(name, "./");
	char *pattern = xstrdup(name);

	for (char *c = pattern; first && *first == '.' && (c = strpbrk(c, "./")); c++) {
		if (*c == '.')
			*c = '/';
		else
			*c = '.';
	}
	return pattern;
}

static int read_later(const struct control_in *in, const char *path, struct laters *ret,
		      struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	unsigned number = 0;
	char *rest, *line;

	if (os_read(in->os, path, &text, e) < 0)
		return -1;
	rest = text;
	while (rest && (line = str_line(&rest))) {
		char *name = str_trim(line), *value = strchr(name, '=');

		number++;
		if (name[0] == '#' || name[0] == ';' || !value)
			continue;
		*value++ = '\0';
		name += name[0] == '-';
		ret->item = xrealloc(ret->item, ret->count + 1, sizeof(*ret->item));
		ret->item[ret->count++] = (struct later){
			.pattern = pattern_of(str_trim(name)),
			.value = xstrdup(str_trim(value)),
			.where = xasprintf("%s:%u", path, number),
		};
	}
	return 0;
}

/* Where a link of this folder leads: up by "../", or to an absolute path. */
static char *led_to(const char *folder, const char *target)
{
	CLEANUP_FREE char *up = xstrdup(folder);

	if (target[0] == '/')
		return xstrdup(target);
	for (; str_starts(target, "../") && up[0]; target += 3)
		*strrchr(up, '/') = '\0';
	return xasprintf("%s/%s", up, target);
}

/* systemd reads /etc/sysctl.conf only where a link here leads to it; Debian 13 has none any more. */
static int read_named(const struct control_in *in, const char *folder, const char *name,
		      struct laters *ret, struct err *e)
{
	CLEANUP_FREE char *path = xasprintf("%s/%s", folder, name);
	CLEANUP_NODE struct node n = { 0 };
	CLEANUP_FREE char *led = NULL;

	if (os_get(in->os, path, &n, e) < 0)
		return -1;
	led = n.type == NODE_LINK ? led_to(folder, n.data) : NULL;
	return read_later(in, led ? led : path, ret, e);
}

/* A name that stands in several folders is read in the first of them. */
static int read_laters(const struct control_in *in, struct laters *ret, struct err *e)
{
	static const char *const folders[] = { "/etc/sysctl.d", "/run/sysctl.d",
					       "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d",
					       "/lib/sysctl.d" };
	CLEANUP_STRV struct strv seen = { 0 };

	for (size_t k = 0; k < COUNT(folders); k++) {
		CLEANUP_STRV struct strv names = { 0 };

		if (os_list(in->os, folders[k], &names, e) < 0)
			return -1;
		for (size_t i = 0; i < names.count; i++) {
			const char *name = names.item[i];

			if (strcmp(name, FILE_NAME) <= 0 || !str_ends(name, ".conf") ||
			    strv_has(&seen, name))
				continue;
			strv_add(&seen, name);
			if (read_named(in, folders[k], name, ret, e) < 0)
				return -1;
		}
	}
	/* The boot script of procps reads it last; systemd does not. */
	return in->facts->systemd ? 0 : read_later(in, "/etc/sysctl.conf", ret, e);
}

/* The last of them that says something else and worse; NULL: none. What it says as well is ours then, too. */
static const struct later *against(const struct laters *l, struct kernel_want *w)
{
	const struct later *last = NULL;
	char *end;
	long value;

	for (size_t i = 0; i < l->count; i++)
		if (fnmatch(l->item[i].pattern, w->path, FNM_PATHNAME) == 0)
			last = &l->item[i];
	if (!last || str_eq(last->value, w->value))
		return NULL;
	value = strtol(last->value, &end, 10);
	if (end == last->value || *end || !kernel_value_is_good(w->rule, value))
		return last;
	free(w->value);
	w->value = xstrdup(last->value);
	return NULL;
}

/* --- the step -------------------------------------------------------------------------------------- */

struct written {
	struct str text;
	json_t *values;
	size_t changes;
	const char *control; /* of the last line */
};

static void write_want(const struct kernel_want *w, struct written *ret)
{
	CLEANUP_FREE char *name = written_name(w->path);
	bool of_interface = strstr(w->path, "/conf/") && !strstr(w->path, "/all/") &&
			    !strstr(w->path, "/default/");

	if (!str_eq(w->control, ret->control))
		str_addf(&ret->text, "# %s\n", w->control);
	ret->control = w->control;
	/* It may be gone by then: the minus says that this is no failure. */
	str_addf(&ret->text, "%s%s = %s\n", of_interface ? "-" : "", name, w->value);
	json_object_set_new(ret->values, w->path, json_string(w->value));
	ret->changes += w->changes;
}

static void warn_of_later(const struct kernel_want *w, const struct later *l, struct strv *warnings)
{
	CLEANUP_FREE char *name = written_name(w->path);
	CLEANUP_FREE char *text = xasprintf(_("%s sets %s = %s and is read last: so it stays (%s)"),
					    l->where, name, l->value, w->control);

	if (w->changes && !strv_has(warnings, text))
		strv_add(warnings, text);
}

int draft_kernel_steps(const struct control_in *in, struct draft *d, struct err *e)
{
	CLEANUP(laters_done) struct laters later = { 0 };
	struct written w = { .values = NULL };
	CLEANUP_FREE char *title = NULL;
	CLEANUP_FREE char *fixed = strv_join(&d->kernel_fixed, ", ");

	if (!d->kernel_changes)
		return 0;
	if (read_laters(in, &later, e) < 0)
		return -1;
	w.values = json_object();
	str_add(&w.text, "# Written by kannuki: [hardening] of /etc/kannuki/policy.conf\n");
	for (size_t i = 0; i < d->kernel_count; i++) {
		const struct later *l = against(&later, &d->kernel[i]);

		if (l)
			warn_of_later(&d->kernel[i], l, &d->plan->warnings);
		else
			write_want(&d->kernel[i], &w);
	}
	if (fixed[0])
		strv_addf(&d->plan->warnings,
			  _("this host does not let these be changed, so they stay: %s"), fixed);
	title = xasprintf(_("kernel: %zu settings (network, links, what users may see)"),
			  w.changes);
	if (w.changes > 0)
		step_words(
			plan_add(d->plan, &step_sysctl, PHASE_ADD, "kernel.settings",
				 step_sysctls_args(json_incref(w.values), FILE_PATH, w.text.text)),
			title, _("they close what no VPS needs; the file says which control asks"),
			_("every former value comes back, and the file goes"));
	json_decref(w.values);
	str_done(&w.text);
	return 0;
}
