#!/bin/bash
# SPDX-License-Identifier: MIT
# day 0 of 3
# A confirmed host gets a new openssh-server whose sshd_config is another one: whether the package keeps the
# host's or puts its own in place, the doors stay as they were confirmed; also where ssh.socket owns the port.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_way.sh"

version() { vps run "$vps_one" dpkg-query -W -f '${Version}' openssh-server; }
main_file() { vps run "$vps_one" cat /etc/ssh/sshd_config; }
upgrade() { # upgrade WORDS SETTING: to a package whose sshd_config lets in all
	local before
	before=$(version)
	ok "$1: a new package, whose sshd_config is another one" vps run "$vps_one" /root/repack openssh-server /srv/archive \
		"printf '# $1\nPasswordAuthentication yes\nPermitRootLogin yes\n' >>usr/share/openssh/sshd_config"
	ok "$1: apt-get upgrade" as_admin "$vps_one" "sh -euc 'options=\$(cat /srv/archive/options)
		apt-get \$options update; DEBIAN_FRONTEND=noninteractive $2 apt-get \$options -y upgrade </dev/null'"
	is "$1: it is upgraded" "$before+repack1" version
	ok "$1: the admin's session lives" live_lives "$kind"
	way_look "$1"
	exits "$1: plan is empty" 0 as_admin "$vps_one" kannuki plan
}
for kind in debian12 socket-gen; do
	rented "$kind" "$kind"
	policy "$vps_one"
	pending "$vps_one"
	ok "$kind: confirmed" confirm "$vps_one"
	vps put "$vps_one" "$lab_root/repack" /root/repack 755
	live_begin "$kind" "$vps_one" --key "$job_key" -l "$job_admin" -p "$job_port"
	mine=$(main_file)
	upgrade "$kind keeps" UCF_FORCE_CONFFOLD=1
	is "$kind keeps: sshd_config is still the host's" "$mine" main_file
	upgrade "$kind replaces" UCF_FORCE_CONFFNEW=1
	like "$kind replaces: sshd_config is the package's" "^# $kind replaces" main_file
	vps reboot "$vps_one" >/dev/null
	way_look "$kind: rebooted"
	exits "$kind: rebooted: plan is empty" 0 as_admin "$vps_one" kannuki plan
done
done_testing
