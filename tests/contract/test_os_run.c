// SPDX-License-Identifier: MIT
/* What the real host promises about programs (os/os.h): environment, limits, staged views. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "contract/host.h"

#define SH(script) ARGV("sh", "-c", script)

static int run(const struct run *r, struct run_result *ret)
{
	struct err e = { 0 };
	int result = os_run(host.os, r, ret, &e);

	if (result < 0)
		printf("# %s\n", e.msg);
	return result;
}

static int status_and_output(void)
{
	CLEANUP_RUN struct run_result r = { 0 };

	T_OK(run(&(struct run){ .argv = SH("echo out; echo err >&2; exit 3") }, &r) == 0);
	T_OK(r.status == 3 && !r.timed_out && r.out_len == 4);
	T_STR(r.out, "out\n");
	T_STR(r.err, "err\n");
	return 0;
}

static int a_signal_is_128_and_more(void)
{
	CLEANUP_RUN struct run_result r = { 0 };

	T_OK(run(&(struct run){ .argv = SH("kill -TERM $$") }, &r) == 0);
	T_OK(r.status == 128 + SIGTERM && !r.timed_out);
	T_STR(r.out, "");
	return 0;
}

static int a_missing_program_is_127(void)
{
	static const char *const names[] = { "kannuki-no-such-program", "/usr/bin/kannuki-none" };

	for (size_t i = 0; i < COUNT(names); i++) {
		CLEANUP_RUN struct run_result r = { 0 };

		T_OK(run(&(struct run){ .argv = ARGV(names[i]) }, &r) == 0);
		T_OK(r.status == 127 && r.out && r.err && r.out_len == 0);
	}
	return 0;
}

static int what_cannot_be_started_is_an_error(void)
{
	CLEANUP_RUN struct run_result r = { 0 };
	struct err e = { 0 };

	T_OK(os_run(host.os, &(struct run){ .argv = ARGV("/usr") }, &r, &e) < 0);
	T_OK(e.sys == EACCES && strstr(e.msg, "/usr"));
	return 0;
}

static int run_ok_quotes_the_last_line(void)
{
	struct err e = { 0 };

	T_OK(os_run_ok(host.os, ARGV("true"), NULL, &e) == 0);
	T_OK(os_run_ok(host.os, SH("echo first >&2; echo the cause >&2; exit 4"), NULL, &e) < 0);
	T_OK(e.kind == ERR_FAILED && strstr(e.msg, "the cause") && !strstr(e.msg, "first"));
	T_OK(os_run_ok(host.os, ARGV("kannuki-no-such-program"), NULL, &e) < 0);
	T_OK(strstr(e.msg, "kannuki-no-such-program"));
	return 0;
}

static int the_environment_is_clean(void)
{
	CLEANUP_RUN struct run_result r = { 0 };
	const char *const extra[] = { "EXTRA=1", "LANG=ja_JP.UTF-8", NULL };

	setenv("SSH_CLIENT", "forged", 1);
	setenv("LD_PRELOAD", "", 1);
	T_OK(run(&(struct run){ .argv = ARGV("env"), .env = extra }, &r) == 0);
	unsetenv("LD_PRELOAD");
	T_STR(r.out, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
		     "HOME=/root\nEXTRA=1\nLANG=ja_JP.UTF-8\n");
	return 0;
}

static int umask_and_folder_are_fixed(void)
{
	CLEANUP_RUN struct run_result r = { 0 };
	mode_t old = umask(0);
	int result = run(&(struct run){ .argv = SH("umask; pwd") }, &r);

	umask(old);
	T_OK(result == 0);
	T_STR(r.out, "0022\n/\n");
	return 0;
}

static int descriptors_are_closed(void)
{
	CLEANUP_RUN struct run_result r = { 0 };
	int low = open("/dev/null", O_RDONLY), high = fcntl(low, F_DUPFD, 200), result;

	result = run(&(struct run){ .argv = ARGV("ls", "/proc/self/fd") }, &r);
	close(low);
	close(high);
	T_OK(result == 0);
	T_STR(r.out, "0\n1\n2\n3\n"); /* 3 is ls reading the folder */
	return 0;
}

static int works_without_descriptors_of_our_own(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		CLEANUP_RUN struct run_result r = { 0 };
		struct err e = { 0 };
		struct run cat = { .argv = SH("cat; echo err >&2"), .input = "in", .input_len = 2 };

		close(0);
		close(1);
		close(2);
		_exit(os_run(host.os, &cat, &r, &e) != 0      ? 1
		      : !r.out || strcmp(r.out, "in") != 0    ? 2
		      : !r.err || strcmp(r.err, "err\n") != 0 ? 3
							      : 0);
	}
	T_OK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	T_OK(WEXITSTATUS(status) == 0);
	return 0;
}

static int signals_are_as_at_birth(void)
{
	CLEANUP_RUN struct run_result r = { 0 };
	sigset_t all, old;
	int result;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	signal(SIGTERM, SIG_IGN);
	result = run(
		&(struct run){ .argv = ARGV("grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status") },
		&r);
	signal(SIGTERM, SIG_DFL);
	sigprocmask(SIG_SETMASK, &old, NULL);
	T_OK(result == 0);
	T_STR(r.out, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
	return 0;
}

static int ignored_children_are_waited_for_all_the_same(void)
{
	CLEANUP_RUN struct run_result r = { 0 };
	struct sigaction after;
	int result;

	signal(SIGCHLD, SIG_IGN);
	result = run(&(struct run){ .argv = SH("exit 3"), .timeout_ms = 2000 }, &r);
	sigaction(SIGCHLD, NULL, &after);
	signal(SIGCHLD, SIG_DFL);
	T_OK(result == 0 && r.status == 3 && !r.timed_out);
	T_OK(after.sa_handler == SIG_IGN); /* as it was */
	return 0;
}

static int there_is_no_terminal_and_no_input(void)
{
	CLEANUP_RUN struct run_result r = { 0 };

	T_OK(run(&(struct run){ .argv = SH("cat; (: </dev/tty) && echo terminal; "
					   "test $(cut -d' ' -f6 /proc/$$/stat) = $$ && "
					   "echo leader") },
		 &r) == 0);
	T_STR(r.out, "leader\n");
	return 0;
}

static int large_input_and_output_do_not_block(void)
{
	CLEANUP_FREE char *big = xcalloc(1, 3000001);
	CLEANUP_RUN struct run_result r = { 0 };

	memset(big, 'x', 3000000);
	T_OK(run(&(struct run){ .argv = ARGV("cat"), .input = big, .input_len = 3000000 }, &r) ==
	     0);
	T_OK(r.status == 0 && r.out_len == 3000000 && memcmp(r.out, big, 3000000) == 0);
	return 0;
}

static int input_that_nobody_reads_is_no_matter(void)
{
	CLEANUP_FREE char *big = xcalloc(1, 300000);
	CLEANUP_RUN struct run_result r = { 0 };

	T_OK(run(&(struct run){ .argv = ARGV("true"), .input = big, .input_len = 300000 }, &r) ==
	     0);
	T_OK(r.status == 0);
	return 0;
}

static int output_is_bounded(void)
{
	CLEANUP_RUN struct run_result r = { 0 };

	T_OK(run(&(struct run){ .argv = SH("head -c 9000000 /dev/zero; echo end >&2") }, &r) == 0);
	T_OK(r.status == 0 && r.out_len == (size_t)4 << 20 && r.out[r.out_len] == '\0');
	T_STR(r.err, "end\n");
	return 0;
}

static bool is_alive(pid_t pid)
{
	CLEANUP_FREE char *path = xasprintf("/proc/%d/stat", (int)pid);
	FILE *f = fopen(path, "re");
	char state = 'X';

	if (!f)
		return false;
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 'X';
	fclose(f);
	return state != 'Z' && state != 'X';
}

static bool dies_within(pid_t pid, unsigned ms)
{
	for (unsigned i = 0; i < ms && is_alive(pid); i += 5)
		usleep(5000);
	return !is_alive(pid);
}

static int the_limit_ends_the_whole_group(void)
{
	CLEANUP_RUN struct run_result r = { 0 };
	int64_t before = os_now(host.os, OS_MONOTONIC), took;
	int child, grandchild;

	/* One ignores what can be ignored. */
	T_OK(run(&(struct run){ .argv = SH("trap '' TERM HUP; (sh -c 'echo $PPID $$; exec sleep "
					   "60') & wait"),
				.timeout_ms = 400 },
		 &r) == 0);
	took = (os_now(host.os, OS_MONOTONIC) - before) / 1000000;
	T_OK(r.timed_out && took >= 390 && took < 3000);
	T_OK(sscanf(r.out, "%d %d", &child, &grandchild) == 2);
	T_OK(dies_within(child, 1000) && dies_within(grandchild, 1000));
	return 0;
}

static int a_daemon_left_behind_does_not_hold_us(void)
{
	CLEANUP_RUN struct run_result r = { 0 };
	int64_t before = os_now(host.os, OS_MONOTONIC), took;
	int pid;

	T_OK(run(&(struct run){ .argv = SH("sleep 20 & echo $!"), .timeout_ms = 10000 }, &r) == 0);
	took = (os_now(host.os, OS_MONOTONIC) - before) / 1000000;
	T_OK(r.status == 0 && !r.timed_out && took < 3000);
	T_OK(sscanf(r.out, "%d", &pid) == 1);
	T_OK(is_alive(pid));
	kill(pid, SIGKILL);
	return 0;
}

static int one_that_closes_its_output_is_waited_for(void)
{
	CLEANUP_RUN struct run_result r = { 0 };

	T_OK(run(&(struct run){ .argv = SH("exec >&- 2>&-; sleep 0.3; exit 5") }, &r) == 0);
	T_OK(r.status == 5 && !r.timed_out);
	CLEANUP_RUN struct run_result late = { 0 };

	T_OK(run(&(struct run){ .argv = SH("exec >&- 2>&-; sleep 60"), .timeout_ms = 200 },
		 &late) == 0);
	T_OK(late.timed_out);
	return 0;
}

/* Killing us ends what we run: nobody would undo what it still does. */
static int it_dies_with_us(void)
{
	int out[2], pid = 0;
	char text[32] = "";
	pid_t us;

	T_OK(pipe(out) == 0);
	us = fork();
	if (us == 0) {
		CLEANUP_FREE char *script =
			xasprintf("echo $$ >/proc/%d/fd/%d; exec sleep 60", (int)getpid(), out[1]);
		CLEANUP_RUN struct run_result r = { 0 };

		_exit(run(&(struct run){ .argv = SH(script) }, &r));
	}
	T_OK(read(out[0], text, sizeof(text) - 1) > 0 && sscanf(text, "%d", &pid) == 1);
	T_OK(is_alive(pid));
	kill(us, SIGKILL);
	waitpid(us, NULL, 0);
	close(out[0]);
	close(out[1]);
	T_OK(dies_within(pid, 1000));
	return 0;
}

/* --- staged views -------------------------------------------------------------------------- */

static char staged_dir[64];

static void make_staged_dir(void)
{
	CLEANUP_FREE char *sub = NULL, *a = NULL, *key = NULL, *link = NULL;

	snprintf(staged_dir, sizeof(staged_dir), "/var/tmp/kannuki-stage-%d", (int)getpid());
	sub = xasprintf("%s/sub", staged_dir);
	a = xasprintf("%s/a", staged_dir);
	key = xasprintf("%s/sub/key", staged_dir);
	link = xasprintf("%s/link", staged_dir);
	host_dir(staged_dir, 0751);
	host_dir(sub, 0700);
	host_file(a, "a of the host\n", 0644);
	host_file(key, "key\n", 0600);
	host_link(link, "a");
}

static void remove_staged_dir(void)
{
	struct err e = { 0 };

	os_run_ok(host.os, ARGV("rm", "-rf", "--", staged_dir), NULL, &e);
}

static int staged_files_are_shown_to_the_program_alone(void)
{
	make_staged_dir();
	CLEANUP_FREE char *a = xasprintf("%s/a", staged_dir);
	CLEANUP_FREE char *new = xasprintf("%s/new.d/new", staged_dir);
	CLEANUP_FREE char *link = xasprintf("%s/link", staged_dir);
	const struct run_stage stage[] = { { a, "a as staged\n", 0640 },
					   { new, "new\n", 0600 },
					   { link, NULL, 0 } };
	CLEANUP_FREE char *script =
		xasprintf("cd %s && cat a new.d/new sub/key && "
			  "stat -c '%%n %%a %%u' . a new.d/new sub sub/key; ls; echo x >written",
			  staged_dir);
	struct run r = { .argv = SH(script),
			 .stage_dir = staged_dir,
			 .stage = stage,
			 .stage_count = COUNT(stage) };
	CLEANUP_RUN struct run_result out = { 0 };
	int result = run(&r, &out);
	CLEANUP_FREE char *names = host_names(staged_dir);
	bool same = host_holds(a, "a of the host\n");

	remove_staged_dir();
	T_OK(result == 0);
	T_STR(out.err, "");
	T_STR(out.out, "a as staged\nnew\nkey\n"
		       ". 751 0\na 640 0\nnew.d/new 600 0\nsub 700 0\nsub/key 600 0\n"
		       "a\nnew.d\nsub\n");
	T_STR(names, "a link sub");
	T_OK(same);
	return 0;
}

static char *mounts(void)
{
	CLEANUP_RUN struct run_result r = { 0 };

	run(&(struct run){ .argv = ARGV("cat", "/proc/1/mountinfo") }, &r);
	return TAKE(r.out);
}

static int staging_leaves_no_mount_behind(void)
{
	CLEANUP_FREE char *before = mounts(), *during = NULL;
	CLEANUP_RUN struct run_result r = { 0 };

	make_staged_dir();
	run(&(struct run){ .argv = ARGV("cat", "/proc/1/mountinfo"), .stage_dir = staged_dir }, &r);
	during = TAKE(r.out);
	remove_staged_dir();
	CLEANUP_FREE char *after = mounts();

	T_OK(before[0] && !strstr(during, "kannuki-stage") && !strstr(after, "kannuki-stage"));
	return 0;
}

static int what_cannot_be_staged_is_an_error(void)
{
	const struct run_stage outside = { "/etc/passwd", "x", 0644 };
	struct run_stage beside = { NULL, "x", 0644 };
	CLEANUP_FREE char *path = NULL;
	CLEANUP_RUN struct run_result r = { 0 };
	struct run one = { .argv = ARGV("true"), .stage_count = 1 };
	struct err e = { 0 };

	one.stage_dir = "/var/tmp/kannuki-none";
	one.stage_count = 0;
	T_OK(os_run(host.os, &one, &r, &e) < 0 && strstr(e.msg, "/var/tmp/kannuki-none"));
	make_staged_dir();
	one.stage_dir = staged_dir;
	one.stage_count = 1;
	one.stage = &outside;
	T_OK(os_run(host.os, &one, &r, &e) < 0 && strstr(e.msg, "/etc/passwd"));
	beside.path = path = xasprintf("%sx/y", staged_dir);
	one.stage = &beside;
	T_OK(os_run(host.os, &one, &r, &e) < 0);
	remove_staged_dir();
	return 0;
}

static const struct t_case cases[] = {
	T(status_and_output),
	T(a_signal_is_128_and_more),
	T(a_missing_program_is_127),
	T(what_cannot_be_started_is_an_error),
	T(run_ok_quotes_the_last_line),
	T(the_environment_is_clean),
	T(umask_and_folder_are_fixed),
	T(descriptors_are_closed),
	T(works_without_descriptors_of_our_own),
	T(signals_are_as_at_birth),
	T(ignored_children_are_waited_for_all_the_same),
	T(there_is_no_terminal_and_no_input),
	T(large_input_and_output_do_not_block),
	T(input_that_nobody_reads_is_no_matter),
	T(output_is_bounded),
	T(the_limit_ends_the_whole_group),
	T(a_daemon_left_behind_does_not_hold_us),
	T(one_that_closes_its_output_is_waited_for),
	T(it_dies_with_us),
	T(staged_files_are_shown_to_the_program_alone),
	T(staging_leaves_no_mount_behind),
	T(what_cannot_be_staged_is_an_error),
};

int main(void)
{
	return host_main_real(cases, COUNT(cases));
}
