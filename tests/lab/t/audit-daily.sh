#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# The daily audit: off until the policy asks, then by its timer; what has changed is told once, by the journal, by mail
# and by a webhook, and again where it could not be told. The forms for programs, as their readers take them.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

rented debian12
on() { vps run "$vps_one" "$@"; }
sh_on() { on sh -c "$1"; }
units() { sh_on 'ls /etc/systemd/system | grep kannuki-audit'; }
says() { # says SINCE: what the unit wrote since then
	sh_on "journalctl -q -o cat -u kannuki-audit --since '$1'"
}
round() { # a round as the timer would start it; its words are in $output
	local at status=0
	sleep 1
	on systemctl reset-failed kannuki-audit.service # not more often than PID 1 lets it be started
	at=$(on date '+%F %T')
	on systemctl start kannuki-audit.service || status=$?
	capture says "$at"
	return "$status"
}
policy_with() { # policy_with LINE...: of the section audit
	policy "$vps_one" '[ssh]' "port = $job_port" '[firewall]' 'open = ssh, web' '[audit]' "$@"
}
# A sendmail and a curl that write down what they are given: the images have none.
sh_on 'cat >/usr/local/sbin/sendmail; chmod 755 /usr/local/sbin/sendmail' <<'STUB'
#!/bin/sh
[ ! -e /root/no-mail ] || { echo "sendmail: the queue is full" >&2; exit 75; }
{ echo "argv: $*"; cat; } >>/root/mails
STUB
sh_on 'cat >/usr/local/bin/curl; chmod 755 /usr/local/bin/curl' <<'STUB'
#!/bin/sh
{ echo "argv: $*"; cat; } >>/root/hooks
STUB

# --- off until asked ------------------------------------------------------------------------------------

policy "$vps_one"
pending "$vps_one"
exits "confirmed" 0 confirm "$vps_one"
is "nothing audits by itself" "" units
policy_with 'daily = 06:30' 'tell = mail:root@localhost, https://hooks.example/secret-token'
exits "asked for: applied without a proof" 0 on kannuki apply --policy /root/policy.conf --yes
is "the timer runs, at boot too" "active enabled" sh_on 'echo $(systemctl is-active kannuki-audit.timer) $(systemctl is-enabled kannuki-audit.timer)'
like "at that time" '06:30:00' on systemctl list-timers kannuki-audit.timer
exits "plan is empty" 0 on kannuki plan
exits "nothing to compare with yet: 2" 2 on kannuki audit --since last
said "  it says what keeps one" 'kannuki audit --keep'

# --- rounds ---------------------------------------------------------------------------------------------

ok "the first round is kept" round
is "  for root alone" "600 root" sh_on 'stat -c "%a %U" /var/lib/kannuki/audit/last.json'
is "  and tells nobody" "" sh_on 'cat /root/mails /root/hooks 2>/dev/null'
ok "a round without a change" round
said "  says so" 'nothing has changed'
sh_on 'chmod 644 /etc/shadow; touch /root/no-mail'
not_ok "something is worse, and mail does not go: the round fails" round
said "  the journal has it" 'account.database-files +worse'
said "  and why" 'root@localhost: sendmail: .*the queue is full'
not_said "  without the secret of the other's address" -F secret-token
like "  the webhook was posted all the same" 'argv: -q .*--config -$' on cat /root/hooks
said "  with what has changed" 'data-raw = .*account.database-files'
not_said "  and no secret among its arguments" '^argv.*secret-token'
sh_on 'rm /root/no-mail /root/hooks'
ok "the next round tells it again" round
like "  by mail" '^To: root@localhost$' on cat /root/mails
said "  as a mail" '^Subject: kannuki: .*: grade [A-F], changes: 1$'
said "  with what has changed" 'account.database-files +worse'
ok "and then no more" round
said "  but that nothing has changed" 'nothing has changed'
sh_on 'chmod 640 /etc/shadow; rm /root/mails'
ok "what is healed" round
like "  is told too" 'account.database-files +better' on cat /root/mails
sh_on 'echo "{ torn" >/var/lib/kannuki/audit/last.json'
ok "a kept audit that is damaged is replaced" round
said "  and named with its line" '/var/lib/kannuki/audit/last.json:1: '

# --- forms, since, waivers -------------------------------------------------------------------------------

audit() { on kannuki audit "$@"; }
audit --format json >"$TEST_TMP/then.json"
sh_on 'chmod 644 /etc/shadow'
vps put "$vps_one" "$TEST_TMP/then.json" /root/then.json
like "since a saved JSON" 'account.database-files +worse, failed' audit --since /root/then.json
exits "a file that is no audit: 2" 2 audit --since /root/policy.conf
said "  file and line first" '^/root/policy.conf:1: '
exits "one control, as SARIF" 0 audit --format sarif --since /root/then.json account.database-files
printf '%s' "$stdout" >"$TEST_TMP/one.sarif"
ok "  one rule, one result that names the file" python3 - "$TEST_TMP/one.sarif" <<'PY'
import json, sys
run = json.load(open(sys.argv[1]))["runs"][0]
(rule,), (result,) = run["tool"]["driver"]["rules"], run["results"]
assert rule["id"] == result["ruleId"] == "account.database-files" and result["kind"] == "fail", result
assert result["baselineState"] == "updated", result
assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "file:///etc/shadow", result
PY
audit --format junit >"$TEST_TMP/all.xml"
audit --format json >"$TEST_TMP/all.json"
ok "JUnit: as many cases and failures as JSON has" python3 - "$TEST_TMP/all.xml" "$TEST_TMP/all.json" <<'PY'
import json, sys
import xml.etree.ElementTree as tree
root, audit = tree.parse(sys.argv[1]).getroot(), json.load(open(sys.argv[2]))
cases = root.findall("testsuite/testcase")
assert sorted(c.get("name") for c in cases) == sorted(f["id"] for f in audit["findings"])
failed = {c.get("name") for c in cases if c.find("failure") is not None}
assert failed == {f["id"] for f in audit["findings"] if f["verdict"] == "fail"} and "account.database-files" in failed
assert int(root.get("failures")) == len(failed)
PY
policy_with 'waive = account.database-files until 2020-01-01: for a test'
like "an expired waiver counts again, and is said" 'the waiver has ended on 2020-01-01' audit --policy /root/policy.conf account.database-files
policy_with 'waive = account.database-files until 2099-12-31: for a test'
like "one that has not ended counts" 'verdict +waived' audit --policy /root/policy.conf account.database-files
policy_with 'waive = account.database-files until 2026-02-30: for a test'
exits "a day that there is not: 2" 2 audit --policy /root/policy.conf
said "  file and line first" '^/root/policy.conf:[0-9]+: \[audit\] waive'
exits "without root nothing is kept: 2" 2 on setpriv --reuid=65534 --regid=65534 --clear-groups kannuki audit --keep

# --- and off again -----------------------------------------------------------------------------------------

policy_with 'daily = no'
exits "not asked for any more" 0 on kannuki apply --policy /root/policy.conf --yes
is "nothing audits by itself" "" units
is "and no timer is left" "" sh_on 'systemctl list-timers --all --no-legend kannuki-audit.timer'
exits "taken back: it audits again" 0 on kannuki undo --yes
is "  by its timer" "active" on systemctl is-active kannuki-audit.timer
done_testing
