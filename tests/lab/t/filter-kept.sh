#!/bin/bash
# SPDX-License-Identifier: MIT
# Once confirmed the packet filter stays, whoever takes it away: flush ruleset, nftables.service in
# all its jobs and at boot. And a stored filter that was damaged locks nobody out (traps 25, 31, 32).
# shellcheck source=/dev/null
# shellcheck disable=SC2154 # vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

table_is_there() { vps run "$one" nft list chain inet kannuki input | grep -q 'ct state established'; }
no_table() { ! table_is_there; }
comes_back() { # comes_back WORDS CMD...: what takes the table away, and that it is back soon
	ok "$1" vps run "$one" "${@:2}"
	ok "  the table is back" wait_until 5 table_is_there
	answer "$one" "80 $job_port" "  and what answers is as before"
	ok "  the admin gets in" door "$one" -- true
}

rented debian12
one=$vps_one
policy "$one"
pending "$one"
ok "confirmed" confirm "$one"
answer "$one" "80 $job_port" "confirmed"

comes_back "somebody flushes the ruleset" nft flush ruleset
comes_back "somebody deletes the table" nft delete table inet kannuki
comes_back "somebody flushes the table: all would be dropped" nft flush table inet kannuki
comes_back "somebody flushes the chain" nft flush chain inet kannuki input
comes_back "nftables.service starts" systemctl start nftables.service
comes_back "it restarts" systemctl restart nftables.service
comes_back "it reloads" systemctl reload nftables.service
comes_back "it stops" systemctl stop nftables.service
comes_back "our own process is killed, and then the ruleset flushed" \
	sh -c 'systemctl kill -s KILL kannuki-filter.service; nft flush ruleset'
ok "nftables.service is there at boot too" vps run "$one" systemctl enable nftables.service
vps reboot "$one" >/dev/null
answer "$one" "80 $job_port" "rebooted with it"
ok "its rules are loaded too" vps run "$one" nft list table inet filter

# --- the stored filter is damaged: SSH is let in where sshd will listen, nothing else -----------------

ok "the stored filter is damaged" vps run "$one" sh -c 'echo "{" >/etc/kannuki/filter.json; sync'
vps reboot "$one" >/dev/null
answer "$one" "$job_port" "rebooted with a damaged one: SSH only"
ok "the admin gets in, IPv4" door "$one" -4 -- true
ok "and IPv6" door "$one" -6 -- true
like "the unit says why" 'only SSH, ping and answers' vps run "$one" journalctl -q -b --no-pager -u kannuki-filter.service
exits "plan sees it" 3 as_admin "$one" kannuki plan
done_testing
