// SPDX-License-Identifier: MIT
/* routes.h - which interfaces face outside: those that hold a default route, of either family. */
#pragma once

#include "os/os.h"

/* From /proc/net/route and /proc/net/ipv6_route (proc(5)). Sorted, each once; none is no failure. */
int default_interfaces(struct os *os, struct strv *ret, struct err *e);
