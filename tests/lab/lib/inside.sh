# shellcheck shell=bash
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
