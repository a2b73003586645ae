// SPDX-License-Identifier: MIT
/* audit_kernel.h - rules about settings below /proc/sys, for who looks at them and who sets them. */
#pragma once

#include "controls/control.h"

enum kernel_scope {
	SCOPE_ONE,     /* one value */
	SCOPE_BITS,    /* one value: no bit beside those of .most, and not 1, which means all */
	SCOPE_HIGHEST, /* of conf/all and conf/INTERFACE */
	SCOPE_BOTH,    /* in force where both are set: the lower one */
	SCOPE_FORWARD, /* as BOTH where the interface forwards, else as HIGHEST */
	SCOPE_OWN,     /* conf/INTERFACE alone */
};

struct kernel_rule {
	const char
		*path; /* below /proc/sys; of an interface: the folder that holds all, default, … */
	const char *name; /* of an interface's setting */
	enum kernel_scope scope;
	long least, most;
};

/* 1: no such file here. */
int kernel_read(struct os *os, const char *path, long *ret, struct err *e);
bool kernel_value_is_good(const struct kernel_rule *r, long value);
/* Does it take packets of its own? Not the loopback, nor a port of a bridge. */
int kernel_is_outer(struct os *os, const char *interface, struct err *e);
/* What modprobe(8) is told not to load. */
int kernel_stopped_modules(struct os *os, struct strv *ret, struct err *e);

/* For controls of kernel rules, whose `setting` ends in "= VALUE": into draft->kernel. */
int kernel_propose(const struct control_in *in, const struct finding *found, struct draft *d,
		   struct err *e);
