#!/bin/bash
# SPDX-License-Identifier: MIT
# remote-fails.sh: kannuki setup USER@HOST when something is not as it should be: another host key, a wrong password,
# a provider's filter that is shut, a person who stops it, a connection that is cut. The host ends as it was.
# shellcheck disable=SC2154 # vps_one comes from fresh
# shellcheck source=/dev/null
. "$(dirname "$0")/../../lib/workstation.sh"

ws_key ''
ws_policy
rented cloud
address=$(vps addr "$vps_one" 4)
logins() { vps run "$vps_one" journalctl -q -u ssh --grep 'Accepted' | wc -l; }

note "bad words"
exits "without a terminal it does not ask" 2 ws ./kannuki setup "root@$address"
said "but names what to give" "--policy FILE --yes"
exits "--yes alone" 2 ws ./kannuki setup "root@$address" --yes
said "needs a policy" "--yes needs --policy FILE"
exits "an option of a host alone" 2 ws ./kannuki setup --host-key x
said "says so" "kannuki setup USER@HOST"
exits "no host" 2 ws ./kannuki setup --policy policy.conf --yes -- -oProxyCommand=id
said "is no host" "is no host"
exits "without a host it is root's" 2 ws ./kannuki setup
said "and says so" "must be run as root"
exits "a window that is too long" 2 ws ./kannuki setup "root@$address" --policy policy.conf --yes --window 3h
printf '[ssh]\nport = 99999\n' >"$ws_home/bad.conf" && chown "$ws_uid:$ws_uid" "$ws_home/bad.conf"
exits "a bad policy is seen before anything is sent" 2 ws ./kannuki setup "root@$address" --policy bad.conf --yes
said "with file and line" "^/home/hanako/bad.conf:2: "

note "who answers there"
exits "nobody at that address" 1 ws ./kannuki setup "root@${address%.*}.250" --policy policy.conf --yes
exits "an unknown host without a fingerprint" 2 ws ./kannuki setup "root@$address" --policy policy.conf --yes
said "says what to give" "--host-key SHA256"
other=$(ssh-keygen -l -f "$job_key.pub" | cut -d ' ' -f 2)
exits "another fingerprint" 5 ws ./kannuki setup "root@$address" --policy policy.conf --yes --host-key "$other"
said "is refused" "another one"
ws_screen en_US "root@$address"
shows "the console's answer is asked for" "ssh_host_ed25519_key.pub"
type_line 'what is this?'
shows "nonsense is asked again" "no fingerprint"
type_line "$other"
ends "another one ends it" 5
echo "$address $(cut -d ' ' -f 1,2 "$job_key.pub")" >"$ws_home/.ssh/known_hosts"
exits "a changed key" 5 remote "$vps_one" 4
said "is refused whatever is given" "ssh-keygen -R $address"
rm "$ws_home/.ssh/known_hosts"
is "nobody has logged in" 0 logins

note "the first login"
ws_screen en_US "root@$address" --host-key "'$(host_print "$vps_one")'"
shows "the key is chosen" "hanako@laptop"
type_line ''
asked_times() { [ "$(screen | grep -c "'s password:")" = "$1" ]; }
for n in 1 2 3; do
	wait_until 30 asked_times "$n" || bail "$(screen)"
	sleep 0.5
	type_line wrong-password
done
ends "a wrong password, three times" 1 40
shows "says that nothing was changed" "nothing was changed"
vps run "$vps_one" sh -c 'printf "#!/bin/sh\necho Linux riscv64\n" >/usr/local/bin/uname; chmod 755 /usr/local/bin/uname'
exits "a machine there is no program for" 2 remote "$vps_one" 4
said "is named" 'is "Linux riscv64"'
vps run "$vps_one" sh -c 'printf "#!/bin/sh\necho Linux aarch64\n" >/usr/local/bin/uname'
exits "a machine whose program is not here" 2 remote "$vps_one" 4
said "says which file it would be" "/home/hanako/kannuki-arm64"
vps run "$vps_one" rm /usr/local/bin/uname
is "nothing is left there" '' left_there "$vps_one"

note "the provider's filter"
remember "$vps_one"
vps provider "$vps_one" on
vps provider "$vps_one" open 22/tcp
vps run "$vps_one" mount -t tmpfs -o noexec none /var/tmp # and a place that executes nothing is passed over
vps run "$vps_one" umount /var/tmp
exits "with nobody at the keyboard it is undone" 1 remote "$vps_one" 4
said "says why" "port $job_port does not answer over IPv4"
said "and that the old door is back" "The old door is back: root at port 22"
is_as_before "$vps_one"
owner_gets_in "$vps_one" "then"
begin() { # begin ARGUMENT...: at the keyboard, until it waits for the door
	ws_screen en_US "root@$address" --host-key "'$(host_print "$vps_one")'" --policy policy.conf "$@"
	wait_until 20 on_screen "hanako@laptop" || bail "$(screen)"
	type_line ''
	wait_until 20 on_screen "password:" || bail "$(screen)"
	type_line "$(vps password)"
	ws_straight
	shows "says what to open where" "Let TCP $job_port in" 60
}
begin
tm send-keys -t main C-c
shows "^C undoes" "The old door is back: root at port 22" 40
ends "with 1" 1
is_as_before "$vps_one" "byte for byte, after ^C"
begin --window 50s
vps provider "$vps_one" close 22/tcp
ok "the connection is cut: the host undoes by itself" ended "$vps_one" 90
vps provider "$vps_one" open 22/tcp
is_as_before "$vps_one" "byte for byte, after the cut"
begin
vps provider "$vps_one" open "$job_port/tcp"
shows "goes on as soon as it is open" "by the key over IPv4" 40
shows "to its end" "Add this there" 60
type_line no
shows "asks for the note too" "Write a note" 20
type_line no
ends "success" 0
done_testing
