#!/bin/bash
# SPDX-License-Identifier: MIT
# day 2 of 3
# Each control once against a planted fault: on a VPS that was confirmed something is put wrong; plan
# says so and names the place, apply puts it right, with a new proof where a door is concerned, and
# then plan is empty again.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

rented cloud
one=$vps_one
on() { vps run "$one" "$@"; }
sh_on() { on sh -c "$1"; }
plan() { on kannuki plan; }
put_right() { # as root; when it is pending, a new login through the door proves it
	local status=0
	on kannuki apply --yes --no-wait || status=$?
	[ "$status" != 4 ] || { as_admin "$one" kannuki confirm && status=0; }
	return "$status"
}
decided_by() { # decided_by KEYWORD: the files and lines, as facts have them
	on kannuki facts --format json | python3 -c 'import json, sys
for view in json.load(sys.stdin)["sshd"]["views"]:
    setting = view["settings"].get(sys.argv[1], {})
    print("%s:%s" % (setting.get("file"), setting.get("line")))' "$1"
}
drift() { # drift WORDS PLANT REGEX-IN-PLAN [KEYWORD PLACE]
	sh_on "$2"
	exits "$1: plan ends with 3" 3 plan
	said "  and says what it does about it" "$3"
	[ -z "${4:-}" ] || like "  facts name the place" "^$5\$" decided_by "$4"
	exits "  apply puts it right" 0 put_right
	exits "  and plan is empty" 0 plan
	ok "  the admin gets in" door "$one" -- true
}

policy "$one"
pending "$one"
exits "confirmed" 0 confirm "$one"
exits "plan is empty" 0 plan

# --- the program, the policy, cloud-init --------------------------------------------------------------

exits "the program is gone: the one at hand plans" 3 sh_on 'rm /usr/local/sbin/kannuki; /root/kannuki plan'
said "  that it is installed again" 'install this program as /usr/local/sbin/kannuki'
exits "  and does it" 0 sh_on '/root/kannuki apply --yes --no-wait'
exits "  plan is empty" 0 plan
drift "the policy on the host was changed" \
	"sed -i 's/^open = .*/open = ssh, web, 8080\\/tcp/' /etc/kannuki/policy.conf" 'packet filter'
sh_on "sed -i 's/^open = .*/open = ssh, web/' /etc/kannuki/policy.conf"
exits "  and back" 0 put_right
drift "cloud-init's file is gone" 'rm /etc/cloud/cloud.cfg.d/99-kannuki.cfg' 'tell cloud-init'
drift "cloud-init's file says yes" 'echo "ssh_pwauth: true" >/etc/cloud/cloud.cfg.d/99-kannuki.cfg' 'tell cloud-init'

drift "a setting of the kernel was turned back" 'sysctl -qw net.ipv4.conf.all.accept_redirects=1' 'kernel: 1 settings'

# --- the admin ----------------------------------------------------------------------------------------

drift "the admin is out of the group" "gpasswd -d $job_admin sudo" "put the user $job_admin in the group sudo"
drift "the key is gone" ": >/home/$job_admin/.ssh/authorized_keys" "store $job_admin's public keys"
drift "the key has options in front" \
	"sed -i 's/^ssh/command=\"false\" ssh/' /home/$job_admin/.ssh/authorized_keys" "store $job_admin's public keys"
drift "the key's file may be written by all" "chmod 666 /home/$job_admin/.ssh/authorized_keys" \
	"store $job_admin's public keys"
drift "the key's file is somebody else's" "chown nobody /home/$job_admin/.ssh/authorized_keys" \
	"store $job_admin's public keys"
drift "its folder may be written by the group" "chmod 775 /home/$job_admin/.ssh" "store $job_admin's public keys"

# --- sshd ---------------------------------------------------------------------------------------------

# Comments in EUC-JP and Shift_JIS, of the owner's own hand, stay to the byte in what is written anew.
main=/etc/ssh/sshd_config keys=/home/$job_admin/.ssh/authorized_keys
sh_on "printf '# \264\311\315\375\n' >/root/euc; printf '# \212\277\212\304\n' >/root/sjis; cat /root/euc >>$main; cp $main /root/main"
drift "the key is gone, beside a comment in Shift_JIS" "cat /root/sjis >$keys" "store $job_admin's public keys"
ok "  the comment is still there" sh_on "LC_ALL=C grep -qxFf /root/sjis $keys"
# In a file that is read before ours, so that ours moves to the top of the main file; then there.
first=/etc/ssh/sshd_config.d/00-aaa.conf
drift "PasswordAuthentication yes, in a file read first" \
	"echo 'PasswordAuthentication yes' >$first; systemctl reload ssh" \
	"now decided by $first:1" passwordauthentication "$first:1"
sh_on "rm -f $first; systemctl reload ssh"
ok "  the main file has our block, and else what it had, with a comment in EUC-JP" \
	sh_on "! cmp -s $main /root/main && sed '/kannuki/,/kannuki/d' $main | cmp - /root/main"
above() { # above LINE: at the very top
	echo "sed -i '1i $1' /etc/ssh/sshd_config; systemctl reload ssh"
}
decides="now decided by /etc/ssh/sshd_config:1"
drift "PermitRootLogin yes at the top" "$(above 'PermitRootLogin yes')" "$decides" \
	permitrootlogin /etc/ssh/sshd_config:1
drift "KbdInteractiveAuthentication yes at the top" "$(above 'KbdInteractiveAuthentication yes')" "$decides" \
	kbdinteractiveauthentication /etc/ssh/sshd_config:1
drift "PubkeyAuthentication no at the top" "$(above 'PubkeyAuthentication no')" "$decides" \
	pubkeyauthentication /etc/ssh/sshd_config:1
drift "a second port" "$(above 'Port 2222')" 'sshd listen on port 22022 only'
drift "our file is gone" 'rm -f /etc/ssh/sshd_config.d/00-kannuki.conf; sed -i "/kannuki/,/kannuki/d" /etc/ssh/sshd_config
	systemctl reload ssh; nft add element inet kannuki ssh_ports "{ 22 }"' 'let sshd listen on port 22022'

exits "AllowUsers at the top names root alone: plan ends with 5" 5 \
	sh_on "$(above 'AllowUsers root'); kannuki plan"
said "  and names the line" '^/etc/ssh/sshd_config:1: allowusers root: '
ok "  which does keep the admin outside" refused_key "$job_admin" "$job_port" "$job_key" "$one"
exits "  without it plan is empty" 0 sh_on 'sed -i 1d /etc/ssh/sshd_config; systemctl reload ssh; kannuki plan'
ok "  and the admin gets in" door "$one" -- true
sh_on "printf 'Match Address 192.0.2.0/24\n\tPasswordAuthentication yes\n' >>/etc/ssh/sshd_config; systemctl reload ssh"
exits "a Match lets passwords in again: no plan can end what others wrote" 0 plan
said "  but it names the line" '^.*/etc/ssh/sshd_config:[0-9]+: PasswordAuthentication yes'
like "  and audit says F" '^Grade F' on kannuki audit
like "  by that line" 'passwordauthentication yes \(/etc/ssh/sshd_config:[0-9]+\)|/etc/ssh/sshd_config:[0-9]+' on kannuki audit door.password door.exceptions
sh_on "sed -i '/^Match Address/,\$d' /etc/ssh/sshd_config; systemctl reload ssh"
sh_on "echo '$job_admin ALL=(ALL) !ALL' >/etc/sudoers.d/zz-slip; chmod 440 /etc/sudoers.d/zz-slip"
exits "a line of sudoers takes all rights: plan ends with 5" 5 plan
said "  and says so" 'sudo lets user'
sh_on 'rm /etc/sudoers.d/zz-slip'
exits "  without it plan is empty" 0 plan

# --- the packet filter ----------------------------------------------------------------------------------

on systemd-run -q --unit=database python3 -m http.server --bind :: 6379
like "audit knows that our filter lets no database in" 'verdict +passed' on kannuki audit service.databases
sh_on 'nft add element inet kannuki tcp_open "{ 6379 }"'
like "  and does not guess once somebody was at our table" 'verdict +not measured' on kannuki audit service.databases
sh_on 'nft delete element inet kannuki tcp_open "{ 6379 }"; systemctl stop database'
drift "a rule was put in" 'nft insert rule inet kannuki input tcp dport 3000 accept' 'packet filter'
drift "a port was added to the set" 'nft add element inet kannuki tcp_open "{ 3000 }"' 'packet filter'
drift "the table is gone, with what watches it" 'systemctl stop kannuki-filter; nft delete table inet kannuki || true' \
	'packet filter'
drift "the unit is not enabled" 'systemctl disable -q kannuki-filter' 'load the packet filter at boot'
drift "the stored form differs" 'sed -i "s/22022/22/" /etc/kannuki/filter.json' 'store the packet filter'
answer "$one" "80 $job_port" "in the end"
done_testing
