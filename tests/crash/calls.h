// SPDX-License-Identifier: MIT
/* calls.h - the system calls that change something, for trace.c. */
#pragma once

#include <sys/syscall.h>

/* What the first arguments are. */
enum form {
	ANY,	 /* counts always */
	PATH0,	 /* path */
	PATH1,	 /* folder, path */
	OPEN0,	 /* path, flags */
	OPEN1,	 /* folder, path, flags */
	OPEN2,	 /* folder, path, struct open_how */
	FD,	 /* descriptor of a file or of a socket whose other end may act */
	SIGNAL0, /* pid, signal */
};

static const struct call {
	long nr;
	const char *name;
	enum form form;
} calls[] = {
#ifdef SYS_open /* the old calls, which newer machines do not have */
	{ SYS_open, "open", OPEN0 },
	{ SYS_creat, "creat", PATH0 },
	{ SYS_rename, "rename", PATH0 },
	{ SYS_link, "link", PATH0 },
	{ SYS_symlink, "symlink", PATH0 },
	{ SYS_unlink, "unlink", PATH0 },
	{ SYS_mkdir, "mkdir", PATH0 },
	{ SYS_rmdir, "rmdir", PATH0 },
	{ SYS_mknod, "mknod", PATH0 },
	{ SYS_chmod, "chmod", PATH0 },
	{ SYS_chown, "chown", PATH0 },
	{ SYS_lchown, "lchown", PATH0 },
	{ SYS_utime, "utime", PATH0 },
	{ SYS_utimes, "utimes", PATH0 },
	{ SYS_fork, "fork", ANY },
	{ SYS_vfork, "vfork", ANY },
#endif
	{ SYS_openat, "openat", OPEN1 },
	{ SYS_openat2, "openat2", OPEN2 },
	{ SYS_write, "write", FD },
	{ SYS_pwrite64, "pwrite", FD },
	{ SYS_writev, "writev", FD },
	{ SYS_pwritev, "pwritev", FD },
	{ SYS_sendfile, "sendfile", FD },
	{ SYS_copy_file_range, "copy_file_range", ANY },
	{ SYS_sendto, "sendto", FD },
	{ SYS_sendmsg, "sendmsg", FD },
	{ SYS_sendmmsg, "sendmmsg", FD },
	{ SYS_fsync, "fsync", FD },
	{ SYS_fdatasync, "fdatasync", FD },
	{ SYS_syncfs, "syncfs", ANY },
	{ SYS_sync, "sync", ANY },
	{ SYS_truncate, "truncate", PATH0 },
	{ SYS_ftruncate, "ftruncate", FD },
	{ SYS_fallocate, "fallocate", FD },
	{ SYS_renameat, "renameat", PATH1 },
	{ SYS_renameat2, "renameat2", PATH1 },
	{ SYS_linkat, "linkat", PATH1 },
	{ SYS_symlinkat, "symlinkat", PATH0 },
	{ SYS_unlinkat, "unlinkat", PATH1 },
	{ SYS_mkdirat, "mkdirat", PATH1 },
	{ SYS_mknodat, "mknodat", PATH1 },
	{ SYS_fchmod, "fchmod", FD },
	{ SYS_fchmodat, "fchmodat", PATH1 },
	{ SYS_fchown, "fchown", FD },
	{ SYS_fchownat, "fchownat", PATH1 },
	{ SYS_utimensat, "utimensat", ANY },
	{ SYS_setxattr, "setxattr", PATH0 },
	{ SYS_lsetxattr, "lsetxattr", PATH0 },
	{ SYS_fsetxattr, "fsetxattr", FD },
	{ SYS_removexattr, "removexattr", PATH0 },
	{ SYS_lremovexattr, "lremovexattr", PATH0 },
	{ SYS_fremovexattr, "fremovexattr", FD },
	{ SYS_mount, "mount", ANY },
	{ SYS_umount2, "umount", PATH0 },
	{ SYS_kill, "kill", SIGNAL0 },
	{ SYS_tkill, "tkill", SIGNAL0 },
	{ SYS_clone, "clone", ANY },
	{ SYS_clone3, "clone3", ANY },
	{ SYS_execve, "execve", PATH0 },
	{ SYS_execveat, "execveat", PATH1 },
};
