// SPDX-License-Identifier: MIT
/* pretend_call.h - one run of a pretend program, for the files of pretend programs only. */
#pragma once

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "lib/pretend.h"

struct call {
	struct pretend *p;
	const struct run *r;
	struct str out, err;
	struct err *e;
};

static inline const char *arg(const struct call *c, size_t i)
{
	for (size_t k = 0; k <= i; k++)
		if (!c->r->argv[k])
			return "";
	return c->r->argv[i];
}

static inline const char *last(const struct call *c)
{
	size_t i = 0;

	while (c->r->argv[i + 1])
		i++;
	return c->r->argv[i];
}

static inline const char *after(const struct call *c, const char *option)
{
	for (size_t i = 0; c->r->argv[i]; i++)
		if (strcmp(c->r->argv[i], option) == 0)
			return arg(c, i + 1);
	return NULL;
}

static inline bool has(const struct call *c, const char *option)
{
	return after(c, option) != NULL;
}

static inline int say(struct call *c, int status, const char *text)
{
	str_add(status ? &c->err : &c->out, text);
	return status;
}

/* A write of the program's; -1 when the power goes. */
static inline int write_node(struct call *c, const char *path, const struct node *want)
{
	return os_put(&c->p->os, path, NULL, want, c->e);
}

/* As shadow-utils does it: the old one becomes the backup, then the new one takes its name. */
static inline int rewrite(struct call *c, const char *path, const char *text)
{
	CLEANUP_FREE char *backup = xasprintf("%s-", path);
	struct node now CLEANUP_NODE = { 0 };
	struct node want CLEANUP_NODE = { 0 };

	if (os_get(c->p->base, path, &now, c->e) < 0)
		return -1;
	if (now.type == NODE_FILE && write_node(c, backup, &now) < 0)
		return -1;
	node_file(&want, text, now.type == NODE_FILE ? now.mode : 0600);
	return write_node(c, path, &want);
}

static inline int append(struct call *c, const char *path, const char *line)
{
	CLEANUP_FREE char *text = pretend_text(c->p, path);
	CLEANUP_FREE char *all = NULL;

	if (strcmp(text, "(none)") == 0)
		return 0;
	all = xasprintf("%s%s", text, line);
	return rewrite(c, path, all);
}

/* pretend_accounts.c */
int pretend_useradd(struct call *c);
int pretend_usermod(struct call *c);
int pretend_gpasswd(struct call *c);
int pretend_chpasswd(struct call *c);
int pretend_mv(struct call *c);
/* pretend_bans.c */
int pretend_fail2ban(struct call *c);
