#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# facts: what it says is so. The host is asked again by its own tools (../facts_truth.py), with accounts,
# keys and listeners of many kinds; and random sshd configurations, where changing the line that
# facts names must change what sshd says.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

rented cloud
one=$vps_one
vps put "$one" "$lab_root/facts_truth.py" /root/facts_truth.py 755
truth() { vps run "$one" python3 /root/facts_truth.py "$@"; }

ok "a fresh VPS: all of it is so" truth host /root/kannuki
vps run "$one" sh -ec '
	for user in hana ken yui mei ryo; do useradd -m -s /bin/bash $user; done
	usermod -aG sudo hana; useradd -m -s /bin/bash -g sudo sora
	echo "hana:correct-horse-9" | chpasswd; echo "ken:correct-horse-9" | chpasswd
	passwd -q -l ken; chage -E 2020-01-01 yui; passwd -q -d mei; chage -d 0 ryo
	useradd -m -s /usr/sbin/nologin deploy
	echo "mei ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/mei
	echo "ryo ALL=(ALL) NOPASSWD: /usr/bin/apt" >/etc/sudoers.d/ryo
	ssh-keygen -q -t rsa -b 2048 -N "" -C "old laptop" -f /root/rsa; ssh-keygen -q -t ecdsa -N "" -f /root/ecdsa
	mkdir -p -m 700 /root/.ssh ~hana/.ssh
	{ echo "# keys"; echo; cat /root/rsa.pub; echo "command=\"echo Please log in as \\\"hana\\\"\",no-pty $(cat /root/ecdsa.pub)"; } >/root/.ssh/authorized_keys
	cp /root/.ssh/authorized_keys ~hana/.ssh/; chown -R hana: ~hana/.ssh
	systemd-run -q --unit=local python3 -m http.server --bind 127.0.0.1 9001
	systemd-run -q --unit=six python3 -m http.server --bind ::1 9002
	systemd-run -q --unit=four python3 -m http.server --bind 0.0.0.0 9003
	systemd-run -q --unit=udp python3 -c "import socket,time; s=socket.socket(socket.AF_INET6,socket.SOCK_DGRAM); s.bind((\"::\",5353)); time.sleep(600)"
	until ss -Hlun | grep -q :5353 && ss -Hltn | grep -q :9003; do sleep 0.1; done'
live_begin four "$one" -4
live_begin six "$one" -6
ok "accounts, keys, sudoers, listeners, sessions of many kinds: all of it is so" truth host /root/kannuki
like "as text: who gets in, and by what line" 'root +key or password \(PermitRootLogin yes\)' \
	vps run "$one" /root/kannuki facts
said "  the line" '^ +/etc/ssh/sshd_config:[0-9]+$'
said "  a locked password" '^ +ken +password locked'
said "  one that is empty" '^ +mei +EMPTY password, sudo without password'
said "  an account that has expired" '^ +yui .*account expired'
said "  a service on IPv4 only" '9003/tcp +python3 \(IPv4 only\)'
said "  the sessions" 'root from 192.0.2.10, port 22'
said "  over IPv6 too" 'root from 2001:db8:2::10, port 22'
not_said "  what is only local is not called open" -E '900[12]/tcp'

vps run "$one" sh -ec 'cd /etc/systemd/system
	printf "[Service]\nExecStart=/usr/bin/sleep 900\n[Install]\nWantedBy=multi-user.target\n" >base.service
	printf "[Unit]\nRequires=base.service\n[Service]\nExecStart=/usr/bin/sleep 900\n" >user.service
	systemctl -q enable base.service; systemctl start user.service'
like "what is enabled: services" 'Starts at boot +(.*, )?base, ' vps run "$one" /root/kannuki facts
said "  whose unit is of no package" 'base\.service is of no package'
said "  and who needs it" 'base\.service is needed by user\.service'
said "  timers" '\(timers\): (.*, )?apt-daily'
enabled() { vps run "$one" systemctl list-unit-files --state=enabled --type=service,socket,timer,path --no-legend | cut -d ' ' -f 1 | sort; }
named() { vps run "$one" /root/kannuki facts --format json | python3 -c 'import json, sys
for u in json.load(sys.stdin)["enabled"]: print(u["unit"])' | sort; }
is "for programs: just those that systemctl lists" "$(enabled)" named
owner() { vps run "$one" /root/kannuki facts --format json | python3 -c 'import json, sys
print([u["package"] for u in json.load(sys.stdin)["enabled"] if u["unit"] == sys.argv[1]][0])' "$1"; }
is "  with their package" openssh-server owner ssh.service
is "  or none" None owner base.service
vps run "$one" install -m 755 /root/kannuki /usr/local/bin/kannuki
as_nobody() { vps run "$one" setpriv --reuid=65534 --regid=65534 --clear-groups -- /usr/local/bin/kannuki "$@"; }
exits "without root it says what it can: 0" 0 as_nobody facts
said "  and what it could not ask" 'Not measured +what sshd answers'
said "  nothing is guessed of passwords" '^ +hana +may log in'

# A fixed seed that is known good, and one that is new each time.
seed=$RANDOM
for s in 1 "$seed"; do
	ok "random sshd configurations, seed $s: values, and the lines that decide them" truth sshd /root/kannuki "$s" 15
	note "$(tail -n 1 <<<"$stdout")"
done
done_testing
