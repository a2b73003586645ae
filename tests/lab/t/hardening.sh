#!/bin/bash
# SPDX-License-Identifier: MIT
# day 2 of 3
# Section [hardening] where it could hurt: a host of containers that is a VPN's server too, whose packets come in by
# one way and go out by the other. All that worked before works while it waits, confirmed, and after a restart; undo
# brings back every value that the kernel had.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_way.sh"

# Two tunnels to a network behind: answers to 10.99.0.1 go by wg1, what it sends comes by wg0.
vpn() {
	vps run "$vps_one" sh -euc 'ip netns add far
		for i in 0 1; do
			ip link add wg$i type veth peer name far$i netns far
			ip addr add 10.8.$i.1/24 dev wg$i
			ip link set wg$i up
			ip -n far addr add 10.8.$i.2/24 dev far$i
			ip -n far link set far$i up
			[ -z "$0" ] || sysctl -qw net.ipv4.conf.wg$i.rp_filter=$0
		done
		ip -n far link set lo up
		ip -n far addr add 10.99.0.1/32 dev lo
		ip -n far route add default via 10.8.0.1
		ip netns exec far sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.far0.rp_filter=0 net.ipv4.conf.far1.rp_filter=0
		ip route add 10.99.0.0/24 via 10.8.1.2' "$1"
}
from_far() { # from_far ADDRESS PORT: the network behind reaches it
	vps run "$vps_one" ip netns exec far python3 -c 'import socket, sys
socket.create_connection((sys.argv[1], int(sys.argv[2])), 2, ("10.99.0.1", 0))' "$@"
}
from_box() { # the container reaches the outside world
	vps run "$vps_one" ip netns exec box python3 -c 'import socket, sys
socket.create_connection((sys.argv[1], int(sys.argv[2])), 2)' "$@"
}
works() { # works WORDS
	ok "$1: the container gets outside, IPv4" from_box 192.0.2.10 8000
	ok "$1: and IPv6" from_box 2001:db8:2::10 8000
	ok "$1: the network behind the VPN reaches the web server" from_far 10.8.0.1 80
	ok "$1: and the container through this host" from_far 172.17.0.2 80
}
settings() { # what the kernel has, but for what counts or differs at each look
	vps run "$vps_one" sysctl -a 2>/dev/null | grep -E '^(net\.ipv[46]\.(conf|tcp_sync|icmp_)|kernel\.(kptr|dmesg|unpriv|perf_event_par|yama|randomize)|fs\.(prot|suid)|dev\.tty)' |
		grep -vE 'stable_secret|mc_forwarding|\.(far|box)' | sort
}
value() { vps run "$vps_one" sysctl -n "$1"; }

vps outside python3 -m http.server --bind :: 8000 >/dev/null 2>&1 &
trap 'kill %1; lab_cleanup' EXIT
rented docker
vpn 0
vps run "$vps_one" sysctl -qw kernel.kptr_restrict=0 kernel.dmesg_restrict=0 fs.suid_dumpable=2 net.ipv4.conf.default.rp_filter=0 \
	kernel.unprivileged_bpf_disabled=0
vps run "$vps_one" sh -c 'echo "kernel.dmesg_restrict = 0" >/etc/sysctl.d/99-mine.conf
	mkdir -p /lib/modules/$(uname -r)/kernel/net/sctp /lib/modules/$(uname -r)/kernel/fs/hfsplus /lib/modules/$(uname -r)/kernel/fs/overlay'
policy "$vps_one"
settings >"$TEST_TMP/before"
remember "$vps_one"
works before
exits "plan" 3 as_owner "$vps_one" /root/kannuki plan --policy /root/policy.conf
said "the kernel's settings are one line" '^ *[0-9]+\. kernel: [0-9]+ settings'
said "each is in the difference" '^\+kernel.kptr_restrict = 1'
said "and so is what sshd gets" '^\+MaxAuthTries 4'
said "what somebody says later is named and stays" '99-mine.conf:1 sets kernel.dmesg_restrict = 0'

pending "$vps_one"
is "pending: it is live" 1 value kernel.kptr_restrict
is "pending: the VPN's interfaces are loose" 2 value net.ipv4.conf.wg0.rp_filter
is "pending: what somebody wants is left" 0 value kernel.dmesg_restrict
is "pending: forwarding stays" 1 value net.ipv4.ip_forward
is "pending: a module of nobody's cannot be loaded" "install hfsplus /bin/false" \
	vps run "$vps_one" grep hfsplus /etc/modprobe.d/kannuki.conf
not_ok "but overlay can" vps run "$vps_one" grep -rq overlay /etc/modprobe.d/kannuki.conf
works pending
exits "undo" 0 as_owner "$vps_one" /usr/local/sbin/kannuki undo --yes
settings >"$TEST_TMP/after"
same "undone: every value of the kernel is back" "$TEST_TMP/before" "$TEST_TMP/after"
is_as_before "$vps_one" "undone: byte for byte as before"
works undone

pending "$vps_one"
ok "confirm" confirm "$vps_one"
works confirmed
is "sshd has no weak MAC" "" vps run "$vps_one" sh -c "sshd -T | grep -E '^macs .*(sha1|umac-64)' || true"
is "and four tries" "maxauthtries 4" vps run "$vps_one" sh -c "sshd -T | grep maxauthtries"
for client in "MACs=hmac-sha2-256 Ciphers=aes128-ctr KexAlgorithms=diffie-hellman-group-exchange-sha256" \
	"MACs=hmac-sha2-512 Ciphers=aes256-ctr KexAlgorithms=ecdh-sha2-nistp256 HostKeyAlgorithms=ecdsa-sha2-nistp256" \
	"HostKeyAlgorithms=rsa-sha2-256"; do
	options=()
	for one in $client; do options+=(-o "$one"); done
	ok "who knows only $client gets in" door "$vps_one" "${options[@]}" -- true
done
exits "a client with hmac-sha1 alone does not" 255 door "$vps_one" -o MACs=hmac-sha1 -o Ciphers=aes128-ctr -- true
exits "plan is empty" 0 as_admin "$vps_one" kannuki plan
vps reboot "$vps_one" >/dev/null
vpn "" # (a tunnel of today has what conf/default says)
is "rebooted: the kernel's settings are there" 1 value kernel.kptr_restrict
is "rebooted: an interface of now" 0 value net.ipv4.conf.eth0.accept_redirects
works rebooted
exits "rebooted: plan is empty" 0 as_admin "$vps_one" kannuki plan
vps run "$vps_one" sysctl -qw net.ipv4.conf.all.accept_redirects=1 kernel.kptr_restrict=0
exits "somebody changes two: the plan sees it" 3 as_admin "$vps_one" kannuki plan
exits "apply puts them right, and asks for no proof" 0 as_admin "$vps_one" kannuki apply --yes
is "and they are" 1 value kernel.kptr_restrict
done_testing
