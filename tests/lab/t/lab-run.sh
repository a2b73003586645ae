#!/bin/bash
# SPDX-License-Identifier: MIT
# The lab itself: a test that fails, dies, hangs or says nothing is counted as failed.
# shellcheck disable=SC2016,SC2154,SC2317 # written for the tests made below; run by is
# shellcheck source=/dev/null
. "$(dirname "$0")/../selftest.sh"

tests=$TEST_TMP/t
mkdir "$tests"
write() { # write NAME LINE...: a test
	{ echo ". $lab_root/../lib/lab.sh"; printf '%s\n' "${@:2}"; } >"$tests/$1.sh"
}
run_of() { LAB_SHARE=${share:-} LAB_TESTS=$tests LAB_TIMEOUT=20 "$lab_root/run" "$@" | tail -n 1; }

write good 'ok true true' 'not_ok false false' 'is echo a echo a' 'exits two 2 sh -c "exit 2"' 'like l ^b echo b' done_testing
is "all passed" "5 passed, 0 failed" run_of good
ok "and says so by its exit code" env LAB_TESTS="$tests" "$lab_root/run" good
write bad 'ok false false' 'not_ok true true' 'is echo a echo b' 'exits two 2 true' 'like l ^c echo b' done_testing
is "every kind of check can fail" "0 passed, 5 failed" run_of bad
not_ok "and that too" env LAB_TESTS="$tests" "$lab_root/run" bad
write ends 'ok true true' 'exit 0'
is "a test that ends early failed" "1 passed, 1 failed" run_of ends
write dies 'ok true true' 'kill -KILL $$'
is "a test that is killed failed" "1 passed, 1 failed" run_of dies
write killed 'fresh debian12' 'kill -KILL $$'
is "also with a VPS" "0 passed, 1 failed" run_of killed
is "which is gone then" "" sh -c "vps ls | grep -- -killed"
write told 'fresh debian12' 'ok "is up" vps run "$vps_one" true' 'ok "sleeps" sleep 60' done_testing
LAB_TESTS=$tests "$lab_root/run" told >"$TEST_TMP/told" 2>&1 &
told=$!
ok "a test under way" wait_until 20 grep "is up" "$TEST_TMP/told"
kill -TERM "$told"
wait "$told"
is "told to stop, run removes what its tests made" "" sh -c "vps ls | grep -- -told"
write unset 'ok true true' 'echo $nothing' done_testing
is "a test that trips over itself failed" "1 passed, 1 failed" run_of unset
write hangs 'fresh debian12' 'ok "is up" vps run "$vps_one" true' 'sleep 60' done_testing
is "a test that hangs failed" "1 passed, 1 failed" run_of hangs
is "what it had in the lab is gone" "" sh -c "vps ls | grep -- -hangs"
write lost 'gets_in_by_magic x' 'ok true true' done_testing
is "a test that calls what is not there failed" "1 passed, 1 failed" run_of lost
echo 'exit 0' >"$tests/silent.sh"
is "a test that says nothing failed" "0 passed, 1 failed" run_of silent
is "no test at all is no success" "0 passed, 0 failed" run_of no-such
not_ok "nor by its exit code" env LAB_TESTS="$tests" "$lab_root/run" no-such
for day in 0 1 2; do printf '#!/bin/bash\n# x\n# day %s of 3\necho ok 1 - a\necho 1..1\n' "$day" >"$tests/shared-$day.sh"; done
is "of three days' tests one runs a day" "1 passed, 0 failed, 2 skipped" env share=yes bash -c "$(declare -p tests lab_root); $(declare -f run_of); run_of shared"
is "and all where no shares are asked for" "3 passed, 0 failed" run_of shared
rm "$tests/told.sh" "$tests"/shared-?.sh
is "all together" "10 passed, 12 failed" run_of
done_testing
