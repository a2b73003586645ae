// SPDX-License-Identifier: MIT
/* audit_files.h - who owns a file and who may write or read it, as audits ask it. */
#pragma once

#include "controls/control.h"

struct file_rule {
	const char *path;
	uid_t owner;	  /* it must belong to */
	mode_t never;	  /* bits of its mode that must not be set, e.g. 022 */
	bool may_be_root; /* root may own it as well */
};

/* Adds "PATH: mode 0666, owner 1000" to *bad where it is otherwise. A path that is not there says
 * nothing and returns 1. 0: looked at; < 0: could not be. */
int audit_file(struct os *os, const struct file_rule *r, struct strv *bad, struct err *e);
/* All that lies in a folder, by the rule without its path; not what lies in its subfolders. */
int audit_folder(struct os *os, const char *folder, const struct file_rule *r, struct strv *bad,
		 struct err *e);
