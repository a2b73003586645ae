# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# selftest.sh: does the lab keep its own promises?  The parts of t/lab-*.sh: every verb on the two
# main kinds, a boot and a login on the others, and planted faults for what other tests lean on:
# that a closed port is closed, that a cut loses data, that a refusal is told from silence.
# shellcheck disable=SC2016,SC2317 # texts for the VPS; most of these are run by ok and its like
# shellcheck source=tests/lib/lab.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/lab.sh"

timed() { # timed WHAT CMD...: notes how long it took
	local start what=$1 status
	start=${EPOCHREALTIME/./}
	shift
	"$@"
	status=$?
	note "$what: $(((${EPOCHREALTIME/./} - start) / 1000)) ms" >&3
	return "$status"
}
exec 3>&1

port_answers() { vps outside timeout 3 bash -c "exec 5<>/dev/tcp/$1/$2"; } # ADDRESS PORT
udp_reaches() {                                                            # NAME FAMILY: a datagram to port 5353 arrives
	local address
	address=$(vps addr "$1" "$2")
	vps run "$1" systemd-run -q --unit="lab-udp-$2" python3 -c "
import socket, sys
s = socket.socket(socket.AF_INET6 if $2 == 6 else socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('$address', 5353)); s.settimeout(3)
sys.exit(0 if s.recv(9) == b'hello' else 1)"
	sleep 0.3
	vps outside bash -c "echo -n hello >/dev/udp/$address/5353" || return 1
	wait_until 5 vps run "$1" sh -c "! systemctl is-active -q lab-udp-$2"
	if vps run "$1" systemctl is-failed -q "lab-udp-$2"; then
		vps run "$1" systemctl reset-failed "lab-udp-$2"
		return 1
	fi
}

logins() { # of a fresh VPS
	local name=$1 kind=$2 family
	for family in 4 6; do
		is "$kind: root logs in by password, IPv$family" "$name" vps ssh "$name" "-$family" -- hostname
		is "$kind: from elsewhere, IPv$family" "$(vps addr elsewhere $family)" \
			vps ssh "$name" "-$family" -b "$(vps addr elsewhere $family)" -- "echo \${SSH_CONNECTION%% *}"
		is "$kind: sshd offers publickey and password, IPv$family" publickey,password offered_methods "$name" 22 root $family
		ok "$kind: a wrong password is refused, IPv$family" refused_password root 22 wrong "$name" $family
		is "$kind: port 22 alone is open, IPv$family" 22/tcp open_ports "$name" $family
	done
	ok "$kind: the lab's key is in nobody's account" refused_key root 22 "$(vps key)" "$name"
	not_ok "$kind: planted: a login that works is no refusal" refused_root_password "$name"
	not_ok "$kind: planted: silence is no refusal" refused_root_password "$name" 23
	vps run "$name" mkdir -p -m 700 /root/.ssh
	ok "$kind: put" vps put "$name" "$(vps key).pub" /root/.ssh/authorized_keys 0600
	is "$kind: put gives the mode" "600 root" vps run "$name" stat -c '%a %U' /root/.ssh/authorized_keys
	is "$kind: then root logs in by key" root as_key root 22 "$(vps key)" "$name" whoami
	is "$kind: with a terminal" /dev/pts/1 vps ssh "$name" -tt -o LogLevel=QUIET -- 'tty | tr -d "\r\n"'
	ok "$kind: a master connection" vps ssh "$name" -M -S "$TEST_TMP/master" -f -N
	is "$kind: and a channel over it" root vps ssh "$name" --none -S "$TEST_TMP/master" -- whoami
	vps ssh "$name" -S "$TEST_TMP/master" -O exit 2>/dev/null
}

inside() {
	local name=$1 kind=$2
	is "$kind: nothing failed at boot" "" vps run "$name" systemctl list-units --failed --no-legend
	is "$kind: run is root inside" "root
$name" vps run "$name" sh -c 'whoami; hostname'
	exits "$kind: run passes the exit code on" 7 vps run "$name" sh -c 'exit 7'
	not_ok "$kind: run has no more capabilities than the VPS" vps run "$name" sh -c 'echo 1 >/proc/sys/vm/drop_caches'
	is "$kind: a service has nft" "table inet x" vps run "$name" systemd-run -q --pipe --wait sh -c 'nft add table inet x; nft list tables'
	ok "$kind: a local sysctl can be set" vps run "$name" sysctl -qw kernel.kptr_restrict=2 net.ipv4.conf.all.rp_filter=1
	ok "$kind: restart of ssh" vps run "$name" systemctl restart ssh
	ok "$kind: the daily archive of packages" vps apt "$name" update
	ok "$kind: a package goes in" vps apt "$name" install netcat-openbsd
	ok "$kind: and is there" vps run "$name" sh -c 'command -v nc'
}

provider() {
	local name=$1 kind=$2 family address
	for family in 4 6; do
		address=$(vps addr "$name" $family)
		is "$kind: provider is off at first" off vps provider "$name" list
		ok "$kind: off: 22 answers, IPv$family" port_answers "$address" 22
		ok "$kind: off: UDP arrives, IPv$family" udp_reaches "$name" $family
		vps provider "$name" on
		not_ok "$kind: on: 22 is silent, IPv$family" port_answers "$address" 22
		is "$kind: on: nothing is open, IPv$family" "" open_ports "$name" $family 22
		not_ok "$kind: on: UDP does not arrive, IPv$family" udp_reaches "$name" $family
		ok "$kind: on: the VPS itself still gets out, IPv$family" vps run "$name" ping -c 1 -W 2 "$(vps addr outside $family)"
		vps provider "$name" open 22/tcp
		vps provider "$name" open 5000-5400/udp
		is "$kind: open: a login, IPv$family" root vps ssh "$name" "-$family" -- whoami
		ok "$kind: open: UDP arrives, IPv$family" udp_reaches "$name" $family
		is "$kind: list" "22/tcp 5000-5400/udp" sh -c "echo \$(vps provider $name list)"
		vps ssh "$name" "-$family" -M -S "$TEST_TMP/cut$family" -f -N
		is "$kind: open: a long connection, IPv$family" root vps ssh "$name" --none -S "$TEST_TMP/cut$family" -- whoami
		vps provider "$name" close 22/tcp
		not_ok "$kind: closed again, IPv$family" port_answers "$address" 22
		not_ok "$kind: closed: an old connection is dead too, IPv$family" timeout 3 vps ssh "$name" --none -S "$TEST_TMP/cut$family" -- true
		vps provider "$name" off
		ok "$kind: off again: 22 answers, IPv$family" port_answers "$address" 22
	done
}

power() {
	local name=$1 kind=$2 generation
	vps run "$name" sh -c 'cd /root && echo synced >kept && sync && echo unsynced >lost && echo changed >kept2'
	ok "$kind: planted: unsynced data is there before the cut" vps run "$name" test -s /root/lost
	ok "$kind: power-cut" timed "$kind power-cut" vps power-cut "$name"
	not_ok "$kind: then it is off" vps run "$name" true
	is "$kind: its disk can be looked at" "$name" vps offline "$name" cat etc/hostname
	is "$kind: boots again" running timed "$kind boot after power-cut" vps boot "$name"
	is "$kind: synced data survived the cut" synced vps run "$name" cat /root/kept
	not_ok "$kind: unsynced data did not" vps run "$name" test -s /root/lost
	vps run "$name" sh -c 'echo unsynced >/root/lost'
	ok "$kind: kill" vps kill "$name"
	is "$kind: boots after kill" running vps boot "$name"
	is "$kind: a kill keeps what was written" unsynced vps run "$name" cat /root/lost
	vps run "$name" nft add table inet x
	generation=$(vps gen "$name")
	is "$kind: reboot" running timed "$kind reboot" vps reboot "$name"
	is "$kind: gen counts" "$((generation + 1))" vps gen "$name"
	is "$kind: the ruleset is gone after a reboot" "" vps run "$name" nft list tables
	vps ssh "$name" -- 'systemd-run -q --on-active=0.5 systemctl reboot'
	is "$kind: wait-gen waits for a reboot from inside" running vps wait-gen "$name" "$((generation + 2))"
	ok "$kind: off" vps off "$name"
	like "$kind: ls says so" "^$name +$kind .* off$" vps ls
	is "$kind: boots after off" running vps boot "$name"
}

console() {
	local name=$1 kind=$2
	vps run "$name" sh -c 'systemctl stop ssh.socket ssh; nft "add table inet shut; add chain inet shut i { type filter hook input priority 0; policy drop; }"' 2>/dev/null
	not_ok "$kind: all network closed" port_answers "$(vps addr "$name" 4)" 22
	like "$kind: the console still logs in" "uid=0\(root\)" vps console "$name" 10 send '' expect 'login: ' \
		send root expect 'Password: ' send "$(vps password)" expect '# $' send id expect '# $' send exit expect 'login: '
	like "$kind: the console refuses a wrong password" "Login incorrect" vps console "$name" 10 send '' expect 'login: ' \
		send root expect 'Password: ' send wrong expect 'incorrect'
	not_ok "$kind: planted: what does not come is an error" vps console "$name" 1 expect 'never said'
	vps reboot "$name" >/dev/null
	ok "$kind: the same console after a reboot" vps console "$name" 10 send '' expect 'login: '
}

snapshots() {
	local name=$1 kind=$2
	ok "$kind: snapshot" timed "$kind snapshot" vps snapshot "$name" "$TEST_TMP/before"
	vps ssh "$name" -- true
	vps reboot "$name" >/dev/null
	vps snapshot "$name" "$TEST_TMP/after"
	same "$kind: a login and a reboot change nothing" "$TEST_TMP/before" "$TEST_TMP/after"
	# at midnight, in the middle of a test; two days of them: the first copy gets no number
	ok "$kind: the daily timers" vps run "$name" sh -c 'for _ in 1 2; do echo >>/var/lib/dpkg/status
		systemctl start dpkg-db-backup logrotate systemd-tmpfiles-clean; done; sed -i "\$d" /var/lib/dpkg/status; sed -i "\$d" /var/lib/dpkg/status'
	vps snapshot "$name" "$TEST_TMP/after"
	same "$kind: change nothing either" "$TEST_TMP/before" "$TEST_TMP/after"
	planted "$kind" "$name" "a file's mode" 'chmod 600 /etc/hostname' 'chmod 644 /etc/hostname'
	planted "$kind" "$name" "a byte" 'echo >>/etc/ssh/sshd_config' "sed -i '\$d' /etc/ssh/sshd_config"
	planted "$kind" "$name" "an attribute" 'setfacl -m u:1:r /etc/hosts' 'setfacl -b /etc/hosts'
	planted "$kind" "$name" "an owner" 'chown 1 /etc/motd' 'chown 0 /etc/motd'
	planted "$kind" "$name" "a unit file's state" 'systemctl disable -q cron' 'systemctl enable -q cron'
	planted "$kind" "$name" "a unit stopped" 'systemctl stop cron' 'systemctl start cron'
	planted "$kind" "$name" "a listener" 'systemd-run -q -p Type=exec --unit=lab-l nc -lk 8081; sleep 0.3' 'systemctl stop lab-l'
	planted "$kind" "$name" "the ruleset" 'nft add table inet x' 'nft delete table inet x'
	planted "$kind" "$name" "a file in /usr" 'touch /usr/bin/x' 'rm /usr/bin/x'
}
planted() { # planted KIND NAME WHAT CHANGE UNCHANGE
	vps run "$2" sh -c "$4" >/dev/null 2>&1
	vps snapshot "$2" "$TEST_TMP/after"
	not_ok "$1: a snapshot sees $3" cmp "$TEST_TMP/before" "$TEST_TMP/after"
	vps run "$2" sh -c "$5" >/dev/null 2>&1
	vps snapshot "$2" "$TEST_TMP/after"
	same "$1: and that it is gone again" "$TEST_TMP/before" "$TEST_TMP/after"
}

main_kind() { # main_kind KIND
	local start=${EPOCHREALTIME/./} name
	name=$(vps_name "$1")
	lab_vpses+=("$name")
	ok "$1: new" timed "$1 new" vps new "$name" "$1"
	is "$1: boot" running timed "$1 boot" vps boot "$name"
	timed "$1 first ssh" vps ssh "$name" -- true
	note "$1 new to ssh: $(((${EPOCHREALTIME/./} - start) / 1000)) ms"
	logins "$name" "$1"
	inside "$name" "$1"
	vps reboot "$name" >/dev/null
	snapshots "$name" "$1"
	provider "$name" "$1"
	power "$name" "$1"
	console "$name" "$1"
	ok "$1: rm" timed "$1 rm" vps rm "$name"
	not_ok "$1: then it is gone" vps boot "$name"
}

other_kind() { # that it boots and lets in
	fresh "$1" "$1"
	is "$1: root logs in, IPv4" "$vps_one" vps ssh "$vps_one" -- hostname
	is "$1: root logs in, IPv6" "$vps_one" vps ssh "$vps_one" -6 -- hostname
	ok "$1: is that version" vps run "$vps_one" grep -q "VERSION_ID=\"${1#debian}\"" /etc/os-release
	vps rm "$vps_one"
}

of_lab() { # every process, mount, namespace or loop device of the lab $1
	grep -lazx "KANNUKI_LAB=$1" /proc/[0-9]*/environ 2>/dev/null | grep -v "/$$/" | xargs -r -n 1 dirname |
		while read -r process; do
			# not what this test itself is just running
			tr '\0' ' ' <"$process/cmdline" 2>/dev/null | grep -E 'nspawn|supervise|console.py|sbin/init' || true
		done
	losetup -l -n -O BACK-FILE | grep -F "$1/" || true
	grep -F "$1/" /proc/mounts || true
	ip netns list | grep -F "k$(printf %s "$1" | cksum | cut -d ' ' -f 1)-" || true
	find /sys/fs/cgroup/unified /sys/fs/cgroup -maxdepth 1 -name "k$(printf %s "$1" | cksum | cut -d ' ' -f 1)" 2>/dev/null || true
}
in_second() { KANNUKI_LAB=$second KANNUKI_LAB_TAG='' "$@"; }

router_of() { # the hardware address that the VPS's packets go to, asked anew
	in_second vps run "$1" sh -c "ip neigh flush all; ping -c 1 -W 2 198.51.100.1 >/dev/null; ip neigh show 198.51.100.1" | grep -o 'lladdr [^ ]*'
}
second_lab() { # two labs at once; and what is left of one that was killed
	local base=${KANNUKI_LAB:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/kannuki-lab}/base first router
	second=$TEST_TMP/lab
	first=$(vps_name both)
	mkdir "$second"
	ln -s "$base" "$second/base"
	lab_vpses+=("$first")
	vps new "$first"
	vps boot "$first" >/dev/null
	ok "two labs: a VPS of the same name" in_second vps new "$first"
	is "two labs: both run" running in_second vps boot "$first"
	in_second vps run "$first" touch /root/second
	not_ok "two labs: they are not the same" vps ssh "$first" -- test -e /root/second
	ok "two labs: a login in the second" in_second vps ssh "$first" -- test -e /root/second
	router=$(router_of "$first")
	in_second vps new stale
	in_second vps boot stale >/dev/null
	is "the router stays the same when a VPS comes" "$router" router_of "$first"
	kill -KILL "$(cat "$second/vps/stale/supervisor")"
	ok "a killed supervisor: rm cleans up" in_second vps rm stale
	is "and when one goes" "$router" router_of "$first"
	is "a killed supervisor: its name is free" running in_second sh -c 'vps new stale && vps boot stale'
	kill -KILL "$(cat "$second/vps/stale/supervisor")" "$(cat "$second/vps/stale/nspawn")"
	rm -f "$second/vps/stale/index" # as if killed in the middle of new
	like "planted: leftovers are seen" . of_lab "$second"
	ok "down" in_second vps down
	is "down leaves nothing behind" "" of_lab "$second"
	ok "down again" in_second vps down
	ok "the first lab's VPS still runs" vps ssh "$first" -- true
	ok "new again after down" in_second vps new "$first"
	in_second vps down
	vps rm "$first"
}
