// SPDX-License-Identifier: MIT
/* pretend_accounts.c - the programs of shadow-utils that the tests need; see pretend_programs.h. */
#include "lib/pretend_call.h"

int pretend_useradd(struct call *c)
{
	const char *user = last(c), *home = after(c, "-d"), *password = after(c, "-p");
	CLEANUP_FREE char *passwd =
		xasprintf("%s:x:1001:1001::%s:%s\n", user, home, after(c, "-s"));
	CLEANUP_FREE char *shadow = xasprintf("%s:%s:19700:0:99999:7:::\n", user, password);
	CLEANUP_FREE char *group = xasprintf("%s:x:1001:\n", user);
	CLEANUP_FREE char *gshadow = xasprintf("%s:!::\n", user);
	CLEANUP_FREE char *sub = xasprintf("%s:165536:65536\n", user);

	if (c->p->locked > 0) {
		c->p->locked--;
		return say(c, 1, "useradd: cannot lock /etc/passwd; try again later.\n");
	}
	if (has(c, "-m"))
		return say(c, 2, "useradd: this test makes homes itself\n");
	if (append(c, "/etc/passwd", passwd) < 0 || append(c, "/etc/shadow", shadow) < 0 ||
	    append(c, "/etc/subuid", sub) < 0 || append(c, "/etc/subgid", sub) < 0)
		return -1;
	if (has(c, "-g"))
		return 0;
	return append(c, "/etc/group", group) < 0 ? -1 : append(c, "/etc/gshadow", gshadow);
}

/* The lines of a file with `extra` added to the end of the one of `name`. */
static char *extend_line(const char *text, const char *name, const char *extra)
{
	CLEANUP_FREE char *copy = xstrdup(text);
	CLEANUP_FREE char *start = xasprintf("%s:", name);
	struct str out CLEANUP_STR = { 0 };
	char *rest = copy, *line;

	while ((line = str_line(&rest)) != NULL) {
		bool is = str_starts(line, start);

		str_addf(&out, "%s%s%s\n", line, is && !str_ends(line, ":") ? "," : "",
			 is ? extra : "");
	}
	return str_take(&out);
}

int pretend_usermod(struct call *c)
{
	static const char *const files[] = { "/etc/group", "/etc/gshadow" };

	for (size_t i = 0; i < COUNT(files); i++) {
		CLEANUP_FREE char *text = pretend_text(c->p, files[i]);
		CLEANUP_FREE char *new = extend_line(text, after(c, "-G"), last(c));

		/* extend_line puts no comma before the first member. */
		if (rewrite(c, files[i], new) < 0)
			return -1;
	}
	return 0;
}

/* gpasswd -d USER GROUP: writes both files, the shadow one last. */
int pretend_gpasswd(struct call *c)
{
	static const char *const files[] = { "/etc/group", "/etc/gshadow" };

	for (size_t i = 0; i < COUNT(files); i++) {
		CLEANUP_FREE char *text = pretend_text(c->p, files[i]);
		CLEANUP_FREE char *start = xasprintf("%s:", arg(c, 3));
		struct str out CLEANUP_STR = { 0 };
		char *rest = text, *line;

		while ((line = str_line(&rest))) {
			/* The tests' user is the last of several members, or the only one. */
			if (str_starts(line, start) && str_ends(line, arg(c, 2)))
				line[strlen(line) - strlen(arg(c, 2))] = '\0';
			if (str_starts(line, start) && str_ends(line, ","))
				line[strlen(line) - 1] = '\0';
			str_addf(&out, "%s\n", line);
		}
		if (rewrite(c, files[i], out.text ? out.text : "") < 0)
			return -1;
	}
	return 0;
}

int pretend_chpasswd(struct call *c)
{
	CLEANUP_FREE char *user = xstrndup(c->r->input, strcspn(c->r->input, ":"));
	CLEANUP_FREE char *start = xasprintf("%s:", user);
	CLEANUP_FREE char *text = pretend_text(c->p, "/etc/shadow");
	struct str out CLEANUP_STR = { 0 };
	struct node now CLEANUP_NODE = { 0 };
	struct node want CLEANUP_NODE = { 0 };
	char *rest = text, *line;

	while ((line = str_line(&rest)) != NULL) {
		if (str_starts(line, start))
			str_addf(&out, "%s:$y$j9T$hashed:19700:0:99999:7:::\n", user);
		else
			str_addf(&out, "%s\n", line);
	}
	if (os_get(c->p->base, "/etc/shadow", &now, c->e) < 0)
		return -1;
	/* pam_unix stages under this name and makes no backup. */
	node_file(&want, out.text, now.mode);
	if (write_node(c, "/etc/nshadow", &want) < 0 || write_node(c, "/etc/shadow", &want) < 0)
		return -1;
	return write_node(c, "/etc/nshadow", &(struct node){ 0 });
}

static int move_tree(struct call *c, const char *from, const char *to)
{
	struct strv names CLEANUP_STRV = { 0 };
	struct node n CLEANUP_NODE = { 0 };

	if (os_get(c->p->base, from, &n, c->e) < 0 || os_put(c->p->base, to, NULL, &n, c->e) < 0 ||
	    os_list(c->p->base, from, &names, c->e) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP_FREE char *a = xasprintf("%s/%s", from, names.item[i]);
		CLEANUP_FREE char *b = xasprintf("%s/%s", to, names.item[i]);

		if (move_tree(c, a, b) < 0)
			return -1;
	}
	return os_remove(c->p->base, from, c->e);
}

int pretend_mv(struct call *c)
{
	struct node there CLEANUP_NODE = { 0 };

	if (os_get(c->p->base, arg(c, 4), &there, c->e) < 0)
		return -1;
	if (there.type != NODE_ABSENT)
		return say(c, 1, "Directory not empty");
	/* A rename is one instant: the power is not cut within it. */
	return move_tree(c, arg(c, 3), arg(c, 4));
}
