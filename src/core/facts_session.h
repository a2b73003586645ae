// SPDX-License-Identifier: MIT
/* facts_session.h - who is logged in over SSH, by sockets and processes; for facts*.c only. */
#pragma once

#include "core/facts.h"

/* Fills f->session; needs f->socket and f->sshd. */
int facts_gather_sessions(struct os *os, struct facts *f, struct err *e);
/* Where the client of our own login is, when an sshd is among our ancestors. Needs f->socket. */
bool session_own_peer(struct os *os, const struct facts *f, struct addr *ret);
