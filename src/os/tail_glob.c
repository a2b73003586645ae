// SPDX-License-Identifier: MIT
/* tail_glob.c - files by a pattern, without looking into them: glob(3) wants more of the C library than a static program
 * has. */
#include <dirent.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

#include "os/tail.h"

#define PARTS_MAX 32 /* of a pattern */

struct search {
	struct strv part; /* between the slashes */
	struct strv *found;
};

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* NOLINTNEXTLINE(misc-no-recursion) as deep as the pattern has parts */
static void search(struct search *s, const char *folder, size_t at)
{
	const char *part = s->part.item[at];
	bool last = at + 1 == s->part.count;
	struct dirent *one;
	DIR *d;

	if (!strpbrk(part, "*?[")) {
		CLEANUP_FREE char *path = xasprintf("%s/%s", folder, part);

		if (!last)
			search(s, path, at + 1);
		else if (is_file(path))
			strv_add(s->found, path);
		return;
	}
	d = opendir(folder[0] ? folder : "/");
	while (d && (one = readdir(d)) && s->found->count < TAIL_FILES_MAX) {
		CLEANUP_FREE char *path = xasprintf("%s/%s", folder, one->d_name);

		if (fnmatch(part, one->d_name, FNM_PERIOD) != 0)
			continue;
		if (!last)
			search(s, path, at + 1);
		else if (is_file(path))
			strv_add(s->found, path);
	}
	if (d)
		closedir(d);
}

void tail_glob(const char *pattern, struct strv *ret)
{
	struct search s = { .found = ret };

	strv_split(&s.part, pattern, "/");
	if (pattern[0] == '/' && s.part.count > 0 && s.part.count <= PARTS_MAX)
		search(&s, "", 0);
	strv_sort(ret);
	strv_done(&s.part);
}
