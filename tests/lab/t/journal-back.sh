#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# journal-back: on a host that logs to memory, apply keeps the log on the disk, with a bound; undo, also after a reboot and
# of what was confirmed, makes it log to memory again, and what was logged meanwhile is kept. Where the folder was there
# before, nothing in it is touched.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

rented debian12
one=$vps_one
in_memory() { vps run "$one" sh -c '! test -e /var/log/journal && ls /run/log/journal/*/system.journal' >/dev/null; }
on_disk() { vps run "$one" sh -c 'ls /var/log/journal/*/system.journal' >/dev/null; }
kept() { vps run "$one" sh -c 'ls -d /var/lib/kannuki/txn/*/displaced/var%log%journal*/*/system.journal' >/dev/null; }
logs() { vps run "$one" sh -c "logger '$1'; journalctl --sync; journalctl -q -b | grep -qF '$1'"; }
vps run "$one" sh -c 'rm -rf /var/log/journal; systemctl restart systemd-journald'
ok "it logs to memory" in_memory
policy "$one"
remember "$one"
pending "$one"
ok "applied: it logs to the disk" wait_until 10 on_disk
exits "  undone" 0 as_root_password "$one" ./kannuki undo --yes
ok "  it logs to memory" in_memory
ok "  what came meanwhile is kept" kept
ok "  it logs" logs needle-one
is_as_before "$one" "  all as before"

pending "$one"
vps reboot "$one" >/dev/null
ok "a reboot while it waits: over" ended "$one" 60
ok "  it logs to memory" wait_until 10 in_memory
ok "  it logs" logs needle-two

pending "$one"
exits "confirmed" 0 confirm "$one"
ok "  it logs to the disk" on_disk
exits "undo of the confirmed" 4 as_admin "$one" kannuki undo --yes --no-wait
exits "  proved at the former door" 0 as_root_password "$one" /usr/local/sbin/kannuki confirm
ok "  it logs to memory" in_memory
ok "  it logs" logs needle-three
vps rm "$one"

rented debian12 there
one=$vps_one
policy "$one"
vps run "$one" sh -c 'mkdir -p /var/log/journal; systemctl restart systemd-journald; logger needle-before; journalctl --sync'
pending "$one"
exits "the folder was there: undone" 0 as_root_password "$one" ./kannuki undo --yes
ok "  it is there" on_disk
ok "  with what it held" vps run "$one" sh -c 'journalctl -q -D /var/log/journal | grep -q needle-before'
not_ok "  and nothing was moved" kept
done_testing
