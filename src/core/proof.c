// SPDX-License-Identifier: MIT
/*
 * proof.c - see proof.h.
 *
 * Two witnesses tell how the login authenticated. The journal's line of the privileged sshd (_PID,
 * _UID=0) cannot be written by the user; the file of ExposeAuthInfo lies in the user's reach. So the
 * journal decides where it has the line, the file only where the journal has none.
 */
#include "core/proof.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "core/passwd.h"

#define ANCESTORS_MAX 64
#define NS	      1000000000LL

/* What the walk up the ancestors found. */
struct descent {
	pid_t sshd;	   /* the privileged process of the connection; 0: none */
	pid_t first;	   /* the login's first process: what sshd started */
	uid_t login_uid;   /* of the unprivileged sshd, or of root's own */
	uint32_t loginuid; /* of the asking process */
	int64_t start;
};

static bool is_sshd(const struct process *p)
{
	return str_starts(p->comm, "sshd") && str_starts(p->exe, "/usr/") &&
	       strstr(p->exe, "/sshd");
}

static int walk_up(struct os *os, pid_t pid, struct descent *ret, struct err *e)
{
	*ret = (struct descent){ .loginuid = OS_LOGINUID_UNSET };
	for (int i = 0; i < ANCESTORS_MAX && pid > 1; i++) {
		struct process p = { 0 };
		int r = os_process(os, pid, &p, e);
		bool sshd;

		if (r != 0)
			return r < 0 ? r : 0;
		if (i == 0)
			ret->loginuid = p.loginuid;
		sshd = is_sshd(&p);
		if (!sshd) {
			ret->first = pid;
			ret->login_uid = p.uid;
		} else if (p.uid != 0) {
			/* The user's own sshd process: runs with the login's user id. */
			ret->login_uid = p.uid;
		} else {
			ret->sshd = pid;
			ret->start = p.start_boottime;
		}
		pid = p.ppid;
		process_done(&p);
		if (ret->sshd)
			return 0;
	}
	return 0;
}

/* The established connection that this sshd process holds. 1: none to be found. */
static int find_connection(struct os *os, pid_t sshd, struct socket_info *ret, struct err *e)
{
	CLEANUP_FREE struct socket_info *all = NULL;
	CLEANUP_FREE uint64_t *inode = NULL;
	size_t count = 0, inodes = 0;
	int r = os_process_sockets(os, sshd, &inode, &inodes, e);

	if (r == 0)
		r = os_sockets(os, &all, &count, e);
	if (r != 0)
		return r;
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; all[i].kind == SOCKET_TCP_ESTABLISHED && j < inodes; j++)
			if (all[i].inode == inode[j]) {
				*ret = all[i];
				return 0;
			}
	return 1;
}

static int is_own_address(struct os *os, const struct addr *a, struct err *e)
{
	CLEANUP_FREE struct if_addr *own = NULL;
	size_t count;

	if (addr_is_loopback(a))
		return 1;
	if (os_addresses(os, &own, &count, e) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (addr_eq(&own[i].addr, a))
			return 1;
	return 0;
}

struct method {
	char name[32]; /* "": this witness says nothing */
};

/* "Accepted publickey for taro from 198.51.100.1 port 50000 ssh2: ED25519 SHA256:…" */
static bool take_accepted(const char *line, const struct proof *p, struct method *ret)
{
	CLEANUP_STRV struct strv w = { 0 };
	struct addr from;
	uint64_t port;

	strv_split(&w, line, " ");
	if (w.count < 8 || !str_eq(w.item[0], "Accepted") || !str_eq(w.item[3], p->user) ||
	    addr_parse(w.item[5], &from) < 0 || str_to_u64(w.item[7], 1, 65535, &port) < 0)
		return false;
	from = addr_unmap(&from);
	if (!addr_eq(&from, &p->peer) || port != p->peer_port)
		return false;
	snprintf(ret->name, sizeof(ret->name), "%s", w.item[1]);
	return true;
}

static int ask_journal(struct os *os, const struct proof *p, struct method *ret, struct err *e)
{
	int64_t since = os_now(os, OS_REALTIME) - os_now(os, OS_BOOTTIME) + p->start_boottime;
	CLEANUP_FREE char *pid = xasprintf("_PID=%d", (int)p->sshd_pid);
	CLEANUP_FREE char *from = xasprintf("--since=@%lld", (long long)(since / NS - 2));
	const struct run run = { .argv = ARGV("journalctl", "-q", "--no-pager", "-o", "cat", from,
					      pid, "_UID=0") };
	CLEANUP_RUN struct run_result r = { 0 };
	char *rest, *line;

	/* journald writes a moment after sshd did. */
	for (int i = 0; i < 10; i++) {
		run_result_done(&r);
		if (os_run(os, &run, &r, e) < 0)
			return -1;
		rest = r.out;
		while (r.status == 0 && (line = str_line(&rest)))
			if (take_accepted(line, p, ret))
				return 0;
		if (r.status != 0)
			return 0;
		os_sleep(os, 100);
	}
	return 0;
}

/* "publickey ssh-ed25519 AAAA…" (sshd_config(5) ExposeAuthInfo), one line a method that succeeded. */
static int ask_file(struct os *os, const struct descent *d, struct proof *p, struct method *ret,
		    struct err *e)
{
	CLEANUP_STRV struct strv env = { 0 };
	CLEANUP_NODE struct node n = { 0 };
	const char *path = NULL;
	int r = os_environ(os, d->first, &env, e);

	if (r != 0)
		return r < 0 ? r : 0;
	for (size_t i = 0; i < env.count; i++)
		if (str_starts(env.item[i], "SSH_USER_AUTH="))
			path = env.item[i] + strlen("SSH_USER_AUTH=");
	if (!path || !str_starts(path, "/tmp/sshauth."))
		return 0;
	if (os_get(os, path, &n, e) < 0)
		return -1;
	if (n.type != NODE_FILE || n.uid != d->login_uid || n.mode & 077)
		return 0;
	snprintf(ret->name, sizeof(ret->name), "%.*s", (int)strcspn(n.data, " \n/"), n.data);
	if (str_eq(ret->name, "publickey")) {
		const char *type = n.data + strlen("publickey ");
		size_t len = strcspn(type, "\n");

		snprintf(p->key, sizeof(p->key), "%.*s ...%.*s", (int)strcspn(type, " \n"), type,
			 16, type + (len > 16 ? len - 16 : 0));
	}
	return 0;
}

static int refuse(struct proof *ret, enum proof_refusal why, const struct proof_query *q,
		  struct err *e, const char *fmt, ...) PRINTF_LIKE(5, 6);

/* What was seen, why it does not count, and what to type instead. */
static int refuse(struct proof *ret, enum proof_refusal why, const struct proof_query *q,
		  struct err *e, const char *fmt, ...)
{
	CLEANUP_STR struct str s = { 0 };
	va_list ap;

	ret->refusal = why;
	va_start(ap, fmt);
	str_vaddf(&s, fmt, ap);
	va_end(ap);
	str_add(&s, "\n");
	str_add(&s, _("Not confirmed. Open a new connection from your own computer, and there "
		      "type:\n"));
	for (size_t i = 0; i < q->door_count; i++)
		if (door_is_new(q->door, i))
			str_addf(&s, "    ssh -p %u %s@%s\n", q->door[i].port, q->door[i].user,
				 _("HOST"));
	str_addf(&s, "    %s", q->command);
	err_set(e, ERR_FAILED, "%s", s.text);
	return 1;
}

static bool port_asked(const struct proof_query *q, unsigned port)
{
	for (size_t i = 0; i < q->door_count; i++)
		if (q->door[i].port == port)
			return true;
	return false;
}

static bool user_asked(const struct proof_query *q, const char *user)
{
	for (size_t i = 0; i < q->door_count; i++)
		if (str_eq(q->door[i].user, user))
			return true;
	return false;
}

static bool method_asked(const struct proof_query *q, const struct proof *p)
{
	for (size_t i = 0; i < q->door_count; i++) {
		const struct door *d = &q->door[i];

		if (d->port != p->port || !str_eq(d->user, p->user))
			continue;
		if (str_eq(d->method, p->method))
			return true;
		/* A typed password comes by either name. */
		if (str_eq(d->method, "password") && str_starts(p->method, "keyboard-interactive"))
			return true;
	}
	return false;
}

/* Where the connection came from and when. 0: nothing against it. */
static int judge_connection(struct os *os, const struct proof_query *q, struct proof *p,
			    struct err *e)
{
	char peer[ADDR_TEXT];
	int own = is_own_address(os, &p->peer, e);
	bool inside = q->from_count == 0;

	if (own < 0)
		return -1;
	addr_text(&p->peer, peer);
	if (own)
		return refuse(p, PROOF_LOCAL_PEER, q, e,
			      _("This connection comes from this host itself (%s), perhaps through "
				"a forwarded "
				"port. It does not show that one gets in from outside."),
			      peer);
	if (p->start_boottime <= q->pending_boottime)
		return refuse(p, PROOF_OLD_SESSION, q, e,
			      _("This connection was there before the changes. It does not show "
				"that a new one "
				"gets in. (A shared connection counts as the old one: use ssh -S "
				"none.)"));
	if (!port_asked(q, p->port))
		return refuse(p, PROOF_WRONG_PORT, q, e,
			      _("This login came in at port %u. It does not show that the new port "
				"works."),
			      p->port);
	for (size_t i = 0; i < q->from_count; i++)
		inside = inside || prefix_holds(&q->from[i], &p->peer);
	if (!inside)
		return refuse(p, PROOF_NOT_ALLOWED_FROM, q, e,
			      _("%s is outside the addresses that [ssh] allow-from lets in."),
			      peer);
	return 0;
}

/* Who logged in, and by what. 0: nothing against it. */
static int judge_login(struct os *os, const struct proof_query *q, const struct descent *d,
		       struct proof *p, struct err *e)
{
	struct method journal = { 0 }, file = { 0 };

	if (!user_asked(q, p->user) ||
	    (d->loginuid != OS_LOGINUID_UNSET && d->loginuid != d->login_uid))
		return refuse(p, PROOF_WRONG_USER, q, e,
			      _("This is a login of %s. It does not show that %s gets in."),
			      p->user, q->door_count ? q->door[0].user : "");
	if (ask_journal(os, p, &journal, e) < 0 || ask_file(os, d, p, &file, e) < 0)
		return -1;
	if (!journal.name[0] && !file.name[0])
		return refuse(
			p, PROOF_NO_WITNESS, q, e,
			_("Neither sshd nor the journal tells how this login authenticated."));
	snprintf(p->method, sizeof(p->method), "%s", journal.name[0] ? journal.name : file.name);
	if (!method_asked(q, p))
		return refuse(p, PROOF_NOT_KEY, q, e,
			      _("This login was by %s. It does not show that the key works."),
			      p->method);
	return 0;
}

int proof_check(struct os *os, const struct proof_query *q, struct proof *ret, struct err *e)
{
	CLEANUP_FREE char *passwd = NULL;
	CLEANUP_FREE char *user = NULL;
	struct socket_info s = { 0 };
	struct descent d;
	int r;

	*ret = (struct proof){ 0 };
	if (walk_up(os, q->pid, &d, e) < 0)
		return -1;
	r = d.sshd ? find_connection(os, d.sshd, &s, e) : 1;
	if (r < 0)
		return -1;
	if (r == 1)
		return refuse(ret, PROOF_NOT_SSH, q, e,
			      _("This terminal does not descend from a login by SSH (tmux, screen, "
				"mosh and "
				"the console do not)."));
	if (os_read(os, "/etc/passwd", &passwd, e) < 0)
		return -1;
	user = passwd_name_of(passwd ? passwd : "", d.login_uid);
	if (!user)
		user = xasprintf("uid %u", (unsigned)d.login_uid);
	snprintf(ret->user, sizeof(ret->user), "%s", user);
	ret->sshd_pid = d.sshd;
	ret->start_boottime = d.start;
	ret->peer = addr_unmap(&s.peer);
	ret->peer_port = s.peer_port;
	ret->port = s.local_port;
	r = judge_connection(os, q, ret, e);
	return r != 0 ? r : judge_login(os, q, &d, ret, e);
}
