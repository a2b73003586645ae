# shellcheck shell=bash
# shellcheck disable=SC2154 # vps_one comes from fresh
# SPDX-License-Identifier: MIT
#
# main_way.sh: the main job from the first login to the second reboot on one kind of VPS, as
# functions in their order.  Sourced by tests/lab/t/main-*.sh and kind-*.sh; each look is from outside, over
# every family that the VPS has.  $way_after is what shall answer in the end beside the new port.
# shellcheck source=/dev/null
. "$(dirname "${BASH_SOURCE[0]}")/main_job.sh"

way_after=80
way_ports=1-1024,2022,2222,3000,3306,5432,6379,8080,8081,8443,$job_port # what the longer looks try
way_documented=$job_top/doc/outside-views.md

ports() { tr ' ' '\n' <<<"$*" | sort -n -u | xargs; } # ports "22 80" 25 ...: in their order, as answer wants them
all_families() { # all_families FUNCTION ARGUMENT...: once for each, with the family at the end
	local family
	for family in $job_families; do "$@" "$family"; done
}

# What makes the refusals later worth something: all of it works before.
way_before() {
	way_kind=$1
	rented "$1"
	# shellcheck disable=SC2016
	vps run "$vps_one" sh -c 'mkdir -p -m 700 "${0%/*}" && cat >>"$0"' "$job_owner_keys" <"$job_key.pub"
	# the second keyword is that of OpenSSH before 8.7, and another name of the first one since
	# shellcheck disable=SC2016
	vps run "$vps_one" sh -c 'printf "KbdInteractiveAuthentication yes\nChallengeResponseAuthentication yes\n" \
		>/etc/ssh/sshd_config.d/40-image.conf; systemctl try-reload-or-restart "$0"' "$job_unit"
	policy "$vps_one"
	way_view before
	answer "$vps_one" "$job_before" "before"
	owner_gets_in "$vps_one" "before"
	ok "before: $job_owner by keyboard-interactive" owner_dialog
	ok "before: $job_owner by key" vps ssh "$vps_one" --key "$job_key" -l "$job_owner" -- true
	vps reboot "$vps_one" >/dev/null # what runs at a first boot only is over
	# (sudo notes in the home that it has been used; a socket has started the service that will stay)
	is "before: and is root, or becomes it" root as_owner "$vps_one" id -un
	remember "$vps_one"
	exits "plan ends with 3: it would change something" 3 as_owner "$vps_one" /root/kannuki plan --policy /root/policy.conf
	if grep -qw 3000 <<<"$job_before"; then
		said "plan says first what stops answering" '3000/tcp'
	fi
	said "and which file and line decides now" "(now decided by|in) /etc/ssh/[^ ]*:[0-9]+"
	is_as_before "$vps_one" "plan changes nothing"
}
owner_dialog() { vps ssh "$vps_one" -l "$job_owner" -o PreferredAuthentications=keyboard-interactive -- true; }
way_unconfirmed() { # nobody confirms: the window passes, and all is as before
	pending "$vps_one" --window 30s
	ok "pending: the new door opens" door "$vps_one" -- true
	ok "not confirmed: it ends by itself" ended "$vps_one" 50
	is_as_before "$vps_one" "not confirmed: byte for byte as before"
	owner_gets_in "$vps_one" "not confirmed"
	answer "$vps_one" "$job_before" "not confirmed"
}
way_cut() { # the power is cut while it waits for the proof: all is as before
	pending "$vps_one"
	vps power-cut "$vps_one"
	vps boot "$vps_one" >/dev/null
	ok "power cut: it ends by itself" ended "$vps_one" 30
	is_as_before "$vps_one" "power cut: byte for byte as before"
	owner_gets_in "$vps_one" "power cut"
	answer "$vps_one" "$job_before" "power cut"
}
session_begin() { live_begin "$2" "$1" "-$2" -l "$job_owner"; }
session_lives() { ok "$1: the session that was there lives, IPv$2" live_lives "$2"; }
way_pending() {
	all_families session_begin "$vps_one"
	pending "$vps_one"
	said "which says what to type" "ssh -p $job_port $job_admin@$(first_address)"
	all_families session_lives "pending"
	exits "status ends with 4" 4 as_owner "$vps_one" /usr/local/sbin/kannuki status
	answer "$vps_one" "$(ports "$(old_ports)" "$way_after" "$job_port")" "pending"
	owner_gets_in "$vps_one" "pending: at the old port as before"
	if [ "$way_kind" = debian11 ]; then # OpenSSH before 8.7 has no way to keep it at one port only
		ok "the dialog alone is off at the old port too" lab_refused "$vps_one" --password "$(vps password)" \
			-o PreferredAuthentications=keyboard-interactive
	else
		ok "and by keyboard-interactive" owner_dialog
	fi
	only_the_key_opens "$vps_one" "pending"
	all_families session_lives "looked at"
	exits "a second apply meets the first: 5" 5 apply "$vps_one"
}
first_address() { vps addr "$vps_one" "${job_families%% *}"; } # what the owner has typed to come here
old_ports() { tr ' ' '\n' <<<"$job_before" | grep -xE '22|2022'; } # SSH's
way_confirmed() { # way_confirmed 4|6: over which family the proof comes
	is "sudo makes root of the admin" root as_admin "$vps_one" id -un
	if [ "$job_owner" != "$job_admin" ]; then # (who may sudo without a password needs no right one)
		not_ok "but not by a wrong password" door "$vps_one" -- "echo wrong-horse-99 | sudo -k -S -p '' true"
	fi
	if [ "$1" = 4 ]; then
		ok "confirm, over IPv4" as_admin "$vps_one" kannuki confirm
	else
		ok "confirm, over IPv6" as_admin6 "$vps_one" kannuki confirm
	fi
	said "says what proved it" "$job_admin from .*publickey.*$job_port"
	ok "a second confirm has nothing to do and says so" nothing_to_confirm
	way_look "confirmed"
	exits "plan is empty: 0" 0 as_admin "$vps_one" kannuki plan
	exits "the same policy applied again: nothing to do" 0 as_admin "$vps_one" kannuki apply --yes
	like "log tells of it" "confirmed" as_admin "$vps_one" kannuki log
}
nothing_to_confirm() {
	local said status=0
	said=$(as_admin "$vps_one" kannuki confirm 2>&1) || status=$?
	[ "$status" = 1 ] && grep -q 'confirmed already' <<<"$said" && return
	echo "status $status: $said"
	return 1
}
way_look() { # way_look WORDS: only what the policy wants
	answer "$vps_one" "$(ports "$way_after" "$job_port")" "$1"
	only_the_key_opens "$vps_one" "$1"
	is "$1: sudo works" root as_admin "$vps_one" id -un
}
way_rebooted() {
	vps reboot "$vps_one" >/dev/null
	answer "$vps_one" "$(ports "$way_after" "$job_port")" "rebooted, all of the usual ports" "$way_ports"
	way_view after
	way_look "rebooted"
	exits "rebooted: plan is empty" 0 as_admin "$vps_one" kannuki plan
	is "rebooted: nothing of the waiting time is left" "" vps run "$vps_one" sh -c \
		'ls /run/systemd/system /etc/systemd/system | grep -E "kannuki-(apply|sentinel|deadline|recover|settle)" || true'
	is "no unit failed" "" vps run "$vps_one" systemctl --failed --no-legend --plain
}

way_undone() { # what was confirmed is taken back, proved by the owner's former login
	exits "undo of what is confirmed waits: 4" 4 as_admin "$vps_one" kannuki undo --yes --no-wait
	ok "undo waits: the admin gets in" door "$vps_one" -- true
	ok "undo: $job_owner's login proves it" as_owner "$vps_one" /usr/local/sbin/kannuki confirm
	is_as_before "$vps_one" "undone: byte for byte as before"
	owner_gets_in "$vps_one" "undone"
	answer "$vps_one" "$job_before" "undone"
}

# --- what the documents say of it -----------------------------------------------------------------

# The longer look; it is as doc/outside-views.md has it, which tests/lab/views makes by $LAB_VIEWS, a
# folder for what was seen.
way_view() { # way_view before|after
	local family
	for family in $job_families; do
		if [ -n "${LAB_VIEWS:-}" ]; then
			outside_view "$vps_one" "$family" "$way_ports" >"$LAB_VIEWS/$way_kind.$family.$1"
		else
			is "$1: as doc/outside-views.md says, IPv$family" "$(way_row "$1" "$family")" \
				outside_view "$vps_one" "$family" "$way_ports"
		fi
	done
}
way_row() { # way_row before|after FAMILY: the two cells of its row
	awk -F ' *[|] *' -v kind="$way_kind" -v family="IPv$2" -v first="$([ "$1" = before ] && echo 4 || echo 6)" \
		'$2 == kind && $3 == family { print $first " | " $(first + 1) }' "$way_documented"
}
