#!/bin/bash
# SPDX-License-Identifier: MIT
# day 0 of 3
# kannuki audit: each control passes on a host that is as it should be, fails on its planted fault and
# passes again; the grade tells the truth; what could not be asked is said; nothing is changed.
# shellcheck source=/dev/null
# shellcheck disable=SC2154,SC2016 # what main_job.sh sets; words for the VPS's shell
. "$(dirname "$0")/../../lib/main_job.sh"

fresh debian12
vps=$vps_one
vps put "$vps" "$job_program" /root/kannuki 755
audit() { vps run "$vps" /root/kannuki audit "$@"; }
finding() { # finding FILE ID: "verdict evidence"
	python3 - "$1" "$2" <<-'PY'
		import json, sys
		for f in json.load(open(sys.argv[1]))["findings"]:
		    if f["id"] == sys.argv[2]:
		        print(f["verdict"], f["evidence"])
	PY
}
grade() { audit | head -n 1; }

# --- as it is rented -----------------------------------------------------------------------------

vps run "$vps" sync -f /
vps snapshot "$vps" "$TEST_TMP/before"
exits "audit ends with 0" 0 audit
said "root by password: grade F" '^Grade F: '
said "the file and line that decides" 'door.root|permitrootlogin yes \(/etc/ssh/sshd_config:[0-9]+\)'
said "and what puts it right" 'by apply'
vps snapshot "$vps" "$TEST_TMP/after"
same "it changes nothing" "$TEST_TMP/before" "$TEST_TMP/after"
exits "--fail-on critical ends with 3" 3 audit --fail-on critical
exits "--fail-on with a wrong word: 2" 2 audit --fail-on worst
said "and what is allowed" 'low, medium, high, critical'
exits "one control alone" 0 audit door.password
said "with reason and source of the fault" 'passwords are guessed'
exits "of another name: 2" 2 audit door.passwort
audit --format json >"$TEST_TMP/rented.json"
ok "JSON: grade, counts and 80 findings or more, each whole" python3 - "$TEST_TMP/rented.json" <<'PY'
import json, sys
a = json.load(open(sys.argv[1]))
keys = {"id", "title", "verdict", "severity", "evidence", "why", "fix", "fixed_by", "only_when_named", "source"}
assert a["grade"] == "F" and len(a["findings"]) >= 80, a["grade"]
assert sum(a["counts"].values()) == len(a["findings"])
for f in a["findings"]:
    assert keys == set(f) and all(v for k, v in f.items() if k != "only_when_named"), f
    assert f["verdict"] in ("pass", "fail", "not-measured", "waived") and f["severity"] in ("low", "medium", "high", "critical")
PY

# --- without root ----------------------------------------------------------------------------------

unprivileged() { vps run "$vps" setpriv --reuid=65534 --regid=65534 --clear-groups /usr/local/bin/kannuki audit "$@"; }
vps put "$vps" "$job_program" /usr/local/bin/kannuki 755
exits "without root it still answers" 0 unprivileged
said "with no grade, because the doors could not be asked" '^no grade'
unprivileged --format json >"$TEST_TMP/nobody.json"
like "the doors are not measured" '^not-measured only root' finding "$TEST_TMP/nobody.json" door.password
like "what anybody may read is" '^(pass|fail) kernel.kptr_restrict' finding "$TEST_TMP/nobody.json" kernel.pointers
vps run "$vps" rm /usr/local/bin/kannuki

# --- every control on a planted fault -----------------------------------------------------------

vps put "$vps" "$job_top/tests/lib/faults.tsv" /root/faults.tsv
vps put "$vps" "$job_top/tests/lib/faults.sh" /root/faults.sh
vps run "$vps" sh -c '. /root/faults.sh
	look() { /root/kannuki audit --format json >/root/found/$1 2>&1; }
	mkdir /root/found
	clean_host
	look before
	each_fault /root/faults.tsv look
	look after'
mkdir "$TEST_TMP/found"
vps run "$vps" tar -C /root/found -c . | tar -C "$TEST_TMP/found" -x
before=$TEST_TMP/found/before after=$TEST_TMP/found/after
while IFS=$'\t' read -r id _; do
	case $id in '#'* | '') continue ;; esac
	like "$id passes where nothing is wrong" '^pass ' finding "$before" "$id"
	like "$id fails on its fault" '^fail ' finding "$TEST_TMP/found/$id" "$id"
	like "$id passes once that is healed" '^pass ' finding "$after" "$id"
done <"$job_top/tests/lib/faults.tsv"

# --- the packet filter ------------------------------------------------------------------------------

filter_says() { # filter_says WORDS [VERDICT:ID...]
	local words=$1 one
	shift
	audit --format json >"$TEST_TMP/filter.json"
	for one; do like "$words: ${one#*:} ${one%%:*}" "^${one%%:*} " finding "$TEST_TMP/filter.json" "filter.${one#*:}"; done
}
filter_says "no filter" fail:incoming-v4 fail:incoming-v6 fail:after-boot pass:single-owner pass:published
vps run "$vps" sh -c 'printf "flush ruleset\ntable ip only4 {\n chain input { type filter hook input priority 0; policy drop;
	ct state established,related accept; iif lo accept; tcp dport 2222 accept; }\n}\n" >/etc/nftables.conf
	systemctl start nftables'
filter_says "IPv4 only, and not at boot" pass:incoming-v4 fail:incoming-v6
vps run "$vps" sh -c 'sed -i "s/table ip only4/table inet both/" /etc/nftables.conf; systemctl reload nftables'
filter_says "both" pass:incoming-v4 pass:incoming-v6 fail:after-boot
vps run "$vps" systemctl -q enable nftables
filter_says "at boot too" pass:incoming-v4 pass:incoming-v6 pass:after-boot pass:single-owner
vps run "$vps" sh -c 'nft add table ip nat; nft "add chain ip nat prerouting { type nat hook prerouting priority -100; }"
	nft add rule ip nat prerouting tcp dport 8080 dnat to 10.0.0.2:80'
filter_says "a published port" fail:published
vps run "$vps" sh -c 'systemctl -q disable --now nftables; nft flush ruleset'

# --- the policy --------------------------------------------------------------------------------------

exits "root's door and passwords closed: no F any more" 0 audit
said "but a better grade" '^Grade [A-E]'
vps run "$vps" install -d /etc/kannuki
policy_says() { # policy_says LINE...: /etc/kannuki/policy.conf
	printf '%s\n' "$@" >"$TEST_TMP/policy.conf"
	vps put "$vps" "$TEST_TMP/policy.conf" /etc/kannuki/policy.conf 600
}
policy_says '[audit]' 'waive = ban.active: a test needs no bans'
audit --format json >"$TEST_TMP/waived.json"
like "waived in the policy" '^waived nobody' finding "$TEST_TMP/waived.json" ban.active
policy_says '[audit]' 'waive = ban.activ: a slip'
exits "a waived control that there is not: 2" 2 audit
said "with file, line and the nearest name" '^/etc/kannuki/policy.conf:2: .*ban.active'
policy_says '[audit]' 'waive = ban.active'
exits "without a reason: 2" 2 audit
said "with file and line" '^/etc/kannuki/policy.conf:2: '
policy_says '[ssh]' 'root-login = key'
vps run "$vps" sh -c 'echo PermitRootLogin prohibit-password >/etc/ssh/sshd_config.d/00-root.conf'
audit --format json >"$TEST_TMP/root.json"
like "what the policy allows is waived" '^waived .*the policy allows it' finding "$TEST_TMP/root.json" door.root
like "but root's door is open, and the grade says so" '^Grade F' grade
like "a host that is not as its policy says" '^fail ' finding "$TEST_TMP/root.json" policy.in-force
done_testing
