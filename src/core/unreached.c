// SPDX-License-Identifier: MIT
/* unreached.c - see unreached.h. */
#include "core/unreached.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/i18n.h"
#include "core/package_manager.h"

#define SNAPS "/var/lib/snapd/snaps"
#define DAY   INT64_C(86400)

/* --- snaps ---------------------------------------------------------------------------------------- */

/* "core22_1380.snap", of each kept twice or thrice. */
static int snaps(struct os *os, struct strv *ret, struct err *e)
{
	CLEANUP_STRV struct strv files = { 0 };
	CLEANUP_STRV struct strv names = { 0 };
	CLEANUP_FREE char *all = NULL;

	if (os_list(os, SNAPS, &files, e) < 0)
		return -1;
	for (size_t i = 0; i < files.count; i++) {
		CLEANUP_FREE char *name = xstrndup(files.item[i], strcspn(files.item[i], "_"));

		if (str_ends(files.item[i], ".snap") && !strv_has(&names, name))
			strv_add(&names, name);
	}
	all = strv_join(&names, ", ");
	if (names.count > 0)
		strv_addf(ret, _("snaps, which snapd brings itself (snap refresh --time): %s"),
			  all);
	return 0;
}

/* --- containers ------------------------------------------------------------------------------------ */

/* Who holds containers, and the socket without which asking would start it. NULL: it needs none. */
static const struct engine {
	const char *program, *path, *socket;
} engines[] = {
	{ "docker", "/usr/bin/docker", "/run/docker.sock" },
	{ "podman", "/usr/bin/podman", NULL },
};

/* Days since "2024-05-01T09:30:00Z" or "2024-05-01 09:30:00 +0000 UTC"; -1: it says no such day. */
static int age_in_days(struct os *os, const char *created)
{
	struct tm day = { 0 };
	const char *end = strptime(created, "%Y-%m-%d", &day);
	int64_t now = os_now(os, OS_REALTIME) / 1000000000;

	return end && timegm(&day) <= now ? (int)((now - timegm(&day)) / DAY) : -1;
}

static void say_image(struct os *os, const char *image, const char *created, struct strv *ret)
{
	int days = age_in_days(os, created);

	if (days < 0)
		strv_addf(ret, _("container image %s: pull it anew, then make its containers anew"),
			  image);
	else
		strv_addf(ret,
			  _("container image %s, made %.10s, %d days ago: pull it anew, then make "
			    "its containers anew"),
			  image, created, days);
}

/* Images of what runs, each once. */
static int images_in_use(struct os *os, const struct engine *g, struct strv *ret, struct err *e)
{
	const struct run run = { .argv = ARGV(g->program, "ps", "--format", "{{.Image}}") };
	CLEANUP_RUN struct run_result r = { 0 };
	char *rest, *line;

	if (os_run(os, &run, &r, e) < 0)
		return -1;
	rest = r.status == 0 && !r.timed_out ? r.out : NULL;
	while (rest && (line = str_line(&rest))) {
		str_make_clean(line);
		if (line[0] && line[0] != '-' && !strv_has(ret, line))
			strv_add(ret, line);
	}
	return 0;
}

static int images_of(struct os *os, const struct engine *g, struct strv *ret, struct err *e)
{
	CLEANUP_STRV struct strv images = { 0 };

	if (images_in_use(os, g, &images, e) < 0)
		return -1;
	for (size_t i = 0; i < images.count; i++) {
		const struct run run = { .argv = ARGV(g->program, "image", "inspect", "--format",
						      "{{.Created}}", images.item[i]) };
		CLEANUP_RUN struct run_result r = { 0 };

		if (os_run(os, &run, &r, e) < 0)
			return -1;
		say_image(os, images.item[i], r.status == 0 ? str_trim(r.out) : "", ret);
	}
	return 0;
}

static int containers(struct os *os, struct strv *ret, struct err *e)
{
	for (size_t i = 0; i < COUNT(engines); i++) {
		const struct engine *g = &engines[i];
		int there = updates_is_there(os, g->path, e);

		if (there > 0 && g->socket)
			there = updates_is_there(os, g->socket, e);
		if (there < 0 || (there > 0 && images_of(os, g, ret, e) < 0))
			return -1;
	}
	return 0;
}

/* --- programs of no package ------------------------------------------------------------------------ */

/* What listens to the outside, by file; a container's file is not in our sight. */
static int listening_files(struct os *os, struct strv *ret, struct err *e)
{
	CLEANUP_FREE struct socket_info *s = NULL;
	size_t count = 0;

	if (os_sockets(os, &s, &count, e) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		CLEANUP_PROCESS struct process p = { 0 };
		struct err gone = { 0 };
		int there;

		if (s[i].kind == SOCKET_TCP_ESTABLISHED || s[i].pid <= 1 ||
		    addr_is_loopback(&s[i].local) || os_process(os, s[i].pid, &p, &gone) != 0 ||
		    p.exe[0] != '/' || strv_has(ret, p.exe))
			continue;
		there = updates_is_there(os, p.exe, e);
		if (there < 0)
			return -1;
		if (there > 0)
			strv_add(ret, p.exe);
	}
	if (ret->count > 0)
		strv_sort(ret);
	return 0;
}

static int programs(struct os *os, const struct facts *f, struct strv *ret, struct err *e)
{
	CLEANUP_STRV struct strv files = { 0 };
	CLEANUP_STRV struct strv owners = { 0 };
	CLEANUP_STRV struct strv nobodys = { 0 };
	CLEANUP_FREE char *all = NULL;

	if (listening_files(os, &files, e) < 0 ||
	    (files.count > 0 && f->updates.manager->owners(os, &files, &owners, e) < 0))
		return -1;
	for (size_t i = 0; i < owners.count; i++)
		if (owners.item[i][0] == '\0')
			strv_add(&nobodys, files.item[i]);
	all = strv_join(&nobodys, ", ");
	if (nobodys.count > 0)
		strv_addf(ret, _("programs of no package, which listen to the outside: %s"), all);
	return 0;
}

int updates_unreached(struct os *os, const struct facts *f, struct strv *ret, struct err *e)
{
	if (!f->updates.manager)
		return 0;
	if (f->updates.manager->unreached(os, f, ret, e) < 0 || snaps(os, ret, e) < 0 ||
	    containers(os, ret, e) < 0)
		return -1;
	return programs(os, f, ret, e);
}
