// SPDX-License-Identifier: MIT
/* selinux.c - see selinux.h. */
#include "core/selinux.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "core/facts.h"
#include "core/words.h"

#define ENFORCE "/sys/fs/selinux/enforce"
#define LABEL	"security.selinux"
/* Any program of the distribution that has no label of its own. */
#define SOME_PROGRAM "/usr/bin/env"
#define SEMANAGE     "/usr/sbin/semanage"
#define ASK_MS	     60000

int selinux_enabled(struct os *os, struct err *e)
{
	CLEANUP_NODE struct node n = { 0 };

	return os_get(os, ENFORCE, &n, e) < 0 ? -1 : n.type != NODE_ABSENT;
}

/* "22", "1024-32767": how many ports it holds if `port` is one of them, else 0. */
static unsigned width_around(const char *range, unsigned port)
{
	CLEANUP_FREE char *low = xstrndup(range, strcspn(range, "-"));
	const char *dash = strchr(range, '-');
	uint64_t a, b;

	if (str_to_u64(low, 1, 65535, &a) < 0 ||
	    str_to_u64(dash ? dash + 1 : low, 1, 65535, &b) < 0 || port < a || port > b)
		return 0;
	return (unsigned)(b - a + 1);
}

/* "ssh_port_t                     tcp      2222, 22" */
char *selinux_port_type(const char *text, unsigned port, bool *ret_own)
{
	CLEANUP_FREE char *copy = xstrdup(text);
	CLEANUP_FREE char *found = NULL;
	unsigned best = 65536;
	char *rest = copy, *line;

	*ret_own = false;
	while ((line = str_line(&rest))) {
		CLEANUP_STRV struct strv words = { 0 };

		strv_split(&words, line, " \t,");
		if (words.count < 3 || !str_eq(words.item[1], "tcp"))
			continue;
		for (size_t i = 2; i < words.count; i++) {
			unsigned width = width_around(words.item[i], port);

			if (width == 0 || width >= best)
				continue;
			best = width;
			free(found);
			found = xstrdup(words.item[0]);
		}
	}
	*ret_own = best == 1;
	return TAKE(found);
}

void port_label_done(struct port_label *l)
{
	free(l->type);
}

int selinux_ask_port(struct os *os, bool local, unsigned port, struct port_label *ret,
		     struct err *e)
{
	const struct run all = { .argv = ARGV("semanage", "port", "-l", "-n"),
				 .timeout_ms = ASK_MS };
	const struct run own = { .argv = ARGV("semanage", "port", "-l", "-n", "-C"),
				 .timeout_ms = ASK_MS };
	CLEANUP_RUN struct run_result r = { 0 };

	if (os_run(os, local ? &own : &all, &r, e) < 0)
		return -1;
	if (r.status != 0 || r.timed_out)
		return err_set(e, ERR_FAILED, "semanage port -l: %s",
			       r.timed_out ? _("did not end in time") : str_trim(r.err));
	ret->type = selinux_port_type(r.out, port, &ret->own);
	return 0;
}

int facts_gather_selinux(struct os *os, const struct facts_query *q, struct facts *f, struct err *e)
{
	CLEANUP_FREE char *enforce = NULL;
	CLEANUP_NODE struct node tool = { 0 };
	struct selinux_fact *s = &f->selinux;
	int on = selinux_enabled(os, e);
	struct err why = { 0 };
	struct port_label label = { 0 };

	if (on <= 0)
		return on;
	if (os_read(os, ENFORCE, &enforce, e) < 0 || os_get(os, SEMANAGE, &tool, e) < 0)
		return -1;
	s->enabled = true;
	s->enforcing = enforce && enforce[0] == '1';
	s->tool = tool.type != NODE_ABSENT;
	if (!s->tool || !q->extra_port || !f->as_root)
		return 0;
	if (selinux_ask_port(os, false, q->extra_port, &label, &why) < 0)
		strv_addf(&f->not_measured, "SELinux: %s", why.msg);
	s->port_type = label.type;
	return 0;
}

int selinux_label(struct os *os, const char *const *path, bool deep, struct err *e)
{
	CLEANUP_STRV struct strv argv = { 0 };
	CLEANUP_RUN struct run_result r = { 0 };
	int on = path && path[0] ? selinux_enabled(os, e) : 0;

	if (on <= 0)
		return on;
	strv_split(&argv, deep ? "restorecon -R --" : "restorecon --", " ");
	for (size_t i = 0; path[i]; i++)
		strv_add(&argv, path[i]);
	if (os_run(os,
		   &(struct run){ .argv = (const char *const *)argv.item, .timeout_ms = ASK_MS },
		   &r, e) < 0)
		return -1;
	if (r.status == 0 && !r.timed_out)
		return 0;
	return err_set(e, ERR_FAILED, "restorecon: %s",
		       r.timed_out	 ? _("did not end in time")
		       : r.status == 127 ? _("no such program")
					 : str_trim(r.err));
}

int selinux_label_program(struct os *os, struct node *node, struct err *e)
{
	CLEANUP_NODE struct node like = { 0 };
	int on = selinux_enabled(os, e);

	if (on <= 0)
		return on;
	if (os_get_followed(os, SOME_PROGRAM, &like, e) < 0)
		return -1;
	for (size_t i = 0; i < like.xattr_count; i++) {
		if (!str_eq(like.xattr[i].name, LABEL))
			continue;
		node->xattr = xrealloc(node->xattr, node->xattr_count + 1, sizeof(*node->xattr));
		node->xattr[node->xattr_count++] =
			(struct xattr){ .name = xstrdup(LABEL),
					.value = xmemdup(like.xattr[i].value, like.xattr[i].len),
					.len = like.xattr[i].len };
	}
	return 0;
}
