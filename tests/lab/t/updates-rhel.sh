#!/bin/bash
# SPDX-License-Identifier: MIT
# day 2 of 3
# updates-rhel: kannuki update and [updates] with dnf. Who holds its lock is named and waited for, the owner's changed
# file stays, what was upgraded is listed; dnf-automatic is installed first, told to apply what is for security, proved
# by its own run, and really does so; undo takes it back.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"
. "$(dirname "$0")/../../lib/repository.sh"

rented rhel-like
one=$vps_one
repository_begin "$one"
update() { as_root_password "$one" ./kannuki update; }
plan() { as_root_password "$one" ./kannuki plan --policy policy.conf; }
audit() { vps run "$one" /root/kannuki audit --format json; }
version() { vps run "$one" cat "/usr/share/$1/version"; }
unsaid() { if grep -qE -- "$2" <<<"$output"; then fail "$1" "$output"; else pass "$1"; fi; }
verdict() { audit 2>/dev/null | python3 -c 'import json,sys
print([f["verdict"] for f in json.load(sys.stdin)["findings"] if f["id"] == sys.argv[1]][0])' "$1"; }

# --- kannuki update ---------------------------------------------------------------------------------------
repository_package lab-tool 1.0
repository_package other 1.0
repository_automatic
repository_publish
vps run "$one" dnf -y -q install lab-base lab-tool other >"$TEST_TMP/dnf.log" 2>&1 || bail "$(cat "$TEST_TMP/dnf.log")"
vps run "$one" sh -c 'echo mine >/etc/lab-tool.conf'
repository_package lab-tool 1.1 'if read -r answer; then exit 9; fi; exit 0'
repository_package other 1.1
repository_publish lab-tool-1.1
vps run "$one" bash -c 'echo $$ >/var/cache/dnf/metadata_lock.pid; exec -a dnf sleep 12' &
wait_until 5 vps run "$one" sh -c 'read -r pid </var/cache/dnf/metadata_lock.pid && [ -e /proc/$pid ]'
exits "update, while another one has the lock: 0" 0 update
said "  waits, and says for whom" 'packages are being installed \([a-z]+, process [0-9]+\); waiting'
said "  lists what was upgraded" 'Upgrading : lab-tool-1\.1-1\.noarch'
said "  all of it" 'Upgrading : other-1\.1-1\.noarch'
said "  and how far it was" '^  Installing: [1-9]0+ %'
said "  and what it did not replace" 'lab-tool\.conf created as /etc/lab-tool\.conf\.rpmnew'
is "  it is updated" 1.1 version lab-tool
is "  the owner's changed file stays" mine vps run "$one" cat /etc/lab-tool.conf
exits "again: nothing to do" 0 update
unsaid "  nothing was upgraded" 'Upgrading'
not_ok "  nothing of it stays in PID 1" vps run "$one" test -e /run/systemd/system/kannuki-packages.service
vps run "$one" sed -i 's,^baseurl=.*,baseurl=http://192.0.2.10:9/,' /etc/yum.repos.d/lab.repo
exits "a repository that is down: 1" 1 update
said "  with dnf's words" 'dnf failed: .*baseos'
vps run "$one" sed -i "s,^baseurl=.*,baseurl=$repository_url," /etc/yum.repos.d/lab.repo

# --- what an audit says of it -----------------------------------------------------------------------------
repository_package lab-tool 1.2
repository_package other 1.2
repository_publish lab-tool-1.1 lab-tool-1.2
vps run "$one" dnf -q makecache >/dev/null 2>&1
is "audit: one waits that is for security" fail verdict update.security
is "  the packages are signed" pass verdict update.signed
is "  nothing comes by itself" fail verdict update.automatic
is "  no package is twice" pass verdict update.broken

# --- automatic --------------------------------------------------------------------------------------------
doors=('[ssh]' "port = $job_port" '[firewall]' 'open = ssh, web')
policy "$one" "${doors[@]}"
exits "nobody asked for it: plan" 3 plan
said "  a hint" 'do not come by themselves; to have them: \[updates\] automatic = security'
policy "$one" "${doors[@]}" '[updates]' 'automatic = security'
exits "asked for: plan" 3 plan
said "  it is installed first, and that stays" 'install dnf-automatic'
said "  then configured" 'automatic updates: those for security; never restart by itself'
said "  and its timer runs" 'let dnf-automatic.timer run'
pending "$one"
said "  made anew after it" 'plan, made anew'
is "  it is told to apply" "upgrade_type = security apply_updates = yes" vps run "$one" sh -c \
	'echo $(grep -E "^(upgrade_type|apply_updates)" /etc/dnf/automatic.conf | sort -r)'
is "  the rest of its file stays" "emit_via = motd" vps run "$one" grep ^emit_via /etc/dnf/automatic.conf
not_ok "  its proof told nobody" vps run "$one" test -s /etc/motd.d/dnf-automatic
is "  nothing was upgraded by that" 1.1 version lab-tool
exits "  confirmed" 0 confirm "$one"
exits "  plan is empty" 0 as_admin "$one" kannuki plan
ok "  the timer runs" vps run "$one" systemctl is-active dnf-automatic.timer
is "audit: they come by themselves" pass verdict update.automatic
vps run "$one" systemctl start dnf-automatic.service
is "what is for security came by itself" 1.2 version lab-tool
is "  what is not did not" 1.1 version other
exits "  plan is empty still" 0 as_admin "$one" kannuki plan
is "audit: none waits" pass verdict update.security

# A file that somebody has changed since: it does not do what the policy says.
vps run "$one" sed -i 's/^apply_updates.*/apply_updates = no/' /etc/dnf/automatic.conf
exits "it only downloads: plan" 3 as_admin "$one" kannuki plan
vps run "$one" sed -i 's/^apply_updates.*/apply_updates = yes/' /etc/dnf/automatic.conf
policy "$one" "${doors[@]}" '[updates]' 'automatic = security' 'reboot = 04:00'
exits "a window for restarts, which this dnf-automatic could not do: plan" 3 vps run "$one" /root/kannuki plan --policy /root/policy.conf
said "  by our own timer" 'where an update needs it, restart at 04:00'
exits "undo" 4 as_admin "$one" kannuki undo --yes --no-wait
exits "  proved at the former door" 0 as_root_password "$one" /usr/local/sbin/kannuki confirm
is "  it is told as before" "apply_updates = no" vps run "$one" grep ^apply_updates /etc/dnf/automatic.conf
not_ok "  the timer is off" vps run "$one" systemctl is-active dnf-automatic.timer

# Its repository is down: no promise of updates is made that cannot be kept.
policy "$one" "${doors[@]}" '[updates]' 'automatic = all'
vps run "$one" sh -c 'sed -i "s,^baseurl=.*,baseurl=http://192.0.2.10:9/," /etc/yum.repos.d/lab.repo; rm -rf /var/cache/dnf/*'
exits "its own run fails: apply fails" 1 apply "$one"
said "  and says what it said" 'dnf-automatic: .*baseos'
is "  all is undone" "apply_updates = no" vps run "$one" grep ^apply_updates /etc/dnf/automatic.conf
done_testing
