#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# What [hardening] does only where it is named, by what it does to who logs in; undo takes all of it back.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_way.sh"

rented debian12
vps run "$vps_one" sh -c 'useradd -m -s /bin/bash other'
policy "$vps_one" '[ssh]' "port = $job_port" '[firewall]' 'open = ssh, web' '[hardening]' \
	'also = door.keep-alive, door.compression, door.agent-forwarding, door.tcp-forwarding' \
	'also = kernel.core-dumps, account.idle-shell, account.umask'
remember "$vps_one"
pending "$vps_one"
effective() { vps run "$vps_one" sshd -T -C "user=$job_admin,host=x,addr=192.0.2.10,laddr=198.51.100.10,lport=$job_port"; }
for value in 'tcpkeepalive no' 'clientaliveinterval 300' 'clientalivecountmax 2' 'compression no' 'allowagentforwarding no' \
	'allowtcpforwarding no' 'allowstreamlocalforwarding no'; do
	like "sshd: $value" "^$value\$" effective
done
ok "the admin gets in" door "$vps_one" -- true
exits "  but through this server to no other port" 255 door "$vps_one" -o ExitOnForwardFailure=yes -W 127.0.0.1:80
is "  a core dump has no room" 0 door "$vps_one" -- 'ulimit -Hc'
is "  an idle shell ends, in a login shell" 900 door "$vps_one" -- "bash -lc 'echo \$TMOUT'"
not_ok "  which it cannot turn off" door "$vps_one" -- "bash -lc 'TMOUT=0'"
is "  who has a longer one keeps it" 3600 door "$vps_one" -- "TMOUT=3600 bash -lc 'echo \$TMOUT'"
door "$vps_one" -- 'echo secret >letter' || fail "a letter"
not_ok "  what the admin makes, others cannot read" vps run "$vps_one" su other -c "cat /home/$job_admin/letter"
door "$vps_one" -- 'rm letter'
exits "undone" 0 as_owner "$vps_one" /usr/local/sbin/kannuki undo --yes
is_as_before "$vps_one" "undone: byte for byte as before"

pending "$vps_one"
ok "confirmed" confirm "$vps_one"
exits "plan is empty" 0 as_admin "$vps_one" kannuki plan
vps reboot "$vps_one" >/dev/null
is "rebooted: still so" "0 900" door "$vps_one" -- "bash -lc 'echo \$(ulimit -Hc) \$TMOUT'"
done_testing
