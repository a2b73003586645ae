#!/bin/bash
# SPDX-License-Identifier: MIT
# An owner who tries the wrong key again and again in the window still gets in with the right one,
# also where sshd shuts addresses out (OpenSSH 9.8 and later); once confirmed sshd does so again.
# shellcheck source=/dev/null
# shellcheck disable=SC2154 # vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

rented debian13
one=$vps_one
policy "$one"
ssh-keygen -q -t ed25519 -N '' -f "$TEST_TMP/wrong"
penalties() { vps run "$one" sh -c '/usr/sbin/sshd -T | grep -i "^persourcepenalties "'; }
before=$(penalties)
like "sshd shuts addresses out" authfail penalties

pending "$one"
for _ in 1 2 3 4 5 6 7 8; do
	ok "a wrong key is refused" refused_key "$job_admin" "$job_port" "$TEST_TMP/wrong" "$one"
done
ok "the right one gets in" door "$one" -- true
ok "and root at the old port" as_root_password "$one" true
ok "confirmed" confirm "$one"
is "then it is as it was" "$before" penalties
done_testing
