#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# services-past: Debian's own telnetd, rsh and tftpd, as somebody still installs them: named by audit, stopped by
# [services] stop = auto, back by undo; a super-server that also starts something else is left. And its needrestart,
# which starts anew in kannuki update what an update replaced; no session ends by that.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"
. "$(dirname "$0")/../../lib/archive.sh"

rented debian12
one=$vps_one
vps apt "$one" update >/dev/null 2>&1
vps apt "$one" install openbsd-inetd inetutils-telnetd rsh-redone-server tftpd-hpa needrestart >/dev/null 2>&1 || bail "no packages"
# (its line comes switched off)
vps run "$one" sh -ec 'sed -i "s/^#<off># *telnet/telnet/" /etc/inetd.conf; systemctl restart inetd'
plan() { as_root_password "$one" ./kannuki plan --policy policy.conf; }
unsaid() { if grep -qE -- "$2" <<<"$output"; then fail "$1" "$output"; else pass "$1"; fi; }
reached() { # reached PORT: from outside, over TCP
	vps outside bash -c 'exec 3<>"/dev/tcp/$1/$2"' - "$(vps addr "$one" 4)" "$1"
}
tftp_listens() { vps run "$one" sh -c 'ss -Hlnu "sport = :69" | grep -q .'; }
verdict() { vps run "$one" /root/kannuki audit --format json | python3 -c 'import json,sys
print([f["verdict"] + " " + f["evidence"] for f in json.load(sys.stdin)["findings"] if f["id"] == sys.argv[1]][0])' "$1"; }

# --- telnet, rsh, tftp ------------------------------------------------------------------------------------
for port in 23 513 514; do ok "$port is reached before" reached "$port"; done
ok "and tftpd listens" tftp_listens
like "audit names what sends passwords as they are" '^fail .*[ ;]23/tcp telnet \(inetd\)' verdict service.clear-text
said "  rsh too" '514/tcp rsh'
said "  and tftp" '69/udp TFTP'
policy "$one" '[ssh]' "port = $job_port" '[firewall]' 'open = ssh, web, 3000/tcp, 23/tcp, 513-514/tcp, 69/udp' '[services]' 'stop = auto'
exits "plan, with stop = auto" 3 plan
said "  stops the super-server with all it listens at" 'stop inetd.service \(23/tcp, 513/tcp, 514/tcp\)'
said "  and tftpd, which is of System V" 'stop tftpd-hpa.service \(69/udp\)'
vps run "$one" sh -ec 'printf "8085 stream tcp nowait nobody /bin/cat cat /etc/hostname\n" >>/etc/inetd.conf; systemctl reload inetd 2>/dev/null || systemctl restart inetd'
wait_until 10 reached 8085
exits "plan, where it also starts something else" 3 plan
unsaid "  which is left" 'stop inetd'
said "  not so tftpd" 'stop tftpd-hpa'
vps run "$one" sh -ec 'sed -i /^8085/d /etc/inetd.conf; systemctl restart inetd'
remember "$one"
pending "$one"
for port in 23 513 514; do not_ok "pending: $port is not reached" reached "$port"; done
not_ok "pending: tftpd does not listen" tftp_listens
exits "undone" 0 as_root_password "$one" ./kannuki undo --yes
is_as_before "$one" "undone: as before"
for port in 23 513 514; do ok "undone: $port is reached" reached "$port"; done
ok "undone: tftpd listens" tftp_listens
pending "$one"
ok "confirmed" confirm "$one"
vps reboot "$one" >/dev/null
for port in 23 513 514; do not_ok "rebooted: $port is not reached" reached "$port"; done
not_ok "rebooted: tftpd does not listen" tftp_listens
exits "rebooted: plan is empty" 0 as_admin "$one" kannuki plan

# --- needrestart --------------------------------------------------------------------------------------------
archive_begin bookworm
archive_bump "$one" +lab1 libselinux1
archive_publish
archive_use "$one"
main_pid() { vps run "$one" systemctl show -p MainPID --value "$1"; }
door "$one" -- 'echo here; sleep 100; echo still here' >"$TEST_TMP/session" 2>&1 &
session=$!
wait_until 10 grep -q here "$TEST_TMP/session"
old_cron=$(main_pid cron) old_dbus=$(main_pid dbus)
exits "a library that cron, sshd and dbus run on is updated: 0" 0 as_admin "$one" kannuki update
said "  it is" 'Setting up libselinux1'
not_ok "  cron runs anew" test "$(main_pid cron)" = "$old_cron"
ok "  by needrestart, which has also PID 1 start anew, as the log shows" vps run "$one" grep -qE 'systemctl restart .*cron|Restarting services' /run/kannuki/packages.log
is "  dbus, which holds the logins, does not" "$old_dbus" main_pid dbus
ok "  the session goes on" kill -0 "$session"
ok "  and a new one begins" door "$one" -- true
wait "$session"
like "  to its end" 'still here' cat "$TEST_TMP/session"
done_testing
