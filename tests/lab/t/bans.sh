#!/bin/bash
# SPDX-License-Identifier: MIT
# day 0 of 3
# fail2ban runs here: while a change waits it bans nobody who is connected, and when SSH has moved it bans at the new
# port, over both families; undone, it is as before.
# shellcheck source=/dev/null
# shellcheck disable=SC2154 # vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

own_addresses() { echo 192.0.2.10 2001:db8:2::10; } # of the outside
jail() { vps run "$vps_one" fail2ban-client "$@"; }
jail_ports() { jail get sshd action nftables-multiport port; }
ignored() { jail get sshd ignoreip | sed -n 's/^[|`]- //p' | sort | xargs; }
ban_all() { for address in $(own_addresses); do jail set sshd banip "$address"; done; }
unban_all() { for address in $(own_addresses); do jail unban "$address"; done; }
knocks() { # knocks PORT FAMILY: TCP answers
	vps outside python3 -c 'import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 2)' "$(vps addr "$vps_one" "$2")" "$1"
}
fails() { lab_refused "$vps_one" --password "wrong-horse-$RANDOM" -l "$job_owner" -p "$1"; } # a login that fails
fails_often() { for _ in 1 2 3; do fails "$1" || return; done; }
as_before() { # as_before WORDS
	is "$1: the jail bans at its former port" ssh jail_ports
	is "$1: nobody is spared" "" ignored
	is_as_before "$vps_one" "$1: byte for byte as before"
}

rented debian12
vps apt "$vps_one" update >/dev/null && vps apt "$vps_one" install --no-install-recommends fail2ban python3-systemd >/dev/null
vps run "$vps_one" sh -c 'printf "[sshd]\nbackend = systemd\nbanaction = nftables-multiport\nmaxretry = 3\n" >/etc/fail2ban/jail.local
	printf "[recidive]\nenabled = true\nbackend = systemd\nbanaction = nftables-allports\n" >/etc/fail2ban/jail.d/more.conf
	systemctl restart fail2ban'
ok "fail2ban runs" wait_until 20 jail status sshd
is "at SSH's port" ssh jail_ports
policy "$vps_one"
remember "$vps_one"

# --- it does what it is for: who fails is out ----------------------------------------------------------

ok "some logins fail" fails_often 22
ok "then we are banned" wait_until 20 sh -c "vps run $vps_one fail2ban-client status sshd | grep -q 192.0.2.10"
not_ok "and get no answer" knocks 22 4
unban_all >/dev/null
ok "until we are not" knocks 22 4

# --- plan ---------------------------------------------------------------------------------------------

exits "plan" 3 as_root_password "$vps_one" ./kannuki plan --policy policy.conf
said "  says that it bans at the new port too" 'fail2ban: ban at port 22022 too'
said "  and whom not until this is over" 'fail2ban: do not ban 192\.0\.2\.10 until'
like "facts have it for programs" '"ports": *"ssh"' vps run "$vps_one" /root/kannuki facts --format json
like "audit: it passes as long as nothing moved" '^ *ban\.port .*it bans there' vps run "$vps_one" /root/kannuki audit --all

# --- pending ------------------------------------------------------------------------------------------

pending "$vps_one"
is "pending: it bans at both ports" 22022,ssh jail_ports
is "pending: who is connected is spared" 192.0.2.10 ignored
ok "so logins may fail" fails_often 22022
sleep 3 # it needs one to ban
ok "and the door is still open" door "$vps_one" -- true
ok "undone by hand" as_root_password "$vps_one" ./kannuki undo
as_before "undone"

pending "$vps_one"
vps run "$vps_one" systemctl stop fail2ban
ok "undone while it does not run" as_root_password "$vps_one" ./kannuki undo
vps run "$vps_one" systemctl start fail2ban
ok "  it runs again" wait_until 20 jail status sshd
as_before "undone while it did not run"

pending "$vps_one"
vps reboot "$vps_one" >/dev/null
ok "rebooted while pending: it ends" ended "$vps_one" 30
ok "  fail2ban runs" wait_until 20 jail status sshd
as_before "rebooted while pending"

# --- confirmed ------------------------------------------------------------------------------------------

pending "$vps_one"
ok "confirmed" confirm "$vps_one"
is "confirmed: nobody is spared any more" "" ignored
exits "plan is empty" 0 as_admin "$vps_one" kannuki plan
confirmed_bans() { # confirmed_bans WORDS
	ok "$1: the new port answers, IPv4" knocks 22022 4
	ok "$1: and IPv6" knocks 22022 6
	ban_all >/dev/null
	not_ok "$1: banned: it does not, IPv4" knocks 22022 4
	not_ok "$1: nor IPv6" knocks 22022 6
	ok "$1: other ports do" knocks 80 4
	unban_all >/dev/null
}
confirmed_bans "confirmed"
vps reboot "$vps_one" >/dev/null
ok "rebooted: fail2ban runs" wait_until 20 jail status sshd
confirmed_bans "rebooted"
exits "rebooted: plan is empty" 0 as_admin "$vps_one" kannuki plan
vps run "$vps_one" sh -c 'sed -i s/22022,ssh/22/ /etc/fail2ban/jail.d/zz-kannuki.local; fail2ban-client restart sshd' >/dev/null
like "audit sees a jail at the wrong port" 'jail sshd bans at port 22 only, not at 22022' as_admin "$vps_one" kannuki audit
exits "apply puts it right" 0 as_admin "$vps_one" kannuki apply --yes
is "  so it bans there again" 22022 jail_ports
exits "undo of that" 0 as_admin "$vps_one" kannuki undo --yes
is "  the administrator's own port is back" 22 jail_ports
exits "then undo of all meets what he wrote: 5" 5 as_admin "$vps_one" kannuki undo --yes --no-wait
said "  and not the transaction that is undone" 'zz-kannuki.local was changed by someone else since then'
vps run "$vps_one" sed -i 's/22$/22022,ssh/' /etc/fail2ban/jail.d/zz-kannuki.local
exits "undo of all: 4" 4 as_admin "$vps_one" kannuki undo --yes --no-wait
is "  who is connected is spared" 192.0.2.10 ignored
ok "proved at the former door" as_root_password "$vps_one" /usr/local/sbin/kannuki confirm
as_before "undone after it was confirmed"

# --- an action that names its port itself ----------------------------------------------------------------

vps run "$vps_one" sh -c 'printf "action = nftables-multiport[name=sshd, port=\"22\", protocol=tcp]\n" >>/etc/fail2ban/jail.local
	fail2ban-client restart sshd' >/dev/null
remember "$vps_one"
exits "an action that does not ask its jail: 1" 1 apply "$vps_one"
said "  says which, and what to do" 'nftables-multiport of jail sshd bans at 22 whatever.*port="%\(port\)s"'
is_as_before "$vps_one" "  byte for byte as before"
done_testing
