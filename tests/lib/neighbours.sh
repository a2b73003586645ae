# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# neighbours.sh: what tests of the neighbours in the window share: somebody else changes the host while a
# transaction waits. Sourced by tests/lab/t/neighbours-*.sh; sources main_job.sh.
# shellcheck source=/dev/null
# shellcheck disable=SC2034,SC2154 # for those tests; what main_job.sh sets
[ -n "${job_top:-}" ] || . "$(dirname "${BASH_SOURCE[0]}")/main_job.sh"

on() { vps run "$vps_one" "$@"; }
sh_on() { vps run "$vps_one" sh -c "$1"; }
waits() { # waits KIND [SUFFIX]: a fresh VPS with its policy, remembered, in $vps_one
	rented "$1" "${2:-}"
	policy "$vps_one"
	remember "$vps_one"
}
short_window=30
unconfirmed() { # unconfirmed WORDS: nobody confirms the short window, and the owner gets in as before
	ok "$1: nobody confirms, it ends by itself" ended "$vps_one" $((short_window + 40))
	owner_gets_in "$vps_one" "$1"
}
taken_back() { # taken_back WORDS STATUS [REGEX]: by the owner's hand, who is told that, and gets in as before
	exits "$1: undo ends with $2" "$2" as_owner "$vps_one" /root/kannuki undo
	[ -z "${3:-}" ] || said "$1: it says what is to be known" "$3"
	owner_gets_in "$vps_one" "$1"
}
told() { # told WORDS REGEX: the history says it, of the last transaction
	like "$1" "$2" sh_on '/root/kannuki log | tail -n 25'
}
kept() { # kept WORDS NAME REGEX: the version of somebody else is in displaced/ of the last transaction, by NAME
	like "$1" "$3" sh_on "cat \"\$(ls -d /var/lib/kannuki/txn/2* | tail -n 1)/displaced/\"'$2'"
}
confirmed_as_wanted() { # confirmed_as_wanted WORDS: confirm does it, and only the key opens
	exits "$1: confirm" 0 confirm "$vps_one"
	answer "$vps_one" "${after_confirm:-80 $job_port}" "$1: confirmed"
	ok "$1: the admin gets in" door "$vps_one" -- true
	ok "$1: root's password is refused" refused_root_password "$vps_one" "$job_port"
	exits "$1: plan is empty" 0 as_admin "$vps_one" kannuki plan
}
# A login by the new door that goes on, whatever becomes of the port: a channel of it still is a proof.
master_begin() {
	door "$vps_one" -M -S "$TEST_TMP/master" -- sleep 900 >/dev/null 2>&1 &
	wait_until 20 by_master true
}
by_master() { # by_master CMD...
	door "$vps_one" -S "$TEST_TMP/master" -o ControlMaster=no -- "$@"
}
master_sudo() { echo "$job_secret" | by_master sudo -S -p "''" "$@"; }
master_ends() {
	vps ssh "$vps_one" -S "$TEST_TMP/master" -O exit -l "$job_admin" -p "$job_port" >/dev/null 2>&1
	wait_until 5 test ! -e "$TEST_TMP/master"
}
shut_for_all() { ! vps ssh "$vps_one" --key "$job_key" -l "$job_admin" -p "$job_port" -o ConnectTimeout=4 -- true; }
