// SPDX-License-Identifier: MIT
/*
 * filter_watch.h - hears when somebody takes our table, or what is in it, from the kernel, and tells systemd that we
 * are there. Only the filter's own process uses it.
 */
#pragma once

#include "base/err.h"

/* A netlink socket that hears of nftables changes (nfnetlink, NFNLGRP_NFTABLES). The descriptor, or
 * < 0. */
int filter_watch_open(struct err *e);
/*
 * Waits until the table of that name (of any family), or a chain, rule or set of it, is removed (1), a
 * reload was asked for by SIGHUP (2), or SIGTERM or SIGINT came (0). Events of other kinds (a ban daemon
 * adds elements all day) and of other tables are passed over without waking the caller. An overrun of the socket counts as 1: something may have been missed. signal_fd
 * from filter_watch_signals.
 */
int filter_watch_wait(int fd, int signal_fd, const char *table, struct err *e);
/* Blocks SIGHUP, SIGTERM, SIGINT and gives them as a signalfd(2), or < 0. */
int filter_watch_signals(struct err *e);
/* sd_notify(3) protocol: one datagram to $NOTIFY_SOCKET; nothing where that is not set. */
void notify_systemd(const char *state);
