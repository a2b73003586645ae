#!/bin/bash
# SPDX-License-Identifier: MIT
# day 2 of 3
# After a reboot in the window something is in the way of the undo for a while: it is tried again until
# it is through. And what starts targets in the middle of the window is no reboot.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

rented debian12
one=$vps_one
policy "$one" '[ssh]' 'password-login = no' '[firewall]' 'open = ssh, web'
remember "$one"

pending "$one" --window 10m
for verb in start isolate; do
	# (whoever would undo the rest with it stands still: the slowest is to be right as well)
	[ "$verb" = start ] || ok "apply and sentinel stand still" vps run "$one" pkill -STOP -f '/recover (apply-run|sentinel)'
	ok "systemctl $verb multi-user.target, while it waits" vps run "$one" systemctl "$verb" multi-user.target
	sleep 3
	if [ "$verb" = start ]; then
		exits "  changes nothing: it still waits" 4 vps run "$one" /root/kannuki status
	fi
done
# isolate starts the unit of the early boot too, which undoes whatever it finds: back, not half of it
ok "isolate takes it back" ended "$one" 60
vps run "$one" pkill -CONT -f '/recover (apply-run|sentinel)'
none_runs() { ! vps run "$one" pgrep -f /recover; }
ok "  apply and sentinel go on, and end" wait_until 15 none_runs
is_as_before "$one" "  byte for byte"
owner_gets_in "$one" "  then"

pending "$one" --window 10m
ok "nft is not there at the next boot" vps run "$one" sh -c 'mv /usr/sbin/nft /usr/sbin/nft.away; sync'
vps reboot "$one" >/dev/null
complains() { vps run "$one" journalctl -q -b --no-pager -u kannuki-settle.service | grep -q 'nft is not there'; }
ok "settle says what is in the way" wait_until 60 complains
ok "it is not at the end" under_way "$one"
ok "nft is back" vps run "$one" mv /usr/sbin/nft.away /usr/sbin/nft
ok "it comes to its end by itself" ended "$one" 30
is_as_before "$one" "undone: byte for byte as before"
owner_gets_in "$one" "undone"

# Early boot's undo is killed, and settle again and again: it is the last one that there is.
pending "$one" --window 10m
vps run "$one" sh -c 'cat >/root/die; chmod 755 /root/die; cd /etc/systemd/system || exit
	for one in "recover-boot 99" "settle 7"; do
		mkdir -p "kannuki-${one% *}.service.d"
		printf "[Service]\nExecStartPre=/root/die %s\n" "$one" >"kannuki-${one% *}.service.d/die.conf"
	done; sync' <<-'END'
	#!/bin/sh
	[ "$(cat "/root/died.$1" 2>/dev/null | wc -l)" -lt "$2" ] || exit 0
	echo >>"/root/died.$1"
	kill -KILL $$
END
vps reboot "$one" >/dev/null
ok "early boot's undo and settle are killed: it ends all the same" ended "$one" 60
is "  settle was killed as often as was planned" 7 vps run "$one" sh -c 'wc -l </root/died.settle'
is "  and early boot's undo" 1 vps run "$one" sh -c 'wc -l </root/died.recover-boot'
vps run "$one" sh -c 'rm -r /root/die* /etc/systemd/system/kannuki-*.service.d; systemctl daemon-reload
	systemctl reset-failed kannuki-recover-boot.service' # PID 1 keeps the name of what was killed until the next boot
is_as_before "$one" "  byte for byte as before"
owner_gets_in "$one" "  then"
is "no unit failed" "" vps run "$one" systemctl --failed --no-legend --plain

# What an admin has changed meanwhile is kept and told. That is no failure of what undoes.
pending "$one" --window 10m
ok "a file of ours is edited" vps run "$one" sh -c 'echo "# mine" >>/etc/ssh/sshd_config.d/00-kannuki.conf; sync'
vps reboot "$one" >/dev/null
ok "early boot's undo meets it: it comes to its end" ended "$one" 60
ok "  what was written is kept" vps run "$one" sh -c 'grep -q "# mine" /var/lib/kannuki/txn/*/displaced/*'
ok "  and told in the log of the boot" vps run "$one" sh -c 'journalctl -q -b --no-pager -u kannuki-recover-boot.service | grep -q "changed by someone else"'
is "  no unit failed" "" vps run "$one" systemctl --failed --no-legend --plain
is_as_before "$one" "  byte for byte as before"
done_testing
