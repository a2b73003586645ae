#!/bin/bash
# SPDX-License-Identifier: MIT
# day 2 of 3
# The Debian package on a host: over a program that came as a single file, from it, upgraded and removed while a
# transaction waits and while nothing does, purged, and back again. The doors are those of the policy all the time.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

packages=$(dirname "$job_program")/packages
# tests/package/run makes them; alone, this test does, and again when a source is newer.
package_file() { find "$packages" -name 'kannuki_*.deb' 2>/dev/null | head -n 1; }
if [ -z "$(package_file)" ] || [ -n "$(find "$job_top/src" "$job_top/debian" "$job_top/packaging" -newer "$(package_file)" | head -n 1)" ]; then
	rm -rf "$packages"
	DEB_BUILD_OPTIONS=nocheck "$job_top/tools/package" deb "$packages" >"$TEST_TMP/build" 2>&1 ||
		bail "no package: $(tail -n 5 "$TEST_TMP/build")"
fi
package=$(package_file)
version=$(dpkg-deb -f "$package" Version)
# Its next versions: the same program, which says another number of as many letters.
next() { # next N: package of version 0.N.0, at $TEST_TMP/next.N.deb
	local tree=$TEST_TMP/tree.$1
	dpkg-deb -R "$package" "$tree"
	sed -i "s/^Version: .*/Version: ${version%%.*}.$1.0/" "$tree/DEBIAN/control"
	sed -i "s/ gt \"${version//./\\.}\";/ gt \"${version%%.*}.$1.0\";/" "$tree/DEBIAN/preinst"
	sed -i "s/${version//./\\.}/${version%%.*}.$1.0/g" "$tree/usr/sbin/kannuki"
	(cd "$tree" && find usr -type f -exec md5sum {} + >DEBIAN/md5sums)
	dpkg-deb --root-owner-group -Zgzip -b "$tree" "$TEST_TMP/next.$1.deb" >/dev/null
}
[ "$version" = 0.1.0 ] || bail "the next versions have to be as long as $version"
next 2
next 3

on() { vps run "$vps_one" "$@"; }
sh_on() { on sh -c "$1"; }
put_package() { vps put "$vps_one" "$1" /root/kannuki.deb 644; }
dpkg_on() { as_admin "$vps_one" dpkg "$@"; } # through the door, as its owner would
installed() { on sh -c 'kannuki --version | head -n 1 | cut -d " " -f 1,2; command -v kannuki; dpkg-query -W -f "\${Status} \${Version}" kannuki 2>/dev/null'; }
is_installed() { # is_installed WORDS VERSION
	is "$1" "kannuki $2"$'\n'"/usr/sbin/kannuki"$'\n'"install ok installed $2" installed
}
# By the file: where the lab is in a root of its own, the name that the kernel gives is one of outside.
filter_program() { on sh -c '[ ! /proc/$(systemctl show -p MainPID --value kannuki-filter.service)/exe -ef /usr/sbin/kannuki ] || echo /usr/sbin/kannuki'; }
kept() { sh_on 'cd / && sha256sum etc/kannuki/policy.conf var/lib/kannuki/txn/*/plan'; }
as_wanted() { # as_wanted WORDS: the doors and what answers, from outside
	ok "$1: the admin gets in" door "$vps_one" -- true
	ok "$1: root's password is refused" refused_root_password "$vps_one" "$job_port"
	answer "$vps_one" "80 $job_port" "$1" "22,80,3000,$job_port"
}

# --- over a single file -------------------------------------------------------------------------------

rented debian12
policy "$vps_one"
put_package "$package"
pending "$vps_one"
not_ok "not installed while the single file's transaction waits" on dpkg -i /root/kannuki.deb
said "  it says what to do first" 'kannuki confirm'
is "  nothing of it is there" "" sh_on 'ls /usr/sbin/kannuki 2>/dev/null'
ok "confirmed all the same" confirm "$vps_one"
sh_on "sed 's/$version/0.9.9/g' /usr/local/sbin/kannuki >/root/newer; cp /usr/local/sbin/kannuki /root/arrived; chmod 755 /root/newer; cp --remove-destination /root/newer /usr/local/sbin/kannuki"
not_ok "not over a newer one" on dpkg -i /root/kannuki.deb
said "  it says which" '0\.9\.9'
on cp --remove-destination /root/arrived /usr/local/sbin/kannuki
before=$(kept)
ok "installed" dpkg_on -i /root/kannuki.deb
said "  it says what it has replaced" '/usr/local/sbin/kannuki is gone'
is_installed "  one program is there, the package's" "$version"
is "  no other" "" sh_on 'ls /usr/local/sbin/kannuki 2>/dev/null'
is "  which watches the packet filter" /usr/sbin/kannuki filter_program
exits "  plan is empty" 0 as_admin "$vps_one" kannuki plan
is "  policy and history are as before" "$before" kept
as_wanted "installed"
vps reboot "$vps_one" >/dev/null
is "rebooted: its program watches the packet filter" /usr/sbin/kannuki filter_program
as_wanted "rebooted"

# --- upgraded -----------------------------------------------------------------------------------------

put_package "$TEST_TMP/next.2.deb"
ok "upgraded while nothing waits" dpkg_on -i /root/kannuki.deb
is_installed "  the new one is there" 0.2.0
is "  policy and history are as before" "$before" kept
exits "  the new program's plan is empty" 0 as_admin "$vps_one" kannuki plan
exits "  a single file of another version plans nothing here: 5" 5 on /root/arrived plan
said "  it says which is installed" '/usr/sbin/kannuki \(0\.2\.0\)'

policy "$vps_one" '[ssh]' 'port = 2022' '[firewall]' 'open = ssh, web'
exits "a new port, applied by the package's program: 4" 4 as_admin "$vps_one" kannuki apply --policy /root/policy.conf --yes --no-wait
is "  it puts nothing beside itself" "" sh_on 'ls /usr/local/sbin/kannuki 2>/dev/null'
not_ok "not removed while that waits" dpkg_on -r kannuki
said "  it says what to do first" 'kannuki undo'
not_ok "nor purged" dpkg_on -P kannuki
exits "  it still waits" 4 as_admin "$vps_one" kannuki status
put_package "$TEST_TMP/next.3.deb"
ok "upgraded while it waits" dpkg_on -i /root/kannuki.deb
exits "  it still waits" 4 as_admin "$vps_one" kannuki status
job_port=2022
ok "  proved to the new program" confirm "$vps_one"
wait_until 20 nothing_under_way "$vps_one"
is_installed "  which is there" 0.3.0
exits "  plan is empty" 0 as_admin "$vps_one" kannuki plan
as_wanted "upgraded"

# --- removed, purged, and back ------------------------------------------------------------------------

before=$(kept)
ok "removed" dpkg_on -r kannuki
said "  it says what stays" '/etc/ssh/sshd_config.d/00-kannuki.conf: '
said "  and how the packet filter goes on" '/etc/kannuki-filter.nft'
is "  policy and history stay" "$before" kept
is "  the packet filter's unit runs without it" "active enabled" sh_on 'echo $(systemctl is-active kannuki-filter) $(systemctl is-enabled kannuki-filter)'
# It flushes every table, also ours, which nobody watches any more.
for act in restart reload 'stop nftables; systemctl start' restart; do
	ok "  systemctl $act nftables" sh_on "systemctl $act nftables"
	ok "    the packet filter is there again" sh_on 'nft list table inet kannuki | grep -q "policy drop"'
done
sh_on 'systemctl stop nftables'
vps reboot "$vps_one" >/dev/null
as_wanted "removed and rebooted"

ok "installed again" dpkg_on -i /root/kannuki.deb
is "  its program watches the packet filter again" /usr/sbin/kannuki filter_program
exits "  plan takes the filter's unit over: 3" 3 as_admin "$vps_one" kannuki plan
exits "  apply does" 0 as_admin "$vps_one" kannuki apply --yes
is "  and nothing of nft's own is left" "" sh_on 'ls /etc/kannuki-filter.nft 2>/dev/null'
exits "  plan is empty" 0 as_admin "$vps_one" kannuki plan

ok "purged" dpkg_on -P kannuki
said "  it says what stays" '/etc/ssh/sshd_config.d/00-kannuki.conf: '
is "  nothing else of it is on the disk" "/etc/kannuki-filter.nft
/etc/ssh/sshd_config.d/00-kannuki.conf
/etc/sysctl.d/60-kannuki.conf
/etc/systemd/system/kannuki-filter.service
/etc/systemd/system/nftables.service.wants/kannuki-filter.service
/etc/systemd/system/sysinit.target.wants/kannuki-filter.service" \
	sh_on 'find / -xdev \( -path /root -o -path /proc -o -path /sys -o -path /run -o -path /tmp \) -prune -o -iname "*kannuki*" -print | sort'
not_ok "  nor below /run" on test -e /run/kannuki
vps reboot "$vps_one" >/dev/null
as_wanted "purged and rebooted"
done_testing
