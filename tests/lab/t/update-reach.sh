#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# update-reach: what kannuki update says that it does not reach (a source that automatic updates pass by, a package of no
# source, a container's image, a program of no package), and what it starts anew because an update replaced what it runs
# on: no session ends by that. The container engine is a stand-in that answers as Docker does; all else is real.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"
. "$(dirname "$0")/../../lib/archive.sh"

rented debian12
one=$vps_one
archive_begin bookworm
# shellcheck disable=SC2034 # what archive_publish writes
archive_origin='Lab Tools' archive_label=Lab
update() { as_root_password "$one" ./kannuki update; }
unsaid() { if grep -qE -- "$2" <<<"$output"; then fail "$1" "$output"; else pass "$1"; fi; }
main_pid() { vps run "$one" systemctl show -p MainPID --value "$1"; }
archive_package a0-homemade 1.0 # the lists name the first twenty; here no source has Debian's own
mv "$archive/pool/a0-homemade_1.0_"*.deb "$TEST_TMP/homemade.deb"
archive_package lab-tool 1.0
archive_publish
archive_use "$one"
vps put "$one" "$TEST_TMP/homemade.deb" /root/homemade.deb
vps run "$one" sh -ec 'apt-get -q update; apt-get -q -y install lab-tool; dpkg -i /root/homemade.deb' >/dev/null 2>&1

exits "nothing else is there: 0" 0 update
said "a source that automatic updates pass by, with its packages" '^  lab-tool, from [0-9.]+.*: automatic updates pass them by'
said "a package that no source has" '^  a0-homemade, .*: no source of packages has them'
unsaid "no container" 'container image'
unsaid "no program of no package: each that listens is of one" 'programs of no package'
vps run "$one" sh -c 'printf "Unattended-Upgrade::Origins-Pattern { \"origin=Lab Tools\"; };\n" >/etc/apt/apt.conf.d/60lab'
exits "told to take that source" 0 update
unsaid "  it is not named any more" 'pass them by'

# --- containers, programs of no package -----------------------------------------------------------------------
vps run "$one" sh -ec 'mkdir -p /opt/app; cp "$(readlink -f /usr/bin/python3)" /opt/app/server; : >/run/docker.sock
	printf "[Service]\nExecStart=/opt/app/server -m http.server --bind :: 8081\n" >/etc/systemd/system/app.service
	systemctl daemon-reload; systemctl start app
	cat >/usr/bin/docker; chmod 755 /usr/bin/docker' <<'DOCKER'
#!/bin/sh
case $1 in
ps) echo nginx:1.25; echo nginx:1.25 ;;
image) echo 2025-01-02T03:04:05.6Z ;;
esac
DOCKER
wait_until 10 vps run "$one" sh -c 'ss -Hlnt "sport = :8081" | grep -q .'
exits "a container's image, a program of no package" 0 update
said "  the image with its age" '^  container image nginx:1\.25, made 2025-01-02, [0-9]+ days ago'
said "  the program" '^  programs of no package, which listen to the outside: /opt/app/server$'
is "  each once" 1 echo "$(grep -c "container image" <<<"$output")"
exits "  in Japanese" 0 vps ssh "$one" -- env LANG=ja_JP.UTF-8 ./kannuki update
said "  too" 'コンテナのイメージ nginx:1\.25'

# --- what runs on ------------------------------------------------------------------------------------------------
# A service and sshd run from files that an update has replaced; one that its unit's owner lets nobody start anew.
vps run "$one" sh -ec 'cp /usr/bin/sleep /usr/local/bin/lab-sleep
	printf "[Service]\nExecStart=/usr/local/bin/lab-sleep infinity\n" >/etc/systemd/system/lab-old.service
	printf "[Unit]\nRefuseManualStop=yes\n[Service]\nExecStart=/usr/local/bin/lab-sleep infinity\n" >/etc/systemd/system/lab-never.service
	cp /etc/systemd/system/lab-old.service /etc/systemd/system/docker.service
	systemctl daemon-reload; systemctl start lab-old lab-never docker'
timeout 300 "$lab_root/vps" ssh "$one" -- 'echo here; sleep 200; echo still here' >"$TEST_TMP/session" 2>&1 &
session=$!
wait_until 10 grep -q here "$TEST_TMP/session"
replace() { vps run "$one" sh -ec 'for f; do cp -p "$f" "$f.new"; mv "$f.new" "$f"; done' - "$@"; }
replace /usr/local/bin/lab-sleep /usr/sbin/sshd
old=$(main_pid lab-old) old_docker=$(main_pid docker) old_ssh=$(main_pid ssh)
exits "an update replaced what they run on" 0 update
said "  services start anew" '^Started anew.*lab-old\.service'
said "  sshd too" '^Started anew.*ssh\.service'
said "  one that holds containers is named" '^Still run on what an update replaced: .*lab-sleep'
said "  one that nobody may stop is named, with why" '^lab-never\.service still runs as it was.*(refused|stopped)'
not_ok "  it is another process" test "$old" = "$(main_pid lab-old)"
not_ok "  so is sshd" test "$old_ssh" = "$(main_pid ssh)"
is "  what holds containers is the same" "$old_docker" main_pid docker
ok "  the session lives" kill -0 "$session"
not_ok "  and was not cut off" grep -qi closed "$TEST_TMP/session"
exits "once more" 0 update
unsaid "  what was started anew is not again" '^Started anew'
kill "$session" 2>/dev/null
done_testing
