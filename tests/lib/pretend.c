// SPDX-License-Identifier: MIT
/* pretend.c - see pretend.h; the programs are in pretend_programs.c. */
#include "lib/pretend.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "lib/pretend_programs.h"

#define SSHD_PID      700
#define TRANSIENT_PID 900

static struct pretend *of(struct os *os)
{
	return (struct pretend *)os;
}

/* Before a call: < 0 when the power is off. */
static int spend(struct pretend *p, struct err *e)
{
	if (p->quiet)
		return 0;
	if (p->budget > 0 || (p->late && p->budget == 0)) {
		p->budget--;
		return 0;
	}
	if (p->once) {
		p->once = false;
		p->budget = PRETEND_PLENTY;
		return err_sys(e, EIO, "one failure");
	}
	return err_sys(e, EIO, "power cut");
}

/* After it: with `late` the answer to the last call is lost. */
static int heard(struct pretend *p, int r, struct err *e)
{
	if (!p->quiet && p->late && p->budget < 0)
		return err_sys(e, EIO, "power cut, answer lost");
	return r;
}

static int do_get(struct os *os, const char *path, struct node *ret, struct err *e)
{
	return spend(of(os), e) < 0 ? -1 : os_get(of(os)->base, path, ret, e);
}

static int do_list(struct os *os, const char *path, struct strv *ret, struct err *e)
{
	return spend(of(os), e) < 0 ? -1 : os_list(of(os)->base, path, ret, e);
}

static int do_put(struct os *os, const char *path, const struct node *expect,
		  const struct node *want, struct err *e)
{
	if (spend(of(os), e) < 0)
		return -1;
	return heard(of(os), os_put(of(os)->base, path, expect, want, e), e);
}

static int do_run(struct os *os, const struct run *r, struct run_result *ret, struct err *e)
{
	if (spend(of(os), e) < 0)
		return -1;
	if (r->input)
		snprintf(of(os)->last_input, sizeof(of(os)->last_input), "%.*s", (int)r->input_len,
			 r->input);
	of(os)->stage_runs += r->stage_dir != NULL;
	return heard(of(os), pretend_run(of(os), r, ret, e), e);
}

static int do_process(struct os *os, pid_t pid, struct process *ret, struct err *e)
{
	struct pretend *p = of(os);
	bool lives = pid == 1 || (pid == SSHD_PID && p->sshd_runs) ||
		     (pid == TRANSIENT_PID && p->transient_runs);

	if (spend(p, e) < 0)
		return -1;
	if (!lives)
		return 1;
	*ret = (struct process){ .pid = pid, .ppid = pid == 1 ? 0 : 1 };
	snprintf(ret->comm, sizeof(ret->comm), "%s", pid == 1 ? "systemd" : "sshd");
	ret->exe = xstrdup("/usr/sbin/sshd");
	ret->cgroup = xstrdup("");
	return 0;
}

static void add_socket(struct socket_info **s, size_t *count, const struct socket_info *one)
{
	*s = xrealloc(*s, *count + 1, sizeof(**s));
	(*s)[(*count)++] = *one;
}

static int do_sockets(struct os *os, struct socket_info **ret, size_t *ret_count, struct err *e)
{
	struct pretend *p = of(os);
	struct socket_info *s = xcalloc(1, sizeof(*s));
	size_t count = 0;

	if (spend(p, e) < 0) {
		free(s);
		return -1;
	}
	for (size_t i = 0; i < p->port_count && pretend_listens(p, p->port[i]); i++) {
		struct socket_info one = { .kind = SOCKET_TCP_LISTEN,
					   .local_port = (uint16_t)p->port[i],
					   .inode = p->generation * 100 + i * 2,
					   .pid = p->transient_runs ? TRANSIENT_PID : SSHD_PID,
					   .comm = "sshd" };

		if (p->socket_up)
			one.pid = 1;
		one.local.family = AF_INET;
		add_socket(&s, &count, &one);
		one.local.family = AF_INET6;
		one.v6 = one.v6only = true;
		one.inode++;
		if (!p->no_v6)
			add_socket(&s, &count, &one);
	}
	/* What a session forwards is no door. */
	add_socket(&s, &count,
		   &(struct socket_info){ .kind = SOCKET_TCP_LISTEN,
					  .local = { AF_INET, { 127, 0, 0, 1 } },
					  .local_port = 6010,
					  .inode = 7,
					  .pid = 801,
					  .comm = "sshd" });
	add_socket(&s, &count,
		   &(struct socket_info){ .kind = SOCKET_TCP_ESTABLISHED,
					  .local = { AF_INET, { 203, 0, 113, 5 } },
					  .peer = { AF_INET, { 198, 51, 100, 7 } },
					  .local_port = 22,
					  .peer_port = 50000,
					  .inode = 8,
					  .pid = 801,
					  .comm = "sshd" });
	*ret = s;
	*ret_count = count;
	return 0;
}

static int do_addresses(struct os *os, struct if_addr **ret, size_t *ret_count, struct err *e)
{
	static const struct if_addr all[] = {
		{ .ifname = "lo",
		  .addr = { AF_INET, { 127, 0, 0, 1 } },
		  .bits = 8,
		  .loopback = true },
		{ .ifname = "eth0", .addr = { AF_INET, { 203, 0, 113, 5 } }, .bits = 24 },
	};

	if (spend(of(os), e) < 0)
		return -1;
	*ret = xmemdup(all, sizeof(all));
	*ret_count = COUNT(all);
	return 0;
}

static int do_banner(struct os *os, const struct addr *to, uint16_t port, unsigned timeout_ms,
		     char **ret, struct err *e)
{
	if (spend(of(os), e) < 0)
		return -1;
	if (of(os)->silent || !pretend_listens(of(os), port))
		return 1;
	*ret = xstrdup("SSH-2.0-OpenSSH_9.2p1");
	return 0;
}

static int64_t do_now(struct os *os, enum os_clock clock)
{
	return of(os)->clock;
}

static void do_sleep(struct os *os, unsigned ms)
{
	of(os)->clock += (int64_t)ms * 1000000;
}

static pid_t do_self(struct os *os)
{
	return 4000;
}

static uid_t do_uid(struct os *os)
{
	return 0;
}

static int do_record_lock(struct os *os, const char *path, pid_t *ret_holder, struct err *e)
{
	(void)path;
	(void)ret_holder;
	return spend(of(os), e);
}

/* --- what only a transaction asks; the base does it ---------------------------------------- */

static int do_program(struct os *os, struct node *ret, struct err *e)
{
	return spend(of(os), e) < 0 ? -1 : os_program(of(os)->base, ret, e);
}

static int do_write_at(struct os *os, const char *path, uint64_t offset, const void *data,
		       size_t len, struct err *e)
{
	if (spend(of(os), e) < 0)
		return -1;
	return heard(of(os), os_write_at(of(os)->base, path, offset, data, len, e), e);
}

static int do_kill(struct os *os, pid_t pid, struct err *e)
{
	return spend(of(os), e) < 0 ? -1 : os_kill(of(os)->base, pid, e);
}

static int do_environ(struct os *os, pid_t pid, struct strv *ret, struct err *e)
{
	return spend(of(os), e) < 0 ? -1 : os_environ(of(os)->base, pid, ret, e);
}

static int do_process_sockets(struct os *os, pid_t pid, uint64_t **ret, size_t *ret_count,
			      struct err *e)
{
	return spend(of(os), e) < 0 ? -1 : os_process_sockets(of(os)->base, pid, ret, ret_count, e);
}

static int do_lock(struct os *os, const char *path, unsigned wait_ms, int *ret_token,
		   pid_t *ret_holder, struct err *e)
{
	if (spend(of(os), e) < 0)
		return -1;
	return os_lock(of(os)->base, path, wait_ms, ret_token, ret_holder, e);
}

static int do_hold(struct os *os, const char *path, unsigned wait_ms, int *ret_token, struct err *e)
{
	(void)path;
	if (spend(of(os), e) < 0)
		return -1;
	*ret_token = -1;
	of(os)->clock += of(os)->accounts_held ? (int64_t)wait_ms * 1000000 : 0;
	return of(os)->accounts_held;
}

static void do_unlock(struct os *os, int token)
{
	os_unlock(of(os)->base, token);
}

static const struct os_ops ops = {
	.program = do_program,
	.write_at = do_write_at,
	.kill = do_kill,
	.environ = do_environ,
	.process_sockets = do_process_sockets,
	.lock = do_lock,
	.hold = do_hold,
	.unlock = do_unlock,
	.get = do_get,
	.list = do_list,
	.put = do_put,
	.run = do_run,
	.process = do_process,
	.sockets = do_sockets,
	.addresses = do_addresses,
	.ssh_banner = do_banner,
	.record_lock = do_record_lock,
	.now = do_now,
	.sleep = do_sleep,
	.self = do_self,
	.uid = do_uid,
};

/* --- a small Debian ---------------------------------------------------------------------- */

static void must(int r, const struct err *e)
{
	if (r >= 0)
		return;
	fprintf(stderr, "pretend: %s\n", e->msg);
	abort();
}

void pretend_dir(struct pretend *p, const char *path, mode_t mode)
{
	const struct node n = { .type = NODE_DIR, .mode = mode };
	struct err e = { 0 };

	must(os_put(p->base, path, NULL, &n, &e), &e);
}

void pretend_file(struct pretend *p, const char *path, const char *text, mode_t mode)
{
	struct node n CLEANUP_NODE = { 0 };
	struct err e = { 0 };

	node_file(&n, text, mode);
	n.mtime.tv_sec = 1700000000; /* so that a restored time can be told from a new one */
	must(os_put(p->base, path, NULL, &n, &e), &e);
}

char *pretend_text(struct pretend *p, const char *path)
{
	struct err e = { 0 };
	char *text = NULL;

	must(os_read(p->base, path, &text, &e), &e);
	return text ? text : xstrdup("(none)");
}

void pretend_init(struct pretend *p, struct os *base)
{
	static const char *const dirs[] = {
		"/etc",
		"/etc/ssh",
		"/etc/ssh/sshd_config.d",
		"/etc/skel",
		"/etc/systemd",
		"/etc/systemd/system",
		"/etc/sudoers.d",
		"/etc/sysctl.d",
		"/home",
		"/home/old",
		"/run",
		"/var",
		"/var/lib",
		"/var/lib/kannuki",
		"/var/lib/kannuki/txn",
		"/usr",
	};
	static const struct {
		const char *path, *text;
		mode_t mode;
	} files[] = {
		{ "/etc/passwd",
		  "root:x:0:0:root:/root:/bin/bash\nold:x:1000:1000::/home/old:/bin/bash\n", 0644 },
		{ "/etc/passwd-", "root:x:0:0:root:/root:/bin/bash\n", 0644 },
		{ "/etc/shadow", "root:$y$root:19000::::::\nold:$y$old:19000::::::\n", 0640 },
		{ "/etc/shadow-", "root:$y$root:19000::::::\n", 0640 },
		{ "/etc/group", "root:x:0:\nsudo:x:27:old\nold:x:1000:\nadm:x:4:\n", 0644 },
		{ "/etc/group-", "root:x:0:\n", 0644 },
		{ "/etc/gshadow", "root:*::\nsudo:*::old\nold:!::\nadm:*::\n", 0640 },
		{ "/etc/subuid", "old:100000:65536\n", 0644 },
		{ "/etc/subgid", "old:100000:65536\n", 0644 },
		{ "/etc/skel/.profile", "# profile\n", 0644 },
		{ "/etc/skel/.bashrc", "# bashrc\n", 0644 },
		{ "/etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n",
		  0644 },
		{ "/etc/ssh/sshd_config.d/50-cloud-init.conf", "PasswordAuthentication yes\n",
		  0600 },
	};

	*p = (struct pretend){
		.os.ops = &ops, .base = base, .budget = PRETEND_PLENTY, .generation = 1
	};
	for (size_t i = 0; i < COUNT(dirs); i++)
		pretend_dir(p, dirs[i], 0755);
	pretend_dir(p, "/var/lib/kannuki/txn/1", 0700);
	for (size_t i = 0; i < COUNT(files); i++)
		pretend_file(p, files[i].path, files[i].text, files[i].mode);
	snprintf(p->sysctl, sizeof(p->sysctl), "8080");
	pretend_boot(p);
}

static int walk(struct pretend *p, const char *path, struct str *out, struct err *e)
{
	struct strv names CLEANUP_STRV = { 0 };

	if (os_list(p->base, path[0] ? path : "/", &names, e) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP_FREE char *in = xasprintf("%s/%s", path, names.item[i]);
		struct node n CLEANUP_NODE = { 0 };

		if (str_eq(in, "/run") || str_eq(in, "/var/lib/kannuki"))
			continue;
		if (os_get(p->base, in, &n, e) < 0)
			return -1;
		str_addf(out, "%s type %d mode %o %u:%u time %ld [%s]\n", in, n.type, n.mode, n.uid,
			 n.gid, n.type == NODE_FILE ? (long)n.mtime.tv_sec : 0L,
			 n.data ? n.data : "");
		if (n.type == NODE_DIR && walk(p, in, out, e) < 0)
			return -1;
	}
	return 0;
}

char *pretend_disk(struct pretend *p)
{
	struct str out CLEANUP_STR = { 0 };
	struct err e = { 0 };

	must(walk(p, "", &out, &e), &e);
	return str_take(&out);
}

bool pretend_listens(const struct pretend *p, unsigned port)
{
	for (size_t i = 0; i < p->port_count; i++)
		if (p->port[i] == port)
			return p->sshd_runs || p->transient_runs || p->socket_up;
	return false;
}

bool pretend_is_active(const struct pretend *p, const char *unit)
{
	for (size_t i = 0; i < p->unit_count; i++)
		if (strcmp(p->unit[i].name, unit) == 0)
			return p->unit[i].active;
	return false;
}

/* --- a base in a folder ------------------------------------------------------------------ */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

char *pretend_tmp(void)
{
	char path[] = "/dev/shm/kannuki-test-XXXXXX", other[] = "/tmp/kannuki-test-XXXXXX";
	char *made = mkdtemp(path);

	if (!made)
		made = mkdtemp(other);
	if (!made)
		abort();
	return xstrdup(made);
}

void pretend_tmp_done(char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(path);
}
