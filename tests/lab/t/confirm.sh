#!/bin/bash
# SPDX-License-Identifier: MIT
# confirm refuses every login that proves nothing, says why and what to type instead; the same
# transaction is then confirmed by a login that counts.  And the console, where nothing can be proved.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2034,SC2154 # texts for the VPS's shell; job_port is main_job.sh's; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

refused() { # refused WORDS REASON CMD...: exit 1, the reason, what to type, and still pending
	exits "refused: $1" 1 "${@:3}"
	said "  because" "$2"
	said "  and how it is done" "ssh -p $port $job_admin@HOST"
	said "  and what to type there" "^    sudo kannuki confirm"
	ok "  and it is still pending" under_way "$one"
}
sudo_by() { # sudo_by SSH-ARGUMENT... -- CMD...: sudo by the admin's password, through that login
	echo "$job_secret" | vps ssh "$one" "$@"
}
key_login=(--key "$job_key" -l "$job_admin")
confirms=(-- "sudo -S -p '' kannuki confirm")

# --- an admin who is there already, and no other port: what counts is when the connection began ---

rented cloud same
one=$vps_one port=22
vps run "$one" sh -c 'useradd -m -s /bin/bash -G sudo taro; useradd -m -s /bin/bash -G sudo hana'
vps run "$one" sh -c "printf 'taro:%s\nhana:%s\n' $job_secret $job_secret | chpasswd"
for user in taro hana; do
	vps put "$one" "$job_key.pub" /home/$user/.ssh/authorized_keys 600
	vps run "$one" sh -c "chmod 700 /home/$user/.ssh; chown -R $user: /home/$user/.ssh"
done
policy "$one" '[ssh]' 'password-login = yes' 'root-login = no' '[firewall]' 'open = ssh, web'
vps put "$one" "$job_key" /home/taro/id 600
vps run "$one" chown taro: /home/taro/id
ok "a login of the admin, shared from now on" \
	vps ssh "$one" "${key_login[@]}" -M -S "$TEST_TMP/master" -f -o ControlPersist=600 -- true
ok "a tmux of the admin's" vps ssh "$one" "${key_login[@]}" -- tmux new-session -d -s work
pending "$one"
refused "the connection is older than the changes, though the channel is new" 'was there before the changes.*use ssh -S none' \
	sudo_by "${key_login[@]}" -S "$TEST_TMP/master" "${confirms[@]}"

in_tmux() { # types it into the old tmux from a new login; what it says comes back
	door "$one" -p 22 -- "rm -f said status; tmux send-keys -t work 'echo $job_secret | sudo -S -p \"\" kannuki confirm >said 2>&1; echo \$? >status' Enter
		for i in \$(seq 100); do [ -s status ] && break; sleep 0.1; done; cat said; exit \$(cat status)"
}
job_port=22 # of the door
refused "typed into a tmux that was there" 'does not descend from a login by SSH' in_tmux
refused "another user with sudo" 'login of hana.* not show that taro gets in' \
	sudo_by --key "$job_key" -l hana "${confirms[@]}"
refused "a login by password" 'was by password.* not show that the key works' \
	sudo_by --password "$job_secret" -l taro "${confirms[@]}"
refused "the same with a forged witness in the environment" 'was by password' \
	sudo_by --password "$job_secret" -l taro -- 'umask 077; cp /dev/null /tmp/sshauth.forged
		echo "publickey $(cut -d" " -f1,2 .ssh/authorized_keys)" >/tmp/sshauth.forged
		export SSH_USER_AUTH=/tmp/sshauth.forged
		exec bash -c "sudo -S -p \"\" SSH_USER_AUTH=/tmp/sshauth.forged SSH_CONNECTION=\"192.0.2.10 50000 198.51.100.10 22\" kannuki confirm"'
refused "over a port forwarded through the old login" 'comes from this host itself' \
	sudo_by "${key_login[@]}" -o "ProxyCommand=ssh -S $TEST_TMP/master -W localhost:22 x" "${confirms[@]}"
refused "to its public address from inside" 'comes from this host itself' \
	sudo_by "${key_login[@]}" -o "ProxyCommand=ssh -S $TEST_TMP/master -W $(vps addr "$one" 4):22 x" "${confirms[@]}"
refused "by loopback" 'comes from this host itself' sudo_by "${key_login[@]}" -- \
	"ssh -i id -o StrictHostKeyChecking=no -o LogLevel=ERROR taro@::1 \"sudo -S -p '' kannuki confirm\""
refused "run by PID 1" 'does not descend' vps run "$one" systemd-run -q --pipe --wait kannuki confirm
exits "--yes is no answer to that: 2" 2 sudo_by "${key_login[@]}" -- "sudo -S -p '' kannuki confirm --yes"
exits "nor is --console, from SSH: 1" 1 sudo_by "${key_login[@]}" -- "sudo -S -p '' kannuki confirm --console"
said "  which is for the console" "provider's console"
exits "not as root: 2" 2 door "$one" -- /usr/local/sbin/kannuki confirm
ok "still pending after all of it" under_way "$one"
ok "a new login by key confirms, from IPv6" as_admin6 "$one" kannuki confirm
said "  and says what proved it" "Proved: $job_admin from 2001:db8:2::10 by publickey at port 22"
exits "plan is empty" 0 as_admin "$one" kannuki plan

# --- another port, and a window that ends ----------------------------------------------------------

rented debian12 port
one=$vps_one port=22022
job_port=22022
policy "$one"
live_begin old "$one"
remember "$one"
old() { # old CMD: typed into root's session of before
	vps ssh "$one" -S "$TEST_TMP/root" -- "$@"
}
ok "root's login of before" vps ssh "$one" -M -S "$TEST_TMP/root" -f -o ControlPersist=600 -- true
pending "$one" --window 30s
began=$SECONDS
refused "root's session of before" 'was there before the changes' old /usr/local/sbin/kannuki confirm
refused "a new login of root at the old port" 'came in at port 22\.' as_root_password "$one" /usr/local/sbin/kannuki confirm
refused "the admin at the old port" 'came in at port 22\.' sudo_by "${key_login[@]}" -p 22 "${confirms[@]}"
refused "the admin by a forwarded port" 'comes from this host itself' \
	sudo_by "${key_login[@]}" -p 22022 -o "ProxyCommand=ssh -S $TEST_TMP/root -W localhost:22022 x" "${confirms[@]}"
ok "the session of before lives" live_lives old
# sudo asks for the password before the deadline, kannuki is started after it
late() {
	echo "$job_secret" | door "$one" -- "sudo -S -p '' sh -c 'cp /usr/local/sbin/kannuki /root/late
		while test -e /var/lib/kannuki/txn/ACTIVE; do sleep 0.1; done; /root/late confirm'"
}
exits "after the window: 1" 1 late
note "the window was over after $((SECONDS - began)) s"
said "  too late, and what to do" 'too late: .*Begin again .*setup or apply'
vps run "$one" rm -f /root/late
is_as_before "$one" "undone: byte for byte as before"
owner_gets_in "$one" "undone"
exits "and nobody waits for a proof: 1" 1 as_root_password "$one" ./kannuki confirm

# --- the console ------------------------------------------------------------------------------------

pending "$one"
login=(30 send '' expect 'login: ' send root expect 'Password: ' send "$(vps password)" expect '#' send 'export LC_ALL=C')
like "confirm at the console: no login by SSH" 'does not descend from a login by SSH' \
	vps console "$one" "${login[@]}" send '/usr/local/sbin/kannuki confirm; echo did-$?' expect 'did-1'
exits "--console, in a terminal that is no console's: 1" 1 vps run "$one" script -qec \
	'/usr/local/sbin/kannuki confirm --console' /dev/null
said "  which it says" 'this is none \(tmux, screen'
like "--console wants a sentence typed, not just anything" 'something else was typed' \
	vps console "$one" 30 send '' send '/usr/local/sbin/kannuki confirm --console; echo did-$?' expect 'type: ' send yes expect 'did-1'
ok "still pending" under_way "$one"
ok "the very sentence confirms" vps console "$one" 60 send '' \
	send '/usr/local/sbin/kannuki confirm --console; echo did-$?' expect 'type: ' send 'I can log in again' expect 'did-0'
like "history says that nothing was proved" 'without proof' as_admin "$one" kannuki log
done_testing
