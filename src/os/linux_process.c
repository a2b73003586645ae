// SPDX-License-Identifier: MIT
/* linux_process.c - processes as /proc tells them (proc(5)). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "os/linux.h"

static bool is_gone(int errnum)
{
	return errnum == ENOENT || errnum == ESRCH;
}

int read_proc(pid_t pid, const char *name, char **ret, size_t *ret_len, struct err *e)
{
	char path[64];
	CLEANUP_FD int fd = -1;
	char *text;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read_all(fd, &text, &len) < 0) {
		if (is_gone(errno))
			return 1;
		err_sys(e, errno, "%s", path);
		return -1;
	}
	*ret = text;
	if (ret_len)
		*ret_len = len;
	return 0;
}

/* Fields of proc(5)'s stat that follow the name, counted from field 3. */
enum { STAT_STATE = 3 - 3, STAT_PPID = 4 - 3, STAT_START = 22 - 3 };

/* "pid (comm) state ppid …": comm may hold blanks and parentheses, so from the last one on. */
static int parse_stat(const char *text, struct process *p, struct err *e)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	struct strv field CLEANUP_STRV = { 0 };
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK), ppid, start;

	if (open && close > open)
		strv_split(&field, close + 1, " \n");
	if (field.count <= STAT_START ||
	    str_to_u64(field.item[STAT_PPID], 0, INT32_MAX, &ppid) < 0 ||
	    str_to_u64(field.item[STAT_START], 0, INT64_MAX / 1000000000, &start) < 0)
		return err_set(e, ERR_FAILED, _("/proc/%d/stat: not as proc(5) says"), (int)p->pid);
	snprintf(p->comm, sizeof(p->comm), "%.*s", (int)(close - open - 1), open + 1);
	p->ppid = (pid_t)ppid;
	p->stopped = strchr("Tt", field.item[STAT_STATE][0]) != NULL;
	p->start_boottime = (int64_t)(start * (1000000000 / hz));
	return 0;
}

/* "Uid:\treal\teffective\tsaved\tfs" */
static int parse_status(char *text, struct process *p, struct err *e)
{
	char *rest = text, *line;

	while ((line = str_line(&rest))) {
		struct strv word CLEANUP_STRV = { 0 };
		uint64_t uid, euid;

		if (!str_starts(line, "Uid:"))
			continue;
		strv_split(&word, line, "\t ");
		if (word.count < 3 || str_to_u64(word.item[1], 0, UINT32_MAX, &uid) < 0 ||
		    str_to_u64(word.item[2], 0, UINT32_MAX, &euid) < 0)
			break;
		p->uid = (uid_t)uid;
		p->euid = (uid_t)euid;
		return 0;
	}
	return err_set(e, ERR_FAILED, _("/proc/%d/status: not as proc(5) says"), (int)p->pid);
}

/* The unified tree's line "0::/path". On a hybrid host that one says only "/": systemd's own named
 * tree tells more there. */
static char *parse_cgroup(char *text)
{
	static const char unified[] = "0::", named[] = ":name=systemd:";
	const char *found = "";
	char *rest = text, *line;

	while ((line = str_line(&rest))) {
		char *at = strstr(line, named);

		if (str_starts(line, unified) && (!found[0] || !str_eq(line, "0::/")))
			found = line + strlen(unified);
		else if (at && (!found[0] || str_eq(found, "/")))
			found = at + strlen(named);
	}
	return xstrdup(found);
}

static char *read_exe(pid_t pid)
{
	char path[64], target[4096];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	if (str_ends(target, " (deleted)"))
		target[strlen(target) - strlen(" (deleted)")] = '\0';
	return xstrdup(target);
}

static uint32_t read_loginuid(pid_t pid)
{
	CLEANUP_FREE char *text = NULL;
	struct err ignored = { 0 };
	uint64_t uid;

	if (read_proc(pid, "loginuid", &text, NULL, &ignored) != 0 ||
	    str_to_u64(str_trim(text), 0, UINT32_MAX, &uid) < 0)
		return OS_LOGINUID_UNSET;
	return (uint32_t)uid;
}

int linux_process(struct os *os, pid_t pid, struct process *ret, struct err *e)
{
	CLEANUP_FREE char *stat = NULL;
	CLEANUP_FREE char *status = NULL;
	CLEANUP_FREE char *cgroup = NULL;
	struct process p = { .pid = pid };
	struct err ignored = { 0 };
	int r;

	(void)os;
	r = read_proc(pid, "stat", &stat, NULL, e);
	if (r == 0)
		r = read_proc(pid, "status", &status, NULL, e);
	if (r != 0)
		return r;
	if (parse_stat(stat, &p, e) < 0 || parse_status(status, &p, e) < 0)
		return -1;
	p.loginuid = read_loginuid(pid);
	p.exe = read_exe(pid);
	if (read_proc(pid, "cgroup", &cgroup, NULL, &ignored) == 0)
		p.cgroup = parse_cgroup(cgroup);
	else
		p.cgroup = xstrdup("");
	*ret = p;
	return 0;
}

int linux_kill(struct os *os, pid_t pid, struct err *e)
{
	(void)os;
	/* 0, -1 and others below are whole groups (kill(2)): never meant here. */
	if (pid <= 1)
		return err_sys(e, EINVAL, _("process %d"), (int)pid);
	return kill(pid, SIGKILL) == 0 || errno == ESRCH
		       ? 0
		       : err_sys(e, errno, _("process %d"), (int)pid);
}

int linux_environ(struct os *os, pid_t pid, struct strv *ret, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	size_t len;
	int r = read_proc(pid, "environ", &text, &len, e);

	(void)os;
	if (r != 0)
		return r;
	for (size_t i = 0; i < len; i += strlen(text + i) + 1)
		if (text[i])
			strv_add(ret, text + i);
	return 0;
}

/* "socket:[N]", in place. */
static bool socket_inode(char *target, uint64_t *ret)
{
	static const char start[] = "socket:[";

	target[strcspn(target, "]")] = '\0';
	return str_starts(target, start) &&
	       str_to_u64(target + strlen(start), 0, UINT64_MAX, ret) == 0;
}

int linux_process_sockets(struct os *os, pid_t pid, uint64_t **ret, size_t *ret_count,
			  struct err *e)
{
	char path[64];
	char target[64];
	struct dirent *d;
	uint64_t *all = NULL;
	size_t count = 0;
	DIR *dir;

	(void)os;
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	if (!dir)
		return is_gone(errno) ? 1 : err_sys(e, errno, "%s", path);
	while ((d = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), d->d_name, target, sizeof(target) - 1);
		uint64_t inode;

		target[n > 0 ? n : 0] = '\0';
		if (!socket_inode(target, &inode))
			continue;
		all = xrealloc(all, count + 1, sizeof(*all));
		all[count++] = inode;
	}
	closedir(dir);
	*ret = all;
	*ret_count = count;
	return 0;
}
