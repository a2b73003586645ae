// SPDX-License-Identifier: MIT
/* package_manager.c - see package_manager.h. */
#include "core/package_manager.h"

#include <stdio.h>

#include "core/facts.h"

const struct package_manager *const package_managers[] = { &package_apt, &package_dnf };
const size_t package_managers_count = COUNT(package_managers);

void automatic_text_done(struct automatic_text *t)
{
	free(t->text);
	json_decref(t->expect);
	node_done(&t->now);
}

static int is_here(struct os *os, const struct package_manager *m, struct err *e)
{
	CLEANUP_NODE struct node n = { 0 };

	return os_get(os, m->program, &n, e) < 0 ? -1 : n.type != NODE_ABSENT;
}

int package_manager_find(struct os *os, const struct package_manager **ret, struct err *e)
{
	const struct distribution *d = NULL;

	if (distribution_find(os, &d, e) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(package_managers); i++) {
		int here;

		if (d && d->packages != package_managers[i])
			continue;
		here = is_here(os, package_managers[i], e);
		if (here < 0)
			return -1;
		if (here > 0) {
			*ret = package_managers[i];
			return 0;
		}
	}
	return 1;
}

const char *package_installs(const struct facts *f)
{
	return f->distribution ? f->distribution->packages->installs : package_apt.installs;
}

void policy_time_text(int minutes, char ret[6])
{
	unsigned of_day = (unsigned)minutes % 1440;

	snprintf(ret, 6, "%02u:%02u", of_day / 60, of_day % 60);
}

bool package_word_is_true(const char *value)
{
	static const char *const words[] = { "1", "yes", "true", "with", "on", "enable" };

	for (size_t i = 0; i < COUNT(words); i++)
		if (str_case_eq(value, words[i]))
			return true;
	return false;
}

#define NAMES_MAX 20

char *package_names(const struct strv *names)
{
	CLEANUP_STR struct str s = { 0 };

	str_add(&s, "");
	for (size_t i = 0; i < names->count && i < NAMES_MAX; i++)
		str_addf(&s, "%s%s", i ? ", " : "", names->item[i]);
	if (names->count > NAMES_MAX)
		str_addf(&s, ", …(+%zu)", names->count - NAMES_MAX);
	return str_take(&s);
}
