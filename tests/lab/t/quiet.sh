#!/bin/bash
# SPDX-License-Identifier: MIT
# quiet.sh: apply waits for a package manager that is at work, names it, and then goes on.
# shellcheck disable=SC2154 # vps_one comes from fresh
# shellcheck source=/dev/null
. "$(dirname "$0")/../../lib/lab.sh"

kannuki=${KANNUKI_BUILD:-$lab_root/../../build}/kannuki
hold='import fcntl,time; f=open("/var/lib/dpkg/lock-frontend","w"); fcntl.lockf(f,fcntl.LOCK_EX); print("held",flush=True); time.sleep(6)'
apply() { as_root_password "$vps_one" ./kannuki apply --policy policy.conf --yes --no-wait --password-stdin <<<"a-long-password"; }

fresh cloud
ssh-keygen -q -t ed25519 -N '' -f "$TEST_TMP/id"
printf '[admin]\nuser = taro\nkey = %s\n' "$(cat "$TEST_TMP/id.pub")" >"$TEST_TMP/policy.conf"
vps put "$vps_one" "$TEST_TMP/policy.conf" /root/policy.conf 600
vps put "$vps_one" "$kannuki" /root/kannuki 755

vps run "$vps_one" python3 -c "$hold" >"$TEST_TMP/holder" &
holder=$!
ok "somebody holds dpkg's lock" wait_until 10 grep -q held "$TEST_TMP/holder"
exits "apply is pending in the end" 4 apply
like "it waited, and said for whom" 'packages are being installed \(python3, process [0-9]+\); waiting' printf '%s' "$output"
ok "the holder had ended by then" bash -c "! kill -0 $holder 2>/dev/null"
exits "undo" 0 vps run "$vps_one" /root/kannuki undo --yes
done_testing
