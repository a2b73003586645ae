#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# Each layer of the dead-man alone: the others are killed, stopped or taken away while it waits, and the one that is
# left takes all back. Which one it was its own unit says. And after the confirmation none of them undoes anything.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

window=90 # longer than three of them need on a busy machine
die() { vps run "$1" systemctl kill -s KILL "kannuki-$2@*.service"; }     # die NAME apply: it is not started again
stop() { vps run "$1" systemctl stop "kannuki-$2@*"; }                    # stop NAME sentinel|deadline: PID 1 itself lets it go
never_at_boot() { # never_at_boot NAME recover-boot|settle: as if it had never been there
	vps run "$1" sh -c 'rm /etc/systemd/system/kannuki-$0.service /etc/systemd/system/*.wants/kannuki-$0.service
		systemctl daemon-reload; sync' "$2"
}
left() { # left NAME: which layers are there still
	vps run "$1" sh -c '{ systemctl list-units --plain --no-legend --state=active "kannuki-*@*"
		systemctl list-unit-files --no-legend --state=enabled "kannuki-recover-boot*" "kannuki-settle*"; } |
		sed -nE "s/^kannuki-(apply|sentinel|deadline|recover-boot|settle)[@.].*/\1/p" | sort | xargs'
}
undone_by() { # undone_by NAME UNIT: whose words are in the journal
	vps run "$1" journalctl -q --no-pager -o cat -u "kannuki-$2" | grep -q 'was undone'
}
back() { # back NAME UNIT WORDS
	ok "$3: it ends by itself" ended "$1" $((window + 60))
	# it says so when all is cleared up; but the sentinel has itself stopped by then, and its words do not always arrive
	[ "$2" = 'sentinel@*' ] || ok "$3: and that was $2" wait_until 30 undone_by "$1" "$2"
	is_as_before "$1" "$3: byte for byte as before"
	owner_gets_in "$1" "$3"
}

for one in a b c; do
	rented debian12 "$one"
	policy "$vps_one"
	remember "$vps_one"
	printf -v "$one" %s "$vps_one"
done
for one in "$a" "$b" "$c"; do pending "$one" --window "$window"; done

# --- in the same boot: apply's own timer, the sentinel, PID 1's timer ------------------------------------

is "all of them are there at first" "apply deadline recover-boot sentinel settle" left "$a"
for one in "$a" "$b" "$c"; do
	never_at_boot "$one" recover-boot
	never_at_boot "$one" settle
done
stop "$a" sentinel && stop "$a" deadline
die "$b" apply && stop "$b" deadline
die "$c" apply && stop "$c" sentinel
is "the apply process alone" apply left "$a"
is "the sentinel alone" sentinel left "$b"
is "the timer alone" deadline left "$c"
back "$a" 'apply@*' "the apply process alone"
back "$b" 'sentinel@*' "the sentinel alone"
back "$c" 'recover@*' "the timer alone"

# --- at the next boot: early, after it, and both ------------------------------------------------------------

for one in "$a" "$b" "$c"; do
	pending "$one" --window 10m
	die "$one" apply && stop "$one" sentinel && stop "$one" deadline
done
never_at_boot "$a" settle
never_at_boot "$b" recover-boot
is "early boot alone" recover-boot left "$a"
is "settle alone" settle left "$b"
is "both" "recover-boot settle" left "$c"
for one in "$a" "$b" "$c"; do
	vps power-cut "$one"
	vps boot "$one" >/dev/null
done
# files are all that may be put back so early; the end is for whoever comes then
ok "early boot alone: it was undone there" undone_by "$a" recover-boot
owner_gets_in "$a" "early boot alone"
like "early boot alone: what is left to do is said" 'at work' vps run "$a" /root/kannuki status
ok "early boot alone: a person's recover ends it" vps run "$a" /root/kannuki recover
is_as_before "$a" "early boot alone: byte for byte as before"
back "$b" settle "settle alone"
back "$c" recover-boot "both"

# --- confirmed: whatever still comes changes nothing ---------------------------------------------------------

pending "$c" --window "$window"
ok "a copy of what the layers run" vps run "$c" sh -c 'cp /var/lib/kannuki/txn/2*/recover /root/layer
	cp -a /run/systemd/system /root/units'
ok "confirmed" confirm "$c"
id=$(vps run "$c" sh -c 'ls /var/lib/kannuki/txn | tail -n 1')
vps snapshot "$c" "$TEST_TMP/confirmed"
each_layer() { # each_layer WORDS: all that could ever be started for it, once more
	local words
	for words in "recover --id $id" "sentinel $id" 'recover --boot' 'recover --settle' recover; do
		vps run "$c" sh -c "timeout 60 /root/layer $words" >/dev/null 2>&1 # (64 is the sentinel's good end)
	done
	vps snapshot "$c" "$TEST_TMP/then"
	same "$1: every layer runs once more, and nothing changes" "$TEST_TMP/confirmed" "$TEST_TMP/then"
	ok "$1: the admin gets in" door "$c" -- true
	not_ok "$1: the old door stays shut" vps ssh "$c" -o ConnectTimeout=2 -- true
}
each_layer "confirmed"
sleep "$window"
each_layer "the window is long over"
ok "the units and their program are there again, as from a backup" vps run "$c" sh -c 'cp -a /root/units/kannuki-* /run/systemd/system/ &&
	cp /root/layer /var/lib/kannuki/txn/'"$id"'/recover && systemctl daemon-reload && systemctl start "kannuki-deadline@'"$id"'.timer" "kannuki-sentinel@'"$id"'.service"'
sleep 3
is "they took themselves away" "" vps run "$c" sh -c 'ls /run/systemd/system /var/lib/kannuki/txn/'"$id"' | grep -E "kannuki-|recover" || true'
each_layer "started once more"
vps reboot "$c" >/dev/null
each_layer "rebooted"
done_testing
