// SPDX-License-Identifier: MIT
/*
 * The real host at its worst: somebody else changes the file in the middle of a put, the disk is full
 * or read-only, fsync fails, and kernels that lack the newer system calls.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "contract/host.h"

#define BIG ((size_t)6 << 20) /* long enough in writing for another process to come in between */

static const struct node absent = { .type = NODE_ABSENT };

static struct node file(const char *text)
{
	return (struct node){
		.type = NODE_FILE, .mode = 0644, .data = (char *)text, .len = strlen(text)
	};
}

static struct node big(void)
{
	struct node n = { .type = NODE_FILE, .mode = 0644, .data = xcalloc(1, BIG), .len = BIG };

	memset(n.data, 'b', BIG);
	return n;
}

/* --- somebody else ------------------------------------------------------------------------- */

/* A process that, as soon as something is staged in /t, moves `from` over `to` (or removes `to`). */
static pid_t meddler(const char *from, const char *to)
{
	CLEANUP_FREE char *dir = host_path("/t"), *a = host_path(from), *b = host_path(to);
	int watch = inotify_init1(IN_CLOEXEC);
	char event[4096];
	pid_t pid;

	if (inotify_add_watch(watch, dir, IN_CREATE) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		if (read(watch, event, sizeof(event)) < 0)
			_exit(1);
		_exit((from[0] ? rename(a, b) : unlink(b)) == 0 ? 0 : 2);
	}
	close(watch);
	return pid;
}

static bool has_meddled(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int a_file_changed_meanwhile_goes_back(void)
{
	CLEANUP_NODE struct node want = big();
	struct node seen = file("seen");
	struct err e = { 0 };
	pid_t other;

	host_dir("/t/aside", 0755);
	host_file("/t/f", "seen", 0644);
	host_file("/t/aside/foreign", "foreign", 0644);
	other = meddler("/t/aside/foreign", "/t/f");
	T_OK(os_put(host.os, "/t/f", &seen, &want, &e) < 0 && e.kind == ERR_CONFLICT);
	T_OK(has_meddled(other));
	T_OK(host_holds("/t/f", "foreign"));
	CLEANUP_FREE char *names = host_names("/t");

	T_STR(names, "aside f");
	return 0;
}

static int one_that_cannot_even_be_read_goes_back_too(void)
{
	CLEANUP_NODE struct node want = big();
	CLEANUP_FREE char *path = NULL;
	struct node seen = file("seen");
	struct err e = { 0 };
	struct stat st;
	pid_t other;

	host_dir("/t/aside", 0755);
	host_file("/t/f", "seen", 0644);
	host_file("/t/aside/foreign", "x", 0644);
	path = host_path("/t/aside/foreign");
	T_OK(truncate(path, (off_t)OS_FILE_MAX + 1) == 0);
	other = meddler("/t/aside/foreign", "/t/f");
	T_OK(os_put(host.os, "/t/f", &seen, &want, &e) < 0 && e.sys == EFBIG);
	T_OK(has_meddled(other));
	free(TAKE(path));
	path = host_path("/t/f");
	T_OK(stat(path, &st) == 0 && st.st_size == (off_t)OS_FILE_MAX + 1);
	CLEANUP_FREE char *names = host_names("/t");

	T_STR(names, "aside f");
	return 0;
}

static int a_new_name_taken_meanwhile_stays_theirs(void)
{
	CLEANUP_NODE struct node want = big();
	struct err e = { 0 };
	pid_t other;

	host_dir("/t/aside", 0755);
	host_file("/t/aside/foreign", "foreign", 0644);
	other = meddler("/t/aside/foreign", "/t/f");
	T_OK(os_put(host.os, "/t/f", &absent, &want, &e) < 0 && e.kind == ERR_CONFLICT);
	T_OK(has_meddled(other) && host_holds("/t/f", "foreign"));
	CLEANUP_FREE char *names = host_names("/t");

	T_STR(names, "aside f");
	return 0;
}

static int a_file_removed_meanwhile_is_a_conflict(void)
{
	CLEANUP_NODE struct node want = big();
	struct node seen = file("seen");
	struct err e = { 0 };
	pid_t other;

	host_file("/t/f", "seen", 0644);
	other = meddler("", "/t/f");
	T_OK(os_put(host.os, "/t/f", &seen, &want, &e) < 0 && e.kind == ERR_CONFLICT);
	T_OK(has_meddled(other));
	CLEANUP_FREE char *names = host_names("/t");

	T_STR(names, "");
	return 0;
}

static int without_expectation_the_last_one_wins(void)
{
	CLEANUP_NODE struct node want = big();
	struct err e = { 0 };
	pid_t other;

	host_dir("/t/aside", 0755);
	host_file("/t/aside/foreign", "foreign", 0644);
	other = meddler("/t/aside/foreign", "/t/f");
	T_OK(os_put(host.os, "/t/f", NULL, &want, &e) == 0 && has_meddled(other));
	T_OK(host_bare("/t/f").len == BIG);
	other = meddler("", "/t/f");
	want.data[0] = 'c';
	T_OK(os_put(host.os, "/t/f", NULL, &want, &e) == 0 && has_meddled(other));
	T_OK(host_bare("/t/f").len == BIG);
	CLEANUP_FREE char *names = host_names("/t");

	T_STR(names, "aside f");
	return 0;
}

/* --- a disk that refuses ------------------------------------------------------------------- */

/* A small tmpfs on /t, seen by this program alone. */
static int mount_small(void)
{
	CLEANUP_FREE char *dir = host_path("/t");
	struct err e = { 0 };

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("small", dir, "tmpfs", 0, "size=64k,mode=755") < 0)
		return -1;
	/* The root that was open is the one of the namespace before. */
	os_linux_free(host.os);
	host.os = os_linux_new(host.root, &e);
	return host.os ? 0 : -1;
}

static void unmount_small(void)
{
	CLEANUP_FREE char *dir = host_path("/t");

	umount2(dir, MNT_DETACH);
}

static int full(void)
{
	CLEANUP_NODE struct node want = big();
	struct node seen = file("seen");
	struct err e = { 0 };

	host_file("/t/f", "seen", 0644);
	T_OK(os_put(host.os, "/t/f", &seen, &want, &e) < 0 && e.sys == ENOSPC);
	T_OK(host_holds("/t/f", "seen"));
	CLEANUP_FREE char *names = host_names("/t");

	T_STR(names, "f");
	return 0;
}

static int a_full_disk_leaves_all_as_found(void)
{
	int r;

	T_OK(mount_small() == 0);
	r = full();
	unmount_small();
	return r;
}

static int read_only(void)
{
	CLEANUP_FREE char *dir = host_path("/t");
	struct node seen = file("seen"), want = file("want");
	struct err e = { 0 };

	host_file("/t/f", "seen", 0644);
	T_OK(mount(NULL, dir, NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0);
	T_OK(os_put(host.os, "/t/f", &seen, &want, &e) < 0 && e.sys == EROFS);
	T_OK(os_put(host.os, "/t/f", &want, &seen, &e) == 0); /* so already */
	T_OK(os_put(host.os, "/t/f", &seen, &absent, &e) < 0 && e.sys == EROFS);
	T_OK(host_holds("/t/f", "seen"));
	return 0;
}

static int a_read_only_disk_is_said_and_left(void)
{
	int r;

	T_OK(mount_small() == 0);
	r = read_only();
	unmount_small();
	return r;
}

/* --- system calls that fail ---------------------------------------------------------------- */

/* From now on this process gets errnum from one system call. */
static int deny(unsigned call, unsigned errnum)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | errnum),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { COUNT(code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* One case in a process of its own, in which a system call fails so. */
static int with_denied(unsigned call, unsigned errnum, int (*fn)(void))
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int bad = deny(call, errnum) < 0 || fn();

		fflush(stdout);
		_exit(bad);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 1;
	return WEXITSTATUS(status);
}

static int put_fails_with_eio(void)
{
	struct node seen = file("seen"), want = file("want");
	struct err e = { 0 };

	T_OK(os_put(host.os, "/t/f", &seen, &want, &e) < 0 && e.sys == EIO);
	T_OK(os_put(host.os, "/t/new", &absent, &want, &e) < 0 && e.sys == EIO);
	T_OK(host_holds("/t/f", "seen"));
	return 0;
}

static int a_failed_fsync_is_fatal(void)
{
	host_file("/t/f", "seen", 0644);
	T_OK(with_denied(SYS_fsync, EIO, put_fails_with_eio) == 0);
	T_OK(host_holds("/t/f", "seen"));
	CLEANUP_FREE char *names = host_names("/t");

	T_STR(names, "f");
	return 0;
}

static int write_at_fails_with_eio(void)
{
	struct err e = { 0 };

	T_OK(os_write_at(host.os, "/t/f", 0, "x", 1, &e) < 0 && e.sys == EIO);
	return 0;
}

static int a_failed_fdatasync_is_an_error(void)
{
	host_file("/t/f", "seen", 0644);
	T_OK(with_denied(SYS_fdatasync, EIO, write_at_fails_with_eio) == 0);
	return 0;
}

static int puts_of_all_kinds(void)
{
	struct node one = file("one"), two = file("two"), dir = { .type = NODE_DIR, .mode = 0750 };
	struct err e = { 0 };

	T_OK(os_put(host.os, "/t/f", &absent, &one, &e) == 0 && host_holds("/t/f", "one"));
	T_OK(os_put(host.os, "/t/f", &one, &two, &e) == 0 && host_holds("/t/f", "two"));
	T_OK(os_put(host.os, "/t/f", &one, &absent, &e) < 0 && e.kind == ERR_CONFLICT);
	T_OK(os_put(host.os, "/t/f", &two, &absent, &e) == 0);
	T_OK(os_put(host.os, "/t/d", &absent, &dir, &e) == 0 && host_bare("/t/d").mode == 0750);
	T_OK(os_put(host.os, "/t/d", &dir, &absent, &e) == 0);
	CLEANUP_FREE char *names = host_names("/t");

	T_STR(names, "");
	return 0;
}

static int works_without_exchange(void)
{
	T_OK(with_denied(SYS_renameat2, EINVAL, puts_of_all_kinds) == 0);
	T_OK(with_denied(SYS_renameat2, ENOSYS, puts_of_all_kinds) == 0);
	return 0;
}

static int late_look(void)
{
	CLEANUP_NODE struct node want = big();
	struct node seen = file("seen");
	struct err e = { 0 };
	pid_t other = meddler("/t/aside/foreign", "/t/f");

	T_OK(os_put(host.os, "/t/f", &seen, &want, &e) < 0 && e.kind == ERR_CONFLICT);
	T_OK(has_meddled(other) && host_holds("/t/f", "foreign"));
	return 0;
}

static int without_exchange_a_change_is_seen_before_it(void)
{
	host_dir("/t/aside", 0755);
	host_file("/t/f", "seen", 0644);
	host_file("/t/aside/foreign", "foreign", 0644);
	/* The other process moves by rename(2), which is not denied. */
	T_OK(with_denied(SYS_renameat2, EINVAL, late_look) == 0);
	CLEANUP_FREE char *names = host_names("/t");

	T_STR(names, "aside f");
	return 0;
}

static int on_slash(void)
{
	CLEANUP_FREE char *path = host_path("/t/f"), *dir = host_path("/t");
	struct node want = file("x");
	struct err e = { 0 };
	struct os *slash = os_linux_new("/", &e);
	CLEANUP_NODE struct node n = { 0 };
	struct strv names CLEANUP_STRV = { 0 };
	int bad;

	T_OK(slash);
	bad = os_put(slash, path, &absent, &want, &e) != 0 || os_get(slash, path, &n, &e) != 0 ||
	      !node_eq(&n, &want) || os_list(slash, dir, &names, &e) != 0 || names.count != 1;
	os_linux_free(slash);
	T_OK(!bad);
	return 0;
}

static int works_without_openat2(void)
{
	struct err e = { 0 };

	T_OK(with_denied(SYS_openat2, ENOSYS, on_slash) == 0);
	T_OK(os_remove(host.os, "/t/f", &e) == 0);
	T_OK(with_denied(SYS_openat2, EPERM, on_slash) == 0);
	return 0;
}

static int descriptors(void)
{
	CLEANUP_RUN struct run_result r = { 0 };
	struct err e = { 0 };
	int fd = fcntl(1, F_DUPFD, 300);

	T_OK(fd >= 300);
	T_OK(os_run(host.os, &(struct run){ .argv = ARGV("ls", "/proc/self/fd") }, &r, &e) == 0);
	T_STR(r.out, "0\n1\n2\n3\n");
	return 0;
}

static int works_without_close_range(void)
{
	T_OK(with_denied(SYS_close_range, ENOSYS, descriptors) == 0);
	return 0;
}

static int a_fork_that_fails_is_an_error(void)
{
	CLEANUP_RUN struct run_result r = { 0 };
	struct err e = { 0 };

	T_OK(os_run(host.os, &(struct run){ .argv = ARGV("true") }, &r, &e) < 0);
	T_OK(e.sys == EAGAIN);
	return 0;
}

static int without_processes(void)
{
	T_OK(with_denied(SYS_clone, EAGAIN, a_fork_that_fails_is_an_error) == 0);
	return 0;
}

static const struct t_case cases[] = {
	T(a_file_changed_meanwhile_goes_back),
	T(one_that_cannot_even_be_read_goes_back_too),
	T(a_new_name_taken_meanwhile_stays_theirs),
	T(a_file_removed_meanwhile_is_a_conflict),
	T(without_expectation_the_last_one_wins),
	T(a_full_disk_leaves_all_as_found),
	T(a_read_only_disk_is_said_and_left),
	T(a_failed_fsync_is_fatal),
	T(a_failed_fdatasync_is_an_error),
	T(works_without_exchange),
	T(without_exchange_a_change_is_seen_before_it),
	T(works_without_openat2),
	T(works_without_close_range),
	T(without_processes),
};

int main(void)
{
	return host_main_folder(cases, COUNT(cases));
}
