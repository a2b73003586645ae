// SPDX-License-Identifier: MIT
/*
 * selinux_port.h - the kind "selinux-port": a TCP port gets the label by which sshd may listen on it.
 *
 * args: { "port": 22022 }. By semanage(8), which stores it and loads the policy anew. Early in a boot nothing is taken
 * back: settle does.
 */
#pragma once

#include "core/step.h"

extern const struct step_kind step_selinux_port;

/* A new reference. */
json_t *step_selinux_port_args(unsigned port);
