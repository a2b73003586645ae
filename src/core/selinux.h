// SPDX-License-Identifier: MIT
/*
 * selinux.h - SELinux where it is enabled (trap 15): which label a port has, and labels of files put right.
 *
 * By the host's own programs: semanage(8) and restorecon(8). Where SELinux is off nothing is asked or run.
 */
#pragma once

#include "os/os.h"

#define SSH_PORT_TYPE	 "ssh_port_t"
#define SEMANAGE_PACKAGE "policycoreutils-python-utils"

struct selinux_fact {
	bool enabled; /* the kernel has a policy; permissive counts too */
	bool enforcing;
	bool tool;	 /* semanage is here */
	char *port_type; /* of the port that was asked about; NULL: not asked, or not known */
};

struct facts;
struct facts_query;
int facts_gather_selinux(struct os *os, const struct facts_query *q, struct facts *f,
			 struct err *e);

/* 1: the kernel runs with SELinux. */
int selinux_enabled(struct os *os, struct err *e);

/* The type of this TCP port, malloc'd: of the port itself, else of the narrowest range that holds it; NULL: none. `text` is
 * what `semanage port -l -n` lists, or with -C its local part. *ret_own: a row names just this port. */
char *selinux_port_type(const char *text, unsigned port, bool *ret_own);

struct port_label {
	char *type; /* NULL: none */
	bool own;   /* a row names just this port */
};
void port_label_done(struct port_label *l);

/* As the host has it now; `local`: what was added to the policy here. */
int selinux_ask_port(struct os *os, bool local, unsigned port, struct port_label *ret,
		     struct err *e);

/* Gives what is at these paths (NULL ends; none: nothing to do), `deep`: with all below, the labels that the policy has
 * for them. */
int selinux_label(struct os *os, const char *const *path, bool deep, struct err *e);
/* To a file that is yet to be put: the label of a program, without which PID 1 may not run it. */
int selinux_label_program(struct os *os, struct node *node, struct err *e);
