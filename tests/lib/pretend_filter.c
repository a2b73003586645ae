// SPDX-License-Identifier: MIT
/* pretend_filter.c - the packet filter of a pretend Debian; see pretend_programs.h. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "lib/pretend_programs.h"

#define EMPTY_CHAIN                                                                        \
	"table inet mine {\n\tchain input {\n\t\ttype filter hook input priority filter; " \
	"policy accept;\n\t}\n}\n"

struct said {
	int status;
	struct str out, err;
};

static void say(struct said *s, int status, const char *text)
{
	s->status = status;
	str_add(status ? &s->err : &s->out, text);
}

static bool has(const struct run *r, const char *word)
{
	for (size_t i = 0; r->argv[i]; i++)
		if (str_eq(r->argv[i], word))
			return true;
	return false;
}

/* --- nft ----------------------------------------------------------------------------------- */

static void load(struct pretend *p, const char *text)
{
	static const char gone[] = "delete table inet kannuki\n", flush[] = "flush chain ";
	const char *rest;

	if (str_starts(text, flush) || str_starts(text, "table inet mine")) {
		rest = strstr(text, "table inet mine");
		snprintf(p->chain, sizeof(p->chain), "%s", rest ? rest : EMPTY_CHAIN);
		return;
	}
	rest = strstr(text, gone);
	snprintf(p->table, sizeof(p->table), "%s", rest ? rest + strlen(gone) : text);
}

static void run_nft(struct pretend *p, const struct run *r, struct said *s)
{
	const char *listed = has(r, "mine") ? p->chain : p->table;

	if (p->no_nft)
		say(s, 127, "");
	else if (p->no_nft_kernel)
		say(s, 1, "netlink: Error: cache initialization failed: Operation not permitted\n");
	else if (has(r, "-f") && p->nft_lies)
		say(s, 0, "");
	else if (has(r, "-f"))
		load(p, r->input);
	else if (!listed[0])
		say(s, 1, "Error: No such file or directory\n");
	else
		say(s, 0, listed);
}

/* --- iptables ------------------------------------------------------------------------------ */

static void save(const struct pretend *p, size_t family, struct said *s)
{
	CLEANUP_FREE char *copy = xstrdup(p->input[family]);
	char *rest = copy, *line;

	say(s, 0, copy[0] ? "*filter\n" : "");
	while (copy[0] && (line = str_line(&rest))) {
		if (str_starts(line, "-P INPUT "))
			str_addf(&s->out, ":INPUT %s [12:3456]\n:FORWARD DROP [0:0]\n",
				 line + strlen("-P INPUT "));
		else
			str_addf(&s->out, "%s\n", line);
	}
	if (copy[0])
		str_add(&s->out, "-A FORWARD -j ufw-forward\nCOMMIT\n");
}

static void restore(struct pretend *p, size_t family, const struct run *r, struct said *s)
{
	CLEANUP_FREE char *copy = xstrdup(r->input);
	CLEANUP_STR struct str now = { 0 };
	char *rest = copy, *line;

	/* All or nothing. */
	if (!has(r, "-n") || !strstr(r->input, "COMMIT\n") ||
	    (p->gone && strstr(r->input, p->gone))) {
		say(s, 2, "iptables-restore: line 4 failed\n");
		return;
	}
	while ((line = str_line(&rest)))
		if (str_starts(line, "-P INPUT ") || str_starts(line, "-A INPUT "))
			str_addf(&now, "%s\n", line);
	snprintf(p->input[family], sizeof(p->input[0]), "%s", now.text ? now.text : "");
}

int pretend_run_filter(struct pretend *p, const struct run *r, struct run_result *ret)
{
	const char *name = r->argv[0];
	struct said s = { 0 };

	if (str_eq(name, "nft"))
		run_nft(p, r, &s);
	else if (str_eq(name, "iptables-save") || str_eq(name, "ip6tables-save"))
		save(p, name[2] == '6', &s);
	else if (str_eq(name, "iptables-restore") || str_eq(name, "ip6tables-restore"))
		restore(p, name[2] == '6', r, &s);
	else
		return 1;
	*ret = (struct run_result){ .status = s.status, .out_len = s.out.len };
	ret->out = str_take(&s.out);
	ret->err = str_take(&s.err);
	return 0;
}
