// SPDX-License-Identifier: MIT
/* audit_files.c - see audit_files.h. */
#include "controls/audit_files.h"

#include "base/i18n.h"
#include "core/words.h"

int audit_file(struct os *os, const struct file_rule *r, struct strv *bad, struct err *e)
{
	CLEANUP_NODE struct node n = { 0 };

	if (os_get_followed(os, r->path, &n, e) < 0)
		return -1;
	if (n.type == NODE_ABSENT)
		return 1;
	if ((n.mode & r->never) != 0 || (n.uid != r->owner && !(r->may_be_root && n.uid == 0)))
		strv_addf(bad, _("%s: mode %04o, owner %u"), r->path, (unsigned)n.mode,
			  (unsigned)n.uid);
	return 0;
}

int audit_folder(struct os *os, const char *folder, const struct file_rule *r, struct strv *bad,
		 struct err *e)
{
	CLEANUP_STRV struct strv names = { 0 };
	int status = os_list(os, folder, &names, e);

	for (size_t i = 0; status == 0 && i < names.count; i++) {
		CLEANUP_FREE char *path = xasprintf("%s/%s", folder, names.item[i]);
		struct file_rule one = *r;

		one.path = path;
		if (audit_file(os, &one, bad, e) < 0)
			return -1;
	}
	return status < 0 ? -1 : 0;
}
