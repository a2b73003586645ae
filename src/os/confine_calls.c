// SPDX-License-Identifier: MIT
/* confine_calls.c - seccomp(2): a list of system calls as a program of the kernel's packet filter. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "base/mem.h"
#include "os/confine_parts.h"

#if defined(__x86_64__)
#define MACHINE AUDIT_ARCH_X86_64
#define X32_BIT 0x40000000u /* the other way in of that machine */
#elif defined(__aarch64__)
#define MACHINE AUDIT_ARCH_AARCH64
#else
#define MACHINE 0 /* its system calls are not known: refused */
#endif

#define PROGRAM_MAX 1024

struct program {
	struct sock_filter op[PROGRAM_MAX];
	unsigned short count;
};

static void add(struct program *p, struct sock_filter op)
{
	if (p->count == PROGRAM_MAX)
		abort();
	p->op[p->count++] = op;
}

static void load(struct program *p, size_t offset)
{
	add(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void end_with(struct program *p, uint32_t what)
{
	add(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, what));
}

/* The next `skip` operations only where what was loaded compares so. */
static void unless(struct program *p, unsigned short compare, uint32_t with, uint8_t skip)
{
	add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | compare | BPF_K, with, 0, skip));
}

static void begin(struct program *p)
{
	load(p, offsetof(struct seccomp_data, arch));
	add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MACHINE, 1, 0));
	end_with(p, SECCOMP_RET_KILL_PROCESS);
	load(p, offsetof(struct seccomp_data, nr));
#ifdef X32_BIT
	unless(p, BPF_JGE, X32_BIT, 1);
	end_with(p, SECCOMP_RET_KILL_PROCESS);
#endif
}

static void when_called(struct program *p, int number, uint32_t what)
{
	if (number < 0)
		return;
	unless(p, BPF_JEQ, (uint32_t)number, 1);
	end_with(p, what);
}

/* Arguments that are looked at are 32 bits wide; what the kernel ignores above is not asked. */
static void allow(struct program *p, const struct confine_call *c)
{
	if (c->when == CONFINE_ALWAYS || c->number < 0) {
		when_called(p, c->number, SECCOMP_RET_ALLOW);
		return;
	}
	unless(p, BPF_JEQ, (uint32_t)c->number, 4);
	load(p, offsetof(struct seccomp_data, args) + c->arg * sizeof(uint64_t));
	if (c->when == CONFINE_ARG_IS) {
		unless(p, BPF_JEQ, c->value, 1);
		end_with(p, SECCOMP_RET_ALLOW);
	} else {
		add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, c->value, 1, 0));
		end_with(p, SECCOMP_RET_ALLOW);
	}
	/* The number is needed again. */
	load(p, offsetof(struct seccomp_data, nr));
}

static const int deadly[] = { SYS_execve, SYS_execveat, SYS_ptrace, SYS_process_vm_readv,
			      SYS_process_vm_writev };

/* What no program needs that only reads files. */
static const int of_no_reader[] = {
	SYS_socket,
	SYS_connect,
	SYS_bind,
	SYS_listen,
	SYS_ptrace,
	SYS_process_vm_readv,
	SYS_process_vm_writev,
	SYS_mount,
	SYS_umount2,
	SYS_pivot_root,
	SYS_chroot,
	SYS_unshare,
	SYS_setns,
	SYS_bpf,
	SYS_keyctl,
	SYS_add_key,
	SYS_request_key,
	SYS_init_module,
	SYS_finit_module,
	SYS_delete_module,
	SYS_kexec_load,
	SYS_reboot,
	SYS_swapon,
	SYS_swapoff,
	SYS_perf_event_open,
	SYS_userfaultfd,
	SYS_open_by_handle_at,
	SYS_name_to_handle_at,
	SYS_acct,
	SYS_settimeofday,
	SYS_clock_settime,
	SYS_adjtimex,
	SYS_sethostname,
	SYS_setdomainname,
	SYS_quotactl,
	SYS_personality,
	SYS_fsopen,
	SYS_move_mount,
	SYS_open_tree,
	SYS_io_uring_setup,
};

int confine_calls(const struct confine *c, struct err *e)
{
	struct program p = { .count = 0 };
	struct sock_fprog whole;

	if (MACHINE == 0)
		return err_sys(e, ENOSYS, "seccomp");
	begin(&p);
	if (c->becomes_program) {
		for (size_t i = 0; i < COUNT(of_no_reader); i++)
			when_called(&p, of_no_reader[i], SECCOMP_RET_ERRNO | EPERM);
		end_with(&p, SECCOMP_RET_ALLOW);
	} else {
		for (size_t i = 0; i < c->calls; i++)
			allow(&p, &c->call[i]);
		for (size_t i = 0; i < COUNT(deadly); i++)
			when_called(&p, deadly[i], SECCOMP_RET_KILL_PROCESS);
		end_with(&p, SECCOMP_RET_ERRNO | EPERM);
	}
	whole = (struct sock_fprog){ .len = p.count, .filter = p.op };
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole) < 0)
		return err_sys(e, errno, "seccomp");
	return 0;
}
