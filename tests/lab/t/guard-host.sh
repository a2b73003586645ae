#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# The guard as a part of the host: [guard] in the policy installs it, who fails is out, who confirmed is not, and undo
# leaves nothing of it; fail2ban is handed over with its bans, and undo gives it back, running, with them.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

guard_program=$(dirname "$job_program")/kannuki-guard
bad4=203.0.113.66 early=203.0.113.67
on() { vps run "$vps_one" "$@"; }
sh_on() { on sh -c "$1"; }
guard() { on /usr/local/sbin/kannuki-guard "$@"; }
knocks() { # knocks FROM PORT: does SSH answer a client from there?
	vps outside python3 -c 'import socket, sys
c = socket.create_connection((sys.argv[1], int(sys.argv[3])), 2, (sys.argv[2], 0))
sys.exit(not c.recv(4).startswith(b"SSH-"))' "$(vps addr "$vps_one" 4)" "$1" "$2"
}
silent() { ! knocks "$@"; } # a ban that was noted is in force a moment later
fails() { # fails FROM PORT TIMES: logins with wrong passwords
	local i
	for ((i = 0; i < $3; i++)); do
		vps ssh "$vps_one" --password "wrong-horse-$RANDOM" -l root -p "$2" -4 -b "$1" \
			-o LogLevel=INFO -- true >"$TEST_TMP/fails" 2>&1 && return 1
		grep -qE "Permission denied|reset by|closed by" "$TEST_TMP/fails" || { cat "$TEST_TMP/fails"; return 1; }
	done
}
out() { # out FROM PORT: wrong passwords from there, until he is banned; six times at most
	local i
	for ((i = 0; i < 6; i++)); do fails "$1" "$2" 1 || break; done
	[ "$i" -gt 0 ] && wait_until 10 banned "$1"
}
banned() { guard bans --format json | grep -q "\"address\": \"$1\""; }
runs() { sh_on 'echo $(systemctl is-active kannuki-guard) $(systemctl is-enabled kannuki-guard)'; }
up() { [ "$(runs)" = "active enabled" ]; } # it begins anew when a transaction has ended
left() { # what there is of it, beside files that snapshots compare
	sh_on 'nft list tables | grep kannuki_guard; ls -d /run/kannuki-guard 2>/dev/null; pgrep -x kannuki-guard; systemctl is-failed -q kannuki-guard && echo failed'
}
nothing_is_left() { # nothing_is_left WORDS
	is "$1: no table, no process, no folder" "" left
	is_as_before "$vps_one" "$1: byte for byte as before"
}
for address in $bad4 $early; do vps outside ip addr add "$address/24" dev internet 2>/dev/null; done

# --- asked for by the policy ----------------------------------------------------------------------------

wanted=('[ssh]' "port = $job_port" 'password-login = yes' '[firewall]' 'open = ssh, web' '[guard]' 'enabled = yes' 'maxretry = 3')
rented debian12
policy "$vps_one" "${wanted[@]}"
remember "$vps_one"
exits "without its program the policy is refused: 5" 5 on /root/kannuki plan --policy /root/policy.conf
said "  it says where, and what to do" '^/root/policy.conf:[0-9]+: .*kannuki-guard is not here; put it beside kannuki'
vps put "$vps_one" "$guard_program" /root/kannuki-guard 755
remember "$vps_one"
policy "$vps_one" "${wanted[@]}" 'jails = sshd, no-such'
exits "a jail that is none is refused: 2" 2 on /root/kannuki plan --policy /root/policy.conf
said "  it says where, and what is allowed" '^/root/policy.conf:[0-9]+: \[guard\] jails = no-such .*allowed: .*sshd'
policy "$vps_one" "${wanted[@]}"
exits "plan" 3 on /root/kannuki plan --policy /root/policy.conf
said "  says what comes" 'the guard: ban who attacks \(sshd\)'
said "  and what it is told" '^\+maxretry = 3$'
is_as_before "$vps_one" "  and changes nothing"

pending "$vps_one"
ok "pending: it runs, at boot too" wait_until 10 up
ok "pending: somebody fails three times" fails "$early" "$job_port" 3
sleep 2
ok "  and is not banned before all is proved" knocks "$early" "$job_port"
ok "undone by hand" as_root_password "$vps_one" ./kannuki undo
nothing_is_left "undone"
pending "$vps_one"
vps reboot "$vps_one" >/dev/null
ok "rebooted while pending: it ends" ended "$vps_one" 30
nothing_is_left "rebooted while pending"

pending "$vps_one"
ok "confirmed" confirm "$vps_one"
ok "  it comes to its end" ended "$vps_one" 20
exits "  plan is empty" 0 as_admin "$vps_one" kannuki plan
wait_until 10 up
like "  it watches what the policy says" 'sshd: 3 failures within 600 s, banned for 3600 s' guard status
ok "  exposure is 2.0 at most" on systemd-analyze security --threshold=20 kannuki-guard

# --- it does what it is for -------------------------------------------------------------------------------

ok "who failed while that waited is banned now" wait_until 10 banned "$early"
ok "somebody else fails until he is banned" out "$bad4" "$job_port"
ok "  and gets no answer" wait_until 10 silent "$bad4" "$job_port"
ok "  others of the same network do" knocks "$(vps addr elsewhere 4)" "$job_port"
ok "who confirmed mistypes five times, logged in nowhere" fails "$(vps addr outside 4)" "$job_port" 5
sleep 2
not_ok "  and is not banned" banned "$(vps addr outside 4)"
ok "  the door is open" door "$vps_one" -- true
vps reboot "$vps_one" >/dev/null
ok "rebooted: it runs" wait_until 20 guard status
not_ok "  who was banned is" knocks "$bad4" "$job_port"
like "audit counts it as what bans" 'kannuki-guard' as_admin "$vps_one" kannuki audit --all

# --- drift, another wish, and back --------------------------------------------------------------------------

on systemctl -q disable --now kannuki-guard
exits "stopped by somebody: plan finds it" 3 as_admin "$vps_one" kannuki plan
exits "  apply starts it again, without a proof" 0 as_admin "$vps_one" kannuki apply --yes
ok "  at boot too" wait_until 10 up
policy "$vps_one" "${wanted[@]:0:7}" 'maxretry = 7'
exits "another number is told" 0 as_admin "$vps_one" kannuki apply --policy /root/policy.conf --yes
like "  and counts" 'sshd: 7 failures' guard status
ok "  the bans stay" banned "$bad4"
exits "undo of that" 0 as_admin "$vps_one" kannuki undo --yes
like "  counts again what counted" 'sshd: 3 failures' guard status
policy "$vps_one" "${wanted[@]:0:5}" '[guard]' 'enabled = no'
exits "not wanted any more" 0 as_admin "$vps_one" kannuki apply --policy /root/policy.conf --yes
is "  its bans have ended" "" sh_on 'nft list tables | grep kannuki_guard'
ok "  who was banned gets an answer" knocks "$bad4" "$job_port"
exits "  plan is empty" 0 as_admin "$vps_one" kannuki plan
exits "undo of that" 0 as_admin "$vps_one" kannuki undo --yes
ok "  it runs" wait_until 10 guard status
ok "  and has its bans again" wait_until 10 banned "$bad4"
ok "  in force" wait_until 10 silent "$bad4" "$job_port"
exits "undo of the start" 0 as_admin "$vps_one" kannuki undo --yes
exits "undo of all: 4" 4 as_admin "$vps_one" kannuki undo --yes --no-wait
ok "  proved at the former door" as_root_password "$vps_one" /usr/local/sbin/kannuki confirm
ok "  it comes to its end" ended "$vps_one" 20
policy "$vps_one" "${wanted[@]}" # as it lay there before
nothing_is_left "undone after it was confirmed"
ok "  who was banned gets an answer" knocks "$bad4" 22

# --- fail2ban is handed over ----------------------------------------------------------------------------------

fresh bans f2b
jail() { on fail2ban-client "$@"; }
f2b_runs() { sh_on 'echo $(systemctl is-active fail2ban) $(systemctl is-enabled fail2ban)'; }
f2b_has() { jail status sshd | grep -q "$1"; }
vps put "$vps_one" "$job_program" /root/kannuki 755
vps put "$vps_one" "$guard_program" /root/kannuki-guard 755
sh_on 'printf "[DEFAULT]\nbackend = systemd\nmaxretry = 3\nbantime = 1h\n[sshd]\nenabled = true\naction = nftables-multiport[port=ssh]\n         dummy\n" >/etc/fail2ban/jail.local
	systemctl enable -q fail2ban; systemctl restart fail2ban'
ok "fail2ban runs" wait_until 20 jail status sshd
ok "somebody is banned by it" jail set sshd banip "$bad4"
not_ok "  and gets no answer" knocks "$bad4" 22
policy "$vps_one" '[guard]' 'enabled = yes'
remember "$vps_one"
exits "the policy alone does not put it beside fail2ban: 5" 5 on /root/kannuki plan --policy /root/policy.conf
said "  it says what to type" 'sudo kannuki guard import'
exits "without a word nobody is asked: 2" 2 on /root/kannuki guard import
exits "a wrong word: 2" 2 on /root/kannuki guard import --now
is_as_before "$vps_one" "  nothing has changed"
# Who was banned knocks all the while, ten times a second.
vps outside python3 -c 'import socket, sys, time
end = time.time() + 120
while time.time() < end:
    try:
        c = socket.create_connection((sys.argv[1], 22), 0.1, (sys.argv[2], 0))
        print("answered at", time.time(), flush=True)
        c.close()
    except OSError:
        pass
    time.sleep(0.1)' "$(vps addr "$vps_one" 4)" "$bad4" >"$TEST_TMP/knocks" 2>&1 &
knocking=$!
exits "handed over" 0 on /root/kannuki guard import --yes
said "  what is not done any more is named" '/etc/fail2ban/jail.local:[0-9]+: the action dummy of jail sshd'
is "  fail2ban is off" "inactive disabled" f2b_runs
ok "  the guard runs, at boot too" wait_until 10 up
ok "  who was banned is" banned "$bad4"
not_ok "  and gets no answer" knocks "$bad4" 22
kill "$knocking"
wait "$knocking" 2>/dev/null
is "  nor has he got one at any moment" "" cat "$TEST_TMP/knocks"
like "  for what was left of the hour" '^ *"until": [0-9]+' guard bans --format json
like "  it watches what fail2ban watched" 'sshd: 3 failures' guard status
like "once more there is nothing to do" 'already' on /root/kannuki guard import --yes
exits "the policy that wants it has no word against it" 3 on /root/kannuki plan --policy /root/policy.conf
not_said "  nor a step for it" -E 'the guard:|kannuki-guard'
vps reboot "$vps_one" >/dev/null
ok "rebooted: the guard runs" wait_until 20 guard status
is "  fail2ban does not" "inactive disabled" f2b_runs
not_ok "  who was banned is" knocks "$bad4" 22
exits "undo" 0 on /root/kannuki undo --yes
is "  fail2ban runs, at boot too" "active enabled" f2b_runs
ok "  with its ban" wait_until 20 f2b_has "$bad4"
not_ok "  who gets no answer" knocks "$bad4" 22
ok "  others do" knocks "$(vps addr elsewhere 4)" 22
nothing_is_left "handed back"
done_testing
