// SPDX-License-Identifier: MIT
/*
 * quiet.h - nobody else is setting this host up (trap 35): a fresh VPS runs cloud-init and its first
 * updates while its owner logs in, and both write where we do.
 */
#pragma once

#include "os/os.h"

#define QUIET_CLOUD_SECONDS   300
#define QUIET_PACKAGE_SECONDS 120

/*
 * Waits until cloud-init has ended (at most 300 s) and nobody holds the lock of dpkg or rpm (at most
 * 120 s). Each wait is said once through `say`. ERR_CONFLICT naming who goes on past the limit.
 */
int quiet_wait(struct os *os, void (*say)(const char *text), struct err *e);

/* Who changes packages or fetches lists just now, as a person would say it, malloc'd in *ret; NULL: nobody. */
int quiet_packages(struct os *os, char **ret, struct err *e);
