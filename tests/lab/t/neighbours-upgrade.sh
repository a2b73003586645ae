#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# openssh-server is upgraded by apt while a transaction waits, with a sshd_config that lets in all: the package keeps
# the host's file, or puts its own in place, and starts sshd anew. (Once confirmed: upgrade.sh.)
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/neighbours.sh"

ssh_files() { sh_on 'cd /etc/ssh && for f in sshd_config $(ls -A sshd_config.d/*); do echo "$f"; cat "$f"; done'; }
upgrade() { # upgrade WORDS SETTING
	ok "$1: a new package, whose sshd_config is another one" on /root/repack openssh-server /srv/archive \
		"printf '# $1\nPasswordAuthentication yes\nPermitRootLogin yes\n' >>usr/share/openssh/sshd_config"
	ok "$1: apt-get upgrade" sh_on "options=\$(cat /srv/archive/options)
		apt-get \$options update; DEBIAN_FRONTEND=noninteractive $2 apt-get \$options -y upgrade </dev/null"
	owner_gets_in "$vps_one" "$1: at the old port"
	ok "$1: the admin at the new one" door "$vps_one" -- true
	ok "$1: root's password is refused there" refused_root_password "$vps_one" "$job_port"
}
for kind in debian12 debian13; do
	waits "$kind" "$kind"
	vps put "$vps_one" "$lab_root/repack" /root/repack 755
	before=$(ssh_files)
	pending "$vps_one"
	upgrade "$kind keeps" UCF_FORCE_CONFFOLD=1
	taken_back "$kind keeps" 0
	is "$kind keeps: sshd's files are as before" "$before" ssh_files
	pending "$vps_one"
	upgrade "$kind replaces" UCF_FORCE_CONFFNEW=1
	like "$kind replaces: sshd_config is the package's" "^# $kind replaces" on cat /etc/ssh/sshd_config
	confirmed_as_wanted "$kind replaces"
	vps rm "$vps_one"
done
done_testing
