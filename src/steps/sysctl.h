// SPDX-License-Identifier: MIT
/*
 * sysctl.h - the kind "sysctl": one kernel setting, live and in a file of /etc/sysctl.d.
 *
 * args: { "key": "net.ipv4.ip_local_reserved_ports", "value": "47022", "file":
 *	   "/etc/sysctl.d/60-kannuki-ports.conf" }
 * The file holds this one setting. A kernel that does not have the key, or refuses it, is an error.
 */
#pragma once

#include "core/step.h"

extern const struct step_kind step_sysctl;

/* A new reference. */
json_t *step_sysctl_args(const char *key, const char *value, const char *file);
