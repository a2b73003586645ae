// SPDX-License-Identifier: MIT
/*
 * services.h - the kind "services": a service and what starts it on demand, stopped and disabled as one.
 *
 * args: { "units": ["rpcbind.service", "rpcbind.socket"] }
 * One step, since a socket left alone starts its service again, and a socket cannot be started under a
 * service that runs already. Undo brings back exactly the links that were there, and what ran.
 */
#pragma once

#include "base/str.h"
#include "core/step.h"

extern const struct step_kind step_services;

/* A new reference. */
json_t *step_services_args(const struct strv *units);
