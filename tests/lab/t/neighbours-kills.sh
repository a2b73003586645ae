#!/bin/bash
# SPDX-License-Identifier: MIT
# day 2 of 3
# SIGKILL, as the kernel sends it when memory runs out: of each of our processes, of what they have started, of
# sshd's listener; again and again while it applies, waits, confirms and undoes.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/neighbours.sh"

main_process() { on systemctl show -P MainPID "$1"; }
killed() { # killed UNIT: its main process; a pattern names it
	local unit
	unit=$(sh_on "systemctl list-units --plain --no-legend '$1' | cut -d ' ' -f 1")
	on systemctl kill -s KILL --kill-who=main "$unit"
}
both_doors() { # both_doors WORDS
	ok "$1: root logs in at the old port" wait_until 15 vps ssh "$vps_one" -- true
	ok "$1: the admin at the new one" wait_until 15 door "$vps_one" -- true
}
# One of ours, or of what they have started, every quarter of a second; at random, but never sshd.
killer() { # killer SECONDS [units]: all, or what PID 1 runs alone
	sh_on "cat >/run/killer.py" <<-'PY'
		import glob, os, random, signal, sys, time
		def ours():
		    for path in glob.glob("/proc/[0-9]*"):
		        try:
		            group = open(path + "/cgroup").read()
		            name = os.path.basename(os.readlink(path + "/exe"))
		        except OSError:
		            continue
		        if "/kannuki-" in group or name == "kannuki" and len(sys.argv) < 3:
		            yield int(path[6:])
		end = time.time() + float(sys.argv[1])
		while time.time() < end:
		    now = list(ours())
		    if now:
		        try:
		            os.kill(random.choice(now), signal.SIGKILL)
		        except ProcessLookupError:
		            pass
		    time.sleep(0.25)
	PY
	on systemd-run -q --unit="killer$RANDOM" python3 /run/killer.py "$@"
}
killer_is_over() { [ -z "$(vps run "$vps_one" systemctl list-units --plain --no-legend --state=active,activating "killer*")" ]; }
old_or_confirmed() { # old_or_confirmed WORDS: whichever it came to, it is that wholly
	wait_until 60 killer_is_over
	ok "$1: it ends by itself" ended "$vps_one" 90
	if sh_on '/root/kannuki log | grep "^2" | tail -n 1 | grep -q "^[0-9-]*  confirmed"'; then
		note "$1: confirmed"
		ok "$1: the admin gets in" door "$vps_one" -- true
		answer "$vps_one" "80 $job_port" "$1"
		exits "$1: plan is empty" 0 as_admin "$vps_one" kannuki plan
	else
		note "$1: undone"
		owner_gets_in "$vps_one" "$1"
		is_as_before "$vps_one" "$1: byte for byte as before"
	fi
}
waits "${LAB_KIND:-debian12}"

pending "$vps_one" --window 60
for unit in 'kannuki-apply@*' 'kannuki-sentinel@*' ssh.service; do
	ok "$unit is killed" killed "$unit"
	both_doors "$unit killed"
done
ok "all of them at once" sh_on "systemctl kill -s KILL 'kannuki-*' ssh.service; true"
both_doors "all killed"
ok "  it ends by itself" ended "$vps_one" 100
owner_gets_in "$vps_one" "  then"
is_as_before "$vps_one" "  byte for byte as before"

ok "one after another while it applies" killer 8
apply "$vps_one" --window "$short_window" >/dev/null 2>&1
old_or_confirmed "killed while it applies"

pending "$vps_one"
ok "one after another while it is taken back" killer 8
as_owner "$vps_one" /root/kannuki undo >/dev/null 2>&1
sleep 8
as_owner "$vps_one" /root/kannuki undo >/dev/null 2>&1
old_or_confirmed "killed while it is undone"

pending "$vps_one" --window 45
ok "one after another while it is confirmed" killer 8 units
exits "  confirm is done all the same" 0 confirm "$vps_one"
old_or_confirmed "killed while it is confirmed"
is "no unit failed" "" on systemctl --failed --no-legend --plain
done_testing
