#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# high-port.sh: a port of SSH in the range of outgoing connections is reserved while it is used, and
# the reservation goes with the transaction.
# shellcheck disable=SC2154 # vps_one comes from fresh
# shellcheck source=/dev/null
. "$(dirname "$0")/../../lib/lab.sh"

port=47022
kannuki=${KANNUKI_BUILD:-$lab_root/../../build}/kannuki
reserved() { vps run "$vps_one" sysctl -n net.ipv4.ip_local_reserved_ports; }
put_policy() { # put_policy PORT
	printf '[admin]\nuser = taro\nkey = %s\n\n[ssh]\nport = %s\n' "$(cat "$TEST_TMP/id.pub")" "$1" >"$TEST_TMP/policy.conf"
	vps put "$vps_one" "$TEST_TMP/policy.conf" /root/policy.conf 600
}
apply() { as_root_password "$vps_one" ./kannuki apply --policy policy.conf --yes --no-wait --password-stdin <<<"a-long-password"; }

fresh debian12
ssh-keygen -q -t ed25519 -N '' -f "$TEST_TMP/id"
vps put "$vps_one" "$kannuki" /root/kannuki 755

put_policy 22022
not_ok "a port below the range needs no reservation" bash -c \
	"vps ssh '$vps_one' -- ./kannuki plan --policy policy.conf | grep -q 'reserve port'"

put_policy $port
like "the plan says that it reserves the port" "reserve port $port for sshd" \
	as_root_password "$vps_one" ./kannuki plan --policy policy.conf
vps run "$vps_one" sysctl -q -w net.ipv4.ip_local_reserved_ports=47021,50000 # somebody else's
exits "apply is pending" 4 apply
is "the kernel reserves it beside what was reserved" 47021-47022,50000 reserved
like "a boot will, too" '^net.ipv4.ip_local_reserved_ports = 47021-47022,50000$' \
	vps run "$vps_one" cat /etc/sysctl.d/60-kannuki-ports.conf
ok "the door at that port works" as_key taro $port "$TEST_TMP/id" "$vps_one" true
exits "undo" 0 as_root_password "$vps_one" ./kannuki undo --yes
is "undo gives the former list back" 47021,50000 reserved
not_ok "and takes the file away" vps run "$vps_one" test -e /etc/sysctl.d/60-kannuki-ports.conf
done_testing
