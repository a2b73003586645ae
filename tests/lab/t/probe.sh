#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# probe.sh: the outside view of a host is what nmap, ssh and its own files say.
# shellcheck disable=SC2016,SC2154 # a text for the VPS; vps_one comes from fresh
# shellcheck source=/dev/null
. "$(dirname "$0")/../../lib/workstation.sh"

rented cloud
address=$(vps addr "$vps_one" 4)
probe() { ws ./kannuki probe "$@"; }
field() { python3 -c "import json, sys; p = json.load(open('$TEST_TMP/probe')); print($1)"; }
take() { probe "$@" --format json >"$TEST_TMP/probe"; }
asked=$(python3 -c 'import re, sys; print(",".join(re.findall(r"\{ (\d+), \"", sys.stdin.read())))' <"$job_top/src/remote/probe.c")

take "$address"
is "open over IPv4 is what nmap finds" "$(ports_only "$vps_one" 4 "$asked" | sort -n | xargs)" \
	field '*[x["port"] for x in p["ports"] if x["ipv4"] == "open"]'
is "of an address there is one family" "{None}" field '{x["ipv6"] for x in p["ports"]}'
is "root may try what ssh is offered" "$(offered_methods "$vps_one" 22 root 4)" field 'p["ssh"][0]["root"]'
is "and others" "$(offered_methods "$vps_one" 22 nobody-here 4)" field 'p["ssh"][0]["others"]'
is "the host keys are its own" "$(vps run "$vps_one" sh -c 'for t in rsa ecdsa ed25519; do ssh-keygen -lf "/etc/ssh/ssh_host_${t}_key.pub"; done' | cut -d ' ' -f 2 | sort | xargs)" \
	field '*sorted(k["sha256"] for k in p["ssh"][0]["host_keys"])'
is "Debian's sshd offers weak MACs" True field 'any("sha1" in x for x in p["ssh"][0]["weak"])'
vps run "$vps_one" sh -c 'printf "MACs hmac-sha2-256\nKexAlgorithms curve25519-sha256\nPort 22\nPort 2022\n" >/etc/ssh/sshd_config.d/x.conf; systemctl restart ssh'
take "$(vps addr "$vps_one" 6)"
is "what was taken out is not named any more" "[]" field 'p["ssh"][0]["weak"]'
is "over IPv6 too" "22 80 2022 3000" field '*[x["port"] for x in p["ports"] if x["ipv6"] == "open"]'
is "every SSH server is asked" "22 2022" field '*[s["port"] for s in p["ssh"]]'
vps provider "$vps_one" on
vps provider "$vps_one" open 22/tcp
take "$address"
is "a provider's filter is silence" "silent" field '[x["ipv4"] for x in p["ports"] if x["port"] == 80][0]'
vps provider "$vps_one" off
take "$address"
is "without it a shut port refuses" "refused" field '[x["ipv4"] for x in p["ports"] if x["port"] == 443][0]'
ws_policy '[ssh]' 'port = 31022' '[firewall]' 'open = ssh, 31080/tcp'
take "$address" --policy policy.conf
is "a policy's ports are asked too" "31022 31080" field '*[x["port"] for x in p["ports"] if x["port"] in (31022, 31080)]'
like "in words" "^  22 +open +- +SSH-2.0-OpenSSH" probe "$address"
like "in Japanese" "^ここから見た$address" env WS_LANG=ja_JP.UTF-8 "$TEST_TMP/ws" ./kannuki probe "$address"
exits "a name that nobody knows" 2 probe no-such-host.invalid
said "is told" "no address is known by that name"
is "nobody has logged in" 0 sh -c "vps run '$vps_one' journalctl -q -u ssh --grep Accepted | wc -l"
done_testing
