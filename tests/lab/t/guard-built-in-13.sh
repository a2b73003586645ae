#!/bin/bash
# SPDX-License-Identifier: MIT
# day 3 of 3
# The guard's own jail for sshd where it is OpenSSH 10, whose lines come of sshd-session and sshd-auth.
# shellcheck source=/dev/null
# shellcheck disable=SC2154 # vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

guard_program=$(dirname "$job_program")/kannuki-guard
victim=203.0.113.200 # never comes, is only spoken of
banned() { vps run "$vps_one" kannuki-guard bans | grep -q "^$1 "; }
fails() { # fails FROM NAME TIMES
	local i
	for ((i = 0; i < $3; i++)); do
		vps ssh "$vps_one" --password wrong-horse -l "$2" -4 -b "$1" -- true >/dev/null 2>&1 </dev/null || :
	done
}

for n in 91 92 93; do vps outside ip addr add "203.0.113.$n/24" dev internet 2>/dev/null; done
fresh debian13
vps put "$vps_one" "$job_program" /usr/local/sbin/kannuki 755
vps put "$vps_one" "$guard_program" /usr/local/sbin/kannuki-guard 755
# (sshd's own penalties would come first)
vps run "$vps_one" sh -c 'echo "PerSourcePenalties no" >/etc/ssh/sshd_config.d/10-lab.conf; systemctl restart ssh
	kannuki-guard unit >/etc/systemd/system/kannuki-guard.service; systemctl daemon-reload'
ok "it starts with nothing but itself" vps run "$vps_one" systemctl enable --now kannuki-guard
like "and watches sshd" 'sshd: 5 failures within 600 s, banned for 3600 s' vps run "$vps_one" kannuki-guard status
fails 203.0.113.91 root 4
not_ok "one who has failed four times is not banned" wait_until 3 banned 203.0.113.91
fails 203.0.113.91 root 1
ok "who tries root's password is banned" wait_until 5 banned 203.0.113.91
fails 203.0.113.92 "x from $victim port 22" 5
ok "so is who is nobody here, whatever he says" wait_until 5 banned 203.0.113.92
not_ok "nobody else is" banned "$victim"
like "the lines are of sshd-session" 'sshd-session\[' vps run "$vps_one" journalctl -q --no-pager
like "backtest says the same" '203.0.113.92 +sshd: 5 failures' vps run "$vps_one" kannuki-guard backtest --since 1h
if [ -n "${LAB_LOGS:-}" ]; then
	mkdir -p "$LAB_LOGS"
	vps run "$vps_one" journalctl -q --no-pager >"$LAB_LOGS/journal-13"
fi
done_testing
