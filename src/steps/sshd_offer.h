// SPDX-License-Identifier: MIT
/*
 * sshd_offer.h - the daemon itself, asked which ways of logging in it offers: a file that says "no"
 * is not a daemon that has read it (trap 3).
 */
#pragma once

#include "core/sshd.h"
#include "steps/listen.h"

/*
 * Connects to the running sshd at the listener `at` as `user` with the method "none" (RFC 4252, 5.2), by the
 * host's own ssh client, and compares what it offers with what sshd -T says of the files for just
 * that connection. An any-address is asked over loopback.
 * ERR_FAILED naming what differs. 1: not asked, as the host has no ssh client. One failed login of
 * that user stands in sshd's log afterwards.
 */
int sshd_offer_check(struct os *os, const struct sshd *s, const char *user,
		     const struct listener *at, struct err *e);
