// SPDX-License-Identifier: MIT
/* The host in memory must fail as it says it does: other tests rest on that (lib/fake_os.h). */
#include <errno.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "lib/fake_os.h"
#include "lib/t.h"

static void fake_free_p(struct fake **f)
{
	fake_free(*f);
}
#define CLEANUP_FAKE CLEANUP(fake_free_p)

/* Three changes of three kinds. How many were heard of. */
static int work(struct fake *f, struct err *e)
{
	CLEANUP_RUN struct run_result r = { 0 };

	if (os_write(&f->os, "/etc/a", "new", 0644, e) < 0)
		return 0;
	if (os_write_at(&f->os, "/etc/b", 0, "NEWS", 4, e) < 0)
		return 1;
	return os_run(&f->os, &(struct run){ .argv = ARGV("/usr/bin/tool", "x") }, &r, e) < 0 ? 2
											      : 3;
}

static int tool(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	fake_file(f, "/etc/c", r->argv[1], 0600);
	ret->out = xstrdup("done\n");
	return 5;
}

static struct fake *prepared(void)
{
	struct fake *f = fake_new();

	fake_file(f, "/etc/b", "olds", 0644);
	fake_on_run(f, "tool", tool);
	return f;
}

static int holds(struct fake *f, const char *a, const char *b, const char *c)
{
	T_STR(fake_text(f, "/etc/a"), a);
	T_STR(fake_text(f, "/etc/b"), b);
	T_STR(fake_text(f, "/etc/c"), c);
	return 0;
}

static int without_a_cut_all_is_done(void)
{
	CLEANUP_FAKE struct fake *f = prepared();
	struct err e = { 0 };

	T_OK(work(f, &e) == 3 && f->changes == 3 && f->calls == 3 && !f->off);
	return holds(f, "new", "NEWS", "x");
}

static int the_cut_meets_each_call(void)
{
	static const struct {
		enum fake_cut cut;
		const char *text[3][3];
	} t[] = {
		{ FAKE_CUT_BEFORE,
		  { { "(none)", "olds", "(none)" },
		    { "new", "olds", "(none)" },
		    { "new", "NEWS", "(none)" } } },
		{ FAKE_CUT_AFTER,
		  { { "new", "olds", "(none)" },
		    { "new", "NEWS", "(none)" },
		    { "new", "NEWS", "x" } } },
		{ FAKE_CUT_TORN,
		  { { "(none)", "olds", "(none)" },
		    { "new", "NEds", "(none)" },
		    { "new", "NEWS", "(none)" } } },
	};

	for (size_t i = 0; i < COUNT(t); i++)
		for (int n = 0; n < 3; n++) {
			CLEANUP_FAKE struct fake *f = prepared();
			const char *const *text = t[i].text[n];
			struct node got = { 0 };
			struct err e = { 0 };

			fake_cut_after(f, n, t[i].cut);
			T_OK(work(f, &e) == n && e.sys == EIO && f->off);
			T_OK(os_get(&f->os, "/etc/a", &got, &e) < 0 && e.sys == EIO);
			T_OK(os_remove(&f->os, "/etc/b", &e) < 0);
			T_OK(holds(f, text[0], text[1], text[2]) == 0);
			fake_power_on(f);
			T_OK(work(f, &e) == 3);
		}
	return 0;
}

static int twice(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	if (os_write(&f->os, "/etc/one", "1", 0644, e) < 0 ||
	    os_write(&f->os, "/etc/two", "2", 0644, e) < 0)
		return -1;
	return 0;
}

static int a_program_can_be_cut_halfway(void)
{
	CLEANUP_FAKE struct fake *f = fake_new();
	CLEANUP_RUN struct run_result r = { 0 };
	struct err e = { 0 };

	fake_on_run(f, NULL, twice);
	fake_cut_after(f, 2, FAKE_CUT_BEFORE);
	T_OK(os_run(&f->os, &(struct run){ .argv = ARGV("any") }, &r, &e) < 0 && f->off);
	T_STR(fake_text(f, "/etc/one"), "1");
	T_STR(fake_text(f, "/etc/two"), "(none)");
	return 0;
}

static int a_boot_empties_what_is_in_memory(void)
{
	CLEANUP_FAKE struct fake *f = fake_new();
	CLEANUP_FREE char *id = xstrdup(fake_text(f, "/proc/sys/kernel/random/boot_id"));
	struct err e = { 0 };
	int token;
	pid_t holder;

	fake_file(f, "/run/kannuki/x", "x", 0600);
	fake_file(f, "/var/lib/x", "x", 0600);
	T_OK(os_lock(&f->os, "/run/kannuki/lock", 0, &token, &holder, &e) == 0);
	fake_lock_by(f, "/etc/lock", 7);
	fake_advance(f, INT64_C(3600) * 1000000000);
	fake_restart(f);
	T_OK(os_lock(&f->os, "/run/kannuki/lock", 0, &token, &holder, &e) == 0);
	T_OK(os_lock(&f->os, "/etc/lock", 0, &token, &holder, &e) == 1 && holder == 7);
	T_STR(fake_text(f, "/run/kannuki/x"), "x");
	fake_power_on(f);
	T_STR(fake_text(f, "/run/kannuki/x"), "(none)");
	T_OK(!fake_node(f, "/run/kannuki") && fake_node(f, "/run"));
	T_STR(fake_text(f, "/var/lib/x"), "x");
	T_OK(strcmp(id, fake_text(f, "/proc/sys/kernel/random/boot_id")) != 0);
	T_OK(os_now(&f->os, OS_MONOTONIC) < INT64_C(60) * 1000000000);
	T_OK(os_lock(&f->os, "/etc/lock", 0, &token, &holder, &e) == 0);
	return 0;
}

static int a_planted_fault_meets_one_call(void)
{
	CLEANUP_FAKE struct fake *f = fake_new();
	struct err e = { 0 };

	fake_fail(f, FAKE_PUT, 2, ENOSPC);
	T_OK(os_write(&f->os, "/etc/a", "1", 0644, &e) == 0);
	T_OK(os_write(&f->os, "/etc/b", "1", 0644, &e) < 0 && e.sys == ENOSPC);
	T_STR(fake_text(f, "/etc/b"), "(none)");
	T_OK(os_write(&f->os, "/etc/b", "1", 0644, &e) == 0);
	T_OK(!f->off && f->count[FAKE_PUT] == 3);
	return 0;
}

static int programs_are_found_by_name(void)
{
	CLEANUP_FAKE struct fake *f = prepared();
	CLEANUP_RUN struct run_result r = { 0 }, none = { 0 };
	const struct run_stage stage[] = { { "/etc/b", "staged", 0644 }, { "/etc/d", NULL, 0 } };
	struct run run = { .argv = ARGV("/usr/bin/tool", "arg"),
			   .input = "in\0put",
			   .input_len = 6,
			   .stage_dir = "/etc",
			   .stage = stage,
			   .stage_count = 2 };
	struct err e = { 0 };

	T_OK(os_run(&f->os, &run, &r, &e) == 0 && r.status == 5 && r.out_len == 5);
	T_STR(r.out, "done\n");
	T_STR(r.err, "");
	T_OK(os_run(&f->os, &(struct run){ .argv = ARGV("other") }, &none, &e) == 0);
	T_OK(none.status == 127 && none.out && none.err);
	T_OK(f->ran.count == 2 && f->input.len == 6 && memcmp(f->input.text, "in\0put", 6) == 0);
	T_STR(f->ran.item[0], "/usr/bin/tool arg");
	fake_file(f, "/etc/d", "there", 0644);
	T_STR(fake_staged(f, &run, "/etc/b"), "staged");
	T_STR(fake_staged(f, &run, "/etc/d"), "(none)");
	T_STR(fake_staged(f, &run, "/etc/c"), "arg");
	return 0;
}

static int tables_are_what_the_test_says(void)
{
	CLEANUP_FAKE struct fake *f = fake_new();
	CLEANUP_FREE struct socket_info *s = NULL;
	CLEANUP_FREE struct if_addr *a = NULL;
	CLEANUP_FREE uint64_t *inode = NULL;
	CLEANUP_FREE char *line = NULL;
	CLEANUP_PROCESS struct process p = { 0 };
	struct addr v4 = { AF_INET, { 127, 0, 0, 1 } };
	struct err e = { 0 };
	size_t count;

	fake_process_add(f, 700, 1, "/usr/sbin/sshd");
	strv_add(&fake_process_find(f, 700)->env, "A=1");
	fake_listen(f, "0.0.0.0", 22, 700);
	fake_listen(f, "::", 2222, 700);
	fake_address_add(f, "lo", "127.0.0.1", 8);
	T_OK(os_sockets(&f->os, &s, &count, &e) == 0 && count == 2);
	T_OK(s[0].local_port == 22 && s[0].pid == 700 && s[1].v6 && s[0].inode != s[1].inode);
	T_STR(s[0].comm, "sshd");
	T_OK(os_process_sockets(&f->os, 700, &inode, &count, &e) == 0 && count == 2);
	T_OK(inode[0] == s[0].inode && inode[1] == s[1].inode);
	T_OK(os_process(&f->os, 700, &p, &e) == 0 && p.ppid == 1);
	T_STR(p.exe, "/usr/sbin/sshd");
	T_OK(os_process(&f->os, 701, &p, &e) == 1);
	T_OK(os_addresses(&f->os, &a, &count, &e) == 0 && count == 1 && a[0].loopback);
	T_OK(os_ssh_banner(&f->os, &v4, 22, 10, &line, &e) == 0);
	T_OK(strncmp(line, "SSH-2.0-", 8) == 0);
	free(TAKE(line));
	T_OK(os_ssh_banner(&f->os, &v4, 2222, 10, &line, &e) == 1); /* IPv6 only */
	fake_banner_set(f, 22, NULL);
	T_OK(os_ssh_banner(&f->os, &v4, 22, 10, &line, &e) == 1);
	fake_process_remove(f, 700);
	T_OK(os_process(&f->os, 700, &p, &e) == 1);
	return 0;
}

static int dump_tells_states_apart(void)
{
	CLEANUP_FAKE struct fake *f = fake_new();
	static const char *const except[] = { "/proc", "/run", NULL };
	CLEANUP_FREE char *before = fake_dump(f, true, except), *after = NULL, *back = NULL;

	fake_file(f, "/run/x", "x", 0644);
	fake_file(f, "/etc/x", "x", 0644);
	after = fake_dump(f, true, except);
	T_OK(strcmp(before, after) != 0 && strstr(after, "/etc/x file 644 0:0"));
	T_OK(!strstr(after, "/run"));
	fake_remove(f, "/etc/x");
	back = fake_dump(f, true, except);
	T_STR(back, before);
	return 0;
}

static const struct t_case cases[] = {
	T(without_a_cut_all_is_done),	   T(the_cut_meets_each_call),
	T(a_program_can_be_cut_halfway),   T(a_boot_empties_what_is_in_memory),
	T(a_planted_fault_meets_one_call), T(programs_are_found_by_name),
	T(tables_are_what_the_test_says),  T(dump_tells_states_apart),
};

int main(void)
{
	return t_main(cases, COUNT(cases));
}
