// SPDX-License-Identifier: MIT
/*
 * sysctl.h - the kind "sysctl": settings of the kernel, live and in a file of /etc/sysctl.d.
 *
 * args: { "file": "/etc/sysctl.d/60-kannuki.conf", "text": "…", "values": { "net/ipv4/tcp_syncookies": "1", … } }
 * with the names as below /proc/sys, or, of one setting alone,
 * { "key": "net.ipv4.ip_local_reserved_ports", "value": "22022", "file": "…" }.
 * In early boot undo does the file only, and settle the rest. What is gone with its interface meanwhile is left out, both ways.
 */
#pragma once

#include "core/step.h"

extern const struct step_kind step_sysctl;

/* key as sysctl(8) takes it; value as the kernel prints it back. A new reference. */
json_t *step_sysctl_args(const char *key, const char *value, const char *file);
/* values: an object as above, taken. A new reference. */
json_t *step_sysctls_args(json_t *values, const char *file, const char *text);
