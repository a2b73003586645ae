#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# The main job where ssh.socket owns the port and a generator makes it so from sshd_config, as on Ubuntu from 24.04.
# shellcheck source=/dev/null
# shellcheck disable=SC2154 # vps_one comes from fresh
. "$(dirname "$0")/../../lib/socket_job.sh"

way_before socket-gen
way_unconfirmed
way_cut
socket_undone
way_pending
way_confirmed 6
way_rebooted
socket_holds "rebooted"
socket_scanned
socket_undo
like "nothing of ours is left for the generator" '^0$' vps run "$vps_one" sh -c 'ls /run/systemd/generator/ssh.socket.d 2>/dev/null | wc -l'
done_testing
