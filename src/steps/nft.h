// SPDX-License-Identifier: MIT
/*
 * nft.h - the kind "nft": our own table in the kernel, nothing on the disk.
 *
 * args: { "spec": filter_spec_encode(), "pending": true }
 * pending: established inbound sshd connections get rescue rules, and conntrack sees the flows for
 * a second before the drop policy when the table is new (trap 29).
 * After a reboot there is nothing to undo: the table is not on the disk.
 */
#pragma once

#include "core/filter.h"
#include "core/step.h"

extern const struct step_kind step_nft;

/* A new reference. */
json_t *step_nft_args(const struct filter_spec *spec, bool pending);
