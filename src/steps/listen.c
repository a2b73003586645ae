// SPDX-License-Identifier: MIT
/* listen.c - see listen.h. */
#include "steps/listen.h"

#include <string.h>
#include <sys/socket.h>

#include "base/i18n.h"
#include "base/mem.h"

#define POLL_MS	  100
#define BANNER_MS 2000

void listeners_done(struct listeners *l)
{
	free(l->item);
	*l = (struct listeners){ 0 };
}

void listeners_add(struct listeners *l, const struct listener *one)
{
	l->item = xrealloc(l->item, l->count + 1, sizeof(*l->item));
	l->item[l->count++] = *one;
}

bool listeners_has_port(const struct listeners *l, uint16_t port)
{
	for (size_t i = 0; l && i < l->count; i++)
		if (l->item[i].port == port)
			return true;
	return false;
}

static bool listeners_has_inode(const struct listeners *l, uint64_t inode)
{
	for (size_t i = 0; l && i < l->count; i++)
		if (l->item[i].inode == inode)
			return true;
	return false;
}

/* The process of a session, which listens for what its user forwards. */
static bool of_session(struct os *os, pid_t pid)
{
	struct process p CLEANUP_PROCESS = { 0 };
	struct process parent CLEANUP_PROCESS = { 0 };
	struct err ignored = { 0 };

	return os_process(os, pid, &p, &ignored) == 0 && p.ppid > 1 &&
	       os_process(os, p.ppid, &parent, &ignored) == 0 && strcmp(parent.comm, "sshd") == 0;
}

/* 0 when it does not run; -1 when PID 1 cannot be asked. */
static pid_t main_pid(struct os *os, const char *unit)
{
	struct run_result r CLEANUP_RUN = { 0 };
	struct err ignored = { 0 };
	uint64_t pid;

	if (os_run(os,
		   &(struct run){
			   .argv = ARGV("systemctl", "show", "-p", "MainPID", "--value", unit) },
		   &r, &ignored) < 0 ||
	    r.status != 0 || str_to_u64(str_trim(r.out), 0, INT32_MAX, &pid) < 0)
		return -1;
	return (pid_t)pid;
}

static bool is_sshd_listener(struct os *os, const struct socket_info *s, pid_t pid, bool socket)
{
	if (s->kind != SOCKET_TCP_LISTEN || addr_is_loopback(&s->local))
		return false;
	if (s->pid == 1)
		return socket;
	if (pid >= 0)
		return s->pid == pid;
	return strcmp(s->comm, "sshd") == 0 && !of_session(os, s->pid);
}

int listeners_get(struct os *os, const char *unit, bool socket, struct listeners *ret,
		  struct err *e)
{
	pid_t pid = unit ? main_pid(os, unit) : -1;
	CLEANUP_FREE struct socket_info *s = NULL;
	struct listeners l = { 0 };
	size_t count = 0;

	if (os_sockets(os, &s, &count, e) < 0)
		return err_ctx(e, _("listeners of sshd"));
	for (size_t i = 0; i < count; i++) {
		if (!is_sshd_listener(os, &s[i], pid, socket))
			continue;
		listeners_add(&l, &(struct listener){
					  .addr = s[i].local,
					  .port = s[i].local_port,
					  .v4_too = s[i].v6 && !s[i].v6only,
					  .inode = s[i].inode,
				  });
	}
	*ret = l;
	return 0;
}

char *listeners_text(const struct listeners *l)
{
	struct strv lines CLEANUP_STRV = { 0 };
	char buf[ADDR_TEXT];

	for (size_t i = 0; i < l->count; i++)
		strv_addf(&lines, "%s %u%s\n", addr_text(&l->item[i].addr, buf), l->item[i].port,
			  l->item[i].v4_too ? " both" : "");
	strv_sort(&lines);
	return strv_join(&lines, "");
}

void listeners_parse(const char *text, struct listeners *ret)
{
	CLEANUP_FREE char *copy = xstrdup(text ? text : "");
	char *rest = copy, *line;

	while ((line = str_line(&rest)) != NULL) {
		struct strv word CLEANUP_STRV = { 0 };
		struct listener one = { 0 };
		uint64_t port;

		strv_split(&word, line, " ");
		if (word.count < 2 || addr_parse(word.item[0], &one.addr) < 0 ||
		    str_to_u64(word.item[1], 1, 65535, &port) < 0)
			continue;
		one.port = (uint16_t)port;
		one.v4_too = word.count > 2;
		listeners_add(ret, &one);
	}
}

static bool serves(const struct listener *has, const struct listener *want)
{
	if (has->port != want->port)
		return false;
	if (addr_eq(&has->addr, &want->addr))
		return true;
	if (has->addr.family != want->addr.family)
		return has->v4_too && addr_is_any(&has->addr) && want->addr.family == AF_INET;
	return addr_is_any(&want->addr) || addr_is_any(&has->addr);
}

static const struct listener *find(const struct listeners *now, const struct listen_wait *w,
				   const struct listener *want)
{
	for (size_t i = 0; i < now->count; i++)
		if (serves(&now->item[i], want) &&
		    !listeners_has_inode(w->stale, now->item[i].inode))
			return &now->item[i];
	return NULL;
}

static int greet(struct os *os, const struct listener *has, const struct listener *want,
		 struct err *e)
{
	struct addr to = addr_is_any(&want->addr) ? has->addr : want->addr;
	CLEANUP_FREE char *banner = NULL;
	char buf[ADDR_TEXT];

	if (addr_is_any(&to))
		addr_parse(want->addr.family == AF_INET ? "127.0.0.1" : "::1", &to);
	if (os_ssh_banner(os, &to, want->port, BANNER_MS, &banner, e) == 0 && banner &&
	    str_starts(banner, "SSH-"))
		return 0;
	return err_set(e, ERR_FAILED, _("port %u of %s does not answer as SSH"), want->port,
		       addr_text(&to, buf));
}

/* One look. */
static int look(struct os *os, const struct listen_wait *w, struct err *e)
{
	struct listeners now CLEANUP_LISTENERS = { 0 };
	char buf[ADDR_TEXT];

	if (listeners_get(os, w->unit, w->socket, &now, e) < 0)
		return -1;
	for (size_t i = 0; i < w->want->count; i++)
		if (!find(&now, w, &w->want->item[i]))
			return err_set(e, ERR_FAILED, _("sshd does not listen on port %u of %s"),
				       w->want->item[i].port,
				       addr_text(&w->want->item[i].addr, buf));
	for (size_t i = 0; w->gone && i < w->gone->count; i++)
		if (listeners_has_port(&now, w->gone->item[i].port))
			return err_set(e, ERR_FAILED, _("sshd still listens on port %u"),
				       w->gone->item[i].port);
	for (size_t i = 0; i < w->want->count; i++) {
		const struct listener *want = &w->want->item[i];

		if (greet(os, find(&now, w, want), want, e) < 0)
			return -1;
	}
	return 0;
}

int listen_wait(struct os *os, const struct listen_wait *w, struct err *e)
{
	int64_t end = os_now(os, OS_MONOTONIC) + (int64_t)w->timeout_ms * 1000000;

	for (;;) {
		struct err now = { 0 };

		if (look(os, w, &now) == 0)
			return 0;
		if (os_now(os, OS_MONOTONIC) >= end) {
			*e = now;
			return -1;
		}
		os_sleep(os, POLL_MS);
	}
}
