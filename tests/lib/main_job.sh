# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# main_job.sh: what the tests of the main job share: a VPS as an owner has it after some months, the
# policy, apply by root's password over ssh, the login by the new door, confirm, and whether all is
# as before.  Sources lab.sh.  The program is $KANNUKI_BUILD/kannuki (build/kannuki).
# shellcheck source=/dev/null
# shellcheck disable=SC2034,SC2154 # what lab.sh sets; some is for main_way.sh alone
. "$(dirname "${BASH_SOURCE[0]}")/lab.sh"

job_top=$(readlink -f "$lab_root/../..")
job_program=${KANNUKI_BUILD:-$job_top/build}/kannuki
job_admin=taro
job_secret=correct-horse-9 # what the admin types for sudo
job_port=22022
job_offered=publickey # what sshd then offers a stranger
job_key=$TEST_TMP/id
job_ports=22,25,80,111,443,2022,3000,8080,8081,$job_port # what the short looks from outside try
[ -x "$job_program" ] || bail "no program at $job_program: build it first (ninja -C build)"
ssh-keygen -q -t ed25519 -N '' -C "$job_admin@laptop" -f "$job_key"

said() { # said WORDS REGEX: the command of the test before has a line that matches
	if grep -qE -- "$2" <<<"$output"; then pass "$1"; else fail "$1" "no line like: $2"$'\n'"$output"; fi
}

# --- the VPS ------------------------------------------------------------------------------------

service_at() { # service_at NAME UNIT PORT: something that listens on both families, at every boot
	vps run "$1" sh -c "cat >/etc/systemd/system/$2.service" <<-UNIT
		[Service]
		ExecStart=/usr/bin/python3 -m http.server --bind :: $3
		[Install]
		WantedBy=multi-user.target
	UNIT
	vps run "$1" systemctl -q enable --now "$2.service"
}
# What differs from kind to kind: how its owner gets in before, and what answers then.
owner_is() { # owner_is KIND
	job_families='4 6'
	job_owner=root
	job_root=()            # what makes root of the owner
	job_owner_keys=/root/.ssh/authorized_keys
	job_before='22 80 3000' # of $job_ports
	# In which order the chains of a table are listed depends on who made the first at that boot: ufw itself does
	# it now so, now so.
	job_any_order=''
	job_unit=ssh.service # sshd's
	case $1 in
	ipv6) job_families=6 ;;
	sudo-user) job_owner=debian job_root=(sudo -n) job_owner_keys=/home/debian/.ssh/authorized_keys ;;
	messy) job_owner=ubuntu job_root=(sudo -n) job_owner_keys=/etc/ssh/keys/ubuntu job_before='22 25 80 111 2022 3000' ;;
	ufw) job_before='22 80' job_any_order=yes ;;
	rhel-like) job_before='22 80' job_any_order=yes job_unit=sshd.service ;;
	docker) job_before='22 80 3000 8080 8081' ;;
	esac
}
owner_is debian12
rented() { # rented KIND [SUFFIX]: a fresh VPS with two web servers, one of them forgotten; in $vps_one
	owner_is "$1"
	fresh "$1" "${2:-}"
	service_at "$vps_one" web 80
	service_at "$vps_one" forgotten 3000
	vps put "$vps_one" "$job_program" /root/kannuki 755
}
policy() { # policy NAME [LINE...]: /root/policy.conf: admin, key, and the LINEs (alone: port and web)
	local name=$1
	shift
	[ $# -gt 0 ] || set -- '[ssh]' "port = $job_port" '[firewall]' 'open = ssh, web'
	printf '%s\n' '[admin]' "user = $job_admin" "key = $(cat "$job_key.pub")" "$@" >"$TEST_TMP/policy.$name"
	vps put "$name" "$TEST_TMP/policy.$name" /root/policy.conf 600
}

# --- its state ----------------------------------------------------------------------------------

remember() { # remember NAME: what is_as_before compares with; on the disk, because power cuts come
	vps run "$1" sync -f /
	vps snapshot "$1" "$TEST_TMP/before.$1"
}
# The end is known a moment before who brought it about has ended.
none_at_work() { [ -z "$(vps run "$1" systemctl list-units --no-legend --state=active,activating,deactivating 'kannuki-*@*.service')" ]; }
is_as_before() { # is_as_before NAME WORDS
	wait_until 5 none_at_work "$1" # who has not is in the snapshot
	vps snapshot "$1" "$TEST_TMP/after.$1"
	if [ -z "$job_any_order" ]; then
		same "${2:-byte for byte as before}" "$TEST_TMP/before.$1" "$TEST_TMP/after.$1"
	else
		sort "$TEST_TMP/before.$1" >"$TEST_TMP/sorted"
		sort "$TEST_TMP/after.$1" >"$TEST_TMP/sorted.now"
		same "${2:-byte for byte as before}" "$TEST_TMP/sorted" "$TEST_TMP/sorted.now"
	fi
}
under_way() { vps run "$1" test -e /var/lib/kannuki/txn/ACTIVE; }
nothing_under_way() { ! under_way "$1"; }
ended() { # ended NAME SECONDS: nothing is under way, within the time
	wait_until "$2" nothing_under_way "$1"
}
# --- the job ------------------------------------------------------------------------------------

apply_from() { # apply_from NAME SSH-ARGUMENT... -- APPLY-ARGUMENT...
	local name=$1 ssh=()
	shift
	while [ "$1" != -- ]; do
		ssh+=("$1")
		shift
	done
	shift
	echo "$job_secret" | vps ssh "$name" "${ssh[@]}" -l "$job_owner" -- \
		"${job_root[@]}" /root/kannuki apply --policy /root/policy.conf --yes --password-stdin "$@"
}
as_owner() { # as_owner NAME CMD...: by the first login, as root
	vps ssh "$1" -l "$job_owner" -- "${job_root[@]}" "${@:2}"
}
apply() { # apply NAME APPLY-ARGUMENT...: as its new owner, by password; ends when it is pending
	apply_from "$1" -- --no-wait "${@:2}"
}
pending() { # pending NAME APPLY-ARGUMENT...: the same, as a test
	exits "apply ends with 4: pending" 4 apply "$@"
}
door() { # door NAME [SSH-ARGUMENT...] -- CMD...: the admin by key at the new port
	vps ssh "$1" --key "$job_key" -l "$job_admin" -p "$job_port" "${@:2}"
}
as_admin() { # as_admin NAME CMD...: through that door and by sudo, which is given the password
	echo "$job_secret" | door "$1" -- sudo -S -p "''" "${@:2}"
}
as_admin6() { echo "$job_secret" | door "$1" -6 -- sudo -S -p "''" "${@:2}"; }
confirm() { as_admin "$1" kannuki confirm; }

# A session that answers to every line, to see whether it lives.
live_begin() { # live_begin TAG NAME SSH-ARGUMENT...
	local pipe=$TEST_TMP/live.$1 held
	mkfifo "$pipe"
	exec {held}<>"$pipe" # both ends, so that it ends with the test
	vps ssh "${@:2}" -- cat <"$pipe" >"$pipe.out" 2>&1 {held}<&- &
	live_lives "$1" || bail "no session $1"
}
live_lives() { # live_lives TAG
	local word=still-here-$RANDOM
	echo "$word" >"$TEST_TMP/live.$1"
	wait_until 10 grep -qx "$word" "$TEST_TMP/live.$1.out"
}


# --- looks from outside -------------------------------------------------------------------------

answer() { # answer NAME PORTS WORDS: exactly these TCP ports answer, over each family it has
	local family
	for family in $job_families; do
		is "$3, IPv$family" "$(tr ' ' '\n' <<<"$2")" ports_only "$1" "$family" "${4:-$job_ports}"
	done
}
ports_only() { open_ports "$@" | cut -d/ -f1; }
dialog_refused() { # dialog_refused NAME USER PASSWORD PORT FAMILY: keyboard-interactive
	lab_refused "$1" --password "$3" -l "$2" -p "$4" "-$5" -o PreferredAuthentications=keyboard-interactive
}
# once_a_family FUNCTION ARGUMENT...: the tests in FUNCTION for each family that the VPS has, which is its last
# argument; all at the same time, as a refused password takes seconds by itself.  Told one after the other.
# shellcheck disable=SC2030,SC2031 # each has a folder of its own
once_a_family() {
	local family asked=()
	for family in $job_families; do
		mkdir -p "$TEST_TMP/once.$family"
		(TEST_TMP=$TEST_TMP/once.$family && "$@" "$family" && echo end) >"$TEST_TMP/once.$family.tap" 2>&1 &
		asked+=($!)
	done
	wait "${asked[@]}"
	for family in $job_families; do tell "$TEST_TMP/once.$family.tap" "IPv$family"; done
}
tell() { # tell FILE WHO: the tests in it, which ran beside others, as our own; its last line is "end"
	local line
	[ "$(tail -n 1 "$1")" = end ] || fail "$2: came to its end"
	while IFS= read -r line; do
		case $line in
		end) ;;
		'ok '*) pass "${line#ok * - }" ;;
		'not ok '*) fail "${line#not ok * - }" ;;
		*) echo "$line" ;;
		esac
	done <"$1"
}
only_the_key_opens() { # only_the_key_opens NAME WORDS: at the new port, over each family it has
	once_a_family key_alone "$1" "$2"
}
key_alone() { # key_alone NAME WORDS FAMILY
	local family=$3
	ok "$2: the admin's key opens, IPv$family" door "$1" "-$family" -- true
	is "$2: only keys are offered, IPv$family" "$job_offered" offered_methods "$1" "$job_port" nobody-here "$family"
	ok "$2: the admin's password is refused, IPv$family" \
		refused_password "$job_admin" "$job_port" "$job_secret" "$1" "$family"
	ok "$2: by keyboard-interactive too, IPv$family" \
		dialog_refused "$1" "$job_admin" "$job_secret" "$job_port" "$family"
	ok "$2: root's password is refused, IPv$family" refused_root_password "$1" "$job_port" "$family"
	[[ $job_owner = root || $job_owner = "$job_admin" ]] || ok "$2: $job_owner's password is refused, IPv$family" \
		refused_password "$job_owner" "$job_port" "$(vps password)" "$1" "$family"
	ok "$2: root's key is refused, IPv$family" refused_key root "$job_port" "$job_key" "$1" "$family"
	ok "$2: the admin's key still opens, IPv$family" door "$1" "-$family" -- true
	return 0
}
owner_gets_in() { # owner_gets_in NAME WORDS: by the password that the VPS came with, at port 22
	local family
	for family in $job_families; do
		ok "$2: $job_owner logs in by password, IPv$family" vps ssh "$1" "-$family" -l "$job_owner" -- true
	done
}
