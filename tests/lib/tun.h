// SPDX-License-Identifier: MIT
/*
 * tun.h - a network of its own for a test, with packets from any source: what is written to a tun device
 * arrives as if it came in by wire.
 */
#pragma once

#include <stdbool.h>

#include "os/addr.h"

#define TUN_OWN_4 "198.51.100.1"
#define TUN_OWN_6 "2001:db8:1::1"
#define TUN_PORT  9999

/* Goes into a new network namespace with a device up that all is routed to. < 0: not possible here, why is on
 * standard error. The device's descriptor stays open until the process ends. */
int tun_enter(void);
/* Sends one datagram from that source to our own address; does it arrive? */
bool tun_arrives(const char *from);
