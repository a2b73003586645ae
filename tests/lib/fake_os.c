// SPDX-License-Identifier: MIT
/*
 * fake_os.c - the operations of the host in memory; files are in
 * fake_host.c, the rest and what tests do to it in fake_life.c.
 */
#include "lib/fake_os.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "lib/fake_host.h"

static struct fake *of(struct os *os)
{
	return (struct fake *)os;
}

static bool is_change(enum fake_op op)
{
	return op == FAKE_PUT || op == FAKE_WRITE_AT || op == FAKE_RUN;
}

enum fate { GOES_ON, MEETS_CUT };

/* Before every call: is there power, is a fault planted? < 0: the call fails now. */
static int begin(struct fake *f, enum fake_op op, struct err *e)
{
	f->calls++;
	f->count[op]++;
	if (f->off)
		return err_sys(e, EIO, "no power");
	if (f->fail[op].at && f->fail[op].at == f->count[op])
		fake_advance(f, f->fail[op].takes);
	if (f->fail[op].at && f->fail[op].at == f->count[op])
		return err_sys(e, f->fail[op].errnum, "planted fault");
	if (!is_change(op))
		return GOES_ON;
	f->changes++;
	if (f->budget < 0 || f->budget-- > 0)
		return GOES_ON;
	f->budget = -1;
	f->off = true;
	return f->cut == FAKE_CUT_BEFORE ? err_sys(e, EIO, "power cut") : MEETS_CUT;
}

/* After a state-changing call that met the cut. */
static int unheard(struct err *e)
{
	return err_sys(e, EIO, "power cut, answer lost");
}

static int fake_op_get(struct os *os, const char *path, struct node *ret, struct err *e)
{
	const struct fake_entry *at;
	CLEANUP_FREE char *real = NULL;
	int r;

	if (begin(of(os), FAKE_GET, e) < 0)
		return -1;
	r = fake_resolve(of(os), path, &real);
	if (r < 0)
		return err_sys(e, -r, "%s", path);
	at = r ? NULL : fake_find(of(os), real);
	if (at)
		node_copy(&at->node, ret);
	else
		*ret = (struct node){ .type = NODE_ABSENT };
	return 0;
}

static int fake_op_list(struct os *os, const char *path, struct strv *ret, struct err *e)
{
	struct fake *f = of(os);
	CLEANUP_FREE char *real = NULL;
	const struct fake_entry *at;
	size_t len;
	int r;

	if (begin(f, FAKE_LIST, e) < 0)
		return -1;
	r = fake_resolve(f, path, &real);
	if (r < 0)
		return err_sys(e, -r, "%s", path);
	at = r ? NULL : fake_find(f, real);
	if (!at || at->node.type != NODE_DIR)
		return 1;
	len = str_eq(real, "/") ? 0 : strlen(real);
	for (size_t i = 1; i < f->entry_count; i++) {
		const char *p = f->entry[i].path;

		if (strncmp(p, real, len) == 0 && p[len] == '/' && !strchr(p + len + 1, '/'))
			strv_add(ret, p + len + 1);
	}
	strv_sort(ret);
	return 0;
}

static bool has_children(struct fake *f, const char *path)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < f->entry_count; i++)
		if (strncmp(f->entry[i].path, path, len) == 0 && f->entry[i].path[len] == '/')
			return true;
	return false;
}

static bool holds(const struct node *now, const struct node *want)
{
	if (!node_is(now, want))
		return false;
	return want->type != NODE_FILE || (!want->mtime.tv_sec && !want->mtime.tv_nsec) ||
	       (now->mtime.tv_sec == want->mtime.tv_sec &&
		now->mtime.tv_nsec == want->mtime.tv_nsec);
}

/* Why path, now holding `now`, cannot be made to hold `want`: 0, ERR_CONFLICT, or an errno. */
static int refuse(struct fake *f, const char *path, const struct node *now, const struct node *want,
		  struct err *e)
{
	if (want->type == NODE_OTHER || (want->type == NODE_LINK && !want->data))
		return err_sys(e, EINVAL, "%s", path);
	if (now->type == NODE_DIR && want->type == NODE_ABSENT && has_children(f, path))
		return err_sys(e, ENOTEMPTY, "%s", path);
	if (now->type == NODE_DIR && want->type != NODE_DIR && want->type != NODE_ABSENT)
		return err_set(e, ERR_CONFLICT, "%s: is a folder", path);
	if (now->type != NODE_DIR && now->type != NODE_ABSENT && want->type == NODE_DIR)
		return err_set(e, ERR_CONFLICT, "%s: is not a folder", path);
	return 0;
}

/* A link on the way to path that is not root's. */
static bool meets_users_link(struct fake *f, const char *path)
{
	for (const char *p = path + 1; (p = strchr(p, '/')); p++) {
		CLEANUP_FREE char *above = xstrndup(path, (size_t)(p - path));
		CLEANUP_FREE char *real = NULL;
		const struct fake_entry *at =
			fake_resolve(f, above, &real) == 0 ? fake_find(f, real) : NULL;

		if (at && at->node.type == NODE_LINK && at->node.uid != 0)
			return true;
	}
	return false;
}

/* Nothing here leaves one, but a test may have planted it. */
static void drop_leftover(struct fake *f, const char *real)
{
	const char *name = strrchr(real, '/') + 1;
	CLEANUP_FREE char *path = xasprintf("%.*s.%s.kannuki~", (int)(name - real), real, name);

	fake_set(f, path, &(struct node){ .type = NODE_ABSENT });
}

static int put_at(struct fake *f, const char *path, const struct node *expect,
		  const struct node *want, struct err *e)
{
	static const struct node absent = { .type = NODE_ABSENT };
	CLEANUP_FREE char *real = NULL;
	const struct fake_entry *at;
	const struct node *now;
	int r = fake_resolve(f, path, &real);

	if (meets_users_link(f, path))
		return err_set(e, ERR_CONFLICT, "%s: a link that is not root's", path);
	if (r == 1 && want->type == NODE_ABSENT)
		return 0;
	if (r != 0 || str_eq(real, "/"))
		return err_sys(e, r < 0 ? -r : r > 0 ? ENOENT : EINVAL, "%s", path);
	drop_leftover(f, real);
	at = fake_find(f, real);
	now = at ? &at->node : &absent;
	if (holds(now, want))
		return 0;
	if (expect && !node_is(now, expect) && !node_is(now, want))
		return err_set(e, ERR_CONFLICT, "%s: someone else has changed it meanwhile", path);
	if (refuse(f, real, now, want, e) < 0)
		return -1;
	fake_set(f, real, want);
	return 0;
}

static int fake_op_put(struct os *os, const char *path, const struct node *expect,
		       const struct node *want, struct err *e)
{
	int fate = begin(of(os), FAKE_PUT, e);
	int r;

	if (fate < 0 || (fate == MEETS_CUT && of(os)->cut == FAKE_CUT_TORN))
		return fate < 0 ? -1 : unheard(e);
	r = put_at(of(os), path, expect, want, e);
	return fate == MEETS_CUT ? unheard(e) : r;
}

static int fake_op_write_at(struct os *os, const char *path, uint64_t offset, const void *data,
			    size_t len, struct err *e)
{
	struct fake *f = of(os);
	int fate = begin(f, FAKE_WRITE_AT, e);
	CLEANUP_FREE char *real = NULL;
	struct fake_entry *at;
	struct node *n;
	int r;

	if (fate < 0)
		return -1;
	r = fake_resolve(f, path, &real);
	at = r ? NULL : fake_find(f, real);
	if (!at || at->node.type != NODE_FILE)
		return err_sys(e, r < 0 ? -r : !at ? ENOENT : EINVAL, "%s", path);
	n = &at->node;
	if (offset + len > OS_FILE_MAX)
		return err_sys(e, EFBIG, "%s", path);
	if (fate == MEETS_CUT && f->cut == FAKE_CUT_TORN)
		len /= 2;
	if (offset + len > n->len) {
		n->data = xrealloc(n->data, offset + len + 1, 1);
		memset(n->data + n->len, 0, offset + len + 1 - n->len);
		n->len = offset + len;
	}
	if (len > 0)
		memcpy(n->data + offset, data, len);
	fake_touch(f, n);
	return fate == MEETS_CUT ? unheard(e) : 0;
}

static int fake_op_program(struct os *os, struct node *ret, struct err *e)
{
	if (begin(of(os), FAKE_PROGRAM, e) < 0)
		return -1;
	node_file(ret, "\177ELF kannuki", 0755);
	return 0;
}

static int fake_op_run(struct os *os, const struct run *r, struct run_result *ret, struct err *e)
{
	struct fake *f = of(os);
	int fate = begin(f, FAKE_RUN, e);
	struct run_result result = { 0 };

	if (fate < 0 || (fate == MEETS_CUT && f->cut == FAKE_CUT_TORN))
		return fate < 0 ? -1 : unheard(e);
	/* What the program itself calls is done before the light goes out. */
	f->off = false;
	result.status = fake_run(f, r, &result, e);
	f->off = f->off || fate == MEETS_CUT;
	if (result.status < 0 || fate == MEETS_CUT) {
		run_result_done(&result);
		return fate == MEETS_CUT ? unheard(e) : -1;
	}
	if (!result.out)
		result.out = xstrdup("");
	if (!result.err)
		result.err = xstrdup("");
	if (!result.out_len)
		result.out_len = strlen(result.out);
	*ret = result;
	return 0;
}

static int fake_op_process(struct os *os, pid_t pid, struct process *ret, struct err *e)
{
	const struct fake_process *p;

	if (begin(of(os), FAKE_PROCESS, e) < 0)
		return -1;
	p = fake_process_find(of(os), pid);
	if (!p)
		return 1;
	*ret = p->process;
	ret->exe = xstrdup(p->process.exe);
	ret->cgroup = xstrdup(p->process.cgroup);
	return 0;
}

static int fake_op_kill(struct os *os, pid_t pid, struct err *e)
{
	struct fake *f = of(os);

	if (begin(f, FAKE_PROCESS, e) < 0)
		return -1;
	if (pid <= 1)
		return err_sys(e, EINVAL, "kill %d", (int)pid);
	if (fake_process_find(f, pid))
		fake_process_remove(f, pid);
	fake_lock_died(f, pid);
	return 0;
}

static int fake_op_environ(struct os *os, pid_t pid, struct strv *ret, struct err *e)
{
	const struct fake_process *p;

	if (begin(of(os), FAKE_ENVIRON, e) < 0)
		return -1;
	p = fake_process_find(of(os), pid);
	if (!p)
		return 1;
	for (size_t i = 0; i < p->env.count; i++)
		strv_add(ret, p->env.item[i]);
	return 0;
}

static void *copy_of(const void *items, size_t count, size_t size)
{
	void *copy = xcalloc(count, size);

	if (count > 0)
		memcpy(copy, items, count * size);
	return copy;
}

static int fake_op_sockets(struct os *os, struct socket_info **ret, size_t *ret_count,
			   struct err *e)
{
	if (begin(of(os), FAKE_SOCKETS, e) < 0)
		return -1;
	*ret = copy_of(of(os)->socket, of(os)->socket_count, sizeof(**ret));
	*ret_count = of(os)->socket_count;
	return 0;
}

static int fake_op_process_sockets(struct os *os, pid_t pid, uint64_t **ret, size_t *ret_count,
				   struct err *e)
{
	const struct fake_process *p;

	if (begin(of(os), FAKE_PROCESS_SOCKETS, e) < 0)
		return -1;
	p = fake_process_find(of(os), pid);
	if (!p)
		return 1;
	*ret = copy_of(p->socket, p->socket_count, sizeof(**ret));
	*ret_count = p->socket_count;
	return 0;
}

static int fake_op_addresses(struct os *os, struct if_addr **ret, size_t *ret_count, struct err *e)
{
	if (begin(of(os), FAKE_ADDRESSES, e) < 0)
		return -1;
	*ret = copy_of(of(os)->address, of(os)->address_count, sizeof(**ret));
	*ret_count = of(os)->address_count;
	return 0;
}

static int fake_op_ssh_banner(struct os *os, const struct addr *to, uint16_t port,
			      unsigned timeout_ms, char **ret, struct err *e)
{
	const char *text;

	if (begin(of(os), FAKE_SSH_BANNER, e) < 0)
		return -1;
	text = fake_listens(of(os), to, port) ? fake_banner_at(of(os), port) : NULL;
	if (!text) {
		if (fake_listens(of(os), to, port))
			fake_advance(of(os), (int64_t)timeout_ms * 1000000);
		return 1;
	}
	*ret = xstrdup(text);
	return 0;
}

static int fake_op_lock(struct os *os, const char *path, unsigned wait_ms, int *ret_token,
			pid_t *ret_holder, struct err *e)
{
	struct fake *f = of(os);
	CLEANUP_FREE char *real = NULL;
	const struct fake_lock *held;
	const struct fake_entry *at;
	int r;

	if (begin(f, FAKE_LOCK, e) < 0)
		return -1;
	r = fake_resolve(f, path, &real);
	if (r != 0)
		return err_sys(e, r < 0 ? -r : ENOENT, "%s", path);
	at = fake_find(f, real);
	if (at && at->node.type != NODE_FILE)
		return err_sys(e, at->node.type == NODE_LINK ? ELOOP : EISDIR, "%s", path);
	held = fake_lock_find(f, real);
	if (held) {
		*ret_holder = held->pid;
		fake_advance(f, (int64_t)wait_ms * 1000000);
		return 1;
	}
	*ret_token = fake_lock_take(f, real);
	return 0;
}

static int fake_op_hold(struct os *os, const char *path, unsigned wait_ms, int *ret_token,
			struct err *e)
{
	struct fake *f = of(os);
	CLEANUP_FREE char *real = NULL;

	if (begin(f, FAKE_LOCK, e) < 0)
		return -1;
	*ret_token = -1;
	if (fake_resolve(f, path, &real) != 0 || !fake_find(f, real))
		return 0;
	if (fake_lock_find(f, real)) {
		fake_advance(f, (int64_t)wait_ms * 1000000);
		return 1;
	}
	*ret_token = fake_lock_take(f, real);
	return 0;
}

static void fake_op_unlock(struct os *os, int token)
{
	if (token < 0)
		return;
	fake_lock_drop(of(os), token);
}

static int fake_op_record_lock(struct os *os, const char *path, pid_t *ret_holder, struct err *e)
{
	struct fake *f = of(os);
	CLEANUP_FREE char *real = NULL;
	const struct fake_lock *held;

	if (begin(f, FAKE_GET, e) < 0)
		return -1;
	if (fake_resolve(f, path, &real) != 0)
		return 0;
	held = fake_lock_find(f, real);
	if (!held)
		return 0;
	*ret_holder = held->pid;
	return 1;
}

static int64_t fake_op_now(struct os *os, enum os_clock clock)
{
	return of(os)->clock[clock];
}

static void fake_op_sleep(struct os *os, unsigned ms)
{
	fake_advance(of(os), (int64_t)ms * 1000000);
}

static pid_t fake_op_self(struct os *os)
{
	return of(os)->self;
}

static uid_t fake_op_uid(struct os *os)
{
	return of(os)->uid;
}

const struct os_ops fake_ops = {
	.get = fake_op_get,
	.list = fake_op_list,
	.put = fake_op_put,
	.program = fake_op_program,
	.write_at = fake_op_write_at,
	.run = fake_op_run,
	.process = fake_op_process,
	.kill = fake_op_kill,
	.environ = fake_op_environ,
	.sockets = fake_op_sockets,
	.process_sockets = fake_op_process_sockets,
	.addresses = fake_op_addresses,
	.ssh_banner = fake_op_ssh_banner,
	.lock = fake_op_lock,
	.hold = fake_op_hold,
	.unlock = fake_op_unlock,
	.record_lock = fake_op_record_lock,
	.now = fake_op_now,
	.sleep = fake_op_sleep,
	.self = fake_op_self,
	.uid = fake_op_uid,
};
