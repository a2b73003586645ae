// SPDX-License-Identifier: MIT
/* witnesses.c - what kannuki-guard asks when it starts: from which addresses transactions were confirmed. */
#include <stdio.h>

#include "base/i18n.h"
#include "cmd/cmd.h"
#include "report/record_report.h"

static int run(struct call *c, struct err *e)
{
	CLEANUP_STRV struct strv ids = { 0 };

	if (txn_list(c->os, &ids, e) < 0)
		return -1;
	for (size_t i = 0; i < ids.count; i++) {
		CLEANUP_TXN struct txn t = { 0 };
		CLEANUP_FREE char *address = NULL;
		const struct record *confirm;
		struct err strange = { 0 };

		/* Of one that cannot be read nobody is known. */
		if (txn_open(c->os, ids.item[i], &t, &strange) < 0 || !txn_is_confirmed(&t))
			continue;
		confirm = journal_last(&t.journal, RECORD_CONFIRM, JOURNAL_NO_STEP);
		address = confirm ? record_witness_address(confirm) : NULL;
		if (address)
			printf("%s\n", address);
	}
	return EXIT_DONE;
}

const struct command command_witnesses = {
	.name = "witnesses",
	.words = "",
	.summary = N_("from where transactions were confirmed (asked by kannuki-guard)"),
	.hidden = true,
	.as_root = true,
	.run = run,
};
