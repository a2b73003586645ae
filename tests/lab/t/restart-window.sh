#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# restart-window: [updates] reboot. Where an update needs it the host restarts at that time, after whoever is logged in
# was told, and at no other; never while a transaction waits or packages are being installed; undo takes it away.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"
. "$(dirname "$0")/../../lib/archive.sh"

rented debian12
one=$vps_one
archive_begin bookworm
archive_package lab-tool 1.0
archive_publish
archive_use "$one"
now() { vps run "$one" date -d "${1:-now}" +%H:%M; }
boot() { vps run "$one" cat /proc/sys/kernel/random/boot_id; }
runs_at() { as_root_password "$one" ./kannuki restart-run "$1"; }
admin_runs_at() { as_admin "$one" kannuki restart-run "$1"; }
effective() { vps run "$one" apt-config dump --format '%F=%v%n' Unattended-Upgrade | sed -n "s/^$1=//p" | tail -n 1; }
due() { vps run "$one" sh -c 'echo "*** System restart required ***" >/run/reboot-required; echo linux-image-lab >/run/reboot-required.pkgs'; }

at=$(now '+4 minutes')
policy "$one" '[ssh]' "port = $job_port" '[firewall]' 'open = ssh, web' '[updates]' "reboot = $at"
remember "$one"
exits "a window: plan" 3 as_root_password "$one" ./kannuki plan --policy policy.conf
said "  with the zone" "where an update needs it, restart at $at \(.*\), and at no other time"
pending "$one"
said "  is told" 'restart at'
due
before=$(boot)
exits "in its time, while the transaction waits: no restart" 0 runs_at "$(now)"
said "  is said" 'No restart: transaction [0-9-]+ is under way'
exits "undone" 0 as_root_password "$one" ./kannuki undo --yes
not_ok "  no timer is left" vps run "$one" systemctl is-enabled kannuki-restart.timer
is_as_before "$one" "  all as before"
pending "$one"
exits "confirmed" 0 confirm "$one"
exits "  plan is empty" 0 as_admin "$one" kannuki plan
not_ok "  apt itself restarts nothing" test "$(effective Unattended-Upgrade::Automatic-Reboot)" = true
is "  the timer comes ten minutes before" "$(now "$at today - 10 minutes")" vps run "$one" sh -c \
	'systemctl cat kannuki-restart.timer | sed -n "s/^OnCalendar=.* \(..:..\):00/\1/p"'
ok "  and runs" vps run "$one" systemctl is-active kannuki-restart.timer
like "it is said when it comes" "It comes at $at" as_admin "$one" kannuki update

exits "at another time: no restart" 0 admin_runs_at "$(now '+2 hours')"
said "  is said" 'No restart: it is not the time'
vps run "$one" rm /run/reboot-required
exits "nothing needs it: no restart" 0 admin_runs_at "$(now)"
said "  is said" 'No restart: no update needs it'
due
vps run "$one" systemd-run -q --unit=locker --collect python3 -c 'import fcntl,time
f=open("/var/lib/dpkg/lock-frontend","w"); fcntl.lockf(f, fcntl.LOCK_EX); open("/run/locked","w"); time.sleep(600)'
wait_until 5 vps run "$one" test -e /run/locked
exits "packages are being installed: no restart" 0 admin_runs_at "$(now)"
said "  is said" 'No restart: packages are being installed'
vps run "$one" systemctl stop locker
is "it is the same boot still" "$before" boot
exits "no time of day: 2" 2 admin_runs_at 4:00

# The timer's own service, some minutes before the time.
timeout 600 "$lab_root/vps" ssh "$one" --key "$job_key" -l "$job_admin" -p "$job_port" -tt -- 'sleep 600' >"$TEST_TMP/terminal" 2>&1 &
terminal=$!
wait_until 10 vps run "$one" sh -c 'who | grep -q pts'
vps run "$one" systemctl --no-block start kannuki-restart.service
ok "who is logged in is told when, and why" wait_until 20 grep -qE 'restarts in [0-9]+ min.*linux-image-lab' "$TEST_TMP/terminal"
ok "  and how to put it off" grep -q 'systemctl stop kannuki-restart.service' "$TEST_TMP/terminal"
is "  not yet" "$before" boot
another_boot() { [ "$(boot 2>/dev/null)" != "$before" ] && [ -n "$(boot 2>/dev/null)" ]; }
ok "at its time it restarts" wait_until 330 another_boot
wait_until 60 vps run "$one" systemctl is-active multi-user.target >/dev/null
ok "  in that minute, or the next two" sh -c "case '$(now) $(now '-1 minute') $(now '-2 minutes')' in *$at*) ;; *) exit 1 ;; esac"
kill "$terminal" 2>/dev/null
exits "after it: the door is as confirmed, plan is empty" 0 as_admin "$one" kannuki plan
exits "undo" 4 as_admin "$one" kannuki undo --yes --no-wait
exits "  proved at the former door" 0 as_root_password "$one" /usr/local/sbin/kannuki confirm
not_ok "  no timer is left" vps run "$one" test -e /etc/systemd/system/kannuki-restart.timer
not_ok "  and no service" vps run "$one" test -e /etc/systemd/system/kannuki-restart.service
done_testing
