// SPDX-License-Identifier: MIT
/*
 * meet.h - the first contact: is it the server that was rented? A key that the person's known_hosts files
 * have is taken; a changed one never; an unknown one only when it is the one that the provider's
 * console shows, compared by us and not by eye.
 */
#pragma once

#include "remote/host.h"

/* expected: a fingerprint that was given before ("SHA256:…" or any form that a client shows), or NULL: a
 * person is asked where the key is unknown. *ret_methods: what the host offers to its first user. */
int meet_host(struct host *h, const char *expected, char **ret_methods, struct err *e);
