#!/bin/bash
# SPDX-License-Identifier: MIT
# day 2 of 3
# Somebody else comes exactly between two steps of apply, or of what follows the confirmation.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/cuts.sh"
. "$(dirname "$0")/../../lib/neighbours.sh"

go_on() { sh_on 'kill -USR1 "$(cat /run/stopped)"; rm -f /run/stopped; rm -rf /run/systemd/system/kannuki-*.d'; }
after_step() { # after_step NUMBER WORDS CMD STATUS: apply stops there, CMD comes, apply goes on and ends with STATUS
	local status=0
	stop_applying "$vps_one" 'done' "$1"
	ok "after step $1: $2" stopped "$vps_one"
	ok "  it comes" sh_on "$3"
	go_on
	wait "$cut_client" || status=$?
	is "  apply ends with $4" "$4" echo "$status"
}
main=/etc/ssh/sshd_config
cut_vps debian12 a
cut_steps "$vps_one"
sh_on "cp -p $main /root/main"
remember "$vps_one"

after_step 2 "an edit that sshd refuses" "echo Bogus yes >>$main" 1
like "  it says why" "$main: line [0-9]+: .*Bogus" cat "$TEST_TMP/cut"
owner_gets_in "$vps_one" "  then"
sh_on "cp -p /root/main $main"
is_as_before "$vps_one" "  all else is as before"

after_step 4 "the new user is deleted, so that nobody can prove anything" "userdel -r $job_admin" 4
taken_back "deleted" 0

after_step 5 "sshd is started anew, and the ruleset flushed" 'systemctl restart ssh; nft flush ruleset' 4
taken_back "started anew" 0

after_step $((cut_before - 1)) "an edit that sshd refuses, between its steps and the filter" "echo Bogus yes >>$main" 4
ok "  the new door opens" door "$vps_one" -- true
exits "  confirm does not: 5" 5 confirm "$vps_one"
sh_on "cp -p /root/main $main"
taken_back "mended" 0

# --- after the confirmation it only goes forward ---------------------------------------------------------

stop_confirming "$vps_one" 'done' $((cut_before + 1))
ok "confirmed, and stopped after its first step then" stopped "$vps_one"
ok "  an edit that sshd refuses comes" sh_on "echo Bogus yes >>$main"
go_on
wait "$cut_client"
like "  it says what is not finished, and why" "Confirmed, but not finished: .*$main: line [0-9]+: .*Bogus" cat "$TEST_TMP/cut"
ok "  it ends" ended "$vps_one" 40
ok "  the admin gets in at the new port" door "$vps_one" -- true
like "  sshd runs by its own unit" '^active' on systemctl is-active ssh.service
sh_on "cp -p /root/main $main"
exits "mended: apply finishes it" 4 as_admin "$vps_one" kannuki apply --yes --no-wait
confirmed_as_wanted "mended"
done_testing
