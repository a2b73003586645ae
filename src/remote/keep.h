// SPDX-License-Identifier: MIT
/* keep.h - what the workstation keeps of it: an entry for ssh_config(5), the host key at the new port, a note. */
#pragma once

#include "remote/far_end.h"
#include "remote/identity.h"

/* Shows how to log in from now on. asks: and offers to write it down; nothing is written without a yes. */
int keep(struct host *h, const struct identity *i, const struct pending *p, bool asks,
	 struct err *e);
