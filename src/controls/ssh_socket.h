// SPDX-License-Identifier: MIT
/*
 * ssh_socket.h - where ssh.socket owns SSH's port: the drop-in that says on which ports (trap 13).
 *
 * One form for all: Ubuntu 22.10 to 23.10, where an upgrade wrote ssh.socket.d/addresses.conf, and
 * 24.04 on, where a generator makes that file from sshd_config's Port at every daemon-reload. Drop-ins
 * are read in the order of their names, whatever folder they are in: ours is the last and begins with
 * an empty ListenStream=, so it decides, and nobody else's file is touched. sshd_config says the same
 * ports, for a generator and for the day when the socket is turned off.
 */
#pragma once

#include "controls/control.h"
#include "steps/sshd.h"

#define SSH_SOCKET_CHANGES 2

struct ssh_socket {
	char *dir, *path, *text; /* NULL: nothing to be said */
	struct node dir_now, now;
};

void ssh_socket_done(struct ssh_socket *s);
#define CLEANUP_SSH_SOCKET CLEANUP(ssh_socket_done)

/* ERR_CONFLICT where the socket listens on single addresses: to be heard there only is somebody's
 * wish, which the new port would not keep. */
int ssh_socket_check(const struct control_in *in, struct err *e);
/* For the ports and families of the spec. Makes nothing where no socket unit owns the port. */
int ssh_socket_make(const struct control_in *in, const struct step_sshd_spec *spec,
		    struct ssh_socket *ret, struct err *e);
/* Writes at most SSH_SOCKET_CHANGES of them, which point into s; returns how many. */
size_t ssh_socket_changes(const struct ssh_socket *s, struct change *ret);
/* Does PID 1 hold this listener for SSH's socket unit? */
bool ssh_socket_holds(const struct facts *f, const struct socket_info *s);
