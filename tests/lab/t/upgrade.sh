#!/bin/bash
# SPDX-License-Identifier: MIT
# A confirmed host gets a new openssh-server whose sshd_config is another one: whether the package keeps the
# host's or puts its own in place, the doors stay as they were confirmed.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_way.sh"

rented debian12
policy "$vps_one"
pending "$vps_one"
ok "confirmed" confirm "$vps_one"
vps put "$vps_one" "$lab_root/repack" /root/repack 755
live_begin admin "$vps_one" --key "$job_key" -l "$job_admin" -p "$job_port"

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
	ok "$1: the admin's session lives" live_lives admin
}
mine=$(main_file)
upgrade keeps UCF_FORCE_CONFFOLD=1
is "keeps: sshd_config is still the host's" "$mine" main_file
way_look keeps
exits "keeps: plan is empty" 0 as_admin "$vps_one" kannuki plan
upgrade replaces UCF_FORCE_CONFFNEW=1
like "replaces: sshd_config is the package's" '^# replaces' main_file
way_look replaces
exits "replaces: plan is empty" 0 as_admin "$vps_one" kannuki plan
done_testing
