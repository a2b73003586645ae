#!/bin/bash
# SPDX-License-Identifier: MIT
# day 2 of 3
# The guard on a host with fail2ban's files: who tries passwords is out, over both families, and his connections end; the
# administrator is not, though he fails too and from the same network; restarts, a reboot and others keep it so.
# shellcheck source=/dev/null
# shellcheck disable=SC2154,SC2016 # vps_one comes from fresh; what the VPS expands
. "$(dirname "$0")/../../lib/main_job.sh"

guard_program=$(dirname "$job_program")/kannuki-guard
admin4=$(vps addr elsewhere 4) # of the same /24 as the attacker
bad4=203.0.113.66 bad6=2001:db8:3::66 # the latter in the /64 of elsewhere 6
guard() { vps run "$vps_one" /usr/local/sbin/kannuki guard "$@"; }
knocks() { # knocks FROM: does SSH answer a client from there?
	local family=4
	[[ $1 != *:* ]] || family=6
	vps outside python3 -c 'import socket, sys
c = socket.create_connection((sys.argv[1], 22), 2, (sys.argv[2], 0))
sys.exit(not c.recv(4).startswith(b"SSH-"))' "$(vps addr "$vps_one" $family)" "$1"
}
family_of() { if [[ $1 = *:* ]]; then echo -6; else echo -4; fi; }
fails() { # fails FROM [TIMES]: logins from there with wrong passwords
	local i
	for ((i = 0; i < ${2:-1}; i++)); do
		# (who is banned by it may see his connection end instead of the refusal)
		vps ssh "$vps_one" --password "wrong-horse-$RANDOM" -l root "$(family_of "$1")" -b "$1" \
			-o LogLevel=INFO -- true >"$TEST_TMP/fails" 2>&1 && return 1
		grep -qE "Permission denied|reset by|closed by" "$TEST_TMP/fails" || { cat "$TEST_TMP/fails"; return 1; }
	done
}
banned() { guard bans --format json | grep -q "\"address\": \"$1\""; }
# A connection from there that is open now; what becomes of it is in $TEST_TMP/held
hold() {
	vps outside python3 -c 'import socket, sys
c = socket.create_connection((sys.argv[1], 22), 5, (sys.argv[2], 0))
c.recv(100)
print("open", flush=True)
c.settimeout(60)
try:
    print("end" if not c.recv(100) else "more", flush=True)
except ConnectionResetError:
    print("reset", flush=True)
except TimeoutError:
    print("nothing", flush=True)' "$(vps addr "$vps_one" 4)" "$1" >"$TEST_TMP/held" 2>&1 &
	wait_until 5 grep -q open "$TEST_TMP/held"
}
admin_session() { # the administrator, logged in with a terminal
	vps ssh "$vps_one" -b "$admin4" -tt -- "echo in; exec sleep 600" >"$TEST_TMP/admin" 2>&1 </dev/null &
	wait_until 10 grep -q in "$TEST_TMP/admin"
}

vps outside sh -c "for a in $bad4/24 $bad6/64; do ip addr add \$a dev internet nodad 2>/dev/null || ip addr add \$a dev internet; done" 2>/dev/null
fresh debian12
{ vps apt "$vps_one" update && vps apt "$vps_one" install --no-install-recommends fail2ban; } >"$TEST_TMP/apt" 2>&1
vps run "$vps_one" systemctl -q disable --now fail2ban
vps put "$vps_one" "$job_program" /usr/local/sbin/kannuki 755
vps put "$vps_one" "$guard_program" /usr/local/sbin/kannuki-guard 755
vps run "$vps_one" sh -c 'printf "[DEFAULT]\nmaxretry = 3\nbantime = 1h\n" >/etc/fail2ban/jail.local
	kannuki-guard unit >/etc/systemd/system/kannuki-guard.service && systemctl daemon-reload'
exits "without the guard a command says so" 1 guard status
ok "it starts" vps run "$vps_one" systemctl enable --now kannuki-guard
like "watches the journal, for there is no auth.log" 'sshd: 3 failures within 600 s' guard status
ok "exposure is 2.0 at most" vps run "$vps_one" systemd-analyze security --threshold=20 kannuki-guard
processes() { vps run "$vps_one" sh -c 'for p in $(cat /sys/fs/cgroup/system.slice/kannuki-guard.service/cgroup.procs); do
	sed -n "s/^Uid:\t\([0-9]*\).*/\1/p; s/^CapEff:\t0*/caps /p; s/^Seccomp:\t/seccomp /p; s/^NoNewPrivs:\t/nnp /p" /proc/$p/status | xargs; done' | sort; }
# (the reader's CAP_DAC_READ_SEARCH goes where there is no Landlock to bound it, as here in nspawn)
is "each process is a user of its own with what it needs" "0 caps 11c4 nnp 1 seccomp 2
65521 caps nnp 1 seccomp 2
65522 caps nnp 1 seccomp 2
65523 caps nnp 1 seccomp 2
65524 caps nnp 1 seccomp 2
65525 caps 1000 nnp 1 seccomp 2" processes

# --- who attacks ----------------------------------------------------------------------------------------

ok "the administrator is logged in" admin_session
ok "a connection of the attacker is open" hold "$bad4"
ok "two wrong passwords" fails "$bad4" 2
ok "are not enough" knocks "$bad4"
ok "the third is" fails "$bad4"
ok "banned" wait_until 5 banned "$bad4"
not_ok "no answer any more" knocks "$bad4"
ok "his open connection has ended" wait_until 5 grep -qE 'end|reset' "$TEST_TMP/held"
ok "others of the same network are let in" knocks "$admin4"
ok "over IPv6 too" fails "$bad6" 3
ok "banned, the whole /64" wait_until 5 banned 2001:db8:3::/64
not_ok "no answer" knocks "$(vps addr elsewhere 6)"
ok "another /64 gets one" knocks "$(vps addr outside 6)"
like "why: the lines" "Failed password for root from $bad4 port" guard why "$bad4"
not_ok "an address that never failed is not there" banned 192.0.2.10

# --- who does not ------------------------------------------------------------------------------------------

ok "the administrator mistypes five times" fails "$admin4" 5
sleep 1
ok "and is not banned" knocks "$admin4"
not_ok "nor in the list" banned "$admin4"
like "the log says why" "$admin4 is not banned: our own address, or somebody is logged in" vps run "$vps_one" journalctl -u kannuki-guard
exits "not even by hand" 1 guard ban "$admin4"
exits "nor ourselves" 1 guard ban "$(vps addr "$vps_one" 4)"

# --- what happens to a host ----------------------------------------------------------------------------------

ok "restarted" vps run "$vps_one" systemctl restart kannuki-guard
not_ok "still no answer" knocks "$bad4"
ok "still in the list" banned "$bad4"
vps run "$vps_one" sh -c 'kill -9 $(systemctl show -P MainPID kannuki-guard)'
not_ok "killed: still no answer" knocks "$bad4"
ok "it is back" wait_until 10 guard status
ok "somebody flushes the ruleset" vps run "$vps_one" nft flush ruleset
ok "it is put back" wait_until 3 vps run "$vps_one" nft get element inet kannuki_guard ban4 "{ $bad4 }"
not_ok "no answer" knocks "$bad4"
vps run "$vps_one" sh -c 'printf "[sshd]\nmaxretry = 4\n" >>/etc/fail2ban/jail.local; systemctl reload kannuki-guard'
ok "reloaded: the new files count" wait_until 5 sh -c "vps run $vps_one kannuki guard status | grep -q 'sshd: 4 failures'"
ok "the ban stays" banned "$bad4"
vps reboot "$vps_one" >/dev/null
ok "rebooted: it runs" wait_until 20 guard status
not_ok "no answer" knocks "$bad4"
not_ok "over IPv6 neither" knocks "$bad6"
ok "others get one" knocks "$admin4"

ok "unban" guard unban "$bad4"
ok "he is let in again" knocks "$bad4"
exits "unban of nobody: 1" 1 guard unban "$bad4"
ok "by hand, a network, for ten seconds" guard ban 203.0.113.64/30 for 10s
not_ok "no answer" knocks "$bad4"
ok "then there is" wait_until 20 knocks "$bad4"
like "nft shows it to people" 'ip6? saddr @ban4 counter' vps run "$vps_one" nft list table inet kannuki_guard
ok "stopped" vps run "$vps_one" systemctl stop kannuki-guard
not_ok "the kernel keeps the bans" knocks "$bad6"
done_testing
