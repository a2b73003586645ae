// SPDX-License-Identifier: MIT
/*
 * secret.h - hands the admin's new password from the terminal to the process under PID 1.
 *
 * Through a FIFO below /run/kannuki (0700 root): it is never in a file, an argument list or an
 * environment.
 */
#pragma once

#include "base/err.h"

/* Makes the FIFO. */
int secret_offer(const char *id, struct err *e);
/* Waits at most timeout_ms for the reader, writes, removes the FIFO. */
int secret_send(const char *id, const char *secret, unsigned timeout_ms, struct err *e);
/* 1: none was offered. *ret is malloc'd; wipe it with str_wipe(). */
int secret_receive(const char *id, unsigned timeout_ms, char **ret, struct err *e);
