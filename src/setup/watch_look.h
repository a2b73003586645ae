// SPDX-License-Identifier: MIT
/* watch_look.h - asks the host what watch.h is fed with. */
#pragma once

#include "core/txn.h"
#include "setup/watch.h"

struct look {
	char *cursor;	 /* of the journal: what comes behind it is new */
	int64_t since;	 /* ns since 1970 */
	uint64_t before; /* of the counter at the first look */
	bool counted;
};

void look_init(struct look *l, struct os *os, const struct txn *t);
void look_done(struct look *l);
#define CLEANUP_LOOK CLEANUP(look_done)
/* One look, some 30 ms. What cannot be asked is left as it was: the countdown must go on. */
void look_at_door(struct os *os, struct look *l, struct watch *w);
