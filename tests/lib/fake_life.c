// SPDX-License-Identifier: MIT
/* fake_life.c - what lives on the host in memory: programs, processes, sockets, locks, power, time. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "lib/fake_host.h"

/* --- programs ------------------------------------------------------------------------------ */

void fake_on_run(struct fake *f, const char *name, fake_run_fn *fn)
{
	for (size_t i = 0; i < f->program_count; i++)
		if (str_eq(f->program[i].name, name)) {
			f->program[i].fn = fn;
			return;
		}
	f->program = xrealloc(f->program, f->program_count + 1, sizeof(*f->program));
	f->program[f->program_count++] = (struct fake_program){ name ? xstrdup(name) : NULL, fn };
}

static fake_run_fn *program_named(struct fake *f, const char *name)
{
	for (size_t i = 0; i < f->program_count; i++)
		if (str_eq(f->program[i].name, name))
			return f->program[i].fn;
	return NULL;
}

int fake_run(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	const char *slash = strrchr(r->argv[0], '/');
	struct strv words CLEANUP_STRV = { 0 };
	fake_run_fn *fn = program_named(f, slash ? slash + 1 : r->argv[0]);

	for (size_t i = 0; r->argv[i]; i++)
		strv_add(&words, r->argv[i]);
	strv_take(&f->ran, strv_join(&words, " "));
	if (r->input) {
		str_clear(&f->input);
		str_add_bytes(&f->input, r->input, r->input_len);
	}
	if (!fn)
		fn = program_named(f, NULL);
	return fn ? fn(f, r, ret, e) : 127;
}

const char *fake_staged(struct fake *f, const struct run *r, const char *path)
{
	for (size_t i = 0; r->stage_dir && i < r->stage_count; i++)
		if (str_eq(r->stage[i].path, path))
			return r->stage[i].data ? r->stage[i].data : "(none)";
	return fake_text(f, path);
}

int fake_run_true(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	return 0;
}

/* --- processes, sockets -------------------------------------------------------------------- */

struct fake_process *fake_process_find(struct fake *f, pid_t pid)
{
	for (size_t i = 0; i < f->process_count; i++)
		if (f->process[i].process.pid == pid)
			return &f->process[i];
	return NULL;
}

struct fake_process *fake_process_add(struct fake *f, pid_t pid, pid_t ppid, const char *exe)
{
	const char *slash = exe ? strrchr(exe, '/') : NULL;
	struct fake_process p = { .process = { .pid = pid,
					       .ppid = ppid,
					       .loginuid = OS_LOGINUID_UNSET,
					       .start_boottime = f->clock[OS_BOOTTIME] } };

	if (fake_process_find(f, pid))
		fake_impossible("two processes of one pid", exe ? exe : "");
	snprintf(p.process.comm, sizeof(p.process.comm), "%s", slash ? slash + 1 : "");
	p.process.exe = xstrdup(exe ? exe : "");
	p.process.cgroup = xstrdup("");
	f->process = xrealloc(f->process, f->process_count + 1, sizeof(*f->process));
	f->process[f->process_count] = p;
	return &f->process[f->process_count++];
}

static void process_drop(struct fake_process *p)
{
	process_done(&p->process);
	strv_done(&p->env);
	free(p->socket);
}

void fake_process_remove(struct fake *f, pid_t pid)
{
	struct fake_process *p = fake_process_find(f, pid);

	if (!p)
		return;
	process_drop(p);
	*p = f->process[--f->process_count];
}

uint64_t fake_socket_add(struct fake *f, const struct socket_info *s)
{
	struct fake_process *p = fake_process_find(f, s->pid);
	struct socket_info *at;

	f->socket = xrealloc(f->socket, f->socket_count + 1, sizeof(*f->socket));
	at = &f->socket[f->socket_count++];
	*at = *s;
	if (!at->inode)
		at->inode = 1000 + f->socket_count;
	if (!p)
		return at->inode;
	if (!at->comm[0])
		memcpy(at->comm, p->process.comm, sizeof(at->comm));
	p->socket = xrealloc(p->socket, p->socket_count + 1, sizeof(*p->socket));
	p->socket[p->socket_count++] = at->inode;
	return at->inode;
}

static struct addr address(const char *text)
{
	struct addr a;

	if (addr_parse(text, &a) < 0)
		fake_impossible("no address", text);
	return a;
}

uint64_t fake_listen(struct fake *f, const char *text, uint16_t port, pid_t pid)
{
	struct socket_info s = {
		.kind = SOCKET_TCP_LISTEN, .local = address(text), .local_port = port, .pid = pid
	};

	s.v6 = s.v6only = s.local.family == AF_INET6;
	s.peer.family = s.local.family;
	return fake_socket_add(f, &s);
}

void fake_sockets_clear(struct fake *f)
{
	f->socket_count = 0;
	for (size_t i = 0; i < f->process_count; i++)
		f->process[i].socket_count = 0;
}

bool fake_listens(struct fake *f, const struct addr *to, uint16_t port)
{
	for (size_t i = 0; i < f->socket_count; i++) {
		const struct socket_info *s = &f->socket[i];
		struct addr want = addr_unmap(to);

		if (s->kind != SOCKET_TCP_LISTEN || s->local_port != port)
			continue;
		if (addr_eq(&s->local, &want))
			return true;
		if (addr_is_any(&s->local) &&
		    (s->local.family == want.family || (s->local.family == AF_INET6 && !s->v6only)))
			return true;
	}
	return false;
}

void fake_address_add(struct fake *f, const char *ifname, const char *text, unsigned bits)
{
	struct if_addr a = { .loopback = str_eq(ifname, "lo"),
			     .addr = address(text),
			     .bits = bits };

	snprintf(a.ifname, sizeof(a.ifname), "%s", ifname);
	f->address = xrealloc(f->address, f->address_count + 1, sizeof(a));
	f->address[f->address_count++] = a;
}

void fake_banner_set(struct fake *f, uint16_t port, const char *text)
{
	struct fake_banner *at = NULL;

	for (size_t i = 0; i < f->banner_count; i++)
		if (f->banner[i].port == port)
			at = &f->banner[i];
	if (!at) {
		f->banner = xrealloc(f->banner, f->banner_count + 1, sizeof(*f->banner));
		at = &f->banner[f->banner_count++];
		*at = (struct fake_banner){ .port = port };
	}
	free(at->text);
	at->text = text ? xstrdup(text) : NULL;
}

const char *fake_banner_at(struct fake *f, uint16_t port)
{
	for (size_t i = 0; i < f->banner_count; i++)
		if (f->banner[i].port == port)
			return f->banner[i].text;
	return "SSH-2.0-OpenSSH_9.2p1 Debian-2";
}

struct fake_lock *fake_lock_find(struct fake *f, const char *real)
{
	for (size_t i = 0; i < f->lock_count; i++)
		if (str_eq(f->lock[i].path, real))
			return &f->lock[i];
	return NULL;
}

static void lock_remove(struct fake *f, struct fake_lock *l)
{
	free(l->path);
	*l = f->lock[--f->lock_count];
}

static void lock_add(struct fake *f, const char *real, pid_t pid, int token)
{
	f->lock = xrealloc(f->lock, f->lock_count + 1, sizeof(*f->lock));
	f->lock[f->lock_count++] = (struct fake_lock){ xstrdup(real), pid, token };
}

int fake_lock_take(struct fake *f, const char *real)
{
	struct node n CLEANUP_NODE = { 0 };
	char text[16];

	snprintf(text, sizeof(text), "%d\n", (int)f->self);
	node_file(&n, text, 0600);
	fake_set(f, real, &n);
	lock_add(f, real, f->self, ++f->next_token);
	return f->next_token;
}

void fake_lock_drop(struct fake *f, int token)
{
	for (size_t i = f->lock_count; i-- > 0;)
		if (f->lock[i].token == token)
			lock_remove(f, &f->lock[i]);
}

void fake_lock_died(struct fake *f, pid_t pid)
{
	for (size_t i = f->lock_count; i-- > 0;)
		if (f->lock[i].pid == pid && !f->lock[i].token)
			lock_remove(f, &f->lock[i]);
}

void fake_lock_by(struct fake *f, const char *path, pid_t pid)
{
	CLEANUP_FREE char *real = NULL;
	struct fake_lock *l;

	if (fake_resolve(f, path, &real) != 0)
		fake_impossible("no way to", path);
	l = fake_lock_find(f, real);
	if (l)
		lock_remove(f, l);
	if (pid)
		lock_add(f, real, pid, 0);
}

/* --- power, faults, time ------------------------------------------------------------------- */

void fake_cut_after(struct fake *f, long changes, enum fake_cut cut)
{
	f->budget = changes;
	f->cut = cut;
}

static void locks_drop(struct fake *f, bool others_too)
{
	for (size_t i = f->lock_count; i-- > 0;)
		if (f->lock[i].token || others_too)
			lock_remove(f, &f->lock[i]);
}

void fake_restart(struct fake *f)
{
	f->off = false;
	f->budget = -1;
	locks_drop(f, false);
}

void fake_power_on(struct fake *f)
{
	char boot_id[64];

	fake_restart(f);
	locks_drop(f, true);
	fake_remove_below(f, "/run");
	fake_remove_below(f, "/tmp");
	f->clock[OS_MONOTONIC] = f->clock[OS_BOOTTIME] = 10 * FAKE_SECOND;
	snprintf(boot_id, sizeof(boot_id), "00000000-0000-4000-8000-%012u\n", ++f->boots);
	fake_file(f, "/proc/sys/kernel/random/boot_id", boot_id, 0444);
}

void fake_fail(struct fake *f, enum fake_op op, unsigned long nth, int errnum)
{
	f->fail[op].at = f->count[op] + nth;
	f->fail[op].errnum = errnum;
}

void fake_advance(struct fake *f, int64_t ns)
{
	for (size_t i = 0; i < COUNT(f->clock); i++)
		f->clock[i] += ns;
}

struct fake *fake_new(void)
{
	static const char *const dirs[] = { "/etc", "/home", "/proc", "/root",	 "/run",
					    "/tmp", "/usr",  "/var",  "/var/lib" };
	struct fake *f = xcalloc(1, sizeof(*f));

	f->os.ops = &fake_ops;
	f->self = 4242;
	f->budget = -1;
	f->clock[OS_REALTIME] = INT64_C(1735689600) * FAKE_SECOND;
	fake_set(f, "/", &(struct node){ .type = NODE_DIR, .mode = 0755 });
	for (size_t i = 0; i < COUNT(dirs); i++)
		fake_dir(f, dirs[i],
			 str_eq(dirs[i], "/root")  ? 0700
			 : str_eq(dirs[i], "/tmp") ? 01777
						   : 0755);
	fake_power_on(f);
	return f;
}

void fake_free(struct fake *f)
{
	if (!f)
		return;
	fake_files_done(f);
	for (size_t i = 0; i < f->program_count; i++)
		free(f->program[i].name);
	for (size_t i = 0; i < f->process_count; i++)
		process_drop(&f->process[i]);
	for (size_t i = 0; i < f->banner_count; i++)
		free(f->banner[i].text);
	locks_drop(f, true);
	free(f->program);
	free(f->process);
	free(f->socket);
	free(f->address);
	free(f->lock);
	free(f->banner);
	strv_done(&f->ran);
	str_done(&f->input);
	free(f);
}
