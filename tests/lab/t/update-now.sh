#!/bin/bash
# SPDX-License-Identifier: MIT
# update-now: [updates] now and kannuki update. Packages that would ask (debconf, a changed file) ask
# nothing; who holds the lock is named and waited for; a lost connection stops nothing; what is not undone
# is said; a restart that is due is said with its reason, and not done.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"
. "$(dirname "$0")/../../lib/archive.sh"

rented debian12
one=$vps_one
archive_begin bookworm
update() { as_root_password "$one" ./kannuki update; }
version() { vps run "$one" cat /usr/share/lab-tool/version; }
unsaid() { if grep -qE -- "$2" <<<"$output"; then fail "$1" "$output"; else pass "$1"; fi; }
lock_for() { # lock_for SECONDS FILE...: as a package manager would
	vps run "$one" systemd-run -q --unit=locker --collect python3 -c 'import fcntl,sys,time
files=[open(f,"w") for f in sys.argv[2:]]
for f in files: fcntl.lockf(f, fcntl.LOCK_EX)
open("/run/locked","w"); time.sleep(float(sys.argv[1]))' "$@"
	wait_until 5 vps run "$one" rm /run/locked
}
# Each asks: a file that the owner has changed, a question of debconf, a frontend that would wait for ever.
hard() { # hard VERSION
	archive_package lab-tool "$1" 'if [ "$DEBIAN_FRONTEND" != noninteractive ]; then sleep 1000; fi
	. /usr/share/debconf/confmodule; db_beginblock || true; db_endblock || true
	echo lab-tool-'"$1"' >>/var/log/lab-tool; '"${2:-}"
	mkdir -p "$TEST_TMP/package.lab-tool/etc"
	echo "as of $1" >"$TEST_TMP/package.lab-tool/etc/lab-tool.conf"
	echo /etc/lab-tool.conf >"$TEST_TMP/package.lab-tool/DEBIAN/conffiles"
	archive_build "$TEST_TMP/package.lab-tool"
	archive_publish
}
hard 1.0
archive_use "$one"
vps run "$one" sh -ec 'apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y install lab-tool && echo mine >/etc/lab-tool.conf' >"$TEST_TMP/first" 2>&1 ||
	bail "$(cat "$TEST_TMP/first")"
is "the owner has an old version" 1.0 version
hard 1.1

# --- kannuki update ---------------------------------------------------------------------------------------
lock_for 4 /var/lib/dpkg/lock-frontend
exits "update, while another installs: 0" 0 update
said "  waits, and says for whom" 'packages are being installed \(python3, process [0-9]+\); waiting'
said "  shows what it does" 'Setting up lab-tool \(1\.1\)'
is "  it is updated" 1.1 version
is "  the owner's changed file stays" mine vps run "$one" cat /etc/lab-tool.conf
exits "again: nothing to do" 0 update
unsaid "  nothing was set up" 'Setting up'
not_ok "  nothing of it stays in PID 1" vps run "$one" test -e /run/systemd/system/kannuki-packages.service
lock_for 3 /var/lib/apt/lists/lock
exits "while another fetches lists" 0 update
said "  waits too" 'process [0-9]+\); waiting'

hard 1.2 'sleep 4; echo "*** System restart required ***" >/run/reboot-required; echo linux-image-lab >/run/reboot-required.pkgs'
timeout 8 "$lab_root/vps" ssh "$one" -tt -- 'sh -c "./kannuki update & sleep 3; kill -9 \$!"' >/dev/null 2>&1
ok "killed in the middle: it goes on" wait_until 30 sh -c "PATH=$PATH; [ \"\$(vps run $one dpkg-query -W -f '\${Status} \${Version}' lab-tool)\" = 'install ok installed 1.2' ]"
exits "update again" 0 update
said "  a restart is due, and why" 'restart is due, for: linux-image-lab\.$'
said "  and that it is not done" 'Kannuki does it only where'
is "  it was not done" running vps run "$one" systemctl is-system-running
LANG=ja_JP.UTF-8 exits "the same in Japanese" 0 vps ssh "$one" -- env LANG=ja_JP.UTF-8 ./kannuki update
said "  in Japanese" '再起動が必要です \(linux-image-lab\)'

archive_package lab-tool 1.3 'exit 7'
archive_publish
exits "a package that fails: 1" 1 update
said "  with apt's words" 'apt failed: .*(lab-tool|dpkg)'
hard 1.4
exits "put right: 0" 0 update
is "  it is updated" 1.4 version

# --- as part of apply ---------------------------------------------------------------------------------------
hard 1.5
vps run "$one" apt-get -q update >/dev/null 2>&1
policy "$one" '[ssh]' "port = $job_port" '[firewall]' 'open = ssh, web' '[updates]' 'now = yes'
exits "plan with now = yes" 3 as_root_password "$one" ./kannuki plan --policy policy.conf
said "  says that it comes first, and stays" 'first, and not undone'
is "  and does nothing" 1.4 version
pending "$one"
said "  updated first" 'Setting up lab-tool \(1\.5\)'
said "  then planned anew" 'made anew'
exits "update while it waits: 5" 5 update
said "  the transaction is named" 'transaction [0-9-]+ is under way'
exits "undone" 0 as_root_password "$one" ./kannuki undo --yes
is "  the update stays" 1.5 version
hard 1.6
vps run "$one" apt-get -q update >/dev/null 2>&1
exits "updated, and nobody confirms: 1" 1 apply_from "$one" -- --window 30s
said "  all as before" 'This host is as it was before'
said "  but for the packages, and that is said" 'The packages that came first stay'
is "  and so it is" 1.6 version
pending "$one"
unsaid "nothing to update: no packages first" 'not undone: packages'
exits "  confirmed" 0 confirm "$one"
exits "  plan is empty" 0 as_admin "$one" kannuki plan
vps run "$one" touch -d '3 days ago' /var/lib/apt/lists /var/lib/apt/periodic/update-success-stamp
exits "lists of three days ago" 3 as_admin "$one" kannuki plan
exits "  apply fetches them" 0 as_admin "$one" kannuki apply --yes
exits "  plan is empty" 0 as_admin "$one" kannuki plan
done_testing
