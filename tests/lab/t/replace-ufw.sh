#!/bin/bash
# SPDX-License-Identifier: MIT
# day 2 of 3
# ufw decided what comes in. It is replaced, said first, with what it lets in and the policy does not.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2034,SC2154 # texts for the VPS; for replace_job.sh; vps_one comes from fresh
. "$(dirname "$0")/../../lib/replace_job.sh"

replace_unit=ufw.service
rented ufw
ok "ufw is on" vps run "$vps_one" sh -c 'ufw allow 22/tcp && ufw allow 80/tcp && ufw allow 60000:60010/udp &&
	ufw limit 2222/tcp && ufw --force enable'
# It may take its time at a boot: nobody is to judge what is in the kernel, or start it anew, before it is done.
vps run "$vps_one" sh -c 'for p in iptables-restore ip6tables-restore; do
	rm /usr/sbin/$p && printf "#!/bin/sh\nsleep 0.1\nexec xtables-nft-multi %s \"\$@\"\n" $p >/usr/sbin/$p && chmod 755 /usr/sbin/$p; done'
vps reboot "$vps_one" >/dev/null
# whoever bans has put its own rules there, at run time
vps run "$vps_one" sh -c 'iptables -N f2b-sshd && iptables -A f2b-sshd -s 203.0.113.99 -j REJECT && iptables -A f2b-sshd -j RETURN &&
	iptables -I INPUT 1 -p tcp --dport 22 -j f2b-sshd'
policy "$vps_one"
replace_plan ufw
said "  names what ufw lets in" '60000-60010/udp \(let in by ufw\)'
said "  limited ones too" '2222/tcp \(let in by ufw\)'
not_said "  not what the policy opens" '80/tcp (let in'
not_said "  nor what ufw has closed already" '3000/tcp'
vps run "$vps_one" sh -c 'iptables -D INPUT -p tcp --dport 22 -j f2b-sshd; iptables -F f2b-sshd; iptables -X f2b-sshd'
replace_job
like "ufw says that it is off" 'Status: inactive' vps run "$vps_one" ufw status
vps run "$vps_one" sh -c 'ufw reload; systemctl restart ufw.service; ufw allow 3000/tcp; ufw delete allow 3000/tcp'
answer "$vps_one" "80 $job_port" "ufw is used without effect"
replace_undo

# --- what of it cannot be replaced ------------------------------------------------------------------

vps run "$vps_one" ufw allow from 203.0.113.7
exits "plan" 3 vps run "$vps_one" /root/kannuki plan --policy /root/policy.conf
said "  names who is let in everywhere" 'all that comes from 203.0.113.7/32 \(ufw\)'
vps run "$vps_one" ufw route allow in on eth0 out on eth0
exits "ufw forwards too: 5" 5 vps run "$vps_one" /root/kannuki plan --policy /root/policy.conf
said "  and which file says so" '/etc/ufw/user.rules also forwards'
vps run "$vps_one" sh -c 'ufw route delete allow in on eth0 out on eth0; printf "*nat\nCOMMIT\n" >>/etc/ufw/before.rules'
exits "ufw translates too: 5" 5 vps run "$vps_one" /root/kannuki plan --policy /root/policy.conf
said "  and which file says so" '/etc/ufw/before.rules also forwards or translates'
done_testing
