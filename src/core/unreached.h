// SPDX-License-Identifier: MIT
/*
 * unreached.h - what updates of packages do not reach: sources that automatic updates pass by, packages of no source,
 * snaps, images of containers with their age, programs of no package that listen to the outside.
 *
 * It asks by the host's own programs (apt, dpkg, docker), a second or so of processor time: for `kannuki update`, not for
 * each audit.
 */
#pragma once

#include "core/facts.h"

/* A line each for a person. f: updates were gathered, with who this distribution is. What does not answer is left out. */
int updates_unreached(struct os *os, const struct facts *f, struct strv *ret, struct err *e);
