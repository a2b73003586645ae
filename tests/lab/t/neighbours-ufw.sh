#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# ufw is turned on, or started anew, while a transaction waits. It knows nothing of the new port: confirm says so
# before the old one goes, and nothing of ufw's is lost.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/neighbours.sh"

rules() { sh_on 'iptables -S; ip6tables -S'; }
same_rules() { # same_rules WORDS
	rules >"$TEST_TMP/rules.now"
	same "$1" "$TEST_TMP/rules" "$TEST_TMP/rules.now"
}

# --- it was off ------------------------------------------------------------------------------------------

rented ufw
sh_on 'ufw --force disable >/dev/null; nft flush ruleset'
policy "$vps_one"
remember "$vps_one"
pending "$vps_one" --window "$short_window"
ok "ufw is turned on" on ufw --force enable
ok "  the new port is shut by it" shut_for_all
unconfirmed "ufw was turned on"
like "  it is on still" '^Status: active' on ufw status
sh_on 'ufw --force disable >/dev/null; nft flush ruleset'
is_as_before "$vps_one" "  all else is as before"

pending "$vps_one"
ok "the new door opens, and the login stays" master_begin
ok "ufw is turned on" on ufw --force enable
ok "  the new port is shut by it" shut_for_all
exits "  confirm from that login does not: 5" 5 master_sudo kannuki confirm
said "  it says who shuts it, and how that is turned off" 'ufw \(.*sudo ufw disable'
said "  and what else there is" 'sudo kannuki undo'
ok "  it still waits" under_way "$vps_one"
ok "ufw is turned off" master_sudo ufw disable
exits "  then it does" 0 master_sudo kannuki confirm
master_ends
ok "  the admin gets in" door "$vps_one" -- true
answer "$vps_one" "80 $job_port" "  only what is wanted answers"
vps rm "$vps_one"

# --- it was on, and is replaced ----------------------------------------------------------------------------

rented ufw on
policy "$vps_one"
remember "$vps_one"
rules >"$TEST_TMP/rules"
pending "$vps_one"
ok "ufw is started anew" sh_on 'ufw --force enable; ufw reload; ufw allow 443/tcp; ufw delete allow 443/tcp'
ok "  no door is shut by that: the new one opens" door "$vps_one" -- true
owner_gets_in "$vps_one" "  and the old one"
answer "$vps_one" "22 80 $job_port" "  and Kannuki's table decides"
taken_back "ufw was started anew" 0
same_rules "  its rules are in force, each once"
is_as_before "$vps_one" "  byte for byte as before"

pending "$vps_one"
ok "an admin opens a port by hand" on iptables -I INPUT -p tcp --dport 9999 -j ACCEPT
taken_back "a port opened by hand" 0
like "  it is open still" '^-A INPUT -p tcp .*--dport 9999 -j ACCEPT' on iptables -S INPUT
on iptables -D INPUT -p tcp --dport 9999 -j ACCEPT
same_rules "  ufw's rules are in force, each once"

pending "$vps_one"
ok "the new door opens, and the login stays" master_begin
ok "ufw is started anew" on ufw reload
exits "  confirm from that login puts it out for good" 0 master_sudo kannuki confirm
master_ends
answer "$vps_one" "80 $job_port" "  only what is wanted answers"
ok "  the admin gets in" door "$vps_one" -- true
like "  ufw is off from the next boot on" '^ENABLED=no' on cat /etc/ufw/ufw.conf
exits "  plan is empty" 0 as_admin "$vps_one" kannuki plan
done_testing
