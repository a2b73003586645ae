// SPDX-License-Identifier: MIT
/* home.c - see home.h. */
#include "steps/home.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "steps/change.h"

#define SKEL	  "/etc/skel"
#define DEPTH_MAX 8

/* What a login or a shell leaves behind without its user having made anything. */
static const char *const droppings[] = {
	".bash_history", ".sudo_as_admin_successful",	".lesshst",   ".viminfo", ".Xauthority",
	".wget-hsts",	 ".cache/motd.legal-displayed", ".hushlogin",
};

/* --- making ------------------------------------------------------------------------------ */

struct owner {
	uid_t uid;
	gid_t gid;
};

/* What stands in the model, > 0: a folder, whose entries are to follow. */
static int copy_node(const struct step_ctx *c, const char *from, const char *to,
		     const struct owner *o, struct err *e)
{
	struct node skel CLEANUP_NODE = { 0 };
	struct node now CLEANUP_NODE = { 0 };

	if (os_get(c->os, from, &skel, e) < 0 || os_get(c->os, to, &now, e) < 0)
		return -1;
	if (now.type != NODE_ABSENT || skel.type == NODE_OTHER || skel.type == NODE_ABSENT)
		return skel.type == NODE_DIR;
	skel.uid = o->uid;
	skel.gid = o->gid;
	return os_put(c->os, to, &now, &skel, e) < 0 ? -1 : skel.type == NODE_DIR;
}

static int copy_tree(const struct step_ctx *c, const char *to, const char *below,
		     const struct owner *o, struct err *e)
{
	CLEANUP_FREE char *from = xasprintf(SKEL "%s", below);
	struct strv names CLEANUP_STRV = { 0 };
	unsigned depth = 0;
	int r = os_list(c->os, from, &names, e);

	for (const char *p = below; *p; p++)
		depth += *p == '/';
	if (r != 0 || depth > DEPTH_MAX)
		return r < 0 ? r : 0;
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP_FREE char *next = xasprintf("%s/%s", below, names.item[i]);
		CLEANUP_FREE char *source = xasprintf(SKEL "%s", next);
		CLEANUP_FREE char *target = xasprintf("%s%s", to, next);
		int folder = copy_node(c, source, target, o, e);

		if (folder < 0 || (folder > 0 && copy_tree(c, to, next, o, e) < 0))
			return -1;
	}
	return 0;
}

int home_make(const struct step_ctx *c, const char *home, uid_t uid, gid_t gid, struct err *e)
{
	const struct owner owner = { uid, gid };
	struct node want = { .type = NODE_DIR, .mode = 0700, .uid = uid, .gid = gid };
	struct node now CLEANUP_NODE = { 0 };
	struct strv names CLEANUP_STRV = { 0 };

	if (os_get(c->os, home, &now, e) < 0 || os_list(c->os, home, &names, e) < 0)
		return -1;
	if (now.type != NODE_ABSENT &&
	    (now.type != NODE_DIR || (now.uid != uid && (now.uid != 0 || names.count > 0))))
		return err_set(e, ERR_CONFLICT,
			       _("%s is there already and belongs to somebody else"), home);
	if ((now.type == NODE_ABSENT || now.uid != uid) && os_put(c->os, home, NULL, &want, e) < 0)
		return -1;
	return copy_tree(c, home, "", &owner, e);
}

/* --- taking back ------------------------------------------------------------------------- */

enum contents {
	AS_MADE,   /* nothing but what home_make put there */
	DROPPINGS, /* and what a login leaves */
	BELONGINGS /* and something of a person's */
};

struct survey {
	const char *home;
	enum contents found;
	char *first;	  /* belonging, as a path */
	struct strv ours; /* paths, a folder before what is in it */
};

static void note(struct survey *s, enum contents what, const char *path)
{
	if (what == BELONGINGS && !s->first)
		s->first = xstrdup(path);
	if (what > s->found)
		s->found = what;
}

static bool is_dropping(const char *below, enum node_type type)
{
	if (type == NODE_DIR && strcmp(below, "/.cache") == 0)
		return true;
	for (size_t i = 0; i < COUNT(droppings); i++)
		if (type == NODE_FILE && strcmp(below + 1, droppings[i]) == 0)
			return true;
	return false;
}

static int survey_tree(const struct step_ctx *c, struct survey *s, const char *below,
		       struct err *e);

/* What os_put had staged for home_make when it was killed: nobody's, and never a reason to keep it. */
static bool is_staged(const char *path)
{
	const char *name = strrchr(path, '/') + 1;

	return name[0] == '.' && str_ends(name, ".kannuki~");
}

/* A folder in which nothing is but what was staged: an undo of its file that failed could not remove it. 1: it was
 * one, and is gone. */
static int remove_staged_only(const struct step_ctx *c, const char *path, struct err *e)
{
	struct strv names CLEANUP_STRV = { 0 };

	if (os_list(c->os, path, &names, e) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP_FREE char *one = xasprintf("%s/%s", path, names.item[i]);

		if (!is_staged(one))
			return 0;
	}
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP_FREE char *one = xasprintf("%s/%s", path, names.item[i]);

		if (os_remove(c->os, one, e) < 0)
			return -1;
	}
	if (names.count == 0)
		return 0;
	return os_remove(c->os, path, e) < 0 ? -1 : 1;
}

static int survey_one(const struct step_ctx *c, struct survey *s, const char *below, struct err *e)
{
	CLEANUP_FREE char *path = xasprintf("%s%s", s->home, below);
	CLEANUP_FREE char *source = xasprintf(SKEL "%s", below);
	struct node now CLEANUP_NODE = { 0 };
	struct node skel CLEANUP_NODE = { 0 };
	struct err unreadable = { 0 };
	bool same;

	if (is_staged(path))
		return os_remove(c->os, path, e);
	/* What cannot be read (too large, say) is not what we made. */
	if (os_get(c->os, path, &now, &unreadable) < 0 || os_get(c->os, source, &skel, e) < 0) {
		note(s, BELONGINGS, path);
		return 0;
	}
	same = now.type == skel.type && now.len == skel.len &&
	       (now.len == 0 || memcmp(now.data, skel.data, now.len) == 0);
	if (!same && now.type == NODE_DIR) {
		int r = remove_staged_only(c, path, e);

		if (r != 0)
			return r < 0 ? -1 : 0;
	}
	if (!same) {
		note(s, is_dropping(below, now.type) ? DROPPINGS : BELONGINGS, path);
		/* A folder that only holds droppings is one. */
		return now.type == NODE_DIR ? survey_tree(c, s, below, e) : 0;
	}
	strv_add(&s->ours, path);
	return now.type == NODE_DIR ? survey_tree(c, s, below, e) : 0;
}

static int survey_tree(const struct step_ctx *c, struct survey *s, const char *below, struct err *e)
{
	CLEANUP_FREE char *path = xasprintf("%s%s", s->home, below);
	struct strv names CLEANUP_STRV = { 0 };
	unsigned depth = 0;

	for (const char *p = below; *p; p++)
		depth += *p == '/';
	if (depth > DEPTH_MAX) {
		note(s, BELONGINGS, path);
		return 0;
	}
	if (os_list(c->os, path, &names, e) < 0)
		return -1;
	for (size_t i = 0; i < names.count && s->found < BELONGINGS; i++) {
		CLEANUP_FREE char *next = xasprintf("%s/%s", below, names.item[i]);

		if (survey_one(c, s, next, e) < 0)
			return -1;
	}
	return 0;
}

static int remove_ours(const struct step_ctx *c, const struct survey *s, struct err *e)
{
	for (size_t i = s->ours.count; i-- > 0;)
		if (os_remove(c->os, s->ours.item[i], e) < 0)
			return -1;
	return os_remove(c->os, s->home, e);
}

static int move_away(const struct step_ctx *c, const struct survey *s, struct err *e)
{
	CLEANUP_FREE char *dir = xasprintf("%s/displaced", c->txn_dir);
	CLEANUP_FREE char *to = NULL;
	int r = displaced_move(c, s->home, &to, e);

	if (r != 0)
		return r;
	if (s->found < BELONGINGS)
		return 0;
	err_set(e, ERR_CONFLICT,
		_("%s holds files that someone made since (%s); all of it is kept as %s"), s->home,
		s->first, str_ends(to, strrchr(s->home, '/') + 1) ? to : dir);
	return 1;
}

int home_take_back(const struct step_ctx *c, const char *home, struct err *e)
{
	struct survey s = { .home = home };
	struct node now CLEANUP_NODE = { 0 };
	int r;

	if (os_get(c->os, home, &now, e) < 0)
		return -1;
	/* Also where the home is not there yet: it may have been staged. */
	if (now.type == NODE_ABSENT)
		return os_remove(c->os, home, e);
	if (now.type != NODE_DIR)
		return 0;
	r = survey_tree(c, &s, "", e);
	if (r == 0)
		r = s.found == AS_MADE ? remove_ours(c, &s, e) : move_away(c, &s, e);
	strv_done(&s.ours);
	free(s.first);
	return r;
}
