// SPDX-License-Identifier: MIT
/* facts_session.c - see facts_session.h. */
#include "core/facts_session.h"

#include <string.h>

#include "core/passwd.h"

#define ANCESTORS_MAX 64

/* The connection of the sshd among our ancestors; NULL: none. */
static const struct socket_info *own_socket(struct os *os, const struct facts *f)
{
	pid_t pid = os_self(os);

	for (int i = 0; i < ANCESTORS_MAX && pid > 1; i++) {
		CLEANUP_PROCESS struct process p = { 0 };
		struct err gone = { 0 };

		if (os_process(os, pid, &p, &gone) != 0)
			return NULL;
		for (size_t k = 0; str_starts(p.comm, "sshd") && k < f->socket_count; k++) {
			const struct socket_info *s = &f->socket[k];

			if (s->kind == SOCKET_TCP_ESTABLISHED && s->pid == pid &&
			    !addr_is_loopback(&s->peer))
				return s;
		}
		pid = p.ppid;
	}
	return NULL;
}

bool session_own_peer(struct os *os, const struct facts *f, struct addr *ret)
{
	const struct socket_info *s = own_socket(os, f);

	if (s)
		*ret = addr_unmap(&s->peer);
	return s != NULL;
}

static bool is_sshd_port(const struct facts *f, unsigned port)
{
	for (size_t i = 0; i < f->sshd.port_count; i++)
		if (f->sshd.port[i] == port)
			return true;
	return false;
}

/* Children of any session's process, found by one look at all processes. */
struct children {
	struct process *item;
	size_t count;
};

static void children_done(struct children *c)
{
	for (size_t i = 0; i < c->count; i++)
		process_done(&c->item[i]);
	free(c->item);
}

static int find_children(struct os *os, const struct facts *f, struct children *ret, struct err *e)
{
	CLEANUP_STRV struct strv names = { 0 };

	if (os_list(os, "/proc", &names, e) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		struct process p = { 0 };
		struct err gone = { 0 };
		bool wanted = false;
		uint64_t pid;

		if (str_to_u64(names.item[i], 2, INT32_MAX, &pid) < 0 ||
		    os_process(os, (pid_t)pid, &p, &gone) != 0)
			continue;
		for (size_t k = 0; k < f->session_count; k++)
			wanted = wanted || (p.ppid == f->session[k].pid && p.ppid > 0);
		if (!wanted) {
			process_done(&p);
			continue;
		}
		ret->item = xrealloc(ret->item, ret->count + 1, sizeof(p));
		ret->item[ret->count++] = p;
	}
	return 0;
}

/* The unprivileged helper of a login that is not done yet. */
static bool is_before_login(const struct process *child, const char *name)
{
	return str_eq(child->comm, "sshd-auth") || (name && str_eq(name, "sshd"));
}

/* sshd's process for the session of a user has his uid; root's has none, only his shell. What
 * pam_loginuid(8) wrote into the connection's own process is asked before that. */
static char *user_of(struct os *os, const struct children *c, const char *passwd, pid_t pid)
{
	CLEANUP_PROCESS struct process own = { 0 };
	struct err gone = { 0 };
	CLEANUP_FREE char *user = NULL;

	for (size_t i = 0; i < c->count; i++) {
		CLEANUP_FREE char *name = NULL;

		if (c->item[i].ppid != pid)
			continue;
		name = passwd_name_of(passwd, c->item[i].uid);
		if (is_before_login(&c->item[i], name))
			return xstrdup("");
		if (user && c->item[i].uid == 0)
			continue;
		free(user);
		user = TAKE(name);
	}
	if (os_process(os, pid, &own, &gone) == 0 && own.loginuid != OS_LOGINUID_UNSET) {
		free(user);
		user = passwd_name_of(passwd, own.loginuid);
	}
	return user ? TAKE(user) : xstrdup("");
}

static void take_socket(struct os *os, const struct socket_info *s, bool own, struct facts *f)
{
	CLEANUP_PROCESS struct process p = { 0 };
	struct err gone = { 0 };

	/* Not root: whose socket it is cannot be seen, that somebody is connected can. */
	if (s->pid > 0 && (!str_starts(s->comm, "sshd") || os_process(os, s->pid, &p, &gone) != 0))
		return;
	f->session = xrealloc(f->session, f->session_count + 1, sizeof(*f->session));
	f->session[f->session_count++] = (struct session){ .pid = s->pid,
							   .peer = addr_unmap(&s->peer),
							   .peer_port = s->peer_port,
							   .local = addr_unmap(&s->local),
							   .local_port = s->local_port,
							   .start_boottime = p.start_boottime,
							   .own = own };
}

int facts_gather_sessions(struct os *os, struct facts *f, struct err *e)
{
	CLEANUP(children_done) struct children c = { 0 };
	CLEANUP_FREE char *passwd = NULL;
	const struct socket_info *own = own_socket(os, f);

	for (size_t i = 0; i < f->socket_count; i++)
		if (f->socket[i].kind == SOCKET_TCP_ESTABLISHED &&
		    is_sshd_port(f, f->socket[i].local_port))
			take_socket(os, &f->socket[i], &f->socket[i] == own, f);
	if (f->session_count == 0)
		return 0;
	if (os_read(os, "/etc/passwd", &passwd, e) < 0 || find_children(os, f, &c, e) < 0)
		return -1;
	for (size_t i = 0; i < f->session_count; i++)
		f->session[i].user = user_of(os, &c, passwd ? passwd : "", f->session[i].pid);
	return 0;
}
