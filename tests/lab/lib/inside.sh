# shellcheck shell=bash
# shellcheck disable=SC2154 # $here and the capitals are set by vps
# SPDX-License-Identifier: MIT
#
# Inside a VPS, not over its network: commands, files, packages, the console, its whole state.

# The capabilities of the VPS's PID 1, as setpriv wants them: without this a command put in from
# outside could do what nobody in there can.
bounding_set() {
	local mask number=0 list=-all
	mask=$((16#$(awk '/^CapBnd/ { print $2 }' "/proc/$1/status")))
	while [ "$number" -lt 41 ]; do
		[ $((mask >> number & 1)) = 0 ] || list+=",+cap_$number"
		number=$((number + 1))
	done
	echo "$list"
}
cmd_run() { # run NAME CMD...           CMD inside, as root, with PID 1's capabilities (not its syscall filter, nor a service's cgroup)
	[ $# -ge 2 ] || usage 'run NAME CMD...'
	local name=$1 pid
	shift
	pid=$(leader "$name") || die "$name is not running"
	nsenter -t "$pid" -m -u -i -n -p -C -r -w env -i HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		setpriv --inh-caps=-all --bounding-set "$(bounding_set "$pid")" "$@"
}
cmd_put() { # put NAME FILE DEST [MODE]  copies a file in, as root's, mode 0644
	[ $# = 3 ] || [ $# = 4 ] || usage 'put NAME FILE DEST [MODE]'
	# shellcheck disable=SC2016
	cmd_run "$1" sh -c 'umask 077 && mkdir -p "$(dirname "$1")" && cat >"$1" && chmod "$2" "$1"' put "$3" "${4:-0644}" <"$2"
}
cmd_console() { # console NAME [SECONDS expect REGEX|send LINE ...]   the VPS's own terminal with its getty; a script of what to expect and to send, or by hand (Ctrl-] leaves)
	[ $# -ge 1 ] || usage 'console NAME [SECONDS expect REGEX|send LINE ...]'
	need_running "$1"
	local socket
	socket=$(vps_dir "$1")/console.sock
	shift
	if [ $# = 0 ]; then
		python3 "$here/console.py" attach "$socket"
	else
		python3 "$here/console.py" talk "$socket" "$@"
	fi
}

# What mirrors the VPS's apt is set up with, as lines for its /etc/hosts: it has no name service.
mirror_hosts() {
	local host
	# shellcheck disable=SC2016
	{ cmd_run "$1" sh -c 'cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null' || true; } |
		grep -oE 'https?://[^/: ]+' | sed 's,.*/,,' | sort -u |
		while read -r host; do
			getent ahosts "$host" | awk -v host="$host" 'NR == 1 { print $1, host }' || say "cannot resolve a mirror's name"
		done
}
cmd_apt() { # apt NAME update|install|...   apt-get inside: downloads over this machine's network, installs in the VPS's own
	[ $# -ge 2 ] || usage 'apt NAME ARGUMENT...'
	local name=$1 pid environment hosts proxy fetch=(-d -y)
	pid=$(leader "$name") || die "$name is not running"
	shift
	environment=(env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive)
	hosts=$(mirror_hosts "$name")
	mapfile -t proxy < <(apt-config dump | grep -E '^Acquire::(http|https)::' | sed 's/^\(.*\) "\(.*\)";$/-o\1=\2/')
	[ "$1" != update ] || fetch=()
	# Only apt's download sees this machine's network, and only it sees the names, in a mount namespace of its own.
	# shellcheck disable=SC2016
	nsenter -t "$pid" -m -u -i -p -C -r -w "${environment[@]}" unshare -m sh -c '
		umask 022 && mkdir -p /run/lab && { cat /etc/hosts; echo "$0"; } >/run/lab/hosts &&
		mount --bind /run/lab/hosts /etc/hosts && exec apt-get -q "$@"' \
		"$hosts" "${proxy[@]}" "${fetch[@]}" "$@" >&2
	[ "$1" = update ] || cmd_run "$name" systemd-run -q --pipe --wait -E DEBIAN_FRONTEND=noninteractive \
		apt-get -q -y --no-download "$@" >&2
}

# Units that come and go with logins, timers and the bus.
passing_units='^(user@|user-runtime-dir@|session-|run-|ssh@|sshd@|systemd-(hostnamed|timedated|localed|tmpfiles-clean)'
passing_units+='|apt-daily|apt-news|esm-cache|logrotate|man-db|e2scrub|fstrim|dpkg-db-backup|packagekit|cloud-)'

cmd_snapshot() { # snapshot NAME FILE [GLOB...]   writes its whole state to FILE: files (but GLOBs), units, listeners, ruleset
	[ $# -ge 2 ] || usage 'snapshot NAME FILE [GLOB...]'
	local name=$1 file=$2 pid
	pid=$(leader "$name") || die "$name is not running"
	shift 2
	{
		echo "# files"
		python3 "$here/snapshot.py" "/proc/$pid/root" "$@"
		echo "# unit files"
		cmd_run "$name" systemctl list-unit-files --no-legend --no-pager --type=service,socket,timer,path,target |
			awk '$2 != "transient" { print $1, $2 }'
		echo "# active units"
		cmd_run "$name" systemctl list-units --no-legend --no-pager --plain --type=service,socket,timer,path --state=active,failed |
			awk '{ print $1, $3 }' | grep -vE "$passing_units" || true
		echo "# listeners"
		# (a port of UDP from 32768 on is what the kernel gave to who asked for any: another at each start)
		cmd_run "$name" ss -Hlntup | sed -E 's/pid=[0-9]+,fd=[0-9]+/-/g; s/^(udp .*:)(3276[89]|327[7-9].|32[89]..|3[3-9]...|[4-6]....) /\1any /' |
			awk '{ print $1, $5, $7 }' | sort
		echo "# ruleset"
		cmd_run "$name" nft -s list ruleset 2>/dev/null # it warns of tables that iptables made
	} >"$file"
}
