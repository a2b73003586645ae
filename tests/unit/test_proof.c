// SPDX-License-Identifier: MIT
/*
 * test_proof.c - which login shows that the new door works: one that counts, and from it, one
 * difference each, all that do not.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "core/proof.h"
#include "lib/fake_os.h"
#include "lib/t.h"

#define SECOND	 INT64_C(1000000000)
#define PENDING	 (1000 * SECOND)
#define LOGIN	 (1005 * SECOND)
#define AUTH	 "/tmp/sshauth.h4x2Yd"
#define KEY_LINE "publickey ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEAIlolGbQjS6h4ArO0ou02AsV3jEipW\n"

enum { SSHD = 100, SESSION = 110, USER_SSHD = 120, SHELL = 130, SUDO = 140, KANNUKI = 150 };

/* What the host looks like; a test changes one thing of it before it asks. */
struct scene {
	struct fake *f;
	struct proof_query q;
	struct door door[2];
	const char *journal; /* what journalctl says */
	struct proof proof;
	struct err e;
};

static int journalctl(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	const struct scene *s = f->arg;
	bool of_root = false, of_sshd = false;

	(void)e;
	for (size_t i = 0; r->argv[i]; i++) {
		of_root = of_root || str_eq(r->argv[i], "_UID=0");
		of_sshd = of_sshd || str_eq(r->argv[i], "_PID=110");
	}
	/* Asked for anything else, the journal has what every user may write into it. */
	ret->out = xstrdup(of_root && of_sshd ? s->journal
					      : "Accepted publickey for taro from 203.0.113.5 port "
						"50000 ssh2: ED25519 SHA256:x\n");
	ret->out_len = strlen(ret->out);
	ret->err = xstrdup("");
	return 0;
}

static struct process *process(struct fake *f, pid_t pid)
{
	return &fake_process_find(f, pid)->process;
}

static void add(struct fake *f, pid_t pid, pid_t ppid, const char *exe, uid_t uid)
{
	struct fake_process *p = fake_process_add(f, pid, ppid, exe);

	p->process.uid = p->process.euid = uid;
	p->process.loginuid = pid > SESSION ? 1000 : OS_LOGINUID_UNSET;
	p->process.start_boottime = LOGIN;
}

static void connect_from(struct scene *s, const char *peer, uint16_t port)
{
	struct socket_info i = { .kind = SOCKET_TCP_ESTABLISHED,
				 .local_port = port,
				 .peer_port = 50000,
				 .pid = SESSION };

	fake_sockets_clear(s->f);
	addr_parse("192.0.2.10", &i.local);
	addr_parse(peer, &i.peer);
	i.v6 = i.peer.family == AF_INET6;
	fake_socket_add(s->f, &i);
}

static void witness(struct scene *s, const char *text, uid_t uid, mode_t mode)
{
	struct node n = { .type = NODE_FILE,
			  .mode = mode,
			  .uid = uid,
			  .data = (char *)text,
			  .len = strlen(text) };

	fake_put(s->f, AUTH, &n);
	strv_done(&fake_process_find(s->f, SHELL)->env);
	strv_add(&fake_process_find(s->f, SHELL)->env, "SSH_USER_AUTH=" AUTH);
}

static void own(struct scene *s, const char *path)
{
	struct node n = *fake_node(s->f, path);

	n.data = xmemdup(n.data, n.len + 1);
	n.uid = 1000;
	fake_put(s->f, path, &n);
	free(n.data);
}

/* taro, by key, at 22022, after PENDING, in sudo. */
static void begin(struct scene *s)
{
	*s = (struct scene){ .f = fake_new() };
	s->f->arg = s;
	fake_on_run(s->f, "journalctl", journalctl);
	fake_file(s->f, "/etc/passwd",
		  "root:x:0:0::/root:/bin/sh\nhana::1001:1000::/home/hana:/bin/sh\n"
		  "taro:x:1000:1000::/home/taro:/bin/sh\n",
		  0644);
	fake_address_add(s->f, "lo", "127.0.0.1", 8);
	fake_address_add(s->f, "eth0", "192.0.2.10", 24);
	add(s->f, SSHD, 1, "/usr/sbin/sshd", 0);
	add(s->f, SESSION, SSHD, "/usr/sbin/sshd", 0);
	add(s->f, USER_SSHD, SESSION, "/usr/sbin/sshd", 1000);
	add(s->f, SHELL, USER_SSHD, "/usr/bin/bash", 1000);
	add(s->f, SUDO, SHELL, "/usr/bin/sudo", 0);
	add(s->f, KANNUKI, SUDO, "/usr/local/sbin/kannuki", 0);
	process(s->f, SSHD)->start_boottime = SECOND;
	connect_from(s, "203.0.113.5", 22022);
	s->journal =
		"Accepted publickey for taro from 203.0.113.5 port 50000 ssh2: ED25519 SHA256:x\n";
	s->door[0] = (struct door){ (char *)"taro", 22022, (char *)"publickey" };
	s->q = (struct proof_query){ .pid = KANNUKI,
				     .door = s->door,
				     .door_count = 1,
				     .pending_boottime = PENDING,
				     .command = "sudo kannuki confirm" };
}

static int ask(struct scene *s)
{
	return proof_check(&s->f->os, &s->q, &s->proof, &s->e);
}

/* Refused, for this reason, in these words, and with what to type instead. */
static bool refused(struct scene *s, enum proof_refusal why, const char *words)
{
	int r = ask(s);
	bool right = r == 1 && s->proof.refusal == why && s->e.kind == ERR_FAILED &&
		     strstr(s->e.msg, words) && strstr(s->e.msg, "ssh -p 22022 taro@HOST") &&
		     strstr(s->e.msg, "\n    sudo kannuki confirm");

	if (!right)
		printf("# %d, refusal %d: %s\n", r, (int)s->proof.refusal, s->e.msg);
	fake_free(s->f);
	return right;
}

static bool accepted(struct scene *s)
{
	int r = ask(s);
	bool right = r == 0 && s->proof.refusal == PROOF_OK && str_eq(s->proof.user, "taro") &&
		     s->proof.port == 22022 && str_eq(s->proof.method, "publickey");

	if (!right)
		printf("# %d, refusal %d: %s\n", r, (int)s->proof.refusal, s->e.msg);
	fake_free(s->f);
	return right;
}

static int fresh_login_by_key_counts(void)
{
	struct scene s;

	begin(&s);
	T_OK(accepted(&s));
	/* By a socket unit or over IPv6: the peer is an IPv4 one all the same. */
	begin(&s);
	connect_from(&s, "::ffff:203.0.113.5", 22022);
	T_OK(accepted(&s));
	/* No audit in this kernel or container. */
	begin(&s);
	for (pid_t pid = SSHD; pid <= KANNUKI; pid += 10)
		process(s.f, pid)->loginuid = OS_LOGINUID_UNSET;
	T_OK(accepted(&s));
	/* OpenSSH 9.8 and later: another program has the session. */
	begin(&s);
	free(process(s.f, SESSION)->exe);
	process(s.f, SESSION)->exe = xstrdup("/usr/lib/openssh/sshd-session");
	snprintf(process(s.f, SESSION)->comm, 16, "sshd-session");
	T_OK(accepted(&s));
	return 0;
}

static int old_connection_is_refused(void)
{
	struct scene s;

	begin(&s);
	process(s.f, SESSION)->start_boottime = PENDING - SECOND;
	T_OK(refused(&s, PROOF_OLD_SESSION, "was there before the changes"));
	/* The very moment is not after it. */
	begin(&s);
	process(s.f, SESSION)->start_boottime = PENDING;
	T_OK(refused(&s, PROOF_OLD_SESSION, "ssh -S none"));
	return 0;
}

static int what_does_not_descend_from_sshd_is_refused(void)
{
	struct scene s;

	/* tmux, mosh: their server was started by a login, but belongs to PID 1. */
	begin(&s);
	process(s.f, SHELL)->ppid = 1;
	T_OK(refused(&s, PROOF_NOT_SSH, "does not descend from a login by SSH"));
	/* A program of the user's that only calls itself sshd. */
	begin(&s);
	free(process(s.f, SESSION)->exe);
	process(s.f, SESSION)->exe = xstrdup("/home/taro/sshd");
	T_OK(refused(&s, PROOF_NOT_SSH, "does not descend"));
	/* An sshd that holds no connection. */
	begin(&s);
	fake_sockets_clear(s.f);
	T_OK(refused(&s, PROOF_NOT_SSH, "does not descend"));
	/* A process that is gone. */
	begin(&s);
	s.q.pid = 999;
	T_OK(refused(&s, PROOF_NOT_SSH, "does not descend"));
	return 0;
}

static int connection_from_this_host_is_refused(void)
{
	static const char *const own[] = { "127.0.0.1",	       "127.0.0.2",  "::1",
					   "::ffff:127.0.0.1", "192.0.2.10", "::ffff:192.0.2.10" };

	for (size_t i = 0; i < COUNT(own); i++) {
		struct scene s;

		begin(&s);
		connect_from(&s, own[i], 22022);
		T_OK(refused(&s, PROOF_LOCAL_PEER, "comes from this host itself"));
	}
	return 0;
}

static int other_port_is_refused(void)
{
	struct scene s;

	begin(&s);
	connect_from(&s, "203.0.113.5", 22);
	T_OK(refused(&s, PROOF_WRONG_PORT, "came in at port 22."));
	/* :2202 is no part of :22022. */
	begin(&s);
	connect_from(&s, "203.0.113.5", 2202);
	T_OK(refused(&s, PROOF_WRONG_PORT, "came in at port 2202."));
	return 0;
}

static int other_user_is_refused(void)
{
	struct scene s;

	begin(&s);
	process(s.f, USER_SSHD)->uid = process(s.f, SHELL)->uid = 1001;
	for (pid_t pid = USER_SSHD; pid <= KANNUKI; pid += 10)
		process(s.f, pid)->loginuid = 1001;
	T_OK(refused(&s, PROOF_WRONG_USER, "login of hana"));
	/* Root's own login has no second sshd. */
	begin(&s);
	fake_process_remove(s.f, USER_SSHD);
	process(s.f, SHELL)->ppid = SESSION;
	for (pid_t pid = SHELL; pid <= KANNUKI; pid += 10)
		process(s.f, pid)->uid = process(s.f, pid)->loginuid = 0;
	T_OK(refused(&s, PROOF_WRONG_USER, "login of root"));
	/* Somebody else's process below taro's login. */
	begin(&s);
	process(s.f, KANNUKI)->loginuid = 1001;
	T_OK(refused(&s, PROOF_WRONG_USER, "does not show that taro gets in"));
	return 0;
}

static int address_outside_of_allow_from_is_refused(void)
{
	struct scene s;
	struct prefix from[2];

	begin(&s);
	T_OK(prefix_parse("198.51.100.0/24", &from[0], &s.e) == 0);
	T_OK(prefix_parse("2001:db8::/32", &from[1], &s.e) == 0);
	s.q.from = from;
	s.q.from_count = 2;
	T_OK(refused(&s, PROOF_NOT_ALLOWED_FROM, "203.0.113.5 is outside"));
	begin(&s);
	T_OK(prefix_parse("203.0.113.0/24", &from[1], &s.e) == 0);
	s.q.from = from;
	s.q.from_count = 2;
	T_OK(accepted(&s));
	return 0;
}

static int journal_decides_over_a_forged_file(void)
{
	struct scene s;

	begin(&s);
	s.journal = "Accepted password for taro from 203.0.113.5 port 50000 ssh2\n";
	witness(&s, KEY_LINE, 1000, 0600);
	T_OK(refused(&s, PROOF_NOT_KEY, "was by password"));
	/* The line of somebody else's login is none of this one's. */
	begin(&s);
	s.journal = "Accepted publickey for hana from 203.0.113.5 port 50000 ssh2: ED25519 x\n"
		    "Accepted publickey for taro from 203.0.113.6 port 50000 ssh2: ED25519 x\n"
		    "Accepted publickey for taro from 203.0.113.5 port 50001 ssh2: ED25519 x\n"
		    "Failed publickey for taro from 203.0.113.5 port 50000 ssh2: ED25519 x\n";
	T_OK(refused(&s, PROOF_NO_WITNESS, "how this login authenticated"));
	return 0;
}

static int file_counts_only_where_the_journal_is_silent_and_it_is_sshds(void)
{
	struct scene s;

	begin(&s);
	s.journal = "";
	witness(&s, KEY_LINE, 1000, 0600);
	T_OK(ask(&s) == 0);
	T_STR(s.proof.method, "publickey");
	T_STR(s.proof.key, "ssh-ed25519 ...rO0ou02AsV3jEipW");
	fake_free(s.f);
	begin(&s);
	s.journal = "";
	witness(&s, "password\n", 1000, 0600);
	T_OK(refused(&s, PROOF_NOT_KEY, "was by password"));
	/* Another user's, or one that others may write. */
	begin(&s);
	s.journal = "";
	witness(&s, KEY_LINE, 1001, 0600);
	T_OK(refused(&s, PROOF_NO_WITNESS, "how this login authenticated"));
	begin(&s);
	s.journal = "";
	witness(&s, KEY_LINE, 1000, 0666);
	T_OK(refused(&s, PROOF_NO_WITNESS, "how this login authenticated"));
	/* No file of sshd's at all, or one elsewhere. */
	begin(&s);
	s.journal = "";
	fake_file(s.f, "/home/taro/auth", KEY_LINE, 0600);
	own(&s, "/home/taro/auth");
	strv_add(&fake_process_find(s.f, SHELL)->env, "SSH_USER_AUTH=/home/taro/auth");
	T_OK(refused(&s, PROOF_NO_WITNESS, "how this login authenticated"));
	return 0;
}

/* What sudo and the caller put into the environment below the login decides nothing. */
static int environment_of_the_caller_decides_nothing(void)
{
	struct scene s;

	begin(&s);
	connect_from(&s, "203.0.113.5", 22);
	s.journal = "";
	witness(&s, "password\n", 1000, 0600);
	strv_add(&fake_process_find(s.f, KANNUKI)->env,
		 "SSH_CONNECTION=203.0.113.5 1 192.0.2.10 22022");
	strv_add(&fake_process_find(s.f, KANNUKI)->env, "SSH_USER_AUTH=/tmp/sshauth.forged");
	fake_file(s.f, "/tmp/sshauth.forged", KEY_LINE, 0600);
	T_OK(refused(&s, PROOF_WRONG_PORT, "came in at port 22."));
	begin(&s);
	s.journal = "";
	witness(&s, "password\n", 1000, 0600);
	strv_add(&fake_process_find(s.f, KANNUKI)->env, "SSH_USER_AUTH=/tmp/sshauth.forged");
	fake_file(s.f, "/tmp/sshauth.forged", KEY_LINE, 0600);
	T_OK(refused(&s, PROOF_NOT_KEY, "was by password"));
	return 0;
}

static int password_counts_only_at_a_door_that_asks_for_it(void)
{
	struct scene s;

	begin(&s);
	s.journal = "Accepted keyboard-interactive/pam for taro from 203.0.113.5 port 50000 ssh2\n";
	T_OK(refused(&s, PROOF_NOT_KEY, "keyboard-interactive"));
	/* An undo may restore such a door. Port and user of two doors are not mixed. */
	begin(&s);
	s.journal = "Accepted keyboard-interactive/pam for taro from 203.0.113.5 port 50000 ssh2\n";
	s.door[1] = (struct door){ (char *)"root", 22022, (char *)"password" };
	s.q.door_count = 2;
	T_OK(refused(&s, PROOF_NOT_KEY, "ssh -p 22022 root@HOST"));
	begin(&s);
	s.journal = "Accepted keyboard-interactive/pam for taro from 203.0.113.5 port 50000 ssh2\n";
	s.door[1] = (struct door){ (char *)"taro", 22022, (char *)"password" };
	s.q.door_count = 2;
	T_OK(ask(&s) == 0);
	fake_free(s.f);
	return 0;
}

static int failing_questions_prove_nothing(void)
{
	static const enum fake_op ops[] = { FAKE_PROCESS,   FAKE_SOCKETS, FAKE_PROCESS_SOCKETS,
					    FAKE_ADDRESSES, FAKE_RUN,	  FAKE_GET };

	for (size_t i = 0; i < COUNT(ops); i++) {
		struct scene s;

		begin(&s);
		fake_fail(s.f, ops[i], 1, EIO);
		T_OK(ask(&s) < 0);
		fake_free(s.f);
	}
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(fresh_login_by_key_counts),
		T(old_connection_is_refused),
		T(what_does_not_descend_from_sshd_is_refused),
		T(connection_from_this_host_is_refused),
		T(other_port_is_refused),
		T(other_user_is_refused),
		T(address_outside_of_allow_from_is_refused),
		T(journal_decides_over_a_forged_file),
		T(file_counts_only_where_the_journal_is_silent_and_it_is_sshds),
		T(environment_of_the_caller_decides_nothing),
		T(password_counts_only_at_a_door_that_asks_for_it),
		T(failing_questions_prove_nothing),
	};

	return t_main(cases, COUNT(cases));
}
