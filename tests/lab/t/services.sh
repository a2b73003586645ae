#!/bin/bash
# SPDX-License-Identifier: MIT
# day 2 of 3
# services: [services] stop. What an image has listening is stopped with its sockets, for good, and put
# back exactly by undo and after a reboot; what must run, or is used, is refused or left and named.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

rented debian12
one=$vps_one
vps apt "$one" update >/dev/null 2>&1
vps apt "$one" install rpcbind avahi-daemon exim4-daemon-light >/dev/null 2>&1 || bail "no packages"
# exim4 as an image has it that wants to be reached; a service of the owner, and one that needs another
vps run "$one" sh -ec 'sed -i "s/^dc_local_interfaces=.*/dc_local_interfaces=/" /etc/exim4/update-exim4.conf.conf
	update-exim4.conf; systemctl restart exim4
	printf "[Unit]\nRequires=forgotten.service\nAfter=forgotten.service\n[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n" >/etc/systemd/system/child.service
	systemctl daemon-reload; systemctl -q enable --now child.service'
plan() { as_root_password "$one" ./kannuki plan --policy policy.conf; }
stops() { policy "$one" '[ssh]' "port = $job_port" '[firewall]' 'open = ssh, web, 3000/tcp' '[services]' "stop = $1"; }
runs() { [ "$(vps run "$one" systemctl is-active "$1")" = active ]; }
starts() { vps run "$one" systemctl -q is-enabled "$1"; }
unsaid() { if grep -qE -- "$2" <<<"$output"; then fail "$1" "$output"; else pass "$1"; fi; }
ports_of() { vps run "$one" ss -Hlntu "sport = :$1" | wc -l; }

# avahi's second port is another one each time
as_before() { # as_before WORDS
	vps snapshot "$one" "$TEST_TMP/after"
	sed -i -E '/^udp .*:[3-6][0-9]{4} .*avahi/d' "$TEST_TMP/after" "$TEST_TMP/before.$one"
	same "$1" "$TEST_TMP/before.$one" "$TEST_TMP/after"
}

# --- refused, left, named ---------------------------------------------------------------------------------
for never in ssh ssh.socket networking systemd-journald dbus cloud-init getty@tty1 chrony qemu-guest-agent; do
	stops "rpcbind, $never"
	exits "$never is never stopped: 2" 2 plan
done
said "  with file and line, and why" 'policy.conf:[0-9]+: \[services\] stop: qemu-guest-agent is never stopped: your provider'
stops forgotten
exits "what another unit needs: 5" 5 plan
said "  which" 'child.service needs forgotten.service and would stop with it'
stops nothing-here
exits "a service that is not there" 3 plan
said "  is said" 'there is no service nothing-here'
stops auto
exits "auto" 3 plan
said "  takes what images bring along" 'stop rpcbind.service \(111/tcp, 111/udp\)'
said "  a mail server that receives for nobody listens for this host alone" 'exim4.service: listen for this server alone'
unsaid "  and is not stopped" 'stop exim4'
unsaid "  not what the owner runs" 'stop (web|forgotten|ssh)'
vps run "$one" systemd-run -q --unit=client python3 -c 'import socket,time
s=socket.create_connection(("'"$(vps addr "$one" 4)"'",25)); time.sleep(600)'
wait_until 5 vps run "$one" sh -c 'ss -Hnt state established "sport = :25" | grep -q .'
exits "auto, while one is connected" 3 plan
said "  is left, and who uses it" 'exim4.service listens and stays: connections at port 25: 1'
unsaid "  not touched" 'exim4.service: listen'
vps run "$one" systemctl stop client
vps run "$one" sed -i.local "s/^dc_eximconfig_configtype=.*/dc_eximconfig_configtype='internet'/" /etc/exim4/update-exim4.conf.conf
exits "auto, where it receives mail" 3 plan
said "  is left, and why" 'exim4.service listens and stays: it receives mail'
vps run "$one" mv /etc/exim4/update-exim4.conf.conf.local /etc/exim4/update-exim4.conf.conf
stops 'auto, exim4'
exits "by its name" 3 plan
said "  it is stopped, also of System V" 'stop exim4.service \(25/tcp\)'

# --- stopped, as one transaction -----------------------------------------------------------------------------
stops 'auto, forgotten, child'
remember "$one"
pending "$one"
for unit in rpcbind.service rpcbind.socket avahi-daemon.service avahi-daemon.socket forgotten.service child.service; do
	not_ok "$unit is stopped" runs "$unit"
done
is "  nobody listens at 111" 0 ports_of 111
mail_is_here() { # mail_is_here WORDS: exim runs, and this host alone reaches it
	ok "$1: exim4 runs" runs exim4.service
	like "$1: this host sends by it" '^220 ' vps run "$one" python3 -c 'import socket
print(socket.create_connection(("127.0.0.1", 25), 10).recv(200).decode())'
	is "$1: nobody else reaches it" 0 vps run "$one" sh -c 'ss -Hlnt "sport = :25" | grep -vcE "127\.0\.0\.1:25|\[::1\]:25" || :'
}
mail_is_here "  mail"
exits "  undone" 0 as_root_password "$one" ./kannuki undo --yes
as_before "  all runs and starts as before"
ok "  the socket listens" test "$(ports_of 111)" -gt 0

pending "$one"
vps reboot "$one" >/dev/null
ok "a reboot while it waits: over" ended "$one" 60
as_before "  all runs and starts as before"

pending "$one"
exits "confirmed" 0 confirm "$one"
vps reboot "$one" >/dev/null
for unit in rpcbind.socket avahi-daemon.service forgotten.service; do
	not_ok "after a reboot $unit does not run" runs "$unit"
done
mail_is_here "after a reboot"
exits "  plan is empty" 0 as_admin "$one" kannuki plan
# A package with a script of its own comes: all links of System V may have other numbers then.
vps run "$one" sh -ec 'for link in /etc/rc[0-6].d/K??rpcbind; do mv "$link" "${link%/*}/K42rpcbind"; done
	echo "# mine" >>/etc/kannuki/policy.conf'
ok "a package has all links numbered anew" vps run "$one" test -L /etc/rc0.d/K42rpcbind
exits "undo of the confirmed" 4 as_admin "$one" kannuki undo --yes --no-wait
said "  what its owner has changed stays, by name" 'stays, for /etc/kannuki/policy.conf was changed by someone else'
exits "  proved at the former door" 0 as_root_password "$one" /usr/local/sbin/kannuki confirm
like "  so it does" '^# mine' vps run "$one" cat /etc/kannuki/policy.conf
not_ok "  the links are as before" vps run "$one" test -e /etc/rc0.d/K42rpcbind
is "  exim4 listens as before" 2 ports_of 25
for unit in rpcbind.socket rpcbind.service avahi-daemon.service exim4.service forgotten.service child.service; do
	ok "  $unit runs" runs "$unit"
done
ok "  and starts at boot" starts rpcbind.socket

# --- one that refuses to stop -----------------------------------------------------------------------------------
vps run "$one" sh -ec 'printf "[Service]\nExecStart=/bin/sh -c %s\nTimeoutStopSec=infinity\nKillMode=process\n[Install]\nWantedBy=multi-user.target\n" "\"trap : TERM; while :; do sleep 1; done\"" >/etc/systemd/system/stubborn.service
	systemctl daemon-reload; systemctl -q enable --now stubborn.service'
stubborn=$(vps run "$one" systemctl show -p MainPID --value stubborn)
stops 'stubborn, rpcbind'
exits "a service that does not stop: apply fails" 1 apply "$one"
said "  one error, with its name" 'systemctl stop stubborn\.service: did not end in time'
ok "  all else is back" runs rpcbind.socket
ok "  it is enabled as before" starts stubborn.service
ok "  nothing is under way" nothing_under_way "$one"
vps run "$one" kill -9 "$stubborn"
ok "  as soon as it has ended it starts again" wait_until 20 runs stubborn.service
done_testing
