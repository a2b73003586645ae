// SPDX-License-Identifier: MIT
/* old_programs.c - see old_programs.h. */
#include "core/old_programs.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "core/facts_services.h"

#define PID_MAX 4096

void old_programs_done(struct old_programs *o)
{
	for (size_t i = 0; i < o->count; i++)
		free(o->item[i].unit);
	free(o->item);
	*o = (struct old_programs){ 0 };
}

/* proc(5), maps: a file of a package that is not there any more as it was when it was loaded. */
static bool runs_old_code(struct os *os, const char *pid)
{
	static const char *const places[] = { "/usr/", "/lib", "/bin/", "/sbin/", "/opt/" };
	CLEANUP_FREE char *path = xasprintf("/proc/%s/maps", pid);
	CLEANUP_FREE char *text = NULL;
	struct err gone = { 0 };
	char *rest, *line;

	if (os_read(os, path, &text, &gone) != 0)
		return false;
	rest = text;
	while ((line = str_line(&rest))) {
		const char *file = strchr(line, '/');

		if (!file || !str_ends(line, " (deleted)") || !strstr(line, "r-xp"))
			continue;
		for (size_t i = 0; i < COUNT(places); i++)
			if (str_starts(file, places[i]))
				return true;
	}
	return false;
}

int old_programs_find(struct os *os, struct old_programs *ret, struct err *e)
{
	CLEANUP_STRV struct strv pids = { 0 };

	if (os_list(os, "/proc", &pids, e) < 0)
		return -1;
	for (size_t i = 0; i < pids.count && i < PID_MAX; i++) {
		CLEANUP_PROCESS struct process p = { 0 };
		struct err gone = { 0 };
		struct old_program *o;

		if (!isdigit((unsigned char)pids.item[i][0]) || !runs_old_code(os, pids.item[i]) ||
		    os_process(os, (pid_t)strtol(pids.item[i], NULL, 10), &p, &gone) != 0)
			continue;
		ret->item = xrealloc(ret->item, ret->count + 1, sizeof(*ret->item));
		o = &ret->item[ret->count++];
		*o = (struct old_program){ .pid = p.pid, .unit = service_of_cgroup(p.cgroup) };
		memcpy(o->comm, p.comm, sizeof(o->comm));
	}
	return 0;
}
