// SPDX-License-Identifier: MIT
/* What every host promises about looking at files, writing into them, and locks (os/os.h). */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "contract/host.h"

static int get_tells_of_a_file(void)
{
	host_file("/t/a", "text\n", 0640);
	CLEANUP_NODE struct node n = host_node("/t/a");

	T_OK(n.type == NODE_FILE && n.mode == 0640 && n.uid == 0 && n.gid == 0);
	T_OK(n.len == 5 && n.data[5] == '\0');
	T_STR(n.data, "text\n");
	T_OK(n.mtime.tv_sec > 0);
	return 0;
}

static int get_of_nothing_is_absent(void)
{
	host_file("/t/a", "x", 0644);
	T_OK(host_bare("/t/b").type == NODE_ABSENT);
	T_OK(host_bare("/t/no/such").type == NODE_ABSENT);
	T_OK(host_bare("/t/a/below-a-file").type == NODE_ABSENT);
	return 0;
}

static int get_keeps_zero_bytes(void)
{
	struct node want = { .type = NODE_FILE, .mode = 0600, .data = (char *)"a\0b", .len = 3 };
	struct err e = { 0 };

	T_OK(os_put(host.os, "/t/z", NULL, &want, &e) == 0);
	CLEANUP_NODE struct node n = host_node("/t/z");

	T_OK(n.len == 3 && memcmp(n.data, "a\0b", 4) == 0);
	return 0;
}

static int get_does_not_follow_the_last_link(void)
{
	host_file("/t/a", "text", 0644);
	host_link("/t/l", "a");
	host_link("/t/dangling", "/nowhere");
	CLEANUP_NODE struct node n = host_node("/t/l");
	CLEANUP_NODE struct node d = host_node("/t/dangling");

	T_OK(n.type == NODE_LINK && n.len == 1);
	T_STR(n.data, "a");
	T_OK(d.type == NODE_LINK);
	T_STR(d.data, "/nowhere");
	return 0;
}

static int links_inside_a_path_lead_below_the_root(void)
{
	host_dir("/t/real", 0755);
	host_file("/t/real/f", "inside", 0644);
	host_link("/t/relative", "real");
	host_link("/t/absolute", "/t/real");
	host_link("/t/up", "../../../../t/real");
	T_OK(host_holds("/t/relative/f", "inside"));
	T_OK(host_holds("/t/absolute/f", "inside"));
	T_OK(host_holds("/t/up/f", "inside"));
	host_file("/t/absolute/g", "new", 0644);
	T_OK(host_holds("/t/real/g", "new"));
	return 0;
}

static int a_loop_of_links_is_an_error(void)
{
	struct node n = { 0 };
	struct err e = { 0 };

	host_link("/t/a", "b");
	host_link("/t/b", "a");
	T_OK(os_get(host.os, "/t/a/x", &n, &e) < 0);
	T_OK(e.kind == ERR_FAILED && e.sys == ELOOP);
	return 0;
}

static int list_is_in_byte_order(void)
{
	host_dir("/t/d", 0755);
	host_file("/t/d/b", "", 0644);
	host_file("/t/d/B", "", 0644);
	host_file("/t/d/a-", "", 0644);
	host_dir("/t/d/a", 0755);
	host_file("/t/d/a/inner", "", 0644);
	host_link("/t/d/.hidden", "x");
	CLEANUP_FREE char *names = host_names("/t/d");

	T_STR(names, ".hidden B a a- b");
	return 0;
}

static int list_of_no_folder_is_one(void)
{
	host_file("/t/a", "", 0644);
	host_dir("/t/d", 0755);
	host_link("/t/l", "d");
	CLEANUP_FREE char *absent = host_names("/t/none");
	CLEANUP_FREE char *file = host_names("/t/a");
	CLEANUP_FREE char *link = host_names("/t/l");
	CLEANUP_FREE char *empty = host_names("/t/d");

	T_STR(absent, "(none)");
	T_STR(file, "(none)");
	T_STR(link, "(none)"); /* the last part is never followed */
	T_STR(empty, "");
	return 0;
}

static int too_large_a_file_is_refused(void)
{
	CLEANUP_FREE char *big = xcalloc(1, OS_FILE_MAX + 1);
	struct node most = { .type = NODE_FILE, .mode = 0600, .data = big, .len = OS_FILE_MAX };
	struct err e = { 0 };

	T_OK(os_put(host.os, "/t/most", NULL, &most, &e) == 0);
	CLEANUP_NODE struct node n = host_node("/t/most");

	T_OK(n.len == OS_FILE_MAX);
	T_OK(os_write_at(host.os, "/t/most", OS_FILE_MAX, "x", 1, &e) < 0 && e.sys == EFBIG);
	return 0;
}

static int write_at_writes_and_extends(void)
{
	struct err e = { 0 };

	host_file("/t/j", "0123456789", 0600);
	T_OK(os_write_at(host.os, "/t/j", 3, "abc", 3, &e) == 0);
	T_OK(host_holds("/t/j", "012abc6789"));
	T_OK(os_write_at(host.os, "/t/j", 9, "XY", 2, &e) == 0);
	T_OK(host_holds("/t/j", "012abc678XY"));
	T_OK(os_write_at(host.os, "/t/j", 13, "!", 1, &e) == 0);
	CLEANUP_NODE struct node n = host_node("/t/j");

	T_OK(n.len == 14 && memcmp(n.data, "012abc678XY\0\0!", 14) == 0);
	T_OK(n.mode == 0600);
	return 0;
}

static int write_at_needs_a_file(void)
{
	struct err e = { 0 };

	host_file("/t/a", "aaa", 0644);
	host_link("/t/l", "a");
	T_OK(os_write_at(host.os, "/t/none", 0, "x", 1, &e) < 0 && e.sys == ENOENT);
	T_OK(os_write_at(host.os, "/t/l", 0, "x", 1, &e) < 0);
	T_OK(os_write_at(host.os, "/t", 0, "x", 1, &e) < 0);
	T_OK(host_holds("/t/a", "aaa"));
	return 0;
}

static int lock_is_held_once(void)
{
	struct err e = { 0 };
	int first = -1, second = -1;
	pid_t holder = 0;
	int64_t before;

	T_OK(os_lock(host.os, "/t/lock", 0, &first, &holder, &e) == 0);
	CLEANUP_NODE struct node n = host_node("/t/lock");

	T_OK(n.type == NODE_FILE && n.mode == 0600);
	before = os_now(host.os, OS_MONOTONIC);
	T_OK(os_lock(host.os, "/t/lock", 120, &second, &holder, &e) == 1);
	T_OK(os_now(host.os, OS_MONOTONIC) - before >= 100000000);
	T_OK(holder == os_self(host.os));
	os_unlock(host.os, first);
	T_OK(os_lock(host.os, "/t/lock", 0, &second, &holder, &e) == 0);
	os_unlock(host.os, second);
	return 0;
}

static int lock_needs_its_folder_and_follows_no_link(void)
{
	struct err e = { 0 };
	int token = -1;
	pid_t holder;

	T_OK(os_lock(host.os, "/t/none/lock", 0, &token, &holder, &e) < 0 && e.sys == ENOENT);
	host_link("/t/l", "elsewhere");
	T_OK(os_lock(host.os, "/t/l", 0, &token, &holder, &e) < 0);
	T_OK(host_bare("/t/elsewhere").type == NODE_ABSENT);
	return 0;
}

/* Holds a lock (record: as fcntl(2) makes them, else as flock(2)) from another process; its pid. */
static pid_t hold_elsewhere(const char *path, bool record)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	CLEANUP_FREE char *real = host_path(path);
	int ready[2];
	char c = 0;
	pid_t pid;

	if (host.fake) {
		fake_lock_by(host.fake, path, 77);
		return 77;
	}
	if (pipe(ready) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		int fd = open(real, O_RDWR | O_CREAT, 0600);

		dprintf(fd, "%d\n", (int)getpid());
		int r = record ? fcntl(fd, F_SETLK, &whole) : flock(fd, LOCK_EX);

		if (r == 0 && write(ready[1], &c, 1) == 1)
			pause();
		_exit(1);
	}
	if (read(ready[0], &c, 1) != 1)
		return -1;
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void let_go(const char *path, pid_t pid)
{
	if (host.fake) {
		fake_lock_by(host.fake, path, 0);
		return;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static int lock_of_another_process_names_it(void)
{
	pid_t other = hold_elsewhere("/t/lock", false), holder = 0;
	struct err e = { 0 };
	int token = -1;

	T_OK(other > 0);
	T_OK(os_lock(host.os, "/t/lock", 0, &token, &holder, &e) == 1);
	T_OK(holder == other && token == -1);
	let_go("/t/lock", other);
	T_OK(os_lock(host.os, "/t/lock", 1000, &token, &holder, &e) == 0);
	os_unlock(host.os, token);
	return 0;
}

static int hold_keeps_out_who_takes_a_record_lock(void)
{
	struct err e = { 0 };
	pid_t other;
	int token = 5;

	T_OK(os_hold(host.os, "/t/none", 0, &token, &e) == 0 && token == -1);
	os_unlock(host.os, token);
	T_OK(os_write(host.os, "/t/lock", "", 0640, &e) == 0);
	T_OK(os_hold(host.os, "/t/lock", 0, &token, &e) == 0 && token >= 0);
	os_unlock(host.os, token);
	other = hold_elsewhere("/t/lock", true);
	T_OK(other > 0 && os_hold(host.os, "/t/lock", 40, &token, &e) == 1);
	let_go("/t/lock", other);
	T_OK(os_hold(host.os, "/t/lock", 1000, &token, &e) == 0);
	os_unlock(host.os, token);
	return 0;
}

static int record_lock_names_its_holder(void)
{
	struct err e = { 0 };
	pid_t other, holder = 0;

	T_OK(os_record_lock(host.os, "/t/none", &holder, &e) == 0);
	T_OK(os_record_lock(host.os, "/t/none/lock", &holder, &e) == 0);
	T_OK(os_write(host.os, "/t/lock", "", 0640, &e) == 0);
	T_OK(os_record_lock(host.os, "/t/lock", &holder, &e) == 0 && holder == 0);
	other = hold_elsewhere("/t/lock", true);
	T_OK(other > 0);
	T_OK(os_record_lock(host.os, "/t/lock", &holder, &e) == 1 && holder == other);
	let_go("/t/lock", other);
	T_OK(os_record_lock(host.os, "/t/lock", &holder, &e) == 0);
	return 0;
}

static int conveniences(void)
{
	CLEANUP_FREE char *text = NULL;
	struct err e = { 0 };

	T_OK(os_write(host.os, "/t/a", "one\n", 0644, &e) == 0);
	T_OK(os_read(host.os, "/t/a", &text, &e) == 0);
	T_STR(text, "one\n");
	T_OK(os_read(host.os, "/t/none", &text, &e) == 1);
	T_OK(os_read(host.os, "/t", &text, &e) == 1);
	T_STR(text, "one\n");
	T_OK(os_remove(host.os, "/t/a", &e) == 0 && os_remove(host.os, "/t/a", &e) == 0);
	T_OK(os_mkdir(host.os, "/t/d", 0700, &e) == 0 && os_mkdir(host.os, "/t/d", 0755, &e) == 0);
	T_OK(host_bare("/t/d").mode == 0700);
	host_file("/t/f", "", 0644);
	T_OK(os_mkdir(host.os, "/t/f", 0700, &e) < 0 && e.kind == ERR_CONFLICT);
	return 0;
}

static int program_is_a_whole_file(void)
{
	CLEANUP_NODE struct node n = { 0 };
	struct err e = { 0 };

	T_OK(os_program(host.os, &n, &e) == 0);
	T_OK(n.type == NODE_FILE && n.mode == 0755 && n.uid == 0 && n.gid == 0);
	T_OK(n.len > 4 && memcmp(n.data, "\177ELF", 4) == 0);
	return 0;
}

static int clocks_go_forward(void)
{
	int64_t mono = os_now(host.os, OS_MONOTONIC), boot = os_now(host.os, OS_BOOTTIME);
	int64_t real = os_now(host.os, OS_REALTIME);

	os_sleep(host.os, 30);
	T_OK(os_now(host.os, OS_MONOTONIC) - mono >= 30000000);
	T_OK(os_now(host.os, OS_BOOTTIME) - boot >= 30000000);
	T_OK(os_now(host.os, OS_REALTIME) - real >= 29000000);
	T_OK(real > INT64_C(1700000000) * 1000000000);
	T_OK(os_self(host.os) > 0 && os_uid(host.os) == 0);
	return 0;
}

static const struct t_case cases[] = {
	T(get_tells_of_a_file),
	T(get_of_nothing_is_absent),
	T(get_keeps_zero_bytes),
	T(get_does_not_follow_the_last_link),
	T(links_inside_a_path_lead_below_the_root),
	T(a_loop_of_links_is_an_error),
	T(list_is_in_byte_order),
	T(list_of_no_folder_is_one),
	T(too_large_a_file_is_refused),
	T(write_at_writes_and_extends),
	T(write_at_needs_a_file),
	T(lock_is_held_once),
	T(lock_needs_its_folder_and_follows_no_link),
	T(lock_of_another_process_names_it),
	T(hold_keeps_out_who_takes_a_record_lock),
	T(record_lock_names_its_holder),
	T(conveniences),
	T(program_is_a_whole_file),
	T(clocks_go_forward),
};

int main(void)
{
	return host_main(cases, COUNT(cases));
}
