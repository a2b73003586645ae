// SPDX-License-Identifier: MIT
/* roles.c - see roles.h. */
#include "guard/roles.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/i18n.h"
#include "os/child.h"
#include "os/confine.h"

/* 65520 to 65533: neither people, packages nor systemd's DynamicUser= get a number from there. */
#define USERS_FIRST  65520
#define USERS_OTHER  65526
#define SAY_A_SECOND 20

#define CALL(name)                         \
	{                                  \
		SYS_##name, CONFINE_ALWAYS \
	}
#ifdef __x86_64__
#define OLD_CALL(name) CALL(name) /* that later machines do not have any more */
#else
#define OLD_CALL(name)             \
	{                          \
		-1, CONFINE_ALWAYS \
	}
#endif
#define NO_CODE(name)                                       \
	{                                                   \
		SYS_##name, CONFINE_ARG_LACKS, 2, PROT_EXEC \
	}

/* What a process needs that has its descriptors and looks at nothing else. */
#define CALLS_OF_ALL                                                                               \
	CALL(read), CALL(write), CALL(readv), CALL(writev), CALL(close), CALL(ppoll),              \
		OLD_CALL(poll), CALL(exit), CALL(exit_group), CALL(rt_sigreturn),                  \
		CALL(rt_sigprocmask), CALL(rt_sigaction), CALL(brk), NO_CODE(mmap),                \
		NO_CODE(mprotect), CALL(munmap), CALL(mremap), CALL(madvise), CALL(clock_gettime), \
		CALL(gettimeofday), OLD_CALL(time), CALL(getpid), CALL(getrandom), CALL(futex),    \
		CALL(restart_syscall), CALL(sigaltstack), CALL(fstat)

#define CALLS_OF_FILES                                                                          \
	CALL(openat), CALL(openat2), CALL(newfstatat), CALL(statx), CALL(lseek), CALL(pread64), \
		CALL(getdents64), CALL(readlinkat), OLD_CALL(readlink), CALL(fcntl),            \
		CALL(faccessat), OLD_CALL(access), CALL(inotify_add_watch), CALL(inotify_rm_watch)

static const struct confine_call watch_calls[] = { CALLS_OF_ALL };
static const struct confine_call reader_calls[] = { CALLS_OF_ALL, CALLS_OF_FILES };
static const struct confine_call banner_calls[] = {
	CALLS_OF_ALL,	CALLS_OF_FILES,	       { SYS_socket, CONFINE_ARG_IS, 0, AF_NETLINK },
	CALL(bind),	CALL(clock_nanosleep), CALL(listxattr),
	CALL(getxattr), CALL(setsockopt),      CALL(getsockname),
	CALL(sendto),	CALL(recvfrom),	       CALL(recvmsg),
};
static const struct confine_call store_calls[] = {
	CALLS_OF_ALL,	  CALLS_OF_FILES,   CALL(pwrite64), CALL(fsync),     CALL(fdatasync),
	CALL(ftruncate),  OLD_CALL(unlink), CALL(unlinkat), OLD_CALL(stat),  OLD_CALL(lstat),
	CALL(accept4),	  OLD_CALL(rename), CALL(renameat), CALL(renameat2), CALL(shutdown),
	CALL(getsockopt), CALL(geteuid),    CALL(getcwd),
};

static const struct confine_path banner_paths[] = {
	{ "/run/systemd", CONFINE_READ },
	{ "/run/utmp", CONFINE_READ },
};

static const struct confine_path journal_paths[] = {
	{ "/usr", CONFINE_READ | CONFINE_EXECUTE },
	{ "/lib", CONFINE_READ | CONFINE_EXECUTE },
	{ "/lib64", CONFINE_READ | CONFINE_EXECUTE },
	{ "/bin", CONFINE_READ | CONFINE_EXECUTE },
	{ "/etc/ld.so.cache", CONFINE_READ },
	{ "/etc/machine-id", CONFINE_READ },
	{ "/var/log/journal", CONFINE_READ },
	{ "/run/log/journal", CONFINE_READ },
	{ "/proc", CONFINE_READ },
	{ "/sys", CONFINE_READ },
	{ "/dev/null", CONFINE_WRITE },
};

#define CALLS(list) .call = (list), .calls = COUNT(list)
#define PATHS(list) .path = (list), .paths = COUNT(list)

static const struct confine profile[ROLE_COUNT] = {
	[ROLE_WATCH] = { CALLS(watch_calls) },
	/* Logs belong to many: it may read any, of those folders that it may see at all. */
	[ROLE_READER] = { CALLS(reader_calls), .capabilities = 1U << CAP_DAC_READ_SEARCH },
	[ROLE_JOURNAL] = { PATHS(journal_paths), .becomes_program = true },
	[ROLE_STORE] = { CALLS(store_calls) },
	[ROLE_BANNER] = { CALLS(banner_calls), PATHS(banner_paths),
			  .capabilities = 1U << CAP_NET_ADMIN },
};

/* --- users ----------------------------------------------------------------------------------------- */

static bool is_taken(const char *passwd, unsigned first)
{
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		CLEANUP_FREE char *field = xasprintf(":%u:", first + i);

		if (strstr(passwd, field))
			return true;
	}
	return false;
}

uid_t roles_user(struct os *os, enum role role)
{
	CLEANUP_FREE char *passwd = NULL;
	struct err e = { 0 };
	unsigned first = USERS_FIRST;

	if (os_read(os, "/etc/passwd", &passwd, &e) == 0 && is_taken(passwd, first))
		first = USERS_OTHER;
	return first + (unsigned)role;
}

static void add_group(struct confine *c, const char *groups, const char *name)
{
	CLEANUP_STRV struct strv lines = { 0 };
	uint64_t gid;

	strv_split(&lines, groups, "\n");
	for (size_t i = 0; i < lines.count && c->groups < CONFINE_GROUPS; i++) {
		CLEANUP_STRV struct strv field = { 0 };

		strv_split(&field, lines.item[i], ":");
		if (field.count >= 3 && str_eq(field.item[0], name) &&
		    str_to_u64(field.item[2], 1, UINT32_MAX - 1, &gid) == 0)
			c->group[c->groups++] = (gid_t)gid;
	}
}

static void take_groups(struct os *os, struct confine *c)
{
	CLEANUP_FREE char *groups = NULL;
	struct err e = { 0 };

	if (os_read(os, "/etc/group", &groups, &e) != 0)
		return;
	add_group(c, groups, "systemd-journal");
	add_group(c, groups, "adm");
}

/* --- files ----------------------------------------------------------------------------------------- */

/* All below one of these is never a folder of logs. */
static bool is_private(const char *folder)
{
	return str_eq(folder, "/root") || str_eq(folder, "/etc") || str_eq(folder, "/home");
}

/* Of a path or pattern the folder that holds it, up to where the pattern begins. One that is not there yet may come: then
 * it is the one above. "" where that would be all of the host, or what is private. */
static char *fixed_folder(const char *path)
{
	size_t len = strcspn(path, "*?[");

	for (;;) {
		CLEANUP_FREE char *folder = NULL;

		while (len > 0 && path[len - 1] != '/')
			len--;
		if (len <= 1)
			return xstrdup("");
		folder = xstrndup(path, --len);
		if (access(folder, F_OK) == 0)
			return is_private(folder) ? xstrdup("") : TAKE(folder);
	}
}

/* Folders of logs, as they are named and as they are where links lead. */
static void log_folders(const struct orders *orders, struct strv *ret)
{
	for (size_t i = 0; i < orders->sources; i++) {
		CLEANUP_FREE char *folder = fixed_folder(orders->source[i].path);
		CLEANUP_FREE char *real = realpath(orders->source[i].path, NULL);
		CLEANUP_FREE char *real_folder = real ? fixed_folder(real) : NULL;

		if (folder[0] && !strv_has(ret, folder))
			strv_add(ret, folder);
		if (real_folder && real_folder[0] && !strv_has(ret, real_folder))
			strv_add(ret, real_folder);
	}
}

int roles_confine(enum role role, const struct guard_places *places, const struct orders *orders,
		  struct err *e)
{
	struct confine c = profile[role];
	CLEANUP_STRV struct strv folders = { 0 };
	CLEANUP_FREE struct confine_path *paths = NULL;
	int r;

	c.uid = roles_user(places->os, role);
	c.gid = c.uid;
	if (role == ROLE_READER || role == ROLE_JOURNAL)
		take_groups(places->os, &c);
	if (role == ROLE_READER)
		log_folders(orders, &folders);
	if (role == ROLE_STORE)
		strv_add(&folders, places->state);
	paths = xcalloc(folders.count + 1, sizeof(*paths));
	for (size_t i = 0; i < folders.count; i++)
		paths[i] =
			(struct confine_path){ folders.item[i],
					       role == ROLE_STORE ? CONFINE_WRITE : CONFINE_READ };
	if (folders.count > 0) {
		c.path = paths;
		c.paths = folders.count;
	}
	/* The zone is read now: later there is no way to it. */
	tzset();
	r = confine(&c, e);
	if (r > 0)
		guard_say(role, "%s",
			  _("this kernel has no Landlock: files are guarded by the user alone"));
	return r < 0 ? err_ctx(e, "%s", role_name(role)) : 0;
}

/* --- what all share -------------------------------------------------------------------------------- */

/* Of a flood only its beginning is worth a line each. True: this one goes; *ret_kept_back: so many did not before it. */
static bool may_say(unsigned *ret_kept_back)
{
	static double second;
	static unsigned said, kept_back;
	bool next = guard_clock() - second >= 1;

	if (next) {
		second = guard_clock();
		said = 0;
	}
	*ret_kept_back = next ? kept_back : 0;
	kept_back = next ? 0 : kept_back;
	kept_back += said >= SAY_A_SECOND;
	return said++ < SAY_A_SECOND;
}

void guard_say(enum role role, const char *fmt, ...)
{
	unsigned kept_back;

	CLEANUP_STR struct str line = { 0 };
	CLEANUP_FREE char *text = NULL;
	va_list ap;

	if (!may_say(&kept_back))
		return;
	if (kept_back > 0)
		str_addf(&line, _("%s: %u lines more\n"), role_name(role), kept_back);
	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	str_make_clean(text);
	str_addf(&line, "%s: %s\n", role_name(role), text);
	if (write(STDERR_FILENO, line.text, line.len) < 0)
		return;
}

double guard_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double guard_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
