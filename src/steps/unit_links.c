// SPDX-License-Identifier: MIT
/* unit_links.c - see unit_links.h. */
#include "steps/unit_links.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"

#define UNIT_DIR "/etc/systemd/system"

struct scan {
	const struct step_ctx *c;
	const char *name;
	struct image *found;
	struct strv folders;
	struct strv
		half; /* links whose put or removal was killed: something staged lies beside them */
};

static int add_if_link(struct scan *s, const char *path, struct err *e)
{
	struct node n CLEANUP_NODE = { 0 };

	if (os_get(s->c->os, path, &n, e) < 0)
		return -1;
	if (n.type == NODE_LINK)
		image_add(s->found, path, &n);
	return 0;
}

/* An alias is a link in the folder itself to the unit, under another name. */
static int add_if_alias(struct scan *s, const char *entry, struct err *e)
{
	CLEANUP_FREE char *path = xasprintf(UNIT_DIR "/%s", entry);
	struct node n CLEANUP_NODE = { 0 };
	const char *target;

	if (strcmp(entry, s->name) == 0)
		return 0;
	if (os_get(s->c->os, path, &n, e) < 0)
		return -1;
	if (n.type != NODE_LINK)
		return 0;
	target = strrchr(n.data, '/');
	if (strcmp(target ? target + 1 : n.data, s->name) == 0)
		image_add(s->found, path, &n);
	return 0;
}

static int scan_unit_dir(struct scan *s, struct err *e)
{
	struct strv names CLEANUP_STRV = { 0 };

	if (os_list(s->c->os, UNIT_DIR, &names, e) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		const char *entry = names.item[i];
		CLEANUP_FREE char *in = NULL;

		if (!str_ends(entry, ".wants") && !str_ends(entry, ".requires")) {
			if (add_if_alias(s, entry, e) < 0)
				return -1;
			continue;
		}
		strv_addf(&s->folders, UNIT_DIR "/%s", entry);
		in = xasprintf(UNIT_DIR "/%s/%s", entry, s->name);
		if (add_if_link(s, in, e) < 0)
			return -1;
	}
	return 0;
}

static bool is_rc_link(const char *entry, const char *service)
{
	return (entry[0] == 'S' || entry[0] == 'K') && isdigit((unsigned char)entry[1]) &&
	       isdigit((unsigned char)entry[2]) && strcmp(entry + 3, service) == 0;
}

static int scan_rc_dir(struct scan *s, char level, const char *service, struct err *e)
{
	CLEANUP_FREE char *dir = xasprintf("/etc/rc%c.d", level);
	struct strv names CLEANUP_STRV = { 0 };

	if (os_list(s->c->os, dir, &names, e) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		const char *entry = names.item[i];
		CLEANUP_FREE char *path = xasprintf("%s/%s", dir, entry);
		CLEANUP_FREE char *meant = os_unstaged(entry);

		if (is_rc_link(entry, service) && add_if_link(s, path, e) < 0)
			return -1;
		if (entry[0] == '.' && is_rc_link(meant, service))
			strv_addf(&s->half, "%s/%s", dir, meant);
	}
	return 0;
}

static int scan_all(struct scan *s, struct err *e)
{
	CLEANUP_FREE char *service = NULL;

	if (scan_unit_dir(s, e) < 0)
		return -1;
	if (!str_ends(s->name, ".service"))
		return 0;
	service = xstrndup(s->name, strlen(s->name) - strlen(".service"));
	for (const char *level = "0123456S"; *level; level++)
		if (scan_rc_dir(s, *level, service, e) < 0)
			return -1;
	return 0;
}

int unit_links_capture(const struct step_ctx *c, const char *name, struct image *ret, struct err *e)
{
	struct scan s = { .c = c, .name = name, .found = ret };
	CLEANUP_FREE char *folders = NULL;
	int r = scan_all(&s, e);

	folders = strv_join(&s.folders, "\n");
	strv_done(&s.folders);
	strv_done(&s.half);
	if (r == 0)
		image_set_text(ret, "folders", folders);
	return r;
}

static int remove_new_folder(const struct step_ctx *c, const char *folder, struct err *e)
{
	struct strv names CLEANUP_STRV = { 0 };

	if (os_list(c->os, folder, &names, e) < 0)
		return -1;
	return names.count ? 0 : os_remove(c->os, folder, e);
}

static int links_back(const struct step_ctx *c, const struct image *now, const struct image *pre,
		      struct err *e)
{
	for (size_t i = 0; i < now->count; i++)
		if (!image_node(pre, now->item[i].path) &&
		    os_remove(c->os, now->item[i].path, e) < 0)
			return -1;
	for (size_t i = 0; i < pre->count; i++)
		if (pre->item[i].node.type == NODE_LINK &&
		    os_put(c->os, pre->item[i].path, NULL, &pre->item[i].node, e) < 0)
			return -1;
	return 0;
}

/* A put or a removal that was killed left a link under its staged name, where no scan finds it: it is taken up again. */
static int halves_to_their_end(struct scan *s, const struct image *pre, struct err *e)
{
	for (size_t i = 0; i < s->folders.count; i++) {
		CLEANUP_FREE char *staged =
			xasprintf("%s/.%s.kannuki~", s->folders.item[i], s->name);
		struct node n CLEANUP_NODE = { 0 };

		if (os_get(s->c->os, staged, &n, e) < 0)
			return -1;
		if (n.type != NODE_ABSENT)
			strv_addf(&s->half, "%s/%s", s->folders.item[i], s->name);
	}
	for (size_t i = 0; i < s->half.count; i++)
		if (!image_node(pre, s->half.item[i]) &&
		    os_remove(s->c->os, s->half.item[i], e) < 0)
			return -1;
	return 0;
}

int unit_links_undo(const struct step_ctx *c, const char *name, const struct image *pre,
		    struct err *e)
{
	struct image now CLEANUP_IMAGE = { 0 };
	struct scan s = { .c = c, .name = name, .found = &now };
	struct strv had CLEANUP_STRV = { 0 };
	const char *folders = image_text(pre, "folders");
	int r = scan_all(&s, e);

	strv_split(&had, folders ? folders : "", "\n");
	/* `disable` takes an emptied folder along. */
	for (size_t i = 0; r == 0 && i < had.count; i++)
		r = os_mkdir(c->os, had.item[i], 0755, e);
	if (r == 0)
		r = links_back(c, &now, pre, e);
	if (r == 0)
		r = halves_to_their_end(&s, pre, e);
	for (size_t i = 0; r == 0 && i < s.folders.count; i++)
		if (!strv_has(&had, s.folders.item[i]))
			r = remove_new_folder(c, s.folders.item[i], e);
	strv_done(&s.folders);
	strv_done(&s.half);
	return r;
}
