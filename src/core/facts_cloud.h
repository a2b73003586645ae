// SPDX-License-Identifier: MIT
/* facts_cloud.h - is cloud-init there, and how far is it; for facts*.c only. */
#pragma once

#include "core/facts.h"

/* Fills f->cloud_init and f->cloud_init_status. */
int facts_gather_cloud_init(struct os *os, struct facts *f, struct err *e);
