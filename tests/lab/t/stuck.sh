#!/bin/bash
# SPDX-License-Identifier: MIT
# A confirm that is stopped (^Z) in the middle, with the lock in its hand: the deadline comes all the same.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

rented debian12
one=$vps_one
policy "$one"
remember "$one"
pending "$one" --window 30s

# It asks the journal while it holds the lock; a slow journal gives the time to stop it.
ok "the journal is slow" vps run "$one" sh -c 'printf "#!/bin/sh\nexec sleep 60\n" >/usr/local/bin/journalctl
	chmod 755 /usr/local/bin/journalctl'
as_admin "$one" kannuki confirm >"$TEST_TMP/confirm" 2>&1 &
confirming=$!
holds_the_lock() { vps run "$one" sh -c 'ps -o comm= -p "$(cat /run/kannuki/lock)" | grep -qx kannuki && pgrep -x sleep'; }
ok "a confirm holds the lock" wait_until 15 holds_the_lock
ok "it is stopped" vps run "$one" sh -c 'kill -STOP "$(cat /run/kannuki/lock)"; rm /usr/local/bin/journalctl'
ok "it ends by itself all the same" ended "$one" 90
kill -KILL "$confirming" # its sudo was stopped with it
not_ok "the stopped one confirmed nothing" grep -qE 'Proved|Confirmed' "$TEST_TMP/confirm"
is_as_before "$one" "undone: byte for byte as before"
owner_gets_in "$one" "undone"
done_testing
