#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# Who else is there: other owners of the packet filter are refused by name before anything changes; those
# that only flush it are not (filter-kept.sh shows that ours stays). Where ssh.socket owns SSH's port, that
# port stays.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2034,SC2154 # job_port is main_job.sh's; texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

rented debian12
one=$vps_one
on() { vps run "$one" "$@"; }
sh_on() { vps run "$one" sh -c "$1"; }
install_in() { vps apt "$one" install --no-install-recommends "$@"; }
plans() { on /root/kannuki plan --policy /root/policy.conf; }
refused() { # refused WHO COMMAND: the plan names the other owner, and how to turn it off
	ok "$1: root still logs in" as_root_password "$one" true
	exits "$1: 5" 5 plans
	said "  by its name" "$1"
	said "  and how to turn it off" "$2"
	not_ok "  and nothing of ours is there" on nft list table inet kannuki
}
welcome() { exits "$1: 3, as without it" 3 plans; }
policy "$one"
welcome "nobody else"
ok "the package lists" vps apt "$one" update

# --- each of the others -----------------------------------------------------------------------------

sh_on 'nft -f - <<T
table inet mine { chain input { type filter hook input priority 0; policy drop; ct state established,related accept
	iifname "lo" accept; icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept; tcp dport { 22, 80 } accept; }
}
T'
refused "table inet mine" 'nft delete table inet mine'
on nft delete table inet mine
sh_on 'nft -f - <<T
table ip last { chain input { type filter hook input priority 0; ct state established,related accept
	iifname "lo" accept; tcp dport { 22, 80 } accept; counter reject with icmp type host-prohibited; }
}
T'
refused "table ip last" 'nft delete table ip last'
on nft delete table ip last
sh_on 'nft "add table ip some; add chain ip some input { type filter hook input priority 0; }; add rule ip some input tcp dport 9999 drop"'
welcome "a table that denies one port only"
on nft delete table ip some
welcome "that table is gone"

ok "firewalld is installed" install_in firewalld
ok "and runs" sh_on 'systemctl -q enable --now firewalld.service && firewall-cmd -q --permanent --add-port=80/tcp && firewall-cmd -q --reload'
exits "firewalld: 3, it is replaced" 3 plans
said "  and the plan begins with it" '^  - firewalld \('
ok "it holds a rule that is in no file" on firewall-cmd -q --add-port=81/tcp
refused firewalld 'firewall-cmd --runtime-to-permanent'
ok "which goes" on firewall-cmd -q --reload
sh_on 'printf "[Service]\nExecStart=sleep infinity\n" >/run/systemd/system/docker.service; systemctl start docker.service'
refused firewalld 'docker.service has put rules of its own'
sh_on 'systemctl stop docker.service; rm /run/systemd/system/docker.service; systemctl daemon-reload'
remember "$one"
firewalld_rules() { on sh -c 'nft -s list table inet firewalld'; }
firewalld_rules >"$TEST_TMP/firewalld"
job_ports=22,80,3000,$job_port
pending "$one"
answer "$one" "22 80 $job_port" "firewalld is stopped, pending"
ok "undone" on /root/kannuki undo
firewalld_rules >"$TEST_TMP/firewalld.now"
same "firewalld has its rules" "$TEST_TMP/firewalld" "$TEST_TMP/firewalld.now"
is_as_before "$one" "undone: byte for byte as before"
pending "$one"
ok "confirmed" confirm "$one"
vps reboot "$one" >/dev/null
answer "$one" "80 $job_port" "confirmed and rebooted"
exits "plan is empty" 0 as_admin "$one" kannuki plan
exits "undo of what is confirmed: 4" 4 as_admin "$one" kannuki undo --yes --no-wait
ok "proved at the former door" as_root_password "$one" /usr/local/sbin/kannuki confirm
vps reboot "$one" >/dev/null
ok "firewalld is up" wait_until 20 vps run "$one" firewall-cmd --state
is_as_before "$one" "undone and rebooted: byte for byte as before"
ok "firewalld goes" sh_on 'systemctl -q disable --now firewalld.service'
welcome "firewalld, disabled"

sh_on 'printf "#!/usr/sbin/nft -f\nflush ruleset\ntable inet filter { chain input { type filter hook input priority 0; }\n}\n" >/etc/nftables.conf
	systemctl -q enable --now nftables.service'
welcome "nftables.service that only flushes, as Debian ships it"

# --- ssh.socket, as on Ubuntu since 22.10 -------------------------------------------------------------

rented cloud socket
one=$vps_one
sh_on 'systemctl -q disable --now ssh.service; systemctl -q enable --now ssh.socket'
policy "$one"
ok "root logs in through the socket" as_root_password "$one" true
policy "$one" '[firewall]' 'open = ssh, web'
remember "$one"
pending "$one" --window 30s
job_port=22
ok "the admin logs in through the socket" door "$one" -- true
ok "nobody confirms" ended "$one" 50
is_as_before "$one"
owner_gets_in "$one" "undone"
pending "$one"
ok "confirmed through the socket, which is not the daemon's own listener" confirm "$one"
vps reboot "$one" >/dev/null
ok "rebooted: the admin's key opens" door "$one" -- true
ok "root's password is refused" refused_root_password "$one"
is "only keys are offered" publickey offered_methods "$one" 22 nobody-here 4
answer "$one" "22 80" "rebooted"
exits "and the plan is empty" 0 as_admin "$one" kannuki plan
done_testing
