#!/bin/bash
# SPDX-License-Identifier: MIT
# sources: [ssh] allow-from tells the person who is somewhere else, or whose address will change, in the
# plan already; and what it lets nobody in by is refused. (That the filter and confirm keep to it: forms.)
# shellcheck source=/dev/null
# shellcheck disable=SC2154 # vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

here4=$(vps addr outside 4) here6=$(vps addr outside 6) elsewhere4=$(vps addr elsewhere 4)
rented debian12
one=$vps_one
sources() { policy "$one" '[ssh]' "port = $job_port" "allow-from = $1" '[firewall]' 'open = ssh, web'; }
plan_from() { vps ssh "$one" -b "$1" -- "${LANG_OF:+env LANG=$LANG_OF }./kannuki plan --policy policy.conf"; }
unsaid() { if grep -qE -- "$2" <<<"$output"; then fail "$1" "$output"; else pass "$1"; fi; }

sources 192.0.2.0/24
exits "plan from inside: would change" 3 plan_from "$here4"
unsaid "  without a word about addresses" 'outside|the address you have|your network'
exits "plan from outside of allow-from" 3 plan_from "$elsewhere4"
said "  says from where, and what comes of it" 'connected from 203\.0\.113\.10, which is outside of \[ssh\] allow-from'
LANG_OF=ja_JP.UTF-8 exits "the same in Japanese" 3 plan_from "$elsewhere4"
said "  in words of Japanese" '203\.0\.113\.10.*allow-from.*範囲外'
exits "plan over IPv6, which IPv4 sources leave out" 3 vps ssh "$one" -6 -b "$here6" -- ./kannuki plan --policy policy.conf
said "  says so too" 'connected from 2001:db8:2::10, which is outside'

sources "$here4"
exits "allow-from is just one's own address" 3 plan_from "$here4"
said "  it may change" 'just the address you have now'
sources "$here6"
exits "one's own address over IPv6" 3 vps ssh "$one" -6 -b "$here6" -- ./kannuki plan --policy policy.conf
said "  the network is named" '2001:db8:2::/64 is your network'
sources 127.0.0.1
exits "addresses that nobody comes from: refused" 2 plan_from "$here4"
said "  with file and line" 'policy\.conf:[0-9]+: \[ssh\] allow-from: nobody can come from there'

# Who applies from outside is told, keeps this connection, and confirms from inside.
sources 192.0.2.0/24
live_begin stays "$one" -b "$elsewhere4"
exits "apply from outside: pending" 4 apply_from "$one" -b "$elsewhere4" -- --no-wait
said "  warned before" '203\.0\.113\.10, which is outside'
ok "  the connection from there stays" live_lives stays
not_ok "  no new one from there at the new door" door "$one" -b "$elsewhere4" -o ConnectTimeout=3 -- true
exits "confirmed from inside" 0 confirm "$one"
exits "  plan is empty" 0 as_admin "$one" kannuki plan
done_testing
