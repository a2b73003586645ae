// SPDX-License-Identifier: MIT
/* world_guard.c - see world_guard.h. */
#include "lib/world_guard.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define UNIT  "kannuki-guard.service"
#define STATE "/var/lib/kannuki-guard"
#define CONF  "/etc/kannuki/guard.conf"

static int answer(struct run_result *ret, int status, char *text)
{
	*ret = (struct run_result){ .status = status, .out = text, .err = xstrdup("") };
	ret->out_len = strlen(text);
	return 0;
}

static void begin(struct world *w)
{
	w->guard_table = true;
	snprintf(w->guard_reads, sizeof(w->guard_reads), "%s", fake_text(w->fake, CONF));
	if (fake_node(w->fake, STATE "/bans.db"))
		return;
	fake_dir(w->fake, STATE, 0700);
	fake_file(w->fake, STATE "/bans.db", "bans", 0600);
}

void world_guard_boot(struct world *w)
{
	if (pretend_is_active(&w->p, UNIT))
		begin(w);
}

/* The jails that its configuration enables, as its status has them. */
static char *jails(const struct world *w)
{
	CLEANUP_FREE char *copy = xstrdup(w->guard_reads);
	CLEANUP_STR struct str s = { 0 };
	char *rest = copy, *line, name[64] = "";
	bool any = false;

	str_add(&s, "{\"jails\": [");
	while ((line = str_line(&rest))) {
		if (sscanf(line, "[%63[^]]]", name) == 1 || !str_eq(line, "enabled = true"))
			continue;
		str_addf(&s, "%s{\"name\": \"%s\"}", any ? ", " : "", name);
		any = true;
	}
	str_add(&s, "]}");
	return str_take(&s);
}

static int run_guard(struct world *w, const struct run *r, struct run_result *ret)
{
	if (!fake_node(w->fake, r->argv[0]))
		return answer(ret, 127, xstrdup(""));
	if (str_eq(r->argv[1], "unit"))
		return answer(ret, 0,
			      xasprintf("[Service]\nExecStart=%s run\n[Install]\n", r->argv[0]));
	if (str_eq(r->argv[1], "status") && pretend_is_active(&w->p, UNIT))
		return answer(ret, 0, jails(w));
	return answer(ret, 1, xstrdup(""));
}

int world_guard_program(struct world *w, const struct run *r, struct run_result *ret)
{
	const char *slash = strrchr(r->argv[0], '/'), *verb = r->argv[1] ? r->argv[1] : "";

	if (str_eq(slash ? slash + 1 : r->argv[0], "kannuki-guard"))
		return run_guard(w, r, ret);
	if (str_eq(r->argv[0], "nft") && str_eq(verb, "list") && str_eq(r->argv[2], "tables"))
		return answer(ret, 0, xstrdup(w->guard_table ? "table inet kannuki_guard\n" : ""));
	if (str_eq(r->argv[0], "nft") && r->input && strstr(r->input, "kannuki_guard")) {
		w->guard_table = false;
		return answer(ret, 0, xstrdup(""));
	}
	if (str_eq(r->argv[0], "systemctl") && str_eq(r->argv[2], UNIT) &&
	    (str_eq(verb, "start") || str_eq(verb, "restart")) &&
	    fake_node(w->fake, "/etc/systemd/system/" UNIT))
		begin(w);
	return 1;
}
