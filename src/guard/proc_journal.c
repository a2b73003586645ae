// SPDX-License-Identifier: MIT
/* proc_journal.c - the process that becomes journalctl, with nothing but the right to read the journal. */
#include "guard/roles.h"
#include "os/child.h"

/* So far back at the first start: what is older counts for nothing. */
static double longest_find_time(const struct orders *o)
{
	double longest = 0;

	for (size_t i = 0; i < o->count; i++)
		if (o->item[i].journal && o->item[i].find_time > longest)
			longest = o->item[i].find_time;
	return longest < 86400 ? longest : 86400;
}

int journal_run(const struct guard_places *places, const char *cursor, struct err *e)
{
	CLEANUP_ORDERS struct orders orders = { 0 };
	CLEANUP_STRV struct strv argv = { 0 };

	if (orders_read(places->os, places->config, &orders, e) < 0)
		return -1;
	strv_add(&argv, GUARD_JOURNALCTL);
	strv_add(&argv, "--output=export");
	strv_add(&argv, "--follow");
	strv_add(&argv, "--quiet");
	strv_add(&argv, "--no-pager");
	strv_add(&argv, "--no-tail");
	/* Without it --follow asks for the id of this boot, which is not to be seen in every sandbox or container. The reader
	 * leaves out what other machines wrote, or nobody says who. */
	strv_add(&argv, "--merge");
	if (cursor[0])
		strv_addf(&argv, "--after-cursor=%s", cursor);
	else
		strv_addf(&argv, "--since=@%.0f", guard_now() - longest_find_time(&orders));
	orders_journal_words(&orders, &argv);
	if (roles_confine(ROLE_JOURNAL, places, &orders, e) < 0)
		return -1;
	return child_become((const char *const *)argv.item, CHILD_FIRST_FD, e);
}
