#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# updates: [updates] automatic and reboot. The package manager says what is in force, unattended-upgrades
# proves it, a security update really comes by the timers' own services, and undo takes all back.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"
. "$(dirname "$0")/../../lib/archive.sh"

rented debian12
one=$vps_one
archive_begin bookworm
archive_fetch "$one" unattended-upgrades
archive_package lab-tool 1.0
archive_publish
archive_use "$one"
vps run "$one" sh -ec 'apt-get -q update && apt-get -q -y install lab-tool' >/dev/null 2>&1
doors=('[ssh]' "port = $job_port" '[firewall]' 'open = ssh, web')
plan() { as_root_password "$one" ./kannuki plan --policy policy.conf; }
apt_says() { vps run "$one" apt-config dump --format '%F=%v%n' APT::Periodic Unattended-Upgrade; }
effective() { apt_says | sed -n "s/^$1=//p" | tail -n 1; } # effective NAME: its value in force
unsaid() { if grep -qE -- "$2" <<<"$output"; then fail "$1" "$output"; else pass "$1"; fi; }

# --- what is there already ------------------------------------------------------------------------------
policy "$one" "${doors[@]}"
exits "security updates come already: plan" 3 plan
unsaid "  has no step for them" 'automatic updates'
policy "$one" "${doors[@]}" '[updates]' 'reboot = 03:30'
exits "a time for restarts" 3 plan
said "  is planned, with the zone" 'where an update needs it, restart at 03:30 \(.*UTC\)'
policy "$one" "${doors[@]}" '[updates]' 'automatic = no' 'reboot = 03:30'
exits "restarts without automatic updates: refused" 2 plan
said "  with file and line" 'policy.conf:[0-9]+: \[updates\] reboot'

# --- switched off by the image, a timer too ------------------------------------------------------------
vps run "$one" sh -c 'printf "APT::Periodic::Update-Package-Lists \"1\";\nAPT::Periodic::Unattended-Upgrade \"0\";\n" >/etc/apt/apt.conf.d/20auto-upgrades
	systemctl -q disable --now apt-daily-upgrade.timer
	echo "Unattended-Upgrade::Automatic-Reboot \"true\";" >/etc/apt/apt.conf.d/60image
	mkdir -p /var/lib/apt/periodic; touch -d 2020-01-01 /var/lib/apt/periodic/unattended-upgrades-stamp'
policy "$one" "${doors[@]}"
remember "$one"
# A file that is read after ours: apt says so, and all is undone.
vps run "$one" sh -c 'echo "APT::Periodic::Unattended-Upgrade \"0\";" >/etc/apt/apt.conf.d/zz-last'
exits "a later file of apt says otherwise: apply fails" 1 apply "$one"
said "  with the value that stays" 'apt still has APT::Periodic::Unattended-Upgrade "0"'
vps run "$one" rm /etc/apt/apt.conf.d/zz-last
is_as_before "$one" "  all undone"
# One that cannot work: the dry run says so.
vps run "$one" sh -c 'mv /usr/bin/unattended-upgrade /usr/bin/unattended-upgrade.real
	printf "#!/bin/sh\necho no space left >&2\nexit 1\n" >/usr/bin/unattended-upgrade; chmod 755 /usr/bin/unattended-upgrade'
exits "its dry run fails: apply fails" 1 apply "$one"
said "  and says what it said" 'unattended-upgrade --dry-run: no space left'
vps run "$one" mv /usr/bin/unattended-upgrade.real /usr/bin/unattended-upgrade
is_as_before "$one" "  all undone"

pending "$one"
said "  off in the image, on by the plan" 'automatic updates: those for security; never restart by itself'
said "  the timer too" 'let apt-daily-upgrade.timer run'
is "  apt has it" 1 effective APT::Periodic::Unattended-Upgrade
is "  the host does not restart by itself" false effective Unattended-Upgrade::Automatic-Reboot
ok "  the timer runs" vps run "$one" systemctl is-active apt-daily-upgrade.timer
is "  the dry run left no stamp" 2020 vps run "$one" date -r /var/lib/apt/periodic/unattended-upgrades-stamp +%Y
exits "  confirmed" 0 confirm "$one"
exits "  plan is empty" 0 as_admin "$one" kannuki plan

# --- a security update comes ------------------------------------------------------------------------------
archive_package lab-tool 1.1
archive_publish
vps run "$one" sh -c 'rm -f /var/lib/apt/periodic/*; systemctl start apt-daily.service; systemctl start apt-daily-upgrade.service'
is "a security update came by itself" 1.1 vps run "$one" cat /usr/share/lab-tool/version
exits "  plan is empty still" 0 as_admin "$one" kannuki plan

# --- and back ---------------------------------------------------------------------------------------------
exits "undo" 4 as_admin "$one" kannuki undo --yes --no-wait
exits "  proved at the former door" 0 as_root_password "$one" /usr/local/sbin/kannuki confirm
not_ok "  our file of apt is gone" vps run "$one" test -e /etc/apt/apt.conf.d/99kannuki-updates
not_ok "  the timer is off" vps run "$one" systemctl is-active apt-daily-upgrade.timer
not_ok "  and not enabled" vps run "$one" systemctl is-enabled apt-daily-upgrade.timer
vps run "$one" systemctl -q mask apt-daily.timer
exits "a masked timer is refused: 5" 5 plan
said "  with what to do" 'systemctl unmask apt-daily.timer'
vps run "$one" systemctl -q unmask apt-daily.timer

# --- not installed ----------------------------------------------------------------------------------------
vps run "$one" sh -c 'DEBIAN_FRONTEND=noninteractive apt-get -q -y purge unattended-upgrades' >/dev/null 2>&1
exits "unattended-upgrades is missing, nobody asked for it" 3 plan
said "  a hint" 'do not come by themselves; to have them: \[updates\] automatic = security'
unsaid "  no step" 'install unattended'
policy "$one" "${doors[@]}" '[updates]' 'automatic = security' 'reboot = 04:15'
exits "asked for" 3 plan
said "  it is installed first, and that stays" 'not undone: packages stay'
said "  by name" 'install unattended-upgrades'
pending "$one"
said "  the plan is made anew after it" 'plan, made anew'
is "  apt restarts nothing itself" false effective Unattended-Upgrade::Automatic-Reboot
like "  the window is ours (restart-window.sh)" 'restart-run 04:15' vps run "$one" cat /etc/systemd/system/kannuki-restart.service
exits "  undone" 0 as_root_password "$one" ./kannuki undo --yes
ok "  the package stays" vps run "$one" test -x /usr/bin/unattended-upgrade
not_ok "  our file does not" vps run "$one" test -e /etc/apt/apt.conf.d/99kannuki-updates
not_ok "  nor our timer" vps run "$one" test -e /etc/systemd/system/kannuki-restart.timer
done_testing
