#!/bin/bash
# SPDX-License-Identifier: MIT
# day 2 of 3
# A transaction's folder that is not of this host and moment: put back from a backup, of another machine, of a newer
# kannuki, without its records, or not where ACTIVE says. Nothing of it is run; whoever asks is told, in either
# language, what it is and what to do; and then a new apply is possible.  (tests/unit/test_txn_strange.c has the layers.)
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

rented debian12
one=$vps_one
policy "$one"
pending "$one"
vps run "$one" cp -a /var/lib/kannuki /root/backup
ok "confirmed" confirm "$one"
vps run "$one" cp -a /var/lib/kannuki /root/ours
# another policy, so that apply has something to do, and waits
policy "$one" '[ssh]' 'port = 22023' '[firewall]' 'open = ssh, web'
vps snapshot "$one" "$TEST_TMP/confirmed" '/root/*'

in_language() { # in_language LANGUAGE ARGUMENT...
	vps run "$one" env LANG="$1" /root/kannuki "${@:2}"
}
put_back() { # put_back FOLDER: it is all that there is of ours
	vps run "$one" sh -c 'rm -r /var/lib/kannuki; cp -a "$0" /var/lib/kannuki' "$1"
}
ACTIVE=/var/lib/kannuki/txn/ACTIVE
# strange WORDS STATUS ENGLISH JAPANESE: how it is met; STATUS that of apply
strange() {
	local language said=("$3" "$4") i=0
	for language in C.UTF-8 ja_JP.UTF-8; do
		exits "$1: status fails, $language" "$2" in_language "$language" status
		said "  says what it is" "${said[i]}"
		said "  and the rest of the screen is there" "$job_port/tcp"
		exits "  a new apply is refused" "$2" in_language "$language" apply --policy /root/policy.conf --yes
		said "  which says the same" "${said[i]}"
		exits "  so does recover" "$2" in_language "$language" recover
		said "  which says the same" "${said[i]}"
		i=$((i + 1))
	done
	exits "  and what a boot would run" "$2" in_language C.UTF-8 recover --boot
	said "  which says the same" "${said[0]}"
	exits "  confirm confirms nothing" "$2" as_admin "$one" kannuki confirm
	ok "  log still tells" in_language C.UTF-8 log
	vps snapshot "$one" "$TEST_TMP/now" '/root/*'
	same "  nothing was touched" "$TEST_TMP/confirmed" "$TEST_TMP/now"
}

# --- put back --------------------------------------------------------------------------------------------------

vps reboot "$one" >/dev/null # on another day
put_back /root/backup
strange "put back" 5 "no longer watched here.* rm $ACTIVE" "もう見張られていません.*rm $ACTIVE"
ok "the way out" vps run "$one" rm "$ACTIVE"
like "log tells of one that never ended" 'never ended, and not under way' in_language C.UTF-8 log

put_back /root/backup
vps run "$one" cp /root/ours/ended /var/lib/kannuki/ended
like "put back, but in the list of ended ones: status says so" 'what is left of .* is cleared up by: kannuki recover' in_language C.UTF-8 status
like "recover clears it up" 'had ended already' in_language C.UTF-8 recover
not_ok "it is no longer there" under_way "$one"
like "log tells that it does not say how" 'does not say how' in_language C.UTF-8 log

# --- damaged ----------------------------------------------------------------------------------------------------

put_back /root/backup
vps run "$one" sh -c 'truncate -s 0 /var/lib/kannuki/txn/2*/log'
strange "an empty log" 5 "is empty, though steps were begun.* rm $ACTIVE" "記録が空です.*rm $ACTIVE"
put_back /root/backup
vps run "$one" sh -c 'printf "\033[2J\377" >"$0"' "$ACTIVE"
strange "rubbish in ACTIVE" 5 "ACTIVE is damaged.* rm $ACTIVE" "ACTIVEが壊れていて.*rm $ACTIVE"
vps run "$one" sh -c 'echo 20990101-000000 >"$0"' "$ACTIVE"
strange "ACTIVE names a folder that is not there" 5 "20990101-000000 is under way, says .* rm $ACTIVE" "そのフォルダーがありません.*rm $ACTIVE"

# --- of a newer kannuki -------------------------------------------------------------------------------------------

put_back /root/backup
vps run "$one" python3 -c 'import glob
path = glob.glob("/var/lib/kannuki/txn/2*/log")[0]
log = bytearray(open(path, "rb").read())
log[3:4] = b"2"
crc = 0xffffffff
for byte in log[:252]:
    crc ^= byte
    for _ in range(8):
        crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
log[252:256] = (crc ^ 0xffffffff).to_bytes(4, "little")
open(path, "wb").write(log)'
strange "of a newer kannuki" 1 'written by a newer kannuki; use that one' '新しい版のKannukiで'

# --- of another machine ---------------------------------------------------------------------------------------------

put_back /root/ours
exits "with what is ours another apply is possible" 4 in_language C.UTF-8 apply --policy /root/policy.conf --yes --no-wait
vps snapshot "$one" "$TEST_TMP/waiting" '/root/*' /etc/machine-id
vps run "$one" sh -c 'tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id; sync'
vps power-cut "$one"
like "the disk is booted as another machine's, without delay" 'running|degraded' vps boot "$one"
like "early boot says so" 'another machine' vps run "$one" journalctl -q -b --no-pager -u kannuki-recover-boot
like "and what comes after it, once" '^1$' vps run "$one" sh -c 'journalctl -q -b -o cat --no-pager -u kannuki-settle | grep -c "another machine"'
exits "status says so" 1 in_language ja_JP.UTF-8 status
said "  and the way out" "別のサーバーのものです.*rm $ACTIVE"
exits "undo too" 1 in_language C.UTF-8 undo
said "  and the way out" "another machine.* rm $ACTIVE"
ok "the admin gets in" door "$one" -- true
ok "the way out" vps run "$one" rm "$ACTIVE"
vps reboot "$one" >/dev/null
is "at the next boot the layers are gone" "" vps run "$one" sh -c 'ls /etc/systemd/system | grep -E "kannuki-(recover|settle)" || true'
exits "and another apply is possible" 4 in_language C.UTF-8 apply --policy /root/policy.conf --yes --no-wait
done_testing
