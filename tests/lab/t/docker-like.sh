#!/bin/bash
# SPDX-License-Identifier: MIT
# day 0 of 3
# What containers publish by DNAT never meets INPUT (trap 28): it is closed unless the policy opens it, said
# first in the plan, over both families; and nothing else that is forwarded is touched.
# shellcheck source=/dev/null
# shellcheck disable=SC2034,SC2154 # job_ports is main_job.sh's; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"
. "$(dirname "$0")/../../lib/docker_like.sh"

rented docker
one=$vps_one
docker_like_up "$one"
policy "$one" '[ssh]' "port = $job_port" '[firewall]' 'open = ssh, web, 8081/tcp'
vps run "$one" sh -c 'sed "s/, 8081.tcp//" /root/policy.conf >/root/less.conf'
answer "$one" "22 80 3000 8080 8081" "before"
their_rules() { vps run "$one" sh -c 'nft -s list ruleset | sed "/^table inet kannuki/,/^}/d"'; }
from_box() { # from_box FAMILY-ADDRESS PORT: the container reaches it
	vps run "$one" ip netns exec box python3 -c 'import socket, sys
socket.create_connection((sys.argv[1], int(sys.argv[2])), 2)' "$@"
}
outward() { # outward WORDS: the container gets out, to the host, and to what is published
	ok "$1: the container gets outside, IPv4" from_box 192.0.2.10 8000
	ok "$1: and IPv6" from_box 2001:db8:2::10 8000
	ok "$1: it reaches what is published, by the outer address" from_box "$(vps addr "$one" 4)" 8080
}
vps outside python3 -m http.server --bind :: 8000 >/dev/null 2>&1 &
server=$!
their_rules >"$TEST_TMP/theirs"
remember "$one"
outward "before"

exits "plan" 3 vps run "$one" /root/kannuki plan --policy /root/policy.conf
said "  names what a table of nft publishes" '8080/tcp \(published by table ip published\)'
said "  over IPv6 too" '8080/tcp \(published by table ip6 published\)'
not_said "  not what is opened" '8081/tcp (published'
not_said "  nor what is published inside only" '8082/tcp'
is "facts have them for programs" "8080 8081" sh -c "vps run '$one' /root/kannuki facts --format json |
	python3 -c 'import json, sys; print(*sorted({p[\"from\"] for p in json.load(sys.stdin)[\"filter\"][\"published\"]}))'"
exits "plan that opens less" 3 vps run "$one" /root/kannuki plan --policy /root/less.conf
said "  names what iptables publishes" '8081/tcp \(published by table ip nat\)'
said "  over IPv6 too" '8081/tcp \(published by table ip6 nat\)'

pending "$one"
answer "$one" "22 80 8081 $job_port" "pending: only what is opened"
outward "pending"
ok "undone" vps run "$one" /root/kannuki undo
is_as_before "$one" "undone: byte for byte as before"
answer "$one" "22 80 3000 8080 8081" "undone"

pending "$one"
ok "confirmed" confirm "$one"
answer "$one" "80 8081 $job_port" "confirmed"
their_rules >"$TEST_TMP/theirs.now"
same "the rules of others are as they were" "$TEST_TMP/theirs" "$TEST_TMP/theirs.now"
exits "open 8080/tcp" 0 as_admin "$one" kannuki open --yes 8080/tcp
not_said "  what is open already is not said to close" 8081
answer "$one" "80 8080 8081 $job_port" "opened by its outer port"
exits "close 8081/tcp" 0 as_admin "$one" kannuki close --yes 8081/tcp
answer "$one" "80 8080 $job_port" "closed"
vps reboot "$one" >/dev/null
docker_like_up "$one"
answer "$one" "80 8080 $job_port" "rebooted"
outward "rebooted"
exits "plan is empty" 0 as_admin "$one" kannuki plan
ok "the stored filter is damaged" vps run "$one" sh -c 'echo "{" >/etc/kannuki/filter.json; sync'
vps reboot "$one" >/dev/null
docker_like_up "$one"
answer "$one" "$job_port" "then nothing that is published answers either"
kill "$server"

# A published port is no place for sshd: nobody would come to it.
exits "SSH at a published port: 2" 2 vps run "$one" sh -c "sed 's/^port = .*/port = 8080/' /root/policy.conf >/root/taken.conf
	/root/kannuki plan --policy /root/taken.conf"
said "  says who has it" '8080.*table ip'
done_testing
