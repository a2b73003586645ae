#!/bin/bash
# SPDX-License-Identifier: MIT
# day 0 of 3
# Rules that files keep: iptables-persistent, as Oracle's images have it (its output rules guard the boot
# volume, and stay), then nftables.service with an include, with a table for forwarding beside.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2034,SC2154 # texts for the VPS's shell; for replace_job.sh; vps_one comes from fresh
. "$(dirname "$0")/../../lib/replace_job.sh"

our_table() { vps run "$vps_one" nft list chain inet kannuki input | grep -q dport; }

# --- iptables-persistent ----------------------------------------------------------------------------

replace_unit=netfilter-persistent.service
rented debian12
vps apt "$vps_one" update >/dev/null
vps apt "$vps_one" install --no-install-recommends iptables iptables-persistent >/dev/null
vps run "$vps_one" sh -c 'cat >/etc/iptables/rules.v4' <<'RULES'
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:InstanceServices - [0:0]
-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p icmp -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT
-A INPUT -p tcp -m multiport --dports 80,8443 -j ACCEPT
-A INPUT -j REJECT --reject-with icmp-host-prohibited
-A FORWARD -j REJECT --reject-with icmp-host-prohibited
-A OUTPUT -d 169.254.0.0/16 -j InstanceServices
-A InstanceServices -d 169.254.0.2/32 -p tcp -m owner --uid-owner 0 -m tcp --dport 3260 -j ACCEPT
-A InstanceServices -d 169.254.0.0/16 -p tcp -m tcp -j REJECT --reject-with tcp-reset
COMMIT
RULES
vps run "$vps_one" sh -c 'sed "/InstanceServices/d; s/-p icmp/-p ipv6-icmp/; s/icmp-host-prohibited/icmp6-adm-prohibited/" \
	/etc/iptables/rules.v4 >/etc/iptables/rules.v6; systemctl -q enable netfilter-persistent.service'
vps reboot "$vps_one" >/dev/null
policy "$vps_one"
replace_plan iptables-persistent
said "  names what it lets in" '8443/tcp \(let in by iptables-persistent\)'
replace_job
like "the output rules are in force" 'InstanceServices.*tcp-reset' vps run "$vps_one" iptables -S InstanceServices
like "and so are the forward rules" 'FORWARD.*REJECT' vps run "$vps_one" iptables -S FORWARD
replace_undo
vps rm "$vps_one"

# --- nftables.service -------------------------------------------------------------------------------

replace_unit=nftables.service
rented debian12 nft
vps run "$vps_one" sh -c 'mkdir /etc/nftables.d
	printf "%s\n" "#!/usr/sbin/nft -f" "flush ruleset" "include \"/etc/nftables.d/*.nft\"" >/etc/nftables.conf
	cat >/etc/nftables.d/input.nft; systemctl -q enable nftables.service' <<'RULES'
table inet mine {
	set web { type inet_service; elements = { 80, 443 } }
	chain input {
		type filter hook input priority filter; policy drop;
		ct state established,related accept
		iifname "lo" accept
		icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept
		tcp dport 22 counter accept comment "mine"
		tcp dport @web accept
	}
	chain forward { type filter hook forward priority filter; policy drop; }
}
RULES
policy "$vps_one"
exits "nftables.service is enabled and not started: 5" 5 vps run "$vps_one" /root/kannuki plan --policy /root/policy.conf
said "  and says what to do first" 'systemctl start nftables.service'
vps reboot "$vps_one" >/dev/null
replace_plan nftables.service
said "  what it lets in is not measured" 'what nftables.service lets in was not compared'
replace_job
like "its other chains are in force" 'policy drop' vps run "$vps_one" nft list chain inet mine forward
ok "it reloads" vps run "$vps_one" systemctl reload nftables.service
ok "  our table is back at once" wait_until 3 our_table
answer "$vps_one" "80 $job_port" "reloaded"
ok "it starts anew" vps run "$vps_one" systemctl restart nftables.service
ok "  our table is back at once" wait_until 3 our_table
answer "$vps_one" "80 $job_port" "started anew"
replace_undo

# --- a table that nobody of these has made ------------------------------------------------------------

vps run "$vps_one" nft 'add table ip own; add chain ip own input { type filter hook input priority 0; policy drop; }; add rule ip own input tcp dport 22 accept'
exits "a table of unknown origin beside: 5" 5 vps run "$vps_one" /root/kannuki plan --policy /root/policy.conf
said "  by its name" 'table ip own decides'
done_testing
