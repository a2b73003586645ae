// SPDX-License-Identifier: MIT
/* watch_look.c - see watch_look.h. */
#include "setup/watch_look.h"

#include <jansson.h>
#include <string.h>

#include "base/json.h"
#include "core/filter.h"

#define NS 1000000000LL

void look_init(struct look *l, struct os *os, const struct txn *t)
{
	int64_t ago = os_now(os, OS_BOOTTIME) - t->pending_since;

	*l = (struct look){ .since = os_now(os, OS_REALTIME) - ago };
}

void look_done(struct look *l)
{
	free(l->cursor);
	*l = (struct look){ 0 };
}

static void take_entry(struct look *l, struct watch *w, const char *line)
{
	json_t *all = json_loads(line, 0, NULL);
	const char *text = json_string_value(json_object_get(all, "MESSAGE"));
	const char *pid = json_string_value(json_object_get(all, "_PID"));
	const char *cursor = json_string_value(json_object_get(all, "__CURSOR"));
	uint64_t number;

	if (cursor) {
		free(l->cursor);
		l->cursor = xstrdup(cursor);
	}
	/* A message with bytes that are no text comes as an array: not one of those we know. */
	if (text && pid && str_to_u64(pid, 1, INT32_MAX, &number) == 0)
		watch_line(w, (pid_t)number, text);
	json_decref(all);
}

/* _UID is what the kernel says of the writer: nobody but root can put a line here. */
static void ask_journal(struct os *os, struct look *l, struct watch *w)
{
	CLEANUP_FREE char *from = l->cursor
					  ? xasprintf("--after-cursor=%s", l->cursor)
					  : xasprintf("--since=@%lld", (long long)(l->since / NS));
	const struct run run = { .argv = ARGV("journalctl", "-q", "--no-pager", "-o", "json",
					      "--output-fields=MESSAGE,_PID", from, "_UID=0",
					      "SYSLOG_IDENTIFIER=sshd",
					      "SYSLOG_IDENTIFIER=sshd-session",
					      "SYSLOG_IDENTIFIER=sshd-auth"),
				 .timeout_ms = 5000 };
	CLEANUP_RUN struct run_result r = { 0 };
	struct err ignored = { 0 };
	char *rest, *line;

	if (os_run(os, &run, &r, &ignored) < 0 || r.status != 0)
		return;
	rest = r.out;
	while ((line = str_line(&rest)))
		take_entry(l, w, line);
}

static uint64_t packets_of(json_t *rule)
{
	json_t *expr = json_object_get(rule, "expr"), *one;
	uint64_t packets = 0;
	bool ssh = false;
	size_t i;

	json_array_foreach (expr, i, one) {
		json_t *match = json_object_get(one, "match");
		json_t *counter = json_object_get(one, "counter");

		if (str_eq(json_string_value(json_object_get(match, "right")), "@ssh_ports"))
			ssh = true;
		if (counter)
			packets = (uint64_t)json_integer_value(json_object_get(counter, "packets"));
	}
	return ssh ? packets : 0;
}

static void ask_counter(struct os *os, struct look *l, struct watch *w)
{
	const struct run run = { .argv = ARGV("nft", "-j", "list", "chain", "inet", FILTER_TABLE,
					      "input"),
				 .timeout_ms = 5000 };
	CLEANUP_RUN struct run_result r = { 0 };
	struct err ignored = { 0 };
	uint64_t all = 0;
	json_t *list, *one;
	size_t i;

	if (os_run(os, &run, &r, &ignored) < 0 || r.status != 0)
		return;
	list = json_said(r.out);
	json_array_foreach (json_object_get(list, "nftables"), i, one)
		all += packets_of(json_object_get(one, "rule"));
	json_decref(list);
	if (!l->counted || all < l->before)
		l->before = all;
	l->counted = true;
	watch_counter(w, all - l->before);
}

void look_at_door(struct os *os, struct look *l, struct watch *w)
{
	CLEANUP_FREE struct socket_info *socket = NULL;
	struct err ignored = { 0 };
	size_t count;

	/* First who is there, then what they did: a line may tell of a connection that has gone. */
	if (os_sockets(os, &socket, &count, &ignored) == 0)
		watch_sockets(w, socket, count);
	ask_journal(os, l, w);
	if (watch_state(w) == WATCH_NOTHING || watch_state(w) == WATCH_KNOCKED)
		ask_counter(os, l, w);
}
