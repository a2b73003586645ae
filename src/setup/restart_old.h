// SPDX-License-Identifier: MIT
/*
 * restart_old.h - after an update: services that still run on what was replaced are started anew, where that cuts
 * nobody off. Where needrestart is installed it has done so already, and little is left.
 */
#pragma once

#include "os/os.h"

/* Prints what it did, and what runs on as it was. Never a login, the network, a VPN, or what holds containers and
 * virtual machines; sshd only where PID 1 leaves its sessions alone (KillMode=process). A service that cannot be
 * started anew is said, and is no failure. */
int restart_old(struct os *os, struct err *e);
