#!/bin/bash
# SPDX-License-Identifier: MIT
# day 0 of 3
# update-fails: what goes wrong with an update ends in one clear sentence and leaves no package between two versions: held
# and kept back packages, an interrupted dpkg, a mirror that is down or whose signature is another's, a disk that is full
# in the middle. Put right, the next update goes through.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"
. "$(dirname "$0")/../../lib/archive.sh"

rented debian12
one=$vps_one
archive_begin bookworm
update() { as_root_password "$one" ./kannuki update; }
unsaid() { if grep -qE -- "$2" <<<"$output"; then fail "$1" "$output"; else pass "$1"; fi; }
version() { vps run "$one" dpkg-query -W -f '${Version}' "$1"; }
state() { vps run "$one" dpkg-query -W -f '${db:Status-Abbrev}' "$1"; }
whole() { # whole WORDS: nothing is half installed, and nothing of ours is left
	is "$1: no package is half installed" '' vps run "$one" dpkg --audit
	not_ok "$1: the room that was kept is free again" vps run "$one" test -e /var/cache/kannuki-room
	not_ok "$1: nothing of it stays in PID 1" vps run "$one" test -e /run/systemd/system/kannuki-packages.service
}
one_line() { # one_line WORDS: after what was said, for it asks anew
	local count
	count=$(grep -c '^kannuki: ' <<<"$output")
	is "$1: one error" 1 echo "$count"
}
package() { # package NAME VERSION CONTROL-LINE...: by its own words
	local folder=$TEST_TMP/package.$1 name=$1 number=$2
	shift 2
	archive_package "$name" "$number"
	[ $# = 0 ] || printf '%s\n' "$@" >>"$folder/DEBIAN/control"
	rm -f "$archive/pool/${name}_$number"_*.deb
	archive_build "$folder"
}
for name in lab-tool lab-held lab-other lab-big; do archive_package "$name" 1.0; done
archive_publish
archive_use "$one"
vps run "$one" sh -ec 'apt-get -q update; DEBIAN_FRONTEND=noninteractive apt-get -q -y install lab-tool lab-held lab-other lab-big' >/dev/null 2>&1
is "the owner has an old version" 1.0 version lab-tool

# --- held, kept back ----------------------------------------------------------------------------------------
exits "nothing waits: 0" 0 update
said "  all are up to date" '^All packages are up to date'
vps run "$one" apt-mark hold lab-held >/dev/null
archive_package lab-tool 1.1
archive_package lab-held 1.1
package lab-other 1.1 'Conflicts: lab-big'
archive_publish
exits "one is held, one would remove another: 0" 0 update
unsaid "  it is not said that all are up to date" '^All packages are up to date'
said "  the held one is named" 'Held by somebody.*: lab-held'
said "  the other too, and why" 'Kept back, for others would have to come or go with them: lab-other'
is "  what can be is updated" 1.1 version lab-tool
is "  the held one is not" 1.0 version lab-held
is "  nothing is removed" 'ii ' state lab-big
exits "  in Japanese" 0 vps ssh "$one" -- env LANG=ja_JP.UTF-8 ./kannuki update
said "  in Japanese too" '更新を止めている.*lab-held'
vps run "$one" apt-mark unhold lab-held >/dev/null
package lab-other 1.1
archive_publish
exits "put right: 0" 0 update
is "  updated" '1.1 1.1' sh -c "PATH=$PATH; echo \$(vps run $one dpkg-query -W -f '\${Version} ' lab-held lab-other)"

# --- dpkg was interrupted -----------------------------------------------------------------------------------
archive_package lab-tool 1.2
archive_publish
deb=$(ls "$archive/pool/lab-tool_1.2_"*.deb)
vps put "$one" "$deb" /root/lab-tool.deb
vps run "$one" sh -c 'dpkg --unpack /root/lab-tool.deb' >/dev/null
is "dpkg was cut off after unpacking" 'iU ' state lab-tool
exits "update: 0" 0 update
is "  it is set up" 'ii ' state lab-tool
whole "after that"
archive_package lab-tool 1.3 'exit 7'
archive_publish
exits "a package whose script fails: 1" 1 update
said "  by its name, with dpkg's words" 'kannuki: packages: apt failed: package lab-tool .*post-installation script.*exit status 7'
said "  and what that leaves" 'half installed until it is put right'
unsaid "  not apt's code of an error" 'apt failed: Sub-process'
one_line "  so"
archive_package lab-tool 1.4
archive_publish
exits "a version that works: 0" 0 update
is "  updated" 1.4 version lab-tool
whole "after that"

# --- the mirror ---------------------------------------------------------------------------------------------
archive_package lab-tool 1.5
archive_publish
vps run "$one" sed -i.good "s,$archive_url,http://192.0.2.10:9," /etc/apt/sources.list
exits "a mirror that is down: 1" 1 update
said "  which" 'kannuki: packages: apt failed: .*192\.0\.2\.10:9'
one_line "  so"
is "  nothing is updated" 1.4 version lab-tool
vps run "$one" mv /etc/apt/sources.list.good /etc/apt/sources.list
cp "$archive/dists/$archive_suite/InRelease" "$TEST_TMP/InRelease.good"
sed -i '0,/^Origin: Debian$/s//Origin: Debiam/' "$archive/dists/$archive_suite/InRelease"
exits "a list whose signature is bad: 1" 1 update
said "  so it says" 'kannuki: packages: apt failed: .*([Ss]ignature|BADSIG|not signed)'
one_line "  so"
is "  nothing is updated" 1.4 version lab-tool
gpg --batch --quiet --passphrase '' --quick-gen-key 'other <other@example.org>' ed25519 sign never 2>/dev/null
gpg --batch --yes --quiet -u other@example.org --clearsign -o "$archive/dists/$archive_suite/InRelease" "$archive/dists/$archive_suite/Release" 2>/dev/null
exits "a list that another has signed: 1" 1 update
said "  so it says" 'kannuki: packages: apt failed: .*([Ss]ignature|NO_PUBKEY|not signed)'
is "  nothing is updated" 1.4 version lab-tool
cp "$TEST_TMP/InRelease.good" "$archive/dists/$archive_suite/InRelease"
exits "put right: 0" 0 update
is "  updated" 1.5 version lab-tool

# --- the disk is full in the middle -------------------------------------------------------------------------
archive_package lab-tool 1.6
archive_package lab-big 1.6
head -c 100000000 /dev/zero >"$TEST_TMP/package.lab-big/usr/share/lab-big/much"
archive_build "$TEST_TMP/package.lab-big"
archive_publish
vps run "$one" sh -c 'free=$(df --output=avail -k / | tail -n 1); fallocate -l $((free - 60000))K /fill'
exits "no room to unpack it: 1" 1 update
said "  what, and why" 'kannuki: packages: apt failed: archive .*lab-big.*No space left on device'
unsaid "  nothing is left unfinished" 'could not be finished'
one_line "  so"
whole "on the full disk"
is "  the one is as before" '1.0 ii ' sh -c "PATH=$PATH; vps run $one dpkg-query -W -f '\${Version} \${db:Status-Abbrev}' lab-big"
is "  the other is whole" 'ii ' state lab-tool
vps run "$one" rm /fill
exits "room again: 0" 0 update
is "  updated" '1.6 1.6' sh -c "PATH=$PATH; echo \$(vps run $one dpkg-query -W -f '\${Version} ' lab-tool lab-big)"
whole "at the end"
done_testing
