#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# doc/audit.md keeps its word: whatever Lynis warns of on a fresh image stands in its tables, and each
# control they name is one. And audit needs at most a fiftieth of Lynis' processor time, side by side.
# shellcheck source=/dev/null
# shellcheck disable=SC2154,SC2016 # what main_job.sh sets; backquotes of Markdown
. "$(dirname "$0")/../../lib/main_job.sh"

doc=$job_top/doc/audit.md
fresh cloud
vps put "$vps_one" "$job_program" /root/kannuki 755
vps apt "$vps_one" update >/dev/null 2>&1 || bail "no package lists"
vps apt "$vps_one" install lynis >/dev/null 2>&1 || bail "no lynis"
cpu() { # cpu CMD...: CMD in the VPS; milliseconds of processor time of it and its children
	vps run "$vps_one" python3 -c 'import os, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
t = os.times()
print(int(1000 * (t.children_user + t.children_system)))' "$@"
}
theirs=$(cpu lynis audit system --quick --no-colors --quiet)
ours=$(cpu /root/kannuki audit)
note "processor time: lynis $theirs ms, audit $ours ms"
ok "audit needs at most a fiftieth of Lynis' processor time" test "$((ours * 50))" -le "$theirs"

vps run "$vps_one" cat /var/log/lynis-report.dat >"$TEST_TMP/report"
vps run "$vps_one" cat /var/log/lynis.log >"$TEST_TMP/log"
grep -oE '^(warning|suggestion)\[\]=[A-Z0-9-]+' "$TEST_TMP/report" | sed 's/.*=//' | sort -u >"$TEST_TMP/ids"
ok "Lynis has something to say" test "$(wc -l <"$TEST_TMP/ids")" -gt 20
while read -r id; do
	ok "its $id is in doc/audit.md" grep -qE "^\| [^|]*\b$id\b" "$doc"
done <"$TEST_TMP/ids"
while read -r setting; do
	ok "its sshd setting $setting too" grep -qE "^\| $setting \|" "$doc"
done < <(sed -n 's/^suggestion\[\]=SSH-7408|[^|]*|\([A-Za-z0-9]*\) .*/\1/p' "$TEST_TMP/report" | sort -u)
while read -r key; do
	ok "its sysctl value $key too" grep -qE "^\| [^|]*\b$key\b" "$doc"
done < <(sed -n 's/.*sysctl key \([^ ]*\) has a different value.*/\1/p' "$TEST_TMP/log" | sort -u)

# The other way round: no control is named that there is not.
vps run "$vps_one" /root/kannuki audit --format json | python3 -c 'import json, sys
for f in json.load(sys.stdin)["findings"]: print(f["id"])' | sort >"$TEST_TMP/controls"
is_control() { # one that audit asks, or that apply does by name
	grep -qx "$1" "$TEST_TMP/controls" && return
	policy "$vps_one" '[hardening]' "also = $1"
	vps run "$vps_one" /root/kannuki plan --policy /root/policy.conf >"$TEST_TMP/plan" 2>&1
	[ $? = 3 ]
}
while read -r id; do
	case $id in
	*'.*') ok "doc/audit.md names a family, $id" grep -q "^${id%\*}" "$TEST_TMP/controls" ;;
	*) ok "doc/audit.md names a control, $id" is_control "$id" ;;
	esac
done < <(grep -oE '`[a-z]+\.[a-z0-9*-]+`' "$doc" | tr -d '\140' | grep -vE '\.(md|sh)$' | sort -u)
not_ok "  and none that there is not" is_control door.no-such
done_testing
