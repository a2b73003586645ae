// SPDX-License-Identifier: MIT
/* files.c - see files.h. */
#include "guard/files.h"

#include <fnmatch.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"

#define MATCHES_MAX 10000

char *files_beside(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	if (name[0] == '/' || !slash)
		return xstrdup(name);
	return xasprintf("%.*s/%s", (int)(slash - path), path, name);
}

int files_read(struct os *os, const char *path, struct node *ret, struct err *e)
{
	CLEANUP_NODE struct node n = { 0 };

	if (os_get_followed(os, path, &n, e) < 0)
		return -1;
	if (n.type != NODE_FILE)
		return 1;
	*ret = n;
	n = (struct node){ 0 };
	return 0;
}

bool files_exists(struct os *os, const char *path)
{
	CLEANUP_NODE struct node n = { 0 };
	struct err ignored = { 0 };

	return os_get_followed(os, path, &n, &ignored) == 0 && n.type != NODE_ABSENT;
}

int files_with_suffix(struct os *os, const char *folder, const char *suffix, struct strv *ret,
		      struct err *e)
{
	CLEANUP_STRV struct strv names = { 0 };

	if (os_list(os, folder, &names, e) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++)
		if (names.item[i][0] != '.' && str_ends(names.item[i], suffix))
			strv_addf(ret, "%s/%s", folder, names.item[i]);
	return 0;
}

/* Adds the names in the folder that this part of the pattern matches. */
static int match_part(struct os *os, const char *folder, const char *part, struct strv *ret,
		      struct err *e)
{
	CLEANUP_STRV struct strv names = { 0 };
	struct err absent = { 0 };

	/* What is no folder has no names in it: nothing matches there. */
	if (os_list(os, folder[0] ? folder : "/", &names, &absent) != 0)
		return 0;
	for (size_t i = 0; i < names.count; i++) {
		if (fnmatch(part, names.item[i], FNM_PERIOD | FNM_NOESCAPE) != 0)
			continue;
		if (ret->count == MATCHES_MAX)
			return err_set(e, ERR_USAGE, _("%s/%s matches more than %d files"), folder,
				       part, MATCHES_MAX);
		strv_addf(ret, "%s/%s", folder, names.item[i]);
	}
	return 0;
}

int files_glob(struct os *os, const char *pattern, struct strv *ret, struct err *e)
{
	CLEANUP_STRV struct strv parts = { 0 }, found = { 0 };

	strv_split(&parts, pattern, "/");
	strv_add(&found, "");
	for (size_t i = 0; i < parts.count; i++) {
		CLEANUP_STRV struct strv next = { 0 };

		for (size_t j = 0; j < found.count; j++) {
			if (!strpbrk(parts.item[i], "*?["))
				strv_addf(&next, "%s/%s", found.item[j], parts.item[i]);
			else if (match_part(os, found.item[j], parts.item[i], &next, e) < 0)
				return -1;
		}
		strv_done(&found);
		found = next;
		next = (struct strv){ 0 };
	}
	for (size_t i = 0; i < found.count; i++)
		if (found.item[i][0] && files_exists(os, found.item[i]))
			strv_add(ret, found.item[i]);
	return 0;
}
