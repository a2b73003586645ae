// SPDX-License-Identifier: MIT
/*
 * packages.h - the package manager at work, without dialogs, outside of any transaction: what it does
 * stays, since no package manager takes an update back exactly.
 *
 * It runs as a unit of PID 1, so that a lost connection does not stop dpkg midway.
 */
#pragma once

#include "os/os.h"

struct packages_job {
	bool update_all;	    /* everything that is installed */
	const struct strv *install; /* or NULL */
};

#define PACKAGES_UNIT "kannuki-packages.service"

enum packages_stage { PACKAGES_LISTS, PACKAGES_DOWNLOAD, PACKAGES_INSTALL };

/* How far the manager says it is, of one stage. It says so of each, and may go back to an earlier one. */
struct packages_progress {
	enum packages_stage stage;
	unsigned permille;
};

/* Where a person sees it. */
struct packages_show {
	void (*line)(const char *line); /* a wait, a package */
	void (*progress)(const struct packages_progress
				 *now); /* whenever it has changed, and often; or NULL */
};

/*
 * Waits for cloud-init and the package locks (core/quiet.h), fetches the lists, does the job, waits for
 * its end. ERR_CONFLICT: somebody else is at it and did not
 * end in time. ERR_FAILED quotes apt's own error.
 */
int packages_run(struct os *os, const struct packages_job *job, const struct packages_show *show,
		 struct err *e);
