#!/bin/bash
# SPDX-License-Identifier: MIT
# day 2 of 3
# setup-unasked.sh: setup --non-interactive: what only the owner can know is named where it is missing, and never
# guessed; with all of it the host waits for the proof as after apply.
# shellcheck disable=SC2034,SC2154 # words are read by name; vps_one comes from fresh
# shellcheck source=/dev/null
. "$(dirname "$0")/../../lib/main_job.sh"

setup() { echo "$job_secret" | as_root_password "$vps_one" ./kannuki setup --non-interactive "$@"; }
pending_now() { [ "$(vps run "$vps_one" /usr/local/sbin/kannuki status >/dev/null; echo $?)" = 4 ]; }
rented debian12
policy "$vps_one"
vps run "$vps_one" sh -c 'umask 077; grep -v "^open" /root/policy.conf >/root/no-open.conf'
remember "$vps_one"
exits "nothing is given: 2" 2 setup
said "and all of it named" 'missing: \[admin\] user, \[admin\] key, \[firewall\] open, --yes'
exits "what shall be open is no guess: 2" 2 setup --policy no-open.conf --yes --password-stdin
said "and named" 'missing: \[firewall\] open\.'
exits "nobody agrees to the plan: 2" 2 setup --policy policy.conf --password-stdin
said "and that is named" 'missing: --yes'
exits "no password for the new user: 2" 2 setup --policy policy.conf --yes
said "and that" 'password for taro is needed'
exits "options of another host: 2" 2 setup --policy policy.conf --yes --port 22
exits "and without it nobody is asked by an option: 2" 2 as_root_password "$vps_one" ./kannuki setup --yes
nothing_under_way "$vps_one" || fail "nothing is under way"
is_as_before "$vps_one" "nothing was changed"

setup --policy policy.conf --yes --password-stdin >"$TEST_TMP/said" 2>&1 &
waiting=$!
ok "given all of it, it waits for the proof" wait_until 40 pending_now
exits "another one meets it: 5" 5 setup --policy policy.conf --yes --password-stdin
ok "confirm" confirm "$vps_one"
ended=0
wait "$waiting" || ended=$?
is "and it ends with success" 0 echo "$ended"
output=$(cat "$TEST_TMP/said")
said "says what is left" 'What is left for you to do'
said "and what is so now" '^  root by SSH +key or password +refused$'
like "all of which is kept" '^  root by SSH +key or password +refused$' vps run "$vps_one" cat /var/lib/kannuki/card.txt
is "for root alone" 600 vps run "$vps_one" stat -c %a /var/lib/kannuki/card.txt
done_testing
